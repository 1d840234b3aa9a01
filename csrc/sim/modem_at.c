/* The simulated modem's command line: collecting, parsing, settings, results. What the actions do on the line is in
 * modem_call.c, modem_frames.c and modem_data.c.
 */
#include "sim/modem_inside.h"
#include "sim/modem_queue.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *number, *text;
} RESULTS[FL_SIMRESULTS] = {
    [FL_SIMRESULT_OK] = {"0", "OK"},
    [FL_SIMRESULT_CONNECT] = {"1", "CONNECT"},
    [FL_SIMRESULT_RING] = {"2", "RING"},
    [FL_SIMRESULT_NO_CARRIER] = {"3", "NO CARRIER"},
    [FL_SIMRESULT_ERROR] = {"4", "ERROR"},
    [FL_SIMRESULT_NO_DIALTONE] = {"6", "NO DIALTONE"},
    [FL_SIMRESULT_BUSY] = {"7", "BUSY"},
    [FL_SIMRESULT_NO_ANSWER] = {"8", "NO ANSWER"},
    [FL_SIMRESULT_FCERROR] = {"+F4", "+FCERROR"},
    [FL_SIMRESULT_FRH] = {"+FRH:3", "+FRH:3"},
};

/* Letters with a number that only the real thing needs: checked and forgotten. */
static const struct {
    const char *name;
    int max;
} LETTERS[] = {
    {"B", 99}, {"L", 3},   {"M", 3},   {"N", 5},   {"P", 0},   {"T", 0},   {"W", 2},  {"X", 7},  {"Y", 1},
    {"&A", 3}, {"&B", 1},  {"&C", 1},  {"&D", 3},  {"&G", 2},  {"&H", 3},  {"&I", 2}, {"&K", 6}, {"&L", 1},
    {"&M", 5}, {"&N", 19}, {"&P", 3},  {"&Q", 9},  {"&R", 2},  {"&S", 2},  {"&T", 9}, {"&W", 1}, {"&X", 2},
    {"&Y", 1}, {"\\A", 3}, {"\\G", 1}, {"\\N", 7}, {"\\Q", 6}, {"\\V", 9}, {"%C", 3}, {"%E", 3},
};

/* Parameters with one number that are kept and can be read back, and mean nothing here. The index is that of
 * settings.other. */
static const struct {
    const char *name, *range;
    int max;
} KEPT[] = {
    {"FCL", "0-255", 255}, {"FLO", "0-2", 2}, {"FPR", "0-255", 255}, {"FDD", "0,1", 1},
    {"FAE", "0,1", 1},     {"IPR", "0", 0},   {"ICF", "0-6", 6},
};

static const struct {
    const char *name;
    uint8_t action;
} ACTIONS[] = {
    {"FTS", FL_SIMACTION_FTS}, {"FRS", FL_SIMACTION_FRS}, {"FTM", FL_SIMACTION_FTM},
    {"FRM", FL_SIMACTION_FRM}, {"FTH", FL_SIMACTION_FTH}, {"FRH", FL_SIMACTION_FRH},
};

/* What became of one command of the line. */
enum outcome { NEXT, REFUSED, STARTED };

struct cursor {
    const char *at, *end;
};

/* ---- talking ---- */

void fl_simmodem_say(struct fl_simmodem *modem, const void *octets, size_t length)
{
    struct fl_simmodem_queue *out = &modem->out;
    if (length > out->cap - out->count) {
        modem->overruns += length - (out->cap - out->count);
        length = out->cap - out->count;
    }
    fl_simmodem_queue_put(out, octets, length);
}

static void say_text(struct fl_simmodem *modem, const char *text)
{
    char line[160];
    int length = snprintf(line, sizeof line, "\r\n%s\r\n", text);
    fl_trace_text(&modem->pen, modem->now, FL_TRACE_AT_RECEIVED, "%s", text);
    fl_simmodem_say(modem, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static void say_result(struct fl_simmodem *modem, enum fl_simresult result)
{
    if (modem->set.quiet) return;
    if (modem->set.verbose) {
        say_text(modem, RESULTS[result].text);
        return;
    }
    fl_simmodem_say(modem, RESULTS[result].number, strlen(RESULTS[result].number));
    fl_simmodem_say(modem, "\r", 1);
}

void fl_simmodem_result(struct fl_simmodem *modem, enum fl_simresult result, fl_time at)
{
    if (fl_faults_strike(modem->faults, FL_FAULT_SPURIOUS_OK, modem->station, 0, NULL, at))
        say_result(modem, FL_SIMRESULT_OK);
    if (result == FL_SIMRESULT_OK &&
        fl_faults_strike(modem->faults, FL_FAULT_MISSING_OK, modem->station, 0, NULL, at))
        return;
    say_result(modem, result);
}

/* ---- collecting ---- */

void fl_simmodem_defaults(struct fl_simmodem *modem)
{
    memset(&modem->set, 0, sizeof modem->set);
    modem->set.echo = true;
    modem->set.verbose = true;
    modem->set.s[2] = '+';
    modem->set.s[3] = '\r';
    modem->set.s[4] = '\n';
    modem->set.s[5] = '\b';
    modem->set.s[6] = 2;
    modem->set.s[7] = 60;
    modem->set.s[8] = 2;
}

static void begin_line(struct fl_simmodem *modem)
{
    modem->prefix = 0;
    modem->length = 0;
    modem->overlong = false;
}

/* Waits for AT or A/; anything else is noise. */
static bool type_prefix(struct fl_simmodem *modem, char c)
{
    if (modem->prefix == 1 && c == '/') {
        memcpy(modem->text, modem->last, modem->last_length);
        modem->length = modem->last_length;
        modem->prefix = 0;
        return true;
    }
    if (modem->prefix == 1 && toupper(c) == 'T') {
        begin_line(modem);
        modem->prefix = 2;
        return false;
    }
    modem->prefix = toupper(c) == 'A' ? 1 : 0;
    return false;
}

bool fl_simmodem_type(struct fl_simmodem *modem, uint8_t c)
{
    if (modem->set.echo) fl_simmodem_say(modem, &c, 1);
    if (modem->prefix < 2) return type_prefix(modem, (char)(c & 0x7F));
    if (c == modem->set.s[3]) {
        modem->prefix = 0;
        modem->last_length = modem->length;
        memcpy(modem->last, modem->text, modem->length);
        return true;
    }
    if (c == modem->set.s[5]) {
        if (modem->length) modem->length--;
        return false;
    }
    if (c < ' ') return false;
    if (modem->length == FL_SIMMODEM_LINE)
        modem->overlong = true;
    else
        modem->text[modem->length++] = (char)c;
    return false;
}

/* ---- parsing ---- */

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at == ' ') cursor->at++;
}

static int peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? toupper((unsigned char)*cursor->at) : 0;
}

static bool accept(struct cursor *cursor, int c)
{
    skip_blanks(cursor);
    if (peek(cursor) != c) return false;
    cursor->at++;
    return true;
}

static bool at_digit(const struct cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* A decimal number; fallback when there is none. Never more than 65535. */
static int take_number(struct cursor *cursor, int fallback)
{
    int value = 0;
    skip_blanks(cursor);
    if (!at_digit(cursor)) return fallback;
    for (; at_digit(cursor); cursor->at++)
        if (value < 6553) value = value * 10 + (*cursor->at - '0');
    return value;
}

/* ---- letters ---- */

static enum outcome set_switch(struct cursor *cursor, bool *value, bool inverted)
{
    int number = take_number(cursor, 0);
    if (number > 1) return REFUSED;
    *value = inverted ? !number : number;
    return NEXT;
}

static enum outcome do_register(struct fl_simmodem *modem, struct cursor *cursor)
{
    char text[8];
    int index = take_number(cursor, 0);
    if (index >= (int)FL_COUNT(modem->set.s)) return REFUSED;
    if (accept(cursor, '?')) {
        snprintf(text, sizeof text, "%03d", modem->set.s[index]);
        say_text(modem, text);
        return NEXT;
    }
    if (!accept(cursor, '=')) return REFUSED;
    int value = take_number(cursor, 0);
    if (value > 255) return REFUSED;
    modem->set.s[index] = (uint8_t)value;
    return NEXT;
}

static enum outcome do_information(struct fl_simmodem *modem, struct cursor *cursor)
{
    int number = take_number(cursor, 0);
    if (number > 9) return REFUSED;
    say_text(modem, number == 0 ? "56000" : number == 3 ? modem->row->revision : modem->row->model);
    return NEXT;
}

static enum outcome do_hook(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    int number = take_number(cursor, 0);
    if (number > 1) return REFUSED;
    if (number)
        fl_simmodem_off_hook(modem);
    else
        fl_simmodem_on_hook(modem, at);
    return NEXT;
}

/* The rest of the line is the number: digits are kept, modifiers that only take time take it. */
static enum outcome do_dial(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    fl_time duration = FL_SEC(modem->set.s[6] < 2 ? 2 : modem->set.s[6]);
    size_t length = 0;
    for (; cursor->at < cursor->end; cursor->at++) {
        char c = *cursor->at;
        bool digit = c && strchr("0123456789*#+", c);
        if (digit && length + 1 < FL_SIMMODEM_DIGITS) {
            modem->number[length++] = c;
            duration += FL_MS(100);
        } else if (c == ',') {
            duration += FL_SEC(modem->set.s[8]);
        } else if (digit || !c || !strchr("TPWtpw@!-() ./&", c)) {
            return REFUSED;
        }
    }
    modem->number[length] = 0;
    return fl_simmodem_dial(modem, duration, at) ? STARTED : REFUSED;
}

static enum outcome do_reset(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    if (take_number(cursor, 0) > 9) return REFUSED;
    fl_simmodem_on_hook(modem, at);
    fl_simmodem_defaults(modem);
    return NEXT;
}

static enum outcome do_forgotten(struct fl_simmodem *modem, struct cursor *cursor)
{
    char name[3] = {(char)peek(cursor)};
    cursor->at++;
    if (strchr("&\\%", name[0])) {
        name[1] = (char)peek(cursor);
        if (name[1]) cursor->at++;
    }
    for (size_t i = 0; i < FL_COUNT(LETTERS); i++) {
        char text[12];
        if (strcmp(LETTERS[i].name, name) != 0) continue;
        int number = take_number(cursor, 0);
        if (number > LETTERS[i].max) return REFUSED;
        snprintf(text, sizeof text, "%s%d", name, number);
        if (modem->row->flow_off && strcmp(text, modem->row->flow_off) == 0) modem->set.soft_flow = false;
        return NEXT;
    }
    return REFUSED;
}

static enum outcome do_letter(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    const char *start = cursor->at;
    if (accept(cursor, '&')) {
        if (accept(cursor, 'F')) {
            if (take_number(cursor, 0) > 9) return REFUSED;
            fl_simmodem_defaults(modem);
            return NEXT;
        }
        cursor->at = start;
        return do_forgotten(modem, cursor);
    }
    if (accept(cursor, 'E')) return set_switch(cursor, &modem->set.echo, false);
    if (accept(cursor, 'V')) return set_switch(cursor, &modem->set.verbose, false);
    if (accept(cursor, 'Q')) return set_switch(cursor, &modem->set.quiet, false);
    if (accept(cursor, 'S')) return do_register(modem, cursor);
    if (accept(cursor, 'I')) return do_information(modem, cursor);
    if (accept(cursor, 'Z')) return do_reset(modem, cursor, at);
    if (accept(cursor, 'H')) return do_hook(modem, cursor, at);
    if (accept(cursor, 'D')) return do_dial(modem, cursor, at);
    if (accept(cursor, 'A')) return fl_simmodem_answer(modem, at) ? STARTED : REFUSED;
    return do_forgotten(modem, cursor);
}

/* ---- extended commands ---- */

static bool has_lists(const struct fl_simmodem *modem, enum fl_simaction action)
{
    return !modem->row->no_lists || (action != FL_SIMACTION_FTM && action != FL_SIMACTION_FRM);
}

static void say_list(struct fl_simmodem *modem, const char *list)
{
    char text[120];
    snprintf(text, sizeof text, modem->row->brackets ? "(%s)" : "%s", list);
    say_text(modem, text);
}

static void say_modulations(struct fl_simmodem *modem)
{
    char list[100] = "3";
    for (const uint8_t *code = modem->row->modulations; *code; code++) {
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, ",%d", *code);
    }
    say_list(modem, list);
}

static bool has_action(const struct fl_simmodem *modem, enum fl_simaction action)
{
    if (action == FL_SIMACTION_FTS) return modem->row->has_fts;
    if (action == FL_SIMACTION_FRS) return modem->row->has_frs;
    return true;
}

static enum outcome do_action(struct fl_simmodem *modem, struct cursor *cursor, enum fl_simaction action,
                              fl_time at)
{
    if (!accept(cursor, '=') || !has_action(modem, action)) return REFUSED;
    if (accept(cursor, '?')) {
        if (!has_lists(modem, action)) return REFUSED;
        if (action == FL_SIMACTION_FTS || action == FL_SIMACTION_FRS)
            say_list(modem, "0-255");
        else if (action == FL_SIMACTION_FTH || action == FL_SIMACTION_FRH)
            say_list(modem, "3");
        else
            say_modulations(modem);
        return NEXT;
    }
    int value = take_number(cursor, -1);
    skip_blanks(cursor);
    if (value < 0 || cursor->at < cursor->end) return REFUSED;
    return fl_simmodem_action(modem, action, value, at) ? STARTED : REFUSED;
}

/* "=?", "?" or "=value" of a parameter with one number. */
static enum outcome do_parameter(struct fl_simmodem *modem, struct cursor *cursor, const char *range, int max,
                                 uint8_t *value)
{
    char text[8];
    if (accept(cursor, '?')) {
        snprintf(text, sizeof text, "%d", *value);
        say_text(modem, text);
        return NEXT;
    }
    if (!accept(cursor, '=')) return REFUSED;
    if (accept(cursor, '?')) {
        say_list(modem, range);
        return NEXT;
    }
    int number = take_number(cursor, -1);
    skip_blanks(cursor);
    if (number < 0 || number > max || (cursor->at < cursor->end && *cursor->at != ';')) return REFUSED;
    *value = (uint8_t)number;
    return NEXT;
}

static enum outcome do_name(struct fl_simmodem *modem, struct cursor *cursor, const char *name)
{
    const struct fl_simmodem_row *row = modem->row;
    const char *text = !strcmp(name, "FMI") || !strcmp(name, "GMI")   ? row->maker
                       : !strcmp(name, "FMM") || !strcmp(name, "GMM") ? row->model
                       : !strcmp(name, "FMR") || !strcmp(name, "GMR") ? row->revision
                                                                      : NULL;
    if (!text) return REFUSED;
    if (name[0] == 'F' && !accept(cursor, '?')) return REFUSED;
    say_text(modem, text);
    return NEXT;
}

static enum outcome do_extended(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    char name[12];
    size_t length = 0;
    while (isalnum(peek(cursor)) && length + 1 < sizeof name) {
        name[length++] = (char)peek(cursor);
        cursor->at++;
    }
    name[length] = 0;
    if (!strcmp(name, "FCLASS")) {
        const char *start = cursor->at;
        enum outcome outcome = do_parameter(modem, cursor, modem->row->classes, 1, &modem->set.fclass);
        bool chosen = outcome == NEXT && *start == '=' && start[1] != '?';
        if (chosen && modem->row->flow_off) modem->set.soft_flow = modem->set.fclass == 1;
        return outcome;
    }
    if (!strcmp(name, "FAR") && modem->row->has_far)
        return do_parameter(modem, cursor, "0,1", 1, &modem->set.far);
    for (size_t i = 0; i < FL_COUNT(KEPT); i++)
        if (!strcmp(name, KEPT[i].name))
            return do_parameter(modem, cursor, KEPT[i].range, KEPT[i].max, &modem->set.other[i]);
    for (size_t i = 0; i < FL_COUNT(ACTIONS); i++)
        if (!strcmp(name, ACTIONS[i].name)) return do_action(modem, cursor, ACTIONS[i].action, at);
    return do_name(modem, cursor, name);
}

static enum outcome do_command(struct fl_simmodem *modem, struct cursor *cursor, fl_time at)
{
    if (!accept(cursor, '+')) return do_letter(modem, cursor, at);
    enum outcome outcome = do_extended(modem, cursor, at);
    skip_blanks(cursor);
    /* After an extended command comes a semicolon or the end of the line. */
    if (outcome == NEXT && cursor->at < cursor->end && !accept(cursor, ';')) return REFUSED;
    return outcome;
}

void fl_simmodem_execute(struct fl_simmodem *modem, fl_time at)
{
    struct cursor cursor = {modem->text, modem->text + modem->length};
    enum outcome outcome = modem->overlong ? REFUSED : NEXT;
    fl_trace_text(&modem->pen, at, FL_TRACE_AT_SENT, "AT%.*s", (int)modem->length, modem->text);
    skip_blanks(&cursor);
    while (outcome == NEXT && cursor.at < cursor.end) {
        outcome = do_command(modem, &cursor, at);
        skip_blanks(&cursor);
        if (cursor.at < cursor.end && *cursor.at == ';') cursor.at++;
    }
    if (outcome != STARTED)
        fl_simmodem_result(modem, outcome == NEXT ? FL_SIMRESULT_OK : FL_SIMRESULT_ERROR, at);
}
