/* The named faults of a simulated call and the plan that says when they strike: "the 3rd frame of end 1, twice".
 * Operations are counted per kind of fault and per end, so the same plan strikes at the same place in every run.
 * What a fault does is written where it strikes (line.c, modem.c); here are only names, plan and counters.
 */
#ifndef FL_SIM_FAULT_H
#define FL_SIM_FAULT_H

#include "base/trace.h"

/* X(NAME, name, what is counted, what happens) */
#define FL_FAULTS(X)                                                                                         \
    X(BAD_FCS, "bad_fcs", "frames", "the frame arrives with a bit inverted")                                 \
    X(LOST_FRAME, "lost_frame", "frames", "flags arrive in place of the frame")                              \
    X(LOST_CARRIER, "lost_carrier", "fast carriers", "the carrier is lost arg ms into its data (1000)")      \
    X(BIT_ERRORS, "bit_errors", "fast carriers", "arg of 10^7 bits are inverted (1000)")                     \
    X(BURST, "burst", "fast carriers", "every arg ms of data (1000) 10 ms of it are noise")                  \
    X(BAD_TRAINING, "bad_training", "fast carriers", "arg 0: no receiver can train; arg 1: data is noise")   \
    X(SILENCE, "silence", "signals", "the far end hears nothing from here on")                               \
    X(ECHO, "echo", "V.21 carriers", "the sender hears its own signal, arg ms later (300)")                  \
    X(LATE_CONNECT, "late_connect", "CONNECTs", "CONNECT comes arg ms late (500)")                           \
    X(MISSING_OK, "missing_ok", "OKs", "the OK is not said")                                                 \
    X(SPURIOUS_OK, "spurious_ok", "results", "an OK that nobody asked for comes before the result")          \
    X(SHORT_READ, "short_read", "reads", "a read yields at most arg octets (1)")                             \
    X(UNPLUG, "unplug", "command lines", "the modem is pulled out of its socket")                            \
    X(HANGUP, "hangup", "fax action commands", "the call is cut arg ms later (0)")                           \
    X(NOISE, "noise", "+FRS", "the line is never silent: it does not end")

enum fl_fault_kind {
#define X(NAME, name, counted, meaning) FL_FAULT_##NAME,
    FL_FAULTS(X)
#undef X
        FL_FAULT_KINDS
};

/* The boundary numbers a fault and the end that it strikes in one: kind (struct fl_fault) = enum fl_fault_kind for what
 * our end sends or our modem does, the same + FL_FAULT_KINDS for the far end's: "far_bad_fcs". */
#define FL_FAULT_NUMBERS (2 * FL_FAULT_KINDS)

/* One per simulated call or bench, shared by the line and both modems. Zeroed: no faults. */
struct fl_faults {
    struct fl_fault plan[FL_FAULTS_MAX];
    uint32_t planned;
    uint32_t operations[FL_FAULT_NUMBERS];
    uint32_t struck[FL_FAULT_NUMBERS]; /* how often each took effect */
    uint64_t random;
    struct fl_pen pen;
};

void fl_faults_init(struct fl_faults *faults, uint64_t seed, struct fl_pen pen);
/* Adds a row to the plan; false when the plan is full or the row makes no sense. */
bool fl_faults_add(struct fl_faults *faults, const struct fl_fault *fault);
/* Counts one operation; true when the plan strikes it. Then *arg (may be NULL) is the row's arg, or fallback when
 * that is 0. faults may be NULL: nothing strikes. */
bool fl_faults_strike(struct fl_faults *faults, enum fl_fault_kind kind, int end, uint16_t fallback,
                      uint16_t *arg, fl_time now);

/* The number of a name ("bad_fcs", "far_bad_fcs"), -1 when there is none. Names: fl_fault_name in faxline.h. */
int32_t fl_fault_find(const char *name);

#endif
