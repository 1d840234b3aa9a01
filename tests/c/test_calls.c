/* Runs scripted calls (tests/calls/README.md says how a script is written): the far machine frame by frame against our
 * station, in virtual time.
 *
 *   test_calls [-v] [-x] [FILE or FOLDER ...]    without any: ../calls; -x: no more behind the first that fails
 *
 * Here are the files, their variants, and one step after the other; what a step does is in calls_*.c (calls_run.h). A
 * script that varies runs once per variant and counts once. The last line is "N scripts, M failed".
 */
#define _POSIX_C_SOURCE 200809L
#include "calls_run.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINES_MAX  400
#define VALUES_MAX 256

struct script {
    const char *path;
    char *text;
    struct line lines[LINES_MAX];
    int count;
};

/* ---- running a script ---- */

static const struct {
    const char *word;
    void (*run)(struct run *run);
} STEPS[] = {
    {"expect", step_expect}, {"hear", step_hear},   {"deaf", step_deaf},       {"send", step_send},
    {"echo", step_echo},     {"flags", step_flags}, {"tcf", step_tcf},         {"carrier", step_carrier},
    {"page", step_page},     {"tone", step_tone},   {"silence", step_silence}, {"in", step_in},
    {"more", step_now},      {"stop", step_now},    {"hang-up", step_now},     {"drop", step_now},
    {"end", step_end},       {"store", step_store}, {"prepare", step_prepare}, {"burst", step_burst},
};

static void begin_call(struct run *run)
{
    struct world *w = &run->world;
    run->started = true;
    if (w->sends && w->sheet_count == 0)
        w->sheets[w->sheet_count++] = (struct sheet){FL_R8_385, FL_A4, 60, false, false, false};
    if (w->ready) fl_document_open(w->document);
    for (int left = w->ready ? w->ready : w->sheet_count; left > 0; left--) world_make_page(w, w->document);
    fl_document_measure(w->document);
    if (!world_connect(w)) {
        complain(run, "the call does not come about");
        return;
    }
    run->reference = w->now;
    if (run->interrupt) world_plan(w, run->interrupt_kind, w->now + run->interrupt_after);
    if (!w->dials || run->silent_answer) return;
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

/* The steps of a line, one after the other. */
static void run_steps(struct run *run, const char *line)
{
    char text[2000];
    substitute(run, line, text, sizeof text);
    for (char *at = text; at && !run->failed;) {
        at = split(run, at);
        if (run->words.count) step(run);
    }
}

/* `repeat 0..256: steps`: the line's steps for each number; $N stands for it, modulo 256. */
static void run_line(struct run *run, const char *line)
{
    int first, last;
    char number[32], range[32];
    struct binding *binding = &run->bindings[run->binding_count];
    const char *steps = strncmp(line, "repeat ", 7) == 0 ? strchr(line, ':') : NULL;
    if (!steps) {
        run_steps(run, line);
        return;
    }
    snprintf(range, sizeof range, "%.*s", (int)(steps - line), line);
    substitute(run, range, number, sizeof number);
    if (sscanf(number, "repeat %d..%d", &first, &last) < 2) complain(run, "repeat 1..5: steps");
    if (run->binding_count == VARY_MAX) complain(run, "too many variables");
    for (run->binding_count++; first <= last && !run->failed; first++) {
        snprintf(number, sizeof number, "%d", first % 256);
        *binding = (struct binding){"N", number};
        run_steps(run, steps + 1);
    }
    run->binding_count--;
}

static void run_lines(struct run *run, const struct script *script)
{
    for (int i = 0; i < script->count && !run->failed; i++) {
        run->line = &script->lines[i];
        if (strncmp(run->line->text, "vary ", 5)) run_line(run, run->line->text);
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
    printf("calls: %d checks\n%d scripts, %d failed\n", tally.runs, tally.scripts, tally.failed);
    return tally.failed != 0 || tally.scripts == 0;
}
