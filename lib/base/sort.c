/* sort.c - see sort.h. The heap has the greatest item on top. */
#include "sort.h"

static void sift(const o2p_sortable *s, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && s->before(s->items, child, child + 1))
            child++;
        if (!s->before(s->items, root, child))
            return;
        s->swap(s->items, root, child);
    }
}

void o2p_sort(const o2p_sortable *sortable, size_t count)
{
    for (size_t i = count / 2; i > 0; i--)
        sift(sortable, i - 1, count);
    for (size_t end = count; end > 1; end--) {
        sortable->swap(sortable->items, 0, end - 1);
        sift(sortable, 0, end - 1);
    }
}
