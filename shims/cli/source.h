/* source.h - one file of a conversion, from its bytes to the batches.
 *
 * A file is given to the library as a whole, but for
 *
 *   a delimited file   request by request (framing.h)
 *   JSON lines         in pieces of whole lines (input_lines), when the file is larger than a piece
 *                      or one of its lines is bad; in a batch of that encoding, since a piece that
 *                      begins with a bad line would be taken for something else
 *
 * A request or line that cannot be read is reported and left out; the others go on. A protobuf
 * request whose bytes cannot tell its signal goes, when the file's name can, to a batch of the
 * signal named; a name never overrides the bytes.
 */
#ifndef O2P_CLI_SOURCE_H
#define O2P_CLI_SOURCE_H

#include "conversion.h"

struct source {
    const char *name;
    uint64_t number; /* requests of a delimited file so far; 0 in other files */
    uint64_t lines;  /* before those that are converted */
    uint64_t bad;    /* requests or lines that could not be read */
};

/* Converts a file, or standard input ("-"). False: stop. */
bool source_convert(struct conversion *run, const char *name);

/* Converts lines. False: stop. */
bool source_convert_lines(struct conversion *run, struct source *source,
                          struct input_request lines);

/* Lines that are not blank. */
uint64_t source_count_requests(const struct input_request *lines);

/* The place of an error in a file of which `request` is a part. */
struct reason source_place(const struct source *source, const struct input_request *request,
                           const o2p_error *error);

/* Note what was left out first. */
void source_note_rejection(struct conversion *run, const struct reason *reason);

/* Counts a request, or lines, that were taken. */
void source_note_success(struct conversion *run, const struct source *source,
                         const struct input_request *request, const o2p_result *result);

/* Reports a request, or line, that was not taken. False: stop. */
bool source_note_failure(struct conversion *run, struct source *source,
                         const struct input_request *request, const o2p_result *result);

#endif
