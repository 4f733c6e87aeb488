/* test_column_names.c - columns by the names that options give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include "../../lib/batch/column_names.h"
#include <cmocka.h>

static size_t size_of(const o2p_column_set *set)
{
    size_t count = 0;
    for (unsigned col = 0; col < O2P_COL_COUNT; col++)
        count += o2p_column_set_has(set, (o2p_col)col);
    return count;
}

/* Exactly these columns are named. */
#define assert_named(names, ...)                                                                   \
    do {                                                                                           \
        static const o2p_col expected[] = {__VA_ARGS__};                                           \
        o2p_column_set set;                                                                        \
        assert_null(o2p_text_columns_named(names, &set));                                          \
        assert_int_equal(size_of(&set), sizeof(expected) / sizeof(expected[0]));                   \
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)                        \
            assert_true(o2p_column_set_has(&set, expected[i]));                                    \
    } while (0)

static void columns_and_members(void **state)
{
    (void)state;
    assert_named("TraceId", O2P_COL_TraceId);
    assert_named("Links.TraceId", O2P_COL_LinksTraceId);
    assert_named("Body,ServiceName,Events.Name,Body", O2P_COL_Body, O2P_COL_ServiceName,
                 O2P_COL_EventsName);
    assert_named("Exemplars.SpanId,SpanId", O2P_COL_ExemplarsSpanId, O2P_COL_SpanId);
    assert_named("DuplicateAttributes", O2P_COL_DuplicateAttributes);
    o2p_column_set set;
    memset(&set, 0xEE, sizeof(set));
    assert_null(o2p_text_columns_named("", &set));
    assert_int_equal(size_of(&set), 0);
}

/* Every column of text has a name, and no other has. */
static void each_column(void **state)
{
    (void)state;
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++)
        for (size_t i = 0; i < o2p_tables[t].column_count; i++) {
            const o2p_schema_column *info = &o2p_tables[t].infos[i];
            o2p_col col = (o2p_col)o2p_tables[t].columns[i];
            o2p_column_set set;
            char name[100] = "";
            if (info->parent >= 0)
                strcat(strcat(name, o2p_tables[t].infos[info->parent].name), ".");
            strcat(name, info->name);
            bool text = o2p_columns[col].kind <= O2P_KIND_ID;
            assert_int_equal(o2p_text_columns_named(name, &set) == NULL, text);
            assert_int_equal(o2p_column_set_has(&set, col), text);
        }
}

static void what_is_wrong(void **state)
{
    (void)state;
    static const char *const none[] = {"traceid",        "TraceId ",       " TraceId",
                                       "TraceId,",       ",TraceId",       ",",
                                       "Links.",         "Links.Body",     ".TraceId",
                                       "LinksTraceId",   "Links.TraceIds", "TraceId,,SpanId",
                                       "Links,TraceId.x"};
    static const char *const unfit[] = {"Timestamp",   "LogAttributes", "Links",
                                        "Links.Flags", "TraceId,Value", "BucketCounts",
                                        "IsMonotonic"};
    o2p_column_set set;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_non_null(o2p_text_columns_named(none[i], &set));
    assert_string_equal(o2p_text_columns_named("Nobody", &set), "no such column");
    for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
        assert_string_equal(o2p_text_columns_named(unfit[i], &set),
                            "a column that holds neither text nor ids");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_and_members),
        cmocka_unit_test(each_column),
        cmocka_unit_test(what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
