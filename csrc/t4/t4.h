/* T.4 and T.6 coding of one page as pull streams: rows in, code octets out, and back.
 *
 * A row is packed, most significant bit leftmost, 1 = black, (width + 7) / 8 octets; unused bits at the end are 0.
 * Code octets have T.4's first bit in the least significant place, as a Class 1 modem wants them, unless
 * msb_first is set (TIFF's FillOrder 1).
 * It is not: resolution, TIFF, ECM framing, or the choice of a coding.
 */
#ifndef FL_T4_H
#define FL_T4_H

#include "base/base.h"

#define FL_T4_MAX_WIDTH 4864 /* A3 at 400 dpi */
#define FL_T4_ROW_BYTES ((FL_T4_MAX_WIDTH + 7) / 8)

enum fl_coding {
    FL_CODING_MH,  /* T.4 one-dimensional: EOL before each line, RTC at the end */
    FL_CODING_MR,  /* T.4 two-dimensional: EOL + tag bit, K lines per one-dimensional line */
    FL_CODING_MMR, /* T.6: no EOL, EOFB at the end */
};

struct fl_t4_format {
    uint8_t coding; /* enum fl_coding */
    uint8_t k;      /* MR: at most k - 1 two-dimensional lines after each 1-D line; 0 = no limit */
    bool msb_first; /* order of the bits within a code octet */
    bool
        from_line; /* decoding MH, MR: a page begins with its first EOL (T.4 4.1.2), and what a modem sent before is
                              no line */
    uint8_t
        aligned; /* decoding MH without EOLs, as TIFF has it: each line begins at a multiple of so many octets
                              (1, 2) from where the code does, which is fed at once; 0 = anywhere */
    uint16_t width_px;     /* 1..FL_T4_MAX_WIDTH; fl_t4_decoder_init_wide(): 1..UINT16_MAX - 16 */
    uint32_t min_row_bits; /* MH, MR: fill (zeros before the EOL) brings each line to this length; 0 = none */
};

/* Gives the next row, or NULL at the end of the page. The row stays valid until the next call. */
struct fl_rows {
    const uint8_t *(*next)(void *ctx);
    void *ctx;
};

/* A line as the positions where its colour changes, ascending, the first one to black; after the last come
 * enough repetitions of the width for the 2-D coding's look-ahead. One slot in front, for its look-behind. */
#define FL_T4_CHANGES (1 + FL_T4_MAX_WIDTH + 15)

/* ---- encode ---- */

/* No line's data takes more: 7 bits a changing element at worst, 4 a pass over two. */
#define FL_T4_LINE_OCTETS (FL_T4_MAX_WIDTH * 9 / 8 + 64)

struct fl_t4_encoder {
    uint32_t rows;      /* coded so far */
    uint64_t code_bits; /* put out so far, fill included, the padding of the final octet not */

    struct fl_t4_format format;
    struct fl_rows source;
    uint32_t min_row_bits;
    uint64_t pending; /* code bits not yet a whole octet */
    unsigned pending_bits;
    uint64_t fill_octets; /* zeros still to be put out */
    bool drained;         /* the source is at its end and the end of the page is coded */
    unsigned since_1d;    /* MR: lines since the last one-dimensional one, itself included */
    unsigned change_count;
    unsigned which; /* of the two below is the reference line */
    uint16_t changes[2][FL_T4_CHANGES];
    uint8_t previous[FL_T4_ROW_BYTES];
    size_t line_at, line_octets;
    uint8_t line[FL_T4_LINE_OCTETS]; /* what did not fit the caller's buffer */
};

/* The format must be valid (width, coding); the rows are asked for as the code is. */
void fl_t4_encoder_init(struct fl_t4_encoder *enc, const struct fl_t4_format *format, struct fl_rows rows);

/* The next code octets: fills out unless the page ends before; 0 = everything was delivered. */
size_t fl_t4_encoder_read(struct fl_t4_encoder *enc, uint8_t *out, size_t cap);

/* The same line by line, for who counts code_bits: takes one row, or codes the end of the page where there is none. Room
 * for FL_T4_LINE_OCTETS; fill_octets of zeros belong behind them. Not mixed with fl_t4_encoder_read(). */
size_t fl_t4_encoder_line(struct fl_t4_encoder *enc, uint8_t *out);

/* ---- decode ---- */

#define FL_T4_DEFAULT_MAX_ROWS 65536

enum fl_t4_result {
    FL_T4_ROW,       /* there is a row */
    FL_T4_NEED_DATA, /* feed more, or say that there is none */
    FL_T4_END,       /* no more rows: the page ended, or the input, or max_rows were given */
};

struct fl_t4_decoder {
    uint32_t max_rows;        /* may be set between init and the first row */
    uint32_t rows;            /* given so far, bad ones included */
    uint32_t bad_rows;        /* that could not be decoded and repeat the last good one */
    uint32_t longest_bad_run; /* of consecutive bad rows */
    bool end_seen;            /* the page ended as it should: RTC or EOFB */

    struct fl_t4_format format;
    uint64_t pending; /* the next code bits, zeros above them */
    unsigned pending_bits;
    const uint8_t *next, *end; /* the caller's octets */
    const uint8_t *fed;        /* where these began */
    bool no_more;
    uint8_t state;
    bool eol_seen; /* so each line ends with one */
    bool tag_1d;   /* what this line's tag bit says */
    bool need_1d;  /* MR: the reference line is lost */
    uint32_t bad_run;
    uint8_t empty_lines; /* EOLs that follow one right before them */
    /* how long lines are, from EOL to EOL */
    uint64_t taken_before;            /* octets of the feeds before this one */
    uint64_t line_at;                 /* the bit at which this line began */
    uint32_t rows_at;                 /* given by then */
    uint64_t good_bits, good_squares; /* sums over the good lines */
    uint64_t long_bits, longest;      /* of bad ones longer than any good one before; of a good one */
    uint32_t long_rows;
    uint32_t zeros;   /* seeking an EOL: that came before the next bit */
    uint32_t skipped; /* seeking an EOL: bits of no use */
    /* the line in work */
    uint8_t phase;
    bool differs; /* 2-D: from the reference line */
    int a0;
    int reference; /* index of b1 */
    int count;     /* of changing elements */
    int make_up;   /* sum of this run's make-up codes */
    int empty_runs;
    int last_zeros; /* that the last code ended with */
    unsigned which; /* of the two below is the last good row and the reference line */
    uint16_t *changes[2];
    uint64_t *row[2]; /* as octets in the order of the row */
    struct {
        uint16_t changes[2][FL_T4_CHANGES];
        uint64_t row[2][(FL_T4_MAX_WIDTH + 63) / 64];
    } own; /* where they are, unless the page is wider than a fax */
};

void fl_t4_decoder_init(struct fl_t4_decoder *dec, const struct fl_t4_format *format);
/* For a page of any width up to UINT16_MAX - 16: with memory of the caller's, of the size that the other tells. */
void fl_t4_decoder_init_wide(struct fl_t4_decoder *dec, const struct fl_t4_format *format, void *memory);
size_t fl_t4_decoder_wide_size(uint16_t width_px);

/* More code octets. Only at the start or after FL_T4_NEED_DATA; they must stay until it is returned again. */
void fl_t4_decoder_feed(struct fl_t4_decoder *dec, const uint8_t *code, size_t count);

/* There will be no more. */
void fl_t4_decoder_end(struct fl_t4_decoder *dec);

/* Lines of which everything has come, fill included: the row that was given last may still be in its own. */
uint32_t fl_t4_decoder_lines(const struct fl_t4_decoder *dec);

/* An estimate of the rows that went with their EOLs into a damaged one, which was given as one row: what was skipped,
 * over the length of the line in which a random bit of the page stands (lines differ, and long ones are hit more often). Only damage
 * that is longer than any good line before it counts: shorter, it may be one line. */
uint32_t fl_t4_decoder_lost(const struct fl_t4_decoder *dec);

/* The next row, valid until the next call: enum fl_t4_result. */
int fl_t4_decoder_row(struct fl_t4_decoder *dec, const uint8_t **row);

#endif
