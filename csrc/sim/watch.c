/* The judge: one table of rules, one record per end, and the comparison of the two at every change. */
#include "sim/watch.h"

#include <stdio.h>
#include <string.h>

/* Percentages are worked out: 1 s +-15 %, 1.5 s +-10 %, 3 s +15 %, 0.5 s and 3 s +-15 %. A repetition may come from the
 * lowest automatic T4 (3 s - 15 %) to the highest manual one (4.5 s + 15 %). The judge of TURN looks only at changes
 * made within a second: longer ones are repetitions, which REPEAT judges. */
const struct fl_watch_row fl_watch_rows[FL_RULES] = {
    [FL_RULE_TURN] = {"change of modulation", "T.30 5.1, 75 +-20 ms", FL_MS(55), FL_MS(95)},
    [FL_RULE_ANSWER] = {"silence before our answer", "T.30 5.1, 75 +-20 ms", FL_MS(55), FL_NEVER},
    [FL_RULE_COLLISION] = {"both ends send", "T.30, half duplex", 0, 0},
    [FL_RULE_PREAMBLE] = {"preamble", "T.30 5.3.1, 1 s +-15 %", FL_MS(850), FL_MS(1150)},
    [FL_RULE_FLAGS] = {"flag between frames", "T.30 5.3.2", 0, FL_NEVER},
    [FL_RULE_FRAME] = {"frame length", "T.30 5.3, 3 s +15 %", 0, FL_MS(3450)},
    [FL_RULE_TCF] = {"TCF length", "T.30 5.3.6, 1.5 s +-10 %", FL_MS(1350), FL_MS(1650)},
    [FL_RULE_REPEAT] = {"wait before repeating a command", "T.30, T4", FL_MS(2550), FL_MS(5175)},
    [FL_RULE_CNG_ON] = {"CNG on", "T.30, CNG 0.5 s +-15 %", FL_MS(425), FL_MS(575)},
    [FL_RULE_CNG_OFF] = {"CNG off", "T.30, CNG 3 s +-15 %", FL_MS(2550), FL_MS(3450)},
    [FL_RULE_CED] = {"CED", "T.30, CED 2.6 to 4.0 s", FL_MS(2600), FL_MS(4000)},
    [FL_RULE_CED_GAP] = {"silence after CED", "T.30, 75 +-20 ms", FL_MS(55), FL_MS(95)},
};

enum { FCF_DCS = 0x82 };

#define TURN_LIMIT FL_SEC(1)
#define LONG_AGO   (-FL_NEVER)

void fl_watch_init(struct fl_watch *watch, struct fl_pen pen)
{
    memset(watch, 0, sizeof *watch);
    watch->pen = pen;
    fl_watch_start(watch, 0);
}

void fl_watch_start(struct fl_watch *watch, fl_time delay)
{
    watch->delay = delay;
    for (int end = 0; end < 2; end++) {
        struct fl_watch_end *self = &watch->ends[end];
        uint32_t violations = self->violations;
        char text[sizeof self->text];
        memcpy(text, self->text, sizeof text);
        *self = (struct fl_watch_end){.command = -1,
                                      .off = LONG_AGO,
                                      .carrier_off = LONG_AGO,
                                      .lost = FL_NEVER,
                                      .violations = violations};
        memcpy(self->text, text, sizeof text);
    }
}

uint32_t fl_watch_violations(const struct fl_watch *watch, int end)
{
    return watch->ends[end].violations;
}

const char *fl_watch_text(const struct fl_watch *watch, int end)
{
    return watch->ends[end].text;
}

static void report(struct fl_watch *watch, int end, enum fl_watch_rule rule, fl_time at)
{
    struct fl_pen pen = {watch->pen.trace, (uint8_t)end};
    watch->ends[end].violations++;
    watch->broken[rule]++;
    fl_trace_text(&pen, at, FL_TRACE_VIOLATION, "%s", watch->ends[end].text);
}

/* Measures a duration against its rule. */
static void judge(struct fl_watch *watch, int end, enum fl_watch_rule rule, fl_time measured, fl_time at)
{
    const struct fl_watch_row *row = &fl_watch_rows[rule];
    struct fl_watch_end *self = &watch->ends[end];
    if (measured >= row->low && measured <= row->high) return;
    const char *side = measured < row->low ? "at least" : "at most";
    fl_time limit = measured < row->low ? row->low : row->high;
    snprintf(self->text, sizeof self->text, "%s: %.1f ms, %s %d ms (%s)", row->name, (double)measured / 1000,
             side, (int)(limit / 1000), row->clause);
    report(watch, end, rule, at);
}

/* How long a carrier must have been there before it can be known to be. */
#define NOTICE FL_MS(100)

static bool is_carrier(int signal)
{
    return signal == FL_SIGNAL_V21 || signal == FL_SIGNAL_FAST;
}

/* ---- a signal begins ---- */

/* What this end heard of the other's carriers: FL_NEVER while one is on, else when the last one's end passed. */
static fl_time heard_until(const struct fl_watch *watch, int end)
{
    const struct fl_watch_end *other = &watch->ends[!end];
    if (!other->carried) return LONG_AGO;
    fl_time until = fl_earlier(other->carrier_off, other->lost);
    return until == FL_NEVER ? FL_NEVER : until + watch->delay;
}

static void judge_start_against_other(struct fl_watch *watch, int end, fl_time heard, fl_time at)
{
    struct fl_watch_end *self = &watch->ends[end];
    if (heard == LONG_AGO) return;
    /* Nobody hears a carrier at once: two that begin together are bad luck, not a breach. */
    const struct fl_watch_end *other = &watch->ends[!end];
    if (heard == FL_NEVER && other->since + watch->delay + NOTICE > at) return;
    if (heard > at) {
        snprintf(self->text, sizeof self->text, "%s: begun while the other's carrier is on the line (%s)",
                 fl_watch_rows[FL_RULE_COLLISION].name, fl_watch_rows[FL_RULE_COLLISION].clause);
        report(watch, end, FL_RULE_COLLISION, at);
    } else {
        judge(watch, end, FL_RULE_ANSWER, at - heard, at);
    }
}

/* A carrier begins at this end, which was silent (or sent a tone). */
static void begin_carrier(struct fl_watch *watch, int end, int signal, fl_time at)
{
    struct fl_watch_end *self = &watch->ends[end];
    fl_time heard = heard_until(watch, end);
    self->silence = self->carried ? at - self->carrier_off : 0;
    self->unanswered = self->carried && (heard == LONG_AGO || heard <= self->carrier_off);
    judge_start_against_other(watch, end, heard, at);
    if (self->unanswered && self->last != signal && is_carrier(self->last) && self->silence < TURN_LIMIT)
        judge(watch, end, FL_RULE_TURN, self->silence, at);
    if (signal == FL_SIGNAL_V21 && self->last == FL_SIGNAL_CED && self->off != LONG_AGO)
        judge(watch, end, FL_RULE_CED_GAP, at - self->off, at);
    if (signal == FL_SIGNAL_V21) self->after_dcs = false;
    /* A page lies between two commands that are alike: the second repeats nothing. TCF belongs to its DCS. */
    if (signal == FL_SIGNAL_FAST && !self->after_dcs) self->command = -1;
    self->frames = 0;
    self->octets = 0;
    self->carried = true;
    self->carrier_off = self->lost = FL_NEVER;
}

static void begin_cng(struct fl_watch *watch, int end, fl_time at)
{
    struct fl_watch_end *self = &watch->ends[end];
    if (self->cng_on == 0 || self->last != FL_SIGNAL_CNG) return;
    /* The last CNG of a call is cut by the answer: only one that is followed by another is judged. */
    judge(watch, end, FL_RULE_CNG_ON, self->cng_on, at);
    judge(watch, end, FL_RULE_CNG_OFF, at - self->off, at);
}

/* ---- a signal ends ---- */

static void end_signal(struct fl_watch *watch, int end, bool cut, fl_time at)
{
    struct fl_watch_end *self = &watch->ends[end];
    self->off = at;
    self->last = self->signal;
    if (is_carrier(self->signal)) self->carrier_off = at;
    if (self->signal == FL_SIGNAL_CNG) self->cng_on = at - self->since;
    if (cut) return;
    if (self->signal == FL_SIGNAL_CED) judge(watch, end, FL_RULE_CED, at - self->since, at);
    if (self->signal == FL_SIGNAL_FAST && self->after_dcs && self->rate_bps)
        judge(watch, end, FL_RULE_TCF, (fl_time)(self->octets * 8000000 / self->rate_bps), at);
    if (self->signal == FL_SIGNAL_FAST) self->after_dcs = false;
}

void fl_watch_signal(struct fl_watch *watch, int end, enum fl_signal signal, int rate_bps, bool cut,
                     fl_time at)
{
    struct fl_watch_end *self = &watch->ends[end];
    if (self->signal != FL_SIGNAL_SILENCE) end_signal(watch, end, cut, at);
    if (is_carrier(signal)) begin_carrier(watch, end, signal, at);
    if (signal == FL_SIGNAL_CNG) begin_cng(watch, end, at);
    self->signal = (uint8_t)signal;
    self->rate_bps = (uint16_t)rate_bps;
    self->since = at;
}

/* ---- frames and data ---- */

void fl_watch_frame(struct fl_watch *watch, int end, const uint8_t *octets, size_t length, fl_time start,
                    fl_time stop)
{
    struct fl_watch_end *self = &watch->ends[end];
    if (self->frames++ == 0)
        judge(watch, end, FL_RULE_PREAMBLE, start - self->since, start);
    else
        judge(watch, end, FL_RULE_FLAGS, start - self->frame_end, start);
    judge(watch, end, FL_RULE_FRAME, stop - start, start);
    self->frame_end = stop;
    if (length < 3 || octets[0] != 0xFF || !(octets[1] & 0x10)) return;
    /* The last frame of the burst names it. DIS and DTC differ in the lowest bit only; the others do not use it. */
    int command = octets[2] & 0x40 || octets[2] & 0x3E ? octets[2] & 0xFE : octets[2];
    if (self->unanswered && command == self->command)
        judge(watch, end, FL_RULE_REPEAT, self->silence, self->since);
    self->command = command;
    self->after_dcs = command == FCF_DCS;
}

void fl_watch_lost(struct fl_watch *watch, int end, fl_time at)
{
    watch->ends[end].lost = at;
}

void fl_watch_data(struct fl_watch *watch, int end, size_t length)
{
    watch->ends[end].octets += length;
}
