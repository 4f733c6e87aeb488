/* reply.h - the bodies of answers: three small messages, in protobuf and in JSON. By hand, since
 * each is a handful of fields written once.
 *
 *   Export...ServiceResponse   1 partial_success { 1 rejected_... int64, 2 error_message string }
 *   google.rpc.Status          1 code int32, 2 message string, 3 details Any
 *   google.protobuf.Any        1 type_url string, 2 value bytes
 *   google.rpc.BadRequest      1 field_violations { 1 field string, 2 description string }
 *   google.rpc.RetryInfo       1 retry_delay { 1 seconds int64, 2 nanos int32 }
 */
#ifndef O2P_SERVER_REPLY_H
#define O2P_SERVER_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/otlp2parquet.h"

/* The codes of google.rpc that are used, by their numbers. */
typedef enum rpc_code {
    RPC_OK = 0,
    RPC_INVALID_ARGUMENT = 3,
    RPC_NOT_FOUND = 5,
    RPC_PERMISSION_DENIED = 7,
    RPC_RESOURCE_EXHAUSTED = 8,
    RPC_UNIMPLEMENTED = 12,
    RPC_INTERNAL = 13,
    RPC_UNAVAILABLE = 14,
    RPC_UNAUTHENTICATED = 16
} rpc_code;

/* Room for any of them: texts and paths are limited, and JSON may write each byte as two. */
enum { REPLY_SIZE = 4096 };

typedef struct reply {
    size_t size;
    char bytes[REPLY_SIZE];
} reply;

/* Why a request is not accepted. */
typedef struct refusal {
    rpc_code code;
    char message[512];
    char field[O2P_FIELD_PATH_SIZE]; /* what of the request is wrong; "" when none is */
    uint32_t retry_s;                /* come again after so long; 0: that is not said */
} refusal;

/* The answer to what was accepted, wholly or in part. */
void reply_accepted(reply *out, bool json, o2p_signal signal, const o2p_result *result);

/* A google.rpc.Status. */
void reply_refused(reply *out, bool json, const refusal *why);

/* Why the library refused a request. */
void refusal_of_error(refusal *why, const o2p_error *error);

#endif
