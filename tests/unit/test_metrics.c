/* test_metrics.c - metrics and their points into the five metric tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

enum { GAUGE = 5, SUM = 7, HISTOGRAM = 9, EXPONENTIAL = 10, SUMMARY = 11 };

static void open_point(walk_fixture *f, uint32_t member)
{
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    pb_text(&f->p, 1, "m");
    pb_open(&f->p, member);
    pb_open(&f->p, 1);
}

static int read_point(walk_fixture *f)
{
    for (unsigned i = 0; i < 3; i++)
        pb_close(&f->p);
    sample_close(&f->p);
    return walk_read(f, O2P_SIGNAL_METRICS);
}

static void every_field(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_METRICS, 0);
    walk_fresh(f, O2P_SIGNAL_METRICS);
    const o2p_store *s = &f->store;
    assert_int_equal(f->walk.counts.accepted, 20);
    assert_int_equal(f->walk.counts.empty_metrics, 0);
    for (unsigned t = O2P_TABLE_METRICS_GAUGE; t <= O2P_TABLE_METRICS_SUMMARY; t++) {
        static const char *const names[] = {"metric 5", "metric 7", "metric 9", "metric 10",
                                            "metric 11"};
        o2p_table table = (o2p_table)t;
        assert_int_equal(s->tables[t]->count, 4);
        assert_string_equal(store_cell(s, table, O2P_COL_MetricName, 1),
                            names[t - O2P_TABLE_METRICS_GAUGE]);
        assert_string_equal(store_cell(s, table, O2P_COL_MetricDescription, 3), "A metric.");
        assert_string_equal(store_cell(s, table, O2P_COL_MetricUnit, 3), "ms");
        assert_string_equal(store_cell(s, table, O2P_COL_MetricMetadataTypes, 3), "esbidakyss");
        assert_string_equal(store_cell(s, table, O2P_COL_ServiceName, 3), "service-0");
        assert_string_equal(store_cell(s, table, O2P_COL_ScopeName, 0), "scope 0");
        assert_string_equal(store_cell(s, table, O2P_COL_ScopeName, 3), "scope 1");
        assert_string_equal(store_cell(s, table, O2P_COL_AttributesTypes, 0), "esbidakyss");
        assert_string_equal(store_cell(s, table, O2P_COL_StartTimeUnix, 0),
                            t == O2P_TABLE_METRICS_SUM ? "1704164645678902174"
                                                       : "1704164645678901174");
        assert_string_equal(store_cell(s, table, O2P_COL_StartTimeUnixNanos, 0), "174");
        assert_string_equal(store_cell(s, table, O2P_COL_TimeUnix, 0), t == O2P_TABLE_METRICS_SUM
                                                                           ? "1704164645678902234"
                                                                           : "1704164645678901234");
        assert_string_equal(store_cell(s, table, O2P_COL_TimeUnixNanos, 0), "234");
        assert_string_equal(store_cell(s, table, O2P_COL_Flags, 0), "1");
    }
    assert_cell(s, METRICS_GAUGE, Value, 0, "3.5");
    assert_cell(s, METRICS_GAUGE, ValueInt, 0, "null");
    assert_cell(s, METRICS_GAUGE, Value, 1, "9007199254740994"); /* ...994 is a double */
    assert_cell(s, METRICS_GAUGE, ValueInt, 1, "9007199254740994");
    assert_cell(s, METRICS_SUM, AggregationTemporality, 0, "2");
    assert_cell(s, METRICS_SUM, IsMonotonic, 0, "true");
    assert_cell(s, METRICS_HISTOGRAM, Count, 0, "10");
    assert_cell(s, METRICS_HISTOGRAM, Sum, 0, "99.5");
    assert_cell(s, METRICS_HISTOGRAM, Min, 0, "-1.5");
    assert_cell(s, METRICS_HISTOGRAM, Max, 0, "70.25");
    assert_cell(s, METRICS_HISTOGRAM, ExplicitBounds, 0, "[0, 2.5, 5]");
    assert_cell(s, METRICS_HISTOGRAM, BucketCounts, 0,
                "[0, 4612811918334230528, 4617315517961601024, 4620130267728707584]");
    assert_cell(s, METRICS_HISTOGRAM, AggregationTemporality, 0, "2");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, Count, 0, "12");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, Sum, 0, "1.5");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, Scale, 0, "-3");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, ZeroCount, 0, "2");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, ZeroThreshold, 0, "0.001");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, PositiveOffset, 0, "-2");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, NegativeOffset, 0, "2");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, PositiveBucketCounts, 0, "[0, 300, 600, 900]");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, NegativeBucketCounts, 1, "[0, 300, 600, 900]");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, Min, 0, "0.5");
    assert_cell(s, METRICS_EXPONENTIAL_HISTOGRAM, Max, 0, "8.5");
    assert_cell(s, METRICS_SUMMARY, Count, 0, "4");
    assert_cell(s, METRICS_SUMMARY, SummarySum, 0, "40.5");
    assert_cell(s, METRICS_SUMMARY, ValueAtQuantiles, 1,
                "[{Quantile: 0, Value: 11}, {Quantile: 0.5, Value: 12}, {Quantile: 1, Value: 13}]");
    const o2p_rows *rows = s->tables[O2P_TABLE_METRICS_GAUGE];
    assert_int_equal(rows->columns[O2P_COL_Exemplars].child_rows, 8);
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsValue, 0), "1.25");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsValueInt, 0), "null");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsValue, 1), "-7");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsValueInt, 1), "-7");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsTimeUnix, 0), "1704164645678901234");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsTimeUnixNanos, 0), "234");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsSpanId, 0), "00f92f3577b34da6");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsTraceId, 0),
                        "00f92f3577b34da6a3ce929d0e0e4736");
    assert_string_equal(rows_cell(rows, O2P_COL_ExemplarsFilteredAttributesTypes, 0), "esbidakyss");
    assert_non_null(strstr(
        store_cell(s, O2P_TABLE_METRICS_GAUGE, O2P_COL_DuplicateAttributes, 0),
        "{\"path\":\"Exemplars[1].FilteredAttributes\",\"index\":10,\"key\":\"key\",\"value\":"));
}

/* ---- numbers ---- */

static void values(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        uint32_t field; /* 0: none */
        uint64_t bits;
        const char *value, *value_int;
    } known[] = {
        {0, 0, "null", "null"},
        {4, 0, "0", "null"},
        {6, 0, "0", "0"},
        {4, UINT64_C(0x8000000000000000), "-0", "null"},
        {4, UINT64_C(0x7FF0000000000000), "inf", "null"},
        {6, UINT64_MAX, "-1", "-1"},
        {6, UINT64_C(9007199254740993), "9007199254740992", "9007199254740993"}, /* to even */
        {6, UINT64_C(9007199254740995), "9007199254740996", "9007199254740995"},
        {6, INT64_MAX, "9.2233720368547758e+18", "9223372036854775807"},
        {6, UINT64_C(1) << 63, "-9.2233720368547758e+18", "-9223372036854775808"},
    };
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        for (uint32_t member = GAUGE; member <= SUM; member += 2) {
            open_point(f, member);
            if (known[i].field != 0)
                pb_fixed64(&f->p, known[i].field, known[i].bits);
            pb_open(&f->p, 5);
            if (known[i].field != 0)
                pb_fixed64(&f->p, known[i].field == 4 ? 3 : 6, known[i].bits);
            pb_close(&f->p);
            assert_int_equal(read_point(f), O2P_OK);
        }
        assert_cell(&f->store, METRICS_GAUGE, Value, i, known[i].value);
        assert_cell(&f->store, METRICS_SUM, ValueInt, i, known[i].value_int);
        assert_string_equal(
            rows_cell(f->store.tables[O2P_TABLE_METRICS_SUM], O2P_COL_ExemplarsValue, i),
            known[i].value);
        assert_string_equal(
            rows_cell(f->store.tables[O2P_TABLE_METRICS_SUM], O2P_COL_ExemplarsValueInt, i),
            known[i].value_int);
    }
    /* a signalling NaN keeps its bits */
    open_point(f, GAUGE);
    pb_fixed64(&f->p, 4, UINT64_C(0x7FF0000000000001));
    assert_int_equal(read_point(f), O2P_OK);
    const o2p_column *value = &f->store.tables[O2P_TABLE_METRICS_GAUGE]->columns[O2P_COL_Value];
    assert_int_equal(o2p_cells64(value)[10], UINT64_C(0x7FF0000000000001));
}

static void zigzag(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        uint64_t wire;
        const char *text;
    } known[] = {{0, "0"},
                 {1, "-1"},
                 {2, "1"},
                 {3, "-2"},
                 {4294967294u, "2147483647"},
                 {4294967295u, "-2147483648"},
                 {(UINT64_C(1) << 32) + 3, "-2"}};
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        open_point(f, EXPONENTIAL);
        pb_varint(&f->p, 6, known[i].wire);
        pb_open(&f->p, 8);
        pb_varint(&f->p, 1, known[i].wire);
        pb_close(&f->p);
        assert_int_equal(read_point(f), O2P_OK);
        assert_cell(&f->store, METRICS_EXPONENTIAL_HISTOGRAM, Scale, i, known[i].text);
        assert_cell(&f->store, METRICS_EXPONENTIAL_HISTOGRAM, PositiveOffset, i, known[i].text);
        assert_cell(&f->store, METRICS_EXPONENTIAL_HISTOGRAM, NegativeOffset, i, "0");
    }
}

static void optional_numbers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_point(f, HISTOGRAM);
    assert_int_equal(read_point(f), O2P_OK);
    open_point(f, HISTOGRAM);
    pb_double(&f->p, 5, 0);
    pb_double(&f->p, 11, 0);
    pb_double(&f->p, 12, -0.0);
    assert_int_equal(read_point(f), O2P_OK);
    assert_cell(&f->store, METRICS_HISTOGRAM, Sum, 0, "null");
    assert_cell(&f->store, METRICS_HISTOGRAM, Min, 0, "null");
    assert_cell(&f->store, METRICS_HISTOGRAM, Max, 0, "null");
    assert_cell(&f->store, METRICS_HISTOGRAM, Sum, 1, "0");
    assert_cell(&f->store, METRICS_HISTOGRAM, Min, 1, "0");
    assert_cell(&f->store, METRICS_HISTOGRAM, Max, 1, "-0");
    assert_cell(&f->store, METRICS_HISTOGRAM, Count, 0, "0");
    open_point(f, SUMMARY);
    pb_fixed64(&f->p, 4, UINT64_MAX); /* two's complement */
    assert_int_equal(read_point(f), O2P_OK);
    assert_cell(&f->store, METRICS_SUMMARY, Count, 0, "-1");
    assert_cell(&f->store, METRICS_SUMMARY, SummarySum, 0, "0");
    assert_cell(&f->store, METRICS_SUMMARY, ValueAtQuantiles, 0, "[]");
}

static void start_times(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (uint32_t i = 0; i < 3; i++) {
        open_point(f, GAUGE);
        if (i > 0)
            pb_fixed64(&f->p, 2, i == 1 ? 0 : 1);
        pb_fixed64(&f->p, 3, i == 1 ? 0 : UINT64_MAX);
        assert_int_equal(read_point(f), O2P_OK);
        assert_cell(&f->store, METRICS_GAUGE, StartTimeUnix, i, i < 2 ? "null" : "1");
        assert_cell(&f->store, METRICS_GAUGE, StartTimeUnixNanos, i, i < 2 ? "null" : "1");
        assert_cell(&f->store, METRICS_GAUGE, TimeUnix, i, i == 1 ? "0" : "18446744073709551615");
        assert_cell(&f->store, METRICS_GAUGE, TimeUnixNanos, i, i == 1 ? "0" : "615");
    }
}

/* ---- lists ---- */

static void packed_and_unpacked_numbers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_point(f, EXPONENTIAL);
    pb_open(&f->p, 9);
    pb_varint(&f->p, 2, 7);
    pb_bytes(&f->p, 2, "\x01\x80\x02", 3);
    pb_bytes(&f->p, 2, "", 0);
    pb_varint(&f->p, 2, UINT64_MAX);
    pb_close(&f->p);
    assert_int_equal(read_point(f), O2P_OK);
    assert_cell(&f->store, METRICS_EXPONENTIAL_HISTOGRAM, NegativeBucketCounts, 0,
                "[7, 1, 256, -1]");
    assert_cell(&f->store, METRICS_EXPONENTIAL_HISTOGRAM, PositiveBucketCounts, 0, "[]");
    open_point(f, HISTOGRAM);
    pb_fixed64(&f->p, 6, 5);
    pb_bytes(&f->p, 6, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16);
    pb_double(&f->p, 7, 2.5);
    assert_int_equal(read_point(f), O2P_OK);
    open_point(f, HISTOGRAM);
    assert_int_equal(read_point(f), O2P_OK);
    open_point(f, HISTOGRAM);
    pb_fixed64(&f->p, 6, 6);
    assert_int_equal(read_point(f), O2P_OK);
    assert_cell(&f->store, METRICS_HISTOGRAM, BucketCounts, 0, "[5, 1, 2]");
    assert_cell(&f->store, METRICS_HISTOGRAM, ExplicitBounds, 0, "[2.5]");
    assert_cell(&f->store, METRICS_HISTOGRAM, BucketCounts, 1, "[]");
    assert_cell(&f->store, METRICS_HISTOGRAM, ExplicitBounds, 1, "[]");
    assert_cell(&f->store, METRICS_HISTOGRAM, BucketCounts, 2, "[6]");
}

static void packed_numbers_end_with_their_field(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_point(f, HISTOGRAM);
    pb_bytes(&f->p, 6, "123456789", 9);
    assert_int_equal(read_point(f), O2P_ERR_TRUNCATED);
    open_point(f, EXPONENTIAL);
    pb_open(&f->p, 8);
    pb_bytes(&f->p, 2, "\x01\x80", 2);
    pb_close(&f->p);
    assert_int_equal(read_point(f), O2P_ERR_TRUNCATED);
}

/* ---- metrics ---- */

static void metrics_without_points_are_counted(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "a");
    pb_open(&f->p, 2); /* no kind */
    pb_text(&f->p, 1, "none");
    pb_close(&f->p);
    static const uint32_t members[] = {GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY};
    for (size_t i = 0; i < 5; i++) {
        pb_open(&f->p, 2);
        pb_open(&f->p, members[i]);
        pb_close(&f->p);
        pb_close(&f->p);
    }
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_METRICS);
    assert_int_equal(f->walk.counts.empty_metrics, 6);
    assert_int_equal(f->walk.counts.accepted, 0);
    assert_int_equal(f->walk.counts.empty_groups, 0);
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++)
        assert_true(f->store.tables[t] == NULL || f->store.tables[t]->count == 0);
}

/* Name and temporality may come after the points. */
static void fields_in_any_order(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    pb_open(&f->p, SUM);
    pb_open(&f->p, 1);
    pb_fixed64(&f->p, 3, 1);
    pb_close(&f->p);
    pb_varint(&f->p, 3, 1);
    pb_open(&f->p, 1);
    pb_fixed64(&f->p, 3, 2);
    pb_close(&f->p);
    pb_varint(&f->p, 2, 1);
    pb_close(&f->p);
    pb_text(&f->p, 3, "unit");
    pb_text(&f->p, 1, "late");
    pb_close(&f->p);
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_METRICS);
    for (uint32_t i = 0; i < 2; i++) {
        assert_cell(&f->store, METRICS_SUM, MetricName, i, "late");
        assert_cell(&f->store, METRICS_SUM, MetricUnit, i, "unit");
        assert_cell(&f->store, METRICS_SUM, AggregationTemporality, i, "1");
        assert_cell(&f->store, METRICS_SUM, IsMonotonic, i, "true");
        assert_cell(&f->store, METRICS_SUM, TimeUnix, i, i == 0 ? "1" : "2");
    }
}

/* A gauge has no temporality, a histogram is not monotonic: unknown fields there. */
static void fields_that_a_kind_lacks(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t members[] = {GAUGE, SUM, HISTOGRAM, EXPONENTIAL, SUMMARY};
    static const unsigned unknown[] = {2, 0, 1, 1, 2};
    for (size_t i = 0; i < 5; i++) {
        sample_open(&f->p, "a");
        pb_open(&f->p, 2);
        pb_open(&f->p, members[i]);
        pb_varint(&f->p, 2, 1);
        pb_varint(&f->p, 3, 0);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        walk_fresh(f, O2P_SIGNAL_METRICS);
        assert_int_equal(f->walk.counts.unknown_fields, unknown[i]);
    }
}

static void twice(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    /* by field number: the wire type of singular fields */
    static const struct {
        uint32_t member;
        const char *types;
    } points[] = {{GAUGE, "??111?1?0"},
                  {HISTOGRAM, "??1111????011"},
                  {EXPONENTIAL, "??11110122"
                                "0?111"},
                  {SUMMARY, "??1111??0"}};
    for (size_t k = 0; k < 4; k++) {
        for (uint32_t field = 1; points[k].types[field] != '\0'; field++) {
            if (points[k].types[field] == '?')
                continue;
            unsigned right = (unsigned)(points[k].types[field] - '0');
            for (unsigned i = 0; i < 2; i++) {
                open_point(f, points[k].member);
                unsigned wire_type = i == 1 ? right : right == 5 ? 0 : 5;
                for (unsigned n = 0; n <= i; n++) {
                    pb_key(&f->p, field, wire_type);
                    pb_raw(&f->p, "\0\0\0\0\0\0\0\0", wire_type == 1 ? 8 : wire_type == 5 ? 4 : 1);
                }
                assert_int_equal(read_point(f), i == 1 ? O2P_WALK_MERGE : O2P_ERR_WIRE_TYPE);
            }
        }
    }
    open_point(f, GAUGE); /* both members of the oneof */
    pb_fixed64(&f->p, 4, 1);
    pb_fixed64(&f->p, 6, 1);
    assert_int_equal(read_point(f), O2P_WALK_MERGE);
    for (uint32_t member = GAUGE; member <= SUM; member += 2) { /* and of Metric */
        sample_open(&f->p, "a");
        pb_open(&f->p, 2);
        pb_open(&f->p, GAUGE);
        pb_close(&f->p);
        pb_open(&f->p, member);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_METRICS), O2P_WALK_MERGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(every_field),
        walk_test(values),
        walk_test(zigzag),
        walk_test(optional_numbers),
        walk_test(start_times),
        walk_test(packed_and_unpacked_numbers),
        walk_test(packed_numbers_end_with_their_field),
        walk_test(metrics_without_points_are_counted),
        walk_test(fields_in_any_order),
        walk_test(fields_that_a_kind_lacks),
        walk_test(twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
