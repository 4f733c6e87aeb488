/* test_read.c - the bytes of a call, in each encoding, read into a store: what is read, what is
 * left out, and what an error says about where it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/otlp/read.h"
#include "walk_fixture.h"
#include <cmocka.h>

#define LOG(body) "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":" body "}]}]}]}"
#define TEXT_LOG(text) LOG("{\"stringValue\":\"" text "\"}")
#define SPAN(name) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"" name "\"}]}]}]}"
#define POINTS(points)                                                                             \
    "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"gauge\":{"           \
    "\"dataPoints\":[" points "]}}]}]}]}"

/* ---- one call ---- */

static o2p_settings settings_of(o2p_options options)
{
    o2p_settings settings;
    o2p_error error;
    options.size = sizeof(options);
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

/* Reads bytes that end where their memory ends into the fixture's store, which holds them unless
 * the call failed: then it is as it was. */
static o2p_result read_bytes(walk_fixture *f, o2p_options options, const void *bytes, size_t size)
{
    o2p_settings settings = settings_of(options);
    o2p_store_mark mark;
    o2p_reader reader;
    o2p_result result;
    uint8_t *exact = (uint8_t *)malloc(size + 1);
    assert_non_null(exact);
    memcpy(exact + 1, bytes, size);
    memset(&mark, 0, sizeof(mark));
    memset(&result, 0, sizeof(result));
    o2p_store_save(&f->store, &mark);
    o2p_reader_init(&reader, &f->store, &settings);
    bool ok = o2p_read(&reader, &mark, exact + 1, size, &result);
    assert_int_equal(ok, result.error.status == O2P_OK);
    if (!ok) {
        static const o2p_counts none;
        assert_memory_equal(&result.counts, &none, sizeof(none));
        assert_int_equal(result.rejection.status, O2P_OK);
        o2p_store_rollback(&f->store, &mark);
    }
    o2p_memory_clear(&f->memory);
    o2p_reader_free(&reader);
    free(exact);
    return result;
}

static o2p_result read_text(walk_fixture *f, o2p_options options, const char *text)
{
    return read_bytes(f, options, text, strlen(text));
}

static o2p_result read_ok(walk_fixture *f, o2p_options options, const char *text)
{
    o2p_result result = read_text(f, options, text);
    if (result.error.status != O2P_OK)
        fail_msg("%s: %s at %zu", text, result.error.message, result.error.offset);
    return result;
}

#define assert_error(error, wanted, at, in_line, where, says)                                      \
    do {                                                                                           \
        assert_int_equal((error).status, wanted);                                                  \
        assert_int_equal((error).offset, at);                                                      \
        assert_int_equal((error).line, in_line);                                                   \
        assert_string_equal((error).path, where);                                                  \
        assert_string_equal((error).message, says);                                                \
    } while (0)

static uint32_t logs(const walk_fixture *f)
{
    return f->store.tables[O2P_TABLE_LOGS] == NULL ? 0 : f->store.tables[O2P_TABLE_LOGS]->count;
}

static const o2p_options defaults;

/* ---- encodings ---- */

static void encodings_are_told(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    sample_request(&f->p, O2P_SIGNAL_LOGS, 0);
    o2p_result result = read_bytes(f, defaults, f->p.data, f->p.size);
    f->p.size = 0;
    assert_int_equal(result.error.status, O2P_OK);
    assert_int_equal(result.encoding, O2P_ENCODING_PROTOBUF);
    assert_int_equal(result.signal, O2P_SIGNAL_LOGS);
    assert_int_equal(result.counts.accepted, logs(f));
    result = read_ok(f, defaults, SPAN("a"));
    assert_int_equal(result.encoding, O2P_ENCODING_JSON);
    assert_int_equal(result.signal, O2P_SIGNAL_TRACES);
    assert_int_equal(result.counts.accepted, 1);
    assert_cell(&f->store, TRACES, SpanName, 0, "a");
    result = read_ok(f, defaults, SPAN("b") "\n" TEXT_LOG("c"));
    assert_int_equal(result.encoding, O2P_ENCODING_JSON_LINES);
    assert_int_equal(result.signal, O2P_SIGNAL_TRACES); /* of the first */
    assert_int_equal(result.counts.accepted, 2);
    assert_cell(&f->store, TRACES, SpanName, 1, "b");
    assert_cell(&f->store, LOGS, Body, logs(f) - 1, "c");
}

/* What is named is not looked for. */
static void encodings_are_taken_as_named(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_result result =
        read_text(f, (o2p_options){.encoding = O2P_ENCODING_PROTOBUF}, TEXT_LOG("a"));
    assert_int_equal(result.encoding, O2P_ENCODING_PROTOBUF);
    assert_true(result.error.status != O2P_OK);
    result = read_text(f, (o2p_options){.encoding = O2P_ENCODING_JSON}, "\n" SPAN("a") "\n");
    assert_int_equal(result.error.status, O2P_OK);
    result = read_text(f, (o2p_options){.encoding = O2P_ENCODING_JSON}, SPAN("a") "\n" SPAN("b"));
    assert_error(result.error, O2P_ERR_MALFORMED, strlen(SPAN("a")) + 1, 0, "",
                 "there is more behind the request");
    result = read_ok(f, (o2p_options){.encoding = O2P_ENCODING_JSON_LINES}, SPAN("a"));
    assert_int_equal(result.encoding, O2P_ENCODING_JSON_LINES);
    assert_int_equal(result.counts.accepted, 1);
    result = read_ok(f, (o2p_options){.encoding = O2P_ENCODING_JSON_LINES}, "");
    assert_int_equal(result.signal, O2P_SIGNAL_AUTO);
    assert_int_equal(result.counts.accepted, 0);
}

static void signals_are_taken_as_named(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_options spans = {.signal = O2P_SIGNAL_TRACES};
    o2p_result result = read_text(f, spans, TEXT_LOG("a"));
    assert_error(result.error, O2P_ERR_MALFORMED, 0, 0, "",
                 "a request of logs, not of the signal named");
    result = read_text(f, (o2p_options){.signal = O2P_SIGNAL_METRICS}, SPAN("a"));
    assert_error(result.error, O2P_ERR_MALFORMED, 0, 0, "",
                 "a request of traces, not of the signal named");
    result = read_text(f, spans, "{\"resourceMetrics\":[{}]}");
    assert_error(result.error, O2P_ERR_MALFORMED, 0, 0, "",
                 "a request of metrics, not of the signal named");
    assert_int_equal(result.signal, O2P_SIGNAL_TRACES);
    read_ok(f, spans, "{}"); /* nothing, of any signal */
    read_ok(f, spans, "{\"resourceSpans\":[],\"more\":1}");
    result = read_text(f, defaults, "{\"unknown\":1}");
    assert_error(result.error, O2P_ERR_UNDETECTED, 0, 0, "", "no member of any request");
    assert_int_equal(result.signal, O2P_SIGNAL_AUTO);
    result = read_ok(f, defaults, "{}");
    assert_int_equal(result.signal, O2P_SIGNAL_LOGS);
    result = read_ok(f, spans, "{\"unknown\":1}");
    assert_int_equal(result.counts.unknown_fields, 1);
}

/* ---- protobuf ---- */

/* A field that comes twice: the request is read again, merged, into a store without the first try;
 * an error in it is where it is in the bytes as they came. */
static void requests_are_merged(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    read_ok(f, defaults, TEXT_LOG("before"));
    for (unsigned bad = 0; bad < 2; bad++) {
        sample_open(&f->p, "a");
        pb_open(&f->p, 2);
        pb_text(&f->p, 3, "INFO");
        pb_varint(&f->p, 60, 1);
        pb_text(&f->p, 3, "ERROR");
        size_t at = f->p.size;
        if (bad == 1)
            pb_varint(&f->p, 12, 1);
        pb_close(&f->p);
        sample_close(&f->p);
        o2p_result result =
            read_bytes(f, (o2p_options){.signal = O2P_SIGNAL_LOGS}, f->p.data, f->p.size);
        f->p.size = 0;
        assert_int_equal(logs(f), 2);
        assert_cell(&f->store, LOGS, Body, 0, "before");
        assert_cell(&f->store, LOGS, SeverityText, 1, "ERROR");
        if (bad == 0)
            assert_int_equal(result.counts.unknown_fields, 1);
        else /* at + 6: the lengths of the messages that are open take a byte each, once closed */
            assert_int_equal(result.error.status, O2P_ERR_WIRE_TYPE);
        if (bad == 1)
            assert_string_equal(result.error.path,
                                "resource_logs[0].scope_logs[0].log_records[0].event_name");
        if (bad == 1)
            assert_in_range(result.error.offset, at, at + 6);
    }
}

/* Without a mark the store is emptied for the second try. */
static void a_store_of_one_call_is_emptied(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of((o2p_options){.signal = O2P_SIGNAL_LOGS});
    o2p_reader reader;
    o2p_result result;
    memset(&result, 0, sizeof(result));
    sample_request(&f->p, O2P_SIGNAL_LOGS, 1);
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    pb_text(&f->p, 3, "INFO");
    pb_text(&f->p, 3, "ERROR");
    pb_close(&f->p);
    sample_close(&f->p);
    o2p_reader_init(&reader, &f->store, &settings);
    assert_true(o2p_read(&reader, NULL, f->p.data, f->p.size, &result));
    assert_int_equal(result.counts.accepted, logs(f));
    assert_cell(&f->store, LOGS, SeverityText, logs(f) - 1, "ERROR");
    o2p_reader_free(&reader);
}

/* ---- JSON ---- */

static void records_are_left_out(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char text[] = POINTS("{\"asInt\":1},{\"asInt\":\"x\"},{\"asDouble\":2},"
                                      "{\"timeUnixNano\":-1}");
    o2p_result result = read_ok(f, defaults, text);
    assert_int_equal(result.counts.accepted, 2);
    assert_int_equal(result.counts.rejected, 2);
    assert_int_equal(f->store.tables[O2P_TABLE_METRICS_GAUGE]->count, 2);
    assert_error(result.rejection, O2P_ERR_VALUE, (size_t)(strstr(text, "\"x\"") - text), 0,
                 "resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[1].as_int",
                 "a string that is no number");
}

static void json_errors_say_where(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char text[] = " {\"resourceLogs\":[{\"scopeLogs\":7}]}";
    o2p_result result = read_text(f, defaults, text);
    assert_error(result.error, O2P_ERR_WIRE_TYPE, (size_t)(strchr(text, '7') - text), 0,
                 "resource_logs[0].scope_logs", "an array is expected");
    assert_int_equal(f->store.row_count, 0);
}

/* ---- JSON lines ---- */

static const char lines[] = "\xEF\xBB\xBF" TEXT_LOG(
    "1") "\r\n"
         "\r\n"
         "  \t\n" SPAN("2") "\n"
                            "{\"resourceLogs\":[{\"scopeLogs\":null,\"x\":}]}\n" LOG(
                                "{\"intValue\":\"y\"}") "\n"
                                                        "[]\n" POINTS(
                                                            "{},{\"asInt\":{}}") "\n" TEXT_LOG("9");

static size_t place(const char *text)
{
    return (size_t)(strstr(lines, text) - lines);
}

static void the_first_bad_line_fails_the_call(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_result result = read_text(f, defaults, lines);
    assert_int_equal(result.encoding, O2P_ENCODING_JSON_LINES);
    assert_error(result.error, O2P_ERR_MALFORMED, place("\"x\":}") + 4, 5, "resource_logs[0]",
                 "a value is expected");
    assert_int_equal(f->store.row_count, 0);
}

static void bad_lines_are_left_out(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_result result = read_ok(f, (o2p_options){.skip_bad_lines = true}, lines);
    assert_int_equal(result.signal, O2P_SIGNAL_LOGS);
    assert_int_equal(result.counts.accepted, 3);
    assert_int_equal(result.counts.rejected, 1);
    assert_int_equal(result.counts.bad_lines, 3);
    assert_error(result.rejection, O2P_ERR_MALFORMED, place("\"x\":}") + 4, 5, "resource_logs[0]",
                 "a value is expected");
    assert_int_equal(logs(f), 2);
    assert_cell(&f->store, LOGS, Body, 0, "1");
    assert_cell(&f->store, LOGS, Body, 1, "9");
    assert_cell(&f->store, TRACES, SpanName, 0, "2");
    assert_int_equal(f->store.row_count, 3);
}

/* A record that a line leaves out is told of like a bad line. */
static void the_first_thing_left_out_is_told(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const char text[] = "\n" TEXT_LOG("1") "\n" LOG("{\"intValue\":\"y\"}") "\n[\n";
    o2p_result result = read_ok(f, (o2p_options){.skip_bad_lines = true}, text);
    assert_int_equal(result.counts.bad_lines, 1);
    assert_error(result.rejection, O2P_ERR_VALUE, (size_t)(strstr(text, "\"y\"") - text), 3,
                 "resource_logs[0].scope_logs[0].log_records[0].body.int_value",
                 "a string that is no number");
    result = read_text(f, defaults, text);
    assert_error(result.error, O2P_ERR_WIRE_TYPE, strlen(text) - 2, 4, "",
                 "a request is an object");
}

/* A line is cut off by its end, not by that of the text. */
static void lines_end_where_they_end(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_options options = {.encoding = O2P_ENCODING_JSON_LINES};
    o2p_result result = read_text(f, options, "{\"resourceLogs\":[\n]}\n");
    assert_error(result.error, O2P_ERR_TRUNCATED, 17, 1, "resource_logs[0]",
                 "the text ends inside a value");
    result = read_text(f, options, "{}\n\n{}x");
    assert_error(result.error, O2P_ERR_MALFORMED, 6, 3, "", "there is more behind the request");
    result = read_text(f, options, "{}\n{\"unknown\":[]}");
    assert_error(result.error, O2P_ERR_UNDETECTED, 3, 2, "", "no member of any request");
}

static void no_line_is_good(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_result result = read_ok(
        f, (o2p_options){.encoding = O2P_ENCODING_JSON_LINES, .skip_bad_lines = true}, "a\nb\n\nc");
    assert_int_equal(result.counts.bad_lines, 3);
    assert_int_equal(result.signal, O2P_SIGNAL_AUTO);
    assert_int_equal(result.rejection.line, 1);
    assert_int_equal(f->store.row_count, 0);
}

/* Memory that is refused fails the call: it is no line's fault. */
static void refused_memory_is_no_bad_line(void **state)
{
    (void)state;
    o2p_options options = {.skip_bad_lines = true};
    size_t n = 0;
    for (o2p_status status = O2P_ERR_OUT_OF_MEMORY; status != O2P_OK;) {
        walk_fixture fresh = {0};
        fresh.counting.refuse_at = ++n;
        o2p_allocator allocator = counting_allocator_functions(&fresh.counting);
        o2p_memory_init(&fresh.memory, &allocator, 0);
        o2p_store_init(&fresh.store, &fresh.memory, false);
        o2p_result result = read_text(&fresh, options, lines);
        status = result.error.status;
        assert_int_equal(status, fresh.counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
        assert_true(status != O2P_OK || result.counts.bad_lines == 3);
        o2p_store_free(&fresh.store);
        assert_int_equal(fresh.counting.blocks, 0);
    }
    assert_true(n > 20);
}

/* ---- limits ---- */

typedef struct limited {
    o2p_options options;
    const char *text;
    o2p_status status;
    const char *at; /* what is at the offset, in the text; NULL: the offset is 0 */
    uint64_t line;
    const char *path;
    const char *message;
} limited;

#define ATTRIBUTES(list)                                                                           \
    "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"attributes\":[" list "]}]}]}]}"
#define FIRST_RECORD "resource_logs[0].scope_logs[0].log_records[0]"

static const limited json_limits[] = {
    {{.max_input_bytes = sizeof(TEXT_LOG("a")) - 2},
     TEXT_LOG("a"),
     O2P_ERR_LIMIT,
     NULL,
     0,
     "",
     "more input than max_input_bytes"},
    {{.max_string_bytes = 3},
     TEXT_LOG("abcd"),
     O2P_ERR_LIMIT,
     "\"abcd",
     0,
     FIRST_RECORD ".body.string_value",
     "a string of more bytes than max_string_bytes"},
    {{.max_string_bytes = 3},
     TEXT_LOG("abc") "\n\n" TEXT_LOG("a\\u0062cd"),
     O2P_ERR_LIMIT,
     "\"a\\u",
     3,
     FIRST_RECORD ".body.string_value",
     "a string of more bytes than max_string_bytes"},
    {{.max_string_bytes = 3},
     LOG("{\"bytesValue\":\"AAAAAA==\"}"),
     O2P_ERR_LIMIT,
     "\"AAAAAA",
     0,
     FIRST_RECORD ".body.bytes_value",
     "a string of more bytes than max_string_bytes"},
    {{.max_records = 2},
     POINTS("{},{\"asInt\":\"x\"},{\"asInt\":3}"),
     O2P_ERR_LIMIT,
     "{\"asInt\":3",
     0,
     "resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[2]",
     "more records than max_records"},
    {{.max_records = 2},
     TEXT_LOG("a") "\n" TEXT_LOG("b") "\n" SPAN("c") "\n" SPAN("d"),
     O2P_ERR_LIMIT,
     SPAN("c"),
     3,
     "",
     "more records than max_records"},
    {{.max_attributes = 2},
     ATTRIBUTES("{},{},{\"key\":\"c\"}"),
     O2P_ERR_LIMIT,
     "{\"key\":\"c",
     0,
     FIRST_RECORD ".attributes[2]",
     "more attributes in a list than max_attributes"},
    {{.max_depth = 8},
     LOG("{\"arrayValue\":{\"values\":[{\"arrayValue\":{\"values\":[{\"arrayValue\":{}}]}}]}}"),
     O2P_ERR_DEPTH,
     "{}}",
     0,
     FIRST_RECORD ".body.array_value.values[0].array_value.values[0].array_value",
     "messages are nested too deep"},
};

static void limits_of_json_say_where(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (size_t i = 0; i < sizeof(json_limits) / sizeof(json_limits[0]); i++) {
        const limited *l = &json_limits[i];
        o2p_options one_more = l->options;
        uint64_t rows = f->store.row_count;
        o2p_result result = read_text(f, l->options, l->text);
        size_t at = l->at == NULL ? 0 : (size_t)(strstr(l->text, l->at) - l->text);
        assert_error(result.error, l->status, at, l->line, l->path, l->message);
        assert_int_equal(f->store.row_count, rows);
        one_more.max_depth += one_more.max_depth != 0;
        one_more.max_attributes += one_more.max_attributes != 0;
        if (one_more.max_records != 0)
            one_more.max_records += l->line == 0 ? 1 : 2; /* there are two spans */
        one_more.max_string_bytes += one_more.max_string_bytes != 0;
        one_more.max_input_bytes += one_more.max_input_bytes != 0;
        assert_true(read_ok(f, one_more, l->text).counts.accepted > 0);
    }
}

/* The same limits, of a request in protobuf. */
static void limits_of_protobuf_say_where(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const struct {
        o2p_options options;
        const char *path;
        const char *message;
    } cases[] = {
        {{.max_string_bytes = 13},
         FIRST_RECORD ".attributes[1].value.string_value",
         "a string of more bytes than max_string_bytes"},
        {{.max_attributes = 2},
         FIRST_RECORD ".attributes[2]",
         "more attributes in a list than max_attributes"},
        {{.max_records = 1},
         "resource_logs[0].scope_logs[0].log_records[1]",
         "more records than max_records"},
    };
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    pb_attribute(&f->p, 6, "k", "thirteen byte");
    pb_attribute(&f->p, 6, "l", "fourteen bytes");
    pb_attribute(&f->p, 6, "m", "x");
    pb_close(&f->p);
    pb_open(&f->p, 2);
    pb_fixed64(&f->p, 1, SAMPLE_TIME);
    pb_close(&f->p);
    sample_close(&f->p);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        o2p_options options = cases[i].options;
        options.signal = O2P_SIGNAL_LOGS;
        o2p_result result = read_bytes(f, options, f->p.data, f->p.size);
        assert_int_equal(result.error.status, O2P_ERR_LIMIT);
        assert_string_equal(result.error.message, cases[i].message);
        assert_string_equal(result.error.path, cases[i].path);
        assert_in_range(result.error.offset, 1, f->p.size);
        assert_int_equal(logs(f), 2 * i);
        options.max_string_bytes += options.max_string_bytes != 0;
        options.max_attributes += options.max_attributes != 0;
        options.max_records += options.max_records != 0;
        result = read_bytes(f, options, f->p.data, f->p.size);
        assert_int_equal(result.error.status, O2P_OK);
        assert_int_equal(result.counts.accepted, 2);
    }
}

/* Nested so deep that only a limit below the default stops it. */
static void depth_of_protobuf_is_limited(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_options options = {.signal = O2P_SIGNAL_LOGS};
    sample_open(&f->p, "a");
    pb_open(&f->p, 2);
    pb_open(&f->p, 5);
    for (unsigned i = 0; i < 4; i++) { /* each list is two messages deeper */
        pb_open(&f->p, 5);
        pb_open(&f->p, 1);
    }
    pb_varint(&f->p, 3, 1);
    for (unsigned i = 0; i < 8; i++)
        pb_close(&f->p);
    pb_close(&f->p);
    pb_close(&f->p);
    sample_close(&f->p);
    for (options.max_depth = 8; options.max_depth < 20; options.max_depth++) {
        o2p_result result = read_bytes(f, options, f->p.data, f->p.size);
        assert_int_equal(result.error.status, options.max_depth < 12 ? O2P_ERR_DEPTH : O2P_OK);
        if (options.max_depth < 12)
            assert_int_equal(strncmp(result.error.path, FIRST_RECORD ".body.array_value", 40), 0);
    }
}

/* What records share is known at the end, and told of the group that brings the most. In JSON that
 * is nowhere in particular. */
static void shared_attributes_are_limited(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { MANY = 1100 };
    o2p_options options = {.signal = O2P_SIGNAL_LOGS, .max_shared_attributes = 1};
    sample_open(&f->p, "a");
    sample_close(&f->p);
    size_t at = f->p.size;
    pb_open(&f->p, 1);
    pb_open(&f->p, 1);
    for (unsigned i = 0; i < MANY; i++) {
        char key[8];
        snprintf(key, sizeof(key), "%u", i);
        pb_attribute(&f->p, 1, key, "");
    }
    pb_close(&f->p);
    pb_open(&f->p, 2);
    for (unsigned i = 0; i < MANY; i++) {
        pb_open(&f->p, 2);
        pb_close(&f->p);
    }
    pb_close(&f->p);
    pb_close(&f->p);
    o2p_result result = read_bytes(f, options, f->p.data, f->p.size);
    assert_error(result.error, O2P_ERR_LIMIT, at, 0, "resource_logs[1]",
                 "more attributes shared by records than max_shared_attributes");
    options.max_shared_attributes = (MANY * MANY - (1 << 20)) / MANY + 1;
    assert_int_equal(read_bytes(f, options, f->p.data, f->p.size).counts.accepted, MANY);
    options.max_shared_attributes--;
    assert_int_equal(read_bytes(f, options, f->p.data, f->p.size).error.status, O2P_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(encodings_are_told),
        walk_test(encodings_are_taken_as_named),
        walk_test(signals_are_taken_as_named),
        walk_test(requests_are_merged),
        walk_test(a_store_of_one_call_is_emptied),
        walk_test(records_are_left_out),
        walk_test(json_errors_say_where),
        walk_test(the_first_bad_line_fails_the_call),
        walk_test(bad_lines_are_left_out),
        walk_test(the_first_thing_left_out_is_told),
        walk_test(lines_end_where_they_end),
        walk_test(no_line_is_good),
        cmocka_unit_test(refused_memory_is_no_bad_line),
        walk_test(limits_of_json_say_where),
        walk_test(limits_of_protobuf_say_where),
        walk_test(depth_of_protobuf_is_limited),
        walk_test(shared_attributes_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
