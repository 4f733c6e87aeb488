/* json_scalar.h - numbers, enums, bools and bytes in JSON, as protobuf's wire has them. What each
 * type may look like is in json.h.
 */
#ifndef O2P_OTLP_JSON_SCALAR_H
#define O2P_OTLP_JSON_SCALAR_H

#include "../base/text_parse.h"
#include "descriptor.h"
#include "json_scan.h"

/* A scalar but null. */
typedef struct o2p_json_scalar {
    enum {
        O2P_JSON_STRING,
        O2P_JSON_NUMBER,
        O2P_JSON_TRUE,
        O2P_JSON_FALSE,
    } kind;
    const uint8_t *bytes; /* of a string, without quotes and escapes; of a number */
    size_t size;          /* 0 for a bool */
    o2p_number number;    /* of a NUMBER */
} o2p_json_scalar;

/* Reads the scalar at `at` and returns where it ends. A string with escapes is kept in `scratch`.
 * NULL, and *error set, when there is none: an object or array gives WIRE_TYPE. */
const uint8_t *o2p_json_read_scalar(const uint8_t *at, const uint8_t *end, o2p_buffer *scratch,
                                    o2p_json_scalar *scalar, o2p_json_error *error);

/* The value on the wire of a number, enum or bool: of a varint, fixed64 or fixed32. Returns NULL,
 * or as static text why the scalar cannot be one of `field`. */
const char *o2p_json_encode(const o2p_proto_field *field, o2p_json_scalar *scalar, uint64_t *bits);

/* Decodes the string of a BYTES field to `to`, which has room for o2p_base64_room(scalar->size)
 * bytes. Returns NULL or a reason, likewise. */
const char *o2p_json_decode(const o2p_proto_field *field, const o2p_json_scalar *scalar,
                            uint8_t *to, size_t *written);

/* The value on the wire of an integer; false if it is out of its type's range. */
static inline bool o2p_json_encode_integer(unsigned type, uint64_t magnitude, bool negative,
                                           uint64_t *bits)
{
    uint64_t value = negative ? 0 - magnitude : magnitude;
    uint64_t most = INT64_MAX;
    *bits = value;
    switch (type) {
    case O2P_PROTO_UINT64:
    case O2P_PROTO_FIXED64:
        return !negative || magnitude == 0;
    case O2P_PROTO_UINT32:
    case O2P_PROTO_FIXED32:
        return magnitude <= (negative ? 0 : UINT32_MAX);
    case O2P_PROTO_SINT32: /* zigzag; there is no -0 */
        *bits = (uint32_t)(value << 1) ^ (negative && magnitude != 0 ? UINT32_MAX : 0);
        most = INT32_MAX;
        break;
    case O2P_PROTO_UENUM: /* an int32, which protobuf writes as an int64 */
        most = INT32_MAX;
        break;
    default:
        break;
    }
    return magnitude <= most + negative;
}

/* A double that is an integer of so many digits is exact. */
enum { O2P_JSON_DOUBLE_DIGITS = 15 };

/* Reads an integer of few digits, in quotes or not, perhaps with ".0" behind it, as the value on
 * the wire of any type but bool, and returns where it ends; NULL for anything else, which need not
 * be wrong. */
static inline const uint8_t *o2p_json_plain_integer(const uint8_t *at, const uint8_t *end,
                                                    unsigned type, uint64_t *bits)
{
    uint64_t magnitude;
    bool quoted = o2p_json_peek(at, end) == '"';
    at += quoted;
    bool negative = o2p_json_peek(at, end) == '-';
    at += negative;
    const uint8_t *after = o2p_scan_digits(at, end, &magnitude);
    ptrdiff_t digits = after - at;
    uint8_t next = o2p_json_peek(after, end);
    if (next == '.' && end - after > 2 && after[1] == '0' && (uint8_t)(after[2] - '0') > 9) {
        after += 2; /* as many write doubles */
        next = *after;
    }
    if (digits == 0 || digits > O2P_WORD_DIGITS || (*at == '0' && digits > 1))
        return NULL;
    if (quoted ? next != '"' : next == '.' || (next | 0x20) == 'e')
        return NULL;
    if (type == O2P_PROTO_DOUBLE) {
        if (digits > O2P_JSON_DOUBLE_DIGITS)
            return NULL;
        double value = negative ? -(double)(int64_t)magnitude : (double)(int64_t)magnitude;
        memcpy(bits, &value, sizeof(value));
        return after + quoted;
    }
    return o2p_json_encode_integer(type, magnitude, negative, bits) ? after + quoted : NULL;
}

#endif
