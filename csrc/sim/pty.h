/* The socket of a simulated modem that any fax program can be plugged into: the master side of a pseudo-terminal. It
 * carries octets without touching them, and knows whether a program has the other side open. It is not: the modem.
 *
 * A program that closes it takes its DTR away: that is seen here, once, however often it is opened and closed again.
 */
#ifndef FL_SIM_PTY_H
#define FL_SIM_PTY_H

#include "base/base.h"

#define FL_PTY_PENDING 2048

struct fl_pty {
    int master; /* -1: pulled out */
    int watch;  /* inotify: somebody opens or closes the other side */
    bool open;  /* a program has it, as of the last look */
    char name[40];
    uint32_t pending_at, pending; /* octets for the program that found no room */
    uint8_t octets[FL_PTY_PENDING];
};

/* Makes a pseudo-terminal, raw. False: error holds a sentence. */
bool fl_pty_open(struct fl_pty *pty, char *error, size_t error_size);
/* Pulls it out: a program that has it open reads end of file. */
void fl_pty_close(struct fl_pty *pty);
/* Whether a program has it open is looked up; true when one that had it is gone. */
bool fl_pty_left(struct fl_pty *pty);
/* After that: the next program finds none of the octets that the last one did not read, nor the modem those that it has
 * not taken. */
void fl_pty_forget(struct fl_pty *pty);
/* What the program has written, at most cap octets; 0: nothing. */
size_t fl_pty_read(struct fl_pty *pty, uint8_t *octets, size_t cap);
/* At least so many octets would be taken now. */
size_t fl_pty_room(const struct fl_pty *pty);
/* Octets for the program, as many as there is room for; with nobody there they are lost. */
void fl_pty_write(struct fl_pty *pty, const uint8_t *octets, size_t length);
/* Gives what still waits to the program. */
void fl_pty_flush(struct fl_pty *pty);
/* The descriptor to be polled now, -1: none. *writing: also for room. */
int fl_pty_fd(const struct fl_pty *pty, bool *writing);

#endif
