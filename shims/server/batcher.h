/* batcher.h - the one thread that owns the open batch and the open segment of the log.
 *
 * Workers submit; the thread takes all that has come meanwhile as one group, appends each request
 * to the batch and writes it to the segment, syncs once for the group, and answers. One thread,
 * because then the order in the segment is the order in the batch with no lock around either, and a
 * request is read once, by the append that keeps it: what cannot be read is refused before anything
 * is acknowledged. While it syncs, the next group gathers, and those that were just answered have a
 * moment to join it. Appending runs at several million records a second, which is more than the
 * other cores bring.
 *
 * The invariant, between groups: the batch holds exactly the requests of the segment, and those are
 * exactly the acknowledged ones. When the log cannot be written, the batch is given up, and made
 * again by the storer from what the segment holds for certain; the group is told to come again.
 */
#ifndef O2P_SERVER_BATCHER_H
#define O2P_SERVER_BATCHER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "file_options.h"
#include "metrics.h"
#include "seen.h"
#include "settings.h"
#include "storer.h"
#include "submission.h"
#include "wal.h"

/* What the files of its batches are to be, and the same as a segment holds it. */
typedef struct batcher_files {
    file_options options;
    char *text;
    size_t text_size;
} batcher_files;

/* Makes it from the settings. False with the reason. */
bool batcher_files_make(batcher_files *it, const settings *config, settings_error *error);
void batcher_files_release(batcher_files *it);

typedef struct batcher {
    const settings *settings;
    const batcher_files *files;
    wal_folder *wal;
    storer *storer;
    metrics *metrics;

    pthread_mutex_t lock; /* over the next five */
    pthread_cond_t changed;
    submission_list queue;
    bool hurried;
    bool stopping;

    atomic_bool unable;  /* the log is not to be trusted */
    atomic_bool failing; /* it could not be written last; it is tried again */

    /* The thread's own. */
    pthread_t thread;
    bool hurry;          /* `hurried`, as last seen */
    sealed *open;        /* what will be sealed; NULL before the first request of a batch */
    uint64_t salt;       /* of the open batch and its segment */
    wal_segment segment; /* fd -1: the open batch has none */
    uint64_t largest;    /* the largest request it takes: max-request when it was made */
    uint64_t age_ns;     /* when the open batch is old enough, by the steady clock */
    seen seen;
    seen_entry *kept;  /* the requests in the segment */
    size_t kept_count; /* the acknowledged ones, and those of the group */
    size_t kept_capacity;
    size_t kept_synced;    /* the acknowledged ones */
    submission_list group; /* appended and written, not yet synced */
    size_t group_size;
    size_t last_size;  /* of the group before */
    uint64_t sync_ns;  /* how long its sync took */
    uint64_t retry_ns; /* no segment is made before: the last one could not be */
    int failure;       /* the errno why */
} batcher;

/* Starts the thread, after it has learned from the log which requests there were: before
 * storer_replay, which removes segments. False when the system refuses. */
bool batcher_start(batcher *it, const settings *config, const batcher_files *files, wal_folder *wal,
                   storer *behind, metrics *counts);

/* Takes a request, which is answered by its `done`. Any thread may call it until batcher_stop. */
void batcher_submit(batcher *it, submission *one);

/* Whether requests are kept: false for good once the log is not to be trusted. */
bool batcher_is_able(batcher *it);

/* Whether they are kept now: the same, and false while the log cannot be written. It is tried again
 * though nobody sends. */
bool batcher_is_ready(batcher *it);

/* From now on a batch is sealed as soon as nothing more is queued: for those who wait until it is
 * stored, when no more will come. */
void batcher_hurry(batcher *it);

/* Answers what was submitted, seals the open batch, and ends the thread. */
void batcher_stop(batcher *it);

#endif
