/* The bench of the simulated modem's tests: two modems on a line, driven by raw AT dialogue in virtual time. It asks, waits and
 * compares; what is to be seen is in the tests (test_simmodem_*.c, test_simline.c).
 */
#ifndef SIMMODEM_BENCH_H
#define SIMMODEM_BENCH_H

#include "check.h"
#include "sim/modem.h"

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

extern struct bench bench;
extern uint8_t page[40000]; /* every octet there is */

extern const uint8_t NSF[6];
extern const uint8_t CSI[9];
extern const uint8_t DIS[7];
extern const uint8_t DCS[7];
extern const uint8_t CFR[3];
extern const uint8_t EOP[3];
extern const uint8_t MCF[3];
extern const uint8_t DCN[3];

/* ---- time ---- */

void drain(struct bench *b);
/* To the next deadline, at most until. False when it is reached. */
bool step(struct bench *b, fl_time until);
void pass(struct bench *b, fl_time duration);
void put(struct bench *b, int i, const void *octets, size_t length);
void say(struct bench *b, int i, const char *line);
const uint8_t *find(const uint8_t *in, size_t length, const void *what, size_t size);
/* Waits until modem i has said text (between CR LF); false after limit. What came before it is skipped. */
bool expect(struct bench *b, int i, const char *text, fl_time limit);

/* ---- dialogue ---- */

bool ask(struct bench *b, int i, const char *line, const char *answer);
void start(struct bench *b);
void plan(struct bench *b, const char *name, int at, int count, int arg);
/* Dials, rings, answers and connects. */
void put_through(struct bench *b);
/* Gives a frame to a modem that has said CONNECT. */
void put_frame(struct bench *b, int i, const uint8_t *frame, size_t length);
/* Reads the frame that modem i gave last, up to its DLE ETX, unshielded, without FCS. */
bool got_frame(struct bench *b, int i, const char *result, const uint8_t *frame, size_t length);
void phase_b(struct bench *b);
/* From i to the other: a command or an answer of one frame. */
void exchange_frame(struct bench *b, int i, const uint8_t *frame, size_t length);
void send_fast(struct bench *b, const char *ftm, const char *frm, const uint8_t *data, size_t length);
void connected(struct bench *b);
void faulty(struct bench *b, const char *name, int at, int count, int arg);
/* From 1 to 0. Returns whether 0 gave the result within 3 s. */
bool try_frame(struct bench *b, const char *result);
/* 1000 octets from 1 to 0 at 9600; what came, but for the ones behind it, is compared. */
size_t try_data(struct bench *b, size_t *wrong);

#define SEND(i, frame)     put_frame(b, i, frame, sizeof frame)
#define GOT(i, frame)      got_frame(b, i, "OK", frame, sizeof frame)
#define ANSWERED(i, w)     expect(b, i, w, FL_SEC(10))
#define EXCHANGE(i, frame) exchange_frame(b, i, frame, sizeof frame)

#endif
