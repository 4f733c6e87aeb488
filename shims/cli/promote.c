/* promote.c - see promote.h. A colon of a key cannot be taken for one before a type, nor a mistyped
 * type for a part of the key: in keys both `:` and `=` are escaped.
 */
#include "promote.h"
#include "args.h"

#include <string.h>

static const struct flag_choice sources[] = {
    {"resource", O2P_PROMOTE_RESOURCE}, {"record", O2P_PROMOTE_RECORD}, {NULL, 0}};

static const struct flag_choice types[] = {{"string", O2P_PROMOTE_STRING},
                                           {"int64", O2P_PROMOTE_INT64},
                                           {"double", O2P_PROMOTE_DOUBLE},
                                           {"bool", O2P_PROMOTE_BOOL},
                                           {NULL, 0}};

/* The choice that `size` bytes name; NULL if there is none. */
static const struct flag_choice *choice_of(const struct flag_choice *choices, const char *name,
                                           size_t size)
{
    for (; choices->name != NULL; choices++)
        if (strlen(choices->name) == size && memcmp(choices->name, name, size) == 0)
            return choices;
    return NULL;
}

/* Where a key ends: at an unescaped `:` or `=`, or with the text. */
static char *key_end(char *key)
{
    while (*key != '\0' && *key != ':' && *key != '=')
        key += key[0] == '\\' && key[1] != '\0' ? 2 : 1;
    return key;
}

/* Takes the escapes out of the key, and ends it. */
static void end_key(char *key, const char *end)
{
    char *to = key;
    for (const char *from = key; from < end;) {
        from += from[0] == '\\' && from + 1 < end;
        *to++ = *from++;
    }
    *to = '\0';
}

const char *promotion_read(o2p_promotion *promotion, char *spec)
{
    size_t source_size = strcspn(spec, ":");
    const struct flag_choice *source = choice_of(sources, spec, source_size);
    if (source == NULL || spec[source_size] != ':')
        return "it begins with resource: or record:";
    char *key = spec + source_size + 1, *end = key_end(key), *rest = end;
    *promotion = (o2p_promotion){.source = (o2p_promotion_source)source->value, .key = key};
    if (*rest == ':') {
        size_t type_size = strcspn(rest + 1, "=");
        const struct flag_choice *type = choice_of(types, rest + 1, type_size);
        if (type == NULL)
            return "behind the key is :string, :int64, :double or :bool; a colon that belongs to "
                   "the key is written \\:";
        promotion->type = (o2p_promotion_type)type->value;
        rest += 1 + type_size;
    }
    promotion->column = *rest == '=' ? rest + 1 : NULL;
    end_key(key, end);
    return NULL;
}
