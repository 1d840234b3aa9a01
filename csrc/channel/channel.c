/* A channel: one board, one C thread that drives it, orders in, events out.
 *
 * The thread owns the board. Everybody else meets it at one mutex: orders wait in a small ring, events in another,
 * trace records in a third. Python never runs here, so no Python thread can make the line late.
 */
#define _GNU_SOURCE
#include "board/board.h"
#include "board/office.h"
#include "base/raw_causes.h"
#include "line/pipe.h"
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
/* Virtual pace: nobody waits for this long (longer than a busy machine keeps a thread from running), and time goes on
 * all the same; a program that polls then gets a step of the clock this often, until it waits or orders something. */
#define GRACE      FL_SEC(2)
#define GRACE_STEP FL_MS(20)
/* Virtual pace: how long time waits for another line of the office that is in a call in which nothing goes on. */
#define PATIENCE FL_MS(100)
/* Closing in line time: how long a session may take to end politely. */
#define CLOSING_LIMIT FL_SEC(10)
/* Closing in virtual time costs nothing: enough for a page, DCN and hanging up. */
#define CLOSING_LIMIT_VIRTUAL FL_SEC(300)

enum order_kind {
    ORDER_DIAL,
    ORDER_HANG_UP,
    ORDER_FAX,
    ORDER_RECEIVE,
    ORDER_STORED,
    ORDER_STOP,
    ORDER_AWAIT,
    ORDER_ANSWER,
    ORDER_REJECT,
    ORDER_INCOMING,
    ORDER_TIMER,
    ORDER_TIMER_CANCEL,
};

struct order {
    uint8_t kind;
    int32_t timer;
    int32_t flag; /* AWAIT: on; STORED: good */
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
    pthread_cond_t changed;                /* an event, a record taken, the end: whoever waits looks again */
    int readable;                          /* eventfd: an event waits */
    struct fl_office *office, *own_office; /* own: NULL when it is shared */

    /* under the office's mutex */
    struct fl_member member; /* with the eventfd that wakes the thread */
    struct fl_board *board;

    /* the thread's own */
    struct fl_trace *trace;
    struct fl_document *document; /* of the present or last job */
    struct timer timers[TIMERS];
    uint32_t timer_count;
    bool virtual_pace;
    int32_t speed;
    fl_time now; /* the office's, as of this round */
    bool polled; /* virtual pace: the program polls, time goes on without it */

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
    if (ch->event_count == 1) fl_office_wake(ch->readable);
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
    case ORDER_RECEIVE: ops->receive(ch->board, &order->options, ch->now); break;
    case ORDER_STORED: ops->stored(ch->board, order->flag, ch->now); break;
    case ORDER_AWAIT: ops->await(ch->board, order->flag, ch->now); break;
    case ORDER_ANSWER: ops->answer(ch->board, ch->now); break;
    case ORDER_REJECT: ops->reject(ch->board, ch->now); break;
    case ORDER_INCOMING: ops->incoming(ch->board, &order->options, order->document, ch->now); break;
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
        ch->member.ordered = ch->order_count > 0;
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
        ch->member.ordered = true;
        fl_office_wake(ch->member.wake);
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
    if (ppoll(fds, 2, limit, NULL) > 0 && fds[0].revents) calm(ch->member.wake);
}

/* Virtual pace: does this channel permit time to pass? It does when somebody waits who has seen all events, or when
 * nobody has looked for a while (grace_over); never while a page is being stored or trace records would be lost. */
static bool permits(struct fl_channel *ch, bool grace_over)
{
    if (ch->board->ops->storing(ch->board)) return false;
    pthread_mutex_lock(&ch->mutex);
    bool waited_for = ch->allowed >= ch->seq;
    if (waited_for) ch->polled = false;
    bool room = ch->record_count < RECORDS / 2;
    pthread_mutex_unlock(&ch->mutex);
    return room && (waited_for || grace_over);
}

/* One round, under the office's mutex: orders, the boards' work, what came of it, and whether time may pass. */
static fl_time round_of_work(struct fl_channel *ch, bool closing, bool grace_over)
{
    struct order order;
    ch->now = ch->office->now;
    while (take_order(ch, &order)) {
        ch->polled = false;
        obey(ch, &order);
    }
    if (ch->board->ops->woken) ch->board->ops->woken(ch->board);
    fl_time deadline = fl_office_step(ch->office, ch->board, ch->now);
    pthread_mutex_lock(&ch->mutex);
    collect_events(ch);
    collect_trace(ch);
    ch->now_shown = ch->now;
    pthread_mutex_unlock(&ch->mutex);
    ch->member.timers = timers_deadline(ch);
    ch->member.pending = !ch->board->ops->resting(ch->board) || ch->timer_count > 0;
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
    fl_time moment = ch->member.permits ? PATIENCE : ch->polled ? GRACE_STEP : GRACE;
    struct pollfd board = board_poll(ch);
    pthread_mutex_unlock(&ch->office->mutex);
    *grace_over = false;
    if (advanced) return;
    fl_time until = pending ? fl_office_wall() + moment : FL_NEVER;
    rest(ch, board, until);
    *grace_over = until != FL_NEVER && fl_office_wall() >= until;
    ch->polled |= *grace_over;
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

static void *drive(void *context)
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

/* ---- opening and closing ---- */

static void release(struct fl_channel *ch)
{
    if (ch->board) ch->board->ops->free(ch->board);
    for (; ch->order_count > 0; ch->order_count--) {
        struct order *order = &ch->orders[ch->order_head];
        if (order->kind == ORDER_FAX || order->kind == ORDER_INCOMING) fl_document_free(order->document);
        ch->order_head = (ch->order_head + 1) % ORDERS;
    }
    fl_document_free(ch->document);
    if (ch->member.wake >= 0) close(ch->member.wake);
    if (ch->readable >= 0) close(ch->readable);
    fl_office_free(ch->own_office);
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

static struct fl_board *open_board(struct fl_channel *ch, const struct fl_channel_config *config, char *error,
                                   size_t error_size)
{
    if (config->board == FL_BOARD_PIPE && config->pipe && config->pty)
        return fl_socket_open(config, error, error_size);
    return (config->board == FL_BOARD_PIPE ? fl_piped_open : fl_exchange_open)(config, ch->office, ch->trace,
                                                                               error, error_size);
}

/* Makes the board and starts the thread, with the office's other lines held still. */
static bool enter_office(struct fl_channel *ch, const struct fl_channel_config *config, char *error,
                         size_t error_size)
{
    const char *wrong = NULL;
    pthread_mutex_lock(&ch->office->mutex);
    ch->board = open_board(ch, config, error, error_size);
    ch->member.board = ch->board;
    ch->member.timers = FL_NEVER;
    ch->member.until = -FL_NEVER;
    ch->now = ch->now_shown = ch->office->now;
    if (ch->board && !fl_office_join(ch->office, &ch->member)) {
        wrong = "the office has no room for another line";
    } else if (ch->board && !start_thread(ch)) {
        fl_office_leave(ch->office, &ch->member);
        wrong = "no thread could be started for a channel";
    }
    pthread_mutex_unlock(&ch->office->mutex);
    if (wrong) snprintf(error, error_size, "%s", wrong);
    return ch->board && !wrong;
}

/* No board will take the pipe over: it goes with the channel that does not open. */
static void drop_pipe(const struct fl_channel_config *config)
{
    if (config->board == FL_BOARD_PIPE && config->pipe) config->pipe->ops->free(config->pipe);
}

struct fl_channel *fl_channel_open(const struct fl_channel_config *config, char *error, size_t error_size)
{
    struct fl_channel *ch = calloc(1, sizeof *ch);
    if (!ch) {
        snprintf(error, error_size, "no memory for a channel");
        drop_pipe(config);
        return NULL;
    }
    ch->member.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->readable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->virtual_pace = config->pace == FL_PACE_VIRTUAL;
    ch->speed = config->speed > 0 ? config->speed : 1;
    if (!config->office) ch->own_office = fl_office_new();
    ch->office = config->office ? config->office : ch->own_office;
    if (config->trace) {
        ch->trace = calloc(1, sizeof *ch->trace);
        ch->records = calloc(RECORDS, sizeof *ch->records);
    }
    if (!ch->office || ch->member.wake < 0 || ch->readable < 0 ||
        (config->trace && (!ch->trace || !ch->records))) {
        snprintf(error, error_size, "no memory or no file descriptors left for a channel");
        drop_pipe(config);
        release(ch);
        return NULL;
    }
    if (!enter_office(ch, config, error, error_size)) {
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
    fl_office_wake(ch->member.wake);
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

int32_t fl_channel_await_call(struct fl_channel *ch, int32_t on)
{
    return give_order(ch, &(struct order){.kind = ORDER_AWAIT, .flag = on != 0});
}

int32_t fl_channel_answer(struct fl_channel *ch)
{
    return give_order(ch, &(struct order){.kind = ORDER_ANSWER});
}

int32_t fl_channel_reject(struct fl_channel *ch)
{
    return give_order(ch, &(struct order){.kind = ORDER_REJECT});
}

int32_t fl_channel_fax_receive(struct fl_channel *ch, const struct fl_fax_options *options)
{
    return give_order(ch, &(struct order){.kind = ORDER_RECEIVE, .options = *options});
}

int32_t fl_channel_page_stored(struct fl_channel *ch, int32_t good)
{
    return give_order(ch, &(struct order){.kind = ORDER_STORED, .flag = good != 0});
}

int32_t fl_channel_timer(struct fl_channel *ch, int32_t timer, int64_t delay_us)
{
    return give_order(ch, &(struct order){.kind = ORDER_TIMER, .timer = timer, .delay_us = delay_us});
}

int32_t fl_channel_timer_cancel(struct fl_channel *ch, int32_t timer)
{
    return give_order(ch, &(struct order){.kind = ORDER_TIMER_CANCEL, .timer = timer});
}

static int32_t give_document(struct fl_channel *ch, enum order_kind kind,
                             const struct fl_fax_options *options, struct fl_document *document)
{
    struct order order = {.kind = (uint8_t)kind, .options = *options, .document = document};
    int32_t result = FL_E_VALUE;
    if (fl_document_pages(document) > 0) {
        if (options->compression < 0) fl_document_measure(document);
        result = give_order(ch, &order);
    }
    if (result < 0) fl_document_free(document);
    return result;
}

int32_t fl_channel_fax_send(struct fl_channel *ch, const struct fl_fax_options *options,
                            struct fl_document *document)
{
    return give_document(ch, ORDER_FAX, options, document);
}

int32_t fl_channel_incoming(struct fl_channel *ch, const struct fl_fax_options *options,
                            struct fl_document *document)
{
    return give_document(ch, ORDER_INCOMING, options, document);
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

int32_t fl_channel_modem(struct fl_channel *ch, struct fl_modem_info *info)
{
    memset(info, 0, sizeof *info);
    if (!ch->board->ops->modem) return FL_E_VALUE;
    pthread_mutex_lock(&ch->office->mutex);
    ch->board->ops->modem(ch->board, info);
    pthread_mutex_unlock(&ch->office->mutex);
    return 0;
}

int32_t fl_channel_fd(struct fl_channel *ch)
{
    return ch->readable;
}

int32_t fl_channel_allow(struct fl_channel *ch, uint64_t seq)
{
    pthread_mutex_lock(&ch->mutex);
    if (seq > ch->allowed) ch->allowed = seq;
    if (ch->allowed >= ch->seq) fl_office_wake(ch->member.wake);
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

/* The board's page stores guard themselves. */
int64_t fl_channel_take_page(struct fl_channel *ch, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    return ch->board->ops->take_page(ch->board, info, code, cap);
}

int64_t fl_channel_take_far_page(struct fl_channel *ch, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    return ch->board->ops->take_far_page(ch->board, info, code, cap);
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
        if (ch->record_count == RECORDS / 2 - 1) fl_office_wake(ch->member.wake);
        result = 1;
    }
    pthread_mutex_unlock(&ch->mutex);
    return result;
}

const char *fl_channel_tty(struct fl_channel *ch)
{
    return ch->board->ops->tty ? ch->board->ops->tty(ch->board) : "";
}

int64_t fl_channel_violations(struct fl_channel *ch, char *text, size_t text_size)
{
    pthread_mutex_lock(&ch->mutex);
    int64_t count = ch->violations;
    if (text_size) snprintf(text, text_size, "%s", ch->violation_text);
    pthread_mutex_unlock(&ch->mutex);
    return count;
}
