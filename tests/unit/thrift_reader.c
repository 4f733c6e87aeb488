/* thrift_reader.c - see thrift_reader.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "thrift_reader.h"
#include <cmocka.h>

enum {
    TRUE_ = 1,
    FALSE_ = 2,
    I8 = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    DOUBLE = 7,
    BINARY = 8,
    LIST = 9,
    STRUCT = 12
};

/* A bool in a list: one byte, not a header. A number of its own tells it from field types. */
enum { ELEMENT_BOOL = 100 };

uint64_t thrift_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        assert_true(*at < end && shift < 64);
        byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static int64_t zigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

thrift_value thrift_struct_at(const void *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    return (thrift_value){STRUCT, at, at + size};
}

/* Reads a field header; false at the end of the struct. */
static bool next_field(const uint8_t **at, const uint8_t *end, int *id, int *type)
{
    assert_true(*at < end);
    uint8_t byte = *(*at)++;
    if (byte == 0)
        return false;
    *type = byte & 0x0F;
    *id = byte >> 4 != 0 ? *id + (byte >> 4) : (int)zigzag(thrift_varint(at, end));
    return true;
}

static size_t list_header(thrift_value list, const uint8_t **at, int *type)
{
    *at = list.at;
    assert_int_equal(list.type, LIST);
    assert_true(*at < list.end);
    uint8_t byte = *(*at)++;
    *type = byte & 0x0F;
    if (*type == TRUE_ || *type == FALSE_)
        *type = ELEMENT_BOOL;
    return byte >> 4 != 15 ? (size_t)(byte >> 4) : (size_t)thrift_varint(at, list.end);
}

static const uint8_t *end_of_list(thrift_value list)
{
    const uint8_t *at;
    int type;
    for (size_t count = list_header(list, &at, &type); count > 0; count--)
        at = thrift_end_of((thrift_value){type, at, list.end});
    return at;
}

static const uint8_t *end_of_struct(thrift_value of)
{
    const uint8_t *at = of.at;
    int id = 0, type = 0;
    while (next_field(&at, of.end, &id, &type))
        at = thrift_end_of((thrift_value){type, at, of.end});
    return at;
}

const uint8_t *thrift_end_of(thrift_value value)
{
    const uint8_t *at = value.at;
    size_t size;
    switch (value.type) {
    case TRUE_:
    case FALSE_:
        return at;
    case I8:
    case ELEMENT_BOOL:
        size = 1;
        break;
    case I16:
    case I32:
    case I64:
        thrift_varint(&at, value.end);
        return at;
    case DOUBLE:
        size = 8;
        break;
    case BINARY:
        size = (size_t)thrift_varint(&at, value.end);
        break;
    case LIST:
        return end_of_list(value);
    default:
        assert_int_equal(value.type, STRUCT);
        return end_of_struct(value);
    }
    assert_true((size_t)(value.end - at) >= size);
    return at + size;
}

static thrift_value find(thrift_value of, int wanted)
{
    const uint8_t *at = of.at;
    int id = 0, type = 0;
    assert_int_equal(of.type, STRUCT);
    while (next_field(&at, of.end, &id, &type)) {
        thrift_value value = {type, at, of.end};
        if (id == wanted)
            return value;
        at = thrift_end_of(value);
    }
    return (thrift_value){0, NULL, NULL};
}

bool thrift_has(thrift_value of, int id)
{
    return find(of, id).type != 0;
}

thrift_value thrift_field(thrift_value of, int id)
{
    thrift_value value = find(of, id);
    if (value.type == 0)
        fail_msg("field %d is absent", id);
    return value;
}

size_t thrift_count(thrift_value list)
{
    const uint8_t *at;
    int type;
    return list_header(list, &at, &type);
}

thrift_value thrift_element(thrift_value list, size_t i)
{
    const uint8_t *at;
    int type;
    assert_true(i < list_header(list, &at, &type));
    for (; i > 0; i--)
        at = thrift_end_of((thrift_value){type, at, list.end});
    return (thrift_value){type, at, list.end};
}

int64_t thrift_int(thrift_value value)
{
    if (value.type == I8 && value.at < value.end)
        return (int8_t)*value.at;
    assert_true(value.type == I16 || value.type == I32 || value.type == I64);
    return zigzag(thrift_varint(&value.at, value.end));
}

bool thrift_truth(thrift_value value)
{
    assert_true(value.type == TRUE_ || value.type == FALSE_ || value.type == ELEMENT_BOOL);
    if (value.type != ELEMENT_BOOL)
        return value.type == TRUE_;
    assert_true(*value.at == TRUE_ || *value.at == FALSE_);
    return *value.at == TRUE_;
}

size_t thrift_bytes(thrift_value value, const uint8_t **bytes)
{
    assert_int_equal(value.type, BINARY);
    size_t size = (size_t)thrift_varint(&value.at, value.end);
    assert_true((size_t)(value.end - value.at) >= size);
    *bytes = value.at;
    return size;
}

bool thrift_is_text(thrift_value value, const char *text)
{
    const uint8_t *bytes;
    size_t size = thrift_bytes(value, &bytes);
    return size == strlen(text) && memcmp(bytes, text, size) == 0;
}

int64_t thrift_int_field(thrift_value of, int id)
{
    return thrift_int(thrift_field(of, id));
}
