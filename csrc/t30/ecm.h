/* Error correction mode, T.30 Annex A: a page as blocks (partial pages) of up to 256 frames of 256 or 64 octets. This
 * file holds a block, sends the frames of it that are wanted, and collects the frames of one that is received. Which
 * command or answer is due, and when to give up, is caller.c's and called.c's.
 */
#ifndef FL_T30_ECM_H
#define FL_T30_ECM_H

#include "hdlc/hdlc.h"

#define FL_ECM_FRAMES 256
#define FL_ECM_OCTETS 256

struct fl_ecm {
    uint16_t frame_octets; /* 256, or 64 */
    uint8_t page;          /* of the call, modulo 256 */
    uint8_t block;         /* of the page, modulo 256 */
    uint16_t frames; /* caller: of this block. Called: as many as the far end spoke of, or sent in a row */
    bool last;       /* caller: no block of this page follows */
    uint8_t wanted[FL_ECM_FRAMES / 8]; /* caller: to be sent. Called: received */
    uint8_t data[FL_ECM_FRAMES * FL_ECM_OCTETS];

    /* caller */
    struct fl_source page_source;
    uint8_t ahead; /* the first octet of the next block, read to know whether there is one */
    bool has_ahead;
    struct fl_hdlc_sender sender;
    uint16_t next;     /* frame to look at next; behind the last come the RCPs */
    uint32_t preamble; /* octets of flags before the first frame */
    uint8_t out[FL_HDLC_FRAME_ROOM + 256];
    uint16_t out_at, out_length;
    uint16_t sent; /* frames in this burst */

    /* called */
    struct fl_hdlc_receiver receiver;
    uint16_t heard;       /* good frames, RCP included, in this burst */
    uint16_t fresh;       /* frames that were not there before */
    uint16_t frames_here; /* of the block */
    uint8_t rcps;
};

/* ---- the caller ---- */

/* Begins a page; its octets come from the source. */
void fl_ecm_page(struct fl_ecm *ecm, struct fl_source source, unsigned page, bool frames_of_64);
/* Fills the next block. */
void fl_ecm_fill(struct fl_ecm *ecm);
/* The wanted frames of the block, between flags and with RCP behind them, as octets for the line. */
struct fl_source fl_ecm_burst(struct fl_ecm *ecm, unsigned rate_bps);
/* Takes the bits of a PPR; returns how many frames of the block it names. Where there are none, all are wanted. */
unsigned fl_ecm_take_ppr(struct fl_ecm *ecm, const uint8_t *fif, size_t length);

/* ---- the called station ---- */

void fl_ecm_expect(struct fl_ecm *ecm, bool frames_of_64); /* a new block: forget the one before */
void fl_ecm_listen(struct fl_ecm *ecm);                    /* a new burst of the same block */
void fl_ecm_receive(struct fl_ecm *ecm, const uint8_t *octets, size_t count);
/* PPS told the number of frames; returns how many are missing. */
unsigned fl_ecm_missing(struct fl_ecm *ecm, unsigned frames);
/* A digest of the block's frames, to know one that is sent again. */
uint64_t fl_ecm_digest(const struct fl_ecm *ecm);
/* The FIF of the PPR that asks for them: 256 bits, 1 where a frame is not there. */
void fl_ecm_make_ppr(const struct fl_ecm *ecm, uint8_t fif[FL_ECM_FRAMES / 8]);

#endif
