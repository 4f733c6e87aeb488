/* conversion.h - the run of a convert: the batch that requests are collected in, and its files.
 *
 * Requests of all inputs are collected in a batch, which is written (sealed) when it has grown past
 * a bound and at the end: many small inputs give few files, whatever they carry and in which
 * encoding.
 *
 * What cannot be written ends the run, since the next file would meet the same full disk: what was
 * written before is whole and is listed.
 */
#ifndef O2P_CLI_CONVERSION_H
#define O2P_CLI_CONVERSION_H

#include "summary.h"

struct conversion {
    o2p_options options;
    const char *out;      /* the folder files go to */
    uint64_t batch_rows;  /* the batch, when it has so many rows, */
    uint64_t batch_bytes; /* or that takes so much memory, is written */
    bool delimited;       /* every file is */

    o2p_batch *batch; /* made when first needed */
    struct summary summary;
    int status; /* that the program will exit with */
};

/* Makes the batch by the options, if there is none. False after a message: stop. */
bool conversion_begin(struct conversion *run);

/* Appends a request of an encoding and a signal to the batch, and writes it when it is full.
 * False: stop; otherwise `result` says whether the request was taken. */
bool conversion_append(struct conversion *run, o2p_encoding encoding, o2p_signal signal,
                       const struct input_request *request, o2p_result *result);

/* Writes what the batch holds. False: stop. */
bool conversion_seal(struct conversion *run);

/* Notes a failure. Returns false, which means: stop. */
bool conversion_stop(struct conversion *run, int status);

/* Prints what came of it, as a JSON object if asked for, and releases it. Returns its status. */
int conversion_end(struct conversion *run, bool json);

#endif
