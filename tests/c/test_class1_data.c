/* The Class 1 driver against a scripted modem: fast data out and in, and silence. */
#include "class1_bench.h"

static void data_results(void)
{
    static const struct {
        const char *said, *told;
    } ROWS[] = {
        {"\r\nCONNECT\r\nab\x10\x03\r\nNO CARRIER\r\n", "CARRIER DATA NO_CARRIER"},
        {"\r\nCONNECT\r\nab\x10\x03NO CARRIER\r\n", "CARRIER DATA NO_CARRIER"},
        {"\r\nCONNECT\r\nab\x10\x03\r\nOK\r\n", "CARRIER DATA NO_CARRIER"},
        {"\r\nCONNECT\r\nab\x10\x03\r\nERROR\r\n", "CARRIER DATA NO_CARRIER"},
        {"\r\nCONNECT\r\n\x10\x03\r\nNO CARRIER\r\n", "CARRIER NO_CARRIER"},
        {"\r\n+FCERROR\r\n", "WRONG_CARRIER"},
        {"\r\nNO CARRIER\r\n", "NO_CARRIER"},
        {"\r\n+FRH:3\r\n\r\nCONNECT\r\n\xFF\x13\x4F\x11\x22\x10\x03\r\nOK\r\n", "V21 CARRIER FRAME"},
        {"\r\n+FRH: 3\r\nCONNECT\r\n\xFF\x13\x4F\x11\x22\x10\x03\r\nERROR\r\n", "V21 CARRIER BAD"},
        {"\r\n+FRH:3\r\n\r\nNO CARRIER\r\n", "V21 NO_CARRIER"},
    };
    calling();
    for (size_t i = 0; i < FL_COUNT(ROWS); i++) {
        bench.driver.fcs_proven = false;
        recv_data(145);
        SENT("AT+FRM=145\r");
        say_octets(ROWS[i].said, strlen(ROWS[i].said));
        SEEN(ROWS[i].told);
        if (strstr(ROWS[i].told, "DATA")) DATA("ab");
    }
    recv_data(99);
    SEEN("FAILED");
    recv_data(96);
    ANSWER("AT+FRM=96", "CONNECT");
    SAY("ab\x10\x03");
    wait_ms(1600);
    SEEN("CARRIER DATA NO_CARRIER");
    SAY("\r\nNO CARRIER\r\n"); /* late */
    SEEN("");
    DATA("ab");
    recv_data(96);
    ANSWER("AT+FRM=96", "CONNECT");
    wait_ms(15100);
    SENT("\x18");
    SAY("\x10\x03\r\nOK\r\n");
    SEEN("CARRIER NO_CARRIER");
    recv_data(96);
    SENT("AT+FRM=96\r");
    wait_ms(60100);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    SEEN("NO_CARRIER");
}

/* Every kind of DLE at every place, cut at every octet boundary. */
static void data_cut(void)
{
    static const char LINE[] = "\r\nCONNECT\r\n\n\x10\x10\x10\x10\x10\x10"
                               "a\x10\x1A\x10\x1A\x10\x41\x10\x10\x03\0\r\nOK\r\n\x10\x00"
                               "\x10\x10z\x10\x03\r\nNO CARRIER\r\n";
    calling();
    for (size_t cut = 0; cut < sizeof LINE; cut++) {
        recv_data(145);
        SENT("AT+FRM=145\r");
        say_octets(LINE, cut);
        say_octets(LINE + cut, sizeof LINE - 1 - cut);
        SEEN("CARRIER DATA NO_CARRIER");
        DATA("\n\x10\x10\x10"
             "a\x10\x10\x10\x10\x10\x03\0\r\nOK\r\n\x10z");
    }
}

static void send_data_shielding(void)
{
    char octets[1900], expected[4000];
    calling();
    for (size_t length = 0; length < sizeof octets; length = length < 8 ? length + 1 : length * 2 + 3) {
        for (unsigned density = 1; density < 40; density += 13) {
            size_t used = 0;
            for (size_t i = 0; i < length; i++) {
                octets[i] = i % density == 0 ? 0x10 : (char)i;
                expected[used++] = octets[i];
                if (octets[i] == 0x10) expected[used++] = 0x10;
            }
            expected[used++] = 0x10;
            expected[used++] = 0x03;
            send_data(96, octets, length);
            ANSWER("AT+FTM=96", "CONNECT");
            sent_octets(HERE, expected, used);
            SEEN("CARRIER");
            SAY("\r\nOK\r\n");
            SEEN("DONE");
        }
    }
}

static void send_data_results(void)
{
    calling();
    send_data(99, "a", 1);
    SEEN("FAILED");
    send_data(96, "abc", 3);
    SENT("AT+FTM=96\r");
    SAY("\r\nOK\r\n"); /* of something else */
    SAY("\r\nCONNECT\r\n");
    SENT("abc\x10\x03");
    SAY("\r\nERROR\r\n");
    SEEN("CARRIER FAILED");
    send_data(96, "abc", 3);
    ANSWER("AT+FTM=96", "CONNECT");
    SENT("abc\x10\x03");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("CARRIER LINE_DOWN");
}

/* The limit for the OK counts what the modem may still hold. */
static void send_data_limit(void)
{
    static char page[3000];
    calling();
    send_data(24, page, sizeof page); /* 10 s at 2400 bit/s, 0.943 s of training */
    ANSWER("AT+FTM=24", "CONNECT");
    pump();
    bench.sent_length = 0;
    wait_ms(40900);
    SENT("");
    SEEN("CARRIER");
    wait_ms(100);
    SENT("\x10\x03\x18"
         "AT\r"); /* stuck: the modem is fetched back, the call is lost */
}

static void send_data_back_pressure(void)
{
    uint8_t octets[4];
    calling();
    send_data(96,
              "abc\x10"
              "def",
              7);
    ANSWER("AT+FTM=96", ""); /* an empty line says nothing */
    fl_class1_input(&bench.driver, (const uint8_t *)"CONNECT\r", 8, bench.now);
    CHECK_EQ(memory.at, 0); /* nothing is pulled before there is room */
    CHECK(fl_class1_has_output(&bench.driver, bench.now));
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 0, bench.now), 0);
    CHECK_EQ(memory.at, 0);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 4, bench.now), 4);
    CHECK(memcmp(octets, "abc\x10", 4) == 0);
    SENT("\x10"
         "def\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
}

static void send_data_underrun(void)
{
    uint8_t octets[4];
    calling();
    send_data(96, "abcdefgh", 8);
    SENT("AT+FTM=96\r");
    fl_class1_input(&bench.driver, (const uint8_t *)"CONNECT\r", 8, bench.now);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 4, bench.now), 4);
    struct fl_indication indication;
    CHECK(fl_class1_indication(&bench.driver, &indication));
    fl_class1_input(&bench.driver, (const uint8_t *)"\nOK\r", 4, bench.now);
    SENT("");
    SEEN("FAILED");
    send_data(96, "ab", 2); /* the same with only a part of the end given */
    SENT("AT+FTM=96\r");
    fl_class1_input(&bench.driver, (const uint8_t *)"CONNECT\r", 8, bench.now);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 3, bench.now), 3);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 1, bench.now), 1);
    CHECK(fl_class1_indication(&bench.driver, &indication));
    send_data(96, "abc", 3); /* while one is under way: not taken */
    SENT("");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    send_data(96, "abc", 3);
    SENT("AT+FTM=96\r");
    fl_class1_input(&bench.driver, (const uint8_t *)"CONNECT\r", 8, bench.now);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 3, bench.now), 3);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 1, bench.now), 1);
    CHECK(fl_class1_indication(&bench.driver, &indication));
    fl_class1_input(&bench.driver, (const uint8_t *)"\nOK\r", 4, bench.now);
    SENT("");
    SEEN("FAILED");
}

/* A pipe that takes everything gets no more than some seconds of the line ahead, so that an abort ends soon. */
static void data_paced(void)
{
    static const char PAGE[30000];
    calling();
    send_data(96, PAGE, sizeof PAGE);
    ANSWER("AT+FTM=96", "CONNECT");
    SEEN("CARRIER");
    size_t ahead = 2048 + 6 * 1200, slack = FL_CLASS1_CHUNK + bench.room;
    CHECK(memory.at >= ahead && memory.at < ahead + slack);
    wait_ms(5000);
    CHECK(memory.at >= ahead + 6000 && memory.at < ahead + 6000 + slack);
    bench.sent_length = 0;
    order(FL_ORDER_ABORT);
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
}

static void silences(void)
{
    calling();
    order_timed(FL_ORDER_SEND_SILENCE, 71);
    ANSWER("AT+FTS=8", "ERROR"); /* once tells nothing */
    ANSWER("AT+FTS=8", "OK");
    SEEN("DONE");
    order_timed(FL_ORDER_SEND_SILENCE, 3000); /* more than +FTS can say */
    SENT("");
    wait_ms(2999);
    SEEN("");
    wait_ms(1);
    SEEN("DONE");
    order_timed(FL_ORDER_WAIT_SILENCE, 70);
    SENT("AT+FRS=7\r");
    wait_ms(60100);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    SEEN("FAILED");
}

static const struct script SCRIPTS[] = {
    SCRIPT(data_results),       SCRIPT(data_cut),        SCRIPT(send_data_shielding),
    SCRIPT(send_data_results),  SCRIPT(send_data_limit), SCRIPT(send_data_back_pressure),
    SCRIPT(send_data_underrun), SCRIPT(data_paced),      SCRIPT(silences),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 data");
}
