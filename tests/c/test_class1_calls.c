/* The Class 1 driver against a scripted modem: calls, as they should go and as they do not come about. */
#include "class1_bench.h"

static void plain_sending(void)
{
    calling();
    SEND_FRAME("\xFF\x03\x43", false);
    ANSWER("AT+FTH=3", "CONNECT");
    SENT("\xFF\x03\x43\x10\x03");
    SAY("\r\nCONNECT\r\n");
    SEEN("CARRIER DONE");
    SEND_FRAME("\xFF\x13\x83\x10\x42", true);
    SENT("\xFF\x13\x83\x10\x10\x42\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    order_timed(FL_ORDER_SEND_SILENCE, 75);
    ANSWER("AT+FTS=8", "OK");
    SEEN("DONE");
    send_data(145, "\0\0\x10\0", 4);
    ANSWER("AT+FTM=145", "CONNECT");
    SENT("\0\0\x10\x10\0\x10\x03");
    SEEN("CARRIER");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SEEN("CARRIER");
    SAY_FRAME("\xFF\x13\x84");
    SAY("\r\nOK\r\n");
    SEEN("FRAME");
    FRAME("\xFF\x13\x84", true);
    order(FL_ORDER_HANG_UP);
    ANSWER("ATH0", "OK");
    SEEN("DONE");
}

static void plain_receiving(void)
{
    SAY("\r\nRING\r\n");
    SEEN("RING");
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "CONNECT");
    SEEN("CONNECTED");
    SEND_FRAME("\xFF\x13\x80\x00", true);
    SENT("\xFF\x13\x80\x00\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("DONE");
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "CONNECT");
    SAY_FRAME("\xFF\x13\x82\x10");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER FRAME");
    FRAME("\xFF\x13\x82\x10", true);
    recv_data(146);
    ANSWER("AT+FRM=146", "CONNECT");
    SAY("a\x10\x10"
        "b\x10\x1A"
        "c\x10\x03");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("CARRIER DATA NO_CARRIER");
    DATA("a\x10"
         "b\x10\x10"
         "c");
    order_timed(FL_ORDER_WAIT_SILENCE, 70);
    ANSWER("AT+FRS=7", "OK");
    SEEN("DONE");
}

static void dial_results(void)
{
    static const struct {
        const char *said, *told;
    } ROWS[] = {
        {"\r\nBUSY\r\n", "BUSY"},
        {"\r\nNO ANSWER\r\n", "NO_ANSWER"},
        {"\r\nNO DIALTONE\r\n", "NO_DIALTONE"},
        {"\r\nNO DIAL TONE\r\n", "NO_DIALTONE"},
        {"\r\nNO CARRIER\r\n", "NOT_FAX"},
        {"\r\nERROR\r\n", "FAILED"},
        {"\r\nDELAYED\r\n", "FAILED"},
        {"\r\nRINGING\r\n\r\nRING\r\n\r\nBUSY\r\n", "BUSY"},
        {"7\r", "BUSY"},
        {"\r\n\r\n\nBUSY\r\r\n", "BUSY"},
    };
    for (size_t i = 0; i < FL_COUNT(ROWS); i++) {
        DIAL("1");
        ANSWER("ATS7=60", "ERROR");
        SENT("ATDT1\r");
        bench.now += FL_SEC(2); /* sooner, RING is a call that comes in (glare) */
        say_octets(ROWS[i].said, strlen(ROWS[i].said));
        SEEN(ROWS[i].told);
        CHECK(!fl_class1_busy(&bench.driver));
    }
}

/* A call that rings as the number is dialled is told; later it is the far end that rings, as some modems say. */
static void glare(void)
{
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    SENT("ATDT1\r");
    SAY("\r\nRING\r\n");
    SEEN("RING");
    bench.now += FL_SEC(2);
    SAY("\r\nRING\r\n");
    SEEN("");
    SAY("\r\nBUSY\r\n");
    SEEN("BUSY");
}

static void dial_numbers(void)
{
    static const char *const HOSTILE[] = {
        "", "-", "12;+FCLASS=0", "1\r2", "AT", "5^6", "12345678901234567890123456789012345678901"};
    for (size_t i = 0; i < FL_COUNT(HOSTILE); i++) {
        order_text(FL_ORDER_DIAL, HOSTILE[i], strlen(HOSTILE[i]), false);
        SEEN("FAILED");
        SENT("");
    }
    order_text(FL_ORDER_DIAL,
               "1\0"
               "2",
               3, false);
    SEEN("FAILED");
    fl_class1_configure(&bench.driver, &(struct fl_class1_config){.answer_timeout_s = 90, .pulse = true});
    DIAL("0w,+49 (5"); /* a bracket is not structure enough to be trusted */
    SEEN("FAILED");
    DIAL("0w,+49-5 6*#");
    ANSWER("ATS7=90", "OK");
    ANSWER("ATDP0W,+4956*#", "BUSY");
    SEEN("BUSY");
    fl_class1_configure(&bench.driver, &(struct fl_class1_config){.answer_timeout_s = 60000});
    DIAL("1234567890123456789012345678901234567890");
    ANSWER("ATS7=255", "OK");
    ANSWER("ATDT1234567890123456789012345678901234567890", "BUSY");
    SEEN("BUSY");
}

static void dial_overdue(void)
{
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    SENT("ATDT1\r");
    wait_ms(69000);
    SENT("");
    wait_ms(1400);
    SENT("\x18");
    SAY("\r\nNO CARRIER\r\n");
    ANSWER("ATH0", "OK");
    SEEN("NO_ANSWER");
}

/* The frame that comes right after CONNECT is nobody's until RECV_FRAME. */
static void dial_first_frame(void)
{
    DIAL("1");
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT1", "CONNECT 300");
    SEEN("CONNECTED");
    order(FL_ORDER_RECV_FRAME); /* taken over before the frame is there */
    SENT("");
    SAY_FRAME("\xFF\x03\x20\x00");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER FRAME");
    order(FL_ORDER_HANG_UP);
    ANSWER("ATH0", "OK");
    SEEN("DONE");

    DIAL("1"); /* an order that is not RECV_FRAME ends the reception first */
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT1", "CONNECT");
    SEEN("CONNECTED");
    SEND_FRAME("\xFF\x13\xFB", true);
    SENT("\x18");
    SAY("\x10\x03OK\r\n");
    SENT("AT+FTH=3\r");
    SAY("\r\nCONNECT\r\n");
    SENT("\xFF\x13\xFB\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    order(FL_ORDER_HANG_UP);
    ANSWER("ATH0", "OK");
    SEEN("DONE");

    DIAL("1"); /* nothing came after all: asked for anew */
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT1", "CONNECT");
    SAY("\x10\x03\r\nERROR\r\n");
    SEEN("CONNECTED");
    order(FL_ORDER_RECV_FRAME);
    SEEN("CARRIER BAD");
    order(FL_ORDER_RECV_FRAME);
    ANSWER("AT+FRH=3", "NO CARRIER");
    SEEN("NO_CARRIER");
}

static void answer_results(void)
{
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "NO CARRIER");
    SEEN("NOT_FAX");
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "ERROR");
    SEEN("FAILED");
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "CONNECT");
    SEEN("CONNECTED");
    wait_ms(4000);
    SAY("\r\nERROR\r\n"); /* nothing was sent for 5 s: the modem gave the carrier up */
    SEND_FRAME("\xFF\x13\x80", true);
    ANSWER("AT+FTH=3", "CONNECT");
    SENT("\xFF\x13\x80\x10\x03");
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
}

static void answer_unused_carrier(void)
{
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "CONNECT");
    SEEN("CONNECTED");
    order(FL_ORDER_RECV_FRAME); /* the carrier is ours: it must go off first */
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    ANSWER("AT+FRH=3", "NO CARRIER");
    SEEN("NO_CARRIER");
}

static void answer_silence(void)
{
    order(FL_ORDER_ANSWER);
    ANSWER("ATA", "CONNECT");
    SEEN("CONNECTED");
    wait_ms(6500);
    SENT("\x10\x03");
    SAY("\r\nOK\r\n");
    SENT("");
}

static void rings(void)
{
    SAY("\r\nRING\r\n\r\nDATE = 0101\r\nNMBR = 123\r\n\r\nRING 1\r\n");
    SEEN("RING RING");
    calling();
    SAY("\r\nRING\r\n"); /* off hook that is none */
    SEEN("");
}

static const struct script SCRIPTS[] = {
    SCRIPT(plain_sending),
    SCRIPT(plain_receiving),
    SCRIPT(dial_results),
    SCRIPT(glare),
    SCRIPT(dial_numbers),
    SCRIPT(dial_overdue),
    SCRIPT(dial_first_frame),
    SCRIPT(answer_results),
    SCRIPT(answer_unused_carrier),
    SCRIPT(answer_silence),
    SCRIPT(rings),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 calls");
}
