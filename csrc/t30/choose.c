/* The format in which a page goes out: what the document has, what the far end accepts, what the options allow. */
#include "t30/states.h"

/* From each resolution down to what every machine takes: rows of the next to try. */
static const uint8_t NEXT_COARSER[FL_RESOLUTION_COUNT] = {
    [FL_R8_385] = FL_R8_385,  [FL_R8_77] = FL_R8_385,   [FL_R8_154] = FL_R8_77,
    [FL_R16_154] = FL_R8_154, [FL_200_100] = FL_R8_385, [FL_200_200] = FL_R8_77,
    [FL_200_400] = FL_R8_154, [FL_300_300] = FL_R8_77,  [FL_400_400] = FL_300_300,
};

static bool accepts(const struct fl_t30 *e, uint8_t resolution)
{
    const struct fl_resolution_row *row = &FL_RESOLUTIONS[resolution];
    if (e->config.high_res == 0 && row->y_dpi > 100) return false;
    if (!(e->far.resolutions >> resolution & 1)) return false;
    return !row->inch || e->far.inch || row->bit == 42;
}

static uint8_t choose_resolution(const struct fl_t30 *e, uint8_t wanted)
{
    uint8_t resolution = wanted;
    while (!accepts(e, resolution)) {
        uint8_t metric = FL_RESOLUTIONS[resolution].metric;
        /* 200 x 200 goes to a machine without inches as 204 x 196, and so on: T.30 lets both be taken for equal. */
        if (metric != resolution && accepts(e, metric)) return metric;
        if (NEXT_COARSER[resolution] == resolution) break;
        resolution = NEXT_COARSER[resolution];
    }
    return resolution;
}

static enum fl_coding choose_coding(const struct fl_t30 *e)
{
    const struct fl_t30_outbox *outbox = &e->config.outbox;
    bool mr = e->config.abilities.mr && e->far.mr;
    bool mmr = e->config.abilities.mmr && e->far.mmr && e->config.abilities.ecm && e->far.ecm;
    unsigned codings = 1u << FL_CODING_MH | (unsigned)mr << FL_CODING_MR | (unsigned)mmr << FL_CODING_MMR;
    if (e->config.coding >= 0) {
        /* The one asked for, or the next simpler that the far end takes. */
        int coding = e->config.coding;
        while (!(codings >> coding & 1)) coding--;
        return (enum fl_coding)coding;
    }
    return codings == 1u << FL_CODING_MH ? FL_CODING_MH : outbox->smallest(outbox->ctx, codings);
}

bool fl_t30_choose(const struct fl_t30 *e, int page, struct fl_session *session)
{
    struct fl_page_shape shape;
    e->config.outbox.shape(e->config.outbox.ctx, page, &shape);
    *session = (struct fl_session){0};
    session->ecm = e->config.abilities.ecm && e->far.ecm;
    session->ecm_64 = session->ecm && e->far.ecm_64;
    session->resolution = choose_resolution(e, shape.resolution);
    session->inch = FL_RESOLUTIONS[session->resolution].inch;
    session->width = (uint8_t)fl_min_u32(shape.width, e->far.width);
    session->length =
        e->far.length; /* our pages end where they end: claim no limit that the far end does not set */
    session->coding = (uint8_t)choose_coding(e);
    session->min_scan_ms =
        session->ecm ? 0 : (uint8_t)fl_min_scan_ms(&e->far, (enum fl_resolution)session->resolution);
    /* To who polls, these options are what it must say, not what we send. */
    session->sub = e->far.sub && e->config.sub_address[0] && e->dialled;
    session->password = e->far.password && e->config.password[0] && e->dialled;
    if (!e->rate) return false;
    session->kind = e->rate->kind;
    session->rate_bps = e->rate->rate_bps;
    return true;
}
