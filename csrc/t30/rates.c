/* The order of fall-back as a table, best first: down by rate, and at the same rate V.17 before V.29, as its trellis code bears
 * some 3 dB more noise (bench/fallback.py; the figures are in docs/t30.md).
 */
#include "t30/rates.h"

static const struct {
    uint8_t kind;
    uint16_t rate_bps;
    uint8_t needs; /* FL_CAN_ */
} FALL_BACK[] = {
    {FL_V17, 14400, FL_CAN_V17},        {FL_V17, 12000, FL_CAN_V17},        {FL_V17, 9600, FL_CAN_V17},
    {FL_V29, 9600, FL_CAN_V29},         {FL_V17, 7200, FL_CAN_V17},         {FL_V29, 7200, FL_CAN_V29},
    {FL_V27TER, 4800, FL_CAN_V27_4800}, {FL_V27TER, 2400, FL_CAN_V27_2400},
};

static const struct fl_modulation *search(const struct fl_rate_limits *limits, size_t first)
{
    for (size_t i = first; i < FL_COUNT(FALL_BACK); i++) {
        if (!(limits->modulations & FALL_BACK[i].needs)) continue;
        if (FALL_BACK[i].rate_bps < limits->min_bps || FALL_BACK[i].rate_bps > limits->max_bps) continue;
        return fl_modulation_of(FALL_BACK[i].kind, FALL_BACK[i].rate_bps, false);
    }
    return NULL;
}

const struct fl_modulation *fl_rate_first(const struct fl_rate_limits *limits)
{
    return search(limits, 0);
}

const struct fl_modulation *fl_rate_lower(const struct fl_rate_limits *limits,
                                          const struct fl_modulation *from)
{
    for (size_t i = 0; i < FL_COUNT(FALL_BACK); i++)
        if (FALL_BACK[i].kind == from->kind && FALL_BACK[i].rate_bps == from->rate_bps)
            return search(limits, i + 1);
    return NULL;
}
