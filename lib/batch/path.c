/* path.c - see path.h. Times are unsigned nanoseconds, so years reach 2554. */
#include "path.h"

#include "../base/utf8.h"

#include "../../include/otlp2parquet.h"

/* ---- fields ---- */

typedef enum path_field {
    FIELD_TABLE,
    FIELD_SERVICE,
    FIELD_YEAR,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_HOUR,
    FIELD_TIME,
    FIELD_HASH,
    FIELD_COUNT,
    FIELD_NONE = FIELD_COUNT
} path_field;

static const char *const field_names[FIELD_COUNT] = {"{table}", "{service}", "{year}", "{month}",
                                                     "{day}",   "{hour}",    "{time}", "{hash}"};

/* The field that a template has at `at`; FIELD_NONE if it is not one. */
static path_field field_at(const char *at)
{
    for (int f = 0; f < FIELD_COUNT; f++) {
        size_t size = strlen(field_names[f]);
        size_t same = 0;
        while (same < size && at[same] == field_names[f][same])
            same++;
        if (same == size)
            return (path_field)f;
    }
    return FIELD_NONE;
}

static const char *effective(const char *path_template)
{
    return path_template == NULL ? O2P_DEFAULT_PATH_TEMPLATE : path_template;
}

static bool has_field(const char *path_template, path_field field)
{
    for (const char *c = effective(path_template); *c != '\0'; c++)
        if (*c == '{' && field_at(c) == field)
            return true;
    return false;
}

/* ---- checking ---- */

/* A segment of only dots could leave the root; `size` is up to the next '/' or the end. */
static const char *check_segment(const char *segment, size_t size)
{
    if (size == 0)
        return "a segment is empty, or the path is absolute";
    if ((size == 1 && segment[0] == '.') || (size == 2 && segment[0] == '.' && segment[1] == '.'))
        return "a segment is . or ..";
    return NULL;
}

static const char *check_character(const char *c)
{
    if ((unsigned char)*c < 0x20 || *c == '\\' || *c == 0x7F)
        return "a control character or backslash";
    if (*c == '{' && field_at(c) == FIELD_NONE)
        return "an unknown {field}";
    return NULL;
}

const char *o2p_path_check(const char *path_template)
{
    const char *segment = effective(path_template);
    const char *wrong = NULL;
    for (const char *c = segment;; c++) {
        if (*c == '/' || *c == '\0') {
            wrong = check_segment(segment, (size_t)(c - segment));
            segment = c + 1;
        } else {
            wrong = check_character(c);
        }
        if (wrong != NULL || *c == '\0')
            break;
    }
    segment = effective(path_template);
    size_t size = strlen(segment);
    if (wrong == NULL && o2p_utf8_valid_prefix((const uint8_t *)segment, size) != size)
        wrong = "not UTF-8";
    if (wrong == NULL && !has_field(path_template, FIELD_HASH))
        wrong = "{hash} is missing: files would overwrite each other";
    return wrong;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool o2p_path_has_folder(const char *path_template, const char *name)
{
    size_t size = strlen(name);
    for (const char *segment = effective(path_template);; segment++) {
        size_t same = 0;
        while (same < size && segment[same] != '\0' && lower(segment[same]) == lower(name[same]))
            same++;
        if (same == size && segment[same] == '=')
            return true;
        while (*segment != '/' && *segment != '\0')
            segment++;
        if (*segment == '\0')
            return false;
    }
}

o2p_path_span o2p_path_time_span(const char *path_template)
{
    for (int f = FIELD_HOUR; f >= FIELD_YEAR; f--)
        if (has_field(path_template, (path_field)f))
            return (o2p_path_span)(O2P_SPAN_YEAR + (f - FIELD_YEAR));
    return O2P_SPAN_ALL;
}

bool o2p_path_has_service(const char *path_template)
{
    return has_field(path_template, FIELD_SERVICE);
}

/* ---- times ---- */

#define NS_PER_SECOND 1000000000u

typedef struct calendar {
    uint32_t year, month, day, hour, minute, second, micros;
} calendar;

/* The proleptic Gregorian date of a day number, by eras of 400 years that begin on 1 March, so that
 * the leap day is the last of its year. */
static void set_date(calendar *c, uint64_t days_since_1970)
{
    const uint64_t days_per_era = 146097,
                   days_from_era_start = 719468; /* 0000-03-01 to 1970-01-01 */
    uint64_t days = days_since_1970 + days_from_era_start;
    uint64_t era = days / days_per_era, day_of_era = days % days_per_era;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month = (5 * day_of_year + 2) / 153; /* from March */
    c->day = (uint32_t)(day_of_year - (153 * month + 2) / 5 + 1);
    c->month = (uint32_t)(month < 10 ? month + 3 : month - 9);
    c->year = (uint32_t)(year_of_era + era * 400 + (c->month <= 2));
}

static calendar calendar_of(uint64_t unix_ns)
{
    calendar c;
    uint64_t seconds = unix_ns / NS_PER_SECOND;
    set_date(&c, seconds / 86400);
    c.hour = (uint32_t)(seconds % 86400 / 3600);
    c.minute = (uint32_t)(seconds % 3600 / 60);
    c.second = (uint32_t)(seconds % 60);
    c.micros = (uint32_t)(unix_ns % NS_PER_SECOND / 1000);
    return c;
}

uint32_t o2p_path_time_key(o2p_path_span span, uint64_t unix_ns)
{
    uint32_t hours = (uint32_t)(unix_ns / NS_PER_SECOND / 3600); /* 2^64 ns are 5.1e6 hours */
    if (span == O2P_SPAN_HOUR)
        return hours;
    if (span == O2P_SPAN_DAY)
        return hours / 24;
    if (span == O2P_SPAN_ALL)
        return 0;
    calendar c = calendar_of(unix_ns);
    return span == O2P_SPAN_YEAR ? c.year : c.year * 12 + c.month - 1;
}

/* ---- writing ---- */

static void append_number(o2p_buffer *out, uint32_t value, unsigned digits)
{
    char text[10];
    for (unsigned i = digits; i > 0; i--) {
        text[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    o2p_buffer_append(out, text, digits);
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/* Longest service name in a path, in encoded bytes: file systems allow 255 a segment, and a
 * template adds its own. The whole name is in the file; the hash keeps cut names apart. */
enum { MAX_SERVICE_TEXT = 128 };

/* Readers of folders skip names that begin with a dot or an underscore (Hive's rule, which Spark
 * and pyarrow's datasets follow). */
static bool would_hide(const o2p_buffer *out, uint8_t first)
{
    bool begins =
        out->size == 0 || out->data[out->size - 1] == '/' || out->data[out->size - 1] == 0;
    return begins && (first == '.' || first == '_');
}

/* Percent-encodes all but RFC 3986's unreserved characters, a name of dots whole, as it would be a
 * path, and what would hide the file or folder. An empty name is "unknown_service", as the SDKs
 * call it. */
static void append_service(o2p_buffer *out, const uint8_t *service, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    bool dots = size <= 2;
    for (size_t i = 0; i < size; i++)
        dots = dots && service[i] == '.';
    if (size == 0) {
        o2p_buffer_text(out, "unknown_service");
        return;
    }
    bool hidden = would_hide(out, service[0]);
    for (size_t i = 0, used = 0; i < size; i++) {
        bool plain = is_unreserved(service[i]) && !dots && !(hidden && i == 0);
        used += plain ? 1 : 3;
        if (used > MAX_SERVICE_TEXT)
            return;
        if (plain) {
            o2p_buffer_byte(out, service[i]);
            continue;
        }
        o2p_buffer_byte(out, '%');
        o2p_buffer_byte(out, (uint8_t)hex[service[i] >> 4]);
        o2p_buffer_byte(out, (uint8_t)hex[service[i] & 15]);
    }
}

/* YYYYMMDDTHHMMSSffffffZ */
static void append_time(o2p_buffer *out, const calendar *c)
{
    append_number(out, c->year, 4);
    append_number(out, c->month, 2);
    append_number(out, c->day, 2);
    o2p_buffer_byte(out, 'T');
    append_number(out, c->hour, 2);
    append_number(out, c->minute, 2);
    append_number(out, c->second, 2);
    append_number(out, c->micros, 6);
    o2p_buffer_byte(out, 'Z');
}

static void append_hash(o2p_buffer *out, uint64_t hash)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        o2p_buffer_byte(out, (uint8_t) "0123456789abcdef"[hash >> shift & 15]);
}

static void append_field(o2p_buffer *out, path_field field, const o2p_path_values *values)
{
    calendar c = calendar_of(values->min_time_ns);
    switch (field) {
    case FIELD_TABLE:
        o2p_buffer_text(out, values->table);
        break;
    case FIELD_SERVICE:
        append_service(out, values->service, values->service_size);
        break;
    case FIELD_YEAR:
        append_number(out, c.year, 4);
        break;
    case FIELD_MONTH:
        append_number(out, c.month, 2);
        break;
    case FIELD_DAY:
        append_number(out, c.day, 2);
        break;
    case FIELD_HOUR:
        append_number(out, c.hour, 2);
        break;
    case FIELD_TIME:
        append_time(out, &c);
        break;
    case FIELD_HASH:
        append_hash(out, values->hash);
        break;
    case FIELD_COUNT:
        break;
    }
}

void o2p_path_append(o2p_buffer *out, const char *path_template, const o2p_path_values *values)
{
    for (const char *c = effective(path_template); *c != '\0'; c++) {
        if (*c != '{') {
            o2p_buffer_byte(out, (uint8_t)*c);
            continue;
        }
        path_field field = field_at(c);
        append_field(out, field, values);
        c += strlen(field_names[field]) - 1;
    }
    o2p_buffer_byte(out, 0);
}
