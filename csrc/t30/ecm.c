/* Blocks of ECM: filling, sending, collecting. T.30 Annex A.3 (frames), A.4 (PPS, PPR). */
#include "t30/ecm.h"

#include <string.h>

#define ADDRESS 0xFF
#define CONTROL 0x03
#define FCD     0x06
#define RCP     0x86
#define RCPS    3
/* A.3.1: 200 ms of flags before the first frame. */
#define PREAMBLE_MS 200

static bool bit(const uint8_t *bits, unsigned index)
{
    return bits[index / 8] >> index % 8 & 1;
}

static void set_bit(uint8_t *bits, unsigned index)
{
    bits[index / 8] |= (uint8_t)(1u << index % 8);
}

/* ---- the caller ---- */

void fl_ecm_page(struct fl_ecm *ecm, struct fl_source source, unsigned page, bool frames_of_64)
{
    ecm->frame_octets = frames_of_64 ? 64 : FL_ECM_OCTETS;
    ecm->page = (uint8_t)page;
    ecm->block = 0xFF; /* the first block to be filled is 0 */
    ecm->page_source = source;
    ecm->has_ahead = false;
    ecm->last = false;
}

/* Reads until the buffer is full or the source ends: a source may give less than asked for. */
static size_t read_fully(const struct fl_source *source, uint8_t *out, size_t cap)
{
    size_t total = 0, got = 1;
    while (total < cap && got > 0) {
        got = source->read(source->ctx, out + total, cap - total);
        total += got;
    }
    return total;
}

void fl_ecm_fill(struct fl_ecm *ecm)
{
    size_t cap = (size_t)FL_ECM_FRAMES * ecm->frame_octets, count = 0;
    if (ecm->has_ahead) ecm->data[count++] = ecm->ahead;
    count += read_fully(&ecm->page_source, ecm->data + count, cap - count);
    ecm->has_ahead = count == cap && read_fully(&ecm->page_source, &ecm->ahead, 1) == 1;
    ecm->last = !ecm->has_ahead;
    ecm->block++;
    ecm->frames = (uint16_t)((count + ecm->frame_octets - 1) / ecm->frame_octets);
    if (ecm->frames == 0) ecm->frames = 1; /* no page is empty: it ends with RTC or EOFB; but be sure */
    memset(ecm->data + count, 0, (size_t)ecm->frames * ecm->frame_octets - count);
    memset(ecm->wanted, 0, sizeof ecm->wanted);
    for (unsigned i = 0; i < ecm->frames; i++) set_bit(ecm->wanted, i);
}

static void stage_frame(struct fl_ecm *ecm, uint8_t fcf, const uint8_t *data, unsigned number)
{
    uint8_t frame[4 + FL_ECM_OCTETS] = {ADDRESS, CONTROL, fcf, (uint8_t)number};
    size_t length = 3;
    if (data) {
        memcpy(frame + 4, data, ecm->frame_octets);
        length = 4u + ecm->frame_octets;
    }
    ecm->out_length = (uint16_t)(ecm->out_length +
                                 fl_hdlc_put_frame(&ecm->sender, frame, length, ecm->out + ecm->out_length));
}

/* Puts the next thing of the burst into out; false at its end. */
static bool stage(struct fl_ecm *ecm)
{
    ecm->out_at = ecm->out_length = 0;
    if (ecm->preamble > 0) {
        unsigned octets = fl_min_u32(ecm->preamble, 128);
        ecm->out_length = (uint16_t)fl_hdlc_put_flags(&ecm->sender, octets, ecm->out);
        ecm->preamble -= octets;
        return true;
    }
    while (ecm->next < ecm->frames && !bit(ecm->wanted, ecm->next)) ecm->next++;
    if (ecm->next < ecm->frames) {
        stage_frame(ecm, FCD, ecm->data + (size_t)ecm->next * ecm->frame_octets, ecm->next);
        ecm->next++;
        ecm->sent++;
        return true;
    }
    if (ecm->next > ecm->frames) return false;
    ecm->next++;
    for (int i = 0; i < RCPS; i++) stage_frame(ecm, RCP, NULL, 0);
    /* The last flag must leave the modem whole: one more pushes its rest out. */
    ecm->out_length =
        (uint16_t)(ecm->out_length + fl_hdlc_put_flags(&ecm->sender, 1, ecm->out + ecm->out_length));
    return true;
}

static size_t read_burst(void *ctx, uint8_t *buf, size_t cap)
{
    struct fl_ecm *ecm = ctx;
    size_t total = 0;
    while (total < cap) {
        if (ecm->out_at == ecm->out_length && !stage(ecm)) break;
        size_t count = fl_min_u32((uint32_t)(cap - total), (uint32_t)(ecm->out_length - ecm->out_at));
        memcpy(buf + total, ecm->out + ecm->out_at, count);
        ecm->out_at = (uint16_t)(ecm->out_at + count);
        total += count;
    }
    return total;
}

struct fl_source fl_ecm_burst(struct fl_ecm *ecm, unsigned rate_bps)
{
    ecm->sender = (struct fl_hdlc_sender){0};
    ecm->next = ecm->sent = 0;
    ecm->out_at = ecm->out_length = 0;
    ecm->preamble = rate_bps * PREAMBLE_MS / 8000;
    return (struct fl_source){read_burst, ecm};
}

unsigned fl_ecm_take_ppr(struct fl_ecm *ecm, const uint8_t *fif, size_t length)
{
    unsigned wanted = 0;
    memset(ecm->wanted, 0, sizeof ecm->wanted);
    for (unsigned i = 0; i < ecm->frames && i < 8 * length; i++) {
        if (!bit(fif, i)) continue;
        set_bit(ecm->wanted, i);
        wanted++;
    }
    for (unsigned i = 0; wanted == 0 && i < ecm->frames; i++) set_bit(ecm->wanted, i);
    return wanted;
}

/* ---- the called station ---- */

void fl_ecm_expect(struct fl_ecm *ecm, bool frames_of_64)
{
    ecm->frame_octets = frames_of_64 ? 64 : FL_ECM_OCTETS;
    ecm->frames = ecm->frames_here = 0;
    memset(ecm->wanted, 0, sizeof ecm->wanted);
    /* A frame that never comes must not show what an earlier block had there. */
    memset(ecm->data, 0, sizeof ecm->data);
    fl_ecm_listen(ecm);
}

void fl_ecm_listen(struct fl_ecm *ecm)
{
    ecm->receiver = (struct fl_hdlc_receiver){0};
    ecm->heard = ecm->fresh = 0;
    ecm->rcps = 0;
}

static void take_frame(struct fl_ecm *ecm, const uint8_t *frame, size_t length)
{
    ecm->heard++;
    if (length >= 3 && frame[2] == RCP) {
        ecm->rcps++;
        return;
    }
    if (length < 4 || frame[2] != FCD) return;
    /* Some senders take the other size than their DCS says. The first frame of a block decides; one of another size
     * cannot be placed. */
    size_t octets = length - 4;
    if (ecm->frames_here == 0 && (octets == FL_ECM_OCTETS || octets == 64))
        ecm->frame_octets = (uint16_t)octets;
    if (octets != ecm->frame_octets) return;
    unsigned number = frame[3];
    if (bit(ecm->wanted, number)) return; /* it is there: what comes late must not replace it */
    memcpy(ecm->data + (size_t)number * ecm->frame_octets, frame + 4, ecm->frame_octets);
    set_bit(ecm->wanted, number);
    ecm->fresh++;
    ecm->frames_here++;
}

void fl_ecm_receive(struct fl_ecm *ecm, const uint8_t *octets, size_t count)
{
    while (count > 0) {
        size_t length;
        size_t taken = fl_hdlc_take(&ecm->receiver, octets, count, &length);
        if (length > 0) take_frame(ecm, ecm->receiver.frame, length);
        octets += taken;
        count -= taken;
    }
}

unsigned fl_ecm_missing(struct fl_ecm *ecm, unsigned frames)
{
    unsigned missing = 0;
    /* In retransmissions some far ends give the number of the burst, some that of the block. */
    if (frames > ecm->frames) ecm->frames = (uint16_t)frames;
    /* Some say fewer than they sent: a frame that follows the last of those is of the block, too. */
    while (ecm->frames < FL_ECM_FRAMES && bit(ecm->wanted, ecm->frames)) ecm->frames++;
    for (unsigned i = 0; i < ecm->frames; i++) missing += !bit(ecm->wanted, i);
    return missing;
}

/* FNV-1a. */
uint64_t fl_ecm_digest(const struct fl_ecm *ecm)
{
    uint64_t digest = 0xCBF29CE484222325u ^ ecm->frames;
    for (size_t i = 0; i < (size_t)ecm->frames * ecm->frame_octets; i++)
        digest = (digest ^ ecm->data[i]) * 0x100000001B3u;
    return digest;
}

void fl_ecm_make_ppr(const struct fl_ecm *ecm, uint8_t fif[FL_ECM_FRAMES / 8])
{
    for (unsigned i = 0; i < FL_ECM_FRAMES / 8; i++) fif[i] = (uint8_t)~ecm->wanted[i];
}
