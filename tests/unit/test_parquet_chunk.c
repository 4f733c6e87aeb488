/* test_parquet_chunk.c - pages as they are stored: headers, checksums, and when a chunk is
 * compressed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/codec.h"
#include "../../lib/parquet/file.h"
#include "parquet_reader.h"

/* Leaf 0 is a sorting column, leaf 1 is not. */
static const o2p_parquet_node nodes[] = {
    {"sorted", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_OPTIONAL, O2P_LOGICAL_STRING, 1},
    {"other", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 2},
};
static const o2p_sorting sorting[] = {{0}};

static o2p_memory memory;
static o2p_parquet *writer;
static o2p_buffer file;

static void begin(o2p_codec codec)
{
    int32_t level = 0;
    assert_true(o2p_codec_level(codec, &level));
    o2p_parquet_options options = {codec, level, nodes, 2, sorting, 1, .bound_bytes = 64};
    o2p_parquet_begin(writer, &options);
    o2p_parquet_row_group_begin(writer, 30);
}

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&file, &memory);
    writer = o2p_parquet_new(&memory);
    begin(O2P_CODEC_SNAPPY);
    return writer == NULL;
}

static int teardown(void **state)
{
    (void)state;
    o2p_parquet_free(writer);
    o2p_buffer_free(&file);
    return memory.held == 0 ? 0 : -1;
}

/* A body of `size` bytes: the same ones for the same seed; with `random` such as no codec can
 * shrink. */
static void fill(o2p_buffer *out, size_t size, unsigned seed, bool random)
{
    uint64_t x = seed;
    uint8_t *at = size > 0 ? (uint8_t *)o2p_buffer_extend(out, size) : NULL;
    for (size_t i = 0; i < size; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        at[i] = random ? (uint8_t)(x >> 40) : (uint8_t)(i % 13 + seed);
    }
}

static void page(size_t size, unsigned seed, bool random)
{
    o2p_page_info info = {O2P_PAGE_ENCODING_PLAIN,
                          10,
                          12,
                          2,
                          {true, (const uint8_t *)"a", (const uint8_t *)"b", 1, 1}};
    fill(o2p_parquet_page_begin(writer), size, seed, random);
    o2p_parquet_page_end(writer, &info);
}

static void dictionary(size_t size, bool random)
{
    fill(o2p_parquet_dictionary_begin(writer), size, 99, random);
    o2p_parquet_dictionary_end(writer, 7);
}

static void expect_body(const parquet_page *stored, size_t size, unsigned seed, bool random)
{
    o2p_buffer expected;
    o2p_buffer_init(&expected, &memory);
    fill(&expected, size, seed, random);
    assert_int_equal(stored->body_size, size);
    assert_memory_equal(stored->body, expected.data, size);
    o2p_buffer_free(&expected);
}

static parquet_reader finish(void)
{
    o2p_parquet_row_group_end(writer);
    assert_int_equal(o2p_parquet_finish(writer, NULL, 0, &file), O2P_OK);
    return parquet_open(&file);
}

/* Writes leaf 1 as one small page, so that the tests may speak of leaf 0 alone. */
static parquet_reader finish_with_leaf_1(void)
{
    o2p_parquet_chunk_begin(writer, 1, O2P_STATISTICS_NULLS_ONLY);
    page(10, 5, false);
    o2p_parquet_chunk_end(writer);
    return finish();
}

static int64_t codec_of(const parquet_reader *reader, size_t leaf)
{
    return thrift_int_field(parquet_metadata(reader, 0, leaf), 4);
}

static void data_page_header(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    page(1000, 1, false);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    parquet_page first = parquet_data_page(&reader, 0, 0, 0);
    expect_body(&first, 1000, 1, false);
    thrift_value data = thrift_field(first.header, 5);
    assert_int_equal(thrift_int_field(data, 1), 12);
    assert_int_equal(thrift_int_field(data, 2), O2P_PAGE_ENCODING_PLAIN);
    assert_int_equal(thrift_int_field(data, 3), O2P_PAGE_ENCODING_RLE);
    assert_int_equal(thrift_int_field(data, 4), O2P_PAGE_ENCODING_RLE);
    assert_false(thrift_has(first.header, 7) || thrift_has(first.header, 8));
    thrift_value statistics = thrift_field(data, 5);
    assert_int_equal(thrift_int_field(statistics, 3), 2);
    assert_true(thrift_is_text(thrift_field(statistics, 6), "a"));
    assert_true(thrift_is_text(thrift_field(statistics, 5), "b"));
}

/* Bounds in page headers are for the sorting columns; the count of nulls is everywhere. */
static void other_page_headers(void **state)
{
    (void)state;
    for (unsigned leaf = 0; leaf < 2; leaf++) {
        o2p_parquet_chunk_begin(writer, leaf,
                                leaf == 0 ? O2P_STATISTICS_NULLS_ONLY : O2P_STATISTICS_BOUNDS);
        page(10, 1, false);
        o2p_parquet_chunk_end(writer);
    }
    parquet_reader reader = finish();
    for (unsigned leaf = 0; leaf < 2; leaf++) {
        parquet_page stored = parquet_data_page(&reader, 0, leaf, 0);
        thrift_value data = thrift_field(stored.header, 5), statistics = thrift_field(data, 5);
        assert_int_equal(thrift_int_field(data, 3),
                         O2P_PAGE_ENCODING_RLE); /* said where there are no levels too */
        assert_int_equal(thrift_int_field(statistics, 3), 2);
        assert_false(thrift_has(statistics, 5) || thrift_has(statistics, 6));
    }
}

static void dictionary_and_pages_compressed(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    dictionary(2000, false);
    page(1000, 1, false);
    page(0, 2, false);
    page(3000, 3, true);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    assert_int_equal(codec_of(&reader, 0), 1);
    thrift_value metadata = parquet_metadata(&reader, 0, 0);
    parquet_page stored = parquet_page_at(&reader, thrift_int_field(metadata, 11), 1);
    assert_int_equal(thrift_int_field(stored.header, 1), 2);
    thrift_value header = thrift_field(stored.header, 7);
    assert_int_equal(thrift_int_field(header, 1), 7);
    assert_int_equal(thrift_int_field(header, 2), O2P_PAGE_ENCODING_PLAIN);
    expect_body(&stored, 2000, 99, false);
    assert_int_equal(thrift_int_field(metadata, 11), 4);
    assert_int_equal(thrift_int_field(metadata, 9), 4 + stored.stored_size);

    int64_t total = (int64_t)stored.stored_size, uncompressed = (int64_t)stored.header_size + 2000;
    static const size_t sizes[] = {1000, 0, 3000};
    for (unsigned i = 0; i < 3; i++) {
        stored = parquet_data_page(&reader, 0, 0, i);
        expect_body(&stored, sizes[i], i + 1, i == 2);
        total += (int64_t)stored.stored_size;
        uncompressed += (int64_t)(stored.header_size + sizes[i]);
    }
    assert_int_equal(thrift_int_field(metadata, 7), total);
    assert_int_equal(thrift_int_field(metadata, 6), uncompressed);
}

/* The dictionary alone shrinks, the chunk does not: all of it, the dictionary first, is stored
 * plain. */
static void not_compressible(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    dictionary(20, false);
    page(9000, 1, true);
    page(9000, 2, true);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    thrift_value metadata = parquet_metadata(&reader, 0, 0);
    assert_int_equal(codec_of(&reader, 0), 0);
    assert_int_equal(thrift_int_field(metadata, 6), thrift_int_field(metadata, 7));
    parquet_page stored = parquet_page_at(&reader, thrift_int_field(metadata, 11), 0);
    expect_body(&stored, 20, 99, false);
    for (unsigned i = 0; i < 2; i++) {
        stored = parquet_data_page(&reader, 0, 0, i);
        expect_body(&stored, 9000, i + 1, true);
    }
}

/* The dictionary is nearly all of the chunk and does not shrink: the pages are not even tried. */
static void dictionary_not_compressible(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    dictionary(9000, true);
    page(1, 1, false);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    assert_int_equal(codec_of(&reader, 0), 0);
    parquet_page stored = parquet_page_at(&reader, 4, 0);
    expect_body(&stored, 9000, 99, true);
    stored = parquet_data_page(&reader, 0, 0, 0);
    expect_body(&stored, 1, 1, false);
}

static void tiny_chunks_are_plain(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    page(127, 1, false);
    o2p_parquet_chunk_end(writer);
    o2p_parquet_chunk_begin(writer, 1, O2P_STATISTICS_BOUNDS);
    page(128, 1, false);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish();
    assert_int_equal(codec_of(&reader, 0), 0);
    assert_int_equal(codec_of(&reader, 1), 1);
}

static void uncompressed_as_asked(void **state)
{
    (void)state;
    begin(O2P_CODEC_UNCOMPRESSED);
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    page(1000, 1, false);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    assert_int_equal(codec_of(&reader, 0), 0);
    parquet_page stored = parquet_data_page(&reader, 0, 0, 0);
    expect_body(&stored, 1000, 1, false);
}

/* Of a chunk that looks random a sample from the middle decides: leaf 0 has random bytes there and
 * long runs elsewhere, leaf 1 the other way round. */
static void random_chunks_are_sampled(void **state)
{
    (void)state;
    for (uint32_t leaf = 0; leaf < 2; leaf++) {
        o2p_parquet_chunk_begin(writer, leaf, O2P_STATISTICS_NULLS_ONLY);
        o2p_parquet_chunk_random(writer);
        page(20000, 1, leaf == 1);
        page(20000, 2, leaf == 0);
        page(20000, 3, leaf == 1);
        o2p_parquet_chunk_end(writer);
    }
    parquet_reader reader = finish();
    assert_int_equal(codec_of(&reader, 0), 0);
    assert_int_equal(codec_of(&reader, 1), 1);
    parquet_page stored = parquet_data_page(&reader, 0, 0, 1);
    expect_body(&stored, 20000, 2, true);
}

/* A chunk too small for a sample is compressed whole. */
static void small_random_chunks_are_not_sampled(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
    o2p_parquet_chunk_random(writer);
    page(3000, 1, true);
    page(3000, 1, true);
    page(2000, 1, false);
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    assert_int_equal(codec_of(&reader, 0), 1);
}

/* Random hex digits, as ids are: codecs that code entropy halve them, the others leave them. */
static void random_digits_are_halved(void **state)
{
    (void)state;
    static const struct {
        o2p_codec codec;
        bool halves;
    } codecs[] = {{O2P_CODEC_SNAPPY, false},
                  {O2P_CODEC_ZSTD, true},
                  {O2P_CODEC_GZIP, true},
                  {O2P_CODEC_LZ4_RAW, false}};
    enum { DIGITS = 40000 };
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        begin(codecs[i].codec);
        o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
        o2p_parquet_chunk_random(writer);
        o2p_buffer *body = o2p_parquet_page_begin(writer);
        size_t start = body->size;
        fill(body, DIGITS, 7, true);
        for (size_t at = start; at < start + DIGITS; at++)
            body->data[at] = (uint8_t) "0123456789abcdef"[body->data[at] & 15];
        o2p_page_info info = {O2P_PAGE_ENCODING_PLAIN, 10, 10, 0, {false, NULL, NULL, 0, 0}};
        o2p_parquet_page_end(writer, &info);
        o2p_parquet_chunk_end(writer);
        parquet_reader reader = finish_with_leaf_1();
        assert_int_equal(codec_of(&reader, 0),
                         codecs[i].halves ? o2p_codec_number(codecs[i].codec) : 0);
        parquet_page stored = parquet_data_page(&reader, 0, 0, 0);
        assert_in_range(stored.stored_size, codecs[i].halves ? DIGITS / 2 : DIGITS,
                        codecs[i].halves ? DIGITS * 6 / 10 : DIGITS + 100);
        o2p_buffer_free(&file);
    }
}

/* What is alike between random bytes is worth a call of Snappy where it is two fifths of all, not
 * where it is less than a fifth, of which a part goes into saying so. */
static void random_chunks_are_compressed_for_a_seventh(void **state)
{
    (void)state;
    for (unsigned alike = 8; alike <= 24; alike += 16) {
        begin(O2P_CODEC_SNAPPY);
        o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
        o2p_parquet_chunk_random(writer);
        o2p_buffer *body = o2p_parquet_page_begin(writer);
        for (unsigned value = 0; value < 1000; value++) {
            o2p_buffer_append(body, "0123456789abcdefghijklmn", alike);
            fill(body, 36, value, true);
        }
        o2p_page_info info = {O2P_PAGE_ENCODING_PLAIN, 10, 10, 0, {false, NULL, NULL, 0, 0}};
        o2p_parquet_page_end(writer, &info);
        o2p_parquet_chunk_end(writer);
        parquet_reader reader = finish_with_leaf_1();
        assert_int_equal(codec_of(&reader, 0),
                         alike == 24 ? o2p_codec_number(O2P_CODEC_SNAPPY) : 0);
        o2p_buffer_free(&file);
    }
}

/* Random bytes behind lengths: a codec that shrinks the lengths is not kept from it by a sample of
 * the bytes. */
static void lengths_before_random_bytes_are_shrunk(void **state)
{
    (void)state;
    static const o2p_codec codecs[] = {O2P_CODEC_ZSTD, O2P_CODEC_GZIP};
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        begin(codecs[i]);
        o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_NULLS_ONLY);
        o2p_parquet_chunk_random(writer);
        page(3000, 1, false);
        page(40000, 2, true);
        o2p_parquet_chunk_end(writer);
        parquet_reader reader = finish_with_leaf_1();
        assert_int_equal(codec_of(&reader, 0), o2p_codec_number(codecs[i]));
        o2p_buffer_free(&file);
    }
}

/* What the writer holds of a chunk; nothing once its pages pass into the file as they are made. */
static bool holds(void)
{
    return o2p_parquet_page_begin(writer)->size > 0;
}

/* Where much is held and compressing it pays, the pages pass into the file from there on. */
static void large_chunks_are_not_held(void **state)
{
    (void)state;
    o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
    dictionary(100000, false);
    assert_true(holds());
    page(100000, 1, false);
    assert_false(holds());
    page(5000, 2, true); /* alone it would not pay */
    assert_false(holds());
    o2p_parquet_chunk_end(writer);
    parquet_reader reader = finish_with_leaf_1();
    thrift_value metadata = parquet_metadata(&reader, 0, 0);
    assert_int_equal(codec_of(&reader, 0), 1);
    parquet_page stored = parquet_page_at(&reader, thrift_int_field(metadata, 11), 1);
    expect_body(&stored, 100000, 99, false);
    int64_t total = (int64_t)stored.stored_size,
            uncompressed = (int64_t)stored.header_size + 100000;
    static const size_t sizes[] = {100000, 5000};
    for (unsigned i = 0; i < 2; i++) {
        stored = parquet_data_page(&reader, 0, 0, i);
        expect_body(&stored, sizes[i], i + 1, i == 1);
        total += (int64_t)stored.stored_size;
        uncompressed += (int64_t)(stored.header_size + sizes[i]);
    }
    assert_int_equal(thrift_int_field(metadata, 7), total);
    assert_int_equal(thrift_int_field(metadata, 6), uncompressed);
}

/* Where it does not pay, it is tried once more at the end, with all that came. */
static void large_chunks_that_do_not_shrink_at_first(void **state)
{
    (void)state;
    for (unsigned last = 0; last < 2; last++) {
        begin(O2P_CODEC_SNAPPY);
        o2p_parquet_chunk_begin(writer, 0, O2P_STATISTICS_BOUNDS);
        page(200000, 1, true);
        assert_true(holds());
        page(200000, 2, last == 0);
        assert_true(holds());
        o2p_parquet_chunk_end(writer);
        parquet_reader reader = finish_with_leaf_1();
        assert_int_equal(codec_of(&reader, 0), last);
        for (unsigned i = 0; i < 2; i++) {
            parquet_page stored = parquet_data_page(&reader, 0, 0, i);
            expect_body(&stored, 200000, i + 1, i == 0 || last == 0);
        }
        o2p_buffer_free(&file);
    }
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(data_page_header),
        test(other_page_headers),
        test(dictionary_and_pages_compressed),
        test(not_compressible),
        test(dictionary_not_compressible),
        test(tiny_chunks_are_plain),
        test(uncompressed_as_asked),
        test(random_chunks_are_sampled),
        test(small_random_chunks_are_not_sampled),
        test(random_digits_are_halved),
        test(random_chunks_are_compressed_for_a_seventh),
        test(lengths_before_random_bytes_are_shrunk),
        test(large_chunks_are_not_held),
        test(large_chunks_that_do_not_shrink_at_first),
    };
    return cmocka_run_group_tests_name("parquet chunk", tests, NULL, NULL);
}
