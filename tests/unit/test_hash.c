/* test_hash.c - tests of lib/base/hash.c.
 *
 * XXH64 is held against values of the reference implementation, CRC-32 against its definition, bit
 * by bit. o2p_hash has no values to keep; what is tested is what tables need of it. The file is
 * compiled a second time into this program, without 128-bit integers: both must give the same
 * values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/hash.h"

#define O2P_NO_INT128
#define o2p_hash portable_hash
#define o2p_xxh64 portable_xxh64
#define o2p_crc32 portable_crc32
#include "../../lib/base/hash.c"
#undef o2p_hash
#undef o2p_xxh64
#undef o2p_crc32

/* A copy of `size` bytes that ends where its allocation does, so that a sanitizer sees each byte
 * read beyond. */
static uint8_t *exact_copy(const void *bytes, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 131 + i / 7);
}

static const struct {
    size_t size;
    uint64_t hash;        /* with seed 0 */
    uint64_t seeded_hash; /* with seed 0x9E3779B185EBCA87 */
} xxh64_of_filled[] = {
    {0, 0xEF46DB3751D8E999u, 0x6EC6D05F61C7E7A7u},
    {1, 0xE934A84ADB052768u, 0x60508B0CED72C717u},
    {2, 0x28105D394690FECBu, 0xDDDD690D48FA8FFEu},
    {3, 0xA83378D1EB86EC62u, 0xD098216C3D6D0538u},
    {4, 0x9882E57ED36C4CFCu, 0x02986CFA17DB2048u},
    {5, 0xA4F368AD8DEC9BADu, 0xC56700D17F02DF0Au},
    {7, 0xF0AEF407B44730F8u, 0xD1A4E582E9B3AD75u},
    {8, 0x6F799D7284A5CBE6u, 0x21DACAB0E954F39Bu},
    {9, 0x0420F411AD72A049u, 0x7339E55020062018u},
    {11, 0xE7658A1F4F3053F2u, 0x7BC5DD6EE93BE579u},
    {12, 0x1F4BE7A06FABC064u, 0x4920BF749A23CBCAu},
    {15, 0x0CED8AF8163558F3u, 0xB2B5A9C13273E28Du},
    {16, 0xCFE63FD26AFDF7E5u, 0x9D4DBDF0D9785EE4u},
    {23, 0xD5DA70876798145Du, 0x4DF5EF5417DE0E73u},
    {28, 0x6A2BF4DD195FD0C8u, 0x9ACA8E83B9222DD3u},
    {31, 0x3A4BDDF524C48530u, 0xC0461DF91FADBFB7u},
    {32, 0xA4D75AB355F13155u, 0xF3DF3B3558298D9Bu},
    {33, 0x445A4AAAFFE45526u, 0x97657D13D69A9483u},
    {36, 0x1FE4D98A688CBC5Du, 0x1F99D8B7ED9AA88Eu},
    {40, 0x263B962B52D8DF32u, 0x4969090B3310BAF4u},
    {47, 0x8AB909EF7F53A056u, 0x48D99B5EEDD90D6Au},
    {63, 0x3928161314DE657Au, 0x2AEE5E153A2394C8u},
    {64, 0x26C01CF9FB1C3888u, 0x69EFC8AB974F8E85u},
    {65, 0xA8F446CBE17FD94Fu, 0xC0EC97F6BAABDB86u},
    {95, 0xA5A68309735E3E3Cu, 0xAB0749FFCFD32309u},
    {96, 0x39F6F361003ACEC8u, 0x772EA34F8D43D89Du},
    {97, 0xA96BB4568A3F4C9Bu, 0x68DEDFDE063D1BE7u},
    {100, 0xCC9A8FC04F06D4A5u, 0xB30EE56D8C8EE2E5u},
    {127, 0x1C4915B9D0226804u, 0xA1957C9DA5D32AC9u},
    {128, 0x152A1617A08A381Fu, 0x2E4951AEE38DBEB3u},
    {255, 0x9248F6668B507A0Du, 0xF1837B640FCE79E0u},
    {300, 0xD59D074EA765CDBEu, 0xA2864AAAA94E345Bu},
};

static void xxh64_gives_the_reference_values(void **state)
{
    (void)state;
    uint8_t bytes[300];
    fill(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(xxh64_of_filled) / sizeof(xxh64_of_filled[0]); i++) {
        uint8_t *copy = exact_copy(bytes, xxh64_of_filled[i].size);
        assert_int_equal(o2p_xxh64(copy, xxh64_of_filled[i].size, 0), xxh64_of_filled[i].hash);
        assert_int_equal(o2p_xxh64(copy, xxh64_of_filled[i].size, 0x9E3779B185EBCA87u),
                         xxh64_of_filled[i].seeded_hash);
        free(copy);
    }
}

/* The definition: the remainder of a division of polynomials, a bit at a time. */
static uint32_t crc32_by_bits(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void crc32_is_the_polynomial_remainder(void **state)
{
    (void)state;
    assert_int_equal(o2p_crc32("", 0), 0);
    assert_int_equal(o2p_crc32("123456789", 9), 0xCBF43926);
    static uint8_t bytes[40000];
    static const size_t sizes[] = {12287, 12288, 12289, 12300, 24575, 24576, 24584, 40000};
    fill(bytes, sizeof(bytes));
    for (size_t i = 0; i < 300 + sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = i < 300 ? i : sizes[i - 300]; /* the large ones are read by lanes */
        uint8_t *copy = exact_copy(bytes, size);
        assert_int_equal(o2p_crc32(copy, size), crc32_by_bits(bytes, size));
        free(copy);
    }
}

/* Each entry of each table is used: a byte of every value at every place of an 8-byte step. */
static void crc32_knows_every_byte_at_every_place(void **state)
{
    (void)state;
    uint8_t bytes[24] = {0};
    for (size_t place = 0; place < sizeof(bytes); place++)
        for (unsigned value = 0; value < 256; value++) {
            bytes[place] = (uint8_t)value;
            assert_int_equal(o2p_crc32(bytes, sizeof(bytes)), crc32_by_bits(bytes, sizeof(bytes)));
        }
}

static void hash_reads_the_bytes_and_no_others(void **state)
{
    (void)state;
    uint8_t bytes[300];
    fill(bytes, sizeof(bytes));
    for (size_t size = 0; size < sizeof(bytes); size++) {
        uint8_t *copy = exact_copy(bytes, size);
        uint64_t hash = o2p_hash(copy, size);
        assert_int_equal(hash, o2p_hash(bytes, size));
        for (size_t i = 0; i < size; i++)
            for (int bit = 0; bit < 8; bit++) {
                copy[i] ^= (uint8_t)(1 << bit);
                assert_int_not_equal(o2p_hash(copy, size), hash);
                copy[i] ^= (uint8_t)(1 << bit);
            }
        free(copy);
    }
}

static void portable_multiplication_gives_the_same_hashes(void **state)
{
    (void)state;
    uint8_t bytes[300];
    fill(bytes, sizeof(bytes));
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        assert_int_equal(portable_hash(bytes, size), o2p_hash(bytes, size));
        assert_int_equal(portable_xxh64(bytes, size, 1), o2p_xxh64(bytes, size, 1));
        assert_int_equal(portable_crc32(bytes, size), o2p_crc32(bytes, size));
    }
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void assert_distinct(uint64_t *hashes, size_t count)
{
    qsort(hashes, count, sizeof(hashes[0]), compare_hashes);
    for (size_t i = 1; i < count; i++)
        assert_int_not_equal(hashes[i - 1], hashes[i]);
}

/* The same byte, 0 to 200 times: sizes that differ by one share all loads but for their places. */
static void sizes_of_repeated_bytes_are_told_apart(void **state)
{
    (void)state;
    static uint64_t hashes[256 * 200 + 1];
    size_t count = 0;
    uint8_t bytes[200] = {0};
    hashes[count++] = o2p_hash(bytes, 0);
    for (unsigned value = 0; value < 256; value++) {
        memset(bytes, (int)value, sizeof(bytes));
        for (size_t size = 1; size <= sizeof(bytes); size++)
            hashes[count++] = o2p_hash(bytes, size);
    }
    assert_distinct(hashes, count);
}

/* Names with numbers in them are what telemetry is full of. With 2^20 of them no two hashes are
 * equal, and whichever 16 bits a table takes, its buckets fill about as evenly as by chance: 16 on
 * average; by chance one bucket among all of these exceeds 60 less than once in 10^9. */
static void numbered_names_spread(void **state)
{
    (void)state;
    enum { NAMES = 1 << 20, BUCKETS = 1 << 16 };
    static const char *const forms[] = {"%u", "pod-%07u", "service.instance.id=%010u"};
    static uint64_t hashes[NAMES];
    static uint8_t load[3][BUCKETS];
    for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
        memset(load, 0, sizeof(load));
        for (unsigned i = 0; i < NAMES; i++) {
            char name[64];
            int size = snprintf(name, sizeof(name), forms[form], i);
            hashes[i] = o2p_hash(name, (size_t)size);
            for (unsigned part = 0; part < 3; part++) {
                uint8_t *bucket = &load[part][hashes[i] >> 24 * part & (BUCKETS - 1)];
                assert_true(++*bucket < 60);
            }
        }
        assert_distinct(hashes, NAMES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xxh64_gives_the_reference_values),
        cmocka_unit_test(crc32_is_the_polynomial_remainder),
        cmocka_unit_test(crc32_knows_every_byte_at_every_place),
        cmocka_unit_test(hash_reads_the_bytes_and_no_others),
        cmocka_unit_test(portable_multiplication_gives_the_same_hashes),
        cmocka_unit_test(sizes_of_repeated_bytes_are_told_apart),
        cmocka_unit_test(numbered_names_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
