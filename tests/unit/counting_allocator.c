/* counting_allocator.c - see counting_allocator.h. Each block is preceded by its size, and resizing
 * always moves it, so that pointers into the old one are caught by the sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "counting_allocator.h"
#include <cmocka.h>

typedef union header {
    size_t size;
    max_align_t align;
} header;

static bool refuses(counting_allocator *c)
{
    c->calls++;
    bool refused =
        c->refuse_at != 0 && (c->refuse_on ? c->calls >= c->refuse_at : c->calls == c->refuse_at);
    c->refused += refused;
    return refused;
}

static void *allocate(void *ctx, size_t size)
{
    counting_allocator *c = (counting_allocator *)ctx;
    assert_int_not_equal(size, 0);
    if (refuses(c))
        return NULL;
    header *head = (header *)malloc(sizeof(header) + size);
    assert_non_null(head);
    head->size = size;
    memset(head + 1, 0xA5, size); /* nobody may rely on zeroes */
    c->blocks++;
    c->bytes += size;
    c->peak = c->bytes > c->peak ? c->bytes : c->peak;
    return head + 1;
}

static void release(void *ctx, void *block, size_t size)
{
    counting_allocator *c = (counting_allocator *)ctx;
    assert_non_null(block);
    header *head = (header *)block - 1;
    assert_int_equal(head->size, size);
    c->blocks--;
    c->bytes -= size;
    free(head);
}

static void *reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    assert_non_null(block);
    assert_int_equal(((header *)block - 1)->size, old_size);
    counting_allocator *c = (counting_allocator *)ctx;
    c->bytes -= old_size; /* so that the peak does not hold both */
    void *moved = allocate(ctx, new_size);
    c->bytes += old_size;
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    release(ctx, block, old_size);
    return moved;
}

o2p_allocator counting_allocator_functions(counting_allocator *counting)
{
    return (o2p_allocator){counting, allocate, reallocate, release};
}
