/* detect.h - which signal a protobuf request carries, told from its structure.
 *
 * The envelopes of the three signals are alike (request.c), so the first records decide: each is
 * read as a LogRecord, a Span and a Metric, a few levels deep. A known field speaks for a reading,
 * a known message inside it more so; a known field with another wire type, an id of an impossible
 * length or text that is not UTF-8 speaks against it, a field that is unknown a little. The best
 * sum wins; on a tie logs before traces before metrics. A request without records is taken as logs:
 * it has no rows whatever it is. Records without any field could be of any signal: they are not
 * told.
 */
#ifndef O2P_OTLP_DETECT_H
#define O2P_OTLP_DETECT_H

#include "../base/deps.h"
#include "../../include/otlp2parquet.h"

/* O2P_SIGNAL_AUTO when the records fit no signal, or are all empty. Malformed bytes give the signal
 * that their readable part fits best, or logs: reading them then tells what is wrong. */
o2p_signal o2p_detect_signal(const uint8_t *bytes, size_t size);

#endif
