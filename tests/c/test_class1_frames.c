/* The Class 1 driver against a scripted modem: V.21 frames, out and in. */
#include "class1_bench.h"

#include "hdlc/fcs.h"

static void frame_send_oddities(void)
{
    calling();
    order_text(FL_ORDER_SEND_FRAME, "", 0, true);
    SEEN("FAILED");
    SEND_FRAME("\xFF\x13\x83", true); /* the modem keeps the carrier though the frame was final */
    ANSWER("AT+FTH=3", "CONNECT");
    SENT("\xFF\x13\x83\x10\x03");
    SAY("\r\nCONNECT\r\n");
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    SEND_FRAME("\xFF\x03\x43", false); /* or drops it though more is to come */
    SENT("AT+FTH=3\r");
    SAY("\r\nOK\r\n"); /* of something else: too late */
    SAY("\r\nCONNECT\r\n");
    SENT("\xFF\x03\x43\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    SEND_FRAME("\xFF\x13\x83", true);
    ANSWER("AT+FTH=3", "CONNECT");
    SENT("\xFF\x13\x83\x10\x03");
    SAY("\r\nERROR\r\n");
    SEEN("CARRIER FAILED");
    SEND_FRAME("\xFF\x13\x83", true);
    ANSWER("AT+FTH=3", "CONNECT");
    SENT("\xFF\x13\x83\x10\x03");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("CARRIER LINE_DOWN");
}

static void longest_frame(void)
{
    char frame[FL_FRAME_MAX + 40], expected[2 * FL_FRAME_MAX + 4];
    memset(frame, 0x10, sizeof frame);
    frame[0] = '\xFF';
    frame[1] = 0x13;
    memset(expected, 0x10, sizeof expected);
    memcpy(expected, frame, 2);
    calling();
    order_text(FL_ORDER_SEND_FRAME, frame, FL_FRAME_MAX, true);
    ANSWER("AT+FTH=3", "CONNECT");
    expected[2 * FL_FRAME_MAX - 1] = 0x03;
    sent_octets(HERE, expected, 2 * FL_FRAME_MAX);
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    for (int extra = 0; extra <= 30; extra += 10) {
        order(FL_ORDER_RECV_FRAME);
        ANSWER("AT+FRH=3", "CONNECT");
        say_frame(frame, FL_FRAME_MAX + (size_t)extra, false);
        SAY("\r\nOK\r\n");
        SEEN(extra ? "CARRIER BAD" : "CARRIER FRAME");
        got_frame(HERE, frame, FL_FRAME_MAX, extra == 0);
    }
}

static void frame_results(void)
{
    static const struct {
        const char *said, *told;
    } ROWS[] = {
        {"\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},
        {"\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nERROR\r\n", "CARRIER BAD"},
        {"\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nNO CARRIER\r\n", "CARRIER BAD"},
        {"\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03OK\r", "CARRIER FRAME"},
        {"CONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\r\n\nOK\n", "CARRIER FRAME"},
        {"AT+FRH=3\r\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},
        {"AT+FRH=3CONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},
        {"\xF0x\x01y\r\nCONNECT 300\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},
        {"\x80zCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},
        {"1\r\xFF\x13\x84\x11\x22\x10\x03"
         "0\r",
         "CARRIER FRAME"},
        {"\r\nCONNECT\r\n\x7E\x55\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n",
         "CARRIER FRAME"},                                                              /* junk before it */
        {"\r\nCONNECT\r\n\xFF\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"}, /* address doubled */
        {"\r\nCONNECT\r\n\x13\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER FRAME"},         /* address missing */
        {"\r\nCONNECT\r\n\xFF\x13\x84\x10\x41\x11\x22\x10\x03\r\nOK\r\n",
         "CARRIER FRAME"}, /* unknown DLE A */
        {"\r\nCONNECT\r\n\x55\x84\x11\x22\x10\x03\r\nOK\r\n", "CARRIER BAD"},
        {"\r\nCONNECT\r\n\xFF\x13\x11\x22\x10\x03\r\nOK\r\n", "CARRIER BAD"}, /* too short */
        {"\r\nCONNECT\r\n\xFF\x10\x03\r\nOK\r\n", "CARRIER BAD"},
        {"\r\nCONNECT\r\n\x10\x03\r\nOK\r\n", "CARRIER BAD"},
        {"\r\nCONNECT\r\n\x10\x03\r\nNO CARRIER\r\n", "CARRIER NO_CARRIER"}, /* a stutter */
        {"\r\nCONNECT\r\n\r\nNO CARRIER\r\n", "CARRIER NO_CARRIER"},         /* the same without DLE ETX */
        {"\r\nCONNECT\r\nNO CARRIER\r\n", "CARRIER NO_CARRIER"},
        {"\r\nCONNECT\r\n\r\n+FCERROR\r\n", "CARRIER NO_CARRIER"},
        {"\r\nNO CARRIER\r\n", "NO_CARRIER"},
        {"\r\n+FCERROR\r\n", "NO_CARRIER"},
        {"+F4\r", "NO_CARRIER"},
        {"\r\nNO CARR\x11IER\r\n", "NO_CARRIER"}, /* flow control in between */
    };
    calling();
    for (size_t i = 0; i < FL_COUNT(ROWS); i++) {
        bench.driver.fcs_proven = false; /* this modem has something else in place of the FCS */
        order(FL_ORDER_RECV_FRAME);
        SENT("AT+FRH=3\r");
        say_octets(ROWS[i].said, strlen(ROWS[i].said));
        SEEN(ROWS[i].told);
        if (strstr(ROWS[i].told, "FRAME")) FRAME("\xFF\x13\x84", true);
    }
}

/* A modem that has delivered a right FCS says OK to a frame with a wrong one: a late OK, or a lie. */
static void frame_with_wrong_fcs(void)
{
    calling();
    bench.driver.fcs_proven = false;
    for (int i = 0; i < 4; i++) {
        bool spoiled = i != 1; /* taken on trust, proven, not trusted any more */
        order(FL_ORDER_RECV_FRAME);
        ANSWER("AT+FRH=3", "CONNECT");
        say_frame("\xFF\x13\x84", 3, spoiled);
        SAY("\r\nOK\r\n");
        SEEN(i < 2 ? "CARRIER FRAME" : "CARRIER BAD");
    }
}

/* NO CARRIER or nothing at all in place of the result: then the FCS tells. */
static void frame_without_result(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY_FRAME("\xFF\x13\x84");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("CARRIER FRAME");
    for (int spoiled = 0; spoiled < 2; spoiled++) {
        order(FL_ORDER_RECV_FRAME);
        ANSWER("AT+FRH=3", "CONNECT");
        say_frame("\xFF\x13\x84", 3, spoiled);
        SEEN("CARRIER");
        wait_ms(1600);
        SEEN(spoiled ? "BAD" : "FRAME");
        SAY("\r\nNO CARRIER\r\n"); /* late, and no sign of the line */
        SEEN("");
        wait_ms(3000);
    }
    SAY("\r\nNO CARRIER\r\n"); /* but this one is */
    SEEN("LINE_DOWN");
}

/* OK to +FRH=3 without CONNECT: a late one, or the command is over. AT tells. */
static void frame_receive_stray_ok(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "OK");
    SENT("AT\r");
    SAY("\r\nOK\r\n");
    wait_ms(200);
    SEEN("NO_CARRIER");
    recv_data(96);
    ANSWER("AT+FRM=96", "OK");
    SENT("AT\r");
    SAY("\r\nOK\r\n\r\nOK\r\n");
    wait_ms(200);
    SEEN("NO_CARRIER");
}

static void frame_stalls(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY("\xFF\x13");
    wait_ms(9900);
    SENT("");
    wait_ms(200);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER NO_CARRIER");
    order(FL_ORDER_RECV_FRAME); /* no CONNECT is the owner's affair, but not for ever */
    SENT("AT+FRH=3\r");
    wait_ms(179000);
    SENT("");
    wait_ms(1100);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    SEEN("NO_CARRIER");
}

static void fcs_values(void)
{
    CHECK_EQ((uint16_t)~fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789", 9), 0x906E);
    CHECK_EQ(fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789\x6E\x90", 11), FL_FCS_GOOD);
    CHECK_EQ(fl_fcs_update(FL_FCS_INIT, NULL, 0), FL_FCS_INIT);
}

static const struct script SCRIPTS[] = {
    SCRIPT(frame_send_oddities),  SCRIPT(longest_frame),        SCRIPT(frame_results),
    SCRIPT(frame_with_wrong_fcs), SCRIPT(frame_without_result), SCRIPT(frame_receive_stray_ok),
    SCRIPT(frame_stalls),         SCRIPT(fcs_values),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 frames");
}
