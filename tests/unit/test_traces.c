/* test_traces.c - Span with its events and links into the table traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

static void open_span(walk_fixture *f)
{
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
}

static int read_span(walk_fixture *f)
{
    pb_close(&f->p);
    sample_close(&f->p);
    return walk_read(f, O2P_SIGNAL_TRACES);
}

static void every_field(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_TRACES, 1);
    walk_fresh(f, O2P_SIGNAL_TRACES);
    const o2p_store *s = &f->store;
    assert_int_equal(s->tables[O2P_TABLE_TRACES]->count, 4);
    assert_cell(s, TRACES, Timestamp, 0, "1704164645678902234");
    assert_cell(s, TRACES, SpanTimestampNanos, 0, "234");
    assert_cell(s, TRACES, Duration, 0, "1500");
    assert_cell(s, TRACES, TraceId, 0, "01f92f3577b34da6a3ce929d0e0e4736");
    assert_cell(s, TRACES, SpanId, 0, "01f92f3577b34da6");
    assert_cell(s, TRACES, ParentSpanId, 0, "03f92f3577b34da6");
    assert_cell(s, TRACES, TraceState, 0, "vendor=1");
    assert_cell(s, TRACES, SpanName, 0, "GET / 1");
    assert_cell(s, TRACES, SpanKind, 0, "Internal");
    assert_cell(s, TRACES, StatusCode, 0, "Ok");
    assert_cell(s, TRACES, StatusMessage, 0, "message 1");
    assert_cell(s, TRACES, SpanAttributesTypes, 0, "esbidakyss");
    assert_cell(s, TRACES, SpanFlags, 0, "257");
    assert_cell(s, TRACES, DroppedAttributesCount, 0, "1");
    assert_cell(s, TRACES, DroppedEventsCount, 0, "2");
    assert_cell(s, TRACES, DroppedLinksCount, 0, "3");
    assert_cell(s, TRACES, ServiceName, 0, "service-1");
    assert_cell(s, TRACES, ScopeName, 0, "scope 1");
    assert_cell(s, TRACES, ScopeName, 2, "scope 0");
    const o2p_rows *rows = s->tables[O2P_TABLE_TRACES];
    assert_int_equal(rows->columns[O2P_COL_Events].child_rows, 8);
    assert_int_equal(rows->columns[O2P_COL_Links].child_rows, 4);
    assert_string_equal(rows_cell(rows, O2P_COL_EventsTimestamp, 0), "1704164645678902244");
    assert_string_equal(rows_cell(rows, O2P_COL_EventsTimestampNanos, 0), "244");
    assert_string_equal(rows_cell(rows, O2P_COL_EventsName, 0), "exception");
    assert_string_equal(rows_cell(rows, O2P_COL_EventsAttributesTypes, 0), "esbidakyss");
    assert_string_equal(rows_cell(rows, O2P_COL_EventsDroppedAttributesCount, 0), "5");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksTraceId, 0),
                        "02f92f3577b34da6a3ce929d0e0e4736");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksSpanId, 0), "02f92f3577b34da6");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksTraceState, 0), "a=b");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksAttributesTypes, 0), "esbidakyss");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksDroppedAttributesCount, 0), "6");
    assert_string_equal(rows_cell(rows, O2P_COL_LinksFlags, 0), "769");
    assert_non_null(strstr(rows_cell(rows, O2P_COL_EventsAttributes, 1), "key.1.2: text 2"));
}

/* Lists of no, one and several elements, in order, also where spans between have none. */
static void lists_of_elements(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const unsigned counts[] = {0, 2, 0, 0, 1, 3};
    char name[2] = "a";
    for (unsigned i = 0; i < 6; i++) {
        open_span(f);
        for (unsigned j = 0; j < counts[i]; j++, name[0]++) {
            pb_open(&f->p, 11);
            pb_text(&f->p, 2, name);
            if (j == 1)
                pb_attribute(&f->p, 3, "k", name);
            pb_close(&f->p);
        }
        if (i == 5) {
            pb_open(&f->p, 13);
            pb_close(&f->p);
        }
        assert_int_equal(read_span(f), O2P_OK);
    }
#define EVENT(name, map)                                                                           \
    "{Timestamp: 0, Name: " name ", Attributes: " map                                              \
    ", TimestampNanos: 0, AttributesTypes: , DroppedAttributesCount: 0}"
    static const char *const expected[] = {
        "[]",
        "[" EVENT("a", "{}") ", " EVENT("b", "{k: b}") "]",
        "[]",
        "[]",
        "[" EVENT("c", "{}") "]",
        "[" EVENT("d", "{}") ", " EVENT("e", "{k: e}") ", " EVENT("f", "{}") "]"};
    for (uint32_t i = 0; i < 6; i++) {
        assert_cell(&f->store, TRACES, Events, i, expected[i]);
        assert_cell(&f->store, TRACES, Links, i,
                    i < 5
                        ? "[]"
                        : "[{TraceId: , SpanId: , TraceState: , Attributes: {}, AttributesTypes: , "
                          "DroppedAttributesCount: 0, Flags: 0}]");
    }
}

static void kinds_and_codes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        uint64_t value;
        const char *kind, *code;
    } known[] = {
        {0, "Unspecified", "Unset"},
        {1, "Internal", "Ok"},
        {2, "Server", "Error"},
        {3, "Client", "3"},
        {4, "Producer", "4"},
        {5, "Consumer", "5"},
        {6, "6", "6"},
        {UINT64_MAX, "-1", "-1"},
        {2147483647, "2147483647", "2147483647"},
        {UINT64_C(0xFFFFFFFF80000000), "-2147483648", "-2147483648"},
        {(UINT64_C(1) << 32) + 1, "Internal", "Ok"},
    };
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        open_span(f);
        pb_varint(&f->p, 6, known[i].value);
        pb_open(&f->p, 15);
        pb_varint(&f->p, 3, known[i].value);
        pb_close(&f->p);
        assert_int_equal(read_span(f), O2P_OK);
        assert_cell(&f->store, TRACES, SpanKind, i, known[i].kind);
        assert_cell(&f->store, TRACES, StatusCode, i, known[i].code);
    }
    open_span(f); /* neither */
    assert_int_equal(read_span(f), O2P_OK);
    assert_cell(&f->store, TRACES, SpanKind, 11, "Unspecified");
    assert_cell(&f->store, TRACES, StatusCode, 11, "Unset");
}

static void durations(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        uint64_t start, end;
        const char *duration;
    } known[] = {
        {0, 0, "null"},       {5, 0, "null"},
        {0, 5, "5"},          {5, 5, "0"},
        {10, 5, "-5"},        {1, UINT64_MAX, "-2"},
        {UINT64_MAX, 1, "2"}, {UINT64_C(1) << 63, UINT64_MAX, "9223372036854775807"},
    };
    for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        open_span(f);
        pb_fixed64(&f->p, 7, known[i].start);
        pb_fixed64(&f->p, 8, known[i].end);
        assert_int_equal(read_span(f), O2P_OK);
        assert_cell(&f->store, TRACES, Duration, i, known[i].duration);
    }
}

/* Each singular field of span, status, event and link, twice; unknown ones; wrong wire types. */
static void twice_and_wrong(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t messages[] = {0, 11, 13, 15}; /* 0: the span itself */
    static const char *const types[] = {"?22222011?0?0?025", "?12?0", "?222?05",
                                        "??20"}; /* by number */
    for (size_t m = 0; m < 4; m++) {
        for (uint32_t field = 1; types[m][field] != '\0'; field++) {
            if (types[m][field] == '?')
                continue;
            unsigned right = (unsigned)(types[m][field] - '0');
            for (unsigned twice = 0; twice < 2; twice++) {
                open_span(f);
                if (messages[m] != 0)
                    pb_open(&f->p, messages[m]);
                unsigned wire_type = twice ? right : right == 0 ? 5 : 0;
                for (unsigned i = 0; i <= twice; i++) {
                    pb_key(&f->p, field, wire_type);
                    pb_raw(&f->p, "\0\0\0\0\0\0\0\0", wire_type == 1 ? 8 : wire_type == 5 ? 4 : 1);
                }
                pb_varint(&f->p, 99, 1);
                if (messages[m] != 0)
                    pb_close(&f->p);
                assert_int_equal(read_span(f), twice ? O2P_WALK_MERGE : O2P_ERR_WIRE_TYPE);
            }
        }
    }
    open_span(f);
    for (size_t m = 0; m < 4; m++) {
        if (messages[m] != 0)
            pb_open(&f->p, messages[m]);
        pb_varint(&f->p, 99, 1);
        if (messages[m] != 0)
            pb_close(&f->p);
    }
    assert_int_equal(read_span(f), O2P_OK);
    assert_int_equal(f->walk.counts.unknown_fields, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(every_field), walk_test(lists_of_elements), walk_test(kinds_and_codes),
        walk_test(durations),   walk_test(twice_and_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
