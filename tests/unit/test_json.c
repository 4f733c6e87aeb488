/* test_json.c - tests of lib/otlp/json.c: each rule of json.h as a row of a table, with protobuf
 * bytes or other JSON that must give the same; errors with status, offset and path; and texts that
 * mean harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/otlp/json.h"
#include "../../lib/otlp/wire.h"
#include "counting_allocator.h"

static const o2p_limits limits = {O2P_MAX_DEPTH, O2P_DEFAULT_ATTRIBUTES,
                                  O2P_DEFAULT_SHARED_ATTRIBUTES, O2P_DEFAULT_RECORDS,
                                  O2P_DEFAULT_STRING_BYTES};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- one request ---------------------------------------------------------------------------- */

typedef struct conversion {
    o2p_memory memory;
    o2p_buffer out;
    o2p_json_report report;
    bool ok;
} conversion;

/* Reads a text that ends where its memory ends, behind bytes that must stay. */
static conversion convert_within(const o2p_message *message, const void *text, size_t size,
                                 const o2p_limits *within)
{
    conversion c;
    uint8_t *copy = (uint8_t *)malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    memset(&c, 0, sizeof(c));
    o2p_memory_init(&c.memory, NULL, 0);
    o2p_buffer_init(&c.out, &c.memory);
    o2p_buffer_text(&c.out, "before");
    c.ok = o2p_json_request(message, copy, size, within, &c.out, &c.report);
    free(copy);
    assert_memory_equal(c.out.data, "before", 6);
    assert_int_equal(c.ok, c.report.status == O2P_OK);
    assert_int_equal(c.ok && c.report.rejected == 0, c.report.what[0] == '\0');
    assert_true(c.report.rejected <= c.report.records);
    assert_true(c.report.offset <= size);
    assert_true(c.ok || (c.out.size == 6 && c.report.rejected == 0));
    assert_true(c.ok || c.report.unknown_members == 0);
    c.out.size -= 6;
    if (c.out.size > 0)
        memmove(c.out.data, c.out.data + 6, c.out.size);
    return c;
}

static conversion convert(const o2p_message *message, const void *text, size_t size)
{
    return convert_within(message, text, size, &limits);
}

static void release(conversion *c)
{
    c->out.memory = &c->memory; /* it was another one's when it was returned */
    assert_int_equal(c->memory.held, c->out.capacity);
    o2p_buffer_free(&c->out);
}

static void check_bytes(const o2p_message *message, const char *text, const void *bytes,
                        size_t size)
{
    conversion c = convert(message, text, strlen(text));
    if (!c.ok)
        fail_msg("%s: %s at %zu", text, c.report.what, c.report.offset);
    if (c.out.size != size || memcmp(c.out.data, bytes, size) != 0) {
        for (size_t i = 0; i < c.out.size; i++)
            print_error("\\x%02X", c.out.data[i]);
        fail_msg(" from %s", text);
    }
    assert_int_equal(c.report.rejected, 0);
    release(&c);
}

static void check_same(const o2p_message *message, const char *text, const char *plain)
{
    conversion c = convert(message, plain, strlen(plain));
    if (!c.ok)
        fail_msg("%s: %s at %zu", plain, c.report.what, c.report.offset);
    check_bytes(message, text, c.out.data, c.out.size);
    release(&c);
}

/* ---- values --------------------------------------------------------------------------------- */

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct {
    const o2p_message *message;
    const char *text;
    const char *bytes;
    size_t size;
} values[] = {
    /* messages */
    {O2P_MESSAGE(KeyValue), "{}", BYTES("")},
    {O2P_MESSAGE(KeyValue), "{\"value\":{}}", BYTES("\x12\x00")},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",\"value\":{\"intValue\":\"1\"}}",
     BYTES("\x0A\x01"
           "a\x12\x02\x18\x01")},
    {O2P_MESSAGE(Status), "{\"code\":2,\"message\":\"m\"}", BYTES("\x18\x02\x12\x01m")},
    /* defaults: left out, but where OTLP tells them from absence */
    {O2P_MESSAGE(KeyValue), "{\"key\":\"\"}", BYTES("")},
    {O2P_MESSAGE(Status), "{\"code\":0,\"message\":\"\"}", BYTES("")},
    {O2P_MESSAGE(LogRecord),
     "{\"timeUnixNano\":\"0\",\"flags\":0,\"traceId\":\"\",\"severityNumber\":\"0\"}", BYTES("")},
    {O2P_MESSAGE(Sum), "{\"isMonotonic\":false}", BYTES("")},
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"\"}", BYTES("\x0A\x00")},
    {O2P_MESSAGE(AnyValue), "{\"boolValue\":false}", BYTES("\x10\x00")},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":0}", BYTES("\x18\x00")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":0}", BYTES("\x21\0\0\0\0\0\0\0\0")},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"\"}", BYTES("\x3A\x00")},
    {O2P_MESSAGE(AnyValue), "{\"arrayValue\":{}}", BYTES("\x2A\x00")},
    {O2P_MESSAGE(HistogramDataPoint), "{\"sum\":0}", BYTES("\x29\0\0\0\0\0\0\0\0")},
    {O2P_MESSAGE(ValueAtQuantile), "{\"quantile\":0.0,\"value\":0}", BYTES("")},
    {O2P_MESSAGE(ValueAtQuantile), "{\"value\":-0}", BYTES("\x11\0\0\0\0\0\0\0\x80")},
    {O2P_MESSAGE(ValueAtQuantile), "{\"value\":\"-0.0\"}", BYTES("\x11\0\0\0\0\0\0\0\x80")},
    /* int64: a varint */
    {O2P_MESSAGE(AnyValue), "{\"intValue\":\"-1\"}",
     BYTES("\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":9223372036854775807}",
     BYTES("\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F")},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":\"-9223372036854775808\"}",
     BYTES("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":300}", BYTES("\x18\xAC\x02")},
    /* fixed64, sfixed64 */
    {O2P_MESSAGE(SpanEvent), "{\"timeUnixNano\":\"18446744073709551615\"}",
     BYTES("\x09\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")},
    {O2P_MESSAGE(SpanEvent), "{\"timeUnixNano\":1544712660300000000}",
     BYTES("\x09\x00\xEB\x3A\xF5\xFA\xEB\x6F\x15")},
    {O2P_MESSAGE(NumberDataPoint), "{\"asInt\":\"-2\"}",
     BYTES("\x31\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF")},
    /* uint32, fixed32 */
    {O2P_MESSAGE(Resource), "{\"droppedAttributesCount\":4294967295}",
     BYTES("\x10\xFF\xFF\xFF\xFF\x0F")},
    {O2P_MESSAGE(SpanLink), "{\"flags\":4294967295}", BYTES("\x35\xFF\xFF\xFF\xFF")},
    {O2P_MESSAGE(Span), "{\"flags\":1}", BYTES("\x85\x01\x01\x00\x00\x00")},
    /* sint32 */
    {O2P_MESSAGE(Buckets), "{\"offset\":-1}", BYTES("\x08\x01")},
    {O2P_MESSAGE(Buckets), "{\"offset\":1}", BYTES("\x08\x02")},
    {O2P_MESSAGE(Buckets), "{\"offset\":-0}", BYTES("")},
    {O2P_MESSAGE(Buckets), "{\"offset\":\"-2147483648\"}", BYTES("\x08\xFF\xFF\xFF\xFF\x0F")},
    {O2P_MESSAGE(Buckets), "{\"offset\":2147483647}", BYTES("\x08\xFE\xFF\xFF\xFF\x0F")},
    /* enums */
    {O2P_MESSAGE(Span), "{\"kind\":3}", BYTES("\x30\x03")},
    {O2P_MESSAGE(Span), "{\"kind\":\"SPAN_KIND_CLIENT\"}", BYTES("\x30\x03")},
    {O2P_MESSAGE(Span), "{\"kind\":\"SPAN_KIND_UNSPECIFIED\"}", BYTES("")},
    {O2P_MESSAGE(Span), "{\"kind\":99}", BYTES("\x30\x63")},
    {O2P_MESSAGE(Span), "{\"kind\":-1}", BYTES("\x30\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")},
    {O2P_MESSAGE(Span), "{\"kind\":2147483647}", BYTES("\x30\xFF\xFF\xFF\xFF\x07")},
    /* double */
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1}", BYTES("\x21\0\0\0\0\0\0\xF0\x3F")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"-1.5\"}", BYTES("\x21\0\0\0\0\0\0\xF8\xBF")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":0.1}", BYTES("\x21\x9A\x99\x99\x99\x99\x99\xB9\x3F")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":9007199254740993}",
     BYTES("\x21\0\0\0\0\0\0\x40\x43")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":9007199254740993.00000000000000000000000000001}",
     BYTES("\x21\x01\0\0\0\0\0\x40\x43")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":999999999999999}",
     BYTES("\x21\xF8\xFF\x33\x26\xF5\x6B\x0C\x43")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"NaN\"}", BYTES("\x21\0\0\0\0\0\0\xF8\x7F")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"Infinity\"}", BYTES("\x21\0\0\0\0\0\0\xF0\x7F")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"-Infinity\"}", BYTES("\x21\0\0\0\0\0\0\xF0\xFF")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1e-400}", BYTES("\x21\0\0\0\0\0\0\0\0")},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.7976931348623157e308}",
     BYTES("\x21\xFF\xFF\xFF\xFF\xFF\xFF\xEF\x7F")},
    /* bool */
    {O2P_MESSAGE(AnyValue), "{\"boolValue\":true}", BYTES("\x10\x01")},
    {O2P_MESSAGE(AnyValue), "{\"boolValue\":\"true\"}", BYTES("\x10\x01")},
    {O2P_MESSAGE(AnyValue), "{\"boolValue\":\"false\"}", BYTES("\x10\x00")},
    /* strings */
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"h\xC3\xA9\"}", BYTES("\x0A\x03h\xC3\xA9")},
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"a\\u00e9\\n\\ud83d\\ude00\"}",
     BYTES("\x0A\x08"
           "a\xC3\xA9\n\xF0\x9F\x98\x80")},
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"\\u0000\"}", BYTES("\x0A\x01\x00")},
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"\xFF\\/\xC0\"}", BYTES("\x0A\x03\xFF/\xC0")},
    /* ids */
    {O2P_MESSAGE(SpanLink), "{\"spanId\":\"eee19b7ec3c1b174\"}",
     BYTES("\x12\x08\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x74")},
    {O2P_MESSAGE(SpanLink), "{\"traceId\":\"5B8EFFF798038103D269B633813FC60C\"}",
     BYTES("\x0A\x10\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xD2\x69\xB6\x33\x81\x3F\xC6\x0C")},
    {O2P_MESSAGE(SpanLink), "{\"traceId\":\"W47/95gDgQPSabYzgT/GDA==\"}",
     BYTES("\x0A\x10\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xD2\x69\xB6\x33\x81\x3F\xC6\x0C")},
    {O2P_MESSAGE(SpanLink), "{\"spanId\":\"7uGbfsPBsXQ=\"}",
     BYTES("\x12\x08\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x74")},
    {O2P_MESSAGE(SpanLink), "{\"spanId\":\"0102030405aB\"}",
     BYTES("\x12\x06\x01\x02\x03\x04\x05\xAB")},
    {O2P_MESSAGE(SpanLink), "{\"spanId\":\"fF\"}", BYTES("\x12\x01\xFF")},
    {O2P_MESSAGE(Span), "{\"parentSpanId\":\"00\"}", BYTES("\x22\x01\x00")},
    /* other bytes */
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"+/+/\"}", BYTES("\x3A\x03\xFB\xFF\xBF")},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"-_-_\"}", BYTES("\x3A\x03\xFB\xFF\xBF")},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"AQI=\"}", BYTES("\x3A\x02\x01\x02")},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"AQI\"}", BYTES("\x3A\x02\x01\x02")},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":\"\\u002b\\/+\\/\"}", BYTES("\x3A\x03\xFB\xFF\xBF")},
    /* repeated: messages and strings one by one, numbers packed */
    {O2P_MESSAGE(ArrayValue), "{\"values\":[]}", BYTES("")},
    {O2P_MESSAGE(ArrayValue), "{\"values\":[{},{\"boolValue\":true}]}",
     BYTES("\x0A\x00\x0A\x02\x10\x01")},
    {O2P_MESSAGE(EntityRef), "{\"idKeys\":[\"a\",\"\"]}",
     BYTES("\x1A\x01"
           "a\x1A\x00")},
    {O2P_MESSAGE(Buckets), "{\"bucketCounts\":[]}", BYTES("")},
    {O2P_MESSAGE(Buckets), "{\"bucketCounts\":[0,\"300\",1e1]}", BYTES("\x12\x04\x00\xAC\x02\x0A")},
    {O2P_MESSAGE(HistogramDataPoint), "{\"bucketCounts\":[\"1\",0]}",
     BYTES("\x32\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {O2P_MESSAGE(HistogramDataPoint), "{\"explicitBounds\":[1,\"NaN\"]}",
     BYTES("\x3A\x10\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\xF8\x7F")},
    /* around the object */
    {O2P_MESSAGE(KeyValue), "\xEF\xBB\xBF{}", BYTES("")},
    {O2P_MESSAGE(KeyValue), " \r\n\t{ } \n", BYTES("")},
    {O2P_MESSAGE(KeyValue), "\xEF\xBB\xBF {\"key\" : \"k\"\n, \"value\" :\t{ \"intValue\" : 1 } }",
     BYTES("\x0A\x01k\x12\x02\x18\x01")},
};

static void values_become_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        check_bytes(values[i].message, values[i].text, values[i].bytes, values[i].size);
}

/* The same values again, each cut off everywhere: never more is read, and the end is what is wrong.
 */
static void texts_are_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        size_t whole = strlen(values[i].text);
        while (values[i].text[whole - 1] != '}')
            whole--;
        for (size_t size = 0; size < whole; size++) {
            conversion c = convert(values[i].message, values[i].text, size);
            /* Half a byte order mark is no JSON. */
            bool mark = (uint8_t)values[i].text[0] == 0xEF && (size == 1 || size == 2);
            if (c.report.status != (mark ? O2P_ERR_MALFORMED : O2P_ERR_TRUNCATED) ||
                c.report.offset != (mark ? 0 : size))
                fail_msg("%.*s", (int)size, values[i].text);
            release(&c);
        }
    }
}

/* ---- the same in other words ---------------------------------------------------------------- */

static const struct {
    const o2p_message *message;
    const char *text;
    const char *plain;
} same[] = {
    /* names */
    {O2P_MESSAGE(Span), "{\"trace_id\":\"01\",\"start_time_unix_nano\":5}",
     "{\"traceId\":\"01\",\"startTimeUnixNano\":5}"},
    {O2P_MESSAGE(Span), "{\"\\u006eame\":\"n\",\"\\u0074race\\u005fid\":\"01\"}",
     "{\"name\":\"n\",\"traceId\":\"01\"}"},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",\"Key\":\"b\",\"KEY\":1,\"ke\":2,\"keys\":3,\"\":4}",
     "{\"key\":\"a\"}"},
    {O2P_MESSAGE(LogRecord),
     "{\"time_unixNano\":1,\"timeUnix_nano\":1,\"TimeUnixNano\":1,\"timeunixnano\":1,"
     "\"time__unix_nano\":1,\"timeUnixNano_\":1,\"_timeUnixNano\":1,\"timeUnixNan\":1}",
     "{}"},
    /* unknown members: skipped, whatever they hold */
    {O2P_MESSAGE(KeyValue),
     "{\"x\":{\"key\":\"no\",\"a\":[1,{\"b\":[]}]},\"key\":\"a\",\"y\":[[],{}],\"z\":null,"
     "\"w\":\"\\ud800\",\"v\":1e999,\"u\":-0.5E-7,\"t\":true,\"\\ud800\":1}",
     "{\"key\":\"a\"}"},
    /* integers */
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1e3}", "{\"intValue\":1000}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1.0}", "{\"intValue\":1}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":\"1.5E+1\"}", "{\"intValue\":15}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":-1.2e1}", "{\"intValue\":\"-12\"}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":9223372036854775807.0}",
     "{\"intValue\":\"9223372036854775807\"}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":\"\\u0031\\u0032\"}", "{\"intValue\":12}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":\"-0\"}", "{\"intValue\":0}"},
    {O2P_MESSAGE(SpanEvent), "{\"timeUnixNano\":1.54471266e18}",
     "{\"timeUnixNano\":\"1544712660000000000\"}"},
    {O2P_MESSAGE(SpanEvent), "{\"timeUnixNano\":-0}", "{}"},
    {O2P_MESSAGE(LogRecord), "{\"severityNumber\":\"9\"}", "{\"severityNumber\":9}"},
    {O2P_MESSAGE(LogRecord), "{\"severityNumber\":9.0}", "{\"severityNumber\":9}"},
    {O2P_MESSAGE(LogRecord), "{\"severityNumber\":\"SEVERITY_NUMBER_INFO\"}",
     "{\"severityNumber\":9}"},
    {O2P_MESSAGE(LogRecord), "{\"severityNumber\":\"SEVERITY\\u005fNUMBER_FATAL4\"}",
     "{\"severityNumber\":24}"},
    {O2P_MESSAGE(Status), "{\"code\":\"STATUS_CODE_ERROR\"}", "{\"code\":2}"},
    {O2P_MESSAGE(Sum), "{\"aggregationTemporality\":\"AGGREGATION_TEMPORALITY_CUMULATIVE\"}",
     "{\"aggregationTemporality\":2}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":10.0}", "{\"doubleValue\":10}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"-10.0\"}", "{\"doubleValue\":-10}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.0e1}", "{\"doubleValue\":10}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.05}", "{\"doubleValue\":105e-2}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.00}", "{\"doubleValue\":1}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"1e-2\"}", "{\"doubleValue\":0.01}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":\"\\u004eaN\"}", "{\"doubleValue\":\"NaN\"}"},
    /* null */
    {O2P_MESSAGE(KeyValue), "{\"key\":null,\"value\":null}", "{}"},
    {O2P_MESSAGE(Span), "{\"attributes\":null,\"status\":null,\"kind\":null,\"traceId\":null}",
     "{}"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":null}", "{}"},
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":null,\"intValue\":1,\"doubleValue\":null}",
     "{\"intValue\":1}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1,\"intValue\":null}", "{}"},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",\"key\":null}", "{}"},
    /* twice the same member: the last one, nothing is merged */
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",\"key\":\"b\"}", "{\"key\":\"b\"}"},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",\"value\":{\"intValue\":1},\"key\":\"\"}",
     "{\"value\":{\"intValue\":1}}"},
    {O2P_MESSAGE(KeyValue), "{\"value\":{\"intValue\":1},\"key\":\"k\",\"value\":{}}",
     "{\"key\":\"k\",\"value\":{}}"},
    {O2P_MESSAGE(Status),
     "{\"code\":1,\"message\":\"longer\",\"code\":2,\"message\":\"m\",\"code\":3}",
     "{\"message\":\"m\",\"code\":3}"},
    {O2P_MESSAGE(ArrayValue), "{\"values\":[{\"intValue\":1},{}],\"values\":[{\"intValue\":2}]}",
     "{\"values\":[{\"intValue\":2}]}"},
    {O2P_MESSAGE(Buckets), "{\"bucketCounts\":[1,2],\"offset\":1,\"bucketCounts\":[3]}",
     "{\"offset\":1,\"bucketCounts\":[3]}"},
    {O2P_MESSAGE(Buckets), "{\"bucketCounts\":[1,2],\"offset\":1,\"bucket_counts\":[]}",
     "{\"offset\":1}"},
    {O2P_MESSAGE(Span),
     "{\"status\":{\"message\":\"m\"},\"status\":{\"code\":1},\"events\":[{\"name\":\"e\"}],"
     "\"links\":[{}],\"events\":[],\"name\":\"n\",\"links\":[{\"flags\":1}]}",
     "{\"status\":{\"code\":1},\"name\":\"n\",\"links\":[{\"flags\":1}]}"},
    {O2P_MESSAGE(Span),
     "{\"traceId\":\"0102\",\"spanId\":\"03\",\"trace_id\":\"04\",\"spanId\":\"05\"}",
     "{\"traceId\":\"04\",\"spanId\":\"05\"}"},
    /* a oneof: its last member */
    {O2P_MESSAGE(AnyValue), "{\"stringValue\":\"a\",\"intValue\":1}", "{\"intValue\":1}"},
    {O2P_MESSAGE(AnyValue), "{\"kvlistValue\":{\"values\":[{}]},\"stringValue\":\"a\"}",
     "{\"stringValue\":\"a\"}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1,\"arrayValue\":{},\"intValue\":2}",
     "{\"intValue\":2}"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1,\"stringValue\":\"a\",\"intValue\":null}",
     "{\"stringValue\":\"a\"}"},
    {O2P_MESSAGE(Metric),
     "{\"gauge\":{\"dataPoints\":[{}]},\"name\":\"m\",\"sum\":{\"isMonotonic\":true}}",
     "{\"name\":\"m\",\"sum\":{\"isMonotonic\":true}}"},
    {O2P_MESSAGE(NumberDataPoint), "{\"asDouble\":1.5,\"asInt\":\"2\"}", "{\"asInt\":2}"},
    /* inside messages that are moved as their lengths grow */
    {O2P_MESSAGE(ArrayValue),
     "{\"values\":[{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{\"stringValue\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789\"},"
     "\"key\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]}}]}",
     "{\"values\":[{\"kvlistValue\":{\"values\":[{\"value\":{\"stringValue\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789\"},"
     "\"key\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}]}}]}"},
};

static void other_words_mean_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(same); i++)
        check_same(same[i].message, same[i].text, same[i].plain);
}

static void unknown_members_are_counted(void **state)
{
    (void)state;
    const char *text = "{\"resource\":{\"schemaUrl\":\"u\",\"attributes\":[{\"k\":1,\"k\":2}]},"
                       "\"scopeLogs\":[{\"logRecords\":[{\"x\":{\"y\":{\"z\":1}}}]}]}";
    conversion c = convert(O2P_MESSAGE(ResourceLogs), text, strlen(text));
    assert_true(c.ok);
    assert_int_equal(c.report.unknown_members, 4);
    release(&c);
}

/* ---- every field and every name ------------------------------------------------------------- */

static const o2p_message *const messages[] = {
#define LIST_MESSAGE(name) O2P_MESSAGE(name),
    O2P_MESSAGES(LIST_MESSAGE)};

static void camel_case(const char *name, char *to)
{
    for (; *name != '\0'; name++)
        if (*name == '_')
            *to++ = (char)(*++name - 'a' + 'A');
        else
            *to++ = *name;
    *to = '\0';
}

static void check_field(const o2p_message *message, const o2p_proto_field *field, const char *name)
{
    const char *value = field->type == O2P_PROTO_MESSAGE ? "{}"
                        : field->type == O2P_PROTO_BOOL  ? "true"
                        : field->type == O2P_PROTO_BYTES ? "\"0a0b0c0d\""
                                                         : "\"1\"";
    char text[128];
    bool repeated = field->label == O2P_PROTO_REPEATED;
    snprintf(text, sizeof(text), repeated ? "{\"%s\":[%s]}" : "{\"%s\":%s}", name, value);
    conversion c = convert(message, text, strlen(text));
    if (!c.ok || c.report.unknown_members != 0 || c.out.size == 0)
        fail_msg("%s: %s", message->name, text);
    o2p_wire wire = o2p_wire_over(c.out.data, c.out.size);
    o2p_wire_field read;
    assert_true(o2p_wire_next(&wire, &read));
    assert_int_equal(read.key >> 3, field->number);
    assert_int_equal(read.key & 7, repeated ? O2P_WIRE_LEN : field->wire_type);
    assert_ptr_equal(wire.at, wire.end);
    release(&c);
}

static void every_field_by_both_names(void **state)
{
    (void)state;
    assert_int_equal(COUNT(messages), O2P_MESSAGE_COUNT);
    for (size_t m = 0; m < COUNT(messages); m++) {
        assert_int_equal(messages[m]->index, m);
        for (size_t f = 0; f < messages[m]->field_count; f++) {
            const o2p_proto_field *field = &messages[m]->fields[f];
            char name[64];
            camel_case(field->name, name);
            assert_true(strlen(field->name) <= 31); /* as json.c's same_name has it */
            assert_int_equal(field->values != NULL, field->type == O2P_PROTO_UENUM);
            check_field(messages[m], field, name);
            check_field(messages[m], field, field->name);
        }
    }
}

/* All members of a message, in both orders, again and again: what is predicted is no matter. */
static void members_in_any_order(void **state)
{
    (void)state;
    char forward[4096] = "{\"spans\":[", turned[4096] = "{\"spans\":[";
    const o2p_message *message = O2P_MESSAGE(Span);
    conversion c[2];
    for (int round = 0; round < 8; round++) {
        const char *comma = round == 0 ? "{" : ",{";
        strcat(forward, comma);
        strcat(turned, comma);
        for (size_t i = 0; i < message->field_count; i++) {
            const o2p_proto_field *ends[2] = {&message->fields[i],
                                              &message->fields[message->field_count - 1 - i]};
            for (int side = 0; side < 2; side++) {
                char name[64], *text = side == 0 ? forward : turned;
                camel_case(ends[side]->name, name);
                bool number = ends[side]->wire_type != O2P_WIRE_LEN && ends[side]->number % 2 == 0;
                sprintf(text + strlen(text), "%s\"%s\":%s", i == 0 ? "" : ",",
                        round % 2 == 0 ? name : ends[side]->name, number ? "7" : "null");
            }
        }
        strcat(forward, "}");
        strcat(turned, "}");
    }
    strcat(forward, "]}");
    strcat(turned, "]}");
    c[0] = convert(O2P_MESSAGE(ScopeSpans), forward, strlen(forward));
    c[1] = convert(O2P_MESSAGE(ScopeSpans), turned, strlen(turned));
    assert_true(c[0].ok && c[1].ok && c[0].report.unknown_members == 0);
    assert_int_equal(c[0].out.size, c[1].out.size);
    assert_true(c[0].out.size > 8 * 10);
    release(&c[0]);
    release(&c[1]);
}

static void every_enum_name(void **state)
{
    (void)state;
    size_t enums = 0;
    for (size_t m = 0; m < COUNT(messages); m++)
        for (size_t f = 0; f < messages[m]->field_count; f++) {
            const o2p_proto_field *field = &messages[m]->fields[f];
            for (size_t v = 0; field->values != NULL && v < field->values->value_count; v++) {
                const o2p_enum_value *value = &field->values->values[v];
                char by_name[128], by_number[128];
                snprintf(by_name, sizeof(by_name), "{\"%s\":\"%s\"}", field->name, value->name);
                snprintf(by_number, sizeof(by_number), "{\"%s\":%d}", field->name,
                         (int)value->number);
                check_same(messages[m], by_name, by_number);
                assert_int_equal(value->number, v); /* in order, so none is there twice */
            }
            enums += field->values != NULL;
        }
    assert_int_equal(enums, 6);
}

/* ---- what rejects a request ----------------------------------------------------------------- */

static const struct {
    const o2p_message *message;
    const char *text;
    o2p_status status;
    size_t offset;
    const char *path;
} errors[] = {
    /* not JSON */
    {O2P_MESSAGE(KeyValue), "", O2P_ERR_TRUNCATED, 0, ""},
    {O2P_MESSAGE(KeyValue), " \n", O2P_ERR_TRUNCATED, 2, ""},
    {O2P_MESSAGE(KeyValue), "\xEF\xBB\xBF", O2P_ERR_TRUNCATED, 3, ""},
    {O2P_MESSAGE(KeyValue), " \xEF\xBB\xBF{}", O2P_ERR_MALFORMED, 1, ""},
    {O2P_MESSAGE(KeyValue), "{} {}", O2P_ERR_MALFORMED, 3, ""},
    {O2P_MESSAGE(KeyValue), "{}]", O2P_ERR_MALFORMED, 2, ""},
    {O2P_MESSAGE(KeyValue), "{,}", O2P_ERR_MALFORMED, 1, ""},
    {O2P_MESSAGE(KeyValue), "{key:1}", O2P_ERR_MALFORMED, 1, ""},
    {O2P_MESSAGE(KeyValue), "{\"key\" 1}", O2P_ERR_MALFORMED, 7, ""},
    {O2P_MESSAGE(KeyValue), "{\"key\":}", O2P_ERR_MALFORMED, 7, "key"},
    {O2P_MESSAGE(KeyValue), "{\"key\":'a'}", O2P_ERR_MALFORMED, 7, "key"},
    {O2P_MESSAGE(KeyValue), "{\"key\":nul}", O2P_ERR_MALFORMED, 10, "key"},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\",}", O2P_ERR_MALFORMED, 11, ""},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\"]", O2P_ERR_MALFORMED, 10, ""},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\tb\"}", O2P_ERR_MALFORMED, 9, "key"},
    {O2P_MESSAGE(KeyValue), "{\"key\":\"a\\x\"}", O2P_ERR_MALFORMED, 10, "key"},
    {O2P_MESSAGE(KeyValue), "{\"k\\y\":1}", O2P_ERR_MALFORMED, 4, ""},
    {O2P_MESSAGE(KeyValue), "{\"k\ny\":1}", O2P_ERR_MALFORMED, 3, ""},
    {O2P_MESSAGE(KeyValue), "{\"x\":[1,]}", O2P_ERR_MALFORMED, 8, ""},
    {O2P_MESSAGE(KeyValue), "{\"value\":{\"arrayValue\":{\"values\":[{},{} {}]}}}",
     O2P_ERR_MALFORMED, 40, "value.array_value.values"},
    {O2P_MESSAGE(KeyValue), "{\"value\":{\"arrayValue\":{\"values\":[{},{\"intValue\":1.}]}}}",
     O2P_ERR_MALFORMED, 51, "value.array_value.values[1].int_value"},
    {O2P_MESSAGE(KeyValue), "{\"value\":{\"arrayValue\":{\"values\":[{},]}}}", O2P_ERR_MALFORMED,
     37, "value.array_value.values[1]"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":01}", O2P_ERR_MALFORMED, 13, ""},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":+1}", O2P_ERR_MALFORMED, 12, "int_value"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":-}", O2P_ERR_MALFORMED, 13, "int_value"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":1x}", O2P_ERR_MALFORMED, 13, ""},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.0x}", O2P_ERR_MALFORMED, 18, ""},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1.0.5}", O2P_ERR_MALFORMED, 18, ""},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":NaN}", O2P_ERR_MALFORMED, 15, "double_value"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":.5}", O2P_ERR_MALFORMED, 15, "double_value"},
    {O2P_MESSAGE(AnyValue), "{\"doubleValue\":1e}", O2P_ERR_MALFORMED, 17, "double_value"},
    {O2P_MESSAGE(AnyValue), "{\"boolValue\":TRUE}", O2P_ERR_MALFORMED, 13, "bool_value"},
    /* objects, arrays and scalars in each other's place */
    {O2P_MESSAGE(KeyValue), "[]", O2P_ERR_WIRE_TYPE, 0, ""},
    {O2P_MESSAGE(KeyValue), "null", O2P_ERR_WIRE_TYPE, 0, ""},
    {O2P_MESSAGE(KeyValue), "\"a\"", O2P_ERR_WIRE_TYPE, 0, ""},
    {O2P_MESSAGE(KeyValue), "{\"key\":{}}", O2P_ERR_WIRE_TYPE, 7, "key"},
    {O2P_MESSAGE(KeyValue), "{\"key\":[\"a\"]}", O2P_ERR_WIRE_TYPE, 7, "key"},
    {O2P_MESSAGE(KeyValue), "{\"value\":[]}", O2P_ERR_WIRE_TYPE, 9, "value"},
    {O2P_MESSAGE(KeyValue), "{\"value\":\"text\"}", O2P_ERR_WIRE_TYPE, 9, "value"},
    {O2P_MESSAGE(AnyValue), "{\"intValue\":[1]}", O2P_ERR_WIRE_TYPE, 12, "int_value"},
    {O2P_MESSAGE(AnyValue), "{\"bytesValue\":{}}", O2P_ERR_WIRE_TYPE, 14, "bytes_value"},
    {O2P_MESSAGE(ArrayValue), "{\"values\":{}}", O2P_ERR_WIRE_TYPE, 10, "values"},
    {O2P_MESSAGE(ArrayValue), "{\"values\":1}", O2P_ERR_WIRE_TYPE, 10, "values"},
    {O2P_MESSAGE(ArrayValue), "{\"values\":[[]]}", O2P_ERR_WIRE_TYPE, 11, "values[0]"},
    {O2P_MESSAGE(ArrayValue), "{\"values\":[{},true]}", O2P_ERR_WIRE_TYPE, 14, "values[1]"},
    {O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{\"attributes\":{}}]}", O2P_ERR_WIRE_TYPE, 29,
     "log_records[0].attributes"},
    {O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{\"traceId\":\"x\",\"body\":\"text\"}]}",
     O2P_ERR_WIRE_TYPE, 37, "log_records[0].body"},
    /* values that cannot be kept, outside of any record */
    {O2P_MESSAGE(Resource), "{\"droppedAttributesCount\":-1}", O2P_ERR_VALUE, 26,
     "dropped_attributes_count"},
    {O2P_MESSAGE(Resource), "{\"droppedAttributesCount\":4294967296}", O2P_ERR_VALUE, 26,
     "dropped_attributes_count"},
    {O2P_MESSAGE(Resource), "{\"attributes\":[null]}", O2P_ERR_VALUE, 15, "attributes[0]"},
    {O2P_MESSAGE(Resource), "{\"attributes\":[{\"value\":{\"intValue\":\"9223372036854775808\"}}]}",
     O2P_ERR_VALUE, 36, "attributes[0].value.int_value"},
    {O2P_MESSAGE(Resource), "{\"attributes\":[{\"key\":\"a\\ud800\"}]}", O2P_ERR_VALUE, 24,
     "attributes[0].key"},
    {O2P_MESSAGE(Metric), "{\"sum\":{\"isMonotonic\":1}}", O2P_ERR_VALUE, 22, "sum.is_monotonic"},
    {O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{}],\"schemaUrl\":5}", O2P_ERR_VALUE, 31,
     "schema_url"},
};

static void requests_are_rejected(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        conversion c = convert(errors[i].message, errors[i].text, strlen(errors[i].text));
        if (c.report.status != errors[i].status || c.report.offset != errors[i].offset ||
            strcmp(c.report.path, errors[i].path) != 0)
            fail_msg("%s: status %d at %zu in %s: %s", errors[i].text, (int)c.report.status,
                     c.report.offset, c.report.path, c.report.what);
        release(&c);
    }
}

static void long_paths_are_cut_at_the_front(void **state)
{
    (void)state;
    char text[4096] = "{\"arrayValue\":{\"values\":[{}";
    for (int i = 0; i < 20; i++)
        strcat(text, ",{\"arrayValue\":{\"values\":[{}");
    strcat(text, ",?");
    conversion c = convert(O2P_MESSAGE(AnyValue), text, strlen(text));
    assert_int_equal(c.report.offset, strlen(text) - 1);
    const char *tail = ".array_value.values[1].array_value.values[1]";
    size_t size = strlen(c.report.path);
    assert_true(size < O2P_FIELD_PATH_SIZE && size > O2P_FIELD_PATH_SIZE - 16);
    assert_memory_equal(c.report.path, "...", 3);
    assert_int_not_equal(c.report.path[3], '.');
    assert_string_equal(c.report.path + size - strlen(tail), tail);
    release(&c);
}

/* ---- what rejects a record alone ------------------------------------------------------------ */

/* Members of a record of which a value cannot be kept, at an offset from the record's brace. */
static const struct {
    const o2p_message *message; /* of the record */
    const char *members;
    size_t offset;
} refused[] = {
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"-1\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":18446744073709551616", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":1.5", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\" 1\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"1 \"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"01\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"+1\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":\"0x10\"", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":true", 16},
    {O2P_MESSAGE(LogRecord), "\"timeUnixNano\":1e20", 16},
    {O2P_MESSAGE(LogRecord), "\"severityNumber\":\"INFO\"", 18},
    {O2P_MESSAGE(LogRecord), "\"severityNumber\":2147483648", 18},
    {O2P_MESSAGE(LogRecord), "\"severityNumber\":-2147483649", 18},
    {O2P_MESSAGE(LogRecord), "\"severityText\":9", 16},
    {O2P_MESSAGE(LogRecord), "\"severityText\":false", 16},
    {O2P_MESSAGE(LogRecord), "\"severityText\":\"a\\udc00\"", 18},
    {O2P_MESSAGE(LogRecord), "\"flags\":4294967296", 9},
    {O2P_MESSAGE(LogRecord), "\"traceId\":\"0\"", 11},
    {O2P_MESSAGE(LogRecord), "\"traceId\":\"0g\"", 11},
    {O2P_MESSAGE(LogRecord), "\"traceId\":\"W47\\/95gDgQPSabYzgT\\/GDA=\"", 11},
    {O2P_MESSAGE(LogRecord), "\"traceId\":\"7uGb*sPBsXQ=\"", 11},
    {O2P_MESSAGE(LogRecord), "\"traceId\":1", 11},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"intValue\":9223372036854775808}", 20},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"intValue\":\"-9223372036854775809\"}", 20},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"intValue\":1e21}", 20},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"doubleValue\":1e309}", 23},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"doubleValue\":\"-1e309\"}", 23},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"doubleValue\":\"nan\"}", 23},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"doubleValue\":\"+Infinity\"}", 23},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"doubleValue\":false}", 23},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"boolValue\":0}", 21},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"boolValue\":\"True\"}", 21},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"bytesValue\":\"A\"}", 22},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"bytesValue\":\"AB=C\"}", 22},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"bytesValue\":7}", 22},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"arrayValue\":{\"values\":[{},null]}}", 36},
    {O2P_MESSAGE(LogRecord), "\"attributes\":[null]", 15},
    {O2P_MESSAGE(LogRecord), "\"attributes\":[{\"key\":\"\\ud800\"}]", 23},
    /* also when a later one replaces it */
    {O2P_MESSAGE(LogRecord), "\"traceId\":\"x\",\"traceId\":\"00\"", 11},
    {O2P_MESSAGE(LogRecord), "\"body\":{\"intValue\":1.5,\"boolValue\":true},\"body\":{}", 20},
    {O2P_MESSAGE(Span), "\"kind\":\"CLIENT\"", 8},
    {O2P_MESSAGE(Span), "\"events\":[{\"attributes\":[{\"value\":{\"intValue\":{}}}]}]", SIZE_MAX},
    {O2P_MESSAGE(Span), "\"links\":[{\"spanId\":\"abc\"}]", 20},
    {O2P_MESSAGE(Span), "\"status\":{\"code\":\"OK\"}", 18},
    {O2P_MESSAGE(NumberDataPoint), "\"asInt\":0.5", 9},
    {O2P_MESSAGE(NumberDataPoint), "\"asDouble\":\"x\"", 12},
    {O2P_MESSAGE(HistogramDataPoint), "\"bucketCounts\":[1,-1,2]", 19},
    {O2P_MESSAGE(HistogramDataPoint), "\"bucketCounts\":[1,null]", 19},
    {O2P_MESSAGE(HistogramDataPoint), "\"explicitBounds\":[1e999]", 19},
    {O2P_MESSAGE(ExponentialHistogramDataPoint), "\"scale\":2147483648", 9},
    {O2P_MESSAGE(ExponentialHistogramDataPoint), "\"positive\":{\"offset\":-2147483649}", 22},
    {O2P_MESSAGE(SummaryDataPoint), "\"quantileValues\":[{\"value\":true}]", 28},
};

/* The message that holds a record, and what is around that in JSON. */
static const o2p_message *holder_of(const o2p_message *record, const char **name)
{
    *name = "dataPoints";
    if (record == O2P_MESSAGE(NumberDataPoint))
        return O2P_MESSAGE(Gauge);
    if (record == O2P_MESSAGE(HistogramDataPoint))
        return O2P_MESSAGE(Histogram);
    if (record == O2P_MESSAGE(ExponentialHistogramDataPoint))
        return O2P_MESSAGE(ExponentialHistogram);
    if (record == O2P_MESSAGE(SummaryDataPoint))
        return O2P_MESSAGE(Summary);
    *name = record == O2P_MESSAGE(Span) ? "spans" : "logRecords";
    return record == O2P_MESSAGE(Span) ? O2P_MESSAGE(ScopeSpans) : O2P_MESSAGE(ScopeLogs);
}

/* A bad record between good ones, twice: the good ones come out. */
static void records_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        char text[1024], without[128];
        const char *name;
        const o2p_message *holder = holder_of(refused[i].message, &name);
        int before = snprintf(text, sizeof(text), "{\"%s\":[{\"flags\":1},", name);
        snprintf(text + before, sizeof(text) - (size_t)before,
                 "{%s},{\"flags\":2},{\"flags\":3,%s}]}", refused[i].members, refused[i].members);
        snprintf(without, sizeof(without), "{\"%s\":[{\"flags\":1},{\"flags\":2}]}", name);
        conversion c = convert(holder, text, strlen(text));
        conversion good = convert(holder, without, strlen(without));
        if (refused[i].offset == SIZE_MAX) { /* not a value, but a container */
            assert_int_equal(c.report.status, O2P_ERR_WIRE_TYPE);
        } else if (!c.ok || c.report.rejected != 2 ||
                   c.report.offset != (size_t)before + refused[i].offset) {
            fail_msg("%s: %s, %d rejected, at %zu", text, c.report.what, (int)c.report.rejected,
                     c.report.offset - (size_t)before);
        } else {
            assert_int_equal(c.out.size, good.out.size);
            assert_memory_equal(c.out.data, good.out.data, good.out.size);
        }
        release(&c);
        release(&good);
    }
}

/* What is wrong as JSON rejects the request, also behind what cannot be kept. */
static void bad_records_are_read_to_their_end(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"logRecords\":[{\"traceId\":\"x\",\"body\":}]}",
        "{\"logRecords\":[{\"severityText\":\"\\ud800\\x\"}]}",
        "{\"logRecords\":[{\"flags\":-1,\"x\":[}]}]}",
        "{\"logRecords\":[{\"flags\":-1}",
        "{\"logRecords\":[{\"flags\":-1}]",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        conversion c = convert(O2P_MESSAGE(ScopeLogs), texts[i], strlen(texts[i]));
        assert_false(c.ok);
        release(&c);
    }
    const char *outside = "{\"logRecords\":[{\"flags\":-1}],\"schemaUrl\":1}";
    conversion c = convert(O2P_MESSAGE(ScopeLogs), outside, strlen(outside));
    assert_int_equal(c.report.status, O2P_ERR_VALUE);
    assert_int_equal(c.report.offset, 41);
    release(&c);
}

/* Copies a text but for the @ in it, and returns where that was; SIZE_MAX if there is none. */
static size_t unmark(char *to, size_t room, const char *text)
{
    size_t before = strcspn(text, "@");
    bool marked = text[before] == '@';
    snprintf(to, room, "%.*s%s", (int)before, text, text + before + marked);
    return marked ? before : SIZE_MAX;
}

/* The first value that is left out is at the @; where there is none, the request is rejected. */
static const struct {
    const o2p_message *message;
    const char *text;
    const char *path;
} left_out[] = {
    {O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{},{\"traceId\":@\"x\"},{\"spanId\":\"y\"}]}",
     "log_records[1].trace_id"},
    {O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{\"flags\":-1},null]}", "log_records[1]"},
    {O2P_MESSAGE(ResourceLogs), "{\"scopeLogs\":[{},{\"logRecords\":[{\"flags\":@-1}]}]}",
     "scope_logs[1].log_records[0].flags"},
    {O2P_MESSAGE(ScopeSpans),
     "{\"spans\":[{\"events\":[{},{\"attributes\":[{\"value\":{\"intValue\":@\"\"}}]}]}]}",
     "spans[0].events[1].attributes[0].value.int_value"},
    {O2P_MESSAGE(Metric), "{\"histogram\":{\"dataPoints\":[{\"bucketCounts\":[\"1\",{\"x\":1}]}]}}",
     ""},
    {O2P_MESSAGE(Metric), "{\"histogram\":{\"dataPoints\":[{\"bucketCounts\":[\"1\",@-2]}]}}",
     "histogram.data_points[0].bucket_counts[1]"},
};

static void the_first_value_left_out_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(left_out); i++) {
        char t[256];
        size_t offset = unmark(t, sizeof(t), left_out[i].text);
        conversion c = convert(left_out[i].message, t, strlen(t));
        assert_int_equal(c.ok, offset != SIZE_MAX);
        if (c.ok && (c.report.offset != offset || c.report.rejected == 0 ||
                     strcmp(c.report.path, left_out[i].path) != 0))
            fail_msg("%s: %zu in %s", t, c.report.offset, c.report.path);
        release(&c);
    }
    const char *good = "{\"logRecords\":[{}]}";
    conversion c = convert(O2P_MESSAGE(ScopeLogs), good, strlen(good));
    assert_int_equal(c.report.offset, 0);
    assert_string_equal(c.report.path, "");
    assert_int_equal(c.report.records, 1);
    release(&c);
}

/* ---- limits --------------------------------------------------------------------------------- */

typedef enum limited { DEPTH, ATTRIBUTES, RECORDS, STRING_BYTES } limited;

static o2p_limits limits_with(limited what, unsigned value)
{
    o2p_limits l = limits;
    if (what == DEPTH)
        l.max_depth = value;
    else if (what == ATTRIBUTES)
        l.max_attributes = value;
    else if (what == RECORDS)
        l.max_records = value;
    else
        l.max_string_bytes = value;
    return l;
}

/* Each is read with the limit `most`, unless it has no @, and rejected at the @ with one less. */
static const struct {
    limited what;
    unsigned most;
    const o2p_message *message;
    const char *text;
    const char *path;
} limited_texts[] = {
    {DEPTH, 1, O2P_MESSAGE(KeyValue), "{\"value\":@{}}", "value"},
    {DEPTH, 2, O2P_MESSAGE(AnyValue), "{\"arrayValue\":{\"values\":[@{}]}}",
     "array_value.values[0]"},
    {DEPTH, 4, O2P_MESSAGE(ExportLogsServiceRequest),
     "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":@{}}]}]}]}",
     "resource_logs[0].scope_logs[0].log_records[0].body"},
    {ATTRIBUTES, 2, O2P_MESSAGE(Resource), "{\"attributes\":[{},@{}]}", "attributes[1]"},
    {ATTRIBUTES, 1, O2P_MESSAGE(LogRecord), "{\"attributes\":[@{\"key\":\"a\"}]}", "attributes[0]"},
    {ATTRIBUTES, 3, O2P_MESSAGE(Span), "{\"links\":[{\"attributes\":[{},{},@{}]}]}",
     "links[0].attributes[2]"},
    {ATTRIBUTES, 1, O2P_MESSAGE(NumberDataPoint),
     "{\"attributes\":[@{}],\"exemplars\":[{\"filteredAttributes\":[{}]}]}", "attributes[0]"},
    {ATTRIBUTES, 1, O2P_MESSAGE(Metric), "{\"metadata\":[@{}]}", "metadata[0]"},
    /* also of one that a later one replaces */
    {ATTRIBUTES, 2, O2P_MESSAGE(Resource), "{\"attributes\":[{},@{}],\"attributes\":[]}",
     "attributes[1]"},
    {RECORDS, 2, O2P_MESSAGE(ScopeLogs), "{\"logRecords\":[{},@{}]}", "log_records[1]"},
    {RECORDS, 3, O2P_MESSAGE(ScopeMetrics),
     "{\"metrics\":[{\"gauge\":{\"dataPoints\":[{},{}]}},{\"summary\":{\"dataPoints\":[@{}]}}]}",
     "metrics[1].summary.data_points[0]"},
    /* and those that are left out */
    {RECORDS, 2, O2P_MESSAGE(ScopeSpans), "{\"spans\":[{\"kind\":\"x\"},@{}]}", "spans[1]"},
    {STRING_BYTES, 3, O2P_MESSAGE(KeyValue), "{\"key\":@\"abc\"}", "key"},
    {STRING_BYTES, 3, O2P_MESSAGE(KeyValue), "{\"key\":\"a\\u20ac\"}", "key"},
    {STRING_BYTES, 4, O2P_MESSAGE(KeyValue), "{\"key\":@\"a\\u20ac\"}", "key"},
    {STRING_BYTES, 1, O2P_MESSAGE(KeyValue), "{\"key\":@\"\\n\"}", "key"},
    {STRING_BYTES, 2, O2P_MESSAGE(AnyValue), "{\"bytesValue\":@\"AAA=\"}", "bytes_value"},
    {STRING_BYTES, 8, O2P_MESSAGE(LogRecord), "{\"spanId\":@\"eee19b7ec3c1b174\"}", "span_id"},
    {STRING_BYTES, 3, O2P_MESSAGE(EntityRef), "{\"idKeys\":[@\"abc\",\"d\"]}", "id_keys[0]"},
};

static void limits_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limited_texts); i++) {
        char t[256];
        size_t offset = unmark(t, sizeof(t), limited_texts[i].text);
        o2p_limits most = limits_with(limited_texts[i].what, limited_texts[i].most);
        o2p_limits less = limits_with(limited_texts[i].what, limited_texts[i].most - 1);
        conversion c = convert_within(limited_texts[i].message, t, strlen(t), &most);
        if (c.ok != (offset != SIZE_MAX))
            fail_msg("%s: %s", t, c.report.what);
        release(&c);
        c = convert_within(limited_texts[i].message, t, strlen(t), &less);
        o2p_status status = limited_texts[i].what == DEPTH ? O2P_ERR_DEPTH : O2P_ERR_LIMIT;
        if (c.report.status != status || (offset != SIZE_MAX && c.report.offset != offset) ||
            strcmp(c.report.path, limited_texts[i].path) != 0)
            fail_msg("%s: status %d at %zu in %s", t, (int)c.report.status, c.report.offset,
                     c.report.path);
        release(&c);
    }
}

/* Lists that are values, and what is in unknown members, are not limited by number or length. */
static void limits_are_for_what_they_say(void **state)
{
    (void)state;
    static const o2p_limits least = {O2P_LEAST_DEPTH, 1, 1, 1, 1};
    static const struct {
        const o2p_message *message;
        const char *text;
    } texts[] = {
        {O2P_MESSAGE(AnyValue), "{\"kvlistValue\":{\"values\":[{},{\"key\":\"a\"},{}]}}"},
        {O2P_MESSAGE(AnyValue), "{\"arrayValue\":{\"values\":[{},{},{}]}}"},
        {O2P_MESSAGE(Span), "{\"events\":[{},{},{}],\"links\":[{},{}]}"},
        {O2P_MESSAGE(ScopeLogs),
         "{\"unknown\":[\"long\",[[[[[[[[[[[]]]]]]]]]]]],\"logRecords\":[]}"},
        {O2P_MESSAGE(HistogramDataPoint), "{\"bucketCounts\":[\"100\",200,300]}"},
        {O2P_MESSAGE(Span), "{\"kind\":\"SPAN_KIND_SERVER\",\"startTimeUnixNano\":\"1700000000\"}"},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        conversion c =
            convert_within(texts[i].message, texts[i].text, strlen(texts[i].text), &least);
        if (!c.ok)
            fail_msg("%s: %s", texts[i].text, c.report.what);
        release(&c);
    }
}

/* ---- signals -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    o2p_signal signal;
    o2p_status status;
    size_t offset;
} signals[] = {
    {"{\"resourceLogs\":[]}", O2P_SIGNAL_LOGS, O2P_OK, 0},
    {"{\"resourceSpans\":[]}", O2P_SIGNAL_TRACES, O2P_OK, 0},
    {"{\"resourceMetrics\":[]}", O2P_SIGNAL_METRICS, O2P_OK, 0},
    {"{\"resource_logs\":null}", O2P_SIGNAL_LOGS, O2P_OK, 0},
    {"{\"resource_spans\":1}", O2P_SIGNAL_TRACES, O2P_OK, 0},
    {"\xEF\xBB\xBF \r\n{ \"resource_metrics\" :", O2P_SIGNAL_METRICS, O2P_OK, 0},
    {"{\"r\\u0065sourceSpans\"", O2P_SIGNAL_TRACES, O2P_OK, 0},
    {"{}", O2P_SIGNAL_LOGS, O2P_OK, 0},
    {" { } x", O2P_SIGNAL_LOGS, O2P_OK, 0},
    /* the first one that is known */
    {"{\"a\":1,\"resourceSpans\":[],\"resourceLogs\":[]}", O2P_SIGNAL_TRACES, O2P_OK, 0},
    {"{\"a\":{\"resourceLogs\":[]},\"resourceMetrics\":[]}", O2P_SIGNAL_METRICS, O2P_OK, 0},
    {"{\"resourceLogs\":[],\"resourceSpans\":[]}", O2P_SIGNAL_LOGS, O2P_OK, 0},
    {"{\"a\":1}", O2P_SIGNAL_AUTO, O2P_OK, 0},
    {"{\"scopeLogs\":[],\"ResourceLogs\":1,\"resourcelogs\":2}", O2P_SIGNAL_AUTO, O2P_OK, 0},
    /* no object, or none as far as it had to be read */
    {"", O2P_SIGNAL_AUTO, O2P_ERR_TRUNCATED, 0},
    {"[]", O2P_SIGNAL_AUTO, O2P_ERR_WIRE_TYPE, 0},
    {" 7", O2P_SIGNAL_AUTO, O2P_ERR_WIRE_TYPE, 1},
    {"x", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 0},
    {"{", O2P_SIGNAL_AUTO, O2P_ERR_TRUNCATED, 1},
    {"{7}", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 1},
    {"{\"a", O2P_SIGNAL_AUTO, O2P_ERR_TRUNCATED, 3},
    {"{\"a\"", O2P_SIGNAL_AUTO, O2P_ERR_TRUNCATED, 4},
    {"{\"a\",", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 4},
    {"{\"a\":}", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 5},
    {"{\"a\":1", O2P_SIGNAL_AUTO, O2P_ERR_TRUNCATED, 6},
    {"{\"a\":1]", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 6},
    {"{\"a\":1,}", O2P_SIGNAL_AUTO, O2P_ERR_MALFORMED, 7},
};

static void signals_are_told_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signals); i++) {
        size_t size = strlen(signals[i].text);
        uint8_t *copy = (uint8_t *)malloc(size == 0 ? 1 : size);
        assert_non_null(copy);
        memcpy(copy, signals[i].text, size);
        o2p_signal signal;
        o2p_json_report report;
        bool ok = o2p_json_signal(copy, size, &signal, &report);
        free(copy);
        if (ok != (report.status == O2P_OK) || report.status != signals[i].status ||
            (ok && signal != signals[i].signal) || (!ok && report.offset != signals[i].offset))
            fail_msg("%s: signal %d, status %d at %zu", signals[i].text, (int)signal,
                     (int)report.status, report.offset);
        assert_int_equal(ok, report.what[0] == '\0');
        assert_string_equal(report.path, "");
    }
}

/* ---- texts that mean harm ------------------------------------------------------------------- */

typedef struct text {
    char *at;
    size_t size, capacity;
} text;

static void add(text *t, const char *piece, size_t times)
{
    size_t size = strlen(piece);
    if (t->size + size * times > t->capacity) {
        t->capacity = (t->size + size * times) * 2;
        t->at = (char *)realloc(t->at, t->capacity);
        assert_non_null(t->at);
    }
    for (; times > 0; times--, t->size += size)
        memcpy(t->at + t->size, piece, size);
}

static conversion convert_text(const o2p_message *message, text *t)
{
    conversion c = convert(message, t->at, t->size);
    free(t->at);
    return c;
}

/* `levels` AnyValues of arrays inside each other: two messages each. */
static conversion convert_nested(size_t levels, const char *innermost)
{
    text t = {NULL, 0, 0};
    add(&t, "{\"arrayValue\":{\"values\":[", levels);
    add(&t, innermost, 1);
    add(&t, "]}}", levels);
    return convert_text(O2P_MESSAGE(AnyValue), &t);
}

static void messages_nest_a_hundred_deep(void **state)
{
    (void)state;
    conversion c = convert_nested(O2P_MAX_DEPTH / 2, "{}");
    assert_true(c.ok);
    release(&c);
    c = convert_nested(O2P_MAX_DEPTH / 2, "{\"arrayValue\":{}}");
    assert_int_equal(c.report.status, O2P_ERR_DEPTH);
    assert_int_equal(c.report.offset, O2P_MAX_DEPTH / 2 * 25 + 14);
    release(&c);
    c = convert_nested(1000000, "{}");
    assert_int_equal(c.report.status, O2P_ERR_DEPTH);
    release(&c);
    text t = {NULL, 0, 0};
    add(&t, "{\"x\":", 1);
    add(&t, "[", 1000000);
    c = convert_text(O2P_MESSAGE(AnyValue), &t);
    assert_int_equal(c.report.status, O2P_ERR_DEPTH);
    release(&c);
}

/* Long contents inside messages as deep as they may be: each level's length has another size than
 * was guessed. */
static void lengths_grow_at_every_level(void **state)
{
    (void)state;
    for (size_t size = 1; size < 3000000; size = size * 5 + 3) {
        text t = {NULL, 0, 0};
        add(&t, "{\"stringValue\":\"", 1);
        add(&t, "x", size);
        add(&t, "\"},{}", 1);
        add(&t, "", 1);
        char end = '\0';
        add(&t, "#", 1);
        t.at[--t.size] = end;
        conversion c = convert_nested(O2P_MAX_DEPTH / 2, t.at);
        assert_true(c.ok);
        free(t.at);
        o2p_wire wire = o2p_wire_over(c.out.data, c.out.size);
        o2p_wire_field field;
        for (size_t level = 0; level < O2P_MAX_DEPTH; level++) {
            assert_true(o2p_wire_next(&wire, &field));
            assert_int_equal(field.key, level % 2 == 0 ? 0x2A : 0x0A);
            wire = o2p_wire_over(field.bytes, (size_t)field.value);
        }
        assert_true(o2p_wire_next(&wire, &field));
        assert_int_equal(field.value, size);
        assert_int_equal(field.bytes[0], 'x');
        assert_int_equal(field.bytes[size - 1], 'x');
        release(&c);
    }
}

static void members_come_a_hundred_thousand_times(void **state)
{
    (void)state;
    text t = {NULL, 0, 0};
    add(&t, "{\"key\":\"", 1);
    add(&t, "k", 1000000);
    add(&t, "\"", 1);
    add(&t, ",\"value\":{\"stringValue\":\"a\",\"intValue\":1},\"key\":\"b\"", 100000);
    add(&t, "}", 1);
    conversion c = convert_text(O2P_MESSAGE(KeyValue), &t);
    assert_true(c.ok);
    assert_int_equal(c.out.size, 7);
    assert_memory_equal(c.out.data,
                        "\x12\x02\x18\x01\x0A\x01"
                        "b",
                        7);
    release(&c);
}

static void long_names_and_numbers(void **state)
{
    (void)state;
    text t = {NULL, 0, 0};
    add(&t, "{\"", 1);
    add(&t, "k", 1000000);
    add(&t, "\":1,\"", 1);
    add(&t, "\\u006b", 100000);
    add(&t, "\":1,\"intValue\":1", 1);
    add(&t, "0", 10000);
    add(&t, "e-10000,\"x\":1", 1);
    add(&t, "0", 10000);
    add(&t, "}", 1);
    conversion c = convert_text(O2P_MESSAGE(AnyValue), &t);
    assert_true(c.ok);
    assert_int_equal(c.report.unknown_members, 3);
    assert_int_equal(c.out.size, 2);
    assert_memory_equal(c.out.data, "\x18\x01", 2);
    release(&c);
}

static void escapes_everywhere(void **state)
{
    (void)state;
    text t = {NULL, 0, 0};
    add(&t, "{\"stringValue\":\"", 1);
    add(&t, "\\u0041\\n", 500000);
    add(&t, "\"}", 1);
    conversion c = convert_text(O2P_MESSAGE(AnyValue), &t);
    assert_true(c.ok);
    assert_int_equal(c.out.size, 4 + 1000000);
    assert_memory_equal(c.out.data,
                        "\x0A\xC0\x84\x3D"
                        "A\nA\n",
                        8);
    release(&c);
}

/* ---- memory --------------------------------------------------------------------------------- */

static const char sample[] =
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
    "\"stringValue\":\"checkout\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"lib\"},\"spans\":[{"
    "\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7e\\u00633c1b174\","
    "\"name\":\"I\\u0027m a "
    "\\\"span\\\"\",\"startTimeUnixNano\":\"1544712660000000000\",\"kind\":2,"
    "\"attributes\":[{\"key\":\"blob\",\"value\":{\"bytesValue\":\"AQIDBA\\u003d\\u003d\"}},{"
    "\"key\":"
    "\"list\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"doubleValue\":0.25}]}}"
    "}],"
    "\"status\":{\"code\":\"STATUS_CODE_OK\"}},{\"traceId\":\"zz\"}]}],\"schemaUrl\":\"u\"}]}";

/* Each allocation fails in turn, once and from then on. */
static void allocations_fail_in_turn(void **state)
{
    (void)state;
    bool ok = false;
    for (size_t refuse_at = 1; !ok; refuse_at++)
        for (int on = 0; on < 2; on++) {
            counting_allocator counting = {.refuse_at = refuse_at, .refuse_on = on != 0};
            o2p_allocator allocator = counting_allocator_functions(&counting);
            o2p_memory memory;
            o2p_buffer out;
            o2p_json_report report;
            o2p_memory_init(&memory, &allocator, 0);
            o2p_buffer_init(&out, &memory);
            ok = o2p_json_request(O2P_MESSAGE(ExportTraceServiceRequest), (const uint8_t *)sample,
                                  sizeof(sample) - 1, &limits, &out, &report);
            assert_int_equal(report.status, counting.refused > 0 ? O2P_ERR_OUT_OF_MEMORY : O2P_OK);
            assert_int_equal(out.size > 0, ok);
            o2p_buffer_free(&out);
            assert_int_equal(counting.blocks, 0);
            assert_true(!ok || refuse_at > 2);
        }
}

/* Likewise a ceiling on memory, at every size. */
static void memory_is_limited(void **state)
{
    (void)state;
    bool ok = false;
    for (uint64_t limit = 1; !ok; limit += 7) {
        o2p_memory memory;
        o2p_buffer out;
        o2p_json_report report;
        o2p_memory_init(&memory, NULL, limit);
        o2p_buffer_init(&out, &memory);
        ok = o2p_json_request(O2P_MESSAGE(ExportTraceServiceRequest), (const uint8_t *)sample,
                              sizeof(sample) - 1, &limits, &out, &report);
        assert_int_equal(report.status, ok ? O2P_OK : O2P_ERR_LIMIT);
        assert_int_equal(memory.held, out.capacity);
        o2p_buffer_free(&out);
        assert_true(limit < 10 * sizeof(sample));
    }
}

static void no_text_at_all(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer out;
    o2p_json_report report;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    assert_false(
        o2p_json_request(O2P_MESSAGE(ExportLogsServiceRequest), NULL, 0, &limits, &out, &report));
    assert_int_equal(report.status, O2P_ERR_TRUNCATED);
    assert_int_equal(report.offset, 0);
    o2p_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_bytes),
        cmocka_unit_test(texts_are_cut_off),
        cmocka_unit_test(other_words_mean_the_same),
        cmocka_unit_test(unknown_members_are_counted),
        cmocka_unit_test(every_field_by_both_names),
        cmocka_unit_test(members_in_any_order),
        cmocka_unit_test(every_enum_name),
        cmocka_unit_test(requests_are_rejected),
        cmocka_unit_test(long_paths_are_cut_at_the_front),
        cmocka_unit_test(records_are_left_out),
        cmocka_unit_test(bad_records_are_read_to_their_end),
        cmocka_unit_test(the_first_value_left_out_is_told),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(limits_are_for_what_they_say),
        cmocka_unit_test(signals_are_told_by_name),
        cmocka_unit_test(messages_nest_a_hundred_deep),
        cmocka_unit_test(lengths_grow_at_every_level),
        cmocka_unit_test(members_come_a_hundred_thousand_times),
        cmocka_unit_test(long_names_and_numbers),
        cmocka_unit_test(escapes_everywhere),
        cmocka_unit_test(allocations_fail_in_turn),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(no_text_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
