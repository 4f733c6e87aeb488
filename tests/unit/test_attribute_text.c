/* test_attribute_text.c - tests of lib/batch/attribute_text.[ch]: entries as they were added, and
 * numbers back from the text they are kept as.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "attribute_builder.h"
#include "../../lib/base/decimal.h"
#include "../../lib/base/text.h"
#include <cmocka.h>

static void entries_and_letters(void **state)
{
    (void)state;
    attribute_builder b;
    attributes_begin(&b);
    attributes_add(&b, "key", 's', "value");
    attributes_add(&b, "", 's', "");
    assert_int_equal(o2p_attribute_letter(&b.list, 0), 's');
    assert_null(b.list.letters);
    attributes_add(&b, "n", 'i', "5");
    assert_int_equal(o2p_attribute_letter(&b.list, 1), 's');
    assert_int_equal(o2p_attribute_letter(&b.list, 2), 'i');
    assert_int_equal(o2p_attribute_key(&b.list, 0)->size, 3);
    assert_memory_equal(o2p_attribute_value(&b.list, 0)->bytes, "value", 5);
    assert_int_equal(o2p_attribute_key(&b.list, 1)->size, 0);
    assert_int_equal(o2p_attribute_value(&b.list, 1)->size, 0);
    attributes_free(&b);
}

static void check_int(int64_t value)
{
    char text[O2P_INT64_TEXT_MAX];
    size_t size = o2p_format_i64(text, value);
    assert_true(o2p_attribute_int((const uint8_t *)text, size) == value);
}

static void ints_come_back(void **state)
{
    (void)state;
    for (int64_t value = -1000; value <= 1000; value++)
        check_int(value);
    for (unsigned bit = 0; bit < 64; bit++)
        for (uint64_t near = 0; near < 3; near++) {
            check_int((int64_t)((UINT64_C(1) << bit) + near - 1));
            check_int((int64_t)(0 - (UINT64_C(1) << bit) + near - 1));
        }
    assert_true(o2p_attribute_int((const uint8_t *)"", 0) == 0);
    assert_true(o2p_attribute_int((const uint8_t *)"-", 1) == 0);
}

static void check_double(uint64_t bits)
{
    char text[O2P_DOUBLE_TEXT_MAX];
    double value;
    memcpy(&value, &bits, sizeof(value));
    size_t size = o2p_format_double(text, value);
    assert_true(o2p_attribute_double((const uint8_t *)text, size) == bits);
}

static void doubles_come_back(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if ((random >> 52 & 0x7FF) != 0x7FF)
            check_double(random);
    }
    check_double(0);
    check_double((uint64_t)1 << 63);
    check_double((uint64_t)0x7FF << 52);
    check_double((uint64_t)0xFFF << 52);
    check_double((uint64_t)0xFFF << 51); /* a quiet NaN without sign */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_and_letters),
        cmocka_unit_test(ints_come_back),
        cmocka_unit_test(doubles_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
