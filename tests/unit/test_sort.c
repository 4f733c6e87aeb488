/* test_sort.c - tests of lib/base/sort.c: any order becomes the right one, with few comparisons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/base/sort.h"
#include <cmocka.h>

enum { MOST = 5000 };

static uint32_t numbers[MOST + 1];
static size_t comparisons;

static bool before(const void *items, size_t a, size_t b)
{
    const uint32_t *n = (const uint32_t *)items;
    comparisons++;
    return n[a] < n[b];
}

static void swap(void *items, size_t a, size_t b)
{
    uint32_t *n = (uint32_t *)items;
    uint32_t kept = n[a];
    n[a] = n[b];
    n[b] = kept;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void check(size_t count)
{
    static uint32_t expected[MOST];
    memcpy(expected, numbers, count * 4);
    qsort(expected, count, 4, compare);
    numbers[count] = 0xEEEEEEEE;
    comparisons = 0;
    o2p_sort(&(o2p_sortable){numbers, before, swap}, count);
    assert_memory_equal(numbers, expected, count * 4);
    assert_int_equal(numbers[count], 0xEEEEEEEE);
    size_t log = 1;
    while ((size_t)1 << log < count + 1)
        log++;
    assert_true(comparisons <= 3 * (count + 1) * log);
}

/* ---- merge sort ---- */

static bool number_before(const void *things, uint32_t a, uint32_t b)
{
    return before(things, a, b);
}

/* The same numbers by merge sort: in order, and equal ones as they were. */
static void check_merge(size_t count)
{
    static uint32_t order[MOST + 1], spare[MOST + 1];
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    order[count] = spare[count] = 0xEEEEEEEE;
    comparisons = 0;
    const uint32_t *sorted = o2p_merge_sort(order, spare, (uint32_t)count, number_before, numbers);
    assert_true(sorted == order || sorted == spare);
    for (size_t i = 1; i < count; i++) {
        uint32_t a = numbers[sorted[i - 1]], b = numbers[sorted[i]];
        assert_true(a < b || (a == b && sorted[i - 1] < sorted[i]));
    }
    assert_true(order[count] == 0xEEEEEEEE && spare[count] == 0xEEEEEEEE);
    size_t log = 1;
    while ((size_t)1 << log < count + 1)
        log++;
    assert_true(comparisons <= (count + 1) * log);
}

/* ---- any order ---- */

static void every_permutation_of_a_few(void **state)
{
    (void)state;
    for (unsigned count = 0; count <= 6; count++) {
        unsigned all = 1;
        for (unsigned i = 0; i < count; i++)
            all *= count;
        for (unsigned code = 0; code < all; code++) { /* repetitions too */
            unsigned rest = code;
            for (unsigned i = 0; i < count; i++, rest /= count)
                numbers[i] = rest % count;
            check_merge(count);
            check(count);
        }
    }
}

static void any_shape_of_many(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t count = 1; count <= MOST; count = count * 3 / 2 + 1) {
        for (unsigned shape = 0; shape < 6; shape++) {
            for (size_t i = 0; i < count; i++) {
                random = random * UINT64_C(6364136223846793005) + 1;
                numbers[i] = (uint32_t)(shape == 0   ? i
                                        : shape == 1 ? count - i
                                        : shape == 2 ? 7
                                        : shape == 3 ? random >> 33
                                        : shape == 4 ? random >> 62
                                                     : (i < count / 2 ? i : count - i));
            }
            check_merge(count);
            check(count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_permutation_of_a_few),
        cmocka_unit_test(any_shape_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
