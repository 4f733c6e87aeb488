/* localise.c - numbers the entries that a leaf uses, which is their place in its chunk's
 * dictionary.
 *
 * By first use, in one pass, but for the values of a MAP: those of one key are put together. Digits
 * then lie by digits and names by names, of which every codec makes less, and the keys whose values
 * come most often are first, so that indices of few bits are the frequent ones. (An entry that
 * several keys have is put with the first.) For codecs that count bytes, which take their time,
 * many texts of a key are put in their order: each then begins as the one before does.
 */
#include "leaf_writer.h"

#include "../base/sort.h"
#include "../parquet/codec.h"

/* The entries that are put together, since they are values of one key. */
typedef struct value_group {
    uint32_t key; /* entry of the keys' dictionary */
    uint32_t values;
    uint64_t uses;
    uint32_t next; /* place of the next of them */
} value_group;

/* `count` words that are zero between leaves. They are cleared by what was used and not by their
 * number, since a batch may have a large dictionary and thousands of files with a few rows each. */
static uint32_t *zeroed(o2p_buffer *buffer, uint32_t count)
{
    return (uint32_t *)o2p_buffer_zeroed(buffer, (size_t)count * 4 + 4);
}

/* ---- entries and their uses ---- */

/* What is numbered: the entries used so far. */
typedef struct entry_list {
    uint32_t *local; /* of all entries: their place + 1; of a MAP's values at first their uses */
    uint32_t *used;
    uint32_t *keys; /* of a MAP's values: the key that each first has */
    uint32_t count;
} entry_list;

/* How many rows, or child rows, have each list; NULL when memory is refused, or the rows have more
 * values than Parquet can count. */
static const uint32_t *count_lists(o2p_encoder *e, const o2p_leaf *leaf)
{
    uint32_t *times = o2p_u32_room(&e->packed, leaf->list_count);
    if (times == NULL)
        return NULL;
    memset(times, 0, (size_t)leaf->list_count * 4);
    for (uint32_t r = 0; r < o2p_leaf_list_rows(leaf); r++)
        times[leaf->lists[r]] += leaf->repeats == NULL ? 1 : leaf->repeats[r];
    uint64_t values = 0;
    for (uint32_t l = 0; l < leaf->list_count; l++)
        values += (uint64_t)times[l] * o2p_leaf_list_size(leaf, l);
    if (values <= O2P_MAX_ROWS)
        return times;
    o2p_memory_refuse(e->memory);
    return NULL;
}

/* Notes the values of a MAP: of rows that share lists each list once, for all of them. False when
 * memory is refused. */
static bool note_lists(entry_list *list, o2p_encoder *e, const o2p_leaf *leaf)
{
    const uint32_t *times = count_lists(e, leaf);
    for (uint32_t l = 0; l < leaf->list_count && times != NULL; l++) {
        const uint32_t *indices = leaf->indices + leaf->list_begins[l];
        const uint32_t *keys = leaf->keys + leaf->list_begins[l];
        uint32_t count = o2p_leaf_list_size(leaf, l);
        o2p_leaf_list_ahead(leaf, leaf->indices, l);
        o2p_leaf_list_ahead(leaf, leaf->keys, l);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t uses = list->local[indices[i]];
            list->local[indices[i]] = uses + times[l];
            if (uses > 0)
                continue;
            list->keys[list->count] = keys[i];
            list->used[list->count++] = indices[i];
        }
    }
    return times != NULL;
}

/* Adds up how often each place comes; `places` has those of the leaf's values, or of its lists. */
static bool count_places(o2p_encoder *e, const o2p_leaf *leaf, const uint32_t *places,
                         uint32_t *uses)
{
    const uint32_t *times = leaf->lists == NULL ? NULL : count_lists(e, leaf);
    for (uint32_t l = 0; l < leaf->list_count && times != NULL; l++)
        for (uint32_t i = 0; i < o2p_leaf_list_size(leaf, l); i++)
            uses[*places++] += times[l];
    if (leaf->lists == NULL && leaf->repeats == NULL)
        for (uint32_t i = 0; i < leaf->value_count; i++)
            uses[places[i]]++;
    for (uint32_t r = 0; r < leaf->rows && leaf->lists == NULL && leaf->repeats != NULL; r++)
        for (uint32_t i = 0; i < o2p_leaf_row_values(leaf, r); i++)
            uses[*places++] += leaf->repeats[r];
    return leaf->lists == NULL || times != NULL;
}

const uint32_t *o2p_place_uses(const o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    if (w->leaf->keys != NULL)
        return o2p_u32s(&e->uses);
    uint32_t *uses = o2p_u32_room(&e->uses, w->place_count);
    if (uses == NULL)
        return NULL;
    memset(uses, 0, (size_t)w->place_count * 4);
    return count_places(e, w->leaf, w->places, uses) ? uses : NULL;
}

/* ---- values of a key ---- */

static value_group *groups_of(const o2p_buffer *buffer)
{
    return (value_group *)(void *)buffer->data;
}

/* Numbers the keys of the entries, by first use: list->keys becomes the number of each entry's
 * group. False when memory is refused. */
static bool make_groups(o2p_encoder *e, const o2p_dictionary *keys, entry_list *list)
{
    uint32_t *numbers = zeroed(&e->local_keys, keys->entry_count);
    o2p_buffer *groups = &e->groups;
    groups->size = 0;
    for (uint32_t i = 0; i < list->count && numbers != NULL; i++) {
        uint32_t key = list->keys[i];
        if (numbers[key] == 0) {
            value_group group = {key, 0, 0, 0};
            o2p_buffer_append(groups, &group, sizeof(group));
            numbers[key] = (uint32_t)(groups->size / sizeof(group));
        }
        if (e->memory->failed)
            break;
        value_group *group = &groups_of(groups)[numbers[key] - 1];
        group->values++;
        group->uses += list->local[list->used[i]];
        list->keys[i] = numbers[key] - 1;
    }
    for (size_t g = 0; g < groups->size / sizeof(value_group); g++)
        numbers[groups_of(groups)[g].key] = 0;
    return !e->memory->failed;
}

/* Whether the values of group `a` come more often than those of group `b`, on average. */
static bool group_before(const void *groups, uint32_t a, uint32_t b)
{
    const value_group *x = (const value_group *)groups + a, *y = (const value_group *)groups + b;
    return x->uses * y->values > y->uses * x->values;
}

/* Gives the groups their places, one behind the other. False when memory is refused. */
static bool place_groups(o2p_encoder *e)
{
    value_group *groups = groups_of(&e->groups);
    uint32_t count = (uint32_t)(e->groups.size / sizeof(*groups)), next = 0;
    uint32_t *order = o2p_u32_room(&e->packed, (size_t)count * 2);
    if (order == NULL)
        return false;
    for (uint32_t g = 0; g < count; g++)
        order[g] = g;
    order = o2p_merge_sort(order, order + count, count, group_before, groups);
    for (uint32_t g = 0; g < count; g++) {
        groups[order[g]].next = next;
        next += groups[order[g]].values;
    }
    return true;
}

/* ---- texts of a key in their order ---- */

/* How many bytes all of the texts begin with. */
static uint32_t common_prefix(const o2p_dictionary *dictionary, const uint32_t *entries,
                              uint32_t count)
{
    const o2p_entry *first = o2p_dictionary_entry(dictionary, entries[0]);
    uint32_t common = first->size;
    for (uint32_t i = 1; i < count && common > 0; i++) {
        const o2p_entry *entry = o2p_dictionary_entry(dictionary, entries[i]);
        o2p_dictionary_ahead(dictionary, entries, i, count);
        common = entry->size < common ? entry->size : common;
        uint32_t same = 0;
        while (same < common && entry->bytes[same] == first->bytes[same])
            same++;
        common = same;
    }
    return common;
}

enum { DIGITS = 4 }; /* bytes of a text by which it is sorted */

/* The bytes of a text behind `at`, in their order, zeros where it ends. */
static uint32_t digits_of(const o2p_entry *entry, uint32_t at)
{
    uint32_t digits = 0;
    for (uint32_t i = at; i < at + DIGITS; i++)
        digits = digits << 8 | (i < entry->size ? entry->bytes[i] : 0u);
    return digits;
}

/* Sorts `count` words by a byte of theirs, stably, into `to`. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, uint32_t count, unsigned shift)
{
    uint32_t starts[257] = {0};
    for (uint32_t i = 0; i < count; i++)
        starts[(from[i] >> shift & 0xFF) + 1]++;
    for (unsigned d = 1; d < 256; d++)
        starts[d] += starts[d - 1];
    for (uint32_t i = 0; i < count; i++)
        to[starts[from[i] >> shift & 0xFF]++] = from[i];
}

/* Sorts the entries of a key by the first bytes in which their texts differ. False when memory is
 * refused. */
static bool sort_texts(o2p_encoder *e, const o2p_dictionary *dictionary, uint32_t *entries,
                       uint32_t count)
{
    uint64_t *words = (uint64_t *)(void *)o2p_u32_room(&e->packed, (size_t)count * 4);
    if (words == NULL)
        return false;
    uint64_t *spare = words + count;
    uint32_t common = common_prefix(dictionary, entries, count);
    for (uint32_t i = 0; i < count; i++)
        words[i] = (uint64_t)digits_of(o2p_dictionary_entry(dictionary, entries[i]), common) << 32 |
                   entries[i];
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        sort_by_digit(words, spare, count, 32 + 8 * digit);
        uint64_t *swap = words;
        words = spare;
        spare = swap;
    }
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (uint32_t)words[i];
    return true;
}

/* Sorts the entries of each key that has many, which lie behind each other. Few are not worth it:
 * indices in the order of rows are smaller by as much. False when memory is refused. */
static bool sort_groups(const o2p_leaf_writer *w, uint32_t *entries)
{
    enum { MANY = 512 };
    o2p_buffer *groups = &w->encoder->groups;
    for (size_t g = 0; g < groups->size / sizeof(value_group); g++) {
        const value_group *group = &groups_of(groups)[g];
        if (group->values >= MANY &&
            !sort_texts(w->encoder, w->dictionary, entries + group->next - group->values,
                        group->values))
            return false;
    }
    return true;
}

/* Puts the entries of each key together. False when memory is refused. */
static bool group_entries(const o2p_leaf_writer *w, entry_list *list)
{
    o2p_encoder *e = w->encoder;
    uint32_t *grouped = o2p_u32_room(&e->grouped, list->count);
    if (grouped == NULL || !make_groups(e, w->leaf->key_dictionary, list) || !place_groups(e))
        return false;
    value_group *groups = groups_of(&e->groups);
    for (uint32_t i = 0; i < list->count; i++)
        grouped[groups[list->keys[i]].next++] = list->used[i];
    if (o2p_codec_counts(e->settings->codec) && !sort_groups(w, grouped))
        return false;
    o2p_buffer swap = e->used;
    e->used = e->grouped;
    e->grouped = swap;
    list->used = grouped;
    return true;
}

/* ---- places ---- */

/* Puts the places of entries, of which those without one get the next. */
static uint32_t *put_places(entry_list *list, const uint32_t *indices, uint32_t count,
                            uint32_t *places)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *place = &list->local[indices[i]];
        if (*place == 0) {
            list->used[list->count++] = indices[i];
            *place = list->count;
        }
        places[i] = *place - 1;
    }
    return places + count;
}

static void place_leaf(entry_list *list, const o2p_leaf *leaf, uint32_t *places)
{
    if (leaf->lists == NULL)
        put_places(list, leaf->indices, leaf->value_count, places);
    for (uint32_t l = 0; l < leaf->list_count; l++) {
        o2p_leaf_list_ahead(leaf, leaf->indices, l);
        places = put_places(list, leaf->indices + leaf->list_begins[l], o2p_leaf_list_size(leaf, l),
                            places);
    }
}

/* Gives the values of a MAP their places, and counts their uses. False when memory is refused. */
static bool place_by_key(const o2p_leaf_writer *w, entry_list *list, uint32_t most)
{
    uint32_t *uses = o2p_u32_room(&w->encoder->uses, most);
    list->keys = uses; /* until they are grouped */
    if (uses == NULL)
        return false;
    bool ok = note_lists(list, w->encoder, w->leaf) && group_entries(w, list);
    for (uint32_t p = 0; p < list->count; p++) {
        uses[p] = list->local[list->used[p]];
        list->local[list->used[p]] = p + 1;
    }
    return ok;
}

bool o2p_localise(o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    const o2p_leaf *leaf = w->leaf;
    uint32_t entries = w->dictionary->entry_count, values = o2p_leaf_index_count(leaf);
    uint32_t most = values < entries ? values : entries;
    uint32_t *places = o2p_u32_room(&e->places, values);
    entry_list list = {zeroed(&e->local, entries), o2p_u32_room(&e->used, most), NULL, 0};
    if (list.local == NULL || places == NULL || list.used == NULL)
        return false;
    bool ok = leaf->keys == NULL || place_by_key(w, &list, most);
    if (ok)
        place_leaf(&list, leaf, places);
    for (uint32_t p = 0; p < list.count; p++)
        list.local[list.used[p]] = 0;
    w->places = places;
    w->place_count = list.count;
    return ok;
}
