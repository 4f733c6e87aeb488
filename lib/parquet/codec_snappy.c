/* codec_snappy.c - see codec_snappy.h, and the format description of Snappy: the length as a
 * varint, then elements, of which a literal begins with a tag, its length less one in up to four
 * bytes.
 */
#include "codec_snappy.h"

#include "../base/word.h"

#ifdef O2P_NO_SNAPPY
#include "snappy.h"
#else
#include <snappy-c.h>
#endif

enum {
    BLOCK = 1 << 16,
    /* Whether a block hardly shrinks is asked of its beginning and its middle, if the block before
     * hardly did. */
    SAMPLE = 2048,
    HARDLY = 8, /* by less than one part in so many */
    /* A literal whose length less one is in two bytes. */
    LITERAL_OF_TWO = 61 << 2,
    LITERAL_HEAD = 3,
    HEADER = 5 /* the most bytes of the length */
};

static size_t whole_most(size_t size)
{
#ifdef O2P_NO_SNAPPY
    return o2p_snappy_most(size);
#else
    return snappy_max_compressed_length(size);
#endif
}

/* With the length before it. */
static bool compress_whole(const uint8_t *bytes, size_t size, uint8_t *out, size_t *made)
{
#ifdef O2P_NO_SNAPPY
    *made = 0;
    return o2p_snappy_compress(bytes, size, out, made);
#else
    return snappy_compress((const char *)bytes, size, (char *)out, made) == SNAPPY_OK;
#endif
}

static size_t put_length(uint8_t *out, size_t length)
{
    size_t n = 0;
    for (; length >= 0x80; length >>= 7)
        out[n++] = (uint8_t)(length | 0x80);
    out[n++] = (uint8_t)length;
    return n;
}

/* Puts the elements of a block at `to`, before which there is room for a length: what was there is
 * saved. Returns where they end; NULL when that fails. */
static uint8_t *put_block(const uint8_t *bytes, size_t size, uint8_t *to)
{
    uint8_t length[HEADER], saved[HEADER];
    size_t head = put_length(length, size), made = whole_most(size);
    memcpy(saved, to - head, head);
    bool ok = compress_whole(bytes, size, to - head, &made);
    memcpy(to - head, saved, head);
    return ok ? to - head + made : NULL;
}

static uint8_t *put_literal(const uint8_t *bytes, size_t size, uint8_t *to)
{
    to[0] = LITERAL_OF_TWO;
    to[1] = (uint8_t)(size - 1);
    to[2] = (uint8_t)((size - 1) >> 8);
    memcpy(to + LITERAL_HEAD, bytes, size);
    return to + LITERAL_HEAD + size;
}

static bool hardly_shrinks(size_t size, size_t made)
{
    return made > size - size / HARDLY;
}

/* Whether a part of a block does; `to` is overwritten. */
static bool sample_hardly_shrinks(const uint8_t *bytes, uint8_t *to)
{
    const uint8_t *end = put_block(bytes, SAMPLE, to);
    return end != NULL && hardly_shrinks(SAMPLE, (size_t)(end - to));
}

size_t o2p_snappy_page_most(size_t size)
{
    return HEADER + whole_most(size) + size / BLOCK * whole_most(0);
}

bool o2p_snappy_page(const uint8_t *bytes, size_t size, uint8_t *out, size_t *made)
{
    if (size <= BLOCK)
        return compress_whole(bytes, size, out, made);
    uint8_t *to = out + put_length(out, size);
    bool literal = false;
    for (size_t left = size, block; left > 0; left -= block, bytes += block) {
        block = left < BLOCK ? left : BLOCK;
        literal = literal && block >= 2 * SAMPLE && sample_hardly_shrinks(bytes, to) &&
                  sample_hardly_shrinks(bytes + block / 2, to);
        uint8_t *end = literal ? put_literal(bytes, block, to) : put_block(bytes, block, to);
        if (end == NULL)
            return false;
        literal = hardly_shrinks(block, (size_t)(end - to));
        to = end;
    }
    *made = (size_t)(to - out);
    return true;
}
