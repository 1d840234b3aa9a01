/* The simulated device: our station on a simulated modem, and the telephone exchange that joins it with the far end of
 * a call: its far machine (a station and a modem, too), or another line of the same office. In place of our station
 * there may be a pseudo-terminal, and behind it whatever program.
 *
 * The exchange looks at the modems' hooks and joins, rings, refuses and cuts; what is said on the line is none of its
 * business. All of an office steps in one clock, under the office's mutex.
 */
#include "board/board.h"
#include "board/job.h"
#include "board/office.h"
#include "page/store.h"
#include "sim/far.h"
#include "sim/line.h"
#include "sim/modem.h"
#include "sim/player.h"
#include "sim/pty.h"
#include "sim/watch.h"
#include "t30/states.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long the exchange takes for what. */
#define BUSY_AFTER        FL_MS(1500)
#define NO_DIALTONE_AFTER FL_SEC(3)
#define RING_AFTER        FL_MS(1500)
#define NOBODY_AFTER      FL_SEC(60)
#define PERSON_AFTER      FL_SEC(6)

enum route { FREE, ROUTING, RINGING, JOINED, OVER };

/* One end of a call. */
struct end {
    struct fl_station station;
    struct fl_simmodem modem;
    struct fl_pty *pty; /* the modem's other side in place of the station; NULL: there is none */
};

struct fl_exchange {
    struct fl_board board;
    struct fl_office *office;
    char number[24];
    struct end ours, far;
    struct fl_pen our_pen, far_pen;
    struct fl_job job, far_job;
    struct fl_store store;     /* what we receive */
    struct fl_store far_store; /* what the far machine receives */
    bool far_saved;            /* a page waits in that store: tell */
    struct fl_pty pty;
    bool look;    /* our modem's program may have written, opened or closed: a system call tells */
    uint8_t told; /* of our modem on a pty: the call's state that was told last (enum fl_call_state) */

    /* a far machine that calls us */
    struct fl_document *incoming;
    struct fl_fax_options incoming_options;
    bool awaiting;

    /* the present call, if it was dialled here (by us, or by our far machine) */
    uint8_t route; /* enum route */
    fl_time route_at;
    struct end *caller, *callee;
    struct fl_exchange *callee_of;  /* another line's, when the call goes there */
    bool engaged;                   /* a call that was dialled elsewhere is ours, too */
    const struct fl_far_row *fixed; /* ?far=: whatever number is called */
    const struct fl_far_row *row;   /* who answers */
    bool mishap_done;

    const struct fl_play *play; /* a recorded call: who is called, or calls, plays it */
    struct fl_player player;
    fl_time dialled_at;

    struct fl_line line;
    fl_time delay;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_fault plan[FL_FAULTS_MAX]; /* asked for when the device was opened */
    uint32_t planned;
    uint64_t random;
    int64_t elsewhere; /* violations by our end on other exchanges' lines */
    char elsewhere_text[96];
};

static const struct fl_board_ops OPS;

static struct fl_exchange *of(struct fl_board *board)
{
    return (struct fl_exchange *)board;
}

static const struct fl_exchange *of_const(const struct fl_board *board)
{
    return (const struct fl_exchange *)board;
}

/* ---- hooks ---- */

static bool is_up(const struct end *end)
{
    enum fl_hook hook = fl_simmodem_hook(&end->modem);
    return !fl_simmodem_dead(&end->modem) && hook != FL_HOOK_ON && hook != FL_HOOK_RINGING;
}

/* Still off hook from a call that is over; who dials has hung up since, and wants the next. */
static bool lingers(const struct end *end)
{
    return is_up(end) && fl_simmodem_hook(&end->modem) != FL_HOOK_DIALLING;
}

/* The same of an end of the present call, which may be somebody without a modem. */
static bool is_there(const struct fl_exchange *x, const struct end *end)
{
    if (end == &x->far && x->row->answer == FL_FAR_PERSON) return true;
    if (end == &x->far && x->row->answer == FL_FAR_PLAYER) return !x->player.gone;
    return is_up(end);
}

/* Nobody who uses this end is about to do something with it. */
static bool rests(const struct end *end)
{
    if (end->pty) return fl_simmodem_hook(&end->modem) == FL_HOOK_ON || fl_simmodem_dead(&end->modem);
    return end->station.state == FL_STATION_ON_HOOK || end->station.state == FL_STATION_DEAD;
}

/* Whoever uses this end finds that its modem is not there any more. */
static void unplug(struct end *end, fl_time now)
{
    if (end->pty) fl_pty_close(end->pty);
    if (end->pty) fl_simmodem_unplug(&end->modem, now);
    fl_station_unplugged(&end->station, now);
}

/* ---- routing ---- */

static const struct fl_far_row PLAYER_ROW = {.name = "recorded call", .answer = FL_FAR_PLAYER};

static const struct fl_far_row BUSY_ROW = {.name = "busy line", .answer = FL_FAR_BUSY};

static fl_time answer_delay(const struct fl_far_row *row)
{
    switch (row->answer) {
    case FL_FAR_BUSY: return BUSY_AFTER;
    case FL_FAR_NO_DIALTONE: return NO_DIALTONE_AFTER;
    case FL_FAR_NOBODY: return NOBODY_AFTER;
    case FL_FAR_PERSON: return PERSON_AFTER;
    default: return RING_AFTER;
    }
}

/* A line of the office, NULL when it is none of this exchange's. */
static struct fl_exchange *line_at(const struct fl_office *office, uint32_t index)
{
    struct fl_board *board = office->members[index]->board;
    return board->ops == &OPS ? of(board) : NULL;
}

static struct fl_exchange *line_of_office(const struct fl_exchange *x, const char *number)
{
    for (uint32_t i = 0; i < x->office->count; i++) {
        struct fl_exchange *other = line_at(x->office, i);
        if (other && strcmp(other->number, number) == 0) return other;
    }
    return NULL;
}

static bool line_is_free(const struct fl_exchange *x)
{
    return x->route == FREE && !x->engaged && fl_simmodem_hook(&x->ours.modem) == FL_HOOK_ON &&
           !fl_simmodem_dead(&x->ours.modem) && rests(&x->ours);
}

/* A call's faults, counted from its dialling on: those that were asked for, and those of the line to this number. */
static void plan_faults(struct fl_exchange *x)
{
    fl_faults_init(&x->faults, fl_random(&x->random), x->our_pen);
    for (uint32_t i = 0; i < x->planned; i++) fl_faults_add(&x->faults, &x->plan[i]);
    for (int i = 0; i < FL_FAR_FAULTS && x->row->faults[i].count > 0; i++)
        fl_faults_add(&x->faults, &x->row->faults[i]);
}

/* We dial: who is at that number? */
static void begin_call(struct fl_exchange *x, fl_time now)
{
    const char *number = fl_simmodem_number(&x->ours.modem);
    struct fl_exchange *other = x->fixed || x->play ? NULL : line_of_office(x, number);
    x->caller = &x->ours;
    x->callee = &x->far;
    x->callee_of = NULL;
    x->row = x->fixed ? x->fixed : fl_far_row_of(number);
    if (x->play) x->row = &PLAYER_ROW;
    if (other && other != x && line_is_free(other)) {
        x->row = fl_far_row(0);
        x->callee = &other->ours;
        x->callee_of = other;
        other->engaged = true;
    } else if (other) {
        x->row = &BUSY_ROW;
    }
    plan_faults(x);
    x->mishap_done = false;
    x->player = (struct fl_player){0};
    if (x->ours.pty) x->dialled_at = now;
    x->route_at = now + answer_delay(x->row);
    x->route = ROUTING;
}

/* Our far machine dials: us. */
static void begin_incoming(struct fl_exchange *x, fl_time now)
{
    x->caller = &x->far;
    x->callee = &x->ours;
    x->callee_of = NULL;
    x->row = x->play ? &PLAYER_ROW : fl_far_row(0);
    plan_faults(x);
    x->mishap_done = false;
    x->player = (struct fl_player){0};
    x->dialled_at = now;
    x->route_at = now + RING_AFTER;
    x->route = ROUTING;
}

/* Our end is end 0 of the line, whoever calls; another line's end is end 1. */
static void join(struct fl_exchange *x, fl_time now)
{
    struct end *other = x->caller == &x->ours ? x->callee : x->caller;
    fl_line_init(&x->line, x->delay, &x->faults, &x->watch, x->our_pen);
    fl_simmodem_connect(&x->ours.modem, &x->line, 0, now);
    if (x->row->answer == FL_FAR_PERSON)
        fl_line_signal(&x->line, 1, FL_SIGNAL_VOICE, 0, now);
    else if (x->row->answer == FL_FAR_PLAYER)
        fl_player_start(&x->player, x->play, &x->line, x->far_pen, x->dialled_at);
    else
        fl_simmodem_connect(&other->modem, &x->line, 1, now);
    x->route = JOINED;
}

static void route(struct fl_exchange *x, fl_time now)
{
    static const enum fl_progress PROGRESS[] = {
        [FL_FAR_BUSY] = FL_PROGRESS_BUSY,
        [FL_FAR_NOBODY] = FL_PROGRESS_NO_ANSWER,
        [FL_FAR_NO_DIALTONE] = FL_PROGRESS_NO_DIALTONE,
    };
    bool rings = x->row->answer == FL_FAR_FAX || x->caller == &x->far;
    if (x->row->answer == FL_FAR_PERSON || (x->row->answer == FL_FAR_PLAYER && !rings)) {
        join(x, now);
    } else if (rings) {
        fl_simmodem_ring(&x->callee->modem, true, now);
        x->route = RINGING;
    } else {
        fl_simmodem_progress(&x->caller->modem, PROGRESS[x->row->answer], now);
        x->route = OVER;
    }
}

static void release(struct fl_exchange *x)
{
    if (x->callee_of) {
        x->callee_of->engaged = false;
        x->callee_of->elsewhere = fl_watch_violations(&x->watch, 1);
    }
    x->callee_of = NULL;
    x->route = FREE;
}

/* Looks at the hooks; true when it did something. */
static bool exchange(struct fl_exchange *x, fl_time now)
{
    switch (x->route) {
    case FREE:
        if (fl_simmodem_hook(&x->ours.modem) == FL_HOOK_DIALLING)
            begin_call(x, now);
        else if (fl_simmodem_hook(&x->far.modem) == FL_HOOK_DIALLING)
            begin_incoming(x, now);
        else if (x->play && x->awaiting && line_is_free(x)) {
            x->awaiting = false;
            begin_incoming(x, now);
        } else
            return false;
        return true;
    case ROUTING:
        if (is_there(x, x->caller) && x->route_at > now) return false;
        if (is_there(x, x->caller))
            route(x, now);
        else
            x->route = OVER;
        return true;
    case RINGING:
        if (!is_there(x, x->caller)) {
            fl_simmodem_ring(&x->callee->modem, false, now);
            x->route = OVER;
            return true;
        }
        if (fl_simmodem_hook(&x->callee->modem) != FL_HOOK_ANSWERING) return false;
        join(x, now);
        return true;
    case JOINED:
        if (is_there(x, x->caller) && is_there(x, x->callee)) return false;
        if (is_up(x->caller)) fl_simmodem_disconnect(&x->caller->modem, now);
        if (is_up(x->callee)) fl_simmodem_disconnect(&x->callee->modem, now);
        fl_player_stop(&x->player);
        x->route = OVER;
        return true;
    default: /* OVER: free again once both have hung up */
        if (lingers(x->caller) || lingers(x->callee)) return false;
        release(x);
        return true;
    }
}

/* ---- the far machine ---- */

static void far_answers(struct fl_exchange *x, fl_time now)
{
    struct fl_t30_config config = {
        .abilities = x->row->abilities,
        .min_rate_bps = 2400,
        .max_rate_bps = 14400,
        .training_verdict = x->row->training_verdict,
        .page_verdict = x->row->page_verdict,
        .seed = fl_random(&x->random),
        .pen = x->far_pen,
    };
    snprintf(config.id, sizeof config.id, "%.20s", x->row->number);
    config.abilities.modulations &= fl_job_modulations(&x->far.station.driver, true);
    config.inbox = fl_store_inbox(&x->far_store);
    fl_station_fax(&x->far.station, &config, now);
}

static bool far_calls(struct fl_exchange *x, fl_time now)
{
    if (!x->incoming || !x->awaiting || !line_is_free(x)) return false;
    if (x->far.station.state != FL_STATION_ON_HOOK) return false;
    x->awaiting = false;
    /* A line without a number is its exchange's only one. */
    fl_station_dial(&x->far.station, x->number[0] ? x->number : "0", now);
    return true;
}

static void far_call_event(struct fl_exchange *x, const struct fl_station_event *event, fl_time now)
{
    bool calling = x->caller == &x->far;
    switch (event->state) {
    case FL_CALL_RING_INCOMING: fl_station_answer(&x->far.station, now); break;
    case FL_CALL_ANSWERED:
        if (calling)
            fl_job_start(&x->far_job, &x->far.station, &x->incoming_options, x->incoming, now);
        else
            far_answers(x, now);
        break;
    default: break;
    }
}

static bool far_events(struct fl_exchange *x, fl_time now)
{
    struct fl_station_event event;
    bool any = false;
    while (fl_station_event(&x->far.station, &event)) {
        any = true;
        if (event.kind == FL_STATION_CALL) far_call_event(x, &event, now);
        if (event.kind != FL_STATION_T30) continue;
        if (event.t30.kind == FL_T30_PAGE && x->far_store.save && x->caller != &x->far) x->far_saved = true;
        if (event.t30.kind != FL_T30_ENDED) continue;
        fl_station_hang_up(&x->far.station, now);
        if (x->caller == &x->far) {
            fl_document_free(x->incoming);
            x->incoming = NULL;
        }
    }
    return any;
}

/* A row's mishap: once some of that page has been heard. */
static bool mishap(struct fl_exchange *x, fl_time now)
{
    if (x->route != JOINED || x->mishap_done || x->row->mishap == FL_FAR_NO_MISHAP) return false;
    const struct fl_t30 *far = &x->far.station.engine;
    if (!x->far.station.fax || far->state != FL_STATE_C_RECEIVE_PAGE || !far->burst_seen) return false;
    if (far->pages + 1 != x->row->mishap_page) return false;
    x->mishap_done = true;
    if (x->row->mishap == FL_FAR_WE_VANISH) {
        fl_trace_text(&x->our_pen, now, FL_TRACE_FAULT, "our modem disappears");
        unplug(&x->ours, now);
    } else {
        fl_trace_text(&x->far_pen, now, FL_TRACE_FAULT, "the far machine drops the call");
        fl_simmodem_disconnect(&x->ours.modem, now);
        fl_simmodem_disconnect(&x->far.modem, now);
        x->route = OVER;
    }
    return true;
}

/* ---- stepping ---- */

/* Octets between a station and its modem, both ways; true when any moved. */
static bool exchange_octets(struct end *end, fl_time now)
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
static bool exchange_with_program(struct end *end, bool *look, fl_time now)
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

static bool tick_end(struct end *end, bool *look, fl_time now)
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
    any |= tick_end(&x->far, NULL, now);
    return any;
}

static bool exchange_settle(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    bool any = exchange(x, now);
    any |= far_events(x, now);
    any |= mishap(x, now);
    any |= fl_player_step(&x->player, now);
    any |= far_calls(x, now);
    if (fl_simmodem_dead(&x->ours.modem)) unplug(&x->ours, now);
    return any;
}

static fl_time exchange_deadline(struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    fl_time deadline = x->route == ROUTING ? x->route_at : FL_NEVER;
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
    unplug(&x->ours, now);
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

static void exchange_fax(struct fl_board *board, const struct fl_fax_options *options,
                         struct fl_document *document, fl_time now)
{
    fl_job_start(&of(board)->job, &of(board)->ours.station, options, document, now);
}

static void exchange_receive(struct fl_board *board, const struct fl_fax_options *options, fl_time now)
{
    struct fl_exchange *x = of(board);
    fl_job_receive(&x->job, &x->ours.station, options, &x->store, now);
}

static void exchange_stored(struct fl_board *board, bool good, fl_time now)
{
    fl_station_stored(&of(board)->ours.station, good, now);
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
    if (x->caller == &x->far && x->route != FREE) { /* one is on its way already */
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
    return x->ours.pty ? rests(&x->ours) : fl_station_resting(&x->ours.station);
}

static bool exchange_storing(const struct fl_board *board)
{
    return fl_job_storing(&of_const(board)->ours.station);
}

static bool exchange_on_hook(const struct fl_board *board)
{
    const struct fl_exchange *x = of_const(board);
    return rests(&x->ours) && x->route == FREE && !x->engaged;
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
        struct end *callee = &x->callee_of->ours;
        if (callee->pty)
            fl_simmodem_drop(&callee->modem, now);
        else
            fl_station_unplugged(&callee->station, now);
        x->callee_of->engaged = false;
    }
    for (uint32_t i = 0; i < x->office->count; i++) {
        struct fl_exchange *other = line_at(x->office, i);
        if (!other || other->callee_of != x) continue;
        fl_simmodem_disconnect(&other->ours.modem, now);
        other->callee = &other->far;
        other->callee_of = NULL;
        other->route = OVER;
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
    .receive = exchange_receive,
    .stored = exchange_stored,
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
