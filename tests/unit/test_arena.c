/* test_arena.c - tests of lib/base/arena.c: pieces are whole and apart, marks give back what was
 * held then, and a refusal is remembered.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/arena.h"

enum { PIECES = 3000 };

/* Sizes from 1 byte to several chunks, small ones mostly. */
static size_t size_of_piece(size_t i)
{
    return i % 97 == 96 ? 16 * 1024 + i * 40 : i % 31 == 30 ? 5000 + i : 1 + i % 60;
}

/* Every piece is filled with its own byte before any is read: none may share a byte with another,
 * and a sanitizer sees each byte beyond a chunk. */
static void pieces_do_not_touch(void **state)
{
    (void)state;
    static uint8_t *pieces[PIECES];
    o2p_memory memory;
    o2p_arena arena;
    o2p_memory_init(&memory, NULL, 0);
    o2p_arena_init(&arena, &memory);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = o2p_arena_bytes(&arena, size_of_piece(i));
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), size_of_piece(i));
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t at = 0; at < size_of_piece(i); at++)
            assert_int_equal(pieces[i][at], i % 251);
    o2p_arena_free(&arena);
    assert_int_equal(memory.held, 0);
    assert_non_null(o2p_arena_bytes(&arena, 1)); /* as good as new */
    o2p_arena_free(&arena);
    assert_int_equal(memory.held, 0);
}

static void nothing_is_held_before_the_first_piece(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_arena arena;
    o2p_memory_init(&memory, NULL, 0);
    o2p_arena_init(&arena, &memory);
    assert_int_equal(memory.held, 0);
    o2p_arena_free(&arena);
    o2p_arena_mark mark = o2p_arena_save(&arena);
    assert_non_null(o2p_arena_bytes(&arena, 100));
    o2p_arena_release(&arena, mark);
    assert_int_equal(memory.held, 0);
}

/* Small pieces share a chunk, and a large one between them does not end it. */
static void a_large_piece_does_not_waste_the_chunk(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_arena arena;
    o2p_memory_init(&memory, NULL, 0);
    o2p_arena_init(&arena, &memory);
    uint8_t *before = o2p_arena_bytes(&arena, 10);
    size_t held = memory.held;
    uint8_t *large = o2p_arena_bytes(&arena, 100000);
    assert_non_null(large);
    assert_in_range(memory.held - held, 100000, 100000 + 64);
    held = memory.held;
    uint8_t *after = o2p_arena_bytes(&arena, 10);
    assert_ptr_equal(after, before + 10);
    for (int i = 0; i < 1000; i++)
        assert_non_null(o2p_arena_bytes(&arena, 40));
    assert_int_equal(memory.held, held);
    o2p_arena_free(&arena);
}

/* Marks nested as appends and their rollbacks are, at pieces of every size. */
static void a_mark_gives_back_what_was_held(void **state)
{
    (void)state;
    enum { MARKS = 40, EACH = 50 };
    o2p_arena_mark marks[MARKS];
    size_t held[MARKS];
    uint8_t *next[MARKS];
    o2p_memory memory;
    o2p_arena arena;
    o2p_memory_init(&memory, NULL, 0);
    o2p_arena_init(&arena, &memory);
    uint8_t *first = o2p_arena_bytes(&arena, 20);
    memcpy(first, "must stay as it was", 20);
    for (size_t m = 0; m < MARKS; m++) {
        marks[m] = o2p_arena_save(&arena);
        held[m] = memory.held;
        next[m] = NULL;
        for (size_t i = 0; i < EACH; i++) {
            uint8_t *piece = o2p_arena_bytes(&arena, size_of_piece(m * EACH + i));
            assert_non_null(piece);
            memset(piece, 0xAA, size_of_piece(m * EACH + i));
            if (i == 0)
                next[m] = piece;
        }
    }
    for (size_t m = MARKS; m-- > 0;) {
        o2p_arena_release(&arena, marks[m]);
        assert_int_equal(memory.held, held[m]);
        o2p_arena_mark again = o2p_arena_save(&arena);
        uint8_t *piece = o2p_arena_bytes(&arena, size_of_piece(m * EACH));
        if (memory.held == held[m]) /* no new chunk: the very same place */
            assert_ptr_equal(piece, next[m]);
        o2p_arena_release(&arena, again);
    }
    assert_string_equal((const char *)first, "must stay as it was");
    o2p_arena_free(&arena);
    assert_int_equal(memory.held, 0);
}

static void a_refusal_is_remembered(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_arena arena;
    o2p_memory_init(&memory, NULL, 100000);
    o2p_arena_init(&arena, &memory);
    uint8_t *piece = o2p_arena_bytes(&arena, 100);
    assert_non_null(piece);
    assert_null(o2p_arena_bytes(&arena, 100000));
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    uint8_t *next = o2p_arena_bytes(&arena, 100); /* what is there goes on serving */
    assert_ptr_equal(next, piece + 100);
    o2p_arena_free(&arena);
    assert_int_equal(memory.held, 0);

    o2p_memory_init(&memory, NULL, 0);
    assert_null(o2p_arena_bytes(&arena, SIZE_MAX));
    assert_null(o2p_arena_bytes(&arena, SIZE_MAX - 8));
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_OUT_OF_MEMORY);
    o2p_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_touch),
        cmocka_unit_test(nothing_is_held_before_the_first_piece),
        cmocka_unit_test(a_large_piece_does_not_waste_the_chunk),
        cmocka_unit_test(a_mark_gives_back_what_was_held),
        cmocka_unit_test(a_refusal_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
