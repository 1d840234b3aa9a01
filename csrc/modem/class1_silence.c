/* Silence, ours and the far end's. */
#include "modem/class1_phases.h"

/* +FTS is a command itself: where commands must keep a distance, there is silence before and behind it too. */
static unsigned silence_units(const struct fl_class1 *d, bool send)
{
    unsigned duration_ms = d->order.duration_ms, gaps_ms = send ? 2u * d->profile->command_gap_ms : 0;
    return duration_ms > gaps_ms ? (duration_ms - gaps_ms + 9u) / 10u : 1;
}

void fl_c1_start_silence(struct fl_class1 *d, fl_time now)
{
    bool send = d->order.kind == FL_ORDER_SEND_SILENCE;
    bool by_delay = send ? d->profile->silence_by_delay : d->profile->wait_by_delay;
    unsigned units = silence_units(d, send);
    fl_time duration = FL_MS(d->order.duration_ms);
    if (by_delay || units > 255) {
        fl_c1_enter(d, DELAY, now);
        d->deadline = now + duration;
        return;
    }
    fl_c1_command_number(d, send ? "AT+FTS=" : "AT+FRS=", units, now);
    fl_c1_enter(d, send ? SILENCE : LISTEN, now);
    if (send) d->deadline = now + duration + FL_SEC(10);
}

void fl_c1_silence_over(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    fl_c1_finish(d, FL_IND_DONE, now);
}
