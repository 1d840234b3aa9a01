/* The strict judge of a simulated line: the line tells it who sends what and when; it measures against T.30's times
 * (a table of rules) and reports every breach. It judges what a station sends, never what the line's faults make of it,
 * and it changes nothing. Frames are looked into for their facsimile control field only.
 */
#ifndef FL_SIM_WATCH_H
#define FL_SIM_WATCH_H

#include "base/trace.h"

enum fl_signal {
    FL_SIGNAL_SILENCE,
    FL_SIGNAL_CNG,
    FL_SIGNAL_CED,
    FL_SIGNAL_V21, /* flags, and frames between them */
    FL_SIGNAL_FAST,
    FL_SIGNAL_VOICE,
};

enum fl_watch_rule {
    FL_RULE_TURN,      /* silence at one end between V.21 and a fast carrier, either way round */
    FL_RULE_ANSWER,    /* silence between the other's signal and ours */
    FL_RULE_COLLISION, /* both send at once */
    FL_RULE_PREAMBLE,  /* flags before the first frame */
    FL_RULE_FLAGS,     /* at least the shared flag between two frames */
    FL_RULE_FRAME,     /* length of a frame */
    FL_RULE_TCF,       /* data of the fast carrier after DCS */
    FL_RULE_REPEAT,    /* silence before an unanswered command is repeated */
    FL_RULE_CNG_ON,
    FL_RULE_CNG_OFF,
    FL_RULE_CED,
    FL_RULE_CED_GAP, /* silence between CED and V.21 */
    FL_RULES
};

struct fl_watch_row {
    const char *name;
    const char *clause;
    fl_time low, high;
};

/* What the judge knows about one end. */
struct fl_watch_end {
    uint8_t signal, code;
    uint16_t rate_bps;
    fl_time since;       /* of the signal */
    uint8_t last;        /* the last signal that was not silence */
    fl_time off;         /* when it ended; FL_NEVER while one is on, -FL_NEVER before the first */
    bool carried;        /* a carrier (V.21, fast) was ever on */
    fl_time carrier_off; /* end of the last carrier; FL_NEVER while one is on */
    fl_time lost;        /* from when the line carries it no more (a fault); FL_NEVER: it does */
    bool unanswered;     /* nothing was heard between the last carrier and this one */
    fl_time silence;     /* between the last carrier and this one */
    uint32_t frames;     /* of this burst */
    fl_time frame_end;
    int command;     /* FCF of the last final frame, X removed; -1: none */
    bool after_dcs;  /* the last burst ended with DCS */
    uint64_t octets; /* of the fast carrier */
    fl_time cng_on;  /* length of the last CNG; 0: none */
    uint32_t violations;
    char text[96]; /* the last violation */
};

struct fl_watch {
    struct fl_pen pen;
    fl_time delay;
    struct fl_watch_end ends[2];
    uint32_t broken[FL_RULES]; /* how often, per rule */
};

extern const struct fl_watch_row fl_watch_rows[FL_RULES];

void fl_watch_init(struct fl_watch *watch, struct fl_pen pen);
/* A new call begins (fl_line_init says so): forgets what it saw, keeps what it counted. */
void fl_watch_start(struct fl_watch *watch, fl_time delay);
/* cut: the signal ends because the call does; then its length is not judged. */
void fl_watch_signal(struct fl_watch *watch, int end, enum fl_signal signal, int rate_bps, bool cut,
                     fl_time at);
/* octets from the address octet on; start = first bit, stop = end of the closing flag. */
void fl_watch_frame(struct fl_watch *watch, int end, const uint8_t *octets, size_t length, fl_time start,
                    fl_time stop);
/* A fault of the line: from then on the other end hears nothing of this end's carrier. */
void fl_watch_lost(struct fl_watch *watch, int end, fl_time at);
/* Octets added to the fast carrier. */
void fl_watch_data(struct fl_watch *watch, int end, size_t length);
uint32_t fl_watch_violations(const struct fl_watch *watch, int end);
/* The last one's sentence, "" when there was none. */
const char *fl_watch_text(const struct fl_watch *watch, int end);

#endif
