/* The head of a script: how our end is. */
#include "calls_run.h"

#include <stdlib.h>
#include <string.h>

static void head_sheet(struct run *run)
{
    struct world *w = &run->world;
    if (w->sheet_count == CALL_SHEETS) {
        complain(run, "more than %d sheets", CALL_SHEETS);
        return;
    }
    struct sheet sheet = {FL_R8_385, FL_A4, 60, false, false, false};
    int times = 1;
    for (const char *word; (word = peek(run));) {
        const char *rows = next_with(run, "rows="), *count = rows ? NULL : next_with(run, "times=");
        if (rows)
            sheet.rows = atoi(rows);
        else if (count)
            times = atoi(count);
        else if (strcmp(word, "blank") == 0)
            sheet.blank = true, next(run);
        else if (strcmp(word, "dense") == 0)
            sheet.dense = true, next(run);
        else if (strcmp(word, "separate") == 0)
            sheet.separate = true, next(run);
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

static int coding_of(const char *word)
{
    static const char *const CODINGS[] = {
        [FL_CODING_MH] = "mh", [FL_CODING_MR] = "mr", [FL_CODING_MMR] = "mmr"};
    for (int i = 0; i < (int)FL_COUNT(CODINGS); i++)
        if (strcmp(CODINGS[i], word) == 0) return i;
    return -1;
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

/* As board/job.c has it: a document to be polled. */
static void head_offer_document(struct fl_abilities *abilities)
{
    abilities->can_send = abilities->sep = abilities->password = abilities->psa = true;
}

/* Who calls, and who sends the document: in a polled call that is the other one. A second word (`caller polls`, `called
 * polled`): documents may go both ways. */
static void head_role(struct run *run)
{
    static const struct {
        const char *word;
        bool dials, sends;
    } ROLES[] = {
        {"caller", true, true}, {"called", false, false}, {"polls", true, false}, {"polled", false, true}};
    struct world *w = &run->world;
    const char *word = next(run);
    for (size_t i = 0; i < FL_COUNT(ROLES); i++) {
        if (strcmp(ROLES[i].word, word)) continue;
        w->dials = ROLES[i].dials;
        w->config.caller = ROLES[i].sends;
        w->config.polling = w->dials != w->config.caller;
        w->config.both = next_is(run, w->dials ? "polls" : "polled");
        w->sends = w->config.caller || w->config.both;
        w->receives = !w->config.caller || w->config.both;
        w->config.abilities.can_receive = w->receives;
        if (w->sends && !w->dials) head_offer_document(&w->config.abilities);
        return;
    }
    complain(run, "our role is caller, called, polls or polled");
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
bool head(struct run *run, const char *word)
{
    struct world *w = &run->world;
    if (strcmp(word, "role") == 0) {
        head_role(run);
    } else if (strcmp(word, "sheet") == 0) {
        head_sheet(run);
    } else if (strcmp(word, "ready") == 0) {
        w->ready = atoi(next(run));
    } else if (strcmp(word, "modems") == 0) {
        head_modems(run);
    } else if (strcmp(word, "offer") == 0) {
        head_offer(run);
    } else if (strcmp(word, "rates") == 0) {
        head_rates(run);
    } else if (strcmp(word, "allow") == 0) {
        if (next_is(run, "ecm")) w->config.abilities.ecm = w->config.abilities.mmr = true;
    } else if (strcmp(word, "coding") == 0) {
        w->config.coding = (int8_t)coding_of(next(run));
        if (w->config.coding < 0) complain(run, "coding mh, mr or mmr");
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
    } else if (strcmp(word, "selective") == 0) {
        copy_id(w->config.selective, next(run));
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
