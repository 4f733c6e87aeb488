/* connection.c - see connection.h. */
#include "server.h"
#include "connection.h"
#include "clock.h"
#include "say.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LINGER_MS = 2000, /* how long a closed connection waits for the client to close it too */
    MOST_UNSENT = 256 * 1024
};

static struct timeval interval(uint64_t ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000),
                            .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

static void link_in(connection *it)
{
    it->next = it->worker->connections;
    if (it->next != NULL)
        it->next->previous = it;
    it->worker->connections = it;
}

static void link_out(connection *it)
{
    if (it->previous != NULL)
        it->previous->next = it->next;
    else
        it->worker->connections = it->next;
    if (it->next != NULL)
        it->next->previous = it->previous;
}

static void release(connection *it)
{
    struct event *const events[] = {it->readable, it->writable, it->timer};
    if (it->state != NULL)
        it->protocol->release(it);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    if (it->out != NULL)
        evbuffer_free(it->out);
    if (it->tls != NULL)
        tls_free(it->tls);
    close(it->fd);
    free(it);
}

void connection_kill(connection *it)
{
    it->dead = true;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

/* Nothing is received until the socket takes what TLS has to say: it could be read all the time. */
static void block(connection *it)
{
    struct timeval patience = interval(CONNECTION_SEND_MS);
    it->blocked = true;
    event_del(it->readable);
    event_add(it->writable, &patience);
}

/* Tries to receive, or to go on with the handshake, whether or not the socket has anything. */
static void unblock(connection *it)
{
    it->blocked = false;
    if (!it->reading)
        return;
    event_add(it->readable, NULL);
    event_active(it->readable, EV_READ, 0);
}

static void shake_hands(connection *it)
{
    void (*secured)(connection *) = it->secured;
    switch (tls_handshake(it->tls)) {
    case TLS_DONE:
        it->secured = NULL;
        secured(it);
        break;
    case TLS_WAITS_TO_READ:
        break;
    case TLS_WAITS_TO_WRITE:
        block(it);
        break;
    case TLS_FAILED:
        count_up(&it->worker->shared->metrics->failed_handshakes, 1);
        if (tls_met_http(it->tls))
            connection_tell(it, LEVEL_INFO, "this port speaks TLS: send to https://");
        say(LEVEL_DEBUG, "a TLS handshake failed: %s", tls_failure(it->tls));
        connection_finish(it); /* so that the client can read the alert */
        break;
    }
}

/* A connection that is shaking hands: there is nothing to finish. */
static const protocol handshake_protocol = {.late = connection_kill, .drain = connection_kill};

bool connection_secure(connection *it, tls_port *by, void (*secured)(connection *))
{
    it->tls = tls_accept(by, it->fd);
    if (it->tls == NULL)
        return false;
    it->secured = secured;
    it->protocol = &handshake_protocol;
    connection_within(it, it->worker->shared->settings->request_timeout);
    connection_resume(it);
    return true;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Everything is sent: says so to the client, and waits for it, because closing a socket that has
 * bytes to read would make the system throw away what the client has not yet read. */
static void shut(connection *it)
{
    struct timeval linger = interval(LINGER_MS);
    it->shut = true;
    if (it->tls != NULL)
        tls_end(it->tls);
    shutdown(it->fd, SHUT_WR);
    connection_resume(it);
    event_add(it->timer, &linger);
}

static void flush(connection *it)
{
    struct timeval patience = interval(CONNECTION_SEND_MS);
    while (!it->dead && evbuffer_get_length(it->out) > 0) {
        int sent = it->tls != NULL ? tls_send(it->tls, it->out) : evbuffer_write(it->out, it->fd);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            it->dead = true;
        if (sent <= 0)
            break;
    }
    if (!it->dead && evbuffer_get_length(it->out) > 0)
        event_add(it->writable, &patience);
    else if (!it->dead && it->closing && !it->shut)
        shut(it);
}

bool connection_is_full(connection *it)
{
    it->stalled = it->stalled || evbuffer_get_length(it->out) >= MOST_UNSENT;
    return it->stalled;
}

void connection_settle(connection *it)
{
    flush(it);
    while (it->stalled && !it->dead && !it->closing && evbuffer_get_length(it->out) == 0) {
        it->stalled = false;
        it->protocol->go_on(it);
        flush(it);
    }
    if (!it->dead)
        return;
    link_out(it);
    count_down(&it->worker->shared->metrics->connections, 1);
    release(it);
}

void connection_tell(const connection *it, level at, const char *why)
{
    enum { EACH_S = 60 };
    atomic_uint_fast64_t *told = &it->worker->shared->told_ns;
    uint_fast64_t last = atomic_load(told);
    uint64_t now = steady_ns();
    if (last != 0 && now - last < EACH_S * NS_PER_SECOND)
        return;
    if (atomic_compare_exchange_strong(told, &last, now))
        say(at, "a client was refused: %s", why);
}

void connection_finish(connection *it)
{
    it->closing = true;
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    connection *it = argument;
    (void)fd;
    if (what & EV_TIMEOUT)
        it->dead = true;
    else if (it->blocked)
        unblock(it);
    connection_settle(it);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void received(connection *it, const uint8_t *direct, ssize_t size)
{
    if (size < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            it->dead = true;
    } else if (size == 0) {
        it->dead = it->closing || !it->protocol->ended(it);
        connection_pause(it);
    } else if (it->closing)
        return;
    else if (direct != NULL)
        it->protocol->received(it, (size_t)size);
    else
        it->protocol->receive(it, it->worker->scratch, (size_t)size);
}

/* What comes to a closing connection is dropped as it is. */
static ssize_t receive_into(connection *it, uint8_t *to, size_t room)
{
    return it->tls != NULL && !it->closing ? tls_receive(it->tls, to, room)
                                           : recv(it->fd, to, room, 0);
}

static void receive(connection *it)
{
    size_t room = SCRATCH_SIZE;
    uint8_t *direct =
        it->closing || it->protocol->room == NULL ? NULL : it->protocol->room(it, &room);
    if (direct == NULL)
        room = SCRATCH_SIZE;
    /* When room() answered instead of giving room, what comes is of no use. */
    received(it, direct, receive_into(it, direct != NULL ? direct : it->worker->scratch, room));
    if (it->tls == NULL || it->closing || it->dead || !it->reading)
        return;
    if (tls_wants_to_write(it->tls))
        block(it);
    else if (tls_has_more(it->tls))
        event_active(it->readable, EV_READ, 0);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    connection *it = argument;
    (void)fd;
    (void)what;
    if (it->secured != NULL && !it->closing)
        shake_hands(it);
    else
        receive(it);
    connection_settle(it);
}

void connection_pause(connection *it)
{
    if (it->reading)
        event_del(it->readable);
    it->reading = false;
}

void connection_resume(connection *it)
{
    if (!it->reading && !it->blocked) {
        event_add(it->readable, NULL);
        if (it->tls != NULL) /* what it holds does not make the socket readable */
            event_active(it->readable, EV_READ, 0);
    }
    it->reading = true;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void on_timer(evutil_socket_t fd, short what, void *argument)
{
    connection *it = argument;
    (void)fd;
    (void)what;
    if (it->closing)
        it->dead = true;
    else
        it->protocol->late(it);
    connection_settle(it);
}

void connection_within(connection *it, uint64_t ms)
{
    struct timeval patience = interval(ms);
    if (it->closing)
        return;
    if (ms > 0)
        event_add(it->timer, &patience);
    else
        event_del(it->timer);
}

void connection_drain(connection *it)
{
    if (!it->closing)
        it->protocol->drain(it);
    connection_settle(it);
}

connection *connection_new(const listening *from, int fd)
{
    worker *owner = from->worker;
    int on = 1;
    connection *it = calloc(1, sizeof *it);
    if (it == NULL) {
        close(fd);
        return NULL;
    }
    it->worker = owner;
    it->from = from;
    it->fd = fd;
    it->out = evbuffer_new();
    it->readable = event_new(owner->loop, fd, EV_READ | EV_PERSIST, on_readable, it);
    it->writable = event_new(owner->loop, fd, EV_WRITE, on_writable, it);
    it->timer = event_new(owner->loop, -1, 0, on_timer, it);
    if (it->out == NULL || it->readable == NULL || it->writable == NULL || it->timer == NULL) {
        release(it);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link_in(it);
    count_up(&owner->shared->metrics->connections, 1);
    return it;
}
