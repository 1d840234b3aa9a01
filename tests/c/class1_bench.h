/* The scripted modem of the Class 1 driver's tests: what the driver must send, what it is answered, what it must tell. A
 * script is a function; it runs several times, with the octets cut into pieces of different sizes both ways: nothing may
 * depend on that.
 */
#ifndef CLASS1_BENCH_H
#define CLASS1_BENCH_H

#include "check.h"
#include "modem/class1.h"

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

extern struct bench bench; /* of the script that runs */

#define HERE __FILE__, __LINE__

/* ---- what the modem says, what the driver has sent and told since the last time ---- */

void pump(void);
void wait_ms(int ms);
void say_octets(const void *text, size_t length);
/* A frame as the modem delivers it, with its FCS, shielded, with DLE ETX. */
void say_frame(const char *octets, size_t length, bool spoil);
void sent_octets(const char *file, int line, const void *text, size_t length);
void seen_text(const char *file, int line, const char *text);
void got_frame(const char *file, int line, const char *octets, size_t length, bool good);
void got_data(const char *file, int line, const char *octets, size_t length);

#define SENT(text)          sent_octets(HERE, text, sizeof(text) - 1)
#define SEEN(text)          seen_text(HERE, text)
#define SAY(text)           say_octets(text, sizeof(text) - 1)
#define ANSWER(ask, text)   (SENT(ask "\r"), SAY("\r\n" text "\r\n"))
#define FRAME(text, good)   got_frame(HERE, text, sizeof(text) - 1, good)
#define DATA(text)          got_data(HERE, text, sizeof(text) - 1)
#define SAY_FRAME(text)     say_frame(text, sizeof(text) - 1, false)
#define SAY_BAD_FRAME(text) say_frame(text, sizeof(text) - 1, true)

/* ---- orders ---- */

/* What send_data sends. */
struct memory {
    const char *octets;
    size_t length, at, most;
};

extern struct memory memory;

void give(const struct fl_order *order);
void order(enum fl_order_kind kind);
void order_timed(enum fl_order_kind kind, int ms);
void order_text(enum fl_order_kind kind, const char *octets, size_t length, bool final);
void send_data(int code, const void *octets, size_t length);
void recv_data(int code);

#define DIAL(text)              order_text(FL_ORDER_DIAL, text, sizeof(text) - 1, false)
#define SEND_FRAME(text, final) order_text(FL_ORDER_SEND_FRAME, text, sizeof(text) - 1, final)

/* ---- common beginnings ---- */

/* A modem without oddities that is on hook and knows no flow control commands; scripts change the profile first. */
void begin(void);
/* The owner can drop DTR. */
void can_reset(void);
void init_until_class_after(const char *reset);
void init_until_class(void);
void init_queries(void);
void init_lists(void);
/* Dialled, and DIS has been received. */
void calling(void);

/* ---- running them ---- */

struct script {
    const char *name;
    void (*run)(void);
};

#define SCRIPT(name) {#name, name}

void bench_run(const struct script *scripts, size_t count);

#endif
