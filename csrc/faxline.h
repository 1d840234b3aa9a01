/* The one boundary between Python and the engine. Both the compiler and cffi's cdef read this file: no #include, no
 * guard, only integer #defines. C never calls Python. Orders go down as function calls that return at once; what
 * happens comes up as events, in order, from one queue per channel.
 */

/* ---- call states and causes (CallChannel.State, CallChannel.Cause), in the order of their names ---- */

enum fl_call_state {
    FL_CALL_WAITING,
    FL_CALL_CALL_INCOMING,
    FL_CALL_RING_INCOMING,
    FL_CALL_ANSWERING,
    FL_CALL_ANSWERED,
    FL_CALL_CALL_OUTGOING,
    FL_CALL_RING_OUTGOING,
    FL_CALL_HOLDING,
    FL_CALL_ON_HOLD,
    FL_CALL_TRANSFERRING,
    FL_CALL_TRANSFERRED,
    FL_CALL_RECONNECTING,
    FL_CALL_ERROR,
    FL_CALL_IDLE,
    FL_CALL_STATES
};

enum fl_call_cause {
    FL_CALL_CAUSE_TIMEOUT,
    FL_CALL_CAUSE_ERROR,
    FL_CALL_CAUSE_NORMAL,
    FL_CALL_CAUSE_BUSY,
    FL_CALL_CAUSE_NOANSWER,
    FL_CALL_CAUSE_UNOBTAINABLE,
    FL_CALL_CAUSE_CHANGED,
    FL_CALL_CAUSE_OUTOFORDER,
    FL_CALL_CAUSE_BARRED,
    FL_CALL_CAUSE_REJECTED,
    FL_CALL_CAUSE_NOCHANNELS,
    FL_CALL_CAUSE_CONGESTION,
    FL_CALL_CAUSE_FAILED,
    FL_CALL_CAUSE_OTHER,
    FL_CALL_CAUSES
};

/* ---- why a fax ended (CallFaxSender.Cause) ---- */

enum fl_fax_cause {
    FL_FAX_NONE,
    FL_FAX_NORMAL,
    FL_FAX_ERROR,
    FL_FAX_ABORTED,
    FL_FAX_HANGUP,
    FL_FAX_TIMEOUT,
    FL_FAX_NOTFAX,
    FL_FAX_UNKNOWN_OPTION,
    FL_FAX_UNKNOWN_VALUE,
    FL_FAX_INCONSISTENT_OPTIONS,
    FL_FAX_STANDARDMISMATCH,
    FL_FAX_COMMSFAULT,
    FL_FAX_PAGEQUALITY,
    FL_FAX_CAUSES
};

const char *fl_call_state_name(int32_t state);
const char *fl_call_cause_name(int32_t cause);
const char *fl_fax_cause_name(int32_t cause);

/* The raw causes: a stable code ("far.B.silent"), the cause it means, and a sentence. Number 0 is "none". */
int32_t fl_raw_count(void);
const char *fl_raw_code(int32_t raw);
const char *fl_raw_text(int32_t raw);
int32_t fl_raw_cause(int32_t raw);

/* ---- documents: pages as they are handed to a sender ---- */

struct fl_document;

struct fl_document *fl_document_new(void);
void fl_document_free(struct fl_document *document);
/* Adds a page. rows: packed, most significant bit leftmost, 1 = black, (width_px + 7) / 8 octets each; copied (kept
 * in coded form). width_px: 1728 2048 2432 (204 or 200 dpi), 2592 3072 3648 (300), 3456 4096 4864 (408 or 400).
 * x_dpi by y_dpi: 204 by 98 196 391, 408 by 391, 200 by 100 200 400, 300 by 300, 400 by 400.
 * Returns 0, or FL_E_MEMORY, or FL_E_VALUE when no fax machine has such a page. */
int32_t fl_document_add_page(struct fl_document *document, int32_t width_px, int32_t x_dpi, int32_t y_dpi,
                             const uint8_t *rows, int64_t row_count);
/* The same for a page that is coded already (coding: enum fl_coding), as the strips of a TIFF: their codes one behind
 * the other with their lengths, each of rows_per_strip rows but the last. inverted: white is coded as black. The code is
 * decoded once to be sure that it is whole. FL_E_VALUE also when it is not, or has another number of rows. */
struct fl_coded_page {
    int32_t width_px, x_dpi, y_dpi;
    int32_t coding;
    int32_t msb_first;
    int32_t inverted;
    int32_t
        aligned; /* MH without EOLs: each line begins at a multiple of so many octets of its strip; 0 = anywhere */
    int32_t row_count;
    int32_t rows_per_strip;
    int32_t strip_count;
    const int64_t *strip_lengths;
    const uint8_t *code;
    int64_t length;
};
int32_t fl_document_add_coded(struct fl_document *document, const struct fl_coded_page *coded);
/* The page that is added next begins another document of the same call: EOM goes before it. */
void fl_document_separate(struct fl_document *document);
/* Reads the strips of a coded page as the coding has them, whatever row_count and rows_per_strip say: the rows that come,
 * packed, most significant bit leftmost, into rows, which has room for so many. Bad ones repeat the row above; at more than
 * bad_max of them it stops. Returns the number of rows, bad ones included, or FL_E_VALUE or FL_E_MEMORY. */
struct fl_reading {
    int64_t bad_rows;
    int64_t first_bad_row; /* from 1; 0 = none */
    int32_t ended;         /* 1: the last strip ended with RTC or EOFB */
    int32_t overflow;      /* 1: there are more rows than room */
};
int64_t fl_read_coded(const struct fl_coded_page *coded, int64_t bad_max, uint8_t *rows, int64_t room,
                      struct fl_reading *reading);
/* It is given to be sent before it is complete: fl_channel_fax_more() brings the rest. */
void fl_document_open(struct fl_document *document);
int32_t fl_document_pages(const struct fl_document *document);
/* Black pixels of the page (from 0), without its header line, or FL_E_VALUE. */
int64_t fl_document_black(const struct fl_document *document, int32_t page);
/* Measures every page in every coding, once: what sending with compression -1 (AUTO) does first. */
void fl_document_measure(struct fl_document *document);
/* Octets of the page (from 0) in a coding (enum fl_coding: 0 MH, 1 MR, 2 MMR), or FL_E_VALUE. */
int64_t fl_document_coded_size(const struct fl_document *document, int32_t page, int32_t coding);
/* A page (from 0) as it is kept: info, and its MMR, *least* significant bit first, into code. Returns its octets (also
 * with code NULL, to ask for the size), or FL_E_VALUE. */
struct fl_page_info;
int64_t fl_document_page_code(const struct fl_document *document, int32_t page, struct fl_page_info *info,
                              uint8_t *code, int64_t cap);

/* A header line for the page added last: a strip of rows for one resolution (metric or inch: one stands for both), drawn in
 * place of the white rows at the page's top, or before them where there are too few. width_px: up to that of A4.
 * row_count: up to 128. A page with headers goes out at the resolutions that it has one for with it, else without.
 * Returns 0, FL_E_MEMORY, or FL_E_VALUE. */
int32_t fl_document_add_header(struct fl_document *document, int32_t x_dpi, int32_t y_dpi, int32_t width_px,
                               const uint8_t *rows, int32_t row_count);
/* The page (from 0) as it goes out in a format that is not finer than its own, header included, least significant bit
 * first. Returns the octets, also when they are more than cap (then code is not whole; NULL asks for the size), or FL_E_VALUE
 * or FL_E_MEMORY. */
int64_t fl_document_code_page(const struct fl_document *document, int32_t page, int32_t x_dpi, int32_t y_dpi,
                              int32_t width_px, int32_t coding, int32_t *row_count, uint8_t *code,
                              int64_t cap);

/* ---- pictures: grey pixels to the rows of a page ---- */

enum fl_picture {
    FL_PICTURE_GREY, /* black and white by levels that are found on the page; with a screen, continuous tone on it is dots */
    FL_PICTURE_BILEVEL, /* it was black and white: where it gets smaller, less than half of a pixel is ink enough */
    FL_PICTURE_DRAWN, /* it was drawn in black on white, finer than it will be: half is ink */
    FL_PICTURE_DOTS,  /* by a screen, in clustered dots */
};

/* A picture on its page: as large as it comes, as it is to be, and what becomes of its greys. It stands in the middle of the
 * paper, at the top. */
struct fl_sheet {
    int32_t from_width_px, from_height_px; /* each up to 65535 */
    int32_t width_px, height_px;           /* on the page: up to paper_px, up to 65536 */
    int32_t paper_px;                      /* the page's width, up to 4864 */
    int32_t x_dpi;                         /* of the page */
    int32_t kind;                          /* enum fl_picture */
    int32_t invert;                        /* 1: black for white */
    const uint8_t *
        screen; /* or NULL: screen_width times screen_height thresholds, each up to 32, from the top; copied */
    int32_t screen_width, screen_height;
};

struct fl_raster;

/* Returns 0, FL_E_MEMORY, or FL_E_VALUE for a sheet that cannot be. */
int32_t fl_raster_new(const struct fl_sheet *sheet, struct fl_raster **raster);
void fl_raster_free(struct fl_raster *raster);
/* The picture's next rows, 0 black and 255 white, each stride octets behind the one before; the last may end with its
 * pixels. A picture that comes whole and in the size that it will have is not copied: it must stay until fl_raster_page().
 * Returns 0, FL_E_MEMORY, or FL_E_VALUE: more rows than there are to be. */
int32_t fl_raster_feed(struct fl_raster *raster, const uint8_t *grey, int64_t length, int64_t stride);
/* The page, once, behind the last row: packed, most significant bit leftmost, 1 = black, (paper_px + 7) / 8 octets for each
 * of height_px rows. Returns 1 when there are dots on it, 0 when not, FL_E_MEMORY, or FL_E_VALUE: rows are missing, or room. */
int32_t fl_raster_page(struct fl_raster *raster, uint8_t *rows, int64_t room);

/* A page of text: cells in lines and columns, each with the picture of its letter, which may reach beyond it. */
struct fl_glyph {
    int32_t width_px, row_count; /* packed rows, most significant bit leftmost, 1 = black */
    int32_t left_px, top_px;     /* from the place of its cell */
    int64_t at;                  /* octets, in bits */
};
struct fl_text {
    int32_t width_px, row_count; /* the page's: up to 4864, up to 65536 */
    const uint8_t *bits;
    int64_t length;
    const struct fl_glyph *glyphs;
    int32_t glyph_count;
    int32_t column_count, line_count;
    const uint16_t *cells; /* line by line: 0 nothing, else the glyph, from 1 */
    const int32_t *x, *y;  /* where each column and each line begins */
};
/* Adds its ink to the rows, (width_px + 7) / 8 octets each; what is outside the page is cut. Returns 0, or FL_E_VALUE. */
int32_t fl_raster_text(const struct fl_text *text, uint8_t *rows, int64_t room);

/* ---- coding of whole pages (t4/t4.h has the conventions) ---- */

int64_t fl_t4_encode_page(int32_t coding, int32_t k, int32_t msb_first, int32_t width_px,
                          int64_t min_row_bits, const uint8_t *rows, int64_t row_count, uint8_t *out,
                          int64_t out_cap);
int64_t fl_t4_decode_page(int32_t coding, int32_t msb_first, int32_t width_px, const uint8_t *code,
                          int64_t code_len, uint8_t *rows, int64_t max_rows, int64_t *bad_rows,
                          int32_t *ended);

/* ---- events ---- */

enum fl_event_kind {
    FL_EVENT_CALL = 1,    /* state, cause: the call changed */
    FL_EVENT_FAX_STARTED, /* the T.30 engine has taken the line */
    FL_EVENT_NEGOTIATED,  /* negotiated: agreed, or changed by a retrain */
    FL_EVENT_PAGE,        /* pages confirmed so far; last: no more will follow */
    FL_EVENT_FAX_ENDED,   /* cause, raw, pages, in_doubt */
    FL_EVENT_RECEIVED, /* a page was received: fl_channel_take_page has it, fl_channel_page_stored confirms it */
    FL_EVENT_FAR_PAGE, /* a simulated far machine stored a page: fl_channel_take_far_page has it */
    FL_EVENT_TIMER,    /* timer: the delay given to fl_channel_timer has passed on the line's clock */
};

struct fl_negotiated {
    int32_t modem; /* 17, 29, 27 for V.17, V.29, V.27ter */
    int32_t rate_bps;
    int32_t ecm;    /* 0 or 1 */
    int32_t coding; /* enum fl_coding */
    int32_t width_px;
    int32_t x_dpi;
    int32_t y_dpi;
    int32_t min_scan_ms; /* minimum scan-line time */
    char remote_id[24];  /* CSI or TSI, printable, trimmed, NUL terminated */
    char our_id[24];
    char sub_address[24];       /* SUB, or PSA where the document is polled: sent or received; '' = none */
    char password[24];          /* SID, or PWD where it is polled */
    char selective_polling[24]; /* SEP */
    uint8_t nonstandard[32];    /* the beginning of the far end's NSF, NSC or NSS */
    int32_t nonstandard_length;
};

struct fl_event {
    uint64_t seq;    /* 1, 2, 3 ... */
    int64_t time_us; /* the line's clock: since the channel was opened */
    int32_t kind;    /* enum fl_event_kind */
    int32_t
        call; /* the call it is of: what fl_channel_dial() or fl_channel_await_call() returned; 0 before the first */
    int32_t state; /* enum fl_call_state */
    int32_t cause; /* enum fl_call_cause or enum fl_fax_cause */
    int32_t raw;
    int32_t pages; /* sent, of fl_channel_fax_send; received, of fl_channel_fax_receive */
    int32_t sent, received;
    int32_t last;
    int32_t
        in_doubt; /* the page behind the confirmed ones was sent whole, and neither confirmed nor rejected */
    int32_t timer;
    struct fl_negotiated negotiated;
};

/* ---- a channel: one line, one call at a time, one C thread that drives it ---- */

#define FL_E_CLOSED -1
#define FL_E_VALUE  -2
#define FL_E_MEMORY -3
#define FL_E_BUSY   -4 /* a fax runs already */

enum fl_board_kind {
    FL_BOARD_SIM,  /* the simulated device */
    FL_BOARD_PIPE, /* a Class 1 modem: on a serial port, or behind a ready-made pipe */
};

enum fl_flow {
    FL_FLOW_NONE,
    FL_FLOW_RTSCTS,
};

/* The octets of a modem (csrc/line/pipe.h); an extension makes one. */
struct fl_pipe;

enum fl_pace {
    FL_PACE_VIRTUAL, /* time passes only while somebody waits for it, and then at once */
    FL_PACE_REAL,    /* line time: the clock's, times speed */
};

struct fl_fault {
    int32_t kind;  /* number of a name of fl_fault_name */
    int32_t at;    /* at the nth operation of its kind, from 1 */
    int32_t count; /* for so many operations; 0 = from then on */
    int32_t arg;   /* its strength, where it has one */
};

#define FL_FAULTS_MAX 16

/* Simulated lines with one clock, which can call each other by their numbers. In virtual pace time passes for all of
 * them at once: only while each one that has something going on is waited for. */
struct fl_office;
struct fl_office *fl_office_new(void);
/* Only when the last of its channels has been freed. */
void fl_office_free(struct fl_office *office);

/* Simulated line: a recorded call, which its far machine plays. Owned by the caller, until the channel is freed. */
enum fl_play_signal {
    FL_PLAY_DROP,
    FL_PLAY_CED,
    FL_PLAY_CNG,
    FL_PLAY_V21
}; /* else a T.31 code of a fast carrier */

struct fl_play_frame {
    int32_t offset, length; /* in octets: from the address octet on, without FCS */
    int32_t bad;            /* 1: with a wrong FCS */
};

struct fl_play_burst {
    int32_t signal;    /* enum fl_play_signal, or a T.31 code */
    int32_t heard;     /* so many bursts of ours come before it */
    int64_t after_us;  /* behind the last of these, or its own before; the first: behind the dialling */
    int64_t length_us; /* of the carrier */
    int32_t octets;    /* of a fast carrier */
    int32_t noise;     /* 1: these are noise, 0: zeros */
    int32_t first_frame, frame_count; /* of V.21 */
};

struct fl_play {
    int32_t incoming; /* 1: it calls us, once the channel waits for a call */
    int32_t burst_count, frame_count;
    int64_t octet_count;
    const struct fl_play_burst *bursts;
    const struct fl_play_frame *frames;
    const uint8_t *octets;
};

struct fl_channel_config {
    int32_t board;
    int32_t pace;
    int32_t speed;       /* FL_PACE_REAL: line seconds per second of the clock, 1..1000 */
    int32_t trace;       /* 1: keep a trace */
    int32_t save;        /* 1: keep the pages that a simulated far machine stores */
    int32_t far;         /* simulated far machine: number of a row of fl_far_name, -1: by the number called */
    int32_t delay_ms;    /* simulated line: one-way delay */
    int32_t personality; /* simulated modem: number of a row of fl_modem_name */
    int32_t
        pty; /* 1: it is on a pseudo-terminal, for any program, in place of our station; FL_PACE_REAL only.
                         FL_EVENT_CALL tells what it does, FL_EVENT_FAR_PAGE comes; no order but close is heeded */
    int32_t fault_count;
    uint64_t seed;
    char number[24]; /* simulated line: its own number */
    struct fl_fault faults[16];
    struct fl_office *office;   /* NULL = it is alone (a simulated line: with its far machines) */
    const struct fl_play *play; /* simulated line: who is called, or calls, plays this; NULL: nobody does */

    /* FL_BOARD_PIPE */
    struct fl_pipe *pipe; /* taken over, also when the channel does not open; NULL: the serial port at path */
    char path[256];
    int32_t baud;
    int32_t flow;             /* enum fl_flow */
    char profile[24];         /* name of a row of fl_profile_name, '' = by what the modem says of itself */
    int32_t pulse;            /* 1: dial by pulses */
    int32_t answer_timeout_s; /* how long a called station may take to answer; 0 = 60 */
};

struct fl_fax_options {
    int32_t v17, v29, v27; /* 1: may be used */
    int32_t min_rate_bps, max_rate_bps;
    int32_t high_res; /* 1 YES, 0 NO, -1 follow the document */
    int32_t ecm;
    int32_t compression;    /* enum fl_coding, -1 = AUTO */
    char subscriber_id[24]; /* '' or up to 20 characters, NUL terminated; so the others */
    char sub_address[24];
    char password[24];
    char selective_polling[24];
};

struct fl_channel;

/* Opens a channel and starts its thread. NULL: error holds a sentence. */
struct fl_channel *fl_channel_open(const struct fl_channel_config *config, char *error, size_t error_size);
/* Ends what is under way (hangs up), stops the thread, wakes every fl_channel_wait (-1). Call free afterwards, once
 * nobody is inside a call on this channel. */
void fl_channel_close(struct fl_channel *channel);
void fl_channel_free(struct fl_channel *channel);

/* Orders: 0 or a negative FL_E_. Their outcome comes as events. An order that was taken is obeyed, however many there are. */

/* Begins a call: its number (1, 2, 3 ...), which its events bear. While another call rings it is placed only once that is
 * over: dialling would answer it. */
int32_t fl_channel_dial(struct fl_channel *channel, const char *number);
int32_t fl_channel_hang_up(struct fl_channel *channel);
/* Takes the document over (also when it fails). Who calls sends it; who was called offers it to be polled. receive 1: in the
 * same call a document may come the other way, as below: the caller polls once all is sent, the called end takes what
 * comes. */
int32_t fl_channel_fax_send(struct fl_channel *channel, const struct fl_fax_options *options,
                            struct fl_document *document, int32_t receive);
/* Who was called takes what comes; who calls polls. Each page comes as FL_EVENT_RECEIVED; it is confirmed to the sender once
 * the application says that it is stored. document: as above, goes the other way in the same call; NULL: none. */
int32_t fl_channel_fax_receive(struct fl_channel *channel, const struct fl_fax_options *options,
                               struct fl_document *document);
/* Pages that are to be sent behind those of a document for which fl_document_open() was said; taken over. NULL: none. more: whether still
 * others follow, these are the last, or the rest cannot be had (the fax ends). One that comes when the fax has ended is
 * dropped. The next page is waited for as long as T.30 allows, and then the fax ends. */
enum fl_more { FL_MORE_FAILED = -1, FL_MORE_FOLLOW, FL_MORE_LAST };
int32_t fl_channel_fax_more(struct fl_channel *channel, struct fl_document *piece, int32_t more);
int32_t fl_channel_page_stored(struct fl_channel *channel, int32_t good);
int32_t fl_channel_fax_stop(struct fl_channel *channel);
/* Waits for a call (on 1: its number; state WAITING, then RING_INCOMING when it rings), or no longer (on 0: state IDLE). With
 * a call that rings already the state is RING_INCOMING in both cases. */
int32_t fl_channel_await_call(struct fl_channel *channel, int32_t on);
int32_t fl_channel_answer(struct fl_channel *channel);
/* Lets it ring, and ignores it: an analog line has no way to refuse a call. */
int32_t fl_channel_reject(struct fl_channel *channel);
/* Simulated line: a far machine calls with this document once the channel waits for a call. Takes the document. */
int32_t fl_channel_incoming(struct fl_channel *channel, const struct fl_fax_options *options,
                            struct fl_document *document);
/* An FL_EVENT_TIMER after so many microseconds of the line's clock. A pending timer lets virtual time pass. */
int32_t fl_channel_timer(struct fl_channel *channel, int32_t timer, int64_t delay_us);
int32_t fl_channel_timer_cancel(struct fl_channel *channel, int32_t timer);

/* The next event: 1; 0 when timeout_ms (-1: none) has passed; FL_E_CLOSED. */
int32_t fl_channel_wait(struct fl_channel *channel, int32_t timeout_ms, struct fl_event *event);
/* Readable while an event waits. */
int32_t fl_channel_fd(struct fl_channel *channel);
/* Virtual pace: somebody who has seen every event up to seq waits on; the line's clock may go ahead until the next
 * event. Without it, time stands still (for two seconds of real time: then it goes on in steps, so that a program
 * that polls is not stuck). */
int32_t fl_channel_allow(struct fl_channel *channel, uint64_t seq);
/* Virtual pace: an order is being prepared; until on is 0 (or a minute of real time is over) no time passes on this line's
 * clock, whoever waits. */
int32_t fl_channel_hold(struct fl_channel *channel, int32_t on);
int64_t fl_channel_now(struct fl_channel *channel);

/* The page that the last FL_EVENT_RECEIVED (take_page) or FL_EVENT_FAR_PAGE (take_far_page) told of: MMR, most significant bit first. Returns the octets (also with
 * code NULL, to ask for the size), 0 when there is none; taking it (code not NULL) forgets it. */
struct fl_page_info {
    int32_t width_px;
    int32_t x_dpi;
    int32_t y_dpi;
    int32_t rows;
    int32_t bad_rows;
    int32_t number;   /* from 1 in its call */
    int32_t document; /* received: of the call's documents, from 1; EOM ended those before */
    char remote_id[24];
};
int64_t fl_channel_take_page(struct fl_channel *channel, struct fl_page_info *info, uint8_t *code,
                             int64_t cap);
int64_t fl_channel_take_far_page(struct fl_channel *channel, struct fl_page_info *info, uint8_t *code,
                                 int64_t cap);

/* ---- modems ---- */

enum fl_modem_state {
    FL_MODEM_COMING, /* being brought up */
    FL_MODEM_READY,
    FL_MODEM_DEAD, /* it does not answer, has no class 1, or is gone */
};

struct fl_modem_info {
    int32_t state;      /* enum fl_modem_state */
    int32_t answers;    /* 1: it has answered a command since it was brought up */
    char profile[24];   /* the family it is taken for */
    char identity[128]; /* what it says of itself, printable */
    char classes[64];   /* the fax classes that it says it has, in its own words */
    int32_t send[16];   /* T.31 codes of its modulations, ended by 0 */
    int32_t receive[16];
};

/* What the channel's modem is: 0, or FL_E_VALUE when the device has none. */
int32_t fl_channel_modem(struct fl_channel *channel, struct fl_modem_info *info);
/* Modem families (csrc/modem/profiles.c); NULL behind the last. */
const char *fl_profile_name(int32_t profile);
/* The speeds that a serial port may be set to; 0 behind the last. */
int32_t fl_tty_baud(int32_t index);
/* The process that has the serial port in use, 0 when none is known of (name is '' then); others' are seen by root only. */
int32_t fl_port_user(const char *path, char *name, size_t name_size);

/* ---- trace ---- */

#define FL_TRACE_DATA 112

struct fl_trace_record {
    int64_t time_us;
    uint8_t kind;    /* number of a name of fl_trace_kind_name */
    uint8_t station; /* 0 = ours, 1 = the simulated far machine */
    uint16_t length; /* of data; texts have no NUL */
    uint8_t data[112];
};

const char *fl_trace_kind_name(int32_t kind);
/* The oldest record: 1, or 0 when there is none. */
int32_t fl_channel_take_trace(struct fl_channel *channel, struct fl_trace_record *record);
/* The name of a control frame ("DIS", "DCS", "MCF" ...) from its octets, or "?". */
const char *fl_frame_name(const uint8_t *frame, int32_t length);
/* Its meaning in words into out (NUL terminated): for DIS, DCS the settings, for identifications the text. */
void fl_frame_text(const uint8_t *frame, int32_t length, char *out, size_t out_size);

/* ---- the simulated device ---- */

/* Breaches of T.30's timing that the simulated line measured at our end since the channel was opened; the last one
 * in words. */
int64_t fl_channel_violations(struct fl_channel *channel, char *text, size_t text_size);
/* Of a line on a pseudo-terminal: the device that a program opens. */
const char *fl_channel_tty(struct fl_channel *channel);
/* The kinds of modems that can be simulated: name, a sentence; NULL behind the last. */
const char *fl_modem_name(int32_t modem);
const char *fl_modem_text(int32_t modem);
/* Far machines: name, the number that reaches it, a sentence; NULL behind the last. */
const char *fl_far_name(int32_t far);
const char *fl_far_number(int32_t far);
const char *fl_far_text(int32_t far);
/* Fault names and what they do; NULL behind the last. */
const char *fl_fault_name(int32_t fault);
const char *fl_fault_text(int32_t fault);

/* ---- for the docs: T.30's states as the engine's table has them ---- */

int32_t fl_t30_state_count(void);
const char *fl_t30_state_name(int32_t state);
const char *fl_t30_state_clause(int32_t state);
const char *fl_t30_state_role(int32_t state);            /* "caller", "called", "both" */
const char *fl_t30_state_phase(int32_t state);           /* "A" .. "E" */
const char *fl_t30_state_timer(int32_t state);           /* "T4" or "" */
int32_t fl_t30_state_next(int32_t state, int32_t other); /* 1: other may follow state */
