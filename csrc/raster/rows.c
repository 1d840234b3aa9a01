/* The loops of rows.h. */
#include "raster/rows.h"

#define BLOCKS(count)                                                                                        \
    for (size_t at = 0; at < (count); at += FL_LANES)                                                        \
        for (size_t lane = 0, i = at; lane < FL_LANES; lane++, i++)

void fl_darker(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count)
{
    BLOCKS(count) to[i] = a[i] < b[i] ? a[i] : b[i];
}

void fl_lighter(uint8_t *restrict to, const uint8_t *a, const uint8_t *b, size_t count)
{
    BLOCKS(count) to[i] = a[i] > b[i] ? a[i] : b[i];
}

void fl_darken(uint8_t *restrict to, const uint8_t *restrict with, size_t count)
{
    BLOCKS(count) to[i] = to[i] < with[i] ? to[i] : with[i];
}

void fl_lighten(uint8_t *restrict to, const uint8_t *restrict with, size_t count)
{
    BLOCKS(count) to[i] = to[i] > with[i] ? to[i] : with[i];
}

void fl_below(uint8_t *restrict ink, const uint8_t *restrict grey, const uint8_t *restrict levels,
              size_t count)
{
    BLOCKS(count) ink[i] = grey[i] < levels[i];
}

void fl_between(uint8_t *restrict to, const uint8_t *restrict grey, uint8_t most,
                const uint8_t *restrict other, uint8_t least, size_t count)
{
    BLOCKS(count) to[i] = (grey[i] <= most) & (other[i] >= least);
}

void fl_raise(uint8_t *restrict marks, const uint8_t *restrict paper, uint8_t less, uint8_t least,
              size_t count)
{
    BLOCKS(count)
    {
        uint8_t marked = (uint8_t)(paper[i] & -marks[i]);
        uint8_t level = marked > less ? (uint8_t)(marked - less) : 0;
        marks[i] = level > least ? level : least;
    }
}

uint32_t fl_count(const uint8_t *ones, size_t count)
{
    uint8_t lanes[FL_LANES] = {0};
    uint32_t sum = 0;
    for (size_t at = 0; at < count; at += FL_LANES)
        for (size_t i = 0; i < FL_LANES; i++) lanes[i] = (uint8_t)(lanes[i] + ones[at + i]);
    for (size_t i = 0; i < FL_LANES; i++) sum += lanes[i];
    return sum;
}

void fl_darkest_of_four(uint8_t *restrict to, const uint8_t *restrict upper, const uint8_t *restrict lower,
                        size_t count)
{
    BLOCKS(count)
    {
        uint16_t a, b;
        memcpy(&a, upper + 2 * i, 2);
        memcpy(&b, lower + 2 * i, 2);
        int16_t left = (int16_t)(a & 0xFF), right = (int16_t)(a >> 8);
        int16_t left_below = (int16_t)(b & 0xFF), right_below = (int16_t)(b >> 8);
        left = left < right ? left : right;
        left_below = left_below < right_below ? left_below : right_below;
        to[i] = (uint8_t)(left < left_below ? left : left_below);
    }
}

void fl_mean_of_four(uint8_t *restrict to, const uint8_t *restrict upper, const uint8_t *restrict lower,
                     size_t count)
{
    BLOCKS(count)
    {
        uint16_t a, b;
        memcpy(&a, upper + 2 * i, 2);
        memcpy(&b, lower + 2 * i, 2);
        to[i] = (uint8_t)(((a & 0xFF) + (a >> 8) + (b & 0xFF) + (b >> 8) + 2) >> 2);
    }
}

void fl_double(uint8_t *restrict to, const uint8_t *restrict from, size_t count)
{
    BLOCKS(count)
    {
        uint16_t two = (uint16_t)(from[i] << 8 | from[i]);
        memcpy(to + 2 * i, &two, 2);
    }
}

void fl_sums_begin(uint16_t *restrict sums, const uint8_t *restrict row, size_t count)
{
    BLOCKS(count) sums[i] = row[i];
}

void fl_sums_add(uint16_t *restrict sums, const uint8_t *restrict row, size_t count)
{
    BLOCKS(count) sums[i] = (uint16_t)(sums[i] + row[i]);
}
