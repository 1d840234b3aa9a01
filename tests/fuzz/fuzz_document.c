/* libFuzzer entry for documents: a coded page as a TIFF from anywhere may have it, a header line over it, and the page as
 * it goes out in every coding. What is accepted must go out whole, with its header, and decode to the same rows.
 * Input: resolution, width, coding and order, rows, rows per strip, header; then the strips' code. */
#include "input.h"
#include "page/document.h"

#define STRIPS   4
#define MAX_ROWS 96

static uint8_t first[MAX_ROWS + FL_HEADER_ROWS_MAX][FL_T4_ROW_BYTES];

/* Codes the page and decodes it again; keeps the rows, or compares them with those kept. Returns their number. */
static int32_t through(struct fl_document *document, const struct fl_resolution_row *row, int width,
                       int coding, bool keep)
{
    static struct fl_t4_decoder decoder;
    int32_t width_px = row->width_px[width], count = -1;
    int64_t size =
        fl_document_code_page(document, 0, row->x_dpi, row->y_dpi, width_px, coding, &count, NULL, 0);
    REQUIRE(size > 0 && count > 0 && count <= MAX_ROWS + FL_HEADER_ROWS_MAX);
    REQUIRE(fl_document_coded_size(document, 0, coding) == size);
    uint8_t *code = malloc((size_t)size);
    int32_t again = -1;
    REQUIRE(fl_document_code_page(document, 0, row->x_dpi, row->y_dpi, width_px, coding, &again, code,
                                  size) == size);
    REQUIRE(again == count);
    struct fl_t4_format format = {.coding = (uint8_t)coding, .width_px = (uint16_t)width_px};
    fl_t4_decoder_init(&decoder, &format);
    decoder.max_rows = (uint32_t)count + 1;
    fl_t4_decoder_feed(&decoder, code, (size_t)size);
    fl_t4_decoder_end(&decoder);
    const uint8_t *octets;
    size_t stride = ((size_t)width_px + 7) / 8;
    while (fl_t4_decoder_row(&decoder, &octets) == FL_T4_ROW) {
        REQUIRE(decoder.rows <= (uint32_t)count);
        if (keep)
            memcpy(first[decoder.rows - 1], octets, stride);
        else
            REQUIRE(memcmp(first[decoder.rows - 1], octets, stride) == 0);
    }
    REQUIRE(decoder.rows == (uint32_t)count && decoder.bad_rows == 0 && decoder.end_seen);
    free(code);
    return count;
}

/* The same code read as a TIFF's may be that lies about it: whatever its width, no row is out of place. */
static void read_as_it_comes(const struct fl_coded_page *page, int32_t width_px, unsigned how)
{
    struct fl_coded_page coded = *page;
    struct fl_reading reading;
    int64_t room = MAX_ROWS, bad_max = how & 1 ? MAX_ROWS : 0;
    coded.width_px = width_px;
    coded.aligned = (int32_t)(how >> 1 & 3);
    uint8_t *rows = malloc((size_t)room * (((size_t)width_px + 7) / 8));
    int64_t count = fl_read_coded(&coded, bad_max, rows, room, &reading);
    free(rows);
    if (count < 0) {
        REQUIRE(coded.coding > FL_CODING_MMR || coded.aligned > 2);
        return;
    }
    REQUIRE(count <= room && reading.bad_rows <= count && reading.bad_rows <= bad_max + 1);
    REQUIRE((reading.bad_rows > 0) == (reading.first_bad_row > 0) && reading.first_bad_row <= count);
    REQUIRE(!reading.overflow || count == room);
}

static bool add_page(struct fl_document *document, const struct fl_resolution_row *row, int width,
                     struct input *input)
{
    unsigned how = input_octet(input);
    struct fl_coded_page page = {
        .width_px = row->width_px[width],
        .x_dpi = row->x_dpi,
        .y_dpi = row->y_dpi,
        .coding = (int32_t)(how & 3),
        .msb_first = how >> 2 & 1,
        .inverted = how >> 3 & 1,
        .row_count = (int32_t)(input_octet(input) % MAX_ROWS),
        .rows_per_strip = (int32_t)(input_octet(input) % MAX_ROWS),
        .strip_count = (int32_t)(how >> 4 & 3) + 1,
    };
    int64_t lengths[STRIPS];
    int64_t left = (int64_t)input->left;
    for (int strip = 0; strip < page.strip_count; strip++) {
        lengths[strip] = strip + 1 == page.strip_count ? left : left / (page.strip_count - strip);
        left -= lengths[strip];
    }
    if (how & 0x80) lengths[0] += 9; /* a file that lies */
    page.strip_lengths = lengths;
    page.length = (int64_t)input->left;
    uint8_t *code = malloc(input->left + 1); /* its own end, for the sanitizer */
    memcpy(code, input->octets, input->left);
    page.code = code;
    read_as_it_comes(&page, (int32_t)((how * 257u + (unsigned)page.row_count) % 6000u) + 1, how >> 1);
    int32_t result = fl_document_add_coded(document, &page);
    free(code);
    REQUIRE(result == 0 || result == FL_E_VALUE);
    REQUIRE(fl_document_pages(document) == (result == 0));
    if (result) return false;
    REQUIRE(through(document, row, width, FL_CODING_MMR, true) == page.row_count);
    return true;
}

/* A strip over the page: its rows are first, and where the page was white it is no longer. */
static void add_header(struct fl_document *document, const struct fl_resolution_row *row, int width,
                       int32_t width_px, int32_t row_count, uint8_t pattern)
{
    int32_t plain = through(document, row, width, FL_CODING_MMR, true);
    size_t octets = ((size_t)width_px + 7) / 8, stride = ((size_t)row->width_px[width] + 7) / 8;
    int32_t white = 0;
    static const uint8_t none[FL_T4_ROW_BYTES];
    while (white < plain && white < row_count && memcmp(first[white], none, stride) == 0) white++;
    uint8_t *strip = malloc(octets * (size_t)row_count);
    memset(strip, pattern, octets * (size_t)row_count);
    REQUIRE(fl_document_add_header(document, row->x_dpi, row->y_dpi, width_px, strip, row_count) == 0);
    free(strip);
    static uint8_t below[MAX_ROWS][FL_T4_ROW_BYTES];
    memcpy(below, first[white], sizeof below[0] * (size_t)(plain - white));
    REQUIRE(through(document, row, width, FL_CODING_MMR, true) == plain - white + row_count);
    for (int32_t at = white; at < plain; at++)
        REQUIRE(memcmp(first[row_count + at - white], below[at - white], stride) == 0);
    if (octets > 1) REQUIRE(first[row_count - 1][0] == pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned shape = input_octet(&input);
    const struct fl_resolution_row *row = &FL_RESOLUTIONS[shape % FL_RESOLUTION_COUNT];
    int width = (int)(shape / FL_RESOLUTION_COUNT % 3);
    int32_t strip_width = (int32_t)(input_pair(&input) % row->width_px[FL_A4]) + 1;
    int32_t strip_rows = (int32_t)(input_octet(&input) % FL_HEADER_ROWS_MAX) + 1;
    uint8_t pattern = (uint8_t)input_octet(&input);
    struct fl_document *document = fl_document_new();
    if (add_page(document, row, width, &input)) {
        through(document, row, width, FL_CODING_MH, false);
        through(document, row, width, FL_CODING_MR, false);
        add_header(document, row, width, strip_width, strip_rows, pattern);
        through(document, row, width, FL_CODING_MH, false);
        through(document, row, width, FL_CODING_MR, false);
        fl_document_measure(document);
    }
    fl_document_free(document);
    return 0;
}
