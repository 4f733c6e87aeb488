/* server.h - what every file of this folder includes first: the feature macros that must come
 * before any system header, and what tells the compiler more than the language can.
 */
#ifndef O2P_SERVER_SERVER_H
#define O2P_SERVER_SERVER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* flock, accept4, SO_REUSEPORT, pipe2, beside POSIX.1-2008 */
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#if defined(__GNUC__)
#define LIKE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LIKE_PRINTF(text, first)
#endif

#endif
