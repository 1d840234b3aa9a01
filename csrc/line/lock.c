/* Lock files and /proc. */
#define _GNU_SOURCE
#include "line/lock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first of these that exists; the second is the older name of the first. */
static const char *const FOLDERS[] = {"/run/lock", "/var/lock"};

static const char *folder(void)
{
    return access(FOLDERS[0], F_OK) == 0 ? FOLDERS[0] : FOLDERS[1];
}

static bool lock_path(const char *device, char *path, size_t size)
{
    const char *name = strrchr(device, '/');
    int wrote = snprintf(path, size, "%s/LCK..%s", folder(), name ? name + 1 : device);
    return wrote > 0 && (size_t)wrote < size;
}

static bool alive(int32_t pid)
{
    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Its process; 0: there is no such file, or its process is dead. */
static int32_t lock_owner(const char *path)
{
    char text[16] = "";
    int32_t pid = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got == (ssize_t)sizeof pid && !isdigit((unsigned char)text[0]) && text[0] != ' ')
        memcpy(&pid, text, sizeof pid); /* an older habit: the number itself */
    else if (got > 0)
        pid = (int32_t)strtol(text, NULL, 10);
    return alive(pid) ? pid : 0;
}

bool fl_lock_take(struct fl_lock *lock, const char *device)
{
    char path[sizeof lock->path], fresh[sizeof lock->path];
    lock->path[0] = '\0';
    if (!lock_path(device, path, sizeof path)) return true;
    int32_t owner = lock_owner(path);
    if (owner != 0 && owner != (int32_t)getpid()) return false;
    /* Written first and linked then: nobody ever reads an empty one. */
    snprintf(fresh, sizeof fresh, "%s/LTMP..%d", folder(), (int)getpid());
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return true;
    bool written = dprintf(fd, "%10d\n", (int)getpid()) == 11;
    close(fd);
    bool linked = written && link(fresh, path) == 0;
    if (written && !linked && errno == EEXIST && lock_owner(path) == owner) { /* a dead process's, or ours */
        (void)unlink(path);
        linked = link(fresh, path) == 0;
    }
    (void)unlink(fresh);
    if (linked) snprintf(lock->path, sizeof lock->path, "%s", path);
    owner = lock_owner(path);
    return linked || owner == 0 || owner == (int32_t)getpid();
}

void fl_lock_drop(struct fl_lock *lock)
{
    if (lock->path[0] && lock_owner(lock->path) == (int32_t)getpid()) (void)unlink(lock->path);
    lock->path[0] = '\0';
}

/* ---- open descriptors ---- */

static bool has_open(const char *pid, const char *device)
{
    char path[320], target[PATH_MAX];
    bool found = false;
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *descriptors = opendir(path);
    while (descriptors && !found && (entry = readdir(descriptors)) != NULL) {
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
        if (length <= 0) continue;
        target[length] = '\0';
        found = strcmp(target, device) == 0;
    }
    if (descriptors) closedir(descriptors);
    return found;
}

static int32_t opener(const char *device, bool others)
{
    int32_t found = 0;
    struct dirent *entry;
    DIR *processes = opendir("/proc");
    while (processes && !found && (entry = readdir(processes)) != NULL) {
        int32_t pid = (int32_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || (others && pid == (int32_t)getpid())) continue;
        if (has_open(entry->d_name, device)) found = pid;
    }
    if (processes) closedir(processes);
    return found;
}

static void process_name(int32_t pid, char *name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, name, size - 1);
    if (fd >= 0) close(fd);
    if (got < 0) got = 0;
    name[got] = '\0';
    name[strcspn(name, "\n")] = '\0';
    if (!name[0]) snprintf(name, size, "name unknown");
}

int32_t fl_lock_user(const char *device, bool others, char *name, size_t name_size)
{
    char path[PATH_MAX];
    int32_t pid = lock_path(device, path, sizeof path) ? lock_owner(path) : 0;
    if (others && pid == (int32_t)getpid()) pid = 0;
    if (pid == 0) pid = opener(device, others);
    name[0] = '\0';
    if (pid > 0) process_name(pid, name, name_size);
    return pid;
}

int32_t fl_port_user(const char *path, char *name, size_t name_size)
{
    char device[PATH_MAX];
    name[0] = '\0';
    return realpath(path, device) ? fl_lock_user(device, false, name, name_size) : 0;
}
