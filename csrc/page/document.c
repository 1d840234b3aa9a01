/* Documents: adding pages, measuring them, and the outbox that codes them for the line. */
#include "page/document.h"

#include <stdlib.h>
#include <string.h>

#define GROWTH 65536

/* T.4: at most K - 1 lines between one-dimensional ones: 2 at standard, 4 at higher resolutions. */
static uint8_t k_of(int resolution)
{
    return FL_RESOLUTIONS[resolution].y_dpi > 100 ? 4 : 2;
}

struct fl_document *fl_document_new(void)
{
    return calloc(1, sizeof(struct fl_document));
}

void fl_document_free(struct fl_document *document)
{
    while (document) {
        struct fl_document *further = document->further;
        for (int32_t i = 0; i < document->count; i++) {
            free(document->pages[i].code);
            for (int grid = 0; grid < FL_HEADER_GRIDS; grid++) free(document->pages[i].strips[grid].rows);
        }
        free(document->pages);
        free(document);
        document = further;
    }
}

void fl_document_separate(struct fl_document *document)
{
    document->separate = true;
}

void fl_document_open(struct fl_document *document)
{
    document->open = true;
}

void fl_document_append(struct fl_document *document, struct fl_document *piece)
{
    while (document->further) document = document->further;
    document->further = piece;
}

int32_t fl_document_pages(const struct fl_document *document)
{
    int32_t pages = 0;
    for (; document; document = document->further) pages += document->count;
    return pages;
}

/* There must be one with this number. */
static const struct fl_document_page *page_of(const struct fl_document *document, int32_t page)
{
    for (; page >= document->count && document->further; document = document->further)
        page -= document->count;
    return &document->pages[page];
}

int64_t fl_document_black(const struct fl_document *document, int32_t page)
{
    if (page < 0 || page >= document->count) return FL_E_VALUE;
    return (int64_t)document->pages[page].black;
}

int64_t fl_document_page_code(const struct fl_document *document, int32_t page, struct fl_page_info *info,
                              uint8_t *code, int64_t cap)
{
    if (page < 0 || page >= document->count) return FL_E_VALUE;
    const struct fl_document_page *kept = &document->pages[page];
    const struct fl_resolution_row *resolution = &FL_RESOLUTIONS[kept->shape.resolution];
    *info = (struct fl_page_info){
        .width_px = resolution->width_px[kept->shape.width],
        .x_dpi = resolution->x_dpi,
        .y_dpi = resolution->y_dpi,
        .rows = (int32_t)kept->shape.rows,
        .number = page + 1,
    };
    if (!code) return (int64_t)kept->length;
    if (cap < (int64_t)kept->length) return FL_E_VALUE;
    memcpy(code, kept->code, kept->length);
    return (int64_t)kept->length;
}

/* ---- adding ---- */

struct bitmap {
    const uint8_t *rows;
    size_t row_octets;
    int64_t left;
};

static const uint8_t *next_of_bitmap(void *ctx)
{
    struct bitmap *bitmap = ctx;
    if (bitmap->left == 0) return NULL;
    const uint8_t *row = bitmap->rows;
    bitmap->rows += bitmap->row_octets;
    bitmap->left--;
    return row;
}

/* Runs the encoder to its end into memory that grows; false when there is none. */
static bool encode_all(struct fl_t4_encoder *encoder, uint8_t **code, size_t *length)
{
    size_t cap = 0, used = 0, got;
    uint8_t *buffer = NULL;
    do {
        if (cap - used < GROWTH) {
            uint8_t *larger = realloc(buffer, cap += cap + 2 * GROWTH);
            if (!larger) {
                free(buffer);
                return false;
            }
            buffer = larger;
        }
        got = fl_t4_encoder_read(encoder, buffer + used, cap - used);
        used += got;
    } while (got);
    uint8_t *fitting = realloc(buffer, used);
    *code = fitting ? fitting : buffer;
    *length = used;
    return true;
}

static bool room_for_page(struct fl_document *document)
{
    if (document->count < document->cap) return true;
    int32_t cap = document->cap ? 2 * document->cap : 4;
    struct fl_document_page *pages = realloc(document->pages, (size_t)cap * sizeof *pages);
    if (!pages) return false;
    document->pages = pages;
    document->cap = cap;
    return true;
}

static void append_page(struct fl_document *document, const struct fl_document_page *page)
{
    document->pages[document->count] = *page;
    document->pages[document->count++].shape.separate = document->separate;
    document->separate = false;
}

/* The shape of a page that a fax machine can have; false for any other. */
static bool shape_of(struct fl_page_shape *shape, int32_t width_px, int32_t x_dpi, int32_t y_dpi,
                     int64_t row_count)
{
    int resolution = fl_resolution_find(x_dpi, y_dpi);
    int width = resolution < 0 ? -1 : fl_width_find(resolution, width_px);
    if (width < 0 || row_count < 1 || row_count > FL_T4_DEFAULT_MAX_ROWS) return false;
    *shape = (struct fl_page_shape){(uint8_t)resolution, (uint8_t)width, (uint32_t)row_count, false};
    return true;
}

/* Rows on their way, their black pixels counted. */
struct counted {
    struct fl_rows rows;
    size_t row_octets;
    uint64_t black;
};

static const uint8_t *next_counted(void *ctx)
{
    struct counted *counted = ctx;
    const uint8_t *row = counted->rows.next(counted->rows.ctx);
    if (!row) return NULL;
    size_t i = 0;
    for (; i + 8 <= counted->row_octets; i += 8) {
        uint64_t word;
        memcpy(&word, row + i, sizeof word);
        counted->black += (unsigned)__builtin_popcountll(word);
    }
    for (; i < counted->row_octets; i++) counted->black += (unsigned)__builtin_popcount(row[i]);
    return row;
}

/* Codes the rows and appends the page. */
static int32_t append_rows(struct fl_document *document, const struct fl_page_shape *shape, int32_t width_px,
                           struct fl_rows rows)
{
    struct fl_t4_format format = {.coding = FL_CODING_MMR, .width_px = (uint16_t)width_px};
    struct fl_document_page page = {.shape = *shape, .sizes = {-1, -1, -1}};
    struct counted counted = {rows, ((size_t)width_px + 7) / 8, 0};
    struct fl_t4_encoder *encoder = malloc(sizeof *encoder);
    if (!encoder || !room_for_page(document)) {
        free(encoder);
        return FL_E_MEMORY;
    }
    fl_t4_encoder_init(encoder, &format, (struct fl_rows){next_counted, &counted});
    bool done = encode_all(encoder, &page.code, &page.length);
    free(encoder);
    if (!done) return FL_E_MEMORY;
    page.black = counted.black;
    page.sizes[FL_CODING_MMR] = (int64_t)page.length;
    append_page(document, &page);
    return 0;
}

int32_t fl_document_add_page(struct fl_document *document, int32_t width_px, int32_t x_dpi, int32_t y_dpi,
                             const uint8_t *rows, int64_t row_count)
{
    struct fl_page_shape shape;
    struct bitmap bitmap = {rows, ((size_t)width_px + 7) / 8, row_count};
    if (!shape_of(&shape, width_px, x_dpi, y_dpi, row_count)) return FL_E_VALUE;
    return append_rows(document, &shape, width_px, (struct fl_rows){next_of_bitmap, &bitmap});
}

/* ---- taking rows out again ---- */

static const uint8_t *next_of_decoder(void *ctx)
{
    const uint8_t *row;
    return fl_t4_decoder_row(ctx, &row) == FL_T4_ROW ? row : NULL;
}

static void open_rows(struct fl_t4_decoder *decoder, const struct fl_document_page *page)
{
    const struct fl_page_shape *shape = &page->shape;
    struct fl_t4_format format = {
        .coding = FL_CODING_MMR,
        .width_px = FL_RESOLUTIONS[shape->resolution].width_px[shape->width],
    };
    fl_t4_decoder_init(decoder, &format);
    decoder->max_rows = shape->rows;
    fl_t4_decoder_feed(decoder, page->code, page->length);
    fl_t4_decoder_end(decoder);
}

/* ---- pages that are coded already ---- */

static void reverse_bits(uint8_t *to, const uint8_t *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t o = from[i];
        o = (uint8_t)((o & 0xF0) >> 4 | (o & 0x0F) << 4);
        o = (uint8_t)((o & 0xCC) >> 2 | (o & 0x33) << 2);
        to[i] = (uint8_t)((o & 0xAA) >> 1 | (o & 0x55) << 1);
    }
}

/* Appends MMR code that is known to be whole, without coding it again. */
static int32_t append_code(struct fl_document *document, const struct fl_page_shape *shape,
                           const uint8_t *code, size_t length, bool msb_first, uint64_t black)
{
    struct fl_document_page page = {
        .shape = *shape, .length = length, .black = black, .sizes = {-1, -1, (int64_t)length}};
    page.code = malloc(length);
    if (!page.code || !room_for_page(document)) {
        free(page.code);
        return FL_E_MEMORY;
    }
    if (msb_first)
        reverse_bits(page.code, code, length);
    else
        memcpy(page.code, code, length);
    append_page(document, &page);
    return 0;
}

/* Rows out of the strips of a coded page. */
struct strips {
    const struct fl_coded_page *coded;
    struct fl_t4_format format;
    int32_t next;  /* strip to open */
    int64_t at;    /* where its code begins */
    int32_t due;   /* rows that the open one must have */
    uint32_t rows; /* given */
    bool damaged;
    struct fl_t4_decoder decoder;
    uint8_t inverted[FL_T4_ROW_BYTES];
};

static bool open_strip(struct strips *s)
{
    const struct fl_coded_page *coded = s->coded;
    if (s->next == coded->strip_count) return false;
    int64_t length = coded->strip_lengths[s->next];
    int32_t left = coded->row_count - (int32_t)s->rows;
    if (length < 1 || length > coded->length - s->at || left < 1) {
        s->damaged = true;
        return false;
    }
    s->due = left < coded->rows_per_strip ? left : coded->rows_per_strip;
    fl_t4_decoder_init(&s->decoder, &s->format);
    s->decoder.max_rows = (uint32_t)s->due + 1;
    fl_t4_decoder_feed(&s->decoder, coded->code + s->at, (size_t)length);
    fl_t4_decoder_end(&s->decoder);
    s->at += length;
    s->next++;
    return true;
}

static const uint8_t *invert(struct strips *s, const uint8_t *row)
{
    size_t octets = ((size_t)s->coded->width_px + 7) / 8;
    for (size_t i = 0; i < octets; i++) s->inverted[i] = (uint8_t)~row[i];
    if (s->coded->width_px % 8) s->inverted[octets - 1] &= (uint8_t)(0xFF00 >> s->coded->width_px % 8);
    return s->inverted;
}

static const uint8_t *next_of_strips(void *ctx)
{
    struct strips *s = ctx;
    const uint8_t *row;
    while (!s->damaged) {
        bool any = s->next > 0 && fl_t4_decoder_row(&s->decoder, &row) == FL_T4_ROW;
        if (any && s->decoder.rows <= (uint32_t)s->due) {
            s->rows++;
            return s->coded->inverted ? invert(s, row) : row;
        }
        /* The last strip may be filled up to the length of the others. */
        bool more = any && (s->next < s->coded->strip_count || s->due == s->coded->rows_per_strip);
        if (s->next > 0 && (more || s->decoder.rows < (uint32_t)s->due || s->decoder.bad_rows > 0))
            s->damaged = true;
        if (s->damaged || !open_strip(s)) break;
    }
    return NULL;
}

/* Is it as we keep pages: one strip of MMR that ends as it should? Then it stays as it is. */
static bool keeps(const struct fl_coded_page *coded)
{
    return coded->coding == FL_CODING_MMR && !coded->inverted && coded->strip_count == 1;
}

int32_t fl_document_add_coded(struct fl_document *document, const struct fl_coded_page *coded)
{
    struct fl_page_shape shape;
    if (!shape_of(&shape, coded->width_px, coded->x_dpi, coded->y_dpi, coded->row_count)) return FL_E_VALUE;
    if (coded->coding < FL_CODING_MH || coded->coding > FL_CODING_MMR) return FL_E_VALUE;
    if (coded->strip_count < 1 || coded->rows_per_strip < 1 || coded->aligned < 0 || coded->aligned > 2)
        return FL_E_VALUE;
    struct strips *strips = calloc(1, sizeof *strips);
    if (!strips) return FL_E_MEMORY;
    strips->coded = coded;
    strips->format = (struct fl_t4_format){
        .coding = (uint8_t)coded->coding,
        .msb_first = coded->msb_first != 0,
        .aligned = (uint8_t)coded->aligned,
        .width_px = (uint16_t)coded->width_px,
    };
    struct fl_rows rows = {next_of_strips, strips};
    struct counted counted = {rows, ((size_t)coded->width_px + 7) / 8, 0};
    int32_t result = FL_E_VALUE;
    bool kept = keeps(coded);
    if (kept)
        while (next_counted(&counted)) continue;
    else
        result = append_rows(document, &shape, coded->width_px, rows);
    bool whole = !strips->damaged && strips->rows == shape.rows;
    if (kept && whole && strips->decoder.end_seen)
        result = append_code(document, &shape, coded->code, (size_t)coded->strip_lengths[0],
                             coded->msb_first != 0, counted.black);
    if (!kept && result == 0 && !whole) {
        free(document->pages[--document->count].code);
        document->separate = document->pages[document->count].shape.separate;
        result = FL_E_VALUE;
    }
    free(strips);
    return result;
}

/* ---- header lines ---- */

int32_t fl_document_add_header(struct fl_document *document, int32_t x_dpi, int32_t y_dpi, int32_t width_px,
                               const uint8_t *rows, int32_t row_count)
{
    int resolution = fl_resolution_find(x_dpi, y_dpi);
    if (document->count == 0 || resolution < 0) return FL_E_VALUE;
    if (width_px < 1 || width_px > FL_RESOLUTIONS[resolution].width_px[FL_A4]) return FL_E_VALUE;
    if (row_count < 1 || row_count > FL_HEADER_ROWS_MAX) return FL_E_VALUE;
    struct fl_document_page *page = &document->pages[document->count - 1];
    struct fl_strip *strip = &page->strips[fl_header_grid((enum fl_resolution)resolution)];
    size_t octets = ((size_t)width_px + 7) / 8;
    uint8_t *copy = malloc(octets * (size_t)row_count);
    if (!copy) return FL_E_MEMORY;
    memcpy(copy, rows, octets * (size_t)row_count);
    if (width_px % 8)
        for (int32_t row = 0; row < row_count; row++)
            copy[(size_t)(row + 1) * octets - 1] &= (uint8_t)(0xFF00 >> width_px % 8);
    free(strip->rows);
    *strip = (struct fl_strip){copy, (uint16_t)width_px, (uint16_t)row_count};
    for (int coding = FL_CODING_MH; coding <= FL_CODING_MMR; coding++) page->sizes[coding] = -1;
    return 0;
}

/* ---- coding for the line ---- */

static bool goes_as_it_is(const struct fl_document_page *page, int resolution, int width, int coding)
{
    return coding == FL_CODING_MMR && resolution == page->shape.resolution && width == page->shape.width &&
           !page->strips[fl_header_grid((enum fl_resolution)resolution)].rows;
}

/* Sets the encoder up to give a page in a format: decoded, scaled, under its header. */
static void open_page(struct fl_sending *sending, const struct fl_document_page *page,
                      enum fl_resolution resolution, enum fl_width width, enum fl_coding coding,
                      uint32_t min_row_bits)
{
    struct fl_t4_format format = {
        .coding = (uint8_t)coding,
        .k = k_of(resolution),
        .width_px = FL_RESOLUTIONS[resolution].width_px[width],
        .min_row_bits = min_row_bits,
    };
    open_rows(&sending->decoder, page);
    fl_scale_init(&sending->scale, (struct fl_rows){next_of_decoder, &sending->decoder},
                  (enum fl_resolution)page->shape.resolution, (enum fl_width)page->shape.width, resolution,
                  width);
    fl_header_init(&sending->header, fl_scale_rows(&sending->scale),
                   &page->strips[fl_header_grid(resolution)], format.width_px);
    fl_t4_encoder_init(&sending->encoder, &format, fl_header_rows(&sending->header));
}

int64_t fl_document_code_page(const struct fl_document *document, int32_t page, int32_t x_dpi, int32_t y_dpi,
                              int32_t width_px, int32_t coding, int32_t *row_count, uint8_t *code,
                              int64_t cap)
{
    int resolution = fl_resolution_find(x_dpi, y_dpi);
    int width = resolution < 0 ? -1 : fl_width_find(resolution, width_px);
    if (width < 0 || page < 0 || page >= document->count || coding < FL_CODING_MH || coding > FL_CODING_MMR)
        return FL_E_VALUE;
    const struct fl_document_page *from = &document->pages[page];
    if (!fl_scale_can((enum fl_resolution)from->shape.resolution, (enum fl_width)from->shape.width,
                      (enum fl_resolution)resolution, (enum fl_width)width))
        return FL_E_VALUE;
    if (goes_as_it_is(from, resolution, width, coding)) {
        if (code && (int64_t)from->length <= cap) memcpy(code, from->code, from->length);
        *row_count = (int32_t)from->shape.rows;
        return (int64_t)from->length;
    }
    struct fl_sending *scratch = malloc(sizeof *scratch);
    if (!scratch) return FL_E_MEMORY;
    open_page(scratch, from, (enum fl_resolution)resolution, (enum fl_width)width, (enum fl_coding)coding, 0);
    uint8_t bin[4096];
    int64_t total = 0;
    for (size_t got; (got = fl_t4_encoder_read(&scratch->encoder, bin, sizeof bin)) > 0;) {
        if (code && total + (int64_t)got <= cap) memcpy(code + total, bin, got);
        total += (int64_t)got;
    }
    *row_count = (int32_t)scratch->encoder.rows;
    free(scratch);
    return total;
}

/* ---- measuring ---- */

#define CODINGS (FL_CODING_MMR + 1)

/* A page is read once for all codings; their octets go nowhere. */
struct measuring {
    struct fl_sending page;
    const uint8_t *row;
    struct fl_t4_encoder encoders[CODINGS];
    uint8_t bin[FL_T4_LINE_OCTETS];
};

static const uint8_t *present_row(void *ctx)
{
    return ((struct measuring *)ctx)->row;
}

static void measure(struct measuring *m, const struct fl_document_page *page, int64_t sizes[CODINGS])
{
    if (sizes[FL_CODING_MH] >= 0 && sizes[FL_CODING_MR] >= 0 && sizes[FL_CODING_MMR] >= 0) return;
    enum fl_resolution resolution = (enum fl_resolution)page->shape.resolution;
    open_page(&m->page, page, resolution, (enum fl_width)page->shape.width, FL_CODING_MH, 0);
    struct fl_rows rows = fl_header_rows(&m->page.header);
    struct fl_t4_format format = m->page.encoder.format;
    for (int coding = 0; coding < CODINGS; coding++) {
        format.coding = (uint8_t)coding;
        fl_t4_encoder_init(&m->encoders[coding], &format, (struct fl_rows){present_row, m});
    }
    do {
        m->row = rows.next(rows.ctx);
        for (int coding = 0; coding < CODINGS; coding++)
            if (sizes[coding] < 0) fl_t4_encoder_line(&m->encoders[coding], m->bin);
    } while (m->row);
    for (int coding = 0; coding < CODINGS; coding++)
        if (sizes[coding] < 0) sizes[coding] = (int64_t)(m->encoders[coding].code_bits + 7) / 8;
}

void fl_document_measure(struct fl_document *document)
{
    struct measuring *m = malloc(sizeof *m);
    if (!m) return; /* then the simplest coding wins: nothing is lost but line time */
    for (int32_t i = 0; i < document->count; i++) measure(m, &document->pages[i], document->pages[i].sizes);
    free(m);
}

int64_t fl_document_coded_size(const struct fl_document *document, int32_t page, int32_t coding)
{
    if (page < 0 || page >= document->count || coding < FL_CODING_MH || coding > FL_CODING_MMR)
        return FL_E_VALUE;
    int64_t sizes[CODINGS] = {0};
    sizes[coding] = document->pages[page].sizes[coding];
    if (sizes[coding] >= 0) return sizes[coding];
    struct measuring *m = malloc(sizeof *m);
    if (!m) return FL_E_MEMORY;
    measure(m, &document->pages[page], sizes);
    free(m);
    return sizes[coding];
}

/* ---- the outbox ---- */

static int outbox_count(void *ctx)
{
    return fl_document_pages(((struct fl_sending *)ctx)->document);
}

static bool outbox_ready(void *ctx, int page)
{
    const struct fl_document *document = ((struct fl_sending *)ctx)->document;
    return !document->open || page + 1 < fl_document_pages(document);
}

static void outbox_shape(void *ctx, int page, struct fl_page_shape *shape)
{
    *shape = page_of(((struct fl_sending *)ctx)->document, page)->shape;
}

static enum fl_coding measured_smallest(const struct fl_document *document, unsigned codings)
{
    int best = FL_CODING_MH;
    int64_t best_size = INT64_MAX;
    for (int coding = FL_CODING_MH; coding <= FL_CODING_MMR; coding++) {
        int64_t total = 0;
        if (!(codings >> coding & 1)) continue;
        for (int32_t i = 0; i < document->count; i++) total += document->pages[i].sizes[coding];
        if (total >= 0 && total < best_size) {
            best_size = total;
            best = coding;
        }
    }
    return (enum fl_coding)best;
}

/* Decided by the pages that there are, and kept: with those that come later it may not change. */
static enum fl_coding outbox_smallest(void *ctx, unsigned codings)
{
    struct fl_sending *sending = ctx;
    uint8_t *smallest = &sending->smallest[codings & 7];
    if (*smallest == 0) *smallest = (uint8_t)(measured_smallest(sending->document, codings) + 1);
    return (enum fl_coding)(*smallest - 1);
}

static size_t read_page(void *ctx, uint8_t *buf, size_t cap)
{
    return fl_t4_encoder_read(&((struct fl_sending *)ctx)->encoder, buf, cap);
}

static size_t read_kept(void *ctx, uint8_t *buf, size_t cap)
{
    struct fl_sending *sending = ctx;
    size_t left = sending->page->length - sending->sent;
    size_t count = left < cap ? left : cap;
    memcpy(buf, sending->page->code + sending->sent, count);
    sending->sent += count;
    return count;
}

static struct fl_source outbox_open(void *ctx, int page, const struct fl_session *session)
{
    struct fl_sending *sending = ctx;
    const struct fl_document_page *from = page_of(sending->document, page);
    sending->page = from;
    sending->sent = 0;
    if (goes_as_it_is(from, session->resolution, session->width, session->coding))
        return (struct fl_source){read_kept, sending};
    open_page(sending, from, (enum fl_resolution)session->resolution, (enum fl_width)session->width,
              (enum fl_coding)session->coding,
              (session->rate_bps * (uint32_t)session->min_scan_ms + 999) / 1000);
    return (struct fl_source){read_page, sending};
}

struct fl_t30_outbox fl_sending_outbox(struct fl_sending *sending, const struct fl_document *document)
{
    sending->document = document;
    memset(sending->smallest, 0, sizeof sending->smallest);
    return (struct fl_t30_outbox){sending,      outbox_count,    outbox_ready,
                                  outbox_shape, outbox_smallest, outbox_open};
}
