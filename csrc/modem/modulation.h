/* The modulations of a group 3 fax and the codes that T.31 gives them. */
#ifndef FL_MODULATION_H
#define FL_MODULATION_H

#include "base/base.h"

enum fl_modulation_kind { FL_V21, FL_V27TER, FL_V29, FL_V17 };

struct fl_modulation {
    uint8_t code; /* T.31 parameter of +FTM, +FRM: 3, 24, 48, 72, 73, 74, 96, 97, 98, 121, 122, 145, 146 */
    uint8_t kind; /* enum fl_modulation_kind */
    bool short_train; /* V.17 only: code is that of the long train + 1 */
    uint16_t rate_bps;
    uint16_t train_ms; /* training sequence before the first data bit, including the silent segment */
    const char *name;  /* "V.17 14400 short" */
};

/* The row of a T.31 code, or NULL. */
const struct fl_modulation *fl_modulation(int code);
/* The row of a kind and rate, or NULL. */
const struct fl_modulation *fl_modulation_of(enum fl_modulation_kind kind, int rate_bps, bool short_train);

#endif
