/* What the caller does in each state of phases B to D: identify, train, send pages, be told how they arrived. */
#include "t30/states.h"

#include <string.h>

/* Added to X6 with each block that is confirmed: what a page of many blocks needs for its PPS and MCF. */
#define BLOCK_TIME FL_SEC(30)
/* A.4.1: after the fourth PPR for a block. */
#define PPRS_MAX 4
/* A page is sent again at most twice (RTN, PIN). */
#define RESENDS_MAX 2
/* From the end of a command to that of an answer to it, at the least: 5.3.1's 850 ms of flags, less 50 ms for a modem
 * that tells of the end of its own signal late. */
#define ANSWER_SOONEST FL_MS(800)

/* ---- phase B: identification ---- */

void fl_t30_enter_B_AWAIT_DIS(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

/* First we send what we have, then we poll. */
static void answer_dis(struct fl_t30 *e)
{
    fl_t30_timer_stop(e, FL_T1);
    if (e->far.t38_only) {
        fl_t30_give_up(e, FL_RAW_B_T38_ONLY, true);
    } else if (!e->dialled) {
        fl_t30_answer_poll(e);
    } else if (!fl_t30_has_document(e) && !e->far.can_send) {
        fl_t30_give_up(e, fl_t30_all_kept(e) ? FL_RAW_NONE : FL_RAW_B_NOTHING_TO_POLL, true);
    } else if (!fl_t30_has_document(e)) {
        e->sends = false;
        fl_t30_go(e, FL_STATE_B_SEND_DTC);
    } else if (!e->far.can_receive) {
        fl_t30_give_up(e, FL_RAW_B_CANNOT_RECEIVE, true);
    } else if (!fl_t30_evaluate(e)) {
        fl_t30_give_up(e, FL_RAW_B_INCOMPATIBLE, true);
    } else {
        fl_t30_go(e, FL_STATE_B_SEND_DCS);
    }
}

void fl_t30_on_B_AWAIT_DIS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        fl_t30_give_up(e, e->heard ? FL_RAW_B_NO_DIS : FL_RAW_B_SILENT, e->heard);
        return;
    }
    if (h->fcf == FL_DCN) {
        fl_t30_give_up(e, FL_RAW_B_DCN, false);
        return;
    }
    fl_t30_take_identification(e, h);
    if (!h->final) return;
    if (e->far_known)
        answer_dis(e);
    else
        fl_t30_listen(e);
}

/* ---- phase B: DCS and training ---- */

void fl_t30_enter_B_SEND_DCS(struct fl_t30 *e)
{
    uint8_t fif[FL_DIS_MAX];
    if (!fl_t30_choose(e, e->page, &e->session)) {
        fl_t30_give_up(e, FL_RAW_B_INCOMPATIBLE, true);
        return;
    }
    e->trained = e->page_open = e->repeated_before = false;
    fl_t30_burst_clear(e);
    if (e->config.id[0]) fl_frame_make_id(fl_t30_burst_add(e), (uint8_t)(FL_TSI | e->bit_x), e->config.id);
    if (e->session.sub)
        fl_frame_make_id(fl_t30_burst_add(e), (uint8_t)(FL_SUB | e->bit_x), e->config.sub_address);
    if (e->session.password)
        fl_frame_make_id(fl_t30_burst_add(e), (uint8_t)(FL_SID | e->bit_x), e->config.password);
    size_t length = fl_dcs_write(&e->session, fif);
    fl_frame_make(fl_t30_burst_add(e), true, (uint8_t)(FL_DCS | e->bit_x), fif, length);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_B_SEND_DCS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    if (e->step++ == 0)
        fl_t30_pause(e, FL_T30_GAP_MS);
    else
        fl_t30_go(e, FL_STATE_B_SEND_TCF);
}

/* TCF: 1.5 s of zeros. */
static size_t read_tcf(void *ctx, uint8_t *buf, size_t cap)
{
    struct fl_t30 *e = ctx;
    size_t count = fl_min_u32((uint32_t)cap, e->tcf_left);
    memset(buf, 0, count);
    e->tcf_left -= (uint32_t)count;
    return count;
}

void fl_t30_enter_B_SEND_TCF(struct fl_t30 *e)
{
    e->tcf_left = e->session.rate_bps * 3u / 16; /* 1.5 s in octets */
    fl_t30_send_data(e, e->rate, (struct fl_source){read_tcf, e});
}

void fl_t30_on_B_SEND_TCF(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_DONE) fl_t30_go(e, FL_STATE_B_AWAIT_CFR);
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, true);
}

void fl_t30_enter_B_AWAIT_CFR(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

/* The command at work once more: it was not answered, or with what is no answer to it. The third time was the last,
 * whatever came in between. */
static void once_more(struct fl_t30 *e, enum fl_t30_state state, int raw)
{
    if (++e->tries >= FL_T30_TRIES)
        fl_t30_give_up(e, raw, true);
    else
        fl_t30_go(e, state);
}

/* T4 is over. An answer that begins just then is still one (quiet.c). */
static void no_answer(struct fl_t30 *e, enum fl_t30_state state, int raw)
{
    e->unanswered = e->state;
    once_more(e, state, raw);
}

/* Trains again, at the next lower rate if there is one below; gives up when there is none. */
static void fall_back(struct fl_t30 *e)
{
    const struct fl_modulation *lower = fl_rate_lower(&e->limits, e->rate);
    if (!lower) {
        fl_t30_give_up(e, FL_RAW_B_TRAINING, true);
        return;
    }
    e->rate = lower;
    fl_t30_go(e, FL_STATE_B_SEND_DCS);
}

/* The far end waits for a page by its T2; where ours is still being made that is how long it may take. */
static void page_is_due(struct fl_t30 *e)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    fl_t30_go(e, outbox->ready(outbox->ctx, e->page) ? FL_STATE_C_SEND_PAGE : FL_STATE_C_AWAIT_PAGE);
}

static void training_accepted(struct fl_t30 *e)
{
    e->trained = true;
    e->retrain = false;
    e->tries = 0;
    e->negotiated = true;
    fl_t30_progress(e);
    fl_t30_emit(e, FL_T30_NEGOTIATED);
    page_is_due(e);
}

void fl_t30_on_B_AWAIT_CFR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        no_answer(e, FL_STATE_B_SEND_DCS, FL_RAW_B_NO_RESPONSE);
        return;
    }
    if (h->fcf == FL_DCN) {
        fl_t30_give_up(e, FL_RAW_B_DCN, false);
        return;
    }
    bool dis = fl_t30_take_identification(e, h);
    if (!h->final) return;
    switch (h->fcf) {
    case FL_CFR: training_accepted(e); break;
    case FL_FTT:
        e->tries = 0;
        fall_back(e);
        break;
    case FL_CRP: once_more(e, FL_STATE_B_SEND_DCS, FL_RAW_B_CRP); break;
    case FL_FNV: /* without what it refuses the document would go to somebody else, or to anybody */
        fl_t30_give_up(e, FL_RAW_B_FIELDS, true);
        break;
    case FL_DIS:
    case FL_DTC:
        /* It has not heard our DCS; what the DIS says may have changed. */
        if (++e->tries >= FL_T30_TRIES)
            fl_t30_give_up(e, FL_RAW_B_DIS_REPEATED, true);
        else if (dis)
            answer_dis(e);
        else
            fl_t30_listen(e); /* too short to be one */
        break;
    default: fl_t30_listen(e); break;
    }
}

/* ---- phase C ---- */

void fl_t30_enter_C_AWAIT_PAGE(struct fl_t30 *e)
{
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "page %d is not ready", e->page + 1);
}

void fl_t30_on_C_AWAIT_PAGE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_MORE) page_is_due(e);
    if (h->kind == FL_H_TIMER) fl_t30_give_up(e, FL_RAW_DOCUMENT_LATE, true);
}

void fl_t30_enter_C_SEND_PAGE(struct fl_t30 *e)
{
    if (e->timer[FL_X6] == FL_NEVER) fl_t30_timer_wait(e, FL_X6);
    fl_t30_timer_wait(e, FL_X2); /* until we speak: the page may take its time */
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

/* A long document at a low rate may take its time. What costs more than sending it once is bounded by X6: it stands still
 * while something goes out that did not before. */
static void page_time_stands(struct fl_t30 *e, bool fresh)
{
    fl_t30_timer_stop(e, FL_X2);
    if (!fresh) return;
    fl_time left = e->timer[FL_X6] - e->now + BLOCK_TIME, whole = FL_MS(FL_T30_TIMERS[FL_X6].wait_ms);
    e->page_time = fl_earlier(left, whole);
    fl_t30_timer_stop(e, FL_X6);
}

static void page_time_goes_on(struct fl_t30 *e)
{
    if (e->timer[FL_X6] == FL_NEVER) fl_t30_timer_start(e, FL_X6, e->page_time);
}

/* The block that is due: the one at work (frames of it are wanted again), or the next one of the page. */
static struct fl_source block_source(struct fl_t30 *e)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    if (!e->page_open) {
        fl_ecm_page(&e->ecm, outbox->open(outbox->ctx, e->page, &e->session), (unsigned)e->page,
                    e->session.ecm_64);
        e->page_open = true;
        e->block_open = false;
    }
    if (!e->block_open) {
        fl_ecm_fill(&e->ecm);
        e->block_open = true;
        e->pprs = 0;
        e->missing = e->missing_before = e->ecm.frames;
    }
    return fl_ecm_burst(&e->ecm, e->session.rate_bps);
}

void fl_t30_on_C_SEND_PAGE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, true);
    if (h->kind != FL_H_DONE) return;
    if (e->step++ > 0) {
        page_time_goes_on(e);
        e->tries = 0;
        e->command = 0;
        e->in_doubt = !e->session.ecm || e->ecm.last;
        fl_t30_go(e, FL_STATE_D_SEND_COMMAND);
        return;
    }
    bool short_train = e->trained && e->session.kind == FL_V17;
    page_time_stands(e, !e->session.ecm || !e->page_open || !e->block_open);
    struct fl_source source =
        e->session.ecm ? block_source(e) : outbox->open(outbox->ctx, e->page, &e->session);
    fl_t30_send_data(e, fl_modulation_of(e->session.kind, e->session.rate_bps, short_train), source);
    e->trained = true; /* after CTC the training was long; from here on short ones will do */
}

/* ---- phase D ---- */

/* MPS where the next page goes out as this one did, EOM where its format differs, another document begins or we poll
 * then, EOP behind the last. */
static uint8_t choose_command(const struct fl_t30 *e)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    struct fl_session next;
    struct fl_page_shape shape;
    if (e->page + 1 >= outbox->count(outbox->ctx))
        return e->dialled && e->config.both && e->far.can_send ? FL_EOM : FL_EOP;
    outbox->shape(outbox->ctx, e->page + 1, &shape);
    if (shape.separate) return FL_EOM;
    fl_t30_choose(e, e->page + 1, &next);
    bool same = next.resolution == e->session.resolution && next.width == e->session.width &&
                next.coding == e->session.coding;
    return same ? FL_MPS : FL_EOM;
}

/* PPS: behind its name the command for the page (NULL within it), page, block, frames of the block - 1. */
static void make_pps(struct fl_t30 *e)
{
    uint8_t fif[4] = {
        e->ecm.last ? (uint8_t)(e->command | e->bit_x) : 0,
        e->ecm.page,
        e->ecm.block,
        (uint8_t)(e->ecm.frames - 1),
    };
    fl_t30_burst_clear(e);
    fl_frame_make(fl_t30_burst_add(e), true, (uint8_t)(FL_PPS | e->bit_x), fif, sizeof fif);
}

void fl_t30_enter_D_SEND_COMMAND(struct fl_t30 *e)
{
    bool first = e->command == 0;
    if (first) e->command = choose_command(e);
    if (e->session.ecm)
        make_pps(e);
    else
        fl_t30_burst_one(e, e->command);
    if (first)
        fl_t30_pause(e, FL_T30_GAP_MS); /* behind our own page */
    else
        fl_t30_quiet(e, FL_T30_GAP_MS); /* behind whatever the far end may have said */
}

void fl_t30_on_D_SEND_COMMAND(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    e->commanded = e->now;
    fl_t30_go(e, FL_STATE_D_AWAIT_RESPONSE);
}

void fl_t30_enter_D_AWAIT_RESPONSE(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

/* What did not arrive well at this rate is likelier to at the next lower one; another modulation at the same rate bears no
 * less noise. */
static void go_lower(struct fl_t30 *e)
{
    const struct fl_modulation *lower = fl_rate_lower(&e->limits, e->rate);
    while (lower && lower->rate_bps == e->rate->rate_bps) lower = fl_rate_lower(&e->limits, lower);
    if (lower) e->rate = lower;
}

/* Behind EOM, whatever became of the page: phase B again, with a new DIS. */
static void back_to_phase_b(struct fl_t30 *e)
{
    e->far_known = e->negotiated = false;
    if (!e->dialled) fl_t30_timer_nominal(e, FL_T1);
    fl_t30_go(e, e->dialled ? FL_STATE_B_AWAIT_DIS : FL_STATE_B_SEND_DIS);
}

static void page_confirmed(struct fl_t30 *e, bool retrain)
{
    fl_t30_timer_stop(e, FL_T5);
    fl_t30_timer_stop(e, FL_X6);
    e->page++;
    e->page_tries = e->tries = 0;
    e->page_open = e->block_open = e->in_doubt = false;
    fl_t30_emit(e, FL_T30_PAGE);
    /* RTP: it was good enough, and not good. Behind EOM phase B trains anyway, and keeps the rate (TSB-85 MTGN23). */
    if (retrain && e->command != FL_EOM) go_lower(e);
    if (e->command == FL_EOP) {
        bool in_vain = e->dialled && e->config.both;
        fl_t30_give_up(e, in_vain ? FL_RAW_B_NOTHING_TO_POLL : FL_RAW_NONE, true);
    } else if (e->command == FL_EOM) {
        back_to_phase_b(e);
    } else if (retrain) {
        fl_t30_go(e, FL_STATE_B_SEND_DCS);
    } else {
        page_is_due(e);
    }
}

/* Where a command was repeated its answer may come twice, the second one behind the next command (two satellites, a
 * modem that is late): MCF has no number. Such a one began before that command was over, as 5.3.1 shows: from the end
 * of a command to that of its answer take 55 ms of silence, 850 ms of flags and the frame. */
static bool stale(const struct fl_t30 *e)
{
    return e->repeated_before && e->tries == 0 && e->now - e->commanded < ANSWER_SOONEST;
}

static void confirmed(struct fl_t30 *e, bool retrain)
{
    if (stale(e)) {
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE,
                      "this answer began before the command was over: it is one to the command before");
        fl_t30_listen(e);
        return;
    }
    fl_t30_progress(e);
    e->repeated_before = e->tries > 0;
    if (e->session.ecm && !e->ecm.last) {
        fl_t30_timer_stop(e, FL_T5);
        e->block_open = false;
        fl_t30_go(e, FL_STATE_C_SEND_PAGE);
    } else {
        page_confirmed(e, retrain);
    }
}

static void page_rejected(struct fl_t30 *e, bool identified)
{
    bool eom = e->command == FL_EOM && (!e->session.ecm || e->ecm.last);
    fl_t30_timer_stop(e, FL_T5);
    e->page_open = e->in_doubt = false;
    e->tries = 0;
    if (++e->page_tries > RESENDS_MAX) {
        fl_t30_give_up(e, FL_RAW_D_REJECTED, true);
        return;
    }
    go_lower(e);
    if (eom && !identified)
        back_to_phase_b(e);
    else
        fl_t30_go(e, FL_STATE_B_SEND_DCS);
}

/* After the fourth PPR the far end must hear CTC before more of the block (A.4.1). While anything gets through the
 * rate stays; where nothing did since the first of them, or since the last CTC, it drops; at the bottom there is nothing
 * left to try. */
static void continue_to_correct(struct fl_t30 *e)
{
    const struct fl_modulation *rate = e->rate;
    if (e->missing >= e->missing_before) rate = fl_rate_lower(&e->limits, e->rate);
    if (!rate) {
        e->tries = 0;
        fl_t30_go(e, FL_STATE_D_SEND_EOR);
        return;
    }
    e->rate = rate;
    e->missing_before = e->missing;
    e->pprs = 0;
    fl_t30_go(e, FL_STATE_D_SEND_CTC);
}

/* PPR never confirms. One that names no frame of the block says that something is missing and not what: the whole block
 * goes out anew. */
static void resend_frames(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    unsigned named = fl_ecm_take_ppr(&e->ecm, h->octets + 3, h->length - 3);
    fl_t30_timer_stop(e, FL_T5);
    unsigned before = e->missing;
    e->missing = named > 0 ? named : e->ecm.frames;
    if (e->missing < before) fl_t30_progress(e);
    if (e->pprs++ == 0) e->missing_before = fl_min_u32(e->missing_before, e->missing);
    e->tries = 0;
    if (e->pprs >= PPRS_MAX) {
        continue_to_correct(e);
    } else {
        e->in_doubt = false;
        fl_t30_go(e, FL_STATE_C_SEND_PAGE);
    }
}

static enum fl_t30_state command_at_work(const struct fl_t30 *e)
{
    return e->timer[FL_T5] == FL_NEVER ? FL_STATE_D_SEND_COMMAND : FL_STATE_D_SEND_RR;
}

static void take_rnr(struct fl_t30 *e)
{
    if (e->timer[FL_T5] == FL_NEVER) {
        fl_t30_timer_wait(e, FL_T5);
        e->patience_over = false;
    }
    e->tries = 0;
    if (e->patience_over)
        fl_t30_give_up(e, FL_RAW_D_NOT_READY, true);
    else
        fl_t30_go(e, FL_STATE_D_SEND_RR);
}

void fl_t30_on_D_AWAIT_RESPONSE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER && e->timer[FL_T5] != FL_NEVER && e->patience_over) {
        fl_t30_give_up(e, FL_RAW_D_NOT_READY, true);
        return;
    }
    if (h->kind == FL_H_TIMER) {
        no_answer(e, command_at_work(e), FL_RAW_D_NO_RESPONSE);
        return;
    }
    if (h->fcf == FL_DCN) {
        fl_t30_give_up(e, FL_RAW_D_DCN, false);
        return;
    }
    if (!h->final) return;
    switch (h->fcf) {
    case FL_MCF:
    case FL_PIP: confirmed(e, false); break; /* PIP: as MCF, and an operator wants to speak; we do not */
    case FL_RTP: confirmed(e, true); break;
    case FL_RTN:
    case FL_PIN: page_rejected(e, false); break;
    case FL_DIS: page_rejected(e, true); break; /* it is back at the beginning and has not taken the page */
    case FL_PPR:
        if (e->session.ecm)
            resend_frames(e, h);
        else
            fl_t30_listen(e);
        break;
    case FL_CRP: once_more(e, command_at_work(e), FL_RAW_D_CRP); break;
    case FL_RNR: take_rnr(e); break;
    default: fl_t30_listen(e); break;
    }
}

void fl_t30_enter_D_SEND_RR(struct fl_t30 *e)
{
    fl_t30_burst_one(e, FL_RR);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_D_SEND_RR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_DONE && !fl_t30_burst_send(e)) fl_t30_go(e, FL_STATE_D_AWAIT_RESPONSE);
}

/* ---- continue to correct ---- */

void fl_t30_enter_D_SEND_CTC(struct fl_t30 *e)
{
    uint8_t dcs[FL_DIS_MAX];
    e->session.kind = e->rate->kind;
    e->session.rate_bps = e->rate->rate_bps;
    fl_dcs_write(&e->session, dcs);
    fl_t30_burst_clear(e);
    dcs[0] = 0;
    dcs[1] &= FL_CTC_RATE;
    fl_frame_make(fl_t30_burst_add(e), true, (uint8_t)(FL_CTC | e->bit_x), dcs, FL_CTC_OCTETS);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_D_SEND_CTC(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_DONE && !fl_t30_burst_send(e)) fl_t30_go(e, FL_STATE_D_AWAIT_CTR);
}

void fl_t30_enter_D_AWAIT_CTR(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

void fl_t30_on_D_AWAIT_CTR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        no_answer(e, FL_STATE_D_SEND_CTC, FL_RAW_D_NO_RESPONSE);
        return;
    }
    if (h->fcf == FL_DCN) {
        fl_t30_give_up(e, FL_RAW_D_DCN, false);
    } else if (h->final && h->fcf == FL_CTR) {
        e->tries = 0;
        e->trained = false; /* the next burst trains long, and there is no TCF */
        fl_t30_emit(e, FL_T30_NEGOTIATED);
        fl_t30_go(e, FL_STATE_C_SEND_PAGE);
    } else if (h->final && h->fcf == FL_CRP) {
        once_more(e, FL_STATE_D_SEND_CTC, FL_RAW_D_CRP);
    } else if (h->final) {
        fl_t30_listen(e);
    }
}

/* ---- the end of retransmission: the page cannot be brought over, and the far end is to know ---- */

void fl_t30_enter_D_SEND_EOR(struct fl_t30 *e)
{
    /* EOP behind it whatever followed the page: a fax that lacks a page is not continued. */
    uint8_t second = (uint8_t)(FL_EOP | e->bit_x);
    fl_t30_burst_clear(e);
    fl_frame_make(fl_t30_burst_add(e), true, (uint8_t)(FL_EOR | e->bit_x), &second, 1);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_D_SEND_EOR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_DONE && !fl_t30_burst_send(e)) fl_t30_go(e, FL_STATE_D_AWAIT_ERR);
}

void fl_t30_enter_D_AWAIT_ERR(struct fl_t30 *e)
{
    fl_t30_listen(e);
}

void fl_t30_on_D_AWAIT_ERR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER)
        no_answer(e, FL_STATE_D_SEND_EOR, FL_RAW_D_ECM_STUCK);
    else if (h->final && h->fcf == FL_CRP)
        once_more(e, FL_STATE_D_SEND_EOR, FL_RAW_D_ECM_STUCK);
    else if (h->final && h->fcf == FL_ERR)
        fl_t30_give_up(e, FL_RAW_D_ECM_STUCK, true);
    else if (h->fcf == FL_DCN)
        fl_t30_give_up(e, FL_RAW_D_ECM_STUCK, false);
    else if (h->final)
        fl_t30_listen(e);
}
