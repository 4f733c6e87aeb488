/* bounds.c - least and greatest of a page's values, for its statistics and the column index.
 *
 *   values      order                                                     left out
 *   text, keys  bytes, as far as a bound is kept (O2P_BOUND_SIZE)         -
 *   ids         the same: hex text is in the order of its bytes           -
 *   integers    signed                                                    -
 *   doubles     by value; a zero is -0 as least and +0 as greatest        NaN
 *
 * A page that holds all values of its leaf is bounded by the chunk's dictionary, if it has one.
 */
#include "leaf_writer.h"
#include "../base/text.h"

/* Ids compare as their hex text does: byte by byte. */
static void id_bound(o2p_buffer *text, const o2p_entry *entry, const uint8_t **bytes,
                     uint32_t *size)
{
    text->size = 0;
    o2p_append_hex(text, entry->bytes, entry->size);
    *bytes = text->data;
    *size = (uint32_t)text->size;
}

static void text_bounds(const o2p_leaf_writer *w, const o2p_entry *min, const o2p_entry *max,
                        o2p_bounds *bounds)
{
    bounds->present = true;
    if (w->hex) {
        id_bound(&w->encoder->hex[0], min, &bounds->min, &bounds->min_size);
        id_bound(&w->encoder->hex[1], max, &bounds->max, &bounds->max_size);
        return;
    }
    bounds->min = min->bytes;
    bounds->min_size = min->size;
    bounds->max = max->bytes;
    bounds->max_size = max->size;
}

/* Orders entries as far as bounds tell them apart. Beyond, texts are not looked at: else values
 * that are long and alike would cost their length for each row that repeats them. */
static int compare_for_bounds(const o2p_entry *a, const o2p_entry *b)
{
    o2p_entry x = *a, y = *b;
    x.size = x.size <= O2P_BOUND_SIZE ? x.size : O2P_BOUND_SIZE + 1;
    y.size = y.size <= O2P_BOUND_SIZE ? y.size : O2P_BOUND_SIZE + 1;
    return o2p_entry_compare(&x, &y);
}

/* The entry of value i. */
static const o2p_entry *entry_of(const o2p_leaf_writer *w, uint32_t i)
{
    uint32_t index =
        w->places == NULL ? w->leaf->indices[i] : o2p_u32s(&w->encoder->used)[w->places[i]];
    return o2p_dictionary_entry(w->dictionary, index);
}

static void note_bound(const o2p_entry *entry, const o2p_entry **min, const o2p_entry **max)
{
    if (compare_for_bounds(entry, *min) < 0)
        *min = entry;
    else if (compare_for_bounds(entry, *max) > 0)
        *max = entry;
}

/* Bounds of the entries of lists. */
static void find_list_bounds(const o2p_leaf_writer *w, o2p_value_range v, const o2p_entry **min,
                             const o2p_entry **max)
{
    const uint32_t *lists = w->leaf->lists;
    for (uint32_t r = v.row; r < v.row_end; r++) {
        if (lists[r] == 0 || (r > v.row && lists[r] == lists[r - 1]))
            continue;
        uint32_t begin = o2p_leaf_list_begin(w->leaf, lists[r]);
        if (*min == NULL)
            *min = *max = entry_of(w, begin);
        for (uint32_t i = begin; i < w->leaf->list_ends[lists[r]]; i++)
            note_bound(entry_of(w, i), min, max);
    }
}

/* Over these values, of which there is one at least, or, when they are all, over the chunk's
 * dictionary. */
static void find_text_bounds(const o2p_leaf_writer *w, o2p_value_range v, o2p_bounds *bounds)
{
    const o2p_entry *min = NULL, *max = NULL;
    const uint32_t *used = o2p_u32s(&w->encoder->used);
    bool all = w->places != NULL && v.count == w->leaf->value_count;
    if (!all && w->leaf->lists != NULL) {
        find_list_bounds(w, v, &min, &max);
    } else {
        min = max = all ? o2p_dictionary_entry(w->dictionary, used[0]) : entry_of(w, v.first);
        for (uint32_t i = 0; all && i < w->place_count; i++)
            note_bound(o2p_dictionary_entry(w->dictionary, used[i]), &min, &max);
        for (uint32_t i = v.first; !all && i < v.first + v.count; i++)
            note_bound(entry_of(w, i), &min, &max);
    }
    text_bounds(w, min, max, bounds);
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static bool is_nan(uint64_t bits)
{
    return (bits << 1) > (uint64_t)0x7FF << 53;
}

/* Without NaN; zeros as the format wants them (parquet.thrift, ColumnOrder). */
static bool find_double_bounds(const uint64_t *words, uint32_t count, uint64_t *min, uint64_t *max)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (is_nan(words[i]))
            continue;
        if (!any || double_of(words[i]) < double_of(*min))
            *min = words[i];
        if (!any || double_of(words[i]) > double_of(*max))
            *max = words[i];
        any = true;
    }
    if (any && *min << 1 == 0)
        *min = (uint64_t)1 << 63;
    if (any && *max << 1 == 0)
        *max = 0;
    return any;
}

/* 32-bit numbers and booleans lie in the low half. */
static int64_t signed_of(const o2p_leaf_writer *w, uint64_t word)
{
    return w->physical == O2P_PHYSICAL_INT64 ? (int64_t)word : (int64_t)(int32_t)(uint32_t)word;
}

static void find_int_bounds(const o2p_leaf_writer *w, const uint64_t *words, uint32_t count,
                            uint64_t *min, uint64_t *max)
{
    *min = *max = words[0];
    for (uint32_t i = 1; i < count; i++) {
        if (signed_of(w, words[i]) < signed_of(w, *min))
            *min = words[i];
        if (signed_of(w, words[i]) > signed_of(w, *max))
            *max = words[i];
    }
}

/* `stored` has room for two values of 8 bytes. */
static void find_number_bounds(const o2p_leaf_writer *w, uint32_t first, uint32_t count,
                               uint8_t *stored, o2p_bounds *bounds)
{
    const uint64_t *words = w->leaf->constant ? NULL : w->leaf->words + first;
    uint64_t min = 0, max = 0;
    bool present = true;
    if (w->leaf->constant)
        max = w->physical == O2P_PHYSICAL_DOUBLE ? 0 : max;
    else if (w->physical == O2P_PHYSICAL_DOUBLE)
        present = find_double_bounds(words, count, &min, &max);
    else
        find_int_bounds(w, words, count, &min, &max);
    if (w->leaf->constant && w->physical == O2P_PHYSICAL_DOUBLE)
        min = (uint64_t)1 << 63;
    o2p_store_le64(stored, min);
    o2p_store_le64(stored + 8, max);
    *bounds = (o2p_bounds){present, stored, stored + 8, o2p_physical_width(w->physical),
                           o2p_physical_width(w->physical)};
}

void o2p_find_bounds(const o2p_leaf_writer *w, o2p_value_range v, uint8_t *stored,
                     o2p_bounds *bounds)
{
    bounds->present = false;
    if (!w->bounds || v.count == 0)
        return;
    if (w->physical != O2P_PHYSICAL_BYTE_ARRAY)
        find_number_bounds(w, v.first, v.count, stored, bounds);
    else if (w->leaf->constant)
        *bounds = (o2p_bounds){true, (const uint8_t *)"", (const uint8_t *)"", 0, 0};
    else
        find_text_bounds(w, v, bounds);
}
