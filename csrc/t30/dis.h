/* DIS, DTC and DCS: what a station can do, what a sender chose. One table of bits (dis.c) reads, writes and names them.
 *
 * A DCS is validated as a whole: either it is a combination that we offered, or it is refused. Nothing of it is guessed.
 */
#ifndef FL_T30_DIS_H
#define FL_T30_DIS_H

#include "base/base.h"
#include "modem/modulation.h"
#include "t4/t4.h"

#define FL_DIS_MAX 16 /* octets of FIF that we look at (bits 1..127) */

/* Resolutions, rows of FL_RESOLUTIONS. */
enum fl_resolution {
    FL_R8_385,  /* 204 x 98, every machine */
    FL_R8_77,   /* 204 x 196, fine */
    FL_R8_154,  /* 204 x 391, superfine */
    FL_R16_154, /* 408 x 391 */
    FL_200_100,
    FL_200_200,
    FL_200_400,
    FL_300_300,
    FL_400_400,
    FL_RESOLUTION_COUNT
};

struct fl_resolution_row {
    uint16_t x_dpi, y_dpi;
    bool inch;
    uint8_t bit;          /* of DIS and DCS, 0 = none needed */
    uint8_t metric;       /* the row that a machine without inch resolutions takes it for */
    uint16_t width_px[3]; /* A4, B4, A3 (T.4 table 2, T.30 notes to bits 17, 18) */
    uint8_t scan_class;   /* which minimum scan-line time: 0 at 3.85, 1 at 7.7, 2 at 15.4 l/mm */
};
extern const struct fl_resolution_row FL_RESOLUTIONS[FL_RESOLUTION_COUNT];

enum fl_width { FL_A4, FL_B4, FL_A3 };

/* The row with these dots per inch, or -1. */
int fl_resolution_find(int x_dpi, int y_dpi);
/* The width class of a row's width in pixels, or -1. */
int fl_width_find(int resolution, int width_px);

/* Modulations that a station may receive: bits of a set. */
#define FL_CAN_V27_2400 0x01
#define FL_CAN_V27_4800 0x02
#define FL_CAN_V29      0x04
#define FL_CAN_V17      0x08

/* What a station can do: our own abilities (a DIS to be) or the far end's (a DIS received). */
struct fl_abilities {
    uint8_t modulations; /* FL_CAN_ */
    bool can_receive;    /* bit 10 */
    bool can_send;       /* bit 9: a document can be polled */
    bool mr, mmr, ecm, ecm_64;
    bool inch;            /* bit 44 */
    bool half_scan_154;   /* bit 46 */
    uint16_t resolutions; /* bits by enum fl_resolution (without regard to inch) */
    uint8_t width;        /* the widest: enum fl_width */
    uint8_t length;       /* 0 A4, 1 A4 + B4, 2 unlimited */
    uint8_t min_scan;     /* code of bits 21..23 as a number 0..7: bit 21 is 4, bit 22 is 2, bit 23 is 1 */
    bool sub, password;   /* bits 49, 50 */
    bool sep, psa;        /* bits 47, 35: polling */
    bool t38_only;        /* bits 3 and 123 (Internet), and no modulation for audio */
};

#define FL_ALL_RESOLUTIONS ((1u << FL_RESOLUTION_COUNT) - 1)
/* Of an initialiser: every size and resolution of a page, and no minimum time for a line. */
#define FL_EVERY_PAGE                                                                                        \
    .inch = true, .resolutions = FL_ALL_RESOLUTIONS, .width = FL_A3, .length = 2, .min_scan = 7

/* What was agreed: a DCS sent or received. */
struct fl_session {
    uint8_t kind; /* enum fl_modulation_kind */
    uint16_t rate_bps;
    uint8_t coding;     /* enum fl_coding */
    uint8_t resolution; /* enum fl_resolution */
    uint8_t width;      /* enum fl_width */
    uint8_t length;
    uint8_t min_scan_ms; /* per line at this resolution */
    bool ecm, ecm_64;
    bool sub, password;
    bool inch; /* the bit 44 that goes with the resolution */
};

/* FIF of a DIS; returns its length. */
size_t fl_dis_write(const struct fl_abilities *abilities, uint8_t fif[FL_DIS_MAX]);
/* Reads a DIS or DTC of any length (absent octets read as zero); false when it is too short to be one. */
bool fl_dis_read(const uint8_t *fif, size_t length, struct fl_abilities *abilities);

size_t fl_dcs_write(const struct fl_session *session, uint8_t fif[FL_DIS_MAX]);
/* CTC (A.4.1): the first two octets of a DCS, of which the second says something, bits 11 to 14: the rate. */
#define FL_CTC_OCTETS 2
#define FL_CTC_RATE   0x3C
/* Reads a DCS and holds it against what we offered; a sentence on the first thing wrong, or NULL when it is good. */
const char *fl_dcs_read(const uint8_t *fif, size_t length, const struct fl_abilities *offered,
                        struct fl_session *session);

/* Minimum scan-line time in ms that abilities ask for at a resolution (bits 21..23, 46). */
int fl_min_scan_ms(const struct fl_abilities *abilities, enum fl_resolution resolution);

void fl_dis_text(const uint8_t *fif, size_t length, char *out, size_t out_size);
void fl_dcs_text(const uint8_t *fif, size_t length, char *out, size_t out_size);

#endif
