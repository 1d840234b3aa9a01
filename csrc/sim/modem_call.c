/* The simulated modem's calls: the hook, dialling and CNG, RING and answering with CED, what the exchange tells it, and how
 * a call ends.
 */
#include "sim/modem_inside.h"

#define ANSWER_DELAY FL_SEC(2)
#define CED_LENGTH   FL_SEC(3)
#define CED_GAP      FL_MS(75)
#define CNG_ON       FL_MS(500)
#define CNG_OFF      FL_SEC(3)
#define RING_PERIOD  FL_SEC(6)

/* ---- the hook ---- */

enum fl_hook fl_simmodem_hook(const struct fl_simmodem *modem)
{
    return modem->hook;
}

static void forget_call(struct fl_simmodem *modem)
{
    for (int i = 0; i < FL_SIMTIMERS; i++)
        if (i != FL_SIMTIMER_PHASE && i != FL_SIMTIMER_RING) modem->timers[i] = FL_NEVER;
    fl_simmodem_stop_listening(modem);
    modem->ear = (struct fl_simmodem_ear){0};
    modem->trained = 0;
    modem->tone_on = false;
    modem->line = NULL;
}

void fl_simmodem_on_hook(struct fl_simmodem *modem, fl_time at)
{
    if (modem->line) fl_line_cut(modem->line, modem->end, at);
    forget_call(modem);
    if (modem->hook != FL_HOOK_RINGING) modem->hook = FL_HOOK_ON;
}

void fl_simmodem_off_hook(struct fl_simmodem *modem)
{
    if (modem->hook == FL_HOOK_ON) modem->hook = FL_HOOK_OFF;
    if (modem->hook == FL_HOOK_RINGING) modem->hook = FL_HOOK_ANSWERING;
    modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
}

/* The call, or the try, is over: on hook, with the result of what was under way. */
void fl_simmodem_end_call(struct fl_simmodem *modem, enum fl_simresult result, fl_time at)
{
    enum fl_simphase phase = modem->phase;
    fl_simmodem_on_hook(modem, at);
    if (phase == FL_SIMPHASE_COMMAND || phase == FL_SIMPHASE_PENDING) return;
    if (phase == FL_SIMPHASE_FRH_OPEN || phase == FL_SIMPHASE_FRM_OPEN) fl_simmodem_say_end(modem);
    fl_simmodem_finish(modem, result, at);
}

/* ---- dialling ---- */

const char *fl_simmodem_number(const struct fl_simmodem *modem)
{
    return modem->number;
}

bool fl_simmodem_dial(struct fl_simmodem *modem, fl_time duration, fl_time at)
{
    if (modem->hook != FL_HOOK_ON && modem->hook != FL_HOOK_OFF) return false;
    modem->hook = FL_HOOK_OFF;
    fl_simmodem_enter(modem, FL_SIMPHASE_DIALLING, at + duration);
    return true;
}

void fl_simmodem_timer_dialling(struct fl_simmodem *modem, fl_time at)
{
    modem->hook = FL_HOOK_DIALLING;
    fl_simmodem_start_s7(modem, at);
    fl_simmodem_enter(modem, FL_SIMPHASE_CALLING, FL_NEVER);
}

void fl_simmodem_timer_tone(struct fl_simmodem *modem, fl_time at)
{
    modem->tone_on = !modem->tone_on;
    fl_simmodem_transmit(modem, modem->tone_on ? FL_SIGNAL_CNG : FL_SIGNAL_SILENCE, 0, at);
    modem->timers[FL_SIMTIMER_TONE] = at + (modem->tone_on ? CNG_ON : CNG_OFF);
}

/* Hears fax signals only in class 1: a data modem would wait for an answer tone and a carrier that do not come. */
void fl_simmodem_heard_calling(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (modem->set.fclass == 1) fl_simmodem_heard_frh_wait(modem, event);
}

void fl_simmodem_progress(struct fl_simmodem *modem, enum fl_progress progress, fl_time now)
{
    static const uint8_t results[] = {
        [FL_PROGRESS_NO_DIALTONE] = FL_SIMRESULT_NO_DIALTONE,
        [FL_PROGRESS_BUSY] = FL_SIMRESULT_BUSY,
        [FL_PROGRESS_NO_ANSWER] = FL_SIMRESULT_NO_ANSWER,
        [FL_PROGRESS_NO_CARRIER] = FL_SIMRESULT_NO_CARRIER,
    };
    fl_simmodem_tick(modem, now);
    if (modem->dead || modem->phase != FL_SIMPHASE_CALLING) return;
    bool silent = progress == FL_PROGRESS_NO_ANSWER && modem->row->no_answer_is_no_carrier;
    fl_simmodem_end_call(modem, silent ? FL_SIMRESULT_NO_CARRIER : results[progress], now);
}

/* ---- being called ---- */

void fl_simmodem_ring(struct fl_simmodem *modem, bool on, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (modem->dead) return;
    if (on && modem->hook == FL_HOOK_ON) {
        modem->hook = FL_HOOK_RINGING;
        modem->rings = 0;
        modem->timers[FL_SIMTIMER_RING] = now;
    } else if (!on && modem->hook == FL_HOOK_RINGING) {
        modem->hook = FL_HOOK_ON;
        modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
    }
    fl_simmodem_tick(modem, now);
}

void fl_simmodem_timer_ring(struct fl_simmodem *modem, fl_time at)
{
    modem->rings++;
    modem->timers[FL_SIMTIMER_RING] = at + RING_PERIOD;
    fl_simmodem_result(modem, FL_SIMRESULT_RING, at);
    if (modem->set.s[0] && modem->rings >= modem->set.s[0] && modem->phase == FL_SIMPHASE_COMMAND)
        fl_simmodem_answer(modem, at);
}

bool fl_simmodem_answer(struct fl_simmodem *modem, fl_time at)
{
    if (modem->hook == FL_HOOK_CONNECTED || modem->hook == FL_HOOK_DIALLING) return false;
    modem->hook = FL_HOOK_ANSWERING;
    modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
    modem->step = 0;
    fl_simmodem_start_s7(modem, at);
    fl_simmodem_enter(modem, FL_SIMPHASE_ANSWERING, FL_NEVER);
    return true;
}

/* The call is through: a pause, CED, a gap, then as +FTH=3. */
void fl_simmodem_timer_answering(struct fl_simmodem *modem, fl_time at)
{
    if (modem->set.fclass != 1) return; /* a data modem's answer is not modelled; S7 ends it */
    switch (modem->step++) {
    case 0:
        fl_simmodem_transmit(modem, FL_SIGNAL_CED, 0, at);
        modem->timers[FL_SIMTIMER_PHASE] = at + CED_LENGTH;
        break;
    case 1:
        fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        modem->timers[FL_SIMTIMER_PHASE] = at + CED_GAP;
        break;
    default: modem->timers[FL_SIMTIMER_S7] = FL_NEVER; fl_simmodem_start_fth(modem, at);
    }
}

/* ---- the call is through, and over ---- */

void fl_simmodem_connect(struct fl_simmodem *modem, struct fl_line *line, int end, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (modem->dead || modem->line || modem->hook == FL_HOOK_ON || modem->hook == FL_HOOK_RINGING) return;
    modem->line = line;
    modem->end = (uint8_t)end;
    modem->hook = FL_HOOK_CONNECTED;
    modem->ear = (struct fl_simmodem_ear){.since = now};
    if (modem->phase == FL_SIMPHASE_CALLING) {
        modem->listening = true;
        modem->listening_since = now;
        modem->timers[FL_SIMTIMER_TONE] = now;
    } else if (modem->phase == FL_SIMPHASE_ANSWERING) {
        modem->timers[FL_SIMTIMER_PHASE] = now + ANSWER_DELAY;
    }
    fl_simmodem_tick(modem, now);
}

void fl_simmodem_disconnect(struct fl_simmodem *modem, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (!modem->line || modem->row->hangup_ms == 0) return;
    fl_time lost = now + modem->line->delay + FL_MS(modem->row->hangup_ms);
    modem->timers[FL_SIMTIMER_LOST] = fl_earlier(modem->timers[FL_SIMTIMER_LOST], lost);
}

void fl_simmodem_timer_lost(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}

void fl_simmodem_timer_s7(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FL_SIMPHASE_FRH_WAIT)
        fl_simmodem_finish(modem, FL_SIMRESULT_NO_CARRIER, at);
    else if (modem->phase == FL_SIMPHASE_CALLING && !modem->line)
        fl_simmodem_end_call(modem, FL_SIMRESULT_NO_ANSWER, at);
    else
        fl_simmodem_end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}

/* Off with S30's default, whatever may still come. */
void fl_simmodem_timer_give_up(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FL_SIMPHASE_FRH_WAIT || modem->phase == FL_SIMPHASE_FRM_WAIT)
        fl_simmodem_end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}
