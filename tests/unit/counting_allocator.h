/* counting_allocator.h - an o2p_allocator for tests: it counts, checks the sizes it is told, and
 * refuses a chosen call.
 */
#ifndef O2P_TESTS_COUNTING_ALLOCATOR_H
#define O2P_TESTS_COUNTING_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include "../../include/otlp2parquet.h"

typedef struct counting_allocator {
    size_t calls;     /* of allocate and reallocate */
    size_t refuse_at; /* the call, from 1, that gets NULL; 0: none */
    bool refuse_on;   /* and so do all that follow */
    size_t refused;
    size_t blocks, bytes; /* outstanding */
    size_t peak;          /* most bytes that were */
} counting_allocator;

/* `counting` zeroed before use. */
o2p_allocator counting_allocator_functions(counting_allocator *counting);

#endif
