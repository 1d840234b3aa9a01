/* A channel: one board, one C thread that drives it, orders in, events out.
 *
 * The thread owns the board. Everybody else meets it at one mutex: orders wait in a small ring, events in another,
 * trace records in a third. Python never runs here, so no Python thread can make the line late.
 */
#define _GNU_SOURCE
#include "board/board.h"
#include "base/raw_causes.h"
#include "page/document.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define ORDERS 64
#define EVENTS 128
#define TIMERS 64
/* Trace records that wait for Python; in virtual time the line waits rather than lose one. */
#define RECORDS 2048
/* Virtual pace: nobody waits for this long, and time goes on all the same. */
#define GRACE FL_MS(100)
/* Closing in line time: how long a session may take to end politely. */
#define CLOSING_LIMIT FL_SEC(10)
/* Closing in virtual time costs nothing: enough for a page, DCN and hanging up. */
#define CLOSING_LIMIT_VIRTUAL FL_SEC(300)

enum order_kind { ORDER_DIAL, ORDER_HANG_UP, ORDER_FAX, ORDER_STOP, ORDER_TIMER, ORDER_TIMER_CANCEL };

struct order {
    uint8_t kind;
    int32_t timer;
    int64_t delay_us;
    char number[64];
    struct fl_fax_options options;
    struct fl_document *document;
};

struct timer {
    int32_t id;
    fl_time at;
};

struct fl_channel {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* an event, a record taken, the end: whoever waits looks again */
    int wake;               /* eventfd: the thread has something to look at */
    int readable;           /* eventfd: an event waits */

    /* the thread's own */
    struct fl_board *board;
    struct fl_trace *trace;
    struct fl_document *document; /* of the present or last job */
    struct timer timers[TIMERS];
    uint32_t timer_count;
    bool virtual_pace;
    int32_t speed;
    fl_time now;
    fl_time wall_start;

    /* under the mutex */
    bool closing, ended;
    struct order orders[ORDERS];
    uint32_t order_head, order_count;
    struct fl_event events[EVENTS];
    uint32_t event_head, event_count;
    uint64_t seq, allowed;
    fl_time now_shown;
    int64_t violations;
    char violation_text[96];
    struct fl_trace_record *records;
    uint32_t record_head, record_count;
};

static fl_time wall(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return FL_SEC(ts.tv_sec) + ts.tv_nsec / 1000;
}

static void wake(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; /* a full counter is as awake as can be */
}

static void calm(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/* ---- events, under the mutex ---- */

/* Progress coalesces: a newer one says all that an older one of its kind did. */
static bool coalesces(int32_t kind)
{
    return kind == FL_EVENT_PAGE || kind == FL_EVENT_NEGOTIATED || kind == FL_EVENT_FAR_PAGE;
}

static void push_event(struct fl_channel *ch, struct fl_event event)
{
    event.seq = ++ch->seq;
    event.time_us = ch->now;
    if (ch->event_count > 0 && coalesces(event.kind)) {
        struct fl_event *newest = &ch->events[(ch->event_head + ch->event_count - 1) % EVENTS];
        if (newest->kind == event.kind) {
            *newest = event;
            return;
        }
    }
    if (ch->event_count == EVENTS) {
        /* Nobody collects: what can be said again later goes first. Each order yields a few events and the orders are
         * bounded, so this takes a caller who gives orders for ever and never looks. */
        ch->event_head = (ch->event_head + 1) % EVENTS;
        ch->event_count--;
    }
    ch->events[(ch->event_head + ch->event_count++) % EVENTS] = event;
    if (ch->event_count == 1) wake(ch->readable);
    pthread_cond_broadcast(&ch->changed);
}

static void collect_events(struct fl_channel *ch)
{
    struct fl_event event = {0};
    while (ch->board->ops->event(ch->board, &event)) {
        push_event(ch, event);
        event = (struct fl_event){0};
    }
    for (uint32_t i = 0; i < ch->timer_count;) {
        if (ch->timers[i].at > ch->now) {
            i++;
            continue;
        }
        push_event(ch, (struct fl_event){.kind = FL_EVENT_TIMER, .timer = ch->timers[i].id});
        ch->timers[i] = ch->timers[--ch->timer_count];
    }
    ch->violations = ch->board->ops->violations(ch->board, ch->violation_text, sizeof ch->violation_text);
}

static void collect_trace(struct fl_channel *ch)
{
    struct fl_trace_record record;
    if (!ch->trace) return;
    while (ch->record_count < RECORDS && fl_trace_take(ch->trace, &record))
        ch->records[(ch->record_head + ch->record_count++) % RECORDS] = record;
}

/* ---- orders ---- */

static void start_timer(struct fl_channel *ch, int32_t id, int64_t delay_us)
{
    if (ch->timer_count < TIMERS)
        ch->timers[ch->timer_count++] = (struct timer){id, ch->now + (delay_us > 0 ? delay_us : 0)};
}

static void cancel_timer(struct fl_channel *ch, int32_t id)
{
    for (uint32_t i = 0; i < ch->timer_count;)
        if (ch->timers[i].id == id)
            ch->timers[i] = ch->timers[--ch->timer_count];
        else
            i++;
}

static void obey(struct fl_channel *ch, struct order *order)
{
    const struct fl_board_ops *ops = ch->board->ops;
    switch (order->kind) {
    case ORDER_DIAL: ops->dial(ch->board, order->number, ch->now); break;
    case ORDER_HANG_UP: ops->hang_up(ch->board, ch->now); break;
    case ORDER_STOP: ops->stop(ch->board, FL_RAW_STOP, ch->now); break;
    case ORDER_TIMER: start_timer(ch, order->timer, order->delay_us); break;
    case ORDER_TIMER_CANCEL: cancel_timer(ch, order->timer); break;
    case ORDER_FAX:
        fl_document_free(ch->document);
        ch->document = order->document;
        ops->fax(ch->board, &order->options, ch->document, ch->now);
        break;
    }
}

/* Takes one order at a time out of the ring, so that the mutex is free while the board obeys. */
static bool take_order(struct fl_channel *ch, struct order *order)
{
    bool any = false;
    pthread_mutex_lock(&ch->mutex);
    if (ch->order_count > 0) {
        *order = ch->orders[ch->order_head];
        ch->order_head = (ch->order_head + 1) % ORDERS;
        ch->order_count--;
        any = true;
    }
    pthread_mutex_unlock(&ch->mutex);
    return any;
}

static int32_t give_order(struct fl_channel *ch, const struct order *order)
{
    int32_t result = 0;
    pthread_mutex_lock(&ch->mutex);
    if (ch->closing) {
        result = FL_E_CLOSED;
    } else if (ch->order_count == ORDERS) {
        result = FL_E_BUSY;
    } else {
        ch->orders[(ch->order_head + ch->order_count++) % ORDERS] = *order;
        wake(ch->wake);
    }
    pthread_mutex_unlock(&ch->mutex);
    return result;
}

/* ---- the thread ---- */

static fl_time timers_deadline(const struct fl_channel *ch)
{
    fl_time earliest = FL_NEVER;
    for (uint32_t i = 0; i < ch->timer_count; i++) earliest = fl_earlier(earliest, ch->timers[i].at);
    return earliest;
}

/* Sleeps until woken, or until `until` on the wall's clock. */
static void rest(struct fl_channel *ch, fl_time until)
{
    struct pollfd fd = {.fd = ch->wake, .events = POLLIN};
    struct timespec timeout, *limit = NULL;
    if (until != FL_NEVER) {
        fl_time left = until - wall();
        if (left < 0) left = 0;
        timeout.tv_sec = left / 1000000;
        timeout.tv_nsec = left % 1000000 * 1000;
        limit = &timeout;
    }
    if (ppoll(&fd, 1, limit, NULL) > 0) calm(ch->wake);
}

/* Is there something that time would bring forward, though nobody waits for it? */
static bool pending(const struct fl_channel *ch)
{
    return !ch->board->ops->resting(ch->board) || ch->timer_count > 0;
}

/* Virtual pace: may the clock go ahead to the next deadline? It may when somebody waits who has seen all events, or
 * when nobody has looked for a while though something is pending; never while trace records would be lost. */
static bool may_advance(struct fl_channel *ch, bool grace_over)
{
    pthread_mutex_lock(&ch->mutex);
    bool waited_for = ch->allowed >= ch->seq;
    bool room = ch->record_count < RECORDS / 2;
    pthread_mutex_unlock(&ch->mutex);
    return room && (waited_for || grace_over);
}

static void advance_virtual(struct fl_channel *ch, fl_time deadline, bool closing)
{
    if (closing || (deadline != FL_NEVER && may_advance(ch, false))) {
        ch->now = deadline;
        return;
    }
    fl_time until = deadline == FL_NEVER || !pending(ch) ? FL_NEVER : wall() + GRACE;
    rest(ch, until);
    if (until != FL_NEVER && wall() >= until && may_advance(ch, true)) ch->now = deadline;
}

static void advance_real(struct fl_channel *ch, fl_time deadline)
{
    fl_time until = deadline == FL_NEVER ? FL_NEVER : ch->wall_start + deadline / ch->speed;
    rest(ch, until);
    fl_time now = (wall() - ch->wall_start) * ch->speed;
    if (now > ch->now) ch->now = now;
}

/* One round: orders, the board's work, what came of it. Returns the next deadline. */
static fl_time round_of_work(struct fl_channel *ch)
{
    struct order order;
    while (take_order(ch, &order)) obey(ch, &order);
    fl_time deadline = ch->board->ops->step(ch->board, ch->now);
    pthread_mutex_lock(&ch->mutex);
    collect_events(ch);
    collect_trace(ch);
    ch->now_shown = ch->now;
    pthread_mutex_unlock(&ch->mutex);
    return fl_earlier(deadline, timers_deadline(ch));
}

static bool is_closing(struct fl_channel *ch)
{
    pthread_mutex_lock(&ch->mutex);
    bool closing = ch->closing;
    pthread_mutex_unlock(&ch->mutex);
    return closing;
}

static void *drive(void *context)
{
    struct fl_channel *ch = context;
    fl_time give_up_at = FL_NEVER;
    for (;;) {
        if (give_up_at == FL_NEVER && is_closing(ch)) {
            round_of_work(ch); /* orders given before: a dial must not come after the hang-up */
            give_up_at = ch->now + (ch->virtual_pace ? CLOSING_LIMIT_VIRTUAL : CLOSING_LIMIT * ch->speed);
            ch->board->ops->stop(ch->board, FL_RAW_CLOSED, ch->now);
            if (!ch->board->ops->on_hook(ch->board)) ch->board->ops->hang_up(ch->board, ch->now);
        }
        bool closing = give_up_at != FL_NEVER;
        fl_time deadline = round_of_work(ch);
        if (closing && (ch->board->ops->on_hook(ch->board) || ch->now >= give_up_at)) break;
        if (closing) deadline = fl_earlier(deadline, give_up_at);
        if (ch->virtual_pace)
            advance_virtual(ch, deadline, closing);
        else
            advance_real(ch, deadline);
    }
    pthread_mutex_lock(&ch->mutex);
    ch->ended = true;
    pthread_cond_broadcast(&ch->changed);
    wake(ch->readable);
    pthread_mutex_unlock(&ch->mutex);
    return NULL;
}

/* ---- opening and closing ---- */

static void release(struct fl_channel *ch)
{
    if (ch->board) ch->board->ops->free(ch->board);
    for (; ch->order_count > 0; ch->order_count--) {
        struct order *order = &ch->orders[ch->order_head];
        if (order->kind == ORDER_FAX) fl_document_free(order->document);
        ch->order_head = (ch->order_head + 1) % ORDERS;
    }
    fl_document_free(ch->document);
    if (ch->wake >= 0) close(ch->wake);
    if (ch->readable >= 0) close(ch->readable);
    free(ch->trace);
    free(ch->records);
    free(ch);
}

static bool start_thread(struct fl_channel *ch)
{
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_mutex_init(&ch->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ch->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    /* Signals are Python's: its main thread must be the one that is interrupted. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&ch->thread, NULL, drive, ch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

struct fl_channel *fl_channel_open(const struct fl_channel_config *config, char *error, size_t error_size)
{
    struct fl_channel *ch = calloc(1, sizeof *ch);
    if (!ch) {
        snprintf(error, error_size, "no memory for a channel");
        return NULL;
    }
    ch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->readable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->virtual_pace = config->pace == FL_PACE_VIRTUAL;
    ch->speed = config->speed > 0 ? config->speed : 1;
    ch->wall_start = wall();
    if (config->trace) {
        ch->trace = calloc(1, sizeof *ch->trace);
        ch->records = calloc(RECORDS, sizeof *ch->records);
    }
    if (ch->wake < 0 || ch->readable < 0 || (config->trace && (!ch->trace || !ch->records))) {
        snprintf(error, error_size, "no memory or no file descriptors left for a channel");
        release(ch);
        return NULL;
    }
    ch->board = fl_exchange_open(config, ch->trace, error, error_size);
    if (!ch->board) {
        release(ch);
        return NULL;
    }
    if (!start_thread(ch)) {
        snprintf(error, error_size, "no thread could be started for a channel");
        release(ch);
        return NULL;
    }
    return ch;
}

void fl_channel_close(struct fl_channel *ch)
{
    pthread_mutex_lock(&ch->mutex);
    bool first = !ch->closing;
    ch->closing = true;
    wake(ch->wake);
    while (!first && !ch->ended) pthread_cond_wait(&ch->changed, &ch->mutex);
    pthread_mutex_unlock(&ch->mutex);
    if (first) pthread_join(ch->thread, NULL);
}

void fl_channel_free(struct fl_channel *ch)
{
    pthread_cond_destroy(&ch->changed);
    pthread_mutex_destroy(&ch->mutex);
    release(ch);
}

/* ---- what the application calls ---- */

int32_t fl_channel_dial(struct fl_channel *ch, const char *number)
{
    struct order order = {.kind = ORDER_DIAL};
    if (strlen(number) >= sizeof order.number) return FL_E_VALUE;
    strcpy(order.number, number);
    return give_order(ch, &order);
}

int32_t fl_channel_hang_up(struct fl_channel *ch)
{
    return give_order(ch, &(struct order){.kind = ORDER_HANG_UP});
}

int32_t fl_channel_fax_stop(struct fl_channel *ch)
{
    return give_order(ch, &(struct order){.kind = ORDER_STOP});
}

int32_t fl_channel_timer(struct fl_channel *ch, int32_t timer, int64_t delay_us)
{
    return give_order(ch, &(struct order){.kind = ORDER_TIMER, .timer = timer, .delay_us = delay_us});
}

int32_t fl_channel_timer_cancel(struct fl_channel *ch, int32_t timer)
{
    return give_order(ch, &(struct order){.kind = ORDER_TIMER_CANCEL, .timer = timer});
}

int32_t fl_channel_fax_send(struct fl_channel *ch, const struct fl_fax_options *options,
                            struct fl_document *document)
{
    struct order order = {.kind = ORDER_FAX, .options = *options, .document = document};
    int32_t result = FL_E_VALUE;
    if (fl_document_pages(document) > 0) {
        if (options->compression < 0) fl_document_measure(document);
        result = give_order(ch, &order);
    }
    if (result < 0) fl_document_free(document);
    return result;
}

static void until_timeout(struct timespec *ts, int32_t timeout_ms)
{
    clock_gettime(CLOCK_MONOTONIC, ts);
    ts->tv_sec += timeout_ms / 1000;
    ts->tv_nsec += timeout_ms % 1000 * 1000000L;
    if (ts->tv_nsec >= 1000000000L) {
        ts->tv_sec++;
        ts->tv_nsec -= 1000000000L;
    }
}

int32_t fl_channel_wait(struct fl_channel *ch, int32_t timeout_ms, struct fl_event *event)
{
    struct timespec limit;
    int32_t result = 0;
    if (timeout_ms > 0) until_timeout(&limit, timeout_ms);
    pthread_mutex_lock(&ch->mutex);
    while (ch->event_count == 0 && !ch->ended && timeout_ms != 0) {
        int error = timeout_ms < 0 ? pthread_cond_wait(&ch->changed, &ch->mutex)
                                   : pthread_cond_timedwait(&ch->changed, &ch->mutex, &limit);
        if (error) break;
    }
    if (ch->event_count > 0) {
        *event = ch->events[ch->event_head];
        ch->event_head = (ch->event_head + 1) % EVENTS;
        ch->event_count--;
        if (ch->event_count == 0 && !ch->ended) calm(ch->readable);
        result = 1;
    } else if (ch->ended) {
        result = FL_E_CLOSED;
    }
    pthread_mutex_unlock(&ch->mutex);
    return result;
}

int32_t fl_channel_fd(struct fl_channel *ch)
{
    return ch->readable;
}

int32_t fl_channel_allow(struct fl_channel *ch, uint64_t seq)
{
    pthread_mutex_lock(&ch->mutex);
    if (seq > ch->allowed) ch->allowed = seq;
    if (ch->allowed >= ch->seq) wake(ch->wake);
    pthread_mutex_unlock(&ch->mutex);
    return 0;
}

int64_t fl_channel_now(struct fl_channel *ch)
{
    pthread_mutex_lock(&ch->mutex);
    int64_t now = ch->now_shown;
    pthread_mutex_unlock(&ch->mutex);
    return now;
}

int64_t fl_channel_take_far_page(struct fl_channel *ch, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    pthread_mutex_lock(&ch->mutex);
    int64_t length = ch->board->ops->take_far_page(ch->board, info, code, cap);
    pthread_mutex_unlock(&ch->mutex);
    return length;
}

int32_t fl_channel_take_trace(struct fl_channel *ch, struct fl_trace_record *record)
{
    int32_t result = 0;
    pthread_mutex_lock(&ch->mutex);
    if (ch->ended) collect_trace(ch); /* the last of it */
    if (ch->record_count > 0) {
        *record = ch->records[ch->record_head];
        ch->record_head = (ch->record_head + 1) % RECORDS;
        ch->record_count--;
        if (ch->record_count == RECORDS / 2 - 1) wake(ch->wake);
        result = 1;
    }
    pthread_mutex_unlock(&ch->mutex);
    return result;
}

int64_t fl_channel_violations(struct fl_channel *ch, char *text, size_t text_size)
{
    pthread_mutex_lock(&ch->mutex);
    int64_t count = ch->violations;
    if (text_size) snprintf(text, text_size, "%s", ch->violation_text);
    pthread_mutex_unlock(&ch->mutex);
    return count;
}
