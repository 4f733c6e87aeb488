/* logs.c - LogRecord into the table logs. */
#include "walk.h"

enum { RECORD_DEPTH = 3 }; /* request, ResourceLogs, ScopeLogs, LogRecord */

static const o2p_attribute_target log_attributes = {O2P_COL_LogAttributes,
                                                    O2P_COL_LogAttributesTypes, "LogAttributes", 0};

static bool read_body(o2p_walk *walk, o2p_rows *rows, uint32_t row, const o2p_wire_field *field)
{
    o2p_any_text text;
    if (!o2p_any_text_of(walk, o2p_span_of(field), RECORD_DEPTH + 1, &text))
        return false;
    o2p_set_text(rows, O2P_COL_Body, row, text.bytes, text.size, text.input);
    if (text.letter != O2P_LETTER_STRING)
        o2p_set_text(rows, O2P_COL_BodyType, row, (const uint8_t *)&text.letter, 1, false);
    return true;
}

/* A record without a time of its own has the observed one, else the caller's default; its Nanos are
 * null. */
static void set_times(const o2p_walk *walk, o2p_rows *rows, uint32_t row, uint64_t own,
                      uint64_t observed)
{
    if (observed != 0)
        o2p_set64_valid(rows, O2P_COL_ObservedTimestamp, row, observed);
    if (own != 0)
        o2p_set64_valid(rows, O2P_COL_Timestamp, row, own);
    else
        o2p_set64(rows, O2P_COL_Timestamp, row, observed != 0 ? observed : walk->default_time_ns);
}

bool o2p_walk_log_record(o2p_walk *walk, const o2p_wire_field *record)
{
    uint32_t row;
    o2p_rows *rows = o2p_walk_new_row(walk, O2P_TABLE_LOGS, record, &row);
    if (rows == NULL)
        return false;
    o2p_wire wire = o2p_wire_over(record->bytes, (size_t)record->value);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0, own = 0, observed = 0;
    o2p_attributes_begin(&list, &log_attributes, rows, row, RECORD_DEPTH + 1, 0, &wire);
    while (o2p_wire_next(&wire, &field)) {
        bool ok = true;
        switch (field.key) {
        case O2P_KEY(LogRecord_time_unix_nano, O2P_WIRE_FIXED64):
            ok = o2p_walk_once(walk, &seen, &field);
            own = field.value;
            break;
        case O2P_KEY(LogRecord_observed_time_unix_nano, O2P_WIRE_FIXED64):
            ok = o2p_walk_once(walk, &seen, &field);
            observed = field.value;
            break;
        case O2P_KEY(LogRecord_severity_number, O2P_WIRE_VARINT):
            ok = o2p_walk_i32(walk, rows, O2P_COL_SeverityNumber, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_severity_text, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_SeverityText, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_body, O2P_WIRE_LEN):
            ok = o2p_walk_once(walk, &seen, &field) && read_body(walk, rows, row, &field);
            break;
        case O2P_KEY(LogRecord_attributes, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        case O2P_KEY(LogRecord_dropped_attributes_count, O2P_WIRE_VARINT):
            ok = o2p_walk_u32(walk, rows, O2P_COL_DroppedAttributesCount, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_flags, O2P_WIRE_FIXED32):
            ok = o2p_walk_u32(walk, rows, O2P_COL_TraceFlags, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_trace_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_TraceId, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_span_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_SpanId, row, &field, &seen);
            break;
        case O2P_KEY(LogRecord_event_name, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_EventName, row, &field, &seen);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(LogRecord), &field);
        }
        if (O2P_UNLIKELY(!ok))
            return false;
    }
    set_times(walk, rows, row, own, observed);
    if (!o2p_walk_end(walk, &wire) || !o2p_attributes_end(walk, &list))
        return false;
    o2p_duplicates_end(walk, rows, row);
    return true;
}
