/* Fast data, out and in: shielding, the pace at which the modem is fed, and how a carrier ends. */
#include "modem/class1_phases.h"

#include <string.h>

#define DATA_END_RESERVE FL_SEC(30) /* over and above what the modem may still hold */
/* Data given to the modem ahead of the line: enough for any buffer and any late moment of ours, and not so much that an
 * abort has to wait for a page that lies in a pseudo-terminal. */
#define DATA_AHEAD_TIME   FL_SEC(6)
#define DATA_AHEAD_OCTETS 2048

/* ---- out ---- */

void fl_c1_start_send_data(struct fl_class1 *d, fl_time now)
{
    if (!fl_class1_bit(d->order.modulation)) {
        fl_c1_finish(d, FL_IND_FAILED, now);
        return;
    }
    d->chunk_at = d->chunk_length = 0;
    d->source_ended = !d->order.source.read;
    d->data_octets = 0;
    d->paced_until = 0;
    fl_c1_command_number(d, "AT+FTM=", d->order.modulation, now);
    fl_c1_enter(d, FTM, now);
}

void fl_c1_ftm_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = 0;
    d->data_started = now;
    if (!d->stopping) fl_c1_tell(d, FL_IND_CARRIER, false, NULL, 0);
    fl_c1_enter(d, d->profile->connect_delay_ms ? CONNECT_DELAY : DATA_OUT, now);
    if (d->profile->connect_delay_ms) d->deadline = now + FL_MS(d->profile->connect_delay_ms);
}

void fl_c1_delay_over(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_enter(d, DATA_OUT, now);
}

static void trace_data(struct fl_class1 *d, enum fl_trace_kind kind, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    fl_trace_text(&d->pen, now, kind, "%s, %llu octets", modulation ? modulation->name : "?",
                  (unsigned long long)d->data_octets);
}

/* OK before our DLE ETX: the modem ran dry and has dropped the carrier (T.31 8.3.3). */
void fl_c1_data_underrun(struct fl_class1 *d, uint8_t kind, fl_time now)
{
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "the modem ended the data early");
    trace_data(d, FL_TRACE_DATA_SENT, now);
    d->out_at = d->out_length = 0;
    fl_c1_finish(d, (enum fl_indication_kind)kind, now);
}

void fl_c1_end_data(struct fl_class1 *d, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    fl_time line_time =
        (fl_time)(d->data_octets * 8000000u / modulation->rate_bps) + FL_MS(modulation->train_ms);
    fl_time left = d->data_started + line_time - now;
    fl_c1_put_end(d);
    fl_c1_enter(d, DATA_END, now);
    d->deadline = now + DATA_END_RESERVE + (left > 0 ? left : 0);
}

void fl_c1_data_sent(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (d->out_at < d->out_length) { /* it has not even seen the end: DLE ETX would go into command state */
        fl_c1_data_underrun(d, FL_IND_FAILED, now);
        return;
    }
    trace_data(d, FL_TRACE_DATA_SENT, now);
    if (!d->profile->silence_after_data || d->hanging_up) {
        fl_c1_finish(d, FL_IND_DONE, now);
        return;
    }
    fl_c1_command(d, "AT+FTS=1", now);
    fl_c1_enter(d, DATA_PAUSE, now);
}

fl_time fl_c1_data_pace(const struct fl_class1 *d, fl_time now)
{
    const struct fl_modulation *modulation = fl_modulation(d->order.modulation);
    if (d->data_octets <= DATA_AHEAD_OCTETS) return 0;
    uint64_t ahead_of = (d->data_octets - DATA_AHEAD_OCTETS) * 8000000u / modulation->rate_bps;
    fl_time at = d->data_started + (fl_time)ahead_of - DATA_AHEAD_TIME;
    return at > now ? at : 0;
}

size_t fl_c1_take_data(struct fl_class1 *d, uint8_t *octets, size_t cap)
{
    size_t used = 0;
    while (used < cap) {
        if (d->chunk_at == d->chunk_length) {
            d->chunk_at = d->chunk_length = 0;
            if (d->source_ended) break;
            size_t got = d->order.source.read(d->order.source.ctx, d->chunk, sizeof d->chunk);
            d->chunk_length = (uint16_t)(got < sizeof d->chunk ? got : sizeof d->chunk);
            d->source_ended = got == 0;
            continue;
        }
        const uint8_t *from = d->chunk + d->chunk_at;
        size_t left = (size_t)(d->chunk_length - d->chunk_at);
        size_t run = left < cap - used ? left : cap - used;
        const uint8_t *dle = memchr(from, DLE, run);
        if (dle) run = (size_t)(dle - from) + 1;
        memcpy(octets + used, from, run);
        used += run;
        d->chunk_at = (uint16_t)(d->chunk_at + run);
        d->data_octets += run;
        if (!dle) continue;
        if (used < cap)
            octets[used++] = DLE;
        else
            fl_c1_put_octet(d, DLE);
    }
    return used;
}

/* ---- in ---- */

void fl_c1_start_recv_data(struct fl_class1 *d, fl_time now)
{
    if (!fl_class1_bit(d->order.modulation)) {
        fl_c1_finish(d, FL_IND_FAILED, now);
        return;
    }
    fl_c1_command_number(d, "AT+FRM=", d->order.modulation, now);
    fl_c1_enter(d, FRM, now);
}

void fl_c1_frm_connected(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->errors = d->mismatches = 0;
    d->data_octets = 0;
    fl_c1_enter(d, DATA_IN, now);
    fl_c1_tell(d, FL_IND_CARRIER, false, NULL, 0);
}

void fl_c1_frm_mismatch(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    if (++d->mismatches < d->profile->rm_persistence) {
        fl_c1_start_recv_data(d, now);
        return;
    }
    d->mismatches = 0;
    fl_c1_finish(d, FL_IND_WRONG_CARRIER, now);
}

void fl_c1_frm_error(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    if (d->profile->rm_error_is_mismatch)
        fl_c1_frm_mismatch(d, argument, now);
    else
        fl_c1_refused(d, argument, now);
}

/* Adaptive reception: from here on the order is a RECV_FRAME. */
void fl_c1_frm_v21(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    d->mismatches = 0;
    d->order.kind = FL_ORDER_RECV_FRAME;
    fl_c1_enter(d, FRH, now);
    d->deadline = now + FL_SEC(10);
    fl_c1_tell(d, FL_IND_V21, false, NULL, 0);
}

void fl_c1_data_etx(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    fl_c1_enter(d, BLOCK_END, now);
}

void fl_c1_data_ended(struct fl_class1 *d, uint8_t verdict, fl_time now)
{
    if (verdict == UNSAID) d->straggler_until = now + FL_C1_STRAGGLER_TIME;
    trace_data(d, FL_TRACE_DATA_RECEIVED, now);
    fl_c1_finish(d, FL_IND_NO_CARRIER, now);
}

void fl_c1_data_stalled(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)argument;
    trace_data(d, FL_TRACE_DATA_RECEIVED, now);
    fl_c1_begin_abort(d, FL_IND_NO_CARRIER, now);
}
