/* T.4's codes as data: what the encoder puts out and what the decoder looks up. All bits are mirrored, the first
 * one on the line in the least significant place.
 * It is not: the logic of coding. codes.c is written by make_tables.py.
 */
#ifndef FL_T4_CODES_H
#define FL_T4_CODES_H

#include <stdint.h>

#define FL_T4_EOL_BITS 12
#define FL_T4_EOL      0x800u /* eleven zeros, a one */
#define FL_T4_RTC_EOLS 6

struct fl_t4_code {
    uint16_t bits;
    uint16_t length;
};

/* The longest run that one make-up code can say, and what may be left for the code after it. */
#define FL_T4_2560      0xF80u
#define FL_T4_2560_BITS 12
#define FL_T4_RUNS      (2560 + 64)

/* White runs, then black ones, with make-up code where they need one: bits << 5 | length. */
extern const uint32_t fl_t4_runs[2 * FL_T4_RUNS];

/* By a1 - b1 + 3. */
extern const struct fl_t4_code fl_t4_vertical[7];

/* By the next 12 (white) or 13 (black) bits: run << 4 | code length; 0 where no code begins so. A run of 64 or
 * more is a make-up code. */
extern const uint16_t fl_t4_white_runs[1 << 12];
extern const uint16_t fl_t4_black_runs[1 << 13];

/* By the next 12 bits: a white and a black run, both of 1..63 and coded within these bits: white << 10 |
 * black << 4 | length of both codes; 0 for anything else. */
extern const uint16_t fl_t4_run_pairs[1 << 12];

enum fl_t4_mode { FL_T4_NONE, FL_T4_VERTICAL, FL_T4_PASS, FL_T4_HORIZONTAL };

/* By the next 10 bits: some V0 (together with the mode never more than nine modes), then another mode; or, if that
 * is not whole within these bits, the last of the V0. FL_T4_NONE if no mode begins so. */
struct fl_t4_group {
    uint8_t mode;
    uint8_t v0; /* how many, before the mode */
    uint8_t length;
    int8_t delta; /* VERTICAL: a1 - b1 */
};

extern const struct fl_t4_group fl_t4_groups[1 << 10];

#endif
