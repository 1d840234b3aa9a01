/* What the called station does in each state of phases B to E: identify, judge the training, receive pages, answer. */
#include "t30/states.h"

#include <string.h>

#define GAP_MS 70
/* Waiting for the training's carrier, from DCS; then for its end. */
#define TCF_WAIT  FL_MS(4500)
#define TCF_LIMIT FL_SEC(10)
/* No page takes longer than this, whatever its sender does. */
#define PAGE_LIMIT FL_SEC(3600)
#define TRAININGS_MAX 20
/* The same command this soon behind our answer is that command again: the far end missed the answer and its T4 ran
 * out (at most 5.2 s, of which the answer took more than one). Later it belongs to a page that we never heard. */
#define REPEAT_WINDOW FL_MS(6000)

/* ---- phase B ---- */

void fl_t30_enter_B_SEND_DIS(struct fl_t30 *e)
{
    uint8_t fif[FL_DIS_MAX];
    fl_t30_burst_clear(e);
    if (e->config.id[0]) fl_frame_make_id(fl_t30_burst_add(e), FL_CSI, e->config.id);
    size_t length = fl_dis_write(&e->config.abilities, fif);
    fl_frame_make(fl_t30_burst_add(e), true, FL_DIS, fif, length);
    if (e->heard)
        fl_t30_quiet(e, GAP_MS);
    else
        fl_t30_burst_send(e); /* nobody has spoken: after CED, and for a repetition, the line is ours */
}

void fl_t30_on_B_SEND_DIS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_TIMER && h->timer == FL_T1)
        fl_t30_give_up(e, e->heard ? FL_RAW_B_NO_DCS : FL_RAW_B_SILENT, true);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
}

/* True while T1 runs: phase B, DIS is repeated. Otherwise a retrain is due (after FTT, RTP, RTN) and T2 rules. */
static bool identifying(const struct fl_t30 *e)
{
    return e->timer[FL_T1] != FL_NEVER;
}

void fl_t30_enter_B_AWAIT_DCS(struct fl_t30 *e)
{
    if (identifying(e)) /* midway between T4 and T2, at random: two ends that missed each other must not keep time */
        fl_t30_timer_start(e, FL_T4, FL_MS(4500) + (fl_time)(fl_random(&e->random) % 550000));
    else
        fl_t30_timer_start(e, FL_T4, FL_MS(FL_T30_TIMERS[FL_T2].nominal_ms));
    fl_t30_listen(e);
}

static void take_dcs(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    const char *wrong = fl_dcs_read(h->octets + 3, h->length - 3, &e->config.abilities, &e->session);
    if (wrong) {
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "%s", wrong);
        fl_t30_give_up(e, FL_RAW_B_BAD_DCS, true);
        return;
    }
    if (++e->trainings > TRAININGS_MAX) {
        fl_t30_give_up(e, FL_RAW_B_TRAINING, true);
        return;
    }
    fl_t30_timer_stop(e, FL_T1);
    e->trained = false;
    fl_t30_go(e, FL_STATE_B_RECEIVE_TCF);
}

void fl_t30_on_B_AWAIT_DCS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        if (h->timer == FL_T1 || !identifying(e))
            fl_t30_give_up(e, e->heard ? FL_RAW_B_NO_DCS : FL_RAW_B_SILENT, true);
        else
            fl_t30_go(e, FL_STATE_B_SEND_DIS);
        return;
    }
    if (h->fcf == FL_TSI) fl_frame_read_id(h->octets, h->length, e->remote_id);
    if (h->fcf == FL_DCN)
        fl_t30_give_up(e, FL_RAW_B_DCN, false);
    else if (h->fcf == FL_DCS)
        take_dcs(e, h);
    else if (h->final)
        fl_t30_listen(e);
}

/* ---- training ---- */

void fl_t30_enter_B_RECEIVE_TCF(struct fl_t30 *e)
{
    e->tcf_octets = e->tcf_nonzero = e->tcf_run = e->tcf_best = 0;
    fl_t30_timer_start(e, FL_T4, TCF_WAIT);
    fl_t30_receive(e);
}

static void count_tcf(struct fl_t30 *e, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        e->tcf_octets++;
        if (octets[i]) {
            e->tcf_nonzero++;
            e->tcf_run = 0;
        } else if (++e->tcf_run > e->tcf_best) {
            e->tcf_best = e->tcf_run;
        }
    }
}

/* A run of zeros of 1 s, and at most a tenth of the octets wrong (5.3.6.1.3 leaves the judgement to the receiver). */
static bool trained_well(const struct fl_t30 *e)
{
    if (e->config.training_verdict == FL_ALWAYS_BAD) return false;
    return e->tcf_best >= e->session.rate_bps / 8u && e->tcf_nonzero * 10 <= e->tcf_octets;
}

void fl_t30_on_B_RECEIVE_TCF(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    switch (h->kind) {
    case FL_H_CARRIER: fl_t30_timer_start(e, FL_T4, TCF_LIMIT); break;
    case FL_H_DATA: count_tcf(e, h->octets, h->length); break;
    case FL_H_WRONG_CARRIER: fl_t30_go(e, FL_STATE_B_AWAIT_DCS); break; /* V.21: the DCS comes again */
    case FL_H_FRAME: /* it came under +FAR=1 and is here already */
    case FL_H_BAD_FRAME: fl_t30_go(e, FL_STATE_B_AWAIT_DCS); break;
    case FL_H_FAILED: /* once it tells nothing; again, and the driver knows that the call is gone */
    case FL_H_NO_CARRIER:
        if (e->tcf_octets == 0) {
            fl_t30_receive(e);
            break;
        }
        fl_t30_go(e, FL_STATE_B_SEND_CFR);
        break;
    case FL_H_TIMER: fl_t30_go(e, FL_STATE_B_SEND_CFR); break; /* silence is a failed training, too */
    default: break;
    }
}

void fl_t30_enter_B_SEND_CFR(struct fl_t30 *e)
{
    bool good = trained_well(e);
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "TCF: %u octets, %u wrong, %u zeros in a row: %s",
                  e->tcf_octets, e->tcf_nonzero, e->tcf_best, good ? "good" : "bad");
    e->trained = good;
    fl_t30_burst_one(e, good ? FL_CFR : FL_FTT);
    fl_t30_quiet(e, GAP_MS);
}

void fl_t30_on_B_SEND_CFR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    if (!e->trained) {
        fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
        return;
    }
    e->negotiated = true;
    e->response = 0;
    fl_t30_emit(e, FL_T30_NEGOTIATED);
    fl_t30_go(e, FL_STATE_C_RECEIVE_PAGE);
}

/* ---- phase C ---- */

void fl_t30_enter_C_RECEIVE_PAGE(struct fl_t30 *e)
{
    e->page_seen = false;
    fl_t30_receive(e);
}

static void begin_page(struct fl_t30 *e)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    if (!e->page_seen) inbox->begin(inbox->ctx, &e->session, e->remote_id);
    e->page_seen = true;
}

void fl_t30_on_C_RECEIVE_PAGE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    switch (h->kind) {
    case FL_H_CARRIER:
        fl_t30_timer_stop(e, FL_T2);
        fl_t30_timer_start(e, FL_X2, PAGE_LIMIT);
        break;
    case FL_H_DATA:
        begin_page(e);
        inbox->data(inbox->ctx, h->octets, h->length);
        break;
    case FL_H_FAILED:
    case FL_H_NO_CARRIER:
        if (e->page_seen)
            fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND);
        else
            fl_t30_receive(e); /* T2, or X2 behind a carrier, still runs */
        break;
    case FL_H_WRONG_CARRIER: /* V.21: a command where a page was due */
    case FL_H_FRAME:
    case FL_H_BAD_FRAME: fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND); break;
    case FL_H_TIMER: fl_t30_give_up(e, FL_RAW_C_NO_PAGE, true); break;
    default: break;
    }
}

/* ---- phase D ---- */

void fl_t30_enter_D_AWAIT_COMMAND(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

/* 4.9 % of bad lines must be accepted and 15.1 % rejected (TSB-85); between the two the page is good enough, but the
 * next one deserves a new training. A page of which nothing can be read is rejected. */
static uint8_t judge_page(struct fl_t30 *e)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    struct fl_copy_quality quality = inbox->end(inbox->ctx);
    uint8_t verdict = FL_MCF;
    if (quality.rows == 0 || quality.bad_rows * 100ull > quality.rows * 15ull)
        verdict = FL_RTN;
    else if (quality.bad_rows * 100ull > quality.rows * 5ull)
        verdict = FL_RTP;
    if (e->config.page_verdict == FL_ALWAYS_BAD) verdict = FL_RTN;
    if (e->config.page_verdict == FL_NEVER_READY) verdict = FL_RNR;
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "page: %u rows, %u bad", quality.rows, quality.bad_rows);
    if (verdict == FL_MCF || verdict == FL_RTP) {
        inbox->keep(inbox->ctx);
        e->pages++;
        fl_t30_emit(e, FL_T30_PAGE);
    }
    return verdict;
}

static void answer_command(struct fl_t30 *e, uint8_t command)
{
    if (e->page_seen)
        e->response = judge_page(e);
    else if (e->response == 0 || command != e->command || e->now - e->answered > REPEAT_WINDOW)
        e->response = FL_RTN; /* a command without a page, and not one that we answered before: the page is lost */
    e->page_seen = false;
    e->command = command;
    fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
}

/* A PRI-x asks for an operator: there is none, so it counts as the command without PRI. */
static uint8_t without_pri(uint8_t fcf)
{
    switch (fcf) {
    case FL_PRI_MPS: return FL_MPS;
    case FL_PRI_EOM: return FL_EOM;
    case FL_PRI_EOP: return FL_EOP;
    default: return fcf;
    }
}

static void take_command(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    switch (without_pri(h->fcf)) {
    case FL_MPS:
    case FL_EOM:
    case FL_EOP: answer_command(e, without_pri(h->fcf)); break;
    case FL_RR:
        if (e->response)
            fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
        else
            fl_t30_listen(e);
        break;
    case FL_DCS: take_dcs(e, h); break; /* it has not heard our CFR */
    case FL_DCN: fl_t30_give_up(e, FL_RAW_D_DCN, false); break;
    default:
        if (h->final) fl_t30_listen(e);
        break;
    }
}

void fl_t30_on_D_AWAIT_COMMAND(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER)
        fl_t30_give_up(e, FL_RAW_D_NO_COMMAND, true);
    else
        take_command(e, h);
}

void fl_t30_enter_D_SEND_RESPONSE(struct fl_t30 *e)
{
    fl_t30_burst_one(e, e->response);
    fl_t30_quiet(e, GAP_MS);
}

void fl_t30_on_D_SEND_RESPONSE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    e->trainings = 0;
    e->answered = e->now;
    if (e->response == FL_RNR)
        fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND);
    else if (e->response == FL_RTN || (e->response == FL_RTP && e->command == FL_MPS))
        fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
    else if (e->command == FL_MPS)
        fl_t30_go(e, FL_STATE_C_RECEIVE_PAGE);
    else
        fl_t30_go(e, e->command == FL_EOM ? FL_STATE_B_PAUSE : FL_STATE_E_AWAIT_DCN);
}

/* Between two documents of a call (EOM): T2, then phase B from its beginning. */
void fl_t30_enter_B_PAUSE(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

void fl_t30_on_B_PAUSE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        fl_t30_timer_nominal(e, FL_T1);
        fl_t30_go(e, FL_STATE_B_SEND_DIS);
    } else {
        take_command(e, h);
    }
}

/* ---- phase E ---- */

void fl_t30_enter_E_AWAIT_DCN(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

void fl_t30_on_E_AWAIT_DCN(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER || h->fcf == FL_DCN) /* a missing DCN is no fault: every page is confirmed */
        fl_t30_give_up(e, FL_RAW_NONE, false);
    else if (without_pri(h->fcf) == FL_EOP)
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE); /* our answer was missed */
    else if (h->final)
        fl_t30_listen(e);
}
