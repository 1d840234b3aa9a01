/* Scaling of rows by OR, see scale.h. */
#include "page/scale.h"

#include <string.h>

/* Lines per unit of length, so that 98 and 100 dpi count as equal, and 391 as four times 98: T.30 lets metric and inch
 * resolutions be taken for each other. */
static const uint8_t LINES[FL_RESOLUTION_COUNT] = {
    [FL_R8_385] = 2,  [FL_R8_77] = 4,   [FL_R8_154] = 8,  [FL_R16_154] = 8, [FL_200_100] = 2,
    [FL_200_200] = 4, [FL_200_400] = 8, [FL_300_300] = 6, [FL_400_400] = 8,
};

bool fl_scale_can(enum fl_resolution from, enum fl_width from_width, enum fl_resolution to,
                  enum fl_width to_width)
{
    return FL_RESOLUTIONS[to].width_px[FL_A4] <= FL_RESOLUTIONS[from].width_px[FL_A4] &&
           LINES[to] <= LINES[from] && to_width <= from_width;
}

void fl_scale_init(struct fl_scale *scale, struct fl_rows source, enum fl_resolution from,
                   enum fl_width from_width, enum fl_resolution to, enum fl_width to_width)
{
    scale->source = source;
    scale->width_in = FL_RESOLUTIONS[from].width_px[from_width];
    scale->width_out = FL_RESOLUTIONS[to].width_px[to_width];
    /* A wider page is made smaller both ways, by the ratio of the paper's widths. */
    scale->rows_num = LINES[to] * (uint32_t)FL_RESOLUTIONS[FL_R8_385].width_px[to_width];
    scale->rows_den = LINES[from] * (uint32_t)FL_RESOLUTIONS[FL_R8_385].width_px[from_width];
    scale->in_rows = scale->out_rows = 0;
    scale->ended = false;
}

static bool black(const uint8_t *row, uint32_t x)
{
    return row[x / 8] >> (7 - x % 8) & 1;
}

static void squeeze(struct fl_scale *scale)
{
    memset(scale->out, 0, (scale->width_out + 7) / 8);
    for (uint32_t x = 0; x < scale->width_in; x++) {
        if (x % 8 == 0 && scale->gathered[x / 8] == 0) {
            x += 7; /* eight white ones */
            continue;
        }
        if (!black(scale->gathered, x)) continue;
        uint32_t to = (uint32_t)((uint64_t)x * scale->width_out / scale->width_in);
        scale->out[to / 8] |= (uint8_t)(0x80 >> to % 8);
    }
}

static const uint8_t *next_row(void *ctx)
{
    struct fl_scale *scale = ctx;
    size_t octets = (scale->width_in + 7) / 8;
    bool any = false;
    memset(scale->gathered, 0, octets);
    /* The input rows whose position falls into this output row. */
    while (!scale->ended && scale->in_rows * scale->rows_num < (scale->out_rows + 1) * scale->rows_den) {
        const uint8_t *row = scale->source.next(scale->source.ctx);
        if (!row) {
            scale->ended = true;
            break;
        }
        for (size_t i = 0; i < octets; i++) scale->gathered[i] |= row[i];
        scale->in_rows++;
        any = true;
    }
    if (!any) return NULL;
    scale->out_rows++;
    if (scale->width_in == scale->width_out) return scale->gathered;
    squeeze(scale);
    return scale->out;
}

struct fl_rows fl_scale_rows(struct fl_scale *scale)
{
    if (scale->width_in == scale->width_out && scale->rows_num == scale->rows_den) return scale->source;
    return (struct fl_rows){next_row, scale};
}
