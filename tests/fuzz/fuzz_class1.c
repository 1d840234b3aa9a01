/* libFuzzer entry for the Class 1 driver, at a modem that says anything at any time. Input: the profile; then what
 * happens, one after the other: orders, octets of the modem, time, a pipe that takes few octets.
 *
 * What must hold: an order has exactly one end, and the driver is busy until then; nothing is written beyond what the
 * pipe has room for; no number that is dialled carries a command; and once the modem says nothing more, hanging up ends.
 */
#include "input.h"
#include "show.h"

#include "hdlc/fcs.h"
#include "modem/class1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Hanging up is bounded: what is under way, ATH0 twice, and the initial dialogue if the modem must be found again. */
#define HANG_UP_LIMIT FL_SEC(120)
/* The longest order: dialling a number of pauses, 30 s each. */
#define ORDER_LIMIT FL_SEC(2400)
#define STEPS_LIMIT 100000

struct bench {
    struct fl_class1 driver;
    fl_time now;
    bool open; /* an order has not ended yet */
    bool dead;
    uint8_t kind;       /* of the order */
    size_t source_left; /* octets that SEND_DATA has still to give */
    char said[80];      /* the end of what went to the modem for this order */
    size_t said_length;
    size_t others;      /* octets still to go to the modem for the orders before */
    const uint8_t *fed; /* octets being fed, where FL_IND_DATA may point */
    size_t fed_length;
};

static const char *const SAYS[] = {
    "\r\nOK\r\n",
    "\r\nCONNECT\r\n",
    "\r\nERROR\r\n",
    "\r\nNO CARRIER\r\n",
    "\r\n+FCERROR\r\n",
    "\r\nBUSY\r\n",
    "\r\nNO ANSWER\r\n",
    "\r\nNO DIALTONE\r\n",
    "\r\nRING\r\n",
    "\r\n+FRH:3\r\n",
    "\r\n+FRM:146\r\n",
    "\x10\x03",
    "\r\n24,48,72,96\r\n",
    "\r\n0,1,2\r\n",
    "\r\nCONEXANT\r\n",
    "OK\r\n",
    "\r\nCONNECT",
    "\r\nOKCONNECT\r\n",
    "3\r",
    "\x10\x1a",
    "\x10",
    "\r\n3,24-146\r\n",
    "\r\n(3,(24),48)\r\n",
    "\r\nUSRobotics\r\n",
};

/* ---- what the driver tells ---- */

static bool ends(uint8_t kind)
{
    switch (kind) {
    case FL_IND_CARRIER:
    case FL_IND_DATA:
    case FL_IND_V21:
    case FL_IND_RING: return false;
    default: return true;
    }
}

static void collect(struct bench *b)
{
    struct fl_indication told;
    show();
    while (fl_class1_indication(&b->driver, &told)) {
        bool uncalled =
            told.kind == FL_IND_LINE_DOWN || told.kind == FL_IND_FAULT || told.kind == FL_IND_RING;
        REQUIRE(b->open || uncalled);
        REQUIRE(told.kind <= FL_IND_FAULT);
        if (told.kind == FL_IND_FRAME) {
            REQUIRE(told.length <= FL_FRAME_MAX);
            REQUIRE(!told.good || (told.length >= 3 && told.data[0] == 0xFF));
        }
        if (told.kind == FL_IND_DATA)
            REQUIRE(told.length > 0 &&
                    (b->fed_length == 0 || /* DLE SUB stands for two octets of the driver's own */
                     (told.data >= b->fed && told.data + told.length <= b->fed + b->fed_length) ||
                     told.length == 2));
        if (told.kind == FL_IND_FAULT) b->dead = true;
        if (ends(told.kind)) b->open = false;
    }
    REQUIRE(fl_class1_busy(&b->driver) == b->open);
}

static void hear(struct bench *b, const uint8_t *octets, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, octets, length);
    for (size_t at = 0; at < length;) {
        b->fed = copy + at;
        b->fed_length = length - at;
        size_t taken = fl_class1_input(&b->driver, copy + at, length - at, b->now);
        REQUIRE(taken <= length - at);
        struct fl_class1 *d = &b->driver;
        REQUIRE(taken > 0 || d->queued > 0);
        collect(b);
        at += taken;
    }
    free(copy);
}

static void hear_text(struct bench *b, const char *text)
{
    hear(b, (const uint8_t *)text, strlen(text));
}

/* A frame as a modem delivers it: shielded, with its FCS, DLE ETX behind it. */
static void hear_frame(struct bench *b, struct input *input)
{
    uint8_t frame[200] = {0xFF, 0x13}, line[2 * sizeof frame + 2];
    const uint8_t *fif;
    size_t length = 2, used = 0, count = input_some(input, &fif, input_octet(input) % 150);
    memcpy(frame + length, fif, count);
    length += count;
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, frame, length);
    frame[length++] = (uint8_t)fcs;
    frame[length++] = (uint8_t)(fcs >> 8);
    for (size_t i = 0; i < length; i++) {
        line[used++] = frame[i];
        if (frame[i] == 0x10) line[used++] = 0x10;
    }
    line[used++] = 0x10;
    line[used++] = 0x03;
    hear(b, line, used);
}

/* ---- what goes to the modem ---- */

/* A dialling command holds a number and nothing that could be another command. */
static void check_dialled(const struct bench *b)
{
    const char *dial = NULL;
    for (const char *at = b->said; (at = strstr(at, "ATD")); at++) dial = at;
    const char *end = dial ? strchr(dial, '\r') : NULL;
    if (!end) return;
    REQUIRE(strspn(dial + 4, "0123456789*#,W+") == (size_t)(end - dial) - 4);
}

static void remember(struct bench *b, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (b->others) {
            b->others--;
            continue;
        }
        if (b->said_length == sizeof b->said - 1) memmove(b->said, b->said + 1, --b->said_length);
        b->said[b->said_length++] = octets[i] ? (char)octets[i] : ' ';
        b->said[b->said_length] = '\0';
    }
    if (b->kind == FL_ORDER_DIAL) check_dialled(b);
}

static void take(struct bench *b, size_t room)
{
    uint8_t *octets = malloc(room ? room : 1);
    for (int rounds = 0; rounds < 3; rounds++) {
        size_t got = fl_class1_output(&b->driver, octets, room, b->now);
        REQUIRE(got <= room);
        if (!got) break;
        remember(b, octets, got);
    }
    free(octets);
    collect(b);
}

static size_t read_source(void *ctx, uint8_t *out, size_t cap)
{
    struct bench *b = ctx;
    size_t count = b->source_left < cap ? b->source_left : cap;
    memset(out, 0x10, count); /* every octet must be shielded */
    b->source_left -= count;
    return count;
}

static void give_order(struct bench *b, struct input *input)
{
    static const uint8_t CODES[] = {24, 48, 72, 73, 74, 96, 97, 98, 121, 122, 145, 146, 3, 0, 255};
    const uint8_t *octets;
    struct fl_order order = {.kind = (uint8_t)(input_octet(input) % (FL_ORDER_ABORT + 2))};
    bool any_time = order.kind == FL_ORDER_ABORT || order.kind == FL_ORDER_HANG_UP;
    if (b->open && !any_time) order.kind = FL_ORDER_ABORT;
    switch (order.kind) {
    case FL_ORDER_DIAL:
    case FL_ORDER_SEND_FRAME:
        order.length = (uint16_t)input_some(input, &octets, input_octet(input) % (FL_FRAME_MAX + 1));
        memcpy(order.frame, octets, order.length);
        order.final = input_octet(input) & 1;
        break;
    case FL_ORDER_SEND_DATA: b->source_left = input_pair(input); break;
    case FL_ORDER_SEND_SILENCE:
    case FL_ORDER_WAIT_SILENCE: order.duration_ms = (uint16_t)input_pair(input); break;
    default: break;
    }
    order.modulation = CODES[input_octet(input) % sizeof CODES];
    order.source = (struct fl_source){read_source, b};
    if (!b->open && order.kind != FL_ORDER_ABORT) {
        b->kind = order.kind;
        b->said_length = 0; /* what frames and data said before is no command */
        b->others = (size_t)(b->driver.out_length - b->driver.out_at);
    }
    b->open = true;
    fl_class1_order(&b->driver, &order, b->now);
    collect(b);
}

/* ---- time ---- */

/* To the next deadline, at most so long; true when something was due. */
static bool tick(struct bench *b, fl_time most)
{
    fl_time deadline = fl_class1_deadline(&b->driver), until = b->now + most;
    bool due = deadline <= until;
    if (due) until = deadline > b->now ? deadline : b->now;
    b->now = until;
    fl_class1_tick(&b->driver, b->now);
    collect(b);
    return due;
}

static void happen(struct bench *b, struct input *input)
{
    const uint8_t *octets;
    size_t length;
    switch (input_octet(input) % 9) {
    case 0:
    case 1: hear_text(b, SAYS[input_octet(input) % FL_COUNT(SAYS)]); break;
    case 2:
        length = input_some(input, &octets, input_octet(input));
        hear(b, octets, length);
        break;
    case 3: hear_frame(b, input); break;
    case 4: give_order(b, input); break;
    case 5: tick(b, FL_MS(input_pair(input))); break;
    case 6: tick(b, FL_SEC(400)); break;
    case 7: take(b, input_octet(input)); break;
    case 8: take(b, 4096); break;
    }
}

/* The modem says nothing any more: what is under way ends by itself. */
static void await_end(struct bench *b, fl_time limit)
{
    int steps = 0;
    limit += b->now;
    while (b->open) {
        take(b, 4096);
        if (!b->open) break;
        REQUIRE(tick(b, limit - b->now));
        REQUIRE(++steps < STEPS_LIMIT);
    }
}

static void come_to_rest(struct bench *b, bool in_time)
{
    static const struct fl_order HANG_UP = {.kind = FL_ORDER_HANG_UP};
    if (in_time) await_end(b, ORDER_LIMIT);
    if (b->dead) return;
    b->open = true;
    fl_class1_order(&b->driver, &HANG_UP, b->now);
    collect(b);
    await_end(b, HANG_UP_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    struct input input = {data, size};
    static const struct fl_order INIT = {.kind = FL_ORDER_INIT};
    size_t profiles = 0;
    while (fl_class1_profile_at(profiles)) profiles++;
    memset(&bench, 0, sizeof bench);
    fl_class1_init(&bench.driver, fl_class1_profile_at(input_octet(&input) % profiles), show_pen());
    unsigned options = input_octet(&input);
    if (options & 1) {
        bench.open = true;
        fl_class1_order(&bench.driver, &INIT, 0);
    } else {
        bench.driver.off_hook = true; /* in a call already */
    }
    while (input.left > 0) happen(&bench, &input);
    come_to_rest(&bench, options & 2);
    return 0;
}
