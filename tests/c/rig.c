/* The bench: joining the two ends, moving their octets, keeping time, the called end's tray, made-up pages. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_AFTER  FL_MS(100)
#define WORK_LIMIT  20000
#define AFTERMATH   FL_SEC(90) /* both idle: what else might stir */
#define TRAY_OCTETS (4u << 20)

static uint8_t tray[TRAY_OCTETS];

/* ---- the tray ---- */

static void tray_begin(void *ctx, const struct fl_session *session, const char *remote_id, int document)
{
    struct rig *rig = ((struct rig_box *)ctx)->rig;
    (void)remote_id;
    (void)document;
    rig->work = (struct rig_kept){.session = *session, .at = rig->tray_used};
}

/* It does not decode yet: octets stand for rows. */
static uint32_t tray_data(void *ctx, const uint8_t *octets, size_t length)
{
    struct rig *rig = ((struct rig_box *)ctx)->rig;
    size_t room = TRAY_OCTETS - rig->work.at - rig->work.length;
    if (length > room) length = room;
    memcpy(tray + rig->work.at + rig->work.length, octets, length);
    rig->work.length += length;
    return (uint32_t)rig->work.length; /* octets stand for rows */
}

static struct fl_copy_quality tray_end(void *ctx)
{
    struct rig *rig = ((struct rig_box *)ctx)->rig;
    struct rig_kept *work = &rig->work;
    const uint8_t *row;
    struct fl_t4_format format = {
        .coding = work->session.coding,
        .from_line = true,
        .width_px = FL_RESOLUTIONS[work->session.resolution].width_px[work->session.width],
    };
    fl_t4_decoder_init(&rig->decoder, &format);
    fl_t4_decoder_feed(&rig->decoder, tray + work->at, work->length);
    fl_t4_decoder_end(&rig->decoder);
    while (fl_t4_decoder_row(&rig->decoder, &row) == FL_T4_ROW) continue;
    work->rows = rig->decoder.rows;
    work->bad_rows = rig->decoder.bad_rows;
    work->ended = rig->decoder.end_seen;
    work->good_bits = rig->decoder.good_bits;
    bool cut = !rig->decoder.end_seen && rig->decoder.bad_run > 0;
    return (struct fl_copy_quality){work->rows, work->bad_rows, fl_t4_decoder_lost(&rig->decoder),
                                    work->ended, cut};
}

static enum fl_kept tray_keep(void *ctx)
{
    struct rig *rig = ((struct rig_box *)ctx)->rig;
    int end = ((struct rig_box *)ctx)->end;
    rig->work.of = rig->end[!end].station.engine.page;
    rig->work.by = (uint8_t)end;
    if (rig->kept_count < RIG_KEPT) rig->kept[rig->kept_count] = rig->work;
    rig->kept_count++;
    rig->tray_used += rig->work.length;
    if (rig->plan->store_time == 0) return FL_KEPT;
    rig->stored_at = rig->now + rig->plan->store_time;
    rig->storing = end;
    return FL_KEEPING;
}

const uint8_t *rig_octets(const struct rig_kept *kept)
{
    return tray + kept->at;
}

/* ---- the two applications ---- */

static struct fl_pen pen_of(const struct rig *rig, int end)
{
    return (struct fl_pen){rig->trace, (uint8_t)end};
}

const struct fl_document *rig_document(const struct rig_plan *plan, int end)
{
    if (end == plan->sender) return plan->document;
    return plan->both[end] ? plan->answer : NULL;
}

static void start_fax(struct rig *rig, int end)
{
    const struct rig_plan *plan = rig->plan;
    const struct fl_document *document = rig_document(plan, end);
    struct fl_t30_config config = plan->config[end];
    config.caller = end == plan->sender;
    config.polling = plan->sender == 1;
    config.both = plan->both[end];
    config.pen = pen_of(rig, end);
    if (document) config.outbox = fl_sending_outbox(&rig->sending[end], document);
    if (config.both || !config.caller)
        config.inbox = (struct fl_t30_inbox){&rig->box[end], tray_begin, tray_data, tray_end, tray_keep};
    rig->end[end].started++;
    fl_station_fax(&rig->end[end].station, &config, rig->now);
}

static void t30_event(struct rig *rig, int end, const struct fl_t30_event *event)
{
    struct rig_end *self = &rig->end[end];
    if (event->kind == FL_T30_NEGOTIATED) self->negotiated++;
    self->sent = event->sent;
    self->received = event->received;
    if (event->kind == FL_T30_PAGE) self->pages = event->pages;
    if (event->kind != FL_T30_ENDED) return;
    self->ended++;
    self->raw = event->raw;
    self->pages = event->pages;
    if (self->station.state == FL_STATION_CONNECTED || self->station.state == FL_STATION_VOICE)
        self->hang_up_at = rig->now + rig->plan->hang_up_after[end];
}

static bool take_events(struct rig *rig, int end)
{
    struct rig_end *self = &rig->end[end];
    struct fl_station_event event;
    bool any = false;
    while (fl_station_event(&self->station, &event)) {
        any = true;
        if (event.kind == FL_STATION_T30) t30_event(rig, end, &event.t30);
        if (event.kind != FL_STATION_CALL) continue;
        if (event.state == FL_CALL_RING_INCOMING) fl_station_answer(&self->station, rig->now);
        if (event.state == FL_CALL_ANSWERED) self->fax_at = rig->now + rig->plan->fax_after[end];
        if (event.state == FL_CALL_IDLE) self->fax_at = self->hang_up_at = FL_NEVER;
    }
    return any;
}

/* True when it did something. */
static bool application(struct rig *rig, int end)
{
    struct rig_end *self = &rig->end[end];
    bool any = take_events(rig, end);
    if (self->fax_at <= rig->now) {
        self->fax_at = FL_NEVER;
        start_fax(rig, end);
        any = true;
    }
    if (self->hang_up_at <= rig->now) {
        self->hang_up_at = FL_NEVER;
        fl_station_hang_up(&self->station, rig->now);
        any = true;
    }
    return any;
}

static bool follow_orders(struct rig *rig)
{
    const struct rig_plan *plan = rig->plan;
    if (rig->orders_done == plan->order_count) return false;
    const struct rig_order *order = &plan->orders[rig->orders_done];
    if (rig->dialled + order->at > rig->now) return false;
    rig->orders_done++;
    if (order->kind == RIG_STOP)
        fl_station_stop(&rig->end[order->end].station, FL_RAW_STOP, rig->now);
    else
        fl_station_hang_up(&rig->end[order->end].station, rig->now);
    return true;
}

static bool finish_storing(struct rig *rig)
{
    if (rig->stored_at > rig->now) return false;
    rig->stored_at = FL_NEVER;
    fl_station_stored(&rig->end[rig->storing].station, true, rig->now);
    return true;
}

/* ---- the exchange ---- */

static bool hook_is_up(const struct rig *rig, int end)
{
    enum fl_hook hook = fl_simmodem_hook(&rig->end[end].modem);
    return !fl_simmodem_dead(&rig->end[end].modem) && hook != FL_HOOK_ON && hook != FL_HOOK_RINGING;
}

static void join(struct rig *rig)
{
    fl_line_init(&rig->line, rig->plan->delay, &rig->faults, &rig->watch, pen_of(rig, 0));
    for (int end = 0; end < 2; end++) fl_simmodem_connect(&rig->end[end].modem, &rig->line, end, rig->now);
    rig->route = RIG_JOINED;
    rig->joined = rig->silent_since = rig->now;
}

static bool exchange(struct rig *rig)
{
    struct fl_simmodem *called = &rig->end[1].modem;
    bool up[2] = {hook_is_up(rig, 0), hook_is_up(rig, 1)};
    switch (rig->route) {
    case RIG_FREE:
        if (fl_simmodem_hook(&rig->end[0].modem) != FL_HOOK_DIALLING) return false;
        fl_simmodem_ring(called, true, rig->now);
        rig->route = RIG_RINGING;
        return true;
    case RIG_RINGING:
        if (up[0] && fl_simmodem_hook(called) != FL_HOOK_ANSWERING) return false;
        if (up[0]) {
            join(rig);
        } else {
            fl_simmodem_ring(called, false, rig->now);
            rig->route = RIG_OVER;
        }
        return true;
    case RIG_JOINED:
        if (up[0] && up[1]) return false;
        for (int end = 0; end < 2; end++)
            if (up[end]) fl_simmodem_disconnect(&rig->end[end].modem, rig->now);
        rig->route = RIG_OVER;
        rig->over = rig->now;
        return true;
    default: return false;
    }
}

/* ---- octets and time ---- */

static void hash(struct rig *rig, uint64_t value)
{
    rig->hash = (rig->hash ^ value) * 0x100000001B3u;
    rig->hash ^= rig->hash >> 29;
}

static void hash_octets(struct rig *rig, int end, bool up, const uint8_t *octets, size_t length)
{
    hash(rig, (uint64_t)rig->now << 20 ^ (uint64_t)length << 2 ^ (uint64_t)up << 1 ^ (uint64_t)end);
    for (; length >= 8; octets += 8, length -= 8) {
        uint64_t eight;
        memcpy(&eight, octets, 8);
        hash(rig, eight);
    }
    while (length--) hash(rig, *octets++);
}

static bool move_octets(struct rig *rig, int end)
{
    struct rig_end *self = &rig->end[end];
    uint8_t octets[2048];
    size_t got = fl_simmodem_read(&self->modem, octets, sizeof octets, rig->now);
    if (got) {
        hash_octets(rig, end, true, octets, got);
        fl_station_input(&self->station, octets, got, rig->now);
    }
    size_t room = fl_simmodem_room(&self->modem);
    if (room > sizeof octets) room = sizeof octets;
    size_t given = room ? fl_station_output(&self->station, octets, room, rig->now) : 0;
    if (given) {
        hash_octets(rig, end, false, octets, given);
        fl_simmodem_write(&self->modem, octets, given, rig->now);
    }
    return got || given;
}

static bool tick_end(struct rig *rig, int end)
{
    struct rig_end *self = &rig->end[end];
    bool any = move_octets(rig, end);
    if (fl_simmodem_deadline(&self->modem) <= rig->now) {
        fl_simmodem_tick(&self->modem, rig->now);
        any = true;
    }
    if (fl_station_deadline(&self->station) <= rig->now) {
        fl_station_tick(&self->station, rig->now);
        any = true;
    }
    if (fl_simmodem_dead(&self->modem)) fl_station_unplugged(&self->station, rig->now);
    return application(rig, end) || any;
}

static bool work(struct rig *rig)
{
    bool any = tick_end(rig, 0);
    any |= tick_end(rig, 1);
    any |= exchange(rig);
    any |= follow_orders(rig);
    any |= finish_storing(rig);
    return any;
}

static fl_time next_deadline(const struct rig *rig)
{
    const struct rig_plan *plan = rig->plan;
    fl_time next = rig->stored_at;
    if (rig->orders_done < plan->order_count)
        next = fl_earlier(next, rig->dialled + plan->orders[rig->orders_done].at);
    for (int end = 0; end < 2; end++) {
        const struct rig_end *self = &rig->end[end];
        next = fl_earlier(next, fl_simmodem_deadline(&self->modem));
        next = fl_earlier(next, fl_station_deadline(&self->station));
        next = fl_earlier(next, fl_earlier(self->fax_at, self->hang_up_at));
    }
    return next;
}

static bool audible(const struct rig *rig, int end)
{
    const struct fl_line_sender *sender = &rig->line.sender[end];
    return sender->signal != FL_SIGNAL_SILENCE && !sender->muted;
}

static void measure_silence(struct rig *rig)
{
    if (rig->route != RIG_JOINED) return;
    if (audible(rig, 0) || audible(rig, 1)) {
        rig->silent_since = FL_NEVER;
        return;
    }
    if (rig->silent_since == FL_NEVER) rig->silent_since = rig->now;
    if (rig->now - rig->silent_since <= rig->silence) return;
    rig->silence = rig->now - rig->silent_since;
    rig->silence_at = rig->now;
}

static bool idle(const struct rig *rig)
{
    for (int end = 0; end < 2; end++) {
        const struct rig_end *self = &rig->end[end];
        bool rests = self->station.state == FL_STATION_ON_HOOK || self->station.state == FL_STATION_DEAD;
        if (!rests || self->station.fax || hook_is_up(rig, end)) return false;
    }
    return rig->route == RIG_FREE || rig->route == RIG_OVER;
}

static void print_record(const struct fl_trace_record *record)
{
    char text[400] = "";
    const char *kind = fl_trace_kind_name(record->kind);
    printf("%9.3f %d %-14s ", (double)record->time_us / 1e6, record->station, kind);
    if (strncmp(kind, "frame", 5) == 0) {
        fl_frame_text(record->data, record->length, text, sizeof text);
        printf("%s %s\n", fl_frame_name(record->data, record->length), text);
    } else {
        printf("%.*s\n", record->length, (const char *)record->data);
    }
}

static void drain(struct rig *rig)
{
    struct fl_trace_record record;
    while (rig->trace && fl_trace_take(rig->trace, &record))
        (rig->reader ? rig->reader : print_record)(&record);
}

/* To the next moment at which there is anything to do; false when there is none, or no end to it. */
static bool step(struct rig *rig, fl_time until)
{
    int rounds = 0;
    while (work(rig)) {
        drain(rig);
        rig->rounds++;
        if (++rounds > WORK_LIMIT) {
            rig->stuck = true;
            return false;
        }
    }
    measure_silence(rig);
    fl_time next = next_deadline(rig);
    if (next > until) return false;
    if (next > rig->now) rig->now = next;
    measure_silence(rig);
    return true;
}

static void prepare(struct rig *rig, const struct rig_plan *plan, struct fl_trace *trace)
{
    rig->plan = plan;
    rig->trace = trace;
    rig->now = rig->dialled = rig->joined = rig->over = rig->silence = rig->silence_at = 0;
    rig->silent_since = rig->stored_at = FL_NEVER;
    rig->route = RIG_FREE;
    rig->orders_done = rig->kept_count = 0;
    rig->hash = rig->rounds = 0;
    rig->stuck = rig->late = false;
    rig->tray_used = 0;
    rig->work = (struct rig_kept){0};
    fl_faults_init(&rig->faults, plan->seed, pen_of(rig, 0));
    for (int i = 0; i < plan->fault_count; i++) fl_faults_add(&rig->faults, &plan->faults[i]);
    fl_watch_init(&rig->watch, pen_of(rig, 0));
    for (int end = 0; end < 2; end++) {
        struct rig_end *self = &rig->end[end];
        self->started = self->ended = self->raw = self->pages = self->negotiated = 0;
        self->sent = self->received = 0;
        rig->box[end] = (struct rig_box){rig, end};
        self->fax_at = self->hang_up_at = FL_NEVER;
        fl_simmodem_init(&self->modem, &plan->row[end], end, &rig->faults, 0);
        fl_station_init(&self->station, plan->profile[end], pen_of(rig, end), 0);
    }
}

static bool up(const struct rig *rig, int end)
{
    return rig->end[end].station.state != FL_STATION_INIT;
}

void rig_plan_end(struct rig_plan *plan, int end)
{
    struct fl_t30_config *config = &plan->config[end];
    config->abilities = (struct fl_abilities){
        .modulations = FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17,
        .can_receive = true,
        .ecm = true,
        .mr = true,
        .mmr = true,
        FL_EVERY_PAGE,
    };
    config->min_rate_bps = 2400;
    config->max_rate_bps = 14400;
    config->high_res = -1;
    config->coding = -1;
    config->seed = 1;
    strcpy(config->id, end == 0 ? "5550001" : "5550100");
    plan->row[end] = *fl_simmodem_row(NULL);
    plan->profile[end] = fl_class1_profile(NULL);
}

void rig_run(struct rig *rig, const struct rig_plan *plan, struct fl_trace *trace)
{
    prepare(rig, plan, trace);
    while (!(up(rig, 0) && up(rig, 1)) && step(rig, FL_SEC(60))) continue;
    rig->dialled = rig->now;
    fl_station_dial(&rig->end[0].station, "5550100", rig->now);
    fl_time until = rig->dialled + plan->limit;
    while (!idle(rig) && step(rig, until)) continue;
    rig->late = !idle(rig) && !rig->stuck;
    if (idle(rig))
        while (step(rig, rig->now + AFTERMATH)) continue;
    drain(rig);
}

/* ---- made-up pages ---- */

struct kind_row {
    uint8_t resolution, width;
    uint16_t rows;
    uint8_t ink; /* of 256: how much of the page is noise; the rest is lines of "text" */
};

/* Most are small: a call must cost little. A few fill more than one ECM block. */
static const struct kind_row KINDS[] = {
    {FL_R8_385, FL_A4, 24, 0},   {FL_R8_77, FL_A4, 40, 0},    {FL_R8_385, FL_A4, 12, 40},
    {FL_R8_77, FL_A4, 60, 20},   {FL_R8_385, FL_B4, 30, 0},   {FL_R8_77, FL_A3, 50, 10},
    {FL_R8_154, FL_A4, 80, 0},   {FL_200_100, FL_A4, 25, 0},  {FL_200_200, FL_A4, 45, 10},
    {FL_200_400, FL_A4, 70, 0},  {FL_300_300, FL_A4, 60, 0},  {FL_400_400, FL_A4, 64, 0},
    {FL_R16_154, FL_A4, 48, 0},  {FL_R16_154, FL_A3, 32, 10}, {FL_R8_385, FL_A4, 1, 0},
    {FL_R8_77, FL_A4, 2, 255},   {FL_R8_77, FL_A4, 200, 30},  {FL_R8_385, FL_A4, 160, 80},
    {FL_R8_77, FL_A4, 400, 100}, {FL_R8_77, FL_A4, 900, 200},
};

static void draw_row(const struct kind_row *kind, uint8_t *row, size_t octets, uint32_t y, uint64_t *random)
{
    memset(row, 0, octets);
    for (size_t i = octets / 10; i < octets - octets / 10; i++) {
        uint64_t r = fl_random(random);
        if ((r & 255) < kind->ink)
            row[i] = (uint8_t)(r >> 8 & r >> 16);
        else if (y % 16 < 9 && (r >> 8 & 3) == 0)
            row[i] = (uint8_t)(0x3C << (r >> 12 & 3));
    }
}

static void add_page(struct fl_document *document, const struct kind_row *kind, uint64_t seed)
{
    const struct fl_resolution_row *resolution = &FL_RESOLUTIONS[kind->resolution];
    int width_px = resolution->width_px[kind->width];
    size_t octets = (size_t)width_px / 8;
    uint8_t *rows = malloc(octets * kind->rows);
    for (uint32_t y = 0; y < kind->rows; y++) draw_row(kind, rows + y * octets, octets, y, &seed);
    if (fl_document_add_page(document, width_px, resolution->x_dpi, resolution->y_dpi, rows, kind->rows))
        abort();
    free(rows);
}

const struct fl_document_page *rig_pool(void)
{
    static struct fl_document *document;
    if (document) return document->pages;
    document = fl_document_new();
    for (int i = 0; i < RIG_POOL; i++)
        add_page(document, &KINDS[(size_t)i % FL_COUNT(KINDS)], (uint64_t)i + 1);
    fl_document_measure(document);
    return document->pages;
}
