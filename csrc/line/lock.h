/* Who uses a serial port: lock files as UUCP made them, which terminal programs and fax servers still heed, and the open
 * descriptors of all processes.
 */
#ifndef FL_LOCK_H
#define FL_LOCK_H

#include "base/boundary.h"

#include <stdbool.h>

struct fl_lock {
    char path[128]; /* '': none is held */
};

/* False when a living process holds the lock. True without a lock where nobody may make one. */
bool fl_lock_take(struct fl_lock *lock, const char *device);
void fl_lock_drop(struct fl_lock *lock);
/* The process that holds the lock or has the device open, and its name; 0: none that we may know of. device: its real path.
 * others: this process does not count. */
int32_t fl_lock_user(const char *device, bool others, char *name, size_t name_size);

#endif
