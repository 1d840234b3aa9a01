/* The five verbs of the T.30 engine, and what its states share: moving between states, orders to the modem, timers,
 * bursts of frames, listening. It knows no state by what it does: that is in caller.c and called.c.
 */
#include "t30/states.h"

#include <string.h>

/* T.30 5.3.6.1: 3 s is the longest a frame may take; longer than this between orders is a fault of the modem. */
#define ABORT_LIMIT FL_SEC(20)
/* For DCN, with the far end's silence that it waits for. */
#define DCN_LIMIT FL_SEC(15)
/* Receive orders that end at once with nothing ("stutter") before we pause between them. */
#define STUTTER_LIMIT 30
#define STUTTER_QUICK FL_MS(100)

/* ---- events and orders: the pulled side ---- */

void fl_t30_emit(struct fl_t30 *e, enum fl_t30_event_kind kind)
{
    if (e->event_count == FL_T30_EVENTS) {
        /* Progress is the only kind that can pile up, and the newest says all that the older ones did. */
        e->event_head = (uint8_t)((e->event_head + 1) % FL_T30_EVENTS);
        e->event_count--;
    }
    struct fl_t30_event *event = &e->events[(e->event_head + e->event_count++) % FL_T30_EVENTS];
    event->kind = (uint8_t)kind;
    event->raw = e->raw;
    event->sent = e->page;
    event->received = e->received;
    event->pages = e->config.caller ? e->page : e->received;
    event->in_doubt = e->in_doubt;
    event->last = kind == FL_T30_PAGE && e->command == FL_EOP;
}

bool fl_t30_event(struct fl_t30 *e, struct fl_t30_event *event)
{
    if (e->event_count == 0) return false;
    *event = e->events[e->event_head];
    e->event_head = (uint8_t)((e->event_head + 1) % FL_T30_EVENTS);
    e->event_count--;
    return true;
}

bool fl_t30_order(struct fl_t30 *e, struct fl_order *order)
{
    if (!e->order_ready) return false;
    *order = e->order;
    e->order_ready = false;
    return true;
}

bool fl_t30_ended(const struct fl_t30 *e)
{
    return e->ended;
}

static void give_order(struct fl_t30 *e, enum fl_order_kind kind)
{
    e->order.kind = (uint8_t)kind;
    e->order_ready = true;
    e->order_active = (uint8_t)(kind + 1);
    e->listening = e->now;
    if (kind == FL_ORDER_RECV_FRAME || kind == FL_ORDER_RECV_DATA) e->our_turn = false;
}

void fl_t30_listen(struct fl_t30 *e)
{
    give_order(e, FL_ORDER_RECV_FRAME);
}

void fl_t30_receive(struct fl_t30 *e)
{
    bool short_train = e->trained && e->session.kind == FL_V17;
    const struct fl_modulation *m = fl_modulation_of(e->session.kind, e->session.rate_bps, short_train);
    e->order.modulation = m->code;
    give_order(e, FL_ORDER_RECV_DATA);
}

void fl_t30_pause(struct fl_t30 *e, int duration_ms)
{
    e->order.duration_ms = (uint16_t)duration_ms;
    give_order(e, FL_ORDER_SEND_SILENCE);
    e->gap_ms = (uint16_t)duration_ms;
}

void fl_t30_wait_silence(struct fl_t30 *e, int duration_ms)
{
    e->order.duration_ms = (uint16_t)duration_ms;
    give_order(e, FL_ORDER_WAIT_SILENCE);
    e->gap_ms = (uint16_t)duration_ms;
}

void fl_t30_call_off(struct fl_t30 *e)
{
    e->aborting = true;
    e->order.kind = FL_ORDER_ABORT;
    e->order_ready = true;
}

void fl_t30_send_data(struct fl_t30 *e, const struct fl_modulation *modulation, struct fl_source source)
{
    e->order.modulation = modulation->code;
    e->order.source = source;
    give_order(e, FL_ORDER_SEND_DATA);
}

/* ---- timers ---- */

void fl_t30_timer_start(struct fl_t30 *e, enum fl_t30_timer timer, fl_time duration)
{
    e->timer[timer] = e->now + duration;
    if (timer < FL_X1)
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_TIMER, "%s start %lld ms", FL_T30_TIMERS[timer].name,
                      (long long)(duration / 1000));
}

void fl_t30_timer_wait(struct fl_t30 *e, enum fl_t30_timer timer)
{
    fl_t30_timer_start(e, timer, FL_MS(FL_T30_TIMERS[timer].wait_ms));
}

void fl_t30_timer_nominal(struct fl_t30 *e, enum fl_t30_timer timer)
{
    fl_t30_timer_start(e, timer, FL_MS(FL_T30_TIMERS[timer].nominal_ms));
}

/* Midway between T4 and T2, at random: two ends that missed each other must not keep time. */
void fl_t30_timer_dis_again(struct fl_t30 *e)
{
    fl_t30_timer_start(e, FL_T4, FL_T30_DIS_AGAIN + (fl_time)(fl_random(&e->random) % 400000));
}

void fl_t30_timer_stop(struct fl_t30 *e, enum fl_t30_timer timer)
{
    e->timer[timer] = FL_NEVER;
}

/* ---- states ---- */

static void stop_state_timers(struct fl_t30 *e)
{
    static const enum fl_t30_timer OF_STATES[] = {FL_T2, FL_T4, FL_X1, FL_X2, FL_X7};
    for (size_t i = 0; i < FL_COUNT(OF_STATES); i++) fl_t30_timer_stop(e, OF_STATES[i]);
    e->paused = FL_NEVER;
}

static void enter(struct fl_t30 *e, enum fl_t30_state state)
{
    const struct fl_t30_state_row *row = &FL_T30_TABLE[state];
    e->state = (uint8_t)state;
    e->next = FL_STATE_NONE;
    e->step = 0;
    e->stutter = 0;
    fl_t30_timer_stop(e, FL_X2); /* the abort that led here is over */
    fl_t30_quiet_stop(e);
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_STATE, "%s", row->name);
    row->enter(e);
    /* The row's timer, unless the state has started it with a time of its own or is left again. */
    bool stays = e->state == state && e->next == FL_STATE_NONE && !e->ended;
    if (stays && e->timer[row->timer] == FL_NEVER) fl_t30_timer_wait(e, row->timer);
}

void fl_t30_go(struct fl_t30 *e, enum fl_t30_state state)
{
    if (!(FL_T30_TABLE[e->state].next >> state & 1)) {
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "no row of the state table leads from %s to %s",
                      FL_T30_TABLE[e->state].name, FL_T30_TABLE[state].name);
        e->raw = FL_RAW_INTERNAL;
        state = FL_STATE_E_ENDED;
    }
    stop_state_timers(e);
    if (e->order_active && e->order_ready) { /* the modem has not even seen it */
        e->order_active = 0;
        e->order_ready = false;
        e->gap_ms = 0;
    }
    if (!e->order_active) {
        enter(e, state);
        return;
    }
    e->next = (uint8_t)state;
    /* The gap that was begun for another signal serves DCN as well: a second one behind it would be too long a silence. */
    if (state == FL_STATE_E_SEND_DCN && e->gap_ms >= e->parting_gap_ms) {
        e->timer[FL_X2] = e->now + DCN_LIMIT;
        return;
    }
    e->gap_ms = 0;
    fl_t30_quiet_stop(e);
    if (!e->aborting) fl_t30_call_off(e);
    e->timer[FL_X2] = e->now + ABORT_LIMIT;
}

/* The last answer goes out once more, because something came behind it (called.c): whatever becomes of that, the fax is well. */
static bool repeats_last_answer(const struct fl_t30 *e)
{
    return e->state == FL_STATE_D_SEND_RESPONSE && e->blanks > 0;
}

void fl_t30_give_up(struct fl_t30 *e, int raw, bool tell)
{
    if (e->ended) return;
    if (e->raw == FL_RAW_NONE && !repeats_last_answer(e)) e->raw = raw;
    e->unanswered = FL_STATE_NONE;
    fl_t30_timer_stop(e, FL_T1);
    fl_t30_timer_stop(e, FL_T5);
    fl_t30_timer_stop(e, FL_X3);
    fl_t30_timer_stop(e, FL_X5);
    fl_t30_timer_stop(e, FL_X6);
    if (raw != FL_RAW_NONE)
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "giving up: %s", fl_raw_text(raw));
    fl_t30_go(e, tell ? FL_STATE_E_SEND_DCN : FL_STATE_E_ENDED);
}

/* The modem holds nothing of ours any more: the session is over at once. */
static void end_now(struct fl_t30 *e, int raw)
{
    /* Once DCN is on its way (or is being waited for), how it ended is settled. */
    bool settled = FL_T30_TABLE[e->state].phase[0] == 'E' || e->next == FL_STATE_E_SEND_DCN ||
                   e->next == FL_STATE_E_ENDED || repeats_last_answer(e);
    if (e->raw == FL_RAW_NONE && !settled) e->raw = raw;
    /* Nothing was heard in time, and the modem never let go of the order to listen: then it was not the far end's silence. */
    if (raw == FL_RAW_DEVICE && e->next != FL_STATE_NONE && e->timed_out) e->raw = raw;
    e->order_active = 0;
    e->order_ready = false;
    e->aborting = false;
    stop_state_timers(e);
    enter(e, FL_STATE_E_ENDED);
}

/* ---- bursts of frames ---- */

void fl_t30_burst_clear(struct fl_t30 *e)
{
    e->burst_count = e->burst_at = 0;
}

struct fl_frame *fl_t30_burst_add(struct fl_t30 *e)
{
    return &e->burst[e->burst_count < FL_BURST_MAX ? e->burst_count++ : FL_BURST_MAX - 1];
}

void fl_t30_burst_one(struct fl_t30 *e, uint8_t fcf)
{
    fl_t30_burst_clear(e);
    fl_frame_make(fl_t30_burst_add(e), true, (uint8_t)(fcf | e->bit_x), NULL, 0);
}

bool fl_t30_burst_send(struct fl_t30 *e)
{
    if (e->burst_at == e->burst_count) return false;
    const struct fl_frame *frame = &e->burst[e->burst_at++];
    e->unanswered = FL_STATE_NONE; /* it is our turn now, whatever comes */
    memcpy(e->order.frame, frame->octets, frame->length);
    e->order.length = frame->length;
    e->order.final = e->burst_at == e->burst_count;
    e->order.frame[1] = e->order.final ? FL_CONTROL_FINAL : FL_CONTROL_MORE;
    give_order(e, FL_ORDER_SEND_FRAME);
    return true;
}

/* ---- listening ---- */

/* A modem may end a receive order with nothing at once, again and again: a pause keeps that from becoming a storm. */
static bool stuttering(struct fl_t30 *e)
{
    bool quick = e->now - e->listening < STUTTER_QUICK;
    e->stutter = quick ? (uint8_t)(e->stutter + 1) : 0;
    if (e->stutter < STUTTER_LIMIT) return false;
    e->stutter = STUTTER_LIMIT - 1;
    fl_t30_pause(e, 200);
    e->gap_ms = 0; /* the far end may be speaking meanwhile */
    return true;
}

void fl_t30_listen_again(struct fl_t30 *e)
{
    if (!stuttering(e)) fl_t30_listen(e);
}

void fl_t30_receive_again(struct fl_t30 *e)
{
    if (!stuttering(e)) fl_t30_receive(e);
}

static void resume_timer(struct fl_t30 *e)
{
    fl_t30_timer_stop(e, FL_X1);
    if (e->paused == FL_NEVER) return;
    e->timer[FL_T30_TABLE[e->state].timer] = e->paused;
    e->paused = FL_NEVER;
}

bool fl_t30_listening(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    uint8_t timer = FL_T30_TABLE[e->state].timer;
    bool counts = h->kind == FL_H_FRAME || h->kind == FL_H_BAD_FRAME || h->kind == FL_H_CARRIER;
    if (counts && e->timer[FL_T1] == FL_NEVER && fl_t30_idle_frame(e)) return true;
    switch (h->kind) {
    case FL_H_CARRIER: /* 5.4.3.1: T1, T2 and T4 stop at the first flag; the length of the frame rules from there */
        e->heard = true;
        if (e->timer[timer] != FL_NEVER) {
            e->paused = e->timer[timer];
            fl_t30_timer_stop(e, (enum fl_t30_timer)timer);
        }
        fl_t30_timer_start(e, FL_X1, FL_T30_CARRIER_LIMIT);
        return true;
    case FL_H_BAD_FRAME:
        e->heard = true;
        resume_timer(e);
        fl_t30_listen(e);
        return true;
    case FL_H_NO_CARRIER:
    case FL_H_FAILED:
    case FL_H_WRONG_CARRIER:
    case FL_H_DONE: /* of the pause after stutter */
        resume_timer(e);
        fl_t30_listen_again(e);
        return true;
    case FL_H_FRAME:
        e->heard = true;
        if (h->final) {
            resume_timer(e); /* for the case that it is no answer: then the wait goes on */
        } else {
            fl_t30_timer_wait(e, FL_X1); /* its successor follows in the same burst */
            fl_t30_listen(e);
        }
        return false;
    case FL_H_TIMER:
        if (h->timer != FL_X1) return false;
        /* A carrier without a frame. T1 bears it, there is time for another; T2 and T4 are as good as over. */
        if (timer != FL_T1) e->paused = e->now;
        resume_timer(e);
        return true;
    default: return true;
    }
}

void fl_t30_answered(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    enum fl_t30_state state = (enum fl_t30_state)e->unanswered;
    e->unanswered = FL_STATE_NONE;
    fl_t30_go(e, state);
    FL_T30_TABLE[e->state].on(e, h);
}

/* ---- the verbs ---- */

void fl_t30_init(struct fl_t30 *e, const struct fl_t30_config *config)
{
    memset(e, 0, sizeof *e);
    e->config = *config;
    e->random = config->seed;
    e->next = e->unanswered = FL_STATE_NONE;
    e->paused = FL_NEVER;
    e->parting_gap_ms = FL_T30_GAP_MS;
    e->dialled = config->caller != config->polling;
    e->sends = config->both ? e->dialled : config->caller;
    e->state = e->dialled ? FL_STATE_B_AWAIT_DIS : FL_STATE_B_SEND_DIS;
    for (size_t i = 0; i < FL_T30_TIMER_COUNT; i++) e->timer[i] = FL_NEVER;
}

#define PAGE_TIME FL_SEC(3600)

/* Longer than any such fax can take: 10 minutes for the frame of it, and for each page what 1 MB takes at 2400. */
static fl_time session_limit(const struct fl_t30 *e)
{
    bool sends = e->config.caller || e->config.both, receives = !e->config.caller || e->config.both;
    int pages = (sends ? e->config.outbox.count(e->config.outbox.ctx) : 0) + (receives ? 100 : 0);
    return FL_SEC(600) + (fl_time)pages * PAGE_TIME;
}

void fl_t30_start(struct fl_t30 *e, fl_time now)
{
    e->now = now;
    e->timer[FL_X3] = now + session_limit(e);
    if (e->state == FL_STATE_B_SEND_DIS) fl_t30_timer_nominal(e, FL_T1);
    enter(e, (enum fl_t30_state)e->state);
}

void fl_t30_stop(struct fl_t30 *e, int raw, fl_time now)
{
    e->now = now;
    bool over = FL_T30_TABLE[e->state].phase[0] == 'E' || e->next == FL_STATE_E_SEND_DCN ||
                e->next == FL_STATE_E_ENDED;
    if (!e->ended && !over) fl_t30_give_up(e, raw, true);
}

/* Does this indication end the order that the modem has? */
static bool ends_order(const struct fl_t30 *e, uint8_t indication)
{
    switch (indication) {
    case FL_IND_DONE:
    case FL_IND_FAILED: return true;
    case FL_IND_FRAME:
    case FL_IND_NO_CARRIER:
    case FL_IND_WRONG_CARRIER: return !e->aborting;
    default: return false;
    }
}

static bool translate(struct fl_t30 *e, const struct fl_indication *i, struct fl_t30_happening *h)
{
    memset(h, 0, sizeof *h);
    h->octets = i->data;
    h->length = i->length;
    switch (i->kind) {
    case FL_IND_DONE: h->kind = FL_H_DONE; return true;
    case FL_IND_FAILED: h->kind = FL_H_FAILED; return true;
    case FL_IND_CARRIER: h->kind = FL_H_CARRIER; return true;
    case FL_IND_DATA: h->kind = FL_H_DATA; return true;
    case FL_IND_NO_CARRIER: h->kind = FL_H_NO_CARRIER; return true;
    case FL_IND_WRONG_CARRIER: h->kind = FL_H_WRONG_CARRIER; return true;
    case FL_IND_FRAME:
        h->kind = i->good && i->length >= 3 ? FL_H_FRAME : FL_H_BAD_FRAME;
        if (h->kind == FL_H_FRAME) {
            h->fcf = fl_fcf_of(i->data, i->length);
            h->final = fl_frame_final(i->data, i->length);
        }
        return true;
    default:
        (void)e;
        return false; /* +FRH:3 announces a frame that follows as such; call progress is not for us */
    }
}

void fl_t30_input(struct fl_t30 *e, const struct fl_indication *indication, fl_time now)
{
    struct fl_t30_happening happening;
    e->now = now;
    if (e->ended) return;
    if (indication->kind == FL_IND_FAULT || indication->kind == FL_IND_LINE_DOWN) {
        end_now(e, indication->kind == FL_IND_FAULT ? FL_RAW_DEVICE : FL_RAW_LINE_DOWN);
        return;
    }
    bool known = translate(e, indication, &happening), ends = ends_order(e, indication->kind);
    if (known && happening.kind == FL_H_FRAME) e->our_turn = happening.final;
    if (ends) {
        e->order_active = 0;
        e->aborting = false;
    }
    if (known && fl_t30_quiet_goes_on(e, &happening)) return;
    if (ends && (indication->kind != FL_IND_DONE || e->next != FL_STATE_E_SEND_DCN)) e->gap_ms = 0;
    if (ends && e->next != FL_STATE_NONE) {
        enter(e, (enum fl_t30_state)e->next);
        return;
    }
    if (e->next != FL_STATE_NONE) return; /* of the state that is being left */
    if (known) FL_T30_TABLE[e->state].on(e, &happening);
}

void fl_t30_stored(struct fl_t30 *e, bool good, fl_time now)
{
    struct fl_t30_happening happening = {.kind = FL_H_STORED, .good = good};
    e->now = now;
    if (e->ended || !e->storing) return;
    e->storing = false;
    if (!good)
        fl_t30_give_up(e, FL_RAW_STORAGE, true);
    else if (e->next == FL_STATE_NONE)
        FL_T30_TABLE[e->state].on(e, &happening);
}

void fl_t30_more(struct fl_t30 *e, int pages, fl_time now)
{
    struct fl_t30_happening happening = {.kind = FL_H_MORE};
    e->now = now;
    if (e->ended) return;
    if (e->timer[FL_X3] != FL_NEVER) e->timer[FL_X3] += pages * PAGE_TIME;
    if (e->next == FL_STATE_NONE) FL_T30_TABLE[e->state].on(e, &happening);
}

static void expired(struct fl_t30 *e, enum fl_t30_timer timer)
{
    struct fl_t30_happening happening = {.kind = FL_H_TIMER, .timer = (uint8_t)timer};
    fl_t30_timer_stop(e, timer);
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_TIMER, "%s expired", FL_T30_TIMERS[timer].name);
    if (timer == FL_X3) {
        fl_t30_give_up(e, FL_RAW_SESSION, true);
    } else if (timer == FL_X5) {
        fl_t30_give_up(e, FL_RAW_D_NOTHING_NEW,
                       e->state != FL_STATE_C_RECEIVE_PAGE); /* who sends hears no DCN */
    } else if (timer == FL_X4) {
        fl_t30_quiet_overdue(e);
    } else if (timer == FL_X6) {
        fl_t30_give_up(e, FL_RAW_D_PAGE_LIMIT, true);
    } else if (timer == FL_T5 && (!e->patience_over || e->paused != FL_NEVER)) {
        /* The far end is speaking, or may have begun to: a modem tells of it a quarter of a second later. The exchange that is
         * under way is the last one. */
        e->patience_over = true;
        fl_t30_timer_start(e, FL_T5, FL_SEC(5));
    } else if (timer == FL_T5) {
        fl_t30_give_up(e, FL_RAW_D_NOT_READY, true);
    } else if (timer == FL_X2) {
        if (e->next != FL_STATE_NONE || e->state == FL_STATE_E_SEND_DCN)
            end_now(e, FL_RAW_DEVICE);
        else if (e->quiet &&
                 !e->aborting) /* the modem does as it is told: it is the far end that never falls silent */
            fl_t30_give_up(
                e, FL_T30_TABLE[e->state].phase[0] == 'B' ? FL_RAW_B_NO_RESPONSE : FL_RAW_D_NO_RESPONSE,
                true);
        else
            fl_t30_give_up(e, FL_RAW_DEVICE, false);
    } else {
        int before = e->raw;
        FL_T30_TABLE[e->state].on(e, &happening);
        if (e->raw != before) e->timed_out = true;
    }
}

void fl_t30_tick(struct fl_t30 *e, fl_time now)
{
    e->now = now;
    for (int timer = 0; timer < FL_T30_TIMER_COUNT && !e->ended; timer++)
        if (e->timer[timer] <= now) expired(e, (enum fl_t30_timer)timer);
}

fl_time fl_t30_deadline(const struct fl_t30 *e)
{
    fl_time earliest = FL_NEVER;
    if (e->ended) return FL_NEVER;
    for (int timer = 0; timer < FL_T30_TIMER_COUNT; timer++) earliest = fl_earlier(earliest, e->timer[timer]);
    return earliest;
}

/* ---- phase E, the same for both roles ---- */

void fl_t30_enter_E_SEND_DCN(struct fl_t30 *e)
{
    fl_t30_timer_start(e, FL_X2, DCN_LIMIT);
    fl_t30_burst_one(e, FL_DCN);
    if (e->gap_ms >= e->parting_gap_ms)
        fl_t30_burst_send(e); /* the silence before it has been kept already */
    else
        fl_t30_quiet(e, e->parting_gap_ms);
}

void fl_t30_on_E_SEND_DCN(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_DONE && fl_t30_burst_send(e)) return;
    if (h->kind == FL_H_DONE || h->kind == FL_H_FAILED) fl_t30_go(e, FL_STATE_E_ENDED);
}

void fl_t30_enter_E_ENDED(struct fl_t30 *e)
{
    for (int timer = 0; timer < FL_T30_TIMER_COUNT; timer++) fl_t30_timer_stop(e, (enum fl_t30_timer)timer);
    e->ended = true;
    fl_t30_emit(e, FL_T30_ENDED);
}

void fl_t30_on_E_ENDED(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    (void)e;
    (void)h;
}
