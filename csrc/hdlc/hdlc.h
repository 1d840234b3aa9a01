/* HDLC framing of fast data in the host, as T.30 Annex A needs it for ECM: flags, zero insertion, FCS (T.30 5.3.5).
 * Bits go least significant first. In the slow direction (V.21) the modem does this by itself.
 */
#ifndef FL_HDLC_H
#define FL_HDLC_H

#include "base/base.h"

#define FL_HDLC_FRAME 262 /* FF 03 06 n, 256 octets, FCS */

/* The most octets that one call of fl_hdlc_put_frame writes: every fifth bit inserted, a flag, a rest. */
#define FL_HDLC_FRAME_ROOM (FL_HDLC_FRAME * 6 / 5 + 4)

struct fl_hdlc_sender {
    uint32_t pending; /* bits that do not make an octet yet */
    uint8_t pending_bits;
};

/* Writes flags that fill at least so many octets; returns how many it wrote. */
size_t fl_hdlc_put_flags(struct fl_hdlc_sender *sender, unsigned octets, uint8_t *out);
/* Writes a frame (without FCS, at most FL_HDLC_FRAME - 2 octets), its FCS and a closing flag. */
size_t fl_hdlc_put_frame(struct fl_hdlc_sender *sender, const uint8_t *frame, size_t length, uint8_t *out);

struct fl_hdlc_receiver {
    uint8_t ones;  /* in a row, up to 7 */
    bool in_frame; /* since a flag, with no abort and no overlong frame after it */
    uint8_t octet, octet_bits;
    uint16_t length; /* of frame, FCS included */
    uint8_t frame[FL_HDLC_FRAME];
};

/* Takes octets until a frame with a right FCS is complete or they are used up. Returns how many it took; *length is
 * that of the frame in receiver->frame without its FCS, 0 when there is none. */
size_t fl_hdlc_take(struct fl_hdlc_receiver *receiver, const uint8_t *octets, size_t count, size_t *length);

#endif
