/* encode.c - see encode.h.
 *
 * For each row group and each leaf: gather the values (leaf.h), choose an encoding, write pages.
 *
 *   leaf                       encoding
 *   text, keys                 RLE_DICTIONARY when dictionary and indices are smaller, else PLAIN
 *   ids                        the same, but DELTA_LENGTH_BYTE_ARRAY for PLAIN
 *   numbers                    RLE_DICTIONARY when values repeat; else DELTA_BINARY_PACKED for
 *                              integers, PLAIN for doubles
 *   booleans                   PLAIN
 *   nothing but nulls          PLAIN, levels only
 *   one default value          RLE_DICTIONARY with one entry and one run: no array is made
 *
 * Rows share the lists of a MAP: a list's entries are numbered and packed once, and put once a row.
 */
#include "encode.h"

#include "../base/hash.h"
#include "../base/text.h"
#include "../parquet/delta.h"
#include "../parquet/statistics.h"
#include "../parquet/thrift.h"
#include "number_table.h"

struct o2p_encoder {
    const o2p_store *store;
    const o2p_settings *settings;
    o2p_memory *memory;
    o2p_parquet *writer;
    o2p_gather gather;
    o2p_levels repetition, definition;
    /* u32: the rows of the row group in each source; for other sources than ROW once a run, and the
     * runs' lengths. */
    o2p_buffer sources[O2P_SOURCE_METRIC + 1];
    o2p_buffer repeats[O2P_SOURCE_METRIC + 1];
    o2p_buffer local;  /* u32 a dictionary entry: its place in the chunk's dictionary + 1, or 0 */
    o2p_buffer used;   /* u32 a place: the entry */
    o2p_buffer uses;   /* u32 a place: how many values */
    o2p_buffer places; /* u32 a value; of a MAP, an entry of a list */
    o2p_buffer packed; /* u64 a list of a MAP: the places of its entries, if they fit */
    o2p_buffer narrow; /* i32 a value, for DELTA of INT32 */
    o2p_buffer hex[2]; /* least and greatest id as text */
    o2p_buffer hashes; /* u64 a place, for the bloom filter */
    o2p_number_table numbers;
    o2p_dictionary duplicates; /* entries of DuplicateAttributes */
    uint64_t duplicates_repaired;
    o2p_arena arena;
    o2p_parquet_node nodes[O2P_MAX_NODES];
};

/* A leaf while it is written. */
typedef struct leaf_writer {
    o2p_encoder *encoder;
    o2p_leaf *leaf;
    o2p_page_encoding encoding;
    o2p_physical physical;
    bool bounds;                      /* wanted */
    bool hex;                         /* entries are ids */
    const o2p_dictionary *dictionary; /* of text */
    const uint32_t *places; /* with RLE_DICTIONARY: a value's place in the chunk's dictionary */
    uint32_t place_count;
} leaf_writer;

/* Values of a leaf that go to a page, and the rows (child rows, where there are two levels) that
 * they are of. */
typedef struct value_range {
    uint32_t first, count;
    uint32_t row, row_end;
} value_range;

static uint32_t *u32s(o2p_buffer *buffer)
{
    return (uint32_t *)(void *)buffer->data;
}

/* ---- bounds ---- */

/* Ids compare as their hex text does: byte by byte. */
static void id_bound(o2p_buffer *text, const o2p_entry *entry, const uint8_t **bytes,
                     uint32_t *size)
{
    text->size = 0;
    o2p_append_hex(text, entry->bytes, entry->size);
    *bytes = text->data;
    *size = (uint32_t)text->size;
}

static void text_bounds(const leaf_writer *w, const o2p_entry *min, const o2p_entry *max,
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
static const o2p_entry *entry_of(const leaf_writer *w, uint32_t i)
{
    uint32_t index =
        w->places == NULL ? w->leaf->indices[i] : u32s(&w->encoder->used)[w->places[i]];
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
static void find_list_bounds(const leaf_writer *w, value_range v, const o2p_entry **min,
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
static void find_text_bounds(const leaf_writer *w, value_range v, o2p_bounds *bounds)
{
    const o2p_entry *min = NULL, *max = NULL;
    const uint32_t *used = u32s(&w->encoder->used);
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
static int64_t signed_of(const leaf_writer *w, uint64_t word)
{
    return w->physical == O2P_PHYSICAL_INT64 ? (int64_t)word : (int64_t)(int32_t)(uint32_t)word;
}

static void find_int_bounds(const leaf_writer *w, const uint64_t *words, uint32_t count,
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

static uint32_t width_of(o2p_physical physical)
{
    return physical == O2P_PHYSICAL_BOOLEAN ? 1 : physical == O2P_PHYSICAL_INT32 ? 4 : 8;
}

/* `stored` has room for two values of 8 bytes. */
static void find_number_bounds(const leaf_writer *w, uint32_t first, uint32_t count,
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
    *bounds =
        (o2p_bounds){present, stored, stored + 8, width_of(w->physical), width_of(w->physical)};
}

static void find_bounds(const leaf_writer *w, value_range v, uint8_t *stored, o2p_bounds *bounds)
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

/* ---- values ---- */

static void put_bytes(const leaf_writer *w, const o2p_entry *entry, o2p_buffer *out)
{
    if (w->hex)
        o2p_append_hex(out, entry->bytes, entry->size);
    else
        o2p_buffer_append(out, entry->bytes, entry->size);
}

/* PLAIN text: length and bytes. */
static void put_entry(const leaf_writer *w, const o2p_entry *entry, o2p_buffer *out)
{
    uint32_t size = w->hex ? entry->size * 2 : entry->size;
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, 4);
    if (at == NULL)
        return;
    o2p_store_le32(at, size);
    put_bytes(w, entry, out);
}

/* DELTA_LENGTH_BYTE_ARRAY: the lengths as DELTA_BINARY_PACKED, then all bytes. */
static void put_delta_length(const leaf_writer *w, uint32_t first, uint32_t count, o2p_buffer *out)
{
    o2p_buffer *narrow = &w->encoder->narrow;
    narrow->size = 0;
    int32_t *lengths = (int32_t *)o2p_buffer_extend(narrow, (size_t)count * 4 + 4);
    if (lengths == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = o2p_dictionary_entry(w->dictionary, w->leaf->indices[first + i])->size;
        lengths[i] = (int32_t)(w->hex ? size * 2 : size);
    }
    o2p_delta_encode32(out, lengths, count);
    for (uint32_t i = first; i < first + count; i++)
        put_bytes(w, o2p_dictionary_entry(w->dictionary, w->leaf->indices[i]), out);
}

/* `words` NULL: all false. */
static void put_booleans(const uint64_t *words, uint32_t count, o2p_buffer *out)
{
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, (count + 7u) / 8);
    if (at == NULL)
        return;
    memset(at, 0, (count + 7u) / 8);
    for (uint32_t i = 0; i < count && words != NULL; i++)
        at[i / 8] |= (uint8_t)((words[i] != 0) << (i % 8));
}

static void put_plain_numbers(const leaf_writer *w, const uint64_t *words, uint32_t count,
                              o2p_buffer *out)
{
    uint32_t width = width_of(w->physical);
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, (size_t)count * width);
    if (at == NULL)
        return;
    for (uint32_t i = 0; i < count; i++, at += width)
        if (width == 8)
            o2p_store_le64(at, words[i]);
        else
            o2p_store_le32(at, (uint32_t)words[i]);
}

static void put_delta(const leaf_writer *w, const uint64_t *words, uint32_t count, o2p_buffer *out)
{
    if (w->physical == O2P_PHYSICAL_INT64) {
        o2p_delta_encode64(out, (const int64_t *)(const void *)words, count);
        return;
    }
    o2p_buffer *narrow = &w->encoder->narrow;
    narrow->size = 0;
    int32_t *values = (int32_t *)o2p_buffer_extend(narrow, (size_t)count * 4 + 4);
    if (values == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        values[i] = (int32_t)(uint32_t)words[i];
    o2p_delta_encode32(out, values, count);
}

/* ---- indices ---- */

/* Bits of a dictionary index. */
static unsigned place_width(const leaf_writer *w)
{
    unsigned width = o2p_bit_width(w->place_count - 1);
    return width == 0 ? 1 : width; /* readers differ on width 0 */
}

/* Bits of a list that are put at once. */
enum { WORD_BITS = 56 };

/* Packs the indices of each list into a word, where they fit. NULL when memory is refused. */
static const uint64_t *pack_lists(const leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    unsigned width = place_width(w);
    o2p_buffer *packed = &w->encoder->packed;
    packed->size = 0;
    uint64_t *words = (uint64_t *)o2p_buffer_extend(packed, (size_t)leaf->list_count * 8);
    for (uint32_t l = 0; l < leaf->list_count && words != NULL; l++) {
        uint32_t begin = o2p_leaf_list_begin(leaf, l), size = o2p_leaf_list_size(leaf, l);
        words[l] = 0;
        for (uint32_t i = 0; i < size && (uint64_t)size * width <= WORD_BITS; i++)
            words[l] |= (uint64_t)w->places[begin + i] << (i * width);
    }
    return words;
}

/* Puts a list's indices `times` times over. */
static void put_list(const leaf_writer *w, o2p_bits *bits, uint64_t word, uint32_t list,
                     uint32_t times)
{
    enum { FEW = 4 };
    uint32_t size = o2p_leaf_list_size(w->leaf, list);
    unsigned width = place_width(w);
    const uint32_t *places = w->places + o2p_leaf_list_begin(w->leaf, list);
    uint8_t pattern[16] = {0};
    if ((uint64_t)size * width > WORD_BITS) {
        for (; times > 0; times--)
            o2p_bits_pack32(bits, places, size, width);
    } else if (times < FEW) {
        for (; times > 0; times--)
            o2p_bits_put(bits, word, size * width);
    } else {
        o2p_store_le64(pattern, word);
        o2p_bits_repeat(bits, pattern, size * width, times);
    }
}

/* The indices of rows that share lists, as one bit-packed run. */
static void put_list_places(const leaf_writer *w, value_range v, o2p_buffer *out)
{
    enum { GROUP = 8 };
    const uint32_t *lists = w->leaf->lists;
    const uint64_t *words = pack_lists(w);
    size_t groups = v.count / GROUP + (v.count % GROUP != 0);
    o2p_bits bits;
    if (words == NULL)
        return;
    o2p_put_varint(out, (uint64_t)groups << 1 | 1);
    size_t end = out->size + groups * place_width(w);
    o2p_bits_begin(&bits, out);
    for (uint32_t r = v.row, times; r < v.row_end; r += times) {
        times = 1;
        while (r + times < v.row_end && lists[r + times] == lists[r])
            times++;
        put_list(w, &bits, words[lists[r]], lists[r], times);
    }
    o2p_bits_flush(&bits);
    if (out->size < end && o2p_buffer_reserve(out, end - out->size)) {
        memset(out->data + out->size, 0, end - out->size);
        out->size = end;
    }
}

static void put_places(const leaf_writer *w, value_range v, o2p_buffer *out)
{
    unsigned width = place_width(w);
    o2p_buffer_byte(out, (uint8_t)width);
    if (v.count > 0 && w->place_count == 1)
        o2p_rle_run(out, 0, v.count, width);
    else if (v.count > 0 && w->leaf->lists != NULL)
        put_list_places(w, v, out);
    else if (v.count > 0)
        o2p_rle_encode(out, w->places + v.first, v.count, width);
}

static void put_entries(const leaf_writer *w, uint32_t first, uint32_t count, o2p_buffer *out)
{
    for (uint32_t i = first; i < first + count; i++)
        put_entry(w, o2p_dictionary_entry(w->dictionary, w->leaf->indices[i]), out);
}

static void put_texts(const leaf_writer *w, value_range v, o2p_buffer *out)
{
    const o2p_leaf *leaf = w->leaf;
    if (leaf->lists == NULL)
        put_entries(w, v.first, v.count, out);
    for (uint32_t r = v.row; leaf->lists != NULL && r < v.row_end; r++)
        put_entries(w, o2p_leaf_list_begin(leaf, leaf->lists[r]),
                    o2p_leaf_list_size(leaf, leaf->lists[r]), out);
}

static void put_values(const leaf_writer *w, value_range v, o2p_buffer *out)
{
    const uint64_t *words = w->leaf->words == NULL ? NULL : w->leaf->words + v.first;
    if (w->encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY)
        put_places(w, v, out);
    else if (w->encoding == O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY)
        put_delta_length(w, v.first, v.count, out);
    else if (w->physical == O2P_PHYSICAL_BYTE_ARRAY)
        put_texts(w, v, out);
    else if (w->encoding == O2P_PAGE_ENCODING_DELTA_BINARY_PACKED)
        put_delta(w, words, v.count, out);
    else if (v.count > 0 && w->physical == O2P_PHYSICAL_BOOLEAN)
        put_booleans(words, v.count, out);
    else if (v.count > 0)
        put_plain_numbers(w, words, v.count, out);
}

/* ---- pages ---- */

static uint64_t entry_bytes(const leaf_writer *w, uint32_t first, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = first; i < first + count; i++)
        bytes += 4 + (uint64_t)o2p_dictionary_entry(w->dictionary, w->leaf->indices[i])->size;
    return w->hex ? bytes * 2 : bytes;
}

/* About how many bytes the values take. */
static uint64_t value_bytes(const leaf_writer *w, value_range v)
{
    const o2p_leaf *leaf = w->leaf;
    if (leaf->constant)
        return 0;
    if (w->encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY)
        return (uint64_t)v.count * 2;
    if (w->physical != O2P_PHYSICAL_BYTE_ARRAY)
        return (uint64_t)v.count * 8;
    if (leaf->lists == NULL)
        return entry_bytes(w, v.first, v.count);
    uint64_t bytes = 0;
    for (uint32_t r = v.row; r < v.row_end; r++)
        bytes += entry_bytes(w, o2p_leaf_list_begin(leaf, leaf->lists[r]),
                             o2p_leaf_list_size(leaf, leaf->lists[r]));
    return bytes;
}

/* The values between two places in a leaf. */
static value_range values_between(const o2p_leaf *leaf, o2p_leaf_at begin, o2p_leaf_at end)
{
    bool children = leaf->inner != NULL;
    return (value_range){begin.value, end.value - begin.value, children ? begin.child : begin.row,
                         children ? end.child : end.row};
}

/* Rows of the page that begins at `at`. */
static uint32_t page_rows(const leaf_writer *w, o2p_leaf_at at)
{
    const o2p_settings *settings = w->encoder->settings;
    uint32_t left = w->leaf->rows - at.row, rows = 0, entries = 0;
    uint64_t bytes = 0;
    if (w->leaf->constant && w->leaf->counts == NULL)
        return left < settings->page_rows ? left : settings->page_rows;
    while (rows < left && rows < settings->page_rows && bytes < settings->page_bytes) {
        o2p_leaf_at before = at;
        o2p_leaf_levels(w->leaf, &at, 1, NULL, NULL, &entries);
        bytes += value_bytes(w, values_between(w->leaf, before, at));
        rows++;
    }
    return rows;
}

/* Whether one page holds all rows. */
static bool fits_one_page(const leaf_writer *w)
{
    const o2p_settings *settings = w->encoder->settings;
    const o2p_leaf *leaf = w->leaf;
    value_range all = {0, leaf->value_count, 0,
                       leaf->inner != NULL ? leaf->child_count : leaf->rows};
    return leaf->rows <= settings->page_rows && value_bytes(w, all) <= settings->page_bytes;
}

static void begin_levels(const leaf_writer *w, o2p_levels **repetition, o2p_levels **definition)
{
    const o2p_leaf *leaf = w->leaf;
    unsigned lists = leaf->counts == NULL ? 0 : leaf->inner == NULL ? 1 : 2;
    unsigned max_definition = lists + leaf->nullable;
    *repetition = lists > 0 ? &w->encoder->repetition : NULL;
    *definition = max_definition > 0 ? &w->encoder->definition : NULL;
    if (*repetition != NULL)
        o2p_levels_begin(*repetition, lists);
    if (*definition != NULL)
        o2p_levels_begin(*definition, max_definition);
}

static void write_page(leaf_writer *w, o2p_leaf_at *at, uint32_t rows)
{
    o2p_levels *repetition, *definition;
    uint8_t stored[16];
    o2p_page_info info = {w->encoding, rows, 0, 0, {0}};
    o2p_leaf_at begin = *at;
    begin_levels(w, &repetition, &definition);
    o2p_leaf_levels(w->leaf, at, rows, repetition, definition, &info.values);
    o2p_buffer *page = o2p_parquet_page_begin(w->encoder->writer);
    if (repetition != NULL)
        o2p_levels_end(repetition, page);
    if (definition != NULL)
        o2p_levels_end(definition, page);
    value_range v = values_between(w->leaf, begin, *at);
    put_values(w, v, page);
    info.nulls = info.values - v.count;
    find_bounds(w, v, stored, &info.bounds);
    o2p_parquet_page_end(w->encoder->writer, &info);
}

static void write_pages(leaf_writer *w)
{
    o2p_leaf_at at = {0, 0, 0};
    bool one = fits_one_page(w);
    while (at.row < w->leaf->rows && !w->encoder->memory->failed)
        write_page(w, &at, one ? w->leaf->rows : page_rows(w, at));
}

/* ---- text leaves ---- */

/* A scratch array of at least `count` u32 in `buffer`, unset. */
static uint32_t *u32_room(o2p_buffer *buffer, size_t count)
{
    buffer->size = 0;
    return (uint32_t *)o2p_buffer_extend(buffer, count * 4 + 4);
}

/* `local` is zero between leaves. It is cleared by what was used and not by its size, since a batch
 * may have a large dictionary and thousands of files with a few rows each. */
static uint32_t *zeroed_local(o2p_encoder *e, uint32_t entries)
{
    size_t had = e->local.size, needed = (size_t)entries * 4 + 4;
    if (had < needed) {
        void *more = o2p_buffer_extend(&e->local, needed - had);
        if (more == NULL)
            return NULL;
        memset(more, 0, needed - had);
    }
    return u32s(&e->local);
}

/* How many indices a leaf has: lists that rows share are there once. */
static uint32_t index_count(const o2p_leaf *leaf)
{
    return leaf->lists == NULL ? leaf->value_count : leaf->list_ends[leaf->list_count - 1];
}

/* Numbers the entries that the leaf uses by first use. False when memory is refused. */
static bool localise(leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    const o2p_leaf *leaf = w->leaf;
    uint32_t entries = w->dictionary->entry_count, values = index_count(leaf);
    uint32_t most = values < entries ? values : entries;
    uint32_t *local = zeroed_local(e, entries), *places = u32_room(&e->places, values);
    uint32_t *used = u32_room(&e->used, most), *uses = u32_room(&e->uses, most);
    if (local == NULL || places == NULL || used == NULL || uses == NULL)
        return false;
    uint32_t count = 0;
    for (uint32_t i = 0; i < values; i++) {
        uint32_t index = leaf->indices[i], place = local[index];
        if (place == 0) {
            used[count] = index;
            uses[count] = 0;
            place = local[index] = ++count;
        }
        uses[place - 1]++;
        places[i] = place - 1;
    }
    for (uint32_t i = 0; i < count; i++)
        local[used[i]] = 0;
    w->places = places;
    w->place_count = count;
    return true;
}

/* Whether a dictionary and indices take less than the values. */
static bool dictionary_pays(const leaf_writer *w)
{
    const uint32_t *used = u32s(&w->encoder->used), *uses = u32s(&w->encoder->uses);
    uint64_t plain = 0, entries = 0, values = 0;
    for (uint32_t i = 0; i < w->place_count; i++) {
        uint64_t size = o2p_dictionary_entry(w->dictionary, used[i])->size;
        size = 4 + (w->hex ? size * 2 : size);
        entries += size;
        plain += size * uses[i];
        values += uses[i];
    }
    uint64_t bits = values * o2p_bit_width(w->place_count - 1);
    return entries + bits / 8 < plain || w->place_count == 1;
}

/* Counts the uses again, for a leaf whose rows share lists. False when memory is refused. */
static bool weigh_list_uses(leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    uint32_t *uses = u32s(&w->encoder->uses),
             *times = u32_room(&w->encoder->packed, leaf->list_count);
    uint32_t rows = leaf->inner != NULL ? leaf->child_count : leaf->rows;
    if (times == NULL)
        return false;
    memset(times, 0, (size_t)leaf->list_count * 4);
    memset(uses, 0, (size_t)w->place_count * 4);
    for (uint32_t r = 0; r < rows; r++)
        times[leaf->lists[r]] += leaf->repeats == NULL ? 1 : leaf->repeats[r];
    for (uint32_t l = 1, i = 0; l < leaf->list_count; l++)
        for (; i < leaf->list_ends[l]; i++)
            uses[w->places[i]] += times[l];
    return true;
}

/* The same for a leaf without lists whose rows repeat. */
static void weigh_uses(leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    uint32_t *uses = u32s(&w->encoder->uses);
    memset(uses, 0, (size_t)w->place_count * 4);
    for (uint32_t r = 0, i = 0; r < leaf->rows; r++)
        for (uint32_t n = o2p_leaf_row_values(leaf, r); n > 0; n--)
            uses[w->places[i++]] += leaf->repeats[r];
}

/* Chooses between a dictionary and plain values, and writes out what repeats. False when memory is
 * refused. */
static bool settle_text(leaf_writer *w)
{
    o2p_leaf *leaf = w->leaf;
    bool repeats = leaf->repeats != NULL;
    /* Values that repeat with their rows are numbered even where equal ones have several entries:
     * plain, a megabyte in a resource would be written for each of its rows. */
    if ((!w->dictionary->gave_up || repeats) && !localise(w))
        return false;
    if (w->places != NULL && leaf->lists != NULL && !weigh_list_uses(w))
        return false;
    if (w->places != NULL && leaf->lists == NULL && repeats)
        weigh_uses(w);
    if (w->places != NULL && !dictionary_pays(w))
        w->places = NULL;
    if (!repeats)
        return true;
    if (leaf->lists != NULL)
        return o2p_leaf_expand(&w->encoder->gather, leaf);
    if (w->places != NULL)
        leaf->indices = w->places; /* only places are needed from here on */
    if (!o2p_leaf_expand(&w->encoder->gather, leaf))
        return false;
    if (w->places != NULL)
        w->places = leaf->indices;
    return true;
}

static void write_text_dictionary(leaf_writer *w)
{
    const uint32_t *used = u32s(&w->encoder->used);
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    for (uint32_t i = 0; i < w->place_count; i++)
        put_entry(w, o2p_dictionary_entry(w->dictionary, used[i]), page);
    o2p_parquet_dictionary_end(w->encoder->writer, w->place_count);
}

/* The dictionary of a leaf whose values are all the default. */
static void write_default_dictionary(leaf_writer *w)
{
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    uint32_t width = w->physical == O2P_PHYSICAL_BYTE_ARRAY ? 4 : width_of(w->physical);
    void *at = o2p_buffer_extend(page, width); /* a zero, or an empty text's length */
    if (at != NULL)
        memset(at, 0, width);
    o2p_parquet_dictionary_end(w->encoder->writer, 1);
    w->place_count = 1;
    w->encoding = O2P_PAGE_ENCODING_RLE_DICTIONARY;
}

/* Hashes of the distinct ids, as text: of the chunk's dictionary if it has one. */
static void write_bloom(leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    bool places = w->places != NULL;
    const uint32_t *indices = places ? u32s(&e->used) : w->leaf->indices;
    uint32_t count = places ? w->place_count : w->leaf->value_count;
    e->hashes.size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const o2p_entry *entry = o2p_dictionary_entry(w->dictionary, indices[i]);
        e->hex[0].size = 0;
        o2p_append_hex(&e->hex[0], entry->bytes, entry->size);
        const void *text = e->hex[0].size == 0 ? "" : (const void *)e->hex[0].data;
        o2p_buffer_u64(&e->hashes, o2p_xxh64(text, e->hex[0].size, 0));
    }
    if (!e->memory->failed)
        o2p_parquet_bloom(e->writer, (const uint64_t *)(const void *)e->hashes.data, count);
}

static bool write_text(leaf_writer *w, bool bloom)
{
    if (w->leaf->value_count > 0 && w->leaf->constant) {
        write_default_dictionary(w);
    } else if (w->leaf->value_count > 0) {
        if (!settle_text(w))
            return false;
        w->encoding = w->places != NULL ? O2P_PAGE_ENCODING_RLE_DICTIONARY
                      : w->hex          ? O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY
                                        : O2P_PAGE_ENCODING_PLAIN;
        if (w->places != NULL)
            write_text_dictionary(w);
    }
    write_pages(w);
    if (bloom && w->leaf->value_count > 0 && !w->leaf->constant)
        write_bloom(w);
    return !w->encoder->memory->failed;
}

/* ---- number leaves ---- */

static bool write_numbers(leaf_writer *w, bool floating)
{
    o2p_encoder *e = w->encoder;
    const o2p_leaf *leaf = w->leaf;
    if (leaf->value_count > 0 && w->physical == O2P_PHYSICAL_BOOLEAN) {
        w->encoding = O2P_PAGE_ENCODING_PLAIN;
    } else if (leaf->value_count > 0 && leaf->constant) {
        write_default_dictionary(w);
    } else if (leaf->value_count > 0) {
        uint32_t *places = u32_room(&e->places, leaf->value_count);
        if (places == NULL)
            return false;
        w->encoding = floating ? O2P_PAGE_ENCODING_PLAIN : O2P_PAGE_ENCODING_DELTA_BINARY_PACKED;
        w->place_count = o2p_number_table_fill(&e->numbers, leaf->words, leaf->value_count, places);
        if (w->place_count > 0) {
            const uint64_t *distinct = o2p_number_table_values(&e->numbers);
            o2p_buffer *page = o2p_parquet_dictionary_begin(e->writer);
            put_plain_numbers(w, distinct, w->place_count, page);
            o2p_parquet_dictionary_end(e->writer, w->place_count);
            w->places = places;
            w->encoding = O2P_PAGE_ENCODING_RLE_DICTIONARY;
        }
    }
    write_pages(w);
    return !e->memory->failed;
}

/* ---- DuplicateAttributes ---- */

/* Elements noted for a row of a source; NULL if there are none. */
static const o2p_entry *noted(const o2p_rows *rows, uint32_t row)
{
    const o2p_column *column = rows == NULL ? NULL : &rows->columns[O2P_COL_DuplicateAttributes];
    if (column == NULL || row >= column->cells.size / 4 || o2p_cells32(column)[row] == 0)
        return NULL;
    return o2p_dictionary_entry(column->dictionary, o2p_cells32(column)[row] - 1);
}

static const o2p_rows *rows_of(const o2p_encoder *e, o2p_table table, o2p_source source)
{
    return source == O2P_SOURCE_ROW ? e->store->tables[table] : e->store->groups[source];
}

static bool any_noted(const o2p_encoder *e, o2p_table table)
{
    for (o2p_source s = O2P_SOURCE_ROW; s <= O2P_SOURCE_METRIC; s++) {
        const o2p_rows *rows = rows_of(e, table, s);
        if (rows != NULL && rows->columns[O2P_COL_DuplicateAttributes].cells.size > 0)
            return true;
    }
    return false;
}

/* The metric of logs and traces is row 0, which is none of theirs. */
static bool has_source(o2p_table table, o2p_source source)
{
    return source != O2P_SOURCE_METRIC || o2p_tables[table].signal == O2P_SIGNAL_METRICS;
}

/* Where a walk over the rows of the row group is in each source. */
typedef struct source_walk {
    uint32_t at[O2P_SOURCE_METRIC + 1];   /* among the source's rows or runs */
    uint32_t done[O2P_SOURCE_METRIC + 1]; /* rows of that run that are behind */
} source_walk;

/* The row in a source of the next row of the row group. */
static uint32_t next_row(const o2p_encoder *e, source_walk *walk, o2p_source source)
{
    uint32_t at = walk->at[source];
    uint32_t length = source == O2P_SOURCE_ROW
                          ? 1
                          : ((const uint32_t *)(const void *)e->repeats[source].data)[at];
    if (++walk->done[source] == length) {
        walk->at[source]++;
        walk->done[source] = 0;
    }
    return ((const uint32_t *)(const void *)e->sources[source].data)[at];
}

/* What was noted for a row's resource, scope and metric, and for itself; NULL where nothing was. */
typedef struct row_notes {
    const o2p_entry *of[4];
} row_notes;

static row_notes next_notes(o2p_encoder *e, o2p_table table, source_walk *walk)
{
    static const o2p_source order[] = {O2P_SOURCE_RESOURCE, O2P_SOURCE_SCOPE, O2P_SOURCE_METRIC,
                                       O2P_SOURCE_ROW};
    row_notes notes;
    for (size_t s = 0; s < 4; s++) {
        uint32_t row = next_row(e, walk, order[s]);
        notes.of[s] = has_source(table, order[s]) ? noted(rows_of(e, table, order[s]), row) : NULL;
    }
    return notes;
}

static void join_notes(const row_notes *notes, o2p_buffer *text)
{
    text->size = 0;
    for (size_t s = 0; s < 4; s++) {
        const o2p_entry *entry = notes->of[s];
        if (entry == NULL)
            continue;
        o2p_buffer_byte(text, text->size == 0 ? '[' : ',');
        o2p_buffer_append(text, entry->bytes, entry->size);
    }
    if (text->size > 0)
        o2p_buffer_byte(text, ']');
}

/* Makes the leaf of DuplicateAttributes, which is in no column as it is written. */
static bool gather_noted(o2p_encoder *e, o2p_table table, uint32_t count, o2p_leaf *leaf)
{
    memset(leaf, 0, sizeof(*leaf));
    leaf->rows = count;
    leaf->nullable = leaf->constant = true;
    if (!any_noted(e, table))
        return true;
    o2p_gather *gather = &e->gather;
    uint32_t *indices = u32_room(&gather->indices, count);
    gather->valid.size = 0;
    uint8_t *valid = (uint8_t *)o2p_buffer_extend(&gather->valid, count);
    if (indices == NULL || valid == NULL)
        return false;
    source_walk walk = {{0}, {0}};
    o2p_dictionary_prepare(&e->duplicates);
    row_notes last = {{NULL}};
    uint32_t index = 0;
    for (uint32_t i = 0; i < count; i++) {
        row_notes notes = next_notes(e, table, &walk);
        if (memcmp(&notes, &last, sizeof(notes)) !=
            0) { /* else the text is that of the row before */
            join_notes(&notes, &e->hex[0]);
            index = o2p_intern(&e->duplicates, e->hex[0].data, e->hex[0].size, false);
        }
        last = notes;
        valid[i] = index != 0;
        if (valid[i])
            indices[leaf->value_count++] = index;
    }
    leaf->constant = false;
    leaf->indices = indices;
    leaf->valid = valid;
    return !e->memory->failed;
}

/* ---- columns ---- */

static o2p_physical physical_of(o2p_kind kind)
{
    switch (kind) {
    case O2P_KIND_TIME:
    case O2P_KIND_INT64:
    case O2P_KIND_INT64_LIST:
        return O2P_PHYSICAL_INT64;
    case O2P_KIND_NANOS:
    case O2P_KIND_INT32:
        return O2P_PHYSICAL_INT32;
    case O2P_KIND_DOUBLE:
    case O2P_KIND_DOUBLE_LIST:
        return O2P_PHYSICAL_DOUBLE;
    case O2P_KIND_BOOL:
        return O2P_PHYSICAL_BOOLEAN;
    default:
        return O2P_PHYSICAL_BYTE_ARRAY;
    }
}

static const o2p_dictionary *dictionary_of(const o2p_encoder *e, o2p_table table, o2p_col col,
                                           o2p_part part)
{
    if (col == O2P_COL_DuplicateAttributes)
        return &e->duplicates;
    const o2p_rows *rows = rows_of(e, table, (o2p_source)o2p_columns[col].source);
    if (rows == NULL)
        return NULL;
    const o2p_column *column = &rows->columns[col];
    o2p_dictionary *dictionary = part == O2P_PART_KEY ? column->key_dictionary : column->dictionary;
    if (dictionary != NULL)
        o2p_dictionary_prepare(dictionary);
    return dictionary;
}

/* Gathers a leaf over the row group, once a run where rows of its source repeat. */
static bool gather(o2p_encoder *e, o2p_table table, o2p_col col, o2p_col parent, o2p_part part,
                   o2p_leaf *leaf)
{
    o2p_source source = (o2p_source)o2p_columns[col].source;
    uint32_t count = (uint32_t)(e->sources[source].size / 4);
    if (col == O2P_COL_DuplicateAttributes)
        return gather_noted(e, table, count, leaf);
    if (!o2p_gather_leaf(&e->gather, rows_of(e, table, source), col, parent, part,
                         u32s(&e->sources[source]), count, leaf))
        return false;
    if (source == O2P_SOURCE_ROW)
        return true;
    leaf->repeats = u32s(&e->repeats[source]);
    /* Text is repeated once it is numbered; the rest at once. */
    bool later = leaf->indices != NULL && leaf->value_count > 0;
    return later || o2p_leaf_expand(&e->gather, leaf);
}

static bool write_leaf(o2p_encoder *e, o2p_table table, o2p_col col, o2p_col parent, o2p_part part,
                       uint32_t number)
{
    const o2p_column_spec *spec = &o2p_columns[col];
    o2p_leaf leaf;
    if (!gather(e, table, col, parent, part, &leaf))
        return false;
    leaf_writer w = {.encoder = e,
                     .leaf = &leaf,
                     .encoding = O2P_PAGE_ENCODING_PLAIN,
                     .physical = physical_of((o2p_kind)spec->kind),
                     .bounds = spec->statistics == O2P_STATISTICS_BOUNDS,
                     .hex = spec->kind == O2P_KIND_ID,
                     .dictionary = dictionary_of(e, table, col, part)};
    if (e->memory->failed)
        return false;
    o2p_parquet_chunk_begin(e->writer, number, (o2p_statistics)spec->statistics);
    if (w.hex)
        o2p_parquet_chunk_random(e->writer);
    bool ok = w.physical == O2P_PHYSICAL_BYTE_ARRAY
                  ? write_text(&w, col == O2P_COL_TraceId)
                  : write_numbers(&w, w.physical == O2P_PHYSICAL_DOUBLE);
    o2p_parquet_chunk_end(e->writer);
    return ok && !e->memory->failed;
}

/* Writes all leaves of a row group. */
static bool write_leaves(o2p_encoder *e, o2p_table table)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    uint32_t number = 0;
    bool ok = true;
    for (size_t i = 0; i < spec->column_count && ok; i++) {
        o2p_col col = (o2p_col)spec->columns[i];
        int32_t parent_at = spec->infos[i].parent;
        o2p_col parent = parent_at < 0 ? O2P_COL_NONE : (o2p_col)spec->columns[parent_at];
        o2p_kind kind = (o2p_kind)o2p_columns[col].kind;
        if (kind == O2P_KIND_MAP)
            ok = write_leaf(e, table, col, parent, O2P_PART_KEY, number++) &&
                 write_leaf(e, table, col, parent, O2P_PART_VALUE, number++);
        else if (kind != O2P_KIND_STRUCT_LIST)
            ok = write_leaf(e, table, col, parent, O2P_PART_ONLY, number++);
    }
    return ok;
}

/* Leaf numbers of the columns that rows are sorted by. */
static uint32_t leaf_number(const o2p_table_spec *spec, o2p_col wanted)
{
    uint32_t number = 0;
    for (size_t i = 0; i < spec->column_count && spec->columns[i] != wanted; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        number += kind == O2P_KIND_MAP ? 2 : kind != O2P_KIND_STRUCT_LIST;
    }
    return number;
}

/* ---- files ---- */

/* The rows of a row group in a source, as runs of equal ones. */
static bool set_runs(o2p_encoder *e, o2p_table table, o2p_source source, const uint32_t *runs,
                     uint32_t count)
{
    const o2p_run *all = o2p_store_runs(e->store, table);
    uint32_t *rows = u32_room(&e->sources[source], count);
    uint32_t *repeats = u32_room(&e->repeats[source], count);
    if (rows == NULL || repeats == NULL)
        return false;
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = all[runs[i]].group[source];
        if (made == 0 || rows[made - 1] != row) {
            rows[made] = row;
            repeats[made++] = 0;
        }
        repeats[made - 1]++;
    }
    e->sources[source].size = e->repeats[source].size = (size_t)made * 4;
    return true;
}

static bool set_sources(o2p_encoder *e, o2p_table table, const uint32_t *selected,
                        const uint32_t *runs, uint32_t count)
{
    e->sources[O2P_SOURCE_ROW].size = 0;
    o2p_buffer_append(&e->sources[O2P_SOURCE_ROW], selected, (size_t)count * 4);
    bool ok = !e->memory->failed;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC && ok; s++)
        ok = set_runs(e, table, s, runs, count);
    return ok;
}

static uint32_t map_size(const o2p_rows *rows, o2p_col map, uint32_t row)
{
    const o2p_column *column = rows == NULL ? NULL : &rows->columns[map];
    return column == NULL ? 0 : o2p_map_size(column, o2p_map_list(column, row));
}

/* Attributes that each row of a run has from its resource, scope and metric. */
static uint64_t shared_attributes(const o2p_encoder *e, o2p_table table, const o2p_run *run)
{
    static const o2p_col maps[] = {[O2P_SOURCE_RESOURCE] = O2P_COL_ResourceAttributes,
                                   [O2P_SOURCE_SCOPE] = O2P_COL_ScopeAttributes,
                                   [O2P_SOURCE_METRIC] = O2P_COL_MetricMetadata};
    uint64_t sum = 0;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC; s++)
        if (has_source(table, s))
            sum += map_size(e->store->groups[s], maps[s], run->group[s]);
    return sum;
}

/* Rows of the next row group: fewer than the options say where each of them repeats very many
 * attributes, which are all in memory while it is written. */
static uint32_t row_group_rows(const o2p_encoder *e, o2p_table table, const uint32_t *runs,
                               uint32_t count)
{
    enum { MOST_SHARED = 1 << 26 };
    const o2p_run *all = o2p_store_runs(e->store, table);
    uint32_t most = count < e->settings->row_group_rows ? count : e->settings->row_group_rows;
    uint64_t sum = 0, each = 0;
    for (uint32_t i = 0; i < most; i++) {
        if (i == 0 || runs[i] != runs[i - 1])
            each = shared_attributes(e, table, &all[runs[i]]);
        sum += each;
        if (sum > MOST_SHARED && i > 0)
            return i;
    }
    return most;
}

static o2p_status finish(o2p_encoder *e, o2p_table table, o2p_buffer *file)
{
    static const char digits[] = "0123456789";
    char schema_version[2] = {digits[O2P_SCHEMA_VERSION % 10], '\0'};
    _Static_assert(O2P_SCHEMA_VERSION < 10, "one digit");
    const o2p_key_value metadata[] = {
        {"otlp2parquet.version", O2P_VERSION},
        {"otlp2parquet.schema_version", schema_version},
        {"otlp2parquet.signal", o2p_signal_name(o2p_tables[table].signal)},
        {"otlp2parquet.table", o2p_tables[table].name},
    };
    return o2p_parquet_finish(e->writer, metadata, sizeof(metadata) / sizeof(metadata[0]), file);
}

o2p_status o2p_encode(o2p_encoder *encoder, o2p_table table, const uint32_t *selected,
                      const uint32_t *runs, uint32_t count, o2p_buffer *file)
{
    o2p_encoder *e = encoder;
    const o2p_table_spec *spec = &o2p_tables[table];
    const o2p_sorting sorting[] = {{leaf_number(spec, O2P_COL_ServiceName)},
                                   {leaf_number(spec, spec->time)}};
    bool sorted = e->settings->order == O2P_ORDER_CLUSTERED;
    o2p_parquet_options options = {e->settings->codec, e->nodes, o2p_schema_nodes(table, e->nodes),
                                   sorted ? sorting : NULL, sorted ? 2 : 0};
    o2p_buffer_init(file, e->memory);
    o2p_parquet_begin(e->writer, &options);
    bool ok = true;
    for (uint32_t at = 0, rows; at < count && ok; at += rows) {
        rows = row_group_rows(e, table, runs + at, count - at);
        o2p_parquet_row_group_begin(e->writer, rows);
        ok = set_sources(e, table, selected + at, runs + at, rows) && write_leaves(e, table);
        if (ok)
            o2p_parquet_row_group_end(e->writer);
    }
    return ok ? finish(e, table, file) : o2p_memory_status(e->memory);
}

/* Every scratch buffer of an encoder. */
static void each_buffer(o2p_encoder *e, void (*visit)(o2p_buffer *buffer, o2p_memory *memory))
{
    o2p_buffer *all[] = {&e->local,  &e->used,   &e->uses,   &e->places, &e->packed,
                         &e->narrow, &e->hex[0], &e->hex[1], &e->hashes};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        visit(all[i], e->memory);
    for (size_t s = 0; s <= O2P_SOURCE_METRIC; s++) {
        visit(&e->sources[s], e->memory);
        visit(&e->repeats[s], e->memory);
    }
}

static void release_buffer(o2p_buffer *buffer, o2p_memory *memory)
{
    (void)memory;
    o2p_buffer_free(buffer);
}

o2p_encoder *o2p_encoder_new(const o2p_store *store, const o2p_settings *settings)
{
    o2p_encoder *e = (o2p_encoder *)o2p_memory_resize(store->memory, NULL, 0, sizeof(*e));
    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof(*e));
    e->store = store;
    e->settings = settings;
    e->memory = store->memory;
    each_buffer(e, o2p_buffer_init);
    o2p_gather_init(&e->gather, e->memory);
    o2p_levels_init(&e->repetition, e->memory);
    o2p_levels_init(&e->definition, e->memory);
    o2p_number_table_init(&e->numbers, e->memory);
    o2p_arena_init(&e->arena, e->memory);
    o2p_dictionary_init(&e->duplicates, e->memory, &e->arena, O2P_TEXT_RAW,
                        &e->duplicates_repaired);
    e->writer = o2p_parquet_new(e->memory);
    if (e->writer != NULL)
        return e;
    o2p_encoder_free(e);
    return NULL;
}

void o2p_encoder_free(o2p_encoder *e)
{
    if (e == NULL)
        return;
    if (e->writer != NULL)
        o2p_parquet_free(e->writer);
    each_buffer(e, release_buffer);
    o2p_gather_free(&e->gather);
    o2p_levels_free(&e->repetition);
    o2p_levels_free(&e->definition);
    o2p_number_table_free(&e->numbers);
    o2p_dictionary_free(&e->duplicates);
    o2p_arena_free(&e->arena);
    o2p_memory_release(e->memory, e, sizeof(*e));
}
