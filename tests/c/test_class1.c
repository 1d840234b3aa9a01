/* The Class 1 driver against a scripted modem: what it must send, what it is answered, what it must make of it. Every
 * script runs several times, with the octets cut into pieces of different sizes both ways: nothing may depend on that.
 */
#include "check.h"
#include "hdlc/fcs.h"
#include "modem/class1.h"
#include "modem/results.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SENT_MAX 4096
#define LOG_MAX  4096
#define DATA_MAX 8192

struct bench {
    struct fl_class1 driver;
    struct fl_trace trace;
    struct fl_class1_profile profile;
    fl_time now;
    size_t piece, room; /* octets at a time to and from the driver */
    char sent[SENT_MAX];
    size_t sent_length;
    char log[LOG_MAX];
    uint8_t data[DATA_MAX];
    size_t data_length;
    uint8_t frame[FL_FRAME_MAX + 1];
    size_t frame_length;
    bool frame_good;
};

static struct bench bench; /* of the script that runs */
static const char *script_name;

static const char *const NAMES[] = {
    [FL_IND_DONE] = "DONE",
    [FL_IND_FAILED] = "FAILED",
    [FL_IND_CARRIER] = "CARRIER",
    [FL_IND_FRAME] = "FRAME",
    [FL_IND_DATA] = "DATA",
    [FL_IND_NO_CARRIER] = "NO_CARRIER",
    [FL_IND_WRONG_CARRIER] = "WRONG_CARRIER",
    [FL_IND_V21] = "V21",
    [FL_IND_CONNECTED] = "CONNECTED",
    [FL_IND_BUSY] = "BUSY",
    [FL_IND_NO_ANSWER] = "NO_ANSWER",
    [FL_IND_NO_DIALTONE] = "NO_DIALTONE",
    [FL_IND_NOT_FAX] = "NOT_FAX",
    [FL_IND_RING] = "RING",
    [FL_IND_LINE_DOWN] = "LINE_DOWN",
    [FL_IND_FAULT] = "FAULT",
};

/* ---- the scripted modem ---- */

static void fail(int line, const char *format, ...)
{
    va_list arguments;
    check_failures++;
    fprintf(stderr, "test_class1.c:%d: %s (pieces of %zu, %zu): ", line, script_name, bench.piece,
            bench.room);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void note_indication(const struct fl_indication *indication)
{
    size_t used = strlen(bench.log);
    const char *name = NAMES[indication->kind];
    if (indication->kind == FL_IND_DATA) {
        if (bench.data_length + indication->length <= DATA_MAX) {
            memcpy(bench.data + bench.data_length, indication->data, indication->length);
            bench.data_length += indication->length;
        }
        if (used >= 4 && strcmp(bench.log + used - 4, name) == 0) return;
    }
    if (indication->kind == FL_IND_FRAME) {
        bench.frame_length = indication->length;
        bench.frame_good = indication->good;
        if (indication->length <= sizeof bench.frame)
            memcpy(bench.frame, indication->data, indication->length);
        else
            fail(__LINE__, "frame of %u octets", indication->length);
        if (!indication->good) name = "BAD";
    }
    snprintf(bench.log + used, LOG_MAX - used, "%s%s", used ? " " : "", name);
}

static void pump(void)
{
    struct fl_indication indication;
    struct fl_trace_record record;
    uint8_t octets[512];
    size_t got;
    while (fl_class1_indication(&bench.driver, &indication)) note_indication(&indication);
    while ((got = fl_class1_output(&bench.driver, octets, bench.room, bench.now)) > 0) {
        CHECK(got <= bench.room);
        if (bench.sent_length + got < SENT_MAX) {
            memcpy(bench.sent + bench.sent_length, octets, got);
            bench.sent_length += got;
        }
    }
    while (fl_class1_indication(&bench.driver, &indication)) note_indication(&indication);
    while (fl_trace_take(&bench.trace, &record)) continue;
}

static void say_octets(const void *text, size_t length)
{
    const uint8_t *octets = text;
    pump();
    for (size_t at = 0; at < length;) {
        size_t piece = length - at < bench.piece ? length - at : bench.piece;
        /* A copy of exact size, so that the sanitizer sees a read beyond it. */
        uint8_t *copy = malloc(piece);
        memcpy(copy, octets + at, piece);
        at += fl_class1_input(&bench.driver, copy, piece, bench.now);
        pump();
        free(copy);
    }
}

static void wait_ms(int ms)
{
    fl_time end = bench.now + FL_MS(ms);
    int guard = 10000;
    pump();
    while (fl_class1_deadline(&bench.driver) <= end && guard-- > 0) {
        fl_time next = fl_class1_deadline(&bench.driver);
        if (next > bench.now) bench.now = next;
        fl_class1_tick(&bench.driver, bench.now);
        pump();
    }
    CHECK(guard > 0);
    bench.now = end;
    fl_class1_tick(&bench.driver, bench.now);
    pump();
}

static void print_octets(const char *what, const char *octets, size_t length)
{
    fprintf(stderr, "    %s ", what);
    for (size_t i = 0; i < length; i++) {
        if (octets[i] >= 0x20 && octets[i] < 0x7F)
            fputc(octets[i], stderr);
        else
            fprintf(stderr, "\\x%02x", (unsigned char)octets[i]);
    }
    fputc('\n', stderr);
}

/* What the driver sent since the last time. */
static void sent_octets(int line, const void *text, size_t length)
{
    pump();
    if (bench.sent_length != length || memcmp(bench.sent, text, length) != 0) {
        fail(line, "other octets sent");
        print_octets("expected", text, length);
        print_octets("sent    ", bench.sent, bench.sent_length);
    }
    bench.sent_length = 0;
}

/* What the driver told since the last time. */
static void seen_text(int line, const char *text)
{
    pump();
    if (strcmp(bench.log, text) != 0) fail(line, "told \"%s\", expected \"%s\"", bench.log, text);
    bench.log[0] = 0;
}

#define SENT(text)        sent_octets(__LINE__, text, sizeof(text) - 1)
#define SEEN(text)        seen_text(__LINE__, text)
#define SAY(text)         say_octets(text, sizeof(text) - 1)
#define ANSWER(ask, text) (SENT(ask "\r"), SAY("\r\n" text "\r\n"))

static void got_frame(int line, const char *octets, size_t length, bool good)
{
    if (bench.frame_length == length && memcmp(bench.frame, octets, length) == 0 && bench.frame_good == good)
        return;
    fail(line, "another frame (good %d)", bench.frame_good);
    print_octets("expected", octets, length);
    print_octets("received", (const char *)bench.frame, bench.frame_length);
}

static void got_data(int line, const char *octets, size_t length)
{
    if (bench.data_length != length || memcmp(bench.data, octets, length) != 0) {
        fail(line, "other data");
        print_octets("expected", octets, length);
        print_octets("received", (const char *)bench.data, bench.data_length);
    }
    bench.data_length = 0;
}

#define FRAME(text, good) got_frame(__LINE__, text, sizeof(text) - 1, good)
#define DATA(text)        got_data(__LINE__, text, sizeof(text) - 1)

/* A frame as the modem delivers it, with its FCS, shielded, with DLE ETX. */
static void say_frame(const char *octets, size_t length, bool spoil)
{
    uint8_t line[2 * FL_FRAME_MAX + 300];
    size_t used = 0;
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, (const uint8_t *)octets, length);
    if (spoil) fcs ^= 0x0100;
    for (size_t i = 0; i < length + 2; i++) {
        uint8_t octet = i < length ? (uint8_t)octets[i] : i == length ? fcs & 0xFF : fcs >> 8;
        line[used++] = octet;
        if (octet == 0x10) line[used++] = octet;
    }
    line[used++] = 0x10;
    line[used++] = 0x03;
    say_octets(line, used);
}

#define SAY_FRAME(text)     say_frame(text, sizeof(text) - 1, false)
#define SAY_BAD_FRAME(text) say_frame(text, sizeof(text) - 1, true)

/* ---- orders ---- */

static void give(const struct fl_order *order)
{
    pump();
    fl_class1_order(&bench.driver, order, bench.now);
    pump();
}

static void order(enum fl_order_kind kind)
{
    give(&(struct fl_order){.kind = kind});
}

static void order_timed(enum fl_order_kind kind, int ms)
{
    give(&(struct fl_order){.kind = kind, .duration_ms = (uint16_t)ms});
}

static void order_text(enum fl_order_kind kind, const char *octets, size_t length, bool final)
{
    struct fl_order value = {.kind = kind, .final = final, .length = (uint16_t)length};
    memcpy(value.frame, octets, length < FL_FRAME_MAX ? length : FL_FRAME_MAX);
    give(&value);
}

#define DIAL(text)              order_text(FL_ORDER_DIAL, text, sizeof(text) - 1, false)
#define SEND_FRAME(text, final) order_text(FL_ORDER_SEND_FRAME, text, sizeof(text) - 1, final)

struct memory {
    const char *octets;
    size_t length, at, most;
};

static struct memory memory;

static size_t read_memory(void *ctx, uint8_t *buf, size_t cap)
{
    struct memory *from = ctx;
    size_t got = from->length - from->at;
    if (got > cap) got = cap;
    if (from->most && got > from->most) got = from->most;
    memcpy(buf, from->octets + from->at, got);
    from->at += got;
    return got;
}

static void send_data(int code, const void *octets, size_t length)
{
    struct fl_order value = {.kind = FL_ORDER_SEND_DATA, .modulation = (uint8_t)code};
    memory = (struct memory){.octets = octets, .length = length};
    value.source = (struct fl_source){.read = read_memory, .ctx = &memory};
    give(&value);
}

static void recv_data(int code)
{
    give(&(struct fl_order){.kind = FL_ORDER_RECV_DATA, .modulation = (uint8_t)code});
}

/* ---- common beginnings ---- */

/* A modem without oddities that is on hook and knows no flow control commands; scripts change the profile first. */
static void begin(void)
{
    bench.profile = (struct fl_class1_profile){
        .name = "plain", .reset = "ATZ", .select = "AT+FCLASS=1", .abort_ms = 200, .hook_sensitivity = 1};
    fl_class1_init(&bench.driver, &bench.profile, (struct fl_pen){.trace = &bench.trace});
}

static void init_until_class_after(const char *reset)
{
    char sent[16];
    order(FL_ORDER_INIT);
    ANSWER("AT", "OK");
    sent_octets(__LINE__, sent, (size_t)snprintf(sent, sizeof sent, "%s\r", reset));
    SAY("\r\nOK\r\n");
    wait_ms(bench.driver.profile->reset_pause_ms);
    ANSWER("ATE0V1Q0", "OK");
    ANSWER("ATX4S0=0", "OK");
    ANSWER("ATH0", "OK");
}

static void init_until_class(void)
{
    init_until_class_after("ATZ");
}

static void init_queries(void)
{
    ANSWER("AT+FMI?", "ACME\r\n\r\nOK");
    ANSWER("AT+FMM?", "ERROR");
    ANSWER("ATI3", "V1.2\r\n\r\nOK");
    ANSWER("AT+FCLASS=?", "0,1,1.0,2,8\r\n\r\nOK");
}

static void init_lists(void)
{
    ANSWER("AT+FTM=?", "24,48,72,73,74,96,97,98,121,122,145,146\r\n\r\nOK");
    ANSWER("AT+FRM=?", "24,48,72,73,74,96,97,98,121,122,145,146\r\n\r\nOK");
}

static void calling(void)
{
    DIAL("5551234");
    ANSWER("ATS7=60", "OK");
    ANSWER("ATDT5551234", "CONNECT");
    SAY_FRAME("\xFF\x13\x80\x00\x46\x78");
    SAY("\r\nOK\r\n");
    SEEN("CONNECTED");
    order(FL_ORDER_RECV_FRAME);
    SEEN("CARRIER FRAME");
    FRAME("\xFF\x13\x80\x00\x46\x78", true);
    SENT("");
}

/* ---- scripts ---- */

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

/* ---- what a modem may answer to each order ---- */

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
        say_octets(ROWS[i].said, strlen(ROWS[i].said));
        SEEN(ROWS[i].told);
        CHECK(!fl_class1_busy(&bench.driver));
    }
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
    sent_octets(__LINE__, expected, 2 * FL_FRAME_MAX);
    SAY("\r\nOK\r\n");
    SEEN("CARRIER DONE");
    for (int extra = 0; extra <= 30; extra += 10) {
        order(FL_ORDER_RECV_FRAME);
        ANSWER("AT+FRH=3", "CONNECT");
        say_frame(frame, FL_FRAME_MAX + (size_t)extra, false);
        SAY("\r\nOK\r\n");
        SEEN(extra ? "CARRIER BAD" : "CARRIER FRAME");
        got_frame(__LINE__, frame, FL_FRAME_MAX, extra == 0);
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
            sent_octets(__LINE__, expected, used);
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

/* ---- ending early ---- */

static void abort_idle(void)
{
    order(FL_ORDER_ABORT);
    SEEN("DONE");
    calling();
    order(FL_ORDER_ABORT);
    SEEN("DONE");
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
    ANSWER("ATH0", "ERROR"); /* it is on hook already */
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

/* ---- the line and the modem fail ---- */

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

static void rings(void)
{
    SAY("\r\nRING\r\n\r\nDATE = 0101\r\nNMBR = 123\r\n\r\nRING 1\r\n");
    SEEN("RING RING");
    calling();
    SAY("\r\nRING\r\n"); /* off hook that is none */
    SEEN("");
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

static void can_reset(void)
{
    fl_class1_configure(&bench.driver, &(struct fl_class1_config){.can_reset = true});
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

/* ---- the initial dialogue ---- */

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

/* ---- profiles ---- */

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
}

/* ---- hostile input ---- */

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

static void fcs_values(void)
{
    CHECK_EQ((uint16_t)~fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789", 9), 0x906E);
    CHECK_EQ(fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789\x6E\x90", 11), FL_FCS_GOOD);
    CHECK_EQ(fl_fcs_update(FL_FCS_INIT, NULL, 0), FL_FCS_INIT);
}

/* ---- running them ---- */

struct script {
    const char *name;
    void (*run)(void);
};

#define SCRIPT(name) {#name, name}

static const struct script SCRIPTS[] = {
    SCRIPT(plain_init),
    SCRIPT(plain_sending),
    SCRIPT(plain_receiving),
    SCRIPT(abort_reception),
    SCRIPT(dial_results),
    SCRIPT(dial_numbers),
    SCRIPT(dial_overdue),
    SCRIPT(dial_first_frame),
    SCRIPT(answer_results),
    SCRIPT(answer_unused_carrier),
    SCRIPT(answer_silence),
    SCRIPT(frame_send_oddities),
    SCRIPT(longest_frame),
    SCRIPT(frame_results),
    SCRIPT(frame_with_wrong_fcs),
    SCRIPT(frame_without_result),
    SCRIPT(frame_receive_stray_ok),
    SCRIPT(frame_stalls),
    SCRIPT(data_results),
    SCRIPT(data_cut),
    SCRIPT(send_data_shielding),
    SCRIPT(send_data_results),
    SCRIPT(send_data_limit),
    SCRIPT(send_data_back_pressure),
    SCRIPT(send_data_underrun),
    SCRIPT(silences),
    SCRIPT(abort_idle),
    SCRIPT(abort_races),
    SCRIPT(abort_in_frame),
    SCRIPT(abort_without_ok),
    SCRIPT(abort_sending),
    SCRIPT(abort_call),
    SCRIPT(hang_up_everywhere),
    SCRIPT(hang_up_silent),
    SCRIPT(hang_up_forced),
    SCRIPT(data_paced),
    SCRIPT(line_down),
    SCRIPT(rings),
    SCRIPT(late_connect),
    SCRIPT(glued),
    SCRIPT(recovery),
    SCRIPT(dead_modem),
    SCRIPT(reset),
    SCRIPT(hang_up_by_reset),
    SCRIPT(unplugged),
    SCRIPT(nothing_hangs),
    SCRIPT(init_lists_forms),
    SCRIPT(init_refused),
    SCRIPT(init_silences),
    SCRIPT(init_numeric),
    SCRIPT(profile_commands),
    SCRIPT(profile_found),
    SCRIPT(profile_abort_by_at),
    SCRIPT(profile_delays),
    SCRIPT(profile_sending),
    SCRIPT(profile_frames),
    SCRIPT(profile_mismatch),
    SCRIPT(profile_frh),
    SCRIPT(profile_hook),
    SCRIPT(profile_table),
    SCRIPT(random_octets),
    SCRIPT(long_lines),
    SCRIPT(fcs_values),
};

static void run_script(const struct script *script)
{
    static const size_t PIECES[] = {512, 1, 2, 3};
    for (size_t i = 0; i < FL_COUNT(PIECES); i++) {
        memset(&bench, 0, sizeof bench);
        bench.now = FL_SEC(1000);
        bench.piece = bench.room = PIECES[i];
        script_name = script->name;
        begin();
        script->run();
        pump();
        SEEN("");
        SENT("");
    }
}

int main(void)
{
    for (size_t i = 0; i < FL_COUNT(SCRIPTS); i++) run_script(&SCRIPTS[i]);
    printf("%zu scripts, %d failures\n", FL_COUNT(SCRIPTS), check_failures);
    return check_failures != 0;
}
