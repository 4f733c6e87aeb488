/* test_dictionary.c - interning: one index a value, empties and zero ids, repair, growth, giving
 * up, and rolling back to exactly what was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/base/hash.h"
#include "../../lib/base/limits.h"
#include "../../lib/batch/dictionary.h"
#include "counting_allocator.h"

static counting_allocator counting;
static o2p_memory memory;
static o2p_arena arena;
static uint64_t repaired;

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_arena_init(&arena, &memory);
    repaired = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_arena_free(&arena);
    return memory.held == 0 && counting.blocks == 0 ? 0 : -1;
}

static o2p_dictionary new_dictionary(o2p_text_kind kind)
{
    o2p_dictionary d;
    o2p_dictionary_init(&d, &memory, &arena, kind, &repaired);
    return d;
}

static uint32_t intern(o2p_dictionary *d, const char *text)
{
    return o2p_intern(d, (const uint8_t *)text, strlen(text), false);
}

static uint32_t intern_number(o2p_dictionary *d, unsigned number)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", number);
    return intern(d, text);
}

static void assert_entry(const o2p_dictionary *d, uint32_t index, const void *bytes, size_t size)
{
    assert_true(index < d->entry_count);
    const o2p_entry *entry = o2p_dictionary_entry(d, index);
    assert_int_equal(entry->size, size);
    assert_memory_equal(entry->bytes, bytes, size);
}

static void a_value_has_one_index(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < 2000; i++)
            assert_int_equal(intern_number(&d, i), i + 1);
    assert_int_equal(d.entry_count, 2001);
    assert_int_equal(d.lookups, 6000);
    for (unsigned i = 0; i < 2000; i++) {
        char text[16];
        assert_entry(&d, i + 1, text, (size_t)sprintf(text, "%u", i));
    }
    assert_false(d.gave_up);
    o2p_dictionary_free(&d);
}

static void values_may_hold_any_byte(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_RAW);
    static const char *const texts[] = {"a\0b", "a\0c", "a\0\0", "\xff\xff\xff"};
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(o2p_intern(&d, (const uint8_t *)texts[i], 3, false), i + 1);
    assert_int_equal(o2p_intern(&d, (const uint8_t *)"a\0", 2, false), 5);
    assert_int_equal(o2p_intern(&d, (const uint8_t *)"a", 1, false), 6);
    assert_int_equal(o2p_intern(&d, (const uint8_t *)"\0", 1, false), 7);
    assert_int_equal(repaired, 0);
    o2p_dictionary_free(&d);
}

static void the_empty_value_is_entry_0(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    assert_int_equal(intern(&d, ""), 0);
    assert_int_equal(o2p_intern(&d, NULL, 0, true), 0);
    assert_int_equal(d.entry_count, 0); /* costs nothing */
    assert_int_equal(counting.calls, 0);
    assert_int_equal(intern(&d, "x"), 1);
    assert_int_equal(intern(&d, ""), 0);
    assert_entry(&d, 0, "", 0);
    assert_int_equal(d.lookups, 1);
    o2p_dictionary_free(&d);
    d = new_dictionary(O2P_TEXT_UTF8);
    o2p_dictionary_prepare(&d);
    o2p_dictionary_prepare(&d);
    assert_int_equal(d.entry_count, 1);
    assert_int_equal(intern(&d, "x"), 1);
    o2p_dictionary_free(&d);
}

static void ids_of_zeros_are_empty(void **state)
{
    (void)state;
    static const uint8_t zeros[40] = {0}, one[16] = {[15] = 1};
    o2p_dictionary d = new_dictionary(O2P_TEXT_ID);
    for (size_t size = 0; size <= sizeof(zeros); size++)
        assert_int_equal(o2p_intern(&d, zeros, size, false), 0);
    assert_int_equal(o2p_intern(&d, one, 16, false), 1);
    assert_int_equal(o2p_intern(&d, one + 8, 8, false), 2);
    assert_int_equal(o2p_intern(&d, (const uint8_t *)"\xff\xfe", 2, false), 3);
    assert_int_equal(repaired, 0);
    o2p_dictionary_free(&d);
    d = new_dictionary(O2P_TEXT_UTF8); /* a text of NULs is not empty */
    assert_int_equal(o2p_intern(&d, zeros, 3, false), 1);
    o2p_dictionary_free(&d);
}

static void invalid_utf8_is_repaired_and_counted(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    assert_int_equal(intern(&d, "a\xff"
                                "b"),
                     1);
    assert_entry(&d, 1,
                 "a\xef\xbf\xbd"
                 "b",
                 5);
    assert_int_equal(repaired, 1);
    assert_int_equal(intern(&d, "a\xfe"
                                "b"),
                     1); /* the same when repaired */
    assert_int_equal(intern(&d, "a\xff"
                                "b"),
                     1);
    assert_int_equal(repaired, 3);
    assert_int_equal(intern(&d, "a\xef\xbf\xbd"
                                "b"),
                     1);
    assert_int_equal(repaired, 3);
    assert_int_equal(d.lookups, 4);
    assert_int_equal(intern(&d, "\xe2\x82"), 2); /* a cut euro sign: one */
    assert_entry(&d, 2, "\xef\xbf\xbd", 3);
    o2p_dictionary_free(&d);
}

static void lasting_bytes_are_referred_to(void **state)
{
    (void)state;
    static const uint8_t lasting[65];
    uint8_t few[] = "few";
    uint8_t passing[] = "passing";
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    assert_int_equal(o2p_intern(&d, lasting, 65, true), 1);
    assert_ptr_equal(o2p_dictionary_entry(&d, 1)->bytes, lasting);
    assert_int_equal(o2p_intern(&d, passing, 7, false), 2);
    assert_int_equal(o2p_intern(&d, few, 3, true), 3); /* copied all the same */
    passing[0] = few[0] = 'x';
    assert_entry(&d, 2, "passing", 7);
    assert_entry(&d, 3, "few", 3);
    o2p_dictionary_free(&d);
}

static void entries_compare_as_unsigned_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t size;
    } ordered[] = {{"", 0},  {"\0", 1},   {"a", 1},    {"a\0", 2},  {"ab", 2},
                   {"b", 1}, {"\x7f", 1}, {"\x80", 1}, {"\xff", 1}, {"\xff\x01", 2}};
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 10; j++) {
            o2p_entry a = {(const uint8_t *)ordered[i].text, ordered[i].size, 0};
            o2p_entry b = {(const uint8_t *)ordered[j].text, ordered[j].size, 0};
            int order = o2p_entry_compare(&a, &b);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

/* ---- appending ---- */

static uint32_t append(o2p_dictionary *d, const char *text)
{
    return o2p_dictionary_append(d, (const uint8_t *)text, strlen(text), false);
}

static void appended_values_are_not_found(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    assert_int_equal(append(&d, ""), 0);
    assert_int_equal(append(&d, "a"), 1);
    assert_int_equal(append(&d, "a"), 2);
    assert_int_equal(intern(&d, "a"), 3);
    assert_int_equal(append(&d, "a"), 4);
    assert_int_equal(intern(&d, "a"), 3);
    assert_int_equal(d.lookups, 2);
    assert_int_equal(d.hashed, 2);
    assert_int_equal(append(&d, "a\xff"), 5);
    assert_entry(&d, 5, "a\xef\xbf\xbd", 4);
    assert_int_equal(repaired, 1);
    assert_int_equal(d.lookups, 2);
    o2p_dictionary_free(&d);
}

/* Appended values neither fill the table nor count for giving up; those looked up are found after
 * each growth and each rollback. */
static void appended_values_are_between_others(void **state)
{
    (void)state;
    enum { LOOKED_UP = 3000, TIMES = 4 };
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    uint32_t index[LOOKED_UP];
    o2p_dictionary_mark middle = {0};
    for (unsigned i = 0; i < LOOKED_UP; i++) {
        if (i == LOOKED_UP / 2)
            middle = o2p_dictionary_save(&d);
        for (unsigned n = 0; n < TIMES; n++)
            append(&d, "appended");
        index[i] = intern_number(&d, i);
        assert_int_equal(index[i], (TIMES + 1) * (i + 1));
    }
    assert_false(d.gave_up);
    assert_int_equal(d.table.count, 8192);
    for (unsigned i = 0; i < LOOKED_UP; i++)
        assert_int_equal(intern_number(&d, i), index[i]);
    o2p_dictionary_rollback(&d, middle);
    assert_int_equal(d.entry_count, index[LOOKED_UP / 2 - 1] + 1);
    assert_int_equal(d.hashed, LOOKED_UP / 2 + 1);
    for (unsigned i = 0; i < LOOKED_UP / 2; i++)
        assert_int_equal(intern_number(&d, i), index[i]);
    for (unsigned i = LOOKED_UP / 2; i < LOOKED_UP; i++)
        assert_int_equal(intern_number(&d, i), index[LOOKED_UP / 2 - 1] + 1 + i - LOOKED_UP / 2);
    o2p_dictionary_free(&d);
}

/* ---- giving up ---- */

static void new_values_only_are_given_up(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    for (unsigned i = 1; i < 4095; i++)
        assert_int_equal(intern_number(&d, i), i);
    assert_false(d.gave_up);
    assert_int_equal(intern_number(&d, 4095), 4095);
    assert_true(d.gave_up);
    assert_int_equal(intern_number(&d, 1), 4096); /* not looked up any more */
    assert_int_equal(intern_number(&d, 1), 4097);
    assert_entry(&d, 4096, "1", 1);
    assert_int_equal(intern(&d, ""), 0);
    assert_int_equal(intern(&d, "\xff"), 4098); /* but still repaired */
    assert_entry(&d, 4098, "\xef\xbf\xbd", 3);
    assert_int_equal(repaired, 1);
    o2p_dictionary_free(&d);
}

/* Looked at when entry 4095 is made: kept if a tenth of the values so far was known. */
static void some_repetition_is_enough(void **state)
{
    (void)state;
    for (unsigned known = 456; known <= 457; known++) {
        o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
        for (unsigned i = 0; i < known; i++)
            assert_int_equal(intern_number(&d, 1), 1);
        for (unsigned i = 1; i <= 4095; i++)
            intern_number(&d, i);
        /* 4096 entries, known + 4095 values: 40960 > 9 (known + 4095) */
        assert_int_equal(d.gave_up, known < 457);
        o2p_dictionary_free(&d);
    }
}

/* Writes the next number, from *from on, whose hash ends in `bits` bits of `wanted`. */
static void next_colliding(unsigned *from, unsigned bits, uint32_t wanted, char *text)
{
    uint32_t hash;
    do {
        int size = sprintf(text, "%u", (*from)++);
        hash = (uint32_t)(o2p_hash(text, (size_t)size) >> 32);
    } while ((hash & ((1u << bits) - 1)) != wanted);
}

static void colliding_keys_are_given_up(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    unsigned from = 0;
    char text[16];
    uint32_t count = 0;
    while (!d.gave_up) { /* in one slot of a table of 2^14: it takes few */
        next_colliding(&from, 14, 77, text);
        assert_int_equal(intern(&d, text), ++count);
        if (!d.gave_up)
            assert_int_equal(intern(&d, text), count);
        assert_true(count < 200);
    }
    assert_in_range(count, 64, 66);
    assert_int_equal(intern(&d, text), count + 1);
    o2p_dictionary_free(&d);
}

/* Keys that fill a probe where they are, and collide in the doubled table too. */
static void growing_may_give_up(void **state)
{
    (void)state;
    for (unsigned room = 120; room <= 128; room++) {
        o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
        unsigned from = 0;
        char text[16];
        uint32_t index = 0;
        for (unsigned i = 0; i < 63; i++) {
            next_colliding(&from, 16, 5, text);
            assert_int_equal(intern(&d, text), ++index);
        }
        for (unsigned i = 0; index < room; i++) { /* elsewhere, over a growth or not */
            next_colliding(&from, 8, 100 + i % 64, text);
            assert_int_equal(intern(&d, text), ++index);
        }
        assert_false(d.gave_up);
        next_colliding(&from, 16, 5, text);
        assert_int_equal(intern(&d, text), ++index);
        next_colliding(&from, 16, 5, text);
        assert_int_equal(intern(&d, text), ++index);
        assert_true(d.gave_up);
        o2p_dictionary_free(&d);
    }
}

/* ---- rollback ---- */

/* What interning a text gives and does. */
static void assert_same_step(o2p_dictionary *a, o2p_dictionary *b, const char *text)
{
    uint32_t index = intern(a, text);
    assert_int_equal(intern(b, text), index);
    assert_int_equal(a->gave_up, b->gave_up);
    assert_int_equal(a->entry_count, b->entry_count);
    assert_int_equal(a->lookups, b->lookups);
    assert_int_equal(
        o2p_entry_compare(o2p_dictionary_entry(a, index), o2p_dictionary_entry(b, index)), 0);
}

/* `before` values, then `undone` ones that are taken back, then more: the same as without the
 * undone. */
static void check_rollback(unsigned before, unsigned undone, unsigned repeated)
{
    o2p_dictionary plain = new_dictionary(O2P_TEXT_UTF8), rolled = new_dictionary(O2P_TEXT_UTF8);
    char text[16];
    for (unsigned i = 0; i < before; i++) {
        sprintf(text, "b%u", i);
        assert_same_step(&plain, &rolled, text);
    }
    o2p_dictionary_mark mark = o2p_dictionary_save(&rolled);
    for (unsigned round = 0; round < 2; round++) {
        o2p_arena_mark bytes = o2p_arena_save(&arena);
        for (unsigned i = 0; i < undone; i++) {
            sprintf(text, "%c%u", i % 10 < repeated ? 'b' : 'u', i);
            intern(&rolled, text);
        }
        o2p_dictionary_rollback(&rolled, mark);
        o2p_arena_release(&arena, bytes);
    }
    for (unsigned i = 0; i < 2 * before + 100; i++) {
        sprintf(text, "%c%u", i % 2 == 0 ? 'b' : i % 3 == 0 ? 'u' : 'n', i / 2);
        assert_same_step(&plain, &rolled, text);
    }
    o2p_dictionary_free(&plain);
    o2p_dictionary_free(&rolled);
}

static void rollback_restores(void **state)
{
    (void)state;
    static const unsigned sizes[] = {0, 1, 31, 32, 33, 63, 64, 500, 4000, 4094, 4095, 4096, 9000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
            check_rollback(sizes[i], sizes[j], j % 3 == 0 ? 0 : 3);
}

/* Keys that collide in a table of 256 slots but not in one of 512. */
static void split_colliding(unsigned *from, unsigned i, char *text)
{
    next_colliding(from, 9, i % 2 == 0 ? 9 : 256 + 9, text);
}

/* A table that grew for values that were taken back is small again: it gives up when the other
 * does. */
static void rollback_restores_the_size_of_the_table(void **state)
{
    (void)state;
    o2p_dictionary plain = new_dictionary(O2P_TEXT_UTF8), rolled = new_dictionary(O2P_TEXT_UTF8);
    unsigned from = 0;
    char text[16];
    unsigned i = 0;
    for (; i < 63; i++) {
        split_colliding(&from, i, text);
        assert_same_step(&plain, &rolled, text);
    }
    o2p_dictionary_mark mark = o2p_dictionary_save(&rolled);
    unsigned undone_from = 0;
    for (unsigned undone = 0; undone < 100; undone++) {
        next_colliding(&undone_from, 8, 100 + undone, text);
        intern(&rolled, text);
    }
    assert_false(rolled.gave_up);
    o2p_dictionary_rollback(&rolled, mark);
    assert_false(plain.gave_up);
    for (; i < 80; i++) {
        split_colliding(&from, i, text);
        assert_same_step(&plain, &rolled, text);
    }
    assert_true(plain.gave_up);
    o2p_dictionary_free(&plain);
    o2p_dictionary_free(&rolled);
}

static void rollback_over_giving_up_by_collisions(void **state)
{
    (void)state;
    o2p_dictionary plain = new_dictionary(O2P_TEXT_UTF8), rolled = new_dictionary(O2P_TEXT_UTF8);
    unsigned from = 0;
    char text[16];
    for (unsigned i = 0; i < 40; i++) {
        next_colliding(&from, 16, 3, text);
        assert_same_step(&plain, &rolled, text);
    }
    unsigned kept = from;
    o2p_dictionary_mark mark = o2p_dictionary_save(&rolled);
    while (!rolled.gave_up) {
        next_colliding(&from, 16, 3, text);
        intern(&rolled, text);
    }
    for (unsigned i = 0; i < 300; i++)
        intern_number(&rolled, i);
    o2p_dictionary_rollback(&rolled, mark);
    from = 0;
    while (from < kept) { /* all of them are found */
        next_colliding(&from, 16, 3, text);
        assert_same_step(&plain, &rolled, text);
    }
    for (unsigned i = 0; i < 300; i++) {
        sprintf(text, "n%u", i);
        assert_same_step(&plain, &rolled, text);
    }
    assert_false(rolled.gave_up);
    o2p_dictionary_free(&plain);
    o2p_dictionary_free(&rolled);
}

/* ---- memory ---- */

static void any_allocation_may_fail(void **state)
{
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        uint32_t index = 1;
        unsigned made = 0;
        while (made < 3000 && index != 0) {
            char text[64];
            memset(text, 'x', sizeof(text));
            sprintf(text + 40, made % 50 == 7 ? "\xff%u" : "%u", made);
            index = o2p_intern(&d, (const uint8_t *)text, strlen(text), false);
            made += index != 0;
        }
        counting.refuse_at = 0;
        done = counting.refused == 0;
        assert_int_equal(memory.failed, !done);
        assert_int_equal(index == 0, !done);
        memory.failed = false;
        o2p_dictionary_rollback(&d, (o2p_dictionary_mark){0});
        for (unsigned i = 1; i < 100; i++)
            assert_int_equal(intern_number(&d, i), i);
        o2p_dictionary_free(&d);
    }
}

/* What the values take on a page: a length each, and twice the bytes of ids, which are hex there.
 */
static void bytes_are_accounted(void **state)
{
    (void)state;
    static const uint8_t id[16] = {1};
    o2p_dictionary texts = new_dictionary(O2P_TEXT_UTF8), ids = new_dictionary(O2P_TEXT_ID);
    intern(&texts, "the first"); /* the empty value comes with it */
    uint64_t before = texts.bytes;
    intern(&texts, "abc");
    assert_int_equal(texts.bytes, before + 4 + 3);
    intern(&texts, "abc");
    intern(&texts, "");
    assert_int_equal(texts.bytes, before + 4 + 3);
    intern(&texts, "x\xFF"); /* repaired: three bytes for one */
    assert_int_equal(texts.bytes, before + 4 + 3 + 4 + 4);
    intern(&ids, "the first");
    before = ids.bytes;
    o2p_intern(&ids, id, sizeof(id), false);
    assert_int_equal(ids.bytes, before + 4 + 32);
    o2p_dictionary_free(&texts);
    o2p_dictionary_free(&ids);
}

static void rollback_restores_bytes(void **state)
{
    (void)state;
    static const o2p_text_kind kinds[] = {O2P_TEXT_UTF8, O2P_TEXT_ID};
    for (size_t k = 0; k < 2; k++) {
        o2p_dictionary d = new_dictionary(kinds[k]);
        for (unsigned i = 0; i < 100; i++)
            intern_number(&d, i);
        o2p_dictionary_mark mark = o2p_dictionary_save(&d);
        uint64_t bytes = d.bytes;
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 50; i < 5000; i++)
                intern_number(&d, i);
            assert_true(d.bytes > bytes + 4900 * 7);
            o2p_dictionary_rollback(&d, mark);
            assert_int_equal(d.bytes, bytes);
        }
        o2p_dictionary_free(&d);
    }
}

/* All values of a column lie on one page: there is a most, to the byte. */
static void values_have_a_most(void **state)
{
    (void)state;
    o2p_dictionary d = new_dictionary(O2P_TEXT_UTF8);
    intern(&d, "abc");
    uint64_t bytes = d.bytes;
    d.bytes = O2P_MAX_DICTIONARY_BYTES - 4;
    intern(&d, "wxyz");
    assert_false(memory.failed);
    d.bytes = O2P_MAX_DICTIONARY_BYTES - 3;
    intern(&d, "abc"); /* which is there */
    assert_false(memory.failed);
    intern(&d, "efgh");
    assert_true(memory.failed);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    assert_int_equal(d.entry_count, 3);
    o2p_memory_clear(&memory);
    d.bytes = bytes;
    o2p_dictionary_free(&d);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_value_has_one_index),
        TEST(values_may_hold_any_byte),
        TEST(the_empty_value_is_entry_0),
        TEST(ids_of_zeros_are_empty),
        TEST(invalid_utf8_is_repaired_and_counted),
        TEST(lasting_bytes_are_referred_to),
        TEST(entries_compare_as_unsigned_bytes),
        TEST(appended_values_are_not_found),
        TEST(appended_values_are_between_others),
        TEST(new_values_only_are_given_up),
        TEST(some_repetition_is_enough),
        TEST(colliding_keys_are_given_up),
        TEST(growing_may_give_up),
        TEST(rollback_restores),
        TEST(rollback_restores_the_size_of_the_table),
        TEST(rollback_over_giving_up_by_collisions),
        TEST(bytes_are_accounted),
        TEST(rollback_restores_bytes),
        TEST(values_have_a_most),
        TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
