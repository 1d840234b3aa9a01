/* The simulated modem's commands: the command line, what waits and how that is aborted, wrong carriers, the buffer. */
#include "simmodem_bench.h"

/* ---- command lines ---- */

static void test_commands(void)
{
    struct bench *b = &bench;
    start(b);
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK(find(b->out[0], b->length[0], "AT\r\r\nOK\r\n", 9) == b->out[0]); /* the echo comes first */
    CHECK(ask(b, 0, "ate0", "OK"));
    size_t quiet = b->length[0];
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK_EQ(b->length[0] - quiet, 6);
    put(b, 0, "noise\x18 AT I3\r\n", 14);
    CHECK(expect(b, 0, "1", FL_MS(3)));
    CHECK(expect(b, 0, "OK", 0));
    static const char *const good[] = {
        "AT",
        "AT&F E0 V1 Q0 X4 &C1 &D2 &K3",
        "ATZE0",
        "AT&FE0",
        "ATL1M0S0=0S7=45",
        "AT+FCLASS=1",
        "AT+FCL=10;+FLO=2",
        "AT+FPR=8",
        "AT\\N0%C0",
        "ATI",
        "ATI9",
        "AT+FTM=?",
        "AT+FTH=?;+FRS=?",
        "AT+FAR=?",
        "AT+FMI?;+FMM?;+FMR?",
        "AT+GMI",
        "AT +FCLASS=0",
        "ATH",
        "ATH1",
        "ATH0",
    };
    for (size_t i = 0; i < FL_COUNT(good); i++) CHECK(ask(b, 0, good[i], "OK"));
    static const char *const bad[] = {
        "ATU",           "ATE2",       "ATV9",     "AT+FCLASS=2", "AT+FCLASS=1.0", "AT+FCLASS",  "AT+",
        "AT+FAR=2",      "AT+FNONE=1", "ATS7=256", "ATS999?",     "ATS7",          "AT&",        "AT&Z",
        "AT+FCLASS=1E0", "ATH2",       "ATI10",    "ATD12;",      "ATDX",          "AT+FTM=145", "AT+FRH=3",
        "AT+FTS=7",      "AT+FRS=7",   "AT+FTH=3", "AT+FRM=146",  "ATE0E1E0*",
    };
    for (size_t i = 0; i < FL_COUNT(bad); i++) CHECK(ask(b, 0, bad[i], "ERROR"));
    CHECK(ask(b, 0, "ATE0S7=45", "OK"));
    CHECK(ask(b, 0, "ATS7?", "045") && expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "AT+FCLASS=?", "0,1") && expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "AT+FCLASS=1;+FCLASS?", "1") && expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "AT+FRM=?", "3,24,48,72,73,74,96,97,98,121,122,145,146") && expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "AT+FRH=?", "3") && expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "ATS7=46", "OK"));
    put(b, 0, "A/", 2);
    CHECK(expect(b, 0, "OK", FL_MS(5)));
    put(b, 0, "ATXZ\b\bS7?\r", 10);
    CHECK(expect(b, 0, "046", FL_MS(5)));
    char lengthy[400];
    memset(lengthy, ' ', sizeof lengthy);
    memcpy(lengthy, "AT", 2);
    lengthy[sizeof lengthy - 1] = 0;
    CHECK(ask(b, 0, lengthy, "ERROR"));
    say(b, 0, "ATV0");
    pass(b, FL_MS(5));
    CHECK(memcmp(b->out[0] + b->length[0] - 2, "0\r", 2) == 0);
    say(b, 0, "ATV1Q1");
    quiet = b->length[0];
    pass(b, FL_MS(5));
    CHECK_EQ(b->length[0], quiet);
    CHECK_EQ(fl_simmodem_deadline(&b->modem[0]), FL_NEVER);
}

/* ---- aborting, waiting, wrong carriers ---- */

static void test_aborts(void)
{
    struct bench *b = &bench;
    connected(b);
    static const char *const waits[] = {"AT+FRH=3", "AT+FRM=96", "AT+FRS=200"};
    for (size_t i = 0; i < FL_COUNT(waits); i++) {
        say(b, 0, waits[i]);
        pass(b, FL_MS(100));
        put(b, 0, "\x11\x13", 2); /* flow control is no abort */
        CHECK(!expect(b, 0, "OK", 0));
        put(b, 0, "\x18", 1);
        CHECK(expect(b, 0, "OK", 0));
    }
    say(b, 0, "AT+FRH=3\n"); /* a line feed of the command line is none either */
    put(b, 0, "\x18", 1);    /* typed before the command takes effect: aborts it then */
    CHECK(!expect(b, 0, "OK", FL_MS(2)));
    CHECK(expect(b, 0, "OK", FL_MS(1)));
    say(b, 1, "AT+FTM=96");
    CHECK(ask(b, 0, "AT+FRM=96", "CONNECT"));
    pass(b, FL_MS(100));
    put(b, 0, "\x18", 1);
    CHECK(memcmp(b->out[0] + b->length[0] - 8, "\x10\x03\r\nOK\r\n", 8) == 0);
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_CONNECTED);
}

static void test_waits(void)
{
    struct bench *b = &bench;
    connected(b);
    CHECK(ask(b, 0, "ATS7=5", "OK"));
    say(b, 0, "AT+FRH=3");
    CHECK(!expect(b, 0, "NO CARRIER", FL_MS(5002)));
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(1)));
    say(b, 0, "AT+FTS=9");
    CHECK(!expect(b, 0, "OK", FL_MS(92)));
    CHECK(expect(b, 0, "OK", FL_MS(1)));
    /* +FRS counts from the end of what it hears. */
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    pass(b, FL_MS(100));
    say(b, 0, "AT+FRS=7");
    pass(b, FL_SEC(1));
    put(b, 1, "\x10\x03", 2); /* a frame of nothing: carrier off */
    CHECK(expect(b, 1, "OK", 0));
    CHECK(!expect(b, 0, "OK", b->delay + FL_MS(70) - 1));
    CHECK(expect(b, 0, "OK", 1));
    /* Flags and no frame: the carrier goes after 5 s. */
    say(b, 0, "AT+FRH=3");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    CHECK(expect(b, 0, "CONNECT", FL_MS(270)));
    CHECK(expect(b, 1, "ERROR", FL_SEC(5)));
    CHECK(expect(b, 0, "NO CARRIER", b->delay));
    CHECK(memcmp(b->out[0] + b->length[0] - 16, "\x10\x03\r\nNO CARRIER\r\n", 16) == 0);
    /* +FRM waits for ever. */
    say(b, 0, "AT+FRM=96");
    CHECK(!expect(b, 0, "NO CARRIER", FL_SEC(300)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
}

static void test_wrong_carriers(void)
{
    struct bench *b = &bench;
    connected(b);
    say(b, 1, "AT+FRM=145");
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    SEND(0, EOP);
    CHECK(expect(b, 1, "+FCERROR", FL_MS(270)));
    CHECK(ask(b, 1, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(1, EOP));
    CHECK(ask(b, 1, "AT+FAR=1", "OK"));
    say(b, 1, "AT+FRM=145");
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    SEND(0, EOP);
    CHECK(expect(b, 1, "+FRH:3", FL_MS(270)));
    CHECK(expect(b, 1, "CONNECT", 0));
    CHECK(GOT(1, EOP));
    say(b, 1, "AT+FRM=145");
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    CHECK(expect(b, 1, "+FCERROR", FL_MS(200)));
    put(b, 0, "\xFF\x10\x03", 3);
    CHECK(expect(b, 0, "OK", FL_MS(300)));
    /* Its training is past: too late to receive it, and it says nothing. */
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    pass(b, FL_MS(100));
    CHECK(!ask(b, 1, "AT+FRM=96", "CONNECT"));
    put(b, 0, "\xFF\x10\x03", 3);
    CHECK(expect(b, 0, "OK", FL_MS(300)));
    put(b, 1, "\x18", 1);
    CHECK(expect(b, 1, "OK", 0));
    /* V.17's short train without a long one. */
    say(b, 1, "AT+FRM=146");
    CHECK(ask(b, 0, "AT+FTM=146", "CONNECT"));
    CHECK(!expect(b, 1, "CONNECT", FL_SEC(1)));
}

/* A DTE that dawdles after the first frame of a burst finds the others kept. */
static void test_kept_frames(void)
{
    struct bench *b = &bench;
    connected(b);
    say(b, 0, "AT+FRH=3");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, NSF);
    CHECK(ANSWERED(1, "CONNECT"));
    SEND(1, CSI);
    CHECK(ANSWERED(1, "CONNECT"));
    SEND(1, DIS);
    CHECK(ANSWERED(1, "OK"));
    pass(b, FL_MS(300));
    CHECK(expect(b, 0, "CONNECT", 0));
    CHECK(GOT(0, NSF));
    CHECK(strcmp(fl_simmodem_phase(&b->modem[0]), "command") == 0);
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(0, CSI));
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(0, DIS));
    CHECK(!ask(b, 0, "AT+FRH=3", "CONNECT"));
}

/* ---- sending ---- */

static void test_underrun(void)
{
    struct bench *b = &bench;
    connected(b);
    say(b, 1, "AT+FRM=96");
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    put(b, 0, "\x01\x02", 2);
    fl_time begun = b->now;
    CHECK(expect(b, 0, "OK", FL_SEC(1))); /* the last octet was not zero */
    CHECK_EQ(b->now - begun, FL_MS(253) + 2 * 8000000 / 9600);
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(1)));

    say(b, 1, "AT+FRM=96");
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    put(b, 0, "\x01\x00", 2);
    pass(b, FL_SEC(3));
    put(b, 0, "\x03\x00", 2); /* within 5 s: goes on */
    CHECK(!expect(b, 0, "ERROR", FL_MS(5000)));
    CHECK(expect(b, 0, "ERROR", FL_MS(40)));
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(1)));
}

static void test_flow_control(void)
{
    struct bench *b = &bench;
    connected(b);
    CHECK(ask(b, 0, "AT+FTM=145", "CONNECT"));
    CHECK_EQ(fl_simmodem_room(&b->modem[0]), 4096);
    static uint8_t data[5000];
    memset(data, 0x10, 200); /* 100 shielded */
    memset(data + 200, 0x55, sizeof data - 200);
    CHECK_EQ(fl_simmodem_write(&b->modem[0], data, sizeof data, b->now), 4096 + 100);
    CHECK_EQ(fl_simmodem_room(&b->modem[0]), 0);
    pass(b, FL_MS(1393 + 1000));
    CHECK(fl_simmodem_room(&b->modem[0]) > 1750 && fl_simmodem_room(&b->modem[0]) < 1850);
}

int main(void)
{
    test_commands();
    test_aborts();
    test_waits();
    test_wrong_carriers();
    test_kept_frames();
    test_underrun();
    test_flow_control();
    return check_result("simmodem_commands");
}
