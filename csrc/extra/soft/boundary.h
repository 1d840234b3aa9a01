/* The boundary header with what it needs, for C files. */
#ifndef FL_SOFT_BOUNDARY_H
#define FL_SOFT_BOUNDARY_H

#include <stddef.h>
#include <stdint.h>

#include "soft.h"

#endif
