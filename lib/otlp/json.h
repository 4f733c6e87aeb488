/* json.h - OTLP/JSON requests, rewritten as OTLP protobuf, which the walkers read.
 *
 * The mapping is protobuf's JSON mapping (protobuf.dev/programming-guides/json) with OTLP's
 * exceptions, read liberally where clients differ:
 *
 *   member names      lowerCamelCase or as in otlp.proto; escapes in them count
 *   unknown members   are skipped, whatever they hold, and counted
 *   null              the field is unset; in an array a value that cannot be kept
 *   twice the same    the last one counts, of a oneof the last member: nothing is merged
 *   message           an object
 *   repeated          an array
 *   string            a string; a surrogate without its partner cannot be kept; bytes that are not
 *                     UTF-8 stay as they are, for the walkers to repair
 *   ids               hex in either case, of any even length; 12 or 24 characters that end in `=`
 *                     are base64
 *   other bytes       base64, standard or URL-safe, padded or not
 *   integers          a number, or one in quotes: 100, "100", 1e2, 100.0 alike, if it is integral
 * and in the range of its type enums             likewise; or a name of otlp.proto. Unknown numbers
 * are kept double            a number, or one in quotes; "NaN", "Infinity", "-Infinity". A number
 * too large for a double cannot be kept bool              true, false, or one of them in quotes
 *
 * What goes wrong:
 *
 *   not JSON; an object or array in the place of something else, or something else but null in its
 *   place; nested too deep (messages as in protobuf; 1024 values inside an unknown member); more
 *   records, attributes in a list or bytes in a string than the limits allow
 *                                           the request is rejected
 *   a value that cannot be kept, inside a record: a LogRecord, a Span, a data point
 *                                           that record is left out, and counted
 *   such a value outside of any record      the request is rejected
 *
 * A value that a later one of the same name replaces is held to the same rules. Members come out in
 * the order of the text, in the shortest form: lengths, numbers and packing as other encoders write
 * them, no field that has its default, each singular field once. So a request has the same bytes
 * whichever encoding it came in.
 *
 * Time is linear in the text, and memory in text and output: a byte that is written is moved at
 * most once for each enclosing message and each other field of it. Recursion is bounded by the
 * nesting limit.
 */
#ifndef O2P_OTLP_JSON_H
#define O2P_OTLP_JSON_H

#include "../base/buffer.h"
#include "../base/limits.h"
#include "descriptor.h"

typedef struct o2p_json_report {
    /* OK; TRUNCATED: the text ends too early; MALFORMED: it is not JSON; VALUE: one that cannot be
     * kept, outside of any record; WIRE_TYPE: an object, array or scalar in the place of another;
     * DEPTH; LIMIT: one of `limits`, or the protobuf form is beyond 4 GiB; OUT_OF_MEMORY or LIMIT
     * by the memory of `out`. */
    o2p_status status;
    /* Of the error, or with OK of the first value that cannot be kept in a record: static text that
     * says more, "" if there is none; where it is in the text; the path of the field that it is in,
     * as in o2p_error. */
    const char *what;
    size_t offset;
    char path[O2P_FIELD_PATH_SIZE];

    /* Zero when the request is rejected. */
    uint64_t unknown_members;
    uint64_t records;  /* read: those left out, or in a list that a later one replaced, as well */
    uint64_t rejected; /* left out of the lists that were kept */
} o2p_json_report;

/* Appends the protobuf form of a request to `out`: of `text`, a JSON object that is a `message`,
 * with nothing but spaces around it, and perhaps a UTF-8 byte order mark before it. False on
 * failure; `out` is then as it was, but for its capacity. */
bool o2p_json_request(const o2p_message *message, const uint8_t *text, size_t size,
                      const o2p_limits *limits, o2p_buffer *out, o2p_json_report *report);

/* Tells the signal of such a text by the name of its first known member; LOGS of an empty object,
 * AUTO where there are none but unknown ones. False on failure, as above. */
bool o2p_json_signal(const uint8_t *text, size_t size, o2p_signal *signal, o2p_json_report *report);

#endif
