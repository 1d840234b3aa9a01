/* Time, our application, and the end of a script: what must hold then. */
#include "calls_run.h"

#include <stdlib.h>
#include <string.h>

void step_silence(struct run *run)
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
    else if (next_is(run, "more"))
        world_plan(&run->world, PLAN_MORE, at);
    else
        complain(run, "what?");
    finished(run);
}

void step_in(struct run *run)
{
    plan(run, run->world.now + next_time(run));
}

void step_now(struct run *run)
{
    run->words.at = 0;
    plan(run, run->world.now);
    world_run(&run->world, run->world.now);
}

/* Every page that our end kept is the one that was sent. documents: how many of them there must be, or -1. */
static void check_kept(struct run *run, int documents)
{
    struct world *w = &run->world;
    struct fl_page_info info = {0};
    int number = 0;
    for (int64_t size; (size = fl_store_take(&w->store, &info, NULL, 0)) > 0;) {
        uint8_t *code = malloc((size_t)size);
        if (!code) abort();
        fl_store_take(&w->store, &info, code, size);
        const struct sheet *sheet = &run->sent[++number];
        if (number > w->received) complain(run, "a page was kept that was not confirmed");
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
    if (documents >= 0 && info.document != documents)
        complain(run, "page %d belongs to document %d", number, info.document);
    if (number != w->received) complain(run, "%d pages are confirmed, %d kept", w->received, number);
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

/* A modem that was given up has hung up with the driver's last words, and its station says no more. */
static bool at_rest(const struct world *w)
{
    return w->station.state == FL_STATION_ON_HOOK ||
           (w->station.state == FL_STATION_DEAD && w->raw == FL_RAW_DEVICE);
}

static void check_hook(struct run *run)
{
    struct world *w = &run->world;
    char text[160];
    if (!w->dropped) world_run(w, w->now + FL_MS(300));
    fl_station_hang_up(&w->station, w->now);
    fl_time limit = w->now + FL_SEC(20);
    while ((!at_rest(w) || fl_simmodem_hook(&w->modem) != FL_HOOK_ON) && world_step(w, limit)) continue;
    if (!at_rest(w)) complain(run, "our station does not come on hook");
    if (fl_simmodem_hook(&w->modem) != FL_HOOK_ON) complain(run, "our modem does not come on hook");
    if (pending(run)) {
        describe(await_end(run), text, sizeof text);
        complain(run, "our end spoke after its end: %s", text);
    }
}

void step_end(struct run *run)
{
    struct world *w = &run->world;
    /* No cause: whatever it is called, and in whatever way, it must have ended in order. */
    bool any = !peek(run) || strchr(peek(run), '=') || strncmp(peek(run), "line", 4) == 0;
    const char *cause = any ? NULL : next(run), *value;
    int pages = -1, sent = -1, received = -1, documents = -1, negotiated = -1;
    const char *raw = NULL, *remote = NULL;
    fl_time low = 0, high = FL_NEVER;
    while (peek(run)) {
        if ((value = next_with(run, "pages=")))
            pages = atoi(value);
        else if ((value = next_with(run, "sent=")))
            sent = atoi(value);
        else if ((value = next_with(run, "received=")))
            received = atoi(value);
        else if ((value = next_with(run, "documents=")))
            documents = atoi(value);
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
    if (sent >= 0 && sent != w->sent) complain(run, "%d pages are sent, not %d", w->sent, sent);
    if (received >= 0 && received != w->received)
        complain(run, "%d pages are received, not %d", w->received, received);
    if (negotiated >= 0 && negotiated != w->negotiated)
        complain(run, "negotiated %d times, not %d", w->negotiated, negotiated);
    fl_time line = w->ended_at - w->joined_at;
    if (line < low || line > high) complain(run, "our fax ended after %.3f s", (double)line / 1e6);
    if (w->receives) check_kept(run, documents);
    check_hook(run);
    uint32_t violations = fl_watch_violations(&w->watch, 0);
    if (violations && !run->excuse)
        complain(run, "our end broke T.30's timing: %s", fl_watch_text(&w->watch, 0));
    if (!violations && run->excuse && run->binding_count == 0)
        complain(run, "there was no violation to excuse");
    run->ended = true;
}
