/* The simulated device: our station on a simulated modem, and the telephone exchange that joins it with the far end of
 * a call: its far machine (a station and a modem, too), or another line of the same office. In place of our station
 * there may be a pseudo-terminal, and behind it whatever program. All of an office steps in one clock, under the
 * office's mutex.
 *
 * This is the board: orders, questions, octets and time. Who is joined with whom is in exchange_route.c, the far machine
 * in exchange_far.c.
 */
#include "sim/exchange.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static const struct fl_board_ops OPS;

static struct fl_exchange *of(struct fl_board *board)
{
    return (struct fl_exchange *)board;
}

static const struct fl_exchange *of_const(const struct fl_board *board)
{
    return (const struct fl_exchange *)board;
}

/* Only what is a line of a simulated exchange: an office may hold other boards, too. */
struct fl_exchange *fl_exchange_line_at(const struct fl_office *office, uint32_t index)
{
    struct fl_board *board = office->members[index]->board;
    return board->ops == &OPS ? of(board) : NULL;
}

/* Whoever uses this end finds that its modem is not there any more. */
void fl_exchange_unplug(struct fl_exchange_end *end, fl_time now)
{
    if (end->pty) fl_pty_close(end->pty);
    if (end->pty) fl_simmodem_unplug(&end->modem, now);
    fl_station_unplugged(&end->station, now);
}

/* ---- stepping ---- */

/* Octets between a station and its modem, both ways; true when any moved. */
static bool exchange_octets(struct fl_exchange_end *end, fl_time now)
{
    uint8_t octets[2048];
    size_t got = fl_simmodem_read(&end->modem, octets, sizeof octets, now);
    if (got) fl_station_input(&end->station, octets, got, now);
    size_t room = fl_simmodem_room(&end->modem);
    if (room > sizeof octets) room = sizeof octets;
    size_t given = room ? fl_station_output(&end->station, octets, room, now) : 0;
    if (given) fl_simmodem_write(&end->modem, octets, given, now);
    return got || given;
}

/* The same for a modem on a pty. */
static bool exchange_with_program(struct fl_exchange_end *end, bool *look, fl_time now)
{
    uint8_t octets[FL_PTY_PENDING];
    struct fl_pty *pty = end->pty;
    fl_pty_flush(pty);
    size_t got = fl_simmodem_read(&end->modem, octets, fl_pty_room(pty), now);
    if (got) fl_pty_write(pty, octets, got);
    if (!*look) return got > 0;
    bool left = fl_pty_left(pty);
    size_t room = fl_simmodem_room(&end->modem);
    if (room > sizeof octets) room = sizeof octets;
    size_t given = fl_pty_read(pty, octets, room);
    if (given) fl_simmodem_write(&end->modem, octets, given, now);
    if (left) {
        fl_simmodem_drop(&end->modem, now);
        fl_pty_forget(pty);
    }
    *look = given || left;
    return got || *look;
}

static bool tick_end(struct fl_exchange_end *end, bool *look, fl_time now)
{
    bool any = end->pty ? exchange_with_program(end, look, now) : exchange_octets(end, now);
    if (fl_simmodem_deadline(&end->modem) <= now) {
        fl_simmodem_tick(&end->modem, now);
        any = true;
    }
    if (!end->pty && fl_station_deadline(&end->station) <= now) {
        fl_station_tick(&end->station, now);
        any = true;
    }
    return any;
}

static bool exchange_move(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    bool any = tick_end(&x->ours, &x->look, now);
    any |= tick_end(&x->far, &x->look, now);
    return any;
}

static bool exchange_settle(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    bool any = fl_exchange_look(x, now);
    any |= fl_exchange_far_events(x, now);
    any |= fl_exchange_mishap(x, now);
    any |= fl_player_step(&x->player, now);
    any |= fl_exchange_far_calls(x, now);
    if (fl_simmodem_dead(&x->ours.modem)) fl_exchange_unplug(&x->ours, now);
    return any;
}

static fl_time exchange_deadline(struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    fl_time deadline = x->route == FL_ROUTE_ROUTING ? x->route_at : FL_NEVER;
    deadline = fl_earlier(deadline, fl_player_deadline(&x->player, x->office->now));
    deadline = fl_earlier(deadline, fl_simmodem_deadline(&x->ours.modem));
    deadline = fl_earlier(deadline, fl_simmodem_deadline(&x->far.modem));
    if (!x->ours.pty) deadline = fl_earlier(deadline, fl_station_deadline(&x->ours.station));
    return fl_earlier(deadline, fl_station_deadline(&x->far.station));
}

static void exchange_give_up(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    fl_trace_text(&x->our_pen, now, FL_TRACE_NOTE, "the simulation does not come to rest: given up");
    fl_exchange_unplug(&x->ours, now);
}

/* Another line's thread does not look: what this one's thread is about to poll for must not change meanwhile. */
static void exchange_woken(struct fl_board *board)
{
    of(board)->look = of(board)->ours.pty != NULL;
}

static int exchange_fd(struct fl_board *board, short *poll_events, fl_time now)
{
    struct fl_exchange *x = of(board);
    bool writing;
    (void)now;
    if (!x->ours.pty) return -1;
    x->look = false;
    int fd = fl_pty_fd(&x->pty, &writing);
    bool reading = !x->pty.open || fl_simmodem_room(&x->ours.modem) > 0;
    *poll_events = (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0));
    return fd;
}

static const char *exchange_tty(const struct fl_board *board)
{
    return of_const(board)->pty.name;
}

/* ---- orders ---- */

static void exchange_dial(struct fl_board *board, const char *number, fl_time now)
{
    of(board)->awaiting = false;
    of(board)->dialled_at = now;
    fl_station_dial(&of(board)->ours.station, number, now);
}

static void exchange_hang_up(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    x->awaiting = false;
    if (x->ours.pty)
        fl_simmodem_drop(&x->ours.modem, now);
    else
        fl_station_hang_up(&x->ours.station, now);
}

static void exchange_fax(struct fl_board *board, enum fl_fax_ways ways, const struct fl_fax_options *options,
                         struct fl_document *document, fl_time now)
{
    struct fl_exchange *x = of(board);
    fl_job_start(&x->job, &x->ours.station, ways, options, document, &x->store, now);
}

static void exchange_stored(struct fl_board *board, bool good, fl_time now)
{
    fl_station_stored(&of(board)->ours.station, good, now);
}

static void exchange_more(struct fl_board *board, int pages, fl_time now)
{
    fl_station_more(&of(board)->ours.station, pages, now);
}

static void exchange_stop(struct fl_board *board, int raw, fl_time now)
{
    fl_station_stop(&of(board)->ours.station, raw, now);
}

static void exchange_await(struct fl_board *board, bool on, fl_time now)
{
    struct fl_exchange *x = of(board);
    x->awaiting = on && (x->incoming || (x->play && x->play->incoming));
    fl_station_await(&x->ours.station, on, now);
}

static void exchange_answer(struct fl_board *board, fl_time now)
{
    fl_station_answer(&of(board)->ours.station, now);
}

static void exchange_reject(struct fl_board *board, fl_time now)
{
    fl_station_reject(&of(board)->ours.station, now);
}

static void exchange_incoming(struct fl_board *board, const struct fl_fax_options *options,
                              struct fl_document *document, fl_time now)
{
    struct fl_exchange *x = of(board);
    (void)now;
    if (x->caller == &x->far && x->route != FL_ROUTE_FREE) { /* one is on its way already */
        fl_document_free(document);
        return;
    }
    fl_document_free(x->incoming);
    x->incoming = document;
    x->incoming_options = *options;
}

/* ---- events and questions ---- */

/* What our modem on a pty does, as the states of a call. */
static int hook_state(const struct fl_exchange *x)
{
    static const uint8_t STATES[] = {
        [FL_HOOK_ON] = FL_CALL_IDLE,
        [FL_HOOK_OFF] = FL_CALL_IDLE,
        [FL_HOOK_DIALLING] = FL_CALL_CALL_OUTGOING,
        [FL_HOOK_RINGING] = FL_CALL_RING_INCOMING,
        [FL_HOOK_ANSWERING] = FL_CALL_ANSWERING,
        [FL_HOOK_CONNECTED] = FL_CALL_ANSWERED,
    };
    if (fl_simmodem_dead(&x->ours.modem)) return FL_CALL_ERROR;
    return STATES[fl_simmodem_hook(&x->ours.modem)];
}

static bool exchange_event(struct fl_board *board, struct fl_event *event)
{
    struct fl_exchange *x = of(board);
    if (x->far_saved) {
        x->far_saved = false;
        event->kind = FL_EVENT_FAR_PAGE;
        return true;
    }
    if (x->ours.pty && x->told != hook_state(x)) {
        x->told = (uint8_t)hook_state(x);
        *event = (struct fl_event){.kind = FL_EVENT_CALL, .state = x->told, .cause = FL_CALL_CAUSE_NORMAL};
        return true;
    }
    return fl_job_event(&x->job, &x->ours.station, event);
}

static bool exchange_has_event(const struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    if (x->ours.pty && x->told != hook_state(x)) return true;
    return x->far_saved || fl_job_has_event(&x->job, &x->ours.station);
}

static bool exchange_resting(const struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    return x->ours.pty ? fl_exchange_rests(&x->ours) : fl_station_resting(&x->ours.station);
}

static bool exchange_storing(const struct fl_board *board)
{
    return fl_job_storing(&of_const(board)->ours.station);
}

static bool exchange_on_hook(const struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    return fl_exchange_rests(&x->ours) && x->route == FL_ROUTE_FREE && !x->engaged;
}

static int64_t exchange_violations(const struct fl_board *board, char *text, size_t text_size)
{
    const struct fl_exchange *x = of_const(board);
    if (text_size) snprintf(text, text_size, "%s", fl_watch_text(&x->watch, 0));
    return x->elsewhere + fl_watch_violations(&x->watch, 0);
}

static int64_t exchange_take(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    return fl_store_take(&of(board)->store, info, code, cap);
}

static int64_t exchange_take_far(struct fl_board *board, struct fl_page_info *info, uint8_t *code,
                                 int64_t cap)
{
    return fl_store_take(&of(board)->far_store, info, code, cap);
}

/* Whatever call there still is ends here and now: its line and its far end go away with us. */
static void exchange_detach(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    if (x->callee_of) {
        struct fl_exchange_end *callee = &x->callee_of->ours;
        if (callee->pty)
            fl_simmodem_drop(&callee->modem, now);
        else
            fl_station_unplugged(&callee->station, now);
        x->callee_of->engaged = false;
    }
    for (uint32_t i = 0; i < x->office->count; i++) {
        struct fl_exchange *other = fl_exchange_line_at(x->office, i);
        if (!other || other->callee_of != x) continue;
        fl_simmodem_disconnect(&other->ours.modem, now);
        other->callee = &other->far;
        other->callee_of = NULL;
        other->route = FL_ROUTE_OVER;
    }
}

static void exchange_free(struct fl_board *board)
{
    struct fl_exchange *x = of(board);
    if (x->ours.pty) fl_pty_close(&x->pty);
    fl_store_free(&x->store);
    fl_store_free(&x->far_store);
    fl_document_free(x->incoming);
    free(x);
}

static const struct fl_board_ops OPS = {
    .dial = exchange_dial,
    .hang_up = exchange_hang_up,
    .fax = exchange_fax,
    .stored = exchange_stored,
    .more = exchange_more,
    .stop = exchange_stop,
    .await = exchange_await,
    .answer = exchange_answer,
    .reject = exchange_reject,
    .incoming = exchange_incoming,
    .move = exchange_move,
    .settle = exchange_settle,
    .deadline = exchange_deadline,
    .give_up = exchange_give_up,
    .woken = exchange_woken,
    .fd = exchange_fd,
    .tty = exchange_tty,
    .event = exchange_event,
    .has_event = exchange_has_event,
    .resting = exchange_resting,
    .storing = exchange_storing,
    .on_hook = exchange_on_hook,
    .violations = exchange_violations,
    .take_page = exchange_take,
    .take_far_page = exchange_take_far,
    .detach = exchange_detach,
    .free = exchange_free,
};

/* ---- opening ---- */

static const char *copy_plan(struct fl_exchange *x, const struct fl_channel_config *config)
{
    fl_faults_init(&x->faults, config->seed, x->our_pen);
    for (int32_t i = 0; i < config->fault_count && i < FL_FAULTS_MAX; i++) {
        x->plan[x->planned++] = config->faults[i];
        if (!fl_faults_add(&x->faults, &config->faults[i])) return "a fault of the plan makes no sense";
    }
    return NULL;
}

struct fl_board *fl_exchange_open(const struct fl_channel_config *config, struct fl_office *office,
                                  struct fl_trace *trace, char *error, size_t error_size)
{
    struct fl_exchange *x = calloc(1, sizeof *x);
    if (!x) {
        snprintf(error, error_size, "no memory for a simulated device");
        return NULL;
    }
    x->board.ops = &OPS;
    x->office = office;
    x->our_pen = (struct fl_pen){trace, 0};
    x->far_pen = (struct fl_pen){trace, 1};
    x->delay = FL_MS(config->delay_ms);
    x->random = config->seed;
    x->fixed = fl_far_row(config->far);
    snprintf(x->number, sizeof x->number, "%.*s", (int)sizeof x->number - 1, config->number);
    fl_store_init(&x->store, true);
    x->store.confirm = true;
    fl_store_init(&x->far_store, config->save);
    x->play = config->play;
    const char *wrong = x->play ? fl_play_wrong(x->play) : NULL;
    if (!wrong) wrong = copy_plan(x, config);
    if (!wrong && (config->personality < 0 || !fl_simmodem_row_at((size_t)config->personality)))
        wrong = "there is no such simulated modem";
    if (!wrong && config->pty && config->pace != FL_PACE_REAL)
        wrong = "a modem on a pseudo-terminal runs in line time: pace=real";
    if (!wrong && config->pty && !fl_pty_open(&x->pty, error, error_size)) {
        exchange_free(&x->board);
        return NULL;
    }
    if (wrong) {
        snprintf(error, error_size, "%s", wrong);
        exchange_free(&x->board);
        return NULL;
    }
    fl_watch_init(&x->watch, x->our_pen);
    fl_simmodem_init(&x->ours.modem, fl_simmodem_row_at((size_t)config->personality), 0, &x->faults,
                     office->now);
    fl_simmodem_init(&x->far.modem, fl_simmodem_row(NULL), 1, &x->faults, office->now);
    fl_station_init(&x->ours.station, NULL, x->our_pen, office->now);
    fl_station_init(&x->far.station, NULL, x->far_pen, office->now);
    if (config->pty) {
        x->ours.modem.pen = x->our_pen;
        x->ours.pty = &x->pty;
        x->told = FL_CALL_IDLE;
    }
    return &x->board;
}
