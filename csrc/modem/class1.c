/* The Class 1 dialogue: phases as rows of a table, each with what the modem may say in it and what that means.
 *
 * It is not the parser of result codes (modem/results.c) and knows no modem by name (modem/profiles.c). It knows no
 * T.30 either: it never decides what to send next, only how to get one order through the modem, and how to get the
 * modem back when it does not answer as it should. Clauses are T.31's.
 */
#include "modem/class1.h"

#include <stdio.h>
#include <string.h>

#include "hdlc/fcs.h"
#include "modem/results.h"

enum { ETX = 0x03, DLE = 0x10, CAN = 0x18, SUB = 0x1A };

/* Times of the dialogue. What T.30 or the owner decides is not here. */
#define SYNC_TRIES       4
#define AT_TRIES         3
#define HANG_UP_TRIES    2
#define SILENCES_MAX     3
#define HANG_UP_BOUND    FL_SEC(8)   /* what is under way may take this long before ATH is given regardless */
#define RECEPTION_BOUND  FL_SEC(180) /* longer than any patience of T.30's: T1 is 35 s, T0 60 to 120 s */
#define DATA_END_RESERVE FL_SEC(30)  /* over and above what the modem may still hold */
#define STRAGGLER_TIME   FL_SEC(2)
#define JUNK_MAX         3           /* octets before a frame */
#define ESCALATED_PAUSE  100         /* ms for the OK to CAN to come after the OK to AT */
#define RESET_PAUSE      FL_MS(1500) /* DTR drops and rises, and the modem comes to itself */
/* Data given to the modem ahead of the line: enough for any buffer and any late moment of ours, and not so much that an
 * abort has to wait for a page that lies in a pseudo-terminal. */
#define DATA_AHEAD_TIME   FL_SEC(6)
#define DATA_AHEAD_OCTETS 2048

enum phase_id {
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

struct match {
    uint8_t result; /* enum fl_result; 0 ends the list */
    uint8_t argument;
    void (*act)(struct fl_class1 *d, uint8_t argument, fl_time now);
};

#define MATCHES 8

struct phase {
    const char *name;
    uint8_t mode, stop;
    uint32_t limit_ms; /* 0: none, or set by whoever enters */
    struct match matches[MATCHES];
};

static const struct phase PHASES[PHASES_COUNT];

static void start(struct fl_class1 *d, fl_time now);
static void hang_up(struct fl_class1 *d, fl_time now);
static void chat_reset(struct fl_class1 *d, fl_time now);
static void stuck(struct fl_class1 *d, uint8_t argument, fl_time now);

/* ---- indications ---- */

static void tell(struct fl_class1 *d, enum fl_indication_kind kind, bool good, const uint8_t *data,
                 size_t length)
{
    if (d->queued == FL_CLASS1_QUEUE)
        return; /* input stops at the first: only an owner who never collects gets here */
    struct fl_indication *slot = &d->queue[(d->queue_at + d->queued++) % FL_CLASS1_QUEUE];
    *slot =
        (struct fl_indication){.kind = (uint8_t)kind, .good = good, .length = (uint16_t)length, .data = data};
}

bool fl_class1_indication(struct fl_class1 *d, struct fl_indication *indication)
{
    if (!d->queued) return false;
    *indication = d->queue[d->queue_at];
    d->queue_at = (uint8_t)((d->queue_at + 1) % FL_CLASS1_QUEUE);
    d->queued--;
    return true;
}

/* ---- phases ---- */

static void enter(struct fl_class1 *d, enum phase_id phase, fl_time now)
{
    d->phase = (uint8_t)phase;
    fl_time from = d->hold_until > now ? d->hold_until : now;
    d->deadline = PHASES[phase].limit_ms ? from + FL_MS(PHASES[phase].limit_ms) : FL_NEVER;
    if (PHASES[phase].mode == OCTETS) {
        d->skip_lf = true;
        d->dle = false;
    }
}

static void put(struct fl_class1 *d, const void *octets, size_t length);

/* Ends data or a frame, ends a reception, hangs up. */
static const char LAST_WORDS[] = "\x10\x03\x18\rATH0\r";

static void fault(struct fl_class1 *d, fl_time now)
{
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "the modem does not answer");
    d->busy = d->stopping = d->hanging_up = d->pending = d->held = false;
    d->out_at = d->out_length = 0;
    d->hold_until = 0;
    /* It may only have lost its voice: it must not keep the line. */
    if (d->off_hook) put(d, LAST_WORDS, sizeof LAST_WORDS - 1);
    enter(d, DEAD, now);
    tell(d, FL_IND_FAULT, false, NULL, 0);
}

/* What was under way has ended at the modem: the order ends with it, unless a hang-up or another order is due. */
static void finish(struct fl_class1 *d, enum fl_indication_kind kind, fl_time now)
{
    bool down = kind == FL_IND_LINE_DOWN;
    enter(d, IDLE, now);
    if (d->hanging_up) {
        hang_up(d, now);
        return;
    }
    if (down) d->off_hook = false;
    if (d->pending && !down) {
        d->pending = false;
        start(d, now);
        return;
    }
    bool told = d->busy || down;
    if (d->stopping && !down) kind = FL_IND_DONE;
    d->busy = d->stopping = d->pending = false;
    if (told) tell(d, kind, false, NULL, 0);
}

static void end_with(struct fl_class1 *d, uint8_t kind, fl_time now)
{
    finish(d, (enum fl_indication_kind)kind, now);
}

static void ignore(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)d, (void)argument, (void)now;
}

/* ---- octets for the modem ---- */

static void put(struct fl_class1 *d, const void *octets, size_t length)
{
    if (d->out_at == d->out_length) d->out_at = d->out_length = 0;
    /* Full only when the pipe has taken nothing for several commands: those are void by now. */
    if (d->out_length + length > sizeof d->out) d->out_at = d->out_length = 0;
    memcpy(d->out + d->out_length, octets, length);
    d->out_length = (uint16_t)(d->out_length + length);
}

static void put_octet(struct fl_class1 *d, uint8_t octet)
{
    put(d, &octet, 1);
}

static void put_end(struct fl_class1 *d)
{
    static const uint8_t END[] = {DLE, ETX};
    put(d, END, sizeof END);
}

static void command(struct fl_class1 *d, const char *text, fl_time now)
{
    fl_time gap_end = d->last_result + FL_MS(d->profile->command_gap_ms);
    if (gap_end > now && gap_end > d->hold_until) d->hold_until = gap_end;
    snprintf(d->command, sizeof d->command, "%s", text);
    fl_trace_text(&d->pen, now, FL_TRACE_AT_SENT, "%s", d->command);
    put(d, d->command, strlen(d->command));
    put_octet(d, '\r');
}

static void command_number(struct fl_class1 *d, const char *text, unsigned number, fl_time now)
{
    char line[FL_CLASS1_COMMAND];
    snprintf(line, sizeof line, "%s%u", text, number);
    command(d, line, now);
}

/* ---- ending early: abort, hang up, recovery ---- */

static void send_at(struct fl_class1 *d, fl_time now)
{
    d->tries++;
    command(d, "AT", now);
    enter(d, ABORT_AT, now);
}

/* Ends the reception under way. What comes until the result is data that nobody wants any more. */
static void begin_abort(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    if (PHASES[d->phase].mode == OCTETS) {
        d->line_length = 0;
        d->line_dirty = true;
    }
    d->ending = ending;
    d->tries = 0;
    if (d->profile->abort_by_at) {
        send_at(d, now);
        return;
    }
    put_octet(d, CAN);
    enter(d, ABORTING, now);
    d->deadline = now + FL_MS(d->profile->abort_ms);
}

/* A result without sense: either the command is over or still under way. "AT" makes it certain. */
static void make_certain(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    d->ending = ending;
    d->tries = 0;
    send_at(d, now);
}

static void try_at(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->tries < AT_TRIES)
        send_at(d, now);
    else
        stuck(d, argument, now);
}

static void aborted(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    uint32_t pause_ms = d->profile->abort_pause_ms;
    bool escalated = d->phase == ABORT_AT && (d->tries > 1 || !d->profile->abort_by_at);
    if (escalated && pause_ms < ESCALATED_PAUSE) pause_ms = ESCALATED_PAUSE;
    d->dle = false;
    enter(d, SETTLE, now);
    d->deadline = now + FL_MS(pause_ms);
    if (!pause_ms) finish(d, (enum fl_indication_kind)d->ending, now);
}

static void settled(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    finish(d, (enum fl_indication_kind)d->ending, now);
}

static void close_carrier(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    put_end(d);
    enter(d, CLOSING, now);
}

static void send_hang_up(struct fl_class1 *d, fl_time now)
{
    d->tries++;
    command(d, "ATH0", now);
    enter(d, HANGING_UP, now);
}

static void hang_up(struct fl_class1 *d, fl_time now)
{
    d->tries = 0;
    d->held = false;
    send_hang_up(d, now);
}

static void hung_up(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->forced) { /* this may have been the late answer to what was under way */
        d->forced = false;
        hang_up(d, now);
        return;
    }
    d->off_hook = d->hanging_up = d->pending = d->hang_up_reset = false;
    d->errors = 0;
    finish(d, (enum fl_indication_kind)d->ending, now);
}

static void hang_up_silent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->tries < HANG_UP_TRIES) {
        send_hang_up(d, now);
        return;
    }
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "no answer to ATH0");
    if (d->config.can_reset && !d->hang_up_reset) { /* then with DTR; and ATH0 again once the modem answers */
        d->hang_up_reset = d->recovering = true;
        d->reset_done = d->forced = false;
        chat_reset(d, now);
        return;
    }
    d->forced = false;
    hung_up(d, argument, now);
}

/* The modem does not end what is under way within reason. */
static void force_hang_up(struct fl_class1 *d, fl_time now)
{
    static const uint8_t ANYTHING[] = {DLE, ETX, CAN};
    d->out_at = d->out_length = 0;
    put(d, ANYTHING, sizeof ANYTHING);
    d->forced = true;
    d->dle = false;
    hang_up(d, now);
}

static void begin_early_end(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    switch (PHASES[d->phase].stop) {
    case STOP_NOW: finish(d, (enum fl_indication_kind)ending, now); break;
    case STOP_WAIT: d->ending = ending; break;
    case STOP_CLOSE: close_carrier(d, 0, now); break;
    case STOP_SOURCE:
        d->source_ended = true;
        d->paced_until = 0;
        d->chunk_at = d->chunk_length = 0;
        break;
    case STOP_CALL:
        d->hanging_up = true;
        d->hang_up_by = now + HANG_UP_BOUND;
        /* fall through */
    case STOP_ABORT: begin_abort(d, ending, now); break;
    }
}

static void stop(struct fl_class1 *d, bool with_hang_up, fl_time now)
{
    bool again = d->stopping;
    if (with_hang_up && !d->hanging_up) {
        d->hanging_up = true;
        d->hang_up_by = now + HANG_UP_BOUND;
    }
    d->busy = d->stopping = true;
    d->pending = d->held = false;
    d->ending = FL_IND_DONE;
    if (!again) begin_early_end(d, FL_IND_DONE, now);
}

/* ---- the call is gone, or so it seems ---- */

static void line_down(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (now < d->straggler_until) {
        d->straggler_until = 0;
        return;
    }
    if (d->busy || d->off_hook) finish(d, FL_IND_LINE_DOWN, now);
}

/* A command that begins something of ours: when it is refused, nothing is lost by giving it once more. The engine
 * itself asks again for a reception. */
static bool repeatable(const struct fl_class1 *d)
{
    return d->phase == FTH || d->phase == FTM || d->phase == SILENCE || d->phase == LISTEN;
}

/* ERROR to an action command: on hook, or a command that the modem does not know. Once tells nothing. */
static void refused(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->off_hook && ++d->errors > d->profile->hook_sensitivity) {
        fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "ERROR %u times in a row: the modem is on hook",
                      d->errors);
        finish(d, FL_IND_LINE_DOWN, now);
        return;
    }
    if (d->off_hook && !d->stopping && repeatable(d)) {
        start(d, now);
        return;
    }
    finish(d, FL_IND_FAILED, now);
}

static void ring(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument, (void)now;
    if (!d->off_hook) tell(d, FL_IND_RING, false, NULL, 0);
}

/* ---- the initial dialogue ---- */

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
    finish(d, recovered ? FL_IND_LINE_DOWN : FL_IND_DONE, now);
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
        finish(d, FL_IND_DONE, now);
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
        put(d, ANYTHING, sizeof ANYTHING);
    }
    command(d, text, now);
    enter(d, CHAT, now);
}

static void chat_begin(struct fl_class1 *d, fl_time now)
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

static void chat_ok(struct fl_class1 *d, uint8_t argument, fl_time now)
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
        enter(d, QUIET, now);
    else
        chat_next(d, now);
}

/* From its beginning, with a modem that was reset; once in a dialogue. */
static void chat_reset(struct fl_class1 *d, fl_time now)
{
    if (!d->config.can_reset || d->reset_done) {
        fault(d, now);
        return;
    }
    d->reset_due = d->reset_done = true;
    d->out_at = d->out_length = 0;
    d->step = d->tries = d->silences = d->resume = 0;
    d->held = d->dle = false;
    d->hold_until = now + RESET_PAUSE;
    chat_next(d, now);
}

bool fl_class1_take_reset(struct fl_class1 *d)
{
    bool due = d->reset_due;
    d->reset_due = false;
    return due;
}

static void chat_again(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->tries < SYNC_TRIES)
        chat_next(d, now);
    else
        chat_reset(d, now);
}

static void chat_error(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    const struct step *step = &STEPS[d->step];
    if (step->flags & SYNC) {
        chat_again(d, argument, now);
    } else if (step->flags & REQUIRED) {
        if (d->recovering)
            fault(d, now);
        else
            finish(d, FL_IND_FAILED, now);
    } else {
        d->step++;
        d->tries = 0;
        chat_next(d, now);
    }
}

/* No answer: find the modem again with AT, then go on, behind the step if it can be done without. */
static void chat_silent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    const struct step *step = &STEPS[d->step];
    if (step->flags & SYNC) {
        chat_again(d, argument, now);
        return;
    }
    if (++d->silences > SILENCES_MAX) {
        chat_reset(d, now);
        return;
    }
    d->resume = (uint8_t)(d->step + (step->flags & REQUIRED ? 0 : 1));
    d->step = 0;
    d->tries = 1; /* repeated: what is late is to run out before the dialogue goes on */
    chat_next(d, now);
}

static void chat_quiet(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    chat_next(d, now);
}

static void chat_text(struct fl_class1 *d, uint8_t argument, fl_time now)
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

static void stuck(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "no answer in phase %s", PHASES[d->phase].name);
    if (d->hanging_up) {
        force_hang_up(d, now);
        return;
    }
    d->out_at = d->out_length = 0;
    d->pending = false;
    d->recovering = true;
    put_end(d);
    put_octet(d, CAN);
    chat_begin(d, now);
}

static void start_init(struct fl_class1 *d, fl_time now)
{
    d->recovering = d->off_hook = d->fcs_proven = false;
    chat_begin(d, now);
}

/* ---- dialling and answering ---- */

/* Digits, * # , W + pass, hyphens and spaces only structure the number; anything else could be a command. */
static bool clean_number(const struct fl_order *order, char *number, size_t size, fl_time *duration)
{
    size_t used = 0, digits = 0;
    if (order->length > 40) return false;
    *duration = 0;
    for (size_t i = 0; i < order->length; i++) {
        char c = (char)order->frame[i];
        if (c == '-' || c == ' ') continue;
        if (c == 'w') c = 'W';
        if (!c || !strchr("0123456789*#,W+", c) || used + 1 >= size) return false;
        if (c >= '0' && c <= '9') digits++;
        *duration += c == 'W' ? FL_SEC(30) : c == ',' ? FL_SEC(3) : FL_MS(300);
        number[used++] = c;
    }
    number[used] = 0;
    return digits > 0;
}

static unsigned answer_timeout_s(const struct fl_class1 *d)
{
    unsigned seconds = d->config.answer_timeout_s ? d->config.answer_timeout_s : 60;
    return seconds < 255 ? seconds : 255;
}

static void start_dial(struct fl_class1 *d, fl_time now)
{
    char number[FL_CLASS1_COMMAND - 8];
    fl_time duration;
    if (!clean_number(&d->order, number, sizeof number, &duration)) {
        finish(d, FL_IND_FAILED, now);
        return;
    }
    d->off_hook = false;
    command_number(d, "ATS7=", answer_timeout_s(d), now);
    enter(d, DIAL_SETUP, now);
}

static void dial(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    char number[FL_CLASS1_COMMAND - 8], line[FL_CLASS1_COMMAND];
    fl_time duration;
    if (d->stopping || !clean_number(&d->order, number, sizeof number, &duration)) {
        finish(d, FL_IND_FAILED, now);
        return;
    }
    snprintf(line, sizeof line, "%s%s", d->config.pulse ? "ATDP" : "ATDT", number);
    command(d, line, now);
    enter(d, DIALING, now);
    if (d->config.pulse) duration *= 4;
    d->deadline = now + FL_SEC(answer_timeout_s(d) + 10) + duration;
}

/* The modem does not keep S7. */
static void dial_overdue(struct fl_class1 *d, uint8_t ending, fl_time now)
{
    d->hanging_up = true;
    d->hang_up_by = now + HANG_UP_BOUND;
    begin_abort(d, ending, now);
}

static void dial_no_carrier(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    finish(d, d->profile->no_carrier_no_answer ? FL_IND_NO_ANSWER : FL_IND_NOT_FAX, now);
}

static void begin_frame(struct fl_class1 *d, fl_time now)
{
    d->raw_length = 0;
    d->raw_long = false;
    d->carrier_told = !d->profile->rh_connect_bug;
    d->errors = 0;
    enter(d, FRAME_IN, now);
}

static void dialed(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->off_hook = true;
    d->busy = false;
    begin_frame(d, now);
    tell(d, FL_IND_CONNECTED, false, NULL, 0);
}

static void start_answer(struct fl_class1 *d, fl_time now)
{
    d->off_hook = false;
    command(d, "ATA", now);
    enter(d, ANSWERING, now);
}

static void answered(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->off_hook = true;
    d->busy = false;
    d->errors = 0;
    enter(d, CARRIER, now);
    tell(d, FL_IND_CONNECTED, false, NULL, 0);
}

/* ---- V.21 frames out ---- */

static void write_frame(struct fl_class1 *d, fl_time now)
{
    const struct fl_order *order = &d->order;
    for (size_t i = 0; i < order->length; i++) {
        put_octet(d, order->frame[i]);
        if (order->frame[i] == DLE) put_octet(d, DLE);
    }
    put_end(d);
    fl_trace_put(&d->pen, now, FL_TRACE_FRAME_SENT, order->frame, order->length);
    enter(d, FRAME_OUT, now);
    /* One second of flags, the frame with stuffed bits at 300 bit/s, and what the modem needs. */
    d->deadline = now + FL_SEC(10) + FL_MS((int64_t)order->length * 32);
}

static void start_send_frame(struct fl_class1 *d, fl_time now)
{
    if (d->order.length == 0 || d->order.length > FL_FRAME_MAX) {
        finish(d, FL_IND_FAILED, now);
    } else if (d->phase == CARRIER) {
        write_frame(d, now);
    } else {
        command(d, "AT+FTH=3", now);
        enter(d, FTH, now);
    }
}

static void fth_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    if (!d->stopping) tell(d, FL_IND_CARRIER, false, NULL, 0);
    write_frame(d, now);
}

static void frame_sent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->out_at < d->out_length)
        return; /* a late OK to something else: this frame is not even with the modem */
    finish(d, FL_IND_DONE, now);
}

/* The modem takes the frame for not final and keeps the carrier on. */
static void frame_sent_more(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->out_at < d->out_length) return;
    if (d->stopping || d->order.final) {
        d->ending = FL_IND_DONE;
        close_carrier(d, argument, now);
        return;
    }
    d->busy = false;
    enter(d, CARRIER, now);
    tell(d, FL_IND_DONE, false, NULL, 0);
}

static void carrier_dropped(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)d, (void)argument;
    enter(d, IDLE, now);
}

/* ---- V.21 frames in ---- */

static void tell_carrier(struct fl_class1 *d)
{
    d->carrier_told = true;
    if (d->busy && !d->stopping && !d->pending) tell(d, FL_IND_CARRIER, false, NULL, 0);
}

static void give_frame(struct fl_class1 *d, fl_time now)
{
    fl_trace_put(&d->pen, now, d->raw_good ? FL_TRACE_FRAME_RECEIVED : FL_TRACE_FRAME_BAD, d->raw,
                 d->raw_length);
    d->busy = d->held = false;
    enter(d, IDLE, now);
    tell(d, FL_IND_FRAME, d->raw_good, d->raw, d->raw_length);
}

static void listen_for_frame(struct fl_class1 *d, fl_time now)
{
    command(d, "AT+FRH=3", now);
    enter(d, FRH, now);
    d->deadline = d->order_started + RECEPTION_BOUND;
    if (d->profile->rh_slice_ms) d->deadline = fl_earlier(d->deadline, now + FL_MS(d->profile->rh_slice_ms));
}

static void start_recv_frame(struct fl_class1 *d, fl_time now)
{
    if (!d->held) {
        listen_for_frame(d, now);
        return;
    }
    tell(d, FL_IND_CARRIER, false, NULL, 0);
    give_frame(d, now);
}

static void frh_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    begin_frame(d, now);
    if (d->carrier_told) tell_carrier(d);
}

static void frh_overdue(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->pending = now < d->order_started + RECEPTION_BOUND; /* the profile's slice is over: ask again */
    begin_abort(d, FL_IND_NO_CARRIER, now);
}

/* Finds address and control field in what the modem delivered. Between flags there may be junk, the address may be
 * missing, or doubled, or followed by zeros: all of that was seen in the field. Returns the offset of the frame, whose
 * first octet is then 0xFF; -1 when there is none.
 */
static int find_address(uint8_t *raw, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t control = i + 1;
        if (raw[i] != 0xFF) continue;
        while (control < length && (raw[control] == 0xFF || raw[control] == 0x00)) control++;
        if (control == length || (raw[control] & 0xEF) != 0x03) continue;
        raw[control - 1] = 0xFF;
        return (int)control - 1;
    }
    return length && raw[0] == 0xFF ? 0 : -1;
}

/* Over all that came, or with some octets of junk in front, or with the address that the modem has eaten. */
static bool fcs_right(const struct fl_class1 *d)
{
    static const uint8_t ADDRESS = 0xFF;
    for (size_t i = 0; i <= JUNK_MAX && i + 4 <= d->raw_length; i++) {
        size_t length = d->raw_length - i;
        uint16_t eaten = fl_fcs_update(FL_FCS_INIT, &ADDRESS, 1);
        if (fl_fcs_update(FL_FCS_INIT, d->raw + i, length) == FL_FCS_GOOD) return true;
        if (fl_fcs_update(eaten, d->raw + i, length) == FL_FCS_GOOD) return true;
    }
    return false;
}

/* Turns raw into a frame from the address octet on, without FCS. */
static void normalise_frame(struct fl_class1 *d, bool said_good, bool said_anything)
{
    bool right = fcs_right(d);
    size_t overhead = d->profile->frames_without_fcs && !right ? 0 : 2;
    /* A modem that hands over the FCS once does so always, and then its OK is not to be taken on trust. */
    if (said_good && right) d->fcs_proven = true;
    bool good = said_good && (right || !d->fcs_proven);
    if (!said_anything || (d->profile->validate_fcs && !d->profile->frames_without_fcs)) good = right;
    int start = find_address(d->raw, d->raw_length);
    size_t length = d->raw_length > overhead ? d->raw_length - overhead : 0;
    if (start > 0 && (size_t)start < length) {
        length -= (size_t)start;
        memmove(d->raw, d->raw + start, length);
    } else if (start < 0 && length && (d->raw[0] & 0xEF) == 0x03) {
        length = length < sizeof d->raw ? length : sizeof d->raw - 1;
        memmove(d->raw + 1, d->raw, length++);
        d->raw[0] = 0xFF;
    } else if (start != 0) {
        good = false;
    }
    if (length > FL_FRAME_MAX) {
        length = FL_FRAME_MAX;
        good = false;
    }
    d->raw_length = (uint16_t)length;
    d->raw_good = good && length >= 3 && !d->raw_long;
}

enum verdict { GOOD, BAD, LOST, UNSAID };

static void frame_ended(struct fl_class1 *d, uint8_t verdict, fl_time now)
{
    if (verdict == UNSAID) d->straggler_until = now + STRAGGLER_TIME;
    if (d->stopping || d->pending || (verdict == LOST && !d->raw_length)) {
        finish(d, FL_IND_NO_CARRIER, now);
        return;
    }
    if (d->busy && !d->carrier_told) tell_carrier(d);
    normalise_frame(d, verdict == GOOD, verdict == GOOD || verdict == BAD);
    if (d->busy) {
        give_frame(d, now);
        return;
    }
    d->held = true;
    enter(d, IDLE, now);
}

static void frame_etx(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    enter(d, FRAME_END, now);
}

/* ---- fast data out ---- */

static void start_send_data(struct fl_class1 *d, fl_time now)
{
    if (!fl_class1_bit(d->order.modulation)) {
        finish(d, FL_IND_FAILED, now);
        return;
    }
    d->chunk_at = d->chunk_length = 0;
    d->source_ended = !d->order.source.read;
    d->data_octets = 0;
    d->paced_until = 0;
    command_number(d, "AT+FTM=", d->order.modulation, now);
    enter(d, FTM, now);
}

static void ftm_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    d->data_started = now;
    if (!d->stopping) tell(d, FL_IND_CARRIER, false, NULL, 0);
    enter(d, d->profile->connect_delay_ms ? CONNECT_DELAY : DATA_OUT, now);
    if (d->profile->connect_delay_ms) d->deadline = now + FL_MS(d->profile->connect_delay_ms);
}

static void delay_over(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    enter(d, DATA_OUT, now);
}

static void trace_data(struct fl_class1 *d, enum fl_trace_kind kind, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    fl_trace_text(&d->pen, now, kind, "%s, %llu octets", modulation ? modulation->name : "?",
                  (unsigned long long)d->data_octets);
}

/* OK before our DLE ETX: the modem ran dry and has dropped the carrier (T.31 8.3.3). */
static void data_underrun(struct fl_class1 *d, uint8_t kind, fl_time now)
{
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "the modem ended the data early");
    trace_data(d, FL_TRACE_DATA_SENT, now);
    d->out_at = d->out_length = 0;
    finish(d, (enum fl_indication_kind)kind, now);
}

static void end_data(struct fl_class1 *d, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    fl_time line_time =
        (fl_time)(d->data_octets * 8000000u / modulation->rate_bps) + FL_MS(modulation->train_ms);
    fl_time left = d->data_started + line_time - now;
    put_end(d);
    enter(d, DATA_END, now);
    d->deadline = now + DATA_END_RESERVE + (left > 0 ? left : 0);
}

static void data_sent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->out_at < d->out_length) { /* it has not even seen the end: DLE ETX would go into command state */
        data_underrun(d, FL_IND_FAILED, now);
        return;
    }
    trace_data(d, FL_TRACE_DATA_SENT, now);
    if (!d->profile->silence_after_data || d->hanging_up) {
        finish(d, FL_IND_DONE, now);
        return;
    }
    command(d, "AT+FTS=1", now);
    enter(d, DATA_PAUSE, now);
}

/* When the line will have come so far that the next octet may be given; 0: now. */
static fl_time data_pace(const struct fl_class1 *d, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    if (d->data_octets <= DATA_AHEAD_OCTETS) return 0;
    uint64_t ahead_of = (d->data_octets - DATA_AHEAD_OCTETS) * 8000000u / modulation->rate_bps;
    fl_time at = d->data_started + (fl_time)ahead_of - DATA_AHEAD_TIME;
    return at > now ? at : 0;
}

/* Copies shielded data as far as the pipe has room. */
static size_t take_data(struct fl_class1 *d, uint8_t *octets, size_t cap)
{
    size_t used = 0;
    while (used < cap) {
        if (d->chunk_at == d->chunk_length) {
            d->chunk_at = d->chunk_length = 0;
            if (d->source_ended) break;
            size_t got = d->order.source.read(d->order.source.ctx, d->chunk, sizeof d->chunk);
            d->chunk_length = (uint16_t)(got < sizeof d->chunk ? got : sizeof d->chunk);
            d->source_ended = got == 0;
            continue;
        }
        const uint8_t *from = d->chunk + d->chunk_at;
        size_t left = (size_t)(d->chunk_length - d->chunk_at);
        size_t run = left < cap - used ? left : cap - used;
        const uint8_t *dle = memchr(from, DLE, run);
        if (dle) run = (size_t)(dle - from) + 1;
        memcpy(octets + used, from, run);
        used += run;
        d->chunk_at = (uint16_t)(d->chunk_at + run);
        d->data_octets += run;
        if (!dle) continue;
        if (used < cap)
            octets[used++] = DLE;
        else
            put_octet(d, DLE);
    }
    return used;
}

/* ---- fast data in ---- */

static void start_recv_data(struct fl_class1 *d, fl_time now)
{
    if (!fl_class1_bit(d->order.modulation)) {
        finish(d, FL_IND_FAILED, now);
        return;
    }
    command_number(d, "AT+FRM=", d->order.modulation, now);
    enter(d, FRM, now);
}

static void frm_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = d->mismatches = 0;
    d->data_octets = 0;
    enter(d, DATA_IN, now);
    tell(d, FL_IND_CARRIER, false, NULL, 0);
}

static void frm_mismatch(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (++d->mismatches < d->profile->rm_persistence) {
        start_recv_data(d, now);
        return;
    }
    d->mismatches = 0;
    finish(d, FL_IND_WRONG_CARRIER, now);
}

static void frm_error(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->profile->rm_error_is_mismatch)
        frm_mismatch(d, argument, now);
    else
        refused(d, argument, now);
}

/* Adaptive reception: from here on the order is a RECV_FRAME. */
static void frm_v21(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->mismatches = 0;
    d->order.kind = FL_ORDER_RECV_FRAME;
    enter(d, FRH, now);
    d->deadline = now + FL_SEC(10);
    tell(d, FL_IND_V21, false, NULL, 0);
}

static void data_etx(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    enter(d, BLOCK_END, now);
}

static void data_ended(struct fl_class1 *d, uint8_t verdict, fl_time now)
{
    if (verdict == UNSAID) d->straggler_until = now + STRAGGLER_TIME;
    trace_data(d, FL_TRACE_DATA_RECEIVED, now);
    finish(d, FL_IND_NO_CARRIER, now);
}

static void data_stalled(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    trace_data(d, FL_TRACE_DATA_RECEIVED, now);
    begin_abort(d, FL_IND_NO_CARRIER, now);
}

/* ---- silence ---- */

/* +FTS is a command itself: where commands must keep a distance, there is silence before and behind it too. */
static unsigned silence_units(const struct fl_class1 *d, bool send)
{
    unsigned duration_ms = d->order.duration_ms, gaps_ms = send ? 2u * d->profile->command_gap_ms : 0;
    return duration_ms > gaps_ms ? (duration_ms - gaps_ms + 9u) / 10u : 1;
}

static void start_silence(struct fl_class1 *d, fl_time now)
{
    bool send = d->order.kind == FL_ORDER_SEND_SILENCE;
    bool by_delay = send ? d->profile->silence_by_delay : d->profile->wait_by_delay;
    unsigned units = silence_units(d, send);
    fl_time duration = FL_MS(d->order.duration_ms);
    if (by_delay || units > 255) {
        enter(d, DELAY, now);
        d->deadline = now + duration;
        return;
    }
    command_number(d, send ? "AT+FTS=" : "AT+FRS=", units, now);
    enter(d, send ? SILENCE : LISTEN, now);
    if (send) d->deadline = now + duration + FL_SEC(10);
}

static void silence_over(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    finish(d, FL_IND_DONE, now);
}

/* ---- the table ---- */

static const struct phase PHASES[PHASES_COUNT] = {
    [IDLE] = {"idle",
              LINES,
              STOP_NOW,
              0,
              {{FL_RESULT_CONNECT, FL_IND_DONE, begin_abort}}}, /* late: nobody wants what follows */
    [CARRIER] = {"carrier",
                 LINES,
                 STOP_CLOSE,
                 6000, /* the modem drops it by itself after 5 s */
                 {{FL_RESULT_OK, 0, carrier_dropped},
                  {FL_RESULT_ERROR, 0, carrier_dropped},
                  {FL_RESULT_TIMEOUT, 0, close_carrier}}},
    [CHAT] = {"init",
              LINES,
              STOP_WAIT,
              3000,
              {{FL_RESULT_OK, 0, chat_ok},
               {FL_RESULT_ERROR, 0, chat_error},
               {FL_RESULT_TEXT, 0, chat_text},
               {FL_RESULT_NO_CARRIER, 0, ignore},
               {FL_RESULT_BUSY, 0, ignore},
               {FL_RESULT_TIMEOUT, 0, chat_silent}}},
    [QUIET] = {"quiet",
               LINES,
               STOP_WAIT,
               300,
               {{FL_RESULT_NO_CARRIER, 0, ignore},
                {FL_RESULT_BUSY, 0, ignore},
                {FL_RESULT_TIMEOUT, 0, chat_quiet}}},
    [DIAL_SETUP] = {"dial setup",
                    LINES,
                    STOP_WAIT,
                    3000,
                    {{FL_RESULT_OK, 0, dial},
                     {FL_RESULT_ERROR, 0, dial},
                     {FL_RESULT_NO_CARRIER, 0, ignore},
                     {FL_RESULT_TIMEOUT, 0, stuck}}},
    [DIALING] = {"dialling",
                 LINES,
                 STOP_CALL,
                 0,
                 {{FL_RESULT_CONNECT, 0, dialed},
                  {FL_RESULT_BUSY, FL_IND_BUSY, end_with},
                  {FL_RESULT_NO_ANSWER, FL_IND_NO_ANSWER, end_with},
                  {FL_RESULT_NO_DIALTONE, FL_IND_NO_DIALTONE, end_with},
                  {FL_RESULT_NO_CARRIER, 0, dial_no_carrier},
                  {FL_RESULT_ERROR, FL_IND_FAILED, end_with},
                  {FL_RESULT_RING, 0, ignore}, /* some modems say so when the far end rings */
                  {FL_RESULT_TIMEOUT, FL_IND_NO_ANSWER, dial_overdue}}},
    [ANSWERING] = {"answering",
                   LINES,
                   STOP_CALL,
                   30000,
                   {{FL_RESULT_CONNECT, 0, answered},
                    {FL_RESULT_NO_CARRIER, FL_IND_NOT_FAX, end_with},
                    {FL_RESULT_NO_ANSWER, FL_IND_NOT_FAX, end_with},
                    {FL_RESULT_ERROR, FL_IND_FAILED, end_with},
                    {FL_RESULT_RING, 0, ignore},
                    {FL_RESULT_TIMEOUT, FL_IND_NOT_FAX, dial_overdue}}},
    [FTH] = {"+FTH",
             LINES,
             STOP_WAIT,
             10000,
             {{FL_RESULT_CONNECT, 0, fth_connected}, {FL_RESULT_ERROR, 0, refused}}},
    [FRAME_OUT] = {"frame out",
                   LINES,
                   STOP_WAIT,
                   0,
                   {{FL_RESULT_OK, 0, frame_sent},
                    {FL_RESULT_CONNECT, 0, frame_sent_more},
                    {FL_RESULT_ERROR, 0, refused}}},
    [CLOSING] = {"closing",
                 LINES,
                 STOP_WAIT,
                 5000,
                 {{FL_RESULT_OK, FL_IND_DONE, end_with}, {FL_RESULT_ERROR, FL_IND_DONE, end_with}}},
    [FRH] = {"+FRH",
             LINES,
             STOP_ABORT,
             0,
             {{FL_RESULT_CONNECT, 0, frh_connected},
              {FL_RESULT_NO_CARRIER, FL_IND_NO_CARRIER, end_with},
              {FL_RESULT_FCERROR, FL_IND_NO_CARRIER, end_with},
              {FL_RESULT_FRM, FL_IND_NO_CARRIER, begin_abort},
              {FL_RESULT_OK, FL_IND_NO_CARRIER, make_certain},
              {FL_RESULT_ERROR, 0, refused},
              {FL_RESULT_TIMEOUT, 0, frh_overdue}}},
    [FRAME_IN] = {"frame in",
                  OCTETS,
                  STOP_ABORT,
                  10000,
                  {{FL_RESULT_ETX, 0, frame_etx}, {FL_RESULT_TIMEOUT, FL_IND_NO_CARRIER, begin_abort}}},
    [FRAME_END] = {"frame end",
                   LINES,
                   STOP_WAIT,
                   1500,
                   {{FL_RESULT_OK, GOOD, frame_ended},
                    {FL_RESULT_ERROR, BAD, frame_ended},
                    {FL_RESULT_FCERROR, BAD, frame_ended},
                    {FL_RESULT_NO_CARRIER, LOST, frame_ended},
                    {FL_RESULT_TIMEOUT, UNSAID, frame_ended}}},
    [FTM] = {"+FTM",
             LINES,
             STOP_SOURCE,
             10000,
             {{FL_RESULT_CONNECT, 0, ftm_connected}, {FL_RESULT_ERROR, 0, refused}}},
    [CONNECT_DELAY] = {"connect delay",
                       LINES,
                       STOP_SOURCE,
                       0,
                       {{FL_RESULT_OK, FL_IND_FAILED, data_underrun},
                        {FL_RESULT_ERROR, 0, refused},
                        {FL_RESULT_TIMEOUT, 0, delay_over}}},
    [DATA_OUT] = {"data out",
                  LINES,
                  STOP_SOURCE,
                  30000, /* without progress */
                  {{FL_RESULT_OK, FL_IND_FAILED, data_underrun},
                   {FL_RESULT_ERROR, FL_IND_FAILED, data_underrun}}},
    [DATA_END] = {"data end",
                  LINES,
                  STOP_WAIT,
                  0,
                  {{FL_RESULT_OK, 0, data_sent}, {FL_RESULT_ERROR, FL_IND_FAILED, data_underrun}}},
    [DATA_PAUSE] = {"data pause",
                    LINES,
                    STOP_WAIT,
                    5000,
                    {{FL_RESULT_OK, FL_IND_DONE, end_with}, {FL_RESULT_ERROR, FL_IND_DONE, end_with}}},
    [FRM] = {"+FRM",
             LINES,
             STOP_ABORT,
             60000,
             {{FL_RESULT_CONNECT, 0, frm_connected},
              {FL_RESULT_NO_CARRIER, FL_IND_NO_CARRIER, end_with},
              {FL_RESULT_FCERROR, 0, frm_mismatch},
              {FL_RESULT_FRH, 0, frm_v21},
              {FL_RESULT_OK, FL_IND_NO_CARRIER, make_certain},
              {FL_RESULT_ERROR, 0, frm_error},
              {FL_RESULT_TIMEOUT, FL_IND_NO_CARRIER, begin_abort}}},
    [DATA_IN] = {"data in",
                 OCTETS,
                 STOP_ABORT,
                 15000, /* without an octet */
                 {{FL_RESULT_ETX, 0, data_etx}, {FL_RESULT_TIMEOUT, 0, data_stalled}}},
    [BLOCK_END] = {"block end",
                   LINES,
                   STOP_WAIT,
                   1500,
                   {{FL_RESULT_NO_CARRIER, LOST, data_ended},
                    {FL_RESULT_OK, GOOD, data_ended},
                    {FL_RESULT_ERROR, BAD, data_ended},
                    {FL_RESULT_FCERROR, BAD, data_ended},
                    {FL_RESULT_TIMEOUT, UNSAID, data_ended}}},
    [SILENCE] =
        {"+FTS", LINES, STOP_WAIT, 0, {{FL_RESULT_OK, 0, silence_over}, {FL_RESULT_ERROR, 0, refused}}},
    [LISTEN] = {"+FRS",
                LINES,
                STOP_ABORT,
                60000,
                {{FL_RESULT_OK, 0, silence_over},
                 {FL_RESULT_ERROR, 0, refused},
                 {FL_RESULT_TIMEOUT, FL_IND_FAILED, begin_abort}}},
    [DELAY] = {"delay", LINES, STOP_NOW, 0, {{FL_RESULT_TIMEOUT, FL_IND_DONE, end_with}}},
    [ABORTING] = {"abort",
                  DISCARD,
                  STOP_WAIT,
                  0,
                  {{FL_RESULT_OK, 0, aborted},
                   {FL_RESULT_NO_CARRIER, 0, aborted},
                   {FL_RESULT_ERROR, 0, aborted},
                   {FL_RESULT_FCERROR, 0, aborted},
                   {FL_RESULT_BUSY, 0, aborted},
                   {FL_RESULT_TIMEOUT, 0, try_at}}},
    [ABORT_AT] = {"abort by AT",
                  DISCARD,
                  STOP_WAIT,
                  1000,
                  {{FL_RESULT_OK, 0, aborted},
                   {FL_RESULT_NO_CARRIER, 0, ignore},
                   {FL_RESULT_BUSY, 0, ignore},
                   {FL_RESULT_ERROR, 0, try_at},
                   {FL_RESULT_TIMEOUT, 0, try_at}}},
    [SETTLE] = {"settle",
                DISCARD,
                STOP_WAIT,
                0,
                {{FL_RESULT_NO_CARRIER, 0, ignore},
                 {FL_RESULT_BUSY, 0, ignore},
                 {FL_RESULT_TIMEOUT, 0, settled}}},
    [HANGING_UP] = {"hang up",
                    LINES,
                    STOP_WAIT,
                    3000,
                    {{FL_RESULT_OK, 0, hung_up},
                     {FL_RESULT_ERROR, 0, hung_up}, /* it was on hook already */
                     {FL_RESULT_NO_CARRIER, 0, ignore},
                     {FL_RESULT_BUSY, 0, ignore},
                     {FL_RESULT_NO_ANSWER, 0, ignore},
                     {FL_RESULT_RING, 0, ignore},
                     {FL_RESULT_TIMEOUT, 0, hang_up_silent}}},
    [DEAD] = {"dead", DISCARD, STOP_NOW, 0, {{0}}},
};

/* What a result means in every phase that does not say otherwise. */
static const struct match DEFAULTS[] = {
    {FL_RESULT_RING, 0, ring},           {FL_RESULT_NO_CARRIER, 0, line_down}, {FL_RESULT_BUSY, 0, line_down},
    {FL_RESULT_NO_ANSWER, 0, line_down}, {FL_RESULT_TIMEOUT, 0, stuck},
};

static void dispatch(struct fl_class1 *d, uint8_t result, fl_time now)
{
    const struct match *matches = PHASES[d->phase].matches;
    for (size_t i = 0; i < MATCHES && matches[i].result; i++) {
        if (matches[i].result != result) continue;
        matches[i].act(d, matches[i].argument, now);
        return;
    }
    for (size_t i = 0; i < FL_COUNT(DEFAULTS); i++)
        if (DEFAULTS[i].result == result) DEFAULTS[i].act(d, DEFAULTS[i].argument, now);
}

/* ---- octets from the modem: lines ---- */

/* The modem's echo of our command, alone or with a result glued to it. */
static void drop_echo(struct fl_class1 *d)
{
    size_t size = strlen(d->command);
    if (!size || strncmp(d->line, d->command, size) != 0) return;
    memmove(d->line, d->line + size, strlen(d->line + size) + 1);
}

static void take_line(struct fl_class1 *d, fl_time now)
{
    uint8_t found[FL_RESULTS_MAX];
    bool discarding = PHASES[d->phase].mode == DISCARD;
    bool dirty = d->line_dirty;
    bool query = d->phase == CHAT && STEPS[d->step].capture != NOTHING;
    d->line[d->line_length] = 0;
    d->line_length = 0;
    d->line_dirty = false;
    drop_echo(d);
    if (!d->line[0] || (discarding && dirty)) return;
    /* A list may begin like a result: "+FRM:96". */
    size_t count = query && d->line[0] == '+' ? 0 : fl_results_split(d->line, !query && !discarding, found);
    if (count || !discarding) fl_trace_text(&d->pen, now, FL_TRACE_AT_RECEIVED, "%s", d->line);
    if (!count && !discarding && d->phase != CHAT) {
        found[0] = (uint8_t)fl_results_at_end(d->line);
        count = found[0] != FL_RESULT_NONE;
    }
    if (!count && !discarding) dispatch(d, FL_RESULT_TEXT, now);
    if (count) d->last_result = now;
    for (size_t i = 0; i < count; i++) dispatch(d, found[i], now);
}

static void take_line_octet(struct fl_class1 *d, uint8_t octet, fl_time now)
{
    if (d->dle) { /* the rest of a frame or of data: what follows DLE ETX is a fresh line */
        d->dle = false;
        if (octet == ETX) d->line_length = 0;
        d->line_dirty = octet != ETX;
    } else if (octet == DLE) {
        d->dle = true;
    } else if (octet == '\r' || octet == '\n') {
        if (d->line_length || d->line_dirty) take_line(d, now);
    } else if (octet >= 0x20 && octet < 0x7F) {
        if (d->line_length < FL_CLASS1_LINE - 1)
            d->line[d->line_length++] = (char)octet;
        else
            d->line_dirty = true;
    } else if (octet != 0x00 && octet != 0x11 && octet != 0x13) { /* padding and flow control are no dirt */
        d->line_dirty = true;
    }
}

/* ---- octets from the modem: frames and data ---- */

static void deliver(struct fl_class1 *d, const uint8_t *octets, size_t length)
{
    if (!length) return;
    if (d->phase == DATA_IN) {
        d->data_octets += length;
        tell(d, FL_IND_DATA, true, octets, length);
        return;
    }
    size_t room = sizeof d->raw - d->raw_length;
    if (length > room) {
        d->raw_long = true;
        length = room;
    }
    memcpy(d->raw + d->raw_length, octets, length);
    d->raw_length = (uint16_t)(d->raw_length + length);
    if (!d->carrier_told) tell_carrier(d);
}

/* Delivers the octets up to the next DLE; the first `certain` of them are data whatever they are. */
static size_t take_run(struct fl_class1 *d, const uint8_t *octets, size_t length, size_t certain)
{
    if (length > UINT16_MAX) length = UINT16_MAX;
    const uint8_t *dle = memchr(octets + certain, DLE, length - certain);
    size_t run = dle ? (size_t)(dle - octets) : length;
    deliver(d, octets, run);
    return run;
}

static size_t take_octets(struct fl_class1 *d, const uint8_t *octets, size_t length, fl_time now)
{
    static const uint8_t TWO_DLE[] = {DLE, DLE};
    bool skip_lf = d->skip_lf;
    d->skip_lf = false;
    d->deadline = now + FL_MS(PHASES[d->phase].limit_ms);
    if (skip_lf && octets[0] == '\n') return 1;
    if (!d->dle) {
        d->dle = octets[0] == DLE;
        return d->dle ? 1 : take_run(d, octets, length, 0);
    }
    d->dle = false;
    switch (octets[0]) {
    case DLE: return take_run(d, octets, length, 1);
    case SUB: deliver(d, TWO_DLE, 2); break;
    case ETX: dispatch(d, FL_RESULT_ETX, now); break;
    default: break; /* unknown: both octets mean nothing */
    }
    return 1;
}

size_t fl_class1_input(struct fl_class1 *d, const uint8_t *octets, size_t length, fl_time now)
{
    size_t at = 0;
    if (d->phase == DEAD) return length;
    while (at < length && !d->queued) {
        if (PHASES[d->phase].mode == OCTETS)
            at += take_octets(d, octets + at, length - at, now);
        else
            take_line_octet(d, octets[at++], now);
    }
    return at;
}

/* ---- the remaining verbs ---- */

static size_t take_out(struct fl_class1 *d, uint8_t *octets, size_t cap)
{
    size_t length = (size_t)(d->out_length - d->out_at);
    if (length > cap) length = cap;
    memcpy(octets, d->out + d->out_at, length);
    d->out_at = (uint16_t)(d->out_at + length);
    return length;
}

size_t fl_class1_output(struct fl_class1 *d, uint8_t *octets, size_t cap, fl_time now)
{
    if (now < d->hold_until) return 0;
    d->hold_until = 0;
    size_t used = take_out(d, octets, cap);
    if (d->phase != DATA_OUT || used == cap) return used;
    if (d->paced_until <= now) {
        used += take_data(d, octets + used, cap - used);
        d->paced_until = data_pace(d, now);
    }
    if (d->source_ended && d->chunk_at == d->chunk_length) {
        end_data(d, now);
        used += take_out(d, octets + used, cap - used);
    } else if (used) {
        d->deadline = now + FL_MS(PHASES[DATA_OUT].limit_ms);
    }
    return used;
}

bool fl_class1_has_output(const struct fl_class1 *d, fl_time now)
{
    bool data = d->phase == DATA_OUT && now >= d->paced_until;
    return now >= d->hold_until && (d->out_at < d->out_length || data);
}

/* What still goes on before the hang-up may not take for ever. A dialogue after a reset ends by itself. */
static bool hang_up_bound(const struct fl_class1 *d)
{
    return d->hanging_up && d->phase != HANGING_UP && !d->hang_up_reset;
}

void fl_class1_tick(struct fl_class1 *d, fl_time now)
{
    if (now >= d->hold_until) d->hold_until = 0;
    if (now >= d->paced_until) d->paced_until = 0;
    if (hang_up_bound(d) && now >= d->hang_up_by) {
        force_hang_up(d, now);
        return;
    }
    if (now < d->deadline) return;
    d->deadline = FL_NEVER;
    dispatch(d, FL_RESULT_TIMEOUT, now);
}

fl_time fl_class1_deadline(const struct fl_class1 *d)
{
    fl_time deadline = d->deadline;
    if (hang_up_bound(d)) deadline = fl_earlier(deadline, d->hang_up_by);
    if (d->hold_until && d->out_at < d->out_length) deadline = fl_earlier(deadline, d->hold_until);
    if (d->paced_until && d->phase == DATA_OUT) deadline = fl_earlier(deadline, d->paced_until);
    return deadline;
}

void fl_class1_init(struct fl_class1 *d, const struct fl_class1_profile *profile, struct fl_pen pen)
{
    memset(d, 0, sizeof *d);
    d->profile = profile ? profile : fl_class1_profile(NULL);
    d->find_profile = profile == NULL;
    d->pen = pen;
    d->deadline = FL_NEVER;
    d->last_result = -FL_SEC(3600);
    d->straggler_until = -FL_SEC(3600);
}

void fl_class1_configure(struct fl_class1 *d, const struct fl_class1_config *config)
{
    d->config = *config;
}

static void (*const STARTS[])(struct fl_class1 *d, fl_time now) = {
    [FL_ORDER_INIT] = start_init,
    [FL_ORDER_DIAL] = start_dial,
    [FL_ORDER_ANSWER] = start_answer,
    [FL_ORDER_SEND_FRAME] = start_send_frame,
    [FL_ORDER_RECV_FRAME] = start_recv_frame,
    [FL_ORDER_SEND_DATA] = start_send_data,
    [FL_ORDER_RECV_DATA] = start_recv_data,
    [FL_ORDER_SEND_SILENCE] = start_silence,
    [FL_ORDER_WAIT_SILENCE] = start_silence,
};

static void start(struct fl_class1 *d, fl_time now)
{
    if (d->order.kind != FL_ORDER_RECV_FRAME) d->held = false;
    if (d->order.kind < FL_COUNT(STARTS) && STARTS[d->order.kind])
        STARTS[d->order.kind](d, now);
    else
        finish(d, FL_IND_FAILED, now);
}

/* An order that cannot begin at once: the first frame after dialling is being received, or our carrier is on. */
static void start_after(struct fl_class1 *d, fl_time now)
{
    bool receiving = d->phase == FRAME_IN || d->phase == FRAME_END;
    if (receiving && d->order.kind == FL_ORDER_RECV_FRAME) {
        if (d->carrier_told) tell_carrier(d);
        return;
    }
    d->pending = true;
    begin_early_end(d, FL_IND_DONE, now);
}

void fl_class1_order(struct fl_class1 *d, const struct fl_order *order, fl_time now)
{
    if (d->phase == DEAD) {
        tell(d, FL_IND_FAULT, false, NULL, 0);
    } else if (order->kind == FL_ORDER_ABORT || order->kind == FL_ORDER_HANG_UP) {
        stop(d, order->kind == FL_ORDER_HANG_UP, now);
    } else if (d->busy) {
        fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "order %u while %u is under way", order->kind,
                      d->order.kind);
    } else {
        d->order = *order;
        d->order_started = now;
        d->busy = true;
        d->mismatches = 0;
        if (d->phase == IDLE || (d->phase == CARRIER && order->kind == FL_ORDER_SEND_FRAME))
            start(d, now);
        else
            start_after(d, now);
    }
}

bool fl_class1_busy(const struct fl_class1 *d)
{
    return d->busy;
}

void fl_class1_unplugged(struct fl_class1 *d, fl_time now)
{
    if (d->phase == DEAD) return;
    fault(d, now);
    d->out_at = d->out_length = 0;
}

uint32_t fl_class1_bit(int code)
{
    const struct fl_modulation *row = fl_modulation(code);
    return row ? 1u << (row - fl_modulation(3)) : 0;
}

void fl_class1_codes(uint32_t bits, int32_t *codes)
{
    for (int code = 0; code < 256; code++)
        if (bits & fl_class1_bit(code)) *codes++ = code;
    *codes = 0;
}

uint32_t fl_class1_modulations(const struct fl_class1 *d, bool receive)
{
    return receive ? d->receive_bits : d->send_bits;
}

const char *fl_class1_identity(const struct fl_class1 *d)
{
    return d->identity;
}

const char *fl_class1_classes(const struct fl_class1 *d)
{
    return d->classes;
}
