/* framing.h - files of many protobuf requests, each with its length before it.
 *
 *   framing      length                                   written by
 *   varint       1 to 10 bytes, the low 7 bits first      protobuf's writeDelimitedTo
 *   big-endian   4 bytes, the most significant first      the Collector's file exporter
 *                                                         (format: proto)
 *
 * Which of them a file has is told from its first bytes. A request is nothing but fields of number
 * 1 with a length, so a framing fits when one of the first two messages that are not empty can be
 * divided into such fields: one of two, since a file may begin with a request that is broken. Each
 * gives a point, or two if its fields end where it does; a length that no message has takes one
 * away. Big-endian is taken unless varints have two points more: read as varints, its lengths below
 * 128 are three empty requests and the same length, and others an empty one and a short message,
 * which may look like a request by chance. (Read as big-endian, an empty request and a varint of
 * three or four bytes are one length, mostly of far more than there is: a message that fits so far,
 * and no more.)
 */
#ifndef O2P_CLI_FRAMING_H
#define O2P_CLI_FRAMING_H

#include "input.h"

typedef enum framing {
    FRAMING_NONE, /* the file is something else */
    FRAMING_VARINT,
    FRAMING_BIG_ENDIAN
} framing;

/* This many of the first bytes are looked at, and so read before the first request is converted: a
 * few empty requests, and one of which the length, as a varint, has three bytes, to its end. (With
 * four bytes, what follows them has to look like a request from its second byte on, too.) */
enum { FRAMING_BYTES = 2 * 1024 * 1024 + 64 };

/* Tells the framing of a file from its first bytes; `ended`: it has no more. */
framing framing_of(const uint8_t *bytes, size_t size, bool ended);

/* Whether a file with these first bytes can be one request. */
bool framing_is_request(const uint8_t *bytes, size_t size, bool ended);

/* The next request of an input. */
input_result framing_next(struct input *input, framing kind, struct input_request *request);

#endif
