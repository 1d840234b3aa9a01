/* The trace of the input being tried, on stderr when FUZZ_TRACE is set: to look at a finding. */
#ifndef FUZZ_SHOW_H
#define FUZZ_SHOW_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"

static struct fl_trace shown;

static inline struct fl_pen show_pen(void)
{
    static int wanted = -1;
    if (wanted < 0) wanted = getenv("FUZZ_TRACE") != NULL;
    return (struct fl_pen){wanted ? &shown : NULL, 0};
}

static inline void show(void)
{
    struct fl_trace_record record;
    while (fl_trace_take(&shown, &record)) {
        char text[400] = "";
        const char *kind = fl_trace_kind_name(record.kind);
        fprintf(stderr, "%9.3f %-14s ", (double)record.time_us / 1e6, kind);
        if (strncmp(kind, "frame", 5) == 0) {
            fl_frame_text(record.data, record.length, text, sizeof text);
            fprintf(stderr, "%s %s\n", fl_frame_name(record.data, record.length), text);
        } else {
            fprintf(stderr, "%.*s\n", record.length, (const char *)record.data);
        }
    }
}

#endif
