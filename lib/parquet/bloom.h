/* bloom.h - split-block bloom filters (BloomFilter.md).
 *
 *   header   BloomFilterHeader in Thrift's compact protocol: bytes of the bitset, BLOCK, XXHASH,
 * UNCOMPRESSED bitset   blocks of 256 bits: eight 32-bit words, little-endian
 *
 * A hash chooses a block by its upper half and one bit in each of the block's words by its lower
 * half.
 */
#ifndef O2P_PARQUET_BLOOM_H
#define O2P_PARQUET_BLOOM_H

#include "../base/buffer.h"

/* Bytes of the bitset for that many distinct values at `tenths` tenths of a bit each (105, by the
 * specification's table, for 1% false positives), up to the next power of two, between 32 bytes and
 * 128 MiB: the format asks for whole blocks only, but Arrow C++ refuses other sizes. */
size_t o2p_bloom_size(size_t count, uint32_t tenths);

/* Appends header and bitset for the hashes (XXH64 with seed 0). */
void o2p_bloom_write(o2p_buffer *out, const uint64_t *hashes, size_t count, uint32_t tenths);

#endif
