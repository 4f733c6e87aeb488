/* wire.h - a zero-copy cursor over protobuf's wire format
 * (protobuf.dev/programming-guides/encoding).
 *
 *   field    varint key = number << 3 | wire type, then by wire type
 *   0        varint: 7 bits a byte, least significant first, at most 10 bytes
 *   1, 5     8, 4 bytes, little-endian
 *   2        varint length, bytes
 *   3, 4     group start, group end: skipped whole, with everything in between
 *
 * Invariants: begin <= at <= end; o2p_wire_next leaves `at` behind the field it returns, or at the
 * offending byte with `status` set; nothing outside [at, end) is read.
 */
#ifndef O2P_OTLP_WIRE_H
#define O2P_OTLP_WIRE_H

#include "../base/buffer.h"
#include "../base/limits.h"

enum {
    O2P_WIRE_VARINT = 0,
    O2P_WIRE_FIXED64 = 1,
    O2P_WIRE_LEN = 2,
    O2P_WIRE_GROUP_START = 3,
    O2P_WIRE_GROUP_END = 4,
    O2P_WIRE_FIXED32 = 5
};

typedef struct o2p_wire {
    const uint8_t *at;
    const uint8_t *end;
    o2p_status status; /* OK, TRUNCATED, MALFORMED or DEPTH; then `at` is where */
} o2p_wire;

typedef struct o2p_wire_field {
    uint32_t key;         /* number << 3 | wire type */
    const uint8_t *start; /* of the key */
    uint64_t value;       /* of a varint or fixed; length of a LEN */
    const uint8_t *bytes; /* of a LEN */
} o2p_wire_field;

#define O2P_KEY(field, wire_type) ((uint32_t)(otlp_##field##_tag) << 3 | (wire_type))

static inline o2p_wire o2p_wire_over(const uint8_t *bytes, size_t size)
{
    return (o2p_wire){bytes, bytes + size, O2P_OK};
}

/* Fails with TRUNCATED: here, or, where nothing is left, at the byte before. That one is in the
 * same field, while the end of a message belongs to what follows it. */
bool o2p_wire_truncated(o2p_wire *wire);

/* A varint of two bytes or more, or one at the very end. */
bool o2p_wire_varint_slow(o2p_wire *wire, uint64_t *value);

/* Skips the group whose start key was just read; unknown groups count for depth. */
bool o2p_wire_skip_group(o2p_wire *wire, uint32_t number);

static inline bool o2p_wire_fail(o2p_wire *wire, const uint8_t *at, o2p_status status)
{
    wire->at = at;
    wire->status = status;
    return false;
}

static inline bool o2p_wire_varint(o2p_wire *wire, uint64_t *value)
{
    const uint8_t *at = wire->at;
    if (O2P_LIKELY(wire->end - at >= 2)) {
        if (at[0] < 0x80) {
            *value = at[0];
            wire->at = at + 1;
            return true;
        }
        if (at[1] < 0x80) {
            *value = (uint64_t)(at[0] & 0x7F) | (uint64_t)at[1] << 7;
            wire->at = at + 2;
            return true;
        }
    }
    return o2p_wire_varint_slow(wire, value);
}

/* Reads the value of field->key; a group is skipped. */
static inline bool o2p_wire_value(o2p_wire *wire, o2p_wire_field *field)
{
    switch (field->key & 7) {
    case O2P_WIRE_VARINT:
        return o2p_wire_varint(wire, &field->value);
    case O2P_WIRE_FIXED64:
        if (O2P_UNLIKELY(wire->end - wire->at < 8))
            return o2p_wire_truncated(wire);
        field->value = o2p_load_le64(wire->at);
        wire->at += 8;
        return true;
    case O2P_WIRE_LEN: {
        const uint8_t *at = wire->at;
        if (O2P_UNLIKELY(!o2p_wire_varint(wire, &field->value)))
            return false;
        if (O2P_UNLIKELY(field->value > (uint64_t)(wire->end - wire->at)))
            return o2p_wire_fail(wire, at, O2P_ERR_TRUNCATED);
        field->bytes = wire->at;
        wire->at += field->value;
        return true;
    }
    case O2P_WIRE_FIXED32:
        if (O2P_UNLIKELY(wire->end - wire->at < 4))
            return o2p_wire_truncated(wire);
        field->value = o2p_load_le32(wire->at);
        wire->at += 4;
        return true;
    case O2P_WIRE_GROUP_START:
        return o2p_wire_skip_group(wire, field->key >> 3);
    default:
        return o2p_wire_fail(wire, field->start, O2P_ERR_MALFORMED);
    }
}

/* Any field: what o2p_wire_next leaves over. */
bool o2p_wire_next_slow(o2p_wire *wire, o2p_wire_field *field);

/* Reads the next field. False at the end of the message, and on an error, which is then in
 * wire->status. Nearly all keys are one byte, and nearly all lengths one or two. */
static O2P_ALWAYS_INLINE bool o2p_wire_next(o2p_wire *wire, o2p_wire_field *field)
{
    const uint8_t *at = wire->at;
    size_t left = (size_t)(wire->end - at);
    if (left == 0)
        return false;
    if (O2P_LIKELY(left >= 10 && at[0] < 0x80 && at[0] >= 8)) {
        unsigned wire_type = at[0] & 7;
        field->key = at[0];
        field->start = at;
        if (wire_type == O2P_WIRE_LEN && (at[1] < 0x80 || at[2] < 0x80)) {
            size_t head = at[1] < 0x80 ? 2 : 3;
            size_t size = head == 2 ? at[1] : (size_t)(at[1] & 0x7F) | (size_t)at[2] << 7;
            if (O2P_LIKELY(size <= left - head)) {
                field->value = size;
                field->bytes = at + head;
                wire->at = at + head + size;
                return true;
            }
        }
        if (wire_type == O2P_WIRE_FIXED64) {
            field->value = o2p_load_le64(at + 1);
            wire->at = at + 9;
            return true;
        }
        if (wire_type == O2P_WIRE_VARINT && at[1] < 0x80) {
            field->value = at[1];
            wire->at = at + 2;
            return true;
        }
    }
    return o2p_wire_next_slow(wire, field);
}

#endif
