/* settings_file.c - settings in YAML: libcyaml reads the file into one text a key. See settings.h,
 * and settings.c for what the texts mean.
 */
#include "server.h"
#include "settings.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What is read: the text of a file, and its name for messages. */
typedef struct source {
    const char *name;
    const char *text;
    size_t size;
} source;

/* What libcyaml says: one line for the mistake, then its place. */
static void collect_log(cyaml_log_t severity, void *ctx, const char *format, va_list arguments)
{
    settings_error *error = ctx;
    size_t used = strlen(error->text);
    (void)severity;
    vsnprintf(error->text + used, sizeof error->text - used, format, arguments);
}

/* The line of the text that a key stands on, from 1; 0 when it is not at a line's beginning, as in
 * a flow mapping: libcyaml keeps no lines of values. */
static unsigned line_of(const source *from, const char *key)
{
    size_t length = strlen(key);
    unsigned number = 0;
    for (const char *line = from->text, *end = line + from->size; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        number++;
        while (line < end && strchr(" \"'", *line) != NULL && *line != '\0')
            line++;
        if ((size_t)(end - line) > length && memcmp(line, key, length) == 0 &&
            line[length] != '\0' && strchr(" :\"'", line[length]) != NULL)
            return number;
        line = next != NULL ? next + 1 : end;
    }
    return 0;
}

/* FILE:LINE: KEY REASON, without the line when it is not known. */
static bool refuse_key(settings_error *error, const source *from, const char *key,
                       const char *reason)
{
    unsigned line = line_of(from, key);
    if (line > 0)
        return settings_refuse(error, "%.100s:%u: %.60s %.300s", from->name, line, key, reason);
    return settings_refuse(error, "%.100s: %.60s %.300s", from->name, key, reason);
}

/* Says what libcyaml said of a key, with the key's line: its own is that of what came before. It
 * writes "Load: REASON" or "Load: Unexpected key: KEY", and on the next lines "in mapping field
 * 'KEY'" where there is one. */
static bool refuse_text(settings_error *error, const source *from, settings_error *log)
{
    static const char unknown[] = "Unexpected key: ";
    static const char within[] = "mapping field '";
    char *reason = strncmp(log->text, "Load: ", 6) == 0 ? log->text + 6 : log->text;
    char *line = strchr(reason, '\n');
    char *key = line != NULL ? strstr(line, within) : NULL;
    if (line != NULL)
        *line = '\0';
    if (strncmp(reason, unknown, sizeof unknown - 1) == 0)
        return refuse_key(error, from, reason + sizeof unknown - 1, "is no setting");
    if (key == NULL)
        return settings_refuse(error, "%.100s: %.300s", from->name, reason);
    key += sizeof within - 1;
    key[strcspn(key, "'")] = '\0';
    return refuse_key(error, from, key, reason);
}

static bool set_one(settings *all, size_t index, const char *text, const source *from,
                    settings_error *error)
{
    settings_error reason;
    return settings_set(all, index, text, &reason) ||
           refuse_key(error, from, settings_key(index), reason.text);
}

/* The texts of a file, in the order of the table. */
typedef struct texts {
    char *of[SETTING_COUNT];
} texts;

static cyaml_err_t load_texts(const source *from, texts **loaded, settings_error *log)
{
    cyaml_schema_field_t fields[SETTING_COUNT + 1];
    memset(fields, 0, sizeof fields);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        fields[i] = (cyaml_schema_field_t){
            .key = settings_key(i),
            .data_offset = (uint32_t)(offsetof(texts, of) + i * sizeof(char *)),
            .value = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, char, 0,
                                         CYAML_UNLIMITED)}};
    }
    const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, texts, fields)};
    const cyaml_config_t config = {
        .log_fn = collect_log, .log_ctx = log, .log_level = CYAML_LOG_WARNING, .mem_fn = cyaml_mem};
    return cyaml_load_data((const uint8_t *)from->text, from->size, &config, &schema,
                           (cyaml_data_t **)loaded, NULL);
}

bool settings_read_text(settings *all, const char *name, const char *text, size_t size,
                        settings_error *error)
{
    const source from = {name, text, size};
    texts *loaded = NULL;
    settings_error log = {""};
    cyaml_err_t status = load_texts(&from, &loaded, &log);
    if (status != CYAML_OK) {
        if (log.text[0] == '\0')
            return settings_refuse(error, "%.100s: %s", name, cyaml_strerror(status));
        return refuse_text(error, &from, &log);
    }
    bool read = true;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (loaded != NULL && loaded->of[i] != NULL && read)
            read = set_one(all, i, loaded->of[i], &from, error);
        if (loaded != NULL)
            free(loaded->of[i]);
    }
    free(loaded);
    return read;
}

bool settings_read_file(settings *all, const char *path, settings_error *error)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "r");
    char *text = file != NULL ? malloc(MOST) : NULL;
    size_t size = text != NULL ? fread(text, 1, MOST, file) : 0;
    bool read = false;
    if (text == NULL || ferror(file))
        settings_refuse(error, "%.100s: %s", path, strerror(errno));
    else if (size == MOST)
        settings_refuse(error, "%.100s: larger than 1 MiB", path);
    else
        read = settings_read_text(all, path, text, size, error);
    free(text);
    if (file != NULL)
        fclose(file);
    return read;
}
