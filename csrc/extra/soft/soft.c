/* A soft office: modems with numbers, spandsp's terminals behind them, calls, and the audio that passes while a line
 * stands. Everything of an office is touched under its mutex.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio.h"
#include "line/pipe.h"
#include "softmodem.h"
#include "terminal.h"

#define LINES 32

/* How long the exchange takes for what. */
#define RING_AFTER FL_MS(1500)
#define RING_EVERY FL_SEC(5)
#define RINGS_MAX  12

enum route { FREE, ROUTING, RINGING, JOINED, OVER };

/* A modem's line, with the call that was dialled here (by the modem, or by its terminal). */
struct fl_soft_line {
    struct fl_pipe pipe;
    struct fl_soft *office;
    int owners; /* who opened it, and who has the pipe */
    char number[24];
    bool has_far, call_wanted;
    struct fl_softmodem modem;
    struct fl_terminal far;
    struct fl_audio_config audio_config;
    uint64_t seed;

    uint8_t route; /* enum route */
    fl_time route_at;
    int rings;
    struct fl_soft_end *caller, *callee;
    struct fl_soft_line *callee_line; /* whose modem is called */
    fl_time answered_at, held;
    struct fl_audio audio;
};

struct fl_soft {
    pthread_mutex_t mutex;
    int owners;  /* who made it, and its lines */
    uint64_t at; /* samples since its beginning */
    struct fl_soft_line *lines[LINES];
    uint32_t count;
};

static struct fl_soft_line *of(struct fl_pipe *pipe)
{
    return (struct fl_soft_line *)pipe;
}

static fl_time time_of(uint64_t samples)
{
    return (fl_time)(samples * 1000000 / FL_AUDIO_RATE);
}

static uint64_t samples_of(fl_time time)
{
    return (uint64_t)time * FL_AUDIO_RATE / 1000000;
}

/* ---- calls ---- */

static bool engaged(const struct fl_soft_line *line)
{
    for (uint32_t i = 0; i < line->office->count; i++) {
        const struct fl_soft_line *other = line->office->lines[i];
        if (other->route != FREE && other->callee_line == line) return true;
    }
    return line->route != FREE || line->modem.end.hook != FL_SOFT_ON_HOOK;
}

static struct fl_soft_line *line_of_number(const struct fl_soft *office, const char *number)
{
    for (uint32_t i = 0; i < office->count; i++)
        if (office->lines[i]->number[0] && strcmp(office->lines[i]->number, number) == 0)
            return office->lines[i];
    return NULL;
}

/* Who is called: NULL when there is nobody, or they are busy. */
static struct fl_soft_end *find_callee(struct fl_soft_line *line)
{
    if (line->caller == &line->far.end) {
        line->callee_line = line;
        return &line->modem.end;
    }
    struct fl_soft_line *other = line_of_number(line->office, line->modem.dialled);
    line->callee_line = other && !engaged(other) ? other : NULL;
    if (line->callee_line) return &other->modem.end;
    return !other && line->has_far ? &line->far.end : NULL;
}

static void begin_call(struct fl_soft_line *line, struct fl_soft_end *caller, fl_time now)
{
    line->caller = caller;
    line->callee_line = NULL;
    line->callee = find_callee(line);
    line->rings = 0;
    line->route = ROUTING;
    line->route_at = now + RING_AFTER;
}

static void refuse(struct fl_soft_line *line)
{
    if (line->caller == &line->modem.end)
        fl_softmodem_busy(&line->modem);
    else
        line->caller->ops->released(line->caller);
    line->route = OVER;
}

static void ring(struct fl_soft_line *line, fl_time now)
{
    if (line->rings++ == RINGS_MAX) {
        refuse(line);
        return;
    }
    line->callee->ops->ring(line->callee);
    line->route = RINGING;
    line->route_at = now + RING_EVERY;
}

static void join(struct fl_soft_line *line, fl_time now)
{
    struct fl_audio_config audio = line->audio_config;
    audio.seed = fl_random(&line->seed);
    fl_audio_init(&line->audio, &audio);
    line->callee->ops->connected(line->callee, false);
    line->caller->ops->connected(line->caller, true);
    line->answered_at = now;
    line->route = JOINED;
}

static void part(struct fl_soft_line *line, fl_time now)
{
    struct fl_soft_end *ends[] = {line->caller, line->callee};
    for (int i = 0; i < 2; i++)
        if (ends[i]->hook != FL_SOFT_ON_HOOK) ends[i]->ops->released(ends[i]);
    line->held = now - line->answered_at;
    line->route = OVER;
}

/* Looks at the hooks; true when it did something. */
static bool look(struct fl_soft_line *line, fl_time now)
{
    bool caller_up = line->caller && line->caller->hook != FL_SOFT_ON_HOOK;
    switch (line->route) {
    case FREE:
        if (line->modem.end.hook == FL_SOFT_DIALLING) {
            begin_call(line, &line->modem.end, now);
        } else if (line->call_wanted && !engaged(line)) {
            line->call_wanted = false;
            line->far.end.hook = FL_SOFT_DIALLING;
            begin_call(line, &line->far.end, now);
        } else {
            return false;
        }
        return true;
    case ROUTING:
        if (caller_up && line->route_at > now) return false;
        if (!caller_up)
            line->route = OVER;
        else if (!line->callee)
            refuse(line);
        else
            ring(line, now);
        return true;
    case RINGING:
        if (!caller_up)
            line->route = OVER;
        else if (line->callee->hook == FL_SOFT_OFF_HOOK)
            join(line, now);
        else if (line->route_at <= now)
            ring(line, now);
        else
            return false;
        return true;
    case JOINED:
        if (caller_up && line->callee->hook != FL_SOFT_ON_HOOK) return false;
        part(line, now);
        return true;
    default: /* OVER */
        if (line->caller->hook == FL_SOFT_OFF_HOOK) return false;
        line->caller = line->callee = NULL;
        line->callee_line = NULL;
        line->route = FREE;
        return true;
    }
}

/* ---- time ---- */

static void settle(struct fl_soft *office)
{
    bool any;
    do {
        any = false;
        for (uint32_t i = 0; i < office->count; i++) any |= look(office->lines[i], time_of(office->at));
    } while (any);
}

static void pass_audio(struct fl_soft_line *line, int count)
{
    struct fl_soft_end *ends[] = {line->caller, line->callee};
    int16_t sent[2][FL_AUDIO_CHUNK], heard[2][FL_AUDIO_CHUNK];
    for (int end = 0; end < 2; end++) ends[end]->ops->send(ends[end], sent[end], count);
    fl_audio_pass(&line->audio, sent, heard, count);
    for (int end = 0; end < 2; end++) ends[end]->ops->hear(ends[end], heard[end], count);
}

/* The sample at which the office next does something by itself; never: UINT64_MAX. */
static uint64_t next_sample(const struct fl_soft *office)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < office->count; i++) {
        const struct fl_soft_line *line = office->lines[i];
        uint64_t sample = UINT64_MAX;
        if (line->route == JOINED) sample = office->at - office->at % FL_AUDIO_CHUNK + FL_AUDIO_CHUNK;
        if (line->route == ROUTING || line->route == RINGING) sample = samples_of(line->route_at);
        if (sample < next) next = sample;
    }
    return next;
}

/* Octets that the modems have said so far. */
static uint64_t said(const struct fl_soft *office)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < office->count; i++) total += office->lines[i]->modem.said;
    return total;
}

/* The audio goes on to `now`, or until a modem says something: then its owner is to answer first. So an owner that is late,
 * or that runs many line seconds in one of the clock, is not late on the line. */
static void advance(struct fl_soft *office, fl_time now)
{
    uint64_t target = samples_of(now), before = said(office);
    settle(office);
    while (office->at < target && said(office) == before) {
        uint64_t to = next_sample(office);
        if (to > target) to = target;
        if (to <= office->at) to = office->at + 1;
        for (uint32_t i = 0; i < office->count; i++)
            if (office->lines[i]->route == JOINED) pass_audio(office->lines[i], (int)(to - office->at));
        office->at = to;
        settle(office);
    }
}

/* ---- a modem as a pipe ---- */

static void enter(struct fl_soft_line *line, fl_time now)
{
    pthread_mutex_lock(&line->office->mutex);
    if (now >= 0) advance(line->office, now);
}

static void leave(struct fl_soft_line *line)
{
    pthread_mutex_unlock(&line->office->mutex);
}

static int64_t pipe_read(struct fl_pipe *pipe, uint8_t *octets, size_t cap, fl_time now)
{
    struct fl_soft_line *line = of(pipe);
    enter(line, now);
    int64_t got = (int64_t)fl_softmodem_read(&line->modem, octets, cap);
    leave(line);
    return got;
}

static size_t pipe_room(struct fl_pipe *pipe, fl_time now)
{
    struct fl_soft_line *line = of(pipe);
    enter(line, now);
    size_t room = fl_softmodem_room(&line->modem);
    leave(line);
    return room;
}

static int64_t pipe_write(struct fl_pipe *pipe, const uint8_t *octets, size_t length, fl_time now)
{
    struct fl_soft_line *line = of(pipe);
    enter(line, now);
    int64_t taken = (int64_t)fl_softmodem_write(&line->modem, octets, length);
    settle(line->office);
    leave(line);
    return taken;
}

static fl_time pipe_deadline(struct fl_pipe *pipe)
{
    struct fl_soft_line *line = of(pipe);
    pthread_mutex_lock(&line->office->mutex);
    uint64_t next = next_sample(line->office);
    fl_time deadline = next == UINT64_MAX ? FL_NEVER : time_of(next);
    if (line->modem.out_count > 0) deadline = fl_earlier(deadline, time_of(line->office->at));
    leave(line);
    return deadline;
}

static int pipe_fd(struct fl_pipe *pipe)
{
    (void)pipe;
    return -1;
}

static void pipe_reset(struct fl_pipe *pipe, fl_time now)
{
    struct fl_soft_line *line = of(pipe);
    enter(line, now);
    fl_softmodem_drop(&line->modem);
    settle(line->office);
    leave(line);
}

/* Every call that this line has a part in ends. */
static void drop_calls(struct fl_soft_line *line)
{
    line->modem.end.hook = FL_SOFT_ON_HOOK;
    settle(line->office);
    for (uint32_t i = 0; i < line->office->count; i++) {
        struct fl_soft_line *other = line->office->lines[i];
        if (other->route == FREE || other->callee_line != line) continue;
        if (other->route == ROUTING || other->route == RINGING) refuse(other);
        other->callee_line = NULL;
        other->callee = NULL;
    }
    fl_terminal_close(&line->far);
}

static void leave_office(struct fl_soft_line *line)
{
    struct fl_soft *office = line->office;
    for (uint32_t i = 0; i < office->count; i++) {
        if (office->lines[i] != line) continue;
        drop_calls(line);
        office->lines[i] = office->lines[--office->count];
        return;
    }
}

static void disown_office(struct fl_soft *office)
{
    pthread_mutex_lock(&office->mutex);
    bool last = --office->owners == 0;
    pthread_mutex_unlock(&office->mutex);
    if (!last) return;
    pthread_mutex_destroy(&office->mutex);
    free(office);
}

static void disown(struct fl_soft_line *line)
{
    struct fl_soft *office = line->office;
    pthread_mutex_lock(&office->mutex);
    bool last = --line->owners == 0;
    if (last) leave_office(line);
    pthread_mutex_unlock(&office->mutex);
    if (!last) return;
    fl_softmodem_close(&line->modem);
    free(line);
    disown_office(office);
}

/* The modem is unplugged; what is known of its last call can still be asked for. */
static void pipe_free(struct fl_pipe *pipe)
{
    struct fl_soft_line *line = of(pipe);
    pthread_mutex_lock(&line->office->mutex);
    leave_office(line);
    pthread_mutex_unlock(&line->office->mutex);
    disown(line);
}

static const struct fl_pipe_ops OPS = {
    .read = pipe_read,
    .room = pipe_room,
    .write = pipe_write,
    .deadline = pipe_deadline,
    .fd = pipe_fd,
    .reset = pipe_reset,
    .free = pipe_free,
};

/* ---- the boundary ---- */

struct fl_soft *fl_soft_new(void)
{
    struct fl_soft *office = calloc(1, sizeof *office);
    if (!office) return NULL;
    office->owners = 1;
    pthread_mutex_init(&office->mutex, NULL);
    return office;
}

void fl_soft_free(struct fl_soft *office)
{
    if (office) disown_office(office);
}

/* Takes its place in the office, or says why it cannot. */
static bool enter_office(struct fl_soft_line *line, char *error, size_t error_size)
{
    struct fl_soft *office = line->office;
    bool taken = line->number[0] && line_of_number(office, line->number);
    if (taken) snprintf(error, error_size, "there is a soft modem with the number %s already", line->number);
    if (!taken && office->count == LINES)
        snprintf(error, error_size, "no more than %d soft modems can share a clock", LINES);
    if (taken || office->count == LINES) return false;
    if (office->count == 0) office->at = 0; /* its clock begins anew with its first line */
    office->lines[office->count++] = line;
    office->owners++;
    return true;
}

struct fl_soft_line *fl_soft_open(struct fl_soft *office, const struct fl_soft_config *config, char *error,
                                  size_t error_size)
{
    struct fl_soft_line *line = calloc(1, sizeof *line);
    if (!line || !fl_softmodem_init(&line->modem)) {
        snprintf(error, error_size, "no memory for a soft modem");
        free(line);
        return NULL;
    }
    line->pipe.ops = &OPS;
    line->office = office;
    line->owners = 1;
    line->has_far = config->far != 0;
    line->audio_config = config->audio;
    line->seed = config->audio.seed;
    memcpy(line->number, config->number, sizeof line->number - 1);
    fl_terminal_init(&line->far, &config->terminal);
    pthread_mutex_lock(&office->mutex);
    bool entered = enter_office(line, error, error_size);
    pthread_mutex_unlock(&office->mutex);
    if (entered) return line;
    fl_softmodem_close(&line->modem);
    free(line);
    return NULL;
}

void fl_soft_close(struct fl_soft_line *line)
{
    disown(line);
}

struct fl_pipe *fl_soft_pipe(struct fl_soft_line *line)
{
    pthread_mutex_lock(&line->office->mutex);
    line->owners++;
    leave(line);
    return &line->pipe;
}

void fl_soft_call(struct fl_soft_line *line, const struct fl_terminal_config *terminal)
{
    pthread_mutex_lock(&line->office->mutex);
    line->far.config = *terminal;
    line->call_wanted = true;
    settle(line->office);
    leave(line);
}

void fl_soft_outcome(struct fl_soft_line *line, struct fl_terminal_outcome *outcome)
{
    pthread_mutex_lock(&line->office->mutex);
    *outcome = line->far.outcome;
    leave(line);
}

int64_t fl_soft_held_us(struct fl_soft_line *line)
{
    pthread_mutex_lock(&line->office->mutex);
    fl_time held = line->held;
    leave(line);
    return held;
}
