/* The header line's strip before the rows of a page, see header.h. */
#include "page/header.h"

#include <string.h>

static const uint8_t GRID[FL_RESOLUTION_COUNT] = {
    [FL_R8_385] = 0,  [FL_200_100] = 0, [FL_R8_77] = 1,   [FL_200_200] = 1, [FL_R8_154] = 2,
    [FL_200_400] = 2, [FL_R16_154] = 3, [FL_400_400] = 3, [FL_300_300] = 4,
};

int fl_header_grid(enum fl_resolution resolution)
{
    return GRID[resolution];
}

void fl_header_init(struct fl_header *header, struct fl_rows source, const struct fl_strip *strip,
                    uint32_t width_px)
{
    header->source = source;
    header->strip = strip;
    header->width_px = width_px;
    header->given = 0;
    header->held = NULL;
}

static bool white(const uint8_t *row, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        if (row[i]) return false;
    return true;
}

/* Drops the white rows that the strip stands for; the first one with ink waits until the strip is out. */
static void make_room(struct fl_header *header)
{
    size_t octets = (header->width_px + 7) / 8;
    for (uint32_t row = 0; row < header->strip->row_count; row++) {
        header->held = header->source.next(header->source.ctx);
        if (!header->held || !white(header->held, octets)) return;
    }
    header->held = NULL;
}

static const uint8_t *next_row(void *ctx)
{
    struct fl_header *header = ctx;
    const struct fl_strip *strip = header->strip;
    if (header->given == 0) make_room(header);
    if (header->given < strip->row_count) {
        size_t octets = (strip->width_px + 7u) / 8;
        memset(header->out, 0, (header->width_px + 7) / 8);
        memcpy(header->out, strip->rows + header->given++ * octets, octets);
        return header->out;
    }
    const uint8_t *held = header->held;
    header->held = NULL;
    return held ? held : header->source.next(header->source.ctx);
}

struct fl_rows fl_header_rows(struct fl_header *header)
{
    if (!header->strip || !header->strip->rows) return header->source;
    return (struct fl_rows){next_row, header};
}
