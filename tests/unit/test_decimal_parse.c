/* test_decimal_parse.c - tests of lib/base/decimal_parse.c.
 *
 * Rounding is tested where it can go wrong: at the midpoint between two doubles, whose exact
 * decimal text (up to 770 digits) is computed here from the two, and next to it. Elsewhere the C
 * library's strtod, which rounds exactly, is the judge. The file is compiled a second time into
 * this program, without 128-bit integers: both must give the same doubles.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/decimal.h"

#define O2P_NO_INT128
#define o2p_parse_double portable_parse_double
#include "../../lib/base/decimal_parse.c"
#undef o2p_parse_double

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* Parses a copy that ends where its allocation does, both ways. */
static uint64_t parse(const char *text, size_t size)
{
    char *copy = (char *)malloc(size);
    double value = 0, portable = 0;
    assert_non_null(copy);
    memcpy(copy, text, size);
    if (!o2p_parse_double(copy, size, &value) || !portable_parse_double(copy, size, &portable))
        fail_msg("refused: %s", text);
    assert_int_equal(bits_of(value), bits_of(portable));
    free(copy);
    return bits_of(value);
}

static void check(const char *text, uint64_t bits)
{
    if (parse(text, strlen(text)) != bits)
        fail_msg("%s is not the double of bits %016llx", text, (unsigned long long)bits);
}

static void check_by_strtod(const char *text)
{
    check(text, bits_of(strtod(text, NULL)));
}

static void known_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } known[] = {
        {"0", 0.0},
        {"1", 1.0},
        {"+1", 1.0},
        {"-1", -1.0},
        {"007", 7.0},
        {"0.1", 0.1},
        {"-12.50", -12.5},
        {"1e3", 1000.0},
        {"1E+3", 1000.0},
        {"1e-3", 0.001},
        {"1.5e00000000000000000000000000003", 1500.0},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.000000000000000000000000000001e30", 1.0},
        {"18446744073709551615", 18446744073709551615.0},
        {"9007199254740993", 9007199254740992.0}, /* a midpoint, to the even one */
        {"9007199254740995", 9007199254740996.0}, /* the next one, also */
        {"9007199254740993.0000000000000000000000001", 9007199254740994.0},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        check(known[i].text, bits_of(known[i].value));
}

static void the_ends_of_the_range(void **state)
{
    (void)state;
    const uint64_t infinity = 0x7FF0000000000000, largest = 0x7FEFFFFFFFFFFFFF,
                   sign = (uint64_t)1 << 63;
    check("-0", sign);
    check("-0.000e5", sign);
    check("0e999999999999999999999", 0);
    check("1.7976931348623157e308", largest);
    check("1.7976931348623158e308", largest); /* below the midpoint to 2^1024 */
    check("1.7976931348623159e308", infinity);
    check("1e309", infinity);
    check("-1e999999999999999999999", infinity | sign);
    check("18446744073709551615e308", infinity);
    check("5e-324", 1);
    check("2.4703282292062328e-324", 1); /* just above half of the least denormal */
    check("2.4703282292062327e-324", 0);
    check("1e-400", 0);
    check("-1e-999999999999999999999", sign);
    check("9999999999999999999e-343", 0);
    check("2.2250738585072014e-308", (uint64_t)1 << 52);
    check("2.2250738585072011e-308", ((uint64_t)1 << 52) - 1); /* the greatest denormal */
    check("2.2250738585072012e-308", (uint64_t)1 << 52);
}

static void what_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",    "-",   "+",        ".",     ".5",    "5.",    "-.5", "1.e5",   "1e",   "1e+",
        "1e-", "e5",  " 1",       "1 ",    "1x",    "1.5.2", "--1", "+-1",    "0x10", "nan",
        "inf", "NaN", "Infinity", "1e5.5", "1e5e5", "1,5",   "1_0", "1.5e+-2"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        double value = 42;
        if (o2p_parse_double(wrong[i], strlen(wrong[i]), &value))
            fail_msg("taken: '%s'", wrong[i]);
        assert_true(value == 42);
    }
    double value;
    assert_false(o2p_parse_double("1\0", 2, &value));
    assert_false(o2p_parse_double(NULL, 0, &value));
}

/* Half the sum of two non-negative decimal texts "DDD.DDD" of the same form, as text of one more
 * digit. */
static void average(char *text, const char *a, const char *b)
{
    size_t size = strlen(a);
    assert_int_equal(strlen(b), size);
    unsigned carry = 0;
    for (size_t i = size; i-- > 0;) { /* the sum; a carry cannot leave the leading zero */
        if (a[i] == '.') {
            text[i] = '.';
            continue;
        }
        unsigned digit = (unsigned)(a[i] - '0') + (unsigned)(b[i] - '0') + carry;
        text[i] = (char)('0' + digit % 10);
        carry = digit / 10;
    }
    assert_int_equal(carry, 0);
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.')
            continue;
        unsigned digit = rest * 10 + (unsigned)(text[i] - '0');
        text[i] = (char)('0' + digit / 2);
        rest = digit % 2;
    }
    text[size] = rest != 0 ? '5' : '0';
    text[size + 1] = 0;
}

enum { EXACT_DIGITS = 1100, TEXT_MAX = 320 + EXACT_DIGITS };

/* All that may go wrong about the midpoint after the double of `bits`: it itself rounds to the even
 * one; by its last digit, or by a digit thousands of places later, more or less decides. */
static void check_midpoint(uint64_t bits)
{
    static char here[TEXT_MAX], next[TEXT_MAX], middle[TEXT_MAX + 3000];
    (void)snprintf(here, sizeof(here), "%0*.*f", EXACT_DIGITS + 312, EXACT_DIGITS, double_of(bits));
    (void)snprintf(next, sizeof(next), "%0*.*f", EXACT_DIGITS + 312, EXACT_DIGITS,
                   double_of(bits + 1));
    average(middle, here, next);
    check(middle, bits + (bits & 1));

    size_t size = strlen(middle);
    memset(middle + size, '0', 2000);
    middle[size + 2000] = 0;
    check(middle, bits + (bits & 1));
    middle[size + 1999] = '1';
    check(middle, bits + 1);

    middle[size] = 0;
    size_t last = size - 1; /* the last digit that is not 0: one less there, and nines after it */
    while (middle[last] == '0' || middle[last] == '.')
        last--;
    middle[last]--;
    memset(middle + size, '9', 1500);
    middle[size + 1500] = 0;
    for (size_t i = last + 1; i < size; i++)
        if (middle[i] != '.')
            middle[i] = '9';
    check(middle, bits);
}

static void midpoints(void **state)
{
    (void)state;
    static const uint64_t edge[] = {0,
                                    1,
                                    2,
                                    0xFFFFFFFFFFFFE,
                                    0xFFFFFFFFFFFFF,
                                    0x10000000000000,
                                    0x7FEFFFFFFFFFFFFD,
                                    0x7FEFFFFFFFFFFFFE,
                                    0x3FF0000000000000,
                                    0x433FFFFFFFFFFFFF,
                                    0x4340000000000000,
                                    0x3FEFFFFFFFFFFFFF};
    for (size_t i = 0; i < sizeof(edge) / sizeof(edge[0]); i++)
        check_midpoint(edge[i]);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 2000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = random >> 1;
        check_midpoint(bits % 0x7FEFFFFFFFFFFFFF);
    }
}

/* Between the greatest double and 2^1024: there is no next double to compute it from. */
static void the_midpoint_to_infinity(void **state)
{
    (void)state;
    char text[400];
    (void)snprintf(text, sizeof(text), "%.0f", double_of(0x7FEFFFFFFFFFFFFF));
    /* 2^1024 - 2^971 and 2^1024 - 2^970 differ by 2^970. */
    char step[400];
    (void)snprintf(step, sizeof(step), "%0*.0f", (int)strlen(text),
                   double_of((uint64_t)(1023 + 970) << 52));
    unsigned carry = 0;
    for (size_t i = strlen(text); i-- > 0;) {
        unsigned digit = (unsigned)(text[i] - '0') + (unsigned)(step[i] - '0') + carry;
        text[i] = (char)('0' + digit % 10);
        carry = digit / 10;
    }
    check(text, 0x7FF0000000000000);
    size_t last = strlen(text) - 1;
    assert_true(text[last] > '0');
    text[last]--;
    check(text, 0x7FEFFFFFFFFFFFFF);
}

/* Random digits, with a point anywhere or nowhere, and exponents beyond the range on both sides. */
static void random_texts(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        char text[80];
        size_t size = 0;
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t digits = random >> 59, point = random >> 53 & 63;
        int exponent = (int)(random >> 32 & 1023) - 512;
        if (random >> 31 & 1)
            text[size++] = '-';
        uint64_t more = random;
        for (size_t d = 0; d <= digits; d++) {
            if (d == point && d > 0)
                text[size++] = '.';
            more = more * 6364136223846793005u + 1442695040888963407u;
            text[size++] = (char)('0' + (more >> 33) % 10);
        }
        (void)snprintf(text + size, sizeof(text) - size, "e%d", i % 4 == 0 ? 0 : exponent);
        check_by_strtod(text);
    }
}

static void what_was_formatted_reads_back(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = random ^ random >> 32;
        if ((bits >> 52 & 0x7FF) == 0x7FF)
            continue;
        char text[O2P_DOUBLE_TEXT_MAX];
        size_t size = o2p_format_double(text, double_of(bits));
        assert_int_equal(parse(text, size), bits);
    }
}

/* A million digits: seconds if the time were quadratic in their number, milliseconds as it is. */
static void very_long_texts(void **state)
{
    (void)state;
    enum { ZEROS = 1000000 };
    char *text = (char *)malloc(ZEROS + 40);
    assert_non_null(text);
    memset(text, '0', ZEROS + 40);
    memcpy(text, "0.", 2);
    memcpy(text + ZEROS + 2, "125e1000001", 12);
    check(text, bits_of(1.25));
    memset(text, '0', ZEROS + 40);
    text[0] = '3';
    memcpy(text + ZEROS + 1, "e-1000000", 10);
    check(text, bits_of(3));
    memset(text, '0', ZEROS + 40);
    memcpy(text, "9007199254740993.", 17);
    text[ZEROS] = 0;
    check(text, bits_of(9007199254740992.0));
    text[ZEROS - 1] = '1';
    check(text, bits_of(9007199254740994.0));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(the_ends_of_the_range),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(midpoints),
        cmocka_unit_test(the_midpoint_to_infinity),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(what_was_formatted_reads_back),
        cmocka_unit_test(very_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
