/* decimal_parse.c - the double nearest to a decimal text; see decimal.h.
 *
 * The method is the one of D. Lemire ("Number parsing at a gigabyte per second", 2021), after M.
 * Eisel: the first 19 significant digits, an integer below 2^64, are multiplied with a power of ten
 * of 128 bits. The product is too small by less than a known bound; unless a midpoint between two
 * doubles is within that bound, its upper bits are the answer. If there were more than 19 digits,
 * the integer plus one must give the same answer.
 *
 * Where this leaves two neighbouring doubles to choose from (one text in many millions, unless it
 * is made for the purpose), the whole text is compared with the midpoint between the two, in
 * integers of as many bits as it takes. A midpoint has at most 768 significant digits, so the first
 * 800 of a longer text and whether a digit other than 0 follows them are enough, and the time is
 * linear in the text's length.
 */
#include "decimal.h"
#include "pow10.h"

enum {
    FRACTION_BITS = 52,
    LEAST_LOG2 = -1022,    /* of a normal double */
    WORD_DIGITS = 19,      /* any number of so many digits is below 2^64 */
    COMPARED_DIGITS = 800, /* see above */
    LARGEST_POWER = 308    /* 10^309 overflows */
};

static const uint64_t infinity_bits = (uint64_t)0x7FF << FRACTION_BITS;

/* A text that is of the right form. */
typedef struct decimal {
    const char *begin; /* digits, perhaps with a point among them */
    const char *end;
    uint64_t word;    /* all digits as an integer, modulo 2^64 */
    size_t count;     /* of digits, leading zeros included */
    int64_t exponent; /* of the last digit */
    bool negative;
} decimal;

/* ---- the form ------------------------------------------------------------------------------- */

/* Returns the end of the digits at `at` and appends them to *word. */
static inline const char *read_digits(const char *at, const char *end, uint64_t *word)
{
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        *word = *word * 10 + (uint64_t)(*at - '0');
    return at;
}

static inline const char *read_sign(const char *at, const char *end, bool *negative)
{
    *negative = at < end && *at == '-';
    return at < end && (*at == '-' || *at == '+') ? at + 1 : at;
}

/* Reads the exponent that `at` .. `end` consists of, if there is anything, and adds it to
 * *exponent. */
static bool read_exponent(const char *at, const char *end, int64_t *exponent)
{
    /* Digits beyond this change nothing: no text is long enough to make up for such an exponent. */
    const int64_t enough = (int64_t)1 << 56;
    bool negative;
    int64_t written = 0;
    if (at == end)
        return true;
    if (*at != 'e' && *at != 'E')
        return false;
    at = read_sign(at + 1, end, &negative);
    if (at == end)
        return false;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if (written < enough)
            written = written * 10 + (*at - '0');
    *exponent += negative ? -written : written;
    return at == end;
}

static bool read_decimal(const char *at, const char *end, decimal *d)
{
    size_t fraction = 0;
    d->word = 0;
    d->begin = read_sign(at, end, &d->negative);
    d->end = read_digits(d->begin, end, &d->word);
    d->count = (size_t)(d->end - d->begin);
    if (d->count == 0)
        return false;
    if (d->end < end && *d->end == '.') {
        const char *point = d->end;
        d->end = read_digits(point + 1, end, &d->word);
        fraction = (size_t)(d->end - point) - 1;
        if (fraction == 0)
            return false;
    }
    d->count += fraction;
    d->exponent = -(int64_t)fraction;
    return read_exponent(d->end, end, &d->exponent);
}

/* ---- 64 bits of the text -------------------------------------------------------------------- */

/* The leading digits of a decimal, as many as are sure to fit. */
typedef struct leading {
    uint64_t digits;
    int64_t exponent;
    bool cut; /* a digit other than 0 follows */
} leading;

static leading leading_digits(const decimal *d)
{
    leading l = {d->word, d->exponent, false};
    if (d->count <= WORD_DIGITS)
        return l;
    l.digits = 0;
    size_t taken = 0;
    for (const char *at = d->begin; at < d->end; at++) {
        if (*at == '.')
            continue;
        if (taken < WORD_DIGITS) {
            l.digits = l.digits * 10 + (uint64_t)(*at - '0');
            taken += l.digits != 0;
        } else {
            l.cut |= *at != '0';
            l.exponent++;
        }
    }
    return l;
}

/* The bits of the double nearest to digits * 10^exponent, digits > 0. When it is not *sure, it is
 * that double or the next greater. */
static uint64_t nearest(uint64_t digits, int exponent, bool *sure)
{
    bool exact = exponent >= 0 && exponent <= O2P_POW10_EXACT_MAX;
    unsigned zeros = o2p_leading_zeros(digits);
    o2p_wide power = o2p_pow10(exponent);
    o2p_wide upper = o2p_multiply(digits << zeros, power.high);
    o2p_wide lower = o2p_multiply(digits << zeros, power.low);

    /* The number is high.low * 2^(log2 - 63), high >= 2^63, or more by less than 8 units of low:
     * less than 3 for the power, 1 for what is cut here, and both twice if they are shifted. */
    uint64_t low = upper.low + lower.high;
    uint64_t high = upper.high + (low < upper.low);
    int log2 = o2p_pow10_log2(exponent) + 64 - (int)zeros;
    if (high >> 63 == 0) {
        high = high << 1 | low >> 63;
        low = low << 1 | lower.low >> 63;
        log2--;
    }

    /* Below the mantissa and the bit that decides on rounding, `rest` bits of high remain. */
    int rest = 63 - FRACTION_BITS - 1 + (log2 < LEAST_LOG2 ? LEAST_LOG2 - log2 : 0);
    *sure = true;
    if (rest > 64)
        return 0;
    uint64_t mantissa = high >> 1 >> (rest - 1);
    uint64_t below = high << (64 - rest), below_max = UINT64_MAX << (64 - rest);
    bool half = mantissa & 1;
    mantissa >>= 1;
    *sure = exact || half || below < below_max || low <= UINT64_MAX - 8;
    if (half && (!exact || (below | low | lower.low) != 0 || (mantissa & 1)))
        mantissa++;

    uint64_t biased = log2 < LEAST_LOG2 ? 0 : (uint64_t)(log2 - LEAST_LOG2);
    uint64_t bits =
        (biased << FRACTION_BITS) + mantissa; /* a carry goes to the exponent, as it must */
    return bits < infinity_bits ? bits : infinity_bits;
}

/* ---- all bits of the text ------------------------------------------------------------------- */

/* Numbers below 2^(32 LIMBS). Of the two that are compared neither exceeds 2^2700: 800 digits have
 * 2658 bits; 5^1124, for 800 digits of which the last is 10^-1124, has 2610, and 54 more for the
 * midpoint. */
enum { LIMBS = 96 };

typedef struct bignum {
    uint32_t limb[LIMBS]; /* least significant first */
    size_t size;          /* limbs in use; the last is not 0 */
} bignum;

static void multiply_add(bignum *n, uint32_t factor, uint32_t summand)
{
    uint64_t carry = summand;
    for (size_t i = 0; i < n->size; i++) {
        carry += (uint64_t)n->limb[i] * factor;
        n->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        O2P_ASSERT(n->size < LIMBS);
        n->limb[n->size++] = (uint32_t)carry;
    }
}

static void multiply_by_power_of_5(bignum *n, int64_t power)
{
    const uint32_t pow5_13 = 1220703125; /* the greatest in 32 bits */
    for (; power >= 13; power -= 13)
        multiply_add(n, pow5_13, 0);
    for (; power > 0; power--)
        multiply_add(n, 5, 0);
}

static void multiply_by_power_of_2(bignum *n, int64_t power)
{
    size_t limbs = (size_t)power / 32;
    multiply_add(n, (uint32_t)1 << power % 32, 0);
    O2P_ASSERT(n->size + limbs <= LIMBS);
    memmove(n->limb + limbs, n->limb, n->size * sizeof(n->limb[0]));
    memset(n->limb, 0, limbs * sizeof(n->limb[0]));
    n->size += limbs;
}

static int compare(const bignum *a, const bignum *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    for (size_t i = a->size; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* Reads up to 800 significant digits, the last of them being worth 10^*exponent; returns whether a
 * digit other than 0 follows. */
static bool read_bignum(bignum *n, const decimal *d, int64_t *exponent)
{
    uint32_t chunk = 0, scale = 1;
    size_t taken = 0;
    bool cut = false;
    n->size = 0;
    *exponent = d->exponent;
    for (const char *at = d->begin; at < d->end; at++) {
        if (*at == '.')
            continue;
        if (taken == COMPARED_DIGITS) {
            cut |= *at != '0';
            ++*exponent;
            continue;
        }
        chunk = chunk * 10 + (uint32_t)(*at - '0');
        scale *= 10;
        taken += taken > 0 || *at != '0';
        if (scale == 1000000000) {
            multiply_add(n, scale, chunk);
            chunk = 0;
            scale = 1;
        }
    }
    multiply_add(n, scale, chunk);
    return cut;
}

/* Compares the text with the midpoint between the finite double of `bits` and the next greater: <
 * 0, 0, > 0. */
static int compare_with_midpoint(const decimal *d, uint64_t bits)
{
    bignum text, midpoint = {{0}, 0};
    int64_t exponent;
    bool cut = read_bignum(&text, d, &exponent);

    uint64_t fraction = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    int biased = (int)(bits >> FRACTION_BITS);
    uint64_t twice = 2 * (biased == 0 ? fraction : fraction | (uint64_t)1 << FRACTION_BITS) + 1;
    int log2 =
        (biased == 0 ? 1 : biased) + LEAST_LOG2 - 1 - FRACTION_BITS - 1; /* of its last bit */
    multiply_add(&midpoint, 1, (uint32_t)(twice >> 32));
    multiply_by_power_of_2(&midpoint, 32);
    multiply_add(&midpoint, 1, (uint32_t)twice);

    /* text * 10^exponent : midpoint * 2^log2, made integers */
    multiply_by_power_of_5(exponent >= 0 ? &text : &midpoint, exponent >= 0 ? exponent : -exponent);
    if (exponent >= log2)
        multiply_by_power_of_2(&text, exponent - log2);
    else
        multiply_by_power_of_2(&midpoint, log2 - exponent);
    int order = compare(&text, &midpoint);
    return order == 0 ? cut : order;
}

/* `bits` is the double nearest to the text or the one before it. */
static uint64_t settle(const decimal *d, uint64_t bits)
{
    if (bits == infinity_bits)
        return bits;
    int order = compare_with_midpoint(d, bits);
    return bits + (order > 0 || (order == 0 && (bits & 1)));
}

bool o2p_parse_double(const char *text, size_t size, double *value)
{
    decimal d;
    if (size == 0 || !read_decimal(text, text + size, &d))
        return false;
    leading l = leading_digits(&d);
    uint64_t bits = 0;
    if (l.digits != 0 && l.exponent > LARGEST_POWER) {
        bits = infinity_bits;
    } else if (l.digits != 0 &&
               l.exponent >= O2P_POW10_MIN) { /* below, 2^64 * 10^-343 rounds to 0 */
        bool sure, next_sure = true;
        bits = nearest(l.digits, (int)l.exponent, &sure);
        bool same = !l.cut || nearest(l.digits + 1, (int)l.exponent, &next_sure) == bits;
        if (!sure || !next_sure || !same)
            bits = settle(&d, bits);
    }
    bits |= (uint64_t)d.negative << 63;
    memcpy(value, &bits, sizeof(*value));
    return true;
}
