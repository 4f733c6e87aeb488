/* test_number_leaf.c - chunks of numbers: the encoding that is chosen, and the values read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

static void encodings_follow_the_values(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 64; i++) {
        double value = 1.0 / (i + 1);
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_open(&f->p, 1);
        pb_fixed64(&f->p, 3, SAMPLE_TIME + i * UINT64_C(1001));
        pb_double(&f->p, 4, value);
        pb_varint(&f->p, 8, i % 2); /* flags */
        pb_close(&f->p);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_METRICS), O2P_OK);
    }
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    check_store(f, &settings);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_METRICS_GAUGE);
    parquet_reader file = parquet_open(&bytes);
    static const struct {
        o2p_col col;
        int64_t encoding;
    } expected[] = {{O2P_COL_TimeUnix, O2P_PAGE_ENCODING_DELTA_BINARY_PACKED},
                    {O2P_COL_Value, O2P_PAGE_ENCODING_PLAIN},
                    {O2P_COL_Flags, O2P_PAGE_ENCODING_RLE_DICTIONARY},
                    {O2P_COL_StartTimeUnix, O2P_PAGE_ENCODING_PLAIN}, /* nothing but nulls */
                    {O2P_COL_ScopeDroppedAttrCount, O2P_PAGE_ENCODING_RLE_DICTIONARY}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        size_t leaf = leaf_of(O2P_TABLE_METRICS_GAUGE, expected[i].col);
        parquet_page page = parquet_data_page(&file, 0, leaf, 0);
        assert_int_equal(thrift_int_field(thrift_field(page.header, 5), 2), expected[i].encoding);
        assert_int_equal(thrift_has(parquet_metadata(&file, 0, leaf), 11),
                         expected[i].encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY);
    }
    o2p_buffer_free(&bytes);
}

static int64_t encoding_of_times(walk_fixture *f, o2p_codec codec)
{
    o2p_settings settings = settings_of(0, 0, 0, codec);
    check_store(f, &settings);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_METRICS_GAUGE);
    parquet_reader file = parquet_open(&bytes);
    size_t leaf = leaf_of(O2P_TABLE_METRICS_GAUGE, O2P_COL_TimeUnix);
    bool dictionary = thrift_has(parquet_metadata(&file, 0, leaf), 11);
    parquet_page page = parquet_data_page(&file, 0, leaf, 0);
    int64_t encoding = thrift_int_field(thrift_field(page.header, 5), 2);
    assert_int_equal(dictionary, encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY);
    o2p_buffer_free(&bytes);
    return encoding;
}

static void add_points(walk_fixture *f, unsigned times, unsigned points_of_a_time)
{
    sample_open(&f->p, "s");
    pb_open(&f->p, 2);
    pb_open(&f->p, 5);
    for (unsigned i = 0; i < times * points_of_a_time; i++) {
        pb_open(&f->p, 1);
        pb_fixed64(&f->p, 3, SAMPLE_TIME + i / points_of_a_time * UINT64_C(1000000));
        pb_close(&f->p);
    }
    pb_close(&f->p);
    pb_close(&f->p);
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_METRICS);
}

/* Times that come again, but one after the other: a dictionary for codecs that find repetitions
 * alone, or none; of few, for all. */
static void runs_of_times_are_plain_for_codecs_that_count(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    add_points(f, 64, 4);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_ZSTD), O2P_PAGE_ENCODING_PLAIN);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_GZIP), O2P_PAGE_ENCODING_PLAIN);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_SNAPPY), O2P_PAGE_ENCODING_RLE_DICTIONARY);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_LZ4_RAW), O2P_PAGE_ENCODING_RLE_DICTIONARY);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_UNCOMPRESSED),
                     O2P_PAGE_ENCODING_RLE_DICTIONARY);
}

static void few_times_or_often_have_a_dictionary(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    add_points(f, 63, 4);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_ZSTD), O2P_PAGE_ENCODING_RLE_DICTIONARY);
    add_points(f, 64, 64);
    assert_int_equal(encoding_of_times(f, O2P_CODEC_ZSTD), O2P_PAGE_ENCODING_RLE_DICTIONARY);
}

/* Beyond the bound there is no dictionary, but for that of one value. */
static void dictionaries_are_bounded(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 64; i++) {
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_varint(&f->p, 2, 1 + i % 4); /* severity: four numbers of four bytes */
        pb_varint(&f->p, 7, 5);         /* dropped attributes: one */
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    for (uint32_t most = 15; most <= 16; most++) {
        o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
        settings.dictionary_bytes = most == 15 ? 7 : 16;
        check_store(f, &settings);
        o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
        parquet_reader file = parquet_open(&bytes);
        size_t severity = leaf_of(O2P_TABLE_LOGS, O2P_COL_SeverityNumber);
        size_t dropped = leaf_of(O2P_TABLE_LOGS, O2P_COL_DroppedAttributesCount);
        assert_int_equal(thrift_has(parquet_metadata(&file, 0, severity), 11), most == 16);
        assert_true(thrift_has(parquet_metadata(&file, 0, dropped), 11));
        o2p_buffer_free(&bytes);
    }
}

/* Booleans are bits: IsMonotonic of sums. */
static void booleans_are_plain(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 11; i++) {
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_open(&f->p, 7);
        pb_open(&f->p, 1);
        pb_close(&f->p);
        pb_varint(&f->p, 3, i % 3 == 0);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_METRICS), O2P_OK);
    }
    o2p_settings settings = settings_of(0, 4, 0, O2P_CODEC_SNAPPY);
    check_store(f, &settings);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_METRICS_SUM);
    parquet_reader file = parquet_open(&bytes);
    size_t leaf = leaf_of(O2P_TABLE_METRICS_SUM, O2P_COL_IsMonotonic);
    parquet_page page = parquet_data_page(&file, 0, leaf, 0);
    assert_int_equal(page.body_size, 1);
    assert_int_equal(page.body[0], 0x9); /* rows 0 and 3 */
    o2p_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(encodings_follow_the_values),
        walk_test(runs_of_times_are_plain_for_codecs_that_count),
        walk_test(few_times_or_often_have_a_dictionary),
        walk_test(dictionaries_are_bounded),
        walk_test(booleans_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
