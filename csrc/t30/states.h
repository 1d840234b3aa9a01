/* T.30's states as one table: names, clauses, roles, phases, timers, and which state may follow which. This is the
 * whole state diagram; docs/t30.md is drawn from it. What a state does is in caller.c, called.c and polling.c.
 *
 * STATE(name, clause, role, phase, timer, next ...): the timer starts with the state; FL_X2 (30 s) where none of T.30's
 * does; a page may take as long as the whole session (X3). enter_<name> and on_<name> are its two functions. E_SEND_DCN and
 * E_ENDED may follow any state: every session can be given up.
 */
#ifndef FL_T30_STATES_H
#define FL_T30_STATES_H

#include "t30/t30.h"

#define FL_T30_STATES(STATE)                                                                                 \
    /* the caller: it sends the document */                                                                  \
    STATE(B_AWAIT_DIS, "5.1, 5.2.1", BOTH, "B", FL_T1, N(B_SEND_DCS) | N(B_SEND_DTC))                        \
    STATE(B_SEND_DCS, "5.3.6.1.3, 5.3.6.2", CALLER, "B", FL_X2, N(B_SEND_TCF) | N(B_AWAIT_CFR))              \
    STATE(B_SEND_TCF, "5.3.6.1.3 (TCF)", CALLER, "B", FL_X2, N(B_AWAIT_CFR))                                 \
    STATE(B_AWAIT_CFR, "5.3.6.1.4", CALLER, "B", FL_T4, N(B_SEND_DCS) | N(C_SEND_PAGE) | N(C_AWAIT_PAGE))    \
    STATE(C_AWAIT_PAGE, "ours: the next page is being made", CALLER, "C", FL_X7, N(C_SEND_PAGE))             \
    STATE(C_SEND_PAGE, "5.3.6.1.5", CALLER, "C", FL_X3, N(D_SEND_COMMAND))                                   \
    STATE(D_SEND_COMMAND, "5.3.6.1.6", CALLER, "D", FL_X2, N(D_AWAIT_RESPONSE))                              \
    STATE(D_AWAIT_RESPONSE, "5.3.6.1.7", CALLER, "D", FL_T4,                                                 \
          N(D_SEND_COMMAND) | N(D_SEND_RR) | N(D_SEND_CTC) | N(D_SEND_EOR) | N(C_SEND_PAGE) |                \
              N(C_AWAIT_PAGE) | N(B_SEND_DCS) | N(B_AWAIT_DIS) | N(B_SEND_DIS))                              \
    STATE(D_SEND_RR, "A.4.3 (RR)", CALLER, "D", FL_X2, N(D_AWAIT_RESPONSE))                                  \
    STATE(D_SEND_CTC, "A.4.1 (CTC)", CALLER, "D", FL_X2, N(D_AWAIT_CTR))                                     \
    STATE(D_AWAIT_CTR, "A.4.2 (CTR)", CALLER, "D", FL_T4, N(D_SEND_CTC) | N(C_SEND_PAGE))                    \
    STATE(D_SEND_EOR, "A.4.1 (EOR)", CALLER, "D", FL_X2, N(D_AWAIT_ERR))                                     \
    STATE(D_AWAIT_ERR, "A.4.2 (ERR)", CALLER, "D", FL_T4, N(D_SEND_EOR))                                     \
    /* the called station: it receives */                                                                    \
    STATE(B_SEND_DIS, "5.3.6.1.1", BOTH, "B", FL_X2, N(B_AWAIT_DCS) | N(B_AWAIT_DTC))                        \
    STATE(B_AWAIT_DCS, "5.2.2", CALLED, "B", FL_T4,                                                          \
          N(B_SEND_DTC) | N(B_SEND_DIS) | N(B_RECEIVE_TCF) | N(B_SEND_CFR) | N(B_AWAIT_DCS) |                \
              N(D_SEND_RESPONSE) | N(B_SEND_DCS))                                                            \
    STATE(B_RECEIVE_TCF, "5.3.6.1.3 (TCF)", CALLED, "B", FL_T4, N(B_SEND_CFR) | N(B_AWAIT_DCS))              \
    STATE(B_SEND_CFR, "5.3.6.1.4", CALLED, "B", FL_X2, N(C_RECEIVE_PAGE) | N(B_AWAIT_DCS))                   \
    STATE(C_RECEIVE_PAGE, "5.3.6.1.5", CALLED, "C", FL_T2, N(D_AWAIT_COMMAND))                               \
    STATE(D_AWAIT_COMMAND, "5.3.6.1.6", CALLED, "D", FL_T2,                                                  \
          N(C_RECEIVE_PAGE) | N(D_AWAIT_COMMAND) | N(D_STORE_PAGE) | N(D_SEND_RESPONSE) | N(B_RECEIVE_TCF))  \
    STATE(D_STORE_PAGE, "ours: a page is stored before it is confirmed", CALLED, "D", FL_X2,                 \
          N(D_SEND_RESPONSE) | N(D_AWAIT_COMMAND))                                                           \
    STATE(D_SEND_RESPONSE, "5.3.6.1.7", CALLED, "D", FL_X2,                                                  \
          N(C_RECEIVE_PAGE) | N(B_AWAIT_DCS) | N(B_PAUSE) | N(E_AWAIT_DCN) | N(D_AWAIT_COMMAND))             \
    STATE(B_PAUSE, "5.3.6.1.6 (EOM)", CALLED, "B", FL_T2,                                                    \
          N(B_SEND_DIS) | N(B_AWAIT_DIS) | N(D_STORE_PAGE) | N(D_SEND_RESPONSE) | N(B_RECEIVE_TCF) |         \
              N(B_SEND_DCS))                                                                                 \
    STATE(E_AWAIT_DCN, "5.3.6.1.8", CALLED, "E", FL_T2, N(D_SEND_RESPONSE))                                  \
    /* polling (polling.c): who is called sends the document, who calls receives it */                       \
    STATE(B_AWAIT_DTC, "5.3.6.1.2", CALLER, "B", FL_T4, N(B_SEND_DIS) | N(B_SEND_DCS))                       \
    STATE(B_SEND_DTC, "5.3.6.1.2", CALLED, "B", FL_X2, N(B_AWAIT_DCS))                                       \
    /* both */                                                                                               \
    STATE(E_SEND_DCN, "5.3.6.1.8", BOTH, "E", FL_X2, 0)                                                      \
    STATE(E_ENDED, "5.3.6.1.8", BOTH, "E", FL_X2, 0)

/* 5.3.6.1: any command is sent at most three times. */
#define FL_T30_TRIES 3
/* The 75 ms between two signals (+-20 ms): near the low end, since line time is money, with room for a modem that
 * counts a little short; what it takes to obey comes on top. */
#define FL_T30_GAP_MS 60

/* T4 by hand (4.5 s +-15 %) is what DIS waits for its answer, at the least: who answers it may be a person. */
#define FL_T30_DIS_AGAIN FL_MS(4500)

#define FL_STATE_ENUM(name, clause, role, phase, timer, next) FL_STATE_##name,
enum fl_t30_state { FL_T30_STATES(FL_STATE_ENUM) FL_STATE_COUNT, FL_STATE_NONE = 255 };
#undef FL_STATE_ENUM

/* What happens in a state: an indication of the modem, an expired timer, a page in the store. */
enum fl_happening {
    FL_H_DONE,
    FL_H_FAILED,
    FL_H_CARRIER,
    FL_H_FRAME, /* good: fcf, octets, length, final */
    FL_H_BAD_FRAME,
    FL_H_DATA, /* octets, length */
    FL_H_NO_CARRIER,
    FL_H_WRONG_CARRIER,
    FL_H_TIMER,  /* timer */
    FL_H_STORED, /* good */
    FL_H_MORE,   /* the outbox has more */
};

struct fl_t30_happening {
    uint8_t kind; /* enum fl_happening */
    uint8_t fcf;
    bool final;
    bool good;
    uint8_t timer;
    const uint8_t *octets;
    size_t length;
};

struct fl_t30_state_row {
    const char *name, *clause, *role, *phase;
    uint8_t timer;
    uint64_t next; /* bits by enum fl_t30_state */
    void (*enter)(struct fl_t30 *engine);
    void (*on)(struct fl_t30 *engine, const struct fl_t30_happening *happening);
};
extern const struct fl_t30_state_row FL_T30_TABLE[FL_STATE_COUNT];

#define FL_STATE_FUNCTIONS(name, clause, role, phase, timer, next)                                           \
    void fl_t30_enter_##name(struct fl_t30 *engine);                                                         \
    void fl_t30_on_##name(struct fl_t30 *engine, const struct fl_t30_happening *happening);
FL_T30_STATES(FL_STATE_FUNCTIONS)
#undef FL_STATE_FUNCTIONS

/* ---- what the states' functions use (engine.c) ---- */

/* Goes to another state, as soon as the modem has let go of the order it has. */
void fl_t30_go(struct fl_t30 *engine, enum fl_t30_state state);
/* Ends the session: the reason, and whether the far end is told (DCN). */
void fl_t30_give_up(struct fl_t30 *engine, int raw, bool tell);
void fl_t30_timer_start(struct fl_t30 *engine, enum fl_t30_timer timer, fl_time duration);
/* As long as we wait by this timer. */
void fl_t30_timer_wait(struct fl_t30 *engine, enum fl_t30_timer timer);
/* At whose end we speak: T1 of the called station, T2 behind EOM. */
void fl_t30_timer_nominal(struct fl_t30 *engine, enum fl_t30_timer timer);
/* T4 as long as DIS waits for its answer before it is repeated. */
void fl_t30_timer_dis_again(struct fl_t30 *engine);
void fl_t30_timer_stop(struct fl_t30 *engine, enum fl_t30_timer timer);
void fl_t30_emit(struct fl_t30 *engine, enum fl_t30_event_kind kind);

void fl_t30_listen(struct fl_t30 *engine); /* RECV_FRAME */
void fl_t30_receive(
    struct fl_t30 *engine); /* RECV_DATA at the agreed modulation, short training once trained */
/* The same once more, after nothing came or the modem refused (DONE: of the pause that keeps this from a storm). */
void fl_t30_receive_again(struct fl_t30 *engine);
void fl_t30_listen_again(struct fl_t30 *engine);
void fl_t30_pause(struct fl_t30 *engine, int duration_ms); /* SEND_SILENCE: between two of our own signals */
void fl_t30_wait_silence(struct fl_t30 *engine, int duration_ms); /* WAIT_SILENCE, for quiet.c */
void fl_t30_call_off(struct fl_t30 *engine);                      /* ABORT: ends DONE */
void fl_t30_send_data(struct fl_t30 *engine, const struct fl_modulation *modulation, struct fl_source source);

void fl_t30_burst_clear(struct fl_t30 *engine);
struct fl_frame *fl_t30_burst_add(struct fl_t30 *engine);
/* A frame without FIF, bit X as it is due, alone in its burst. */
void fl_t30_burst_one(struct fl_t30 *engine, uint8_t fcf);
/* Gives the next frame of the burst to the modem; false when all are sent. */
bool fl_t30_burst_send(struct fl_t30 *engine);

/* What every state that listens for frames does alike: stops its timer at the first flag, watches the length of a
 * frame, listens again after a bad or non-final one. True when the happening was of that kind and is dealt with. */
bool fl_t30_listening(struct fl_t30 *engine, const struct fl_t30_happening *happening);

/* An answer that began when its time was over, before its command was repeated: it is heard as if it had come in time. */
void fl_t30_answered(struct fl_t30 *engine, const struct fl_t30_happening *happening);

/* A V.21 carrier before its first frame is in: X1, and behind the flags of 5.3.1, 1 s + 15 %. */
#define FL_T30_CARRIER_LIMIT (FL_MS(FL_T30_TIMERS[FL_X1].wait_ms) + FL_MS(1150))

/* ---- progress.c ---- */

/* From the first page on that is to be received, pages are due: X5 runs. */
void fl_t30_expect_progress(struct fl_t30 *engine);
/* Something new came: a row, a frame of a block, a stored or confirmed page. */
void fl_t30_progress(struct fl_t30 *engine);
/* A V.21 frame or carrier came; true, and the session is given up, when so many came that brought nothing new. */
bool fl_t30_idle_frame(struct fl_t30 *engine);

/* ---- quiet.c ---- */

/* Waits until the far end has been silent for so long, or nothing is heard of it any more. Ends DONE, or FAILED. */
void fl_t30_quiet(struct fl_t30 *engine, int duration_ms);
/* True when the happening, or the end of X4, is of that wait and it is not over yet. */
bool fl_t30_quiet_goes_on(struct fl_t30 *engine, const struct fl_t30_happening *happening);
void fl_t30_quiet_overdue(struct fl_t30 *engine);
void fl_t30_quiet_stop(struct fl_t30 *engine);

/* ---- words.c ---- */

/* Who sent a frame that only says something. */
enum { FL_FROM_CALLED = 1, FL_FROM_POLLER = 2, FL_FROM_SENDER = 4 };
/* Identities, addresses, passwords and non-standard facilities, of those who are to be heard now. */
void fl_t30_hear_words(struct fl_t30 *engine, const struct fl_t30_happening *happening, unsigned from);

/* ---- identify.c ---- */

/* CSI or CIG, DIS or DTC, and what comes with them; true when a usable DIS or DTC was among them. */
bool fl_t30_take_identification(struct fl_t30 *engine, const struct fl_t30_happening *happening);
/* What both ends may use, from our options and a new DIS or DTC; false when there is nothing. */
bool fl_t30_evaluate(struct fl_t30 *engine);

/* ---- polling.c ---- */

/* Something of our document is still to be sent. */
bool fl_t30_has_document(const struct fl_t30 *engine);
/* Something was received, and nothing of it was rejected last: a poll in vain makes that no less well. */
bool fl_t30_all_kept(const struct fl_t30 *engine);
/* Asks for the document again, as long as that may be done. */
void fl_t30_poll_again(struct fl_t30 *engine);
/* Who called asks for a document (DTC, or DIS in its place): it is answered. False when the frame is none of these. */
bool fl_t30_polled(struct fl_t30 *engine, const struct fl_t30_happening *happening);
void fl_t30_answer_poll(struct fl_t30 *engine);

/* ---- choose.c ---- */

/* The format for a page under the far end's abilities; false when nothing fits. */
bool fl_t30_choose(const struct fl_t30 *engine, int page, struct fl_session *session);

#endif
