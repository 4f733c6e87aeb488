/* detect.h - which encoding a call's bytes have, and which signal a protobuf request carries.
 *
 * Encoding. A text begins with `{` or `[`, spaces and a byte order mark aside. Of these only the
 * line feed begins a protobuf request, too: it is the key of the first resource. Such bytes are
 * protobuf if they are nothing but such fields, or do not look like a text. A text is one request
 * unless its first line, spaces aside, ends with a closing brace and more follows that does not
 * carry on the same value, as a comma or a bracket would: then it is JSON lines.
 *
 * Signal, from structure. The envelopes of the three signals are alike (request.c), so the first
 * records decide: each is read as a LogRecord, a Span and a Metric, a few levels deep. A known
 * field speaks for a reading, a known message inside it more so; a known field with another wire
 * type, an id of an impossible length or text that is not UTF-8 speaks against it, a field that is
 * unknown a little. The best sum wins; on a tie logs before traces before metrics. A request
 * without records is taken as logs: it has no rows whatever it is. Records without any field could
 * be of any signal: they are not told.
 */
#ifndef O2P_OTLP_DETECT_H
#define O2P_OTLP_DETECT_H

#include "../base/deps.h"
#include "../../include/otlp2parquet.h"

/* Never O2P_ENCODING_AUTO. Nothing but spaces, and nothing at all, is protobuf. */
o2p_encoding o2p_detect_encoding(const uint8_t *bytes, size_t size);

/* Where the line that begins at `at` ends: at its line feed, or at the end of the text. */
const uint8_t *o2p_line_end(const uint8_t *at, const uint8_t *end);

/* O2P_SIGNAL_AUTO when the records fit no signal, or are all empty. Malformed bytes give the signal
 * that their readable part fits best, or logs: reading them then tells what is wrong. */
o2p_signal o2p_detect_signal(const uint8_t *bytes, size_t size);

#endif
