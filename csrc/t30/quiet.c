/* The far end's silence before we speak. A modem tells of it (WAIT_SILENCE, +FRS), but not on a line whose noise it takes
 * for a signal: there it waits for ever. So when no silence comes we listen for the only signal that can matter now, V.21:
 * as long as somebody speaks it is not our turn, and what comes is heard out; when nothing comes, we speak.
 *
 * All of it takes less than a far end waits for an answer (T4, 3 s - 15 %), so that we do not meet its repetition.
 */
#include "t30/states.h"

enum quiet {
    NONE,
    WAITING,   /* WAIT_SILENCE is under way */
    GIVEN_UP,  /* it is being called off */
    LISTENING, /* RECV_FRAME: does the far end speak? */
    HEARING,   /* it does */
    CUT_OFF,   /* it spoke without a frame, longer than any takes: that is being called off */
    SURE,      /* it does not, and the listening is being called off */
};

/* We speak because no answer came in time. Its preamble may just have begun: what the modem hears then is no silence, and
 * there is to be time for the flags that a modem must hear before it listens (0.3 s of the 0.85 s that they last at least). */
#define LATE_PATIENCE FL_MS(150)
/* The far end was about to be told DCN for another reason than what it said: it may be in the midst of TCF or of a page,
 * and would not hear it. It misses nothing that it waits for. */
#define PARTING_PATIENCE FL_SEC(10)

static void go_on(struct fl_t30 *e, enum quiet step, fl_time limit)
{
    e->quiet = (uint8_t)step;
    if (limit)
        fl_t30_timer_start(e, FL_X4, limit);
    else
        fl_t30_timer_stop(e, FL_X4);
}

static fl_time patience(const struct fl_t30 *e)
{
    bool usual = e->our_turn && e->parting_gap_ms <= FL_T30_GAP_MS;
    if (e->state == FL_STATE_E_SEND_DCN && !usual) return PARTING_PATIENCE;
    if (e->unanswered != FL_STATE_NONE) return LATE_PATIENCE;
    return FL_MS(FL_T30_TIMERS[FL_X4].wait_ms);
}

void fl_t30_quiet_stop(struct fl_t30 *e)
{
    go_on(e, NONE, 0);
}

void fl_t30_quiet(struct fl_t30 *e, int duration_ms)
{
    e->quiet_ms = (uint16_t)duration_ms;
    fl_t30_wait_silence(e, duration_ms);
    go_on(e, WAITING, FL_MS(duration_ms) + patience(e));
}

static void frame(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FRAME && h->fcf == FL_DCN) {
        fl_t30_give_up(e, FL_T30_TABLE[e->state].phase[0] == 'B' ? FL_RAW_B_DCN : FL_RAW_D_DCN, false);
    } else if (h->kind == FL_H_FRAME && e->unanswered != FL_STATE_NONE) {
        fl_t30_answered(e, h);
    } else if (h->kind == FL_H_FRAME && !h->final) { /* its successor follows in the same burst */
        fl_t30_listen(e);
        go_on(e, HEARING, FL_T30_CARRIER_LIMIT);
    } else {
        fl_t30_quiet(e, e->quiet_ms);
    }
}

bool fl_t30_quiet_goes_on(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    bool over = h->kind == FL_H_DONE || h->kind == FL_H_FAILED;
    if (e->quiet != NONE && h->kind == FL_H_DATA) return true; /* of no order of ours, and it ends none */
    switch (e->quiet) {
    case WAITING:
        if (over) fl_t30_quiet_stop(e);
        return !over;
    case GIVEN_UP:
        if (!over) return true;
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "no silence: does the far end speak?");
        fl_t30_listen(e);
        go_on(e, LISTENING, FL_MS(FL_T30_TIMERS[FL_X4].wait_ms));
        return true;
    case LISTENING:
        if (h->kind == FL_H_CARRIER)
            go_on(e, HEARING, FL_T30_CARRIER_LIMIT);
        else if (h->kind == FL_H_FRAME || h->kind == FL_H_BAD_FRAME)
            frame(e, h);
        else if (!e->order_active)
            fl_t30_listen_again(e);
        return true;
    case HEARING:
        if (!e->order_active) frame(e, h);
        return true;
    case CUT_OFF:
        if (over) fl_t30_quiet(e, e->quiet_ms);
        return true;
    case SURE:
        if (over) fl_t30_quiet_stop(e);
        return !over;
    default: return false;
    }
}

void fl_t30_quiet_overdue(struct fl_t30 *e)
{
    static const uint8_t NEXT[] = {[WAITING] = GIVEN_UP, [LISTENING] = SURE, [HEARING] = CUT_OFF};
    fl_t30_call_off(e);
    go_on(e, (enum quiet)NEXT[e->quiet], 0);
}
