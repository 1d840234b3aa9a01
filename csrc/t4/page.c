/* Whole pages in memory at once, through the codec's streams: for callers that have them so (tests, tools).
 * It is not: a second codec, or the way a call sends and receives pages. A row takes (width_px + 7) / 8 octets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/boundary.h"
#include "t4/t4.h"

struct page_rows {
    const uint8_t *at;
    int64_t left;
    size_t stride;
};

static const uint8_t *next_row(void *ctx)
{
    struct page_rows *rows = ctx;
    const uint8_t *row = rows->at;

    if (rows->left == 0) return NULL;
    rows->left--;
    rows->at += rows->stride;
    return row;
}

static bool check_format(int32_t coding, int32_t width_px)
{
    return coding >= FL_CODING_MH && coding <= FL_CODING_MMR && width_px >= 1 && width_px <= FL_T4_MAX_WIDTH;
}

/* Returns the number of code octets, or -1: out_cap is too small, or a parameter out of range. */
int64_t fl_t4_encode_page(int32_t coding, int32_t k, int32_t msb_first, int32_t width_px,
                          int64_t min_row_bits, const uint8_t *rows, int64_t row_count, uint8_t *out,
                          int64_t out_cap)
{
    if (!check_format(coding, width_px) || k < 0 || k > UINT8_MAX || min_row_bits < 0 ||
        min_row_bits > UINT32_MAX || row_count < 0 || row_count > UINT32_MAX || out_cap < 0)
        return -1;

    struct fl_t4_format format = {.coding = (uint8_t)coding,
                                  .k = (uint8_t)k,
                                  .msb_first = msb_first != 0,
                                  .width_px = (uint16_t)width_px,
                                  .min_row_bits = (uint32_t)min_row_bits};
    struct page_rows source = {rows, row_count, (size_t)(width_px + 7) / 8};
    struct fl_t4_encoder enc;
    uint8_t one_more;
    fl_t4_encoder_init(&enc, &format, (struct fl_rows){next_row, &source});
    size_t octets = fl_t4_encoder_read(&enc, out, (size_t)out_cap);
    return fl_t4_encoder_read(&enc, &one_more, 1) ? -1 : (int64_t)octets;
}

/* Returns the number of rows (bad ones included: they repeat the last good one), or -1: a parameter out of range.
 * ended: whether the page's end (RTC, EOFB) was there. */
int64_t fl_t4_decode_page(int32_t coding, int32_t msb_first, int32_t width_px, const uint8_t *code,
                          int64_t code_len, uint8_t *rows, int64_t max_rows, int64_t *bad_rows,
                          int32_t *ended)
{
    if (!check_format(coding, width_px) || code_len < 0 || max_rows < 0 || max_rows > UINT32_MAX) return -1;

    struct fl_t4_format format = {
        .coding = (uint8_t)coding, .msb_first = msb_first != 0, .width_px = (uint16_t)width_px};
    size_t stride = (size_t)(width_px + 7) / 8;
    struct fl_t4_decoder dec;
    const uint8_t *row;
    fl_t4_decoder_init(&dec, &format);
    dec.max_rows = (uint32_t)max_rows;
    fl_t4_decoder_feed(&dec, code, (size_t)code_len);
    fl_t4_decoder_end(&dec);
    for (; fl_t4_decoder_row(&dec, &row) == FL_T4_ROW; rows += stride) memcpy(rows, row, stride);
    *bad_rows = dec.bad_rows;
    *ended = dec.end_seen;
    return dec.rows;
}

/* ---- the strips of a TIFF, as their code has them ---- */

#define WIDEST 65519 /* fl_t4_decoder_init_wide() */

struct strips_in {
    struct fl_t4_format format;
    void *memory; /* of the decoder */
    size_t stride;
    uint8_t *rows;
    int64_t room, count;
    struct fl_reading *reading;
};

/* One row into its place; the first bad one is remembered. */
static void keep_row(struct strips_in *in, const struct fl_t4_decoder *dec, uint32_t bad_before,
                     const uint8_t *row)
{
    uint8_t *to = in->rows + (size_t)in->count * in->stride;
    memcpy(to, row, in->stride);
    in->count++;
    if (dec->bad_rows == bad_before) return;
    in->reading->bad_rows++;
    if (!in->reading->first_bad_row) in->reading->first_bad_row = in->count;
    /* The first row of a strip has none above it but the one in the strip before. */
    if (dec->rows == 1 && in->count > 1) memcpy(to, to - in->stride, in->stride);
}

/* False: enough of it. */
static bool read_strip(struct strips_in *in, struct fl_t4_decoder *dec, const uint8_t *code, size_t length,
                       int64_t bad_max)
{
    const uint8_t *row;
    fl_t4_decoder_init_wide(dec, &in->format, in->memory);
    fl_t4_decoder_feed(dec, code, length);
    fl_t4_decoder_end(dec);
    for (uint32_t bad = 0; fl_t4_decoder_row(dec, &row) == FL_T4_ROW; bad = dec->bad_rows) {
        in->reading->overflow = in->count == in->room;
        if (in->reading->overflow) return false;
        keep_row(in, dec, bad, row);
        if (in->reading->bad_rows > bad_max) return false;
    }
    in->reading->ended = dec->end_seen;
    return true;
}

int64_t fl_read_coded(const struct fl_coded_page *coded, int64_t bad_max, uint8_t *rows, int64_t room,
                      struct fl_reading *reading)
{
    memset(reading, 0, sizeof *reading);
    bool known = coded->coding >= FL_CODING_MH && coded->coding <= FL_CODING_MMR;
    if (!known || coded->width_px < 1 || coded->width_px > WIDEST || coded->aligned < 0 ||
        coded->aligned > 2 || room < 0)
        return FL_E_VALUE;
    struct fl_t4_format format = {.coding = (uint8_t)coded->coding,
                                  .msb_first = coded->msb_first != 0,
                                  .aligned = (uint8_t)coded->aligned,
                                  .width_px = (uint16_t)coded->width_px};
    struct fl_t4_decoder *dec = malloc(sizeof *dec);
    struct strips_in in = {format,
                           malloc(fl_t4_decoder_wide_size(format.width_px)),
                           ((size_t)coded->width_px + 7) / 8,
                           rows,
                           room,
                           0,
                           reading};
    int64_t at = 0;
    for (int32_t i = 0; dec && in.memory && i < coded->strip_count; i++) {
        int64_t length = coded->strip_lengths[i];
        if (length < 0 || length > coded->length - at) break;
        if (length > 0 && !read_strip(&in, dec, coded->code + at, (size_t)length, bad_max)) break;
        at += length;
    }
    bool failed = !dec || !in.memory;
    free(dec);
    free(in.memory);
    return failed ? FL_E_MEMORY : in.count;
}
