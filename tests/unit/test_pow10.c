/* test_pow10.c - tests of lib/base/pow10.c and of the arithmetic in lib/base/word.h, in exact
 * integers.
 *
 * The files are compiled a second time into this program, without 128-bit integers: both must give
 * the same values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define O2P_NO_INT128
#define o2p_pow10 portable_pow10
#include "../../lib/base/pow10.c"
#undef o2p_pow10

o2p_wide o2p_pow10(int k); /* the library's own */

/* An integer of 32-bit digits, the lowest first. */
typedef struct natural {
    uint32_t digit[64];
    size_t size;
} natural;

static natural natural_of(o2p_wide value)
{
    natural n = {{(uint32_t)value.low, (uint32_t)(value.low >> 32), (uint32_t)value.high,
                  (uint32_t)(value.high >> 32)},
                 4};
    return n;
}

static void add(natural *n, uint32_t summand)
{
    uint64_t carry = summand;
    for (size_t i = 0; carry != 0; i++) {
        carry += n->digit[i];
        n->digit[i] = (uint32_t)carry;
        carry >>= 32;
        n->size = i >= n->size ? i + 1 : n->size;
    }
}

static void multiply_by_5(natural *n, int times)
{
    while (times-- > 0) {
        uint64_t carry = 0;
        for (size_t i = 0; i < n->size; i++) {
            carry += (uint64_t)n->digit[i] * 5;
            n->digit[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry != 0) {
            assert_true(n->size < sizeof(n->digit) / sizeof(n->digit[0]));
            n->digit[n->size++] = (uint32_t)carry;
        }
    }
}

static int bit_length(const natural *n)
{
    for (size_t i = n->size; i-- > 0;)
        for (int bit = 31; bit >= 0; bit--)
            if (n->digit[i] >> bit & 1)
                return (int)i * 32 + bit + 1;
    return 0;
}

static int compare(const natural *a, const natural *b)
{
    for (size_t i = sizeof(a->digit) / sizeof(a->digit[0]); i-- > 0;)
        if (a->digit[i] != b->digit[i])
            return a->digit[i] < b->digit[i] ? -1 : 1;
    return 0;
}

static natural power_of_two(int exponent)
{
    natural n = {{0}, (size_t)exponent / 32 + 1};
    n.digit[exponent / 32] = (uint32_t)1 << exponent % 32;
    return n;
}

/* Shifts left, which keeps the value exact, until `bits` long. */
static natural scaled_to(natural n, int bits)
{
    for (int length = bit_length(&n); length < bits; length++) {
        natural copy = n;
        n.size = (size_t)bits / 32 + 1;
        for (size_t i = 0; i < n.size; i++)
            n.digit[i] = copy.digit[i] << 1 | (i > 0 ? copy.digit[i - 1] >> 31 : 0);
    }
    return n;
}

/* 10^k = (s + d) 2^(log2 - 127), so 5^k = (s + d) 2^(log2 - k - 127): for k >= 0 both s and 5^k are
 * scaled to the same length; for k < 0, (s + d) 5^-k is a power of two. */
static void every_power_is_within_its_bound(void **state)
{
    (void)state;
    for (int k = O2P_POW10_MIN; k <= O2P_POW10_MAX; k++) {
        natural least = natural_of(o2p_pow10(k)), most = least, truth;
        assert_int_equal(bit_length(&least), 128);
        add(&most, 3);
        if (k >= 0) {
            truth = (natural){{1}, 1};
            multiply_by_5(&truth, k);
            assert_int_equal(o2p_pow10_log2(k), k + bit_length(&truth) - 1);
            int bits = bit_length(&truth) < 130 ? 130 : bit_length(&truth);
            truth = scaled_to(truth, bits);
            least = scaled_to(least, bits);
            most = scaled_to(most, bits);
        } else {
            multiply_by_5(&least, -k);
            multiply_by_5(&most, -k);
            truth = power_of_two(127 - o2p_pow10_log2(k) + k);
        }
        int order = compare(&least, &truth);
        bool exact = k >= 0 && k <= O2P_POW10_EXACT_MAX;
        assert_true(exact ? order == 0 : order < 0);
        assert_true(compare(&most, &truth) > 0);
    }
}

static void portable_multiplication_gives_the_same_powers(void **state)
{
    (void)state;
    for (int k = O2P_POW10_MIN; k <= O2P_POW10_MAX; k++) {
        o2p_wide own = o2p_pow10(k), portable = portable_pow10(k);
        assert_int_equal(own.high, portable.high);
        assert_int_equal(own.low, portable.low);
    }
}

/* A product by adding shifted copies. */
static o2p_wide multiply_by_bits(uint64_t a, uint64_t b)
{
    o2p_wide sum = {0, 0};
    for (int bit = 63; bit >= 0; bit--) {
        sum.high = sum.high << 1 | sum.low >> 63;
        sum.low <<= 1;
        if (b >> bit & 1) {
            sum.low += a;
            sum.high += sum.low < a;
        }
    }
    return sum;
}

static void portable_products_are_right(void **state)
{
    (void)state;
    static const uint64_t edge[] = {0,
                                    1,
                                    2,
                                    0x7FFFFFFF,
                                    0xFFFFFFFF,
                                    0x100000000,
                                    0x100000001,
                                    UINT64_MAX,
                                    UINT64_MAX - 1,
                                    0xFFFFFFFF00000000,
                                    0x8000000000000000,
                                    0x123456789ABCDEF0};
    enum { EDGES = sizeof(edge) / sizeof(edge[0]) };
    uint64_t random = 1;
    for (size_t i = 0; i < 10000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t a = i < EDGES * EDGES ? edge[i % EDGES] : random;
        uint64_t b = i < EDGES * EDGES ? edge[i / EDGES] : random << 32 | random >> 32;
        o2p_wide product = o2p_multiply(a, b), expected = multiply_by_bits(a, b);
        assert_int_equal(product.high, expected.high);
        assert_int_equal(product.low, expected.low);
    }
}

static void zero_bits_are_counted(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t one = (uint64_t)1 << bit;
        assert_int_equal(o2p_leading_zeros(one), 63 - bit);
        assert_int_equal(o2p_leading_zeros(one | (one - 1)), 63 - bit);
        assert_int_equal(o2p_trailing_zeros(one), bit);
        assert_int_equal(o2p_trailing_zeros(UINT64_MAX << bit), bit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_power_is_within_its_bound),
        cmocka_unit_test(portable_multiplication_gives_the_same_powers),
        cmocka_unit_test(portable_products_are_right),
        cmocka_unit_test(zero_bits_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
