/* settings.c - see settings.h. What the texts mean, wherever they come from, is decided here alone.
 */
#include "server.h"
#include "settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

typedef enum kind {
    KIND_TEXT,
    KIND_NUMBER,
    KIND_BYTES,
    KIND_DURATION,
    KIND_CHOICE,
    KIND_ADDRESS
} kind;

typedef enum change { CHANGE_LIVE, CHANGE_FIXED } change;

typedef struct setting {
    const char *key;
    size_t offset; /* in settings */
    change change;
    kind kind;
    uint64_t least;
    uint64_t most;
    const char *choices; /* names divided by | */
    const char *value;   /* the default */
} setting;

static const setting table[] = {
#define X(type, name, change, key, kind, least, most, choices, value, label, help)                 \
    {key, offsetof(settings, name), CHANGE_##change, KIND_##kind, least, most, choices, value},
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
    return table[index].kind == KIND_TEXT || table[index].kind == KIND_ADDRESS;
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

/* The greatest unit first, for printing. The first that is without a name is the default one. */
static const unit units_of_numbers[] = {{"", 1}, {NULL, 0}};
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
    while (value % units->factor != 0 || (value == 0 && units[1].name != NULL))
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

static bool set_choice(settings *all, size_t index, const char *text, settings_error *error)
{
    const char *name = table[index].choices;
    for (uint64_t value = 0;; value++) {
        size_t length = strcspn(name, "|");
        if (strlen(text) == length && memcmp(text, name, length) == 0) {
            set_value(all, index, value);
            return true;
        }
        if (name[length] == '\0')
            break;
        name += length + 1;
    }
    return settings_refuse(error, "cannot be \"%.100s\"; it is one of %s", text,
                           table[index].choices);
}

/* HOST:PORT with a decimal port; a host with colons is in brackets. */
static bool is_address(const char *text)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (strcmp(text, "off") == 0)
        return true;
    if (colon == NULL || colon == text || !parse_number(KIND_NUMBER, colon + 1, &port) ||
        port > 65535)
        return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    return bracketed || memchr(text, ':', (size_t)(colon - text)) == NULL;
}

static bool set_text(settings *all, size_t index, const char *text, settings_error *error)
{
    if (text[0] == '\0')
        return settings_refuse(error, "cannot be empty");
    if (table[index].kind == KIND_ADDRESS && !is_address(text))
        return settings_refuse(error, "cannot be \"%.100s\"; it is HOST:PORT, such as %s, or off",
                               text, table[index].value);
    size_t size = strlen(text) + 1;
    if (size > sizeof(setting_text))
        return settings_refuse(error, "cannot be longer than %zu bytes", sizeof(setting_text) - 1);
    memcpy((char *)all + table[index].offset, text, size);
    return true;
}

bool settings_set(settings *all, size_t index, const char *text, settings_error *error)
{
    if (is_text(index))
        return set_text(all, index, text, error);
    if (table[index].kind == KIND_CHOICE)
        return set_choice(all, index, text, error);
    return set_number(all, index, text, error);
}

void settings_init(settings *all)
{
    settings_error error;
    *all = (settings){.threads = 0};
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

const char *settings_key(size_t index)
{
    return table[index].key;
}

void settings_value(const settings *all, size_t index, setting_text text)
{
    const setting *it = &table[index];
    if (is_text(index)) {
        snprintf(text, sizeof(setting_text), "%s", text_of(all, index));
    } else if (it->kind == KIND_CHOICE) {
        const char *name = it->choices;
        for (uint64_t value = value_of(all, index); value > 0; value--)
            name += strcspn(name, "|") + 1;
        snprintf(text, sizeof(setting_text), "%.*s", (int)strcspn(name, "|"), name);
    } else
        print_number(it->kind, value_of(all, index), text);
}

void settings_print(const settings *all, FILE *out)
{
    setting_text text;
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
