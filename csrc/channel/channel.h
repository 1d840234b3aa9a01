/* Inside a channel: what the application's side (channel.c) and the thread (thread.c) share. Nobody else includes this. */
#ifndef FL_CHANNEL_H
#define FL_CHANNEL_H

#include "board/board.h"
#include "board/office.h"
#include "channel/events.h"
#include "channel/timers.h"

#include <pthread.h>

/* Trace records that wait for Python; in virtual time the line waits rather than lose one. */
#define FL_CHANNEL_RECORDS 2048

enum fl_channel_order_kind {
    FL_CHANNEL_ORDER_DIAL,
    FL_CHANNEL_ORDER_HANG_UP,
    FL_CHANNEL_ORDER_FAX,
    FL_CHANNEL_ORDER_STORED,
    FL_CHANNEL_ORDER_MORE,
    FL_CHANNEL_ORDER_STOP,
    FL_CHANNEL_ORDER_AWAIT,
    FL_CHANNEL_ORDER_ANSWER,
    FL_CHANNEL_ORDER_REJECT,
    FL_CHANNEL_ORDER_INCOMING,
    FL_CHANNEL_ORDER_TIMER,
    FL_CHANNEL_ORDER_TIMER_CANCEL,
};

/* As many as are given: the application's thread allocates them and frees them again; the line's thread does neither. */
struct fl_channel_order {
    struct fl_timer
        timer; /* TIMER: it, TIMER_CANCEL: the number only. First, so that the order is found by it */
    struct fl_channel_order *next;
    int32_t call; /* DIAL, AWAIT (on): the number of the call that it begins; else 0 */
    uint8_t kind;
    int32_t flag; /* AWAIT: on; STORED: good; FAX: enum fl_fax_ways; MORE: enum fl_more */
    int64_t delay_us;
    char number[64];
    struct fl_fax_options options;
    struct fl_document *document;
};

struct fl_channel {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;                /* an event, a record taken, the end: whoever waits looks again */
    int readable;                          /* eventfd: an event waits */
    struct fl_office *office, *own_office; /* own: NULL when it is shared */

    /* under the office's mutex */
    struct fl_member member; /* with the eventfd that wakes the thread */
    struct fl_board *board;

    /* the thread's own */
    struct fl_trace *trace;
    struct fl_document *document; /* of the present or last job */
    struct fl_timers timers;      /* running ones: orders */
    int32_t call;                 /* at work */
    bool virtual_pace;
    int32_t speed;
    fl_time now;     /* the office's, as of this round */
    uint32_t slices; /* of real time, slept one after the other while time stood still */
    bool polled;     /* virtual pace: the program polls, time goes on without it */

    /* under the mutex */
    bool closing, ended;
    struct fl_channel_order *first, **last; /* orders that wait */
    struct fl_channel_order *spent;         /* obeyed, to be freed by the application's thread */
    int32_t calls;                          /* begun so far */
    bool fax;                               /* one was ordered, and has not ended */
    struct fl_events events;
    uint64_t seq, allowed;
    fl_time now_shown;
    int64_t violations;
    char violation_text[96];
    struct fl_trace_record *records;
    uint32_t record_head, record_count;
};

/* ---- thread.c ---- */

/* The thread's main; context is the channel. */
void *fl_channel_drive(void *context);
/* Trace records for which there is room, under the mutex. By the thread, or when that has ended. */
void fl_channel_collect_trace(struct fl_channel *ch);

#endif
