/* The queue of events when nobody looks: what ends something stays, whatever else comes, and where things stand is told. */
#include "channel/events.h"

#include <string.h>

#include "check.h"

static struct fl_events events;
static uint64_t given, taken; /* the number of the last one */

/* Gives it a number; false: there is no room. */
static bool give(struct fl_event event)
{
    if (!fl_events_open(&events)) return false;
    event.seq = ++given;
    fl_events_put(&events, &event);
    return true;
}

static bool give_call(int state, int cause)
{
    return give((struct fl_event){.kind = FL_EVENT_CALL, .state = state, .cause = cause});
}

static bool give_pages(int kind, int pages)
{
    return give((struct fl_event){.kind = kind, .pages = pages});
}

static void empty(void)
{
    memset(&events, 0, sizeof events);
    given = taken = 0;
}

static int left(int kind)
{
    int count = 0;
    for (uint32_t i = 0; i < events.count; i++)
        count += events.ring[(events.head + i) % FL_EVENTS].kind == kind;
    return count;
}

/* They come in the order in which they were given. */
static struct fl_event take(int kind)
{
    struct fl_event event = {0};
    CHECK(fl_events_take(&events, &event));
    CHECK_EQ(event.kind, kind);
    CHECK(event.seq > taken);
    taken = event.seq;
    return event;
}

static void take_call(int state)
{
    CHECK_EQ(take(FL_EVENT_CALL).state, state);
}

/* A fax of a thousand pages, each at another rate, to a far machine that keeps them: then it ends, and the call. */
static void test_a_long_fax(void)
{
    empty();
    CHECK(give_call(FL_CALL_CALL_OUTGOING, 0));
    CHECK(give_call(FL_CALL_ANSWERED, 0));
    CHECK(give((struct fl_event){.kind = FL_EVENT_FAX_STARTED}));
    for (int page = 1; page <= 1000; page++) {
        CHECK(give_pages(FL_EVENT_NEGOTIATED, page));
        CHECK(give_pages(FL_EVENT_FAR_PAGE, page));
        CHECK(give_pages(FL_EVENT_PAGE, page));
    }
    CHECK(give((struct fl_event){.kind = FL_EVENT_FAX_ENDED, .pages = 1000}));
    CHECK(give_call(FL_CALL_IDLE, FL_CALL_CAUSE_NORMAL));
    CHECK_EQ(events.count, FL_EVENTS);
    take_call(FL_CALL_ANSWERED);
    take(FL_EVENT_FAX_STARTED);
    struct fl_event event, last[FL_EVENT_TIMER + 1] = {0};
    while (fl_events_take(&events, &event)) {
        CHECK(event.kind == FL_EVENT_CALL || event.pages >= last[event.kind].pages);
        CHECK(event.kind == FL_EVENT_CALL || last[FL_EVENT_FAX_ENDED].pages == 0);
        last[event.kind] = event;
    }
    CHECK_EQ(last[FL_EVENT_NEGOTIATED].pages, 1000);
    CHECK_EQ(last[FL_EVENT_FAR_PAGE].pages, 1000);
    CHECK_EQ(last[FL_EVENT_PAGE].pages, 1000);
    CHECK_EQ(last[FL_EVENT_FAX_ENDED].pages, 1000);
    CHECK_EQ(event.state, FL_CALL_IDLE);
}

/* The progress of a fax says nothing of the one before. */
static void test_two_faxes(void)
{
    empty();
    for (int fax = 1; fax <= 2; fax++) {
        CHECK(give((struct fl_event){.kind = FL_EVENT_FAX_STARTED}));
        for (int page = 1; page <= 100; page++) {
            CHECK(give_pages(FL_EVENT_NEGOTIATED, 100 * fax + page));
            CHECK(give_pages(FL_EVENT_PAGE, 100 * fax + page));
        }
        CHECK(give((struct fl_event){.kind = FL_EVENT_FAX_ENDED, .pages = 100 * fax}));
    }
    int pages = 0;
    struct fl_event event;
    for (int fax = 1; fax <= 2; fax++) {
        take(FL_EVENT_FAX_STARTED);
        while (fl_events_take(&events, &event) && event.kind != FL_EVENT_FAX_ENDED) pages = event.pages;
        CHECK_EQ(pages, 100 * fax + 100);
        CHECK_EQ(event.pages, 100 * fax);
    }
}

/* Somebody rings again and again, for days, and nobody hears it. */
static void test_rings(void)
{
    empty();
    CHECK(give_call(FL_CALL_CALL_OUTGOING, 0));
    CHECK(give_call(FL_CALL_IDLE, FL_CALL_CAUSE_BUSY)); /* of a call of ours: it stays */
    CHECK(give_call(FL_CALL_WAITING, 0));
    for (int i = 0; i < 1000; i++) {
        CHECK(give_call(FL_CALL_RING_INCOMING, 0));
        CHECK(give_call(FL_CALL_IDLE, FL_CALL_CAUSE_NOANSWER));
    }
    CHECK(give((struct fl_event){.kind = FL_EVENT_TIMER}));
    CHECK_EQ(events.count, FL_EVENTS);
    take_call(FL_CALL_IDLE);
    while (events.count > 3) { /* each with its end, also at the seam */
        take_call(FL_CALL_RING_INCOMING);
        take_call(FL_CALL_IDLE);
    }
    take_call(FL_CALL_RING_INCOMING); /* the last one whole */
    CHECK_EQ(take(FL_EVENT_CALL).seq, 2003);
    take(FL_EVENT_TIMER);
}

/* A ring of which the application has heard keeps its end. */
static void test_a_ring_that_was_heard(void)
{
    empty();
    CHECK(give_call(FL_CALL_RING_INCOMING, 0));
    take_call(FL_CALL_RING_INCOMING);
    CHECK(give_call(FL_CALL_IDLE, FL_CALL_CAUSE_NOANSWER));
    for (int i = 0; i < 1000; i++) {
        CHECK(give_call(FL_CALL_RING_INCOMING, 0));
        CHECK(give_call(FL_CALL_IDLE, FL_CALL_CAUSE_NOANSWER));
    }
    CHECK_EQ(take(FL_EVENT_CALL).seq, 2);
}

/* Where nothing may be dropped, nothing is: who has more keeps it. */
static void test_nothing_to_drop(void)
{
    static const struct fl_event KINDS[] = {
        {.kind = FL_EVENT_CALL, .state = FL_CALL_IDLE},
        {.kind = FL_EVENT_CALL, .state = FL_CALL_ERROR},
        {.kind = FL_EVENT_FAX_STARTED},
        {.kind = FL_EVENT_FAX_ENDED},
        {.kind = FL_EVENT_RECEIVED},
        {.kind = FL_EVENT_TIMER},
    };
    empty();
    for (uint32_t i = 0; i < FL_EVENTS; i++) {
        CHECK(fl_events_room(&events) == (i <= FL_EVENTS - FL_EVENTS_ROOM));
        CHECK(give(KINDS[i % FL_COUNT(KINDS)]));
    }
    CHECK(!give_pages(FL_EVENT_PAGE, 1));
    CHECK_EQ(left(FL_EVENT_PAGE), 0);
    for (uint32_t i = 0; i < FL_EVENTS; i++) CHECK_EQ(take(KINDS[i % FL_COUNT(KINDS)].kind).seq, i + 1);
    CHECK_EQ(events.count, 0);
}

int main(void)
{
    test_a_long_fax();
    test_two_faxes();
    test_rings();
    test_a_ring_that_was_heard();
    test_nothing_to_drop();
    return check_result("events");
}
