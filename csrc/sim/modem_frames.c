/* The simulated modem's frames: +FTH=3 and +FRH=3, the V.21 signal with flags and FCS. When flags become CONNECT, what is
 * kept for the next +FRH, when the flags end. Dialling ends here, too: as +FRH=3.
 */
#include "hdlc/fcs.h"
#include "sim/modem_inside.h"

#include <string.h>

enum { FINAL_BIT = 0x10, FRAME_HEAD = 2 };

/* ---- receiving: +FRH, and the end of dialling ---- */

static void deliver_frame(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at)
{
    bool good = length > FRAME_HEAD && fl_fcs_update(FL_FCS_INIT, octets, length) == FL_FCS_GOOD;
    if (length > FRAME_HEAD)
        fl_trace_put(&modem->pen, at, good ? FL_TRACE_FRAME_RECEIVED : FL_TRACE_FRAME_BAD, octets,
                     length - 2);
    if (modem->row->without_fcs && length > FRAME_HEAD) {
        fl_simmodem_say_shielded(modem, octets, length - 2);
    } else if (modem->row->fcs_reversed && length > FRAME_HEAD) {
        fl_simmodem_say_shielded(modem, octets, length - 2);
        fl_simmodem_say_shielded(modem, octets + length - 1, 1);
        fl_simmodem_say_shielded(modem, octets + length - 2, 1);
    } else {
        fl_simmodem_say_shielded(modem, octets, length);
    }
    fl_simmodem_say_end(modem);
    fl_simmodem_finish(modem, good ? FL_SIMRESULT_OK : FL_SIMRESULT_ERROR, at);
}

static void deliver_kept(struct fl_simmodem *modem, fl_time at)
{
    struct fl_simmodem_frame frame = modem->frames[0];
    modem->kept--;
    memmove(&modem->frames[0], &modem->frames[1], modem->kept * sizeof modem->frames[0]);
    deliver_frame(modem, frame.octets, frame.length, at);
}

void fl_simmodem_keep_frame(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (modem->kept >= modem->row->frames) return;
    struct fl_simmodem_frame *frame = &modem->frames[modem->kept++];
    frame->length = event->length;
    memcpy(frame->octets, event->octets, event->length);
}

/* Flags have been heard long enough. */
void fl_simmodem_open_frh(struct fl_simmodem *modem, fl_time at)
{
    if (modem->tone_on) fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    modem->tone_on = false;
    modem->timers[FL_SIMTIMER_TONE] = FL_NEVER;
    modem->timers[FL_SIMTIMER_S7] = FL_NEVER;
    fl_simmodem_enter(modem, FL_SIMPHASE_FRH_OPEN, FL_NEVER);
    fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
    if (modem->kept) deliver_kept(modem, at);
}

void fl_simmodem_heard_frh_wait(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    fl_time *timer = &modem->timers[FL_SIMTIMER_PHASE];
    if (modem->deaf) return;
    bool lucky = modem->row->frh_any_carrier && event->signal == FL_SIGNAL_FAST &&
                 modem->phase == FL_SIMPHASE_FRH_WAIT;
    if (event->kind == FL_HEARD_SIGNAL) {
        *timer = event->signal == FL_SIGNAL_V21 || lucky ? event->end + FL_MS(modem->row->connect_ms) +
                                                               fl_simmodem_late_connect(modem, event->end)
                                                         : FL_NEVER;
    } else if (event->kind == FL_HEARD_FRAME && event->start >= modem->listening_since) {
        fl_simmodem_open_frh(modem, event->end);
        deliver_frame(modem, event->octets, event->length, event->end);
    }
}

void fl_simmodem_heard_frh_open(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind == FL_HEARD_FRAME && event->start >= modem->listening_since) {
        deliver_frame(modem, event->octets, event->length, event->end);
    } else if (event->kind == FL_HEARD_SIGNAL && event->signal != FL_SIGNAL_V21) {
        fl_simmodem_say_end(modem);
        fl_simmodem_finish(modem, FL_SIMRESULT_NO_CARRIER, event->end);
    }
}

void fl_simmodem_start_frh(struct fl_simmodem *modem, fl_time at)
{
    fl_time until = FL_NEVER;
    if (!modem->listening) modem->listening_since = at;
    modem->listening = true;
    if (modem->kept) {
        until = at;
    } else if (modem->ear.signal == FL_SIGNAL_V21) {
        fl_time flags = modem->ear.since + FL_MS(modem->row->connect_ms);
        until = (flags > at ? flags : at) + fl_simmodem_late_connect(modem, at);
    }
    fl_simmodem_start_s7(modem, at);
    fl_simmodem_start_give_up(modem, at);
    modem->deaf = false;
    modem->timers[FL_SIMTIMER_DEAF] = modem->row->deaf_ms ? at + FL_MS(modem->row->deaf_ms) : FL_NEVER;
    fl_simmodem_enter(modem, FL_SIMPHASE_FRH_WAIT, until);
}

/* What has begun is still heard. */
void fl_simmodem_timer_deaf(struct fl_simmodem *modem, fl_time at)
{
    (void)at;
    modem->deaf = modem->phase == FL_SIMPHASE_FRH_WAIT && modem->timers[FL_SIMTIMER_PHASE] == FL_NEVER;
}

/* ---- sending: +FTH ---- */

void fl_simmodem_start_fth(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_stop_listening(modem);
    fl_simmodem_transmit(modem, FL_SIGNAL_V21, 3, at);
    modem->flags_until = at + FL_MS(modem->row->preamble_ms);
    modem->frame.length = 0;
    modem->dle = false;
    fl_simmodem_enter(modem, FL_SIMPHASE_FTH_OPEN, at + UNDERRUN_LIMIT);
    fl_simmodem_say_connect(modem, at);
}

void fl_simmodem_timer_fth_open(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    fl_simmodem_finish(modem, FL_SIMRESULT_ERROR, at);
}

/* The DTE has given a whole frame; an empty one ends the burst. */
static void send_frame(struct fl_simmodem *modem, fl_time at)
{
    struct fl_simmodem_frame *frame = &modem->frame;
    if (frame->length == 0) {
        fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        fl_simmodem_finish(modem, FL_SIMRESULT_OK, at);
        return;
    }
    fl_trace_put(&modem->pen, at, FL_TRACE_FRAME_SENT, frame->octets, frame->length);
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, frame->octets, frame->length);
    frame->octets[frame->length++] = (uint8_t)fcs;
    frame->octets[frame->length++] = (uint8_t)(fcs >> 8);
    fl_time start = at > modem->flags_until ? at : modem->flags_until;
    fl_simmodem_enter(modem, FL_SIMPHASE_FTH_SENDING,
                      fl_line_frame(modem->line, modem->end, frame->octets, frame->length, start));
}

void fl_simmodem_timer_fth_sending(struct fl_simmodem *modem, fl_time at)
{
    bool final = modem->frame.length < FRAME_HEAD || modem->frame.octets[1] & FINAL_BIT;
    modem->frame.length = 0;
    if (final) {
        fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        fl_simmodem_finish(modem, FL_SIMRESULT_OK, at);
    } else {
        fl_simmodem_enter(modem, FL_SIMPHASE_FTH_OPEN, at + UNDERRUN_LIMIT);
        fl_simmodem_say_connect(modem, at);
    }
}

/* Returns how many octets were taken: those up to DLE ETX. */
size_t fl_simmodem_feed_frame(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at)
{
    struct fl_simmodem_frame *frame = &modem->frame;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = octets[i];
        if (!modem->dle && c == DLE) {
            modem->dle = true;
            continue;
        }
        bool shielded = modem->dle;
        modem->dle = false;
        if (shielded && c == ETX) {
            send_frame(modem, at);
            return i + 1;
        }
        if (shielded && c != DLE) continue;
        /* Two octets stay free for the FCS; what is longer is no frame of T.30's and loses its end. */
        if (frame->length + 2 < FL_LINE_FRAME) frame->octets[frame->length++] = c;
    }
    return length;
}
