/* The simulated modem, line and judge: two modems on a line, driven by raw AT dialogue in virtual time. */
#include "hdlc/fcs.h"
#include "check.h"
#include "sim/modem.h"

#include <stdio.h>
#include <string.h>

#define OUTPUT (1 << 17)

/* Two modems, a line, and the DTE's ends of both. The least exchange there can be is in put_through. */
struct bench {
    struct fl_simmodem modem[2]; /* 0 calls, 1 is called */
    struct fl_line line;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_trace trace;
    fl_time now, delay;
    uint8_t out[2][OUTPUT];
    size_t length[2], seen[2];
};

static struct bench bench;

static const uint8_t NSF[] = {0xFF, 0x03, 0x20, 0x10, 0x03, 0x10};
static const uint8_t CSI[] = {0xFF, 0x03, 0x40, '1', '2', '3', ' ', ' ', ' '};
static const uint8_t DIS[] = {0xFF, 0x13, 0x80, 0x00, 0xCE, 0xF8, 0x44};
static const uint8_t DCS[] = {0xFF, 0x13, 0x83, 0x00, 0x46, 0xF8, 0x44};
static const uint8_t CFR[] = {0xFF, 0x13, 0x85};
static const uint8_t EOP[] = {0xFF, 0x13, 0x2F};
static const uint8_t MCF[] = {0xFF, 0x13, 0x8D};
static const uint8_t DCN[] = {0xFF, 0x13, 0xFB};

/* ---- time ---- */

static void drain(struct bench *b)
{
    for (int i = 0; i < 2; i++) {
        size_t got;
        while ((got = fl_simmodem_read(&b->modem[i], b->out[i] + b->length[i], OUTPUT - b->length[i],
                                       b->now)) > 0)
            b->length[i] += got;
    }
}

/* To the next deadline, at most until. False when it is reached. */
static bool step(struct bench *b, fl_time until)
{
    fl_time next = fl_earlier(fl_simmodem_deadline(&b->modem[0]), fl_simmodem_deadline(&b->modem[1]));
    if (next > until) next = until;
    if (next > b->now) b->now = next;
    fl_simmodem_tick(&b->modem[0], b->now);
    fl_simmodem_tick(&b->modem[1], b->now);
    drain(b);
    return b->now < until;
}

static void pass(struct bench *b, fl_time duration)
{
    fl_time until = b->now + duration;
    while (step(b, until));
}

static void put(struct bench *b, int i, const void *octets, size_t length)
{
    const uint8_t *from = octets;
    while (length) {
        size_t taken = fl_simmodem_write(&b->modem[i], from, length, b->now);
        from += taken;
        length -= taken;
        if (taken == 0 && !step(b, b->now + FL_SEC(60))) break;
    }
    CHECK_EQ(length, 0);
    drain(b);
}

static void say(struct bench *b, int i, const char *line)
{
    pass(b, FL_MS(1));
    put(b, i, line, strlen(line));
    put(b, i, "\r", 1);
}

static const uint8_t *find(const uint8_t *in, size_t length, const void *what, size_t size)
{
    for (size_t k = 0; k + size <= length; k++)
        if (memcmp(in + k, what, size) == 0) return in + k;
    return NULL;
}

/* Waits until modem i has said text (between CR LF); false after limit. What came before it is skipped. */
static bool expect(struct bench *b, int i, const char *text, fl_time limit)
{
    char wanted[64];
    int size = snprintf(wanted, sizeof wanted, "\r\n%s\r\n", text);
    fl_time until = b->now + limit;
    for (bool more = true;; more = step(b, until)) {
        const uint8_t *at = find(b->out[i] + b->seen[i], b->length[i] - b->seen[i], wanted, (size_t)size);
        if (at) {
            b->seen[i] = (size_t)(at - b->out[i]) + (size_t)size;
            return true;
        }
        if (!more) return false;
    }
}

/* ---- dialogue ---- */

static bool ask(struct bench *b, int i, const char *line, const char *answer)
{
    say(b, i, line);
    return expect(b, i, answer, FL_SEC(1));
}

static void start(struct bench *b)
{
    b->now = 0;
    b->delay = FL_MS(20);
    b->length[0] = b->length[1] = b->seen[0] = b->seen[1] = 0;
    memset(&b->trace, 0, sizeof b->trace);
    fl_faults_init(&b->faults, 1, (struct fl_pen){&b->trace, 0});
    for (int i = 0; i < 2; i++) fl_simmodem_init(&b->modem[i], fl_simmodem_row(NULL), i, &b->faults, 0);
}

static void plan(struct bench *b, const char *name, int at, int count, int arg)
{
    struct fl_fault fault = {.kind = fl_fault_find(name), .at = at, .count = count, .arg = arg};
    CHECK(fl_faults_add(&b->faults, &fault));
}

/* Dials, rings, answers and connects. */
static void put_through(struct bench *b)
{
    CHECK(ask(b, 0, "ATE0Q0V1&C1&D2S0=0+FCLASS=1", "OK"));
    CHECK(ask(b, 1, "ATE0+FCLASS=1;+FAR=0", "OK"));
    say(b, 0, "ATDT 0,12-34");
    while (fl_simmodem_hook(&b->modem[0]) != FL_HOOK_DIALLING && step(b, b->now + FL_SEC(10)));
    CHECK(strcmp(fl_simmodem_number(&b->modem[0]), "01234") == 0);
    fl_simmodem_ring(&b->modem[1], true, b->now);
    CHECK(expect(b, 1, "RING", 0));
    CHECK(expect(b, 1, "RING", FL_SEC(6)));
    say(b, 1, "ATA");
    pass(b, FL_MS(10));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ANSWERING);
    fl_watch_init(&b->watch, (struct fl_pen){&b->trace, 0});
    fl_line_init(&b->line, b->delay, &b->faults, &b->watch, (struct fl_pen){&b->trace, 0});
    fl_simmodem_connect(&b->modem[0], &b->line, 0, b->now);
    fl_simmodem_connect(&b->modem[1], &b->line, 1, b->now);
}

/* Gives a frame to a modem that has said CONNECT. */
static void put_frame(struct bench *b, int i, const uint8_t *frame, size_t length)
{
    static const uint8_t dle = 0x10, end[] = {0x10, 0x03};
    for (size_t k = 0; k < length; k++) {
        put(b, i, frame + k, 1);
        if (frame[k] == dle) put(b, i, &dle, 1);
    }
    put(b, i, end, 2);
}

/* Reads the frame that modem i gave last, up to its DLE ETX, unshielded, without FCS. */
static bool got_frame(struct bench *b, int i, const char *result, const uint8_t *frame, size_t length)
{
    uint8_t plain[512];
    size_t count = 0, from = b->seen[i];
    if (!expect(b, i, result, FL_SEC(4))) return false;
    for (size_t k = from; k + 1 < b->length[i]; k++) {
        uint8_t c = b->out[i][k];
        if (c == 0x10 && b->out[i][++k] == 0x03) break;
        plain[count++] = c;
    }
    return count == length + 2 && memcmp(plain, frame, length) == 0;
}

#define SEND(i, frame) put_frame(b, i, frame, sizeof frame)
#define GOT(i, frame)  got_frame(b, i, "OK", frame, sizeof frame)
#define ANSWERED(i, w) expect(b, i, w, FL_SEC(10))

static void phase_b(struct bench *b)
{
    CHECK(expect(b, 1, "CONNECT", FL_SEC(10)));
    SEND(1, NSF);
    CHECK(expect(b, 0, "CONNECT", FL_SEC(2)));
    CHECK(ANSWERED(1, "CONNECT"));
    SEND(1, CSI);
    CHECK(GOT(0, NSF));
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(0, CSI));
    CHECK(ANSWERED(1, "CONNECT"));
    SEND(1, DIS);
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(ANSWERED(1, "OK"));
    CHECK(GOT(0, DIS));
}

/* From i to the other: a command or an answer of one frame. */
static void exchange_frame(struct bench *b, int i, const uint8_t *frame, size_t length)
{
    say(b, !i, "AT+FRH=3");
    if (i == 1 || frame == DCS || frame == DCN) CHECK(ask(b, i, "AT+FRS=7", "OK"));
    CHECK(ask(b, i, "AT+FTH=3", "CONNECT"));
    put_frame(b, i, frame, length);
    CHECK(ANSWERED(!i, "CONNECT"));
    CHECK(ANSWERED(i, "OK"));
    CHECK(got_frame(b, !i, "OK", frame, length));
}

#define EXCHANGE(i, frame) exchange_frame(b, i, frame, sizeof frame)

static uint8_t page[40000];

static void send_fast(struct bench *b, const char *ftm, const char *frm, const uint8_t *data, size_t length)
{
    static const uint8_t dle = 0x10;
    say(b, 1, frm);
    CHECK(
        ask(b, 0, "AT+FTS=5", "OK")); /* 5, not 7: we have waited for the other end to hear our last frame */
    CHECK(ask(b, 0, ftm, "CONNECT"));
    for (size_t k = 0; k < length;) {
        const uint8_t *found = memchr(data + k, dle, length - k);
        size_t span = found ? (size_t)(found - data) + 1 - k : length - k;
        put(b, 0, data + k, span);
        if (found) put(b, 0, &dle, 1);
        k += span;
    }
    put(b, 0, "\x10\x03", 2);
    CHECK(expect(b, 1, "CONNECT", FL_SEC(3)));
    size_t from = b->seen[1];
    CHECK(expect(b, 0, "OK", FL_SEC(60)));
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(1)));
    size_t count = 0;
    bool same = true;
    for (size_t k = from; k < b->length[1]; k++) {
        if (b->out[1][k] == 0x10 && b->out[1][++k] == 0x03) break;
        same = same && count < length && data[count] == b->out[1][k];
        count++;
    }
    CHECK(same);
    CHECK_EQ(count, length);
}

/* ---- whole calls ---- */

static void connected(struct bench *b)
{
    start(b);
    put_through(b);
    phase_b(b);
}

static void call(struct bench *b)
{
    static const uint8_t tcf[2700];
    put_through(b);
    phase_b(b);
    EXCHANGE(0, DCS);
    send_fast(b, "AT+FTM=145", "AT+FRM=145", tcf, sizeof tcf);
    EXCHANGE(1, CFR);
    CHECK(ask(b, 0, "AT+FRS=7", "OK"));
    fl_time before = b->now;
    send_fast(b, "AT+FTM=146", "AT+FRM=146", page, sizeof page);
    CHECK(b->now - before > FL_MS(22222) && b->now - before < FL_MS(22700) + 2 * b->delay);
    CHECK(ask(b, 0, "AT+FTS=5", "OK"));
    EXCHANGE(0, EOP);
    EXCHANGE(1, MCF);
    EXCHANGE(0, DCN);
    CHECK(ask(b, 0, "ATH0", "OK"));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    fl_simmodem_disconnect(&b->modem[1], b->now);
    say(b, 1, "AT+FRH=3");
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(2)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    CHECK(ask(b, 1, "AT+FTH=3", "ERROR"));
}

static void test_call(void)
{
    struct bench *b = &bench;
    start(b);
    call(b);
    for (int end = 0; end < 2; end++) {
        CHECK_EQ(fl_watch_violations(&b->watch, end), 0);
        CHECK(strcmp(fl_watch_text(&b->watch, end), "") == 0);
    }
    CHECK_EQ(b->modem[0].overruns + b->modem[1].overruns, 0);
}

/* This test's DTE waits for the far end to hear before it goes on: a late line makes its gaps too long, nothing else. */
static void test_delays(void)
{
    struct bench *b = &bench;
    start(b);
    b->delay = 0;
    call(b);
    start(b);
    b->delay = FL_MS(600);
    call(b);
    CHECK_EQ(b->watch.broken[FL_RULE_COLLISION], 0);
    CHECK_EQ(b->watch.broken[FL_RULE_PREAMBLE], 0);
    CHECK_EQ(b->watch.broken[FL_RULE_TCF], 0);
}

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

/* ---- setting up ---- */

static void dialled(struct bench *b)
{
    start(b);
    CHECK(ask(b, 0, "ATE0S7=30+FCLASS=1", "OK"));
    say(b, 0, "ATDT5");
    while (fl_simmodem_hook(&b->modem[0]) != FL_HOOK_DIALLING && step(b, b->now + FL_SEC(10)));
    CHECK_EQ(b->now, FL_MS(1 + 3 + 1 + 3 + 2000 + 100));
}

static void test_progress(void)
{
    struct bench *b = &bench;
    static const char *const texts[] = {"NO DIALTONE", "BUSY", "NO ANSWER", "NO CARRIER"};
    for (int i = 0; i < 4; i++) {
        dialled(b);
        fl_simmodem_progress(&b->modem[0], (enum fl_progress)i, b->now);
        CHECK(expect(b, 0, texts[i], 0));
        CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    }
    dialled(b);
    CHECK(!expect(b, 0, "NO ANSWER", FL_SEC(30) - 1));
    CHECK(expect(b, 0, "NO ANSWER", 1));
    dialled(b);
    put(b, 0, " ", 1);
    CHECK(expect(b, 0, "NO CARRIER", 0));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

/* A person answers, speaks, and wonders about the CNG. */
static void test_voice(void)
{
    struct bench *b = &bench;
    dialled(b);
    fl_watch_init(&b->watch, (struct fl_pen){0});
    fl_line_init(&b->line, b->delay, &b->faults, &b->watch, (struct fl_pen){0});
    fl_simmodem_connect(&b->modem[0], &b->line, 0, b->now);
    fl_line_signal(&b->line, 1, FL_SIGNAL_VOICE, 0, b->now);
    CHECK(!expect(b, 0, "NO CARRIER", FL_MS(29999)));
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    CHECK_EQ(b->line.way[1].count, 18); /* 9 CNG, on and off; the one at 28 s ended at 28.5 s */
    CHECK_EQ(fl_watch_violations(&b->watch, 0), 0);
}

static void test_ringing(void)
{
    struct bench *b = &bench;
    start(b);
    CHECK(ask(b, 1, "ATE0S0=2+FCLASS=1", "OK"));
    fl_simmodem_ring(&b->modem[1], true, b->now);
    CHECK(expect(b, 1, "RING", 0));
    fl_simmodem_ring(&b->modem[1], false, b->now);
    CHECK(!expect(b, 1, "RING", FL_SEC(10)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    fl_simmodem_ring(&b->modem[1], true, b->now);
    CHECK(expect(b, 1, "RING", 0));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_RINGING);
    CHECK(ask(b, 1, "ATH", "OK"));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_RINGING);
    CHECK(expect(b, 1, "RING", FL_SEC(6)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ANSWERING);
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(60)));
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

/* ---- faults ---- */

static void faulty(struct bench *b, const char *name, int at, int count, int arg)
{
    connected(b);
    fl_faults_init(&b->faults, 7, (struct fl_pen){&b->trace, 0});
    plan(b, name, at, count, arg);
}

static void test_hangup_in_page(void)
{
    struct bench *b = &bench;
    faulty(b, "hangup", 1, 1, 253 + 1000); /* the training, and a second of the page */
    say(b, 1, "AT+FRM=96");
    CHECK(ask(b, 0, "AT+FTM=96", "CONNECT"));
    static uint8_t data[4000];
    memset(data, 0x55, sizeof data);
    put(b, 0, data, sizeof data);
    CHECK(expect(b, 1, "CONNECT", FL_MS(300)));
    size_t before = b->length[1];
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(2)));
    fl_simmodem_disconnect(&b->modem[1], b->now);
    CHECK(expect(b, 1, "NO CARRIER", b->delay));
    /* What had not left the modem never arrives. */
    CHECK_EQ(b->length[1] - before, 1200 + 16);
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_CONNECTED);
    say(b, 1, "AT+FRH=3");
    CHECK(expect(b, 1, "NO CARRIER", FL_SEC(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[1]), FL_HOOK_ON);
    CHECK(ask(b, 1, "AT+FRH=3", "ERROR"));
}

/* From 1 to 0. Returns whether 0 gave the result within 3 s. */
static bool try_frame(struct bench *b, const char *result)
{
    say(b, 0, "AT+FRH=3");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, MCF);
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    return expect(b, 0, result, FL_SEC(3));
}

static void test_frame_faults(void)
{
    struct bench *b = &bench;
    faulty(b, "far_bad_fcs", 2, 1, 0);
    CHECK(try_frame(b, "OK"));
    CHECK(try_frame(b, "ERROR"));
    CHECK(try_frame(b, "OK"));
    CHECK_EQ(b->faults.struck[fl_fault_find("far_bad_fcs")], 1);
    faulty(b, "far_lost_frame", 1, 1, 0);
    CHECK(try_frame(b, "NO CARRIER"));
    CHECK(try_frame(b, "OK"));
    faulty(b, "bad_fcs", 1, 0, 0); /* the other end's: not struck */
    CHECK(try_frame(b, "OK"));
    faulty(b, "far_silence", 2, 1, 0);
    CHECK(try_frame(b, "OK"));
    CHECK(!try_frame(b, "CONNECT"));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(!try_frame(b, "CONNECT"));
    faulty(b, "echo", 1, 1, 200);
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    SEND(0, DCN);
    CHECK(expect(b, 0, "OK", FL_SEC(2)));
    CHECK(ask(b, 0, "AT+FRH=3", "CONNECT"));
    CHECK(GOT(0, DCN)); /* its own, which began after +FRH */
}

/* 1000 octets from 1 to 0 at 9600; what came is compared. */
static size_t try_data(struct bench *b, size_t *wrong)
{
    uint8_t data[1000];
    memset(data, 0x5A, sizeof data);
    *wrong = 0;
    say(b, 0, "AT+FRM=96");
    CHECK(ask(b, 1, "AT+FTM=96", "CONNECT"));
    put(b, 1, data, sizeof data);
    put(b, 1, "\x10\x03", 2);
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    if (!expect(b, 0, "CONNECT", FL_MS(50))) return 0;
    size_t count = 0, from = b->seen[0];
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(50)));
    for (; !(b->out[0][from] == 0x10 && b->out[0][from + 1] == 0x03); from++, count++) {
        if (b->out[0][from] == 0x10) from++;
        *wrong += b->out[0][from] != 0x5A;
    }
    return count;
}

static void test_data_faults(void)
{
    struct bench *b = &bench;
    size_t wrong;
    faulty(b, "far_bit_errors", 2, 1, 20000);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong >= 14 && wrong <= 17); /* 8000 bits, 2 per mille */
    faulty(b, "far_burst", 1, 1, 200);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong > 40 && wrong <= 48); /* 833 ms: four bursts of 12 octets */
    faulty(b, "far_lost_carrier", 1, 1, 400);
    CHECK_EQ(try_data(b, &wrong), 480);
    CHECK_EQ(try_data(b, &wrong), 1000);
    faulty(b, "far_bad_training", 1, 1, 1);
    CHECK_EQ(try_data(b, &wrong), 1000);
    CHECK(wrong > 900);
    faulty(b, "far_bad_training", 1, 1, 0);
    CHECK_EQ(try_data(b, &wrong), 0);
}

static void test_modem_faults(void)
{
    struct bench *b = &bench;
    faulty(b, "late_connect", 1, 1, 400);
    say(b, 0, "AT+FTH=3");
    CHECK(!expect(b, 0, "CONNECT", FL_MS(402)));
    CHECK(expect(b, 0, "CONNECT", FL_MS(1)));
    faulty(b, "missing_ok", 2, 1, 0);
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK(!ask(b, 0, "AT", "OK"));
    CHECK(ask(b, 0, "AT", "OK"));
    faulty(b, "spurious_ok", 1, 1, 0);
    CHECK(ask(b, 0, "AT+FTH=3", "OK"));
    CHECK(expect(b, 0, "CONNECT", 0));
    faulty(b, "short_read", 1, 0, 1);
    put(b, 0, "AT\r", 3);
    b->now += FL_MS(3);
    uint8_t octets[16];
    CHECK_EQ(fl_simmodem_read(&b->modem[0], octets, sizeof octets, b->now), 1);
    CHECK(expect(b, 0, "OK", 0) || b->length[0] > 5);
    faulty(b, "unplug", 2, 1, 0);
    CHECK(ask(b, 0, "AT", "OK"));
    CHECK(!ask(b, 0, "AT", "OK"));
    CHECK(fl_simmodem_dead(&b->modem[0]));
    CHECK_EQ(fl_simmodem_write(&b->modem[0], octets, 1, b->now), 0);
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
    faulty(b, "hangup", 2, 1, 700);
    CHECK(ask(b, 0, "AT+FTS=1", "OK"));
    say(b, 0, "AT+FRH=3");
    CHECK(!expect(b, 0, "NO CARRIER", FL_MS(702)));
    CHECK(expect(b, 0, "NO CARRIER", FL_MS(1)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

static void test_fault_names(void)
{
    int32_t names = 0;
    for (; fl_fault_name(names); names++) {
        CHECK_EQ(fl_fault_find(fl_fault_name(names)), names);
        CHECK(strlen(fl_fault_text(names)) > 10);
    }
    CHECK_EQ(names, FL_FAULT_NUMBERS);
    CHECK_EQ(fl_fault_find("none"), -1);
    CHECK(fl_fault_name(-1) == NULL && fl_fault_text(names) == NULL);
    struct fl_faults faults;
    fl_faults_init(&faults, 0, (struct fl_pen){0});
    struct fl_fault fault = {.kind = names};
    CHECK(!fl_faults_add(&faults, &fault));
    fault.kind = 0;
    for (int i = 0; i < FL_FAULTS_MAX; i++) CHECK(fl_faults_add(&faults, &fault));
    CHECK(!fl_faults_add(&faults, &fault));
}

/* ---- the line's times, and the judge ---- */

static void test_line_times(void)
{
    struct bench *b = &bench;
    fl_line_init(&b->line, FL_MS(20), NULL, NULL, (struct fl_pen){0});
    static const uint8_t ones[] = {0xFF, 0xFF, 0xFF};
    CHECK_EQ(fl_line_frame_bits(ones, 3), 24 + 4 + 8);
    CHECK_EQ((uint16_t)~fl_fcs_update(FL_FCS_INIT, (const uint8_t *)"123456789", 9), 0x906E);
    fl_line_signal(&b->line, 0, FL_SIGNAL_V21, 3, FL_MS(100));
    CHECK_EQ(fl_line_frame(&b->line, 0, ones, 3, FL_MS(1100)), FL_MS(1220));
    CHECK_EQ(fl_line_frame(&b->line, 0, ones, 3, 0), FL_MS(1340));
    fl_line_signal(&b->line, 0, FL_SIGNAL_FAST, 96, FL_MS(1400));
    fl_time end = FL_MS(1653) + (fl_time)1000 * 8000000 / 9600;
    CHECK_EQ(fl_line_data(&b->line, 0, page, 1000), end);
    CHECK_EQ(fl_line_sent(&b->line, 0, FL_MS(1653 + 100)), 120);
    fl_line_cut(&b->line, 0, FL_MS(1653 + 500));
    static const fl_time times[][2] = {{120, 120},   {1120, 1240}, {1240, 1360},
                                       {1420, 1420}, {1673, 2173}, {2173, 2173}};
    static const uint16_t lengths[] = {0, 3, 3, 0, 600, 0};
    for (size_t i = 0; i < FL_COUNT(times); i++) {
        const struct fl_line_event *event = fl_line_peek(&b->line, 1);
        CHECK(event && event->start == FL_MS(times[i][0]) && event->end == FL_MS(times[i][1]));
        CHECK(event && event->length == lengths[i]);
        fl_line_take(&b->line, 1);
    }
    CHECK(fl_line_peek(&b->line, 1) == NULL);
}

/* Steps of one end or the other: what begins when. */
struct judged {
    int end, signal, ms;
};

static void judged(struct fl_watch *watch, const struct judged *steps, size_t count)
{
    fl_watch_init(watch, (struct fl_pen){0});
    for (size_t i = 0; i < count; i++)
        fl_watch_signal(watch, steps[i].end, (enum fl_signal)steps[i].signal, 300, false, FL_MS(steps[i].ms));
}

#define JUDGED(rule, times, ...)                                                                             \
    do {                                                                                                     \
        static const struct judged steps[] = {__VA_ARGS__};                                                  \
        judged(&watch, steps, FL_COUNT(steps));                                                              \
        CHECK_EQ(watch.broken[rule], times);                                                                 \
    } while (0)

enum {
    OFF = FL_SIGNAL_SILENCE,
    V21 = FL_SIGNAL_V21,
    FAST = FL_SIGNAL_FAST,
    CNG = FL_SIGNAL_CNG,
    CED = FL_SIGNAL_CED
};

static void test_judge_signals(void)
{
    struct fl_watch watch;
    JUDGED(FL_RULE_TURN, 0, {0, V21, 0}, {0, OFF, 1000}, {0, FAST, 1055}, {0, OFF, 2000}, {0, V21, 2095});
    JUDGED(FL_RULE_TURN, 1, {0, V21, 0}, {0, OFF, 1000}, {0, FAST, 1054});
    JUDGED(FL_RULE_TURN, 1, {0, FAST, 0}, {0, OFF, 1000}, {0, V21, 1096});
    JUDGED(FL_RULE_TURN, 0, {0, FAST, 0}, {0, OFF, 1000}, {0, V21, 4000});
    JUDGED(FL_RULE_ANSWER, 1, {1, V21, 0}, {1, OFF, 1000}, {0, V21, 1054});
    JUDGED(FL_RULE_ANSWER, 0, {1, V21, 0}, {1, OFF, 1000}, {0, V21, 1055});
    JUDGED(FL_RULE_COLLISION, 1, {1, V21, 0}, {0, V21, 500});
    JUDGED(FL_RULE_COLLISION, 0, {1, CED, 0}, {0, CNG, 500}, {1, V21, 600});
    JUDGED(FL_RULE_CED, 1, {1, CED, 0}, {1, OFF, 2500}, {1, V21, 2575});
    JUDGED(FL_RULE_CED_GAP, 1, {1, CED, 0}, {1, OFF, 3000}, {1, V21, 3100});
    JUDGED(FL_RULE_CNG_ON, 1, {0, CNG, 0}, {0, OFF, 700}, {0, CNG, 3700}, {0, OFF, 3800});
    JUDGED(FL_RULE_CNG_OFF, 1, {0, CNG, 0}, {0, OFF, 500}, {0, CNG, 5000});
    CHECK(strstr(fl_watch_text(&watch, 0), "CNG off: 4500.0 ms, at most 3450 ms"));
}

static void burst(struct fl_watch *watch, int end, const uint8_t *frame, size_t length, fl_time at)
{
    fl_watch_signal(watch, end, FL_SIGNAL_V21, 300, false, at);
    fl_watch_frame(watch, end, frame, length, at + FL_SEC(1), at + FL_MS(1200));
    fl_watch_signal(watch, end, FL_SIGNAL_SILENCE, 0, false, at + FL_MS(1200));
}

static void tcf(struct fl_watch *watch, size_t octets, bool cut, fl_time at)
{
    fl_watch_signal(watch, 0, FL_SIGNAL_FAST, 14400, false, at);
    fl_watch_data(watch, 0, octets);
    fl_watch_signal(watch, 0, FL_SIGNAL_SILENCE, 0, cut, at + FL_SEC(3));
}

static void test_judge_frames(void)
{
    struct fl_watch watch;
    for (int wait_ms = 2500; wait_ms <= 5200; wait_ms += 300) { /* 2500, 2800 ... 5200 */
        fl_watch_init(&watch, (struct fl_pen){0});
        burst(&watch, 0, EOP, sizeof EOP, 0);
        burst(&watch, 0, EOP, sizeof EOP, FL_MS(1200 + wait_ms));
        CHECK_EQ(watch.broken[FL_RULE_REPEAT], wait_ms == 2500 || wait_ms == 5200);
        burst(&watch, 0, DCN, sizeof DCN, FL_SEC(9)); /* another command: no repetition */
        CHECK_EQ(fl_watch_violations(&watch, 0), wait_ms == 2500 || wait_ms == 5200);
    }
    static const size_t lengths[] = {2429, 2430, 2700, 2970, 2971};
    for (size_t i = 0; i < FL_COUNT(lengths); i++) {
        fl_watch_init(&watch, (struct fl_pen){0});
        burst(&watch, 0, DCS, sizeof DCS, 0);
        tcf(&watch, lengths[i], false, FL_MS(1275));
        CHECK_EQ(watch.broken[FL_RULE_TCF], i == 0 || i == 4);
    }
    fl_watch_init(&watch, (struct fl_pen){0});
    burst(&watch, 0, DCS, sizeof DCS, 0);
    tcf(&watch, 10, true, FL_MS(1275)); /* the call ended */
    CHECK_EQ(fl_watch_violations(&watch, 0), 0);
    fl_watch_init(&watch, (struct fl_pen){0});
    fl_watch_signal(&watch, 1, FL_SIGNAL_V21, 300, false, 0);
    fl_watch_frame(&watch, 1, CSI, sizeof CSI, FL_MS(849), FL_MS(4300));
    fl_watch_frame(&watch, 1, DIS, sizeof DIS, FL_MS(4299), FL_MS(4500));
    CHECK_EQ(watch.broken[FL_RULE_PREAMBLE], 1);
    CHECK_EQ(watch.broken[FL_RULE_FRAME], 1);
    CHECK_EQ(watch.broken[FL_RULE_FLAGS], 1);
    CHECK_EQ(fl_watch_violations(&watch, 1), 3);
}

/* A DTE that answers too soon is reported, through the whole chain, with its sentence in the trace. */
static void test_judge_modem(void)
{
    struct bench *b = &bench;
    connected(b);
    memset(&b->trace, 0, sizeof b->trace);
    CHECK(ask(b, 0, "AT+FTH=3", "CONNECT"));
    CHECK_EQ(fl_watch_violations(&b->watch, 0), 1);
    CHECK_EQ(b->watch.broken[FL_RULE_ANSWER], 1);
    struct fl_trace_record record;
    bool found = false;
    while (fl_trace_take(&b->trace, &record)) found = found || record.kind == FL_TRACE_VIOLATION;
    CHECK(found);
}

/* Whatever a DTE writes, and whenever: time goes on, nothing overflows (the sanitizers look). */
static void test_noise(void)
{
    struct bench *b = &bench;
    static const char *const pieces[] = {
        "AT+FTH=3\r",  "AT+FRH=3\r", "AT+FTM=145\r", "AT+FTM=24\r", "AT+FRM=145\r",
        "AT+FRM=24\r", "AT+FTS=7\r", "AT+FRS=7\r",   "\x10\x03",    "\xFF\x13\x10\x10",
        "\x10",        "AT\r",       "ATS7=1\r",     "AT+FAR=1\r",  "\x18",
        "+FRH",        "ATH\r",
    };
    uint64_t random = 1;
    for (int call = 0; call < 30; call++) {
        start(b);
        for (int i = 0; i < 3; i++)
            plan(b, fl_fault_name((int32_t)(fl_random(&random) % FL_FAULT_NUMBERS)), 9, 3, 0);
        fl_simmodem_ring(&b->modem[1], true, b->now);
        fl_simmodem_write(&b->modem[0], (const uint8_t *)"AT+FCLASS=1D1\r", 14, b->now);
        fl_simmodem_write(&b->modem[1], (const uint8_t *)"AT+FCLASS=1\rATA\r", 16, b->now);
        pass(b, FL_SEC(4));
        fl_watch_init(&b->watch, (struct fl_pen){&b->trace, 0});
        fl_line_init(&b->line, b->delay, &b->faults, &b->watch, (struct fl_pen){&b->trace, 0});
        for (int i = 0; i < 2; i++) fl_simmodem_connect(&b->modem[i], &b->line, i, b->now);
        for (int turn = 0; turn < 400; turn++) {
            int i = (int)(fl_random(&random) % 2);
            const char *piece = pieces[fl_random(&random) % (FL_COUNT(pieces) - (turn < 350))];
            fl_simmodem_write(&b->modem[i], (const uint8_t *)piece, strlen(piece), b->now);
            if (fl_random(&random) % 4 == 0)
                fl_simmodem_write(&b->modem[i], page, fl_random(&random) % 3000, b->now);
            int steps = 0;
            fl_time until = b->now + FL_MS(fl_random(&random) % 700);
            while (step(b, until)) steps++;
            CHECK(steps < 300);
            b->length[0] = b->length[1] = b->seen[0] = b->seen[1] = 0;
        }
    }
}

/* ---- faults of a family (modem_rows.c): what cannot be seen in a whole call ---- */

/* A call is up; our modem is the generic one with something changed. */
static struct fl_simmodem_row *changed(struct bench *b)
{
    static struct fl_simmodem_row row;
    row = *fl_simmodem_row(NULL);
    start(b);
    put_through(b);
    phase_b(b);
    b->modem[0].row = &row;
    return &row;
}

static void test_family_waits(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->deaf_ms = 4000;
    say(b, 0, "AT+FRH=3");
    pass(b, FL_SEC(5));
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, DCN);
    CHECK(!expect(b, 0, "CONNECT", FL_SEC(3)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(try_frame(b, "OK"));
    row->ignores_can = true;
    row->late_ok_ms = 300;
    say(b, 0, "AT+FRH=3");
    pass(b, FL_MS(10));
    put(b, 0, "\x18", 1);
    CHECK(!expect(b, 0, "OK", FL_SEC(1)));
    say(b, 0, "AT");
    CHECK(!expect(b, 0, "OK", FL_MS(295)));
    CHECK(expect(b, 0, "OK", FL_MS(10)));
    *row = *fl_simmodem_row(NULL);
    row->give_up_s = 30;
    CHECK(ask(b, 0, "ATS30=59", "OK"));
    say(b, 0, "AT+FRH=3");
    CHECK(!expect(b, 0, "NO CARRIER", FL_SEC(40)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    CHECK(ask(b, 0, "ATS30=0", "OK"));
    say(b, 0, "AT+FRM=96");
    CHECK(!expect(b, 0, "NO CARRIER", FL_SEC(29)));
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(2)));
    CHECK_EQ(fl_simmodem_hook(&b->modem[0]), FL_HOOK_ON);
}

/* V.21 while +FRM waits for V.29. */
static void meet_v21(struct bench *b)
{
    say(b, 0, "AT+FRM=96");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, DCN);
}

static void test_family_mismatch(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    size_t wrong;
    meet_v21(b);
    CHECK(expect(b, 0, "+FCERROR", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    row->fcerror_is_error = true;
    meet_v21(b);
    CHECK(expect(b, 0, "ERROR", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    row->no_fcerror = true;
    meet_v21(b);
    CHECK(!expect(b, 0, "ERROR", FL_SEC(9)));
    put(b, 0, "\x18", 1);
    CHECK(expect(b, 0, "OK", 0));
    *row = *fl_simmodem_row(NULL);
    row->fcerrors = 2;
    say(b, 0, "AT+FRM=145");
    CHECK(ask(b, 1, "AT+FTM=145", "CONNECT"));
    CHECK(expect(b, 0, "+FCERROR", FL_MS(200)));
    CHECK(ask(b, 0, "AT+FRM=145", "+FCERROR"));
    say(b, 0, "AT+FRM=145");
    CHECK(expect(b, 0, "CONNECT", FL_SEC(2)));
    put(b, 1, "abc\x10\x03", 5);
    CHECK(expect(b, 0, "NO CARRIER", FL_SEC(1)));
    CHECK(expect(b, 1, "OK", FL_SEC(1)));
    row->fcerrors = 0;
    row->tail = 4;
    CHECK_EQ(try_data(b, &wrong), 1004);
    CHECK_EQ(wrong, 4);
}

static void test_family_answers(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->brackets = true;
    CHECK(ask(b, 0, "AT+FRH=?", "(3)"));
    row->no_lists = true;
    CHECK(ask(b, 0, "AT+FTM=?", "ERROR"));
    row->fcs_reversed = true;
    CHECK(!try_frame(b, "ERROR"));
    *row = *fl_simmodem_row(NULL);
    start(b);
    b->modem[0].row = row;
    row->no_answer_is_no_carrier = true;
    CHECK(ask(b, 0, "AT+FCLASS=1", "OK"));
    say(b, 0, "ATD1");
    pass(b, FL_SEC(5));
    fl_simmodem_progress(&b->modem[0], FL_PROGRESS_NO_ANSWER, b->now);
    drain(b);
    CHECK(expect(b, 0, "NO CARRIER", 0));
}

/* A page at 14400 over a serial line of 9600: the buffer runs empty, and the carrier ends in mid-page. */
static void test_family_wire(void)
{
    struct bench *b = &bench;
    struct fl_simmodem_row *row = changed(b);
    row->dte_bps = 9600;
    row->buffer = 64;
    fl_time began = b->now;
    CHECK(ask(b, 0, "AT+FTM=146", "CONNECT"));
    for (int i = 0; i < 2000 && b->modem[0].timers[FL_SIMTIMER_PHASE] != FL_NEVER; i++) {
        size_t room = fl_simmodem_room(&b->modem[0]);
        CHECK(room <= 4);
        fl_simmodem_write(&b->modem[0], (const uint8_t *)"UUUU", room, b->now);
        step(b, b->now + FL_MS(10));
    }
    CHECK(expect(b, 0, "OK", 0));
    CHECK(b->now - began < FL_SEC(1));
}

int main(void)
{
    for (size_t k = 0; k < sizeof page; k++) page[k] = (uint8_t)(k * 7 + k / 256);
    test_call();
    test_delays();
    test_commands();
    test_progress();
    test_voice();
    test_ringing();
    test_aborts();
    test_waits();
    test_wrong_carriers();
    test_kept_frames();
    test_underrun();
    test_flow_control();
    test_hangup_in_page();
    test_frame_faults();
    test_data_faults();
    test_modem_faults();
    test_family_waits();
    test_family_mismatch();
    test_family_answers();
    test_family_wire();
    test_fault_names();
    test_line_times();
    test_judge_signals();
    test_judge_frames();
    test_judge_modem();
    test_noise();
    return check_result("test_simmodem");
}
