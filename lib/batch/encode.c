/* encode.c - see encode.h. Files and the order of leaves; the parts of a leaf are in
 * the files that leaf_writer.h names.
 *
 * For each row group and each leaf: gather the values (leaf.h), choose an encoding, write pages.
 *
 *   leaf                       encoding
 *   text, keys                 RLE_DICTIONARY when dictionary and indices are smaller, else PLAIN
 *   ids                        the same, but DELTA_LENGTH_BYTE_ARRAY for PLAIN, except hex ids
 *                              that are many and looked up: see text_leaf.c
 *   numbers                    RLE_DICTIONARY when values repeat, but PLAIN where equal ones follow
 *                              each other and the codec counts bytes; else DELTA_BINARY_PACKED for
 *                              integers, PLAIN for doubles
 *   booleans                   PLAIN
 *   nothing but nulls          PLAIN, levels only
 *   one default value          RLE_DICTIONARY with one entry and one run: no array is made
 */
#include "encode.h"

#include "leaf_writer.h"

/* ---- leaves of a row group ---- */

static const o2p_dictionary *dictionary_of(o2p_encoder *e, const o2p_layout_leaf *spec)
{
    if (spec->form == O2P_FORM_NOTED)
        return &e->duplicates;
    if (o2p_list_texts(e, (o2p_form)spec->form) != NULL)
        return o2p_list_texts(e, (o2p_form)spec->form);
    const o2p_rows *rows = o2p_rows_of(e, e->layout.table, (o2p_source)spec->source);
    if (rows == NULL)
        return NULL;
    const o2p_column *column = &rows->columns[spec->cells];
    o2p_dictionary *dictionary =
        spec->part == O2P_PART_KEY ? column->key_dictionary : column->dictionary;
    if (dictionary != NULL)
        o2p_dictionary_prepare(dictionary);
    return dictionary;
}

/* Gathers a leaf over the row group, once a run where rows of its source repeat. */
static bool gather(o2p_encoder *e, const o2p_layout_leaf *spec, o2p_leaf *leaf)
{
    o2p_source source = (o2p_source)spec->source;
    uint32_t count = (uint32_t)(e->sources[source].size / 4);
    if (spec->form == O2P_FORM_NOTED)
        return o2p_gather_duplicates(e, e->layout.table, count, leaf);
    const uint32_t *selected = o2p_u32s(&e->sources[source]);
    bool ok = o2p_form_is_list((o2p_form)spec->form)
                  ? o2p_gather_list_leaf(e, spec, selected, count, leaf)
                  : o2p_gather_leaf(&e->gather, o2p_rows_of(e, e->layout.table, source), spec,
                                    selected, count, leaf);
    if (!ok)
        return false;
    if (source == O2P_SOURCE_ROW)
        return true;
    leaf->repeats = o2p_u32s(&e->repeats[source]);
    leaf->all_rows = (uint32_t)(e->sources[O2P_SOURCE_ROW].size / 4);
    /* Text is repeated once it is numbered; the rest at once. */
    bool later = leaf->indices != NULL && leaf->value_count > 0;
    return later || o2p_leaf_expand(&e->gather, leaf);
}

static bool write_leaf(o2p_encoder *e, uint32_t number)
{
    const o2p_layout_leaf *spec = o2p_layout_leaf_at(&e->layout, number);
    o2p_leaf leaf;
    if (!gather(e, spec, &leaf))
        return false;
    o2p_leaf_writer w = {.encoder = e,
                         .leaf = &leaf,
                         .spec = spec,
                         .encoding = O2P_PAGE_ENCODING_PLAIN,
                         .physical = (o2p_physical)spec->physical,
                         .bounds = spec->statistics == O2P_STATISTICS_BOUNDS,
                         .id = spec->form == O2P_FORM_HEX || spec->form == O2P_FORM_BYTES,
                         .hex = spec->form == O2P_FORM_HEX,
                         .dictionary = dictionary_of(e, spec)};
    if (e->memory->failed)
        return false;
    o2p_parquet_chunk_begin(e->writer, number, (o2p_statistics)spec->statistics);
    if (w.id)
        o2p_parquet_chunk_random(e->writer);
    bool ok = w.physical == O2P_PHYSICAL_BYTE_ARRAY ? o2p_write_text(&w) : o2p_write_numbers(&w);
    o2p_parquet_chunk_end(e->writer);
    return ok && !e->memory->failed;
}

/* Writes all leaves of a row group. */
static bool write_leaves(o2p_encoder *e)
{
    bool ok = true;
    for (uint32_t i = 0; i < o2p_layout_leaf_count(&e->layout) && ok; i++)
        ok = write_leaf(e, i);
    return ok;
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
    e->levels.any = false;
    if (ok)
        o2p_gather_begin(&e->gather, o2p_u32s(&e->sources[O2P_SOURCE_ROW]), count);
    return ok;
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

/* Files come table by table: the layout is made for the first of each. */
static bool lay_out(o2p_encoder *e, o2p_table table)
{
    if (!e->laid_out || e->layout.table != table) {
        e->laid_out = o2p_layout_make(&e->layout, table, e->settings);
        if (e->laid_out)
            o2p_row_groups_prepare(e);
    }
    return !e->memory->failed;
}

/* How many of the columns that rows are sorted by are in order as readers compare them: a time in
 * nanoseconds is null where rows were put by another time, and negative from 2^63 on. */
static size_t sorting_count(const o2p_encoder *e, const uint32_t *selected, uint32_t count)
{
    size_t sorted = e->layout.sorting_count;
    if (sorted == 0)
        return 0;
    const o2p_layout_leaf *last =
        o2p_layout_leaf_at(&e->layout, e->layout.sorting[sorted - 1].leaf);
    if (last->form != O2P_FORM_NANOS)
        return sorted;
    const o2p_column *column = &e->store->tables[e->layout.table]->columns[last->cells];
    size_t set = column->cells.size / 8;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = selected[i];
        bool present = row < column->valid.size && column->valid.data[row] != 0;
        if (last->nullable && !present)
            return sorted - 1;
        if (row < set && o2p_cells64(column)[row] > INT64_MAX)
            return sorted - 1;
    }
    return sorted;
}

o2p_status o2p_encode(o2p_encoder *encoder, o2p_table table, const uint32_t *selected,
                      const uint32_t *runs, uint32_t count, o2p_buffer *file)
{
    o2p_encoder *e = encoder;
    o2p_buffer_init(file, e->memory);
    if (!lay_out(e, table))
        return o2p_memory_status(e->memory);
    o2p_parquet_options options = {e->settings->codec,
                                   e->settings->codec_level,
                                   o2p_layout_nodes(&e->layout),
                                   o2p_layout_node_count(&e->layout),
                                   e->layout.sorting,
                                   sorting_count(e, selected, count),
                                   e->settings->statistics_bytes};
    o2p_parquet_begin(e->writer, &options);
    bool ok = true;
    for (uint32_t at = 0, rows; at < count && ok; at += rows) {
        rows = o2p_row_group_rows(e, selected + at, runs + at, count - at);
        o2p_parquet_row_group_begin(e->writer, rows);
        ok = set_sources(e, table, selected + at, runs + at, rows) && write_leaves(e);
        if (ok)
            o2p_parquet_row_group_end(e->writer);
    }
    return ok ? finish(e, table, file) : o2p_memory_status(e->memory);
}

/* Every scratch buffer of an encoder. */
static void each_buffer(o2p_encoder *e, void (*visit)(o2p_buffer *buffer, o2p_memory *memory))
{
    o2p_buffer *all[] = {&e->local,        &e->used,           &e->uses,          &e->places,
                         &e->local_keys,   &e->groups,         &e->grouped,       &e->packed,
                         &e->packed_at,    &e->narrow,         &e->hex[0],        &e->hex[1],
                         &e->hashes,       &e->prefixes,       &e->seen,          &e->levels.pages,
                         &e->levels.bytes, &e->weights.leaves, &e->weights.stamps};
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
    o2p_layout_init(&e->layout, e->memory);
    o2p_arena_init(&e->arena, e->memory);
    o2p_list_forms_init(&e->forms, e->memory);
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
    o2p_layout_free(&e->layout);
    o2p_dictionary_free(&e->duplicates);
    o2p_arena_free(&e->arena);
    o2p_list_forms_free(&e->forms);
    o2p_memory_release(e->memory, e, sizeof(*e));
}
