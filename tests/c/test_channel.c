/* Whole simulated calls through the boundary, as Python makes them: orders down, events up, in virtual time. */
#include "base/boundary.h"
#include "base/raw_causes.h"
#include "line/pipe.h"
#include "sim/modem.h"
#include "sim/watch.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct call {
    struct fl_channel *channel;
    uint64_t seen;
    struct fl_event last;
    int pages, negotiated;
    bool verbose;
    bool busy; /* a second fax was refused */
};

static void print_trace(struct call *call)
{
    struct fl_trace_record record;
    while (fl_channel_take_trace(call->channel, &record)) {
        char text[400] = "";
        printf("%9.3f %d %-14s ", (double)record.time_us / 1e6, record.station,
               fl_trace_kind_name(record.kind));
        if (strncmp(fl_trace_kind_name(record.kind), "frame", 5) == 0) {
            fl_frame_text(record.data, record.length, text, sizeof text);
            printf("%s %s\n", fl_frame_name(record.data, record.length), text);
        } else {
            printf("%.*s\n", record.length, (const char *)record.data);
        }
    }
}

static int next(struct call *call, struct fl_event *event)
{
    fl_channel_allow(call->channel, call->seen);
    int got = fl_channel_wait(call->channel, 20000, event);
    if (got == 1) {
        call->seen = event->seq;
        call->last = *event;
        if (event->kind == FL_EVENT_PAGE) call->pages = event->pages;
        if (event->kind == FL_EVENT_NEGOTIATED) call->negotiated++;
    }
    if (call->verbose) print_trace(call);
    return got;
}

/* The state in which dialling ends. */
static int dial(struct call *call, const char *number)
{
    struct fl_event event;
    CHECK_EQ(fl_channel_dial(call->channel, number), 1);
    while (next(call, &event) == 1)
        if (event.kind == FL_EVENT_CALL && (event.state == FL_CALL_ANSWERED || event.state == FL_CALL_IDLE))
            return event.state;
    CHECK(!"the call got nowhere");
    return -1;
}

static struct fl_document *document(int pages, int32_t y_dpi)
{
    struct fl_document *document = fl_document_new();
    int64_t rows = 400;
    uint8_t *bitmap = malloc((size_t)(rows * 216));
    uint64_t random = 5;
    for (int page = 0; page < pages; page++) {
        for (int64_t i = 0; i < rows * 216; i++)
            bitmap[i] = i % 7 == 0 ? (uint8_t)(fl_random(&random) & fl_random(&random)) : 0;
        CHECK_EQ(fl_document_add_page(document, 1728, 204, y_dpi, bitmap, rows), 0);
    }
    free(bitmap);
    return document;
}

static int send_pages(struct call *call, int pages, int ecm)
{
    struct fl_fax_options options = {1, 1, 1, 2400, 14400, -1, ecm, -1, "5550001", "", "", ""};
    struct fl_event event;
    call->pages = 0;
    CHECK_EQ(fl_channel_fax_send(call->channel, &options, document(pages, 196), 0), 0);
    /* Another one meanwhile is refused, and the document of the first one lives. (At a person it has ended already.) */
    call->busy = fl_channel_fax_send(call->channel, &options, document(1, 98), 0) == FL_E_BUSY &&
                 fl_channel_fax_receive(call->channel, &options, NULL) == FL_E_BUSY;
    while (next(call, &event) == 1)
        if (event.kind == FL_EVENT_FAX_ENDED) return event.cause;
    CHECK(!"the fax did not end");
    return -1;
}

static void hang_up(struct call *call)
{
    struct fl_event event;
    CHECK_EQ(fl_channel_hang_up(call->channel), 0);
    while (next(call, &event) == 1)
        if (event.kind == FL_EVENT_CALL && event.state == FL_CALL_IDLE) return;
    CHECK(!"not idle after hanging up");
}

static const struct {
    const char *number;
    int state, call_cause, fax_cause, pages;
} NUMBERS[] = {
    {"5550100", FL_CALL_ANSWERED, 0, FL_FAX_NORMAL, 3},
    {"5550101", FL_CALL_IDLE, FL_CALL_CAUSE_BUSY, 0, 0},
    {"5550102", FL_CALL_IDLE, FL_CALL_CAUSE_NOANSWER, 0, 0},
    {"5550103", FL_CALL_ANSWERED, 0, FL_FAX_NOTFAX, 0},
    {"5550104", FL_CALL_ANSWERED, 0, FL_FAX_NORMAL, 3},
    {"5550105", FL_CALL_ANSWERED, 0, FL_FAX_NORMAL, 3},
    {"5550106", FL_CALL_ANSWERED, 0, FL_FAX_PAGEQUALITY, 0},
    {"5550107", FL_CALL_ANSWERED, 0, FL_FAX_HANGUP, 1},
    {"5550108", FL_CALL_ANSWERED, 0, FL_FAX_COMMSFAULT, 0},
    {"5550109", FL_CALL_ANSWERED, 0, FL_FAX_NORMAL, 3},
    {"5550110", FL_CALL_ANSWERED, 0, FL_FAX_TIMEOUT, 0},
    {"5550111", FL_CALL_ANSWERED, 0, FL_FAX_STANDARDMISMATCH, 0},
    {"5550112", FL_CALL_IDLE, FL_CALL_CAUSE_OUTOFORDER, 0, 0},
    {"5550113", FL_CALL_ANSWERED, 0, FL_FAX_ERROR, 0},
};

static void test_number(size_t row, int ecm, bool verbose)
{
    char error[128], text[96];
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1, .trace = verbose};
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error), .verbose = verbose};
    CHECK(call.channel != NULL);
    if (!ecm && strcmp(NUMBERS[row].number, "5550109") == 0) ecm = 1; /* nothing else repairs that line */
    int state = dial(&call, NUMBERS[row].number);
    CHECK_EQ(state, NUMBERS[row].state);
    if (state == FL_CALL_IDLE) {
        CHECK_EQ(call.last.cause, NUMBERS[row].call_cause);
    } else {
        CHECK_EQ(send_pages(&call, 3, ecm), NUMBERS[row].fax_cause);
        CHECK_EQ(call.pages, NUMBERS[row].pages);
        CHECK(call.busy || NUMBERS[row].fax_cause == FL_FAX_NOTFAX);
        if (call.last.cause != FL_FAX_NORMAL)
            printf("%s: %s (%s)\n", NUMBERS[row].number, fl_raw_code(call.last.raw),
                   fl_raw_text(call.last.raw));
    }
    hang_up(&call);
    printf("%s: %.3f s of line time\n", NUMBERS[row].number, (double)call.last.time_us / 1e6);
    int64_t violations = fl_channel_violations(call.channel, text, sizeof text);
    if (violations) printf("%s: %s\n", NUMBERS[row].number, text);
    CHECK_EQ(violations, 0);
    fl_channel_close(call.channel);
    fl_channel_free(call.channel);
}

/* While an order is prepared no time passes, though somebody waits. */
static void test_hold(void)
{
    char error[128];
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1};
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    struct fl_event event;
    CHECK_EQ(fl_channel_hold(call.channel, 1), 0);
    CHECK_EQ(fl_channel_dial(call.channel, "5550100"), 1);
    CHECK_EQ(fl_channel_wait(call.channel, 20000, &event), 1);
    CHECK_EQ(event.state, FL_CALL_CALL_OUTGOING);
    fl_channel_allow(call.channel, event.seq);
    CHECK_EQ(fl_channel_wait(call.channel, 200, &event), 0);
    CHECK_EQ(fl_channel_now(call.channel), 0);
    CHECK_EQ(fl_channel_hold(call.channel, 0), 0);
    CHECK_EQ(fl_channel_wait(call.channel, 20000, &event), 1);
    CHECK(event.time_us > 0);
    CHECK_EQ(fl_channel_hold(call.channel, 1), 0); /* closing does not wait for it */
    fl_channel_close(call.channel);
    fl_channel_free(call.channel);
}

/* ---- an application that does not look ---- */

#define LONG_FAX 200

/* Time passes, and nobody takes an event: a fax of more pages than there is room for what they bring. */
static void test_nobody_looks(void)
{
    char error[128];
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1, .save = 1};
    struct fl_fax_options options = {1, 1, 1, 2400, 14400, -1, 0, -1, "5550001", "", "", ""};
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    struct fl_event event;
    int started = 0, ended = 0, pages = 0, far_pages = 0;
    CHECK_EQ(dial(&call, "5550100"), FL_CALL_ANSWERED);
    CHECK_EQ(fl_channel_fax_send(call.channel, &options, document(LONG_FAX, 98), 0), 0);
    fl_channel_allow(call.channel, UINT64_MAX);
    while (fl_channel_fax_receive(call.channel, &options, NULL) == FL_E_BUSY) sched_yield();
    CHECK_EQ(fl_channel_hang_up(call.channel), 0);
    while (fl_channel_wait(call.channel, 20000, &event) == 1) {
        CHECK(event.seq > call.seen);
        call.seen = event.seq;
        started += event.kind == FL_EVENT_FAX_STARTED;
        if (event.kind == FL_EVENT_PAGE) pages = event.pages;
        if (event.kind == FL_EVENT_FAR_PAGE) far_pages++;
        if (event.kind == FL_EVENT_FAX_ENDED && ended++ == 0) {
            CHECK_EQ(event.cause, FL_FAX_NORMAL);
            CHECK_EQ(event.pages, LONG_FAX);
            CHECK_EQ(started, 1);
            CHECK_EQ(pages, LONG_FAX);
            CHECK(far_pages > 0 && far_pages < LONG_FAX); /* there was more than room */
        }
        if (event.kind == FL_EVENT_CALL && event.state == FL_CALL_IDLE) break;
    }
    CHECK_EQ(ended, 2); /* and the one that hanging up ended */
    CHECK_EQ(event.state, FL_CALL_IDLE);
    fl_channel_close(call.channel);
    fl_channel_free(call.channel);
}

/* Pages that come while those before them are sent, the last word about them, and what comes too late. */
static void test_pieces(int last)
{
    char error[128];
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1};
    struct fl_fax_options options = {1, 1, 1, 2400, 14400, -1, 0, -1, "5550001", "", "", ""};
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    struct fl_document *first = document(2, 98);
    struct fl_event event = {0};
    fl_document_open(first);
    CHECK_EQ(dial(&call, "5550100"), FL_CALL_ANSWERED);
    CHECK_EQ(fl_channel_fax_more(call.channel, document(1, 98), FL_MORE_LAST), 0); /* of no fax */
    CHECK_EQ(fl_channel_fax_send(call.channel, &options, first, 0), 0);
    CHECK_EQ(fl_channel_fax_more(call.channel, document(1, 98), 2), FL_E_VALUE);
    while (next(&call, &event) == 1 && event.kind != FL_EVENT_FAX_ENDED) {
        if (event.kind == FL_EVENT_NEGOTIATED)
            CHECK_EQ(fl_channel_fax_more(call.channel, document(2, 98), FL_MORE_FOLLOW), 0);
        if (event.kind == FL_EVENT_PAGE && event.pages == 1)
            CHECK_EQ(fl_channel_fax_more(call.channel, document(1, 98), FL_MORE_FOLLOW), 0);
        if (event.kind == FL_EVENT_PAGE && event.pages == 2)
            CHECK_EQ(fl_channel_fax_more(call.channel, NULL, last), 0);
    }
    CHECK_EQ(event.kind, FL_EVENT_FAX_ENDED);
    CHECK_EQ(event.cause, last == FL_MORE_LAST ? FL_FAX_NORMAL : FL_FAX_ERROR);
    CHECK_EQ(event.raw, last == FL_MORE_LAST ? FL_RAW_NONE : FL_RAW_DOCUMENT);
    CHECK_EQ(event.pages, last == FL_MORE_LAST ? 5 : 2);
    CHECK_EQ(fl_channel_fax_more(call.channel, document(1, 98), FL_MORE_FOLLOW), 0);
    hang_up(&call);
    fl_channel_close(call.channel);
    CHECK_EQ(fl_channel_fax_more(call.channel, document(1, 98), FL_MORE_LAST), FL_E_CLOSED);
    fl_channel_free(call.channel);
}

/* ---- two lines of one office ---- */

static struct call open_line(struct fl_office *office, const char *number)
{
    char error[128];
    struct fl_channel_config config = {
        .far = -1, .delay_ms = 20, .speed = 1, .seed = 1, .trace = getenv("TRACE") != NULL};
    snprintf(config.number, sizeof config.number, "%s", number);
    config.office = office;
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    CHECK(call.channel != NULL);
    return call;
}

static const struct fl_fax_options PLAIN = {1, 1, 1, 2400, 14400, -1, 1, -1, "5550002", "", "", ""};

static void store_page(struct call *call, int *stored)
{
    struct fl_page_info info;
    int64_t size = fl_channel_take_page(call->channel, &info, NULL, 0);
    uint8_t *code = malloc((size_t)size);
    CHECK_EQ(fl_channel_take_page(call->channel, &info, code, size), size);
    CHECK_EQ(info.rows, 400);
    CHECK_EQ(info.number, ++*stored);
    free(code);
    CHECK_EQ(fl_channel_page_stored(call->channel, 1), 0);
}

/* One end's part, event by event: answers, sends or receives once the call is through, stores. */
static void take_part(struct call *call, const struct fl_event *event, const struct fl_fax_options *send,
                      int *stored)
{
    if (event->kind == FL_EVENT_CALL && event->state == FL_CALL_RING_INCOMING)
        CHECK_EQ(fl_channel_answer(call->channel), 0);
    if (event->kind == FL_EVENT_CALL && event->state == FL_CALL_ANSWERED) {
        if (send)
            CHECK_EQ(fl_channel_fax_send(call->channel, send, document(2, 196), 0), 0);
        else
            CHECK_EQ(fl_channel_fax_receive(call->channel, &PLAIN, NULL), 0);
    }
    if (event->kind == FL_EVENT_RECEIVED) store_page(call, stored);
}

/* b waits, a calls, the pages go over, both hang up. polled: the called line has the document, and the caller asks for it.
 */
static void run_two_lines(struct call a, struct call b, int ecm, int polled)
{
    struct fl_fax_options options = {1, 1, 1, 2400, 14400, -1, ecm, -1, "5550001", "", "", ""};
    struct fl_event event;
    int stored = 0, cause_a = 0, cause_b = 0;
    char text[96];
    CHECK_EQ(fl_channel_await_call(b.channel, 1), 1);
    CHECK_EQ(fl_channel_dial(a.channel, "5550002"), 1);
    while (!cause_a || !cause_b) {
        fl_channel_allow(a.channel, a.seen);
        fl_channel_allow(b.channel, b.seen);
        int got_a = fl_channel_wait(a.channel, 5, &event);
        if (got_a == 1) {
            a.seen = event.seq;
            take_part(&a, &event, polled ? NULL : &options, &stored);
            if (event.kind == FL_EVENT_FAX_ENDED) cause_a = event.cause;
        }
        int got_b = fl_channel_wait(b.channel, got_a ? 0 : 5, &event);
        if (got_b == 1) {
            b.seen = event.seq;
            take_part(&b, &event, polled ? &options : NULL, &stored);
            if (event.kind == FL_EVENT_FAX_ENDED) cause_b = event.cause;
        }
        if (getenv("TRACE")) {
            print_trace(&a);
            print_trace(&b);
        }
    }
    CHECK_EQ(cause_a, FL_FAX_NORMAL);
    CHECK_EQ(cause_b, FL_FAX_NORMAL);
    CHECK_EQ(stored, 2);
    hang_up(&a);
    hang_up(&b);
    CHECK_EQ(fl_channel_violations(a.channel, text, sizeof text), 0);
    CHECK_EQ(fl_channel_violations(b.channel, text, sizeof text), 0);
    fl_channel_close(a.channel);
    fl_channel_close(b.channel);
    fl_channel_free(a.channel);
    fl_channel_free(b.channel);
}

static void test_two_lines(int ecm, int polled)
{
    struct fl_office *office = fl_office_new();
    run_two_lines(open_line(office, "5550001"), open_line(office, "5550002"), ecm, polled);
    fl_office_free(office);
}

/* ---- modems behind pipes: two with a line between them ---- */

struct bench;

struct end {
    struct fl_pipe pipe;
    struct bench *bench;
    struct fl_simmodem modem;
    bool gone; /* unplugged */
    bool mute; /* stuck: neither hears nor says anything, until it is reset */
    int resets, freed;
};

struct bench {
    struct end end[2]; /* 0 calls 1 */
    struct fl_line line;
    struct fl_watch watch;
    fl_time ring_at;
    bool ringing, joined;
};

static void exchange(struct bench *bench, fl_time now)
{
    struct fl_simmodem *a = &bench->end[0].modem, *b = &bench->end[1].modem;
    bool up = fl_simmodem_hook(a) == FL_HOOK_CONNECTED && fl_simmodem_hook(b) == FL_HOOK_CONNECTED;
    if (!bench->ringing && !bench->joined && fl_simmodem_hook(a) == FL_HOOK_DIALLING) {
        fl_simmodem_ring(b, true, now);
        bench->ringing = true;
    } else if (bench->ringing && fl_simmodem_hook(b) == FL_HOOK_ANSWERING) {
        fl_line_init(&bench->line, FL_MS(20), NULL, &bench->watch, (struct fl_pen){0});
        fl_simmodem_connect(a, &bench->line, 0, now);
        fl_simmodem_connect(b, &bench->line, 1, now);
        bench->ringing = false;
        bench->joined = true;
    } else if (bench->joined && !up) {
        for (int i = 0; i < 2; i++)
            if (fl_simmodem_hook(&bench->end[i].modem) == FL_HOOK_CONNECTED)
                fl_simmodem_disconnect(&bench->end[i].modem, now);
        bench->joined = false;
    }
}

static int64_t end_read(struct fl_pipe *pipe, uint8_t *octets, size_t cap, fl_time now)
{
    struct end *end = (struct end *)pipe;
    if (end->gone) return FL_PIPE_GONE;
    for (int i = 0; i < 2; i++) {
        struct fl_simmodem *modem = &end->bench->end[i].modem;
        if (fl_simmodem_deadline(modem) <= now) fl_simmodem_tick(modem, now);
    }
    exchange(end->bench, now);
    size_t got = fl_simmodem_read(&end->modem, octets, cap, now);
    return end->mute ? 0 : (int64_t)got;
}

static size_t end_room(struct fl_pipe *pipe, fl_time now)
{
    (void)now;
    return fl_simmodem_room(&((struct end *)pipe)->modem);
}

static int64_t end_write(struct fl_pipe *pipe, const uint8_t *octets, size_t length, fl_time now)
{
    struct end *end = (struct end *)pipe;
    if (end->gone) return FL_PIPE_GONE;
    return end->mute ? (int64_t)length : (int64_t)fl_simmodem_write(&end->modem, octets, length, now);
}

static fl_time end_deadline(struct fl_pipe *pipe)
{
    return fl_simmodem_deadline(&((struct end *)pipe)->modem);
}

static int end_fd(struct fl_pipe *pipe)
{
    (void)pipe;
    return -1;
}

static void end_reset(struct fl_pipe *pipe, fl_time now)
{
    struct end *end = (struct end *)pipe;
    end->resets++;
    end->mute = false;
    fl_simmodem_init(&end->modem, fl_simmodem_row(NULL), 0, NULL, now);
}

static void end_free(struct fl_pipe *pipe)
{
    ((struct end *)pipe)->freed++;
}

static const struct fl_pipe_ops END_OPS = {
    end_read, end_room, end_write, end_deadline, end_fd, end_reset, end_free,
};

static struct bench *new_bench(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    fl_watch_init(&bench->watch, (struct fl_pen){0});
    for (int i = 0; i < 2; i++) {
        bench->end[i].pipe.ops = &END_OPS;
        bench->end[i].bench = bench;
        fl_simmodem_init(&bench->end[i].modem, fl_simmodem_row(NULL), 0, NULL, 0);
    }
    return bench;
}

static struct call open_end(struct fl_office *office, struct end *end)
{
    char error[128];
    struct fl_channel_config config = {.board = FL_BOARD_PIPE, .speed = 1, .trace = getenv("TRACE") != NULL};
    config.office = office;
    config.pipe = &end->pipe;
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    CHECK(call.channel != NULL);
    return call;
}

static void test_two_pipes(int ecm, int polled)
{
    struct fl_office *office = fl_office_new();
    struct bench *bench = new_bench();
    run_two_lines(open_end(office, &bench->end[0]), open_end(office, &bench->end[1]), ecm, polled);
    for (int i = 0; i < 2; i++) CHECK_EQ(bench->end[i].freed, 1);
    CHECK_EQ(fl_watch_violations(&bench->watch, 0) + fl_watch_violations(&bench->watch, 1), 0);
    fl_office_free(office);
    free(bench);
}

/* ---- a far machine that calls ---- */

static void test_incoming(void)
{
    char error[128];
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1, .number = "5550001"};
    struct fl_fax_options options = {1, 1, 1, 2400, 14400, -1, 1, -1, "+1 555 0199", "", "", ""};
    struct call call = {.channel = fl_channel_open(&config, error, sizeof error)};
    struct fl_event event;
    int stored = 0, cause = 0;
    CHECK_EQ(fl_channel_incoming(call.channel, &options, document(3, 98)), 0);
    CHECK_EQ(fl_channel_await_call(call.channel, 1), 1);
    while (!cause && next(&call, &event) == 1) {
        take_part(&call, &event, NULL, &stored);
        if (event.kind == FL_EVENT_FAX_ENDED) cause = event.cause;
    }
    CHECK_EQ(cause, FL_FAX_NORMAL);
    CHECK_EQ(stored, 3);
    hang_up(&call);
    fl_channel_close(call.channel);
    fl_channel_free(call.channel);
}

int main(int argc, char **argv)
{
    for (size_t row = 0; row < sizeof NUMBERS / sizeof NUMBERS[0]; row++)
        for (int ecm = 0; ecm <= 1; ecm++)
            if (argc < 2 || strcmp(argv[1], NUMBERS[row].number) == 0) test_number(row, ecm, argc > 1);
    if (argc < 2) {
        for (int variant = 0; variant < 4; variant++) {
            test_two_lines(variant & 1, variant >> 1);
            test_two_pipes(variant & 1, variant >> 1);
        }
        test_hold();
        test_nobody_looks();
        test_pieces(FL_MORE_LAST);
        test_pieces(FL_MORE_FAILED);
        test_incoming();
    }
    return check_result("channel");
}
