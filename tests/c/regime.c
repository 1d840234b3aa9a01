/* The fault regime: whole calls by the hundred thousand, each drawn from one number, and what must hold after each.
 *
 *     regime [-n COUNT] [-s FIRST_SEED] [-v]     calls of COUNT seeds
 *     regime -g [-n COUNT] [-s FIRST_SEED]       calls steered to what few calls reach, and what they reached
 *     regime -s SEED [-m NUMBER ...]             one call of those
 *     regime --seeds FILE                        the seeds of a file, one a line, # comments
 *     regime --faults [-v]                       each fault at operation 1, 2, 3 ... of a list of plain calls
 *
 * A broken invariant is printed with the seed (or the call, fault and operation) that shows it again; -v prints that
 * call's trace. Exit status 1 when anything was broken.
 */
#define _POSIX_C_SOURCE 200809L
#include "regime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rig rig;
bool verbose;
static struct fl_trace trace;
static bool steered;
static long cause_counts[FL_RAW_COUNT];

bool try_call(const struct call *call, bool twice)
{
    rig_run(&rig, &call->plan, verbose || steered ? &trace : NULL);
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

static void run_changed(uint64_t seed, const uint64_t *changes, int count)
{
    static struct call call;
    draw_call(&call, seed);
    for (int i = 0; i < count; i++) mutate_call(&call, changes[i]);
    try_call(&call, true);
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

int main(int argc, char **argv)
{
    uint64_t first = 1;
    long count = 3000;
    const char *file = NULL;
    uint64_t changes[8];
    int change_count = 0;
    bool faults = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            verbose = true;
        else if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
            only = argv[++i];
        else if (strcmp(argv[i], "--faults") == 0)
            faults = true;
        else if (strcmp(argv[i], "-g") == 0)
            steered = true;
        else if (i + 1 < argc && change_count < 8 && strcmp(argv[i], "-m") == 0)
            changes[change_count++] = strtoull(argv[++i], NULL, 10);
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
    else if (change_count > 0)
        run_changed(first, changes, change_count), count = 1;
    else if (steered)
        run_steered(first, count);
    else
        run_seeds(first, count);
    print_summary(count, clock_s() - from);
    if (steered) print_cover();
    return broken_count != 0;
}
