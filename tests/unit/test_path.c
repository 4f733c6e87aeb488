/* test_path.c - path templates: what is refused, how rows are split, and the paths themselves,
 * dates against the calendar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/batch/path.h"
#include "counting_allocator.h"
#include <cmocka.h>

#define HOUR UINT64_C(3600000000000)

static const char *path_of(const char *path_template, const char *service, size_t service_size,
                           uint64_t time)
{
    static char path[1024];
    counting_allocator counting = {0};
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, &allocator, 0);
    o2p_buffer_init(&out, &memory);
    o2p_path_values values = {"logs", (const uint8_t *)service, service_size, time,
                              UINT64_C(0x0123456789abcdef)};
    o2p_path_append(&out, path_template, &values);
    assert_true(out.size > 0 && out.size <= sizeof(path));
    assert_int_equal(strlen((const char *)out.data) + 1, out.size);
    memcpy(path, out.data, out.size);
    o2p_buffer_free(&out);
    assert_int_equal(counting.blocks, 0);
    return path;
}

static const char *time_path(uint64_t time)
{
    return path_of("{year} {month} {day} {hour} {time}", "", 0, time);
}

static const char *service_path(const char *service)
{
    return path_of("{service}", service, strlen(service), 0);
}

static void every_field(void **state)
{
    (void)state;
    uint64_t time = UINT64_C(1704164645678901234);
    assert_string_equal(path_of(NULL, "shop", 4, time),
                        "logs/year=2024/month=01/day=02/hour=03/"
                        "20240102T030405678901Z-0123456789abcdef.parquet");
    assert_string_equal(path_of(O2P_DEFAULT_PATH_TEMPLATE, "shop", 4, time),
                        path_of(NULL, "x", 1, time));
    assert_string_equal(
        path_of("{hash}{table}{service}{time}{hour}{day}{month}{year}x}", "shop", 4, time),
        "0123456789abcdeflogsshop20240102T030405678901Z0302012024x}");
}

/* Known dates; seconds as `date -u -d DATE +%s` gives them. */
static void dates(void **state)
{
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } known[] = {
        {0, "1970 01 01 00 19700101T000000000000Z"},
        {86399, "1970 01 01 23 19700101T235959000000Z"},
        {5097599, "1970 02 28 23 19700228T235959000000Z"},
        {5097600, "1970 03 01 00 19700301T000000000000Z"},
        {68169600, "1972 02 29 00 19720229T000000000000Z"},
        {94694399, "1972 12 31 23 19721231T235959000000Z"},
        {951782400, "2000 02 29 00 20000229T000000000000Z"},
        {951868800, "2000 03 01 00 20000301T000000000000Z"},
        {978307199, "2000 12 31 23 20001231T235959000000Z"},
        {1709164800, "2024 02 29 00 20240229T000000000000Z"},
        {1735689599, "2024 12 31 23 20241231T235959000000Z"},
        {2147483648, "2038 01 19 03 20380119T031408000000Z"},
        {4107542399, "2100 02 28 23 21000228T235959000000Z"},
        {4107542400, "2100 03 01 00 21000301T000000000000Z"},
        {13574563200, "2400 02 29 00 24000229T000000000000Z"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_string_equal(time_path(known[i].seconds * 1000000000u), known[i].text);
    assert_string_equal(time_path(999), "1970 01 01 00 19700101T000000000000Z");
    assert_string_equal(time_path(999999999), "1970 01 01 00 19700101T000000999999Z");
    assert_string_equal(time_path(UINT64_MAX), "2554 07 21 23 25540721T233433709551Z");
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Every day that a time can be in, counted one by one, and the keys that rows are split by. */
static void every_day(void **state)
{
    (void)state;
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970, month = 1, day = 1;
    uint32_t last_year = 0, last_month = 0;
    for (uint64_t days = 0; days <= UINT64_MAX / HOUR / 24; days++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "%04u-%02u-%02u", year, month, day);
        uint64_t time = days * 24 * HOUR;
        if (days % 9 == 0 || day == 1 || day >= 28)
            assert_string_equal(path_of("{year}-{month}-{day}", "", 0, time), expected);
        uint32_t year_key = o2p_path_time_key(O2P_SPAN_YEAR, time);
        uint32_t month_key = o2p_path_time_key(O2P_SPAN_MONTH, time);
        assert_int_equal(o2p_path_time_key(O2P_SPAN_DAY, time), days);
        assert_int_equal(o2p_path_time_key(O2P_SPAN_HOUR, time), days * 24);
        if (days > 0) {
            assert_int_equal(year_key - last_year, month == 1 && day == 1);
            assert_int_equal(month_key - last_month, day == 1);
        }
        last_year = year_key;
        last_month = month_key;
        if (++day > lengths[month - 1] + (month == 2 && is_leap(year))) {
            day = 1;
            month = month % 12 + 1;
            year += month == 1;
        }
    }
    assert_int_equal(year, 2554);
}

static void keys_are_equal_within_their_span(void **state)
{
    (void)state;
    uint64_t hour = UINT64_C(1704164400) * 1000000000u; /* 2024-01-02 03:00 */
    assert_int_equal(o2p_path_time_key(O2P_SPAN_HOUR, hour),
                     o2p_path_time_key(O2P_SPAN_HOUR, hour + HOUR - 1));
    assert_int_equal(o2p_path_time_key(O2P_SPAN_HOUR, hour) + 1,
                     o2p_path_time_key(O2P_SPAN_HOUR, hour + HOUR));
    assert_int_equal(o2p_path_time_key(O2P_SPAN_HOUR, hour) - 1,
                     o2p_path_time_key(O2P_SPAN_HOUR, hour - 1));
    for (o2p_path_span span = O2P_SPAN_ALL; span <= O2P_SPAN_DAY; span++)
        assert_int_equal(o2p_path_time_key(span, hour - HOUR),
                         o2p_path_time_key(span, hour + HOUR));
    assert_int_equal(o2p_path_time_key(O2P_SPAN_ALL, 0),
                     o2p_path_time_key(O2P_SPAN_ALL, UINT64_MAX));
}

static void the_finest_field_splits(void **state)
{
    (void)state;
    assert_int_equal(o2p_path_time_span(NULL), O2P_SPAN_HOUR);
    assert_int_equal(o2p_path_time_span("{hash}"), O2P_SPAN_ALL);
    assert_int_equal(o2p_path_time_span("{time}{hash}"), O2P_SPAN_ALL);
    assert_int_equal(o2p_path_time_span("{year}/{hash}"), O2P_SPAN_YEAR);
    assert_int_equal(o2p_path_time_span("{month}/{hash}"), O2P_SPAN_MONTH);
    assert_int_equal(o2p_path_time_span("{day}/{year}/{hash}"), O2P_SPAN_DAY);
    assert_int_equal(o2p_path_time_span("{year}/{hour}/{hash}"), O2P_SPAN_HOUR);
    assert_false(o2p_path_has_service(NULL));
    assert_true(o2p_path_has_service("{service}/{hash}"));
    assert_false(o2p_path_has_service("service/{hash}"));
}

/* ---- services ---- */

static void services_are_one_segment(void **state)
{
    (void)state;
    assert_string_equal(service_path("checkout-v2_a.b~C9"), "checkout-v2_a.b~C9");
    assert_string_equal(service_path(""), "unknown_service");
    assert_string_equal(service_path("."), "%2E");
    assert_string_equal(service_path(".."), "%2E%2E");
    assert_string_equal(service_path("..."), "%2E..");
    assert_string_equal(service_path("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
    assert_string_equal(service_path("_temporary"), "%5Ftemporary"); /* not hidden from readers */
    assert_string_equal(path_of("a/{service}", ".b", 2, 0), "a/%2Eb");
    assert_string_equal(path_of("service={service}", "_.b", 3, 0), "service=_.b");
    assert_string_equal(service_path("a b%{hash}\\\n\x7f"), "a%20b%25%7Bhash%7D%5C%0A%7F");
    assert_string_equal(service_path("\xc3\xa9"), "%C3%A9");
    assert_string_equal(path_of("{service}", "a\0b", 3, 0), "a%00b");
}

static void services_are_cut(void **state)
{
    (void)state;
    char name[400], expected[400];
    memset(name, 'x', sizeof(name));
    memset(expected, 'x', sizeof(expected));
    expected[128] = '\0';
    assert_string_equal(path_of("{service}", name, 127, 0), expected + 1);
    assert_string_equal(path_of("{service}", name, 128, 0), expected);
    assert_string_equal(path_of("{service}", name, 400, 0), expected);
    memset(name, '/', sizeof(name));
    for (size_t i = 0; i < 42; i++)
        memcpy(expected + 3 * i, "%2F", 3);
    expected[126] = '\0'; /* no half escape */
    assert_string_equal(path_of("{service}", name, 400, 0), expected);
}

/* ---- templates ---- */

static void good_templates(void **state)
{
    (void)state;
    static const char *const good[] = {NULL,
                                       "{hash}",
                                       "a/{hash}",
                                       "{table}/x{service}y/{hash}.parquet",
                                       "a b/\xc3\xa9/{hash}",
                                       ".a/..b/...{hash}",
                                       "}{hash}"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(o2p_path_check(good[i]));
}

static void bad_templates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "x",           "{HASH}",     "{hash",
        "{}{hash}",  "{hash}{",     "{hash }",    "{unknown}{hash}",
        "/{hash}",   "{hash}/",     "a//{hash}",  "./{hash}",
        "../{hash}", "a/../{hash}", "a/./{hash}", "{hash}/..",
        "{hash}/.",  "a\\{hash}",   "a\n{hash}",  "\x7f{hash}",
        "{{hash}}",  "{tablehash}", "/",          "a\x01/{hash}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *wrong = o2p_path_check(bad[i]);
        assert_non_null(wrong);
        assert_true(strlen(wrong) > 0);
    }
}

static void folders_that_are_columns(void **state)
{
    (void)state;
    assert_true(o2p_path_has_folder(NULL, "year") && o2p_path_has_folder(NULL, "Hour"));
    assert_false(o2p_path_has_folder(NULL, "table") || o2p_path_has_folder(NULL, "yea"));
    assert_false(o2p_path_has_folder(NULL, "years") || o2p_path_has_folder(NULL, ""));
    assert_true(o2p_path_has_folder("KEY={table}/{hash}", "key"));
    assert_false(o2p_path_has_folder("x-key={table}/{hash}", "key"));
    assert_string_equal(o2p_path_check("\xff/{hash}"), "not UTF-8");
    assert_null(o2p_path_check("\xc3\xa9/{hash}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_that_are_columns),
        cmocka_unit_test(every_field),
        cmocka_unit_test(dates),
        cmocka_unit_test(every_day),
        cmocka_unit_test(keys_are_equal_within_their_span),
        cmocka_unit_test(the_finest_field_splits),
        cmocka_unit_test(services_are_one_segment),
        cmocka_unit_test(services_are_cut),
        cmocka_unit_test(good_templates),
        cmocka_unit_test(bad_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
