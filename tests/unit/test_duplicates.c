/* test_duplicates.c - the leaf of DuplicateAttributes: what was noted at each level, in one array a
 * row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "leaf_reader.h"
#include "store_check.h"
#include <cmocka.h>

/* A record with attributes: its key twice where `own`. */
static void record(walk_fixture *f, bool own)
{
    pb_open(&f->p, 2);
    pb_attribute(&f->p, 6, "k", "1");
    if (own)
        pb_attribute(&f->p, 6, "k", "2");
    pb_close(&f->p);
}

/* Two records of a resource and a scope, with doubled keys where asked for. */
static void request(walk_fixture *f, bool resource, bool scope, bool own)
{
    pb_open(&f->p, 1);
    pb_open(&f->p, 1);
    pb_attribute(&f->p, 1, "r", "1");
    if (resource)
        pb_attribute(&f->p, 1, "r", "2");
    pb_close(&f->p);
    pb_open(&f->p, 2);
    pb_open(&f->p, 1);
    pb_attribute(&f->p, 3, "s", "1");
    if (scope)
        pb_attribute(&f->p, 3, "s", "2");
    pb_close(&f->p);
    record(f, own);
    record(f, false);
    pb_close(&f->p);
    pb_close(&f->p);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
}

static void nothing_is_null(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    request(f, false, false, false);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    leaf_reader_begin();
    leaf_reader_chunk(&file, 0, leaf_of(O2P_TABLE_LOGS, O2P_COL_DuplicateAttributes), 0, 1, 1000);
    assert_false(leaf_take(0, 0).present);
    assert_false(leaf_take(0, 0).present);
    leaf_reader_end();
    o2p_buffer_free(&bytes);
}

static void levels_are_joined(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
#define NOTE(path, key)                                                                            \
    "{\"path\":\"" path "\",\"index\":1,\"key\":\"" key "\",\"value\":{\"stringValue\":\"2\"}}"
    static const char *const expected[] = {
        "[" NOTE("ResourceAttributes", "r") "," NOTE("ScopeAttributes",
                                                     "s") "," NOTE("LogAttributes", "k") "]",
        "[" NOTE("ResourceAttributes", "r") "," NOTE("ScopeAttributes", "s") "]",
        "[" NOTE("LogAttributes", "k") "]", NULL};
#undef NOTE
    request(f, true, true, true);
    request(f, false, false, true);
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_buffer bytes = encode_table(f, &settings, O2P_TABLE_LOGS);
    parquet_reader file = parquet_open(&bytes);
    leaf_reader_begin();
    leaf_reader_chunk(&file, 0, leaf_of(O2P_TABLE_LOGS, O2P_COL_DuplicateAttributes), 0, 1, 1000);
    for (size_t i = 0; i < 4; i++)
        if (expected[i] == NULL)
            assert_false(leaf_take(0, 0).present);
        else
            leaf_take_text(0, 1, expected[i], strlen(expected[i]));
    leaf_reader_end();
    o2p_buffer_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(nothing_is_null),
        walk_test(levels_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
