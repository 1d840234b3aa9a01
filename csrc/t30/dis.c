/* DIS, DTC and DCS bits: reading, writing, naming, validating. T.30 table 2 (5.3.6.2). */
#include "t30/dis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct fl_resolution_row FL_RESOLUTIONS[FL_RESOLUTION_COUNT] = {
    [FL_R8_385] = {204, 98, false, 0, FL_R8_385, {1728, 2048, 2432}, 0},
    [FL_R8_77] = {204, 196, false, 15, FL_R8_77, {1728, 2048, 2432}, 1},
    [FL_R8_154] = {204, 391, false, 41, FL_R8_154, {1728, 2048, 2432}, 2},
    [FL_R16_154] = {408, 391, false, 43, FL_R16_154, {3456, 4096, 4864}, 2},
    [FL_200_100] = {200, 100, true, 0, FL_R8_385, {1728, 2048, 2432}, 0},
    [FL_200_200] = {200, 200, true, 15, FL_R8_77, {1728, 2048, 2432}, 1},
    [FL_200_400] = {200, 400, true, 41, FL_R8_154, {1728, 2048, 2432}, 2},
    [FL_300_300] = {300, 300, true, 42, FL_300_300, {2592, 3072, 3648}, 2},
    [FL_400_400] = {400, 400, true, 43, FL_R16_154, {3456, 4096, 4864}, 2},
};

int fl_resolution_find(int x_dpi, int y_dpi)
{
    for (int i = 0; i < FL_RESOLUTION_COUNT; i++)
        if (FL_RESOLUTIONS[i].x_dpi == x_dpi && FL_RESOLUTIONS[i].y_dpi == y_dpi) return i;
    return -1;
}

int fl_width_find(int resolution, int width_px)
{
    for (int i = FL_A4; i <= FL_A3; i++)
        if (FL_RESOLUTIONS[resolution].width_px[i] == width_px) return i;
    return -1;
}

/* ---- the table of bits ---- */

/* What a bit means for us: it sets or mirrors a member, or it is only named, or a DCS with it is refused. */
enum bit_use {
    NAMED,      /* known, of no effect on us */
    FLAG,       /* a bool in struct fl_abilities and struct fl_session */
    RESOLUTION, /* one of enum fl_resolution's bits */
    CODING,     /* part of the choice of a coding */
    FOREIGN,    /* a mode that we never offer: a DCS that has it is refused */
};

#define ABILITY(member) offsetof(struct fl_abilities, member)
#define AGREED(member)  offsetof(struct fl_session, member)
#define NO_MEMBER       ((size_t) - 1)

static const struct bit_row {
    uint8_t bit;
    uint8_t use;    /* enum bit_use */
    size_t ability; /* FLAG: the bool in struct fl_abilities, or NO_MEMBER */
    size_t agreed;  /* FLAG: the bool in struct fl_session, or NO_MEMBER */
    const char *name;
} BITS[] = {
    {1, NAMED, NO_MEMBER, NO_MEMBER, "T.37"},
    {3, FLAG, ABILITY(t38_only), NO_MEMBER, "T.38"},
    {6, NAMED, NO_MEMBER, NO_MEMBER, "V.8"},
    {7, FLAG, ABILITY(ecm_64), NO_MEMBER, "64 octet frames preferred"},
    {9, FLAG, ABILITY(can_send), NO_MEMBER, "can be polled"},
    {10, FLAG, ABILITY(can_receive), NO_MEMBER, "can receive"},
    {15, RESOLUTION, NO_MEMBER, NO_MEMBER, "fine"},
    {16, CODING, ABILITY(mr), NO_MEMBER, "MR"},
    {26, FOREIGN, NO_MEMBER, NO_MEMBER, "uncompressed"},
    {27, FLAG, ABILITY(ecm), AGREED(ecm), "ECM"},
    {28, FLAG, NO_MEMBER, AGREED(ecm_64), "64 octet frames"},
    {31, CODING, ABILITY(mmr), NO_MEMBER, "MMR"},
    {33, NAMED, NO_MEMBER, NO_MEMBER, "FNV"},
    {34, NAMED, NO_MEMBER, NO_MEMBER, "multiple polling"},
    {35, FLAG, ABILITY(psa), NO_MEMBER, "PSA"},
    {36, FOREIGN, NO_MEMBER, NO_MEMBER, "T.43"},
    {37, FOREIGN, NO_MEMBER, NO_MEMBER, "plane interleave"},
    {38, FOREIGN, NO_MEMBER, NO_MEMBER, "voice G.726"},
    {41, RESOLUTION, NO_MEMBER, NO_MEMBER, "superfine"},
    {42, RESOLUTION, NO_MEMBER, NO_MEMBER, "300x300"},
    {43, RESOLUTION, NO_MEMBER, NO_MEMBER, "R16 or 400x400"},
    {44, FLAG, ABILITY(inch), AGREED(inch), "inch"},
    {45, NAMED, NO_MEMBER, NO_MEMBER, "metric"},
    {46, FLAG, ABILITY(half_scan_154), NO_MEMBER, "half scan time at 15.4"},
    {47, FLAG, ABILITY(sep), NO_MEMBER, "SEP"},
    {49, FLAG, ABILITY(sub), AGREED(sub), "SUB"},
    {50, FLAG, ABILITY(password), AGREED(password), "PWD"},
    {51, FOREIGN, NO_MEMBER, NO_MEMBER, "data file polling"},
    {53, FOREIGN, NO_MEMBER, NO_MEMBER, "BFT"},
    {54, FOREIGN, NO_MEMBER, NO_MEMBER, "DTM"},
    {55, FOREIGN, NO_MEMBER, NO_MEMBER, "EDI"},
    {57, FOREIGN, NO_MEMBER, NO_MEMBER, "BTM"},
    {59, FOREIGN, NO_MEMBER, NO_MEMBER, "mixed document polling"},
    {60, FOREIGN, NO_MEMBER, NO_MEMBER, "character mode"},
    {62, FOREIGN, NO_MEMBER, NO_MEMBER, "mixed mode"},
    {65, FOREIGN, NO_MEMBER, NO_MEMBER, "processable mode"},
    {68, FOREIGN, NO_MEMBER, NO_MEMBER, "JPEG"},
    {69, FOREIGN, NO_MEMBER, NO_MEMBER, "colour"},
    {71, FOREIGN, NO_MEMBER, NO_MEMBER, "12 bit"},
    {73, FOREIGN, NO_MEMBER, NO_MEMBER, "no subsampling"},
    {76, NAMED, NO_MEMBER, NO_MEMBER, "letter"},
    {77, NAMED, NO_MEMBER, NO_MEMBER, "legal"},
    {78, FOREIGN, NO_MEMBER, NO_MEMBER, "JBIG"},
    {79, FOREIGN, NO_MEMBER, NO_MEMBER, "JBIG L0"},
    {92, FOREIGN, NO_MEMBER, NO_MEMBER, "T.44"},
    {93, FOREIGN, NO_MEMBER, NO_MEMBER, "T.44"},
    {94, FOREIGN, NO_MEMBER, NO_MEMBER, "T.44"},
    {105, FOREIGN, NO_MEMBER, NO_MEMBER, "600x600"},
    {106, FOREIGN, NO_MEMBER, NO_MEMBER, "1200x1200"},
    {107, FOREIGN, NO_MEMBER, NO_MEMBER, "300x600"},
    {108, FOREIGN, NO_MEMBER, NO_MEMBER, "400x800"},
    {109, FOREIGN, NO_MEMBER, NO_MEMBER, "600x1200"},
    {115, FOREIGN, NO_MEMBER, NO_MEMBER, "mixed raster"},
    {116, FOREIGN, NO_MEMBER, NO_MEMBER, "T.45"},
    {121, NAMED, NO_MEMBER, NO_MEMBER, "T.38 flow control"},
    {123, FLAG, ABILITY(t38_only), NO_MEMBER, "Internet"},
    {127, FOREIGN, NO_MEMBER, NO_MEMBER, "sYCC JPEG"},
};

/* Octets that are absent count as zeros: some machines leave all of them away that are. Without the second there would be no
 * rate. */
#define MIN_OCTETS 2

/* FIF octet n carries bits 8n-7..8n; bit 8n-7 is 0x01. */
static bool get(const uint8_t *fif, size_t length, unsigned bit)
{
    size_t octet = (bit - 1) / 8;
    return octet < length && (fif[octet] >> ((bit - 1) % 8) & 1);
}

static void set(uint8_t *fif, unsigned bit, bool value)
{
    if (value) fif[(bit - 1) / 8] |= (uint8_t)(1u << ((bit - 1) % 8));
}

/* Sets the "another octet follows" bits (24, 32, 40 ...) and returns the length without trailing zero octets. */
static size_t finish(uint8_t fif[FL_DIS_MAX])
{
    size_t length = FL_DIS_MAX;
    while (length > 3 && (fif[length - 1] & 0x7F) == 0) length--;
    for (size_t octet = 2; octet + 1 < length; octet++) fif[octet] |= 0x80;
    return length;
}

/* ---- fields of more than one bit ---- */

/* Bits 11, 12, 13, 14 as transmitted, bit 11 the 8. DIS: the set offered. */
static const struct {
    uint8_t code, modulations;
} DIS_RATES[] = {
    {0x0, FL_CAN_V27_2400},
    {0x4, FL_CAN_V27_2400 | FL_CAN_V27_4800},
    {0x8, FL_CAN_V29},
    {0xC, FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29},
    {0xD, FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17},
    {0xE, FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29}, /* + V.33, which nobody uses any more */
};

/* DCS: the one chosen. V.33 (0x2, 0x6) is not among what we offer. */
static const struct {
    uint8_t code, kind;
    uint16_t rate_bps;
} DCS_RATES[] = {
    {0x0, FL_V27TER, 2400}, {0x4, FL_V27TER, 4800}, {0x8, FL_V29, 9600}, {0xC, FL_V29, 7200},
    {0x1, FL_V17, 14400},   {0x5, FL_V17, 12000},   {0x9, FL_V17, 9600}, {0xD, FL_V17, 7200},
};

/* Minimum scan-line time by the code of bits 21, 22, 23 (bit 21 the 4): at 3.85, 7.7 l/mm; may it stand in a DCS. */
static const struct {
    uint8_t ms_385, ms_77;
    bool in_dcs;
} SCAN_TIMES[8] = {
    {20, 20, true}, {40, 40, true},  {10, 10, true},  {10, 5, false},
    {5, 5, true},   {40, 20, false}, {20, 10, false}, {0, 0, true},
};

static unsigned field(const uint8_t *fif, size_t length, unsigned first_bit, unsigned bits)
{
    unsigned value = 0;
    for (unsigned i = 0; i < bits; i++) value = value << 1 | get(fif, length, first_bit + i);
    return value;
}

static void set_field(uint8_t *fif, unsigned first_bit, unsigned bits, unsigned value)
{
    for (unsigned i = 0; i < bits; i++) set(fif, first_bit + i, value >> (bits - 1 - i) & 1);
}

static bool *flag(void *structure, size_t member)
{
    return (bool *)((char *)structure + member);
}

static bool flag_value(const void *structure, size_t member)
{
    return *(const bool *)((const char *)structure + member);
}

/* Widths, bits 17, 18: 00 A4, 10 B4, 01 A3; 11 is invalid and read as A3. Lengths, bits 19, 20, alike. */
static const uint8_t WIDTH_CODES[3] = {0, 2, 1};

static unsigned width_of_code(unsigned code)
{
    return code == 0 ? 0 : code == 2 ? 1 : 2;
}

int fl_min_scan_ms(const struct fl_abilities *abilities, enum fl_resolution resolution)
{
    unsigned scan_class = FL_RESOLUTIONS[resolution].scan_class;
    if (scan_class == 0) return SCAN_TIMES[abilities->min_scan & 7].ms_385;
    int ms = SCAN_TIMES[abilities->min_scan & 7].ms_77;
    /* Halves exist only for 40, 20 and 10 ms: there is no code for 2.5. */
    if (scan_class == 2 && abilities->half_scan_154 && ms >= 10) ms /= 2;
    return ms;
}

/* ---- DIS ---- */

size_t fl_dis_write(const struct fl_abilities *abilities, uint8_t fif[FL_DIS_MAX])
{
    memset(fif, 0, FL_DIS_MAX);
    for (size_t i = 0; i < FL_COUNT(BITS); i++)
        if (BITS[i].ability != NO_MEMBER) set(fif, BITS[i].bit, flag_value(abilities, BITS[i].ability));
    for (size_t i = 0; i < FL_RESOLUTION_COUNT; i++)
        if (FL_RESOLUTIONS[i].bit && (abilities->resolutions >> i & 1)) set(fif, FL_RESOLUTIONS[i].bit, true);
    /* The richest code whose every modulation we have: DIS cannot name each set. */
    unsigned best = 0, best_set = 0;
    for (size_t i = 0; i < FL_COUNT(DIS_RATES); i++) {
        unsigned offered = DIS_RATES[i].modulations;
        if (DIS_RATES[i].code != 0xE && (offered & ~abilities->modulations) == 0 && offered > best_set) {
            best = DIS_RATES[i].code;
            best_set = offered;
        }
    }
    set_field(fif, 11, 4, best);
    set_field(fif, 17, 2, WIDTH_CODES[abilities->width]);
    set_field(fif, 19, 2, WIDTH_CODES[abilities->length]);
    set_field(fif, 21, 3, abilities->min_scan);
    set(fif, 45, abilities->inch); /* who can do inches can do millimetres, too */
    return finish(fif);
}

bool fl_dis_read(const uint8_t *fif, size_t length, struct fl_abilities *abilities)
{
    memset(abilities, 0, sizeof *abilities);
    if (length < MIN_OCTETS) return false;
    if (length > FL_DIS_MAX) length = FL_DIS_MAX;
    for (size_t i = 0; i < FL_COUNT(BITS); i++)
        if (BITS[i].ability != NO_MEMBER) *flag(abilities, BITS[i].ability) = get(fif, length, BITS[i].bit);
    for (size_t i = 0; i < FL_RESOLUTION_COUNT; i++)
        if (FL_RESOLUTIONS[i].bit == 0 || get(fif, length, FL_RESOLUTIONS[i].bit))
            abilities->resolutions |= (uint16_t)(1u << i);
    unsigned code = field(fif, length, 11, 4);
    abilities->modulations = 0;
    for (size_t i = 0; i < FL_COUNT(DIS_RATES); i++)
        if (DIS_RATES[i].code == code) abilities->modulations = DIS_RATES[i].modulations;
    abilities->width = (uint8_t)width_of_code(field(fif, length, 17, 2));
    abilities->length = (uint8_t)width_of_code(field(fif, length, 19, 2));
    abilities->min_scan = (uint8_t)field(fif, length, 21, 3);
    if (!abilities->ecm)
        abilities->mmr = false; /* T.6 only exists inside ECM; real machines do claim otherwise */
    /* A machine on the telephone network may have T.38 as well; one that names no modulation has nothing else. */
    abilities->t38_only = get(fif, length, 3) && get(fif, length, 123) && code == 0;
    return true;
}

/* ---- DCS ---- */

size_t fl_dcs_write(const struct fl_session *session, uint8_t fif[FL_DIS_MAX])
{
    const struct fl_resolution_row *resolution = &FL_RESOLUTIONS[session->resolution];
    memset(fif, 0, FL_DIS_MAX);
    for (size_t i = 0; i < FL_COUNT(BITS); i++)
        if (BITS[i].agreed != NO_MEMBER) set(fif, BITS[i].bit, flag_value(session, BITS[i].agreed));
    set(fif, 10, true); /* receive */
    set(fif, 16, session->coding == FL_CODING_MR);
    set(fif, 31, session->coding == FL_CODING_MMR);
    if (resolution->bit) set(fif, resolution->bit, true);
    for (size_t i = 0; i < FL_COUNT(DCS_RATES); i++)
        if (DCS_RATES[i].kind == session->kind && DCS_RATES[i].rate_bps == session->rate_bps)
            set_field(fif, 11, 4, DCS_RATES[i].code);
    set_field(fif, 17, 2, WIDTH_CODES[session->width]);
    set_field(fif, 19, 2, WIDTH_CODES[session->length]);
    for (unsigned code = 0; code < 8; code++)
        if (SCAN_TIMES[code].in_dcs && SCAN_TIMES[code].ms_385 == session->min_scan_ms)
            set_field(fif, 21, 3, code);
    return finish(fif);
}

static uint8_t modulation_bit(unsigned kind, unsigned rate_bps)
{
    switch (kind) {
    case FL_V17: return FL_CAN_V17;
    case FL_V29: return FL_CAN_V29;
    default: return rate_bps == 2400 ? FL_CAN_V27_2400 : FL_CAN_V27_4800;
    }
}

/* The resolution that the bits name; -1 when they name none or several. */
static int resolution_of(const uint8_t *fif, size_t length, bool inch)
{
    int bit = 0;
    for (size_t i = 0; i < FL_RESOLUTION_COUNT; i++) {
        int candidate = FL_RESOLUTIONS[i].bit;
        if (candidate == 0 || candidate == bit || !get(fif, length, (unsigned)candidate)) continue;
        /* Fine is often left set beside a finer resolution: the finer one is meant. */
        if (candidate == 15 && bit != 0) continue;
        if (bit != 0 && bit != 15) return -1;
        bit = candidate;
    }
    for (int i = 0; i < FL_RESOLUTION_COUNT; i++)
        if (FL_RESOLUTIONS[i].bit == bit && FL_RESOLUTIONS[i].inch == (inch || bit == 42)) return i;
    return -1;
}

const char *fl_dcs_read(const uint8_t *fif, size_t length, const struct fl_abilities *offered,
                        struct fl_session *session)
{
    memset(session, 0, sizeof *session);
    if (length < MIN_OCTETS) return "DCS too short";
    if (length > FL_DIS_MAX) length = FL_DIS_MAX;
    for (size_t i = 0; i < FL_COUNT(BITS); i++) {
        if (BITS[i].use == FOREIGN && get(fif, length, BITS[i].bit))
            return "DCS with a mode that was not offered";
        if (BITS[i].agreed != NO_MEMBER) *flag(session, BITS[i].agreed) = get(fif, length, BITS[i].bit);
    }
    int rate = -1;
    unsigned code = field(fif, length, 11, 4);
    for (size_t i = 0; i < FL_COUNT(DCS_RATES); i++)
        if (DCS_RATES[i].code == code) rate = (int)i;
    if (rate < 0) return "DCS with an unknown rate";
    session->kind = DCS_RATES[rate].kind;
    session->rate_bps = DCS_RATES[rate].rate_bps;
    if (!(offered->modulations & modulation_bit(session->kind, session->rate_bps)))
        return "DCS with a modulation that was not offered";
    bool mmr = get(fif, length, 31);
    bool mr = get(fif, length, 16) && !mmr; /* MR is often left set beside MMR */
    session->coding = mmr ? FL_CODING_MMR : mr ? FL_CODING_MR : FL_CODING_MH;
    if (session->ecm && !offered->ecm) return "DCS with ECM, which was not offered";
    if (mmr && (!session->ecm || !offered->mmr)) return "DCS with MMR, which needs ECM and an offer";
    if (mr && !offered->mr) return "DCS with MR, which was not offered";
    if (!session->ecm) session->ecm_64 = false;
    int resolution = resolution_of(fif, length, session->inch);
    if (resolution < 0 || !(offered->resolutions >> resolution & 1))
        return "DCS with a resolution that was not offered";
    session->resolution = (uint8_t)resolution;
    session->width = (uint8_t)width_of_code(field(fif, length, 17, 2));
    if (session->width > offered->width) return "DCS with a width that was not offered";
    session->length = (uint8_t)width_of_code(field(fif, length, 19, 2));
    session->min_scan_ms = SCAN_TIMES[field(fif, length, 21, 3)].ms_385;
    return NULL;
}

/* ---- in words ---- */

static void append(char *out, size_t out_size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t out_size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, out_size - used, format, arguments);
    va_end(arguments);
}

static void name_bits(const uint8_t *fif, size_t length, char *out, size_t out_size)
{
    static const char *const WIDTHS[] = {"A4", "B4", "A3"};
    static const char *const LENGTHS[] = {"A4", "B4", "any"};
    append(out, out_size, ", width %s, length %s", WIDTHS[width_of_code(field(fif, length, 17, 2))],
           LENGTHS[width_of_code(field(fif, length, 19, 2))]);
    unsigned scan = field(fif, length, 21, 3);
    append(out, out_size, ", %d ms a line", SCAN_TIMES[scan].ms_385);
    for (size_t i = 0; i < FL_COUNT(BITS); i++)
        if (get(fif, length, BITS[i].bit)) append(out, out_size, ", %s", BITS[i].name);
}

void fl_dis_text(const uint8_t *fif, size_t length, char *out, size_t out_size)
{
    struct fl_abilities abilities;
    out[0] = '\0';
    if (!fl_dis_read(fif, length, &abilities)) {
        append(out, out_size, "too short");
        return;
    }
    const char *separator = "";
    static const struct {
        uint8_t bit;
        const char *name;
    } NAMES[] = {{FL_CAN_V17, "V.17"}, {FL_CAN_V29, "V.29"}, {FL_CAN_V27_4800, "V.27ter"}};
    for (size_t i = 0; i < FL_COUNT(NAMES); i++) {
        if (!(abilities.modulations & NAMES[i].bit)) continue;
        append(out, out_size, "%s%s", separator, NAMES[i].name);
        separator = " ";
    }
    if (abilities.modulations == FL_CAN_V27_2400) append(out, out_size, "V.27ter 2400 only");
    if (abilities.modulations == 0) append(out, out_size, "no known modulation");
    name_bits(fif, length, out, out_size);
}

void fl_dcs_text(const uint8_t *fif, size_t length, char *out, size_t out_size)
{
    out[0] = '\0';
    if (length < MIN_OCTETS) {
        append(out, out_size, "too short");
        return;
    }
    unsigned code = field(fif, length, 11, 4);
    const struct fl_modulation *modulation = NULL;
    for (size_t i = 0; i < FL_COUNT(DCS_RATES); i++)
        if (DCS_RATES[i].code == code)
            modulation = fl_modulation_of(DCS_RATES[i].kind, DCS_RATES[i].rate_bps, false);
    append(out, out_size, "%s", modulation ? modulation->name : "unknown rate");
    name_bits(fif, length, out, out_size);
}
