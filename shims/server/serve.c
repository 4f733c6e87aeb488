/* serve.c - see serve.h. Starts what there is from the storage up to the sockets, and ends it in
 * the opposite order, so that each part is there as long as something may call it.
 */
#include "server.h"
#include "serve.h"
#include "batcher.h"
#include "clock.h"
#include "listen.h"
#include "say.h"
#include "storer.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct server {
    const settings *config;
    metrics metrics;
    storage *store;
    wal_folder wal;
    storer storer;
    batcher batcher;
    shared shared;
    size_t count; /* of workers */
    size_t ready; /* how many of them are prepared */
    worker *workers;
    int *sockets[LISTENERS]; /* one a worker */
    char bound[LISTENERS][ADDRESS_SIZE];
} server;

/* ---- starting -------------------------------------------------------------------------------- */

static bool cannot(const char *what, const char *why)
{
    say(LEVEL_ERROR, "cannot start: %s%s%s", what, what[0] != '\0' ? ": " : "", why);
    return false;
}

/* Options that the library refuses would otherwise show with the first request. */
static bool check_options(const settings *config)
{
    o2p_options options =
        storer_batch_options(config, config->path_template, storer_choices(config));
    o2p_error error;
    o2p_batch *batch;
    bool good = o2p_batch_new(&options, &batch, &error) == O2P_OK;
    o2p_batch_free(batch);
    return good || cannot(error.path, error.message);
}

static bool open_folders(server *it)
{
    storage_error error;
    it->store = storage_open(it->config->data, &error);
    if (it->store == NULL)
        return cannot("data", error.text);
    if (!wal_folder_open(&it->wal, it->config->wal, &wal_system_io))
        return cannot(it->config->wal, errno == EWOULDBLOCK
                                           ? "another server uses this write-ahead log"
                                           : strerror(errno));
    return true;
}

static bool open_sockets(server *it)
{
    const char *const addresses[LISTENERS] = {it->config->http, it->config->grpc};
    char why[256];
    for (size_t i = 0; i < LISTENERS; i++) {
        it->sockets[i] = malloc(it->count * sizeof *it->sockets[i]);
        if (it->sockets[i] == NULL)
            return cannot("", "out of memory");
        for (size_t j = 0; j < it->count; j++)
            it->sockets[i][j] = -1;
        if (!listen_all(addresses[i], it->sockets[i], it->count, it->bound[i], why, sizeof why))
            return cannot("", why);
    }
    return true;
}

static bool open_workers(server *it)
{
    it->workers = calloc(it->count, sizeof *it->workers);
    bool opened = it->workers != NULL;
    for (size_t i = 0; i < it->count && opened; i++) {
        const int fds[LISTENERS] = {it->sockets[0][i], it->sockets[1][i]};
        it->ready++;
        opened = worker_init(&it->workers[i], &it->shared, fds);
    }
    return opened || cannot("", "out of memory");
}

static size_t core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (size_t)cores : 1;
}

/* As many descriptors as the system grants: one a connection, and some for files. */
static void raise_descriptors(const settings *config)
{
    enum { FILES = 64 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = config->max_connections + FILES;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < wanted)
        say(LEVEL_WARN, "the system allows %llu open files, fewer than max-connections needs",
            (unsigned long long)limit.rlim_cur);
}

/* Everything but the threads. */
static bool prepare(server *it)
{
    raise_descriptors(it->config);
    it->count = it->config->threads > 0 ? (size_t)it->config->threads : core_count();
    it->shared = (shared){.settings = it->config,
                          .metrics = &it->metrics,
                          .batcher = &it->batcher,
                          .storer = &it->storer};
    return check_options(it->config) && open_folders(it) && open_sockets(it) && open_workers(it);
}

/* Releases what prepare() made, all or a part of it. No thread is running. */
static void release(server *it)
{
    for (size_t i = 0; i < it->ready; i++)
        worker_release(&it->workers[i]);
    for (size_t i = 0; i < LISTENERS; i++) {
        for (size_t j = it->ready; it->sockets[i] != NULL && j < it->count; j++)
            if (it->sockets[i][j] >= 0)
                close(it->sockets[i][j]);
        free(it->sockets[i]);
    }
    free(it->workers);
    wal_folder_close(&it->wal);
    if (it->store != NULL)
        it->store->close(it->store);
}

/* Failing ends the process, with what is running. */
static bool start(server *it)
{
    if (!storer_start(&it->storer, it->config, &it->wal, it->store, &it->metrics) ||
        !batcher_start(&it->batcher, it->config, &it->wal, &it->storer, &it->metrics))
        return cannot("cannot start a thread", strerror(errno));
    if (!storer_replay(&it->storer))
        return cannot(it->config->wal, strerror(errno));
    for (size_t i = 0; i < it->count; i++)
        if (!worker_start(&it->workers[i]))
            return cannot("cannot start a thread", strerror(errno));
    return true;
}

static void greet(const server *it)
{
    const settings *config = it->config;
    say(LEVEL_INFO, "otlp2parquet %s serves OTLP/HTTP on %s, OTLP/gRPC on %s; files go to %s",
        o2p_version(), it->bound[0][0] != '\0' ? it->bound[0] : "no port",
        it->bound[1][0] != '\0' ? it->bound[1] : "no port", config->data);
    if (config->log_format != FORMAT_TEXT || config->log_level > LEVEL_INFO)
        return;
    if (it->bound[0][0] != '\0')
        printf("\n  send to   export OTEL_EXPORTER_OTLP_ENDPOINT=http://%s\n", it->bound[0]);
    if (it->bound[1][0] != '\0')
        printf("  or gRPC   export OTEL_EXPORTER_OTLP_PROTOCOL=grpc "
               "OTEL_EXPORTER_OTLP_ENDPOINT=http://%s\n",
               it->bound[1]);
    printf("  query     duckdb -c \"SELECT * FROM '%s/logs/**/*.parquet' LIMIT 10\"\n\n",
           config->data);
    fflush(stdout);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void end_at_once(int signal)
{
    (void)signal;
    _exit(1); /* what was acknowledged is in the log */
}

/* Waits for SIGTERM or SIGINT; the next one ends the process. */
static void wait_for_signal(const sigset_t *signals)
{
    struct sigaction action = {.sa_handler = end_at_once};
    int which = 0;
    while (sigwait(signals, &which) != 0)
        continue;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    say(LEVEL_INFO, "draining after %s; once more ends at once",
        which == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* Lets the workers finish what is under way until `deadline_ns`, then ends them. */
static void end_workers(server *it, uint64_t deadline_ns)
{
    uint64_t now = steady_ns();
    uint64_t until = wall_ns() + (deadline_ns > now ? deadline_ns - now : 0);
    const struct timespec end = {.tv_sec = (time_t)(until / NS_PER_SECOND),
                                 .tv_nsec = (long)(until % NS_PER_SECOND)};
    for (size_t i = 0; i < it->count; i++)
        worker_drain(&it->workers[i]);
    for (size_t i = 0; i < it->count; i++)
        if (pthread_timedjoin_np(it->workers[i].thread, NULL, &end) != 0) {
            worker_end(&it->workers[i]);
            worker_join(&it->workers[i]);
        }
}

static serve_status finish(server *it)
{
    uint64_t deadline = steady_ns() + it->config->drain_timeout * NS_PER_MS;
    atomic_store(&it->shared.draining, true);
    batcher_hurry(&it->batcher);
    end_workers(it, deadline);
    batcher_stop(&it->batcher);
    uint64_t left = storer_stop(&it->storer, deadline);
    release(it);
    if (left == 0)
        say(LEVEL_INFO, "everything is stored");
    else if (it->config->ack == ACK_WAL)
        say(LEVEL_WARN,
            "%" PRIu64 " batches are in the log and will be stored after the next start", left);
    return left == 0 ? SERVE_ENDED : it->config->ack == ACK_MEMORY ? SERVE_LOST : SERVE_LEFT;
}

serve_status serve(const settings *config)
{
    sigset_t signals;
    server it = {.config = config, .wal = {.fd = -1, .lock = -1}};
    say_as((level)config->log_level, (log_format)config->log_format);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads inherit it */
    if (!prepare(&it)) {
        release(&it);
        return SERVE_CANNOT;
    }
    if (!start(&it))
        return SERVE_CANNOT;
    greet(&it);
    wait_for_signal(&signals);
    return finish(&it);
}
