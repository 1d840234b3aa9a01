/* libFuzzer entry for the T.30 engine alone, with whatever a modem may tell it. Input: the options of the session; then
 * what happens, one after the other: indications, time, orders of the application, the store.
 *
 * What must hold: the engine gives one order at a time, and only sensible ones; it never takes a way that the table of
 * states does not know; a page counts only when it was confirmed (or kept, at the called end); NORMAL only with every
 * page; and once nothing comes any more the session ends.
 */
#include "input.h"
#include "show.h"

#include "t30/states.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SILENCE_LIMIT                                                                                        \
    FL_SEC(4500) /* the longest a modem may take that never tells the end of a page, and the rest */
#define STEPS_LIMIT 200000

struct bench {
    struct fl_t30 engine;
    struct input *input;
    fl_time now;
    bool active; /* the modem has an order */
    bool aborting;
    struct fl_order order;
    bool in_burst;      /* a frame that is not final was sent: another must follow */
    int document, made; /* pages, and those of them that can be had already */
    unsigned page_octets, page_left;
    unsigned confirmations; /* caller: answers that confirm */
    unsigned keeps;         /* called: pages that the store took */
    bool keeping;
    int sent, received, raw, ends;
};

/* ---- document and store ---- */

static int count_pages(void *ctx)
{
    return ((struct bench *)ctx)->made;
}

static bool page_ready(void *ctx, int page)
{
    struct bench *b = ctx;
    return b->made == b->document || page + 1 < b->made;
}

static void shape(void *ctx, int page, struct fl_page_shape *out)
{
    struct bench *b = ctx;
    REQUIRE(page >= 0 && page < b->made);
    *out = (struct fl_page_shape){(uint8_t)((unsigned)(page * 7 + b->document) % FL_RESOLUTION_COUNT),
                                  (uint8_t)(page % 3), 100, page % 5 == 4};
}

static enum fl_coding smallest(void *ctx, unsigned codings)
{
    (void)ctx;
    for (int coding = FL_CODING_MMR; coding > 0; coding--)
        if (codings >> coding & 1) return (enum fl_coding)coding;
    return FL_CODING_MH;
}

static size_t read_page(void *ctx, uint8_t *out, size_t cap)
{
    struct bench *b = ctx;
    size_t count = b->page_left < cap ? b->page_left : cap;
    memset(out, 0xA5, count);
    b->page_left -= (unsigned)count;
    return count;
}

static struct fl_source open_page(void *ctx, int page, const struct fl_session *session)
{
    struct bench *b = ctx;
    REQUIRE(page >= 0 && page_ready(b, page) && session->rate_bps > 0);
    b->page_left = b->page_octets;
    return (struct fl_source){read_page, b};
}

static void begin_page(void *ctx, const struct fl_session *session, const char *remote_id, int document)
{
    (void)ctx;
    REQUIRE(document >= 0);
    REQUIRE(session->rate_bps > 0 && session->resolution < FL_RESOLUTION_COUNT && session->width <= FL_A3);
    REQUIRE(strlen(remote_id) <= FL_ID_SIZE);
}

static uint32_t page_data(void *ctx, const uint8_t *octets, size_t length)
{
    (void)ctx;
    if (length == 0) return 0;
    uint8_t *copy = malloc(length); /* all of them can be read */
    memcpy(copy, octets, length);
    free(copy);
    return octets[0]; /* as if any number of rows */
}

static struct fl_copy_quality end_page(void *ctx)
{
    struct bench *b = ctx;
    unsigned bits = input_octet(b->input);
    return (struct fl_copy_quality){.rows = 100, .bad_rows = bits & 31, .ended = bits & 32, .cut = bits & 64};
}

static enum fl_kept keep_page(void *ctx)
{
    struct bench *b = ctx;
    unsigned how = input_octet(b->input);
    REQUIRE(!b->keeping);
    if (how % 16 == 15) return FL_NOT_KEPT;
    b->keeps++;
    b->keeping = how & 1;
    return b->keeping ? FL_KEEPING : FL_KEPT;
}

/* ---- the modem's side ---- */

static void check_order(struct bench *b, const struct fl_order *order)
{
    if (order->kind == FL_ORDER_ABORT) {
        REQUIRE(b->active && !b->aborting);
        b->aborting = true;
        b->in_burst = false;
        return;
    }
    REQUIRE(!b->active);
    REQUIRE(!b->in_burst || order->kind == FL_ORDER_SEND_FRAME);
    switch (order->kind) {
    case FL_ORDER_SEND_FRAME:
        REQUIRE(order->length >= 3 && order->length <= FL_FRAME_MAX && order->frame[0] == 0xFF);
        REQUIRE(order->frame[1] == (order->final ? FL_CONTROL_FINAL : FL_CONTROL_MORE));
        b->in_burst = !order->final;
        break;
    case FL_ORDER_SEND_DATA: REQUIRE(order->source.read); /* fall through */
    case FL_ORDER_RECV_DATA: REQUIRE(fl_modulation(order->modulation) && order->modulation != 3); break;
    case FL_ORDER_SEND_SILENCE:
    case FL_ORDER_WAIT_SILENCE: REQUIRE(order->duration_ms > 0 && order->duration_ms <= 1000); break;
    case FL_ORDER_RECV_FRAME: break;
    default: REQUIRE(!"an order that a session may give");
    }
    b->active = true;
    b->order = *order;
}

static void collect(struct bench *b)
{
    struct fl_order order;
    struct fl_t30_event event;
    show();
    while (fl_t30_order(&b->engine, &order)) check_order(b, &order);
    while (fl_t30_event(&b->engine, &event)) {
        REQUIRE(b->ends == 0);
        REQUIRE(event.sent >= b->sent && event.received >= b->received);
        REQUIRE(event.pages == (b->engine.config.caller ? event.sent : event.received));
        b->sent = event.sent;
        b->received = event.received;
        if (event.kind != FL_T30_ENDED) continue;
        b->ends++;
        b->raw = event.raw;
    }
    REQUIRE(fl_t30_ended(&b->engine) == (b->ends == 1));
    REQUIRE((unsigned)b->sent <= b->confirmations && (unsigned)b->received <= b->keeps);
}

/* What the driver's contract lets it tell at this time (modem/modem.h). */
static bool may_tell(const struct bench *b, uint8_t kind)
{
    switch (kind) {
    case FL_IND_FAULT:
    case FL_IND_LINE_DOWN:
    case FL_IND_RING: return true;
    case FL_IND_FRAME:
    case FL_IND_DATA:
    case FL_IND_V21:
    case FL_IND_NO_CARRIER:
    case FL_IND_WRONG_CARRIER:
        return b->active && (b->order.kind == FL_ORDER_RECV_FRAME || b->order.kind == FL_ORDER_RECV_DATA);
    default: return b->active;
    }
}

static void tell(struct bench *b, const struct fl_indication *told)
{
    bool ends = told->kind == FL_IND_DONE || told->kind == FL_IND_FAILED;
    if (!b->aborting)
        ends |= told->kind == FL_IND_FRAME || told->kind == FL_IND_NO_CARRIER ||
                told->kind == FL_IND_WRONG_CARRIER;
    bool gone = told->kind == FL_IND_FAULT || told->kind == FL_IND_LINE_DOWN;
    if (!may_tell(b, told->kind)) return;
    if (ends || gone) {
        b->active = b->aborting = false;
        if (told->kind == FL_IND_FAILED || gone) b->in_burst = false;
    }
    fl_t30_input(&b->engine, told, b->now);
    collect(b);
}

static void tell_kind(struct bench *b, enum fl_indication_kind kind)
{
    tell(b, &(struct fl_indication){.kind = (uint8_t)kind});
}

/* FIFs as good machines have them, to be taken as they are or changed by the input. */
static const struct {
    uint8_t fcf, length, fif[16];
} USUAL[] = {
    {FL_DIS, 7, {0x00, 0xEE, 0xFA, 0xC4, 0x80, 0x95, 0x03}},
    {FL_DIS, 3, {0x00, 0x4F, 0x7A}}, /* it has a document, too */
    {FL_DTC, 3, {0x00, 0xEE, 0x78}},
    {FL_DCS, 3, {0x00, 0x62, 0x78}},
    {FL_DCS, 4, {0x00, 0x62, 0xF8, 0x44}},
    {FL_CFR, 0, {0}},
    {FL_FTT, 0, {0}},
    {FL_MCF, 0, {0}},
    {FL_PPS, 4, {FL_EOP, 0, 0, 2}},
    {FL_PPS, 4, {FL_MPS, 0, 0, 0}},
    {FL_PPS, 4, {0, 0, 0, 255}},
    {FL_PPR, 4, {0x05, 0, 0, 0}},
    {FL_EOR, 1, {FL_EOP}},
    {FL_CTC, 2, {0x00, 0x62}},
    {FL_CTR, 0, {0}},
    {FL_RR, 0, {0}},
    {FL_RNR, 0, {0}},
    {FL_ERR, 0, {0}},
    {FL_MPS, 0, {0}},
    {FL_EOM, 0, {0}},
    {FL_EOP, 0, {0}},
    {FL_PRI_MPS, 0, {0}},
    {FL_PRI_EOM, 0, {0}},
    {FL_PRI_EOP, 0, {0}},
    {FL_RTP, 0, {0}},
    {FL_RTN, 0, {0}},
    {FL_PIP, 0, {0}},
    {FL_PIN, 0, {0}},
    {FL_DCN, 0, {0}},
    {FL_CRP, 0, {0}},
    {FL_TSI, 2, {'1', '2'}},
    {FL_CSI, 2, {'1', '2'}},
    {FL_CIG, 2, {'1', '2'}},
    {FL_PWD, 2, {'1', '2'}},
    {FL_SEP, 2, {'1', '2'}},
    {FL_SUB, 2, {'1', '2'}},
    {FL_NSF, 2, {'1', '2'}},
    {FL_FNV, 2, {0, 1}},
};

static void tell_frame(struct bench *b)
{
    unsigned options = input_octet(b->input), row = input_octet(b->input) % FL_COUNT(USUAL);
    uint8_t frame[FL_FRAME_MAX] = {0xFF, options & 1 ? FL_CONTROL_MORE : FL_CONTROL_FINAL, USUAL[row].fcf};
    size_t length = 3u + USUAL[row].length;
    memcpy(frame + 3, USUAL[row].fif, USUAL[row].length);
    if (options & 2) { /* something else in place of its FIF */
        const uint8_t *octets;
        length = 3 + input_some(b->input, &octets, input_octet(b->input) % (FL_FRAME_MAX - 2));
        memcpy(frame + 3, octets, length - 3);
    }
    if (options & 4) frame[2] ^= 1; /* bit X */
    if (options & 8) length = input_octet(b->input) % 4;
    bool good = !(options & 16);
    uint8_t fcf = fl_fcf_of(frame, length);
    bool confirms = fcf == FL_MCF || fcf == FL_RTP || fcf == FL_PIP || fcf == FL_PPR;
    if (good && length >= 3 && confirms) b->confirmations++;
    uint8_t *copy = malloc(length ? length : 1); /* its own size: a read behind it shows */
    memcpy(copy, frame, length);
    if (!(options & 32)) tell_kind(b, FL_IND_CARRIER);
    tell(b, &(struct fl_indication){
                .kind = FL_IND_FRAME, .good = good, .length = (uint16_t)length, .data = copy});
    free(copy);
}

static void tell_data(struct bench *b)
{
    static uint8_t zeros[8192];
    const uint8_t *octets;
    unsigned count = input_octet(b->input);
    if (count >= 200) { /* TCF, most of all */
        tell(b,
             &(struct fl_indication){.kind = FL_IND_DATA, .length = (uint16_t)(count * 32), .data = zeros});
        return;
    }
    count = (unsigned)input_some(b->input, &octets, count);
    if (count)
        tell(b, &(struct fl_indication){.kind = FL_IND_DATA, .length = (uint16_t)count, .data = octets});
}

/* A whole fast carrier with enough zeros for a training, or some octets for a page. */
static void tell_carrier(struct bench *b)
{
    tell_kind(b, FL_IND_CARRIER);
    tell_data(b);
    tell_kind(b, FL_IND_NO_CARRIER);
}

/* A good modem sends what it is given: until the engine listens, or so often. */
static void obey(struct bench *b)
{
    uint8_t octets[700];
    for (int i = 0; i < 40 && b->active; i++) {
        if (b->order.kind == FL_ORDER_RECV_FRAME || b->order.kind == FL_ORDER_RECV_DATA)
            if (!b->aborting) return;
        if (b->order.kind == FL_ORDER_SEND_DATA && !b->aborting)
            while (b->order.source.read(b->order.source.ctx, octets, sizeof octets) > 0) continue;
        b->now += FL_MS(100);
        tell_kind(b, FL_IND_DONE);
    }
}

static bool tick(struct bench *b, fl_time most)
{
    fl_time deadline = fl_t30_deadline(&b->engine), until = b->now + most;
    bool due = deadline <= until;
    if (due && deadline > b->now)
        b->now = deadline;
    else if (!due)
        b->now = until;
    fl_t30_tick(&b->engine, b->now);
    collect(b);
    return due;
}

static void store(struct bench *b, bool good)
{
    if (!b->keeping) return;
    b->keeping = false;
    fl_t30_stored(&b->engine, good, b->now);
    collect(b);
}

static void more_pages(struct bench *b)
{
    b->made++;
    fl_t30_more(&b->engine, 1, b->now);
}

static void happen(struct bench *b)
{
    unsigned what = input_octet(b->input);
    switch (what % 16) {
    case 0:
    case 1:
    case 2:
        obey(b);
        tell_frame(b);
        break;
    case 3: tell_frame(b); break;
    case 4:
        obey(b);
        tell_carrier(b);
        break;
    case 5: tell_carrier(b); break;
    case 6: obey(b); break;
    case 7: tell_kind(b, FL_IND_DONE); break;
    case 8: tell_kind(b, (enum fl_indication_kind)(input_octet(b->input) % (FL_IND_FAULT + 1))); break;
    case 9: tell_data(b); break;
    case 10: tick(b, FL_MS(input_pair(b->input))); break;
    case 11: tick(b, FL_SEC(100)); break;
    case 12: store(b, what < 240); break;
    case 13:
        if (what > 200)
            fl_t30_stop(&b->engine, FL_RAW_STOP, b->now);
        else if (b->made < b->document)
            more_pages(b);
        collect(b);
        break;
    case 14:
        tell_kind(b, FL_IND_NO_CARRIER);
        obey(b);
        break;
    case 15:
        tell_kind(b, FL_IND_WRONG_CARRIER);
        tell_frame(b);
        break;
    }
}

/* A modem that still obeys, at a line on which nothing comes. */
static void come_to_rest(struct bench *b)
{
    fl_time limit = b->now + SILENCE_LIMIT;
    for (int steps = 0; b->ends == 0; steps++) {
        REQUIRE(steps < STEPS_LIMIT);
        obey(b);
        if (b->ends) break;
        REQUIRE(tick(b, limit - b->now));
    }
}

static void read_config(struct bench *b, struct fl_t30_config *config)
{
    unsigned roles = input_octet(b->input), bits = input_octet(b->input), more = input_octet(b->input);
    config->caller = roles & 1;
    config->polling = roles & 2;
    config->both = roles & 4;
    config->abilities = (struct fl_abilities){
        .modulations = (uint8_t)(bits & 0x0F ? bits & 0x0F : 0x0F),
        .can_receive = true,
        .can_send = roles & 4,
        .ecm = bits & 0x10,
        .ecm_64 = bits & 0x20,
        .mr = bits & 0x40,
        .mmr = bits & 0x80,
        .resolutions = 0x1FF,
        .width = FL_A3,
        .length = 2,
        .min_scan = (uint8_t)(more & 7),
        .inch = more & 8,
        .sub = true,
        .password = true,
    };
    config->send_modulations = config->abilities.modulations;
    config->min_rate_bps = 2400;
    config->max_rate_bps = more & 16 ? 9600 : 14400;
    config->high_res = -1;
    config->coding = -1;
    if (more & 32) strcpy(config->id, "5550001");
    if (more & 64) strcpy(config->password, "21");
    if (more & 128) strcpy(config->selective, "21");
    if (roles & 8) strcpy(config->sub_address, "21");
    config->page_verdict = roles >> 6;
    if (config->page_verdict > FL_NEVER_READY) config->page_verdict = FL_HONEST;
    config->seed = bits;
    config->pen = show_pen();
    config->outbox = (struct fl_t30_outbox){b, count_pages, page_ready, shape, smallest, open_page};
    config->inbox = (struct fl_t30_inbox){b, begin_page, page_data, end_page, keep_page};
    b->document = 1 + (int)(roles >> 4 & 3);
    unsigned octets = input_octet(b->input);
    b->page_octets = octets * 300u + 1;
    b->made = octets == 255 ? 1 : b->document;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    struct input input = {data, size};
    struct fl_t30_config config = {0};
    memset(&bench, 0, sizeof bench);
    bench.input = &input;
    read_config(&bench, &config);
    fl_t30_init(&bench.engine, &config);
    fl_t30_start(&bench.engine, 0);
    collect(&bench);
    while (input.left > 0 && bench.ends == 0) happen(&bench);
    come_to_rest(&bench);
    REQUIRE(bench.raw != FL_RAW_INTERNAL);
    REQUIRE(bench.raw >= 0 && bench.raw < FL_RAW_COUNT);
    bool whole = bench.sent == bench.document, optional = config.both && !bench.engine.dialled;
    bool sends = config.caller || config.both;
    if (sends && bench.raw == FL_RAW_NONE) REQUIRE(whole || (optional && bench.sent == 0));
    REQUIRE(fl_t30_deadline(&bench.engine) == FL_NEVER);
    return 0;
}
