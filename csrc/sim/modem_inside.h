/* Inside the simulated modem: what its parts ask of each other. modem.c has the phases and the time; modem_at.c reads
 * command lines and writes results; modem_call.c, modem_frames.c and modem_data.c do what they ask for. Nobody else
 * includes this.
 */
#ifndef FL_SIM_MODEM_INSIDE_H
#define FL_SIM_MODEM_INSIDE_H

#include "sim/modem.h"

enum { DLE = 0x10, ETX = 0x03, SUB = 0x1A, DC1 = 0x11, DC3 = 0x13 };

#define UNDERRUN_LIMIT FL_SEC(5) /* zeros, or flags, sent for want of anything else */

/* What the modem is doing: the rows of a table in modem.c. */
enum fl_simphase {
    FL_SIMPHASE_COMMAND,
    FL_SIMPHASE_PENDING, /* a line is complete, its effect comes after the row's latency */
    FL_SIMPHASE_DIALLING,
    FL_SIMPHASE_CALLING,
    FL_SIMPHASE_ANSWERING,
    FL_SIMPHASE_FTH_OPEN,    /* CONNECT said, flags on the line, a frame wanted */
    FL_SIMPHASE_FTH_SENDING, /* a frame is on the line */
    FL_SIMPHASE_FTM_OPEN,
    FL_SIMPHASE_FTM_DRAIN, /* DLE ETX seen, octets left */
    FL_SIMPHASE_FTM_EARLY, /* the last octets are on the line, and OK is said before they are out */
    FL_SIMPHASE_FRH_WAIT,
    FL_SIMPHASE_FRH_OPEN,
    FL_SIMPHASE_FRM_WAIT,
    FL_SIMPHASE_FRM_OPEN,
    FL_SIMPHASE_FTS,
    FL_SIMPHASE_FRS,
    FL_SIMPHASE_ABORTED, /* the OK to it is still to come */
    FL_SIMPHASES
};

enum fl_simresult {
    FL_SIMRESULT_OK,
    FL_SIMRESULT_CONNECT,
    FL_SIMRESULT_RING,
    FL_SIMRESULT_NO_CARRIER,
    FL_SIMRESULT_ERROR,
    FL_SIMRESULT_NO_DIALTONE,
    FL_SIMRESULT_BUSY,
    FL_SIMRESULT_NO_ANSWER,
    FL_SIMRESULT_FCERROR,
    FL_SIMRESULT_FRH,
    FL_SIMRESULTS
};

enum fl_simaction {
    FL_SIMACTION_FTS,
    FL_SIMACTION_FRS,
    FL_SIMACTION_FTM,
    FL_SIMACTION_FRM,
    FL_SIMACTION_FTH,
    FL_SIMACTION_FRH,
    FL_SIMACTIONS
};

/* ---- modem_at.c ---- */

void fl_simmodem_defaults(struct fl_simmodem *modem);
/* One character of a command line; true when the line is complete. */
bool fl_simmodem_type(struct fl_simmodem *modem, uint8_t c);
/* Executes the complete line: settings at once, an action at its end by modem.c; says the result unless an action
 * will. */
void fl_simmodem_execute(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_result(struct fl_simmodem *modem, enum fl_simresult result, fl_time at);
void fl_simmodem_say(struct fl_simmodem *modem, const void *octets, size_t length);

/* ---- modem.c ---- */

/* False: the modem cannot do that now (ERROR). */
bool fl_simmodem_action(struct fl_simmodem *modem, enum fl_simaction action, int value, fl_time at);
void fl_simmodem_enter(struct fl_simmodem *modem, enum fl_simphase phase, fl_time until);
/* Back to the command state, with this result. */
void fl_simmodem_finish(struct fl_simmodem *modem, enum fl_simresult result, fl_time at);
/* Octets to the DTE, every DLE doubled; DLE ETX. */
void fl_simmodem_say_shielded(struct fl_simmodem *modem, const uint8_t *octets, size_t length);
void fl_simmodem_say_end(struct fl_simmodem *modem);
void fl_simmodem_transmit(struct fl_simmodem *modem, enum fl_signal signal, int code, fl_time at);
/* How much later than usual this CONNECT comes. */
fl_time fl_simmodem_late_connect(struct fl_simmodem *modem, fl_time at);
/* CONNECT of a sender: what it does on the line has begun, only the word may be late. */
void fl_simmodem_say_connect(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_start_s7(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_start_give_up(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_stop_listening(struct fl_simmodem *modem);

/* ---- modem_call.c ---- */

bool fl_simmodem_dial(struct fl_simmodem *modem, fl_time duration, fl_time at);
bool fl_simmodem_answer(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_on_hook(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_off_hook(struct fl_simmodem *modem);
/* The call, or the try, is over: on hook, with the result of what was under way. */
void fl_simmodem_end_call(struct fl_simmodem *modem, enum fl_simresult result, fl_time at);
void fl_simmodem_heard_calling(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_timer_dialling(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_answering(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_tone(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_ring(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_s7(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_give_up(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_lost(struct fl_simmodem *modem, fl_time at);

/* ---- modem_frames.c ---- */

void fl_simmodem_start_frh(struct fl_simmodem *modem, fl_time at);
/* Flags have been heard long enough. */
void fl_simmodem_open_frh(struct fl_simmodem *modem, fl_time at);
/* A frame that comes while no +FRH is outstanding. */
void fl_simmodem_keep_frame(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_heard_frh_wait(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_heard_frh_open(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_timer_deaf(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_start_fth(struct fl_simmodem *modem, fl_time at);
/* Returns how many octets were taken: those up to DLE ETX. */
size_t fl_simmodem_feed_frame(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at);
void fl_simmodem_timer_fth_open(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_fth_sending(struct fl_simmodem *modem, fl_time at);

/* ---- modem_data.c ---- */

void fl_simmodem_start_frm(struct fl_simmodem *modem, int code, fl_time at);
void fl_simmodem_heard_frm_wait(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_heard_frm_open(struct fl_simmodem *modem, const struct fl_line_event *event);
void fl_simmodem_timer_frm_wait(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_start_ftm(struct fl_simmodem *modem, int code, fl_time at);
/* Returns how many octets were taken: those there was room for. */
size_t fl_simmodem_feed_data(struct fl_simmodem *modem, const uint8_t *octets, size_t length);
size_t fl_simmodem_data_room(const struct fl_simmodem *modem);
void fl_simmodem_timer_ftm(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_ftm_early(struct fl_simmodem *modem, fl_time at);
void fl_simmodem_timer_off(struct fl_simmodem *modem, fl_time at);

#endif
