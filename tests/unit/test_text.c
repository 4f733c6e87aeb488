/* test_text.c - tests of lib/base/text.c: integers against printf, base64 against RFC 4648 and
 * back, hex against printf, JSON strings against the rule applied byte by byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/text.h"

/* A second time, without vectors: hex must be the same. */
#ifdef O2P_BASE_VECTOR_H
#error "included before, with vectors: text.c would be compared with itself"
#endif
#define O2P_NO_VECTORS
#define o2p_format_i64 portable_format_i64
#define o2p_format_u64 portable_format_u64
#define o2p_append_base64 portable_append_base64
#define o2p_format_hex portable_format_hex
#define o2p_append_hex portable_append_hex
#define o2p_append_json_string portable_append_json_string
#include "../../lib/base/text.c"
#undef o2p_format_i64
#undef o2p_format_u64
#undef o2p_append_base64
#undef o2p_format_hex
#undef o2p_append_hex
#undef o2p_append_json_string

typedef void append_function(o2p_buffer *out, const uint8_t *bytes, size_t size);

/* ---- integers ------------------------------------------------------------------------------- */

static void check_u64(uint64_t value)
{
    char expected[32], text[O2P_INT64_TEXT_MAX + 1];
    int size = snprintf(expected, sizeof(expected), "%" PRIu64, value);
    memset(text, '#', sizeof(text));
    assert_int_equal(o2p_format_u64(text, value), size);
    assert_memory_equal(text, expected, (size_t)size);
    assert_int_equal(text[size], '#');
}

static void check_i64(int64_t value)
{
    char expected[32], text[O2P_INT64_TEXT_MAX + 1];
    int size = snprintf(expected, sizeof(expected), "%" PRId64, value);
    memset(text, '#', sizeof(text));
    assert_int_equal(o2p_format_i64(text, value), size);
    assert_memory_equal(text, expected, (size_t)size);
    assert_int_equal(text[size], '#');
}

static void integers_small(void **state)
{
    (void)state;
    for (int64_t value = -20000; value <= 20000; value++) {
        check_u64((uint64_t)(value + 20000));
        check_i64(value);
    }
}

/* Around each power of two and of ten, and multiples of it, where lengths and halves change. */
static void integers_at_borders(void **state)
{
    (void)state;
    for (uint64_t base = 2; base <= 10; base += 8)
        for (uint64_t power = 1;; power *= base) {
            for (uint64_t factor = 1; factor < 10; factor++)
                for (uint64_t step = 0; step < 5; step++) {
                    check_u64(power * factor + step - 2);
                    check_i64((int64_t)(power * factor + step - 2));
                }
            if (power > UINT64_MAX / base)
                break;
        }
    check_u64(UINT64_MAX);
    check_i64(INT64_MAX);
    check_i64(INT64_MIN);
}

static void integers_at_random(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        check_u64(random >> i % 64);
        check_i64((int64_t)random >> i % 64);
    }
}

/* ---- what appends --------------------------------------------------------------------------- */

static void check_append(append_function *append, const void *bytes, size_t size,
                         const char *expected)
{
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    o2p_buffer_text(&out, "before");
    append(&out, (const uint8_t *)bytes, size);
    assert_int_equal(out.size, 6 + strlen(expected));
    assert_memory_equal(out.data, "before", 6);
    assert_memory_equal(out.data + 6, expected, strlen(expected));
    assert_int_equal(o2p_memory_status(&memory), O2P_OK);
    o2p_buffer_free(&out);
}

/* A copy that ends where its allocation does, so that a sanitizer sees each byte read beyond. */
static uint8_t *exact_copy(const void *bytes, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void base64_of_the_rfc(void **state)
{
    (void)state;
    check_append(o2p_append_base64, NULL, 0, "");
    check_append(o2p_append_base64, "f", 1, "Zg==");
    check_append(o2p_append_base64, "fo", 2, "Zm8=");
    check_append(o2p_append_base64, "foo", 3, "Zm9v");
    check_append(o2p_append_base64, "foob", 4, "Zm9vYg==");
    check_append(o2p_append_base64, "fooba", 5, "Zm9vYmE=");
    check_append(o2p_append_base64, "foobar", 6, "Zm9vYmFy");
    check_append(o2p_append_base64, "\xFB\xFF\xBF", 3, "+/+/");
}

static unsigned base64_value(uint8_t digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(digits, digit);
    assert_true(digit != 0 && found != NULL);
    return (unsigned)(found - digits);
}

/* Decodes bit by bit; every digit that is not padding carries six bits. */
static void base64_decodes_to_the_bytes(void **state)
{
    (void)state;
    uint8_t bytes[100], decoded[100];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        o2p_memory memory;
        o2p_buffer out;
        uint8_t *copy = exact_copy(bytes, size);
        o2p_memory_init(&memory, NULL, 0);
        o2p_buffer_init(&out, &memory);
        o2p_append_base64(&out, copy, size);
        assert_int_equal(out.size, (size + 2) / 3 * 4);
        memset(decoded, 0, sizeof(decoded));
        size_t digits = (size * 8 + 5) / 6;
        for (size_t bit = 0; bit < 6 * digits; bit++) {
            unsigned set = base64_value(out.data[bit / 6]) >> (5 - bit % 6) & 1;
            if (bit < 8 * size)
                decoded[bit / 8] |= (uint8_t)(set << (7 - bit % 8));
            else
                assert_int_equal(set, 0);
        }
        for (size_t i = digits; i < out.size; i++)
            assert_int_equal(out.data[i], '=');
        assert_memory_equal(decoded, bytes, size);
        o2p_buffer_free(&out);
        free(copy);
    }
}

static void check_hex(append_function *append_hex)
{
    uint8_t bytes[256 + 40];
    char expected[2 * sizeof(bytes) + 1];
    check_append(append_hex, NULL, 0, "");
    check_append(append_hex, "\x00\x09\x0A\x9F\xA0\xFF\x5B", 7, "00090a9fa0ff5b");
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
        (void)snprintf(expected + 2 * i, 3, "%02x", bytes[i]);
    }
    check_append(append_hex, bytes, sizeof(bytes), expected);
    for (size_t size = 0; size < 40; size++) {
        uint8_t *copy = exact_copy(bytes + 100, size);
        char part[2 * 40 + 1];
        memcpy(part, expected + 200, 2 * size);
        part[2 * size] = 0;
        check_append(append_hex, copy, size, part);
        free(copy);
    }
}

static void hex_has_two_digits_a_byte(void **state)
{
    (void)state;
    check_hex(o2p_append_hex);
    check_hex(portable_append_hex);
}

/* ---- JSON strings --------------------------------------------------------------------------- */

static void json_reference(char *at, const uint8_t *bytes, size_t size)
{
    *at++ = '"';
    for (size_t i = 0; i < size; i++) {
        const char *plain = "\"\\\b\f\n\r\t", *letter = "\"\\bfnrt";
        const char *found = bytes[i] == 0 ? NULL : strchr(plain, bytes[i]);
        if (found != NULL)
            at += snprintf(at, 3, "\\%c", letter[found - plain]);
        else if (bytes[i] < 0x20)
            at += snprintf(at, 7, "\\u%04x", bytes[i]);
        else
            *at++ = (char)bytes[i];
    }
    *at++ = '"';
    *at = 0;
}

static void json_strings_as_written(void **state)
{
    (void)state;
    check_append(o2p_append_json_string, NULL, 0, "\"\"");
    check_append(o2p_append_json_string, "abc", 3, "\"abc\"");
    check_append(o2p_append_json_string, "\0\x1F\x7F/", 4, "\"\\u0000\\u001f\x7F/\"");
    check_append(o2p_append_json_string, "\b\f\n\r\t\"\\", 7, "\"\\b\\f\\n\\r\\t\\\"\\\\\"");
    check_append(o2p_append_json_string, "\xC3\xA9\xF0\x9F\x98\x80", 6,
                 "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

/* Each byte at each place of texts of each length, among plain bytes of several kinds. */
static void json_escapes_at_every_place(void **state)
{
    (void)state;
    static const uint8_t background[] = {'x', 0x20, 0x21, 0x7F, 0x80, 0xA2, 0xDC, 0xFF};
    for (size_t b = 0; b < sizeof(background); b++)
        for (size_t size = 1; size <= 20; size++)
            for (size_t place = 0; place < size; place++)
                for (unsigned value = 0; value < 256; value++) {
                    uint8_t text[20];
                    char expected[6 * 20 + 3];
                    memset(text, background[b], size);
                    text[place] = (uint8_t)value;
                    json_reference(expected, text, size);
                    check_append(o2p_append_json_string, text, size, expected);
                }
}

static void json_of_nothing_but_escapes(void **state)
{
    (void)state;
    uint8_t text[400];
    char expected[6 * sizeof(text) + 3];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i % 0x20);
    for (size_t size = 0; size <= sizeof(text); size += 7) {
        uint8_t *copy = exact_copy(text, size);
        json_reference(expected, copy, size);
        check_append(o2p_append_json_string, copy, size, expected);
        free(copy);
    }
}

static void refused_memory_is_remembered(void **state)
{
    (void)state;
    append_function *const all[] = {o2p_append_base64, o2p_append_hex, o2p_append_json_string};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        o2p_memory memory;
        o2p_buffer out;
        o2p_memory_init(&memory, NULL, 1);
        o2p_buffer_init(&out, &memory);
        all[i](&out, (const uint8_t *)"a\nb", 3);
        assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
        assert_int_equal(out.size, 0);
        o2p_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_small),
        cmocka_unit_test(integers_at_borders),
        cmocka_unit_test(integers_at_random),
        cmocka_unit_test(base64_of_the_rfc),
        cmocka_unit_test(base64_decodes_to_the_bytes),
        cmocka_unit_test(hex_has_two_digits_a_byte),
        cmocka_unit_test(json_strings_as_written),
        cmocka_unit_test(json_escapes_at_every_place),
        cmocka_unit_test(json_of_nothing_but_escapes),
        cmocka_unit_test(refused_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
