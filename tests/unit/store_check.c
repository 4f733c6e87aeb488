/* store_check.c - see store_check.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "store_check.h"
#include "../../lib/batch/order.h"
#include "leaf_reader.h"
#include <cmocka.h>

/* ---- what is expected: from the store, under the settings of the check that runs ---- */

static const o2p_settings *expected;
static o2p_table expected_table;

static void take_entry(unsigned repetition, unsigned definition, const o2p_dictionary *values,
                       uint32_t index, bool hex)
{
    char text[128];
    if (index == 0) {
        leaf_take_text(repetition, definition, "", 0);
        return;
    }
    const o2p_entry *e = o2p_dictionary_entry(values, index);
    for (uint32_t i = 0; hex && i < e->size; i++)
        sprintf(text + 2 * i, "%02x", (unsigned)e->bytes[i]);
    if (hex)
        leaf_take_text(repetition, definition, text, 2 * (size_t)e->size);
    else
        leaf_take_text(repetition, definition, e->bytes, e->size);
}

/* In nanoseconds a time is null where it has no nanoseconds otherwise. */
static bool is_nullable(o2p_col col)
{
    bool log_time = col == O2P_COL_Timestamp && expected_table == O2P_TABLE_LOGS &&
                    expected->timestamps == O2P_TIMESTAMPS_NANOS;
    return log_time || o2p_columns[col].nullable;
}

static uint64_t cell_of(const o2p_column *column, bool wide, uint32_t row)
{
    if (row >= column->cells.size / (wide ? 8 : 4))
        return 0;
    return wide ? o2p_cells64(column)[row] : o2p_cells32(column)[row];
}

/* Takes the entries of a scalar, map or list whose nodes above have `depth` lists. */
static void take_cell(const o2p_rows *rows, o2p_col col, o2p_part part, uint32_t row,
                      unsigned repetition, unsigned depth)
{
    static const o2p_column none;
    const o2p_column_spec *spec = &o2p_columns[col];
    o2p_kind kind = (o2p_kind)spec->kind;
    const o2p_column *column =
        rows == NULL ? &none : &rows->columns[kind == O2P_KIND_NANOS ? spec->of : col];
    if (kind >= O2P_KIND_MAP) {
        uint32_t list = kind == O2P_KIND_MAP ? o2p_map_list(column, row) : 0;
        uint32_t begin = list != 0 ? o2p_map_begin(column, list) : o2p_list_begin(column, row);
        uint32_t end = kind == O2P_KIND_MAP ? o2p_map_end(column, list) : o2p_list_end(column, row);
        if (kind == O2P_KIND_MAP && list == 0)
            begin = 0;
        if (begin == end)
            assert_false(leaf_take(repetition, depth).present);
        for (uint32_t i = begin; i < end; i++) {
            unsigned r = i == begin ? repetition : depth + 1;
            if (kind == O2P_KIND_MAP && part == O2P_PART_KEY)
                take_entry(r, depth + 1, column->key_dictionary,
                           ((const uint32_t *)(const void *)column->keys.data)[i], false);
            else if (kind == O2P_KIND_MAP)
                take_entry(r, depth + 1, column->dictionary,
                           ((const uint32_t *)(const void *)column->items.data)[i], false);
            else
                assert_int_equal(leaf_take(r, depth + 1).word,
                                 ((const uint64_t *)(const void *)column->items.data)[i]);
        }
        return;
    }
    unsigned definition = depth + spec->nullable;
    if (kind == O2P_KIND_STRING || kind == O2P_KIND_ID) {
        uint32_t cell = (uint32_t)cell_of(column, false, row);
        if (spec->nullable && cell == 0)
            assert_false(leaf_take(repetition, depth).present);
        else
            take_entry(repetition, definition, column->dictionary, spec->nullable ? cell - 1 : cell,
                       kind == O2P_KIND_ID && expected->ids == O2P_IDS_HEX);
        return;
    }
    bool nullable = is_nullable(col);
    definition = depth + nullable;
    if (nullable && (row >= column->valid.size || column->valid.data[row] == 0)) {
        assert_false(leaf_take(repetition, depth).present);
        return;
    }
    bool wide = kind != O2P_KIND_INT32 && kind != O2P_KIND_BOOL;
    uint64_t word = cell_of(column, wide, row);
    if (kind == O2P_KIND_TIME && expected->timestamps == O2P_TIMESTAMPS_MICROS)
        word /= 1000;
    word = kind == O2P_KIND_NANOS ? word % 1000 : word;
    leaf_entry e = leaf_take(repetition, definition);
    assert_true(e.present);
    assert_int_equal(e.word, word);
}

static void take_duplicates(const o2p_store *store, o2p_table table, uint32_t row,
                            const o2p_run *run)
{
    static const o2p_source order[] = {O2P_SOURCE_RESOURCE, O2P_SOURCE_SCOPE, O2P_SOURCE_METRIC,
                                       O2P_SOURCE_ROW};
    static char text[1 << 16];
    size_t size = 0;
    for (size_t i = 0; i < 4; i++) {
        bool own = order[i] == O2P_SOURCE_ROW;
        if (order[i] == O2P_SOURCE_METRIC && o2p_tables[table].signal != O2P_SIGNAL_METRICS)
            continue;
        const o2p_rows *rows = own ? store->tables[table] : store->groups[order[i]];
        const char *noted =
            rows_cell(rows, O2P_COL_DuplicateAttributes, own ? row : run->group[order[i]]);
        if (strcmp(noted, "null") != 0)
            size += (size_t)sprintf(text + size, "%c%s", size == 0 ? '[' : ',', noted);
    }
    if (size == 0) {
        assert_false(leaf_take(0, 0).present);
        return;
    }
    sprintf(text + size, "]");
    leaf_take_text(0, 1, text, size + 1);
}

/* Takes the entries of one row for one leaf. */
static void take_row(const o2p_store *store, o2p_table table, o2p_col col, o2p_col parent,
                     o2p_part part, uint32_t row, const o2p_run *run)
{
    o2p_source source = (o2p_source)o2p_columns[col].source;
    const o2p_rows *rows = source == O2P_SOURCE_ROW ? store->tables[table] : store->groups[source];
    if (col == O2P_COL_DuplicateAttributes) {
        take_duplicates(store, table, row, run);
        return;
    }
    row = source == O2P_SOURCE_ROW ? row : run->group[source];
    if (parent == O2P_COL_NONE) {
        take_cell(rows, col, part, row, 0, 0);
        return;
    }
    uint32_t begin = o2p_list_begin(&rows->columns[parent], row),
             end = o2p_list_end(&rows->columns[parent], row);
    if (begin == end)
        assert_false(leaf_take(0, 0).present);
    for (uint32_t child = begin; child < end; child++)
        take_cell(rows, col, part, child, child == begin ? 0 : 1, 1);
}

/* ---- whole files ---- */

static void check_leaf(const parquet_reader *file, const o2p_store *store,
                       const o2p_settings *settings, o2p_table table, size_t position,
                       o2p_part part, size_t leaf, const uint32_t *selected, const uint32_t *runs,
                       uint32_t count)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    o2p_col col = (o2p_col)spec->columns[position];
    int32_t parent_at = spec->infos[position].parent;
    o2p_col parent = parent_at < 0 ? O2P_COL_NONE : (o2p_col)spec->columns[parent_at];
    unsigned lists =
        (parent != O2P_COL_NONE ? 1u : 0u) + (o2p_columns[col].kind >= O2P_KIND_MAP ? 1u : 0u);
    leaf_reader_begin();
    for (size_t group = 0; group < thrift_count(thrift_field(file->metadata, 4)); group++)
        leaf_reader_chunk(file, group, leaf, lists, lists + is_nullable(col), settings->page_rows);
    for (uint32_t i = 0; i < count; i++)
        take_row(store, table, col, parent, part, selected[i],
                 o2p_store_runs(store, table) + runs[i]);
    leaf_reader_end();
}

static void check_file(const o2p_buffer *bytes, const o2p_store *store,
                       const o2p_settings *settings, o2p_table table, const uint32_t *selected,
                       const uint32_t *runs, uint32_t count)
{
    parquet_reader file = parquet_open(bytes);
    const o2p_table_spec *spec = &o2p_tables[table];
    size_t leaf = 0;
    expected_table = table;
    assert_int_equal(thrift_int_field(file.metadata, 3), count);
    size_t groups = thrift_count(thrift_field(file.metadata, 4));
    size_t by_rows = (count + settings->row_group_rows - 1) / settings->row_group_rows;
    if (settings->row_group_bytes >= 1u << 20) /* more than there is */
        assert_int_equal(groups, by_rows);
    assert_in_range(groups, by_rows, count);
    for (size_t i = 0; i < spec->column_count; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        if (kind == O2P_KIND_STRUCT_LIST)
            continue;
        if (kind == O2P_KIND_NANOS && expected->timestamps == O2P_TIMESTAMPS_NANOS)
            continue;
        check_leaf(&file, store, settings, table, i,
                   kind == O2P_KIND_MAP ? O2P_PART_KEY : O2P_PART_ONLY, leaf++, selected, runs,
                   count);
        if (kind == O2P_KIND_MAP)
            check_leaf(&file, store, settings, table, i, O2P_PART_VALUE, leaf++, selected, runs,
                       count);
    }
    assert_int_equal(thrift_count(thrift_field(parquet_row_group(&file, 0), 1)), leaf);
}

o2p_settings settings_of(uint32_t group_rows, uint32_t page_rows, uint32_t page_bytes,
                         o2p_codec codec)
{
    o2p_settings settings;
    o2p_error error;
    o2p_options options;
    memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    options.path_template = "{hash}";
    options.codec = codec;
    options.row_group_rows = group_rows;
    options.page_rows = page_rows;
    options.page_bytes = page_bytes;
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

void check_store(walk_fixture *f, const o2p_settings *settings)
{
    o2p_ordering ordering;
    o2p_ordering_init(&ordering, &f->memory);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, settings);
    expected = settings;
    assert_non_null(encoder);
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++) {
        if (f->store.tables[t] == NULL || f->store.tables[t]->count == 0)
            continue;
        assert_true(o2p_order_rows(&ordering, &f->store, settings, (o2p_table)t));
        const uint32_t *rows = (const uint32_t *)(const void *)ordering.rows.data;
        const uint32_t *runs = (const uint32_t *)(const void *)ordering.runs.data;
        uint32_t count = f->store.tables[t]->count;
        for (uint32_t first = 0; first < count;
             first += count / 2 + 1) { /* all, and the second half */
            o2p_buffer file;
            assert_int_equal(
                o2p_encode(encoder, (o2p_table)t, rows + first, runs + first, count - first, &file),
                O2P_OK);
            check_file(&file, &f->store, settings, (o2p_table)t, rows + first, runs + first,
                       count - first);
            o2p_buffer_free(&file);
        }
    }
    o2p_encoder_free(encoder);
    o2p_ordering_free(&ordering);
}

void fill_store(walk_fixture *f, o2p_signal signal, unsigned requests)
{
    for (unsigned i = 0; i < requests; i++) {
        sample_request(&f->p, signal, i * 7 % 11);
        assert_int_equal(walk_read(f, signal), O2P_OK);
    }
}

o2p_buffer encode_table(walk_fixture *f, const o2p_settings *settings, o2p_table table)
{
    o2p_ordering ordering;
    o2p_buffer file;
    o2p_ordering_init(&ordering, &f->memory);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(encoder);
    assert_true(o2p_order_rows(&ordering, &f->store, settings, table));
    assert_int_equal(o2p_encode(encoder, table, (const uint32_t *)(const void *)ordering.rows.data,
                                (const uint32_t *)(const void *)ordering.runs.data,
                                f->store.tables[table]->count, &file),
                     O2P_OK);
    o2p_encoder_free(encoder);
    o2p_ordering_free(&ordering);
    return file;
}

size_t leaf_of(o2p_table table, o2p_col wanted)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    size_t leaf = 0, i = 0;
    for (; i < spec->column_count && spec->columns[i] != wanted; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        leaf += kind == O2P_KIND_MAP ? 2 : kind != O2P_KIND_STRUCT_LIST;
    }
    assert_true(i < spec->column_count);
    return leaf;
}
