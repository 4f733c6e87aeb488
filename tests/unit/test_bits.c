/* test_bits.c - bit packing against the example of Encodings.md and against packing one bit at a
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/bits.h"

static o2p_memory memory;

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state ^ random_state >> 29;
}

static uint64_t low_bits(uint64_t value, unsigned width)
{
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

/* A packer that cannot be wrong: one bit at a time. */
typedef struct slow_bits {
    uint8_t bytes[32768];
    size_t count;
} slow_bits;

static slow_bits slow;

static void slow_put(uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++, slow.count++)
        if (value >> i & 1)
            slow.bytes[slow.count / 8] |= (uint8_t)(1u << slow.count % 8);
}

static void begin(o2p_bits *bits, o2p_buffer *out)
{
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(out, &memory);
    o2p_bits_begin(bits, out);
    memset(&slow, 0, sizeof(slow));
}

/* Ends both streams and compares them. */
static void compare(o2p_bits *bits)
{
    o2p_bits_flush(bits);
    assert_int_equal(bits->out->size, (slow.count + 7) / 8);
    if (bits->out->size > 0)
        assert_memory_equal(bits->out->data, slow.bytes, bits->out->size);
    o2p_buffer_free(bits->out);
    assert_int_equal(memory.held, 0);
}

static void example(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint8_t expected[] = {0x88, 0xC6,
                                       0xFA}; /* Encodings.md: 10001000 11000110 11111010 */
    o2p_buffer out;
    o2p_bits bits;
    begin(&bits, &out);
    o2p_bits_pack32(&bits, values, 8, 3);
    assert_int_equal(out.size, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    o2p_buffer_free(&out);
}

static void puts_of_every_width(void **state)
{
    (void)state;
    o2p_buffer out;
    o2p_bits bits;
    begin(&bits, &out);
    for (unsigned round = 0; round < 20; round++)
        for (unsigned width = 0; width <= 56; width++) {
            uint64_t value = low_bits(next_random(), width);
            o2p_bits_put(&bits, value, width);
            slow_put(value, width);
        }
    compare(&bits);
}

static void pack_every_width_and_length(bool wide, unsigned widest)
{
    static const size_t lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 101};
    uint32_t narrow_values[128];
    uint64_t wide_values[128];
    for (unsigned width = 0; width <= widest; width++)
        for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
            unsigned offset = (unsigned)(next_random() % 8); /* bits before */
            o2p_buffer out;
            o2p_bits bits;
            begin(&bits, &out);
            o2p_bits_put(&bits, low_bits(0x5A, offset), offset);
            slow_put(low_bits(0x5A, offset), offset);
            for (size_t i = 0; i < lengths[l]; i++) {
                wide_values[i] = low_bits(next_random(), width);
                narrow_values[i] = (uint32_t)wide_values[i];
                slow_put(wide_values[i], width);
            }
            if (wide)
                o2p_bits_pack64(&bits, wide_values, lengths[l], width);
            else
                o2p_bits_pack32(&bits, narrow_values, lengths[l], width);
            compare(&bits);
        }
}

static void pack32(void **state)
{
    (void)state;
    pack_every_width_and_length(false, 32);
}

static void pack64(void **state)
{
    (void)state;
    pack_every_width_and_length(true, 64);
}

static void check_repeat(size_t bit_count, size_t times, unsigned offset)
{
    uint8_t packed[64 + 8];
    for (size_t i = 0; i < sizeof(packed); i++)
        packed[i] =
            (uint8_t)next_random(); /* what follows the pattern is not zero and must not show */
    o2p_buffer out;
    o2p_bits bits;
    begin(&bits, &out);
    o2p_bits_put(&bits, low_bits(0x2B, offset), offset);
    slow_put(low_bits(0x2B, offset), offset);
    o2p_bits_repeat(&bits, packed, bit_count, times);
    for (size_t t = 0; t < times; t++)
        for (size_t i = 0; i < bit_count; i++)
            slow_put(packed[i / 8] >> i % 8 & 1, 1);
    o2p_bits_put(&bits, 1, 3); /* the stream goes on behind it */
    slow_put(1, 3);
    compare(&bits);
}

static void repeat(void **state)
{
    (void)state;
    static const size_t times[] = {0, 1, 2, 7, 31, 32, 33, 39, 40, 41, 200};
    for (size_t bit_count = 0; bit_count <= 180; bit_count += bit_count < 66 ? 1 : 13)
        for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++)
            check_repeat(bit_count, times[t], (unsigned)((bit_count + t) % 8));
}

static void repeat_too_much(void **state)
{
    (void)state;
    uint8_t packed[16] = {0};
    o2p_buffer out;
    o2p_bits bits;
    begin(&bits, &out);
    o2p_bits_repeat(&bits, packed, 8, SIZE_MAX / 4);
    assert_true(memory.failed);
    assert_int_equal(out.size, 0);
    o2p_buffer_free(&out);
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(o2p_bit_width(0), 0);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(o2p_bit_width(UINT64_C(1) << i), i + 1);
        assert_int_equal(o2p_bit_width((UINT64_C(1) << i) - 1), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example), cmocka_unit_test(puts_of_every_width),
        cmocka_unit_test(pack32),  cmocka_unit_test(pack64),
        cmocka_unit_test(repeat),  cmocka_unit_test(repeat_too_much),
        cmocka_unit_test(widths),
    };
    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
