/* test_serve_settings.c - the settings of the server: one meaning in the file, the environment and
 * the flags, and mistakes told with their place and what is allowed.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../shims/server/settings.h"
#include <cmocka.h>

static settings all;
static settings_error error;

static int begin(void **state)
{
    (void)state;
    error.text[0] = '\0';
    settings_init(&all);
    return 0;
}

static void assert_refused(bool done, const char *reason)
{
    assert_false(done);
    if (strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static void defaults_are_the_table_s(void **state)
{
    (void)state;
    assert_string_equal(all.http, "127.0.0.1:4318");
    assert_int_equal(all.ack, ACK_WAL);
    assert_int_equal(all.seal_rows, 250000);
    assert_int_equal(all.seal_bytes, 64 << 20);
    assert_int_equal(all.seal_age, 10000);
    assert_string_equal(all.path_template, O2P_DEFAULT_PATH_TEMPLATE);
    assert_int_equal(all.log_level, LEVEL_INFO);
    assert_int_equal(all.log_format, FORMAT_TEXT);
    assert_true(settings_is_given(all.http));
    assert_false(settings_is_given(all.tls_cert));
}

static void values_have_units_and_bounds(void **state)
{
    (void)state;
    assert_true(settings_set(&all, SETTING_seal_age, "250ms", &error));
    assert_int_equal(all.seal_age, 250);
    assert_true(settings_set(&all, SETTING_seal_age, "2h", &error));
    assert_int_equal(all.seal_age, 7200000);
    assert_true(settings_set(&all, SETTING_seal_bytes, "3G", &error));
    assert_int_equal(all.seal_bytes, UINT64_C(3) << 30);
    assert_true(settings_set(&all, SETTING_seal_bytes, "2097152", &error));
    assert_int_equal(all.seal_bytes, 2 << 20);
    static const char *const bad_times[] = {"",
                                            "5",
                                            "s",
                                            "5 s",
                                            "-5s",
                                            "5d",
                                            "9ms",
                                            "25h",
                                            "1e3s",
                                            "99999999999999999999s",
                                            "18446744073709551615h"};
    for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++)
        assert_refused(settings_set(&all, SETTING_seal_age, bad_times[i], &error),
                       "a time from 10ms to 24h, such as 10s");
    assert_int_equal(all.seal_age, 7200000);
    assert_refused(settings_set(&all, SETTING_seal_bytes, "1K", &error),
                   "\"1K\"; it is a size from 1M to 16G, such as 64M");
    assert_true(settings_set(&all, SETTING_seal_rows, "3K", &error));
    assert_int_equal(all.seal_rows, 3072);
    assert_refused(settings_set(&all, SETTING_seal_rows, "3KB", &error), "a number from 1");
    assert_refused(settings_set(&all, SETTING_seal_rows, "0", &error), "a number from 1");
    assert_true(settings_set(&all, SETTING_threads, "0", &error));
}

static void choices_are_named(void **state)
{
    (void)state;
    assert_true(settings_set(&all, SETTING_ack, "memory", &error));
    assert_int_equal(all.ack, ACK_MEMORY);
    assert_refused(settings_set(&all, SETTING_ack, "wa", &error), "one of: wal, stored, memory");
    assert_refused(settings_set(&all, SETTING_ack, "", &error), "one of: wal, stored, memory");
    setting_list text;
    static const char *const names[] = {"uncompressed", "none"};
    for (size_t i = 0; i < 2; i++) {
        settings_init(&all);
        assert_true(settings_set(&all, SETTING_codec, names[i], &error));
        assert_int_equal(all.codec, 0);
        settings_value(&all, SETTING_codec, text);
        assert_string_equal(text, "uncompressed");
    }
    assert_refused(settings_set(&all, SETTING_codec, "uncompressed=none", &error), "one of: un");
    assert_refused(settings_set(&all, SETTING_codec, "brotli", &error),
                   "it is one of: uncompressed, snappy, zstd, gzip, lz4");
    assert_true(settings_set(&all, SETTING_promote_only, "true", &error));
    assert_int_equal(all.promote_only, 1);
}

static void lists_and_shares(void **state)
{
    (void)state;
    static const char *const shares[] = {"1e-2", "0", "1.1", "", ".", "-0.1", "nan"};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
        assert_false(settings_set(&all, SETTING_bloom_fpp, shares[i], &error));
    assert_true(settings_set(&all, SETTING_bloom_fpp, "0.25", &error));
    assert_string_equal(all.bloom_fpp, "0.25");
    assert_true(settings_set(&all, SETTING_bloom_columns, "", &error));
    assert_string_equal(all.bloom_columns, "");
    assert_refused(settings_set(&all, SETTING_data, "", &error), "cannot be empty");
    char longest[sizeof(setting_list) + 1];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_refused(settings_set(&all, SETTING_promote, longest, &error), "longer than 16383 bytes");
    longest[sizeof longest - 2] = '\0';
    assert_true(settings_set(&all, SETTING_promote, longest, &error));
    assert_string_equal(all.promote, longest);
}

static void addresses_have_a_port(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0.0:1", "localhost:0", "[::1]:4318", "off"};
    static const char *const bad[] = {"4318",     ":4318",      "host:",   "host:http",
                                      "::1:4318", "host:65536", "host:-1", "host:4K"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(settings_set(&all, SETTING_http, good[i], &error));
        assert_string_equal(all.http, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(settings_set(&all, SETTING_http, bad[i], &error), "HOST:PORT");
    assert_refused(settings_set(&all, SETTING_data, "", &error), "cannot be empty");
    char longest[sizeof(setting_text) + 1];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_refused(settings_set(&all, SETTING_data, longest, &error), "longer than 1023 bytes");
    longest[sizeof longest - 2] = '\0';
    assert_true(settings_set(&all, SETTING_data, longest, &error));
    assert_string_equal(all.data, longest);
}

static void the_environment_is_read(void **state)
{
    (void)state;
    char *good[] = {"HOME=/", "OTLP2PARQUET_SEAL_AGE=1m", "OTLP2PARQUET_DATA=a=b", NULL};
    char *bad[] = {"OTLP2PARQUET_SEAL_AGE=1", NULL};
    char *unknown[] = {"OTLP2PARQUET_SEAL=1", NULL};
    char *lower[] = {"OTLP2PARQUET_seal_age=1s", NULL};
    assert_true(settings_read_environment(&all, good, &error));
    assert_int_equal(all.seal_age, 60000);
    assert_string_equal(all.data, "a=b");
    assert_refused(settings_read_environment(&all, bad, &error),
                   "OTLP2PARQUET_SEAL_AGE cannot be \"1\"");
    assert_refused(settings_read_environment(&all, unknown, &error),
                   "OTLP2PARQUET_SEAL: there is no such setting");
    assert_refused(settings_read_environment(&all, lower, &error), "no such setting");
}

static bool read_text(const char *text)
{
    char path[] = "/tmp/o2p-settings-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    bool read = settings_read_file(&all, path, &error);
    unlink(path);
    return read;
}

static void the_file_is_read(void **state)
{
    (void)state;
    assert_true(read_text("# comment\nseal-age: 5s\nack: stored\ndata: \"/a: #b\"\n"));
    assert_int_equal(all.seal_age, 5000);
    assert_int_equal(all.ack, ACK_STORED);
    assert_string_equal(all.data, "/a: #b");
    assert_int_equal(all.seal_rows, 250000);
    assert_true(read_text("{seal-rows: 7}\n"));
    assert_int_equal(all.seal_rows, 7);
}

static void mistakes_in_the_file_have_their_place(void **state)
{
    (void)state;
    assert_refused(read_text("data: d\n\nseal-age: soon\n"), ":3: seal-age cannot be \"soon\"");
    assert_refused(read_text("data: d\nseal: 5\n"), ":2: seal is no setting");
    assert_refused(read_text("ack: wal\ndata: [1, 2]\n"), ":2: data Expecting");
    assert_refused(read_text("data: a\nack: wal\ndata: b\n"), "already seen");
    assert_refused(read_text("data: \"x\n"), "libyaml: found unexpected end of stream");
    assert_refused(read_text("- data\n"), "Expecting MAPPING");
    assert_refused(settings_read_file(&all, "/tmp/o2p-no-such-file", &error), "o2p-no-such-file");
}

/* Controls, U+0085, a byte order mark, U+2028 and U+FFFF; and letters that stay. */
#define ODD                                                                                        \
    "\t\x7f\xc2\x82\xc2\x85\xef\xbb\xbf\xe2\x80\xa8\xef\xbf\xbf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98"   \
    "\x80"

static void what_is_printed_is_read_as_the_same(void **state)
{
    (void)state;
    char first[4096];
    char second[4096];
    assert_true(settings_set(&all, SETTING_data, "a \"b\" \\ #c: {d}", &error));
    assert_true(settings_set(&all, SETTING_wal, ODD, &error));
    assert_true(settings_set(&all, SETTING_ack, "memory", &error));
    assert_true(settings_set(&all, SETTING_seal_age, "90s", &error));
    FILE *out = fmemopen(first, sizeof first, "w");
    settings_print(&all, out);
    fclose(out);
    assert_non_null(strstr(first, "\nseal-age: 90s\n"));
    assert_non_null(strstr(first, "\\uffff\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\n"));
    settings_init(&all);
    assert_true(read_text(first));
    assert_string_equal(all.wal, ODD);
    out = fmemopen(second, sizeof second, "w");
    settings_print(&all, out);
    fclose(out);
    assert_string_equal(first, second);
}

static void what_is_live_is_taken_and_what_is_fixed_kept(void **state)
{
    (void)state;
    settings other;
    setting_list text;
    settings_init(&other);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        assert_int_equal(settings_take(&all, &other, i), SETTING_SAME);
    assert_true(settings_set(&other, SETTING_seal_age, "90s", &error));
    assert_true(settings_set(&other, SETTING_log_level, "debug", &error));
    assert_true(settings_set(&other, SETTING_http, "off", &error));
    assert_true(settings_set(&other, SETTING_threads, "3", &error));
    assert_int_equal(settings_take(&all, &other, SETTING_seal_age), SETTING_TAKEN);
    assert_int_equal(settings_take(&all, &other, SETTING_log_level), SETTING_TAKEN);
    assert_int_equal(settings_take(&all, &other, SETTING_http), SETTING_KEPT);
    assert_int_equal(settings_take(&all, &other, SETTING_threads), SETTING_KEPT);
    assert_int_equal(all.seal_age, 90000);
    assert_int_equal(all.log_level, LEVEL_DEBUG);
    assert_string_equal(all.http, "127.0.0.1:4318");
    assert_int_equal(all.threads, 0);
    assert_int_equal(settings_take(&all, &other, SETTING_seal_age), SETTING_SAME);
    settings_value(&all, SETTING_seal_age, text);
    assert_string_equal(text, "90s");
    settings_value(&all, SETTING_log_level, text);
    assert_string_equal(text, "debug");
    settings_value(&all, SETTING_http, text);
    assert_string_equal(text, "127.0.0.1:4318");
    assert_string_equal(settings_key(SETTING_seal_age), "seal-age");
}

#define ON_DEFAULTS(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DEFAULTS(defaults_are_the_table_s),
        ON_DEFAULTS(values_have_units_and_bounds),
        ON_DEFAULTS(choices_are_named),
        ON_DEFAULTS(lists_and_shares),
        ON_DEFAULTS(addresses_have_a_port),
        ON_DEFAULTS(the_environment_is_read),
        ON_DEFAULTS(the_file_is_read),
        ON_DEFAULTS(mistakes_in_the_file_have_their_place),
        ON_DEFAULTS(what_is_printed_is_read_as_the_same),
        ON_DEFAULTS(what_is_live_is_taken_and_what_is_fixed_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
