/* attribute_text.c - see attribute_text.h. */
#include "attribute_text.h"

#include "../base/decimal.h"
#include "../base/text_parse.h"

int64_t o2p_attribute_int(const uint8_t *text, size_t size)
{
    uint64_t magnitude = 0;
    bool negative = size > 0 && *text == '-';
    if (size > negative)
        o2p_scan_digits(text + negative, text + size, &magnitude);
    return (int64_t)(negative ? 0 - magnitude : magnitude);
}

uint64_t o2p_attribute_double(const uint8_t *text, size_t size)
{
    static const uint64_t infinity = (uint64_t)0x7FF << 52, quiet = (uint64_t)1 << 51;
    uint64_t bits = infinity | quiet, sign = size > 0 && *text == '-' ? (uint64_t)1 << 63 : 0;
    double value;
    if (size > 0 && o2p_parse_double((const char *)text, size, &value))
        memcpy(&bits, &value, sizeof(bits));
    else if (size > 3) /* not NaN */
        bits = infinity | sign;
    return bits;
}
