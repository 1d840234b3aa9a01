/* T.30's control frames as octets at the Class 1 interface: facsimile control fields, identifications, names. */
#ifndef FL_T30_FRAMES_H
#define FL_T30_FRAMES_H

#include "base/base.h"
#include "base/boundary.h"
#include "modem/modem.h"

/* Facsimile control fields. Bit X (0x01) is clear here; a station that has received a valid DIS sets it. */
enum fl_fcf {
    FL_DIS = 0x80,
    FL_CSI = 0x40,
    FL_NSF = 0x20,
    FL_DTC = 0x81,
    FL_CIG = 0x41,
    FL_NSC = 0x21,
    FL_PWD = 0xC1,
    FL_SEP = 0xA1,
    FL_PSA = 0x61,
    FL_DCS = 0x82,
    FL_TSI = 0x42,
    FL_NSS = 0x22,
    FL_SUB = 0xC2,
    FL_SID = 0xA2,
    FL_CTC = 0x12,
    FL_CFR = 0x84,
    FL_FTT = 0x44,
    FL_CTR = 0xC4,
    FL_EOM = 0x8E,
    FL_MPS = 0x4E,
    FL_EOP = 0x2E,
    FL_PRI_EOM = 0x9E,
    FL_PRI_MPS = 0x5E,
    FL_PRI_EOP = 0x3E,
    FL_EOS = 0x1E,
    FL_PPS = 0xBE,
    FL_EOR = 0xCE,
    FL_RR = 0x6E,
    FL_MCF = 0x8C,
    FL_RTP = 0xCC,
    FL_RTN = 0x4C,
    FL_PIP = 0xAC,
    FL_PIN = 0x2C,
    FL_PPR = 0xBC,
    FL_RNR = 0xEC,
    FL_ERR = 0x1C,
    FL_FDM = 0xFC,
    FL_DCN = 0xFA,
    FL_CRP = 0x1A,
    FL_FNV = 0xCA,
    FL_TNR = 0xEA,
    FL_TR = 0x6A,
};

#define FL_ADDRESS       0xFF
#define FL_CONTROL_MORE  0x03
#define FL_CONTROL_FINAL 0x13
#define FL_ID_SIZE       20

struct fl_frame {
    uint16_t length;
    uint8_t octets[FL_FRAME_MAX]; /* from the address octet on */
};

/* The field without bit X, for the groups that have one: two frames of one meaning compare equal. */
uint8_t fl_fcf_of(const uint8_t *frame, size_t length);
bool fl_frame_final(const uint8_t *frame, size_t length);

void fl_frame_make(struct fl_frame *frame, bool final, uint8_t fcf, const uint8_t *fif, size_t fif_length);
/* Identifications: 20 octets, last character first, padded with blanks. */
void fl_frame_make_id(struct fl_frame *frame, uint8_t fcf, const char *text);
/* Reads one, at most 20 printable characters, blanks trimmed; out holds FL_ID_SIZE + 1. */
void fl_frame_read_id(const uint8_t *frame, size_t length, char *out);

#endif
