/* test_settings.c - options: defaults, limits, and the name of the one that is refused. */
#include <math.h>
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
    assert_int_equal(s->codec_level, 0);
    assert_int_equal(s->codec_memory, 0);
    assert_int_equal(s->order, O2P_ORDER_CLUSTERED);
    assert_int_equal(s->attributes, O2P_ATTRIBUTES_MAP);
    assert_int_equal(s->promotion_count, 0);
    assert_false(s->promotions_only);
    assert_int_equal(s->ids, O2P_IDS_HEX);
    assert_int_equal(s->timestamps, O2P_TIMESTAMPS_MICROS);
    assert_int_equal(s->default_time_ns, 0);
    assert_int_equal(s->row_group_rows, 122880);
    assert_int_equal(s->row_group_bytes, 128 << 20);
    assert_int_equal(s->dictionary_bytes, 16 << 20);
    assert_int_equal(s->statistics_bytes, 64);
    assert_int_equal(s->bloom_tenths, 105);
    for (unsigned col = 0; col < O2P_COL_COUNT; col++)
        assert_int_equal(o2p_column_set_has(&s->blooms, (o2p_col)col), col == O2P_COL_TraceId);
    assert_int_equal(s->page_rows, 61440);
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
    static const o2p_promotion promotion = {O2P_PROMOTE_RECORD, "k", NULL, O2P_PROMOTE_BOOL};
    options.attributes = O2P_ATTRIBUTES_VARIANT;
    options.promotions = &promotion;
    options.promotion_count = 1;
    options.promotions_only = true;
    options.path_template = "{hash}";
    options.hash_seed = 5;
    options.default_time_ns = UINT64_MAX;
    options.row_group_rows = 1u << 30;
    options.row_group_bytes = UINT64_MAX;
    options.dictionary_bytes = 1u << 30;
    options.statistics_bytes = 1024;
    options.bloom_columns = "SpanId";
    options.bloom_fpp = 0.5;
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
    assert_int_equal(s.attributes, O2P_ATTRIBUTES_VARIANT);
    assert_ptr_equal(s.promotions, &promotion);
    assert_int_equal(s.promotion_count, 1);
    assert_true(s.promotions_only);
    assert_string_equal(s.path_template, "{hash}");
    assert_int_equal(s.hash_seed, 5);
    assert_int_equal(s.default_time_ns, UINT64_MAX);
    assert_int_equal(s.row_group_rows, 1u << 30);
    assert_int_equal(s.row_group_bytes, UINT64_MAX);
    assert_int_equal(s.dictionary_bytes, 1u << 30);
    assert_int_equal(s.statistics_bytes, 1024);
    assert_true(o2p_column_set_has(&s.blooms, O2P_COL_SpanId));
    assert_false(o2p_column_set_has(&s.blooms, O2P_COL_TraceId));
    assert_int_equal(s.bloom_tenths, 33);
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

static void codecs_and_their_levels(void **state)
{
    (void)state;
    static const struct {
        o2p_codec codec;
        int32_t by_default, most;
        size_t memory, most_memory; /* at the default level, about; at the highest one, at most */
    } codecs[] = {
        {O2P_CODEC_DEFAULT, 0, 0, 0, 0},        {O2P_CODEC_UNCOMPRESSED, 0, 0, 0, 0},
        {O2P_CODEC_SNAPPY, 0, 0, 0, 0},         {O2P_CODEC_ZSTD, 3, 22, 1300000, 900000000},
        {O2P_CODEC_GZIP, 6, 9, 400000, 500000}, {O2P_CODEC_LZ4_RAW, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        o2p_options options = zeroed();
        options.codec = codecs[i].codec;
        o2p_settings s = read_ok(&options);
        assert_int_equal(s.codec, i == 0 ? O2P_CODEC_SNAPPY : codecs[i].codec);
        assert_int_equal(s.codec_level, codecs[i].by_default);
        assert_in_range(s.codec_memory, codecs[i].memory / 2, codecs[i].memory * 2);
        for (int32_t level = 1; level <= codecs[i].most; level++) {
            options.codec_level = level;
            s = read_ok(&options);
            assert_int_equal(s.codec_level, level);
            assert_true(s.codec_memory <= codecs[i].most_memory);
        }
        options.codec_level = codecs[i].most + 1;
        assert_refused(&options, "codec_level");
        options.codec_level = -1;
        assert_refused(&options, "codec_level");
        options.codec_level = INT32_MIN;
        assert_refused(&options, "codec_level");
    }
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
    REFUSED(codec, (o2p_codec)6);
    REFUSED(codec, (o2p_codec)-1);
    REFUSED(order, (o2p_order)3);
    REFUSED(order, (o2p_order)-1);
    REFUSED(ids, (o2p_ids)3);
    REFUSED(ids, (o2p_ids)-1);
    REFUSED(timestamps, (o2p_timestamps)3);
    REFUSED(timestamps, (o2p_timestamps)-1);
    REFUSED(attributes, (o2p_attributes_form)4);
    REFUSED(attributes, (o2p_attributes_form)-1);
    REFUSED(path_template, "nothing");
    REFUSED(path_template, "../{hash}");
    REFUSED(row_group_rows, (1u << 30) + 1);
    REFUSED(page_bytes, (1u << 30) + 1);
    REFUSED(dictionary_bytes, (1u << 30) + 1);
    REFUSED(statistics_bytes, 1025);
    REFUSED(bloom_columns, "TraceId,Nobody");
    REFUSED(bloom_columns, "Timestamp");
    REFUSED(bloom_fpp, 0.00009);
    REFUSED(bloom_fpp, 0.51);
    REFUSED(bloom_fpp, -0.01);
    REFUSED(bloom_fpp, (double)NAN);
    REFUSED(bloom_fpp, (double)INFINITY);
    REFUSED(encoding, (o2p_encoding)4);
    REFUSED(max_depth, 7);
    REFUSED(max_depth, 101);
    REFUSED(max_attributes, (1u << 24) + 1);
    REFUSED(max_records, UINT64_C(1) << 31);
    REFUSED(max_string_bytes, (UINT64_C(64) << 20) + 1);
    REFUSED(max_input_bytes, UINT64_C(1) << 32);
#undef REFUSED
    static const o2p_promotion clash = {O2P_PROMOTE_RECORD, "Body", NULL, O2P_PROMOTE_STRING};
    options = zeroed();
    options.promotions = &clash;
    options.promotion_count = 1;
    assert_refused(&options, "promotions");
    options.promotions = NULL;
    assert_refused(&options, "promotions");
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

/* False positives of a full split-block filter of so many bits a value, by what follows from its
 * definition: the values of a block of 256 bits are Poisson distributed, and k of them set a word's
 * bit with 1 - (31/32)^k, in each of eight words. */
static double false_positives(double bits)
{
    double mean = 256 / bits, weight = 1, all = 1, sum = 0, clear = 1;
    for (unsigned k = 1; k < 1000; k++) {
        weight *= mean / k; /* e^mean times the share of blocks with k values */
        all += weight;
        clear *= 31.0 / 32;
        double set = (1 - clear) * (1 - clear);
        sum += weight * set * set * set * set;
    }
    return sum / all;
}

/* Filters keep what the option promises, and are not a fifth larger than they need be at the shares
 * that have a step of their own. */
static void bits_of_bloom_filters(void **state)
{
    (void)state;
    static const double steps[] = {0.5,   0.2,   0.1,   0.05,   0.02,   0.01,
                                   0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001};
    for (double fpp = 0.5; fpp >= 0.0001; fpp *= 0.97) {
        o2p_options options = zeroed();
        options.bloom_fpp = fpp;
        double promised = false_positives(read_ok(&options).bloom_tenths / 10.0);
        assert_true(promised <= fpp * 1.01); /* the specification rounds 10.53 bits to 10.5 */
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        o2p_options options = zeroed();
        options.bloom_fpp = steps[i];
        uint32_t tenths = read_ok(&options).bloom_tenths;
        assert_true(false_positives(tenths / 10.0 - 0.2) > steps[i]);
    }
}

/* A caller may know fewer options, or more, than the library. */
static void sizes(void **state)
{
    (void)state;
    o2p_options options = zeroed();
    options.codec = (o2p_codec)77;
    const size_t step = _Alignof(o2p_options), least = offsetof(o2p_options, codec);
    for (size_t size = 0; size < sizeof(options); size++) {
        options.size = size;
        if (size < least || size % step != 0) /* a half pointer would be followed */
            assert_refused(&options, "size");
    }
    options.size = least; /* what is behind it is not looked at */
    o2p_settings s = read_ok(&options);
    assert_defaults(&s);
    options.size = offsetof(o2p_options, codec_level) / step * step + step;
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
        cmocka_unit_test(zeros_are_defaults),      cmocka_unit_test(what_is_given_is_taken),
        cmocka_unit_test(codecs_and_their_levels), cmocka_unit_test(what_is_not_allowed_is_named),
        cmocka_unit_test(bits_of_bloom_filters),   cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
