/* text_leaf.c - the chunk of a leaf of text or ids: chooses between RLE_DICTIONARY and plain values
 * by counting both, the encoding of ids without a dictionary, and writes the bloom filter.
 */
#include "leaf_writer.h"
#include "../base/hash.h"
#include "../base/text.h"

/* Whether indices are sure to be smaller than the values that come again, since each of these takes
 * at least its length, and the dictionary is not too large: so that no entry need be read, most of
 * which are in no cache. */
static bool dictionary_surely_pays(const o2p_leaf_writer *w, uint64_t values, uint64_t bits)
{
    enum { LENGTH = 4 };
    return bits / 8 < (values - w->place_count) * LENGTH &&
           w->dictionary->bytes <= w->encoder->settings->dictionary_bytes;
}

/* Whether a dictionary and indices take less than the values, and the dictionary is not too large.
 */
static bool dictionary_pays(const o2p_leaf_writer *w)
{
    uint64_t plain = 0, entries = 0, values = o2p_leaf_all_values(w->leaf);
    uint64_t bits = values * o2p_place_width(w);
    if (w->place_count == 1 || dictionary_surely_pays(w, values, bits))
        return true;
    const uint32_t *used = o2p_u32s(&w->encoder->used), *uses = o2p_place_uses(w);
    for (uint32_t i = 0; i < w->place_count && uses != NULL; i++) {
        uint64_t size = o2p_dictionary_entry(w->dictionary, used[i])->size;
        size = 4 + (w->hex ? size * 2 : size);
        entries += size;
        plain += size * uses[i];
    }
    bool allowed = entries <= w->encoder->settings->dictionary_bytes || o2p_repeats_input(w->spec);
    return allowed && entries + bits / 8 < plain;
}

/* Chooses between a dictionary and plain values, and writes out what repeats. False when memory is
 * refused. */
static bool settle_text(o2p_leaf_writer *w)
{
    o2p_leaf *leaf = w->leaf;
    bool repeats = leaf->repeats != NULL;
    /* Values that repeat with their rows are numbered even where equal ones have several entries:
     * plain, a megabyte in a resource would be written for each of its rows. */
    if ((!w->dictionary->gave_up || repeats) && !o2p_localise(w))
        return false;
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

static void write_text_dictionary(o2p_leaf_writer *w)
{
    const uint32_t *used = o2p_u32s(&w->encoder->used);
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    for (uint32_t i = 0; i < w->place_count; i++) {
        o2p_dictionary_ahead(w->dictionary, used, i, w->place_count);
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

/* The chunk's filter: of its dictionary's entries, or of its values, whose hashes values.c has left
 * in e->hashes. */
static void write_bloom(o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    const uint32_t *used = o2p_u32s(&e->used);
    for (uint32_t i = 0; i < w->place_count && w->places != NULL; i++)
        o2p_buffer_u64(&e->hashes, bloom_hash(w, o2p_dictionary_entry(w->dictionary, used[i])));
    if (!e->memory->failed)
        o2p_parquet_bloom(e->writer, (const uint64_t *)(const void *)e->hashes.data,
                          e->hashes.size / sizeof(uint64_t), e->settings->bloom_tenths);
}

/* Whether ids without a dictionary are PLAIN, for readers that know no bloom filters and look at
 * all of them: hex ids of a column that has one, since it is looked up. Their lengths are worth it
 * if they are many, and half of them or more are there: see lib/README.md. */
static bool ids_are_plain(const o2p_leaf_writer *w)
{
    enum { MANY = 1 << 15 };
    const o2p_leaf *leaf = w->leaf;
    if (!w->hex || !w->spec->bloom || leaf->value_count < MANY)
        return false;
    uint32_t there = 0;
    for (uint32_t i = 0; i < leaf->value_count; i++)
        there += leaf->indices[i] != 0; /* entry 0 is none */
    return there >= leaf->value_count - there;
}

bool o2p_write_text(o2p_leaf_writer *w)
{
    if (w->leaf->value_count > 0 && w->leaf->constant) {
        o2p_write_default_dictionary(w);
    } else if (w->leaf->value_count > 0) {
        if (!settle_text(w))
            return false;
        w->encoding = w->places != NULL            ? O2P_PAGE_ENCODING_RLE_DICTIONARY
                      : w->id && !ids_are_plain(w) ? O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY
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
