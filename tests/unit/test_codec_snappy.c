/* test_codec_snappy.c - pages come back by libsnappy's decoder, whatever of them is left as it is.
 *
 * Every page ends against memory that cannot be read, and is compressed into exactly the room that
 * is asked for, behind which there is such memory too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <snappy-c.h>
#include "../../lib/parquet/codec_snappy.h"
#include "guarded.h"

enum { BLOCK = 65536, MOST_INPUT = 6 * BLOCK };

static uint8_t bytes[MOST_INPUT], back[MOST_INPUT], made_whole[2 * MOST_INPUT];
static uint8_t *input_end, *output_end; /* the pages there can be neither read nor written */

static int setup(void **state)
{
    (void)state;
    input_end = guarded_memory(MOST_INPUT).end;
    output_end = guarded_memory(o2p_snappy_page_most(MOST_INPUT)).end;
    return 0;
}

static uint32_t seed = 1;

static uint8_t random_byte(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return (uint8_t)(seed >> 11);
}

/* From `at` on: anything, digits, or words. */
static void fill_random(size_t at, size_t size)
{
    for (size_t i = at; i < at + size; i++)
        bytes[i] = random_byte();
}

static void fill_digits(size_t at, size_t size)
{
    for (size_t i = at; i < at + size; i++)
        bytes[i] = (uint8_t) "0123456789abcdef"[random_byte() % 16];
}

static void fill_words(size_t at, size_t size)
{
    for (size_t i = at; i < at + size; i++)
        bytes[i] = (uint8_t)("GET /api/v1/orders 200 "[i % 23] + (random_byte() % 40 == 0));
}

/* Compresses the first `size` bytes, decodes them, and returns what they became; it is before
 * output_end by o2p_snappy_page_most(size). */
static size_t round_trip(size_t size)
{
    size_t most = o2p_snappy_page_most(size), made = most, back_size = sizeof(back);
    uint8_t *input = input_end - size, *output = output_end - most;
    memcpy(input, bytes, size);
    memset(output, 0xAA, most);
    assert_true(o2p_snappy_page(input, size, output, &made));
    assert_in_range(made, 1, most);
    assert_int_equal(snappy_uncompress((const char *)output, made, (char *)back, &back_size),
                     SNAPPY_OK);
    assert_int_equal(back_size, size);
    assert_memory_equal(back, bytes, size);
    return made;
}

/* What shrinks is as libsnappy makes it of the whole. */
static void a_page_that_shrinks_is_as_ever(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,
                                   1,
                                   100,
                                   BLOCK - 1,
                                   BLOCK,
                                   BLOCK + 1,
                                   2 * BLOCK - 1,
                                   2 * BLOCK,
                                   2 * BLOCK + 5,
                                   3 * BLOCK + 20000,
                                   MOST_INPUT};
    fill_words(0, MOST_INPUT);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t made = round_trip(sizes[i]);
        assert_true(sizes[i] < 1000 || made < sizes[i] / 2);
#ifndef O2P_NO_SNAPPY /* ours chooses its table by the size */
        size_t whole = sizeof(made_whole);
        assert_int_equal(snappy_compress((const char *)bytes, sizes[i], (char *)made_whole, &whole),
                         SNAPPY_OK);
        assert_int_equal(made, whole);
        assert_memory_equal(output_end - o2p_snappy_page_most(sizes[i]), made_whole, made);
#endif
    }
}

/* The second block of digits and those after it are left as they are, and the page is so much
 * larger. */
static void digits_are_left_as_they_are(void **state)
{
    (void)state;
    fill_digits(0, MOST_INPUT);
    size_t made = round_trip(4 * BLOCK), first = round_trip(BLOCK);
    assert_int_equal(made, first + 3 * (BLOCK + 3)); /* a tag and a length of two bytes each */
    static const size_t sizes[] = {2 * BLOCK + 1, 2 * BLOCK + 4095, 2 * BLOCK + 4096, 3 * BLOCK - 1,
                                   MOST_INPUT - 7};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        round_trip(sizes[i]);
}

/* Words after digits are compressed again, at once; and a block that begins or goes on with words
 * is, whatever else it has. */
static void words_after_digits(void **state)
{
    (void)state;
    fill_digits(0, 2 * BLOCK);
    fill_words(2 * BLOCK, 2 * BLOCK);
    fill_digits(4 * BLOCK, 2 * BLOCK);
    assert_in_range(round_trip(MOST_INPUT), 3 * BLOCK, 5 * BLOCK - BLOCK / 2);
    for (size_t words = 0; words <= BLOCK / 2; words += BLOCK / 2) {
        fill_random(0, 3 * BLOCK);
        fill_words(2 * BLOCK + words, BLOCK / 2);
        assert_in_range(round_trip(3 * BLOCK), 2 * BLOCK, 2 * BLOCK + BLOCK / 4 * 3);
    }
}

/* As little as nothing at all. */
static void any_bytes(void **state)
{
    (void)state;
    fill_random(0, MOST_INPUT);
    for (size_t size = 0; size <= MOST_INPUT; size += 1 + size / 3)
        assert_true(round_trip(size) <= size + size / BLOCK * 16 + 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_that_shrinks_is_as_ever),
        cmocka_unit_test(digits_are_left_as_they_are),
        cmocka_unit_test(words_after_digits),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
