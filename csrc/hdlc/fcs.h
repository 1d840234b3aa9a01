/* The frame check sequence of HDLC frames: CRC-16/X.25, least significant bit first. */
#ifndef FL_FCS_H
#define FL_FCS_H

#include "base/base.h"

#define FL_FCS_INIT 0xFFFF
/* What is left after a whole frame including its FCS went through fl_fcs_update. */
#define FL_FCS_GOOD 0xF0B8

/* The FCS that goes on the line is the complement of the result, low octet first. */
uint16_t fl_fcs_update(uint16_t fcs, const uint8_t *octets, size_t length);

#endif
