/* test_parquet_footer.c - metadata and page index: what readers find out about a file without
 * reading data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/file.h"
#include "parquet_reader.h"

enum { TIME, NAME, VALUE, NOTE, LEAVES };

static const o2p_parquet_node nodes[] = {
    {"Time", 0, 0, O2P_PHYSICAL_INT64, O2P_REQUIRED, O2P_LOGICAL_TIMESTAMP_MICROS, 1},
    {"Names", 1, 1, 0, O2P_REQUIRED, O2P_LOGICAL_LIST, 2},
    {"list", 1, 1, 0, O2P_REPEATED, O2P_LOGICAL_NONE, 3},
    {"element", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 4},
    {"Value", 0, 0, O2P_PHYSICAL_DOUBLE, O2P_OPTIONAL, O2P_LOGICAL_NONE, 5},
    {"Note", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_OPTIONAL, O2P_LOGICAL_STRING, 6},
};
static const o2p_sorting sorting[] = {{NAME}, {TIME}};

static o2p_memory memory;
static o2p_parquet *writer;
static o2p_buffer file;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&file, &memory);
    writer = o2p_parquet_new(&memory);
    o2p_parquet_options options = {O2P_CODEC_SNAPPY, 0, nodes, 6, sorting, 2, .bound_bytes = 64};
    o2p_parquet_begin(writer, &options);
    return writer == NULL;
}

static int teardown(void **state)
{
    (void)state;
    o2p_parquet_free(writer);
    o2p_buffer_free(&file);
    return memory.held == 0 ? 0 : -1;
}

/* ---- writing pages of which only the statistics matter ---- */

static void page_of(o2p_page_info info)
{
    o2p_buffer_text(o2p_parquet_page_begin(writer), "body");
    o2p_parquet_page_end(writer, &info);
}

static void page(o2p_page_encoding encoding, uint32_t rows, uint32_t nulls, o2p_bounds bounds)
{
    page_of((o2p_page_info){encoding, rows, rows, nulls, bounds});
}

static const o2p_bounds no_bounds;

static void text_page(const char *min, const char *max)
{
    o2p_bounds bounds = {true, (const uint8_t *)min, (const uint8_t *)max, (uint32_t)strlen(min),
                         (uint32_t)strlen(max)};
    page(O2P_PAGE_ENCODING_PLAIN, 10, 0, bounds);
}

static void int_page(int64_t min, int64_t max)
{
    uint8_t bytes[16];
    o2p_store_le64(bytes, (uint64_t)min);
    o2p_store_le64(bytes + 8, (uint64_t)max);
    page(O2P_PAGE_ENCODING_DELTA_BINARY_PACKED, 10, 0, (o2p_bounds){true, bytes, bytes + 8, 8, 8});
    memset(bytes, 0xEE, sizeof(bytes)); /* bounds are copied */
}

static void chunk(uint32_t leaf, o2p_statistics statistics)
{
    o2p_parquet_chunk_begin(writer, leaf, statistics);
}

static void simple_chunk(uint32_t leaf)
{
    chunk(leaf, O2P_STATISTICS_NULLS_ONLY);
    page(O2P_PAGE_ENCODING_PLAIN, 30, 1, no_bounds);
    o2p_parquet_chunk_end(writer);
}

static parquet_reader finish(void)
{
    assert_int_equal(o2p_parquet_finish(writer, NULL, 0, &file), O2P_OK);
    return parquet_open(&file);
}

/* A row group in which `leaf` is the open chunk's and the others are simple. */
static void group_up_to(uint32_t leaf)
{
    o2p_parquet_row_group_begin(writer, 30);
    for (uint32_t i = 0; i < leaf; i++)
        simple_chunk(i);
}

static void group_after(uint32_t leaf)
{
    o2p_parquet_chunk_end(writer);
    for (uint32_t i = leaf + 1; i < LEAVES; i++)
        simple_chunk(i);
    o2p_parquet_row_group_end(writer);
}

/* ---- the file ---- */

static void file_metadata(void **state)
{
    (void)state;
    static const o2p_key_value metadata[] = {{"key", "value"}, {"empty", ""}};
    group_up_to(LEAVES - 1);
    chunk(LEAVES - 1, O2P_STATISTICS_BOUNDS);
    text_page("a", "b");
    group_after(LEAVES - 1);
    assert_int_equal(o2p_parquet_finish(writer, metadata, 2, &file), O2P_OK);
    parquet_reader reader = parquet_open(&file);
    thrift_value top = reader.metadata;
    assert_int_equal(thrift_int_field(top, 1), 1);
    assert_int_equal(thrift_count(thrift_field(top, 2)), 7);
    assert_int_equal(thrift_int_field(top, 3), 30);
    thrift_value pair = thrift_element(thrift_field(top, 5), 0);
    assert_true(thrift_is_text(thrift_field(pair, 1), "key"));
    assert_true(thrift_is_text(thrift_field(pair, 2), "value"));
    assert_true(thrift_is_text(thrift_field(thrift_element(thrift_field(top, 5), 1), 2), ""));
    thrift_value orders = thrift_field(top, 7);
    assert_int_equal(thrift_count(orders), LEAVES);
    for (size_t i = 0; i < LEAVES; i++)
        assert_true(thrift_has(thrift_element(orders, i), 1));
}

/* "NAME version X.Y.Z (build H)", H of hex digits. */
static void created_by(void **state)
{
    (void)state;
    parquet_reader reader = finish();
    const uint8_t *text;
    size_t size = thrift_bytes(thrift_field(reader.metadata, 6), &text);
    static const char before[] = "otlp2parquet version " O2P_VERSION " (build ";
    assert_int_equal(size, sizeof(before) - 1 + 16 + 1);
    assert_memory_equal(text, before, sizeof(before) - 1);
    for (size_t i = sizeof(before) - 1; i < size - 1; i++)
        assert_non_null(strchr("0123456789abcdef", text[i]));
    assert_int_equal(text[size - 1], ')');
}

static void no_row_groups(void **state)
{
    (void)state;
    parquet_reader reader = finish();
    assert_int_equal(thrift_int_field(reader.metadata, 3), 0);
    assert_int_equal(thrift_count(thrift_field(reader.metadata, 4)), 0);
    assert_int_equal(thrift_count(thrift_field(reader.metadata, 7)), LEAVES);
    assert_false(thrift_has(reader.metadata, 5));
    assert_int_equal(reader.metadata_at, 4);
}

/* ---- row groups and columns ---- */

static void row_groups(void **state)
{
    (void)state;
    for (uint32_t g = 0; g < 3; g++) {
        o2p_parquet_row_group_begin(writer, 30 + g);
        for (uint32_t i = 0; i < LEAVES; i++)
            simple_chunk(i);
        o2p_parquet_row_group_end(writer);
    }
    parquet_reader reader = finish();
    assert_int_equal(thrift_int_field(reader.metadata, 3), 93);
    int64_t offset = 4;
    for (size_t g = 0; g < 3; g++) {
        thrift_value group = parquet_row_group(&reader, g);
        assert_int_equal(thrift_int_field(group, 3), 30 + g);
        assert_int_equal(thrift_int_field(group, 5), offset);
        assert_int_equal(thrift_int_field(group, 7), g);
        int64_t stored = 0, uncompressed = 0;
        for (size_t i = 0; i < LEAVES; i++) {
            thrift_value metadata = parquet_metadata(&reader, g, i);
            assert_int_equal(thrift_int_field(parquet_column(&reader, g, i), 2), 0);
            assert_int_equal(thrift_int_field(metadata, 9), offset + stored);
            uncompressed += thrift_int_field(metadata, 6);
            stored += thrift_int_field(metadata, 7);
        }
        assert_int_equal(thrift_int_field(group, 2), uncompressed);
        assert_int_equal(thrift_int_field(group, 6), stored);
        offset += stored;
    }
}

static void sorting_columns(void **state)
{
    (void)state;
    group_up_to(LEAVES - 1);
    chunk(LEAVES - 1, O2P_STATISTICS_BOUNDS);
    text_page("a", "b");
    group_after(LEAVES - 1);
    parquet_reader reader = finish();
    thrift_value list = thrift_field(parquet_row_group(&reader, 0), 4);
    assert_int_equal(thrift_count(list), 2);
    for (size_t i = 0; i < 2; i++) {
        thrift_value column = thrift_element(list, i);
        assert_int_equal(thrift_int_field(column, 1), sorting[i].leaf);
        assert_false(thrift_truth(thrift_field(column, 2)));
        assert_true(thrift_truth(thrift_field(column, 3)));
    }
}

/* Encodings and how many pages have each, which tells parquet-java that a dictionary holds all
 * values. */
static void encodings(void **state)
{
    (void)state;
    group_up_to(NAME);
    chunk(NAME, O2P_STATISTICS_NULLS_ONLY);
    o2p_buffer_text(o2p_parquet_dictionary_begin(writer), "dictionary");
    o2p_parquet_dictionary_end(writer, 1);
    page(O2P_PAGE_ENCODING_RLE_DICTIONARY, 10, 0, no_bounds);
    page(O2P_PAGE_ENCODING_RLE_DICTIONARY, 10, 0, no_bounds);
    page(O2P_PAGE_ENCODING_PLAIN, 10, 0, no_bounds);
    group_after(NAME);
    parquet_reader reader = finish();
    thrift_value metadata = parquet_metadata(&reader, 0, NAME);
    static const int64_t expected[] = {O2P_PAGE_ENCODING_PLAIN, O2P_PAGE_ENCODING_RLE,
                                       O2P_PAGE_ENCODING_RLE_DICTIONARY};
    assert_int_equal(thrift_count(thrift_field(metadata, 2)), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(thrift_int(thrift_element(thrift_field(metadata, 2), i)), expected[i]);
    static const int64_t stats[][3] = {{2, O2P_PAGE_ENCODING_PLAIN, 1},
                                       {0, O2P_PAGE_ENCODING_PLAIN, 1},
                                       {0, O2P_PAGE_ENCODING_RLE_DICTIONARY, 2}};
    assert_int_equal(thrift_count(thrift_field(metadata, 13)), 3);
    for (size_t i = 0; i < 3; i++)
        for (int id = 1; id <= 3; id++)
            assert_int_equal(thrift_int_field(thrift_element(thrift_field(metadata, 13), i), id),
                             stats[i][id - 1]);
    assert_int_equal(thrift_int_field(metadata, 1), O2P_PHYSICAL_BYTE_ARRAY);
    assert_int_equal(thrift_int_field(metadata, 5), 30);
    assert_true(thrift_is_text(thrift_element(thrift_field(metadata, 3), 2), "element"));
    assert_int_equal(thrift_count(thrift_field(parquet_metadata(&reader, 0, TIME), 2)), 2);
    assert_false(thrift_has(parquet_metadata(&reader, 0, TIME), 11));
}

static void bloom_filters(void **state)
{
    (void)state;
    static const uint64_t hashes[40] = {1, 2, 3};
    group_up_to(NAME);
    chunk(NAME, O2P_STATISTICS_NULLS_ONLY);
    page(O2P_PAGE_ENCODING_PLAIN, 30, 0, no_bounds);
    o2p_parquet_bloom(writer, hashes, 40, 105);
    o2p_parquet_chunk_end(writer);
    chunk(VALUE, O2P_STATISTICS_NULLS_ONLY);
    page(O2P_PAGE_ENCODING_PLAIN, 30, 0, no_bounds);
    o2p_parquet_bloom(writer, hashes, 3, 105);
    group_after(VALUE);
    parquet_reader reader = finish();
    static const int64_t sizes[] = {64, 32};
    for (size_t i = 0; i < 2; i++) {
        thrift_value metadata = parquet_metadata(&reader, 0, NAME + i);
        int64_t offset = thrift_int_field(metadata, 14), length = thrift_int_field(metadata, 15);
        thrift_value header = thrift_struct_at(reader.data + offset, (size_t)length);
        assert_int_equal(thrift_int_field(header, 1), sizes[i]);
        assert_ptr_equal(thrift_end_of(header) + sizes[i], reader.data + offset + length);
    }
    assert_false(thrift_has(parquet_metadata(&reader, 0, TIME), 14));
}

/* ---- statistics and page index ---- */

static void expect_statistics(const parquet_reader *reader, size_t leaf, const void *min,
                              const void *max, size_t size)
{
    thrift_value statistics = thrift_field(parquet_metadata(reader, 0, leaf), 12);
    const uint8_t *bytes;
    assert_int_equal(thrift_bytes(thrift_field(statistics, 6), &bytes), size);
    assert_memory_equal(bytes, min, size);
    assert_int_equal(thrift_bytes(thrift_field(statistics, 5), &bytes), size);
    assert_memory_equal(bytes, max, size);
    assert_true(thrift_truth(thrift_field(statistics, 7)) &&
                thrift_truth(thrift_field(statistics, 8)));
}

static void signed_bounds(void **state)
{
    (void)state;
    uint8_t min[8], max[8];
    group_up_to(TIME);
    chunk(TIME, O2P_STATISTICS_BOUNDS);
    int_page(5, 300);
    int_page(-7, -1);
    int_page(256, 257);
    group_after(TIME);
    parquet_reader reader = finish();
    o2p_store_le64(min, (uint64_t)-7);
    o2p_store_le64(max, 300);
    expect_statistics(&reader, TIME, min, max, 8);
    thrift_value index = parquet_column_index(&reader, 0, TIME);
    assert_int_equal(thrift_int_field(index, 4), 0);
    const uint8_t *bytes;
    assert_int_equal(thrift_bytes(thrift_element(thrift_field(index, 2), 1), &bytes), 8);
    assert_memory_equal(bytes, min, 8);
}

static int64_t order_of(const char *const bounds[][2], size_t pages)
{
    o2p_parquet_options options = {O2P_CODEC_SNAPPY, 0, nodes, 6, sorting, 2, .bound_bytes = 64};
    o2p_parquet_begin(writer, &options);
    group_up_to(NOTE);
    chunk(NOTE, O2P_STATISTICS_BOUNDS);
    for (size_t i = 0; i < pages; i++) {
        if (bounds[i][0] != NULL)
            text_page(bounds[i][0], bounds[i][1]);
        else
            page(O2P_PAGE_ENCODING_PLAIN, 10, 10, no_bounds);
    }
    group_after(NOTE);
    parquet_reader reader = finish();
    int64_t order = thrift_int_field(parquet_column_index(&reader, 0, NOTE), 4);
    o2p_buffer_free(&file);
    return order;
}

static void boundary_orders(void **state)
{
    (void)state;
    enum { UNORDERED, ASCENDING, DESCENDING };
    static const char *const up[][2] = {{"a", "c"}, {NULL, NULL}, {"a", "d"}, {"b", "d"}};
    static const char *const down[][2] = {{"f", "g"}, {"b", "g"}, {NULL, NULL}, {"a", "c"}};
    static const char *const apart[][2] = {{"b", "c"}, {"a", "d"}};   /* minima fall, maxima rise */
    static const char *const inwards[][2] = {{"a", "d"}, {"b", "c"}}; /* and the other way round */
    static const char *const bytewise[][2] = {{"z", "z"}, {"\xC3\xA4", "\xC3\xA4"}};
    static const char *const null[][2] = {{NULL, NULL}};
    assert_int_equal(order_of(up, 4), ASCENDING);
    assert_int_equal(order_of(down, 4), DESCENDING);
    assert_int_equal(order_of(apart, 2), UNORDERED);
    assert_int_equal(order_of(inwards, 2), UNORDERED);
    assert_int_equal(order_of(bytewise, 2), ASCENDING);
    assert_int_equal(order_of(up, 1), ASCENDING);
    assert_int_equal(order_of(null, 1), ASCENDING);
}

static void null_pages(void **state)
{
    (void)state;
    group_up_to(NOTE);
    chunk(NOTE, O2P_STATISTICS_BOUNDS);
    page(O2P_PAGE_ENCODING_PLAIN, 10, 10, no_bounds);
    text_page("a", "b");
    page(O2P_PAGE_ENCODING_PLAIN, 10, 10, no_bounds);
    group_after(NOTE);
    parquet_reader reader = finish();
    thrift_value index = parquet_column_index(&reader, 0, NOTE);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(thrift_truth(thrift_element(thrift_field(index, 1), i)), i != 1);
        assert_true(thrift_is_text(thrift_element(thrift_field(index, 2), i), i == 1 ? "a" : ""));
        assert_true(thrift_is_text(thrift_element(thrift_field(index, 3), i), i == 1 ? "b" : ""));
        assert_int_equal(thrift_int(thrift_element(thrift_field(index, 5), i)), i == 1 ? 0 : 10);
    }
    expect_statistics(&reader, NOTE, "a", "b", 1);
    assert_int_equal(thrift_int_field(thrift_field(parquet_metadata(&reader, 0, NOTE), 12), 3), 20);
}

/* One page with values but no bounds, and neither chunk bounds nor a ColumnIndex can be trusted. */
static void a_page_without_bounds(void **state)
{
    (void)state;
    group_up_to(NOTE);
    chunk(NOTE, O2P_STATISTICS_BOUNDS);
    text_page("a", "b");
    page(O2P_PAGE_ENCODING_PLAIN, 10, 9, no_bounds);
    text_page("c", "d");
    group_after(NOTE);
    parquet_reader reader = finish();
    thrift_value statistics = thrift_field(parquet_metadata(&reader, 0, NOTE), 12);
    assert_int_equal(thrift_int_field(statistics, 3), 9);
    assert_false(thrift_has(statistics, 5) || thrift_has(statistics, 6));
    assert_false(thrift_has(parquet_column(&reader, 0, NOTE), 6));
    assert_int_equal(thrift_count(thrift_field(parquet_offset_index(&reader, 0, NOTE), 1)), 3);
}

/* Of a maximum that cannot be cut and raised nothing is said; the minimum stands. */
static void a_page_without_maximum(void **state)
{
    (void)state;
    uint8_t highest[68];
    for (size_t i = 0; i < sizeof(highest); i += 4)
        memcpy(highest + i, "\xF4\x8F\xBF\xBF", 4);
    group_up_to(NOTE);
    chunk(NOTE, O2P_STATISTICS_BOUNDS);
    page(O2P_PAGE_ENCODING_PLAIN, 10, 0,
         (o2p_bounds){true, (const uint8_t *)"a", highest, 1, sizeof(highest)});
    text_page("b", "c");
    group_after(NOTE);
    parquet_reader reader = finish();
    thrift_value statistics = thrift_field(parquet_metadata(&reader, 0, NOTE), 12);
    assert_true(thrift_is_text(thrift_field(statistics, 6), "a"));
    assert_false(thrift_has(statistics, 5) || thrift_has(statistics, 7));
    assert_false(thrift_has(parquet_column(&reader, 0, NOTE), 6));
}

static void nulls_only(void **state)
{
    (void)state;
    group_up_to(NOTE);
    chunk(NOTE, O2P_STATISTICS_NULLS_ONLY);
    text_page("a", "b"); /* bounds that were given all the same are not used */
    group_after(NOTE);
    parquet_reader reader = finish();
    thrift_value statistics = thrift_field(parquet_metadata(&reader, 0, NOTE), 12);
    assert_int_equal(thrift_int_field(statistics, 3), 0);
    assert_false(thrift_has(statistics, 5) || thrift_has(statistics, 6));
    assert_false(thrift_has(parquet_column(&reader, 0, NOTE), 6));
}

static void offset_index(void **state)
{
    (void)state;
    static const uint32_t rows[] = {7, 20, 3};
    for (size_t g = 0; g < 2; g++) {
        group_up_to(NAME);
        chunk(NAME, O2P_STATISTICS_NULLS_ONLY);
        for (size_t i = 0; i < 3; i++) /* two names a row */
            page_of((o2p_page_info){O2P_PAGE_ENCODING_PLAIN, rows[i], 2 * rows[i], 0, no_bounds});
        group_after(NAME);
    }
    parquet_reader reader = finish();
    for (size_t g = 0; g < 2; g++) {
        thrift_value locations = thrift_field(parquet_offset_index(&reader, g, NAME), 1);
        int64_t offset = thrift_int_field(parquet_metadata(&reader, g, NAME), 9), row = 0;
        assert_int_equal(thrift_count(locations), 3);
        for (size_t i = 0; i < 3; i++) {
            thrift_value location = thrift_element(locations, i);
            assert_int_equal(thrift_int_field(location, 1), offset);
            assert_int_equal(thrift_int_field(location, 3), row);
            parquet_page stored = parquet_data_page(&reader, g, NAME, i);
            assert_int_equal(thrift_int_field(thrift_field(stored.header, 5), 1), 2 * rows[i]);
            offset += thrift_int_field(location, 2);
            row += rows[i];
        }
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(file_metadata),
        test(created_by),
        test(no_row_groups),
        test(row_groups),
        test(sorting_columns),
        test(encodings),
        test(bloom_filters),
        test(signed_bounds),
        test(boundary_orders),
        test(null_pages),
        test(a_page_without_bounds),
        test(a_page_without_maximum),
        test(nulls_only),
        test(offset_index),
    };
    return cmocka_run_group_tests_name("parquet footer", tests, NULL, NULL);
}
