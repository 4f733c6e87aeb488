/* server_settings.c - see server_settings.h. */
#include "cli.h"
#include "server_settings.h"

extern char **environ;

bool server_settings_read(const struct server_flags *flags, settings *all, settings_error *error)
{
    settings_error reason;
    settings_init(all);
    if ((flags->config != NULL && !settings_read_file(all, flags->config, error)) ||
        !settings_read_environment(all, environ, error))
        return false;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (flags->given[i] != NULL && !settings_set(all, i, flags->given[i], &reason)) {
            snprintf(error->text, sizeof error->text, "--%s %.400s", settings_key(i), reason.text);
            return false;
        }
    return true;
}
