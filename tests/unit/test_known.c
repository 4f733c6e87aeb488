/* test_known.c - resources, scopes, keys, attributes and lists found again by their bytes, within
 * one request, and keys whose values are nearly all new. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/otlp/known.h"
#include "counting_allocator.h"
#include <cmocka.h>

static counting_allocator counting;
static o2p_memory memory;
static o2p_known known;
static o2p_column columns[2];

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_known_init(&known, &memory);
    o2p_known_begin(&known);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_known_free(&known);
    return counting.blocks == 0 ? 0 : -1;
}

static o2p_span span_of(const char *text)
{
    return (o2p_span){(const uint8_t *)text, strlen(text)};
}

static void keys_are_found_in_their_column_and_request(void **state)
{
    (void)state;
    o2p_span key = span_of("http.route");
    o2p_known_key *at = o2p_known_key_place(&known, key);
    assert_non_null(at);
    assert_false(o2p_known_key_holds(&known, at, &columns[0], key));
    *at = (o2p_known_key){.bytes = key.bytes,
                          .column = &columns[0],
                          .size = (uint32_t)key.size,
                          .request = known.request,
                          .key = 7};
    char same[] = "http.route", other[] = "http.routf";
    assert_ptr_equal(o2p_known_key_place(&known, span_of(same)), at);
    assert_true(o2p_known_key_holds(&known, at, &columns[0], span_of(same)));
    assert_false(o2p_known_key_holds(&known, at, &columns[0], span_of(other)));
    assert_false(o2p_known_key_holds(&known, at, &columns[1], span_of(same)));
    o2p_known_begin(&known);
    assert_false(o2p_known_key_holds(&known, at, &columns[0], span_of(same)));
}

static void groups_are_found_in_their_source_and_request(void **state)
{
    (void)state;
    const o2p_span absent = {NULL, 0}, empty = span_of(""), message = span_of("\n\x05kafka");
    const o2p_span url = span_of("https://example/1"), other_url = span_of("https://example/2");
    o2p_known_group *at = o2p_known_group_places(&known, O2P_SOURCE_RESOURCE, message);
    assert_non_null(at);
    assert_false(o2p_known_group_holds(&known, at, message, url));
    *at = (o2p_known_group){.message = message, .schema_url = url, .request = known.request};
    char same[] = "\n\x05kafka", other[] = "\n\x05kafkb";
    assert_ptr_equal(o2p_known_group_places(&known, O2P_SOURCE_RESOURCE, span_of(same)), at);
    assert_ptr_not_equal(o2p_known_group_places(&known, O2P_SOURCE_SCOPE, span_of(same)), at);
    assert_true(o2p_known_group_holds(&known, at, span_of(same), url));
    assert_false(o2p_known_group_holds(&known, at, span_of(other), url));
    assert_false(o2p_known_group_holds(&known, at, message, other_url));
    assert_false(o2p_known_group_holds(&known, at, message, absent));
    *at = (o2p_known_group){.message = absent, .schema_url = empty, .request = known.request};
    assert_true(o2p_known_group_holds(&known, at, absent, empty));
    assert_false(o2p_known_group_holds(&known, at, empty, empty));
    assert_false(o2p_known_group_holds(&known, at, absent, absent));
    o2p_known_begin(&known);
    assert_false(o2p_known_group_holds(&known, at, absent, empty));
}

/* Resources of one size that are alike but for three digits, wherever these are. */
static void groups_spread_by_all_their_bytes(void **state)
{
    (void)state;
    enum { SIZE = 263, DIGITS = 3, COUNT = O2P_KNOWN_GROUPS / O2P_KNOWN_WAYS };
    for (size_t at = 0; at + DIGITS <= SIZE; at++) {
        bool taken[COUNT] = {false};
        uint32_t used = 0;
        for (unsigned i = 0; i < COUNT; i++) {
            char text[SIZE], digits[DIGITS + 1];
            memset(text, 'x', SIZE);
            (void)snprintf(digits, sizeof(digits), "%03u", i);
            memcpy(text + at, digits, DIGITS);
            o2p_known_group *places = o2p_known_group_places(
                &known, O2P_SOURCE_SCOPE, (o2p_span){(const uint8_t *)text, SIZE});
            size_t place =
                (size_t)(places - (o2p_known_group *)(void *)known.groups[O2P_SOURCE_SCOPE].data);
            assert_true(place <= O2P_KNOWN_GROUPS - O2P_KNOWN_WAYS);
            assert_int_equal(place % O2P_KNOWN_WAYS, 0);
            used += !taken[place / O2P_KNOWN_WAYS];
            taken[place / O2P_KNOWN_WAYS] = true;
        }
        assert_true(used > COUNT / 3); /* 63% if they were thrown at random */
    }
}

/* Whatever the length, what is put at a place is found, and little else is at the same one. */
static void places_spread(void **state)
{
    (void)state;
    uint32_t used = 0;
    bool taken[O2P_KNOWN_PAIRS] = {false};
    char text[40];
    for (unsigned i = 0; i < O2P_KNOWN_PAIRS; i++) {
        int size = snprintf(text, sizeof(text), "%0*u", (int)(3 + i % 30), i);
        o2p_span pair = {(const uint8_t *)text, (size_t)size};
        o2p_known_pair *at = o2p_known_pair_place(&known, pair);
        assert_ptr_equal(o2p_known_pair_place(&known, pair), at);
        size_t place = (size_t)(at - (o2p_known_pair *)(void *)known.pairs.data);
        assert_true(place < O2P_KNOWN_PAIRS);
        used += !taken[place];
        taken[place] = true;
    }
    assert_true(used > O2P_KNOWN_PAIRS / 2); /* 63% if they were thrown at random */
    assert_non_null(o2p_known_pair_place(&known, (o2p_span){(const uint8_t *)"", 0}));
}

static void numbers_of_requests_begin_again(void **state)
{
    (void)state;
    o2p_span pair = span_of("pair");
    known.request = UINT32_MAX;
    o2p_known_pair *at = o2p_known_pair_place(&known, pair);
    assert_non_null(at);
    *at = (o2p_known_pair){.bytes = pair.bytes, .column = columns, .size = 4, .request = 1};
    o2p_known_group *group = o2p_known_group_places(&known, O2P_SOURCE_RESOURCE, pair);
    assert_non_null(group);
    *group = (o2p_known_group){.message = pair, .request = 1};
    o2p_known_begin(&known);
    assert_int_equal(known.request, 1);
    at = o2p_known_pair_place(&known, pair);
    assert_false(o2p_known_pair_holds(&known, at, columns, pair));
    group = o2p_known_group_places(&known, O2P_SOURCE_RESOURCE, pair);
    assert_false(o2p_known_group_holds(&known, group, pair, (o2p_span){NULL, 0}));
}

enum { STEP = 2048, SAMPLE = 128 };

static void keys_are_varied_when_nineteen_in_twenty_values_are_new(void **state)
{
    (void)state;
    enum { LIMIT = STEP * 19 / 20 };
    o2p_known_key few = {0}, many = {0};
    for (uint32_t i = 1; i <= STEP; i++) {
        assert_false(few.varied || many.varied);
        o2p_known_key_count(&few, i <= LIMIT);
        o2p_known_key_count(&many, i <= LIMIT + 1);
    }
    assert_false(few.varied);
    assert_true(many.varied);
}

/* The first values of each step are looked up, and when half of them are known, all are again. */
static void varied_keys_are_looked_at_again(void **state)
{
    (void)state;
    for (uint32_t fresh = SAMPLE / 2 - 1; fresh <= SAMPLE / 2; fresh++) {
        o2p_known_key key = {0};
        for (uint32_t i = 0; i < STEP; i++)
            o2p_known_key_count(&key, true);
        for (uint32_t i = 0; i < SAMPLE; i++) {
            assert_false(o2p_known_key_is_new(&key));
            o2p_known_key_count(&key, i < fresh);
        }
        assert_int_equal(key.varied, fresh == SAMPLE / 2);
        assert_int_equal(o2p_known_key_is_new(&key), fresh == SAMPLE / 2);
    }
}

static void lists_are_found_by_all_their_bytes(void **state)
{
    (void)state;
    o2p_span fields = span_of("fields of a list");
    uint16_t *place = o2p_known_list_place(&known, fields);
    assert_non_null(place);
    assert_int_equal(o2p_known_list_at(&known, place, &columns[0], fields), O2P_NO_LIST);
    o2p_known_list list = {fields.bytes, &columns[0], fields.size, 3, 4, 5, 5, 5};
    o2p_known_list_keep(&known, place, &list);
    assert_int_equal(o2p_known_list_at(&known, place, &columns[0], fields), 0);
    assert_int_equal(o2p_known_list_of(&known, 0)->number, 3);
    assert_int_equal(o2p_known_list_at(&known, place, &columns[1], fields), O2P_NO_LIST);
    assert_int_equal(o2p_known_list_at(&known, place, &columns[0], span_of("fields of a lisT")),
                     O2P_NO_LIST);
    assert_int_equal(known.list_tries, 4);
    assert_int_equal(known.list_hits, 1);
    o2p_known_begin(&known);
    assert_int_equal(o2p_known_list_at(&known, place, &columns[0], fields), O2P_NO_LIST);
}

/* One in eight is enough to go on. */
static void lists_that_are_new_are_looked_for_no_more(void **state)
{
    (void)state;
    o2p_span fields = span_of("x");
    known.list_tries = 2047;
    assert_non_null(o2p_known_list_place(&known, fields));
    known.list_tries = 2048;
    known.list_hits = 255;
    assert_null(o2p_known_list_place(&known, fields));
    known.list_hits = 256;
    assert_non_null(o2p_known_list_place(&known, fields));
}

/* Two lists that meet are both found; of three the last two. */
static void lists_share_two_places(void **state)
{
    (void)state;
    static const char *const texts[] = {"first", "other", "third"};
    uint16_t *places = o2p_known_list_place(&known, span_of(texts[0]));
    assert_non_null(places);
    for (uint32_t i = 0; i < 3; i++) {
        o2p_span fields = span_of(texts[i]);
        o2p_known_list list = {fields.bytes, &columns[0], fields.size, i, 0, 1, 1, 1};
        o2p_known_list_keep(&known, places, &list);
        for (uint32_t before = 0; before <= i; before++) {
            bool kept = before + 2 > i;
            assert_int_equal(o2p_known_list_at(&known, places, &columns[0], span_of(texts[before])),
                             kept ? before : (uint32_t)O2P_NO_LIST);
        }
    }
}

static void lists_have_a_most(void **state)
{
    (void)state;
    uint16_t places[] = {0, 0};
    o2p_known_list list = {(const uint8_t *)"x", columns, 1, 0, 0, 0, 0, 0};
    for (uint32_t i = 0; i < O2P_KNOWN_LISTS; i++)
        o2p_known_list_keep(&known, places, &list);
    assert_int_equal(places[0], O2P_KNOWN_LISTS - 1);
    assert_int_equal(places[1], O2P_KNOWN_LISTS - 2);
    size_t size = known.lists.size;
    places[0] = 9;
    o2p_known_list_keep(&known, places, &list);
    assert_int_equal(known.lists.size, size);
    assert_int_equal(places[0], 9);
}

static void tables_may_be_refused(void **state)
{
    (void)state;
    counting.refuse_at = counting.calls + 1;
    counting.refuse_on = true;
    assert_null(o2p_known_group_places(&known, O2P_SOURCE_SCOPE, span_of("x")));
    assert_null(o2p_known_key_place(&known, span_of("x")));
    assert_null(o2p_known_pair_place(&known, span_of("x")));
    assert_null(o2p_known_list_place(&known, span_of("x")));
    assert_true(memory.failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_are_found_in_their_source_and_request),
        TEST(groups_spread_by_all_their_bytes),
        TEST(keys_are_found_in_their_column_and_request),
        TEST(places_spread),
        TEST(numbers_of_requests_begin_again),
        TEST(keys_are_varied_when_nineteen_in_twenty_values_are_new),
        TEST(varied_keys_are_looked_at_again),
        TEST(lists_are_found_by_all_their_bytes),
        TEST(lists_that_are_new_are_looked_for_no_more),
        TEST(lists_share_two_places),
        TEST(lists_have_a_most),
        TEST(tables_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
