/* sort.h - heap sort over anything that can be compared and swapped by index: in place, O(n log n)
 * whatever the order, for the few sorts that are not hot. Not stable.
 */
#ifndef O2P_BASE_SORT_H
#define O2P_BASE_SORT_H

#include "deps.h"

typedef struct o2p_sortable {
    void *items;
    bool (*before)(const void *items, size_t a, size_t b);
    void (*swap)(void *items, size_t a, size_t b);
} o2p_sortable;

void o2p_sort(const o2p_sortable *sortable, size_t count);

#endif
