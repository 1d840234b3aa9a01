#include "class1_bench.h"

#include "hdlc/fcs.h"

#include <stdarg.h>
#include <stdlib.h>

struct bench bench;
struct memory memory;
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

static void fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    check_failures++;
    fprintf(stderr, "%s:%d: %s (pieces of %zu, %zu): ", file, line, script_name, bench.piece, bench.room);
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
            fail(HERE, "frame of %u octets", indication->length);
        if (!indication->good) name = "BAD";
    }
    snprintf(bench.log + used, LOG_MAX - used, "%s%s", used ? " " : "", name);
}

void pump(void)
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

void say_octets(const void *text, size_t length)
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

void wait_ms(int ms)
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
void sent_octets(const char *file, int line, const void *text, size_t length)
{
    pump();
    if (bench.sent_length != length || memcmp(bench.sent, text, length) != 0) {
        fail(file, line, "other octets sent");
        print_octets("expected", text, length);
        print_octets("sent    ", bench.sent, bench.sent_length);
    }
    bench.sent_length = 0;
}

/* What the driver told since the last time. */
void seen_text(const char *file, int line, const char *text)
{
    pump();
    if (strcmp(bench.log, text) != 0) fail(file, line, "told \"%s\", expected \"%s\"", bench.log, text);
    bench.log[0] = 0;
}

void got_frame(const char *file, int line, const char *octets, size_t length, bool good)
{
    if (bench.frame_length == length && memcmp(bench.frame, octets, length) == 0 && bench.frame_good == good)
        return;
    fail(file, line, "another frame (good %d)", bench.frame_good);
    print_octets("expected", octets, length);
    print_octets("received", (const char *)bench.frame, bench.frame_length);
}

void got_data(const char *file, int line, const char *octets, size_t length)
{
    if (bench.data_length != length || memcmp(bench.data, octets, length) != 0) {
        fail(file, line, "other data");
        print_octets("expected", octets, length);
        print_octets("received", (const char *)bench.data, bench.data_length);
    }
    bench.data_length = 0;
}

/* A frame as the modem delivers it, with its FCS, shielded, with DLE ETX. */
void say_frame(const char *octets, size_t length, bool spoil)
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

/* ---- orders ---- */

void give(const struct fl_order *order)
{
    pump();
    fl_class1_order(&bench.driver, order, bench.now);
    pump();
}

void order(enum fl_order_kind kind)
{
    give(&(struct fl_order){.kind = kind});
}

void order_timed(enum fl_order_kind kind, int ms)
{
    give(&(struct fl_order){.kind = kind, .duration_ms = (uint16_t)ms});
}

void order_text(enum fl_order_kind kind, const char *octets, size_t length, bool final)
{
    struct fl_order value = {.kind = kind, .final = final, .length = (uint16_t)length};
    memcpy(value.frame, octets, length < FL_FRAME_MAX ? length : FL_FRAME_MAX);
    give(&value);
}

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

void send_data(int code, const void *octets, size_t length)
{
    struct fl_order value = {.kind = FL_ORDER_SEND_DATA, .modulation = (uint8_t)code};
    memory = (struct memory){.octets = octets, .length = length};
    value.source = (struct fl_source){.read = read_memory, .ctx = &memory};
    give(&value);
}

void recv_data(int code)
{
    give(&(struct fl_order){.kind = FL_ORDER_RECV_DATA, .modulation = (uint8_t)code});
}

/* ---- common beginnings ---- */

/* A modem without oddities that is on hook and knows no flow control commands; scripts change the profile first. */
void begin(void)
{
    bench.profile = (struct fl_class1_profile){
        .name = "plain", .reset = "ATZ", .select = "AT+FCLASS=1", .abort_ms = 200, .hook_sensitivity = 1};
    fl_class1_init(&bench.driver, &bench.profile, (struct fl_pen){.trace = &bench.trace});
}

void init_until_class_after(const char *reset)
{
    char sent[16];
    order(FL_ORDER_INIT);
    ANSWER("AT", "OK");
    sent_octets(HERE, sent, (size_t)snprintf(sent, sizeof sent, "%s\r", reset));
    SAY("\r\nOK\r\n");
    wait_ms(bench.driver.profile->reset_pause_ms);
    ANSWER("ATE0V1Q0", "OK");
    ANSWER("ATX4S0=0", "OK");
    ANSWER("ATH0", "OK");
}

void init_until_class(void)
{
    init_until_class_after("ATZ");
}

void init_queries(void)
{
    ANSWER("AT+FMI?", "ACME\r\n\r\nOK");
    ANSWER("AT+FMM?", "ERROR");
    ANSWER("ATI3", "V1.2\r\n\r\nOK");
    ANSWER("AT+FCLASS=?", "0,1,1.0,2,8\r\n\r\nOK");
}

void init_lists(void)
{
    ANSWER("AT+FTM=?", "24,48,72,73,74,96,97,98,121,122,145,146\r\n\r\nOK");
    ANSWER("AT+FRM=?", "24,48,72,73,74,96,97,98,121,122,145,146\r\n\r\nOK");
}

void calling(void)
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

void can_reset(void)
{
    fl_class1_configure(&bench.driver, &(struct fl_class1_config){.can_reset = true});
}

/* ---- running scripts ---- */

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

void bench_run(const struct script *scripts, size_t count)
{
    for (size_t i = 0; i < count; i++) run_script(&scripts[i]);
    printf("%zu scripts\n", count);
}
