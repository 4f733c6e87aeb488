/* storer.h - the background threads that turn sealed batches into stored files.
 *
 * A sealed batch comes with the segment of the log that holds the same requests. Its files are
 * written, each is stored, tried again until the storage takes it, and then the segment is removed.
 * A batch can also come as a segment alone: after a start, or when the log failed while the batch
 * was open. It is then made again by reading the segment, with the same rows in the same order,
 * and so has the same files under the same names. A segment that cannot be read now (a bad sector,
 * no permission) is set behind the others and tried again with growing pauses, for as long as the
 * server runs and after each start: it holds no thread meanwhile.
 */
#ifndef O2P_SERVER_STORER_H
#define O2P_SERVER_STORER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "../storage/storage.h"
#include "file_options.h"
#include "metrics.h"
#include "settings.h"
#include "submission.h"
#include "wal.h"

/* A batch on its way to the storage. */
typedef struct sealed {
    struct sealed *next;
    o2p_batch *batch; /* owned; NULL: to be made from the segment */
    uint64_t segment; /* its number in the log; 0: there is none */
    uint64_t limit;   /* how many bytes of the segment count; UINT64_MAX: all */
    uint64_t counted; /* its memory, as counted in metrics.batch_bytes */
    unsigned tries;   /* how often its segment could not be read */
    uint64_t next_ns; /* then: when it is tried again, by the steady clock */
    bool full;        /* it was sealed because it was: the next one grows into what it leaves */
    bool newest;      /* it was the last segment when the server started: its end may be torn */
    submission_list waiting; /* to be answered when the files are stored */
} sealed;

typedef struct storer {
    const settings *settings;
    wal_folder *wal;
    storage *store;
    metrics *metrics;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    sealed *first; /* what waits, in order */
    sealed **end;
    sealed *later;    /* segments that could not be read: each is tried again at its time */
    uint64_t waiting; /* how many wait or are being stored */
    uint64_t replays; /* how many of these came as segments */
    unsigned writing; /* how many are being written as files, before they are stored */
    bool finish;      /* when all is stored that can be read, end */
    bool abandon;     /* end now: what is in the log is stored after the next start */
    unsigned running; /* threads that have not ended */
    pthread_t *threads;
    unsigned thread_count;
} storer;

/* What the files of a batch are to be, with the limits that the settings set to it. */
o2p_options storer_batch_options(const settings *config, const file_options *files);

/* Starts the threads. False, with nothing started, when the system refuses them. */
bool storer_start(storer *it, const settings *config, wal_folder *wal, storage *store,
                  metrics *counts);

/* Whether another batch may be sealed: fewer than settings.max_sealed wait. */
bool storer_has_room(storer *it);

/* Whether what the log held at the start is stored. */
bool storer_has_replayed(storer *it);

/* Takes a batch and owns it. */
void storer_add(storer *it, sealed *work);

/* Hands over the segments that are in the folder: those a former process left. False with errno. */
bool storer_replay(storer *it);

/* Waits until all is stored, at most until `deadline_ns` of CLOCK_MONOTONIC, and ends the threads.
 * Those who wait for what was not stored are told OUTCOME_BUSY. Returns how many batches were not
 * stored; those with a segment are stored after the next start. */
uint64_t storer_stop(storer *it, uint64_t deadline_ns);

#endif
