/* Brings rows from one format to a coarser or narrower one: each new pixel is black if any pixel that it covers was.
 * Thin lines survive that; text gets a little bolder.
 */
#ifndef FL_PAGE_SCALE_H
#define FL_PAGE_SCALE_H

#include "t30/dis.h"
#include "t4/t4.h"

struct fl_scale {
    struct fl_rows source;
    uint32_t width_in, width_out;
    uint32_t rows_num, rows_den; /* rows out per row in */
    uint64_t in_rows, out_rows;  /* so far */
    bool ended;
    uint8_t gathered[FL_T4_ROW_BYTES];
    uint8_t out[FL_T4_ROW_BYTES];
};

/* Whether a format can become another: none of its measures grows. */
bool fl_scale_can(enum fl_resolution from, enum fl_width from_width, enum fl_resolution to,
                  enum fl_width to_width);
/* From a page's format to another. */
void fl_scale_init(struct fl_scale *scale, struct fl_rows source, enum fl_resolution from,
                   enum fl_width from_width, enum fl_resolution to, enum fl_width to_width);
/* The rows that come out; the source itself where nothing changes. */
struct fl_rows fl_scale_rows(struct fl_scale *scale);

#endif
