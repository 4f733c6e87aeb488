/* promote.c - see promote.h. A colon of a key cannot be taken for one before a type, nor a mistyped
 * type for a part of the key: in keys both `:` and `=` are escaped.
 */
#include "promote.h"

#include <stdint.h>
#include <string.h>

typedef struct choice {
    const char *name; /* NULL ends the list */
    int value;
} choice;

static const choice sources[] = {
    {"resource", O2P_PROMOTE_RESOURCE}, {"record", O2P_PROMOTE_RECORD}, {NULL, 0}};

static const choice types[] = {{"string", O2P_PROMOTE_STRING},
                               {"int64", O2P_PROMOTE_INT64},
                               {"double", O2P_PROMOTE_DOUBLE},
                               {"bool", O2P_PROMOTE_BOOL},
                               {NULL, 0}};

/* The choice that `size` bytes name; NULL if there is none. */
static const choice *choice_of(const choice *choices, const char *name, size_t size)
{
    for (; choices->name != NULL; choices++)
        if (strlen(choices->name) == size && memcmp(choices->name, name, size) == 0)
            return choices;
    return NULL;
}

/* The first of these bytes that is not escaped, or the end of the text. */
static char *find_unescaped(char *text, const char *bytes)
{
    while (*text != '\0' && strchr(bytes, *text) == NULL)
        text += text[0] == '\\' && text[1] != '\0' ? 2 : 1;
    return text;
}

/* Takes the escapes out of a text, and ends it. */
static void unescape(char *text, const char *end)
{
    char *to = text;
    for (const char *from = text; from < end;) {
        from += from[0] == '\\' && from + 1 < end;
        *to++ = *from++;
    }
    *to = '\0';
}

/* NULL when a spec is well formed, and cut into pieces; else what is wrong, and it is as it was. */
static const char *read_one(o2p_promotion *promotion, char *spec)
{
    size_t source_size = strcspn(spec, ":");
    const choice *source = choice_of(sources, spec, source_size);
    if (source == NULL || spec[source_size] != ':')
        return "it begins with resource: or record:";
    char *key = spec + source_size + 1, *end = find_unescaped(key, ":="), *rest = end;
    *promotion = (o2p_promotion){.source = (o2p_promotion_source)source->value, .key = key};
    if (*rest == ':') {
        size_t type_size = strcspn(rest + 1, "=");
        const choice *type = choice_of(types, rest + 1, type_size);
        if (type == NULL)
            return "behind the key is :string, :int64, :double or :bool; a colon that belongs to "
                   "the key is written \\:";
        promotion->type = (o2p_promotion_type)type->value;
        rest += 1 + type_size;
    }
    if (*rest == '=') {
        promotion->column = rest + 1;
        unescape(rest + 1, rest + strlen(rest));
    }
    unescape(key, end);
    return NULL;
}

size_t promotions_read(o2p_promotion promotions[O2P_MAX_PROMOTIONS + 1], char *specs,
                       promote_error *error)
{
    size_t count = 0;
    bool more = specs[0] != '\0';
    while (more && count <= O2P_MAX_PROMOTIONS) {
        char *end = find_unescaped(specs, ",");
        more = *end == ',';
        *end = '\0';
        *error = (promote_error){specs, read_one(&promotions[count++], specs)};
        if (error->reason != NULL)
            return SIZE_MAX;
        specs = end + 1;
    }
    return count;
}
