/* fuzz_json.c - any text as an OTLP/JSON message.
 *
 * What is accepted must be protobuf in its one canonical form: each field known, of its own wire
 * type and, unless it repeats, there once; no defaults; the shortest lengths. Merging such bytes
 * finds nothing to do, and converting them gives the files that converting the text gives. What is
 * refused leaves no output: [13]. Input:
 *
 *   byte 0   & 3: the message, a request or an AnyValue; & 4: small limits
 *   ...      text
 */
#include "common.h"

#include "../lib/otlp/json.h"
#include "../lib/otlp/merge.h"
#include "../lib/otlp/wire.h"

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static void check_canonical(const o2p_message *message, const uint8_t *bytes, size_t size,
                            unsigned depth)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field f;
    uint32_t seen = 0;
    CHECK(depth <= O2P_MAX_DEPTH, "13");
    while (o2p_wire_next(&wire, &f)) {
        const o2p_proto_field *field = o2p_find_field(message, f.key >> 3);
        CHECK(field != NULL, "13");
        bool repeated = field->label == O2P_PROTO_REPEATED;
        bool packed = repeated && field->wire_type != O2P_WIRE_LEN;
        uint32_t slot = 1u << (field->label == O2P_PROTO_ONEOF ? 0 : field->number);
        CHECK((f.key & 7) == (packed ? O2P_WIRE_LEN : field->wire_type), "13");
        CHECK((repeated && !packed) || (seen & slot) == 0, "13");
        seen |= slot;
        if (field->label == O2P_PROTO_SINGULAR && field->type != O2P_PROTO_MESSAGE)
            CHECK(f.value != 0, "13");
        if ((f.key & 7) == O2P_WIRE_LEN)
            CHECK((size_t)(f.bytes - f.start) == varint_size(f.key) + varint_size(f.value), "13");
        if (field->type == O2P_PROTO_MESSAGE)
            check_canonical(field->message, f.bytes, (size_t)f.value, depth + 1);
    }
    CHECK(wire.status == O2P_OK, "13");
}

static void check_merge_is_identity(const o2p_message *message, const o2p_buffer *json,
                                    o2p_memory *memory)
{
    o2p_buffer merged;
    o2p_merge_error error;
    uint64_t unknown;
    o2p_buffer_init(&merged, memory);
    CHECK(o2p_merge(message, json->data, json->size, O2P_MAX_DEPTH, &merged, &unknown, &error),
          "13");
    CHECK(unknown == 0, "13");
    o2p_buffer_free(&merged);
}

/* What a report says of a text of `size` bytes. */
static void check_report(const o2p_json_report *report, bool ok, size_t size)
{
    CHECK(ok == (report->status == O2P_OK), "13");
    CHECK(report->status <= O2P_ERR_VALUE && report->status != O2P_ERR_OUT_OF_MEMORY, "13");
    CHECK(report->offset <= size && report->rejected <= report->records, "13");
    CHECK((report->what[0] != '\0') == (!ok || report->rejected > 0), "13");
    CHECK(memchr(report->path, '\0', sizeof(report->path)) != NULL, "13");
    if (!ok)
        CHECK(report->records == 0 && report->rejected == 0 && report->unknown_members == 0, "13");
}

/* What the public call makes of the text, and of its protobuf form. */
static void compare(const uint8_t *text, size_t size, const o2p_options *options,
                    const o2p_json_report *report, const o2p_buffer *protobuf)
{
    o2p_options other = *options;
    other.encoding = O2P_ENCODING_PROTOBUF;
    o2p_output json = {.options = options}, pb = {.options = &other};
    otlp_to_parquet(text, size, &json);
    check_output(&json, text, size);
    const o2p_error *said = report->status == O2P_OK ? &json.rejection : &json.error;
    if (report->status != O2P_OK || report->rejected > 0)
        CHECK(said->offset == report->offset && strcmp(said->path, report->path) == 0 &&
                  strcmp(said->message, report->what) == 0,
              "13");
    /* The public call refuses what has nothing of its signal and something of another. */
    bool another = report->status == O2P_OK && report->records == 0 &&
                   report->unknown_members > 0 && json.error.status == O2P_ERR_MALFORMED;
    if (report->status != O2P_OK) {
        CHECK(json.error.status == report->status, "13");
    } else if (!another) {
        otlp_to_parquet(protobuf->data, protobuf->size, &pb);
        CHECK(json.error.status == O2P_OK && pb.error.status == O2P_OK, "13");
        CHECK(pb.counts.unknown_fields == 0, "13");
        CHECK(json.counts.accepted <= report->records - report->rejected, "13");
        pb.counts.rejected = report->rejected;
        pb.counts.unknown_fields = report->unknown_members;
        check_same_counts(&json.counts, &pb.counts, "13");
        check_same_files(&json, &pb, "13");
    }
    o2p_output_free(&json);
    o2p_output_free(&pb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const o2p_message *const messages[] = {
        O2P_MESSAGE(ExportLogsServiceRequest),
        O2P_MESSAGE(ExportTraceServiceRequest),
        O2P_MESSAGE(ExportMetricsServiceRequest),
        O2P_MESSAGE(AnyValue),
    };
    if (size == 0)
        return 0;
    unsigned which = data[0] & 3;
    bool small = (data[0] & 4) != 0;
    const uint8_t *text = data + 1;
    o2p_memory memory;
    o2p_buffer out;
    o2p_json_report report;
    o2p_options options =
        options_of((unsigned)size, (o2p_signal)((which + 1) & 3), O2P_ENCODING_JSON);
    limit(&options, small ? SMALL_REQUEST : 0);
    o2p_limits limits = o2p_default_limits();
    if (small)
        limits = (o2p_limits){options.max_depth, options.max_attributes, 1, options.max_records,
                              options.max_string_bytes};
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    bool ok = o2p_json_request(messages[which], text, size - 1, &limits, &out, &report);
    check_report(&report, ok, size - 1);
    CHECK(ok || out.size == 0, "13");
    if (ok && out.size > 0) {
        check_canonical(messages[which], out.data, out.size, 0);
        check_merge_is_identity(messages[which], &out, &memory);
    }
    if (which < 3)
        compare(text, size - 1, &options, &report, &out);
    o2p_buffer_free(&out);
    CHECK(memory.held == 0, "13");
    return 0;
}
