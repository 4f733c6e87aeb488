/* head.c - see head.h. */
#include "server.h"
#include "head.h"

#include <string.h>
#include <strings.h>

void head_set(char *field, size_t capacity, const char *value, size_t size)
{
    size_t kept = size < capacity - 1 ? size : capacity - 1;
    memcpy(field, value, kept);
    field[kept] = '\0';
}

void head_set_target(head *it, const char *target, size_t size)
{
    const char *query = memchr(target, '?', size);
    head_set(it->path, sizeof it->path, target, query != NULL ? (size_t)(query - target) : size);
}

static bool is_name(const char *name, size_t size, const char *wanted)
{
    return size == strlen(wanted) && strncasecmp(name, wanted, size) == 0;
}

/* RFC 9110, 8.6: digits and nothing else. */
static bool take_length(head *it, const char *value, size_t size)
{
    enum { DIGITS = 18 }; /* more are no size of anything */
    uint64_t length = 0;
    if (size == 0 || size > DIGITS)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (it->has_length && it->content_length != length)
        return false;
    it->has_length = true;
    it->content_length = length;
    return true;
}

static bool take_text(char *field, size_t capacity, const char *value, size_t size)
{
    size_t kept = size < capacity - 1 ? size : capacity - 1;
    if (field[0] != '\0')
        return strlen(field) == kept && memcmp(field, value, kept) == 0;
    head_set(field, capacity, value, size);
    return true;
}

bool head_take(head *it, const char *name, size_t name_size, const char *value, size_t value_size)
{
    if (is_name(name, name_size, "content-length"))
        return take_length(it, value, value_size);
#define X(member, field, size)                                                                     \
    if (is_name(name, name_size, field))                                                           \
        return take_text(it->member, sizeof it->member, value, value_size);
    HEAD_FIELDS(X)
#undef X
    return true;
}

bool head_is_type(const char *content_type, const char *name)
{
    size_t length = strcspn(content_type, "; \t");
    return is_name(content_type, length, name);
}
