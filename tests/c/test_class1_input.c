/* The Class 1 driver against a scripted modem: lines as they should not be, and hostile octets. */
#include "class1_bench.h"

static void glued(void)
{
    calling();
    SEND_FRAME("\xFF\x03\x43", false);
    SENT("AT+FTH=3\r");
    SAY("OKCONNECT\r\n"); /* the OK is late, the CONNECT is ours */
    SENT("\xFF\x03\x43\x10\x03");
    SAY("\r\nCONNECTCONNECT\r\n");
    SEEN("CARRIER DONE");
    SEND_FRAME("\xFF\x13\x83", true);
    SENT("\xFF\x13\x83\x10\x03");
    SAY("OKRING\r\n");
    SEEN("DONE");
}

static void random_octets(void)
{
    static const char *const PIECES[] = {
        "\r\nOK\r\n", "\r\nCONNECT\r\n", "\r\nERROR\r\n",    "\x10\x03",    "\r\nNO CARRIER\r\n",
        "+FRH:3\r",   "RING\r",          "\r\n+FCERROR\r\n", "+FRM:96\r\n", "AT"};
    uint64_t seed = bench.piece;
    for (int round = 0; round < 60; round++) {
        begin();
        for (int i = 0; i < 200; i++) {
            uint64_t dice = fl_random(&seed);
            uint8_t noise[40];
            for (size_t j = 0; j < sizeof noise; j++) noise[j] = (uint8_t)fl_random(&seed);
            struct fl_order value = {
                .kind = dice >> 8 & 15, .modulation = 96, .duration_ms = 70, .length = dice >> 16 & 255};
            if (value.kind == FL_ORDER_DIAL) value.length = 1, value.frame[0] = '1';
            if ((dice & 7) < 3)
                say_octets(noise, dice >> 32 & 31);
            else if ((dice & 7) < 5)
                say_octets(PIECES[(dice >> 32) % FL_COUNT(PIECES)],
                           strlen(PIECES[(dice >> 32) % FL_COUNT(PIECES)]));
            else if ((dice & 7) < 7)
                give(&value);
            else
                wait_ms((int)(dice >> 32 & 4095));
            bench.log[0] = 0;
            bench.sent_length = bench.data_length = 0;
        }
        order(FL_ORDER_HANG_UP); /* whatever happened: this ends */
        wait_ms(16000);
        CHECK(!fl_class1_busy(&bench.driver));
        bench.log[0] = 0;
        bench.sent_length = 0;
    }
}

static void long_lines(void)
{
    calling();
    order(FL_ORDER_RECV_FRAME);
    SENT("AT+FRH=3\r");
    for (int i = 0; i < 1000; i++) SAY("xxxxxxxxxxxxxxxx");
    SAY("\r\nNO CARRIER\r\n");
    SEEN("NO_CARRIER");
}

static const struct script SCRIPTS[] = {
    SCRIPT(glued),
    SCRIPT(random_octets),
    SCRIPT(long_lines),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 input");
}
