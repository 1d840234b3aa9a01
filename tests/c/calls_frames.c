/* Frames, DIS and DCS as the far end of a scripted call writes and reads them: its own tables, not the engine's. */
#include "calls.h"

#include <stdlib.h>
#include <string.h>

/* T.30 5.3.6, octets as at the Class 1 interface. */
static const struct {
    const char *name;
    uint8_t fcf;
    bool has_x;
} FCFS[] = {
    {"DIS", 0x80, false}, {"CSI", 0x40, false},    {"NSF", 0x20, false},    {"DTC", 0x81, false},
    {"CIG", 0x41, false}, {"NSC", 0x21, false},    {"PWD", 0xC1, false},    {"SEP", 0xA1, false},
    {"PSA", 0x61, false}, {"DCS", 0x82, true},     {"TSI", 0x42, true},     {"NSS", 0x22, true},
    {"SUB", 0xC2, true},  {"SID", 0xA2, true},     {"CTC", 0x12, true},     {"CFR", 0x84, true},
    {"FTT", 0x44, true},  {"CTR", 0xC4, true},     {"EOM", 0x8E, true},     {"MPS", 0x4E, true},
    {"EOP", 0x2E, true},  {"PRI-EOM", 0x9E, true}, {"PRI-MPS", 0x5E, true}, {"PRI-EOP", 0x3E, true},
    {"EOS", 0x1E, true},  {"PPS", 0xBE, true},     {"EOR", 0xCE, true},     {"RR", 0x6E, true},
    {"MCF", 0x8C, true},  {"RTP", 0xCC, true},     {"RTN", 0x4C, true},     {"PIP", 0xAC, true},
    {"PIN", 0x2C, true},  {"PPR", 0xBC, true},     {"RNR", 0xEC, true},     {"ERR", 0x1C, true},
    {"FDM", 0xFC, true},  {"DCN", 0xFA, true},     {"CRP", 0x1A, true},     {"FNV", 0xCA, true},
    {"TNR", 0xEA, true},  {"TR", 0x6A, true},      {"PID", 0x6C, true},
};

static int find_name(const char *name)
{
    for (size_t i = 0; i < FL_COUNT(FCFS); i++)
        if (strcmp(FCFS[i].name, name) == 0) return (int)i;
    return -1;
}

static int find_fcf(uint8_t fcf)
{
    for (size_t i = 0; i < FL_COUNT(FCFS); i++)
        if (FCFS[i].fcf == fcf || (FCFS[i].has_x && (FCFS[i].fcf | 1) == fcf)) return (int)i;
    return -1;
}

bool frame_has_x(uint8_t fcf)
{
    int row = find_fcf(fcf);
    return row >= 0 && FCFS[row].has_x;
}

const char *frame_name(const uint8_t *octets, size_t length)
{
    int row = length >= 3 ? find_fcf(octets[2]) : -1;
    return row >= 0 ? FCFS[row].name : "?";
}

/* ---- words ---- */

static const char *peek(const struct words *words)
{
    return words->at < words->count ? words->word[words->at] : NULL;
}

static bool peek_is(const struct words *words, const char *text)
{
    const char *word = peek(words);
    return word && !words->quoted[words->at] && strcmp(word, text) == 0;
}

static bool fail(struct words *words, const char *what)
{
    const char *word = peek(words);
    if (!words->error[0])
        snprintf(words->error, sizeof words->error, "%s: %.60s", what, word ? word : "end of line");
    return false;
}

static bool hex_octet(const char *word, unsigned *octet)
{
    char rest;
    return word && strlen(word) == 2 && sscanf(word, "%2x%c", octet, &rest) == 1 &&
           strspn(word, "0123456789ABCDEFabcdef") == 2;
}

/* ---- DIS and DCS ---- */

#define BITS 128

/* What a word says about bits: pairs of bit and value. */
static const struct {
    const char *word;
    int8_t pair[8];
} BIT_WORDS[] = {
    {"fine", {15, 1}},
    {"superfine", {41, 1}},
    {"300", {42, 1}},
    {"r16", {43, 1}},
    {"std", {15, 0, 41, 0, 42, 0, 43, 0}},
    {"mh", {16, 0, 31, 0}},
    {"mr", {16, 1}},
    {"mmr", {31, 1}},
    {"ecm", {27, 1}},
    {"no-ecm", {27, 0}},
    {"uncompressed", {26, 1}},
    {"inch", {44, 1}},
    {"metric", {45, 1}},
    {"half-scan", {46, 1}},
    {"a4", {17, 0, 18, 0}},
    {"b4", {17, 1, 18, 0}},
    {"a3", {17, 0, 18, 1}},
    {"width-11", {17, 1, 18, 1}},
    {"length=a4", {19, 0, 20, 0}},
    {"length=b4", {19, 1, 20, 0}},
    {"length=any", {19, 0, 20, 1}},
    {"sub", {49, 1}},
    {"password", {50, 1}},
    {"can-poll", {9, 1}},
    {"cannot-receive", {10, 0}},
    {"jpeg", {68, 1}},
};

/* Bits 11..14 as transmitted. */
static const struct {
    const char *word, *bits;
} RATE_WORDS[] = {
    {"v17", "1101"},      {"v29", "1100"},      {"v29-only", "1000"},  {"v27", "0100"},
    {"v27-2400", "0000"}, {"v33", "1110"},      {"v17/14400", "0001"}, {"v17/12000", "0101"},
    {"v17/9600", "1001"}, {"v17/7200", "1101"}, {"v29/9600", "1000"},  {"v29/7200", "1100"},
    {"v27/4800", "0100"}, {"v27/2400", "0000"}, {"v33/14400", "0010"}, {"v33/12000", "0110"},
};

/* Bits 21..23 by the time in ms at 3.85 lines/mm, as a DCS has it. */
static const struct {
    const char *word, *bits;
} SCAN_WORDS[] = {
    {"scan=20", "000"}, {"scan=40", "001"}, {"scan=10", "010"}, {"scan=5", "100"}, {"scan=0", "111"}};

static void want_bits(int8_t *want, int first, const char *bits)
{
    for (int i = 0; bits[i]; i++) want[first + i] = bits[i] == '1';
}

static bool binary(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "01") == length;
}

/* One word on bits; false when it is none. */
static bool want_word(int8_t *want, const char *word)
{
    for (size_t i = 0; i < FL_COUNT(BIT_WORDS); i++) {
        if (strcmp(BIT_WORDS[i].word, word)) continue;
        for (int p = 0; p < 8 && BIT_WORDS[i].pair[p]; p += 2)
            want[BIT_WORDS[i].pair[p]] = BIT_WORDS[i].pair[p + 1];
        return true;
    }
    for (size_t i = 0; i < FL_COUNT(RATE_WORDS); i++)
        if (strcmp(RATE_WORDS[i].word, word) == 0) return want_bits(want, 11, RATE_WORDS[i].bits), true;
    for (size_t i = 0; i < FL_COUNT(SCAN_WORDS); i++)
        if (strcmp(SCAN_WORDS[i].word, word) == 0) return want_bits(want, 21, SCAN_WORDS[i].bits), true;
    if (strncmp(word, "rate=", 5) == 0 && binary(word + 5, 4)) return want_bits(want, 11, word + 5), true;
    if (strncmp(word, "scan=", 5) == 0 && binary(word + 5, 3)) return want_bits(want, 21, word + 5), true;
    if ((word[0] == '+' || word[0] == '-') && atoi(word + 1) > 0 && atoi(word + 1) < BITS)
        return want[atoi(word + 1)] = word[0] == '+', true;
    return false;
}

static bool extension(int bit)
{
    return bit >= 24 && bit % 8 == 0;
}

bool dis_parse(struct words *words, uint8_t *fif, size_t *length, bool dcs)
{
    int8_t want[BITS];
    size_t octets = 0;
    memset(want, -1, sizeof want);
    want[10] = 1;
    want_word(want, dcs ? "v17/14400" : "v17");
    want_word(want, "length=any");
    want_word(want, "scan=0");
    for (; peek(words) && !words->quoted[words->at]; words->at++) {
        if (want_word(want, peek(words))) continue;
        if (strncmp(peek(words), "octets=", 7)) break;
        octets = (size_t)atoi(peek(words) + 7);
        if (octets < 1 || octets > 140) return fail(words, "octets of a DIS");
    }
    memset(fif, 0, 16);
    size_t used = 3;
    for (int bit = 1; bit < BITS; bit++) {
        if (want[bit] != 1) continue;
        fif[(bit - 1) / 8] |= (uint8_t)(1u << (bit - 1) % 8);
        if (!extension(bit) && (size_t)(bit + 7) / 8 > used) used = (size_t)(bit + 7) / 8;
    }
    *length = octets ? octets : used;
    for (int bit = 24; bit < BITS; bit += 8)
        if ((size_t)bit / 8 < *length && want[bit] != 0) fif[bit / 8 - 1] |= 0x80;
    return true;
}

static bool dis_bit(const struct heard_frame *frame, int bit)
{
    int octet = 3 + (bit - 1) / 8;
    return octet + 2 < frame->length && (frame->octets[octet] >> (bit - 1) % 8 & 1);
}

static const char *expect_bits(struct words *words, const struct heard_frame *frame)
{
    static char text[120];
    int8_t want[BITS];
    memset(want, -1, sizeof want);
    const char *wrong = NULL;
    for (; peek(words) && !words->quoted[words->at]; words->at++) {
        if (want_word(want, peek(words))) continue;
        if (strncmp(peek(words), "octets=", 7)) break;
        int octets = atoi(peek(words) + 7);
        if (frame && frame->length - 5 != octets) {
            snprintf(text, sizeof text, "it has %d octets, not %d", frame->length - 5, octets);
            wrong = text;
        }
    }
    for (int bit = 1; frame && bit < BITS && !wrong; bit++) {
        if (want[bit] < 0 || dis_bit(frame, bit) == want[bit]) continue;
        snprintf(text, sizeof text, "its bit %d is %d", bit, !want[bit]);
        wrong = text;
    }
    return wrong;
}

static int field(const struct heard_frame *frame, int first, int bits)
{
    int value = 0;
    for (int i = 0; i < bits; i++) value = 2 * value + dis_bit(frame, first + i);
    return value;
}

void agreed_read(struct agreed *agreed, const uint8_t *octets, size_t length)
{
    static const struct {
        int kind, rate_bps;
    } RATES[16] = {[0] = {27, 2400},  [4] = {27, 4800},  [8] = {29, 9600}, [12] = {29, 7200},
                   [1] = {17, 14400}, [5] = {17, 12000}, [9] = {17, 9600}, [13] = {17, 7200}};
    static const int SCANS[8] = {20, 40, 10, 10, 5, 40, 20, 0};
    struct heard_frame frame = {.length = (uint16_t)length};
    memcpy(frame.octets, octets, length);
    bool inch = dis_bit(&frame, 44);
    agreed->known = true;
    agreed->ecm = dis_bit(&frame, 27);
    agreed->frame_octets = dis_bit(&frame, 28) ? 64 : 256;
    agreed->kind = RATES[field(&frame, 11, 4)].kind;
    agreed->rate_bps = RATES[field(&frame, 11, 4)].rate_bps;
    agreed->coding = dis_bit(&frame, 31) ? FL_CODING_MMR : dis_bit(&frame, 16) ? FL_CODING_MR : FL_CODING_MH;
    agreed->width = field(&frame, 17, 2) == 0 ? 0 : field(&frame, 17, 2) == 2 ? 1 : 2;
    agreed->scan_ms = SCANS[field(&frame, 21, 3)];
    agreed->resolution = inch ? FL_200_100 : FL_R8_385;
    if (dis_bit(&frame, 15)) agreed->resolution = inch ? FL_200_200 : FL_R8_77;
    if (dis_bit(&frame, 41)) agreed->resolution = inch ? FL_200_400 : FL_R8_154;
    if (dis_bit(&frame, 42)) agreed->resolution = FL_300_300;
    if (dis_bit(&frame, 43)) agreed->resolution = inch ? FL_400_400 : FL_R16_154;
}

void agreed_ctc(struct agreed *agreed, const uint8_t *octets, size_t length)
{
    struct agreed read;
    agreed_read(&read, octets, length);
    agreed->kind = read.kind;
    agreed->rate_bps = read.rate_bps;
}

bool modulation_parse(const char *word, int *kind, int *rate_bps)
{
    char rest;
    return sscanf(word, "v%d/%d%c", kind, rate_bps, &rest) == 2 &&
           modulation_code(*kind, *rate_bps, false) > 0;
}

int modulation_code(int kind, int rate_bps, bool short_train)
{
    switch (kind * 100000 + rate_bps) {
    case 2702400: return 24;
    case 2704800: return 48;
    case 2907200: return 72;
    case 2909600: return 96;
    case 1707200: return 73 + short_train;
    case 1709600: return 97 + short_train;
    case 1712000: return 121 + short_train;
    case 1714400: return 145 + short_train;
    default: return 0;
    }
}

/* ---- frames ---- */

bool frame_ahead(const struct words *words)
{
    const char *word = peek(words);
    if (!word || words->quoted[words->at]) return false;
    static const char *const PREFIXES[] = {"raw", "bad-fcs", "more", "final", "?"};
    for (size_t i = 0; i < FL_COUNT(PREFIXES); i++)
        if (strcmp(word, PREFIXES[i]) == 0) return true;
    return find_name(word) >= 0;
}

/* CRC-16 of X.25. */
uint16_t frame_fcs(const uint8_t *octets, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length * 8; i++) {
        bool bit = (crc ^ octets[i / 8] >> i % 8) & 1;
        crc = (uint16_t)(crc >> 1 ^ (bit ? 0x8408 : 0));
    }
    return (uint16_t)~crc;
}

bool frame_fcs_good(const uint8_t *octets, size_t length)
{
    if (length < 3) return false;
    return frame_fcs(octets, length - 2) == (octets[length - 2] | octets[length - 1] << 8);
}

static void add_fcs(struct made_frame *frame, bool bad)
{
    uint16_t fcs = frame_fcs(frame->octets, frame->length);
    if (bad) fcs ^= 0x0140;
    frame->octets[frame->length++] = (uint8_t)fcs;
    frame->octets[frame->length++] = (uint8_t)(fcs >> 8);
}

static bool parse_octets(struct words *words, struct made_frame *frame, const char *what)
{
    unsigned octet;
    int first = words->at;
    while (hex_octet(peek(words), &octet) && frame->length < 390) {
        frame->octets[frame->length++] = (uint8_t)octet;
        words->at++;
        int times;
        if (peek(words) && sscanf(peek(words), "x%d", &times) == 1 && times > 1 &&
            frame->length + times < 390) {
            while (--times > 0) frame->octets[frame->length++] = (uint8_t)octet;
            words->at++;
        }
    }
    return words->at > first || fail(words, what);
}

static bool take_number(struct words *words, const char *prefix, int *number)
{
    size_t length = strlen(prefix);
    if (!peek(words) || strncmp(peek(words), prefix, length)) return false;
    *number = atoi(peek(words) + length);
    words->at++;
    return true;
}

/* `PPS EOP page=0 block=0 frames=5`, `EOR EOP`. NULL: the page goes on. A second FCF of two hex digits stands for itself. */
struct pps {
    int second; /* -1: none */
    int page, block, frames;
};

static bool read_pps(struct words *words, struct pps *pps)
{
    unsigned octet;
    *pps = (struct pps){-1, 0, 0, -1};
    if (!peek(words) || peek_is(words, "fif")) return true;
    if (peek_is(words, "NULL"))
        pps->second = 0;
    else if (find_name(peek(words)) >= 0)
        pps->second = FCFS[find_name(peek(words))].fcf;
    else if (hex_octet(peek(words), &octet))
        pps->second = (int)octet;
    else
        return fail(words, "PPS and EOR want a second command");
    words->at++;
    while (take_number(words, "page=", &pps->page) || take_number(words, "block=", &pps->block) ||
           take_number(words, "frames=", &pps->frames))
        continue;
    return true;
}

static bool parse_pps(struct words *words, struct made_frame *frame, bool x)
{
    struct pps pps;
    if (!read_pps(words, &pps)) return false;
    if (pps.second < 0) {
        if (!peek_is(words, "fif")) return true;
        words->at++;
        return parse_octets(words, frame, "octets after fif");
    }
    frame->octets[frame->length++] = (uint8_t)(pps.second | (x && pps.second));
    if (pps.frames < 0) return true;
    frame->octets[frame->length++] = (uint8_t)pps.page;
    frame->octets[frame->length++] = (uint8_t)pps.block;
    frame->octets[frame->length++] = (uint8_t)(pps.frames - 1);
    return true;
}

static const char *expect_pps(struct words *words, const struct heard_frame *frame)
{
    static char text[120];
    struct pps pps;
    if (!read_pps(words, &pps)) return words->error;
    if (!frame || pps.second < 0) return NULL;
    const uint8_t *fif = frame->octets + 3;
    int count = frame->length - 5;
    int second = count > 0 ? fif[0] & 0xFE : -1;
    if (second != pps.second) {
        snprintf(text, sizeof text, "its second command is %02X, not %02X", (unsigned)second & 0xFF,
                 (unsigned)pps.second);
        return text;
    }
    if (second && (fif[0] & 1) != (frame->octets[2] & 1))
        return "bit X of its second command is not that of its first";
    if (pps.frames < 0) return NULL;
    if (count != 4) return "it has not four octets";
    if (fif[1] == pps.page && fif[2] == pps.block && fif[3] == pps.frames - 1) return NULL;
    snprintf(text, sizeof text, "it says page %d, block %d, %d frames", fif[1], fif[2], fif[3] + 1);
    return text;
}

static bool parse_ppr(struct words *words, struct made_frame *frame)
{
    bool set[256];
    if (!peek(words) || !frames_parse(peek(words), set)) return fail(words, "PPR wants frames (0,3..5)");
    words->at++;
    memset(frame->octets + frame->length, 0, 32);
    for (int i = 0; i < 256; i++)
        if (set[i]) frame->octets[frame->length + i / 8] |= (uint8_t)(1u << i % 8);
    frame->length = (uint16_t)(frame->length + 32);
    return true;
}

/* `PPR 0,3 of=5`: of the first five these two. */
static const char *expect_ppr(struct words *words, const struct heard_frame *frame)
{
    static char text[120];
    bool set[256];
    int of = 256;
    if (!peek(words) || !frames_parse(peek(words), set)) return "PPR wants frames (0,3..5)";
    words->at++;
    take_number(words, "of=", &of);
    if (!frame) return NULL;
    if (frame->length - 5 != 32) return "its FIF has not 256 bits";
    for (int i = 0; i < of; i++) {
        bool wanted = frame->octets[3 + i / 8] >> i % 8 & 1;
        if (wanted == set[i]) continue;
        snprintf(text, sizeof text, "it %s frame %d", wanted ? "wants" : "does not want", i);
        return text;
    }
    return NULL;
}

static bool parse_fif(struct words *words, struct made_frame *frame, const char *name, bool x)
{
    if (strcmp(name, "DIS") == 0 || strcmp(name, "DTC") == 0 || strcmp(name, "DCS") == 0) {
        uint8_t fif[140] = {0};
        size_t length;
        if (!dis_parse(words, fif, &length, strcmp(name, "DCS") == 0)) return false;
        memcpy(frame->octets + frame->length, fif, length);
        frame->length = (uint16_t)(frame->length + length);
        return true;
    }
    if (strcmp(name, "PPS") == 0 || strcmp(name, "EOR") == 0) return parse_pps(words, frame, x);
    if (strcmp(name, "CTC") == 0 && !peek_is(words, "fif")) {
        uint8_t fif[140] = {0};
        size_t length;
        if (!dis_parse(words, fif, &length, true)) return false;
        memcpy(frame->octets + frame->length, fif, 2);
        frame->length = (uint16_t)(frame->length + 2);
        return true;
    }
    if (strcmp(name, "PPR") == 0 && !peek_is(words, "fif")) return parse_ppr(words, frame);
    if (peek(words) && words->quoted[words->at]) {
        const char *text = words->word[words->at++];
        size_t length = strlen(text);
        if (length > 20) return fail(words, "an identification of more than 20 characters");
        uint8_t *fif = frame->octets + frame->length;
        memset(fif, ' ', 20);
        for (size_t i = 0; i < length; i++) fif[length - 1 - i] = (uint8_t)text[i];
        frame->length = (uint16_t)(frame->length + 20);
        return true;
    }
    if (peek_is(words, "fif")) {
        words->at++;
        return parse_octets(words, frame, "octets after fif");
    }
    return true;
}

bool octets_parse(struct words *words, struct made_frame *frame)
{
    return parse_octets(words, frame, "octets");
}

bool frame_parse(struct words *words, bool x, bool last, struct made_frame *frame)
{
    bool bad = false;
    int final = -1;
    frame->length = 0;
    for (;; words->at++) {
        if (peek_is(words, "bad-fcs"))
            bad = true;
        else if (peek_is(words, "more"))
            final = 0;
        else if (peek_is(words, "final"))
            final = 1;
        else
            break;
    }
    if (peek_is(words, "raw")) {
        words->at++;
        if (!parse_octets(words, frame, "octets after raw")) return false;
        add_fcs(frame, bad);
        return true;
    }
    int row = peek(words) ? find_name(peek(words)) : -1;
    if (row < 0) return fail(words, "not a frame");
    words->at++;
    frame->octets[0] = 0xFF;
    frame->octets[2] = (uint8_t)(FCFS[row].fcf | (x && FCFS[row].has_x));
    frame->length = 3;
    if (!parse_fif(words, frame, FCFS[row].name, x)) return false;
    /* Whether it is the last one shows only now: `last` asks what follows it. */
    bool ends = last && !frame_ahead(words);
    frame->octets[1] = (final < 0 ? ends : final) ? 0x13 : 0x03;
    add_fcs(frame, bad);
    return true;
}

const char *frame_expect(struct words *words, const struct heard_frame *frame)
{
    static char text[120];
    const char *name = words->word[words->at++];
    const char *wrong = NULL;
    if (frame && strcmp(name, "?") && strcmp(name, frame_name(frame->octets, frame->length))) {
        snprintf(text, sizeof text, "%.16s, not %.16s", frame_name(frame->octets, frame->length), name);
        wrong = text;
        frame = NULL;
    }
    if (strcmp(name, "DIS") == 0 || strcmp(name, "DTC") == 0 || strcmp(name, "DCS") == 0 ||
        strcmp(name, "CTC") == 0) {
        const char *bits = expect_bits(words, frame);
        return wrong ? wrong : bits;
    }
    if (strcmp(name, "PPS") == 0 || strcmp(name, "EOR") == 0 || strcmp(name, "PPR") == 0) {
        const char *fif = (strcmp(name, "PPR") ? expect_pps : expect_ppr)(words, frame);
        return wrong ? wrong : fif;
    }
    if (!peek(words) || !words->quoted[words->at]) return wrong;
    const char *id = words->word[words->at++];
    if (!frame) return wrong;
    char heard[21] = "";
    size_t count = frame->length > 5 ? (size_t)frame->length - 5 : 0;
    for (size_t i = 0; i < count && i < 20; i++) heard[i] = (char)frame->octets[3 + count - 1 - i];
    char *begin = heard + strspn(heard, " ");
    for (size_t i = strlen(begin); i && begin[i - 1] == ' '; i--) begin[i - 1] = '\0';
    if (count != 20 || strcmp(begin, id)) {
        snprintf(text, sizeof text, "%.16s says \"%.20s\" in %u octets, not \"%.20s\" in 20", name, begin,
                 (unsigned)count, id);
        return text;
    }
    return NULL;
}

/* ---- pages ---- */

static const uint16_t WIDTHS[3][3] = {{1728, 2048, 2432}, {2592, 3072, 3648}, {3456, 4096, 4864}};

int sheet_width(const struct sheet *sheet)
{
    int class = 0;
    if (sheet->resolution == FL_300_300) class = 1;
    if (sheet->resolution == FL_R16_154 || sheet->resolution == FL_400_400) class = 2;
    return WIDTHS[class][sheet->width];
}

bool format_parse(const char *word, struct sheet *sheet)
{
    static const struct {
        const char *word;
        uint8_t resolution;
    } RESOLUTIONS[] = {
        {"std", FL_R8_385},       {"fine", FL_R8_77},       {"superfine", FL_R8_154},
        {"r16", FL_R16_154},      {"inch-std", FL_200_100}, {"inch-fine", FL_200_200},
        {"inch-400", FL_200_400}, {"300", FL_300_300},      {"400x400", FL_400_400},
    };
    static const char *const SIZES[] = {"a4", "b4", "a3"};
    for (size_t i = 0; i < FL_COUNT(RESOLUTIONS); i++)
        if (strcmp(RESOLUTIONS[i].word, word) == 0)
            return sheet->resolution = RESOLUTIONS[i].resolution, true;
    for (size_t i = 0; i < FL_COUNT(SIZES); i++)
        if (strcmp(SIZES[i], word) == 0) return sheet->width = (uint8_t)i, true;
    return false;
}

uint8_t *sheet_bitmap(const struct sheet *sheet, int number)
{
    size_t width = (size_t)sheet_width(sheet), stride = (width + 7) / 8;
    uint8_t *rows = calloc((size_t)sheet->rows, stride);
    uint64_t random = 1000u + (uint64_t)number;
    if (!rows) abort();
    for (size_t i = 0; i < (size_t)sheet->rows * stride && sheet->dense; i++)
        rows[i] = (uint8_t)fl_random(&random);
    for (int y = 0; y < sheet->rows && !sheet->blank && !sheet->dense; y++) {
        uint8_t *row = rows + (size_t)y * stride;
        if (y % 4 && y % 9) { /* much like the line above, as on real pages */
            memcpy(row, row - stride, stride);
            row[fl_random(&random) % stride] ^= 0x18;
            continue;
        }
        memset(row, 0, stride);
        for (size_t x = fl_random(&random) % 200; x < width; x += 40 + fl_random(&random) % 300)
            for (size_t end = x + 1 + fl_random(&random) % 30; x < end && x < width; x++)
                row[x / 8] |= (uint8_t)(0x80 >> x % 8);
    }
    return rows;
}
