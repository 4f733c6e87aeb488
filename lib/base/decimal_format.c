/* decimal_format.c - the shortest decimal text of a double; see decimal.h.
 *
 * The method is R. Giulietti's Schubfach ("The Schubfach way to render doubles", 2020). A double of
 * c units of 2^q stands for all numbers between the midpoints to its neighbours, an interval 2^q
 * wide, or 3/4 of that for a power of two. Let 10^k be the greatest power of ten not above that
 * width. Then at least one multiple of 10^k is in the interval and at most one of 10^(k+1). If
 * there is one of 10^(k+1), it is the shortest (zeros at its end removed); otherwise the multiple
 * of 10^k next to the double is. So it takes the double and the two midpoints, divided by 10^k, as
 * integers with two bits of fraction:
 *
 *   4c, 4c-2 (or 4c-1), 4c+2   times 2^q / 10^k, where 1 <= 2^q / 10^k < 14
 *
 * The last bit is set if anything was cut ("rounding to odd"), so that comparing with an even
 * number is exact.
 *
 * Whether anything was cut must be told from an approximate power of ten. o2p_pow10(-k) + 3 is
 * above the true significand by 0 < d <= 3, which makes the product, seen as a fraction of 128
 * bits, too great by less than 2^-67. Over all exponents q and all c < 2^53, the fraction of a true
 * product that is no integer is at least 2^-65.5 and at most 1 - 2^-61.5 (computed exactly, by the
 * distances between multiples of a number modulo 1). So the integer is never wrong, and a fraction
 * below 2^-66 means none.
 */
#include "decimal.h"
#include "pow10.h"
#include "text.h"

typedef struct decimal {
    uint64_t digits;
    int exponent; /* value = digits * 10^exponent */
} decimal;

enum { FRACTION_BITS = 52, EXPONENT_MASK = 0x7FF, EXPONENT_BIAS = 1023 + FRACTION_BITS };

/* floor(log10(2^q)), or of 3/4 * 2^q: an interval is narrower below a power of two. The constants
 * are log10(2) * 2^22 and -log10(3/4) * 2^22, close enough for all q of doubles; the bias keeps the
 * shifted number positive. */
static inline int floor_log10(int q, bool three_quarters)
{
    uint32_t scaled = (uint32_t)(q * 1262611 - (three_quarters ? 524031 : 0));
    return (int)((scaled + ((uint32_t)400 << 22)) >> 22) - 400;
}

/* factor * power / 2^128, rounded to odd. */
static inline uint64_t scale(uint64_t factor, o2p_wide power)
{
    o2p_wide upper = o2p_multiply(factor, power.high);
    o2p_wide lower = o2p_multiply(factor, power.low);
    uint64_t fraction = upper.low + lower.high;
    uint64_t whole = upper.high + (fraction < upper.low);
    return whole | ((fraction | lower.low >> 62) != 0);
}

static decimal without_zeros(uint64_t digits, int exponent)
{
    while (digits % 100000000 == 0) {
        digits /= 100000000;
        exponent += 8;
    }
    if (digits % 10000 == 0) {
        digits /= 10000;
        exponent += 4;
    }
    if (digits % 100 == 0) {
        digits /= 100;
        exponent += 2;
    }
    if (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (decimal){digits, exponent};
}

/* The shortest decimal of c * 2^q, c > 0. */
static decimal shortest(uint64_t c, int q, bool narrower_below)
{
    int k = floor_log10(q, narrower_below);
    o2p_wide power = o2p_pow10(-k);
    power.low += 3;
    power.high += power.low < 3;
    int shift = q + o2p_pow10_log2(-k) + 1; /* 1..4, as 2^q / 10^k is 1..14 */

    uint64_t here = scale(4 * c << shift, power);
    uint64_t lower = scale((4 * c - (narrower_below ? 1 : 2)) << shift, power);
    uint64_t upper = scale((4 * c + 2) << shift, power);
    uint64_t open = c & 1; /* a midpoint rounds to the even of its neighbours */

    uint64_t below = here / 4, tens = below / 10;
    bool tens_fit = lower + open <= 40 * tens;
    if (tens_fit || 40 * tens + 40 + open <= upper)
        return without_zeros(tens_fit ? tens : tens + 1, k + 1);

    bool below_fits = lower + open <= 4 * below;
    bool above_fits = 4 * below + 4 + open <= upper;
    bool above_nearer = here > 4 * below + 2 || (here == 4 * below + 2 && (below & 1));
    bool above = above_fits && (above_nearer || !below_fits);
    return (decimal){below + above, k};
}

/* "1.5e-7" */
static size_t write_scientific(char *at, decimal d)
{
    size_t count = o2p_format_u64(at + 1, d.digits), size = 1;
    int power = d.exponent + (int)count - 1;
    at[0] = at[1];
    if (count > 1) {
        at[1] = '.';
        size = count + 1;
    }
    at[size++] = 'e';
    at[size++] = power < 0 ? '-' : '+';
    return size + o2p_format_u64(at + size, (uint64_t)(power < 0 ? -power : power));
}

static size_t write_decimal(char *at, decimal d)
{
    size_t count = o2p_format_u64(at + 1, d.digits);
    int point = d.exponent + (int)count;
    if (point < -5 || point > 21)
        return write_scientific(at, d);
    if (point <= 0) { /* 0.00015 */
        size_t start = 2 + (size_t)-point;
        memmove(at + start, at + 1, count);
        memset(at, '0', start);
        at[1] = '.';
        return start + count;
    }
    size_t whole = (size_t)point < count ? (size_t)point : count;
    memmove(at, at + 1, whole);
    if (d.exponent >= 0) { /* 1500 */
        memset(at + count, '0', (size_t)d.exponent);
        return (size_t)point;
    }
    at[whole] = '.'; /* 1.5 */
    return count + 1;
}

static size_t write_special(char *at, const char *text)
{
    size_t size = strlen(text);
    memcpy(at, text, size);
    return size;
}

size_t o2p_format_double(char *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t fraction = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    int exponent = (int)(bits >> FRACTION_BITS & EXPONENT_MASK);
    bool negative = bits >> 63 != 0;

    if (exponent == EXPONENT_MASK && fraction != 0)
        return write_special(at, "NaN");
    *at = '-';
    at += negative;
    if (exponent == EXPONENT_MASK)
        return negative + write_special(at, "Infinity");
    if ((bits << 1) == 0)
        return negative + write_special(at, "0");

    uint64_t c = exponent == 0 ? fraction : fraction | (uint64_t)1 << FRACTION_BITS;
    int q = (exponent == 0 ? 1 : exponent) - EXPONENT_BIAS;
    /* An integer below 2^53: no shorter text is within half a unit. */
    if (q <= 0 && q >= -FRACTION_BITS && (c & (((uint64_t)1 << -q) - 1)) == 0)
        return negative + o2p_format_u64(at, c >> -q);
    return negative + write_decimal(at, shortest(c, q, fraction == 0 && exponent > 1));
}
