/* protobuf_builder.c - see protobuf_builder.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "protobuf_builder.h"
#include "../../lib/base/buffer.h"
#include <cmocka.h>

void pb_free(protobuf *p)
{
    free(p->data);
    memset(p, 0, sizeof(*p));
}

void pb_raw(protobuf *p, const void *bytes, size_t size)
{
    if (p->capacity - p->size < size) {
        p->capacity = 2 * (p->size + size) + 64;
        p->data = (uint8_t *)realloc(p->data, p->capacity);
        assert_non_null(p->data);
    }
    if (size > 0)
        memcpy(p->data + p->size, bytes, size);
    p->size += size;
}

void pb_byte(protobuf *p, unsigned byte)
{
    uint8_t b = (uint8_t)byte;
    pb_raw(p, &b, 1);
}

void pb_number(protobuf *p, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        pb_byte(p, (unsigned)(value & 0x7F) | 0x80);
    pb_byte(p, (unsigned)value);
}

void pb_key(protobuf *p, uint32_t field, unsigned wire_type)
{
    pb_number(p, (uint64_t)field << 3 | wire_type);
}

void pb_varint(protobuf *p, uint32_t field, uint64_t value)
{
    pb_key(p, field, 0);
    pb_number(p, value);
}

void pb_fixed64(protobuf *p, uint32_t field, uint64_t value)
{
    uint8_t bytes[8];
    o2p_store_le64(bytes, value);
    pb_key(p, field, 1);
    pb_raw(p, bytes, sizeof(bytes));
}

void pb_double(protobuf *p, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    pb_fixed64(p, field, bits);
}

void pb_fixed32(protobuf *p, uint32_t field, uint32_t value)
{
    uint8_t bytes[4];
    o2p_store_le32(bytes, value);
    pb_key(p, field, 5);
    pb_raw(p, bytes, sizeof(bytes));
}

void pb_bytes(protobuf *p, uint32_t field, const void *bytes, size_t size)
{
    pb_key(p, field, 2);
    pb_number(p, size);
    pb_raw(p, bytes, size);
}

void pb_text(protobuf *p, uint32_t field, const char *text)
{
    pb_bytes(p, field, text, strlen(text));
}

void pb_open(protobuf *p, uint32_t field)
{
    pb_key(p, field, 2);
    assert_true(p->depth < sizeof(p->open) / sizeof(p->open[0]));
    p->open[p->depth++] = p->size;
}

void pb_close(protobuf *p)
{
    assert_true(p->depth > 0);
    size_t start = p->open[--p->depth], size = p->size - start;
    pb_number(p, size); /* behind the contents, then moved before them */
    size_t length_size = p->size - start - size;
    uint8_t length[10];
    memcpy(length, p->data + start + size, length_size);
    memmove(p->data + start + length_size, p->data + start, size);
    memcpy(p->data + start, length, length_size);
}

void pb_attribute(protobuf *p, uint32_t field, const char *key, const char *value)
{
    pb_open(p, field);
    pb_text(p, 1, key);
    pb_open(p, 2);
    pb_text(p, 1, value);
    pb_close(p);
    pb_close(p);
}

void pb_int_attribute(protobuf *p, uint32_t field, const char *key, int64_t value)
{
    pb_open(p, field);
    pb_text(p, 1, key);
    pb_open(p, 2);
    pb_varint(p, 3, (uint64_t)value);
    pb_close(p);
    pb_close(p);
}
