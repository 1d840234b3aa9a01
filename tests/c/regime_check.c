/* The fault regime: what must hold after each call, and saying what does not. */
#include "regime.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

long broken_count, ambiguous_count, unnoticed_count;

/* ---- saying what is wrong ---- */

static void print_fault(const struct fl_fault *fault)
{
    printf("    fault %s at %d, count %d, arg %d\n", fl_fault_name(fault->kind), fault->at, fault->count,
           fault->arg);
}

void print_call(const struct call *call)
{
    const struct rig_plan *plan = &call->plan;
    printf("  %s%s%d pages, delay %lld ms, limit %lld s, store %lld ms\n", plan->sender ? "polled, " : "",
           plan->both[0] || plan->both[1] ? "both ways, " : "", call->document.count,
           (long long)(plan->delay / 1000), (long long)(plan->limit / 1000000),
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

/* Returns false, so that an invariant can be one expression. */
bool broken(const struct call *call, const char *format, ...)
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

/* A line that is never silent costs 1.5 s before each signal: it makes no difference where T4 leaves that much. */
static bool noise_only(const struct call *call)
{
    for (int i = 0; i < FL_FAULT_NUMBERS; i++)
        if (rig.faults.struck[i] && i % FL_FAULT_KINDS != FL_FAULT_NOISE) return false;
    return 2 * call->plan.delay + call->plan.store_time <= FL_SEC(1);
}

static bool plain(const struct call *call)
{
    return (!any_struck() || noise_only(call)) && call->plan.order_count == 0;
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
static bool ambiguous(unsigned *repeats)
{
    if (*repeats == 0) return false;
    --*repeats;
    ambiguous_count++;
    return true;
}

/* The pages that an end sent, in the tray of the other one: in order, none left out, none twice without a reason. */
static bool check_order(const struct call *call, int end)
{
    const struct rig_end *sender = &rig.end[end], *receiver = &rig.end[!end];
    const struct fl_document *document = rig_document(&call->plan, end);
    int next = 0, kept = 0;
    unsigned repeats = any_struck() ? receiver->station.engine.repeats : 0;
    for (int i = 0; i < rig.kept_count && i < RIG_KEPT; i++) {
        int of = rig.kept[i].of;
        if (rig.kept[i].by == end) continue;
        kept++;
        while (next < of && ambiguous(&repeats)) next++;
        if (of == next) {
            next++;
        } else if (of == next - 1) {
            if (!any_struck()) return broken(call, "page %d is in the tray twice", of);
        } else {
            return broken(call, "page %d is in the tray where %d was due", of, next);
        }
    }
    while (next < sender->sent && ambiguous(&repeats)) next++;
    if (sender->sent > next)
        return broken(call, "end %d counts %d pages, the tray has %d", end, sender->sent, next);
    if (receiver->received > kept)
        return broken(call, "end %d counts %d pages and kept %d", !end, receiver->received, kept);
    /* Who was called leaves it to the caller whether its document goes out. */
    bool may_stay = call->plan.both[end] && end == 1 && sender->sent == 0;
    if (document && sender->started && sender->raw == FL_RAW_NONE && sender->sent != document->count &&
        !may_stay)
        return broken(call, "NORMAL with %d of %d pages", sender->sent, document->count);
    if (receiver->started && receiver->raw == FL_RAW_NONE && receiver->received != kept)
        return broken(call, "end %d says NORMAL and counts %d of %d pages", !end, receiver->received, kept);
    return true;
}

/* The page as its sender codes it for that session. */
static size_t code_again(const struct call *call, const struct rig_kept *kept, uint8_t *out, size_t cap)
{
    static struct fl_sending sending;
    struct fl_t30_outbox outbox = fl_sending_outbox(&sending, rig_document(&call->plan, !kept->by));
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

/* Leaves what was sent in rig.decoder. */
static void decode_sent(const struct rig_kept *kept, const uint8_t *code, size_t length)
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
}

/* Blank lines are so short that a burst takes twenty of them with their EOLs where it takes one of print, and nothing tells:
 * then what is lost is measured by its code, as rows of the length in which a random bit stands. */
static bool little_code_lost(const struct rig_kept *kept, uint32_t slack)
{
    const struct fl_t4_decoder *sent = &rig.decoder;
    if (sent->good_bits <= kept->good_bits) return true;
    uint64_t mean = sent->good_squares / sent->good_bits;
    return (sent->good_bits - kept->good_bits) / mean <= slack;
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
    if (rig.faults.struck[FL_FAULT_LATE_CONNECT + (kept->by ? FL_FAULT_KINDS : 0)]) return true;
    /* Lost between two lines, and shortly before the command: not to be told from a sender that ends without RTC, whatever
     * became of the lines before. */
    if (struck(FL_FAULT_LOST_CARRIER) && !kept->ended) return true;
    /* A row too few for each bad one, or too many: a lost EOL joins two, a false one parts one. */
    decode_sent(kept, code, length);
    uint32_t rows = rig.decoder.rows, slack = 2 + 2 * kept->bad_rows + rows / 20;
    bool too_few = kept->rows + slack < rows && !little_code_lost(kept, slack);
    if (too_few || kept->rows > rows + slack)
        return broken(call, "page %d has %u rows (%u bad) in place of %u", kept->of, kept->rows,
                      kept->bad_rows, rows);
    return true;
}

/* How it must end without a fault that this end sends. */
static int expected_raw(const struct call *call, int end)
{
    const struct fl_t30_config *us = &call->plan.config[end];
    const struct fl_t30_config *far = &call->plan.config[!end];
    uint8_t ours = call->plan.both[end] ? us->send_modulations : us->abilities.modulations;
    struct fl_rate_limits limits = {ours & far->abilities.modulations, us->min_rate_bps, us->max_rate_bps};
    if (!far->abilities.can_receive) return FL_RAW_B_CANNOT_RECEIVE;
    bool known = (!us->selective[0] || strcmp(us->selective, far->selective) == 0) &&
                 (!us->password[0] || strcmp(us->password, far->password) == 0);
    if (end == 1 && !known) return FL_RAW_B_WRONG_POLL;
    if (!fl_rate_first(&limits)) return FL_RAW_B_INCOMPATIBLE;
    if (far->training_verdict == FL_ALWAYS_BAD) return FL_RAW_B_TRAINING;
    if (far->page_verdict == FL_ALWAYS_BAD) return FL_RAW_D_REJECTED;
    if (far->page_verdict == FL_NEVER_READY) return FL_RAW_D_NOT_READY;
    return FL_RAW_NONE;
}

/* Who calls sends first and then polls, the called end takes what comes: what must come of it without a fault. Sets the
 * end that has the word when it is settled. */
static int expected_both(const struct call *call, int *end)
{
    const struct rig_plan *plan = &call->plan;
    bool sends = plan->sender == 0, polls = plan->sender == 1 || plan->both[0];
    int raw = sends ? expected_raw(call, *end = 0) : FL_RAW_NONE;
    if (raw != FL_RAW_NONE || !polls) return raw;
    if (!rig_document(plan, 1)) return FL_RAW_B_NOTHING_TO_POLL;
    return expected_raw(call, *end = 1);
}

static bool check_plain(const struct call *call)
{
    bool both = call->plan.both[0] || call->plan.both[1];
    int end_of_word = call->plan.sender;
    int expected = both ? expected_both(call, &end_of_word) : expected_raw(call, end_of_word);
    const struct rig_end *sender = &rig.end[end_of_word], *receiver = &rig.end[!end_of_word];
    if (!plain(call)) return true;
    if (sender->raw != expected)
        return broken(call, "without a fault: %s in place of %s", fl_raw_code(sender->raw),
                      fl_raw_code(expected));
    if (expected == FL_RAW_NONE && receiver->raw != FL_RAW_NONE)
        return broken(call, "without a fault the receiver says %s", fl_raw_code(receiver->raw));
    for (int end = 0; end < 2; end++) {
        const char *rule = fl_watch_text(&rig.watch, end);
        /* Where silence does not come, what we say comes later, by what it takes to be sure that nobody speaks: so do
         * repetitions, and the DCN of a far end whose T5 is over, at any moment, may begin as we do. */
        bool excused = struck(FL_FAULT_NOISE) &&
                       (strstr(rule, "wait before repeating") || sender->raw == FL_RAW_D_NOT_READY);
        if (fl_watch_violations(&rig.watch, end) && !excused)
            return broken(call, "without a fault end %d broke a rule: %s", end, rule);
    }
    return true;
}

bool check(const struct call *call)
{
    if (!check_rest(call) || !check_silence(call)) return false;
    if (!check_cause(call, 0) || !check_cause(call, 1)) return false;
    if (!check_order(call, 0) || !check_order(call, 1)) return false;
    for (int i = 0; i < rig.kept_count && i < RIG_KEPT; i++)
        if (!check_content(call, &rig.kept[i])) return false;
    return check_plain(call);
}
