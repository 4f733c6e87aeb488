/* server_settings.h - the settings of the server as the commands get them: from a file, from the
 * environment, from flags; each is stronger than the one before it.
 */
#ifndef O2P_CLI_SERVER_SETTINGS_H
#define O2P_CLI_SERVER_SETTINGS_H

#include "../server/settings.h"

/* What the command line said: targets of flags. */
struct server_flags {
    const char *config;               /* the YAML file; NULL: none */
    const char *given[SETTING_COUNT]; /* NULL: not given */
};

/* The flag --config. */
#define SERVER_CONFIG_FLAG(flags)                                                                  \
    {                                                                                              \
        .name = "config", .value = "FILE",                                                         \
        .help = "read settings from this YAML file: the flags below as keys", .kind = FLAG_TEXT,   \
        .target = &(flags).config                                                                  \
    }

/* Reads all of them. False with the reason. */
bool server_settings_read(const struct server_flags *flags, settings *all, settings_error *error);

#endif
