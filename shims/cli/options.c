/* options.c - see options.h. */
#include "cli.h"
#include "input.h"
#include "options.h"
#include "terminal.h"
#include "../server/file_options.h"

#include <stdio.h>

struct library_flags library_flags;

const struct flag_choice signal_choices[] = {{"auto", O2P_SIGNAL_AUTO},
                                             {"logs", O2P_SIGNAL_LOGS},
                                             {"traces", O2P_SIGNAL_TRACES},
                                             {"metrics", O2P_SIGNAL_METRICS},
                                             {NULL, 0}};

const struct flag_choice encoding_choices[] = {{"auto", O2P_ENCODING_AUTO},
                                               {"protobuf", O2P_ENCODING_PROTOBUF},
                                               {"json", O2P_ENCODING_JSON},
                                               {"json-lines", O2P_ENCODING_JSON_LINES},
                                               {NULL, 0}};

/* Sets what one flag says. False after a message. */
static bool set_one(settings *all, size_t index)
{
    settings_error error;
    const char *text = library_flags.on[index] ? "true" : library_flags.given[index];
    if (text == NULL || settings_set(all, index, text, &error))
        return true;
    complain("--%s %s", settings_key(index), error.text);
    return false;
}

/* Refuses with the reason of a setting, which begins with its key. */
static bool refuse(const char *command, const settings_error *error)
{
    char message[sizeof error->text + 2];
    snprintf(message, sizeof message, "--%s", error->text);
    args_refuse(command, message);
    return false;
}

bool options_of_flags(const char *command, o2p_options *result)
{
    static settings all;
    static file_options files;
    settings_error error;
    settings_init(&all);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (!set_one(&all, i))
            return false;
    if (!file_options_read(&files, &all, &error))
        return refuse(command, &error);
    files.options.signal = (o2p_signal)library_flags.signal;
    files.options.encoding = (o2p_encoding)library_flags.encoding;
    files.options.max_input_bytes = INPUT_REQUEST_MAX;
    *result = files.options;
    return true;
}

bool options_are_good(const char *command, const o2p_options *options)
{
    settings_error error;
    return file_options_check(options, &error) || refuse(command, &error);
}
