/* The table of result codes and the reading of lines and lists. */
#include "modem/results.h"

#include <string.h>

struct code {
    const char *text;
    uint8_t result;
};

/* Longer texts stand before those that they begin with. */
static const struct code CODES[] = {
    {"OK", FL_RESULT_OK},
    {"CONNECT", FL_RESULT_CONNECT},
    {"RINGING", FL_RESULT_NONE},
    {"RING", FL_RESULT_RING},
    {"NO CARRIER", FL_RESULT_NO_CARRIER},
    {"ERROR", FL_RESULT_ERROR},
    {"NO DIALTONE", FL_RESULT_NO_DIALTONE},
    {"NO DIAL TONE", FL_RESULT_NO_DIALTONE},
    {"BUSY", FL_RESULT_BUSY},
    {"NO ANSWER", FL_RESULT_NO_ANSWER},
    {"+FCERROR", FL_RESULT_FCERROR},
    {"+F4", FL_RESULT_FCERROR}, /* the numeric form */
    {"+FRH:", FL_RESULT_FRH},
    {"+FRM:", FL_RESULT_FRM},
    /* Approval rules of some countries: the modem refuses to dial the number again so soon. */
    {"DELAYED", FL_RESULT_ERROR},
    {"BLACKLISTED", FL_RESULT_ERROR},
    {"FAX", FL_RESULT_NONE},
};

static const uint8_t NUMERIC[] = {
    ['0'] = FL_RESULT_OK,          ['1'] = FL_RESULT_CONNECT, ['2'] = FL_RESULT_RING,
    ['3'] = FL_RESULT_NO_CARRIER,  ['4'] = FL_RESULT_ERROR,   ['5'] = FL_RESULT_CONNECT,
    ['6'] = FL_RESULT_NO_DIALTONE, ['7'] = FL_RESULT_BUSY,    ['8'] = FL_RESULT_NO_ANSWER,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct code *code_at(const char *text)
{
    for (size_t i = 0; i < FL_COUNT(CODES); i++)
        if (strncmp(text, CODES[i].text, strlen(CODES[i].text)) == 0) return &CODES[i];
    return NULL;
}

size_t fl_results_split(const char *line, bool numeric, uint8_t found[FL_RESULTS_MAX])
{
    size_t count = 0;
    if (numeric && line[0] >= '0' && line[0] <= '8' && !line[1]) {
        found[0] = NUMERIC[(uint8_t)line[0]];
        return 1;
    }
    while (*line) {
        if (*line == ' ') {
            line++;
            continue;
        }
        const struct code *code = code_at(line);
        if (!code || count == FL_RESULTS_MAX) return 0;
        found[count++] = code->result;
        line += strlen(code->text);
        /* Parameters: the speed of CONNECT, the code of +FRH: and +FRM:, some modems' RING cadence. */
        while (*line == ' ' || *line == '/' || *line == ':' || is_digit(*line)) line++;
        /* "CONNECT 14400/ARQ" and the like: everything after the speed belongs to it. */
        if (code->result == FL_RESULT_CONNECT && *line && !code_at(line)) return count;
    }
    return count;
}

enum fl_result fl_results_at_end(const char *line)
{
    size_t length = strlen(line);
    for (size_t i = 0; i < FL_COUNT(CODES); i++) {
        size_t size = strlen(CODES[i].text);
        if (size >= 5 && length > size && strcmp(line + length - size, CODES[i].text) == 0)
            return (enum fl_result)CODES[i].result;
    }
    return FL_RESULT_NONE;
}

/* Reads a number of at most 4 digits; the rest of a longer one is skipped and -1 says so, as for a fraction. */
static const char *read_number(const char *text, int *number)
{
    const char *start = text;
    int value = 0;
    while (is_digit(*text)) {
        if (text - start < 4) value = value * 10 + (*text - '0');
        text++;
    }
    bool fraction = *text == '.' && is_digit(text[1]);
    *number = text - start > 4 || fraction ? -1 : value;
    if (fraction)
        for (text++; is_digit(*text);) text++;
    return text;
}

void fl_results_list(const char *line, void (*visit)(void *ctx, int number), void *ctx)
{
    const char *colon = strchr(line, ':');
    if (colon) line = colon + 1;
    while (*line) {
        int first, last;
        if (!is_digit(*line)) {
            line++;
            continue;
        }
        line = read_number(line, &first);
        last = first;
        if (line[0] == '-' && is_digit(line[1])) line = read_number(line + 1, &last);
        if (first < 0 || last < first || last - first > 255) continue;
        for (int number = first; number <= last; number++) visit(ctx, number);
    }
}
