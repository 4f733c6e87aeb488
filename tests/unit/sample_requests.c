/* sample_requests.c - see sample_requests.h. The numbers are those of otlp.proto. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "sample_requests.h"
#include "../../lib/base/buffer.h"
#include <cmocka.h>

static const uint8_t id[16] = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                               0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};

static void put_id(protobuf *p, uint32_t field, size_t size, unsigned variant)
{
    uint8_t bytes[16];
    memcpy(bytes, id, sizeof(bytes));
    bytes[0] = (uint8_t)variant;
    pb_bytes(p, field, bytes, size);
}

static void put_text(protobuf *p, uint32_t field, const char *name, unsigned variant)
{
    char text[64];
    snprintf(text, sizeof(text), "%s %u", name, variant);
    pb_text(p, field, text);
}

static void array(protobuf *p, unsigned variant)
{
    pb_open(p, 5);
    for (unsigned kind = 0; kind <= 7; kind++)
        if (kind < 5 || kind == 7)
            sample_any(p, 1, kind, variant);
    pb_close(p);
}

static void kvlist(protobuf *p, unsigned variant)
{
    pb_open(p, 6);
    for (unsigned i = 0; i < 2; i++) {
        pb_open(p, 1);
        pb_text(p, 1, "inner");
        sample_any(p, 2, i == 0 ? 5 : 3, variant);
        pb_close(p);
    }
    pb_close(p);
}

void sample_any(protobuf *p, uint32_t field, unsigned kind, unsigned variant)
{
    pb_open(p, field);
    if (kind == 1)
        put_text(p, 1, "text", variant);
    if (kind == 2)
        pb_varint(p, 2, 1);
    if (kind == 3)
        pb_varint(p, 3, UINT64_MAX - variant);
    if (kind == 4)
        pb_double(p, 4, 0.5 + variant);
    if (kind == 5)
        array(p, variant);
    if (kind == 6)
        kvlist(p, variant);
    if (kind == 7)
        pb_bytes(p, 7, "\x00\xff\x80", 3);
    pb_close(p);
}

/* One attribute of each kind, an empty key, and the first key again. */
static void attributes(protobuf *p, uint32_t field, unsigned variant)
{
    for (unsigned kind = 0; kind <= 7; kind++) {
        char key[32];
        snprintf(key, sizeof(key), "key.%u.%u", kind, variant % 3);
        pb_open(p, field);
        pb_text(p, 1, key);
        sample_any(p, 2, kind, variant);
        pb_close(p);
    }
    pb_attribute(p, field, "", "empty key");
    pb_attribute(p, field, "key", "first");
    pb_int_attribute(p, field, "key", 2);
    pb_open(p, field); /* neither key nor value */
    pb_close(p);
}

static void resource(protobuf *p, unsigned variant)
{
    char service[32];
    snprintf(service, sizeof(service), "service-%u", variant % 2);
    pb_open(p, 1);
    pb_attribute(p, 1, "service.name", service);
    pb_attribute(p, 1, "service.namespace", "shop");
    pb_int_attribute(p, 1, "service.instance.id", variant);
    attributes(p, 1, variant);
    pb_varint(p, 2, 7 + variant);
    pb_open(p, 3);
    pb_text(p, 1, "https://example/entity");
    pb_text(p, 2, "host");
    pb_text(p, 3, "host.id");
    pb_text(p, 3, "host.name");
    pb_text(p, 4, "os.type");
    pb_close(p);
    pb_close(p);
}

static void scope(protobuf *p, unsigned variant)
{
    pb_open(p, 1);
    put_text(p, 1, "scope", variant % 2);
    pb_text(p, 2, "1.2.3");
    attributes(p, 3, variant);
    pb_varint(p, 4, 3);
    pb_close(p);
}

/* ---- records ---- */

static uint64_t time_of(unsigned variant, unsigned record)
{
    return SAMPLE_TIME + variant * UINT64_C(1000) + record * UINT64_C(3599000000000);
}

static void log_record(protobuf *p, unsigned variant, unsigned record)
{
    pb_fixed64(p, 1, time_of(variant, record));
    pb_fixed64(p, 11, time_of(variant, record) + 5);
    pb_varint(p, 2, 9 + variant % 4);
    pb_text(p, 3, "INFO");
    sample_any(p, 5, 1 + (variant + record) % 7, variant);
    attributes(p, 6, variant);
    pb_varint(p, 7, 2);
    pb_fixed32(p, 8, 1);
    put_id(p, 9, 16, variant);
    put_id(p, 10, 8, variant);
    put_text(p, 12, "event", variant % 5);
}

static void event(protobuf *p, unsigned variant)
{
    pb_open(p, 11);
    pb_fixed64(p, 1, time_of(variant, 0) + 10);
    pb_text(p, 2, "exception");
    attributes(p, 3, variant);
    pb_varint(p, 4, 5);
    pb_close(p);
}

static void link_to(protobuf *p, unsigned variant)
{
    pb_open(p, 13);
    put_id(p, 1, 16, variant + 1);
    put_id(p, 2, 8, variant + 1);
    pb_text(p, 3, "a=b");
    attributes(p, 4, variant);
    pb_varint(p, 5, 6);
    pb_fixed32(p, 6, 0x301);
    pb_close(p);
}

static void span(protobuf *p, unsigned variant, unsigned record)
{
    put_id(p, 1, 16, variant);
    put_id(p, 2, 8, variant);
    pb_text(p, 3, "vendor=1");
    put_id(p, 4, 8, variant + 2);
    put_text(p, 5, "GET /", variant);
    pb_varint(p, 6, variant % 7);
    pb_fixed64(p, 7, time_of(variant, record));
    pb_fixed64(p, 8, time_of(variant, record) + 1500);
    attributes(p, 9, variant);
    pb_varint(p, 10, 1);
    event(p, variant);
    event(p, variant + 1);
    pb_varint(p, 12, 2);
    link_to(p, variant);
    pb_varint(p, 14, 3);
    pb_open(p, 15);
    put_text(p, 2, "message", variant);
    pb_varint(p, 3, variant % 4);
    pb_close(p);
    pb_fixed32(p, 16, 0x101);
}

static void exemplar(protobuf *p, uint32_t field, unsigned variant)
{
    pb_open(p, field);
    attributes(p, 7, variant);
    pb_fixed64(p, 2, time_of(variant, 0));
    if (variant % 2 == 0)
        pb_double(p, 3, 1.25);
    else
        pb_fixed64(p, 6, (uint64_t)-7);
    put_id(p, 4, 8, variant);
    put_id(p, 5, 16, variant);
    pb_close(p);
}

static void packed64(protobuf *p, uint32_t field, unsigned count, unsigned variant)
{
    pb_key(p, field, 2);
    pb_number(p, 8 * (uint64_t)count);
    for (unsigned i = 0; i < count; i++) {
        double bound = i * 2.5 + variant;
        uint64_t bits;
        uint8_t bytes[8];
        memcpy(&bits, &bound, sizeof(bits));
        o2p_store_le64(bytes, bits);
        pb_raw(p, bytes, sizeof(bytes));
    }
}

static void number_point(protobuf *p, unsigned variant, unsigned record)
{
    pb_fixed64(p, 2, time_of(variant, 0) - 60);
    pb_fixed64(p, 3, time_of(variant, record));
    if (variant % 2 == 0)
        pb_double(p, 4, 3.5 + variant);
    else
        pb_fixed64(p, 6, UINT64_C(9007199254740993) + variant);
    exemplar(p, 5, variant);
    exemplar(p, 5, variant + 1);
    attributes(p, 7, variant);
    pb_varint(p, 8, 1);
}

static void histogram_point(protobuf *p, unsigned variant, unsigned record)
{
    pb_fixed64(p, 2, time_of(variant, 0) - 60);
    pb_fixed64(p, 3, time_of(variant, record));
    pb_fixed64(p, 4, 10 + variant);
    pb_double(p, 5, 99.5);
    packed64(p, 6, 4, variant);
    packed64(p, 7, 3, variant);
    exemplar(p, 8, variant);
    attributes(p, 9, variant);
    pb_varint(p, 10, 1);
    pb_double(p, 11, -1.5);
    pb_double(p, 12, 70.25);
}

static void buckets(protobuf *p, uint32_t field, unsigned variant)
{
    pb_open(p, field);
    pb_varint(p, 1, 3 + variant);
    pb_open(p, 2);
    for (unsigned i = 0; i < 4; i++)
        pb_number(p, i * UINT64_C(300));
    pb_close(p);
    pb_close(p);
}

static void exponential_point(protobuf *p, unsigned variant, unsigned record)
{
    attributes(p, 1, variant);
    pb_fixed64(p, 2, time_of(variant, 0) - 60);
    pb_fixed64(p, 3, time_of(variant, record));
    pb_fixed64(p, 4, 12);
    pb_double(p, 5, 1.5);
    pb_varint(p, 6, 5);
    pb_fixed64(p, 7, 2);
    buckets(p, 8, variant);
    buckets(p, 9, variant + 1);
    pb_varint(p, 10, 1);
    exemplar(p, 11, variant);
    pb_double(p, 12, 0.5);
    pb_double(p, 13, 8.5);
    pb_double(p, 14, 0.001);
}

static void summary_point(protobuf *p, unsigned variant, unsigned record)
{
    pb_fixed64(p, 2, time_of(variant, 0) - 60);
    pb_fixed64(p, 3, time_of(variant, record));
    pb_fixed64(p, 4, 4);
    pb_double(p, 5, 40.5);
    for (unsigned i = 0; i < 3; i++) {
        pb_open(p, 6);
        pb_double(p, 1, i * 0.5);
        pb_double(p, 2, 10.0 + i + variant);
        pb_close(p);
    }
    attributes(p, 7, variant);
    pb_varint(p, 8, 1);
}

typedef void point_writer(protobuf *p, unsigned variant, unsigned record);

static void metric(protobuf *p, uint32_t member, point_writer *point, unsigned variant)
{
    pb_open(p, 2);
    put_text(p, 1, "metric", member);
    pb_text(p, 2, "A metric.");
    pb_text(p, 3, "ms");
    pb_open(p, member);
    for (unsigned record = 0; record < 2; record++) {
        pb_open(p, 1);
        point(p, variant + record, record);
        pb_close(p);
    }
    if (member != 5 && member != 11)
        pb_varint(p, 2, 2);
    if (member == 7)
        pb_varint(p, 3, 1);
    pb_close(p);
    attributes(p, 12, variant);
    pb_close(p);
}

static void records(protobuf *p, o2p_signal signal, unsigned variant)
{
    if (signal == O2P_SIGNAL_METRICS) {
        metric(p, 5, number_point, variant);
        metric(p, 7, number_point, variant + 1);
        metric(p, 9, histogram_point, variant);
        metric(p, 10, exponential_point, variant);
        metric(p, 11, summary_point, variant);
        return;
    }
    for (unsigned record = 0; record < 2; record++) {
        pb_open(p, 2);
        if (signal == O2P_SIGNAL_LOGS)
            log_record(p, variant, record);
        else
            span(p, variant, record);
        pb_close(p);
    }
}

void sample_request(protobuf *p, o2p_signal signal, unsigned variant)
{
    pb_open(p, 1);
    resource(p, variant);
    for (unsigned s = 0; s < 2; s++) {
        pb_open(p, 2);
        scope(p, variant + s);
        records(p, signal, variant + s);
        pb_text(p, 3, "https://example/scope");
        pb_close(p);
    }
    pb_text(p, 3, "https://example/resource");
    pb_close(p);
}

void sample_open(protobuf *p, const char *service)
{
    pb_open(p, 1);
    pb_open(p, 1);
    pb_attribute(p, 1, "service.name", service);
    pb_close(p);
    pb_open(p, 2);
}

void sample_close(protobuf *p)
{
    pb_close(p);
    pb_close(p);
}

/* ---- JSON ---- */

#define RESOURCE                                                                                   \
    "\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"json\"}" \
    "},"                                                                                           \
    "{\"key\":\"host\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{}]}}},"        \
    "{\"key\":\"host\",\"value\":{\"bytesValue\":\"AQI_\"}}],\"droppedAttributesCount\":2},"       \
    "\"schemaUrl\":\"https://example.com/\\u0031\",\"unknown\":[{},\"]\"],"
#define SCOPE "\"scope\":{\"name\":\"scope\",\"version\":null,\"version\":\"1\"},"
#define ATTRIBUTES                                                                                 \
    "\"attributes\":[{\"key\":\"a\\n\\ud83d\\ude00\",\"value\":{\"stringValue\":"                  \
    "\"\\\"\xFF\\u20ac\"}},"                                                                       \
    "{\"key\":\"b\",\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"c\",\"value\":"             \
    "{\"doubleValue\":\"-Infinity\"}}]}}},{\"key\":\"b\",\"value\":{\"doubleValue\":1e-7}}],"
#define IDS "\"traceId\":\"5B8EFFF798038103D269B633813FC60C\",\"spanId\":\"7uGbfsPBsXQ=\","
#define EXEMPLARS                                                                                  \
    "\"exemplars\":[{\"timeUnixNano\":1,\"filteredAttributes\":[{\"key\":\"x\",\"value\":{}}],"    \
    "\"spanId\":\"eee19b7ec3c1b174\",\"asInt\":\"-3\"}],"

static const char *const texts[] = {
    [O2P_SIGNAL_LOGS] =
        "{\"resourceLogs\":[{" RESOURCE "\"scopeLogs\":[{" SCOPE
        "\"logRecords\":[{\"timeUnixNano\":\"1704164645678901234\"," ATTRIBUTES IDS
        "\"severityNumber\":\"SEVERITY_NUMBER_INFO\",\"severityText\":\"INFO\",\"flags\":1.0e0,"
        "\"body\":{\"intValue\":1},\"body\":{\"stringValue\":\"body\"}},"
        "{\"body\":{\"boolValue\":7}},{\"observed_time_unix_nano\":1704168645678901234}]}]}]}",
    [O2P_SIGNAL_TRACES] =
        "{\"resourceSpans\":[{" RESOURCE "\"scopeSpans\":[{" SCOPE
        "\"spans\":[{\"startTimeUnixNano\":\"1704164645678901234\"," ATTRIBUTES IDS
        "\"endTimeUnixNano\":1704164645678901239,\"name\":\"GET\",\"kind\":\"SPAN_KIND_SERVER\","
        "\"events\":[{\"name\":\"e\"," ATTRIBUTES "\"timeUnixNano\":5}],\"links\":[{" IDS
        "\"traceState\":\"a=b\"},{}],\"status\":{\"code\":2,\"message\":\"bad\"}},"
        "{\"kind\":\"SPAN\"},{\"startTimeUnixNano\":1704168645678901234}]}]}]}",
    [O2P_SIGNAL_METRICS] =
        "{\"resourceMetrics\":[{" RESOURCE "\"scopeMetrics\":[{" SCOPE
        "\"metrics\":[{\"name\":\"g\",\"unit\":\"s\",\"gauge\":{\"dataPoints\":[{" ATTRIBUTES
        "\"timeUnixNano\":\"1704164645678901234\",\"asDouble\":0.1},{\"asInt\":0.5}]}},"
        "{\"name\":\"s\",\"metadata\":[{\"key\":\"m\"}],\"sum\":{\"isMonotonic\":true,"
        "\"aggregationTemporality\":2,\"dataPoints\":[{" EXEMPLARS "\"asInt\":\"7\"}]}},"
        "{\"name\":\"h\",\"histogram\":{\"dataPoints\":[{" EXEMPLARS
        "\"count\":\"3\",\"sum\":\"NaN\","
        "\"bucketCounts\":[\"1\",2],\"explicitBounds\":[0.5]}]}},"
        "{\"name\":\"e\",\"exponentialHistogram\":{\"dataPoints\":[{\"scale\":-1,\"zeroCount\":4,"
        "\"positive\":{\"offset\":-2,\"bucketCounts\":[300]}}]}},"
        "{\"name\":\"q\",\"summary\":{\"dataPoints\":[{\"quantileValues\":[{\"quantile\":0.5}]}]}}]"
        "}]}]}",
};

static void put_json(protobuf *p, const char *text)
{
    pb_raw(p, text, strlen(text));
}

void sample_input(protobuf *p, o2p_signal signal, o2p_encoding encoding)
{
    if (encoding == O2P_ENCODING_PROTOBUF) {
        sample_request(p, signal, 1);
        return;
    }
    put_json(p, texts[signal]);
    if (encoding == O2P_ENCODING_JSON)
        return;
    put_json(p, "\r\n\n \t\n{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"flags\":}\n");
    put_json(p, texts[signal % O2P_SIGNAL_METRICS + 1]);
    put_json(p, "\n");
    put_json(p, texts[signal]);
}
