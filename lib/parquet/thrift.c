/* thrift.c - see thrift.h.
 *
 * Each call makes room for the most bytes it can need and then stores without further checks: a
 * footer is thousands of one- and two-byte fields.
 */
#include "thrift.h"

enum {
    VARINT_MAX = 10,    /* bytes of a 64-bit varint: ceil(64 / 7) */
    HEADER_MAX = 1 + 3, /* a type byte and a zigzag 16-bit id */
    SHORT_LIST = 15,    /* list sizes from here on do not fit in the header's 4 bits */
    BOOL_TRUE = 1,
    BOOL_FALSE = 2, /* bools as list elements */
    STOP = 0
};

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static uint8_t *store_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static void set_end(o2p_buffer *out, const uint8_t *end)
{
    out->size = (size_t)(end - out->data);
}

void o2p_put_varint(o2p_buffer *out, uint64_t value)
{
    if (o2p_buffer_reserve(out, VARINT_MAX))
        set_end(out, store_varint(out->data + out->size, value));
}

void o2p_put_zigzag(o2p_buffer *out, int64_t value)
{
    o2p_put_varint(out, zigzag(value));
}

void o2p_thrift_begin(o2p_thrift *thrift, o2p_buffer *out)
{
    thrift->out = out;
    thrift->depth = 0;
    thrift->previous[0] = 0;
}

void o2p_thrift_end(o2p_thrift *thrift)
{
    o2p_buffer_byte(thrift->out, STOP);
    if (thrift->depth > 0)
        thrift->depth--;
}

static void open_struct(o2p_thrift *thrift)
{
    O2P_ASSERT(thrift->depth + 1 < O2P_THRIFT_MAX_DEPTH);
    thrift->previous[++thrift->depth] = 0;
}

/* Stores a field header; the caller has made room for HEADER_MAX bytes. */
static uint8_t *store_header(o2p_thrift *thrift, int16_t id, o2p_thrift_type type)
{
    uint8_t *at = thrift->out->data + thrift->out->size;
    int difference = id - thrift->previous[thrift->depth];
    thrift->previous[thrift->depth] = id;
    if (difference >= 1 && difference <= 15) {
        *at++ = (uint8_t)((unsigned)difference << 4 | (unsigned)type);
        return at;
    }
    *at++ = (uint8_t)type;
    return store_varint(at, zigzag(id));
}

static void integer(o2p_thrift *thrift, int16_t id, o2p_thrift_type type, int64_t value)
{
    if (!o2p_buffer_reserve(thrift->out, HEADER_MAX + VARINT_MAX))
        return;
    uint8_t *at = store_header(thrift, id, type);
    set_end(thrift->out, store_varint(at, zigzag(value)));
}

void o2p_thrift_bool(o2p_thrift *thrift, int16_t id, bool value)
{
    if (o2p_buffer_reserve(thrift->out, HEADER_MAX))
        set_end(thrift->out, store_header(thrift, id, value ? O2P_THRIFT_TRUE : O2P_THRIFT_FALSE));
}

void o2p_thrift_i8(o2p_thrift *thrift, int16_t id, int8_t value)
{
    if (!o2p_buffer_reserve(thrift->out, HEADER_MAX + 1))
        return;
    uint8_t *at = store_header(thrift, id, O2P_THRIFT_BYTE);
    *at++ = (uint8_t)value;
    set_end(thrift->out, at);
}

void o2p_thrift_i16(o2p_thrift *thrift, int16_t id, int16_t value)
{
    integer(thrift, id, O2P_THRIFT_I16, value);
}

void o2p_thrift_i32(o2p_thrift *thrift, int16_t id, int32_t value)
{
    integer(thrift, id, O2P_THRIFT_I32, value);
}

void o2p_thrift_i64(o2p_thrift *thrift, int16_t id, int64_t value)
{
    integer(thrift, id, O2P_THRIFT_I64, value);
}

void o2p_thrift_binary(o2p_thrift *thrift, int16_t id, const void *bytes, size_t size)
{
    if (!o2p_buffer_reserve(thrift->out, HEADER_MAX))
        return;
    set_end(thrift->out, store_header(thrift, id, O2P_THRIFT_BINARY));
    o2p_thrift_element_binary(thrift, bytes, size);
}

void o2p_thrift_text(o2p_thrift *thrift, int16_t id, const char *text)
{
    o2p_thrift_binary(thrift, id, text, strlen(text));
}

void o2p_thrift_struct(o2p_thrift *thrift, int16_t id)
{
    if (o2p_buffer_reserve(thrift->out, HEADER_MAX))
        set_end(thrift->out, store_header(thrift, id, O2P_THRIFT_STRUCT));
    open_struct(thrift);
}

void o2p_thrift_list(o2p_thrift *thrift, int16_t id, o2p_thrift_type element, size_t count)
{
    if (!o2p_buffer_reserve(thrift->out, HEADER_MAX + 1 + VARINT_MAX))
        return;
    uint8_t *at = store_header(thrift, id, O2P_THRIFT_LIST);
    if (count < SHORT_LIST) {
        *at++ = (uint8_t)(count << 4 | (unsigned)element);
    } else {
        *at++ = (uint8_t)(0xF0 | (unsigned)element);
        at = store_varint(at, count);
    }
    set_end(thrift->out, at);
}

void o2p_thrift_element_bool(o2p_thrift *thrift, bool value)
{
    o2p_buffer_byte(thrift->out, value ? BOOL_TRUE : BOOL_FALSE);
}

void o2p_thrift_element_i32(o2p_thrift *thrift, int32_t value)
{
    o2p_put_zigzag(thrift->out, value);
}

void o2p_thrift_element_i64(o2p_thrift *thrift, int64_t value)
{
    o2p_put_zigzag(thrift->out, value);
}

void o2p_thrift_element_binary(o2p_thrift *thrift, const void *bytes, size_t size)
{
    o2p_put_varint(thrift->out, size);
    o2p_buffer_append(thrift->out, bytes, size);
}

void o2p_thrift_element_struct(o2p_thrift *thrift)
{
    open_struct(thrift);
}
