/* Grey pictures to fax pages, against the plainest code that does the same: every pixel by itself, from the whole picture. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/boundary.h"
#include "check.h"

#define SIDE 400

static uint8_t picture[SIDE * SIDE], page[SIDE * SIDE], expected[SIDE * SIDE];
static uint8_t rows[SIDE * SIDE / 8 + SIDE];

/* ---- the plain way ---- */

/* The pixels that number `at` is made of: from first to before behind. */
static void bin(int at, int in, int out, int *first, int *behind)
{
    *first = (in >= out ? 2 * at * in + out : (2 * at + 1) * in) / (2 * out);
    *behind = in >= out ? (2 * (at + 1) * in + out) / (2 * out) : *first + 1;
}

static void reduce(const struct fl_sheet *sheet)
{
    for (int y = 0; y < sheet->height_px; y++)
        for (int x = 0; x < sheet->width_px; x++) {
            int top, bottom, left, right, sum = 0;
            bin(y, sheet->from_height_px, sheet->height_px, &top, &bottom);
            bin(x, sheet->from_width_px, sheet->width_px, &left, &right);
            for (int v = top; v < bottom; v++)
                for (int u = left; u < right; u++) sum += picture[v * sheet->from_width_px + u];
            int count = (bottom - top) * (right - left);
            page[y * sheet->width_px + x] =
                (uint8_t)(((sum + count / 2) / count) ^ (sheet->invert ? 255 : 0));
        }
}

static int four(int width, int u, int v, int what)
{
    const uint8_t *at = page + 2 * v * width + 2 * u;
    int values[4] = {at[0], at[1], at[width], at[width + 1]}, sum = 2, least = 255;
    for (int i = 0; i < 4; i++) {
        sum += values[i];
        if (values[i] < least) least = values[i];
    }
    return what ? sum / 4 : least;
}

/* The lightest (sign 1) or darkest (-1) around each, in a square that ends at the edges. */
static void around(const int *from, int *to, int width, int height, int reach, int sign)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int best = from[y * width + x];
            for (int v = y - reach; v <= y + reach; v++)
                for (int u = x - reach; u <= x + reach; u++)
                    if (v >= 0 && v < height && u >= 0 && u < width &&
                        sign * from[v * width + u] > sign * best)
                        best = from[v * width + u];
            to[y * width + x] = best;
        }
}

/* White paper and what is light on it. */
static void expect_on_white(const struct fl_sheet *sheet)
{
    static int small[SIDE * SIDE / 4], dark[SIDE * SIDE / 4], mean[SIDE * SIDE / 4], paper[SIDE * SIDE / 4];
    int width = sheet->width_px, w = width / 2, h = sheet->height_px / 2, found = 0;
    for (int v = 0; v < h; v++)
        for (int u = 0; u < w; u++) {
            small[v * w + u] = four(width, u, v, 0);
            mean[v * w + u] = four(width, u, v, 1);
        }
    around(small, dark, w, h, 1, -1);
    around(mean, paper, w, h, sheet->x_dpi == 204 ? 6 : 12, 1);
    around(paper, mean, w, h, sheet->x_dpi == 204 ? 6 : 12, -1);
    for (int i = 0; i < w * h; i++) found += small[i] < 208 && dark[i] >= 120;
    for (int y = 0; y < sheet->height_px; y++)
        for (int x = 0; x < width; x++) {
            int grey = page[y * width + x], half = y / 2 * w + x / 2;
            bool ink = grey < 160;
            if (found >= 8 && y / 2 < h && x / 2 < w && dark[half] >= 120 && mean[half] - grey >= 48)
                ink = true;
            expected[y * width + x] = ink;
        }
}

/* ---- the engine's ---- */

/* Feeds so many rows at once, each portion in memory of its own, and compares every pixel. */
static void check_page(const struct fl_sheet *sheet, int at_once)
{
    struct fl_raster *raster = NULL;
    CHECK_EQ(fl_raster_new(sheet, &raster), 0);
    if (!raster) return;
    int octets = (sheet->paper_px + 7) / 8, left = (sheet->paper_px - sheet->width_px) / 2, wrong = 0;
    uint8_t *portion = NULL;
    for (int y = 0; y < sheet->from_height_px; y += at_once) {
        int count = at_once < sheet->from_height_px - y ? at_once : sheet->from_height_px - y;
        size_t length = (size_t)count * (size_t)sheet->from_width_px;
        free(portion);
        portion = malloc(length);
        memcpy(portion, picture + y * sheet->from_width_px, length);
        CHECK_EQ(fl_raster_feed(raster, portion, (int64_t)length, sheet->from_width_px), 0);
    }
    memset(rows, 0xAA, sizeof rows);
    int32_t dots = sheet->kind == FL_PICTURE_DOTS;
    CHECK_EQ(fl_raster_page(raster, rows, (int64_t)octets * sheet->height_px), dots);
    for (int y = 0; y < sheet->height_px; y++)
        for (int x = 0; x < octets * 8; x++) {
            bool inside = x >= left && x < left + sheet->width_px;
            bool ink = inside && expected[y * sheet->width_px + x - left];
            wrong += (rows[y * octets + x / 8] >> (7 - x % 8) & 1) != ink;
        }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(rows[octets * sheet->height_px], 0xAA);
    fl_raster_free(raster);
    free(portion);
}

static struct fl_sheet draw_sheet(uint64_t *random)
{
    struct fl_sheet sheet = {.x_dpi = fl_random(random) & 1 ? 204 : 408};
    sheet.paper_px = (int32_t)(20 + fl_random(random) % (SIDE - 20));
    sheet.width_px = sheet.paper_px - (int32_t)(fl_random(random) % 19);
    sheet.height_px = (int32_t)(1 + fl_random(random) % SIDE);
    sheet.from_width_px = sheet.width_px;
    sheet.from_height_px = sheet.height_px;
    if (fl_random(random) & 1) sheet.from_width_px = (int32_t)(1 + fl_random(random) % SIDE);
    if (fl_random(random) & 1) sheet.from_height_px = (int32_t)(1 + fl_random(random) % SIDE);
    sheet.invert = (fl_random(random) & 3) == 0;
    return sheet;
}

/* Boxes of any grey on paper: thin ones are lines and letters, large ones areas. */
static void draw_picture(const struct fl_sheet *sheet, uint64_t *random, uint8_t paper)
{
    memset(picture, paper, sizeof picture);
    for (unsigned boxes = fl_random(random) % 12; boxes; boxes--) {
        int left = (int)(fl_random(random) % (unsigned)sheet->from_width_px);
        int top = (int)(fl_random(random) % (unsigned)sheet->from_height_px);
        unsigned thin = (unsigned)fl_random(random);
        int wide = 1 + (int)(fl_random(random) % (thin & 1 ? 6 : 70));
        int high = 1 + (int)(fl_random(random) % (thin & 2 ? 6 : 40));
        uint8_t grey = (uint8_t)fl_random(random);
        if (thin & 4) { /* paper with a shade */
            wide = SIDE;
            grey = (uint8_t)(208 + grey % 40);
        }
        for (int y = top; y < top + high && y < sheet->from_height_px; y++)
            for (int x = left; x < left + wide && x < sheet->from_width_px; x++)
                picture[y * sheet->from_width_px + x] = grey;
    }
}

static bool is_clean(const struct fl_sheet *sheet)
{
    int white = 0, pixels = sheet->width_px * sheet->height_px;
    for (int i = 0; i < pixels; i++) white += page[i] >= 250;
    return 2 * white >= pixels;
}

static void test_white_paper(void)
{
    uint64_t random = 1;
    int clean = 0;
    for (int turn = 0; turn < 300; turn++) {
        struct fl_sheet sheet = draw_sheet(&random);
        sheet.kind = FL_PICTURE_GREY;
        draw_picture(&sheet, &random, sheet.invert ? 0 : 255);
        reduce(&sheet);
        if (!is_clean(&sheet)) continue;
        clean++;
        expect_on_white(&sheet);
        check_page(&sheet, turn % 3 ? 1 + turn : SIDE);
    }
    CHECK(clean > 200);
}

/* A line at the edge of a shade that is no area, ten rows of half the size high: its paper is the white above that, as far
 * away as any that matters. */
static void test_a_line_below_a_shade(void)
{
    struct fl_sheet sheet = {200, 200, 200, 200, 200, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    memset(picture, 255, sizeof picture);
    memset(picture + 200 * 104, 215, 200 * 20);
    memset(picture + 200 * 124, 190, 200 * 2);
    memset(expected, 0, sizeof expected);
    memset(expected + 200 * 124, 1, 200 * 2);
    check_page(&sheet, SIDE);
    memset(picture, 255, sizeof picture); /* and above one */
    memset(picture + 200 * 104, 190, 200 * 2);
    memset(picture + 200 * 106, 215, 200 * 20);
    memset(expected, 0, sizeof expected);
    memset(expected + 200 * 104, 1, 200 * 2);
    check_page(&sheet, SIDE);
}

static void test_black_and_white(void)
{
    uint64_t random = 2;
    for (int turn = 0; turn < 200; turn++) {
        struct fl_sheet sheet = draw_sheet(&random);
        sheet.kind = turn & 1 ? FL_PICTURE_BILEVEL : FL_PICTURE_DRAWN;
        draw_picture(&sheet, &random, 255);
        reduce(&sheet);
        bool reduced =
            sheet.from_width_px > 1.2 * sheet.width_px || sheet.from_height_px > 1.2 * sheet.height_px;
        int level = sheet.kind == FL_PICTURE_BILEVEL && reduced ? 178 : 129;
        for (int i = 0; i < sheet.width_px * sheet.height_px; i++) expected[i] = page[i] < level;
        check_page(&sheet, 1 + turn);
    }
}

/* Otsu's level, tried one by one: between two greys that occur, the one with most variance between the two parts; and a
 * little nearer to the paper. */
static int expect_level(int pixels)
{
    double best = -1, level = 129;
    for (int split = 0; split < 255; split++) {
        double dark = 0, light = 0, ink = 0, paper = 0;
        int next = 256;
        for (int i = 0; i < pixels; i++) {
            bool is_ink = page[i] <= split;
            *(is_ink ? &dark : &light) += 1;
            *(is_ink ? &ink : &paper) += page[i];
            if (!is_ink && page[i] < next) next = page[i];
        }
        if (dark == 0 || light == 0) continue;
        double apart = paper / light - ink / dark;
        if (dark * light * apart * apart <= best * (1 + 1e-12)) continue;
        best = dark * light * apart * apart;
        level = apart < 40 ? 129 : (split + next) / 2 + 1;
        if (apart >= 40) level += 0.15 * (paper / light - level);
    }
    return (int)(level + 0.5);
}

/* Too small to have light that falls off: ink and paper of two greys, and noise. */
static void test_grey_paper(void)
{
    struct fl_sheet sheet = {100, 100, 100, 100, 100, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    uint64_t random = 3;
    for (int turn = 0; turn < 60; turn++) {
        unsigned paper = 60 + (unsigned)(fl_random(&random) % 160),
                 ink = (unsigned)(fl_random(&random) % paper);
        for (int i = 0; i < 100 * 100; i++) {
            unsigned noise = (unsigned)(fl_random(&random) % 30);
            picture[i] = (uint8_t)((i % 100 < 1 + turn ? ink : paper) + noise);
            if (turn % 3 && noise == 0) picture[i] = (uint8_t)(fl_random(&random) % 250);
        }
        reduce(&sheet);
        int level = expect_level(100 * 100);
        level = level < 64 ? 64 : level > 215 ? 215 : level;
        for (int i = 0; i < 100 * 100; i++) expected[i] = page[i] < level;
        check_page(&sheet, SIDE);
    }
}

/* On a page of very many rows, of which not each is looked at. */
static void test_a_long_grey_page(void)
{
    struct fl_sheet sheet = {40, 3500, 40, 3500, 40, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    for (int i = 0; i < 40 * 3500; i++) {
        expected[i] = i % 40 < 10;
        picture[i] = (uint8_t)((expected[i] ? 60 : 190) + i % 7);
    }
    check_page(&sheet, 100);
}

/* Half of the page in the grey that counts as white paper, or one less; the rest is just no ink on white. */
static void test_what_is_white_paper(void)
{
    struct fl_sheet sheet = {100, 100, 100, 100, 100, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    for (int grey = 249; grey <= 250; grey++) {
        memset(picture, grey, 100 * 50);
        memset(picture + 100 * 50, 160, 100 * 50);
        memset(expected, 0, 100 * 50);
        memset(expected + 100 * 50, grey == 249, 100 * 50);
        check_page(&sheet, SIDE);
    }
}

/* A grey that lies so far down the screen is black on that share of it; the greys are stretched first. */
static void test_dots(void)
{
    uint8_t screen[15];
    struct fl_sheet sheet = {200, 100, 200, 100, 210, 204, FL_PICTURE_DOTS, 0, screen, 5, 3};
    for (int i = 0; i < 15; i++) screen[i] = (uint8_t)(10 + 16 * i);
    for (int i = 0; i < 200 * 100; i++) picture[i] = (uint8_t)(50 + i % 200 / 2 + (i % 200 > 190));
    /* One percent of each end may go: 52 of 50..150 becomes black. */
    int low = 51, high = 149;
    for (int y = 0; y < 100; y++)
        for (int x = 0; x < 200; x++) {
            int grey = (picture[y * 200 + x] - low) * 255 / (high - low);
            grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
            expected[y * 200 + x] = grey < screen[y % 3 * 5 + x % 5];
        }
    check_page(&sheet, 13);
}

/* A shadow over half of the page, and letters of a third of the paper's grey on it. */
static void test_uneven_light(void)
{
    struct fl_sheet sheet = {SIDE, SIDE, SIDE, SIDE, SIDE, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int paper = 240 - 150 * x / SIDE;
            bool ink = y % 40 < 4 && x % 40 < 20;
            picture[y * SIDE + x] = (uint8_t)(ink ? paper / 3 : paper);
            expected[y * SIDE + x] = ink;
        }
    check_page(&sheet, SIDE);
    check_page(&sheet, 1);
}

/* Letters anywhere, over each other and over the edges of the page, against pixel by pixel. */
static void test_text(void)
{
    enum { GLYPHS = 9, COLUMNS = 7, LINES = 5 };
    uint64_t random = 5;
    for (int turn = 0; turn < 200; turn++) {
        int width = 1 + (int)(fl_random(&random) % 120), height = 1 + (int)(fl_random(&random) % 90);
        struct fl_glyph glyphs[GLYPHS];
        uint16_t cells[COLUMNS * LINES];
        int32_t x[COLUMNS], y[LINES];
        size_t length = 0, octets = ((size_t)width + 7) / 8;
        uint8_t *bits = malloc(GLYPHS * 40 * 5);
        for (int i = 0; i < GLYPHS; i++) {
            int wide = (int)(fl_random(&random) % 41), high = (int)(fl_random(&random) % 40);
            glyphs[i] = (struct fl_glyph){wide, high, -(int)(fl_random(&random) % 30),
                                          -(int)(fl_random(&random) % 30), (int64_t)length};
            length += (size_t)((wide + 7) / 8 * high);
        }
        bits = realloc(bits, length + 1);
        for (size_t i = 0; i < length; i++) bits[i] = (uint8_t)fl_random(&random);
        for (int i = 0; i < COLUMNS; i++) x[i] = (int)(fl_random(&random) % 160) - 20;
        for (int i = 0; i < LINES; i++) y[i] = (int)(fl_random(&random) % 120) - 20;
        memset(expected, 0, sizeof expected);
        for (int i = 0; i < COLUMNS * LINES; i++) {
            cells[i] = (uint16_t)(fl_random(&random) % (GLYPHS + 1));
            if (cells[i] == 0) continue;
            const struct fl_glyph *glyph = &glyphs[cells[i] - 1];
            for (int v = 0; v < glyph->row_count; v++)
                for (int u = 0; u < (glyph->width_px + 7) / 8 * 8; u++) {
                    int at = x[i % COLUMNS] + glyph->left_px + u, row = y[i / COLUMNS] + glyph->top_px + v;
                    const uint8_t *ink = bits + glyph->at + v * ((glyph->width_px + 7) / 8) + u / 8;
                    if (at >= 0 && at < width && row >= 0 && row < height)
                        expected[row * width + at] |= *ink >> (7 - u % 8) & 1;
                }
        }
        struct fl_text text = {width, height, bits, (int64_t)length, glyphs, GLYPHS, COLUMNS, LINES,
                               cells, x,      y};
        memset(rows, 0, sizeof rows);
        CHECK_EQ(fl_raster_text(&text, rows, (int64_t)octets * height), 0);
        int wrong = 0;
        for (int row = 0; row < height; row++)
            for (int at = 0; at < (int)octets * 8; at++)
                wrong += (rows[row * (int)octets + at / 8] >> (7 - at % 8) & 1) !=
                         (at < width && expected[row * width + at]);
        CHECK_EQ(wrong, 0);
        CHECK_EQ(fl_raster_text(&text, rows, (int64_t)octets * height - 1), FL_E_VALUE);
        text.length--;
        bool all = glyphs[GLYPHS - 1].row_count > 0 && glyphs[GLYPHS - 1].width_px > 0;
        if (all) CHECK_EQ(fl_raster_text(&text, rows, sizeof rows), FL_E_VALUE);
        text.length++;
        cells[3] = GLYPHS + 1;
        CHECK_EQ(fl_raster_text(&text, rows, sizeof rows), FL_E_VALUE);
        cells[3] = 1;
        x[3] = INT32_MAX;
        CHECK_EQ(fl_raster_text(&text, rows, sizeof rows), FL_E_VALUE);
        free(bits);
    }
}

static void test_what_is_no_sheet(void)
{
    const struct fl_sheet good = {100, 100, 100, 100, 100, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
    static const int32_t wrong[] = {0, -1, INT32_MIN, INT32_MAX, 65537};
    struct fl_raster *raster;
    for (size_t i = 0; i < FL_COUNT(wrong); i++) {
        struct fl_sheet sheets[] = {good, good, good, good, good, good, good};
        sheets[0].from_width_px = sheets[1].from_height_px = sheets[2].width_px = wrong[i];
        sheets[3].height_px = sheets[4].paper_px = wrong[i];
        sheets[5].x_dpi = wrong[i];
        sheets[6].kind = wrong[i] ? wrong[i] : FL_PICTURE_DOTS; /* without a screen */
        for (size_t at = 0; at < FL_COUNT(sheets); at++)
            CHECK_EQ(fl_raster_new(&sheets[at], &raster), FL_E_VALUE);
    }
    CHECK_EQ(fl_raster_new(&good, &raster), 0);
    CHECK_EQ(fl_raster_feed(raster, picture, 99, 100), FL_E_VALUE);
    CHECK_EQ(fl_raster_feed(raster, picture, 1000, 99), FL_E_VALUE);
    CHECK_EQ(fl_raster_feed(raster, picture, 101 * 100, 100), FL_E_VALUE);
    CHECK_EQ(fl_raster_page(raster, rows, sizeof rows), FL_E_VALUE);
    CHECK_EQ(fl_raster_feed(raster, picture, 100 * 100, 100), 0);
    CHECK_EQ(fl_raster_feed(raster, picture, 100, 100), FL_E_VALUE);
    CHECK_EQ(fl_raster_page(raster, rows, 13 * 100 - 1), FL_E_VALUE);
    CHECK_EQ(fl_raster_page(raster, rows, 13 * 100), 0);
    fl_raster_free(raster);
    fl_raster_free(NULL);
}

/* The largest that there may be: 16 bits hold the sums of 256 rows. */
static void test_very_much_smaller(void)
{
    enum { HIGH = 65535 };
    struct fl_sheet sheet = {3, HIGH, 2, 2, 2, 204, FL_PICTURE_DRAWN, 0, NULL, 0, 0};
    struct fl_raster *raster;
    uint8_t *column = malloc(3 * HIGH), out[2];
    memset(column, 255, 3 * HIGH);
    memset(column + 3 * (HIGH / 2 + 1), 100, 3 * (HIGH / 2));
    CHECK_EQ(fl_raster_new(&sheet, &raster), 0);
    CHECK_EQ(fl_raster_feed(raster, column, 3 * HIGH, 3), 0);
    CHECK_EQ(fl_raster_page(raster, out, 2), 0);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(out[1], 0xC0);
    fl_raster_free(raster);
    free(column);
}

int main(void)
{
    test_white_paper();
    test_a_line_below_a_shade();
    test_black_and_white();
    test_grey_paper();
    test_a_long_grey_page();
    test_what_is_white_paper();
    test_dots();
    test_uneven_light();
    test_text();
    test_what_is_no_sheet();
    test_very_much_smaller();
    return check_result("raster");
}
