/* The codec against itself and against octets worked out by hand: every split of its input and output, ends of
 * pages, fill, damage. libtiff as a second opinion: tests/test_t4.py. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "t4/t4.h"

#define MAX_ROWS 200

static uint8_t page[MAX_ROWS * FL_T4_ROW_BYTES], back[(MAX_ROWS + 1) * FL_T4_ROW_BYTES];
static uint8_t code[MAX_ROWS * FL_T4_LINE_OCTETS];
static struct fl_t4_encoder enc;
static struct fl_t4_decoder dec;

struct source {
    const uint8_t *rows;
    size_t stride;
    int left;
};

static const uint8_t *next_row(void *ctx)
{
    struct source *s = ctx;
    const uint8_t *row = s->rows;
    if (!s->left) return NULL;
    s->left--;
    s->rows += s->stride;
    return row;
}

/* Encodes `page` in portions of at most `cap`. */
static size_t encode(const struct fl_t4_format *format, int rows, size_t cap)
{
    struct source source = {page, (size_t)(format->width_px + 7) / 8, rows};
    size_t total = 0, got;

    fl_t4_encoder_init(&enc, format, (struct fl_rows){next_row, &source});
    for (;;) {
        size_t want = cap < sizeof code - total ? cap : sizeof code - total;
        got = fl_t4_encoder_read(&enc, code + total, want);
        total += got;
        if (got < want) break;
    }
    CHECK_EQ(fl_t4_encoder_read(&enc, code + total, 1), 0);
    CHECK_EQ(enc.rows, rows);
    CHECK_EQ((enc.code_bits + 7) / 8, total);
    return total;
}

/* Decodes into `back`, fed in portions of `step`; each portion in memory of its own, so that a sanitizer sees any
 * look beyond it. Returns the rows. */
static int decode(const struct fl_t4_format *format, const uint8_t *octets, size_t count, size_t step,
                  uint32_t max)
{
    size_t stride = (size_t)(format->width_px + 7) / 8, fed = 0;
    uint8_t *portion = NULL;
    const uint8_t *row;
    int rows = 0;

    fl_t4_decoder_init(&dec, format);
    dec.max_rows = max;
    for (;;) {
        int result = fl_t4_decoder_row(&dec, &row);
        if (result == FL_T4_END) break;
        if (result == FL_T4_NEED_DATA) {
            size_t some = step < count - fed ? step : count - fed;
            free(portion);
            portion = NULL;
            if (some == 0) {
                CHECK(!dec.no_more);
                fl_t4_decoder_end(&dec);
                continue;
            }
            portion = malloc(some);
            memcpy(portion, octets + fed, some);
            fl_t4_decoder_feed(&dec, portion, some);
            fed += some;
            continue;
        }
        if (rows < MAX_ROWS) memcpy(back + (size_t)rows * stride, row, stride);
        rows++;
    }
    free(portion);
    CHECK_EQ(fl_t4_decoder_row(&dec, &row), FL_T4_END);
    CHECK_EQ(rows, dec.rows);
    CHECK(dec.rows <= max);
    CHECK(dec.bad_rows <= dec.rows);
    CHECK(dec.longest_bad_run <= dec.bad_rows);
    return rows;
}

/* Rows of random runs; most are a little different from the one above. */
static void make_page(int width, int rows, uint64_t *seed)
{
    size_t stride = (size_t)(width + 7) / 8;
    int mean = 1 + (int)(fl_random(seed) % 3 ? fl_random(seed) % 20 : fl_random(seed) % 900);

    memset(page, 0, stride * (size_t)rows);
    for (int y = 0; y < rows; y++) {
        uint8_t *row = page + (size_t)y * stride;
        uint64_t kind = fl_random(seed) % 8;
        if (y && kind < 5) {
            memcpy(row, row - stride, stride);
            for (uint64_t i = kind; i; i--) {
                int x = (int)(fl_random(seed) % (uint64_t)width);
                row[x / 8] ^= (uint8_t)(0x80 >> x % 8);
            }
            continue;
        }
        if (kind == 5) continue;
        int x = (int)(fl_random(seed) % 4) * 5;
        for (int black = (int)(fl_random(seed) % 2); x < width; black ^= 1) {
            int run = 1 + (int)(fl_random(seed) % (uint64_t)(2 * mean));
            for (; run && x < width; run--, x++)
                if (black) row[x / 8] |= (uint8_t)(0x80 >> x % 8);
        }
    }
}

static struct fl_t4_format format_of(int coding, int width)
{
    return (struct fl_t4_format){.coding = (uint8_t)coding, .k = 4, .width_px = (uint16_t)width};
}

/* Bits as text to octets, most significant first. */
static size_t pack(const char *bits, uint8_t *octets)
{
    size_t n = 0;
    for (; *bits; bits++) {
        if (*bits == ' ') continue;
        if (n % 8 == 0) octets[n / 8] = 0;
        if (*bits == '1') octets[n / 8] |= (uint8_t)(0x80 >> n % 8);
        n++;
    }
    return (n + 7) / 8;
}

#define EOL "000000000001 "

static void test_known_octets(void)
{
    static const struct {
        int coding;
        int rows;
        uint8_t page[2]; /* width 8 */
        const char *bits;
    } cases[] = {
        {FL_CODING_MH, 0, {0}, EOL EOL EOL EOL EOL EOL},
        {FL_CODING_MR, 0, {0}, EOL "1" EOL "1" EOL "1" EOL "1" EOL "1" EOL "1"},
        {FL_CODING_MMR, 0, {0}, EOL EOL},
        {FL_CODING_MH, 1, {0}, EOL "10011" EOL EOL EOL EOL EOL EOL},
        {FL_CODING_MH, 1, {0xFF}, EOL "00110101 000101" EOL EOL EOL EOL EOL EOL},
        {FL_CODING_MH, 1, {0x3C}, EOL "0111 011 0111" EOL EOL EOL EOL EOL EOL},
        {FL_CODING_MR,
         2,
         {0x3C, 0x1E},
         EOL "1 0111 011 0111" EOL "0 011 011 1" EOL "1" EOL "1" EOL "1" EOL "1" EOL "1" EOL "1"},
        {FL_CODING_MMR, 2, {0x3C, 0x3C}, "001 0111 011 1 1 1 1" EOL EOL},
        {FL_CODING_MMR, 2, {0x3C, 0x00}, "001 0111 011 1 0001 1" EOL EOL},
        {FL_CODING_MMR, 1, {0xE0}, "001 00110101 10 1" EOL EOL},
    };

    for (size_t i = 0; i < FL_COUNT(cases); i++) {
        struct fl_t4_format format = format_of(cases[i].coding, 8);
        uint8_t expected[64];
        size_t count = pack(cases[i].bits, expected);
        format.msb_first = true;
        memcpy(page, cases[i].page, 2);
        CHECK_EQ(encode(&format, cases[i].rows, 7), count);
        CHECK(memcmp(code, expected, count) == 0);
        CHECK_EQ(decode(&format, expected, count, 3, MAX_ROWS), cases[i].rows);
        CHECK_EQ(dec.bad_rows, 0);
        CHECK(dec.end_seen);
        CHECK(memcmp(back, cases[i].page, (size_t)cases[i].rows) == 0);
    }
}

static void test_round_trips(void)
{
    static const int widths[] = {1,    2,    7,    8,    9,    63,   64,   65,   127,
                                 1728, 2048, 2432, 2592, 3072, 3456, 3648, 4096, 4864};
    uint64_t seed = 1;

    for (int i = 0; i < 600; i++) {
        int width = i % 3 ? widths[fl_random(&seed) % FL_COUNT(widths)]
                          : 1 + (int)(fl_random(&seed) % FL_T4_MAX_WIDTH);
        int rows = (int)(fl_random(&seed) % 12);
        struct fl_t4_format format = format_of((int)(fl_random(&seed) % 3), width);
        format.k = (uint8_t)(fl_random(&seed) % 6);
        format.msb_first = fl_random(&seed) & 1;
        format.min_row_bits = fl_random(&seed) % 3 ? 0 : (uint32_t)(fl_random(&seed) % 3000);
        make_page(width, rows, &seed);

        static uint8_t whole[sizeof code];
        size_t count = encode(&format, rows, sizeof code),
               page_octets = (size_t)(width + 7) / 8 * (size_t)rows;
        memcpy(whole, code, count);
        CHECK_EQ(encode(&format, rows, 1 + fl_random(&seed) % 300), count);
        CHECK(memcmp(code, whole, count) == 0);

        size_t steps[] = {1, 1 + fl_random(&seed) % 40, sizeof code};
        for (size_t s = 0; s < FL_COUNT(steps); s++) {
            CHECK_EQ(decode(&format, whole, count, steps[s], (uint32_t)rows), rows);
            CHECK_EQ(dec.bad_rows, 0);
            CHECK(dec.end_seen);
            CHECK(memcmp(back, page, page_octets) == 0);
        }
    }
}

/* The longest line there can be, and the bits behind the width not being looked at. */
static void test_extremes(void)
{
    for (int coding = 0; coding < 3; coding++) {
        struct fl_t4_format format = format_of(coding, FL_T4_MAX_WIDTH);
        for (int y = 0; y < 6; y++)
            memset(page + y * FL_T4_ROW_BYTES, "\x55\xAA\x92\x00\xFF\x49"[y], FL_T4_ROW_BYTES);
        size_t count = encode(&format, 6, 100);
        CHECK_EQ(decode(&format, code, count, 999, 6), 6);
        CHECK(memcmp(back, page, 6 * FL_T4_ROW_BYTES) == 0);

        format = format_of(coding, 5);
        memcpy(page, "\x57\xFF\x07", 3);
        count = encode(&format, 3, 100);
        CHECK_EQ(decode(&format, code, count, 999, 3), 3);
        CHECK(memcmp(back, "\x50\xF8\x00", 3) == 0);
        CHECK(dec.end_seen);
    }
}

static int bit_at(size_t i)
{
    return code[i / 8] >> i % 8 & 1; /* as on the line: the default order */
}

/* Every line, from its data through the EOL (and tag) behind it, takes the time it must. */
static void test_fill(void)
{
    uint64_t seed = 3;

    for (int i = 0; i < 60; i++) {
        int coding = i % 2 ? FL_CODING_MR : FL_CODING_MH, tag = coding == FL_CODING_MR, rows = 10;
        struct fl_t4_format format = format_of(coding, 300);
        make_page(300, rows, &seed);
        format.min_row_bits = (uint32_t)(fl_random(&seed) % 900);
        size_t bits = encode(&format, rows, 50) * 8, zeros = 0, from = 0;
        int eols = 0;
        for (size_t at = 0; at < bits; at++) {
            if (!bit_at(at)) {
                zeros++;
                continue;
            }
            if (zeros >= 11) {
                size_t end = at + 1 + (size_t)tag;
                if (eols >= 1 && eols <= rows) CHECK(end - from >= format.min_row_bits);
                if (eols > rows) CHECK_EQ(end - from, 12 + tag); /* no fill within RTC */
                from = end;
                at += (size_t)tag;
                eols++;
            }
            zeros = 0;
        }
        CHECK_EQ(eols, rows + 6);
    }
}

static void expect(int coding, int width, const char *bits, int rows, int bad, bool ended)
{
    struct fl_t4_format format = format_of(coding, width);
    uint8_t octets[256];
    size_t count = pack(bits, octets);

    format.msb_first = true;
    for (size_t step = 1; step < 20; step += 6) {
        int got = decode(&format, octets, count, step, MAX_ROWS);
        if (got != rows || dec.bad_rows != (uint32_t)bad || dec.end_seen != ended)
            fprintf(stderr, "coding %d, %s: %d rows, %u bad, %d\n", coding, bits, got, dec.bad_rows,
                    dec.end_seen);
        CHECK_EQ(got, rows);
        CHECK_EQ(dec.bad_rows, bad);
        CHECK_EQ(dec.end_seen, ended);
    }
}

#define W8   "10011 "        /* eight white */
#define B2   "0111 11 1011 " /* two white, two black, four white */
#define FILL "0000000000000000000000000 "

static void test_ends(void)
{
    expect(FL_CODING_MH, 8, EOL W8 EOL B2 EOL EOL EOL EOL EOL EOL, 2, 0, true);
    expect(FL_CODING_MH, 8, FILL EOL W8 FILL EOL B2 FILL EOL EOL EOL, 2, 0, true); /* fill, a short RTC */
    expect(FL_CODING_MH, 8, EOL W8 EOL B2 EOL EOL, 2, 0, true);
    expect(FL_CODING_MH, 8, EOL W8 "0000" EOL B2 "000" EOL "0000" EOL "0000" EOL, 2, 0,
           true);                                              /* octet-aligned EOLs */
    expect(FL_CODING_MH, 8, EOL W8 EOL B2, 2, 0, false);       /* no RTC */
    expect(FL_CODING_MH, 8, EOL W8 EOL B2 EOL, 2, 0, false);   /* a single EOL is none */
    expect(FL_CODING_MH, 8, W8 EOL B2 EOL EOL, 2, 0, true);    /* no first EOL */
    expect(FL_CODING_MH, 8, W8 B2 W8 B2, 4, 0, false);         /* no EOLs at all */
    expect(FL_CODING_MH, 8, EOL W8 EOL "0111 1", 2, 1, false); /* cut within a line */
    expect(FL_CODING_MH, 8, EOL EOL EOL EOL EOL EOL, 0, 0, true);
    expect(FL_CODING_MH, 8, "", 0, 0, false);
    expect(FL_CODING_MH, 8, FILL, 0, 0, false);
    expect(FL_CODING_MR, 8, EOL "1" W8 EOL "0 1" EOL "0 1" EOL "1" EOL "1" EOL "1", 3, 0, true);
    expect(FL_CODING_MR, 8, W8 EOL "0 1" EOL "1" EOL "1", 2, 0, true);
    expect(FL_CODING_MR, 8, "", 0, 0, false);
    expect(FL_CODING_MMR, 8, "1 1 1" EOL EOL, 3, 0, true);
    expect(FL_CODING_MMR, 8, "1 1 1" EOL, 3, 0, false); /* half an EOFB ends the page, but is none */
    expect(FL_CODING_MMR, 8, "1 1 1", 3, 0, false);
    expect(FL_CODING_MMR, 8, "1 1 1" FILL, 3, 0,
           false); /* the padding of an ECM frame, without EOFB before it */
    expect(FL_CODING_MMR, 8, "1 1 1 00000000 1", 4, 1, false); /* too few zeros for that: damage */
    expect(FL_CODING_MMR, 8, "", 0, 0, false);
    expect(FL_CODING_MMR, 8, EOL EOL, 0, 0, true);
}

static void test_damage(void)
{
    /* Too long, too short, no code, more data than the line has, uncompressed mode: one bad line each. */
    expect(FL_CODING_MH, 8, EOL W8 EOL "10100" EOL W8 EOL EOL, 3, 1, true);
    expect(FL_CODING_MH, 8, EOL W8 EOL "11011 00110101" EOL W8 EOL EOL, 3, 1, true);
    expect(FL_CODING_MH, 8, EOL W8 EOL "1000" EOL W8 EOL EOL, 3, 1, true);
    expect(FL_CODING_MH, 8, EOL W8 EOL "000000001" EOL W8 EOL EOL, 3, 1, true);
    expect(FL_CODING_MH, 8, EOL W8 EOL W8 "11" EOL W8 EOL EOL, 3, 1, true);
    expect(FL_CODING_MR, 8, EOL "1" W8 EOL "0 0000001111" EOL "1" W8 EOL "1" EOL "1", 3, 1, true);
    expect(FL_CODING_MH, 8, EOL W8 EOL FILL EOL W8 EOL EOL, 3, 1,
           true); /* a line lost in fill, not the end */

    /* Two-dimensional lines that build on a bad one are bad up to the next one-dimensional one. */
    expect(FL_CODING_MR, 8, EOL "1" W8 EOL "1 10100" EOL "0 1" EOL "0 1" EOL "1" W8 EOL "0 1" EOL "1" EOL "1",
           6, 3, true);
    CHECK_EQ(dec.longest_bad_run, 3);
    expect(FL_CODING_MR, 8, EOL "0 1" EOL "1" W8 EOL "1" EOL "1", 2, 1, true); /* nothing to build on */

    expect(FL_CODING_MR, 8, EOL "1" W8 EOL "0 0" EOL "1" W8 EOL "1" EOL "1", 3, 1,
           true); /* its only bit flipped */

    /* A V mode that does not move, one that leaves the line, a pass up to its end. MMR ends with a bad line. */
    expect(FL_CODING_MMR, 8, "1 001 0111 11 1 011 0000010 1 1" EOL EOL, 3, 1, false);
    expect(FL_CODING_MMR, 8, "1 011 1 1" EOL EOL, 2, 1, false);
    expect(FL_CODING_MMR, 8, "1 0001 1 1" EOL EOL, 2, 1, false);
    expect(FL_CODING_MMR, 8, "1 0000001111" EOL EOL, 2, 1, false);

    /* What is given for a bad line: the last good one, white before there is any. */
    expect(FL_CODING_MH, 8, EOL "10100" EOL B2 EOL "10100" EOL W8 EOL EOL, 4, 2, true);
    CHECK(memcmp(back, "\x00\x30\x30\x00", 4) == 0);
    CHECK_EQ(dec.longest_bad_run, 1);

    /* The damaged line swallows the first zeros of the EOL ("1000" is white 3): it is found nevertheless. */
    expect(FL_CODING_MH, 8, EOL W8 EOL "1" EOL W8 EOL EOL, 3, 1, true);
}

/* A burst over lines and their EOLs is one bad row. Its length says how many it was. */
static void test_lost_lines(void)
{
    enum { ROWS = 100, FIRST = 30 };
    static const uint32_t BURSTS[] = {1, 2, 10, 60};
    struct fl_t4_format format = format_of(FL_CODING_MH, 1728);
    for (size_t i = 0; i < FL_COUNT(BURSTS); i++) {
        memset(page, 0x18, ROWS * 216); /* each the same line */
        size_t count = encode(&format, ROWS, sizeof code);
        size_t line = (size_t)(enc.code_bits - 6 * 12) / ROWS;
        for (size_t bit = FIRST * line + 12; bit < (FIRST + BURSTS[i]) * line; bit++)
            code[bit / 8] |= (uint8_t)(1u << bit % 8);
        for (size_t step = 1; step < count; step *= 9) {
            int rows = decode(&format, code, count, step, MAX_ROWS);
            CHECK_EQ(rows - (int)dec.bad_rows, ROWS - BURSTS[i]);
            CHECK_EQ(dec.bad_rows, BURSTS[i] < 60 ? 1 : 2); /* longer than any line: one more is given */
            CHECK_EQ(dec.bad_rows + fl_t4_decoder_lost(&dec), BURSTS[i]);
        }
    }

    /* One damaged line of print among many blank ones is one, long as it is beside them. */
    memset(page, 0, ROWS * 216);
    memset(page, 0x18, 5 * 216);
    size_t count = encode(&format, ROWS, sizeof code);
    code[300] = 0xFF;
    code[301] = 0xFF;
    CHECK_EQ(decode(&format, code, count, count, MAX_ROWS), ROWS);
    CHECK_EQ(dec.bad_rows, 1);
    CHECK_EQ(fl_t4_decoder_lost(&dec), 0);
}

/* Runs of no pixels may join two runs; a line of nothing else is given up. */
/* A page from the line begins with its first EOL: the ones that a modem sends until it has data are no lines. */
static void test_lead(void)
{
    static const size_t LEADS[] = {0, 1, 45, 7000};
    for (int coding = FL_CODING_MH; coding <= FL_CODING_MR; coding++)
        for (size_t i = 0; i < FL_COUNT(LEADS); i++) {
            static uint8_t led[8000 + sizeof code / 64];
            struct fl_t4_format format = format_of(coding, 1728);
            uint64_t seed = 5;
            make_page(1728, 20, &seed);
            size_t count = encode(&format, 20, 300);
            CHECK(LEADS[i] + count <= sizeof led);
            memset(led, 0xFF, LEADS[i]);
            memcpy(led + LEADS[i], code, count);
            format.from_line = true;
            CHECK_EQ(decode(&format, led, LEADS[i] + count, 100, MAX_ROWS), 20);
            CHECK_EQ(dec.bad_rows, 0);
            CHECK(dec.end_seen);
            CHECK(memcmp(back, page, 20 * 216) == 0);
            CHECK_EQ(decode(&format, led, LEADS[i], 100, MAX_ROWS), 0);
        }
}

static void test_empty_runs(void)
{
    struct fl_t4_format format = format_of(FL_CODING_MH, 8);
    uint8_t octets[4096];
    size_t n = 0;

    expect(FL_CODING_MH, 8, EOL "1011 0000110111 1011" EOL EOL, 1, 0, true);
    CHECK_EQ(back[0], 0);
    expect(FL_CODING_MH, 8, EOL "00110101 0000110111 1011 11 0111" EOL EOL, 1, 0, true);
    CHECK_EQ(back[0], 0x0C);
    expect(FL_CODING_MMR, 8, "001 0111 11 001 00110101 11 1" EOL EOL, 1, 0, true);
    CHECK_EQ(back[0], 0x3C);

    format.msb_first = true;
    n = pack(EOL "0000", octets);
    for (int i = 0; i < 400; i++) n += pack("00110101 0000110111 00110101 0000110111 0011", octets + n);
    decode(&format, octets, n, 64, MAX_ROWS);
    CHECK(dec.rows <= 2);
    CHECK_EQ(dec.bad_rows, dec.rows);
}

/* Whatever comes: it ends, within bounds (the sanitizers look), the same however it is cut. */
static void test_hostile(void)
{
    static uint8_t first[sizeof back];
    uint64_t seed = 7;

    for (int i = 0; i < 1500; i++) {
        int width = i % 4 ? 1728 : 1 + (int)(fl_random(&seed) % FL_T4_MAX_WIDTH), rows = 10;
        struct fl_t4_format format = format_of(i % 3, width);
        size_t count;
        if (i % 5) {
            make_page(width, rows, &seed);
            count = encode(&format, rows, sizeof code);
            for (uint64_t flips = 1 + fl_random(&seed) % 20; flips; flips--)
                code[fl_random(&seed) % count] ^= (uint8_t)(1 << fl_random(&seed) % 8);
            if (i % 7 == 0) count = fl_random(&seed) % count;
        } else {
            count = 3000;
            uint64_t mask = fl_random(&seed) | (i % 2 ? fl_random(&seed) : 0);
            for (size_t at = 0; at < count; at++) code[at] = (uint8_t)(fl_random(&seed) & (mask >> at % 56));
        }
        int whole = decode(&format, code, count, sizeof code, MAX_ROWS);
        uint32_t bad = dec.bad_rows;
        memcpy(first, back, sizeof first);
        CHECK_EQ(decode(&format, code, count, 1 + fl_random(&seed) % 9, MAX_ROWS), whole);
        CHECK_EQ(dec.bad_rows, bad);
        CHECK(memcmp(first, back, (size_t)(width + 7) / 8 * (size_t)whole) == 0);
    }
}

static void test_caps(void)
{
    struct fl_t4_format format = format_of(FL_CODING_MMR, 1728);
    memset(code, 0xFF, 10000);
    CHECK_EQ(decode(&format, code, 10000, 512, 100), 100);

    /* Noise with no EOL in it is more than one bad row. */
    format = format_of(FL_CODING_MH, 1728);
    memset(code, 0xA5, 100000);
    int rows = decode(&format, code, 100000, 512, 1000);
    CHECK(rows >= 10 && rows <= 200);
    CHECK(dec.bad_rows >= 10);

    /* Fill for ever is nothing. */
    memset(code, 0, 200000);
    CHECK_EQ(decode(&format, code, 200000, 4096, 1000), 0);
}

int main(void)
{
    printf("encoder %zu octets, decoder %zu\n", sizeof enc, sizeof dec);
    CHECK(sizeof enc < 48 * 1024);
    CHECK(sizeof dec < 48 * 1024);
    test_known_octets();
    test_round_trips();
    test_extremes();
    test_fill();
    test_ends();
    test_damage();
    test_lost_lines();
    test_lead();
    test_empty_runs();
    test_hostile();
    test_caps();
    return check_result("t4");
}
