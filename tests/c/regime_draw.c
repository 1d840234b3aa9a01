/* The fault regime: a call drawn from one number. The seeds of regime.seeds stay what they are as long as nobody draws in
 * another order here.
 */
#include "regime.h"

#include <stdio.h>
#include <string.h>

static unsigned draw(uint64_t *random, unsigned count)
{
    return (unsigned)(fl_random(random) % count);
}

static bool chance(uint64_t *random, unsigned percent)
{
    return draw(random, 100) < percent;
}

static void draw_document(struct fl_document *document, struct fl_document_page *pages, uint64_t *random)
{
    const struct fl_document_page *pool = rig_pool();
    unsigned first = draw(random, RIG_POOL);
    bool alike = chance(random, 60);
    document->count = chance(random, 45) ? 1 : 1 + (int)draw(random, RIG_PAGES);
    for (int i = 0; i < document->count; i++) {
        /* Rows of one kind lie 20 apart in the pool. */
        unsigned index = alike ? (first + 20 * draw(random, 2)) % RIG_POOL : draw(random, RIG_POOL);
        if (pool[index].length > 20000 && chance(random, 90)) index = draw(random, 12);
        pages[i] = pool[index];
    }
    document->pages = pages;
}

/* The sets that a DIS can name. */
static const uint8_t MODULATIONS[] = {
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17,
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29 | FL_CAN_V17,
    FL_CAN_V27_2400 | FL_CAN_V27_4800 | FL_CAN_V29,
    FL_CAN_V27_2400 | FL_CAN_V27_4800,
    FL_CAN_V27_2400,
    FL_CAN_V29,
};

static const uint16_t RATES[] = {2400, 4800, 7200, 9600, 12000, 14400};

static void draw_receiver(struct fl_t30_config *config, uint64_t *random)
{
    struct fl_abilities *can = &config->abilities;
    can->modulations = MODULATIONS[draw(random, FL_COUNT(MODULATIONS))];
    can->can_receive = !chance(random, 1);
    can->ecm = chance(random, 70);
    can->ecm_64 = can->ecm && chance(random, 25);
    can->mr = chance(random, 70);
    can->mmr = can->ecm && chance(random, 70);
    can->inch = chance(random, 50);
    can->half_scan_154 = chance(random, 30);
    /* Each row's bit is its own, but metric and inch rows share it: so does what is offered. */
    uint8_t finer = (uint8_t)draw(random, 16);
    can->resolutions = 1u << FL_R8_385 | 1u << FL_200_100;
    if (finer & 1 || chance(random, 50)) can->resolutions |= 1u << FL_R8_77 | 1u << FL_200_200;
    if (finer & 2) can->resolutions |= 1u << FL_R8_154 | 1u << FL_200_400;
    if (finer & 4) can->resolutions |= 1u << FL_300_300;
    if (finer & 8) can->resolutions |= 1u << FL_R16_154 | 1u << FL_400_400;
    can->width = (uint8_t)draw(random, 3);
    can->length = (uint8_t)draw(random, 3);
    can->min_scan = chance(random, 50) ? 7 : (uint8_t)draw(random, 8);
    can->sub = chance(random, 50);
    can->password = chance(random, 50);
    if (chance(random, 60)) strcpy(config->id, "+1 555 0100");
    if (chance(random, 2)) config->training_verdict = FL_ALWAYS_BAD;
    if (chance(random, 4)) config->page_verdict = chance(random, 50) ? FL_ALWAYS_BAD : FL_NEVER_READY;
    config->min_rate_bps = 2400;
    config->max_rate_bps = 14400;
    config->seed = fl_random(random);
}

static void draw_sender(struct call *call, uint64_t *random)
{
    struct fl_t30_config *config = &call->plan.config[call->plan.sender];
    config->abilities.modulations = chance(random, 80) ? 0x0F : (uint8_t)(1 + draw(random, 15));
    config->abilities.ecm = chance(random, 75);
    config->abilities.mr = config->abilities.mmr = true;
    unsigned low = chance(random, 85) ? 0 : draw(random, FL_COUNT(RATES));
    unsigned high = chance(random, 75) ? FL_COUNT(RATES) - 1 : draw(random, FL_COUNT(RATES));
    config->min_rate_bps = RATES[low < high ? low : high];
    config->max_rate_bps = RATES[low < high ? high : low];
    config->high_res = chance(random, 80) ? -1 : (int8_t)draw(random, 2);
    config->coding = chance(random, 60) ? -1 : (int8_t)draw(random, 3);
    if (chance(random, 70)) strcpy(config->id, "5550001");
    if (chance(random, 20)) strcpy(config->sub_address, "12345");
    if (chance(random, 20)) strcpy(config->password, "99999999999999999999");
    config->seed = fl_random(random);
}

/* Of sixteen seeds in a row two are polled calls: none of them is kept in regime.seeds, so those stay the calls that they
 * were. */
static bool is_polled(uint64_t seed)
{
    return seed % 16 == 11 || seed % 16 == 13;
}

/* The document may have a name and a password, which the receiver knows, or not. */
static void draw_poll(struct call *call, uint64_t *random)
{
    struct fl_t30_config *sender = &call->plan.config[1], *receiver = &call->plan.config[0];
    sender->abilities.can_send = sender->abilities.sep = sender->abilities.password = true;
    sender->abilities.resolutions = FL_ALL_RESOLUTIONS;
    sender->abilities.width = FL_A3;
    sender->abilities.length = 2;
    sender->abilities.min_scan = 7;
    receiver->abilities.can_receive = true;
    sender->sub_address[0] = sender->password[0] = '\0';
    if (chance(random, 30)) strcpy(sender->selective, "4711");
    if (chance(random, 30)) strcpy(sender->password, "0815");
    if (chance(random, 95)) strcpy(receiver->selective, sender->selective);
    if (chance(random, 95)) strcpy(receiver->password, sender->password);
}

/* One more of the sixteen: documents may go both ways, or one end is ready for it; or there are several documents. */
static bool goes_both_ways(uint64_t seed)
{
    return seed % 16 == 2;
}

static void part_documents(struct fl_document *document, uint64_t *random)
{
    for (int i = 1; i < document->count; i++) document->pages[i].shape.separate = chance(random, 30);
}

/* Each end is drawn as a receiver, and sends with what it is besides. */
static void draw_both(struct call *call, uint64_t *random)
{
    struct rig_plan *plan = &call->plan;
    unsigned kind = draw(random, 5);
    plan->sender = kind == 4;
    plan->both[0] = kind < 3;
    plan->both[1] = kind != 2;
    part_documents(&call->document, random);
    draw_document(&call->answer, call->answer_pages, random);
    part_documents(&call->answer, random);
    plan->answer = &call->answer;
    for (int end = 0; end < 2; end++) {
        struct fl_t30_config *config = &plan->config[end];
        draw_receiver(config, random);
        config->abilities.can_receive = true;
        config->send_modulations = chance(random, 80) ? 0x0F : (uint8_t)(1 + draw(random, 15));
        config->high_res = chance(random, 80) ? -1 : (int8_t)draw(random, 2);
        config->coding = chance(random, 60) ? -1 : (int8_t)draw(random, 3);
        config->abilities.can_send = end == 1 && rig_document(plan, 1);
    }
    plan->config[1].abilities.sep = plan->config[1].abilities.can_send;
}

static void draw_ends(struct call *call, uint64_t *random)
{
    static const uint16_t BUFFERS[] = {4096, 4096, 1024, 300, 8192};
    for (int end = 0; end < 2; end++) {
        struct fl_simmodem_row *row = &call->plan.row[end];
        *row = *fl_simmodem_row(NULL);
        row->buffer = BUFFERS[draw(random, FL_COUNT(BUFFERS))];
        row->has_far = chance(random, 50);
        row->latency_ms = (uint16_t)(1 + draw(random, 5));
        size_t profile = 0;
        if (chance(random, 15)) profile = draw(random, 9);
        call->plan.profile[end] = fl_class1_profile_at(profile);
        /* Who waits behind CONNECT on a modem that does not need it sends more flags and zeros than it should. */
        if (call->plan.profile[end]->connect_delay_ms) call->plan.profile[end] = fl_class1_profile_at(0);
        /* The called end's modem sends flags meanwhile: 150 ms is what T.30 lets it. */
        if (chance(random, 10)) call->plan.fax_after[end] = FL_MS(draw(random, end == 0 ? 1500 : 140));
        if (chance(random, 20)) call->plan.hang_up_after[end] = FL_MS(draw(random, 4000));
    }
    if (chance(random, 15)) call->plan.store_time = FL_MS(1 + draw(random, chance(random, 80) ? 1500 : 9000));
}

/* What the arguments of the faults may be: the kinds whose default is not worth varying have 0. */
const struct argument ARGUMENTS[FL_FAULT_KINDS] = {
    [FL_FAULT_LOST_CARRIER] = {1, 4000}, [FL_FAULT_BIT_ERRORS] = {1, 20000},
    [FL_FAULT_BURST] = {20, 4000},       [FL_FAULT_BAD_TRAINING] = {0, 1},
    [FL_FAULT_ECHO] = {50, 1500},        [FL_FAULT_LATE_CONNECT] = {1, 3000},
    [FL_FAULT_SHORT_READ] = {1, 64},     [FL_FAULT_HANGUP] = {0, 3000},
};

/* Noise is drawn apart (draw_noise), behind all else: a seed stays the call that it was. */
#define DRAWN_KINDS FL_FAULT_NOISE

static void draw_faults(struct call *call, uint64_t *random)
{
    call->plan.fault_count = chance(random, 25) ? 0 : 1 + (int)draw(random, RIG_FAULTS);
    for (int i = 0; i < call->plan.fault_count; i++) {
        struct fl_fault *fault = &call->plan.faults[i];
        unsigned kind = draw(random, DRAWN_KINDS), span = 1u + ARGUMENTS[kind].high - ARGUMENTS[kind].low;
        fault->kind = (int32_t)(kind + (chance(random, 50) ? FL_FAULT_KINDS : 0));
        fault->at = 1 + (int32_t)draw(random, chance(random, 70) ? 12 : 40);
        fault->count = chance(random, 90) ? 1 + (int32_t)draw(random, 3) : 0;
        fault->arg = ARGUMENTS[kind].high ? (int32_t)(ARGUMENTS[kind].low + draw(random, span)) : 0;
    }
}

static void draw_noise(struct call *call, uint64_t *random)
{
    if (!chance(random, 4) || call->plan.fault_count == RIG_FAULTS) return;
    call->plan.faults[call->plan.fault_count++] = (struct fl_fault){
        .kind = FL_FAULT_NOISE + (chance(random, 50) ? FL_FAULT_KINDS : 0),
        .at = 1 + (int32_t)draw(random, 6),
        .count = (int32_t)draw(random, 4),
    };
}

static void draw_orders(struct call *call, uint64_t *random)
{
    if (!chance(random, 15)) return;
    struct rig_order *order = &call->plan.orders[call->plan.order_count++];
    order->kind = (uint8_t)draw(random, 2);
    order->end = (uint8_t)draw(random, 2);
    order->at = FL_US(fl_random(random) % (uint64_t)FL_SEC(45));
    if (!chance(random, 20)) return;
    call->plan.orders[1] = *order;
    call->plan.orders[1].kind = (uint8_t)draw(random, 2);
    call->plan.orders[1].at += FL_US(draw(random, 2000000));
    call->plan.order_count = 2;
}

/* A line that loses or damages every carrier lets some frames of each burst through: the sender goes on for as long as a
 * session may last at all. */
bool damages_for_ever(const struct call *call)
{
    for (int i = 0; i < call->plan.fault_count; i++) {
        const struct fl_fault *fault = &call->plan.faults[i];
        int kind = fault->kind % FL_FAULT_KINDS;
        bool damages = kind == FL_FAULT_LOST_CARRIER || kind == FL_FAULT_BIT_ERRORS || kind == FL_FAULT_BURST;
        if (damages && fault->count == 0) return true;
    }
    return false;
}

static fl_time pages_limit(const struct fl_document *document)
{
    fl_time limit = 0;
    for (int i = 0; i < document->count; i++) {
        const struct fl_document_page *page = &document->pages[i];
        fl_time coded = FL_MS((fl_time)page->sizes[FL_CODING_MH] * 8 * 1000 / 2400);
        fl_time filled = FL_MS((fl_time)page->shape.rows * 45);
        limit += 12 * (coded + filled + FL_SEC(60));
    }
    return limit;
}

void mutate_call(struct call *call, uint64_t number)
{
    uint64_t random = fl_random(&(uint64_t){number ^ 0x5EED});
    struct rig_plan *plan = &call->plan;
    size_t used = strlen(call->name);
    snprintf(call->name + used, sizeof call->name - used, " -m %llu", (unsigned long long)number);
    for (unsigned n = 1 + draw(&random, 3); n > 0; n--) {
        unsigned what = draw(&random, 10);
        if (what < 6) {
            bool another = plan->fault_count < RIG_FAULTS && (plan->fault_count == 0 || chance(&random, 50));
            struct fl_fault *fault = &plan->faults[another ? plan->fault_count++
                                                           : (int)draw(&random, (unsigned)plan->fault_count)];
            unsigned kind = draw(&random, FL_FAULT_KINDS),
                     span = 1u + ARGUMENTS[kind].high - ARGUMENTS[kind].low;
            fault->kind = (int32_t)(kind + (chance(&random, 50) ? FL_FAULT_KINDS : 0));
            fault->at = 1 + (int32_t)draw(&random, 20);
            fault->count = 1 + (int32_t)draw(&random, 4);
            fault->arg = ARGUMENTS[kind].high ? (int32_t)(ARGUMENTS[kind].low + draw(&random, span)) : 0;
        } else if (what < 8 && plan->order_count < RIG_ORDERS) {
            plan->orders[plan->order_count++] =
                (struct rig_order){(uint8_t)draw(&random, 2), (uint8_t)draw(&random, 2),
                                   FL_US(fl_random(&random) % (uint64_t)FL_SEC(90))};
        } else if (what == 8) {
            plan->delay = FL_MS(draw(&random, 650));
        } else {
            plan->store_time = FL_MS(draw(&random, 9000));
        }
    }
    if (plan->order_count == 2 && plan->orders[1].at < plan->orders[0].at) {
        struct rig_order first = plan->orders[1];
        plan->orders[1] = plan->orders[0];
        plan->orders[0] = first;
    }
    plan->limit = limit_of(call);
}

/* What no call may outlast: every page at 2400 with fill as many times as anything may be sent again, and the waits. */
fl_time limit_of(const struct call *call)
{
    int pages = call->document.count + call->answer.count;
    if (damages_for_ever(call)) return FL_SEC(700) + pages * FL_SEC(3600);
    return FL_SEC(400) + pages_limit(&call->document) + pages_limit(&call->answer);
}

void draw_call(struct call *call, uint64_t seed)
{
    static const uint16_t DELAYS_MS[] = {0, 5, 20, 20, 80, 250, 400, 600};
    uint64_t random = fl_random(&(uint64_t){seed}); /* neighbours must have nothing in common */
    memset(call, 0, sizeof *call);
    snprintf(call->name, sizeof call->name, "-s %llu", (unsigned long long)seed);
    draw_document(&call->document, call->pages, &random);
    call->plan.document = &call->document;
    call->plan.sender = is_polled(seed);
    if (goes_both_ways(seed)) {
        draw_both(call, &random);
    } else {
        draw_receiver(&call->plan.config[!call->plan.sender], &random);
        draw_sender(call, &random);
    }
    if (is_polled(seed)) draw_poll(call, &random);
    draw_ends(call, &random);
    draw_faults(call, &random);
    draw_orders(call, &random);
    call->plan.delay = FL_MS(DELAYS_MS[draw(&random, FL_COUNT(DELAYS_MS))]);
    call->plan.seed = fl_random(&random);
    draw_noise(call, &random);
    call->plan.limit = limit_of(call);
}
