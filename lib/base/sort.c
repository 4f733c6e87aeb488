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

/* Merges the sorted parts [0, middle) and [middle, count) of `from` into `to`. */
static void merge(const uint32_t *from, uint32_t *to, uint32_t middle, uint32_t count,
                  o2p_number_before *before, const void *things)
{
    uint32_t a = 0, b = middle;
    for (uint32_t i = 0; i < count; i++) {
        bool second = a == middle || (b < count && before(things, from[b], from[a]));
        to[i] = second ? from[b++] : from[a++];
    }
}

uint32_t *o2p_merge_sort(uint32_t *order, uint32_t *spare, uint32_t count,
                         o2p_number_before *before, const void *things)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t rest = count - at;
            merge(order + at, spare + at, (uint32_t)(rest < width ? rest : width),
                  (uint32_t)(rest < 2 * width ? rest : 2 * width), before, things);
        }
        uint32_t *swap = order;
        order = spare;
        spare = swap;
    }
    return order;
}
