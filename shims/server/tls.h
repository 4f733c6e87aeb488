/* tls.h - TLS by OpenSSL over a connection's own socket: version 1.2 or 1.3, ciphers with forward
 * secrecy, and the protocol agreed by ALPN (RFC 7301).
 *
 *   | port | ALPN            | a client without ALPN speaks |
 *   | ---- | --------------- | ---------------------------- |
 *   | HTTP | h2, http/1.1    | HTTP/1.1, or HTTP/2 by its preface |
 *   | gRPC | h2              | HTTP/2                       |
 *
 * OpenSSL reads and writes the socket itself, so that a body is decrypted into its place, and
 * nothing is held but a record of 16 KiB each way, which an idle connection gives back. A context
 * is shared by all threads; a stream belongs to its connection's.
 */
#ifndef O2P_SERVER_TLS_H
#define O2P_SERVER_TLS_H

#include <event2/buffer.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "settings.h"

typedef struct ssl_ctx_st tls_context;
typedef struct ssl_st tls_stream;

/* What new connections are accepted with. It may be replaced while threads accept. */
typedef struct tls_port {
    pthread_mutex_t lock;
    tls_context *context; /* owned; NULL: connections are without TLS */
} tls_port;

/* Whether a setting asks for TLS. */
bool tls_is_wanted(const settings *config);

/* Reads the certificate, its key and, where client certificates are asked for, who may have signed
 * them. NULL with the reason in `why`, which names the setting. */
tls_context *tls_open(const settings *config, bool grpc, char *why, size_t why_size);
void tls_close(tls_context *it);

/* Makes it of a context, which it owns. */
void tls_port_open(tls_port *it, tls_context *context);
void tls_port_close(tls_port *it);

/* New connections have another context from now on; those that there are keep theirs. */
void tls_port_replace(tls_port *it, tls_context *context);

/* The server's side of a connection that was accepted; NULL when there is no memory. The socket
 * stays the caller's, does not block, and outlives the stream. */
tls_stream *tls_accept(tls_port *from, int fd);
void tls_free(tls_stream *it);

typedef enum tls_progress {
    TLS_DONE,
    TLS_WAITS_TO_READ,  /* go on when the socket can be read */
    TLS_WAITS_TO_WRITE, /* when it can be written */
    TLS_FAILED          /* the client has been told why, if it can be told */
} tls_progress;

/* Goes on with the handshake. */
tls_progress tls_handshake(tls_stream *it);

/* What went wrong in the handshake that has just failed, in this thread. */
const char *tls_failure(const tls_stream *it);

/* Whether it failed because the client speaks HTTP without TLS. */
bool tls_met_http(const tls_stream *it);

/* Whether HTTP/2 was agreed on. */
bool tls_is_h2(const tls_stream *it);

/* As recv(2): what came, 0 at the client's proper end, or -1 with `errno`: EAGAIN to come again
 * when the socket is ready, for writing if tls_wants_to_write. */
ssize_t tls_receive(tls_stream *it, void *to, size_t room);

/* After tls_receive: whether it stopped because the socket takes nothing, since even receiving may
 * have to answer something. */
bool tls_wants_to_write(const tls_stream *it);

/* After tls_receive: whether it may have something to give though the socket has not. */
bool tls_has_more(const tls_stream *it);

/* Sends of the front of `out` and removes it, as evbuffer_write does: the number of bytes, or -1
 * with `errno`. */
int tls_send(tls_stream *it, struct evbuffer *out);

/* Tells the client that no more will be sent. */
void tls_end(tls_stream *it);

#endif
