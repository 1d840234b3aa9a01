/* libFuzzer entry for pictures: a grey picture of any shape and size, fed in any portions, to a page of any. Whatever is no
 * sheet is refused, no pixel is read or written outside, and nothing is black beside the picture.
 * Input: the sheet, how it is fed; then the pixels, again and again. */
#include "base/boundary.h"
#include "input.h"

#define SIDE 700

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
    sheet.screen = screen;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
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
    REQUIRE(fl_raster_page(raster, rows, room) == 0);
    int32_t left = (sheet.paper_px - sheet.width_px) / 2;
    for (int32_t y = 0; y < sheet.height_px; y++)
        for (int32_t x = 0; x < (int32_t)octets * 8; x++)
            REQUIRE((x >= left && x < left + sheet.width_px) || !black(rows + (size_t)y * octets, x));
    fl_raster_free(raster);
    free(grey);
    free(rows);
    return 0;
}
