/* delta.c - see delta.h. Both widths share the blocks: a 32-bit delta is a 64-bit one of which only
 * the low half counts.
 */
#include "delta.h"
#include "bits.h"
#include "thrift.h"

enum { BLOCK = 128, MINIBLOCKS = 4, MINIBLOCK = BLOCK / MINIBLOCKS };

_Static_assert(MINIBLOCK % 32 == 0, "Encodings.md: values of a miniblock are a multiple of 32");

static void put_header(o2p_buffer *out, size_t n, int64_t first)
{
    o2p_put_varint(out, BLOCK);
    o2p_put_varint(out, MINIBLOCKS);
    o2p_put_varint(out, n);
    o2p_put_zigzag(out, first);
}

/* Takes `least` off the deltas of a miniblock, zeroes what is not used of it, and returns the bits
 * that the largest one needs. */
static unsigned prepare(uint64_t *mini, size_t used, uint64_t least, uint64_t mask)
{
    uint64_t any = 0;
    for (size_t i = 0; i < used; i++) {
        mini[i] = (mini[i] - least) & mask;
        any |= mini[i];
    }
    memset(mini + used, 0, (MINIBLOCK - used) * sizeof(mini[0]));
    return o2p_bit_width(any);
}

/* Writes a block of 1..BLOCK deltas; `deltas` has room for BLOCK and is changed. */
static void put_block(o2p_buffer *out, uint64_t *deltas, size_t n, int64_t least, uint64_t mask)
{
    o2p_put_zigzag(out, least);
    size_t widths_at = out->size;
    if (o2p_buffer_extend(out, MINIBLOCKS) == NULL)
        return;
    memset(out->data + widths_at, 0, MINIBLOCKS);
    o2p_bits bits;
    o2p_bits_begin(&bits, out);
    for (size_t m = 0; m * MINIBLOCK < n; m++) {
        uint64_t *mini = deltas + m * MINIBLOCK;
        size_t left = n - m * MINIBLOCK;
        unsigned width = prepare(mini, left < MINIBLOCK ? left : MINIBLOCK, (uint64_t)least, mask);
        out->data[widths_at + m] = (uint8_t)width;
        o2p_bits_pack64(&bits, mini, MINIBLOCK, width);
    }
}

static size_t block_length(size_t left)
{
    return left < BLOCK ? left : BLOCK;
}

void o2p_delta_encode64(o2p_buffer *out, const int64_t *values, size_t n)
{
    uint64_t deltas[BLOCK];
    put_header(out, n, n > 0 ? values[0] : 0);
    for (size_t done = 1; done < n; done += BLOCK) {
        size_t length = block_length(n - done);
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < length; i++) {
            int64_t delta = (int64_t)((uint64_t)values[done + i] - (uint64_t)values[done + i - 1]);
            deltas[i] = (uint64_t)delta;
            least = delta < least ? delta : least;
        }
        put_block(out, deltas, length, least, UINT64_MAX);
    }
}

void o2p_delta_encode32(o2p_buffer *out, const int32_t *values, size_t n)
{
    uint64_t deltas[BLOCK];
    put_header(out, n, n > 0 ? values[0] : 0);
    for (size_t done = 1; done < n; done += BLOCK) {
        size_t length = block_length(n - done);
        int32_t least = INT32_MAX;
        for (size_t i = 0; i < length; i++) {
            int32_t delta = (int32_t)((uint32_t)values[done + i] - (uint32_t)values[done + i - 1]);
            deltas[i] = (uint32_t)delta;
            least = delta < least ? delta : least;
        }
        put_block(out, deltas, length, least, UINT32_MAX);
    }
}
