/* What the fuzzers share: an invariant that aborts, and reading numbers off the input; behind its end all are zero. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* An invariant: aborts with its text, so that libFuzzer keeps the input. */
#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct input {
    const uint8_t *octets;
    size_t left;
};

static inline unsigned input_octet(struct input *input)
{
    if (input->left == 0) return 0;
    input->left--;
    return *input->octets++;
}

static inline unsigned input_pair(struct input *input)
{
    unsigned low = input_octet(input);
    return low | input_octet(input) << 8;
}

/* Up to count octets of the input as they are; returns how many there were. */
static inline size_t input_some(struct input *input, const uint8_t **octets, size_t count)
{
    if (count > input->left) count = input->left;
    *octets = input->octets;
    input->octets += count;
    input->left -= count;
    return count;
}

#endif
