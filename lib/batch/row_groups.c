/* row_groups.c - where row groups end: after so many rows, before so many bytes, and before rows
 * repeat very many attributes of their resources, which are all in memory while they are written.
 *
 * Bytes are those before compression, about:
 *
 *   text         2 for its index, and when it comes first in the row group its length and 4; or the
 *                latter each time where there will be no dictionary
 *   number       8
 *
 * Lists of attributes that are written as texts are weighed row by row by themselves: a text is up
 * to six times as large as what it is made of, and those of a row group are one dictionary.
 *
 * The sizes of a table's columns tell of most that no row group can be too large. Only the rows of
 * others are weighed one by one, by the columns that take most; what the others take is spread
 * evenly.
 */
#include "../base/limits.h"
#include "leaf_writer.h"

enum { INDEX_BYTES = 2, NUMBER_BYTES = 8, LENGTH_BYTES = 4 };

/* A leaf by which rows are weighed. */
typedef struct weighed_leaf {
    const o2p_layout_leaf *spec;
    const o2p_column *column;
    const o2p_dictionary *values; /* NULL: numbers */
    size_t stamps;                /* where its entries begin in weights.stamps; or NO_STAMPS */
} weighed_leaf;

#define NO_STAMPS SIZE_MAX /* each text counts each time */

static const o2p_column *column_of(const o2p_encoder *e, const o2p_layout_leaf *spec)
{
    const o2p_rows *rows = o2p_rows_of(e, e->layout.table, (o2p_source)spec->source);
    return rows == NULL ? NULL : &rows->columns[spec->cells];
}

static o2p_dictionary *values_of(const o2p_column *column, const o2p_layout_leaf *spec)
{
    return spec->part == O2P_PART_KEY ? column->key_dictionary : column->dictionary;
}

/* Whether texts that come again will be numbered, as far as can be told. */
static bool is_numbered(const o2p_encoder *e, const o2p_layout_leaf *spec,
                        const o2p_dictionary *values)
{
    uint64_t bytes = spec->form == O2P_FORM_HEX ? values->bytes * 2 : values->bytes;
    return o2p_repeats_input(spec) || (!values->gave_up && bytes <= e->settings->dictionary_bytes);
}

/* Most attributes that the rows of a row group have from their resources, scopes and metrics: each
 * takes a dozen bytes while it is written. */
static uint64_t shared_limit(const o2p_encoder *e)
{
    enum { MOST = 1 << 26, SHARE_OF_MEMORY = 96 };
    uint64_t limit = e->settings->max_memory_bytes / SHARE_OF_MEMORY;
    return limit < MOST ? limit : MOST;
}

/* ---- a table ---- */

/* How many values a column has in all its rows. */
static uint64_t value_count(const o2p_column *column, o2p_kind kind)
{
    uint64_t size = column->cells.size;
    switch (kind) {
    case O2P_KIND_MAP:
        return column->ends.size == 0 ? 0 : size / 4 * column->items.size / column->ends.size;
    case O2P_KIND_INT64_LIST:
    case O2P_KIND_DOUBLE_LIST:
        return column->items.size / 8;
    case O2P_KIND_TIME:
    case O2P_KIND_INT64:
    case O2P_KIND_DOUBLE:
        return size / 8;
    default:
        return size / 4;
    }
}

/* Whether a leaf is a number in each row. */
static bool is_even(const o2p_layout_leaf *spec, o2p_kind kind)
{
    return spec->physical != O2P_PHYSICAL_BYTE_ARRAY && spec->parent == O2P_COL_NONE &&
           kind != O2P_KIND_INT64_LIST && kind != O2P_KIND_DOUBLE_LIST;
}

/* What a leaf takes, in a row group of `most` rows of `rows`. */
typedef struct leaf_weight {
    uint64_t even;   /* about the same for each row, and all that for `most` rows */
    uint64_t uneven; /* what may be in any few of the rows, in the whole table */
} leaf_weight;

static leaf_weight weight_of(const o2p_encoder *e, const o2p_layout_leaf *spec,
                             const o2p_column *column, uint64_t most, uint64_t rows)
{
    o2p_kind kind = (o2p_kind)o2p_columns[spec->cells].kind;
    if (is_even(spec, kind))
        return (leaf_weight){most * NUMBER_BYTES, 0};
    uint64_t count = value_count(column, kind);
    if (spec->source != O2P_SOURCE_ROW && kind != O2P_KIND_MAP)
        count = rows; /* each row has it */
    const o2p_dictionary *values = values_of(column, spec);
    if (values == NULL)
        return (leaf_weight){0, count * NUMBER_BYTES};
    uint64_t bytes = spec->form == O2P_FORM_HEX ? values->bytes * 2 : values->bytes;
    if (!is_numbered(e, spec, values))
        return (leaf_weight){0, bytes / values->entry_count * count};
    return (leaf_weight){count * INDEX_BYTES * most / rows, bytes};
}

static const o2p_col shared_maps[] = {[O2P_SOURCE_RESOURCE] = O2P_COL_ResourceAttributes,
                                      [O2P_SOURCE_SCOPE] = O2P_COL_ScopeAttributes,
                                      [O2P_SOURCE_METRIC] = O2P_COL_MetricMetadata};

static const o2p_column *shared_map(const o2p_encoder *e, o2p_source source)
{
    const o2p_rows *rows = e->store->groups[source];
    bool has = rows != NULL && o2p_has_source(e->layout.table, source);
    return has ? &rows->columns[shared_maps[source]] : NULL;
}

/* Most attributes that any row has from its resource, scope and metric. */
static uint64_t most_shared(const o2p_encoder *e)
{
    uint64_t sum = 0;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC; s++) {
        const o2p_column *map = shared_map(e, s);
        uint32_t most = 0, lists = map == NULL ? 0 : (uint32_t)(map->ends.size / 4);
        for (uint32_t l = 1; l <= lists; l++) {
            uint32_t size = o2p_map_size(map, l);
            most = size > most ? size : most;
        }
        sum += most;
    }
    return sum;
}

/* Notes a leaf by which rows are weighed. */
static void note_leaf(o2p_encoder *e, const o2p_layout_leaf *spec, const o2p_column *column)
{
    o2p_buffer *stamps = &e->weights.stamps;
    o2p_dictionary *values = values_of(column, spec);
    weighed_leaf leaf = {spec, column, values, NO_STAMPS};
    if (values != NULL)
        o2p_dictionary_prepare(values);
    if (values != NULL && is_numbered(e, spec, values)) {
        leaf.stamps = stamps->size / 4;
        size_t size = (size_t)values->entry_count * 4;
        void *made = o2p_buffer_extend(stamps, size + 4);
        if (made != NULL)
            memset(made, 0, size);
    }
    o2p_buffer_append(&e->weights.leaves, &leaf, sizeof(leaf));
}

/* Weighs a leaf, and notes it where rows may differ by as much as matters. Returns what it takes in
 * a row group of `most` rows, at most. */
static uint64_t weigh_leaf(o2p_encoder *e, const o2p_layout_leaf *spec, uint64_t most,
                           uint64_t rows, bool note)
{
    enum { MATTERS = 16 }; /* an uneven leaf is one that fills this part of a row group */
    const o2p_column *column = column_of(e, spec);
    bool list = o2p_form_is_list((o2p_form)spec->form) && spec->form != O2P_FORM_LIST_KEPT;
    if (list || column == NULL || column->cells.size == 0)
        return 0;
    leaf_weight weight = weight_of(e, spec, column, most, rows);
    uint64_t limit = e->settings->row_group_bytes;
    if (note && (weight.uneven > limit / MATTERS || weight.even > limit))
        note_leaf(e, spec, column);
    else if (note)
        e->weights.row += (weight.even + weight.uneven * most / rows) / most;
    return weight.even + weight.uneven;
}

static uint64_t weigh_leaves(o2p_encoder *e, uint64_t most, uint64_t rows, bool note)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < o2p_layout_leaf_count(&e->layout); i++)
        bytes += weigh_leaf(e, o2p_layout_leaf_at(&e->layout, i), most, rows, note);
    return bytes;
}

void o2p_row_groups_prepare(o2p_encoder *e)
{
    o2p_weights *w = &e->weights;
    uint64_t most = e->settings->row_group_rows, rows = e->store->tables[e->layout.table]->count;
    uint64_t shared = most_shared(e);
    most = rows < most ? rows : most;
    w->row = w->leaves.size = w->stamps.size = w->group = 0;
    uint64_t bytes = weigh_leaves(e, most, rows, false) + 2 * INDEX_BYTES * shared * most;
    w->fit = bytes <= e->settings->row_group_bytes && shared * most <= shared_limit(e);
    if (!w->fit)
        weigh_leaves(e, most, rows, true);
}

/* ---- a row ---- */

static uint64_t text_bytes(o2p_weights *w, const weighed_leaf *leaf, uint32_t index)
{
    if (leaf->stamps != NO_STAMPS) {
        uint32_t *stamp = o2p_u32s(&w->stamps) + leaf->stamps + index;
        if (*stamp == w->group)
            return INDEX_BYTES;
        *stamp = w->group;
    }
    uint64_t size = o2p_dictionary_entry(leaf->values, index)->size;
    return LENGTH_BYTES + (leaf->spec->form == O2P_FORM_HEX ? size * 2 : size);
}

static uint64_t map_bytes(o2p_weights *w, const weighed_leaf *leaf, uint32_t row)
{
    const o2p_column *column = leaf->column;
    const o2p_buffer *items = leaf->spec->part == O2P_PART_KEY ? &column->keys : &column->items;
    uint32_t list = o2p_map_list(column, row);
    uint64_t bytes = 0;
    for (uint32_t i = o2p_map_begin(column, list); i < o2p_map_end(column, list); i++)
        bytes += text_bytes(w, leaf, ((const uint32_t *)(const void *)items->data)[i]);
    return bytes;
}

/* What a row, or child row, has in the leaf. */
static uint64_t cell_bytes(o2p_weights *w, const weighed_leaf *leaf, uint32_t row)
{
    const o2p_column *column = leaf->column;
    o2p_kind kind = (o2p_kind)o2p_columns[leaf->spec->cells].kind;
    if (kind == O2P_KIND_MAP)
        return map_bytes(w, leaf, row);
    if (kind == O2P_KIND_INT64_LIST || kind == O2P_KIND_DOUBLE_LIST)
        return NUMBER_BYTES * (uint64_t)(o2p_list_end(column, row) - o2p_list_begin(column, row));
    if (leaf->values == NULL)
        return NUMBER_BYTES;
    uint32_t cell = row < column->cells.size / 4 ? o2p_cells32(column)[row] : 0;
    if (leaf->spec->nullable)
        return cell == 0 ? 0 : text_bytes(w, leaf, cell - 1);
    return text_bytes(w, leaf, cell);
}

static uint64_t leaf_bytes(const o2p_encoder *e, o2p_weights *w, const weighed_leaf *leaf,
                           uint32_t row)
{
    if (leaf->spec->parent == O2P_COL_NONE)
        return cell_bytes(w, leaf, row);
    const o2p_column *parent = &e->store->tables[e->layout.table]->columns[leaf->spec->parent];
    uint64_t bytes = 0;
    for (uint32_t i = o2p_list_begin(parent, row); i < o2p_list_end(parent, row); i++)
        bytes += cell_bytes(w, leaf, i);
    return bytes;
}

/* What the leaves of a row's own take, or those of its run, which are in a dictionary once. */
static uint64_t bytes_of(o2p_encoder *e, const o2p_run *run, uint32_t row, bool own)
{
    const weighed_leaf *leaves = (const weighed_leaf *)(const void *)e->weights.leaves.data;
    uint64_t bytes = 0;
    for (size_t i = 0; i < e->weights.leaves.size / sizeof(*leaves); i++) {
        o2p_source source = (o2p_source)leaves[i].spec->source;
        if ((source == O2P_SOURCE_ROW) != own)
            continue;
        bytes += leaf_bytes(e, &e->weights, &leaves[i], own ? row : run->group[source]);
    }
    return bytes;
}

/* Attributes that each row of a run has from its resource, scope and metric. */
static uint64_t shared_attributes(const o2p_encoder *e, const o2p_run *run)
{
    uint64_t sum = 0;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC; s++) {
        const o2p_column *map = shared_map(e, s);
        sum += map == NULL ? 0 : o2p_map_size(map, o2p_map_list(map, run->group[s]));
    }
    return sum;
}

/* About how many bytes the texts of the lists of a run's resource, scope and metric take. */
static uint64_t shared_list_bytes(const o2p_encoder *e, const o2p_run *run)
{
    uint64_t bytes = 0;
    for (o2p_source s = O2P_SOURCE_RESOURCE; s <= O2P_SOURCE_METRIC; s++)
        if (o2p_has_source(e->layout.table, s))
            bytes += o2p_list_bytes(e, s, run->group[s]);
    return bytes;
}

/* Whether two runs are of the same resource, scope and metric: each request begins runs of its own.
 */
static bool same_groups(const o2p_run *a, const o2p_run *b)
{
    return a == b || memcmp(a->group, b->group, sizeof(a->group)) == 0;
}

/* How many of the next rows have lists of attributes that fit as texts. */
static uint32_t rows_of_texts(const o2p_encoder *e, const uint32_t *selected, const uint32_t *runs,
                              uint32_t most)
{
    enum { MOST_BYTES = O2P_MAX_DICTIONARY_BYTES / 8 };
    const o2p_run *all = o2p_store_runs(e->store, e->layout.table);
    uint64_t sum = 0, limit = e->settings->row_group_bytes;
    limit = limit < MOST_BYTES ? limit : MOST_BYTES;
    for (uint32_t i = 0; i < most; i++) {
        if (i == 0 || !same_groups(&all[runs[i]], &all[runs[i - 1]]))
            sum += shared_list_bytes(e, &all[runs[i]]);
        sum += o2p_list_bytes(e, O2P_SOURCE_ROW, selected[i]);
        if (sum > limit && i > 0)
            return i;
    }
    return most;
}

uint32_t o2p_row_group_rows(o2p_encoder *e, const uint32_t *selected, const uint32_t *runs,
                            uint32_t count)
{
    const o2p_run *all = o2p_store_runs(e->store, e->layout.table);
    uint32_t most = count < e->settings->row_group_rows ? count : e->settings->row_group_rows;
    uint64_t shared = 0, each = 0, bytes = 0;
    if (e->settings->attributes != O2P_ATTRIBUTES_MAP)
        most = rows_of_texts(e, selected, runs, most);
    if (e->weights.fit)
        return most;
    e->weights.group++;
    for (uint32_t i = 0; i < most; i++) {
        const o2p_run *run = &all[runs[i]];
        if (i == 0 || !same_groups(run, &all[runs[i - 1]])) {
            each = shared_attributes(e, run);
            bytes += bytes_of(e, run, 0, false);
        }
        shared += each;
        bytes += bytes_of(e, run, selected[i], true) + e->weights.row + 2 * INDEX_BYTES * each;
        if ((shared > shared_limit(e) || bytes > e->settings->row_group_bytes) && i > 0)
            return i;
    }
    return most;
}
