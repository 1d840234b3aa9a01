/* The T.30 engine, sans-I/O, both roles. Five verbs: input, tick, deadline, order, event.
 *
 * It is not: the call (dialling, answering, hook), the modem's language, the coding of pages. It owns no descriptor,
 * clock or thread, and allocates nothing.
 */
#ifndef FL_T30_H
#define FL_T30_H

#include "base/raw_causes.h"
#include "base/trace.h"
#include "modem/modem.h"
#include "t30/dis.h"
#include "t30/ecm.h"
#include "t30/frames.h"
#include "t30/rates.h"

/* Timers of T.30 (T0..T5) and ours (X..). Numbers of rows of FL_T30_TIMERS. */
enum fl_t30_timer {
    FL_T1, /* identification, phase B */
    FL_T2, /* called station: waiting for a command */
    FL_T4, /* caller: waiting for a response; called station, phase B: waiting for DCS before DIS is repeated */
    FL_T5, /* caller: the far end is not ready (RNR) */
    FL_X1, /* a control frame takes longer than any may */
    FL_X2, /* this state takes longer than it ever can: the modem or the far end is stuck */
    FL_X3, /* the whole session */
    FL_X4, /* the far end's silence does not come, or nothing is heard of it (quiet.c) */
    FL_X5, /* receiving: nothing new has come (progress.c) */
    FL_X6, /* the sender's page, but for the time in which something of it goes out for the first time */
    FL_X7, /* the sender's next page is being made */
    FL_T30_TIMER_COUNT
};

struct fl_t30_timer_row {
    const char *name, *clause;
    int32_t nominal_ms, tolerance_ms;
    int32_t wait_ms; /* how long we wait: who waits is patient to the upper end, who speaks is early */
};
extern const struct fl_t30_timer_row FL_T30_TIMERS[FL_T30_TIMER_COUNT];

/* The caller's document. */
struct fl_page_shape {
    uint8_t resolution; /* enum fl_resolution */
    uint8_t width;      /* enum fl_width */
    uint32_t rows;
    bool separate; /* another document begins with it: EOM goes before */
};

struct fl_t30_outbox {
    void *ctx;
    int (*count)(void *ctx);
    /* Whether the page may go out: what comes behind it must be known by then. */
    bool (*ready)(void *ctx, int page);
    void (*shape)(void *ctx, int page, struct fl_page_shape *shape);
    /* The coding (of those in the set, bits by enum fl_coding) in which the document is smallest. */
    enum fl_coding (*smallest)(void *ctx, unsigned codings);
    /* The page as octets for the line, in the agreed format; reopened for each resend. */
    struct fl_source (*open)(void *ctx, int page, const struct fl_session *session);
};

/* The called station's page store. */
struct fl_copy_quality {
    uint32_t rows, bad_rows;
    uint32_t lost_rows; /* beyond those, by the length of the damage */
    bool ended;         /* RTC or EOFB was there */
    bool cut;           /* it stops in the middle of a line: what followed is lost */
};

enum fl_kept {
    FL_KEPT,     /* it is stored */
    FL_KEEPING,  /* it will take a moment: fl_t30_stored tells how it went */
    FL_NOT_KEPT, /* it cannot be */
};

#define FL_PAGE_ENDED UINT32_MAX

struct fl_t30_inbox {
    void *ctx;
    /* document: which one of the call, from 0; EOM ends each but the last */
    void (*begin)(void *ctx, const struct fl_session *session, const char *remote_id, int document);
    /* Lines of the page that are over, with their fill; FL_PAGE_ENDED behind RTC or EOFB. */
    uint32_t (*data)(void *ctx, const uint8_t *octets, size_t length);
    struct fl_copy_quality (*end)(void *ctx);
    /* The page is good: store it; only a stored page is confirmed. */
    enum fl_kept (*keep)(void *ctx);
};

/* How a far machine judges: honestly, or as a simulated failure wants it. */
enum fl_verdict { FL_HONEST, FL_ALWAYS_BAD, FL_NEVER_READY };

struct fl_t30_config {
    bool caller;  /* sends the document */
    bool polling; /* the document goes the other way than the call: a receiver calls, a sender is called */
    /* A document may go either way, each once: who calls sends first and then polls, who is called leaves it to the caller. */
    bool both;
    struct fl_abilities
        abilities; /* called: what the DIS offers; caller: modulations, ecm, mr, mmr that may be used */
    uint8_t send_modulations; /* both: the abilities' are those that can be received */
    uint16_t min_rate_bps, max_rate_bps;
    int8_t high_res;         /* 1, 0, or -1: follow the document */
    int8_t coding;           /* enum fl_coding, -1: the smallest */
    char id[FL_ID_SIZE + 1]; /* TSI or CSI */
    char sub_address[FL_ID_SIZE + 1];
    char password[FL_ID_SIZE + 1];
    char selective[FL_ID_SIZE + 1];         /* SEP: which document is polled */
    uint8_t training_verdict, page_verdict; /* enum fl_verdict, called */
    uint64_t seed;                          /* for the randomised repeat of DIS */
    struct fl_t30_outbox outbox;
    struct fl_t30_inbox inbox;
    struct fl_pen pen;
};

/* What the far end says of itself, and of whom the document is for or which one it wants. */
#define FL_NSF_MAX 32
struct fl_t30_words {
    char sub[FL_ID_SIZE + 1], sid[FL_ID_SIZE + 1];                      /* the sender, with DCS */
    char sep[FL_ID_SIZE + 1], pwd[FL_ID_SIZE + 1], psa[FL_ID_SIZE + 1]; /* who polls, with DTC */
    uint8_t nsf[FL_NSF_MAX], nsf_length; /* FIF of NSF, NSC or NSS, for the log */
};

enum fl_t30_event_kind {
    FL_T30_NEGOTIATED, /* session, remote_id */
    FL_T30_PAGE,       /* pages; last */
    FL_T30_ENDED,      /* raw */
};

struct fl_t30_event {
    uint8_t kind;
    bool last;
    bool in_doubt; /* ended: the page at work was sent whole, and neither confirmed nor rejected */
    int raw;
    int pages;          /* confirmed so far, the way that config.caller says */
    int sent, received; /* either way */
};

#define FL_BURST_MAX  6
#define FL_T30_EVENTS 8

struct fl_t30 {
    struct fl_t30_config config;
    bool dialled;  /* the call is ours */
    bool sends;    /* the document at work is ours */
    uint8_t state; /* enum fl_t30_state, t30/states.h */
    uint8_t next;  /* the state to enter once the modem has let go of its order */
    uint8_t step;  /* within a state that gives several orders */
    fl_time now;
    fl_time timer[FL_T30_TIMER_COUNT]; /* FL_NEVER: stopped */
    fl_time paused;                    /* the state's timer while a frame is being received */

    struct fl_order order; /* to be pulled */
    bool order_ready;
    uint8_t order_active; /* kind + 1 of the order that the modem has, 0 = none */
    bool aborting;
    uint16_t gap_ms; /* of the silence between two signals, while it is kept and just behind it; else 0 */
    uint8_t quiet;   /* how far we are with the far end's silence (quiet.c) */
    uint8_t
        unanswered; /* caller: the state in which no answer came in time, until its command is repeated; or NONE */
    uint16_t quiet_ms;
    bool our_turn;     /* what was heard last is a whole burst: the far end waits for us */
    uint8_t stutter;   /* receive orders in a row that ended at once with nothing */
    fl_time listening; /* since when */
    uint8_t mute;      /* called: carriers in a row that brought no command */
    uint8_t blanks;    /* called: such behind the last answer that were answered */

    struct fl_frame burst[FL_BURST_MAX];
    uint8_t burst_count, burst_at;

    struct fl_session session;
    struct fl_abilities far;
    bool far_known; /* a usable DIS has been received in this phase B */
    bool bit_x;     /* ... and in this call: bit X is ours to set */
    bool heard;     /* any V.21 */
    struct fl_t30_words said;
    char remote_id[FL_ID_SIZE + 1];
    struct fl_rate_limits limits;
    const struct fl_modulation *rate;
    bool trained;       /* a training succeeded: the next fast carrier may train short */
    bool patience_over; /* caller: T5 ran out while the far end was speaking */
    bool retrain;       /* caller: the next page needs DCS and TCF first */
    bool negotiated;
    uint8_t tries, page_tries, trainings;
    bool repeated_before;      /* caller: the command before was repeated: its second answer may still come */
    fl_time commanded;         /* caller: when the command at work was out; called: when it came */
    bool storing;              /* called: the page is on its way into the store; the answer waits */
    bool stored;               /* called: it got there while the far end was kept waiting */
    uint8_t stored_response;   /* called: what to answer once it is there */
    uint8_t command, response; /* caller: command sent; called: command received and our answer */
    int page;                  /* caller: the page at work; those before it are confirmed */
    int received;              /* called: pages stored */
    int document;              /* called: the one at work, from 0 */
    bool document_over;        /* called: its last page is stored */
    int raw;
    bool timed_out;          /* raw: because something did not come in time */
    uint16_t parting_gap_ms; /* silence that must be heard before DCN */
    bool ended;
    bool in_doubt;                  /* caller: the page at work is sent; its confirmation is due */
    fl_time page_time;              /* caller: what is left of X6 while it stands still */
    bool page_open;                 /* caller, ECM: blocks of the page are being sent */
    bool page_seen;                 /* called: something of the page at work has come */
    bool reopened;                  /* called: that carrier was lost, and may be back */
    bool burst_seen;                /* called: something came on this fast carrier */
    uint32_t tail;                  /* called: octets of ones that may be the end of the carrier */
    fl_time burst_over;             /* called: when that carrier ended */
    bool carrier_since;             /* called: a fast carrier has come since our last answer */
    uint32_t page_octets;           /* called: of the page at work */
    uint32_t page_lines;            /* called: of it, without error correction */
    uint32_t line_octets;           /* called: of the line at work */
    bool tcf_doubted;               /* called: a carrier where TCF was due, of another kind */
    uint16_t frames_idle;           /* V.21 frames and carriers since anything new came (progress.c) */
    struct fl_copy_quality quality; /* called: of that page, once its carrier has ended */
    uint32_t repeats; /* called: MPS that were taken for repetitions and answered as the one before */

    /* TCF as it is judged */
    uint32_t tcf_octets, tcf_nonzero, tcf_run, tcf_best;

    /* error correction */
    struct fl_ecm ecm;
    bool block_open; /* caller: a block waits to be confirmed; called: frames of one may come, or came */
    uint8_t
        pprs; /* since the last CTC: caller: for this block; called: those in a row that brought nothing new */
    unsigned missing,
        missing_before; /* frames that the last PPR asked for; caller: the fewest, to the first since CTC */
    bool confirmed_any; /* called: the block below was confirmed in this session */
    uint8_t confirmed_page, confirmed_block;
    uint64_t confirmed_digest; /* ... and of what is in it */

    uint64_t random;
    uint32_t tcf_left;

    struct fl_t30_event events[FL_T30_EVENTS];
    uint8_t event_head, event_count;
};

void fl_t30_init(struct fl_t30 *engine, const struct fl_t30_config *config);
/* Takes the line: the caller listens for DIS, the called station (whose modem stands ready to send V.21) sends it. */
void fl_t30_start(struct fl_t30 *engine, fl_time now);
/* Ends the session from our side, with DCN where the line allows. raw: FL_RAW_STOP, FL_RAW_HANG_UP ... */
void fl_t30_stop(struct fl_t30 *engine, int raw, fl_time now);

void fl_t30_input(struct fl_t30 *engine, const struct fl_indication *indication, fl_time now);
/* The page that inbox.keep was to store is stored (or cannot be: then the session ends). */
void fl_t30_stored(struct fl_t30 *engine, bool good, fl_time now);
/* The outbox has so many pages more, or knows now that there will be none. */
void fl_t30_more(struct fl_t30 *engine, int pages, fl_time now);
void fl_t30_tick(struct fl_t30 *engine, fl_time now);
fl_time fl_t30_deadline(const struct fl_t30 *engine);
bool fl_t30_order(struct fl_t30 *engine, struct fl_order *order);
bool fl_t30_event(struct fl_t30 *engine, struct fl_t30_event *event);
bool fl_t30_ended(const struct fl_t30 *engine);

#endif
