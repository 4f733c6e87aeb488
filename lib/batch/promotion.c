/* promotion.c - see promotion.h. Names are compared without regard to the case of A to Z, since
 * several readers, DuckDB and Spark among them, do not tell columns apart by it.
 */
#include "promotion.h"

#include "../base/utf8.h"

/* ---- checking ---- */

static unsigned char folded(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool same_name(const char *a, const char *b)
{
    for (; folded(*a) == folded(*b); a++, b++)
        if (*a == '\0')
            return true;
    return false;
}

static bool is_utf8(const char *text)
{
    size_t size = strlen(text);
    return o2p_utf8_valid_prefix((const uint8_t *)text, size) == size;
}

/* Whether some table has a column of this name; members of structs are no columns. */
static bool is_column(const char *name)
{
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++)
        for (size_t i = 0; i < o2p_tables[t].column_count; i++)
            if (o2p_tables[t].infos[i].parent < 0 && same_name(o2p_tables[t].infos[i].name, name))
                return true;
    return false;
}

static const char *check_one(const o2p_promotion *p)
{
    if (p->source != O2P_PROMOTE_RESOURCE && p->source != O2P_PROMOTE_RECORD)
        return "not a source of attributes";
    if ((unsigned)p->type > O2P_PROMOTE_BOOL)
        return "not a type of promoted columns";
    if (p->key == NULL)
        return "no key";
    if (!is_utf8(p->key) || (p->column != NULL && !is_utf8(p->column)))
        return "a key or name that is not UTF-8";
    if (*o2p_promotion_name(p) == '\0')
        return "an empty name";
    return is_column(o2p_promotion_name(p)) ? "the name of another column" : NULL;
}

const char *o2p_promotions_check(const o2p_promotion *promotions, size_t count)
{
    if (count > O2P_MAX_PROMOTIONS)
        return "more than 100";
    if (count > 0 && promotions == NULL)
        return "NULL, but the count is not 0";
    for (size_t i = 0; i < count; i++) {
        const char *wrong = check_one(&promotions[i]);
        if (wrong != NULL)
            return wrong;
        for (size_t j = 0; j < i; j++)
            if (same_name(o2p_promotion_name(&promotions[i]), o2p_promotion_name(&promotions[j])))
                return "two of the same name";
    }
    return NULL;
}

/* ---- copying ---- */

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* Copies a text to *at, and moves *at behind it. */
static const char *copy_text(const char *text, char **at)
{
    if (text == NULL)
        return NULL;
    char *copy = *at;
    memcpy(copy, text, text_size(text));
    *at += text_size(text);
    return copy;
}

bool o2p_promotions_copy(const o2p_promotion **promotions, size_t count, o2p_buffer *storage)
{
    const o2p_promotion *from = *promotions;
    size_t size = count * sizeof(o2p_promotion);
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        size += text_size(from[i].key) + text_size(from[i].column);
    o2p_promotion *to = (o2p_promotion *)o2p_buffer_extend(storage, size);
    if (to == NULL)
        return false;
    char *at = (char *)(to + count);
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].key = copy_text(from[i].key, &at);
        to[i].column = copy_text(from[i].column, &at);
    }
    *promotions = to;
    return true;
}

/* ---- what they hold ---- */

o2p_col o2p_promotion_map(o2p_table table, o2p_promotion_source source)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    o2p_source kept = source == O2P_PROMOTE_RESOURCE ? O2P_SOURCE_RESOURCE : O2P_SOURCE_ROW;
    size_t i = 0;
    while (spec->infos[i].parent >= 0 || o2p_columns[spec->columns[i]].kind != O2P_KIND_MAP ||
           o2p_columns[spec->columns[i]].source != kept)
        i++;
    return (o2p_col)spec->columns[i];
}

bool o2p_promotion_is(const o2p_promotion *promotion, const o2p_entry *key)
{
    const char *name = promotion->key;
    for (uint32_t i = 0; i < key->size; i++)
        if (name[i] == '\0' || (uint8_t)name[i] != key->bytes[i])
            return false;
    return name[key->size] == '\0';
}

bool o2p_promotion_holds(const o2p_promotion *promotion, uint8_t letter)
{
    static const uint8_t letters[] = {
        [O2P_PROMOTE_STRING] = O2P_LETTER_STRING,
        [O2P_PROMOTE_INT64] = O2P_LETTER_INT,
        [O2P_PROMOTE_DOUBLE] = O2P_LETTER_DOUBLE,
        [O2P_PROMOTE_BOOL] = O2P_LETTER_BOOL,
    };
    return letters[promotion->type] == letter;
}
