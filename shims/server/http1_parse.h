/* http1_parse.h - HTTP/1.1 as bytes (RFC 9112): the head of a request, and a chunked body. Reads
 * what is right and refuses the rest: what two servers could read in two ways is how requests are
 * smuggled past one of them.
 */
#ifndef O2P_SERVER_HTTP1_PARSE_H
#define O2P_SERVER_HTTP1_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "head.h"

typedef struct http1_head {
    head head;
    bool chunked;
    bool has_host;
    bool needs_host;       /* by its version */
    bool keep_alive;       /* the client will go on with this connection */
    bool expects_continue; /* it waits for 100 before it sends the body */
} http1_head;

/* Reads a head: `size` bytes that end with the first empty line, included. Returns 0, or the status
 * to answer with: 400 (without a Host too, RFC 9112, 3.2), 501 (a transfer coding other than
 * chunked), 505. */
int http1_parse_head(http1_head *it, const char *bytes, size_t size);

/* A chunked body while it comes. Zero it at the beginning. */
typedef struct http1_chunks {
    int state;
    uint64_t left; /* bytes of the chunk that are still to come */
    uint32_t line; /* bytes of the present line, or of the trailer so far */
} http1_chunks;

typedef enum chunk_status {
    CHUNK_MORE, /* all bytes are taken and there is no data among the rest */
    CHUNK_DATA, /* `*data` of `*data_size` bytes are a piece of the body */
    CHUNK_END,  /* the body is complete */
    CHUNK_BAD
} chunk_status;

/* Takes some of `size` bytes: how many is in `*taken`. To be called again with the rest, until it
 * is CHUNK_MORE with none left, or one of the last two. Trailer fields are dropped; lines of sizes
 * and the trailer are limited. */
chunk_status http1_next_chunk(http1_chunks *it, const char *bytes, size_t size, size_t *taken,
                              const char **data, size_t *data_size);

#endif
