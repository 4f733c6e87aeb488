/* places.c - the values of a page as RLE_DICTIONARY: bits of an index (a byte), then the hybrid of
 * parquet/rle.h.
 *
 * Rows share the lists of a MAP: a list's entries are numbered and, where it has several rows,
 * packed once, and put once a row, bit-packed.
 */
#include "leaf_writer.h"

#include "../parquet/codec.h"
#include "../parquet/thrift.h"

static unsigned round_up(unsigned width, unsigned to)
{
    return (width + to - 1) / to * to;
}

/* Bits of an index of a MAP's values, which needs more than a byte. A codec finds a list again only
 * where it begins at the same bit of a byte: with odd widths that is one in eight, which matters
 * where lists come again a few times, as those of points do, once each time their series is
 * collected. Lists of resources come so often that it does not. A codec that counts bytes besides
 * finds values of the same key by the first of whole bytes. (How many lists rows happen to share
 * decides nothing: that depends on the requests in which they came.) */
static unsigned list_width(const o2p_leaf_writer *w, unsigned width, bool counts)
{
    enum { HALF = 4, WHOLE = 8 };
    if (w->spec->source != O2P_SOURCE_ROW)
        return width;
    if (counts)
        return round_up(width, WHOLE);
    return w->spec->cells == O2P_COL_Attributes ? round_up(width, HALF) : width;
}

/* As many bits as an index needs, or more where a codec makes less of these. Rows of several
 * resources or scopes lie among each other in patterns, which codecs only see in whole bytes;
 * values without one are no larger for it if the codec counts bytes, an eighth if not. */
unsigned o2p_place_width(const o2p_leaf_writer *w)
{
    unsigned width = o2p_bit_width(w->place_count - 1);
    o2p_codec codec = w->encoder->settings->codec;
    bool counts = o2p_codec_counts(codec);
    if (width == 0)
        return 1; /* readers differ on width 0 */
    if (codec == O2P_CODEC_UNCOMPRESSED)
        return width;
    if (w->leaf->lists != NULL)
        return w->leaf->keys != NULL && width > 8 ? list_width(w, width, counts) : width;
    return width < 8 && width > (counts ? 4u : 6u) ? 8 : width;
}

/* Lists that rows share are packed once, into whole bytes each and 8 to spare, as o2p_bits_repeat
 * wants it. */
enum { SPARE = 8 };

/* Where each list's bits begin, by list: the same for all pages of the leaf. NULL when memory is
 * refused. */
static const uint64_t *pack_lists(const o2p_leaf_writer *w)
{
    const o2p_leaf *leaf = w->leaf;
    unsigned width = o2p_place_width(w);
    o2p_encoder *e = w->encoder;
    if (e->packed_at.size > 0)
        return (const uint64_t *)(const void *)e->packed_at.data;
    uint64_t *starts = (uint64_t *)o2p_buffer_extend(&e->packed_at, (size_t)leaf->list_count * 8);
    e->packed.size = 0;
    for (uint32_t l = 0; l < leaf->list_count && starts != NULL; l++) {
        o2p_bits bits;
        starts[l] = e->packed.size;
        o2p_bits_begin(&bits, &e->packed);
        o2p_bits_pack32(&bits, w->places + o2p_leaf_list_begin(leaf, l),
                        o2p_leaf_list_size(leaf, l), width);
        o2p_bits_flush(&bits);
    }
    void *spare = o2p_buffer_extend(&e->packed, SPARE);
    if (spare == NULL || e->memory->failed)
        return NULL;
    memset(spare, 0, SPARE);
    return starts;
}

static void put_shared(const o2p_leaf_writer *w, o2p_value_range v, o2p_bits *bits)
{
    const uint32_t *lists = w->leaf->lists;
    const uint64_t *starts = pack_lists(w);
    unsigned width = o2p_place_width(w);
    for (uint32_t r = v.row, times; r < v.row_end && starts != NULL; r += times) {
        times = 1;
        while (r + times < v.row_end && lists[r + times] == lists[r])
            times++;
        o2p_bits_repeat(bits, w->encoder->packed.data + starts[lists[r]],
                        (size_t)o2p_leaf_list_size(w->leaf, lists[r]) * width, times);
    }
}

/* Lists that follow each other are one. */
static void put_unshared(const o2p_leaf_writer *w, o2p_value_range v, o2p_bits *bits)
{
    const o2p_leaf *leaf = w->leaf;
    unsigned width = o2p_place_width(w);
    for (uint32_t r = v.row; r < v.row_end;) {
        uint32_t list = leaf->lists[r], begin = o2p_leaf_list_begin(leaf, list), last = list;
        for (r++; r < v.row_end && leaf->lists[r] == last + 1; r++)
            last++;
        o2p_bits_pack32(bits, w->places + begin, leaf->list_ends[last] - begin, width);
    }
}

bool o2p_short_runs(const o2p_leaf_writer *w)
{
    return w->spec->source == O2P_SOURCE_ROW && !o2p_codec_counts(w->encoder->settings->codec);
}

/* The indices of rows that share lists, bit-packed. */
static void put_list_places(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
{
    size_t start = o2p_rle_packed_begin(out, v.count, o2p_short_runs(w));
    o2p_bits bits;
    o2p_bits_begin(&bits, out);
    if (o2p_lists_are_shared(w->leaf))
        put_shared(w, v, &bits);
    else
        put_unshared(w, v, &bits);
    o2p_bits_flush(&bits);
    o2p_rle_packed_end(out, start, v.count, o2p_place_width(w), o2p_short_runs(w));
}

void o2p_put_places(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out)
{
    unsigned width = o2p_place_width(w);
    o2p_buffer_byte(out, (uint8_t)width);
    if (v.count > 0 && w->place_count == 1)
        o2p_rle_run(out, 0, v.count, width);
    else if (v.count > 0 && w->leaf->lists != NULL)
        put_list_places(w, v, out);
    else if (v.count > 0)
        o2p_rle_encode(out, w->places + v.first, v.count, width);
}
