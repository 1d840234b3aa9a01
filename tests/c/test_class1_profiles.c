/* The Class 1 driver against a scripted modem: what the fields of a profile change, and how a profile is found. */
#include "class1_bench.h"

static void profile_commands(void)
{
    bench.profile = (struct fl_class1_profile){
        .name = "odd",
        .reset = "AT&F",
        .init = {"AT&K3", "AT&D3"},
        .select = "AT+FCLASS=1.0",
        .flow = {"AT+FLO=2", NULL, "ATS30=59"},
        .adaptive = "AT+FAR=1",
        .send_list = "24-96",
        .receive_list = "96",
        .reset_pause_ms = 500,
        .command_gap_ms = 20,
        .abort_ms = 200,
    };
    order(FL_ORDER_INIT);
    ANSWER("AT", "OK");
    SENT("");
    wait_ms(20);
    ANSWER("AT&F", "OK");
    wait_ms(499);
    SENT("");
    wait_ms(1);
    ANSWER("ATE0V1Q0", "OK");
    wait_ms(19);
    SENT("");
    wait_ms(1);
    bench.profile.command_gap_ms = 0;
    ANSWER("ATX4S0=0", "OK");
    ANSWER("ATH0", "OK");
    ANSWER("AT&K3", "OK");
    ANSWER("AT&D3", "ERROR");
    init_queries();
    ANSWER("AT+FCLASS=1.0", "OK");
    ANSWER("AT+FLO=2", "ERROR");
    ANSWER("ATS30=59", "OK");
    ANSWER("AT+FAR=1", "OK");
    SEEN("DONE");
    CHECK(bench.driver.adaptive);
    CHECK_EQ(fl_class1_modulations(&bench.driver, false), 0x1E | fl_class1_bit(73) | fl_class1_bit(74));
    CHECK_EQ(fl_class1_modulations(&bench.driver, true), fl_class1_bit(96));
}

/* Who says what it is gets what it needs, from the reset on; who was given a profile keeps it. */
static void profile_found(void)
{
    fl_class1_init(&bench.driver, NULL, (struct fl_pen){.trace = &bench.trace});
    init_until_class_after("ATZ");
    ANSWER("AT+FMI?", "U.S. Robotics\r\n\r\nOK");
    ANSWER("AT+FMM?", "ERROR");
    ANSWER("ATI3", "U.S. Robotics 56K FAX USB V1.2.23\r\n\r\nOK");
    ANSWER("AT&F1", "OK");
    wait_ms(500);
    ANSWER("ATE0V1Q0", "OK");
    ANSWER("ATX4S0=0", "OK");
    ANSWER("ATH0", "OK");
    ANSWER("AT+FCLASS=?", "0,1,2.0\r\n\r\nOK");
    ANSWER("AT+FCLASS=1", "OK");
    ANSWER("AT&H1&I0&R2", "OK");
    init_lists();
    SEEN("DONE");
    CHECK(bench.driver.profile == fl_class1_profile("usr"));
    CHECK(strcmp(fl_class1_classes(&bench.driver), "0,1,2.0") == 0);
    order(FL_ORDER_INIT); /* once more: it is known by now */
    ANSWER("AT", "OK");
    ANSWER("AT&F1", "OK");
    bench.sent_length = 0;
    order(FL_ORDER_ABORT);
    wait_ms(20000);
    bench.sent_length = 0;
    bench.log[0] = 0;
    fl_class1_init(&bench.driver, fl_class1_profile("generic"), (struct fl_pen){.trace = &bench.trace});
    init_until_class_after("ATZ");
    ANSWER("AT+FMI?", "U.S. Robotics\r\n\r\nOK");
    ANSWER("AT+FMM?", "ERROR");
    ANSWER("ATI3", "OK");
    ANSWER("AT+FCLASS=?", "0,1,2.0\r\n\r\nOK");
    ANSWER("AT+FCLASS=1", "OK");
    ANSWER("AT+FLO=2", "ERROR");
    init_lists();
    SEEN("DONE");
}

static void profile_abort_by_at(void)
{
    bench.profile.abort_by_at = true;
    bench.profile.abort_pause_ms = 100;
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    order(FL_ORDER_ABORT);
    SENT("AT\r");
    SAY("\r\nNO CARRIER\r\n"); /* crossed with it: the OK is still to come */
    SEEN("");
    SAY("\r\nOK\r\n");
    wait_ms(99);
    SEEN("");
    wait_ms(1);
    SEEN("DONE");
}

static void profile_delays(void)
{
    bench.profile.silence_by_delay = bench.profile.wait_by_delay = true;
    calling();
    for (int kind = FL_ORDER_SEND_SILENCE; kind <= FL_ORDER_WAIT_SILENCE; kind++) {
        order_timed((enum fl_order_kind)kind, 75);
        SENT("");
        wait_ms(74);
        SEEN("");
        wait_ms(1);
        SEEN("DONE");
        order_timed((enum fl_order_kind)kind, 75);
        order(FL_ORDER_ABORT);
        SEEN("DONE");
    }
}

static void profile_sending(void)
{
    bench.profile.silence_after_data = true;
    bench.profile.connect_delay_ms = 400;
    calling();
    send_data(96, "abc", 3);
    ANSWER("AT+FTM=96", "CONNECT");
    wait_ms(399);
    SENT("");
    wait_ms(1);
    SENT("abc\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER");
    ANSWER("AT+FTS=1", "OK");
    SEEN("DONE");
}

static void profile_frames(void)
{
    bench.profile.frames_without_fcs = true;
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT1", "CONNECT");
    SEEN("CONNECTED");
    order(FL_ORDER_RECV_FRAME);
    SAY("\xFF\x13\x84\x10\x03\r\nOK\r\n");
    SEEN("CARRIER FRAME");
    FRAME("\xFF\x13\x84", true);
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY_FRAME("\xFF\x13\x84"); /* a newer version that delivers the FCS */
    SAY("\r\nOK\r\n");
    SEEN("CARRIER FRAME");
    FRAME("\xFF\x13\x84", true);
    bench.profile.frames_without_fcs = false;
    bench.profile.validate_fcs = true;
    for (int spoil = 0; spoil < 2; spoil++) {
        order(FL_ORDER_RECV_FRAME);
        ANSWER("AT+FRH=3", "CONNECT");
        say_frame("\xFF\x13\x84", 3, spoil);
        SAY("\r\nOK\r\n");
        SEEN(spoil ? "CARRIER BAD" : "CARRIER FRAME");
    }
}

static void profile_mismatch(void)
{
    bench.profile.rm_persistence = 2;
    bench.profile.rm_error_is_mismatch = true;
    calling();
    recv_data(96);
    ANSWER("AT+FRM=96", "+FCERROR");
    SEEN("");
    ANSWER("AT+FRM=96", "ERROR");
    SEEN("WRONG_CARRIER");
}

static void profile_frh(void)
{
    bench.profile.rh_slice_ms = 4000;
    bench.profile.rh_connect_bug = true;
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    wait_ms(4001);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    ANSWER("AT+FRH=3", "CONNECT");
    SEEN(""); /* proves nothing here */
    SAY("\xFF");
    SEEN("CARRIER");
    bench.driver.fcs_proven = false;
    SAY("\x13\x84\x11\x22\x10\x03\r\nOK\r\n");
    SEEN("FRAME");
    FRAME("\xFF\x13\x84", true);
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY("\x10\x03\r\nNO CARRIER\r\n");
    SEEN("NO_CARRIER");
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    for (int i = 0; i < 200 && fl_class1_busy(&bench.driver); i++) {
        wait_ms(1000);
        if (bench.sent_length && bench.sent[bench.sent_length - 1] == 0x18) SAY("\r\nOK\r\n");
    }
    SEEN("NO_CARRIER");
    bench.sent_length = 0;
}

static void profile_hook(void)
{
    bench.profile.hook_sensitivity = 0;
    bench.profile.no_carrier_no_answer = true;
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "ERROR");
    SEEN("LINE_DOWN");
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT1", "NO CARRIER");
    SEEN("NO_ANSWER");
}

static void profile_table(void)
{
    size_t count = 0;
    for (const struct fl_class1_profile *row; (row = fl_class1_profile_at(count)); count++) {
        CHECK(fl_class1_profile(row->name) == row);
        CHECK(row->reset && row->select && row->abort_ms);
        for (size_t i = 0; i < FL_COUNT(row->identity) && row->identity[i]; i++)
            CHECK(fl_class1_profile_match(row->identity[i]) == row);
    }
    CHECK(count >= 10);
    CHECK(fl_class1_profile(NULL) == fl_class1_profile("generic"));
    CHECK(fl_class1_profile("no such modem") == NULL);
    CHECK(fl_class1_profile_match("") == fl_class1_profile("generic"));
    CHECK(fl_class1_profile_match("Conexant CX93001-EIS_V0.2013-V92") == fl_class1_profile("conexant"));
    CHECK(fl_class1_profile_match("U.S. Robotics 56K FAX") == fl_class1_profile("usr"));
    CHECK(fl_class1_profile_match("Si2435-C") == fl_class1_profile("silabs"));
    CHECK(fl_class1_profile_match("an Intel modem") == fl_class1_profile("intel"));
    CHECK(fl_class1_profile_match("intel") == fl_class1_profile("intel"));
    CHECK(fl_class1_profile_match("Intelligent Modem, by Intel") == fl_class1_profile("intel"));
    static const char *const NO_WORDS[] = {"Intelligent Modem", "Sintel", "Rockwellian", "PCX930",
                                           "Silicon Labour"};
    for (size_t i = 0; i < FL_COUNT(NO_WORDS); i++)
        CHECK(fl_class1_profile_match(NO_WORDS[i]) == fl_class1_profile("generic"));
}

static const struct script SCRIPTS[] = {
    SCRIPT(profile_commands), SCRIPT(profile_found),  SCRIPT(profile_abort_by_at), SCRIPT(profile_delays),
    SCRIPT(profile_sending),  SCRIPT(profile_frames), SCRIPT(profile_mismatch),    SCRIPT(profile_frh),
    SCRIPT(profile_hook),     SCRIPT(profile_table),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 profiles");
}
