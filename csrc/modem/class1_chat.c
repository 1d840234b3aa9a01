/* The initial dialogue: the steps that bring a modem into a known state and find out what it can do, and what happens when
 * it does not answer one. It is spoken again to a modem that got stuck.
 */
#include "modem/class1_phases.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SYNC_TRIES   4
#define SILENCES_MAX 3
#define RESET_PAUSE  FL_MS(1500) /* DTR drops and rises, and the modem comes to itself */

enum step_flag {
    SYNC = 1,     /* repeated until the modem answers */
    REQUIRED = 2, /* ERROR ends the dialogue */
    QUERY = 4,    /* not needed for recovery */
    PAUSE = 8,    /* the modem is deaf for a while after it */
};

enum capture { NOTHING, IDENTITY, CLASSES, CHOICE, SEND_LIST, RECEIVE_LIST, ADAPTIVE };

struct step {
    const char *text; /* NULL: the profile's field */
    size_t field;
    uint8_t flags, capture;
};

#define FIELD(name) NULL, offsetof(struct fl_class1_profile, name)

#define STEP_RESET 1

static const struct step STEPS[] = {
    {"AT", 0, SYNC, NOTHING},
    [STEP_RESET] = {FIELD(reset), PAUSE, NOTHING},
    {"ATE0V1Q0", 0, REQUIRED, NOTHING},
    {"ATX4S0=0", 0, 0, NOTHING}, /* BUSY and NO DIALTONE told apart; never answer unasked */
    {"ATH0", 0, 0, NOTHING},
    {FIELD(init[0]), 0, NOTHING},
    {FIELD(init[1]), 0, NOTHING},
    {FIELD(init[2]), 0, NOTHING},
    {"AT+FMI?", 0, QUERY, IDENTITY},
    {"AT+FMM?", 0, QUERY, IDENTITY},
    {"ATI3", 0, QUERY, IDENTITY},
    {NULL, 0, QUERY, CHOICE}, /* which family it is: no command */
    {"AT+FCLASS=?", 0, QUERY, CLASSES},
    {FIELD(select), REQUIRED, NOTHING},
    {FIELD(flow[0]), 0, NOTHING},
    {FIELD(flow[1]), 0, NOTHING},
    {FIELD(flow[2]), 0, NOTHING},
    {"AT+FTM=?", 0, QUERY, SEND_LIST},
    {"AT+FRM=?", 0, QUERY, RECEIVE_LIST},
    {FIELD(adaptive), 0, ADAPTIVE},
};

static void add_bit(void *ctx, int number)
{
    uint32_t *bits = ctx;
    *bits |= fl_class1_bit(number);
}

static void find_class_1(void *ctx, int number)
{
    bool *found = ctx;
    if (number == 1) *found = true;
}

/* The command of a step, or NULL when there is nothing to say. */
static const char *step_command(struct fl_class1 *d, const struct step *step)
{
    if (d->recovering && (step->flags & QUERY)) return NULL;
    if (step->capture == CHOICE || (step->capture == IDENTITY && d->identified)) return NULL;
    if (step->capture == SEND_LIST && d->profile->send_list) {
        fl_results_list(d->profile->send_list, add_bit, &d->send_bits);
        return NULL;
    }
    if (step->capture == RECEIVE_LIST && d->profile->receive_list) {
        fl_results_list(d->profile->receive_list, add_bit, &d->receive_bits);
        return NULL;
    }
    if (step->text) return step->text;
    return *(const char *const *)(const void *)((const char *)d->profile + step->field);
}

static void chat_done(struct fl_class1 *d, fl_time now)
{
    /* What every group 3 modem can do, when it will not say. */
    static const char LEAST[] = "24,48,72,96";
    if (!d->send_bits) fl_results_list(LEAST, add_bit, &d->send_bits);
    if (!d->receive_bits) fl_results_list(LEAST, add_bit, &d->receive_bits);
    bool recovered = d->recovering;
    d->recovering = d->off_hook = false;
    d->errors = 0;
    fl_c1_finish(d, recovered ? FL_IND_LINE_DOWN : FL_IND_DONE, now);
}

/* The modem has said what it is: it is spoken to as its family wants it, from the reset on. */
static void choose_profile(struct fl_class1 *d, fl_time now)
{
    const struct fl_class1_profile *found = fl_class1_profile_match(d->identity);
    d->identified = true;
    if (!d->find_profile || found == d->profile) return;
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "modem profile %s", found->name);
    d->profile = found;
    d->step = STEP_RESET;
}

static void chat_next(struct fl_class1 *d, fl_time now)
{
    const char *text = NULL;
    if (d->stopping && !d->recovering) {
        fl_c1_finish(d, FL_IND_DONE, now);
        return;
    }
    while (d->step < FL_COUNT(STEPS) && !(text = step_command(d, &STEPS[d->step])))
        if (STEPS[d->step++].capture == CHOICE && !d->identified && !d->recovering) choose_profile(d, now);
    if (!text) {
        chat_done(d, now);
        return;
    }
    if (d->tries++ > 0) { /* it may hang in a transmission or a reception */
        static const uint8_t ANYTHING[] = {DLE, ETX, CAN};
        fl_c1_put(d, ANYTHING, sizeof ANYTHING);
    }
    fl_c1_command(d, text, now);
    fl_c1_enter(d, CHAT, now);
}

void fl_c1_chat_begin(struct fl_class1 *d, fl_time now)
{
    d->reset_done = false;
    d->step = d->tries = d->silences = d->resume = 0;
    d->errors = d->mismatches = 0;
    d->held = d->dle = false;
    if (!d->recovering) {
        d->send_bits = d->receive_bits = 0;
        d->identity[0] = d->classes[0] = 0;
        d->identified = false;
        d->adaptive = false;
    }
    chat_next(d, now);
}

void fl_c1_chat_ok(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    const struct step *step = &STEPS[d->step];
    d->answered = true;
    bool repeated = (step->flags & SYNC) && d->tries > 1;
    if (step->capture == ADAPTIVE) d->adaptive = true;
    if (step->flags & PAUSE) d->hold_until = now + FL_MS(d->profile->reset_pause_ms);
    d->step++;
    if (d->step <= d->resume) d->step = d->resume;
    d->tries = 0;
    if (repeated)
        fl_c1_enter(d, QUIET, now);
    else
        chat_next(d, now);
}

void fl_c1_chat_reset(struct fl_class1 *d, fl_time now)
{
    if (!d->config.can_reset || d->reset_done) {
        fl_c1_fault(d, now);
        return;
    }
    d->reset_due = d->reset_done = true;
    d->out_at = d->out_length = 0;
    d->step = d->tries = d->silences = d->resume = 0;
    d->held = d->dle = false;
    d->hold_until = now + RESET_PAUSE;
    chat_next(d, now);
}

static void chat_again(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->tries < SYNC_TRIES)
        chat_next(d, now);
    else
        fl_c1_chat_reset(d, now);
}

void fl_c1_chat_error(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    const struct step *step = &STEPS[d->step];
    if (step->flags & SYNC) {
        chat_again(d, argument, now);
    } else if (step->flags & REQUIRED) {
        if (d->recovering)
            fl_c1_fault(d, now);
        else
            fl_c1_finish(d, FL_IND_FAILED, now);
    } else {
        d->step++;
        d->tries = 0;
        chat_next(d, now);
    }
}

/* No answer: find the modem again with AT, then go on, behind the step if it can be done without. */
void fl_c1_chat_silent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    const struct step *step = &STEPS[d->step];
    if (step->flags & SYNC) {
        chat_again(d, argument, now);
        return;
    }
    if (++d->silences > SILENCES_MAX) {
        fl_c1_chat_reset(d, now);
        return;
    }
    d->resume = (uint8_t)(d->step + (step->flags & REQUIRED ? 0 : 1));
    d->step = 0;
    d->tries = 1; /* repeated: what is late is to run out before the dialogue goes on */
    chat_next(d, now);
}

void fl_c1_chat_quiet(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    chat_next(d, now);
}

void fl_c1_chat_text(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    size_t used = strlen(d->identity);
    bool class_1 = false;
    switch (STEPS[d->step].capture) {
    case IDENTITY:
        snprintf(d->identity + used, sizeof d->identity - used, "%s%s", used ? " " : "", d->line);
        break;
    case CLASSES:
        snprintf(d->classes, sizeof d->classes, "%.*s", (int)sizeof d->classes - 1, d->line);
        fl_results_list(d->line, find_class_1, &class_1);
        /* Lists are known to lie; +FCLASS=1 itself decides. */
        if (!class_1) fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "class 1 is not in %s", d->line);
        break;
    case SEND_LIST: fl_results_list(d->line, add_bit, &d->send_bits); break;
    case RECEIVE_LIST: fl_results_list(d->line, add_bit, &d->receive_bits); break;
    default: break;
    }
}

void fl_c1_start_init(struct fl_class1 *d, fl_time now)
{
    d->recovering = d->off_hook = d->fcs_proven = false;
    fl_c1_chat_begin(d, now);
}

bool fl_c1_chat_asks(const struct fl_class1 *d)
{
    return d->phase == CHAT && STEPS[d->step].capture != NOTHING;
}
