/* The Class 1 driver against a scripted modem: what ends early, by us, by the line or by a modem that got stuck. */
#include "class1_bench.h"

static void abort_reception(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    wait_ms(100);
    SAY("\r\nOK\r\n");
    SEEN("DONE");
}

static void abort_idle(void)
{
    order(FL_ORDER_ABORT);
    SEEN("DONE");
    calling();
    order(FL_ORDER_ABORT);
    SEEN("DONE");
    SENT("");
}

/* What seemed the OK to ATH0 was another's, and ATH0 went into a frame: the modem's ERROR tells. Once is enough. */
static void hang_up_doubted(void)
{
    calling();
    order(FL_ORDER_HANG_UP);
    SENT("ATH0\r");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    SAY("\r\nERROR\r\n");
    SENT("ATH0\r");
    SAY("\r\nOK\r\n");
    SENT("");
    SAY("\r\nERROR\r\n");
    SENT("");
}

/* Whatever was on its way when the abort was given is read and discarded, and one DONE ends both orders. */
static void abort_races(void)
{
    static const char *const SAID[] = {
        "\r\nOK\r\n",
        "\r\nNO CARRIER\r\n",
        "\r\nCONNECT\r\n\x10\x03\r\nOK\r\n",
        "\r\nCONNECT\r\n\xFF\x13\x84\x11\x22\x10\x03\r\nOK\r\n",
        "\r\nCONNECT\r\n\xFF\x13\x84\x10\x10\r\x80OK\r\x11\x22\x10\x03OK\r\n", /* an OK inside the data is none */
        "\r\nCONNECT\r\n\xFF\x13\x84\r\x11\x22\x10\x03\r\nERROR\r\n",
        "\r\n+FCERROR\r\n",
    };
    calling();
    for (size_t i = 0; i < FL_COUNT(SAID); i++) {
        for (int fast = 0; fast < 2; fast++) {
            if (fast)
                recv_data(145);
            else
                order(FL_ORDER_RECV_FRAME);
            pump();
            bench.sent_length = 0;
            order(FL_ORDER_ABORT);
            SENT("\x18");
            order(FL_ORDER_ABORT); /* once more is no more */
            CHECK(fl_class1_busy(&bench.driver));
            say_octets(SAID[i], strlen(SAID[i]));
            SEEN("DONE");
            SENT("");
        }
    }
}

static void abort_in_frame(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY("\xFF\x13\x84");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    SAY("\x11OK\r\x22\x10\x03\r\nOK\r\n");
    SEEN("CARRIER DONE");
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY("\xFF\x13\x84\x11\x22\x10\x03"); /* the result is due: it is waited for */
    order(FL_ORDER_ABORT);
    SENT("");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    recv_data(96);
    ANSWER("AT+FRM=96", "CONNECT");
    SAY("abc\x10");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    SAY("\x03\r\nNO CARRIER\r\n");
    SEEN("CARRIER DATA DONE");
    bench.data_length = 0;
}

/* The OK to CAN stays out: AT asks for it, never a new command before it. */
static void abort_without_ok(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    wait_ms(201);
    SENT("AT\r");
    SAY("\r\nOK\r\n");
    wait_ms(50);
    SAY("\r\nOK\r\n"); /* late, swallowed */
    wait_ms(60);
    SEEN("DONE");
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    wait_ms(1300);
    SENT("AT\rAT\r");
    SAY("\r\nERROR\r\n");
    SENT("AT\r");
    SAY("\r\nOK\r\n");
    wait_ms(150);
    SEEN("DONE");
}

static void abort_sending(void)
{
    uint8_t octets[3];
    calling();
    send_data(96,
              "ab\x10"
              "cdefgh",
              9);
    SENT("AT+FTM=96\r");
    order(FL_ORDER_ABORT); /* before CONNECT: nothing but the end is sent */
    SENT("");
    SAY("\r\nCONNECT\r\n");
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    send_data(96,
              "ab\x10"
              "cdefgh",
              9);
    SENT("AT+FTM=96\r");
    fl_class1_input(&bench.driver, (const uint8_t *)"CONNECT\r", 8, bench.now);
    CHECK_EQ(fl_class1_output(&bench.driver, octets, 3, bench.now), 3);
    /* In the middle of a shielded pair; without pumping first, which would send the rest. */
    fl_class1_order(&bench.driver, &(struct fl_order){.kind = FL_ORDER_ABORT}, bench.now);
    SENT("\x10\x10\x03");
    wait_ms(5000);
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    SEND_FRAME("\xFF\x03\x43", false);
    ANSWER("AT+FTH=3", "CONNECT");
    order(FL_ORDER_ABORT); /* a frame is let finish, then the carrier goes off */
    SENT("\xFF\x03\x43\x10\x03");
    SAY("\r\nCONNECT\r\n");
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    order_timed(FL_ORDER_SEND_SILENCE, 2000);
    SENT("AT+FTS=200\r");
    order(FL_ORDER_ABORT);
    SENT("");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    order_timed(FL_ORDER_WAIT_SILENCE, 2000);
    SENT("AT+FRS=200\r");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
}

static void abort_call(void)
{
    DIAL("1");
    SENT("ATS7=60\r");
    order(FL_ORDER_ABORT);
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    SENT("");
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    SENT("ATDT1\r");
    order(FL_ORDER_ABORT);
    SENT("\x18");
    SAY("\r\nCONNECT\r\n\xFF\x10\x03\r\nNO CARRIER\r\n");
    ANSWER("ATH0", "OK");
    SEEN("DONE");
    order(FL_ORDER_ANSWER);
    SENT("ATA\r");
    order(FL_ORDER_HANG_UP);
    SENT("\x18");
    SAY("\r\nOK\r\n");
    ANSWER("ATH0", "ERROR"); /* it is on hook already, or that was for something else */
    ANSWER("ATH0", "ERROR");
    SEEN("DONE");
    order(FL_ORDER_INIT);
    SENT("AT\r");
    order(FL_ORDER_ABORT);
    SAY("\r\nOK\r\n");
    SEEN("DONE");
}

static void hang_up_everywhere(void)
{
    order(FL_ORDER_HANG_UP);
    ANSWER("ATH0", "NO CARRIER\r\n\r\nOK");
    SEEN("DONE");
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    order(FL_ORDER_ABORT);
    order(FL_ORDER_HANG_UP); /* both: one end */
    SENT("\x18");
    SAY("\r\nOK\r\n");
    ANSWER("ATH0", "OK");
    SEEN("DONE");
    calling();
    send_data(96, "", 0);
    ANSWER("AT+FTM=96", "CONNECT");
    SENT("\x10\x03");
    order(FL_ORDER_HANG_UP);
    SAY("\r\nNO CARRIER\r\n");
    ANSWER("ATH0", "OK");
    SEEN("CARRIER DONE");
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "CONNECT");
    order(FL_ORDER_HANG_UP);
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    ANSWER("ATH0", "OK");
    SEEN("CONNECTED DONE");
}

/* A modem that says nothing any more: still DONE, within some seconds, from every phase. */
static void hang_up_silent(void)
{
    for (int which = 0; which < 8; which++) {
        begin();
        if (which == 0) order(FL_ORDER_INIT);
        if (which >= 2) calling();
        if (which == 2) order(FL_ORDER_RECV_FRAME);
        if (which == 3) recv_data(96);
        if (which == 4) send_data(96, "abc", 3);
        if (which == 5) SEND_FRAME("\xFF\x13\x83", true);
        if (which == 6) order_timed(FL_ORDER_SEND_SILENCE, 100);
        if (which == 7) {
            send_data(24, "abc", 3);
            ANSWER("AT+FTM=24", "CONNECT");
            SEEN("CARRIER");
        }
        order(FL_ORDER_HANG_UP);
        wait_ms(16000);
        SEEN("DONE");
        CHECK(strstr(bench.sent, "ATH0\r") != NULL);
        bench.sent_length = 0;
    }
}

/* OK to data comes only when ATH is given: taken for what it may be, ATH is given again. */
static void hang_up_forced(void)
{
    calling();
    send_data(24, "abc", 3);
    ANSWER("AT+FTM=24", "CONNECT");
    SENT("abc\x10\x03");
    SEEN("CARRIER");
    order(FL_ORDER_HANG_UP);
    wait_ms(8001);
    SENT("\x10\x03\x18"
         "ATH0\r");
    SAY("\r\nOK\r\n");
    ANSWER("ATH0", "OK");
    SEEN("DONE");
}

static void hang_up_by_reset(void)
{
    for (int again = 0; again < 2; again++) {
        begin();
        can_reset();
        calling();
        order(FL_ORDER_HANG_UP);
        wait_ms(6000);
        SENT("ATH0\rATH0\r");
        CHECK(fl_class1_take_reset(&bench.driver));
        wait_ms(1500);
        ANSWER("AT", "OK");
        ANSWER("ATZ", "OK");
        ANSWER("ATE0V1Q0", "OK");
        ANSWER("ATX4S0=0", "OK");
        ANSWER("ATH0", "OK");
        ANSWER("AT+FCLASS=1", "OK");
        SEEN("");
        if (again) { /* it does everything but that: DTR must have done it */
            wait_ms(6000);
            SENT("ATH0\rATH0\r");
        } else {
            ANSWER("ATH0", "OK");
        }
        SEEN("DONE");
        CHECK(!fl_class1_take_reset(&bench.driver));
    }
}

static void line_down(void)
{
    SAY("\r\nNO CARRIER\r\n"); /* on hook: no news */
    SEEN("");
    calling();
    SAY("\r\nNO CARRIER\r\n");
    SEEN("LINE_DOWN");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("");
    calling();
    order_timed(FL_ORDER_SEND_SILENCE, 70);
    ANSWER("AT+FTS=7", "NO CARRIER");
    SEEN("LINE_DOWN");
    calling();
    SEND_FRAME("\xFF\x13\x83", true);
    ANSWER("AT+FTH=3", "ERROR");
    ANSWER("AT+FTH=3", "ERROR");
    SEEN("LINE_DOWN");
    calling();
    order_timed(FL_ORDER_WAIT_SILENCE, 70);
    ANSWER("AT+FRS=7", "ERROR");
    ANSWER("AT+FRS=7", "ERROR");
    SEEN("LINE_DOWN");
    calling();
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "ERROR");
    SEEN("FAILED");
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY_BAD_FRAME("\xFF\x13\x83");
    SAY("\r\nERROR\r\n"); /* a bad FCS says nothing of the hook */
    SEEN("CARRIER BAD");
    recv_data(96);
    ANSWER("AT+FRM=96", "ERROR");
    SEEN("FAILED");
}

static void line_down_in_silence(void)
{
    calling();
    order_timed(FL_ORDER_WAIT_SILENCE, 70);
    SENT("AT+FRS=7\r");
    SAY("\r\nNO CARRIER\r\n"); /* no answer to +FRS, which may go on: ATH0 would only end it */
    SEEN("");
    ANSWER("AT", "OK");
    wait_ms(100);
    SEEN("LINE_DOWN");
}

static void late_connect(void)
{
    calling();
    SAY("\r\nCONNECT\r\n\xFF\x13");
    SENT("\x18");
    order(FL_ORDER_RECV_FRAME); /* waits for the end of it */
    SENT("");
    SAY("\x84\x11\x22\x10\x03\r\nOK\r\n");
    ANSWER("AT+FRH=3", "NO CARRIER");
    SEEN("NO_CARRIER");
    SAY("\r\nOK\r\n\r\nERROR\r\n+FCERROR\r\n"); /* without sense, without effect */
    SEEN("");
    SENT("");
}

static void recovery(void)
{
    calling();
    SEND_FRAME("\xFF\x13\x83", true);
    SENT("AT+FTH=3\r");
    wait_ms(10001);
    SENT("\x10\x03\x18"
         "AT\r");
    wait_ms(3001);
    SENT("\x10\x03\x18"
         "AT\r");
    SAY("\r\nOK\r\n\r\nOK\r\n");
    wait_ms(301);
    ANSWER("ATZ", "OK");
    ANSWER("ATE0V1Q0", "OK");
    ANSWER("ATX4S0=0", "OK");
    ANSWER("ATH0", "OK");
    ANSWER("AT+FCLASS=1", "OK");
    SEEN("LINE_DOWN");
    calling(); /* as good as before */
}

static void dead_modem(void)
{
    order(FL_ORDER_INIT);
    wait_ms(12500);
    SENT("AT\r\x10\x03\x18"
         "AT\r\x10\x03\x18"
         "AT\r\x10\x03\x18"
         "AT\r");
    SEEN("FAULT");
    order(FL_ORDER_INIT);
    SEEN("FAULT");
    order(FL_ORDER_HANG_UP);
    SEEN("FAULT");
    SAY("\r\nRING\r\n");
    CHECK(fl_class1_deadline(&bench.driver) == FL_NEVER);
}

static void unplugged(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    fl_class1_unplugged(&bench.driver, bench.now);
    SEEN("FAULT");
    fl_class1_unplugged(&bench.driver, bench.now);
    SEEN("");
}

/* No order hangs, whatever the phase: silence ends in an indication, and that in bounded time. */
static void nothing_hangs(void)
{
    for (int kind = FL_ORDER_INIT; kind <= FL_ORDER_ABORT; kind++) {
        for (int connected = 0; connected < 4; connected++) {
            begin();
            if (connected & 2) can_reset();
            if (kind != FL_ORDER_DIAL && kind != FL_ORDER_ANSWER) calling();
            struct fl_order value = {.kind = (uint8_t)kind, .modulation = 96, .duration_ms = 70, .length = 3};
            memcpy(value.frame, kind == FL_ORDER_DIAL ? "123" : "\xFF\x13\x83", 3);
            give(&value);
            if (kind == FL_ORDER_DIAL) SAY("\r\nOK\r\n");
            if (connected & 1) SAY("\r\nCONNECT\r\n");
            wait_ms(400000);
            CHECK(!fl_class1_busy(&bench.driver));
            CHECK(bench.log[0] != 0);
            bench.log[0] = 0;
            bench.sent_length = 0;
        }
    }
}

static const struct script SCRIPTS[] = {
    SCRIPT(abort_reception), SCRIPT(abort_idle),           SCRIPT(hang_up_doubted),
    SCRIPT(abort_races),     SCRIPT(abort_in_frame),       SCRIPT(abort_without_ok),
    SCRIPT(abort_sending),   SCRIPT(abort_call),           SCRIPT(hang_up_everywhere),
    SCRIPT(hang_up_silent),  SCRIPT(hang_up_forced),       SCRIPT(hang_up_by_reset),
    SCRIPT(line_down),       SCRIPT(line_down_in_silence), SCRIPT(late_connect),
    SCRIPT(recovery),        SCRIPT(dead_modem),           SCRIPT(unplugged),
    SCRIPT(nothing_hangs),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 end");
}
