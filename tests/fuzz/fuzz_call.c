/* libFuzzer entry for whole calls. Input: how our end is, and what the far end does, one thing after the other.
 *
 * Either the far end is a machine on the simulated line, with frames, carriers, tones and silences of any kind and
 * length; "as it should" among them, so that the input gets far into a call. Or there is no line at all, and the octets
 * of the input are what our own modem says.
 *
 * What must hold: our fax ends in bounded line time once the far end is silent; then our end comes on hook; a page is
 * counted only when it was confirmed (or kept); NORMAL only with every page.
 */
#include "input.h"

#include "modem/class1_phases.h"

#include "../c/calls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define END_LIMIT  FL_SEC(400)
#define HOOK_LIMIT FL_SEC(60)
#define CALL_LIMIT FL_SEC(3000) /* of the far end's part */
#define ROWS       12

struct far {
    struct world *world;
    struct input *input;
    unsigned confirmations, commands; /* that it sent */
    struct agreed ours, theirs;       /* what our end, what it has said in a DCS */
    uint8_t last;                     /* FCF that our end said last */
    uint8_t second;                   /* ... behind PPS */
    int pages;                        /* that it sent, when it is the caller */
    struct made_frame said[CALL_FRAMES];
    int said_count;
};

/* ---- the far end on the line ---- */

static void say(struct far *far, const struct made_frame *frames, int count, fl_time preamble)
{
    struct world *w = far->world;
    fl_line_signal(&w->line, 1, FL_SIGNAL_V21, 3, w->now);
    fl_time at = w->now + preamble;
    world_run(w, at);
    for (int i = 0; i < count && !w->dropped; i++) {
        const struct made_frame *frame = &frames[i];
        uint8_t fcf = frame->length > 4 ? frame->octets[2] & 0xFE : 0;
        bool good = frame_fcs_good(frame->octets, frame->length);
        /* The address may have company: look at every octet that could be the FCF. */
        for (int n = 1; good && n + 2 < frame->length; n++) {
            uint8_t octet = frame->octets[n] & 0xFE;
            if (octet == FL_MCF || octet == FL_RTP || octet == FL_PIP || octet == FL_PPR) {
                far->confirmations++;
                break;
            }
        }
        if (good) far->commands++;
        if (good && fcf == FL_DCS) agreed_read(&far->theirs, frame->octets, frame->length);
        at = fl_line_frame(&w->line, 1, frame->octets, frame->length, at);
        world_run(w, at);
    }
    if (!w->dropped) fl_line_signal(&w->line, 1, FL_SIGNAL_SILENCE, 0, w->now);
}

static void make(struct made_frame *frame, bool final, uint8_t fcf, const void *fif, size_t length)
{
    frame->octets[0] = 0xFF;
    frame->octets[1] = final ? 0x13 : 0x03;
    frame->octets[2] = fcf;
    if (length) memcpy(frame->octets + 3, fif, length);
    frame->length = (uint16_t)(3 + length);
    uint16_t fcs = frame_fcs(frame->octets, frame->length);
    frame->octets[frame->length++] = (uint8_t)fcs;
    frame->octets[frame->length++] = (uint8_t)(fcs >> 8);
}

static void say_one(struct far *far, uint8_t fcf, const void *fif, size_t length)
{
    struct made_frame frame;
    make(&frame, true, fcf, fif, length);
    say(far, &frame, 1, FL_SEC(1));
}

static void carry(struct far *far, int code, const uint8_t *octets, size_t length)
{
    struct world *w = far->world;
    if (w->dropped) return;
    fl_line_signal(&w->line, 1, FL_SIGNAL_FAST, code, w->now);
    world_run(w, w->now + FL_MS(fl_modulation(code)->train_ms));
    for (size_t at = 0; at < length && !w->dropped; at += FL_LINE_CHUNK) {
        size_t chunk = length - at < FL_LINE_CHUNK ? length - at : FL_LINE_CHUNK;
        world_run(w, fl_line_data(&w->line, 1, octets + at, chunk));
    }
    if (!w->dropped) fl_line_signal(&w->line, 1, FL_SIGNAL_SILENCE, 0, w->now);
}

static int code_of(const struct agreed *agreed, bool short_train)
{
    int code = modulation_code(agreed->kind, agreed->rate_bps, short_train && agreed->kind == 17);
    return code ? code : 96;
}

static void training(struct far *far)
{
    static const uint8_t zeros[4096];
    carry(far, code_of(&far->theirs, false), zeros, (size_t)far->theirs.rate_bps * 15 / 80);
}

/* ---- as it should be ---- */

static void identify(struct far *far)
{
    static const uint8_t EVERYTHING[] = {0x00, 0xEE, 0xFA, 0xC4, 0x80, 0x95, 0x03};
    static const uint8_t LITTLE[] = {0x00, 0x46, 0x08};
    if (input_octet(far->input) & 1)
        say_one(far, FL_DIS, LITTLE, sizeof LITTLE);
    else
        say_one(far, FL_DIS, EVERYTHING, sizeof EVERYTHING);
}

static void command_and_train(struct far *far)
{
    static const uint8_t ECM[] = {0x00, 0x62, 0xF8, 0x44}, PLAIN[] = {0x00, 0x62, 0x78};
    static const uint8_t SLOW[] = {0x00, 0x02, 0x00};
    unsigned how = input_octet(far->input);
    if (how % 4 == 0)
        say_one(far, FL_DCS, ECM, sizeof ECM);
    else if (how % 4 == 1)
        say_one(far, FL_DCS, SLOW, sizeof SLOW);
    else
        say_one(far, FL_DCS, PLAIN, sizeof PLAIN);
    world_run(far->world, far->world->now + FL_MS(75));
    training(far);
}

/* A page of its own, in the coding that it has announced. */
static size_t own_page(struct far *far, uint8_t *out, size_t cap)
{
    struct sheet sheet = {
        (uint8_t)far->theirs.resolution, (uint8_t)far->theirs.width, ROWS, false, false, false};
    int width = sheet_width(&sheet);
    uint8_t *rows = sheet_bitmap(&sheet, far->pages + 1);
    int64_t got = fl_t4_encode_page(far->theirs.coding, 4, 0, width, 0, rows, ROWS, out, (int64_t)cap);
    free(rows);
    return got > 0 ? (size_t)got : 0;
}

/* The frames of the page whose bits are set; returns how many there are. */
static unsigned send_block(struct far *far, const uint8_t *page, size_t length, uint32_t wanted)
{
    struct bits bits = {0};
    size_t octets = far->theirs.frame_octets == 64 ? 64 : 256;
    unsigned frames = (unsigned)((length + octets - 1) / octets);
    if (frames > 32) frames = 32;
    for (int i = 0; i < far->theirs.rate_bps / 40; i += 8) bits_flag(&bits);
    for (unsigned i = 0; i < frames; i++) {
        uint8_t frame[260] = {0xFF, 0x03, 0x06, (uint8_t)i};
        if (!(wanted >> i & 1)) continue;
        memcpy(frame + 4, page + i * octets, length - i * octets < octets ? length - i * octets : octets);
        bits_frame(&bits, frame, 4 + octets, false);
    }
    for (int i = 0; i < 3; i++) bits_frame(&bits, (const uint8_t[]){0xFF, 0x03, 0x86}, 3, false);
    bits_flag(&bits);
    carry(far, code_of(&far->theirs, true), bits.octets, bits.count / 8);
    free(bits.octets);
    return frames;
}

static void send_own_page(struct far *far)
{
    static uint8_t page[16384];
    unsigned how = input_octet(far->input);
    uint8_t command = how % 4 == 0 ? FL_MPS : how % 4 == 1 ? FL_EOM : FL_EOP;
    size_t length = own_page(far, page, sizeof page);
    unsigned frames = 0;
    if (far->theirs.ecm)
        frames = send_block(far, page, length, how & 16 ? how >> 5 : 0xFFFFFFFFu);
    else
        carry(far, code_of(&far->theirs, true), page, how & 16 ? length / 2 : length);
    world_run(far->world, far->world->now + FL_MS(75));
    if (far->theirs.ecm)
        say_one(far, FL_PPS, (const uint8_t[]){command, (uint8_t)far->pages, 0, (uint8_t)(frames - 1)}, 4);
    else
        say_one(far, command, NULL, 0);
}

/* What a machine that does everything right says to what it heard last. */
static void as_it_should(struct far *far)
{
    struct world *w = far->world;
    static const uint8_t ABILITIES[] = {0x00, 0xEF, 0xFA, 0x44}; /* of both kinds */
    bool polls = w->config.both && !w->dials && far->last == FL_DIS && input_octet(far->input) & 1;
    if (!w->station.engine.sends && !polls) {
        switch (far->last) {
        case 0: say_one(far, FL_DIS, ABILITIES, sizeof ABILITIES); return;
        case FL_DTC:
        case FL_DIS:
        case FL_RTN:
        case FL_FTT: command_and_train(far); return;
        case FL_MCF: far->pages++; /* fall through */
        case FL_PPR:
        case FL_CTR:
        case FL_CFR: send_own_page(far); return;
        case FL_RNR: say_one(far, FL_RR, NULL, 0); return;
        default: say_one(far, FL_DCN, NULL, 0); return;
        }
    }
    switch (far->last) {
    case 0: identify(far); return;
    case FL_DIS: say_one(far, FL_DTC, (const uint8_t[]){0x00, 0xEE, 0x78}, 3); return;
    case FL_DCS: say_one(far, FL_CFR | 1, NULL, 0); return;
    case FL_EOM:
        say_one(far, FL_MCF | 1, NULL, 0);
        if (w->config.both) world_run(w, w->now + FL_SEC(2));
        if (w->config.both) say_one(far, FL_DIS, ABILITIES, sizeof ABILITIES);
        return;
    case FL_CTC: say_one(far, FL_CTR | 1, NULL, 0); return;
    case FL_EOR: say_one(far, FL_ERR | 1, NULL, 0); return;
    default: say_one(far, FL_MCF | 1, NULL, 0); return;
    }
}

/* ---- as the input wants it ---- */

static const uint8_t FCFS[] = {
    FL_DIS, FL_CSI, FL_NSF, FL_DTC, FL_CIG,     FL_NSC,     FL_PWD,     FL_SEP, FL_PSA, FL_DCS, FL_TSI,
    FL_NSS, FL_SUB, FL_SID, FL_CTC, FL_CFR,     FL_FTT,     FL_CTR,     FL_EOM, FL_MPS, FL_EOP, FL_EOS,
    FL_PPS, FL_EOR, FL_RR,  FL_MCF, FL_PRI_EOM, FL_PRI_MPS, FL_PRI_EOP, FL_RTP, FL_RTN, FL_PIP, FL_PIN,
    FL_PPR, FL_RNR, FL_ERR, FL_FDM, FL_DCN,     FL_CRP,     FL_FNV,     FL_TNR, FL_TR};

static void any_burst(struct far *far)
{
    unsigned how = input_octet(far->input);
    int count = how % 3 + 1;
    for (int i = 0; i < count; i++) {
        struct made_frame *frame = &far->said[i];
        unsigned which = input_octet(far->input), shape = input_octet(far->input);
        const uint8_t *fif;
        size_t length = input_some(far->input, &fif, shape & 7 ? shape & 7 : input_octet(far->input));
        if (shape & 8) length = 0;
        uint8_t fcf = which & 0x80 ? (uint8_t)which : FCFS[which % sizeof FCFS];
        make(frame, shape & 16 ? shape & 32 : i + 1 == count, (uint8_t)(fcf | (shape >> 6 & 1)), fif, length);
        if (shape & 128) frame->octets[frame->length - 1] ^= 0x40; /* its FCS */
    }
    far->said_count = count;
    say(far, far->said, count, how & 64 ? FL_MS(input_pair(far->input)) : FL_SEC(1));
}

static void any_carrier(struct far *far)
{
    static const uint8_t CODES[] = {24, 48, 72, 73, 74, 96, 97, 98, 121, 122, 145, 146};
    static uint8_t octets[8192];
    unsigned how = input_octet(far->input);
    int code = how & 1 ? CODES[input_octet(far->input) % sizeof CODES] : code_of(&far->theirs, how & 2);
    const uint8_t *some;
    size_t length = how & 4 ? input_pair(far->input) % sizeof octets : 600;
    memset(octets, how & 8 ? 0x55 : 0, length);
    if (how & 16) {
        size_t count = input_some(far->input, &some, input_octet(far->input));
        if (count > length) count = length;
        memcpy(octets + (length - count) / 2, some, count);
    }
    carry(far, code, octets, length);
}

static void any_tone(struct far *far)
{
    static const enum fl_signal TONES[] = {FL_SIGNAL_CED, FL_SIGNAL_CNG, FL_SIGNAL_VOICE, FL_SIGNAL_V21};
    struct world *w = far->world;
    unsigned how = input_octet(far->input);
    fl_line_signal(&w->line, 1, TONES[how % 4], how % 4 == 3 ? 3 : 0, w->now);
    world_run(w, w->now + FL_MS(20 * (how >> 2)));
    if (!w->dropped) fl_line_signal(&w->line, 1, FL_SIGNAL_SILENCE, 0, w->now);
}

/* Until our end has said something and is done with it, or says nothing. */
static void listen(struct far *far)
{
    struct world *w = far->world;
    fl_time limit = w->now + FL_SEC(8);
    while (w->heard_next == w->heard_count && !w->ended && world_step(w, limit)) continue;
    limit = w->now + FL_SEC(120);
    while (w->heard_next < w->heard_count) {
        struct heard *item = &w->heard[w->heard_next];
        while (!item->over && world_step(w, limit)) item = &w->heard[w->heard_next];
        if (!item->over) return;
        for (int i = 0; i < item->frame_count; i++) {
            const struct heard_frame *frame = &item->frames[i];
            far->last = frame->length > 4 ? fl_fcf_of(frame->octets, frame->length - 2u) : 0;
            if (far->last == FL_DCS) agreed_read(&far->ours, frame->octets, frame->length);
        }
        w->heard_next++;
        /* What follows at once belongs to it: TCF behind DCS, the command behind the page. */
        fl_time gap = w->now + FL_MS(200);
        while (w->heard_next == w->heard_count && world_step(w, gap)) continue;
    }
}

static void echo(struct far *far)
{
    struct world *w = far->world;
    for (int n = w->heard_count; n-- > 0;) {
        const struct heard *item = &w->heard[n];
        if (!item->frame_count) continue;
        int count = 0;
        for (; count < item->frame_count && count < CALL_FRAMES; count++) {
            far->said[count].length = item->frames[count].length;
            memcpy(far->said[count].octets, item->frames[count].octets, item->frames[count].length);
        }
        say(far, far->said, count, FL_SEC(1));
        return;
    }
}

static void order(struct far *far)
{
    static const enum plan_kind KINDS[] = {PLAN_STOP, PLAN_HANG_UP, PLAN_DROP, PLAN_STOP};
    unsigned how = input_octet(far->input);
    world_plan(far->world, KINDS[how & 3], far->world->now + FL_MS(100 * (how >> 2)));
}

static void go_on(struct far *far)
{
    struct world *w = far->world;
    switch (input_octet(far->input) % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
        listen(far);
        as_it_should(far);
        break;
    case 4:
        listen(far);
        any_burst(far);
        break;
    case 5: any_burst(far); break;
    case 6: any_carrier(far); break;
    case 7: world_run(w, w->now + FL_MS(4 * input_octet(far->input))); break;
    case 8: world_run(w, w->now + FL_MS(100 * input_octet(far->input))); break;
    case 9: any_tone(far); break;
    case 10: echo(far); break;
    case 11: order(far); break;
    }
}

/* ---- our end ---- */

static void configure(struct world *w, struct input *input)
{
    unsigned options = input_octet(input), faults = input_octet(input);
    struct fl_t30_config *config = &w->config;
    config->caller = options & 1;
    config->polling = faults & 8; /* the document goes the other way than the call */
    config->both = faults & 64;
    config->send_modulations = 0x0F;
    w->sends = config->caller || config->both;
    w->receives = !config->caller || config->both;
    w->dials = config->caller != config->polling;
    w->delay = FL_MS(options & 2 ? 300 : 20);
    if (options & 4) w->store_time = FL_MS(2500);
    w->store_fails = (options & 0x18) == 0x18;
    config->min_rate_bps = 2400;
    config->max_rate_bps = 14400;
    config->high_res = config->coding = -1;
    config->seed = 1;
    config->abilities = (struct fl_abilities){
        .modulations = 0x0F,
        .can_receive = true,
        .can_send = !w->dials && w->sends,
        .ecm = !(options & 32),
        .mr = true,
        .mmr = true,
        FL_EVERY_PAGE,
    };
    strcpy(config->id, "5550001");
    w->sheet_count = options & 64 ? 2 : 1;
    for (int i = 0; i < w->sheet_count; i++)
        w->sheets[i] = (struct sheet){
            i && options & 128 ? FL_R8_77 : FL_R8_385, FL_A4, ROWS, false, false, i && faults & 128};
    for (unsigned i = 0; i < faults % 3; i++) {
        struct fl_fault fault = {.kind = (int32_t)(input_octet(input) % FL_FAULT_NUMBERS),
                                 .at = 1 + (int32_t)(input_octet(input) % 20),
                                 .count = (int32_t)(faults >> 4 & 3)};
        fl_faults_add(&w->faults, &fault);
    }
}

static void add_document(struct world *w)
{
    for (int i = 0; i < w->sheet_count; i++) {
        const struct sheet *sheet = &w->sheets[i];
        const struct fl_resolution_row *row = &FL_RESOLUTIONS[sheet->resolution];
        uint8_t *bitmap = sheet_bitmap(sheet, i + 1);
        if (sheet->separate) fl_document_separate(w->document);
        fl_document_add_page(w->document, sheet_width(sheet), row->x_dpi, row->y_dpi, bitmap, sheet->rows);
        free(bitmap);
    }
    fl_document_measure(w->document);
}

static bool on_hook(const struct world *w)
{
    bool station = w->station.state == FL_STATION_ON_HOOK || w->station.state == FL_STATION_DEAD;
    enum fl_hook hook = fl_simmodem_hook(&w->modem);
    return station && (fl_simmodem_dead(&w->modem) || hook == FL_HOOK_ON || hook == FL_HOOK_RINGING);
}

static void check_pages(const struct far *far)
{
    struct world *w = far->world;
    struct fl_page_info info;
    int kept = 0;
    for (int64_t size; (size = fl_store_take(&w->store, &info, NULL, 0)) > 0; kept++) {
        uint8_t *code = malloc((size_t)size);
        REQUIRE(fl_store_take(&w->store, &info, code, size) == size);
        REQUIRE(info.rows > 0 && info.width_px >= 1728);
        free(code);
    }
    REQUIRE(w->raw >= 0 && w->raw < FL_RAW_COUNT && w->raw != FL_RAW_INTERNAL);
    bool left_to_the_caller = w->config.both && !w->dials && w->sent == 0;
    REQUIRE((unsigned)w->sent <= far->confirmations);
    REQUIRE(w->raw != FL_RAW_NONE || !w->sends || left_to_the_caller || w->sent == w->sheet_count);
    REQUIRE(w->received <= kept);
    REQUIRE((unsigned)w->received <= far->commands);
}

static void call(struct input *input)
{
    static struct world world;
    struct far far = {.world = &world, .input = input};
    memset(&world, 0, sizeof world);
    world_open(&world, getenv("FUZZ_TRACE") ? stderr : NULL);
    configure(&world, input);
    add_document(&world);
    agreed_read(&far.theirs, (const uint8_t[]){0xFF, 0x13, FL_DCS, 0x00, 0x62, 0x78, 0, 0}, 8);
    if (world_connect(&world)) {
        if (world.dials) { /* an answering machine's tone */
            fl_line_signal(&world.line, 1, FL_SIGNAL_CED, 0, world.now);
            world_run(&world, world.now + FL_SEC(3));
            fl_line_signal(&world.line, 1, FL_SIGNAL_SILENCE, 0, world.now);
        }
        fl_time limit = world.now + CALL_LIMIT;
        while (input->left > 0 && world.now < limit && !world.ended && !world.dropped) go_on(&far);
        bool started = world.station.fax || world.ended;
        limit = world.now + END_LIMIT;
        while (!world.ended && world_step(&world, limit)) started |= world.station.fax;
        REQUIRE(!world.stuck);
        REQUIRE(world.ended || !started);
        if (world.ended) check_pages(&far);
    }
    fl_station_hang_up(&world.station, world.now);
    fl_time limit = world.now + HOOK_LIMIT;
    while (!on_hook(&world) && world_step(&world, limit)) continue;
    /* Of a modem that never answered as it should only a reset would be heard, and this one has none. */
    bool dead = world.station.driver.phase == DEAD;
    REQUIRE(!world.stuck && (on_hook(&world) || dead));
    world_close(&world);
}

/* ---- our modem is the input ---- */

struct desk {
    struct fl_station station;
    struct input *input;
    fl_time now;
    unsigned confirmations; /* octets that could be one */
    int pages, raw, started, ended;
    struct fl_store store;
    struct fl_sending sending;
};

static void attend(struct desk *desk)
{
    struct fl_station_event event;
    while (fl_station_event(&desk->station, &event)) {
        if (event.kind == FL_STATION_STARTED) desk->started++;
        if (event.kind != FL_STATION_T30) continue;
        REQUIRE(event.t30.pages >= desk->pages || event.t30.kind == FL_T30_ENDED);
        if (event.t30.kind == FL_T30_PAGE) desk->pages = event.t30.pages;
        if (event.t30.kind != FL_T30_ENDED) continue;
        desk->ended++;
        desk->raw = event.t30.raw;
    }
}

static void hear_modem(struct desk *desk, const uint8_t *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t fcf = octets[i] & 0xFE;
        desk->confirmations += fcf == FL_MCF || fcf == FL_RTP || fcf == FL_PIP || fcf == FL_PPR;
    }
    fl_station_input(&desk->station, octets, length, desk->now);
    attend(desk);
}

static void hear_text(struct desk *desk, const char *text)
{
    hear_modem(desk, (const uint8_t *)text, strlen(text));
}

static bool pass(struct desk *desk, fl_time most)
{
    uint8_t octets[512];
    for (int i = 0; i < 200 && fl_station_output(&desk->station, octets, sizeof octets, desk->now) > 0; i++)
        continue;
    fl_time deadline = fl_station_deadline(&desk->station), until = desk->now + most;
    bool due = deadline <= until;
    if (due && deadline > desk->now) desk->now = deadline;
    if (!due) desk->now = until;
    fl_station_tick(&desk->station, desk->now);
    attend(desk);
    return due;
}

/* A frame as a good modem delivers it to +FRH=3. */
static void hear_frame(struct desk *desk)
{
    struct made_frame frame;
    const uint8_t *fif;
    unsigned which = input_octet(desk->input), shape = input_octet(desk->input);
    size_t length = input_some(desk->input, &fif, shape & 31);
    uint8_t line[2 * sizeof frame.octets];
    size_t used = 0;
    make(&frame, !(shape & 64), (uint8_t)(FCFS[which % sizeof FCFS] | (shape >> 5 & 1)), fif, length);
    for (int i = 0; i < frame.length; i++) {
        line[used++] = frame.octets[i];
        if (frame.octets[i] == 0x10) line[used++] = 0x10;
    }
    hear_text(desk, "\r\nCONNECT\r\n");
    hear_modem(desk, line, used);
    hear_text(desk, "\x10\x03\r\nOK\r\n");
}

static void start_fax(struct desk *desk, struct fl_document *document, unsigned options)
{
    struct fl_t30_config config = {
        .caller = options & 1,
        .polling = (options & 6) == 6,
        .abilities = {.modulations = 0x0F,
                      .can_receive = true,
                      .can_send = (options & 7) == 7,
                      .ecm = options & 8,
                      .mr = true,
                      .mmr = true,
                      .resolutions = 0x1FF,
                      .width = FL_A3,
                      .length = 2,
                      .min_scan = 7},
        .min_rate_bps = 2400,
        .max_rate_bps = 14400,
        .high_res = -1,
        .coding = -1,
    };
    config.outbox = fl_sending_outbox(&desk->sending, document);
    config.inbox = fl_store_inbox(&desk->store);
    fl_station_fax(&desk->station, &config, desk->now);
    attend(desk);
}

static void modem(struct input *input)
{
    static const char *const SAYS[] = {"\r\nOK\r\n",    "\r\nCONNECT\r\n",  "\r\nNO CARRIER\r\n",
                                       "\r\nERROR\r\n", "\r\n+FCERROR\r\n", "\r\nRING\r\n",
                                       "\x10\x03",      "\r\nBUSY\r\n"};
    static struct desk desk;
    unsigned options = input_octet(input);
    struct fl_document *document = fl_document_new();
    struct sheet sheet = {FL_R8_385, FL_A4, ROWS, false, false, false};
    uint8_t *rows = sheet_bitmap(&sheet, 1);
    memset(&desk, 0, sizeof desk);
    desk.input = input;
    fl_document_add_page(document, 1728, 204, 98, rows, ROWS);
    fl_document_measure(document);
    free(rows);
    fl_store_init(&desk.store, true);
    fl_station_init(&desk.station, fl_class1_profile_at(options >> 5), (struct fl_pen){0}, 0);
    for (int i = 0; i < 100 && desk.station.state == FL_STATION_INIT; i++) {
        pass(&desk, 0);
        hear_text(&desk, "\r\nOK\r\n");
        pass(&desk, FL_SEC(2));
    }
    while (input->left > 0) {
        const uint8_t *octets;
        size_t length;
        switch (input_octet(input) % 12) {
        case 0:
        case 1: hear_text(&desk, SAYS[input_octet(input) % FL_COUNT(SAYS)]); break;
        case 2:
        case 3: hear_frame(&desk); break;
        case 4:
            length = input_some(input, &octets, input_octet(input));
            hear_modem(&desk, octets, length);
            break;
        case 5:
        case 6: pass(&desk, 0); break;
        case 7: pass(&desk, FL_MS(input_pair(input))); break;
        case 8: start_fax(&desk, document, options); break;
        case 9:
            if (options & 1)
                fl_station_dial(&desk.station, "5550100", desk.now);
            else
                fl_station_answer(&desk.station, desk.now);
            break;
        case 10:
            length = input_octet(input);
            if (length > 220) fl_station_hang_up(&desk.station, desk.now);
            if (length < 20) fl_station_stop(&desk.station, FL_RAW_STOP, desk.now);
            break;
        case 11:
            pass(&desk, 0);
            hear_text(&desk, "\r\nOK\r\n");
            break;
        }
        attend(&desk);
    }
    fl_station_hang_up(&desk.station, desk.now);
    attend(&desk);
    fl_time limit = desk.now + END_LIMIT;
    while (desk.station.fax ||
           (desk.station.state != FL_STATION_ON_HOOK && desk.station.state != FL_STATION_DEAD)) {
        REQUIRE(desk.now < limit);
        REQUIRE(pass(&desk, FL_SEC(100)));
    }
    REQUIRE(desk.ended >= desk.started);
    REQUIRE(desk.raw != FL_RAW_INTERNAL);
    if (options & 1) REQUIRE((unsigned)desk.pages <= desk.confirmations);
    fl_store_free(&desk.store);
    fl_document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    if (input_octet(&input) % 4 == 3)
        modem(&input);
    else
        call(&input);
    return 0;
}
