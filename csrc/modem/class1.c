/* The Class 1 driver: its verbs, and what all phases of the dialogue share: telling, moving on, octets for the modem.
 *
 * The phases are a table (class1_phases.c), each with what the modem may say in it and what that means; what is done then
 * is in the file of its subject (class1_chat.c, class1_call.c, class1_frames.c, class1_data.c, class1_silence.c,
 * class1_end.c), and class1_input.c makes results of octets. It knows no modem by name (profiles.c). It knows no T.30
 * either: it never decides what to send next, only how to get one order through the modem, and how to get the modem
 * back when it does not answer as it should. Clauses are T.31's.
 */
#include "modem/class1_phases.h"

#include <stdio.h>
#include <string.h>

/* ---- indications ---- */

void fl_c1_tell(struct fl_class1 *d, enum fl_indication_kind kind, bool good, const uint8_t *data,
                size_t length)
{
    if (d->queued == FL_CLASS1_QUEUE)
        return; /* input stops at the first: only an owner who never collects gets here */
    struct fl_indication *slot = &d->queue[(d->queue_at + d->queued++) % FL_CLASS1_QUEUE];
    *slot =
        (struct fl_indication){.kind = (uint8_t)kind, .good = good, .length = (uint16_t)length, .data = data};
}

bool fl_class1_indication(struct fl_class1 *d, struct fl_indication *indication)
{
    if (!d->queued) return false;
    *indication = d->queue[d->queue_at];
    d->queue_at = (uint8_t)((d->queue_at + 1) % FL_CLASS1_QUEUE);
    d->queued--;
    return true;
}

/* ---- moving between phases ---- */

void fl_c1_enter(struct fl_class1 *d, enum fl_c1_phase_id phase, fl_time now)
{
    d->phase = (uint8_t)phase;
    fl_time from = d->hold_until > now ? d->hold_until : now;
    d->deadline = FL_C1_PHASES[phase].limit_ms ? from + FL_MS(FL_C1_PHASES[phase].limit_ms) : FL_NEVER;
    if (FL_C1_PHASES[phase].mode == OCTETS) {
        d->skip_lf = true;
        d->dle = false;
    }
}

/* Ends data or a frame, ends a reception, hangs up. */
static const char LAST_WORDS[] = "\x10\x03\x18\rATH0\r";

void fl_c1_fault(struct fl_class1 *d, fl_time now)
{
    fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "the modem does not answer");
    d->busy = d->stopping = d->hanging_up = d->pending = d->held = false;
    d->out_at = d->out_length = 0;
    d->hold_until = 0;
    /* It may only have lost its voice: it must not keep the line. */
    if (d->off_hook) fl_c1_put(d, LAST_WORDS, sizeof LAST_WORDS - 1);
    fl_c1_enter(d, DEAD, now);
    fl_c1_tell(d, FL_IND_FAULT, false, NULL, 0);
}

void fl_c1_finish(struct fl_class1 *d, enum fl_indication_kind kind, fl_time now)
{
    bool down = kind == FL_IND_LINE_DOWN;
    fl_c1_enter(d, IDLE, now);
    if (d->hanging_up) {
        fl_c1_hang_up(d, now);
        return;
    }
    if (down) d->off_hook = false;
    if (d->pending && !down) {
        d->pending = false;
        fl_c1_start(d, now);
        return;
    }
    bool told = d->busy || down;
    if (d->stopping && !down) kind = FL_IND_DONE;
    d->busy = d->stopping = d->pending = false;
    if (told) fl_c1_tell(d, kind, false, NULL, 0);
}

void fl_c1_end_with(struct fl_class1 *d, uint8_t kind, fl_time now)
{
    fl_c1_finish(d, (enum fl_indication_kind)kind, now);
}

void fl_c1_ignore(struct fl_class1 *d, uint8_t argument, fl_time now)
{
    (void)d, (void)argument, (void)now;
}

/* ---- octets for the modem ---- */

void fl_c1_put(struct fl_class1 *d, const void *octets, size_t length)
{
    if (d->out_at == d->out_length) d->out_at = d->out_length = 0;
    /* Full only when the pipe has taken nothing for several commands: those are void by now. */
    if (d->out_length + length > sizeof d->out) d->out_at = d->out_length = 0;
    memcpy(d->out + d->out_length, octets, length);
    d->out_length = (uint16_t)(d->out_length + length);
}

void fl_c1_put_octet(struct fl_class1 *d, uint8_t octet)
{
    fl_c1_put(d, &octet, 1);
}

void fl_c1_put_end(struct fl_class1 *d)
{
    static const uint8_t END[] = {DLE, ETX};
    fl_c1_put(d, END, sizeof END);
}

void fl_c1_command(struct fl_class1 *d, const char *text, fl_time now)
{
    fl_time gap_end = d->last_result + FL_MS(d->profile->command_gap_ms);
    if (gap_end > now && gap_end > d->hold_until) d->hold_until = gap_end;
    snprintf(d->command, sizeof d->command, "%s", text);
    fl_trace_text(&d->pen, now, FL_TRACE_AT_SENT, "%s", d->command);
    fl_c1_put(d, d->command, strlen(d->command));
    fl_c1_put_octet(d, '\r');
}

void fl_c1_command_number(struct fl_class1 *d, const char *text, unsigned number, fl_time now)
{
    char line[FL_CLASS1_COMMAND];
    snprintf(line, sizeof line, "%s%u", text, number);
    fl_c1_command(d, line, now);
}

/* ---- the verbs ---- */

static size_t take_out(struct fl_class1 *d, uint8_t *octets, size_t cap)
{
    size_t length = (size_t)(d->out_length - d->out_at);
    if (length > cap) length = cap;
    memcpy(octets, d->out + d->out_at, length);
    d->out_at = (uint16_t)(d->out_at + length);
    return length;
}

size_t fl_class1_output(struct fl_class1 *d, uint8_t *octets, size_t cap, fl_time now)
{
    if (now < d->hold_until) return 0;
    d->hold_until = 0;
    size_t used = take_out(d, octets, cap);
    if (d->phase != DATA_OUT || used == cap) return used;
    if (d->paced_until <= now) {
        used += fl_c1_take_data(d, octets + used, cap - used);
        d->paced_until = fl_c1_data_pace(d, now);
    }
    if (d->source_ended && d->chunk_at == d->chunk_length) {
        fl_c1_end_data(d, now);
        used += take_out(d, octets + used, cap - used);
    } else if (used) {
        d->deadline = now + FL_MS(FL_C1_PHASES[DATA_OUT].limit_ms);
    }
    return used;
}

bool fl_class1_has_output(const struct fl_class1 *d, fl_time now)
{
    bool data = d->phase == DATA_OUT && now >= d->paced_until;
    return now >= d->hold_until && (d->out_at < d->out_length || data);
}

/* What still goes on before the hang-up may not take for ever. A dialogue after a reset ends by itself. */
static bool hang_up_bound(const struct fl_class1 *d)
{
    return d->hanging_up && d->phase != HANGING_UP && !d->hang_up_reset;
}

void fl_class1_tick(struct fl_class1 *d, fl_time now)
{
    if (now >= d->hold_until) d->hold_until = 0;
    if (now >= d->paced_until) d->paced_until = 0;
    if (hang_up_bound(d) && now >= d->hang_up_by) {
        fl_c1_force_hang_up(d, now);
        return;
    }
    if (now < d->deadline) return;
    d->deadline = FL_NEVER;
    fl_c1_dispatch(d, FL_RESULT_TIMEOUT, now);
}

fl_time fl_class1_deadline(const struct fl_class1 *d)
{
    fl_time deadline = d->deadline;
    if (hang_up_bound(d)) deadline = fl_earlier(deadline, d->hang_up_by);
    if (d->hold_until && d->out_at < d->out_length) deadline = fl_earlier(deadline, d->hold_until);
    if (d->paced_until && d->phase == DATA_OUT) deadline = fl_earlier(deadline, d->paced_until);
    return deadline;
}

void fl_class1_init(struct fl_class1 *d, const struct fl_class1_profile *profile, struct fl_pen pen)
{
    memset(d, 0, sizeof *d);
    d->profile = profile ? profile : fl_class1_profile(NULL);
    d->find_profile = profile == NULL;
    d->pen = pen;
    d->deadline = FL_NEVER;
    d->last_result = -FL_SEC(3600);
    d->straggler_until = -FL_SEC(3600);
}

void fl_class1_configure(struct fl_class1 *d, const struct fl_class1_config *config)
{
    d->config = *config;
}

static void (*const STARTS[])(struct fl_class1 *d, fl_time now) = {
    [FL_ORDER_INIT] = fl_c1_start_init,
    [FL_ORDER_DIAL] = fl_c1_start_dial,
    [FL_ORDER_ANSWER] = fl_c1_start_answer,
    [FL_ORDER_SEND_FRAME] = fl_c1_start_send_frame,
    [FL_ORDER_RECV_FRAME] = fl_c1_start_recv_frame,
    [FL_ORDER_SEND_DATA] = fl_c1_start_send_data,
    [FL_ORDER_RECV_DATA] = fl_c1_start_recv_data,
    [FL_ORDER_SEND_SILENCE] = fl_c1_start_silence,
    [FL_ORDER_WAIT_SILENCE] = fl_c1_start_silence,
};

void fl_c1_start(struct fl_class1 *d, fl_time now)
{
    if (d->order.kind != FL_ORDER_RECV_FRAME) d->held = false;
    if (d->order.kind < FL_COUNT(STARTS) && STARTS[d->order.kind])
        STARTS[d->order.kind](d, now);
    else
        fl_c1_finish(d, FL_IND_FAILED, now);
}

/* An order that cannot begin at once: the first frame after dialling is being received, or our carrier is on. */
static void start_after(struct fl_class1 *d, fl_time now)
{
    bool receiving = d->phase == FRAME_IN || d->phase == FRAME_END;
    if (receiving && d->order.kind == FL_ORDER_RECV_FRAME) {
        if (d->carrier_told) fl_c1_tell_carrier(d);
        return;
    }
    d->pending = true;
    fl_c1_begin_early_end(d, FL_IND_DONE, now);
}

void fl_class1_order(struct fl_class1 *d, const struct fl_order *order, fl_time now)
{
    if (d->phase == DEAD) {
        fl_c1_tell(d, FL_IND_FAULT, false, NULL, 0);
    } else if (order->kind == FL_ORDER_ABORT || order->kind == FL_ORDER_HANG_UP) {
        fl_c1_stop(d, order->kind == FL_ORDER_HANG_UP, now);
    } else if (d->busy) {
        fl_trace_text(&d->pen, now, FL_TRACE_NOTE, "order %u while %u is under way", order->kind,
                      d->order.kind);
    } else {
        d->order = *order;
        d->order_started = now;
        d->busy = true;
        d->mismatches = 0;
        if (d->phase == IDLE || (d->phase == CARRIER && order->kind == FL_ORDER_SEND_FRAME))
            fl_c1_start(d, now);
        else
            start_after(d, now);
    }
}

bool fl_class1_busy(const struct fl_class1 *d)
{
    return d->busy;
}

void fl_class1_unplugged(struct fl_class1 *d, fl_time now)
{
    if (d->phase == DEAD) return;
    fl_c1_fault(d, now);
    d->out_at = d->out_length = 0;
}

uint32_t fl_class1_bit(int code)
{
    const struct fl_modulation *row = fl_modulation(code);
    return row ? 1u << (row - fl_modulation(3)) : 0;
}

void fl_class1_codes(uint32_t bits, int32_t *codes)
{
    for (int code = 0; code < 256; code++)
        if (bits & fl_class1_bit(code)) *codes++ = code;
    *codes = 0;
}

uint32_t fl_class1_modulations(const struct fl_class1 *d, bool receive)
{
    return receive ? d->receive_bits : d->send_bits;
}

const char *fl_class1_identity(const struct fl_class1 *d)
{
    return d->identity;
}

const char *fl_class1_classes(const struct fl_class1 *d)
{
    return d->classes;
}

bool fl_class1_take_reset(struct fl_class1 *d)
{
    bool due = d->reset_due;
    d->reset_due = false;
    return due;
}
