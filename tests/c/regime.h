/* Between the parts of the fault regime: regime_draw.c makes a call of a seed, regime_faults.c puts each fault at each
 * operation of plain calls, regime_check.c has the invariants, regime.c runs them.
 */
#ifndef REGIME_H
#define REGIME_H

#include "rig.h"

/* A plan and what the invariants must know of how it was made. */
struct call {
    struct rig_plan plan;
    struct fl_document document, answer; /* answer: what goes the other way, when documents go both ways */
    struct fl_document_page pages[RIG_PAGES], answer_pages[RIG_PAGES];
    char name[160];
};

/* ---- regime.c ---- */

extern struct rig rig; /* as the last call left it */
extern bool verbose;

/* Runs the call and looks whether all holds. twice: and again, for it must be the same call. */
bool try_call(const struct call *call, bool twice);

/* ---- regime_draw.c ---- */

struct argument {
    uint16_t low, high;
};

/* What the arguments of the faults may be: the kinds whose default is not worth varying have 0. */
extern const struct argument ARGUMENTS[FL_FAULT_KINDS];

void draw_call(struct call *call, uint64_t seed);
/* What no call may outlast. */
fl_time limit_of(const struct call *call);
/* A line that loses or damages every carrier. */
bool damages_for_ever(const struct call *call);

/* Changes some things of a drawn call, by another number: a fault, an order, the line. */
void mutate_call(struct call *call, uint64_t number);

/* ---- regime_cover.c ---- */

/* Runs so many calls, each drawn or made of an earlier one that reached what few calls reach, and looks that all holds. */
void run_steered(uint64_t first, long count);
/* Reads the trace of the calls that follow, and counts: transitions, timers that expired in which state, pairs of faults. */
void cover(const struct call *call);
void print_cover(void);

/* ---- regime_faults.c ---- */

extern const char *only; /* "ecm-mmr:far_echo:3": just this one, as -v wants it */

/* Returns the calls. */
long run_faults(void);

/* ---- regime_check.c ---- */

extern long broken_count;
extern long ambiguous_count; /* pages that T.30 itself cannot tell from a repetition */
extern long unnoticed_count; /* damaged frames whose check sequence was right by chance */

bool check(const struct call *call);
/* Returns false, so that an invariant can be one expression. */
bool broken(const struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_call(const struct call *call);

#endif
