/* faxline.h for C code: with the headers it may not include itself, and a guard. */
#ifndef FL_BOUNDARY_H
#define FL_BOUNDARY_H

#include <stddef.h>
#include <stdint.h>

#include "faxline.h"

#endif
