/* file_options.h - what files are called and look like: the settings PATH_SETTING and FILE_SETTINGS
 * as options of the library, and as the text of them in a segment of the log.
 *
 *   KEY NUL VALUE NUL ...   of each of these settings, as they are written in a file of them
 *
 * All are in it, so that a segment is read again as it was meant when it was written, whatever the
 * settings, and the defaults of the program, have become. A program that lacks one of the settings
 * cannot make the same files, and says so.
 */
#ifndef O2P_SERVER_FILE_OPTIONS_H
#define O2P_SERVER_FILE_OPTIONS_H

#include "settings.h"

typedef struct file_options {
    o2p_options options; /* without limits beyond the library's own; points into what is below */
    setting_text path_template;
    setting_list bloom_columns;
    setting_list promote; /* cut into pieces */
    o2p_promotion promotions[O2P_MAX_PROMOTIONS + 1];
} file_options;

/* The options that settings say. False with the reason: a SPEC that is none. What the library
 * refuses is for file_options_check. `it` stays where it is: it points into itself. */
bool file_options_read(file_options *it, const settings *from, settings_error *error);

/* Whether the library takes options. If not, the reason begins with the key of the setting. */
bool file_options_check(const o2p_options *options, settings_error *error);

/* The text of a segment, to be freed; NULL when there is no memory. */
char *file_options_text(const settings *from, size_t *size);

/* Sets those that a text of a segment has. False with the reason. */
bool file_options_parse(settings *all, const char *text, size_t size, settings_error *error);

#endif
