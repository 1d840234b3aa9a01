/* The boundary of the optional extension faxline._soft: modems made of audio by spandsp, and the lines between them. Both
 * the compiler and cffi's cdef read this file: no #include, no guard, only integer #defines.
 *
 * A modem is handed to the engine as a pipe of octets (csrc/line/pipe.h), by its address. All modems of one soft office
 * share a clock, which is whatever the pipes' owner gives: audio passes, sample by sample, up to the moment for which
 * a pipe is asked. While nobody is off hook no audio passes, and no time needs to.
 */

/* The line of a call. */
struct fl_audio_config {
    double level_db;   /* what is heard against what was sent; 0 or less */
    double noise_dbm0; /* white noise that either end hears; -100: none */
    double echo_db;    /* an end hears itself, a round trip later, so loud against what it sent; -100: not */
    int32_t delay_ms;  /* one way */
    int32_t hole_ms;   /* nothing is heard for so long ... */
    int32_t hole_every_ms; /* ... once in so long, at a moment left to chance; 0: never */
    int32_t companding;    /* 1: what is heard went through A-law, as in a digital network */
    uint64_t seed;
};

#define FL_TERMINAL_PATH 512

/* spandsp's own fax terminal, which answers every number that is no modem's. */
struct fl_terminal_config {
    int32_t ecm;
    int32_t modems;       /* a set of FL_TERMINAL_V17 ..., 0: all of them */
    int32_t compressions; /* a set of FL_TERMINAL_MH ..., 0: all of them */
    int32_t not_ready;    /* answers RNR so many times (with ECM) */
    char id[24];
    char send[512]; /* a TIFF file to send (or to be polled), or '' */
    char save[512]; /* a TIFF file to receive into, or '' */
};

#define FL_TERMINAL_V17 1
#define FL_TERMINAL_V29 2
#define FL_TERMINAL_V27 4
#define FL_TERMINAL_MH  1
#define FL_TERMINAL_MR  2
#define FL_TERMINAL_MMR 4

struct fl_terminal_outcome {
    int32_t calls;  /* that have ended */
    int32_t result; /* of the last one: spandsp's completion code; 0: all went well */
    int32_t rate_bps, ecm;
    int32_t coding; /* 0 MH, 1 MR, 2 MMR */
    int32_t pages_sent, pages_received;
    int32_t width_px, rows, bad_rows; /* of the last page */
    int32_t x_per_metre, y_per_metre;
    int32_t resent; /* frames sent again, with error correction */
    char remote_id[24];
};

struct fl_soft_config {
    char number[24];
    int32_t far; /* 1: spandsp's terminal is there; 0: numbers that are no modem's are busy */
    struct fl_audio_config audio;
    struct fl_terminal_config terminal;
};

struct fl_soft;      /* an office */
struct fl_soft_line; /* a modem's line */
struct fl_pipe;

struct fl_soft *fl_soft_new(void);
/* It lives on until the last of its lines is closed. */
void fl_soft_free(struct fl_soft *office);
/* NULL: error holds a sentence. */
struct fl_soft_line *fl_soft_open(struct fl_soft *office, const struct fl_soft_config *config, char *error,
                                  size_t error_size);
/* The modem lives on until the pipe, too, is freed by whoever has it. */
void fl_soft_close(struct fl_soft_line *line);
/* The modem's octets, for the engine, which frees it. To be asked for once. */
struct fl_pipe *fl_soft_pipe(struct fl_soft_line *line);

/* The terminal, with this config from now on, calls the modem as soon as the line is free. */
void fl_soft_call(struct fl_soft_line *line, const struct fl_terminal_config *terminal);
void fl_soft_outcome(struct fl_soft_line *line, struct fl_terminal_outcome *outcome);
/* What spandsp says of a result. */
const char *fl_terminal_text(int32_t result);
/* How long the last call that was dialled here (by the modem or the terminal) held the line, from the answer to the
 * hang-up. */
int64_t fl_soft_held_us(struct fl_soft_line *line);

/* A call between two of spandsp's terminals over such a line, from the answer to the hang-up, at once: what spandsp makes
 * of a line without us. outcomes: of the caller and the called one. Returns how long the line stood, or -1: no memory. */
int64_t fl_soft_between(const struct fl_audio_config *audio, const struct fl_terminal_config *caller,
                        const struct fl_terminal_config *called, struct fl_terminal_outcome *outcomes);
