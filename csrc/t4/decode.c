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
    RUNS,   /* one-dimensional */
    MODE,   /* a two-dimensional mode */
    FIRST,  /* run of the horizontal mode */
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
static inline void refill(struct reader *r)
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
        unsigned from = change[i], to = change[i + 1];
        uint64_t *word = row + from / 64, *last = row + to / 64;
        uint64_t right_of_from = ~(uint64_t)0 >> from % 64, left_of_to = ~(~(uint64_t)0 >> to % 64);
        if (word == last) {
            *word |= FL_BE64(right_of_from & left_of_to);
            continue;
        }
        *word++ |= FL_BE64(right_of_from);
        while (word < last) *word++ = ~(uint64_t)0;
        if (left_of_to) *last = FL_BE64(left_of_to); /* at a full width there is no such word */
    }
}

static void finish_line(struct fl_t4_decoder *dec)
{
    if (!dec->differs && dec->phase == MODE) return; /* the row above once more */

    int width = dec->format.width_px;
    unsigned which = dec->which ^ 1;
    uint16_t *change = dec->changes[which] + 1;
    while (dec->count && change[dec->count - 1] >= width) dec->count--;
    for (int i = 0; i < 6; i++) change[dec->count + i] = (uint16_t)width;
    draw(dec->row[which], change, dec->count, width);
    dec->which = which;
}

/* Trailing zeros of the code that is next: they may belong to the EOL that a damaged line hides. */
static inline int trailing_zeros(uint64_t bits, unsigned length)
{
    uint64_t code = bits & (((uint64_t)1 << length) - 1);
    return code ? (int)length - (64 - __builtin_clzll(code)) : (int)length;
}

/* Goes on with the line in work. Unless the outcome is MORE the line is over. */
static enum outcome decode_line(struct fl_t4_decoder *dec)
{
    struct reader r = reader_of(dec);
    const int width = dec->format.width_px;
    uint16_t *change = dec->changes[dec->which ^ 1] + 1;
    const uint16_t *b1 = dec->changes[dec->which] + 1 + dec->reference;
    int a0 = dec->a0, count = dec->count, make_up = dec->make_up;
    int phase = dec->phase;
    uint64_t last = 0; /* the stream as it was before the last code, and that code's length */
    unsigned length = 0;
    enum outcome outcome;

    for (;;) {
        if (r.count < 2 * LONGEST_CODE) {
            refill(&r);
            if (FL_UNLIKELY(r.count < LONGEST_CODE) && !dec->no_more) {
                outcome = MORE;
                break;
            }
        }
        if (phase == MODE) {
            struct fl_t4_mode mode = fl_t4_modes[r.bits & 0x7F];
            outcome = BAD;
            if (mode.kind == FL_T4_NONE || mode.length > r.count) break;
            last = r.bits;
            length = mode.length;
            skip(&r, length);
            if (FL_LIKELY(mode.kind == FL_T4_VERTICAL)) {
                int a1 = b1[0] + mode.delta;
                dec->differs |= mode.delta != 0;
                if (a1 <= a0 || a1 > width) break;
                a0 = a1;
                change[count++] = (uint16_t)a1;
                if (a1 == width) {
                    outcome = WHOLE;
                    break;
                }
                b1 += mode.step;
                while (b1[0] <= a0) b1 += 2;
            } else if (mode.kind == FL_T4_PASS) {
                dec->differs = true;
                a0 = b1[1];
                if (a0 >= width) break; /* b2 stands left of a1, so this cannot be */
                b1 += 2;
            } else {
                dec->differs = true;
                if (a0 < 0) a0 = 0;
                phase = FIRST;
            }
            continue;
        }

        /* A run; which colour is next shows in the number of changes so far. */
        unsigned entry = count & 1 ? fl_t4_black_runs[r.bits & 0x1FFF] : fl_t4_white_runs[r.bits & 0xFFF];
        int run = (int)(entry >> 4);
        outcome = BAD;
        if (!entry || (entry & 15) > r.count) break;
        last = r.bits;
        length = entry & 15;
        skip(&r, length);
        make_up += run;
        if (make_up > width - a0) break;
        if (run >= 64) continue;
        a0 += make_up;
        if (FL_UNLIKELY(make_up == 0) && count) {
            if (++dec->empty_runs > MAX_EMPTY_RUNS) break;
            count--; /* no pixels between two runs of one colour: they are one */
        } else {
            change[count++] = (uint16_t)a0;
        }
        make_up = 0;
        if (phase == FIRST) {
            phase = SECOND;
            continue;
        }
        if (a0 == width) {
            outcome = WHOLE;
            break;
        }
        if (phase == SECOND) {
            phase = MODE;
            while (b1[0] <= a0) b1 += 2;
        }
    }
    keep_reader(dec, &r);
    dec->phase = (uint8_t)phase;
    dec->a0 = a0;
    dec->count = count;
    dec->make_up = make_up;
    dec->reference = (int)(b1 - (dec->changes[dec->which] + 1));
    if (length) dec->last_zeros = trailing_zeros(last, length);
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

/* Nothing but padding is left. */
static bool at_end(const struct fl_t4_decoder *dec)
{
    return dec->no_more && dec->next == dec->end && dec->pending == 0;
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

void fl_t4_decoder_init(struct fl_t4_decoder *dec, const struct fl_t4_format *format)
{
    memset(dec, 0, sizeof *dec);
    dec->format = *format;
    dec->max_rows = FL_T4_DEFAULT_MAX_ROWS;
    dec->state = format->coding == FL_CODING_MMR ? LINE_2D : START;
    dec->need_1d = format->coding == FL_CODING_MR;
    dec->tag_1d = true;
    for (int i = 0; i < 6; i++) dec->changes[0][1 + i] = format->width_px; /* all white, above the page */
    if (dec->state == LINE_2D) begin_line(dec, MODE);
}

void fl_t4_decoder_feed(struct fl_t4_decoder *dec, const uint8_t *code, size_t count)
{
    dec->next = code;
    dec->end = count ? code + count : code;
}

void fl_t4_decoder_end(struct fl_t4_decoder *dec)
{
    dec->no_more = true;
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

        case SEEK:
            outcome = seek_eol(dec);
            if (outcome == BAD) return give(dec, row, false);
            if (outcome == MORE) {
                if (!dec->no_more) return FL_T4_NEED_DATA;
                end_page(dec, false);
                break;
            }
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
                dec->state = LINE;
                begin_line(dec, dec->tag_1d ? RUNS : MODE);
            }
            break;

        case COUNT_EOL:
            outcome = seek_eol(dec);
            if (outcome != WHOLE) {
                if (!dec->no_more) return FL_T4_NEED_DATA;
                end_page(dec, false);
                break;
            }
            if (dec->zeros <= MAX_RTC_ZEROS) {
                end_page(dec, true);
                break;
            }
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
                if (at_end(dec) || (dec->pending & 0xFFF) == eol) {
                    end_page(dec, (dec->pending & 0xFFFFFF) == (eol | eol << FL_T4_EOL_BITS));
                    break;
                }
            }
            outcome = decode_line(dec);
            if (outcome == MORE) return FL_T4_NEED_DATA;
            return after_line(dec, outcome, row);

        case DONE:
            return FL_T4_END;
        }
    }
}
