/* grpc.h - gRPC's messages, and the texts of its header and trailer fields.
 *
 *   | at | size | a message in a body                                        |
 *   | -- | ---- | ---------------------------------------------------------- |
 *   |  0 |    1 | 1: it is compressed, as grpc-encoding says; 0: it is not   |
 *   |  1 |    4 | its length, big-endian                                     |
 *   |  5 |      | the message                                                |
 */
#ifndef O2P_SERVER_GRPC_H
#define O2P_SERVER_GRPC_H

#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

#include "reply.h"

enum { GRPC_PREFIX = 5 }; /* of a message in a body */

/* The length that a message says it has. Its prefix is there. */
uint64_t grpc_length(const uint8_t *prefix);

/* Looks at a body, which is to be one message. NULL when it is: `*compressed` says whether it is
 * compressed, which needs a grpc-encoding that compresses: `encoding_named`. Otherwise what is
 * wrong with it. */
const char *grpc_unframe(const uint8_t *body, size_t size, bool encoding_named, bool *compressed);

/* Whether a content type is that of gRPC with protobuf: application/grpc, +proto, and parameters;
 * not gRPC-Web. */
bool grpc_is_type(const char *content_type);

/* Writes grpc-message: bytes that are not printable ASCII, and %, become %XX. Cut to fit. */
void grpc_message(const char *text, char *out, size_t capacity);

/* Writes grpc-status-details-bin: the google.rpc.Status in base64 without padding. Returns its
 * size; 0 when it does not fit. */
size_t grpc_details(const reply *status, char *out, size_t capacity);

#endif
