/* fuzz_nanopb.c - the same request read by nanopb and by the library.
 *
 * Two references, both of nanopb's run time: a walk over all levels by the field tables decides
 * whether the bytes are a valid request, and pb_decode with the generated descriptors says what is
 * in its records. The library must accept what is valid, reject what is not, and have the same
 * records, numbers, texts and attribute counts: [12]. Input: a byte & 3, the signal; a request.
 *
 * Differences that are meant:
 *   - a known field with another wire type is an error here, as for nanopb; a message nested deeper
 *     than 100 is one here alone
 *   - a key of more than 32 bits is an error here; nanopb takes one that looks sign-extended
 *   - groups are skipped, which nanopb cannot; bits of a varint beyond 64, and beyond 32 for 32-bit
 *     fields, are dropped, where nanopb gives up: nothing is compared then
 *   - the void pieces of a oneof that is set twice are not looked into: invalid ones may pass
 */
#include <pb_decode.h>

#include <otlp.pb.h>

#include "common.h"

#include "../lib/base/utf8.h"
#include "../lib/otlp/detect.h"
#include "../lib/otlp/merge.h"
#include "../lib/otlp/walk.h"

enum { MOST = 1 << 14 };

/* ---- validity ---- */

typedef enum verdict { VALID, INVALID, DEEP, UNSURE } verdict;

typedef struct validity {
    verdict verdict; /* the first that is not VALID */
    uint64_t unknown;
} validity;

static bool decide(validity *v, verdict what)
{
    if (v->verdict == VALID)
        v->verdict = what;
    return v->verdict == VALID;
}

/* What a failure of nanopb's reader means. */
static bool failed_read(validity *v, const pb_istream_t *stream)
{
    bool overflow = strcmp(PB_GET_ERROR(stream), "varint overflow") == 0;
    return decide(v, overflow ? UNSURE : INVALID);
}

static bool validate(validity *v, const o2p_message *message, pb_istream_t *stream, unsigned depth);

static bool validate_packed(validity *v, const o2p_proto_field *field, pb_istream_t *stream)
{
    uint64_t value;
    while (stream->bytes_left > 0)
        if (field->wire_type == O2P_WIRE_VARINT ? !pb_decode_varint(stream, &value)
                                                : !pb_decode_fixed64(stream, &value))
            return failed_read(v, stream);
    return true;
}

static bool validate_content(validity *v, const o2p_proto_field *field, pb_istream_t *stream,
                             unsigned depth)
{
    pb_istream_t content;
    if (!pb_make_string_substream(stream, &content))
        return failed_read(v, stream);
    if (field->type == O2P_PROTO_MESSAGE && !validate(v, field->message, &content, depth + 1))
        return false;
    if (field->wire_type != O2P_WIRE_LEN && !validate_packed(v, field, &content))
        return false;
    return pb_close_string_substream(stream, &content) || failed_read(v, stream);
}

static bool validate_field(validity *v, const o2p_proto_field *field, pb_istream_t *stream,
                           pb_wire_type_t wire_type, unsigned depth)
{
    uint64_t value;
    if (field == NULL)
        v->unknown++;
    else if ((unsigned)wire_type != field->wire_type &&
             (wire_type != PB_WT_STRING || field->label != O2P_PROTO_REPEATED))
        return decide(v, INVALID);
    if (field != NULL && wire_type == PB_WT_STRING)
        return validate_content(v, field, stream, depth);
    if (wire_type == PB_WT_VARINT)
        return pb_decode_varint(stream, &value) || failed_read(v, stream);
    return pb_skip_field(stream, wire_type) || failed_read(v, stream);
}

static bool validate(validity *v, const o2p_message *message, pb_istream_t *stream, unsigned depth)
{
    if (depth > O2P_MAX_DEPTH)
        return decide(v, DEEP);
    while (stream->bytes_left > 0) {
        uint32_t tag;
        pb_wire_type_t wire_type;
        bool eof;
        uint64_t key = 0;
        pb_istream_t ahead = *stream;
        if (pb_decode_varint(&ahead, &key) && key > UINT32_MAX)
            return decide(v, INVALID);
        if (!pb_decode_tag(stream, &wire_type, &tag, &eof))
            return failed_read(v, stream);
        if ((unsigned)wire_type == O2P_WIRE_GROUP_START ||
            (unsigned)wire_type == O2P_WIRE_GROUP_END)
            return decide(v, UNSURE);
        if (tag == 0 || (unsigned)wire_type > 5)
            return decide(v, INVALID);
        if (!validate_field(v, o2p_find_field(message, tag), stream, wire_type, depth))
            return false;
    }
    return true;
}

/* ---- the library's reading ---- */

typedef struct reading {
    o2p_memory memory;
    o2p_store store;
    o2p_walk walk;
    o2p_buffer merged;
    bool needed_merge;
} reading;

static o2p_status read_request(reading *r, o2p_signal signal, const uint8_t *data, size_t size)
{
    o2p_memory_init(&r->memory, NULL, 0);
    o2p_store_init(&r->store, &r->memory, true);
    o2p_walk_init(&r->walk, &r->store);
    o2p_buffer_init(&r->merged, &r->memory);
    r->needed_merge = false;
    if (o2p_walk_request(&r->walk, signal, data, size))
        return O2P_OK;
    if (r->walk.status != O2P_WALK_MERGE)
        return (o2p_status)r->walk.status;
    r->needed_merge = true;
    o2p_store_free(&r->store);
    o2p_store_init(&r->store, &r->memory, true);
    uint64_t unknown;
    o2p_merge_error error;
    if (!o2p_merge(o2p_request_message(signal), data, size, O2P_MAX_DEPTH, &r->merged, &unknown,
                   &error))
        return error.status;
    if (o2p_walk_request(&r->walk, signal, r->merged.data, r->merged.size))
        return O2P_OK;
    CHECK(r->walk.status != O2P_WALK_MERGE, "11");
    return (o2p_status)r->walk.status;
}

static void free_reading(reading *r)
{
    o2p_walk_free(&r->walk);
    o2p_store_free(&r->store);
    o2p_buffer_free(&r->merged);
    CHECK(r->memory.held == 0, "8");
}

/* ---- cells ---- */

/* Bytes of the input. */
typedef struct text {
    const uint8_t *bytes;
    size_t size;
} text;

typedef struct keys {
    text at[MOST];
    size_t count;
} keys;

/* What nanopb finds, compared with the library's cells while it is found. */
typedef struct reference {
    const reading *ours;
    uint32_t next[O2P_TABLE_COUNT]; /* row of the next record */
    keys resource, scope, record, element;
    uint64_t records, duplicates, empty_groups, empty_metrics;
    uint64_t items;      /* of the group being read */
    uint32_t elements;   /* events or exemplars of the record being read */
    uint32_t references; /* links, buckets or quantiles of it */
    uint32_t bounds, negative;
} reference;

static reference ref; /* too large for the stack */

static const o2p_rows *rows_of(o2p_table table)
{
    CHECK(ref.ours->store.tables[table] != NULL, "12");
    CHECK(ref.next[table] < ref.ours->store.tables[table]->count, "12");
    return ref.ours->store.tables[table];
}

static void same_u64(const o2p_rows *rows, o2p_col col, uint32_t row, uint64_t expected)
{
    const o2p_column *column = &rows->columns[col];
    CHECK((row < column->cells.size / 8 ? o2p_cells64(column)[row] : 0) == expected, "12");
}

static void same_u32(const o2p_rows *rows, o2p_col col, uint32_t row, uint32_t expected)
{
    const o2p_column *column = &rows->columns[col];
    CHECK((row < column->cells.size / 4 ? o2p_cells32(column)[row] : 0) == expected, "12");
}

/* A nullable number: null unless `present`. */
static void same_nullable(const o2p_rows *rows, o2p_col col, uint32_t row, bool present,
                          const void *eight_bytes)
{
    const o2p_column *column = &rows->columns[col];
    uint64_t expected;
    memcpy(&expected, eight_bytes, 8);
    CHECK((row < column->valid.size && column->valid.data[row] != 0) == present, "12");
    if (present)
        same_u64(rows, col, row, expected);
}

static void same_length(const o2p_rows *rows, o2p_col col, uint32_t row, uint64_t expected)
{
    const o2p_column *column = &rows->columns[col];
    bool map = o2p_columns[col].kind == O2P_KIND_MAP;
    uint32_t size = map ? o2p_map_size(column, o2p_map_list(column, row))
                        : o2p_list_end(column, row) - o2p_list_begin(column, row);
    CHECK(size == expected, "12");
}

static bool all_zero(text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (t.bytes[i] != 0)
            return false;
    return true;
}

/* The text as it is stored; `*repaired` is to be freed. */
static text stored_text(text t, o2p_buffer *repaired)
{
    static o2p_memory memory;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(repaired, &memory);
    if (t.size == 0 || o2p_utf8_valid_prefix(t.bytes, t.size) == t.size)
        return t;
    o2p_utf8_repair(repaired, t.bytes, t.size);
    return (text){repaired->data, repaired->size};
}

static void same_text(const o2p_rows *rows, o2p_col col, uint32_t row, text expected)
{
    const o2p_column *column = &rows->columns[col];
    uint32_t index = row < column->cells.size / 4 ? o2p_cells32(column)[row] : 0;
    o2p_buffer repaired = {0};
    bool id = o2p_columns[col].kind == O2P_KIND_ID;
    text wanted = id ? expected : stored_text(expected, &repaired);
    if (id && all_zero(wanted))
        wanted.size = 0;
    CHECK((index == 0) == (wanted.size == 0), "12");
    if (index != 0) {
        const o2p_entry *entry = o2p_dictionary_entry(column->dictionary, index);
        CHECK(entry->size == wanted.size, "12");
        CHECK(memcmp(entry->bytes, wanted.bytes, wanted.size) == 0, "12");
    }
    if (repaired.memory != NULL)
        o2p_buffer_free(&repaired);
}

static bool same_key(text a, text b)
{
    o2p_buffer of_a, of_b;
    text x = stored_text(a, &of_a), y = stored_text(b, &of_b);
    bool same = x.size == y.size && (x.size == 0 || memcmp(x.bytes, y.bytes, x.size) == 0);
    o2p_buffer_free(&of_a);
    o2p_buffer_free(&of_b);
    return same;
}

/* Empties the list; returns how many different keys it had, and counts the others. */
static uint32_t count_keys(keys *list)
{
    uint32_t different = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t j = 0;
        while (j < i && !same_key(list->at[j], list->at[i]))
            j++;
        different += j == i;
    }
    ref.duplicates += list->count - different;
    list->count = 0;
    return different;
}

/* ---- nanopb's callbacks ---- */

typedef bool decoder(pb_istream_t *stream, const pb_field_t *field, void **arg);

static pb_callback_t to(decoder *decode, void *arg)
{
    pb_callback_t callback = {{decode}, arg};
    return callback;
}

/* A stream over a buffer keeps its position as `state`. */
static bool read_text(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    *(text *)*arg = (text){(const uint8_t *)stream->state, stream->bytes_left};
    return pb_read(stream, NULL, stream->bytes_left);
}

static bool read_attribute(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    keys *list = (keys *)*arg;
    text key = {NULL, 0};
    otlp_KeyValue pair = otlp_KeyValue_init_zero;
    pair.key = to(read_text, &key);
    if (!pb_decode_ex(stream, otlp_KeyValue_fields, &pair, PB_DECODE_NOINIT))
        return false;
    CHECK(list->count < MOST, "12");
    list->at[list->count++] = key;
    return true;
}

/* Counts a repeated message that has no list of its own. */
static bool count_message(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    (void)field;
    ++*(uint32_t *)*arg;
    return pb_read(stream, NULL, stream->bytes_left);
}

/* A packed field without values comes as an empty stream. */
static bool count_fixed(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    uint64_t value;
    (void)field;
    if (stream->bytes_left == 0)
        return true;
    ++*(uint32_t *)*arg;
    return pb_decode_fixed64(stream, &value);
}

static bool count_varint(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    uint64_t value;
    (void)field;
    if (stream->bytes_left == 0)
        return true;
    ++*(uint32_t *)*arg;
    return pb_decode_varint(stream, &value);
}

static void begin_record(void)
{
    ref.records++;
    ref.items++;
    ref.record.count = 0;
    ref.elements = ref.references = ref.bounds = ref.negative = 0;
}

/* ---- logs ---- */

static bool read_log(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    text severity = {NULL, 0}, trace = {NULL, 0}, span = {NULL, 0}, event = {NULL, 0};
    otlp_LogRecord log = otlp_LogRecord_init_zero;
    (void)field;
    (void)arg;
    begin_record();
    log.severity_text = to(read_text, &severity);
    log.attributes = to(read_attribute, &ref.record);
    log.trace_id = to(read_text, &trace);
    log.span_id = to(read_text, &span);
    log.event_name = to(read_text, &event);
    if (!pb_decode_ex(stream, otlp_LogRecord_fields, &log, PB_DECODE_NOINIT))
        return false;
    const o2p_rows *rows = rows_of(O2P_TABLE_LOGS);
    uint32_t row = ref.next[O2P_TABLE_LOGS]++;
    uint64_t observed = log.observed_time_unix_nano;
    same_u64(rows, O2P_COL_Timestamp, row, log.time_unix_nano ? log.time_unix_nano : observed);
    same_nullable(rows, O2P_COL_ObservedTimestamp, row, observed != 0, &observed);
    same_u32(rows, O2P_COL_SeverityNumber, row, (uint32_t)log.severity_number);
    same_u64(rows, O2P_COL_TraceFlags, row, log.flags);
    same_u64(rows, O2P_COL_DroppedAttributesCount, row, log.dropped_attributes_count);
    same_text(rows, O2P_COL_SeverityText, row, severity);
    same_text(rows, O2P_COL_TraceId, row, trace);
    same_text(rows, O2P_COL_SpanId, row, span);
    same_text(rows, O2P_COL_EventName, row, event);
    same_length(rows, O2P_COL_LogAttributes, row, count_keys(&ref.record));
    return true;
}

/* ---- traces ---- */

static bool read_event(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_SpanEvent event = otlp_SpanEvent_init_zero;
    (void)field;
    (void)arg;
    event.attributes = to(read_attribute, &ref.element);
    if (!pb_decode_ex(stream, otlp_SpanEvent_fields, &event, PB_DECODE_NOINIT))
        return false;
    const o2p_rows *rows = rows_of(O2P_TABLE_TRACES);
    uint32_t first = o2p_list_begin(&rows->columns[O2P_COL_Events], ref.next[O2P_TABLE_TRACES]);
    uint32_t child = first + ref.elements++;
    same_u64(rows, O2P_COL_EventsTimestamp, child, event.time_unix_nano);
    same_length(rows, O2P_COL_EventsAttributes, child, count_keys(&ref.element));
    return true;
}

static bool read_link(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_SpanLink link = otlp_SpanLink_init_zero;
    (void)field;
    (void)arg;
    link.attributes = to(read_attribute, &ref.element);
    if (!pb_decode_ex(stream, otlp_SpanLink_fields, &link, PB_DECODE_NOINIT))
        return false;
    const o2p_rows *rows = rows_of(O2P_TABLE_TRACES);
    uint32_t first = o2p_list_begin(&rows->columns[O2P_COL_Links], ref.next[O2P_TABLE_TRACES]);
    uint32_t child = first + ref.references++;
    same_u64(rows, O2P_COL_LinksFlags, child, link.flags);
    same_length(rows, O2P_COL_LinksAttributes, child, count_keys(&ref.element));
    return true;
}

static bool read_span(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    text trace = {NULL, 0}, id = {NULL, 0}, parent = {NULL, 0}, name = {NULL, 0};
    text state = {NULL, 0}, message = {NULL, 0};
    otlp_Span span = otlp_Span_init_zero;
    (void)field;
    (void)arg;
    begin_record();
    span.trace_id = to(read_text, &trace);
    span.span_id = to(read_text, &id);
    span.parent_span_id = to(read_text, &parent);
    span.name = to(read_text, &name);
    span.trace_state = to(read_text, &state);
    span.status.message = to(read_text, &message);
    span.attributes = to(read_attribute, &ref.record);
    span.events = to(read_event, NULL);
    span.links = to(read_link, NULL);
    if (!pb_decode_ex(stream, otlp_Span_fields, &span, PB_DECODE_NOINIT))
        return false;
    const o2p_rows *rows = rows_of(O2P_TABLE_TRACES);
    uint32_t row = ref.next[O2P_TABLE_TRACES]++;
    uint64_t duration = span.end_time_unix_nano - span.start_time_unix_nano;
    same_u64(rows, O2P_COL_Timestamp, row, span.start_time_unix_nano);
    same_nullable(rows, O2P_COL_Duration, row, span.end_time_unix_nano != 0, &duration);
    same_u64(rows, O2P_COL_SpanFlags, row, span.flags);
    same_u64(rows, O2P_COL_DroppedEventsCount, row, span.dropped_events_count);
    same_text(rows, O2P_COL_TraceId, row, trace);
    same_text(rows, O2P_COL_SpanId, row, id);
    same_text(rows, O2P_COL_ParentSpanId, row, parent);
    same_text(rows, O2P_COL_SpanName, row, name);
    same_text(rows, O2P_COL_TraceState, row, state);
    same_text(rows, O2P_COL_StatusMessage, row, message);
    same_length(rows, O2P_COL_SpanAttributes, row, count_keys(&ref.record));
    same_length(rows, O2P_COL_Events, row, ref.elements);
    same_length(rows, O2P_COL_Links, row, ref.references);
    return true;
}

/* ---- metrics ---- */

static bool read_exemplar(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_Exemplar exemplar = otlp_Exemplar_init_zero;
    (void)field;
    exemplar.filtered_attributes = to(read_attribute, &ref.element);
    if (!pb_decode_ex(stream, otlp_Exemplar_fields, &exemplar, PB_DECODE_NOINIT))
        return false;
    o2p_table table = *(const o2p_table *)*arg;
    const o2p_rows *rows = rows_of(table);
    uint32_t child =
        o2p_list_begin(&rows->columns[O2P_COL_Exemplars], ref.next[table]) + ref.elements++;
    double as_double = exemplar.which_value == otlp_Exemplar_as_int_tag
                           ? (double)exemplar.value.as_int
                           : exemplar.value.as_double;
    same_u64(rows, O2P_COL_ExemplarsTimeUnix, child, exemplar.time_unix_nano);
    same_nullable(rows, O2P_COL_ExemplarsValue, child, exemplar.which_value != 0, &as_double);
    same_length(rows, O2P_COL_ExemplarsFilteredAttributes, child, count_keys(&ref.element));
    return true;
}

/* What all points have. */
static uint32_t end_point(o2p_table table, uint64_t start, uint64_t time, uint32_t flags)
{
    const o2p_rows *rows = rows_of(table);
    uint32_t row = ref.next[table]++;
    same_nullable(rows, O2P_COL_StartTimeUnix, row, start != 0, &start);
    same_u64(rows, O2P_COL_TimeUnix, row, time);
    same_u64(rows, O2P_COL_Flags, row, flags);
    same_length(rows, O2P_COL_Attributes, row, count_keys(&ref.record));
    if (table != O2P_TABLE_METRICS_SUMMARY)
        same_length(rows, O2P_COL_Exemplars, row, ref.elements);
    return row;
}

static bool read_number(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_NumberDataPoint point = otlp_NumberDataPoint_init_zero;
    o2p_table table = *(const o2p_table *)*arg;
    (void)field;
    begin_record();
    point.attributes = to(read_attribute, &ref.record);
    point.exemplars = to(read_exemplar, *arg);
    if (!pb_decode_ex(stream, otlp_NumberDataPoint_fields, &point, PB_DECODE_NOINIT))
        return false;
    uint32_t row = end_point(table, point.start_time_unix_nano, point.time_unix_nano, point.flags);
    const o2p_rows *rows = ref.ours->store.tables[table];
    bool integer = point.which_value == otlp_NumberDataPoint_as_int_tag;
    double as_double = integer ? (double)point.value.as_int : point.value.as_double;
    same_nullable(rows, O2P_COL_Value, row, point.which_value != 0, &as_double);
    same_nullable(rows, O2P_COL_ValueInt, row, integer, &point.value.as_int);
    return true;
}

static bool read_histogram(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_HistogramDataPoint point = otlp_HistogramDataPoint_init_zero;
    o2p_table table = *(const o2p_table *)*arg;
    (void)field;
    begin_record();
    point.attributes = to(read_attribute, &ref.record);
    point.exemplars = to(read_exemplar, *arg);
    point.bucket_counts = to(count_fixed, &ref.references);
    point.explicit_bounds = to(count_fixed, &ref.bounds);
    if (!pb_decode_ex(stream, otlp_HistogramDataPoint_fields, &point, PB_DECODE_NOINIT))
        return false;
    uint32_t row = end_point(table, point.start_time_unix_nano, point.time_unix_nano, point.flags);
    const o2p_rows *rows = ref.ours->store.tables[table];
    same_u64(rows, O2P_COL_Count, row, point.count);
    same_nullable(rows, O2P_COL_Sum, row, point.has_sum, &point.sum);
    same_nullable(rows, O2P_COL_Min, row, point.has_min, &point.min);
    same_nullable(rows, O2P_COL_Max, row, point.has_max, &point.max);
    same_length(rows, O2P_COL_BucketCounts, row, ref.references);
    same_length(rows, O2P_COL_ExplicitBounds, row, ref.bounds);
    return true;
}

static bool read_exponential(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_ExponentialHistogramDataPoint point = otlp_ExponentialHistogramDataPoint_init_zero;
    o2p_table table = *(const o2p_table *)*arg;
    (void)field;
    begin_record();
    point.attributes = to(read_attribute, &ref.record);
    point.exemplars = to(read_exemplar, *arg);
    point.positive.bucket_counts = to(count_varint, &ref.references);
    point.negative.bucket_counts = to(count_varint, &ref.negative);
    if (!pb_decode_ex(stream, otlp_ExponentialHistogramDataPoint_fields, &point, PB_DECODE_NOINIT))
        return false;
    uint32_t row = end_point(table, point.start_time_unix_nano, point.time_unix_nano, point.flags);
    const o2p_rows *rows = ref.ours->store.tables[table];
    same_u64(rows, O2P_COL_Count, row, point.count);
    same_u64(rows, O2P_COL_ZeroCount, row, point.zero_count);
    same_u32(rows, O2P_COL_Scale, row, (uint32_t)point.scale);
    same_u32(rows, O2P_COL_PositiveOffset, row, (uint32_t)point.positive.offset);
    same_u32(rows, O2P_COL_NegativeOffset, row, (uint32_t)point.negative.offset);
    same_length(rows, O2P_COL_PositiveBucketCounts, row, ref.references);
    same_length(rows, O2P_COL_NegativeBucketCounts, row, ref.negative);
    return true;
}

static bool read_summary(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_SummaryDataPoint point = otlp_SummaryDataPoint_init_zero;
    o2p_table table = *(const o2p_table *)*arg;
    uint64_t sum;
    (void)field;
    begin_record();
    point.attributes = to(read_attribute, &ref.record);
    point.quantile_values = to(count_message, &ref.references);
    if (!pb_decode_ex(stream, otlp_SummaryDataPoint_fields, &point, PB_DECODE_NOINIT))
        return false;
    uint32_t row = end_point(table, point.start_time_unix_nano, point.time_unix_nano, point.flags);
    const o2p_rows *rows = ref.ours->store.tables[table];
    memcpy(&sum, &point.sum, 8);
    same_u64(rows, O2P_COL_Count, row, point.count);
    same_u64(rows, O2P_COL_SummarySum, row, sum);
    same_length(rows, O2P_COL_ValueAtQuantiles, row, ref.references);
    return true;
}

/* The kinds of metric; field 1 of each is its points, and no other field is read here. */
static const struct {
    uint32_t tag;
    o2p_table table;
    decoder *read_point;
} kinds[] = {
    {otlp_Metric_gauge_tag, O2P_TABLE_METRICS_GAUGE, read_number},
    {otlp_Metric_sum_tag, O2P_TABLE_METRICS_SUM, read_number},
    {otlp_Metric_histogram_tag, O2P_TABLE_METRICS_HISTOGRAM, read_histogram},
    {otlp_Metric_exponential_histogram_tag, O2P_TABLE_METRICS_EXPONENTIAL_HISTOGRAM,
     read_exponential},
    {otlp_Metric_summary_tag, O2P_TABLE_METRICS_SUMMARY, read_summary},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* nanopb's descriptors of the five are alike in this: */
static bool read_points(pb_istream_t *stream, size_t kind)
{
    o2p_table table = kinds[kind].table;
    otlp_Gauge points = otlp_Gauge_init_zero;
    points.data_points = to(kinds[kind].read_point, &table);
    return pb_decode_ex(stream, otlp_Gauge_fields, &points, PB_DECODE_NOINIT);
}

/* Pieces of the member of Metric's oneof that counts, in the stream that is read. */
typedef struct pieces {
    text at[MOST];
    size_t count;
    size_t kind;
} pieces;

static pieces found;

static bool find_pieces(pb_istream_t *stream)
{
    found.count = 0;
    found.kind = KINDS;
    while (stream->bytes_left > 0) {
        uint32_t tag;
        pb_wire_type_t wire_type;
        bool eof;
        size_t kind = 0;
        if (!pb_decode_tag(stream, &wire_type, &tag, &eof))
            return false;
        while (kind < KINDS && kinds[kind].tag != tag)
            kind++;
        if (kind == KINDS) {
            if (!pb_skip_field(stream, wire_type))
                return false;
            continue;
        }
        pb_istream_t piece;
        if (!pb_make_string_substream(stream, &piece))
            return false;
        if (kind != found.kind)
            found.count = 0;
        found.kind = kind;
        found.at[found.count++] = (text){(const uint8_t *)piece.state, piece.bytes_left};
        if (!pb_close_string_substream(stream, &piece))
            return false;
    }
    return true;
}

static bool read_metric(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_Metric metric = otlp_Metric_init_zero;
    pb_istream_t again = *stream;
    (void)field;
    (void)arg;
    ref.items++;
    metric.metadata = to(read_attribute, &ref.record);
    ref.record.count = 0;
    if (!pb_decode_ex(stream, otlp_Metric_fields, &metric, PB_DECODE_NOINIT) ||
        !find_pieces(&again))
        return false;
    count_keys(&ref.record);
    uint64_t before = ref.records, items = ref.items;
    for (size_t i = 0; i < found.count; i++) {
        pb_istream_t piece = pb_istream_from_buffer(found.at[i].bytes, found.at[i].size);
        if (!read_points(&piece, found.kind))
            return false;
    }
    ref.items = items;
    ref.empty_metrics += ref.records == before;
    return true;
}

/* ---- envelopes: alike in the three signals, so those of logs stand for all ---- */

static bool read_scope(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_ScopeLogs scope = otlp_ScopeLogs_init_zero;
    uint64_t outer = ref.items;
    (void)field;
    ref.items = 0;
    ref.scope.count = 0;
    scope.scope.attributes = to(read_attribute, &ref.scope);
    scope.log_records = to(*(decoder **)*arg, NULL);
    if (!pb_decode_ex(stream, otlp_ScopeLogs_fields, &scope, PB_DECODE_NOINIT))
        return false;
    count_keys(&ref.scope);
    ref.empty_groups += ref.items == 0;
    ref.items = outer + 1;
    return true;
}

static bool read_resource(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
    otlp_ResourceLogs resource = otlp_ResourceLogs_init_zero;
    (void)field;
    ref.items = 0;
    ref.resource.count = 0;
    resource.resource.attributes = to(read_attribute, &ref.resource);
    resource.scope_logs = to(read_scope, *arg);
    if (!pb_decode_ex(stream, otlp_ResourceLogs_fields, &resource, PB_DECODE_NOINIT))
        return false;
    count_keys(&ref.resource);
    ref.empty_groups += ref.items == 0;
    return true;
}

/* Compares all records. nanopb may still give up, over a number that is too large for its field. */
static void compare(const reading *library, o2p_signal signal, const uint8_t *data, size_t size)
{
    static decoder *const readers[] = {NULL, read_log, read_span, read_metric};
    decoder *reader = readers[signal];
    otlp_ExportLogsServiceRequest request = otlp_ExportLogsServiceRequest_init_zero;
    pb_istream_t stream = pb_istream_from_buffer(data, size);
    memset(ref.next, 0, sizeof(ref.next));
    ref.ours = library;
    ref.element.count = 0;
    ref.records = ref.duplicates = ref.empty_groups = ref.empty_metrics = 0;
    request.resource_logs = to(read_resource, &reader);
    if (!pb_decode_ex(&stream, otlp_ExportLogsServiceRequest_fields, &request, PB_DECODE_NOINIT)) {
        CHECK(strcmp(PB_GET_ERROR(&stream), "integer too large") == 0 ||
                  strcmp(PB_GET_ERROR(&stream), "varint overflow") == 0,
              "12");
        return;
    }
    const o2p_counts *counts = &library->walk.counts;
    CHECK(counts->accepted == ref.records && library->store.row_count == ref.records, "12");
    CHECK(counts->duplicate_keys == ref.duplicates, "12");
    CHECK(counts->empty_groups == ref.empty_groups, "12");
    CHECK(counts->empty_metrics == ref.empty_metrics, "12");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MOST || (data[0] & 3) == 0)
        return 0;
    o2p_signal signal = (o2p_signal)(data[0] & 3);
    data++;
    size--;
    validity v = {VALID, 0};
    pb_istream_t stream = pb_istream_from_buffer(data, size);
    validate(&v, o2p_request_message(signal), &stream, 0);
    reading library;
    o2p_status status = read_request(&library, signal, data, size);
    if (v.verdict == VALID) {
        CHECK(status == O2P_OK, "12");
        CHECK(library.needed_merge || library.walk.counts.unknown_fields == v.unknown, "12");
        /* In a oneof that is set twice nanopb would take the first value for a callback. */
        if (library.needed_merge)
            compare(&library, signal, library.merged.data, library.merged.size);
        else
            compare(&library, signal, data, size);
    } else if (v.verdict != UNSURE && !library.needed_merge) {
        CHECK(status != O2P_OK, "12");
        CHECK(v.verdict != DEEP || status == O2P_ERR_DEPTH, "12");
    }
    free_reading(&library);
    return 0;
}
