/* test_leaf.c - leaves gathered from a column for any selection of rows, and their levels. Whole
 * files are read back in test_encode.c; here are the shapes one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/leaf.h"
#include "counting_allocator.h"
#include <cmocka.h>

static counting_allocator counting;
static o2p_memory memory;
static o2p_pool pool;
static o2p_rows *rows;
static o2p_gather gather;
static o2p_leaf leaf;

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
    o2p_gather_init(&gather, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_gather_free(&gather);
    o2p_rows_free(rows);
    o2p_arena_free(&pool.arena);
    free(rows);
    return counting.blocks == 0 ? 0 : -1;
}

static void set_text(o2p_col col, uint32_t row, const char *text)
{
    o2p_set_text(rows, col, row, (const uint8_t *)text, strlen(text), false);
}

/* How a leaf is laid out by default, in whichever table has it. */
static o2p_layout_leaf spec_of(o2p_col col, o2p_col parent, o2p_part part)
{
    o2p_settings settings;
    o2p_error error;
    o2p_layout layout;
    o2p_layout_leaf found = {.column = O2P_COL_NONE};
    assert_int_equal(o2p_settings_read(&settings, NULL, &error), O2P_OK);
    for (int t = 0; t < O2P_TABLE_COUNT; t++) {
        o2p_layout_init(&layout, &memory);
        assert_true(o2p_layout_make(&layout, (o2p_table)t, &settings));
        for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
            const o2p_layout_leaf *leaf_spec = o2p_layout_leaf_at(&layout, i);
            if (leaf_spec->column == col && leaf_spec->parent == parent && leaf_spec->part == part)
                found = *leaf_spec;
        }
        o2p_layout_free(&layout);
    }
    assert_int_equal(found.column, col);
    return found;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define gather_rows(col, parent, part, ...)                                                        \
    do {                                                                                           \
        static const uint32_t selected[] = {__VA_ARGS__};                                          \
        o2p_layout_leaf spec = spec_of(O2P_COL_##col, O2P_COL_##parent, O2P_PART_##part);          \
        assert_true(o2p_gather_leaf(&gather, rows, &spec, selected, COUNT(selected), &leaf));      \
        assert_int_equal(leaf.rows, COUNT(selected));                                              \
    } while (0)

static void assert_u32(const uint32_t *found, const uint32_t *expected, size_t count)
{
    assert_non_null(found);
    assert_memory_equal(found, expected, count * 4);
}

#define assert_array(found, ...)                                                                   \
    do {                                                                                           \
        static const uint32_t expected[] = {__VA_ARGS__};                                          \
        assert_u32(found, expected, COUNT(expected));                                              \
    } while (0)

#define assert_words(...)                                                                          \
    do {                                                                                           \
        static const uint64_t expected[] = {__VA_ARGS__};                                          \
        assert_int_equal(leaf.value_count, COUNT(expected));                                       \
        assert_memory_equal(leaf.words, expected, sizeof(expected));                               \
    } while (0)

/* ---- levels, as text: a digit an entry ---- */

static o2p_levels repetition, definition;

static void read_levels(const o2p_levels *levels_in, unsigned max, size_t count, char *out)
{
    o2p_buffer bytes;
    o2p_buffer_init(&bytes, &memory);
    o2p_levels_end((o2p_levels *)(uintptr_t)levels_in, &bytes);
    const uint8_t *at = bytes.data + 4;
    unsigned width = max == 1 ? 1 : 2;
    size_t done = 0;
    while (done < count) {
        unsigned header = *at++;
        assert_true(header < 0x80); /* few enough */
        size_t run = (header >> 1) * (header & 1 ? 8u : 1u);
        for (size_t i = 0; i < run && done < count; i++) {
            size_t bit = header & 1 ? i * width : 0;
            unsigned value = (unsigned)at[bit / 8] >> bit % 8 & ((1u << width) - 1);
            out[done++] = (char)('0' + value);
        }
        at += header & 1 ? (header >> 1) * width : 1;
    }
    out[count] = '\0';
    o2p_buffer_free(&bytes);
}

/* Checks the levels of rows [first, first + count) of the leaf; NULL: there are none. */
static void assert_levels(uint32_t first, uint32_t count, unsigned max_repetition,
                          unsigned max_definition, const char *repetitions, const char *definitions)
{
    o2p_leaf_at at = {0, 0, 0};
    uint32_t entries = 0;
    char text[64];
    o2p_leaf_levels(&leaf, &at, first, NULL, NULL, &entries);
    assert_int_equal(at.row, first);
    o2p_levels_init(&repetition, &memory);
    o2p_levels_init(&definition, &memory);
    o2p_levels_begin(&repetition, max_repetition == 0 ? 1 : max_repetition);
    o2p_levels_begin(&definition, max_definition == 0 ? 1 : max_definition);
    entries = 0;
    o2p_leaf_levels(&leaf, &at, count, max_repetition == 0 ? NULL : &repetition,
                    max_definition == 0 ? NULL : &definition, &entries);
    assert_int_equal(at.row, first + count);
    if (max_repetition > 0) {
        assert_int_equal(entries, strlen(repetitions));
        read_levels(&repetition, max_repetition, entries, text);
        assert_string_equal(text, repetitions);
    }
    if (max_definition > 0) {
        assert_int_equal(entries, strlen(definitions));
        read_levels(&definition, max_definition, entries, text);
        assert_string_equal(text, definitions);
    }
    o2p_levels_free(&repetition);
    o2p_levels_free(&definition);
}

/* ---- flat ---- */

static void texts(void **state)
{
    (void)state;
    set_text(O2P_COL_SeverityText, 1, "a");
    set_text(O2P_COL_SeverityText, 3, "b");
    gather_rows(SeverityText, NONE, ONLY, 0, 1, 2, 3, 4);
    assert_false(leaf.constant);
    assert_null(leaf.counts);
    assert_null(leaf.valid);
    assert_int_equal(leaf.value_count, 5);
    assert_array(leaf.indices, 0, 1, 0, 2, 0);
    gather_rows(SeverityText, NONE, ONLY, 3, 3, 1, 9);
    assert_array(leaf.indices, 2, 2, 1, 0);
}

static void nullable_texts(void **state)
{
    (void)state;
    set_text(O2P_COL_Body, 1, "");
    set_text(O2P_COL_Body, 3, "b");
    gather_rows(Body, NONE, ONLY, 4, 3, 2, 1, 0, 3);
    assert_true(leaf.nullable);
    assert_int_equal(leaf.value_count, 3);
    assert_array(leaf.indices, 1, 0, 1);
    assert_memory_equal(leaf.valid, "\0\1\0\1\0\1", 6);
    assert_levels(0, 6, 0, 1, NULL, "010101");
    assert_levels(2, 3, 0, 1, NULL, "010");
}

static void numbers(void **state)
{
    (void)state;
    o2p_set32(rows, O2P_COL_SeverityNumber, 1, (uint32_t)-1);
    gather_rows(SeverityNumber, NONE, ONLY, 1, 0, 2, 1);
    assert_words(0xFFFFFFFF, 0, 0, 0xFFFFFFFF);
    o2p_set64_valid(rows, O2P_COL_Duration, 1, 0);
    o2p_set64_valid(rows, O2P_COL_Duration, 3, UINT64_MAX);
    gather_rows(Duration, NONE, ONLY, 0, 3, 2, 1, 4, 3);
    assert_words(UINT64_MAX, 0, UINT64_MAX);
    assert_memory_equal(leaf.valid, "\0\1\0\1\0\1", 6);
}

/* A time is split: microseconds, and what is below. */
static void times(void **state)
{
    (void)state;
    o2p_set64_valid(rows, O2P_COL_Timestamp, 0, UINT64_MAX);
    o2p_set64(rows, O2P_COL_Timestamp, 1, 1001); /* observed: no own time */
    o2p_set64_valid(rows, O2P_COL_Timestamp, 2, 999);
    gather_rows(Timestamp, NONE, ONLY, 2, 1, 0, 3);
    assert_words(0, 1, UINT64_MAX / 1000, 0);
    gather_rows(LogTimestampNanos, NONE, ONLY, 2, 1, 0, 3);
    assert_words(999, UINT64_MAX % 1000);
    assert_memory_equal(leaf.valid, "\1\0\1\0", 4);
    gather_rows(SpanTimestampNanos, NONE, ONLY, 2, 1, 0, 3);
    assert_words(999, 1, UINT64_MAX % 1000, 0);
}

static void columns_that_were_never_set(void **state)
{
    (void)state;
    gather_rows(SeverityText, NONE, ONLY, 0, 1, 2);
    assert_true(leaf.constant);
    assert_int_equal(leaf.value_count, 3);
    assert_levels(0, 3, 0, 0, NULL, NULL);
    gather_rows(Body, NONE, ONLY, 0, 1, 2);
    assert_true(leaf.constant && leaf.nullable);
    assert_int_equal(leaf.value_count, 0);
    assert_levels(0, 3, 0, 1, NULL, "000");
    gather_rows(LogAttributes, NONE, KEY, 0, 1, 2);
    assert_int_equal(leaf.value_count, 0);
    assert_levels(0, 3, 1, 1, "000", "000");
    gather_rows(EventsName, Events, ONLY, 0, 1, 2);
    assert_int_equal(leaf.value_count, 0);
    assert_levels(0, 3, 1, 1, "000", "000");
    gather_rows(EventsAttributes, Events, VALUE, 0, 1);
    assert_levels(0, 2, 2, 2, "00", "00");
    static const uint32_t selected[] = {0, 1};
    o2p_layout_leaf keys = spec_of(O2P_COL_EventsAttributes, O2P_COL_Events, O2P_PART_KEY);
    o2p_layout_leaf name = spec_of(O2P_COL_ScopeName, O2P_COL_NONE, O2P_PART_ONLY);
    assert_true(o2p_gather_leaf(&gather, NULL, &keys, selected, 2, &leaf));
    assert_levels(0, 2, 2, 2, "00", "00");
    assert_true(o2p_gather_leaf(&gather, NULL, &name, selected, 2, &leaf));
    assert_true(leaf.constant);
    assert_int_equal(leaf.value_count, 2);
}

/* ---- lists ---- */

static void add_map(o2p_col col, uint32_t row, unsigned count, uint32_t first)
{
    o2p_column_dictionary(rows, col);
    o2p_column_key_dictionary(rows, col);
    o2p_column *column = &rows->columns[col];
    for (uint32_t i = first; i < first + count; i++) {
        o2p_buffer_u32(&column->keys, i);
        o2p_buffer_u32(&column->items, 100 + i);
    }
    if (count > 0)
        o2p_set32(rows, col, row, o2p_end_map(rows, col, column->keys.size / 4));
}

/* The entries of all rows of a leaf of a MAP. */
static const uint32_t *entries(void)
{
    static uint32_t all[256];
    uint32_t count = 0, elements = leaf.inner != NULL ? leaf.child_count : leaf.rows;
    for (uint32_t i = 0; i < elements; i++) {
        uint32_t list = leaf.lists[i], begin = leaf.list_begins[list];
        for (uint32_t e = begin; e < begin + o2p_leaf_list_size(&leaf, list); e++)
            all[count++] = leaf.indices[e];
    }
    assert_int_equal(count, leaf.value_count);
    return all;
}

static void maps(void **state)
{
    (void)state;
    add_map(O2P_COL_LogAttributes, 0, 0, 0);
    add_map(O2P_COL_LogAttributes, 1, 3, 1);
    add_map(O2P_COL_LogAttributes, 2, 0, 0);
    add_map(O2P_COL_LogAttributes, 3, 1, 4);
    gather_rows(LogAttributes, NONE, KEY, 0, 1, 2, 3, 4, 1);
    assert_array(leaf.counts, 0, 3, 0, 1, 0, 3);
    assert_array(entries(), 1, 2, 3, 4, 1, 2, 3);
    assert_array(leaf.lists, 0, 1, 0, 2, 0, 1); /* rows share lists */
    assert_array(leaf.list_ends, 0, 3, 4);      /* what is made of a list is there once */
    assert_null(leaf.keys);
    assert_int_equal(leaf.value_count, 7);
    assert_levels(0, 6, 1, 1, "0011000011", "0111010111");
    assert_levels(1, 3, 1, 1, "01100", "11101");
    gather_rows(LogAttributes, NONE, VALUE, 3, 1, 0);
    assert_array(entries(), 104, 101, 102, 103);
    assert_array(leaf.list_begins, 0, 3, 0); /* in the column */
    assert_array(leaf.keys, 1, 2, 3, 4);
    assert_ptr_equal(leaf.key_dictionary, rows->columns[O2P_COL_LogAttributes].key_dictionary);
    assert_levels(0, 3, 1, 1, "00110", "11110");
}

/* A value a list: rows are told which, and where the list is in its column. */
static void numbered_lists(void **state)
{
    (void)state;
    add_map(O2P_COL_LogAttributes, 0, 0, 0);
    add_map(O2P_COL_LogAttributes, 1, 3, 1);
    add_map(O2P_COL_LogAttributes, 2, 1, 4);
    o2p_layout_leaf spec = {
        .column = O2P_COL_LogAttributes, .cells = O2P_COL_LogAttributes, .parent = O2P_COL_NONE};
    static const uint32_t selected[] = {2, 0, 1, 2, 7};
    assert_ptr_equal(o2p_gather_lists(&gather, rows, &spec, selected, 5, &leaf), selected);
    assert_array(leaf.lists, 1, 0, 2, 1, 0);
    assert_int_equal(leaf.list_count, 3);
    assert_int_equal(leaf.value_count, 5);
    assert_null(leaf.counts);
    assert_array((const uint32_t *)(const void *)gather.used.data, 0, 2, 1);
    assert_non_null(o2p_gather_lists(&gather, NULL, &spec, selected, 5, &leaf));
    assert_array(leaf.lists, 0, 0, 0, 0, 0);
    assert_int_equal(leaf.list_count, 1);
}

static void lists_of_numbers(void **state)
{
    (void)state;
    o2p_buffer *items = o2p_column_items(rows, O2P_COL_BucketCounts);
    for (uint32_t row = 0; row < 4; row++) {
        for (uint32_t i = 0; i < row % 3; i++)
            o2p_buffer_u64(items, row * 10 + i);
        o2p_end_list(rows, O2P_COL_BucketCounts, row, items->size / 8);
    }
    gather_rows(BucketCounts, NONE, ONLY, 2, 3, 1, 2);
    assert_array(leaf.counts, 2, 0, 1, 2);
    assert_words(20, 21, 10, 20, 21);
    assert_levels(0, 4, 1, 1, "010001", "110111");
}

/* ---- lists of structs ---- */

static void add_children(uint32_t row, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t child = rows->columns[O2P_COL_Exemplars].child_rows++;
        if (child % 2 == 0)
            o2p_set64_valid(rows, O2P_COL_ExemplarsValueInt, child, child);
        o2p_set64(rows, O2P_COL_ExemplarsTimeUnix, child, child * 1000);
        add_map(O2P_COL_ExemplarsFilteredAttributes, child, child % 3, child * 10);
    }
    o2p_end_list(rows, O2P_COL_Exemplars, row, rows->columns[O2P_COL_Exemplars].child_rows);
}

static void structs(void **state)
{
    (void)state;
    add_children(0, 2); /* children 0 1 */
    add_children(1, 0);
    add_children(2, 4); /* children 2 3 4 5 */
    gather_rows(ExemplarsTimeUnix, Exemplars, ONLY, 0, 1, 2, 0);
    assert_array(leaf.counts, 2, 0, 4, 2);
    assert_int_equal(leaf.child_count, 8);
    assert_words(0, 1, 2, 3, 4, 5, 0, 1);
    assert_levels(0, 4, 1, 1, "010011101", "110111111");
    gather_rows(ExemplarsValueInt, Exemplars, ONLY, 2, 1, 0);
    assert_words(2, 4, 0);
    assert_levels(0, 3, 1, 2, "0111001", "2121021");
    assert_levels(1, 2, 1, 2, "001", "021");
    gather_rows(ExemplarsFilteredAttributes, Exemplars, KEY, 0, 1, 2);
    assert_array(leaf.counts, 2, 0, 4);
    assert_array(leaf.inner, 0, 1, 2, 0, 1, 2);
    assert_array(entries(), 10, 20, 21, 40, 50, 51);
    /* row 0: {} {10}; row 1: none; row 2: {20 21} {} {40} {50 51} */
    assert_levels(0, 3, 2, 2, "010021112", "120221222");
    assert_levels(2, 1, 2, 2, "021112", "221222");
}

/* ---- rows that follow each other ---- */

static void fill_rows(uint32_t count)
{
    o2p_buffer *items = o2p_column_items(rows, O2P_COL_BucketCounts);
    for (uint32_t row = 0; row < count; row++) {
        set_text(O2P_COL_SeverityText, row, row % 3 == 0 ? "a" : "b");
        if (row % 5 != 0)
            set_text(O2P_COL_Body, row, "c");
        o2p_set32(rows, O2P_COL_SeverityNumber, row, row % 24);
        o2p_set64_valid(rows, O2P_COL_Duration, row, row * 7);
        if (row % 16 != 9)
            o2p_set64_valid(rows, O2P_COL_Timestamp, row, row * 1234);
        for (uint32_t i = 0; i < row % 4; i++)
            o2p_buffer_u64(items, row + i);
        o2p_end_list(rows, O2P_COL_BucketCounts, row, items->size / 8);
        add_map(O2P_COL_LogAttributes, row, row % 3, row);
        add_children(row, row % 3);
    }
}

/* What a leaf has, as bytes. */
static size_t bytes_of_leaf(uint8_t *out)
{
    size_t size = 0, width = leaf.indices != NULL ? 4 : 8;
    const void *values = leaf.indices != NULL ? (const void *)leaf.indices : leaf.words;
    const struct {
        const void *bytes;
        size_t size;
    } parts[] = {{&leaf.value_count, 4},
                 {&leaf.child_count, 4},
                 {leaf.counts, leaf.rows * 4},
                 {leaf.inner, leaf.child_count * 4},
                 {leaf.valid, leaf.counts != NULL ? leaf.child_count : leaf.rows},
                 {leaf.lists != NULL ? entries() : values, leaf.value_count * width}};
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i].bytes == NULL)
            continue;
        memcpy(out + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    return size;
}

/* Such rows may be referred to where they are: the leaf is the same as of a copy. */
static void straight_rows(void **state)
{
    (void)state;
    static const struct {
        o2p_col col, parent;
        o2p_part part;
    } leaves[] = {{O2P_COL_SeverityText, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_Body, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_SeverityNumber, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_Duration, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_Timestamp, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_LogTimestampNanos, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_BucketCounts, O2P_COL_NONE, O2P_PART_ONLY},
                  {O2P_COL_LogAttributes, O2P_COL_NONE, O2P_PART_KEY},
                  {O2P_COL_LogAttributes, O2P_COL_NONE, O2P_PART_VALUE},
                  {O2P_COL_ExemplarsTimeUnix, O2P_COL_Exemplars, O2P_PART_ONLY},
                  {O2P_COL_ExemplarsValueInt, O2P_COL_Exemplars, O2P_PART_ONLY},
                  {O2P_COL_ExemplarsFilteredAttributes, O2P_COL_Exemplars, O2P_PART_KEY},
                  {O2P_COL_ExemplarsFilteredAttributes, O2P_COL_Exemplars, O2P_PART_VALUE}};
    static const uint32_t ranges[][2] = {{0, 1}, {0, 60}, {10, 5}, {9, 1}, {30, 30}, {50, 20}};
    static uint32_t selected[2][60];
    static uint8_t found[2][4096];
    fill_rows(60);
    for (size_t r = 0; r < COUNT(ranges); r++) {
        uint32_t count = ranges[r][1];
        for (uint32_t i = 0; i < count; i++)
            selected[0][i] = selected[1][i] = ranges[r][0] + i;
        for (size_t l = 0; l < COUNT(leaves); l++) {
            o2p_layout_leaf spec = spec_of(leaves[l].col, leaves[l].parent, leaves[l].part);
            o2p_gather_begin(&gather, selected[0], count);
            assert_ptr_equal(gather.straight, selected[0]);
            assert_true(o2p_gather_leaf(&gather, rows, &spec, selected[0], count, &leaf));
            size_t size = bytes_of_leaf(found[0]);
            assert_true(o2p_gather_leaf(&gather, rows, &spec, selected[1], count, &leaf));
            assert_int_equal(bytes_of_leaf(found[1]), size);
            assert_memory_equal(found[0], found[1], size);
        }
    }
}

static void other_rows_are_not_straight(void **state)
{
    (void)state;
    static const uint32_t hole[] = {0, 1, 3}, back[] = {0, 2, 1, 3}, same[] = {4, 4};
    o2p_gather_begin(&gather, hole, COUNT(hole));
    assert_null(gather.straight);
    o2p_gather_begin(&gather, back, COUNT(back));
    assert_null(gather.straight);
    o2p_gather_begin(&gather, same, COUNT(same));
    assert_null(gather.straight);
}

/* The next row group's selection may lie where the one before did. */
static void a_row_group_forgets_the_one_before(void **state)
{
    (void)state;
    static uint32_t selected[] = {0, 2};
    add_children(0, 2);
    add_children(1, 0);
    add_children(2, 4);
    o2p_layout_leaf spec = spec_of(O2P_COL_ExemplarsTimeUnix, O2P_COL_Exemplars, O2P_PART_ONLY);
    o2p_gather_begin(&gather, selected, 2);
    assert_true(o2p_gather_leaf(&gather, rows, &spec, selected, 2, &leaf));
    assert_words(0, 1, 2, 3, 4, 5);
    selected[0] = 1;
    o2p_gather_begin(&gather, selected, 2);
    assert_true(o2p_gather_leaf(&gather, rows, &spec, selected, 2, &leaf));
    assert_array(leaf.counts, 0, 4);
    assert_words(2, 3, 4, 5);
}

/* ---- repeats ---- */

/* Of the four rows of `leaf`. */
static void set_repeats(void)
{
    static const uint32_t repeats[] = {2, 1, 0, 3};
    leaf.repeats = repeats;
    leaf.all_rows = 6;
}

static void repeats_are_written_out(void **state)
{
    (void)state;
    add_map(O2P_COL_LogAttributes, 0, 2, 1);
    add_map(O2P_COL_LogAttributes, 1, 0, 0);
    add_map(O2P_COL_LogAttributes, 3, 1, 4);
    gather_rows(LogAttributes, NONE, KEY, 0, 1, 2, 3);
    set_repeats();
    assert_true(o2p_leaf_expand(&gather, &leaf));
    assert_null(leaf.repeats);
    assert_int_equal(leaf.rows, 6);
    assert_array(leaf.counts, 2, 2, 0, 1, 1, 1);
    assert_int_equal(leaf.value_count, 7);
    assert_array(entries(), 1, 2, 1, 2, 4, 4, 4);
    assert_levels(0, 6, 1, 1, "01010000", "11110111");
    set_text(O2P_COL_Body, 1, "b");
    set_text(O2P_COL_Body, 3, "d");
    gather_rows(Body, NONE, ONLY, 0, 1, 2, 3);
    set_repeats();
    assert_true(o2p_leaf_expand(&gather, &leaf));
    assert_memory_equal(leaf.valid, "\0\0\1\1\1\1", 6);
    assert_array(leaf.indices, 1, 2, 2, 2);
    assert_int_equal(leaf.value_count, 4);
    o2p_set64(rows, O2P_COL_Timestamp, 3, 5000);
    gather_rows(Timestamp, NONE, ONLY, 0, 1, 2, 3);
    set_repeats();
    assert_true(o2p_leaf_expand(&gather, &leaf));
    assert_words(0, 0, 0, 5, 5, 5);
}

static void memory_may_be_refused(void **state)
{
    (void)state;
    add_children(0, 2);
    add_children(1, 300);
    static uint32_t selected[2000];
    for (uint32_t i = 0; i < 2000; i++)
        selected[i] = i % 2;
    o2p_layout_leaf keys =
        spec_of(O2P_COL_ExemplarsFilteredAttributes, O2P_COL_Exemplars, O2P_PART_KEY);
    o2p_layout_leaf values = spec_of(O2P_COL_ExemplarsValueInt, O2P_COL_Exemplars, O2P_PART_ONLY);
    bool ok = false;
    for (size_t n = 1; !ok; n++) {
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        ok = o2p_gather_leaf(&gather, rows, &keys, selected, 2000, &leaf);
        ok = o2p_gather_leaf(&gather, rows, &values, selected, 2000, &leaf) && ok;
        assert_int_equal(ok, counting.refused == 0);
        memory.failed = false;
        counting.refuse_at = 0;
        o2p_gather_free(&gather);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(texts),
        TEST(nullable_texts),
        TEST(numbers),
        TEST(times),
        TEST(columns_that_were_never_set),
        TEST(maps),
        TEST(numbered_lists),
        TEST(lists_of_numbers),
        TEST(structs),
        TEST(straight_rows),
        TEST(other_rows_are_not_straight),
        TEST(a_row_group_forgets_the_one_before),
        TEST(repeats_are_written_out),
        TEST(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
