/* The decoding side of T.4 (MH, MR) and T.6 (MMR): code octets pushed in, rows pulled out.
 * It is not: a judge of the page (it counts, T.30 decides), and nothing in it is sized or looped by what the far
 * end says: a line ends at the page's width, a page at max_rows.
 *
 * A page is a walk through the states below, a line one through the phases; either stops wherever the octets run
 * out and goes on with the next ones. Beyond the last code bit `pending` reads as zeros, and no code is all zeros.
 */
#include "t4/bits.h"
#include "t4/codes.h"
#include "t4/t4.h"

enum state {
    LEAD,      /* before the first EOL of a page from the line */
    START,     /* of the page */
    SEEK,      /* anything up to the next EOL */
    TAG,       /* MR: the bit after an EOL */
    AFTER_EOL, /* a line, or one more EOL */
    COUNT_EOL, /* zeros: is it the next EOL of an RTC, or the fill of an empty line? */
    LINE,      /* in a line */
    AFTER,     /* a whole line: is an EOL next? */
    LINE_2D,   /* MMR: a line, or EOFB */
    DONE,
};

enum phase {
    RUNS,  /* one-dimensional */
    MODE,  /* a two-dimensional mode */
    FIRST, /* run of the horizontal mode */
    SECOND,
};

enum outcome { WHOLE, BAD, MORE };

#define EOL_ZEROS      11
#define MAX_EMPTY_RUNS 64 /* a line may have runs of no pixels (to join two), but not forever */
#define LONGEST_CODE   13

/* Zeros that may stand before an EOL of an RTC: some senders bring EOLs to octet boundaries. More of them after an
 * EOL are a line that was lost, data and all. */
#define MAX_RTC_ZEROS (EOL_ZEROS + 7)

/* The decoder's input, in registers while a line is in work. */
struct reader {
    uint64_t bits;
    unsigned count;
    const uint8_t *next, *end;
    bool msb_first;
};

static inline struct reader reader_of(const struct fl_t4_decoder *dec)
{
    return (struct reader){dec->pending, dec->pending_bits, dec->next, dec->end, dec->format.msb_first};
}

static inline void keep_reader(struct fl_t4_decoder *dec, const struct reader *r)
{
    dec->pending = r->bits;
    dec->pending_bits = r->count;
    dec->next = r->next;
}

/* At least 56 bits, if there are so many; never 64. */
static FL_FORCE_INLINE void refill(struct reader *r)
{
    if (FL_LIKELY(r->end - r->next >= 8)) {
        uint64_t word = fl_load_le64(r->next);
        if (r->msb_first) word = fl_mirror_octets(word);
        r->bits |= word << r->count; /* the bits above `count` are the same ones again next time */
        r->next += (63 - r->count) >> 3;
        r->count |= 56;
        return;
    }
    while (r->count < 56 && r->next < r->end) {
        uint64_t octet = *r->next++;
        if (r->msb_first) octet = fl_mirror_octets(octet);
        r->bits |= octet << r->count;
        r->count += 8;
    }
}

static inline void skip(struct reader *r, unsigned length)
{
    r->bits >>= length;
    r->count -= length;
}

static void begin_line(struct fl_t4_decoder *dec, enum phase phase)
{
    dec->phase = (uint8_t)phase;
    dec->a0 = phase == RUNS ? 0 : -1;
    dec->reference = 0;
    dec->count = 0;
    dec->make_up = 0;
    dec->empty_runs = 0;
    dec->differs = false;
    dec->last_zeros = 0;
}

/* Blackens every second run. `row` is all octets of the row in words, as they lie in memory. */
static void draw(uint64_t *row, const uint16_t *change, int count, int width)
{
    memset(row, 0, (size_t)(width + 63) / 64 * 8);
    for (int i = 0; i < count; i += 2) {
        unsigned from = change[i], to = change[i + 1] - 1u; /* the last black pixel */
        uint64_t *word = row + from / 64, *last = row + to / 64;
        uint64_t head = ~(uint64_t)0 >> from % 64, tail = ~(uint64_t)0 << (63 - to % 64);
        uint64_t one = word == last ? ~(uint64_t)0 : 0;
        *word |= FL_BE64(head & (tail | ~one));
        *last |= FL_BE64(tail & (head | ~one));
        while (FL_UNLIKELY(++word < last)) *word = ~(uint64_t)0;
    }
}

/* Behind the changing elements: eight V0 may be looked up at once, from two elements further. */
static inline void fill_up(uint16_t *change, int width)
{
    for (int i = 0; i < 12; i++) change[i] = (uint16_t)width;
}

static void finish_line(struct fl_t4_decoder *dec)
{
    if (!dec->differs && dec->phase == MODE) return; /* the row above once more */

    int width = dec->format.width_px;
    unsigned which = dec->which ^ 1;
    uint16_t *change = dec->changes[which] + 1;
    while (dec->count && change[dec->count - 1] >= width) dec->count--;
    fill_up(change + dec->count, width);
    draw(dec->row[which], change, dec->count, width);
    dec->which = which;
}

/* The line in work, in registers. */
struct line {
    int width, a0, count;
    int make_up;
    uint16_t *change;
    uint64_t last; /* the last code, and what followed it */
    unsigned length;
};

/* Enough bits for any one code, or no more to come: then zeros stand for what is missing. */
static FL_FORCE_INLINE bool ready(const struct fl_t4_decoder *dec, struct reader *r)
{
    if (FL_LIKELY(r->count >= LONGEST_CODE)) return true;
    refill(r);
    return r->count >= LONGEST_CODE || dec->no_more;
}

/* The codes of one run. */
static FL_FORCE_INLINE enum outcome take_run(struct fl_t4_decoder *dec, struct reader *r, struct line *line,
                                             bool black)
{
    for (;;) {
        if (!ready(dec, r)) return MORE;
        unsigned entry = black ? fl_t4_black_runs[r->bits & 0x1FFF] : fl_t4_white_runs[r->bits & 0xFFF];
        unsigned length = entry & 15;
        if (FL_UNLIKELY(!entry || length > r->count)) return BAD;
        line->last = r->bits;
        line->length = length;
        skip(r, length);
        line->make_up += (int)(entry >> 4);
        if (FL_UNLIKELY(line->make_up > line->width - line->a0)) return BAD;
        if (entry < 64 << 4) break;
    }
    line->a0 += line->make_up;
    if (FL_UNLIKELY(line->make_up == 0) && line->count) {
        /* No pixels between two runs of one colour: they are one. */
        if (++dec->empty_runs > MAX_EMPTY_RUNS) return BAD;
        line->count--;
    } else {
        line->change[line->count++] = (uint16_t)line->a0;
    }
    line->make_up = 0;
    return WHOLE;
}

/* Which colour is next shows in the number of changes so far. */
static FL_FORCE_INLINE enum outcome decode_1d(struct fl_t4_decoder *dec, struct reader *r, struct line *line)
{
    enum outcome outcome;

    if (line->count & 1 || line->make_up) goto single;
    for (;;) {
        if (!ready(dec, r)) return MORE;
        unsigned pair = fl_t4_run_pairs[r->bits & 0xFFF], length = pair & 15;
        int a1 = line->a0 + (int)(pair >> 10), a2 = a1 + (int)(pair >> 4 & 63);
        if (FL_LIKELY(pair && a2 < line->width && length <= r->count)) {
            line->change[line->count] = (uint16_t)a1;
            line->change[line->count + 1] = (uint16_t)a2;
            line->count += 2;
            line->a0 = a2;
            line->last = r->bits;
            line->length = length;
            skip(r, length);
            continue;
        }
    single:
        do {
            outcome = take_run(dec, r, line, line->count & 1);
            if (outcome != WHOLE || line->a0 >= line->width) return outcome;
        } while (line->count & 1);
    }
}

static FL_FORCE_INLINE enum outcome decode_2d(struct fl_t4_decoder *dec, struct reader *r, struct line *line)
{
    const int width = line->width;
    const uint16_t *reference = dec->changes[dec->which] + 1, *b1 = reference + dec->reference;
    bool differs = dec->differs;
    enum outcome outcome = BAD;

    if (dec->phase == FIRST) goto first;
    if (dec->phase == SECOND) goto second;
    for (;;) {
        if (!ready(dec, r)) {
            outcome = MORE;
            break;
        }
        struct fl_t4_group group = fl_t4_groups[r->bits & 0x3FF];
        if (FL_UNLIKELY(group.length > r->count)) { /* the input's last bits: what follows them is not code */
            group.mode = FL_T4_NONE;
            group.v0 = group.v0 < r->count ? group.v0 : (uint8_t)r->count;
        }
        /* Copied without asking how many: there is room, and what is too much is overwritten. */
        memcpy(line->change + line->count, b1, 8 * sizeof *b1);
        line->count += group.v0;
        b1 += group.v0;
        if (group.v0) line->a0 = b1[-1];
        if (line->a0 >= width) {
            /* The reference line is filled up with its width: the last V0 of this line was the first to give it. */
            unsigned unused = 0;
            while (unused + 1 < group.v0 && b1[-2 - (int)unused] == width) unused++;
            skip(r, group.v0 - unused);
            outcome = WHOLE;
            break;
        }
        if (group.mode == FL_T4_NONE) break;
        line->last = r->bits;
        line->length = group.length;
        skip(r, group.length);
        if (FL_LIKELY(group.mode == FL_T4_VERTICAL)) {
            int a1 = b1[0] + group.delta;
            differs |= group.delta != 0;
            if (FL_UNLIKELY(a1 <= line->a0)) break;
            line->a0 = a1;
            line->change[line->count++] = (uint16_t)a1;
            if (a1 >= width) {
                outcome = a1 == width ? WHOLE : BAD;
                break;
            }
            b1 += group.delta < 0 ? -1 : 1;
            b1 += b1[0] <= a1 ? 2 : 0;
            while (FL_UNLIKELY(b1[0] <= a1)) b1 += 2;
            continue;
        }
        differs = true;
        if (group.mode == FL_T4_PASS) {
            line->a0 = b1[1];
            if (line->a0 >= width) break; /* b2 stands left of a1, so this cannot be */
            b1 += 2;
            continue;
        }
        if (line->a0 < 0) line->a0 = 0;
        dec->phase = FIRST;
    first:
        outcome = take_run(dec, r, line, line->count & 1);
        if (outcome != WHOLE) break;
        dec->phase = SECOND;
    second:
        outcome = take_run(dec, r, line, line->count & 1);
        if (outcome != WHOLE || line->a0 >= width) break;
        dec->phase = MODE;
        outcome = BAD;
        while (b1[0] <= line->a0) b1 += 2;
    }
    dec->reference = (int)(b1 - reference);
    dec->differs = differs;
    return outcome;
}

/* Goes on with the line in work. Unless the outcome is MORE the line is over. */
static enum outcome decode_line(struct fl_t4_decoder *dec)
{
    struct reader r = reader_of(dec);
    struct line line = {.width = dec->format.width_px,
                        .a0 = dec->a0,
                        .count = dec->count,
                        .make_up = dec->make_up,
                        .change = dec->changes[dec->which ^ 1] + 1};

    enum outcome outcome = dec->phase == RUNS ? decode_1d(dec, &r, &line) : decode_2d(dec, &r, &line);
    keep_reader(dec, &r);
    dec->a0 = line.a0;
    dec->count = line.count;
    dec->make_up = line.make_up;
    if (line.length) {
        /* Zeros that the last code ended with may be the first of an EOL that the damaged line hides. */
        uint64_t code = line.last & (((uint64_t)1 << line.length) - 1);
        dec->last_zeros = (int)line.length - 64 + (code ? __builtin_clzll(code) : 64);
    }
    return outcome;
}

/* Skips up to and with a one that eleven or more zeros precede. WHOLE: zeros says how many it were; BAD: more than
 * any line can be was skipped, go on; MORE: octets, please. */
static enum outcome seek_eol(struct fl_t4_decoder *dec)
{
    struct reader r = reader_of(dec);
    const uint32_t limit = FL_T4_LINE_OCTETS * 8;
    enum outcome outcome;

    for (;;) {
        refill(&r);
        if (r.count == 0) {
            outcome = MORE;
            break;
        }
        unsigned zeros = r.bits ? (unsigned)__builtin_ctzll(r.bits) : 64;
        if (zeros >= r.count) {
            dec->zeros += r.count;
            if (dec->zeros > limit) dec->zeros = limit; /* fill may go on for seconds */
            r.bits = 0;
            r.count = 0;
            continue;
        }
        zeros += dec->zeros;
        skip(&r, zeros - dec->zeros);
        skip(&r, 1);
        dec->zeros = 0;
        if (zeros >= EOL_ZEROS) {
            dec->zeros = zeros;
            outcome = WHOLE;
            break;
        }
        dec->skipped += zeros + 1;
        if (dec->skipped > limit) {
            dec->skipped = 0;
            outcome = BAD;
            break;
        }
    }
    keep_reader(dec, &r);
    return outcome;
}

/* False: ask for octets first. With no more to come, zeros stand for what is missing. */
static bool have(struct fl_t4_decoder *dec, unsigned bits)
{
    if (dec->pending_bits < bits) {
        struct reader r = reader_of(dec);
        refill(&r);
        keep_reader(dec, &r);
    }
    return dec->pending_bits >= bits || dec->no_more;
}

static inline bool eol_next(const struct fl_t4_decoder *dec)
{
    return (dec->pending & ((1u << EOL_ZEROS) - 1)) == 0;
}

static uint64_t bits_taken(const struct fl_t4_decoder *dec)
{
    return 8 * (dec->taken_before + (uint64_t)(dec->next - dec->fed)) - dec->pending_bits;
}

#define LINE_BITS_MAX (1u << 20) /* of a line that is measured: a sender may fill for seconds */

/* At an EOL: the line before it, if there was one. */
static void measure_line(struct fl_t4_decoder *dec)
{
    uint64_t at = bits_taken(dec), bits = at - dec->line_at;
    uint32_t rows = dec->rows - dec->rows_at;
    dec->line_at = at;
    dec->rows_at = dec->rows;
    if (bits > LINE_BITS_MAX) bits = LINE_BITS_MAX;
    if (rows && !dec->bad_run) {
        dec->good_bits += bits;
        dec->good_squares += bits * bits;
        if (bits > dec->longest) dec->longest = bits;
    } else if (rows && bits > dec->longest) {
        dec->long_bits += bits;
        dec->long_rows += rows;
    }
}

uint32_t fl_t4_decoder_lost(const struct fl_t4_decoder *dec)
{
    if (!dec->good_squares) return 0;
    uint64_t mean = dec->good_squares / dec->good_bits, rows = dec->long_bits / mean;
    return rows > dec->long_rows ? (uint32_t)(rows - dec->long_rows) : 0;
}

static void end_page(struct fl_t4_decoder *dec, bool seen)
{
    dec->end_seen = seen;
    dec->state = DONE;
}

/* A row too many ends the page: only then, so that the end of a page of max_rows is seen. */
static int give(struct fl_t4_decoder *dec, const uint8_t **row, bool good)
{
    if (dec->rows >= dec->max_rows) {
        end_page(dec, false);
        return FL_T4_END;
    }
    if (good) {
        dec->bad_run = 0;
    } else {
        dec->bad_rows++;
        dec->bad_run++;
        if (dec->bad_run > dec->longest_bad_run) dec->longest_bad_run = dec->bad_run;
    }
    dec->rows++;
    *row = (const uint8_t *)dec->row[dec->which];
    return FL_T4_ROW;
}

static void seek_from(struct fl_t4_decoder *dec, enum state state, int zeros)
{
    dec->state = (uint8_t)state;
    dec->zeros = (uint32_t)zeros;
    dec->skipped = 0;
}

static void begin_page(struct fl_t4_decoder *dec, const struct fl_t4_format *format)
{
    dec->format = *format;
    dec->max_rows = FL_T4_DEFAULT_MAX_ROWS;
    dec->state = format->coding == FL_CODING_MMR ? LINE_2D : format->from_line ? LEAD : START;
    dec->need_1d = format->coding == FL_CODING_MR;
    dec->tag_1d = true;
    fill_up(dec->changes[0] + 1, format->width_px); /* all white, above the page */
    if (dec->state == LINE_2D) begin_line(dec, MODE);
}

void fl_t4_decoder_init(struct fl_t4_decoder *dec, const struct fl_t4_format *format)
{
    memset(dec, 0, sizeof *dec);
    for (int i = 0; i < 2; i++) {
        dec->changes[i] = dec->own.changes[i];
        dec->row[i] = dec->own.row[i];
    }
    begin_page(dec, format);
}

/* As FL_T4_CHANGES, for another width; in whole words, since rows are. */
static size_t words_of_changes(uint16_t width_px)
{
    return ((size_t)width_px + 16 + 3) / 4;
}

static size_t words_of_row(uint16_t width_px)
{
    return ((size_t)width_px + 63) / 64;
}

size_t fl_t4_decoder_wide_size(uint16_t width_px)
{
    return 2 * (words_of_changes(width_px) + words_of_row(width_px)) * sizeof(uint64_t);
}

void fl_t4_decoder_init_wide(struct fl_t4_decoder *dec, const struct fl_t4_format *format, void *memory)
{
    uint64_t *word = memory;
    memset(dec, 0, sizeof *dec);
    memset(memory, 0, fl_t4_decoder_wide_size(format->width_px));
    for (int i = 0; i < 2; i++) {
        dec->row[i] = word;
        word += words_of_row(format->width_px);
        dec->changes[i] = (uint16_t *)(void *)word;
        word += words_of_changes(format->width_px);
    }
    begin_page(dec, format);
}

void fl_t4_decoder_feed(struct fl_t4_decoder *dec, const uint8_t *code, size_t count)
{
    dec->taken_before += (uint64_t)(dec->next - dec->fed);
    dec->next = dec->fed = code;
    dec->end = count ? code + count : code;
}

void fl_t4_decoder_end(struct fl_t4_decoder *dec)
{
    dec->no_more = true;
}

uint32_t fl_t4_decoder_lines(const struct fl_t4_decoder *dec)
{
    return dec->rows - (dec->state == SEEK && dec->rows > 0);
}

/* Skips what fills a line up to where the next one begins. */
static void align(struct fl_t4_decoder *dec)
{
    unsigned unit = dec->format.aligned * 8u;
    unsigned fill = (unsigned)((unit - bits_taken(dec) % unit) % unit);
    if (!have(dec, fill) || fill > dec->pending_bits) fill = dec->pending_bits;
    dec->pending >>= fill;
    dec->pending_bits -= fill;
}

static int after_line(struct fl_t4_decoder *dec, enum outcome outcome, const uint8_t **row)
{
    bool good = outcome == WHOLE;

    if (good) {
        finish_line(dec);
        if (dec->tag_1d) dec->need_1d = false;
    } else {
        dec->need_1d = dec->format.coding == FL_CODING_MR;
    }
    if (dec->format.coding == FL_CODING_MMR) {
        if (good) {
            dec->state = LINE_2D;
            begin_line(dec, MODE);
        } else {
            end_page(dec, false); /* every line builds on the one before: the rest cannot be had */
        }
    } else if (good && dec->format.aligned) {
        align(dec);
        dec->state = START;
    } else if (good && eol_next(dec)) {
        seek_from(dec, SEEK, 0);
    } else if (good) {
        dec->state = START; /* coded without EOLs */
    } else {
        seek_from(dec, SEEK, dec->last_zeros);
    }
    return give(dec, row, good);
}

int fl_t4_decoder_row(struct fl_t4_decoder *dec, const uint8_t **row)
{
    const bool mr = dec->format.coding == FL_CODING_MR;
    enum outcome outcome;

    for (;;) {
        switch ((enum state)dec->state) {
        case START: /* of a page or of a line with no EOL before it */
            if (!have(dec, EOL_ZEROS)) return FL_T4_NEED_DATA;
            if (eol_next(dec)) {
                seek_from(dec, SEEK, 0);
                break;
            }
            dec->state = LINE;
            begin_line(dec, RUNS);
            break;

        case LEAD:
        case SEEK:
            outcome = seek_eol(dec);
            if (outcome == BAD && dec->state == LEAD) break;
            if (outcome == BAD) return give(dec, row, false);
            if (outcome == MORE) {
                if (!dec->no_more) return FL_T4_NEED_DATA;
                end_page(dec, false);
                break;
            }
            measure_line(dec);
            dec->eol_seen = true;
            dec->state = mr ? TAG : AFTER_EOL;
            break;

        case TAG:
            if (!have(dec, 1)) return FL_T4_NEED_DATA;
            dec->tag_1d = dec->pending & 1;
            if (dec->pending_bits) {
                dec->pending >>= 1;
                dec->pending_bits--;
            }
            dec->state = AFTER_EOL;
            break;

        case AFTER_EOL:
            if (!have(dec, EOL_ZEROS)) return FL_T4_NEED_DATA;
            if (eol_next(dec)) {
                seek_from(dec, COUNT_EOL, 0);
            } else if (dec->need_1d && !dec->tag_1d) {
                seek_from(dec, SEEK, 0);
                return give(dec, row, false);
            } else {
                dec->empty_lines = 0;
                dec->state = LINE;
                begin_line(dec, dec->tag_1d ? RUNS : MODE);
            }
            break;

        case COUNT_EOL:
            outcome = seek_eol(dec);
            if (outcome != WHOLE) {
                if (!dec->no_more) return FL_T4_NEED_DATA;
                end_page(dec, dec->empty_lines > 0);
                break;
            }
            /* The tags of an RTC are ones. A two-dimensional line can be a single bit: gone, it must not end the page.
             * Nor must a bit inverted in the fill before an EOL: a line follows that pair of EOLs. */
            if (dec->zeros <= MAX_RTC_ZEROS && dec->tag_1d) {
                if (++dec->empty_lines == 2)
                    end_page(dec, true);
                else
                    dec->state = mr ? TAG : AFTER_EOL;
                break;
            }
            measure_line(dec);
            dec->empty_lines = 0;
            dec->need_1d = mr;
            dec->state = mr ? TAG : AFTER_EOL;
            return give(dec, row, false);

        case LINE:
            outcome = decode_line(dec);
            if (outcome == MORE) return FL_T4_NEED_DATA;
            if (outcome == BAD) return after_line(dec, BAD, row);
            dec->state = AFTER;
            break;

        case AFTER:
            if (!have(dec, EOL_ZEROS)) return FL_T4_NEED_DATA;
            return after_line(dec, eol_next(dec) || !dec->eol_seen ? WHOLE : BAD, row);

        case LINE_2D:
            if (!have(dec, 2 * FL_T4_EOL_BITS) && (dec->pending & 0x7F) == 0) return FL_T4_NEED_DATA;
            if (dec->a0 < 0 && (dec->pending & 0x7F) == 0) {
                uint32_t eol = FL_T4_EOL;
                bool padding =
                    (dec->pending & 0xFFFFFF) == 0; /* of the last ECM frame, without EOFB before it */
                if (padding || (dec->pending & 0xFFF) == eol) {
                    end_page(dec, (dec->pending & 0xFFFFFF) == (eol | eol << FL_T4_EOL_BITS));
                    break;
                }
            }
            outcome = decode_line(dec);
            if (outcome == MORE) return FL_T4_NEED_DATA;
            return after_line(dec, outcome, row);

        case DONE: return FL_T4_END;
        }
    }
}
