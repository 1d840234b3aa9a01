/* A simulated Class 1 modem: the DCE side of the octets that modem/class1.h speaks, in virtual time.
 *
 * What it does: AT commands, dialling and answering, CNG and CED, V.21 frames with flags, FCS and bit stuffing, fast
 * carriers with training, DLE shielding, the buffer rules, RING, loss of the call. Times on the line are exact.
 *
 * What it does not model: the serial line's speed (octets cross it at once unless the row says otherwise; flow control
 * is fl_simmodem_room), modem lines, data calls (class 0 finds no carrier), V.34 (class 1.0), voice, levels.
 *
 * The owner (an exchange) polls fl_simmodem_hook and calls ring, progress, connect, disconnect. The owner ticks it no
 * later than fl_simmodem_deadline, and reads until nothing comes after every call.
 */
#ifndef FL_SIM_MODEM_H
#define FL_SIM_MODEM_H

#include "sim/line.h"

/* One kind of modem. */
struct fl_simmodem_row {
    const char *name;
    const char *text; /* what is odd about it, in words */
    const char *maker, *model, *revision;
    const char *classes;        /* as answered to +FCLASS=? */
    const uint8_t *modulations; /* T.31 codes of the fast carriers, ended by 0 */
    bool brackets;              /* lists are written in brackets */
    bool has_far;               /* +FAR=1 */
    bool has_fts, has_frs;
    bool frh_any_carrier; /* +FRH=3 says CONNECT on a fast carrier too */
    uint16_t latency_ms;  /* from the end of a command line to its effect */
    uint16_t connect_ms;  /* of flags heard before CONNECT */
    uint16_t preamble_ms;
    uint8_t tail;       /* octets of ones delivered behind fast data: what the sender's turn-off looks like */
    uint16_t hangup_ms; /* until it notices that the call is gone; 0: never */
    uint16_t buffer;    /* transmit buffer, up to FL_SIMMODEM_BUFFER */
    uint8_t frames;     /* received between two +FRH that are kept, up to FL_SIMMODEM_FRAMES */
    /* Faults; zero is none. */
    uint16_t early_connect_ms; /* +FTM says CONNECT so long before it takes data: what comes before is lost */
    uint16_t
        early_ok_ms; /* data: OK so long before the carrier's end; the next command but +FTS cuts it off */
    uint16_t late_ok_ms; /* OK to an aborted command comes so late */
    uint16_t deaf_ms;    /* +FRH=3 hears nothing that begins so long after the command */
    uint8_t give_up_s;   /* +FRH=3 and +FRM end the call after so long, while S30 is 0 */
    uint8_t fcerrors; /* +FRM says +FCERROR so many times to a good carrier; then it receives it after all */
    uint16_t dte_bps; /* the serial line is no faster than this */
    const char
        *flow_off; /* +FCLASS=1 turns XON/XOFF on, and data loses DC1 and DC3, until this is given ("&H1") */
    bool ignores_can;      /* CAN does not end +FRH=3: any other character does */
    bool no_fcerror;       /* +FRM says nothing when another carrier comes */
    bool fcerror_is_error; /* it says ERROR then */
    bool without_fcs;      /* received frames come without their FCS */
    bool fcs_reversed;     /* ... with its octets in the wrong order */
    bool no_lists;         /* +FTM=? and +FRM=? are ERROR */
    bool frs_resets;       /* +FRS resets the modem: the call is gone */
    bool no_answer_is_no_carrier;
};

enum fl_hook {
    FL_HOOK_ON,
    FL_HOOK_OFF,       /* off hook without a call: dialling has not ended, ATH1 */
    FL_HOOK_DIALLING,  /* the number is dialled: fl_simmodem_number has it */
    FL_HOOK_RINGING,   /* is being rung */
    FL_HOOK_ANSWERING, /* went off hook to take the ringing call */
    FL_HOOK_CONNECTED,
};

enum fl_progress {
    FL_PROGRESS_NO_DIALTONE,
    FL_PROGRESS_BUSY,
    FL_PROGRESS_NO_ANSWER,
    FL_PROGRESS_NO_CARRIER,
};

#define FL_SIMMODEM_BUFFER 8192
#define FL_SIMMODEM_OUTPUT 16384
#define FL_SIMMODEM_FRAMES 4
#define FL_SIMMODEM_LINE   256
#define FL_SIMMODEM_DIGITS 64
#define FL_SIMMODEM_FIFO   512 /* octets from the DTE that came while nothing could take them */

enum fl_simmodem_timer {
    FL_SIMTIMER_PHASE, /* what the phase waits for */
    FL_SIMTIMER_S7,
    FL_SIMTIMER_TONE, /* CNG cadence */
    FL_SIMTIMER_RING,
    FL_SIMTIMER_LATE, /* a CONNECT held back */
    FL_SIMTIMER_LOST, /* the call is gone, noticed now */
    FL_SIMTIMER_OFF,  /* the carrier's end, after an OK that came too early */
    FL_SIMTIMER_DEAF,
    FL_SIMTIMER_GIVE_UP,
    FL_SIMTIMER_WIRE, /* the serial line is free again */
    FL_SIMTIMERS
};

struct fl_simmodem_queue {
    uint8_t *octets;
    uint32_t cap, head, count;
};

/* What the modem hears now. */
struct fl_simmodem_ear {
    uint8_t signal, code;
    bool unreadable;
    bool echo; /* its own */
    fl_time since;
};

struct fl_simmodem_frame {
    uint16_t length;
    uint8_t octets[FL_LINE_FRAME];
};

struct fl_simmodem_settings {
    bool echo, verbose, quiet;
    bool soft_flow; /* XON/XOFF is on */
    uint8_t fclass; /* 0 or 1 */
    uint8_t far;
    uint8_t other[8]; /* settings that are only kept: rows of a table in modem_at.c */
    uint8_t s[100];
};

struct fl_simmodem {
    const struct fl_simmodem_row *row;
    struct fl_faults *faults;
    struct fl_pen pen; /* the dialogue with a program that keeps no trace itself; zeroed: none */
    uint8_t station;   /* whose faults strike: 0 ours, 1 the far one */
    bool dead;
    uint8_t phase; /* enum fl_simphase: rows of a table in modem.c */
    uint8_t hook;  /* enum fl_hook */
    uint8_t end;   /* of line */
    uint8_t rings;
    struct fl_line *line;
    fl_time now;
    fl_time timers[FL_SIMTIMERS];
    struct fl_simmodem_settings set;
    struct fl_simmodem_queue in, out, data;

    /* the command line */
    uint8_t prefix; /* 0: nothing, 1: A, 2: AT */
    bool overlong, skip_lf;
    uint16_t length;
    uint16_t last_length;
    char text[FL_SIMMODEM_LINE], last[FL_SIMMODEM_LINE];
    char number[FL_SIMMODEM_DIGITS];

    /* sending */
    bool dle, ended, tone_on;
    uint8_t step, last_octet;
    fl_time flags_until;
    fl_time lost_until; /* data that comes before is lost */
    fl_time fill_began; /* of zeros sent for want of data, FL_NEVER: none */
    struct fl_simmodem_frame frame;

    /* receiving */
    struct fl_simmodem_ear ear;
    bool deaf;
    uint8_t storm; /* +FCERRORs said to this carrier */
    uint8_t wanted;
    bool noisy;      /* +FRS hears no silence, whatever comes */
    uint8_t trained; /* code of the last long V.17 train received */
    bool listening;  /* frames are kept though no +FRH is outstanding */
    fl_time listening_since;
    uint8_t kept;
    struct fl_simmodem_frame frames[FL_SIMMODEM_FRAMES];
    uint64_t overruns; /* octets that the DTE did not read in time */

    uint8_t in_octets[FL_SIMMODEM_FIFO];
    uint8_t out_octets[FL_SIMMODEM_OUTPUT];
    uint8_t data_octets[FL_SIMMODEM_BUFFER];
};

/* name: a row of the table, NULL for the generic good one; NULL when there is none. */
const struct fl_simmodem_row *fl_simmodem_row(const char *name);
/* The rows by number, NULL behind the last. */
const struct fl_simmodem_row *fl_simmodem_row_at(size_t index);

/* It must stay where it is: it holds pointers into itself. faults may be NULL. */
void fl_simmodem_init(struct fl_simmodem *modem, const struct fl_simmodem_row *row, int station,
                      struct fl_faults *faults, fl_time now);

/* Octets from the DTE; returns how many there was room for (flow control). */
size_t fl_simmodem_write(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time now);
/* At least so many octets would be taken now. */
size_t fl_simmodem_room(const struct fl_simmodem *modem);
/* Octets to the DTE. */
size_t fl_simmodem_read(struct fl_simmodem *modem, uint8_t *octets, size_t cap, fl_time now);
void fl_simmodem_tick(struct fl_simmodem *modem, fl_time now);
fl_time fl_simmodem_deadline(const struct fl_simmodem *modem);
/* Whoever used it is gone (DTR dropped): command lines that are complete take effect, then it goes on hook, and what goes
 * on ends without a word. The settings stay. */
void fl_simmodem_drop(struct fl_simmodem *modem, fl_time now);
void fl_simmodem_unplug(struct fl_simmodem *modem, fl_time now);
/* Unplugged: neither takes nor gives octets any more. */
bool fl_simmodem_dead(const struct fl_simmodem *modem);
/* What it is doing, in words ("+FRH, flags"). */
const char *fl_simmodem_phase(const struct fl_simmodem *modem);

/* For the exchange. */
enum fl_hook fl_simmodem_hook(const struct fl_simmodem *modem);
/* Digits, * # + of the last ATD. */
const char *fl_simmodem_number(const struct fl_simmodem *modem);
/* Rings, or stops ringing (the caller gave up). */
void fl_simmodem_ring(struct fl_simmodem *modem, bool on, fl_time now);
/* A DIALLING modem's call comes to nothing. */
void fl_simmodem_progress(struct fl_simmodem *modem, enum fl_progress progress, fl_time now);
/* The call is through (hook DIALLING or ANSWERING). The line must live until the modem is on hook again. */
void fl_simmodem_connect(struct fl_simmodem *modem, struct fl_line *line, int end, fl_time now);
/* The other end hung up: the modem notices after the line's delay and its own. */
void fl_simmodem_disconnect(struct fl_simmodem *modem, fl_time now);

#endif
