/* The simulated device: our station on a simulated modem, a telephone exchange that routes its calls, and the far
 * station with its modem at the other end of the line. All of it steps in one clock.
 *
 * The exchange looks at the modems' hooks and joins, rings, refuses and cuts; what is said on the line is none of its
 * business.
 */
#include "board/board.h"
#include "board/job.h"
#include "page/store.h"
#include "sim/far.h"
#include "sim/line.h"
#include "sim/modem.h"
#include "sim/watch.h"
#include "t30/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long the exchange takes for what. */
#define BUSY_AFTER        FL_MS(1500)
#define NO_DIALTONE_AFTER FL_SEC(3)
#define RING_AFTER        FL_MS(1500)
#define NOBODY_AFTER      FL_SEC(60)
#define PERSON_AFTER      FL_SEC(6)
/* Work at one moment that never ends is a fault of ours: better a dead device than a hung program. */
#define WORK_LIMIT 100000

enum route { FREE, ROUTING, RINGING, JOINED, OVER };

struct fl_exchange {
    struct fl_board board;
    struct fl_station ours, far;
    struct fl_simmodem our_modem, far_modem;
    struct fl_line line;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_store store;
    struct fl_job job;
    const struct fl_far_row *fixed; /* ?far=: whatever number is called */
    const struct fl_far_row *row;   /* of this call */
    struct fl_pen our_pen, far_pen;
    fl_time delay;
    uint8_t route; /* enum route */
    fl_time route_at;
    bool mishap_done;
    struct fl_fault plan[FL_FAULTS_MAX]; /* asked for when the device was opened */
    uint32_t planned;
    bool saved;   /* a page was kept: tell */
    uint64_t random;
};

static struct fl_exchange *of(struct fl_board *board)
{
    return (struct fl_exchange *)board;
}

/* ---- routing ---- */

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

static void new_line(struct fl_exchange *x)
{
    fl_line_init(&x->line, x->delay, &x->faults, &x->watch, x->our_pen);
}

static void route(struct fl_exchange *x, fl_time now)
{
    switch (x->row->answer) {
    case FL_FAR_BUSY: fl_simmodem_progress(&x->our_modem, FL_PROGRESS_BUSY, now); break;
    case FL_FAR_NO_DIALTONE: fl_simmodem_progress(&x->our_modem, FL_PROGRESS_NO_DIALTONE, now); break;
    case FL_FAR_NOBODY: fl_simmodem_progress(&x->our_modem, FL_PROGRESS_NO_ANSWER, now); break;
    case FL_FAR_PERSON:
        new_line(x);
        fl_simmodem_connect(&x->our_modem, &x->line, 0, now);
        fl_line_signal(&x->line, 1, FL_SIGNAL_VOICE, 0, now);
        x->route = JOINED;
        return;
    default:
        fl_simmodem_ring(&x->far_modem, true, now);
        x->route = RINGING;
        return;
    }
    x->route = OVER;
}

static bool our_hook_is_up(const struct fl_exchange *x)
{
    enum fl_hook hook = fl_simmodem_hook(&x->our_modem);
    return !fl_simmodem_dead(&x->our_modem) && hook != FL_HOOK_ON && hook != FL_HOOK_RINGING;
}

/* A call's faults, counted from its dialling on: those that were asked for, and those of the line to this number. */
static void plan_faults(struct fl_exchange *x)
{
    fl_faults_init(&x->faults, fl_random(&x->random), x->our_pen);
    for (uint32_t i = 0; i < x->planned; i++) fl_faults_add(&x->faults, &x->plan[i]);
    for (int i = 0; i < FL_FAR_FAULTS && x->row->faults[i].count > 0; i++)
        fl_faults_add(&x->faults, &x->row->faults[i]);
}

/* Looks at the hooks; true when it did something. */
static bool exchange(struct fl_exchange *x, fl_time now)
{
    enum fl_hook our = fl_simmodem_hook(&x->our_modem), far = fl_simmodem_hook(&x->far_modem);
    switch (x->route) {
    case FREE:
        if (our != FL_HOOK_DIALLING) return false;
        x->row = x->fixed ? x->fixed : fl_far_row_of(fl_simmodem_number(&x->our_modem));
        x->route_at = now + answer_delay(x->row);
        x->mishap_done = false;
        plan_faults(x);
        x->route = ROUTING;
        return true;
    case ROUTING:
        if (our_hook_is_up(x) && x->route_at > now) return false;
        if (our_hook_is_up(x))
            route(x, now);
        else
            x->route = OVER;
        return true;
    case RINGING:
        if (!our_hook_is_up(x)) {
            fl_simmodem_ring(&x->far_modem, false, now);
            x->route = OVER;
            return true;
        }
        if (far != FL_HOOK_ANSWERING) return false;
        new_line(x);
        fl_simmodem_connect(&x->our_modem, &x->line, 0, now);
        fl_simmodem_connect(&x->far_modem, &x->line, 1, now);
        x->route = JOINED;
        return true;
    case JOINED: {
        bool far_up = x->row->answer == FL_FAR_PERSON || far != FL_HOOK_ON;
        if (our_hook_is_up(x) && far_up) return false;
        if (far_up && x->row->answer != FL_FAR_PERSON) fl_simmodem_disconnect(&x->far_modem, now);
        if (our_hook_is_up(x)) fl_simmodem_disconnect(&x->our_modem, now);
        x->route = OVER;
        return true;
    }
    default: /* OVER: free again once both have hung up; we may be dialling anew before the far end has */
        if ((our_hook_is_up(x) && our != FL_HOOK_DIALLING) || far != FL_HOOK_ON) return false;
        x->route = FREE;
        return true;
    }
}

/* ---- the far machine ---- */

static void far_takes_call(struct fl_exchange *x, fl_time now)
{
    struct fl_t30_config config = {
        .abilities = x->row->abilities,
        .min_rate_bps = 2400,
        .max_rate_bps = 14400,
        .id = "+1 555 0100",
        .training_verdict = x->row->training_verdict,
        .page_verdict = x->row->page_verdict,
        .seed = fl_random(&x->random),
        .pen = x->far_pen,
    };
    snprintf(config.id, sizeof config.id, "%.20s", x->row->number);
    config.abilities.modulations &= fl_job_modulations(&x->far.driver, true);
    config.inbox = fl_store_inbox(&x->store);
    fl_station_fax(&x->far, &config, now);
}

static bool far_events(struct fl_exchange *x, fl_time now)
{
    struct fl_station_event event;
    bool any = false;
    while (fl_station_event(&x->far, &event)) {
        any = true;
        if (event.kind == FL_STATION_RING) fl_station_answer(&x->far, now);
        if (event.kind == FL_STATION_CALL && event.state == FL_CALL_ANSWERED) far_takes_call(x, now);
        if (event.kind == FL_STATION_T30 && event.t30.kind == FL_T30_ENDED) fl_station_hang_up(&x->far, now);
        if (event.kind == FL_STATION_T30 && event.t30.kind == FL_T30_PAGE && x->store.save) x->saved = true;
    }
    return any;
}

/* A row's mishap: once some of that page has been heard. */
static bool mishap(struct fl_exchange *x, fl_time now)
{
    if (x->route != JOINED || x->mishap_done || x->row->mishap == FL_FAR_NO_MISHAP) return false;
    const struct fl_t30 *far = &x->far.engine;
    if (!x->far.fax || far->state != FL_STATE_C_RECEIVE_PAGE || !far->burst_seen) return false;
    if (far->pages + 1 != x->row->mishap_page) return false;
    x->mishap_done = true;
    if (x->row->mishap == FL_FAR_WE_VANISH) {
        fl_trace_text(&x->our_pen, now, FL_TRACE_FAULT, "our modem disappears");
        fl_station_unplugged(&x->ours, now);
    } else {
        fl_trace_text(&x->far_pen, now, FL_TRACE_FAULT, "the far machine drops the call");
        fl_simmodem_disconnect(&x->our_modem, now);
        fl_simmodem_disconnect(&x->far_modem, now);
        x->route = OVER;
    }
    return true;
}

/* ---- stepping ---- */

/* Octets between a station and its modem, both ways; true when any moved. */
static bool exchange_octets(struct fl_station *station, struct fl_simmodem *modem, fl_time now)
{
    uint8_t octets[2048];
    size_t got = fl_simmodem_read(modem, octets, sizeof octets, now);
    if (got) fl_station_input(station, octets, got, now);
    size_t room = fl_simmodem_room(modem);
    size_t given = room ? fl_station_output(station, octets, room < sizeof octets ? room : sizeof octets, now) : 0;
    if (given) fl_simmodem_write(modem, octets, given, now);
    return got || given;
}

static bool tick_end(struct fl_station *station, struct fl_simmodem *modem, fl_time now)
{
    bool any = exchange_octets(station, modem, now);
    if (fl_simmodem_deadline(modem) <= now) {
        fl_simmodem_tick(modem, now);
        any = true;
    }
    if (fl_station_deadline(station) <= now) {
        fl_station_tick(station, now);
        any = true;
    }
    return any;
}

static bool work(struct fl_exchange *x, fl_time now)
{
    bool any = tick_end(&x->ours, &x->our_modem, now);
    any |= tick_end(&x->far, &x->far_modem, now);
    any |= exchange(x, now);
    any |= far_events(x, now);
    any |= mishap(x, now);
    if (fl_simmodem_dead(&x->our_modem)) fl_station_unplugged(&x->ours, now);
    return any;
}

static fl_time exchange_step(struct fl_board *board, fl_time now)
{
    struct fl_exchange *x = of(board);
    int rounds = 0;
    while (work(x, now))
        if (++rounds > WORK_LIMIT) {
            fl_trace_text(&x->our_pen, now, FL_TRACE_NOTE, "the simulation does not come to rest: given up");
            fl_station_unplugged(&x->ours, now);
            return FL_NEVER;
        }
    fl_time deadline = x->route == ROUTING ? x->route_at : FL_NEVER;
    deadline = fl_earlier(deadline, fl_simmodem_deadline(&x->our_modem));
    deadline = fl_earlier(deadline, fl_simmodem_deadline(&x->far_modem));
    deadline = fl_earlier(deadline, fl_station_deadline(&x->ours));
    return fl_earlier(deadline, fl_station_deadline(&x->far));
}

/* ---- the board ---- */

static void exchange_dial(struct fl_board *board, const char *number, fl_time now)
{
    fl_station_dial(&of(board)->ours, number, now);
}

static void exchange_hang_up(struct fl_board *board, fl_time now)
{
    fl_station_hang_up(&of(board)->ours, now);
}

static void exchange_fax(struct fl_board *board, const struct fl_fax_options *options, struct fl_document *document,
                         fl_time now)
{
    fl_job_start(&of(board)->job, &of(board)->ours, options, document, now);
}

static void exchange_stop(struct fl_board *board, int raw, fl_time now)
{
    fl_station_stop(&of(board)->ours, raw, now);
}

static bool exchange_event(struct fl_board *board, struct fl_event *event)
{
    struct fl_exchange *x = of(board);
    struct fl_station_event from;
    if (x->saved) {
        x->saved = false;
        event->kind = FL_EVENT_FAR_PAGE;
        return true;
    }
    while (fl_station_event(&x->ours, &from))
        if (fl_job_event(&x->job, &x->ours, &from, event)) return true;
    return false;
}

static bool exchange_resting(const struct fl_board *board)
{
    const struct fl_exchange *x = (const struct fl_exchange *)board;
    return fl_station_resting(&x->ours);
}

static bool exchange_on_hook(const struct fl_board *board)
{
    const struct fl_exchange *x = (const struct fl_exchange *)board;
    return x->ours.state == FL_STATION_ON_HOOK || x->ours.state == FL_STATION_DEAD;
}

static int64_t exchange_violations(const struct fl_board *board, char *text, size_t text_size)
{
    const struct fl_exchange *x = (const struct fl_exchange *)board;
    if (text_size) snprintf(text, text_size, "%s", fl_watch_text(&x->watch, 0));
    return fl_watch_violations(&x->watch, 0);
}

static int64_t exchange_take(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    return fl_store_take(&of(board)->store, info, code, cap);
}

static void exchange_free(struct fl_board *board)
{
    fl_store_free(&of(board)->store);
    free(board);
}

static const struct fl_board_ops OPS = {
    .dial = exchange_dial,
    .hang_up = exchange_hang_up,
    .fax = exchange_fax,
    .stop = exchange_stop,
    .step = exchange_step,
    .event = exchange_event,
    .resting = exchange_resting,
    .on_hook = exchange_on_hook,
    .violations = exchange_violations,
    .take_far_page = exchange_take,
    .free = exchange_free,
};

struct fl_board *fl_exchange_open(const struct fl_channel_config *config, struct fl_trace *trace, char *error,
                                  size_t error_size)
{
    struct fl_exchange *x = calloc(1, sizeof *x);
    if (!x) {
        snprintf(error, error_size, "no memory for a simulated device");
        return NULL;
    }
    x->board.ops = &OPS;
    x->our_pen = (struct fl_pen){trace, 0};
    x->far_pen = (struct fl_pen){trace, 1};
    x->delay = FL_MS(config->delay_ms);
    x->random = config->seed;
    x->fixed = fl_far_row(config->far);
    fl_store_init(&x->store, config->save);
    fl_faults_init(&x->faults, config->seed, x->our_pen);
    for (int32_t i = 0; i < config->fault_count && i < FL_FAULTS_MAX; i++) {
        x->plan[x->planned++] = config->faults[i];
        if (!fl_faults_add(&x->faults, &config->faults[i])) {
            snprintf(error, error_size, "fault number %d of the plan makes no sense", i + 1);
            exchange_free(&x->board);
            return NULL;
        }
    }
    fl_watch_init(&x->watch, x->our_pen);
    fl_simmodem_init(&x->our_modem, fl_simmodem_row(NULL), 0, &x->faults, 0);
    fl_simmodem_init(&x->far_modem, fl_simmodem_row(NULL), 1, &x->faults, 0);
    fl_station_init(&x->ours, NULL, x->our_pen, 0);
    fl_station_init(&x->far, NULL, x->far_pen, 0);
    return &x->board;
}
