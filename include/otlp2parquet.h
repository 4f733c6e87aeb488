/* otlp2parquet: OpenTelemetry (OTLP) bytes in, Apache Parquet bytes out.
 *
 * This header is the whole contract of the library; nothing else in the tree may be relied on.
 *
 *   one call     otlp_to_parquet(bytes, len, &out)           a request in, its files out
 *   streaming    o2p_batch_new / append / finish / free      many requests in, few files out
 *   the tables   o2p_schema_columns and friends              what the files contain, as data
 *
 * The library does no I/O, reads no clock and no environment, starts no thread, logs nothing and
 * has no global state. The same bytes and options give the same Parquet bytes and the same paths,
 * on every platform, every time; with another compressor (another version of a codec's library, or
 * the built-in Snappy), pages that hold the same and other hashes in the paths.
 *
 * Threads. Functions without a batch or output argument may be called from any thread at any time.
 * A batch or an output belongs to one thread at a time; there are no locks. Any number of threads
 * may work at once, each on its own.
 *
 * Ownership. Inputs are borrowed for the duration of the call only. What a call hands out is said
 * at its declaration. Strings handed out are NUL-terminated UTF-8 unless said otherwise.
 *
 * NULL. No argument may be NULL unless its description says so.
 */
#ifndef OTLP2PARQUET_H
#define OTLP2PARQUET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library (semantic versioning). */
#define O2P_VERSION_MAJOR 0
#define O2P_VERSION_MINOR 1
#define O2P_VERSION_PATCH 0
#define O2P_VERSION "0.1.0"

/* Version of the tables: grows by one whenever a column is added, and is written into every file as
 * the key-value entry `otlp2parquet.schema_version`. Columns are never renamed, retyped or removed.
 */
#define O2P_SCHEMA_VERSION 1

/* ---- status and errors ------------------------------------------------------------------- */

/* What a call came to. The values are pinned: they never change and are never reused. */
typedef enum o2p_status {
    O2P_OK = 0,
    O2P_ERR_OUT_OF_MEMORY = 1, /* the allocator returned NULL */
    O2P_ERR_BAD_OPTION = 2,    /* an option's value is not allowed; error.path names the option */
    O2P_ERR_UNDETECTED = 3,    /* the signal was not given and the bytes do not tell it */
    O2P_ERR_TRUNCATED = 4,     /* the input ends, or a length points, past the enclosing message */
    O2P_ERR_MALFORMED = 5,     /* not protobuf: an over-long varint, a bad tag, an unmatched group;
                                  not JSON, or JSON of another signal than the one named */
    O2P_ERR_WIRE_TYPE = 6, /* a known field with a wire type that its type does not have; in JSON an
                              object, array or scalar in the place of another */
    O2P_ERR_DEPTH = 7,     /* messages nested deeper than options.max_depth */
    O2P_ERR_LIMIT = 8,     /* a limit of the options or of the format was reached: error.message
                              says which */
    O2P_ERR_CODEC = 9,     /* the compression library failed */
    O2P_ERR_VALUE = 10,    /* JSON: a value that its field cannot hold, such as a number out of
                              range */
    O2P_ERR_FULL = 11      /* a limit of the batch was reached by what it holds together with this
                              request: finish the batch and append the request again */
} o2p_status;

/* Capacity of o2p_error.path in bytes, NUL included. A longer path is cut at the front
 * ("...x[1].y"). */
#define O2P_FIELD_PATH_SIZE 160

/* What went wrong, and where. The first error wins. */
typedef struct o2p_error {
    o2p_status status;
    const char *message;            /* static text, never NULL; "" with O2P_OK */
    size_t offset;                  /* byte offset into the input of that call; 0 for limits that
                                       are reached by the call as a whole */
    uint64_t line;                  /* of JSON lines: which, from 1; else 0 */
    char path[O2P_FIELD_PATH_SIZE]; /* e.g. "resource_logs[3].scope_logs[0].log_records[12].body";
                                       the option's name for O2P_ERR_BAD_OPTION; "" if none applies
                                     */
} o2p_error;

/* ---- options ------------------------------------------------------------------------------ */

typedef enum o2p_signal {
    O2P_SIGNAL_AUTO = 0, /* told from the bytes: see otlp_to_parquet */
    O2P_SIGNAL_LOGS = 1,
    O2P_SIGNAL_TRACES = 2,
    O2P_SIGNAL_METRICS = 3
} o2p_signal;

/* How the bytes of a call are encoded. */
typedef enum o2p_encoding {
    O2P_ENCODING_AUTO = 0,      /* told from the bytes: see otlp_to_parquet */
    O2P_ENCODING_PROTOBUF = 1,  /* one request */
    O2P_ENCODING_JSON = 2,      /* one request in OTLP/JSON */
    O2P_ENCODING_JSON_LINES = 3 /* a request in OTLP/JSON a line; blank lines are skipped */
} o2p_encoding;

/* Compression of the pages. A column chunk that a codec does not make smaller is stored plain. The
 * values are pinned: they never change and are never reused. */
typedef enum o2p_codec {
    O2P_CODEC_DEFAULT = 0, /* Snappy, which every build has */
    O2P_CODEC_UNCOMPRESSED = 1,
    O2P_CODEC_SNAPPY = 2,
    O2P_CODEC_ZSTD = 3,   /* smallest; levels 1 to 22, default 3. Not with -DO2P_NO_ZSTD */
    O2P_CODEC_GZIP = 4,   /* levels 1 to 9, default 6. Not with -DO2P_NO_ZLIB */
    O2P_CODEC_LZ4_RAW = 5 /* an LZ4 block a page, Parquet's LZ4_RAW. Not with -DO2P_NO_LZ4 */
} o2p_codec;

/* Order of the rows of a file. */
typedef enum o2p_order {
    O2P_ORDER_DEFAULT = 0,   /* O2P_ORDER_CLUSTERED */
    O2P_ORDER_CLUSTERED = 1, /* stably by service, then time; declared as sorting_columns, but for
                                a time column (NANOS) with nulls or times beyond 2^63 - 1 */
    O2P_ORDER_RECEIVED = 2   /* as they came */
} o2p_order;

/* How trace and span ids are written, those of links and exemplars too. */
typedef enum o2p_ids {
    O2P_IDS_DEFAULT = 0, /* O2P_IDS_HEX */
    O2P_IDS_HEX = 1,     /* STRING: lowercase hex, two digits a byte */
    O2P_IDS_BINARY = 2   /* BYTE_ARRAY without a logical type: the bytes as they came, of whatever
                            length */
} o2p_ids;               /* either way empty if absent or all zeros */

/* How times are written. */
typedef enum o2p_timestamps {
    O2P_TIMESTAMPS_DEFAULT = 0, /* O2P_TIMESTAMPS_MICROS */
    O2P_TIMESTAMPS_MICROS = 1,  /* TIMESTAMP(MICROS, UTC), and a column ...Nanos, 0 to 999, with the
                                   nanoseconds below; every engine reads it */
    O2P_TIMESTAMPS_NANOS = 2    /* TIMESTAMP(NANOS, UTC) alone: the bits of OTLP's unsigned 64-bit
                                   number, so that times from 2262-04-11 on read as before 1677;
                                   null where there was no time: so the Timestamp of a log record
                                   without a time of its own, which is its observed time
                                   otherwise. Spark and Athena refuse such files by default */
} o2p_timestamps;

/* How lists of attributes are written: those of every table, within Events, Links and Exemplars
 * too. Companions (...Types) tell the types of values that are text. */
typedef enum o2p_attributes_form {
    O2P_ATTRIBUTES_DEFAULT = 0, /* O2P_ATTRIBUTES_MAP */
    O2P_ATTRIBUTES_MAP = 1,     /* MAP<STRING, STRING>, values as text, and a companion */
    O2P_ATTRIBUTES_JSON = 2,   /* STRING, a JSON object ("{}" for an empty list), and a companion */
    O2P_ATTRIBUTES_VARIANT = 3 /* Parquet's VARIANT: an object of typed values, without companion.
                                  Of equal keys within a kvlist it has the first alone. Several
                                  readers refuse files with this type */
} o2p_attributes_form;

/* Whose attribute a promoted column holds. */
typedef enum o2p_promotion_source {
    O2P_PROMOTE_RESOURCE = 1, /* the resource's */
    O2P_PROMOTE_RECORD = 2    /* the log record's, span's or data point's */
} o2p_promotion_source;

typedef enum o2p_promotion_type {
    O2P_PROMOTE_STRING = 0, /* BYTE_ARRAY, STRING: a value of any type, as text */
    O2P_PROMOTE_INT64 = 1,  /* INT64: ints; null where the value is of another type */
    O2P_PROMOTE_DOUBLE = 2, /* DOUBLE: doubles likewise */
    O2P_PROMOTE_BOOL = 3    /* BOOLEAN: bools likewise */
} o2p_promotion_type;

/* An attribute with a column of its own. */
typedef struct o2p_promotion {
    o2p_promotion_source source;
    const char *key;    /* of the attribute: UTF-8, may be empty */
    const char *column; /* the column's name: UTF-8, not empty; NULL: the key */
    o2p_promotion_type type;
} o2p_promotion;

/* Most promotions that options may have. */
#define O2P_MAX_PROMOTIONS 100

/* Memory functions. All three are NULL (malloc, realloc and free are used) or none is.
 * Sizes are in bytes and never 0; results must be aligned for any type. Returning NULL is allowed
 * at any time and gives O2P_ERR_OUT_OF_MEMORY. They are called by the calling thread only. */
typedef struct o2p_allocator {
    void *ctx; /* passed to each call as it is; may be NULL */
    void *(*allocate)(void *ctx, size_t size);
    void *(*reallocate)(void *ctx, void *block, size_t old_size, size_t new_size);
    void (*release)(void *ctx, void *block, size_t size);
} o2p_allocator;

/* The path template used when o2p_options.path_template is NULL. */
#define O2P_DEFAULT_PATH_TEMPLATE                                                                  \
    "{table}/year={year}/month={month}/day={day}/hour={hour}/{time}-{hash}.parquet"

/* Everything that can be chosen. Zero means the default throughout; set `size` to
 * sizeof(o2p_options), so that a library with more options than the caller knows reads only those
 * it was given. */
typedef struct o2p_options {
    size_t size;       /* sizeof(o2p_options) */
    o2p_signal signal; /* what the requests carry */
    o2p_encoding encoding;
    o2p_codec codec; /* one that the build was made without is BAD_OPTION */

    /* 0: the codec's default. Another than the codec has is BAD_OPTION. Higher levels of zstd take
     * more time, and more memory: 1.3 MB at 3, 13 at 9, 85 at 19, 680 at 22, of which small pages
     * take a part. */
    int32_t codec_level;

    o2p_order order;
    o2p_ids ids;
    o2p_timestamps timestamps;

    /* Where files go, relative, `/`-separated. Fields: {table}, {service}, {year}, {month}, {day},
     * {hour} (of the rows, UTC), {time} (the least row time of the file, YYYYMMDDTHHMMSSffffffZ)
     * and {hash} (16 hex digits over table, options and bytes; required). Rows are split so that
     * each field that is used has one value a file: a template without time fields gives one file a
     * table. {service} is percent-encoded, so no name leaves its folder, or is one that
     * readers skip (by a dot or an underscore at its beginning). NULL: O2P_DEFAULT_PATH_TEMPLATE.
     */
    const char *path_template;

    /* Unix time in nanoseconds for log records that carry no time at all. */
    uint64_t default_time_ns;

    o2p_attributes_form attributes;

    /* Attributes with a column of their own, nullable, after all others and in this order, in each
     * table: null where there is no such attribute. Names are unlike those of the columns of all
     * tables and of each other, whatever the case of A to Z; keys may come again. NULL with count
     * 0. At most O2P_MAX_PROMOTIONS. Errors name the option "promotions". */
    const o2p_promotion *promotions;
    size_t promotion_count;

    /* What a promoted column holds exactly (a STRING column: strings) is left out of the list it
     * comes from, and its place in that list is not kept. Otherwise promoted attributes are in
     * both. */
    bool promotions_only;

    /* Sizes of the parts of a file, in bytes before compression. A row group, and a page, ends with
     * the first of its two bounds. */
    uint32_t row_group_rows;   /* default 122,880, at most 2^30 */
    uint64_t row_group_bytes;  /* about; default 128 MiB. A row group has one row at least */
    uint32_t page_rows;        /* default 61,440 */
    uint32_t page_bytes;       /* about; default 1 MiB, at most 2^30 */
    uint32_t dictionary_bytes; /* most of a dictionary page: a column whose distinct values of a row
                                  group are more is written without; default 16 MiB, at most
                                  2^30. Dictionaries of one value may be larger, and those of
                                  texts that rows repeat from their resource, scope or metric */
    uint32_t statistics_bytes; /* longer least and greatest texts are cut; default 64, at most
                                  1,024 */

    /* Columns with bloom filters, which let readers look values up: names separated by commas,
     * those of members behind that of their list (Links.TraceId). Any column of strings or ids
     * but promoted ones; a name applies to each table that has it. Ids in hex that have one are
     * encoded to be looked up, at the price of a few bytes each. NULL: "TraceId"; "": none. */
    const char *bloom_columns;
    double bloom_fpp; /* share of absent values that a filter does not exclude, at most; 0.0001 to
                         0.5, default 0.01 */

    /* JSON lines: a line that fails for whatever reason of its own, a limit included, is left out
     * and counted, instead of failing the call. */
    bool skip_bad_lines;

    /* Limits. Reaching one is O2P_ERR_LIMIT (max_depth: O2P_ERR_DEPTH; those of a batch that holds
     * rows: O2P_ERR_FULL) and leaves a batch as it was before the call. Real clients stay far below
     * the defaults. Besides, no record, resource or scope is larger than 64 MiB.
     *
     * of a call */
    uint32_t max_depth;        /* messages inside each other; default and at most 100 */
    uint32_t max_attributes;   /* of one list of them; default 65,536, at most 2^24 */
    uint64_t max_records;      /* default 2^24, at most 2^31 - 1 */
    uint64_t max_string_bytes; /* of one name, key, text or bytes value; default 16 MiB, at most
                                  64 MiB */
    uint64_t max_input_bytes;  /* default 1 GiB, at most 2^32 - 1 */

    /* Parquet repeats the attributes of a resource, scope or metric for each of its records. This
     * many attributes so repeated are allowed to a call for each of its records, and 2^20 more to
     * each call. Default 256. */
    uint32_t max_shared_attributes;

    /* of a batch, or of otlp_to_parquet */
    uint32_t max_files;        /* default 16,384 */
    uint64_t max_output_bytes; /* of all files together; default 8 GiB. Known when they are written:
                                  the only limit but memory's that o2p_batch_finish may reach */
    uint64_t max_memory_bytes; /* held at once, results included; default 16 GiB. Appends take a
                                  sixth of it at most (of what the codec, the rows and the pages
                                  take by themselves), and leave the rest to o2p_batch_finish;
                                  and attributes in other forms than maps, which may take far
                                  more room in files than in the batch, a 48th as text */

    o2p_allocator allocator;

    /* Goes into {hash}. Whoever writes equal batches whose files must not overwrite each other
     * gives each a number of its own. */
    uint64_t hash_seed;
} o2p_options;

/* ---- results ------------------------------------------------------------------------------ */

typedef enum o2p_table {
    O2P_TABLE_LOGS = 0,
    O2P_TABLE_TRACES = 1,
    O2P_TABLE_METRICS_GAUGE = 2,
    O2P_TABLE_METRICS_SUM = 3,
    O2P_TABLE_METRICS_HISTOGRAM = 4,
    O2P_TABLE_METRICS_EXPONENTIAL_HISTOGRAM = 5,
    O2P_TABLE_METRICS_SUMMARY = 6
} o2p_table;
#define O2P_TABLE_COUNT 7

/* One Parquet file. Everything it points to belongs to the output. */
typedef struct o2p_file {
    o2p_table table;
    const char *path; /* by the path template */
    const uint8_t *data;
    size_t size; /* bytes of data */
    uint64_t rows;
    uint64_t min_time_ns; /* least and greatest row time, Unix nanoseconds */
    uint64_t max_time_ns;
} o2p_file;

/* What became of the records, and what was noticed on the way. What is noticed in a resource, scope
 * or metric counts once for each group that has it, not for each of its records; a resource without
 * scopes and a scope without records are one empty group each; a protobuf group is one unknown
 * field. */
typedef struct o2p_counts {
    uint64_t accepted;       /* records stored: log records, spans, data points */
    uint64_t rejected;       /* records that could not be kept (OTLP partial success) */
    uint64_t invalid_utf8;   /* strings in which bytes became U+FFFD */
    uint64_t duplicate_keys; /* attributes moved to the column DuplicateAttributes */
    uint64_t unknown_fields; /* fields no message of ours has: data from a newer OTLP */
    uint64_t empty_metrics;  /* metrics without data points: they give no row */
    uint64_t empty_groups;   /* resource and scope groups without records: they give no row */
    uint64_t bad_lines;      /* lines left out by options.skip_bad_lines */
} o2p_counts;

/* Result of one o2p_batch_append. Holds no memory. */
typedef struct o2p_result {
    o2p_signal signal;     /* given or detected; of JSON lines: of the first that was kept */
    o2p_encoding encoding; /* given or detected */
    o2p_counts counts;     /* of this call alone; zero when it failed */
    o2p_error error;
    o2p_error rejection; /* why the first record or line that was left out was; status O2P_OK if
                            none was */
} o2p_result;

/* Result of otlp_to_parquet and o2p_batch_finish. Zero it before use. */
typedef struct o2p_output {
    const o2p_options *options; /* in: NULL means all defaults; read by otlp_to_parquet alone */
    o2p_signal signal;          /* out: as in o2p_result (otlp_to_parquet) */
    o2p_encoding encoding;      /* out: likewise */
    o2p_file *files;            /* out: in order of table, then path; NULL when there are none */
    size_t file_count;
    o2p_counts counts;
    o2p_error error;
    o2p_error rejection; /* out: as in o2p_result (otlp_to_parquet) */
    void *storage;       /* the library's own: what o2p_output_free releases */
} o2p_output;

/* ---- the one call ------------------------------------------------------------------------- */

/* Converts OTLP Export...ServiceRequests of `len` bytes: one in protobuf, one in OTLP/JSON, or JSON
 * lines.
 *
 * `*out` is zeroed by the caller, or zeroed but for `options`. On success out->files holds the
 * files (none for a request without records). On failure there are no files and out->error says why
 * and where. Call o2p_output_free in both cases. `bytes` may be NULL if `len` is 0.
 *
 * Detection. With O2P_ENCODING_AUTO the bytes are protobuf unless, spaces and a byte order mark
 * aside, they begin with `{` or `[`. (Protobuf requests begin with byte 10, which is also a line
 * feed: such bytes are protobuf if they can be divided into the fields of a request.) JSON is taken
 * as JSON lines when its first line ends with `}` and what follows does not carry on the same
 * value.
 *
 * With O2P_SIGNAL_AUTO the signal is told from JSON by the name of its first known member. From
 * protobuf it is told by structure: the three requests are alike down to the record, so the fields
 * of the first records decide, by wire type. A request without any record, or an empty JSON object,
 * cannot be told and is taken as logs: it has no rows. Records that are all empty, or fit no
 * signal, and JSON objects with none but unknown members, give O2P_ERR_UNDETECTED. Of JSON lines
 * each is told by itself. Callers that know the signal say it.
 *
 * Partial success. A JSON value that its field cannot hold leaves out the record it is in, which is
 * counted (counts.rejected) and explained (rejection); the others are stored. Bytes that cannot be
 * read fail the call; of JSON lines, with options.skip_bad_lines, the line.
 *
 * Returns out->error.status: any status but O2P_OK is an error. Reentrant. */
o2p_status otlp_to_parquet(const void *bytes, size_t len, o2p_output *out);

/* Releases what `*out` holds and zeroes it, `options` included. Does nothing for a zeroed output.
 */
void o2p_output_free(o2p_output *out);

/* ---- streaming ----------------------------------------------------------------------------- */

/* Requests collected as columns, to be written as few files. */
typedef struct o2p_batch o2p_batch;

/* Makes an empty batch. `options` may be NULL; it is copied, and so is what it points to
 * (path_template, promotions). `error` may be NULL; otherwise it receives the reason for a failure.
 * On success `*batch` is to be released with o2p_batch_free; on failure it is NULL. Errors:
 * BAD_OPTION, OUT_OF_MEMORY, LIMIT (of memory). */
o2p_status o2p_batch_new(const o2p_options *options, o2p_batch **batch, o2p_error *error);

/* Changes options.signal and options.encoding for the appends that follow: what a server knows from
 * a request's path and Content-Type. Returns OK, or BAD_OPTION for a value that is none, which
 * changes nothing. */
o2p_status o2p_batch_set_input(o2p_batch *batch, o2p_signal signal, o2p_encoding encoding);

/* Changes options.default_time_ns for the appends that follow: a server's time of receipt. */
void o2p_batch_set_default_time(o2p_batch *batch, uint64_t unix_ns);

/* Adds one request, as otlp_to_parquet reads it. `bytes` is not needed after the call. `result` may
 * be NULL. On failure the batch holds what it held before the call, byte for byte what it would
 * have written. Returns result->error.status: any of the statuses. */
o2p_status o2p_batch_append(o2p_batch *batch, const void *bytes, size_t len, o2p_result *result);

/* Rows in the batch, over all tables. */
uint64_t o2p_batch_rows(const o2p_batch *batch);

/* Memory the batch holds at present, in bytes. */
size_t o2p_batch_bytes(const o2p_batch *batch);

/* Writes what the batch holds as files into `*out` (zeroed by the caller; released with
 * o2p_output_free, before or after the batch). out->counts is the sum over the appends. On success
 * the batch is empty and may be used again; on failure it is as it was. Errors: OUT_OF_MEMORY,
 * LIMIT, CODEC. */
o2p_status o2p_batch_finish(o2p_batch *batch, o2p_output *out);

/* Releases the batch. NULL is allowed. Outputs made from it stay valid. */
void o2p_batch_free(o2p_batch *batch);

/* ---- the tables as data ---------------------------------------------------------------------- */

typedef enum o2p_column_type {
    O2P_TYPE_STRING = 0,           /* BYTE_ARRAY, STRING */
    O2P_TYPE_INT32 = 1,            /* INT32 */
    O2P_TYPE_INT64 = 2,            /* INT64 */
    O2P_TYPE_DOUBLE = 3,           /* DOUBLE */
    O2P_TYPE_BOOLEAN = 4,          /* BOOLEAN */
    O2P_TYPE_TIMESTAMP_MICROS = 5, /* INT64, TIMESTAMP(MICROS, UTC) */
    O2P_TYPE_STRING_MAP = 6,       /* MAP<STRING, STRING> */
    O2P_TYPE_INT64_LIST = 7,       /* LIST<INT64> */
    O2P_TYPE_DOUBLE_LIST = 8,      /* LIST<DOUBLE> */
    O2P_TYPE_STRUCT_LIST = 9       /* LIST<STRUCT<...>>: the columns whose parent it is */
} o2p_column_type;

/* One column, or one member of the structs of a STRUCT_LIST column. */
typedef struct o2p_schema_column {
    const char *name; /* e.g. "Timestamp" */
    const char *doc;  /* one sentence */
    o2p_column_type type;
    bool nullable;  /* maps and lists are never null: they are empty */
    int32_t parent; /* index in the same array of the STRUCT_LIST it is a member of; -1: a column */
    int32_t field_id; /* Parquet field_id of its outermost node; pinned */
} o2p_schema_column;

/* The columns of a table as files have them by default: options.ids and options.timestamps change
 * some, as they say. In file order, each STRUCT_LIST followed by its members. The array is
 * static. Returns how many there are; 0 and NULL when `table` is not one. */
size_t o2p_schema_columns(o2p_table table, const o2p_schema_column **columns);

/* "logs", "traces", "metrics_gauge", ...; NULL when `table` is not one. Static. */
const char *o2p_table_name(o2p_table table);

/* The signal a table belongs to; O2P_SIGNAL_AUTO when `table` is not one. */
o2p_signal o2p_table_signal(o2p_table table);

/* "logs", "traces", "metrics"; "auto" for O2P_SIGNAL_AUTO; NULL for another value. Static. */
const char *o2p_signal_name(o2p_signal signal);

/* "protobuf", "json", "json_lines"; "auto" for O2P_ENCODING_AUTO; NULL for another value. Static.
 */
const char *o2p_encoding_name(o2p_encoding encoding);

/* "OK", "OUT_OF_MEMORY", ... for a status; "UNKNOWN" for another value. Static. */
const char *o2p_status_name(o2p_status status);

/* O2P_VERSION of the library that is linked, which may be newer than this header. Static. */
const char *o2p_version(void);

#ifdef __cplusplus
}
#endif
#endif
