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

/* Values of the flags; 0 and NULL: not given. */
struct library_flags {
    int signal, encoding;
    int codec, order, ids, timestamps;
};

extern struct library_flags library_flags;

extern const struct flag_choice signal_choices[];     /* values of o2p_signal */
extern const struct flag_choice encoding_choices[];   /* values of o2p_encoding */
extern const struct flag_choice codec_choices[];      /* values of o2p_codec */
extern const struct flag_choice order_choices[];      /* values of o2p_order */
extern const struct flag_choice ids_choices[];        /* values of o2p_ids */
extern const struct flag_choice timestamps_choices[]; /* values of o2p_timestamps */

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
                 "snappy or none (default: snappy)"),                                              \
        LIBRARY_FLAG("order", "ORDER", FLAG_CHOICE, order, order_choices,                          \
                     "rows clustered by service and time, or as received (default:\n"              \
                     "clustered)"),                                                                \
        LIBRARY_FLAG("ids", "FORM", FLAG_CHOICE, ids, ids_choices,                                 \
                     "trace and span ids as hex text or binary (default: hex)"),                   \
        LIBRARY_FLAG("timestamps", "UNIT", FLAG_CHOICE, timestamps, timestamps_choices,            \
                     "micros, with a column of the nanoseconds below, or nanos in\n"               \
                     "one column, which not every engine reads (default: micros)")

/* The options that the flags say. */
o2p_options options_of_flags(void);

/* Whether the library takes the options; if not, says why. */
bool options_are_good(const char *command, const o2p_options *options);

#endif
