/* A channel's thread, and the two paces of its time: it obeys orders, has the board work, hands up events and trace records,
 * and lets time pass or sleeps.
 */
#define _GNU_SOURCE
#include "channel/channel.h"
#include "base/raw_causes.h"
#include "page/document.h"

#include <poll.h>
#include <time.h>

/* Virtual pace: real time is counted in slices that this thread has slept. A machine that stands still, or lets nobody of
 * this program run, is so no more than one slice long: what is counted is how often the others could have had their turn. */
#define SLICE FL_MS(20)
/* Nobody waits for so many slices (2 s), and time goes on all the same; a program that polls then gets a step of the clock
 * each slice, until it waits or orders something. */
#define GRACE  100
#define POLLED 1
/* An order that is being prepared for longer (a minute) is taken for one that waits for this very clock. */
#define HELD 3000
/* So long (100 ms) time waits for another line of the office that is in a call in which nothing goes on. */
#define PATIENCE 5
/* A call is waited for and nothing else goes on (half a second): whoever is to call, in another thread of the program, has his
 * chance to open a line and dial before the timeout is over. */
#define IDLE 25
/* Closing in line time: how long a session may take to end politely. */
#define CLOSING_LIMIT FL_SEC(10)
/* Closing in virtual time costs nothing: enough for a page, DCN and hanging up. */
#define CLOSING_LIMIT_VIRTUAL FL_SEC(300)

/* ---- events, under the mutex ---- */

static void push_event(struct fl_channel *ch, struct fl_event event)
{
    event.seq = ++ch->seq;
    event.time_us = ch->now;
    ch->now_shown = ch->now; /* whoever has seen the event finds the clock no earlier */
    event.call = ch->call;
    if (event.kind == FL_EVENT_FAX_ENDED) ch->fax = false;
    if (event.kind == FL_EVENT_CALL) ch->member.waits = event.state == FL_CALL_WAITING;
    fl_events_put(&ch->events, &event);
    if (ch->events.count == 1) fl_office_wake(ch->readable);
    pthread_cond_broadcast(&ch->changed);
}

/* It has been obeyed: the application's thread frees it. */
static void spend(struct fl_channel *ch, struct fl_channel_order *order)
{
    order->next = ch->spent;
    ch->spent = order;
}

static void collect_events(struct fl_channel *ch)
{
    struct fl_event event = {0};
    while (fl_events_open(&ch->events) && ch->board->ops->event(ch->board, &event)) {
        push_event(ch, event);
        event = (struct fl_event){0};
    }
    while (ch->timers.earliest && ch->timers.earliest->at <= ch->now && fl_events_room(&ch->events)) {
        struct fl_timer *timer = fl_timers_take(&ch->timers);
        push_event(ch, (struct fl_event){.kind = FL_EVENT_TIMER, .timer = timer->number});
        spend(ch, (struct fl_channel_order *)timer);
    }
    ch->violations = ch->board->ops->violations(ch->board, ch->violation_text, sizeof ch->violation_text);
}

void fl_channel_collect_trace(struct fl_channel *ch)
{
    struct fl_trace_record record;
    if (!ch->trace) return;
    while (ch->record_count < FL_CHANNEL_RECORDS && fl_trace_take(ch->trace, &record))
        ch->records[(ch->record_head + ch->record_count++) % FL_CHANNEL_RECORDS] = record;
}

/* ---- orders ---- */

static void start_timer(struct fl_channel *ch, struct fl_channel_order *order)
{
    order->timer.at = ch->now + (order->delay_us > 0 ? order->delay_us : 0);
    fl_timers_start(&ch->timers, &order->timer);
}

/* Takes the timers of that number out: their orders, one behind the other. */
static struct fl_channel_order *cancel_timers(struct fl_channel *ch, int32_t number)
{
    struct fl_channel_order *cancelled = NULL;
    struct fl_timer *timer;
    while ((timer = fl_timers_cancel(&ch->timers, number))) {
        struct fl_channel_order *order = (struct fl_channel_order *)timer;
        order->next = cancelled;
        cancelled = order;
    }
    return cancelled;
}

/* More of the document that is being sent. What comes too late stays with its order, to be freed with it. */
static void take_more(struct fl_channel *ch, struct fl_channel_order *order)
{
    struct fl_document *document = ch->document, *piece = order->document;
    if (!document || !document->open) return;
    int pages = piece ? fl_document_pages(piece) : 0;
    if (piece) fl_document_append(document, piece);
    order->document = NULL;
    document->open = order->flag == FL_MORE_FOLLOW;
    if (order->flag == FL_MORE_FAILED)
        ch->board->ops->stop(ch->board, FL_RAW_DOCUMENT, ch->now);
    else
        ch->board->ops->more(ch->board, pages, ch->now);
}

/* Returns the orders that are over with it: this one, unless it is a timer, which waits for its time, and the timers that it
 * cancels. */
static struct fl_channel_order *obey(struct fl_channel *ch, struct fl_channel_order *order)
{
    const struct fl_board_ops *ops = ch->board->ops;
    if (order->call) ch->call = order->call;
    order->next = NULL;
    switch (order->kind) {
    case FL_CHANNEL_ORDER_DIAL: ops->dial(ch->board, order->number, ch->now); break;
    case FL_CHANNEL_ORDER_HANG_UP: ops->hang_up(ch->board, ch->now); break;
    case FL_CHANNEL_ORDER_STOP: ops->stop(ch->board, FL_RAW_STOP, ch->now); break;
    case FL_CHANNEL_ORDER_STORED: ops->stored(ch->board, order->flag, ch->now); break;
    case FL_CHANNEL_ORDER_AWAIT: ops->await(ch->board, order->flag, ch->now); break;
    case FL_CHANNEL_ORDER_ANSWER: ops->answer(ch->board, ch->now); break;
    case FL_CHANNEL_ORDER_REJECT: ops->reject(ch->board, ch->now); break;
    case FL_CHANNEL_ORDER_INCOMING:
        ops->incoming(ch->board, &order->options, order->document, ch->now);
        order->document = NULL;
        break;
    case FL_CHANNEL_ORDER_MORE: take_more(ch, order); break;
    case FL_CHANNEL_ORDER_TIMER: start_timer(ch, order); return NULL;
    case FL_CHANNEL_ORDER_TIMER_CANCEL: order->next = cancel_timers(ch, order->timer.number); break;
    case FL_CHANNEL_ORDER_FAX:
        fl_document_free(ch->document);
        ch->document = order->document;
        order->document = NULL;
        ops->fax(ch->board, (enum fl_fax_ways)order->flag, &order->options, ch->document, ch->now);
        break;
    }
    return order;
}

/* Takes one order at a time out of the queue, so that the mutex is free while the board obeys. Nothing that was accepted is
 * dropped: with too little room for what it yields it waits until the application has looked. */
static struct fl_channel_order *take_order(struct fl_channel *ch)
{
    struct fl_channel_order *order = NULL;
    pthread_mutex_lock(&ch->mutex);
    if (ch->first && fl_events_room(&ch->events)) {
        order = ch->first;
        ch->first = order->next;
        if (!ch->first) ch->last = &ch->first;
        ch->member.ordered = ch->first != NULL;
    }
    pthread_mutex_unlock(&ch->mutex);
    return order;
}

static void take_orders(struct fl_channel *ch)
{
    struct fl_channel_order *order;
    pthread_mutex_lock(&ch->mutex);
    collect_events(ch); /* of the call so far: an order may begin another */
    pthread_mutex_unlock(&ch->mutex);
    while ((order = take_order(ch))) {
        ch->polled = false;
        struct fl_channel_order *over = obey(ch, order);
        pthread_mutex_lock(&ch->mutex);
        while ((order = over)) {
            over = order->next;
            spend(ch, order);
        }
        collect_events(ch);
        pthread_mutex_unlock(&ch->mutex);
    }
}

/* ---- the thread ---- */

/* An expired timer that has no room waits for the application, not for the clock. */
static fl_time timers_deadline(const struct fl_channel *ch)
{
    const struct fl_timer *earliest = ch->timers.earliest;
    return earliest && earliest->at > ch->now ? earliest->at : FL_NEVER;
}

/* What the board waits for. */
static struct pollfd board_poll(struct fl_channel *ch)
{
    struct pollfd board = {.fd = -1};
    if (ch->board->ops->fd) board.fd = ch->board->ops->fd(ch->board, &board.events, ch->now);
    return board;
}

/* Sleeps until woken, or until `until` on the wall's clock. */
static void rest(struct fl_channel *ch, struct pollfd board, fl_time until)
{
    struct pollfd fds[] = {{.fd = ch->member.wake, .events = POLLIN}, board};
    struct timespec timeout, *limit = NULL;
    if (until != FL_NEVER) {
        fl_time left = until - fl_office_wall();
        if (left < 0) left = 0;
        timeout.tv_sec = left / 1000000;
        timeout.tv_nsec = left % 1000000 * 1000;
        limit = &timeout;
    }
    if (ppoll(fds, 2, limit, NULL) > 0 && fds[0].revents) fl_office_calm(ch->member.wake);
}

/* Virtual pace: does this channel permit time to pass? It does when somebody waits who has seen all events, or when
 * nobody has looked for a while (grace_over); never while a page is being stored or trace records would be lost. */
static bool permits(struct fl_channel *ch, bool grace_over)
{
    if (ch->board->ops->storing(ch->board)) return false;
    pthread_mutex_lock(&ch->mutex);
    bool waited_for = ch->allowed >= ch->seq;
    if (waited_for) ch->polled = false;
    bool room = ch->record_count < FL_CHANNEL_RECORDS / 2;
    pthread_mutex_unlock(&ch->mutex);
    return room && (waited_for || grace_over);
}

/* One round, under the office's mutex: orders, the boards' work, what came of it, and whether time may pass. */
static fl_time round_of_work(struct fl_channel *ch, bool closing, bool grace_over)
{
    ch->now = ch->office->now;
    take_orders(ch);
    if (ch->board->ops->woken) ch->board->ops->woken(ch->board);
    fl_time deadline = fl_office_step(ch->office, ch->board, ch->now);
    pthread_mutex_lock(&ch->mutex);
    collect_events(ch);
    fl_channel_collect_trace(ch);
    ch->now_shown = ch->now;
    pthread_mutex_unlock(&ch->mutex);
    ch->member.timers = timers_deadline(ch);
    ch->member.pending = !ch->board->ops->resting(ch->board) || ch->timers.earliest;
    ch->member.holds = !ch->board->ops->on_hook(ch->board);
    ch->member.permits = closing || permits(ch, grace_over);
    fl_office_tell(ch->office, &ch->member);
    return deadline;
}

/* Virtual pace: time goes on, or the thread sleeps: until an order, an allowance or another line of the office wakes
 * it, or (with something pending that nobody waits for) the grace is over. */
static void advance_virtual(struct fl_channel *ch, fl_time deadline, bool *grace_over)
{
    bool advanced = fl_office_advance(ch->office, deadline, !*grace_over);
    bool pending = ch->member.pending || (ch->member.permits && deadline != FL_NEVER);
    bool held = ch->member.held;
    bool idle = deadline == FL_NEVER && fl_office_waits(ch->office);
    uint32_t moment = held ? HELD : idle ? IDLE : ch->member.permits ? PATIENCE : ch->polled ? POLLED : GRACE;
    struct pollfd board = board_poll(ch);
    pthread_mutex_unlock(&ch->office->mutex);
    *grace_over = false;
    if (advanced) return;
    fl_time until = pending || held ? fl_office_wall() + SLICE : FL_NEVER;
    rest(ch, board, until);
    bool slept = until != FL_NEVER && fl_office_wall() >= until;
    ch->slices = slept ? ch->slices + 1 : 0;
    if (ch->slices < moment) return;
    ch->slices = 0;
    if (held) {
        ch->member.held = false;
        return;
    }
    *grace_over = true;
    ch->polled = true;
}

/* Line time: this board's deadline only. Whoever moves another's forward wakes its thread (office.c). */
static void advance_real(struct fl_channel *ch, fl_time closing_limit)
{
    fl_time start = ch->office->wall_start;
    fl_time deadline = fl_earlier(ch->board->ops->deadline(ch->board), ch->member.timers);
    struct pollfd board = board_poll(ch);
    deadline = fl_earlier(deadline, closing_limit);
    ch->member.until = deadline;
    pthread_mutex_unlock(&ch->office->mutex);
    rest(ch, board, deadline == FL_NEVER ? FL_NEVER : start + deadline / ch->speed);
}

static bool is_closing(struct fl_channel *ch)
{
    pthread_mutex_lock(&ch->mutex);
    bool closing = ch->closing;
    pthread_mutex_unlock(&ch->mutex);
    return closing;
}

/* The first round of the end: whatever goes on is ended politely. Returns when that must be over. */
static fl_time begin_closing(struct fl_channel *ch)
{
    ch->board->ops->stop(ch->board, FL_RAW_CLOSED, ch->now);
    if (!ch->board->ops->on_hook(ch->board)) ch->board->ops->hang_up(ch->board, ch->now);
    return ch->now + (ch->virtual_pace ? CLOSING_LIMIT_VIRTUAL : CLOSING_LIMIT * ch->speed);
}

static void leave_office(struct fl_channel *ch)
{
    ch->board->ops->detach(ch->board, ch->now);
    fl_office_leave(ch->office, &ch->member);
    fl_office_tell(ch->office, NULL);
}

/* In line time 75 ms are 75 ms, whoever else computes: before all other programs, where the system lets us (root, or a limit
 * on rtprio); elsewhere as before. */
static void ask_for_priority(void)
{
    struct sched_param first = {.sched_priority = 1};
    (void)pthread_setschedparam(pthread_self(), SCHED_RR, &first);
}

void *fl_channel_drive(void *context)
{
    struct fl_channel *ch = context;
    if (!ch->virtual_pace && ch->speed == 1) ask_for_priority();
    fl_time give_up_at = FL_NEVER;
    bool grace_over = false;
    for (;;) {
        pthread_mutex_lock(&ch->office->mutex);
        if (!ch->virtual_pace) {
            fl_time now = (fl_office_wall() - ch->office->wall_start) * ch->speed;
            if (now > ch->office->now) ch->office->now = now;
        }
        ch->now = ch->office->now;
        if (give_up_at == FL_NEVER && is_closing(ch)) give_up_at = begin_closing(ch);
        bool closing = give_up_at != FL_NEVER;
        fl_time deadline = round_of_work(ch, closing, grace_over);
        if (closing && (ch->board->ops->on_hook(ch->board) || ch->now >= give_up_at)) break;
        if (closing) deadline = fl_earlier(deadline, give_up_at);
        if (ch->virtual_pace)
            advance_virtual(ch, deadline, &grace_over);
        else
            advance_real(ch, give_up_at);
    }
    leave_office(ch);
    pthread_mutex_unlock(&ch->office->mutex);
    pthread_mutex_lock(&ch->mutex);
    ch->ended = true;
    pthread_cond_broadcast(&ch->changed);
    fl_office_wake(ch->readable);
    pthread_mutex_unlock(&ch->mutex);
    return NULL;
}
