/* test_anyvalue.c - values of every kind as text and in OTLP/JSON form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "walk_fixture.h"
#include <cmocka.h>

/* The AnyValue in `p` as text; NULL, with walk->status set, if it cannot be read. */
static const char *text_at(walk_fixture *f, unsigned depth, char *letter)
{
    static char out[1 << 16];
    o2p_any_text text;
    pb_byte(&f->p, 0); /* so that there are bytes */
    bool ok = o2p_any_text_of(&f->walk, (o2p_span){f->p.data, f->p.size - 1}, depth, &text);
    f->p.size = 0;
    assert_int_equal(ok, f->walk.status == O2P_OK);
    if (!ok)
        return NULL;
    assert_true(text.size < sizeof(out));
    if (text.size > 0)
        memcpy(out, text.bytes, text.size);
    out[text.size] = '\0';
    *letter = text.letter;
    return out;
}

static void assert_text(walk_fixture *f, char letter, const char *expected)
{
    char found;
    const char *text = text_at(f, 5, &found);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(found, letter);
}

static const char *json_of(walk_fixture *f)
{
    static char out[1 << 16];
    o2p_buffer json;
    o2p_buffer_init(&json, &f->memory);
    pb_byte(&f->p, 0);
    assert_true(o2p_any_json(&f->walk, (o2p_span){f->p.data, f->p.size - 1}, 5, &json));
    assert_true(json.size < sizeof(out));
    memcpy(out, json.data, json.size);
    out[json.size] = '\0';
    o2p_buffer_free(&json);
    return out;
}

/* Both forms of the value in `p`, and its text as an element of an array. */
static void check(walk_fixture *f, char letter, const char *text, const char *json,
                  const char *element)
{
    protobuf value = {0}, *p = &f->p;
    pb_raw(&value, p->data, p->size);
    assert_string_equal(json_of(f), json);
    p->size = 0;
    pb_raw(p, value.data, value.size);
    assert_text(f, letter, text);
    pb_open(p, 5);
    pb_bytes(p, 1, value.data, value.size);
    pb_close(p);
    char list[1024];
    snprintf(list, sizeof(list), "[%s]", element);
    assert_text(f, 'a', list);
    pb_free(&value);
}

static void strings(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_text(&f->p, 1, "");
    check(f, 's', "", "{\"stringValue\":\"\"}", "\"\"");
    pb_text(&f->p, 1, "a\"\\/\b\f\n\r\t\x01\x7f\xc3\xa9");
    check(f, 's', "a\"\\/\b\f\n\r\t\x01\x7f\xc3\xa9",
          "{\"stringValue\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"}",
          "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"");
    assert_int_equal(f->store.pool.repaired, 0);
}

static void strings_that_are_not_utf8(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_text(&f->p, 1, "a\xff");
    check(f, 's', "a\xff", "{\"stringValue\":\"a\xef\xbf\xbd\"}", "\"a\xef\xbf\xbd\"");
    assert_int_equal(f->store.pool.repaired, 2); /* in the two that are JSON */
}

static void booleans(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_varint(&f->p, 2, 0);
    check(f, 'b', "false", "{\"boolValue\":false}", "false");
    pb_varint(&f->p, 2, 1);
    check(f, 'b', "true", "{\"boolValue\":true}", "true");
    pb_varint(&f->p, 2, UINT64_C(1) << 40);
    check(f, 'b', "true", "{\"boolValue\":true}", "true");
}

static void integers(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_varint(&f->p, 3, 0);
    check(f, 'i', "0", "{\"intValue\":\"0\"}", "0");
    pb_varint(&f->p, 3, UINT64_MAX);
    check(f, 'i', "-1", "{\"intValue\":\"-1\"}", "-1");
    pb_varint(&f->p, 3, UINT64_C(1) << 63);
    check(f, 'i', "-9223372036854775808", "{\"intValue\":\"-9223372036854775808\"}",
          "-9223372036854775808");
    pb_varint(&f->p, 3, INT64_MAX);
    check(f, 'i', "9223372036854775807", "{\"intValue\":\"9223372036854775807\"}",
          "9223372036854775807");
}

static void doubles(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_double(&f->p, 4, 1);
    check(f, 'd', "1", "{\"doubleValue\":1}", "1.0");
    pb_double(&f->p, 4, -0.0);
    check(f, 'd', "-0", "{\"doubleValue\":-0}", "-0.0");
    pb_double(&f->p, 4, 0.1);
    check(f, 'd', "0.1", "{\"doubleValue\":0.1}", "0.1");
    pb_double(&f->p, 4, 1e21);
    check(f, 'd', "1e+21", "{\"doubleValue\":1e+21}", "1e+21");
    pb_double(&f->p, 4, 1e20);
    check(f, 'd', "100000000000000000000", "{\"doubleValue\":100000000000000000000}",
          "100000000000000000000.0");
    pb_double(&f->p, 4, 5e-324);
    check(f, 'd', "5e-324", "{\"doubleValue\":5e-324}", "5e-324");
    pb_fixed64(&f->p, 4, UINT64_C(0x7FF0000000000000));
    check(f, 'd', "Infinity", "{\"doubleValue\":\"Infinity\"}", "\"Infinity\"");
    pb_fixed64(&f->p, 4, UINT64_C(0xFFF0000000000000));
    check(f, 'd', "-Infinity", "{\"doubleValue\":\"-Infinity\"}", "\"-Infinity\"");
    pb_fixed64(&f->p, 4, UINT64_C(0x7FF0000000000001)); /* signalling */
    check(f, 'd', "NaN", "{\"doubleValue\":\"NaN\"}", "\"NaN\"");
}

static void bytes(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_bytes(&f->p, 7, "", 0);
    check(f, 'y', "", "{\"bytesValue\":\"\"}", "\"\"");
    pb_bytes(&f->p, 7, "\x00\xff", 2);
    check(f, 'y', "AP8=", "{\"bytesValue\":\"AP8=\"}", "\"AP8=\"");
}

static void no_value(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_byte(&f->p, 0);
    f->p.size = 0;
    check(f, 'e', "", "{}", "null");
    o2p_any_text text;
    assert_true(
        o2p_any_text_of(&f->walk, (o2p_span){NULL, 0}, 5, &text)); /* the message is absent */
    assert_int_equal(text.letter, 'e');
    assert_int_equal(text.size, 0);
}

static void arrays_and_lists_of_keys(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_open(&f->p, 5);
    pb_close(&f->p);
    check(f, 'a', "[]", "{\"arrayValue\":{\"values\":[]}}", "[]");
    pb_open(&f->p, 6);
    pb_close(&f->p);
    check(f, 'k', "{}", "{\"kvlistValue\":{\"values\":[]}}", "{}");
    pb_open(&f->p, 6);
    pb_int_attribute(&f->p, 1, "b", 1);
    pb_attribute(&f->p, 1, "a\n", "x");
    pb_int_attribute(&f->p, 1, "b", 2); /* order and repeated keys are kept */
    pb_open(&f->p, 1);
    pb_close(&f->p);
    pb_close(&f->p);
    check(f, 'k', "{\"b\":1,\"a\\n\":\"x\",\"b\":2,\"\":null}",
          "{\"kvlistValue\":{\"values\":[{\"key\":\"b\",\"value\":{\"intValue\":\"1\"}},"
          "{\"key\":\"a\\n\",\"value\":{\"stringValue\":\"x\"}},{\"key\":\"b\",\"value\":{"
          "\"intValue\":\"2\"}},"
          "{\"key\":\"\",\"value\":{}}]}}",
          "{\"b\":1,\"a\\n\":\"x\",\"b\":2,\"\":null}");
    pb_open(&f->p, 5);
    for (unsigned kind = 0; kind <= 7; kind++)
        sample_any(&f->p, 1, kind, 0);
    pb_close(&f->p);
#define INNER "[null,\"text 0\",true,-1,0.5,\"AP+A\"]"
#define OUTER "[null,\"text 0\",true,-1,0.5," INNER ",{\"inner\":" INNER ",\"inner\":-1},\"AP+A\"]"
#define INNER_JSON                                                                                 \
    "{\"arrayValue\":{\"values\":[{},{\"stringValue\":\"text "                                     \
    "0\"},{\"boolValue\":true},{\"intValue\":\"-1\"},"                                             \
    "{\"doubleValue\":0.5},{\"bytesValue\":\"AP+A\"}]}}"
    check(f, 'a', OUTER,
          "{\"arrayValue\":{\"values\":[{},{\"stringValue\":\"text 0\"},{\"boolValue\":true},"
          "{\"intValue\":\"-1\"},{\"doubleValue\":0.5}," INNER_JSON
          ",{\"kvlistValue\":{\"values\":["
          "{\"key\":\"inner\",\"value\":" INNER_JSON
          "},{\"key\":\"inner\",\"value\":{\"intValue\":\"-1\"}}]}},"
          "{\"bytesValue\":\"AP+A\"}]}}",
          OUTER);
}

static void unknown_members_are_counted(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_varint(&f->p, 8, 3); /* string_value_strindex */
    assert_text(f, 'e', "");
    assert_int_equal(f->walk.counts.unknown_fields, 1);
    pb_open(&f->p, 5);
    pb_varint(&f->p, 2, 1);
    pb_open(&f->p, 1);
    pb_text(&f->p, 9, "x");
    pb_varint(&f->p, 3, 1);
    pb_close(&f->p);
    pb_close(&f->p);
    assert_text(f, 'a', "[1]");
    assert_int_equal(f->walk.counts.unknown_fields, 3);
}

static void assert_unreadable(walk_fixture *f, int status)
{
    char letter;
    assert_null(text_at(f, 5, &letter));
    assert_int_equal(f->walk.status, status);
    f->walk.status = O2P_OK;
}

static void what_cannot_be_read(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    pb_text(&f->p, 1, "a");
    pb_text(&f->p, 1, "b");
    assert_unreadable(f, O2P_WALK_MERGE);
    pb_text(&f->p, 1, "a");
    pb_varint(&f->p, 3, 1);
    assert_unreadable(f, O2P_WALK_MERGE);
    pb_varint(&f->p, 1, 1);
    assert_unreadable(f, O2P_ERR_WIRE_TYPE);
    pb_raw(&f->p, "\x0a\x05x", 3);
    assert_unreadable(f, O2P_ERR_TRUNCATED);
    pb_raw(&f->p, "\x2a\x02\x0a\x05", 4);
    assert_unreadable(f, O2P_ERR_TRUNCATED);
    pb_raw(&f->p, "\x32\x02\x08\x05", 4);
    assert_unreadable(f, O2P_ERR_WIRE_TYPE);
    pb_raw(&f->p, "\x32\x04\x0a\x02\x07\x05", 6);
    assert_unreadable(f, O2P_ERR_MALFORMED);
}

/* The deepest AnyValue may be at depth 100, in arrays and in lists of keys. */
static void depth(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    for (unsigned kvlist = 0; kvlist < 2; kvlist++) {
        unsigned step = kvlist ? 3 : 2; /* messages a nesting */
        for (unsigned nested = 1; nested < 60; nested++) {
            for (unsigned i = 0; i < nested; i++) {
                pb_open(&f->p, kvlist ? 6 : 5);
                pb_open(&f->p, 1);
                if (kvlist)
                    pb_open(&f->p, 2);
            }
            pb_varint(&f->p, 3, 1);
            for (unsigned i = 0; i < step * nested; i++)
                pb_close(&f->p);
            char letter;
            bool fits = 5 + step * nested <= O2P_MAX_DEPTH;
            assert_int_equal(text_at(f, 5, &letter) != NULL, fits);
            assert_int_equal(f->walk.status, fits ? O2P_OK : O2P_ERR_DEPTH);
            f->walk.status = O2P_OK;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(strings),
        walk_test(strings_that_are_not_utf8),
        walk_test(booleans),
        walk_test(integers),
        walk_test(doubles),
        walk_test(bytes),
        walk_test(no_value),
        walk_test(arrays_and_lists_of_keys),
        walk_test(unknown_members_are_counted),
        walk_test(what_cannot_be_read),
        walk_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
