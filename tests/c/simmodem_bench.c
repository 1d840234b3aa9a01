#include "simmodem_bench.h"

#include <stdio.h>

struct bench bench;
uint8_t page[40000];

const uint8_t NSF[] = {0xFF, 0x03, 0x20, 0x10, 0x03, 0x10};
const uint8_t CSI[] = {0xFF, 0x03, 0x40, '1', '2', '3', ' ', ' ', ' '};
const uint8_t DIS[] = {0xFF, 0x13, 0x80, 0x00, 0xCE, 0xF8, 0x44};
const uint8_t DCS[] = {0xFF, 0x13, 0x83, 0x00, 0x46, 0xF8, 0x44};
const uint8_t CFR[] = {0xFF, 0x13, 0x85};
const uint8_t EOP[] = {0xFF, 0x13, 0x2F};
const uint8_t MCF[] = {0xFF, 0x13, 0x8D};
const uint8_t DCN[] = {0xFF, 0x13, 0xFB};

/* ---- time ---- */

void drain(struct bench *b)
{
    for (int i = 0; i < 2; i++) {
        size_t got;
        while ((got = fl_simmodem_read(&b->modem[i], b->out[i] + b->length[i], OUTPUT - b->length[i],
                                       b->now)) > 0)
            b->length[i] += got;
    }
}

/* To the next deadline, at most until. False when it is reached. */
bool step(struct bench *b, fl_time until)
{
    fl_time next = fl_earlier(fl_simmodem_deadline(&b->modem[0]), fl_simmodem_deadline(&b->modem[1]));
    if (next > until) next = until;
    if (next > b->now) b->now = next;
    fl_simmodem_tick(&b->modem[0], b->now);
    fl_simmodem_tick(&b->modem[1], b->now);
    drain(b);
    return b->now < until;
}

void pass(struct bench *b, fl_time duration)
{
    fl_time until = b->now + duration;
    while (step(b, until));
}

void put(struct bench *b, int i, const void *octets, size_t length)
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

void say(struct bench *b, int i, const char *line)
{
    pass(b, FL_MS(1));
    put(b, i, line, strlen(line));
    put(b, i, "\r", 1);
}

const uint8_t *find(const uint8_t *in, size_t length, const void *what, size_t size)
{
    for (size_t k = 0; k + size <= length; k++)
        if (memcmp(in + k, what, size) == 0) return in + k;
    return NULL;
}

/* Waits until modem i has said text (between CR LF); false after limit. What came before it is skipped. */
bool expect(struct bench *b, int i, const char *text, fl_time limit)
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

bool ask(struct bench *b, int i, const char *line, const char *answer)
{
    say(b, i, line);
    return expect(b, i, answer, FL_SEC(1));
}

void start(struct bench *b)
{
    b->now = 0;
    b->delay = FL_MS(20);
    b->length[0] = b->length[1] = b->seen[0] = b->seen[1] = 0;
    for (size_t k = 0; k < sizeof page; k++) page[k] = (uint8_t)(k * 7 + k / 256);
    memset(&b->trace, 0, sizeof b->trace);
    fl_faults_init(&b->faults, 1, (struct fl_pen){&b->trace, 0});
    for (int i = 0; i < 2; i++) fl_simmodem_init(&b->modem[i], fl_simmodem_row(NULL), i, &b->faults, 0);
}

void plan(struct bench *b, const char *name, int at, int count, int arg)
{
    struct fl_fault fault = {.kind = fl_fault_find(name), .at = at, .count = count, .arg = arg};
    CHECK(fl_faults_add(&b->faults, &fault));
}

/* Dials, rings, answers and connects. */
void put_through(struct bench *b)
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
void put_frame(struct bench *b, int i, const uint8_t *frame, size_t length)
{
    static const uint8_t dle = 0x10, end[] = {0x10, 0x03};
    for (size_t k = 0; k < length; k++) {
        put(b, i, frame + k, 1);
        if (frame[k] == dle) put(b, i, &dle, 1);
    }
    put(b, i, end, 2);
}

/* Reads the frame that modem i gave last, up to its DLE ETX, unshielded, without FCS. */
bool got_frame(struct bench *b, int i, const char *result, const uint8_t *frame, size_t length)
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

void phase_b(struct bench *b)
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
void exchange_frame(struct bench *b, int i, const uint8_t *frame, size_t length)
{
    say(b, !i, "AT+FRH=3");
    if (i == 1 || frame == DCS || frame == DCN) CHECK(ask(b, i, "AT+FRS=7", "OK"));
    CHECK(ask(b, i, "AT+FTH=3", "CONNECT"));
    put_frame(b, i, frame, length);
    CHECK(ANSWERED(!i, "CONNECT"));
    CHECK(ANSWERED(i, "OK"));
    CHECK(got_frame(b, !i, "OK", frame, length));
}

void send_fast(struct bench *b, const char *ftm, const char *frm, const uint8_t *data, size_t length)
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
        same = same && b->out[1][k] == (count < length ? data[count] : 0xFF);
        count++;
    }
    CHECK(same);
    CHECK_EQ(count, length + b->modem[1].row->tail);
}

void connected(struct bench *b)
{
    start(b);
    put_through(b);
    phase_b(b);
}

void faulty(struct bench *b, const char *name, int at, int count, int arg)
{
    connected(b);
    fl_faults_init(&b->faults, 7, (struct fl_pen){&b->trace, 0});
    plan(b, name, at, count, arg);
}

/* From 1 to 0. Returns whether 0 gave the result within 3 s. */
bool try_frame(struct bench *b, const char *result)
{
    say(b, 0, "AT+FRH=3");
    CHECK(ask(b, 1, "AT+FTH=3", "CONNECT"));
    SEND(1, MCF);
    CHECK(expect(b, 1, "OK", FL_SEC(3)));
    return expect(b, 0, result, FL_SEC(3));
}

/* 1000 octets from 1 to 0 at 9600; what came is compared. */
size_t try_data(struct bench *b, size_t *wrong)
{
    uint8_t data[1000];
    size_t tail = b->modem[0].row->tail;
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
    for (size_t k = 1; k <= tail; k++) CHECK_EQ(b->out[0][from - k], 0xFF);
    *wrong -= tail;
    return count - tail;
}
