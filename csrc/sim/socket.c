/* A modem behind a pipe (a soft modem), on a pseudo-terminal for any program, in place of a station of ours: octets go to
 * and fro, and a program that leaves takes its DTR away. No order is heeded, and nothing is told.
 */
#include "board/board.h"
#include "board/office.h"
#include "line/pipe.h"
#include "page/document.h"
#include "sim/pty.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct fl_socket {
    struct fl_board board;
    struct fl_pipe *pipe; /* NULL: it is gone */
    struct fl_pty pty;
    bool look; /* the program may have written, opened or closed: a system call tells */
};

static struct fl_socket *of(struct fl_board *board)
{
    return (struct fl_socket *)board;
}

/* ---- octets ---- */

static void lose(struct fl_socket *s)
{
    if (s->pipe) s->pipe->ops->free(s->pipe);
    s->pipe = NULL;
    fl_pty_close(&s->pty);
}

static bool from_modem(struct fl_socket *s, fl_time now)
{
    uint8_t octets[FL_PTY_PENDING];
    fl_pty_flush(&s->pty);
    size_t room = fl_pty_room(&s->pty);
    int64_t got = s->pipe->ops->read(s->pipe, octets, room, now);
    if (got > 0) fl_pty_write(&s->pty, octets, (size_t)got);
    if (got < 0) lose(s);
    return got != 0;
}

static bool from_program(struct fl_socket *s, fl_time now)
{
    uint8_t octets[FL_PTY_PENDING];
    bool left = fl_pty_left(&s->pty);
    size_t room = s->pipe->ops->room(s->pipe, now);
    size_t given = fl_pty_read(&s->pty, octets, room < sizeof octets ? room : sizeof octets);
    if (given && s->pipe->ops->write(s->pipe, octets, given, now) < 0) lose(s);
    if (left && s->pipe) {
        if (s->pipe->ops->reset) s->pipe->ops->reset(s->pipe, now);
        fl_pty_forget(&s->pty);
    }
    s->look = given > 0 || left;
    return s->look;
}

static bool socket_move(struct fl_board *board, fl_time now)
{
    struct fl_socket *s = of(board);
    bool any = s->pipe && from_modem(s, now);
    if (s->pipe && s->look) any |= from_program(s, now);
    return any;
}

static fl_time socket_deadline(struct fl_board *board)
{
    struct fl_socket *s = of(board);
    return s->pipe ? s->pipe->ops->deadline(s->pipe) : FL_NEVER;
}

static void socket_woken(struct fl_board *board)
{
    of(board)->look = true;
}

static int socket_fd(struct fl_board *board, short *poll_events, fl_time now)
{
    struct fl_socket *s = of(board);
    bool writing;
    s->look = false;
    if (!s->pipe) return -1;
    int fd = fl_pty_fd(&s->pty, &writing);
    bool reading = !s->pty.open || s->pipe->ops->room(s->pipe, now) > 0;
    *poll_events = (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0));
    return fd;
}

static const char *socket_tty(const struct fl_board *board)
{
    return ((const struct fl_socket *)board)->pty.name;
}

static void socket_give_up(struct fl_board *board, fl_time now)
{
    (void)now;
    lose(of(board));
}

/* ---- what a board is asked for, and this one does not do ---- */

static void no_dial(struct fl_board *board, const char *number, fl_time now)
{
    (void)board, (void)number, (void)now;
}

static void no_order(struct fl_board *board, fl_time now)
{
    (void)board, (void)now;
}

static void no_fax(struct fl_board *board, enum fl_fax_ways ways, const struct fl_fax_options *options,
                   struct fl_document *document, fl_time now)
{
    (void)board, (void)ways, (void)options, (void)document, (void)now;
}

static void no_flag(struct fl_board *board, bool flag, fl_time now)
{
    (void)board, (void)flag, (void)now;
}

static void no_pages(struct fl_board *board, int pages, fl_time now)
{
    (void)board, (void)pages, (void)now;
}

static void no_stop(struct fl_board *board, int raw, fl_time now)
{
    (void)board, (void)raw, (void)now;
}

static void no_incoming(struct fl_board *board, const struct fl_fax_options *options,
                        struct fl_document *document, fl_time now)
{
    (void)board, (void)options, (void)now;
    fl_document_free(document);
}

static bool no_event(struct fl_board *board, struct fl_event *event)
{
    (void)board, (void)event;
    return false;
}

static bool no(const struct fl_board *board)
{
    (void)board;
    return false;
}

static bool yes(const struct fl_board *board)
{
    (void)board;
    return true;
}

static int64_t no_violations(const struct fl_board *board, char *text, size_t text_size)
{
    (void)board;
    if (text_size) text[0] = '\0';
    return 0;
}

static int64_t no_page(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    (void)board, (void)info, (void)code, (void)cap;
    return 0;
}

static void socket_free(struct fl_board *board)
{
    lose(of(board));
    free(board);
}

static const struct fl_board_ops OPS = {
    .dial = no_dial,
    .hang_up = no_order,
    .fax = no_fax,
    .stored = no_flag,
    .more = no_pages,
    .stop = no_stop,
    .await = no_flag,
    .answer = no_order,
    .reject = no_order,
    .incoming = no_incoming,
    .move = socket_move,
    .deadline = socket_deadline,
    .give_up = socket_give_up,
    .woken = socket_woken,
    .fd = socket_fd,
    .tty = socket_tty,
    .event = no_event,
    .has_event = no,
    .resting = yes,
    .storing = no,
    .on_hook = yes,
    .violations = no_violations,
    .take_page = no_page,
    .take_far_page = no_page,
    .detach = socket_give_up,
    .free = socket_free,
};

struct fl_board *fl_socket_open(const struct fl_channel_config *config, char *error, size_t error_size)
{
    struct fl_socket *s = calloc(1, sizeof *s);
    bool real = config->pace == FL_PACE_REAL;
    bool made = s && real && fl_pty_open(&s->pty, error, error_size);
    if (!s) snprintf(error, error_size, "no memory for a modem on a pseudo-terminal");
    if (!real) snprintf(error, error_size, "a modem on a pseudo-terminal runs in line time: pace=real");
    if (!made) {
        config->pipe->ops->free(config->pipe);
        free(s);
        return NULL;
    }
    s->board.ops = &OPS;
    s->pipe = config->pipe;
    return &s->board;
}
