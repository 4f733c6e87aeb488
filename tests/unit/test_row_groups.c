/* test_row_groups.c - where row groups end: by rows, by bytes, by attributes that rows share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* Rows of each row group of the table's file. */
static size_t row_groups(walk_fixture *f, const o2p_settings *settings, int64_t *rows, size_t most)
{
    o2p_buffer bytes = encode_table(f, settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    size_t count = thrift_count(thrift_field(file.metadata, 4));
    assert_true(count <= most);
    for (size_t i = 0; i < count; i++)
        rows[i] = thrift_int_field(parquet_row_group(&file, i), 3);
    o2p_buffer_free(&bytes);
    return count;
}

/* A row group holds 2^26 attributes of resources at most, each counted for each of its rows, unless
 * it is a single row. */
static void shared_attributes_cut_row_groups(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { ATTRIBUTES = 1 << 16, MANY = 1 << 10, FEW = 100 };
    for (unsigned i = 0; i < 2; i++) {
        pb_open(&f->p, 1);
        pb_open(&f->p, 1);
        pb_attribute(&f->p, 1, "service.name", i == 0 ? "a" : "b");
        for (unsigned a = 1; a < ATTRIBUTES && i == 0; a++) {
            char key[8];
            snprintf(key, sizeof(key), "%u", a);
            pb_attribute(&f->p, 1, key, "");
        }
        pb_close(&f->p);
        pb_open(&f->p, 2);
        for (unsigned row = 0; row < (i == 0 ? MANY + 5 : FEW); row++) {
            pb_open(&f->p, 2);
            pb_close(&f->p);
        }
        pb_close(&f->p);
        pb_close(&f->p);
    }
    f->walk.limits.max_shared_attributes = ATTRIBUTES;
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    int64_t rows[4];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    settings.row_group_bytes = UINT64_MAX;
    assert_int_equal(row_groups(f, &settings, rows, 4), 2);
    assert_int_equal(rows[0], MANY);
    assert_int_equal(rows[1], 5 + FEW);
}

/* Logs with these bodies, padded to `size` bytes: number i has body i % different. */
static void put_logs(walk_fixture *f, unsigned count, unsigned size, unsigned different)
{
    char body[3000];
    assert_true(size < sizeof(body));
    for (unsigned i = 0; i < count; i++) {
        snprintf(body, sizeof(body), "%0*u", (int)size, i % different);
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_text(&f->p, 1, body);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
    }
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
}

/* Uncompressed bytes of a row group. */
static int64_t group_bytes(walk_fixture *f, const o2p_settings *settings, size_t group)
{
    o2p_buffer bytes = encode_table(f, settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    int64_t size = thrift_int_field(parquet_row_group(&file, group), 2);
    o2p_buffer_free(&bytes);
    return size;
}

/* Row groups come close to their bytes: beside the rows there is some 4 KB of page headers. */
static void bytes_end_a_row_group(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { MOST = 40000, HEADERS = 5000 };
    int64_t rows[32];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_UNCOMPRESSED);
    settings.row_group_bytes = MOST;
    put_logs(f, 200, 2000, 200);
    size_t groups = row_groups(f, &settings, rows, 32);
    assert_in_range(groups, 200 * 2004 / MOST, 200 * 2004 / MOST + 2);
    for (size_t g = 0; g + 1 < groups; g++)
        assert_in_range(group_bytes(f, &settings, g), MOST - 3000, MOST + HEADERS);
    check_store(f, &settings);
    settings.row_group_rows = 10; /* whichever comes first */
    assert_int_equal(row_groups(f, &settings, rows, 32), 20);
}

/* A text that comes again takes an index, as long as there is a dictionary. */
static void what_repeats_counts_once(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    int64_t rows[128];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_UNCOMPRESSED);
    settings.row_group_bytes = 40000;
    put_logs(f, 500, 2000, 10);
    assert_int_equal(row_groups(f, &settings, rows, 128), 1);
    settings.dictionary_bytes = 2000;
    size_t groups = row_groups(f, &settings, rows, 128);
    assert_in_range(groups, 500 * 2004 / 40000, 500 * 2004 / 40000 + 2);
    assert_true(group_bytes(f, &settings, 0) < 45000);
}

/* A row that is larger by itself is a row group. */
static void a_row_group_has_a_row(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    int64_t rows[8];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    settings.row_group_bytes = 1;
    put_logs(f, 7, 10, 7);
    assert_int_equal(row_groups(f, &settings, rows, 8), 7);
    check_store(f, &settings);
}

/* Every kind of column is weighed, members of lists too: files of all tables, in row groups of
 * about so many bytes, are read back, and have more row groups the smaller these are. */
static void all_tables(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_TRACES, O2P_SIGNAL_METRICS};
    for (size_t s = 0; s < 3; s++) {
        fill_store(f, signals[s], 6);
        for (uint64_t most = 500; most <= 32000; most *= 4) {
            o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
            settings.row_group_bytes = most;
            check_store(f, &settings);
        }
    }
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++) {
        size_t before = SIZE_MAX;
        for (uint64_t most = 500; most <= 32000; most *= 4) {
            o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
            settings.row_group_bytes = most;
            o2p_buffer bytes = encode_table(f, &settings, (o2p_table)t);
            parquet_reader file = parquet_open(&bytes);
            size_t groups = thrift_count(thrift_field(file.metadata, 4));
            assert_true(groups <= before);
            assert_true(most > 500 || groups > 1);
            before = groups;
            o2p_buffer_free(&bytes);
        }
    }
}

/* The same resource counts once, whether its rows came under one or under many. */
static void requests_do_not_matter(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    int64_t rows[2][40];
    size_t counts[2];
    for (unsigned apart = 0; apart < 2; apart++) {
        for (unsigned i = 0; i < 40; i++) {
            if (i == 0 || apart)
                sample_open(&f->p, "a service with a name of some length");
            pb_open(&f->p, 2);
            pb_fixed64(&f->p, 1, SAMPLE_TIME + i);
            pb_text(&f->p, 3, i % 2 == 0 ? "even" : "odd");
            pb_close(&f->p);
            if (i == 39 || apart)
                sample_close(&f->p);
        }
        walk_fresh(f, O2P_SIGNAL_LOGS);
        o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
        settings.row_group_bytes = 500;
        counts[apart] = row_groups(f, &settings, rows[apart], 40);
        f->p.size = 0;
    }
    assert_in_range(counts[0], 2, 20);
    assert_int_equal(counts[1], counts[0]);
    assert_memory_equal(rows[1], rows[0], counts[0] * sizeof(rows[0][0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(shared_attributes_cut_row_groups), walk_test(bytes_end_a_row_group),
        walk_test(what_repeats_counts_once),         walk_test(a_row_group_has_a_row),
        walk_test(requests_do_not_matter),           walk_test(all_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
