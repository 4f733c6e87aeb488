/* test_variant.c - tests of lib/batch/variant.c: bytes written out by hand from the specification,
 * and everything else by a reader of its own (variant_reader.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attribute_builder.h"
#include "counting_allocator.h"
#include "variant_reader.h"
#include "../../lib/batch/variant.h"
#include <cmocka.h>

static attribute_builder b;
static o2p_variant variant;
static o2p_memory memory;
static o2p_buffer metadata, value;

static int setup(void **state)
{
    (void)state;
    attributes_begin(&b);
    o2p_memory_init(&memory, NULL, 0);
    o2p_variant_init(&variant, &memory);
    o2p_buffer_init(&metadata, &memory);
    o2p_buffer_init(&value, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    attributes_free(&b);
    o2p_variant_free(&variant);
    o2p_buffer_free(&metadata);
    o2p_buffer_free(&value);
    return memory.held == 0 ? 0 : -1;
}

static void encode(void)
{
    metadata.size = value.size = 0;
    assert_true(o2p_variant_append(&variant, &b.list, &metadata, &value));
}

/* Encodes the list, compares it, and begins the next one. */
static void check(const char *expected)
{
    encode();
    char *text = variant_text(metadata.data, metadata.size, value.data, value.size);
    assert_string_equal(text, expected);
    free(text);
    attributes_free(&b);
    attributes_begin(&b);
}

#define check_bytes(buffer, ...)                                                                   \
    do {                                                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};                                           \
        assert_int_equal((buffer).size, sizeof(expected));                                         \
        assert_memory_equal((buffer).data, expected, sizeof(expected));                            \
    } while (0)

/* ---- bytes ---- */

static void nothing(void **state)
{
    (void)state;
    static const o2p_attribute_list none;
    encode();
    check_bytes(metadata, 0x11, 0, 0);
    check_bytes(value, 0x02, 0, 0);
    b.list = none;
    encode();
    check_bytes(metadata, 0x11, 0, 0);
    check_bytes(value, 0x02, 0, 0);
}

static void a_list_byte_by_byte(void **state)
{
    (void)state;
    attributes_add(&b, "b", 's', "hi");
    attributes_add(&b, "a", 'i', "-2");
    attributes_add(&b, "c", 'k', "{\"b\":[true,null]}");
    encode();
    check_bytes(metadata, 0x11, 3, 0, 1, 2, 3, 'a', 'b', 'c');
    /* Names a, b, c; values in the order b, a, c. */
    check_bytes(value, 0x02, 3, 0, 1, 2, 3, 0, 5, 17,                /* offsets: "hi" takes 3 */
                2 << 2 | 1, 'h', 'i', 3 << 2, 0xFE,                  /* -2 as int8 takes 2 */
                0x02, 1, 1, 0, 7, 0x03, 2, 0, 1, 2, 1 << 2, 0 << 2); /* {b: [true, null]} */
}

static void numbers_byte_by_byte(void **state)
{
    (void)state;
    attributes_add(&b, "", 'd', "1");
    encode();
    check_bytes(metadata, 0x11, 1, 0, 0);
    check_bytes(value, 0x02, 1, 0, 0, 9, 7 << 2, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F);
}

/* ---- values ---- */

static void ints_take_few_bytes(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"0", "8:0"},
        {"-128", "8:-128"},
        {"127", "8:127"},
        {"128", "16:128"},
        {"-129", "16:-129"},
        {"-32768", "16:-32768"},
        {"32767", "16:32767"},
        {"32768", "32:32768"},
        {"-32769", "32:-32769"},
        {"2147483647", "32:2147483647"},
        {"-2147483648", "32:-2147483648"},
        {"2147483648", "64:2147483648"},
        {"-2147483649", "64:-2147483649"},
        {"9223372036854775807", "64:9223372036854775807"},
        {"-9223372036854775808", "64:-9223372036854775808"},
    };
    char expected[64];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        attributes_add(&b, "n", 'i', texts[i][0]);
        snprintf(expected, sizeof(expected), "{n: %s}", texts[i][1]);
        check(expected);
    }
}

static void every_type(void **state)
{
    (void)state;
    attributes_add(&b, "s", 's', "5");
    attributes_add(&b, "d", 'd', "2.5");
    attributes_add(&b, "n", 'd', "NaN");
    attributes_add(&b, "m", 'd', "-Infinity");
    attributes_add(&b, "z", 'd', "-0");
    attributes_add(&b, "t", 'b', "true");
    attributes_add(&b, "f", 'b', "false");
    attributes_add(&b, "y", 'y', "AP+/");
    attributes_add(&b, "x", 'y', "");
    attributes_add(&b, "e", 'e', "");
    attributes_add(&b, "a", 'a', "[]");
    attributes_add(&b, "k", 'k', "{}");
    check("{s: \"5\", d: d2.5, n: dnan, m: d-inf, z: d-0, t: true, f: false, y: x00ffbf, x: x, "
          "e: null, a: [], k: {}}");
}

static void strings_of_any_size(void **state)
{
    (void)state;
    static char text[70000], expected[70020];
    for (size_t size = 0; size <= 66; size++) {
        memset(text, 'x', size);
        attributes_add_sized(&b, "k", 1, 's', text, size);
        snprintf(expected, sizeof(expected), "{k: \"%.*s\"}", (int)size, text);
        check(expected);
    }
    static const size_t sizes[] = {249, 250, 251, 255, 256, 65530, 65531, 65535, 65536};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(text, 'y', sizes[i]);
        attributes_add_sized(&b, "k", 1, 's', text, sizes[i]);
        snprintf(expected, sizeof(expected), "{k: \"%.*s\"}", (int)sizes[i], text);
        check(expected);
    }
}

static void nested_values_keep_their_types(void **state)
{
    (void)state;
    attributes_add(&b, "a", 'a',
                   "[null,true,false,1,-300,1.0,1e+21,\"x\",\"NaN\",\"AP+/\",[],{},[[1],[2.0]]]");
    check("{a: [null, true, false, 8:1, 16:-300, d1, d1e+21, \"x\", \"NaN\", \"AP+/\", [], {}, "
          "[[8:1], [d2]]]}");
}

static void escapes_are_undone(void **state)
{
    (void)state;
    attributes_add(&b, "k", 'k', "{\"a\\\"b\":\"\\\\\\t\\u0001\",\"\\n\":1,\"a\\u0002\":\"\\r\"}");
    check("{k: {a\"b: \"\\\t\x01\", \n: 8:1, a\x02: \"\r\"}}");
}

/* ---- names ---- */

static void the_first_of_equal_names_stays(void **state)
{
    (void)state;
    attributes_add(&b, "k", 'k',
                   "{\"b\":{\"b\":1,\"b\":{\"x\":[2]}},\"a\":3,\"b\":{\"y\":{\"y\":4}},\"a\":5,"
                   "\"c\":{\"y\":6}}");
    attributes_add(&b, "a", 'a', "[{\"k\":1},{\"k\":2,\"\\u006b\":3}]");
    check("{k: {b: {b: 8:1}, a: 8:3, c: {y: 8:6}}, a: [{k: 8:1}, {k: 8:2}]}");
}

static void names_sort_by_bytes(void **state)
{
    (void)state;
    attributes_add(&b, "b", 's', "1");
    attributes_add(&b, "\xC3\xA9", 's', "2");
    attributes_add(&b, "a", 's', "3");
    attributes_add(&b, "ab", 's', "4");
    attributes_add(&b, "", 's', "5");
    attributes_add(&b, "B", 's', "6");
    encode();
    const char *names = (const char *)metadata.data + metadata.size - 7;
    assert_memory_equal(names, "Baabb\xC3\xA9", 7);
    check("{b: \"1\", \xC3\xA9: \"2\", a: \"3\", ab: \"4\", : \"5\", B: \"6\"}");
}

/* One more than a byte counts, of each kind. */
static void many_of_everything(void **state)
{
    (void)state;
    static char text[40000], expected[40000];
    for (int count = 254; count <= 258; count++) {
        size_t t = 0, e = 0;
        for (int i = 0; i < count; i++) {
            char key[8];
            snprintf(key, sizeof(key), "k%03d", 999 - i);
            attributes_add(&b, key, 'b', "true");
            e += (size_t)snprintf(expected + e, 20, "%s%s: true", i > 0 ? ", " : "{", key);
        }
        e += (size_t)snprintf(expected + e, 20, ", z: [");
        for (int i = 0; i < count; i++) {
            t += (size_t)snprintf(text + t, 9, "%cnull", i > 0 ? ',' : '[');
            e += (size_t)snprintf(expected + e, 9, "%snull", i > 0 ? ", " : "");
        }
        snprintf(text + t, 9, "]");
        snprintf(expected + e, 9, "]}");
        attributes_add(&b, "z", 'a', text);
        check(expected);
    }
}

static void nest(char *text, size_t levels)
{
    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    text[2 * levels] = 0;
}

/* Deeper than any request nests, values are null. */
static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[2 * 300 + 1], expected[4 * 300];
    for (size_t levels = 1; levels < 300; levels += 7) {
        nest(text, levels);
        attributes_add(&b, "a", 'a', text);
        if (levels < 100) {
            snprintf(expected, sizeof(expected), "{a: %s}", text);
        } else {
            size_t kept = 99;
            nest(text, kept);
            snprintf(expected, sizeof(expected), "{a: %.*snull%s}", (int)kept, text, text + kept);
        }
        check(expected);
    }
}

/* Texts that no walker writes give some value or other. */
static void other_texts_do_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {"",     "[",      "{",     "]",           "}",     ",",
                                        "{1",   "{\"a\"", "{[1:2", "{\"a\":}",    "[1}",   "{]}",
                                        "[{[{", "\"",     "\"\\",  "{\"a\":1]]]", "{{{}}", "nul"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        attributes_add(&b, "a", 'a', texts[i]);
        attributes_add(&b, "b", 'k', texts[i]);
        attributes_add(&b, "c", 'i', texts[i]);
        attributes_add(&b, "d", 'd', texts[i]);
        attributes_add(&b, "e", 'b', texts[i]);
        attributes_add(&b, "f", 'y', texts[i]);
        encode();
        free(variant_text(metadata.data, metadata.size, value.data, value.size));
        attributes_free(&b);
        attributes_begin(&b);
    }
}

/* ---- several lists, refused memory ---- */

static void lists_follow_each_other(void **state)
{
    (void)state;
    attributes_add(&b, "k", 'k', "{\"\\t\":[1]}");
    encode();
    size_t first = metadata.size, first_value = value.size;
    assert_true(o2p_variant_append(&variant, &b.list, &metadata, &value));
    assert_int_equal(metadata.size, 2 * first);
    assert_memory_equal(metadata.data, metadata.data + first, first);
    assert_int_equal(value.size, 2 * first_value);
    assert_memory_equal(value.data, value.data + first_value, first_value);
}

static void refused_memory_is_remembered(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    attributes_add(&b, text, 's', text);
    attributes_add(&b, "k", 'k', "{\"\\t\":[1,2,\"\\n\"],\"a\":{\"b\":null}}");
    attributes_add(&b, "y", 'y', "AAAA");
    for (size_t at = 1;; at++) {
        counting_allocator counting = {.refuse_at = at};
        o2p_allocator allocator = counting_allocator_functions(&counting);
        o2p_memory limited;
        o2p_variant v;
        o2p_buffer m, o;
        o2p_memory_init(&limited, &allocator, 0);
        o2p_variant_init(&v, &limited);
        o2p_buffer_init(&m, &limited);
        o2p_buffer_init(&o, &limited);
        bool ok = o2p_variant_append(&v, &b.list, &m, &o);
        assert_int_equal(ok, counting.refused == 0);
        o2p_variant_free(&v);
        o2p_buffer_free(&m);
        o2p_buffer_free(&o);
        assert_int_equal(counting.blocks, 0);
        if (counting.refused == 0) {
            assert_true(at > 8);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_list_byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(ints_take_few_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(every_type, setup, teardown),
        cmocka_unit_test_setup_teardown(strings_of_any_size, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_values_keep_their_types, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_are_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_of_equal_names_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(names_sort_by_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(many_of_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(other_texts_do_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_follow_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_memory_is_remembered, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
