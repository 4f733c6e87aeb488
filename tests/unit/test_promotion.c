/* test_promotion.c - tests of lib/batch/promotion.c: what is allowed, copies, and what a promoted
 * column holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/promotion.h"
#include "counting_allocator.h"
#include <cmocka.h>

static const char *check_one(o2p_promotion promotion)
{
    return o2p_promotions_check(&promotion, 1);
}

static void names_that_are_allowed(void **state)
{
    (void)state;
    static const o2p_promotion several[] = {
        {O2P_PROMOTE_RESOURCE, "host.name", NULL, O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "host.name", "Host", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "host.name", "hosts", O2P_PROMOTE_INT64},
        {O2P_PROMOTE_RECORD, "", "empty", O2P_PROMOTE_DOUBLE},
        {O2P_PROMOTE_RECORD, "\xC3\xA9", NULL, O2P_PROMOTE_BOOL},
        {O2P_PROMOTE_RECORD, "\xC3\x89", NULL, O2P_PROMOTE_BOOL}, /* only A to Z fold */
        {O2P_PROMOTE_RECORD, "Attributes", "x", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "Quantile", NULL, O2P_PROMOTE_STRING}, /* of a struct */
    };
    assert_null(o2p_promotions_check(several, sizeof(several) / sizeof(several[0])));
    assert_null(o2p_promotions_check(NULL, 0));
}

/* Every column's name is refused, for any table, in any case. */
static void names_of_columns_are_refused(void **state)
{
    (void)state;
    char name[64];
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++)
        for (size_t i = 0; i < o2p_tables[t].column_count; i++) {
            if (o2p_tables[t].infos[i].parent >= 0)
                continue;
            strcpy(name, o2p_tables[t].infos[i].name);
            assert_non_null(check_one((o2p_promotion){O2P_PROMOTE_RECORD, name, NULL, 0}));
            assert_non_null(check_one((o2p_promotion){O2P_PROMOTE_RESOURCE, "k", name, 0}));
            name[0] = (char)(name[0] + ('a' - 'A'));
            assert_non_null(check_one((o2p_promotion){O2P_PROMOTE_RECORD, name, NULL, 0}));
        }
}

static void what_is_not_allowed(void **state)
{
    (void)state;
    static const o2p_promotion wrong[] = {
        {(o2p_promotion_source)0, "k", NULL, O2P_PROMOTE_STRING},
        {(o2p_promotion_source)3, "k", NULL, O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "k", NULL, (o2p_promotion_type)4},
        {O2P_PROMOTE_RECORD, "k", NULL, (o2p_promotion_type)-1},
        {O2P_PROMOTE_RECORD, NULL, NULL, O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, NULL, "c", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "", NULL, O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "k", "", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "\xFF", "c", O2P_PROMOTE_STRING},
        {O2P_PROMOTE_RECORD, "k", "\xC3", O2P_PROMOTE_STRING},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_non_null(check_one(wrong[i]));
    static const o2p_promotion twice[] = {{O2P_PROMOTE_RECORD, "k", NULL, O2P_PROMOTE_STRING},
                                          {O2P_PROMOTE_RECORD, "j", NULL, O2P_PROMOTE_STRING},
                                          {O2P_PROMOTE_RESOURCE, "x", "K", O2P_PROMOTE_STRING}};
    assert_non_null(o2p_promotions_check(twice, 3));
    assert_null(o2p_promotions_check(twice, 2));
    assert_non_null(o2p_promotions_check(NULL, 1));
}

static void their_number_is_limited(void **state)
{
    (void)state;
    static char names[O2P_MAX_PROMOTIONS + 1][4];
    o2p_promotion many[O2P_MAX_PROMOTIONS + 1];
    for (size_t i = 0; i <= O2P_MAX_PROMOTIONS; i++) {
        names[i][0] = 'k';
        names[i][1] = (char)('0' + i / 10);
        names[i][2] = (char)('0' + i % 10);
        many[i] = (o2p_promotion){O2P_PROMOTE_RECORD, names[i], NULL, O2P_PROMOTE_STRING};
    }
    assert_null(o2p_promotions_check(many, O2P_MAX_PROMOTIONS));
    assert_non_null(o2p_promotions_check(many, O2P_MAX_PROMOTIONS + 1));
}

static void copies_are_whole(void **state)
{
    (void)state;
    char key[] = "key", column[] = "column";
    o2p_promotion given[] = {{O2P_PROMOTE_RESOURCE, key, column, O2P_PROMOTE_INT64},
                             {O2P_PROMOTE_RECORD, key, NULL, O2P_PROMOTE_BOOL}};
    for (size_t n = 1; n < 3; n++) {
        counting_allocator counting = {.refuse_at = n};
        o2p_allocator allocator = counting_allocator_functions(&counting);
        o2p_memory memory;
        o2p_buffer storage;
        o2p_memory_init(&memory, &allocator, 0);
        o2p_buffer_init(&storage, &memory);
        const o2p_promotion *copy = given;
        assert_int_equal(o2p_promotions_copy(&copy, 2, &storage), n > 1);
        if (n > 1) {
            strcpy(key, "was");
            strcpy(column, "gone");
            assert_int_equal(copy[0].source, O2P_PROMOTE_RESOURCE);
            assert_int_equal(copy[0].type, O2P_PROMOTE_INT64);
            assert_string_equal(copy[0].key, "key");
            assert_string_equal(copy[0].column, "column");
            assert_string_equal(o2p_promotion_name(&copy[0]), "column");
            assert_string_equal(copy[1].key, "key");
            assert_null(copy[1].column);
            assert_string_equal(o2p_promotion_name(&copy[1]), "key");
        }
        o2p_buffer_free(&storage);
        assert_int_equal(counting.blocks, 0);
    }
    const o2p_promotion *none = NULL;
    assert_true(o2p_promotions_copy(&none, 0, NULL));
    assert_null(none);
}

static void maps_they_take_from(void **state)
{
    (void)state;
    for (o2p_table t = O2P_TABLE_LOGS; (int)t < O2P_TABLE_COUNT; t = (o2p_table)(t + 1)) {
        assert_int_equal(o2p_promotion_map(t, O2P_PROMOTE_RESOURCE), O2P_COL_ResourceAttributes);
        assert_int_equal(o2p_promotion_map(t, O2P_PROMOTE_RECORD),
                         t == O2P_TABLE_LOGS     ? O2P_COL_LogAttributes
                         : t == O2P_TABLE_TRACES ? O2P_COL_SpanAttributes
                                                 : O2P_COL_Attributes);
    }
}

static void keys_are_compared_whole(void **state)
{
    (void)state;
    const o2p_promotion p = {O2P_PROMOTE_RECORD, "abc", NULL, O2P_PROMOTE_STRING},
                        empty = {O2P_PROMOTE_RECORD, "", "c", O2P_PROMOTE_STRING};
    static const char *const others[] = {"", "a", "ab", "abcd", "abd", "Abc"};
    assert_true(o2p_promotion_is(&p, &(o2p_entry){(const uint8_t *)"abc", 3, 0}));
    assert_true(o2p_promotion_is(&empty, &(o2p_entry){NULL, 0, 0}));
    assert_false(o2p_promotion_is(&p, &(o2p_entry){(const uint8_t *)"abc\0", 4, 0}));
    assert_false(o2p_promotion_is(&empty, &(o2p_entry){(const uint8_t *)"\0", 1, 0}));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        o2p_entry key = {(const uint8_t *)others[i], (uint32_t)strlen(others[i]), 0};
        assert_false(o2p_promotion_is(&p, &key));
    }
}

static void types_they_hold(void **state)
{
    (void)state;
    static const char letters[] = "sidbyake";
    for (unsigned type = 0; type <= O2P_PROMOTE_BOOL; type++)
        for (size_t i = 0; i < sizeof(letters) - 1; i++) {
            o2p_promotion p = {O2P_PROMOTE_RECORD, "k", NULL, (o2p_promotion_type)type};
            assert_int_equal(o2p_promotion_holds(&p, (uint8_t)letters[i]), i == type);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_allowed),  cmocka_unit_test(names_of_columns_are_refused),
        cmocka_unit_test(what_is_not_allowed),     cmocka_unit_test(their_number_is_limited),
        cmocka_unit_test(copies_are_whole),        cmocka_unit_test(maps_they_take_from),
        cmocka_unit_test(keys_are_compared_whole), cmocka_unit_test(types_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
