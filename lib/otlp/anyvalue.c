/* anyvalue.c - AnyValue as text, in the two forms the tables need.
 *
 *   kind      as text (the OTLP specification's "AttributeValue to string")   OTLP/JSON form
 *   string    as it is                                                      {"stringValue":"..."}
 *   bool      true, false                                                   {"boolValue":true}
 *   int       decimal                                                       {"intValue":"1"}
 *   double    shortest, ECMAScript's form                                   {"doubleValue":1}
 *   bytes     base64                                                        {"bytesValue":"AA=="}
 *   array     JSON {"arrayValue":{"values":[...]}} kvlist    JSON, order and repeated keys kept
 * {"kvlistValue":{"values":[...]}} empty     the empty text; null inside arrays and kvlists {}
 *
 * Inside JSON, doubles have a `.` or an `e`, so that 1.0 is not 1; NaN and the infinities are
 * strings.
 */
#include "walk.h"

#include "../base/decimal.h"
#include "../base/text.h"
#include "../base/utf8.h"

/* ---- reading ---- */

/* Takes apart an AnyValue that is written as all clients write an int or a double. */
static bool split_number(o2p_span any, o2p_wire_field *member)
{
    if (any.size < 2)
        return false;
    o2p_wire wire = {any.bytes + 1, any.bytes + any.size, O2P_OK};
    member->key = any.bytes[0];
    if (member->key == O2P_KEY(AnyValue_int_value, O2P_WIRE_VARINT))
        return o2p_wire_varint(&wire, &member->value) && wire.at == wire.end;
    if (member->key != O2P_KEY(AnyValue_double_value, O2P_WIRE_FIXED64) || any.size != 9)
        return false;
    member->value = o2p_load_le64(wire.at);
    return true;
}

/* Finds the member that is set; member->key is 0 when none is. */
static bool read_member(o2p_walk *walk, o2p_span any, unsigned depth, o2p_wire_field *member)
{
    member->key = 0;
    if (any.bytes == NULL)
        return true;
    if (depth > walk->limits.max_depth)
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, any.bytes);
    o2p_wire wire = o2p_wire_over(any.bytes, any.size);
    o2p_wire_field field;
    while (o2p_wire_next(&wire, &field)) {
        switch (field.key) {
        case O2P_KEY(AnyValue_string_value, O2P_WIRE_LEN):
        case O2P_KEY(AnyValue_bool_value, O2P_WIRE_VARINT):
        case O2P_KEY(AnyValue_int_value, O2P_WIRE_VARINT):
        case O2P_KEY(AnyValue_double_value, O2P_WIRE_FIXED64):
        case O2P_KEY(AnyValue_array_value, O2P_WIRE_LEN):
        case O2P_KEY(AnyValue_kvlist_value, O2P_WIRE_LEN):
        case O2P_KEY(AnyValue_bytes_value, O2P_WIRE_LEN):
            if (member->key != 0)
                return o2p_walk_fail(walk, O2P_WALK_MERGE, field.start);
            *member = field;
            break;
        default:
            if (!o2p_walk_other(walk, O2P_MESSAGE(AnyValue), &field))
                return false;
        }
    }
    return o2p_walk_end(walk, &wire);
}

bool o2p_key_value_of(o2p_walk *walk, const uint8_t *bytes, size_t size, o2p_span *key,
                      o2p_span *value)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    uint64_t seen = 0;
    *key = *value = (o2p_span){NULL, 0};
    while (o2p_wire_next(&wire, &field)) {
        switch (field.key) {
        case O2P_KEY(KeyValue_key, O2P_WIRE_LEN):
            if (!o2p_walk_once(walk, &seen, &field))
                return false;
            *key = o2p_span_of(&field);
            break;
        case O2P_KEY(KeyValue_value, O2P_WIRE_LEN):
            if (!o2p_walk_once(walk, &seen, &field))
                return false;
            *value = o2p_span_of(&field);
            break;
        default:
            if (!o2p_walk_other(walk, O2P_MESSAGE(KeyValue), &field))
                return false;
        }
    }
    return o2p_walk_end(walk, &wire);
}

/* ---- JSON ---- */

void o2p_json_text(o2p_walk *walk, const uint8_t *bytes, size_t size, o2p_buffer *out)
{
    if (O2P_LIKELY(o2p_utf8_valid_prefix(bytes, size) == size)) {
        o2p_append_json_string(out, bytes, size);
        return;
    }
    o2p_buffer repaired;
    o2p_buffer_init(&repaired, out->memory);
    o2p_utf8_repair(&repaired, bytes, size);
    o2p_append_json_string(out, repaired.data, repaired.size);
    o2p_buffer_free(&repaired);
    walk->store->pool.repaired++;
}

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static bool is_finite(uint64_t bits)
{
    return (bits >> 52 & 0x7FF) != 0x7FF;
}

static bool is_integer_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == '.' || text[i] == 'e')
            return false;
    return true;
}

/* `fraction`: a number without `.` or `e` gets ".0". */
static void append_json_double(o2p_buffer *out, uint64_t bits, bool fraction)
{
    char text[O2P_DOUBLE_TEXT_MAX];
    size_t size = o2p_format_double(text, double_of(bits));
    const char *quote = is_finite(bits) ? "" : "\"";
    o2p_buffer_text(out, quote);
    o2p_buffer_append(out, text, size);
    if (fraction && is_finite(bits) && is_integer_text(text, size))
        o2p_buffer_text(out, ".0");
    o2p_buffer_text(out, quote);
}

static void append_i64(o2p_buffer *out, uint64_t value)
{
    char text[O2P_INT64_TEXT_MAX];
    o2p_buffer_append(out, text, o2p_format_i64(text, (int64_t)value));
}

static void append_bool(o2p_buffer *out, uint64_t value)
{
    o2p_buffer_text(out, value != 0 ? "true" : "false");
}

static void append_quoted_base64(o2p_buffer *out, const o2p_wire_field *member)
{
    o2p_buffer_byte(out, '"');
    o2p_append_base64(out, member->bytes, (size_t)member->value);
    o2p_buffer_byte(out, '"');
}

/* Writes one element of an array or kvlist, `depth` below the request. */
typedef bool element_writer(o2p_walk *walk, o2p_span element, unsigned depth, o2p_buffer *out);

/* Writes the elements of an ArrayValue or KeyValueList, whose only field is the repeated 1. */
static bool append_elements(o2p_walk *walk, const o2p_wire_field *list, const o2p_message *message,
                            unsigned depth, element_writer *append, o2p_buffer *out)
{
    if (depth > walk->limits.max_depth)
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, list->start);
    o2p_wire wire = o2p_wire_over(list->bytes, (size_t)list->value);
    o2p_wire_field field;
    bool first = true;
    while (o2p_wire_next(&wire, &field)) {
        if (field.key != O2P_KEY(ArrayValue_values, O2P_WIRE_LEN)) {
            if (!o2p_walk_other(walk, message, &field))
                return false;
            continue;
        }
        if (!first)
            o2p_buffer_byte(out, ',');
        first = false;
        if (!append(walk, o2p_span_of(&field), depth + 1, out))
            return false;
    }
    return o2p_walk_end(walk, &wire);
}

static bool append_plain_json(o2p_walk *walk, o2p_span any, unsigned depth, o2p_buffer *out);

/* "key":value */
static bool append_plain_entry(o2p_walk *walk, o2p_span entry, unsigned depth, o2p_buffer *out)
{
    o2p_span key, value;
    if (depth > walk->limits.max_depth)
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, entry.bytes);
    if (!o2p_key_value_of(walk, entry.bytes, entry.size, &key, &value))
        return false;
    o2p_json_text(walk, key.bytes, key.size, out);
    o2p_buffer_byte(out, ':');
    return append_plain_json(walk, value, depth + 1, out);
}

static bool append_plain_list(o2p_walk *walk, const o2p_wire_field *member, unsigned depth,
                              o2p_buffer *out)
{
    bool array = member->key == O2P_KEY(AnyValue_array_value, O2P_WIRE_LEN);
    o2p_buffer_byte(out, array ? '[' : '{');
    bool ok = array ? append_elements(walk, member, O2P_MESSAGE(ArrayValue), depth + 1,
                                      append_plain_json, out)
                    : append_elements(walk, member, O2P_MESSAGE(KeyValueList), depth + 1,
                                      append_plain_entry, out);
    o2p_buffer_byte(out, array ? ']' : '}');
    return ok;
}

/* A value inside an array or kvlist. */
static bool append_plain_json(o2p_walk *walk, o2p_span any, unsigned depth, o2p_buffer *out)
{
    o2p_wire_field member;
    if (!read_member(walk, any, depth, &member))
        return false;
    switch (member.key >> 3) {
    case otlp_AnyValue_string_value_tag:
        o2p_json_text(walk, member.bytes, (size_t)member.value, out);
        return true;
    case otlp_AnyValue_bool_value_tag:
        append_bool(out, member.value);
        return true;
    case otlp_AnyValue_int_value_tag:
        append_i64(out, member.value);
        return true;
    case otlp_AnyValue_double_value_tag:
        append_json_double(out, member.value, true);
        return true;
    case otlp_AnyValue_bytes_value_tag:
        append_quoted_base64(out, &member);
        return true;
    case otlp_AnyValue_array_value_tag:
    case otlp_AnyValue_kvlist_value_tag:
        return append_plain_list(walk, &member, depth, out);
    default:
        o2p_buffer_text(out, "null");
        return true;
    }
}

/* {"key":"...","value":{...}} */
static bool append_otlp_entry(o2p_walk *walk, o2p_span entry, unsigned depth, o2p_buffer *out)
{
    o2p_span key, value;
    if (depth > walk->limits.max_depth)
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, entry.bytes);
    if (!o2p_key_value_of(walk, entry.bytes, entry.size, &key, &value))
        return false;
    o2p_buffer_text(out, "{\"key\":");
    o2p_json_text(walk, key.bytes, key.size, out);
    o2p_buffer_text(out, ",\"value\":");
    bool ok = o2p_any_json(walk, value, depth + 1, out);
    o2p_buffer_byte(out, '}');
    return ok;
}

bool o2p_any_json(o2p_walk *walk, o2p_span any, unsigned depth, o2p_buffer *out)
{
    o2p_wire_field member;
    bool ok = true;
    if (!read_member(walk, any, depth, &member))
        return false;
    switch (member.key >> 3) {
    case otlp_AnyValue_string_value_tag:
        o2p_buffer_text(out, "{\"stringValue\":");
        o2p_json_text(walk, member.bytes, (size_t)member.value, out);
        break;
    case otlp_AnyValue_bool_value_tag:
        o2p_buffer_text(out, "{\"boolValue\":");
        append_bool(out, member.value);
        break;
    case otlp_AnyValue_int_value_tag:
        o2p_buffer_text(out, "{\"intValue\":\"");
        append_i64(out, member.value);
        o2p_buffer_byte(out, '"');
        break;
    case otlp_AnyValue_double_value_tag:
        o2p_buffer_text(out, "{\"doubleValue\":");
        append_json_double(out, member.value, false);
        break;
    case otlp_AnyValue_bytes_value_tag:
        o2p_buffer_text(out, "{\"bytesValue\":");
        append_quoted_base64(out, &member);
        break;
    case otlp_AnyValue_array_value_tag:
        o2p_buffer_text(out, "{\"arrayValue\":{\"values\":[");
        ok = append_elements(walk, &member, O2P_MESSAGE(ArrayValue), depth + 1, o2p_any_json, out);
        o2p_buffer_text(out, "]}");
        break;
    case otlp_AnyValue_kvlist_value_tag:
        o2p_buffer_text(out, "{\"kvlistValue\":{\"values\":[");
        ok = append_elements(walk, &member, O2P_MESSAGE(KeyValueList), depth + 1, append_otlp_entry,
                             out);
        o2p_buffer_text(out, "]}");
        break;
    default:
        o2p_buffer_byte(out, '{');
        break;
    }
    o2p_buffer_byte(out, '}');
    return ok;
}

/* ---- text ---- */

bool o2p_any_text_of(o2p_walk *walk, o2p_span any, unsigned depth, o2p_any_text *text)
{
    o2p_wire_field member;
    o2p_buffer *out = &walk->text;
    bool ok = true;
    bool allowed = any.bytes != NULL && depth <= walk->limits.max_depth;
    if (allowed && o2p_any_is_plain(any)) {
        *text = (o2p_any_text){any.bytes + 2, any.size - 2, true, O2P_LETTER_STRING};
        return true;
    }
    if (!(allowed && split_number(any, &member)) && !read_member(walk, any, depth, &member))
        return false;
    out->size = 0;
    switch (member.key >> 3) {
    case otlp_AnyValue_string_value_tag:
        *text = (o2p_any_text){member.bytes, (size_t)member.value, true, O2P_LETTER_STRING};
        return true;
    case otlp_AnyValue_bool_value_tag:
        append_bool(out, member.value);
        text->letter = O2P_LETTER_BOOL;
        break;
    case otlp_AnyValue_int_value_tag:
        append_i64(out, member.value);
        text->letter = O2P_LETTER_INT;
        break;
    case otlp_AnyValue_double_value_tag: {
        char digits[O2P_DOUBLE_TEXT_MAX];
        o2p_buffer_append(out, digits, o2p_format_double(digits, double_of(member.value)));
        text->letter = O2P_LETTER_DOUBLE;
        break;
    }
    case otlp_AnyValue_bytes_value_tag:
        o2p_append_base64(out, member.bytes, (size_t)member.value);
        text->letter = O2P_LETTER_BYTES;
        break;
    case otlp_AnyValue_array_value_tag:
        ok = append_plain_list(walk, &member, depth, out);
        text->letter = O2P_LETTER_ARRAY;
        break;
    case otlp_AnyValue_kvlist_value_tag:
        ok = append_plain_list(walk, &member, depth, out);
        text->letter = O2P_LETTER_KVLIST;
        break;
    default:
        text->letter = O2P_LETTER_EMPTY;
        break;
    }
    text->bytes = out->data;
    text->size = out->size;
    text->input = false;
    return ok;
}
