/* Times our T.4 and T.6 codec against libtiff's on the same pages, side by side in one process.
 *
 *     codec [PAGES.tif]        pages of a bilevel TIFF; without one, pages of made-up text
 *
 * What is timed, for libtiff: TIFFWriteEncodedStrip and TIFFReadEncodedStrip of a page that is one strip, to and
 * from memory (TIFFClientOpen with memory I/O). Opening, the directory and closing are outside the clock; so is,
 * for reading, the file read: the raw strip lies in memory that libtiff maps. The strip's code is drained to memory
 * inside the clock (TIFFFlushData), as ours is. For us: init, the rows through fl_rows, and reading all code octets
 * into one buffer; init, feeding all code, and copying each row out. Both sides: most significant bit first, so
 * that neither has a cheaper bit order; MH and MR with EOLs, K = 4 where we code (libtiff chooses K by resolution:
 * 4 at 196 lines an inch), each decoder on the code of its own side's encoder. All decoded pages are compared with
 * the originals before any timing.
 *
 * The two are interleaved page by page, A B A B; a figure is the median over rounds, summed over pages.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <time.h>

#include "t4/t4.h"

#define MAX_PAGES 64
#define ROUNDS    31

struct page {
    uint32_t width, rows;
    size_t stride, octets;
    uint8_t *bits;
};

/* ---- a file in memory, for libtiff ---- */

struct memory {
    uint8_t *data;
    size_t size, cap, at;
};

static tmsize_t memory_read(thandle_t h, void *buf, tmsize_t n)
{
    struct memory *m = h;
    size_t some = m->at < m->size ? m->size - m->at : 0;
    if (some > (size_t)n) some = (size_t)n;
    memcpy(buf, m->data + m->at, some);
    m->at += some;
    return (tmsize_t)some;
}

static tmsize_t memory_write(thandle_t h, void *buf, tmsize_t n)
{
    struct memory *m = h;
    if (m->at + (size_t)n > m->cap) return 0;
    memcpy(m->data + m->at, buf, (size_t)n);
    m->at += (size_t)n;
    if (m->at > m->size) m->size = m->at;
    return n;
}

static toff_t memory_seek(thandle_t h, toff_t to, int whence)
{
    struct memory *m = h;
    m->at = (size_t)to + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->size : 0);
    return m->at;
}

static int memory_close(thandle_t h)
{
    (void)h;
    return 0;
}

static toff_t memory_size(thandle_t h)
{
    return ((struct memory *)h)->size;
}

static int memory_map(thandle_t h, void **base, toff_t *size)
{
    struct memory *m = h;
    *base = m->data;
    *size = m->size;
    return 1;
}

static void memory_unmap(thandle_t h, void *base, toff_t size)
{
    (void)h, (void)base, (void)size;
}

static TIFF *memory_open(struct memory *m, const char *mode)
{
    m->at = 0;
    return TIFFClientOpen("memory", mode, m, memory_read, memory_write, memory_seek, memory_close,
                          memory_size, memory_map, memory_unmap);
}

/* ---- helpers ---- */

static void fail(const char *what)
{
    fprintf(stderr, "codec: %s\n", what);
    exit(1);
}

static void *take(size_t size)
{
    void *p = calloc(1, size);
    if (!p) fail("out of memory");
    return p;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

/* ---- the pages ---- */

static int load_pages(const char *path, struct page *pages)
{
    TIFF *tif = TIFFOpen(path, "r");
    int count = 0;

    if (!tif) fail("cannot open the TIFF");
    do {
        struct page *page = &pages[count++];
        uint16_t photometric = PHOTOMETRIC_MINISWHITE, depth = 1;
        TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &page->width);
        TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &page->rows);
        TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &photometric);
        TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &depth);
        if (depth != 1 || page->width > FL_T4_MAX_WIDTH) fail("not a bilevel TIFF, or too wide");
        page->stride = (page->width + 7) / 8;
        page->octets = page->stride * page->rows;
        page->bits = take(page->octets);
        for (uint32_t y = 0; y < page->rows; y++)
            if (TIFFReadScanline(tif, page->bits + y * page->stride, y, 0) < 0) fail("cannot read the TIFF");
        if (photometric != PHOTOMETRIC_MINISWHITE)
            for (size_t i = 0; i < page->octets; i++) page->bits[i] ^= 0xFF;
        if (page->width % 8)
            for (uint32_t y = 1; y <= page->rows; y++)
                page->bits[y * page->stride - 1] &= (uint8_t)(0xFF00 >> page->width % 8);
    } while (count < MAX_PAGES && TIFFReadDirectory(tif));
    TIFFClose(tif);
    return count;
}

/* Lines of words of letters of strokes: its statistics are roughly a typed page's. */
static int make_pages(struct page *pages)
{
    uint64_t seed = 1;

    for (int i = 0; i < 4; i++) {
        struct page *page = &pages[i];
        page->width = 1728;
        page->rows = 2200;
        page->stride = 216;
        page->octets = page->stride * page->rows;
        page->bits = take(page->octets);
        for (uint32_t top = 150; top + 60 < page->rows - 100; top += 50)
            for (uint32_t x = 150; x + 30 < 1550; x += 20) {
                if (fl_random(&seed) % 6 == 0) continue;
                for (int stroke = 0; stroke < 3; stroke++) {
                    uint64_t r = fl_random(&seed);
                    uint32_t sx = x + r % 12, sy = top + (r >> 8) % 14, tall = (r >> 16) % 3 ? 18 : 3;
                    uint32_t wide = tall == 3 ? 11 : 3, lean = (r >> 24) % 2;
                    for (uint32_t dy = 0; dy < tall; dy++)
                        for (uint32_t dx = 0; dx < wide; dx++) {
                            uint32_t px = sx + dx + lean * dy / 4;
                            page->bits[(sy + dy) * page->stride + px / 8] |= (uint8_t)(0x80 >> px % 8);
                        }
                }
            }
    }
    return 4;
}

/* ---- ours ---- */

struct feeder {
    const struct page *page;
    uint32_t at;
};

static const uint8_t *next_row(void *ctx)
{
    struct feeder *f = ctx;
    return f->at < f->page->rows ? f->page->bits + f->page->stride * f->at++ : NULL;
}

static struct fl_t4_encoder our_encoder;
static struct fl_t4_decoder our_decoder;

static struct fl_t4_format our_format(const struct page *page, int coding)
{
    return (struct fl_t4_format){
        .coding = (uint8_t)coding, .k = 4, .msb_first = true, .width_px = (uint16_t)page->width};
}

static double our_encode(const struct page *page, int coding, struct memory *code)
{
    struct fl_t4_format format = our_format(page, coding);
    struct feeder feeder = {page, 0};
    double from = now_ms();

    fl_t4_encoder_init(&our_encoder, &format, (struct fl_rows){next_row, &feeder});
    code->size = fl_t4_encoder_read(&our_encoder, code->data, code->cap);
    return now_ms() - from;
}

static double our_decode(const struct page *page, int coding, const struct memory *code, uint8_t *out)
{
    struct fl_t4_format format = our_format(page, coding);
    const uint8_t *row, *end = out + page->octets;
    double from = now_ms();

    fl_t4_decoder_init(&our_decoder, &format);
    fl_t4_decoder_feed(&our_decoder, code->data, code->size);
    fl_t4_decoder_end(&our_decoder);
    for (; out < end && fl_t4_decoder_row(&our_decoder, &row) == FL_T4_ROW; out += page->stride)
        memcpy(out, row, page->stride);
    return now_ms() - from;
}

/* ---- libtiff's ---- */

static double their_encode(const struct page *page, int coding, struct memory *file, bool keep)
{
    file->size = 0;
    TIFF *tif = memory_open(file, "wm");
    if (!tif) fail("TIFFClientOpen");
    TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, page->width);
    TIFFSetField(tif, TIFFTAG_IMAGELENGTH, page->rows);
    TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, page->rows);
    TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tif, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
    TIFFSetField(tif, TIFFTAG_YRESOLUTION, 196.0);
    TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(tif, TIFFTAG_COMPRESSION,
                 coding == FL_CODING_MMR ? COMPRESSION_CCITTFAX4 : COMPRESSION_CCITTFAX3);
    if (coding != FL_CODING_MMR)
        TIFFSetField(tif, TIFFTAG_GROUP3OPTIONS, coding == FL_CODING_MR ? GROUP3OPT_2DENCODING : 0);
    /* Its own buffer for the code, allocated on the first write, belongs to the set-up. */
    TIFFWriteBufferSetup(tif, NULL, (tmsize_t)page->octets);

    double from = now_ms();
    if (TIFFWriteEncodedStrip(tif, 0, page->bits, (tmsize_t)page->octets) < 0 || !TIFFFlushData(tif))
        fail("TIFFWriteEncodedStrip");
    double took = now_ms() - from;
    if (keep)
        TIFFClose(tif);
    else
        TIFFCleanup(tif);
    return took;
}

static double their_decode(const struct page *page, struct memory *file, uint8_t *out)
{
    TIFF *tif = memory_open(file, "r");
    if (!tif) fail("TIFFClientOpen");
    double from = now_ms();
    if (TIFFReadEncodedStrip(tif, 0, out, (tmsize_t)page->octets) < 0) fail("TIFFReadEncodedStrip");
    double took = now_ms() - from;
    TIFFClose(tif);
    return took;
}

/* ---- */

int main(int argc, char **argv)
{
    static const char *const names[] = {"MH", "MR", "MMR"};
    struct page pages[MAX_PAGES] = {{0}};
    int count = argc > 1 ? load_pages(argv[1], pages) : make_pages(pages);
    size_t largest = 0;
    double ratio[3][2];

    for (int i = 0; i < count; i++)
        if (pages[i].octets > largest) largest = pages[i].octets;
    struct memory scratch = {take(largest * 10 + 65536), 0, largest * 10 + 65536, 0};
    struct memory ours = scratch, theirs = scratch;
    ours.data = take(ours.cap);
    theirs.data = take(theirs.cap);
    uint8_t *out = take(largest);

    printf("%d pages, %d rounds, medians, ms a page; libtiff %.*s\n", count, ROUNDS,
           (int)strcspn(TIFFGetVersion(), "\n"), TIFFGetVersion());
    printf("%-6s %10s %10s %7s %10s %10s %7s\n", "", "encode", "libtiff", "ratio", "decode", "libtiff",
           "ratio");
    for (int coding = 0; coding < 3; coding++) {
        double sum[4] = {0};
        for (int i = 0; i < count; i++) {
            const struct page *page = &pages[i];
            static double t[4][ROUNDS];
            our_encode(page, coding, &ours);
            their_encode(page, coding, &theirs, true);
            memset(out, 0x55, page->octets);
            our_decode(page, coding, &ours, out);
            if (memcmp(out, page->bits, page->octets)) fail("we decoded another page");
            memset(out, 0x55, page->octets);
            their_decode(page, &theirs, out);
            if (memcmp(out, page->bits, page->octets)) fail("libtiff decoded another page");
            for (int round = 0; round < ROUNDS; round++) {
                t[0][round] = our_encode(page, coding, &ours);
                t[1][round] = their_encode(page, coding, &scratch, false);
                t[2][round] = our_decode(page, coding, &ours, out);
                t[3][round] = their_decode(page, &theirs, out);
            }
            for (int j = 0; j < 4; j++) sum[j] += median(t[j], ROUNDS);
        }
        ratio[coding][0] = sum[1] / sum[0];
        ratio[coding][1] = sum[3] / sum[2];
        printf("%-6s %10.3f %10.3f %6.1fx %10.3f %10.3f %6.1fx\n", names[coding], sum[0] / count,
               sum[1] / count, ratio[coding][0], sum[2] / count, sum[3] / count, ratio[coding][1]);
    }
    for (int coding = 0; coding < 3; coding++)
        printf("encode %s %.1f times libtiff\ndecode %s %.1f times libtiff\n", names[coding],
               ratio[coding][0], names[coding], ratio[coding][1]);
    return 0;
}
