/* A fax job on a station: from the application's options and document to a T.30 session, and from the session's events
 * to the application's.
 */
#ifndef FL_BOARD_JOB_H
#define FL_BOARD_JOB_H

#include "board/station.h"
#include "page/document.h"
#include "page/store.h"

struct fl_job {
    struct fl_sending sending;
    char id[FL_ID_SIZE + 1];
};

/* Receives into the store. */
void fl_job_receive(struct fl_job *job, struct fl_station *station, const struct fl_fax_options *options,
                    struct fl_store *store, fl_time now);

void fl_job_start(struct fl_job *job, struct fl_station *station, const struct fl_fax_options *options,
                  struct fl_document *document, fl_time now);
/* What a station's event is for the application; false when it is nothing to it. */
bool fl_job_event(const struct fl_job *job, const struct fl_station *station,
                  const struct fl_station_event *from, struct fl_event *to);
/* What a Class 1 modem can send or receive, as a set of FL_CAN_. */
uint8_t fl_job_modulations(const struct fl_class1 *driver, bool receive);

#endif
