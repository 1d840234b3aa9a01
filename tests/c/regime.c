/* The fault regime: whole calls by the hundred thousand, each drawn from one number, and what must hold after each.
 *
 *     regime [-n COUNT] [-s FIRST_SEED] [-v]     calls of COUNT seeds
 *     regime --seeds FILE                        the seeds of a file, one a line, # comments
 *     regime --faults [-v]                       each fault at operation 1, 2, 3 ... of a list of plain calls
 *
 * A broken invariant is printed with the seed (or the call, fault and operation) that shows it again; -v prints that
 * call's trace. Exit status 1 when anything was broken.
 */
#define _POSIX_C_SOURCE 200809L
#include "rig.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A plan and what the invariants must know of how it was made. */
struct call {
    struct rig_plan plan;
    struct fl_document document;
    struct fl_document_page pages[RIG_PAGES];
    char name[64];
};

static struct rig rig;
static struct fl_trace trace;
static long broken_count;
static long cause_counts[FL_RAW_COUNT];

/* ---- drawing a call ---- */

static unsigned draw(uint64_t *random, unsigned count)
{
    return (unsigned)(fl_random(random) % count);
}

static bool chance(uint64_t *random, unsigned percent)
{
    return draw(random, 100) < percent;
}

static void draw_document(struct call *call, uint64_t *random)
{
    const struct fl_document_page *pool = rig_pool();
    unsigned first = draw(random, RIG_POOL);
    bool alike = chance(random, 60);
    call->document.count = chance(random, 45) ? 1 : 1 + (int)draw(random, RIG_PAGES);
    for (int i = 0; i < call->document.count; i++) {
        /* Rows of one kind lie 20 apart in the pool. */
        unsigned index = alike ? (first + 20 * draw(random, 2)) % RIG_POOL : draw(random, RIG_POOL);
        if (pool[index].length > 20000 && chance(random, 90)) index = draw(random, 12);
        call->pages[i] = pool[index];
    }
    call->document.pages = call->pages;
    call->plan.document = &call->document;
}

/* The sets that a DIS can name. */
static const uint8_t MODULATIONS[] = {
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17,
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17,
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29,
    FL_CAN_V27_2400 | FL_CAN_V27_4800,
    FL_CAN_V27_2400,
    FL_CAN_V29,
};

static const uint16_t RATES[] = {2400, 4800, 7200, 9600, 12000, 14400};

static void draw_receiver(struct call *call, uint64_t *random)
{
    struct fl_t30_config *config = &call->plan.config[!call->plan.sender];
    struct fl_abilities *can = &config->abilities;
    can->modulations = MODULATIONS[draw(random, FL_COUNT(MODULATIONS))];
    can->can_receive = !chance(random, 1);
    can->ecm = chance(random, 70);
    can->ecm_64 = can->ecm && chance(random, 25);
    can->mr = chance(random, 70);
    can->mmr = can->ecm && chance(random, 70);
    can->inch = chance(random, 50);
    can->half_scan_154 = chance(random, 30);
    /* Each row's bit is its own, but metric and inch rows share it: so does what is offered. */
    uint8_t finer = (uint8_t)draw(random, 16);
    can->resolutions = 1u << FL_R8_385 | 1u << FL_200_100;
    if (finer & 1 || chance(random, 50)) can->resolutions |= 1u << FL_R8_77 | 1u << FL_200_200;
    if (finer & 2) can->resolutions |= 1u << FL_R8_154 | 1u << FL_200_400;
    if (finer & 4) can->resolutions |= 1u << FL_300_300;
    if (finer & 8) can->resolutions |= 1u << FL_R16_154 | 1u << FL_400_400;
    can->width = (uint8_t)draw(random, 3);
    can->length = (uint8_t)draw(random, 3);
    can->min_scan = chance(random, 50) ? 7 : (uint8_t)draw(random, 8);
    can->sub = chance(random, 50);
    can->password = chance(random, 50);
    if (chance(random, 60)) strcpy(config->id, "+1 555 0100");
    if (chance(random, 2)) config->training_verdict = FL_ALWAYS_BAD;
    if (chance(random, 4)) config->page_verdict = chance(random, 50) ? FL_ALWAYS_BAD : FL_NEVER_READY;
    config->min_rate_bps = 2400;
    config->max_rate_bps = 14400;
    config->seed = fl_random(random);
}

static void draw_sender(struct call *call, uint64_t *random)
{
    struct fl_t30_config *config = &call->plan.config[call->plan.sender];
    config->abilities.modulations = chance(random, 80) ? 0x0F : (uint8_t)(1 + draw(random, 15));
    config->abilities.ecm = chance(random, 75);
    config->abilities.mr = config->abilities.mmr = true;
    unsigned low = chance(random, 85) ? 0 : draw(random, FL_COUNT(RATES));
    unsigned high = chance(random, 75) ? FL_COUNT(RATES) - 1 : draw(random, FL_COUNT(RATES));
    config->min_rate_bps = RATES[low < high ? low : high];
    config->max_rate_bps = RATES[low < high ? high : low];
    config->high_res = chance(random, 80) ? -1 : (int8_t)draw(random, 2);
    config->coding = chance(random, 60) ? -1 : (int8_t)draw(random, 3);
    if (chance(random, 70)) strcpy(config->id, "5550001");
    if (chance(random, 20)) strcpy(config->sub_address, "12345");
    if (chance(random, 20)) strcpy(config->password, "99999999999999999999");
    config->seed = fl_random(random);
}

/* Of sixteen seeds in a row two are polled calls: none of them is kept in regime.seeds, so those stay the calls that they
 * were. */
static bool is_polled(uint64_t seed)
{
    return seed % 16 == 11 || seed % 16 == 13;
}

/* The document may have a name and a password, which the receiver knows, or not. */
static void draw_poll(struct call *call, uint64_t *random)
{
    struct fl_t30_config *sender = &call->plan.config[1], *receiver = &call->plan.config[0];
    sender->abilities.can_send = sender->abilities.sep = sender->abilities.password = true;
    sender->abilities.resolutions = 0x1FF;
    sender->abilities.width = FL_A3;
    sender->abilities.length = 2;
    sender->abilities.min_scan = 7;
    receiver->abilities.can_receive = true;
    sender->sub_address[0] = sender->password[0] = '\0';
    if (chance(random, 30)) strcpy(sender->selective, "4711");
    if (chance(random, 30)) strcpy(sender->password, "0815");
    if (chance(random, 95)) strcpy(receiver->selective, sender->selective);
    if (chance(random, 95)) strcpy(receiver->password, sender->password);
}

static void draw_ends(struct call *call, uint64_t *random)
{
    static const uint16_t BUFFERS[] = {4096, 4096, 1024, 300, 8192};
    for (int end = 0; end < 2; end++) {
        struct fl_simmodem_row *row = &call->plan.row[end];
        *row = *fl_simmodem_row(NULL);
        row->buffer = BUFFERS[draw(random, FL_COUNT(BUFFERS))];
        row->has_far = chance(random, 50);
        row->latency_ms = (uint16_t)(1 + draw(random, 5));
        size_t profile = 0;
        if (chance(random, 15)) profile = draw(random, 9);
        call->plan.profile[end] = fl_class1_profile_at(profile);
        /* Who waits behind CONNECT on a modem that does not need it sends more flags and zeros than it should. */
        if (call->plan.profile[end]->connect_delay_ms) call->plan.profile[end] = fl_class1_profile_at(0);
        /* The called end's modem sends flags meanwhile: 150 ms is what T.30 lets it. */
        if (chance(random, 10)) call->plan.fax_after[end] = FL_MS(draw(random, end == 0 ? 1500 : 140));
        if (chance(random, 20)) call->plan.hang_up_after[end] = FL_MS(draw(random, 4000));
    }
    if (chance(random, 15)) call->plan.store_time = FL_MS(1 + draw(random, chance(random, 80) ? 1500 : 9000));
}

/* What the arguments of the faults may be: the kinds whose default is not worth varying have 0. */
static const struct {
    uint16_t low, high;
} ARGUMENTS[FL_FAULT_KINDS] = {
    [FL_FAULT_LOST_CARRIER] = {1, 4000}, [FL_FAULT_BIT_ERRORS] = {1, 20000},
    [FL_FAULT_BURST] = {20, 4000},       [FL_FAULT_BAD_TRAINING] = {0, 1},
    [FL_FAULT_ECHO] = {50, 1500},        [FL_FAULT_LATE_CONNECT] = {1, 3000},
    [FL_FAULT_SHORT_READ] = {1, 64},     [FL_FAULT_HANGUP] = {0, 3000},
};

/* Noise is drawn apart (draw_noise), behind all else: a seed stays the call that it was. */
#define DRAWN_KINDS FL_FAULT_NOISE

static void draw_faults(struct call *call, uint64_t *random)
{
    call->plan.fault_count = chance(random, 25) ? 0 : 1 + (int)draw(random, RIG_FAULTS);
    for (int i = 0; i < call->plan.fault_count; i++) {
        struct fl_fault *fault = &call->plan.faults[i];
        unsigned kind = draw(random, DRAWN_KINDS), span = 1u + ARGUMENTS[kind].high - ARGUMENTS[kind].low;
        fault->kind = (int32_t)(kind + (chance(random, 50) ? FL_FAULT_KINDS : 0));
        fault->at = 1 + (int32_t)draw(random, chance(random, 70) ? 12 : 40);
        fault->count = chance(random, 90) ? 1 + (int32_t)draw(random, 3) : 0;
        fault->arg = ARGUMENTS[kind].high ? (int32_t)(ARGUMENTS[kind].low + draw(random, span)) : 0;
    }
}

static void draw_noise(struct call *call, uint64_t *random)
{
    if (!chance(random, 4) || call->plan.fault_count == RIG_FAULTS) return;
    call->plan.faults[call->plan.fault_count++] = (struct fl_fault){
        .kind = FL_FAULT_NOISE + (chance(random, 50) ? FL_FAULT_KINDS : 0),
        .at = 1 + (int32_t)draw(random, 6),
        .count = (int32_t)draw(random, 4),
    };
}

static void draw_orders(struct call *call, uint64_t *random)
{
    if (!chance(random, 15)) return;
    struct rig_order *order = &call->plan.orders[call->plan.order_count++];
    order->kind = (uint8_t)draw(random, 2);
    order->end = (uint8_t)draw(random, 2);
    order->at = FL_US(fl_random(random) % (uint64_t)FL_SEC(45));
    if (!chance(random, 20)) return;
    call->plan.orders[1] = *order;
    call->plan.orders[1].kind = (uint8_t)draw(random, 2);
    call->plan.orders[1].at += FL_US(draw(random, 2000000));
    call->plan.order_count = 2;
}

/* A line that loses or damages every carrier lets some frames of each burst through: the sender goes on for as long as a
 * session may last at all. */
static bool damages_for_ever(const struct call *call)
{
    for (int i = 0; i < call->plan.fault_count; i++) {
        const struct fl_fault *fault = &call->plan.faults[i];
        int kind = fault->kind % FL_FAULT_KINDS;
        bool damages = kind == FL_FAULT_LOST_CARRIER || kind == FL_FAULT_BIT_ERRORS || kind == FL_FAULT_BURST;
        if (damages && fault->count == 0) return true;
    }
    return false;
}

/* What no call may outlast: every page at 2400 with fill as many times as anything may be sent again, and the waits. */
static fl_time limit_of(const struct call *call)
{
    fl_time limit = FL_SEC(400);
    if (damages_for_ever(call)) return FL_SEC(700) + call->document.count * FL_SEC(3600);
    for (int i = 0; i < call->document.count; i++) {
        const struct fl_document_page *page = &call->pages[i];
        fl_time coded = FL_MS((fl_time)page->sizes[FL_CODING_MH] * 8 * 1000 / 2400);
        fl_time filled = FL_MS((fl_time)page->shape.rows * 45);
        limit += 12 * (coded + filled + FL_SEC(60));
    }
    return limit;
}

static void draw_call(struct call *call, uint64_t seed)
{
    static const uint16_t DELAYS_MS[] = {0, 5, 20, 20, 80, 250, 400, 600};
    uint64_t random = fl_random(&(uint64_t){seed}); /* neighbours must have nothing in common */
    memset(call, 0, sizeof *call);
    snprintf(call->name, sizeof call->name, "-s %llu", (unsigned long long)seed);
    draw_document(call, &random);
    call->plan.sender = is_polled(seed);
    draw_receiver(call, &random);
    draw_sender(call, &random);
    if (call->plan.sender == 1) draw_poll(call, &random);
    draw_ends(call, &random);
    draw_faults(call, &random);
    draw_orders(call, &random);
    call->plan.delay = FL_MS(DELAYS_MS[draw(&random, FL_COUNT(DELAYS_MS))]);
    call->plan.seed = fl_random(&random);
    draw_noise(call, &random);
    call->plan.limit = limit_of(call);
}

/* ---- saying what is wrong ---- */

static bool verbose;

static void print_fault(const struct fl_fault *fault)
{
    printf("    fault %s at %d, count %d, arg %d\n", fl_fault_name(fault->kind), fault->at, fault->count,
           fault->arg);
}

static void print_call(const struct call *call)
{
    const struct rig_plan *plan = &call->plan;
    printf("  %s%d pages, delay %lld ms, limit %lld s, store %lld ms\n", plan->sender ? "polled, " : "",
           call->document.count, (long long)(plan->delay / 1000), (long long)(plan->limit / 1000000),
           (long long)(plan->store_time / 1000));
    for (int i = 0; i < call->document.count; i++)
        printf("    page %d: resolution %d, width %d, %u rows, MMR %lld octets\n", i,
               call->pages[i].shape.resolution, call->pages[i].shape.width, call->pages[i].shape.rows,
               (long long)call->pages[i].sizes[FL_CODING_MMR]);
    for (int i = 0; i < plan->fault_count; i++) print_fault(&plan->faults[i]);
    for (int i = 0; i < plan->order_count; i++)
        printf("    %s at end %d after %.3f s\n", plan->orders[i].kind == RIG_STOP ? "stop" : "hang up",
               plan->orders[i].end, (double)plan->orders[i].at / 1e6);
    for (int end = 0; end < 2; end++) {
        const struct rig_end *self = &rig.end[end];
        printf("    end %d (%s, verdicts %d %d): fax %d/%d ended, %s, %d pages; station %d, engine in %s, "
               "modem %s\n",
               end, plan->profile[end]->name, plan->config[end].training_verdict,
               plan->config[end].page_verdict, self->ended, self->started, fl_raw_code(self->raw),
               self->pages, self->station.state, fl_t30_state_name(self->station.engine.state),
               fl_simmodem_phase(&self->modem));
    }
    for (int i = 0; i < rig.kept_count && i < RIG_KEPT; i++)
        printf("    kept %d: page %d, %u rows, %u bad, %s\n", i, rig.kept[i].of, rig.kept[i].rows,
               rig.kept[i].bad_rows, rig.kept[i].ended ? "ended" : "no end");
}

static bool broken(const struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns false, so that an invariant can be one expression. */
static bool broken(const struct call *call, const char *format, ...)
{
    va_list arguments;
    if (broken_count++ < 400 || verbose) {
        printf("BROKEN regime %s: ", call->name);
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
        print_call(call);
    }
    return false;
}

/* ---- what must hold ---- */

static uint32_t struck(enum fl_fault_kind kind)
{
    return rig.faults.struck[kind] + rig.faults.struck[kind + FL_FAULT_KINDS];
}

static bool any_struck(void)
{
    for (int i = 0; i < FL_FAULT_NUMBERS; i++)
        if (rig.faults.struck[i]) return true;
    return false;
}

/* Faults that change what a fast carrier brings. */
static bool data_damaged(void)
{
    return struck(FL_FAULT_LOST_CARRIER) || struck(FL_FAULT_BIT_ERRORS) || struck(FL_FAULT_BURST) ||
           struck(FL_FAULT_BAD_TRAINING) || struck(FL_FAULT_SILENCE);
}

/* The modem said what was not so. */
static bool modem_lied(void)
{
    return struck(FL_FAULT_LATE_CONNECT) || struck(FL_FAULT_MISSING_OK) || struck(FL_FAULT_SPURIOUS_OK) ||
           struck(FL_FAULT_UNPLUG) || struck(FL_FAULT_SHORT_READ);
}

/* No order and no fault, or one that must make no difference: a line that is never silent. */
static bool plain(const struct call *call)
{
    for (int i = 0; i < FL_FAULT_NUMBERS; i++)
        if (rig.faults.struck[i] && i % FL_FAULT_KINDS != FL_FAULT_NOISE) return false;
    return call->plan.order_count == 0;
}

static bool check_rest(const struct call *call)
{
    if (rig.stuck)
        return broken(call, "the simulation does not come to rest at %.6f s", (double)rig.now / 1e6);
    if (rig.late) return broken(call, "not over after %lld s", (long long)(call->plan.limit / 1000000));
    for (int end = 0; end < 2; end++) {
        const struct rig_end *self = &rig.end[end];
        bool on_hook = fl_simmodem_dead(&self->modem) || fl_simmodem_hook(&self->modem) == FL_HOOK_ON;
        if (!on_hook) return broken(call, "the modem of end %d is off hook", end);
        if (self->ended != self->started)
            return broken(call, "end %d: %d sessions started, %d ended", end, self->started, self->ended);
        if (self->station.state != FL_STATION_ON_HOOK && self->station.state != FL_STATION_DEAD)
            return broken(call, "the station of end %d is not idle", end);
    }
    return true;
}

/* T5 is the longest wait of any state, 60 s; and the longest of a modem, S7, is as long. */
static bool check_silence(const struct call *call)
{
    if (rig.silence > FL_SEC(70))
        return broken(call, "the line was silent for %.1f s until %.3f", (double)rig.silence / 1e6,
                      (double)rig.silence_at / 1e6);
    return true;
}

static bool check_cause(const struct call *call, int end)
{
    const struct rig_end *self = &rig.end[end];
    int cause = self->raw == FL_RAW_NONE ? FL_FAX_NORMAL : fl_raw_cause(self->raw);
    bool ordered = false, hung_up = false;
    for (int i = 0; i < rig.orders_done; i++) {
        ordered |= call->plan.orders[i].end == end;
        hung_up = true;
    }
    if (self->started == 0) return true;
    if (self->raw < 0 || self->raw >= FL_RAW_COUNT || cause == FL_FAX_NONE)
        return broken(call, "end %d: raw cause %d has no cause", end, self->raw);
    switch (self->raw) {
    case FL_RAW_INTERNAL: return broken(call, "end %d: an internal fault", end);
    case FL_RAW_SESSION:
        if (!damages_for_ever(call)) return broken(call, "end %d: a session beyond its limit", end);
        return true;
    case FL_RAW_STOP:
    case FL_RAW_HANG_UP:
        if (!ordered) return broken(call, "end %d: %s, though nobody said so", end, fl_raw_code(self->raw));
        return true;
    case FL_RAW_DEVICE:
    case FL_RAW_MODEM:
        if (!modem_lied())
            return broken(call, "end %d: %s from a faithful modem", end, fl_raw_code(self->raw));
        return true;
    case FL_RAW_LINE_DOWN:
        if (!hung_up && !any_struck() && rig.end[!end].raw == FL_RAW_NONE && end == 0)
            return broken(call, "end %d: line down in a plain call", end);
        return true;
    case FL_RAW_STORAGE:
    case FL_RAW_STATE: return broken(call, "end %d: %s", end, fl_raw_code(self->raw));
    default: return true;
    }
}

/* T.30 cannot tell an MPS that is repeated from the next page's, where that page's whole carrier went unrecognised and
 * took no longer than the wait for the repetition: MPS has no number. So a page may be missing for each MPS that the
 * called end took for a repetition, and for no other reason. */
static long ambiguous_count;

static bool ambiguous(unsigned *repeats)
{
    if (*repeats == 0) return false;
    --*repeats;
    ambiguous_count++;
    return true;
}

/* Pages in the tray: in order, none left out, none twice without a reason. */
static bool check_order(const struct call *call)
{
    const struct rig_end *sender = &rig.end[call->plan.sender], *receiver = &rig.end[!call->plan.sender];
    int next = 0;
    unsigned repeats = any_struck() ? receiver->station.engine.repeats : 0;
    for (int i = 0; i < rig.kept_count && i < RIG_KEPT; i++) {
        int of = rig.kept[i].of;
        while (next < of && ambiguous(&repeats)) next++;
        if (of == next) {
            next++;
        } else if (of == next - 1) {
            if (!any_struck()) return broken(call, "page %d is in the tray twice", of);
        } else {
            return broken(call, "page %d is in the tray where %d was due", of, next);
        }
    }
    while (next < sender->pages && ambiguous(&repeats)) next++;
    if (sender->pages > next)
        return broken(call, "the sender counts %d pages, the tray has %d", sender->pages, next);
    if (receiver->pages > rig.kept_count)
        return broken(call, "the receiver counts %d pages and kept %d", receiver->pages, rig.kept_count);
    if (sender->started && sender->raw == FL_RAW_NONE && sender->pages != call->document.count)
        return broken(call, "NORMAL with %d of %d pages", sender->pages, call->document.count);
    if (receiver->started && receiver->raw == FL_RAW_NONE && receiver->pages != rig.kept_count)
        return broken(call, "the receiver says NORMAL and counts %d of %d pages", receiver->pages,
                      rig.kept_count);
    return true;
}

/* The page as its sender codes it for that session. */
static size_t code_again(const struct call *call, const struct rig_kept *kept, uint8_t *out, size_t cap)
{
    static struct fl_sending sending;
    struct fl_t30_outbox outbox = fl_sending_outbox(&sending, &call->document);
    struct fl_source source = outbox.open(outbox.ctx, kept->of, &kept->session);
    size_t total = 0, got;
    while (total < cap && (got = source.read(source.ctx, out + total, cap - total)) > 0) total += got;
    return total;
}

static bool is_exact(const struct rig_kept *kept, const uint8_t *code, size_t length)
{
    const uint8_t *octets = rig_octets(kept);
    size_t frame = !kept->session.ecm ? 0 : kept->session.ecm_64 ? 64 : 256;
    if (kept->length < length || kept->length > length + frame || memcmp(octets, code, length) != 0)
        return false;
    for (size_t i = length; i < kept->length; i++)
        if (octets[i]) return false;
    return true;
}

/* A check sequence of 16 bits lets one damaged frame of 65 536 pass: no error correction can know. How often it was. */
static long unnoticed_count;

/* True when just one frame of the page is other than what was sent, and the line did damage. */
static bool one_frame_differs(const struct rig_kept *kept, const uint8_t *code, size_t length)
{
    const uint8_t *octets = rig_octets(kept);
    size_t frame = kept->session.ecm_64 ? 64 : 256, differing = 0;
    if (!data_damaged() || kept->length < length || kept->length > length + frame) return false;
    for (size_t at = 0; at < kept->length; at += frame) {
        bool same = true;
        for (size_t i = at; i < at + frame && i < kept->length; i++)
            same &= octets[i] == (i < length ? code[i] : 0);
        differing += !same;
    }
    return differing == 1;
}

static uint32_t rows_of(const struct rig_kept *kept, const uint8_t *code, size_t length)
{
    const uint8_t *row;
    struct fl_t4_format format = {
        .coding = kept->session.coding,
        .width_px = FL_RESOLUTIONS[kept->session.resolution].width_px[kept->session.width],
    };
    fl_t4_decoder_init(&rig.decoder, &format);
    fl_t4_decoder_feed(&rig.decoder, code, length);
    fl_t4_decoder_end(&rig.decoder);
    while (fl_t4_decoder_row(&rig.decoder, &row) == FL_T4_ROW) continue;
    return rig.decoder.rows;
}

static bool check_content(const struct call *call, const struct rig_kept *kept)
{
    static uint8_t code[1u << 20];
    size_t length = code_again(call, kept, code, sizeof code);
    if (is_exact(kept, code, length)) return true;
    if (kept->session.ecm && one_frame_differs(kept, code, length)) {
        unnoticed_count++;
        return true;
    }
    if (kept->session.ecm) return broken(call, "page %d came with ECM and is not what was sent", kept->of);
    if (!data_damaged() && !modem_lied())
        return broken(call, "page %d is not what was sent, and nothing damaged it", kept->of);
    if (kept->bad_rows * 100ull > kept->rows * 15ull)
        return broken(call, "page %d was kept with %u of %u rows bad", kept->of, kept->bad_rows, kept->rows);
    /* A modem that is late with CONNECT has lost what came before: nothing tells how much. */
    int receiver = !call->plan.sender;
    if (rig.faults.struck[FL_FAULT_LATE_CONNECT + (receiver ? FL_FAULT_KINDS : 0)]) return true;
    /* Lost between two lines, and shortly before the command: not to be told from a sender that ends without RTC. */
    if (struck(FL_FAULT_LOST_CARRIER) && !kept->ended && kept->bad_rows == 0) return true;
    /* A row too few for each bad one, or too many: a lost EOL joins two, a false one parts one. */
    uint32_t rows = rows_of(kept, code, length), slack = 2 + 2 * kept->bad_rows + rows / 20;
    if (kept->rows + slack < rows || kept->rows > rows + slack)
        return broken(call, "page %d has %u rows (%u bad) in place of %u", kept->of, kept->rows,
                      kept->bad_rows, rows);
    return true;
}

/* How a call without a fault must end. */
static int expected_raw(const struct call *call)
{
    const struct fl_t30_config *us = &call->plan.config[call->plan.sender];
    const struct fl_t30_config *far = &call->plan.config[!call->plan.sender];
    struct fl_rate_limits limits = {us->abilities.modulations & far->abilities.modulations, us->min_rate_bps,
                                    us->max_rate_bps};
    if (!far->abilities.can_receive) return FL_RAW_B_CANNOT_RECEIVE;
    bool known = (!us->selective[0] || strcmp(us->selective, far->selective) == 0) &&
                 (!us->password[0] || strcmp(us->password, far->password) == 0);
    if (call->plan.sender == 1 && !known) return FL_RAW_B_WRONG_POLL;
    if (!fl_rate_first(&limits)) return FL_RAW_B_INCOMPATIBLE;
    if (far->training_verdict == FL_ALWAYS_BAD) return FL_RAW_B_TRAINING;
    if (far->page_verdict == FL_ALWAYS_BAD) return FL_RAW_D_REJECTED;
    if (far->page_verdict == FL_NEVER_READY) return FL_RAW_D_NOT_READY;
    return FL_RAW_NONE;
}

static bool check_plain(const struct call *call)
{
    const struct rig_end *sender = &rig.end[call->plan.sender], *receiver = &rig.end[!call->plan.sender];
    int expected = expected_raw(call);
    if (!plain(call)) return true;
    if (sender->raw != expected)
        return broken(call, "without a fault: %s in place of %s", fl_raw_code(sender->raw),
                      fl_raw_code(expected));
    if (expected == FL_RAW_NONE && receiver->raw != FL_RAW_NONE)
        return broken(call, "without a fault the receiver says %s", fl_raw_code(receiver->raw));
    for (int end = 0; end < 2; end++) {
        const char *rule = fl_watch_text(&rig.watch, end);
        /* Where silence does not come, a repetition comes later: by what it takes to be sure that nobody speaks. */
        bool late = struck(FL_FAULT_NOISE) && strstr(rule, "wait before repeating");
        if (fl_watch_violations(&rig.watch, end) && !late)
            return broken(call, "without a fault end %d broke a rule: %s", end, rule);
    }
    return true;
}

static bool check(const struct call *call)
{
    if (!check_rest(call) || !check_silence(call)) return false;
    if (!check_cause(call, 0) || !check_cause(call, 1)) return false;
    if (!check_order(call)) return false;
    for (int i = 0; i < rig.kept_count && i < RIG_KEPT; i++)
        if (!check_content(call, &rig.kept[i])) return false;
    return check_plain(call);
}

static bool try_call(const struct call *call, bool twice)
{
    rig_run(&rig, &call->plan, verbose ? &trace : NULL);
    uint64_t hash = rig.hash;
    const struct rig_end *sender = &rig.end[call->plan.sender];
    if (sender->started) cause_counts[sender->raw]++;
    bool good = check(call);
    if (!twice) return good;
    rig_run(&rig, &call->plan, NULL);
    if (rig.hash != hash) return broken(call, "the same seed twice is not the same call");
    return good;
}

/* ---- modes ---- */

static double clock_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void print_summary(long calls, double seconds)
{
    printf("%ld calls, %.0f a second\n", calls, seconds > 0 ? (double)calls / seconds : 0.0);
    for (int raw = 0; raw < FL_RAW_COUNT; raw++)
        if (cause_counts[raw]) printf("%9ld %s\n", cause_counts[raw], raw ? fl_raw_code(raw) : "normal");
    if (ambiguous_count)
        printf("%ld short pages lost behind a command that looked like a repetition\n", ambiguous_count);
    if (unnoticed_count)
        printf("%ld damaged frames whose check sequence was right by chance\n", unnoticed_count);
    if (broken_count) printf("%ld broken invariants\n", broken_count);
}

static void run_seeds(uint64_t first, long count)
{
    static struct call call;
    for (long i = 0; i < count; i++) {
        draw_call(&call, first + (uint64_t)i);
        try_call(&call, i % 32 == 0);
        if (verbose) print_call(&call);
    }
}

static long run_file(const char *path)
{
    static struct call call;
    char line[256];
    long count = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "regime: cannot read %s\n", path);
        exit(2);
    }
    while (fgets(line, sizeof line, file)) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end == line) continue;
        draw_call(&call, seed);
        try_call(&call, true);
        count++;
    }
    fclose(file);
    return count;
}

/* Plain calls, in each of which each fault is put at each operation. */
static const struct {
    const char *name;
    uint8_t pages[3]; /* of the pool; 255 ends them */
    bool ecm;
    int8_t coding;
    uint8_t modulations;
    uint8_t page_verdict;
    uint16_t delay_ms, store_ms;
} BASES[] = {
    {"ecm-mmr", {0, 20, 255}, true, FL_CODING_MMR, 0x0F, FL_HONEST, 20, 0},
    {"ecm-blocks", {19, 255, 255}, true, FL_CODING_MH, 0x0F, FL_HONEST, 20, 0},
    {"ecm-eom-slow-store", {0, 1, 255}, true, FL_CODING_MMR, 0x0F, FL_HONEST, 300, 2500},
    {"mr", {3, 23, 255}, false, FL_CODING_MR, 0x0F, FL_HONEST, 20, 0},
    {"mh-v27", {1, 255, 255}, false, FL_CODING_MH, 0x03, FL_HONEST, 80, 0},
    {"mh-eom", {0, 1, 0}, false, FL_CODING_MH, 0x07, FL_HONEST, 600, 0},
    {"rejects", {0, 255, 255}, false, FL_CODING_MH, 0x0F, FL_ALWAYS_BAD, 20, 0},
};

static void base_call(struct call *call, size_t index)
{
    memset(call, 0, sizeof *call);
    while (call->document.count < 3 && BASES[index].pages[call->document.count] != 255) {
        call->pages[call->document.count] = rig_pool()[BASES[index].pages[call->document.count]];
        call->document.count++;
    }
    call->document.pages = call->pages;
    call->plan.document = &call->document;
    for (int end = 0; end < 2; end++) {
        struct fl_t30_config *config = &call->plan.config[end];
        config->abilities = (struct fl_abilities){
            .modulations = BASES[index].modulations,
            .can_receive = true,
            .ecm = BASES[index].ecm,
            .mr = true,
            .mmr = true,
            .resolutions = 0x1FF,
            .inch = true,
            .width = FL_A3,
            .length = 2,
            .min_scan = 7,
        };
        config->min_rate_bps = 2400;
        config->max_rate_bps = 14400;
        config->high_res = -1;
        config->coding = BASES[index].coding;
        config->seed = 1;
        strcpy(config->id, end == 0 ? "5550001" : "5550100");
        call->plan.row[end] = *fl_simmodem_row(NULL);
        call->plan.profile[end] = fl_class1_profile(NULL);
    }
    call->plan.config[1].page_verdict = BASES[index].page_verdict;
    call->plan.delay = FL_MS(BASES[index].delay_ms);
    call->plan.store_time = FL_MS(BASES[index].store_ms);
    call->plan.seed = 1;
    call->plan.limit = limit_of(call);
}

static const char *only; /* "ecm-mmr:far_echo:3": just this one, as -v wants it */

static bool wanted(size_t base, int32_t kind, int32_t at)
{
    char name[96];
    if (!only) return true;
    snprintf(name, sizeof name, "%s:%s:%d", BASES[base].name, fl_fault_name(kind), at);
    return strcmp(only, name) == 0;
}

/* The fault at operation 1, 2, 3 ... until the call does not come to so many; returns the calls. */
static long inject(struct call *call, size_t base, int32_t kind, int32_t arg)
{
    int32_t at = 0;
    do {
        at++;
        call->plan.fault_count = 1;
        call->plan.faults[0] = (struct fl_fault){.kind = kind, .at = at, .count = 1, .arg = arg};
        snprintf(call->name, sizeof call->name, "--faults --only %s:%s:%d", BASES[base].name,
                 fl_fault_name(kind), at);
        verbose = wanted(base, kind, at) && only;
        try_call(call, at % 16 == 0);
    } while (rig.faults.struck[kind] && at < 2000);
    return at;
}

static long run_faults(void)
{
    static struct call call;
    long count = 0;
    for (size_t base = 0; base < FL_COUNT(BASES); base++) {
        base_call(&call, base);
        snprintf(call.name, sizeof call.name, "--faults: %s", BASES[base].name);
        try_call(&call, true);
        count++;
        for (int32_t kind = 0; kind < FL_FAULT_NUMBERS; kind++) {
            int32_t argument = ARGUMENTS[kind % FL_FAULT_KINDS].high / 2;
            count += inject(&call, base, kind, 0);
            if (ARGUMENTS[kind % FL_FAULT_KINDS].high)
                count += inject(&call, base, kind, argument ? argument : 1);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    uint64_t first = 1;
    long count = 3000;
    const char *file = NULL;
    bool faults = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
            only = argv[++i];
        else if (strcmp(argv[i], "--faults") == 0)
            faults = true;
        else if (i + 1 < argc && strcmp(argv[i], "-n") == 0)
            count = atol(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "-s") == 0)
            first = strtoull(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0)
            file = argv[++i];
        else
            return fprintf(stderr,
                           "usage: regime [-n COUNT] [-s FIRST_SEED] [-v] | --seeds FILE | --faults\n"),
                   2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* what is broken is told at once, also into a file */
    rig_pool();
    double from = clock_s();
    if (faults)
        count = run_faults();
    else if (file)
        count = run_file(file);
    else
        run_seeds(first, count);
    print_summary(count, clock_s() - from);
    return broken_count != 0;
}
