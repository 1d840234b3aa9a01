/* Octets from the modem: lines and the results in them, frames and data. What a result means is the table's affair
 * (class1_phases.c).
 */
#include "modem/class1_phases.h"

#include <string.h>

/* ---- lines ---- */

/* The modem's echo of our command, alone or with a result glued to it. */
static void drop_echo(struct fl_class1 *d)
{
    size_t size = strlen(d->command);
    if (!size || strncmp(d->line, d->command, size) != 0) return;
    memmove(d->line, d->line + size, strlen(d->line + size) + 1);
}

static void take_line(struct fl_class1 *d, fl_time now)
{
    uint8_t found[FL_RESULTS_MAX];
    bool discarding = FL_C1_PHASES[d->phase].mode == DISCARD;
    bool dirty = d->line_dirty;
    bool query = fl_c1_chat_asks(d);
    d->line[d->line_length] = 0;
    d->line_length = 0;
    d->line_dirty = false;
    drop_echo(d);
    if (!d->line[0] || (discarding && dirty)) return;
    /* A list may begin like a result: "+FRM:96". */
    size_t count = query && d->line[0] == '+' ? 0 : fl_results_split(d->line, !query && !discarding, found);
    if (count || !discarding) fl_trace_text(&d->pen, now, FL_TRACE_AT_RECEIVED, "%s", d->line);
    if (!count && !discarding && d->phase != CHAT) {
        found[0] = (uint8_t)fl_results_at_end(d->line);
        count = found[0] != FL_RESULT_NONE;
    }
    if (!count && !discarding) fl_c1_dispatch(d, FL_RESULT_TEXT, now);
    if (count) d->last_result = now;
    for (size_t i = 0; i < count; i++) fl_c1_dispatch(d, found[i], now);
}

static void take_line_octet(struct fl_class1 *d, uint8_t octet, fl_time now)
{
    if (d->dle) { /* the rest of a frame or of data: what follows DLE ETX is a fresh line */
        d->dle = false;
        if (octet == ETX) d->line_length = 0;
        d->line_dirty = octet != ETX;
    } else if (octet == DLE) {
        d->dle = true;
    } else if (octet == '\r' || octet == '\n') {
        if (d->line_length || d->line_dirty) take_line(d, now);
    } else if (octet >= 0x20 && octet < 0x7F) {
        if (d->line_length < FL_CLASS1_LINE - 1)
            d->line[d->line_length++] = (char)octet;
        else
            d->line_dirty = true;
    } else if (octet != 0x00 && octet != 0x11 && octet != 0x13) { /* padding and flow control are no dirt */
        d->line_dirty = true;
    }
}

/* ---- frames and data ---- */

/* CONNECT, and then a result without DLE ETX before it: there is no carrier after all. No frame begins so, and hardly a page. */
static bool lone_result(const uint8_t *octets, size_t length)
{
    char text[FL_CLASS1_LINE];
    uint8_t found[FL_RESULTS_MAX];
    size_t used = 0;
    if (length < 4 || length >= sizeof text) return false;
    if (octets[length - 1] != '\r' && octets[length - 1] != '\n') return false;
    for (size_t i = 0; i < length; i++)
        if (octets[i] != '\r' && octets[i] != '\n') text[used++] = (char)octets[i];
    text[used] = 0;
    return fl_results_split(text, false, found) == 1 &&
           (found[0] == FL_RESULT_NO_CARRIER || found[0] == FL_RESULT_ERROR || found[0] == FL_RESULT_OK ||
            found[0] == FL_RESULT_FCERROR);
}

static void no_carrier_after_all(struct fl_class1 *d, fl_time now)
{
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "CONNECT, and no carrier after all");
    d->raw_length = 0;
    fl_c1_dispatch(d, FL_RESULT_ETX, now);
    fl_c1_dispatch(d, FL_RESULT_NO_CARRIER, now);
}

static void deliver(struct fl_class1 *d, const uint8_t *octets, size_t length, fl_time now)
{
    if (!length) return;
    if (d->phase == DATA_IN && d->data_octets == 0 && lone_result(octets, length)) {
        no_carrier_after_all(d, now);
        return;
    }
    if (d->phase == DATA_IN) {
        d->data_octets += length;
        fl_c1_tell(d, FL_IND_DATA, true, octets, length);
        return;
    }
    size_t room = sizeof d->raw - d->raw_length;
    if (length > room) {
        d->raw_long = true;
        length = room;
    }
    memcpy(d->raw + d->raw_length, octets, length);
    d->raw_length = (uint16_t)(d->raw_length + length);
    if (d->phase == FRAME_IN && lone_result(d->raw, d->raw_length))
        no_carrier_after_all(d, now);
    else if (!d->carrier_told)
        fl_c1_tell_carrier(d);
}

/* Delivers the octets up to the next DLE; the first `certain` of them are data whatever they are. */
static size_t take_run(struct fl_class1 *d, const uint8_t *octets, size_t length, size_t certain, fl_time now)
{
    if (length > UINT16_MAX) length = UINT16_MAX;
    const uint8_t *dle = memchr(octets + certain, DLE, length - certain);
    size_t run = dle ? (size_t)(dle - octets) : length;
    deliver(d, octets, run, now);
    return run;
}

static size_t take_octets(struct fl_class1 *d, const uint8_t *octets, size_t length, fl_time now)
{
    static const uint8_t TWO_DLE[] = {DLE, DLE};
    bool skip_lf = d->skip_lf;
    d->skip_lf = false;
    d->deadline = now + FL_MS(FL_C1_PHASES[d->phase].limit_ms);
    if (skip_lf && octets[0] == '\n') return 1;
    if (!d->dle) {
        d->dle = octets[0] == DLE;
        return d->dle ? 1 : take_run(d, octets, length, 0, now);
    }
    d->dle = false;
    switch (octets[0]) {
    case DLE: return take_run(d, octets, length, 1, now);
    case SUB: deliver(d, TWO_DLE, 2, now); break;
    case ETX: fl_c1_dispatch(d, FL_RESULT_ETX, now); break;
    default: break; /* unknown: both octets mean nothing */
    }
    return 1;
}

size_t fl_class1_input(struct fl_class1 *d, const uint8_t *octets, size_t length, fl_time now)
{
    size_t at = 0;
    if (d->phase == DEAD) return length;
    while (at < length && !d->queued) {
        if (FL_C1_PHASES[d->phase].mode == OCTETS)
            at += take_octets(d, octets + at, length - at, now);
        else
            take_line_octet(d, octets[at++], now);
    }
    return at;
}
