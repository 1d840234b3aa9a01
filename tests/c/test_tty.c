/* A serial port as a pipe, on a pseudo-terminal, and the lock files. */
#define _GNU_SOURCE
#include "line/lock.h"
#include "line/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

static int new_master(char *path, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    CHECK_EQ(ptsname_r(master, path, size), 0);
    return master;
}

static struct fl_pipe *open_port(const char *path, int32_t flow)
{
    struct fl_tty_config config = {.baud = 115200, .flow = flow};
    char error[FL_TTY_ERROR] = "";
    snprintf(config.path, sizeof config.path, "%s", path);
    struct fl_pipe *pipe = fl_tty_open(&config, error, sizeof error);
    if (!pipe) printf("%s\n", error);
    return pipe;
}

static void refused(const char *path, const char *words)
{
    struct fl_tty_config config = {.baud = 115200};
    char error[FL_TTY_ERROR] = "";
    snprintf(config.path, sizeof config.path, "%s", path);
    CHECK(fl_tty_open(&config, error, sizeof error) == NULL);
    if (!strstr(error, words)) printf("%s: %s\n", path, error);
    CHECK(strstr(error, words) != NULL);
    CHECK(strncmp(error, path, strlen(path)) == 0);
}

/* Every octet value both ways, unchanged: nothing is echoed, translated or taken for flow control. */
static void test_octets(int32_t flow)
{
    char path[64];
    uint8_t all[256], got[512];
    int master = new_master(path, sizeof path);
    struct fl_pipe *pipe = open_port(path, flow);
    for (int i = 0; i < 256; i++) all[i] = (uint8_t)i;
    CHECK_EQ(pipe->ops->read(pipe, got, sizeof got, 0), 0);
    CHECK_EQ(pipe->ops->write(pipe, all, sizeof all, 0), 256);
    CHECK_EQ(read(master, got, sizeof got), 256);
    CHECK(memcmp(got, all, 256) == 0);
    CHECK_EQ(write(master, all, sizeof all), 256);
    CHECK_EQ(pipe->ops->read(pipe, got, sizeof got, 0), 256);
    CHECK(memcmp(got, all, 256) == 0);
    CHECK_EQ(read(master, got, sizeof got), -1); /* no echo */
    CHECK(pipe->ops->fd(pipe) >= 0);
    CHECK(pipe->ops->deadline(pipe) == FL_NEVER);
    pipe->ops->free(pipe);
    close(master);
}

/* Nobody reads at the other end: room runs out, nothing blocks, and not an octet is lost or doubled. */
static void test_back_pressure(void)
{
    char path[64];
    uint8_t octets[2048], got[4096];
    uint32_t sent = 0, received = 0;
    bool was_full = false;
    int master = new_master(path, sizeof path);
    struct fl_pipe *pipe = open_port(path, FL_FLOW_RTSCTS);
    while (received < 1000000) {
        size_t room = pipe->ops->room(pipe, 0);
        if (room > sizeof octets) room = sizeof octets;
        for (size_t i = 0; i < room; i++) octets[i] = (uint8_t)((sent + i) % 251);
        if (room) CHECK_EQ(pipe->ops->write(pipe, octets, room, 0), (int64_t)room);
        sent += (uint32_t)room;
        if (room) continue;
        was_full = true;
        ssize_t length = read(master, got, sizeof got);
        if (length < 0) {
            CHECK_EQ(errno, EAGAIN);
            continue;
        }
        for (ssize_t i = 0; i < length; i++) CHECK_EQ(got[i], (received + (uint32_t)i) % 251);
        received += (uint32_t)length;
        if (check_failures) break;
    }
    CHECK(was_full);
    pipe->ops->free(pipe); /* with a full port: at once */
    close(master);
}

static void test_gone(void)
{
    char path[64];
    uint8_t octet;
    int master = new_master(path, sizeof path);
    struct fl_pipe *pipe = open_port(path, FL_FLOW_NONE);
    pipe->ops->reset(pipe, 0); /* a pseudo-terminal has no DTR */
    CHECK(pipe->ops->deadline(pipe) == FL_NEVER);
    CHECK(pipe->ops->room(pipe, 0) > 0);
    close(master);
    CHECK_EQ(pipe->ops->read(pipe, &octet, 1, 0), FL_PIPE_GONE);
    CHECK_EQ(pipe->ops->read(pipe, &octet, 1, 0), FL_PIPE_GONE);
    CHECK_EQ(pipe->ops->room(pipe, 0), 0);
    CHECK_EQ(pipe->ops->write(pipe, &octet, 1, 0), FL_PIPE_GONE);
    pipe->ops->free(pipe);
}

/* A child that does something, says so, and waits to be killed. */
static pid_t child(void (*act)(const char *path), const char *path)
{
    int ready[2];
    char octet;
    CHECK_EQ(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        act(path);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    CHECK_EQ(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void reap(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void open_and_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) _exit(1);
}

static void test_in_use(void)
{
    char path[64], name[64], words[64];
    int master = new_master(path, sizeof path);
    struct fl_pipe *pipe = open_port(path, FL_FLOW_NONE);
    refused(path, "open already in this process");
    CHECK_EQ(fl_port_user(path, name, sizeof name), getpid());
    CHECK(strcmp(name, "test_tty") == 0);
    pipe->ops->free(pipe);
    CHECK_EQ(fl_port_user(path, name, sizeof name), 0);
    pid_t other = child(open_and_lock, path);
    snprintf(words, sizeof words, "in use by process %d (test_tty)", (int)other);
    refused(path, words);
    reap(other);
    pipe = open_port(path, FL_FLOW_NONE);
    CHECK(pipe != NULL);
    pipe->ops->free(pipe);
    close(master);
}

static void test_no_port(void)
{
    refused("/dev/ttyNONE", "there is no such device");
    refused("/dev/null", "not a serial port");
    refused("/etc/passwd", "not a serial port");
    refused("/", "not a serial port");
    refused("", "there is no such device");
    CHECK(fl_tty_baud(0) == 2400);
    CHECK(fl_tty_baud(-1) == 0 && fl_tty_baud(99) == 0);
}

/* ---- lock files: of a device that does not exist, so that nobody's way is barred ---- */

static void take_lock(const char *device)
{
    struct fl_lock lock;
    if (!fl_lock_take(&lock, device)) _exit(1);
}

static void test_lock(void)
{
    char device[64], path[128], text[16] = "", name[64];
    struct fl_lock lock, second;
    snprintf(device, sizeof device, "/dev/ttyFL%d", (int)getpid());
    CHECK(fl_lock_take(&lock, device));
    if (!lock.path[0]) {
        printf("tty: no lock files: the folder for them cannot be written\n");
        return;
    }
    snprintf(path, sizeof path, "%s", lock.path);
    int fd = open(path, O_RDONLY);
    CHECK_EQ(read(fd, text, sizeof text), 11);
    CHECK_EQ(atoi(text), getpid());
    close(fd);
    CHECK_EQ(fl_lock_user(device, false, name, sizeof name), getpid());
    CHECK_EQ(fl_lock_user(device, true, name, sizeof name), 0);
    fl_lock_drop(&lock);
    CHECK(access(path, F_OK) != 0);
    pid_t other = child(take_lock, device);
    CHECK(!fl_lock_take(&second, device));
    CHECK_EQ(fl_lock_user(device, true, name, sizeof name), other);
    fl_lock_drop(&second); /* not ours: it stays */
    CHECK(access(path, F_OK) == 0);
    reap(other);
    CHECK(fl_lock_take(&lock, device)); /* a dead process's lock is none */
    fl_lock_drop(&lock);
    CHECK(access(path, F_OK) != 0);
    fd = open(path, O_WRONLY | O_CREAT, 0644); /* another program's, nonsense in it */
    CHECK_EQ(write(fd, "garbage", 7), 7);
    close(fd);
    CHECK(fl_lock_take(&lock, device));
    fl_lock_drop(&lock);
    CHECK(access(path, F_OK) != 0);
}

int main(void)
{
    alarm(60);
    test_octets(FL_FLOW_NONE);
    test_octets(FL_FLOW_RTSCTS);
    test_back_pressure();
    test_gone();
    test_in_use();
    test_no_port();
    test_lock();
    return check_result("tty");
}
