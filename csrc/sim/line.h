/* The simulated telephone line between two modems: who sends what, what the other hears and when, and what the line
 * does to it (delay, bit errors, bursts, lost frames ...). It also measures: sim/watch.h is told of every change.
 *
 * It carries signals, not samples: a carrier has a start, an end and octets. Times are exact to the microsecond though
 * data moves in chunks: a chunk is heard when its last bit has arrived. What a station puts on the line may lie in the
 * near future (a frame, a chunk); a change of signal before its end cuts it short.
 */
#ifndef FL_SIM_LINE_H
#define FL_SIM_LINE_H

#include "modem/modulation.h"
#include "sim/fault.h"
#include "sim/watch.h"

#define FL_LINE_CHUNK  1024 /* octets of fast data in one event */
#define FL_LINE_EVENTS 64   /* on the way to one end */
#define FL_LINE_FRAME  400  /* octets of a frame with its FCS */

enum fl_line_event_kind {
    FL_HEARD_SIGNAL, /* signal, code: what is heard from end on (start = end) */
    FL_HEARD_FRAME,  /* octets with FCS; start = its first bit, end = the end of its closing flag */
    FL_HEARD_DATA,   /* octets of the fast carrier */
};

struct fl_line_event {
    uint8_t kind;    /* enum fl_line_event_kind */
    uint8_t signal;  /* enum fl_signal */
    uint8_t code;    /* of a fast carrier */
    bool unreadable; /* a fast carrier that nobody can train on */
    bool echo;       /* the hearing end's own signal */
    uint16_t length;
    fl_time start, end; /* at the hearing end */
    uint8_t octets[FL_LINE_CHUNK];
};

struct fl_line_way {
    struct fl_line_event events[FL_LINE_EVENTS];
    uint32_t head, count;
    uint64_t lost; /* events that found no room: nobody listens at that end */
};

/* What one end sends. */
struct fl_line_sender {
    uint8_t signal, code;
    bool muted;        /* fault silence */
    bool dropped;      /* fault lost_carrier has struck */
    bool noise;        /* fault bad_training, as noise */
    uint16_t errors;   /* fault bit_errors: per 10^7 bits */
    uint16_t burst_ms; /* fault burst */
    uint16_t echo_ms;  /* fault echo, of the present carrier */
    uint16_t rate_bps;
    fl_time since;      /* of the signal */
    fl_time base;       /* of the first data bit */
    fl_time busy_until; /* end of the last frame or data */
    fl_time drop_at;
    uint64_t octets; /* sent on this carrier */
};

struct fl_line {
    fl_time delay;
    struct fl_faults *faults;
    struct fl_watch *watch;
    struct fl_pen pen;
    struct fl_line_sender sender[2];
    struct fl_line_way way[2]; /* to end 0, to end 1 */
};

/* faults and watch (initialised by the owner) may be NULL, pen zeroed. delay is one way: 20 ms is a call across a country, 600 ms two satellites. */
void fl_line_init(struct fl_line *line, fl_time delay, struct fl_faults *faults, struct fl_watch *watch,
                  struct fl_pen pen);
/* From at on, this end sends the signal (code: the T.31 code of FL_SIGNAL_FAST). FAST starts with its training. */
void fl_line_signal(struct fl_line *line, int end, enum fl_signal signal, int code, fl_time at);
/* Puts a frame (with its FCS) on this end's V.21 carrier, at the earliest at `at`, not before an earlier frame's end.
 * Returns when its closing flag is out. */
fl_time fl_line_frame(struct fl_line *line, int end, const uint8_t *octets, size_t length, fl_time at);
/* Adds at most FL_LINE_CHUNK octets to this end's fast carrier, right after those before (the first right after the
 * training). octets NULL: zeros. Returns when the last bit is out. */
fl_time fl_line_data(struct fl_line *line, int end, const uint8_t *octets, size_t length);
/* Octets of this end's fast carrier whose bits are all out at now. */
uint64_t fl_line_sent(const struct fl_line *line, int end, fl_time now);
/* This end hung up: silence for ever. */
void fl_line_cut(struct fl_line *line, int end, fl_time at);
/* The oldest event on its way to this end, NULL when there is none. It may be used from event->end on. */
const struct fl_line_event *fl_line_peek(const struct fl_line *line, int end);
void fl_line_take(struct fl_line *line, int end);

/* Bits of a frame on the line: octets, inserted zeros, closing flag. */
uint32_t fl_line_frame_bits(const uint8_t *octets, size_t length);

#endif
