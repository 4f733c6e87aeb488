/* test_values.c - the values of a page, byte by byte, in each encoding that is not of indices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/base/hash.h"
#include "../../lib/batch/leaf_writer.h"
#include "../../lib/parquet/delta.h"
#include "store_check.h"
#include <cmocka.h>

/* A writer of one leaf by hand. */
static o2p_leaf_writer writer_of(walk_fixture *f, const o2p_settings *settings, o2p_leaf *leaf)
{
    o2p_leaf_writer w;
    memset(&w, 0, sizeof(w));
    memset(leaf, 0, sizeof(*leaf));
    w.encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(w.encoder);
    w.leaf = leaf;
    static const o2p_layout_leaf spec = {.bloom = true};
    w.spec = &spec;
    return w;
}

static void booleans(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t words[] = {1, 0, 0, 1, 1, 0, 0, 0, 0, 1};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out;
    o2p_buffer_init(&out, &f->memory);
    w.physical = O2P_PHYSICAL_BOOLEAN;
    leaf.words = words;
    o2p_put_values(&w, (o2p_value_range){0, 10, 0, 10}, &out);
    o2p_put_values(&w, (o2p_value_range){9, 1, 9, 10}, &out);
    leaf.words = NULL; /* all false */
    o2p_put_values(&w, (o2p_value_range){0, 9, 0, 9}, &out);
    static const uint8_t expected[] = {0x19, 0x02, 0x01, 0, 0};
    assert_int_equal(out.size, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    o2p_buffer_free(&out);
    o2p_encoder_free(w.encoder);
}

static void plain_numbers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t words[] = {1, UINT64_C(0xFFFFFFFF00000002), UINT64_C(0x8070605040302010)};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out;
    o2p_buffer_init(&out, &f->memory);
    w.physical = O2P_PHYSICAL_INT32; /* the low half alone */
    leaf.words = words;
    o2p_put_values(&w, (o2p_value_range){1, 2, 1, 3}, &out);
    w.physical = O2P_PHYSICAL_DOUBLE;
    o2p_put_values(&w, (o2p_value_range){2, 1, 2, 3}, &out);
    static const uint8_t expected[] = {2,    0,    0,    0,    0x10, 0x20, 0x30, 0x40,
                                       0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80};
    assert_int_equal(out.size, sizeof(expected));
    assert_memory_equal(out.data, expected, sizeof(expected));
    o2p_buffer_free(&out);
    o2p_encoder_free(w.encoder);
}

/* Deltas of 32-bit numbers wrap at 32 bits. */
static void deltas(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t words[] = {UINT32_MAX, 5, 7};
    static const int32_t narrow[] = {-1, 5, 7};
    static const int64_t wide[] = {UINT32_MAX, 5, 7};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out, expected;
    o2p_buffer_init(&out, &f->memory);
    o2p_buffer_init(&expected, &f->memory);
    w.encoding = O2P_PAGE_ENCODING_DELTA_BINARY_PACKED;
    leaf.words = words;
    w.physical = O2P_PHYSICAL_INT32;
    o2p_put_values(&w, (o2p_value_range){0, 3, 0, 3}, &out);
    o2p_delta_encode32(&expected, narrow, 3);
    w.physical = O2P_PHYSICAL_INT64;
    o2p_put_values(&w, (o2p_value_range){0, 3, 0, 3}, &out);
    o2p_delta_encode64(&expected, wide, 3);
    assert_int_equal(out.size, expected.size);
    assert_memory_equal(out.data, expected.data, expected.size);
    o2p_buffer_free(&out);
    o2p_buffer_free(&expected);
    o2p_encoder_free(w.encoder);
}

static void texts_and_ids(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t id[] = {0xAB, 0x01};
    static const uint32_t indices[] = {1, 0, 1};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_buffer out, lengths;
    o2p_buffer_init(&out, &f->memory);
    o2p_buffer_init(&lengths, &f->memory);
    assert_int_equal(o2p_intern(&w.encoder->duplicates, id, 2, false), 1);
    w.dictionary = &w.encoder->duplicates;
    w.physical = O2P_PHYSICAL_BYTE_ARRAY;
    leaf.indices = indices;
    o2p_put_values(&w, (o2p_value_range){1, 2, 1, 3}, &out);
    w.hex = true;
    o2p_put_values(&w, (o2p_value_range){1, 2, 1, 3}, &out);
    static const char plain[] = "\0\0\0\0\2\0\0\0\xAB\x01\0\0\0\0\4\0\0\0ab01";
    assert_int_equal(out.size, sizeof(plain) - 1);
    assert_memory_equal(out.data, plain, sizeof(plain) - 1);
    out.size = 0;
    w.encoding = O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY;
    o2p_put_values(&w, (o2p_value_range){0, 3, 0, 3}, &out);
    static const int32_t sizes[] = {4, 0, 4};
    o2p_delta_encode32(&lengths, sizes, 3);
    assert_int_equal(out.size, lengths.size + 8);
    assert_memory_equal(out.data, lengths.data, lengths.size);
    assert_memory_equal(out.data + lengths.size, "ab01ab01", 8);
    /* all of these for the bloom filter */
    const uint64_t none = o2p_xxh64("", 0, 0), hex = o2p_xxh64("ab01", 4, 0);
    const uint64_t hashes[] = {none, o2p_xxh64(id, 2, 0), none, hex, hex, none, hex};
    assert_int_equal(w.encoder->hashes.size, sizeof(hashes));
    assert_memory_equal(w.encoder->hashes.data, hashes, sizeof(hashes));
    o2p_buffer_free(&out);
    o2p_buffer_free(&lengths);
    o2p_encoder_free(w.encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(booleans),
        walk_test(plain_numbers),
        walk_test(deltas),
        walk_test(texts_and_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
