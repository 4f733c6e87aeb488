/* places.c - the values of a page as RLE_DICTIONARY: bits of an index (a byte), then the hybrid of
 * parquet/rle.h.
 *
 * Rows share the lists of a MAP: a list's entries are numbered and packed into a word once, and put
 * once a row, all as one bit-packed run.
 */
#include "leaf_writer.h"

#include "../parquet/thrift.h"

/* Bits of a dictionary index. */
static unsigned place_width(const o2p_leaf_writer *w)
{
    unsigned width = o2p_bit_width(w->place_count - 1);
    return width == 0 ? 1 : width; /* readers differ on width 0 */
}

/* Bits of a list that are put at once. */
enum { WORD_BITS = 56 };

/* Packs the indices of each list into a word, where they fit. NULL when memory is refused. */
static const uint64_t *pack_lists(const o2p_leaf_writer *w)
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
static void put_list(const o2p_leaf_writer *w, o2p_bits *bits, uint64_t word, uint32_t list,
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
static void put_list_places(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
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

void o2p_put_places(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
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
