/* The simulated modem's calls: setting one up, a whole one with a page, and whatever a DTE may write meanwhile. */
#include "simmodem_bench.h"

/* ---- whole calls ---- */

static void call(struct bench *b)
{
    static const uint8_t tcf[2700];
    put_through(b);
    phase_b(b);
    EXCHANGE(0, DCS);
    send_fast(b, "AT+FTM=145", "AT+FRM=145", tcf, sizeof tcf);
    EXCHANGE(1, CFR);
    CHECK(ask(b, 0, "AT+FRS=7", "OK"));
    fl_time before = b->now;
    send_fast(b, "AT+FTM=146", "AT+FRM=146", page, sizeof page);
    CHECK(b->now - before > FL_MS(22222) && b->now - before < FL_MS(22700) + 2 * b->delay);
    CHECK(ask(b, 0, "AT+FTS=5", "OK"));
    EXCHANGE(0, EOP);
    EXCHANGE(1, MCF);
    EXCHANGE(0, DCN);
    CHECK(ask(b, 0, "ATH0", "OK"));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    fl_simmodem_disconnect(&b->modem[1], b->now);
    say(b, 1, "AT+FRH=3");
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(2)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    CHECK(ask(b, 1, "AT+FTH=3", "ERROR"));
}

static void test_call(void)
{
    struct bench *b = &bench;
    start(b);
    call(b);
    for (int end = 0; end < 2; end++) {
        CHECK_EQ(fl_watch_violations(&b->watch, end), 0);
        CHECK(strcmp(fl_watch_text(&b->watch, end), "") == 0);
    }
    CHECK_EQ(b->modem[0].overruns + b->modem[1].overruns, 0);
}

/* This test's DTE waits for the far end to hear before it goes on: a late line makes its gaps too long, nothing else. */
static void test_delays(void)
{
    struct bench *b = &bench;
    start(b);
    b->delay = 0;
    call(b);
    start(b);
    b->delay = FL_MS(600);
    call(b);
    CHECK_EQ(b->watch.broken[FL_RULE_COLLISION], 0);
    CHECK_EQ(b->watch.broken[FL_RULE_PREAMBLE], 0);
    CHECK_EQ(b->watch.broken[FL_RULE_TCF], 0);
}

/* ---- setting up ---- */

static void dialled(struct bench *b)
{
    start(b);
    CHECK(ask(b, 0, "ATE0S7=30+FCLASS=1", "OK"));
    say(b, 0, "ATDT5");
    while (fl_simmodem_hook(&b->modem[0]) != FL_HOOK_DIALLING && step(b, b->now + FL_SEC(10)));
    CHECK_EQ(b->now, FL_MS(1 + 3 + 1 + 3 + 2000 + 100));
}

static void test_progress(void)
{
    struct bench *b = &bench;
    static const char *const texts[] = {"NO DIALTONE", "BUSY", "NO ANSWER", "NO CARRIER"};
    for (int i = 0; i < 4; i++) {
        dialled(b);
        fl_simmodem_progress(&b->modem[0], (enum fl_progress)i, b->now);
        CHECK(expect(b, 0, texts[i], 0));
        CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    }
    dialled(b);
    CHECK(!expect(b, 0, "NO ANSWER", FL_SEC(30) - 1));
    CHECK(expect(b, 0, "NO ANSWER", 1));
    dialled(b);
    put(b, 0, " ", 1);
    CHECK(expect(b, 0, "NO CARRIER", 0));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

/* A person answers, speaks, and wonders about the CNG. */
static void test_voice(void)
{
    struct bench *b = &bench;
    dialled(b);
    fl_watch_init(&b->watch, (struct fl_pen){0});
    fl_line_init(&b->line, b->delay, &b->faults, &b->watch, (struct fl_pen){0});
    fl_simmodem_connect(&b->modem[0], &b->line, 0, b->now);
    fl_line_signal(&b->line, 1, FL_SIGNAL_VOICE, 0, b->now);
    CHECK(!expect(b, 0, "NO CARRIER", FL_MS(29999)));
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    CHECK_EQ(b->line.way[1].count, 18); /* 9 CNG, on and off; the one at 28 s ended at 28.5 s */
    CHECK_EQ(fl_watch_violations(&b->watch, 0), 0);
}

static void test_ringing(void)
{
    struct bench *b = &bench;
    start(b);
    CHECK(ask(b, 1, "ATE0S0=2+FCLASS=1", "OK"));
    fl_simmodem_ring(&b->modem[1], true, b->now);
    CHECK(expect(b, 1, "RING", 0));
    fl_simmodem_ring(&b->modem[1], false, b->now);
    CHECK(!expect(b, 1, "RING", FL_SEC(10)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    fl_simmodem_ring(&b->modem[1], true, b->now);
    CHECK(expect(b, 1, "RING", 0));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_RINGING);
    CHECK(ask(b, 1, "ATH", "OK"));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_RINGING);
    CHECK(expect(b, 1, "RING", FL_SEC(6)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ANSWERING);
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(60)));
}

/* ---- noise ---- */

/* Whatever a DTE writes, and whenever: time goes on, nothing overflows (the sanitizers look). */
static void test_noise(void)
{
    struct bench *b = &bench;
    static const char *const pieces[] = {
        "AT+FTH=3\r",  "AT+FRH=3\r", "AT+FTM=145\r", "AT+FTM=24\r", "AT+FRM=145\r",
        "AT+FRM=24\r", "AT+FTS=7\r", "AT+FRS=7\r",   "\x10\x03",    "\xFF\x13\x10\x10",
        "\x10",        "AT\r",       "ATS7=1\r",     "AT+FAR=1\r",  "\x18",
        "+FRH",        "ATH\r",
    };
    uint64_t random = 1;
    for (int call = 0; call < 30; call++) {
        start(b);
        for (int i = 0; i < 3; i++)
            plan(b, fl_fault_name((int32_t)(fl_random(&random) % FL_FAULT_NUMBERS)), 9, 3, 0);
        fl_simmodem_ring(&b->modem[1], true, b->now);
        fl_simmodem_write(&b->modem[0], (const uint8_t *)"AT+FCLASS=1D1\r", 14, b->now);
        fl_simmodem_write(&b->modem[1], (const uint8_t *)"AT+FCLASS=1\rATA\r", 16, b->now);
        pass(b, FL_SEC(4));
        fl_watch_init(&b->watch, (struct fl_pen){&b->trace, 0});
        fl_line_init(&b->line, b->delay, &b->faults, &b->watch, (struct fl_pen){&b->trace, 0});
        for (int i = 0; i < 2; i++) fl_simmodem_connect(&b->modem[i], &b->line, i, b->now);
        for (int turn = 0; turn < 400; turn++) {
            int i = (int)(fl_random(&random) % 2);
            const char *piece = pieces[fl_random(&random) % (FL_COUNT(pieces) - (turn < 350))];
            fl_simmodem_write(&b->modem[i], (const uint8_t *)piece, strlen(piece), b->now);
            if (fl_random(&random) % 4 == 0)
                fl_simmodem_write(&b->modem[i], page, fl_random(&random) % 3000, b->now);
            int steps = 0;
            fl_time until = b->now + FL_MS(fl_random(&random) % 700);
            while (step(b, until)) steps++;
            CHECK(steps < 300);
            b->length[0] = b->length[1] = b->seen[0] = b->seen[1] = 0;
        }
    }
}

int main(void)
{
    test_call();
    test_delays();
    test_progress();
    test_voice();
    test_ringing();
    test_noise();
    return check_result("simmodem_calls");
}
