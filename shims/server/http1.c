/* http1.c - see http1.h.
 *
 * One request at a time: bytes behind it wait until it is answered, and while there are any nothing
 * more is received. That is all that pipelining needs, and it bounds what a connection holds.
 *
 *   HEAD -> BODY or CHUNKS -> WAITING -> HEAD ...
 *      \____________\____________\____-> closing (answered before the body ended, or asked to)
 */
#include "server.h"
#include "http1.h"
#include "exchange.h"
#include "h2.h"
#include "hint.h"
#include "http1_parse.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_HEAD = 16 * 1024 };

typedef enum phase { HEAD, BODY, CHUNKS, WAITING } phase;

/* What the connection's time is set to. */
typedef enum clock_kind { CLOCK_NONE, CLOCK_IDLE, CLOCK_ARRIVING } clock_kind;

typedef struct http1 {
    phase phase;
    http1_head head;
    http1_chunks chunks;
    uint64_t left;      /* of the body, in BODY */
    exchange *exchange; /* from the end of the head to the answer */
    bool last;          /* the connection ends with this answer */
    clock_kind clock;
    struct evbuffer *held; /* bytes that came and are not taken: part of a head, the next request */
} http1;

static http1 *state_of(connection *it)
{
    return it->state;
}

static size_t held_size(const http1 *state)
{
    return evbuffer_get_length(state->held);
}

/* ---- answering ------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {501, "Not Supported"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
}

static void write_answer(connection *it, const exchange *from, bool last)
{
    const answer *what = &from->answer;
    const char *body = what->text != NULL ? what->text : what->body.bytes;
    size_t size = what->text != NULL ? what->text_size : what->body.size;
    answer_fields fields;
    evbuffer_add_printf(it->out, "HTTP/1.1 %d %s\r\n", what->status, reason_of(what->status));
    if (what->status != 204)
        evbuffer_add_printf(it->out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                            what->content_type, size);
    exchange_fields(from, &fields);
    for (size_t i = 0; i < fields.count; i++)
        evbuffer_add_printf(it->out, "%s: %s\r\n", fields.list[i].name, fields.list[i].value);
    evbuffer_add_printf(it->out, "%s\r\n", last ? "Connection: close\r\n" : "");
    if (exchange_has_content(from))
        evbuffer_add(it->out, body, size);
}

/* The exchange has its answer. */
static void on_ready(exchange *done)
{
    connection *it = done->connection;
    http1 *state = state_of(it);
    bool whole = state->phase == WAITING;
    bool last = state->last || !whole || it->worker->draining;
    write_answer(it, done, last);
    exchange_free(done);
    state->exchange = NULL;
    state->phase = HEAD;
    state->clock = CLOCK_NONE;
    if (last)
        connection_finish(it);
}

/* Answers what is not even a request. */
static void refuse(connection *it, int status, const char *message)
{
    head none = {.has_length = false};
    http1 *state = state_of(it);
    exchange *made = exchange_new(it, &none, false, on_ready);
    state->phase = HEAD;
    if (made == NULL) {
        connection_kill(it);
        return;
    }
    state->exchange = made;
    exchange_refuse(made, status, RPC_INVALID_ARGUMENT, message);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void end_body(connection *it)
{
    http1 *state = state_of(it);
    state->phase = WAITING;
    exchange_end(state->exchange);
}

/* The head has been judged; the body follows if it has one and is wanted. */
static void begin_body(connection *it)
{
    http1 *state = state_of(it);
    bool empty = !state->head.chunked && state->head.head.content_length == 0;
    state->chunks = (http1_chunks){0};
    state->left = state->head.head.content_length;
    /* Whether a body comes is known before the answer, so that one that comes ends the
     * connection, and one without goes on. */
    state->phase = empty ? WAITING : state->head.chunked ? CHUNKS : BODY;
    exchange_begin(state->exchange);
    if (state->exchange == NULL)
        return;
    if (empty)
        end_body(it);
    else if (state->head.expects_continue)
        evbuffer_add_printf(it->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void begin_request(connection *it, const char *bytes, size_t size)
{
    http1 *state = state_of(it);
    int status = http1_parse_head(&state->head, bytes, size);
    if (status != 0) {
        refuse(it, status, "this is not a request of HTTP/1.1");
        return;
    }
    state->last = !state->head.keep_alive;
    state->exchange = exchange_new(it, &state->head.head, false, on_ready);
    if (state->exchange == NULL)
        connection_kill(it);
    else
        begin_body(it);
}

/* ---- taking bytes ---------------------------------------------------------------------------- */

/* Where the head in `bytes` ends; 0 when it does not. */
static size_t head_end(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    return end != NULL ? (size_t)(end - bytes) + 4 : 0;
}

/* It is HTTP/2, by prior knowledge: from here on the connection is spoken so. All is taken. */
static size_t switch_to_h2(connection *it, const uint8_t *bytes, size_t size)
{
    http1 *state = state_of(it);
    it->state = NULL;
    if (h2_open(it, false))
        it->protocol->receive(it, bytes, size);
    else
        connection_kill(it);
    evbuffer_free(state->held);
    free(state);
    return SIZE_MAX;
}

static size_t take_head(connection *it, const uint8_t *bytes, size_t size)
{
    if (hint_is_tls(bytes, size)) {
        connection_tell(it, LEVEL_WARN, hint_of_peer(bytes, size));
        refuse(it, 400, hint_of_peer(bytes, size));
        return size;
    }
    if (size >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
        return 2; /* RFC 9112, 2.2: an empty line before a request is ignored */
    size_t end = head_end(bytes, size < MOST_HEAD ? size : MOST_HEAD);
    if (end == H2_PREFACE_HEAD && memcmp(bytes, H2_PREFACE, end) == 0)
        return switch_to_h2(it, bytes, size);
    if (end > 0)
        begin_request(it, (const char *)bytes, end);
    else if (size >= MOST_HEAD)
        refuse(it, 431, "the header is larger than 16 KiB");
    return end;
}

static size_t take_body(connection *it, const uint8_t *bytes, size_t size)
{
    http1 *state = state_of(it);
    size_t taken = state->left < size ? (size_t)state->left : size;
    state->left -= taken;
    exchange_add(state->exchange, bytes, taken);
    if (state->left == 0 && state->phase == BODY && !it->closing)
        end_body(it);
    return taken;
}

static size_t take_chunk(connection *it, const uint8_t *bytes, size_t size)
{
    http1 *state = state_of(it);
    const char *data = NULL;
    size_t data_size = 0;
    size_t taken;
    switch (
        http1_next_chunk(&state->chunks, (const char *)bytes, size, &taken, &data, &data_size)) {
    case CHUNK_DATA:
        exchange_add(state->exchange, (const uint8_t *)data, data_size);
        break;
    case CHUNK_END:
        end_body(it);
        break;
    case CHUNK_BAD:
        exchange_refuse(state->exchange, 400, RPC_INVALID_ARGUMENT, "the body is not in chunks");
        break;
    case CHUNK_MORE:
        break;
    }
    return taken;
}

/* Takes what can be taken of the bytes; what is left is part of a head, or the next request.
 * SIZE_MAX: the connection is no longer ours. */
static size_t take(connection *it, const uint8_t *bytes, size_t size)
{
    http1 *state = state_of(it);
    size_t at = 0;
    while (at < size && state->phase != WAITING && !it->closing && !it->dead) {
        if (state->phase == HEAD && connection_is_full(it))
            break;
        size_t taken = state->phase == HEAD   ? take_head(it, bytes + at, size - at)
                       : state->phase == BODY ? take_body(it, bytes + at, size - at)
                                              : take_chunk(it, bytes + at, size - at);
        if (taken == SIZE_MAX)
            return SIZE_MAX;
        if (taken == 0)
            break;
        at += taken;
    }
    return at;
}

/* A request's time runs from its first byte, and not from each. */
static void set_clock(connection *it)
{
    http1 *state = state_of(it);
    const settings *config = it->worker->shared->settings;
    clock_kind kind = state->phase == WAITING                         ? CLOCK_NONE
                      : state->phase == HEAD && held_size(state) == 0 ? CLOCK_IDLE
                                                                      : CLOCK_ARRIVING;
    if (kind == state->clock)
        return;
    state->clock = kind;
    connection_within(it, kind == CLOCK_NONE   ? 0
                          : kind == CLOCK_IDLE ? config->idle_timeout
                                               : config->request_timeout);
}

/* After bytes were taken: what is to be waited for. */
static void rest(connection *it)
{
    http1 *state = state_of(it);
    if (it->closing || it->dead)
        return;
    set_clock(it);
    if (held_size(state) > 0 && (state->phase == WAITING || it->stalled))
        connection_pause(it);
    else
        connection_resume(it);
}

/* Takes of the held bytes what can be taken. */
static void go_on(connection *it)
{
    http1 *state = state_of(it);
    if (held_size(state) > 0) {
        const uint8_t *bytes = evbuffer_pullup(state->held, -1);
        size_t taken = bytes != NULL ? take(it, bytes, held_size(state)) : 0;
        if (taken == SIZE_MAX)
            return;
        if (bytes == NULL)
            connection_kill(it);
        evbuffer_drain(state->held, taken);
    }
    rest(it);
}

/* Bytes are taken from where they are; only what is left is held. */
static void on_receive(connection *it, const uint8_t *bytes, size_t size)
{
    http1 *state = state_of(it);
    bool held = held_size(state) > 0;
    size_t taken = held ? 0 : take(it, bytes, size);
    if (taken == SIZE_MAX)
        return;
    if (taken < size && evbuffer_add(state->held, bytes + taken, size - taken) != 0)
        connection_kill(it);
    if (held)
        go_on(it);
    else
        rest(it);
}

static uint8_t *body_room(connection *it, size_t *room)
{
    http1 *state = state_of(it);
    if (state->phase != BODY)
        return NULL;
    uint8_t *to = exchange_room(state->exchange, room);
    if (to != NULL && *room > state->left)
        *room = (size_t)state->left;
    return to;
}

static void on_received(connection *it, size_t size)
{
    http1 *state = state_of(it);
    state->left -= size;
    exchange_added(state->exchange, size);
    if (state->left == 0 && state->phase == BODY && !it->closing)
        end_body(it);
    rest(it);
}

static void on_late(connection *it)
{
    http1 *state = state_of(it);
    if (state->phase == HEAD && held_size(state) == 0)
        connection_finish(it); /* idle */
    else if (state->exchange != NULL)
        exchange_refuse(state->exchange, 408, RPC_INVALID_ARGUMENT,
                        "the request did not arrive in time");
    else
        refuse(it, 408, "the request did not arrive in time");
}

static void on_drain(connection *it)
{
    http1 *state = state_of(it);
    if (state->phase == HEAD && held_size(state) == 0)
        connection_finish(it);
}

static void on_release(connection *it)
{
    http1 *state = state_of(it);
    if (state->exchange != NULL)
        exchange_leave(state->exchange);
    evbuffer_free(state->held);
    free(state);
}

/* A client that has closed its end may still read ours. */
static bool on_ended(connection *it)
{
    http1 *state = state_of(it);
    state->last = true;
    return state->phase == WAITING;
}

static const protocol http1_protocol = {
    .receive = on_receive,
    .room = body_room,
    .received = on_received,
    .late = on_late,
    .drain = on_drain,
    .release = on_release,
    .go_on = go_on,
    .ended = on_ended,
};

bool http1_open(connection *it)
{
    http1 *state = calloc(1, sizeof *state);
    if (state == NULL)
        return false;
    state->held = evbuffer_new();
    if (state->held == NULL) {
        free(state);
        return false;
    }
    it->state = state;
    it->protocol = &http1_protocol;
    connection_resume(it);
    connection_within(it, it->worker->shared->settings->idle_timeout);
    return true;
}
