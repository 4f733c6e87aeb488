/* detect.c - see detect.h. */
#include "detect.h"

#include "../base/utf8.h"
#include "descriptor.h"
#include "json_scan.h"
#include "wire.h"

/* ---- encoding ---- */

static uint64_t mark_line_feed(uint64_t v)
{
    uint64_t differ = v ^ O2P_LOW_BITS * '\n';
    return (differ - O2P_LOW_BITS) & ~differ & O2P_TOP_BITS;
}

const uint8_t *o2p_line_end(const uint8_t *at, const uint8_t *end)
{
    return at + o2p_scan(at, (size_t)(end - at), mark_line_feed);
}

/* Whether the bytes are nothing but resources. */
static bool is_envelope(const uint8_t *bytes, size_t size)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    while (o2p_wire_next(&wire, &field))
        if (field.key != O2P_KEY(ExportLogsServiceRequest_resource_logs, O2P_WIRE_LEN))
            return false;
    return wire.status == O2P_OK;
}

/* What begins at `at` is more than one line; see detect.h. */
static bool has_lines(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *stop = o2p_line_end(at, end);
    const uint8_t *more = o2p_json_next(stop, end);
    while (stop > at && stop[-1] <= ' ')
        stop--;
    if (more == end || stop == at || stop[-1] != '}')
        return false;
    return *more != ',' && *more != ':' && *more != ']' && *more != '}';
}

o2p_encoding o2p_detect_encoding(const uint8_t *bytes, size_t size)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    const uint8_t *at = bytes, *end = bytes + size;
    if (size >= sizeof(mark) && memcmp(at, mark, sizeof(mark)) == 0)
        at += sizeof(mark);
    at = o2p_json_next(at, end);
    uint8_t first = o2p_json_peek(at, end);
    if ((first != '{' && first != '[') || (bytes[0] == '\n' && is_envelope(bytes, size)))
        return O2P_ENCODING_PROTOBUF;
    return has_lines(at, end) ? O2P_ENCODING_JSON_LINES : O2P_ENCODING_JSON;
}

/* ---- signal ---- */

enum {
    RECORDS_READ = 16, /* more would not change the sum's sign on real data */
    LEVELS_READ = 3,
    KNOWN_FIELD = 1,
    KNOWN_MESSAGE = 2, /* a length-delimited value that reads as the message it should be */
    UNKNOWN_FIELD = -1,
    CONFLICT = -16
};

/* Ids are the only bytes fields but bytes_value, whose length says nothing. */
static bool is_id_length(size_t size)
{
    return size == 0 || size == 8 || size == 16;
}

static int score_fields(const o2p_message *message, o2p_wire *wire, unsigned levels);

static int score_content(const o2p_proto_field *field, const o2p_wire_field *content,
                         unsigned levels)
{
    size_t size = (size_t)content->value;
    switch (field->type) {
    case O2P_PROTO_MESSAGE: {
        if (levels == 0 || size == 0)
            return KNOWN_FIELD;
        o2p_wire inner = o2p_wire_over(content->bytes, size);
        int score = score_fields(field->message, &inner, levels - 1);
        return score < 0 || inner.status != O2P_OK ? CONFLICT : KNOWN_MESSAGE;
    }
    case O2P_PROTO_STRING:
        return o2p_utf8_valid_prefix(content->bytes, size) == size ? KNOWN_FIELD : CONFLICT;
    case O2P_PROTO_BYTES:
        return field->label == O2P_PROTO_ONEOF || is_id_length(size) ? KNOWN_FIELD : CONFLICT;
    default:
        return KNOWN_FIELD;
    }
}

static int score_field(const o2p_message *message, const o2p_wire_field *content, unsigned levels)
{
    const o2p_proto_field *field = o2p_find_field(message, content->key >> 3);
    unsigned wire_type = content->key & 7;
    if (field == NULL)
        return UNKNOWN_FIELD;
    if (wire_type == field->wire_type)
        return score_content(field, content, levels);
    bool packed = wire_type == O2P_WIRE_LEN && field->label == O2P_PROTO_REPEATED;
    return packed ? KNOWN_FIELD : CONFLICT;
}

static int score_fields(const o2p_message *message, o2p_wire *wire, unsigned levels)
{
    enum { FIELDS_READ = 32 };
    o2p_wire_field field;
    int score = 0;
    for (unsigned i = 0; i < FIELDS_READ && o2p_wire_next(wire, &field); i++)
        score += score_field(message, &field, levels);
    return score;
}

/* The three readings of a record, and their sums. */
typedef struct readings {
    int64_t sum[O2P_SIGNAL_METRICS + 1]; /* by o2p_signal */
    unsigned records;                    /* that have fields */
    bool empty;                          /* there was a record without */
} readings;

/* A record that is cut off or broken says as much as comes before: whoever reads it reports the
 * rest. */
static void score_record(readings *r, const uint8_t *bytes, size_t size)
{
    static const o2p_message *const records[] = {
        [O2P_SIGNAL_LOGS] = O2P_MESSAGE(LogRecord),
        [O2P_SIGNAL_TRACES] = O2P_MESSAGE(Span),
        [O2P_SIGNAL_METRICS] = O2P_MESSAGE(Metric),
    };
    r->empty = r->empty || size == 0;
    r->records += size > 0;
    for (size_t s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS && size > 0; s++) {
        o2p_wire wire = o2p_wire_over(bytes, size);
        r->sum[s] += score_fields(records[s], &wire, LEVELS_READ);
    }
}

/* Descends `levels` envelopes, whose items are field 2 but of the request itself, where they are
 * field 1. */
static void score_envelope(readings *r, const uint8_t *bytes, size_t size, uint32_t item,
                           unsigned levels)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    while (r->records < RECORDS_READ && o2p_wire_next(&wire, &field)) {
        if (field.key != (item << 3 | O2P_WIRE_LEN))
            continue;
        if (levels == 0)
            score_record(r, field.bytes, (size_t)field.value);
        else
            score_envelope(r, field.bytes, (size_t)field.value, otlp_ScopeLogs_log_records_tag,
                           levels - 1);
    }
}

o2p_signal o2p_detect_signal(const uint8_t *bytes, size_t size)
{
    readings r = {{0}, 0, false};
    score_envelope(&r, bytes, size, otlp_ExportLogsServiceRequest_resource_logs_tag, 2);
    if (r.records == 0)
        return r.empty ? O2P_SIGNAL_AUTO : O2P_SIGNAL_LOGS;
    o2p_signal best = O2P_SIGNAL_LOGS;
    for (o2p_signal s = O2P_SIGNAL_TRACES; s <= O2P_SIGNAL_METRICS; s++)
        if (r.sum[s] > r.sum[best])
            best = s;
    return r.sum[best] > 0 ? best : O2P_SIGNAL_AUTO;
}
