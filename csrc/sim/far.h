/* Who answers at the numbers of the simulated exchange: one row per far machine. */
#ifndef FL_SIM_FAR_H
#define FL_SIM_FAR_H

#include "sim/fault.h"
#include "t30/t30.h"

enum fl_far_answer {
    FL_FAR_FAX,
    FL_FAR_BUSY,
    FL_FAR_NOBODY,
    FL_FAR_NO_DIALTONE,
    FL_FAR_PERSON,
    FL_FAR_PLAYER
};

/* What goes wrong in the middle of a page. */
enum fl_far_mishap { FL_FAR_NO_MISHAP, FL_FAR_HANGS_UP, FL_FAR_WE_VANISH };

#define FL_FAR_FAULTS 3

struct fl_far_row {
    const char *name, *number, *text;
    uint8_t answer; /* enum fl_far_answer */
    struct fl_abilities abilities;
    uint8_t training_verdict, page_verdict; /* enum fl_verdict */
    uint8_t mishap, mishap_page;            /* page from 1 */
    struct fl_fault faults[FL_FAR_FAULTS];  /* of the line to it; count 0 ends them */
};

/* The row by its index, the number called (any other number: the first row), or NULL. */
const struct fl_far_row *fl_far_row(int32_t index);
const struct fl_far_row *fl_far_row_of(const char *number);

#endif
