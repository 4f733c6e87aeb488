/* utf8.h - UTF-8 as the Unicode standard defines it (table 3-7): no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#ifndef O2P_BASE_UTF8_H
#define O2P_BASE_UTF8_H

#include "buffer.h"

/* Length of the longest valid prefix of `bytes`: `size` when all of it is valid UTF-8. */
size_t o2p_utf8_valid_prefix(const uint8_t *bytes, size_t size);

/* Whether a text of 8 to 64 bytes is ASCII, without a call. Of others it says no. */
static inline bool o2p_is_short_ascii(const uint8_t *bytes, size_t size)
{
    const uint64_t top_bits = UINT64_C(0x8080808080808080);
    if (size < 8 || size > 64)
        return false;
    uint64_t all = o2p_load_le64(bytes + size - 8);
    for (size_t i = 0; i + 8 < size; i += 8)
        all |= o2p_load_le64(bytes + i);
    return (all & top_bits) == 0;
}

/* Appends `bytes` with U+FFFD (EF BF BD) for each maximal subpart of an ill-formed sequence
 * (Unicode chapter 3, "U+FFFD Substitution of Maximal Subparts"), as Python's errors="replace" and
 * WHATWG do. */
void o2p_utf8_repair(o2p_buffer *out, const uint8_t *bytes, size_t size);

#endif
