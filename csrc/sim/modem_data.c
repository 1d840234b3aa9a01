/* The simulated modem's fast data: +FTM and +FRM. Which carriers it trains on and what it says of others; the transmit
 * buffer, what is sent when that runs empty, and when the carrier ends.
 */
#include "sim/modem_inside.h"
#include "sim/modem_queue.h"

#include <string.h>

#define TRAIN_SLACK     FL_MS(20)  /* of a training's start that a receiver may miss */
#define FOREIGN_CARRIER FL_MS(100) /* to tell that a fast carrier is not the wanted one */
#define ZERO_FILL       16         /* octets of zeros at a time when the DTE gives nothing */

/* ---- receiving: +FRM ---- */

/* Whether the carrier in the ear is the wanted one and can be received. */
static bool can_train(const struct fl_simmodem *modem)
{
    const struct fl_modulation *row = fl_modulation(modem->wanted);
    if (modem->ear.signal != FL_SIGNAL_FAST || modem->ear.code != modem->wanted || modem->ear.unreadable)
        return false;
    if (modem->ear.since + TRAIN_SLACK < modem->listening_since) return false;
    return !row->short_train || modem->trained == modem->wanted - 1;
}

/* When the carrier in the ear will have decided what +FRM says; FL_NEVER when it will not. */
static fl_time decision(struct fl_simmodem *modem, fl_time at)
{
    fl_time since = modem->ear.since;
    fl_time until = FL_NEVER;
    if (can_train(modem) && modem->storm < modem->row->fcerrors)
        until = since + FOREIGN_CARRIER;
    else if (can_train(modem))
        return since + FL_MS(fl_modulation(modem->wanted)->train_ms) + fl_simmodem_late_connect(modem, at);
    if (modem->ear.signal == FL_SIGNAL_V21) until = since + FL_MS(modem->row->connect_ms);
    if (modem->ear.signal == FL_SIGNAL_FAST && modem->ear.code != modem->wanted)
        until = since + FOREIGN_CARRIER;
    return until != FL_NEVER && until < at ? at : until;
}

void fl_simmodem_heard_frm_wait(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind == FL_HEARD_SIGNAL) modem->timers[FL_SIMTIMER_PHASE] = decision(modem, event->end);
}

static void say_mismatch(struct fl_simmodem *modem, fl_time at)
{
    if (modem->row->no_fcerror)
        fl_simmodem_enter(modem, FL_SIMPHASE_FRM_WAIT, FL_NEVER);
    else
        fl_simmodem_finish(modem, modem->row->fcerror_is_error ? FL_SIMRESULT_ERROR : FL_SIMRESULT_FCERROR,
                           at);
}

void fl_simmodem_timer_frm_wait(struct fl_simmodem *modem, fl_time at)
{
    const struct fl_modulation *row = fl_modulation(modem->wanted);
    if (can_train(modem) && modem->storm < modem->row->fcerrors) {
        modem->storm++;
        say_mismatch(modem, at);
    } else if (can_train(modem)) {
        modem->storm = 0;
        modem->timers[FL_SIMTIMER_GIVE_UP] = FL_NEVER;
        if (row->kind == FL_V17 && !row->short_train) modem->trained = modem->wanted;
        fl_simmodem_enter(modem, FL_SIMPHASE_FRM_OPEN, FL_NEVER);
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
    } else if (modem->ear.signal == FL_SIGNAL_V21 && modem->set.far) {
        fl_simmodem_result(modem, FL_SIMRESULT_FRH, at);
        modem->listening = true;
        modem->listening_since = modem->ear.since;
        fl_simmodem_open_frh(modem, at);
    } else {
        say_mismatch(modem, at);
    }
}

void fl_simmodem_heard_frm_open(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    static const uint8_t ones[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    if (event->kind == FL_HEARD_DATA) {
        fl_simmodem_say_shielded(modem, event->octets, event->length);
    } else if (event->kind == FL_HEARD_SIGNAL) {
        fl_simmodem_say_shielded(modem, ones, fl_min_u32(modem->row->tail, sizeof ones));
        fl_simmodem_say_end(modem);
        fl_simmodem_finish(modem, FL_SIMRESULT_NO_CARRIER, event->end);
    }
}

void fl_simmodem_start_frm(struct fl_simmodem *modem, int code, fl_time at)
{
    fl_time since = modem->storm && modem->wanted == code ? modem->listening_since : at;
    fl_simmodem_stop_listening(modem);
    modem->wanted = (uint8_t)code;
    modem->listening_since = since;
    fl_simmodem_start_give_up(modem, at);
    fl_simmodem_enter(modem, FL_SIMPHASE_FRM_WAIT, decision(modem, at));
}

/* ---- sending: +FTM ---- */

void fl_simmodem_start_ftm(struct fl_simmodem *modem, int code, fl_time at)
{
    fl_simmodem_stop_listening(modem);
    fl_simmodem_transmit(modem, FL_SIGNAL_FAST, code, at);
    modem->data.head = modem->data.count = 0;
    modem->dle = modem->ended = false;
    modem->last_octet = 0;
    modem->fill_began = FL_NEVER;
    modem->lost_until = at + FL_MS(modem->row->early_connect_ms);
    fl_simmodem_enter(modem, FL_SIMPHASE_FTM_OPEN, at + FL_MS(fl_modulation(code)->train_ms));
    fl_simmodem_say_connect(modem, at);
}

void fl_simmodem_timer_ftm_early(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_finish(modem, FL_SIMRESULT_OK, at);
}

void fl_simmodem_timer_off(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
}

static void send_data(struct fl_simmodem *modem)
{
    const uint8_t *octets;
    /* Half the buffer at a time: while one half goes out, the DTE fills the other. */
    size_t half = modem->row->buffer / 2;
    size_t length = fl_simmodem_queue_head(&modem->data, &octets);
    if (length > FL_LINE_CHUNK) length = FL_LINE_CHUNK;
    if (length > half) length = half;
    modem->timers[FL_SIMTIMER_PHASE] = fl_line_data(modem->line, modem->end, octets, length);
    modem->last_octet = octets[length - 1];
    modem->fill_began = FL_NEVER;
    fl_simmodem_queue_drop(&modem->data, length);
}

/* All has come from the DTE: a modem that says OK early puts the rest on the line and says it before it is out. */
static void consider_early_ok(struct fl_simmodem *modem, fl_time at)
{
    if (!modem->row->early_ok_ms || !modem->ended) return;
    while (modem->data.count) send_data(modem);
    fl_time end = modem->timers[FL_SIMTIMER_PHASE];
    modem->timers[FL_SIMTIMER_OFF] = end;
    end -= FL_MS(modem->row->early_ok_ms);
    fl_simmodem_enter(modem, FL_SIMPHASE_FTM_EARLY, end > at ? end : at);
}

/* The last octet given to the line is out: the next, zeros, or the end. */
void fl_simmodem_timer_ftm(struct fl_simmodem *modem, fl_time at)
{
    if (modem->data.count) {
        send_data(modem);
        consider_early_ok(modem, at);
        return;
    }
    bool starved = modem->fill_began != FL_NEVER && at - modem->fill_began >= UNDERRUN_LIMIT;
    if (!modem->ended && modem->last_octet == 0 && !starved) {
        if (modem->fill_began == FL_NEVER) modem->fill_began = at;
        modem->timers[FL_SIMTIMER_PHASE] = fl_line_data(modem->line, modem->end, NULL, ZERO_FILL);
        return;
    }
    fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    fl_simmodem_finish(modem, starved && !modem->ended ? FL_SIMRESULT_ERROR : FL_SIMRESULT_OK, at);
}

/* ---- the buffer: octets from the DTE ---- */

/* Octets in the buffer: those not given to the line, and those given whose time has not come. */
static size_t buffered(const struct fl_simmodem *modem)
{
    const struct fl_line_sender *sender = &modem->line->sender[modem->end];
    return modem->data.count + (size_t)(sender->octets - fl_line_sent(modem->line, modem->end, modem->now));
}

size_t fl_simmodem_data_room(const struct fl_simmodem *modem)
{
    size_t used = buffered(modem);
    return used < modem->row->buffer ? modem->row->buffer - used : 0;
}

/* The octet after a DLE. */
static void feed_shielded(struct fl_simmodem *modem, uint8_t c)
{
    static const uint8_t pair[] = {DLE, DLE};
    modem->dle = false;
    if (c == DLE) fl_simmodem_queue_put(&modem->data, pair, 1);
    if (c == SUB && fl_simmodem_data_room(modem) >= 2) fl_simmodem_queue_put(&modem->data, pair, 2);
    if (c != ETX) return;
    modem->ended = true;
    modem->phase = FL_SIMPHASE_FTM_DRAIN; /* the timer goes on */
    if (modem->line->sender[modem->end].octets) consider_early_ok(modem, modem->now);
}

static bool eaten(const struct fl_simmodem *modem, uint8_t c)
{
    return modem->set.soft_flow && (c == DC1 || c == DC3);
}

size_t fl_simmodem_feed_data(struct fl_simmodem *modem, const uint8_t *octets, size_t length)
{
    size_t taken = 0;
    if (modem->now < modem->lost_until) return length;
    while (taken < length && modem->phase == FL_SIMPHASE_FTM_OPEN) {
        size_t room = fl_simmodem_data_room(modem);
        if (eaten(modem, octets[taken])) {
            taken++;
            continue;
        }
        if (modem->dle) {
            if (room == 0 && octets[taken] != ETX) break;
            feed_shielded(modem, octets[taken++]);
            continue;
        }
        size_t span = length - taken;
        const uint8_t *found = memchr(octets + taken, DLE, span);
        if (found) span = (size_t)(found - (octets + taken));
        for (size_t i = 0; i < span && modem->set.soft_flow; i++)
            if (eaten(modem, octets[taken + i])) {
                span = i;
                found = NULL;
            }
        if (span > room) {
            span = room;
            found = NULL;
        }
        fl_simmodem_queue_put(&modem->data, octets + taken, span);
        taken += span;
        if (found) {
            modem->dle = true;
            taken++;
        } else if (span == room) {
            break;
        }
    }
    return taken;
}
