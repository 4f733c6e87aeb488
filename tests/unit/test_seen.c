/* test_seen.c - requests that are remembered: for the window, the last of them, and over a restart.
 */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "../../shims/server/seen.h"
#include <cmocka.h>

enum { CAPACITY = 64, WINDOW = 1000 };
static seen known;

/* Hashes that fall on few places of the table, as an adversary would have them. */
static wal_hash128 hash(uint64_t i)
{
    return (wal_hash128){i % 3, i};
}

static int begin(void **state)
{
    (void)state;
    return !seen_init(&known, WINDOW, CAPACITY);
}

static int end(void **state)
{
    (void)state;
    seen_release(&known);
    return 0;
}

static void they_are_known_for_the_window(void **state)
{
    (void)state;
    seen_add(&known, hash(1), 500);
    assert_true(seen_has(&known, hash(1), 500));
    assert_true(seen_has(&known, hash(1), 1499));
    assert_false(seen_has(&known, hash(1), 1500));
    assert_false(seen_has(&known, hash(4), 500)); /* the same place */
    seen_add(&known, hash(1), 1500);
    assert_true(seen_has(&known, hash(1), 2400));
    seen_forget(&known, hash(1));
    assert_false(seen_has(&known, hash(1), 2400));
    seen_add(&known, hash(1), 2400);
    assert_true(seen_has(&known, hash(1), 2400));
}

/* The clock was ahead, and is put right. */
static void what_is_further_ahead_than_the_window_is_not_known(void **state)
{
    (void)state;
    seen_add(&known, hash(1), 100000);
    assert_false(seen_has(&known, hash(1), 500));
    assert_false(seen_has(&known, hash(1), 99000));
    assert_true(seen_has(&known, hash(1), 99001));
    seen_add(&known, hash(1), 500);
    assert_true(seen_has(&known, hash(1), 500));
    assert_false(seen_has(&known, hash(1), 1500));
    seen_add(&known, hash(2), UINT64_MAX);
    assert_false(seen_has(&known, hash(2), 500));
}

/* Round after round: the last ones are known, those before are not, and the table stays right. */
static void the_last_ones_are_known(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++) {
        seen_add(&known, hash(i), 1);
        for (uint64_t j = i > 2 * CAPACITY ? i - 2 * CAPACITY : 1; j <= i; j++)
            assert_int_equal(seen_has(&known, hash(j), 2), j + CAPACITY > i);
    }
}

/* The same bytes are another request when they say something else. */
static void keys_have_what_the_body_is(void **state)
{
    (void)state;
    wal_hash128 keys[3 * 3 * 4];
    size_t count = 0;
    for (int signal = 1; signal <= 3; signal++)
        for (int encoding = 1; encoding <= 3; encoding++)
            for (uint8_t coding = 0; coding < 4; coding++)
                keys[count++] =
                    seen_key(hash(7), (o2p_signal)signal, (o2p_encoding)encoding, coding);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(keys[i].low != keys[j].low);
        seen_add(&known, keys[i], 1);
        assert_int_equal(keys[i].high, hash(7).high);
    }
    assert_false(seen_has(&known, hash(7), 1));
    assert_true(seen_has(&known, seen_key(hash(7), O2P_SIGNAL_LOGS, O2P_ENCODING_JSON, 2), 1));
}

static void without_a_window_nothing_is_known(void **state)
{
    (void)state;
    seen none;
    assert_true(seen_init(&none, 0, CAPACITY));
    seen_add(&none, hash(1), 5);
    seen_forget(&none, hash(1));
    assert_false(seen_has(&none, hash(1), 5));
    seen_release(&none);
}

/* ---- files ----------------------------------------------------------------------------------- */

static char path[64];
static wal_folder folder;

static int begin_folder(void **state)
{
    strcpy(path, "/tmp/o2p-seen-XXXXXX");
    return mkdtemp(path) == NULL || !wal_folder_open(&folder, path, &wal_system_io) || begin(state);
}

static int end_folder(void **state)
{
    char command[128];
    wal_folder_close(&folder);
    snprintf(command, sizeof command, "rm -rf %s", path);
    end(state);
    return system(command);
}

static const seen_entry saved[] = {{{1, 10}, 5000}, {{2, 20}, 5400}, {{3, 30}, 5800}};

static size_t known_of(uint64_t now)
{
    size_t sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += seen_has(&known, saved[i].key, now);
    return sum;
}

static size_t files(void)
{
    uint64_t *numbers;
    size_t count;
    assert_true(wal_folder_list_as(&folder, ".seen", &numbers, &count));
    free(numbers);
    return count;
}

static void what_was_saved_is_known_after_a_restart(void **state)
{
    (void)state;
    seen_save(&folder, 7, saved, 3);
    seen_load(&known, &folder, 6100);
    assert_int_equal(known_of(6100), 2); /* the first is too old */
    assert_int_equal(files(), 1);
    seen_load(&known, &folder, 6800);
    assert_int_equal(files(), 0);
}

static void what_was_saved_by_a_clock_that_was_ahead_is_dropped(void **state)
{
    (void)state;
    seen_save(&folder, 7, saved, 3);
    seen_load(&known, &folder, 4500); /* of the times up to 5499 */
    assert_int_equal(known_of(4500), 2);
    assert_int_equal(files(), 1);
    seen_load(&known, &folder, 4000);
    assert_int_equal(known_of(4000), 0);
    assert_int_equal(files(), 0);
    seen_save(&folder, 7, saved, 3);
    seen_clean(&known, &folder, 4000); /* the file itself is later by far */
    assert_int_equal(files(), 0);
}

static void what_cannot_be_read_is_dropped(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t size;
    seen_save(&folder, 7, saved, 3);
    assert_true(wal_load_named(&folder, "0000000000000007.seen", &bytes, &size));
    assert_int_equal(size, 8 + 3 * 24 + 8);
    for (size_t i = 0; i < 2 * size; i++) {
        int fd = openat(folder.fd, "0000000000000007.seen", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        assert_true(fd >= 0);
        if (i >= size)
            bytes[i - size] ^= 4;
        size_t written = i < size ? i : size;
        assert_int_equal(write(fd, bytes, written), written);
        close(fd);
        if (i >= size)
            bytes[i - size] ^= 4;
        seen_load(&known, &folder, 5900);
        assert_int_equal(known_of(5900), 0);
        assert_int_equal(files(), 0);
    }
    free(bytes);
}

static void an_unsealed_segment_is_known_too(void **state)
{
    (void)state;
    wal_segment segment;
    wal_record record = {.received_ns = 5000, .body = (const uint8_t *)"body", .size = 4};
    record.body_hash = wal_hash128_of(record.body, record.size);
    assert_true(wal_segment_create(&folder, &segment, 1, "", 0));
    assert_true(wal_segment_append(&folder, &segment, &record));
    wal_segment_close(&folder, &segment, true);
    record.body_hash = seen_key(record.body_hash, record.signal, record.encoding, record.coding);
    seen_load(&known, &folder, 5500);
    assert_true(seen_has(&known, record.body_hash, 5500));
    assert_int_equal(files(), 1);
    /* And still when the segment has been stored and removed. */
    assert_true(wal_remove(&folder, segment.number));
    end(NULL);
    assert_int_equal(begin(NULL), 0);
    seen_load(&known, &folder, 5500);
    assert_true(seen_has(&known, record.body_hash, 5500));
}

/* The bytes of a segment and of the file that is made of it. */
static void a_segment_becomes_what_it_held(void **state)
{
    (void)state;
    wal_segment segment;
    wal_record record = {.received_ns = 5000, .body = (const uint8_t *)"body", .size = 4};
    uint8_t *bytes;
    size_t size;
    record.body_hash = wal_hash128_of(record.body, record.size);
    wal_hash128 key = seen_key(record.body_hash, record.signal, record.encoding, record.coding);
    assert_true(wal_segment_create(&folder, &segment, 1, "", 0));
    assert_true(wal_segment_append(&folder, &segment, &record));
    uint64_t limit = segment.size;
    assert_true(wal_segment_append(&folder, &segment, &record));
    wal_segment_close(&folder, &segment, true);
    assert_true(seen_take_over(&folder, segment.number, limit, true));
    assert_false(wal_remove(&folder, segment.number));
    assert_true(wal_load_named(&folder, "0000000000000001.seen", &bytes, &size));
    assert_int_equal(size, 8 + 24 + 8); /* the second one was not acknowledged */
    free(bytes);
    seen_load(&known, &folder, 5500);
    assert_true(seen_has(&known, key, 5500));
    /* As it is when there was no room for that either. */
    assert_true(wal_segment_create(&folder, &segment, 1, "", 0));
    assert_true(wal_segment_append(&folder, &segment, &record));
    wal_segment_close(&folder, &segment, true);
    assert_int_equal(
        renameat(folder.fd, "0000000000000002.wal", folder.fd, "0000000000000001.seen"), 0);
    end(NULL);
    assert_int_equal(begin(NULL), 0);
    seen_load(&known, &folder, 5500);
    assert_true(seen_has(&known, key, 5500));
    assert_int_equal(files(), 1);
    seen_load(&known, &folder, 6000);
    assert_int_equal(files(), 0);
}

static ssize_t full_write(int fd, const void *bytes, size_t size)
{
    (void)fd;
    (void)bytes;
    (void)size;
    errno = ENOSPC;
    return -1;
}

static void what_cannot_be_saved_is_told(void **state)
{
    (void)state;
    wal_io full = wal_system_io;
    wal_segment segment;
    full.write = full_write;
    assert_true(wal_segment_create(&folder, &segment, 1, "", 0));
    wal_segment_close(&folder, &segment, true);
    folder.io = &full;
    assert_false(seen_save(&folder, 7, saved, 3));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(files(), 0);
    uint64_t day = 86400 * UINT64_C(1000000000);
    uint64_t now = (uint64_t)time(NULL) * UINT64_C(1000000000);
    assert_false(seen_secure(&folder, segment.number, UINT64_MAX, day, now));
    assert_true(seen_secure(&folder, segment.number, UINT64_MAX, day, now + 2 * day)); /* too old */
    assert_true(seen_secure(&folder, 99, UINT64_MAX, day, now)); /* there is no such segment */
    folder.io = &wal_system_io;
    assert_true(seen_secure(&folder, segment.number, UINT64_MAX, day, now));
    assert_int_equal(files(), 1);
}

static void old_files_are_removed(void **state)
{
    (void)state;
    struct stat info;
    seen_save(&folder, 1, saved, 3);
    assert_int_equal(fstatat(folder.fd, "0000000000000001.seen", &info, 0), 0);
    uint64_t written = (uint64_t)info.st_mtim.tv_sec * 1000000000 + (uint64_t)info.st_mtim.tv_nsec;
    seen_clean(&known, &folder, written + WINDOW - 1);
    assert_int_equal(files(), 1);
    seen_clean(&known, &folder, written + WINDOW);
    assert_int_equal(files(), 0);
}

#define ON_TABLE(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin_folder, end_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_TABLE(they_are_known_for_the_window),
        ON_TABLE(what_is_further_ahead_than_the_window_is_not_known),
        ON_TABLE(the_last_ones_are_known),
        ON_TABLE(keys_have_what_the_body_is),
        cmocka_unit_test(without_a_window_nothing_is_known),
        IN_FOLDER(what_was_saved_is_known_after_a_restart),
        IN_FOLDER(what_was_saved_by_a_clock_that_was_ahead_is_dropped),
        IN_FOLDER(what_cannot_be_read_is_dropped),
        IN_FOLDER(an_unsealed_segment_is_known_too),
        IN_FOLDER(a_segment_becomes_what_it_held),
        IN_FOLDER(what_cannot_be_saved_is_told),
        IN_FOLDER(old_files_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
