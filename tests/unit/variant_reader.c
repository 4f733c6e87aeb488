/* variant_reader.c - see variant_reader.h. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <setjmp.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "variant_reader.h"
#include <cmocka.h>

typedef struct reader {
    const uint8_t *names; /* the bytes of all */
    const uint8_t *name_offsets;
    unsigned name_width;
    uint64_t name_count;
    FILE *out;
} reader;

/* A little-endian number, unsigned. */
static uint64_t number(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static unsigned fewest(uint64_t most)
{
    return most < 1u << 8 ? 1 : most < 1u << 16 ? 2 : most < 1u << 24 ? 3 : 4;
}

static const uint8_t *name_of(const reader *r, uint64_t id, size_t *size)
{
    assert_true(id < r->name_count);
    uint64_t begin = number(r->name_offsets + id * r->name_width, r->name_width);
    uint64_t end = number(r->name_offsets + (id + 1) * r->name_width, r->name_width);
    assert_true(begin <= end);
    *size = (size_t)(end - begin);
    return r->names + begin;
}

static bool in_order(const reader *r, uint64_t a, uint64_t b)
{
    size_t a_size, b_size;
    const uint8_t *x = name_of(r, a, &a_size), *y = name_of(r, b, &b_size);
    size_t common = a_size < b_size ? a_size : b_size;
    int order = common == 0 ? 0 : memcmp(x, y, common);
    return order < 0 || (order == 0 && a_size < b_size);
}

static void read_metadata(reader *r, const uint8_t *at, size_t size)
{
    assert_true(size >= 3);
    assert_int_equal(at[0] & 0x3F, 0x11); /* version 1, sorted */
    unsigned width = r->name_width = (at[0] >> 6) + 1u;
    r->name_count = number(at + 1, width);
    r->name_offsets = at + 1 + width;
    r->names = r->name_offsets + (r->name_count + 1) * width;
    uint64_t bytes = number(r->names - width, width);
    assert_true(at + size == r->names + bytes);
    assert_int_equal(number(r->name_offsets, width), 0);
    assert_int_equal(width, fewest(bytes > r->name_count ? bytes : r->name_count));
    for (uint64_t i = 1; i < r->name_count; i++)
        assert_true(in_order(r, i - 1, i));
}

static void put_string(const reader *r, const uint8_t *bytes, size_t size)
{
    fprintf(r->out, "\"%.*s\"", (int)size, (const char *)bytes);
}

static void put_int(const reader *r, const uint8_t *at, unsigned width)
{
    unsigned shift = 64 - 8 * width;
    int64_t value = (int64_t)(number(at, width) << shift) >> shift;
    fprintf(r->out, "%u:%" PRId64, 8 * width, value);
    if (width > 1) /* would half of it not do? */
        assert_true(value != (int64_t)((uint64_t)value << (64 - 4 * width)) >> (64 - 4 * width));
}

static size_t put_sized(const reader *r, const uint8_t *at, bool binary)
{
    size_t size = (size_t)number(at, 4);
    for (size_t i = 0; i < size && binary; i++)
        fprintf(r->out, "%s%02x", i == 0 ? "x" : "", at[4 + i]);
    if (binary)
        fputs(size == 0 ? "x" : "", r->out);
    else
        put_string(r, at + 4, size);
    assert_true(binary || size > 63);
    return 5 + size;
}

static size_t read_primitive(const reader *r, const uint8_t *at)
{
    double d;
    switch (*at >> 2) {
    case 0:
        fputs("null", r->out);
        return 1;
    case 1:
    case 2:
        fputs(*at >> 2 == 1 ? "true" : "false", r->out);
        return 1;
    case 3:
    case 4:
    case 5:
    case 6:
        put_int(r, at + 1, 1u << ((*at >> 2) - 3));
        return 1 + ((size_t)1 << ((*at >> 2) - 3));
    case 7:
        memcpy(&d, at + 1, 8);
        fprintf(r->out, "d%.17g", d);
        return 9;
    case 15:
    case 16:
        return put_sized(r, at + 1, *at >> 2 == 15);
    default:
        fail_msg("primitive type %u", *at >> 2);
        return 0;
    }
}

static size_t read_value(const reader *r, const uint8_t *at);

/* Values one after the other, with their names if `ids` is not NULL. Their order is told by their
 * offsets, which are those of one value behind the other. */
static void read_values(const reader *r, const uint8_t *ids, unsigned id_width,
                        const uint8_t *offsets, unsigned width, uint64_t count)
{
    const uint8_t *values = offsets + (count + 1) * width;
    uint64_t place = 0, end = number(offsets + count * width, width);
    assert_int_equal(width, fewest(end));
    for (uint64_t i = 1; i < count && ids != NULL; i++)
        assert_true(number(ids + (i - 1) * id_width, id_width) <
                    number(ids + i * id_width, id_width));
    for (uint64_t done = 0; done < count; done++) {
        uint64_t i = done;
        for (i = ids == NULL ? done : 0; i < count && number(offsets + i * width, width) != place;)
            i++;
        assert_true(i < count);
        fputs(done > 0 ? ", " : "", r->out);
        if (ids != NULL) {
            size_t size;
            const uint8_t *name = name_of(r, number(ids + i * id_width, id_width), &size);
            fprintf(r->out, "%.*s: ", (int)size, (const char *)name);
        }
        place += read_value(r, values + place);
    }
    assert_int_equal(place, end);
}

static size_t read_object(const reader *r, const uint8_t *at)
{
    unsigned width = (*at >> 2 & 3) + 1u, id_width = (*at >> 4 & 3) + 1u, large = *at >> 6 & 1;
    uint64_t count = number(at + 1, large ? 4 : 1);
    const uint8_t *ids = at + 1 + (large ? 4 : 1), *offsets = ids + count * id_width;
    assert_int_equal(large, count > 255);
    assert_int_equal(id_width, fewest(r->name_count > 0 ? r->name_count - 1 : 0));
    fputs("{", r->out);
    read_values(r, ids, id_width, offsets, width, count);
    fputs("}", r->out);
    return (size_t)(offsets - at) + (size_t)((count + 1) * width) +
           (size_t)number(offsets + count * width, width);
}

static size_t read_array(const reader *r, const uint8_t *at)
{
    unsigned width = (*at >> 2 & 3) + 1u, large = *at >> 4 & 1;
    uint64_t count = number(at + 1, large ? 4 : 1);
    const uint8_t *offsets = at + 1 + (large ? 4 : 1);
    assert_int_equal(large, count > 255);
    fputs("[", r->out);
    read_values(r, NULL, 0, offsets, width, count);
    fputs("]", r->out);
    return (size_t)(offsets - at) + (size_t)((count + 1) * width) +
           (size_t)number(offsets + count * width, width);
}

/* Returns the value's size. */
static size_t read_value(const reader *r, const uint8_t *at)
{
    switch (*at & 3) {
    case 0:
        return read_primitive(r, at);
    case 1:
        put_string(r, at + 1, *at >> 2);
        return 1 + (size_t)(*at >> 2);
    case 2:
        return read_object(r, at);
    default:
        return read_array(r, at);
    }
}

char *variant_text(const uint8_t *metadata, size_t metadata_size, const uint8_t *value,
                   size_t value_size)
{
    reader r = {.out = NULL};
    char *text = NULL;
    size_t size = 0;
    r.out = open_memstream(&text, &size);
    assert_non_null(r.out);
    read_metadata(&r, metadata, metadata_size);
    assert_int_equal(read_value(&r, value), value_size);
    fclose(r.out);
    assert_non_null(text);
    return text;
}
