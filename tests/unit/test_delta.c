/* test_delta.c - DELTA_BINARY_PACKED: the two sequences of Encodings.md in our block size, and
 * round trips through a decoder written from the same page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/delta.h"
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

static uint64_t random_state = 3;

static uint64_t next_random(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state ^ random_state >> 31;
}

/* ---- a decoder ---- */

static uint64_t signed_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = thrift_varint(at, end);
    return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

static uint64_t bits_at(const uint8_t *bytes, size_t bit, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++, bit++)
        value |= (uint64_t)(bytes[bit / 8] >> bit % 8 & 1) << i;
    return value;
}

/* Decodes all of `out` into `values`, modulo 2^64; returns how many. Padding must be zero. */
static size_t decode(uint64_t *values)
{
    const uint8_t *at = out.data, *end = at + out.size;
    assert_int_equal(thrift_varint(&at, end), 128);
    assert_int_equal(thrift_varint(&at, end), 4);
    size_t n = (size_t)thrift_varint(&at, end), done = 1;
    values[0] = signed_varint(&at, end);
    while (done < n) {
        uint64_t least = signed_varint(&at, end);
        const uint8_t *widths = at;
        at += 4;
        for (size_t m = 0; m < 4; m++) {
            unsigned width = widths[m];
            assert_true(width <= 64 && (size_t)(end - at) >= 4 * (size_t)width);
            if (done >= n)
                assert_int_equal(width, 0); /* a miniblock without values */
            for (size_t i = 0; i < 32; i++) {
                uint64_t delta = bits_at(at, i * width, width);
                if (done < n) {
                    values[done] = values[done - 1] + least + delta;
                    done++;
                } else {
                    assert_true(delta == 0);
                }
            }
            at += 4 * (size_t)width;
        }
    }
    assert_ptr_equal(at, end);
    return n;
}

static uint64_t decoded[2048];

static void round_trip64(const int64_t *values, size_t n)
{
    out.size = 0;
    o2p_delta_encode64(&out, values, n);
    assert_int_equal(decode(decoded), n);
    for (size_t i = 0; i < n; i++)
        assert_true(decoded[i] == (uint64_t)values[i]);
}

/* As readers of INT32 columns do: the low 32 bits count, and no delta takes more than those. */
static void round_trip32(const int32_t *values, size_t n)
{
    out.size = 0;
    o2p_delta_encode32(&out, values, n);
    assert_true(out.size <= 20 + (n / 128 + 1) * (5 + 4 + 128 * 4));
    assert_int_equal(decode(decoded), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal((uint32_t)decoded[i], (uint32_t)values[i]);
}

/* ---- vectors ---- */

static void steady(void **state)
{
    (void)state;
    static const int64_t values[] = {1, 2, 3, 4, 5};
    o2p_delta_encode64(&out, values, 5);
    /* block 128, 4 miniblocks, 5 values, first 1; least delta 1, all widths 0 */
    expect_bytes(0x80, 0x01, 0x04, 0x05, 0x02, 0x02, 0, 0, 0, 0);
}

static void falling_and_rising(void **state)
{
    (void)state;
    static const int64_t values[] = {7, 5, 3, 1, 2, 3, 4, 5};
    o2p_delta_encode64(&out, values, 8);
    /* least delta -2; less it: 0 0 0 3 3 3 3 in 2 bits; one miniblock of 32 */
    expect_bytes(0x80, 0x01, 0x04, 0x08, 0x0E, 0x03, 2, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0, 0, 0);
}

static void same_in_32_bits(void **state)
{
    (void)state;
    static const int32_t values[] = {7, 5, 3, 1, 2, 3, 4, 5};
    o2p_delta_encode32(&out, values, 8);
    expect_bytes(0x80, 0x01, 0x04, 0x08, 0x0E, 0x03, 2, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0, 0, 0);
}

static void none_and_one(void **state)
{
    (void)state;
    static const int64_t one[] = {-3};
    o2p_delta_encode64(&out, NULL, 0);
    o2p_delta_encode64(&out, one, 1);
    expect_bytes(0x80, 0x01, 0x04, 0x00, 0x00, 0x80, 0x01, 0x04, 0x01, 0x05);
}

/* ---- round trips ---- */

static void every_length(void **state)
{
    (void)state;
    static int64_t values64[700];
    static int32_t values32[700];
    for (size_t n = 0; n <= 700; n += n < 300 ? 1 : 37) {
        for (size_t i = 0; i < n; i++) {
            values64[i] = 1700000000000000 + (int64_t)(i * 1000) + (int64_t)(next_random() % 997);
            values32[i] = (int32_t)(next_random() % 1000);
        }
        round_trip64(values64, n);
        round_trip32(values32, n);
    }
}

static void every_width(void **state)
{
    (void)state;
    int64_t values64[300];
    int32_t values32[300];
    for (unsigned width = 1; width <= 64; width++) {
        for (size_t i = 0; i < 300; i++) {
            values64[i] = (int64_t)(next_random() >> (64 - width));
            values32[i] = (int32_t)(uint32_t)(next_random() >> (64 - (width + 1) / 2));
        }
        round_trip64(values64, 300);
        round_trip32(values32, 300);
    }
}

static void extremes(void **state)
{
    (void)state;
    static const int64_t wide[] = {INT64_MIN, INT64_MAX, INT64_MIN, 0,
                                   INT64_MAX, -1,        INT64_MIN, INT64_MIN};
    static const int32_t narrow[] = {INT32_MIN, INT32_MAX, INT32_MIN, 0,
                                     INT32_MAX, -1,        INT32_MIN, INT32_MIN};
    for (size_t n = 0; n <= 8; n++) {
        round_trip64(wide, n);
        round_trip32(narrow, n);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(steady),       test(falling_and_rising), test(same_in_32_bits), test(none_and_one),
        test(every_length), test(every_width),        test(extremes),
    };
    return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
