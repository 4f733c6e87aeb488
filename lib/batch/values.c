/* values.c - the values of a page in its encoding: PLAIN, DELTA_BINARY_PACKED, and
 * DELTA_LENGTH_BYTE_ARRAY; indices of a dictionary are in places.c. Texts and ids are hashed for
 * the bloom filter on the way.
 */
#include "leaf_writer.h"
#include "../base/hash.h"
#include "../base/text.h"
#include "../parquet/delta.h"

/* Bytes of an entry as it is written. */
static inline uint32_t written_size(const o2p_leaf_writer *w, const o2p_entry *entry)
{
    return w->hex ? entry->size * 2 : entry->size;
}

/* Appends them, behind `head` unset ones, and returns where these are; NULL when memory is refused.
 */
static inline uint8_t *put_bytes(const o2p_leaf_writer *w, const o2p_entry *entry, uint32_t head,
                                 o2p_buffer *out)
{
    size_t size = (size_t)head + written_size(w, entry);
    if (O2P_UNLIKELY(!o2p_buffer_reserve(out, size)))
        return NULL;
    uint8_t *at = out->data + out->size;
    out->size += size;
    if (w->hex)
        o2p_format_hex(at + head, entry->bytes, entry->size);
    else
        o2p_copy_short(at + head, entry->bytes, entry->size);
    return at;
}

/* PLAIN text: length and bytes. Returns where the bytes are; NULL when memory is refused. */
static inline const uint8_t *put_plain(const o2p_leaf_writer *w, const o2p_entry *entry,
                                       o2p_buffer *out)
{
    enum { LENGTH = 4 };
    uint8_t *at = put_bytes(w, entry, LENGTH, out);
    if (at == NULL)
        return NULL;
    o2p_store_le32(at, written_size(w, entry));
    return at + LENGTH;
}

void o2p_put_entry(const o2p_leaf_writer *w, const o2p_entry *entry, o2p_buffer *out)
{
    put_plain(w, entry, out);
}

/* Hashes an entry's bytes, just written `at`, for the bloom filter. */
static inline void hash_written(const o2p_leaf_writer *w, const o2p_entry *entry, const uint8_t *at)
{
    if (w->spec->bloom && at != NULL)
        o2p_buffer_u64(&w->encoder->hashes, o2p_xxh64(at, written_size(w, entry), 0));
}

/* DELTA_LENGTH_BYTE_ARRAY: the lengths as DELTA_BINARY_PACKED, then all bytes. */
static void put_delta_length(const o2p_leaf_writer *w, uint32_t first, uint32_t count,
                             o2p_buffer *out)
{
    o2p_buffer *narrow = &w->encoder->narrow;
    narrow->size = 0;
    int32_t *lengths = (int32_t *)o2p_buffer_extend(narrow, (size_t)count * 4 + 4);
    if (lengths == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        lengths[i] = (int32_t)written_size(
            w, o2p_dictionary_entry(w->dictionary, w->leaf->indices[first + i]));
    }
    o2p_delta_encode32(out, lengths, count);
    for (uint32_t i = first; i < first + count; i++) {
        o2p_dictionary_ahead(w->dictionary, w->leaf->indices, i, first + count);
        const o2p_entry *entry = o2p_dictionary_entry(w->dictionary, w->leaf->indices[i]);
        hash_written(w, entry, put_bytes(w, entry, 0, out));
    }
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

void o2p_put_numbers(const o2p_leaf_writer *w, const uint64_t *words, uint32_t count,
                     o2p_buffer *out)
{
    uint32_t width = o2p_physical_width(w->physical);
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, (size_t)count * width);
    if (at == NULL)
        return;
    for (uint32_t i = 0; i < count; i++, at += width)
        if (width == 8)
            o2p_store_le64(at, words[i]);
        else
            o2p_store_le32(at, (uint32_t)words[i]);
}

static void put_delta(const o2p_leaf_writer *w, const uint64_t *words, uint32_t count,
                      o2p_buffer *out)
{
    if (w->physical == O2P_PHYSICAL_INT64) {
        o2p_delta_encode64(out, (const int64_t *)(const void *)words, count);
        return;
    }
    o2p_buffer *narrow = &w->encoder->narrow;
    narrow->size = 0;
    int32_t *values = (int32_t *)o2p_buffer_extend(narrow, (size_t)count * 4 + 4);
    if (values == NULL || words == NULL) /* values that are all the default have a dictionary */
        return;
    for (uint32_t i = 0; i < count; i++)
        values[i] = (int32_t)(uint32_t)words[i];
    o2p_delta_encode32(out, values, count);
}

static void put_entries(const o2p_leaf_writer *w, uint32_t first, uint32_t count, o2p_buffer *out)
{
    for (uint32_t i = first; i < first + count; i++) {
        o2p_dictionary_ahead(w->dictionary, w->leaf->indices, i, first + count);
        const o2p_entry *entry = o2p_dictionary_entry(w->dictionary, w->leaf->indices[i]);
        hash_written(w, entry, put_plain(w, entry, out));
    }
}

static void put_texts(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
{
    const o2p_leaf *leaf = w->leaf;
    if (leaf->lists == NULL)
        put_entries(w, v.first, v.count, out);
    for (uint32_t r = v.row; leaf->lists != NULL && r < v.row_end; r++)
        put_entries(w, leaf->list_begins[leaf->lists[r]], o2p_leaf_list_size(leaf, leaf->lists[r]),
                    out);
}

void o2p_put_values(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
{
    const uint64_t *words = w->leaf->words == NULL ? NULL : w->leaf->words + v.first;
    if (w->encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY)
        o2p_put_places(w, v, out);
    else if (w->encoding == O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY)
        put_delta_length(w, v.first, v.count, out);
    else if (w->physical == O2P_PHYSICAL_BYTE_ARRAY)
        put_texts(w, v, out);
    else if (w->encoding == O2P_PAGE_ENCODING_DELTA_BINARY_PACKED)
        put_delta(w, words, v.count, out);
    else if (v.count > 0 && w->physical == O2P_PHYSICAL_BOOLEAN)
        put_booleans(words, v.count, out);
    else if (v.count > 0)
        o2p_put_numbers(w, words, v.count, out);
}
