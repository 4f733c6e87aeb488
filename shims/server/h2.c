/* h2.c - see h2.h. libnghttp2 has the frames, the header compression and the flow control, and no
 * I/O: bytes go in by mem_recv, and come out by mem_send into what the connection sends.
 *
 * A stream is an exchange. Its answer waits in the exchange until the stream is closed, because
 * libnghttp2 asks for the body when the client has room for it.
 *
 *   HTTP          HEADERS :status..., DATA with the end of the stream
 *   gRPC, good    HEADERS :status 200, DATA: 5 bytes and the message, HEADERS grpc-status 0
 *   gRPC, bad     HEADERS :status 200, HEADERS grpc-status...; in one where nothing is to be
 * retried
 */
#include "server.h"
#include "h2.h"
#include "clock.h"
#include "exchange.h"
#include "grpc.h"
#include "hint.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_STREAMS = 128,
    MOST_HEADER = 16 * 1024,
    STREAM_WINDOW = 1 << 20,              /* the 64 KiB of the standard make large bodies wait */
    CONNECTION_WINDOW = 8 << 20,          /* for all streams together */
    MOST_FIELDS = 3 + MOST_ANSWER_FIELDS, /* :status, and type and length of the content */
};

typedef struct stream {
    struct stream *previous;
    struct stream *next;
    int32_t id;
    head head;
    size_t header_size;
    exchange *exchange;
    uint64_t began_ns;
    bool ended; /* the request is complete */
    bool grpc;
    size_t dropped; /* of the body, after the answer */
    size_t sent;    /* of the answer's body, gRPC's five bytes included */
    uint8_t prefix[GRPC_PREFIX];
    char status_text[8];
    char message[700];
    char details[1400];
} stream;

typedef struct h2 {
    nghttp2_session *session;
    bool grpc_only;
    stream *streams;
    uint64_t idle_since_ns;
} h2;

static h2 *state_of(connection *it)
{
    return it->state;
}

/* ---- fields of answers ----------------------------------------------------------------------- */

typedef struct fields {
    nghttp2_nv list[MOST_FIELDS];
    size_t count;
} fields;

/* The texts stay until they are copied by submitting them. */
static void add_sized(fields *to, const char *name, const char *value, size_t size)
{
    to->list[to->count++] = (nghttp2_nv){.name = (uint8_t *)name,
                                         .namelen = strlen(name),
                                         .value = (uint8_t *)value,
                                         .valuelen = size};
}

static void add(fields *to, const char *name, const char *value)
{
    add_sized(to, name, value, strlen(value));
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static bool is_refused(const stream *it)
{
    return it->exchange->answer.why.code != RPC_OK;
}

/* The trailer of gRPC: the status, and why. */
static void add_status(stream *it, fields *to)
{
    const refusal *why = &it->exchange->answer.why;
    snprintf(it->status_text, sizeof it->status_text, "%d", (int)why->code);
    add(to, "grpc-status", it->status_text);
    if (why->code == RPC_OK)
        return;
    grpc_message(why->message, it->message, sizeof it->message);
    add(to, "grpc-message", it->message);
    size_t size = grpc_details(&it->exchange->answer.body, it->details, sizeof it->details);
    if (size > 0)
        add_sized(to, "grpc-status-details-bin", it->details, size);
}

/* What of the body comes at `at`: gRPC has five bytes before the message, and no message when it is
 * refused. */
static size_t piece_at(const stream *it, size_t at, const uint8_t **bytes)
{
    const answer *from = &it->exchange->answer;
    const char *body = from->text != NULL ? from->text : from->body.bytes;
    size_t size = from->text != NULL ? from->text_size : from->body.size;
    if (it->grpc && is_refused(it))
        return 0;
    if (it->grpc && at < GRPC_PREFIX) {
        *bytes = it->prefix + at;
        return GRPC_PREFIX - at;
    }
    at -= it->grpc ? GRPC_PREFIX : 0;
    *bytes = (const uint8_t *)body + at;
    return size - at;
}

static ssize_t on_read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t length,
                            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    stream *it = source->ptr;
    const uint8_t *bytes = NULL;
    size_t used = 0;
    size_t size;
    (void)user;
    while ((size = piece_at(it, it->sent, &bytes)) > 0 && used < length) {
        size = size < length - used ? size : length - used;
        memcpy(buffer + used, bytes, size);
        used += size;
        it->sent += size;
    }
    if (piece_at(it, it->sent, &bytes) > 0)
        return (ssize_t)used;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (it->grpc) {
        fields trailer = {.count = 0};
        add_status(it, &trailer);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, id, trailer.list, trailer.count) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return (ssize_t)used;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void submit(stream *it, const fields *header, bool body)
{
    h2 *state = state_of(it->exchange->connection);
    nghttp2_data_provider provider = {.source = {.ptr = it}, .read_callback = on_read_body};
    if (nghttp2_submit_response(state->session, it->id, header->list, header->count,
                                body ? &provider : NULL) != 0)
        nghttp2_submit_rst_stream(state->session, NGHTTP2_FLAG_NONE, it->id,
                                  NGHTTP2_INTERNAL_ERROR);
}

static void answer_grpc(stream *it)
{
    fields header = {.count = 0};
    const answer *from = &it->exchange->answer;
    size_t size = from->body.size;
    for (int i = 0; i < 4; i++)
        it->prefix[1 + i] = (uint8_t)(size >> (24 - 8 * i));
    add(&header, ":status", "200");
    add(&header, "content-type", "application/grpc");
    if (from->why.code == RPC_UNIMPLEMENTED)
        add(&header, "grpc-accept-encoding", "identity,gzip,deflate,zstd");
    bool alone = is_refused(it) && from->why.retry_s == 0;
    if (alone)
        add_status(it, &header);
    submit(it, &header, !alone);
}

static void answer_http(stream *it)
{
    fields header = {.count = 0};
    const answer *from = &it->exchange->answer;
    char status[8];
    char length[24];
    answer_fields more;
    snprintf(status, sizeof status, "%d", from->status);
    snprintf(length, sizeof length, "%zu", from->text != NULL ? from->text_size : from->body.size);
    add(&header, ":status", status);
    if (from->status != 204) {
        add(&header, "content-type", from->content_type);
        add(&header, "content-length", length);
    }
    exchange_fields(it->exchange, &more);
    for (size_t i = 0; i < more.count; i++)
        add(&header, more.list[i].name, more.list[i].value);
    submit(it, &header, exchange_has_content(it->exchange));
}

static void on_ready(exchange *done)
{
    stream *it = done->stream;
    if (it->grpc)
        answer_grpc(it);
    else
        answer_http(it);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void link_in(h2 *state, stream *it)
{
    it->next = state->streams;
    if (it->next != NULL)
        it->next->previous = it;
    state->streams = it;
}

static void remove_stream(h2 *state, stream *it)
{
    if (it->previous != NULL)
        it->previous->next = it->next;
    else
        state->streams = it->next;
    if (it->next != NULL)
        it->next->previous = it->previous;
    if (it->exchange != NULL)
        exchange_leave(it->exchange);
    free(it);
    if (state->streams == NULL)
        state->idle_since_ns = steady_ns();
}

static stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    connection *it = user;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    stream *made = calloc(1, sizeof *made);
    if (made == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    made->id = frame->hd.stream_id;
    made->began_ns = steady_ns();
    link_in(state_of(it), made);
    nghttp2_session_set_stream_user_data(session, made->id, made);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *user)
{
    stream *it = stream_of(session, frame->hd.stream_id);
    const char *text = (const char *)value;
    (void)flags;
    (void)user;
    if (it == NULL || it->exchange != NULL) /* a trailer of the request says nothing to us */
        return 0;
    it->header_size += name_size + value_size + 32; /* RFC 9113, 6.5.2 */
    if (it->header_size > MOST_HEADER)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (name_size == 7 && memcmp(name, ":method", 7) == 0)
        head_set(it->head.method, sizeof it->head.method, text, value_size);
    else if (name_size == 5 && memcmp(name, ":path", 5) == 0)
        head_set_target(&it->head, text, value_size);
    else if (!head_take(&it->head, (const char *)name, name_size, text, value_size))
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return 0;
}

static int begin_request(connection *it, stream *from)
{
    from->grpc = grpc_is_type(from->head.content_type);
    from->exchange = exchange_new(it, &from->head, from->grpc, on_ready);
    if (from->exchange == NULL)
        return nghttp2_submit_rst_stream(state_of(it)->session, NGHTTP2_FLAG_NONE, from->id,
                                         NGHTTP2_REFUSED_STREAM);
    from->exchange->stream = from;
    if (state_of(it)->grpc_only && !from->grpc)
        exchange_refuse(from->exchange, 415, RPC_INVALID_ARGUMENT,
                        "this port speaks gRPC: the media type is application/grpc");
    else
        exchange_begin(from->exchange);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    stream *it = stream_of(session, frame->hd.stream_id);
    bool header = frame->hd.type == NGHTTP2_HEADERS;
    if (it == NULL || !(header || frame->hd.type == NGHTTP2_DATA))
        return 0;
    if (header && frame->headers.cat == NGHTTP2_HCAT_REQUEST && begin_request(user, it) != 0)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        it->ended = true;
        if (it->exchange != NULL)
            exchange_end(it->exchange);
    }
    return 0;
}

/* What still comes of a request that is answered. It would be right to reset the stream behind the
 * answer (RFC 9113, 8.1), but there are clients, curl 7.88 among them, which then drop an answer
 * that they have not read yet: so only those that go on and on are reset, here or by the clock. */
static void drop(nghttp2_session *session, stream *it, size_t size)
{
    it->dropped += size;
    if (it->dropped > STREAM_WINDOW)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, it->id, NGHTTP2_NO_ERROR);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes,
                   size_t size, void *user)
{
    stream *it = stream_of(session, id);
    (void)flags;
    (void)user;
    if (it == NULL || it->exchange == NULL)
        return 0;
    if (it->exchange->answered)
        drop(session, it, size);
    else
        exchange_add(it->exchange, bytes, size);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    stream *it = stream_of(session, id);
    (void)code;
    if (it != NULL) {
        nghttp2_session_set_stream_user_data(session, id, NULL);
        remove_stream(state_of(user), it);
    }
    return 0;
}

/* ---- the connection -------------------------------------------------------------------------- */

/* Makes what can be sent, but not more than the client takes. */
static void go_on(connection *it)
{
    h2 *state = state_of(it);
    const uint8_t *bytes;
    while (!it->dead && !it->closing && !connection_is_full(it)) {
        ssize_t size = nghttp2_session_mem_send(state->session, &bytes);
        if (size < 0 || (size > 0 && evbuffer_add(it->out, bytes, (size_t)size) != 0))
            connection_kill(it);
        if (size <= 0)
            break;
    }
    if (it->dead || it->closing)
        return;
    if (!nghttp2_session_want_read(state->session) && !nghttp2_session_want_write(state->session))
        connection_finish(it);
    else if (it->stalled)
        connection_pause(it);
    else
        connection_resume(it);
}

/* Answers in HTTP/1.1 whoever does not begin as HTTP/2 does: that is read, or understood to be no
 * TLS. */
static void refuse_peer(connection *it, const uint8_t *bytes, size_t size)
{
    const char *why = hint_of_peer(bytes, size);
    if (why == NULL) {
        connection_kill(it);
        return;
    }
    connection_tell(it, LEVEL_WARN, why);
    evbuffer_drain(it->out, evbuffer_get_length(it->out));
    evbuffer_add_printf(it->out,
                        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                        "Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                        strlen(why) + 1, why);
    connection_finish(it);
}

static void on_receive(connection *it, const uint8_t *bytes, size_t size)
{
    ssize_t taken = nghttp2_session_mem_recv(state_of(it)->session, bytes, size);
    if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
        refuse_peer(it, bytes, size);
    else if (taken < 0)
        connection_kill(it);
    go_on(it);
}

static bool on_ended(connection *it)
{
    (void)it;
    return false;
}

static void set_clock(connection *it)
{
    const settings *config = it->worker->shared->settings;
    uint64_t request = config->request_timeout;
    uint64_t idle = config->idle_timeout;
    connection_within(it, request < idle ? request : idle);
}

static void go_away(connection *it)
{
    nghttp2_session *session = state_of(it)->session;
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, NULL,
                          0);
    go_on(it);
}

/* Ends the requests that take too long to arrive, and the connection when it is idle. */
static void on_late(connection *it)
{
    h2 *state = state_of(it);
    const settings *config = it->worker->shared->settings;
    uint64_t now = steady_ns();
    for (stream *one = state->streams; one != NULL; one = one->next)
        if (!one->ended && now - one->began_ns >= config->request_timeout * NS_PER_MS)
            nghttp2_submit_rst_stream(state->session, NGHTTP2_FLAG_NONE, one->id, NGHTTP2_CANCEL);
    if (state->streams == NULL && now - state->idle_since_ns >= config->idle_timeout * NS_PER_MS)
        go_away(it);
    else
        go_on(it);
    set_clock(it);
}

static void on_release(connection *it)
{
    h2 *state = state_of(it);
    while (state->streams != NULL)
        remove_stream(state, state->streams);
    nghttp2_session_del(state->session);
    free(state);
}

static const protocol h2_protocol = {
    .receive = on_receive,
    .ended = on_ended,
    .go_on = go_on,
    .late = on_late,
    .drain = go_away,
    .release = on_release,
};

static bool open_session(connection *it, h2 *state)
{
    nghttp2_session_callbacks *calls;
    if (nghttp2_session_callbacks_new(&calls) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    int failure = nghttp2_session_server_new(&state->session, calls, it);
    nghttp2_session_callbacks_del(calls);
    return failure == 0;
}

static bool greet(h2 *state)
{
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MOST_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MOST_HEADER},
    };
    return nghttp2_submit_settings(state->session, NGHTTP2_FLAG_NONE, entries,
                                   sizeof entries / sizeof *entries) == 0 &&
           nghttp2_session_set_local_window_size(state->session, NGHTTP2_FLAG_NONE, 0,
                                                 CONNECTION_WINDOW) == 0;
}

bool h2_open(connection *it, bool grpc_only)
{
    h2 *state = calloc(1, sizeof *state);
    if (state == NULL)
        return false;
    state->grpc_only = grpc_only;
    state->idle_since_ns = steady_ns();
    if (!open_session(it, state) || !greet(state)) {
        nghttp2_session_del(state->session);
        free(state);
        return false;
    }
    it->state = state;
    it->protocol = &h2_protocol;
    set_clock(it);
    go_on(it);
    return true;
}
