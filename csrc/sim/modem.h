/* A simulated Class 1 modem: the DCE side of the octets that modem/class1.h speaks, in virtual time. */
#ifndef FL_SIM_MODEM_H
#define FL_SIM_MODEM_H

#include "sim/line.h"

/* (completed by the author of modem.c) */
struct fl_simmodem;

/* Octets from the DTE; returns how many there was room for (flow control). */
size_t fl_simmodem_write(struct fl_simmodem *modem, const uint8_t *octets, size_t length, fl_time now);
size_t fl_simmodem_room(const struct fl_simmodem *modem);
/* Octets to the DTE. */
size_t fl_simmodem_read(struct fl_simmodem *modem, uint8_t *octets, size_t cap, fl_time now);
void fl_simmodem_tick(struct fl_simmodem *modem, fl_time now);
fl_time fl_simmodem_deadline(const struct fl_simmodem *modem);

#endif
