/* test_decimal_format.c - tests of lib/base/decimal_format.c.
 *
 * Known doubles and their texts; and for doubles of all kinds, that the text reads back as the same
 * double, that none with a digit less does, and that none of that length is closer, with the C
 * library's strtod and printf, which round exactly, as judges. The file is compiled a second time
 * into this program, without 128-bit integers: both must give the same texts.
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
#define o2p_format_double portable_format_double
#include "../../lib/base/decimal_format.c"
#undef o2p_format_double

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* Formats both ways, with a NUL. Nothing is written after the room that is asked for. */
static void format(char text[O2P_DOUBLE_TEXT_MAX + 1], double value)
{
    char portable[O2P_DOUBLE_TEXT_MAX + 1];
    memset(text, '#', O2P_DOUBLE_TEXT_MAX + 1);
    size_t size = o2p_format_double(text, value);
    assert_true(size <= O2P_DOUBLE_TEXT_MAX);
    assert_int_equal(text[O2P_DOUBLE_TEXT_MAX], '#');
    assert_int_equal(portable_format_double(portable, value), size);
    assert_memory_equal(text, portable, size);
    text[size] = 0;
}

static const struct {
    uint64_t bits;
    const char *text;
} known[] = {
    /* the ends of the range */
    {0x0000000000000001u, "5e-324"},
    {0x0000000000000002u, "1e-323"},
    {0x0000000000000003u, "1.5e-323"},
    {0x000FFFFFFFFFFFFFu, "2.225073858507201e-308"},
    {0x0010000000000000u, "2.2250738585072014e-308"},
    {0x7FEFFFFFFFFFFFFEu, "1.7976931348623155e+308"},
    {0x7FEFFFFFFFFFFFFFu, "1.7976931348623157e+308"},
    /* short and long fractions */
    {0x3FB999999999999Au, "0.1"},
    {0x3FC999999999999Au, "0.2"},
    {0x3FD3333333333333u, "0.3"},
    {0x3FD3333333333334u, "0.30000000000000004"},
    {0x3FD5555555555555u, "0.3333333333333333"},
    {0x3FE5555555555555u, "0.6666666666666666"},
    {0x4040AAAAAAAAAAABu, "33.333333333333336"},
    {0x4011666666666666u, "4.35"},
    {0x3FE0000000000000u, "0.5"},
    {0xC029000000000000u, "-12.5"},
    {0x40FE240C9FBE76C9u, "123456.789"},
    {0x3F10000000000000u, "0.00006103515625"},
    /* where the form changes */
    {0x3EE4F8B588E368F1u, "0.00001"},
    {0x3EB0C6F7A0B5ED8Du, "0.000001"},
    {0x3EB92A737110E454u, "0.0000015"},
    {0x3EB4B66DC01EC6F8u, "0.000001234567890123456"},
    {0x3EB0C6F7A0B5ED8Cu, "9.999999999999997e-7"},
    {0x3E7AD7F29ABCAF48u, "1e-7"},
    {0x3E80C6F7A0B5ED8Du, "1.25e-7"},
    {0x441AC53A7E04BCD9u, "123456789012345670000"},
    {0x444B1AE4D6E2EF4Fu, "999999999999999900000"},
    {0x444B1AE4D6E2EF50u, "1e+21"},
    {0x4454542BA12A337Cu, "1.5e+21"},
    /* integers about 2^53 and beyond */
    {0x3FF0000000000000u, "1"},
    {0x4028000000000000u, "12"},
    {0x433FFFFFFFFFFFFFu, "9007199254740991"},
    {0x4340000000000000u, "9007199254740992"},
    {0x4340000000000001u, "9007199254740994"},
    {0x43E0000000000000u, "9223372036854776000"},
    {0x43F0000000000000u, "18446744073709552000"},
    {0x430C6BF526340000u, "1000000000000000"},
    {0x4341C37937E08000u, "10000000000000000"},
    {0x4415AF1D78B58C40u, "100000000000000000000"},
    /* powers of two, whose interval is narrower below */
    {0x3E70000000000000u, "5.960464477539063e-8"},
    {0x3D30000000000000u, "5.684341886080802e-14"},
    {0x4790000000000000u, "5.316911983139664e+36"},
    {0x000C000000000000u, "1.668805393880401e-308"},
    {0x3810000000000000u, "1.1754943508222875e-38"},
    /* two shortest equally close: the even one */
    {0x3F40080000000000u, "0.0004892349243164062"},
    {0x3F40180000000000u, "0.0004911422729492188"},
    {0x3EA4000000000000u, "5.960464477539062e-7"},
    {0x3EB2000000000000u, "0.0000010728836059570312"},
    /* others */
    {0x4480F0CF064DD592u, "1e+22"},
    {0x44B52D02C7E14AF6u, "1e+23"},
    {0x44E7D2A320DD7455u, "9e+23"},
    {0x447C7E83209E90B2u, "8.41e+21"},
    {0x54B249AD2594C37Du, "1e+100"},
    {0x47EFFFFFE0000000u, "3.4028234663852886e+38"},
    /* what is no number, or has no digits */
    {0x0000000000000000u, "0"},
    {0x8000000000000000u, "-0"},
    {0x7FF0000000000000u, "Infinity"},
    {0xFFF0000000000000u, "-Infinity"},
    {0x7FF8000000000000u, "NaN"},
    {0xFFF8000000000000u, "NaN"},
    {0x7FF0000000000001u, "NaN"},
    /* negative ones of each form */
    {0xBFB999999999999Au, "-0.1"},
    {0xC340000000000001u, "-9007199254740994"},
    {0xBEB4B66DC01EC6F8u, "-0.000001234567890123456"},
    {0x800FFFFFFFFFFFFFu, "-2.225073858507201e-308"},
};

static void known_doubles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char text[O2P_DOUBLE_TEXT_MAX + 1];
        format(text, double_of(known[i].bits));
        assert_string_equal(text, known[i].text);
    }
}

/* The significant digits of a text, without zeros at either end; returns how many. */
static size_t digits_of(char digits[32], const char *text)
{
    size_t count = 0;
    for (; *text != 0 && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    while (count > 0 && digits[count - 1] == '0')
        count--;
    digits[count] = 0;
    return count;
}

static bool reads_back(const char *text, double value)
{
    double read = strtod(text, NULL);
    return memcmp(&read, &value, sizeof(value)) == 0;
}

/* printf's %.Ne is the decimal of N + 1 digits nearest to the value. If that reads back as the
 * value, it is the closest of its length; for a power of two it may not while the next one up does.
 */
static void check_shortest(double value)
{
    char text[O2P_DOUBLE_TEXT_MAX + 1], digits[32], nearest[40], nearest_digits[32];
    format(text, value);
    assert_true(reads_back(text, value));
    size_t count = digits_of(digits, text);
    assert_in_range(count, 1, 17);
    if (count > 1) {
        (void)snprintf(nearest, sizeof(nearest), "%.*e", (int)count - 2, value);
        assert_false(reads_back(nearest, value));
    }
    (void)snprintf(nearest, sizeof(nearest), "%.*e", (int)count - 1, value);
    if (reads_back(nearest, value)) {
        digits_of(nearest_digits, nearest);
        assert_string_equal(digits, nearest_digits);
    } else {
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        assert_true(bits << 12 == 0);
    }
}

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void doubles_of_random_bits(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 50000; i++) {
        double value = double_of(next_random(&random));
        if (value - value == 0) /* finite */
            check_shortest(value);
    }
}

/* Every power of two and what is next to it; every power of ten, as near as it can be, and what is
 * next. */
static void powers_and_their_neighbours(void **state)
{
    (void)state;
    for (uint64_t biased = 0; biased < 0x7FF; biased++)
        for (uint64_t step = 0; step < 5; step++)
            if (biased > 0 || step > 2)
                check_shortest(double_of((biased << 52) + step - 2));
    for (uint64_t bit = 0; bit < 52; bit++)
        check_shortest(double_of((uint64_t)1 << bit));
    for (int exponent = -323; exponent <= 308; exponent++) {
        char text[16];
        uint64_t bits;
        (void)snprintf(text, sizeof(text), "1e%d", exponent);
        double value = strtod(text, NULL);
        memcpy(&bits, &value, sizeof(bits));
        for (uint64_t step = 0; step < 5; step++)
            if (bits + step > 2)
                check_shortest(double_of(bits + step - 2));
    }
}

static void denormals(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (uint64_t bits = 1; bits < 3000; bits++)
        check_shortest(double_of(bits));
    for (int i = 0; i < 5000; i++)
        check_shortest(double_of(next_random(&random) >> (12 + i % 52) | 1));
}

static void integers(void **state)
{
    (void)state;
    const double limit = 9007199254740992; /* 2^53 */
    for (int i = 0; i < 3000; i++) {
        check_shortest(i + 1);
        check_shortest(-limit + i);
        check_shortest(limit + 2 * i);
        check_shortest(limit / 2 + i);
        check_shortest(limit / 2 - i - 0.5);
    }
}

/* What was written with few digits comes back with them. */
static void short_decimals(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 50000; i++) {
        char written[32], text[O2P_DOUBLE_TEXT_MAX + 1];
        unsigned whole = (unsigned)(next_random(&random) % 100000);
        unsigned thousandths = (unsigned)(next_random(&random) % 999) + 1;
        int size = snprintf(written, sizeof(written), "%u.%03u", whole, thousandths);
        while (written[size - 1] == '0')
            written[--size] = 0;
        format(text, strtod(written, NULL));
        assert_string_equal(text, written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_doubles),
        cmocka_unit_test(doubles_of_random_bits),
        cmocka_unit_test(powers_and_their_neighbours),
        cmocka_unit_test(denormals),
        cmocka_unit_test(integers),
        cmocka_unit_test(short_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
