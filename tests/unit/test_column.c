/* test_column.c - cells that are made when they are first set, lists by their ends, and rolling
 * back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "counting_allocator.h"
#include "store_reader.h"
#include <cmocka.h>

static counting_allocator counting;
static o2p_memory memory;
static o2p_pool pool;
static o2p_rows *rows;

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    memset(&pool, 0, sizeof(pool));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_arena_init(&pool.arena, &memory);
    pool.memory = &memory;
    rows = (o2p_rows *)malloc(sizeof(*rows));
    if (rows == NULL)
        return -1;
    o2p_rows_init(rows, &pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_rows_free(rows);
    o2p_arena_free(&pool.arena);
    free(rows);
    return memory.held == 0 && counting.blocks == 0 ? 0 : -1;
}

#define assert_text(col, row, text) assert_string_equal(rows_cell(rows, O2P_COL_##col, row), text)

static void set_text(o2p_col col, uint32_t row, const char *text)
{
    o2p_set_text(rows, col, row, (const uint8_t *)text, strlen(text), false);
}

static void nothing_takes_memory_until_it_is_set(void **state)
{
    (void)state;
    assert_int_equal(counting.calls, 0);
    assert_text(SeverityText, 0, "");
    assert_text(Body, 7, "null");
    assert_text(Timestamp, 7, "0");
    assert_text(SeverityNumber, 7, "0");
    assert_text(Duration, 7, "null");
    assert_text(LogAttributes, 7, "{}");
    assert_text(BucketCounts, 7, "[]");
    assert_int_equal(counting.calls, 0);
}

/* A cell after rows that were never set: they, and those behind it, are the default. */
static void gaps_are_defaults(void **state)
{
    (void)state;
    static const uint32_t places[] = {0, 3, 4, 1000, 1001, 5000};
    for (size_t i = 0; i < 6; i++) {
        uint32_t row = places[i];
        set_text(O2P_COL_SeverityText, row, "text");
        set_text(O2P_COL_Body, row, i % 2 == 0 ? "" : "body");
        set_text(O2P_COL_TraceId, row, "\x01\xff");
        o2p_set32(rows, O2P_COL_SeverityNumber, row, (uint32_t)-5);
        o2p_set32(rows, O2P_COL_IsMonotonic, row, 1);
        o2p_set64(rows, O2P_COL_Timestamp, row, UINT64_MAX);
        o2p_set64_valid(rows, O2P_COL_Duration, row, i % 2 == 0 ? 0 : (uint64_t)-1);
        o2p_set64_valid(rows, O2P_COL_Value, row, UINT64_C(0x3FF8000000000000));
    }
    size_t next = 0;
    for (uint32_t row = 0; row < 5002; row++) {
        bool set = next < 6 && row == places[next];
        assert_text(SeverityText, row, set ? "text" : "");
        assert_text(Body, row, !set ? "null" : next % 2 == 0 ? "" : "body");
        assert_text(TraceId, row, set ? "01ff" : "");
        assert_text(SeverityNumber, row, set ? "-5" : "0");
        assert_text(IsMonotonic, row, set ? "true" : "false");
        assert_text(Timestamp, row, set ? "18446744073709551615" : "0");
        assert_text(SpanTimestampNanos, row, set ? "615" : "0");
        assert_text(Duration, row, !set ? "null" : next % 2 == 0 ? "0" : "-1");
        assert_text(Value, row, set ? "1.5" : "null");
        next += set;
    }
}

static void an_empty_text_is_the_default_unless_null_is(void **state)
{
    (void)state;
    set_text(O2P_COL_SeverityText, 5, "");
    assert_int_equal(rows->columns[O2P_COL_SeverityText].cells.size, 0);
    set_text(O2P_COL_Body, 5, "");
    assert_text(Body, 4, "null");
    assert_text(Body, 5, "");
    assert_text(Body, 6, "null");
    o2p_set_text(rows, O2P_COL_SpanId, 1, (const uint8_t *)"\0\0\0", 3, false);
    assert_text(SpanId, 1, "");
    assert_int_equal(rows->columns[O2P_COL_SpanId].cells.size, 0);
}

static void lists_end_where_the_next_begins(void **state)
{
    (void)state;
    static const unsigned sizes[] = {0, 0, 3, 0, 1, 0, 0, 2, 0};
    o2p_buffer *items = o2p_column_items(rows, O2P_COL_BucketCounts);
    uint64_t value = 0;
    for (uint32_t row = 0; row < 9; row++) {
        for (unsigned i = 0; i < sizes[row]; i++)
            o2p_buffer_u64(items, value++);
        o2p_end_list(rows, O2P_COL_BucketCounts, row, items->size / 8);
    }
    assert_int_equal(rows->columns[O2P_COL_BucketCounts].cells.size,
                     8 * 4); /* none behind the last */
    static const char *const expected[] = {"[]", "[]", "[0, 1, 2]", "[]", "[3]",
                                           "[]", "[]", "[4, 5]",    "[]", "[]"};
    for (uint32_t row = 0; row < 10; row++)
        assert_text(BucketCounts, row, expected[row]);
    const o2p_column *column = &rows->columns[O2P_COL_BucketCounts];
    assert_int_equal(o2p_list_begin(column, 0), 0);
    assert_int_equal(o2p_list_begin(column, 7), 4);
    assert_int_equal(o2p_list_end(column, 100), 6);
}

static void a_list_of_too_many_is_a_limit(void **state)
{
    (void)state;
    o2p_end_list(rows, O2P_COL_BucketCounts, 0, O2P_MAX_ROWS);
    assert_int_equal(o2p_memory_status(&memory), O2P_OK);
    o2p_end_list(rows, O2P_COL_BucketCounts, 1, (size_t)O2P_MAX_ROWS + 1);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
}

static void dictionaries_are_of_their_kind(void **state)
{
    (void)state;
    o2p_dictionary *values = o2p_column_dictionary(rows, O2P_COL_LogAttributes);
    o2p_dictionary *keys = o2p_column_key_dictionary(rows, O2P_COL_LogAttributes);
    assert_ptr_not_equal(values, keys);
    assert_ptr_equal(values, o2p_column_dictionary(rows, O2P_COL_LogAttributes));
    assert_ptr_equal(keys, o2p_column_key_dictionary(rows, O2P_COL_LogAttributes));
    assert_int_equal((uintptr_t)values % 16, 0);
    assert_int_equal(values->text_kind, O2P_TEXT_UTF8);
    assert_int_equal(keys->text_kind, O2P_TEXT_UTF8);
    assert_int_equal(o2p_column_dictionary(rows, O2P_COL_TraceId)->text_kind, O2P_TEXT_ID);
    assert_int_equal(o2p_column_dictionary(rows, O2P_COL_Body)->text_kind, O2P_TEXT_UTF8);
    set_text(O2P_COL_Body, 0, "\xff");
    assert_int_equal(pool.repaired, 1);
}

static void input_is_copied_unless_it_lasts(void **state)
{
    (void)state;
    for (unsigned lasting = 0; lasting < 2; lasting++) {
        char text[] =
            "text of more bytes than are copied in any case, which are thirty-two of them";
        pool.lasting = lasting != 0;
        o2p_col col = lasting ? O2P_COL_SeverityText : O2P_COL_EventName;
        o2p_set_text(rows, col, 0, (const uint8_t *)text, strlen(text), true);
        char own[] = "own!";
        o2p_set_text(rows, col, 1, (const uint8_t *)own, 4, false);
        text[0] = own[0] = 'X';
        assert_int_equal(rows_cell(rows, col, 0)[0], lasting ? 'X' : 't');
        assert_string_equal(rows_cell(rows, col, 1), "own!");
    }
}

/* ---- rollback ---- */

/* One row of every kind, depending on `seed`; some of its cells are left out. */
static void add_row(uint32_t row, unsigned seed)
{
    char text[16];
    snprintf(text, sizeof(text), "text %u", seed % 17);
    rows->count = row + 1;
    if (seed % 3 != 0)
        set_text(O2P_COL_SeverityText, row, text);
    if (seed % 4 != 0)
        set_text(O2P_COL_Body, row, seed % 4 == 1 ? "" : text);
    if (seed % 5 != 0)
        o2p_set64(rows, O2P_COL_Timestamp, row, seed);
    if (seed % 5 > 1)
        o2p_set64_valid(rows, O2P_COL_Duration, row, seed);
    if (seed % 2 != 0)
        o2p_set32(rows, O2P_COL_SeverityNumber, row, seed);
    o2p_buffer *items = o2p_column_items(rows, O2P_COL_BucketCounts);
    for (unsigned i = 0; i < seed % 3; i++)
        o2p_buffer_u64(items, seed + i);
    o2p_end_list(rows, O2P_COL_BucketCounts, row, items->size / 8);
    if (seed % 7 == 0)
        return;
    for (unsigned i = 0; i < seed % 4; i++) { /* children, each with a name and a map */
        uint32_t child = rows->columns[O2P_COL_Events].child_rows++;
        set_text(O2P_COL_EventsName, child, text);
        o2p_dictionary *keys = o2p_column_key_dictionary(rows, O2P_COL_EventsAttributes);
        o2p_dictionary *values = o2p_column_dictionary(rows, O2P_COL_EventsAttributes);
        o2p_column *map = &rows->columns[O2P_COL_EventsAttributes];
        o2p_buffer_u32(&map->keys, o2p_intern(keys, (const uint8_t *)text, 5 + i % 2, false));
        o2p_buffer_u32(&map->items, o2p_intern(values, (const uint8_t *)text, i, false));
        uint32_t list = o2p_end_map(rows, O2P_COL_EventsAttributes, map->keys.size / 4);
        o2p_set32(rows, O2P_COL_EventsAttributes, child, list);
    }
    o2p_end_list(rows, O2P_COL_Events, row, rows->columns[O2P_COL_Events].child_rows);
}

static const o2p_col used[] = {O2P_COL_SeverityText, O2P_COL_Body,           O2P_COL_Timestamp,
                               O2P_COL_Duration,     O2P_COL_SeverityNumber, O2P_COL_BucketCounts};

/* The rows from `first` on, as one text. */
static char *describe(uint32_t first)
{
    static char text[2][1 << 20];
    static unsigned next;
    char *out = text[next++ % 2];
    size_t size = 0;
    for (uint32_t row = first; row < rows->count; row++) {
        for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
            size += (size_t)snprintf(out + size, sizeof(text[0]) - size, "%s|",
                                     rows_cell(rows, used[i], row));
        const o2p_column *events = &rows->columns[O2P_COL_Events];
        for (uint32_t c = o2p_list_begin(events, row); c < o2p_list_end(events, row); c++)
            size += (size_t)snprintf(out + size, sizeof(text[0]) - size, "%s %s;",
                                     rows_cell(rows, O2P_COL_EventsName, c),
                                     rows_cell(rows, O2P_COL_EventsAttributes, c));
        size += (size_t)snprintf(out + size, sizeof(text[0]) - size, "\n");
    }
    assert_true(size + 1 < sizeof(text[0]));
    return out;
}

/* Rows that are taken back leave no trace in those before and after, over and over. */
static void rollback_leaves_nothing(void **state)
{
    (void)state;
    static o2p_column_mark marks[O2P_COL_COUNT];
    for (uint32_t before = 0; before < 12; before++) {
        char expected[1 << 16];
        o2p_rows_free(rows);
        o2p_arena_free(&pool.arena);
        for (uint32_t row = 0; row < before + 8; row++)
            add_row(row, row * 7 + before);
        strcpy(expected, describe(0));
        o2p_rows_free(rows);
        o2p_arena_free(&pool.arena);
        for (uint32_t row = 0; row < before; row++)
            add_row(row, row * 7 + before);
        for (unsigned undone = 1; undone < 40; undone += 3) {
            o2p_arena_mark bytes = o2p_arena_save(&pool.arena);
            o2p_rows_save(rows, marks);
            for (uint32_t row = before; row < before + undone; row++)
                add_row(row, row + undone * 5);
            /* and a row that fails in its midst: a child is there, its list is not ended */
            set_text(O2P_COL_EventsName, rows->columns[O2P_COL_Events].child_rows++, "half");
            rows->columns[O2P_COL_Links].child_rows++;
            o2p_rows_rollback(rows, marks, before);
            o2p_arena_release(&pool.arena, bytes);
            assert_int_equal(rows->columns[O2P_COL_Links].child_rows, 0);
        }
        for (uint32_t row = before; row < before + 8; row++)
            add_row(row, row * 7 + before);
        assert_string_equal(describe(0), expected);
    }
}

/* Only the empty text was ever set: its dictionary is there all the same after a rollback. */
static void rollback_keeps_dictionaries_without_values(void **state)
{
    (void)state;
    static o2p_column_mark marks[O2P_COL_COUNT];
    set_text(O2P_COL_Body, 0, "");
    o2p_column_key_dictionary(rows, O2P_COL_LogAttributes);
    o2p_arena_mark bytes = o2p_arena_save(&pool.arena);
    o2p_rows_save(rows, marks);
    set_text(O2P_COL_Body, 1, "more");
    set_text(O2P_COL_SeverityText, 1, "new");
    o2p_rows_rollback(rows, marks, 1);
    o2p_arena_release(&pool.arena, bytes);
    assert_non_null(rows->columns[O2P_COL_Body].dictionary);
    assert_non_null(rows->columns[O2P_COL_LogAttributes].key_dictionary);
    assert_null(rows->columns[O2P_COL_SeverityText].dictionary);
    assert_text(Body, 0, "");
    set_text(O2P_COL_Body, 1, "other");
    assert_text(Body, 1, "other");
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    static o2p_column_mark marks[O2P_COL_COUNT];
    bool done = false;
    for (size_t n = 1; !done; n++) {
        o2p_rows_free(rows);
        o2p_arena_free(&pool.arena);
        add_row(0, 2);
        o2p_arena_mark bytes = o2p_arena_save(&pool.arena);
        o2p_rows_save(rows, marks);
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        for (uint32_t row = 1; row < 300; row++)
            add_row(row, row);
        done = counting.refused == 0;
        counting.refuse_at = 0;
        assert_int_equal(memory.failed, !done);
        memory.failed = false;
        o2p_rows_rollback(rows, marks, 1);
        o2p_arena_release(&pool.arena, bytes);
        add_row(1, 5);
        assert_string_equal(describe(0),
                            "text 2|text 2|2|2|0|[2, 3]|text 2 {text : };text 2 {text 2: t};\n"
                            "text 5||0|null|5|[5, 6]|text 5 {text : };\n");
    }
}

/* Bytes of keys and values, and some around each. */
static void lists_as_texts_have_a_size(void **state)
{
    (void)state;
    o2p_column *column = &rows->columns[O2P_COL_LogAttributes];
    assert_int_equal(o2p_map_text_bytes(column, 0), 8);
    o2p_dictionary *keys = o2p_column_key_dictionary(rows, O2P_COL_LogAttributes);
    o2p_dictionary *values = o2p_column_dictionary(rows, O2P_COL_LogAttributes);
    o2p_buffer_u32(&column->keys, o2p_intern(keys, (const uint8_t *)"key", 3, false));
    o2p_buffer_u32(&column->items, o2p_intern(values, (const uint8_t *)"value", 5, false));
    assert_int_equal(o2p_end_map(rows, O2P_COL_LogAttributes, 1), 1);
    o2p_buffer_u32(&column->keys, 0);
    o2p_buffer_u32(&column->items, 0);
    assert_int_equal(o2p_end_map(rows, O2P_COL_LogAttributes, 2), 2);
    assert_int_equal(o2p_map_text_bytes(column, 0), 8);
    assert_int_equal(o2p_map_text_bytes(column, 1), 8 + 8 + 3 + 5);
    assert_int_equal(o2p_map_text_bytes(column, 2), 8 + 8);
}

/* A text like the row's before has its cell, and counts as looked up; not where a row is between
 * them, and not of a dictionary that was given up. */
static void texts_like_the_one_before(void **state)
{
    (void)state;
    static const char *const texts[] = {"one", "one", "two", "two", "one", "", "", "one"};
    enum { ROWS = sizeof(texts) / sizeof(texts[0]) };
    static const o2p_col cols[] = {O2P_COL_SeverityText, O2P_COL_Body};
    for (size_t c = 0; c < 2; c++) { /* the second is nullable */
        for (uint32_t row = 0; row < ROWS; row++)
            set_text(cols[c], row, texts[row]);
        set_text(cols[c], ROWS + 1, "one");
        o2p_column *column = &rows->columns[cols[c]];
        uint32_t nullable = o2p_columns[cols[c]].nullable;
        for (uint32_t row = 0; row < ROWS; row++) {
            const o2p_entry *entry =
                o2p_dictionary_entry(column->dictionary, o2p_cells32(column)[row] - nullable);
            assert_int_equal(entry->size, strlen(texts[row]));
            assert_memory_equal(entry->bytes, texts[row], entry->size);
        }
        assert_int_equal(o2p_cells32(column)[ROWS], 0);
        assert_int_equal(o2p_cells32(column)[ROWS + 1], o2p_cells32(column)[0]);
        assert_int_equal(column->dictionary->entry_count, 3);
        assert_int_equal(column->dictionary->lookups, 7); /* the empty ones are not looked up */
        column->dictionary->gave_up = true;
        set_text(cols[c], ROWS + 2, "one");
        assert_int_equal(column->dictionary->entry_count, 4);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_takes_memory_until_it_is_set),
        TEST(gaps_are_defaults),
        TEST(an_empty_text_is_the_default_unless_null_is),
        TEST(lists_end_where_the_next_begins),
        TEST(a_list_of_too_many_is_a_limit),
        TEST(dictionaries_are_of_their_kind),
        TEST(input_is_copied_unless_it_lasts),
        TEST(rollback_leaves_nothing),
        TEST(rollback_keeps_dictionaries_without_values),
        TEST(any_allocation_may_fail),
        TEST(lists_as_texts_have_a_size),
        TEST(texts_like_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
