/* The simulated modem's faults: those of a plan (sim/fault.h), and those of a family (modem_rows.c) that cannot be seen in a
 * whole call.
 */
#include "simmodem_bench.h"

/* ---- of a plan ---- */

static void test_hangup_in_page(void)
{
    struct bench *b = &bench;
    faulty(b, "hangup", 1, 1, 253 + 1000); /* the training, and a second of the page */
    say(b, 1, "AT+FRM=96");
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    static uint8_t data[4000];
    memset(data, 0x55, sizeof data);
    put(b, 0, data, sizeof data);
    CHECK(expect(b, 1, "CONNECT", FL_MS(300)));
    size_t before = b->length[1];
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(2)));
    fl_simmodem_disconnect(&b->modem[1], b->now);
    CHECK(expect(b, 1, "NO CARRIER", b->delay));
    /* What had not left the modem never arrives. */
    CHECK_EQ(b->length[1] - before, 1200 + 4 + 16);
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_CONNECTED);
    say(b, 1, "AT+FRH=3");
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    CHECK(ask(b, 1, "AT+FRH=3", "ERROR"));
}

static void test_frame_faults(void)
{
    struct bench *b = &bench;
    faulty(b, "far_bad_fcs", 2, 1, 0);
    CHECK(try_frame(b, "OK"));
    CHECK(try_frame(b, "ERROR"));
    CHECK(try_frame(b, "OK"));
    CHECK_EQ(b->faults.struck[fl_fault_find("far_bad_fcs")], 1);
    faulty(b, "far_lost_frame", 1, 1, 0);
    CHECK(try_frame(b, "NO CARRIER"));
    CHECK(try_frame(b, "OK"));
    faulty(b, "bad_fcs", 1, 0, 0); /* the other end's: not struck */
    CHECK(try_frame(b, "OK"));
    faulty(b, "far_silence", 2, 1, 0);
    CHECK(try_frame(b, "OK"));
    CHECK(!try_frame(b, "CONNECT"));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(!try_frame(b, "CONNECT"));
    faulty(b, "echo", 1, 1, 200);
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    SEND(0, DCN);
    CHECK(expect(b, 0, "OK", FL_SEC(2)));
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(0, DCN)); /* its own, which began after +FRH */
}

static void test_data_faults(void)
{
    struct bench *b = &bench;
    size_t wrong;
    faulty(b, "far_bit_errors", 2, 1, 20000);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong >= 14 && wrong <= 17); /* 8000 bits, 2 per mille */
    faulty(b, "far_burst", 1, 1, 200);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong > 40 && wrong <= 48); /* 833 ms: four bursts of 12 octets */
    faulty(b, "far_lost_carrier", 1, 1, 400);
    CHECK_EQ(try_data(b, &wrong), 480);
    CHECK_EQ(try_data(b, &wrong), 1000);
    faulty(b, "far_bad_training", 1, 1, 1);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong > 900);
    faulty(b, "far_bad_training", 1, 1, 0);
    CHECK_EQ(try_data(b, &wrong), 0);
}

static void test_modem_faults(void)
{
    struct bench *b = &bench;
    faulty(b, "late_connect", 1, 1, 400);
    say(b, 0, "AT+FTH=3");
    CHECK(!expect(b, 0, "CONNECT", FL_MS(402)));
    CHECK(expect(b, 0, "CONNECT", FL_MS(1)));
    faulty(b, "missing_ok", 2, 1, 0);
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK(!ask(b, 0, "AT", "OK"));
    CHECK(ask(b, 0, "AT", "OK"));
    faulty(b, "spurious_ok", 1, 1, 0);
    CHECK(ask(b, 0, "AT+FTH=3", "OK"));
    CHECK(expect(b, 0, "CONNECT", 0));
    faulty(b, "short_read", 1, 0, 1);
    put(b, 0, "AT\r", 3);
    b->now += FL_MS(3);
    uint8_t octets[16];
    CHECK_EQ(fl_simmodem_read(&b->modem[0], octets, sizeof octets, b->now), 1);
    CHECK(expect(b, 0, "OK", 0) || b->length[0] > 5);
    faulty(b, "unplug", 2, 1, 0);
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK(!ask(b, 0, "AT", "OK"));
    CHECK(fl_simmodem_dead(&b->modem[0]));
    CHECK_EQ(fl_simmodem_write(&b->modem[0], octets, 1, b->now), 0);
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    faulty(b, "hangup", 2, 1, 700);
    CHECK(ask(b, 0, "AT+FTS=1", "OK"));
    say(b, 0, "AT+FRH=3");
    CHECK(!expect(b, 0, "NO CARRIER", FL_MS(702)));
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

static void test_fault_names(void)
{
    int32_t names = 0;
    for (; fl_fault_name(names); names++) {
        CHECK_EQ(fl_fault_find(fl_fault_name(names)), names);
        CHECK(strlen(fl_fault_text(names)) > 10);
    }
    CHECK_EQ(names, FL_FAULT_NUMBERS);
    CHECK_EQ(fl_fault_find("none"), -1);
    CHECK(fl_fault_name(-1) == NULL && fl_fault_text(names) == NULL);
    struct fl_faults faults;
    fl_faults_init(&faults, 0, (struct fl_pen){0});
    struct fl_fault fault = {.kind = names};
    CHECK(!fl_faults_add(&faults, &fault));
    fault.kind = 0;
    for (int i = 0; i < FL_FAULTS_MAX; i++) CHECK(fl_faults_add(&faults, &fault));
    CHECK(!fl_faults_add(&faults, &fault));
}

/* ---- of a family ---- */

/* A call is up; our modem is the generic one with something changed. */
static struct fl_simmodem_row *changed(struct bench *b)
{
    static struct fl_simmodem_row row;
    row = *fl_simmodem_row(NULL);
    start(b);
    put_through(b);
    phase_b(b);
    b->modem[0].row = &row;
    return &row;
}

static void test_family_waits(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->deaf_ms = 4000;
    say(b, 0, "AT+FRH=3");
    pass(b, FL_SEC(5));
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, DCN);
    CHECK(!expect(b, 0, "CONNECT", FL_SEC(3)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(try_frame(b, "OK"));
    row->ignores_can = true;
    row->late_ok_ms = 300;
    say(b, 0, "AT+FRH=3");
    pass(b, FL_MS(10));
    put(b, 0, "\x18", 1);
    CHECK(!expect(b, 0, "OK", FL_SEC(1)));
    say(b, 0, "AT");
    CHECK(!expect(b, 0, "OK", FL_MS(295)));
    CHECK(expect(b, 0, "OK", FL_MS(10)));
    *row = *fl_simmodem_row(NULL);
    row->give_up_s = 30;
    CHECK(ask(b, 0, "ATS30=59", "OK"));
    say(b, 0, "AT+FRH=3");
    CHECK(!expect(b, 0, "NO CARRIER", FL_SEC(40)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "ATS30=0", "OK"));
    say(b, 0, "AT+FRM=96");
    CHECK(!expect(b, 0, "NO CARRIER", FL_SEC(29)));
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(2)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

/* V.21 while +FRM waits for V.29. */
static void meet_v21(struct bench *b)
{
    say(b, 0, "AT+FRM=96");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, DCN);
}

static void test_family_mismatch(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    size_t wrong;
    meet_v21(b);
    CHECK(expect(b, 0, "+FCERROR", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    row->fcerror_is_error = true;
    meet_v21(b);
    CHECK(expect(b, 0, "ERROR", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    row->no_fcerror = true;
    meet_v21(b);
    CHECK(!expect(b, 0, "ERROR", FL_SEC(9)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    *row = *fl_simmodem_row(NULL);
    row->fcerrors = 2;
    say(b, 0, "AT+FRM=145");
    CHECK(ask(b, 1, "AT+FTM=145", "CONNECT"));
    CHECK(expect(b, 0, "+FCERROR", FL_MS(200)));
    CHECK(ask(b, 0, "AT+FRM=145", "+FCERROR"));
    say(b, 0, "AT+FRM=145");
    CHECK(expect(b, 0, "CONNECT", FL_SEC(2)));
    put(b, 1, "abc\x10\x03", 5);
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(1)));
    row->fcerrors = 0;
    for (row->tail = 0; row->tail < 9; row->tail += 8) {
        CHECK_EQ(try_data(b, &wrong), 1000);
        CHECK_EQ(wrong, 0);
    }
}

static void test_family_answers(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->brackets = true;
    CHECK(ask(b, 0, "AT+FRH=?", "(3)"));
    row->no_lists = true;
    CHECK(ask(b, 0, "AT+FTM=?", "ERROR"));
    row->fcs_reversed = true;
    CHECK(!try_frame(b, "ERROR"));
    *row = *fl_simmodem_row(NULL);
    start(b);
    b->modem[0].row = row;
    row->no_answer_is_no_carrier = true;
    CHECK(ask(b, 0, "AT+FCLASS=1", "OK"));
    say(b, 0, "ATD1");
    pass(b, FL_SEC(5));
    fl_simmodem_progress(&b->modem[0], FL_PROGRESS_NO_ANSWER, b->now);
    drain(b);
    CHECK(expect(b, 0, "NO CARRIER", 0));
}

/* A page at 14400 over a serial line of 9600: the buffer runs empty, and the carrier ends in mid-page. */
static void test_family_wire(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->dte_bps = 9600;
    row->buffer = 64;
    fl_time began = b->now;
    CHECK(ask(b, 0, "AT+FTM=146", "CONNECT"));
    for (int i = 0; i < 2000 && b->modem[0].timers[FL_SIMTIMER_PHASE] != FL_NEVER; i++) {
        size_t room = fl_simmodem_room(&b->modem[0]);
        CHECK(room <= 4);
        fl_simmodem_write(&b->modem[0], (const uint8_t *)"UUUU", room, b->now);
        step(b, b->now + FL_MS(10));
    }
    CHECK(expect(b, 0, "OK", 0));
    CHECK(b->now - began < FL_SEC(1));
}

int main(void)
{
    test_hangup_in_page();
    test_frame_faults();
    test_data_faults();
    test_modem_faults();
    test_fault_names();
    test_family_waits();
    test_family_mismatch();
    test_family_answers();
    test_family_wire();
    return check_result("simmodem_faults");
}
