/* The simulated modem's queues of octets: rings of a fixed size. Whoever puts something in has looked that there is room. */
#ifndef FL_SIM_MODEM_QUEUE_H
#define FL_SIM_MODEM_QUEUE_H

#include <string.h>

#include "sim/modem.h"

static inline void fl_simmodem_queue_put(struct fl_simmodem_queue *queue, const uint8_t *octets,
                                         size_t length)
{
    uint32_t tail = (queue->head + queue->count) % queue->cap;
    size_t first = fl_min_u32((uint32_t)length, queue->cap - tail);
    memcpy(queue->octets + tail, octets, first);
    if (length > first) memcpy(queue->octets, octets + first, length - first);
    queue->count += (uint32_t)length;
}

/* The first contiguous octets. */
static inline size_t fl_simmodem_queue_head(const struct fl_simmodem_queue *queue, const uint8_t **octets)
{
    *octets = queue->octets + queue->head;
    return fl_min_u32(queue->count, queue->cap - queue->head);
}

static inline void fl_simmodem_queue_drop(struct fl_simmodem_queue *queue, size_t length)
{
    queue->head = (uint32_t)((queue->head + length) % queue->cap);
    queue->count -= (uint32_t)length;
    if (queue->count == 0) queue->head = 0; /* long contiguous runs */
}

#endif
