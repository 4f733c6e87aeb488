/* text_parse.h - numbers and bytes from text: text.h the other way round. For doubles see
 * decimal.h.
 *
 * Numbers are JSON's (RFC 8259, section 6):
 *
 *   ["-"] ( "0" | 1-9 digits ) ["." digit+] [("e" | "E") ["+" | "-"] digit+]
 */
#ifndef O2P_BASE_TEXT_PARSE_H
#define O2P_BASE_TEXT_PARSE_H

#include "scan.h"

/* A number's parts, as they lie in the text. */
typedef struct o2p_number {
    const uint8_t *digits; /* before the point */
    const uint8_t *fraction;
    size_t digit_count;
    size_t fraction_count;
    int64_t exponent; /* beyond 2^56 either way it is cut: the value is the same to any reader */
    bool negative;
    const uint8_t *end; /* behind the number, or where it stops being one */
} o2p_number;

/* Reads the number that begins at `at`, which may be `end`. False if there is none. */
bool o2p_scan_number(const uint8_t *at, const uint8_t *end, o2p_number *number);

typedef enum o2p_integrality {
    O2P_INTEGER,
    O2P_INTEGER_FRACTION, /* it is not an integer */
    O2P_INTEGER_TOO_LARGE /* 2^64 or more */
} o2p_integrality;

/* The magnitude of a number that is an integer, however it is written: 1.50e2 is 150. Exact, and
 * linear in the text's length. */
o2p_integrality o2p_integer_of(const o2p_number *number, uint64_t *magnitude);

/* Decodes `size` hex digits of either case into size / 2 bytes at `to`. False when a byte is not
 * one, or `size` is odd. */
bool o2p_parse_hex(uint8_t *to, const uint8_t *text, size_t size);

/* Bytes that the base64 text of `size` bytes decodes to, at most. */
static inline size_t o2p_base64_room(size_t size)
{
    return size / 4 * 3 + size % 4;
}

/* Decodes base64 (RFC 4648) in the standard or the URL-safe alphabet, padded to a multiple of four
 * characters or not at all, into `to`, and sets *written. Bits beyond the last whole byte count for
 * nothing. False when the text is not base64. */
bool o2p_parse_base64(uint8_t *to, const uint8_t *text, size_t size, size_t *written);

/* Digits a 64-bit word always has room for. */
enum { O2P_WORD_DIGITS = 19 };

/* The number that eight bytes 0 to 9 are, first one lowest: joined to two, four, eight digits. */
static inline uint32_t o2p_join_digits(uint64_t v)
{
    v = v * 10 + (v >> 8);
    v = (v & 0x00FF00FF00FF00FFu) * 100 + (v >> 16 & 0x00FF00FF00FF00FFu);
    return (uint32_t)((v & 0x0000FFFF0000FFFFu) * 10000 + (v >> 32 & 0x0000FFFF0000FFFFu));
}

/* Reads the decimal digits at `at`; returns their end. *value is right if there are at most
 * O2P_WORD_DIGITS. Of eight bytes, those are digits that are 3x, as is their sum with 6; the rest
 * is shifted out, and what comes in are leading zeroes. */
static inline const uint8_t *o2p_scan_digits(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    static const uint32_t powers[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    uint64_t sum = 0;
    for (; end - at >= 8; at += 8) {
        uint64_t v = o2p_load_le64(at);
        uint64_t others = (v & (v + O2P_LOW_BITS * 6) & O2P_LOW_BITS * 0xF0) ^ O2P_LOW_BITS * '0';
        v -= O2P_LOW_BITS * '0';
        if (others != 0) {
            unsigned digits = o2p_trailing_zeros(others) / 8;
            v = digits == 0 ? 0 : v << (64 - 8 * digits);
            *value = sum * powers[digits] + o2p_join_digits(v);
            return at + digits;
        }
        sum = sum * 100000000 + o2p_join_digits(v);
    }
    for (; at < end && (uint8_t)(*at - '0') <= 9; at++)
        sum = sum * 10 + (uint8_t)(*at - '0');
    *value = sum;
    return at;
}

#endif
