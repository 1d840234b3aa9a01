/* A Class 1 modem as a fax station: call control and the T.30 engine on one modem driver. Sans-I/O: octets of the modem
 * and the time go in; octets for the modem, events and the next deadline come out. Our own end and a simulated far
 * machine are both stations.
 */
#ifndef FL_STATION_H
#define FL_STATION_H

#include "base/boundary.h"
#include "modem/class1.h"
#include "t30/t30.h"

enum fl_station_state {
    FL_STATION_INIT, /* the modem is being brought up */
    FL_STATION_ON_HOOK,
    FL_STATION_DIALLING,
    FL_STATION_ANSWERING,
    FL_STATION_CONNECTED,
    FL_STATION_VOICE, /* answered, and not a fax: the modem has gone on hook by itself */
    FL_STATION_HANGING_UP,
    FL_STATION_DEAD, /* the modem is gone */
};

enum fl_station_event_kind {
    FL_STATION_CALL,    /* state (enum fl_call_state), cause (enum fl_call_cause) */
    FL_STATION_STARTED, /* the T.30 engine has the line */
    FL_STATION_T30,     /* t30 */
};

struct fl_station_event {
    uint8_t kind;
    int state, cause;
    struct fl_t30_event t30;
};

#define FL_STATION_EVENTS 16

struct fl_station {
    struct fl_class1 driver;
    struct fl_t30 engine;
    struct fl_pen pen;
    const struct fl_class1_profile *profile; /* asked for; NULL: the driver finds out */
    uint8_t state;                           /* enum fl_station_state */
    bool fax;                                /* a session runs */
    bool dialled;          /* the present or last call is ours: who sends then is T.30's caller */
    bool waiting;          /* stands ready for a call, and nothing rings */
    bool ignored;          /* the present ringing was rejected */
    fl_time ringing_until; /* a ring is due before; 0 = nothing rings */
    bool hang_up;          /* as soon as it has ended */
    int cause;             /* of the call's end */
    struct fl_order dial;  /* waits for the modem to come up: length 0 when none does */
    struct fl_station_event events[FL_STATION_EVENTS];
    uint8_t event_head, event_count;
};

void fl_station_init(struct fl_station *station, const struct fl_class1_profile *profile, struct fl_pen pen,
                     fl_time now);

/* Orders. Each is heeded at once or refused with an event; none is ever left without an answer. */
void fl_station_dial(struct fl_station *station, const char *number, fl_time now);
void fl_station_answer(struct fl_station *station, fl_time now);
void fl_station_reject(struct fl_station *station, fl_time now);
void fl_station_hang_up(struct fl_station *station, fl_time now);
void fl_station_fax(struct fl_station *station, const struct fl_t30_config *config, fl_time now);
/* The page that the session gave to the store is there (t30/t30.h). */
void fl_station_stored(struct fl_station *station, bool good, fl_time now);
void fl_station_more(struct fl_station *station, int pages, fl_time now);
/* Stands ready for an incoming call, or no longer. */
void fl_station_await(struct fl_station *station, bool on, fl_time now);
void fl_station_stop(struct fl_station *station, int raw, fl_time now);
void fl_station_unplugged(struct fl_station *station, fl_time now);
/* The modem that was gone is there again (or may be): brings it up. Otherwise nothing. */
void fl_station_restart(struct fl_station *station, fl_time now);

void fl_station_input(struct fl_station *station, const uint8_t *octets, size_t length, fl_time now);
size_t fl_station_output(struct fl_station *station, uint8_t *octets, size_t cap, fl_time now);
/* The modem is to be reset now: true once (fl_class1_take_reset). */
bool fl_station_take_reset(struct fl_station *station);
/* Whether fl_station_output would give something. */
bool fl_station_has_output(const struct fl_station *station, fl_time now);
void fl_station_tick(struct fl_station *station, fl_time now);
fl_time fl_station_deadline(const struct fl_station *station);
bool fl_station_event(struct fl_station *station, struct fl_station_event *event);
/* Nothing is going on that time would bring forward: the modem is idle, no fax runs. */
bool fl_station_resting(const struct fl_station *station);

#endif
