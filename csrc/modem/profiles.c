/* The table of modem families. Sources in brackets: [HF] the parameters and sample configurations that HylaFAX+ ships,
 * facts only; [V] a vendor's AT manual; [U] reports of users. The parameter's name there is given where it has one.
 */
#include "modem/profiles.h"

#include "base/boundary.h"

#include <string.h>

static const struct fl_class1_profile PROFILES[] = {
    {
        .name = "generic",
        .reset = "ATZ",
        .select = "AT+FCLASS=1",
        .flow = {"AT+FLO=2"}, /* T.31's own flow control command; an ERROR is passed over */
        .reset_pause_ms = 100,
        .abort_ms = 200, /* [HF] Class1RecvAbortOK */
        .hook_sensitivity = 1,
    },
    {
        .name = "usr",
        .identity = {"U.S. ROBOTICS", "US ROBOTICS", "USROBOTICS", "3COM", "COURIER", "SPORTSTER"},
        .reset = "AT&F1", /* [V] the hardware flow control template */
        .select = "AT+FCLASS=1",
        .flow = {"AT&H1&I0&R2"}, /* [HF] Class1NFLOCmd: +FCLASS=1 turns XON/XOFF on; &K is compression here */
        .reset_pause_ms = 500,
        .abort_ms = 200,
        .wait_by_delay = true,      /* [HF] Class1SwitchingCmd: +FRS resets the modem */
        .silence_after_data = true, /* [HF] Class1ResponseWaitCmd: early OK after TCF */
        .hook_sensitivity = 1,
    },
    {
        .name = "rockwell",
        .identity = {"ROCKWELL", "RC144", "RC288", "RC336"},
        .reset = "AT&F",
        .init = {"AT&K3"}, /* [V] RTS/CTS */
        .select = "AT+FCLASS=1",
        .flow = {"AT&K3"},
        .reset_pause_ms = 300,
        .abort_ms = 200,
        .rm_persistence = 2, /* [HF] Class1RMPersistence: reports +FCERROR quickly */
        .hook_sensitivity = 1,
    },
    {
        .name = "conexant",
        .identity = {"CONEXANT", "CX930", "CX881", "SYNAPTICS"},
        .reset = "AT&F",
        .init = {"AT&K3"},
        .select = "AT+FCLASS=1",
        .flow = {"AT&K3"},
        .adaptive = "AT+FAR=1", /* [HF] Class1AdaptRecvCmd: good on this family; live lists show it */
        .reset_pause_ms = 300,
        .abort_ms = 200,
        .rm_persistence = 2,
        .hook_sensitivity = 1,
    },
    {
        .name = "lucent",
        .identity = {"LUCENT", "AGERE", "LT WINMODEM", "MAINPINE"},
        .reset = "AT&F",
        .init = {"AT&D3", "AT&K3"}, /* [HF] &D3; XON/XOFF is broken, hence RTS/CTS */
        .select = "AT+FCLASS=1",
        .flow = {"AT&K3"},
        .reset_pause_ms = 300,
        .abort_ms = 200,
        .connect_delay_ms = 400, /* [HF] Class1TMConnectDelay */
        .rh_connect_bug = true,  /* [HF] Class1HasRHConnectBug */
        .hook_sensitivity = 1,
    },
    {
        .name = "multitech",
        .identity = {"MULTITECH", "MULTI-TECH", "MT9234", "MT5634"},
        .reset = "AT&F",
        .init = {"AT&D3", "AT&K3"},
        .select = "AT+FCLASS=1",
        .flow = {"AT&K3"},
        .reset_pause_ms = 300,
        .abort_ms = 200,
        .connect_delay_ms = 400, /* Lucent lineage */
        .rh_connect_bug = true,
        .hook_sensitivity = 1,
    },
    {
        .name = "silabs",
        .identity = {"SILICON LABORATORIES", "SILICON LABS", "SILICON LAB", "SILABS", "SI24", "SKYWORKS"},
        .reset = "ATZ",
        .init = {"AT\\Q3"}, /* [V] RTS/CTS, the only flow control of this family */
        .select = "AT+FCLASS=1",
        .flow = {"AT\\Q3", "ATS30=59"}, /* [HF] Class1Cmd: +FRH and +FRM give up at 30 s otherwise */
        .reset_pause_ms = 300,          /* [V] 300 ms after ATZ */
        .command_gap_ms = 20,
        .abort_ms = 500,
        .abort_pause_ms = 100, /* [HF] wants 100 ms after a change of mode */
        .abort_by_at = true,   /* [HF] cancel of +FRH is unreliable */
        .rh_slice_ms = 4000,   /* [HF] Class1FRHNeedsReset */
        .hook_sensitivity = 1,
    },
    {
        .name = "intel",
        .identity = {"INTEL", "537E", "AMBIENT"},
        .reset = "AT&F",
        .init = {"AT&K3"},
        .select = "AT+FCLASS=1",
        .flow = {"AT&K3"},
        .reset_pause_ms = 300,
        .abort_ms = 200,
        .silence_by_delay = true, /* [HF] 400e: +FTS and +FRS missing or broken */
        .wait_by_delay = true,
        .connect_delay_ms = 400, /* [HF] 537EP: Class1TMConnectDelay */
        .hook_sensitivity = 1,
    },
    {
        .name = "zyxel",
        .identity = {"ZYXEL"},
        .reset = "ATZ",
        .select = "AT+FCLASS=1",
        .flow = {"AT&H3"}, /* [V] RTS/CTS */
        .reset_pause_ms = 500,
        .abort_ms = 200,
        .rm_error_is_mismatch = true, /* [HF] Class1HasRMHookIndication: ERROR in place of +FCERROR */
        .hook_sensitivity = 1,
    },
    {
        .name = "t38modem",
        .identity = {"T38FAX", "T38MODEM", "FRANCE TELECOM"},
        .reset = "ATZ",
        .select = "AT+FCLASS=1",
        .abort_ms = 500,
        .frames_without_fcs = true, /* [HF] Class1FrameOverhead 2 */
        .hook_sensitivity = 1,
        .no_carrier_no_answer = true, /* [U] every failed call ends in NO CARRIER */
    },
    {
        .name = "iaxmodem",
        .identity = {"IAXMODEM", "SPANDSP", "WWW.SOFT-SWITCH.ORG"},
        .reset = "ATZ",
        .select = "AT+FCLASS=1",
        .abort_ms = 200,
        /* [HF] has Class1TMConnectDelay 400 here. spandsp 0.0.6 keeps what comes before its training is over (tests/interop
         * sends by it), and 0.25 s a page are line time. */
        .send_list = "24,48,72,73,74,96,97,98,121,122,145,146",
        .receive_list = "24,48,72,73,74,96,97,98,121,122,145,146",
        .hook_sensitivity = 1,
    },
};

const struct fl_class1_profile *fl_class1_profile_at(size_t index)
{
    return index < FL_COUNT(PROFILES) ? &PROFILES[index] : NULL;
}

const char *fl_profile_name(int32_t index)
{
    return index >= 0 && (size_t)index < FL_COUNT(PROFILES) ? PROFILES[index].name : NULL;
}

const struct fl_class1_profile *fl_class1_profile(const char *name)
{
    if (!name) return &PROFILES[0];
    for (size_t i = 0; i < FL_COUNT(PROFILES); i++)
        if (strcmp(PROFILES[i].name, name) == 0) return &PROFILES[i];
    return NULL;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool begins(const char *text, const char *piece)
{
    while (*piece)
        if (upper(*text++) != *piece++) return false;
    return true;
}

static bool letter(char c)
{
    return upper(c) >= 'A' && upper(c) <= 'Z';
}

/* As words of its own: INTEL is not in "Intelligent", but CX930 is in "CX93001". */
static bool contains(const char *text, const char *piece)
{
    size_t length = strlen(piece);
    for (const char *at = text; *at; at++) {
        if (!begins(at, piece)) continue;
        bool cut_before = at > text && letter(at[-1]) && letter(piece[0]);
        bool cut_behind = letter(piece[length - 1]) && letter(at[length]);
        if (!cut_before && !cut_behind) return true;
    }
    return false;
}

const struct fl_class1_profile *fl_class1_profile_match(const char *identity)
{
    for (size_t i = 1; i < FL_COUNT(PROFILES); i++)
        for (size_t j = 0; j < FL_COUNT(PROFILES[i].identity) && PROFILES[i].identity[j]; j++)
            if (contains(identity, PROFILES[i].identity[j])) return &PROFILES[i];
    return &PROFILES[0];
}
