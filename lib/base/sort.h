/* sort.h - two sorts for the few places that are not hot, O(n log n) whatever the order: one of
 * anything that can be compared and swapped by index, and one of numbers of things.
 */
#ifndef O2P_BASE_SORT_H
#define O2P_BASE_SORT_H

#include "deps.h"

typedef struct o2p_sortable {
    void *items;
    bool (*before)(const void *items, size_t a, size_t b);
    void (*swap)(void *items, size_t a, size_t b);
} o2p_sortable;

/* Heap sort: in place. Not stable. */
void o2p_sort(const o2p_sortable *sortable, size_t count);

/* Whether thing number `a` comes before thing number `b`. */
typedef bool o2p_number_before(const void *things, uint32_t a, uint32_t b);

/* Merge sort, stable: sorts `count` numbers in `order`, with as much room in `spare`, and returns
 * which of the two holds the result. What comparing two things costs, it costs log n times a thing,
 * the one that comes first. */
uint32_t *o2p_merge_sort(uint32_t *order, uint32_t *spare, uint32_t count,
                         o2p_number_before *before, const void *things);

#endif
