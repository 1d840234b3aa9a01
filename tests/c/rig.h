/* The bench on which whole calls are tried: two stations, each on a simulated modem, and the line between them, in
 * virtual time and in one thread. A call is a plan (what either end is and does, the line, the faults); running it
 * leaves a record of what happened: ends, pages, line time, silences, a hash of every octet and its moment.
 *
 * It judges nothing: regime_check.c has the invariants.
 */
#ifndef RIG_H
#define RIG_H

#include "board/station.h"
#include "page/document.h"
#include "sim/modem.h"

#define RIG_PAGES  4
#define RIG_FAULTS 4
#define RIG_ORDERS 2
#define RIG_KEPT   16

enum rig_order_kind { RIG_STOP, RIG_HANG_UP };

/* The application of one end does something, so long after the call was dialled. */
struct rig_order {
    uint8_t kind; /* enum rig_order_kind */
    uint8_t end;
    fl_time at;
};

struct rig_plan {
    struct fl_t30_config config[2]; /* 0 calls, 1 is called; the rig adds boxes and pens */
    uint8_t sender;                 /* the end that has the document: 0, or 1 when it is polled */
    const struct fl_document *document;
    bool both[2]; /* this end also does what the other one does: documents may go both ways */
    const struct fl_document *answer; /* what goes the other way then: of the end that is not the sender */
    struct fl_simmodem_row row[2];
    const struct fl_class1_profile *profile[2];
    fl_time delay;      /* of the line, one way */
    fl_time store_time; /* the receiver's store takes so long; 0: it keeps a page at once */
    fl_time fax_after[2], hang_up_after[2];
    struct fl_fault faults[RIG_FAULTS];
    int fault_count;
    struct rig_order orders[RIG_ORDERS];
    int order_count;
    uint64_t seed; /* of the faults' noise */
    fl_time limit; /* of the call */
};

/* A page in the receiver's tray. */
struct rig_kept {
    int of;     /* the page that its sender was at, from 0 */
    uint8_t by; /* the end that kept it */
    struct fl_session session;
    uint32_t rows, bad_rows;
    uint64_t good_bits; /* of the lines that are not bad */
    bool ended;         /* with RTC or EOFB */
    size_t at, length;  /* in the tray */
};

struct rig_end {
    struct fl_station station;
    struct fl_simmodem modem;
    int started, ended; /* fax sessions */
    int raw, pages;     /* of the last one */
    int sent, received;
    int negotiated;
    fl_time fax_at, hang_up_at;
    bool given_up; /* the application has had enough of it */
};

/* Where one end puts what it receives. */
struct rig_box {
    struct rig *rig;
    int end;
};

enum rig_route { RIG_FREE, RIG_RINGING, RIG_JOINED, RIG_OVER };

struct rig {
    struct rig_end end[2];
    struct fl_line line;
    struct fl_watch watch;
    struct fl_faults faults;
    struct fl_trace *trace;                               /* NULL: none is kept */
    void (*reader)(const struct fl_trace_record *record); /* who reads it; NULL: it is printed */
    struct fl_sending sending[2];
    struct rig_box box[2];
    const struct rig_plan *plan;
    fl_time now, dialled, joined, over, stored_at;
    uint8_t route; /* enum rig_route */
    int orders_done;
    uint64_t hash;
    uint64_t rounds;      /* of work: the cost of the call */
    bool stuck;           /* the simulation did not come to rest */
    bool late;            /* the limit was reached */
    fl_time silent_since; /* FL_NEVER: somebody sends */
    fl_time silence;      /* the longest one while the line stood */
    fl_time silence_at;
    struct rig_kept kept[RIG_KEPT];
    int kept_count;
    size_t tray_used;
    struct rig_kept work; /* the page being received */
    int storing;          /* the end whose store is at it */
    struct fl_t4_decoder decoder;
};

/* What this end may send in the call, or NULL. */
const struct fl_document *rig_document(const struct rig_plan *plan, int end);
/* An end that can do everything, on a good modem that is known as such. */
void rig_plan_end(struct rig_plan *plan, int end);
/* Runs the call to its end. trace may be NULL; what it holds is drained through drain while the call runs. */
void rig_run(struct rig *rig, const struct rig_plan *plan, struct fl_trace *trace);
/* The octets of a kept page, as they came. */
const uint8_t *rig_octets(const struct rig_kept *kept);

/* Documents for the calls: one-page ones of every kind, made once. */
#define RIG_POOL 48
const struct fl_document_page *rig_pool(void);

#endif
