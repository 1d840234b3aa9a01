/* The Class 1 driver against a scripted modem: the initial dialogue. */
#include "class1_bench.h"

static void plain_init(void)
{
    init_until_class();
    init_queries();
    ANSWER("AT+FCLASS=1", "OK");
    init_lists();
    SEEN("DONE");
    CHECK(!fl_class1_busy(&bench.driver));
    CHECK(strcmp(fl_class1_identity(&bench.driver), "ACME V1.2") == 0);
    CHECK_EQ(fl_class1_modulations(&bench.driver, true), 0x1FFE);
    CHECK_EQ(fl_class1_modulations(&bench.driver, false), 0x1FFE);
}

static void init_lists_forms(void)
{
    static const struct {
        const char *said;
        uint32_t bits;
    } ROWS[] = {
        {"24,48,72,96", 0x1E},
        {"(24,48,72,96)", 0x1E},
        {"+FTM: (24),(48),(72,96)", 0x1E},
        {"+FTM:96", 0x10},
        {"+FTM=\"24\", \"96\"", 0x12},
        {"(3,24,48),(72-74),(96-98)", 0x1FF}, /* 3 24 48 72 96 73 74 97 98, in the order of the table */
        {"24,48\r\n72,96", 0x1E},
        {"24,99999999999999999999,96", 0x12},
        {"0-65535,96", 0x10},
        {"146-3,96", 0x10},
        {"nonsense", 0x1E},
        {"", 0x1E},
    };
    for (size_t i = 0; i < FL_COUNT(ROWS); i++) {
        begin();
        init_until_class();
        init_queries();
        ANSWER("AT+FCLASS=1", "OK");
        SENT("AT+FTM=?\r");
        SAY("\r\n");
        say_octets(ROWS[i].said, strlen(ROWS[i].said));
        SAY("\r\n\r\nOK\r\n");
        ANSWER("AT+FRM=?", "ERROR");
        SEEN("DONE");
        CHECK_EQ(fl_class1_modulations(&bench.driver, false), ROWS[i].bits);
        CHECK_EQ(fl_class1_modulations(&bench.driver, true), 0x1E);
    }
}

static void init_refused(void)
{
    order(FL_ORDER_INIT);
    ANSWER("AT", "ERROR"); /* half a line was in the modem */
    SENT("\x10\x03\x18"
         "AT\r");
    SAY("AT\r\r\nOK\r\n"); /* with echo */
    wait_ms(301);
    ANSWER("ATZ", "ERROR");
    SENT("ATE0V1Q0\r");
    SAY("ATE0V1Q0\r\r\nOK\r\n");
    ANSWER("ATX4S0=0", "ERROR");
    ANSWER("ATH0", "ERROR");
    ANSWER("AT+FMI?", "ERROR");
    ANSWER("AT+FMM?", "ERROR");
    ANSWER("ATI3", "ERROR");
    ANSWER("AT+FCLASS=?", "0,2\r\n\r\nOK"); /* a list may lie */
    ANSWER("AT+FCLASS=1", "ERROR");
    SEEN("FAILED");
}

static void init_silences(void)
{
    init_until_class();
    SENT("AT+FMI?\r");
    wait_ms(3001);
    SENT("\x10\x03\x18"
         "AT\r");
    SAY("\r\nERROR\r\n");
    SENT("\x10\x03\x18"
         "AT\r");
    SAY("\r\nOK\r\n");
    wait_ms(301);
    ANSWER("AT+FMM?", "ERROR"); /* goes on behind the query */
    ANSWER("ATI3", "ERROR");
    ANSWER("AT+FCLASS=?", "OK");
    SENT("AT+FCLASS=1\r");
    wait_ms(3001);
    SENT("\x10\x03\x18"
         "AT\r");
    SAY("\r\nOK\r\n");
    wait_ms(301);
    ANSWER("AT+FCLASS=1", "OK"); /* but this is needed */
    init_lists();
    SEEN("DONE");
}

static void init_numeric(void)
{
    order(FL_ORDER_INIT);
    SENT("AT\r");
    SAY("0\r");
    SENT("ATZ\r");
    SAY("0\r");
    SENT("ATE0V1Q0\r");
    SAY("0\r");
    SENT("ATX4S0=0\r");
    SAY("\r\nOK\r\n");
    SENT("ATH0\r");
    order(FL_ORDER_ABORT);
    SAY("\r\nOK\r\n");
    SEEN("DONE");
}

/* Before it is given up: DTR drops, and the dialogue begins anew. */
static void reset(void)
{
    can_reset();
    order(FL_ORDER_INIT);
    wait_ms(11999);
    CHECK(!fl_class1_take_reset(&bench.driver));
    wait_ms(1);
    CHECK(fl_class1_take_reset(&bench.driver));
    CHECK(!fl_class1_take_reset(&bench.driver));
    bench.sent_length = 0;
    wait_ms(1499);
    SENT("");
    wait_ms(1);
    ANSWER("AT", "OK");
    ANSWER("ATZ", "OK");
    wait_ms(13000); /* silent again: it was reset already */
    SEEN("FAULT");
    CHECK(!fl_class1_take_reset(&bench.driver));
    bench.sent_length = 0;
}

static const struct script SCRIPTS[] = {
    SCRIPT(plain_init),    SCRIPT(init_lists_forms), SCRIPT(init_refused),
    SCRIPT(init_silences), SCRIPT(init_numeric),     SCRIPT(reset),
};

int main(void)
{
    bench_run(SCRIPTS, FL_COUNT(SCRIPTS));
    return check_result("class1 chat");
}
