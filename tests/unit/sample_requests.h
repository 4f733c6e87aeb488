/* sample_requests.h - requests of each signal, for tests, with every field set.
 */
#ifndef O2P_TESTS_SAMPLE_REQUESTS_H
#define O2P_TESTS_SAMPLE_REQUESTS_H

#include "../../include/otlp2parquet.h"
#include "protobuf_builder.h"

/* 2024-01-02 03:04:05.678901234 UTC */
#define SAMPLE_TIME UINT64_C(1704164645678901234)

/* Appends a request whose texts and numbers depend on `variant`: every field of every message,
 * every kind of AnyValue, duplicate keys, records of two hours. Without fields that come twice. */
void sample_request(protobuf *p, o2p_signal signal, unsigned variant);

/* Appends a request of the signal in an encoding: as protobuf variant 1 of sample_request; as JSON
 * a request with a record that is left out; as JSON lines this one, blank lines, a bad line, one of
 * another signal, and this one again. */
void sample_input(protobuf *p, o2p_signal signal, o2p_encoding encoding);

/* Appends `field`, an AnyValue of kind `kind` (its field number; 0: empty). */
void sample_any(protobuf *p, uint32_t field, unsigned kind, unsigned variant);

/* Opens and closes the envelopes of a record: request > ResourceX > ScopeX. */
void sample_open(protobuf *p, const char *service);
void sample_close(protobuf *p);

#endif
