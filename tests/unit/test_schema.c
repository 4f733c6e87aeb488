/* test_schema.c - leaves found in a depth-first list of nodes, and SchemaElements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/schema.h"
#include "thrift_reader.h"

/* Time; Events list<struct<Name, Attributes map>>; Last: the depth goes up by one and down by
 * several. */
static const o2p_parquet_node nodes[] = {
    {"Time", 0, 0, O2P_PHYSICAL_INT64, O2P_REQUIRED, O2P_LOGICAL_TIMESTAMP_MICROS, 1},
    {"Events", 1, 1, 0, O2P_REQUIRED, O2P_LOGICAL_LIST, 2},
    {"list", 1, 1, 0, O2P_REPEATED, O2P_LOGICAL_NONE, 3},
    {"element", 1, 2, 0, O2P_REQUIRED, O2P_LOGICAL_NONE, 4},
    {"Name", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_OPTIONAL, O2P_LOGICAL_STRING, 5},
    {"Attributes", 1, 1, 0, O2P_REQUIRED, O2P_LOGICAL_MAP, 6},
    {"key_value", 1, 2, 0, O2P_REPEATED, O2P_LOGICAL_NONE, 7},
    {"key", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_STRING, 8},
    {"value", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_OPTIONAL, O2P_LOGICAL_JSON, 9},
    {"Last", 0, 0, O2P_PHYSICAL_INT64, O2P_OPTIONAL, O2P_LOGICAL_TIMESTAMP_NANOS, 10},
    {"Flag", 0, 0, O2P_PHYSICAL_BOOLEAN, O2P_OPTIONAL, O2P_LOGICAL_NONE, 300},
    {"Variant", 1, 2, 0, O2P_REQUIRED, O2P_LOGICAL_VARIANT, 301},
    {"metadata", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_NONE, 302},
    {"value", 0, 0, O2P_PHYSICAL_BYTE_ARRAY, O2P_REQUIRED, O2P_LOGICAL_NONE, 303},
};
static const o2p_sorting sorting[] = {{4}, {0}};
static const o2p_parquet_options options = {O2P_CODEC_UNCOMPRESSED, 0, nodes, 14, sorting, 2,
                                            .bound_bytes = 64};

static o2p_memory memory;
static o2p_buffer leaves, out;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&leaves, &memory);
    o2p_buffer_init(&out, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_buffer_free(&leaves);
    o2p_buffer_free(&out);
    return memory.held == 0 ? 0 : -1;
}

static const o2p_schema_leaf *leaf(size_t i)
{
    return (const o2p_schema_leaf *)(const void *)leaves.data + i;
}

static void paths(void **state)
{
    (void)state;
    o2p_schema_leaves(&options, &leaves);
    o2p_schema_leaves(&options, &leaves); /* replaces what was there */
    assert_int_equal(leaves.size / sizeof(o2p_schema_leaf), 8);
    static const uint16_t value_path[] = {1, 2, 3, 5, 6, 8};
    assert_int_equal(leaf(3)->depth, 6);
    assert_memory_equal(leaf(3)->path, value_path, sizeof(value_path));
    assert_int_equal(leaf(0)->depth, 1);
    assert_int_equal(leaf(1)->depth, 4);
    assert_int_equal(leaf(4)->depth, 1);
    assert_int_equal(leaf(4)->path[0], 9);
    assert_int_equal(leaf(5)->path[0], 10);
    assert_int_equal(leaf(5)->order.physical, O2P_PHYSICAL_BOOLEAN);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(leaf(i)->sorted, i == 0 || i == 4);
        assert_int_equal(leaf(i)->order.text, i >= 1 && i <= 3);
    }
}

static void written_path(void **state)
{
    (void)state;
    o2p_thrift thrift;
    o2p_schema_leaves(&options, &leaves);
    o2p_thrift_begin(&thrift, &out);
    o2p_schema_write_path(&thrift, 3, &options, leaf(2));
    o2p_thrift_end(&thrift);
    static const char *const names[] = {"Events",     "list",      "element",
                                        "Attributes", "key_value", "key"};
    thrift_value path = thrift_field(thrift_struct_at(out.data, out.size), 3);
    assert_int_equal(thrift_count(path), 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(thrift_is_text(thrift_element(path, i), names[i]));
}

/* Expected SchemaElements: converted type (or -1), member of LogicalType (or 0). */
static const struct {
    int converted, logical;
} expected[] = {{10, 8}, {3, 3},   {-1, 0}, {-1, 0}, {0, 1},   {1, 2},  {-1, 0},
                {0, 1},  {19, 12}, {-1, 8}, {-1, 0}, {-1, 16}, {-1, 0}, {-1, 0}};

static void check_element(thrift_value element, size_t i)
{
    const o2p_parquet_node *node = &nodes[i];
    assert_true(thrift_is_text(thrift_field(element, 4), node->name));
    assert_int_equal(thrift_int_field(element, 3), node->repetition);
    assert_int_equal(thrift_int_field(element, 9), node->field_id);
    assert_int_equal(thrift_has(element, 1), !node->is_group);
    assert_int_equal(thrift_has(element, 5), node->is_group);
    if (node->is_group)
        assert_int_equal(thrift_int_field(element, 5), node->children);
    else
        assert_int_equal(thrift_int_field(element, 1), node->physical);
    assert_int_equal(thrift_has(element, 6), expected[i].converted >= 0);
    if (expected[i].converted >= 0)
        assert_int_equal(thrift_int_field(element, 6), expected[i].converted);
    assert_int_equal(thrift_has(element, 10), expected[i].logical != 0);
    if (expected[i].logical != 0)
        assert_true(thrift_has(thrift_field(element, 10), expected[i].logical));
}

static void elements(void **state)
{
    (void)state;
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, &out);
    o2p_schema_write(&thrift, &options);
    o2p_thrift_end(&thrift);
    thrift_value list = thrift_field(thrift_struct_at(out.data, out.size), 2);
    assert_int_equal(thrift_count(list), 15);
    thrift_value root = thrift_element(list, 0);
    assert_false(thrift_has(root, 1) ||
                 thrift_has(root, 3)); /* the root has no type and no repetition */
    assert_int_equal(thrift_int_field(root, 5), 5);
    for (size_t i = 0; i < 14; i++)
        check_element(thrift_element(list, i + 1), i);

    thrift_value variant = thrift_field(thrift_field(thrift_element(list, 12), 10), 16);
    assert_int_equal(thrift_int_field(variant, 1), 1); /* the version */
    thrift_value micros = thrift_field(thrift_field(thrift_element(list, 1), 10), 8);
    thrift_value nanos = thrift_field(thrift_field(thrift_element(list, 10), 10), 8);
    assert_true(thrift_truth(thrift_field(micros, 1))); /* isAdjustedToUTC */
    assert_true(thrift_has(thrift_field(micros, 2), 2));
    assert_true(thrift_truth(thrift_field(nanos, 1)));
    assert_true(thrift_has(thrift_field(nanos, 2), 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths, setup, teardown),
        cmocka_unit_test_setup_teardown(written_path, setup, teardown),
        cmocka_unit_test_setup_teardown(elements, setup, teardown),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
