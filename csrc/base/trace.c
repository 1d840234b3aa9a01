/* The bounded ring of trace records: writing, formatting, taking. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void fl_trace_put(const struct fl_pen *pen, fl_time now, enum fl_trace_kind kind, const void *data,
                  size_t length)
{
    struct fl_trace *trace = pen->trace;
    if (!trace) return;
    if (trace->count == FL_TRACE_RING) {
        trace->lost++;
        return;
    }
    struct fl_trace_record *record = &trace->ring[(trace->head + trace->count++) % FL_TRACE_RING];
    record->time_us = now;
    record->kind = (uint8_t)kind;
    record->station = pen->station;
    record->length = (uint16_t)(length < FL_TRACE_DATA ? length : FL_TRACE_DATA);
    memcpy(record->data, data, record->length);
}

void fl_trace_text(const struct fl_pen *pen, fl_time now, enum fl_trace_kind kind, const char *format, ...)
{
    char text[FL_TRACE_DATA + 1];
    va_list arguments;
    if (!pen->trace) return;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    fl_trace_put(pen, now, kind, text, (size_t)length);
}

bool fl_trace_take(struct fl_trace *trace, struct fl_trace_record *record)
{
    if (trace->count == 0) return false;
    *record = trace->ring[trace->head];
    trace->head = (trace->head + 1) % FL_TRACE_RING;
    trace->count--;
    return true;
}
