/* test_buffer.c - tests of lib/base/buffer.c and of the little-endian loads and stores in buffer.h.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/buffer.h"

/* Counts growths: appending must be amortised. */
static size_t growths;

static void *counting_allocate(void *ctx, size_t size)
{
    (void)ctx;
    growths++;
    return malloc(size);
}

static void *counting_reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    (void)ctx;
    growths++;
    assert_true(new_size > old_size);
    return realloc(block, new_size);
}

static void counting_release(void *ctx, void *block, size_t size)
{
    (void)ctx;
    (void)size;
    free(block);
}

static void what_is_appended_is_there(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&buffer, &memory);
    o2p_buffer_append(&buffer, NULL, 0);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(memory.held, 0);
    o2p_buffer_text(&buffer, "text");
    o2p_buffer_text(&buffer, "");
    o2p_buffer_byte(&buffer, 0xFF);
    o2p_buffer_append(&buffer, "a\0b", 3);
    uint8_t *room = (uint8_t *)o2p_buffer_extend(&buffer, 2);
    assert_non_null(room);
    room[0] = 'y';
    room[1] = 'z';
    assert_int_equal(buffer.size, 10);
    assert_memory_equal(buffer.data,
                        "text\xFF"
                        "a\0byz",
                        10);
    assert_int_equal(memory.held, buffer.capacity);
    o2p_buffer_free(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(memory.held, 0);
    o2p_buffer_byte(&buffer, 1); /* as good as new */
    assert_int_equal(buffer.size, 1);
    o2p_buffer_free(&buffer);
}

static void elements_keep_their_values(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer narrow, wide;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&narrow, &memory);
    o2p_buffer_init(&wide, &memory);
    for (uint32_t i = 0; i < 10000; i++) {
        o2p_buffer_u32(&narrow, i * 2654435761u);
        o2p_buffer_u64(&wide, i * 0x9E3779B97F4A7C15u);
    }
    assert_int_equal(narrow.size, 10000 * sizeof(uint32_t));
    assert_int_equal(wide.size, 10000 * sizeof(uint64_t));
    for (uint32_t i = 0; i < 10000; i++) {
        assert_int_equal(((const uint32_t *)(const void *)narrow.data)[i], i * 2654435761u);
        assert_int_equal(((const uint64_t *)(const void *)wide.data)[i], i * 0x9E3779B97F4A7C15u);
    }
    o2p_buffer_free(&narrow);
    o2p_buffer_free(&wide);
}

static void growth_is_amortised(void **state)
{
    (void)state;
    o2p_allocator allocator = {NULL, counting_allocate, counting_reallocate, counting_release};
    o2p_memory memory;
    o2p_buffer buffer;
    growths = 0;
    o2p_memory_init(&memory, &allocator, 0);
    o2p_buffer_init(&buffer, &memory);
    for (size_t i = 0; i < 1000000; i++)
        o2p_buffer_byte(&buffer, (uint8_t)i);
    assert_true(growths < 20);
    for (size_t i = 0; i < 1000000; i++)
        assert_int_equal(buffer.data[i], (uint8_t)i);
    o2p_buffer_free(&buffer);
}

/* Between a reservation and its end nothing moves. */
static void a_reservation_holds(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&buffer, &memory);
    o2p_buffer_text(&buffer, "begin");
    assert_true(o2p_buffer_reserve(&buffer, 5000));
    assert_int_equal(buffer.size, 5);
    assert_true(buffer.capacity >= 5005);
    const uint8_t *data = buffer.data;
    for (int i = 0; i < 5000; i++)
        o2p_buffer_byte(&buffer, (uint8_t)i);
    assert_ptr_equal(buffer.data, data);
    o2p_buffer_free(&buffer);
}

static void a_refused_append_changes_nothing(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 1000);
    o2p_buffer_init(&buffer, &memory);
    o2p_buffer_text(&buffer, "kept");
    uint8_t bytes[2000] = {0};
    o2p_buffer_append(&buffer, bytes, sizeof(bytes));
    assert_null(o2p_buffer_extend(&buffer, 2000));
    assert_false(o2p_buffer_reserve(&buffer, 2000));
    assert_int_equal(buffer.size, 4);
    assert_memory_equal(buffer.data, "kept", 4);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    o2p_buffer_free(&buffer);
    assert_int_equal(memory.held, 0);
}

/* Sizes whose sum with what is there exceeds size_t must be refused, not wrapped. */
static void sizes_beyond_all_memory_are_refused(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&buffer, &memory);
    o2p_buffer_text(&buffer, "kept");
    assert_null(o2p_buffer_extend(&buffer, SIZE_MAX));
    assert_null(o2p_buffer_extend(&buffer, SIZE_MAX - 3));
    assert_null(o2p_buffer_extend(&buffer, SIZE_MAX / 2));
    assert_int_equal(buffer.size, 4);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_OUT_OF_MEMORY);
    o2p_buffer_free(&buffer);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    uint8_t bytes[16] = {0};
    o2p_store_le32(bytes + 1, 0x89ABCDEFu);
    assert_memory_equal(bytes, "\0\xEF\xCD\xAB\x89\0", 6);
    assert_int_equal(o2p_load_le32(bytes + 1), 0x89ABCDEFu);
    o2p_store_le64(bytes + 3, 0x0123456789ABCDEFu);
    assert_memory_equal(bytes + 3, "\xEF\xCD\xAB\x89\x67\x45\x23\x01\0", 9);
    assert_int_equal(o2p_load_le64(bytes + 3), 0x0123456789ABCDEFu);
}

/* Every size, each byte differing in turn, against memcmp, at the very ends of their memory. */
static void same_bytes(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 130; size++) {
        uint8_t *a = (uint8_t *)malloc(size + 1), *b = (uint8_t *)malloc(size + 1);
        assert_non_null(a);
        assert_non_null(b);
        uint8_t *x = a + 1, *y = b + 1; /* not aligned */
        for (size_t i = 0; i < size; i++)
            x[i] = y[i] = (uint8_t)(i * 37 + size);
        assert_true(o2p_same_bytes(x, y, size));
        for (size_t i = 0; i < size; i++) {
            y[i] ^= (uint8_t)(1u << i % 8);
            assert_false(o2p_same_bytes(x, y, size));
            y[i] = x[i];
        }
        free(a);
        free(b);
    }
}

static void what_it_has_not_had_is_zero(void **state)
{
    (void)state;
    static const uint8_t expected[] = {1, 2, 0, 0, 0};
    o2p_memory memory;
    o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&buffer, &memory);
    o2p_buffer_append(&buffer, expected, 2);
    assert_memory_equal(o2p_buffer_zeroed(&buffer, sizeof(expected)), expected, sizeof(expected));
    assert_int_equal(buffer.size, sizeof(expected));
    assert_ptr_equal(o2p_buffer_zeroed(&buffer, 1), buffer.data); /* it is never cut */
    assert_int_equal(buffer.size, sizeof(expected));
    assert_null(o2p_buffer_zeroed(&buffer, SIZE_MAX));
    assert_int_equal(buffer.size, sizeof(expected));
    o2p_buffer_free(&buffer);
}

/* While it is told how much of an input is read, a buffer grows to what it is going to need; not by
 * the first few records, not when it is small, and not beyond a few times the input, nor half of
 * the limit. */
static void what_is_needed_is_foreseen(void **state)
{
    (void)state;
    enum { INPUT = 1 << 20, NEEDED = 32 * 1024 };
    static const struct {
        size_t limit, whole, done, needed, at_least, at_most;
    } cases[] = {
        {0, 0, 0, NEEDED, NEEDED, NEEDED},
        {0, INPUT, INPUT / 8, NEEDED, 8 * NEEDED, 9 * NEEDED},
        {0, INPUT, INPUT, NEEDED, NEEDED, NEEDED + NEEDED / 8},
        {0, INPUT, INPUT / 64, NEEDED, NEEDED, NEEDED},
        {0, INPUT, INPUT / 8, 8 * 1024, 8 * 1024, 8 * 1024},
        {0, INPUT, INPUT / 8, INPUT, INPUT, INPUT},
        {INPUT / 8, INPUT, INPUT / 8, NEEDED, NEEDED, NEEDED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        o2p_memory memory;
        o2p_buffer buffer;
        o2p_memory_init(&memory, NULL, cases[i].limit);
        o2p_buffer_init(&buffer, &memory);
        o2p_memory_progress(&memory, cases[i].whole, cases[i].done);
        assert_true(o2p_buffer_reserve(&buffer, cases[i].needed));
        assert_in_range(buffer.capacity, cases[i].at_least, cases[i].at_most);
        o2p_buffer_free(&buffer);
        assert_int_equal(memory.held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_there),
        cmocka_unit_test(elements_keep_their_values),
        cmocka_unit_test(growth_is_amortised),
        cmocka_unit_test(a_reservation_holds),
        cmocka_unit_test(a_refused_append_changes_nothing),
        cmocka_unit_test(sizes_beyond_all_memory_are_refused),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(what_it_has_not_had_is_zero),
        cmocka_unit_test(what_is_needed_is_foreseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
