/* Zero insertion and removal, flags. Octets in which no five ones can meet (nearly all of a page) go through whole;
 * only the others are looked at bit by bit. */
#include "hdlc/hdlc.h"
#include "hdlc/fcs.h"

#define FLAG 0x7E

/* ---- sending ---- */

static size_t put_bits(struct fl_hdlc_sender *s, uint32_t bits, unsigned count, uint8_t *out)
{
    size_t written = 0;
    s->pending |= bits << s->pending_bits;
    s->pending_bits = (uint8_t)(s->pending_bits + count);
    while (s->pending_bits >= 8) {
        out[written++] = (uint8_t)s->pending;
        s->pending >>= 8;
        s->pending_bits = (uint8_t)(s->pending_bits - 8);
    }
    return written;
}

/* Ones at the low end, at the high end; five in a row anywhere. */
static unsigned low_ones(uint8_t octet)
{
    return (unsigned)__builtin_ctz(~(uint32_t)octet);
}

static unsigned high_ones(uint8_t octet)
{
    return (unsigned)__builtin_clz(~((uint32_t)octet << 24));
}

static bool five_ones(uint8_t o)
{
    return o & o >> 1 & o >> 2 & o >> 3 & o >> 4;
}

static size_t put_octet(struct fl_hdlc_sender *s, uint8_t octet, unsigned *ones, uint8_t *out)
{
    if (!five_ones(octet) && *ones + low_ones(octet) < 5) {
        *ones = high_ones(octet);
        return put_bits(s, octet, 8, out);
    }
    uint32_t bits = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t bit = octet >> i & 1;
        bits |= bit << count++;
        *ones = bit ? *ones + 1 : 0;
        if (*ones == 5) {
            count++;
            *ones = 0;
        }
    }
    return put_bits(s, bits, count, out);
}

size_t fl_hdlc_put_flags(struct fl_hdlc_sender *s, unsigned octets, uint8_t *out)
{
    size_t written = 0;
    for (unsigned i = 0; i < octets; i++) written += put_bits(s, FLAG, 8, out + written);
    return written;
}

size_t fl_hdlc_put_frame(struct fl_hdlc_sender *s, const uint8_t *frame, size_t length, uint8_t *out)
{
    unsigned ones = 0;
    size_t written = 0;
    uint16_t fcs = (uint16_t)~fl_fcs_update(FL_FCS_INIT, frame, length);
    for (size_t i = 0; i < length; i++) written += put_octet(s, frame[i], &ones, out + written);
    written += put_octet(s, (uint8_t)fcs, &ones, out + written);
    written += put_octet(s, (uint8_t)(fcs >> 8), &ones, out + written);
    return written + put_bits(s, FLAG, 8, out + written);
}

/* ---- receiving ---- */

static void store_octet(struct fl_hdlc_receiver *r, uint8_t octet)
{
    if (r->length < FL_HDLC_FRAME)
        r->frame[r->length++] = octet;
    else
        r->in_frame = false; /* no frame is that long: wait for the next flag */
}

/* A flag: the end of a frame, if one with a right FCS lies before it. Its first six bits of seven are in octet. */
static size_t end_frame(struct fl_hdlc_receiver *r)
{
    size_t length = 0;
    /* Seven bits of the flag (0 and six ones) have been taken for data: the frame ends on an octet before them. */
    if (r->in_frame && r->octet_bits == 7 && r->length >= 4 &&
        fl_fcs_update(FL_FCS_INIT, r->frame, r->length) == FL_FCS_GOOD)
        length = r->length - 2u;
    r->in_frame = true;
    r->length = 0;
    r->octet = r->octet_bits = 0;
    return length;
}

static size_t take_bit(struct fl_hdlc_receiver *r, unsigned bit)
{
    if (bit) {
        if (r->ones < 7) r->ones++;
        if (r->ones == 7) r->in_frame = false; /* abort */
    } else {
        unsigned ones = r->ones;
        r->ones = 0;
        if (ones == 6) return end_frame(r);
        if (ones == 5) return 0; /* inserted */
    }
    if (!r->in_frame) return 0;
    r->octet |= (uint8_t)(bit << r->octet_bits);
    if (++r->octet_bits == 8) {
        store_octet(r, r->octet);
        r->octet = r->octet_bits = 0;
    }
    return 0;
}

/* Eight data bits at once, where no five ones meet. */
static void take_plain(struct fl_hdlc_receiver *r, uint8_t octet)
{
    r->ones = (uint8_t)high_ones(octet);
    if (!r->in_frame) return;
    uint16_t bits = (uint16_t)(r->octet | octet << r->octet_bits);
    store_octet(r, (uint8_t)bits);
    r->octet = (uint8_t)(bits >> 8);
}

size_t fl_hdlc_take(struct fl_hdlc_receiver *r, const uint8_t *octets, size_t count, size_t *length)
{
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t octet = octets[i];
        if (!five_ones(octet) && r->ones + low_ones(octet) < 5) {
            take_plain(r, octet);
            continue;
        }
        size_t complete = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            size_t ended = take_bit(r, octet >> bit & 1);
            if (ended)
                complete = ended; /* two frames cannot end within one octet: a frame has four at least */
        }
        if (complete) {
            *length = complete;
            return i + 1;
        }
    }
    return count;
}
