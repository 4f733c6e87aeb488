/* test_bloom.c - split-block bloom filters: the header's bytes, sizes, and probing as
 * BloomFilter.md has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/base/hash.h"
#include "../../lib/parquet/bloom.h"
#include "thrift_reader.h"

static o2p_memory memory;
static o2p_buffer out;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_buffer_free(&out);
    return memory.held == 0 ? 0 : -1;
}

static uint64_t hash_of(uint64_t number)
{
    uint8_t bytes[8];
    o2p_store_le64(bytes, number);
    return o2p_xxh64(bytes, sizeof(bytes), 0);
}

/* Whether the filter may hold the hash: block = (upper half * blocks) >> 32; in word i of the block
 * the bit (lower half * salt[i]) >> 27. */
static bool probe(const uint8_t *bitset, size_t size, uint64_t hash)
{
    static const uint32_t salt[] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                    0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    const uint8_t *block = bitset + ((hash >> 32) * (size / 32) >> 32) * 32;
    for (unsigned i = 0; i < 8; i++) {
        unsigned bit = (uint32_t)((uint32_t)hash * salt[i]) >> 27;
        if ((block[4 * i + bit / 8] >> bit % 8 & 1) == 0)
            return false;
    }
    return true;
}

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(o2p_bloom_size(0, 105), 32);
    assert_int_equal(o2p_bloom_size(24, 105), 32); /* 24 * 10.5 bits are 252 */
    assert_int_equal(o2p_bloom_size(25, 105), 64);
    assert_int_equal(o2p_bloom_size(780, 105), 1024);
    assert_int_equal(o2p_bloom_size(781, 105), 2048);
    assert_int_equal(o2p_bloom_size(1000000, 105), 2 * 1024 * 1024);
    assert_int_equal(o2p_bloom_size(SIZE_MAX, 105), 128 * 1024 * 1024);
}

static void more_bits(void **state)
{
    (void)state;
    assert_int_equal(o2p_bloom_size(9, 264), 32); /* 9 * 26.4 bits are 237.6 */
    assert_int_equal(o2p_bloom_size(10, 264), 64);
    assert_int_equal(o2p_bloom_size(77, 33), 32); /* 77 * 3.3 bits are 254.1 */
    assert_int_equal(o2p_bloom_size(78, 33), 64);
    assert_int_equal(o2p_bloom_size(SIZE_MAX, 264), 128 * 1024 * 1024);
}

static void empty_filter(void **state)
{
    (void)state;
    o2p_bloom_write(&out, NULL, 0, 105);
    /* 32 bytes (zigzag 64); three unions of which member 1, an empty struct, is set */
    static const uint8_t header[] = {0x15, 0x40, 0x1C, 0x1C, 0x00, 0x00, 0x1C, 0x1C,
                                     0x00, 0x00, 0x1C, 0x1C, 0x00, 0x00, 0x00};
    assert_int_equal(out.size, sizeof(header) + 32);
    assert_memory_equal(out.data, header, sizeof(header));
    for (size_t i = sizeof(header); i < out.size; i++)
        assert_int_equal(out.data[i], 0);
}

static void finds_all_and_little_else(void **state)
{
    (void)state;
    enum { N = 12480 }; /* as full as a filter gets: 16 KiB at 10.5 bits */
    static uint64_t hashes[N];
    for (size_t i = 0; i < N; i++)
        hashes[i] = hash_of(i);
    o2p_bloom_write(&out, hashes, N, 105);
    thrift_value header = thrift_struct_at(out.data, out.size);
    const uint8_t *bitset = thrift_end_of(header);
    size_t size = (size_t)thrift_int_field(header, 1);
    assert_int_equal(size, 16384);
    assert_ptr_equal(bitset + size, out.data + out.size);
    size_t found = 0;
    for (size_t i = 0; i < N; i++)
        assert_true(probe(bitset, size, hashes[i]));
    for (size_t i = 0; i < 100000; i++)
        found += probe(bitset, size, hash_of(N + i));
    assert_in_range(found, 500, 1500); /* about 1% */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(more_bits),
        cmocka_unit_test_setup_teardown(empty_filter, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_all_and_little_else, setup, teardown),
    };
    return cmocka_run_group_tests_name("bloom", tests, NULL, NULL);
}
