/* worker.c - see worker.h. */
#include "server.h"
#include "worker.h"
#include "clock.h"
#include "connection.h"
#include "exchange.h"
#include "h2.h"
#include "http1.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- how busy -------------------------------------------------------------------------------- */

uint32_t shared_retry_s(shared *it)
{
    enum { MOST_S = 30, GROWS_EACH_S = 2 };
    uint64_t now = steady_ns();
    uint_fast64_t since = 0;
    if (atomic_compare_exchange_strong(&it->busy_since_ns, &since, now))
        since = now;
    uint64_t wait = 1 + (now - since) / NS_PER_SECOND / GROWS_EACH_S;
    return wait < MOST_S ? (uint32_t)wait : MOST_S;
}

void shared_accepted(shared *it)
{
    if (atomic_load_explicit(&it->busy_since_ns, memory_order_relaxed) != 0)
        atomic_store(&it->busy_since_ns, 0);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void open_protocol(connection *it)
{
    bool grpc = it->from->grpc;
    bool h2 = grpc || (it->tls != NULL && tls_is_h2(it->tls));
    if (!(h2 ? h2_open(it, grpc) : http1_open(it)))
        connection_kill(it);
}

static void open_connection(listening *from, int fd)
{
    connection *made = connection_new(from, fd);
    if (made == NULL)
        return;
    if (from->tls == NULL)
        open_protocol(made);
    else if (!connection_secure(made, from->tls, open_protocol))
        connection_kill(made);
    connection_settle(made);
}

/* One more than allowed is closed at once: the client sees that, and comes again. */
static bool has_room(worker *it)
{
    return count_of(&it->shared->metrics->connections) < it->shared->settings->max_connections;
}

static void on_accept(evutil_socket_t fd, short what, void *argument)
{
    enum { AT_ONCE = 64 }; /* then those that are open have their turn */
    listening *from = argument;
    (void)what;
    for (int i = 0; i < AT_ONCE; i++) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (client < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                struct timespec pause = {.tv_nsec = 10 * (long)NS_PER_MS};
                say(LEVEL_WARN, "cannot accept a connection: %s", strerror(errno));
                nanosleep(&pause, NULL); /* out of descriptors: it would spin */
            }
            return;
        }
        if (has_room(from->worker))
            open_connection(from, client);
        else
            close(client);
    }
}

static void stop_listening(worker *it)
{
    for (size_t i = 0; i < LISTENERS; i++) {
        listening *from = &it->listeners[i];
        if (from->event != NULL)
            event_free(from->event);
        if (from->fd >= 0)
            close(from->fd);
        from->event = NULL;
        from->fd = -1;
    }
}

static void for_each_connection(worker *it, void (*act)(connection *))
{
    connection *next = it->connections;
    while (next != NULL) {
        connection *one = next;
        next = one->next;
        act(one);
    }
}

static void kill_and_settle(connection *it)
{
    connection_kill(it);
    connection_settle(it);
}

/* ---- waking ---------------------------------------------------------------------------------- */

static void wake(worker *it)
{
    char byte = 0;
    /* A full pipe wakes too. */
    if (write(it->wake_write, &byte, 1) < 0)
        return;
}

void worker_return(worker *it, submission *one)
{
    pthread_mutex_lock(&it->lock);
    bool first = it->returned.first == NULL;
    submission_list_add(&it->returned, one);
    pthread_mutex_unlock(&it->lock);
    if (first)
        wake(it);
}

static void ask(worker *it, bool *flag)
{
    pthread_mutex_lock(&it->lock);
    *flag = true;
    pthread_mutex_unlock(&it->lock);
    wake(it);
}

void worker_drain(worker *it)
{
    ask(it, &it->drain_asked);
}

void worker_end(worker *it)
{
    ask(it, &it->end_asked);
}

bool worker_is_around(worker *it)
{
    bool around = atomic_exchange(&it->around, false);
    wake(it);
    return around;
}

static submission *take_returned(worker *it, bool *drain, bool *end)
{
    pthread_mutex_lock(&it->lock);
    submission *first = it->returned.first;
    submission_list_clear(&it->returned);
    *drain = it->drain_asked;
    *end = it->end_asked;
    pthread_mutex_unlock(&it->lock);
    return first;
}

static void answer_returned(submission *next)
{
    while (next != NULL) {
        submission *one = next;
        next = one->next;
        connection *waiting = ((exchange *)one)->connection;
        exchange_return(one);
        if (waiting != NULL) {
            if (!waiting->closing && !waiting->dead)
                waiting->protocol->go_on(waiting);
            connection_settle(waiting);
        }
    }
}

static void begin_drain(worker *it)
{
    it->draining = true;
    stop_listening(it);
    for_each_connection(it, connection_drain);
}

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    worker *it = argument;
    char bytes[64];
    bool drain;
    bool end;
    (void)what;
    while (read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        continue;
    atomic_store(&it->around, true);
    answer_returned(take_returned(it, &drain, &end));
    if (drain && !it->draining)
        begin_drain(it);
    if (end) {
        stop_listening(it);
        for_each_connection(it, kill_and_settle);
        event_base_loopbreak(it->loop);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void *run(void *argument)
{
    worker *it = argument;
    while (!event_base_got_break(it->loop) && !(it->draining && it->connections == NULL))
        event_base_loop(it->loop, EVLOOP_ONCE);
    return NULL;
}

static bool open_pipe(worker *it)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    it->wake_read = ends[0];
    it->wake_write = ends[1];
    it->woken = event_new(it->loop, it->wake_read, EV_READ | EV_PERSIST, on_wake, it);
    return it->woken != NULL && event_add(it->woken, NULL) == 0;
}

static bool listen_on(worker *it, size_t index, int fd)
{
    listening *from = &it->listeners[index];
    tls_port *tls = &it->shared->tls[index];
    *from = (listening){.fd = fd,
                        .grpc = index == LISTEN_GRPC,
                        .health = index == LISTEN_HEALTH,
                        .tls = tls->context != NULL ? tls : NULL,
                        .worker = it};
    if (fd < 0)
        return true;
    from->event = event_new(it->loop, fd, EV_READ | EV_PERSIST, on_accept, from);
    return from->event != NULL && event_add(from->event, NULL) == 0;
}

bool worker_init(worker *it, shared *all, const int fds[LISTENERS])
{
    *it = (worker){.shared = all, .wake_read = -1, .wake_write = -1, .around = true};
    submission_list_clear(&it->returned);
    pthread_mutex_init(&it->lock, NULL);
    for (size_t i = 0; i < LISTENERS; i++)
        it->listeners[i].fd = fds[i];
    it->loop = event_base_new();
    it->scratch = malloc(SCRATCH_SIZE);
    bool opened = it->loop != NULL && it->scratch != NULL && open_pipe(it);
    for (size_t i = 0; i < LISTENERS && opened; i++)
        opened = listen_on(it, i, fds[i]);
    return opened;
}

bool worker_start(worker *it)
{
    return pthread_create(&it->thread, NULL, run, it) == 0;
}

void worker_join(worker *it)
{
    pthread_join(it->thread, NULL);
}

void worker_release(worker *it)
{
    bool drain;
    bool end;
    stop_listening(it);
    for_each_connection(it, kill_and_settle);
    submission *next = take_returned(it, &drain, &end);
    while (next != NULL) {
        submission *one = next;
        next = one->next;
        exchange_return(one);
    }
    if (it->woken != NULL)
        event_free(it->woken);
    if (it->loop != NULL)
        event_base_free(it->loop);
    if (it->wake_read >= 0) {
        close(it->wake_read);
        close(it->wake_write);
    }
    free(it->scratch);
    pthread_mutex_destroy(&it->lock);
}
