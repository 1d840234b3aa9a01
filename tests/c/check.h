/* The C tests' asserts. A failed one is printed and counted, and the test goes on. It is not: a framework. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

/* One for the whole program, whichever of its files includes this. */
__attribute__((weak)) int check_failures;
__attribute__((weak)) long check_count;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        check_count++;                                                                                       \
        if (!(condition)) {                                                                                  \
            check_failures++;                                                                                \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                        \
        }                                                                                                    \
    } while (0)

#define CHECK_EQ(a, b)                                                                                       \
    do {                                                                                                     \
        long long check_a = (long long)(a), check_b = (long long)(b);                                        \
        check_count++;                                                                                       \
        if (check_a != check_b) {                                                                            \
            check_failures++;                                                                                \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld (%s)\n", __FILE__, __LINE__, #a, check_a, check_b,  \
                    #b);                                                                                     \
        }                                                                                                    \
    } while (0)

/* What main returns. */
static inline int check_result(const char *name)
{
    if (check_failures)
        fprintf(stderr, "%s: %d of %ld checks failed\n", name, check_failures, check_count);
    else
        printf("%s: %ld checks\n", name, check_count);
    return check_failures != 0;
}

#endif
