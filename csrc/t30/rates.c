/* The order of fall-back as a table, best first. */
#include "t30/rates.h"

static const struct {
    uint8_t kind;
    uint16_t rate_bps;
    uint8_t needs; /* FL_CAN_ */
    bool
        last_hope; /* V.17 below 12000: where it failed at 12000, V.29 is likelier to work, and many receivers leave
                       after three failed trainings. Used on the way down only where there is no V.29. */
} FALL_BACK[] = {
    {FL_V17, 14400, FL_CAN_V17, false},        {FL_V17, 12000, FL_CAN_V17, false},
    {FL_V17, 9600, FL_CAN_V17, true},          {FL_V29, 9600, FL_CAN_V29, false},
    {FL_V17, 7200, FL_CAN_V17, true},          {FL_V29, 7200, FL_CAN_V29, false},
    {FL_V27TER, 4800, FL_CAN_V27_4800, false}, {FL_V27TER, 2400, FL_CAN_V27_2400, false},
};

static const struct fl_modulation *search(const struct fl_rate_limits *limits, size_t first,
                                          bool skip_last_hope)
{
    for (size_t i = first; i < FL_COUNT(FALL_BACK); i++) {
        if (!(limits->modulations & FALL_BACK[i].needs)) continue;
        if (FALL_BACK[i].rate_bps < limits->min_bps || FALL_BACK[i].rate_bps > limits->max_bps) continue;
        if (skip_last_hope && FALL_BACK[i].last_hope && (limits->modulations & FL_CAN_V29)) continue;
        return fl_modulation_of(FALL_BACK[i].kind, FALL_BACK[i].rate_bps, false);
    }
    return NULL;
}

const struct fl_modulation *fl_rate_first(const struct fl_rate_limits *limits)
{
    return search(limits, 0, false);
}

const struct fl_modulation *fl_rate_lower(const struct fl_rate_limits *limits,
                                          const struct fl_modulation *from)
{
    for (size_t i = 0; i < FL_COUNT(FALL_BACK); i++)
        if (FALL_BACK[i].kind == from->kind && FALL_BACK[i].rate_bps == from->rate_bps)
            return search(limits, i + 1, true);
    return NULL;
}
