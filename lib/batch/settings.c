/* settings.c - see settings.h. */
#include "settings.h"

#include "../parquet/codec.h"
#include "../parquet/statistics.h"
#include "path.h"
#include "promotion.h"

/* Rows a row group: what DuckDB reads as one unit of parallel work, and few enough that a group of
 * wide rows stays well below 100 MB. */
#define DEFAULT_ROW_GROUP_ROWS 122880u
#define MAX_ROW_GROUP_ROWS (1u << 30)

/* Half a row group: see the defaults in lib/README.md; and as many bytes as parquet-java writes. */
#define DEFAULT_PAGE_ROWS 61440u
#define DEFAULT_PAGE_BYTES (1u << 20)
#define MAX_PAGE_BYTES (1u << 30)

/* Bytes a row group: what parquet-java and Spark write, and what readers expect to hold at once. */
#define DEFAULT_ROW_GROUP_BYTES (128u << 20)

/* A page that readers hold whole. 1 MiB, as elsewhere, makes files of nearly unique texts 1 to 5%
 * larger, and never makes any smaller. */
#define DEFAULT_DICTIONARY_BYTES (16u << 20)
#define MAX_DICTIONARY_BYTES (1u << 30)

/* Names, ids and most values of attributes are shorter. */
#define DEFAULT_STATISTICS_BYTES 64u

#define DEFAULT_BLOOM_FPP 0.01

/* No request of a real client comes near; a text of JSON lines may be a whole file. */
#define DEFAULT_INPUT_BYTES (1u << 30)

/* Files of a batch: two years of hours, of one table. */
#define DEFAULT_FILES 16384u
#define DEFAULT_OUTPUT_BYTES ((uint64_t)8 << 30)
#define DEFAULT_MEMORY_BYTES ((uint64_t)16 << 30)

#define MAX_ATTRIBUTES (1u << 24)

static o2p_status refuse(o2p_error *error, const char *option, const char *message)
{
    error->status = O2P_ERR_BAD_OPTION;
    error->message = message;
    error->offset = 0;
    memcpy(error->path, option, strlen(option) + 1);
    return O2P_ERR_BAD_OPTION;
}

/* Copies the options that the caller knows; the others are zero. */
static bool copy_known(o2p_options *known, const o2p_options *options)
{
    memset(known, 0, sizeof(*known));
    known->size = sizeof(*known);
    if (options == NULL)
        return true;
    /* The struct of a version ends at a multiple of its alignment: no member is half there. */
    if (options->size < offsetof(o2p_options, encoding) || options->size > 4 * sizeof(*known) ||
        options->size % _Alignof(o2p_options) != 0)
        return false;
    memcpy(known, options, options->size < sizeof(*known) ? options->size : sizeof(*known));
    return true;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value == 0 ? fallback : value;
}

static bool allocator_is_whole(const o2p_allocator *a)
{
    int given = (a->allocate != NULL) + (a->reallocate != NULL) + (a->release != NULL);
    return given == 0 || given == 3;
}

static uint64_t or_default64(uint64_t value, uint64_t fallback)
{
    return value == 0 ? fallback : value;
}

/* Options that are numbers up to some limit. NULL if each is; else the first that is not. */
static const char *check_ranges(const o2p_options *o, const char **wrong)
{
    const struct {
        const char *name;
        uint64_t value, most;
        const char *wrong;
    } ranges[] = {
        {"signal", (unsigned)o->signal, O2P_SIGNAL_METRICS, "not a signal"},
        {"encoding", (unsigned)o->encoding, O2P_ENCODING_JSON_LINES, "not an encoding"},
        {"codec", (unsigned)o->codec, O2P_CODEC_LZ4_RAW, "not a codec"},
        {"order", (unsigned)o->order, O2P_ORDER_RECEIVED, "not an order"},
        {"timestamps", (unsigned)o->timestamps, O2P_TIMESTAMPS_NANOS, "not a form of times"},
        {"ids", (unsigned)o->ids, O2P_IDS_BINARY, "not a form of ids"},
        {"attributes", (unsigned)o->attributes, O2P_ATTRIBUTES_VARIANT, "not a form of attributes"},
        {"row_group_rows", o->row_group_rows, MAX_ROW_GROUP_ROWS, "more than 2^30"},
        {"dictionary_bytes", o->dictionary_bytes, MAX_DICTIONARY_BYTES, "more than 2^30"},
        {"statistics_bytes", o->statistics_bytes, O2P_BOUND_MOST, "more than 1,024"},
        {"page_bytes", o->page_bytes, MAX_PAGE_BYTES, "more than 2^30"},
        {"max_depth", o->max_depth, O2P_MAX_DEPTH, "more than 100"},
        {"max_attributes", o->max_attributes, MAX_ATTRIBUTES, "more than 2^24"},
        {"max_records", o->max_records, INT32_MAX, "more than 2^31 - 1"},
        {"max_string_bytes", o->max_string_bytes, O2P_MAX_RECORD_BYTES, "more than 64 MiB"},
        {"max_input_bytes", o->max_input_bytes, UINT32_MAX, "more than 2^32 - 1"},
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (ranges[i].value > ranges[i].most) {
            *wrong = ranges[i].wrong;
            return ranges[i].name;
        }
    *wrong = "less than 8";
    return o->max_depth != 0 && o->max_depth < O2P_LEAST_DEPTH ? "max_depth" : NULL;
}

/* Tenths of a bit for each value that keep a split-block filter's false positives at or below a
 * share; 0 when it is out of range. BloomFilter.md states some of these; they follow from blocks
 * whose values are Poisson distributed: 256 / bits on average, and k of them set a share of 1 -
 * (31/32)^k of each word. */
static uint32_t bloom_tenths(double fpp)
{
    static const struct {
        double fpp;
        uint32_t tenths;
    } steps[] = {{0.5, 33},    {0.2, 49},     {0.1, 60},     {0.05, 73},
                 {0.02, 91},   {0.01, 105},   {0.005, 123},  {0.002, 148},
                 {0.001, 169}, {0.0005, 194}, {0.0002, 231}, {0.0001, 264}};
    if (!(fpp <= steps[0].fpp)) /* nor is NaN */
        return 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i].fpp <= fpp)
            return steps[i].tenths;
    return 0;
}

static o2p_limits limits_of(const o2p_options *o)
{
    o2p_limits d = o2p_default_limits();
    return (o2p_limits){
        .max_depth = or_default(o->max_depth, d.max_depth),
        .max_attributes = or_default(o->max_attributes, d.max_attributes),
        .max_shared_attributes = or_default(o->max_shared_attributes, d.max_shared_attributes),
        .max_records = or_default64(o->max_records, d.max_records),
        .max_string_bytes = or_default64(o->max_string_bytes, d.max_string_bytes),
    };
}

o2p_status o2p_settings_read(o2p_settings *settings, const o2p_options *options, o2p_error *error)
{
    o2p_options o;
    const char *wrong;
    if (!copy_known(&o, options))
        return refuse(error, "size", "not the size of o2p_options in any version");
    const char *name = check_ranges(&o, &wrong);
    if (name != NULL)
        return refuse(error, name, wrong);
    if (!allocator_is_whole(&o.allocator))
        return refuse(error, "allocator", "some functions are given and some are not");
    wrong = o2p_path_check(o.path_template);
    if (wrong != NULL)
        return refuse(error, "path_template", wrong);
    o2p_column_set blooms = o2p_column_set_of(O2P_COL_TraceId);
    if (o.bloom_columns != NULL)
        wrong = o2p_text_columns_named(o.bloom_columns, &blooms);
    if (wrong != NULL)
        return refuse(error, "bloom_columns", wrong);
    uint32_t tenths = bloom_tenths(o.bloom_fpp == 0 ? DEFAULT_BLOOM_FPP : o.bloom_fpp);
    if (tenths == 0)
        return refuse(error, "bloom_fpp", "not from 0.0001 to 0.5");
    wrong = o2p_promotions_check(o.promotions, o.promotion_count);
    if (wrong != NULL)
        return refuse(error, "promotions", wrong);
    *settings = (o2p_settings){
        .signal = o.signal,
        .encoding = o.encoding,
        .skip_bad_lines = o.skip_bad_lines,
        .codec = o.codec == O2P_CODEC_DEFAULT ? O2P_CODEC_SNAPPY : o.codec,
        .codec_level = o.codec_level,
        .order = o.order == O2P_ORDER_DEFAULT ? O2P_ORDER_CLUSTERED : o.order,
        .ids = o.ids == O2P_IDS_DEFAULT ? O2P_IDS_HEX : o.ids,
        .timestamps = o.timestamps == O2P_TIMESTAMPS_DEFAULT ? O2P_TIMESTAMPS_MICROS : o.timestamps,
        .default_time_ns = o.default_time_ns,
        .attributes = o.attributes == O2P_ATTRIBUTES_DEFAULT ? O2P_ATTRIBUTES_MAP : o.attributes,
        .promotions = o.promotions,
        .promotion_count = o.promotion_count,
        .promotions_only = o.promotions_only && o.promotion_count > 0,
        .row_group_rows = or_default(o.row_group_rows, DEFAULT_ROW_GROUP_ROWS),
        .row_group_bytes = or_default64(o.row_group_bytes, DEFAULT_ROW_GROUP_BYTES),
        .dictionary_bytes = or_default(o.dictionary_bytes, DEFAULT_DICTIONARY_BYTES),
        .statistics_bytes = or_default(o.statistics_bytes, DEFAULT_STATISTICS_BYTES),
        .blooms = blooms,
        .bloom_tenths = tenths,
        .page_rows = or_default(o.page_rows, DEFAULT_PAGE_ROWS),
        .page_bytes = or_default(o.page_bytes, DEFAULT_PAGE_BYTES),
        .limits = limits_of(&o),
        .max_input_bytes = or_default64(o.max_input_bytes, DEFAULT_INPUT_BYTES),
        .max_files = or_default(o.max_files, DEFAULT_FILES),
        .max_output_bytes = or_default64(o.max_output_bytes, DEFAULT_OUTPUT_BYTES),
        .max_memory_bytes = or_default64(o.max_memory_bytes, DEFAULT_MEMORY_BYTES),
        .allocator = o.allocator,
        .path_template = o.path_template,
        .hash_seed = o.hash_seed,
    };
    for (size_t i = 0; i < o.promotion_count; i++)
        if (o2p_path_has_folder(o.path_template, o2p_promotion_name(&o.promotions[i])))
            return refuse(error, "promotions",
                          "the name of a NAME=... folder: readers would show the folder's value");
    if (!o2p_codec_available(settings->codec))
        return refuse(error, "codec", "this build has no such codec");
    if (!o2p_codec_level(settings->codec, &settings->codec_level))
        return refuse(error, "codec_level",
                      "not a level of the codec: zstd has 1 to 22, gzip 1 to 9, the others none");
    settings->codec_memory = o2p_codec_memory(settings->codec, settings->codec_level);
    return O2P_OK;
}
