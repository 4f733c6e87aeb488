/* layout.h - what a table's files look like under the options of a batch: their leaves in file
 * order, what each takes its values from, and the Parquet schema.
 *
 * schema.def says what there is to keep; a layout says how it is written. It is made once a table,
 * and encode.c walks it.
 */
#ifndef O2P_BATCH_LAYOUT_H
#define O2P_BATCH_LAYOUT_H

#include "../base/buffer.h"
#include "schema.h"
#include "settings.h"

/* What a leaf's values are. FORM(id, physical, logical, doc) */
#define O2P_FORMS                                                                                  \
    FORM(TEXT, BYTE_ARRAY, STRING, "the entry's bytes, which are UTF-8")                           \
    FORM(HEX, BYTE_ARRAY, STRING, "the entry's bytes, an id, as lowercase hex")                    \
    FORM(BYTES, BYTE_ARRAY, NONE, "the entry's bytes, an id, as they are")                         \
    FORM(MICROS, INT64, TIMESTAMP_MICROS, "the cell, Unix nanoseconds, as microseconds")           \
    FORM(BELOW_MICROS, INT32, NONE, "the cell, Unix nanoseconds, below the microsecond")           \
    FORM(NANOS, INT64, TIMESTAMP_NANOS, "the cell, Unix nanoseconds")                              \
    FORM(INT32, INT32, NONE, "the cell or item")                                                   \
    FORM(INT64, INT64, NONE, "the cell or item")                                                   \
    FORM(DOUBLE, DOUBLE, NONE, "the cell or item")                                                 \
    FORM(BOOL, BOOLEAN, NONE, "the cell")                                                          \
    FORM(NOTED, BYTE_ARRAY, STRING, "in no cell: DuplicateAttributes, made by duplicates.c")       \
    FORM(LIST_JSON, BYTE_ARRAY, STRING, "the list of attributes as a JSON object")                 \
    FORM(LIST_METADATA, BYTE_ARRAY, NONE, "the names of the list as a Variant")                    \
    FORM(LIST_VARIANT, BYTE_ARRAY, NONE, "the values of the list as a Variant")                    \
    FORM(LIST_KEPT, BYTE_ARRAY, STRING, "keys or values of the list that have no other column")    \
    FORM(LIST_LETTERS, BYTE_ARRAY, STRING, "letters of the types of those values")                 \
    FORM(LIST_TEXT, BYTE_ARRAY, STRING, "an attribute of the list, as text")                       \
    FORM(LIST_INT64, INT64, NONE, "an attribute of the list, if it is an int")                     \
    FORM(LIST_DOUBLE, DOUBLE, NONE, "an attribute of the list, if it is a double")                 \
    FORM(LIST_BOOL, BOOLEAN, NONE, "an attribute of the list, if it is a bool")

typedef enum o2p_form {
#define FORM(id, physical, logical, doc) O2P_FORM_##id,
    O2P_FORMS
#undef FORM
} o2p_form;

/* Whether a leaf is made of lists of attributes, each list as a whole, by list_leaf.c. */
static inline bool o2p_form_is_list(o2p_form form)
{
    return form >= O2P_FORM_LIST_JSON;
}

/* Which leaf of a column. */
typedef enum o2p_part {
    O2P_PART_ONLY, /* of a scalar or x_LIST */
    O2P_PART_KEY,  /* of a MAP */
    O2P_PART_VALUE
} o2p_part;

typedef struct o2p_layout_leaf {
    uint8_t column;     /* o2p_col it stands for */
    uint8_t cells;      /* o2p_col whose cells it takes its values from */
    uint8_t parent;     /* the STRUCT_LIST it is a member of, or O2P_COL_NONE */
    uint8_t part;       /* o2p_part */
    uint8_t form;       /* o2p_form */
    uint8_t physical;   /* o2p_physical */
    uint8_t source;     /* o2p_source of the cells */
    uint8_t statistics; /* o2p_statistics */
    uint8_t promotion;  /* of the LIST forms from LIST_TEXT on: its number in the settings */
    bool nullable;      /* the leaf itself: what it is a member of is never null */
    bool bloom;         /* has a bloom filter */
    uint16_t node;      /* its o2p_parquet_node: name, logical type, field id */
} o2p_layout_leaf;

/* Most columns that rows are sorted by. */
enum { O2P_SORTING_MOST = 2 };

typedef struct o2p_layout {
    o2p_table table;
    o2p_buffer leaves; /* o2p_layout_leaf, in file order */
    o2p_buffer nodes;  /* o2p_parquet_node, depth first, the root excluded */
    o2p_sorting sorting[O2P_SORTING_MOST];
    size_t sorting_count; /* 0: rows are in no order */
} o2p_layout;

void o2p_layout_init(o2p_layout *layout, o2p_memory *memory);
void o2p_layout_free(o2p_layout *layout);

/* Lays out a table; what was laid out before is forgotten. Names that nodes have are constant, or
 * belong to the settings. False when memory is refused. */
bool o2p_layout_make(o2p_layout *layout, o2p_table table, const o2p_settings *settings);

static inline size_t o2p_layout_leaf_count(const o2p_layout *layout)
{
    return layout->leaves.size / sizeof(o2p_layout_leaf);
}

static inline const o2p_layout_leaf *o2p_layout_leaf_at(const o2p_layout *layout, size_t i)
{
    return (const o2p_layout_leaf *)(const void *)layout->leaves.data + i;
}

static inline const o2p_parquet_node *o2p_layout_nodes(const o2p_layout *layout)
{
    return (const o2p_parquet_node *)(const void *)layout->nodes.data;
}

static inline size_t o2p_layout_node_count(const o2p_layout *layout)
{
    return layout->nodes.size / sizeof(o2p_parquet_node);
}

#endif
