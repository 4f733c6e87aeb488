/* descriptor.h - the messages of otlp.proto as constant data, built from the field lists that
 * nanopb's generator writes (otlp.pb.h). What is done once and is not hot is driven by these
 * tables: checking and naming fields, merging, error paths, detection, JSON.
 */
#ifndef O2P_OTLP_DESCRIPTOR_H
#define O2P_OTLP_DESCRIPTOR_H

#include "../base/deps.h"
#include "otlp.pb.h"

/* Named as in nanopb's field lists. */
typedef enum o2p_proto_type {
    O2P_PROTO_BOOL,
    O2P_PROTO_INT64,
    O2P_PROTO_UINT32,
    O2P_PROTO_UINT64,
    O2P_PROTO_SINT32,
    O2P_PROTO_UENUM,
    O2P_PROTO_FIXED32,
    O2P_PROTO_FIXED64,
    O2P_PROTO_SFIXED64,
    O2P_PROTO_DOUBLE,
    O2P_PROTO_STRING,
    O2P_PROTO_BYTES,
    O2P_PROTO_MESSAGE
} o2p_proto_type;

typedef enum o2p_proto_label {
    O2P_PROTO_SINGULAR,
    O2P_PROTO_OPTIONAL,
    O2P_PROTO_REPEATED,
    O2P_PROTO_ONEOF /* no message of ours has more than one oneof */
} o2p_proto_label;

/* No field of OTLP's telemetry messages has a higher number. */
enum { O2P_MAX_FIELD_NUMBER = 16 };

typedef struct o2p_enum_value {
    const char *name;
    int32_t number;
} o2p_enum_value;

typedef struct o2p_enum {
    const o2p_enum_value *values;
    size_t value_count;
} o2p_enum;

typedef struct o2p_message o2p_message;

typedef struct o2p_proto_field {
    const char *name;
    const o2p_message *message; /* of a MESSAGE field */
    const o2p_enum *values;     /* of a UENUM field */
    uint8_t number;             /* at most O2P_MAX_FIELD_NUMBER */
    uint8_t type;               /* o2p_proto_type */
    uint8_t label;              /* o2p_proto_label */
    uint8_t wire_type;          /* of one value; a REPEATED scalar may also come packed */
} o2p_proto_field;

struct o2p_message {
    const char *name;
    const o2p_proto_field *fields; /* by number */
    size_t field_count;
    size_t index; /* its place in O2P_MESSAGES */
};

/* Every message that carries telemetry. */
#define O2P_MESSAGES(X)                                                                            \
    X(AnyValue)                                                                                    \
    X(ArrayValue)                                                                                  \
    X(KeyValueList)                                                                                \
    X(KeyValue)                                                                                    \
    X(InstrumentationScope)                                                                        \
    X(EntityRef)                                                                                   \
    X(Resource)                                                                                    \
    X(ExportLogsServiceRequest)                                                                    \
    X(ResourceLogs)                                                                                \
    X(ScopeLogs)                                                                                   \
    X(LogRecord)                                                                                   \
    X(ExportTraceServiceRequest)                                                                   \
    X(ResourceSpans)                                                                               \
    X(ScopeSpans)                                                                                  \
    X(Span)                                                                                        \
    X(SpanEvent)                                                                                   \
    X(SpanLink)                                                                                    \
    X(Status)                                                                                      \
    X(ExportMetricsServiceRequest)                                                                 \
    X(ResourceMetrics)                                                                             \
    X(ScopeMetrics)                                                                                \
    X(Metric)                                                                                      \
    X(Gauge)                                                                                       \
    X(Sum)                                                                                         \
    X(Histogram)                                                                                   \
    X(ExponentialHistogram)                                                                        \
    X(Summary)                                                                                     \
    X(NumberDataPoint)                                                                             \
    X(HistogramDataPoint)                                                                          \
    X(ExponentialHistogramDataPoint)                                                               \
    X(Buckets)                                                                                     \
    X(SummaryDataPoint)                                                                            \
    X(ValueAtQuantile)                                                                             \
    X(Exemplar)

#define O2P_COUNT_MESSAGE(name) O2P_MESSAGE_INDEX_##name,
enum { O2P_MESSAGES(O2P_COUNT_MESSAGE) O2P_MESSAGE_COUNT };
#undef O2P_COUNT_MESSAGE

#define O2P_DECLARE_MESSAGE(name) extern const o2p_message o2p_message_otlp_##name;
O2P_MESSAGES(O2P_DECLARE_MESSAGE)
#undef O2P_DECLARE_MESSAGE

#define O2P_MESSAGE(name) (&o2p_message_otlp_##name)

/* The field with this number, or NULL. */
const o2p_proto_field *o2p_find_field(const o2p_message *message, uint32_t number);

#endif
