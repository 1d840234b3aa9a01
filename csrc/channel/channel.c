/* A channel: one board, one C thread that drives it, orders in, events out. Here is what the application calls; the thread is
 * in thread.c.
 *
 * The thread owns the board. Everybody else meets it at one mutex: orders wait in a small ring, events in another,
 * trace records in a third. Python never runs here, so no Python thread can make the line late.
 */
#define _GNU_SOURCE
#include "channel/channel.h"
#include "line/pipe.h"
#include "page/document.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* ---- opening and closing ---- */

static void free_orders(struct fl_channel_order *order)
{
    while (order) {
        struct fl_channel_order *next = order->next;
        if (order->document) fl_document_free(order->document);
        free(order);
        order = next;
    }
}

static void release(struct fl_channel *ch)
{
    if (ch->board) ch->board->ops->free(ch->board);
    free_orders(ch->first);
    for (struct fl_timer *timer; (timer = fl_timers_take(&ch->timers));) free(timer); /* its order */
    free_orders(ch->spent);
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
    int error = pthread_create(&ch->thread, NULL, fl_channel_drive, ch);
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
    ch->last = &ch->first;
    ch->member.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->readable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ch->virtual_pace = config->pace == FL_PACE_VIRTUAL;
    ch->speed = config->speed > 0 ? config->speed : 1;
    if (!config->office) ch->own_office = fl_office_new();
    ch->office = config->office ? config->office : ch->own_office;
    if (config->trace) {
        ch->trace = calloc(1, sizeof *ch->trace);
        ch->records = calloc(FL_CHANNEL_RECORDS, sizeof *ch->records);
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
    ch->member.held = false;
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

/* Appends it. 0, or the number of the call that it begins, or a negative FL_E_. */
static int32_t give_order(struct fl_channel *ch, const struct fl_channel_order *given)
{
    struct fl_channel_order *order = malloc(sizeof *order), *spent;
    bool begins =
        given->kind == FL_CHANNEL_ORDER_DIAL || (given->kind == FL_CHANNEL_ORDER_AWAIT && given->flag);
    int32_t result = 0;
    if (!order) return FL_E_MEMORY;
    *order = *given;
    pthread_mutex_lock(&ch->mutex);
    spent = ch->spent;
    ch->spent = NULL;
    if (ch->closing) {
        result = FL_E_CLOSED;
    } else if (given->kind == FL_CHANNEL_ORDER_FAX && ch->fax) {
        result = FL_E_BUSY; /* its document is in use */
    } else {
        if (given->kind == FL_CHANNEL_ORDER_FAX) ch->fax = true;
        if (begins) result = order->call = ++ch->calls;
        *ch->last = order;
        ch->last = &order->next;
        ch->member.ordered = true;
        fl_office_wake(ch->member.wake);
    }
    pthread_mutex_unlock(&ch->mutex);
    free_orders(spent);
    if (result < 0) free(order);
    return result;
}

int32_t fl_channel_dial(struct fl_channel *ch, const char *number)
{
    struct fl_channel_order order = {.kind = FL_CHANNEL_ORDER_DIAL};
    if (strlen(number) >= sizeof order.number) return FL_E_VALUE;
    strcpy(order.number, number);
    return give_order(ch, &order);
}

int32_t fl_channel_hang_up(struct fl_channel *ch)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_HANG_UP});
}

int32_t fl_channel_fax_stop(struct fl_channel *ch)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_STOP});
}

int32_t fl_channel_await_call(struct fl_channel *ch, int32_t on)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_AWAIT, .flag = on != 0});
}

int32_t fl_channel_answer(struct fl_channel *ch)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_ANSWER});
}

int32_t fl_channel_reject(struct fl_channel *ch)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_REJECT});
}

int32_t fl_channel_page_stored(struct fl_channel *ch, int32_t good)
{
    return give_order(ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_STORED, .flag = good != 0});
}

int32_t fl_channel_timer(struct fl_channel *ch, int32_t timer, int64_t delay_us)
{
    return give_order(ch, &(struct fl_channel_order){
                              .kind = FL_CHANNEL_ORDER_TIMER, .timer.number = timer, .delay_us = delay_us});
}

int32_t fl_channel_timer_cancel(struct fl_channel *ch, int32_t timer)
{
    return give_order(
        ch, &(struct fl_channel_order){.kind = FL_CHANNEL_ORDER_TIMER_CANCEL, .timer.number = timer});
}

static int32_t give_document(struct fl_channel *ch, struct fl_channel_order order,
                             struct fl_document *document)
{
    const struct fl_fax_options *options = &order.options;
    int32_t result = FL_E_VALUE;
    order.document = document;
    if (fl_document_pages(document) > 0) {
        if (options->compression < 0) fl_document_measure(document);
        result = give_order(ch, &order);
    }
    if (result < 0) fl_document_free(document);
    return result;
}

static struct fl_channel_order fax_order(enum fl_fax_ways ways, const struct fl_fax_options *options)
{
    return (struct fl_channel_order){
        .kind = FL_CHANNEL_ORDER_FAX, .flag = (uint8_t)ways, .options = *options};
}

int32_t fl_channel_fax_send(struct fl_channel *ch, const struct fl_fax_options *options,
                            struct fl_document *document, int32_t receive)
{
    return give_document(ch, fax_order(receive ? FL_SEND_RECEIVE : FL_SEND, options), document);
}

int32_t fl_channel_fax_receive(struct fl_channel *ch, const struct fl_fax_options *options,
                               struct fl_document *document)
{
    struct fl_channel_order order = fax_order(document ? FL_RECEIVE_SEND : FL_RECEIVE, options);
    return document ? give_document(ch, order, document) : give_order(ch, &order);
}

int32_t fl_channel_fax_more(struct fl_channel *ch, struct fl_document *piece, int32_t more)
{
    struct fl_channel_order order = {.kind = FL_CHANNEL_ORDER_MORE, .flag = more, .document = piece};
    int32_t result = more < FL_MORE_FAILED || more > FL_MORE_LAST ? FL_E_VALUE : give_order(ch, &order);
    if (result < 0) fl_document_free(piece);
    return result;
}

int32_t fl_channel_incoming(struct fl_channel *ch, const struct fl_fax_options *options,
                            struct fl_document *document)
{
    struct fl_channel_order order = {.kind = FL_CHANNEL_ORDER_INCOMING, .options = *options};
    return give_document(ch, order, document);
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
    while (ch->events.count == 0 && !ch->ended && timeout_ms != 0) {
        int error = timeout_ms < 0 ? pthread_cond_wait(&ch->changed, &ch->mutex)
                                   : pthread_cond_timedwait(&ch->changed, &ch->mutex, &limit);
        if (error) break;
    }
    bool waits = !fl_events_room(&ch->events); /* the thread, for room */
    if (fl_events_take(&ch->events, event)) {
        if (waits && fl_events_room(&ch->events)) fl_office_wake(ch->member.wake);
        if (ch->events.count == 0 && !ch->ended) fl_office_calm(ch->readable);
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

int32_t fl_channel_hold(struct fl_channel *ch, int32_t on)
{
    pthread_mutex_lock(&ch->mutex);
    ch->member.held = on && !ch->closing;
    fl_office_wake(ch->member.wake);
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
    if (ch->ended) fl_channel_collect_trace(ch); /* the last of it */
    if (ch->record_count > 0) {
        *record = ch->records[ch->record_head];
        ch->record_head = (ch->record_head + 1) % FL_CHANNEL_RECORDS;
        ch->record_count--;
        if (ch->record_count == FL_CHANNEL_RECORDS / 2 - 1) fl_office_wake(ch->member.wake);
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
