/* A picture in its size on the page: each of its pixels belongs to one of the page, which is the mean of them; a picture
 * that is made larger has its pixels several times. */
#include <stdlib.h>

#include "raster/raster.h"
#include "raster/rows.h"

#define SUMMED_MAX 256 /* rows of 255 that 16 bits hold; of more, so many are taken */

/* Where the pixels for number `at` of the page begin. */
static uint32_t first_of(int32_t at, int32_t in, int32_t out)
{
    if (in >= out) return (uint32_t)((2 * (uint64_t)at * (uint64_t)in + (uint64_t)out) / (2 * (uint64_t)out));
    return (uint32_t)((2 * (uint64_t)at + 1) * (uint64_t)in / (2 * (uint64_t)out));
}

static uint32_t behind_of(int32_t at, int32_t in, int32_t out)
{
    return in >= out ? first_of(at + 1, in, out) : first_of(at, in, out) + 1;
}

bool fl_reduction_init(struct fl_reduction *reduction, int32_t width_in, int32_t height_in, int32_t width_out,
                       int32_t height_out, bool invert)
{
    size_t padded = fl_padded((size_t)width_in);
    *reduction = (struct fl_reduction){
        .width_in = width_in,
        .height_in = height_in,
        .width_out = width_out,
        .height_out = height_out,
        .invert = invert ? 255 : 0,
        .sums = malloc(padded * sizeof *reduction->sums),
        .first = malloc(((size_t)width_out + 1) * sizeof *reduction->first),
    };
    if (!reduction->sums || !reduction->first) return false;
    for (int32_t x = 0; x <= width_out; x++) reduction->first[x] = first_of(x, width_in, width_out);
    return true;
}

void fl_reduction_free(struct fl_reduction *reduction)
{
    free(reduction->sums);
    free(reduction->first);
}

static void add_row(struct fl_reduction *reduction, const uint8_t *row)
{
    size_t width = (size_t)reduction->width_in, whole = width / FL_LANES * FL_LANES;
    uint16_t *sums = reduction->sums;
    if (reduction->summed == 0) {
        fl_sums_begin(sums, row, whole);
        for (size_t x = whole; x < width; x++) sums[x] = row[x];
    } else {
        fl_sums_add(sums, row, whole);
        for (size_t x = whole; x < width; x++) sums[x] = (uint16_t)(sums[x] + row[x]);
    }
    reduction->summed++;
}

/* Multiplied with it and shifted by 32 is divided by count. */
static uint64_t reciprocal(uint64_t count)
{
    return ((UINT64_C(1) << 32) + count - 1) / count;
}

static uint8_t mean(uint64_t sum, uint64_t count, uint64_t by)
{
    uint64_t grey = (sum + count / 2) * by >> 32;
    return (uint8_t)(grey < 255 ? grey : 255);
}

/* A row of the page, of the sums. */
static void put_row(const struct fl_reduction *reduction, uint8_t *restrict row)
{
    const uint16_t *sums = reduction->sums;
    const uint32_t *first = reduction->first;
    uint64_t rows = (uint64_t)reduction->summed;
    int32_t in = reduction->width_in, out = reduction->width_out;
    if (in <= out) {
        uint64_t by = reciprocal(rows);
        for (int32_t x = 0; x < out; x++) row[x] = mean(sums[first[x]], rows, by);
    } else if (in <= 2 * out) { /* one or two: the one counts twice */
        uint64_t by = reciprocal(2 * rows);
        for (int32_t x = 0; x < out; x++) {
            uint32_t sum = (uint32_t)sums[first[x]] + sums[first[x + 1] - 1];
            row[x] = (uint8_t)((sum + rows) * by >> 32);
        }
    } else {
        uint32_t least = (uint32_t)(in / out);
        uint64_t counts[2] = {least * rows, (least + 1) * rows};
        uint64_t by[2] = {reciprocal(counts[0]), reciprocal(counts[1])};
        for (int32_t x = 0; x < out; x++) {
            uint32_t sum = 0, from = first[x], to = first[x + 1];
            for (uint32_t at = from; at < to; at++) sum += sums[at];
            unsigned more = to - from > least;
            row[x] = mean(sum, counts[more], by[more]);
        }
    }
    if (reduction->invert)
        for (int32_t x = 0; x < out; x++) row[x] ^= 255;
}

void fl_reduction_row(struct fl_reduction *reduction, const uint8_t *row, uint8_t *pixels, size_t stride)
{
    int32_t in = reduction->height_in, out = reduction->height_out, y = reduction->rows_in++;
    if (reduction->rows_out == out) return;
    uint32_t first = first_of(reduction->rows_out, in, out), behind = behind_of(reduction->rows_out, in, out);
    uint32_t step = (behind - first + SUMMED_MAX - 1) / SUMMED_MAX;
    if (((uint32_t)y - first) % step == 0) add_row(reduction, row);
    if ((uint32_t)y + 1 < behind) return;
    do {
        put_row(reduction, pixels + (size_t)reduction->rows_out++ * stride);
    } while (reduction->rows_out < out && behind_of(reduction->rows_out, in, out) == (uint32_t)y + 1);
    reduction->summed = 0;
}
