/* snappy.c - see snappy.h.
 *
 *   stream      size of the input as a varint, then elements one after another
 *
 *   element     tag's bits          then                   stands for
 *   literal     LLLLLL 00           L+1 bytes              themselves; L < 60
 *               111100 00           L (1 byte), L+1 bytes  the same; L < 2^8
 *               111101 00           L (2 bytes), L+1 bytes the same; L < 2^16
 *   short copy  OOO LLL 01          O (1 byte)             L+4 bytes that came O bytes before, the
 *                                                          tag's O being bits 8 to 10
 *   copy        LLLLLL 10           O (2 bytes)            L+1 bytes that came O bytes before
 *
 * Numbers are little-endian. The format has longer literals and offsets too. They are not needed,
 * since the input is taken in blocks of 64 KiB that refer to nothing outside themselves, as is
 * customary: a position in a block is 16 bits, which halves the table of positions.
 *
 * That table has one position for each hash of four bytes: the last one that was looked at. Where
 * the four bytes there are the same ones, everything after them that is also equal becomes a copy.
 * All entries begin as 0, which is the position of the block's first byte and as good as any.
 *
 * How far the output can be ahead of the input, which o2p_snappy_most rests on: a copy element
 * takes at most 3 bytes for at least 4. A literal of up to 60 bytes takes 1 more than it has, so
 * that with the copy after it nothing is lost; of up to 256, 1 byte for 61 + 4; above, 2 for 257 +
 * 4. The last literal of a block, with no copy after it, takes up to 3 more. In all that is
 *
 *   5 + n + n / 65 + 3 (n / 65536 + 1) <= n + n / 64 + 8
 */
#include "snappy.h"
#include "../base/buffer.h"
#include "../base/word.h"

enum {
    BLOCK = 1 << 16,
    MIN_MATCH = 4,           /* bytes that are hashed, and the shortest copy */
    MOST_COPY = 64,          /* of one copy */
    MOST_SHORT_COPY = 11,    /* of one short copy */
    SHORT_OFFSETS = 1 << 11, /* the ones below fit a short copy */
    SMALL_LITERAL = 16,      /* copied as one vector, however many of the bytes belong to it */
    LAST_BYTES = 16,         /* of a block: no match begins there, so no read needs a check */
    TABLE_BITS = 13,         /* twice as many make 0.6% less of real pages, and take 32 KiB of a
                              * stack that may have 64 */
    LEAST_TABLE_BITS = 8,    /* a small page shall not pay for clearing a large table */
    PATIENCE_BITS = 5        /* a search's steps grow by one byte with each 32 in vain */
};

enum { LITERAL = 0, SHORT_COPY = 1, COPY = 2 }; /* the low bits of a tag */

_Static_assert(BLOCK - 1 <= UINT16_MAX, "a table entry and an offset hold any position in a block");
_Static_assert(LAST_BYTES >= SMALL_LITERAL, "a literal before a match can be read as a vector");
_Static_assert(LAST_BYTES >= 8, "a position that is looked at can be read as a word");

typedef struct matcher {
    const uint8_t *block;
    uint16_t *table;
    unsigned shift; /* leaves the bits of a hash that number the table's entries */
} matcher;

/* ---- finding ---- */

/* The factor is odd, and what text and numbers tend to differ by (1 to 8 in one byte, in two next
 * to each other or in all four) times it is not near a multiple of 2^32, where the top bits would
 * be the same. (With 2^32 / golden ratio, the texts 1111 to 9999 have four hashes of eight bits.)
 */
static O2P_ALWAYS_INLINE uint16_t *entry_of(const matcher *m, uint32_t word)
{
    return &m->table[word * UINT32_C(0xC2B2AE3D) >> m->shift];
}

/* Enters `at`, where `word` is, and returns the place that was entered for its hash before. */
static O2P_ALWAYS_INLINE const uint8_t *exchange(const matcher *m, uint32_t word, const uint8_t *at)
{
    uint16_t *entry = entry_of(m, word);
    const uint8_t *earlier = m->block + *entry;
    *entry = (uint16_t)(at - m->block);
    return earlier;
}

/* Moves *at to the next place, up to `last`, whose four bytes came before, and returns where they
 * did. NULL when there is none. Bytes that do not repeat are mostly stepped over: the longer the
 * search, the longer its steps. */
static O2P_ALWAYS_INLINE const uint8_t *next_match(const matcher *m, const uint8_t **at,
                                                   const uint8_t *last)
{
    const uint8_t *here = *at;
    for (ptrdiff_t tries = 1 << PATIENCE_BITS;; tries++) {
        ptrdiff_t step = tries >> PATIENCE_BITS;
        if (last - here < step)
            return NULL;
        here += step;
        uint32_t word = o2p_load_le32(here);
        const uint8_t *earlier = exchange(m, word, here);
        if (o2p_load_le32(earlier) == word) {
            *at = here;
            return earlier;
        }
    }
}

/* After a copy: whether the bytes at `at` came before too, and where. The place one byte back is
 * entered as well; of all that a copy covers it is the one likeliest to begin a longer match. */
static O2P_ALWAYS_INLINE bool matches_again(const matcher *m, const uint8_t *at,
                                            const uint8_t **earlier)
{
    uint64_t bytes = o2p_load_le64(at - 1);
    uint32_t word = (uint32_t)(bytes >> 8);
    *entry_of(m, (uint32_t)bytes) = (uint16_t)(at - 1 - m->block);
    *earlier = exchange(m, word, at);
    return o2p_load_le32(*earlier) == word;
}

/* How many bytes are equal from `a` and from `b` on; b, the later, stops at `end`. */
static O2P_ALWAYS_INLINE size_t equal_bytes(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *start = b;
    for (; end - b >= 8; a += 8, b += 8) {
        uint64_t difference = o2p_load_le64(a) ^ o2p_load_le64(b);
        if (difference != 0)
            return (size_t)(b - start) + o2p_trailing_zeros(difference) / 8;
    }
    for (; b < end && *a == *b; a++)
        b++;
    return (size_t)(b - start);
}

/* ---- writing ---- */

static uint8_t *put_literal(uint8_t *out, const uint8_t *bytes, size_t size)
{
    size_t less = size - 1;
    if (less < 60) {
        *out++ = (uint8_t)(less << 2 | LITERAL);
    } else if (less < 256) {
        *out++ = 60 << 2 | LITERAL;
        *out++ = (uint8_t)less;
    } else {
        *out++ = 61 << 2 | LITERAL;
        *out++ = (uint8_t)less;
        *out++ = (uint8_t)(less >> 8);
    }
    memcpy(out, bytes, size);
    return out + size;
}

/* The literal before a match, which is never empty. At least LAST_BYTES of the block begin at
 * `bytes`; as they are yet to be written, the output has room for them and a tag, too. */
static O2P_ALWAYS_INLINE uint8_t *put_literal_before(uint8_t *out, const uint8_t *bytes,
                                                     const uint8_t *match)
{
    size_t size = (size_t)(match - bytes);
    if (size > SMALL_LITERAL)
        return put_literal(out, bytes, size);
    *out++ = (uint8_t)((size - 1) << 2 | LITERAL);
    memcpy(out, bytes, SMALL_LITERAL);
    return out + size;
}

static O2P_ALWAYS_INLINE uint8_t *put_long_copy(uint8_t *out, size_t offset, size_t size)
{
    out[0] = (uint8_t)((size - 1) << 2 | COPY);
    out[1] = (uint8_t)offset;
    out[2] = (uint8_t)(offset >> 8);
    return out + 3;
}

/* In pieces, of which the last keeps at least MIN_MATCH bytes, so that it may be a short one. */
static O2P_ALWAYS_INLINE uint8_t *put_copy(uint8_t *out, size_t offset, size_t size)
{
    for (; size >= MOST_COPY + MIN_MATCH; size -= MOST_COPY)
        out = put_long_copy(out, offset, MOST_COPY);
    if (size > MOST_COPY) {
        out = put_long_copy(out, offset, MOST_COPY - MIN_MATCH);
        size -= MOST_COPY - MIN_MATCH;
    }
    if (size > MOST_SHORT_COPY || offset >= SHORT_OFFSETS)
        return put_long_copy(out, offset, size);
    out[0] = (uint8_t)(offset >> 8 << 5 | (size - MIN_MATCH) << 2 | SHORT_COPY);
    out[1] = (uint8_t)offset;
    return out + 2;
}

/* ---- a block, and all of them ---- */

static uint8_t *put_block(const matcher *m, const uint8_t *end, uint8_t *out)
{
    const uint8_t *pending = m->block; /* the first byte that is not yet written */
    const uint8_t *at = pending;       /* the last one that was looked at */
    if (end - at > LAST_BYTES) {
        const uint8_t *last = end - LAST_BYTES;
        const uint8_t *earlier;
        while ((earlier = next_match(m, &at, last)) != NULL) {
            out = put_literal_before(out, pending, at);
            do {
                size_t more = equal_bytes(earlier + MIN_MATCH, at + MIN_MATCH, end);
                out = put_copy(out, (size_t)(at - earlier), MIN_MATCH + more);
                at += MIN_MATCH + more;
            } while (at <= last && matches_again(m, at, &earlier));
            pending = at;
        }
    }
    return pending == end ? out : put_literal(out, pending, (size_t)(end - pending));
}

static uint8_t *put_size(uint8_t *out, size_t size)
{
    for (; size >= 0x80; size >>= 7)
        *out++ = (uint8_t)(size | 0x80);
    *out++ = (uint8_t)size;
    return out;
}

/* As many entries as there are positions, within the limits. */
static unsigned table_bits(size_t size)
{
    unsigned bits = LEAST_TABLE_BITS;
    while (bits < TABLE_BITS && size >> bits > 0)
        bits++;
    return bits;
}

size_t o2p_snappy_most(size_t size)
{
    return size + size / 64 + 8;
}

bool o2p_snappy_compress(const uint8_t *bytes, size_t size, uint8_t *out, size_t *out_size)
{
    uint16_t table[1 << TABLE_BITS];
    if (size > UINT32_MAX)
        return false;
    unsigned bits = table_bits(size);
    matcher m = {bytes, table, 32 - bits};
    uint8_t *to = put_size(out, size);
    for (size_t left = size; left > 0;) {
        size_t take = left < BLOCK ? left : BLOCK;
        memset(table, 0, sizeof(table[0]) << bits);
        to = put_block(&m, m.block + take, to);
        m.block += take;
        left -= take;
    }
    *out_size = (size_t)(to - out);
    return true;
}
