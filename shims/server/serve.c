/* serve.c - see serve.h. Starts what there is from the storage up to the sockets, and ends it in
 * the opposite order, so that each part is there as long as something may call it.
 */
#include "server.h"
#include "serve.h"
#include "batcher.h"
#include "clock.h"
#include "heap.h"
#include "listen.h"
#include "notify.h"
#include "say.h"
#include "secrets.h"
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
    settings *config;
    metrics metrics;
    storage *store;
    wal_folder wal;
    storer storer;
    batcher_files files;
    batcher batcher;
    shared shared;
    size_t count; /* of workers */
    size_t ready; /* how many of them are prepared */
    worker *workers;
    int *sockets[LISTENERS]; /* one a worker */
    char bound[LISTENERS][ADDRESS_SIZE];
} server;

/* The settings that say where they listen. */
static const size_t listeners[LISTENERS] = {SETTING_http, SETTING_grpc, SETTING_health};

static void addresses_of(const settings *config, const char *addresses[LISTENERS])
{
    addresses[LISTEN_HTTP] = config->http;
    addresses[LISTEN_GRPC] = config->grpc;
    addresses[LISTEN_HEALTH] = config->health;
}

/* ---- starting -------------------------------------------------------------------------------- */

static bool cannot(const char *what, const char *why)
{
    say(LEVEL_ERROR, "cannot start: %s%s%s", what, what[0] != '\0' ? ": " : "", why);
    return false;
}

/* Options that the library refuses would otherwise show with the first request. */
static bool make_files(server *it)
{
    settings_error error;
    return batcher_files_make(&it->files, it->config, &error) || cannot("", error.text);
}

static bool open_folders(server *it)
{
    storage_error error;
    it->store = storage_open(it->config->data, &error);
    if (it->store == NULL)
        return cannot("data", error.text);
    if (!wal_folder_open(&it->wal, it->config->wal, &wal_system_io))
        return cannot(it->config->wal, errno == EWOULDBLOCK
                                           ? "another server uses this write-ahead log; "
                                             "--wal DIR chooses another, --data DIR other files"
                                           : strerror(errno));
    if (it->wal.strange > 0)
        say(LEVEL_WARN,
            "the log has %" PRIu64 " file%s with a number that it cannot have given; others are "
            "numbered as if %s were not there",
            it->wal.strange, plural(it->wal.strange), it->wal.strange == 1 ? "it" : "they");
    return true;
}

static void take_secrets(server *it, const secrets *read)
{
    for (size_t i = 0; i < LISTENERS; i++)
        tls_port_replace(&it->shared.tls[i], read->tls[i]);
    auth_gate_replace(&it->shared.auth, &read->auth);
}

/* Who may send, and how. */
static bool open_secrets(server *it)
{
    char why[256];
    secrets read;
    if (!secrets_read(&read, it->config, why, sizeof why))
        return cannot("", why);
    take_secrets(it, &read);
    return true;
}

static bool open_sockets(server *it)
{
    const char *addresses[LISTENERS];
    char why[256];
    addresses_of(it->config, addresses);
    for (size_t i = 0; i < LISTENERS; i++) {
        it->sockets[i] = malloc(it->count * sizeof *it->sockets[i]);
        if (it->sockets[i] == NULL)
            return cannot("", "out of memory");
        for (size_t j = 0; j < it->count; j++)
            it->sockets[i][j] = -1;
        if (!listen_all(settings_key(listeners[i]), addresses[i], it->sockets[i], it->count,
                        it->bound[i], why, sizeof why))
            return cannot("", why);
    }
    return true;
}

static bool open_workers(server *it)
{
    it->workers = calloc(it->count, sizeof *it->workers);
    bool opened = it->workers != NULL;
    for (size_t i = 0; i < it->count && opened; i++) {
        int fds[LISTENERS];
        for (size_t j = 0; j < LISTENERS; j++)
            fds[j] = it->sockets[j][i];
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
    for (size_t i = 0; i < LISTENERS; i++)
        tls_port_open(&it->shared.tls[i], NULL);
    auth_gate_open(&it->shared.auth, &(auth){.count = 0});
    return make_files(it) && open_secrets(it) && open_folders(it) && open_sockets(it) &&
           open_workers(it);
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
    for (size_t i = 0; i < LISTENERS; i++)
        tls_port_close(&it->shared.tls[i]);
    auth_gate_close(&it->shared.auth);
    batcher_files_release(&it->files);
    wal_folder_close(&it->wal);
    if (it->store != NULL)
        it->store->close(it->store);
}

/* Failing ends the process, with what is running. */
static bool start(server *it)
{
    if (!storer_start(&it->storer, it->config, &it->wal, it->store, &it->metrics) ||
        !batcher_start(&it->batcher, it->config, &it->files, &it->wal, &it->storer, &it->metrics))
        return cannot("cannot start a thread", strerror(errno));
    if (!storer_replay(&it->storer))
        return cannot(it->config->wal, strerror(errno));
    for (size_t i = 0; i < it->count; i++)
        if (!worker_start(&it->workers[i]))
            return cannot("cannot start a thread", strerror(errno));
    return true;
}

static const char *port_name(const server *it, size_t listener)
{
    return it->bound[listener][0] != '\0' ? it->bound[listener] : "no port";
}

static void greet(const server *it)
{
    const settings *config = it->config;
    const char *scheme = tls_is_wanted(config) ? "https" : "http";
    say(LEVEL_INFO,
        "otlp2parquet %s serves OTLP/HTTP on %s, OTLP/gRPC on %s; files go to %s, "
        "the write-ahead log is in %s",
        o2p_version(), port_name(it, LISTEN_HTTP), port_name(it, LISTEN_GRPC), config->data,
        config->wal);
    if (settings_is_given(config->health))
        say(LEVEL_INFO, "health is answered on %s", port_name(it, LISTEN_HEALTH));
    if (config->log_format != FORMAT_TEXT || config->log_level > LEVEL_INFO)
        return;
    if (it->bound[0][0] != '\0')
        printf("\n  send to   export OTEL_EXPORTER_OTLP_ENDPOINT=%s://%s\n", scheme, it->bound[0]);
    if (it->bound[1][0] != '\0')
        printf("  or gRPC   export OTEL_EXPORTER_OTLP_PROTOCOL=grpc "
               "OTEL_EXPORTER_OTLP_ENDPOINT=%s://%s\n",
               scheme, it->bound[1]);
    if (settings_is_given(config->auth_file))
        printf("  with      export OTEL_EXPORTER_OTLP_HEADERS=authorization=%s\n",
               it->shared.auth.now.bearer ? "Bearer%20TOKEN" : "Basic%20BASE64");
    printf("  query     duckdb -c \"SELECT * FROM '%s/logs/**/*.parquet' LIMIT 10\"\n\n",
           config->data);
    fflush(stdout);
}

/* ---- without starting ------------------------------------------------------------------------ */

static bool check_files(const settings *config, settings_error *error)
{
    batcher_files files;
    if (!batcher_files_make(&files, config, error))
        return false;
    batcher_files_release(&files);
    return true;
}

static bool check_secrets(const settings *config, settings_error *error)
{
    char why[256];
    secrets read;
    if (!secrets_read(&read, config, why, sizeof why))
        return settings_refuse(error, "%s", why);
    secrets_release(&read);
    return true;
}

static bool check_folders(const settings *config, settings_error *error)
{
    storage_error why;
    if (!storage_check(config->data, &why))
        return settings_refuse(error, "data: %.400s", why.text);
    return wal_folder_check(config->wal, &why) || settings_refuse(error, "wal: %.400s", why.text);
}

static bool check_addresses(const settings *config, settings_error *error)
{
    const char *addresses[LISTENERS];
    char why[256];
    addresses_of(config, addresses);
    for (size_t i = 0; i < LISTENERS; i++)
        if (!listen_check(settings_key(listeners[i]), addresses[i], why, sizeof why))
            return settings_refuse(error, "%s: %s", settings_key(listeners[i]), why);
    return true;
}

bool serve_check(const settings *config, settings_error *error)
{
    return check_files(config, error) && check_secrets(config, error) &&
           check_folders(config, error) && check_addresses(config, error);
}

/* ---- while it runs --------------------------------------------------------------------------- */

static void tell_ready(const server *it)
{
    notify("READY=1\nSTATUS=serves OTLP/HTTP on %.100s, OTLP/gRPC on %.100s\n", port_name(it, 0),
           port_name(it, 1));
}

static void say_change(const settings *config, size_t index, setting_change what)
{
    setting_list text;
    settings_value(config, index, text);
    const char *value = text[0] != '\0' ? text : "\"\"";
    if (what == SETTING_TAKEN)
        say(LEVEL_INFO, "%s is %s from now on", settings_key(index), value);
    else if (what == SETTING_KEPT)
        say(LEVEL_WARN, "%s stays %s until the server is started anew", settings_key(index), value);
}

/* Takes what can change from settings that were read again. */
static void take_settings(server *it, const settings *fresh)
{
    setting_change changes[SETTING_COUNT];
    bool same = true;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        changes[i] = settings_take(it->config, fresh, i);
        same = same && changes[i] == SETTING_SAME;
    }
    say_as((level)it->config->log_level, (log_format)it->config->log_format);
    if (same)
        say(LEVEL_INFO, "the settings were read again; none has changed");
    for (size_t i = 0; i < SETTING_COUNT; i++)
        say_change(it->config, i, changes[i]);
    raise_descriptors(it->config);
}

/* Reads certificates and credentials again, from the files that they came from. */
static void renew_secrets(server *it)
{
    char why[256];
    secrets fresh;
    if (!tls_is_wanted(it->config) && !settings_is_given(it->config->auth_file))
        return;
    if (!secrets_read(&fresh, it->config, why, sizeof why)) {
        say(LEVEL_ERROR, "certificates and credentials stay as they are: %s", why);
        return;
    }
    take_secrets(it, &fresh);
    say(LEVEL_INFO, "certificates and credentials were read again");
}

static void reload(server *it, settings_source *read_again)
{
    settings fresh;
    batcher_files files;
    settings_error error;
    notify("RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", steady_ns() / 1000);
    if (!read_again(&fresh, &error))
        say(LEVEL_ERROR, "the settings cannot be read again, and stay as they are: %s", error.text);
    else if (!batcher_files_make(&files, &fresh, &error))
        say(LEVEL_ERROR, "the settings stay as they are: %s", error.text);
    else {
        batcher_files_release(&files);
        take_settings(it, &fresh);
    }
    renew_secrets(it);
    tell_ready(it);
}

/* Shows that the server lives if every worker has come around since it was asked last, and the log
 * is to be trusted. The batcher is not asked: a disk may take its time, and starting anew would not
 * help it. */
static void show_life(server *it)
{
    bool all = true;
    for (size_t i = 0; i < it->count; i++)
        all = worker_is_around(&it->workers[i]) && all;
    if (!all)
        say(LEVEL_WARN, "a worker does not answer, so the watchdog is not told that all is well");
    else if (!batcher_is_able(&it->batcher))
        say(LEVEL_WARN, "the log is not trusted, so the watchdog is not told that all is well");
    else
        notify("WATCHDOG=1\n");
}

/* The next signal. Meanwhile the watchdog is told, if there is one. */
static int next_signal(server *it, const sigset_t *signals)
{
    uint64_t each = notify_watchdog_ns() / 2;
    const struct timespec time = {.tv_sec = (time_t)(each / NS_PER_SECOND),
                                  .tv_nsec = (long)(each % NS_PER_SECOND)};
    for (;;) {
        int which = each > 0 ? sigtimedwait(signals, NULL, &time) : sigwaitinfo(signals, NULL);
        if (which > 0)
            return which;
        if (errno == EAGAIN)
            show_life(it);
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void end_at_once(int signal)
{
    (void)signal;
    _exit(1); /* what was acknowledged is in the log */
}

/* Waits for SIGTERM or SIGINT; the next one ends the process. */
static void wait_for_end(server *it, const sigset_t *signals, settings_source *read_again)
{
    struct sigaction action = {.sa_handler = end_at_once};
    int which;
    while ((which = next_signal(it, signals)) == SIGHUP)
        reload(it, read_again);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGHUP, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
    notify("STOPPING=1\n");
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
        say(LEVEL_WARN, "%" PRIu64 " batch%s in the log will be stored after the next start", left,
            left == 1 ? "" : "es");
    return left == 0 ? SERVE_ENDED : it->config->ack == ACK_MEMORY ? SERVE_LOST : SERVE_LEFT;
}

serve_status serve(settings *config, settings_source *read_again)
{
    sigset_t signals;
    server it = {.config = config, .wal = {.fd = -1, .lock = -1}};
    heap_init();
    say_as((level)config->log_level, (log_format)config->log_format);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads inherit it */
    if (!prepare(&it)) {
        release(&it);
        return SERVE_CANNOT;
    }
    if (!start(&it))
        return SERVE_CANNOT;
    greet(&it);
    tell_ready(&it);
    wait_for_end(&it, &signals, read_again);
    return finish(&it);
}
