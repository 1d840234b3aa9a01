/* What ends early: an order that is aborted, a call that is hung up or is gone, a modem that is stuck. */
#include "modem/class1_phases.h"

#define AT_TRIES        3
#define HANG_UP_TRIES   2
#define ESCALATED_PAUSE 100 /* ms for the OK to CAN to come after the OK to AT */

/* ---- abort ---- */

static void send_at(struct fl_class1 *d, fl_time now)
{
    d->tries++;
    fl_c1_command(d, "AT", now);
    fl_c1_enter(d, ABORT_AT, now);
}

/* Ends the reception under way. What comes until the result is data that nobody wants any more. */
void fl_c1_begin_abort(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    if (FL_C1_PHASES[d->phase].mode == OCTETS) {
        d->line_length = 0;
        d->line_dirty = true;
    }
    d->ending = ending;
    d->tries = 0;
    if (d->profile->abort_by_at) {
        send_at(d, now);
        return;
    }
    fl_c1_put_octet(d, CAN);
    fl_c1_enter(d, ABORTING, now);
    d->deadline = now + FL_MS(d->profile->abort_ms);
}

/* A result without sense: either the command is over or still under way. "AT" makes it certain. */
void fl_c1_make_certain(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    d->ending = ending;
    d->tries = 0;
    send_at(d, now);
}

void fl_c1_try_at(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->tries < AT_TRIES)
        send_at(d, now);
    else
        fl_c1_stuck(d, argument, now);
}

void fl_c1_aborted(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    uint32_t pause_ms = d->profile->abort_pause_ms;
    bool escalated = d->phase == ABORT_AT && (d->tries > 1 || !d->profile->abort_by_at);
    if (escalated && pause_ms < ESCALATED_PAUSE) pause_ms = ESCALATED_PAUSE;
    d->dle = false;
    fl_c1_enter(d, SETTLE, now);
    d->deadline = now + FL_MS(pause_ms);
    if (!pause_ms) fl_c1_finish(d, (enum fl_indication_kind)d->ending, now);
}

void fl_c1_settled(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_finish(d, (enum fl_indication_kind)d->ending, now);
}

void fl_c1_close_carrier(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_put_end(d);
    fl_c1_enter(d, CLOSING, now);
}

static void send_hang_up(struct fl_class1 *d, fl_time now)
{
    d->tries++;
    fl_c1_command(d, "ATH0", now);
    fl_c1_enter(d, HANGING_UP, now);
}

void fl_c1_hang_up(struct fl_class1 *d, fl_time now)
{
    d->tries = 0;
    d->held = false;
    d->may_doubt = true;
    send_hang_up(d, now);
}

void fl_c1_hung_up(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->forced) { /* this may have been the late answer to what was under way */
        d->forced = false;
        fl_c1_hang_up(d, now);
        return;
    }
    d->off_hook = d->hanging_up = d->pending = d->hang_up_reset = false;
    d->errors = 0;
    fl_c1_finish(d, (enum fl_indication_kind)d->ending, now);
}

/* ERROR to nothing, behind the OK to ATH0: that OK may have been for something else, and ATH0 have gone out as the octets
 * of a frame that the modem has given up now. Once a call. */
void fl_c1_doubt_hang_up(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->off_hook || !d->may_doubt) return;
    fl_c1_hang_up(d, now);
    d->may_doubt = false;
}

/* Either the modem was on hook already, or this ends something else, of which ATH0 has become a part. */
void fl_c1_hang_up_refused(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->tries < HANG_UP_TRIES)
        send_hang_up(d, now);
    else
        fl_c1_hung_up(d, argument, now);
}

void fl_c1_hang_up_silent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->tries < HANG_UP_TRIES) {
        send_hang_up(d, now);
        return;
    }
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "no answer to ATH0");
    if (d->config.can_reset && !d->hang_up_reset) { /* then with DTR; and ATH0 again once the modem answers */
        d->hang_up_reset = d->recovering = true;
        d->reset_done = d->forced = false;
        fl_c1_chat_reset(d, now);
        return;
    }
    d->forced = false;
    fl_c1_hung_up(d, argument, now);
}

void fl_c1_force_hang_up(struct fl_class1 *d, fl_time now)
{
    static const uint8_t ANYTHING[] = {DLE, ETX, CAN};
    d->out_at = d->out_length = 0;
    fl_c1_put(d, ANYTHING, sizeof ANYTHING);
    d->forced = true;
    d->dle = false;
    fl_c1_hang_up(d, now);
}

void fl_c1_begin_early_end(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    switch (FL_C1_PHASES[d->phase].stop) {
    case STOP_NOW: fl_c1_finish(d, (enum fl_indication_kind)ending, now); break;
    case STOP_WAIT: d->ending = ending; break;
    case STOP_CLOSE: fl_c1_close_carrier(d, 0, now); break;
    case STOP_SOURCE:
        d->source_ended = true;
        d->paced_until = 0;
        d->chunk_at = d->chunk_length = 0;
        break;
    case STOP_CALL:
        d->hanging_up = true;
        d->hang_up_by = now + FL_C1_HANG_UP_BOUND;
        /* fall through */
    case STOP_ABORT: fl_c1_begin_abort(d, ending, now); break;
    }
}

void fl_c1_stop(struct fl_class1 *d, bool with_hang_up, fl_time now)
{
    bool again = d->stopping;
    if (with_hang_up && !d->hanging_up) {
        d->hanging_up = true;
        d->hang_up_by = now + FL_C1_HANG_UP_BOUND;
    }
    d->busy = d->stopping = true;
    d->pending = d->held = false;
    d->ending = FL_IND_DONE;
    if (!again) fl_c1_begin_early_end(d, FL_IND_DONE, now);
}

/* ---- the call is gone, or so it seems ---- */

void fl_c1_line_down(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (now < d->straggler_until) {
        d->straggler_until = 0;
        return;
    }
    /* No answer to +FRS: that may go on all the same, and the first octet of the next command would only end it. */
    if (d->phase == LISTEN) {
        fl_c1_make_certain(d, FL_IND_LINE_DOWN, now);
        return;
    }
    if (d->busy || d->off_hook) fl_c1_finish(d, FL_IND_LINE_DOWN, now);
}

/* A command that begins something of ours: when it is refused, nothing is lost by giving it once more. The engine
 * itself asks again for a reception. */
static bool repeatable(const struct fl_class1 *d)
{
    return d->phase == FTH || d->phase == FTM || d->phase == SILENCE || d->phase == LISTEN;
}

/* ERROR to an action command: on hook, or a command that the modem does not know. Once tells nothing. */
void fl_c1_refused(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->off_hook && ++d->errors > d->profile->hook_sensitivity) {
        fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "ERROR %u times in a row: the modem is on hook",
                      d->errors);
        fl_c1_finish(d, FL_IND_LINE_DOWN, now);
        return;
    }
    if (d->off_hook && !d->stopping && repeatable(d)) {
        fl_c1_start(d, now);
        return;
    }
    fl_c1_finish(d, FL_IND_FAILED, now);
}

void fl_c1_ring(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument, (void)now;
    if (!d->off_hook) fl_c1_tell(d, FL_IND_RING, false, NULL, 0);
}

/* ---- recovery ---- */

void fl_c1_stuck(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "no answer in phase %s", FL_C1_PHASES[d->phase].name);
    if (d->hanging_up) {
        fl_c1_force_hang_up(d, now);
        return;
    }
    d->out_at = d->out_length = 0;
    d->pending = false;
    d->recovering = true;
    fl_c1_put_end(d);
    fl_c1_put_octet(d, CAN);
    fl_c1_chat_begin(d, now);
}
