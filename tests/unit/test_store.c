/* test_store.c - resources and scopes once each, runs of rows, and rolling a whole store back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "counting_allocator.h"
#include "store_reader.h"
#include <cmocka.h>

static counting_allocator counting;
static o2p_memory memory;
static o2p_store store;

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_store_init(&store, &memory, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_store_free(&store);
    return counting.blocks == 0 && memory.held == 0 ? 0 : -1;
}

static uint32_t find(o2p_source source, const char *bytes, bool *known)
{
    return o2p_store_find(&store, source, (const uint8_t *)bytes, strlen(bytes), known);
}

static void an_empty_store_holds_nothing(void **state)
{
    (void)state;
    assert_int_equal(counting.calls, 0);
    assert_int_equal(store.row_count, 0);
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++) {
        assert_null(store.tables[t]);
        assert_int_equal(o2p_store_run_count(&store, (o2p_table)t), 0);
    }
}

static void groups_are_found_by_their_bytes(void **state)
{
    (void)state;
    bool known;
    assert_int_equal(find(O2P_SOURCE_RESOURCE, "a", &known), 0);
    assert_false(known);
    assert_int_equal(find(O2P_SOURCE_RESOURCE, "b", &known), 1);
    assert_false(known);
    assert_int_equal(find(O2P_SOURCE_RESOURCE, "a", &known), 0);
    assert_true(known);
    assert_int_equal(find(O2P_SOURCE_SCOPE, "a", &known), 0); /* another memo */
    assert_false(known);
    assert_int_equal(store.groups[O2P_SOURCE_RESOURCE]->count, 2);
    assert_int_equal(store.groups[O2P_SOURCE_SCOPE]->count, 1);
    o2p_store_notices(&store, O2P_SOURCE_RESOURCE, 1)->duplicate_keys = 7;
    assert_int_equal(o2p_store_notices(&store, O2P_SOURCE_RESOURCE, 0)->duplicate_keys, 0);
    assert_int_equal(o2p_store_notices(&store, O2P_SOURCE_RESOURCE, 1)->duplicate_keys, 7);
    char many[8];
    for (unsigned i = 0; i < 5000; i++) { /* over the growth, and the give-up, of the memo */
        memset(many, 0, sizeof(many));
        memcpy(many, "x", 1);
        memcpy(many + 1, &i, 4);
        assert_int_equal(
            o2p_store_find(&store, O2P_SOURCE_RESOURCE, (const uint8_t *)many, 6, &known), i + 2);
        assert_false(known);
        assert_int_equal(store.groups[O2P_SOURCE_RESOURCE]->count, i + 3);
    }
    find(O2P_SOURCE_RESOURCE, "a", &known); /* a memo that gave up makes new rows, no wrong ones */
    assert_false(known);
}

static void runs_are_settled(void **state)
{
    (void)state;
    o2p_store_run(&store, O2P_TABLE_LOGS, 3); /* before the table has any row */
    o2p_rows *rows = o2p_store_table(&store, O2P_TABLE_LOGS);
    assert_ptr_equal(rows, o2p_store_table(&store, O2P_TABLE_LOGS));
    rows->count = 5;
    o2p_store_run(&store, O2P_TABLE_LOGS, 4);
    o2p_store_run(&store, O2P_TABLE_LOGS, 5);
    o2p_store_settle(&store, O2P_TABLE_LOGS, 1, O2P_SOURCE_RESOURCE, 9);
    o2p_store_settle(&store, O2P_TABLE_LOGS, 2, O2P_SOURCE_SCOPE, 8);
    o2p_store_settle(&store, O2P_TABLE_LOGS, 3, O2P_SOURCE_SCOPE, 7); /* none: nothing happens */
    assert_int_equal(o2p_store_run_count(&store, O2P_TABLE_LOGS), 3);
    const o2p_run *runs = o2p_store_runs(&store, O2P_TABLE_LOGS);
    static const o2p_run expected[] = {{0, {0, 0, 0, 3}}, {5, {0, 9, 0, 4}}, {5, {0, 9, 8, 5}}};
    assert_memory_equal(runs, expected, sizeof(expected));
    o2p_store_settle(&store, O2P_TABLE_TRACES, 0, O2P_SOURCE_SCOPE, 7);
}

/* ---- rollback ---- */

/* Adds `count` rows of a group to a table, their texts depending on `seed`. */
static void add_group(o2p_table table, unsigned seed, uint32_t count)
{
    char text[4] = {(char)('a' + seed % 26), (char)('a' + seed / 26 % 26), 'x', '\0'};
    bool known;
    size_t run = o2p_store_run_count(&store, table);
    uint32_t metric = 0;
    if (table >= O2P_TABLE_METRICS_GAUGE) {
        o2p_rows *metrics = o2p_store_group(&store, O2P_SOURCE_METRIC);
        if (metrics == NULL)
            return;
        metric = metrics->count++;
        o2p_set_text(metrics, O2P_COL_MetricName, metric, (const uint8_t *)text, 3, false);
    }
    o2p_store_run(&store, table, metric);
    for (uint32_t i = 0; i < count; i++) {
        o2p_rows *rows = o2p_store_table(&store, table);
        if (rows == NULL)
            return;
        o2p_set64(rows, o2p_tables[table].time, rows->count, seed + i);
        rows->count++;
        store.row_count++;
    }
    uint32_t resource = find(O2P_SOURCE_RESOURCE, text, &known);
    if (memory.failed)
        return;
    if (!known) {
        o2p_set_text(store.groups[O2P_SOURCE_RESOURCE], O2P_COL_ServiceName, resource,
                     (const uint8_t *)text, 2, false);
        o2p_store_notices(&store, O2P_SOURCE_RESOURCE, resource)->unknown_fields = seed;
        store.pool.repaired++;
    }
    o2p_store_settle(&store, table, run, O2P_SOURCE_RESOURCE, resource);
    find(O2P_SOURCE_SCOPE, "scope", &known);
}

static void check_row(o2p_table table, uint32_t row, const char *service, const char *time)
{
    assert_string_equal(store_cell(&store, table, O2P_COL_ServiceName, row), service);
    assert_string_equal(store_cell(&store, table, o2p_tables[table].time, row), time);
}

static void rollback_leaves_nothing(void **state)
{
    (void)state;
    static o2p_store_mark mark;
    for (unsigned before = 0; before < 3; before++) {
        o2p_store_free(&store);
        o2p_store_init(&store, &memory, false);
        for (unsigned i = 0; i < before; i++)
            add_group(O2P_TABLE_LOGS, i, 2);
        for (unsigned round = 0; round < 3; round++) {
            o2p_store_save(&store, &mark);
            for (unsigned i = 0; i < 60; i++)
                add_group((o2p_table)(i % O2P_TABLE_COUNT), i + before, 3);
            o2p_store_rollback(&store, &mark);
            assert_int_equal(store.row_count, 2 * before);
            assert_int_equal(store.pool.repaired, before);
            assert_null(store.tables[O2P_TABLE_TRACES]);
            assert_null(store.groups[O2P_SOURCE_METRIC]);
            assert_int_equal(store.tables[O2P_TABLE_LOGS] != NULL, before > 0);
            assert_int_equal(o2p_store_run_count(&store, O2P_TABLE_LOGS), before);
        }
        add_group(O2P_TABLE_LOGS, 30, 1);
        add_group(O2P_TABLE_LOGS, 0, 1);
        for (uint32_t i = 0; i < before; i++)
            check_row(O2P_TABLE_LOGS, 2 * i + 1, i == 0 ? "aa" : "ba", i == 0 ? "1" : "2");
        check_row(O2P_TABLE_LOGS, 2 * before, "eb", "30");
        check_row(O2P_TABLE_LOGS, 2 * before + 1, "aa", "0");
        assert_int_equal(store.groups[O2P_SOURCE_RESOURCE]->count, before < 2 ? 2 : 3);
        assert_int_equal(o2p_store_notices(&store, O2P_SOURCE_RESOURCE, before)->unknown_fields,
                         30);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    static o2p_store_mark mark;
    bool done = false;
    for (size_t n = 1; !done; n++) {
        o2p_store_free(&store);
        o2p_store_init(&store, &memory, false);
        add_group(O2P_TABLE_LOGS, 1, 1);
        o2p_store_save(&store, &mark);
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        for (unsigned i = 0; i < 40 && !memory.failed; i++)
            add_group((o2p_table)(i % O2P_TABLE_COUNT), i, 20);
        done = counting.refused == 0;
        counting.refuse_at = 0;
        assert_int_equal(memory.failed, !done);
        memory.failed = false;
        o2p_store_rollback(&store, &mark);
        add_group(O2P_TABLE_METRICS_SUM, 2, 1);
        check_row(O2P_TABLE_LOGS, 0, "ba", "1");
        check_row(O2P_TABLE_METRICS_SUM, 0, "ca", "2");
        assert_int_equal(store.row_count, 2);
    }
}

static void add_list(o2p_rows *to, o2p_col col, const char *key, const char *value)
{
    o2p_column *column = &to->columns[col];
    o2p_dictionary *keys = o2p_column_key_dictionary(to, col);
    o2p_dictionary *values = o2p_column_dictionary(to, col);
    o2p_buffer_u32(&column->keys, o2p_intern(keys, (const uint8_t *)key, strlen(key), false));
    o2p_buffer_u32(&column->items,
                   o2p_intern(values, (const uint8_t *)value, strlen(value), false));
    assert_int_not_equal(o2p_end_map(to, col, column->keys.size / 4), 0);
}

/* Of tables and groups, those since the mark alone, whether they were there or not. */
static void lists_since_a_mark_are_counted(void **state)
{
    (void)state;
    static o2p_store_mark mark;
    bool known;
    find(O2P_SOURCE_RESOURCE, "r", &known);
    o2p_rows *resources = o2p_store_group(&store, O2P_SOURCE_RESOURCE);
    add_list(resources, O2P_COL_ResourceAttributes, "before", "before");
    o2p_store_save(&store, &mark);
    assert_int_equal(o2p_store_list_bytes(&store, &mark), 0);
    add_list(resources, O2P_COL_ResourceAttributes, "k", "12345");
    assert_int_equal(o2p_store_list_bytes(&store, &mark), 16 + 6);
    add_list(o2p_store_table(&store, O2P_TABLE_TRACES), O2P_COL_EventsAttributes, "key", "");
    add_list(o2p_store_table(&store, O2P_TABLE_TRACES), O2P_COL_EventsAttributes, "key", "1");
    assert_int_equal(o2p_store_list_bytes(&store, &mark), 16 + 6 + 16 + 3 + 16 + 4);
    o2p_store_save(&store, &mark);
    assert_int_equal(o2p_store_list_bytes(&store, &mark), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_store_holds_nothing),
        TEST(groups_are_found_by_their_bytes),
        TEST(runs_are_settled),
        TEST(rollback_leaves_nothing),
        TEST(any_allocation_may_fail),
        TEST(lists_since_a_mark_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
