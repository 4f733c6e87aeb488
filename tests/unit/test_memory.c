/* test_memory.c - tests of lib/base/memory.c: what is held is known to the byte, a ceiling holds, a
 * refusal is remembered, and a caller's allocator is told sizes that add up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/memory.h"

/* An allocator that keeps its own account, from what it is told, and refuses when told to. */
typedef struct account {
    size_t held;
    size_t blocks;
    bool refuse;
} account;

/* Each block is preceded by its size, in room that keeps it aligned for any type. */
typedef union header {
    size_t size;
    max_align_t align;
} header;

static void *counting_reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    account *a = (account *)ctx;
    header *head = block == NULL ? NULL : (header *)block - 1;
    assert_int_not_equal(new_size, 0);
    assert_int_equal(head == NULL ? 0 : head->size, old_size);
    if (a->refuse)
        return NULL;
    head = (header *)realloc(head, sizeof(header) + new_size);
    assert_non_null(head);
    head->size = new_size;
    a->held += new_size - old_size;
    a->blocks += block == NULL;
    return head + 1;
}

static void *counting_allocate(void *ctx, size_t size)
{
    return counting_reallocate(ctx, NULL, 0, size);
}

static void counting_release(void *ctx, void *block, size_t size)
{
    account *a = (account *)ctx;
    assert_non_null(block);
    header *head = (header *)block - 1;
    assert_int_equal(head->size, size);
    a->held -= size;
    a->blocks--;
    free(head);
}

static o2p_allocator allocator_of(account *a)
{
    return (o2p_allocator){a, counting_allocate, counting_reallocate, counting_release};
}

static void malloc_is_the_default(void **state)
{
    (void)state;
    o2p_allocator none = {0};
    const o2p_allocator *const defaults[] = {NULL, &none};
    for (size_t i = 0; i < 2; i++) {
        o2p_memory memory;
        o2p_memory_init(&memory, defaults[i], 0);
        uint8_t *block = (uint8_t *)o2p_memory_resize(&memory, NULL, 0, 100);
        assert_non_null(block);
        memset(block, 7, 100);
        block = (uint8_t *)o2p_memory_resize(&memory, block, 100, 100000);
        assert_non_null(block);
        assert_int_equal(block[99], 7);
        assert_int_equal(memory.held, 100000);
        o2p_memory_release(&memory, block, 100000);
        assert_int_equal(memory.held, 0);
        assert_int_equal(o2p_memory_status(&memory), O2P_OK);
    }
}

static void the_callers_allocator_sees_every_size(void **state)
{
    (void)state;
    account a = {0};
    o2p_allocator allocator = allocator_of(&a);
    o2p_memory memory;
    o2p_memory_init(&memory, &allocator, 0);
    void *first = o2p_memory_resize(&memory, NULL, 0, 10);
    void *second = o2p_memory_resize(&memory, NULL, 0, 20);
    assert_int_equal(memory.held, 30);
    first = o2p_memory_resize(&memory, first, 10, 50);
    assert_int_equal(memory.held, 70);
    assert_int_equal(a.held, 70);
    first = o2p_memory_resize(&memory, first, 50, 5);
    assert_int_equal(memory.held, 25);
    o2p_memory_release(&memory, NULL, 0);
    o2p_memory_release(&memory, second, 20);
    o2p_memory_release(&memory, first, 5);
    assert_int_equal(memory.held, 0);
    assert_int_equal(a.held, 0);
    assert_int_equal(a.blocks, 0);
}

static void the_limit_is_what_may_be_held(void **state)
{
    (void)state;
    account a = {0};
    o2p_allocator allocator = allocator_of(&a);
    o2p_memory memory;
    o2p_memory_init(&memory, &allocator, 100);
    void *first = o2p_memory_resize(&memory, NULL, 0, 60);
    void *second = o2p_memory_resize(&memory, NULL, 0, 40);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(o2p_memory_status(&memory), O2P_OK);
    assert_null(o2p_memory_resize(&memory, NULL, 0, 1));
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    assert_null(o2p_memory_resize(&memory, first, 60, 61));
    assert_null(o2p_memory_resize(&memory, first, 60, SIZE_MAX));
    assert_int_equal(memory.held, 100);
    assert_int_equal(a.held, 100);
    o2p_memory_release(&memory, second, 40);
    first = o2p_memory_resize(&memory, first, 60, 100);
    assert_non_null(first);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT); /* it stays set */
    o2p_memory_release(&memory, first, 100);
    assert_int_equal(a.blocks, 0);
}

static void a_limit_beyond_the_address_space_is_none(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, UINT64_MAX);
    assert_int_equal(memory.limit, SIZE_MAX);
    o2p_memory_init(&memory, NULL, 0);
    assert_int_equal(memory.limit, SIZE_MAX);
}

static void a_refusal_leaves_the_block_and_is_remembered(void **state)
{
    (void)state;
    account a = {0};
    o2p_allocator allocator = allocator_of(&a);
    o2p_memory memory;
    o2p_memory_init(&memory, &allocator, 1000);
    uint8_t *block = (uint8_t *)o2p_memory_resize(&memory, NULL, 0, 10);
    assert_non_null(block);
    memset(block, 9, 10);
    a.refuse = true;
    assert_null(o2p_memory_resize(&memory, NULL, 0, 10));
    assert_null(o2p_memory_resize(&memory, block, 10, 20));
    a.refuse = false;
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_OUT_OF_MEMORY);
    assert_int_equal(memory.held, 10);
    assert_int_equal(block[9], 9);
    o2p_memory_release(&memory, block, 10);
    assert_int_equal(memory.held, 0);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malloc_is_the_default),
        cmocka_unit_test(the_callers_allocator_sees_every_size),
        cmocka_unit_test(the_limit_is_what_may_be_held),
        cmocka_unit_test(a_limit_beyond_the_address_space_is_none),
        cmocka_unit_test(a_refusal_leaves_the_block_and_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
