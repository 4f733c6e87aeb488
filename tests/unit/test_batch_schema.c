/* test_batch_schema.c - tests of lib/batch/schema.c: the tables hold together. What the columns
 * are is declared in schema.def alone; here are the rules it has to keep.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/schema.h"
#include <cmocka.h>

static const o2p_table tables[] = {O2P_TABLE_LOGS,
                                   O2P_TABLE_TRACES,
                                   O2P_TABLE_METRICS_GAUGE,
                                   O2P_TABLE_METRICS_SUM,
                                   O2P_TABLE_METRICS_HISTOGRAM,
                                   O2P_TABLE_METRICS_EXPONENTIAL_HISTOGRAM,
                                   O2P_TABLE_METRICS_SUMMARY};

static void names_and_signals(void **state)
{
    (void)state;
    static const char *const names[] = {"logs",
                                        "traces",
                                        "metrics_gauge",
                                        "metrics_sum",
                                        "metrics_histogram",
                                        "metrics_exponential_histogram",
                                        "metrics_summary"};
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++) {
        assert_string_equal(o2p_table_name(tables[t]), names[t]);
        assert_int_equal(o2p_table_signal(tables[t]), t == 0   ? O2P_SIGNAL_LOGS
                                                      : t == 1 ? O2P_SIGNAL_TRACES
                                                               : O2P_SIGNAL_METRICS);
    }
    const o2p_schema_column *columns = &(o2p_schema_column){0};
    for (int none = -1; none <= O2P_TABLE_COUNT; none += O2P_TABLE_COUNT + 1) {
        assert_null(o2p_table_name((o2p_table)none));
        assert_int_equal(o2p_table_signal((o2p_table)none), O2P_SIGNAL_AUTO);
        assert_int_equal(o2p_schema_columns((o2p_table)none, &columns), 0);
        assert_null(columns);
        columns = &(o2p_schema_column){0};
    }
}

static void columns_hold_together(void **state)
{
    (void)state;
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++) {
        const o2p_schema_column *columns;
        size_t count = o2p_schema_columns(tables[t], &columns);
        assert_in_range(count, 25, 60);
        for (size_t i = 0; i < count; i++) {
            const o2p_schema_column *c = &columns[i];
            assert_true(strlen(c->name) > 0 && strlen(c->doc) > 10);
            assert_int_equal(c->doc[strlen(c->doc) - 1], '.');
            assert_true(c->type <= O2P_TYPE_STRUCT_LIST);
            assert_true(c->field_id > 0 && c->field_id % 8 == 0);
            if (c->type >= O2P_TYPE_STRING_MAP)
                assert_false(c->nullable);
            assert_true(c->parent >= -1 && c->parent < (int32_t)i);
            if (c->parent >= 0)
                assert_int_equal(columns[c->parent].type, O2P_TYPE_STRUCT_LIST);
            if (c->parent >= 0 && columns[i - 1].parent != c->parent)
                assert_int_equal(c->parent, i - 1); /* directly behind it */
            if (c->type == O2P_TYPE_STRUCT_LIST)
                assert_true(i + 1 < count && columns[i + 1].parent == (int32_t)i);
            for (size_t j = 0; j < i; j++) {
                assert_int_not_equal(columns[j].field_id, c->field_id);
                if (columns[j].parent == c->parent)
                    assert_string_not_equal(columns[j].name, c->name);
            }
        }
        assert_string_equal(columns[count - 1].name, "DuplicateAttributes");
        assert_true(columns[count - 1].nullable);
    }
}

/* A column that several tables share is the same in all of them. */
static void shared_columns_are_the_same(void **state)
{
    (void)state;
    for (size_t a = 0; a < O2P_TABLE_COUNT; a++)
        for (size_t b = 0; b < a; b++)
            for (size_t i = 0; i < o2p_tables[a].column_count; i++)
                for (size_t j = 0; j < o2p_tables[b].column_count; j++) {
                    const o2p_schema_column *c = &o2p_tables[a].infos[i],
                                            *d = &o2p_tables[b].infos[j];
                    bool same = o2p_tables[a].columns[i] == o2p_tables[b].columns[j];
                    assert_int_equal(c->field_id == d->field_id, same);
                    if (same) {
                        assert_ptr_equal(c->name, d->name);
                        assert_int_equal(c->type, d->type);
                    }
                }
}

/* The companions: ...Nanos completes a time of the same nullness or one that is never null,
 * ...Types a map. */
static void companions_have_what_they_complete(void **state)
{
    (void)state;
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++) {
        const o2p_table_spec *spec = &o2p_tables[t];
        size_t nanos = 0, types = 0, maps = 0, times = 0;
        for (size_t i = 0; i < spec->column_count; i++) {
            const o2p_column_spec *c = &o2p_columns[spec->columns[i]];
            maps += c->kind == O2P_KIND_MAP;
            times += c->kind == O2P_KIND_TIME;
            size_t length = strlen(spec->infos[i].name);
            types += length > 5 && strcmp(spec->infos[i].name + length - 5, "Types") == 0;
            if (c->kind != O2P_KIND_NANOS)
                continue;
            nanos++;
            size_t of = 0;
            while (of < i && spec->columns[of] != c->of)
                of++;
            assert_true(of < i); /* before it, in the same table */
            assert_int_equal(o2p_columns[c->of].kind, O2P_KIND_TIME);
            assert_int_equal(spec->infos[of].parent, spec->infos[i].parent);
            assert_int_equal(strncmp(spec->infos[of].name, spec->infos[i].name, length - 5), 0);
            assert_int_equal(o2p_columns[c->of].source, c->source);
        }
        assert_int_equal(nanos, times);
        assert_int_equal(types, maps);
        assert_int_equal(o2p_columns[spec->time].kind, O2P_KIND_TIME);
        assert_false(o2p_columns[spec->time].nullable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_signals),
        cmocka_unit_test(columns_hold_together),
        cmocka_unit_test(shared_columns_are_the_same),
        cmocka_unit_test(companions_have_what_they_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
