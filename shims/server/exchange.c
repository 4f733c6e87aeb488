/* exchange.c - see exchange.h. */
#include "server.h"
#include "exchange.h"
#include "clock.h"
#include "cors.h"
#include "grpc.h"
#include "hint.h"
#include "say.h"
#include "wal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- routes ---------------------------------------------------------------------------------- */

typedef enum purpose { EXPORT, ALIVE, READY, METRICS_TEXT, GRPC_HEALTH } purpose;

#define COLLECTOR(signal, service) "/opentelemetry.proto.collector." signal ".v1." service "/Export"

static const struct {
    const char *path;
    bool grpc;
    purpose purpose;
    o2p_signal signal;
} routes[] = {
    {"/v1/logs", false, EXPORT, O2P_SIGNAL_LOGS},
    {"/v1/traces", false, EXPORT, O2P_SIGNAL_TRACES},
    {"/v1/metrics", false, EXPORT, O2P_SIGNAL_METRICS},
    {"/healthz", false, ALIVE, O2P_SIGNAL_AUTO},
    {"/readyz", false, READY, O2P_SIGNAL_AUTO},
    {"/metrics", false, METRICS_TEXT, O2P_SIGNAL_AUTO},
    {COLLECTOR("logs", "LogsService"), true, EXPORT, O2P_SIGNAL_LOGS},
    {COLLECTOR("trace", "TraceService"), true, EXPORT, O2P_SIGNAL_TRACES},
    {COLLECTOR("metrics", "MetricsService"), true, EXPORT, O2P_SIGNAL_METRICS},
    {"/grpc.health.v1.Health/Check", true, GRPC_HEALTH, O2P_SIGNAL_AUTO},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static const struct {
    const char *name;
    o2p_encoding encoding;
} types[] = {
    {"application/x-protobuf", O2P_ENCODING_PROTOBUF},
    {"application/protobuf", O2P_ENCODING_PROTOBUF},
    {"application/json", O2P_ENCODING_JSON},
    {"application/x-ndjson", O2P_ENCODING_JSON_LINES},
    {"application/jsonl", O2P_ENCODING_JSON_LINES},
};
enum { TYPES = sizeof types / sizeof *types };

static purpose purpose_of(const exchange *it)
{
    return routes[it->route].purpose;
}

static int find_route(const exchange *it)
{
    for (int i = 0; i < ROUTES; i++)
        if (routes[i].grpc == it->grpc && strcmp(routes[i].path, it->head.path) == 0 &&
            !(routes[i].purpose == EXPORT && it->connection->from->health))
            return i;
    return -1;
}

static o2p_encoding encoding_of(const exchange *it)
{
    if (it->grpc)
        return O2P_ENCODING_PROTOBUF;
    for (size_t i = 0; i < TYPES; i++)
        if (head_is_type(it->head.content_type, types[i].name))
            return types[i].encoding;
    return O2P_ENCODING_AUTO;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Releases the request's bytes, and what was counted for them. */
static void release_bytes(exchange *it)
{
    uint64_t itself = it->spare ? 0 : sizeof *it;
    count_down(&it->worker->shared->metrics->pending_bytes, it->reserved - itself);
    it->reserved = itself;
    free(it->body);
    free(it->plain);
    it->body = it->plain = NULL;
}

static void leave_connection(exchange *it)
{
    if (it->connection != NULL && it->spare)
        it->connection->spare--;
    it->connection = NULL;
}

static void release(exchange *it)
{
    leave_connection(it);
    release_bytes(it);
    count_down(&it->worker->shared->metrics->pending_bytes, it->reserved);
    free(it->answer.text);
    free(it);
}

/* Whatever may answer runs between these two, since the protocol frees what it has answered. */
static void enter(exchange *it)
{
    it->depth++;
}

static void leave(exchange *it)
{
    if (--it->depth == 0 && it->freed)
        release(it);
}

void exchange_free(exchange *it)
{
    it->freed = true;
    if (it->depth == 0)
        release(it);
}

void exchange_leave(exchange *it)
{
    leave_connection(it);
    if (!it->lent)
        exchange_free(it);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void count_answer(const exchange *it)
{
    metrics *counts = it->worker->shared->metrics;
    rpc_code code = it->answer.why.code;
    if (code == RPC_UNAVAILABLE || it->answer.status == 429)
        count_up(&counts->busy_requests, 1);
    else if (code != RPC_OK)
        count_up(&counts->bad_requests, 1);
    else if (purpose_of(it) == EXPORT && it->answer.status == 200)
        count_up(&counts->accepted_requests, 1);
}

static void finish(exchange *it)
{
    it->answered = true;
    count_answer(it);
    it->ready(it);
}

/* The answer is what `why` says, in the encoding of the request. */
static void refuse(exchange *it, int status)
{
    answer *to = &it->answer;
    to->status = status;
    to->content_type = it->json ? "application/json" : "application/x-protobuf";
    reply_refused(&to->body, it->json, &to->why);
    finish(it);
}

/* Refuses for a reason of its own. */
static void refuse_as(exchange *it, int status, rpc_code code, const char *message)
{
    it->answer.why = (refusal){.code = code};
    snprintf(it->answer.why.message, sizeof it->answer.why.message, "%s", message);
    refuse(it, status);
}

void exchange_refuse(exchange *it, int status, rpc_code code, const char *message)
{
    enter(it);
    refuse_as(it, status, code, message);
    leave(it);
}

/* Come again later. */
static void defer(exchange *it, int status, const char *message)
{
    it->answer.why =
        (refusal){.code = RPC_UNAVAILABLE, .retry_s = shared_retry_s(it->worker->shared)};
    snprintf(it->answer.why.message, sizeof it->answer.why.message, "%s", message);
    refuse(it, status);
}

static void too_many(exchange *it)
{
    defer(it, 429, "too many requests are under way");
}

static void answer_text(exchange *it, int status, const char *type, char *text, size_t size)
{
    it->answer.status = status;
    it->answer.content_type = type;
    it->answer.text = text;
    it->answer.text_size = size;
    finish(it);
}

static void answer_words(exchange *it, int status, const char *words)
{
    answer_text(it, status, "text/plain; charset=utf-8", strdup(words), strlen(words));
}

/* How large a request may be, decompressed. Nobody needs much to ask whether the server is well. */
static size_t most_plain(const exchange *it)
{
    enum { QUESTION = 1024 };
    return purpose_of(it) == EXPORT ? (size_t)it->worker->shared->settings->max_request : QUESTION;
}

static void too_large(exchange *it)
{
    char message[96];
    snprintf(message, sizeof message, "the request is larger than %zu bytes%s", most_plain(it),
             purpose_of(it) == EXPORT ? " (max-request)" : "");
    refuse_as(it, 413, RPC_RESOURCE_EXHAUSTED, message);
}

/* ---- the header ------------------------------------------------------------------------------ */

exchange *exchange_new(connection *from, const head *header, bool grpc, void (*ready)(exchange *it))
{
    enum { MOST_SPARE = 8 };
    shared *all = from->worker->shared;
    bool counted = metrics_reserve(all->metrics, sizeof(exchange), all->settings->max_pending);
    exchange *it = counted || from->spare < MOST_SPARE ? calloc(1, sizeof *it) : NULL;
    if (it == NULL) {
        count_down(&all->metrics->pending_bytes, counted ? sizeof(exchange) : 0);
        return NULL;
    }
    it->reserved = counted ? sizeof *it : 0;
    it->spare = !counted;
    from->spare += it->spare;
    it->worker = from->worker;
    it->connection = from;
    it->head = *header;
    it->grpc = grpc;
    it->ready = ready;
    /* Whoever sends no protobuf can rather read JSON. */
    it->json = !grpc && encoding_of(it) != O2P_ENCODING_PROTOBUF;
    return it;
}

/* How the body is compressed, by the header; false when it answered instead. */
static bool find_coding(exchange *it)
{
    int kind = coding_of(it->grpc ? it->head.grpc_encoding : it->head.content_encoding);
    if (kind < 0)
        refuse_as(it, 400, it->grpc ? RPC_UNIMPLEMENTED : RPC_INVALID_ARGUMENT,
                  it->grpc
                      ? "this grpc-encoding is not known; identity, gzip, deflate and zstd are"
                      : "this Content-Encoding is not known; identity, gzip, deflate and zstd are");
    else
        it->submission.coding = (coding)kind;
    return kind >= 0;
}

static void begin_export(exchange *it)
{
    it->submission.signal = routes[it->route].signal;
    it->submission.encoding = encoding_of(it);
    if (it->submission.encoding == O2P_ENCODING_AUTO)
        refuse_as(it, 415, RPC_INVALID_ARGUMENT,
                  "unsupported media type; application/x-protobuf, application/json and "
                  "application/x-ndjson are known");
    else if (find_coding(it) && it->head.has_length &&
             it->head.content_length >
                 it->worker->shared->settings->max_request + (it->grpc ? GRPC_PREFIX : 0))
        too_large(it);
    else if (!it->answered && !batcher_is_able(it->worker->shared->batcher))
        defer(it, 503, "the server's log cannot be written");
    else if (!it->answered && it->spare)
        too_many(it);
}

/* The method that its path has. */
static const char *method_of(const exchange *it)
{
    return it->grpc || purpose_of(it) == EXPORT ? "POST" : "GET";
}

static bool is_head(const exchange *it)
{
    return !it->grpc && strcmp(it->head.method, "HEAD") == 0;
}

/* HEAD is answered wherever GET is (RFC 9110, 9.3.2). */
static bool is_method(const exchange *it)
{
    const char *method = method_of(it);
    return strcmp(it->head.method, method) == 0 || (is_head(it) && method[0] == 'G');
}

bool exchange_has_content(const exchange *it)
{
    return it->answer.status != 204 && !is_head(it);
}

/* Whoever looks after the server's health has no credentials. */
static bool is_permitted(const exchange *it)
{
    purpose wanted = purpose_of(it);
    return it->connection->from->health || wanted == ALIVE || wanted == READY ||
           wanted == GRPC_HEALTH ||
           auth_gate_permits(&it->worker->shared->auth, it->head.authorization);
}

static bool has_cors(const exchange *it)
{
    return !it->grpc && settings_is_given(it->worker->shared->settings->cors_origins);
}

/* A browser that asks whether a page's script may send the request that it is about to send. */
static bool is_preflight(const exchange *it)
{
    return has_cors(it) && strcmp(it->head.method, "OPTIONS") == 0 && it->head.origin[0] != '\0' &&
           it->head.requested_method[0] != '\0';
}

static void answer_preflight(exchange *it)
{
    if (cors_allows(it->worker->shared->settings->cors_origins, it->head.origin)) {
        it->answer.status = 204;
        finish(it);
    } else
        refuse_as(it, 403, RPC_PERMISSION_DENIED, "this origin is none of cors-origins");
}

static void begin(exchange *it)
{
    int route = find_route(it);
    it->route = route < 0 ? 0 : route;
    if (route < 0)
        refuse_as(it, 404, it->grpc ? RPC_UNIMPLEMENTED : RPC_NOT_FOUND,
                  it->grpc ? "no such service or method"
                  : it->connection->from->health
                      ? "no such path; /healthz, /readyz and /metrics are there"
                      : "no such path; /v1/logs, /v1/traces and /v1/metrics are there");
    else if (is_preflight(it))
        answer_preflight(it);
    else if (!is_method(it))
        refuse_as(it, 405, RPC_UNIMPLEMENTED,
                  method_of(it)[0] == 'P' ? "method not allowed, supported: [POST]"
                                          : "method not allowed, supported: [GET, HEAD]");
    else if (!is_permitted(it))
        refuse_as(it, 401, RPC_UNAUTHENTICATED, "a credential is needed (Authorization)");
    else if (purpose_of(it) == EXPORT)
        begin_export(it);
    else if (purpose_of(it) == GRPC_HEALTH)
        find_coding(it);
}

void exchange_begin(exchange *it)
{
    enter(it);
    begin(it);
    leave(it);
}

/* ---- the body -------------------------------------------------------------------------------- */

/* One byte more than may come, to see that more comes. */
static size_t most_bytes(const exchange *it)
{
    return most_plain(it) + (it->grpc ? GRPC_PREFIX : 0) + 1;
}

static bool reserve(exchange *it, size_t bytes)
{
    shared *all = it->worker->shared;
    if (purpose_of(it) != EXPORT)
        return true;
    if (!metrics_reserve(all->metrics, bytes, all->settings->max_pending)) {
        too_many(it);
        return false;
    }
    it->reserved += bytes;
    return true;
}

/* How long the body is going to be, by its own account; 0: it does not say. */
static size_t announced(const exchange *it)
{
    size_t most = most_bytes(it);
    size_t size = 0;
    if (it->head.has_length)
        size = (size_t)it->head.content_length;
    else if (it->grpc && it->size >= GRPC_PREFIX)
        size = GRPC_PREFIX + (size_t)grpc_length(it->body);
    return size < most ? size : most;
}

/* Makes the block that the body is received into larger: at once as large as is announced, so that
 * what has come need not be moved. What is not touched of it takes no memory, and counts only when
 * it is about to be. */
static bool widen(exchange *it, size_t capacity)
{
    size_t whole = announced(it);
    size_t size = whole > capacity ? whole : capacity;
    uint8_t *body = realloc(it->body, size);
    if (body == NULL && size > capacity)
        body = realloc(it->body, size = capacity);
    if (body == NULL) {
        defer(it, 503, "out of memory");
        return false;
    }
    it->body = body;
    it->block = size;
    return true;
}

/* Doubles, up to what is announced or allowed. */
static bool grow(exchange *it)
{
    enum { FIRST = 16 * 1024 };
    size_t most = it->head.has_length ? announced(it) : most_bytes(it);
    size_t capacity = it->capacity == 0 ? FIRST : it->capacity * 2;
    if (capacity > most)
        capacity = most;
    if (capacity <= it->capacity)
        capacity = it->capacity + 1; /* more than was announced: the protocol ends it */
    if (!reserve(it, capacity - it->capacity) || (capacity > it->block && !widen(it, capacity)))
        return false;
    it->capacity = capacity;
    return true;
}

static uint8_t *find_room(exchange *it, size_t *room)
{
    if (it->answered || (it->size == it->capacity && !grow(it)))
        return NULL;
    *room = it->capacity - it->size;
    return it->body + it->size;
}

static void added(exchange *it, size_t size)
{
    it->size += size;
    count_up(&it->worker->shared->metrics->received_bytes, size);
    if (it->size >= most_bytes(it))
        too_large(it);
}

uint8_t *exchange_room(exchange *it, size_t *room)
{
    enter(it);
    uint8_t *to = find_room(it, room);
    leave(it);
    return to;
}

void exchange_added(exchange *it, size_t size)
{
    enter(it);
    added(it, size);
    leave(it);
}

static void add(exchange *it, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        size_t room;
        uint8_t *to = find_room(it, &room);
        if (to == NULL)
            return;
        room = room < size ? room : size;
        memcpy(to, bytes, room);
        added(it, room);
        bytes += room;
        size -= room;
    }
}

void exchange_add(exchange *it, const uint8_t *bytes, size_t size)
{
    enter(it);
    add(it, bytes, size);
    leave(it);
}

/* ---- the whole request ----------------------------------------------------------------------- */

/* Takes the five bytes off a gRPC message. False when it answered instead. */
static bool unframe(exchange *it)
{
    submission *one = &it->submission;
    bool compressed;
    const char *wrong =
        grpc_unframe(it->body, it->size, one->coding != CODING_IDENTITY, &compressed);
    if (wrong != NULL) {
        refuse_as(it, 400, RPC_INTERNAL, wrong);
        return false;
    }
    one->body = it->body + GRPC_PREFIX;
    one->size = it->size - GRPC_PREFIX;
    if (!compressed)
        one->coding = CODING_IDENTITY;
    return true;
}

/* Decompresses the body. False when it answered instead. */
static bool unpack(exchange *it)
{
    submission *one = &it->submission;
    if (one->coding == CODING_IDENTITY) {
        one->plain = one->body;
        one->plain_size = one->size;
        return true;
    }
    switch (
        decode(one->coding, one->body, one->size, most_plain(it), &it->plain, &one->plain_size)) {
    case DECODE_OK:
        one->plain = it->plain;
        return reserve(it, one->plain_size);
    case DECODE_BAD:
        refuse_as(it, 400, RPC_INVALID_ARGUMENT, "the body cannot be decompressed");
        break;
    case DECODE_TOO_LARGE:
        too_large(it);
        break;
    case DECODE_NO_MEMORY:
        defer(it, 503, "out of memory");
        break;
    }
    return false;
}

static void on_kept(submission *one)
{
    release_bytes((exchange *)one);
}

static void give_back(submission *one)
{
    worker_return(((exchange *)one)->worker, one);
}

static void submit(exchange *it)
{
    submission *one = &it->submission;
    one->body = it->body;
    one->size = it->size;
    if ((it->grpc && !unframe(it)) || !unpack(it))
        return;
    const char *packed = hint_of_packed(one->plain, one->plain_size);
    if (packed != NULL) {
        refuse_as(it, 400, RPC_INVALID_ARGUMENT, packed);
        return;
    }
    one->body_hash = wal_hash128_of(one->body, one->size);
    one->received_ns = wall_ns();
    one->kept = on_kept;
    one->done = give_back;
    it->lent = true;
    batcher_submit(it->worker->shared->batcher, one);
}

static bool is_ready(const exchange *it)
{
    shared *all = it->worker->shared;
    return batcher_is_ready(all->batcher) && !atomic_load(&all->draining);
}

/* grpc.health.v1: the request is { 1 service string }, the answer { 1 status enum }. */
static void answer_health(exchange *it)
{
    enum { SERVING = 1, NOT_SERVING = 2, NAME_TAG = 1 << 3 | 2, STATUS_TAG = 1 << 3 };
    const submission *one = &it->submission;
    if (!unframe(it) || !unpack(it))
        return;
    bool known = one->plain_size == 0;
    if (one->plain_size >= 2 && one->plain[0] == NAME_TAG && one->plain[1] == one->plain_size - 2)
        for (int i = 0; i < ROUTES && !known; i++) {
            const char *path = routes[i].path + 1;
            size_t length = strcspn(path, "/");
            known = routes[i].grpc && length == one->plain_size - 2 &&
                    memcmp(path, one->plain + 2, length) == 0;
        }
    if (!known) {
        refuse_as(it, 404, RPC_NOT_FOUND, "no such service");
        return;
    }
    it->answer.body.bytes[0] = STATUS_TAG;
    it->answer.body.bytes[1] = is_ready(it) ? SERVING : NOT_SERVING;
    it->answer.body.size = 2;
    it->answer.status = 200;
    finish(it);
}

/* A server that can keep nothing until it is started anew is to be started anew. */
static void answer_alive(exchange *it)
{
    if (batcher_is_able(it->worker->shared->batcher))
        answer_words(it, 200, "ok\n");
    else
        answer_words(it, 503, "the log cannot be trusted until the server is started anew\n");
}

static void answer_metrics(exchange *it)
{
    size_t size;
    char *text = metrics_text(it->worker->shared->metrics, &size);
    if (text != NULL)
        answer_text(it, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
    else
        defer(it, 503, "out of memory");
}

static void end(exchange *it)
{
    switch (purpose_of(it)) {
    case EXPORT:
        submit(it);
        break;
    case ALIVE:
        answer_alive(it);
        break;
    case READY:
        answer_words(it, is_ready(it) ? 200 : 503, is_ready(it) ? "ready\n" : "not ready\n");
        break;
    case METRICS_TEXT:
        answer_metrics(it);
        break;
    case GRPC_HEALTH:
        answer_health(it);
        break;
    }
}

void exchange_end(exchange *it)
{
    enter(it);
    if (!it->answered)
        end(it);
    leave(it);
}

/* ---- the answer's header --------------------------------------------------------------------- */

static void add_field(answer_fields *to, const char *name, const char *value)
{
    to->list[to->count].name = name;
    to->list[to->count++].value = value;
}

/* The Fetch standard, 3.2. To named pages the answer is open also when the browser adds what it
 * remembers of the user, as its sendBeacon does; "*" would not do for that, and should not. */
static void add_cors(const exchange *it, answer_fields *to)
{
    const settings *config = it->worker->shared->settings;
    bool preflight = it->answer.status == 204;
    bool open = cors_is_open(config->cors_origins);
    add_field(to, "vary",
              preflight ? "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
                        : "Origin");
    if (!cors_allows(config->cors_origins, it->head.origin))
        return;
    add_field(to, "access-control-allow-origin", open ? "*" : it->head.origin);
    if (!open)
        add_field(to, "access-control-allow-credentials", "true");
    if (!preflight) {
        add_field(to, "access-control-expose-headers", "retry-after");
        return;
    }
    snprintf(to->age, sizeof to->age, "%u", (unsigned)(config->cors_max_age / 1000));
    add_field(to, "access-control-allow-methods", method_of(it));
    add_field(to, "access-control-allow-headers", config->cors_headers);
    add_field(to, "access-control-max-age", to->age);
}

void exchange_fields(const exchange *it, answer_fields *out)
{
    bool bearer;
    bool basic;
    auth_gate_schemes(&it->worker->shared->auth, &bearer, &basic);
    out->count = 0;
    snprintf(out->retry, sizeof out->retry, "%u", it->answer.why.retry_s);
    if (it->answer.why.retry_s > 0)
        add_field(out, "retry-after", out->retry);
    if (it->answer.status == 405)
        add_field(out, "allow", method_of(it)[0] == 'P' ? "POST" : "GET, HEAD");
    if (it->answer.status == 401 && bearer)
        add_field(out, "www-authenticate", "Bearer realm=\"otlp2parquet\"");
    if (it->answer.status == 401 && basic)
        add_field(out, "www-authenticate", "Basic realm=\"otlp2parquet\", charset=\"UTF-8\"");
    if (has_cors(it))
        add_cors(it, out);
}

/* ---- the batcher's answer -------------------------------------------------------------------- */

static void accepted(exchange *it)
{
    const o2p_result *result = &it->submission.result;
    metrics *counts = it->worker->shared->metrics;
    metrics_accept(counts, it->submission.signal, result->counts.accepted);
    count_up(&counts->refused_records, result->counts.rejected);
    it->answer.status = 200;
    it->answer.content_type = it->json ? "application/json" : "application/x-protobuf";
    reply_accepted(&it->answer.body, it->json, it->submission.signal, result);
    finish(it);
}

static void refused(exchange *it)
{
    const o2p_error *error = &it->submission.result.error;
    refusal *why = &it->answer.why;
    refusal_of_error(why, error);
    size_t used = strlen(why->message);
    snprintf(why->message + used, sizeof why->message - used, "%s", hint_of(&it->submission));
    refuse(it, 400);
}

static void ignore(exchange *it)
{
    (void)it;
}

void exchange_return(submission *returned)
{
    exchange *it = (exchange *)returned;
    enter(it);
    bool left = it->connection == NULL;
    it->lent = false;
    if (left)
        it->ready = ignore;
    switch (returned->outcome) {
    case OUTCOME_ACCEPTED:
        shared_accepted(it->worker->shared);
        accepted(it);
        break;
    case OUTCOME_REFUSED:
        refused(it);
        break;
    case OUTCOME_BUSY:
        defer(it, 503, "the request cannot be kept now");
        break;
    }
    it->freed = it->freed || left;
    leave(it);
}
