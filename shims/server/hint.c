/* hint.c - see hint.h. */
#include "server.h"
#include "hint.h"

#include <string.h>

static bool begins_with(const uint8_t *bytes, size_t size, const char *magic, size_t magic_size)
{
    return size >= magic_size && memcmp(bytes, magic, magic_size) == 0;
}

/* RFC 1952, 2.3.1; RFC 8878, 3.1.1. */
const char *hint_of_packed(const uint8_t *plain, size_t size)
{
    if (begins_with(plain, size, "\x1f\x8b", 2))
        return "the body is gzip, and Content-Encoding does not say so";
    if (begins_with(plain, size, "\x28\xb5\x2f\xfd", 4))
        return "the body is zstd, and Content-Encoding does not say so";
    return NULL;
}

/* Whether what is wrong is that another value begins on a line of its own. */
static bool has_lines(const submission *one)
{
    size_t at = one->result.error.offset;
    if (at >= one->plain_size || one->plain[at] != '{')
        return false;
    while (at > 0 && strchr(" \t\r\n", one->plain[at - 1]) != NULL && one->plain[at - 1] != '\0')
        if (one->plain[--at] == '\n')
            return true;
    return false;
}

/* Which path takes what is of another signal than its own takes; NULL: it is not that. */
static const char *path_of_another(const submission *one)
{
    static const struct {
        o2p_signal signal;
        const char *member; /* the first of the request */
        const char *clause;
    } paths[] = {
        {O2P_SIGNAL_LOGS, "\"resourceLogs\"", "; /v1/logs takes these"},
        {O2P_SIGNAL_TRACES, "\"resourceSpans\"", "; /v1/traces takes these"},
        {O2P_SIGNAL_METRICS, "\"resourceMetrics\"", "; /v1/metrics takes these"},
    };
    size_t at = one->result.error.offset;
    if (at >= one->plain_size || one->plain[at++] != '{')
        return NULL;
    while (at < one->plain_size && one->plain[at] != '\0' &&
           strchr(" \t\r\n", one->plain[at]) != NULL)
        at++;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (paths[i].signal != one->signal && begins_with(one->plain + at, one->plain_size - at,
                                                          paths[i].member, strlen(paths[i].member)))
            return paths[i].clause;
    return NULL;
}

const char *hint_of(const submission *one)
{
    if (one->encoding == O2P_ENCODING_PROTOBUF && begins_with(one->plain, one->plain_size, "{", 1))
        return "; it looks like JSON, whose Content-Type is application/json";
    if (one->encoding == O2P_ENCODING_JSON && has_lines(one))
        return "; JSON lines have the Content-Type application/x-ndjson";
    const char *elsewhere = one->encoding != O2P_ENCODING_PROTOBUF ? path_of_another(one) : NULL;
    return elsewhere != NULL ? elsewhere : "";
}

bool hint_is_tls(const uint8_t *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 22 && bytes[1] == 3;
}

const char *hint_of_peer(const uint8_t *bytes, size_t size)
{
    static const char *const methods[] = {"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS "};
    if (hint_is_tls(bytes, size))
        return "this port does not speak TLS: send to http://, or set tls-cert and tls-key";
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (begins_with(bytes, size, methods[i], strlen(methods[i])))
            return "this port speaks gRPC alone: OTLP/HTTP has another, 4318 by default";
    return NULL;
}
