/* leaf.h - the values and levels of one Parquet leaf over the rows of one row group, taken out of a
 * column.
 *
 * Rows of a file are a selection of a table's rows in the order of the file, and rows of a
 * resource, scope or metric repeat; so a leaf is gathered: row numbers in, dense arrays out.
 *
 *   shape          counts            inner               valid             levels
 *   flat           -                 -                   a byte a row, or - definition 0..1
 *   list           items a row       -                   a byte an item    repetition 0..1
 *   list of list   child rows a row  items a child row   -                 repetition 0..2
 */
#ifndef O2P_BATCH_LEAF_H
#define O2P_BATCH_LEAF_H

#include "column.h"
#include "layout.h"
#include "../parquet/rle.h"

typedef struct o2p_leaf {
    uint32_t rows;
    const uint32_t *repeats; /* of rows: how often each comes; NULL: once. See o2p_leaf_expand */
    uint32_t all_rows;       /* of a leaf with repeats: their sum */
    const uint32_t *counts;  /* of rows; NULL: flat */
    const uint32_t *inner;   /* of child rows; NULL: no second level */
    const uint8_t *valid;    /* NULL: nothing is null */
    bool nullable;
    bool constant;           /* all values are the column's default: there are no arrays */
    uint32_t value_count;    /* nulls left out */
    uint32_t child_count;    /* items of a list, or child rows */
    const uint32_t *indices; /* values: dictionary indices ... */
    const uint64_t *words;   /* ... or numbers, 32-bit ones in the low half */

    /* Of a MAP: rows (child rows, where there are two levels) share lists. What is made of each
     * entry of a list once, such as places in a dictionary, is in the order of the lists. */
    const uint32_t *lists;       /* of a row: its list; list 0 is empty */
    const uint32_t *list_begins; /* of a list: where it begins among `indices` ... */
    const uint32_t *list_ends;   /* ... and where it ends among what is made of these */
    uint32_t list_count;         /* list 0 included */
    const uint32_t *keys;        /* of a MAP's values: their keys, as `indices`; else NULL */
    const o2p_dictionary *key_dictionary;
} o2p_leaf;

/* Where a list of a MAP begins among what is made of the lists, and how many entries it has. */
static inline uint32_t o2p_leaf_list_begin(const o2p_leaf *leaf, uint32_t list)
{
    return list == 0 ? 0 : leaf->list_ends[list - 1];
}

static inline uint32_t o2p_leaf_list_size(const o2p_leaf *leaf, uint32_t list)
{
    return leaf->list_ends[list] - o2p_leaf_list_begin(leaf, list);
}

/* Asks for what `entries`, the leaf's indices or keys, have of a list that comes behind this one:
 * lists are in the order in which sorted rows have them, so they lie all over the column. */
static inline void o2p_leaf_list_ahead(const o2p_leaf *leaf, const uint32_t *entries, uint32_t list)
{
    enum { LISTS = 8 };
    if (leaf->list_count - list > LISTS)
        O2P_PREFETCH(entries + leaf->list_begins[list + LISTS]);
}

/* Rows, or child rows, that a leaf of lists has. */
static inline uint32_t o2p_leaf_list_rows(const o2p_leaf *leaf)
{
    return leaf->inner != NULL ? leaf->child_count : leaf->rows;
}

/* How many entries a leaf has places for: lists that rows share have them once. */
static inline uint32_t o2p_leaf_index_count(const o2p_leaf *leaf)
{
    return leaf->lists == NULL ? leaf->value_count : leaf->list_ends[leaf->list_count - 1];
}

/* Scratch that leaves are gathered into; the arrays of a leaf last until the next gather, and may
 * be those of its column. */
typedef struct o2p_gather {
    o2p_buffer indices, keys, words, counts, inner, valid, children;
    o2p_buffer expanded[3]; /* values or lists, counts, valid */
    o2p_buffer lists, list_begins, list_ends;
    o2p_buffer used;  /* u32 a list of the leaf: its number in the column */
    o2p_buffer local; /* u32 a list of the column: its number in the leaf, or 0; all 0 in between */
    o2p_buffer child_counts;  /* u32 a row: its child rows, which are in `children` */
    const uint32_t *straight; /* a selection in which each row is the one after the row before */
    /* What was gathered last, and over which rows: the MAP whose keys it was, as its values come
     * from the same lists; the structs whose members it was. */
    const uint32_t *selected;
    uint32_t count;
    const o2p_column *map, *structs;
    uint64_t map_values;
    uint32_t child_count;
} o2p_gather;

void o2p_gather_init(o2p_gather *gather, o2p_memory *memory);
void o2p_gather_free(o2p_gather *gather);

/* Begins a row group, with its rows in the table, of which many leaves will be. Selections are told
 * apart by where they are, so this comes before another has the place of an earlier one. */
void o2p_gather_begin(o2p_gather *gather, const uint32_t *selected, uint32_t count);

/* Gathers a leaf over the rows `selected[0..count)` of `rows` (NULL: no cell was ever set). False
 * when memory is refused. */
bool o2p_gather_leaf(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                     const uint32_t *selected, uint32_t count, o2p_leaf *leaf);

/* Numbers the lists of a MAP over the rows, for a leaf that has one value for each list: sets
 * leaf->lists, list_count and value_count, and gather->used. Returns the rows (child rows, if it is
 * a member of structs) that the values are of; NULL when memory is refused. */
const uint32_t *o2p_gather_lists(o2p_gather *gather, const o2p_rows *rows,
                                 const o2p_layout_leaf *spec, const uint32_t *selected,
                                 uint32_t count, o2p_leaf *leaf);

/* Rows of a resource, scope or metric come again and again: such a leaf is gathered once a run of
 * rows, with the runs' lengths as leaf->repeats, and repeated when its values have become small.
 * Writes out the repeats of a leaf that has them, and of its values: indices if it has them, else
 * words. False when memory is refused or the values are more than Parquet can count. */
bool o2p_leaf_expand(o2p_gather *gather, o2p_leaf *leaf);

/* Values of a row of a leaf that has no second level and no list of nullables. */
static inline uint32_t o2p_leaf_row_values(const o2p_leaf *leaf, uint32_t row)
{
    if (leaf->counts != NULL)
        return leaf->counts[row];
    return leaf->valid != NULL ? leaf->valid[row] : !leaf->nullable;
}

/* Values of all rows, with those that repeat. */
uint64_t o2p_leaf_all_values(const o2p_leaf *leaf);

/* Where a page begins or ends in a leaf. */
typedef struct o2p_leaf_at {
    uint32_t row, child, value;
} o2p_leaf_at;

/* Moves `at` over the next `rows` rows, putting their levels (either may be NULL) and counting
 * level entries. */
void o2p_leaf_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t rows, o2p_levels *repetition,
                     o2p_levels *definition, uint32_t *entries);

#endif
