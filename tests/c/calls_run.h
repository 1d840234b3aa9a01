/* Scripted calls (tests/calls): what the runner of one script shares. A script's words are taken one after the other by
 * whoever knows what they mean: its head (calls_head.c), what the far end hears (calls_hear.c) and says (calls_say.c), our
 * application and the end (calls_end.c).
 */
#ifndef CALLS_RUN_H
#define CALLS_RUN_H

#include "calls.h"

#define GAP      FL_MS(75)
#define PREAMBLE FL_SEC(1)
#define VARY_MAX 8

struct line {
    int number;
    char *text;
};

struct binding {
    char name[32];
    char *value;
};

struct run {
    struct world world;
    struct words words;
    const struct line *line;
    struct binding bindings[VARY_MAX];
    int binding_count;
    bool started, ended, failed;
    bool silent_answer;  /* the far end answers without CED */
    bool far_identified; /* it has sent a DIS: bit X is due */
    const char *excuse;  /* `violation-ok` */
    bool took_leave;     /* the last that our end said was DCN */
    bool interrupt;      /* `interrupt`: what is planned breaks the script off */
    enum plan_kind interrupt_kind;
    fl_time interrupt_after;
    fl_time limit;
    fl_time reference;          /* end of the last thing on the line, at our end */
    struct agreed theirs, ours; /* DCS that our end sent, that the far end sent */
    struct heard_frame echo[CALL_FRAMES];
    int echo_count;
    struct sheet sent[CALL_SHEETS + 1]; /* pages that the far end sent, by number */
    bool sent_whole[CALL_SHEETS + 1];
    /* error correction: the block at work, and what of a page is whole */
    struct block {
        int frames; /* one more than the highest */
        bool have[256];
        uint8_t data[256][256];
    } block;
    uint8_t *page; /* stored (our end sends), or to be sent */
    size_t page_octets;
    char complaint[400];
};

/* ---- calls_words.c ---- */

/* The script failed here; false, so that it can be returned. Only the first complaint counts. */
bool complain(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The word that is next, NULL at the end of the step; taking it; taking it if it is this one. */
const char *peek(const struct run *run);
const char *next(struct run *run);
bool next_is(struct run *run, const char *word);
/* The rest of a word behind its prefix ("rows=" of "rows=400"), or NULL. */
const char *next_with(struct run *run, const char *prefix);
bool parse_time(const char *text, fl_time *time, const char **rest);
fl_time next_time(struct run *run);
/* "55..95ms", "2.6..3.5s" */
void next_range(struct run *run, fl_time *low, fl_time *high);
/* What every step of the far end may have: when it begins. */
bool next_after(struct run *run, fl_time *gap);
/* Complains if there is more; true when nothing is wrong so far. */
bool finished(struct run *run);

/* ---- calls_head.c ---- */

/* False when the word begins no line of the head. */
bool head(struct run *run, const char *word);

/* ---- calls_hear.c ---- */

void describe(const struct heard *item, char *text, size_t size);
/* The oldest carrier that no step has dealt with, or NULL. */
struct heard *pending(struct run *run);
/* ... when it has ended. */
struct heard *await_end(struct run *run);
void dealt_with(struct run *run, const struct heard *item);
/* Positions of the bits behind each EOL (and its tag). Returns how many. */
size_t find_eols(const uint8_t *code, size_t length, bool tagged, size_t *ends, size_t cap);
void step_expect(struct run *run);
void step_hear(struct run *run);
void step_deaf(struct run *run);
void step_store(struct run *run);

/* ---- calls_say.c ---- */

void end_sending(struct run *run);
void step_send(struct run *run);
void step_echo(struct run *run);
void step_flags(struct run *run);
void step_tcf(struct run *run);
void step_carrier(struct run *run);
void step_page(struct run *run);
void step_prepare(struct run *run);
void step_burst(struct run *run);
void step_tone(struct run *run);

/* ---- calls_end.c ---- */

void step_silence(struct run *run);
void step_in(struct run *run);
void step_now(struct run *run);
void step_end(struct run *run);

#endif
