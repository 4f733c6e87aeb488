/* test_encode.c - whole files: read back and compared with the store for every table and leaf, and
 * what they say of themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "store_check.h"
#include "parquet_reader.h"
#include <cmocka.h>

static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_TRACES, O2P_SIGNAL_METRICS};

static void pages_and_row_groups_of_any_size(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t sizes[][3] = {{0, 0, 0}, {0, 1, 0}, {0, 3, 0},
                                        {5, 2, 0}, {0, 0, 1}, {0, 0, 200}};
    for (size_t s = 0; s < 3; s++) {
        fill_store(f, signals[s], 3);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            o2p_settings settings =
                settings_of(sizes[i][0], sizes[i][1], sizes[i][2],
                            i % 2 == 0 ? O2P_CODEC_SNAPPY : O2P_CODEC_UNCOMPRESSED);
            check_store(f, &settings);
        }
    }
}

/* What options make of the values. */
static void values_of_any_form(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (size_t s = 0; s < 3; s++) {
        fill_store(f, signals[s], 3);
        for (uint32_t rows = 0; rows < 5; rows += 4) {
            o2p_settings settings = settings_of(rows, rows / 2, 0, O2P_CODEC_SNAPPY);
            settings.ids = O2P_IDS_BINARY;
            check_store(f, &settings);
            settings.timestamps = O2P_TIMESTAMPS_NANOS;
            check_store(f, &settings);
        }
    }
}

/* Rows that have next to nothing, between rows that have all. */
static void sparse_rows(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t members[] = {5, 7, 9, 10, 11};
    for (size_t s = 0; s < 3; s++) {
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 0; i < 6; i++) {
                sample_open(&f->p, "sparse");
                pb_open(&f->p, 2);
                if (s == 2) {
                    pb_open(&f->p, members[i % 5]);
                    pb_open(&f->p, 1);
                    pb_close(&f->p);
                    pb_close(&f->p);
                }
                pb_close(&f->p);
                sample_close(&f->p);
                assert_int_equal(walk_read(f, signals[s]), O2P_OK);
            }
            if (round == 1)
                fill_store(f, signals[s], 1);
            o2p_settings settings =
                settings_of(round == 2 ? 4 : 0, round == 2 ? 3 : 0, 0, O2P_CODEC_SNAPPY);
            check_store(f, &settings);
        }
    }
}

static void files_say_what_they_are(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    fill_store(f, O2P_SIGNAL_TRACES, 1);
    for (unsigned order = O2P_ORDER_CLUSTERED; order <= O2P_ORDER_RECEIVED; order++) {
        o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
        settings.order = (o2p_order)order;
        o2p_encoder *encoder = o2p_encoder_new(&f->store, &settings);
        static const uint32_t selected[] = {1, 2}, runs[] = {0, 1};
        o2p_buffer bytes;
        assert_int_equal(o2p_encode(encoder, O2P_TABLE_TRACES, selected, runs, 2, &bytes), O2P_OK);
        parquet_reader file = parquet_open(&bytes);
        static const char *const pairs[][2] = {{"otlp2parquet.version", O2P_VERSION},
                                               {"otlp2parquet.schema_version", "1"},
                                               {"otlp2parquet.signal", "traces"},
                                               {"otlp2parquet.table", "traces"}};
        thrift_value metadata = thrift_field(file.metadata, 5);
        assert_int_equal(thrift_count(metadata), 4);
        for (size_t i = 0; i < 4; i++) {
            assert_true(thrift_is_text(thrift_field(thrift_element(metadata, i), 1), pairs[i][0]));
            assert_true(thrift_is_text(thrift_field(thrift_element(metadata, i), 2), pairs[i][1]));
        }
        thrift_value group = parquet_row_group(&file, 0);
        assert_int_equal(thrift_has(group, 4), order == O2P_ORDER_CLUSTERED);
        if (order ==
            O2P_ORDER_CLUSTERED) { /* ServiceName is the eighth leaf, Timestamp the first */
            assert_int_equal(thrift_count(thrift_field(group, 4)), 2);
            assert_int_equal(thrift_int_field(thrift_element(thrift_field(group, 4), 0), 1), 7);
            assert_int_equal(thrift_int_field(thrift_element(thrift_field(group, 4), 1), 1), 0);
        }
        o2p_buffer_free(&bytes);
        o2p_encoder_free(encoder);
    }
}

/* Columns that the first row group of the logs is said to be sorted by. */
static size_t sorted_by(walk_fixture *f, const o2p_settings *settings)
{
    o2p_buffer bytes = encode_table(f, settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    thrift_value group = parquet_row_group(&file, 0);
    size_t count = thrift_has(group, 4) ? thrift_count(thrift_field(group, 4)) : 0;
    o2p_buffer_free(&bytes);
    return count;
}

/* A record with these times. */
static void timed_log(walk_fixture *f, uint64_t time, uint64_t observed)
{
    sample_open(&f->p, "s");
    pb_open(&f->p, 2);
    if (time != 0)
        pb_fixed64(&f->p, 1, time);
    pb_fixed64(&f->p, 11, observed);
    pb_close(&f->p);
    sample_close(&f->p);
}

/* Times in nanoseconds are sorted as signed numbers, and nulls come first: what does not hold is
 * not said. */
static void sorting_is_said_where_it_holds(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings micros = settings_of(0, 0, 0, O2P_CODEC_SNAPPY), nanos = micros;
    nanos.timestamps = O2P_TIMESTAMPS_NANOS;
    static const uint64_t times[][2] = {
        {SAMPLE_TIME + 1, 1}, {INT64_MAX, 1}, {(uint64_t)INT64_MAX + 1, 1}, {0, SAMPLE_TIME}};
    for (size_t i = 0; i < 4; i++) {
        timed_log(f, SAMPLE_TIME, 1);
        timed_log(f, times[i][0], times[i][1]);
        walk_fresh(f, O2P_SIGNAL_LOGS);
        assert_int_equal(sorted_by(f, &micros), 2);
        assert_int_equal(sorted_by(f, &nanos), i < 2 ? 2 : 1);
        check_store(f, &nanos);
    }
    nanos.order = O2P_ORDER_RECEIVED;
    assert_int_equal(sorted_by(f, &nanos), 0);
}

static void an_encoder_may_be_refused(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_encoder *encoder = NULL;
    for (size_t n = 1; encoder == NULL; n++) {
        size_t blocks = f->counting.blocks;
        f->counting.refused = 0;
        f->counting.refuse_at = f->counting.calls + n;
        encoder = o2p_encoder_new(&f->store, &settings);
        assert_int_equal(encoder == NULL, f->counting.refused > 0);
        if (encoder == NULL)
            assert_int_equal(f->counting.blocks, blocks);
    }
    o2p_encoder_free(encoder);
    o2p_encoder_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(pages_and_row_groups_of_any_size),
        walk_test(values_of_any_form),
        walk_test(sparse_rows),
        walk_test(files_say_what_they_are),
        walk_test(sorting_is_said_where_it_holds),

        walk_test(an_encoder_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
