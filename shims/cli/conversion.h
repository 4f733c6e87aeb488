/* conversion.h - the run of a convert: the batches that requests are collected in, and their files.
 *
 * Requests of all inputs are collected in a batch, which is written (sealed) when it has grown past
 * a bound and at the end: many small inputs give few files. The library tells the encoding and the
 * signal of each request, so one batch holds all tables; only what has to be told otherwise goes to
 * a batch of its own.
 *
 * What cannot be written ends the run, since the next file would meet the same full disk: what was
 * written before is whole and is listed.
 */
#ifndef O2P_CLI_CONVERSION_H
#define O2P_CLI_CONVERSION_H

#include "summary.h"

enum {
    CONVERSION_SIGNALS = O2P_SIGNAL_METRICS + 1,
    CONVERSION_ENCODINGS = O2P_ENCODING_JSON_LINES + 1
};

struct conversion {
    o2p_options options;
    const char *out;      /* the folder files go to */
    uint64_t batch_rows;  /* a batch of so many rows, */
    uint64_t batch_bytes; /* or that takes so much memory, is written */
    bool delimited;       /* every file is */

    /* by what they are told; made when first needed */
    o2p_batch *batches[CONVERSION_ENCODINGS][CONVERSION_SIGNALS];
    struct summary summary;
    int status; /* that the program will exit with */
};

/* Appends to the batch for requests of an encoding and a signal, and writes it when it is full.
 * False: stop; otherwise `result` says whether the request was taken. */
bool conversion_append(struct conversion *run, o2p_encoding encoding, o2p_signal signal,
                       const struct input_request *request, o2p_result *result);

/* Writes all batches. False: stop. */
bool conversion_seal(struct conversion *run);

/* Notes a failure. Returns false, which means: stop. */
bool conversion_stop(struct conversion *run, int status);

void conversion_free(struct conversion *run);

#endif
