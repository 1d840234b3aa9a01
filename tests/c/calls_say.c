/* What the far end of a script says. */
#include "calls_run.h"

#include <stdlib.h>
#include <string.h>

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

void end_sending(struct run *run)
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

/* A usable DIS, also with an odd beginning: from now on our end sets bit X. */
static bool is_dis(const struct made_frame *frame)
{
    if (!frame_fcs_good(frame->octets, frame->length)) return false;
    for (int i = 0; i + 5 < frame->length; i++)
        if ((frame->octets[i] & 0xEF) == 0x03 && frame->octets[i + 1] == 0x80) return true;
    return false;
}

void step_send(struct run *run)
{
    struct burst burst = {.gap = GAP, .preamble = PREAMBLE};
    while (frame_ahead(&run->words) && burst.count < CALL_FRAMES) {
        struct made_frame *frame = &burst.frames[burst.count++];
        if (!frame_parse(&run->words, !run->world.dials, true, frame)) {
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
void step_echo(struct run *run)
{
    struct burst burst = {.gap = FL_MS(300), .preamble = PREAMBLE, .count = run->echo_count};
    for (int i = 0; i < run->echo_count; i++) {
        burst.frames[i].length = run->echo[i].length;
        memcpy(burst.frames[i].octets, run->echo[i].octets, run->echo[i].length);
    }
    while (burst_option(run, &burst)) continue;
    send_burst(run, &burst);
}

void step_flags(struct run *run)
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

/* Wrong octets: single ones at times ("0.3s,0.7s"), all of a time ("0s..0.4s"), or so many of a hundred, evenly spread
 * ("8%"). */
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
        fl_time until = at;
        if (strncmp(behind, "..", 2) == 0 && !parse_time(behind + 2, &until, &behind))
            complain(run, "\"%s\" is no range of times (0s..0.4s)", where);
        size_t first = (size_t)(at * rate_bps / 8000000), last = (size_t)(until * rate_bps / 8000000);
        for (size_t octet = first; octet <= last && octet < length; octet++) octets[octet] = 0x20;
        where = behind;
    }
}

void step_tcf(struct run *run)
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

void step_carrier(struct run *run)
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

/* Fill before an EOL in the middle makes the line so many bits longer. */
static size_t stretch_line(const uint8_t *code, size_t length, int rows, size_t more, uint8_t *out)
{
    size_t *ends = calloc((size_t)rows + 8, sizeof *ends), bit = 0;
    if (!ends) abort();
    size_t at = (find_eols(code, length, false, ends, (size_t)rows + 8), ends[(rows + 1) / 2] - 12);
    put_bits(out, &bit, code, 0, at);
    bit += more;
    put_bits(out, &bit, code, at, length * 8 - at);
    free(ends);
    return (bit + 7) / 8;
}

/* A burst over so many lines in the middle: ones, in which there is no EOL. */
static void burst_over_lines(uint8_t *code, size_t length, int rows, int lines)
{
    size_t *ends = calloc((size_t)rows + 8, sizeof *ends);
    if (!ends) abort();
    find_eols(code, length, false, ends, (size_t)rows + 8);
    int first = (rows - lines) / 2;
    for (size_t bit = ends[first]; bit < ends[first + lines] - 12; bit++)
        code[bit / 8] |= (uint8_t)(1u << bit % 8);
    free(ends);
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

static size_t damage_page(struct run *run, const struct sheet *sheet, int bad, uint8_t *code, size_t length)
{
    uint8_t *damaged = calloc(length + 1, 1);
    if (!damaged) abort();
    size_t left = damage_lines(code, length, sheet->rows, bad, damaged);
    memcpy(code, damaged, left);
    memset(code + left, 0, length - left);
    free(damaged);
    if (!damaged_as_told(run, sheet, code, left, bad))
        complain(run, "the runner made other than %d bad lines", bad);
    return left;
}

struct far_page {
    int number;
    double bad, burst, cut; /* percent */
    bool long_train, no_rtc;
    size_t zeros; /* behind RTC */
    size_t ones;  /* behind them: what a modem makes of the end of a carrier */
    size_t noise; /* octets of it in place of a page */
    fl_time line; /* that a line in the middle takes more */
};

static void send_page(struct run *run, const struct fast *fast, const struct sheet *sheet,
                      const struct far_page *page)
{
    int width = sheet_width(sheet);
    size_t more = (size_t)(page->line * fast->rate_bps / 1000000);
    size_t cap = (size_t)sheet->rows * (size_t)width + 65536 + more / 8, length;
    uint8_t *rows = sheet_bitmap(sheet, page->number), *code = calloc(cap, 1), *damaged = calloc(cap, 1);
    if (!code || !damaged) abort();
    int64_t least = (int64_t)fast->rate_bps * run->ours.scan_ms / 1000;
    int64_t coded =
        fl_t4_encode_page(run->ours.coding, run->ours.coding == FL_CODING_MR ? 4 : 0, 0, width, least, rows,
                          sheet->rows, code, (int64_t)(cap - page->zeros - page->ones));
    length = coded > 0 ? (size_t)coded : 0;
    int bad = (int)(sheet->rows * page->bad / 100 + 0.5);
    if (bad) length = damage_page(run, sheet, bad, code, length);
    int lines = (int)(sheet->rows * page->burst / 100 + 0.5);
    if (lines) burst_over_lines(code, length, sheet->rows, lines);
    if (more) {
        length = stretch_line(code, length, sheet->rows, more, damaged);
        memcpy(code, damaged, length);
    }
    if (page->no_rtc && length > 9) length -= 9; /* six EOLs */
    length = (size_t)((double)length * page->cut / 100);
    memset(code + length, 0, page->zeros);
    length += page->zeros;
    memset(code + length, 0xFF, page->ones);
    length += page->ones;
    if (page->noise) fill_noise(code, length = page->noise);
    bool short_train = fast->kind == 17 && !page->long_train;
    send_fast(run, fast->gap, modulation_code(fast->kind, fast->rate_bps, short_train), code, length);
    free(rows);
    free(code);
    free(damaged);
}

void step_page(struct run *run)
{
    struct fast fast = as_agreed(run);
    struct sheet sheet = {(uint8_t)run->ours.resolution, (uint8_t)run->ours.width, 60, false, false, false};
    struct far_page page = {.number = atoi(next(run)), .cut = 100};
    for (const char *value; peek(run);) {
        if (fast_option(run, &fast)) continue;
        if ((value = next_with(run, "rows=")))
            sheet.rows = atoi(value);
        else if ((value = next_with(run, "bad=")))
            page.bad = atof(value);
        else if ((value = next_with(run, "burst=")))
            page.burst = atof(value);
        else if ((value = next_with(run, "cut=")))
            page.cut = atof(value);
        else if ((value = next_with(run, "zeros=")))
            page.zeros = (size_t)atoi(value);
        else if ((value = next_with(run, "ones=")))
            page.ones = (size_t)atoi(value);
        else if ((value = next_with(run, "noise=")))
            page.noise = (size_t)atoi(value);
        else if (next_is(run, "long-line"))
            page.line = next_time(run);
        else if (next_is(run, "blank"))
            sheet.blank = true;
        else if (next_is(run, "dense"))
            sheet.dense = true;
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
    run->sent_whole[page.number] = page.bad == 0 && page.burst == 0 && page.cut == 100 && !page.noise;
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

/* `prepare N frames=N [octets=N] [bad=4.9%] [torn]`: page number N, with as many lines as make so many frames, of another size
 * than the DCS says; some of the lines damaged; torn: not all of it will come. */
void step_prepare(struct run *run)
{
    struct sheet sheet = {(uint8_t)run->ours.resolution, (uint8_t)run->ours.width, 1, false, false, false};
    int number = atoi(next(run)), low = 1, high = 20000;
    const char *value = next_with(run, "frames=");
    size_t frames = value ? (size_t)atoi(value) : 0, octets;
    if ((value = next_with(run, "octets="))) run->ours.frame_octets = atoi(value);
    double bad = (value = next_with(run, "bad=")) ? atof(value) : 0;
    bool torn = next_is(run, "torn");
    octets = (size_t)run->ours.frame_octets;
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
    if (bad > 0) {
        int rows = (int)(sheet.rows * bad / 100 + 0.5);
        run->page_octets = damage_page(run, &sheet, rows, run->page, run->page_octets);
    }
    run->sent[number] = sheet;
    run->sent_whole[number] = bad == 0 && !torn;
}

/* `burst 0..4 [block=N] [bad=1,3] [rcp=N] [long-train] [backwards] [flags T] [with OCTETS]`: these frames of the prepared
 * page; `with`: another frame before them. */
void step_burst(struct run *run)
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

void step_tone(struct run *run)
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
