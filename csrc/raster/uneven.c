/* Photographs of paper, in light that is uneven: the paper's grey at each place, by cells of the page. */
#include <stdlib.h>

#include "raster/raster.h"
#include "raster/rows.h"

#define CELL        8  /* pixels at 204 dpi */
#define CELLS_MIN   16 /* across and down; with fewer there is no light to speak of */
#define REACH       6  /* cells: with those on both sides half an inch, wider than writing */
#define UNEVEN      80 /* percent: the darkest paper is so dark, measured by the lightest */
#define BETWEEN     10 /* percent of the paper that must lie between the two: a shadow, not an area with edges */
#define INK_SHARE   74  /* percent of the paper around it; what is lighter is white */
#define DARKEST     33  /* percent of the lightest paper: what is darker is no paper in a shadow, but ink */
#define TONE_LEAST  55  /* percent of the level of ink: neither ink */
#define TONE_MOST   108 /* nor paper, in a shadow with soft edges (80 % of it), but a tone */
#define TONES       8   /* percent of the pixels: no sheet of paper has so many */
#define BLUR        9   /* cells */
#define BLUR_WEIGHT 4096

/* A normal distribution with a deviation of three cells. */
static const uint16_t BLUR_OF[BLUR + 1] = {544, 516, 437, 331, 224, 136, 74, 36, 16, 6};

static int32_t at_most(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t within(int32_t at, int32_t count)
{
    return at < 0 ? 0 : at < count ? at : count - 1;
}

/* The mean of each cell. */
static void put_means(const struct fl_uneven *uneven, const struct fl_plane *plane, int32_t cell,
                      uint16_t *sums)
{
    size_t width = (size_t)plane->width, whole = width / FL_LANES * FL_LANES;
    for (int32_t row = 0; row < uneven->height; row++) {
        int32_t from = row * cell, to = at_most(from + cell, plane->height);
        memset(sums, 0, fl_padded(width) * sizeof *sums);
        for (int32_t y = from; y < to; y++) {
            const uint8_t *pixels = fl_plane_row(plane, y);
            fl_sums_add(sums, pixels, whole);
            for (size_t x = whole; x < width; x++) sums[x] = (uint16_t)(sums[x] + pixels[x]);
        }
        for (int32_t column = 0; column < uneven->width; column++) {
            int32_t left = column * cell, right = at_most(left + cell, plane->width);
            uint32_t sum = 0, count = (uint32_t)((right - left) * (to - from));
            for (int32_t x = left; x < right; x++) sum += sums[x];
            uneven->paper[row * uneven->width + column] = (uint8_t)((sum + count / 2) / count);
        }
    }
}

/* One line of cells, across or down, each a step behind the one before. */
typedef void along(uint8_t *cells, const uint8_t *copy, int32_t count, int32_t step);

static void lightest(uint8_t *cells, const uint8_t *copy, int32_t count, int32_t step)
{
    for (int32_t at = 0; at < count; at++) {
        int32_t from = at < REACH ? 0 : at - REACH, to = at_most(at + REACH + 1, count);
        uint8_t grey = 0;
        for (int32_t near = from; near < to; near++) grey = grey > copy[near] ? grey : copy[near];
        cells[(size_t)at * (size_t)step] = grey;
    }
}

static void blurred(uint8_t *cells, const uint8_t *copy, int32_t count, int32_t step)
{
    for (int32_t at = 0; at < count; at++) {
        uint32_t sum = BLUR_WEIGHT / 2 + (uint32_t)BLUR_OF[0] * copy[at];
        for (int32_t far = 1; far <= BLUR; far++)
            sum += (uint32_t)BLUR_OF[far] *
                   ((uint32_t)copy[within(at - far, count)] + copy[within(at + far, count)]);
        cells[(size_t)at * (size_t)step] = (uint8_t)(sum / BLUR_WEIGHT);
    }
}

static void both_ways(const struct fl_uneven *uneven, along *take, uint8_t *copy)
{
    for (int32_t y = 0; y < uneven->height; y++) {
        uint8_t *row = uneven->paper + (size_t)y * (size_t)uneven->width;
        memcpy(copy, row, (size_t)uneven->width);
        take(row, copy, uneven->width, 1);
    }
    for (int32_t x = 0; x < uneven->width; x++) {
        for (int32_t y = 0; y < uneven->height; y++)
            copy[y] = uneven->paper[(size_t)y * (size_t)uneven->width + (size_t)x];
        take(uneven->paper + x, copy, uneven->height, uneven->width);
    }
}

/* Whether the light on this paper is uneven, and how light it is where it is lightest. False for a page in even light,
 * and for one that has grey areas with edges rather than shadows. */
static bool is_uneven(const struct fl_uneven *uneven, int *light)
{
    uint32_t counts[256];
    struct fl_plane cells = {uneven->paper, uneven->width, uneven->height, (size_t)uneven->width};
    fl_histogram(&cells, counts);
    int dark = fl_quantile(counts, 3);
    *light = fl_quantile(counts, 97);
    if (dark * 100 >= UNEVEN * *light) return false;
    uint64_t between = 0, total = (uint64_t)uneven->width * (uint64_t)uneven->height;
    for (int grey = dark + (*light - dark) / 5; grey < *light - (*light - dark) / 5; grey++)
        between += counts[grey];
    return between * 100 >= total * BETWEEN;
}

bool fl_uneven_init(struct fl_uneven *uneven, const struct fl_plane *plane, int32_t x_dpi)
{
    int32_t cell = CELL * (x_dpi > 306 ? 2 : 1);
    *uneven = (struct fl_uneven){
        .width = (plane->width + cell - 1) / cell,
        .height = (plane->height + cell - 1) / cell,
        .page_width = plane->width,
        .page_height = plane->height,
    };
    if (at_most(plane->width, plane->height) < CELLS_MIN * cell) return true;
    size_t count = (size_t)uneven->width * (size_t)uneven->height;
    uint16_t *sums = malloc(fl_padded((size_t)plane->width) * sizeof *sums);
    uint8_t *copy = malloc((size_t)uneven->width + (size_t)uneven->height);
    uneven->paper = malloc(count);
    bool done = sums && copy && uneven->paper, is = false;
    if (done) {
        int light;
        put_means(uneven, plane, cell, sums);
        both_ways(uneven, lightest, copy);
        is = is_uneven(uneven, &light);
        if (is) {
            int least = (light * DARKEST + 50) / 100;
            both_ways(uneven, blurred, copy);
            for (size_t i = 0; i < count; i++) {
                int paper = uneven->paper[i] > least ? uneven->paper[i] : least;
                uneven->paper[i] = (uint8_t)((paper * INK_SHARE + 50) / 100);
            }
        }
    }
    free(sums);
    free(copy);
    if (!is) fl_uneven_free(uneven);
    return done;
}

bool fl_uneven_is_paper(const struct fl_uneven *uneven, const struct fl_plane *plane)
{
    uint8_t levels[FL_RASTER_PAPER_MAX];
    uint64_t tones = 0, pixels = 0;
    for (int32_t y = 0; y < plane->height; y += 8, pixels += (uint64_t)plane->width) {
        const uint8_t *row = fl_plane_row(plane, y);
        fl_uneven_row(uneven, y, levels);
        for (int32_t x = 0; x < plane->width; x++)
            tones += row[x] * 100 < levels[x] * TONE_MOST && row[x] * 100 > levels[x] * TONE_LEAST;
    }
    return tones * 100 < pixels * TONES;
}

void fl_uneven_free(struct fl_uneven *uneven)
{
    free(uneven->paper);
    uneven->paper = NULL;
}

/* Where a pixel lies between the middles of the cells, in 1/256 of one; those at the edge reach as far as the page. */
static int32_t place_of(int32_t at, int32_t cells, int32_t pixels)
{
    int64_t place = (2 * (int64_t)at + 1) * cells * 128 / pixels - 128;
    int64_t last = (int64_t)(cells - 1) * 256;
    return (int32_t)(place < 0 ? 0 : place < last ? place : last);
}

void fl_uneven_row(const struct fl_uneven *uneven, int32_t y, uint8_t *levels)
{
    int32_t down = place_of(y, uneven->height, uneven->page_height);
    const uint8_t *above = uneven->paper + (size_t)(down / 256) * (size_t)uneven->width;
    const uint8_t *below = down % 256 ? above + uneven->width : above;
    for (int32_t x = 0; x < uneven->page_width; x++) {
        int32_t at = place_of(x, uneven->width, uneven->page_width), left = at / 256, share = at % 256;
        int32_t right = share ? left + 1 : left;
        int32_t upper = above[left] * (256 - share) + above[right] * share;
        int32_t lower = below[left] * (256 - share) + below[right] * share;
        int32_t sum = upper * (256 - down % 256) + lower * (down % 256);
        levels[x] = (uint8_t)((sum + 32768) / 65536);
    }
}
