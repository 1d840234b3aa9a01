/* The events of a channel that wait for the application, in order: a queue of fixed size that an application which does not
 * look can't overflow. What tells how something ended is never dropped, nor what was ordered (a timer), nor a page that came.
 */
#ifndef FL_EVENTS_H
#define FL_EVENTS_H

#include "base/base.h"
#include "base/boundary.h"

#define FL_EVENTS 128
/* Orders and timers are taken out of their queues only while there is room for what they may yield. Of one call and one fax
 * that are under way this is ten: the newest of what may be dropped, and what may not. */
#define FL_EVENTS_ROOM 32

struct fl_events {
    struct fl_event ring[FL_EVENTS];
    uint32_t head, count;
};

/* Whether another order may be obeyed. */
bool fl_events_room(const struct fl_events *events);
/* Makes room for one more where it is full, by dropping what a later one says, too. false: it can't, whoever has something
 * to tell keeps it. */
bool fl_events_open(struct fl_events *events);
/* Only while it is open. */
void fl_events_put(struct fl_events *events, const struct fl_event *event);
bool fl_events_take(struct fl_events *events, struct fl_event *event);

#endif
