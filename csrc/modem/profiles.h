/* What modem families do differently, as data: one row per family, one field per oddity. A zero or NULL field is what
 * T.31 says; the driver reads the fields and never a name.
 */
#ifndef FL_PROFILES_H
#define FL_PROFILES_H

#include "base/base.h"

#define FL_PROFILE_COMMANDS 3

struct fl_class1_profile {
    const char *name;
    /* Pieces of the identification text (+FMI?, +FMM?, ATI3), upper case, any of which means this family. No
     * letter may go on before or behind one. */
    const char *identity[6];

    const char *reset;                     /* "ATZ" or "AT&F": which of the two leaves a sane state */
    const char *init[FL_PROFILE_COMMANDS]; /* before the class is chosen; an ERROR is passed over */
    const char *select;                    /* "AT+FCLASS=1" and what must go with it */
    const char
        *flow[FL_PROFILE_COMMANDS]; /* after it: some families change flow control on the way into class 1 */
    const char *adaptive;           /* "AT+FAR=1" where it exists and works */
    const char *send_list,
        *receive_list;       /* instead of +FTM=? and +FRM=? where the answer is missing or a lie */
    uint16_t reset_pause_ms; /* after reset, before the next command is heard */
    uint16_t command_gap_ms; /* between a result and the next command */

    uint16_t abort_ms;       /* how long the OK to an aborted receive command may take */
    uint16_t abort_pause_ms; /* after that OK */
    bool abort_by_at;        /* a single CAN is not answered reliably: abort by "AT" CR */

    bool silence_by_delay;     /* +FTS missing or broken: wait in the host */
    bool wait_by_delay;        /* +FRS missing or broken: wait in the host */
    bool silence_after_data;   /* the OK after data comes before the carrier is down: +FTS=1 first */
    uint16_t connect_delay_ms; /* CONNECT to +FTM comes before training and data at once is lost */

    bool frames_without_fcs;   /* received frames are delivered without their 2 octets of FCS */
    bool validate_fcs;         /* OK does not mean that the FCS was right: check it here */
    uint8_t rm_persistence;    /* how many +FCERROR are needed to believe in another carrier; 0 is 1 */
    bool rm_error_is_mismatch; /* says ERROR where T.31 says +FCERROR */
    uint16_t rh_slice_ms;      /* +FRH=3 goes deaf after a while: give it again this often */
    bool rh_connect_bug;       /* CONNECT to +FRH=3 on any carrier: only octets prove a frame */
    uint8_t hook_sensitivity;  /* how many ERRORs in a row to action commands do not yet mean "on hook" */
    bool no_carrier_no_answer; /* says NO CARRIER where V.250 says NO ANSWER */
};

/* name: a row of the table, or NULL for the generic one. NULL when there is no such row. */
const struct fl_class1_profile *fl_class1_profile(const char *name);
/* The row whose pieces occur in the identification text (any case); the generic one when none does. */
const struct fl_class1_profile *fl_class1_profile_match(const char *identity);
/* For lists and tests: the row at an index, NULL at the end. */
const struct fl_class1_profile *fl_class1_profile_at(size_t index);

#endif
