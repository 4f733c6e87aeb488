/* test_fs.c - files in a folder: durable names, no way out of the root, failures told apart. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../shims/storage/fs.h"
#include <cmocka.h>

static char folder[64];

static int make_scratch(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/o2p-fs-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_scratch(void **state)
{
    char command[192];
    (void)state;
    snprintf(command, sizeof command, "chmod -R u+w %s && rm -rf %s", folder, folder);
    return system(command);
}

static const char *below(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void assert_holds(const char *name, const char *text)
{
    char found[256];
    FILE *file = fopen(below(name), "rb");
    assert_non_null(file);
    size_t size = fread(found, 1, sizeof found, file);
    fclose(file);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(found, text, size);
}

static storage *open_scratch(const char *name)
{
    storage_error error;
    storage *opened = storage_open(below(name), &error);
    assert_non_null(opened);
    return opened;
}

static storage_status put(storage *to, const char *key, const char *text, storage_error *error)
{
    return to->put(to, key, text, strlen(text), error);
}

static void a_file_is_put_and_replaced(void **state)
{
    (void)state;
    storage_error error;
    storage *fs = open_scratch("new/root//");
    assert_int_equal(put(fs, "logs/year=2025/a.parquet", "first", &error), STORAGE_OK);
    assert_holds("new/root/logs/year=2025/a.parquet", "first");
    assert_int_equal(put(fs, "logs/year=2025/a.parquet", "2nd", &error), STORAGE_OK);
    assert_holds("new/root/logs/year=2025/a.parquet", "2nd");
    assert_int_equal(put(fs, "top", "", &error), STORAGE_OK);
    assert_holds("new/root/top", "");
    fs->close(fs);
}

static void what_a_killed_process_left_is_overwritten(void **state)
{
    (void)state;
    storage_error error;
    storage *fs = open_scratch("root");
    FILE *left = fopen(below("root/.a.tmp"), "wb");
    assert_non_null(left);
    fputs("longer than the file will be", left);
    fclose(left);
    assert_int_equal(put(fs, "a", "whole", &error), STORAGE_OK);
    assert_holds("root/a", "whole");
    assert_int_equal(access(below("root/.a.tmp"), F_OK), -1);
    fs->close(fs);
}

static void no_key_leaves_the_root(void **state)
{
    (void)state;
    storage_error error;
    storage *fs = open_scratch("root");
    assert_int_equal(put(fs, "../../x", "x", &error), STORAGE_OK);
    assert_holds("root/%2E%2E/%2E%2E/x", "x");
    static const char *const none[] = {"", "/", "/x", "x/", "x//y"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(put(fs, none[i], "x", &error), STORAGE_REFUSED);
    fs->close(fs);
}

static void names_are_escaped_segment_by_segment(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {".", "%2E"},         {"..", "%2E%2E"},           {"...", "..."},
        {".a/..b", ".a/..b"}, {"a\nb/c", "a%0Ab/c"},      {"a\\b", "a%5Cb"},
        {"\x7f", "%7F"},      {"a%2Fb=c d", "a%2Fb=c d"}, {"caf\xc3\xa9", "caf\xc3\xa9"},
    };
    char name[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(fs_name(names[i][0], name, sizeof name));
        assert_string_equal(name, names[i][1]);
        /* It fits exactly, and not with a byte less. */
        assert_true(fs_name(names[i][0], name, strlen(names[i][1]) + 1));
        assert_false(fs_name(names[i][0], name, strlen(names[i][1])));
    }
}

static void a_name_too_long_is_refused_for_good(void **state)
{
    (void)state;
    storage_error error = {""};
    char key[300];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    storage *fs = open_scratch("root");
    assert_int_equal(put(fs, key, "x", &error), STORAGE_REFUSED);
    assert_non_null(strstr(error.text, "kkk"));
    fs->close(fs);
}

static void a_folder_in_the_way_may_go_away(void **state)
{
    (void)state;
    storage_error error = {""};
    storage *fs = open_scratch("root");
    assert_int_equal(mkdir(below("root/a"), 0777), 0);
    assert_int_equal(put(fs, "a", "x", &error), STORAGE_RETRY);
    assert_non_null(strstr(error.text, "root/a"));
    assert_int_equal(access(below("root/.a.tmp"), F_OK), -1);
    assert_int_equal(put(fs, "f", "x", &error), STORAGE_OK);
    assert_int_equal(put(fs, "f/g", "x", &error), STORAGE_RETRY);
    assert_int_equal(rmdir(below("root/a")), 0);
    assert_int_equal(put(fs, "a", "x", &error), STORAGE_OK);
    fs->close(fs);
}

static void addresses_are_told_apart(void **state)
{
    (void)state;
    char address[128];
    storage_error error = {""};
    snprintf(address, sizeof address, "file://%s/by-url", folder);
    storage *fs = storage_open(address, &error);
    assert_non_null(fs);
    assert_int_equal(put(fs, "a", "x", &error), STORAGE_OK);
    assert_holds("by-url/a", "x");
    fs->close(fs);
    assert_null(storage_open("ftp://host/folder", &error));
    assert_non_null(strstr(error.text, "ftp://host/folder"));
    assert_null(storage_open("file://relative", &error));
    assert_null(storage_open("", &error));
    assert_null(storage_open("/proc/nowhere", &error));
    assert_non_null(strstr(error.text, "/proc/nowhere"));
}

#define ON_SCRATCH(test) cmocka_unit_test_setup_teardown(test, make_scratch, remove_scratch)

static void a_check_makes_nothing(void **state)
{
    (void)state;
    storage_error error = {""};
    char empty[192];
    assert_true(storage_check(folder, &error));
    assert_true(storage_check(below("a/b/c//"), &error));
    snprintf(empty, sizeof empty, "file://%s/d", folder);
    assert_true(storage_check(empty, &error));
    snprintf(empty, sizeof empty, "rmdir %s && mkdir %s", folder, folder);
    assert_int_equal(system(empty), 0); /* nothing is in it */
    FILE *file = fopen(below("file"), "wb");
    assert_non_null(file);
    fclose(file);
    const char *const wrong[] = {below("file"), "", "/proc/none/here", "s3://bucket"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error.text[0] = '\0';
        assert_false(storage_check(wrong[i], &error));
        assert_true(error.text[0] != '\0');
    }
    assert_false(storage_check(below("file/below"), &error));
    assert_non_null(strstr(error.text, "Not a directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SCRATCH(a_file_is_put_and_replaced),
        ON_SCRATCH(what_a_killed_process_left_is_overwritten),
        ON_SCRATCH(no_key_leaves_the_root),
        cmocka_unit_test(names_are_escaped_segment_by_segment),
        ON_SCRATCH(a_name_too_long_is_refused_for_good),
        ON_SCRATCH(a_folder_in_the_way_may_go_away),
        ON_SCRATCH(addresses_are_told_apart),
        ON_SCRATCH(a_check_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
