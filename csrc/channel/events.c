/* The queue of events, and what may be dropped from it. */
#include "channel/events.h"

#define NONE FL_EVENTS

static struct fl_event *at(struct fl_events *events, uint32_t index)
{
    return &events->ring[(events->head + index) % FL_EVENTS];
}

/* Progress: a newer one says all that an older one of its kind did. */
static bool is_progress(const struct fl_event *event)
{
    return event->kind == FL_EVENT_PAGE || event->kind == FL_EVENT_NEGOTIATED ||
           event->kind == FL_EVENT_FAR_PAGE;
}

/* A call that rang in, and was given up. */
static bool is_given_up(const struct fl_event *event)
{
    return event->state == FL_CALL_IDLE && event->cause == FL_CALL_CAUSE_NOANSWER;
}

/* The next one of its kind behind it, progress of the same fax; NONE: there is none. */
static uint32_t next_of_kind(struct fl_events *events, uint32_t index)
{
    const struct fl_event *event = at(events, index);
    for (uint32_t i = index + 1; i < events->count; i++) {
        const struct fl_event *later = at(events, i);
        if (later->kind == event->kind) return i;
        if (later->kind == FL_EVENT_FAX_ENDED && is_progress(event)) return NONE;
    }
    return NONE;
}

/* What may be dropped here: this one, where a later one says where things stand; NONE. */
static uint32_t outdated(struct fl_events *events, uint32_t index)
{
    const struct fl_event *event = at(events, index);
    if (!is_progress(event) && event->kind != FL_EVENT_CALL) return NONE;
    uint32_t next = next_of_kind(events, index);
    if (next == NONE || is_progress(event)) return next == NONE ? NONE : index;
    if (event->state == FL_CALL_IDLE || event->state == FL_CALL_ERROR) return NONE;
    /* Of a call of which nobody has heard, with its end, where another one has come since: first the end. */
    if (event->state == FL_CALL_RING_INCOMING && is_given_up(at(events, next)))
        return next_of_kind(events, next) == NONE ? NONE : next;
    return index;
}

static void drop(struct fl_events *events, uint32_t index)
{
    for (; index > 0; index--) *at(events, index) = *at(events, index - 1);
    events->head = (events->head + 1) % FL_EVENTS;
    events->count--;
}

bool fl_events_room(const struct fl_events *events)
{
    return events->count <= FL_EVENTS - FL_EVENTS_ROOM;
}

bool fl_events_open(struct fl_events *events)
{
    for (uint32_t i = 0; i < events->count && events->count == FL_EVENTS; i++) {
        uint32_t old = outdated(events, i);
        if (old != NONE) drop(events, old);
    }
    return events->count < FL_EVENTS;
}

void fl_events_put(struct fl_events *events, const struct fl_event *event)
{
    struct fl_event *newest = events->count ? at(events, events->count - 1) : NULL;
    if (newest && is_progress(event) && newest->kind == event->kind)
        *newest = *event;
    else
        *at(events, events->count++) = *event;
}

bool fl_events_take(struct fl_events *events, struct fl_event *event)
{
    if (events->count == 0) return false;
    *event = *at(events, 0);
    events->head = (events->head + 1) % FL_EVENTS;
    events->count--;
    return true;
}
