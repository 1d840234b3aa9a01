/* The far machine at the other end of the simulated exchange's line: it answers and calls, and what its row says goes
 * wrong goes wrong.
 */
#include "sim/exchange.h"
#include "t30/states.h"

#include <stdio.h>

static void far_answers(struct fl_exchange *x, fl_time now)
{
    struct fl_t30_config config = {
        .abilities = x->row->abilities,
        .min_rate_bps = 2400,
        .max_rate_bps = 14400,
        .training_verdict = x->row->training_verdict,
        .page_verdict = x->row->page_verdict,
        .seed = fl_random(&x->random),
        .pen = x->far_pen,
    };
    snprintf(config.id, sizeof config.id, "%.20s", x->row->number);
    config.abilities.modulations &= fl_job_modulations(&x->far.station.driver, true);
    config.inbox = fl_store_inbox(&x->far_store);
    fl_station_fax(&x->far.station, &config, now);
}

bool fl_exchange_far_calls(struct fl_exchange *x, fl_time now)
{
    if (!x->incoming || !x->awaiting || !fl_exchange_is_free(x)) return false;
    if (x->far.station.state != FL_STATION_ON_HOOK) return false;
    x->awaiting = false;
    /* A line without a number is its exchange's only one. */
    fl_station_dial(&x->far.station, x->number[0] ? x->number : "0", now);
    return true;
}

static void far_call_event(struct fl_exchange *x, const struct fl_station_event *event, fl_time now)
{
    bool calling = x->caller == &x->far;
    switch (event->state) {
    case FL_CALL_RING_INCOMING: fl_station_answer(&x->far.station, now); break;
    case FL_CALL_ANSWERED:
        if (calling)
            fl_job_start(&x->far_job, &x->far.station, FL_SEND, &x->incoming_options, x->incoming, NULL, now);
        else
            far_answers(x, now);
        break;
    default: break;
    }
}

bool fl_exchange_far_events(struct fl_exchange *x, fl_time now)
{
    struct fl_station_event event;
    bool any = false;
    while (fl_station_event(&x->far.station, &event)) {
        any = true;
        if (event.kind == FL_STATION_CALL) far_call_event(x, &event, now);
        if (event.kind != FL_STATION_T30) continue;
        if (event.t30.kind == FL_T30_PAGE && x->far_store.save && x->caller != &x->far) x->far_saved = true;
        if (event.t30.kind != FL_T30_ENDED) continue;
        fl_station_hang_up(&x->far.station, now);
        if (x->caller == &x->far) {
            fl_document_free(x->incoming);
            x->incoming = NULL;
        }
    }
    return any;
}

/* A row's mishap: once some of that page has been heard. */
bool fl_exchange_mishap(struct fl_exchange *x, fl_time now)
{
    if (x->route != FL_ROUTE_JOINED || x->mishap_done || x->row->mishap == FL_FAR_NO_MISHAP) return false;
    const struct fl_t30 *far = &x->far.station.engine;
    if (!x->far.station.fax || far->state != FL_STATE_C_RECEIVE_PAGE || !far->burst_seen) return false;
    if (far->received + 1 != x->row->mishap_page) return false;
    x->mishap_done = true;
    if (x->row->mishap == FL_FAR_WE_VANISH) {
        fl_trace_text(&x->our_pen, now, FL_TRACE_FAULT, "our modem disappears");
        fl_exchange_unplug(&x->ours, now);
    } else {
        fl_trace_text(&x->far_pen, now, FL_TRACE_FAULT, "the far machine drops the call");
        fl_simmodem_disconnect(&x->ours.modem, now);
        fl_simmodem_disconnect(&x->far.modem, now);
        x->route = FL_ROUTE_OVER;
    }
    return true;
}
