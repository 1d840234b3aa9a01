/* White paper: with what is darker than its level, the lines and letters that are lighter. A text in orange would be lost,
 * and a light area must not become black.
 *
 * A closing (the lightest around each pixel, then the darkest of these) fills lines and letters with the paper around
 * them, and leaves areas: what is darker than that is ink. In half the size, and only where there is something light.
 */
#include <stdlib.h>

#include "raster/raster.h"
#include "raster/rows.h"

#define FAINT 48  /* lines and letters that are darker than the paper by so much stay, unlike areas */
#define DARK  120 /* beside what is darker, grey is the edge of a letter */
#define FEW   8   /* pixels of half the size: dust */

/* Half of the window in half the size: what is wider than 0.12 inch is an area. */
static int32_t reach_of(int32_t x_dpi)
{
    return (3 * x_dpi + 50) / 100;
}

/* ---- where is something light ---- */

/* Half the page, each pixel the darkest of its four, with a white pixel and a white row on each side. */
struct small {
    uint8_t *pixels;
    size_t stride;
};

static uint8_t *small_row(const struct small *small, int32_t y)
{
    return small->pixels + (size_t)(y + 1) * small->stride + 1;
}

/* Two rows of the page, with room for whole blocks. */
struct pair {
    uint8_t *upper, *lower;
};

static void load_pair(struct pair *pair, const struct fl_plane *plane, int32_t y)
{
    memcpy(pair->upper, fl_plane_row(plane, 2 * y), (size_t)plane->width);
    memcpy(pair->lower, fl_plane_row(plane, 2 * y + 1), (size_t)plane->width);
}

/* Marks with 1 what is light and not beside what is dark, and returns how much that is. Rows of work for three. What
 * stands behind the width is white, and no light. */
static uint32_t mark(const struct small *small, int32_t y, size_t width, uint8_t *light, uint8_t *work)
{
    size_t padded = fl_padded(width + 2);
    const uint8_t *here = small_row(small, y), *row = here - 1;
    uint8_t *down = work, *two = work + small->stride, *three = two + small->stride;
    fl_darker(down, row - small->stride, row + small->stride, padded);
    fl_darken(down, row, padded);
    fl_darker(two, down, down + 1, padded);
    fl_darker(three, two, down + 2, padded);
    fl_between(light, here, 255 - FAINT, three, DARK, fl_padded(width));
    return fl_count(light, fl_padded(width));
}

/* ---- the paper around it ---- */

struct closing {
    int32_t width, height, reach; /* of the window */
    size_t stride;
    uint8_t *rows;
    uint8_t *line[2]; /* a row with space for the window on each side */
    size_t padded;
};

typedef void take_into(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count);

/* The lightest or the darkest of so many neighbours to the left and to the right: by doubling, a large window is cheap. */
static void across(struct closing *closing, uint8_t *row, bool lightest)
{
    size_t width = (size_t)closing->width, reach = (size_t)closing->reach, window = 2 * reach + 1, done = 1;
    unsigned from = 0;
    memset(closing->line[0], lightest ? 0 : 255, closing->padded + window);
    memcpy(closing->line[0] + reach, row, width);
    memset(closing->line[1] + closing->padded, lightest ? 0 : 255, window);
    while (done < window) {
        size_t step = done < window - done ? done : window - done;
        const uint8_t *line = closing->line[from];
        if (lightest)
            fl_lighter(closing->line[from ^ 1], line, line + step, closing->padded);
        else
            fl_darker(closing->line[from ^ 1], line, line + step, closing->padded);
        from ^= 1;
        done += step;
    }
    memcpy(row, closing->line[from], width);
}

static uint8_t *closing_row(const struct closing *closing, int32_t y)
{
    return closing->rows + (size_t)y * closing->stride;
}

/* Closes the rows from reach on; what is closed begins there again. So many rows behind them, too, are in use. */
static void close_rows(struct closing *closing, int32_t height)
{
    int32_t reach = closing->reach, window = 2 * reach + 1, rows = height + 2 * reach;
    for (int32_t y = 0; y < reach; y++) {
        memset(closing_row(closing, y), 0, closing->stride);
        memset(closing_row(closing, reach + height + y), 0, closing->stride);
    }
    for (int32_t y = reach; y < reach + height; y++) across(closing, closing_row(closing, y), true);
    for (int32_t done = 1, step; done < window; done += step) {
        step = done < window - done ? done : window - done;
        for (int32_t y = 0; y + step < rows; y++)
            fl_lighten(closing_row(closing, y), closing_row(closing, y + step), closing->stride);
    }
    for (int32_t y = 0; y < reach; y++) memset(closing_row(closing, height + y), 255, closing->stride);
    for (int32_t y = 0; y < height; y++) across(closing, closing_row(closing, y), false);
    for (int32_t done = 1, step; done < window; done += step) {
        step = done < window - done ? done : window - done;
        for (int32_t y = height + reach - 1; y - step >= 0; y--)
            fl_darken(closing_row(closing, y), closing_row(closing, y - step), closing->stride);
    }
}

/* The levels of the rows from first to before last, of the paper around them. */
static void put_levels(struct fl_white *white, const struct fl_plane *plane, struct closing *closing,
                       struct pair *pair, int32_t first, int32_t last)
{
    int32_t from = first - 2 * closing->reach, to = last + 2 * closing->reach;
    from = from < 0 ? 0 : from;
    to = to > white->height ? white->height : to;
    for (int32_t y = from; y < to; y++) {
        load_pair(pair, plane, y);
        fl_mean_of_four(closing_row(closing, closing->reach + y - from), pair->upper, pair->lower,
                        white->stride);
    }
    close_rows(closing, to - from);
    for (int32_t y = first; y < last; y++) {
        uint8_t *levels = white->levels + (size_t)y * white->stride;
        const uint8_t *paper = closing_row(closing, closing->reach + y - from);
        fl_raise(levels, paper, FAINT - 1, FL_RASTER_CLEAN, white->stride);
    }
}

/* ---- a page ---- */

/* Marks where there is something light; false without memory. */
static bool find_light(struct fl_white *white, const struct fl_plane *plane, struct pair *pair,
                       uint32_t *found)
{
    size_t rows = (size_t)white->height + 2, width = (size_t)white->width;
    struct small small = {NULL, fl_padded(width + 2) + FL_LANES};
    uint8_t *work = calloc(3, small.stride);
    small.pixels = malloc(rows * small.stride);
    bool done = small.pixels && work;
    if (done) {
        memset(small.pixels, 255, rows * small.stride);
        for (int32_t y = 0; y < white->height; y++) {
            load_pair(pair, plane, y);
            fl_darkest_of_four(work, pair->upper, pair->lower, white->stride);
            memcpy(small_row(&small, y), work, width);
        }
        for (int32_t y = 0; y < white->height; y++) {
            uint32_t here = mark(&small, y, width, white->levels + (size_t)y * white->stride, work);
            white->light[y] = here > 0;
            *found += here;
        }
    }
    free(work);
    free(small.pixels);
    return done;
}

static bool close_light(struct fl_white *white, const struct fl_plane *plane, struct pair *pair,
                        int32_t reach)
{
    struct closing closing = {
        .width = white->width, .height = white->height, .reach = reach, .stride = white->stride};
    size_t window = 2 * (size_t)reach + 1;
    closing.padded = fl_padded((size_t)white->width + window);
    closing.rows = malloc(((size_t)white->height + window) * white->stride);
    closing.line[0] = malloc(closing.padded + window);
    closing.line[1] = malloc(closing.padded + window);
    bool done = closing.rows && closing.line[0] && closing.line[1];
    for (int32_t first = 0, last; done && first < white->height; first = last) {
        last = first + 1;
        if (!white->light[first]) continue;
        /* As one with what comes soon: the rows around it are needed anyhow. */
        for (int32_t y = last; y < white->height && y < last + 4 * reach; y++)
            if (white->light[y]) last = y + 1;
        put_levels(white, plane, &closing, pair, first, last);
    }
    free(closing.rows);
    free(closing.line[0]);
    free(closing.line[1]);
    return done;
}

bool fl_white_init(struct fl_white *white, const struct fl_plane *plane, int32_t x_dpi)
{
    *white = (struct fl_white){.width = plane->width / 2, .height = plane->height / 2};
    if (white->width < 1 || white->height < 1) return true;
    white->stride = fl_padded((size_t)white->width);
    size_t row = 2 * (white->stride + FL_LANES);
    uint8_t *rows = calloc(2, row);
    struct pair pair = {rows, rows ? rows + row : NULL};
    white->levels = malloc((size_t)white->height * white->stride);
    white->light = malloc((size_t)white->height);
    uint32_t found = 0;
    bool done = rows && white->levels && white->light && find_light(white, plane, &pair, &found);
    if (done && found >= FEW)
        done = close_light(white, plane, &pair, reach_of(x_dpi));
    else
        fl_white_free(white);
    free(rows);
    return done;
}

void fl_white_free(struct fl_white *white)
{
    free(white->levels);
    free(white->light);
    white->levels = white->light = NULL;
}

void fl_white_row(const struct fl_white *white, int32_t y, uint8_t *levels)
{
    if (!white->levels || y / 2 >= white->height || !white->light[y / 2]) return;
    fl_double(levels, white->levels + (size_t)(y / 2) * white->stride, white->stride);
    memset(levels + 2 * (size_t)white->width, FL_RASTER_CLEAN, 2 * (white->stride - (size_t)white->width));
}
