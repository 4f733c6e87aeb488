/* test_parquet_file.c - the writer as a whole: same calls, same bytes; scratch reused; limits; and
 * every allocation refused in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/codec.h"
#include "../../lib/parquet/delta.h"
#include "../../lib/parquet/file.h"
#include "../../lib/parquet/rle.h"
#include "parquet_reader.h"

static const o2p_parquet_node nodes[] = {
    {"Time", 0, 0, O2P_PHYSICAL_INT64, O2P_REQUIRED, O2P_LOGICAL_TIMESTAMP_MICROS, 1},
    {"Service", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 2},
    {"Attributes", 1, 1, 0, O2P_REQUIRED, O2P_LOGICAL_MAP, 3},
    {"key_value", 1, 2, 0, O2P_REPEATED, O2P_LOGICAL_NONE, 4},
    {"key", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 5},
    {"value", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 6},
};
static const o2p_sorting sorting[] = {{1}, {0}};
static const o2p_key_value metadata[] = {{"a", "b"}};

enum { ROWS = 1000, PAGE_ROWS = 250 };

/* ---- an allocator that counts, and refuses ---- */

typedef struct counting {
    size_t calls;
    size_t refuse_from, refuse_to; /* calls, counted from 1, that get NULL */
    size_t blocks, bytes;          /* outstanding */
} counting;

static bool refused(counting *c)
{
    c->calls++;
    return c->calls >= c->refuse_from && c->calls <= c->refuse_to;
}

static void *count_allocate(void *ctx, size_t size)
{
    counting *c = (counting *)ctx;
    if (refused(c))
        return NULL;
    c->blocks++;
    c->bytes += size;
    return malloc(size);
}

static void *count_reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    counting *c = (counting *)ctx;
    if (refused(c))
        return NULL;
    c->bytes += new_size - old_size;
    return realloc(block, new_size);
}

static void count_release(void *ctx, void *block, size_t size)
{
    counting *c = (counting *)ctx;
    c->blocks--;
    c->bytes -= size;
    free(block);
}

static void init_memory(o2p_memory *memory, counting *c)
{
    o2p_allocator allocator = {c, count_allocate, count_reallocate, count_release};
    o2p_memory_init(memory, &allocator, 0);
}

/* ---- a file with a bit of everything ---- */

static void put_text(o2p_buffer *out, const char *text)
{
    uint8_t length[4];
    o2p_store_le32(length, (uint32_t)strlen(text));
    o2p_buffer_append(out, length, sizeof(length));
    o2p_buffer_text(out, text);
}

static void time_page(o2p_parquet *writer, uint32_t page)
{
    int64_t times[PAGE_ROWS];
    uint8_t min[8], max[8];
    for (int64_t i = 0; i < PAGE_ROWS; i++)
        times[i] = page * 1000000 + i * 1000 + i % 7;
    o2p_store_le64(min, (uint64_t)times[0]);
    o2p_store_le64(max, (uint64_t)times[PAGE_ROWS - 1]);
    o2p_page_info info = {
        O2P_PAGE_ENCODING_DELTA_BINARY_PACKED, PAGE_ROWS, PAGE_ROWS, 0, {true, min, max, 8, 8}};
    o2p_delta_encode64(o2p_parquet_page_begin(writer), times, PAGE_ROWS);
    o2p_parquet_page_end(writer, &info);
}

static void service_page(o2p_parquet *writer)
{
    static const uint8_t name[] = "checkout";
    o2p_buffer *out = o2p_parquet_page_begin(writer);
    o2p_page_info info = {
        O2P_PAGE_ENCODING_RLE_DICTIONARY, PAGE_ROWS, PAGE_ROWS, 0, {true, name, name, 8, 8}};
    o2p_buffer_byte(out, 1);
    o2p_rle_run(out, 0, PAGE_ROWS, 1);
    o2p_parquet_page_end(writer, &info);
}

/* Two attributes a row, and none in every tenth. */
static void attribute_page(o2p_parquet *writer, o2p_levels *levels, const char *text)
{
    uint32_t entries = 0, nulls = PAGE_ROWS / 10;
    o2p_buffer *out = o2p_parquet_page_begin(writer);
    o2p_levels_begin(levels, 1);
    for (uint32_t i = 0; i < PAGE_ROWS; i++)
        o2p_levels_row(levels, 0, 1, i % 10 == 0 ? 1 : 2);
    o2p_levels_end(levels, out);
    o2p_levels_begin(levels, 1);
    for (uint32_t i = 0; i < PAGE_ROWS; i++)
        o2p_levels_run(levels, i % 10 != 0, i % 10 == 0 ? 1 : 2);
    o2p_levels_end(levels, out);
    for (entries = 0; entries < 2 * (PAGE_ROWS - nulls); entries++)
        put_text(out, text);
    o2p_page_info info = {
        O2P_PAGE_ENCODING_PLAIN, PAGE_ROWS, entries + nulls, nulls, {false, NULL, NULL, 0, 0}};
    o2p_parquet_page_end(writer, &info);
}

static void write_chunk(o2p_parquet *writer, o2p_levels *levels, uint32_t leaf)
{
    static const uint64_t hashes[100] = {1, 2, 3};
    o2p_parquet_chunk_begin(writer, leaf,
                            leaf < 2 ? O2P_STATISTICS_BOUNDS : O2P_STATISTICS_NULLS_ONLY);
    if (leaf == 1) {
        put_text(o2p_parquet_dictionary_begin(writer), "checkout");
        o2p_parquet_dictionary_end(writer, 1);
        o2p_parquet_bloom(writer, hashes, 100, 105);
    }
    for (uint32_t page = 0; page < ROWS / PAGE_ROWS; page++) {
        if (leaf == 0)
            time_page(writer, page);
        else if (leaf == 1)
            service_page(writer);
        else
            attribute_page(writer, levels, leaf == 2 ? "http.method" : "GET");
    }
    o2p_parquet_chunk_end(writer);
}

static const o2p_codec codecs[] = {O2P_CODEC_SNAPPY, O2P_CODEC_ZSTD, O2P_CODEC_GZIP,
                                   O2P_CODEC_LZ4_RAW, O2P_CODEC_UNCOMPRESSED};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

static o2p_status write_file(o2p_parquet *writer, o2p_memory *memory, o2p_codec codec,
                             o2p_buffer *file)
{
    int32_t level = 0;
    bool known = o2p_codec_available(codec) && o2p_codec_level(codec, &level);
    o2p_parquet_options options = {codec, known ? level : 0, nodes, 6, sorting,
                                   2,     .bound_bytes = 64};
    o2p_levels levels;
    o2p_levels_init(&levels, memory);
    o2p_parquet_begin(writer, &options);
    for (int group = 0; group < 2; group++) {
        o2p_parquet_row_group_begin(writer, ROWS);
        for (uint32_t leaf = 0; leaf < 4; leaf++)
            write_chunk(writer, &levels, leaf);
        o2p_parquet_row_group_end(writer);
    }
    o2p_levels_free(&levels);
    return o2p_parquet_finish(writer, metadata, 1, file);
}

/* ---- tests ---- */

static void exact_size(void **state)
{
    (void)state;
    counting c = {0};
    o2p_memory memory;
    init_memory(&memory, &c);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_buffer file;
    assert_int_equal(write_file(writer, &memory, O2P_CODEC_SNAPPY, &file), O2P_OK);
    assert_int_equal(file.size, file.capacity);
    o2p_parquet_free(writer); /* the file outlives the writer */
    assert_int_equal(c.blocks, 1);
    assert_int_equal(c.bytes, file.size);
    parquet_reader reader = parquet_open(&file);
    assert_int_equal(thrift_int_field(reader.metadata, 3), 2 * ROWS);
    o2p_buffer_free(&file);
    assert_int_equal(c.blocks, 0);
    assert_int_equal(memory.held, 0);
}

static void every_page_can_be_read(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    for (size_t i = 0; i < CODECS; i++) {
        o2p_buffer file;
        bool used = false;
        assert_int_equal(write_file(writer, &memory, codecs[i], &file), O2P_OK);
        parquet_reader reader = parquet_open(&file);
        for (size_t group = 0; group < 2; group++)
            for (size_t leaf = 0; leaf < 4; leaf++) {
                int64_t codec = thrift_int_field(parquet_metadata(&reader, group, leaf), 4);
                assert_true(codec == 0 || codec == o2p_codec_number(codecs[i]));
                used = used || codec == o2p_codec_number(codecs[i]);
                for (size_t page = 0; page < ROWS / PAGE_ROWS; page++)
                    assert_true(parquet_data_page(&reader, group, leaf, page).body_size > 0);
            }
        assert_true(used);
        o2p_buffer_free(&file);
    }
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

/* A used writer gives what a new one gives, an abandoned file and another codec in between
 * notwithstanding. */
static void same_bytes_again(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_parquet_options options = {O2P_CODEC_UNCOMPRESSED, 0, nodes, 6, NULL, 0, .bound_bytes = 64};
    for (size_t i = 0; i < CODECS; i++) {
        o2p_buffer first, second;
        assert_int_equal(write_file(writer, &memory, codecs[i], &first), O2P_OK);
        o2p_parquet_begin(writer, &options);
        o2p_parquet_row_group_begin(writer, 5);
        o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
        o2p_buffer_text(o2p_parquet_page_begin(writer), "abandoned");
        assert_int_equal(write_file(writer, &memory, codecs[i], &second), O2P_OK);
        assert_int_equal(first.size, second.size);
        assert_memory_equal(first.data, second.data, first.size);
        o2p_buffer_free(&first);
        o2p_buffer_free(&second);
    }
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

/* Pages cost no allocation: a second file of the writer makes only the few of the result and of the
 * levels. */
static void scratch_is_reused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        counting c = {0};
        o2p_memory memory;
        init_memory(&memory, &c);
        o2p_parquet *writer = o2p_parquet_new(&memory);
        o2p_buffer file;
        assert_int_equal(write_file(writer, &memory, codecs[i], &file), O2P_OK);
        o2p_buffer_free(&file);
        size_t before = c.calls;
        assert_int_equal(write_file(writer, &memory, codecs[i], &file), O2P_OK);
        assert_in_range(c.calls - before, 1, 6); /* of 32 pages */
        o2p_buffer_free(&file);
        o2p_parquet_free(writer);
        assert_int_equal(c.blocks, 0);
    }
}

static void unknown_codec(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_buffer file;
    assert_int_equal(write_file(writer, &memory, (o2p_codec)99, &file), O2P_ERR_CODEC);
    assert_null(file.data);
    assert_int_equal(write_file(writer, &memory, O2P_CODEC_UNCOMPRESSED, &file), O2P_OK);
    o2p_buffer_free(&file);
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

/* A body beyond the 32-bit sizes of page headers. The bytes are never touched, so they cost no
 * memory. */
static void a_page_too_large(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_parquet_options options = {O2P_CODEC_SNAPPY, 0, nodes, 6, NULL, 0, .bound_bytes = 64};
    o2p_page_info info = {O2P_PAGE_ENCODING_PLAIN, 1, 1, 0, {false, NULL, NULL, 0, 0}};
    o2p_buffer file;
    o2p_parquet_begin(writer, &options);
    o2p_parquet_row_group_begin(writer, 1);
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
    assert_non_null(o2p_buffer_extend(o2p_parquet_page_begin(writer), ((size_t)1 << 30) + 1));
    o2p_parquet_page_end(writer, &info);
    o2p_parquet_chunk_end(writer);
    assert_int_equal(o2p_parquet_finish(writer, NULL, 0, &file), O2P_ERR_LIMIT);
    assert_null(file.data);
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

static void a_dictionary_too_large(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_parquet_options options = {O2P_CODEC_SNAPPY, 0, nodes, 6, NULL, 0, .bound_bytes = 64};
    o2p_buffer file;
    o2p_parquet_begin(writer, &options);
    o2p_parquet_row_group_begin(writer, 1);
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
    assert_non_null(o2p_buffer_extend(o2p_parquet_dictionary_begin(writer), ((size_t)1 << 30) + 1));
    o2p_parquet_dictionary_end(writer, 1);
    o2p_parquet_chunk_end(writer);
    assert_int_equal(o2p_parquet_finish(writer, NULL, 0, &file), O2P_ERR_LIMIT);
    assert_null(file.data);
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

static void a_memory_limit(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_memory_init(&memory, NULL, 20000);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    o2p_buffer file;
    assert_int_equal(write_file(writer, &memory, O2P_CODEC_SNAPPY, &file), O2P_ERR_LIMIT);
    assert_null(file.data);
    o2p_parquet_free(writer);
    assert_int_equal(memory.held, 0);
}

/* Writes the file with the calls refuse_from..refuse_to of the allocator refused. True when none
 * was. */
static bool write_refused(o2p_codec codec, size_t refuse_from, size_t refuse_to)
{
    counting c = {0, refuse_from, refuse_to, 0, 0};
    o2p_memory memory;
    init_memory(&memory, &c);
    o2p_parquet *writer = o2p_parquet_new(&memory);
    bool complete = false;
    if (writer != NULL) {
        o2p_buffer file;
        o2p_status status = write_file(writer, &memory, codec, &file);
        complete = c.calls < refuse_from;
        assert_int_equal(status, complete ? O2P_OK : O2P_ERR_OUT_OF_MEMORY);
        assert_int_equal(file.data == NULL, !complete);
        o2p_buffer_free(&file);
        memory.failed = false; /* the owner starts over: the same writer still works */
        c.refuse_from = SIZE_MAX;
        assert_int_equal(write_file(writer, &memory, codec, &file), O2P_OK);
        parquet_open(&file);
        o2p_buffer_free(&file);
    }
    o2p_parquet_free(writer);
    assert_int_equal(c.blocks, 0);
    assert_int_equal(c.bytes, 0);
    assert_int_equal(memory.held, 0);
    return complete;
}

static void every_allocation_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        size_t n = 1;
        while (!write_refused(codecs[i], n, n)) /* that one alone */
            n++;
        assert_true(n > 15);
        n = 1;
        while (!write_refused(codecs[i], n, SIZE_MAX)) /* that one and all after it */
            n++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_size),
        cmocka_unit_test(every_page_can_be_read),
        cmocka_unit_test(same_bytes_again),
        cmocka_unit_test(scratch_is_reused),
        cmocka_unit_test(unknown_codec),
        cmocka_unit_test(a_page_too_large),
        cmocka_unit_test(a_dictionary_too_large),
        cmocka_unit_test(a_memory_limit),
        cmocka_unit_test(every_allocation_refused),
    };
    return cmocka_run_group_tests_name("parquet file", tests, NULL, NULL);
}
