/* number_leaf.c - the chunk of a leaf of numbers: RLE_DICTIONARY where values repeat, else what
 * fits their type.
 */
#include "leaf_writer.h"

bool o2p_write_numbers(o2p_leaf_writer *w)
{
    o2p_encoder *e = w->encoder;
    const o2p_leaf *leaf = w->leaf;
    if (leaf->value_count > 0 && w->physical == O2P_PHYSICAL_BOOLEAN) {
        w->encoding = O2P_PAGE_ENCODING_PLAIN;
    } else if (leaf->value_count > 0 && leaf->constant) {
        o2p_write_default_dictionary(w);
    } else if (leaf->value_count > 0) {
        uint32_t *places = o2p_u32_room(&e->places, leaf->value_count);
        if (places == NULL)
            return false;
        w->encoding = w->physical == O2P_PHYSICAL_DOUBLE ? O2P_PAGE_ENCODING_PLAIN
                                                         : O2P_PAGE_ENCODING_DELTA_BINARY_PACKED;
        w->place_count = o2p_number_table_fill(&e->numbers, leaf->words, leaf->value_count, places);
        if (w->place_count > 0) {
            const uint64_t *distinct = o2p_number_table_values(&e->numbers);
            o2p_buffer *page = o2p_parquet_dictionary_begin(e->writer);
            o2p_put_numbers(w, distinct, w->place_count, page);
            o2p_parquet_dictionary_end(e->writer, w->place_count);
            w->places = places;
            w->encoding = O2P_PAGE_ENCODING_RLE_DICTIONARY;
        }
    }
    o2p_write_pages(w);
    return !e->memory->failed;
}
