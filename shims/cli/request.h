/* request.h - how errors of the library are told, of a request and of no request.
 */
#ifndef O2P_CLI_REQUEST_H
#define O2P_CLI_REQUEST_H

#include "../../include/otlp2parquet.h"
#include "input.h"

/* An error of the library with its place in the input `name`. */
struct reason {
    const char *name;
    uint64_t request; /* of a delimited input: which, from 1; else 0 */
    uint64_t line;    /* of lines: which, from 1; else 0 */
    uint64_t byte;    /* of the input */
    o2p_error error;  /* with the offset in the bytes that were given to the library */
};

/* The reason of an error in `request`, for an input that is one request. */
struct reason reason_of(const char *name, const struct input_request *request,
                        const o2p_error *error);

/* "NAME: line 7, byte 123: PATH: MESSAGE [STATUS]". To be freed. */
char *reason_text(const struct reason *reason);

/* Prints what is wrong with a request, and what to do when that is plain to see. */
void request_complain(const struct reason *reason, const struct input_request *request,
                      o2p_encoding encoding);

/* What bytes that are no request are instead; NULL when it is not plain to see. */
const char *mistaken_for(const struct input_request *request);

/* Prints an error that no request is to blame for. */
void library_complain(const char *doing, const o2p_error *error);

#endif
