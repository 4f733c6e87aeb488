/* test_rle.c - the RLE / bit-packing hybrid and the streams of levels: byte vectors worked out from
 * Encodings.md, and round trips through a decoder written from the same page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/rle.h"
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

#define expect_bytes(...)                                                                          \
    do {                                                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};                                           \
        assert_int_equal(out.size, sizeof(expected));                                              \
        assert_memory_equal(out.data, expected, sizeof(expected));                                 \
    } while (0)

static uint64_t random_state = 7;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % below);
}

/* ---- a decoder ---- */

typedef struct decoded {
    uint32_t values[8192];
    size_t count, runs, packed_runs;
} decoded;

static decoded got;

static uint32_t bits_at(const uint8_t *bytes, size_t bit, unsigned width)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < width; i++, bit++)
        value |= (uint32_t)(bytes[bit / 8] >> bit % 8 & 1) << i;
    return value;
}

/* Decodes `size` bytes that hold n values; only padding, of less than a group and zero, may follow
 * them. */
static void decode(const uint8_t *at, size_t size, size_t n, unsigned width)
{
    const uint8_t *end = at + size;
    memset(&got, 0, sizeof(got));
    while (at < end) {
        uint64_t header = thrift_varint(&at, end);
        size_t count = (size_t)(header >> 1);
        assert_true(count > 0 && got.count < n);
        if (header & 1) {
            assert_true((size_t)(end - at) >= count * width);
            for (size_t i = 0; i < count * 8; i++)
                got.values[got.count++] = bits_at(at, i * width, width);
            at += count * width;
            got.packed_runs++;
            continue;
        }
        assert_true((size_t)(end - at) >= (width + 7) / 8);
        uint32_t value = bits_at(at, 0, (width + 7) / 8 * 8);
        while (count-- > 0)
            got.values[got.count++] = value;
        at += (width + 7) / 8;
        got.runs++;
    }
    assert_true(got.count >= n && got.count < n + 8);
    for (size_t i = n; i < got.count; i++)
        assert_int_equal(got.values[i], 0);
}

static void round_trip(const uint32_t *values, size_t n, unsigned width)
{
    out.size = 0;
    o2p_rle_encode(&out, values, n, width);
    decode(out.data, out.size, n, width);
    if (n > 0)
        assert_memory_equal(got.values, values, n * sizeof(values[0]));
}

/* ---- encode ---- */

static void a_run(void **state)
{
    (void)state;
    o2p_rle_run(&out, 1, 100, 1); /* varint(100 << 1), one byte of value */
    o2p_rle_run(&out, 0x0102, 3, 9);
    o2p_rle_run(&out, 0x01020304, 1, 32);
    expect_bytes(0xC8, 0x01, 0x01, 0x06, 0x02, 0x01, 0x02, 0x04, 0x03, 0x02, 0x01);
}

static void the_example(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    o2p_rle_encode(&out, values, 8, 3);
    expect_bytes(0x03, 0x88, 0xC6, 0xFA); /* one group; the bytes of Encodings.md */
}

static void a_padded_group(void **state)
{
    (void)state;
    static const uint32_t values[] = {1, 2, 3};
    o2p_rle_encode(&out, values, 3, 2);
    expect_bytes(0x03, 0x39, 0x00); /* 1, 2, 3 in 2 bits each: 00111001 */
}

static void runs_between_groups(void **state)
{
    (void)state;
    uint32_t values[8 + 20 + 3];
    for (size_t i = 0; i < 31; i++)
        values[i] = i < 8 ? (uint32_t)i % 2 : i < 28 ? 1 : 0;
    o2p_rle_encode(&out, values, 31, 1);
    /* 0,1,... packed; then 1 x 20 (the 1 at the end of the first group is in that group); then 0 x
     * 3 */
    expect_bytes(0x03, 0xAA, 20 << 1, 0x01, 0x03, 0x00);
}

static void nothing(void **state)
{
    (void)state;
    o2p_rle_encode(&out, NULL, 0, 5);
    assert_int_equal(out.size, 0);
}

static void eight_equal_are_a_run(void **state)
{
    (void)state;
    static const uint32_t eight[] = {5, 5, 5, 5, 5, 5, 5, 5}, seven[] = {5, 5, 5, 5, 5, 5, 5};
    round_trip(eight, 8, 3);
    assert_int_equal(got.runs, 1);
    assert_int_equal(got.packed_runs, 0);
    round_trip(seven, 7, 3);
    assert_int_equal(got.runs, 0);
    assert_int_equal(got.packed_runs, 1);
}

/* Runs of every length up to 40 at every distance from a group's start: right values, and, where
 * they are not long on average, a run wherever eight of the equal values are left after the group
 * before was filled. */
static void every_alignment(void **state)
{
    (void)state;
    uint32_t values[16 + 40 + 8];
    for (size_t before = 0; before < 16; before++)
        for (size_t length = 1; length <= 40; length++)
            for (size_t after = 0; after < 8; after += 3) {
                size_t n = before + length + after;
                for (size_t i = 0; i < n; i++)
                    values[i] = i >= before && i < before + length ? 5 : (uint32_t)i % 2;
                round_trip(values, n, 3);
                size_t fill = (8 - before % 8) % 8, runs = before + 1 + after;
                if (n / runs < 5)
                    assert_int_equal(got.runs, length >= fill + 8 ? 1 : 0);
            }
}

/* Sets `n` values in runs of these lengths, over and over; a run's value is one more than that of
 * the run before. */
static void set_runs(uint32_t *values, size_t n, const size_t *lengths, size_t count)
{
    for (size_t i = 0, run = 0, left = lengths[0]; i < n; i++, left--) {
        if (left == 0)
            left = lengths[++run % count];
        values[i] = (uint32_t)run;
    }
}

/* Runs of these lengths are written as such, but for what is behind the last whole group. */
static void check_short_runs(const size_t *lengths, size_t count, unsigned width)
{
    uint32_t values[96];
    set_runs(values, 96, lengths, count);
    round_trip(values, 96, width);
    assert_in_range(got.packed_runs, 0, 1);
    assert_int_equal(got.runs, values[96 - 8] + 1);
}

/* Short runs are written as such where they take less than a group's bits, or are long on average.
 */
static void short_runs(void **state)
{
    (void)state;
    static const size_t three[] = {3}, four[] = {4}, mixed[] = {10, 8, 4};
    check_short_runs(three, 1, 11); /* three runs of three bytes, or eleven */
    check_short_runs(three, 1, 8);  /* up to four of two, or eight */
    check_short_runs(four, 1, 5);   /* two of two, or five */
    check_short_runs(mixed, 3, 5);  /* long on average */
    uint32_t values[96];
    set_runs(values, 96, three, 1);
    round_trip(values, 96, 5); /* a group is of three at least */
    assert_int_equal(got.packed_runs, 1);
    assert_int_equal(got.runs, 0);
}

/* Runs are written as such only where that takes less, whatever the first values are like: a run
 * that is written takes two bytes, eight of its values one. */
static void runs_cost_no_more_than_groups(void **state)
{
    (void)state;
    enum { N = 8000 };
    static uint32_t values[N];
    for (size_t i = 0; i < N; i++)
        values[i] = i >= 2048 && i / 2 % 2;
    round_trip(values, N, 1);
    assert_in_range(out.size, 1, (N - 2048) / 8 + 8);
    for (unsigned one_in = 5; one_in <= 14; one_in++) {
        for (size_t i = 0; i < N; i++)
            values[i] = i >= 2048 && next_random(one_in) == 0;
        round_trip(values, N, 1);
        assert_in_range(out.size, 1, (N - 2048) / 8 * 4 / 3);
    }
}

static void random_mixtures(void **state)
{
    (void)state;
    static uint32_t values[4096];
    for (unsigned width = 1; width <= 32; width++)
        for (unsigned round = 0; round < 6; round++) {
            size_t n = round == 0 ? 4096 : next_random(600);
            uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
            for (size_t i = 0; i < n;) {
                uint32_t value = (next_random(1u << 16) << 16 | next_random(1u << 16)) & mask;
                size_t length = next_random(3) > 0 ? 1 : 1 + next_random(30);
                while (length-- > 0 && i < n)
                    values[i++] = value;
            }
            round_trip(values, n, width);
        }
}

static void packed_already(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x88, 0xC6, 0x0A}; /* 0..6 in 3 bits */
    o2p_rle_packed(&out, bytes, 7, 3, false);
    static const uint8_t two[] = {0x01}; /* one value, of 2 bits: padded to a group of 2 bytes */
    o2p_rle_packed(&out, two, 1, 2, false);
    expect_bytes(0x03, 0x88, 0xC6, 0x0A, 0x03, 0x01, 0x00);
}

/* Runs of 504 values, and the rest. */
static void short_packed_runs(void **state)
{
    (void)state;
    static uint8_t bytes[4096];
    static uint32_t values[4096];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)next_random(256);
    for (unsigned width = 1; width <= 7; width += 2)
        for (size_t n = 1; n <= 2100; n += n < 490 ? 97 : 1) {
            size_t used = (n * width + 7) / 8;
            uint8_t last = bytes[used - 1];
            bytes[used - 1] &= (uint8_t)(0xFFu >> (8 * used - n * width));
            for (size_t i = 0; i < n; i++)
                values[i] = bits_at(bytes, i * width, width);
            out.size = 0;
            o2p_rle_packed(&out, bytes, n, width, true);
            decode(out.data, out.size, n, width);
            assert_int_equal(got.packed_runs, (n + 503) / 504);
            assert_int_equal(out.size, (n + 7) / 8 * width + got.packed_runs);
            assert_memory_equal(got.values, values, n * sizeof(values[0]));
            bytes[used - 1] = last;
        }
}

/* ---- levels ---- */

static o2p_levels levels;

static int levels_setup(void **state)
{
    setup(state);
    o2p_levels_init(&levels, &memory);
    return 0;
}

static int levels_teardown(void **state)
{
    o2p_levels_free(&levels);
    return teardown(state);
}

static void constant_levels(void **state)
{
    (void)state;
    o2p_levels_begin(&levels, 1);
    o2p_levels_run(&levels, 1, 60);
    o2p_levels_run(&levels, 1, 0);
    o2p_levels_run(&levels, 1, 40);
    o2p_levels_end(&levels, &out);
    expect_bytes(3, 0, 0, 0, 0xC8, 0x01, 0x01);
}

static void mixed_levels(void **state)
{
    (void)state;
    o2p_levels_begin(&levels, 1);
    o2p_levels_run(&levels, 1, 3);
    o2p_levels_run(&levels, 0, 2);
    o2p_levels_run(&levels, 1, 5);
    o2p_levels_end(&levels, &out);
    expect_bytes(3, 0, 0, 0, 0x05, 0xE7, 0x03); /* 1110011111, LSB first, two groups */
}

static void rows_of_levels(void **state)
{
    (void)state;
    o2p_levels_begin(&levels, 2);
    o2p_levels_row(&levels, 0, 2, 3); /* 0 2 2 */
    o2p_levels_row(&levels, 1, 2, 1); /* 1 */
    o2p_levels_end(&levels, &out);
    expect_bytes(3, 0, 0, 0, 0x03, 0x68, 0x00); /* 01 10 10 00, and a second byte of padding */
}

static void no_levels(void **state)
{
    (void)state;
    o2p_levels_begin(&levels, 1);
    o2p_levels_end(&levels, &out);
    expect_bytes(0, 0, 0, 0);
}

/* Random runs, rows, and rows alike, several pages with one o2p_levels, against a plain list. */
static void random_levels(void **state)
{
    (void)state;
    static uint32_t expected[8192];
    for (unsigned page = 0; page < 300; page++) {
        unsigned max = 1 + next_random(3), width = max == 1 ? 1 : 2;
        levels.short_runs = page % 2 == 1;
        size_t n = 0, steps = next_random(12);
        o2p_levels_begin(&levels, max);
        for (size_t s = 0; s < steps; s++) {
            size_t count = next_random(4) > 0 ? next_random(20) : next_random(600);
            uint32_t first = next_random(max + 1),
                     next = next_random(2) ? first : next_random(max + 1);
            size_t times = 1;
            if (next_random(3) == 0 && count > 0 && count < 100) {
                times = next_random(40) % (1 + 400 / count);
                o2p_levels_rows(&levels, first, next, count, times);
            } else if (next_random(2) && count > 0) {
                o2p_levels_row(&levels, first, next, count);
            } else {
                o2p_levels_run(&levels, first, count);
                next = first;
            }
            for (size_t i = 0; i < count * times; i++)
                expected[n++] = i % count == 0 ? first : next;
        }
        out.size = 0;
        o2p_levels_end(&levels, &out);
        assert_int_equal(o2p_load_le32(out.data), out.size - 4);
        decode(out.data + 4, out.size - 4, n, width);
        size_t runs = levels.short_runs && got.runs == 0 ? (n + 503) / 504 : n > 0;
        assert_int_equal(got.runs + got.packed_runs, runs);
        if (n > 0)
            assert_memory_equal(got.values, expected, n * sizeof(expected[0]));
    }
}

/* When memory is refused half way, nothing is read that was not written. */
static void levels_without_memory(void **state)
{
    (void)state;
    o2p_buffer_reserve(&out, 64);
    o2p_levels_begin(&levels, 1);
    o2p_levels_run(&levels, 1, 100);
    memory.limit = memory.held + 300;
    o2p_levels_run(&levels, 0, 100000);
    assert_true(memory.failed);
    o2p_levels_run(&levels, 1, 5);
    o2p_levels_end(&levels, &out);
    assert_int_equal(out.size, 4);
}

#define plain(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define of_levels(test) cmocka_unit_test_setup_teardown(test, levels_setup, levels_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        plain(a_run),
        plain(the_example),
        plain(a_padded_group),
        plain(runs_between_groups),
        plain(nothing),
        plain(eight_equal_are_a_run),
        plain(every_alignment),
        plain(short_runs),
        plain(runs_cost_no_more_than_groups),
        plain(random_mixtures),
        plain(packed_already),
        plain(short_packed_runs),
        of_levels(constant_levels),
        of_levels(mixed_levels),
        of_levels(rows_of_levels),
        of_levels(no_levels),
        of_levels(random_levels),
        of_levels(levels_without_memory),
    };
    return cmocka_run_group_tests_name("rle", tests, NULL, NULL);
}
