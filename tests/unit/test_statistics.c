/* test_statistics.c - bounds: how long ones are cut, how they compare and merge, how they are
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/statistics.h"
#include "thrift_reader.h"

static const o2p_value_order text = {O2P_PHYSICAL_BYTE_ARRAY, true};
static const o2p_value_order binary = {O2P_PHYSICAL_BYTE_ARRAY, false};
static const o2p_value_order int32s = {O2P_PHYSICAL_INT32, false};
static const o2p_value_order int64s = {O2P_PHYSICAL_INT64, false};
static const o2p_value_order doubles = {O2P_PHYSICAL_DOUBLE, false};
static const o2p_value_order booleans = {O2P_PHYSICAL_BOOLEAN, false};

static o2p_memory memory;
static o2p_buffer kept;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&kept, &memory);
    o2p_buffer_reserve(&kept, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_buffer_free(&kept);
    return memory.held == 0 ? 0 : -1;
}

static uint32_t most = 64; /* what the tests keep of a bound, but for those of other sizes */

static o2p_range keep(const void *min, size_t min_size, const void *max, size_t max_size,
                      o2p_value_order order)
{
    o2p_bounds bounds = {true, (const uint8_t *)min, (const uint8_t *)max, (uint32_t)min_size,
                         (uint32_t)max_size};
    return o2p_range_keep(&kept, &bounds, order, most);
}

static o2p_range keep_text(const char *min, const char *max)
{
    return keep(min, strlen(min), max, strlen(max), text);
}

static void expect_bound(o2p_bound bound, const char *bytes, bool exact)
{
    assert_true(bound.present);
    assert_int_equal(bound.size, strlen(bytes));
    assert_memory_equal(kept.data + bound.at, bytes, bound.size);
    assert_int_equal(bound.exact, exact);
}

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

/* ---- cutting ---- */

static void short_bounds_are_exact(void **state)
{
    (void)state;
    o2p_range range = keep_text("", "abc");
    expect_bound(range.min, "", true);
    expect_bound(range.max, "abc", true);
    range = keep_text(X60 "abcd", X60 "\xF4\x8F\xBF\xBF"); /* 64 bytes */
    expect_bound(range.min, X60 "abcd", true);
    expect_bound(range.max, X60 "\xF4\x8F\xBF\xBF", true);
}

static void long_bounds_are_cut(void **state)
{
    (void)state;
    o2p_range range = keep_text(X60 "abcde", X60 "abcde");
    expect_bound(range.min, X60 "abcd", false);
    expect_bound(range.max, X60 "abce", false);
}

static void texts_are_cut_between_code_points(void **state)
{
    (void)state;
    /* A euro sign, three bytes, begins at byte 62 or 63; a four-byte code point at 61. */
    o2p_range range = keep_text(X60 "ab\xE2\x82\xAC"
                                    "z",
                                X60 "ab\xE2\x82\xAC"
                                    "z");
    expect_bound(range.min, X60 "ab", false);
    expect_bound(range.max, X60 "ac", false);
    range = keep_text(X60 "a\xE2\x82\xAC"
                          "zz",
                      X60 "a\xE2\x82\xAC"
                          "zz"); /* ends at 64: stays whole */
    expect_bound(range.min, X60 "a\xE2\x82\xAC", false);
    expect_bound(range.max, X60 "a\xE2\x82\xAD", false);
    range = keep_text(X60 "a\xF0\x9F\x98\x80", X60 "a\xF0\x9F\x98\x80");
    expect_bound(range.min, X60 "a", false);
    expect_bound(range.max, X60 "b", false);
}

static void raising_a_maximum(void **state)
{
    (void)state;
    /* The last code point cannot be raised: the one before is. */
    expect_bound(keep_text("", X60 "\xF4\x8F\xBF\xBF"
                                   "z")
                     .max,
                 X10 X10 X10 X10 X10 "xxxxxxxxxy", false);
    /* Surrogates are no text: U+D7FF is followed by U+E000. */
    expect_bound(keep_text("", X60 "a\xED\x9F\xBF"
                                   "z")
                     .max,
                 X60 "a\xEE\x80\x80", false);
    /* A raised code point may take a byte more, */
    expect_bound(keep_text("", X60 "a\x7F\xF0\x9F\x98\x80").max, X60 "a\xC2\x80", false);
    expect_bound(keep_text("", X60 "\xDF\xBF\xF0\x9F\x98\x80").max, X60 "\xE0\xA0\x80", false);
    expect_bound(keep_text("", X60 "\xEF\xBF\xBF"
                                   "\xE2\x82\xAC")
                     .max,
                 X60 "\xF0\x90\x80\x80", false);
    /* but not beyond 64. */
    expect_bound(keep_text("", X60 "abc\x7F"
                                   "z")
                     .max,
                 X60 "abd", false);
}

static void no_maximum(void **state)
{
    (void)state;
    char high[80];
    for (size_t i = 0; i < sizeof(high); i += 4)
        memcpy(high + i, "\xF4\x8F\xBF\xBF", 4);
    o2p_range range = keep(high, sizeof(high), high, sizeof(high), text);
    assert_true(range.min.present);
    assert_int_equal(range.min.size, 64);
    assert_false(range.max.present);
    uint8_t ones[65];
    memset(ones, 0xFF, sizeof(ones));
    assert_false(keep(ones, sizeof(ones), ones, sizeof(ones), binary).max.present);
}

static void bytes_are_cut_anywhere(void **state)
{
    (void)state;
    uint8_t bytes[70];
    memset(bytes, 0xBF, sizeof(bytes));
    bytes[63] = 0xFF;
    o2p_range range = keep(bytes, sizeof(bytes), bytes, sizeof(bytes), binary);
    assert_int_equal(range.min.size, 64);
    assert_memory_equal(kept.data + range.min.at, bytes, 64);
    assert_int_equal(range.max.size, 63);
    assert_int_equal(kept.data[range.max.at + 62], 0xC0);
}

/* Bytes that are no UTF-8 must not lead out of bounds, whatever comes of them. */
static void not_utf8(void **state)
{
    (void)state;
    uint8_t bytes[100];
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(bytes, (int)byte, sizeof(bytes));
        o2p_range range = keep(bytes, sizeof(bytes), bytes, sizeof(bytes), text);
        assert_true(range.min.size <= 64 && range.max.size <= 64);
        bytes[64] = 'a'; /* a place to cut, behind whatever there is */
        range = keep(bytes, sizeof(bytes), bytes, sizeof(bytes), text);
        assert_true(range.min.size <= 64 && range.max.size <= 64);
    }
}

static void none_kept(void **state)
{
    (void)state;
    o2p_bounds bounds = {false, NULL, NULL, 0, 0};
    o2p_range range = o2p_range_keep(&kept, &bounds, text, most);
    assert_false(range.min.present || range.max.present);
}

/* Other sizes than the default; numbers are whole whatever it is. */
static void sizes(void **state)
{
    (void)state;
    most = 1;
    o2p_range range = keep_text("ab", "ab");
    expect_bound(range.min, "a", false);
    expect_bound(range.max, "b", false);
    range = keep_text("\xE2\x82\xAC", "\xE2\x82\xAC"); /* no code point has room */
    expect_bound(range.min, "", false);
    assert_false(range.max.present);
    range = keep_text("a", "");
    expect_bound(range.min, "a", true);
    expect_bound(range.max, "", true);
    assert_int_equal(keep("12345678", 8, "12345678", 8, int64s).min.size, 8);
    assert_true(keep("1234", 4, "1234", 4, int32s).max.exact);
    most = O2P_BOUND_MOST;
    char text_of_any_size[2000];
    memset(text_of_any_size, 'x', sizeof(text_of_any_size));
    for (size_t size = O2P_BOUND_MOST - 1; size <= O2P_BOUND_MOST + 1; size++) {
        range = keep(text_of_any_size, size, text_of_any_size, size, text);
        assert_int_equal(range.min.size, size < O2P_BOUND_MOST ? size : O2P_BOUND_MOST);
        assert_int_equal(range.max.size, size < O2P_BOUND_MOST ? size : O2P_BOUND_MOST);
        assert_int_equal(range.max.exact, size <= O2P_BOUND_MOST);
        assert_int_equal(kept.data[range.max.at + range.max.size - 1],
                         size <= O2P_BOUND_MOST ? 'x' : 'y');
    }
    most = 64;
}

/* ---- comparing ---- */

static int compare(const void *a, size_t a_size, const void *b, size_t b_size,
                   o2p_value_order order)
{
    o2p_range range = keep(a, a_size, b, b_size, order);
    return o2p_bound_compare(kept.data, range.min, range.max, order);
}

static int compare_ints(int64_t a, int64_t b, o2p_value_order order)
{
    uint8_t x[8], y[8];
    size_t size = order.physical == O2P_PHYSICAL_INT32 ? 4 : 8;
    o2p_store_le64(x, (uint64_t)a);
    o2p_store_le64(y, (uint64_t)b);
    return compare(x, size, y, size, order);
}

static int compare_doubles(double a, double b)
{
    uint64_t bits;
    uint8_t x[8], y[8];
    memcpy(&bits, &a, 8);
    o2p_store_le64(x, bits);
    memcpy(&bits, &b, 8);
    o2p_store_le64(y, bits);
    return compare(x, 8, y, 8, doubles);
}

static void orders(void **state)
{
    (void)state;
    assert_true(compare_ints(-1, 1, int32s) < 0);
    assert_true(compare_ints(256, 1, int32s) > 0);
    assert_true(compare_ints(INT32_MIN, INT32_MAX, int32s) < 0);
    assert_true(compare_ints(INT64_MIN, INT64_MAX, int64s) < 0);
    assert_true(compare_ints(-5, -6, int64s) > 0);
    assert_int_equal(compare_ints(7, 7, int64s), 0);
    assert_true(compare_doubles(-2.5, 1e-300) < 0);
    assert_true(compare_doubles(-2.5, -3.5) > 0);
    assert_int_equal(compare_doubles(-0.0, 0.0), 0);
    assert_true(compare("\0", 1, "\1", 1, booleans) < 0);
    assert_true(compare("a", 1, "\xC3\xA4", 2, text) < 0); /* unsigned */
    assert_true(compare("ab", 2, "a", 1, text) > 0);
    assert_true(compare("", 0, "a", 1, text) < 0);
    assert_int_equal(compare("", 0, "", 0, text), 0);
}

/* ---- merging ---- */

static void merging(void **state)
{
    (void)state;
    o2p_range all = {{0, 0, false, false}, {0, 0, false, false}};
    o2p_range none = all;
    o2p_range first = keep_text("f", "m"), second = keep_text("b", "k"),
              third = keep_text("g", "z");
    o2p_range_merge(&all, &none, kept.data, text);
    assert_false(all.min.present);
    o2p_range_merge(&all, &first, kept.data, text);
    o2p_range_merge(&all, &none, kept.data, text);
    o2p_range_merge(&all, &second, kept.data, text);
    o2p_range_merge(&all, &third, kept.data, text);
    expect_bound(all.min, "b", true);
    expect_bound(all.max, "z", true);
}

/* Of two equal bounds the exact one is kept, in whatever order they come. */
static void merging_prefers_exact(void **state)
{
    (void)state;
    o2p_range cut = keep_text(X60 "abcde", X60 "abcdz"), exact = keep_text(X60 "abcd", X60 "abce");
    for (int i = 0; i < 2; i++) {
        o2p_range all = i == 0 ? cut : exact;
        o2p_range_merge(&all, i == 0 ? &exact : &cut, kept.data, text);
        expect_bound(all.min, X60 "abcd", true);
        expect_bound(all.max, X60 "abce", true);
    }
}

/* ---- writing ---- */

static void written(void **state)
{
    (void)state;
    o2p_buffer out;
    o2p_buffer_init(&out, &memory);
    o2p_thrift thrift;
    o2p_range range = keep_text("ab", X60 "abcde");
    o2p_thrift_begin(&thrift, &out);
    o2p_statistics_write(&thrift, 2, 300, &range, kept.data);
    range.max.present = false;
    o2p_statistics_write(&thrift, 3, 0, &range, kept.data);
    o2p_thrift_end(&thrift);

    thrift_value top = thrift_struct_at(out.data, out.size), one = thrift_field(top, 2);
    assert_false(thrift_has(one, 1) || thrift_has(one, 2)); /* deprecated: of undefined order */
    assert_int_equal(thrift_int_field(one, 3), 300);
    assert_true(thrift_is_text(thrift_field(one, 5), X60 "abce"));
    assert_true(thrift_is_text(thrift_field(one, 6), "ab"));
    assert_false(thrift_truth(thrift_field(one, 7)));
    assert_true(thrift_truth(thrift_field(one, 8)));
    thrift_value two = thrift_field(top, 3);
    assert_int_equal(thrift_int_field(two, 3), 0);
    assert_false(thrift_has(two, 5) || thrift_has(two, 7));
    assert_true(thrift_has(two, 6) && thrift_has(two, 8));
    o2p_buffer_free(&out);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(short_bounds_are_exact),
        test(long_bounds_are_cut),
        test(texts_are_cut_between_code_points),
        test(raising_a_maximum),
        test(no_maximum),
        test(bytes_are_cut_anywhere),
        test(not_utf8),
        test(none_kept),
        test(sizes),
        test(orders),
        test(merging),
        test(merging_prefers_exact),
        test(written),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
