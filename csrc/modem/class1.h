/* The Class 1 driver (T.31): orders become AT dialogue, octets become indications. Sans-I/O: it takes octets and the
 * time and gives octets, indications and the next deadline. Every oddity of a modem family is a row of the profile
 * table (modem/profiles.c), never an if on a name.
 */
#ifndef FL_CLASS1_H
#define FL_CLASS1_H

#include "base/trace.h"
#include "modem/modem.h"

/* (completed by class1.c's author) */
struct fl_class1;
struct fl_class1_profile;

/* name: a row of the table, or NULL for the generic one. */
const struct fl_class1_profile *fl_class1_profile(const char *name);
void fl_class1_init(struct fl_class1 *driver, const struct fl_class1_profile *profile, struct fl_pen pen);
/* Gives an order. Only FL_ORDER_ABORT and FL_ORDER_HANG_UP may be given while another is under way. */
void fl_class1_order(struct fl_class1 *driver, const struct fl_order *order, fl_time now);
bool fl_class1_busy(const struct fl_class1 *driver);
/* Octets that the modem sent. Takes as many as it can before an indication must be collected: returns how many. */
size_t fl_class1_input(struct fl_class1 *driver, const uint8_t *octets, size_t length, fl_time now);
/* Octets for the modem; 0 = nothing for now. cap is what the pipe has room for: never more is taken. */
size_t fl_class1_output(struct fl_class1 *driver, uint8_t *octets, size_t cap, fl_time now);
void fl_class1_tick(struct fl_class1 *driver, fl_time now);
fl_time fl_class1_deadline(const struct fl_class1 *driver);
/* The next indication; false when there is none. */
bool fl_class1_indication(struct fl_class1 *driver, struct fl_indication *indication);

#endif
