/* The coding side of T.4 (MH, MR) and T.6 (MMR): rows to code octets, pulled.
 * It is not: tables (codes.c), and it decides nothing: the same rows and format always give the same octets.
 *
 * A row becomes a list of changing elements first; all codings work on such lists, so the cost is one of changes
 * and not of pixels.
 */
#include "t4/bits.h"
#include "t4/codes.h"
#include "t4/t4.h"

/* Bits gather in `bits` and leave as whole octets; up to 56 may be put between two flushes. */
struct writer {
    uint64_t bits;
    unsigned count;
    uint8_t *at;
};

static FL_FORCE_INLINE void put(struct writer *w, uint32_t bits, unsigned length)
{
    w->bits |= (uint64_t)bits << w->count;
    w->count += length;
}

static FL_FORCE_INLINE void flush(struct writer *w)
{
    fl_store_le64(w->at, w->bits);
    w->at += w->count >> 3;
    w->bits >>= w->count & ~7u;
    w->count &= 7;
}

/* At most 25 bits, after flushing whatever a very long run needs. */
static FL_FORCE_INLINE void put_run(struct writer *w, unsigned black, unsigned run)
{
    while (FL_UNLIKELY(run >= FL_T4_RUNS)) {
        flush(w);
        put(w, FL_T4_2560, FL_T4_2560_BITS);
        flush(w);
        run -= 2560;
    }
    uint32_t code = fl_t4_runs[black * FL_T4_RUNS + run];
    put(w, code >> 5, code & 31);
}

static inline unsigned count_ones(uint64_t x) /* the builtin is a call on the plainest machines */
{
    x -= x >> 1 & 0x5555555555555555u;
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (unsigned)(x * 0x0101010101010101u >> 56);
}

/* Returns how many there are; the list behind them is filled up with the width. */
static unsigned find_changes(const uint8_t *row, unsigned width, uint16_t *changes)
{
    const uint64_t top = (uint64_t)1 << 63;
    unsigned octets = (width + 7) / 8;
    uint16_t *next = changes;
    uint64_t left = 0; /* the pixel before this word */

    for (unsigned at = 0; at < octets; at += 8) {
        uint64_t word;
        if (octets - at >= 8) {
            word = fl_load_le64(row + at);
        } else {
            uint8_t tail[8] = {0};
            memcpy(tail, row + at, octets - at);
            word = fl_load_le64(tail);
        }
        if (word == 0 - left) continue;
        word = fl_mirror_octets(word); /* now the leftmost pixel is the least significant */
        uint64_t changed = word ^ (word << 1 | left);
        left = word >> 63;
        /* Six at a time, wanted or not: cheaper than a loop whose end nobody can predict. */
        uint16_t *last = next + count_ones(changed);
        do {
            next[0] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next[1] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next[2] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next[3] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next[4] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next[5] = (uint16_t)(at * 8 + (unsigned)__builtin_ctzll(changed | top));
            changed &= changed - 1;
            next += 6;
        } while (FL_UNLIKELY(next < last));
        next = last;
    }
    while (next > changes && next[-1] >= width) next--; /* unused bits that were not 0 */
    for (unsigned i = 0; i < 6; i++) next[i] = (uint16_t)width;
    return (unsigned)(next - changes);
}

static void code_1d(struct writer *w, const uint16_t *change, unsigned width)
{
    unsigned a0 = 0;

    for (;; change += 2) {
        put_run(w, 0, change[0] - a0);
        if (change[0] >= width) break;
        put_run(w, 1, (unsigned)change[1] - change[0]);
        a0 = change[1];
        if (a0 >= width) break;
        flush(w);
    }
    flush(w);
}

/* T.4 4.2.1.3.4 and T.6 2.2.5: the coding of one line against the one above. */
static void code_2d(struct writer *w, const uint16_t *change, const uint16_t *b1, int width)
{
    int a0 = -1; /* the imaginary element before the line */
    unsigned black = 0;

    while (a0 < width) {
        int a1 = change[0], delta = a1 - b1[0];
        if (FL_LIKELY(delta >= -3 && delta <= 3 && b1[1] >= a1)) {
            const struct fl_t4_code *code = &fl_t4_vertical[delta + 3];
            put(w, code->bits, code->length);
            a0 = a1;
            black ^= 1;
            change++;
            b1 += delta < 0 ? -1 : 1;
        } else if (b1[1] < a1) {
            put(w, 0x8, 4); /* pass */
            a0 = b1[1];
        } else {
            int a2 = change[1];
            flush(w);
            put(w, 0x4, 3); /* horizontal */
            put_run(w, black, (unsigned)(a1 - (a0 < 0 ? 0 : a0)));
            put_run(w, black ^ 1, (unsigned)(a2 - a1));
            flush(w);
            a0 = a2;
            change += 2;
        }
        while (b1[0] <= a0 && b1[0] < width) b1 += 2;
        if (w->count > 48) flush(w);
    }
    flush(w);
}

void fl_t4_encoder_init(struct fl_t4_encoder *enc, const struct fl_t4_format *format, struct fl_rows rows)
{
    memset(enc, 0, sizeof *enc);
    enc->format = *format;
    enc->source = rows;
    enc->min_row_bits = format->coding == FL_CODING_MMR ? 0 : format->min_row_bits;
    for (unsigned i = 0; i < 6; i++)
        enc->changes[0][1 + i] = format->width_px; /* all white, above the page */
}

static void put_eol(const struct fl_t4_encoder *enc, struct writer *w, bool one_dimensional)
{
    put(w, FL_T4_EOL, FL_T4_EOL_BITS);
    if (enc->format.coding == FL_CODING_MR) put(w, one_dimensional, 1);
    flush(w);
}

static void code_end(struct fl_t4_encoder *enc, struct writer *w)
{
    int eols = enc->format.coding == FL_CODING_MMR ? 2 : FL_T4_RTC_EOLS;

    while (eols--) put_eol(enc, w, true);
}

static void code_row(struct fl_t4_encoder *enc, struct writer *w, const uint8_t *row)
{
    unsigned width = enc->format.width_px, octets = (width + 7) / 8;
    uint16_t *reference = enc->changes[enc->which] + 1, *changes = enc->changes[enc->which ^ 1] + 1;
    bool one_dimensional = enc->format.coding == FL_CODING_MH;

    if (enc->format.coding == FL_CODING_MR) {
        one_dimensional = enc->rows == 0 || enc->since_1d == enc->format.k;
        enc->since_1d = one_dimensional ? 1 : enc->since_1d + (enc->format.k != 0);
    }
    if (enc->format.coding != FL_CODING_MMR) put_eol(enc, w, one_dimensional);

    uint8_t *data_at = w->at;
    unsigned data_from = w->count;
    if (enc->format.coding == FL_CODING_MH) {
        find_changes(row, width, changes);
        code_1d(w, changes, width);
    } else if (memcmp(row, enc->previous, octets) == 0) {
        if (one_dimensional) {
            code_1d(w, reference, width);
        } else { /* V0 for each changing element and for the end of the line */
            unsigned ones = enc->change_count + 1;
            for (; ones > 48; ones -= 48) {
                put(w, 0xFFFFFF, 24);
                put(w, 0xFFFFFF, 24);
                flush(w);
            }
            w->bits |= (((uint64_t)1 << ones) - 1) << w->count;
            w->count += ones;
            flush(w);
        }
    } else {
        enc->change_count = find_changes(row, width, changes);
        if (one_dimensional)
            code_1d(w, changes, width);
        else
            code_2d(w, changes, reference, (int)width);
        memcpy(enc->previous, row, octets);
        enc->which ^= 1;
    }
    if (enc->min_row_bits) {
        /* The total coded scan line: data, fill and the EOL (with tag) that ends it. */
        uint64_t bits = (uint64_t)(w->at - data_at) * 8 + w->count - data_from + FL_T4_EOL_BITS +
                        (enc->format.coding == FL_CODING_MR);
        if (bits < enc->min_row_bits) {
            uint64_t filled = w->count + (enc->min_row_bits - bits);
            enc->fill_octets = filled / 8;
            if (enc->fill_octets) { /* the octet in work leaves now, and is one of them */
                fl_store_le64(w->at, w->bits);
                w->at++;
                w->bits = 0;
                enc->fill_octets--;
            }
            w->count = filled % 8;
        }
    }
    enc->rows++;
}

size_t fl_t4_encoder_line(struct fl_t4_encoder *enc, uint8_t *out)
{
    struct writer w = {enc->pending, enc->pending_bits, out};
    const uint8_t *row = enc->source.next(enc->source.ctx);

    if (row) {
        code_row(enc, &w, row);
    } else {
        enc->drained = true;
        code_end(enc, &w);
    }
    enc->code_bits += ((uint64_t)(w.at - out) + enc->fill_octets) * 8 + w.count - enc->pending_bits;
    if (enc->drained && w.count) {
        w.at++; /* the last flush has written this octet already */
        w.count = 0;
        w.bits = 0;
    }
    enc->pending = w.bits;
    enc->pending_bits = w.count;

    size_t octets = (size_t)(w.at - out);
    if (enc->format.msb_first)
        for (size_t i = 0; i < octets; i += 8) /* there is room for the last, whole word */
            fl_store_le64(out + i, fl_mirror_octets(fl_load_le64(out + i)));
    return octets;
}

size_t fl_t4_encoder_read(struct fl_t4_encoder *enc, uint8_t *out, size_t cap)
{
    size_t done = 0;

    while (done < cap) {
        size_t room = cap - done;
        if (enc->line_at < enc->line_octets) {
            size_t some = enc->line_octets - enc->line_at;
            if (some > room) some = room;
            memcpy(out + done, enc->line + enc->line_at, some);
            enc->line_at += some;
            done += some;
        } else if (enc->fill_octets) {
            size_t some = enc->fill_octets < room ? (size_t)enc->fill_octets : room;
            memset(out + done, 0, some);
            enc->fill_octets -= some;
            done += some;
        } else if (enc->drained) {
            break;
        } else if (room >= FL_T4_LINE_OCTETS) {
            done += fl_t4_encoder_line(enc, out + done);
        } else {
            enc->line_at = 0;
            enc->line_octets = fl_t4_encoder_line(enc, enc->line);
        }
    }
    return done;
}
