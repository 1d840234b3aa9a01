/* Runs scripted calls (tests/calls/README.md says how a script is written): the far machine frame by frame against our
 * station, in virtual time.
 *
 *   test_calls [-v] [-x] [FILE or FOLDER ...]    without any: ../calls; -x: no more behind the first that fails
 *
 * A script that varies runs once per variant and counts once. The last line is "N scripts, M failed".
 */
#define _POSIX_C_SOURCE 200809L
#include "calls.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GAP        FL_MS(75)
#define PREAMBLE   FL_SEC(1)
#define LINES_MAX  400
#define VARY_MAX   8
#define VALUES_MAX 256

struct line {
    int number;
    char *text;
};

struct script {
    const char *path;
    char *text;
    struct line lines[LINES_MAX];
    int count;
};

struct binding {
    char name[32];
    char *value;
};

struct run {
    struct world world;
    struct words words;
    const struct line *line;
    struct binding bindings[VARY_MAX];
    int binding_count;
    bool started, ended, failed;
    bool silent_answer;  /* the far end answers without CED */
    bool far_identified; /* it has sent a DIS: bit X is due */
    const char *excuse;  /* `violation-ok` */
    bool took_leave;     /* the last that our end said was DCN */
    bool interrupt;      /* `interrupt`: what is planned breaks the script off */
    enum plan_kind interrupt_kind;
    fl_time interrupt_after;
    fl_time limit;
    fl_time reference;          /* end of the last thing on the line, at our end */
    struct agreed theirs, ours; /* DCS that our end sent, that the far end sent */
    struct heard_frame echo[CALL_FRAMES];
    int echo_count;
    struct sheet sent[CALL_SHEETS + 1]; /* pages that the far end sent, by number */
    bool sent_whole[CALL_SHEETS + 1];
    /* error correction: the block at work, and what of a page is whole */
    struct block {
        int frames; /* one more than the highest */
        bool have[256];
        uint8_t data[256][256];
    } block;
    uint8_t *page; /* stored (our end sends), or to be sent */
    size_t page_octets;
    char complaint[400];
};

static bool complain(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(struct run *run, const char *format, ...)
{
    va_list arguments;
    if (run->failed) return false;
    run->failed = true;
    va_start(arguments, format);
    vsnprintf(run->complaint, sizeof run->complaint, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- words ---- */

static const char *peek(const struct run *run)
{
    return run->words.at < run->words.count ? run->words.word[run->words.at] : NULL;
}

static const char *next(struct run *run)
{
    static const char none[] = "";
    return run->words.at < run->words.count ? run->words.word[run->words.at++] : none;
}

static bool next_is(struct run *run, const char *word)
{
    if (!peek(run) || run->words.quoted[run->words.at] || strcmp(peek(run), word)) return false;
    run->words.at++;
    return true;
}

/* The rest of a word behind its prefix ("rows=" of "rows=400"), or NULL. */
static const char *next_with(struct run *run, const char *prefix)
{
    size_t length = strlen(prefix);
    return peek(run) && strncmp(peek(run), prefix, length) == 0 ? next(run) + length : NULL;
}

static bool parse_time(const char *text, fl_time *time, const char **rest)
{
    char *unit;
    double number = strtod(text, &unit);
    if (unit == text) return false;
    if (strncmp(unit, "ms", 2) == 0) {
        *time = (fl_time)(number * 1000 + 0.5);
        *rest = unit + 2;
    } else if (*unit == 's') {
        *time = (fl_time)(number * 1e6 + 0.5);
        *rest = unit + 1;
    } else {
        return false;
    }
    return true;
}

static fl_time next_time(struct run *run)
{
    fl_time time = 0;
    const char *rest = "", *word = next(run);
    if (!parse_time(word, &time, &rest) || *rest) complain(run, "\"%s\" is no time (75ms, 3.2s)", word);
    return time;
}

/* "55..95ms", "2.6..3.5s" */
static void next_range(struct run *run, fl_time *low, fl_time *high)
{
    const char *word = next(run), *rest = "";
    const char *dots = strstr(word, "..");
    char first[32];
    if (!dots || !parse_time(dots + 2, high, &rest) || *rest) {
        complain(run, "\"%s\" is no range of times (55..95ms)", word);
        return;
    }
    const char *unit = strstr(dots, "ms") ? "ms" : "s";
    snprintf(first, sizeof first, "%.*s%s", (int)(dots - word), word, unit);
    if (!parse_time(first, low, &rest)) complain(run, "\"%s\" is no range of times (55..95ms)", word);
}

/* What every step of the far end may have: when it begins. */
static bool next_after(struct run *run, fl_time *gap)
{
    if (!next_is(run, "after")) return false;
    *gap = next_time(run);
    return true;
}

static bool finished(struct run *run)
{
    if (peek(run)) return complain(run, "\"%s\" makes no sense here", peek(run));
    return !run->failed;
}

/* ---- the head of a script ---- */

static void head_sheet(struct run *run)
{
    struct world *w = &run->world;
    if (w->sheet_count == CALL_SHEETS) {
        complain(run, "more than %d sheets", CALL_SHEETS);
        return;
    }
    struct sheet sheet = {FL_R8_385, FL_A4, 60, false};
    int times = 1;
    for (const char *word; (word = peek(run));) {
        const char *rows = next_with(run, "rows="), *count = rows ? NULL : next_with(run, "times=");
        if (rows)
            sheet.rows = atoi(rows);
        else if (count)
            times = atoi(count);
        else if (strcmp(word, "blank") == 0)
            sheet.blank = true, next(run);
        else if (format_parse(word, &sheet))
            next(run);
        else
            break;
    }
    while (times-- > 0 && w->sheet_count < CALL_SHEETS) w->sheets[w->sheet_count++] = sheet;
}

static void head_modems(struct run *run)
{
    uint8_t *set = &run->world.config.abilities.modulations;
    *set = 0;
    while (peek(run)) {
        if (next_is(run, "v17"))
            *set |= FL_CAN_V17;
        else if (next_is(run, "v29"))
            *set |= FL_CAN_V29;
        else if (next_is(run, "v27"))
            *set |= FL_CAN_V27_2400 | FL_CAN_V27_4800;
        else
            break;
    }
}

static void head_offer(struct run *run)
{
    uint8_t fif[140];
    size_t length;
    if (!dis_parse(&run->words, fif, &length, false)) return;
    fl_dis_read(fif, length, &run->world.config.abilities);
}

static void copy_id(char *to, const char *from)
{
    snprintf(to, FL_ID_SIZE + 1, "%s", from);
}

static void head_rates(struct run *run)
{
    unsigned low, high;
    if (sscanf(next(run), "%u..%u", &low, &high) != 2) complain(run, "rates are given as 2400..14400");
    run->world.config.min_rate_bps = (uint16_t)low;
    run->world.config.max_rate_bps = (uint16_t)high;
}

static void head_fault(struct run *run)
{
    struct fl_fault fault = {.kind = fl_fault_find(next(run))};
    for (const char *value; peek(run);) {
        if ((value = next_with(run, "at=")))
            fault.at = atoi(value);
        else if ((value = next_with(run, "count=")))
            fault.count = atoi(value);
        else if ((value = next_with(run, "arg=")))
            fault.arg = atoi(value);
        else
            break;
    }
    if (!fl_faults_add(&run->world.faults, &fault)) complain(run, "no such fault");
}

/* `interrupt stop 4.5s`: at that time of the call the far end falls silent, and the script goes on with its end. */
static void head_interrupt(struct run *run)
{
    run->interrupt = true;
    if (next_is(run, "stop"))
        run->interrupt_kind = PLAN_STOP;
    else if (next_is(run, "hang-up"))
        run->interrupt_kind = PLAN_HANG_UP;
    else if (next_is(run, "drop"))
        run->interrupt_kind = PLAN_DROP;
    else
        complain(run, "interrupt stop, hang-up or drop");
    run->interrupt_after = next_time(run);
}

/* False when the word begins no line of the head. */
static bool head(struct run *run, const char *word)
{
    struct world *w = &run->world;
    if (strcmp(word, "role") == 0) {
        w->caller = w->config.caller = next_is(run, "caller");
        if (!w->caller && !next_is(run, "called")) complain(run, "our role is caller or called");
    } else if (strcmp(word, "sheet") == 0) {
        head_sheet(run);
    } else if (strcmp(word, "modems") == 0) {
        head_modems(run);
    } else if (strcmp(word, "offer") == 0) {
        head_offer(run);
    } else if (strcmp(word, "rates") == 0) {
        head_rates(run);
    } else if (strcmp(word, "allow") == 0) {
        if (next_is(run, "ecm")) w->config.abilities.ecm = w->config.abilities.mmr = true;
    } else if (strcmp(word, "refuse") == 0) {
        if (next_is(run, "mr")) w->config.abilities.mr = false;
        if (next_is(run, "mmr")) w->config.abilities.mmr = false;
        if (next_is(run, "fine")) w->config.high_res = 0;
    } else if (strcmp(word, "id") == 0) {
        copy_id(w->config.id, next(run));
    } else if (strcmp(word, "sub-address") == 0) {
        copy_id(w->config.sub_address, next(run));
    } else if (strcmp(word, "password") == 0) {
        copy_id(w->config.password, next(run));
    } else if (strcmp(word, "delay") == 0) {
        w->delay = next_time(run);
    } else if (strcmp(word, "limit") == 0) {
        run->limit = next_time(run);
    } else if (strcmp(word, "fault") == 0) {
        head_fault(run);
    } else if (strcmp(word, "store-time") == 0) {
        w->store_time = next_time(run);
    } else if (strcmp(word, "store-fails") == 0) {
        w->store_fails = true;
    } else if (strcmp(word, "no-ced") == 0) {
        run->silent_answer = true;
    } else if (strcmp(word, "interrupt") == 0) {
        head_interrupt(run);
    } else if (strcmp(word, "violation-ok") == 0) {
        run->excuse = run->line->text;
        if (!peek(run)) complain(run, "violation-ok wants a reason");
        while (peek(run)) next(run);
    } else {
        return false;
    }
    finished(run);
    return true;
}

/* ---- the far end hears ---- */

static void describe(const struct heard *item, char *text, size_t size)
{
    const struct fl_modulation *row = item->signal == FL_SIGNAL_FAST ? fl_modulation(item->code) : NULL;
    if (row) {
        snprintf(text, size, "%s with %zu octets", row->name, item->length);
        return;
    }
    size_t used = (size_t)snprintf(text, size, "V.21 with");
    for (int i = 0; i < item->frame_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, " %s",
                                 frame_name(item->frames[i].octets, item->frames[i].length));
    if (item->frame_count == 0) snprintf(text + used, size - used, " flags only");
}

static bool is_tone(const struct heard *item)
{
    return item->signal != FL_SIGNAL_V21 && item->signal != FL_SIGNAL_FAST;
}

/* The oldest carrier that no step has dealt with, or NULL. */
static struct heard *pending(struct run *run)
{
    struct world *w = &run->world;
    while (w->heard_next < w->heard_count && is_tone(&w->heard[w->heard_next])) w->heard_next++;
    return w->heard_next < w->heard_count ? &w->heard[w->heard_next] : NULL;
}

/* Waits for the next carrier to begin. */
static struct heard *await_carrier(struct run *run, fl_time limit)
{
    while (!pending(run))
        if (!world_step(&run->world, limit)) break;
    return pending(run);
}

static struct heard *await_end(struct run *run)
{
    fl_time limit = run->world.now + FL_SEC(1200);
    while (pending(run) && !pending(run)->over)
        if (!world_step(&run->world, limit)) break;
    return pending(run);
}

static void dealt_with(struct run *run, const struct heard *item)
{
    const struct heard_frame *last = item->frame_count ? &item->frames[item->frame_count - 1] : NULL;
    run->took_leave = last && strcmp(frame_name(last->octets, last->length), "DCN") == 0;
    run->world.heard_next++;
    run->world.cursor = item->end;
    run->reference = item->end - run->world.delay;
}

static void expect_nothing(struct run *run)
{
    char text[160];
    fl_time time = next_time(run);
    if (!finished(run)) return;
    if (await_carrier(run, run->world.now + time)) {
        describe(await_end(run), text, sizeof text);
        complain(run, "expected nothing, heard %s", text);
    }
}

static void check_x(struct run *run, const struct heard_frame *frame)
{
    if (frame->length < 5 || !frame_has_x(frame->octets[2])) return;
    bool due = run->world.caller && run->far_identified;
    if ((frame->octets[2] & 1) != due)
        complain(run, "bit X of %s is %d", frame_name(frame->octets, frame->length), !due);
}

static void check_frame(struct run *run, const struct heard_frame *frame)
{
    if (!frame_fcs_good(frame->octets, frame->length)) complain(run, "a frame with a wrong FCS");
    check_x(run, frame);
    if (strcmp(frame_name(frame->octets, frame->length), "DCS") == 0)
        agreed_read(&run->theirs, frame->octets, frame->length);
    if (strcmp(frame_name(frame->octets, frame->length), "CTC") == 0)
        agreed_ctc(&run->theirs, frame->octets, frame->length);
}

/* The words name frames in their order; the last one named ends the burst; others may stand between. */
static void match_frames(struct run *run, const struct heard *item)
{
    struct words *words = &run->words;
    int at = 0;
    while (!run->failed && frame_ahead(words)) {
        int begin = words->at;
        const char *wrong = "nothing";
        for (; wrong && at < item->frame_count; at++) {
            words->at = begin;
            wrong = frame_expect(words, &item->frames[at]);
        }
        if (wrong) {
            words->at = begin;
            frame_expect(words, NULL);
            complain(run, "expected %s: %s", words->word[begin], wrong);
        }
    }
    if (!run->failed && at < item->frame_count)
        complain(run, "%s comes behind what was expected",
                 frame_name(item->frames[at].octets, item->frames[at].length));
}

static void take_burst(struct run *run, const struct heard *item)
{
    char text[160];
    describe(item, text, sizeof text);
    if (item->signal != FL_SIGNAL_V21) {
        complain(run, "expected %s, heard %s", peek(run), text);
        return;
    }
    if (item->frame_count == 0) complain(run, "heard flags without a frame");
    match_frames(run, item);
    for (int i = 0; i < item->frame_count; i++) check_frame(run, &item->frames[i]);
    if (!run->failed && !(item->frames[item->frame_count - 1].octets[1] & 0x10))
        complain(run, "the last frame is not marked as final");
    run->echo_count = item->frame_count;
    memcpy(run->echo, item->frames, sizeof run->echo);
}

static bool is_code(struct run *run, const struct heard *item, bool short_train)
{
    const struct agreed *agreed = &run->theirs;
    char text[160];
    if (!agreed->known) return complain(run, "a fast carrier without a DCS");
    int code = modulation_code(agreed->kind, agreed->rate_bps, short_train && agreed->kind == 17);
    if (item->signal == FL_SIGNAL_FAST && item->code == code) return true;
    describe(item, text, sizeof text);
    return complain(run, "expected %s, heard %s", fl_modulation(code)->name, text);
}

static void take_tcf(struct run *run, const struct heard *item)
{
    if (!is_code(run, item, false)) return;
    size_t second = (size_t)run->theirs.rate_bps / 8;
    if (item->length * 10 < second * 135 / 10 || item->length * 10 > second * 165 / 10)
        complain(run, "TCF of %.3f s", (double)item->length / (double)second);
    for (size_t i = 0; i < item->length; i++)
        if (item->data[i]) {
            complain(run, "octet %zu of TCF is not zero", i);
            return;
        }
}

/* Positions of the bits behind each EOL (and its tag). Returns how many. */
static size_t find_eols(const uint8_t *code, size_t length, bool tagged, size_t *ends, size_t cap)
{
    size_t count = 0, zeros = 0;
    for (size_t bit = 0; bit < length * 8 && count < cap; bit++) {
        if (!(code[bit / 8] >> bit % 8 & 1)) {
            zeros++;
            continue;
        }
        if (zeros >= 11) ends[count++] = bit + 1 + tagged;
        zeros = 0;
    }
    return count;
}

/* T.4 4.1.1: no line, from EOL to EOL, may be shorter than the far end's minimum. */
static void check_fill(struct run *run, const uint8_t *code, size_t length, int64_t rows)
{
    const struct agreed *agreed = &run->theirs;
    size_t cap = (size_t)rows + 8, *ends = calloc(cap, sizeof *ends);
    if (!ends) abort();
    size_t count = find_eols(code, length, agreed->coding == FL_CODING_MR, ends, cap);
    size_t least = (size_t)agreed->rate_bps * (size_t)agreed->scan_ms / 1000;
    for (size_t i = 0; i + 1 < count && i < (size_t)rows; i++) {
        if (ends[i + 1] - ends[i] >= least) continue;
        complain(run, "line %zu has %zu bits, %d ms at %d bit/s are %zu", i + 1, ends[i + 1] - ends[i],
                 agreed->scan_ms, agreed->rate_bps, least);
        break;
    }
    free(ends);
}

static void check_rows(struct run *run, const uint8_t *code, size_t length, int number, int expected_rows)
{
    const struct agreed *agreed = &run->theirs;
    const struct sheet *sheet = &run->world.sheets[number - 1];
    struct sheet as_sent = {(uint8_t)agreed->resolution, (uint8_t)agreed->width, sheet->rows, false};
    bool same = as_sent.resolution == sheet->resolution && as_sent.width == sheet->width;
    int width = sheet_width(&as_sent);
    int64_t cap = sheet->rows + 16, bad = 0;
    int32_t ended = 0;
    size_t stride = ((size_t)width + 7) / 8;
    uint8_t *rows = malloc((size_t)cap * stride);
    if (!rows) abort();
    int64_t got = fl_t4_decode_page(agreed->coding, 0, width, code, (int64_t)length, rows, cap, &bad, &ended);
    if (bad) complain(run, "page %d has %d bad lines", number, (int)bad);
    if (!ended) complain(run, "page %d has no RTC", number);
    if (expected_rows < 0 && same) expected_rows = sheet->rows;
    if (expected_rows >= 0 && got != expected_rows)
        complain(run, "page %d has %d lines, not %d", number, (int)got, expected_rows);
    if (same && !run->failed) {
        uint8_t *original = sheet_bitmap(sheet, number);
        if (memcmp(rows, original, (size_t)got * stride))
            complain(run, "page %d arrived with other pixels", number);
        free(original);
    }
    if (agreed->coding != FL_CODING_MMR) check_fill(run, code, length, got);
    free(rows);
}

static void take_page(struct run *run, const struct heard *item)
{
    int number = atoi(next(run)), rows = -1;
    bool short_train = true;
    for (const char *value; peek(run) && strcmp(peek(run), "within");) {
        if ((value = next_with(run, "rows=")))
            rows = atoi(value);
        else if (next_is(run, "long-train"))
            short_train = false;
        else
            break;
    }
    if (number < 1 || number > run->world.sheet_count) {
        complain(run, "there is no sheet %d", number);
        return;
    }
    if (is_code(run, item, short_train)) check_rows(run, item->data, item->length, number, rows);
}

/* ---- error correction: what our end sends ---- */

static void take_ecm_frame(struct run *run, const uint8_t *frame, size_t length, const bool *lost, bool *came)
{
    struct block *block = &run->block;
    size_t octets = (size_t)run->theirs.frame_octets;
    if (length != 4 + octets + 2) complain(run, "a frame of %zu octets", length);
    int number = frame[3];
    if (run->failed) return;
    came[number] = true;
    if (number + 1 > block->frames) block->frames = number + 1;
    if (lost[number]) return;
    block->have[number] = true;
    memcpy(block->data[number], frame + 4, octets);
}

/* `burst 0..4 [lose=1,3] [long-train]`: exactly these frames, in order, three RCP behind them, 200 ms of flags before. */
static void take_ecm_burst(struct run *run, const struct heard *item)
{
    bool wanted[256], lost[256] = {false}, came[256] = {false};
    bool short_train = true;
    const char *value;
    if (!frames_parse(next(run), wanted)) complain(run, "which frames?");
    for (; peek(run);) {
        if ((value = next_with(run, "lose=")))
            frames_parse(value, lost);
        else if (next_is(run, "long-train"))
            short_train = false;
        else
            break;
    }
    if (run->failed || !is_code(run, item, short_train)) return;
    uint8_t frame[300];
    size_t at = 0, flags = 0, length;
    int rcps = 0, last = -1;
    while (flags < item->length && item->data[flags] == 0x7E) flags++;
    if (flags * 8000 < (size_t)run->theirs.rate_bps * 170)
        complain(run, "%zu octets of flags before the first frame", flags);
    while ((length = bits_take(item->data, item->length, &at, frame, sizeof frame))) {
        if (!frame_fcs_good(frame, length)) complain(run, "a fast frame with a wrong FCS");
        bool rcp = frame[2] == 0x86;
        if (frame[0] != 0xFF || frame[1] != 0x03 || (!rcp && frame[2] != 0x06))
            complain(run, "a strange fast frame");
        if (rcp)
            rcps++;
        else if (rcps || frame[3] <= last)
            complain(run, "frame %d out of order", frame[3]);
        if (rcp || run->failed) continue;
        take_ecm_frame(run, frame, length, lost, came);
        last = frame[3];
    }
    if (rcps != 3) complain(run, "%d RCP", rcps);
    for (int i = 0; i < 256; i++)
        if (came[i] != wanted[i]) complain(run, "frame %d %s", i, came[i] ? "came unasked" : "did not come");
}

/* The block is whole: it belongs to the page. */
static void store_block(struct run *run)
{
    struct block *block = &run->block;
    size_t octets = (size_t)run->theirs.frame_octets;
    run->page = realloc(run->page, run->page_octets + 65536);
    if (!run->page) abort();
    for (int i = 0; i < block->frames; i++) {
        if (!block->have[i]) complain(run, "frame %d was never received", i);
        memcpy(run->page + run->page_octets, block->data[i], octets);
        run->page_octets += octets;
    }
    memset(block, 0, sizeof *block);
}

/* `store block`, `store page N [rows=N]`: the page must be the document's. */
static void step_store(struct run *run)
{
    bool page = next_is(run, "page");
    if (!page && !next_is(run, "block")) complain(run, "store block, store page N");
    int number = page ? atoi(next(run)) : 0;
    const char *rows = next_with(run, "rows=");
    if (page && (number < 1 || number > run->world.sheet_count))
        complain(run, "there is no sheet %d", number);
    if (!finished(run)) return;
    store_block(run);
    if (!page) return;
    check_rows(run, run->page, run->page_octets, number, rows ? atoi(rows) : -1);
    run->page_octets = 0;
}

static void step_expect(struct run *run)
{
    struct world *w = &run->world;
    if (next_is(run, "nothing")) {
        expect_nothing(run);
        return;
    }
    /* The range stands behind, but says how long to wait. */
    fl_time low = 0, high = FL_NEVER;
    int begin = run->words.at;
    for (; peek(run); run->words.at++)
        if (next_is(run, "within")) {
            next_range(run, &low, &high);
            break;
        }
    int behind = run->words.at;
    run->words.at = begin;
    const char *what = peek(run);
    fl_time wait = high == FL_NEVER ? FL_SEC(20) : high + FL_SEC(2);
    if (!await_carrier(run, (w->now > run->reference ? w->now : run->reference) + wait)) {
        complain(run, "expected %s, heard nothing%s%s", what, w->ended ? ", our fax has ended: " : "",
                 w->ended ? fl_raw_code(w->raw) : "");
        return;
    }
    struct heard *item = await_end(run);
    if (!item->over) {
        complain(run, "what was heard has no end");
        return;
    }
    fl_time wait_was = item->start - w->delay - run->reference;
    bool frames = frame_ahead(&run->words);
    if (frames)
        take_burst(run, item);
    else if (next_is(run, "TCF"))
        take_tcf(run, item);
    else if (next_is(run, "page"))
        take_page(run, item);
    else if (next_is(run, "burst"))
        take_ecm_burst(run, item);
    else
        complain(run, "\"%s\" cannot be expected", what);
    if (high != FL_NEVER && (wait_was < low || wait_was > high))
        complain(run, "%s came after %.1f ms", what, (double)wait_was / 1000);
    if (high != FL_NEVER && peek(run) && strcmp(peek(run), "within") == 0) run->words.at = behind;
    dealt_with(run, item);
    finished(run);
}

/* Waits only until something begins, or ends: for what is to happen in the middle of it. */
static void step_hear(struct run *run)
{
    struct heard *item = await_carrier(run, run->world.now + FL_SEC(20));
    bool end = next_is(run, "end");
    const char *what = end ? "" : next(run);
    if (!item) {
        complain(run, "heard nothing");
    } else if (end) {
        item = await_end(run);
        dealt_with(run, item);
    } else if (item->signal != (strcmp(what, "fast") == 0 ? FL_SIGNAL_FAST : FL_SIGNAL_V21)) {
        char text[160];
        describe(item, text, sizeof text);
        complain(run, "heard %s, not %s", text, what);
    }
    finished(run);
}

static void step_deaf(struct run *run)
{
    struct world *w = &run->world;
    world_run(w, w->now + next_time(run));
    await_end(run);
    while (pending(run)) dealt_with(run, pending(run));
    w->cursor = w->now;
    finished(run);
}

/* ---- the far end speaks ---- */

/* Lets time pass until the far end may begin; false when it cannot. */
static bool begin_sending(struct run *run, fl_time gap)
{
    struct world *w = &run->world;
    char text[160];
    if (!finished(run)) return false;
    if (w->cursor + gap > w->now) world_run(w, w->cursor + gap);
    struct heard *item = pending(run);
    if (item) {
        describe(item, text, sizeof text);
        return complain(run, "the far end is about to speak, but heard %s", text);
    }
    return !w->dropped || complain(run, "the call is over");
}

static void end_sending(struct run *run)
{
    struct world *w = &run->world;
    if (!w->dropped) fl_line_signal(&w->line, 1, FL_SIGNAL_SILENCE, 0, w->now);
    w->cursor = w->now;
    run->reference = w->now + w->delay;
}

struct burst {
    struct made_frame frames[CALL_FRAMES];
    int count;
    fl_time gap, preamble, between, tail;
};

static void send_burst(struct run *run, const struct burst *burst)
{
    struct world *w = &run->world;
    if (!begin_sending(run, burst->gap)) return;
    fl_line_signal(&w->line, 1, FL_SIGNAL_V21, 3, w->now);
    fl_time at = w->now + burst->preamble, end = at;
    for (int i = 0; i < burst->count && !w->dropped; i++) {
        end = fl_line_frame(&w->line, 1, burst->frames[i].octets, burst->frames[i].length, at);
        world_run(w, end);
        at = end + burst->between;
    }
    world_run(w, end + burst->tail);
    end_sending(run);
}

static bool burst_option(struct run *run, struct burst *burst)
{
    if (next_after(run, &burst->gap)) return true;
    if (next_is(run, "preamble"))
        burst->preamble = next_time(run);
    else if (next_is(run, "between"))
        burst->between = next_time(run);
    else if (next_is(run, "tail"))
        burst->tail = next_time(run);
    else
        return false;
    return true;
}

/* A usable DIS, also with an odd beginning: from now on our caller sets bit X. */
static bool is_dis(const struct made_frame *frame)
{
    if (!frame_fcs_good(frame->octets, frame->length)) return false;
    for (int i = 0; i + 6 < frame->length; i++)
        if ((frame->octets[i] & 0xEF) == 0x03 && frame->octets[i + 1] == 0x80) return true;
    return false;
}

static void step_send(struct run *run)
{
    struct burst burst = {.gap = GAP, .preamble = PREAMBLE};
    while (frame_ahead(&run->words) && burst.count < CALL_FRAMES) {
        struct made_frame *frame = &burst.frames[burst.count++];
        if (!frame_parse(&run->words, !run->world.caller, true, frame)) {
            complain(run, "%s", run->words.error);
            return;
        }
        if (is_dis(frame)) run->far_identified = true;
        const char *name = frame_name(frame->octets, frame->length);
        if (strcmp(name, "CTC") == 0) agreed_ctc(&run->ours, frame->octets, frame->length);
        if (strcmp(name, "DCS") == 0) agreed_read(&run->ours, frame->octets, frame->length);
    }
    while (burst_option(run, &burst)) continue;
    send_burst(run, &burst);
}

/* What our end said last comes back. */
static void step_echo(struct run *run)
{
    struct burst burst = {.gap = FL_MS(300), .preamble = PREAMBLE, .count = run->echo_count};
    for (int i = 0; i < run->echo_count; i++) {
        burst.frames[i].length = run->echo[i].length;
        memcpy(burst.frames[i].octets, run->echo[i].octets, run->echo[i].length);
    }
    while (burst_option(run, &burst)) continue;
    send_burst(run, &burst);
}

static void step_flags(struct run *run)
{
    struct burst burst = {.gap = GAP, .preamble = next_time(run)};
    while (burst_option(run, &burst)) continue;
    send_burst(run, &burst);
}

/* A fast carrier with these octets. */
static void send_fast(struct run *run, fl_time gap, int code, const uint8_t *octets, size_t length)
{
    struct world *w = &run->world;
    if (!begin_sending(run, gap)) return;
    fl_line_signal(&w->line, 1, FL_SIGNAL_FAST, code, w->now);
    world_run(w, w->now + FL_MS(fl_modulation(code)->train_ms));
    for (size_t at = 0; at < length && !w->dropped; at += FL_LINE_CHUNK) {
        size_t chunk = length - at < FL_LINE_CHUNK ? length - at : FL_LINE_CHUNK;
        world_run(w, fl_line_data(&w->line, 1, octets + at, chunk));
    }
    end_sending(run);
}

struct fast {
    int kind, rate_bps;
    fl_time gap;
};

static struct fast as_agreed(const struct run *run)
{
    return (struct fast){run->ours.kind, run->ours.rate_bps, GAP};
}

static bool fast_option(struct run *run, struct fast *fast)
{
    if (next_after(run, &fast->gap)) return true;
    if (!peek(run) || !modulation_parse(peek(run), &fast->kind, &fast->rate_bps)) return false;
    next(run);
    return true;
}

static void fill_noise(uint8_t *octets, size_t length)
{
    uint64_t random = 42;
    for (size_t i = 0; i < length; i++) octets[i] = (uint8_t)(fl_random(&random) | 1);
}

/* Single wrong octets: at times ("0.3s,0.7s"), or so many of a hundred, evenly spread ("8%"). */
static void spoil(struct run *run, const char *where, uint8_t *octets, size_t length, int rate_bps)
{
    char *rest;
    double percent = strtod(where, &rest);
    if (strcmp(rest, "%") == 0) {
        size_t count = (size_t)((double)length * percent / 100 + 0.5);
        for (size_t i = 0; i < count; i++) octets[i * length / count] = 0x20;
        return;
    }
    for (fl_time at; *where; where += *where == ',') {
        const char *behind;
        if (!parse_time(where, &at, &behind)) {
            complain(run, "wrong octets are given as 0.3s,0.7s or 8%%");
            return;
        }
        size_t octet = (size_t)(at * rate_bps / 8000000);
        if (octet < length) octets[octet] = 0x20;
        where = behind;
    }
}

static void step_tcf(struct run *run)
{
    struct fast fast = as_agreed(run);
    fl_time duration = FL_MS(1500);
    bool noise = false, none = false;
    const char *wrong = "", *value;
    while (peek(run)) {
        if (fast_option(run, &fast)) continue;
        if (next_is(run, "length"))
            duration = next_time(run);
        else if (next_is(run, "noise"))
            noise = true;
        else if (next_is(run, "none"))
            none = true;
        else if ((value = next_with(run, "wrong=")))
            wrong = value;
        else
            break;
    }
    int code = modulation_code(fast.kind, fast.rate_bps, false);
    if (!code) {
        complain(run, "no DCS was sent that names a modulation");
        return;
    }
    if (none) { /* silence as long as it would have taken */
        run->world.cursor += fast.gap + FL_MS(fl_modulation(code)->train_ms) + duration;
        if (finished(run)) world_run(&run->world, run->world.cursor);
        return;
    }
    size_t length = (size_t)(duration * fast.rate_bps / 8000000);
    uint8_t *octets = calloc(length + 1, 1);
    if (!octets) abort();
    if (noise) fill_noise(octets, length);
    spoil(run, wrong, octets, length, fast.rate_bps);
    send_fast(run, fast.gap, code, octets, length);
    free(octets);
}

static void step_carrier(struct run *run)
{
    struct fast fast = as_agreed(run);
    bool short_train = false, noise = false;
    while (peek(run)) {
        if (next_is(run, "short-train"))
            short_train = true;
        else if (next_is(run, "noise"))
            noise = true;
        else if (!fast_option(run, &fast))
            break;
    }
    fl_time duration = next_time(run);
    while (fast_option(run, &fast)) continue;
    int code = modulation_code(fast.kind, fast.rate_bps, short_train);
    if (!code) complain(run, "which modulation?");
    if (!finished(run)) return;
    size_t length = (size_t)(duration * fast.rate_bps / 8000000);
    uint8_t *octets = calloc(length + 1, 1);
    if (!octets) abort();
    if (noise) fill_noise(octets, length);
    send_fast(run, fast.gap, code, octets, length);
    free(octets);
}

/* ---- pages of the far end ---- */

static void put_bits(uint8_t *code, size_t *bit, const uint8_t *from, size_t from_bit, size_t count)
{
    for (size_t i = 0; i < count; i++, from_bit++, ++*bit)
        if (from[from_bit / 8] >> from_bit % 8 & 1) code[*bit / 8] |= (uint8_t)(1u << *bit % 8);
}

/* Makes so many lines, evenly spread, too short to be lines: ten white pixels, and the fill. */
static size_t damage_lines(const uint8_t *code, size_t length, int rows, int bad, uint8_t *out)
{
    static const uint8_t ten_white[] = {0x1C}; /* 00111, first bit lowest */
    static const uint8_t eol[] = {0x00, 0x08}; /* 000000000001 */
    size_t *ends = calloc((size_t)rows + 8, sizeof *ends), bit = 0;
    if (!ends) abort();
    size_t count = find_eols(code, length, false, ends, (size_t)rows + 8);
    put_bits(out, &bit, code, 0, ends[0]);
    for (size_t i = 0; i + 1 < count; i++) {
        bool is_row = i < (size_t)rows;
        size_t before = i * (size_t)bad / (size_t)rows, after = (i + 1) * (size_t)bad / (size_t)rows;
        if (is_row && before != after) {
            put_bits(out, &bit, ten_white, 0, 5);
            put_bits(out, &bit, eol, 0, 12);
        } else {
            put_bits(out, &bit, code, ends[i], ends[i + 1] - ends[i]);
        }
    }
    free(ends);
    return (bit + 7) / 8;
}

static bool damaged_as_told(const struct run *run, const struct sheet *sheet, const uint8_t *code,
                            size_t length, int bad)
{
    int width = sheet_width(sheet);
    int64_t found = 0, cap = sheet->rows + 16;
    int32_t ended;
    uint8_t *rows = malloc((size_t)cap * (((size_t)width + 7) / 8));
    if (!rows) abort();
    fl_t4_decode_page(run->ours.coding, 0, width, code, (int64_t)length, rows, cap, &found, &ended);
    free(rows);
    return found == bad;
}

struct far_page {
    int number;
    double bad, cut; /* percent */
    bool long_train, no_rtc;
    size_t zeros; /* behind RTC */
    size_t noise; /* octets of it in place of a page */
};

static void send_page(struct run *run, const struct fast *fast, const struct sheet *sheet,
                      const struct far_page *page)
{
    int width = sheet_width(sheet);
    size_t cap = (size_t)sheet->rows * (size_t)width + 65536, length;
    uint8_t *rows = sheet_bitmap(sheet, page->number), *code = calloc(cap, 1), *damaged = calloc(cap, 1);
    if (!code || !damaged) abort();
    int64_t least = (int64_t)fast->rate_bps * run->ours.scan_ms / 1000;
    int64_t coded = fl_t4_encode_page(run->ours.coding, run->ours.coding == FL_CODING_MR ? 4 : 0, 0, width,
                                      least, rows, sheet->rows, code, (int64_t)cap - (int64_t)page->zeros);
    length = coded > 0 ? (size_t)coded : 0;
    int bad = (int)(sheet->rows * page->bad / 100 + 0.5);
    if (bad) {
        length = damage_lines(code, length, sheet->rows, bad, damaged);
        memcpy(code, damaged, length);
        if (!damaged_as_told(run, sheet, code, length, bad))
            complain(run, "the runner made other than %d bad lines", bad);
    }
    if (page->no_rtc && length > 9) length -= 9; /* six EOLs */
    length = (size_t)((double)length * page->cut / 100);
    memset(code + length, 0, page->zeros);
    length += page->zeros;
    if (page->noise) fill_noise(code, length = page->noise);
    bool short_train = fast->kind == 17 && !page->long_train;
    send_fast(run, fast->gap, modulation_code(fast->kind, fast->rate_bps, short_train), code, length);
    free(rows);
    free(code);
    free(damaged);
}

static void step_page(struct run *run)
{
    struct fast fast = as_agreed(run);
    struct sheet sheet = {(uint8_t)run->ours.resolution, (uint8_t)run->ours.width, 60, false};
    struct far_page page = {.number = atoi(next(run)), .cut = 100};
    for (const char *value; peek(run);) {
        if (fast_option(run, &fast)) continue;
        if ((value = next_with(run, "rows=")))
            sheet.rows = atoi(value);
        else if ((value = next_with(run, "bad=")))
            page.bad = atof(value);
        else if ((value = next_with(run, "cut=")))
            page.cut = atof(value);
        else if ((value = next_with(run, "zeros=")))
            page.zeros = (size_t)atoi(value);
        else if ((value = next_with(run, "noise=")))
            page.noise = (size_t)atoi(value);
        else if (next_is(run, "blank"))
            sheet.blank = true;
        else if (next_is(run, "long-train"))
            page.long_train = true;
        else if (next_is(run, "no-rtc"))
            page.no_rtc = true;
        else
            break;
    }
    if (page.number < 1 || page.number > CALL_SHEETS)
        complain(run, "pages have numbers from 1 to %d", CALL_SHEETS);
    if (!run->ours.known) complain(run, "a page before DCS");
    if (!finished(run)) return;
    run->sent[page.number] = sheet;
    run->sent_whole[page.number] = page.bad == 0 && page.cut == 100 && !page.noise;
    send_page(run, &fast, &sheet, &page);
}

/* ---- error correction: what the far end sends ---- */

static size_t encode_rows(struct run *run, const struct sheet *sheet, int number)
{
    size_t cap = (size_t)sheet->rows * (size_t)sheet_width(sheet) + 65536;
    uint8_t *rows = sheet_bitmap(sheet, number);
    run->page = realloc(run->page, cap);
    if (!run->page) abort();
    memset(run->page, 0, cap);
    int64_t coded = fl_t4_encode_page(run->ours.coding, run->ours.coding == FL_CODING_MR ? 4 : 0, 0,
                                      sheet_width(sheet), 0, rows, sheet->rows, run->page, (int64_t)cap);
    free(rows);
    return coded > 0 ? (size_t)coded : 0;
}

/* `prepare N frames=N`: page number N, with as many lines as make so many frames. */
static void step_prepare(struct run *run)
{
    struct sheet sheet = {(uint8_t)run->ours.resolution, (uint8_t)run->ours.width, 1, false};
    int number = atoi(next(run)), low = 1, high = 20000;
    const char *value = next_with(run, "frames=");
    size_t frames = value ? (size_t)atoi(value) : 0, octets = (size_t)run->ours.frame_octets;
    if (number < 1 || number > CALL_SHEETS || !frames) complain(run, "prepare PAGE frames=N");
    if (!run->ours.ecm) complain(run, "no DCS with ECM was sent");
    if (!finished(run)) return;
    while (low < high) { /* the fewest lines that fill the last frame */
        sheet.rows = (low + high) / 2;
        if ((encode_rows(run, &sheet, number) + octets - 1) / octets >= frames)
            high = sheet.rows;
        else
            low = sheet.rows + 1;
    }
    sheet.rows = low;
    run->page_octets = encode_rows(run, &sheet, number);
    if ((run->page_octets + octets - 1) / octets != frames) complain(run, "no page has %zu frames", frames);
    run->sent[number] = sheet;
    run->sent_whole[number] = true;
}

/* `burst 0..4 [block=N] [bad=1,3] [rcp=N] [long-train] [backwards] [flags T] [with OCTETS]`: these frames of the prepared
 * page; `with`: another frame before them. */
static void step_burst(struct run *run)
{
    struct fast fast = as_agreed(run);
    struct bits bits = {0};
    bool set[256] = {false}, bad[256] = {false}, long_train = false, backwards = false;
    int block = 0, rcps = 3;
    fl_time flags = FL_MS(200);
    struct made_frame strange = {0};
    size_t octets = (size_t)run->ours.frame_octets;
    const char *value;
    if (!frames_parse(next(run), set)) complain(run, "which frames?");
    while (peek(run)) {
        if (fast_option(run, &fast)) continue;
        if ((value = next_with(run, "bad=")))
            frames_parse(value, bad);
        else if ((value = next_with(run, "block=")))
            block = atoi(value);
        else if ((value = next_with(run, "rcp=")))
            rcps = atoi(value);
        else if (next_is(run, "long-train"))
            long_train = true;
        else if (next_is(run, "backwards"))
            backwards = true;
        else if (next_is(run, "flags"))
            flags = next_time(run);
        else if (next_is(run, "with"))
            octets_parse(&run->words, &strange);
        else
            break;
    }
    if (!run->ours.ecm) complain(run, "no DCS with ECM was sent");
    if (!finished(run)) return;
    for (fl_time i = flags * fast.rate_bps / 8000000; i > 0; i--) bits_flag(&bits);
    if (strange.length) bits_frame(&bits, strange.octets, strange.length, false);
    for (int i = 0; i < 256; i++) {
        int number = backwards ? 255 - i : i;
        uint8_t frame[260] = {0xFF, 0x03, 0x06, (uint8_t)number};
        size_t from = ((size_t)block * 256 + (size_t)number) * octets;
        if (!set[number]) continue;
        if (from < run->page_octets)
            memcpy(frame + 4, run->page + from,
                   run->page_octets - from < octets ? run->page_octets - from : octets);
        bits_frame(&bits, frame, 4 + octets, bad[number]);
    }
    while (rcps-- > 0) bits_frame(&bits, (const uint8_t[]){0xFF, 0x03, 0x86}, 3, false);
    bits_flag(&bits);
    bool short_train = fast.kind == 17 && !long_train;
    send_fast(run, fast.gap, modulation_code(fast.kind, fast.rate_bps, short_train), bits.octets,
              bits.count / 8);
    free(bits.octets);
}

static void step_tone(struct run *run)
{
    static const struct {
        const char *word;
        enum fl_signal signal;
    } TONES[] = {{"ced", FL_SIGNAL_CED}, {"cng", FL_SIGNAL_CNG}, {"voice", FL_SIGNAL_VOICE}};
    const char *word = next(run);
    fl_time duration = next_time(run), gap = 0;
    next_after(run, &gap);
    for (size_t i = 0; i < FL_COUNT(TONES); i++) {
        if (strcmp(TONES[i].word, word)) continue;
        if (!begin_sending(run, gap)) return;
        fl_line_signal(&run->world.line, 1, TONES[i].signal, 0, run->world.now);
        world_run(&run->world, run->world.now + duration);
        end_sending(run);
        return;
    }
    complain(run, "no such tone: %s", word);
}

/* ---- time, our application, the end ---- */

static void step_silence(struct run *run)
{
    run->world.cursor += next_time(run);
    if (finished(run)) world_run(&run->world, run->world.cursor);
}

static void plan(struct run *run, fl_time at)
{
    if (next_is(run, "stop"))
        world_plan(&run->world, PLAN_STOP, at);
    else if (next_is(run, "hang-up"))
        world_plan(&run->world, PLAN_HANG_UP, at);
    else if (next_is(run, "drop"))
        world_plan(&run->world, PLAN_DROP, at);
    else
        complain(run, "what?");
    finished(run);
}

static void step_in(struct run *run)
{
    plan(run, run->world.now + next_time(run));
}

static void step_now(struct run *run)
{
    run->words.at = 0;
    plan(run, run->world.now);
    world_run(&run->world, run->world.now);
}

/* Every page that our called station kept is the one that was sent. */
static void check_kept(struct run *run)
{
    struct world *w = &run->world;
    struct fl_page_info info;
    int number = 0;
    for (int64_t size; (size = fl_store_take(&w->store, &info, NULL, 0)) > 0;) {
        uint8_t *code = malloc((size_t)size);
        if (!code) abort();
        fl_store_take(&w->store, &info, code, size);
        const struct sheet *sheet = &run->sent[++number];
        if (number > w->pages) complain(run, "a page was kept that was not confirmed");
        if (number <= CALL_SHEETS && run->sent_whole[number]) {
            size_t octets = (size_t)sheet->rows * (((size_t)sheet_width(sheet) + 7) / 8);
            uint8_t *rows = malloc(octets + 65536), *sent = sheet_bitmap(sheet, number);
            int64_t bad;
            int32_t ended;
            int64_t got = fl_t4_decode_page(FL_CODING_MMR, 1, info.width_px, code, size, rows, sheet->rows,
                                            &bad, &ended);
            bool same = got == sheet->rows && info.rows == sheet->rows &&
                        info.width_px == sheet_width(sheet) && memcmp(rows, sent, octets) == 0;
            if (!same) complain(run, "page %d was kept with other pixels", number);
            free(rows);
            free(sent);
        }
        free(code);
    }
    if (number != w->pages) complain(run, "%d pages are confirmed, %d kept", w->pages, number);
}

/* What was being said may go on for a while; the last that our end says is DCN, unless the call is gone. */
static void check_interrupted(struct run *run)
{
    struct world *w = &run->world;
    char text[160] = "nothing";
    if (!w->interrupted) complain(run, "the call was over before it was interrupted");
    for (struct heard *item; (item = pending(run));) {
        item = await_end(run);
        describe(item, text, sizeof text);
        dealt_with(run, item);
    }
    if (!w->dropped && !run->took_leave)
        complain(run, "our end did not take its leave with DCN, but with %s", text);
}

static bool await_our_end(struct run *run)
{
    struct world *w = &run->world;
    char text[160];
    fl_time limit = w->now + run->limit;
    while (!w->ended && world_step(w, limit)) continue;
    world_run(w, w->now + w->delay);
    if (run->interrupt) check_interrupted(run);
    if (pending(run)) {
        describe(await_end(run), text, sizeof text);
        return complain(run, "our end said something at the end: %s", text);
    }
    return w->ended || complain(run, "our fax has not ended");
}

static void check_hook(struct run *run)
{
    struct world *w = &run->world;
    char text[160];
    if (!w->dropped) world_run(w, w->now + FL_MS(300));
    fl_station_hang_up(&w->station, w->now);
    fl_time limit = w->now + FL_SEC(20);
    while ((w->station.state != FL_STATION_ON_HOOK || fl_simmodem_hook(&w->modem) != FL_HOOK_ON) &&
           world_step(w, limit))
        continue;
    if (w->station.state != FL_STATION_ON_HOOK) complain(run, "our station does not come on hook");
    if (fl_simmodem_hook(&w->modem) != FL_HOOK_ON) complain(run, "our modem does not come on hook");
    if (pending(run)) {
        describe(await_end(run), text, sizeof text);
        complain(run, "our end spoke after its end: %s", text);
    }
}

static void step_end(struct run *run)
{
    struct world *w = &run->world;
    /* No cause: whatever it is called, and in whatever way, it must have ended in order. */
    bool any = !peek(run) || strchr(peek(run), '=') || strncmp(peek(run), "line", 4) == 0;
    const char *cause = any ? NULL : next(run), *value;
    int pages = -1, negotiated = -1;
    const char *raw = NULL, *remote = NULL;
    fl_time low = 0, high = FL_NEVER;
    while (peek(run)) {
        if ((value = next_with(run, "pages=")))
            pages = atoi(value);
        else if ((value = next_with(run, "negotiated=")))
            negotiated = atoi(value);
        else if (next_is(run, "line"))
            next_range(run, &low, &high);
        else if (next_is(run, "line-below"))
            high = next_time(run);
        else if (next_is(run, "remote"))
            remote = next(run);
        else if (!raw && strchr(peek(run), '.'))
            raw = next(run);
        else
            break;
    }
    if (!finished(run) || !await_our_end(run)) return;
    const char *seen = w->raw == FL_RAW_NONE ? "NORMAL" : fl_fax_cause_name(fl_raw_cause(w->raw));
    if ((cause && strcmp(cause, seen)) || (raw && strcmp(raw, fl_raw_code(w->raw))))
        complain(run, "ended %s %s, not %s %s", seen, fl_raw_code(w->raw), cause ? cause : "",
                 raw ? raw : "");
    if (remote && strcmp(remote, w->station.engine.remote_id))
        complain(run, "the far end's identity is \"%s\"", w->station.engine.remote_id);
    if (pages >= 0 && pages != w->pages) complain(run, "%d pages, not %d", w->pages, pages);
    if (negotiated >= 0 && negotiated != w->negotiated)
        complain(run, "negotiated %d times, not %d", w->negotiated, negotiated);
    fl_time line = w->ended_at - w->joined_at;
    if (line < low || line > high) complain(run, "our fax ended after %.3f s", (double)line / 1e6);
    if (!w->caller) check_kept(run);
    check_hook(run);
    uint32_t violations = fl_watch_violations(&w->watch, 0);
    if (violations && !run->excuse)
        complain(run, "our end broke T.30's timing: %s", fl_watch_text(&w->watch, 0));
    if (!violations && run->excuse && run->binding_count == 0)
        complain(run, "there was no violation to excuse");
    run->ended = true;
}

static const struct {
    const char *word;
    void (*run)(struct run *run);
} STEPS[] = {
    {"expect", step_expect}, {"hear", step_hear},       {"deaf", step_deaf},       {"send", step_send},
    {"echo", step_echo},     {"flags", step_flags},     {"tcf", step_tcf},         {"carrier", step_carrier},
    {"page", step_page},     {"tone", step_tone},       {"silence", step_silence}, {"in", step_in},
    {"stop", step_now},      {"hang-up", step_now},     {"drop", step_now},        {"end", step_end},
    {"store", step_store},   {"prepare", step_prepare}, {"burst", step_burst},
};

/* ---- running a script ---- */

static void begin_call(struct run *run)
{
    struct world *w = &run->world;
    run->started = true;
    if (w->caller && w->sheet_count == 0)
        w->sheets[w->sheet_count++] = (struct sheet){FL_R8_385, FL_A4, 60, false};
    for (int i = 0; i < w->sheet_count; i++) {
        const struct sheet *sheet = &w->sheets[i];
        const struct fl_resolution_row *row = &FL_RESOLUTIONS[sheet->resolution];
        uint8_t *bitmap = sheet_bitmap(sheet, i + 1);
        if (fl_document_add_page(w->document, sheet_width(sheet), row->x_dpi, row->y_dpi, bitmap,
                                 sheet->rows))
            complain(run, "sheet %d is no page of a fax", i + 1);
        free(bitmap);
    }
    fl_document_measure(w->document);
    if (!world_connect(w)) {
        complain(run, "the call does not come about");
        return;
    }
    run->reference = w->now;
    if (run->interrupt) world_plan(w, run->interrupt_kind, w->now + run->interrupt_after);
    if (!w->caller || run->silent_answer) return;
    world_run(w, w->now + FL_MS(200));
    fl_line_signal(&w->line, 1, FL_SIGNAL_CED, 0, w->now);
    world_run(w, w->now + FL_SEC(3));
    end_sending(run);
}

static void step(struct run *run)
{
    const char *word = next(run);
    if (!run->started && head(run, word)) return;
    for (size_t i = 0; i < FL_COUNT(STEPS); i++) {
        if (strcmp(STEPS[i].word, word)) continue;
        if (run->ended) complain(run, "a step behind the end");
        if (!run->started) begin_call(run);
        world_note(&run->world, "%d: %s", run->line->number, run->line->text);
        if (run->interrupt && run->world.interrupted && strcmp(word, "end")) return;
        if (!run->failed) STEPS[i].run(run);
        /* Broken off: then nothing came as the step wanted it. */
        if (run->interrupt && run->world.interrupted && strcmp(word, "end")) run->failed = false;
        return;
    }
    complain(run, "\"%s\" is no step", word);
}

static const char *value_of(const struct run *run, const char *name, size_t length)
{
    for (int i = 0; i < run->binding_count; i++)
        if (strlen(run->bindings[i].name) == length && strncmp(run->bindings[i].name, name, length) == 0)
            return run->bindings[i].value;
    return NULL;
}

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || c == '_';
}

/* Puts values in the place of $NAME. */
static void substitute(struct run *run, const char *from, char *to, size_t size)
{
    size_t used = 0;
    while (*from && used + 1 < size) {
        size_t length = 0;
        while (*from == '$' && is_name(from[1 + length])) length++;
        const char *value = length ? value_of(run, from + 1, length) : NULL;
        if (length && !value) complain(run, "$%.*s is not defined", (int)length, from + 1);
        if (value) used += (size_t)snprintf(to + used, size - used, "%s", value);
        if (used >= size) used = size - 1;
        from += value ? length + 1 : 0;
        if (!value) to[used++] = *from++;
    }
    to[used] = '\0';
}

/* Splits the next step off the text, in place; returns where the one behind it begins. */
static char *split(struct run *run, char *at)
{
    struct words *words = &run->words;
    memset(words, 0, sizeof *words);
    for (;;) {
        at += strspn(at, " \t");
        if (*at == '\0' || *at == '#') return NULL;
        if (*at == ';') return at + 1;
        if (words->count == (int)FL_COUNT(words->word)) {
            complain(run, "too many words");
            return NULL;
        }
        bool quoted = *at == '"';
        char *begin = quoted ? ++at : at;
        at += quoted ? strcspn(at, "\"") : strcspn(at, " \t;");
        words->quoted[words->count] = quoted;
        words->word[words->count++] = begin;
        char end = *at;
        *at = '\0';
        if (end == '\0') return NULL;
        at++;
        if (end == ';') return at;
    }
}

static void run_lines(struct run *run, const struct script *script)
{
    char text[2000];
    for (int i = 0; i < script->count && !run->failed; i++) {
        run->line = &script->lines[i];
        if (strncmp(run->line->text, "vary ", 5) == 0) continue;
        substitute(run, run->line->text, text, sizeof text);
        for (char *at = text; at && !run->failed;) {
            at = split(run, at);
            if (run->words.count) step(run);
        }
    }
    if (!run->failed && !run->ended) complain(run, "the script has no end");
}

static void defaults(struct run *run)
{
    struct world *w = &run->world;
    struct fl_t30_config *config = &w->config;
    w->delay = FL_MS(20);
    run->limit = FL_SEC(400);
    config->min_rate_bps = 2400;
    config->max_rate_bps = 14400;
    config->high_res = -1;
    config->coding = -1;
    config->seed = 7;
    config->abilities = (struct fl_abilities){
        .modulations = FL_CAN_V17 | FL_CAN_V29 | FL_CAN_V27_4800 | FL_CAN_V27_2400,
        .can_receive = true,
        .mr = true,
        .resolutions = 1u << FL_R8_385 | 1u << FL_R8_77 | 1u << FL_200_100 | 1u << FL_200_200,
        .width = FL_A4,
        .length = 2,
        .min_scan = 7,
    };
}

static void report(const struct run *run, const struct script *script, const char *log)
{
    printf("%s:%d:", script->path, run->line ? run->line->number : 0);
    for (int i = 0; i < run->binding_count; i++)
        printf(" [%s=%s]", run->bindings[i].name, run->bindings[i].value);
    printf(" %s\n%s", run->complaint, log);
}

/* One variant of a script; false when it failed. */
static bool run_variant(const struct script *script, const struct binding *bindings, int count, bool verbose)
{
    struct run *run = calloc(1, sizeof *run);
    char *log = NULL;
    size_t log_size;
    FILE *memory = open_memstream(&log, &log_size);
    if (!run || !memory) abort();
    memcpy(run->bindings, bindings, (size_t)count * sizeof *bindings);
    run->binding_count = count;
    world_open(&run->world, memory);
    defaults(run);
    run_lines(run, script);
    world_close(&run->world);
    free(run->page);
    fclose(memory);
    bool good = !run->failed;
    if (!good)
        report(run, script, log);
    else if (verbose)
        printf("%s: good\n%s", script->path, log);
    free(log);
    free(run);
    return good;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t i = strlen(text); i && strchr(" \t\r\n", text[i - 1]); i--) text[i - 1] = '\0';
    return text;
}

/* `vary GAP: a | b`, `vary AT: 1s to 9s by 0.5s`, or `vary GAP, END: a, x | b, y`. All `vary` lines of a script combine. */
struct vary {
    char text[2000];
    char *names[VARY_MAX], *values[VALUES_MAX];
    char times[VALUES_MAX][16];
    int name_count, value_count;
};

static int cut_at(char *text, const char *separator, char **parts, int cap)
{
    int count = 0;
    for (char *at = text; at && count < cap;) {
        char *found = strstr(at, separator);
        if (found) *found = '\0';
        parts[count++] = trim(at);
        at = found ? found + strlen(separator) : NULL;
    }
    return count;
}

/* `3.5s to 21s by 0.25s` as the only value: every time between. */
static bool expand_times(struct vary *vary)
{
    double first, last, by;
    if (vary->value_count != 1 || sscanf(vary->values[0], "%lfs to %lfs by %lfs", &first, &last, &by) != 3)
        return true;
    vary->value_count = 0;
    for (; first <= last + 1e-9 && by > 0 && vary->value_count < VALUES_MAX; first += by) {
        char *time = vary->times[vary->value_count];
        snprintf(time, sizeof vary->times[0], "%.3fs", first);
        vary->values[vary->value_count++] = time;
    }
    return true;
}

static bool parse_vary(struct vary *vary, const char *line)
{
    snprintf(vary->text, sizeof vary->text, "%s", line + 5);
    char *colon = strchr(vary->text, ':');
    if (!colon) return false;
    *colon = '\0';
    vary->name_count = cut_at(vary->text, ",", vary->names, VARY_MAX);
    vary->value_count = cut_at(colon + 1, "|", vary->values, VALUES_MAX);
    return expand_times(vary);
}

static bool run_combinations(const struct script *script, struct vary *varies, int vary_count, int at,
                             struct binding *bindings, int bound, bool verbose, int *runs)
{
    if (at == vary_count) {
        ++*runs;
        return run_variant(script, bindings, bound, verbose);
    }
    struct vary *vary = &varies[at];
    bool good = true;
    for (int i = 0; i < vary->value_count; i++) {
        char value[1000], *parts[VARY_MAX];
        snprintf(value, sizeof value, "%s", vary->values[i]);
        int count = vary->name_count == 1 ? (parts[0] = value, 1) : cut_at(value, ",", parts, VARY_MAX);
        if (count != vary->name_count) {
            printf("%s: \"%s\" is not %d values\n", script->path, vary->values[i], vary->name_count);
            return false;
        }
        for (int n = 0; n < count; n++) {
            snprintf(bindings[bound + n].name, sizeof bindings->name, "%s", vary->names[n]);
            bindings[bound + n].value = parts[n];
        }
        good &= run_combinations(script, varies, vary_count, at + 1, bindings, bound + count, verbose, runs);
    }
    return good;
}

static bool run_script(const struct script *script, bool verbose, int *runs)
{
    static struct vary varies[4];
    struct binding bindings[VARY_MAX];
    int count = 0;
    for (int i = 0; i < script->count; i++) {
        if (strncmp(script->lines[i].text, "vary ", 5)) continue;
        if (count == (int)FL_COUNT(varies) || !parse_vary(&varies[count++], script->lines[i].text)) {
            printf("%s:%d: vary NAME: a | b\n", script->path, script->lines[i].number);
            return false;
        }
    }
    return run_combinations(script, varies, count, 0, bindings, 0, verbose, runs);
}

/* ---- files ---- */

static bool read_script(struct script *script, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t size = 0, got;
    script->path = path;
    script->count = 0;
    script->text = NULL;
    if (!file) return false;
    do {
        script->text = realloc(script->text, size + 65537);
        if (!script->text) abort();
        got = fread(script->text + size, 1, 65536, file);
        size += got;
    } while (got);
    fclose(file);
    script->text[size] = '\0';
    if (script->text[0] != '#') {
        printf("%s: a script begins with a comment that says what it shows\n", path);
        return false;
    }
    int number = 0;
    for (char *at = script->text; at;) {
        char *end = strchr(at, '\n');
        if (end) *end = '\0';
        char *text = trim(at);
        number++;
        if (*text && *text != '#') {
            if (script->count == LINES_MAX) return false;
            script->lines[script->count++] = (struct line){number, text};
        }
        at = end ? end + 1 : NULL;
    }
    return true;
}

struct tally {
    int scripts, failed, runs;
    bool verbose, first_only;
};

static void run_file(struct tally *tally, const char *path)
{
    static struct script script;
    if (tally->first_only && tally->failed) return;
    tally->scripts++;
    bool good = read_script(&script, path) && run_script(&script, tally->verbose, &tally->runs);
    if (!good) {
        tally->failed++;
        printf("FAILED %s\n", path);
    }
    free(script.text);
}

static int is_call(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".call") == 0;
}

static void run_path(struct tally *tally, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        struct dirent **entries;
        int count = scandir(path, &entries, is_call, alphasort);
        for (int i = 0; i < count; i++) {
            char name[1024];
            snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
            run_file(tally, name);
            free(entries[i]);
        }
        if (count >= 0) free(entries);
    } else {
        run_file(tally, path);
    }
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    bool any = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            tally.verbose = true;
            continue;
        }
        if (strcmp(argv[i], "-x") == 0) {
            tally.first_only = true;
            continue;
        }
        any = true;
        run_path(&tally, argv[i]);
    }
    if (!any) run_path(&tally, "../calls");
    printf("%d runs\n%d scripts, %d failed\n", tally.runs, tally.scripts, tally.failed);
    return tally.failed != 0 || tally.scripts == 0;
}
