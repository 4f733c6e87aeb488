/* word.h - arithmetic on 64-bit words that C has no operator for: the 128-bit product of two, and
 * the number of zero bits at either end.
 *
 * The product is one instruction where the compiler has unsigned __int128. WebAssembly has no such
 * instruction and calls a runtime function for it, so it takes the portable form, as does a build
 * with O2P_NO_INT128 (which the tests use to compare the two).
 */
#ifndef O2P_BASE_WORD_H
#define O2P_BASE_WORD_H

#include "deps.h"

typedef struct o2p_wide {
    uint64_t high;
    uint64_t low;
} o2p_wide;

#if defined(__SIZEOF_INT128__) && !defined(__wasm__) && !defined(O2P_NO_INT128)

__extension__ typedef unsigned __int128 o2p_uint128;

static O2P_ALWAYS_INLINE o2p_wide o2p_multiply(uint64_t a, uint64_t b)
{
    o2p_uint128 product = (o2p_uint128)a * b;
    return (o2p_wide){(uint64_t)(product >> 64), (uint64_t)product};
}

#else

/* Schoolbook multiplication with 32-bit digits. `middle` cannot overflow: (2^32-1)^2 + 2 (2^32-1) <
 * 2^64. */
static inline o2p_wide o2p_multiply(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t lowest = a0 * b0, cross = a1 * b0;
    uint64_t middle = a0 * b1 + (lowest >> 32) + (uint32_t)cross;
    return (o2p_wide){a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (uint32_t)lowest};
}

#endif

/* Zero bits above the highest one bit of v > 0. */
static inline unsigned o2p_leading_zeros(uint64_t v)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_clzll(v);
#else
    unsigned zeros = 0;
    for (; v >> 63 == 0; v <<= 1)
        zeros++;
    return zeros;
#endif
}

/* Zero bits below the lowest one bit of v > 0. */
static inline unsigned o2p_trailing_zeros(uint64_t v)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_ctzll(v);
#else
    return 63 - o2p_leading_zeros(v & (0 - v));
#endif
}

#endif
