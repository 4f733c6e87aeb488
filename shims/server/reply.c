/* reply.c - see reply.h. */
#include "server.h"
#include "reply.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- protobuf -------------------------------------------------------------------------------- */

enum { VARINT = 0, BYTES = 2 };

static void put(reply *out, const void *bytes, size_t size)
{
    if (size > REPLY_SIZE - out->size)
        size = REPLY_SIZE - out->size; /* never: the parts are limited, and their sum is smaller */
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void put_varint(reply *out, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put(out, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

/* proto3 leaves out what has its default value. */
static void put_number(reply *out, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    put_varint(out, field << 3 | VARINT);
    put_varint(out, value);
}

static void put_bytes(reply *out, unsigned field, const void *bytes, size_t size)
{
    put_varint(out, field << 3 | BYTES);
    put_varint(out, size);
    put(out, bytes, size);
}

static void put_text(reply *out, unsigned field, const char *text)
{
    if (text[0] != '\0')
        put_bytes(out, field, text, strlen(text));
}

static void put_message(reply *out, unsigned field, const reply *message)
{
    put_bytes(out, field, message->bytes, message->size);
}

static void put_any(reply *out, unsigned field, const char *type, const reply *value)
{
    reply any = {0};
    char url[64];
    snprintf(url, sizeof url, "type.googleapis.com/google.rpc.%s", type);
    put_text(&any, 1, url);
    put_message(&any, 2, value);
    put_message(out, field, &any);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void print(reply *out, const char *format, ...) LIKE_PRINTF(2, 3);

static void print(reply *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(out->bytes + out->size, REPLY_SIZE - out->size, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < REPLY_SIZE - out->size)
        out->size += (size_t)size;
}

/* A JSON string. Messages and paths are ASCII; of a client's own words only what is plain stays. */
static void print_string(reply *out, const char *text)
{
    put(out, "\"", 1);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            print(out, "\\%c", byte);
        else
            print(out, "%c", byte < 0x20 || byte >= 0x7f ? '?' : byte);
    }
    put(out, "\"", 1);
}

/* ---- the three ------------------------------------------------------------------------------- */

static const char *rejected_name(o2p_signal signal)
{
    return signal == O2P_SIGNAL_LOGS     ? "rejectedLogRecords"
           : signal == O2P_SIGNAL_TRACES ? "rejectedSpans"
                                         : "rejectedDataPoints";
}

/* "resource_logs[0]....: message (byte 17)" */
static void describe(char *text, size_t capacity, const o2p_error *error)
{
    snprintf(text, capacity, "%s%s%s (byte %zu)", error->path, error->path[0] != '\0' ? ": " : "",
             error->message, error->offset);
}

void reply_accepted(reply *out, bool json, o2p_signal signal, const o2p_result *result)
{
    uint64_t rejected = result->counts.rejected;
    char message[512] = "";
    reply partial = {0};
    out->size = 0;
    if (rejected > 0)
        describe(message, sizeof message, &result->rejection);
    if (json && rejected == 0)
        print(out, "{}");
    else if (json) {
        print(out, "{\"partialSuccess\":{\"%s\":\"%" PRIu64 "\",\"errorMessage\":",
              rejected_name(signal), rejected);
        print_string(out, message);
        print(out, "}}");
    } else if (rejected > 0) {
        put_number(&partial, 1, rejected);
        put_text(&partial, 2, message);
        put_message(out, 1, &partial);
    }
}

static void put_violation(reply *out, const refusal *why)
{
    reply violation = {0};
    reply bad = {0};
    put_text(&violation, 1, why->field);
    put_text(&violation, 2, why->message);
    put_message(&bad, 1, &violation);
    put_any(out, 3, "BadRequest", &bad);
}

static void put_retry(reply *out, const refusal *why)
{
    reply delay = {0};
    reply info = {0};
    put_number(&delay, 1, why->retry_s);
    put_message(&info, 1, &delay);
    put_any(out, 3, "RetryInfo", &info);
}

static void refuse_in_json(reply *out, const refusal *why)
{
    print(out, "{\"code\":%d,\"message\":", (int)why->code);
    print_string(out, why->message);
    if (why->field[0] != '\0') {
        print(out, ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
                   "\"fieldViolations\":[{\"field\":");
        print_string(out, why->field);
        print(out, ",\"description\":");
        print_string(out, why->message);
        print(out, "}]}]");
    } else if (why->retry_s > 0)
        print(out,
              ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
              "\"retryDelay\":\"%us\"}]",
              why->retry_s);
    print(out, "}");
}

void reply_refused(reply *out, bool json, const refusal *why)
{
    out->size = 0;
    if (json) {
        refuse_in_json(out, why);
        return;
    }
    put_number(out, 1, (uint64_t)why->code);
    put_text(out, 2, why->message);
    if (why->field[0] != '\0')
        put_violation(out, why);
    else if (why->retry_s > 0)
        put_retry(out, why);
}

void refusal_of_error(refusal *why, const o2p_error *error)
{
    *why = (refusal){.code = RPC_INVALID_ARGUMENT};
    describe(why->message, sizeof why->message, error);
    memcpy(why->field, error->path, sizeof why->field);
}
