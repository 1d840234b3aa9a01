/* A serial port as a pipe (line/pipe.h): raw, exclusive, locked, never blocking. A pseudo-terminal works, too: it has no
 * modem lines, and nothing is made of that.
 */
#ifndef FL_TTY_H
#define FL_TTY_H

#include "base/boundary.h"
#include "line/pipe.h"

#define FL_TTY_ERROR 512

struct fl_tty_config {
    char path[256];
    int32_t baud; /* one of fl_tty_baud */
    int32_t flow; /* enum fl_flow */
};

/* NULL: error holds a sentence that names the path, what is wrong and what helps. */
struct fl_pipe *fl_tty_open(const struct fl_tty_config *config, char *error, size_t error_size);

#endif
