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
#define FL_T4_LONGEST_RUN 2560 /* that one make-up code can say */

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

/* By the next 12 bits: a white and a black run, both of 1..63 and coded within these bits: white << 10 |
 * black << 4 | length of both codes; 0 for anything else. */
extern const uint16_t fl_t4_run_pairs[1 << 12];

enum fl_t4_mode { FL_T4_NONE, FL_T4_V0, FL_T4_VERTICAL, FL_T4_PASS, FL_T4_HORIZONTAL };

/* By the next 10 bits: up to eight V0, then the mode that follows; FL_T4_V0 if that is not whole within these bits,
 * FL_T4_NONE if no mode begins so. */
struct fl_t4_group {
    uint8_t mode;
    uint8_t v0; /* how many */
    uint8_t length;
    int8_t delta; /* VERTICAL: a1 - b1, not 0 */
};

extern const struct fl_t4_group fl_t4_groups[1 << 10];

#endif
