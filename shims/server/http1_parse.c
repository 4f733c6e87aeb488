/* http1_parse.c - see http1_parse.h. */
#include "server.h"
#include "http1_parse.h"

#include <string.h>
#include <strings.h>

/* ---- heads ----------------------------------------------------------------------------------- */

/* RFC 9110, 5.6.2. */
static bool is_token_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_token(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_token_byte(bytes[i]))
            return false;
    return size > 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* A field's value: visible bytes, blanks, and bytes beyond ASCII. */
static bool is_value(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)bytes[i] < 0x20 && bytes[i] != '\t') || bytes[i] == 0x7f)
            return false;
    return true;
}

/* The size of the line at `bytes`, without its CR LF; SIZE_MAX when there is none. */
static size_t line_size(const char *bytes, size_t size)
{
    const char *end = memchr(bytes, '\n', size);
    return end != NULL && end > bytes && end[-1] == '\r' ? (size_t)(end - bytes) - 1 : SIZE_MAX;
}

/* RFC 9112, 3.2.2: what comes before the path of a target that a proxy might be sent. */
static size_t origin_size(const char *target, size_t size)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t at = strlen(schemes[i]);
        if (size < at || strncasecmp(target, schemes[i], at) != 0)
            continue;
        while (at < size && target[at] != '/' && target[at] != '?')
            at++;
        return at;
    }
    return 0;
}

static void set_target(http1_head *it, const char *target, size_t size)
{
    size_t origin = origin_size(target, size);
    if (origin > 0 && (origin == size || target[origin] == '?'))
        head_set_target(&it->head, "/", 1);
    else
        head_set_target(&it->head, target + origin, size - origin);
}

/* METHOD SP TARGET SP HTTP/1.x */
static int parse_request_line(http1_head *it, const char *line, size_t size)
{
    static const char version[] = "HTTP/1.";
    const char *end = line + size;
    const char *target = memchr(line, ' ', size);
    if (target == NULL || !is_token(line, (size_t)(target - line)))
        return 400;
    head_set(it->head.method, sizeof it->head.method, line, (size_t)(target - line));
    target++;
    const char *space = memchr(target, ' ', (size_t)(end - target));
    if (space == NULL || space == target || !is_value(target, (size_t)(space - target)))
        return 400;
    set_target(it, target, (size_t)(space - target));
    if ((size_t)(end - space) != sizeof version + 1 || strncmp(space + 1, "HTTP/", 5) != 0)
        return 400;
    if (memcmp(space + 1, version, sizeof version - 1) != 0 || (end[-1] != '0' && end[-1] != '1'))
        return 505;
    it->keep_alive = it->needs_host = end[-1] == '1';
    return 0;
}

/* Whether a comma-separated list has `wanted` in it. */
static bool list_has(const char *value, size_t size, const char *wanted)
{
    const char *end = value + size;
    while (value < end) {
        while (value < end && (is_blank(*value) || *value == ','))
            value++;
        const char *start = value;
        while (value < end && *value != ',')
            value++;
        const char *last = value;
        while (last > start && is_blank(last[-1]))
            last--;
        if ((size_t)(last - start) == strlen(wanted) &&
            strncasecmp(start, wanted, strlen(wanted)) == 0)
            return true;
    }
    return false;
}

static bool named(const char *name, size_t size, const char *wanted)
{
    return size == strlen(wanted) && strncasecmp(name, wanted, size) == 0;
}

static int take_field(http1_head *it, const char *name, size_t name_size, const char *value,
                      size_t value_size)
{
    if (named(name, name_size, "transfer-encoding")) {
        if (it->chunked)
            return 400;
        it->chunked = named(value, value_size, "chunked");
        return it->chunked ? 0 : 501;
    }
    if (named(name, name_size, "host")) {
        bool again = it->has_host;
        it->has_host = true;
        return again ? 400 : 0;
    }
    if (named(name, name_size, "connection")) {
        if (list_has(value, value_size, "close"))
            it->keep_alive = false;
        return 0;
    }
    if (named(name, name_size, "expect"))
        it->expects_continue = named(value, value_size, "100-continue");
    return head_take(&it->head, name, name_size, value, value_size) ? 0 : 400;
}

static int parse_field(http1_head *it, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL || !is_token(line, (size_t)(colon - line)))
        return 400; /* folded lines too */
    const char *value = colon + 1;
    const char *end = line + size;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    if (!is_value(value, (size_t)(end - value)))
        return 400;
    return take_field(it, line, (size_t)(colon - line), value, (size_t)(end - value));
}

int http1_parse_head(http1_head *it, const char *bytes, size_t size)
{
    *it = (http1_head){.chunked = false};
    size_t length = line_size(bytes, size);
    int status = length == SIZE_MAX ? 400 : parse_request_line(it, bytes, length);
    while (status == 0) {
        bytes += length + 2;
        size -= length + 2;
        length = line_size(bytes, size);
        if (length == SIZE_MAX)
            return 400;
        if (length == 0)
            break;
        status = parse_field(it, bytes, length);
    }
    if (status == 0 && it->needs_host && !it->has_host)
        return 400;
    /* RFC 9112, 6.1: two lengths are what smugglers send. */
    return status == 0 && it->chunked && it->head.has_length ? 400 : status;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

enum { MOST_LINE = 256, MOST_TRAILER = 8192 };

enum {
    AT_SIZE,      /* before the first digit of a size */
    IN_SIZE,      /* in its digits */
    BEHIND_SIZE,  /* in blanks behind them */
    IN_EXTENSION, /* behind the semicolon */
    AT_SIZE_LF,
    IN_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    AT_TRAILER, /* at the beginning of a line of the trailer */
    IN_TRAILER,
    AT_TRAILER_LF,
    AT_END_LF, /* of the empty line */
    BROKEN
};

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The state after one byte of the line with the size. */
static int step_size(http1_chunks *it, char byte)
{
    int digit = digit_of(byte);
    if (++it->line > MOST_LINE)
        return BROKEN;
    if ((it->state == AT_SIZE || it->state == IN_SIZE) && digit >= 0) {
        it->left = it->left * 16 + (uint64_t)digit;
        return it->left >> 56 != 0 ? BROKEN : IN_SIZE;
    }
    if (it->state == AT_SIZE)
        return BROKEN;
    if (byte == '\r')
        return AT_SIZE_LF;
    if (it->state == IN_EXTENSION || byte == ';')
        return byte == '\n' ? BROKEN : IN_EXTENSION;
    return is_blank(byte) ? BEHIND_SIZE : BROKEN;
}

static int step_trailer(http1_chunks *it, char byte)
{
    if (++it->line > MOST_TRAILER || byte == '\n')
        return BROKEN;
    if (byte == '\r')
        return it->state == AT_TRAILER ? AT_END_LF : AT_TRAILER_LF;
    return IN_TRAILER;
}

static int step(http1_chunks *it, char byte)
{
    switch (it->state) {
    case AT_SIZE:
    case IN_SIZE:
    case BEHIND_SIZE:
    case IN_EXTENSION:
        return step_size(it, byte);
    case AT_SIZE_LF:
        it->line = 0;
        return byte != '\n' ? BROKEN : it->left > 0 ? IN_DATA : AT_TRAILER;
    case AT_DATA_CR:
        return byte == '\r' ? AT_DATA_LF : BROKEN;
    case AT_DATA_LF:
        return byte == '\n' ? AT_SIZE : BROKEN;
    case AT_TRAILER_LF:
        return byte == '\n' ? AT_TRAILER : BROKEN;
    default:
        return step_trailer(it, byte);
    }
}

chunk_status http1_next_chunk(http1_chunks *it, const char *bytes, size_t size, size_t *taken,
                              const char **data, size_t *data_size)
{
    for (*taken = 0; *taken < size;) {
        if (it->state == IN_DATA) {
            *data = bytes + *taken;
            *data_size = it->left < size - *taken ? (size_t)it->left : size - *taken;
            *taken += *data_size;
            it->left -= *data_size;
            if (it->left == 0)
                it->state = AT_DATA_CR;
            return CHUNK_DATA;
        }
        char byte = bytes[(*taken)++];
        if (it->state == AT_END_LF)
            return byte == '\n' ? CHUNK_END : CHUNK_BAD;
        it->state = step(it, byte);
        if (it->state == BROKEN)
            return CHUNK_BAD;
    }
    return CHUNK_MORE;
}
