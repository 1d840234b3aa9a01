/* The Class 1 board: one station on one modem, whose octets come and go through a pipe (line/pipe.h). The pipe is a serial
 * port that this board opens, or it was made by somebody else: a modem in software.
 *
 * A pipe that goes away ends the call; the next order to dial or to wait for a call opens the port anew. A modem that
 * lost its voice while its pipe is still there is brought up again in the same way.
 */
#include "board/board.h"
#include "board/job.h"
#include "board/office.h"
#include "line/tty.h"
#include "page/store.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OCTETS 2048 /* moved at a time */

struct fl_piped {
    struct fl_board board;
    struct fl_pen pen;
    struct fl_pipe *pipe; /* NULL: it is gone */
    bool port;            /* the pipe is a serial port of ours, which may come back */
    struct fl_tty_config tty;
    struct fl_station station;
    struct fl_job job;
    struct fl_store store; /* what we receive */
};

static struct fl_piped *of(struct fl_board *board)
{
    return (struct fl_piped *)board;
}

static const struct fl_piped *of_const(const struct fl_board *board)
{
    return (const struct fl_piped *)board;
}

/* ---- the pipe ---- */

static void let_go(struct fl_piped *p)
{
    if (p->pipe) p->pipe->ops->free(p->pipe);
    p->pipe = NULL;
}

static void lose(struct fl_piped *p, fl_time now)
{
    fl_trace_text(&p->pen, now, FL_TRACE_NOTE, "the modem is gone");
    let_go(p);
    fl_station_unplugged(&p->station, now);
}

static void reset(struct fl_piped *p, fl_time now)
{
    if (!p->pipe || !p->pipe->ops->reset) return;
    fl_trace_text(&p->pen, now, FL_TRACE_NOTE, "the modem is reset");
    p->pipe->ops->reset(p->pipe, now);
}

/* Before an order that begins something: a station whose modem was lost tries again. */
static void revive(struct fl_piped *p, fl_time now)
{
    char error[FL_TTY_ERROR];
    if (p->station.state != FL_STATION_DEAD) return;
    if (!p->pipe && p->port) {
        p->pipe = fl_tty_open(&p->tty, error, sizeof error);
        if (!p->pipe) fl_trace_text(&p->pen, now, FL_TRACE_NOTE, "%s", error);
    } else {
        reset(p, now);
    }
    if (p->pipe) fl_station_restart(&p->station, now);
}

static bool take(struct fl_piped *p, fl_time now)
{
    uint8_t octets[OCTETS];
    int64_t got = p->pipe->ops->read(p->pipe, octets, sizeof octets, now);
    if (got > 0) fl_station_input(&p->station, octets, (size_t)got, now);
    if (got < 0) lose(p, now);
    return got != 0;
}

static bool give(struct fl_piped *p, fl_time now)
{
    uint8_t octets[OCTETS];
    if (!fl_station_has_output(&p->station, now)) return false;
    size_t room = p->pipe->ops->room(p->pipe, now);
    size_t given = fl_station_output(&p->station, octets, room < sizeof octets ? room : sizeof octets, now);
    if (given && p->pipe->ops->write(p->pipe, octets, given, now) < 0) lose(p, now);
    return given > 0;
}

/* ---- work ---- */

static bool piped_move(struct fl_board *board, fl_time now)
{
    struct fl_piped *p = of(board);
    bool any = p->pipe && take(p, now);
    if (fl_station_deadline(&p->station) <= now) {
        fl_station_tick(&p->station, now);
        any = true;
    }
    if (fl_station_take_reset(&p->station)) reset(p, now);
    if (p->pipe) any |= give(p, now);
    return any;
}

static fl_time piped_deadline(struct fl_board *board)
{
    struct fl_piped *p = of(board);
    fl_time deadline = fl_station_deadline(&p->station);
    return p->pipe ? fl_earlier(deadline, p->pipe->ops->deadline(p->pipe)) : deadline;
}

static void piped_give_up(struct fl_board *board, fl_time now)
{
    struct fl_piped *p = of(board);
    fl_trace_text(&p->pen, now, FL_TRACE_NOTE, "the modem does not come to rest: given up");
    lose(p, now);
}

static int piped_fd(struct fl_board *board, short *poll_events, fl_time now)
{
    struct fl_piped *p = of(board);
    if (!p->pipe) return -1;
    *poll_events = POLLIN;
    if (p->pipe->ops->room(p->pipe, now) == 0) *poll_events |= POLLOUT;
    return p->pipe->ops->fd(p->pipe);
}

/* ---- orders ---- */

static void piped_dial(struct fl_board *board, const char *number, fl_time now)
{
    revive(of(board), now);
    fl_station_dial(&of(board)->station, number, now);
}

static void piped_hang_up(struct fl_board *board, fl_time now)
{
    fl_station_hang_up(&of(board)->station, now);
}

static void piped_fax(struct fl_board *board, enum fl_fax_ways ways, const struct fl_fax_options *options,
                      struct fl_document *document, fl_time now)
{
    struct fl_piped *p = of(board);
    fl_job_start(&p->job, &p->station, ways, options, document, &p->store, now);
}

static void piped_stored(struct fl_board *board, bool good, fl_time now)
{
    fl_station_stored(&of(board)->station, good, now);
}

static void piped_more(struct fl_board *board, int pages, fl_time now)
{
    fl_station_more(&of(board)->station, pages, now);
}

static void piped_stop(struct fl_board *board, int raw, fl_time now)
{
    fl_station_stop(&of(board)->station, raw, now);
}

static void piped_await(struct fl_board *board, bool on, fl_time now)
{
    if (on) revive(of(board), now);
    fl_station_await(&of(board)->station, on, now);
}

static void piped_answer(struct fl_board *board, fl_time now)
{
    fl_station_answer(&of(board)->station, now);
}

static void piped_reject(struct fl_board *board, fl_time now)
{
    fl_station_reject(&of(board)->station, now);
}

/* There is no far machine here that could call. */
static void piped_incoming(struct fl_board *board, const struct fl_fax_options *options,
                           struct fl_document *document, fl_time now)
{
    (void)board, (void)options, (void)now;
    fl_document_free(document);
}

/* ---- events and questions ---- */

static bool piped_event(struct fl_board *board, struct fl_event *event)
{
    return fl_job_event(&of(board)->job, &of(board)->station, event);
}

static bool piped_has_event(const struct fl_board *board)
{
    return fl_job_has_event(&of_const(board)->job, &of_const(board)->station);
}

static bool piped_resting(const struct fl_board *board)
{
    return fl_station_resting(&of_const(board)->station);
}

static bool piped_storing(const struct fl_board *board)
{
    return fl_job_storing(&of_const(board)->station);
}

/* A modem that is being brought up has no call. */
static bool piped_on_hook(const struct fl_board *board)
{
    const struct fl_station *station = &of_const(board)->station;
    return station->state == FL_STATION_ON_HOOK || station->state == FL_STATION_DEAD ||
           (station->state == FL_STATION_INIT && station->dial.length == 0);
}

/* Nobody measures a real line. */
static int64_t piped_violations(const struct fl_board *board, char *text, size_t text_size)
{
    (void)board;
    if (text_size) text[0] = '\0';
    return 0;
}

static int64_t piped_take(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    return fl_store_take(&of(board)->store, info, code, cap);
}

static int64_t piped_take_far(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    (void)board, (void)info, (void)code, (void)cap;
    return 0;
}

static void piped_modem(const struct fl_board *board, struct fl_modem_info *info)
{
    const struct fl_piped *p = of_const(board);
    const struct fl_class1 *driver = &p->station.driver;
    info->state = p->station.state == FL_STATION_INIT   ? FL_MODEM_COMING
                  : p->station.state == FL_STATION_DEAD ? FL_MODEM_DEAD
                                                        : FL_MODEM_READY;
    snprintf(info->profile, sizeof info->profile, "%s", driver->profile->name);
    snprintf(info->identity, sizeof info->identity, "%s", fl_class1_identity(driver));
    snprintf(info->classes, sizeof info->classes, "%s", fl_class1_classes(driver));
    info->answers = driver->answered;
    fl_class1_codes(fl_class1_modulations(driver, false), info->send);
    fl_class1_codes(fl_class1_modulations(driver, true), info->receive);
}

static void piped_detach(struct fl_board *board, fl_time now)
{
    (void)now;
    let_go(of(board));
}

static void piped_free(struct fl_board *board)
{
    struct fl_piped *p = of(board);
    let_go(p);
    fl_store_free(&p->store);
    free(p);
}

static const struct fl_board_ops OPS = {
    .dial = piped_dial,
    .hang_up = piped_hang_up,
    .fax = piped_fax,
    .stored = piped_stored,
    .more = piped_more,
    .stop = piped_stop,
    .await = piped_await,
    .answer = piped_answer,
    .reject = piped_reject,
    .incoming = piped_incoming,
    .move = piped_move,
    .deadline = piped_deadline,
    .give_up = piped_give_up,
    .fd = piped_fd,
    .event = piped_event,
    .has_event = piped_has_event,
    .resting = piped_resting,
    .storing = piped_storing,
    .on_hook = piped_on_hook,
    .violations = piped_violations,
    .take_page = piped_take,
    .take_far_page = piped_take_far,
    .modem = piped_modem,
    .detach = piped_detach,
    .free = piped_free,
};

/* ---- opening ---- */

static bool open_port(struct fl_piped *p, const struct fl_channel_config *config, char *error,
                      size_t error_size)
{
    p->port = true;
    p->tty.baud = config->baud;
    p->tty.flow = config->flow;
    snprintf(p->tty.path, sizeof p->tty.path, "%.*s", (int)sizeof config->path - 1, config->path);
    p->pipe = fl_tty_open(&p->tty, error, error_size);
    return p->pipe != NULL;
}

struct fl_board *fl_piped_open(const struct fl_channel_config *config, struct fl_office *office,
                               struct fl_trace *trace, char *error, size_t error_size)
{
    const struct fl_class1_profile *profile = config->profile[0] ? fl_class1_profile(config->profile) : NULL;
    struct fl_piped *p = calloc(1, sizeof *p);
    if (!p || (config->profile[0] && !profile)) {
        snprintf(error, error_size, p ? "there is no such modem profile" : "no memory for a modem");
        if (config->pipe) config->pipe->ops->free(config->pipe);
        free(p);
        return NULL;
    }
    p->board.ops = &OPS;
    p->pen = (struct fl_pen){trace, 0};
    p->pipe = config->pipe;
    fl_store_init(&p->store, true);
    p->store.confirm = true;
    if (!p->pipe && !open_port(p, config, error, error_size)) {
        piped_free(&p->board);
        return NULL;
    }
    struct fl_class1_config driver = {
        .answer_timeout_s = (uint16_t)config->answer_timeout_s,
        .pulse = config->pulse != 0,
        .can_reset = p->pipe->ops->reset != NULL,
    };
    fl_station_init(&p->station, profile, p->pen, office->now);
    fl_class1_configure(&p->station.driver, &driver);
    return &p->board;
}
