/* vector.h - sixteen bytes at once, in the compiler's own notation for vectors, where the target
 * has them and the compiler the notation (GCC 12, Clang). Elsewhere O2P_VECTORS is not defined, and
 * users have a form for 64-bit words, as do builds with O2P_NO_VECTORS (which the tests use to
 * compare the two).
 */
#ifndef O2P_BASE_VECTOR_H
#define O2P_BASE_VECTOR_H

#include "deps.h"

#if defined(__has_builtin) && !defined(O2P_NO_VECTORS)
#if __has_builtin(__builtin_shufflevector) &&                                                      \
    (defined(__SSE2__) || defined(__ARM_NEON) || defined(__wasm_simd128__))
#define O2P_VECTORS

typedef uint8_t o2p_vector __attribute__((vector_size(16)));

/* a[0] b[0] a[1] b[1] ... of the first eight bytes of each, or of the last. */
#define O2P_INTERLEAVE_LOW(a, b)                                                                   \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define O2P_INTERLEAVE_HIGH(a, b)                                                                  \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

#endif
#endif

#endif
