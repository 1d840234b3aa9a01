/* The application's timers: in order of their time, found by their numbers, and never more steps than the tree is deep. */
#include "channel/timers.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define COUNT 10000
/* Four times the logarithm of COUNT; a list has thousands. */
#define DEPTH 56

static struct fl_timer timers[COUNT];

static int depth(const struct fl_timer *timer)
{
    if (!timer) return 0;
    int lower = depth(timer->lower), higher = depth(timer->higher);
    return 1 + (lower > higher ? lower : higher);
}

static fl_time in_turn(int i)
{
    return i;
}

static fl_time backwards(int i)
{
    return COUNT - i;
}

static fl_time at_once(int i)
{
    (void)i;
    return 5;
}

static fl_time by_sevens(int i)
{
    return i % 7;
}

static fl_time anyhow(int i)
{
    uint64_t seed = (uint64_t)i;
    return (fl_time)(fl_random(&seed) % 100000);
}

static const struct {
    const char *name;
    fl_time (*at)(int i);
} ORDERS[] = {
    {"in turn", in_turn},     {"backwards", backwards}, {"at once", at_once},
    {"by sevens", by_sevens}, {"anyhow", anyhow},
};

static struct fl_timers start_all(fl_time (*at)(int i))
{
    struct fl_timers all = {0};
    memset(timers, 0, sizeof timers);
    for (int i = 0; i < COUNT; i++) {
        timers[i].number = i + 1;
        timers[i].at = at(i);
        fl_timers_start(&all, &timers[i]);
    }
    return all;
}

/* How many of them come, each behind the one before. */
static int take_all(struct fl_timers *all)
{
    struct fl_timer *timer, *before = NULL;
    int count = 0;
    while ((timer = fl_timers_take(all))) {
        if (before)
            CHECK(before->at < timer->at || (before->at == timer->at && before->number < timer->number));
        before = timer;
        count++;
    }
    return count;
}

static void test_order(size_t row)
{
    struct fl_timers all = start_all(ORDERS[row].at);
    int deep = depth(all.earliest);
    printf("%s: %d timers, %d deep\n", ORDERS[row].name, COUNT, deep);
    CHECK(deep <= DEPTH);
    CHECK_EQ(take_all(&all), COUNT);
}

static void test_cancel(size_t row)
{
    struct fl_timers all = start_all(ORDERS[row].at);
    for (int i = 0; i < COUNT; i += 2) CHECK(fl_timers_cancel(&all, timers[i].number) == &timers[i]);
    for (int i = 0; i < COUNT; i += 2) CHECK(!fl_timers_cancel(&all, timers[i].number));
    CHECK(depth(all.earliest) <= DEPTH);
    CHECK_EQ(take_all(&all), COUNT / 2);
    CHECK(!fl_timers_take(&all));
}

/* Nothing forbids it: each is cancelled by its own turn. */
static void test_one_number(void)
{
    struct fl_timers all = {0};
    memset(timers, 0, sizeof timers);
    for (int i = 0; i < 100; i++) {
        timers[i].number = i % 3;
        timers[i].at = anyhow(i);
        fl_timers_start(&all, &timers[i]);
    }
    int count = 0;
    while (fl_timers_cancel(&all, 1)) count++;
    CHECK_EQ(count, 33);
    count = 0;
    while (fl_timers_take(&all)) count++;
    CHECK_EQ(count, 67);
}

int main(void)
{
    for (size_t row = 0; row < FL_COUNT(ORDERS); row++) {
        test_order(row);
        test_cancel(row);
    }
    test_one_number();
    return check_result("timers");
}
