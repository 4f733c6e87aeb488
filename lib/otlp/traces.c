/* traces.c - Span, with its events and links, into the table traces. */
#include "walk.h"

#include "../base/text.h"

enum { SPAN_DEPTH = 3 }; /* request, ResourceSpans, ScopeSpans, Span */

static const o2p_attribute_target span_attributes = {
    O2P_COL_SpanAttributes, O2P_COL_SpanAttributesTypes, "SpanAttributes", 0};
static const o2p_attribute_target event_attributes = {
    O2P_COL_EventsAttributes, O2P_COL_EventsAttributesTypes, "Events[%].Attributes", 1};
static const o2p_attribute_target link_attributes = {
    O2P_COL_LinksAttributes, O2P_COL_LinksAttributesTypes, "Links[%].Attributes", 2};

/* Names as the Collector's ClickHouse exporter prints them. */
static const char *const span_kinds[] = {"Unspecified", "Internal", "Server",
                                         "Client",      "Producer", "Consumer"};
static const char *const status_codes[] = {"Unset", "Ok", "Error"};

/* Sets an enum's name, or an unknown number in decimal. `known` has the cells of names. */
static void set_name(o2p_rows *rows, o2p_col col, uint32_t row, int32_t value,
                     const char *const *names, int32_t name_count, uint32_t *known)
{
    char digits[O2P_INT64_TEXT_MAX];
    if (value < 0 || value >= name_count) {
        size_t size = o2p_format_i64(digits, value);
        o2p_set_text(rows, col, row, (const uint8_t *)digits, size, false);
    } else if (O2P_LIKELY(known[value] != 0)) {
        rows->columns[col].dictionary->lookups++;
        o2p_set32(rows, col, row, known[value]);
    } else {
        o2p_set_text(rows, col, row, (const uint8_t *)names[value], strlen(names[value]), false);
        const o2p_column *column = &rows->columns[col];
        if (!rows->pool->memory->failed && !column->dictionary->gave_up)
            known[value] = o2p_cells32(column)[row];
    }
}

static bool read_status(o2p_walk *walk, o2p_rows *rows, uint32_t row, const o2p_wire_field *status,
                        int32_t *code)
{
    o2p_wire wire = o2p_wire_over(status->bytes, (size_t)status->value);
    o2p_wire_field field;
    uint64_t seen = 0;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(Status_message, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_StatusMessage, row, &field, &seen);
            break;
        case O2P_KEY(Status_code, O2P_WIRE_VARINT):
            ok = o2p_walk_once(walk, &seen, &field);
            *code = (int32_t)(uint32_t)field.value;
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(Status), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire);
}

static bool read_event(o2p_walk *walk, o2p_rows *rows, uint32_t row, uint32_t element,
                       const o2p_wire_field *event)
{
    o2p_wire wire = o2p_wire_over(event->bytes, (size_t)event->value);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0;
    o2p_attributes_begin(&list, &event_attributes, rows, row, SPAN_DEPTH + 2, 1, &wire);
    list.element = element;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(SpanEvent_time_unix_nano, O2P_WIRE_FIXED64):
            ok = o2p_walk_u64(walk, rows, O2P_COL_EventsTimestamp, row, &field, &seen);
            break;
        case O2P_KEY(SpanEvent_name, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_EventsName, row, &field, &seen);
            break;
        case O2P_KEY(SpanEvent_attributes, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        case O2P_KEY(SpanEvent_dropped_attributes_count, O2P_WIRE_VARINT):
            ok = o2p_walk_u32(walk, rows, O2P_COL_EventsDroppedAttributesCount, row, &field, &seen);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(SpanEvent), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire) && o2p_attributes_end(walk, &list);
}

static bool read_link(o2p_walk *walk, o2p_rows *rows, uint32_t row, uint32_t element,
                      const o2p_wire_field *link)
{
    o2p_wire wire = o2p_wire_over(link->bytes, (size_t)link->value);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0;
    o2p_attributes_begin(&list, &link_attributes, rows, row, SPAN_DEPTH + 2, 1, &wire);
    list.element = element;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(SpanLink_trace_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_LinksTraceId, row, &field, &seen);
            break;
        case O2P_KEY(SpanLink_span_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_LinksSpanId, row, &field, &seen);
            break;
        case O2P_KEY(SpanLink_trace_state, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_LinksTraceState, row, &field, &seen);
            break;
        case O2P_KEY(SpanLink_attributes, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        case O2P_KEY(SpanLink_dropped_attributes_count, O2P_WIRE_VARINT):
            ok = o2p_walk_u32(walk, rows, O2P_COL_LinksDroppedAttributesCount, row, &field, &seen);
            break;
        case O2P_KEY(SpanLink_flags, O2P_WIRE_FIXED32):
            ok = o2p_walk_u32(walk, rows, O2P_COL_LinksFlags, row, &field, &seen);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(SpanLink), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire) && o2p_attributes_end(walk, &list);
}

/* A span while it is read. */
typedef struct span_state {
    o2p_rows *rows;
    uint32_t row;
    uint32_t events, links;
    int32_t kind, code;
    uint64_t start, end;
    uint64_t seen;
    o2p_attributes *list;
} span_state;

/* The fields that are one cell each. */
static bool read_scalar(o2p_walk *walk, span_state *span, const o2p_wire_field *field)
{
    o2p_rows *rows = span->rows;
    uint32_t row = span->row;
    uint64_t *seen = &span->seen;
    switch (field->key) {
    case O2P_KEY(Span_trace_id, O2P_WIRE_LEN):
        return o2p_walk_text(walk, rows, O2P_COL_TraceId, row, field, seen);
    case O2P_KEY(Span_span_id, O2P_WIRE_LEN):
        return o2p_walk_text(walk, rows, O2P_COL_SpanId, row, field, seen);
    case O2P_KEY(Span_trace_state, O2P_WIRE_LEN):
        return o2p_walk_text(walk, rows, O2P_COL_TraceState, row, field, seen);
    case O2P_KEY(Span_parent_span_id, O2P_WIRE_LEN):
        return o2p_walk_text(walk, rows, O2P_COL_ParentSpanId, row, field, seen);
    case O2P_KEY(Span_name, O2P_WIRE_LEN):
        return o2p_walk_text(walk, rows, O2P_COL_SpanName, row, field, seen);
    case O2P_KEY(Span_dropped_attributes_count, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_DroppedAttributesCount, row, field, seen);
    case O2P_KEY(Span_dropped_events_count, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_DroppedEventsCount, row, field, seen);
    case O2P_KEY(Span_dropped_links_count, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_DroppedLinksCount, row, field, seen);
    case O2P_KEY(Span_flags, O2P_WIRE_FIXED32):
        return o2p_walk_u32(walk, rows, O2P_COL_SpanFlags, row, field, seen);
    default:
        return o2p_walk_other(walk, O2P_MESSAGE(Span), field);
    }
}

static bool read_field(o2p_walk *walk, span_state *span, const o2p_wire_field *field)
{
    o2p_rows *rows = span->rows;
    switch (field->key) {
    case O2P_KEY(Span_attributes, O2P_WIRE_LEN):
        return o2p_attributes_add(walk, span->list, field);
    case O2P_KEY(Span_kind, O2P_WIRE_VARINT):
        span->kind = (int32_t)(uint32_t)field->value;
        return o2p_walk_once(walk, &span->seen, field);
    case O2P_KEY(Span_start_time_unix_nano, O2P_WIRE_FIXED64):
        span->start = field->value;
        return o2p_walk_once(walk, &span->seen, field);
    case O2P_KEY(Span_end_time_unix_nano, O2P_WIRE_FIXED64):
        span->end = field->value;
        return o2p_walk_once(walk, &span->seen, field);
    case O2P_KEY(Span_events, O2P_WIRE_LEN):
        return read_event(walk, rows, rows->columns[O2P_COL_Events].child_rows++, span->events++,
                          field);
    case O2P_KEY(Span_links, O2P_WIRE_LEN):
        return read_link(walk, rows, rows->columns[O2P_COL_Links].child_rows++, span->links++,
                         field);
    case O2P_KEY(Span_status, O2P_WIRE_LEN):
        return o2p_walk_once(walk, &span->seen, field) &&
               read_status(walk, rows, span->row, field, &span->code);
    default:
        return read_scalar(walk, span, field);
    }
}

/* What is known at the end only. */
static void end_span(o2p_walk *walk, const span_state *span)
{
    o2p_rows *rows = span->rows;
    uint32_t row = span->row;
    set_name(rows, O2P_COL_SpanKind, row, span->kind, span_kinds,
             sizeof(span_kinds) / sizeof(span_kinds[0]), walk->names[0]);
    set_name(rows, O2P_COL_StatusCode, row, span->code, status_codes,
             sizeof(status_codes) / sizeof(status_codes[0]), walk->names[1]);
    o2p_set64(rows, O2P_COL_Timestamp, row, span->start);
    if (span->end != 0)
        o2p_set64_valid(rows, O2P_COL_Duration, row, span->end - span->start);
    o2p_end_list(rows, O2P_COL_Events, row, rows->columns[O2P_COL_Events].child_rows);
    o2p_end_list(rows, O2P_COL_Links, row, rows->columns[O2P_COL_Links].child_rows);
    o2p_duplicates_end(walk, rows, row);
}

bool o2p_walk_span(o2p_walk *walk, const o2p_wire_field *field)
{
    o2p_attributes list;
    span_state span = {.list = &list};
    span.rows = o2p_walk_new_row(walk, O2P_TABLE_TRACES, field, &span.row);
    if (span.rows == NULL)
        return false;
    o2p_wire wire = o2p_wire_over(field->bytes, (size_t)field->value);
    o2p_attributes_begin(&list, &span_attributes, span.rows, span.row, SPAN_DEPTH + 1, 0, &wire);
    o2p_wire_field member;
    while (o2p_wire_next(&wire, &member))
        if (O2P_UNLIKELY(!read_field(walk, &span, &member)))
            return false;
    if (!o2p_walk_end(walk, &wire) || !o2p_attributes_end(walk, &list))
        return false;
    end_span(walk, &span);
    return true;
}
