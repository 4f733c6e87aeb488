/* duplicates.c - the leaf of DuplicateAttributes, which is in no column as it is written: what was
 * noted for a row's resource, scope, metric and itself, as one JSON array.
 */
#include "leaf_writer.h"

/* Elements noted for a row of a source; NULL if there are none. */
static const o2p_entry *noted(const o2p_rows *rows, uint32_t row)
{
    const o2p_column *column = rows == NULL ? NULL : &rows->columns[O2P_COL_DuplicateAttributes];
    if (column == NULL || row >= column->cells.size / 4 || o2p_cells32(column)[row] == 0)
        return NULL;
    return o2p_dictionary_entry(column->dictionary, o2p_cells32(column)[row] - 1);
}

static bool any_noted(const o2p_encoder *e, o2p_table table)
{
    for (o2p_source s = O2P_SOURCE_ROW; s <= O2P_SOURCE_METRIC; s++) {
        const o2p_rows *rows = o2p_rows_of(e, table, s);
        if (rows != NULL && rows->columns[O2P_COL_DuplicateAttributes].cells.size > 0)
            return true;
    }
    return false;
}

/* Where a walk over the rows of the row group is in each source. */
typedef struct source_walk {
    uint32_t at[O2P_SOURCE_METRIC + 1];   /* among the source's rows or runs */
    uint32_t done[O2P_SOURCE_METRIC + 1]; /* rows of that run that are behind */
} source_walk;

/* The row in a source of the next row of the row group. */
static uint32_t next_row(const o2p_encoder *e, source_walk *walk, o2p_source source)
{
    uint32_t at = walk->at[source];
    uint32_t length = source == O2P_SOURCE_ROW
                          ? 1
                          : ((const uint32_t *)(const void *)e->repeats[source].data)[at];
    if (++walk->done[source] == length) {
        walk->at[source]++;
        walk->done[source] = 0;
    }
    return ((const uint32_t *)(const void *)e->sources[source].data)[at];
}

/* What was noted for a row's resource, scope and metric, and for itself; NULL where nothing was. */
typedef struct row_notes {
    const o2p_entry *of[4];
} row_notes;

static row_notes next_notes(o2p_encoder *e, o2p_table table, source_walk *walk)
{
    static const o2p_source order[] = {O2P_SOURCE_RESOURCE, O2P_SOURCE_SCOPE, O2P_SOURCE_METRIC,
                                       O2P_SOURCE_ROW};
    row_notes notes;
    for (size_t s = 0; s < 4; s++) {
        uint32_t row = next_row(e, walk, order[s]);
        notes.of[s] =
            o2p_has_source(table, order[s]) ? noted(o2p_rows_of(e, table, order[s]), row) : NULL;
    }
    return notes;
}

static void join_notes(const row_notes *notes, o2p_buffer *text)
{
    text->size = 0;
    for (size_t s = 0; s < 4; s++) {
        const o2p_entry *entry = notes->of[s];
        if (entry == NULL)
            continue;
        o2p_buffer_byte(text, text->size == 0 ? '[' : ',');
        o2p_buffer_append(text, entry->bytes, entry->size);
    }
    if (text->size > 0)
        o2p_buffer_byte(text, ']');
}

/* Makes the leaf of DuplicateAttributes, which is in no column as it is written. */
bool o2p_gather_duplicates(o2p_encoder *e, o2p_table table, uint32_t count, o2p_leaf *leaf)
{
    memset(leaf, 0, sizeof(*leaf));
    leaf->rows = count;
    leaf->nullable = leaf->constant = true;
    if (!any_noted(e, table))
        return true;
    o2p_gather *gather = &e->gather;
    uint32_t *indices = o2p_u32_room(&gather->indices, count);
    gather->valid.size = 0;
    uint8_t *valid = (uint8_t *)o2p_buffer_extend(&gather->valid, count);
    if (indices == NULL || valid == NULL)
        return false;
    source_walk walk = {{0}, {0}};
    o2p_dictionary_prepare(&e->duplicates);
    row_notes last = {{NULL}};
    uint32_t index = 0;
    for (uint32_t i = 0; i < count; i++) {
        row_notes notes = next_notes(e, table, &walk);
        if (memcmp(&notes, &last, sizeof(notes)) !=
            0) { /* else the text is that of the row before */
            join_notes(&notes, &e->hex[0]);
            index = o2p_intern(&e->duplicates, e->hex[0].data, e->hex[0].size, false);
        }
        last = notes;
        valid[i] = index != 0;
        if (valid[i])
            indices[leaf->value_count++] = index;
    }
    leaf->constant = false;
    leaf->indices = indices;
    leaf->valid = valid;
    return !e->memory->failed;
}
