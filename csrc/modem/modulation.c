/* The table of modulations. Training times: V.17 1393/142 ms, V.29 253 ms, V.27ter 708 ms (4800) and 943 ms (2400). */
#include "modem/modulation.h"

static const struct fl_modulation TABLE[] = {
    {3, FL_V21, false, 300, 0, "V.21 300"},
    {24, FL_V27TER, false, 2400, 943, "V.27ter 2400"},
    {48, FL_V27TER, false, 4800, 708, "V.27ter 4800"},
    {72, FL_V29, false, 7200, 253, "V.29 7200"},
    {96, FL_V29, false, 9600, 253, "V.29 9600"},
    {73, FL_V17, false, 7200, 1393, "V.17 7200"},
    {74, FL_V17, true, 7200, 142, "V.17 7200 short"},
    {97, FL_V17, false, 9600, 1393, "V.17 9600"},
    {98, FL_V17, true, 9600, 142, "V.17 9600 short"},
    {121, FL_V17, false, 12000, 1393, "V.17 12000"},
    {122, FL_V17, true, 12000, 142, "V.17 12000 short"},
    {145, FL_V17, false, 14400, 1393, "V.17 14400"},
    {146, FL_V17, true, 14400, 142, "V.17 14400 short"},
};

const struct fl_modulation *fl_modulation(int code)
{
    for (size_t i = 0; i < FL_COUNT(TABLE); i++)
        if (TABLE[i].code == code) return &TABLE[i];
    return NULL;
}

const struct fl_modulation *fl_modulation_of(enum fl_modulation_kind kind, int rate_bps, bool short_train)
{
    for (size_t i = 0; i < FL_COUNT(TABLE); i++)
        if (TABLE[i].kind == kind && TABLE[i].rate_bps == rate_bps && TABLE[i].short_train == short_train)
            return &TABLE[i];
    return NULL;
}
