/* text_leaf.c - the chunk of a leaf of text or ids: numbers the entries it uses, chooses between
 * RLE_DICTIONARY and plain values by counting both, and hashes what a bloom filter is to hold.
 */
#include "leaf_writer.h"
#include "../base/hash.h"
#include "../base/text.h"

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
    return o2p_u32s(&e->local);
}

/* How many indices a leaf has: lists that rows share are there once. */
static uint32_t index_count(const o2p_leaf *leaf)
{
    return leaf->lists == NULL ? leaf->value_count : leaf->list_ends[leaf->list_count - 1];
}

/* Numbers the entries that the leaf uses by first use. False when memory is refused. */
static bool localise(o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    const o2p_leaf *leaf = w->leaf;
    uint32_t entries = w->dictionary->entry_count, values = index_count(leaf);
    uint32_t most = values < entries ? values : entries;
    uint32_t *local = zeroed_local(e, entries), *places = o2p_u32_room(&e->places, values);
    uint32_t *used = o2p_u32_room(&e->used, most), *uses = o2p_u32_room(&e->uses, most);
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

/* Whether a dictionary and indices take less than the values, and the dictionary is not too large.
 */
static bool dictionary_pays(const o2p_leaf_writer *w)
{
    const uint32_t *used = o2p_u32s(&w->encoder->used), *uses = o2p_u32s(&w->encoder->uses);
    uint64_t plain = 0, entries = 0, values = 0;
    for (uint32_t i = 0; i < w->place_count; i++) {
        uint64_t size = o2p_dictionary_entry(w->dictionary, used[i])->size;
        size = 4 + (w->hex ? size * 2 : size);
        entries += size;
        plain += size * uses[i];
        values += uses[i];
    }
    uint64_t bits = values * o2p_bit_width(w->place_count - 1);
    if (w->place_count == 1)
        return true;
    bool allowed = entries <= w->encoder->settings->dictionary_bytes || o2p_repeats_input(w->spec);
    return allowed && entries + bits / 8 < plain;
}

/* Counts the uses again, for a leaf whose rows share lists. False when memory is refused. */
static bool weigh_list_uses(o2p_leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    uint32_t *uses = o2p_u32s(&w->encoder->uses),
             *times = o2p_u32_room(&w->encoder->packed, leaf->list_count);
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
static void weigh_uses(o2p_leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    uint32_t *uses = o2p_u32s(&w->encoder->uses);
    memset(uses, 0, (size_t)w->place_count * 4);
    for (uint32_t r = 0, i = 0; r < leaf->rows; r++)
        for (uint32_t n = o2p_leaf_row_values(leaf, r); n > 0; n--)
            uses[w->places[i++]] += leaf->repeats[r];
}

/* Chooses between a dictionary and plain values, and writes out what repeats. False when memory is
 * refused. */
static bool settle_text(o2p_leaf_writer *w)
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

enum { AHEAD = 8 };
static void write_text_dictionary(o2p_leaf_writer *w)
{
    const uint32_t *used = o2p_u32s(&w->encoder->used);
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    for (uint32_t i = 0; i < w->place_count; i++) {
        if (i + AHEAD < w->place_count)
            O2P_PREFETCH(o2p_dictionary_entry(w->dictionary, used[i + AHEAD])->bytes);
        o2p_put_entry(w, o2p_dictionary_entry(w->dictionary, used[i]), page);
    }
    o2p_parquet_dictionary_end(w->encoder->writer, w->place_count);
    w->encoder->packed_at.size = 0;
    if (w->bounds)
        o2p_bounds_prepare(w);
}

/* The hash of an entry as it is written. */
static uint64_t bloom_hash(const o2p_leaf_writer *w, const o2p_entry *entry)
{
    o2p_buffer *hex = &w->encoder->hex[0];
    if (!w->hex)
        return o2p_xxh64(entry->bytes, entry->size, 0);
    hex->size = 0;
    o2p_append_hex(hex, entry->bytes, entry->size);
    return o2p_xxh64(hex->size == 0 ? "" : (const void *)hex->data, hex->size, 0);
}

/* Hashes of the distinct values: of the chunk's dictionary if it has one. (Of values in
 * DELTA_LENGTH_BYTE_ARRAY they are there: see values.c.) */
static void write_bloom(o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    bool places = w->places != NULL;
    const uint32_t *indices = places ? o2p_u32s(&e->used) : w->leaf->indices;
    uint32_t count = places ? w->place_count : w->leaf->value_count;
    bool hashed = w->encoding == O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY;
    for (uint32_t i = 0; i < count && !hashed; i++)
        o2p_buffer_u64(&e->hashes, bloom_hash(w, o2p_dictionary_entry(w->dictionary, indices[i])));
    if (!e->memory->failed)
        o2p_parquet_bloom(e->writer, (const uint64_t *)(const void *)e->hashes.data, count,
                          e->settings->bloom_tenths);
}

bool o2p_write_text(o2p_leaf_writer *w)
{
    if (w->leaf->value_count > 0 && w->leaf->constant) {
        o2p_write_default_dictionary(w);
    } else if (w->leaf->value_count > 0) {
        if (!settle_text(w))
            return false;
        w->encoding = w->places != NULL ? O2P_PAGE_ENCODING_RLE_DICTIONARY
                      : w->id           ? O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY
                                        : O2P_PAGE_ENCODING_PLAIN;
        if (w->places != NULL)
            write_text_dictionary(w);
    }
    w->encoder->hashes.size = 0;
    o2p_write_pages(w);
    if (w->spec->bloom && w->leaf->value_count > 0 && !w->leaf->constant)
        write_bloom(w);
    return !w->encoder->memory->failed;
}
