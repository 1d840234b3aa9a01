/* V.21 frames, out and in: what the modem is given, and what is made of what it delivers. */
#include "modem/class1_phases.h"

#include <string.h>

#include "hdlc/fcs.h"

#define RECEPTION_BOUND FL_SEC(180) /* longer than any patience of T.30's: T1 is 35 s, T0 60 to 120 s */
#define JUNK_MAX        3           /* octets before a frame */

/* ---- frames out ---- */

static void write_frame(struct fl_class1 *d, fl_time now)
{
    const struct fl_order *order = &d->order;
    for (size_t i = 0; i < order->length; i++) {
        fl_c1_put_octet(d, order->frame[i]);
        if (order->frame[i] == DLE) fl_c1_put_octet(d, DLE);
    }
    fl_c1_put_end(d);
    fl_trace_put(&d->pen, now, FL_TRACE_FRAME_SENT, order->frame, order->length);
    fl_c1_enter(d, FRAME_OUT, now);
    /* One second of flags, the frame with stuffed bits at 300 bit/s, and what the modem needs. */
    d->deadline = now + FL_SEC(10) + FL_MS((int64_t)order->length * 32);
}

void fl_c1_start_send_frame(struct fl_class1 *d, fl_time now)
{
    if (d->order.length == 0 || d->order.length > FL_FRAME_MAX) {
        fl_c1_finish(d, FL_IND_FAILED, now);
    } else if (d->phase == CARRIER) {
        write_frame(d, now);
    } else {
        fl_c1_command(d, "AT+FTH=3", now);
        fl_c1_enter(d, FTH, now);
    }
}

void fl_c1_fth_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    if (!d->stopping) fl_c1_tell(d, FL_IND_CARRIER, false, NULL, 0);
    write_frame(d, now);
}

void fl_c1_frame_sent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->out_at < d->out_length)
        return; /* a late OK to something else: this frame is not even with the modem */
    fl_c1_finish(d, FL_IND_DONE, now);
}

/* The modem takes the frame for not final and keeps the carrier on. */
void fl_c1_frame_sent_more(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->out_at < d->out_length) return;
    if (d->stopping || d->order.final) {
        d->ending = FL_IND_DONE;
        fl_c1_close_carrier(d, argument, now);
        return;
    }
    d->busy = false;
    fl_c1_enter(d, CARRIER, now);
    fl_c1_tell(d, FL_IND_DONE, false, NULL, 0);
}

void fl_c1_carrier_dropped(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)d, (void)argument;
    fl_c1_enter(d, IDLE, now);
}

/* ---- frames in ---- */

void fl_c1_begin_frame(struct fl_class1 *d, fl_time now)
{
    d->raw_length = 0;
    d->raw_long = false;
    d->carrier_told = !d->profile->rh_connect_bug;
    d->errors = 0;
    fl_c1_enter(d, FRAME_IN, now);
}

void fl_c1_tell_carrier(struct fl_class1 *d)
{
    d->carrier_told = true;
    if (d->busy && !d->stopping && !d->pending) fl_c1_tell(d, FL_IND_CARRIER, false, NULL, 0);
}

static void give_frame(struct fl_class1 *d, fl_time now)
{
    fl_trace_put(&d->pen, now, d->raw_good ? FL_TRACE_FRAME_RECEIVED : FL_TRACE_FRAME_BAD, d->raw,
                 d->raw_length);
    d->busy = d->held = false;
    fl_c1_enter(d, IDLE, now);
    fl_c1_tell(d, FL_IND_FRAME, d->raw_good, d->raw, d->raw_length);
}

static void listen_for_frame(struct fl_class1 *d, fl_time now)
{
    fl_c1_command(d, "AT+FRH=3", now);
    fl_c1_enter(d, FRH, now);
    d->deadline = d->order_started + RECEPTION_BOUND;
    if (d->profile->rh_slice_ms) d->deadline = fl_earlier(d->deadline, now + FL_MS(d->profile->rh_slice_ms));
}

void fl_c1_start_recv_frame(struct fl_class1 *d, fl_time now)
{
    if (!d->held) {
        listen_for_frame(d, now);
        return;
    }
    fl_c1_tell(d, FL_IND_CARRIER, false, NULL, 0);
    give_frame(d, now);
}

void fl_c1_frh_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_begin_frame(d, now);
    if (d->carrier_told) fl_c1_tell_carrier(d);
}

void fl_c1_frh_overdue(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->pending = now < d->order_started + RECEPTION_BOUND; /* the profile's slice is over: ask again */
    fl_c1_begin_abort(d, FL_IND_NO_CARRIER, now);
}

/* Finds address and control field in what the modem delivered. Between flags there may be junk, the address may be
 * missing, or doubled, or followed by zeros: all of that was seen in the field. Returns the offset of the frame, whose
 * first octet is then 0xFF; -1 when there is none.
 */
static int find_address(uint8_t *raw, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t control = i + 1;
        if (raw[i] != 0xFF) continue;
        while (control < length && (raw[control] == 0xFF || raw[control] == 0x00)) control++;
        if (control == length || (raw[control] & 0xEF) != 0x03) continue;
        raw[control - 1] = 0xFF;
        return (int)control - 1;
    }
    return length && raw[0] == 0xFF ? 0 : -1;
}

/* Over all that came, or with some octets of junk in front, or with the address that the modem has eaten. */
static bool fcs_right(const struct fl_class1 *d)
{
    static const uint8_t ADDRESS = 0xFF;
    for (size_t i = 0; i <= JUNK_MAX && i + 4 <= d->raw_length; i++) {
        size_t length = d->raw_length - i;
        uint16_t eaten = fl_fcs_update(FL_FCS_INIT, &ADDRESS, 1);
        if (fl_fcs_update(FL_FCS_INIT, d->raw + i, length) == FL_FCS_GOOD) return true;
        if (fl_fcs_update(eaten, d->raw + i, length) == FL_FCS_GOOD) return true;
    }
    return false;
}

/* Turns raw into a frame from the address octet on, without FCS. */
static void normalise_frame(struct fl_class1 *d, bool said_good, bool said_anything)
{
    bool right = fcs_right(d);
    size_t overhead = d->profile->frames_without_fcs && !right ? 0 : 2;
    /* A modem that hands over the FCS once does so always, and then its OK is not to be taken on trust. */
    if (said_good && right) d->fcs_proven = true;
    bool good = said_good && (right || !d->fcs_proven);
    if (!said_anything || (d->profile->validate_fcs && !d->profile->frames_without_fcs)) good = right;
    int start = find_address(d->raw, d->raw_length);
    size_t length = d->raw_length > overhead ? d->raw_length - overhead : 0;
    if (start > 0 && (size_t)start < length) {
        length -= (size_t)start;
        memmove(d->raw, d->raw + start, length);
    } else if (start < 0 && length && (d->raw[0] & 0xEF) == 0x03) {
        length = length < sizeof d->raw ? length : sizeof d->raw - 1;
        memmove(d->raw + 1, d->raw, length++);
        d->raw[0] = 0xFF;
    } else if (start != 0) {
        good = false;
    }
    if (length > FL_FRAME_MAX) {
        length = FL_FRAME_MAX;
        good = false;
    }
    d->raw_length = (uint16_t)length;
    d->raw_good = good && length >= 3 && !d->raw_long;
}

void fl_c1_frame_ended(struct fl_class1 *d, uint8_t verdict, fl_time now)
{
    if (verdict == UNSAID) d->straggler_until = now + FL_C1_STRAGGLER_TIME;
    if (d->stopping || d->pending || (verdict == LOST && !d->raw_length)) {
        fl_c1_finish(d, FL_IND_NO_CARRIER, now);
        return;
    }
    if (d->busy && !d->carrier_told) fl_c1_tell_carrier(d);
    normalise_frame(d, verdict == GOOD, verdict == GOOD || verdict == BAD);
    if (d->busy) {
        give_frame(d, now);
        return;
    }
    d->held = true;
    fl_c1_enter(d, IDLE, now);
}

void fl_c1_frame_etx(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_enter(d, FRAME_END, now);
}
