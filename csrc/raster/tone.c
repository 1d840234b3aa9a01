/* Pictures of continuous tone on the page: photographs, paintings, gradients. A threshold leaves them empty or hollow; they
 * become dots, and what is around them stays as it is.
 *
 * Cells of the page that are not white paper hang together in regions. A region is continuous tone when its greys lie between black and
 * white, change gently from pixel to pixel (the edge of a letter does not), and are many: an area in one or two colours
 * (shading, a logo, grey or coloured paper, with whatever is printed on it) is none. It is not: a photograph of paper, of which uneven.c
 * tells; who knows better says so (FL_PICTURE_DOTS, or no screen).
 */
#include <stdlib.h>
#include <string.h>

#include "raster/raster.h"

#define CELL          16 /* pixels across at 204 dpi: 2 mm */
#define PAPER         94 /* percent of the lightest paper: a cell that is lighter on the whole is paper */
#define DARK          24 /* what is darker may be ink, and tells as little as paper does */
#define GENTLE        40 /* no more from a pixel to the next */
#define TONE_SHARE    50 /* percent of a cell's pixels between, and gentle: it tells of tone */
#define TELLING_SHARE 35 /* percent of a region's cells that must */
#define CELLS_MIN     36 /* of a region: 1.2 cm squared; anything smaller is a letter, a stamp, an icon */
#define ROW_STEP      4
#define PIXEL_STEP    2
#define LOOK_STEP     4
#define COLOUR        24 /* so far from its middle a printed and scanned colour reaches */
#define FLAT_ONE      75 /* percent of the greys between in one colour, */
#define FLAT_TWO      92 /* or in two: no continuous tone */

struct cell {
    int32_t left, top, right, bottom;
};

static struct cell cell_at(const struct fl_tone *tone, int32_t column, int32_t row)
{
    struct cell cell = {column * tone->cell_width, row * tone->cell_height, 0, 0};
    cell.right = cell.left + tone->cell_width;
    cell.bottom = cell.top + tone->cell_height;
    if (cell.right > tone->page_width) cell.right = tone->page_width;
    if (cell.bottom > tone->page_height) cell.bottom = tone->page_height;
    return cell;
}

static int apart(int a, int b)
{
    return a < b ? b - a : a - b;
}

enum { WHITE, OTHER, TELLING, TAKEN };

/* Most cells of most pages are white, and a few pixels tell. */
static bool looks_white(const struct fl_plane *plane, struct cell cell, uint8_t paper)
{
    uint8_t darkest = 255;
    for (int32_t y = cell.top; y < cell.bottom; y += ROW_STEP) {
        const uint8_t *row = fl_plane_row(plane, y);
        for (int32_t x = cell.left; x < cell.right; x += LOOK_STEP)
            darkest = row[x] < darkest ? row[x] : darkest;
    }
    return darkest >= paper;
}

/* Some pixels of a cell tell of it. */
static uint8_t kind_of(const struct fl_plane *plane, struct cell cell, uint8_t paper)
{
    uint32_t sum = 0, count = 0, gentle = 0;
    if (looks_white(plane, cell, paper)) return WHITE;
    for (int32_t y = cell.top; y < cell.bottom; y += ROW_STEP) {
        const uint8_t *row = fl_plane_row(plane, y),
                      *below = fl_plane_row(plane, y + (y + 1 < plane->height));
        for (int32_t x = cell.left; x < cell.right; x += PIXEL_STEP) {
            int grey = row[x], next = row[x + (x + 1 < plane->width)];
            sum += (uint32_t)grey;
            bool is_gentle = apart(grey, next) <= GENTLE && apart(grey, below[x]) <= GENTLE;
            gentle += grey > DARK && grey < paper && is_gentle;
            count++;
        }
    }
    if (sum >= paper * count) return WHITE;
    return gentle * 100 >= TONE_SHARE * count ? TELLING : OTHER;
}

/* The most of the counts that one colour has, around its middle; it is taken out. */
static uint64_t take_colour(uint32_t counts[256])
{
    uint64_t most = 0;
    int at = 0;
    for (int middle = 0; middle < 256; middle++) {
        uint64_t sum = 0;
        for (int grey = middle - COLOUR; grey <= middle + COLOUR; grey++)
            if (grey >= 0 && grey < 256) sum += counts[grey];
        if (sum > most) {
            most = sum;
            at = middle;
        }
    }
    for (int grey = at - COLOUR; grey <= at + COLOUR; grey++)
        if (grey >= 0 && grey < 256) counts[grey] = 0;
    return most;
}

static bool is_flat(const uint32_t counts[256], uint8_t paper)
{
    uint32_t between[256] = {0};
    uint64_t total = 0;
    for (int grey = DARK + 1; grey < paper; grey++) total += between[grey] = counts[grey];
    uint64_t one = take_colour(between), two = one + take_colour(between);
    return one * 100 >= total * FLAT_ONE || two * 100 >= total * FLAT_TWO;
}

static void count_cell(const struct fl_plane *plane, struct cell cell, uint32_t counts[256])
{
    for (int32_t y = cell.top; y < cell.bottom; y += ROW_STEP) {
        const uint8_t *row = fl_plane_row(plane, y);
        for (int32_t x = cell.left; x < cell.right; x += PIXEL_STEP) counts[row[x]]++;
    }
}

/* A region: all cells that hang together with this one, listed. How many; each is TAKEN then. */
static int32_t take_region(const struct fl_tone *tone, int32_t first, int32_t *list, int32_t *telling)
{
    int32_t count = 0;
    *telling = tone->cells[first] == TELLING;
    tone->cells[first] = TAKEN;
    list[count++] = first;
    for (int32_t at = 0; at < count; at++) {
        int32_t column = list[at] % tone->width, row = list[at] / tone->width;
        const int32_t near[] = {column > 0 ? list[at] - 1 : -1, column + 1 < tone->width ? list[at] + 1 : -1,
                                row > 0 ? list[at] - tone->width : -1,
                                row + 1 < tone->height ? list[at] + tone->width : -1};
        for (size_t i = 0; i < FL_COUNT(near); i++) {
            if (near[i] < 0 || tone->cells[near[i]] == WHITE || tone->cells[near[i]] == TAKEN) continue;
            *telling += tone->cells[near[i]] == TELLING;
            tone->cells[near[i]] = TAKEN;
            list[count++] = near[i];
        }
    }
    return count;
}

static void find_regions(struct fl_tone *tone, const struct fl_plane *plane, int32_t *list, uint8_t *dots)
{
    for (int32_t first = 0; first < tone->width * tone->height; first++) {
        int32_t telling;
        if (tone->cells[first] != TELLING) continue;
        int32_t count = take_region(tone, first, list, &telling);
        if (count < CELLS_MIN || (int64_t)telling * 100 < (int64_t)count * TELLING_SHARE) continue;
        uint32_t counts[256] = {0};
        for (int32_t i = 0; i < count; i++)
            count_cell(plane, cell_at(tone, list[i] % tone->width, list[i] / tone->width), counts);
        if (is_flat(counts, tone->paper)) continue;
        for (int32_t i = 0; i < count; i++) dots[list[i]] = 1;
        for (int grey = 0; grey < 256; grey++) tone->counts[grey] += counts[grey];
        tone->found = true;
    }
}

bool fl_tone_init(struct fl_tone *tone, const struct fl_plane *plane, uint8_t lightest, int32_t x_dpi,
                  int32_t screen_height, int32_t screen_width)
{
    int32_t cell = CELL * (x_dpi > 306 ? 2 : 1), rows = cell * screen_height / screen_width;
    *tone = (struct fl_tone){
        .cell_width = cell,
        .cell_height = rows < 1 ? 1 : rows,
        .page_width = plane->width,
        .page_height = plane->height,
    };
    tone->width = (plane->width + tone->cell_width - 1) / tone->cell_width;
    tone->height = (plane->height + tone->cell_height - 1) / tone->cell_height;
    tone->paper = (uint8_t)(lightest * PAPER / 100);
    size_t count = (size_t)tone->width * (size_t)tone->height;
    tone->cells = malloc(count);
    uint8_t *dots = calloc(count, 1);
    int32_t *list = malloc(count * sizeof *list);
    bool done = tone->cells && dots && list;
    if (done) {
        for (int32_t row = 0; row < tone->height; row++)
            for (int32_t column = 0; column < tone->width; column++)
                tone->cells[(size_t)row * (size_t)tone->width + (size_t)column] =
                    kind_of(plane, cell_at(tone, column, row), tone->paper);
        find_regions(tone, plane, list, dots);
        memcpy(tone->cells, dots, count);
    }
    free(dots);
    free(list);
    if (!tone->found) fl_tone_free(tone);
    return done;
}

void fl_tone_rest(const struct fl_tone *tone, const struct fl_plane *plane, uint32_t counts[256])
{
    memset(counts, 0, 256 * sizeof *counts);
    for (int32_t row = 0; row < tone->height; row++)
        for (int32_t column = 0; column < tone->width; column++)
            if (!tone->cells[(size_t)row * (size_t)tone->width + (size_t)column])
                count_cell(plane, cell_at(tone, column, row), counts);
}

void fl_tone_free(struct fl_tone *tone)
{
    free(tone->cells);
    tone->cells = NULL;
}

void fl_tone_row(const struct fl_tone *tone, int32_t y, const uint8_t *screen, int32_t screen_width,
                 uint8_t *levels)
{
    const uint8_t *cells = tone->cells + (size_t)(y / tone->cell_height) * (size_t)tone->width;
    for (int32_t column = 0; column < tone->width; column++) {
        if (!cells[column]) continue;
        struct cell cell = cell_at(tone, column, 0);
        for (int32_t x = cell.left; x < cell.right; x++) levels[x] = screen[x % screen_width];
    }
}
