/* T.4 and T.6 coding of one page as pull streams: rows in, code octets out, and back.
 *
 * A row is packed, most significant bit leftmost, 1 = black, (width + 7) / 8 octets; unused bits at the end are 0.
 * Code octets have T.4's first bit in the least significant place, as a Class 1 modem wants them, unless
 * msb_first is set (TIFF's FillOrder 1).
 * It is not: resolution, TIFF, ECM framing, or the choice of a coding.
 */
#ifndef FL_T4_H
#define FL_T4_H

#include "base/base.h"

#define FL_T4_MAX_WIDTH 4864 /* A3 at 400 dpi */
#define FL_T4_ROW_BYTES ((FL_T4_MAX_WIDTH + 7) / 8)

enum fl_coding {
    FL_CODING_MH,  /* T.4 one-dimensional: EOL before each line, RTC at the end */
    FL_CODING_MR,  /* T.4 two-dimensional: EOL + tag bit, K lines per one-dimensional line */
    FL_CODING_MMR, /* T.6: no EOL, EOFB at the end */
};

struct fl_t4_format {
    uint8_t coding;        /* enum fl_coding */
    uint8_t k;             /* MR: at most k - 1 two-dimensional lines after each 1-D line; 0 = no limit */
    bool msb_first;        /* order of the bits within a code octet */
    uint16_t width_px;     /* 1..FL_T4_MAX_WIDTH */
    uint32_t min_row_bits; /* MH, MR: fill (zeros before the EOL) brings each line to this length; 0 = none */
};

/* Gives the next row, or NULL at the end of the page. The row stays valid until the next call. */
struct fl_rows {
    const uint8_t *(*next)(void *ctx);
    void *ctx;
};

/* ---- encode ---- */

/* (the helper that builds the codec completes this header: struct fl_t4_encoder, struct fl_t4_decoder) */

#endif
