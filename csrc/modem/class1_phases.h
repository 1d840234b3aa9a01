/* The inside of the Class 1 driver: its phases, what the modem may say in each of them, and what its files use of each
 * other. Private to class1*.c. The table itself is in class1_phases.c; what is done in a phase is in the file of
 * its subject.
 *
 * fl_class1_* are the driver's verbs for its owner, fl_c1_* are its own.
 */
#ifndef FL_CLASS1_PHASES_H
#define FL_CLASS1_PHASES_H

#include "modem/class1.h"
#include "modem/results.h"

enum { ETX = 0x03, DLE = 0x10, CAN = 0x18, SUB = 0x1A };

/* How long what is under way may take before ATH is given regardless. */
#define FL_C1_HANG_UP_BOUND  FL_SEC(8)
#define FL_C1_STRAGGLER_TIME FL_SEC(2)

enum fl_c1_phase_id {
    IDLE,    /* command state, nothing under way; a frame may be held */
    CARRIER, /* our V.21 flags are on the line and the modem waits for a frame */
    CHAT,    /* the initial dialogue, also for recovery */
    QUIET,   /* in it: late answers to repeated commands run out */
    DIAL_SETUP,
    DIALING,
    ANSWERING,
    FTH,       /* AT+FTH=3 given */
    FRAME_OUT, /* a frame was given */
    CLOSING,   /* DLE ETX given to end our V.21 carrier */
    FRH,       /* AT+FRH=3 given */
    FRAME_IN,  /* CONNECT came: octets of a frame */
    FRAME_END, /* DLE ETX came: the result is due */
    FTM,       /* AT+FTM=m given */
    CONNECT_DELAY,
    DATA_OUT,
    DATA_END,   /* DLE ETX given: OK comes when all of it is on the line */
    DATA_PAUSE, /* the profile's +FTS=1 after data */
    FRM,        /* AT+FRM=m given */
    DATA_IN,
    BLOCK_END,  /* DLE ETX came: the result is due */
    SILENCE,    /* AT+FTS=n given */
    LISTEN,     /* AT+FRS=n given */
    DELAY,      /* the host waits in place of +FTS or +FRS */
    ABORTING,   /* CAN given: what comes is discarded until a result */
    ABORT_AT,   /* "AT" CR given: the same, OK is a must */
    SETTLE,     /* after it: late results run out */
    HANGING_UP, /* ATH0 given */
    DEAD,
    PHASES_COUNT
};

/* How a phase is left early. */
enum stop {
    STOP_NOW,    /* nothing is under way at the modem */
    STOP_WAIT,   /* it ends by itself soon */
    STOP_CLOSE,  /* DLE ETX ends our V.21 carrier */
    STOP_SOURCE, /* the source counts as exhausted: DLE ETX, OK */
    STOP_ABORT,  /* an abort character, OK */
    STOP_CALL,   /* the same, and the modem is to be on hook after it */
};

enum mode { LINES, OCTETS, DISCARD };

/* What is done when the modem says what was waited for; the argument is the match's. */
typedef void fl_c1_action(struct fl_class1 *d, uint8_t argument, fl_time now);

struct fl_c1_match {
    uint8_t result; /* enum fl_result; 0 ends the list */
    uint8_t argument;
    fl_c1_action *act;
};

#define MATCHES 8

struct fl_c1_phase {
    const char *name;
    uint8_t mode, stop;
    uint32_t limit_ms; /* 0: none, or set by whoever enters */
    struct fl_c1_match matches[MATCHES];
};

extern const struct fl_c1_phase FL_C1_PHASES[PHASES_COUNT];

/* How a frame or data ended, by the result behind DLE ETX. */
enum verdict { GOOD, BAD, LOST, UNSAID };

/* ---- class1_phases.c ---- */

/* Does what the phase's row says for a result, or else what is done in every phase. */
void fl_c1_dispatch(struct fl_class1 *d, uint8_t result, fl_time now);

/* ---- class1.c: telling, moving between phases, octets for the modem ---- */

void fl_c1_tell(struct fl_class1 *d, enum fl_indication_kind kind, bool good, const uint8_t *data,
                size_t length);
void fl_c1_enter(struct fl_class1 *d, enum fl_c1_phase_id phase, fl_time now);
/* What was under way has ended at the modem: the order ends with it, unless a hang-up or another order is due. */
void fl_c1_finish(struct fl_class1 *d, enum fl_indication_kind kind, fl_time now);
void fl_c1_fault(struct fl_class1 *d, fl_time now);
/* Begins the order, now that nothing is under way. */
void fl_c1_start(struct fl_class1 *d, fl_time now);
fl_c1_action fl_c1_end_with, fl_c1_ignore;
void fl_c1_put(struct fl_class1 *d, const void *octets, size_t length);
void fl_c1_put_octet(struct fl_class1 *d, uint8_t octet);
void fl_c1_put_end(struct fl_class1 *d);
void fl_c1_command(struct fl_class1 *d, const char *text, fl_time now);
void fl_c1_command_number(struct fl_class1 *d, const char *text, unsigned number, fl_time now);

/* ---- class1_chat.c: the initial dialogue ---- */

void fl_c1_start_init(struct fl_class1 *d, fl_time now);
void fl_c1_chat_begin(struct fl_class1 *d, fl_time now);
/* From its beginning, with a modem that was reset; once in a dialogue. */
void fl_c1_chat_reset(struct fl_class1 *d, fl_time now);
/* Is the modem being asked for text now? */
bool fl_c1_chat_asks(const struct fl_class1 *d);
fl_c1_action fl_c1_chat_ok, fl_c1_chat_error, fl_c1_chat_text, fl_c1_chat_silent, fl_c1_chat_quiet;

/* ---- class1_call.c: dialling and answering ---- */

void fl_c1_start_dial(struct fl_class1 *d, fl_time now);
void fl_c1_start_answer(struct fl_class1 *d, fl_time now);
fl_c1_action fl_c1_dial, fl_c1_dialed, fl_c1_dial_no_carrier, fl_c1_dial_overdue, fl_c1_dial_ring,
    fl_c1_answered;

/* ---- class1_end.c: abort, hang up, the call that is gone, recovery ---- */

/* An abort or a hang-up was ordered. */
void fl_c1_stop(struct fl_class1 *d, bool with_hang_up, fl_time now);
/* Leaves the phase early, as its row says. */
void fl_c1_begin_early_end(struct fl_class1 *d, uint8_t ending, fl_time now);
void fl_c1_hang_up(struct fl_class1 *d, fl_time now);
/* The modem does not end what is under way within reason. */
void fl_c1_force_hang_up(struct fl_class1 *d, fl_time now);
fl_c1_action fl_c1_begin_abort, fl_c1_make_certain, fl_c1_try_at, fl_c1_aborted, fl_c1_settled,
    fl_c1_close_carrier, fl_c1_hung_up, fl_c1_hang_up_silent, fl_c1_doubt_hang_up, fl_c1_hang_up_refused,
    fl_c1_line_down, fl_c1_refused, fl_c1_ring, fl_c1_stuck;

/* ---- class1_frames.c: V.21 frames out and in ---- */

void fl_c1_start_send_frame(struct fl_class1 *d, fl_time now);
void fl_c1_start_recv_frame(struct fl_class1 *d, fl_time now);
void fl_c1_begin_frame(struct fl_class1 *d, fl_time now);
void fl_c1_tell_carrier(struct fl_class1 *d);
fl_c1_action fl_c1_fth_connected, fl_c1_frame_sent, fl_c1_frame_sent_more, fl_c1_carrier_dropped;
fl_c1_action fl_c1_frh_connected, fl_c1_frh_overdue, fl_c1_frame_etx, fl_c1_frame_ended;

/* ---- class1_data.c: fast data out and in ---- */

void fl_c1_start_send_data(struct fl_class1 *d, fl_time now);
void fl_c1_start_recv_data(struct fl_class1 *d, fl_time now);
/* Copies shielded data as far as the pipe has room. */
size_t fl_c1_take_data(struct fl_class1 *d, uint8_t *octets, size_t cap);
/* When the line will have come so far that the next octet may be given; 0: now. */
fl_time fl_c1_data_pace(const struct fl_class1 *d, fl_time now);
void fl_c1_end_data(struct fl_class1 *d, fl_time now);
fl_c1_action fl_c1_ftm_connected, fl_c1_delay_over, fl_c1_data_underrun, fl_c1_data_sent;
fl_c1_action fl_c1_frm_connected, fl_c1_frm_mismatch, fl_c1_frm_error, fl_c1_frm_v21, fl_c1_data_etx,
    fl_c1_data_ended, fl_c1_data_stalled;

/* ---- class1_silence.c ---- */

void fl_c1_start_silence(struct fl_class1 *d, fl_time now);
fl_c1_action fl_c1_silence_over;

#endif
