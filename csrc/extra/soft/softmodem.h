/* A Class 1 modem made of audio by spandsp's T.31: AT commands and octets on one side, samples on the other. The modem
 * that we did not write.
 */
#ifndef FL_SOFTMODEM_H
#define FL_SOFTMODEM_H

#include "end.h"

#include <spandsp.h>

#define FL_SOFTMODEM_OUT 16384 /* octets for the computer: 9 s of fast data */

struct fl_softmodem {
    struct fl_soft_end end;
    t31_state_t *t31;
    char dialled[40];
    bool clear_to_send;
    uint64_t said; /* octets for the computer */
    uint64_t lost; /* of them, that it did not read in time */
    uint32_t out_head, out_count;
    uint8_t out[FL_SOFTMODEM_OUT];
};

/* False when there is no memory. */
bool fl_softmodem_init(struct fl_softmodem *modem);
void fl_softmodem_close(struct fl_softmodem *modem);
/* DTR falls, and rises again: it hangs up, and forgets what was not read. Its settings stay. */
void fl_softmodem_drop(struct fl_softmodem *modem);
size_t fl_softmodem_read(struct fl_softmodem *modem, uint8_t *octets, size_t cap);
size_t fl_softmodem_room(const struct fl_softmodem *modem);
size_t fl_softmodem_write(struct fl_softmodem *modem, const uint8_t *octets, size_t length);
/* The call could not be made. */
void fl_softmodem_busy(struct fl_softmodem *modem);

#endif
