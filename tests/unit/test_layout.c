/* test_layout.c - tests of lib/batch/layout.c: leaves and Parquet nodes of every table agree with
 * the schema, and follow from the options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/layout.h"
#include "counting_allocator.h"
#include <cmocka.h>

static o2p_memory memory;
static o2p_layout layout;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_layout_init(&layout, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_layout_free(&layout);
    return memory.held == 0 ? 0 : -1;
}

/* Lays out a table as these options say. */
static void make(o2p_table table, o2p_options options)
{
    o2p_settings settings;
    o2p_error error;
    options.size = sizeof(options);
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    assert_true(o2p_layout_make(&layout, table, &settings));
}

#define each_table(t) (o2p_table t = (o2p_table)0; (int)t < O2P_TABLE_COUNT; t = (o2p_table)(t + 1))

/* ---- Parquet nodes ---- */

/* Checks the nodes of one subtree; returns the index behind it. */
static size_t check_node(const o2p_parquet_node *nodes, size_t count, size_t i)
{
    assert_true(i < count);
    const o2p_parquet_node *node = &nodes[i++];
    assert_true(strlen(node->name) > 0);
    assert_true(node->is_group != 0 || node->children == 0);
    assert_true(node->is_group == 0 || node->children > 0);
    if (node->logical == O2P_LOGICAL_MAP) {
        assert_string_equal(nodes[i].name, "key_value");
        assert_int_equal(nodes[i].repetition, O2P_REPEATED);
        assert_int_equal(nodes[i].children, 2);
        assert_string_equal(nodes[i + 1].name, "key");
        assert_string_equal(nodes[i + 2].name, "value");
        for (size_t leaf = i + 1; leaf <= i + 2; leaf++) {
            assert_int_equal(nodes[leaf].repetition, O2P_REQUIRED);
            assert_int_equal(nodes[leaf].logical, O2P_LOGICAL_STRING);
        }
    }
    if (node->logical == O2P_LOGICAL_LIST) {
        assert_string_equal(nodes[i].name, "list");
        assert_int_equal(nodes[i].repetition, O2P_REPEATED);
        assert_string_equal(nodes[i + 1].name, "element");
        assert_int_equal(nodes[i + 1].repetition, O2P_REQUIRED);
    }
    for (unsigned child = 0; child < node->children; child++)
        i = check_node(nodes, count, i);
    return i;
}

static void nodes_are_a_tree(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){0});
            const o2p_parquet_node *nodes = o2p_layout_nodes(&layout);
            size_t count = o2p_layout_node_count(&layout), at = 0, column = 0;
            const o2p_table_spec *spec = &o2p_tables[t];
            while (at < count) { /* each top-level node is the next column that is no member */
                while (spec->infos[column].parent >= 0)
                    column++;
                const o2p_schema_column *info = &spec->infos[column++];
                assert_string_equal(nodes[at].name, info->name);
                assert_int_equal(nodes[at].field_id, info->field_id);
                assert_int_equal(nodes[at].repetition,
                                 info->nullable ? O2P_OPTIONAL : O2P_REQUIRED);
                at = check_node(nodes, count, at);
            }
            while (column < spec->column_count && spec->infos[column].parent >= 0)
                column++;
            assert_int_equal(column, spec->column_count);
            for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < i; j++)
                    assert_int_not_equal(nodes[i].field_id, nodes[j].field_id);
        }
}

/* Each leaf has a node of its own, in the same order, and agrees with it. */
static void leaves_are_the_nodes_without_children(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){0});
            size_t leaf = 0;
            for (size_t i = 0; i < o2p_layout_node_count(&layout); i++) {
                const o2p_parquet_node *node = &o2p_layout_nodes(&layout)[i];
                if (node->is_group)
                    continue;
                const o2p_layout_leaf *l = o2p_layout_leaf_at(&layout, leaf++);
                assert_int_equal(l->node, i);
                assert_int_equal(l->physical, node->physical);
                assert_int_equal(l->nullable, node->repetition == O2P_OPTIONAL);
                assert_int_equal(l->source, o2p_columns[l->cells].source);
            }
            assert_int_equal(leaf, o2p_layout_leaf_count(&layout));
        }
}

static const o2p_layout_leaf *leaf_of(o2p_col col, o2p_part part)
{
    for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
        const o2p_layout_leaf *leaf = o2p_layout_leaf_at(&layout, i);
        if (leaf->column == col && leaf->part == part)
            return leaf;
    }
    return NULL;
}

static void check_leaf(o2p_col col, o2p_part part, o2p_form form, o2p_logical logical,
                       bool nullable)
{
    const o2p_layout_leaf *leaf = leaf_of(col, part);
    assert_non_null(leaf);
    assert_int_equal(leaf->form, form);
    assert_int_equal(leaf->nullable, nullable);
    assert_int_equal(o2p_layout_nodes(&layout)[leaf->node].logical, logical);
}

static void forms_by_default(void **state)
{
    (void)state;
    make(O2P_TABLE_TRACES, (o2p_options){0});
    check_leaf(O2P_COL_Timestamp, O2P_PART_ONLY, O2P_FORM_MICROS, O2P_LOGICAL_TIMESTAMP_MICROS,
               false);
    check_leaf(O2P_COL_SpanTimestampNanos, O2P_PART_ONLY, O2P_FORM_BELOW_MICROS, O2P_LOGICAL_NONE,
               false);
    assert_int_equal(leaf_of(O2P_COL_SpanTimestampNanos, O2P_PART_ONLY)->cells, O2P_COL_Timestamp);
    check_leaf(O2P_COL_TraceId, O2P_PART_ONLY, O2P_FORM_HEX, O2P_LOGICAL_STRING, false);
    check_leaf(O2P_COL_LinksTraceId, O2P_PART_ONLY, O2P_FORM_HEX, O2P_LOGICAL_STRING, false);
    assert_int_equal(leaf_of(O2P_COL_LinksTraceId, O2P_PART_ONLY)->parent, O2P_COL_Links);
    check_leaf(O2P_COL_Duration, O2P_PART_ONLY, O2P_FORM_INT64, O2P_LOGICAL_NONE, true);
    check_leaf(O2P_COL_SpanAttributes, O2P_PART_KEY, O2P_FORM_TEXT, O2P_LOGICAL_STRING, false);
    check_leaf(O2P_COL_SpanAttributes, O2P_PART_VALUE, O2P_FORM_TEXT, O2P_LOGICAL_STRING, false);
    check_leaf(O2P_COL_DuplicateAttributes, O2P_PART_ONLY, O2P_FORM_NOTED, O2P_LOGICAL_STRING,
               true);
    for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
        const o2p_layout_leaf *leaf = o2p_layout_leaf_at(&layout, i);
        assert_int_equal(leaf->bloom, leaf->column == O2P_COL_TraceId);
    }
}

/* Every id, in whatever list, and nothing else. */
static void ids_may_be_binary(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){.ids = O2P_IDS_BINARY});
            for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
                const o2p_layout_leaf *leaf = o2p_layout_leaf_at(&layout, i);
                bool id = o2p_columns[leaf->column].kind == O2P_KIND_ID;
                assert_int_equal(leaf->form == O2P_FORM_BYTES, id);
                assert_int_not_equal(leaf->form, O2P_FORM_HEX);
                if (id)
                    check_leaf((o2p_col)leaf->column, O2P_PART_ONLY, O2P_FORM_BYTES,
                               O2P_LOGICAL_NONE, false);
            }
        }
}

/* One column a time, without its companion, null where the companion was. */
static void times_may_be_nanoseconds(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){0});
            size_t leaves = o2p_layout_leaf_count(&layout), nanos = 0, times = 0;
            for (size_t i = 0; i < leaves; i++)
                nanos += o2p_layout_leaf_at(&layout, i)->form == O2P_FORM_BELOW_MICROS;
            make(t, (o2p_options){.timestamps = O2P_TIMESTAMPS_NANOS});
            assert_int_equal(o2p_layout_leaf_count(&layout), leaves - nanos);
            for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
                o2p_form form = (o2p_form)o2p_layout_leaf_at(&layout, i)->form;
                assert_true(form != O2P_FORM_MICROS && form != O2P_FORM_BELOW_MICROS);
                times += form == O2P_FORM_NANOS;
            }
            assert_int_equal(times, nanos);
            for (size_t at = 0; at < o2p_layout_node_count(&layout);)
                at = check_node(o2p_layout_nodes(&layout), o2p_layout_node_count(&layout), at);
            o2p_col time = o2p_tables[t].time;
            check_leaf(time, O2P_PART_ONLY, O2P_FORM_NANOS, O2P_LOGICAL_TIMESTAMP_NANOS,
                       t == O2P_TABLE_LOGS);
            if (t == O2P_TABLE_LOGS)
                check_leaf(O2P_COL_ObservedTimestamp, O2P_PART_ONLY, O2P_FORM_NANOS,
                           O2P_LOGICAL_TIMESTAMP_NANOS, true);
            if (t == O2P_TABLE_TRACES)
                check_leaf(O2P_COL_EventsTimestamp, O2P_PART_ONLY, O2P_FORM_NANOS,
                           O2P_LOGICAL_TIMESTAMP_NANOS, false);
            assert_int_equal(o2p_layout_leaf_at(&layout, layout.sorting[1].leaf)->column, time);
        }
}

/* Every map is one leaf of text, and its companion stays. */
static void attributes_may_be_json(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){.attributes = O2P_ATTRIBUTES_JSON});
            for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++) {
                const o2p_layout_leaf *leaf = o2p_layout_leaf_at(&layout, i);
                bool map = o2p_columns[leaf->column].kind == O2P_KIND_MAP;
                assert_int_equal(leaf->form == O2P_FORM_LIST_JSON, map);
                if (map) {
                    check_leaf((o2p_col)leaf->column, O2P_PART_ONLY, O2P_FORM_LIST_JSON,
                               O2P_LOGICAL_STRING, false);
                    assert_int_equal(leaf->statistics, O2P_STATISTICS_NULLS_ONLY);
                }
            }
            check_leaf(O2P_COL_ResourceAttributesTypes, O2P_PART_ONLY, O2P_FORM_TEXT,
                       O2P_LOGICAL_STRING, false);
            for (size_t at = 0; at < o2p_layout_node_count(&layout);)
                at = check_node(o2p_layout_nodes(&layout), o2p_layout_node_count(&layout), at);
        }
}

/* Every map is a group of two leaves, with ids that no map has, and without its companion. */
static void attributes_may_be_variants(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){.attributes = O2P_ATTRIBUTES_VARIANT});
            const o2p_parquet_node *nodes = o2p_layout_nodes(&layout);
            size_t variants = 0;
            for (size_t i = 0; i < o2p_layout_node_count(&layout); i++) {
                assert_int_not_equal(nodes[i].logical, O2P_LOGICAL_MAP);
                if (nodes[i].logical != O2P_LOGICAL_VARIANT)
                    continue;
                variants++;
                assert_int_equal(nodes[i].repetition, O2P_REQUIRED);
                assert_int_equal(nodes[i].children, 2);
                assert_string_equal(nodes[i + 1].name, "metadata");
                assert_string_equal(nodes[i + 2].name, "value");
                for (int32_t n = 1; n <= 2; n++) {
                    assert_int_equal(nodes[i + (size_t)n].field_id, nodes[i].field_id + 3 + n);
                    assert_int_equal(nodes[i + (size_t)n].physical, O2P_PHYSICAL_BYTE_ARRAY);
                    assert_int_equal(nodes[i + (size_t)n].logical, O2P_LOGICAL_NONE);
                    assert_int_equal(nodes[i + (size_t)n].repetition, O2P_REQUIRED);
                }
            }
            assert_true(variants >= 3);
            for (size_t i = 0; i < o2p_layout_leaf_count(&layout); i++)
                assert_null(strstr(nodes[o2p_layout_leaf_at(&layout, i)->node].name, "Types"));
            for (size_t at = 0; at < o2p_layout_node_count(&layout);)
                at = check_node(nodes, o2p_layout_node_count(&layout), at);
        }
}

static const o2p_promotion promotions[] = {
    {O2P_PROMOTE_RESOURCE, "host.name", NULL, O2P_PROMOTE_STRING},
    {O2P_PROMOTE_RECORD, "status", "Code", O2P_PROMOTE_INT64},
    {O2P_PROMOTE_RECORD, "ratio", NULL, O2P_PROMOTE_DOUBLE},
    {O2P_PROMOTE_RECORD, "ok", NULL, O2P_PROMOTE_BOOL},
};

/* Nullable columns behind all others, in the order given. */
static void promoted_columns_come_last(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        o2p_physical physical;
        o2p_logical logical;
    } expected[] = {{"host.name", O2P_PHYSICAL_BYTE_ARRAY, O2P_LOGICAL_STRING},
                    {"Code", O2P_PHYSICAL_INT64, O2P_LOGICAL_NONE},
                    {"ratio", O2P_PHYSICAL_DOUBLE, O2P_LOGICAL_NONE},
                    {"ok", O2P_PHYSICAL_BOOLEAN, O2P_LOGICAL_NONE}};
    for
        each_table(t)
        {
            make(t, (o2p_options){0});
            size_t nodes = o2p_layout_node_count(&layout);
            make(t, (o2p_options){.promotions = promotions, .promotion_count = 4});
            assert_int_equal(o2p_layout_node_count(&layout), nodes + 4);
            for (size_t i = 0; i < 4; i++) {
                const o2p_parquet_node *node = &o2p_layout_nodes(&layout)[nodes + i];
                const o2p_layout_leaf *leaf =
                    o2p_layout_leaf_at(&layout, o2p_layout_leaf_count(&layout) - 4 + i);
                assert_string_equal(node->name, expected[i].name);
                assert_int_equal(node->physical, expected[i].physical);
                assert_int_equal(node->logical, expected[i].logical);
                assert_int_equal(node->repetition, O2P_OPTIONAL);
                assert_int_equal(node->field_id, (1 << 16) + (int)i);
                assert_int_equal(leaf->node, nodes + i);
                assert_int_equal(leaf->promotion, i);
                assert_int_equal(leaf->source, i == 0 ? O2P_SOURCE_RESOURCE : O2P_SOURCE_ROW);
            }
            assert_int_equal(o2p_layout_leaf_at(&layout, layout.sorting[0].leaf)->column,
                             O2P_COL_ServiceName);
        }
}

/* Only the lists that attributes are taken out of take another form. */
static void promoted_columns_thin_their_lists(void **state)
{
    (void)state;
    make(
        O2P_TABLE_LOGS,
        (o2p_options){.promotions = promotions + 1, .promotion_count = 3, .promotions_only = true});
    check_leaf(O2P_COL_LogAttributes, O2P_PART_KEY, O2P_FORM_LIST_KEPT, O2P_LOGICAL_STRING, false);
    check_leaf(O2P_COL_LogAttributes, O2P_PART_VALUE, O2P_FORM_LIST_KEPT, O2P_LOGICAL_STRING,
               false);
    check_leaf(O2P_COL_LogAttributesTypes, O2P_PART_ONLY, O2P_FORM_LIST_LETTERS, O2P_LOGICAL_STRING,
               false);
    assert_int_equal(leaf_of(O2P_COL_LogAttributesTypes, O2P_PART_ONLY)->cells,
                     O2P_COL_LogAttributes);
    check_leaf(O2P_COL_ResourceAttributes, O2P_PART_KEY, O2P_FORM_TEXT, O2P_LOGICAL_STRING, false);
    check_leaf(O2P_COL_ResourceAttributesTypes, O2P_PART_ONLY, O2P_FORM_TEXT, O2P_LOGICAL_STRING,
               false);
}

static void rows_are_sorted_by_service_and_time(void **state)
{
    (void)state;
    for
        each_table(t)
        {
            make(t, (o2p_options){0});
            assert_int_equal(layout.sorting_count, 2);
            assert_int_equal(o2p_layout_leaf_at(&layout, layout.sorting[0].leaf)->column,
                             O2P_COL_ServiceName);
            assert_int_equal(o2p_layout_leaf_at(&layout, layout.sorting[1].leaf)->column,
                             o2p_tables[t].time);
            make(t, (o2p_options){.order = O2P_ORDER_RECEIVED});
            assert_int_equal(layout.sorting_count, 0);
        }
}

/* Whichever allocation is refused, it says so and nothing leaks. */
static void memory_may_be_refused(void **state)
{
    (void)state;
    o2p_settings settings;
    o2p_error error;
    assert_int_equal(o2p_settings_read(&settings, NULL, &error), O2P_OK);
    bool made = false;
    for (size_t n = 1; !made; n++) {
        counting_allocator counting = {0};
        o2p_allocator allocator = counting_allocator_functions(&counting);
        o2p_memory refused;
        o2p_layout tried;
        o2p_memory_init(&refused, &allocator, 0);
        o2p_layout_init(&tried, &refused);
        counting.refuse_at = n;
        made = o2p_layout_make(&tried, O2P_TABLE_TRACES, &settings);
        assert_int_equal(made, counting.refused == 0);
        o2p_layout_free(&tried);
        assert_int_equal(counting.blocks, 0);
    }
}

#define layout_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        layout_test(nodes_are_a_tree),           layout_test(leaves_are_the_nodes_without_children),
        layout_test(forms_by_default),           layout_test(rows_are_sorted_by_service_and_time),
        layout_test(ids_may_be_binary),          layout_test(times_may_be_nanoseconds),
        layout_test(attributes_may_be_json),     layout_test(attributes_may_be_variants),
        layout_test(promoted_columns_come_last), layout_test(promoted_columns_thin_their_lists),
        layout_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
