/* test_batcher.c - the batcher, the log and the storer together, over a storage and a disk that can
 * fail: what was acknowledged is stored, once, under the names it would have had anyway.
 */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../shims/server/batcher.h"
#include "../../shims/server/clock.h"
#include "../../shims/server/say.h"
#include "sample_requests.h"
#include <cmocka.h>

/* ---- a storage in memory --------------------------------------------------------------------- */

enum { MOST_FILES = 64 };

static struct {
    storage base;
    pthread_mutex_t lock;
    int puts_left;         /* until it fails; -1: never */
    storage_status status; /* what it then says */
    size_t count;
    struct {
        char key[256];
        uint8_t *data;
        size_t size;
        unsigned puts;
    } files[MOST_FILES];
} shelf = {.lock = PTHREAD_MUTEX_INITIALIZER};

static storage_status shelf_put(storage *base, const char *key, const void *data, size_t size,
                                storage_error *error)
{
    (void)base;
    storage_status status = STORAGE_OK;
    pthread_mutex_lock(&shelf.lock);
    if (shelf.puts_left == 0) {
        snprintf(error->text, sizeof error->text, "the shelf says no");
        status = shelf.status;
    } else {
        size_t i = 0;
        shelf.puts_left -= shelf.puts_left > 0;
        while (i < shelf.count && strcmp(shelf.files[i].key, key) != 0)
            i++;
        if (i == shelf.count) {
            shelf.count++;
            snprintf(shelf.files[i].key, sizeof shelf.files[i].key, "%s", key);
            shelf.files[i].data = malloc(size);
            memcpy(shelf.files[i].data, data, size);
            shelf.files[i].size = size;
        } else if (size != shelf.files[i].size || memcmp(data, shelf.files[i].data, size) != 0)
            shelf.files[i].puts = 1000; /* another content under the same name */
        shelf.files[i].puts++;
    }
    pthread_mutex_unlock(&shelf.lock);
    return status;
}

static void shelf_clear(void)
{
    for (size_t i = 0; i < shelf.count; i++) {
        free(shelf.files[i].data);
        shelf.files[i].puts = 0;
    }
    shelf.count = 0;
    shelf.puts_left = -1;
    shelf.status = STORAGE_RETRY;
}

static void shelf_fail_after(int puts, storage_status status)
{
    pthread_mutex_lock(&shelf.lock);
    shelf.puts_left = puts;
    shelf.status = status;
    pthread_mutex_unlock(&shelf.lock);
}

static int shelf_puts_left(void)
{
    pthread_mutex_lock(&shelf.lock);
    int left = shelf.puts_left;
    pthread_mutex_unlock(&shelf.lock);
    return left;
}

/* ---- a disk that can fail -------------------------------------------------------------------- */

static atomic_long writes_left; /* bytes until it is full; negative: never */
static atomic_bool sync_fails;

static ssize_t disk_write(int fd, const void *bytes, size_t size)
{
    long left = atomic_load(&writes_left);
    if (left == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (left > 0 && (size_t)left < size)
        size = (size_t)left;
    if (left > 0)
        atomic_store(&writes_left, left - (long)size);
    return write(fd, bytes, size);
}

static int disk_sync(int fd)
{
    (void)fd; /* the test's own process does not crash: what is written is there */
    if (!atomic_load(&sync_fails))
        return 0;
    errno = EIO;
    return -1;
}

static const wal_io disk = {.write = disk_write, .sync = disk_sync};

/* ---- a server without connections ------------------------------------------------------------ */

static settings config;
static metrics counts;
static wal_folder folder;
static storer behind;
static batcher_files files;
static batcher front;
static char path[64];

static pthread_mutex_t answered_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered_changed = PTHREAD_COND_INITIALIZER;

typedef struct request {
    submission base;
    protobuf bytes;
    uint8_t *lent; /* a copy, which the batcher reads until it says `kept` or `done` */
    bool answered;
} request;

enum { MOST_REQUESTS = 24 };
static request requests[MOST_REQUESTS];

static void on_kept(submission *base)
{
    request *it = (request *)base;
    free(it->lent);
    it->lent = NULL;
}

static void done(submission *it)
{
    on_kept(it);
    pthread_mutex_lock(&answered_lock);
    ((request *)it)->answered = true;
    pthread_cond_broadcast(&answered_changed);
    pthread_mutex_unlock(&answered_lock);
}

static void submit_at(size_t i, uint64_t received_ns)
{
    request *it = &requests[i];
    it->answered = false;
    it->lent = malloc(it->bytes.size);
    assert_non_null(it->lent);
    memcpy(it->lent, it->bytes.data, it->bytes.size);
    it->base = (submission){.signal = (o2p_signal)(1 + i % 3),
                            .encoding = O2P_ENCODING_PROTOBUF,
                            .received_ns = received_ns,
                            .body = it->lent,
                            .size = it->bytes.size,
                            .body_hash = wal_hash128_of(it->bytes.data, it->bytes.size),
                            .plain = it->lent,
                            .plain_size = it->bytes.size,
                            .kept = on_kept,
                            .done = done};
    batcher_submit(&front, &it->base);
}

static void submit(size_t i)
{
    submit_at(i, SAMPLE_TIME + i);
}

static outcome wait_for(size_t i)
{
    pthread_mutex_lock(&answered_lock);
    while (!requests[i].answered)
        pthread_cond_wait(&answered_changed, &answered_lock);
    pthread_mutex_unlock(&answered_lock);
    return requests[i].base.outcome;
}

static void start(void)
{
    settings_error error;
    assert_true(wal_folder_open(&folder, path, &disk));
    assert_true(storer_start(&behind, &config, &folder, &shelf.base, &counts));
    batcher_files_release(&files);
    assert_true(batcher_files_make(&files, &config, &error));
    assert_true(batcher_start(&front, &config, &files, &folder, &behind, &counts));
    assert_true(storer_replay(&behind));
}

/* Ends with all stored, or, if `crash`, with what the log holds; returns the batches not stored. */
static uint64_t stop(bool crash)
{
    batcher_stop(&front);
    uint64_t deadline = crash ? 0 : steady_ns() + 20 * NS_PER_SECOND;
    uint64_t left = storer_stop(&behind, deadline);
    wal_folder_close(&folder);
    assert_int_equal(count_of(&counts.batch_bytes), 0);
    return left;
}

static size_t files_in_log(const char *suffix)
{
    size_t found = 0;
    DIR *stream = opendir(path);
    struct dirent *entry;
    assert_non_null(stream);
    while ((entry = readdir(stream)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        found += dot != NULL && strcmp(dot, suffix) == 0;
    }
    closedir(stream);
    return found;
}

static void pause_ms(long ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

static int setup(void **state)
{
    (void)state;
    settings_error error;
    strcpy(path, "/tmp/o2p-batcher-XXXXXX");
    shelf.base.put = shelf_put;
    shelf_clear();
    atomic_store(&writes_left, -1);
    atomic_store(&sync_fails, false);
    say_as(LEVEL_ERROR + 1, FORMAT_TEXT);
    memset(&counts, 0, sizeof counts);
    for (size_t i = 0; i < MOST_REQUESTS; i++) {
        requests[i] = (request){.answered = false};
        sample_request(&requests[i].bytes, (o2p_signal)(1 + i % 3), (unsigned)i);
    }
    settings_init(&config);
    return mkdtemp(path) == NULL || !settings_set(&config, SETTING_seal_age, "1h", &error);
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    shelf_clear();
    batcher_files_release(&files);
    for (size_t i = 0; i < MOST_REQUESTS; i++)
        pb_free(&requests[i].bytes);
    snprintf(command, sizeof command, "rm -rf %s", path);
    return system(command);
}

/* Whether a name is another one but for its hash, which each batch has of its own. */
static bool has_name(const char *key, const char *name)
{
    enum { HASH = 16 };
    size_t size = strlen(name);
    size_t end = strlen(name) - (strstr(name, ".parquet") != NULL ? strlen(".parquet") : 0);
    return strlen(key) == size && memcmp(key, name, end - HASH) == 0 &&
           strcmp(key + end, name + end) == 0;
}

/* Asserts that the shelf holds the files that requests `sent` give as one batch, and no others. */
static void assert_stored(const size_t *sent, size_t count, size_t other_files)
{
    batcher_files wanted;
    settings_error error;
    assert_true(batcher_files_make(&wanted, &config, &error));
    o2p_options options = storer_batch_options(&config, &wanted.options);
    o2p_output out = {0};
    o2p_batch *batch;
    assert_int_equal(o2p_batch_new(&options, &batch, NULL), O2P_OK);
    for (size_t i = 0; i < count; i++) {
        const submission *it = &requests[sent[i]].base;
        const protobuf *bytes = &requests[sent[i]].bytes;
        assert_int_equal(o2p_batch_set_input(batch, it->signal, it->encoding), O2P_OK);
        o2p_batch_set_default_time(batch, it->received_ns);
        assert_int_equal(o2p_batch_append(batch, bytes->data, bytes->size, NULL), O2P_OK);
    }
    assert_int_equal(o2p_batch_finish(batch, &out), O2P_OK);
    for (size_t i = 0; i < out.file_count; i++) {
        size_t found = 0;
        while (found < shelf.count && !has_name(shelf.files[found].key, out.files[i].path))
            found++;
        assert_true(found < shelf.count);
        assert_int_equal(shelf.files[found].size, out.files[i].size);
        assert_memory_equal(shelf.files[found].data, out.files[i].data, out.files[i].size);
        assert_true(shelf.files[found].puts < 1000);
    }
    assert_int_equal(shelf.count, out.file_count + other_files);
    o2p_output_free(&out);
    o2p_batch_free(batch);
    batcher_files_release(&wanted);
}

static const size_t numbers[MOST_REQUESTS] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                              12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

static void submit_first(size_t count)
{
    for (size_t i = 0; i < count; i++)
        submit(i);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(wait_for(i), OUTCOME_ACCEPTED);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void all_requests_of_a_seal_give_one_set_of_files(void **state)
{
    (void)state;
    start();
    submit_first(12);
    assert_int_equal(files_in_log(".wal"), 1);
    assert_true(count_of(&counts.batch_bytes) > 0);
    assert_int_equal(stop(false), 0);
    assert_stored(numbers, 12, 0);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_true(count_of(&counts.log_syncs) >= 1 && count_of(&counts.log_syncs) <= 12);
}

static void after_a_crash_the_log_gives_the_same_files(void **state)
{
    (void)state;
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    submit_first(12);
    assert_int_equal(stop(true), 1);
    assert_int_equal(shelf.count, 0);
    assert_int_equal(files_in_log(".wal"), 1);
    shelf_fail_after(-1, STORAGE_RETRY);
    start();
    submit(12);
    assert_int_equal(wait_for(12), OUTCOME_ACCEPTED);
    assert_int_equal(stop(false), 0);
    assert_int_equal(count_of(&counts.replayed_requests), 12);
    /* Two batches, of 14 and 2 files: seven tables and one, of two hours each. */
    const size_t later[] = {12};
    assert_stored(numbers, 12, 2);
    assert_stored(later, 1, 14);
    assert_int_equal(files_in_log(".wal"), 0);
}

/* A crash between the storing of two files: both are stored again, under the same names. */
static void after_a_crash_in_mid_store_nothing_is_there_twice(void **state)
{
    (void)state;
    for (int stored = 1; stored < 5; stored++) {
        shelf_clear();
        shelf_fail_after(stored, STORAGE_RETRY);
        start();
        submit_first(6);
        batcher_stop(&front);
        while (shelf_puts_left() > 0)
            pause_ms(1);
        assert_int_equal(storer_stop(&behind, 0), 1);
        wal_folder_close(&folder);
        assert_int_equal(shelf.count, stored);
        shelf_fail_after(-1, STORAGE_RETRY);
        start();
        assert_int_equal(stop(false), 0);
        assert_stored(numbers, 6, 0);
    }
}

static void a_request_that_cannot_be_read_is_refused_alone(void **state)
{
    (void)state;
    start();
    requests[1].bytes.size -= 3;
    for (size_t i = 0; i < 3; i++)
        submit(i);
    assert_int_equal(wait_for(0), OUTCOME_ACCEPTED);
    assert_int_equal(wait_for(1), OUTCOME_REFUSED);
    assert_int_equal(requests[1].base.result.error.status, O2P_ERR_TRUNCATED);
    assert_int_equal(wait_for(2), OUTCOME_ACCEPTED);
    assert_int_equal(stop(true) <= 1, true);
    start();
    assert_int_equal(stop(false), 0);
    const size_t kept[] = {0, 2};
    assert_stored(kept, 2, 0);
}

static void refused_requests_alone_leave_nothing(void **state)
{
    (void)state;
    start();
    requests[0].bytes.size -= 3;
    submit(0);
    assert_int_equal(wait_for(0), OUTCOME_REFUSED);
    assert_int_equal(stop(false), 0);
    assert_int_equal(shelf.count, 0);
    assert_int_equal(files_in_log(".wal"), 0);
}

/* Wherever the disk is full: who was told yes is stored, who was told no is not. */
static void with_a_full_disk_only_what_is_acknowledged_is_stored(void **state)
{
    (void)state;
    for (long space = 0; space < 30000; space += 2500) {
        size_t kept[MOST_REQUESTS];
        size_t count = 0;
        shelf_clear();
        start();
        atomic_store(&writes_left, space);
        for (size_t i = 0; i < 12; i++) {
            submit(i);
            outcome what = wait_for(i);
            assert_true(what == OUTCOME_ACCEPTED || what == OUTCOME_BUSY);
            if (what == OUTCOME_ACCEPTED)
                kept[count++] = i;
        }
        atomic_store(&writes_left, -1);
        assert_true(count < 12 || space > 10000);
        assert_true(batcher_is_able(&front));
        assert_int_equal(stop(false), 0);
        if (count > 0)
            assert_stored(kept, count, 0);
        else
            assert_int_equal(shelf.count, 0);
        assert_int_equal(files_in_log(".wal"), 0);
    }
}

/* Nobody sends to a server that is not ready, so it must find out by itself. */
static void it_is_ready_again_when_the_log_can_be_written(void **state)
{
    (void)state;
    start();
    assert_true(batcher_is_ready(&front));
    for (size_t i = 0; i < 2; i++) {
        atomic_store(&writes_left, i == 0 ? 0 : 400);
        submit(i);
        assert_int_equal(wait_for(i), OUTCOME_BUSY);
        assert_false(batcher_is_ready(&front));
        assert_true(batcher_is_able(&front));
        atomic_store(&writes_left, 0);
        uint64_t tried = count_of(&counts.log_failures);
        while (count_of(&counts.log_failures) < tried + 2)
            pause_ms(10);
        assert_false(batcher_is_ready(&front));
        atomic_store(&writes_left, -1);
        while (!batcher_is_ready(&front))
            pause_ms(10);
        submit(i);
        assert_int_equal(wait_for(i), OUTCOME_ACCEPTED);
    }
    assert_int_equal(stop(false), 0);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_stored(numbers, 2, 0);
}

static void after_a_failed_sync_nothing_is_accepted_again(void **state)
{
    (void)state;
    start();
    submit_first(3);
    atomic_store(&sync_fails, true);
    submit(3);
    assert_int_equal(wait_for(3), OUTCOME_BUSY);
    atomic_store(&sync_fails, false);
    submit(4);
    assert_int_equal(wait_for(4), OUTCOME_BUSY);
    assert_false(batcher_is_able(&front));
    assert_int_equal(stop(false), 0);
    assert_stored(numbers, 3, 0);
}

static void rows_and_age_seal(void **state)
{
    (void)state;
    settings_error error;
    assert_true(settings_set(&config, SETTING_seal_rows, "1", &error));
    start();
    submit_first(3);
    assert_int_equal(stop(false), 0);
    assert_true(shelf.count > 3);
    assert_true(settings_set(&config, SETTING_seal_rows, "1000000", &error));
    assert_true(settings_set(&config, SETTING_seal_age, "50ms", &error));
    shelf_clear();
    start();
    submit_first(3);
    uint64_t deadline = steady_ns() + 20 * NS_PER_SECOND;
    while (count_of(&counts.sealed_waiting) + files_in_log(".wal") > 0 && steady_ns() < deadline)
        pause_ms(1);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_int_equal(stop(false), 0);
    assert_stored(numbers, 3, 0);
}

static void when_storage_is_slow_requests_are_told_to_come_again(void **state)
{
    (void)state;
    settings_error error;
    size_t kept = 0;
    assert_true(settings_set(&config, SETTING_seal_rows, "1", &error));
    assert_true(settings_set(&config, SETTING_max_sealed, "2", &error));
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    for (size_t i = 0; i < 8; i++) {
        submit(i);
        kept += wait_for(i) == OUTCOME_ACCEPTED;
    }
    assert_int_equal(kept, 3); /* two that wait, and the open one */
    shelf_fail_after(-1, STORAGE_RETRY);
    assert_int_equal(stop(false), 0);
    assert_int_equal(files_in_log(".wal"), 0);
}

static void what_storage_refuses_is_kept_aside(void **state)
{
    (void)state;
    shelf_fail_after(1, STORAGE_REFUSED);
    start();
    submit_first(3);
    assert_int_equal(stop(false), 0);
    assert_int_equal(shelf.count, 1);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_int_equal(files_in_log(".refused"), 1);
    assert_int_equal(count_of(&counts.set_aside), 1);
}

static void stored_is_answered_when_it_is_stored(void **state)
{
    (void)state;
    settings_error error;
    assert_true(settings_set(&config, SETTING_ack, "stored", &error));
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    submit(0);
    submit(1);
    pause_ms(20);
    pthread_mutex_lock(&answered_lock);
    assert_false(requests[0].answered || requests[1].answered);
    pthread_mutex_unlock(&answered_lock);
    shelf_fail_after(-1, STORAGE_RETRY);
    assert_int_equal(stop(false), 0);
    assert_int_equal(wait_for(0), OUTCOME_ACCEPTED);
    assert_int_equal(wait_for(1), OUTCOME_ACCEPTED);
    assert_stored(numbers, 2, 0);
    shelf_clear();
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    submit(0);
    batcher_stop(&front);
    assert_int_equal(storer_stop(&behind, 0), 1);
    wal_folder_close(&folder);
    assert_int_equal(wait_for(0), OUTCOME_BUSY);
}

static void in_memory_no_log_is_written(void **state)
{
    (void)state;
    settings_error error;
    assert_true(settings_set(&config, SETTING_ack, "memory", &error));
    atomic_store(&writes_left, 0);
    start();
    submit_first(6);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_int_equal(stop(false), 0);
    assert_stored(numbers, 6, 0);
}

/* Flips one byte of the only segment. */
static void damage(size_t at)
{
    char name[128];
    uint8_t byte;
    snprintf(name, sizeof name, "%s/%016x.wal", path, 1);
    int fd = open(name, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

static void a_damaged_segment_is_kept_and_the_rest_of_it_stored(void **state)
{
    (void)state;
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    for (size_t i = 0; i < 3; i++) { /* one group each */
        submit(i);
        assert_int_equal(wait_for(i), OUTCOME_ACCEPTED);
    }
    assert_int_equal(stop(true), 1);
    damage(WAL_HEADER_SIZE + files.text_size + WAL_RECORD_SIZE + 10);
    shelf_fail_after(-1, STORAGE_RETRY);
    start();
    assert_int_equal(stop(false), 0);
    const size_t kept[] = {1, 2};
    assert_stored(kept, 2, 0);
    assert_int_equal(files_in_log(".corrupt"), 1);
    assert_int_equal(files_in_log(".wal"), 0);
    assert_true(count_of(&counts.log_damaged_bytes) > WAL_RECORD_SIZE);
}

static uint64_t rows_of(size_t i)
{
    return requests[i].base.result.counts.accepted;
}

/* Sends request `i` as if it came now, and waits for the answer. */
static outcome send_now(size_t i)
{
    submit_at(i, wall_ns());
    return wait_for(i);
}

static void a_request_sent_again_is_kept_once(void **state)
{
    (void)state;
    start();
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < 6; i++)
            assert_int_equal(send_now(i), OUTCOME_ACCEPTED);
    assert_int_equal(count_of(&counts.repeated_requests), 12);
    assert_int_equal(stop(false), 0);
    /* Sealed, stored, removed from the log, and the process is another one. */
    start();
    assert_int_equal(send_now(5), OUTCOME_ACCEPTED);
    assert_int_equal(send_now(6), OUTCOME_ACCEPTED);
    assert_int_equal(count_of(&counts.repeated_requests), 13);
    shelf_fail_after(0, STORAGE_RETRY);
    assert_int_equal(stop(true), 1);
    /* A crash with a segment that was not sealed leaves nothing saved of it. */
    assert_true(wal_folder_open(&folder, path, &disk));
    assert_int_equal(unlinkat(folder.fd, "0000000000000002.seen", 0), 0);
    wal_folder_close(&folder);
    shelf_fail_after(-1, STORAGE_RETRY);
    start();
    assert_int_equal(send_now(6), OUTCOME_ACCEPTED);
    assert_int_equal(count_of(&counts.repeated_requests), 14);
    assert_int_equal(stop(false), 0);
    assert_int_equal(files_in_log(".seen"), 2);
}

/* The log's disk is full when the batch is sealed: there is no room to save which requests it had,
 * while it is written (the segment is the memory of them then) or until its files are stored. */
static void a_request_is_known_again_though_the_disk_was_full(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t stored = count_of(&counts.stored_rows);
        uint64_t repeated = count_of(&counts.repeated_requests);
        start();
        assert_int_equal(send_now(i), OUTCOME_ACCEPTED);
        uint64_t rows = rows_of(i);
        atomic_store(&writes_left, 0);
        shelf_fail_after(i == 1 ? 0 : -1, STORAGE_RETRY);
        batcher_stop(&front);
        assert_true(count_of(&counts.unsaved_segments) > 0);
        if (i == 1) {
            atomic_store(&writes_left, -1);
            shelf_fail_after(-1, STORAGE_RETRY);
        }
        assert_int_equal(storer_stop(&behind, steady_ns() + 20 * NS_PER_SECOND), 0);
        wal_folder_close(&folder);
        assert_int_equal(files_in_log(".wal"), 0);
        atomic_store(&writes_left, -1);
        start();
        assert_int_equal(send_now(i), OUTCOME_ACCEPTED);
        assert_int_equal(stop(false), 0);
        assert_int_equal(count_of(&counts.repeated_requests), repeated + 1);
        assert_int_equal(count_of(&counts.stored_rows) - stored, rows);
        assert_int_equal(files_in_log(".seen"), i + 1);
    }
}

/* More of them than there are threads: the others are stored meanwhile, and they when they can be
 * read. */
static void segments_that_cannot_be_read_hold_up_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"0000000000000001.wal", "0000000000000002.wal",
                                        "0000000000000003.wal"};
    assert_true(wal_folder_open(&folder, path, &disk));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mkdirat(folder.fd, names[i], 0777), 0);
    wal_folder_close(&folder);
    start();
    while (count_of(&counts.unread_segments) < 3)
        pause_ms(5);
    uint64_t rows = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(send_now(i), OUTCOME_ACCEPTED);
        rows += rows_of(i);
    }
    batcher_stop(&front);
    while (count_of(&counts.stored_rows) < rows || count_of(&counts.sealed_waiting) > 3)
        pause_ms(5); /* what is stored waits until its segment is gone */
    assert_int_equal(count_of(&counts.sealed_waiting), 3);
    assert_int_equal(storer_stop(&behind, steady_ns() + 20 * NS_PER_SECOND), 3);
    wal_folder_close(&folder);
    counts.unread_segments = counts.sealed_waiting = 0;
    start();
    while (count_of(&counts.unread_segments) < 3)
        pause_ms(5);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(unlinkat(folder.fd, names[i], AT_REMOVEDIR), 0);
        close(openat(folder.fd, names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    }
    while (count_of(&counts.unread_segments) > 0)
        pause_ms(5);
    assert_int_equal(stop(false), 0);
    assert_int_equal(count_of(&counts.sealed_waiting), 0);
    assert_int_equal(files_in_log(".wal"), 0);
}

static void what_was_not_kept_may_be_sent_again(void **state)
{
    (void)state;
    start();
    assert_int_equal(send_now(0), OUTCOME_ACCEPTED);
    uint64_t rows = rows_of(0);
    atomic_store(&writes_left, 100);
    assert_int_equal(send_now(1), OUTCOME_BUSY);
    assert_int_equal(send_now(0), OUTCOME_ACCEPTED); /* this one was */
    atomic_store(&writes_left, -1);
    while (send_now(1) == OUTCOME_BUSY)
        pause_ms(10);
    rows += rows_of(1);
    assert_int_equal(send_now(1), OUTCOME_ACCEPTED);
    assert_int_equal(count_of(&counts.repeated_requests), 2);
    assert_int_equal(stop(false), 0);
    assert_int_equal(count_of(&counts.stored_rows), rows);
}

/* A segment keeps what decides its files, whatever the settings have become. */
static void what_was_logged_is_stored_as_it_would_have_been(void **state)
{
    (void)state;
    settings_error error;
    assert_true(settings_set(&config, SETTING_codec, "zstd", &error));
    assert_true(settings_set(&config, SETTING_codec_level, "7", &error));
    assert_true(settings_set(&config, SETTING_path_template, "{table}/{hash}", &error));
    settings before = config;
    shelf_fail_after(0, STORAGE_RETRY);
    start();
    submit_first(6);
    assert_int_equal(stop(true), 1);
    shelf_fail_after(-1, STORAGE_RETRY);
    settings_init(&config);
    start();
    assert_int_equal(stop(false), 0);
    config = before;
    assert_stored(numbers, 6, 0);
}

static void without_a_window_all_is_kept(void **state)
{
    (void)state;
    settings_error error;
    assert_true(settings_set(&config, SETTING_dedup_window, "0s", &error));
    start();
    for (size_t round = 0; round < 2; round++)
        assert_int_equal(send_now(0), OUTCOME_ACCEPTED);
    assert_int_equal(stop(false), 0);
    uint64_t twice = count_of(&counts.stored_rows);
    assert_int_equal(files_in_log(".seen"), 0);
    assert_true(settings_set(&config, SETTING_dedup_window, "1m", &error));
    start();
    for (size_t round = 0; round < 2; round++)
        assert_int_equal(send_now(0), OUTCOME_ACCEPTED);
    assert_int_equal(stop(false), 0);
    assert_int_equal(count_of(&counts.stored_rows) - twice, twice / 2);
}

#define IN_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SERVER(all_requests_of_a_seal_give_one_set_of_files),
        IN_SERVER(after_a_crash_the_log_gives_the_same_files),
        IN_SERVER(after_a_crash_in_mid_store_nothing_is_there_twice),
        IN_SERVER(a_request_that_cannot_be_read_is_refused_alone),
        IN_SERVER(refused_requests_alone_leave_nothing),
        IN_SERVER(with_a_full_disk_only_what_is_acknowledged_is_stored),
        IN_SERVER(it_is_ready_again_when_the_log_can_be_written),
        IN_SERVER(after_a_failed_sync_nothing_is_accepted_again),
        IN_SERVER(rows_and_age_seal),
        IN_SERVER(when_storage_is_slow_requests_are_told_to_come_again),
        IN_SERVER(what_storage_refuses_is_kept_aside),
        IN_SERVER(stored_is_answered_when_it_is_stored),
        IN_SERVER(in_memory_no_log_is_written),
        IN_SERVER(a_damaged_segment_is_kept_and_the_rest_of_it_stored),
        IN_SERVER(a_request_sent_again_is_kept_once),
        IN_SERVER(a_request_is_known_again_though_the_disk_was_full),
        IN_SERVER(segments_that_cannot_be_read_hold_up_nothing),
        IN_SERVER(what_was_not_kept_may_be_sent_again),
        IN_SERVER(what_was_logged_is_stored_as_it_would_have_been),
        IN_SERVER(without_a_window_all_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
