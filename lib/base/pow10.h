/* pow10.h - powers of ten as 128-bit significands, for doubles as text.
 *
 *   10^k = (s + d) * 2^(e - 127)    s = o2p_pow10(k), 2^127 <= s < 2^128
 *                                   e = o2p_pow10_log2(k), the integer part of log2(10^k)
 *                                   d = 0 for 0 <= k <= 55, 0 < d < 3 for every other k
 */
#ifndef O2P_BASE_POW10_H
#define O2P_BASE_POW10_H

#include "word.h"

/* Every power that doubles can need; between the second pair the significands are exact. */
enum { O2P_POW10_MIN = -342, O2P_POW10_MAX = 324, O2P_POW10_EXACT_MAX = 55 };

/* O2P_POW10_MIN <= k <= O2P_POW10_MAX. */
o2p_wide o2p_pow10(int k);

/* 217706 / 2^16 is log2(10), closely enough for every k above. The bias keeps the shifted number
 * positive. */
static inline int o2p_pow10_log2(int k)
{
    return (int)((uint32_t)(k * 217706 + (2048 << 16)) >> 16) - 2048;
}

#endif
