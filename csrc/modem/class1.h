/* The Class 1 driver (T.31): orders become AT dialogue, octets become indications. Sans-I/O: it takes octets and the
 * time and gives octets, indications and the next deadline. Every oddity of a modem family is a row of the profile
 * table (modem/profiles.c), never an if on a name.
 *
 * The struct is complete so that an owner can embed it; its members are the driver's own affair.
 */
#ifndef FL_CLASS1_H
#define FL_CLASS1_H

#include "base/trace.h"
#include "modem/modem.h"
#include "modem/profiles.h"

#define FL_CLASS1_LINE     128 /* the longest line of the modem that is understood */
#define FL_CLASS1_COMMAND  64  /* the longest command line that we give, with NUL */
#define FL_CLASS1_IDENTITY 128
#define FL_CLASS1_CLASSES  64
#define FL_CLASS1_CHUNK    1024 /* octets read from the source at a time */
#define FL_CLASS1_OUT      320  /* a shielded frame, or a command with what must go before it */
#define FL_CLASS1_RAW      (FL_FRAME_MAX + 8)
#define FL_CLASS1_QUEUE    8

struct fl_class1_config {
    uint16_t answer_timeout_s; /* DIAL: how long the called station may take, 1-255 (S7); 0 is 60 */
    bool pulse;                /* DIAL: ATDP in place of ATDT */
    bool can_reset;            /* the owner heeds fl_class1_take_reset */
};

struct fl_class1 {
    const struct fl_class1_profile *profile;
    bool find_profile; /* none was asked for: it goes by what the modem says of itself */
    struct fl_class1_config config;
    struct fl_pen pen;

    /* The order under way and how it is to end */
    struct fl_order order;
    fl_time order_started;
    bool busy;       /* an order is under way */
    bool stopping;   /* ABORT or HANG_UP was given: whatever is under way ends DONE */
    bool hanging_up; /* ATH before the end is told */
    bool forced;     /* ATH was given without waiting for a result that did not come */
    bool may_doubt;  /* an ERROR behind the hang-up makes it doubtful */
    bool pending;    /* the order is not begun: something else must end first */
    bool recovering; /* the initial dialogue is spoken to a modem that got stuck */
    uint8_t ending;  /* what ends the order after an abort or a hang-up (enum fl_indication_kind) */

    /* The dialogue */
    uint8_t phase;
    uint8_t step, tries, silences; /* of the initial dialogue */
    uint8_t resume;                /* step to go on with after the modem answers again */
    bool reset_due, reset_done;    /* DTR is to drop; it was dropped, once in a dialogue */
    bool hang_up_reset;            /* the same, once in a hang-up */
    uint8_t errors;                /* ERRORs in a row to action commands, off hook */
    uint8_t mismatches;            /* +FCERRORs in a row */
    bool identified;               /* in this dialogue */
    bool answered;                 /* it has said something that a modem says, ever */
    fl_time dialled_at;            /* ATD */
    bool off_hook;
    bool adaptive;      /* +FAR=1 is in force */
    bool queried;       /* the modem gave a list of the kind being asked for */
    bool carrier_told;  /* FL_IND_CARRIER was given for this reception */
    fl_time deadline;   /* of the phase */
    fl_time hold_until; /* no command before; 0 = no hold */
    fl_time last_result;
    fl_time hang_up_by;
    fl_time straggler_until; /* a result that came not in time may still come until then */
    uint32_t send_bits, receive_bits;
    char identity[FL_CLASS1_IDENTITY];
    char classes[FL_CLASS1_CLASSES]; /* answer to +FCLASS=? */

    /* From the modem */
    char line[FL_CLASS1_LINE];
    uint16_t line_length;
    bool line_dirty; /* it held octets that belong into no line */
    bool dle;        /* the last octet was a DLE */
    bool skip_lf;    /* the LF of CONNECT CR LF is still to come */
    bool held;       /* raw holds a frame that no order has asked for yet */
    bool raw_good, raw_long;
    bool fcs_proven; /* this modem has delivered a right FCS: from then on a wrong one is a bad frame */
    uint16_t raw_length;
    uint8_t raw[FL_CLASS1_RAW];

    /* To the modem */
    char command[FL_CLASS1_COMMAND]; /* the last one, to know its echo */
    uint8_t out[FL_CLASS1_OUT];
    uint16_t out_at, out_length;
    uint8_t chunk[FL_CLASS1_CHUNK];
    uint16_t chunk_at, chunk_length;
    bool source_ended;
    fl_time data_started;
    fl_time paced_until;  /* no data before: enough is on its way; 0 = no hold */
    uint64_t data_octets; /* of the reception or transmission, without shielding */

    struct fl_indication queue[FL_CLASS1_QUEUE];
    uint8_t queue_at, queued;
};

/* profile: NULL for the generic one, until the modem has said what it is. Begins anew, also after FL_IND_FAULT. */
void fl_class1_init(struct fl_class1 *driver, const struct fl_class1_profile *profile, struct fl_pen pen);
/* Between orders, at any time; without it the defaults hold. */
void fl_class1_configure(struct fl_class1 *driver, const struct fl_class1_config *config);
/* Gives an order. Only FL_ORDER_ABORT and FL_ORDER_HANG_UP may be given while another is under way; together they
 * yield one end. Collect the indications first: an order that has ended already makes ABORT end by itself.
 */
void fl_class1_order(struct fl_class1 *driver, const struct fl_order *order, fl_time now);
bool fl_class1_busy(const struct fl_class1 *driver);
/* Octets that the modem sent. Takes as many as it can before an indication must be collected: returns how many.
 * FL_IND_DATA points into these octets: keep them until the indications are collected.
 */
size_t fl_class1_input(struct fl_class1 *driver, const uint8_t *octets, size_t length, fl_time now);
/* Octets for the modem; 0 = nothing for now. cap is what the pipe has room for: never more is taken. */
size_t fl_class1_output(struct fl_class1 *driver, uint8_t *octets, size_t cap, fl_time now);
/* Whether fl_class1_output would give something: whether it is worth waiting for room in the pipe. */
bool fl_class1_has_output(const struct fl_class1 *driver, fl_time now);
void fl_class1_tick(struct fl_class1 *driver, fl_time now);
fl_time fl_class1_deadline(const struct fl_class1 *driver);
/* The next indication; false when there is none. */
bool fl_class1_indication(struct fl_class1 *driver, struct fl_indication *indication);
/* True once when nothing but dropping DTR can bring the modem back: the owner does that now. */
bool fl_class1_take_reset(struct fl_class1 *driver);
/* The pipe to the modem is gone: FL_IND_FAULT. */
void fl_class1_unplugged(struct fl_class1 *driver, fl_time now);

/* After INIT: what the modem can do, one fl_class1_bit for each modulation. */
uint32_t fl_class1_modulations(const struct fl_class1 *driver, bool receive);
/* The same as T.31 codes, ended by 0: room for FL_CLASS1_CODES. */
#define FL_CLASS1_CODES 16
void fl_class1_codes(uint32_t bits, int32_t *codes);
/* The bit of a T.31 code, 0 when there is no such modulation. */
uint32_t fl_class1_bit(int code);
/* After INIT: what the modem said of itself (+FMI?, +FMM?, ATI3), for fl_class1_profile_match. */
const char *fl_class1_identity(const struct fl_class1 *driver);
/* After INIT, or when it failed for that reason: the classes that the modem says it has, in its own words. */
const char *fl_class1_classes(const struct fl_class1 *driver);

#endif
