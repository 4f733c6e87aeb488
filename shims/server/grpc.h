/* grpc.h - the texts of gRPC's header and trailer fields. */
#ifndef O2P_SERVER_GRPC_H
#define O2P_SERVER_GRPC_H

#include <stdbool.h>
#include <stddef.h>

#include "reply.h"

/* Whether a content type is that of gRPC with protobuf: application/grpc, +proto, and parameters;
 * not gRPC-Web. */
bool grpc_is_type(const char *content_type);

/* Writes grpc-message: bytes that are not printable ASCII, and %, become %XX. Cut to fit. */
void grpc_message(const char *text, char *out, size_t capacity);

/* Writes grpc-status-details-bin: the google.rpc.Status in base64 without padding. Returns its
 * size; 0 when it does not fit. */
size_t grpc_details(const reply *status, char *out, size_t capacity);

#endif
