/* A pseudo-terminal's master side. While nobody has the slave open, poll() on the master says POLLHUP at once and for
 * ever: then the open is waited for with inotify instead.
 */
#define _GNU_SOURCE
#include "sim/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

static bool has_program(const struct fl_pty *pty)
{
    struct pollfd fd = {.fd = pty->master, .events = 0};
    return poll(&fd, 1, 0) >= 0 && !(fd.revents & (POLLHUP | POLLNVAL));
}

/* Forgets who has come and gone. */
static void calm(struct fl_pty *pty)
{
    char events[1024];
    while (read(pty->watch, events, sizeof events) > 0) continue;
}

/* Neither echo nor signals nor line editing, whoever opens it first; a program sets what else it wants. */
static bool make_raw(struct fl_pty *pty)
{
    struct termios mode;
    int slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return false;
    bool good = tcgetattr(slave, &mode) == 0;
    cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL;
    good = good && cfsetspeed(&mode, B115200) == 0 && tcsetattr(slave, TCSANOW, &mode) == 0;
    close(slave);
    return good;
}

bool fl_pty_open(struct fl_pty *pty, char *error, size_t error_size)
{
    memset(pty, 0, sizeof *pty);
    pty->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    bool good = pty->master >= 0 && pty->watch >= 0 && grantpt(pty->master) == 0 &&
                unlockpt(pty->master) == 0 && ptsname_r(pty->master, pty->name, sizeof pty->name) == 0 &&
                make_raw(pty) && inotify_add_watch(pty->watch, pty->name, IN_OPEN | IN_CLOSE) >= 0;
    if (good) return true;
    snprintf(error, error_size, "a pseudo-terminal cannot be made: %s", strerror(errno));
    fl_pty_close(pty);
    return false;
}

void fl_pty_close(struct fl_pty *pty)
{
    if (pty->master >= 0) close(pty->master);
    if (pty->watch >= 0) close(pty->watch);
    pty->master = pty->watch = -1;
    pty->open = false;
}

bool fl_pty_left(struct fl_pty *pty)
{
    if (pty->master < 0) return false;
    bool had = pty->open;
    if (!had) calm(pty);
    pty->open = has_program(pty);
    return had && !pty->open;
}

void fl_pty_forget(struct fl_pty *pty)
{
    char octets[1024];
    while (read(pty->master, octets, sizeof octets) > 0) continue;
    pty->pending = pty->pending_at = 0;
    int slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (slave >= 0) {
        tcflush(slave, TCIFLUSH);
        close(slave);
    }
    calm(pty);
    pty->open = has_program(pty); /* the next one may have come already */
}

size_t fl_pty_read(struct fl_pty *pty, uint8_t *octets, size_t cap)
{
    ssize_t got = pty->master < 0 || cap == 0 ? 0 : read(pty->master, octets, cap);
    return got > 0 ? (size_t)got : 0;
}

size_t fl_pty_room(const struct fl_pty *pty)
{
    return pty->pending ? 0 : sizeof pty->octets;
}

void fl_pty_flush(struct fl_pty *pty)
{
    while (pty->pending && pty->master >= 0) {
        ssize_t written = write(pty->master, pty->octets + pty->pending_at, pty->pending);
        if (written <= 0) return;
        pty->pending_at += (uint32_t)written;
        pty->pending -= (uint32_t)written;
    }
}

void fl_pty_write(struct fl_pty *pty, const uint8_t *octets, size_t length)
{
    if (!pty->open) return;
    length = fl_min_u32((uint32_t)length, (uint32_t)fl_pty_room(pty));
    memcpy(pty->octets, octets, length);
    pty->pending_at = 0;
    pty->pending = (uint32_t)length;
    fl_pty_flush(pty);
}

int fl_pty_fd(const struct fl_pty *pty, bool *writing)
{
    *writing = pty->open && pty->pending > 0;
    return pty->open ? pty->master : pty->watch;
}
