/* bounds.c - least and greatest of a page's values, for its statistics and the column index.
 *
 *   values      order                                                     left out
 *   text        bytes, as far as a bound is kept (statistics_bytes)        -
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
static int compare_for_bounds(const o2p_entry *a, const o2p_entry *b, uint32_t most)
{
    o2p_entry x = *a, y = *b;
    x.size = x.size <= most ? x.size : most + 1;
    y.size = y.size <= most ? y.size : most + 1;
    return o2p_entry_compare(&x, &y);
}

/* The first bytes of a text as a number that is in their order, shorter ones followed by zeros:
 * most comparisons end with it. */
static inline uint64_t prefix_of(const o2p_entry *entry)
{
    const uint8_t *bytes = entry->bytes;
    uint32_t size = entry->size;
    if (size >= 8)
        return o2p_load_be64(bytes);
    if (size >= 4) /* two halves that overlap */
        return (uint64_t)o2p_load_be32(bytes) << 32 | (uint64_t)o2p_load_be32(bytes + size - 4)
                                                          << (64 - 8 * size);
    uint64_t prefix = 0;
    for (uint32_t i = 0; i < size; i++)
        prefix |= (uint64_t)bytes[i] << (56 - 8 * i);
    return prefix;
}

/* Least and greatest of the entries noted so far: by their places in the chunk's dictionary, or,
 * where it has none (`used` is NULL), by their indices. */
typedef struct extremes {
    const o2p_dictionary *dictionary;
    const uint32_t *used;
    uint32_t most; /* bytes that tell two apart */
    uint32_t min, max;
    uint64_t min_prefix, max_prefix;
    bool any;
} extremes;

static extremes none_of(const o2p_leaf_writer *w)
{
    return (extremes){.dictionary = w->dictionary,
                      .used = w->places == NULL ? NULL : o2p_u32s(&w->encoder->used),
                      .most = w->encoder->settings->statistics_bytes};
}

static const o2p_entry *entry_of(const extremes *x, uint32_t number)
{
    return o2p_dictionary_entry(x->dictionary, x->used == NULL ? number : x->used[number]);
}

/* One of the two may be it, or equals it as far as prefixes go. */
static O2P_NOINLINE void note_closely(extremes *x, uint32_t number, uint64_t prefix)
{
    const o2p_entry *entry = entry_of(x, number);
    if (!x->any || prefix < x->min_prefix ||
        (prefix == x->min_prefix && compare_for_bounds(entry, entry_of(x, x->min), x->most) < 0)) {
        x->min = number;
        x->min_prefix = prefix;
    }
    if (!x->any || prefix > x->max_prefix ||
        (prefix == x->max_prefix && compare_for_bounds(entry, entry_of(x, x->max), x->most) > 0)) {
        x->max = number;
        x->max_prefix = prefix;
    }
    x->any = true;
}

static inline void note(extremes *x, uint32_t number, uint64_t prefix)
{
    bool between = prefix > x->min_prefix && prefix < x->max_prefix;
    bool same = number == x->min || number == x->max;
    if (!between && !(same && x->any))
        note_closely(x, number, prefix);
}

static inline void note_index(extremes *x, uint32_t index)
{
    note(x, index, prefix_of(o2p_dictionary_entry(x->dictionary, index)));
}

static inline void note_place(const o2p_leaf_writer *w, extremes *x, uint32_t place)
{
    note(x, place, ((const uint64_t *)(const void *)w->encoder->prefixes.data)[place]);
}

void o2p_bounds_prepare(const o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    e->prefixes.size = 0;
    uint64_t *prefixes = (uint64_t *)o2p_buffer_extend(&e->prefixes, (size_t)w->place_count * 8);
    for (uint32_t i = 0; i < w->place_count && prefixes != NULL; i++)
        prefixes[i] = prefix_of(o2p_dictionary_entry(w->dictionary, o2p_u32s(&e->used)[i]));
}

/* Values with places. Where the dictionary has fewer entries than the page has values, it is noted
 * which of them the page has, and those are compared. */
static void note_places(const o2p_leaf_writer *w, uint32_t begin, uint32_t end, extremes *x)
{
    o2p_buffer *buffer = &w->encoder->seen;
    const uint32_t *places = w->places;
    if (w->place_count > end - begin) {
        for (uint32_t i = begin; i < end; i++)
            note_place(w, x, places[i]);
        return;
    }
    buffer->size = 0;
    uint8_t *seen = (uint8_t *)o2p_buffer_extend(buffer, w->place_count);
    if (seen == NULL)
        return;
    memset(seen, 0, w->place_count);
    for (uint32_t i = begin; i < end; i++)
        seen[places[i]] = 1;
    for (uint32_t place = 0; place < w->place_count; place++)
        if (seen[place] != 0)
            note_place(w, x, place);
}

static void note_range(const o2p_leaf_writer *w, uint32_t begin, uint32_t end, extremes *x)
{
    if (w->places != NULL)
        note_places(w, begin, end, x);
    for (uint32_t i = begin; i < end && w->places == NULL; i++)
        note_index(x, w->leaf->indices[i]);
}

/* Over these values, of which there is one at least, or, when they are all of them or all
 * alike, over the chunk's dictionary. */
static void find_text_bounds(const o2p_leaf_writer *w, o2p_value_range v, o2p_bounds *bounds)
{
    extremes x = none_of(w);
    if (w->encoder->memory->failed) /* prefixes may be missing */
        return;
    if (w->places != NULL && (v.count == w->leaf->value_count || w->place_count == 1)) {
        for (uint32_t i = 0; i < w->place_count; i++)
            note_place(w, &x, i);
    } else {
        note_range(w, v.first, v.first + v.count, &x);
    }
    if (x.any) /* or memory was refused */
        text_bounds(w, entry_of(&x, x.min), entry_of(&x, x.max), bounds);
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Zeros as the format wants them (parquet.thrift, ColumnOrder). A NaN is neither less nor greater
 * than anything, so it changes nothing: when there is nothing else, the infinities stay as they
 * are, the least above the greatest. */
static bool find_double_bounds(const uint64_t *words, uint32_t count, uint64_t *min, uint64_t *max)
{
    const uint64_t infinity = (uint64_t)0x7FF << 52, sign = (uint64_t)1 << 63;
    double least = double_of(infinity), greatest = double_of(infinity | sign);
    for (uint32_t i = 0; i < count; i++) {
        double value = double_of(words[i]);
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    *min = bits_of(least);
    *max = bits_of(greatest);
    if (*min << 1 == 0)
        *min = sign;
    if (*max << 1 == 0)
        *max = 0;
    return least <= greatest;
}

/* 32-bit numbers and booleans lie in the low half. */
static O2P_ALWAYS_INLINE int64_t signed_of(uint64_t word, bool wide)
{
    return wide ? (int64_t)word : (int64_t)(int32_t)(uint32_t)word;
}

static O2P_ALWAYS_INLINE void find_int_bounds(const uint64_t *words, uint32_t count, bool wide,
                                              uint64_t *min, uint64_t *max)
{
    int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = signed_of(words[i], wide);
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    *min = (uint64_t)least;
    *max = (uint64_t)greatest;
}

/* Of `count` > 0 numbers. False when all are NaN. */
static bool bounds_of_numbers(o2p_physical physical, const uint64_t *words, uint32_t count,
                              uint64_t *min, uint64_t *max)
{
    if (physical == O2P_PHYSICAL_DOUBLE)
        return find_double_bounds(words, count, min, max);
    if (physical == O2P_PHYSICAL_INT64)
        find_int_bounds(words, count, true, min, max);
    else
        find_int_bounds(words, count, false, min, max);
    return true;
}

/* `stored` has room for two values of 8 bytes. */
static void find_number_bounds(const o2p_leaf_writer *w, uint32_t first, uint32_t count,
                               uint8_t *stored, o2p_bounds *bounds)
{
    static const uint64_t zero = 0;
    const uint64_t *words = w->leaf->constant ? &zero : w->leaf->words + first;
    uint64_t min, max;
    if (w->leaf->constant) {
        count = 1;
    } else if (w->places != NULL && count == w->leaf->value_count) {
        words = o2p_number_table_values(&w->encoder->numbers);
        count = w->place_count;
    }
    bool present = bounds_of_numbers(w->physical, words, count, &min, &max);
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
