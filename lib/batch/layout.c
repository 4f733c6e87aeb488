/* layout.c - see layout.h.
 *
 * Parquet nodes of a column, and their field ids (n = the column's number * 8):
 *
 *   scalar       Name n
 *   MAP          Name n (MAP) > key_value n+1 (repeated) > key n+2, value n+3 (both required)
 *   x_LIST       Name n (LIST) > list n+1 (repeated) > element n+2 (required)
 *   STRUCT_LIST  Name n (LIST) > list n+1 (repeated) > element n+2 (required group) > members
 *   MAP as json  Name n
 *   as variant   Name n (VARIANT) > metadata n+4, value n+5 (both required)
 *   promoted     Name 2^16 + its number (optional)
 *
 * Maps and lists are required: they are empty, never null. A node below the root counts itself into
 * the group it is in, so that whatever adds a member need not know of the others.
 */
#include "layout.h"

#include "promotion.h"

enum { METADATA_ID = 4, VALUE_ID = 5, PROMOTED_IDS = 1 << 16 };

/* While a table is laid out, into arrays that have room for all of it. */
typedef struct layout_walk {
    o2p_table table;
    const o2p_settings *settings;
    const o2p_table_spec *spec;
    o2p_layout_leaf *leaves, *leaf; /* the first, the next */
    o2p_parquet_node *nodes, *node; /* likewise */
    o2p_parquet_node *group;        /* that is open; NULL: the root */
    o2p_col column;                 /* that is laid out */
    o2p_col parent;                 /* the STRUCT_LIST it is a member of, or O2P_COL_NONE */
    uint8_t promotion;              /* that is laid out, if one is */
} layout_walk;

/* Most that a column comes to: those of a MAP. */
enum { COLUMN_LEAVES = 2, COLUMN_NODES = 4 };

void o2p_layout_init(o2p_layout *layout, o2p_memory *memory)
{
    memset(layout, 0, sizeof(*layout));
    o2p_buffer_init(&layout->leaves, memory);
    o2p_buffer_init(&layout->nodes, memory);
}

void o2p_layout_free(o2p_layout *layout)
{
    o2p_buffer_free(&layout->leaves);
    o2p_buffer_free(&layout->nodes);
}

/* ---- nodes and leaves ---- */

/* Adds a node to the open group; the caller fills it. */
static o2p_parquet_node *add_node(layout_walk *walk, const char *name, int32_t field_id)
{
    o2p_parquet_node *node = walk->node++;
    *node = (o2p_parquet_node){.name = name, .field_id = field_id};
    if (walk->group != NULL)
        walk->group->children++;
    return node;
}

/* Adds a group and opens it. */
static void open_group(layout_walk *walk, const char *name, o2p_repetition repetition,
                       int32_t field_id, o2p_logical logical)
{
    o2p_parquet_node *node = add_node(walk, name, field_id);
    node->is_group = 1;
    node->repetition = (uint8_t)repetition;
    node->logical = (uint8_t)logical;
    walk->group = node;
}

/* Whether a leaf takes its values from the cells of the column that its own completes. */
static bool is_of_another(const o2p_column_spec *spec, o2p_form form)
{
    return spec->kind == O2P_KIND_NANOS || form == O2P_FORM_LIST_LETTERS;
}

/* Whether least and greatest say nothing. */
static bool is_free_text(o2p_form form)
{
    return form == O2P_FORM_LIST_JSON || form == O2P_FORM_LIST_METADATA ||
           form == O2P_FORM_LIST_VARIANT;
}

/* Adds a leaf of the open column, and its node. */
static void add_leaf(layout_walk *walk, o2p_part part, o2p_form form, bool nullable,
                     const char *name, int32_t field_id)
{
    static const struct {
        uint8_t physical, logical;
    } types[] = {
#define FORM(id, physical, logical, doc) {O2P_PHYSICAL_##physical, O2P_LOGICAL_##logical},
        O2P_FORMS
#undef FORM
    };
    const o2p_column_spec *spec = &o2p_columns[walk->column];
    o2p_layout_leaf *leaf = walk->leaf++;
    leaf->column = (uint8_t)walk->column;
    leaf->cells = is_of_another(spec, form) ? spec->of : (uint8_t)walk->column;
    leaf->parent = (uint8_t)walk->parent;
    leaf->part = (uint8_t)part;
    leaf->form = (uint8_t)form;
    leaf->physical = types[form].physical;
    leaf->source = spec->source;
    leaf->promotion = walk->promotion;
    /* Keys of a MAP are those of all lists, and values are of all keys: what is between the least
     * and the greatest says nothing. */
    bool mixed = part != O2P_PART_ONLY;
    leaf->statistics = mixed || is_free_text(form) ? O2P_STATISTICS_NULLS_ONLY : spec->statistics;
    leaf->nullable = nullable;
    leaf->bloom = part == O2P_PART_ONLY && !o2p_form_is_list(form) &&
                  o2p_column_set_has(&walk->settings->blooms, walk->column);
    leaf->node = (uint16_t)(walk->node - walk->nodes);
    o2p_parquet_node *node = add_node(walk, name, field_id);
    node->physical = types[form].physical;
    node->logical = types[form].logical;
    node->repetition = nullable ? O2P_OPTIONAL : O2P_REQUIRED;
}

/* ---- columns ---- */

static o2p_form form_of(o2p_col col, const o2p_settings *settings)
{
    static const uint8_t forms[] = {
        [O2P_KIND_STRING] = O2P_FORM_TEXT,       [O2P_KIND_ID] = O2P_FORM_HEX,
        [O2P_KIND_TIME] = O2P_FORM_MICROS,       [O2P_KIND_NANOS] = O2P_FORM_BELOW_MICROS,
        [O2P_KIND_INT32] = O2P_FORM_INT32,       [O2P_KIND_INT64] = O2P_FORM_INT64,
        [O2P_KIND_DOUBLE] = O2P_FORM_DOUBLE,     [O2P_KIND_BOOL] = O2P_FORM_BOOL,
        [O2P_KIND_MAP] = O2P_FORM_TEXT,          [O2P_KIND_INT64_LIST] = O2P_FORM_INT64,
        [O2P_KIND_DOUBLE_LIST] = O2P_FORM_DOUBLE};
    o2p_form form = (o2p_form)forms[o2p_columns[col].kind];
    if (col == O2P_COL_DuplicateAttributes)
        return O2P_FORM_NOTED;
    if (form == O2P_FORM_HEX && settings->ids == O2P_IDS_BINARY)
        return O2P_FORM_BYTES;
    if (form == O2P_FORM_MICROS && settings->timestamps == O2P_TIMESTAMPS_NANOS)
        return O2P_FORM_NANOS;
    return form;
}

/* Whether a column has the letters of a MAP's types. */
static bool has_letters(o2p_col col)
{
    return o2p_columns[col].kind == O2P_KIND_STRING && o2p_columns[col].of != O2P_COL_NONE;
}

/* Whether files have a column: one of times is whole by itself in nanoseconds, and a Variant has
 * types itself. */
static bool is_written(o2p_col col, const o2p_settings *settings)
{
    if (has_letters(col))
        return settings->attributes != O2P_ATTRIBUTES_VARIANT;
    return o2p_columns[col].kind != O2P_KIND_NANOS || settings->timestamps != O2P_TIMESTAMPS_NANOS;
}

/* Whether a time may be null: in nanoseconds, where what is below its microseconds would be. */
static bool time_is_nullable(const o2p_table_spec *spec, o2p_col time)
{
    for (size_t i = 0; i < spec->column_count; i++) {
        const o2p_column_spec *column = &o2p_columns[spec->columns[i]];
        if (column->kind == O2P_KIND_NANOS && column->of == time)
            return column->nullable;
    }
    return o2p_columns[time].nullable;
}

static void open_list(layout_walk *walk, const o2p_schema_column *info)
{
    open_group(walk, info->name, O2P_REQUIRED, info->field_id, O2P_LOGICAL_LIST);
    open_group(walk, "list", O2P_REPEATED, info->field_id + 1, O2P_LOGICAL_NONE);
}

/* Whether promoted attributes are left out of a column's lists. */
static bool is_thinned(const layout_walk *walk, o2p_col map)
{
    const o2p_settings *settings = walk->settings;
    for (size_t i = 0; i < settings->promotion_count && settings->promotions_only; i++)
        if (o2p_promotion_map(walk->table, settings->promotions[i].source) == map)
            return true;
    return false;
}

/* A MAP, in the form that the options say. */
static void add_map(layout_walk *walk, const o2p_schema_column *info)
{
    o2p_form form = is_thinned(walk, walk->column) ? O2P_FORM_LIST_KEPT : O2P_FORM_TEXT;
    int32_t id = info->field_id;
    switch (walk->settings->attributes) {
    case O2P_ATTRIBUTES_JSON:
        add_leaf(walk, O2P_PART_ONLY, O2P_FORM_LIST_JSON, false, info->name, id);
        break;
    case O2P_ATTRIBUTES_VARIANT:
        open_group(walk, info->name, O2P_REQUIRED, id, O2P_LOGICAL_VARIANT);
        add_leaf(walk, O2P_PART_ONLY, O2P_FORM_LIST_METADATA, false, "metadata", id + METADATA_ID);
        add_leaf(walk, O2P_PART_ONLY, O2P_FORM_LIST_VARIANT, false, "value", id + VALUE_ID);
        break;
    default:
        open_group(walk, info->name, O2P_REQUIRED, id, O2P_LOGICAL_MAP);
        open_group(walk, "key_value", O2P_REPEATED, id + 1, O2P_LOGICAL_NONE);
        add_leaf(walk, O2P_PART_KEY, form, false, "key", id + 2);
        add_leaf(walk, O2P_PART_VALUE, form, false, "value", id + 3);
        break;
    }
}

/* Lays out a column that is no STRUCT_LIST, if it is written. */
static void add_column(layout_walk *walk, o2p_col col, const o2p_schema_column *info)
{
    int32_t inner = info->field_id + 2;
    o2p_form form = form_of(col, walk->settings);
    if (has_letters(col) && is_thinned(walk, (o2p_col)o2p_columns[col].of))
        form = O2P_FORM_LIST_LETTERS;
    if (!is_written(col, walk->settings))
        return;
    walk->column = col;
    switch (o2p_columns[col].kind) {
    case O2P_KIND_MAP:
        add_map(walk, info);
        break;
    case O2P_KIND_INT64_LIST:
    case O2P_KIND_DOUBLE_LIST:
        open_list(walk, info);
        add_leaf(walk, O2P_PART_ONLY, form, false, "element", inner);
        break;
    case O2P_KIND_TIME:
        add_leaf(walk, O2P_PART_ONLY, form,
                 form == O2P_FORM_NANOS ? time_is_nullable(walk->spec, col) : info->nullable,
                 info->name, info->field_id);
        break;
    default:
        add_leaf(walk, O2P_PART_ONLY, form, info->nullable, info->name, info->field_id);
        break;
    }
}

/* Lays out the column at `i`, and its members if it has some; returns where the next one is. */
static size_t add_columns(layout_walk *walk, size_t i)
{
    const o2p_table_spec *spec = walk->spec;
    o2p_col col = (o2p_col)spec->columns[i];
    walk->group = NULL;
    walk->parent = O2P_COL_NONE;
    if (o2p_columns[col].kind != O2P_KIND_STRUCT_LIST) {
        add_column(walk, col, &spec->infos[i]);
        return i + 1;
    }
    size_t list = i++;
    open_list(walk, &spec->infos[list]);
    open_group(walk, "element", O2P_REQUIRED, spec->infos[list].field_id + 2, O2P_LOGICAL_NONE);
    o2p_parquet_node *element = walk->group;
    walk->parent = col;
    for (; i < spec->column_count && spec->infos[i].parent == (int32_t)list; i++) {
        walk->group = element;
        add_column(walk, (o2p_col)spec->columns[i], &spec->infos[i]);
    }
    return i;
}

/* The column of promotion number `i`. */
static void add_promoted(layout_walk *walk, size_t i)
{
    static const uint8_t forms[] = {[O2P_PROMOTE_STRING] = O2P_FORM_LIST_TEXT,
                                    [O2P_PROMOTE_INT64] = O2P_FORM_LIST_INT64,
                                    [O2P_PROMOTE_DOUBLE] = O2P_FORM_LIST_DOUBLE,
                                    [O2P_PROMOTE_BOOL] = O2P_FORM_LIST_BOOL};
    const o2p_promotion *promotion = &walk->settings->promotions[i];
    walk->group = NULL;
    walk->parent = O2P_COL_NONE;
    walk->column = o2p_promotion_map(walk->table, promotion->source);
    walk->promotion = (uint8_t)i;
    add_leaf(walk, O2P_PART_ONLY, (o2p_form)forms[promotion->type], true,
             o2p_promotion_name(promotion), PROMOTED_IDS + (int32_t)i);
}

/* ---- tables ---- */

/* Notes the leaf of a column that rows are sorted by. */
static void sort_by(o2p_layout *layout, o2p_col col)
{
    uint32_t leaf = 0;
    while (o2p_layout_leaf_at(layout, leaf)->column != col)
        leaf++;
    layout->sorting[layout->sorting_count++].leaf = leaf;
}

bool o2p_layout_make(o2p_layout *layout, o2p_table table, const o2p_settings *settings)
{
    layout_walk walk = {.table = table, .settings = settings, .spec = &o2p_tables[table]};
    size_t columns = walk.spec->column_count, most = columns + settings->promotion_count;
    layout->table = table;
    layout->leaves.size = layout->nodes.size = layout->sorting_count = 0;
    if (!o2p_buffer_reserve(&layout->leaves, most * COLUMN_LEAVES * sizeof(*walk.leaf)) ||
        !o2p_buffer_reserve(&layout->nodes, most * COLUMN_NODES * sizeof(*walk.node)))
        return false;
    walk.leaves = walk.leaf = (o2p_layout_leaf *)(void *)layout->leaves.data;
    walk.nodes = walk.node = (o2p_parquet_node *)(void *)layout->nodes.data;
    for (size_t i = 0; i < columns;)
        i = add_columns(&walk, i);
    for (size_t i = 0; i < settings->promotion_count; i++)
        add_promoted(&walk, i);
    layout->leaves.size = (size_t)(walk.leaf - walk.leaves) * sizeof(*walk.leaf);
    layout->nodes.size = (size_t)(walk.node - walk.nodes) * sizeof(*walk.node);
    if (settings->order == O2P_ORDER_CLUSTERED) {
        sort_by(layout, O2P_COL_ServiceName);
        sort_by(layout, walk.spec->time);
    }
    return true;
}
