/* What call control and T.30 may ask of a modem, and what it answers. One order at a time: an order is given, it
 * yields indications, and one of them ends it. Class 1 (modem/class1.h) implements it.
 */
#ifndef FL_MODEM_H
#define FL_MODEM_H

#include "base/base.h"
#include "modem/modulation.h"

/* The longest control frame we send or accept, address octet through FIF: 3 s at 300 bit/s (T.30 5.3.6.1). */
#define FL_FRAME_MAX 130

enum fl_order_kind {
    FL_ORDER_INIT,   /* bring the modem into a known state on hook, find out what it can do */
    FL_ORDER_DIAL,   /* number; ends CONNECTED, BUSY, NO_ANSWER, NO_DIALTONE, NOT_FAX */
    FL_ORDER_ANSWER, /* as the called station: CED, then the modem stands ready to send V.21; ends CONNECTED */
    FL_ORDER_HANG_UP,    /* ends DONE, on hook, whatever went on before */
    FL_ORDER_SEND_FRAME, /* V.21, preamble before the first frame of a burst; ends DONE */
    FL_ORDER_RECV_FRAME, /* CARRIER, then FRAME ends it; or NO_CARRIER ends it */
    FL_ORDER_SEND_DATA,  /* modulation, source; ends DONE when the modem says that all of it is on the line */
    FL_ORDER_RECV_DATA,  /* modulation; CARRIER, DATA..., NO_CARRIER ends it; or WRONG_CARRIER ends it */
    FL_ORDER_SEND_SILENCE, /* duration_ms of our silence; ends DONE */
    FL_ORDER_WAIT_SILENCE, /* until the far end has been silent for duration_ms; ends DONE */
    FL_ORDER_ABORT, /* end the order under way as soon as the line allows; ends DONE, and the other with it */
};

struct fl_order {
    uint8_t kind; /* enum fl_order_kind */
    bool final;   /* SEND_FRAME: the last of the burst (control field 0x13); the carrier goes off after it */
    uint8_t modulation; /* SEND_DATA, RECV_DATA: T.31 code */
    uint16_t duration_ms;
    uint16_t length; /* of frame or number */
    uint8_t
        frame[FL_FRAME_MAX]; /* SEND_FRAME: from the address octet (0xFF) on, without FCS; DIAL: the number */
    struct fl_source source; /* SEND_DATA: octets as they go on the line, no DLE shielding */
};

enum fl_indication_kind {
    FL_IND_DONE,    /* the order is complete */
    FL_IND_FAILED,  /* the modem refused the order (ERROR); nothing was sent */
    FL_IND_CARRIER, /* RECV_*: the wanted carrier is there (CONNECT); SEND_*: our carrier is on (CONNECT) */
    FL_IND_FRAME, /* data, length: from the address octet on, without FCS; good says whether the FCS was right */
    FL_IND_DATA,          /* data, length: octets as they came from the line */
    FL_IND_NO_CARRIER,    /* RECV_*: nothing, or nothing more, comes */
    FL_IND_WRONG_CARRIER, /* RECV_DATA: another carrier than the wanted (+FCERROR) */
    FL_IND_V21,           /* RECV_DATA under +FAR=1: V.21 instead; the order goes on as a RECV_FRAME */
    FL_IND_CONNECTED, /* DIAL, ANSWER: a fax machine is there. After DIAL a frame is already being received:
                             the next RECV_FRAME takes it over */
    FL_IND_BUSY,
    FL_IND_NO_ANSWER,
    FL_IND_NO_DIALTONE,
    FL_IND_NOT_FAX,   /* DIAL: somebody answered, but no fax signal came (NO CARRIER); the modem is on hook */
    FL_IND_RING,      /* an incoming call rings (may come at any time on hook) */
    FL_IND_LINE_DOWN, /* the call is gone: the modem is on hook though nobody told it to; ends any order */
    FL_IND_FAULT, /* the modem is gone or stuck beyond recovery; ends any order, none will work any more */
};

struct fl_indication {
    uint8_t kind; /* enum fl_indication_kind */
    bool good;
    uint16_t length;
    const uint8_t *data; /* valid until the next call on the modem */
};

#endif
