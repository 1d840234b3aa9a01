/* What the called station does in each state of phases B to E: identify, judge the training, receive pages, answer. */
#include "t30/states.h"

#include <string.h>

/* Waiting for the training's carrier, from DCS; then for its end. */
#define TCF_WAIT  FL_MS(4500)
#define TCF_LIMIT FL_SEC(10)
/* No page takes longer than this, whatever its sender does. */
#define PAGE_LIMIT FL_SEC(3600)
/* 256 frames at 2400 take 230 s; long flags before the first must be borne, too. */
#define BURST_LIMIT FL_SEC(300)
/* More octets than a page may have (the page store's limit): some two hours at 14400. */
#define PAGE_OCTETS_MAX (16u << 20)
/* A carrier that is lost in a burst may be back this soon: gateways do that. A command behind it has a second of flags. */
#define CARRIER_BACK  FL_MS(750)
#define TRAININGS_MAX 20
/* How long the far end waits in silence while a page is stored: what we say then must be heard before the shortest T4 is
 * over, over two satellites, too. */
#define STORE_PATIENCE FL_SEC(1)
/* The same command this soon behind it is that command again: the far end missed our answer, and its T4 ran out, which
 * began behind its command (at most 5.175 s; the repetition takes 1.45 s at most). Later it belongs to a page that we never
 * heard. MPS has no number: a page whose whole carrier, of less than about 4 s, went unrecognised cannot be told from a
 * repetition (docs/t30.md). */
#define REPEAT_WINDOW FL_MS(6625)
/* So many carriers without a frame that can be read are waited out where a command is due: it is sent three times. */
#define MUTE_LIMIT 2
/* A carrier without a frame behind the last answer brings it again, and so does what follows, at most so often: another one, or
 * a silence longer than a sender's T4, which would say its command again. */
#define BLANKS_MAX 2
#define BLANK_WAIT FL_MS(3700)
/* A DCS that could not be read has its TCF behind it: a silence, at most 1.4 s of training, 1.5 s. Sooner we do not speak, and
 * no command comes; its sender waits at least 2.55 s behind that. */
#define TCF_OVER FL_MS(3200)
/* So many PPR in a row may bring nothing new: a sender keeps to four until it says CTC or EOR (A.4.1), and may ask three
 * times for each. */
#define PPRS_IDLE_MAX 12
/* A page whose carrier was lost is still being sent: a typical one takes this many octets. Nobody is waited for longer
 * than for RNR. */
#define EXPECTED_PAGE 100000
#define REST_LIMIT    FL_SEC(55)
/* A command is here 1.4 s behind the page at the latest that T.30 allows (gap, preamble, frame); twice that for slow
 * machines. Later, its sender was still sending the page when the carrier was lost. */
#define COMMAND_AFTER FL_MS(2800)

/* ---- phase B ---- */

void fl_t30_enter_B_SEND_DIS(struct fl_t30 *e)
{
    uint8_t fif[FL_DIS_MAX];
    fl_t30_burst_clear(e);
    if (e->config.id[0]) fl_frame_make_id(fl_t30_burst_add(e), FL_CSI, e->config.id);
    size_t length = fl_dis_write(&e->config.abilities, fif);
    fl_frame_make(fl_t30_burst_add(e), true, FL_DIS, fif, length);
    if (e->heard)
        fl_t30_quiet(e, FL_T30_GAP_MS);
    else
        fl_t30_burst_send(e); /* nobody has spoken: after CED, and for a repetition, the line is ours */
}

void fl_t30_on_B_SEND_DIS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind == FL_H_TIMER && h->timer == FL_T1) {
        if (e->burst_at > 0)
            e->step = 1; /* what has begun is finished, and its answer waited for */
        else
            fl_t30_give_up(e, e->heard ? FL_RAW_B_NO_DCS : FL_RAW_B_SILENT, true);
    }
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    if (e->step) fl_t30_timer_start(e, FL_T1, FL_T30_DIS_AGAIN);
    bool receives = !e->config.caller || e->config.both;
    fl_t30_go(e, receives ? FL_STATE_B_AWAIT_DCS : FL_STATE_B_AWAIT_DTC);
}

/* True while T1 runs: phase B, DIS is repeated. Otherwise a retrain is due (after FTT, RTP, RTN) and T2 rules. */
static bool identifying(const struct fl_t30 *e)
{
    return e->timer[FL_T1] != FL_NEVER;
}

/* We called and have asked for the document; the answer to our DTC is a DCS. */
static bool polls(const struct fl_t30 *e)
{
    return e->dialled && !e->negotiated;
}

void fl_t30_enter_B_AWAIT_DCS(struct fl_t30 *e)
{
    if (e->tcf_doubted)
        fl_t30_timer_start(e, FL_T4, TCF_OVER);
    else if (polls(e))
        fl_t30_timer_wait(e, FL_T4);
    else if (identifying(e))
        fl_t30_timer_dis_again(e);
    else
        fl_t30_timer_start(e, FL_T4, FL_MS(FL_T30_TIMERS[FL_T2].wait_ms));
    fl_t30_listen(e);
}

/* 5.4.3.1: T2 begins anew with the search for a command, and so behind one that was damaged: its sender has yet to see
 * that no answer comes, which takes T4. As often as that can happen to one command. */
static bool listening(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    bool dealt_with = fl_t30_listening(e, h);
    if (h->kind == FL_H_BAD_FRAME && e->mute < MUTE_LIMIT) {
        enum fl_t30_timer timer = (enum fl_t30_timer)FL_T30_TABLE[e->state].timer;
        bool training = e->state == FL_STATE_B_AWAIT_DCS, asking = training && (identifying(e) || polls(e));
        fl_time wait = (training ? TCF_OVER : 0) + (asking ? 0 : FL_MS(FL_T30_TIMERS[FL_T2].wait_ms));
        if (e->timer[timer] < e->now + wait) fl_t30_timer_start(e, timer, wait);
        e->mute++;
    }
    return dealt_with;
}

/* Its TCF follows all the same, 75 ms behind: DCN must wait until that is over, or nobody hears it. */
#define BEHIND_TCF_MS 200

static void refuse_dcs(struct fl_t30 *e, int raw)
{
    e->parting_gap_ms = BEHIND_TCF_MS;
    fl_t30_give_up(e, raw, true);
}

static void take_dcs(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    const char *wrong = fl_dcs_read(h->octets + 3, h->length - 3, &e->config.abilities, &e->session);
    if (wrong) {
        fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "%s", wrong);
        refuse_dcs(e, FL_RAW_B_BAD_DCS);
        return;
    }
    bool secret = e->config.password[0] && !e->dialled;
    if (secret && strcmp(e->config.password, e->said.sid) != 0) {
        refuse_dcs(e, FL_RAW_B_WRONG_PASSWORD);
        return;
    }
    if (++e->trainings > TRAININGS_MAX) {
        refuse_dcs(e, FL_RAW_B_TRAINING);
        return;
    }
    fl_t30_timer_stop(e, FL_T1);
    fl_t30_timer_stop(e, FL_X6); /* of a page of ours that was not taken */
    e->sends = e->trained = false;
    e->mute = 0;
    e->page_seen = e->block_open = e->confirmed_any = false; /* whatever was begun begins anew */
    fl_t30_go(e, FL_STATE_B_RECEIVE_TCF);
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

/* A command where the retrain was due: behind RTN every page is still missing, behind RTP the same one is asked
 * about. */
static bool asked_again(const struct fl_t30 *e, uint8_t fcf)
{
    uint8_t command = without_pri(fcf);
    bool is_command = command == FL_MPS || command == FL_EOM || command == FL_EOP || command == FL_PPS;
    if (identifying(e) || !is_command) return false;
    return e->response == FL_RTN || (e->response == FL_RTP && command == e->command);
}

void fl_t30_on_B_AWAIT_DCS(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (listening(e, h)) return;
    if (h->kind == FL_H_TIMER) {
        if (e->tcf_doubted)
            fl_t30_go(e, FL_STATE_B_SEND_CFR); /* no V.21 came: it was a training, and a bad one */
        else if (polls(e))
            fl_t30_poll_again(e);
        else if (h->timer == FL_T1 || !identifying(e))
            fl_t30_give_up(e, e->heard ? FL_RAW_B_NO_DCS : FL_RAW_B_SILENT, true);
        else
            fl_t30_go(e, FL_STATE_B_SEND_DIS);
        return;
    }
    fl_t30_hear_words(e, h, FL_FROM_SENDER);
    e->tcf_doubted = false;
    if (h->fcf == FL_DCN)
        fl_t30_give_up(e, FL_RAW_B_DCN, false);
    else if (h->fcf == FL_DCS)
        take_dcs(e, h);
    else if (h->fcf == FL_DIS && h->final && polls(e))
        fl_t30_poll_again(e); /* it has not heard our DTC */
    else if (identifying(e) && fl_t30_polled(e, h))
        return;
    else if (h->final && asked_again(e, h->fcf))
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE); /* it has not heard our RTN or RTP */
    else if (h->final)
        fl_t30_listen(e);
}

/* ---- data ---- */

/* What a modem makes of the end of a carrier are some octets of ones behind the data: they are data only if more follows,
 * or if they are too many for that. */
#define TAIL_MAX 32

static void take_data(struct fl_t30 *e, const struct fl_t30_happening *h,
                      void (*take)(struct fl_t30 *e, const uint8_t *octets, size_t length))
{
    static const uint8_t ONE[] = {0xFF};
    size_t length = h->length;
    while (length > 0 && h->octets[length - 1] == 0xFF) length--;
    if (length == 0 && e->tail + h->length > TAIL_MAX) length = h->length;
    if (length > 0) {
        for (; e->tail > 0; e->tail--) take(e, ONE, 1);
        take(e, h->octets, length);
    }
    e->tail += (uint32_t)(h->length - length);
}

/* ---- training ---- */

void fl_t30_enter_B_RECEIVE_TCF(struct fl_t30 *e)
{
    e->tcf_octets = e->tcf_nonzero = e->tcf_run = e->tcf_best = e->tail = 0;
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
    /* DIS can name modulations, not rates: FTT makes the sender come down to one that is wanted. */
    if (e->session.rate_bps < e->config.min_rate_bps || e->session.rate_bps > e->config.max_rate_bps)
        return false;
    return e->tcf_best >= e->session.rate_bps / 8u && e->tcf_nonzero * 10 <= e->tcf_octets;
}

void fl_t30_on_B_RECEIVE_TCF(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    switch (h->kind) {
    case FL_H_CARRIER: fl_t30_timer_start(e, FL_T4, TCF_LIMIT); break;
    case FL_H_DATA: take_data(e, h, count_tcf); break;
    case FL_H_WRONG_CARRIER: /* V.21, then the DCS comes again; or a training at another rate */
        e->tcf_doubted = true;
        fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
        break;
    case FL_H_FRAME: /* it came under +FAR=1 and is here already */
    case FL_H_BAD_FRAME: fl_t30_go(e, FL_STATE_B_AWAIT_DCS); break;
    case FL_H_DONE:
    case FL_H_FAILED:
        fl_t30_receive_again(e);
        break; /* once it tells nothing; the driver knows when the call is gone */
    case FL_H_NO_CARRIER:
        if (e->tcf_octets == 0) {
            fl_t30_receive_again(e);
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
    e->tcf_doubted = false;
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "TCF: %u octets, %u wrong, %u zeros in a row: %s",
                  e->tcf_octets, e->tcf_nonzero, e->tcf_best, good ? "good" : "bad");
    e->trained = good;
    fl_t30_burst_one(e, good ? FL_CFR : FL_FTT);
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

void fl_t30_on_B_SEND_CFR(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    if (!e->trained) {
        fl_t30_go(e, FL_STATE_B_AWAIT_DCS);
        return;
    }
    if (!e->negotiated) fl_t30_expect_progress(e);
    e->negotiated = true;
    e->tries = 0;
    e->response = 0;
    fl_t30_emit(e, FL_T30_NEGOTIATED);
    fl_t30_go(e, FL_STATE_C_RECEIVE_PAGE);
}

/* ---- phase C ---- */

static void expect_block(struct fl_t30 *e)
{
    fl_ecm_expect(&e->ecm, e->session.ecm_64);
    e->pprs = 0;
    e->missing = 0;
}

void fl_t30_enter_C_RECEIVE_PAGE(struct fl_t30 *e)
{
    if (e->session.ecm && e->block_open)
        fl_ecm_listen(&e->ecm); /* more of the same block */
    else if (e->session.ecm)
        expect_block(e);
    else
        e->page_seen = false;
    e->tail = 0;
    e->block_open = e->session.ecm;
    e->burst_seen = e->reopened = false;
    fl_t30_receive(e);
}

static void begin_page(struct fl_t30 *e)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    if (!e->page_seen && e->document_over) e->document++;
    if (!e->page_seen) {
        inbox->begin(inbox->ctx, &e->session, e->remote_id, e->document);
        e->page_octets = e->page_lines = e->line_octets = 0;
    }
    e->page_seen = true;
    e->document_over = false;
}

/* No more comes on this carrier: whatever came is to be judged, and a command is due. */
static void burst_over(struct fl_t30 *e)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    e->burst_over = e->now;
    if (e->burst_seen && !e->session.ecm) e->quality = inbox->end(inbox->ctx);
    fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND);
}

/* No line takes more than 5 s (T.4 2.2; TSB-85: 4.9 s pass, 5.1 s do not); who sends one hears no answer. */
static void take_lines(struct fl_t30 *e, const uint8_t *octets, size_t length)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    uint32_t lines = inbox->data(inbox->ctx, octets, length);
    if (lines != e->page_lines) fl_t30_progress(e);
    if (lines != e->page_lines || lines == FL_PAGE_ENDED) e->line_octets = 0;
    e->page_lines = lines;
    e->page_octets += (uint32_t)length;
    e->line_octets += (uint32_t)length;
    if (e->line_octets > e->session.rate_bps * 5u / 8u) fl_t30_give_up(e, FL_RAW_C_LONG_LINE, false);
}

static void take_page_data(struct fl_t30 *e, const uint8_t *octets, size_t length)
{
    if (e->reopened) fl_t30_timer_stop(e, FL_T2); /* it is back */
    e->reopened = false;
    if (!e->burst_seen) {
        fl_t30_timer_stop(e, FL_T2);
        fl_t30_timer_start(e, FL_X2, e->session.ecm ? BURST_LIMIT : PAGE_LIMIT);
    }
    e->burst_seen = e->carrier_since = true;
    if (e->session.ecm) {
        uint16_t fresh = e->ecm.fresh;
        fl_ecm_receive(&e->ecm, octets, length);
        if (e->ecm.fresh != fresh) fl_t30_progress(e);
        return;
    }
    begin_page(e);
    /* In pieces of some 50 ms, to know how long a line takes. */
    for (size_t piece = e->session.rate_bps / 160u; length > 0 && e->next == FL_STATE_NONE && !e->ended;) {
        size_t count = length < piece ? length : piece;
        take_lines(e, octets, count);
        octets += count;
        length -= count;
    }
}

/* A burst without RCP is not over: the same block may go on in a moment. */
static void carrier_lost(struct fl_t30 *e)
{
    if (!e->session.ecm || e->ecm.rcps > 0) {
        burst_over(e);
        return;
    }
    if (!e->reopened) fl_t30_timer_start(e, FL_T2, CARRIER_BACK);
    e->reopened = true;
    fl_t30_receive_again(e);
}

void fl_t30_on_C_RECEIVE_PAGE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    switch (h->kind) {
    case FL_H_CARRIER: /* the page begins; but carriers that bring nothing must not keep us for ever */
        if (e->step == 0 || e->reopened) fl_t30_timer_wait(e, FL_T2);
        e->step = 1;
        e->carrier_since = true; /* whatever command comes next, it is for a page of its own */
        break;
    case FL_H_DATA: take_data(e, h, take_page_data); break;
    case FL_H_FAILED:
    case FL_H_NO_CARRIER:
        if (e->burst_seen)
            carrier_lost(e);
        else
            fl_t30_receive_again(e); /* T2 still runs */
        break;
    case FL_H_DONE: fl_t30_receive_again(e); break; /* of the pause after stutter */
    case FL_H_WRONG_CARRIER:                        /* V.21: a command where a page was due */
    case FL_H_FRAME:
    case FL_H_BAD_FRAME: burst_over(e); break;
    case FL_H_TIMER:
        if (e->reopened)
            burst_over(e);
        else
            fl_t30_give_up(e, FL_RAW_C_NO_PAGE, true);
        break;
    default: break;
    }
}

/* ---- phase D ---- */

/* The carrier was lost (a burst ended without RCP, a page without RTC): its sender goes on to the end of the block or
 * page before it says anything that we can hear. T2 begins there. */
static fl_time rest_of_burst(const struct fl_t30 *e)
{
    uint64_t octets = 0;
    bool just_over =
        e->burst_seen && e->now - e->burst_over < CARRIER_BACK; /* the modem had to be called off */
    if (just_over && e->session.ecm && e->ecm.rcps == 0)
        octets = (uint64_t)FL_ECM_FRAMES * (e->ecm.frame_octets + 8u);
    else if (just_over && !e->session.ecm && !e->quality.ended && e->page_octets < EXPECTED_PAGE)
        octets = EXPECTED_PAGE - e->page_octets;
    return fl_earlier((fl_time)(octets * 8 * 1000000 / e->session.rate_bps), REST_LIMIT);
}

void fl_t30_enter_D_AWAIT_COMMAND(struct fl_t30 *e)
{
    fl_t30_timer_start(e, FL_T2, FL_MS(FL_T30_TIMERS[FL_T2].wait_ms) + rest_of_burst(e));
    fl_t30_listen(e);
}

/* 4.9 % of bad lines must be accepted and 15.1 % rejected (TSB-85); between the two the page is good enough, but the
 * next one deserves a new training. Not so with error correction: there the line is not what made lines bad, and RTP is no
 * answer to PPS (A.4.2). A page of which nothing can be read is rejected, and so is one that stops within a line: what
 * follows is lost. */
static uint8_t judge_page(struct fl_t30 *e, bool end_lost)
{
    struct fl_copy_quality quality = e->quality;
    uint64_t bad = (uint64_t)quality.bad_rows + quality.lost_rows;
    uint64_t rows = (uint64_t)quality.rows + quality.lost_rows;
    uint8_t verdict = FL_MCF;
    bool lost = quality.cut || end_lost;
    if (rows == 0 || lost || bad * 100 > rows * 15)
        verdict = FL_RTN;
    else if (!e->session.ecm && bad * 100 > rows * 5)
        verdict = FL_RTP;
    if (e->config.page_verdict == FL_ALWAYS_BAD) verdict = FL_RTN;
    if (e->config.page_verdict == FL_NEVER_READY) verdict = FL_RNR;
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "page: %u rows, %u bad, some %u lost%s",
                  quality.rows, quality.bad_rows, quality.lost_rows, lost ? ", its end is lost" : "");
    return verdict;
}

/* Answers; a good page first has to be in the store. */
static void answer(struct fl_t30 *e, uint8_t response)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    bool page_ends = e->page_seen && e->command != 0; /* not so behind PPS-NULL */
    if ((response != FL_MCF && response != FL_RTP) || !page_ends) {
        e->response = response;
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
        return;
    }
    e->page_seen = false;
    e->stored_response = response;
    enum fl_kept kept = inbox->keep(inbox->ctx);
    e->storing = kept == FL_KEEPING;
    if (kept == FL_NOT_KEPT)
        fl_t30_give_up(e, FL_RAW_STORAGE, true);
    else
        fl_t30_go(e, FL_STATE_D_STORE_PAGE);
}

static void answer_command(struct fl_t30 *e, uint8_t command)
{
    uint8_t response = e->response;
    bool soon = e->now - e->commanded <= REPEAT_WINDOW && !e->carrier_since;
    bool again = e->response != 0 && command == e->command && soon;
    e->commanded = e->now;
    if (e->storing && command == e->command) {
        fl_t30_go(e, FL_STATE_D_STORE_PAGE); /* asked again while we are at it */
        return;
    }
    e->command = command;
    if (e->page_seen && e->session.ecm) {
        response =
            FL_RTN; /* a command without PPS, where blocks of a page have come: whether it is whole is not known */
        e->page_seen = false;
    } else if (e->page_seen) {
        /* Some senders leave RTC away, but then their command follows at once. */
        response = judge_page(e, !e->quality.ended && e->now - e->burst_over > COMMAND_AFTER);
        if (response != FL_MCF && response != FL_RTP) e->page_seen = false;
    } else if (!again) {
        response =
            FL_RTN; /* a command without a page, and not one that we answered before: the page is lost */
    } else if (command == FL_MPS) {
        e->repeats++;
    }
    answer(e, response);
}

static void count_page(struct fl_t30 *e)
{
    fl_t30_progress(e);
    e->received++;
    e->document_over = e->command == FL_EOM;
    fl_t30_emit(e, FL_T30_PAGE);
}

/* The page is in the store: it counts, and is confirmed. */
static void page_stored(struct fl_t30 *e)
{
    e->response = e->stored_response;
    count_page(e);
    fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
}

/* A disk may be slow, and the far end waits for T4 at most: with error correction RNR asks it for patience (A.4.3),
 * without it we keep silent and it repeats its command. */
void fl_t30_enter_D_STORE_PAGE(struct fl_t30 *e)
{
    if (e->storing)
        fl_t30_timer_start(e, FL_T4, STORE_PATIENCE);
    else
        page_stored(e);
}

void fl_t30_on_D_STORE_PAGE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_STORED) {
        page_stored(e);
    } else if (h->kind == FL_H_TIMER && e->session.ecm) {
        e->response = FL_RNR;
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
    } else if (h->kind == FL_H_TIMER) {
        fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND);
    }
}

/* The far end was kept waiting and asks again soon: then it is told (take_command). */
static void stored_meanwhile(struct fl_t30 *e)
{
    e->stored = true;
    count_page(e);
}

/* ---- phase D with error correction: Annex A.4 ---- */

/* The second FCF of PPS and EOR: 0 (NULL) within a page, else MPS, EOM, EOP; -1 when it is none of them. */
static int second_fcf(const struct fl_t30_happening *h)
{
    uint8_t fcf = h->length > 3 ? h->octets[3] & 0xFE : 0xFF;
    if (fcf == 0) return 0;
    fcf = without_pri(fcf);
    return fcf == FL_MPS || fcf == FL_EOM || fcf == FL_EOP ? fcf : -1;
}

/* Every frame of the block is there: it goes to the page. That every octet arrived does not make it a page: MMR that cannot
 * be read stops where it cannot, as a page that is cut does; of MH and MR the damaged lines count. */
static uint8_t block_complete(struct fl_t30 *e)
{
    const struct fl_t30_inbox *inbox = &e->config.inbox;
    size_t octets = (size_t)e->ecm.frames * e->ecm.frame_octets;
    begin_page(e);
    inbox->data(inbox->ctx, e->ecm.data, octets);
    e->page_octets += (uint32_t)octets;
    e->block_open = false;
    if (e->command == 0) return FL_MCF;
    e->quality = inbox->end(inbox->ctx);
    uint8_t verdict = judge_page(e, false);
    if (verdict == FL_RTN) e->page_seen = false;
    return verdict;
}

static uint8_t judge_block(struct fl_t30 *e, unsigned frames)
{
    if (e->config.page_verdict == FL_NEVER_READY) return FL_RNR;
    if (e->config.page_verdict == FL_ALWAYS_BAD) return FL_RTN;
    unsigned missing = fl_ecm_missing(&e->ecm, frames);
    fl_trace_text(&e->config.pen, e->now, FL_TRACE_NOTE, "block %u: %u frames, %u missing", e->ecm.block + 1u,
                  e->ecm.frames, missing);
    if (missing == 0) return block_complete(e);
    e->pprs = missing < e->missing ? 1 : (uint8_t)(e->pprs + 1);
    e->missing = missing;
    return FL_PPR;
}

/* PPS for the block that was confirmed last: our answer was missed. Most far ends send the PPS alone; some send the burst
 * again, and then only its content tells it from another page, since some number all their pages 0. */
static bool repeated_block(struct fl_t30 *e, uint8_t page, uint8_t block, uint8_t command, unsigned frames)
{
    if (!e->confirmed_any || page != e->confirmed_page || block != e->confirmed_block ||
        command != e->command)
        return false;
    if (e->ecm.fresh == 0) return true;
    return fl_ecm_missing(&e->ecm, frames) == 0 && fl_ecm_digest(&e->ecm) == e->confirmed_digest;
}

static void take_pps(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    int command = second_fcf(h);
    if (command < 0 || h->length < 7 || !e->session.ecm) {
        fl_t30_listen(e); /* not to be understood: silence makes the far end repeat it */
        return;
    }
    e->trained = true; /* the burst behind CTR was trained long; those that come are not */
    uint8_t page = h->octets[4], block = h->octets[5];
    bool again = repeated_block(e, page, block, (uint8_t)command, h->octets[6] + 1u);
    if (again && e->storing) {
        fl_t30_go(e, FL_STATE_D_STORE_PAGE);
        return;
    }
    e->command = (uint8_t)command;
    if (again) {
        e->block_open = false;            /* what came of it once more is not of the next block */
        e->response = e->stored_response; /* it missed our answer to this very block */
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
        return;
    }
    e->ecm.page = page;
    e->ecm.block = block;
    uint8_t verdict = judge_block(e, h->octets[6] + 1u);
    if (e->page_seen && e->page_octets > PAGE_OCTETS_MAX) {
        fl_t30_give_up(e, FL_RAW_C_TOO_LONG, true);
        return;
    }
    if (verdict == FL_PPR && e->pprs > PPRS_IDLE_MAX) {
        fl_t30_give_up(e, FL_RAW_D_ECM_STUCK, true);
        return;
    }
    if (verdict == FL_MCF) {
        e->confirmed_any = true;
        e->confirmed_page = page;
        e->confirmed_block = block;
        e->confirmed_digest = fl_ecm_digest(&e->ecm);
        e->stored_response = FL_MCF;
        e->ecm.fresh = 0; /* used up: the same PPS again, with no burst between, is a repetition */
    }
    answer(e, verdict);
}

/* CTC: the far end goes on correcting, at the rate that it names. */
static void take_ctc(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    uint8_t dcs[FL_DIS_MAX];
    struct fl_session changed;
    size_t length = fl_dcs_write(&e->session, dcs);
    if (h->length < 3 + FL_CTC_OCTETS || !e->session.ecm) {
        fl_t30_listen(e);
        return;
    }
    dcs[1] = (uint8_t)((dcs[1] & ~FL_CTC_RATE) | (h->octets[4] & FL_CTC_RATE));
    if (fl_dcs_read(dcs, length, &e->config.abilities, &changed)) {
        fl_t30_listen(e);
        return;
    }
    e->session.kind = changed.kind;
    e->session.rate_bps = changed.rate_bps;
    e->trained = false;
    e->pprs = 0;
    e->response = FL_CTR;
    fl_t30_emit(e, FL_T30_NEGOTIATED);
    fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
}

/* EOR: the far end gives this block up. The page is not whole and is never stored. */
static void take_eor(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    int command = second_fcf(h);
    if (command < 0 || !e->session.ecm) {
        fl_t30_listen(e);
        return;
    }
    e->command = (uint8_t)command;
    e->block_open = e->page_seen = false;
    e->raw = FL_RAW_D_GIVEN_UP; /* whatever else comes: a page is lost */
    e->response = FL_ERR;
    fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
}

/* RR: may it go on? Not while the page is being stored. An answer belongs to the command that it answered. */
static void take_rr(struct fl_t30 *e)
{
    if (e->storing)
        fl_t30_go(e, FL_STATE_D_STORE_PAGE);
    else if (e->response && !e->carrier_since)
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
    else
        fl_t30_listen(e); /* behind a burst PPS is due: our last answer was not for that */
}

static void take_command(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (e->stored) {
        e->response = e->stored_response;
        e->commanded = e->now; /* nothing but this command again could come before its answer */
        e->carrier_since = false;
        e->stored = false;
    }
    switch (without_pri(h->fcf)) {
    case FL_MPS:
    case FL_EOM:
    case FL_EOP: answer_command(e, without_pri(h->fcf)); break;
    case FL_PPS: take_pps(e, h); break;
    case FL_CTC: take_ctc(e, h); break;
    case FL_EOR: take_eor(e, h); break;
    case FL_RR: take_rr(e); break;
    case FL_DCS: take_dcs(e, h); break; /* it has not heard our CFR */
    case FL_DCN: fl_t30_give_up(e, FL_RAW_D_DCN, false); break;
    default:
        if (h->final && e->state == FL_STATE_D_AWAIT_COMMAND && !e->burst_seen)
            fl_t30_go(e, FL_STATE_C_RECEIVE_PAGE); /* our own echo, for one: the page is still to come */
        else if (h->final)
            fl_t30_listen(e);
        break;
    }
}

void fl_t30_on_D_AWAIT_COMMAND(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_STORED) {
        stored_meanwhile(e);
        return;
    }
    if (h->kind == FL_H_TIMER && h->timer == FL_X1 && e->mute < MUTE_LIMIT) {
        e->mute++; /* flags and no frame: it was damaged, the modem kept it to itself, and it comes again */
        fl_t30_go(e, FL_STATE_D_AWAIT_COMMAND);
        return;
    }
    if (h->kind == FL_H_NO_CARRIER && !e->burst_seen) {
        fl_t30_go(
            e,
            FL_STATE_C_RECEIVE_PAGE); /* V.21 without a frame, the end of our own echo, for one: as above */
        return;
    }
    if (listening(e, h)) return;
    if (h->kind == FL_H_TIMER)
        fl_t30_give_up(e, FL_RAW_D_NO_COMMAND, true);
    else
        take_command(e, h);
}

void fl_t30_enter_D_SEND_RESPONSE(struct fl_t30 *e)
{
    e->mute = 0;
    fl_t30_burst_one(e, e->response);
    if (e->response == FL_PPR) {
        uint8_t fif[FL_ECM_FRAMES / 8];
        fl_ecm_make_ppr(&e->ecm, fif);
        fl_frame_make(&e->burst[0], true, (uint8_t)(FL_PPR | e->bit_x), fif, sizeof fif);
    }
    fl_t30_quiet(e, FL_T30_GAP_MS);
}

/* What comes after our answer. */
static enum fl_t30_state after_response(const struct fl_t30 *e)
{
    switch (e->response) {
    case FL_RNR: return FL_STATE_D_AWAIT_COMMAND;
    case FL_PPR:
    case FL_CTR: return FL_STATE_C_RECEIVE_PAGE;
    case FL_RTN: return e->command == FL_EOM ? FL_STATE_B_PAUSE : FL_STATE_B_AWAIT_DCS;
    default: break;
    }
    if (e->response == FL_RTP && e->command == FL_MPS) return FL_STATE_B_AWAIT_DCS;
    if (e->command == FL_MPS || e->command == 0) return FL_STATE_C_RECEIVE_PAGE; /* 0: PPS-NULL */
    return e->command == FL_EOM ? FL_STATE_B_PAUSE : FL_STATE_E_AWAIT_DCN;
}

void fl_t30_on_D_SEND_RESPONSE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (h->kind == FL_H_STORED) stored_meanwhile(e); /* our RNR is on its way: RR gets the new answer */
    if (h->kind == FL_H_FAILED) fl_t30_give_up(e, FL_RAW_MODEM, false);
    if (h->kind != FL_H_DONE || fl_t30_burst_send(e)) return;
    e->trainings = 0;
    e->carrier_since = false;
    fl_t30_go(e, after_response(e));
}

/* Between two documents of a call (EOM): T2, then phase B from its beginning. We speak then: no later than need be. */
void fl_t30_enter_B_PAUSE(struct fl_t30 *e)
{
    fl_t30_timer_nominal(e, FL_T2);
    fl_t30_listen(e);
}

void fl_t30_on_B_PAUSE(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    if (listening(e, h)) return;
    if (h->kind == FL_H_TIMER && e->dialled) { /* a new DIS comes, and we ask again */
        e->negotiated = e->far_known = false;
        fl_t30_go(e, FL_STATE_B_AWAIT_DIS);
        return;
    }
    if (h->kind == FL_H_TIMER) {
        fl_t30_timer_nominal(e, FL_T1);
        fl_t30_go(e, FL_STATE_B_SEND_DIS);
        return;
    }
    fl_t30_hear_words(e, h, FL_FROM_SENDER);
    if (!fl_t30_polled(e, h)) take_command(e, h);
}

/* ---- phase E ---- */

void fl_t30_enter_E_AWAIT_DCN(struct fl_t30 *e)
{
    if (e->blanks == 1) fl_t30_timer_start(e, FL_T2, BLANK_WAIT);
    fl_t30_listen(e);
}

/* Behind the last page only the command that was answered is answered again; a page that comes behind EOP is nobody's. */
static bool answered_before(const struct fl_t30 *e, const struct fl_t30_happening *h)
{
    switch (without_pri(h->fcf)) {
    case FL_EOP: return !e->session.ecm;
    case FL_RR: return e->session.ecm;
    case FL_EOR: return e->response == FL_ERR;
    case FL_PPS:
        return e->response == FL_MCF && h->length >= 7 && second_fcf(h) == e->command &&
               h->octets[4] == e->confirmed_page && h->octets[5] == e->confirmed_block;
    default: return false;
    }
}

void fl_t30_on_E_AWAIT_DCN(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    bool no_frame = h->kind == FL_H_NO_CARRIER && e->timer[FL_X1] != FL_NEVER;
    bool nobody = h->kind == FL_H_TIMER && e->blanks > 0;
    if ((no_frame || nobody) && e->blanks < BLANKS_MAX) {
        e->blanks++; /* DCN, of which only flags came through, or the command again: who sent that hears us again */
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE);
        return;
    }
    if (listening(e, h)) return;
    if (h->kind == FL_H_TIMER || h->fcf == FL_DCN) /* a missing DCN is no fault: every page is confirmed */
        fl_t30_give_up(e, e->page > 0 && fl_t30_has_document(e) ? FL_RAW_B_NOT_POLLED : FL_RAW_NONE, false);
    else if (answered_before(e, h))
        fl_t30_go(e, FL_STATE_D_SEND_RESPONSE); /* our answer was missed */
    else if (h->final)
        fl_t30_listen(e);
}
