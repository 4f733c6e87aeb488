/* scan.h - finding the first byte of some kind, eight bytes at a time.
 *
 * The kind is a function from eight bytes, the first one lowest, to a word with the top bit set of
 * each byte that is of the kind, and no other bits. Only its lowest one bit is used: above that
 * one, bytes may be marked wrongly, as carries and borrows do. The last eight bytes are loaded
 * again, overlapping what has been scanned, so that there is no byte-wise rest.
 */
#ifndef O2P_BASE_SCAN_H
#define O2P_BASE_SCAN_H

#include "buffer.h"
#include "word.h"

/* One bit for each byte: the lowest, and the top one. */
#define O2P_LOW_BITS UINT64_C(0x0101010101010101)
#define O2P_TOP_BITS UINT64_C(0x8080808080808080)

/* A text shorter than eight bytes as a word, the bytes beyond it zero. The loads may overlap. */
static inline uint64_t o2p_load_short(const uint8_t *bytes, size_t size)
{
    if (size >= 4)
        return o2p_load_le32(bytes) | (uint64_t)o2p_load_le32(bytes + size - 4) << 8 * (size - 4);
    if (size == 0)
        return 0;
    return bytes[0] | (uint64_t)bytes[size / 2] << 8 * (size / 2) |
           (uint64_t)bytes[size - 1] << 8 * (size - 1);
}

/* Index of the first byte that `kind` marks; `size` if there is none. */
static O2P_ALWAYS_INLINE size_t o2p_scan(const uint8_t *bytes, size_t size,
                                         uint64_t (*kind)(uint64_t))
{
    uint64_t marks;
    if (size < 8) { /* if zero is of the kind, the first one beyond the text is found: at `size` */
        marks = kind(o2p_load_short(bytes, size));
        return marks == 0 ? size : o2p_trailing_zeros(marks) / 8;
    }
    size_t last = size - 8;
    for (size_t at = 0; at < last; at += 8) {
        marks = kind(o2p_load_le64(bytes + at));
        if (marks != 0)
            return at + o2p_trailing_zeros(marks) / 8;
    }
    marks = kind(o2p_load_le64(bytes + last));
    return marks == 0 ? size : last + o2p_trailing_zeros(marks) / 8;
}

#endif
