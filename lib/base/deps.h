/* deps.h - the only door between lib/ and the C library.
 *
 * Everything the core takes from its environment is included here and nowhere else, so that a port
 * (freestanding wasm, a kernel, an odd libc) has one file to read: fixed-width types, five memory
 * functions, and malloc/realloc/free for callers that bring no allocator (see memory.c).
 */
#ifndef O2P_BASE_DEPS_H
#define O2P_BASE_DEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h> /* malloc, realloc, free: used by memory.c alone */
#include <string.h> /* memcpy, memmove, memset, memcmp, strlen */

/* A programmer's error, not an input's. Checked in test builds only: the library never aborts a
 * program. */
#ifdef O2P_ASSERTIONS
#include <assert.h>
#define O2P_ASSERT(condition) assert(condition)
#else
#define O2P_ASSERT(condition) ((void)sizeof(condition))
#endif

#if defined(__GNUC__) || defined(__clang__)
#define O2P_LIKELY(x) __builtin_expect(!!(x), 1)
#define O2P_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define O2P_NOINLINE __attribute__((noinline))
#define O2P_ALWAYS_INLINE inline __attribute__((always_inline))
#define O2P_PREFETCH(address) __builtin_prefetch(address)
#else
#define O2P_LIKELY(x) (x)
#define O2P_UNLIKELY(x) (x)
#define O2P_NOINLINE
#define O2P_ALWAYS_INLINE inline
#define O2P_PREFETCH(address) ((void)(address))
#endif

#endif
