/* libFuzzer entry for pictures and for pages of text. A grey picture of any shape and size, fed in any portions, to a page of any. Whatever is no
 * sheet is refused, no pixel is read or written outside, and nothing is black beside the picture. Letters anywhere, over any
 * edge.
 * Input: the sheet, how it is fed; then the pixels, again and again; or the page, the glyphs and the cells. */
#include "base/boundary.h"
#include "input.h"

#define SIDE 300

static uint8_t screen[32 * 32];

static struct fl_sheet draw_sheet(struct input *input)
{
    struct fl_sheet sheet = {
        .from_width_px = (int32_t)(input_pair(input) % SIDE),
        .from_height_px = (int32_t)(input_pair(input) % SIDE),
        .width_px = (int32_t)(input_pair(input) % SIDE),
        .height_px = (int32_t)(input_pair(input) % SIDE),
        .paper_px = (int32_t)(input_pair(input) % SIDE),
    };
    unsigned how = input_octet(input);
    if (how & 0x80) { /* as PDF pages come */
        sheet.from_width_px = sheet.width_px;
        sheet.from_height_px = sheet.height_px;
    }
    sheet.x_dpi = how & 0x40 ? 408 : 204;
    sheet.kind = (int32_t)(how % 5);
    sheet.invert = how >> 5 & 1;
    sheet.screen = how & 0x10 ? NULL : screen;
    sheet.screen_width = (int32_t)(input_octet(input) % 40);
    sheet.screen_height = (int32_t)(input_octet(input) % 40);
    return sheet;
}

/* Rows of the picture in memory of their own, so that the sanitizer sees any look beyond. */
static uint8_t *portion(struct input *pixels, size_t octets)
{
    uint8_t *grey = malloc(octets);
    for (size_t i = 0; i < octets; i++)
        grey[i] = pixels->left ? pixels->octets[i % pixels->left] : (uint8_t)(i * 7);
    return grey;
}

static bool black(const uint8_t *row, int32_t x)
{
    return row[x / 8] >> (7 - x % 8) & 1;
}

#define GLYPHS     4
#define SIDE_CELLS 3

/* From least on, or anything. */
static int32_t number(struct input *input, int32_t least, int32_t step)
{
    unsigned octet = input_octet(input);
    return octet == 255 ? (int32_t)(input_pair(input) << 16) : least + (int32_t)octet * step;
}

static void write_text(struct input *input)
{
    struct fl_glyph glyphs[GLYPHS];
    int32_t x[SIDE_CELLS], y[SIDE_CELLS];
    uint16_t cells[SIDE_CELLS * SIDE_CELLS];
    struct fl_text text = {
        .width_px = (int32_t)(input_pair(input) % SIDE),
        .row_count = (int32_t)(input_pair(input) % SIDE),
        .glyphs = glyphs,
        .glyph_count = GLYPHS,
        .column_count = SIDE_CELLS,
        .line_count = SIDE_CELLS,
        .cells = cells,
        .x = x,
        .y = y,
    };
    for (int i = 0; i < GLYPHS; i++)
        glyphs[i] = (struct fl_glyph){number(input, 0, 1), number(input, 0, 1), number(input, -200, 2),
                                      number(input, -200, 2), number(input, 0, 16)};
    for (int i = 0; i < SIDE_CELLS; i++) {
        x[i] = number(input, -100, 4);
        y[i] = number(input, -100, 4);
    }
    for (int i = 0; i < SIDE_CELLS * SIDE_CELLS; i++) {
        unsigned octet = input_octet(input);
        cells[i] = (uint16_t)(octet == 255 ? octet : octet % (GLYPHS + 1));
    }
    text.length = (int64_t)input_pair(input);
    uint8_t *bits = portion(input, (size_t)text.length);
    text.bits = bits;
    size_t octets = ((size_t)text.width_px + 7) / 8, room = octets * (size_t)text.row_count;
    uint8_t *rows = calloc(room ? room : 1, 1);
    int32_t result = fl_raster_text(&text, rows, (int64_t)room);
    REQUIRE(result == 0 || result == FL_E_VALUE);
    for (size_t y_px = 0; text.width_px % 8 && y_px < (size_t)text.row_count; y_px++)
        REQUIRE((rows[(y_px + 1) * octets - 1] & 0xFF >> text.width_px % 8) == 0);
    free(rows);
    free(bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    if (size && data[size - 1] & 1) {
        write_text(&input);
        return 0;
    }
    struct fl_sheet sheet = draw_sheet(&input);
    int32_t stride = sheet.from_width_px + (int32_t)(input_octet(&input) % 3);
    int32_t at_once = (int32_t)(input_pair(&input) % SIDE) + 1;
    struct fl_raster *raster;
    int32_t result = fl_raster_new(&sheet, &raster);
    REQUIRE((result == 0) == (raster != NULL));
    if (result) {
        REQUIRE(result == FL_E_VALUE);
        return 0;
    }
    uint8_t *grey = NULL;
    size_t octets = ((size_t)sheet.paper_px + 7) / 8;
    uint8_t *rows = malloc(octets * (size_t)sheet.height_px);
    int64_t room = (int64_t)octets * sheet.height_px;
    for (int32_t left = sheet.from_height_px; left; left -= at_once) {
        if (at_once > left) at_once = left;
        REQUIRE(fl_raster_page(raster, rows, room) == FL_E_VALUE);
        size_t length = (size_t)stride * (size_t)(at_once - 1) + (size_t)sheet.from_width_px;
        free(grey);
        grey = portion(&input, length);
        REQUIRE(fl_raster_feed(raster, grey, (int64_t)length, stride) == 0);
    }
    REQUIRE(fl_raster_feed(raster, grey, stride, stride) == FL_E_VALUE);
    REQUIRE(fl_raster_page(raster, rows, room - 1) == FL_E_VALUE);
    int32_t dots = fl_raster_page(raster, rows, room);
    REQUIRE(dots == 0 || dots == 1);
    REQUIRE(dots == 0 ||
            (sheet.screen && sheet.kind != FL_PICTURE_BILEVEL && sheet.kind != FL_PICTURE_DRAWN));
    int32_t left = (sheet.paper_px - sheet.width_px) / 2;
    for (int32_t y = 0; y < sheet.height_px; y++)
        for (int32_t x = 0; x < (int32_t)octets * 8; x++)
            REQUIRE((x >= left && x < left + sheet.width_px) || !black(rows + (size_t)y * octets, x));
    fl_raster_free(raster);
    free(grey);
    free(rows);
    return 0;
}
