/* walk.c - see walk.h. */
#include "walk.h"

void o2p_walk_init(o2p_walk *walk, o2p_store *store)
{
    memset(walk, 0, sizeof(*walk));
    walk->store = store;
    walk->limits = o2p_default_limits();
    o2p_buffer_init(&walk->text, store->memory);
    for (size_t i = 0; i < O2P_LIST_PARTS; i++)
        o2p_buffer_init(&walk->duplicates[i], store->memory);
    o2p_buffer_init(&walk->key, store->memory);
    o2p_known_init(&walk->known, store->memory);
    for (size_t i = 0; i < 2; i++) {
        o2p_buffer_init(&walk->lists[i].types, store->memory);
        o2p_buffer_init(&walk->lists[i].late, store->memory);
        o2p_buffer_init(&walk->lists[i].stamps, store->memory);
    }
}

void o2p_walk_free(o2p_walk *walk)
{
    o2p_buffer_free(&walk->text);
    for (size_t i = 0; i < O2P_LIST_PARTS; i++)
        o2p_buffer_free(&walk->duplicates[i]);
    o2p_buffer_free(&walk->key);
    o2p_known_free(&walk->known);
    for (size_t i = 0; i < 2; i++) {
        o2p_buffer_free(&walk->lists[i].types);
        o2p_buffer_free(&walk->lists[i].late);
        o2p_buffer_free(&walk->lists[i].stamps);
    }
}

bool o2p_walk_other(o2p_walk *walk, const o2p_message *message, const o2p_wire_field *field)
{
    if (o2p_find_field(message, field->key >> 3) != NULL)
        return o2p_walk_fail(walk, O2P_ERR_WIRE_TYPE, field->start);
    walk->counts.unknown_fields++;
    return true;
}

bool o2p_walk_over(o2p_walk *walk, const uint8_t *at, const char *what)
{
    if (walk->status == O2P_OK)
        walk->what = what;
    return o2p_walk_fail(walk, O2P_ERR_LIMIT, at);
}

bool o2p_walk_full(o2p_walk *walk, const uint8_t *at, const char *what)
{
    walk->full = walk->full || walk->status == O2P_OK;
    return o2p_walk_over(walk, at, what);
}

static bool has_room(o2p_walk *walk, const o2p_rows *rows, const o2p_wire_field *record)
{
    if (O2P_UNLIKELY(walk->counts.accepted >= walk->limits.max_records))
        return o2p_walk_over(walk, record->start, "more records than max_records");
    if (O2P_UNLIKELY(record->value > O2P_MAX_RECORD_BYTES))
        return o2p_walk_over(walk, record->start, "a record of more than 64 MiB");
    if (O2P_UNLIKELY(rows->count >= O2P_MAX_ROWS))
        return o2p_walk_full(walk, record->start, "more rows than Parquet can count");
    return true;
}

o2p_rows *o2p_walk_new_row(o2p_walk *walk, o2p_table table, const o2p_wire_field *record,
                           uint32_t *row)
{
    o2p_memory *memory = walk->store->memory;
    o2p_memory_progress(memory, memory->whole, (size_t)(record->start - walk->begin));
    o2p_rows *rows = o2p_store_table(walk->store, table);
    if (rows == NULL || !has_room(walk, rows, record))
        return NULL;
    *row = rows->count++;
    walk->store->row_count++;
    walk->counts.accepted++;
    return rows;
}

/* ---- what records share ----
 *
 * A resource is kept once and written for each of its records, so n bytes of resource and n of
 * records would be n * n bytes of Parquet. Each attribute counts once a record; a duplicate one by
 * the bytes it takes in DuplicateAttributes, which are joined to those of the record.
 */

/* Bytes of a duplicate that count as one attribute: less than the least takes. */
enum { NOTE_BYTES = 32 };

/* Bytes of the DuplicateAttributes of a resource, scope or metric. */
static uint64_t note_size(const o2p_rows *rows, uint32_t row)
{
    const o2p_column *column = &rows->columns[O2P_COL_DuplicateAttributes];
    if (O2P_LIKELY(row >= column->cells.size / 4 || o2p_cells32(column)[row] == 0))
        return 0;
    return o2p_dictionary_entry(column->dictionary, o2p_cells32(column)[row] - 1)->size;
}

o2p_share o2p_walk_share_of(const o2p_walk *walk, o2p_source source, uint32_t row)
{
    static const o2p_col maps[] = {[O2P_SOURCE_RESOURCE] = O2P_COL_ResourceAttributes,
                                   [O2P_SOURCE_SCOPE] = O2P_COL_ScopeAttributes,
                                   [O2P_SOURCE_METRIC] = O2P_COL_MetricMetadata};
    const o2p_rows *rows = walk->store->groups[source];
    const o2p_column *column = &rows->columns[maps[source]];
    uint64_t note = note_size(rows, row);
    uint64_t attributes = o2p_map_size(column, o2p_map_list(column, row));
    return (o2p_share){attributes + note / NOTE_BYTES, note};
}
