/* bloom.c - see bloom.h. */
#include "bloom.h"
#include "thrift.h"

enum { BLOCK_WORDS = 8, BLOCK_SIZE = BLOCK_WORDS * 4, MOST = 128 * 1024 * 1024 };

/* The odd multipliers of BloomFilter.md, one a word of the block. */
static const uint32_t salts[BLOCK_WORDS] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                            0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

size_t o2p_bloom_size(size_t count, uint32_t tenths)
{
    size_t size = BLOCK_SIZE;
    while (size < MOST && (uint64_t)size * 80 / tenths < count)
        size *= 2;
    return size;
}

static void insert(uint8_t *bitset, size_t blocks, uint64_t hash)
{
    uint64_t block = (hash >> 32) * blocks >> 32;
    uint8_t *word = bitset + block * BLOCK_SIZE;
    for (size_t i = 0; i < BLOCK_WORDS; i++, word += 4) {
        uint32_t bit = (uint32_t)hash * salts[i] >> 27;
        o2p_store_le32(word, o2p_load_le32(word) | UINT32_C(1) << bit);
    }
}

/* A union of which the first, empty member is set. */
static void first_of_union(o2p_thrift *thrift, int16_t id)
{
    o2p_thrift_struct(thrift, id);
    o2p_thrift_struct(thrift, 1);
    o2p_thrift_end(thrift);
    o2p_thrift_end(thrift);
}

void o2p_bloom_write(o2p_buffer *out, const uint64_t *hashes, size_t count, uint32_t tenths)
{
    size_t size = o2p_bloom_size(count, tenths);
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, out);
    o2p_thrift_i32(&thrift, 1, (int32_t)size);
    first_of_union(&thrift, 2); /* algorithm: BLOCK */
    first_of_union(&thrift, 3); /* hash: XXHASH */
    first_of_union(&thrift, 4); /* compression: UNCOMPRESSED */
    o2p_thrift_end(&thrift);

    uint8_t *bitset = (uint8_t *)o2p_buffer_extend(out, size);
    if (bitset == NULL)
        return;
    memset(bitset, 0, size);
    for (size_t i = 0; i < count; i++)
        insert(bitset, size / BLOCK_SIZE, hashes[i]);
}
