/* The table of simulated modems: a good one, and for each family of modem/profiles.c one with that family's ways and
 * faults. A modem family's oddity is a value in its row. The sources are those of the profiles; where a length is not
 * known (how early is early), the value is one that hurts a driver which does not reckon with it.
 */
#include "sim/modem.h"

#include <string.h>

#include "base/boundary.h"

static const uint8_t V17[] = {24, 48, 72, 73, 74, 96, 97, 98, 121, 122, 145, 146, 0};
/* As the Courier lists them: the long trains first, two short ones missing. */
static const uint8_t COURIER[] = {24, 48, 72, 73, 74, 96, 121, 122, 145, 146, 0};

/* What every real modem has. */
#define REAL                                                                                                 \
    .latency_ms = 5, .connect_ms = 250, .preamble_ms = 1000, .tail = 4, .hangup_ms = 500, .buffer = 2048,    \
    .frames = 3

static const struct fl_simmodem_row ROWS[] = {
    {
        .name = "generic",
        .text = "does what T.31 says, and nothing else",
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
    {
        .name = "hardware",
        .text = "a good modem as they are sold: half the buffer of the generic one, a little slower to obey",
        .maker = "faxline",
        .model = "simulated Class 1 modem",
        .revision = "1",
        .classes = "0,1",
        .modulations = V17,
        .has_far = true,
        .has_fts = true,
        .has_frs = true,
        REAL,
    },
    {
        .name = "usr",
        .text = "USRobotics Courier, Sportster, USR5637: class 1 turns XON/XOFF on, and data loses DC1 and "
                "DC3; OK "
                "before the carrier is down; +FRS resets it",
        .maker = "U.S. Robotics",
        .model = "U.S. Robotics 56K Fax USB V1.2.23",
        .revision = "U.S. Robotics 56K Fax USB",
        .classes = "0,1,2.0",
        .modulations = COURIER,
        .has_fts = true,
        .has_frs = true,
        .early_ok_ms = 1200,
        .flow_off = "&H1",
        .frs_resets = true,
        REAL,
    },
    {
        .name = "rockwell",
        .text =
            "Rockwell RC144, RC288: the serial line at 19200, a buffer of 128 octets, +FCERROR too quickly",
        .maker = "ROCKWELL",
        .model = "RC288DPi",
        .revision = "V1.600",
        .classes = "0,1,2",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .latency_ms = 10,
        .connect_ms = 250,
        .preamble_ms = 1000,
        .tail = 4,
        .hangup_ms = 700,
        .buffer = 128,
        .frames = 2,
        .fcerrors = 1,
        .dte_bps = 19200,
        .flow_off = "&K3",
    },
    {
        .name = "conexant",
        .text = "Conexant and Synaptics CX93001, CX93010 sticks: +FCERROR too quickly, +FAR=1 is there; "
                "class 2 and 8 in "
                "the list",
        .maker = "CONEXANT",
        .model = "CX93001-EIS_V0.2013-V92",
        .revision = "CX93001-EIS_V0.2013-V92",
        .classes = "0,1,1.0,2,8",
        .modulations = V17,
        .has_far = true,
        .has_fts = true,
        .has_frs = true,
        .fcerrors = 1,
        REAL,
    },
    {
        .name = "lucent",
        .text = "Lucent and Agere: CONNECT before it takes data, CONNECT to +FRH=3 on any carrier, XON/XOFF "
                "broken",
        .maker = "LUCENT TECHNOLOGIES",
        .model = "LT WINMODEM 1.0",
        .revision = "5.66",
        .classes = "0,1,2",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .frh_any_carrier = true,
        .early_connect_ms = 350,
        .flow_off = "&K3",
        REAL,
    },
    {
        .name = "multitech",
        .text = "MultiTech MT9234, MT5634: CONNECT before it takes data, CONNECT to +FRH=3 on any carrier",
        .maker = "MULTITECH",
        .model = "MT9234ZBA-USB",
        .revision = "1.22c",
        .classes = "0,1,1.0,2,2.0,2.1",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .frh_any_carrier = true,
        .early_connect_ms = 350,
        REAL,
    },
    {
        .name = "silabs",
        .text = "Silicon Labs Si2417, Si2435: +FRH=3 goes deaf after a while and does not hear CAN, gives up "
                "after 30 s "
                "unless S30 says otherwise, OK to an abort late",
        .maker = "SILICON LABS",
        .model = "SI2435",
        .revision = "Rev. D",
        .classes = "0,1,1.0",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .late_ok_ms = 300,
        .deaf_ms = 4500,
        .give_up_s = 30,
        .ignores_can = true,
        .flow_off = "\\Q3",
        REAL,
    },
    {
        .name = "intel",
        .text = "Intel 400e, 537EP: no +FTS and no +FRS, CONNECT before it takes data",
        .maker = "INTEL CORPORATION",
        .model = "Intel V.92 537EP",
        .revision = "2.76",
        .classes = "0,1",
        .modulations = V17,
        .early_connect_ms = 350,
        REAL,
    },
    {
        .name = "zyxel",
        .text = "old ZyXEL: ERROR in place of +FCERROR",
        .maker = "ZyXEL",
        .model = "U-1496E",
        .revision = "V 6.15 M",
        .classes = "0,1,2,2.0",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .fcerror_is_error = true,
        .flow_off = "&H3",
        REAL,
    },
    {
        .name = "t38modem",
        .text = "t38modem: received frames without their FCS, NO CARRIER when nobody answers, OK to an abort "
                "late",
        .maker = "T38FAX",
        .model = "T38Modem",
        .revision = "1.2.0",
        .classes = "1",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .late_ok_ms = 300,
        .without_fcs = true,
        .no_answer_is_no_carrier = true,
        REAL,
    },
    {
        .name = "iaxmodem",
        .text = "iaxmodem, spandsp: no list of its modulations",
        .maker = "www.soft-switch.org",
        .model = "spandsp",
        .revision = "0.0.6",
        .classes = "0,1,1.0",
        .modulations = V17,
        .has_fts = true,
        .has_frs = true,
        .no_lists = true,
        REAL,
    },
    {
        .name = "odd",
        .text = "oddities of no family of the table: lists in brackets, the FCS's octets reversed, nothing "
                "in place of "
                "+FCERROR",
        .maker = "nobody",
        .model = "in particular",
        .revision = "0",
        .classes = "0,1",
        .modulations = V17,
        .brackets = true,
        .has_fts = true,
        .has_frs = true,
        .no_fcerror = true,
        .fcs_reversed = true,
        REAL,
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
