/* options.h - the flags that name options of the library, which convert and bench have in common:
 * one table, expanded into that of each command.
 */
#ifndef O2P_CLI_OPTIONS_H
#define O2P_CLI_OPTIONS_H

#include "../../include/otlp2parquet.h"
#include "args.h"

/* What --one-file and bench write: no field but the required hash splits, so there is one file a
 * table. */
#define ONE_FILE_TEMPLATE "{table}-{time}-{hash}.parquet"

/* Values of the flags; 0 and NULL: not given. A number that the library has no room for is one that
 * it refuses. */
struct library_flags {
    int signal, encoding;
    int codec, order, ids, timestamps, attributes;
    uint64_t codec_level, row_group_rows, row_group_bytes, page_rows, page_bytes;
    uint64_t dictionary_bytes, statistics_bytes;
    const char *bloom_columns;
    double bloom_fpp;
    struct flag_values promote;
    bool promote_only;
};

extern struct library_flags library_flags;

extern const struct flag_choice signal_choices[];     /* values of o2p_signal */
extern const struct flag_choice encoding_choices[];   /* values of o2p_encoding */
extern const struct flag_choice codec_choices[];      /* values of o2p_codec */
extern const struct flag_choice order_choices[];      /* values of o2p_order */
extern const struct flag_choice ids_choices[];        /* values of o2p_ids */
extern const struct flag_choice timestamps_choices[]; /* values of o2p_timestamps */

extern const struct flag_choice attributes_choices[]; /* values of o2p_attributes_form */

#define LIBRARY_FLAG(name, value, kind, target, choices, help)                                     \
    {                                                                                              \
        name, value, help, kind, &library_flags.target, choices                                    \
    }

/* What an input is. */
#define INPUT_FLAGS                                                                                \
    LIBRARY_FLAG("signal", "SIGNAL", FLAG_CHOICE, signal, signal_choices,                          \
                 "auto, logs, traces or metrics (default: auto, told from the bytes)"),            \
        LIBRARY_FLAG("encoding", "ENCODING", FLAG_CHOICE, encoding, encoding_choices,              \
                     "auto, protobuf, json or json-lines (default: auto, told from\n"              \
                     "the bytes)")

/* What the files look like. */
#define FILE_FLAGS                                                                                 \
    LIBRARY_FLAG("codec", "CODEC", FLAG_CHOICE, codec, codec_choices,                              \
                 "snappy, zstd, gzip, lz4 or none (default: snappy)"),                             \
        LIBRARY_FLAG("codec-level", "N", FLAG_NUMBER, codec_level, NULL,                           \
                     "effort: of zstd 1 to 22 (default: 3), of gzip 1 to 9\n"                      \
                     "(default: 6); the others have no levels"),                                   \
        LIBRARY_FLAG("order", "ORDER", FLAG_CHOICE, order, order_choices,                          \
                     "rows clustered by service and time, or as received (default:\n"              \
                     "clustered)"),                                                                \
        LIBRARY_FLAG("ids", "FORM", FLAG_CHOICE, ids, ids_choices,                                 \
                     "trace and span ids as hex text or binary (default: hex)"),                   \
        LIBRARY_FLAG("timestamps", "UNIT", FLAG_CHOICE, timestamps, timestamps_choices,            \
                     "micros, with a column of the nanoseconds below, or nanos in\n"               \
                     "one column, which not every engine reads (default: micros)"),                \
        LIBRARY_FLAG("row-group-rows", "N", FLAG_NUMBER, row_group_rows, NULL,                     \
                     "rows of a row group, at most (default: 122880)"),                            \
        LIBRARY_FLAG("row-group-bytes", "N", FLAG_NUMBER, row_group_bytes, NULL,                   \
                     "bytes of a row group before compression, at most, about\n"                   \
                     "(default: 128M)"),                                                           \
        LIBRARY_FLAG("page-rows", "N", FLAG_NUMBER, page_rows, NULL,                               \
                     "rows of a page, at most (default: 20000)"),                                  \
        LIBRARY_FLAG("page-bytes", "N", FLAG_NUMBER, page_bytes, NULL,                             \
                     "bytes of a page before compression, about (default: 1M)"),                   \
        LIBRARY_FLAG("dictionary-bytes", "N", FLAG_NUMBER, dictionary_bytes, NULL,                 \
                     "columns whose dictionary would be larger are written\n"                      \
                     "without (default: 16M)"),                                                    \
        LIBRARY_FLAG("statistics-bytes", "N", FLAG_NUMBER, statistics_bytes, NULL,                 \
                     "least and greatest texts are cut to N bytes (default: 64)"),                 \
        LIBRARY_FLAG("bloom-columns", "NAMES", FLAG_TEXT, bloom_columns, NULL,                     \
                     "columns with a bloom filter, separated by commas, as\n"                      \
                     "TraceId,Links.TraceId; empty: none (default: TraceId)"),                     \
        LIBRARY_FLAG("bloom-fpp", "SHARE", FLAG_SHARE, bloom_fpp, NULL,                            \
                     "absent values that a bloom filter does not exclude, at\n"                    \
                     "most, 0.0001 to 0.5 (default: 0.01)"),                                       \
        LIBRARY_FLAG("attributes", "FORM", FLAG_CHOICE, attributes, attributes_choices,            \
                     "attributes as a map of texts, as json text, or as Parquet's\n"               \
                     "variant, which not every engine reads (default: map)"),                      \
        LIBRARY_FLAG("promote", "SPEC", FLAG_EACH, promote, NULL,                                  \
                     "give an attribute a column of its own; may be given several\n"               \
                     "times. SPEC is resource:KEY[:TYPE][=COLUMN] or record:...,\n"                \
                     "TYPE string, int64, double or bool; a : or = in KEY is\n"                    \
                     "written \\: or \\="),                                                        \
        LIBRARY_FLAG("promote-only", NULL, FLAG_SWITCH, promote_only, NULL,                        \
                     "leave promoted attributes out of the lists they come from")

/* The options that the flags say. False after a message. */
bool options_of_flags(const char *command, o2p_options *options);

/* Whether the library takes the options; if not, says why. */
bool options_are_good(const char *command, const o2p_options *options);

#endif
