/* What the far end of a script hears, and whether it is as expected. */
#include "calls_run.h"

#include <stdlib.h>
#include <string.h>

void describe(const struct heard *item, char *text, size_t size)
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
struct heard *pending(struct run *run)
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

struct heard *await_end(struct run *run)
{
    fl_time limit = run->world.now + FL_SEC(1200);
    while (pending(run) && !pending(run)->over)
        if (!world_step(&run->world, limit)) break;
    return pending(run);
}

void dealt_with(struct run *run, const struct heard *item)
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
    bool due = run->far_identified;
    bool ignored = !run->world.dials &&
                   !run->world.sends; /* a DIS to who only receives: out of turn, or it ends the call */
    if ((frame->octets[2] & 1) != due && !(due && ignored))
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
size_t find_eols(const uint8_t *code, size_t length, bool tagged, size_t *ends, size_t cap)
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
    struct sheet as_sent = {
        (uint8_t)agreed->resolution, (uint8_t)agreed->width, sheet->rows, false, false, false};
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
    /* T.30 A.3.1: 200 ms of them; more is line time for nothing. */
    if (flags * 8000 < (size_t)run->theirs.rate_bps * 170 ||
        flags * 8000 > (size_t)run->theirs.rate_bps * 230)
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
void step_store(struct run *run)
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

void step_expect(struct run *run)
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
void step_hear(struct run *run)
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

void step_deaf(struct run *run)
{
    struct world *w = &run->world;
    world_run(w, w->now + next_time(run));
    await_end(run);
    while (pending(run)) dealt_with(run, pending(run));
    w->cursor = w->now;
    finished(run);
}
