/* test_bounds.c - least and greatest values of pages: of text, ids, lists, and numbers of each
 * kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/batch/leaf_writer.h"
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* Least and greatest of ids, doubles and signed numbers. */
static void bounds_of_a_file(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t doubles[] = {UINT64_C(0x7FF8000000000000), 0,
                                       UINT64_C(0xC000000000000000), UINT64_C(0x4000000000000000)};
    for (unsigned i = 0; i < 4; i++) {
        sample_open(&f->p, i % 2 == 0 ? "b" : "a");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_open(&f->p, 1);
        pb_fixed64(&f->p, 3, 1000 * (uint64_t)(i + 1));
        pb_fixed64(&f->p, i == 1 ? 6 : 4, i == 1 ? (uint64_t)-5 : doubles[i]);
        pb_close(&f->p);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_METRICS), O2P_OK);
    }
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_UNCOMPRESSED);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, &settings);
    static const uint32_t selected[] = {0, 1, 2, 3}, runs[] = {0, 1, 2, 3};
    o2p_buffer bytes;
    assert_int_equal(o2p_encode(encoder, O2P_TABLE_METRICS_GAUGE, selected, runs, 4, &bytes),
                     O2P_OK);
    parquet_reader file = parquet_open(&bytes);
    const o2p_table_spec *spec = &o2p_tables[O2P_TABLE_METRICS_GAUGE];
    size_t leaf = 0, seen = 0;
    for (size_t i = 0; i < spec->column_count; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        thrift_value statistics = thrift_field(parquet_metadata(&file, 0, leaf), 12);
        const uint8_t *min, *max;
        if (spec->columns[i] == O2P_COL_Value) {
            assert_int_equal(thrift_bytes(thrift_field(statistics, 6), &min), 8);
            assert_int_equal(thrift_bytes(thrift_field(statistics, 5), &max), 8);
            assert_int_equal(o2p_load_le64(min), UINT64_C(0xC014000000000000)); /* -5 */
            assert_int_equal(o2p_load_le64(max), doubles[3]);                   /* 2, not NaN */
            seen++;
        } else if (spec->columns[i] == O2P_COL_ValueInt) {
            thrift_bytes(thrift_field(statistics, 6), &min);
            assert_int_equal(o2p_load_le64(min), (uint64_t)-5);
            assert_int_equal(thrift_int_field(statistics, 3), 3);
            seen++;
        } else if (spec->columns[i] == O2P_COL_ServiceName) {
            assert_true(thrift_is_text(thrift_field(statistics, 6), "a"));
            assert_true(thrift_is_text(thrift_field(statistics, 5), "b"));
            seen++;
        } else if (spec->columns[i] == O2P_COL_TimeUnix) {
            thrift_bytes(thrift_field(statistics, 6), &min);
            thrift_bytes(thrift_field(statistics, 5), &max);
            assert_int_equal(o2p_load_le64(min), 1);
            assert_int_equal(o2p_load_le64(max), 4);
            seen++;
        }
        leaf += kind == O2P_KIND_MAP ? 2 : kind != O2P_KIND_STRUCT_LIST;
    }
    assert_int_equal(seen, 4);
    o2p_buffer_free(&bytes);
    o2p_encoder_free(encoder);
}

/* A writer of one leaf by hand. */
static o2p_leaf_writer writer_of(walk_fixture *f, const o2p_settings *settings, o2p_leaf *leaf)
{
    o2p_leaf_writer w;
    memset(&w, 0, sizeof(w));
    memset(leaf, 0, sizeof(*leaf));
    w.encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(w.encoder);
    w.leaf = leaf;
    return w;
}

/* Bounds of the numbers, as words; false: none. */
static bool number_bounds(walk_fixture *f, o2p_physical physical, const uint64_t *words,
                          uint32_t count, uint64_t *min, uint64_t *max)
{
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    o2p_bounds bounds;
    uint8_t stored[16];
    leaf.words = words;
    leaf.constant = words == NULL;
    leaf.value_count = count;
    w.physical = physical;
    w.bounds = true;
    o2p_find_bounds(&w, (o2p_value_range){0, count, 0, count}, stored, &bounds);
    o2p_encoder_free(w.encoder);
    if (!bounds.present)
        return false;
    uint32_t width = physical == O2P_PHYSICAL_BOOLEAN ? 1 : physical == O2P_PHYSICAL_INT32 ? 4 : 8;
    assert_int_equal(bounds.min_size, width);
    assert_int_equal(bounds.max_size, width);
    *min = o2p_load_le64(bounds.min);
    *max = o2p_load_le64(bounds.max);
    return true;
}

static void numbers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t minus_zero = UINT64_C(1) << 63;
    static const uint64_t nans[] = {UINT64_C(0x7FF8000000000001), UINT64_C(0xFFF0000000000001)};
    static const uint64_t above = UINT64_C(0x7FF) << 52, below = UINT64_C(0xFFF) << 52;
    static const uint64_t infinities[] = {UINT64_C(0x7FF8000000000001), UINT64_C(0x7FF) << 52,
                                          UINT64_C(0xFFF) << 52};
    static const uint64_t zeros[] = {0, UINT64_C(1) << 63, UINT64_C(0x7FF8000000000001)};
    static const uint64_t ints[] = {5, UINT64_MAX, 0};
    uint64_t min, max;
    assert_false(number_bounds(f, O2P_PHYSICAL_DOUBLE, nans, 2, &min, &max));
    assert_true(number_bounds(f, O2P_PHYSICAL_DOUBLE, infinities, 2, &min, &max));
    assert_true(min == above && max == above);
    assert_true(number_bounds(f, O2P_PHYSICAL_DOUBLE, infinities + 1, 2, &min, &max));
    assert_true(min == below && max == above);
    assert_true(number_bounds(f, O2P_PHYSICAL_DOUBLE, infinities + 2, 1, &min, &max));
    assert_true(min == below && max == below);
    for (unsigned first = 0; first < 2; first++) { /* a zero is -0 as least, +0 as greatest */
        assert_true(number_bounds(f, O2P_PHYSICAL_DOUBLE, zeros + first, 2, &min, &max));
        assert_true(min == minus_zero && max == 0);
    }
    assert_true(number_bounds(f, O2P_PHYSICAL_DOUBLE, NULL, 3, &min, &max));
    assert_true(min == minus_zero && max == 0);
    assert_true(number_bounds(f, O2P_PHYSICAL_INT64, ints, 3, &min, &max));
    assert_true(min == UINT64_MAX && max == 5);
    assert_true(number_bounds(f, O2P_PHYSICAL_INT32, ints, 3, &min, &max)); /* -1 */
    assert_true((uint32_t)min == UINT32_MAX && max == 5);
    assert_true(number_bounds(f, O2P_PHYSICAL_INT64, NULL, 3, &min, &max));
    assert_true(min == 0 && max == 0);
    assert_false(number_bounds(f, O2P_PHYSICAL_INT64, ints, 0, &min, &max));
}

static void check_texts(const o2p_leaf_writer *w, o2p_value_range v, const char *min,
                        const char *max)
{
    o2p_bounds bounds;
    uint8_t stored[16];
    o2p_find_bounds(w, v, stored, &bounds);
    assert_true(bounds.present);
    assert_int_equal(bounds.min_size, strlen(min));
    assert_int_equal(bounds.max_size, strlen(max));
    assert_memory_equal(bounds.min, min, strlen(min));
    assert_memory_equal(bounds.max, max, strlen(max));
}

static void texts(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char *const values[] = {"b", "a", "c", "ca"};
    static const uint32_t indices[] = {1, 2, 3, 4};
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    for (size_t i = 0; i < 4; i++)
        o2p_intern(&w.encoder->duplicates, (const uint8_t *)values[i], strlen(values[i]), false);
    w.dictionary = &w.encoder->duplicates;
    w.physical = O2P_PHYSICAL_BYTE_ARRAY;
    leaf.indices = indices;
    leaf.value_count = 4;
    o2p_bounds none;
    o2p_find_bounds(&w, (o2p_value_range){0, 4, 0, 4}, NULL, &none); /* not wanted */
    assert_false(none.present);
    w.bounds = true;
    check_texts(&w, (o2p_value_range){0, 4, 0, 4}, "a", "ca");
    check_texts(&w, (o2p_value_range){2, 1, 2, 3}, "c", "c");
    w.hex = true;
    check_texts(&w, (o2p_value_range){0, 4, 0, 4}, "61", "6361");
    w.hex = false;
    leaf.constant = true;
    check_texts(&w, (o2p_value_range){0, 2, 0, 2}, "", "");
    o2p_encoder_free(w.encoder);
}

/* Texts alike for longer than a bound is kept are not told apart. */
static void long_texts(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { KEPT = 40 };
    static const uint32_t indices[] = {1, 2};
    char text[KEPT + 3];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    settings.statistics_bytes = KEPT;
    o2p_leaf leaf;
    o2p_leaf_writer w = writer_of(f, &settings, &leaf);
    memset(text, 'x', sizeof(text));
    text[KEPT + 2] = 'b';
    o2p_intern(&w.encoder->duplicates, (const uint8_t *)text, sizeof(text), false);
    text[KEPT + 2] = 'a';
    o2p_intern(&w.encoder->duplicates, (const uint8_t *)text, sizeof(text), false);
    w.dictionary = &w.encoder->duplicates;
    w.physical = O2P_PHYSICAL_BYTE_ARRAY;
    w.bounds = true;
    leaf.indices = indices;
    leaf.value_count = 2;
    o2p_bounds bounds;
    o2p_find_bounds(&w, (o2p_value_range){0, 2, 0, 2}, NULL, &bounds);
    assert_ptr_equal(bounds.min, bounds.max);
    settings.statistics_bytes = KEPT + 3;
    o2p_find_bounds(&w, (o2p_value_range){0, 2, 0, 2}, NULL, &bounds);
    assert_int_equal(bounds.min[KEPT + 2], 'a');
    assert_int_equal(bounds.max[KEPT + 2], 'b');
    o2p_encoder_free(w.encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(bounds_of_a_file),
        walk_test(numbers),
        walk_test(texts),
        walk_test(long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
