/* The words of a script: taking them, times and ranges, complaints. */
#include "calls_run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool complain(struct run *run, const char *format, ...)
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

const char *peek(const struct run *run)
{
    return run->words.at < run->words.count ? run->words.word[run->words.at] : NULL;
}

const char *next(struct run *run)
{
    static const char none[] = "";
    return run->words.at < run->words.count ? run->words.word[run->words.at++] : none;
}

bool next_is(struct run *run, const char *word)
{
    if (!peek(run) || run->words.quoted[run->words.at] || strcmp(peek(run), word)) return false;
    run->words.at++;
    return true;
}

/* The rest of a word behind its prefix ("rows=" of "rows=400"), or NULL. */
const char *next_with(struct run *run, const char *prefix)
{
    size_t length = strlen(prefix);
    return peek(run) && strncmp(peek(run), prefix, length) == 0 ? next(run) + length : NULL;
}

bool parse_time(const char *text, fl_time *time, const char **rest)
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

fl_time next_time(struct run *run)
{
    fl_time time = 0;
    const char *rest = "", *word = next(run);
    if (!parse_time(word, &time, &rest) || *rest) complain(run, "\"%s\" is no time (75ms, 3.2s)", word);
    return time;
}

/* "55..95ms", "2.6..3.5s" */
void next_range(struct run *run, fl_time *low, fl_time *high)
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
bool next_after(struct run *run, fl_time *gap)
{
    if (!next_is(run, "after")) return false;
    *gap = next_time(run);
    return true;
}

bool finished(struct run *run)
{
    if (peek(run)) return complain(run, "\"%s\" makes no sense here", peek(run));
    return !run->failed;
}
