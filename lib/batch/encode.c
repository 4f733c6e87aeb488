/* encode.c - see encode.h. Files, row groups, and the order of leaves; the parts of a leaf are in
 * the files that leaf_writer.h names.
 *
 * For each row group and each leaf: gather the values (leaf.h), choose an encoding, write pages.
 *
 *   leaf                       encoding
 *   text, keys                 RLE_DICTIONARY when dictionary and indices are smaller, else PLAIN
 *   ids                        the same, but DELTA_LENGTH_BYTE_ARRAY for PLAIN
 *   numbers                    RLE_DICTIONARY when values repeat; else DELTA_BINARY_PACKED for
 *                              integers, PLAIN for doubles
 *   booleans                   PLAIN
 *   nothing but nulls          PLAIN, levels only
 *   one default value          RLE_DICTIONARY with one entry and one run: no array is made
 */
#include "encode.h"

#include "leaf_writer.h"

/* ---- leaves of a row group ---- */

static o2p_physical physical_of(o2p_kind kind)
{
    switch (kind) {
    case O2P_KIND_TIME:
    case O2P_KIND_INT64:
    case O2P_KIND_INT64_LIST:
        return O2P_PHYSICAL_INT64;
    case O2P_KIND_NANOS:
    case O2P_KIND_INT32:
        return O2P_PHYSICAL_INT32;
    case O2P_KIND_DOUBLE:
    case O2P_KIND_DOUBLE_LIST:
        return O2P_PHYSICAL_DOUBLE;
    case O2P_KIND_BOOL:
        return O2P_PHYSICAL_BOOLEAN;
    default:
        return O2P_PHYSICAL_BYTE_ARRAY;
    }
}

static const o2p_dictionary *dictionary_of(const o2p_encoder *e, o2p_table table, o2p_col col,
                                           o2p_part part)
{
    if (col == O2P_COL_DuplicateAttributes)
        return &e->duplicates;
    const o2p_rows *rows = o2p_rows_of(e, table, (o2p_source)o2p_columns[col].source);
    if (rows == NULL)
        return NULL;
    const o2p_column *column = &rows->columns[col];
    o2p_dictionary *dictionary = part == O2P_PART_KEY ? column->key_dictionary : column->dictionary;
    if (dictionary != NULL)
        o2p_dictionary_prepare(dictionary);
    return dictionary;
}

/* Gathers a leaf over the row group, once a run where rows of its source repeat. */
static bool gather(o2p_encoder *e, o2p_table table, o2p_col col, o2p_col parent, o2p_part part,
                   o2p_leaf *leaf)
{
    o2p_source source = (o2p_source)o2p_columns[col].source;
    uint32_t count = (uint32_t)(e->sources[source].size / 4);
    if (col == O2P_COL_DuplicateAttributes)
        return o2p_gather_duplicates(e, table, count, leaf);
    if (!o2p_gather_leaf(&e->gather, o2p_rows_of(e, table, source), col, parent, part,
                         o2p_u32s(&e->sources[source]), count, leaf))
        return false;
    if (source == O2P_SOURCE_ROW)
        return true;
    leaf->repeats = o2p_u32s(&e->repeats[source]);
    /* Text is repeated once it is numbered; the rest at once. */
    bool later = leaf->indices != NULL && leaf->value_count > 0;
    return later || o2p_leaf_expand(&e->gather, leaf);
}

static bool write_leaf(o2p_encoder *e, o2p_table table, o2p_col col, o2p_col parent, o2p_part part,
                       uint32_t number)
{
    const o2p_column_spec *spec = &o2p_columns[col];
    o2p_leaf leaf;
    if (!gather(e, table, col, parent, part, &leaf))
        return false;
    o2p_leaf_writer w = {.encoder = e,
                         .leaf = &leaf,
                         .encoding = O2P_PAGE_ENCODING_PLAIN,
                         .physical = physical_of((o2p_kind)spec->kind),
                         .bounds = spec->statistics == O2P_STATISTICS_BOUNDS,
                         .hex = spec->kind == O2P_KIND_ID,
                         .dictionary = dictionary_of(e, table, col, part)};
    if (e->memory->failed)
        return false;
    o2p_parquet_chunk_begin(e->writer, number, (o2p_statistics)spec->statistics);
    if (w.hex)
        o2p_parquet_chunk_random(e->writer);
    bool ok = w.physical == O2P_PHYSICAL_BYTE_ARRAY
                  ? o2p_write_text(&w, col == O2P_COL_TraceId)
                  : o2p_write_numbers(&w, w.physical == O2P_PHYSICAL_DOUBLE);
    o2p_parquet_chunk_end(e->writer);
    return ok && !e->memory->failed;
}

/* Writes all leaves of a row group. */
static bool write_leaves(o2p_encoder *e, o2p_table table)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    uint32_t number = 0;
    bool ok = true;
    for (size_t i = 0; i < spec->column_count && ok; i++) {
        o2p_col col = (o2p_col)spec->columns[i];
        int32_t parent_at = spec->infos[i].parent;
        o2p_col parent = parent_at < 0 ? O2P_COL_NONE : (o2p_col)spec->columns[parent_at];
        o2p_kind kind = (o2p_kind)o2p_columns[col].kind;
        if (kind == O2P_KIND_MAP)
            ok = write_leaf(e, table, col, parent, O2P_PART_KEY, number++) &&
                 write_leaf(e, table, col, parent, O2P_PART_VALUE, number++);
        else if (kind != O2P_KIND_STRUCT_LIST)
            ok = write_leaf(e, table, col, parent, O2P_PART_ONLY, number++);
    }
    return ok;
}

/* Leaf numbers of the columns that rows are sorted by. */
static uint32_t leaf_number(const o2p_table_spec *spec, o2p_col wanted)
{
    uint32_t number = 0;
    for (size_t i = 0; i < spec->column_count && spec->columns[i] != wanted; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        number += kind == O2P_KIND_MAP ? 2 : kind != O2P_KIND_STRUCT_LIST;
    }
    return number;
}

/* ---- files ---- */

/* The rows of a row group in a source, as runs of equal ones. */
static bool set_runs(o2p_encoder *e, o2p_table table, o2p_source source, const uint32_t *runs,
                     uint32_t count)
{
    const o2p_run *all = o2p_store_runs(e->store, table);
    uint32_t *rows = o2p_u32_room(&e->sources[source], count);
    uint32_t *repeats = o2p_u32_room(&e->repeats[source], count);
    if (rows == NULL || repeats == NULL)
        return false;
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = all[runs[i]].group[source];
        if (made == 0 || rows[made - 1] != row) {
            rows[made] = row;
            repeats[made++] = 0;
        }
        repeats[made - 1]++;
    }
    e->sources[source].size = e->repeats[source].size = (size_t)made * 4;
    return true;
}

static bool set_sources(o2p_encoder *e, o2p_table table, const uint32_t *selected,
                        const uint32_t *runs, uint32_t count)
{
    e->sources[O2P_SOURCE_ROW].size = 0;
    o2p_buffer_append(&e->sources[O2P_SOURCE_ROW], selected, (size_t)count * 4);
    bool ok = !e->memory->failed;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC && ok; s++)
        ok = set_runs(e, table, s, runs, count);
    return ok;
}

static uint32_t map_size(const o2p_rows *rows, o2p_col map, uint32_t row)
{
    const o2p_column *column = rows == NULL ? NULL : &rows->columns[map];
    return column == NULL ? 0 : o2p_map_size(column, o2p_map_list(column, row));
}

/* Attributes that each row of a run has from its resource, scope and metric. */
static uint64_t shared_attributes(const o2p_encoder *e, o2p_table table, const o2p_run *run)
{
    static const o2p_col maps[] = {[O2P_SOURCE_RESOURCE] = O2P_COL_ResourceAttributes,
                                   [O2P_SOURCE_SCOPE] = O2P_COL_ScopeAttributes,
                                   [O2P_SOURCE_METRIC] = O2P_COL_MetricMetadata};
    uint64_t sum = 0;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC; s++)
        if (o2p_has_source(table, s))
            sum += map_size(e->store->groups[s], maps[s], run->group[s]);
    return sum;
}

/* Rows of the next row group: fewer than the options say where each of them repeats very many
 * attributes, which are all in memory while it is written. */
static uint32_t row_group_rows(const o2p_encoder *e, o2p_table table, const uint32_t *runs,
                               uint32_t count)
{
    enum { MOST_SHARED = 1 << 26 };
    const o2p_run *all = o2p_store_runs(e->store, table);
    uint32_t most = count < e->settings->row_group_rows ? count : e->settings->row_group_rows;
    uint64_t sum = 0, each = 0;
    for (uint32_t i = 0; i < most; i++) {
        if (i == 0 || runs[i] != runs[i - 1])
            each = shared_attributes(e, table, &all[runs[i]]);
        sum += each;
        if (sum > MOST_SHARED && i > 0)
            return i;
    }
    return most;
}

static o2p_status finish(o2p_encoder *e, o2p_table table, o2p_buffer *file)
{
    static const char digits[] = "0123456789";
    char schema_version[2] = {digits[O2P_SCHEMA_VERSION % 10], '\0'};
    _Static_assert(O2P_SCHEMA_VERSION < 10, "one digit");
    const o2p_key_value metadata[] = {
        {"otlp2parquet.version", O2P_VERSION},
        {"otlp2parquet.schema_version", schema_version},
        {"otlp2parquet.signal", o2p_signal_name(o2p_tables[table].signal)},
        {"otlp2parquet.table", o2p_tables[table].name},
    };
    return o2p_parquet_finish(e->writer, metadata, sizeof(metadata) / sizeof(metadata[0]), file);
}

o2p_status o2p_encode(o2p_encoder *encoder, o2p_table table, const uint32_t *selected,
                      const uint32_t *runs, uint32_t count, o2p_buffer *file)
{
    o2p_encoder *e = encoder;
    const o2p_table_spec *spec = &o2p_tables[table];
    const o2p_sorting sorting[] = {{leaf_number(spec, O2P_COL_ServiceName)},
                                   {leaf_number(spec, spec->time)}};
    bool sorted = e->settings->order == O2P_ORDER_CLUSTERED;
    o2p_parquet_options options = {e->settings->codec, e->nodes, o2p_schema_nodes(table, e->nodes),
                                   sorted ? sorting : NULL, sorted ? 2 : 0};
    o2p_buffer_init(file, e->memory);
    o2p_parquet_begin(e->writer, &options);
    bool ok = true;
    for (uint32_t at = 0, rows; at < count && ok; at += rows) {
        rows = row_group_rows(e, table, runs + at, count - at);
        o2p_parquet_row_group_begin(e->writer, rows);
        ok = set_sources(e, table, selected + at, runs + at, rows) && write_leaves(e, table);
        if (ok)
            o2p_parquet_row_group_end(e->writer);
    }
    return ok ? finish(e, table, file) : o2p_memory_status(e->memory);
}

/* Every scratch buffer of an encoder. */
static void each_buffer(o2p_encoder *e, void (*visit)(o2p_buffer *buffer, o2p_memory *memory))
{
    o2p_buffer *all[] = {&e->local,  &e->used,     &e->uses,       &e->places,
                         &e->packed, &e->narrow,   &e->hex[0],     &e->hex[1],
                         &e->hashes, &e->prefixes, &e->list_bounds};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        visit(all[i], e->memory);
    for (size_t s = 0; s <= O2P_SOURCE_METRIC; s++) {
        visit(&e->sources[s], e->memory);
        visit(&e->repeats[s], e->memory);
    }
}

static void release_buffer(o2p_buffer *buffer, o2p_memory *memory)
{
    (void)memory;
    o2p_buffer_free(buffer);
}

o2p_encoder *o2p_encoder_new(const o2p_store *store, const o2p_settings *settings)
{
    o2p_encoder *e = (o2p_encoder *)o2p_memory_resize(store->memory, NULL, 0, sizeof(*e));
    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof(*e));
    e->store = store;
    e->settings = settings;
    e->memory = store->memory;
    each_buffer(e, o2p_buffer_init);
    o2p_gather_init(&e->gather, e->memory);
    o2p_levels_init(&e->repetition, e->memory);
    o2p_levels_init(&e->definition, e->memory);
    o2p_number_table_init(&e->numbers, e->memory);
    o2p_arena_init(&e->arena, e->memory);
    o2p_dictionary_init(&e->duplicates, e->memory, &e->arena, O2P_TEXT_RAW,
                        &e->duplicates_repaired);
    e->writer = o2p_parquet_new(e->memory);
    if (e->writer != NULL)
        return e;
    o2p_encoder_free(e);
    return NULL;
}

void o2p_encoder_free(o2p_encoder *e)
{
    if (e == NULL)
        return;
    if (e->writer != NULL)
        o2p_parquet_free(e->writer);
    each_buffer(e, release_buffer);
    o2p_gather_free(&e->gather);
    o2p_levels_free(&e->repetition);
    o2p_levels_free(&e->definition);
    o2p_number_table_free(&e->numbers);
    o2p_dictionary_free(&e->duplicates);
    o2p_arena_free(&e->arena);
    o2p_memory_release(e->memory, e, sizeof(*e));
}
