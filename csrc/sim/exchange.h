/* Inside the simulated device: a line of the exchange. exchange.c is the board (orders, questions, octets and time),
 * exchange_route.c joins calls, exchange_far.c is the machine at the far end. Nobody else includes this.
 */
#ifndef FL_SIM_EXCHANGE_H
#define FL_SIM_EXCHANGE_H

#include "board/board.h"
#include "board/job.h"
#include "board/office.h"
#include "page/store.h"
#include "sim/far.h"
#include "sim/line.h"
#include "sim/modem.h"
#include "sim/player.h"
#include "sim/pty.h"
#include "sim/watch.h"

enum fl_exchange_route { FL_ROUTE_FREE, FL_ROUTE_ROUTING, FL_ROUTE_RINGING, FL_ROUTE_JOINED, FL_ROUTE_OVER };

/* One end of a call. */
struct fl_exchange_end {
    struct fl_station station;
    struct fl_simmodem modem;
    struct fl_pty *pty; /* the modem's other side in place of the station; NULL: there is none */
};

struct fl_exchange {
    struct fl_board board;
    struct fl_office *office;
    char number[24];
    struct fl_exchange_end ours, far;
    struct fl_pen our_pen, far_pen;
    struct fl_job job, far_job;
    struct fl_store store;     /* what we receive */
    struct fl_store far_store; /* what the far machine receives */
    bool far_saved;            /* a page waits in that store: tell */
    struct fl_pty pty;
    bool look;    /* our modem's program may have written, opened or closed: a system call tells */
    uint8_t told; /* of our modem on a pty: the call's state that was told last (enum fl_call_state) */

    /* a far machine that calls us */
    struct fl_document *incoming;
    struct fl_fax_options incoming_options;
    bool awaiting;

    /* the present call, if it was dialled here (by us, or by our far machine) */
    uint8_t route; /* enum fl_exchange_route */
    fl_time route_at;
    struct fl_exchange_end *caller, *callee;
    struct fl_exchange *callee_of;  /* another line's, when the call goes there */
    bool engaged;                   /* a call that was dialled elsewhere is ours, too */
    const struct fl_far_row *fixed; /* ?far=: whatever number is called */
    const struct fl_far_row *row;   /* who answers */
    bool mishap_done;

    const struct fl_play *play; /* a recorded call: who is called, or calls, plays it */
    struct fl_player player;
    fl_time dialled_at;

    struct fl_line line;
    fl_time delay;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_fault plan[FL_FAULTS_MAX]; /* asked for when the device was opened */
    uint32_t planned;
    uint64_t random;
    int64_t elsewhere; /* violations by our end on other exchanges' lines */
};

/* ---- exchange.c ---- */

/* A line of the office by its index, NULL when it is none of a simulated exchange. */
struct fl_exchange *fl_exchange_line_at(const struct fl_office *office, uint32_t index);
/* Whoever uses this end finds that its modem is not there any more. */
void fl_exchange_unplug(struct fl_exchange_end *end, fl_time now);

/* ---- exchange_route.c ---- */

/* Looks at the hooks; true when it did something. */
bool fl_exchange_look(struct fl_exchange *x, fl_time now);
/* Nobody who uses this end is about to do something with it. */
bool fl_exchange_rests(const struct fl_exchange_end *end);
/* Our line may be called. */
bool fl_exchange_is_free(const struct fl_exchange *x);

/* ---- exchange_far.c: true when something was done ---- */

bool fl_exchange_far_calls(struct fl_exchange *x, fl_time now);
bool fl_exchange_far_events(struct fl_exchange *x, fl_time now);
/* A row's mishap: once some of that page has been heard. */
bool fl_exchange_mishap(struct fl_exchange *x, fl_time now);

#endif
