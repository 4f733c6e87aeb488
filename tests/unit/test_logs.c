/* test_logs.c - LogRecord into the table logs: each field in its column, times, ids, body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

static void open_record(walk_fixture *f)
{
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
}

static int read_record(walk_fixture *f)
{
    pb_close(&f->p);
    sample_close(&f->p);
    return walk_read(f, O2P_SIGNAL_LOGS);
}

static void every_field(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_LOGS, 1);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    const o2p_store *s = &f->store;
    assert_int_equal(s->tables[O2P_TABLE_LOGS]->count, 4);
    assert_int_equal(s->row_count, 4);
    assert_int_equal(f->walk.counts.accepted, 4);
    assert_cell(s, LOGS, Timestamp, 0, "1704164645678902234");
    assert_cell(s, LOGS, LogTimestampNanos, 0, "234");
    assert_cell(s, LOGS, ObservedTimestamp, 0, "1704164645678902239");
    assert_cell(s, LOGS, ObservedTimestampNanos, 0, "239");
    assert_cell(s, LOGS, Timestamp, 1, "1704168244678902234");
    assert_cell(s, LOGS, SeverityNumber, 0, "10");
    assert_cell(s, LOGS, SeverityText, 0, "INFO");
    assert_cell(s, LOGS, Body, 0, "true");
    assert_cell(s, LOGS, BodyType, 0, "b");
    assert_cell(s, LOGS, Body, 1, "-2");
    assert_cell(s, LOGS, BodyType, 1, "i");
    assert_cell(
        s, LOGS, LogAttributes, 0,
        "{key.0.1: , key.1.1: text 1, key.2.1: true, key.3.1: -2, key.4.1: 1.5, "
        "key.5.1: [null,\"text 1\",true,-2,1.5,\"AP+A\"], "
        "key.6.1: {\"inner\":[null,\"text 1\",true,-2,1.5,\"AP+A\"],\"inner\":-2}, key.7.1: AP+A, "
        ": empty key, key: first}");
    assert_cell(s, LOGS, LogAttributesTypes, 0, "esbidakyss");
    assert_cell(s, LOGS, DroppedAttributesCount, 0, "2");
    assert_cell(s, LOGS, TraceFlags, 0, "1");
    assert_cell(s, LOGS, TraceId, 0, "01f92f3577b34da6a3ce929d0e0e4736");
    assert_cell(s, LOGS, SpanId, 0, "01f92f3577b34da6");
    assert_cell(s, LOGS, EventName, 0, "event 1");
    assert_cell(
        s, LOGS, DuplicateAttributes, 0,
        "{\"path\":\"LogAttributes\",\"index\":10,\"key\":\"key\",\"value\":{\"intValue\":\"2\"}},"
        "{\"path\":\"LogAttributes\",\"index\":11,\"key\":\"\",\"value\":{}}");
}

static void an_empty_record_is_a_row_of_defaults(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    assert_int_equal(read_record(f), O2P_OK);
    const o2p_table_spec *spec = &o2p_tables[O2P_TABLE_LOGS];
    for (size_t i = 0; i < spec->column_count; i++) {
        o2p_col col = (o2p_col)spec->columns[i];
        if (o2p_columns[col].source != O2P_SOURCE_ROW)
            continue;
        assert_string_equal(store_cell(&f->store, O2P_TABLE_LOGS, col, 0),
                            o2p_columns[col].nullable               ? "null"
                            : o2p_columns[col].kind == O2P_KIND_MAP ? "{}"
                            : o2p_columns[col].kind <= O2P_KIND_ID  ? ""
                                                                    : "0");
    }
}

/* Own time, observed time, neither; with and without. */
static void times(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    f->walk.default_time_ns = 777;
    for (unsigned i = 0; i < 5; i++) {
        open_record(f);
        if (i == 1 || i == 3)
            pb_fixed64(&f->p, 11, 5001);
        if (i == 2 || i == 3)
            pb_fixed64(&f->p, 1, UINT64_MAX);
        if (i == 4) { /* zeros are absent */
            pb_fixed64(&f->p, 1, 0);
            pb_fixed64(&f->p, 11, 0);
        }
        assert_int_equal(read_record(f), O2P_OK);
    }
    static const char *const times[] = {"777", "5001", "18446744073709551615",
                                        "18446744073709551615", "777"};
    static const char *const nanos[] = {"null", "null", "615", "615", "null"};
    static const char *const observed[] = {"null", "5001", "null", "5001", "null"};
    static const char *const observed_nanos[] = {"null", "1", "null", "1", "null"};
    for (uint32_t i = 0; i < 5; i++) {
        assert_cell(&f->store, LOGS, Timestamp, i, times[i]);
        assert_cell(&f->store, LOGS, LogTimestampNanos, i, nanos[i]);
        assert_cell(&f->store, LOGS, ObservedTimestamp, i, observed[i]);
        assert_cell(&f->store, LOGS, ObservedTimestampNanos, i, observed_nanos[i]);
    }
}

static void bodies(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char *const bodies[] = {"", "text 1", "true", "-2", "1.5", NULL, NULL, "AP+A"};
    for (unsigned kind = 0; kind <= 7; kind++) {
        open_record(f);
        sample_any(&f->p, 5, kind, 1);
        assert_int_equal(read_record(f), O2P_OK);
        if (bodies[kind] != NULL)
            assert_cell(&f->store, LOGS, Body, kind, bodies[kind]);
        char letter[2] = {"e\0bidaky"[kind], '\0'};
        assert_cell(&f->store, LOGS, BodyType, kind, letter);
    }
    assert_cell(&f->store, LOGS, Body, 5, "[null,\"text 1\",true,-2,1.5,\"AP+A\"]");
    open_record(f);
    assert_int_equal(read_record(f), O2P_OK);
    assert_cell(&f->store, LOGS, Body, 8, "null");
    assert_cell(&f->store, LOGS, BodyType, 8, "");
}

static void ids_of_any_length(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t bytes[32] = {0, 1};
    static const size_t sizes[] = {0, 1, 2, 16, 32};
    static const char *const texts[] = {
        "", "", "0001", "00010000000000000000000000000000",
        "0001000000000000000000000000000000000000000000000000000000000000"};
    for (uint32_t i = 0; i < 5; i++) {
        open_record(f);
        pb_bytes(&f->p, 9, bytes, sizes[i]);
        pb_bytes(&f->p, 10, bytes, sizes[4 - i]);
        assert_int_equal(read_record(f), O2P_OK);
        assert_cell(&f->store, LOGS, TraceId, i, texts[i]);
        assert_cell(&f->store, LOGS, SpanId, i, texts[4 - i]);
    }
}

static void numbers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_varint(&f->p, 2, UINT64_MAX); /* a negative enum */
    pb_varint(&f->p, 7, UINT32_MAX);
    pb_fixed32(&f->p, 8, UINT32_MAX);
    assert_int_equal(read_record(f), O2P_OK);
    assert_cell(&f->store, LOGS, SeverityNumber, 0, "-1");
    assert_cell(&f->store, LOGS, DroppedAttributesCount, 0, "4294967295");
    assert_cell(&f->store, LOGS, TraceFlags, 0, "4294967295");
    open_record(f);
    pb_varint(&f->p, 2, (UINT64_C(1) << 32) + 5); /* the low 32 bits count */
    pb_varint(&f->p, 7, UINT64_C(1) << 32);
    assert_int_equal(read_record(f), O2P_OK);
    assert_cell(&f->store, LOGS, SeverityNumber, 1, "5");
    assert_cell(&f->store, LOGS, DroppedAttributesCount, 1, "0");
}

static void texts_are_repaired(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_text(&f->p, 3, "\xff");
    pb_text(&f->p, 12, "\xfe");
    pb_open(&f->p, 5);
    pb_text(&f->p, 1, "\xc3");
    pb_close(&f->p);
    assert_int_equal(read_record(f), O2P_OK);
    assert_cell(&f->store, LOGS, SeverityText, 0, "\xef\xbf\xbd");
    assert_cell(&f->store, LOGS, EventName, 0, "\xef\xbf\xbd");
    assert_cell(&f->store, LOGS, Body, 0, "\xef\xbf\xbd");
    assert_int_equal(f->walk.counts.invalid_utf8, 3);
}

/* Every singular field, twice, and with each wrong wire type. */
static void twice_and_wrong(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint8_t wire_types[13] = {9, 1, 0, 2, 9, 2, 2, 0, 5, 2, 2, 1, 2};
    static const char *const values[] = {"\x01", "12345678", "\x00", NULL, NULL, "1234"};
    static const size_t sizes[] = {1, 8, 1, 0, 0, 4};
    for (uint32_t field = 1; field <= 12; field++) {
        for (unsigned wire_type = 0; wire_type < 6; wire_type++) {
            if (wire_type == 3 || wire_type == 4 || field == 4)
                continue;
            bool right = wire_type == wire_types[field];
            open_record(f);
            for (unsigned i = 0; i < (right ? 2 : 1); i++) {
                pb_key(&f->p, field, wire_type);
                pb_raw(&f->p, values[wire_type], sizes[wire_type]);
            }
            assert_int_equal(read_record(f), !right       ? O2P_ERR_WIRE_TYPE
                                             : field == 6 ? O2P_OK
                                                          : O2P_WALK_MERGE);
        }
    }
}

static void unknown_fields_are_counted(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    open_record(f);
    pb_varint(&f->p, 4, 1); /* reserved */
    pb_text(&f->p, 4, "x");
    pb_varint(&f->p, 500, 1);
    assert_int_equal(read_record(f), O2P_OK);
    assert_int_equal(f->walk.counts.unknown_fields, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(every_field),
        walk_test(an_empty_record_is_a_row_of_defaults),
        walk_test(times),
        walk_test(bodies),
        walk_test(ids_of_any_length),
        walk_test(numbers),
        walk_test(texts_are_repaired),
        walk_test(twice_and_wrong),
        walk_test(unknown_fields_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
