/* framing.h - files of many protobuf requests, each with its length before it.
 *
 *   framing      length                                   written by
 *   varint       1 to 10 bytes, the low 7 bits first      protobuf's writeDelimitedTo
 *   big-endian   4 bytes, the most significant first      the Collector's file exporter
 *                                                         (format: proto)
 *
 * Which of them a file has is told from its first bytes. A request is nothing but fields of number
 * 1 with a length, so a framing fits when one of the first two messages that are not empty can be
 * divided into such fields: one of two, since a file may begin with a request that is broken. Where
 * both framings fit, the one does that fits more of the two, and those to their end; else
 * big-endian: read as varints, its lengths below 128 are three empty requests and the same length.
 * (An empty request before one of 16 KiB or more, with varints, is read as big-endian one very long
 * request, of which the end is not seen.)
 */
#ifndef O2P_CLI_FRAMING_H
#define O2P_CLI_FRAMING_H

#include "input.h"

typedef enum framing {
    FRAMING_NONE, /* the file is something else */
    FRAMING_VARINT,
    FRAMING_BIG_ENDIAN
} framing;

/* This many of the first bytes are looked at: an empty request and one of which the length, as a
 * varint, has three bytes are among them. With four it cannot be the rest of a big-endian one. */
enum { FRAMING_BYTES = 2 * 1024 * 1024 + 16 };

/* Tells the framing of a file from its first bytes; `ended`: it has no more. */
framing framing_of(const uint8_t *bytes, size_t size, bool ended);

/* Whether a file with these first bytes can be one request. */
bool framing_is_request(const uint8_t *bytes, size_t size, bool ended);

/* The next request of an input. */
input_result framing_next(struct input *input, framing kind, struct input_request *request);

#endif
