/* The simulated telephone line between two modems: who sends what, what the other hears and when, and what the line
 * does to it (delay, bit errors, bursts, lost frames ...). It also measures: sim/watch.h is told of every change.
 */
#ifndef FL_SIM_LINE_H
#define FL_SIM_LINE_H

#include "base/trace.h"

/* (completed by the author of line.c) */
struct fl_line;

#endif
