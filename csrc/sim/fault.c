/* The fault plan: names, rows, counters. */
#include "sim/fault.h"

#include <string.h>

static const struct {
    const char *name;
    const char *text;
} NAMES[FL_FAULT_NUMBERS] = {
#define X(NAME, name, counted, meaning) {name, "our " counted ": " meaning},
    FL_FAULTS(X)
#undef X
#define X(NAME, name, counted, meaning) {"far_" name, "the far end's " counted ": " meaning},
        FL_FAULTS(X)
#undef X
};

void fl_faults_init(struct fl_faults *faults, uint64_t seed, struct fl_pen pen)
{
    memset(faults, 0, sizeof *faults);
    faults->random = seed;
    faults->pen = pen;
}

bool fl_faults_add(struct fl_faults *faults, const struct fl_fault *fault)
{
    if (faults->planned == FL_FAULTS_MAX || fault->kind < 0 || fault->kind >= FL_FAULT_NUMBERS) return false;
    if (fault->at < 0 || fault->count < 0 || fault->arg < 0 || fault->arg > UINT16_MAX) return false;
    faults->plan[faults->planned++] = *fault;
    return true;
}

static bool covers(const struct fl_fault *fault, uint32_t operation)
{
    uint32_t first = fault->at ? (uint32_t)fault->at : 1;
    return operation >= first && (fault->count == 0 || operation - first < (uint32_t)fault->count);
}

bool fl_faults_strike(struct fl_faults *faults, enum fl_fault_kind kind, int end, uint16_t fallback,
                      uint16_t *arg, fl_time now)
{
    if (!faults || faults->planned == 0) return false;
    int32_t number = (int32_t)kind + end * FL_FAULT_KINDS;
    uint32_t operation = ++faults->operations[number];
    for (uint32_t i = 0; i < faults->planned; i++) {
        const struct fl_fault *fault = &faults->plan[i];
        if (fault->kind != number || !covers(fault, operation)) continue;
        faults->struck[number]++;
        if (arg) *arg = fault->arg ? (uint16_t)fault->arg : fallback;
        struct fl_pen pen = {faults->pen.trace, (uint8_t)end};
        fl_trace_text(&pen, now, FL_TRACE_FAULT, "%s at operation %u", NAMES[number].name,
                      (unsigned)operation);
        return true;
    }
    return false;
}

const char *fl_fault_name(int32_t fault)
{
    return fault >= 0 && fault < FL_FAULT_NUMBERS ? NAMES[fault].name : NULL;
}

const char *fl_fault_text(int32_t fault)
{
    return fault >= 0 && fault < FL_FAULT_NUMBERS ? NAMES[fault].text : NULL;
}

int32_t fl_fault_find(const char *name)
{
    for (int32_t fault = 0; fault < FL_FAULT_NUMBERS; fault++)
        if (strcmp(NAMES[fault].name, name) == 0) return fault;
    return -1;
}
