/* The application's timers that run on a channel: the earliest one, and any of them by its number, among as many as one
 * likes. Nothing is allocated: a timer is part of the order that began it.
 */
#ifndef FL_TIMERS_H
#define FL_TIMERS_H

#include "base/base.h"

struct fl_timer {
    int32_t number;
    fl_time at;                      /* when it expires */
    uint64_t serial;                 /* of those of one moment the first begun is first */
    struct fl_timer *lower, *higher; /* timers.c */
};

struct fl_timers {
    struct fl_timer *earliest; /* NULL: none runs */
    uint64_t serial;
};

/* number and at are set. */
void fl_timers_start(struct fl_timers *timers, struct fl_timer *timer);
/* Takes the earliest one out. */
struct fl_timer *fl_timers_take(struct fl_timers *timers);
/* Takes one of that number out; NULL: there is none. */
struct fl_timer *fl_timers_cancel(struct fl_timers *timers, int32_t number);

#endif
