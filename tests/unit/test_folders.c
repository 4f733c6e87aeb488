/* test_folders.c - how many files rows will make: as many as are then written, append by append,
 * and none of those that are rolled back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/files.h"
#include "../../lib/batch/folders.h"
#include "walk_fixture.h"
#include <cmocka.h>

#define HOUR UINT64_C(3600000000000)

static o2p_settings settings_of(const char *path_template, uint32_t max_files)
{
    o2p_options options = {.size = sizeof(options),
                           .path_template = path_template,
                           .max_files = max_files,
                           .codec = O2P_CODEC_UNCOMPRESSED};
    o2p_settings settings;
    o2p_error error;
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

static size_t counted(const o2p_folders *folders)
{
    return folders->keys.size / sizeof(uint64_t);
}

/* Log records of one resource, at these hours. */
static void put_hours(walk_fixture *f, const char *service, uint64_t from, uint64_t count)
{
    sample_open(&f->p, service);
    for (uint64_t hour = from; hour < from + count; hour++) {
        pb_open(&f->p, 2);
        pb_fixed64(&f->p, 1, hour * HOUR + 17);
        pb_close(&f->p);
    }
    sample_close(&f->p);
}

static bool read_and_count(walk_fixture *f, o2p_folders *folders, const o2p_settings *settings,
                           o2p_folders_mark *mark, o2p_signal signal)
{
    *mark = o2p_folders_save(folders, &f->store);
    assert_int_equal(walk_read(f, signal), O2P_OK);
    return o2p_folders_count(folders, &f->store, settings, mark);
}

static const char *const templates[] = {
    NULL,
    "{hash}",
    "{table}/{hash}",
    "{service}/{hash}",
    "{year}/{hash}",
    "{service}/{year}-{month}-{day}/{hash}",
    "{table}/{service}/{year}/{month}/{day}/{hour}/{time}-{hash}",
};
enum { TEMPLATES = sizeof(templates) / sizeof(templates[0]) };

static void there_are_as_many_as_files(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_METRICS, O2P_SIGNAL_TRACES};
    o2p_folders folders[TEMPLATES];
    for (size_t t = 0; t < TEMPLATES; t++)
        o2p_folders_init(&folders[t], &f->memory);
    for (unsigned i = 0; i < 12; i++) {
        o2p_folders_mark marks[TEMPLATES];
        for (size_t t = 0; t < TEMPLATES; t++)
            marks[t] = o2p_folders_save(&folders[t], &f->store);
        sample_request(&f->p, signals[i % 3], i);
        if (i % 3 == 0)
            put_hours(f, i % 2 == 0 ? "a" : "b", 1000 * i, 3 + 20 * (i % 4));
        assert_int_equal(walk_read(f, signals[i % 3]), O2P_OK);
        for (size_t t = 0; t < TEMPLATES; t++) {
            o2p_settings settings = settings_of(templates[t], 0);
            o2p_output out;
            memset(&out, 0, sizeof(out));
            assert_true(o2p_folders_count(&folders[t], &f->store, &settings, &marks[t]));
            assert_int_equal(o2p_files_write(&f->store, &settings, &out), O2P_OK);
            assert_int_equal(counted(&folders[t]), out.file_count);
            o2p_files_free(&out);
        }
    }
    assert_true(counted(&folders[0]) > 100); /* so that the table has grown */
    for (size_t t = 0; t < TEMPLATES; t++)
        o2p_folders_free(&folders[t]);
}

static void one_more_than_allowed(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_folders folders;
    o2p_folders_mark mark;
    o2p_settings enough = settings_of(NULL, 100), less = settings_of(NULL, 99);
    o2p_folders_init(&folders, &f->memory);
    put_hours(f, "a", 0, 60);
    put_hours(f, "b", 50, 50);
    assert_true(read_and_count(f, &folders, &enough, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), 100);
    o2p_folders_rollback(&folders, &mark);
    assert_int_equal(counted(&folders), 0);
    assert_false(o2p_folders_count(&folders, &f->store, &less, &mark));
    assert_false(f->memory.failed);
    o2p_folders_rollback(&folders, &mark);
    assert_true(o2p_folders_count(&folders, &f->store, &enough, &mark));
    put_hours(f, "c", 3, 4); /* hours that are there */
    assert_true(read_and_count(f, &folders, &enough, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), 100);
    o2p_folders_free(&folders);
}

/* What is rolled back is forgotten, and found again as new; all else is kept. */
static void a_rollback_forgets(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_folders folders;
    o2p_folders_mark mark;
    o2p_settings settings = settings_of(NULL, 0);
    o2p_folders_init(&folders, &f->memory);
    put_hours(f, "a", 0, 20);
    assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
    o2p_store_mark store_mark;
    for (unsigned round = 0; round < 3; round++) {
        memset(&store_mark, 0, sizeof(store_mark));
        o2p_store_save(&f->store, &store_mark);
        put_hours(f, "a", 10, 200);
        assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
        assert_int_equal(counted(&folders), 210);
        o2p_store_rollback(&f->store, &store_mark);
        o2p_folders_rollback(&folders, &mark);
        assert_int_equal(counted(&folders), 20);
    }
    put_hours(f, "a", 0, 21);
    assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), 21);
    o2p_folders_free(&folders);
}

/* Rows without a time cell are of 1970. */
static void rows_without_time(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_folders folders;
    o2p_folders_mark mark;
    o2p_settings settings = settings_of(NULL, 0);
    o2p_folders_init(&folders, &f->memory);
    sample_open(&f->p, "a");
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&f->p, 2);
        pb_close(&f->p);
    }
    sample_close(&f->p);
    assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), 1);
    put_hours(f, "a", 0, 1);
    assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), 1);
    o2p_folders_free(&folders);
}

/* Once memory is refused, what was counted before is still known. */
/* However many services there are, each is one, and counted once. */
static void services_of_any_number(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { SERVICES = 5000 };
    o2p_settings settings = settings_of("{service}/{hash}", SERVICES);
    o2p_folders folders;
    o2p_folders_mark mark;
    o2p_folders_init(&folders, &f->memory);
    for (unsigned i = 0; i < SERVICES + 2000; i++) {
        char name[32], host[32];
        snprintf(name, sizeof(name), "s%u", i < SERVICES ? i : 7);
        snprintf(host, sizeof(host), "h%u", i);
        pb_open(&f->p, 1);
        pb_open(&f->p, 1);
        pb_attribute(&f->p, 1, "service.name", name);
        pb_attribute(&f->p, 1, "host", host);
        pb_close(&f->p);
        pb_open(&f->p, 2);
        pb_open(&f->p, 2);
        pb_close(&f->p);
        pb_close(&f->p);
        pb_close(&f->p);
    }
    assert_true(read_and_count(f, &folders, &settings, &mark, O2P_SIGNAL_LOGS));
    assert_int_equal(counted(&folders), SERVICES);
    o2p_folders_free(&folders);
}

static void any_allocation_may_fail(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { BEFORE = 40, NEW = 500 };
    o2p_settings settings = settings_of(NULL, 0);
    o2p_folders_mark start, mark;
    o2p_folders folders;
    o2p_folders_init(&folders, &f->memory);
    start = o2p_folders_save(&folders, &f->store);
    put_hours(f, "a", 0, BEFORE);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    put_hours(f, "a", BEFORE, NEW);
    mark = o2p_folders_save(&folders, &f->store);
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    size_t n = 0;
    for (bool ok = false; !ok;) {
        o2p_folders_free(&folders); /* so that all is allocated again */
        o2p_folders_init(&folders, &f->memory);
        uint32_t rows = f->store.tables[O2P_TABLE_LOGS]->count;
        f->store.tables[O2P_TABLE_LOGS]->count = BEFORE;
        assert_true(o2p_folders_count(&folders, &f->store, &settings, &start));
        f->store.tables[O2P_TABLE_LOGS]->count = rows;
        mark.keys = folders.keys.size;
        f->counting.refused = 0;
        f->counting.refuse_at = f->counting.calls + ++n;
        ok = o2p_folders_count(&folders, &f->store, &settings, &mark);
        f->counting.refuse_at = 0;
        assert_int_equal(ok, f->counting.refused == 0);
        assert_int_equal(ok, !f->memory.failed);
        o2p_memory_clear(&f->memory);
        if (!ok) {
            o2p_folders_rollback(&folders, &mark);
            assert_false(f->memory.failed);
            assert_int_equal(counted(&folders), BEFORE);
            assert_true(o2p_folders_count(&folders, &f->store, &settings, &start));
        }
        assert_int_equal(counted(&folders), BEFORE + NEW);
    }
    assert_true(n > 4);
    o2p_folders_free(&folders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(there_are_as_many_as_files), walk_test(one_more_than_allowed),
        walk_test(a_rollback_forgets),         walk_test(rows_without_time),
        walk_test(services_of_any_number),     walk_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
