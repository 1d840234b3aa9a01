/* Rows of grey pixels, many at once: plain loops over whole blocks of lanes, which compilers turn into vectors. So rows
 * have room for whole blocks (fl_padded()); what stands behind their width is of no consequence. Private to this room.
 */
#ifndef FL_RASTER_ROWS_H
#define FL_RASTER_ROWS_H

#include <string.h>

#include "base/base.h"

#define FL_LANES 32

static inline size_t fl_padded(size_t count)
{
    return (count + FL_LANES - 1) / FL_LANES * FL_LANES;
}

/* The darker of each two. */
void fl_darker(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count);

void fl_lighter(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count);

void fl_darken(uint8_t *restrict to, const uint8_t *restrict with, size_t count);

void fl_lighten(uint8_t *restrict to, const uint8_t *restrict with, size_t count);

/* 1 for what is darker than its level, else 0. */
void fl_below(uint8_t *restrict ink, const uint8_t *restrict grey, const uint8_t *restrict levels,
              size_t count);

/* 1 for what is at most so light, where the other is at least so light; else 0. */
void fl_between(uint8_t *restrict to, const uint8_t *restrict grey, uint8_t most,
                const uint8_t *restrict other, uint8_t least, size_t count);

/* The paper less so much where there was a mark, but never below the least. */
void fl_raise(uint8_t *restrict marks, const uint8_t *restrict paper, uint8_t less, uint8_t least,
              size_t count);

/* How many of them are 1; of no more than 255 blocks. */
uint32_t fl_count(const uint8_t *ones, size_t count);

/* The darkest of each four: count of them, of two rows that are twice as long. */
void fl_darkest_of_four(uint8_t *restrict to, const uint8_t *restrict upper, const uint8_t *restrict lower,
                        size_t count);

void fl_mean_of_four(uint8_t *restrict to, const uint8_t *restrict upper, const uint8_t *restrict lower,
                     size_t count);

/* Every one twice: count of them become twice as many. */
void fl_double(uint8_t *restrict to, const uint8_t *restrict from, size_t count);

void fl_sums_begin(uint16_t *restrict sums, const uint8_t *restrict row, size_t count);

void fl_sums_add(uint16_t *restrict sums, const uint8_t *restrict row, size_t count);

/* Eight octets of 0 and 1 as the bits of one, the first the most significant. */
static inline uint8_t fl_eight(const uint8_t *ink)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    const uint64_t places = 0x0102040810204080u;
#else
    const uint64_t places = 0x8040201008040201u;
#endif
    uint64_t word;
    memcpy(&word, ink, 8);
    return (uint8_t)(word * places >> 56);
}

#endif
