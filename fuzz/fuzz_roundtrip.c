/* fuzz_roundtrip.c - JSON -> protobuf -> JSON -> protobuf, and nothing is lost.
 *
 * The protobuf form of a text is written as JSON again by a writer of this file's own, which takes
 * nothing from the library but the names of fields: once as the specification has it, once with
 * whatever else is allowed (spaces, names as in otlp.proto, enums by name, numbers with and without
 * quotes, ids in upper case or base64, escapes, nulls, unknown members). Both must read back as the
 * same bytes: [16]. Input:
 *
 *   byte 0   & 3: the message, a request or an AnyValue; all: seed of the choices
 *   ...      text
 */
#include "common.h"

#include <inttypes.h>

#include "../lib/otlp/json.h"
#include "../lib/otlp/wire.h"

typedef struct writer {
    char *text;
    size_t size;
    size_t room;
    bool free_style;
    uint32_t random;
} writer;

/* ---- characters ---- */

static void put(writer *w, const void *bytes, size_t size)
{
    if (w->size + size > w->room) {
        w->room = (w->size + size) * 2;
        w->text = (char *)realloc(w->text, w->room);
    }
    if (size > 0)
        memcpy(w->text + w->size, bytes, size);
    w->size += size;
}

static void put_text(writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* One of `of` ways to write something; the first is the specification's. */
static unsigned choose(writer *w, unsigned of)
{
    w->random = w->random * 1664525u + 1013904223u;
    return w->free_style ? (w->random >> 16) % of : 0;
}

static void put_space(writer *w)
{
    static const char *const spaces[] = {"", "", "", " ", "\t", "\r\n", "           ", "\n"};
    put_text(w, spaces[choose(w, 8)]);
}

static void put_mark(writer *w, char mark)
{
    put_space(w);
    put(w, &mark, 1);
    put_space(w);
}

/* One character of a string; bytes that are not ASCII are as they came. */
static void put_character(writer *w, uint8_t byte)
{
    char escape[8];
    bool needed = byte < 0x20 || byte == '"' || byte == '\\';
    if (!needed && (byte >= 0x80 || choose(w, 8) != 7)) {
        put(w, &byte, 1);
        return;
    }
    snprintf(escape, sizeof(escape), choose(w, 2) == 0 ? "\\u%04x" : "\\u%04X", byte);
    put_text(w, escape);
}

static void put_string(writer *w, const uint8_t *bytes, size_t size)
{
    put_text(w, "\"");
    for (size_t i = 0; i < size; i++)
        put_character(w, bytes[i]);
    put_text(w, "\"");
}

/* ---- scalars ---- */

static void put_hex(writer *w, const uint8_t *bytes, size_t size)
{
    char digits[3];
    for (size_t i = 0; i < size; i++) {
        snprintf(digits, sizeof(digits), choose(w, 2) == 0 ? "%02x" : "%02X", bytes[i]);
        put_text(w, digits);
    }
}

static void put_base64(writer *w, const uint8_t *bytes, size_t size, bool padded)
{
    static const char *const alphabets[] = {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};
    const char *alphabet = alphabets[choose(w, 2)];
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i < 3 ? size - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= left > 2 ? bytes[i + 2] : 0;
        for (size_t digit = 0; digit < 4; digit++)
            if (digit <= left)
                put(w, &alphabet[bits >> (18 - 6 * digit) & 63], 1);
            else if (padded)
                put_text(w, "=");
    }
}

/* Ids are hex; all other bytes are AnyValue's, base64. */
static void put_bytes(writer *w, const o2p_proto_field *field, const uint8_t *bytes, size_t size)
{
    bool id = field->label != O2P_PROTO_ONEOF;
    put_text(w, "\"");
    if (id && !((size == 8 || size == 16) && choose(w, 3) == 2))
        put_hex(w, bytes, size);
    else
        put_base64(w, bytes, size, id || choose(w, 2) == 0);
    put_text(w, "\"");
}

static void put_double(writer *w, uint64_t bits)
{
    double value;
    char text[40];
    memcpy(&value, &bits, sizeof(value));
    if (value != value)
        snprintf(text, sizeof(text), "\"NaN\"");
    else if (value - value != 0)
        snprintf(text, sizeof(text), value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        snprintf(text, sizeof(text), choose(w, 2) == 0 ? "%.17g" : "\"%.20E\"", value);
    put_text(w, text);
}

static void put_enum(writer *w, const o2p_enum *values, int32_t number)
{
    char text[16];
    for (size_t i = 0; i < values->value_count; i++)
        if (values->values[i].number == number && choose(w, 2) == 1) {
            put_string(w, (const uint8_t *)values->values[i].name, strlen(values->values[i].name));
            return;
        }
    snprintf(text, sizeof(text), "%" PRId32, number);
    put_text(w, text);
}

/* An integer; `quoted`: as the specification writes it. */
static void put_integer(writer *w, bool negative, uint64_t magnitude, bool quoted)
{
    static const char *const ends[] = {"", ".0", "e0", "00E-2"};
    char text[40];
    bool quotes = quoted != (choose(w, 2) == 1);
    snprintf(text, sizeof(text), "%s%s%" PRIu64 "%s%s", quotes ? "\"" : "", negative ? "-" : "",
             magnitude, ends[magnitude != 0 ? choose(w, 4) : 0], quotes ? "\"" : "");
    put_text(w, text);
}

static void put_signed(writer *w, int64_t value, bool quoted)
{
    put_integer(w, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, quoted);
}

static void put_number(writer *w, const o2p_proto_field *field, uint64_t bits)
{
    switch (field->type) {
    case O2P_PROTO_BOOL:
        put_text(w, bits != 0 ? "true" : "false");
        break;
    case O2P_PROTO_DOUBLE:
        put_double(w, bits);
        break;
    case O2P_PROTO_UENUM:
        put_enum(w, field->values, (int32_t)(uint32_t)bits);
        break;
    case O2P_PROTO_INT64:
    case O2P_PROTO_SFIXED64:
        put_signed(w, (int64_t)bits, true);
        break;
    case O2P_PROTO_SINT32:
        put_signed(w, (int32_t)((uint32_t)(bits >> 1) ^ (0 - (uint32_t)(bits & 1))), false);
        break;
    default:
        put_integer(w, false, bits,
                    field->type == O2P_PROTO_UINT64 || field->type == O2P_PROTO_FIXED64);
    }
}

/* ---- messages ---- */

static void put_message(writer *w, const o2p_message *message, const uint8_t *bytes, size_t size);

static void put_value(writer *w, const o2p_proto_field *field, const o2p_wire_field *value)
{
    size_t size = (size_t)value->value;
    if (field->type == O2P_PROTO_MESSAGE)
        put_message(w, field->message, value->bytes, size);
    else if (field->type == O2P_PROTO_STRING)
        put_string(w, value->bytes, size);
    else if (field->type == O2P_PROTO_BYTES)
        put_bytes(w, field, value->bytes, size);
    else
        put_number(w, field, value->value);
}

/* lowerCamelCase, or the name in otlp.proto. */
static void put_name(writer *w, const char *name)
{
    uint8_t camel[64];
    size_t size = 0;
    bool as_it_is = choose(w, 3) == 2;
    for (const char *c = name; *c != '\0'; c++) {
        bool upper = *c == '_' && !as_it_is;
        c += upper;
        camel[size++] = (uint8_t)(upper ? *c - 'a' + 'A' : *c);
    }
    put_string(w, camel, size);
    put_mark(w, ':');
}

/* The elements of a packed list. */
static void put_packed(writer *w, const o2p_proto_field *field, const o2p_wire_field *list)
{
    const uint8_t *at = list->bytes, *end = at + list->value;
    while (at < end) {
        uint64_t bits = 0;
        unsigned shift = 0;
        if (field->wire_type == O2P_WIRE_FIXED64) {
            for (; shift < 64; shift += 8)
                bits |= (uint64_t)*at++ << shift;
        } else {
            do
                bits |= (uint64_t)(*at & 0x7F) << shift;
            while (shift += 7, (*at++ & 0x80) != 0);
        }
        put_number(w, field, bits);
        if (at < end)
            put_mark(w, ',');
    }
}

/* The elements of an array, which follow each other on the wire; *next is what comes behind them.
 * False when nothing does. */
static bool put_elements(writer *w, const o2p_proto_field *field, o2p_wire *wire,
                         o2p_wire_field *next)
{
    uint32_t key = next->key;
    put_value(w, field, next);
    while (o2p_wire_next(wire, next)) {
        if (next->key != key)
            return true;
        put_mark(w, ',');
        put_value(w, field, next);
    }
    return false;
}

/* Members that say nothing. */
static void put_noise(writer *w, const o2p_message *message, uint32_t seen)
{
    static const char *const unknown[] = {"1", "[{\"value\":[]}]", "\"}\"", "{\"a\":null}"};
    const o2p_proto_field *field = &message->fields[choose(w, (unsigned)message->field_count)];
    switch (choose(w, 12)) {
    case 10:
        if (field->label == O2P_PROTO_ONEOF || (seen >> field->number & 1) != 0)
            return;
        put_name(w, field->name);
        put_text(w, "null");
        break;
    case 11:
        put_name(w, "fields_of_tomorrow");
        put_text(w, unknown[choose(w, 4)]);
        break;
    default:
        return;
    }
    put_mark(w, ',');
}

static void put_message(writer *w, const o2p_message *message, const uint8_t *bytes, size_t size)
{
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    uint32_t seen = 0;
    bool more = o2p_wire_next(&wire, &field);
    put_mark(w, '{');
    while (more) {
        const o2p_proto_field *known = o2p_find_field(message, field.key >> 3);
        CHECK(known != NULL && (seen >> known->number & 1) == 0, "16");
        seen |= 1u << known->number;
        put_noise(w, message, seen);
        put_name(w, known->name);
        if (known->label != O2P_PROTO_REPEATED) {
            put_value(w, known, &field);
            more = o2p_wire_next(&wire, &field);
        } else {
            put_mark(w, '[');
            if (known->wire_type == O2P_WIRE_LEN) {
                more = put_elements(w, known, &wire, &field);
            } else {
                put_packed(w, known, &field);
                more = o2p_wire_next(&wire, &field);
            }
            put_mark(w, ']');
        }
        if (more)
            put_mark(w, ',');
    }
    CHECK(wire.status == O2P_OK, "16");
    put_mark(w, '}');
}

/* ---- there and back ---- */

/* Appends the protobuf form of a text to `out`. */
static bool transcode(const o2p_message *message, const void *text, size_t size, o2p_buffer *out,
                      o2p_json_report *report)
{
    o2p_limits limits = o2p_default_limits();
    return o2p_json_request(message, (const uint8_t *)text, size, &limits, out, report);
}

static void check_back(const o2p_message *message, const o2p_buffer *protobuf, writer *w)
{
    o2p_buffer again;
    o2p_json_report report;
    o2p_buffer_init(&again, protobuf->memory);
    w->size = 0;
    put_message(w, message, protobuf->data, protobuf->size);
    CHECK(transcode(message, w->text, w->size, &again, &report), "16");
    CHECK(report.rejected == 0 && (w->free_style || report.unknown_members == 0), "16");
    CHECK(again.size == protobuf->size, "16");
    CHECK(again.size == 0 || memcmp(again.data, protobuf->data, again.size) == 0, "16");
    o2p_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const o2p_message *const messages[] = {
        O2P_MESSAGE(ExportLogsServiceRequest),
        O2P_MESSAGE(ExportTraceServiceRequest),
        O2P_MESSAGE(ExportMetricsServiceRequest),
        O2P_MESSAGE(AnyValue),
    };
    if (size == 0)
        return 0;
    const o2p_message *message = messages[data[0] & 3];
    o2p_memory memory;
    o2p_buffer protobuf;
    o2p_json_report report;
    writer w = {.random = data[0] * 2654435761u};
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&protobuf, &memory);
    if (transcode(message, data + 1, size - 1, &protobuf, &report)) {
        check_back(message, &protobuf, &w);
        w.free_style = true;
        check_back(message, &protobuf, &w);
    }
    free(w.text);
    o2p_buffer_free(&protobuf);
    CHECK(memory.held == 0, "8");
    return 0;
}
