/* coding.h - how a body is compressed (Content-Encoding, grpc-encoding), and undoing it within a
 * bound.
 */
#ifndef O2P_SERVER_CODING_H
#define O2P_SERVER_CODING_H

#include <stddef.h>
#include <stdint.h>

/* The codings. The values are pinned: the write-ahead log holds them. */
#define CODINGS(X)                                                                                 \
    X(CODING_IDENTITY, 0, "identity") /* not compressed */                                         \
    X(CODING_GZIP, 1, "gzip")         /* RFC 1952, any number of members */                        \
    X(CODING_DEFLATE, 2, "deflate")   /* RFC 1950: the zlib format, as HTTP has it */              \
    X(CODING_ZSTD, 3, "zstd")         /* RFC 8878, any number of frames */

typedef enum coding {
#define X(symbol, value, name) symbol = value,
    CODINGS(X)
#undef X
} coding;

/* The coding of a name, in any case; -1 when there is none. "" and "x-gzip" are names too. */
int coding_of(const char *name);

typedef enum decode_status {
    DECODE_OK,
    DECODE_BAD,       /* not what the coding says, or cut short */
    DECODE_TOO_LARGE, /* more than the bound */
    DECODE_NO_MEMORY
} decode_status;

/* Decompresses `size` bytes. On DECODE_OK `*plain` is to be freed and has `*plain_size` bytes, at
 * most `most`; otherwise nothing is held. Memory grows with what is there, and not with what the
 * bytes claim: by doubling, and never above twice `most`. For CODING_IDENTITY it is a copy. */
decode_status decode(coding kind, const uint8_t *bytes, size_t size, size_t most, uint8_t **plain,
                     size_t *plain_size);

#endif
