/* What the greys of a whole page tell: is it white paper, where do ink and paper part, how far do its greys reach. */
#include "raster/raster.h"
#include "raster/rows.h"

#define CLEAN_PAPER  250
#define CONTRAST_MIN 40 /* between ink and paper; with less there is only one of them */
#define LEVEL_MIN    64
#define LEVEL_MAX    215
#define ROWS_TELLING 1024 /* so many rows of a page tell of all of them */
#define CUTOFF       1    /* percent of the pixels that may go black, and white, when greys are stretched */

void fl_histogram(const struct fl_plane *plane, uint32_t counts[256])
{
    uint32_t parts[4][256]; /* neighbours are often equal: no waiting for the same count */
    memset(parts, 0, sizeof parts);
    int32_t step = 1 + plane->height / ROWS_TELLING;
    for (int32_t y = 0; y < plane->height; y += step) {
        const uint8_t *row = fl_plane_row(plane, y);
        int32_t x = 0;
        for (; x + 4 <= plane->width; x += 4)
            for (int32_t part = 0; part < 4; part++) parts[part][row[x + part]]++;
        for (; x < plane->width; x++) parts[0][row[x]]++;
    }
    for (int grey = 0; grey < 256; grey++)
        counts[grey] = parts[0][grey] + parts[1][grey] + parts[2][grey] + parts[3][grey];
}

bool fl_is_clean(const struct fl_plane *plane)
{
    uint8_t levels[FL_LANES], ink[FL_RASTER_PAPER_MAX];
    uint64_t darker = 0, pixels = (uint64_t)plane->width * (uint64_t)plane->height;
    size_t width = (size_t)plane->width, whole = width / FL_LANES * FL_LANES;
    memset(levels, CLEAN_PAPER, sizeof levels);
    for (int32_t y = 0; y < plane->height; y++) {
        const uint8_t *row = fl_plane_row(plane, y);
        for (size_t x = 0; x < whole; x += FL_LANES) fl_below(ink + x, row + x, levels, FL_LANES);
        darker += fl_count(ink, whole);
        for (size_t x = whole; x < width; x++) darker += row[x] < CLEAN_PAPER;
    }
    return darker * 2 <= pixels;
}

int fl_quantile(const uint32_t counts[256], int percent)
{
    uint64_t total = 0, below = 0;
    for (int grey = 0; grey < 256; grey++) total += counts[grey];
    for (int grey = 0; grey < 256; grey++) {
        below += counts[grey];
        if (below * 100 > total * (uint64_t)percent) return grey;
    }
    return 255;
}

static int next_grey(const uint32_t counts[256], int grey)
{
    while (grey < 255 && counts[grey] == 0) grey++;
    return grey;
}

/* N. Otsu 1979: the level that parts them best; where nothing lies between the two, half-way. */
uint8_t fl_page_level(const uint32_t counts[256])
{
    double total = 0, moment = 0, dark = 0, dark_moment = 0, best = -1, ink = 0, paper = 255;
    int level = FL_RASTER_HALF;
    for (int grey = 0; grey < 256; grey++) {
        total += counts[grey];
        moment += (double)grey * counts[grey];
    }
    for (int grey = 0; grey < 255; grey++) {
        dark += counts[grey];
        dark_moment += (double)grey * counts[grey];
        if (dark == 0) continue;
        if (dark == total) break;
        double darker = dark_moment / dark, lighter = (moment - dark_moment) / (total - dark);
        double between = dark * (total - dark) * (lighter - darker) * (lighter - darker);
        if (between <= best) continue;
        best = between;
        ink = darker;
        paper = lighter;
        level = (grey + next_grey(counts, grey + 1)) / 2 + 1;
    }
    if (paper - ink < CONTRAST_MIN) return FL_RASTER_HALF;
    double raised = level + 0.15 * (paper - level); /* thin strokes are greyer than the thick ones */
    level = (int)(raised + 0.5);
    return (uint8_t)(level < LEVEL_MIN ? LEVEL_MIN : level > LEVEL_MAX ? LEVEL_MAX : level);
}

/* The first grey, from one end, of which more than the cutoff are passed. */
static int reached(const uint32_t counts[256], int from, int step)
{
    uint64_t total = 0, passed = 0;
    for (int grey = 0; grey < 256; grey++) total += counts[grey];
    for (int grey = from; grey >= 0 && grey < 256; grey += step) {
        passed += counts[grey];
        if (passed > total * CUTOFF / 100) return grey;
    }
    return from;
}

void fl_stretch_screen(const uint32_t counts[256], uint8_t *screen, size_t count)
{
    int low = reached(counts, 0, 1), high = reached(counts, 255, -1);
    if (high <= low) return;
    for (size_t i = 0; i < count; i++) /* the first grey that becomes at least so light */
        screen[i] = (uint8_t)(low + (screen[i] * (high - low) + 254) / 255);
}
