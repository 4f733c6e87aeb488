/* file_options.c - see file_options.h. */
#include "server.h"
#include "file_options.h"
#include "promote.h"

#include <stdlib.h>
#include <string.h>

/* Which settings they are. */
static const size_t members[] = {
#define X(type, name, change, key, kind, least, most, choices, value, label, help) SETTING_##name,
    PATH_SETTING(X) FILE_SETTINGS(X)
#undef X
};
enum { MEMBERS = sizeof members / sizeof *members };

/* The names of a choice are in the order of the library's values, of which 0 is the default. */
_Static_assert((int)O2P_CODEC_UNCOMPRESSED == 1 && (int)O2P_CODEC_SNAPPY == 2 &&
                   (int)O2P_CODEC_ZSTD == 3 && (int)O2P_CODEC_GZIP == 4 &&
                   (int)O2P_CODEC_LZ4_RAW == 5,
               "codec");
_Static_assert((int)O2P_ORDER_CLUSTERED == 1 && (int)O2P_ORDER_RECEIVED == 2, "order");
_Static_assert((int)O2P_IDS_HEX == 1 && (int)O2P_IDS_BINARY == 2, "ids");
_Static_assert((int)O2P_TIMESTAMPS_MICROS == 1 && (int)O2P_TIMESTAMPS_NANOS == 2, "timestamps");
_Static_assert((int)O2P_ATTRIBUTES_MAP == 1 && (int)O2P_ATTRIBUTES_JSON == 2 &&
                   (int)O2P_ATTRIBUTES_VARIANT == 3,
               "attributes");

/* ---- options --------------------------------------------------------------------------------- */

static bool read_promotions(file_options *it, settings_error *error)
{
    promote_error wrong;
    size_t count = promotions_read(it->promotions, it->promote, &wrong);
    if (count == SIZE_MAX)
        return settings_refuse(error, "%s %.200s: %s", settings_key(SETTING_promote), wrong.spec,
                               wrong.reason);
    it->options.promotions = it->promotions;
    it->options.promotion_count = count;
    return true;
}

bool file_options_read(file_options *it, const settings *from, settings_error *error)
{
    memcpy(it->path_template, from->path_template, sizeof it->path_template);
    memcpy(it->bloom_columns, from->bloom_columns, sizeof it->bloom_columns);
    memcpy(it->promote, from->promote, sizeof it->promote);
    it->options = (o2p_options){
        .size = sizeof(o2p_options),
        .path_template = it->path_template,
        .codec = (o2p_codec)(from->codec + 1),
        .codec_level = from->codec_level < INT32_MAX ? (int32_t)from->codec_level : INT32_MAX,
        .order = (o2p_order)(from->order + 1),
        .ids = (o2p_ids)(from->ids + 1),
        .timestamps = (o2p_timestamps)(from->timestamps + 1),
        .attributes = (o2p_attributes_form)(from->attributes + 1),
        .row_group_rows = (uint32_t)from->row_group_rows,
        .row_group_bytes = from->row_group_bytes,
        .page_rows = (uint32_t)from->page_rows,
        .page_bytes = (uint32_t)from->page_bytes,
        .dictionary_bytes = (uint32_t)from->dictionary_bytes,
        .statistics_bytes = (uint32_t)from->statistics_bytes,
        .bloom_columns = it->bloom_columns,
        .bloom_fpp = strtod(from->bloom_fpp, NULL),
        .promotions_only = from->promote_only != 0,
    };
    return read_promotions(it, error);
}

/* The key of an option: page_bytes is page-bytes; promotions are those of `promote`. */
static void put_key(char *key, size_t room, const char *option)
{
    snprintf(key, room, "%s",
             strcmp(option, "promotions") == 0 ? settings_key(SETTING_promote) : option);
    for (char *c = key; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
}

bool file_options_check(const o2p_options *options, settings_error *error)
{
    o2p_batch *batch;
    o2p_error refusal;
    char key[O2P_FIELD_PATH_SIZE];
    o2p_status status = o2p_batch_new(options, &batch, &refusal);
    o2p_batch_free(batch);
    if (status == O2P_OK || status == O2P_ERR_OUT_OF_MEMORY) /* which may be another time */
        return true;
    put_key(key, sizeof key, refusal.path);
    return settings_refuse(error, "%s%s%s", key, key[0] != '\0' ? ": " : "", refusal.message);
}

/* ---- the text of a segment ------------------------------------------------------------------- */

char *file_options_text(const settings *from, size_t *size)
{
    setting_list value;
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < MEMBERS; i++) {
        settings_value(from, members[i], value);
        fprintf(out, "%s%c%s%c", settings_key(members[i]), 0, value, 0);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* The setting that a key names, of these alone. */
static size_t find(const char *key)
{
    size_t index = settings_find(key, strlen(key));
    for (size_t i = 0; i < MEMBERS; i++)
        if (members[i] == index)
            return index;
    return SETTING_COUNT;
}

bool file_options_parse(settings *all, const char *text, size_t size, settings_error *error)
{
    settings_error reason;
    const char *end = text + size;
    while (text < end) {
        const char *key = text;
        const char *value = memchr(key, 0, (size_t)(end - key));
        const char *next = value != NULL ? memchr(value + 1, 0, (size_t)(end - value - 1)) : NULL;
        if (next == NULL)
            return settings_refuse(error, "the settings in it are cut short");
        size_t index = find(key);
        if (index == SETTING_COUNT)
            return settings_refuse(error, "this version has no setting %.60s for files", key);
        if (!settings_set(all, index, value + 1, &reason))
            return settings_refuse(error, "%.60s %.300s", key, reason.text);
        text = next + 1;
    }
    return true;
}
