/* libFuzzer entry for the decoder, and for the encoder on whatever the decoder makes of the input.
 * Input: coding and bit order, two octets of width, how to cut the rest; then code octets. */
#include <stdlib.h>
#include <string.h>

#include "t4/t4.h"

#define MAX_ROWS 64

static uint8_t rows[MAX_ROWS][FL_T4_ROW_BYTES];

static void require(bool true_always)
{
    if (!true_always) abort();
}

struct source {
    unsigned at, count;
};

static const uint8_t *next_row(void *ctx)
{
    struct source *source = ctx;
    return source->at < source->count ? rows[source->at++] : NULL;
}

/* Returns the rows; keeps them or compares them with those kept. */
static unsigned decode(const struct fl_t4_format *format, const uint8_t *code, size_t size, size_t step,
                       bool keep)
{
    static struct fl_t4_decoder dec;
    size_t stride = (size_t)(format->width_px + 7) / 8, fed = 0;
    uint8_t *portion = NULL;
    const uint8_t *row;
    int result;

    fl_t4_decoder_init(&dec, format);
    dec.max_rows = MAX_ROWS;
    while ((result = fl_t4_decoder_row(&dec, &row)) != FL_T4_END) {
        if (result == FL_T4_ROW) {
            require(dec.rows <= MAX_ROWS);
            if (keep)
                memcpy(rows[dec.rows - 1], row, stride);
            else
                require(memcmp(rows[dec.rows - 1], row, stride) == 0);
            require(format->width_px % 8 == 0 || (row[stride - 1] & (0xFF >> format->width_px % 8)) == 0);
            continue;
        }
        size_t some = step < size - fed ? step : size - fed;
        free(portion);
        portion = NULL;
        if (!some) {
            require(!dec.no_more);
            fl_t4_decoder_end(&dec);
            continue;
        }
        portion = malloc(some);
        memcpy(portion, code + fed, some);
        fl_t4_decoder_feed(&dec, portion, some);
        fed += some;
    }
    free(portion);
    require(dec.bad_rows <= dec.rows && dec.longest_bad_run <= dec.bad_rows);
    return dec.rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fl_t4_encoder enc;
    static uint8_t code[MAX_ROWS * FL_T4_LINE_OCTETS + 64];

    if (size < 4) return 0;
    struct fl_t4_format format = {.coding = data[0] % 3,
                                  .msb_first = data[0] & 0x80,
                                  .k = data[0] >> 4 & 7,
                                  .width_px = (uint16_t)((data[1] | data[2] << 8) % FL_T4_MAX_WIDTH + 1)};
    size_t step = data[3] ? data[3] : size;
    unsigned count = decode(&format, data + 4, size - 4, size, true);
    require(decode(&format, data + 4, size - 4, step, false) == count);

    struct source source = {0, count};
    fl_t4_encoder_init(&enc, &format, (struct fl_rows){next_row, &source});
    size_t octets = fl_t4_encoder_read(&enc, code, sizeof code);
    require(octets < sizeof code);
    require(decode(&format, code, octets, step, false) == count);
    return 0;
}
