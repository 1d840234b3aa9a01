/* The simulated modem: its phases, its time, and the octets that its DTE gives and takes. What it does in a phase is in
 * modem_call.c, modem_frames.c and modem_data.c; the command line is in modem_at.c, the kinds of modems in modem_rows.c.
 * A phase is a row of PHASES: what to do when its timer ends and when the line says something.
 */
#include "sim/modem_inside.h"
#include "sim/modem_queue.h"

#include <string.h>

enum { LF = 0x0A, CAN = 0x18 };

struct phase_row {
    const char *name;
    bool abortable; /* any character from the DTE ends it */
    void (*timer)(struct fl_simmodem *modem, fl_time at);
    void (*heard)(struct fl_simmodem *modem, const struct fl_line_event *event);
};

static const struct phase_row PHASES[FL_SIMPHASES];

/* ---- what every part needs ---- */

void fl_simmodem_enter(struct fl_simmodem *modem, enum fl_simphase phase, fl_time until)
{
    modem->phase = (uint8_t)phase;
    modem->timers[FL_SIMTIMER_PHASE] = until;
}

void fl_simmodem_finish(struct fl_simmodem *modem, enum fl_simresult result, fl_time at)
{
    modem->timers[FL_SIMTIMER_S7] = modem->timers[FL_SIMTIMER_GIVE_UP] = FL_NEVER;
    fl_simmodem_enter(modem, FL_SIMPHASE_COMMAND, FL_NEVER);
    fl_simmodem_result(modem, result, at);
}

void fl_simmodem_say_end(struct fl_simmodem *modem)
{
    static const uint8_t end[] = {DLE, ETX};
    fl_simmodem_say(modem, end, sizeof end);
}

/* Octets to the DTE, every DLE doubled. */
void fl_simmodem_say_shielded(struct fl_simmodem *modem, const uint8_t *octets, size_t length)
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

void fl_simmodem_transmit(struct fl_simmodem *modem, enum fl_signal signal, int code, fl_time at)
{
    fl_line_signal(modem->line, modem->end, signal, code, at);
}

/* How much later than usual this CONNECT comes. */
fl_time fl_simmodem_late_connect(struct fl_simmodem *modem, fl_time at)
{
    uint16_t late_ms = 0;
    fl_faults_strike(modem->faults, FL_FAULT_LATE_CONNECT, modem->station, 500, &late_ms, at);
    return FL_MS(late_ms);
}

/* CONNECT of a sender: what it does on the line has begun, only the word may be late. */
void fl_simmodem_say_connect(struct fl_simmodem *modem, fl_time at)
{
    fl_time late = fl_simmodem_late_connect(modem, at);
    if (late)
        modem->timers[FL_SIMTIMER_LATE] = at + late;
    else
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
}

void fl_simmodem_start_s7(struct fl_simmodem *modem, fl_time at)
{
    modem->timers[FL_SIMTIMER_S7] = modem->set.s[7] ? at + FL_SEC(modem->set.s[7]) : FL_NEVER;
}

void fl_simmodem_start_give_up(struct fl_simmodem *modem, fl_time at)
{
    if (modem->row->give_up_s && modem->set.s[30] == 0)
        modem->timers[FL_SIMTIMER_GIVE_UP] = at + FL_SEC(modem->row->give_up_s);
}

void fl_simmodem_stop_listening(struct fl_simmodem *modem)
{
    modem->listening = false;
    modem->kept = 0;
}

/* ---- silence: +FTS, +FRS ---- */

static void heard_frs(struct fl_simmodem *modem, const struct fl_line_event *event)
{
    if (event->kind != FL_HEARD_SIGNAL || modem->noisy) return;
    modem->timers[FL_SIMTIMER_PHASE] =
        event->signal == FL_SIGNAL_SILENCE ? event->end + FL_MS(10) * modem->wanted : FL_NEVER;
}

static void timer_silence(struct fl_simmodem *modem, fl_time at)
{
    fl_simmodem_finish(modem, FL_SIMRESULT_OK, at);
}

static void start_silence(struct fl_simmodem *modem, enum fl_simphase phase, int tens, fl_time at)
{
    fl_simmodem_stop_listening(modem);
    modem->wanted = (uint8_t)tens;
    /* A carrier whose OK came early ends first. */
    if (phase == FL_SIMPHASE_FTS && modem->timers[FL_SIMTIMER_OFF] != FL_NEVER)
        at = modem->timers[FL_SIMTIMER_OFF];
    modem->noisy = phase == FL_SIMPHASE_FRS &&
                   fl_faults_strike(modem->faults, FL_FAULT_NOISE, modem->station, 0, NULL, at);
    bool waits = modem->noisy || (phase == FL_SIMPHASE_FRS && modem->ear.signal != FL_SIGNAL_SILENCE);
    fl_simmodem_enter(modem, phase, waits ? FL_NEVER : at + FL_MS(10) * tens);
}

/* ---- actions of the command line ---- */

static bool supports(const struct fl_simmodem *modem, int code)
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
    if ((fast && !supports(modem, value)) || (frame && value != 3) || value > 255) return false;
    if (fl_faults_strike(modem->faults, FL_FAULT_HANGUP, modem->station, 0, &cut_ms, at))
        modem->timers[FL_SIMTIMER_LOST] = at + FL_MS(cut_ms);
    if (action == FL_SIMACTION_FRS && modem->row->frs_resets) {
        fl_simmodem_on_hook(modem, at);
        fl_simmodem_defaults(modem);
        return false;
    }
    if (action != FL_SIMACTION_FTS && modem->timers[FL_SIMTIMER_OFF] != FL_NEVER) {
        modem->timers[FL_SIMTIMER_OFF] = FL_NEVER;
        fl_simmodem_transmit(modem, FL_SIGNAL_SILENCE, 0, at);
    }
    switch (action) {
    case FL_SIMACTION_FTS: start_silence(modem, FL_SIMPHASE_FTS, value, at); break;
    case FL_SIMACTION_FRS: start_silence(modem, FL_SIMPHASE_FRS, value, at); break;
    case FL_SIMACTION_FTM: fl_simmodem_start_ftm(modem, value, at); break;
    case FL_SIMACTION_FRM: fl_simmodem_start_frm(modem, value, at); break;
    case FL_SIMACTION_FTH: fl_simmodem_start_fth(modem, at); break;
    default: fl_simmodem_start_frh(modem, at); break;
    }
    return true;
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
    fl_simmodem_enter(modem, FL_SIMPHASE_COMMAND, FL_NEVER);
    if (fl_faults_strike(modem->faults, FL_FAULT_UNPLUG, modem->station, 0, NULL, at))
        fl_simmodem_unplug(modem, at);
    else
        fl_simmodem_execute(modem, at);
}

/* A character ends what waits. Where a call was being set up, it ends that too. */
static void abort_phase(struct fl_simmodem *modem, fl_time at)
{
    enum fl_simphase phase = modem->phase;
    if (phase == FL_SIMPHASE_DIALLING || phase == FL_SIMPHASE_CALLING || phase == FL_SIMPHASE_ANSWERING) {
        fl_simmodem_end_call(modem, FL_SIMRESULT_NO_CARRIER, at);
        return;
    }
    if (phase == FL_SIMPHASE_FRM_OPEN || phase == FL_SIMPHASE_FRH_OPEN) fl_simmodem_say_end(modem);
    fl_simmodem_stop_listening(modem);
    if (modem->row->late_ok_ms)
        fl_simmodem_enter(modem, FL_SIMPHASE_ABORTED, at + FL_MS(modem->row->late_ok_ms));
    else
        fl_simmodem_finish(modem, FL_SIMRESULT_OK, at);
}

static const struct phase_row PHASES[FL_SIMPHASES] = {
    [FL_SIMPHASE_COMMAND] = {"command", false, NULL, NULL},
    [FL_SIMPHASE_PENDING] = {"pending", false, timer_pending, NULL},
    [FL_SIMPHASE_DIALLING] = {"dialling", true, fl_simmodem_timer_dialling, NULL},
    [FL_SIMPHASE_CALLING] = {"calling", true, fl_simmodem_open_frh, fl_simmodem_heard_calling},
    [FL_SIMPHASE_ANSWERING] = {"answering", true, fl_simmodem_timer_answering, NULL},
    [FL_SIMPHASE_FTH_OPEN] = {"+FTH, flags", false, fl_simmodem_timer_fth_open, NULL},
    [FL_SIMPHASE_FTH_SENDING] = {"+FTH, frame", false, fl_simmodem_timer_fth_sending, NULL},
    [FL_SIMPHASE_FTM_OPEN] = {"+FTM", false, fl_simmodem_timer_ftm, NULL},
    [FL_SIMPHASE_FTM_DRAIN] = {"+FTM, end", false, fl_simmodem_timer_ftm, NULL},
    [FL_SIMPHASE_FTM_EARLY] = {"+FTM, end", false, fl_simmodem_timer_ftm_early, NULL},
    [FL_SIMPHASE_FRH_WAIT] = {"+FRH", true, fl_simmodem_open_frh, fl_simmodem_heard_frh_wait},
    [FL_SIMPHASE_FRH_OPEN] = {"+FRH, flags", true, NULL, fl_simmodem_heard_frh_open},
    [FL_SIMPHASE_FRM_WAIT] = {"+FRM", true, fl_simmodem_timer_frm_wait, fl_simmodem_heard_frm_wait},
    [FL_SIMPHASE_FRM_OPEN] = {"+FRM, data", true, NULL, fl_simmodem_heard_frm_open},
    [FL_SIMPHASE_FTS] = {"+FTS", false, timer_silence, NULL},
    [FL_SIMPHASE_FRS] = {"+FRS", true, timer_silence, heard_frs},
    [FL_SIMPHASE_ABORTED] = {"aborted", false, timer_silence, NULL},
};

/* ---- time ---- */

/* The DTE may give the next octets: whoever owns the modem looks at the room again. */
static void timer_wire(struct fl_simmodem *modem, fl_time at)
{
    (void)modem, (void)at;
}

static void timer_late(struct fl_simmodem *modem, fl_time at)
{
    if (modem->phase == FL_SIMPHASE_FTH_OPEN || modem->phase == FL_SIMPHASE_FTH_SENDING ||
        modem->phase == FL_SIMPHASE_FTM_OPEN)
        fl_simmodem_result(modem, FL_SIMRESULT_CONNECT, at);
}

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
        bool waits = modem->phase == FL_SIMPHASE_FRH_WAIT || modem->phase == FL_SIMPHASE_CALLING;
        if (modem->ear.signal == FL_SIGNAL_V21 && !waits) modem->listening = false;
        if (event->signal != FL_SIGNAL_FAST) modem->storm = 0;
        modem->ear =
            (struct fl_simmodem_ear){event->signal, event->code, event->unreadable, event->echo, event->end};
    }
    if (event->kind == FL_HEARD_FRAME && modem->listening &&
        (modem->phase == FL_SIMPHASE_COMMAND || modem->phase == FL_SIMPHASE_PENDING) &&
        event->start >= modem->listening_since)
        fl_simmodem_keep_frame(modem, event);
    else if (PHASES[modem->phase].heard)
        PHASES[modem->phase].heard(modem, event);
}

static void (*const TIMERS[FL_SIMTIMERS])(struct fl_simmodem *modem, fl_time at) = {
    [FL_SIMTIMER_S7] = fl_simmodem_timer_s7,
    [FL_SIMTIMER_TONE] = fl_simmodem_timer_tone,
    [FL_SIMTIMER_RING] = fl_simmodem_timer_ring,
    [FL_SIMTIMER_LATE] = timer_late,
    [FL_SIMTIMER_LOST] = fl_simmodem_timer_lost,
    [FL_SIMTIMER_OFF] = fl_simmodem_timer_off,
    [FL_SIMTIMER_DEAF] = fl_simmodem_timer_deaf,
    [FL_SIMTIMER_GIVE_UP] = fl_simmodem_timer_give_up,
    [FL_SIMTIMER_WIRE] = timer_wire,
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
    if (modem->phase == FL_SIMPHASE_COMMAND) {
        if (!fl_simmodem_type(modem, octets[0])) return 1;
        modem->skip_lf = true;
        fl_simmodem_enter(modem, FL_SIMPHASE_PENDING, at + FL_MS(modem->row->latency_ms));
        return 1;
    }
    if (modem->phase == FL_SIMPHASE_FTH_OPEN) return fl_simmodem_feed_frame(modem, octets, length, at);
    if (modem->phase == FL_SIMPHASE_FTM_OPEN) return fl_simmodem_feed_data(modem, octets, length);
    if (!PHASES[modem->phase].abortable) return 0;
    if (octets[0] == CAN && modem->row->ignores_can && modem->phase == FL_SIMPHASE_FRH_WAIT) return 1;
    if (octets[0] != DC1 && octets[0] != DC3) abort_phase(modem, at);
    return 1;
}

/* What came while nothing could take it. */
static void feed_waiting(struct fl_simmodem *modem, fl_time at)
{
    while (modem->in.count) {
        const uint8_t *octets;
        size_t length = fl_simmodem_queue_head(&modem->in, &octets);
        size_t taken = feed(modem, octets, length, at);
        if (taken == 0) return;
        fl_simmodem_queue_drop(&modem->in, taken);
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
    if (modem->phase == FL_SIMPHASE_FTM_OPEN && modem->in.count == 0) return taken;
    size_t wait = fl_min_u32((uint32_t)(length - taken), modem->in.cap - modem->in.count);
    fl_simmodem_queue_put(&modem->in, octets + taken, wait);
    fl_simmodem_tick(modem, now);
    return taken + wait;
}

size_t fl_simmodem_room(const struct fl_simmodem *modem)
{
    if (modem->dead) return 0;
    bool data = modem->phase == FL_SIMPHASE_FTM_OPEN && modem->in.count == 0;
    return wire_room(modem, data ? fl_simmodem_data_room(modem) : modem->in.cap - modem->in.count);
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
        size_t span = fl_simmodem_queue_head(&modem->out, &from);
        if (span > cap - length) span = cap - length;
        memcpy(octets + length, from, span);
        fl_simmodem_queue_drop(&modem->out, span);
        length += span;
    }
    return length;
}

void fl_simmodem_drop(struct fl_simmodem *modem, fl_time now)
{
    fl_simmodem_tick(modem, now);
    while (modem->phase == FL_SIMPHASE_PENDING && !modem->dead) {
        timer_pending(modem, now);
        feed_waiting(modem, now);
    }
    if (modem->dead) return;
    fl_simmodem_on_hook(modem, now);
    modem->timers[FL_SIMTIMER_S7] = FL_NEVER;
    fl_simmodem_enter(modem, FL_SIMPHASE_COMMAND, FL_NEVER);
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
