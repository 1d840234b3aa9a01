/* What a station says of itself, of whom a document is for, and which one it wants: frames that are heard, kept and
 * told, whatever comes of the call. T.30 5.3.6.1, 5.3.6.2.
 */
#include "t30/states.h"

#include <stddef.h>
#include <string.h>

/* The texts, by the frame that brings them and by who sends it. */
static const struct {
    uint8_t fcf, from;
    size_t member; /* of struct fl_t30, FL_ID_SIZE + 1 octets */
} TEXTS[] = {
    {FL_CSI, FL_FROM_CALLED, offsetof(struct fl_t30, remote_id)},
    {FL_CIG, FL_FROM_POLLER, offsetof(struct fl_t30, remote_id)},
    {FL_SEP, FL_FROM_POLLER, offsetof(struct fl_t30, said.sep)},
    {FL_PWD, FL_FROM_POLLER, offsetof(struct fl_t30, said.pwd)},
    {FL_PSA, FL_FROM_POLLER, offsetof(struct fl_t30, said.psa)},
    {FL_TSI, FL_FROM_SENDER, offsetof(struct fl_t30, remote_id)},
    {FL_SUB, FL_FROM_SENDER, offsetof(struct fl_t30, said.sub)},
    {FL_SID, FL_FROM_SENDER, offsetof(struct fl_t30, said.sid)},
};

static const struct {
    uint8_t fcf, from;
} NON_STANDARD[] = {{FL_NSF, FL_FROM_CALLED}, {FL_NSC, FL_FROM_POLLER}, {FL_NSS, FL_FROM_SENDER}};

void fl_t30_hear_words(struct fl_t30 *e, const struct fl_t30_happening *h, unsigned from)
{
    for (size_t i = 0; i < FL_COUNT(TEXTS); i++)
        if (TEXTS[i].fcf == h->fcf && (TEXTS[i].from & from))
            fl_frame_read_id(h->octets, h->length, (char *)e + TEXTS[i].member);
    for (size_t i = 0; i < FL_COUNT(NON_STANDARD); i++) {
        if (NON_STANDARD[i].fcf != h->fcf || !(NON_STANDARD[i].from & from)) continue;
        e->said.nsf_length = (uint8_t)fl_min_u32((uint32_t)h->length - 3, FL_NSF_MAX);
        memcpy(e->said.nsf, h->octets + 3, e->said.nsf_length);
    }
}
