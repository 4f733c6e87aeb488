/* walk_fixture.c - see walk_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

static void begin(walk_fixture *f)
{
    o2p_store_init(&f->store, &f->memory, false);
    o2p_walk_init(&f->walk, &f->store);
}

static void end(walk_fixture *f)
{
    o2p_walk_free(&f->walk);
    o2p_store_free(&f->store);
}

int walk_setup(void **state)
{
    walk_fixture *f = (walk_fixture *)calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    o2p_allocator allocator = counting_allocator_functions(&f->counting);
    o2p_memory_init(&f->memory, &allocator, 0);
    begin(f);
    *state = f;
    return 0;
}

int walk_teardown(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    end(f);
    pb_free(&f->p);
    size_t left = f->counting.blocks + f->counting.bytes + f->memory.held;
    free(f);
    return left == 0 ? 0 : -1;
}

int walk_read(walk_fixture *f, o2p_signal signal)
{
    assert_int_equal(f->p.depth, 0);
    uint8_t *exact = (uint8_t *)malloc(f->p.size + 1); /* reading on is caught */
    assert_non_null(exact);
    uint8_t *bytes = exact + 1;
    if (f->p.size > 0)
        memcpy(bytes, f->p.data, f->p.size);
    bool ok = o2p_walk_request(&f->walk, signal, bytes, f->p.size);
    f->walk.at = f->walk.at == NULL ? NULL : f->p.data + (f->walk.at - bytes);
    free(exact);
    assert_int_equal(ok, f->walk.status == O2P_OK);
    f->p.size = 0;
    return f->walk.status;
}

void walk_fresh(walk_fixture *f, o2p_signal signal)
{
    end(f);
    begin(f);
    assert_int_equal(walk_read(f, signal), O2P_OK);
}
