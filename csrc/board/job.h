/* A fax job on a station: from the application's options and document to a T.30 session, and from the session's events
 * to the application's.
 */
#ifndef FL_BOARD_JOB_H
#define FL_BOARD_JOB_H

#include "board/board.h"
#include "board/station.h"
#include "page/document.h"
#include "page/store.h"

struct fl_job {
    struct fl_sending sending;
    char id[FL_ID_SIZE + 1];
    bool told; /* of the page that is being stored */
};

/* Sends the document, receives into the store; the one that the ways leave out may be NULL. */
void fl_job_start(struct fl_job *job, struct fl_station *station, enum fl_fax_ways ways,
                  const struct fl_fax_options *options, struct fl_document *document, struct fl_store *store,
                  fl_time now);
/* The station's next event that is one for the application, too: kind and what belongs to it; false when none waits. */
bool fl_job_event(struct fl_job *job, struct fl_station *station, struct fl_event *event);
bool fl_job_has_event(const struct fl_job *job, const struct fl_station *station);
/* A page was given to the application, which has not said yet that it is stored. */
bool fl_job_storing(const struct fl_station *station);
/* What a Class 1 modem can send or receive, as a set of FL_CAN_. */
uint8_t fl_job_modulations(const struct fl_class1 *driver, bool receive);

#endif
