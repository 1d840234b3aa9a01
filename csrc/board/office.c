/* Offices: who is in, what time it is, who must look before it goes on. */
#define _GNU_SOURCE
#include "board/office.h"
#include "base/boundary.h"
#include "board/board.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

fl_time fl_office_wall(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return FL_SEC(ts.tv_sec) + ts.tv_nsec / 1000;
}

void fl_office_wake(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; /* a full counter is as awake as can be */
}

void fl_office_calm(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

struct fl_office *fl_office_new(void)
{
    struct fl_office *office = calloc(1, sizeof *office);
    if (!office) return NULL;
    pthread_mutex_init(&office->mutex, NULL);
    office->wall_start = fl_office_wall();
    return office;
}

void fl_office_free(struct fl_office *office)
{
    if (!office) return;
    pthread_mutex_destroy(&office->mutex);
    free(office);
}

bool fl_office_join(struct fl_office *office, struct fl_member *member)
{
    if (office->count == FL_OFFICE_LINES) return false;
    office->members[office->count++] = member;
    return true;
}

void fl_office_leave(struct fl_office *office, struct fl_member *member)
{
    for (uint32_t i = 0; i < office->count; i++)
        if (office->members[i] == member) office->members[i] = office->members[--office->count];
}

/* Work at one moment that never ends is a fault: better a dead device than a hung program. */
#define WORK_LIMIT 100000

static bool work(struct fl_office *office, fl_time now)
{
    bool any = false;
    for (uint32_t i = 0; i < office->count; i++) {
        struct fl_board *board = office->members[i]->board;
        any |= board->ops->move(board, now);
    }
    for (uint32_t i = 0; i < office->count; i++) {
        struct fl_board *board = office->members[i]->board;
        if (board->ops->settle) any |= board->ops->settle(board, now);
    }
    return any;
}

fl_time fl_office_step(struct fl_office *office, struct fl_board *mine, fl_time now)
{
    fl_time deadline = FL_NEVER;
    int rounds = 0;
    while (work(office, now))
        if (++rounds > WORK_LIMIT) {
            mine->ops->give_up(mine, now);
            return FL_NEVER;
        }
    for (uint32_t i = 0; i < office->count; i++) {
        struct fl_board *board = office->members[i]->board;
        deadline = fl_earlier(deadline, board->ops->deadline(board));
    }
    return deadline;
}

void fl_office_tell(struct fl_office *office, const struct fl_member *except)
{
    for (uint32_t i = 0; i < office->count; i++) {
        struct fl_member *member = office->members[i];
        if (member == except) continue;
        fl_time deadline = member->board->ops->deadline(member->board);
        if (deadline < member->until) {
            member->until = deadline;
            fl_office_wake(member->wake);
        }
        if (!member->board->ops->has_event(member->board) && member->timers > office->now) continue;
        member->permits = false;
        member->pending = true;
        fl_office_wake(member->wake);
    }
}

bool fl_office_waits(const struct fl_office *office)
{
    bool waits = false;
    for (uint32_t i = 0; i < office->count; i++) {
        const struct fl_member *member = office->members[i];
        if (!member->board->ops->resting(member->board)) return false;
        waits |= member->waits;
    }
    return waits;
}

bool fl_office_advance(struct fl_office *office, fl_time deadline, bool patient)
{
    bool any = false;
    if (patient && deadline == FL_NEVER && fl_office_waits(office)) return false;
    for (uint32_t i = 0; i < office->count; i++) {
        const struct fl_member *member = office->members[i];
        if (member->ordered || member->held) return false;
        if (!member->permits && (member->pending || (patient && member->holds))) return false;
        any |= member->permits;
        deadline = fl_earlier(deadline, member->timers);
    }
    if (!any || deadline == FL_NEVER) return false;
    if (deadline > office->now) office->now = deadline;
    return true;
}
