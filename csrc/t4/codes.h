/* T.4's codes as data: what the encoder puts out and what the decoder looks up. All bits are mirrored, the first
 * one on the line in the least significant place.
 * It is not: the logic of coding. codes.c is written by make_tables.py.
 */
#ifndef FL_T4_CODES_H
#define FL_T4_CODES_H

#include <stdint.h>

#define FL_T4_EOL_BITS    12
#define FL_T4_EOL         0x800u /* eleven zeros, a one */
#define FL_T4_RTC_EOLS    6
#define FL_T4_LONGEST_RUN 2560   /* that one make-up code can say */

struct fl_t4_code {
    uint16_t bits;
    uint16_t length;
};

#define FL_T4_MAKE_UPS 41 /* the first, for runs below 64, is empty */

/* White first, then black. */
extern const struct fl_t4_code fl_t4_terminating[2 * 64];
extern const struct fl_t4_code fl_t4_make_up[2 * FL_T4_MAKE_UPS];

/* By a1 - b1 + 3. */
extern const struct fl_t4_code fl_t4_vertical[7];

/* By the next 12 (white) or 13 (black) bits: run << 4 | code length; 0 where no code begins so. A run of 64 or
 * more is a make-up code. */
extern const uint16_t fl_t4_white_runs[1 << 12];
extern const uint16_t fl_t4_black_runs[1 << 13];

enum fl_t4_mode_kind { FL_T4_NONE, FL_T4_VERTICAL, FL_T4_PASS, FL_T4_HORIZONTAL };

struct fl_t4_mode {
    uint8_t kind;
    uint8_t length;
    int8_t delta; /* a1 - b1 */
    int8_t step;  /* where to look for the next b1, in changing elements of the reference line */
};

/* By the next 7 bits. */
extern const struct fl_t4_mode fl_t4_modes[1 << 7];

#endif
