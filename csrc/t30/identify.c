/* What a DIS or DTC of the far end says, with what comes before it, and what follows for our rates: of the caller who sends
 * and of the called station who is polled alike. T.30 5.3.6.1.1, 5.3.6.1.2.
 */
#include "t30/states.h"

bool fl_t30_take_identification(struct fl_t30 *e, const struct fl_t30_happening *h)
{
    struct fl_abilities far;
    fl_t30_hear_words(e, h, FL_FROM_CALLED | FL_FROM_POLLER);
    if (h->fcf != FL_DIS && h->fcf != FL_DTC) return false;
    if (!fl_dis_read(h->octets + 3, h->length - 3, &far)) return false;
    e->far = far;
    e->far_known = true;
    if (h->fcf == FL_DIS) e->bit_x = true;
    return true;
}

bool fl_t30_evaluate(struct fl_t30 *e)
{
    uint8_t ours = e->config.both ? e->config.send_modulations : e->config.abilities.modulations;
    e->limits.modulations = ours & e->far.modulations;
    e->limits.min_bps = e->config.min_rate_bps;
    e->limits.max_bps = e->config.max_rate_bps;
    const struct fl_modulation *best = fl_rate_first(&e->limits);
    /* A DIS repeated after failed trainings must not send us up again. */
    if (!e->rate || !best || e->rate->rate_bps > best->rate_bps) e->rate = best;
    return e->rate != NULL;
}
