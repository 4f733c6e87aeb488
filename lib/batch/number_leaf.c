/* number_leaf.c - the chunk of a leaf of numbers: RLE_DICTIONARY where values repeat, PLAIN where
 * that is less, else what fits their type.
 */
#include "leaf_writer.h"

#include "../parquet/codec.h"

/* Numbers the values of a list a row: one like the row's before, such as the bounds of a histogram,
 * has the same places. */
static bool number_lists(o2p_number_table *table, const o2p_leaf *leaf, uint32_t *places)
{
    const uint64_t *words = leaf->words;
    for (uint32_t r = 0, before = 0; r < leaf->rows; r++) {
        uint32_t count = leaf->counts[r];
        if (count == 0)
            continue;
        if (count == before && memcmp(words, words - count, (size_t)count * 8) == 0)
            memcpy(places, places - count, (size_t)count * 4);
        else if (!o2p_number_table_add(table, words, count, places))
            return false;
        words += count;
        places += count;
        before = count;
    }
    return true;
}

/* Whether equal values nearly always follow each other, as times of points that were collected
 * together do, and are not too many to be there as they are. */
static bool values_are_runs(const uint32_t *places, uint32_t count, uint32_t distinct)
{
    enum { FEW = 64, RUNS_OF_A_VALUE = 2, MOST_OF_A_VALUE = 64 };
    uint64_t runs = 1;
    if (count / distinct >= MOST_OF_A_VALUE)
        return false;
    for (uint32_t i = 1; i < count; i++)
        runs += places[i] != places[i - 1];
    return distinct >= FEW && runs <= (uint64_t)distinct * RUNS_OF_A_VALUE;
}

/* Whether the values are written as they are: a codec that counts bytes makes less of each where
 * it comes first than of its entry in a dictionary and of an index that never came before. */
static bool is_plain(const o2p_leaf_writer *w)
{
    return o2p_codec_counts(w->encoder->settings->codec) &&
           values_are_runs(w->places, w->leaf->value_count, w->place_count);
}

/* Numbers the values of the leaf: sets w->places and place_count. False when a dictionary does not
 * pay, or memory is refused. */
static bool number_values(o2p_leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    o2p_number_table *table = &w->encoder->numbers;
    uint32_t *places = o2p_u32_room(&w->encoder->places, leaf->value_count);
    bool lists =
        leaf->counts != NULL && leaf->inner == NULL && leaf->child_count == leaf->value_count;
    if (places == NULL || !o2p_number_table_begin(table, leaf->value_count))
        return false;
    if (lists ? !number_lists(table, leaf, places)
              : !o2p_number_table_add(table, leaf->words, leaf->value_count, places))
        return false;
    uint32_t distinct = o2p_number_table_count(table);
    uint64_t size = (uint64_t)distinct * o2p_physical_width(w->physical);
    if (distinct > 1 && size > w->encoder->settings->dictionary_bytes)
        return false;
    w->places = places;
    w->place_count = distinct;
    return true;
}

/* Of numbers, of which there are some. */
static o2p_page_encoding choose_encoding(o2p_leaf_writer *w)
{
    if (!number_values(w))
        return w->physical == O2P_PHYSICAL_DOUBLE ? O2P_PAGE_ENCODING_PLAIN
                                                  : O2P_PAGE_ENCODING_DELTA_BINARY_PACKED;
    if (!is_plain(w))
        return O2P_PAGE_ENCODING_RLE_DICTIONARY;
    w->places = NULL;
    return O2P_PAGE_ENCODING_PLAIN;
}

static void write_number_dictionary(o2p_leaf_writer *w)
{
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    o2p_put_numbers(w, o2p_number_table_values(&w->encoder->numbers), w->place_count, page);
    o2p_parquet_dictionary_end(w->encoder->writer, w->place_count);
}

bool o2p_write_numbers(o2p_leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    if (leaf->value_count > 0 && w->physical == O2P_PHYSICAL_BOOLEAN) {
        w->encoding = O2P_PAGE_ENCODING_PLAIN;
    } else if (leaf->value_count > 0 && leaf->constant) {
        o2p_write_default_dictionary(w);
    } else if (leaf->value_count > 0) {
        w->encoding = choose_encoding(w);
        if (w->encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY)
            write_number_dictionary(w);
    }
    o2p_write_pages(w);
    return !w->encoder->memory->failed;
}
