/* options.h - the flags that name options of the library, which convert and bench have in common:
 * one table, expanded into that of each command.
 */
#ifndef O2P_CLI_OPTIONS_H
#define O2P_CLI_OPTIONS_H

#include "../../include/otlp2parquet.h"
#include "../server/settings.h"
#include "args.h"

/* What --one-file and bench write: no field but the required hash splits, so there is one file a
 * table. */
#define ONE_FILE_TEMPLATE "{table}-{time}-{hash}.parquet"

/* Values of the flags; 0 and NULL: not given. */
struct library_flags {
    int signal, encoding;
    const char *given[SETTING_COUNT]; /* of PATH_SETTING and FILE_SETTINGS */
    bool on[SETTING_COUNT];           /* of those that are switches */
};

extern struct library_flags library_flags;

extern const struct flag_choice signal_choices[];   /* values of o2p_signal */
extern const struct flag_choice encoding_choices[]; /* values of o2p_encoding */

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
                     "the bytes)"),

/* What files are called and look like: the server's table (../server/settings.h), whose texts are
 * read in one place. A switch needs no value here. */
#define PATH_FLAG PATH_SETTING(FILE_FLAG)
#define FILE_FLAGS FILE_SETTINGS(FILE_FLAG)
#define FILE_FLAG(type, setting, change, key, kind, least, most, choices, standard, label, text)   \
    FILE_FLAG_##kind(key, label, text, standard, SETTING_##setting)

#define FILE_FLAG_TEXT(key, label, text, standard, index)                                          \
    {key, label, text " (default:\n" standard ")", FLAG_TEXT, &library_flags.given[index], NULL},
#define FILE_FLAG_LIST(key, label, text, standard, index)                                          \
    {key, label, text " (default: " standard ")", FLAG_TEXT, &library_flags.given[index], NULL},
#define FILE_FLAG_SHARE(...) FILE_FLAG_LIST(__VA_ARGS__)
#define FILE_FLAG_NUMBER(...) FILE_FLAG_LIST(__VA_ARGS__)
#define FILE_FLAG_BYTES(...) FILE_FLAG_LIST(__VA_ARGS__)
#define FILE_FLAG_CHOICE(...) FILE_FLAG_LIST(__VA_ARGS__)
#define FILE_FLAG_EACH(key, label, text, standard, index)                                          \
    {key, label, text, FLAG_EACH, &library_flags.given[index], NULL},
#define FILE_FLAG_SWITCH(key, label, text, standard, index)                                        \
    {key, NULL, text, FLAG_SWITCH, &library_flags.on[index], NULL},

/* The options that the flags say. False after a message. */
bool options_of_flags(const char *command, o2p_options *options);

/* Whether the library takes the options; if not, says why. */
bool options_are_good(const char *command, const o2p_options *options);

#endif
