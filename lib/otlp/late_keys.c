/* late_keys.c - equal keys of a list once the dictionary of keys is given up: then equal keys may
 * have different indices. Entries added since are noted, and the list's keys sorted at its end: of
 * equal ones the first stays. Only keys made to collide get here, and they get O(n log n).
 */
#include "attribute_list.h"

#include "../base/sort.h"

/* An entry added while equal keys could not be told by their index. */
typedef struct late_entry {
    uint32_t entry;    /* among the column's entries */
    uint32_t position; /* in the list */
    o2p_span value;
} late_entry;

void o2p_note_late(o2p_walk *walk, const o2p_attributes *list, o2p_span value)
{
    late_entry late = {list->first + list->count, list->position, value};
    o2p_buffer_append(&o2p_scratch_of(walk, list)->late, &late, sizeof(late));
}

static int compare_keys(const o2p_column *column, uint32_t entry_a, uint32_t entry_b)
{
    const uint32_t *keys = o2p_list_keys(column);
    const o2p_dictionary *dictionary = column->key_dictionary;
    return o2p_entry_compare(o2p_dictionary_entry(dictionary, keys[entry_a]),
                             o2p_dictionary_entry(dictionary, keys[entry_b]));
}

static bool key_before(const void *column, uint32_t entry_a, uint32_t entry_b)
{
    return compare_keys((const o2p_column *)column, entry_a, entry_b) < 0;
}

/* Marks in `twin` (a byte an entry of the list) the entries whose key came before. */
static void mark_twins(const o2p_column *column, const uint32_t *order, uint32_t first,
                       uint32_t count, uint8_t *twin)
{
    memset(twin, 0, count);
    for (uint32_t i = 1; i < count; i++)
        twin[order[i] - first] = compare_keys(column, order[i - 1], order[i]) == 0;
}

/* Notes an entry that was added as a duplicate; what was noticed in its value was counted then. */
static bool note_twin(o2p_walk *walk, const o2p_attributes *list, const late_entry *late,
                      uint32_t key)
{
    uint64_t unknown = walk->counts.unknown_fields, repaired = walk->store->pool.repaired;
    bool ok = o2p_note_duplicate(walk, list, late->position, key, late->value);
    walk->counts.unknown_fields = unknown;
    walk->store->pool.repaired = repaired;
    return ok;
}

/* Takes the marked entries out of the column, noting them as duplicates. */
static bool remove_twins(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                         const uint8_t *twin)
{
    uint32_t *keys = o2p_list_keys(column), *items = (uint32_t *)(void *)column->items.data;
    const late_entry *late =
        (const late_entry *)(const void *)o2p_scratch_of(walk, list)->late.data;
    size_t late_count = o2p_scratch_of(walk, list)->late.size / sizeof(*late), next = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t entry = list->first + i;
        while (next < late_count && late[next].entry < entry)
            next++;
        if (twin[i] == 0) {
            keys[list->first + kept] = keys[entry];
            items[list->first + kept] = items[entry];
            o2p_scratch_of(walk, list)->types.data[kept++] =
                o2p_scratch_of(walk, list)->types.data[i];
        } else if (!note_twin(walk, list, &late[next], keys[entry])) {
            return false;
        }
    }
    list->count = kept;
    column->keys.size = column->items.size = (size_t)(list->first + kept) * 4;
    o2p_scratch_of(walk, list)->types.size = kept;
    return true;
}

bool o2p_settle_late(o2p_walk *walk, o2p_attributes *list, o2p_column *column)
{
    o2p_buffer scratch; /* order, spare, twin */
    o2p_buffer_init(&scratch, walk->store->memory);
    bool ok = false;
    uint32_t *order = (uint32_t *)o2p_buffer_extend(&scratch, (size_t)list->count * 9);
    if (order != NULL) {
        uint32_t *spare = order + list->count;
        uint8_t *twin = (uint8_t *)(spare + list->count);
        for (uint32_t i = 0; i < list->count; i++)
            order[i] = list->first + i;
        order = o2p_merge_sort(order, spare, list->count, key_before, column);
        mark_twins(column, order, list->first, list->count, twin);
        ok = remove_twins(walk, list, column, twin);
    }
    o2p_buffer_free(&scratch);
    return ok;
}
