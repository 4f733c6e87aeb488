/* text_parse.c - see text_parse.h. Hex and numbers go eight characters at a time through a 64-bit
 * register, base64 four by a table.
 */
#include "text_parse.h"

/* ---- numbers -------------------------------------------------------------------------------- */

static inline bool is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') <= 9;
}

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_digit(*at))
        at++;
    return at;
}

/* Reads the exponent behind the e. False if it has no digits. */
static bool scan_exponent(const uint8_t *at, const uint8_t *end, o2p_number *number)
{
    const int64_t enough = (int64_t)1 << 56;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    number->end = skip_digits(at, end);
    bool any = number->end > at;
    for (; at < number->end && number->exponent < enough; at++)
        number->exponent = number->exponent * 10 + (*at - '0');
    if (negative)
        number->exponent = -number->exponent;
    return any;
}

bool o2p_scan_number(const uint8_t *at, const uint8_t *end, o2p_number *number)
{
    number->negative = at < end && *at == '-';
    number->digits = at += number->negative;
    number->end = at < end && *at == '0' ? at + 1 : skip_digits(at, end);
    number->digit_count = (size_t)(number->end - at);
    number->fraction = number->end;
    number->fraction_count = 0;
    number->exponent = 0;
    if (number->digit_count == 0)
        return false;
    if (number->end < end && *number->end == '.') {
        number->fraction = number->end + 1;
        number->end = skip_digits(number->fraction, end);
        number->fraction_count = (size_t)(number->end - number->fraction);
        if (number->fraction_count == 0)
            return false;
    }
    if (number->end < end && (*number->end == 'e' || *number->end == 'E'))
        return scan_exponent(number->end + 1, end, number);
    return true;
}

/* *value = *value * 10 + digit. False, and *value as it was, when that is 2^64 or more. */
static bool push_digit(uint64_t *value, unsigned digit)
{
    const uint64_t most = UINT64_MAX / 10;
    if (*value > most || (*value == most && digit > UINT64_MAX % 10))
        return false;
    *value = *value * 10 + digit;
    return true;
}

o2p_integrality o2p_integer_of(const o2p_number *number, uint64_t *magnitude)
{
    size_t count = number->digit_count + number->fraction_count;
    int64_t point = (int64_t)number->digit_count + number->exponent; /* digits before it */
    bool fits = true, fraction = false;
    *magnitude = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte =
            i < number->digit_count ? number->digits[i] : number->fraction[i - number->digit_count];
        if ((int64_t)i < point)
            fits = fits && push_digit(magnitude, (unsigned)(byte - '0'));
        else
            fraction = fraction || byte != '0';
    }
    for (int64_t i = (int64_t)count; i < point && fits && *magnitude != 0; i++)
        fits = push_digit(magnitude, 0);
    if (fraction)
        return O2P_INTEGER_FRACTION;
    return fits ? O2P_INTEGER : O2P_INTEGER_TOO_LARGE;
}

/* ---- hex ------------------------------------------------------------------------------------ */

/* Marks the bytes, all below 0x80, that are at least `low` and at most `high`. */
static inline uint64_t mark_range(uint64_t v, uint64_t low, uint64_t high)
{
    return (v + O2P_LOW_BITS * (0x80 - low)) & ~(v + O2P_LOW_BITS * (0x7F - high)) & O2P_TOP_BITS;
}

/* Four bytes of eight hex digits, first one lowest; false when a byte is none. A letter's low half
 * is 9 less than its value. */
static inline bool bytes_of_hex(uint64_t v, uint32_t *bytes)
{
    uint64_t seven = v & ~O2P_TOP_BITS;
    uint64_t letters = mark_range(seven | O2P_LOW_BITS * 0x20, 'a', 'f');
    if (((letters | mark_range(seven, '0', '9')) & ~v) != O2P_TOP_BITS)
        return false;
    v = (v & O2P_LOW_BITS * 0x0F) + (letters >> 7) * 9;
    v = (v << 4 | v >> 8) & 0x00FF00FF00FF00FFu;
    v = (v | v >> 8) & 0x0000FFFF0000FFFFu;
    *bytes = (uint32_t)(v | v >> 16);
    return true;
}

bool o2p_parse_hex(uint8_t *to, const uint8_t *text, size_t size)
{
    uint32_t bytes;
    if (size % 2 != 0)
        return false;
    for (; size >= 8; size -= 8, text += 8, to += 4) {
        if (!bytes_of_hex(o2p_load_le64(text), &bytes))
            return false;
        o2p_store_le32(to, bytes);
    }
    if (size == 0)
        return true;
    /* The rest, with zeroes as digits behind it. */
    uint64_t rest = o2p_load_short(text, size) | O2P_LOW_BITS * '0' << 8 * size;
    if (!bytes_of_hex(rest, &bytes))
        return false;
    for (size_t i = 0; i < size / 2; i++)
        to[i] = (uint8_t)(bytes >> 8 * i);
    return true;
}

/* ---- base64 --------------------------------------------------------------------------------- */

enum { NO_DIGIT = 0x80 };

/* The six bits of a character, plus one so that what is not listed is 0. */
#define BITS_OF_13(first, value)                                                                   \
    [(first)] = (value) + 1, [(first) + 1] = (value) + 2, [(first) + 2] = (value) + 3,             \
    [(first) + 3] = (value) + 4, [(first) + 4] = (value) + 5, [(first) + 5] = (value) + 6,         \
    [(first) + 6] = (value) + 7, [(first) + 7] = (value) + 8, [(first) + 8] = (value) + 9,         \
    [(first) + 9] = (value) + 10, [(first) + 10] = (value) + 11, [(first) + 11] = (value) + 12,    \
    [(first) + 12] = (value) + 13

static const uint8_t base64_bits[256] = {
    BITS_OF_13('A', 0), BITS_OF_13('N', 13), BITS_OF_13('a', 26), BITS_OF_13('n', 39), ['0'] = 53,
    ['1'] = 54,         ['2'] = 55,          ['3'] = 56,          ['4'] = 57,          ['5'] = 58,
    ['6'] = 59,         ['7'] = 60,          ['8'] = 61,          ['9'] = 62,          ['+'] = 63,
    ['-'] = 63,         ['/'] = 64,          ['_'] = 64,
};

/* Six bits, or NO_DIGIT and more. */
static inline uint32_t base64_digit(uint8_t byte)
{
    return (uint32_t)base64_bits[byte] - 1;
}

bool o2p_parse_base64(uint8_t *to, const uint8_t *text, size_t size, size_t *written)
{
    const uint8_t *start = to;
    if (size > 0 && size % 4 == 0 && text[size - 1] == '=')
        size -= text[size - 2] == '=' ? 2 : 1;
    for (; size >= 4; size -= 4, text += 4, to += 3) {
        uint32_t a = base64_digit(text[0]), b = base64_digit(text[1]);
        uint32_t c = base64_digit(text[2]), d = base64_digit(text[3]);
        if ((a | b | c | d) >= NO_DIGIT)
            return false;
        uint32_t group = a << 18 | b << 12 | c << 6 | d;
        to[0] = (uint8_t)(group >> 16);
        to[1] = (uint8_t)(group >> 8);
        to[2] = (uint8_t)group;
    }
    if (size == 1)
        return false;
    if (size > 1) {
        uint32_t a = base64_digit(text[0]), b = base64_digit(text[1]);
        uint32_t c = size > 2 ? base64_digit(text[2]) : 0;
        if ((a | b | c) >= NO_DIGIT)
            return false;
        *to++ = (uint8_t)(a << 2 | b >> 4);
        if (size > 2)
            *to++ = (uint8_t)(b << 4 | c >> 2);
    }
    *written = (size_t)(to - start);
    return true;
}
