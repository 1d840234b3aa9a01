/* Polling: the document goes the other way than the call. Who was called offers it in DIS (bit 9) and waits for DTC;
 * who called asks for it with DTC and from then on is the receiver. T.30 5.2.1, 5.3.6.1.2. In one call documents may go
 * both ways: each phase B settles it anew, and it is the caller who does so, with DCS or DTC.
 */
#include "t30/states.h"

#include <string.h>

bool fl_t30_has_document(const struct fl_t30 *e)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    return (e->config.caller || e->config.both) && e->page < outbox->count(outbox->ctx);
}

/* ---- the called station, which has the document ---- */

void fl_t30_enter_B_AWAIT_DTC(struct fl_t30 *e)
{
    fl_t30_timer_dis_again(e);
    fl_t30_listen(e);
}

/* A document that has a name or a password goes only to who knows them. */
static bool knows_the_words(const struct fl_t30 *e)
{
    bool sep = !e->config.selective[0] || strcmp(e->config.selective, e->said.sep) == 0;
    bool password = !e->config.password[0] || strcmp(e->config.password, e->said.pwd) == 0;
    return sep && password;
}

bool fl_t30_all_kept(const struct fl_t30 *e)
{
    return e->received > 0 && (e->response == FL_MCF || e->response == FL_RTP);
}

void fl_t30_answer_poll(struct fl_t30 *e)
{
    fl_t30_timer_stop(e, FL_T1);
    fl_t30_timer_stop(e, FL_X5); /* of what was received before */
    if (!fl_t30_has_document(e)) {
        fl_t30_give_up(e, fl_t30_all_kept(e) ? FL_RAW_NONE : FL_RAW_B_POLLED, true);
    } else if (!knows_the_words(e)) {
        fl_t30_give_up(e, FL_RAW_B_WRONG_POLL, true);
    } else if (!fl_t30_evaluate(e)) {
        fl_t30_give_up(e, FL_RAW_B_INCOMPATIBLE, true);
    } else {
        e->sends = true;
        fl_t30_go(e, FL_STATE_B_SEND_DCS);
    }
}

/* A frame of the burst that we sent last comes back. */
static bool is_echo(const struct fl_t30 *e, const struct fl_t30_happening *h)
{
    for (int i = 0; i < e->burst_count; i++) {
        const struct fl_frame *sent = &e->burst[i];
        if (sent->length == h->length && memcmp(sent->octets + 2, h->octets + 2, h->length - 2u) == 0)
            return true;
    }
    return false;
}

bool fl_t30_polled(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (e->dialled || is_echo(e, h) || !fl_t30_take_identification(e, h)) return false;
    fl_t30_answer_poll(e);
    return true;
}

void fl_t30_on_B_AWAIT_DTC(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (fl_t30_listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        if (h->timer == FL_T1)
            fl_t30_give_up(e, e->heard ? FL_RAW_B_NOT_POLLED : FL_RAW_B_SILENT, true);
        else
            fl_t30_go(e, FL_STATE_B_SEND_DIS);
        return;
    }
    if (h->fcf == FL_DCN)
        fl_t30_give_up(e, FL_RAW_B_DCN, false);
    else if (!fl_t30_polled(e, h) && h->final)
        fl_t30_listen(e);
}

/* ---- the caller, who wants it ---- */

void fl_t30_enter_B_SEND_DTC(struct fl_t30 *e)
{
    uint8_t fif[FL_DIS_MAX];
    struct fl_abilities dtc = e->config.abilities;
    dtc.sub = false; /* in DTC these bits say what comes with it */
    dtc.password = e->config.password[0];
    dtc.sep = e->config.selective[0];
    dtc.psa = e->config.sub_address[0] && e->far.psa;
    fl_t30_burst_clear(e);
    if (e->config.id[0]) fl_frame_make_id(fl_t30_burst_add(e), FL_CIG, e->config.id);
    if (dtc.password) fl_frame_make_id(fl_t30_burst_add(e), FL_PWD, e->config.password);
    if (dtc.sep) fl_frame_make_id(fl_t30_burst_add(e), FL_SEP, e->config.selective);
    if (dtc.psa) fl_frame_make_id(fl_t30_burst_add(e), FL_PSA, e->config.sub_address);
    size_t length = fl_dis_write(&dtc, fif);
    fl_frame_make(fl_t30_burst_add(e), true, FL_DTC, fif, length);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_B_SEND_DTC(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_DONE && !fl_t30_burst_send(e)) fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
}

void fl_t30_poll_again(struct fl_t30 *e)
{
    if (++e->tries >= FL_T30_TRIES)
        fl_t30_give_up(e, FL_RAW_B_NO_RESPONSE, true);
    else
        fl_t30_go(e, FL_STATE_B_SEND_DTC);
}
