/* The fault regime: a list of plain calls, and in each of them each fault at each operation. */
#include "regime.h"

#include <stdio.h>
#include <string.h>

/* Plain calls, in each of which each fault is put at each operation. */
static const struct {
    const char *name;
    uint8_t pages[3]; /* of the pool; 255 ends them */
    bool ecm;
    int8_t coding;
    uint8_t modulations;
    uint8_t page_verdict;
    uint16_t delay_ms, store_ms;
} BASES[] = {
    {"ecm-mmr", {0, 20, 255}, true, FL_CODING_MMR, 0x0F, FL_HONEST, 20, 0},
    {"ecm-blocks", {19, 255, 255}, true, FL_CODING_MH, 0x0F, FL_HONEST, 20, 0},
    {"ecm-eom-slow-store", {0, 1, 255}, true, FL_CODING_MMR, 0x0F, FL_HONEST, 300, 2500},
    {"mr", {3, 23, 255}, false, FL_CODING_MR, 0x0F, FL_HONEST, 20, 0},
    {"mh-v27", {1, 255, 255}, false, FL_CODING_MH, 0x03, FL_HONEST, 80, 0},
    {"mh-eom", {0, 1, 0}, false, FL_CODING_MH, 0x07, FL_HONEST, 600, 0},
    {"rejects", {0, 255, 255}, false, FL_CODING_MH, 0x0F, FL_ALWAYS_BAD, 20, 0},
};

static void base_call(struct call *call, size_t index)
{
    memset(call, 0, sizeof *call);
    while (call->document.count < 3 && BASES[index].pages[call->document.count] != 255) {
        call->pages[call->document.count] = rig_pool()[BASES[index].pages[call->document.count]];
        call->document.count++;
    }
    call->document.pages = call->pages;
    call->plan.document = &call->document;
    for (int end = 0; end < 2; end++) {
        struct fl_t30_config *config = &call->plan.config[end];
        rig_plan_end(&call->plan, end);
        config->abilities.modulations = BASES[index].modulations;
        config->abilities.ecm = BASES[index].ecm;
        config->coding = BASES[index].coding;
    }
    call->plan.config[1].page_verdict = BASES[index].page_verdict;
    call->plan.delay = FL_MS(BASES[index].delay_ms);
    call->plan.store_time = FL_MS(BASES[index].store_ms);
    call->plan.seed = 1;
    call->plan.limit = limit_of(call);
}

const char *only;

static bool wanted(size_t base, int32_t kind, int32_t at)
{
    char name[96];
    if (!only) return true;
    snprintf(name, sizeof name, "%s:%s:%d", BASES[base].name, fl_fault_name(kind), at);
    return strcmp(only, name) == 0;
}

/* The fault at operation 1, 2, 3 ... until the call does not come to so many; returns the calls. */
static long inject(struct call *call, size_t base, int32_t kind, int32_t arg)
{
    int32_t at = 0;
    do {
        at++;
        call->plan.fault_count = 1;
        call->plan.faults[0] = (struct fl_fault){.kind = kind, .at = at, .count = 1, .arg = arg};
        snprintf(call->name, sizeof call->name, "--faults --only %s:%s:%d", BASES[base].name,
                 fl_fault_name(kind), at);
        verbose = wanted(base, kind, at) && only;
        try_call(call, at % 16 == 0);
    } while (rig.faults.struck[kind] && at < 2000);
    return at;
}

long run_faults(void)
{
    static struct call call;
    long count = 0;
    for (size_t base = 0; base < FL_COUNT(BASES); base++) {
        base_call(&call, base);
        snprintf(call.name, sizeof call.name, "--faults: %s", BASES[base].name);
        try_call(&call, true);
        count++;
        for (int32_t kind = 0; kind < FL_FAULT_NUMBERS; kind++) {
            int32_t argument = ARGUMENTS[kind % FL_FAULT_KINDS].high / 2;
            count += inject(&call, base, kind, 0);
            if (ARGUMENTS[kind % FL_FAULT_KINDS].high)
                count += inject(&call, base, kind, argument ? argument : 1);
        }
    }
    return count;
}
