/* Timers in a tree (a treap): from the top down by time, so that the earliest is on top; from left to right by their numbers,
 * scrambled. Numbers and times grow together, scrambled numbers and times have nothing to do with each other: so the tree is as
 * deep as one of random numbers, a few times the logarithm of their count.
 */
#include "channel/timers.h"

#include <stddef.h>

static uint32_t scrambled(int32_t number)
{
    return (uint32_t)number * 2654435769u; /* odd: no two numbers become one */
}

static bool is_before(const struct fl_timer *a, const struct fl_timer *b)
{
    return a->at < b->at || (a->at == b->at && a->serial < b->serial);
}

void fl_timers_start(struct fl_timers *timers, struct fl_timer *timer)
{
    uint32_t key = scrambled(timer->number);
    struct fl_timer **place = &timers->earliest;
    timer->serial = timers->serial++;
    while (*place && is_before(*place, timer))
        place = scrambled((*place)->number) < key ? &(*place)->higher : &(*place)->lower;
    /* What was there comes under it, parted at its number. */
    struct fl_timer *rest = *place, **lower = &timer->lower, **higher = &timer->higher;
    *place = timer;
    while (rest) {
        if (scrambled(rest->number) < key) {
            *lower = rest;
            lower = &rest->higher;
            rest = *lower;
        } else {
            *higher = rest;
            higher = &rest->lower;
            rest = *higher;
        }
    }
    *lower = *higher = NULL;
}

/* Takes out what is there, and joins what was under it. */
static struct fl_timer *take(struct fl_timer **place)
{
    struct fl_timer *taken = *place, *lower = taken->lower, *higher = taken->higher;
    while (lower && higher) {
        if (is_before(lower, higher)) {
            *place = lower;
            place = &lower->higher;
            lower = *place;
        } else {
            *place = higher;
            place = &higher->lower;
            higher = *place;
        }
    }
    *place = lower ? lower : higher;
    return taken;
}

struct fl_timer *fl_timers_take(struct fl_timers *timers)
{
    return timers->earliest ? take(&timers->earliest) : NULL;
}

struct fl_timer *fl_timers_cancel(struct fl_timers *timers, int32_t number)
{
    uint32_t key = scrambled(number);
    struct fl_timer **place = &timers->earliest;
    while (*place && (*place)->number != number)
        place = scrambled((*place)->number) < key ? &(*place)->higher : &(*place)->lower;
    return *place ? take(place) : NULL;
}
