/* What the calls of the regime reach of the state table, and calls steered to what few of them reach: one that took a rare
 * transition is kept, and changed a little, again and again. Every call is still made of numbers alone: of its seed, and
 * of one number for each change.
 */
#include "regime.h"

#include "t30/states.h"

#include <stdio.h>
#include <string.h>

#define CHANGES 4
#define KEPT    4096
/* A transition is rare as long as fewer than one call in so many takes it. */
#define RARE 2000

struct kept_call {
    uint64_t seed, changes[CHANGES];
    int count;
};

static long taken[FL_STATE_COUNT][FL_STATE_COUNT], expired[FL_STATE_COUNT][FL_T30_TIMER_COUNT];
static long pairs[FL_FAULT_KINDS][FL_FAULT_KINDS], calls;
static uint8_t state_of[2];
static bool seen_now[FL_STATE_COUNT][FL_STATE_COUNT]; /* in this call */
static struct kept_call kept[KEPT];
static int kept_count;

static int state_named(const struct fl_trace_record *record)
{
    for (int i = 0; i < FL_STATE_COUNT; i++)
        if (strlen(FL_T30_TABLE[i].name) == record->length &&
            memcmp(FL_T30_TABLE[i].name, record->data, record->length) == 0)
            return i;
    return FL_STATE_NONE;
}

static void read_record(const struct fl_trace_record *record)
{
    uint8_t *state = &state_of[record->station & 1];
    if (record->kind == FL_TRACE_STATE) {
        int next = state_named(record);
        if (*state != FL_STATE_NONE && next != FL_STATE_NONE) {
            taken[*state][next]++;
            seen_now[*state][next] = true;
        }
        *state = (uint8_t)(next == FL_STATE_E_ENDED ? FL_STATE_NONE : next);
    } else if (record->kind == FL_TRACE_TIMER && *state != FL_STATE_NONE && record->length > 8 &&
               memcmp(record->data + record->length - 7, "expired", 7) == 0) {
        for (int timer = 0; timer < FL_T30_TIMER_COUNT; timer++)
            if (memcmp(FL_T30_TIMERS[timer].name, record->data, 2) == 0) expired[*state][timer]++;
    }
}

void cover(const struct call *call)
{
    state_of[0] = state_of[1] = FL_STATE_NONE;
    memset(seen_now, 0, sizeof seen_now);
    rig.reader = read_record;
    calls++;
    for (int i = 0; i < call->plan.fault_count; i++)
        for (int k = i + 1; k < call->plan.fault_count; k++) {
            int a = call->plan.faults[i].kind % FL_FAULT_KINDS,
                b = call->plan.faults[k].kind % FL_FAULT_KINDS;
            pairs[a < b ? a : b][a < b ? b : a]++;
        }
}

static bool allowed(int from, int to)
{
    return FL_T30_TABLE[from].next >> to & 1;
}

/* The call that has just been made took a transition that few take. */
static bool reached_something(void)
{
    for (int from = 0; from < FL_STATE_COUNT; from++)
        for (int to = 0; to < FL_STATE_COUNT; to++)
            if (seen_now[from][to] && taken[from][to] * RARE < calls + RARE) return true;
    return false;
}

void run_steered(uint64_t first, long count)
{
    static struct call call;
    uint64_t random = first;
    for (long i = 0; i < count; i++) {
        struct kept_call made = {.seed = first + (uint64_t)i};
        if (kept_count > 0 && fl_random(&random) % 4 != 0) {
            made = kept[fl_random(&random) % (uint64_t)kept_count];
            if (made.count == CHANGES) made.count--;
            made.changes[made.count++] = fl_random(&random) % 1000000000;
        }
        draw_call(&call, made.seed);
        for (int change = 0; change < made.count; change++) mutate_call(&call, made.changes[change]);
        cover(&call);
        try_call(&call, false);
        if (reached_something())
            kept[kept_count < KEPT ? kept_count++ : (int)(fl_random(&random) % KEPT)] = made;
    }
}

void print_cover(void)
{
    int possible = 0, reached = 0;
    for (int from = 0; from < FL_STATE_COUNT; from++)
        for (int to = 0; to < FL_STATE_COUNT; to++) {
            if (!allowed(from, to) || from == FL_STATE_E_ENDED) continue;
            possible++;
            reached += taken[from][to] > 0;
        }
    printf("%d of %d transitions taken in %ld calls; never, or in fewer than ten:\n", reached, possible,
           calls);
    for (int from = 0; from < FL_STATE_COUNT; from++)
        for (int to = 0; to < FL_STATE_COUNT; to++)
            if (allowed(from, to) && from != FL_STATE_E_ENDED && taken[from][to] < 10)
                printf("%9ld %s -> %s\n", taken[from][to], FL_T30_TABLE[from].name, FL_T30_TABLE[to].name);
    for (int state = 0; state < FL_STATE_COUNT; state++)
        if (FL_T30_TABLE[state].timer < FL_X1 && expired[state][FL_T30_TABLE[state].timer] == 0)
            printf("%s never expired in %s\n", FL_T30_TIMERS[FL_T30_TABLE[state].timer].name,
                   FL_T30_TABLE[state].name);
    int met = 0, all = 0;
    for (int a = 0; a < FL_FAULT_KINDS; a++)
        for (int b = a; b < FL_FAULT_KINDS; b++) {
            all++;
            met += pairs[a][b] > 0;
        }
    printf("%d of %d pairs of faults met in a call\n", met, all);
}
