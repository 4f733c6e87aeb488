/* test_request.c - the envelopes: rows belong to the resource and scope around them, whatever the
 * order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_TRACES, O2P_SIGNAL_METRICS};
static const o2p_table tables[] = {O2P_TABLE_LOGS, O2P_TABLE_TRACES, O2P_TABLE_METRICS_SUM};

static void put_record(protobuf *p, o2p_signal signal, uint64_t time)
{
    pb_open(p, 2);
    if (signal == O2P_SIGNAL_METRICS) {
        pb_open(p, 7);
        pb_open(p, 1);
    }
    pb_fixed64(p, signal == O2P_SIGNAL_LOGS ? 1 : signal == O2P_SIGNAL_TRACES ? 7 : 3, time);
    if (signal == O2P_SIGNAL_METRICS) {
        pb_close(p);
        pb_close(p);
    }
    pb_close(p);
}

static void put_resource(protobuf *p, const char *service)
{
    pb_open(p, 1);
    pb_attribute(p, 1, "service.name", service);
    pb_close(p);
}

static void put_scope(protobuf *p, const char *name)
{
    pb_open(p, 1);
    pb_text(p, 1, name);
    pb_close(p);
}

static void assert_row(walk_fixture *f, size_t s, uint32_t row, const char *time,
                       const char *service, const char *scope, const char *resource_url,
                       const char *scope_url)
{
    const o2p_store *store = &f->store;
    assert_string_equal(store_cell(store, tables[s], o2p_tables[tables[s]].time, row), time);
    assert_string_equal(store_cell(store, tables[s], O2P_COL_ServiceName, row), service);
    assert_string_equal(store_cell(store, tables[s], O2P_COL_ScopeName, row), scope);
    assert_string_equal(store_cell(store, tables[s], O2P_COL_ResourceSchemaUrl, row), resource_url);
    assert_string_equal(store_cell(store, tables[s], O2P_COL_ScopeSchemaUrl, row), scope_url);
}

/* Two resources with two scopes each; all fields in order, and all reversed. */
static void rows_have_what_is_around_them(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (size_t s = 0; s < 3; s++) {
        for (unsigned reversed = 0; reversed < 2; reversed++) {
            protobuf *p = &f->p;
            uint64_t time = 1;
            for (unsigned r = 0; r < 2; r++) {
                const char *service = r == 0 ? "one" : "two";
                pb_open(p, 1);
                if (reversed)
                    pb_text(p, 3, service);
                else
                    put_resource(p, service);
                for (unsigned c = 0; c < 2; c++) {
                    const char *scope = c == 0 ? "x" : "y";
                    pb_open(p, 2);
                    if (reversed)
                        pb_text(p, 3, scope);
                    else
                        put_scope(p, scope);
                    put_record(p, signals[s], time++);
                    put_record(p, signals[s], time++);
                    if (reversed)
                        put_scope(p, scope);
                    else
                        pb_text(p, 3, scope);
                    pb_close(p);
                }
                if (reversed)
                    put_resource(p, service);
                else
                    pb_text(p, 3, service);
                pb_close(p);
            }
            walk_fresh(f, signals[s]);
            assert_int_equal(f->store.row_count, 8);
            for (uint32_t row = 0; row < 8; row++) {
                char at[8];
                snprintf(at, sizeof(at), "%u", row + 1);
                const char *service = row < 4 ? "one" : "two",
                           *scope = row / 2 % 2 == 0 ? "x" : "y";
                assert_row(f, s, row, at, service, scope, service, scope);
            }
        }
    }
}

/* Requests after each other go on in the same rows. */
static void requests_add_up(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (uint32_t i = 0; i < 5; i++) {
        sample_open(&f->p, i % 2 == 0 ? "even" : "odd");
        put_record(&f->p, O2P_SIGNAL_TRACES, i + 1);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_TRACES), O2P_OK);
        assert_int_equal(f->walk.counts.accepted, 1); /* of this request */
    }
    assert_int_equal(f->store.groups[O2P_SOURCE_RESOURCE]->count, 2);
    for (uint32_t i = 0; i < 5; i++) {
        char at[8];
        snprintf(at, sizeof(at), "%u", i + 1);
        assert_row(f, 1, i, at, i % 2 == 0 ? "even" : "odd", "", "", "");
    }
}

static void groups_without_records_are_counted(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_open(&f->p, 1);
    pb_close(&f->p);
    sample_open(&f->p, "a");
    sample_close(&f->p);
    sample_open(&f->p, "a");
    put_record(&f->p, O2P_SIGNAL_LOGS, 1);
    sample_close(&f->p);
    walk_fresh(f, O2P_SIGNAL_LOGS);
    assert_int_equal(f->walk.counts.empty_groups, 2);
    assert_int_equal(f->store.row_count, 1);
    assert_row(f, 0, 0, "1", "a", "", "", "");
}

static void unknown_fields_are_counted_at_each_level(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (size_t s = 0; s < 3; s++) {
        pb_varint(&f->p, 9, 1);
        pb_open(&f->p, 1);
        pb_varint(&f->p, 1000, 1); /* the deprecated instrumentation_library_... */
        pb_open(&f->p, 2);
        pb_text(&f->p, 9, "x");
        put_record(&f->p, signals[s], 1);
        pb_close(&f->p);
        pb_close(&f->p);
        walk_fresh(f, signals[s]);
        assert_int_equal(f->walk.counts.unknown_fields, 3);
        assert_int_equal(f->store.row_count, 1);
    }
}

static void what_cannot_be_read_is_told_with_its_place(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (size_t s = 0; s < 3; s++) {
        static const struct {
            int status;
            size_t at;
            const char *bytes;
            size_t size;
        } bad[] = {
            {O2P_ERR_WIRE_TYPE, 0, "\x08\x01", 2},
            {O2P_ERR_WIRE_TYPE, 2, "\x0a\x02\x08\x01", 4},
            {O2P_ERR_WIRE_TYPE, 4, "\x0a\x04\x12\x02\x18\x01", 6},
            {O2P_ERR_TRUNCATED, 1, "\x0a\x04\x12\x02\x18", 5},
            {O2P_ERR_TRUNCATED, 5, "\x0a\x04\x12\x02\x1a\x01", 6},
            {O2P_ERR_MALFORMED, 4, "\x0a\x04\x12\x02\x00\x01", 6},
            {O2P_WALK_MERGE, 4, "\x0a\x04\x0a\x00\x0a\x00", 6},
            {O2P_WALK_MERGE, 4, "\x0a\x04\x1a\x00\x1a\x00", 6},
            {O2P_WALK_MERGE, 6, "\x0a\x06\x12\x04\x0a\x00\x0a\x00", 8},
            {O2P_WALK_MERGE, 6, "\x0a\x06\x12\x04\x1a\x00\x1a\x00", 8},
        };
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            pb_raw(&f->p, bad[i].bytes, bad[i].size);
            assert_int_equal(walk_read(f, signals[s]), bad[i].status);
            assert_int_equal(f->walk.at - f->p.data, bad[i].at);
        }
    }
}

static void messages_of_signals(void **state)
{
    (void)state;
    assert_string_equal(o2p_request_message(O2P_SIGNAL_LOGS)->name, "ExportLogsServiceRequest");
    assert_string_equal(o2p_request_message(O2P_SIGNAL_TRACES)->name, "ExportTraceServiceRequest");
    assert_string_equal(o2p_request_message(O2P_SIGNAL_METRICS)->name,
                        "ExportMetricsServiceRequest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(rows_have_what_is_around_them),
        walk_test(requests_add_up),
        walk_test(groups_without_records_are_counted),
        walk_test(unknown_fields_are_counted_at_each_level),
        walk_test(what_cannot_be_read_is_told_with_its_place),
        cmocka_unit_test(messages_of_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
