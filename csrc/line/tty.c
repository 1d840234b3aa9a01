/* termios, as far as a modem needs it. What is written may still be in the kernel, in the USB chip or in the modem: only
 * the modem's answers say what was sent.
 */
#define _GNU_SOURCE
#include "line/tty.h"
#include "line/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* DTR stays down for so long: longer than any modem's S25, at which it hangs up and resets. */
#define DTR_DOWN FL_MS(500)

struct tty {
    struct fl_pipe pipe;
    int fd;
    bool gone;
    bool pty;
    struct fl_lock lock;
    fl_time raise_at; /* DTR is down until then; 0 = it is not */
    uint8_t carry[2048];
    size_t carry_at, carry_length; /* taken, and not yet the kernel's */
};

static const struct {
    int32_t baud;
    speed_t speed;
} BAUDS[] = {
    {2400, B2400},   {4800, B4800},     {9600, B9600},     {19200, B19200},   {38400, B38400},
    {57600, B57600}, {115200, B115200}, {230400, B230400}, {460800, B460800}, {921600, B921600},
};

int32_t fl_tty_baud(int32_t index)
{
    return index >= 0 && (size_t)index < FL_COUNT(BAUDS) ? BAUDS[index].baud : 0;
}

static struct tty *of(struct fl_pipe *pipe)
{
    return (struct tty *)pipe;
}

/* ---- octets ---- */

static bool later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* What the kernel takes now. */
static size_t push(struct tty *t, const uint8_t *octets, size_t length)
{
    size_t done = 0;
    while (done < length && !t->gone) {
        ssize_t taken = write(t->fd, octets + done, length - done);
        if (taken > 0) {
            done += (size_t)taken;
        } else {
            t->gone = taken < 0 && !later();
            break;
        }
    }
    return done;
}

static void push_carry(struct tty *t)
{
    t->carry_at += push(t, t->carry + t->carry_at, t->carry_length - t->carry_at);
    if (t->carry_at == t->carry_length) t->carry_at = t->carry_length = 0;
}

static void raise_dtr(struct tty *t)
{
    int lines = TIOCM_DTR;
    t->raise_at = 0;
    (void)ioctl(t->fd, TIOCMBIS, &lines);
    (void)tcflush(t->fd, TCIOFLUSH);
}

static int64_t tty_read(struct fl_pipe *pipe, uint8_t *octets, size_t cap, fl_time now)
{
    struct tty *t = of(pipe);
    bool down = t->raise_at != 0;
    if (down && now >= t->raise_at) raise_dtr(t);
    if (t->gone) return FL_PIPE_GONE;
    ssize_t got = read(t->fd, octets, cap);
    /* The end of the file, or EIO: the device was pulled out, or the other end of the pseudo-terminal was closed. */
    if (got == 0 || (got < 0 && !later())) t->gone = true;
    if (t->gone) return FL_PIPE_GONE;
    return got > 0 && !down ? got : 0;
}

static size_t tty_room(struct fl_pipe *pipe, fl_time now)
{
    struct tty *t = of(pipe);
    (void)now;
    if (t->gone || t->raise_at) return 0;
    if (t->carry_length) push_carry(t);
    return t->carry_length ? 0 : sizeof t->carry;
}

static int64_t tty_write(struct fl_pipe *pipe, const uint8_t *octets, size_t length, fl_time now)
{
    struct tty *t = of(pipe);
    size_t room = tty_room(pipe, now);
    if (length > room) length = room;
    size_t done = push(t, octets, length);
    if (t->gone) return FL_PIPE_GONE;
    t->carry_at = 0;
    t->carry_length = length - done;
    memcpy(t->carry, octets + done, t->carry_length);
    return (int64_t)length;
}

static fl_time tty_deadline(struct fl_pipe *pipe)
{
    return of(pipe)->raise_at ? of(pipe)->raise_at : FL_NEVER;
}

static int tty_fd(struct fl_pipe *pipe)
{
    return of(pipe)->raise_at ? -1 : of(pipe)->fd;
}

static void tty_reset(struct fl_pipe *pipe, fl_time now)
{
    struct tty *t = of(pipe);
    int lines = TIOCM_DTR;
    t->carry_at = t->carry_length = 0;
    (void)tcflush(t->fd, TCIOFLUSH);
    if (ioctl(t->fd, TIOCMBIC, &lines) == 0) t->raise_at = now + DTR_DOWN;
}

static void tty_free(struct fl_pipe *pipe)
{
    struct tty *t = of(pipe);
    if (t->fd >= 0) {
        (void)tcflush(t->fd, TCOFLUSH); /* or close() waits for a modem that takes nothing */
        if (!t->pty) (void)ioctl(t->fd, TIOCNXCL);
        fl_lock_drop(&t->lock);
        close(t->fd);
    }
    free(t);
}

static const struct fl_pipe_ops OPS = {
    .read = tty_read,
    .room = tty_room,
    .write = tty_write,
    .deadline = tty_deadline,
    .fd = tty_fd,
    .reset = tty_reset,
    .free = tty_free,
};

/* ---- opening ---- */

/* What somebody who mistyped a name, or whose modem got another one, would have liked to know. */
static void list_devices(char *text, size_t size)
{
    static const char BY_ID[] = "/dev/serial/by-id";
    size_t used = 0;
    DIR *folder = opendir(BY_ID);
    struct dirent *entry;
    text[0] = '\0';
    while (folder && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        int wrote = snprintf(text + used, size - used, "%s%s/%s", used ? ", " : "", BY_ID, entry->d_name);
        if (wrote < 0 || (size_t)wrote >= size - used) break;
        used += (size_t)wrote;
    }
    if (folder) closedir(folder);
}

static void say_missing(const char *path, char *error, size_t size)
{
    char there[256];
    list_devices(there, sizeof there);
    if (there[0])
        snprintf(error, size, "%s: there is no such device; connected: %s", path, there);
    else
        snprintf(error, size, "%s: there is no such device, and no USB serial device is connected", path);
}

static void say_forbidden(const char *path, const struct stat *st, char *error, size_t size)
{
    char buffer[1024];
    struct group entry, *group = NULL;
    if (getgrgid_r(st->st_gid, &entry, buffer, sizeof buffer, &group) != 0 || !group || st->st_gid == 0)
        snprintf(error, size, "%s: no permission; its mode and owner let this user neither read nor write it",
                 path);
    else
        snprintf(error, size,
                 "%s: no permission; add the user to the group %s (sudo adduser USER %s) and log in anew",
                 path, group->gr_name, group->gr_name);
}

static void say_in_use(const char *path, const char *device, char *error, size_t size)
{
    char name[64];
    int32_t pid = fl_lock_user(device, true, name, sizeof name);
    if (pid > 0 && strcmp(name, "ModemManager") == 0)
        snprintf(
            error, size,
            "%s: in use by process %d (ModemManager); tell it to leave the device alone by a udev rule with "
            "ID_MM_DEVICE_IGNORE, or stop it",
            path, (int)pid);
    else if (pid > 0)
        snprintf(error, size, "%s: in use by process %d (%s)", path, (int)pid, name);
    else if (fl_lock_user(device, false, name, sizeof name) == (int32_t)getpid())
        snprintf(error, size, "%s: open already in this process", path);
    else
        snprintf(error, size, "%s: in use by another process (sudo fuser -v %s names it)", path, path);
}

static bool raw(int fd, const struct fl_tty_config *config)
{
    struct termios mode;
    speed_t speed = B115200;
    for (size_t i = 0; i < FL_COUNT(BAUDS); i++)
        if (BAUDS[i].baud == config->baud) speed = BAUDS[i].speed;
    if (tcgetattr(fd, &mode) != 0) return false;
    cfmakeraw(&mode);
    mode.c_iflag &= (tcflag_t) ~(IXON | IXOFF | IXANY);
    mode.c_cflag &= (tcflag_t) ~(CRTSCTS | CSTOPB | PARENB);
    /* CLOCAL: the modem says what the line does, DCD does not. HUPCL: when we die, DTR drops and the modem hangs up. */
    mode.c_cflag |= CLOCAL | CREAD | HUPCL | CS8;
    if (config->flow == FL_FLOW_RTSCTS) mode.c_cflag |= CRTSCTS;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    if (cfsetispeed(&mode, speed) != 0 || cfsetospeed(&mode, speed) != 0) return false;
    return tcsetattr(fd, TCSANOW, &mode) == 0 && tcflush(fd, TCIOFLUSH) == 0;
}

static void say_errno(const char *path, const char *device, const struct stat *st, char *error, size_t size)
{
    switch (errno) {
    case ENOENT: say_missing(path, error, size); break;
    case EACCES:
    case EPERM: say_forbidden(path, st, error, size); break;
    case EBUSY: say_in_use(path, device, error, size); break;
    case ENODEV:
    case ENXIO:
    case EIO: snprintf(error, size, "%s: no serial port answers behind it", path); break;
    case ENOTTY: snprintf(error, size, "%s: not a serial port", path); break;
    default: snprintf(error, size, "%s: %s", path, strerror(errno)); break;
    }
}

/* Exclusively: for the kernel, for programs that lock descriptors, and for those that look for lock files. */
static bool claim(struct tty *t, const char *device)
{
    char name[64];
    bool free = flock(t->fd, LOCK_EX | LOCK_NB) == 0;
    /* TIOCEXCL would outlive us on a pseudo-terminal whose other end stays open. And there the program at the other end
     * may hold this end, too. */
    if (free && !t->pty) {
        free = fl_lock_user(device, true, name, sizeof name) == 0 && fl_lock_take(&t->lock, device);
        if (free) (void)ioctl(t->fd, TIOCEXCL);
    }
    if (!free) errno = EBUSY;
    return free;
}

struct fl_pipe *fl_tty_open(const struct fl_tty_config *config, char *error, size_t error_size)
{
    const char *path = config->path;
    char device[PATH_MAX] = "";
    struct stat st = {0};
    struct tty *t = calloc(1, sizeof *t);
    if (!t) {
        snprintf(error, error_size, "%s: no memory", path);
        return NULL;
    }
    t->pipe.ops = &OPS;
    t->fd = -1;
    bool there = realpath(path, device) != NULL && stat(device, &st) == 0;
    t->pty = strncmp(device, "/dev/pts/", 9) == 0;
    if (there && !S_ISCHR(st.st_mode)) {
        errno = ENOTTY;
        there = false;
    }
    if (there) t->fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (t->fd >= 0 && (isatty(t->fd) || errno != ENOTTY) && claim(t, device) && raw(t->fd, config))
        return &t->pipe;
    say_errno(path, device, &st, error, error_size);
    tty_free(&t->pipe);
    return NULL;
}
