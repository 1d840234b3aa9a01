/* Exchanges that bring nothing new are bounded, by count and by minutes: a far end that repeats a command for ever, or sends
 * a carrier without a page for ever, must not hold the line, and whoever pays for it, until the session's limit.
 *
 * It is not: a limit to a slow fax. Every new row, frame of a block or page begins the count and the minutes anew.
 */
#include "t30/states.h"

/* A far end that is kept waiting asks again every 2.5 s at most until its T5, 65 s, is over: 26 frames. A command goes out
 * three times, with up to five frames before it. Four times as many bear both at once on a line that damages most of them. */
#define FRAMES_IDLE_MAX 100

void fl_t30_progress(struct fl_t30 *e)
{
    e->frames_idle = 0;
    if (e->timer[FL_X5] != FL_NEVER) fl_t30_expect_progress(e);
}

void fl_t30_expect_progress(struct fl_t30 *e)
{
    fl_t30_timer_wait(e, FL_X5);
}

bool fl_t30_idle_frame(struct fl_t30 *e)
{
    if (++e->frames_idle <= FRAMES_IDLE_MAX) return false;
    /* Behind the last page nothing new is due: that far end only does not hear that it has been confirmed. */
    fl_t30_give_up(e, FL_T30_TABLE[e->state].phase[0] == 'E' ? FL_RAW_NONE : FL_RAW_D_NOTHING_NEW, true);
    return true;
}
