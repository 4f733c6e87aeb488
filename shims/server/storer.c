/* storer.c - see storer.h. */
#include "server.h"
#include "storer.h"
#include "clock.h"
#include "heap.h"
#include "say.h"
#include "seen.h"
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

o2p_options storer_batch_options(const settings *config, const file_options *files)
{
    /* Columns of the requests we have seen take up to eight times the memory of the bytes, and are
     * a sixth of o2p_options.max_memory_bytes. */
    enum { COLUMNS_TO_BYTES = 8, WRITING = 6 };
    o2p_options options = files->options;
    options.max_input_bytes = config->max_request;
    options.max_memory_bytes =
        WRITING * (config->seal_bytes + COLUMNS_TO_BYTES * config->max_request);
    return options;
}

/* ---- trying again ---------------------------------------------------------------------------- */

/* How long to wait before the next try: from 0.1 s, doubling, to 10 s, and up to a quarter more, so
 * that servers that failed together do not come back together. */
static uint64_t backoff_ns(unsigned tries)
{
    enum { FIRST_MS = 100, MOST_MS = 10000, DOUBLINGS = 7 };
    uint64_t wait = (uint64_t)FIRST_MS << (tries < DOUBLINGS ? tries : DOUBLINGS);
    if (wait > MOST_MS)
        wait = MOST_MS;
    return wait * NS_PER_MS + steady_ns() % (wait * NS_PER_MS / 4);
}

/* Waits before another try. False when the storer is to end instead. */
static bool wait_to_retry(storer *it, unsigned tries)
{
    uint64_t until = steady_ns() + backoff_ns(tries);
    pthread_mutex_lock(&it->lock);
    while (!it->abandon && steady_ns() < until)
        steady_cond_wait(&it->changed, &it->lock, until);
    bool go_on = !it->abandon;
    pthread_mutex_unlock(&it->lock);
    return go_on;
}

/* What became of a batch. The greatest of its files' counts. */
typedef enum fate {
    FATE_STORED,
    FATE_LATER,    /* its segment cannot be read now */
    FATE_REFUSED,  /* it will never be stored as it is: its segment is kept for a person */
    FATE_ABANDONED /* the storer ends */
} fate;

static fate store_file(storer *it, const o2p_file *file)
{
    storage_error error = {""};
    for (unsigned tries = 0;; tries++) {
        storage_status status =
            it->store->put(it->store, file->path, file->data, file->size, &error);
        if (status == STORAGE_OK)
            break;
        count_up(&it->metrics->store_failures, 1);
        if (status == STORAGE_REFUSED) {
            say(LEVEL_ERROR, "storage will not take %s (%" PRIu64 " row%s): %s", file->path,
                file->rows, plural(file->rows), error.text);
            return FATE_REFUSED;
        }
        say(LEVEL_WARN, "cannot store %s now, it will be tried again: %s", file->path, error.text);
        if (!wait_to_retry(it, tries))
            return FATE_ABANDONED;
    }
    count_up(&it->metrics->stored_files, 1);
    count_up(&it->metrics->stored_bytes, file->size);
    count_up(&it->metrics->stored_rows, file->rows);
    say(LEVEL_DEBUG, "stored %s: %" PRIu64 " row%s, %zu bytes", file->path, file->rows,
        plural(file->rows), file->size);
    return FATE_STORED;
}

/* Writing a batch takes about as much memory again as the batch. So one is written at a time, while
 * others are being stored, unless more wait: then time matters more. */
static void begin_writing(storer *it)
{
    pthread_mutex_lock(&it->lock);
    while (it->writing > 0 && it->first == NULL && !it->abandon)
        pthread_cond_wait(&it->changed, &it->lock);
    it->writing++;
    pthread_mutex_unlock(&it->lock);
}

static void end_writing(storer *it)
{
    pthread_mutex_lock(&it->lock);
    it->writing--;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

static o2p_status write_batch(storer *it, o2p_batch *batch, o2p_output *out)
{
    begin_writing(it);
    o2p_status status = o2p_batch_finish(batch, out);
    end_writing(it);
    return status;
}

/* Writes what the batch holds and stores it. The batch is empty then, if it was written. `counted`
 * is what metrics_count_batch keeps for it. */
static fate store_batch(storer *it, o2p_batch *batch, uint64_t *counted)
{
    o2p_output out = {0};
    for (unsigned tries = 0; write_batch(it, batch, &out) != O2P_OK; tries++) {
        uint64_t rows = o2p_batch_rows(batch);
        say(LEVEL_ERROR, "cannot write a batch of %" PRIu64 " row%s: %s", rows, plural(rows),
            out.error.message);
        bool retry = out.error.status == O2P_ERR_OUT_OF_MEMORY;
        o2p_output_free(&out);
        if (!retry)
            return FATE_REFUSED;
        if (!wait_to_retry(it, tries))
            return FATE_ABANDONED;
    }
    metrics_count_batch(it->metrics, batch, counted);
    fate worst = FATE_STORED;
    for (size_t i = 0; i < out.file_count && worst != FATE_ABANDONED; i++) {
        fate one = store_file(it, &out.files[i]);
        worst = one > worst ? one : worst;
    }
    o2p_output_free(&out);
    return worst;
}

/* ---- reading a segment again ----------------------------------------------------------------- */

/* What reading a segment gave. */
typedef struct replay {
    fate fate;
    uint64_t requests;
    uint64_t unreadable; /* records that are whole and yet no requests */
    uint64_t counted;    /* memory of the batch, as counted in metrics.batch_bytes */
} replay;

static void replay_records(storer *it, wal_reader *reader, o2p_batch *batch, replay *sum)
{
    wal_record record;
    o2p_result result;
    while (sum->fate != FATE_ABANDONED && wal_next(reader, &record)) {
        o2p_status status = segment_append(batch, &record, &result);
        if (status == O2P_ERR_FULL) { /* the batch was smaller once: bytes are missing before it */
            fate one = store_batch(it, batch, &sum->counted);
            sum->fate = one > sum->fate ? one : sum->fate;
            status = segment_append(batch, &record, &result);
        }
        metrics_count_batch(it->metrics, batch, &sum->counted);
        sum->requests++;
        sum->unreadable += status != O2P_OK;
        if (status != O2P_OK)
            say(LEVEL_ERROR, "a request in the log %s", result.error.message);
    }
}

/* Sees to it that what a segment held is known when it comes again, after a restart. False
 * when the segment must stay for that. `stored`: it is not needed for anything else. */
static bool secure_seen(storer *it, const sealed *work, bool stored)
{
    uint64_t window = it->settings->dedup_window * NS_PER_MS;
    if (window == 0 || it->settings->ack != ACK_WAL ||
        seen_secure(it->wal, work->segment, work->limit, window, wall_ns()))
        return true;
    count_up(&it->metrics->unsaved_segments, 1);
    bool full = errno == ENOSPC || errno == EDQUOT;
    if (stored && seen_take_over(it->wal, work->segment, work->limit, full)) {
        say(LEVEL_INFO, "segment %016" PRIx64 " of the log is kept to know its requests again",
            work->segment);
        return true;
    }
    say(LEVEL_WARN,
        "cannot save which requests segment %016" PRIx64
        " of the log held, so one that is sent again after a restart may be stored twice: %s",
        work->segment, strerror(errno));
    return false;
}

static void set_aside(storer *it, const sealed *work, wal_aside why)
{
    count_up(&it->metrics->set_aside, 1);
    secure_seen(it, work, false);
    if (!wal_set_aside(it->wal, work->segment, why))
        say(LEVEL_ERROR, "cannot set segment %016" PRIx64 " of the log aside: %s", work->segment,
            strerror(errno));
}

/* Says what of a segment could not be read. Returns true with the reason when something that was
 * acknowledged is missing, and the segment is to be kept. */
static bool judge(storer *it, const sealed *work, const wal_reader *reader, const replay *sum,
                  wal_aside *why)
{
    bool torn = reader->condition == WAL_TORN && (work->newest || work->limit != UINT64_MAX);
    count_up(&it->metrics->log_damaged_bytes, reader->skipped);
    if (reader->condition != WAL_WHOLE && !torn) {
        say(LEVEL_ERROR,
            "segment %016" PRIx64 " of the log is damaged: %" PRIu64
            " byte%s of it cannot be read, and acknowledged requests may be among them; it is kept "
            "as .corrupt",
            work->segment, reader->skipped, plural(reader->skipped));
        *why = WAL_ASIDE_CORRUPT;
        return true;
    }
    if (reader->odd) {
        say(LEVEL_ERROR,
            "the end of segment %016" PRIx64 " of the log, %" PRIu64
            " byte%s, cannot be read, and is not what is left when writing stops: acknowledged "
            "requests may be among them; it is kept as .torn",
            work->segment, reader->skipped, plural(reader->skipped));
        *why = WAL_ASIDE_TORN;
        return true;
    }
    if (reader->skipped > 0)
        say(LEVEL_WARN,
            "the end of segment %016" PRIx64 " of the log, %" PRIu64
            " byte%s, was being written when the server stopped; nothing in it was acknowledged",
            work->segment, reader->skipped, plural(reader->skipped));
    *why = WAL_ASIDE_UNREADABLE;
    return sum->unreadable > 0;
}

/* A batch with the options of a segment; NULL after a message. */
static o2p_batch *batch_of(const sealed *work, const wal_reader *reader)
{
    settings_error why = {"out of memory"};
    file_options *files = malloc(sizeof *files);
    o2p_batch *batch = NULL;
    if (files != NULL && segment_read_options(reader, files, &why))
        o2p_batch_new(&files->options, &batch, NULL);
    if (batch == NULL)
        say(LEVEL_ERROR, "cannot read segment %016" PRIx64 " of the log again: %s", work->segment,
            why.text);
    free(files);
    return batch;
}

static fate replay_bytes(storer *it, const sealed *work, const uint8_t *bytes, size_t size)
{
    wal_reader reader;
    replay sum = {.fate = FATE_STORED};
    wal_aside why;
    wal_read(&reader, bytes, size);
    o2p_batch *batch = batch_of(work, &reader);
    if (batch == NULL)
        return FATE_REFUSED;
    replay_records(it, &reader, batch, &sum);
    fate last = sum.fate == FATE_ABANDONED ? sum.fate : store_batch(it, batch, &sum.counted);
    sum.fate = last > sum.fate ? last : sum.fate;
    count_up(&it->metrics->replayed_requests, sum.requests);
    metrics_count_batch(it->metrics, NULL, &sum.counted);
    o2p_batch_free(batch);
    bool keep = sum.fate == FATE_STORED && judge(it, work, &reader, &sum, &why);
    if (keep)
        set_aside(it, work, why);
    else if (sum.fate == FATE_STORED)
        say(LEVEL_INFO, "stored %" PRIu64 " request%s of segment %016" PRIx64 " of the log",
            sum.requests, plural(sum.requests), work->segment);
    return sum.fate;
}

static fate replay_segment(storer *it, sealed *work)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!wal_load(it->wal, work->segment, &bytes, &size)) {
        say(LEVEL_WARN, "cannot read segment %016" PRIx64 " of the log now, it is tried again: %s",
            work->segment, strerror(errno));
        work->next_ns = steady_ns() + backoff_ns(work->tries++);
        return FATE_LATER;
    }
    if (size > work->limit)
        size = (size_t)work->limit;
    fate result = replay_bytes(it, work, bytes, size);
    free(bytes);
    return result;
}

/* ---- the threads ----------------------------------------------------------------------------- */

/* After the files are stored, or never will be, the segment has served. */
static void settle_segment(storer *it, const sealed *work, fate result)
{
    if (work->segment == 0 || result == FATE_LATER || result == FATE_ABANDONED)
        return;
    if (result == FATE_REFUSED)
        set_aside(it, work, WAL_ASIDE_REFUSED);
    else if (secure_seen(it, work, true) && !wal_remove(it->wal, work->segment) && errno != ENOENT)
        say(LEVEL_WARN, "cannot remove segment %016" PRIx64 " of the log: %s", work->segment,
            strerror(errno));
}

static fate process(storer *it, sealed *work)
{
    uint64_t started = steady_ns();
    uint64_t rows = work->batch != NULL ? o2p_batch_rows(work->batch) : 0;
    fate result = work->batch != NULL ? store_batch(it, work->batch, &work->counted)
                                      : replay_segment(it, work);
    settle_segment(it, work, result);
    if (result == FATE_LATER)
        return result;
    if (result == FATE_STORED && work->batch != NULL)
        say(LEVEL_INFO, "stored a batch of %" PRIu64 " row%s in %" PRIu64 " ms", rows, plural(rows),
            (steady_ns() - started) / NS_PER_MS);
    if (result != FATE_STORED && work->segment == 0 && rows > 0)
        say(LEVEL_ERROR, "lost %" PRIu64 " row%s, which could not be stored", rows, plural(rows));
    submission_list_finish(&work->waiting, result == FATE_STORED ? OUTCOME_ACCEPTED : OUTCOME_BUSY);
    return result;
}

static void discard(storer *it, sealed *work)
{
    metrics_count_batch(it->metrics, NULL, &work->counted);
    o2p_batch_free(work->batch);
    free(work);
}

static sealed *take(storer *it)
{
    sealed *work = it->first;
    it->first = work->next;
    if (it->first == NULL)
        it->end = &it->first;
    return work;
}

/* Takes a segment whose time has come to be read again; NULL: none, and `*until_ns` is when. */
static sealed *take_late(storer *it, uint64_t *until_ns)
{
    uint64_t now = steady_ns();
    *until_ns = UINT64_MAX;
    for (sealed **place = &it->later; *place != NULL; place = &(*place)->next) {
        sealed *work = *place;
        if (work->next_ns <= now) {
            *place = work->next;
            return work;
        }
        *until_ns = work->next_ns < *until_ns ? work->next_ns : *until_ns;
    }
    return NULL;
}

/* Waits for something to do, under the lock. NULL at the end. */
static sealed *wait_for_work(storer *it)
{
    uint64_t until;
    while (!it->abandon) {
        sealed *work = take_late(it, &until);
        if (work != NULL)
            return work;
        if (it->first != NULL)
            return take(it);
        if (it->finish)
            return NULL;
        steady_cond_wait(&it->changed, &it->lock, until);
    }
    return NULL;
}

/* Puts a segment behind the others, under the lock: they do not wait for it. */
static void put_behind(storer *it, sealed *work)
{
    work->next = it->later;
    it->later = work;
    pthread_cond_broadcast(&it->changed); /* there is a new time to wait for */
}

/* Does what there is to do for a batch, without the lock; then counts it off, with it. */
static void do_work(storer *it, sealed *work)
{
    bool replayed = work->batch == NULL;
    bool last = !work->full;
    bool again = work->tries > 0;
    pthread_mutex_unlock(&it->lock);
    fate result = process(it, work);
    if (result == FATE_LATER && !again)
        count_up(&it->metrics->unread_segments, 1);
    if (result != FATE_LATER && again)
        count_down(&it->metrics->unread_segments, 1);
    if (result != FATE_LATER)
        discard(it, work);
    if (last)
        heap_trim();
    pthread_mutex_lock(&it->lock);
    if (result == FATE_LATER)
        put_behind(it, work);
    else if (result != FATE_ABANDONED) {
        it->waiting--;
        it->replays -= replayed;
        count_down(&it->metrics->sealed_waiting, 1);
    }
}

static void *run(void *argument)
{
    storer *it = argument;
    sealed *work;
    pthread_mutex_lock(&it->lock);
    while ((work = wait_for_work(it)) != NULL)
        do_work(it, work);
    it->running--;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    return NULL;
}

bool storer_start(storer *it, const settings *config, wal_folder *wal, storage *store,
                  metrics *counts)
{
    *it = (storer){.settings = config, .wal = wal, .store = store, .metrics = counts};
    it->end = &it->first;
    it->threads = calloc(config->store_threads, sizeof *it->threads);
    if (it->threads == NULL)
        return false;
    pthread_mutex_init(&it->lock, NULL);
    steady_cond_init(&it->changed);
    for (uint64_t i = 0; i < config->store_threads; i++) {
        pthread_mutex_lock(&it->lock);
        it->running++;
        pthread_mutex_unlock(&it->lock);
        if (pthread_create(&it->threads[i], NULL, run, it) != 0) {
            pthread_mutex_lock(&it->lock);
            it->running--;
            pthread_mutex_unlock(&it->lock);
            storer_stop(it, 0);
            return false;
        }
        it->thread_count++;
    }
    return true;
}

bool storer_has_room(storer *it)
{
    pthread_mutex_lock(&it->lock);
    bool room = it->waiting - it->replays < it->settings->max_sealed;
    pthread_mutex_unlock(&it->lock);
    return room;
}

bool storer_has_replayed(storer *it)
{
    pthread_mutex_lock(&it->lock);
    bool replayed = it->replays == 0;
    pthread_mutex_unlock(&it->lock);
    return replayed;
}

void storer_add(storer *it, sealed *work)
{
    work->next = NULL;
    pthread_mutex_lock(&it->lock);
    *it->end = work;
    it->end = &work->next;
    it->waiting++;
    it->replays += work->batch == NULL;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    count_up(&it->metrics->sealed_waiting, 1);
}

bool storer_replay(storer *it)
{
    uint64_t *numbers;
    size_t count;
    if (!wal_folder_list(it->wal, &numbers, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        sealed *work = calloc(1, sizeof *work);
        if (work == NULL) {
            free(numbers);
            return false;
        }
        *work = (sealed){.segment = numbers[i], .limit = UINT64_MAX, .newest = i + 1 == count};
        submission_list_clear(&work->waiting);
        storer_add(it, work);
    }
    free(numbers);
    return true;
}

uint64_t storer_stop(storer *it, uint64_t deadline_ns)
{
    pthread_mutex_lock(&it->lock);
    it->finish = true;
    pthread_cond_broadcast(&it->changed);
    while (it->running > 0 && steady_ns() < deadline_ns)
        steady_cond_wait(&it->changed, &it->lock, deadline_ns);
    it->abandon = true;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
    for (unsigned i = 0; i < it->thread_count; i++)
        pthread_join(it->threads[i], NULL);
    *it->end = it->later;
    while (it->first != NULL) {
        sealed *work = take(it);
        submission_list_finish(&work->waiting, OUTCOME_BUSY);
        discard(it, work);
    }
    uint64_t left = it->waiting;
    free(it->threads);
    it->threads = NULL;
    pthread_mutex_destroy(&it->lock);
    pthread_cond_destroy(&it->changed);
    return left;
}
