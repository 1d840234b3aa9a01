/* Which modulation and rate to train with, and which to fall back to. T.30 table 2 bits 11..14; t30.md B3's rules. */
#ifndef FL_T30_RATES_H
#define FL_T30_RATES_H

#include "t30/dis.h"

/* What may be used: a set of FL_CAN_ and a range. */
struct fl_rate_limits {
    uint8_t modulations;
    uint16_t min_bps, max_bps;
};

/* The rate to begin with, or NULL when nothing is left to use. */
const struct fl_modulation *fl_rate_first(const struct fl_rate_limits *limits);
/* The next one down after a failed training, or NULL at the bottom. */
const struct fl_modulation *fl_rate_lower(const struct fl_rate_limits *limits,
                                          const struct fl_modulation *from);

#endif
