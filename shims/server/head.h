/* head.h - what of a request's header is of use, whichever version of HTTP brought it. Texts that
 * do not fit are cut, and then are none that anything is compared with.
 */
#ifndef O2P_SERVER_HEAD_H
#define O2P_SERVER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(member, name of the field, size) */
#define HEAD_FIELDS(X)                                                                             \
    X(content_type, "content-type", 128)                                                           \
    X(content_encoding, "content-encoding", 32)                                                    \
    X(grpc_encoding, "grpc-encoding", 32)                                                          \
    X(authorization, "authorization", 1024)                                                        \
    X(origin, "origin", 256)                                                                       \
    X(requested_method, "access-control-request-method", 16)

typedef struct head {
    char method[16];
    char path[128]; /* without the query */
#define X(member, name, size) char member[size];
    HEAD_FIELDS(X)
#undef X
    bool has_length;
    uint64_t content_length;
} head;

/* Sets the text `field` of `capacity` bytes, cutting it. */
void head_set(char *field, size_t capacity, const char *value, size_t size);

/* Sets the path of a request's target: what comes before the query. */
void head_set_target(head *it, const char *target, size_t size);

/* Takes a field of the header if it is one of HEAD_FIELDS or the length, and ignores it otherwise;
 * names are compared without case. False when it contradicts what was there: a second value that is
 * another, or a length that is no number. */
bool head_take(head *it, const char *name, size_t name_size, const char *value, size_t value_size);

/* Whether a content type is `name`, whatever its case and parameters. */
bool head_is_type(const char *content_type, const char *name);

#endif
