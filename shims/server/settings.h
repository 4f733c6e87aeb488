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
 *   | NUMBER   | decimal                                                | itself        |
 *   | BYTES    | decimal, K, M or G (powers of 1024) behind it          | bytes         |
 *   | DURATION | decimal with ms, s, m or h behind it                   | milliseconds  |
 *   | CHOICE   | one of the names                                       | its place     |
 *   | ADDRESS  | HOST:PORT, [HOST]:PORT; port 0: a free one; or `off`   | text in place |
 */
#ifndef O2P_SERVER_SETTINGS_H
#define O2P_SERVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../include/otlp2parquet.h"

/* X(type, name, key, kind, least, most, choices, default, what the help calls the value, help) */
#define SETTINGS(X)                                                                                \
    X(setting_text, http, "http", ADDRESS, 0, 0, NULL, "127.0.0.1:4318", "ADDR",                   \
      "listen here for OTLP/HTTP")                                                                 \
    X(setting_text, grpc, "grpc", ADDRESS, 0, 0, NULL, "127.0.0.1:4317", "ADDR",                   \
      "listen here for OTLP/gRPC")                                                                 \
    X(setting_text, data, "data", TEXT, 0, 0, NULL, "data", "DIR", "store the Parquet files here") \
    X(setting_text, wal, "wal", TEXT, 0, 0, NULL, "wal", "DIR", "keep the write-ahead log here")   \
    X(uint64_t, ack, "ack", CHOICE, 0, 0, "wal|stored|memory", "wal", "MODE",                      \
      "acknowledge a request once it is in the log on the disk (wal),\n"                           \
      "once its files are stored (stored), or at once (memory: what is\n"                          \
      "not stored is lost in a crash)")                                                            \
    X(uint64_t, seal_rows, "seal-rows", NUMBER, 1, 1u << 30, NULL, "250000", "N",                  \
      "write files after this many rows")                                                          \
    X(uint64_t, seal_bytes, "seal-bytes", BYTES, 1 << 20, UINT64_C(1) << 34, NULL, "64M", "SIZE",  \
      "or when they take this much memory")                                                        \
    X(uint64_t, seal_age, "seal-age", DURATION, 10, 86400000, NULL, "10s", "TIME",                 \
      "or this long after the first of them")                                                      \
    X(uint64_t, dedup_window, "dedup-window", DURATION, 0, 86400000, NULL, "5m", "TIME",           \
      "acknowledge a request that is the same to the last byte as one that\n"                      \
      "came within this time, and do not store it twice; 0s: store it")                            \
    X(setting_text, path_template, "path-template", TEXT, 0, 0, NULL, O2P_DEFAULT_PATH_TEMPLATE,   \
      "PATH", "name the files so; see `otlp2parquet convert --help`")                              \
    X(uint64_t, codec, "codec", CHOICE, 0, 0, "snappy|zstd|gzip|lz4|uncompressed", "snappy",       \
      "NAME", "compress pages by snappy, zstd, gzip, lz4, or not (uncompressed)")                  \
    X(uint64_t, codec_level, "codec-level", NUMBER, 0, 22, NULL, "0", "N",                         \
      "level of zstd (1 to 22) or gzip (1 to 9); 0: the codec's own")                              \
    X(uint64_t, threads, "threads", NUMBER, 0, 1024, NULL, "0", "N",                               \
      "threads that serve connections; 0: one a core")                                             \
    X(uint64_t, store_threads, "store-threads", NUMBER, 1, 64, NULL, "2", "N",                     \
      "threads that write and store files")                                                        \
    X(uint64_t, max_sealed, "max-sealed", NUMBER, 1, 1024, NULL, "4", "N",                         \
      "batches that may wait to be stored before requests are refused")                            \
    X(uint64_t, max_request, "max-request", BYTES, 1024, UINT64_C(1) << 30, NULL, "64M", "SIZE",   \
      "largest request, as it comes and decompressed")                                             \
    X(uint64_t, max_pending, "max-pending", BYTES, 1 << 20, UINT64_C(1) << 40, NULL, "256M",       \
      "SIZE", "memory for requests that are not acknowledged yet")                                 \
    X(uint64_t, max_connections, "max-connections", NUMBER, 1, 1000000, NULL, "4096", "N",         \
      "connections at a time")                                                                     \
    X(uint64_t, request_timeout, "request-timeout", DURATION, 100, 3600000, NULL, "30s", "TIME",   \
      "longest time a request may take to arrive")                                                 \
    X(uint64_t, idle_timeout, "idle-timeout", DURATION, 100, 86400000, NULL, "5m", "TIME",         \
      "close a connection that asks nothing for so long")                                          \
    X(uint64_t, drain_timeout, "drain-timeout", DURATION, 0, 3600000, NULL, "25s", "TIME",         \
      "longest time to finish after SIGTERM; what is left is in the log")                          \
    X(uint64_t, log_level, "log-level", CHOICE, 0, 0, "debug|info|warn|error", "info", "LEVEL",    \
      "what to report")                                                                            \
    X(uint64_t, log_format, "log-format", CHOICE, 0, 0, "text|json", "text", "FORMAT",             \
      "how to report it")

/* A text with its NUL, in place: nothing of the settings is to be released. */
typedef char setting_text[1024];

typedef struct settings {
#define X(type, name, key, kind, least, most, choices, value, label, help) type name;
    SETTINGS(X)
#undef X
} settings;

enum {
#define X(type, name, key, kind, least, most, choices, value, label, help) SETTING_##name,
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

/* All defaults. */
void settings_init(settings *all);

/* Sets one from its text. False with the reason, which says what is allowed. */
bool settings_set(settings *all, size_t index, const char *text, settings_error *error);

/* Sets those that the environment names. A variable that begins with OTLP2PARQUET_ and is none of
 * them is refused. */
bool settings_read_environment(settings *all, char **environment, settings_error *error);

/* Sets those that a YAML file names: a mapping of keys to scalars. The error has file and line. */
bool settings_read_file(settings *all, const char *path, settings_error *error);

/* Writes all of them as such a file. */
void settings_print(const settings *all, FILE *out);

#endif
