/* test_file_options.c - the settings that shape files: their defaults are the library's, they
 * become its options, and a segment's text of them gives the same again.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../shims/server/file_options.h"
#include "../../shims/server/segment.h"
#include "protobuf_builder.h"
#include "sample_requests.h"
#include <cmocka.h>

static settings all;
static settings_error error;
static file_options made;

static int begin(void **state)
{
    (void)state;
    settings_init(&all);
    return 0;
}

static void set(size_t index, const char *text)
{
    if (!settings_set(&all, index, text, &error))
        fail_msg("%s %s", settings_key(index), error.text);
}

static void set_others(void)
{
    set(SETTING_path_template, "{service}/{hash}");
    set(SETTING_codec, "zstd");
    set(SETTING_codec_level, "7");
    set(SETTING_order, "received");
    set(SETTING_ids, "binary");
    set(SETTING_timestamps, "nanos");
    set(SETTING_row_group_rows, "1K");
    set(SETTING_row_group_bytes, "2M");
    set(SETTING_page_rows, "77");
    set(SETTING_page_bytes, "3K");
    set(SETTING_dictionary_bytes, "4K");
    set(SETTING_statistics_bytes, "5");
    set(SETTING_bloom_columns, "");
    set(SETTING_bloom_fpp, "0.2");
    set(SETTING_attributes, "json");
    set(SETTING_promote, "resource:host.name,record:a\\,b:int64=C");
    set(SETTING_promote_only, "true");
}

static void settings_are_options(void **state)
{
    (void)state;
    set_others();
    assert_true(file_options_read(&made, &all, &error));
    const o2p_options *o = &made.options;
    assert_int_equal(o->size, sizeof *o);
    assert_string_equal(o->path_template, "{service}/{hash}");
    assert_int_equal(o->codec, O2P_CODEC_ZSTD);
    assert_int_equal(o->codec_level, 7);
    assert_int_equal(o->order, O2P_ORDER_RECEIVED);
    assert_int_equal(o->ids, O2P_IDS_BINARY);
    assert_int_equal(o->timestamps, O2P_TIMESTAMPS_NANOS);
    assert_int_equal(o->row_group_rows, 1024);
    assert_int_equal(o->row_group_bytes, 2 << 20);
    assert_int_equal(o->page_rows, 77);
    assert_int_equal(o->page_bytes, 3 << 10);
    assert_int_equal(o->dictionary_bytes, 4 << 10);
    assert_int_equal(o->statistics_bytes, 5);
    assert_string_equal(o->bloom_columns, "");
    assert_true(o->bloom_fpp == 0.2);
    assert_int_equal(o->attributes, O2P_ATTRIBUTES_JSON);
    assert_int_equal(o->promotion_count, 2);
    assert_int_equal(o->promotions[0].source, O2P_PROMOTE_RESOURCE);
    assert_string_equal(o->promotions[0].key, "host.name");
    assert_null(o->promotions[0].column);
    assert_string_equal(o->promotions[1].key, "a,b");
    assert_int_equal(o->promotions[1].type, O2P_PROMOTE_INT64);
    assert_string_equal(o->promotions[1].column, "C");
    assert_true(o->promotions_only);
    assert_true(file_options_check(o, &error));
}

/* The paths of the files that a request becomes, whose hashes are over the options and the bytes.
 */
static void write_paths(const o2p_options *options, char paths[1000])
{
    protobuf request = {0};
    o2p_options used = *options;
    o2p_output out = {.options = &used};
    used.signal = O2P_SIGNAL_LOGS;
    sample_request(&request, O2P_SIGNAL_LOGS, 1);
    assert_int_equal(otlp_to_parquet(request.data, request.size, &out), O2P_OK);
    paths[0] = '\0';
    for (size_t i = 0; i < out.file_count; i++)
        strncat(paths, out.files[i].path, 1000 - strlen(paths) - 1);
    assert_in_range(out.file_count, 1, 5);
    o2p_output_free(&out);
    pb_free(&request);
}

static void defaults_are_the_library_s(void **state)
{
    (void)state;
    char ours[1000];
    char theirs[1000];
    assert_true(file_options_read(&made, &all, &error));
    write_paths(&made.options, ours);
    write_paths(&(o2p_options){.size = sizeof(o2p_options)}, theirs);
    assert_string_equal(ours, theirs);
}

static void a_segment_s_text_gives_the_same(void **state)
{
    (void)state;
    size_t size;
    char *text;
    char before[1000];
    char after[1000];
    set_others();
    assert_true(file_options_read(&made, &all, &error));
    write_paths(&made.options, before);
    text = file_options_text(&all, &size);
    assert_non_null(text);
    settings_init(&all);
    assert_true(file_options_parse(&all, text, size, &error));
    assert_true(file_options_read(&made, &all, &error));
    write_paths(&made.options, after);
    assert_string_equal(before, after);
    for (size_t cut = 1; cut < size; cut++)
        if (!file_options_parse(&all, text, cut, &error))
            assert_non_null(strstr(error.text, "cut short"));
    free(text);
}

static void assert_unreadable(const char *text, size_t size, const char *reason)
{
    assert_false(file_options_parse(&all, text, size, &error));
    if (strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static void what_another_version_wrote_is_refused(void **state)
{
    (void)state;
    static const char unknown[] = "rows\0later";
    static const char no_file_s[] = "wal\0elsewhere";
    static const char wrong[] = "codec\0brotli";
    assert_unreadable(unknown, sizeof unknown, "no setting rows for files");
    assert_unreadable(no_file_s, sizeof no_file_s, "no setting wal for files");
    assert_unreadable(wrong, sizeof wrong, "codec cannot be \"brotli\"");
    assert_string_equal(all.wal, "wal");
}

static void mistakes_name_the_setting(void **state)
{
    (void)state;
    set(SETTING_promote, "record:a,resource");
    assert_false(file_options_read(&made, &all, &error));
    assert_string_equal(error.text, "promote resource: it begins with resource: or record:");
    set(SETTING_promote, "record:Body");
    assert_true(file_options_read(&made, &all, &error));
    assert_false(file_options_check(&made.options, &error));
    assert_string_equal(error.text, "promote: the name of another column");
    set(SETTING_promote, "");
    set(SETTING_path_template, "{table}");
    assert_true(file_options_read(&made, &all, &error));
    assert_false(file_options_check(&made.options, &error));
    assert_non_null(strstr(error.text, "path-template: {hash} is missing"));
}

/* A reader of a header as wal_read finds it. */
static wal_reader reader_of(unsigned version, const char *options, size_t size)
{
    return (wal_reader){.version = version,
                        .options = options,
                        .options_size = size,
                        .codec = O2P_CODEC_GZIP,
                        .codec_level = 3,
                        .salt = 5};
}

static void each_version_of_a_segment_has_its_options(void **state)
{
    (void)state;
    static const char text[] = "codec\0lz4";
    wal_reader reader = reader_of(2, text, sizeof text);
    assert_true(segment_read_options(&reader, &made, &error));
    assert_int_equal(made.options.codec, O2P_CODEC_LZ4_RAW);
    assert_int_equal(made.options.hash_seed, wal_hash_seed(5));
    reader = reader_of(1, "{hash}", 6);
    assert_true(segment_read_options(&reader, &made, &error));
    assert_string_equal(made.options.path_template, "{hash}");
    assert_int_equal(made.options.codec, O2P_CODEC_GZIP);
    assert_int_equal(made.options.codec_level, 3);
    assert_int_equal(made.options.hash_seed, 0);
    reader.codec = 77;
    assert_false(segment_read_options(&reader, &made, &error));
    reader = reader_of(0, NULL, 0);
    assert_true(segment_read_options(&reader, &made, &error));
    assert_string_equal(made.options.path_template, O2P_DEFAULT_PATH_TEMPLATE);
}

#define ON_DEFAULTS(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DEFAULTS(settings_are_options),
        ON_DEFAULTS(defaults_are_the_library_s),
        ON_DEFAULTS(a_segment_s_text_gives_the_same),
        ON_DEFAULTS(what_another_version_wrote_is_refused),
        ON_DEFAULTS(mistakes_name_the_setting),
        ON_DEFAULTS(each_version_of_a_segment_has_its_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
