/* A pipe of octets between a Class 1 driver and its modem: a serial port, a pseudo-terminal, a modem in software. Whoever
 * owns it moves octets whenever it is stepped; nothing blocks. Written is not sent: what the modem has done is what the
 * modem says.
 *
 * A pipe may be made outside this library (an optional extension hands over a pointer to one): it is used only through
 * its table, and only under its owner's lock.
 */
#ifndef FL_PIPE_H
#define FL_PIPE_H

#include "base/base.h"

#define FL_PIPE_GONE -1

struct fl_pipe;

struct fl_pipe_ops {
    /* Octets from the modem: how many, 0 when none has come, FL_PIPE_GONE when the modem is gone for good. */
    int64_t (*read)(struct fl_pipe *pipe, uint8_t *octets, size_t cap, fl_time now);
    /* How many octets would be taken now (back-pressure); 0 when none. */
    size_t (*room)(struct fl_pipe *pipe, fl_time now);
    /* Octets for the modem: how many were taken, FL_PIPE_GONE when it is gone. */
    int64_t (*write)(struct fl_pipe *pipe, const uint8_t *octets, size_t length, fl_time now);
    /* When it wants to be read though no descriptor says so: the clock of a modem in software. FL_NEVER: not at all. */
    fl_time (*deadline)(struct fl_pipe *pipe);
    /* To be polled for reading, and for writing while room is 0; -1: it has none now. */
    int (*fd)(struct fl_pipe *pipe);
    /* A modem that does not answer any more: drop DTR, throw away what is buffered, raise DTR. NULL: nothing to do. */
    void (*reset)(struct fl_pipe *pipe, fl_time now);
    void (*free)(struct fl_pipe *pipe);
};

struct fl_pipe {
    const struct fl_pipe_ops *ops;
};

#endif
