/* The simulated exchange's routes: who is at a number, ringing, joining two modems by a line, and the call's end. It looks
 * at the modems' hooks and joins, rings, refuses and cuts; what is said on the line is none of its business.
 */
#include "sim/exchange.h"

#include <string.h>

/* How long the exchange takes for what. */
#define BUSY_AFTER        FL_MS(1500)
#define NO_DIALTONE_AFTER FL_SEC(3)
#define RING_AFTER        FL_MS(1500)
#define NOBODY_AFTER      FL_SEC(60)
#define PERSON_AFTER      FL_SEC(6)

/* ---- hooks ---- */

static bool is_up(const struct fl_exchange_end *end)
{
    enum fl_hook hook = fl_simmodem_hook(&end->modem);
    return !fl_simmodem_dead(&end->modem) && hook != FL_HOOK_ON && hook != FL_HOOK_RINGING;
}

/* Still off hook from a call that is over; who dials has hung up since, and wants the next. */
static bool lingers(const struct fl_exchange_end *end)
{
    return is_up(end) && fl_simmodem_hook(&end->modem) != FL_HOOK_DIALLING;
}

/* The same of an end of the present call, which may be somebody without a modem. */
static bool is_there(const struct fl_exchange *x, const struct fl_exchange_end *end)
{
    if (end == &x->far && x->row->answer == FL_FAR_PERSON) return true;
    if (end == &x->far && x->row->answer == FL_FAR_PLAYER) return !x->player.gone;
    return is_up(end);
}

/* Nobody who uses this end is about to do something with it. */
bool fl_exchange_rests(const struct fl_exchange_end *end)
{
    if (end->pty) return fl_simmodem_hook(&end->modem) == FL_HOOK_ON || fl_simmodem_dead(&end->modem);
    return end->station.state == FL_STATION_ON_HOOK || end->station.state == FL_STATION_DEAD;
}

bool fl_exchange_is_free(const struct fl_exchange *x)
{
    return x->route == FL_ROUTE_FREE && !x->engaged && fl_simmodem_hook(&x->ours.modem) == FL_HOOK_ON &&
           !fl_simmodem_dead(&x->ours.modem) && fl_exchange_rests(&x->ours);
}

/* ---- who is at a number ---- */

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

static struct fl_exchange *line_of_office(const struct fl_exchange *x, const char *number)
{
    for (uint32_t i = 0; i < x->office->count; i++) {
        struct fl_exchange *other = fl_exchange_line_at(x->office, i);
        if (other && strcmp(other->number, number) == 0) return other;
    }
    return NULL;
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
    if (other && other != x && fl_exchange_is_free(other)) {
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
    x->route = FL_ROUTE_ROUTING;
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
    x->route = FL_ROUTE_ROUTING;
}

/* ---- the call ---- */

/* Our end is end 0 of the line, whoever calls; another line's end is end 1. */
static void join(struct fl_exchange *x, fl_time now)
{
    struct fl_exchange_end *other = x->caller == &x->ours ? x->callee : x->caller;
    fl_line_init(&x->line, x->delay, &x->faults, &x->watch, x->our_pen);
    fl_simmodem_connect(&x->ours.modem, &x->line, 0, now);
    if (x->row->answer == FL_FAR_PERSON)
        fl_line_signal(&x->line, 1, FL_SIGNAL_VOICE, 0, now);
    else if (x->row->answer == FL_FAR_PLAYER)
        fl_player_start(&x->player, x->play, &x->line, x->far_pen, x->dialled_at);
    else
        fl_simmodem_connect(&other->modem, &x->line, 1, now);
    x->route = FL_ROUTE_JOINED;
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
        x->route = FL_ROUTE_RINGING;
    } else {
        fl_simmodem_progress(&x->caller->modem, PROGRESS[x->row->answer], now);
        x->route = FL_ROUTE_OVER;
    }
}

static void release(struct fl_exchange *x)
{
    if (x->callee_of) {
        x->callee_of->engaged = false;
        x->callee_of->elsewhere = fl_watch_violations(&x->watch, 1);
    }
    x->callee_of = NULL;
    x->route = FL_ROUTE_FREE;
}

/* Looks at the hooks; true when it did something. */
bool fl_exchange_look(struct fl_exchange *x, fl_time now)
{
    switch (x->route) {
    case FL_ROUTE_FREE:
        if (fl_simmodem_hook(&x->ours.modem) == FL_HOOK_DIALLING)
            begin_call(x, now);
        else if (fl_simmodem_hook(&x->far.modem) == FL_HOOK_DIALLING)
            begin_incoming(x, now);
        else if (x->play && x->awaiting && fl_exchange_is_free(x)) {
            x->awaiting = false;
            begin_incoming(x, now);
        } else
            return false;
        return true;
    case FL_ROUTE_ROUTING:
        if (is_there(x, x->caller) && x->route_at > now) return false;
        if (is_there(x, x->caller))
            route(x, now);
        else
            x->route = FL_ROUTE_OVER;
        return true;
    case FL_ROUTE_RINGING:
        if (!is_there(x, x->caller)) {
            fl_simmodem_ring(&x->callee->modem, false, now);
            x->route = FL_ROUTE_OVER;
            return true;
        }
        if (fl_simmodem_hook(&x->callee->modem) != FL_HOOK_ANSWERING) return false;
        join(x, now);
        return true;
    case FL_ROUTE_JOINED:
        if (is_there(x, x->caller) && is_there(x, x->callee)) return false;
        if (is_up(x->caller)) fl_simmodem_disconnect(&x->caller->modem, now);
        if (is_up(x->callee)) fl_simmodem_disconnect(&x->callee->modem, now);
        fl_player_stop(&x->player);
        x->route = FL_ROUTE_OVER;
        return true;
    default: /* FL_ROUTE_OVER: free again once both have hung up */
        if (lingers(x->caller) || lingers(x->callee)) return false;
        release(x);
        return true;
    }
}
