/* descriptor.c - see descriptor.h. */
#include "descriptor.h"

#include "wire.h"

/* Wire type of each proto type. */
enum {
    WIRE_OF_BOOL = O2P_WIRE_VARINT,
    WIRE_OF_INT64 = O2P_WIRE_VARINT,
    WIRE_OF_UINT32 = O2P_WIRE_VARINT,
    WIRE_OF_UINT64 = O2P_WIRE_VARINT,
    WIRE_OF_SINT32 = O2P_WIRE_VARINT,
    WIRE_OF_UENUM = O2P_WIRE_VARINT,
    WIRE_OF_FIXED32 = O2P_WIRE_FIXED32,
    WIRE_OF_FIXED64 = O2P_WIRE_FIXED64,
    WIRE_OF_SFIXED64 = O2P_WIRE_FIXED64,
    WIRE_OF_DOUBLE = O2P_WIRE_FIXED64,
    WIRE_OF_STRING = O2P_WIRE_LEN,
    WIRE_OF_BYTES = O2P_WIRE_LEN,
    WIRE_OF_MESSAGE = O2P_WIRE_LEN
};

/* A field list entry is X(a, storage, label, type, name, number); for a member of a oneof the name
 * is a tuple (oneof, member, path). The macro <message>_<name>_MSGTYPE, with the oneof's name in
 * between, says what message a MESSAGE field holds. */
#define UNPACK(...) __VA_ARGS__
#define APPLY(macro, arguments) macro arguments

#define NAME_SINGULAR(name) #name
#define NAME_OPTIONAL(name) #name
#define NAME_REPEATED(name) #name
#define NAME_ONEOF(tuple) APPLY(NAME_OF_MEMBER, tuple)
#define NAME_OF_MEMBER(oneof, member, path) #member

#define MSGTYPE_SINGULAR(a, name) a##_##name##_MSGTYPE
#define MSGTYPE_OPTIONAL(a, name) a##_##name##_MSGTYPE
#define MSGTYPE_REPEATED(a, name) a##_##name##_MSGTYPE
#define MSGTYPE_ONEOF(a, tuple) APPLY(MSGTYPE_OF_MEMBER, (a, UNPACK tuple))
#define MSGTYPE_OF_MEMBER(a, oneof, member, path) a##_##oneof##_##member##_MSGTYPE

#define POINTER_TO(type) POINTER_TO_(type)
#define POINTER_TO_(type) &o2p_message_##type

#define MESSAGE_OF_BOOL(a, label, name) NULL
#define MESSAGE_OF_INT64(a, label, name) NULL
#define MESSAGE_OF_UINT32(a, label, name) NULL
#define MESSAGE_OF_UINT64(a, label, name) NULL
#define MESSAGE_OF_SINT32(a, label, name) NULL
#define MESSAGE_OF_UENUM(a, label, name) NULL
#define MESSAGE_OF_FIXED32(a, label, name) NULL
#define MESSAGE_OF_FIXED64(a, label, name) NULL
#define MESSAGE_OF_SFIXED64(a, label, name) NULL
#define MESSAGE_OF_DOUBLE(a, label, name) NULL
#define MESSAGE_OF_STRING(a, label, name) NULL
#define MESSAGE_OF_BYTES(a, label, name) NULL
#define MESSAGE_OF_MESSAGE(a, label, name) POINTER_TO(MSGTYPE_##label(a, name))

/* Likewise <message>_<name>_ENUMTYPE for the values of a UENUM field. */
#define ENUM_OF_BOOL(a, name) NULL
#define ENUM_OF_INT64(a, name) NULL
#define ENUM_OF_UINT32(a, name) NULL
#define ENUM_OF_UINT64(a, name) NULL
#define ENUM_OF_SINT32(a, name) NULL
#define ENUM_OF_UENUM(a, name) POINTER_TO_ENUM(a##_##name##_ENUMTYPE)
#define ENUM_OF_FIXED32(a, name) NULL
#define ENUM_OF_FIXED64(a, name) NULL
#define ENUM_OF_SFIXED64(a, name) NULL
#define ENUM_OF_DOUBLE(a, name) NULL
#define ENUM_OF_STRING(a, name) NULL
#define ENUM_OF_BYTES(a, name) NULL
#define ENUM_OF_MESSAGE(a, name) NULL

#define POINTER_TO_ENUM(type) POINTER_TO_ENUM_(type)
#define POINTER_TO_ENUM_(type) &enum_##type

/* The generator writes enums as constants alone, so their names are listed here. A name that is not
 * in otlp.proto does not compile, and neither does a list that is short of one. */
#define SEVERITIES_OF(X, e, name)                                                                  \
    X(e, SEVERITY_NUMBER_##name)                                                                   \
    X(e, SEVERITY_NUMBER_##name##2) X(e, SEVERITY_NUMBER_##name##3) X(e, SEVERITY_NUMBER_##name##4)
#define VALUES_OF_SeverityNumber(X, e)                                                             \
    X(e, SEVERITY_NUMBER_UNSPECIFIED)                                                              \
    SEVERITIES_OF(X, e, TRACE)                                                                     \
    SEVERITIES_OF(X, e, DEBUG)                                                                     \
    SEVERITIES_OF(X, e, INFO)                                                                      \
    SEVERITIES_OF(X, e, WARN) SEVERITIES_OF(X, e, ERROR) SEVERITIES_OF(X, e, FATAL)
#define VALUES_OF_SpanKind(X, e)                                                                   \
    X(e, SPAN_KIND_UNSPECIFIED)                                                                    \
    X(e, SPAN_KIND_INTERNAL)                                                                       \
    X(e, SPAN_KIND_SERVER) X(e, SPAN_KIND_CLIENT) X(e, SPAN_KIND_PRODUCER) X(e, SPAN_KIND_CONSUMER)
#define VALUES_OF_StatusCode(X, e)                                                                 \
    X(e, STATUS_CODE_UNSET) X(e, STATUS_CODE_OK) X(e, STATUS_CODE_ERROR)
#define VALUES_OF_AggregationTemporality(X, e)                                                     \
    X(e, AGGREGATION_TEMPORALITY_UNSPECIFIED)                                                      \
    X(e, AGGREGATION_TEMPORALITY_DELTA) X(e, AGGREGATION_TEMPORALITY_CUMULATIVE)

#define ENUM_VALUE(e, name) {#name, otlp_##e##_##name},
#define DEFINE_ENUM(e)                                                                             \
    static const o2p_enum_value values_of_##e[] = {VALUES_OF_##e(ENUM_VALUE, e)};                  \
    static const o2p_enum enum_otlp_##e = {values_of_##e,                                          \
                                           sizeof(values_of_##e) / sizeof(values_of_##e[0])};      \
    _Static_assert(sizeof(values_of_##e) / sizeof(values_of_##e[0]) == _otlp_##e##_ARRAYSIZE,      \
                   "a name of " #e " is missing");
DEFINE_ENUM(SeverityNumber)
DEFINE_ENUM(SpanKind)
DEFINE_ENUM(StatusCode)
DEFINE_ENUM(AggregationTemporality)

#define FIELD(a, storage, label, type, name, number)                                               \
    {NAME_##label(name),      MESSAGE_OF_##type(a, label, name),                                   \
     ENUM_OF_##type(a, name), number,                                                              \
     O2P_PROTO_##type,        O2P_PROTO_##label,                                                   \
     WIRE_OF_##type},

#define CHECK_NUMBER(a, storage, label, type, name, number)                                        \
    _Static_assert((number) <= O2P_MAX_FIELD_NUMBER, "raise O2P_MAX_FIELD_NUMBER");
#define CHECK_MESSAGE(name) otlp_##name##_FIELDLIST(CHECK_NUMBER, a)
O2P_MESSAGES(CHECK_MESSAGE)

#define DEFINE_MESSAGE(name)                                                                       \
    static const o2p_proto_field fields_##name[] = {otlp_##name##_FIELDLIST(FIELD, otlp_##name)};  \
    const o2p_message o2p_message_otlp_##name = {#name, fields_##name,                             \
                                                 sizeof(fields_##name) / sizeof(fields_##name[0]), \
                                                 O2P_MESSAGE_INDEX_##name};
O2P_MESSAGES(DEFINE_MESSAGE)

const o2p_proto_field *o2p_find_field(const o2p_message *message, uint32_t number)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].number == number)
            return &message->fields[i];
    return NULL;
}
