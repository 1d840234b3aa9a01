/* The simulated line's times, and the judge of what the ends do on it. */
#include "hdlc/fcs.h"
#include "simmodem_bench.h"

/* ---- times ---- */

static void test_line_times(void)
{
    struct bench *b = &bench;
    fl_line_init(&b->line, FL_MS(20), NULL, NULL, (struct fl_pen){0});
    static const uint8_t ones[] = {0xFF, 0xFF, 0xFF};
    CHECK_EQ(fl_line_frame_bits(ones, 3), 24 + 4 + 8);
    CHECK_EQ((uint16_t)~fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789", 9), 0x906E);
    fl_line_signal(&b->line, 0, FL_SIGNAL_V21, 3, FL_MS(100));
    CHECK_EQ(fl_line_frame(&b->line, 0, ones, 3, FL_MS(1100)), FL_MS(1220));
    CHECK_EQ(fl_line_frame(&b->line, 0, ones, 3, 0), FL_MS(1340));
    fl_line_signal(&b->line, 0, FL_SIGNAL_FAST, 96, FL_MS(1400));
    fl_time end = FL_MS(1653) + (fl_time)1000 * 8000000 / 9600;
    CHECK_EQ(fl_line_data(&b->line, 0, page, 1000), end);
    CHECK_EQ(fl_line_sent(&b->line, 0, FL_MS(1653 + 100)), 120);
    fl_line_cut(&b->line, 0, FL_MS(1653 + 500));
    static const fl_time times[][2] = {{120, 120},   {1120, 1240}, {1240, 1360},
                                       {1420, 1420}, {1673, 2173}, {2173, 2173}};
    static const uint16_t lengths[] = {0, 3, 3, 0, 600, 0};
    for (size_t i = 0; i < FL_COUNT(times); i++) {
        const struct fl_line_event *event = fl_line_peek(&b->line, 1);
        CHECK(event && event->start == FL_MS(times[i][0]) && event->end == FL_MS(times[i][1]));
        CHECK(event && event->length == lengths[i]);
        fl_line_take(&b->line, 1);
    }
    CHECK(fl_line_peek(&b->line, 1) == NULL);
}

/* ---- the judge ---- */

/* Steps of one end or the other: what begins when. */
struct judged {
    int end, signal, ms;
};

static void judged(struct fl_watch *watch, const struct judged *steps, size_t count)
{
    fl_watch_init(watch, (struct fl_pen){0});
    for (size_t i = 0; i < count; i++)
        fl_watch_signal(watch, steps[i].end, (enum fl_signal)steps[i].signal, 300, false, FL_MS(steps[i].ms));
}

#define JUDGED(rule, times, ...)                                                                             \
    do {                                                                                                     \
        static const struct judged steps[] = {__VA_ARGS__};                                                  \
        judged(&watch, steps, FL_COUNT(steps));                                                              \
        CHECK_EQ(watch.broken[rule], times);                                                                 \
    } while (0)

enum {
    OFF = FL_SIGNAL_SILENCE,
    V21 = FL_SIGNAL_V21,
    FAST = FL_SIGNAL_FAST,
    CNG = FL_SIGNAL_CNG,
    CED = FL_SIGNAL_CED
};

static void test_judge_signals(void)
{
    struct fl_watch watch;
    JUDGED(FL_RULE_TURN, 0, {0, V21, 0}, {0, OFF, 1000}, {0, FAST, 1055}, {0, OFF, 2000}, {0, V21, 2095});
    JUDGED(FL_RULE_TURN, 1, {0, V21, 0}, {0, OFF, 1000}, {0, FAST, 1054});
    JUDGED(FL_RULE_TURN, 1, {0, FAST, 0}, {0, OFF, 1000}, {0, V21, 1096});
    JUDGED(FL_RULE_TURN, 0, {0, FAST, 0}, {0, OFF, 1000}, {0, V21, 4000});
    JUDGED(FL_RULE_ANSWER, 1, {1, V21, 0}, {1, OFF, 1000}, {0, V21, 1054});
    JUDGED(FL_RULE_ANSWER, 0, {1, V21, 0}, {1, OFF, 1000}, {0, V21, 1055});
    JUDGED(FL_RULE_COLLISION, 1, {1, V21, 0}, {0, V21, 500});
    JUDGED(FL_RULE_COLLISION, 0, {1, CED, 0}, {0, CNG, 500}, {1, V21, 600});
    JUDGED(FL_RULE_CED, 1, {1, CED, 0}, {1, OFF, 2500}, {1, V21, 2575});
    JUDGED(FL_RULE_CED_GAP, 1, {1, CED, 0}, {1, OFF, 3000}, {1, V21, 3100});
    JUDGED(FL_RULE_CNG_ON, 1, {0, CNG, 0}, {0, OFF, 700}, {0, CNG, 3700}, {0, OFF, 3800});
    JUDGED(FL_RULE_CNG_OFF, 1, {0, CNG, 0}, {0, OFF, 500}, {0, CNG, 5000});
    CHECK(strstr(fl_watch_text(&watch, 0), "CNG off: 4500.0 ms, at most 3450 ms"));
}

static void burst(struct fl_watch *watch, int end, const uint8_t *frame, size_t length, fl_time at)
{
    fl_watch_signal(watch, end, FL_SIGNAL_V21, 300, false, at);
    fl_watch_frame(watch, end, frame, length, at + FL_SEC(1), at + FL_MS(1200));
    fl_watch_signal(watch, end, FL_SIGNAL_SILENCE, 0, false, at + FL_MS(1200));
}

static void tcf(struct fl_watch *watch, size_t octets, bool cut, fl_time at)
{
    fl_watch_signal(watch, 0, FL_SIGNAL_FAST, 14400, false, at);
    fl_watch_data(watch, 0, octets);
    fl_watch_signal(watch, 0, FL_SIGNAL_SILENCE, 0, cut, at + FL_SEC(3));
}

static void test_judge_frames(void)
{
    struct fl_watch watch;
    for (int wait_ms = 2500; wait_ms <= 5200; wait_ms += 300) { /* 2500, 2800 ... 5200 */
        fl_watch_init(&watch, (struct fl_pen){0});
        burst(&watch, 0, EOP, sizeof EOP, 0);
        burst(&watch, 0, EOP, sizeof EOP, FL_MS(1200 + wait_ms));
        CHECK_EQ(watch.broken[FL_RULE_REPEAT], wait_ms == 2500 || wait_ms == 5200);
        burst(&watch, 0, DCN, sizeof DCN, FL_SEC(9)); /* another command: no repetition */
        CHECK_EQ(fl_watch_violations(&watch, 0), wait_ms == 2500 || wait_ms == 5200);
    }
    static const size_t lengths[] = {2429, 2430, 2700, 2970, 2971};
    for (size_t i = 0; i < FL_COUNT(lengths); i++) {
        fl_watch_init(&watch, (struct fl_pen){0});
        burst(&watch, 0, DCS, sizeof DCS, 0);
        tcf(&watch, lengths[i], false, FL_MS(1275));
        CHECK_EQ(watch.broken[FL_RULE_TCF], i == 0 || i == 4);
    }
    fl_watch_init(&watch, (struct fl_pen){0});
    burst(&watch, 0, DCS, sizeof DCS, 0);
    tcf(&watch, 10, true, FL_MS(1275)); /* the call ended */
    CHECK_EQ(fl_watch_violations(&watch, 0), 0);
    fl_watch_init(&watch, (struct fl_pen){0});
    fl_watch_signal(&watch, 1, FL_SIGNAL_V21, 300, false, 0);
    fl_watch_frame(&watch, 1, CSI, sizeof CSI, FL_MS(849), FL_MS(4300));
    fl_watch_frame(&watch, 1, DIS, sizeof DIS, FL_MS(4299), FL_MS(4500));
    CHECK_EQ(watch.broken[FL_RULE_PREAMBLE], 1);
    CHECK_EQ(watch.broken[FL_RULE_FRAME], 1);
    CHECK_EQ(watch.broken[FL_RULE_FLAGS], 1);
    CHECK_EQ(fl_watch_violations(&watch, 1), 3);
}

/* A DTE that answers too soon is reported, through the whole chain, with its sentence in the trace. */
static void test_judge_modem(void)
{
    struct bench *b = &bench;
    connected(b);
    memset(&b->trace, 0, sizeof b->trace);
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    CHECK_EQ(fl_watch_violations(&b->watch, 0), 1);
    CHECK_EQ(b->watch.broken[FL_RULE_ANSWER], 1);
    struct fl_trace_record record;
    bool found = false;
    while (fl_trace_take(&b->trace, &record)) found = found || record.kind == FL_TRACE_VIOLATION;
    CHECK(found);
}

int main(void)
{
    test_line_times();
    test_judge_signals();
    test_judge_frames();
    test_judge_modem();
    return check_result("simline");
}
