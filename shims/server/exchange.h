/* exchange.h - one request and its answer, whichever protocol carries them.
 *
 * A protocol makes an exchange when it has the header, adds the body as it comes, says when it is
 * complete, and is told when there is an answer, maybe at once, maybe much later. What a request
 * means (its path, its type, its limits) and what is answered is decided here alone.
 *
 *   HTTP    POST /v1/logs, /v1/traces, /v1/metrics   protobuf, JSON or JSON lines
 *           GET /healthz, /readyz, /metrics          text
 *           OPTIONS of each                          a browser's question, with cors-origins (204)
 *   gRPC    POST /opentelemetry.proto.collector...Service/Export, /grpc.health.v1.Health/Check
 *
 * All requests that are not answered count against max-pending, with what has come of their bodies.
 * Whether the server is well can be asked all the same, and whoever is refused is told: neither
 * asks for more than a small exchange and 1 KiB of a body.
 *
 * A credential is asked for (auth-file) of everything but health, before any of the body is taken.
 *
 * Life. exchange_new and exchange_begin; then exchange_add and exchange_end, until `ready` is
 * called, which may happen inside of either or of exchange_begin. The protocol then sends the
 * answer and calls exchange_free. When the client goes away before, it calls exchange_leave.
 *
 * Threads. All of it belongs to the worker's thread; only the submission inside is lent to the
 * batcher, and with it the bytes of the request, which the batcher releases once they are kept.
 */
#ifndef O2P_SERVER_EXCHANGE_H
#define O2P_SERVER_EXCHANGE_H

#include "connection.h"
#include "head.h"
#include "reply.h"
#include "submission.h"
#include "worker.h"

typedef struct answer {
    int status; /* HTTP's; 204 has neither type nor body */
    const char *content_type;
    refusal why; /* code RPC_OK: accepted */
    reply body;  /* of HTTP; of gRPC the message, without its five bytes */
    char *text;  /* the body in place of `body`, when not NULL; freed with the exchange */
    size_t text_size;
} answer;

/* Fields of an answer's header that not every answer has, with names in lower case. */
enum { MOST_ANSWER_FIELDS = 12 };
typedef struct answer_fields {
    size_t count;
    struct {
        const char *name;
        const char *value; /* as long as the exchange and this are there */
    } list[MOST_ANSWER_FIELDS];
    char retry[12];
    char age[12];
} answer_fields;

typedef struct exchange {
    submission submission; /* first: it is found by it when it is given back */
    worker *worker;
    head head;
    bool grpc;
    bool json;
    bool answered;
    bool lent;      /* the batcher has it */
    bool freed;     /* to be released when the last of its functions returns */
    unsigned depth; /* of its functions that are running: an answer inside of one may free it */
    int route;

    uint8_t *body;
    size_t size;
    size_t capacity; /* what is counted of the block, and may be filled */
    size_t block;
    uint8_t *plain;
    bool spare;        /* not counted: there was no room */
    uint64_t reserved; /* bytes counted in metrics.pending_bytes */

    answer answer;
    void (*ready)(struct exchange *it); /* the answer is there */
    connection *connection;             /* NULL: the client has gone */
    void *stream;                       /* the protocol's own */
} exchange;

/* Makes one for a head; NULL when there is no memory. When too much is pending it is a spare one:
 * it counts nowhere, and serves to say so or to tell of the server's health. A connection has a few
 * of these at a time; NULL when it has them. */
exchange *exchange_new(connection *from, const head *header, bool grpc,
                       void (*ready)(exchange *it));

/* Judges the header. May answer; a body, if there is one, is not wanted then. */
void exchange_begin(exchange *it);

/* Adds a piece of the body. May answer: too large, or no memory left for it. */
void exchange_add(exchange *it, const uint8_t *bytes, size_t size);

/* Room to receive more of the body into: `*room` bytes, at least one. NULL when it has answered
 * instead. What was received there is told by exchange_added. */
uint8_t *exchange_room(exchange *it, size_t *room);
void exchange_added(exchange *it, size_t size);

/* The body is complete. May answer. */
void exchange_end(exchange *it);

/* Whether its answer is sent with the content it has: not to HEAD, to which the fields alone are
 * the answer. HTTP's, not gRPC's. */
bool exchange_has_content(const exchange *it);

/* The fields of its answer beyond the content's type and length; HTTP's, not gRPC's. */
void exchange_fields(const exchange *it, answer_fields *out);

/* Answers with a refusal, for the protocol's own reasons. */
void exchange_refuse(exchange *it, int status, rpc_code code, const char *message);

/* The client has gone: nothing is sent. Frees it, now or when the batcher gives it back. */
void exchange_leave(exchange *it);

/* May be called inside of `ready`. */
void exchange_free(exchange *it);

/* Takes back what the batcher is done with, in the worker's thread: answers. */
void exchange_return(submission *returned);

#endif
