/* The world of a scripted call: our station on its simulated modem, a line, the far end's ear, and time. */
#include "calls.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORK_LIMIT 100000

void world_note(struct world *w, const char *format, ...)
{
    va_list arguments;
    if (!w->log) return;
    fprintf(w->log, "%9.3f   script         ", (double)w->now / 1e6);
    va_start(arguments, format);
    vfprintf(w->log, format, arguments);
    va_end(arguments);
    fputc('\n', w->log);
}

static void drain_trace(struct world *w)
{
    struct fl_trace_record record;
    while (fl_trace_take(&w->trace, &record)) {
        char text[400] = "";
        const char *kind = fl_trace_kind_name(record.kind);
        fprintf(w->log, "%9.3f %d %-14s ", (double)record.time_us / 1e6, record.station, kind);
        if (strncmp(kind, "frame", 5) == 0) {
            fl_frame_text(record.data, record.length, text, sizeof text);
            fprintf(w->log, "%s %s\n", fl_frame_name(record.data, record.length), text);
        } else {
            fprintf(w->log, "%.*s\n", record.length, (const char *)record.data);
        }
    }
}

/* ---- the far end's ear ---- */

static struct heard *open_item(const struct world *w)
{
    struct heard *last = w->heard_count ? &w->heard[w->heard_count - 1] : NULL;
    return last && !last->over ? last : NULL;
}

static void hear_signal(struct world *w, const struct fl_line_event *event)
{
    struct heard *open = open_item(w);
    if (open) {
        open->over = true;
        open->end = event->end;
    }
    if (event->signal == FL_SIGNAL_SILENCE) return;
    if (w->heard_count == w->heard_cap) {
        w->heard_cap = w->heard_cap ? 2 * w->heard_cap : 16;
        w->heard = realloc(w->heard, (size_t)w->heard_cap * sizeof *w->heard);
        if (!w->heard) abort();
    }
    struct heard *item = &w->heard[w->heard_count++];
    memset(item, 0, sizeof *item);
    item->signal = event->signal;
    item->code = event->code;
    item->start = event->end;
}

static void hear(struct world *w, const struct fl_line_event *event)
{
    struct heard *open = open_item(w);
    if (event->kind == FL_HEARD_SIGNAL) {
        hear_signal(w, event);
    } else if (event->kind == FL_HEARD_FRAME && open && open->frame_count < CALL_FRAMES) {
        struct heard_frame *frame = &open->frames[open->frame_count++];
        frame->length = event->length;
        memcpy(frame->octets, event->octets, event->length);
    } else if (event->kind == FL_HEARD_DATA && open) {
        if (open->cap - open->length < event->length) {
            open->cap = 2 * open->cap + 65536;
            open->data = realloc(open->data, open->cap);
            if (!open->data) abort();
        }
        memcpy(open->data + open->length, event->octets, event->length);
        open->length += event->length;
    }
}

static bool listen(struct world *w)
{
    const struct fl_line_event *event = w->joined ? fl_line_peek(&w->line, 1) : NULL;
    if (!event || event->end > w->now) return false;
    hear(w, event);
    fl_line_take(&w->line, 1);
    return true;
}

/* ---- our end ---- */

static bool exchange_octets(struct world *w)
{
    uint8_t octets[2048];
    size_t got = fl_simmodem_read(&w->modem, octets, sizeof octets, w->now);
    if (got) fl_station_input(&w->station, octets, got, w->now);
    size_t room = fl_simmodem_room(&w->modem);
    if (room > sizeof octets) room = sizeof octets;
    size_t given = room ? fl_station_output(&w->station, octets, room, w->now) : 0;
    if (given) fl_simmodem_write(&w->modem, octets, given, w->now);
    return got || given;
}

/* A store that takes its time, or cannot. */
static enum fl_kept keep(void *ctx)
{
    struct world *w = (struct world *)(void *)((char *)ctx - offsetof(struct world, store));
    struct fl_t30_inbox inbox = fl_store_inbox(&w->store);
    w->store.number = w->received;
    if (w->store_time) world_plan(w, PLAN_STORED, w->now + w->store_time);
    if (w->store_fails) return w->store_time ? FL_KEEPING : FL_NOT_KEPT;
    enum fl_kept kept = inbox.keep(&w->store);
    return w->store_time ? FL_KEEPING : kept;
}

static void start_fax(struct world *w)
{
    w->config.pen = w->station.pen;
    w->config.send_modulations = w->config.abilities.modulations;
    w->config.send_modulations &= fl_job_modulations(&w->station.driver, false);
    w->config.abilities.modulations &= fl_job_modulations(&w->station.driver, w->receives);
    if (w->sends) w->config.outbox = fl_sending_outbox(&w->sending, w->document);
    if (w->receives) w->config.inbox = fl_store_inbox(&w->store);
    if (w->receives) w->config.inbox.keep = keep;
    fl_station_fax(&w->station, &w->config, w->now);
}

static bool take_events(struct world *w)
{
    struct fl_station_event event;
    bool any = false;
    while (fl_station_event(&w->station, &event)) {
        any = true;
        if (event.kind == FL_STATION_CALL && event.state == FL_CALL_RING_INCOMING)
            fl_station_answer(&w->station, w->now);
        if (event.kind == FL_STATION_CALL && event.state == FL_CALL_ANSWERED) start_fax(w);
        if (event.kind != FL_STATION_T30) continue;
        w->sent = event.t30.sent;
        w->received = event.t30.received;
        if (event.t30.kind == FL_T30_NEGOTIATED) w->negotiated++;
        if (event.t30.kind == FL_T30_PAGE) w->pages = event.t30.pages;
        if (event.t30.kind == FL_T30_ENDED) {
            w->ended = true;
            w->ended_at = w->now;
            w->raw = event.t30.raw;
            w->pages = event.t30.pages;
            world_note(w, "our fax has ended: %s", fl_raw_code(w->raw));
        }
    }
    return any;
}

static bool work(struct world *w)
{
    bool any = exchange_octets(w);
    if (fl_simmodem_deadline(&w->modem) <= w->now) {
        fl_simmodem_tick(&w->modem, w->now);
        any = true;
    }
    if (fl_station_deadline(&w->station) <= w->now) {
        fl_station_tick(&w->station, w->now);
        any = true;
    }
    any |= take_events(w);
    any |= listen(w);
    drain_trace(w);
    return any;
}

/* ---- time ---- */

void world_plan(struct world *w, enum plan_kind kind, fl_time at)
{
    int free = 0;
    while (free < w->plan_count && w->plans[free].at != FL_NEVER) free++;
    if (free == CALL_PLANS) return;
    w->plans[free].at = at;
    w->plans[free].kind = kind;
    if (free == w->plan_count) w->plan_count++;
}

void world_drop(struct world *w)
{
    world_note(w, "the far end drops the call");
    fl_line_cut(&w->line, 1, w->now);
    fl_simmodem_disconnect(&w->modem, w->now);
    w->dropped = true;
}

void world_make_page(struct world *w, struct fl_document *document)
{
    if (w->made == w->sheet_count) return;
    const struct sheet *sheet = &w->sheets[w->made++];
    const struct fl_resolution_row *row = &FL_RESOLUTIONS[sheet->resolution];
    uint8_t *bitmap = sheet_bitmap(sheet, w->made);
    if (sheet->separate) fl_document_separate(document);
    if (fl_document_add_page(document, sheet_width(sheet), row->x_dpi, row->y_dpi, bitmap, sheet->rows))
        world_note(w, "sheet %d is no page of a fax", w->made);
    free(bitmap);
}

/* As channel/thread.c has it: a page more, and with the last one that there are no others. */
static void make_more(struct world *w)
{
    struct fl_document *piece = fl_document_new();
    world_make_page(w, piece);
    world_note(w, "page %d is ready", w->made);
    fl_document_append(w->document, piece);
    w->document->open = w->made < w->sheet_count;
    fl_station_more(&w->station, 1, w->now);
}

static void carry_out(struct world *w, enum plan_kind kind)
{
    switch (kind) {
    case PLAN_STOP:
        world_note(w, "stop()");
        fl_station_stop(&w->station, FL_RAW_STOP, w->now);
        break;
    case PLAN_HANG_UP:
        world_note(w, "hang_up()");
        fl_station_hang_up(&w->station, w->now);
        break;
    case PLAN_DROP: world_drop(w); break;
    case PLAN_MORE: make_more(w); break;
    case PLAN_STORED:
        world_note(w, w->store_fails ? "the page cannot be stored" : "the page is stored");
        fl_t30_stored(&w->station.engine, !w->store_fails, w->now);
        fl_station_tick(&w->station, w->now);
        break;
    }
}

static bool carry_out_plans(struct world *w)
{
    bool any = false;
    for (int i = 0; i < w->plan_count; i++) {
        if (w->plans[i].at > w->now) continue;
        w->plans[i].at = FL_NEVER;
        w->interrupted |= w->plans[i].kind != PLAN_STORED && w->plans[i].kind != PLAN_MORE;
        carry_out(w, w->plans[i].kind);
        any = true;
    }
    return any;
}

static void settle(struct world *w)
{
    int rounds = 0;
    do {
        while (work(w))
            if (++rounds > WORK_LIMIT) {
                world_note(w, "the simulation does not come to rest");
                w->stuck = true;
                return;
            }
    } while (carry_out_plans(w));
}

bool world_step(struct world *w, fl_time limit)
{
    settle(w);
    fl_time at = fl_earlier(fl_simmodem_deadline(&w->modem), fl_station_deadline(&w->station));
    const struct fl_line_event *event = w->joined ? fl_line_peek(&w->line, 1) : NULL;
    if (event) at = fl_earlier(at, event->end);
    for (int i = 0; i < w->plan_count; i++) at = fl_earlier(at, w->plans[i].at);
    if (at > limit || w->stuck) {
        if (limit > w->now) w->now = limit;
        return false;
    }
    if (at > w->now) w->now = at;
    settle(w);
    return true;
}

void world_run(struct world *w, fl_time until)
{
    while (world_step(w, until)) continue;
}

/* ---- the call ---- */

/* Without a log nobody reads a trace. */
static struct fl_pen pen_of(struct world *w)
{
    return (struct fl_pen){w->log ? &w->trace : NULL, 0};
}

void world_open(struct world *w, FILE *log)
{
    w->log = log;
    struct fl_pen pen = pen_of(w);
    fl_faults_init(&w->faults, 1, pen);
    fl_watch_init(&w->watch, pen);
    fl_store_init(&w->store, true);
    fl_simmodem_init(&w->modem, fl_simmodem_row(NULL), 0, &w->faults, 0);
    fl_station_init(&w->station, NULL, pen, 0);
    w->document = fl_document_new();
}

bool world_connect(struct world *w)
{
    struct fl_pen pen = pen_of(w);
    world_run(w, FL_SEC(3)); /* the modem is brought up */
    if (w->dials)
        fl_station_dial(&w->station, "5550100", w->now);
    else
        fl_simmodem_ring(&w->modem, true, w->now);
    enum fl_hook wanted = w->dials ? FL_HOOK_DIALLING : FL_HOOK_ANSWERING;
    fl_time limit = w->now + FL_SEC(15);
    while (fl_simmodem_hook(&w->modem) != wanted)
        if (!world_step(w, limit)) return false;
    if (w->dials) world_run(w, w->now + FL_SEC(1));
    fl_line_init(&w->line, w->delay, &w->faults, &w->watch, pen);
    fl_simmodem_connect(&w->modem, &w->line, 0, w->now);
    w->joined = true;
    w->joined_at = w->now;
    w->cursor = w->now;
    return true;
}

void world_close(struct world *w)
{
    for (int i = 0; i < w->heard_count; i++) free(w->heard[i].data);
    free(w->heard);
    fl_document_free(w->document);
    fl_store_free(&w->store);
}
