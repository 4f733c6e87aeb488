/* batcher.c - see batcher.h. */
#include "server.h"
#include "batcher.h"
#include "clock.h"
#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SEEN = 1 << 17 }; /* requests that are remembered: 5 MB */

static bool logs(const batcher *it)
{
    return it->settings->ack == ACK_WAL;
}

/* ---- the open batch -------------------------------------------------------------------------- */

static void drop(batcher *it, sealed *work)
{
    metrics_count_batch(it->metrics, NULL, &work->counted);
    o2p_batch_free(work->batch);
    free(work);
}

static bool open_batch(batcher *it)
{
    o2p_options options = storer_batch_options(it->settings, &it->files->options);
    sealed *work = calloc(1, sizeof *work);
    bool made = work != NULL && wal_salt(&it->salt);
    options.hash_seed = wal_hash_seed(it->salt);
    if (!made || o2p_batch_new(&options, &work->batch, NULL) != O2P_OK) {
        free(work);
        say(LEVEL_ERROR, "out of memory for a batch");
        return false;
    }
    work->limit = UINT64_MAX;
    submission_list_clear(&work->waiting);
    it->open = work;
    it->largest = options.max_input_bytes;
    it->age_ns = steady_ns() + it->settings->seal_age * NS_PER_MS;
    return true;
}

/* No segment is made for a while: each try would be a request's waiting time. */
static void pause_log(batcher *it)
{
    enum { PAUSE_MS = 500 };
    it->retry_ns = steady_ns() + PAUSE_MS * NS_PER_MS;
}

static void log_failed(batcher *it, int failure)
{
    count_up(&it->metrics->log_failures, 1);
    pause_log(it);
    it->failure = failure;
    atomic_store(&it->failing, true);
    atomic_store(&it->unable, it->wal->untrusted);
}

/* Makes the segment of the open batch. */
static bool open_segment(batcher *it)
{
    if (it->segment.fd >= 0)
        return true;
    if (steady_ns() < it->retry_ns || it->wal->untrusted)
        return false;
    if (wal_segment_create(it->wal, &it->segment, it->salt, it->files->text,
                           it->files->text_size)) {
        if (atomic_exchange(&it->failing, false))
            say(LEVEL_INFO, "the log can be written again");
        return true;
    }
    int failure = errno;
    if (!atomic_load(&it->failing) || failure != it->failure) /* once, and not at each try */
        say(LEVEL_ERROR, "cannot make a segment of the log, so requests are refused: %s",
            strerror(failure));
    log_failed(it, failure);
    return false;
}

/* Whether the log is to be tried, though nobody may have sent anything: where requests go by what
 * readiness says, none would come to show that it can be written again. */
static bool must_try_log(const batcher *it)
{
    return atomic_load(&it->failing) && !it->wal->untrusted && steady_ns() >= it->retry_ns;
}

static void try_log(batcher *it)
{
    if (it->open != NULL || open_batch(it))
        open_segment(it);
    else
        pause_log(it);
}

/* Whether the open batch holds all it should, or its segment does: what requests have beyond their
 * rows, as fields that OTLP does not define, is in the log alone, and takes memory when that is
 * read. */
static bool is_full(const batcher *it)
{
    enum { LOG_A_BATCH = 4 };
    return o2p_batch_rows(it->open->batch) >= it->settings->seal_rows ||
           o2p_batch_bytes(it->open->batch) >= it->settings->seal_bytes ||
           (it->segment.fd >= 0 && it->segment.size / LOG_A_BATCH >= it->settings->seal_bytes);
}

static wal_hash128 key_of(const submission *one)
{
    return seen_key(one->body_hash, one->signal, one->encoding, (uint8_t)one->coding);
}

/* Remembers that a request is kept; what there is no memory for is not remembered. */
static void remember(batcher *it, const submission *one)
{
    if (it->seen.window_ns == 0)
        return;
    if (it->kept_count == it->kept_capacity) {
        size_t capacity = it->kept_capacity == 0 ? 64 : it->kept_capacity * 2;
        seen_entry *more = realloc(it->kept, capacity * sizeof *more);
        if (more == NULL)
            return;
        it->kept = more;
        it->kept_capacity = capacity;
    }
    it->kept[it->kept_count++] = (seen_entry){key_of(one), one->received_ns};
    seen_add(&it->seen, key_of(one), one->received_ns);
}

/* Saves what the segment holds, so that it is known after a crash, when the segment may be gone. */
static void save_kept(batcher *it)
{
    enum { CLEAN_EACH = 16 }; /* segments: looking for old ones lists the folder */
    if (it->kept_count > 0 && logs(it)) {
        if (!seen_save(it->wal, it->segment.number, it->kept, it->kept_count)) {
            count_up(&it->metrics->unsaved_segments, 1);
            say(LEVEL_WARN,
                "cannot save which requests segment %016" PRIx64
                " of the log holds, it will be tried again when they are stored: %s",
                it->segment.number, strerror(errno));
        }
        if (it->segment.number % CLEAN_EACH == 0)
            seen_clean(&it->seen, it->wal, wall_ns());
    }
    it->kept_count = it->kept_synced = 0;
}

static void hand_over(batcher *it)
{
    sealed *work = it->open;
    bool empty = o2p_batch_rows(work->batch) == 0; /* all it was offered was refused */
    if (it->segment.fd >= 0) {
        work->segment = it->segment.number;
        wal_segment_close(it->wal, &it->segment, true);
    }
    work->full = is_full(it);
    it->open = NULL;
    save_kept(it);
    if (!empty)
        storer_add(it->storer, work);
    else {
        if (work->segment > 0)
            wal_remove(it->wal, work->segment);
        drop(it, work);
    }
}

/* Hands the open batch to the storer. The group is empty: all in it is answered. False when the
 * storer has no room; the batch stays open then. */
static bool seal(batcher *it)
{
    if (it->open != NULL && !storer_has_room(it->storer))
        return false;
    if (it->open != NULL)
        hand_over(it);
    return true;
}

/* ---- the log --------------------------------------------------------------------------------- */

/* The log could not be written, as errno says. The group is not kept, and so the batch holds what
 * it should not: it is made again from what the segment holds for certain. */
static void give_up(batcher *it)
{
    sealed *work = it->open;
    int failure = errno;
    say(LEVEL_ERROR, "cannot write the log: %s; %s", strerror(failure),
        it->wal->untrusted ? "it is not trusted again, so requests are refused until the server is "
                             "started anew"
                           : "the requests at hand are refused");
    log_failed(it, failure);
    for (size_t i = it->kept_synced; i < it->kept_count; i++)
        seen_forget(&it->seen, it->kept[i].key);
    it->kept_count = it->kept_synced;
    wal_segment_close(it->wal, &it->segment, false);
    save_kept(it);
    metrics_count_batch(it->metrics, NULL, &work->counted);
    o2p_batch_free(work->batch);
    work->batch = NULL;
    work->segment = it->segment.number;
    work->limit = it->segment.synced;
    it->open = NULL;
    storer_add(it->storer, work);
    it->group_size = 0;
    submission_list_finish(&it->group, OUTCOME_BUSY);
}

/* Makes the group durable and answers it. False when it was given up. */
static bool commit(batcher *it)
{
    if (it->group.first == NULL)
        return true;
    uint64_t began = steady_ns();
    if (!wal_segment_sync(it->wal, &it->segment)) {
        give_up(it);
        return false;
    }
    it->sync_ns = steady_ns() - began;
    it->last_size = it->group_size;
    it->group_size = 0;
    count_up(&it->metrics->log_syncs, 1);
    it->kept_synced = it->kept_count;
    submission_list_finish(&it->group, OUTCOME_ACCEPTED);
    return true;
}

static bool write_record(batcher *it, const submission *one)
{
    wal_record record = {.signal = one->signal,
                         .encoding = one->encoding,
                         .coding = (uint8_t)one->coding,
                         .plain_size = (uint32_t)one->plain_size,
                         .received_ns = one->received_ns,
                         .body = one->body,
                         .size = one->size,
                         .body_hash = one->body_hash};
    count_up(&it->metrics->log_bytes, WAL_RECORD_SIZE + one->size);
    return wal_segment_append(it->wal, &it->segment, &record);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void answer(submission *one, outcome what)
{
    one->outcome = what;
    one->done(one);
}

static o2p_status append(batcher *it, submission *one)
{
    o2p_batch *batch = it->open->batch;
    o2p_status status = o2p_batch_set_input(batch, one->signal, one->encoding);
    o2p_batch_set_default_time(batch, one->received_ns);
    if (status == O2P_OK)
        status = o2p_batch_append(batch, one->plain, one->plain_size, &one->result);
    metrics_count_batch(it->metrics, batch, &it->open->counted);
    return status;
}

/* Its bytes are not needed any more. */
static void tell_kept(submission *one)
{
    if (one->kept != NULL)
        one->kept(one);
}

static void add_to_group(batcher *it, submission *one)
{
    submission_list_add(&it->group, one);
    it->group_size++;
}

/* Keeps what was appended, as `ack` promises. */
static void keep(batcher *it, submission *one)
{
    if (one->result.counts.accepted == 0) { /* nothing to keep, so nothing to wait for */
        answer(one, OUTCOME_ACCEPTED);
        return;
    }
    switch ((ack_mode)it->settings->ack) {
    case ACK_WAL:
        add_to_group(it, one);
        remember(it, one);
        if (write_record(it, one))
            tell_kept(one);
        else
            give_up(it);
        break;
    case ACK_STORED:
        submission_list_add(&it->open->waiting, one);
        tell_kept(one);
        break;
    case ACK_MEMORY:
        remember(it, one);
        answer(one, OUTCOME_ACCEPTED);
        break;
    }
}

/* Acknowledges a request that is kept already, when that one is. */
static void keep_no_more(batcher *it, submission *one)
{
    count_up(&it->metrics->repeated_requests, 1);
    one->result = (o2p_result){.signal = one->signal};
    if (it->group.first != NULL)
        add_to_group(it, one);
    else
        answer(one, OUTCOME_ACCEPTED);
}

/* Makes sure that there is a batch with room, and a segment for it. */
static bool prepare(batcher *it, const submission *one)
{
    bool full =
        it->open != NULL && (is_full(it) || one->plain_size > it->largest ||
                             (it->segment.fd >= 0 && !wal_segment_fits(&it->segment, one->size)));
    if (full && (!commit(it) || !seal(it)))
        return false;
    return (it->open != NULL || open_batch(it)) && (!logs(it) || open_segment(it));
}

static void take(batcher *it, submission *one)
{
    if (seen_has(&it->seen, key_of(one), one->received_ns)) {
        keep_no_more(it, one);
        return;
    }
    if (!prepare(it, one)) {
        answer(one, OUTCOME_BUSY);
        return;
    }
    o2p_status status = append(it, one);
    if (status == O2P_ERR_FULL) { /* by the library's own limits, such as files */
        if (!commit(it) || !seal(it) || !prepare(it, one)) {
            answer(one, OUTCOME_BUSY);
            return;
        }
        status = append(it, one);
    }
    if (status == O2P_OK)
        keep(it, one);
    else
        answer(one, status == O2P_ERR_OUT_OF_MEMORY ? OUTCOME_BUSY : OUTCOME_REFUSED);
}

static void take_all(batcher *it, submission *next)
{
    while (next != NULL) {
        submission *one = next;
        next = one->next;
        take(it, one);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool is_due(const batcher *it)
{
    return it->open != NULL && (it->hurry || steady_ns() >= it->age_ns || is_full(it));
}

/* When there is something to do though nothing comes. */
static uint64_t next_time(const batcher *it)
{
    uint64_t age = it->open != NULL ? it->age_ns : UINT64_MAX;
    bool retry = atomic_load(&it->failing) && !it->wal->untrusted;
    return retry && it->retry_ns < age ? it->retry_ns : age;
}

/* Waits for requests, for the batch's age, for another try of the log, or for the end, and takes
 * the queue. When a batch is due and the storer has no room, there is another look soon.
 * `*meanwhile`: the requests had come before. False at the end. */
static bool wait_for_work(batcher *it, submission_list *list, bool *meanwhile)
{
    enum { AGAIN_MS = 20 };
    pthread_mutex_lock(&it->lock);
    *meanwhile = it->queue.first != NULL;
    while (it->hurry = it->hurried,
           it->queue.first == NULL && !it->stopping && !is_due(it) && !must_try_log(it))
        steady_cond_wait(&it->changed, &it->lock, next_time(it));
    if (it->queue.first == NULL && !it->stopping && !storer_has_room(it->storer))
        steady_cond_wait(&it->changed, &it->lock, steady_ns() + AGAIN_MS * NS_PER_MS);
    bool go_on = it->queue.first != NULL || !it->stopping;
    submission_list_clear(list);
    if (it->queue.first != NULL) {
        *list = it->queue;
        submission_list_clear(&it->queue);
    }
    pthread_mutex_unlock(&it->lock);
    return go_on;
}

/* Takes what is queued, or comes until then. False when nothing does. */
static bool take_more(batcher *it, uint64_t until_ns)
{
    pthread_mutex_lock(&it->lock);
    if (it->queue.first == NULL)
        steady_cond_wait(&it->changed, &it->lock, until_ns);
    submission *first = it->queue.first;
    submission_list_clear(&it->queue);
    pthread_mutex_unlock(&it->lock);
    take_all(it, first);
    return first != NULL;
}

/* Waits a moment, before the group is synced, for the clients whose requests were answered with the
 * last one: most send the next at once, and a sync costs the same for few and for many. Those of
 * the group itself are others if they had come while the last one was synced: `meanwhile`. A client
 * that is alone waits for nobody. */
static void gather(batcher *it, bool meanwhile)
{
    enum { MOST_NS = 100 * 1000 };
    size_t expected = it->last_size + (meanwhile ? it->group_size : 0);
    uint64_t patience = it->sync_ns / 2;
    uint64_t until = steady_ns() + (patience < MOST_NS ? patience : MOST_NS);
    while (it->group.first != NULL && it->group_size < expected && take_more(it, until))
        continue;
}

static void *run(void *argument)
{
    batcher *it = argument;
    submission_list list;
    bool meanwhile;
    while (wait_for_work(it, &list, &meanwhile)) {
        take_all(it, list.first);
        gather(it, meanwhile);
        commit(it);
        if (must_try_log(it))
            try_log(it);
        if (is_due(it))
            seal(it);
    }
    if (it->open != NULL)
        hand_over(it);
    return NULL;
}

bool batcher_files_make(batcher_files *it, const settings *config, settings_error *error)
{
    it->text = NULL;
    if (!file_options_read(&it->options, config, error))
        return false;
    o2p_options options = storer_batch_options(config, &it->options);
    if (!file_options_check(&options, error))
        return false;
    it->text = file_options_text(config, &it->text_size);
    return it->text != NULL || settings_refuse(error, "out of memory");
}

void batcher_files_release(batcher_files *it)
{
    free(it->text);
    it->text = NULL;
}

bool batcher_start(batcher *it, const settings *config, const batcher_files *files, wal_folder *wal,
                   storer *behind, metrics *counts)
{
    *it = (batcher){
        .settings = config, .files = files, .wal = wal, .storer = behind, .metrics = counts};
    it->segment.fd = -1;
    submission_list_clear(&it->queue);
    submission_list_clear(&it->group);
    /* With `stored` there is no log to survive in, and whether a first one will be stored is open.
     */
    bool remembers = config->ack != ACK_STORED;
    if (!seen_init(&it->seen, remembers ? config->dedup_window * NS_PER_MS : 0, MOST_SEEN))
        return false;
    seen_load(&it->seen, wal, wall_ns());
    pthread_mutex_init(&it->lock, NULL);
    steady_cond_init(&it->changed);
    return pthread_create(&it->thread, NULL, run, it) == 0;
}

void batcher_submit(batcher *it, submission *one)
{
    pthread_mutex_lock(&it->lock);
    bool idle = it->queue.first == NULL;
    submission_list_add(&it->queue, one);
    if (idle)
        pthread_cond_signal(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

static void signal_flag(batcher *it, bool *flag)
{
    pthread_mutex_lock(&it->lock);
    *flag = true;
    pthread_cond_signal(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

void batcher_hurry(batcher *it)
{
    signal_flag(it, &it->hurried);
}

bool batcher_is_able(batcher *it)
{
    return !atomic_load(&it->unable);
}

bool batcher_is_ready(batcher *it)
{
    return batcher_is_able(it) && !atomic_load(&it->failing);
}

void batcher_stop(batcher *it)
{
    signal_flag(it, &it->stopping);
    pthread_join(it->thread, NULL);
    seen_release(&it->seen);
    free(it->kept);
    pthread_mutex_destroy(&it->lock);
    pthread_cond_destroy(&it->changed);
}
