/* cors.c - see cors.h. */
#include "server.h"
#include "cors.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The next origin of a list, without the blanks around it; `*list` is behind it then, or NULL when
 * it is the last. */
static const char *next_origin(const char **list, size_t *size)
{
    const char *start = *list + strspn(*list, " \t");
    *size = strcspn(start, ",");
    *list = start[*size] == ',' ? start + *size + 1 : NULL;
    while (*size > 0 && (start[*size - 1] == ' ' || start[*size - 1] == '\t'))
        --*size;
    return start;
}

bool cors_is_open(const char *origins)
{
    size_t size;
    const char *first = next_origin(&origins, &size);
    return size == 1 && first[0] == '*';
}

static bool is_of_host(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '.')
            return false;
    return size > 0;
}

static bool matches(const char *pattern, size_t size, const char *origin)
{
    size_t length = strlen(origin);
    const char *star = memchr(pattern, '*', size);
    if (star == NULL)
        return length == size && strncasecmp(pattern, origin, size) == 0;
    size_t before = (size_t)(star - pattern);
    size_t behind = size - before - 1;
    return length >= size && strncasecmp(pattern, origin, before) == 0 &&
           strncasecmp(star + 1, origin + length - behind, behind) == 0 &&
           is_of_host(origin + before, length - before - behind);
}

bool cors_allows(const char *origins, const char *origin)
{
    if (origin[0] == '\0')
        return false;
    if (cors_is_open(origins))
        return true;
    while (origins != NULL) {
        size_t size;
        const char *pattern = next_origin(&origins, &size);
        if (matches(pattern, size, origin))
            return true;
    }
    return false;
}

/* SCHEME://HOST, SCHEME://HOST:PORT, with one star at most behind the scheme. */
static bool is_origin(const char *text, size_t size)
{
    const char *host = memmem(text, size, "://", 3);
    if (host == NULL || host == text || memchr(text, '*', (size_t)(host - text)) != NULL)
        return false;
    host += 3;
    size -= (size_t)(host - text);
    const char *star = memchr(host, '*', size);
    return size > 0 && memchr(host, '/', size) == NULL && memchr(host, ' ', size) == NULL &&
           (star == NULL || memchr(star + 1, '*', size - (size_t)(star + 1 - host)) == NULL);
}

bool cors_check(const char *origins, char *why, size_t why_size)
{
    const char *rest = origins;
    bool open = cors_is_open(origins);
    while (rest != NULL) {
        size_t size;
        const char *origin = next_origin(&rest, &size);
        if (open && rest == NULL && origin[0] == '*')
            return true;
        if (open || !is_origin(origin, size)) {
            snprintf(why, why_size,
                     "cors-origins: \"%.*s\" is no origin; SCHEME://HOST and SCHEME://HOST:PORT "
                     "are, with one * at most, and * alone",
                     size < 100 ? (int)size : 100, origin);
            return false;
        }
    }
    return true;
}
