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

#define FIELD(a, storage, label, type, name, number)                                               \
    {NAME_##label(name),                                                                           \
     MESSAGE_OF_##type(a, label, name),                                                            \
     number,                                                                                       \
     O2P_PROTO_##type,                                                                             \
     O2P_PROTO_##label,                                                                            \
     WIRE_OF_##type},

#define CHECK_NUMBER(a, storage, label, type, name, number)                                        \
    _Static_assert((number) <= O2P_MAX_FIELD_NUMBER, "raise O2P_MAX_FIELD_NUMBER");
#define CHECK_MESSAGE(name) otlp_##name##_FIELDLIST(CHECK_NUMBER, a)
O2P_MESSAGES(CHECK_MESSAGE)

#define DEFINE_MESSAGE(name)                                                                       \
    static const o2p_proto_field fields_##name[] = {otlp_##name##_FIELDLIST(FIELD, otlp_##name)};  \
    const o2p_message o2p_message_otlp_##name = {                                                  \
        #name, fields_##name, sizeof(fields_##name) / sizeof(fields_##name[0])};
O2P_MESSAGES(DEFINE_MESSAGE)

const o2p_proto_field *o2p_find_field(const o2p_message *message, uint32_t number)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].number == number)
            return &message->fields[i];
    return NULL;
}
