/* hint.h - what a client has probably done when the bytes of its request cannot be read: mistakes
 * that everyone makes once, told from the bytes themselves.
 */
#ifndef O2P_SERVER_HINT_H
#define O2P_SERVER_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "submission.h"

/* Why a body, decompressed as its header says, is not even to be read: it is compressed still. NULL
 * when it is not. No request begins so: gzip's first byte is none of protobuf, and though zstd's
 * are, as a field that OTLP does not have, reading them could lose a whole request as an unknown
 * field. */
const char *hint_of_packed(const uint8_t *plain, size_t size);

/* A clause for the end of the message; "" when there is nothing to guess. The submission has been
 * refused. */
const char *hint_of(const submission *one);

/* What speaks to a port where it cannot be understood, by its first bytes; NULL: nobody we know. */
const char *hint_of_peer(const uint8_t *bytes, size_t size);

/* Whether these bytes begin a TLS handshake (RFC 8446, 5.1: a record of type 22, version 3.x). */
bool hint_is_tls(const uint8_t *bytes, size_t size);

#endif
