/* settings.h - the settings of the server: one table, from which the flags, the variables, the keys
 * of the file, their defaults, checks, help and the printed configuration are derived.
 *
 *   --seal-age 10s      OTLP2PARQUET_SEAL_AGE=10s      seal-age: 10s
 *
 * A flag is stronger than a variable, and that is stronger than the file. Values are texts in all
 * three places and are read by the same function, so that they mean the same.
 *
 *   | kind     | written                                                | held          |
 *   | -------- | ------------------------------------------------------ | ------------- |
 *   | TEXT     | 1 to 1,023 bytes                                       | text in place |
 *   | LIST     | at most 16,383 bytes, may be empty                     | text in place |
 *   | EACH     | the same; flags add to it                              | text in place |
 *   | SHARE    | decimal, above 0 and at most 1                         | text in place |
 *   | NUMBER   | decimal, K, M or G (powers of 1024) behind it          | itself        |
 *   | BYTES    | decimal, K, M or G (powers of 1024) behind it          | bytes         |
 *   | DURATION | decimal with ms, s, m or h behind it                   | milliseconds  |
 *   | CHOICE   | one of the names, or another name of it behind a `=`   | its place     |
 *   | SWITCH   | false or true                                          | its place     |
 *   | ADDRESS  | HOST:PORT, [HOST]:PORT; port 0: a free one; or `off`   | text in place |
 *
 * A setting that is LIVE changes when they are read again while the server runs. One that is FIXED
 * holds until it ends, because something was made by it: a socket, a thread, a file, a name.
 */
#ifndef O2P_SERVER_SETTINGS_H
#define O2P_SERVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../include/otlp2parquet.h"
#include "server.h"

/* X(type, name, change, key, kind, least, most, choices, default, what the help calls the value,
 * help)
 *
 * First, what files are called and what they look like: the options of the library that make a
 * file's bytes and its name. They are flags of `convert` too, and each segment of the log holds
 * them (file_options.h). Defaults are the library's own. */
#define PATH_SETTING(X)                                                                            \
    X(setting_text, path_template, FIXED, "path-template", TEXT, 0, 0, NULL,                       \
      O2P_DEFAULT_PATH_TEMPLATE, "PATH",                                                           \
      "name the files so: {table}, {service}, {year}, {month}, {day}, {hour}\n"                    \
      "(of the rows, UTC), {time} (of the first row), and {hash}, which must be\n"                 \
      "there; each that is there has one value a file")
#define FILE_SETTINGS(X)                                                                           \
    X(setting_number, codec, FIXED, "codec", CHOICE, 0, 0,                                         \
      "uncompressed=none|snappy|zstd|gzip|lz4", "snappy", "NAME",                                  \
      "snappy, zstd, gzip, lz4 or uncompressed, also named none")                                  \
    X(setting_number, codec_level, FIXED, "codec-level", NUMBER, 0, 22, NULL, "0", "N",            \
      "effort: zstd 1 to 22, gzip 1 to 9; 0: the codec's own (3, 6)")                              \
    X(setting_number, order, FIXED, "order", CHOICE, 0, 0, "clustered|received", "clustered",      \
      "ORDER", "rows clustered by service and time, or as received")                               \
    X(setting_number, ids, FIXED, "ids", CHOICE, 0, 0, "hex|binary", "hex", "FORM",                \
      "trace and span ids as hex text or binary")                                                  \
    X(setting_number, timestamps, FIXED, "timestamps", CHOICE, 0, 0, "micros|nanos", "micros",     \
      "UNIT",                                                                                      \
      "micros, with a column of the nanoseconds below, or nanos in one\n"                          \
      "column, which not every engine reads")                                                      \
    X(setting_number, row_group_rows, FIXED, "row-group-rows", NUMBER, 1, 1u << 30, NULL,          \
      "122880", "N", "rows of a row group, at most")                                               \
    X(setting_number, row_group_bytes, FIXED, "row-group-bytes", BYTES, 1, UINT64_C(1) << 40,      \
      NULL, "128M", "N", "bytes of a row group before compression, at most, about")                \
    X(setting_number, page_rows, FIXED, "page-rows", NUMBER, 1, 1u << 30, NULL, "61440", "N",      \
      "rows of a page, at most")                                                                   \
    X(setting_number, page_bytes, FIXED, "page-bytes", BYTES, 1, 1u << 30, NULL, "1M", "N",        \
      "bytes of a page before compression, about")                                                 \
    X(setting_number, dictionary_bytes, FIXED, "dictionary-bytes", BYTES, 1, 1u << 30, NULL,       \
      "16M", "N", "columns whose dictionary would be larger are written without")                  \
    X(setting_number, statistics_bytes, FIXED, "statistics-bytes", BYTES, 1, 1024, NULL, "64",     \
      "N", "least and greatest texts are cut to so many bytes")                                    \
    X(setting_list, bloom_columns, FIXED, "bloom-columns", LIST, 0, 0, NULL, "TraceId", "NAMES",   \
      "columns with a bloom filter, separated by commas, as\n"                                     \
      "TraceId,Links.TraceId; empty: none")                                                        \
    X(setting_text, bloom_fpp, FIXED, "bloom-fpp", SHARE, 0, 0, NULL, "0.01", "SHARE",             \
      "absent values that a bloom filter does not exclude, at most; 0.0001 to\n"                   \
      "0.5")                                                                                       \
    X(setting_number, attributes, FIXED, "attributes", CHOICE, 0, 0, "map|json|variant", "map",    \
      "FORM",                                                                                      \
      "attributes as a map of texts, as json text, or as Parquet's variant,\n"                     \
      "which not every engine reads")                                                              \
    X(setting_list, promote, FIXED, "promote", EACH, 0, 0, NULL, "", "SPECS",                      \
      "give attributes columns of their own: resource:KEY[:TYPE][=COLUMN] or\n"                    \
      "record:..., separated by commas, TYPE string, int64, double or bool; a\n"                   \
      "colon, = or comma of KEY is written with a \\ before it; more than one\n"                   \
      "such flag adds up")                                                                         \
    X(setting_number, promote_only, FIXED, "promote-only", SWITCH, 0, 0, "false|true", "false",    \
      "BOOL", "leave promoted attributes out of the lists they come from")

#define SETTINGS(X)                                                                                \
    X(setting_text, http, FIXED, "http", ADDRESS, 0, 0, NULL, "127.0.0.1:4318", "ADDR",            \
      "listen here for OTLP/HTTP")                                                                 \
    X(setting_text, grpc, FIXED, "grpc", ADDRESS, 0, 0, NULL, "127.0.0.1:4317", "ADDR",            \
      "listen here for OTLP/gRPC")                                                                 \
    X(setting_text, health, FIXED, "health", ADDRESS, 0, 0, NULL, "off", "ADDR",                   \
      "answer /healthz, /readyz, /metrics and gRPC's health check here too,\n"                     \
      "and nothing else: without TLS, and without asking who asks")                                \
    X(setting_text, tls_cert, FIXED, "tls-cert", TEXT, 0, 0, NULL, "off", "FILE",                  \
      "speak TLS on both ports, with this certificate and those between it\n"                      \
      "and its root, in PEM")                                                                      \
    X(setting_text, tls_key, FIXED, "tls-key", TEXT, 0, 0, NULL, "off", "FILE",                    \
      "the certificate's key, in PEM and without a passphrase")                                    \
    X(setting_text, tls_client_ca, FIXED, "tls-client-ca", TEXT, 0, 0, NULL, "off", "FILE",        \
      "serve only clients with a certificate that one of these has signed")                        \
    X(setting_text, auth_file, FIXED, "auth-file", TEXT, 0, 0, NULL, "off", "FILE",                \
      "serve only clients with a credential of this file; each line of it\n"                       \
      "is `bearer TOKEN` or `basic USER:PASSWORD`")                                                \
    X(setting_text, cors_origins, FIXED, "cors-origins", TEXT, 0, 0, NULL, "off", "LIST",          \
      "let scripts of these web pages send, such as\n"                                             \
      "https://shop.example,https://*.example.org; * alone: of any")                               \
    X(setting_text, cors_headers, FIXED, "cors-headers", TEXT, 0, 0, NULL,                         \
      "content-type,content-encoding,authorization", "LIST",                                       \
      "header fields that these scripts may set")                                                  \
    X(setting_number, cors_max_age, LIVE, "cors-max-age", DURATION, 0, 86400000, NULL, "2h",       \
      "TIME", "how long browsers may remember that")                                               \
    X(setting_text, data, FIXED, "data", TEXT, 0, 0, NULL, "data", "DIR",                          \
      "store the Parquet files here")                                                              \
    X(setting_text, wal, FIXED, "wal", TEXT, 0, 0, NULL, "wal", "DIR",                             \
      "keep the write-ahead log here")                                                             \
    X(setting_number, ack, FIXED, "ack", CHOICE, 0, 0, "wal|stored|memory", "wal", "MODE",         \
      "acknowledge a request once it is in the log on the disk (wal),\n"                           \
      "once its files are stored (stored), or at once (memory: what is\n"                          \
      "not stored is lost in a crash)")                                                            \
    X(setting_number, seal_rows, LIVE, "seal-rows", NUMBER, 1, 1u << 30, NULL, "250000", "N",      \
      "write files after this many rows")                                                          \
    X(setting_number, seal_bytes, LIVE, "seal-bytes", BYTES, 1 << 20, UINT64_C(1) << 34, NULL,     \
      "64M", "SIZE", "or when they take this much memory")                                         \
    X(setting_number, seal_age, LIVE, "seal-age", DURATION, 10, 86400000, NULL, "10s", "TIME",     \
      "or this long after the first of them")                                                      \
    X(setting_number, dedup_window, FIXED, "dedup-window", DURATION, 0, 86400000, NULL, "5m",      \
      "TIME",                                                                                      \
      "acknowledge a request that is the same to the last byte as one that\n"                      \
      "came within this time, and do not store it twice; 0s: store it")                            \
    PATH_SETTING(X)                                                                                \
    FILE_SETTINGS(X)                                                                               \
    X(setting_number, threads, FIXED, "threads", NUMBER, 0, 1024, NULL, "0", "N",                  \
      "threads that serve connections; 0: one a core")                                             \
    X(setting_number, store_threads, FIXED, "store-threads", NUMBER, 1, 64, NULL, "2", "N",        \
      "threads that write and store files")                                                        \
    X(setting_number, max_sealed, LIVE, "max-sealed", NUMBER, 1, 1024, NULL, "4", "N",             \
      "batches that may wait to be stored before requests are refused")                            \
    X(setting_number, max_request, LIVE, "max-request", BYTES, 1024, UINT64_C(1) << 30, NULL,      \
      "64M", "SIZE", "largest request, as it comes and decompressed")                              \
    X(setting_number, max_pending, LIVE, "max-pending", BYTES, 1 << 20, UINT64_C(1) << 40, NULL,   \
      "256M", "SIZE", "memory for requests that are not acknowledged yet")                         \
    X(setting_number, max_connections, LIVE, "max-connections", NUMBER, 1, 1000000, NULL, "4096",  \
      "N", "connections at a time")                                                                \
    X(setting_number, request_timeout, LIVE, "request-timeout", DURATION, 100, 3600000, NULL,      \
      "30s", "TIME", "longest time a TLS handshake, and each request, may take to arrive")         \
    X(setting_number, idle_timeout, LIVE, "idle-timeout", DURATION, 100, 86400000, NULL, "5m",     \
      "TIME", "close a connection that asks nothing for so long")                                  \
    X(setting_number, drain_timeout, LIVE, "drain-timeout", DURATION, 0, 3600000, NULL, "25s",     \
      "TIME", "longest time to finish after SIGTERM; what is left is in the log")                  \
    X(setting_number, log_level, LIVE, "log-level", CHOICE, 0, 0, "debug|info|warn|error", "info", \
      "LEVEL", "what to report")                                                                   \
    X(setting_number, log_format, LIVE, "log-format", CHOICE, 0, 0, "text|json", "text", "FORMAT", \
      "how to report it")

/* Texts with their NUL, in place: nothing of the settings is to be released. */
typedef char setting_text[1024];
typedef char setting_list[16384];

/* Every other value. Threads read numbers while the main thread changes those that are LIVE, each
 * by itself. */
typedef _Atomic uint64_t setting_number;

typedef struct settings {
#define X(type, name, change, key, kind, least, most, choices, value, label, help) type name;
    SETTINGS(X)
#undef X
} settings;

enum {
#define X(type, name, change, key, kind, least, most, choices, value, label, help) SETTING_##name,
    SETTINGS(X)
#undef X
        SETTING_COUNT
};

/* The values of the choices, in the order of their names. */
typedef enum ack_mode { ACK_WAL, ACK_STORED, ACK_MEMORY } ack_mode;
typedef enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR } level;
typedef enum log_format { FORMAT_TEXT, FORMAT_JSON } log_format;

typedef struct settings_error {
    char text[512];
} settings_error;

/* Says what is wrong. False. */
bool settings_refuse(settings_error *error, const char *format, ...) LIKE_PRINTF(2, 3);

/* All defaults. */
void settings_init(settings *all);

/* Sets one from its text. False with the reason, which says what is allowed. */
bool settings_set(settings *all, size_t index, const char *text, settings_error *error);

/* Whether a text names something: it is not `off`, which a file of that name is not either. */
bool settings_is_given(const char *text);

/* Sets those that the environment names. A variable that begins with OTLP2PARQUET_ and is none of
 * them is refused. */
bool settings_read_environment(settings *all, char **environment, settings_error *error);

/* Sets those that a YAML file names: a mapping of keys to scalars, of 1 MiB at most. The error has
 * file and line. Some may be set when it fails. */
bool settings_read_file(settings *all, const char *path, settings_error *error);

/* The same of a text; `name` is what errors call it. */
bool settings_read_text(settings *all, const char *name, const char *text, size_t size,
                        settings_error *error);

/* Writes all of them as such a file. */
void settings_print(const settings *all, FILE *out);

/* The one that a key of `size` bytes names; SETTING_COUNT when there is none. */
size_t settings_find(const char *key, size_t size);

/* The key of one, and its value as it is written, without quotes. */
const char *settings_key(size_t index);
void settings_value(const settings *all, size_t index, setting_list text);

typedef enum setting_change {
    SETTING_SAME,
    SETTING_TAKEN, /* it has the other value now */
    SETTING_KEPT   /* it has not: it is FIXED */
} setting_change;

/* Gives one the value it has in `other`, if it can change while others read it. */
setting_change settings_take(settings *all, const settings *other, size_t index);

#endif
