/* What stands at an end of a soft line: a modem (softmodem.h) or a whole fax terminal (terminal.h), as the exchange
 * (soft.c) sees it. Samples are exchanged only while the line stands.
 */
#ifndef FL_SOFT_END_H
#define FL_SOFT_END_H

#include "base/base.h"

struct fl_soft_end;

struct fl_soft_end_ops {
    /* It rings once, and again every few seconds. */
    void (*ring)(struct fl_soft_end *end);
    /* The line stands: the call was answered, by this end or (calling) by the other. */
    void (*connected)(struct fl_soft_end *end, bool calling);
    /* The other end has hung up, or the call cannot be made. */
    void (*released)(struct fl_soft_end *end);
    void (*send)(struct fl_soft_end *end, int16_t *samples, int count);
    void (*hear)(struct fl_soft_end *end, int16_t *samples, int count);
};

enum fl_soft_hook {
    FL_SOFT_ON_HOOK,
    FL_SOFT_DIALLING, /* a number was dialled */
    FL_SOFT_OFF_HOOK, /* it has answered, or the line stands */
};

struct fl_soft_end {
    const struct fl_soft_end_ops *ops;
    uint8_t hook; /* enum fl_soft_hook; the end's own affair */
};

#endif
