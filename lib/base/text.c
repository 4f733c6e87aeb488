/* text.c - see text.h.
 *
 * Integers are written from their end, two digits a table lookup and eight a 64-bit division. Hex
 * needs no table: sixteen bytes become digits in vectors (vector.h), or four in one 64-bit
 * register. JSON strings are copied in runs between the bytes that need an escape, and these are
 * looked for eight at a time.
 */
#include "text.h"
#include "scan.h"
#include "vector.h"

/* ---- integers ------------------------------------------------------------------------------- */

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

static inline void put_2(char *at, uint32_t value)
{
    memcpy(at, digit_pairs + 2 * value, 2);
}

static inline void put_4(char *at, uint32_t value)
{
    put_2(at, value / 100);
    put_2(at + 2, value % 100);
}

static inline void put_8(char *at, uint32_t value)
{
    put_4(at, value / 10000);
    put_4(at + 4, value % 10000);
}

static inline size_t count_digits(uint64_t value)
{
    size_t count = 1;
    for (; value >= 10000; value /= 10000)
        count += 4;
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

size_t o2p_format_u64(char *at, uint64_t value)
{
    size_t count = count_digits(value);
    char *end = at + count;
    for (; value >= 100000000; value /= 100000000)
        put_8(end -= 8, (uint32_t)(value % 100000000));
    uint32_t rest = (uint32_t)value;
    for (; rest >= 100; rest /= 100)
        put_2(end -= 2, rest % 100);
    if (rest >= 10)
        put_2(at, rest);
    else
        *at = (char)('0' + rest);
    return count;
}

size_t o2p_format_i64(char *at, int64_t value)
{
    if (value >= 0)
        return o2p_format_u64(at, (uint64_t)value);
    *at = '-';
    return 1 + o2p_format_u64(at + 1, 0 - (uint64_t)value);
}

/* ---- base64 --------------------------------------------------------------------------------- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static inline void put_base64(uint8_t *at, uint32_t group)
{
    at[0] = (uint8_t)base64_digits[group >> 18];
    at[1] = (uint8_t)base64_digits[group >> 12 & 63];
    at[2] = (uint8_t)base64_digits[group >> 6 & 63];
    at[3] = (uint8_t)base64_digits[group & 63];
}

void o2p_append_base64(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    size_t groups = (size - 1) / 3 + 1; /* a length beyond SIZE_MAX is refused like any too great */
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, groups <= SIZE_MAX / 4 ? 4 * groups : SIZE_MAX);
    if (at == NULL)
        return;
    for (; size > 3; size -= 3, bytes += 3, at += 4)
        put_base64(at, (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2]);
    uint32_t second = size > 1 ? bytes[1] : 0, third = size > 2 ? bytes[2] : 0;
    put_base64(at, (uint32_t)bytes[0] << 16 | second << 8 | third);
    if (size < 3)
        at[3] = '=';
    if (size < 2)
        at[2] = '=';
}

/* ---- hex ------------------------------------------------------------------------------------ */

/* Eight hex digits of four bytes, all at once: the bytes, first one lowest, are spread to two
 * nibbles each; a nibble n becomes '0' + n, and 39 more from 10 on ('a' - '0' - 10). */
static inline uint64_t hex_of_4(uint32_t bytes)
{
    uint64_t v = bytes;
    v = (v | v << 16) & 0x0000FFFF0000FFFFu;
    v = (v | v << 8) & 0x00FF00FF00FF00FFu;
    v = (v >> 4 | v << 8) & 0x0F0F0F0F0F0F0F0Fu;
    uint64_t letters = (v + 0x0606060606060606u) >> 4 & 0x0101010101010101u;
    return v + 0x3030303030303030u + letters * 39;
}

#ifdef O2P_VECTORS

/* The same with a vector: a third of the instructions. */
static inline o2p_vector digits_of(o2p_vector nibbles)
{
    return nibbles + '0' + ((o2p_vector)(nibbles > 9) & 39);
}

static inline void put_hex_16(uint8_t *at, const uint8_t *bytes)
{
    o2p_vector v;
    memcpy(&v, bytes, sizeof(v));
    o2p_vector high = digits_of(v / 16), low = digits_of(v % 16);
    o2p_vector first = O2P_INTERLEAVE_LOW(high, low), last = O2P_INTERLEAVE_HIGH(high, low);
    memcpy(at, &first, sizeof(first));
    memcpy(at + 16, &last, sizeof(last));
}

static inline void put_hex_8(uint8_t *at, const uint8_t *bytes)
{
    o2p_vector v = {0};
    memcpy(&v, bytes, 8);
    v = O2P_INTERLEAVE_LOW(digits_of(v / 16), digits_of(v % 16));
    memcpy(at, &v, sizeof(v));
}

#else

static inline void put_hex_8(uint8_t *at, const uint8_t *bytes)
{
    o2p_store_le64(at, hex_of_4(o2p_load_le32(bytes)));
    o2p_store_le64(at + 8, hex_of_4(o2p_load_le32(bytes + 4)));
}

static inline void put_hex_16(uint8_t *at, const uint8_t *bytes)
{
    put_hex_8(at, bytes);
    put_hex_8(at + 16, bytes + 8);
}

#endif

void o2p_format_hex(uint8_t *at, const uint8_t *bytes, size_t size)
{
    for (; size >= 16; size -= 16, bytes += 16, at += 32)
        put_hex_16(at, bytes);
    for (; size >= 8; size -= 8, bytes += 8, at += 16)
        put_hex_8(at, bytes);
    for (; size > 0; size--, bytes++, at += 2) {
        uint64_t pair = hex_of_4(*bytes);
        at[0] = (uint8_t)pair;
        at[1] = (uint8_t)(pair >> 8);
    }
}

void o2p_append_hex(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, size <= SIZE_MAX / 2 ? 2 * size : SIZE_MAX);
    if (at != NULL)
        o2p_format_hex(at, bytes, size);
}

/* ---- JSON strings --------------------------------------------------------------------------- */

/* Marks the bytes that need an escape: those below 0x20, quotes and backslashes. In v - n, with n
 * in each byte, the top bit of a byte below 0x80 is set if it was below n, or by a borrow from such
 * a byte below it. */
static O2P_ALWAYS_INLINE uint64_t mark_escapes(uint64_t v)
{
    uint64_t quote = v ^ O2P_LOW_BITS * '"', backslash = v ^ O2P_LOW_BITS * '\\';
    return (((v - O2P_LOW_BITS * 0x20) & ~v) | ((quote - O2P_LOW_BITS) & ~quote) |
            ((backslash - O2P_LOW_BITS) & ~backslash)) &
           O2P_TOP_BITS;
}

static void append_escape(o2p_buffer *out, uint8_t byte)
{
    static const char short_escape[] = {
        ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
        ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
    };
    o2p_buffer_byte(out, '\\');
    if (short_escape[byte] != 0) {
        o2p_buffer_byte(out, (uint8_t)short_escape[byte]);
        return;
    }
    o2p_buffer_append(out, "u00", 3);
    o2p_append_hex(out, &byte, 1);
}

void o2p_append_json_string(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    if (!o2p_buffer_reserve(out, size + 2)) /* enough unless there are escapes */
        return;
    o2p_buffer_byte(out, '"');
    for (;;) {
        size_t plain = o2p_scan(bytes, size, mark_escapes);
        o2p_buffer_append(out, bytes, plain);
        if (plain == size)
            break;
        append_escape(out, bytes[plain]);
        bytes += plain + 1;
        size -= plain + 1;
    }
    o2p_buffer_byte(out, '"');
}
