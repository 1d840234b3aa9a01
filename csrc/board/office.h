/* The clock that channels run by. Most channels have one of their own; simulated lines of one office share it, so that
 * they can call each other in one time. Everything of an office (its boards, its clock) is touched under its mutex.
 */
#ifndef FL_BOARD_OFFICE_H
#define FL_BOARD_OFFICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"

#define FL_OFFICE_LINES 32

struct fl_board;

/* A channel in its office. */
struct fl_member {
    struct fl_board *board;
    int wake;            /* eventfd of its thread */
    atomic_bool ordered; /* an order waits: no time passes until it is obeyed. Under the channel's mutex */
    atomic_bool held;    /* an order is being prepared: the same */
    bool permits;        /* virtual pace: time may pass, as far as this channel goes */
    bool pending;        /* time would bring something forward here, and somebody must permit it */
    bool waits;          /* for a call to come in */
    bool holds;          /* in a call, but with nothing going on: time waits for it a moment only */
    fl_time timers;      /* the earliest of the channel's own */
    fl_time until;       /* line time: its thread sleeps till then */
};

struct fl_office {
    pthread_mutex_t mutex;
    fl_time now;
    fl_time wall_start;
    struct fl_member *members[FL_OFFICE_LINES];
    uint32_t count;
};

/* The wall's clock, in microseconds. */
fl_time fl_office_wall(void);
/* A member is to look again; it has begun to. */
void fl_office_wake(int fd);
void fl_office_calm(int fd);
/* False when the office is full. */
bool fl_office_join(struct fl_office *office, struct fl_member *member);
void fl_office_leave(struct fl_office *office, struct fl_member *member);
/* Everybody's work at this moment, until nobody has any; when there will be more. `mine`: gives up when it never ends. */
fl_time fl_office_step(struct fl_office *office, struct fl_board *mine, fl_time now);
/* Tells the other members that something has happened to them: they look before time passes on. */
void fl_office_tell(struct fl_office *office, const struct fl_member *except);
/* Virtual pace: goes ahead to the deadline, or to the first timer of any channel, if all permit that must. patient:
 * those count, too, that are in a call in which nothing goes on. */
/* Somebody waits for a call, and nothing goes on anywhere. */
bool fl_office_waits(const struct fl_office *office);
bool fl_office_advance(struct fl_office *office, fl_time deadline, bool patient);

#endif
