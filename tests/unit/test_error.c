/* test_error.c - every status has a name and a message, and an error is set as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "../../lib/base/error.h"
#include <cmocka.h>

static const char *const names[] = {
    "OK",        "OUT_OF_MEMORY", "BAD_OPTION", "UNDETECTED", "TRUNCATED", "MALFORMED",
    "WIRE_TYPE", "DEPTH",         "LIMIT",      "CODEC",      "VALUE",     "FULL",
};
enum { STATUSES = sizeof(names) / sizeof(names[0]) };

static void every_status_has_its_name(void **state)
{
    (void)state;
    assert_int_equal(STATUSES, O2P_ERR_FULL + 1);
    for (int status = 0; status < STATUSES; status++)
        assert_string_equal(o2p_status_name((o2p_status)status), names[status]);
    assert_string_equal(o2p_status_name((o2p_status)STATUSES), "UNKNOWN");
    assert_string_equal(o2p_status_name((o2p_status)-1), "UNKNOWN");
}

static void every_status_has_a_message_of_its_own(void **state)
{
    (void)state;
    o2p_error error, other;
    o2p_error_set(&error, O2P_OK, 0);
    assert_string_equal(error.message, "");
    for (int i = 1; i < STATUSES; i++) {
        o2p_error_set(&error, (o2p_status)i, 0);
        assert_true(strlen(error.message) > 5);
        for (int j = 0; j < i; j++) {
            o2p_error_set(&other, (o2p_status)j, 0);
            assert_string_not_equal(error.message, other.message);
        }
    }
}

/* Whatever was there before. */
static void all_of_an_error_is_set(void **state)
{
    (void)state;
    o2p_error error;
    memset(&error, 0xEE, sizeof(error));
    assert_int_equal(o2p_error_set(&error, O2P_ERR_TRUNCATED, 77), O2P_ERR_TRUNCATED);
    assert_int_equal(error.status, O2P_ERR_TRUNCATED);
    assert_int_equal(error.offset, 77);
    assert_int_equal(error.line, 0);
    for (size_t i = 0; i < O2P_FIELD_PATH_SIZE; i++)
        assert_int_equal(error.path[i], 0);
    assert_int_equal(o2p_error_set(&error, O2P_OK, 0), O2P_OK);
    assert_int_equal(error.offset, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_name),
        cmocka_unit_test(every_status_has_a_message_of_its_own),
        cmocka_unit_test(all_of_an_error_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
