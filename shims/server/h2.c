/* h2.c - see h2.h. libnghttp2 has the frames, the header compression and the flow control, and no
 * I/O: bytes go in by mem_recv, and come out by mem_send into what the connection sends.
 *
 * A stream is an exchange until there is an answer. libnghttp2 asks for its body when the client
 * has room for it, and that may be never: so the stream keeps what is still to be sent, which is
 * little, and frees the exchange with all that came. A client that lets no answer through for a
 * while is not waited for: its stream is reset, and when that comes again the connection ends.
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

/* The end of a gRPC answer. */
typedef struct trailer {
    char status[8];
    char message[700];
    char details[1400];
    size_t details_size;
} trailer;

typedef struct stream {
    struct stream *previous;
    struct stream *next;
    int32_t id;
    head *head; /* while it comes */
    size_t header_size;
    exchange *exchange; /* while it is not answered */
    uint64_t began_ns;
    uint64_t taken_ns; /* when the answer was there, or some of it was taken last */
    bool unsent;       /* some of the answer is to be taken */
    bool ended;        /* the request is complete */
    bool grpc;
    size_t dropped; /* of the body, after the answer */
    uint8_t *body;  /* of the answer: of gRPC the five bytes and the message */
    size_t size;
    size_t sent;
    trailer *trailer; /* of gRPC, when it is not OK */
} stream;

typedef struct h2 {
    nghttp2_session *session;
    bool grpc_only;
    stream *streams;
    uint64_t idle_since_ns;
    bool warned; /* answers that were not taken have been reset before */
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

/* What a refusal says at the end. */
static void set_trailer(trailer *it, const answer *from)
{
    snprintf(it->status, sizeof it->status, "%d", (int)from->why.code);
    grpc_message(from->why.message, it->message, sizeof it->message);
    it->details_size = grpc_details(&from->body, it->details, sizeof it->details);
}

/* NULL: all is well. */
static void add_trailer(const trailer *it, fields *to)
{
    add(to, "grpc-status", it != NULL ? it->status : "0");
    if (it == NULL)
        return;
    add(to, "grpc-message", it->message);
    if (it->details_size > 0)
        add_sized(to, "grpc-status-details-bin", it->details, it->details_size);
}

/* Copies the answer's body. */
static bool set_body(stream *it, const answer *from)
{
    const char *body = from->text != NULL ? from->text : from->body.bytes;
    size_t size = from->text != NULL ? from->text_size : from->body.size;
    size_t prefix = it->grpc ? GRPC_PREFIX : 0;
    it->body = calloc(1, prefix + size + 1);
    if (it->body == NULL)
        return false;
    for (size_t i = 1; i < prefix; i++)
        it->body[i] = (uint8_t)(size >> (8 * (prefix - 1 - i)));
    memcpy(it->body + prefix, body, size);
    it->size = prefix + size;
    return true;
}

static ssize_t on_read_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t length,
                            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    stream *it = source->ptr;
    size_t left = it->size - it->sent;
    size_t used = left < length ? left : length;
    (void)user;
    if (used > 0)
        memcpy(buffer, it->body + it->sent, used);
    it->sent += used;
    it->taken_ns = steady_ns();
    if (used < left)
        return (ssize_t)used;
    it->unsent = false;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (it->grpc) {
        fields last = {.count = 0};
        add_trailer(it->trailer, &last);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, id, last.list, last.count) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return (ssize_t)used;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void fail(nghttp2_session *session, const stream *it)
{
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, it->id, NGHTTP2_INTERNAL_ERROR);
}

static void submit(nghttp2_session *session, stream *it, const fields *header, bool body)
{
    nghttp2_data_provider provider = {.source = {.ptr = it}, .read_callback = on_read_body};
    it->unsent = body;
    it->taken_ns = steady_ns();
    if (nghttp2_submit_response(session, it->id, header->list, header->count,
                                body ? &provider : NULL) != 0)
        fail(session, it);
}

/* A refusal has no message; when it is final it is all in the header. */
static void refuse_grpc(nghttp2_session *session, stream *it, const answer *from, fields *header)
{
    it->trailer = calloc(1, sizeof *it->trailer);
    if (it->trailer == NULL) {
        fail(session, it);
        return;
    }
    set_trailer(it->trailer, from);
    bool alone = from->why.retry_s == 0;
    if (alone)
        add_trailer(it->trailer, header);
    submit(session, it, header, !alone);
}

static void answer_grpc(nghttp2_session *session, stream *it, const answer *from)
{
    fields header = {.count = 0};
    add(&header, ":status", "200");
    add(&header, "content-type", "application/grpc");
    if (from->why.code == RPC_UNIMPLEMENTED)
        add(&header, "grpc-accept-encoding", "identity,gzip,deflate,zstd");
    if (from->why.code != RPC_OK)
        refuse_grpc(session, it, from, &header);
    else if (set_body(it, from))
        submit(session, it, &header, true);
    else
        fail(session, it);
}

static void answer_http(nghttp2_session *session, stream *it, const exchange *done)
{
    fields header = {.count = 0};
    const answer *from = &done->answer;
    char status[8];
    char length[24];
    answer_fields more;
    if (!set_body(it, from)) {
        fail(session, it);
        return;
    }
    snprintf(status, sizeof status, "%d", from->status);
    snprintf(length, sizeof length, "%zu", it->size);
    add(&header, ":status", status);
    if (from->status != 204) {
        add(&header, "content-type", from->content_type);
        add(&header, "content-length", length);
    }
    exchange_fields(done, &more);
    for (size_t i = 0; i < more.count; i++)
        add(&header, more.list[i].name, more.list[i].value);
    submit(session, it, &header, exchange_has_content(done));
}

static void on_ready(exchange *done)
{
    stream *it = done->stream;
    nghttp2_session *session = state_of(done->connection)->session;
    if (it->grpc)
        answer_grpc(session, it, &done->answer);
    else
        answer_http(session, it, done);
    it->exchange = NULL;
    exchange_free(done);
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
    free(it->head);
    free(it->body);
    free(it->trailer);
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
    head *header = calloc(1, sizeof *header);
    if (made == NULL || header == NULL) {
        free(made);
        free(header);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    made->head = header;
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
    if (it == NULL || it->head == NULL) /* a trailer of the request says nothing to us */
        return 0;
    it->header_size += name_size + value_size + 32; /* RFC 9113, 6.5.2 */
    if (it->header_size > MOST_HEADER)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (name_size == 7 && memcmp(name, ":method", 7) == 0)
        head_set(it->head->method, sizeof it->head->method, text, value_size);
    else if (name_size == 5 && memcmp(name, ":path", 5) == 0)
        head_set_target(it->head, text, value_size);
    else if (!head_take(it->head, (const char *)name, name_size, text, value_size))
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return 0;
}

static int begin_request(connection *it, stream *from)
{
    from->grpc = grpc_is_type(from->head->content_type);
    from->exchange = exchange_new(it, from->head, from->grpc, on_ready);
    free(from->head);
    from->head = NULL;
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
    if (it == NULL)
        return 0;
    if (it->exchange == NULL)
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

/* How long an answer may wait for room, in milliseconds: as long as a socket, and not longer than a
 * connection without requests. */
static uint64_t send_patience(const settings *config)
{
    uint64_t idle = config->idle_timeout;
    return idle < CONNECTION_SEND_MS ? idle : CONNECTION_SEND_MS;
}

static void set_clock(connection *it)
{
    const settings *config = it->worker->shared->settings;
    uint64_t request = config->request_timeout;
    uint64_t patience = send_patience(config);
    connection_within(it, request < patience ? request : patience);
}

static void go_away(connection *it)
{
    nghttp2_session *session = state_of(it)->session;
    nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, NULL,
                          0);
    go_on(it);
}

static bool is_late(const stream *it, const settings *config, uint64_t now)
{
    return !it->ended && now - it->began_ns >= config->request_timeout * NS_PER_MS;
}

/* An answer that the client's window has let nothing of through. While the socket itself takes
 * nothing the connection's own patience counts. */
static bool is_stuck(const connection *it, const stream *one, const settings *config, uint64_t now)
{
    return one->unsent && !it->stalled && now - one->taken_ns >= send_patience(config) * NS_PER_MS;
}

/* Resets the streams whose request takes too long to arrive, or whose answer is not taken. Whether
 * there were any of the second kind. */
static bool reset_late(connection *it, uint64_t now)
{
    h2 *state = state_of(it);
    const settings *config = it->worker->shared->settings;
    bool any = false;
    for (stream *one = state->streams; one != NULL; one = one->next) {
        bool stuck = is_stuck(it, one, config, now);
        if (stuck || is_late(one, config, now))
            nghttp2_submit_rst_stream(state->session, NGHTTP2_FLAG_NONE, one->id, NGHTTP2_CANCEL);
        any = any || stuck;
    }
    return any;
}

/* Ends what takes too long, and the connection when it is idle or ended so before. */
static void on_late(connection *it)
{
    h2 *state = state_of(it);
    const settings *config = it->worker->shared->settings;
    uint64_t now = steady_ns();
    bool stuck = reset_late(it, now);
    if (stuck && state->warned)
        nghttp2_session_terminate_session(state->session, NGHTTP2_ENHANCE_YOUR_CALM);
    state->warned = state->warned || stuck;
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
