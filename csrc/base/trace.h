/* The record of a call: what every room saw and did, with the line's time. A bounded ring of small records; the
 * channel drains it. A NULL trace is off and costs nothing.
 */
#ifndef FL_TRACE_H
#define FL_TRACE_H

#include "base/base.h"
#include "base/boundary.h"

enum fl_trace_kind {
    FL_TRACE_NOTE,        /* text: something worth knowing */
    FL_TRACE_AT_SENT,     /* text: command line given to the modem, without CR */
    FL_TRACE_AT_RECEIVED, /* text: result code or information text from the modem */
    FL_TRACE_FRAME_SENT,  /* octets: HDLC frame from the address octet on, without FCS */
    FL_TRACE_FRAME_RECEIVED,
    FL_TRACE_FRAME_BAD, /* octets: a frame whose FCS was wrong */
    FL_TRACE_STATE,     /* text: name of the T.30 state entered */
    FL_TRACE_TIMER,     /* text: "T4 start 3000 ms", "T4 expired" */
    FL_TRACE_DATA_SENT, /* text: "V.17 14400, 40321 octets" at the end of fast data */
    FL_TRACE_DATA_RECEIVED,
    FL_TRACE_SIGNAL,    /* text: what a station put on a simulated line ("V.21 on", "V.17 14400 on", "off") */
    FL_TRACE_VIOLATION, /* text: the simulated line saw a breach of T.30's timing */
    FL_TRACE_FAULT,     /* text: an injected fault took effect */
    FL_TRACE_KINDS
};

#define FL_TRACE_RING 256

struct fl_trace {
    struct fl_trace_record ring[FL_TRACE_RING];
    uint32_t head, count;
    uint64_t lost; /* records that found the ring full */
};

/* One station's pen: which trace, which station. A zeroed pen writes nothing. */
struct fl_pen {
    struct fl_trace *trace;
    uint8_t station;
};

void fl_trace_put(const struct fl_pen *pen, fl_time now, enum fl_trace_kind kind, const void *data,
                  size_t length);
void fl_trace_text(const struct fl_pen *pen, fl_time now, enum fl_trace_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Takes the oldest record; false when there is none. */
bool fl_trace_take(struct fl_trace *trace, struct fl_trace_record *record);

#endif
