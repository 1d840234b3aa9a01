/* What every room of the engine uses: the time type, small helpers, a seeded random generator. */
#ifndef FL_BASE_H
#define FL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds on the line's clock (virtual or monotonic). Signed: differences are common. */
typedef int64_t fl_time;

#define FL_NEVER  INT64_MAX
#define FL_US(us) ((fl_time)(us))
#define FL_MS(ms) ((fl_time)(ms) * 1000)
#define FL_SEC(s) ((fl_time)(s) * 1000000)

#define FL_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline fl_time fl_earlier(fl_time a, fl_time b)
{
    return a < b ? a : b;
}

static inline uint32_t fl_min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Where bytes come from when somebody else wants them: returns how many were put into buf, 0 at the end. */
struct fl_source {
    size_t (*read)(void *ctx, uint8_t *buf, size_t cap);
    void *ctx;
};

/* splitmix64: small, seedable, the same on every machine. */
static inline uint64_t fl_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

#endif
