/* The line: two senders, two queues of events on their way, and what the faults do to them. */
#include "sim/line.h"

#include <string.h>

static const char *const SIGNALS[] = {"off", "CNG on", "CED on", "V.21 on", "fast on", "voice"};

void fl_line_init(struct fl_line *line, fl_time delay, struct fl_faults *faults, struct fl_watch *watch,
                  struct fl_pen pen)
{
    line->delay = delay;
    line->faults = faults;
    line->watch = watch;
    line->pen = pen;
    for (int end = 0; end < 2; end++) {
        line->sender[end] = (struct fl_line_sender){0};
        /* Not the events: they are large, and count says which are valid. */
        line->way[end].head = 0;
        line->way[end].count = 0;
        line->way[end].lost = 0;
    }
    if (watch) fl_watch_start(watch, delay);
}

/* ---- the way to one end ---- */

static struct fl_line_event *slot(struct fl_line_way *way, uint32_t index)
{
    return &way->events[(way->head + index) % FL_LINE_EVENTS];
}

/* A new event that ends at `end`. Only an echo can be overtaken: what its end hears is in the order of its ends. */
static struct fl_line_event *push(struct fl_line_way *way, fl_time end)
{
    if (way->count == FL_LINE_EVENTS) {
        way->lost++;
        return NULL;
    }
    uint32_t index = way->count++;
    for (; index > 0 && slot(way, index - 1)->end > end; index--) *slot(way, index) = *slot(way, index - 1);
    slot(way, index)->echo = false;
    return slot(way, index);
}

static void remove_event(struct fl_line_way *way, uint32_t index)
{
    for (; index + 1 < way->count; index++) *slot(way, index) = *slot(way, index + 1);
    way->count--;
}

const struct fl_line_event *fl_line_peek(const struct fl_line *line, int end)
{
    const struct fl_line_way *way = &line->way[end];
    return way->count ? &way->events[way->head] : NULL;
}

void fl_line_take(struct fl_line *line, int end)
{
    struct fl_line_way *way = &line->way[end];
    if (way->count == 0) return;
    way->head = (way->head + 1) % FL_LINE_EVENTS;
    way->count--;
}

/* Takes back what had not left the sender at `at`: whole events, or the end of one. */
static void cut_short(struct fl_line_way *way, fl_time at, uint16_t rate_bps)
{
    for (uint32_t index = way->count; index-- > 0;) {
        struct fl_line_event *event = slot(way, index);
        if (event->end <= at) return;
        if (event->echo) continue; /* another end sent it */
        if (event->start >= at || event->kind == FL_HEARD_SIGNAL) {
            remove_event(way, index);
            continue;
        }
        uint64_t octets = (uint64_t)(at - event->start) * rate_bps / 8000000;
        if (octets < event->length) event->length = (uint16_t)octets;
        event->end = at;
        return;
    }
}

static void put_signal(struct fl_line_way *way, const struct fl_line_sender *sender, bool unreadable,
                       bool echo, fl_time at)
{
    struct fl_line_event *event = push(way, at);
    if (!event) return;
    event->echo = echo;
    event->kind = FL_HEARD_SIGNAL;
    event->signal = sender->dropped ? FL_SIGNAL_SILENCE : sender->signal;
    event->code = sender->code;
    event->unreadable = unreadable;
    event->length = 0;
    event->start = event->end = at;
}

/* ---- signals ---- */

static void trace_signal(const struct fl_line *line, int end, fl_time at)
{
    const struct fl_line_sender *sender = &line->sender[end];
    struct fl_pen pen = {line->pen.trace, (uint8_t)end};
    const struct fl_modulation *row = sender->signal == FL_SIGNAL_FAST ? fl_modulation(sender->code) : NULL;
    if (row)
        fl_trace_text(&pen, at, FL_TRACE_SIGNAL, "%s on", row->name);
    else
        fl_trace_text(&pen, at, FL_TRACE_SIGNAL, "%s", SIGNALS[sender->signal]);
}

/* What will happen to the carrier that begins now. Returns whether nobody can train on it. */
static bool strike_fast(struct fl_line *line, int end, fl_time at)
{
    struct fl_line_sender *sender = &line->sender[end];
    uint16_t arg = 0;
    bool unreadable = false;
    if (fl_faults_strike(line->faults, FL_FAULT_LOST_CARRIER, end, 1000, &arg, at))
        sender->drop_at = sender->base + FL_MS(arg);
    if (fl_faults_strike(line->faults, FL_FAULT_BIT_ERRORS, end, 1000, &arg, at)) sender->errors = arg;
    if (fl_faults_strike(line->faults, FL_FAULT_BURST, end, 1000, &arg, at)) sender->burst_ms = arg;
    if (fl_faults_strike(line->faults, FL_FAULT_BAD_TRAINING, end, 0, &arg, at)) {
        sender->noise = arg == 1;
        unreadable = arg != 1;
    }
    return unreadable;
}

/* The sender begins its new signal. Returns whether nobody can train on it. */
static bool begin(struct fl_line *line, int end, enum fl_signal signal, int code, fl_time at)
{
    struct fl_line_sender *sender = &line->sender[end];
    const struct fl_modulation *row = signal == FL_SIGNAL_FAST ? fl_modulation(code) : NULL;
    uint16_t echo_ms = 0;
    *sender = (struct fl_line_sender){
        .signal = (uint8_t)signal,
        .code = (uint8_t)code,
        .muted = sender->muted,
        .since = at,
        .base = at,
        .busy_until = at,
        .drop_at = FL_NEVER,
        .rate_bps = signal == FL_SIGNAL_V21 ? 300 : 0,
    };
    if (signal == FL_SIGNAL_V21 && fl_faults_strike(line->faults, FL_FAULT_ECHO, end, 300, &echo_ms, at))
        sender->echo_ms = echo_ms;
    if (!row) return false;
    sender->rate_bps = row->rate_bps;
    sender->base = sender->busy_until = at + FL_MS(row->train_ms);
    return strike_fast(line, end, at);
}

void fl_line_signal(struct fl_line *line, int end, enum fl_signal signal, int code, fl_time at)
{
    struct fl_line_sender *sender = &line->sender[end];
    bool was_muted = sender->muted;
    if (signal == FL_SIGNAL_SILENCE && sender->signal == FL_SIGNAL_SILENCE) return;
    cut_short(&line->way[!end], at + line->delay, sender->rate_bps);
    uint16_t echo_ms = sender->echo_ms; /* the end of a carrier that echoes echoes too */
    bool unreadable = begin(line, end, signal, code, at);
    if (sender->echo_ms) echo_ms = sender->echo_ms;
    if (signal != FL_SIGNAL_SILENCE && fl_faults_strike(line->faults, FL_FAULT_SILENCE, end, 0, NULL, at))
        sender->muted = true;
    trace_signal(line, end, at);
    if (was_muted) return;
    if (sender->muted) {
        /* For everybody else, what went before ends here. */
        sender->dropped = true;
        signal = FL_SIGNAL_SILENCE;
    }
    if (line->watch) fl_watch_signal(line->watch, end, signal, sender->rate_bps, sender->muted, at);
    put_signal(&line->way[!end], sender, unreadable, false, at + line->delay);
    if (echo_ms) put_signal(&line->way[end], sender, unreadable, true, at + FL_MS(echo_ms));
}

void fl_line_cut(struct fl_line *line, int end, fl_time at)
{
    if (line->watch && !line->sender[end].muted)
        fl_watch_signal(line->watch, end, FL_SIGNAL_SILENCE, 0, true, at);
    fl_line_signal(line, end, FL_SIGNAL_SILENCE, 0, at);
}

/* ---- frames ---- */

uint32_t fl_line_frame_bits(const uint8_t *octets, size_t length)
{
    uint32_t inserted = 0, ones = 0;
    for (size_t i = 0; i < length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            ones = octets[i] >> bit & 1 ? ones + 1 : 0;
            if (ones == 5) {
                inserted++;
                ones = 0;
            }
        }
    }
    return (uint32_t)length * 8 + inserted + 8;
}

static void put_frame(struct fl_line_way *way, const uint8_t *octets, size_t length, fl_time start,
                      fl_time stop, int flip, bool echo)
{
    struct fl_line_event *event = push(way, stop);
    if (!event) return;
    event->echo = echo;
    event->kind = FL_HEARD_FRAME;
    event->signal = FL_SIGNAL_V21;
    event->unreadable = false;
    event->length = (uint16_t)length;
    event->start = start;
    event->end = stop;
    memcpy(event->octets, octets, length);
    if (flip >= 0) event->octets[flip / 8] ^= (uint8_t)(1u << (flip % 8));
}

fl_time fl_line_frame(struct fl_line *line, int end, const uint8_t *octets, size_t length, fl_time at)
{
    struct fl_line_sender *sender = &line->sender[end];
    if (length > FL_LINE_FRAME) length = FL_LINE_FRAME;
    fl_time start = at > sender->busy_until ? at : sender->busy_until;
    fl_time stop = start + (fl_time)fl_line_frame_bits(octets, length) * 1000000 / 300;
    sender->busy_until = stop;
    bool lost = fl_faults_strike(line->faults, FL_FAULT_LOST_FRAME, end, 0, NULL, start);
    bool bad = fl_faults_strike(line->faults, FL_FAULT_BAD_FCS, end, 0, NULL, start);
    if (sender->muted) return stop;
    if (line->watch) fl_watch_frame(line->watch, end, octets, length, start, stop);
    int flip = bad && length ? (int)(fl_random(&line->faults->random) % (length * 8)) : -1;
    if (!lost)
        put_frame(&line->way[!end], octets, length, start + line->delay, stop + line->delay, flip, false);
    if (sender->echo_ms) {
        fl_time echo = FL_MS(sender->echo_ms);
        put_frame(&line->way[end], octets, length, start + echo, stop + echo, -1, true);
    }
    return stop;
}

/* ---- fast data ---- */

/* When the nth octet of the carrier ends. */
static fl_time octet_time(const struct fl_line_sender *sender, uint64_t octets)
{
    return sender->base + (fl_time)(octets * 8000000 / sender->rate_bps);
}

uint64_t fl_line_sent(const struct fl_line *line, int end, fl_time now)
{
    const struct fl_line_sender *sender = &line->sender[end];
    if (now <= sender->base || sender->rate_bps == 0) return 0;
    uint64_t sent = (uint64_t)(now - sender->base) * sender->rate_bps / 8000000;
    return sent < sender->octets ? sent : sender->octets;
}

/* Inverts about errors of 10^7 bits: the expected number in this piece, its fraction by chance, at random places. */
static void invert_bits(uint16_t rate, uint8_t *octets, size_t length, uint64_t *random)
{
    uint64_t bits = (uint64_t)length * 8;
    uint64_t scaled = bits * rate;
    uint64_t errors = scaled / 10000000 + (fl_random(random) % 10000000 < scaled % 10000000);
    for (uint64_t i = 0; i < errors; i++) {
        uint64_t bit = fl_random(random) % bits;
        octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

/* The last 10 ms of every burst_ms of data are noise. first is the number of the piece's first octet. */
static void make_bursts(const struct fl_line_sender *sender, uint64_t first, uint8_t *octets, size_t length,
                        uint64_t *random)
{
    uint64_t period = (uint64_t)sender->burst_ms * sender->rate_bps / 8000;
    uint64_t burst = (uint64_t)10 * sender->rate_bps / 8000;
    if (period == 0) return;
    for (size_t i = 0; i < length; i++)
        if ((first + i) % period + burst >= period) octets[i] = (uint8_t)fl_random(random);
}

static void damage(const struct fl_line *line, const struct fl_line_sender *sender, uint64_t first,
                   uint8_t *octets, size_t length)
{
    if (!line->faults || length == 0) return;
    uint64_t *random = &line->faults->random;
    if (sender->errors) invert_bits(sender->errors, octets, length, random);
    if (sender->burst_ms) make_bursts(sender, first, octets, length, random);
    if (sender->noise)
        for (size_t i = 0; i < length; i++) octets[i] = (uint8_t)fl_random(random);
}

/* The part of a piece that gets through before the carrier is lost. */
static size_t until_drop(const struct fl_line_sender *sender, size_t length)
{
    if (sender->dropped) return 0;
    while (length && octet_time(sender, sender->octets + length) > sender->drop_at) length--;
    return length;
}

/* A sender that is fed in small pieces must not fill the way: once it is half full, pieces are joined. */
static struct fl_line_event *data_event(struct fl_line_way *way, const struct fl_line_sender *sender,
                                        fl_time start, fl_time end, size_t length)
{
    struct fl_line_event *event = way->count > FL_LINE_EVENTS / 2 ? slot(way, way->count - 1) : NULL;
    if (event && event->kind == FL_HEARD_DATA && event->end == start &&
        event->length + length <= FL_LINE_CHUNK)
        return event;
    event = push(way, end);
    if (!event) return NULL;
    event->kind = FL_HEARD_DATA;
    event->signal = FL_SIGNAL_FAST;
    event->code = sender->code;
    event->unreadable = false;
    event->length = 0;
    event->start = start;
    return event;
}

fl_time fl_line_data(struct fl_line *line, int end, const uint8_t *octets, size_t length)
{
    struct fl_line_sender *sender = &line->sender[end];
    struct fl_line_way *way = &line->way[!end];
    uint64_t first = sender->octets;
    if (sender->rate_bps == 0) return sender->busy_until;
    if (length > FL_LINE_CHUNK) length = FL_LINE_CHUNK;
    size_t heard = until_drop(sender, length);
    sender->octets += length;
    sender->busy_until = octet_time(sender, sender->octets);
    if (sender->muted) return sender->busy_until;
    if (line->watch) fl_watch_data(line->watch, end, length);
    fl_time start = octet_time(sender, first) + line->delay,
            stop = octet_time(sender, first + heard) + line->delay;
    struct fl_line_event *event = heard ? data_event(way, sender, start, stop, heard) : NULL;
    if (event) {
        uint8_t *place = event->octets + event->length;
        if (octets)
            memcpy(place, octets, heard);
        else
            memset(place, 0, heard);
        damage(line, sender, first, place, heard);
        event->length = (uint16_t)(event->length + heard);
        event->end = stop;
    }
    if (heard < length && !sender->dropped) {
        sender->dropped = true;
        if (line->watch) fl_watch_lost(line->watch, end, sender->drop_at);
        put_signal(way, sender, false, false, sender->drop_at + line->delay);
    }
    return sender->busy_until;
}
