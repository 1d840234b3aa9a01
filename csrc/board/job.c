/* Options and documents to T.30 sessions, and back to events. */
#include "board/job.h"

#include <string.h>

uint8_t fl_job_modulations(const struct fl_class1 *driver, bool receive)
{
    static const struct {
        uint8_t code, can;
    } NEEDED[] = {{145, FL_CAN_V17}, {96, FL_CAN_V29}, {48, FL_CAN_V27_4800}, {24, FL_CAN_V27_2400}};
    uint32_t has = fl_class1_modulations(driver, receive);
    uint8_t can = 0;
    for (size_t i = 0; i < FL_COUNT(NEEDED); i++)
        if (has & fl_class1_bit(NEEDED[i].code)) can |= NEEDED[i].can;
    return can;
}

/* The boundary's strings come from outside: clamp them. */
static void copy_id(char *to, const char *from)
{
    size_t length = 0;
    while (length < FL_ID_SIZE && from[length]) length++;
    memcpy(to, from, length);
    to[length] = '\0';
}

static uint8_t allowed(const struct fl_fax_options *options)
{
    return (uint8_t)((options->v17 ? FL_CAN_V17 : 0) | (options->v29 ? FL_CAN_V29 : 0) |
                     (options->v27 ? FL_CAN_V27_4800 | FL_CAN_V27_2400 : 0));
}

#define STANDARD (1u << FL_R8_385 | 1u << FL_200_100)

/* What a receiver can: its DIS, or its DTC. */
static struct fl_abilities receiving(const struct fl_fax_options *options, const struct fl_station *station)
{
    bool any_coding = options->compression < 0;
    return (struct fl_abilities){
        .modulations = allowed(options) & fl_job_modulations(&station->driver, true),
        .can_receive = true,
        .ecm = options->ecm != 0,
        .mr = any_coding || options->compression >= FL_CODING_MR,
        .mmr = options->ecm != 0 && (any_coding || options->compression == FL_CODING_MMR),
        .inch = true,
        .resolutions = options->high_res == 0 ? STANDARD : FL_ALL_RESOLUTIONS,
        .width = FL_A3,
        .length = 2,   /* unlimited */
        .min_scan = 7, /* no minimum */
        .sub = true,
        .password = true,
    };
}

/* What a sender may use; its DIS where it is polled, and receives nothing then. */
static struct fl_abilities sending(const struct fl_fax_options *options, uint8_t modulations)
{
    return (struct fl_abilities){
        .modulations = modulations,
        .ecm = options->ecm != 0,
        .mr = true,
        .mmr = true,
        .inch = true,
        .resolutions = FL_ALL_RESOLUTIONS,
        .width = FL_A3,
        .length = 2,
        .min_scan = 7,
        .password = true,
    };
}

void fl_job_start(struct fl_job *job, struct fl_station *station, enum fl_fax_ways ways,
                  const struct fl_fax_options *options, struct fl_document *document, struct fl_store *store,
                  fl_time now)
{
    bool sends = ways != FL_RECEIVE, receives = ways != FL_SEND;
    struct fl_t30_config config = {
        .caller = ways == FL_SEND || ways == FL_SEND_RECEIVE,
        .both = sends && receives,
        .send_modulations = allowed(options) & fl_job_modulations(&station->driver, false),
        .min_rate_bps = (uint16_t)options->min_rate_bps,
        .max_rate_bps = (uint16_t)options->max_rate_bps,
        .high_res = (int8_t)options->high_res,
        .coding = (int8_t)options->compression,
        .seed = (uint64_t)now,
        .pen = station->pen,
    };
    config.abilities = receives ? receiving(options, station) : sending(options, config.send_modulations);
    config.polling = config.caller != station->dialled;
    if (sends && !station->dialled)
        config.abilities.can_send = config.abilities.sep = config.abilities.psa = true;
    copy_id(config.id, options->subscriber_id);
    copy_id(config.sub_address, options->sub_address);
    copy_id(config.password, options->password);
    copy_id(config.selective, options->selective_polling);
    copy_id(job->id, options->subscriber_id);
    if (sends) config.outbox = fl_sending_outbox(&job->sending, document);
    if (receives) config.inbox = fl_store_inbox(store);
    fl_station_fax(station, &config, now);
}

/* Whom the document is for and who may have it: what we sent of it, or what came. */
static void describe_words(const struct fl_t30 *engine, struct fl_negotiated *negotiated)
{
    const struct fl_t30_words *said = &engine->said;
    bool sends = engine->sends, polling = sends != engine->dialled;
    const char *sub = polling ? said->psa : said->sub, *password = polling ? said->pwd : said->sid;
    if (sends && !polling) {
        sub = engine->session.sub ? engine->config.sub_address : "";
        password = engine->session.password ? engine->config.password : "";
    } else if (!sends && polling) {
        sub = engine->far.psa ? engine->config.sub_address : "";
        password = engine->config.password;
    }
    copy_id(negotiated->sub_address, sub);
    copy_id(negotiated->password, password);
    copy_id(negotiated->selective_polling, sends ? said->sep : engine->config.selective);
    memcpy(negotiated->nonstandard, said->nsf, said->nsf_length);
    negotiated->nonstandard_length = said->nsf_length;
}

static void describe(const struct fl_job *job, const struct fl_t30 *engine, struct fl_negotiated *negotiated)
{
    static const int32_t MODEMS[] = {[FL_V27TER] = 27, [FL_V29] = 29, [FL_V17] = 17};
    const struct fl_session *session = &engine->session;
    const struct fl_resolution_row *resolution = &FL_RESOLUTIONS[session->resolution];
    negotiated->modem = MODEMS[session->kind];
    negotiated->rate_bps = session->rate_bps;
    negotiated->ecm = session->ecm;
    negotiated->coding = session->coding;
    negotiated->width_px = resolution->width_px[session->width];
    negotiated->x_dpi = resolution->x_dpi;
    negotiated->y_dpi = resolution->y_dpi;
    negotiated->min_scan_ms = session->min_scan_ms;
    memcpy(negotiated->remote_id, engine->remote_id, sizeof engine->remote_id);
    memcpy(negotiated->our_id, job->id, sizeof job->id);
    describe_words(engine, negotiated);
}

static bool t30_event(const struct fl_job *job, const struct fl_station *station,
                      const struct fl_t30_event *from, struct fl_event *to)
{
    to->pages = from->pages;
    to->sent = from->sent;
    to->received = from->received;
    to->last = from->last;
    switch (from->kind) {
    case FL_T30_NEGOTIATED:
        to->kind = FL_EVENT_NEGOTIATED;
        describe(job, &station->engine, &to->negotiated);
        return true;
    case FL_T30_PAGE: to->kind = FL_EVENT_PAGE; return true;
    default:
        to->kind = FL_EVENT_FAX_ENDED;
        to->in_doubt = from->in_doubt;
        to->raw = from->raw;
        to->cause = from->raw == FL_RAW_NONE ? FL_FAX_NORMAL : fl_raw_cause(from->raw);
        return true;
    }
}

/* What a station's event is for the application; false when it is nothing to it. */
static bool station_event(const struct fl_job *job, const struct fl_station *station,
                          const struct fl_station_event *from, struct fl_event *to)
{
    switch (from->kind) {
    case FL_STATION_CALL:
        to->kind = FL_EVENT_CALL;
        to->state = from->state;
        to->cause = from->cause;
        to->raw = from->cause == FL_CALL_CAUSE_ERROR ? FL_RAW_DEVICE : FL_RAW_NONE;
        return true;
    case FL_STATION_STARTED: to->kind = FL_EVENT_FAX_STARTED; return true;
    case FL_STATION_T30: return t30_event(job, station, &from->t30, to);
    default: return false;
    }
}

bool fl_job_storing(const struct fl_station *station)
{
    return station->fax && station->engine.storing;
}

bool fl_job_event(struct fl_job *job, struct fl_station *station, struct fl_event *event)
{
    struct fl_station_event from;
    bool page = fl_job_storing(station) && !job->told;
    job->told = fl_job_storing(station);
    if (page) {
        event->kind = FL_EVENT_RECEIVED;
        return true;
    }
    while (fl_station_event(station, &from))
        if (station_event(job, station, &from, event)) return true;
    return false;
}

bool fl_job_has_event(const struct fl_job *job, const struct fl_station *station)
{
    return (fl_job_storing(station) && !job->told) || station->event_count > 0;
}
