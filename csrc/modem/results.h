/* What a Class 1 modem says, as text: result codes and parameter lists. Pure functions on strings; what a result means
 * in a phase of the dialogue is the driver's affair (class1_phases.c).
 */
#ifndef FL_RESULTS_H
#define FL_RESULTS_H

#include "base/base.h"

enum fl_result {
    FL_RESULT_NONE, /* known and without meaning for us (RINGING, FAX) */
    FL_RESULT_OK,
    FL_RESULT_CONNECT,
    FL_RESULT_RING,
    FL_RESULT_NO_CARRIER,
    FL_RESULT_ERROR,
    FL_RESULT_NO_DIALTONE,
    FL_RESULT_BUSY,
    FL_RESULT_NO_ANSWER,
    FL_RESULT_FCERROR, /* +FCERROR: another carrier than the wanted */
    FL_RESULT_FRH,     /* +FRH:3: under +FAR=1 a V.21 carrier came instead */
    FL_RESULT_FRM,     /* +FRM:n: under +FAR=1 a fast carrier came instead */
    /* The dialogue's own events, never found in a line */
    FL_RESULT_TEXT,    /* a line that is no result code */
    FL_RESULT_ETX,     /* DLE ETX: the end of a frame or of data */
    FL_RESULT_TIMEOUT, /* the phase's time is over */
};

#define FL_RESULTS_MAX 4

/* Splits a line into the result codes it consists of (more than one when the modem lost its CR LF). Returns how many,
 * 0 when the line is not made of result codes alone. numeric: single digits count too (ATV0).
 */
size_t fl_results_split(const char *line, bool numeric, uint8_t found[FL_RESULTS_MAX]);
/* The long result code at the end of a line that starts with something else (octets left over from data), or
 * FL_RESULT_NONE.
 */
enum fl_result fl_results_at_end(const char *line);
/* Reads a list such as "(24,48,72-74),(96)" or "+FTM: 24,48": calls visit for every whole number. Numbers with a
 * fraction (class 1.0) are no whole numbers. A range of more than 255 values is ignored.
 */
void fl_results_list(const char *line, void (*visit)(void *ctx, int number), void *ctx);

#endif
