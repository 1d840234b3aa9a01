/* Whole pages in memory at once, through the codec's streams: for callers that have them so (tests, tools).
 * It is not: a second codec, or the way a call sends and receives pages. A row takes (width_px + 7) / 8 octets.
 */
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
