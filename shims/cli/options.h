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
    int codec, order, ids;
};

extern struct library_flags library_flags;

extern const struct flag_choice signal_choices[];   /* values of o2p_signal */
extern const struct flag_choice encoding_choices[]; /* values of o2p_encoding */
extern const struct flag_choice codec_choices[];    /* values of o2p_codec */
extern const struct flag_choice order_choices[];    /* values of o2p_order */
extern const struct flag_choice ids_choices[];      /* values of o2p_ids */

/* What an input is. */
#define INPUT_FLAGS                                                                                \
    {"signal",                                                                                     \
     "SIGNAL",                                                                                     \
     "auto, logs, traces or metrics (default: auto, told from the bytes)",                         \
     FLAG_CHOICE,                                                                                  \
     &library_flags.signal,                                                                        \
     signal_choices},                                                                              \
    {                                                                                              \
        "encoding", "ENCODING",                                                                    \
            "auto, protobuf, json or json-lines (default: auto, told from\nthe bytes)",            \
            FLAG_CHOICE, &library_flags.encoding, encoding_choices                                 \
    }

/* What the files look like. */
#define FILE_FLAGS                                                                                 \
    {"codec",      "CODEC", "snappy or none (default: snappy)", FLAG_CHOICE, &library_flags.codec, \
     codec_choices},                                                                               \
        {"order",                                                                                  \
         "ORDER",                                                                                  \
         "rows clustered by service and time, or as received (default:\nclustered)",               \
         FLAG_CHOICE,                                                                              \
         &library_flags.order,                                                                     \
         order_choices},                                                                           \
    {                                                                                              \
        "ids", "FORM", "trace and span ids as hex text or binary (default: hex)", FLAG_CHOICE,     \
            &library_flags.ids, ids_choices                                                        \
    }

/* The options that the flags say. */
o2p_options options_of_flags(void);

/* Whether the library takes the options; if not, says why. */
bool options_are_good(const char *command, const o2p_options *options);

#endif
