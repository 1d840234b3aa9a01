/* The header line of a page (T.30: transmit terminal identification, TTI): a strip of rows, drawn before the call for each
 * grid that the page may go out at, that takes the place of the page's white rows at its top. Where the page has ink
 * before the strip's end, its rows come later by as much as the strip needs: nothing of the page is ever lost.
 *
 * It is not: text, fields, fonts. Those are Python's (_documents/header_line.py).
 */
#ifndef FL_PAGE_HEADER_H
#define FL_PAGE_HEADER_H

#include "t30/dis.h"
#include "t4/t4.h"

#define FL_HEADER_ROWS_MAX 128

/* The grids: resolutions that T.30 lets be taken for each other (204 x 196 and 200 x 200) share one. */
#define FL_HEADER_GRIDS 5
int fl_header_grid(enum fl_resolution resolution);

struct fl_strip {
    uint8_t *rows; /* NULL: none; packed, most significant bit leftmost, 1 = black */
    uint16_t width_px, row_count;
};

/* The rows of a strip and then those of a page. Embedded by who sends. */
struct fl_header {
    struct fl_rows source;
    const struct fl_strip *strip;
    uint32_t width_px;
    uint32_t given;      /* rows of the strip */
    const uint8_t *held; /* the first row of the page that was not white */
    uint8_t out[FL_T4_ROW_BYTES];
};

/* width_px: of the page as it goes out. The strip may be narrower, not wider. */
void fl_header_init(struct fl_header *header, struct fl_rows source, const struct fl_strip *strip,
                    uint32_t width_px);
/* The rows that come out; the source itself where there is no strip. */
struct fl_rows fl_header_rows(struct fl_header *header);

#endif
