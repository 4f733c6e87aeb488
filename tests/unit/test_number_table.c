/* test_number_table.c - distinct numbers: places in order of first appearance, and when they do not
 * pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/number_table.h"
#include "counting_allocator.h"
#include <cmocka.h>

enum { MOST = 400000 };

static counting_allocator counting;
static o2p_memory memory;
static o2p_number_table table;
static uint64_t words[MOST];
static uint32_t places[MOST];

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_number_table_init(&table, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_number_table_free(&table);
    return counting.blocks == 0 ? 0 : -1;
}

/* Fills the table and checks that places and values say the words, each value once, in order. */
static uint32_t fill(uint32_t count)
{
    if (!o2p_number_table_begin(&table, count) ||
        !o2p_number_table_add(&table, words, count, places))
        return 0;
    uint32_t distinct = o2p_number_table_count(&table);
    uint32_t next = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(places[i] <= next);
        next += places[i] == next;
        assert_int_equal(o2p_number_table_values(&table)[places[i]], words[i]);
    }
    assert_int_equal(next, distinct);
    for (uint32_t i = 0; i < distinct && distinct < 1000; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(o2p_number_table_values(&table)[i],
                                 o2p_number_table_values(&table)[j]);
    return distinct;
}

static void few_values(void **state)
{
    (void)state;
    static const uint64_t some[] = {5, 5, 0, UINT64_MAX, 5, 0, 1, 0, 0};
    memcpy(words, some, sizeof(some));
    assert_int_equal(fill(9), 4);
    assert_int_equal(o2p_number_table_values(&table)[1], 0);
    assert_int_equal(fill(1), 1);
    words[0] = 0;
    assert_int_equal(fill(1), 1);
}

static void sixteen_are_always_allowed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        words[i] = i * UINT64_C(0x123456789);
    assert_int_equal(fill(16), 16);
    assert_int_equal(fill(17), 0);
    assert_int_equal(fill(16), 16);
}

/* A value must come four times on average. */
static void values_must_repeat(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4000; i++)
        words[i] = i % 1000;
    assert_int_equal(fill(4000), 1000);
    for (uint32_t i = 0; i < 4000; i++)
        words[i] = i % 1001;
    assert_int_equal(fill(4000), 0);
}

static void there_is_a_most(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MOST; i++)
        words[i] = i % 65536;
    assert_int_equal(fill(MOST), 65536);
    for (uint32_t i = 0; i < MOST; i++)
        words[i] = i % 65537;
    assert_int_equal(fill(MOST), 0);
}

/* Numbers that all fall on one slot end it soon. */
static void colliding_numbers_are_given_up(void **state)
{
    (void)state;
    uint32_t found = 0;
    for (uint64_t word = 1; found < 100; word++)
        if ((word * UINT64_C(0x9E3779B97F4A7C15)) >> 50 == 3)
            words[found++] = word;
    for (uint32_t i = found; i < 4000; i++)
        words[i] = words[i % found];
    assert_int_equal(fill(4000), 0);
    for (uint32_t i = 0; i < 4000; i++)
        words[i] = words[i % 20];
    assert_int_equal(fill(4000), 20);
}

static void memory_may_be_refused(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4000; i++)
        words[i] = i % 900;
    uint32_t distinct = 0;
    for (size_t n = 1; distinct == 0; n++) {
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        distinct = fill(4000);
        assert_int_equal(distinct, counting.refused > 0 ? 0 : 900);
        assert_int_equal(memory.failed, counting.refused > 0);
        memory.failed = false;
        o2p_number_table_free(&table);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(few_values),      TEST(sixteen_are_always_allowed),     TEST(values_must_repeat),
        TEST(there_is_a_most), TEST(colliding_numbers_are_given_up), TEST(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
