/* spandsp's own complete fax terminal as the far end of a soft line: it calls or answers, sends a TIFF file, receives
 * into one, and remembers how it went.
 */
#ifndef FL_TERMINAL_H
#define FL_TERMINAL_H

#include "boundary.h"
#include "end.h"

#include <spandsp.h>

struct fl_terminal {
    struct fl_soft_end end;
    struct fl_terminal_config config;
    struct fl_terminal_outcome outcome;
    fax_state_t *fax; /* during a call */
    int scratch;      /* a file in memory for what is received and not kept, or -1 */
    bool over;        /* it has come to its end, and hangs up */
};

void fl_terminal_init(struct fl_terminal *terminal, const struct fl_terminal_config *config);
/* Ends what is under way. */
void fl_terminal_close(struct fl_terminal *terminal);
#endif
