/* test_pages.c - where pages end: after so many rows, after so many bytes, never inside a row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "parquet_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* Rows of each page of a leaf, which has `count` pages. */
static void pages_of(const o2p_buffer *bytes, o2p_table table, o2p_col col, const int64_t *rows,
                     size_t count)
{
    parquet_reader file = parquet_open(bytes);
    thrift_value group = parquet_row_group(&file, 0);
    size_t leaf = leaf_of(table, col);
    thrift_value pages = thrift_field(parquet_offset_index(&file, 0, leaf), 1);
    assert_int_equal(thrift_count(pages), count);
    for (size_t p = 0; p < count; p++) {
        int64_t end = p + 1 < count ? thrift_int_field(thrift_element(pages, p + 1), 3)
                                    : thrift_int_field(group, 3);
        assert_int_equal(end - thrift_int_field(thrift_element(pages, p), 3), rows[p]);
    }
}

/* Ten logs with bodies of 100 different characters each. */
static void ten_logs(walk_fixture *f)
{
    for (unsigned i = 0; i < 10; i++) {
        char body[101];
        snprintf(body, sizeof(body), "%0100u", i);
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_text(&f->p, 1, body);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
}

static void rows_end_a_page(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    ten_logs(f);
    o2p_settings settings = settings_of(0, 4, 0, O2P_CODEC_SNAPPY);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    static const int64_t rows[] = {4, 4, 2};
    pages_of(&bytes, O2P_TABLE_LOGS, O2P_COL_Body, rows, 3);
    pages_of(&bytes, O2P_TABLE_LOGS, O2P_COL_SeverityText, rows, 3); /* nothing but defaults */
    o2p_buffer_free(&bytes);
}

/* A page ends with the row that fills it: three bodies of 104 bytes are the first above 300. */
static void bytes_end_a_page(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    ten_logs(f);
    o2p_settings settings = settings_of(0, 0, 300, O2P_CODEC_SNAPPY);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    static const int64_t rows[] = {3, 3, 3, 1};
    pages_of(&bytes, O2P_TABLE_LOGS, O2P_COL_Body, rows, 4);
    o2p_buffer_free(&bytes);
}

/* Lists are not torn: a row of many items is one page. */
static void rows_are_whole(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 3; i++) {
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        for (unsigned a = 0; a < 50; a++) {
            char key[16];
            snprintf(key, sizeof(key), "k%u.%u", i, a);
            pb_attribute(&f->p, 6, key, key);
        }
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    o2p_settings settings = settings_of(0, 0, 10, O2P_CODEC_SNAPPY);
    check_store(f, &settings);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    static const int64_t rows[] = {1, 1, 1};
    pages_of(&bytes, O2P_TABLE_LOGS, O2P_COL_LogAttributes, rows, 3);
    o2p_buffer_free(&bytes);
}

/* Values that all differ end their pages earlier than their keys, whose levels they share; members
 * of structs do not; and each row group begins anew. All rows are read back. */
static void leaves_share_levels(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned i = 0; i < 60; i++) {
        char text[81];
        snprintf(text, sizeof(text), "%080u", i);
        sample_open(&f->p, "s");
        pb_open(&f->p, 2);
        for (unsigned a = 0; a < i % 4; a++)
            pb_attribute(&f->p, 9, a == 0 ? "first" : a == 1 ? "second" : "third", text + a);
        for (unsigned e = 0; e < i % 3; e++) {
            pb_open(&f->p, 11);
            pb_fixed64(&f->p, 1, SAMPLE_TIME + i);
            pb_text(&f->p, 2, text + e);
            for (unsigned a = 0; a < i % 5; a++)
                pb_attribute(&f->p, 3, a == 0 ? "x" : text + 75 + a, text + 1);
            pb_close(&f->p);
        }
        pb_close(&f->p);
        sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_TRACES);
    static const uint32_t sizes[][3] = {
        {0, 0, 300}, {25, 0, 300}, {25, 4, 0}, {25, 7, 200}, {1, 1, 1}};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        o2p_settings settings =
            settings_of(sizes[s][0], sizes[s][1], sizes[s][2], O2P_CODEC_SNAPPY);
        check_store(f, &settings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(rows_end_a_page),
        walk_test(bytes_end_a_page),
        walk_test(rows_are_whole),
        walk_test(leaves_share_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
