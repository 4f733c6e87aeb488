/* worker.h - a thread with an event loop: it accepts connections and serves them to their end.
 *
 * Nothing is shared between workers but the counters. The batcher gives submissions back from its
 * own threads through a list and a pipe that wakes the loop.
 */
#ifndef O2P_SERVER_WORKER_H
#define O2P_SERVER_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth.h"
#include "batcher.h"
#include "metrics.h"
#include "settings.h"
#include "submission.h"
#include "tls.h"

struct connection;

/* What a port is for. */
enum { LISTEN_HTTP, LISTEN_GRPC, LISTEN_HEALTH, LISTENERS };

/* What all workers share. */
typedef struct shared {
    const settings *settings;
    metrics *metrics;
    batcher *batcher;
    storer *storer;
    tls_port tls[LISTENERS];
    auth_gate auth;
    atomic_uint_fast64_t busy_since_ns; /* when requests began to be told to come again; 0: not */
    atomic_uint_fast64_t told_ns; /* when a client that spoke something else was reported last */
    atomic_bool draining;
} shared;

/* A listening socket and what is spoken on its connections. */
typedef struct listening {
    int fd; /* -1: none */
    bool grpc;
    bool health;   /* nothing else is answered, and nobody is asked who it is */
    tls_port *tls; /* NULL: without */
    struct event *event;
    struct worker *worker;
} listening;

typedef struct worker {
    shared *shared;
    pthread_t thread;
    struct event_base *loop;
    listening listeners[LISTENERS];
    struct event *woken;
    int wake_read;
    int wake_write;
    pthread_mutex_t lock; /* over the next three */
    submission_list returned;
    bool drain_asked;
    bool end_asked;
    atomic_bool around;             /* the loop has come around since it was asked */
    struct connection *connections; /* all of them, by a list */
    bool draining;
    uint8_t *scratch; /* what is received goes here first */
} worker;

enum { SCRATCH_SIZE = 256 * 1024 };

/* Prepares a worker over sockets that listen, which it owns. False when the system refuses; it is
 * to be released all the same. */
bool worker_init(worker *it, shared *all, const int fds[LISTENERS]);
bool worker_start(worker *it);

/* Stops accepting, lets what is under way finish, and ends when no connection is left. */
void worker_drain(worker *it);

/* Ends now, whatever is under way. */
void worker_end(worker *it);

/* Whether the loop has come around since this was called last, true at first; asks it again. */
bool worker_is_around(worker *it);

/* Waits for the thread to end. */
void worker_join(worker *it);
void worker_release(worker *it); /* after the batcher has stopped, which may give things back */

/* Gives a submission back to its worker; any thread. It is what their `done` does. */
void worker_return(worker *it, submission *one);

/* How long a client is to wait, in seconds: longer the longer the server has been busy. */
uint32_t shared_retry_s(shared *it);
void shared_accepted(shared *it);

#endif
