/* The phases of the Class 1 dialogue as one table: how each is left early, how long it may last, what the modem may say
 * in it and what is done then.
 */
#include "modem/class1_phases.h"

/* PHASE(id, name, what comes, how it is left early, limit in ms (0: none, or set by whoever enters),
 *       ON(result, what is done, its argument) ...)
 */
#define PHASE(id, name, mode, stop, limit_ms, ...) [id] = {name, mode, stop, limit_ms, {__VA_ARGS__}}
#define ON(result, action, argument)               {FL_RESULT_##result, argument, fl_c1_##action}
#define NOTHING                                    {0}

/* clang-format off */
const struct fl_c1_phase FL_C1_PHASES[PHASES_COUNT] = {
    PHASE(IDLE, "idle", LINES, STOP_NOW, 0,
        ON(CONNECT, begin_abort,   FL_IND_DONE), /* late: nobody wants what follows */
        ON(ERROR,   doubt_hang_up, 0)),
    PHASE(CARRIER, "carrier", LINES, STOP_CLOSE, 6000, /* the modem drops it by itself after 5 s */
        ON(OK,      carrier_dropped, 0),
        ON(ERROR,   carrier_dropped, 0),
        ON(TIMEOUT, close_carrier,   0)),
    PHASE(CHAT, "init", LINES, STOP_WAIT, 3000,
        ON(OK,         chat_ok,     0),
        ON(ERROR,      chat_error,  0),
        ON(TEXT,       chat_text,   0),
        ON(NO_CARRIER, ignore,      0),
        ON(BUSY,       ignore,      0),
        ON(TIMEOUT,    chat_silent, 0)),
    PHASE(QUIET, "quiet", LINES, STOP_WAIT, 300,
        ON(NO_CARRIER, ignore,     0),
        ON(BUSY,       ignore,     0),
        ON(TIMEOUT,    chat_quiet, 0)),
    PHASE(DIAL_SETUP, "dial setup", LINES, STOP_WAIT, 3000,
        ON(OK,         dial,   0),
        ON(ERROR,      dial,   0),
        ON(NO_CARRIER, ignore, 0),
        ON(TIMEOUT,    stuck,  0)),
    PHASE(DIALING, "dialling", LINES, STOP_CALL, 0,
        ON(CONNECT,     dialed,          0),
        ON(BUSY,        end_with,        FL_IND_BUSY),
        ON(NO_ANSWER,   end_with,        FL_IND_NO_ANSWER),
        ON(NO_DIALTONE, end_with,        FL_IND_NO_DIALTONE),
        ON(NO_CARRIER,  dial_no_carrier, 0),
        ON(ERROR,       end_with,        FL_IND_FAILED),
        ON(RING,        dial_ring,       0),
        ON(TIMEOUT,     dial_overdue,    FL_IND_NO_ANSWER)),
    PHASE(ANSWERING, "answering", LINES, STOP_CALL, 30000,
        ON(CONNECT,    answered,     0),
        ON(NO_CARRIER, end_with,     FL_IND_NOT_FAX),
        ON(NO_ANSWER,  end_with,     FL_IND_NOT_FAX),
        ON(ERROR,      end_with,     FL_IND_FAILED),
        ON(RING,       ignore,       0),
        ON(TIMEOUT,    dial_overdue, FL_IND_NOT_FAX)),
    PHASE(FTH, "+FTH", LINES, STOP_WAIT, 10000,
        ON(CONNECT, fth_connected, 0),
        ON(ERROR,   refused,       0)),
    PHASE(FRAME_OUT, "frame out", LINES, STOP_WAIT, 0,
        ON(OK,      frame_sent,      0),
        ON(CONNECT, frame_sent_more, 0),
        ON(ERROR,   refused,         0)),
    PHASE(CLOSING, "closing", LINES, STOP_WAIT, 5000,
        ON(OK,    end_with, FL_IND_DONE),
        ON(ERROR, end_with, FL_IND_DONE)),
    PHASE(FRH, "+FRH", LINES, STOP_ABORT, 0,
        ON(CONNECT,    frh_connected, 0),
        ON(NO_CARRIER, end_with,      FL_IND_NO_CARRIER),
        ON(FCERROR,    end_with,      FL_IND_NO_CARRIER),
        ON(FRM,        begin_abort,   FL_IND_NO_CARRIER),
        ON(OK,         make_certain,  FL_IND_NO_CARRIER),
        ON(ERROR,      refused,       0),
        ON(TIMEOUT,    frh_overdue,   0)),
    PHASE(FRAME_IN, "frame in", OCTETS, STOP_ABORT, 10000,
        ON(ETX,     frame_etx,   0),
        ON(TIMEOUT, begin_abort, FL_IND_NO_CARRIER)),
    PHASE(FRAME_END, "frame end", LINES, STOP_WAIT, 1500,
        ON(OK,         frame_ended, GOOD),
        ON(ERROR,      frame_ended, BAD),
        ON(FCERROR,    frame_ended, BAD),
        ON(NO_CARRIER, frame_ended, LOST),
        ON(TIMEOUT,    frame_ended, UNSAID)),
    PHASE(FTM, "+FTM", LINES, STOP_SOURCE, 10000,
        ON(CONNECT, ftm_connected, 0),
        ON(ERROR,   refused,       0)),
    PHASE(CONNECT_DELAY, "connect delay", LINES, STOP_SOURCE, 0,
        ON(OK,      data_underrun, FL_IND_FAILED),
        ON(ERROR,   refused,       0),
        ON(TIMEOUT, delay_over,    0)),
    PHASE(DATA_OUT, "data out", LINES, STOP_SOURCE, 30000, /* without progress */
        ON(OK,    data_underrun, FL_IND_FAILED),
        ON(ERROR, data_underrun, FL_IND_FAILED)),
    PHASE(DATA_END, "data end", LINES, STOP_WAIT, 0,
        ON(OK,    data_sent,     0),
        ON(ERROR, data_underrun, FL_IND_FAILED)),
    PHASE(DATA_PAUSE, "data pause", LINES, STOP_WAIT, 5000,
        ON(OK,    end_with, FL_IND_DONE),
        ON(ERROR, end_with, FL_IND_DONE)),
    PHASE(FRM, "+FRM", LINES, STOP_ABORT, 60000,
        ON(CONNECT,    frm_connected, 0),
        ON(NO_CARRIER, end_with,      FL_IND_NO_CARRIER),
        ON(FCERROR,    frm_mismatch,  0),
        ON(FRH,        frm_v21,       0),
        ON(OK,         make_certain,  FL_IND_NO_CARRIER),
        ON(ERROR,      frm_error,     0),
        ON(TIMEOUT,    begin_abort,   FL_IND_NO_CARRIER)),
    PHASE(DATA_IN, "data in", OCTETS, STOP_ABORT, 15000, /* without an octet */
        ON(ETX,     data_etx,     0),
        ON(TIMEOUT, data_stalled, 0)),
    PHASE(BLOCK_END, "block end", LINES, STOP_WAIT, 1500,
        ON(NO_CARRIER, data_ended, LOST),
        ON(OK,         data_ended, GOOD),
        ON(ERROR,      data_ended, BAD),
        ON(FCERROR,    data_ended, BAD),
        ON(TIMEOUT,    data_ended, UNSAID)),
    PHASE(SILENCE, "+FTS", LINES, STOP_WAIT, 0,
        ON(OK,    silence_over, 0),
        ON(ERROR, refused,      0)),
    PHASE(LISTEN, "+FRS", LINES, STOP_ABORT, 60000,
        ON(OK,      silence_over, 0),
        ON(ERROR,   refused,      0),
        ON(TIMEOUT, begin_abort,  FL_IND_FAILED)),
    PHASE(DELAY, "delay", LINES, STOP_NOW, 0,
        ON(TIMEOUT, end_with, FL_IND_DONE)),
    PHASE(ABORTING, "abort", DISCARD, STOP_WAIT, 0,
        ON(OK,         aborted, 0),
        ON(NO_CARRIER, aborted, 0),
        ON(ERROR,      aborted, 0),
        ON(FCERROR,    aborted, 0),
        ON(BUSY,       aborted, 0),
        ON(TIMEOUT,    try_at,  0)),
    PHASE(ABORT_AT, "abort by AT", DISCARD, STOP_WAIT, 1000,
        ON(OK,         aborted, 0),
        ON(NO_CARRIER, ignore,  0),
        ON(BUSY,       ignore,  0),
        ON(ERROR,      try_at,  0),
        ON(TIMEOUT,    try_at,  0)),
    PHASE(SETTLE, "settle", DISCARD, STOP_WAIT, 0,
        ON(NO_CARRIER, ignore,  0),
        ON(BUSY,       ignore,  0),
        ON(TIMEOUT,    settled, 0)),
    PHASE(HANGING_UP, "hang up", LINES, STOP_WAIT, 3000,
        ON(OK,         hung_up,        0),
        ON(ERROR,      hang_up_refused, 0),
        ON(NO_CARRIER, ignore,         0),
        ON(BUSY,       ignore,         0),
        ON(NO_ANSWER,  ignore,         0),
        ON(RING,       ignore,         0),
        ON(TIMEOUT,    hang_up_silent, 0)),
    PHASE(DEAD, "dead", DISCARD, STOP_NOW, 0, NOTHING),
};

/* What a result means in every phase that does not say otherwise. */
static const struct fl_c1_match DEFAULTS[] = {
    ON(RING,       ring,      0),
    ON(NO_CARRIER, line_down, 0),
    ON(BUSY,       line_down, 0),
    ON(NO_ANSWER,  line_down, 0),
    ON(TIMEOUT,    stuck,     0),
};
/* clang-format on */

void fl_c1_dispatch(struct fl_class1 *d, uint8_t result, fl_time now)
{
    const struct fl_c1_match *matches = FL_C1_PHASES[d->phase].matches;
    for (size_t i = 0; i < MATCHES && matches[i].result; i++) {
        if (matches[i].result != result) continue;
        matches[i].act(d, matches[i].argument, now);
        return;
    }
    for (size_t i = 0; i < FL_COUNT(DEFAULTS); i++)
        if (DEFAULTS[i].result == result) DEFAULTS[i].act(d, DEFAULTS[i].argument, now);
}
