/* Words of bits from and to octets, the same on every machine. Private to the codec. */
#ifndef FL_T4_BITS_H
#define FL_T4_BITS_H

#include <stdint.h>
#include <string.h>

/* Where a call would push the work registers to memory. */
#define FL_FORCE_INLINE inline __attribute__((always_inline))

#define FL_LIKELY(x)   __builtin_expect(!!(x), 1)
#define FL_UNLIKELY(x) __builtin_expect(!!(x), 0)

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FL_LE64(x) __builtin_bswap64(x)
#define FL_BE64(x) (x)
#else
#define FL_LE64(x) (x)
#define FL_BE64(x) __builtin_bswap64(x)
#endif

static inline uint64_t fl_load_le64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return FL_LE64(x);
}

static inline uint64_t fl_load_be64(const uint8_t *p)
{
    uint64_t x;
    memcpy(&x, p, 8);
    return FL_BE64(x);
}

static inline void fl_store_le64(uint8_t *p, uint64_t x)
{
    x = FL_LE64(x);
    memcpy(p, &x, 8);
}

/* Turns the bits around within each octet. */
static inline uint64_t fl_mirror_octets(uint64_t x)
{
    x = (x >> 4 & 0x0F0F0F0F0F0F0F0Fu) | (x & 0x0F0F0F0F0F0F0F0Fu) << 4;
    x = (x >> 2 & 0x3333333333333333u) | (x & 0x3333333333333333u) << 2;
    return (x >> 1 & 0x5555555555555555u) | (x & 0x5555555555555555u) << 1;
}

#endif
