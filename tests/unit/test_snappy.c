/* test_snappy.c - what the built-in compressor makes comes back by libsnappy's decoder.
 *
 * Every input ends against a page that cannot be read, and is compressed into exactly the room that
 * o2p_snappy_most asks for, at the end of which there is such a page too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <snappy-c.h>
#include "../../lib/parquet/snappy.h"
#include "guarded.h"

enum { BLOCK = 65536, MOST_INPUT = 5 * BLOCK };

static uint8_t bytes[MOST_INPUT], back[MOST_INPUT], first[2 * MOST_INPUT];
static uint8_t *input_end, *output_end; /* the pages there can be neither read nor written */

static int setup(void **state)
{
    (void)state;
    input_end = guarded_memory(MOST_INPUT).end;
    output_end = guarded_memory(o2p_snappy_most(MOST_INPUT)).end;
    return 0;
}

/* Compresses the first `size` of `bytes` and decodes the result. Returns its size; it is in
 * `first`.
 */
static size_t round_trip(size_t size)
{
    assert_true(size <= MOST_INPUT);
    size_t most = o2p_snappy_most(size), made = 0, again = 0, back_size = sizeof(back);
    uint8_t *input = input_end - size, *output = output_end - most;
    memcpy(input, bytes, size);
    memset(output, 0xAA, most);
    assert_true(o2p_snappy_compress(input, size, output, &made));
    assert_in_range(made, 1, most);
    memcpy(first, output, made);
    memset(output, 0x55, most);
    assert_true(o2p_snappy_compress(input, size, output, &again));
    assert_int_equal(again, made);
    assert_memory_equal(output, first, made);
    assert_memory_equal(input, bytes, size);
    assert_int_equal(snappy_uncompress((const char *)first, made, (char *)back, &back_size),
                     SNAPPY_OK);
    assert_int_equal(back_size, size);
    assert_memory_equal(back, bytes, size);
    return made;
}

/* ---- inputs ---- */

static uint32_t seed;

static uint32_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static void fill_equal(void)
{
    memset(bytes, 'x', sizeof(bytes));
}

static void fill_random(void)
{
    seed = 1;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(random_number() >> 11);
}

/* Few different bytes: many short matches, at all offsets. */
static void fill_dense(void)
{
    seed = 2;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(random_number() >> 30);
}

static void fill_text(void)
{
    static const char *const words[] = {"GET ",     "/api/products/",  "/api/cart ", "200 ",
                                        "latency=", "checkoutservice", "failed: ",   "\n"};
    seed = 3;
    for (size_t i = 0; i < sizeof(bytes);) {
        const char *word = words[random_number() % 8];
        for (; *word != '\0' && i < sizeof(bytes); word++)
            bytes[i++] = (uint8_t)*word;
        if (i < sizeof(bytes) && random_number() % 4 == 0)
            bytes[i++] = (uint8_t)('0' + random_number() % 10);
    }
}

/* The same bytes again after `period`. */
static void fill_periodic(size_t period)
{
    fill_random();
    for (size_t i = period; i < sizeof(bytes); i++)
        bytes[i] = bytes[i - period];
}

static void (*const fills[])(void) = {fill_equal, fill_random, fill_dense, fill_text};
enum { FILLS = sizeof(fills) / sizeof(fills[0]) };

/* ---- the stream, element by element ---- */

typedef struct element {
    bool copy;
    size_t size, offset;
    size_t taken; /* bytes of the stream */
} element;

static element element_at(const uint8_t *at)
{
    size_t upper = at[0] >> 2;
    switch (at[0] & 3) {
    case 0:
        if (upper < 60)
            return (element){false, upper + 1, 0, upper + 2};
        assert_in_range(upper, 60, 61); /* no literal is longer than a block */
        upper = upper == 60 ? at[1] : at[1] + at[2] * 256u;
        return (element){false, upper + 1, 0, upper + 1 + (at[0] == 60 << 2 ? 2 : 3)};
    case 1:
        return (element){true, 4 + (upper & 7), (at[0] >> 5) * 256u + at[1], 2};
    case 2:
        return (element){true, upper + 1, at[1] + at[2] * 256u, 3};
    default:
        fail_msg("a copy with an offset of four bytes");
        return (element){0};
    }
}

/* No element crosses the edge of a block, and no copy reaches back over one. */
static void check_blocks(size_t made)
{
    size_t at = 0, position = 0;
    while (first[at++] >= 0x80)
        continue;
    while (at < made) {
        element e = element_at(first + at);
        size_t in_block = position % BLOCK;
        assert_in_range(e.size, 1, BLOCK - in_block);
        if (e.copy)
            assert_in_range(e.offset, 1, in_block);
        at += e.taken;
        position += e.size;
    }
    assert_int_equal(at, made);
}

/* ---- tests ---- */

static void small_ones_by_hand(void **state)
{
    (void)state;
    static const uint8_t empty[] = {0}, one[] = {1, 0, 'a'};
    static const uint8_t equal[] = {40, 0, 'a', 38 << 2 | 2, 1, 0};
    static const char twice[] = "abcdefghabcdefgh0123456789ABCDEF";
    bytes[0] = 'a';
    assert_int_equal(round_trip(0), sizeof(empty));
    assert_memory_equal(first, empty, sizeof(empty));
    assert_int_equal(round_trip(1), sizeof(one));
    assert_memory_equal(first, one, sizeof(one));
    memset(bytes, 'a', 40);
    assert_int_equal(round_trip(40), sizeof(equal));
    assert_memory_equal(first, equal, sizeof(equal));
    memcpy(bytes, twice, 32);
    assert_int_equal(round_trip(32), 1 + 9 + 2 + 17);
    assert_memory_equal(first,
                        "\x20\x1C"
                        "abcdefgh"
                        "\x11\x08\x3C"
                        "0123456789ABCDEF",
                        29);
}

static void nothing_at_no_address(void **state)
{
    (void)state;
    uint8_t out[8];
    size_t made = 0;
    assert_in_range(o2p_snappy_most(0), 1, sizeof(out));
    assert_true(o2p_snappy_compress(NULL, 0, out, &made));
    assert_int_equal(made, 1);
    assert_int_equal(out[0], 0);
}

static void every_small_size(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILLS; f++) {
        fills[f]();
        for (size_t size = 0; size <= 400; size++)
            round_trip(size);
    }
}

static void sizes_around_the_edges_of_blocks(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILLS; f++) {
        fills[f]();
        for (size_t blocks = 1; blocks <= 4; blocks++)
            for (size_t size = blocks * BLOCK - 20; size <= blocks * BLOCK + 20; size++)
                check_blocks(round_trip(size));
    }
}

/* A literal of each size around where its tag grows, then a match. */
static void sizes_of_literals(void **state)
{
    (void)state;
    static const size_t ranges[][2] = {{1, 70}, {250, 262}, {65500, 65540}};
    for (size_t r = 0; r < 3; r++)
        for (size_t size = ranges[r][0]; size <= ranges[r][1]; size++) {
            fill_random();
            memset(bytes + size, 0, 100);
            check_blocks(round_trip(size + 100));
            check_blocks(round_trip(size + 4));
        }
}

/* Matches of each size, at offsets of every width, up to farther than a block. */
static void sizes_and_offsets_of_copies(void **state)
{
    (void)state;
    static const size_t offsets[] = {1,    2,    3,     4,     5,     7,     8,     9,     15,
                                     16,   17,   63,    255,   256,   2047,  2048,  2049,  4095,
                                     4096, 9999, 32768, 65000, 65500, 65535, 65536, 65537, 140000};
    for (size_t o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++)
        for (size_t size = 4; size <= 200; size += size < 80 ? 1 : 15) {
            fill_random();
            memset(bytes, 'x', 16); /* so that offset and position differ */
            for (size_t i = 0; i < size; i++)
                bytes[16 + offsets[o] + i] = bytes[16 + i];
            check_blocks(round_trip(16 + offsets[o] + size));
            check_blocks(round_trip(16 + offsets[o] + size + 300));
        }
}

static void long_matches_get_small(void **state)
{
    (void)state;
    static const size_t periods[] = {1, 2, 3, 5, 8, 13, 100, 2047, 2048};
    for (size_t p = 0; p < sizeof(periods) / sizeof(periods[0]); p++) {
        fill_periodic(periods[p]);
        size_t made = round_trip(MOST_INPUT);
        check_blocks(made);
        /* 3 bytes a copy of 64, and for each block the first period with some of the next */
        assert_in_range(made, 1,
                        MOST_INPUT / 64 * 3 + MOST_INPUT / BLOCK * (periods[p] * 3 / 2 + 40));
    }
}

/* Whatever was found before a block is not found again in it: the next block begins anew. */
static void a_block_repeated(void **state)
{
    (void)state;
    fill_periodic(BLOCK);
    size_t made = round_trip(MOST_INPUT);
    check_blocks(made);
    assert_true(made > MOST_INPUT);
}

static void as_small_as_libsnappy_makes_it(void **state)
{
    (void)state;
    static char theirs[2 * MOST_INPUT];
    size_t size = sizeof(theirs);
    fill_text();
    assert_int_equal(snappy_compress((const char *)bytes, MOST_INPUT, theirs, &size), SNAPPY_OK);
    assert_in_range(round_trip(MOST_INPUT), 1, size + size / 20);
}

/* Random bytes, and literals and copies of the sizes that gain nothing. */
static void what_cannot_be_compressed(void **state)
{
    (void)state;
    fill_random();
    assert_in_range(round_trip(MOST_INPUT), MOST_INPUT, MOST_INPUT + 3 + 3 * (MOST_INPUT / BLOCK));
    for (size_t literal = 1; literal < 700; literal += literal < 70 ? 1 : 37) {
        fill_random();
        for (size_t i = 3000; i + literal + 4 <= MOST_INPUT; i += literal + 4)
            memcpy(bytes + i + literal, bytes + i % 2500, 4);
        for (size_t size = MOST_INPUT - 20; size <= MOST_INPUT; size++)
            round_trip(size);
    }
}

static void more_than_the_format_holds(void **state)
{
    (void)state;
#if SIZE_MAX > UINT32_MAX
    uint8_t out[1] = {'x'};
    size_t made = 1;
    assert_false(o2p_snappy_compress(bytes, (size_t)UINT32_MAX + 1, out, &made));
    assert_int_equal(out[0], 'x');
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones_by_hand),
        cmocka_unit_test(nothing_at_no_address),
        cmocka_unit_test(every_small_size),
        cmocka_unit_test(sizes_around_the_edges_of_blocks),
        cmocka_unit_test(sizes_of_literals),
        cmocka_unit_test(sizes_and_offsets_of_copies),
        cmocka_unit_test(long_matches_get_small),
        cmocka_unit_test(a_block_repeated),
        cmocka_unit_test(as_small_as_libsnappy_makes_it),
        cmocka_unit_test(what_cannot_be_compressed),
        cmocka_unit_test(more_than_the_format_holds),
    };
    return cmocka_run_group_tests_name("snappy", tests, setup, NULL);
}
