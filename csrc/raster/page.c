/* A picture becomes the page: brought to its size, its levels found, and each row packed. The boundary's functions. */
#include <stdlib.h>

#include "raster/raster.h"
#include "raster/rows.h"

#define LIGHTEST 95  /* percent of the pixels are no lighter than the lightest paper */
#define THIN     178 /* of black and white that was reduced: less than a third of a pixel is ink enough */

struct fl_raster {
    struct fl_sheet sheet;
    struct fl_reduction reduction;
    struct fl_plane plane; /* the picture in its size */
    uint8_t *pixels;       /* of the plane, where it is not the caller's */
    uint8_t screen[FL_RASTER_SCREEN_MAX * FL_RASTER_SCREEN_MAX];
};

static bool in_range(int32_t value, int32_t most)
{
    return value >= 1 && value <= most;
}

static bool is_sheet(const struct fl_sheet *sheet)
{
    if (!in_range(sheet->from_width_px, FL_RASTER_SIDE_MAX) ||
        !in_range(sheet->from_height_px, FL_RASTER_SIDE_MAX) ||
        !in_range(sheet->paper_px, FL_RASTER_PAPER_MAX) || !in_range(sheet->width_px, sheet->paper_px) ||
        !in_range(sheet->height_px, FL_RASTER_LENGTH_MAX) || !in_range(sheet->x_dpi, 1200))
        return false;
    if (sheet->kind < 0 || sheet->kind > FL_PICTURE_DOTS) return false;
    if (!sheet->screen) return sheet->kind != FL_PICTURE_DOTS;
    return in_range(sheet->screen_width, FL_RASTER_SCREEN_MAX) &&
           in_range(sheet->screen_height, FL_RASTER_SCREEN_MAX);
}

int32_t fl_raster_new(const struct fl_sheet *sheet, struct fl_raster **raster)
{
    *raster = NULL;
    if (!is_sheet(sheet)) return FL_E_VALUE;
    struct fl_raster *made = calloc(1, sizeof *made);
    if (!made) return FL_E_MEMORY;
    made->sheet = *sheet;
    if (sheet->screen)
        memcpy(made->screen, sheet->screen, (size_t)sheet->screen_width * (size_t)sheet->screen_height);
    else
        made->sheet.screen_width = made->sheet.screen_height = 0;
    made->sheet.screen = NULL;
    if (!fl_reduction_init(&made->reduction, sheet->from_width_px, sheet->from_height_px, sheet->width_px,
                           sheet->height_px, sheet->invert != 0)) {
        fl_raster_free(made);
        return FL_E_MEMORY;
    }
    *raster = made;
    return 0;
}

void fl_raster_free(struct fl_raster *raster)
{
    if (!raster) return;
    fl_reduction_free(&raster->reduction);
    free(raster->pixels);
    free(raster);
}

/* ---- rows in ---- */

static bool is_whole(const struct fl_raster *raster, int32_t rows)
{
    const struct fl_sheet *sheet = &raster->sheet;
    return !sheet->invert && rows == sheet->from_height_px && sheet->from_height_px == sheet->height_px &&
           sheet->from_width_px == sheet->width_px;
}

int32_t fl_raster_feed(struct fl_raster *raster, const uint8_t *grey, int64_t length, int64_t stride)
{
    const struct fl_sheet *sheet = &raster->sheet;
    if (stride < sheet->from_width_px || length < sheet->from_width_px) return FL_E_VALUE;
    int64_t rows = (length - sheet->from_width_px) / stride + 1;
    int32_t left = sheet->from_height_px - raster->reduction.rows_in;
    if (rows > left) return FL_E_VALUE;
    if (is_whole(raster, (int32_t)rows)) {
        raster->plane = (struct fl_plane){grey, sheet->width_px, sheet->height_px, (size_t)stride};
        raster->reduction.rows_in = sheet->from_height_px;
        return 0;
    }
    size_t width = fl_padded((size_t)sheet->width_px);
    if (!raster->pixels) raster->pixels = malloc(width * (size_t)sheet->height_px);
    if (!raster->pixels) return FL_E_MEMORY;
    raster->plane = (struct fl_plane){raster->pixels, sheet->width_px, sheet->height_px, width};
    for (int64_t y = 0; y < rows; y++)
        fl_reduction_row(&raster->reduction, grey + y * stride, raster->pixels, width);
    return 0;
}

/* ---- levels ---- */

struct levels {
    struct fl_white white;
    struct fl_uneven uneven;
    struct fl_tone tone;
    uint8_t level; /* where neither says another */
};

/* Continuous tone on the page, where there is a screen for it. False without memory. */
static bool find_tone(struct levels *levels, const struct fl_raster *raster, uint8_t lightest)
{
    const struct fl_sheet *sheet = &raster->sheet;
    if (!sheet->screen_width) return true;
    return fl_tone_init(&levels->tone, &raster->plane, lightest, sheet->x_dpi, sheet->screen_height,
                        sheet->screen_width);
}

/* A source in black and white has one level; any other what the page as a whole tells. False without memory. */
static bool find_levels(struct levels *levels, const struct fl_raster *raster)
{
    const struct fl_sheet *sheet = &raster->sheet;
    const struct fl_plane *plane = &raster->plane;
    bool reduced = 5 * (int64_t)sheet->from_width_px > 6 * (int64_t)sheet->width_px ||
                   5 * (int64_t)sheet->from_height_px > 6 * (int64_t)sheet->height_px;
    levels->level = reduced && sheet->kind == FL_PICTURE_BILEVEL ? THIN : FL_RASTER_HALF;
    if (sheet->kind != FL_PICTURE_GREY) return true;
    if (fl_is_clean(plane)) {
        levels->level = FL_RASTER_CLEAN;
        return fl_white_init(&levels->white, plane, sheet->x_dpi) && find_tone(levels, raster, 255);
    }
    if (!fl_uneven_init(&levels->uneven, plane, sheet->x_dpi)) return false;
    if (levels->uneven.paper && (!sheet->screen_width || fl_uneven_is_paper(&levels->uneven, plane)))
        return true;
    fl_uneven_free(&levels->uneven);
    uint32_t counts[256];
    fl_histogram(plane, counts);
    if (!find_tone(levels, raster, (uint8_t)fl_quantile(counts, LIGHTEST))) return false;
    if (levels->tone.found) fl_tone_rest(&levels->tone, plane, counts);
    levels->level = fl_page_level(counts);
    return true;
}

static void screen_row(const struct fl_raster *raster, int32_t y, uint8_t *levels)
{
    const struct fl_sheet *sheet = &raster->sheet;
    const uint8_t *row = raster->screen + y % sheet->screen_height * sheet->screen_width;
    for (int32_t x = 0; x < sheet->width_px; x++) levels[x] = row[x % sheet->screen_width];
}

/* ---- packed bits out ---- */

#define ROW (FL_RASTER_PAPER_MAX + 3 * FL_LANES)

struct line {
    uint8_t grey[ROW], levels[ROW], ink[FL_RASTER_PAPER_MAX + ROW];
};

static void pack_row(struct line *line, const struct fl_sheet *sheet, uint8_t *bits)
{
    size_t left = (size_t)(sheet->paper_px - sheet->width_px) / 2, width = (size_t)sheet->width_px;
    size_t octets = ((size_t)sheet->paper_px + 7) / 8;
    fl_below(line->ink + left, line->grey, line->levels, fl_padded(width));
    memset(line->ink + left + width, 0, octets * 8 - left - width);
    for (size_t at = 0; at < octets; at++) bits[at] = fl_eight(line->ink + 8 * at);
}

static void put_rows(struct fl_raster *raster, const struct levels *levels, struct line *line, uint8_t *bits)
{
    const struct fl_sheet *sheet = &raster->sheet;
    size_t octets = ((size_t)sheet->paper_px + 7) / 8;
    memset(line, 0, sizeof *line);
    for (int32_t y = 0; y < sheet->height_px; y++, bits += octets) {
        memcpy(line->grey, fl_plane_row(&raster->plane, y), (size_t)sheet->width_px);
        if (sheet->kind == FL_PICTURE_DOTS) {
            screen_row(raster, y, line->levels);
        } else if (levels->uneven.paper) {
            fl_uneven_row(&levels->uneven, y, line->levels);
        } else {
            memset(line->levels, levels->level, (size_t)sheet->width_px);
            fl_white_row(&levels->white, y, line->levels);
        }
        if (levels->tone.found)
            fl_tone_row(&levels->tone, y, raster->screen + y % sheet->screen_height * sheet->screen_width,
                        sheet->screen_width, line->levels);
        pack_row(line, sheet, bits);
    }
}

int32_t fl_raster_page(struct fl_raster *raster, uint8_t *rows, int64_t room)
{
    const struct fl_sheet *sheet = &raster->sheet;
    int64_t octets = (sheet->paper_px + 7) / 8;
    if (raster->reduction.rows_in < sheet->from_height_px || room < octets * sheet->height_px)
        return FL_E_VALUE;
    struct levels levels = {.level = 0};
    struct line *line = malloc(sizeof *line);
    bool done = line && find_levels(&levels, raster);
    if (done) {
        size_t thresholds = (size_t)sheet->screen_width * (size_t)sheet->screen_height;
        if (sheet->kind == FL_PICTURE_DOTS) fl_histogram(&raster->plane, levels.tone.counts);
        if (thresholds) fl_stretch_screen(levels.tone.counts, raster->screen, thresholds);
        put_rows(raster, &levels, line, rows);
    }
    bool dots = sheet->kind == FL_PICTURE_DOTS || levels.tone.found;
    fl_white_free(&levels.white);
    fl_uneven_free(&levels.uneven);
    fl_tone_free(&levels.tone);
    free(line);
    return done ? dots : FL_E_MEMORY;
}
