/* test_json_scan.c - tests of lib/otlp/json_scan.c: what is JSON and what is not, with the place
 * where it stops being it, and what strings stand for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/otlp/json_scan.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t *exact_copy(const void *bytes, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

/* Skips the value that `text` begins with; returns where it ends, or where it is wrong, from 0. */
static size_t skip_text(const void *text, size_t size, o2p_json_error *error)
{
    uint8_t *copy = exact_copy(text, size);
    memset(error, 0, sizeof(*error));
    const uint8_t *end = o2p_json_skip_value(copy, copy + size, error);
    size_t at = (size_t)((end == NULL ? error->at : end) - copy);
    assert_int_equal(end == NULL, error->status != O2P_OK);
    assert_int_equal(end == NULL, error->what != NULL);
    free(copy);
    return at;
}

/* ---- values --------------------------------------------------------------------------------- */

/* With what may come behind them. */
static const struct {
    const char *text;
    size_t size;
} values[] = {
    {"null", 4},
    {"true,", 4},
    {"false]", 5},
    {"0}", 1},
    {"-1.5e+10 ", 8},
    {"\"\"\"", 2},
    {"\"a\\\"b\\\\\" ", 8},
    {"\"\\u12aF\\/\\b\\f\\n\\r\\t\"", 20},
    {"\"\x7F\xFF\xC0\x80 raw\"", 10},
    {"\"\\ud800 alone\"", 14},
    {"[]", 2},
    {"[ ]]", 3},
    {"{}", 2},
    {"{\r\n\t }}", 6},
    {"[1,\"two\",[3],{\"four\":5}] ", 24},
    {"{\"a\" : [ 1 , { } ] ,\n\"b\" :\tnull }x", 33},
    {"{\"a\":{\"a\":{\"a\":[[[]]]}},\"a\":1}", 30},
    {"[{\"\":[]},{\"\\u0061\":{}}]", 23},
};

static void values_are_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        o2p_json_error error;
        size_t size = skip_text(values[i].text, strlen(values[i].text), &error);
        if (error.status != O2P_OK || size != values[i].size)
            fail_msg("%s: %zu, %s", values[i].text, size, error.status == O2P_OK ? "" : error.what);
    }
}

/* A value that is cut off anywhere ends too early, and at its end; numbers do not know. */
static void values_are_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        for (size_t size = 0; size < values[i].size; size++) {
            o2p_json_error error;
            size_t at = skip_text(values[i].text, size, &error);
            bool number = values[i].text[0] == '-' && error.status == O2P_OK;
            if (at != size || (!number && error.status != O2P_ERR_TRUNCATED))
                fail_msg("%.*s: %zu", (int)size, values[i].text, at);
        }
}

static const struct {
    const char *text;
    size_t at; /* where it is wrong */
} wrong[] = {
    {"x", 0},
    {"nul,", 3},
    {"nulL", 3},
    {"True", 0},
    {"NaN", 0},
    {"-Infinity", 1},
    {"+1", 0},
    {".5", 0},
    {"1.x", 2},
    {"'a'", 0},
    {",", 0},
    {"]", 0},
    {"}", 0},
    {":", 0},
    {"[,]", 1},
    {"[1,]", 3},
    {"[1 2]", 3},
    {"[1}", 2},
    {"[1,2}", 4},
    {"{]", 1},
    {"{,}", 1},
    {"{\"a\"}", 4},
    {"{\"a\",1}", 4},
    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7},
    {"{\"a\":1]", 6},
    {"{\"a\":1 \"b\":2}", 7},
    {"{a:1}", 1},
    {"{1:1}", 1},
    {"{\"a\"::1}", 5},
    {"[[[1],2],{\"a\":[}]", 15},
    {"\"a\nb\"", 2},
    {"\"\x1F\"", 1},
    {"\"\\x41\"", 2},
    {"\"\\U0041\"", 2},
    {"\"\\u004\"", 6},
    {"\"\\u00g0\"", 5},
    {"\"\\u\"", 3},
    {"\"\\\n\"", 2},
    {"{\"\\q\":1}", 3},
    {"{\"a\tb\":1}", 3},
    {"\f1", 0},
    {"\xA0", 0},
    {"/*c*/1", 0},
};

static void what_is_no_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        o2p_json_error error;
        size_t at = skip_text(wrong[i].text, strlen(wrong[i].text), &error);
        if (error.status != O2P_ERR_MALFORMED || at != wrong[i].at)
            fail_msg("%s: status %d at %zu", wrong[i].text, (int)error.status, at);
    }
}

static void a_nul_is_no_end(void **state)
{
    (void)state;
    o2p_json_error error;
    assert_int_equal(skip_text("[1\0]", 4, &error), 2);
    assert_int_equal(error.status, O2P_ERR_MALFORMED);
    assert_int_equal(skip_text("\"a\0\"", 4, &error), 2);
    assert_int_equal(error.status, O2P_ERR_MALFORMED);
    assert_int_equal(skip_text("\0", 1, &error), 0);
    assert_int_equal(error.status, O2P_ERR_MALFORMED);
}

static void depth_is_limited(void **state)
{
    (void)state;
    enum { DEEP = O2P_JSON_SKIP_DEPTH + 1 };
    char text[2 * DEEP];
    o2p_json_error error;
    for (size_t i = 0; i < DEEP; i++) {
        text[i] = '[';
        text[2 * DEEP - 1 - i] = ']';
    }
    assert_int_equal(skip_text(text + 1, sizeof(text) - 2, &error), sizeof(text) - 2);
    assert_int_equal(error.status, O2P_OK);
    assert_int_equal(skip_text(text, sizeof(text), &error), O2P_JSON_SKIP_DEPTH);
    assert_int_equal(error.status, O2P_ERR_DEPTH);
}

/* Objects and arrays by turns: each is closed by its own bracket, at any depth. */
static void brackets_are_matched(void **state)
{
    (void)state;
    enum { DEPTH = 200 };
    char text[DEPTH * 8];
    char close[DEPTH];
    size_t size = 0, count = 0;
    o2p_json_error error;
    for (unsigned i = 0; i < DEPTH; i++) {
        bool object = (i * 2654435761u >> 20 & 1) != 0;
        size += (size_t)snprintf(text + size, sizeof(text) - size, object ? "{\"\":" : "[");
        close[count++] = object ? '}' : ']';
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "0");
    size_t inner = size;
    while (count > 0)
        text[size++] = close[--count];
    assert_int_equal(skip_text(text, size, &error), size);
    assert_int_equal(error.status, O2P_OK);
    for (size_t i = inner; i < size; i++) {
        text[i] = text[i] == '}' ? ']' : '}';
        assert_int_equal(skip_text(text, size, &error), i);
        assert_int_equal(error.status, O2P_ERR_MALFORMED);
        text[i] = text[i] == '}' ? ']' : '}';
    }
}

/* ---- spaces and plain runs ------------------------------------------------------------------ */

static void spaces_of_any_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < 40; size++)
        for (size_t behind = 0; behind < 10; behind++) {
            char text[64];
            memset(text, ' ', size);
            memset(text + size, '\f', behind); /* no space in JSON */
            for (size_t i = 0; i < size; i += 5)
                text[i] = "\n\r\t "[i % 4];
            uint8_t *copy = exact_copy(text, size + behind);
            assert_ptr_equal(o2p_json_next(copy, copy + size + behind), copy + size);
            free(copy);
        }
}

/* Every byte in every place of 17, with the end behind it or further away. */
static void plain_runs_end_at_special_bytes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < 17; place++) {
            uint8_t text[17];
            memset(text, 'a' + (int)place, sizeof(text));
            text[place] = (uint8_t)byte;
            bool special = byte < 0x20 || byte == '"' || byte == '\\';
            const uint8_t *end = text + sizeof(text);
            assert_ptr_equal(o2p_json_plain_end(text, end), special ? text + place : end);
            memset(text, 0x80, place); /* what borrows */
            assert_ptr_equal(o2p_json_plain_end(text, end), special ? text + place : end);
        }
}

/* ---- escapes -------------------------------------------------------------------------------- */

static const struct {
    const char *inside;
    const char *meaning;
    int lone; /* where the first surrogate without partner is; -1: none is */
} strings[] = {
    {"", "", -1},
    {"plain text, longer than eight", "plain text, longer than eight", -1},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", -1},
    {"1234567\\n12345678\\n1", "1234567\n12345678\n1", -1},
    {"\\u0041\\u007f\\u0080\\u07FF\\u0800\\uFFFF", "A\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF",
     -1},
    {"\\uD800\\uDC00 \\udbff\\udfff", "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF", -1},
    {"\\ud83d\\ude00", "\xF0\x9F\x98\x80", -1},
    {"\\uD7FF\\uE000", "\xED\x9F\xBF\xEE\x80\x80", -1},
    {"a\\ud800", "a\xEF\xBF\xBD", 1},
    {"\\udc00b",
     "\xEF\xBF\xBD"
     "b",
     0},
    {"\\ud800\\ud800\\udc00", "\xEF\xBF\xBD\xF0\x90\x80\x80", 0},
    {"\\ud800\\n", "\xEF\xBF\xBD\n", 0},
    {"\\ud800\\u0041",
     "\xEF\xBF\xBD"
     "A",
     0},
    {"ok \\ud83d\\ude00 \\udc00\\ud800", "ok \xF0\x9F\x98\x80 \xEF\xBF\xBD\xEF\xBF\xBD", 16},
    {"\xFF\xC0\\n\x80", "\xFF\xC0\n\x80", -1},
};

static void strings_stand_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strings); i++) {
        size_t size = strlen(strings[i].inside), expected = strlen(strings[i].meaning);
        uint8_t *copy = exact_copy(strings[i].inside, size);
        uint8_t *to = (uint8_t *)malloc(size + 8);
        const uint8_t *lone;
        assert_non_null(to);
        size_t written = (size_t)(o2p_json_unescape(to, copy, copy + size, &lone) - to);
        int at = lone == NULL ? -1 : (int)(lone - copy);
        if (written != expected || memcmp(to, strings[i].meaning, written) != 0 ||
            at != strings[i].lone)
            fail_msg("%s", strings[i].inside);
        free(to);
        free(copy);
    }
}

/* Every character of the first plane, from its escape in both cases of hex, as UTF-8. */
static void every_escaped_character(void **state)
{
    (void)state;
    for (unsigned code = 1; code < 0x10000; code++) {
        char text[8];
        uint8_t to[16], expected[3] = {(uint8_t)code};
        const uint8_t *lone;
        size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
        if (code >= 0xD800 && code < 0xE000)
            continue;
        if (size == 2)
            memcpy(expected, (uint8_t[]){(uint8_t)(0xC0 + code / 64), (uint8_t)(0x80 + code % 64)},
                   2);
        if (size == 3)
            memcpy(expected,
                   (uint8_t[]){(uint8_t)(0xE0 + code / 4096), (uint8_t)(0x80 + code / 64 % 64),
                               (uint8_t)(0x80 + code % 64)},
                   3);
        snprintf(text, sizeof(text), code % 2 == 0 ? "\\u%04x" : "\\u%04X", code);
        const uint8_t *inside = (const uint8_t *)text;
        assert_ptr_equal(o2p_json_unescape(to, inside, inside + 6, &lone), to + size);
        assert_memory_equal(to, expected, size);
        assert_null(lone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_skipped),   cmocka_unit_test(values_are_cut_off),
        cmocka_unit_test(what_is_no_json),      cmocka_unit_test(a_nul_is_no_end),
        cmocka_unit_test(depth_is_limited),     cmocka_unit_test(brackets_are_matched),
        cmocka_unit_test(spaces_of_any_length), cmocka_unit_test(plain_runs_end_at_special_bytes),
        cmocka_unit_test(strings_stand_for),    cmocka_unit_test(every_escaped_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
