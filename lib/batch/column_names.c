/* column_names.c - see column_names.h. */
#include "column_names.h"

/* Whether `name`, of `size` bytes, is the name of column number `i` of a table. */
static bool is_named(const o2p_table_spec *spec, size_t i, const char *name, size_t size)
{
    const o2p_schema_column *info = &spec->infos[i];
    if (info->parent >= 0) {
        const char *list = spec->infos[info->parent].name;
        size_t length = strlen(list);
        if (size <= length || memcmp(name, list, length) != 0 || name[length] != '.')
            return false;
        name += length + 1;
        size -= length + 1;
    }
    return strlen(info->name) == size && memcmp(info->name, name, size) == 0;
}

static bool is_text(o2p_col col)
{
    return o2p_columns[col].kind == O2P_KIND_STRING || o2p_columns[col].kind == O2P_KIND_ID;
}

static const char *add_named(const char *name, size_t size, o2p_column_set *set)
{
    bool known = false, added = false;
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++)
        for (size_t i = 0; i < o2p_tables[t].column_count; i++) {
            o2p_col col = (o2p_col)o2p_tables[t].columns[i];
            if (!is_named(&o2p_tables[t], i, name, size))
                continue;
            known = true;
            if (!is_text(col))
                continue;
            added = true;
            o2p_column_set_add(set, col);
        }
    return added ? NULL : known ? "a column that holds neither text nor ids" : "no such column";
}

const char *o2p_text_columns_named(const char *names, o2p_column_set *set)
{
    memset(set, 0, sizeof(*set));
    if (names[0] == '\0')
        return NULL;
    for (const char *name = names;; name++) {
        size_t size = 0;
        while (name[size] != ',' && name[size] != '\0')
            size++;
        const char *wrong = add_named(name, size, set);
        name += size;
        if (wrong != NULL || *name == '\0')
            return wrong;
    }
}
