/* settings.c - see settings.h. What the texts mean, wherever they come from, is decided here alone.
 */
#include "server.h"
#include "settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind {
    KIND_TEXT,
    KIND_LIST,
    KIND_EACH,
    KIND_SHARE,
    KIND_NUMBER,
    KIND_BYTES,
    KIND_DURATION,
    KIND_CHOICE,
    KIND_SWITCH,
    KIND_ADDRESS
} kind;

typedef enum change { CHANGE_LIVE, CHANGE_FIXED } change;

typedef struct setting {
    const char *key;
    size_t offset; /* in settings */
    size_t size;   /* of its place there */
    change change;
    kind kind;
    uint64_t least;
    uint64_t most;
    const char *choices; /* names divided by | */
    const char *value;   /* the default */
} setting;

static const setting table[] = {
#define X(type, name, change, key, kind, least, most, choices, value, label, help)                 \
    {key,          offsetof(settings, name),                                                       \
     sizeof(type), CHANGE_##change,                                                                \
     KIND_##kind,  least,                                                                          \
     most,         choices,                                                                        \
     value},
    SETTINGS(X)
#undef X
};

static void set_value(settings *all, size_t index, uint64_t value)
{
    void *place = (char *)all + table[index].offset;
    atomic_store((setting_number *)place, value);
}

static uint64_t value_of(const settings *all, size_t index)
{
    const void *place = (const char *)all + table[index].offset;
    return *(const setting_number *)place;
}

static const char *text_of(const settings *all, size_t index)
{
    return (const char *)all + table[index].offset;
}

static bool is_text(size_t index)
{
    return table[index].size != sizeof(setting_number);
}

bool settings_refuse(settings_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* Texts are read by many threads, and so cannot change. */
#define X(type, name, change, key, kind, least, most, choices, value, label, help)                 \
    _Static_assert(CHANGE_##change == CHANGE_FIXED || sizeof(type) == sizeof(setting_number),      \
                   key " cannot be LIVE");
SETTINGS(X)
#undef X

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

/* In the order in which they are tried for printing; numbers are printed without. */
static const unit units_of_numbers[] = {
    {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
static const unit units_of_bytes[] = {
    {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}, {NULL, 0}};
static const unit units_of_durations[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};

static const unit *units_of(kind of)
{
    return of == KIND_BYTES      ? units_of_bytes
           : of == KIND_DURATION ? units_of_durations
                                 : units_of_numbers;
}

/* A number with the greatest unit that divides it; `text` has room for 32 bytes. */
static void print_number(kind of, uint64_t value, char *text)
{
    const unit *units = units_of(of);
    while (value % units->factor != 0 || (value == 0 && units->factor > 1 && units[1].name != NULL))
        units++;
    snprintf(text, 32, "%" PRIu64 "%s", value / units->factor, units->name);
}

static bool parse_number(kind of, const char *text, uint64_t *value)
{
    uint64_t number = 0;
    const char *next = text;
    for (; isdigit((unsigned char)*next); next++) {
        uint64_t digit = (uint64_t)(*next - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (next == text)
        return false;
    for (const unit *it = units_of(of); it->name != NULL; it++)
        if (strcmp(next, it->name) == 0 && number <= UINT64_MAX / it->factor) {
            *value = number * it->factor;
            return true;
        }
    return false;
}

static bool set_number(settings *all, size_t index, const char *text, settings_error *error)
{
    const setting *it = &table[index];
    uint64_t value;
    if (parse_number(it->kind, text, &value) && value >= it->least && value <= it->most) {
        set_value(all, index, value);
        return true;
    }
    char least[32];
    char most[32];
    print_number(it->kind, it->least, least);
    print_number(it->kind, it->most, most);
    return settings_refuse(error, "cannot be \"%.100s\"; it is %s from %s to %s, such as %s", text,
                           it->kind == KIND_BYTES      ? "a size"
                           : it->kind == KIND_DURATION ? "a time"
                                                       : "a number",
                           least, most, it->value);
}

/* The name at `names`, and where the next one begins; NULL behind the last. `*size` is the name's,
 * without the other name that it may have behind a `=`. */
static const char *next_choice(const char *names, size_t *size)
{
    size_t length = strcspn(names, "|");
    *size = strcspn(names, "=|");
    return names[length] == '|' ? names + length + 1 : NULL;
}

static bool is_choice(const char *text, const char *names)
{
    size_t size;
    size_t length = strlen(text);
    next_choice(names, &size);
    if (length == size && memcmp(text, names, length) == 0)
        return true;
    const char *other = names[size] == '=' ? names + size + 1 : "";
    return length > 0 && strcspn(other, "|") == length && memcmp(text, other, length) == 0;
}

static bool set_choice(settings *all, size_t index, const char *text, settings_error *error)
{
    char list[128] = "";
    size_t size;
    uint64_t value = 0;
    for (const char *name = table[index].choices, *next; name != NULL; name = next, value++) {
        next = next_choice(name, &size);
        if (is_choice(text, name)) {
            set_value(all, index, value);
            return true;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%.*s", used > 0 ? ", " : "", (int)size, name);
    }
    return settings_refuse(error, "cannot be \"%.100s\"; it is one of: %s", text, list);
}

/* HOST:PORT with a decimal port; a host with colons is in brackets. */
static bool is_address(const char *text)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (strcmp(text, "off") == 0)
        return true;
    if (colon == NULL || colon == text || colon[1 + strspn(colon + 1, "0123456789")] != '\0' ||
        !parse_number(KIND_NUMBER, colon + 1, &port) || port > 65535)
        return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    return bracketed || memchr(text, ':', (size_t)(colon - text)) == NULL;
}

/* Decimal digits with one point at most. */
static bool is_share(const char *text)
{
    char *end;
    if (text[strspn(text, "0123456789.")] != '\0')
        return false;
    double share = strtod(text, &end);
    return end != text && *end == '\0' && share > 0 && share <= 1;
}

static bool set_text(settings *all, size_t index, const char *text, settings_error *error)
{
    const setting *it = &table[index];
    if (text[0] == '\0' && it->kind != KIND_LIST && it->kind != KIND_EACH)
        return settings_refuse(error, "cannot be empty");
    if (it->kind == KIND_ADDRESS && !is_address(text))
        return settings_refuse(error, "cannot be \"%.100s\"; it is HOST:PORT, such as %s, or off",
                               text, it->value);
    if (it->kind == KIND_SHARE && !is_share(text))
        return settings_refuse(error, "cannot be \"%.100s\"; it is a share of 1, such as %s", text,
                               it->value);
    size_t size = strlen(text) + 1;
    if (size > it->size)
        return settings_refuse(error, "cannot be longer than %zu bytes", it->size - 1);
    memcpy((char *)all + it->offset, text, size);
    return true;
}

bool settings_set(settings *all, size_t index, const char *text, settings_error *error)
{
    if (is_text(index))
        return set_text(all, index, text, error);
    if (table[index].choices != NULL)
        return set_choice(all, index, text, error);
    return set_number(all, index, text, error);
}

void settings_init(settings *all)
{
    settings_error error;
    memset(all, 0, sizeof *all); /* and no second one of that size on the stack */
    for (size_t i = 0; i < SETTING_COUNT; i++)
        settings_set(all, i, table[i].value, &error);
}

bool settings_is_given(const char *text)
{
    return strcmp(text, "off") != 0;
}

/* ---- the environment ------------------------------------------------------------------------- */

/* The setting that NAME of OTLP2PARQUET_NAME=... means; SETTING_COUNT when there is none. */
static size_t find_variable(const char *name, size_t length)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *key = table[i].key;
        size_t at = 0;
        while (at < length && (key[at] == '-' ? '_' : toupper((unsigned char)key[at])) == name[at])
            at++;
        if (at == length && key[at] == '\0')
            return i;
    }
    return SETTING_COUNT;
}

bool settings_read_environment(settings *all, char **environment, settings_error *error)
{
    static const char prefix[] = "OTLP2PARQUET_";
    for (char **variable = environment; *variable != NULL; variable++) {
        settings_error reason;
        if (strncmp(*variable, prefix, sizeof prefix - 1) != 0)
            continue;
        const char *name = *variable + sizeof prefix - 1;
        size_t length = strcspn(name, "=");
        size_t index = find_variable(name, length);
        if (index == SETTING_COUNT)
            return settings_refuse(error, "%s%.*s: there is no such setting", prefix, (int)length,
                                   name);
        if (!settings_set(all, index, name + length + 1, &reason))
            return settings_refuse(error, "%s%.*s %.400s", prefix, (int)length, name, reason.text);
    }
    return true;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* The code of the character at `text` when it cannot stand in quotes as it is, and its size in
 * UTF-8; 0 when it can. YAML 1.1, 5.1: controls, a byte order mark and what is no character; and of
 * line breaks (5.4) those that would become blanks. */
static unsigned code_to_escape(const unsigned char *text, size_t *size)
{
    unsigned code = text[0];
    *size = 1;
    if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0) {
        *size = 2;
        return text[1];
    }
    if (text[0] >= 0xe0 && text[0] < 0xf0 && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80) {
        code = (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
        *size = 3;
        return code == 0x2028 || code == 0x2029 || code == 0xfeff || code >= 0xfffe ? code : 0;
    }
    return code < 0x20 || code == 0x7f ? code : 0;
}

/* In double quotes, where a colon, a # or a brace would mean something else. */
static void print_quoted(FILE *out, const char *text)
{
    size_t size;
    fputc('"', out);
    for (; *text != '\0'; text += size) {
        unsigned code = code_to_escape((const unsigned char *)text, &size);
        if (code > 0)
            fprintf(out, "\\u%04x", code);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fwrite(text, 1, size, out);
    }
    fputc('"', out);
}

size_t settings_find(const char *key, size_t size)
{
    size_t index = 0;
    while (index < SETTING_COUNT &&
           (strlen(table[index].key) != size || memcmp(table[index].key, key, size) != 0))
        index++;
    return index;
}

const char *settings_key(size_t index)
{
    return table[index].key;
}

void settings_value(const settings *all, size_t index, setting_list text)
{
    const setting *it = &table[index];
    if (is_text(index)) {
        snprintf(text, sizeof(setting_list), "%s", text_of(all, index));
    } else if (it->choices != NULL) {
        size_t size;
        const char *name = it->choices;
        const char *next = next_choice(name, &size);
        for (uint64_t value = value_of(all, index); value > 0 && next != NULL; value--) {
            name = next;
            next = next_choice(name, &size);
        }
        snprintf(text, sizeof(setting_list), "%.*s", (int)size, name);
    } else
        print_number(it->kind, value_of(all, index), text);
}

void settings_print(const settings *all, FILE *out)
{
    setting_list text;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        settings_value(all, i, text);
        fprintf(out, "%s: ", table[i].key);
        if (is_text(i))
            print_quoted(out, text);
        else
            fputs(text, out);
        fputc('\n', out);
    }
}

/* ---- changing -------------------------------------------------------------------------------- */

setting_change settings_take(settings *all, const settings *other, size_t index)
{
    bool same = is_text(index) ? strcmp(text_of(all, index), text_of(other, index)) == 0
                               : value_of(all, index) == value_of(other, index);
    if (same)
        return SETTING_SAME;
    if (table[index].change == CHANGE_FIXED)
        return SETTING_KEPT;
    set_value(all, index, value_of(other, index));
    return SETTING_TAKEN;
}
