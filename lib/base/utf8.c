/* utf8.c - see utf8.h.
 *
 * Telemetry is nearly all ASCII: 16 bytes at a time are tested for a top bit before anything is
 * decoded. Other sequences follow table 3-7 of the Unicode standard, in which the first byte
 * decides the length and the range of the second byte, and every further byte is 80..BF:
 *
 *   first     bytes   second
 *   00..7F    1
 *   C2..DF    2       80..BF
 *   E0        3       A0..BF    below: overlong
 *   E1..EF    3       80..BF
 *   ED        3       80..9F    above: surrogates
 *   F0        4       90..BF    below: overlong
 *   F1..F3    4       80..BF
 *   F4        4       80..8F    above: beyond U+10FFFF
 */
#include "utf8.h"
#include "scan.h"

static O2P_ALWAYS_INLINE uint64_t mark_non_ascii(uint64_t bytes)
{
    return bytes & O2P_TOP_BITS;
}

static inline bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

static inline bool second_fits(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_continuation(second);
    }
}

/* Length of the sequence that begins with `first`; 0 when none does. */
static inline size_t sequence_size(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Of the sequence of `size` bytes that begins at bytes[0], how many are there and fit. `left` > 0.
 */
static inline size_t fitting_bytes(const uint8_t *bytes, size_t left, size_t size)
{
    if (size < 2 || left < 2 || !second_fits(bytes[0], bytes[1]))
        return 1;
    size_t fitting = 2;
    while (fitting < size && fitting < left && is_continuation(bytes[fitting]))
        fitting++;
    return fitting;
}

size_t o2p_utf8_valid_prefix(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        at += o2p_scan(bytes + at, size - at, mark_non_ascii);
        while (at < size && bytes[at] >= 0x80) {
            size_t length = sequence_size(bytes[at]);
            if (length == 0 || fitting_bytes(bytes + at, size - at, length) < length)
                return at;
            at += length;
        }
    }
    return size;
}

void o2p_utf8_repair(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t valid = o2p_utf8_valid_prefix(bytes, size);
        o2p_buffer_append(out, bytes, valid);
        if (valid == size)
            return;
        o2p_buffer_append(out, "\xEF\xBF\xBD", 3);
        bytes += valid;
        size -= valid;
        size_t subpart = fitting_bytes(bytes, size, sequence_size(bytes[0]));
        bytes += subpart;
        size -= subpart;
    }
}
