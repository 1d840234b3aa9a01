/* The table of simulated modems. A modem family's oddity is a value in its row. */
#include "sim/modem.h"

#include <string.h>

#include "base/boundary.h"

static const uint8_t V17[] = {24, 48, 72, 73, 74, 96, 97, 98, 121, 122, 145, 146, 0};

static const struct fl_simmodem_row ROWS[] = {
    {
        .name = "generic",
        .text = "does what T.31 says",
        .maker = "faxline",
        .model = "simulated Class 1 modem",
        .revision = "1",
        .classes = "0,1",
        .modulations = V17,
        .has_far = true,
        .has_fts = true,
        .has_frs = true,
        .latency_ms = 3,
        .connect_ms = 250,
        .preamble_ms = 1000,
        .hangup_ms = 500,
        .buffer = 4096,
        .frames = 3,
    },
    {
        .name = "hardware",
        .text = "a good modem; ones behind the data, from the end of the carrier, as all real ones give",
        .maker = "faxline",
        .model = "simulated Class 1 modem",
        .revision = "1",
        .classes = "0,1",
        .modulations = V17,
        .has_far = true,
        .has_fts = true,
        .has_frs = true,
        .latency_ms = 3,
        .connect_ms = 250,
        .preamble_ms = 1000,
        .tail = 4,
        .hangup_ms = 500,
        .buffer = 4096,
        .frames = 3,
    },
};

const struct fl_simmodem_row *fl_simmodem_row(const char *name)
{
    if (!name) return &ROWS[0];
    for (size_t i = 0; i < FL_COUNT(ROWS); i++)
        if (strcmp(ROWS[i].name, name) == 0) return &ROWS[i];
    return NULL;
}

const struct fl_simmodem_row *fl_simmodem_row_at(size_t index)
{
    return index < FL_COUNT(ROWS) ? &ROWS[index] : NULL;
}

const char *fl_modem_name(int32_t modem)
{
    const struct fl_simmodem_row *row = modem < 0 ? NULL : fl_simmodem_row_at((size_t)modem);
    return row ? row->name : NULL;
}

const char *fl_modem_text(int32_t modem)
{
    const struct fl_simmodem_row *row = modem < 0 ? NULL : fl_simmodem_row_at((size_t)modem);
    return row ? row->text : NULL;
}
