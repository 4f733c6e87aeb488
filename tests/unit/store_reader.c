/* store_reader.c - see store_reader.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "store_reader.h"
#include <cmocka.h>

enum { TEXT_SIZE = 65536, TEXTS = 8 };

static char texts[TEXTS][TEXT_SIZE];
static unsigned next_text;

typedef struct text {
    char *at;
    size_t size;
} text;

static void put(text *t, const void *bytes, size_t size)
{
    assert_true(t->size + size < TEXT_SIZE);
    if (size > 0)
        memcpy(t->at + t->size, bytes, size);
    t->size += size;
    t->at[t->size] = '\0';
}

static void put_text(text *t, const char *piece)
{
    put(t, piece, strlen(piece));
}

static text new_text(void)
{
    text t = {texts[next_text++ % TEXTS], 0};
    put_text(&t, "");
    return t;
}

static void put_entry(text *t, const o2p_dictionary *dictionary, uint32_t index, bool id)
{
    if (index == 0)
        return;
    assert_non_null(dictionary);
    assert_true(index < dictionary->entry_count);
    const o2p_entry *entry = o2p_dictionary_entry(dictionary, index);
    for (uint32_t i = 0; id && i < entry->size; i++) {
        char digits[3];
        snprintf(digits, sizeof(digits), "%02x", (unsigned)entry->bytes[i]);
        put_text(t, digits);
    }
    if (!id)
        put(t, entry->bytes, entry->size);
}

static void put_word(text *t, o2p_kind kind, uint64_t word)
{
    char digits[64];
    double number;
    memcpy(&number, &word, sizeof(number));
    if (kind == O2P_KIND_TIME)
        snprintf(digits, sizeof(digits), "%llu", (unsigned long long)word);
    else if (kind == O2P_KIND_NANOS)
        snprintf(digits, sizeof(digits), "%u", (unsigned)(word % 1000));
    else if (kind == O2P_KIND_DOUBLE || kind == O2P_KIND_DOUBLE_LIST)
        snprintf(digits, sizeof(digits), "%.17g", number);
    else if (kind == O2P_KIND_BOOL)
        snprintf(digits, sizeof(digits), "%s", word != 0 ? "true" : "false");
    else if (kind == O2P_KIND_INT32)
        snprintf(digits, sizeof(digits), "%d", (int)(int32_t)(uint32_t)word);
    else
        snprintf(digits, sizeof(digits), "%lld", (long long)word);
    put_text(t, digits);
}

static uint64_t word_at(const o2p_column *column, bool wide, uint32_t row)
{
    if (row >= column->cells.size / (wide ? 8 : 4))
        return 0;
    return wide ? o2p_cells64(column)[row] : o2p_cells32(column)[row];
}

static void put_items(text *t, const o2p_column *column, o2p_kind kind, uint32_t row)
{
    bool map = kind == O2P_KIND_MAP;
    uint32_t list = map ? o2p_map_list(column, row) : 0;
    uint32_t begin = map ? o2p_map_begin(column, list) : o2p_list_begin(column, row);
    uint32_t end = map ? o2p_map_end(column, list) : o2p_list_end(column, row);
    put_text(t, map ? "{" : "[");
    for (uint32_t i = begin; i < end; i++) {
        if (i > begin)
            put_text(t, ", ");
        if (map) {
            assert_true(i < column->keys.size / 4 && i < column->items.size / 4);
            put_entry(t, column->key_dictionary,
                      ((const uint32_t *)(const void *)column->keys.data)[i], false);
            put_text(t, ": ");
            put_entry(t, column->dictionary,
                      ((const uint32_t *)(const void *)column->items.data)[i], false);
        } else {
            assert_true(i < column->items.size / 8);
            put_word(t, kind, ((const uint64_t *)(const void *)column->items.data)[i]);
        }
    }
    put_text(t, map ? "}" : "]");
}

static void put_cell(text *t, const o2p_rows *rows, o2p_col col, uint32_t row)
{
    const o2p_column_spec *spec = &o2p_columns[col];
    o2p_kind kind = (o2p_kind)spec->kind;
    const o2p_column *column = &rows->columns[kind == O2P_KIND_NANOS ? spec->of : col];
    bool null = spec->nullable != 0;
    if (kind == O2P_KIND_STRING || kind == O2P_KIND_ID) {
        uint32_t cell = (uint32_t)word_at(column, false, row);
        if (null && cell == 0)
            put_text(t, "null");
        else
            put_entry(t, column->dictionary, null ? cell - 1 : cell, kind == O2P_KIND_ID);
    } else if (kind >= O2P_KIND_MAP) {
        put_items(t, column, kind, row);
    } else if (null && (row >= column->valid.size || column->valid.data[row] == 0)) {
        put_text(t, "null");
    } else {
        put_word(t, kind, word_at(column, kind != O2P_KIND_INT32 && kind != O2P_KIND_BOOL, row));
    }
}

const char *rows_cell(const o2p_rows *rows, o2p_col col, uint32_t row)
{
    text t = new_text();
    put_cell(&t, rows, col, row);
    return t.at;
}

static uint32_t row_in_source(const o2p_store *store, o2p_table table, o2p_source source,
                              uint32_t row)
{
    const o2p_run *runs = o2p_store_runs(store, table);
    size_t run = o2p_store_run_count(store, table);
    while (run > 0 && runs[run - 1].first_row > row)
        run--;
    assert_true(run > 0);
    return runs[run - 1].group[source];
}

static size_t position_of(const o2p_table_spec *spec, o2p_col col)
{
    for (size_t i = 0; i < spec->column_count; i++)
        if (spec->columns[i] == col)
            return i;
    fail_msg("the table has no such column");
    return 0;
}

static void put_structs(text *t, const o2p_rows *rows, const o2p_table_spec *spec, o2p_col col,
                        uint32_t row)
{
    size_t parent = position_of(spec, col);
    const o2p_column *list = &rows->columns[col];
    put_text(t, "[");
    for (uint32_t child = o2p_list_begin(list, row); child < o2p_list_end(list, row); child++) {
        assert_true(child < list->child_rows);
        put_text(t, child > o2p_list_begin(list, row) ? ", {" : "{");
        for (size_t i = parent + 1;
             i < spec->column_count && spec->infos[i].parent == (int32_t)parent; i++) {
            put_text(t, i > parent + 1 ? ", " : "");
            put_text(t, spec->infos[i].name);
            put_text(t, ": ");
            put_cell(t, rows, (o2p_col)spec->columns[i], child);
        }
        put_text(t, "}");
    }
    put_text(t, "]");
}

const char *store_cell(const o2p_store *store, o2p_table table, o2p_col col, uint32_t row)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    o2p_source source = (o2p_source)o2p_columns[col].source;
    position_of(spec, col);
    assert_non_null(store->tables[table]);
    assert_true(row < store->tables[table]->count);
    const o2p_rows *rows = source == O2P_SOURCE_ROW ? store->tables[table] : store->groups[source];
    if (source != O2P_SOURCE_ROW)
        row = row_in_source(store, table, source, row);
    assert_non_null(rows);
    assert_true(row < rows->count);
    text t = new_text();
    if (o2p_columns[col].kind == O2P_KIND_STRUCT_LIST)
        put_structs(&t, rows, spec, col, row);
    else
        put_cell(&t, rows, col, row);
    return t.at;
}
