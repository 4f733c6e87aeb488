/* test_attribute_json.c - tests of lib/batch/attribute_json.c: each type as the JSON it is to be,
 * and memory refused at any point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "attribute_builder.h"
#include "counting_allocator.h"
#include "../../lib/batch/attribute_json.h"
#include <cmocka.h>

static void check(const attribute_builder *b, const char *expected)
{
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    o2p_append_attribute_json(&b->list, &out);
    o2p_buffer_byte(&out, 0);
    assert_string_equal((const char *)out.data, expected);
    o2p_buffer_free(&out);
}

static void no_attributes(void **state)
{
    (void)state;
    static const o2p_attribute_list none;
    attribute_builder b;
    attributes_begin(&b);
    check(&b, "{}");
    b.list = none;
    check(&b, "{}");
    attributes_free(&b);
}

static void every_type(void **state)
{
    (void)state;
    attribute_builder b;
    attributes_begin(&b);
    attributes_add(&b, "s", 's', "5");
    attributes_add(&b, "i", 'i', "-9223372036854775808");
    attributes_add(&b, "d", 'd', "2.5");
    attributes_add(&b, "t", 'b', "true");
    attributes_add(&b, "y", 'y', "AP+/");
    attributes_add(&b, "a", 'a', "[1,1.0,\"x\"]");
    attributes_add(&b, "k", 'k', "{\"x\":1,\"x\":2}");
    attributes_add(&b, "e", 'e', "");
    check(&b, "{\"s\":\"5\",\"i\":-9223372036854775808,\"d\":2.5,\"t\":true,\"y\":\"AP+/\","
              "\"a\":[1,1.0,\"x\"],\"k\":{\"x\":1,\"x\":2},\"e\":null}");
    attributes_free(&b);
}

static void doubles_are_no_integers(void **state)
{
    (void)state;
    attribute_builder b;
    attributes_begin(&b);
    attributes_add(&b, "one", 'd', "1");
    attributes_add(&b, "zero", 'd', "-0");
    attributes_add(&b, "large", 'd', "1e+21");
    attributes_add(&b, "nan", 'd', "NaN");
    attributes_add(&b, "most", 'd', "Infinity");
    attributes_add(&b, "least", 'd', "-Infinity");
    check(&b, "{\"one\":1.0,\"zero\":-0.0,\"large\":1e+21,\"nan\":\"NaN\",\"most\":\"Infinity\","
              "\"least\":\"-Infinity\"}");
    attributes_free(&b);
}

static void keys_and_strings_are_escaped(void **state)
{
    (void)state;
    attribute_builder b;
    attributes_begin(&b);
    attributes_add(&b, "a\"b", 's', "\\ \n\xC3\xA9");
    attributes_add(&b, "", 's', "");
    attributes_add_sized(&b, "\0", 1, 's', "\0\x1F", 2);
    check(&b, "{\"a\\\"b\":\"\\\\ \\n\xC3\xA9\",\"\":\"\",\"\\u0000\":\"\\u0000\\u001f\"}");
    attributes_free(&b);
}

static void the_order_stays(void **state)
{
    (void)state;
    attribute_builder b;
    attributes_begin(&b);
    attributes_add(&b, "b", 's', "1");
    attributes_add(&b, "a", 's', "2");
    attributes_add(&b, "c", 's', "3");
    check(&b, "{\"b\":\"1\",\"a\":\"2\",\"c\":\"3\"}");
    attributes_free(&b);
}

static void refused_memory_is_remembered(void **state)
{
    (void)state;
    attribute_builder b;
    char text[3000];
    memset(text, 'x', sizeof(text));
    attributes_begin(&b);
    attributes_add_sized(&b, "a", 1, 's', text, sizeof(text));
    attributes_add(&b, "b", 'd', "1");
    attributes_add_sized(&b, "c", 1, 'y', text, sizeof(text));
    for (size_t at = 1;; at++) {
        counting_allocator counting = {.refuse_at = at};
        o2p_allocator allocator = counting_allocator_functions(&counting);
        o2p_memory memory;
        o2p_buffer out;
        o2p_memory_init(&memory, &allocator, 0);
        o2p_buffer_init(&out, &memory);
        o2p_append_attribute_json(&b.list, &out);
        o2p_buffer_free(&out);
        assert_int_equal(counting.blocks, 0);
        assert_int_equal(memory.failed, counting.refused > 0);
        if (counting.refused == 0) {
            assert_true(at > 2);
            break;
        }
    }
    attributes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_attributes),           cmocka_unit_test(every_type),
        cmocka_unit_test(doubles_are_no_integers), cmocka_unit_test(keys_and_strings_are_escaped),
        cmocka_unit_test(the_order_stays),         cmocka_unit_test(refused_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
