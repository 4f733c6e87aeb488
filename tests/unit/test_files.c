/* test_files.c - a store as files: split, named, ordered, and owned by the output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/files.h"
#include "parquet_reader.h"
#include "walk_fixture.h"
#include <cmocka.h>

#define HOUR UINT64_C(3600000000000)

static o2p_settings settings_of(o2p_options options)
{
    o2p_settings settings;
    o2p_error error;
    options.size = sizeof(options);
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

static o2p_output write_files(walk_fixture *f, o2p_options options)
{
    o2p_settings settings = settings_of(options);
    o2p_output out;
    memset(&out, 0, sizeof(out));
    assert_int_equal(o2p_files_write(&f->store, &settings, &out), O2P_OK);
    return out;
}

static void put_log(walk_fixture *f, const char *service, uint64_t time)
{
    sample_open(&f->p, service);
    pb_open(&f->p, 2);
    pb_fixed64(&f->p, 1, time);
    pb_close(&f->p);
    sample_close(&f->p);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
}

static void no_rows_no_files(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_output out = write_files(f, (o2p_options){0});
    assert_int_equal(out.file_count, 0);
    assert_null(out.files);
    o2p_files_free(&out);
}

static void rows_are_split_by_hour(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t times[] = {5 * HOUR, 6 * HOUR - 1, 3 * HOUR + 7, 5 * HOUR + 1,
                                     0,        HOUR - 1};
    for (size_t i = 0; i < 6; i++)
        put_log(f, "a", times[i]);
    o2p_output out = write_files(f, (o2p_options){0});
    static const struct {
        const char *folder;
        uint64_t rows, min, max;
    } expected[] = {
        {"logs/year=1970/month=01/day=01/hour=00/19700101T000000000000Z-", 2, 0, HOUR - 1},
        {"logs/year=1970/month=01/day=01/hour=03/19700101T030000000000Z-", 1, 3 * HOUR + 7,
         3 * HOUR + 7},
        {"logs/year=1970/month=01/day=01/hour=05/19700101T050000000000Z-", 3, 5 * HOUR,
         6 * HOUR - 1}};
    assert_int_equal(out.file_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const o2p_file *file = &out.files[i];
        size_t length = strlen(expected[i].folder);
        assert_int_equal(strncmp(file->path, expected[i].folder, length), 0);
        assert_int_equal(strlen(file->path), length + 16 + strlen(".parquet"));
        assert_int_equal(file->rows, expected[i].rows);
        assert_int_equal(file->min_time_ns, expected[i].min);
        assert_int_equal(file->max_time_ns, expected[i].max);
        o2p_buffer bytes = {(uint8_t *)(uintptr_t)file->data, file->size, file->size, NULL};
        parquet_reader reader = parquet_open(&bytes);
        assert_int_equal(thrift_int_field(reader.metadata, 3), file->rows);
    }
    o2p_files_free(&out);
}

static void rows_are_split_by_service(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_log(f, "b", 1);
    put_log(f, "", 2);
    put_log(f, "..", 3);
    put_log(f, "b", 4);
    o2p_output out = write_files(f, (o2p_options){.path_template = "{service}/{hash}"});
    assert_int_equal(out.file_count, 3);
    static const char *const folders[] = {"%2E%2E/", "b/", "unknown_service/"};
    for (size_t i = 0; i < 3; i++) { /* in order of path */
        assert_int_equal(strncmp(out.files[i].path, folders[i], strlen(folders[i])), 0);
        assert_int_equal(out.files[i].rows, i == 1 ? 2 : 1);
    }
    o2p_files_free(&out);
}

static void tables_come_in_order(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const o2p_signal order[] = {O2P_SIGNAL_METRICS, O2P_SIGNAL_TRACES, O2P_SIGNAL_LOGS};
    for (size_t i = 0; i < 3; i++) {
        sample_request(&f->p, order[i], 1);
        assert_int_equal(walk_read(f, order[i]), O2P_OK);
    }
    o2p_output out = write_files(f, (o2p_options){.path_template = "{hash}"});
    assert_int_equal(out.file_count, O2P_TABLE_COUNT);
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++)
        assert_int_equal(out.files[i].table, i);
    o2p_files_free(&out);
}

/* The name changes with the bytes, the table and the options, and with nothing else. */
static void names_tell_content(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const o2p_promotion promotions[] = {{O2P_PROMOTE_RECORD, "a", "bc", O2P_PROMOTE_STRING},
                                               {O2P_PROMOTE_RECORD, "a", "x", O2P_PROMOTE_STRING},
                                               {O2P_PROMOTE_RECORD, "ab", "c", O2P_PROMOTE_STRING},
                                               {O2P_PROMOTE_RECORD, "a", "bc", O2P_PROMOTE_INT64},
                                               {O2P_PROMOTE_RESOURCE, "a", "bc", 0}};
#define PROMOTED(first, count)                                                                     \
    .path_template = "{hash}", .promotions = promotions + (first), .promotion_count = (count)
    static const o2p_options options[] = {
        {.path_template = "{hash}"},
        {.path_template = "{hash}", .codec = O2P_CODEC_SNAPPY},
        {.path_template = "{hash}", .default_time_ns = 7, .max_memory_bytes = 1 << 30},
        {.path_template = "{hash}", .codec = O2P_CODEC_UNCOMPRESSED},
        {.path_template = "{hash}", .codec = O2P_CODEC_ZSTD},
        {.path_template = "{hash}", .codec = O2P_CODEC_ZSTD, .codec_level = 2},
        {.path_template = "{hash}", .codec = O2P_CODEC_GZIP},
        {.path_template = "{hash}", .codec = O2P_CODEC_LZ4_RAW},
        {.path_template = "{hash}", .order = O2P_ORDER_RECEIVED},
        {.path_template = "{hash}", .ids = O2P_IDS_BINARY},
        {.path_template = "{hash}", .timestamps = O2P_TIMESTAMPS_NANOS},
        {.path_template = "{hash}", .attributes = O2P_ATTRIBUTES_JSON},
        {.path_template = "{hash}", .attributes = O2P_ATTRIBUTES_VARIANT},
        {PROMOTED(0, 1)},
        {PROMOTED(0, 1), .promotions_only = true},
        {PROMOTED(0, 2)},
        {PROMOTED(1, 1)},
        {PROMOTED(2, 1)},
        {PROMOTED(3, 1)},
        {PROMOTED(4, 1)},
        {.path_template = "{hash}", .row_group_rows = 77},
        {.path_template = "{hash}", .page_rows = 77},
        {.path_template = "{hash}", .page_bytes = 7777},
        {.path_template = "{hash}", .row_group_bytes = 77777},
        {.path_template = "{hash}", .dictionary_bytes = 7777},
        {.path_template = "{hash}", .statistics_bytes = 77},
        {.path_template = "{hash}", .bloom_columns = ""},
        {.path_template = "{hash}", .bloom_columns = "TraceId,Exemplars.SpanId"},
        {.path_template = "{hash}", .bloom_fpp = 0.1},
        {.path_template = "{hash}", .hash_seed = 7},
    };
#undef PROMOTED
    enum { OPTIONS = sizeof(options) / sizeof(options[0]) };
    char paths[OPTIONS + 1][32];
    put_log(f, "a", 1);
    for (size_t i = 0; i < OPTIONS; i++) {
        o2p_output out = write_files(f, options[i]);
        strcpy(paths[i], out.files[0].path);
        assert_int_equal(strlen(paths[i]), 16);
        o2p_files_free(&out);
    }
    assert_string_equal(paths[1], paths[0]);
    assert_string_equal(paths[2], paths[0]);
    put_log(f, "a", 2);
    o2p_output out = write_files(f, options[0]);
    strcpy(paths[OPTIONS], out.files[0].path);
    o2p_files_free(&out);
    for (size_t i = 2; i <= OPTIONS; i++)
        for (size_t j = 2; j < i; j++)
            assert_string_not_equal(paths[i], paths[j]);
}

/* What a conversion holds does not count the files that it handed over. */
static void files_belong_to_the_output(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_log(f, "a", 1);
    o2p_output first = write_files(f, (o2p_options){0});
    o2p_files_free(&first); /* dictionaries are ready now */
    size_t held = f->memory.held, bytes = f->counting.bytes;
    o2p_output out = write_files(f, (o2p_options){0});
    assert_int_equal(f->memory.held, held);
    assert_true(f->counting.bytes > bytes + out.files[0].size);
    o2p_files_free(&out);
    assert_int_equal(f->counting.bytes, bytes);
}

static void any_allocation_may_fail(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_LOGS, 1);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    o2p_settings settings = settings_of((o2p_options){0});
    o2p_status status = O2P_ERR_OUT_OF_MEMORY;
    o2p_output out, zero;
    memset(&out, 0, sizeof(out));
    memset(&zero, 0, sizeof(zero));
    for (size_t n = 1; status != O2P_OK; n++) {
        f->counting.refused = 0;
        f->counting.refuse_at = f->counting.calls + n;
        status = o2p_files_write(&f->store, &settings, &out);
        f->counting.refuse_at = 0;
        assert_int_equal(status, f->counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        f->memory.failed = false;
        if (status != O2P_OK)
            assert_memory_equal(&out, &zero, sizeof(out));
    }
    assert_int_equal(out.file_count, 2);
    o2p_files_free(&out);
}

/* All files together; none is kept when they are too large. */
static void output_has_a_most(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    put_log(f, "a", 1);
    put_log(f, "b", 2 * HOUR);
    put_log(f, "c", 3 * HOUR);
    o2p_output out = write_files(f, (o2p_options){0}), limited, zero;
    uint64_t sum = 0;
    assert_int_equal(out.file_count, 3);
    for (size_t i = 0; i < 3; i++)
        sum += out.files[i].size;
    o2p_files_free(&out);
    size_t bytes = f->counting.bytes;
    out = write_files(f, (o2p_options){.max_output_bytes = sum});
    assert_int_equal(out.file_count, 3);
    o2p_files_free(&out);
    memset(&zero, 0, sizeof(zero));
    for (uint64_t most = sum - 1; most > 0; most /= 2) {
        o2p_settings settings = settings_of((o2p_options){.max_output_bytes = most});
        memset(&limited, 0, sizeof(limited));
        assert_int_equal(o2p_files_write(&f->store, &settings, &limited), O2P_ERR_LIMIT);
        assert_false(f->memory.failed);
        assert_memory_equal(&limited, &zero, sizeof(zero));
        assert_int_equal(f->counting.bytes, bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(no_rows_no_files),          walk_test(rows_are_split_by_hour),
        walk_test(rows_are_split_by_service), walk_test(tables_come_in_order),
        walk_test(names_tell_content),        walk_test(files_belong_to_the_output),
        walk_test(output_has_a_most),         walk_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
