/* connection.h - a connection: its socket, what is still to be sent, its clock. What is spoken on
 * it is its protocol's.
 *
 * Receiving is done here and not by libevent's bufferevents, because those read 4 KiB a call, which
 * costs more than converting what was read; and so that a body is received into its place.
 */
#ifndef O2P_SERVER_CONNECTION_H
#define O2P_SERVER_CONNECTION_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls.h"
#include "worker.h"

typedef struct connection connection;

/* What a protocol does. Each is called in the worker's thread; the connection stays until the
 * outermost of these has returned, whatever is called inside of it. */
typedef struct protocol {
    /* Takes all of what came. */
    void (*receive)(connection *it, const uint8_t *bytes, size_t size);
    /* Room to receive into directly: NULL to receive by the other. Then `received` is called. */
    uint8_t *(*room)(connection *it, size_t *room);
    void (*received)(connection *it, size_t size);
    /* The client will send no more. False: the connection is of no use then. */
    bool (*ended)(connection *it);
    /* An answer came later, by the exchange's `ready`; or what was to be sent has been. */
    void (*go_on)(connection *it);
    /* The time of connection_within is over. */
    void (*late)(connection *it);
    /* Finish what is under way, begin nothing new, and close. */
    void (*drain)(connection *it);
    /* Releases `state`. */
    void (*release)(connection *it);
} protocol;

struct connection {
    worker *worker;
    const listening *from;
    int fd;
    tls_stream *tls;               /* NULL: bytes go as they are */
    void (*secured)(connection *); /* to be called after the handshake; NULL: it is over */
    struct event *readable;
    struct event *writable;
    struct event *timer;
    struct evbuffer *out;
    const protocol *protocol;
    void *state; /* the protocol's */
    bool reading;
    bool blocked;   /* TLS must write before it can read */
    bool stalled;   /* the protocol waits until `out` is sent */
    bool closing;   /* close when `out` is sent */
    bool shut;      /* our end is; what still comes is dropped */
    bool dead;      /* to be released */
    unsigned spare; /* exchanges beyond max-pending, which are few (exchange.h) */
    connection *previous;
    connection *next;
};

/* A client that takes nothing for so long is gone. */
enum { CONNECTION_SEND_MS = 30000 };

/* Makes a connection of an accepted socket, which it owns. NULL when there is no memory; the socket
 * is closed then. `state` is to be set by the caller. */
connection *connection_new(const listening *from, int fd);

/* Shakes hands, then calls `secured`, which sets `state`. False when there is no memory. */
bool connection_secure(connection *it, tls_port *by, void (*secured)(connection *));

/* Whether so much is unsent that no more should be made. The protocol's go_on is called when it is
 * sent. */
bool connection_is_full(connection *it);

/* Receiving stops and goes on. */
void connection_pause(connection *it);
void connection_resume(connection *it);

/* Calls `late` unless it is called again within this time; 0: never. */
void connection_within(connection *it, uint64_t ms);

/* Sends what is in `out`, then closes in a way that lets the client read it. */
void connection_finish(connection *it);

/* Reports a client that spoke what its port does not, if none has been for a minute. */
void connection_tell(const connection *it, level at, const char *why);

/* Closes at once. */
void connection_kill(connection *it);

/* Sends what can be sent, and releases a connection that is dead. To be called last by whatever
 * called a protocol from outside; the connection may be gone then. */
void connection_settle(connection *it);

/* Tells the protocol to drain. */
void connection_drain(connection *it);

#endif
