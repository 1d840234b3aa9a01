/* Scripted calls (tests/calls): what their runner's three files share. Our end is the real thing, engine and Class 1
 * driver on a simulated modem; the far end is the script, which drives the line by hand.
 */
#ifndef CALLS_H
#define CALLS_H

#include "board/job.h"
#include "page/store.h"
#include "sim/modem.h"

#include <stdio.h>

#define CALL_SHEETS 300
#define CALL_FRAMES 8
#define CALL_PLANS  8

/* What the far end heard between two changes of signal. */
struct heard {
    uint8_t signal, code; /* enum fl_signal */
    bool over;
    fl_time start, end;
    uint8_t frame_count;
    struct heard_frame {
        uint16_t length; /* with FCS */
        uint8_t octets[FL_LINE_FRAME];
    } frames[CALL_FRAMES];
    uint8_t *data;
    size_t length, cap;
};

/* One page: its size and, by its number, what is on it. */
struct sheet {
    uint8_t resolution, width;
    int rows;
    bool blank, dense; /* nothing on it; noise */
    bool separate;     /* another document begins with it */
};

enum plan_kind { PLAN_STOP, PLAN_HANG_UP, PLAN_DROP, PLAN_STORED, PLAN_MORE };

struct world {
    struct fl_station station;
    struct fl_simmodem modem;
    struct fl_line line;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_trace trace;
    struct fl_store store;
    struct fl_job job;
    struct fl_sending sending;
    struct fl_document *document;
    struct fl_t30_config config;
    struct sheet sheets[CALL_SHEETS];
    int sheet_count;
    int ready; /* sheets of the document at first: PLAN_MORE adds the next one; 0: all */
    int made;  /* sheets in the document */

    fl_time now, delay;
    fl_time cursor;     /* end of the last thing that the far end said or heard */
    bool sends;         /* we have a document */
    bool receives;      /* we take one */
    bool dials;         /* we call */
    fl_time store_time; /* a page takes so long to be stored; 0: none */
    bool store_fails;
    bool joined, dropped, stuck;
    fl_time joined_at, ended_at;
    bool ended;       /* our engine has told so */
    bool interrupted; /* a plan has been carried out */
    int raw, pages, sent, received, negotiated;
    struct {
        fl_time at;
        enum plan_kind kind;
    } plans[CALL_PLANS];
    int plan_count;

    struct heard *heard; /* a ring would do; a call is short */
    int heard_count, heard_cap, heard_next;
    FILE *log; /* NULL: nothing is written */
};

/* ---- calls_world.c: our end, the exchange, the far end's ear, time ---- */

void world_open(struct world *world, FILE *log);
void world_close(struct world *world);
/* Dials or rings, and joins the line. False when the call does not come about. */
bool world_connect(struct world *world);
/* Lets time pass up to `until`, or to the next thing that happens: false when nothing did before limit. */
void world_run(struct world *world, fl_time until);
bool world_step(struct world *world, fl_time limit);
void world_plan(struct world *world, enum plan_kind kind, fl_time at);
void world_drop(struct world *world);
/* Puts the next sheet into a document. */
void world_make_page(struct world *world, struct fl_document *document);
void world_note(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- calls_frames.c: frames, DIS and DCS bits as the far end writes and reads them; it shares no code with the
 * engine, so that a mistake there shows ---- */

struct made_frame {
    uint16_t length; /* with FCS */
    uint8_t octets[FL_LINE_FRAME];
};

/* A word list being parsed; error is the first thing wrong. */
struct words {
    char *word[96];
    bool quoted[96];
    int count, at;
    char error[160];
};

/* Reads one frame from the words (`bad-fcs DIS v17 fine`, `raw FF 13 84`). x: bit X as this end sets it. */
bool frame_parse(struct words *words, bool x, bool last, struct made_frame *frame);
/* Octets as two hex digits each (`55 x20`: twenty of them), without FCS. */
bool octets_parse(struct words *words, struct made_frame *frame);
/* True when the next words begin a frame. */
bool frame_ahead(const struct words *words);
/* Reads what a frame must be and holds it against one heard; a sentence, or NULL when it fits. Consumes its words
 * also without a frame (NULL). */
const char *frame_expect(struct words *words, const struct heard_frame *frame);
bool frame_fcs_good(const uint8_t *octets, size_t length);
const char *frame_name(const uint8_t *octets, size_t length);
bool frame_has_x(uint8_t fcf);
uint16_t frame_fcs(const uint8_t *octets, size_t length);

/* What a DCS says, as far as a page needs it. */
struct agreed {
    bool known, ecm;
    int frame_octets;
    int kind, rate_bps; /* 17, 29, 27 */
    int coding, resolution, width, scan_ms;
};
void agreed_read(struct agreed *agreed, const uint8_t *frame, size_t length);
/* CTC changes the rate only. */
void agreed_ctc(struct agreed *agreed, const uint8_t *frame, size_t length);
/* A modulation word, `v17/14400`; false when it is none. */
bool modulation_parse(const char *word, int *kind, int *rate_bps);
int modulation_code(int kind, int rate_bps, bool short_train);
/* `fine`, `r16`, ..., `b4`: sets the sheet's; false when the word is none of them. */
bool format_parse(const char *word, struct sheet *sheet);
int sheet_width(const struct sheet *sheet);
/* The bitmap of page number n (from 1), to be freed. */
uint8_t *sheet_bitmap(const struct sheet *sheet, int number);
/* FIF of a DIS or DCS with these words; fif holds 140 octets. */
bool dis_parse(struct words *words, uint8_t *fif, size_t *length, bool dcs);

/* ---- calls_ecm.c ---- */

/* "0,3..5", "none": which of 256 frames. */
bool frames_parse(const char *text, bool set[256]);

/* What goes on the line, first bit lowest. octets is allocated. */
struct bits {
    uint8_t *octets;
    size_t count, cap;
};
void bits_flag(struct bits *bits);
void bits_frame(struct bits *bits, const uint8_t *octets, size_t length, bool bad);
/* The next frame, FCS included; 0 when there is none any more. */
size_t bits_take(const uint8_t *octets, size_t length, size_t *at, uint8_t *frame, size_t cap);

#endif
