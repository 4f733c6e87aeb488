/* test_settings.c - options: defaults, limits, and the name of the one that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/settings.h"
#include <cmocka.h>

static void *some_function(void *ctx, size_t size)
{
    (void)ctx;
    (void)size;
    return NULL;
}

static o2p_options zeroed(void)
{
    o2p_options options;
    memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

static o2p_settings read_ok(const o2p_options *options)
{
    o2p_settings settings;
    o2p_error error;
    memset(&settings, 0xEE, sizeof(settings));
    assert_int_equal(o2p_settings_read(&settings, options, &error), O2P_OK);
    return settings;
}

static void assert_refused(const o2p_options *options, const char *name)
{
    o2p_settings settings;
    o2p_error error;
    memset(&error, 0xEE, sizeof(error));
    assert_int_equal(o2p_settings_read(&settings, options, &error), O2P_ERR_BAD_OPTION);
    assert_int_equal(error.status, O2P_ERR_BAD_OPTION);
    assert_string_equal(error.path, name);
    assert_true(strlen(error.message) > 0);
    assert_int_equal(error.offset, 0);
}

static void assert_defaults(const o2p_settings *s)
{
    assert_int_equal(s->signal, O2P_SIGNAL_AUTO);
    assert_int_equal(s->codec, O2P_CODEC_SNAPPY);
    assert_int_equal(s->order, O2P_ORDER_CLUSTERED);
    assert_int_equal(s->ids, O2P_IDS_HEX);
    assert_int_equal(s->timestamps, O2P_TIMESTAMPS_MICROS);
    assert_int_equal(s->default_time_ns, 0);
    assert_int_equal(s->row_group_rows, 122880);
    assert_int_equal(s->page_rows, 20000);
    assert_int_equal(s->page_bytes, 1 << 20);
    assert_int_equal(s->max_input_bytes, 1 << 30);
    assert_int_equal(s->max_memory_bytes, UINT64_C(16) << 30);
    assert_int_equal(s->max_output_bytes, UINT64_C(8) << 30);
    assert_int_equal(s->max_files, 16384);
    assert_int_equal(s->limits.max_depth, 100);
    assert_int_equal(s->limits.max_attributes, 65536);
    assert_int_equal(s->limits.max_shared_attributes, 256);
    assert_int_equal(s->limits.max_records, 1 << 24);
    assert_int_equal(s->limits.max_string_bytes, 1 << 24);
    assert_int_equal(s->encoding, O2P_ENCODING_AUTO);
    assert_false(s->skip_bad_lines);
    assert_null(s->allocator.allocate);
    assert_null(s->path_template);
}

static void zeros_are_defaults(void **state)
{
    (void)state;
    o2p_settings s = read_ok(NULL);
    assert_defaults(&s);
    o2p_options options = zeroed();
    s = read_ok(&options);
    assert_defaults(&s);
}

static void what_is_given_is_taken(void **state)
{
    (void)state;
    o2p_options options = zeroed();
    options.signal = O2P_SIGNAL_METRICS;
    options.codec = O2P_CODEC_UNCOMPRESSED;
    options.order = O2P_ORDER_RECEIVED;
    options.ids = O2P_IDS_BINARY;
    options.timestamps = O2P_TIMESTAMPS_NANOS;
    options.path_template = "{hash}";
    options.default_time_ns = UINT64_MAX;
    options.row_group_rows = 1u << 30;
    options.page_rows = UINT32_MAX;
    options.page_bytes = 1;
    options.max_input_bytes = UINT32_MAX;
    options.max_memory_bytes = UINT64_MAX;
    options.encoding = O2P_ENCODING_JSON_LINES;
    options.skip_bad_lines = true;
    options.max_depth = 8;
    options.max_attributes = 1u << 24;
    options.max_shared_attributes = UINT32_MAX;
    options.max_records = INT32_MAX;
    options.max_string_bytes = 1u << 26;
    options.max_files = 1;
    options.max_output_bytes = 1;
    o2p_settings s = read_ok(&options);
    assert_int_equal(s.signal, O2P_SIGNAL_METRICS);
    assert_int_equal(s.codec, O2P_CODEC_UNCOMPRESSED);
    assert_int_equal(s.order, O2P_ORDER_RECEIVED);
    assert_int_equal(s.ids, O2P_IDS_BINARY);
    assert_int_equal(s.timestamps, O2P_TIMESTAMPS_NANOS);
    assert_string_equal(s.path_template, "{hash}");
    assert_int_equal(s.default_time_ns, UINT64_MAX);
    assert_int_equal(s.row_group_rows, 1u << 30);
    assert_int_equal(s.page_rows, UINT32_MAX);
    assert_int_equal(s.page_bytes, 1);
    assert_int_equal(s.max_input_bytes, UINT32_MAX);
    assert_int_equal(s.max_memory_bytes, UINT64_MAX);
    assert_int_equal(s.encoding, O2P_ENCODING_JSON_LINES);
    assert_true(s.skip_bad_lines);
    assert_int_equal(s.limits.max_depth, 8);
    assert_int_equal(s.limits.max_attributes, 1 << 24);
    assert_int_equal(s.limits.max_shared_attributes, UINT32_MAX);
    assert_int_equal(s.limits.max_records, INT32_MAX);
    assert_int_equal(s.limits.max_string_bytes, 1 << 26);
    assert_int_equal(s.max_files, 1);
    assert_int_equal(s.max_output_bytes, 1);
}

static void what_is_not_allowed_is_named(void **state)
{
    (void)state;
    o2p_options options = zeroed();
#define REFUSED(member, value)                                                                     \
    do {                                                                                           \
        options = zeroed();                                                                        \
        options.member = value;                                                                    \
        assert_refused(&options, #member);                                                         \
    } while (0)
    REFUSED(signal, (o2p_signal)4);
    REFUSED(signal, (o2p_signal)-1);
    REFUSED(codec, (o2p_codec)3);
    REFUSED(codec, (o2p_codec)-1);
    REFUSED(order, (o2p_order)3);
    REFUSED(order, (o2p_order)-1);
    REFUSED(ids, (o2p_ids)3);
    REFUSED(ids, (o2p_ids)-1);
    REFUSED(timestamps, (o2p_timestamps)3);
    REFUSED(timestamps, (o2p_timestamps)-1);
    REFUSED(path_template, "nothing");
    REFUSED(path_template, "../{hash}");
    REFUSED(row_group_rows, (1u << 30) + 1);
    REFUSED(page_bytes, (1u << 30) + 1);
    REFUSED(encoding, (o2p_encoding)4);
    REFUSED(max_depth, 7);
    REFUSED(max_depth, 101);
    REFUSED(max_attributes, (1u << 24) + 1);
    REFUSED(max_records, UINT64_C(1) << 31);
    REFUSED(max_string_bytes, (UINT64_C(64) << 20) + 1);
    REFUSED(max_input_bytes, UINT64_C(1) << 32);
#undef REFUSED
    options = zeroed();
    options.allocator.allocate = some_function;
    assert_refused(&options, "allocator");
    options.allocator.reallocate =
        (void *(*)(void *, void *, size_t, size_t))(uintptr_t)some_function;
    assert_refused(&options, "allocator");
    options.allocator.release = (void (*)(void *, void *, size_t))(uintptr_t)some_function;
    options.allocator.allocate = NULL;
    assert_refused(&options, "allocator");
}

/* A caller may know fewer options, or more, than the library. */
static void sizes(void **state)
{
    (void)state;
    o2p_options options = zeroed();
    options.codec = (o2p_codec)77;
    for (size_t size = 0; size < offsetof(o2p_options, encoding); size++) {
        options.size = size;
        assert_refused(&options, "size");
    }
    options.size = offsetof(o2p_options, encoding); /* what is behind it is not looked at */
    o2p_settings s = read_ok(&options);
    assert_defaults(&s);
    options.size = offsetof(o2p_options, order);
    assert_refused(&options, "codec");
    options.size = 5 * sizeof(options);
    assert_refused(&options, "size");
    union {
        o2p_options known;
        uint8_t bytes[2 * sizeof(o2p_options)];
    } newer;
    memset(&newer, 0xEE, sizeof(newer));
    memset(&newer.known, 0, sizeof(newer.known));
    newer.known.size = sizeof(newer);
    s = read_ok(&newer.known);
    assert_defaults(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_are_defaults),
        cmocka_unit_test(what_is_given_is_taken),
        cmocka_unit_test(what_is_not_allowed_is_named),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
