/* bits.h - a stream of small unsigned integers packed from the least significant bit on, which is
 * how Parquet packs levels, dictionary indices and delta miniblocks (Encodings.md, "bit-packing").
 *
 *   values 1, 2, 3 of 3 bits:   byte 0 = 0b11_010_001, byte 1 = 0b_______0
 *
 * Writing is one shift and one 8-byte store a call, whatever the number of values in it, so
 * repeated patterns (a resource's levels and indices, the same for each of its rows) are packed
 * once and put as whole words.
 */
#ifndef O2P_PARQUET_BITS_H
#define O2P_PARQUET_BITS_H

#include "../base/buffer.h"

typedef struct o2p_bits {
    o2p_buffer *out;  /* whole bytes go here */
    uint64_t pending; /* bits not yet written, from bit 0 on */
    unsigned count;   /* how many: 0..7 between calls */
} o2p_bits;

static inline void o2p_bits_begin(o2p_bits *bits, o2p_buffer *out)
{
    bits->out = out;
    bits->pending = 0;
    bits->count = 0;
}

/* Appends the low `width` bits of value; 0 <= width <= 56, higher bits of value are zero. The
 * caller has reserved 8 bytes in bits->out. */
static inline void o2p_bits_put_reserved(o2p_bits *bits, uint64_t value, unsigned width)
{
    uint64_t word = bits->pending | value << bits->count;
    unsigned have = bits->count + width;
    o2p_store_le64(bits->out->data + bits->out->size, word);
    bits->out->size += have / 8;
    bits->pending = word >> (have & ~7u); /* have <= 63 */
    bits->count = have & 7;
}

/* The same for one call without a reservation. */
static inline void o2p_bits_put(o2p_bits *bits, uint64_t value, unsigned width)
{
    if (o2p_buffer_reserve(bits->out, 8))
        o2p_bits_put_reserved(bits, value, width);
}

/* Pads with zero bits to a whole byte. */
static inline void o2p_bits_flush(o2p_bits *bits)
{
    if (bits->count > 0)
        o2p_bits_put(bits, 0, 8 - bits->count);
}

/* Appends n values of `width` <= 32 bits each. */
void o2p_bits_pack32(o2p_bits *bits, const uint32_t *values, size_t n, unsigned width);

/* Appends n values of `width` <= 64 bits each. */
void o2p_bits_pack64(o2p_bits *bits, const uint64_t *values, size_t n, unsigned width);

/* Appends the first `bit_count` bits of `packed` (LSB first, `packed` readable up to 8 bytes past
 * its last used byte), `times` times over. */
void o2p_bits_repeat(o2p_bits *bits, const uint8_t *packed, size_t bit_count, size_t times);

/* Bits needed for values up to and including `max`: 0 for 0. */
static inline unsigned o2p_bit_width(uint64_t max)
{
#if defined(__GNUC__) || defined(__clang__)
    return max == 0 ? 0 : 64 - (unsigned)__builtin_clzll(max);
#else
    unsigned width = 0;
    while (max != 0) {
        width++;
        max >>= 1;
    }
    return width;
#endif
}

#endif
