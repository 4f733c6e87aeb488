/* json_scalar.c - see json_scalar.h. */
#include "json_scalar.h"

#include "../base/decimal.h"

static const char wrong_type[] = "a value of the wrong type";
static const char out_of_range[] = "a number out of range";

/* ---- reading -------------------------------------------------------------------------------- */

/* Reads a string, `at` being behind its opening quote. */
static const uint8_t *read_string(const uint8_t *at, const uint8_t *end, o2p_buffer *scratch,
                                  o2p_json_scalar *scalar, o2p_json_error *error)
{
    const uint8_t *stop = o2p_json_plain_end(at, end), *lone;
    scalar->kind = O2P_JSON_STRING;
    scalar->bytes = at;
    scalar->size = (size_t)(stop - at);
    if (O2P_LIKELY(o2p_json_peek(stop, end) == '"'))
        return stop + 1;
    stop = o2p_json_skip_string(stop, end, error);
    if (stop == NULL)
        return NULL;
    scratch->size = 0;
    uint8_t *to = (uint8_t *)o2p_buffer_extend(scratch, (size_t)(stop - at) + 8);
    if (to == NULL) {
        *error = (o2p_json_error){o2p_memory_status(scratch->memory), at, "no memory for a string"};
        return NULL;
    }
    scalar->bytes = to;
    scalar->size = (size_t)(o2p_json_unescape(to, at, stop - 1, &lone) - to);
    return stop;
}

const uint8_t *o2p_json_read_scalar(const uint8_t *at, const uint8_t *end, o2p_buffer *scratch,
                                    o2p_json_scalar *scalar, o2p_json_error *error)
{
    uint8_t first = o2p_json_peek(at, end);
    scalar->bytes = at;
    scalar->size = 0;
    switch (first) {
    case '"':
        return read_string(at + 1, end, scratch, scalar, error);
    case '{':
    case '[':
        *error =
            (o2p_json_error){O2P_ERR_WIRE_TYPE, at, "an object or array in the place of a scalar"};
        return NULL;
    case 't':
        scalar->kind = O2P_JSON_TRUE;
        return o2p_json_literal(at, end, error);
    case 'f':
        scalar->kind = O2P_JSON_FALSE;
        return o2p_json_literal(at, end, error);
    default:
        if (first != '-' && (uint8_t)(first - '0') > 9)
            return o2p_json_fail(error, at, end, "a value is expected");
        scalar->kind = O2P_JSON_NUMBER;
        if (!o2p_scan_number(at, end, &scalar->number))
            return o2p_json_fail(error, scalar->number.end, end, "not a number");
        scalar->size = (size_t)(scalar->number.end - at);
        return scalar->number.end;
    }
}

/* ---- numbers, enums, bools ------------------------------------------------------------------ */

static bool is_text(const o2p_json_scalar *scalar, const char *text)
{
    return scalar->kind == O2P_JSON_STRING && scalar->size == strlen(text) &&
           memcmp(scalar->bytes, text, scalar->size) == 0;
}

/* Makes a number in quotes one without. */
static const char *unquote_number(o2p_json_scalar *scalar)
{
    if (scalar->kind == O2P_JSON_NUMBER)
        return NULL;
    if (scalar->kind != O2P_JSON_STRING)
        return wrong_type;
    const uint8_t *end = scalar->bytes + scalar->size;
    if (!o2p_scan_number(scalar->bytes, end, &scalar->number) || scalar->number.end != end)
        return "a string that is no number";
    scalar->kind = O2P_JSON_NUMBER;
    return NULL;
}

static const char *encode_integer(unsigned type, o2p_json_scalar *scalar, uint64_t *bits)
{
    uint64_t magnitude;
    const char *reason = unquote_number(scalar);
    if (reason != NULL)
        return reason;
    o2p_integrality what = o2p_integer_of(&scalar->number, &magnitude);
    if (what == O2P_INTEGER_FRACTION)
        return "not an integer";
    if (what == O2P_INTEGER_TOO_LARGE ||
        !o2p_json_encode_integer(type, magnitude, scalar->number.negative, bits))
        return out_of_range;
    return NULL;
}

static const char *encode_double(o2p_json_scalar *scalar, uint64_t *bits)
{
    static const uint64_t infinity = (uint64_t)0x7FF << 52, sign = (uint64_t)1 << 63;
    double value;
    *bits = is_text(scalar, "NaN")         ? infinity | (uint64_t)1 << 51
            : is_text(scalar, "Infinity")  ? infinity
            : is_text(scalar, "-Infinity") ? infinity | sign
                                           : 0;
    if (*bits != 0)
        return NULL;
    const char *reason = unquote_number(scalar);
    if (reason != NULL)
        return reason;
    if (!o2p_parse_double((const char *)scalar->bytes, scalar->size, &value))
        return wrong_type; /* never: what is a number in JSON is one there */
    memcpy(bits, &value, sizeof(value));
    return (*bits & ~sign) == infinity ? out_of_range : NULL;
}

static const char *encode_bool(const o2p_json_scalar *scalar, uint64_t *bits)
{
    *bits = scalar->kind == O2P_JSON_TRUE || is_text(scalar, "true");
    bool known = *bits == 1 || scalar->kind == O2P_JSON_FALSE || is_text(scalar, "false");
    return known ? NULL : wrong_type;
}

static const char *encode_enum(const o2p_enum *values, o2p_json_scalar *scalar, uint64_t *bits)
{
    bool name = scalar->kind == O2P_JSON_STRING && scalar->size > 0 && scalar->bytes[0] >= 'A';
    if (!name)
        return encode_integer(O2P_PROTO_UENUM, scalar, bits);
    for (size_t i = 0; i < values->value_count; i++)
        if (is_text(scalar, values->values[i].name)) {
            *bits = (uint64_t)values->values[i].number;
            return NULL;
        }
    return "an enum has no such name";
}

const char *o2p_json_encode(const o2p_proto_field *field, o2p_json_scalar *scalar, uint64_t *bits)
{
    switch (field->type) {
    case O2P_PROTO_BOOL:
        return encode_bool(scalar, bits);
    case O2P_PROTO_DOUBLE:
        return encode_double(scalar, bits);
    case O2P_PROTO_UENUM:
        return encode_enum(field->values, scalar, bits);
    default:
        return encode_integer(field->type, scalar, bits);
    }
}

/* ---- bytes ---------------------------------------------------------------------------------- */

const char *o2p_json_decode(const o2p_proto_field *field, const o2p_json_scalar *scalar,
                            uint8_t *to, size_t *written)
{
    const size_t span_id = 12, trace_id = 24; /* characters of their base64 */
    size_t size = scalar->size;
    if (scalar->kind != O2P_JSON_STRING)
        return wrong_type;
    /* Of the BYTES fields all are ids but AnyValue's, which is a member of a oneof. */
    if (field->label != O2P_PROTO_ONEOF &&
        !((size == span_id || size == trace_id) && scalar->bytes[size - 1] == '=')) {
        *written = size / 2;
        return o2p_parse_hex(to, scalar->bytes, size) ? NULL : "an id that is not hex";
    }
    return o2p_parse_base64(to, scalar->bytes, size, written) ? NULL : "not base64";
}
