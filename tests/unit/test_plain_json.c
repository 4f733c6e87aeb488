/* test_plain_json.c - tests of lib/batch/plain_json.c: the tokens of a text, one letter each, and
 * texts that are not JSON, which must end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/base/text.h"
#include "../../lib/batch/plain_json.h"
#include <cmocka.h>

/* The tokens of a text: letters of their kinds; strings and numbers with their text. The text ends
 * where its allocation does, so that a sanitizer sees each byte read beyond. */
static void check_sized(const char *text, size_t size, const char *expected)
{
    static const char letters[] = ".ntfid\"[{";
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    char found[4096];
    size_t used = 0;
    assert_non_null(copy);
    memcpy(copy + 1, text, size);
    o2p_plain_json json = {copy + 1, copy + 1 + size};
    while (json.at < json.end) {
        o2p_plain_token token = o2p_plain_next(&json);
        assert_true(used + token.size + 4 < sizeof(found));
        found[used++] = letters[token.kind];
        if (token.kind >= O2P_PLAIN_INT && token.kind <= O2P_PLAIN_STRING) {
            memcpy(found + used, token.bytes, token.size);
            used += token.size;
            found[used++] = token.escaped ? '\\' : ' ';
        }
    }
    assert_int_equal(o2p_plain_next(&json).kind, O2P_PLAIN_END);
    found[used] = 0;
    if (expected != NULL)
        assert_string_equal(found, expected);
    free(copy);
}

static void check(const char *text, const char *expected)
{
    check_sized(text, strlen(text), expected);
}

static void tokens(void **state)
{
    (void)state;
    check("[]", "[.");
    check("{}", "{.");
    check("[null,true,false,-12,0.5,1e+21,\"x\"]", "[ntfi-12 d0.5 d1e+21 \"x .");
    check("{\"a\":{\"b\":[]},\"c\":[{}]}", "{\"a {\"b [..\"c [{...");
    check("[\"\",\"a\\\"b\",\"\\\\\",\"[,:]\"]", "[\" \"a\\\"b\\\"\\\\\\\"[,:] .");
    check("17", "i17 ");
}

/* All prefixes of a text, and texts of all bytes. */
static void whatever_comes_ends(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\\\\":[1,2.5,{\"\":null}],\"\\u0001\":true}";
    for (size_t size = 0; size < sizeof(text); size++)
        check_sized(text, size, NULL);
    char two[2];
    for (unsigned i = 0; i < 65536; i++) {
        two[0] = (char)i;
        two[1] = (char)(i >> 8);
        check_sized(two, 2, NULL);
    }
}

static void skipping(void **state)
{
    (void)state;
    static const char text[] = "[1,[2,{\"a\":[3]}],4]";
    o2p_plain_json json = {(const uint8_t *)text, (const uint8_t *)text + sizeof(text) - 1};
    o2p_plain_next(&json);
    o2p_plain_token token = o2p_plain_next(&json);
    o2p_plain_skip(&json, &token); /* a number: nothing to skip */
    token = o2p_plain_next(&json);
    assert_int_equal(token.kind, O2P_PLAIN_ARRAY);
    o2p_plain_skip(&json, &token);
    token = o2p_plain_next(&json);
    assert_int_equal(token.kind, O2P_PLAIN_INT);
    assert_int_equal(*token.bytes, '4');
    json.at = json.end;
    token.kind = O2P_PLAIN_OBJECT;
    o2p_plain_skip(&json, &token);
}

/* Every byte, escaped as the library escapes it, comes back. */
static void escapes_come_back(void **state)
{
    (void)state;
    uint8_t bytes[128], back[128 * 6];
    o2p_memory memory;
    o2p_buffer text;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&text, &memory);
    o2p_append_json_string(&text, bytes, sizeof(bytes));
    o2p_plain_json json = {text.data, text.data + text.size};
    o2p_plain_token token = o2p_plain_next(&json);
    assert_int_equal(token.kind, O2P_PLAIN_STRING);
    assert_true(token.escaped);
    assert_int_equal(token.size, text.size - 2);
    assert_int_equal(o2p_plain_unescape(back, token.bytes, token.size), sizeof(bytes));
    assert_memory_equal(back, bytes, sizeof(bytes));
    o2p_buffer_free(&text);
    assert_int_equal(o2p_plain_unescape(back, (const uint8_t *)"\\u00", 4), 3);
    assert_int_equal(o2p_plain_unescape(back, (const uint8_t *)"\\", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens),
        cmocka_unit_test(whatever_comes_ends),
        cmocka_unit_test(skipping),
        cmocka_unit_test(escapes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
