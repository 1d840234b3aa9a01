/* The simulated modem: phases, timers, what it sends and hears. The command line is in modem_at.c, the kinds of modems
 * in modem_rows.c. A phase is a row of PHASES: what to do when its timer ends and when the line says something.
 */
#include "hdlc/fcs.h"
#include "sim/modem_at.h"

#include <string.h>

enum { DLE = 0x10, ETX = 0x03, SUB = 0x1A, DC1 = 0x11, DC3 = 0x13, LF = 0x0A, CAN = 0x18 };
enum { FINAL_BIT = 0x10, FRAME_HEAD = 2 };

#define UNDERRUN_LIMIT  FL_SEC(5)  /* zeros, or flags, sent for want of anything else */
#define TRAIN_SLACK     FL_MS(20)  /* of a training's start that a receiver may miss */
#define FOREIGN_CARRIER FL_MS(100) /* to tell that a fast carrier is not the wanted one */
#define ANSWER_DELAY    FL_SEC(2)
#define CED_LENGTH      FL_SEC(3)
#define CED_GAP         FL_MS(75)
#define CNG_ON          FL_MS(500)
#define CNG_OFF         FL_SEC(3)
#define RING_PERIOD     FL_SEC(6)
#define ZERO_FILL       16 /* octets of zeros at a time when the DTE gives nothing */

enum phase {
    COMMAND,
    PENDING, /* a line is complete, its effect comes after the row's latency */
    DIALLING,
    CALLING,
    ANSWERING,
    FTH_OPEN,    /* CONNECT said, flags on the line, a frame wanted */
    FTH_SENDING, /* a frame is on the line */
    FTM_OPEN,
    FTM_DRAIN, /* DLE ETX seen, octets left */
    FTM_EARLY, /* the last octets are on the line, and OK is said before they are out */
    FRH_WAIT,
    FRH_OPEN,
    FRM_WAIT,
    FRM_OPEN,
    FTS,
    FRS,
    ABORTED, /* the OK to it is still to come */
    PHASES_COUNT
};

struct phase_row {
    const char *name;
    bool abortable; /* any character from the DTE ends it */
    void (*timer)(struct fl_simmodem *modem, fl_time at);
    void (*heard)(struct fl_simmodem *modem, const struct fl_line_event *event);
};

static const struct phase_row PHASES[PHASES_COUNT];

/* ---- queues ---- */

static void queue_put(struct fl_simmodem_queue *queue, const uint8_t *octets, size_t length)
{
    uint32_t tail = (queue->head + queue->count) % queue->cap;
    size_t first = fl_min_u32((uint32_t)length, queue->cap - tail);
    memcpy(queue->octets + tail, octets, first);
    if (length > first) memcpy(queue->octets, octets + first, length - first);
    queue->count += (uint32_t)length;
}

/* The first contiguous octets. */
static size_t queue_head(const struct fl_simmodem_queue *queue, const uint8_t **octets)
{
    *octets = queue->octets + queue->head;
    return fl_min_u32(queue->count, queue->cap - queue->head);
}

static void queue_drop(struct fl_simmodem_queue *queue, size_t length)
{
    queue->head = (uint32_t)((queue->head + length) % queue->cap);
    queue->count -= (uint32_t)length;
    if (queue->count == 0) queue->head = 0; /* long contiguous runs */
}

/* ---- small helpers ---- */

static void enter(struct fl_simmodem *modem, enum phase phase, fl_time until)
{
    modem->phase = (uint8_t)phase;
    modem->timers[FL_SIMTIMER_PHASE] = until;
}

static void finish(struct fl_simmodem *modem, enum fl_simresult result, fl_time at)
{
    modem->timers[FL_SIMTIMER_S7] = modem->timers[FL_SIMTIMER_GIVE_UP] = FL_NEVER;
    enter(modem, COMMAND, FL_NEVER);
    fl_simmodem_result(modem, result, at);
}

static void say_end(struct fl_simmodem *modem)
{
    static const uint8_t end[] = {DLE, ETX};
    fl_simmodem_say(modem, end, sizeof end);
}

/* Octets to the DTE, every DLE doubled. */
static void say_shielded(struct fl_simmodem *modem, const uint8_t *octets, size_t length)
{
    static const uint8_t dle = DLE;
    while (length) {
        const uint8_t *found = memchr(octets, DLE, length);
        size_t span = found ? (size_t)(found - octets) + 1 : length;
        fl_simmodem_say(modem, octets, span);
        if (found) fl_simmodem_say(modem, &dle, 1);
        octets += span;
        length -= span;
    }
}

static void transmit(struct fl_simmodem *modem, enum fl_signal signal, int code, fl_time at)
{
    fl_line_signal(modem->line, modem->end, signal, code, at);
}

/* How much later than usual this CONNECT comes. */
static fl_time late_connect(struct fl_simmodem *modem, fl_time at)
{
    uint16_t late_ms = 0;
    fl_faults_strike(modem->faults, FL_FAULT_LATE_CONNECT, modem->station, 500, &late_ms, at);
    return FL_MS(late_ms);
}

/* CONNECT of a sender: what it does on the line has begun, only the word may be late. */
static void say_connect(struct fl_simmodem *modem, fl_time at)
{
    fl_time late = late_connect(modem, at);
    if (late)
        modem->timers[FL_SIMTIMER_LATE] = at + late;
    else
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
}

static void start_s7(struct fl_simmodem *modem, fl_time at)
{
    modem->timers[FL_SIMTIMER_S7] = modem->set.s[7] ? at + FL_SEC(modem->set.s[7]) : FL_NEVER;
}

static void start_give_up(struct fl_simmodem *modem, fl_time at)
{
    if (modem->row->give_up_s && modem->set.s[30] == 0)
        modem->timers[FL_SIMTIMER_GIVE_UP] = at + FL_SEC(modem->row->give_up_s);
}

static void stop_listening(struct fl_simmodem *modem)
{
    modem->listening = false;
    modem->kept = 0;
}

/* ---- V.21 reception: +FRH, and the end of dialling ---- */

static void deliver_frame(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at)
{
    bool good = length > FRAME_HEAD && fl_fcs_update(FL_FCS_INIT, octets, length) == FL_FCS_GOOD;
    if (length > FRAME_HEAD)
        fl_trace_put(&modem->pen, at, good ? FL_TRACE_FRAME_RECEIVED : FL_TRACE_FRAME_BAD, octets,
                     length - 2);
    if (modem->row->without_fcs && length > FRAME_HEAD) {
        say_shielded(modem, octets, length - 2);
    } else if (modem->row->fcs_reversed && length > FRAME_HEAD) {
        say_shielded(modem, octets, length - 2);
        say_shielded(modem, octets + length - 1, 1);
        say_shielded(modem, octets + length - 2, 1);
    } else {
        say_shielded(modem, octets, length);
    }
    say_end(modem);
    finish(modem, good ? FL_SIMRESULT_OK : FL_SIMRESULT_ERROR, at);
}

static void deliver_kept(struct fl_simmodem *modem, fl_time at)
{
    struct fl_simmodem_frame frame = modem->frames[0];
    modem->kept--;
    memmove(&modem->frames[0], &modem->frames[1], modem->kept * sizeof modem->frames[0]);
    deliver_frame(modem, frame.octets, frame.length, at);
}

static void keep_frame(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (modem->kept >= modem->row->frames) return;
    struct fl_simmodem_frame *frame = &modem->frames[modem->kept++];
    frame->length = event->length;
    memcpy(frame->octets, event->octets, event->length);
}

/* Flags have been heard long enough. */
static void open_frh(struct fl_simmodem *modem, fl_time at)
{
    if (modem->tone_on) transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    modem->tone_on = false;
    modem->timers[FL_SIMTIMER_TONE] = FL_NEVER;
    modem->timers[FL_SIMTIMER_S7] = FL_NEVER;
    enter(modem, FRH_OPEN, FL_NEVER);
    fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
    if (modem->kept) deliver_kept(modem, at);
}

static void heard_frh_wait(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    fl_time *timer = &modem->timers[FL_SIMTIMER_PHASE];
    if (modem->deaf) return;
    bool lucky = modem->row->frh_any_carrier && event->signal == FL_SIGNAL_FAST && modem->phase == FRH_WAIT;
    if (event->kind == FL_HEARD_SIGNAL) {
        *timer = event->signal == FL_SIGNAL_V21 || lucky
                     ? event->end + FL_MS(modem->row->connect_ms) + late_connect(modem, event->end)
                     : FL_NEVER;
    } else if (event->kind == FL_HEARD_FRAME && event->start >= modem->listening_since) {
        open_frh(modem, event->end);
        deliver_frame(modem, event->octets, event->length, event->end);
    }
}

static void heard_frh_open(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind == FL_HEARD_FRAME && event->start >= modem->listening_since) {
        deliver_frame(modem, event->octets, event->length, event->end);
    } else if (event->kind == FL_HEARD_SIGNAL && event->signal != FL_SIGNAL_V21) {
        say_end(modem);
        finish(modem, FL_SIMRESULT_NO_CARRIER, event->end);
    }
}

static void start_frh(struct fl_simmodem *modem, fl_time at)
{
    fl_time until = FL_NEVER;
    if (!modem->listening) modem->listening_since = at;
    modem->listening = true;
    if (modem->kept) {
        until = at;
    } else if (modem->ear.signal == FL_SIGNAL_V21) {
        fl_time flags = modem->ear.since + FL_MS(modem->row->connect_ms);
        until = (flags > at ? flags : at) + late_connect(modem, at);
    }
    start_s7(modem, at);
    start_give_up(modem, at);
    modem->deaf = false;
    modem->timers[FL_SIMTIMER_DEAF] = modem->row->deaf_ms ? at + FL_MS(modem->row->deaf_ms) : FL_NEVER;
    enter(modem, FRH_WAIT, until);
}

/* What has begun is still heard. */
static void timer_deaf(struct fl_simmodem *modem, fl_time at)
{
    (void)at;
    modem->deaf = modem->phase == FRH_WAIT && modem->timers[FL_SIMTIMER_PHASE] == FL_NEVER;
}

/* ---- fast reception ---- */

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
        return since + FL_MS(fl_modulation(modem->wanted)->train_ms) + late_connect(modem, at);
    if (modem->ear.signal == FL_SIGNAL_V21) until = since + FL_MS(modem->row->connect_ms);
    if (modem->ear.signal == FL_SIGNAL_FAST && modem->ear.code != modem->wanted)
        until = since + FOREIGN_CARRIER;
    return until != FL_NEVER && until < at ? at : until;
}

static void heard_frm_wait(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind == FL_HEARD_SIGNAL) modem->timers[FL_SIMTIMER_PHASE] = decision(modem, event->end);
}

static void say_mismatch(struct fl_simmodem *modem, fl_time at)
{
    if (modem->row->no_fcerror)
        enter(modem, FRM_WAIT, FL_NEVER);
    else
        finish(modem, modem->row->fcerror_is_error ? FL_SIMRESULT_ERROR : FL_SIMRESULT_FCERROR, at);
}

static void timer_frm_wait(struct fl_simmodem *modem, fl_time at)
{
    const struct fl_modulation *row = fl_modulation(modem->wanted);
    if (can_train(modem) && modem->storm < modem->row->fcerrors) {
        modem->storm++;
        say_mismatch(modem, at);
    } else if (can_train(modem)) {
        modem->storm = 0;
        modem->timers[FL_SIMTIMER_GIVE_UP] = FL_NEVER;
        if (row->kind == FL_V17 && !row->short_train) modem->trained = modem->wanted;
        enter(modem, FRM_OPEN, FL_NEVER);
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
    } else if (modem->ear.signal == FL_SIGNAL_V21 && modem->set.far) {
        fl_simmodem_result(modem, FL_SIMRESULT_FRH, at);
        modem->listening = true;
        modem->listening_since = modem->ear.since;
        open_frh(modem, at);
    } else {
        say_mismatch(modem, at);
    }
}

static void heard_frm_open(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    static const uint8_t ones[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    if (event->kind == FL_HEARD_DATA) {
        say_shielded(modem, event->octets, event->length);
    } else if (event->kind == FL_HEARD_SIGNAL) {
        say_shielded(modem, ones, fl_min_u32(modem->row->tail, sizeof ones));
        say_end(modem);
        finish(modem, FL_SIMRESULT_NO_CARRIER, event->end);
    }
}

static void start_frm(struct fl_simmodem *modem, int code, fl_time at)
{
    fl_time since = modem->storm && modem->wanted == code ? modem->listening_since : at;
    stop_listening(modem);
    modem->wanted = (uint8_t)code;
    modem->listening_since = since;
    start_give_up(modem, at);
    enter(modem, FRM_WAIT, decision(modem, at));
}

/* ---- sending V.21 ---- */

static void start_fth(struct fl_simmodem *modem, fl_time at)
{
    stop_listening(modem);
    transmit(modem, FL_SIGNAL_V21, 3, at);
    modem->flags_until = at + FL_MS(modem->row->preamble_ms);
    modem->frame.length = 0;
    modem->dle = false;
    enter(modem, FTH_OPEN, at + UNDERRUN_LIMIT);
    say_connect(modem, at);
}

static void timer_fth_open(struct fl_simmodem *modem, fl_time at)
{
    transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    finish(modem, FL_SIMRESULT_ERROR, at);
}

/* The DTE has given a whole frame; an empty one ends the burst. */
static void send_frame(struct fl_simmodem *modem, fl_time at)
{
    struct fl_simmodem_frame *frame = &modem->frame;
    if (frame->length == 0) {
        transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        finish(modem, FL_SIMRESULT_OK, at);
        return;
    }
    fl_trace_put(&modem->pen, at, FL_TRACE_FRAME_SENT, frame->octets, frame->length);
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, frame->octets, frame->length);
    frame->octets[frame->length++] = (uint8_t)fcs;
    frame->octets[frame->length++] = (uint8_t)(fcs >> 8);
    fl_time start = at > modem->flags_until ? at : modem->flags_until;
    enter(modem, FTH_SENDING, fl_line_frame(modem->line, modem->end, frame->octets, frame->length, start));
}

static void timer_fth_sending(struct fl_simmodem *modem, fl_time at)
{
    bool final = modem->frame.length < FRAME_HEAD || modem->frame.octets[1] & FINAL_BIT;
    modem->frame.length = 0;
    if (final) {
        transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        finish(modem, FL_SIMRESULT_OK, at);
    } else {
        enter(modem, FTH_OPEN, at + UNDERRUN_LIMIT);
        say_connect(modem, at);
    }
}

/* Returns how many octets were taken: those up to DLE ETX. */
static size_t feed_frame(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at)
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

/* ---- sending fast data ---- */

static void start_ftm(struct fl_simmodem *modem, int code, fl_time at)
{
    stop_listening(modem);
    transmit(modem, FL_SIGNAL_FAST, code, at);
    modem->data.head = modem->data.count = 0;
    modem->dle = modem->ended = false;
    modem->last_octet = 0;
    modem->fill_began = FL_NEVER;
    modem->lost_until = at + FL_MS(modem->row->early_connect_ms);
    enter(modem, FTM_OPEN, at + FL_MS(fl_modulation(code)->train_ms));
    say_connect(modem, at);
}

static void timer_ftm_early(struct fl_simmodem *modem, fl_time at)
{
    finish(modem, FL_SIMRESULT_OK, at);
}

static void timer_off(struct fl_simmodem *modem, fl_time at)
{
    transmit(modem, FL_SIGNAL_SILENCE, 0, at);
}

static void send_data(struct fl_simmodem *modem)
{
    const uint8_t *octets;
    /* Half the buffer at a time: while one half goes out, the DTE fills the other. */
    size_t half = modem->row->buffer / 2;
    size_t length = queue_head(&modem->data, &octets);
    if (length > FL_LINE_CHUNK) length = FL_LINE_CHUNK;
    if (length > half) length = half;
    modem->timers[FL_SIMTIMER_PHASE] = fl_line_data(modem->line, modem->end, octets, length);
    modem->last_octet = octets[length - 1];
    modem->fill_began = FL_NEVER;
    queue_drop(&modem->data, length);
}

/* All has come from the DTE: a modem that says OK early puts the rest on the line and says it before it is out. */
static void consider_early_ok(struct fl_simmodem *modem, fl_time at)
{
    if (!modem->row->early_ok_ms || !modem->ended) return;
    while (modem->data.count) send_data(modem);
    fl_time end = modem->timers[FL_SIMTIMER_PHASE];
    modem->timers[FL_SIMTIMER_OFF] = end;
    end -= FL_MS(modem->row->early_ok_ms);
    enter(modem, FTM_EARLY, end > at ? end : at);
}

/* The last octet given to the line is out: the next, zeros, or the end. */
static void timer_ftm(struct fl_simmodem *modem, fl_time at)
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
    transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    finish(modem, starved && !modem->ended ? FL_SIMRESULT_ERROR : FL_SIMRESULT_OK, at);
}

/* Octets in the buffer: those not given to the line, and those given whose time has not come. */
static size_t buffered(const struct fl_simmodem *modem)
{
    const struct fl_line_sender *sender = &modem->line->sender[modem->end];
    return modem->data.count + (size_t)(sender->octets - fl_line_sent(modem->line, modem->end, modem->now));
}

static size_t data_room(const struct fl_simmodem *modem)
{
    size_t used = buffered(modem);
    return used < modem->row->buffer ? modem->row->buffer - used : 0;
}

/* The octet after a DLE. */
static void feed_shielded(struct fl_simmodem *modem, uint8_t c)
{
    static const uint8_t pair[] = {DLE, DLE};
    modem->dle = false;
    if (c == DLE) queue_put(&modem->data, pair, 1);
    if (c == SUB && data_room(modem) >= 2) queue_put(&modem->data, pair, 2);
    if (c != ETX) return;
    modem->ended = true;
    modem->phase = FTM_DRAIN; /* the timer goes on */
    if (modem->line->sender[modem->end].octets) consider_early_ok(modem, modem->now);
}

static bool eaten(const struct fl_simmodem *modem, uint8_t c)
{
    return modem->set.soft_flow && (c == DC1 || c == DC3);
}

static size_t feed_data(struct fl_simmodem *modem, const uint8_t *octets, size_t length)
{
    size_t taken = 0;
    if (modem->now < modem->lost_until) return length;
    while (taken < length && modem->phase == FTM_OPEN) {
        size_t room = data_room(modem);
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
        queue_put(&modem->data, octets + taken, span);
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

/* ---- silence ---- */

static void heard_frs(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind != FL_HEARD_SIGNAL) return;
    modem->timers[FL_SIMTIMER_PHASE] =
        event->signal == FL_SIGNAL_SILENCE ? event->end + FL_MS(10) * modem->wanted : FL_NEVER;
}

static void timer_silence(struct fl_simmodem *modem, fl_time at)
{
    finish(modem, FL_SIMRESULT_OK, at);
}

static void start_silence(struct fl_simmodem *modem, enum phase phase, int tens, fl_time at)
{
    stop_listening(modem);
    modem->wanted = (uint8_t)tens;
    /* A carrier whose OK came early ends first. */
    if (phase == FTS && modem->timers[FL_SIMTIMER_OFF] != FL_NEVER) at = modem->timers[FL_SIMTIMER_OFF];
    bool waits = phase == FRS && modem->ear.signal != FL_SIGNAL_SILENCE;
    enter(modem, phase, waits ? FL_NEVER : at + FL_MS(10) * tens);
}

/* ---- actions of the command line ---- */

bool fl_simmodem_supports(const struct fl_simmodem *modem, int code)
{
    for (const uint8_t *row = modem->row->modulations; *row; row++)
        if (*row == code) return true;
    return false;
}

bool fl_simmodem_action(struct fl_simmodem *modem, enum fl_simaction action, int value, fl_time at)
{
    uint16_t cut_ms = 0;
    if (!modem->line || modem->set.fclass != 1) return false;
    bool fast = action == FL_SIMACTION_FTM || action == FL_SIMACTION_FRM;
    bool frame = action == FL_SIMACTION_FTH || action == FL_SIMACTION_FRH;
    if ((fast && !fl_simmodem_supports(modem, value)) || (frame && value != 3) || value > 255) return false;
    if (fl_faults_strike(modem->faults, FL_FAULT_HANGUP, modem->station, 0, &cut_ms, at))
        modem->timers[FL_SIMTIMER_LOST] = at + FL_MS(cut_ms);
    if (action == FL_SIMACTION_FRS && modem->row->frs_resets) {
        fl_simmodem_on_hook(modem, at);
        fl_simmodem_defaults(modem);
        return false;
    }
    if (action != FL_SIMACTION_FTS && modem->timers[FL_SIMTIMER_OFF] != FL_NEVER) {
        modem->timers[FL_SIMTIMER_OFF] = FL_NEVER;
        transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    }
    switch (action) {
    case FL_SIMACTION_FTS: start_silence(modem, FTS, value, at); break;
    case FL_SIMACTION_FRS: start_silence(modem, FRS, value, at); break;
    case FL_SIMACTION_FTM: start_ftm(modem, value, at); break;
    case FL_SIMACTION_FRM: start_frm(modem, value, at); break;
    case FL_SIMACTION_FTH: start_fth(modem, at); break;
    default: start_frh(modem, at); break;
    }
    return true;
}

/* ---- the call ---- */

static void forget_call(struct fl_simmodem *modem)
{
    for (int i = 0; i < FL_SIMTIMERS; i++)
        if (i != FL_SIMTIMER_PHASE && i != FL_SIMTIMER_RING) modem->timers[i] = FL_NEVER;
    stop_listening(modem);
    modem->ear = (struct fl_simmodem_ear){0};
    modem->trained = 0;
    modem->tone_on = false;
    modem->line = NULL;
}

void fl_simmodem_on_hook(struct fl_simmodem *modem, fl_time at)
{
    if (modem->line) fl_line_cut(modem->line, modem->end, at);
    forget_call(modem);
    if (modem->hook != FL_HOOK_RINGING) modem->hook = FL_HOOK_ON;
}

void fl_simmodem_off_hook(struct fl_simmodem *modem)
{
    if (modem->hook == FL_HOOK_ON) modem->hook = FL_HOOK_OFF;
    if (modem->hook == FL_HOOK_RINGING) modem->hook = FL_HOOK_ANSWERING;
    modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
}

/* The call, or the try, is over: on hook, with the result of what was under way. */
static void end_call(struct fl_simmodem *modem, enum fl_simresult result, fl_time at)
{
    enum phase phase = modem->phase;
    fl_simmodem_on_hook(modem, at);
    if (phase == COMMAND || phase == PENDING) return;
    if (phase == FRH_OPEN || phase == FRM_OPEN) say_end(modem);
    finish(modem, result, at);
}

bool fl_simmodem_dial(struct fl_simmodem *modem, fl_time duration, fl_time at)
{
    if (modem->hook != FL_HOOK_ON && modem->hook != FL_HOOK_OFF) return false;
    modem->hook = FL_HOOK_OFF;
    enter(modem, DIALLING, at + duration);
    return true;
}

static void timer_dialling(struct fl_simmodem *modem, fl_time at)
{
    modem->hook = FL_HOOK_DIALLING;
    start_s7(modem, at);
    enter(modem, CALLING, FL_NEVER);
}

static void timer_tone(struct fl_simmodem *modem, fl_time at)
{
    modem->tone_on = !modem->tone_on;
    transmit(modem, modem->tone_on ? FL_SIGNAL_CNG : FL_SIGNAL_SILENCE, 0, at);
    modem->timers[FL_SIMTIMER_TONE] = at + (modem->tone_on ? CNG_ON : CNG_OFF);
}

bool fl_simmodem_answer(struct fl_simmodem *modem, fl_time at)
{
    if (modem->hook == FL_HOOK_CONNECTED || modem->hook == FL_HOOK_DIALLING) return false;
    modem->hook = FL_HOOK_ANSWERING;
    modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
    modem->step = 0;
    start_s7(modem, at);
    enter(modem, ANSWERING, FL_NEVER);
    return true;
}

/* The call is through: a pause, CED, a gap, then as +FTH=3. */
static void timer_answering(struct fl_simmodem *modem, fl_time at)
{
    if (modem->set.fclass != 1) return; /* a data modem's answer is not modelled; S7 ends it */
    switch (modem->step++) {
    case 0:
        transmit(modem, FL_SIGNAL_CED, 0, at);
        modem->timers[FL_SIMTIMER_PHASE] = at + CED_LENGTH;
        break;
    case 1:
        transmit(modem, FL_SIGNAL_SILENCE, 0, at);
        modem->timers[FL_SIMTIMER_PHASE] = at + CED_GAP;
        break;
    default: modem->timers[FL_SIMTIMER_S7] = FL_NEVER; start_fth(modem, at);
    }
}

/* Hears fax signals only in class 1: a data modem would wait for an answer tone and a carrier that do not come. */
static void heard_calling(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (modem->set.fclass == 1) heard_frh_wait(modem, event);
}

static void timer_s7(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FRH_WAIT)
        finish(modem, FL_SIMRESULT_NO_CARRIER, at);
    else if (modem->phase == CALLING && !modem->line)
        end_call(modem, FL_SIMRESULT_NO_ANSWER, at);
    else
        end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}

static void timer_ring(struct fl_simmodem *modem, fl_time at)
{
    modem->rings++;
    modem->timers[FL_SIMTIMER_RING] = at + RING_PERIOD;
    fl_simmodem_result(modem, FL_SIMRESULT_RING, at);
    if (modem->set.s[0] && modem->rings >= modem->set.s[0] && modem->phase == COMMAND)
        fl_simmodem_answer(modem, at);
}

/* Off with S30's default, whatever may still come. */
static void timer_give_up(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FRH_WAIT || modem->phase == FRM_WAIT) end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}

/* The DTE may give the next octets: whoever owns the modem looks at the room again. */
static void timer_wire(struct fl_simmodem *modem, fl_time at)
{
    (void)modem, (void)at;
}

static void timer_lost(struct fl_simmodem *modem, fl_time at)
{
    end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
}

static void timer_late(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FTH_OPEN || modem->phase == FTH_SENDING || modem->phase == FTM_OPEN)
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
}

/* ---- commands ---- */

void fl_simmodem_unplug(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_on_hook(modem, at);
    modem->hook = FL_HOOK_ON;
    modem->dead = true;
    modem->out.count = modem->in.count = 0;
    for (int i = 0; i < FL_SIMTIMERS; i++) modem->timers[i] = FL_NEVER;
}

static void timer_pending(struct fl_simmodem *modem, fl_time at)
{
    enter(modem, COMMAND, FL_NEVER);
    if (fl_faults_strike(modem->faults, FL_FAULT_UNPLUG, modem->station, 0, NULL, at))
        fl_simmodem_unplug(modem, at);
    else
        fl_simmodem_execute(modem, at);
}

/* A character ends what waits. Where a call was being set up, it ends that too. */
static void abort_phase(struct fl_simmodem *modem, fl_time at)
{
    enum phase phase = modem->phase;
    if (phase == DIALLING || phase == CALLING || phase == ANSWERING) {
        end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
        return;
    }
    if (phase == FRM_OPEN || phase == FRH_OPEN) say_end(modem);
    stop_listening(modem);
    if (modem->row->late_ok_ms)
        enter(modem, ABORTED, at + FL_MS(modem->row->late_ok_ms));
    else
        finish(modem, FL_SIMRESULT_OK, at);
}

static const struct phase_row PHASES[PHASES_COUNT] = {
    [COMMAND] = {"command", false, NULL, NULL},
    [PENDING] = {"pending", false, timer_pending, NULL},
    [DIALLING] = {"dialling", true, timer_dialling, NULL},
    [CALLING] = {"calling", true, open_frh, heard_calling},
    [ANSWERING] = {"answering", true, timer_answering, NULL},
    [FTH_OPEN] = {"+FTH, flags", false, timer_fth_open, NULL},
    [FTH_SENDING] = {"+FTH, frame", false, timer_fth_sending, NULL},
    [FTM_OPEN] = {"+FTM", false, timer_ftm, NULL},
    [FTM_DRAIN] = {"+FTM, end", false, timer_ftm, NULL},
    [FTM_EARLY] = {"+FTM, end", false, timer_ftm_early, NULL},
    [FRH_WAIT] = {"+FRH", true, open_frh, heard_frh_wait},
    [FRH_OPEN] = {"+FRH, flags", true, NULL, heard_frh_open},
    [FRM_WAIT] = {"+FRM", true, timer_frm_wait, heard_frm_wait},
    [FRM_OPEN] = {"+FRM, data", true, NULL, heard_frm_open},
    [FTS] = {"+FTS", false, timer_silence, NULL},
    [FRS] = {"+FRS", true, timer_silence, heard_frs},
    [ABORTED] = {"aborted", false, timer_silence, NULL},
};

/* ---- time ---- */

static void hear(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    /* The other end is louder than an echo: that is heard, and ends, only where nothing else is. */
    bool drowned = modem->ear.signal != FL_SIGNAL_SILENCE && !modem->ear.echo;
    if (event->echo &&
        (drowned || (modem->ear.signal == FL_SIGNAL_SILENCE && event->kind != FL_HEARD_SIGNAL)))
        return;
    if (event->kind == FL_HEARD_SIGNAL) {
        /* Heard already: the line says it again when a carrier that was lost on the way is switched off. */
        if (event->signal == FL_SIGNAL_SILENCE && modem->ear.signal == FL_SIGNAL_SILENCE) return;
        bool waits = modem->phase == FRH_WAIT || modem->phase == CALLING;
        if (modem->ear.signal == FL_SIGNAL_V21 && !waits) modem->listening = false;
        if (event->signal != FL_SIGNAL_FAST) modem->storm = 0;
        modem->ear =
            (struct fl_simmodem_ear){event->signal, event->code, event->unreadable, event->echo, event->end};
    }
    if (event->kind == FL_HEARD_FRAME && modem->listening &&
        (modem->phase == COMMAND || modem->phase == PENDING) && event->start >= modem->listening_since)
        keep_frame(modem, event);
    else if (PHASES[modem->phase].heard)
        PHASES[modem->phase].heard(modem, event);
}

static void (*const TIMERS[FL_SIMTIMERS])(struct fl_simmodem *modem, fl_time at) = {
    [FL_SIMTIMER_S7] = timer_s7,     [FL_SIMTIMER_TONE] = timer_tone,       [FL_SIMTIMER_RING] = timer_ring,
    [FL_SIMTIMER_LATE] = timer_late, [FL_SIMTIMER_LOST] = timer_lost,       [FL_SIMTIMER_OFF] = timer_off,
    [FL_SIMTIMER_DEAF] = timer_deaf, [FL_SIMTIMER_GIVE_UP] = timer_give_up, [FL_SIMTIMER_WIRE] = timer_wire,
};

static void fire(struct fl_simmodem *modem, int timer, fl_time at)
{
    modem->timers[timer] = FL_NEVER;
    if (timer != FL_SIMTIMER_PHASE)
        TIMERS[timer](modem, at);
    else if (PHASES[modem->phase].timer)
        PHASES[modem->phase].timer(modem, at);
}

static int first_timer(const struct fl_simmodem *modem)
{
    int first = 0;
    for (int i = 1; i < FL_SIMTIMERS; i++)
        if (modem->timers[i] < modem->timers[first]) first = i;
    return first;
}

/* ---- octets from the DTE ---- */

/* Gives octets to the phase; returns how many it took, 0 when it takes none now. */
static size_t feed(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time at)
{
    /* A line feed after the command line's carriage return belongs to it. */
    if (modem->skip_lf && octets[0] == LF) {
        modem->skip_lf = false;
        return 1;
    }
    modem->skip_lf = false;
    if (modem->phase == COMMAND) {
        if (!fl_simmodem_type(modem, octets[0])) return 1;
        modem->skip_lf = true;
        enter(modem, PENDING, at + FL_MS(modem->row->latency_ms));
        return 1;
    }
    if (modem->phase == FTH_OPEN) return feed_frame(modem, octets, length, at);
    if (modem->phase == FTM_OPEN) return feed_data(modem, octets, length);
    if (!PHASES[modem->phase].abortable) return 0;
    if (octets[0] == CAN && modem->row->ignores_can && modem->phase == FRH_WAIT) return 1;
    if (octets[0] != DC1 && octets[0] != DC3) abort_phase(modem, at);
    return 1;
}

/* What came while nothing could take it. */
static void feed_waiting(struct fl_simmodem *modem, fl_time at)
{
    while (modem->in.count) {
        const uint8_t *octets;
        size_t length = queue_head(&modem->in, &octets);
        size_t taken = feed(modem, octets, length, at);
        if (taken == 0) return;
        queue_drop(&modem->in, taken);
    }
}

void fl_simmodem_tick(struct fl_simmodem *modem, fl_time now)
{
    while (!modem->dead) {
        int timer = first_timer(modem);
        fl_time at = modem->timers[timer];
        struct fl_line *line = modem->line;
        const struct fl_line_event *event = line ? fl_line_peek(line, modem->end) : NULL;
        bool heard = event && event->end < at;
        if (heard) at = event->end;
        if (at > now) break;
        if (at > modem->now) modem->now = at;
        if (heard) {
            hear(modem, event);
            fl_line_take(line, modem->end);
        } else {
            fire(modem, timer, at);
        }
        feed_waiting(modem, at);
    }
    if (now > modem->now) modem->now = now;
}

fl_time fl_simmodem_deadline(const struct fl_simmodem *modem)
{
    if (modem->dead) return FL_NEVER;
    const struct fl_line_event *event = modem->line ? fl_line_peek(modem->line, modem->end) : NULL;
    fl_time timer = modem->timers[first_timer(modem)];
    return event ? fl_earlier(event->end, timer) : timer;
}

#define WIRE_CHUNK FL_MS(5)

/* A slow serial line: how many octets may come now. */
static size_t wire_room(const struct fl_simmodem *modem, size_t room)
{
    if (!modem->row->dte_bps) return room;
    if (modem->timers[FL_SIMTIMER_WIRE] != FL_NEVER) return 0;
    return fl_min_u32((uint32_t)room, (uint32_t)(modem->row->dte_bps * WIRE_CHUNK / FL_SEC(10)));
}

size_t fl_simmodem_write(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time now)
{
    size_t taken = 0;
    fl_simmodem_tick(modem, now);
    if (modem->dead) return 0;
    if (modem->row->dte_bps) {
        length = wire_room(modem, length);
        if (length)
            modem->timers[FL_SIMTIMER_WIRE] = now + FL_SEC(10) * (fl_time)length / modem->row->dte_bps;
    }
    while (taken < length && modem->in.count == 0) {
        size_t count = feed(modem, octets + taken, length - taken, now);
        if (count == 0) break;
        taken += count;
    }
    /* Data waits for its own buffer, not in the fifo. */
    if (modem->phase == FTM_OPEN && modem->in.count == 0) return taken;
    size_t wait = fl_min_u32((uint32_t)(length - taken), modem->in.cap - modem->in.count);
    queue_put(&modem->in, octets + taken, wait);
    fl_simmodem_tick(modem, now);
    return taken + wait;
}

size_t fl_simmodem_room(const struct fl_simmodem *modem)
{
    if (modem->dead) return 0;
    bool data = modem->phase == FTM_OPEN && modem->in.count == 0;
    return wire_room(modem, data ? data_room(modem) : modem->in.cap - modem->in.count);
}

size_t fl_simmodem_read(struct fl_simmodem *modem, uint8_t *octets, size_t cap, fl_time now)
{
    uint16_t limit = 0;
    fl_simmodem_tick(modem, now);
    if (modem->dead || modem->out.count == 0) return 0;
    if (fl_faults_strike(modem->faults, FL_FAULT_SHORT_READ, modem->station, 1, &limit, now) && limit < cap)
        cap = limit;
    size_t length = 0;
    while (length < cap && modem->out.count) {
        const uint8_t *from;
        size_t span = queue_head(&modem->out, &from);
        if (span > cap - length) span = cap - length;
        memcpy(octets + length, from, span);
        queue_drop(&modem->out, span);
        length += span;
    }
    return length;
}

void fl_simmodem_drop(struct fl_simmodem *modem, fl_time now)
{
    fl_simmodem_tick(modem, now);
    while (modem->phase == PENDING && !modem->dead) {
        timer_pending(modem, now);
        feed_waiting(modem, now);
    }
    if (modem->dead) return;
    fl_simmodem_on_hook(modem, now);
    modem->timers[FL_SIMTIMER_S7] = FL_NEVER;
    enter(modem, COMMAND, FL_NEVER);
    modem->prefix = 0;
    modem->skip_lf = false;
    modem->out.count = modem->in.count = modem->data.count = 0;
}

bool fl_simmodem_dead(const struct fl_simmodem *modem)
{
    return modem->dead;
}

/* ---- the exchange's side ---- */

void fl_simmodem_init(struct fl_simmodem *modem, const struct fl_simmodem_row *row, int station,
                      struct fl_faults *faults, fl_time now)
{
    memset(modem, 0, offsetof(struct fl_simmodem, in_octets));
    modem->row = row;
    modem->faults = faults;
    modem->station = (uint8_t)station;
    modem->now = now;
    modem->in = (struct fl_simmodem_queue){modem->in_octets, sizeof modem->in_octets, 0, 0};
    modem->out = (struct fl_simmodem_queue){modem->out_octets, sizeof modem->out_octets, 0, 0};
    modem->data = (struct fl_simmodem_queue){modem->data_octets, sizeof modem->data_octets, 0, 0};
    for (int i = 0; i < FL_SIMTIMERS; i++) modem->timers[i] = FL_NEVER;
    fl_simmodem_defaults(modem);
}

const char *fl_simmodem_phase(const struct fl_simmodem *modem)
{
    return PHASES[modem->phase].name;
}

enum fl_hook fl_simmodem_hook(const struct fl_simmodem *modem)
{
    return modem->hook;
}

const char *fl_simmodem_number(const struct fl_simmodem *modem)
{
    return modem->number;
}

void fl_simmodem_ring(struct fl_simmodem *modem, bool on, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (modem->dead) return;
    if (on && modem->hook == FL_HOOK_ON) {
        modem->hook = FL_HOOK_RINGING;
        modem->rings = 0;
        modem->timers[FL_SIMTIMER_RING] = now;
    } else if (!on && modem->hook == FL_HOOK_RINGING) {
        modem->hook = FL_HOOK_ON;
        modem->timers[FL_SIMTIMER_RING] = FL_NEVER;
    }
    fl_simmodem_tick(modem, now);
}

void fl_simmodem_progress(struct fl_simmodem *modem, enum fl_progress progress, fl_time now)
{
    static const uint8_t results[] = {
        [FL_PROGRESS_NO_DIALTONE] = FL_SIMRESULT_NO_DIALTONE,
        [FL_PROGRESS_BUSY] = FL_SIMRESULT_BUSY,
        [FL_PROGRESS_NO_ANSWER] = FL_SIMRESULT_NO_ANSWER,
        [FL_PROGRESS_NO_CARRIER] = FL_SIMRESULT_NO_CARRIER,
    };
    fl_simmodem_tick(modem, now);
    if (modem->dead || modem->phase != CALLING) return;
    bool silent = progress == FL_PROGRESS_NO_ANSWER && modem->row->no_answer_is_no_carrier;
    end_call(modem, silent ? FL_SIMRESULT_NO_CARRIER : results[progress], now);
}

void fl_simmodem_connect(struct fl_simmodem *modem, struct fl_line *line, int end, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (modem->dead || modem->line || modem->hook == FL_HOOK_ON || modem->hook == FL_HOOK_RINGING) return;
    modem->line = line;
    modem->end = (uint8_t)end;
    modem->hook = FL_HOOK_CONNECTED;
    modem->ear = (struct fl_simmodem_ear){.since = now};
    if (modem->phase == CALLING) {
        modem->listening = true;
        modem->listening_since = now;
        modem->timers[FL_SIMTIMER_TONE] = now;
    } else if (modem->phase == ANSWERING) {
        modem->timers[FL_SIMTIMER_PHASE] = now + ANSWER_DELAY;
    }
    fl_simmodem_tick(modem, now);
}

void fl_simmodem_disconnect(struct fl_simmodem *modem, fl_time now)
{
    fl_simmodem_tick(modem, now);
    if (!modem->line || modem->row->hangup_ms == 0) return;
    fl_time lost = now + modem->line->delay + FL_MS(modem->row->hangup_ms);
    modem->timers[FL_SIMTIMER_LOST] = fl_earlier(modem->timers[FL_SIMTIMER_LOST], lost);
}
