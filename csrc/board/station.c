/* Call control on a Class 1 modem, and the T.30 engine between its driver and the call. */
#include "board/station.h"

#include <string.h>

static void emit(struct fl_station *s, struct fl_station_event event)
{
    if (s->event_count ==
        FL_STATION_EVENTS) { /* the owner collects after every call: this cannot happen in order */
        s->event_head = (uint8_t)((s->event_head + 1) % FL_STATION_EVENTS);
        s->event_count--;
    }
    s->events[(s->event_head + s->event_count++) % FL_STATION_EVENTS] = event;
}

static void emit_call(struct fl_station *s, int state, int cause)
{
    emit(s, (struct fl_station_event){.kind = FL_STATION_CALL, .state = state, .cause = cause});
}

bool fl_station_event(struct fl_station *s, struct fl_station_event *event)
{
    if (s->event_count == 0) return false;
    *event = s->events[s->event_head];
    s->event_head = (uint8_t)((s->event_head + 1) % FL_STATION_EVENTS);
    s->event_count--;
    return true;
}

static void order(struct fl_station *s, enum fl_order_kind kind, fl_time now)
{
    struct fl_order order = {.kind = (uint8_t)kind};
    fl_class1_order(&s->driver, &order, now);
}

/* ---- the fax session ---- */

static void pump_engine(struct fl_station *s, fl_time now)
{
    struct fl_order order;
    struct fl_t30_event event;
    if (!s->fax) return;
    while (fl_t30_order(&s->engine, &order)) fl_class1_order(&s->driver, &order, now);
    while (fl_t30_event(&s->engine, &event)) {
        emit(s, (struct fl_station_event){.kind = FL_STATION_T30, .t30 = event});
        if (event.kind == FL_T30_ENDED) s->fax = false;
    }
    if (!s->fax && s->hang_up && s->state == FL_STATION_CONNECTED) {
        s->state = FL_STATION_HANGING_UP;
        order = (struct fl_order){.kind = FL_ORDER_HANG_UP};
        fl_class1_order(&s->driver, &order, now);
    }
}

static void take_indications(struct fl_station *s, fl_time now);

static void refuse_fax(struct fl_station *s, int raw)
{
    struct fl_t30_event ended = {.kind = FL_T30_ENDED, .raw = raw};
    emit(s, (struct fl_station_event){.kind = FL_STATION_T30, .t30 = ended});
}

void fl_station_fax(struct fl_station *s, const struct fl_t30_config *config, fl_time now)
{
    if (s->fax || s->state == FL_STATION_DEAD) {
        refuse_fax(s, s->fax ? FL_RAW_STATE : FL_RAW_DEVICE);
    } else if (s->state == FL_STATION_VOICE) {
        emit(s, (struct fl_station_event){.kind = FL_STATION_STARTED});
        refuse_fax(s, FL_RAW_A_VOICE);
    } else if (s->state != FL_STATION_CONNECTED) {
        refuse_fax(s, FL_RAW_LINE_DOWN);
    } else {
        s->fax = true;
        fl_t30_init(&s->engine, config);
        emit(s, (struct fl_station_event){.kind = FL_STATION_STARTED});
        fl_t30_start(&s->engine, now);
        pump_engine(s, now);
        take_indications(s,
                         now); /* the driver may have held the first frame: no octet would bring it forward */
    }
}

void fl_station_stop(struct fl_station *s, int raw, fl_time now)
{
    if (!s->fax) return;
    fl_t30_stop(&s->engine, raw, now);
    pump_engine(s, now);
}

void fl_station_stored(struct fl_station *s, bool good, fl_time now)
{
    if (!s->fax) return;
    fl_t30_stored(&s->engine, good, now);
    pump_engine(s, now);
}

void fl_station_more(struct fl_station *s, int pages, fl_time now)
{
    if (!s->fax) return;
    fl_t30_more(&s->engine, pages, now);
    pump_engine(s, now);
}

/* ---- the call ---- */

void fl_station_init(struct fl_station *s, const struct fl_class1_profile *profile, struct fl_pen pen,
                     fl_time now)
{
    memset(s, 0, sizeof *s);
    s->pen = pen;
    s->profile = profile;
    s->cause = FL_CALL_CAUSE_NORMAL;
    fl_class1_init(&s->driver, profile, pen);
    order(s, FL_ORDER_INIT, now);
}

void fl_station_restart(struct fl_station *s, fl_time now)
{
    struct fl_class1_config config = s->driver.config;
    const struct fl_class1_profile *profile = s->profile;
    if (s->state != FL_STATION_DEAD) return;
    s->state = FL_STATION_INIT;
    s->cause = FL_CALL_CAUSE_NORMAL;
    s->hang_up = false;
    s->ringing_until = 0;
    s->ignored = false;
    fl_class1_init(&s->driver, profile, s->pen);
    fl_class1_configure(&s->driver, &config);
    order(s, FL_ORDER_INIT, now);
}

static void dial(struct fl_station *s, fl_time now)
{
    s->waiting = false;
    s->state = FL_STATION_DIALLING;
    s->dialled = true;
    s->cause = FL_CALL_CAUSE_NORMAL;
    s->hang_up = false;
    fl_class1_order(&s->driver, &s->dial, now);
    s->dial.length = 0;
}

void fl_station_dial(struct fl_station *s, const char *number, fl_time now)
{
    size_t length = strlen(number);
    emit_call(s, FL_CALL_CALL_OUTGOING, FL_CALL_CAUSE_NORMAL);
    if (s->state != FL_STATION_ON_HOOK && s->state != FL_STATION_INIT) {
        emit_call(s, FL_CALL_IDLE, s->state == FL_STATION_DEAD ? FL_CALL_CAUSE_ERROR : FL_CALL_CAUSE_FAILED);
        return;
    }
    if (length > sizeof s->dial.frame) length = sizeof s->dial.frame;
    /* A call that rings would be answered by going off hook, and the fax go to whoever rang. */
    s->ignored = s->ringing_until != 0;
    s->dial = (struct fl_order){.kind = FL_ORDER_DIAL, .length = (uint16_t)length};
    memcpy(s->dial.frame, number, length);
    if (s->state != FL_STATION_ON_HOOK || s->ringing_until != 0) return;
    dial(s, now);
    take_indications(s, now); /* a number that the driver refuses ends the attempt at once */
}

/* Rings come every 5 to 6 s: this long without one, and the caller has given up. */
#define RING_GAP FL_SEC(8)

static void ring(struct fl_station *s, fl_time now)
{
    if (s->ringing_until == 0) emit_call(s, FL_CALL_RING_INCOMING, FL_CALL_CAUSE_NORMAL);
    s->waiting = false;
    s->ringing_until = now + RING_GAP;
}

static void ring_over(struct fl_station *s, fl_time now)
{
    if (!s->ignored) emit_call(s, FL_CALL_IDLE, FL_CALL_CAUSE_NOANSWER);
    s->ringing_until = 0;
    s->ignored = false;
    if (s->dial.length) dial(s, now);
}

void fl_station_await(struct fl_station *s, bool on, fl_time now)
{
    (void)now;
    bool ready = s->state == FL_STATION_ON_HOOK || s->state == FL_STATION_INIT;
    if (s->ringing_until != 0 && !s->ignored) { /* it rings already; whoever asks may not have heard of it */
        emit_call(s, FL_CALL_RING_INCOMING, FL_CALL_CAUSE_NORMAL);
        return;
    }
    s->waiting = on && ready;
    emit_call(s, on && ready ? FL_CALL_WAITING : FL_CALL_IDLE,
              s->state == FL_STATION_DEAD ? FL_CALL_CAUSE_ERROR : FL_CALL_CAUSE_NORMAL);
}

void fl_station_reject(struct fl_station *s, fl_time now)
{
    (void)now;
    if (s->ringing_until == 0 || s->ignored) return;
    s->ignored = true;
    emit_call(s, FL_CALL_IDLE, FL_CALL_CAUSE_REJECTED);
}

void fl_station_answer(struct fl_station *s, fl_time now)
{
    if (s->state != FL_STATION_ON_HOOK) {
        emit_call(s, FL_CALL_IDLE, FL_CALL_CAUSE_FAILED);
        return;
    }
    s->ringing_until = 0;
    s->ignored = false;
    s->state = FL_STATION_ANSWERING;
    s->dialled = false;
    s->cause = FL_CALL_CAUSE_NORMAL;
    s->hang_up = false;
    emit_call(s, FL_CALL_ANSWERING, FL_CALL_CAUSE_NORMAL);
    order(s, FL_ORDER_ANSWER, now);
}

static void on_hook(struct fl_station *s, int cause)
{
    s->state = FL_STATION_ON_HOOK;
    s->hang_up = false;
    emit_call(s, FL_CALL_IDLE, cause);
}

void fl_station_hang_up(struct fl_station *s, fl_time now)
{
    switch (s->state) {
    case FL_STATION_CONNECTED:
        s->hang_up = true;
        if (s->fax) {
            fl_station_stop(s, FL_RAW_HANG_UP, now);
            return;
        }
        break;
    case FL_STATION_VOICE: on_hook(s, FL_CALL_CAUSE_NORMAL); return;
    case FL_STATION_DIALLING: s->cause = FL_CALL_CAUSE_NOANSWER; break;
    case FL_STATION_ANSWERING: break;
    case FL_STATION_HANGING_UP: return;
    default: /* on hook already */
        s->dial.length = 0;
        s->waiting = false;
        if (s->ringing_until != 0 && !s->ignored) {
            fl_station_reject(s, now);
            return;
        }
        emit_call(s, FL_CALL_IDLE, s->cause);
        return;
    }
    s->state = FL_STATION_HANGING_UP;
    order(s, FL_ORDER_HANG_UP, now);
}

static void die(struct fl_station *s)
{
    bool begun = s->state != FL_STATION_INIT && s->state != FL_STATION_ON_HOOK && s->state != FL_STATION_DEAD;
    bool rings = s->ringing_until != 0 && !s->ignored;
    bool in_call = begun || rings || s->waiting || s->dial.length;
    s->dial.length = 0;
    s->ringing_until = 0;
    s->waiting = s->ignored = false;
    s->state = FL_STATION_DEAD;
    s->cause = FL_CALL_CAUSE_ERROR;
    if (in_call) emit_call(s, FL_CALL_IDLE, FL_CALL_CAUSE_ERROR);
}

/* The call is gone though nobody here hung up: tidy up the modem's side of it. */
static void line_down(struct fl_station *s, fl_time now)
{
    if (s->state == FL_STATION_INIT || s->state == FL_STATION_ON_HOOK || s->state == FL_STATION_DEAD) return;
    if (s->state == FL_STATION_HANGING_UP) {
        on_hook(s, s->cause);
        return;
    }
    if (s->state == FL_STATION_DIALLING) s->cause = FL_CALL_CAUSE_FAILED;
    s->state = FL_STATION_HANGING_UP;
    order(s, FL_ORDER_HANG_UP, now);
}

/* What ends a dialling attempt, and what the call's cause is then. */
static const struct {
    uint8_t indication;
    int cause;
} DIAL_FAILURES[] = {
    {FL_IND_BUSY, FL_CALL_CAUSE_BUSY},
    {FL_IND_NO_ANSWER, FL_CALL_CAUSE_NOANSWER},
    {FL_IND_NO_DIALTONE, FL_CALL_CAUSE_OUTOFORDER},
    {FL_IND_FAILED, FL_CALL_CAUSE_FAILED},
};

static void call_indication(struct fl_station *s, const struct fl_indication *i, fl_time now)
{
    if (i->kind == FL_IND_RING && s->state == FL_STATION_ON_HOOK) {
        ring(s, now);
        return;
    }
    if (i->kind == FL_IND_RING && s->state == FL_STATION_DIALLING) { /* glare: the modem answers who rings */
        s->cause = FL_CALL_CAUSE_CONGESTION;
        s->state = FL_STATION_HANGING_UP;
        order(s, FL_ORDER_HANG_UP, now);
        return;
    }
    switch (s->state) {
    case FL_STATION_INIT:
        if (i->kind == FL_IND_FAILED) die(s);
        if (i->kind != FL_IND_DONE) return;
        s->state = FL_STATION_ON_HOOK;
        if (s->dial.length) dial(s, now);
        return;
    case FL_STATION_DIALLING:
        if (i->kind == FL_IND_CONNECTED || i->kind == FL_IND_NOT_FAX) {
            s->state = i->kind == FL_IND_CONNECTED ? FL_STATION_CONNECTED : FL_STATION_VOICE;
            emit_call(s, FL_CALL_ANSWERED, FL_CALL_CAUSE_NORMAL);
        }
        for (size_t n = 0; n < FL_COUNT(DIAL_FAILURES); n++)
            if (DIAL_FAILURES[n].indication == i->kind) on_hook(s, DIAL_FAILURES[n].cause);
        return;
    case FL_STATION_ANSWERING:
        if (i->kind == FL_IND_CONNECTED) {
            s->state = FL_STATION_CONNECTED;
            emit_call(s, FL_CALL_ANSWERED, FL_CALL_CAUSE_NORMAL);
        } else if (i->kind == FL_IND_FAILED || i->kind == FL_IND_NOT_FAX) {
            on_hook(s, FL_CALL_CAUSE_FAILED);
        }
        return;
    case FL_STATION_HANGING_UP:
        if (i->kind == FL_IND_DONE) on_hook(s, s->cause);
        return;
    default: return;
    }
}

static void take_indications(struct fl_station *s, fl_time now)
{
    struct fl_indication indication;
    while (fl_class1_indication(&s->driver, &indication)) {
        bool gone = indication.kind == FL_IND_FAULT || indication.kind == FL_IND_LINE_DOWN;
        if (s->fax) {
            fl_t30_input(&s->engine, &indication, now);
            pump_engine(s, now);
            if (!gone) continue;
        }
        if (indication.kind == FL_IND_FAULT)
            die(s);
        else if (indication.kind == FL_IND_LINE_DOWN)
            line_down(s, now);
        else
            call_indication(s, &indication, now);
    }
}

/* ---- octets and time ---- */

void fl_station_input(struct fl_station *s, const uint8_t *octets, size_t length, fl_time now)
{
    while (length > 0) {
        size_t taken = fl_class1_input(&s->driver, octets, length, now);
        take_indications(s, now);
        octets += taken;
        length -= taken;
    }
}

size_t fl_station_output(struct fl_station *s, uint8_t *octets, size_t cap, fl_time now)
{
    return fl_class1_output(&s->driver, octets, cap, now);
}

bool fl_station_take_reset(struct fl_station *s)
{
    return fl_class1_take_reset(&s->driver);
}

bool fl_station_has_output(const struct fl_station *s, fl_time now)
{
    return fl_class1_has_output(&s->driver, now);
}

void fl_station_tick(struct fl_station *s, fl_time now)
{
    if (s->ringing_until != 0 && s->ringing_until <= now) ring_over(s, now);
    fl_class1_tick(&s->driver, now);
    take_indications(s, now);
    if (s->fax) {
        fl_t30_tick(&s->engine, now);
        pump_engine(s, now);
    }
    take_indications(s, now);
}

fl_time fl_station_deadline(const struct fl_station *s)
{
    fl_time deadline = fl_class1_deadline(&s->driver);
    if (s->ringing_until != 0) deadline = fl_earlier(deadline, s->ringing_until);
    return s->fax ? fl_earlier(deadline, fl_t30_deadline(&s->engine)) : deadline;
}

void fl_station_unplugged(struct fl_station *s, fl_time now)
{
    if (s->state == FL_STATION_DEAD) return;
    fl_class1_unplugged(&s->driver, now);
    take_indications(s, now);
}

bool fl_station_resting(const struct fl_station *s)
{
    switch (s->state) {
    case FL_STATION_ON_HOOK: return s->dial.length == 0 && (s->ringing_until == 0 || s->ignored);
    case FL_STATION_VOICE:
    case FL_STATION_DEAD: return true;
    case FL_STATION_CONNECTED: return !s->fax;
    default: return false;
    }
}
