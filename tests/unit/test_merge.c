/* test_merge.c - messages that came in pieces, merged as protobuf says; compared as text with what
 * is expected by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/otlp/merge.h"
#include "../../lib/otlp/wire.h"
#include "counting_allocator.h"
#include "protobuf_builder.h"
#include "sample_requests.h"
#include <cmocka.h>

static counting_allocator counting;
static o2p_memory memory;
static o2p_buffer merged;
static protobuf p;
static uint64_t unknown;
static o2p_merge_error error;

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_buffer_init(&merged, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_buffer_free(&merged);
    pb_free(&p);
    return memory.held == 0 && counting.blocks == 0 ? 0 : -1;
}

/* ---- messages as text: name=number name="text" name{...} ---- */

static char text[1 << 18];

static size_t put_message(size_t at, const o2p_message *message, const uint8_t *bytes, size_t size)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    size_t begin = at;
    while (o2p_wire_next(&wire, &field)) {
        const o2p_proto_field *known = o2p_find_field(message, field.key >> 3);
        at += (size_t)sprintf(text + at, "%s%s", at == begin ? "" : " ",
                              known == NULL ? "?" : known->name);
        if (known != NULL && known->message != NULL) {
            at += (size_t)sprintf(text + at, "{");
            at = put_message(at, known->message, field.bytes, (size_t)field.value);
            at += (size_t)sprintf(text + at, "}");
        } else if ((field.key & 7) == O2P_WIRE_LEN) {
            at += (size_t)sprintf(text + at, "=\"%.*s\"", (int)field.value,
                                  (const char *)field.bytes);
        } else {
            at += (size_t)sprintf(text + at, "=%llu", (unsigned long long)field.value);
        }
    }
    assert_int_equal(wire.status, O2P_OK);
    return at;
}

static const char *text_of(const o2p_message *message, const uint8_t *bytes, size_t size)
{
    text[0] = '\0';
    if (size > 0)
        put_message(0, message, bytes, size);
    return text;
}

static bool merge(const o2p_message *message)
{
    merged.size = 0;
    assert_int_equal(p.depth, 0);
    return o2p_merge(message, p.data, p.size, O2P_MAX_DEPTH, &merged, &unknown, &error);
}

/* Merges the message in `p`, twice: what is merged stays as it is. */
static void check(const o2p_message *message, const char *expected)
{
    assert_true(merge(message));
    assert_int_equal(error.status, O2P_OK);
    assert_string_equal(text_of(message, merged.data, merged.size), expected);
    o2p_buffer again;
    o2p_buffer_init(&again, &memory);
    uint64_t none;
    assert_true(o2p_merge(message, merged.size == 0 ? p.data : merged.data, merged.size,
                          O2P_MAX_DEPTH, &again, &none, &error));
    assert_int_equal(none, 0);
    assert_string_equal(text_of(message, again.data, again.size), expected);
    o2p_buffer_free(&again);
    p.size = 0;
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    pb_byte(&p, 0);
    p.size = 0;
    check(O2P_MESSAGE(LogRecord), "");
    assert_int_equal(merged.size, 0);
}

static void a_request_in_one_piece_stays_as_it_is(void **state)
{
    (void)state;
    static const o2p_message *const messages[] = {NULL, O2P_MESSAGE(ExportLogsServiceRequest),
                                                  O2P_MESSAGE(ExportTraceServiceRequest),
                                                  O2P_MESSAGE(ExportMetricsServiceRequest)};
    for (unsigned s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS; s++) {
        sample_request(&p, (o2p_signal)s, 3);
        static char expected[sizeof(text)];
        memcpy(expected, text_of(messages[s], p.data, p.size), sizeof(expected));
        check(messages[s], expected);
        assert_int_equal(unknown, 0);
    }
}

/* ---- scalars ---- */

static void the_last_scalar_counts(void **state)
{
    (void)state;
    pb_text(&p, 3, "first");
    pb_varint(&p, 2, 9);
    pb_fixed64(&p, 1, 1);
    pb_text(&p, 3, "second");
    pb_varint(&p, 2, 0); /* a default too */
    pb_text(&p, 3, "");
    pb_fixed64(&p, 1, 2);
    check(O2P_MESSAGE(LogRecord), "severity_number=0 severity_text=\"\" time_unix_nano=2");
}

static void the_last_optional_counts(void **state)
{
    (void)state;
    pb_fixed64(&p, 5, 1);
    pb_fixed64(&p, 11, 5);
    pb_fixed64(&p, 5, 0);
    check(O2P_MESSAGE(HistogramDataPoint), "min=5 sum=0");
}

/* ---- messages ---- */

static void pieces_of_a_message_are_merged(void **state)
{
    (void)state;
    pb_open(&p, 15);
    pb_text(&p, 2, "one");
    pb_varint(&p, 3, 1);
    pb_close(&p);
    pb_text(&p, 5, "name");
    pb_open(&p, 15);
    pb_close(&p);
    pb_open(&p, 15);
    pb_varint(&p, 3, 2);
    pb_close(&p);
    check(O2P_MESSAGE(Span), "name=\"name\" status{message=\"one\" code=2}");
}

static void repeated_fields_of_pieces_are_joined_in_order(void **state)
{
    (void)state;
    pb_open(&p, 1);
    pb_attribute(&p, 1, "a", "1");
    pb_attribute(&p, 1, "b", "2");
    pb_close(&p);
    pb_text(&p, 3, "url");
    pb_open(&p, 1);
    pb_varint(&p, 2, 7);
    pb_attribute(&p, 1, "a", "3");
    pb_close(&p);
    check(O2P_MESSAGE(ResourceLogs),
          "schema_url=\"url\" resource{attributes{key=\"a\" value{string_value=\"1\"}} "
          "attributes{key=\"b\" value{string_value=\"2\"}} dropped_attributes_count=7 "
          "attributes{key=\"a\" value{string_value=\"3\"}}}");
}

static void repeated_messages_are_not_merged(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&p, 11);
        pb_text(&p, 2, "first");
        if (i == 1)
            pb_text(&p, 2, "second");
        pb_close(&p);
        pb_text(&p, 5, "name");
    }
    check(O2P_MESSAGE(Span),
          "events{name=\"first\"} events{name=\"second\"} events{name=\"first\"} name=\"name\"");
}

static void pieces_are_merged_at_every_level(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) { /* KeyValue.value, AnyValue.kvlist_value */
        pb_open(&p, 2);
        pb_open(&p, 6);
        pb_attribute(&p, 1, i == 0 ? "x" : "y", "1");
        pb_close(&p);
        pb_close(&p);
    }
    pb_text(&p, 1, "key");
    check(O2P_MESSAGE(KeyValue), "value{kvlist_value{values{key=\"x\" value{string_value=\"1\"}} "
                                 "values{key=\"y\" value{string_value=\"1\"}}}} key=\"key\"");
}

/* ---- oneofs ---- */

static void the_last_member_of_a_oneof_counts(void **state)
{
    (void)state;
    pb_fixed64(&p, 4, 1);
    pb_fixed64(&p, 6, 2);
    pb_varint(&p, 8, 1);
    check(O2P_MESSAGE(NumberDataPoint), "as_int=2 flags=1");
    pb_fixed64(&p, 6, 2);
    pb_fixed64(&p, 4, 1);
    pb_fixed64(&p, 6, 3);
    pb_fixed64(&p, 4, 0);
    check(O2P_MESSAGE(NumberDataPoint), "as_double=0");
}

static void a_message_member_replaces_another(void **state)
{
    (void)state;
    pb_text(&p, 1, "text");
    pb_open(&p, 5);
    sample_any(&p, 1, 2, 0);
    pb_close(&p);
    check(O2P_MESSAGE(AnyValue), "array_value{values{bool_value=1}}");
    pb_open(&p, 5);
    sample_any(&p, 1, 2, 0);
    pb_close(&p);
    pb_text(&p, 1, "text");
    check(O2P_MESSAGE(AnyValue), "string_value=\"text\"");
}

/* Pieces of one member are merged, those before another member was set are gone. */
static void pieces_of_a_member_since_another_was_set(void **state)
{
    (void)state;
    static const unsigned members[] = {5, 5, 1, 5, 6, 5, 5};
    for (unsigned i = 0; i < 7; i++) {
        if (members[i] == 1) {
            pb_text(&p, 1, "text");
            continue;
        }
        pb_open(&p, members[i]);
        if (members[i] == 5) {
            pb_open(&p, 1);
            pb_varint(&p, 3, i);
            pb_close(&p);
        }
        pb_close(&p);
    }
    check(O2P_MESSAGE(AnyValue), "array_value{values{int_value=5} values{int_value=6}}");
}

static void a_metric_may_change_its_kind(void **state)
{
    (void)state;
    pb_text(&p, 1, "m");
    pb_open(&p, 5);
    pb_open(&p, 1);
    pb_fixed64(&p, 3, 1);
    pb_close(&p);
    pb_close(&p);
    pb_open(&p, 7);
    pb_varint(&p, 2, 2);
    pb_close(&p);
    pb_open(&p, 7);
    pb_varint(&p, 3, 1);
    pb_open(&p, 1);
    pb_fixed64(&p, 3, 2);
    pb_close(&p);
    pb_close(&p);
    check(O2P_MESSAGE(Metric),
          "name=\"m\" sum{aggregation_temporality=2 is_monotonic=1 data_points{time_unix_nano=2}}");
}

/* What was replaced must still be a message: other decoders read it before they drop it. */
static void replaced_members_are_checked(void **state)
{
    (void)state;
    pb_open(&p, 5);
    pb_raw(&p, "\x0a\x05x", 3);
    pb_close(&p);
    pb_text(&p, 1, "text");
    assert_false(merge(O2P_MESSAGE(AnyValue)));
    assert_int_equal(error.status, O2P_ERR_TRUNCATED);
    assert_int_equal(error.at - p.data, 3);
    p.size = 0;
    pb_open(&p, 5);
    pb_fixed32(&p, 1, 1);
    pb_close(&p);
    pb_open(&p, 6);
    pb_close(&p);
    pb_open(&p, 5);
    pb_close(&p);
    assert_false(merge(O2P_MESSAGE(AnyValue)));
    assert_int_equal(error.status, O2P_ERR_WIRE_TYPE);
    assert_int_equal(error.at - p.data, 2);
}

/* ---- repeated numbers ---- */

static void packed_and_unpacked_numbers_keep_their_order(void **state)
{
    (void)state;
    pb_varint(&p, 2, 1);
    pb_bytes(&p, 2, "\x02\x03", 2);
    pb_varint(&p, 1, 4);
    pb_varint(&p, 2, 4);
    pb_bytes(&p, 2, "", 0);
    pb_varint(&p, 1, 6);
    check(O2P_MESSAGE(Buckets), "bucket_counts=1 bucket_counts=\"\x02\x03\" bucket_counts=4 "
                                "bucket_counts=\"\" offset=6");
}

static void packed_numbers_are_checked(void **state)
{
    (void)state;
    pb_bytes(&p, 2, "\x01\x80", 2);
    assert_false(merge(O2P_MESSAGE(Buckets)));
    assert_int_equal(error.status, O2P_ERR_TRUNCATED);
    assert_int_equal(error.at - p.data, 3);
    p.size = 0;
    pb_bytes(&p, 6, "123456789", 9);
    assert_false(merge(O2P_MESSAGE(HistogramDataPoint)));
    assert_int_equal(error.status, O2P_ERR_TRUNCATED);
    assert_int_equal(error.at - p.data, 10);
    p.size = 0;
    pb_bytes(&p, 2, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
    assert_false(merge(O2P_MESSAGE(Buckets)));
    assert_int_equal(error.status, O2P_ERR_MALFORMED);
    assert_int_equal(error.at - p.data, 2);
}

/* ---- unknown fields ---- */

static void unknown_fields_are_dropped_and_counted(void **state)
{
    (void)state;
    pb_varint(&p, 99, 1);
    pb_open(&p, 15);
    pb_text(&p, 1, "reserved");
    pb_text(&p, 2, "message");
    pb_close(&p);
    pb_raw(&p, "\x9b\x06\x08\x01\x9c\x06", 6); /* a group */
    pb_open(&p, 15);
    pb_fixed32(&p, 1, 1);
    pb_close(&p);
    check(O2P_MESSAGE(Span), "status{message=\"message\"}");
}

static void their_number_is_told(void **state)
{
    (void)state;
    pb_varint(&p, 99, 1);
    pb_open(&p, 15);
    pb_text(&p, 1, "reserved");
    pb_close(&p);
    pb_open(&p, 15);
    pb_fixed32(&p, 1, 1);
    pb_close(&p);
    assert_true(merge(O2P_MESSAGE(Span)));
    assert_int_equal(unknown, 3);
}

/* ---- errors ---- */

static void errors_are_where_they_are(void **state)
{
    (void)state;
    pb_text(&p, 5, "name");
    pb_open(&p, 15);
    pb_text(&p, 2, "m");
    pb_close(&p);
    size_t at = p.size + 2;
    pb_open(&p, 15);
    pb_fixed32(&p, 2, 1);
    pb_close(&p);
    pb_text(&p, 5, "again");
    assert_false(merge(O2P_MESSAGE(Span)));
    assert_int_equal(error.status, O2P_ERR_WIRE_TYPE);
    assert_int_equal(error.at - p.data, at);
    p.size = 0;
    pb_bytes(&p, 7, "12345678", 8); /* a singular fixed64 is not packed */
    assert_false(merge(O2P_MESSAGE(Span)));
    assert_int_equal(error.status, O2P_ERR_WIRE_TYPE);
    assert_int_equal(error.at - p.data, 0);
    p.size = 0;
    pb_text(&p, 5, "name");
    pb_raw(&p, "\x02", 1);
    assert_false(merge(O2P_MESSAGE(Span)));
    assert_int_equal(error.status, O2P_ERR_MALFORMED);
    assert_int_equal(error.at - p.data, 6);
}

static void truncation_at_every_byte_is_found(void **state)
{
    (void)state;
    sample_request(&p, O2P_SIGNAL_TRACES, 1);
    size_t whole = p.size;
    for (size_t size = 1; size < whole; size += 7) {
        uint8_t *exact = (uint8_t *)malloc(size);
        assert_non_null(exact);
        memcpy(exact, p.data, size);
        merged.size = 0;
        assert_false(o2p_merge(O2P_MESSAGE(ExportTraceServiceRequest), exact, size, O2P_MAX_DEPTH,
                               &merged, &unknown, &error));
        assert_int_equal(error.status, O2P_ERR_TRUNCATED);
        assert_true(error.at >= exact && error.at < exact + size);
        free(exact);
    }
}

static void messages_nest_a_hundred_deep(void **state)
{
    (void)state;
    for (unsigned depth = O2P_MAX_DEPTH; depth <= O2P_MAX_DEPTH + 1; depth++) {
        for (unsigned i = 0; i < depth; i++) /* AnyValue, ArrayValue, AnyValue, ... */
            pb_open(&p, i % 2 == 0 ? 5 : 1);
        for (unsigned i = 0; i < depth; i++)
            pb_close(&p);
        bool fits = depth == O2P_MAX_DEPTH;
        assert_int_equal(merge(O2P_MESSAGE(AnyValue)), fits);
        assert_int_equal(error.status, fits ? O2P_OK : O2P_ERR_DEPTH);
        p.size = 0;
    }
}

/* Time and memory are linear: a scalar that comes a hundred thousand times, and a message. */
static void many_pieces(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        pb_varint(&p, 6, i % 6);
        pb_open(&p, 15);
        pb_varint(&p, 3, i % 3);
        pb_close(&p);
    }
    assert_true(merge(O2P_MESSAGE(Span)));
    assert_string_equal(text_of(O2P_MESSAGE(Span), merged.data, merged.size),
                        "kind=3 status{code=0}");
    assert_true(counting.peak < 400 * (size_t)100000);
    p.size = 0;
    for (unsigned i = 0; i < 100000; i++) {
        pb_open(&p, 5 + i % 2);
        pb_close(&p);
    }
    assert_true(merge(O2P_MESSAGE(AnyValue)));
    assert_string_equal(text_of(O2P_MESSAGE(AnyValue), merged.data, merged.size), "kvlist_value{}");
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    sample_request(&p, O2P_SIGNAL_LOGS, 1);
    sample_request(&p, O2P_SIGNAL_LOGS, 2);
    bool ok = false;
    for (size_t n = 1; !ok; n++) {
        counting.refused = 0;
        counting.refuse_at = counting.calls + n;
        ok = merge(O2P_MESSAGE(ExportLogsServiceRequest));
        counting.refuse_at = 0;
        assert_int_equal(ok, counting.refused == 0);
        assert_int_equal(error.status, ok ? O2P_OK : O2P_ERR_OUT_OF_MEMORY);
        o2p_buffer_free(&merged);
        assert_int_equal(counting.blocks, 0);
        memory.failed = false;
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_stays_nothing),
        TEST(a_request_in_one_piece_stays_as_it_is),
        TEST(the_last_scalar_counts),
        TEST(the_last_optional_counts),
        TEST(pieces_of_a_message_are_merged),
        TEST(repeated_fields_of_pieces_are_joined_in_order),
        TEST(repeated_messages_are_not_merged),
        TEST(pieces_are_merged_at_every_level),
        TEST(the_last_member_of_a_oneof_counts),
        TEST(a_message_member_replaces_another),
        TEST(pieces_of_a_member_since_another_was_set),
        TEST(a_metric_may_change_its_kind),
        TEST(replaced_members_are_checked),
        TEST(packed_and_unpacked_numbers_keep_their_order),
        TEST(packed_numbers_are_checked),
        TEST(unknown_fields_are_dropped_and_counted),
        TEST(their_number_is_told),
        TEST(errors_are_where_they_are),
        TEST(truncation_at_every_byte_is_found),
        TEST(messages_nest_a_hundred_deep),
        TEST(many_pieces),
        TEST(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
