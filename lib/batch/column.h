/* column.h - the cells of one column, and the rows that columns make up.
 *
 * A column takes memory from its first cell that is not the default on: rows after the last cell
 * that was set read as the default, and setting a later cell fills the gap. So what OTLP leaves out
 * costs nothing.
 *
 *   kind               cells (native order)                         default
 *   STRING, ID         u32 dictionary index                         0, the empty value
 *     nullable         u32 dictionary index + 1                     0, null
 *   TIME               u64 Unix nanoseconds                         0
 *   INT32, BOOL        u32                                          0
 *   INT64, DOUBLE      u64                                          0
 *     nullable         the same, and a byte in `valid`              null
 *   MAP                u32 number of a list, from 1                 0, the empty list
 *   x_LIST             u32: where the row's items end               where the row before it ends
 *   STRUCT_LIST        u32: where the row's child rows end          likewise
 *
 * Items: a MAP has u32 indices into two dictionaries, `keys` and `items`, and u32 `ends`: where
 * each list ends among them; rows may share a list. An x_LIST has 8-byte `items`. Members of a
 * STRUCT_LIST are columns of their own whose rows are the child rows. NANOS has no cells: it is
 * read from its TIME. A cell is set at most once.
 */
#ifndef O2P_BATCH_COLUMN_H
#define O2P_BATCH_COLUMN_H

#include "dictionary.h"
#include "schema.h"

typedef struct o2p_column {
    o2p_buffer cells;
    o2p_buffer valid;
    o2p_buffer items;
    o2p_buffer keys;
    o2p_buffer ends;
    o2p_dictionary *dictionary;     /* of STRING and ID cells and of a MAP's items */
    o2p_dictionary *key_dictionary; /* of a MAP's keys */
    uint32_t child_rows;            /* of a STRUCT_LIST */
} o2p_column;

/* What the columns of a batch share. */
typedef struct o2p_pool {
    o2p_memory *memory;
    o2p_arena arena;   /* bytes of dictionary entries, and the dictionaries */
    uint64_t repaired; /* strings with invalid UTF-8 */
    bool lasting;      /* input bytes outlive the columns, which refer to them */
} o2p_pool;

/* Rows of one table, or of the resources, scopes or metrics that tables refer to. */
typedef struct o2p_rows {
    o2p_pool *pool;
    uint32_t count;
    o2p_column columns[O2P_COL_COUNT];
} o2p_rows;

/* Most rows, items and child rows: what Parquet's signed counts can say. */
enum { O2P_MAX_ROWS = INT32_MAX };

void o2p_rows_init(o2p_rows *rows, o2p_pool *pool);
void o2p_rows_free(o2p_rows *rows);

/* Seals the dictionaries: no cell may be set after it. */
void o2p_rows_seal(o2p_rows *rows);

/* Slow halves of the functions below: make room in `cells` for the cell of `row`, or in `valid`,
 * filling up to it. NULL when memory is refused. */
void *o2p_cell_gap(o2p_rows *rows, o2p_col col, uint32_t row, size_t width);
uint8_t *o2p_valid_gap(o2p_rows *rows, o2p_col col, uint32_t row);

/* Likewise: make a column's dictionary. */
o2p_dictionary *o2p_make_dictionary(o2p_rows *rows, o2p_col col);
o2p_dictionary *o2p_make_key_dictionary(o2p_rows *rows, o2p_col col);

static inline void o2p_set32(o2p_rows *rows, o2p_col col, uint32_t row, uint32_t value)
{
    o2p_buffer *cells = &rows->columns[col].cells;
    void *at;
    if (O2P_LIKELY(cells->size == (size_t)row * 4 && cells->capacity - cells->size >= 4)) {
        at = cells->data + cells->size;
        cells->size += 4;
    } else {
        at = o2p_cell_gap(rows, col, row, 4);
        if (at == NULL)
            return;
    }
    memcpy(at, &value, 4);
}

static inline void o2p_set64(o2p_rows *rows, o2p_col col, uint32_t row, uint64_t value)
{
    o2p_buffer *cells = &rows->columns[col].cells;
    void *at;
    if (O2P_LIKELY(cells->size == (size_t)row * 8 && cells->capacity - cells->size >= 8)) {
        at = cells->data + cells->size;
        cells->size += 8;
    } else {
        at = o2p_cell_gap(rows, col, row, 8);
        if (at == NULL)
            return;
    }
    memcpy(at, &value, 8);
}

/* Sets a nullable number: without this call the cell is null. */
static inline void o2p_set64_valid(o2p_rows *rows, o2p_col col, uint32_t row, uint64_t value)
{
    o2p_buffer *valid = &rows->columns[col].valid;
    o2p_set64(rows, col, row, value);
    if (O2P_LIKELY(valid->size == row && valid->capacity > row)) {
        valid->data[valid->size++] = 1;
    } else {
        uint8_t *at = o2p_valid_gap(rows, col, row);
        if (at != NULL)
            *at = 1;
    }
}

/* The dictionary of a STRING or ID column or a MAP's values (made by the first call); NULL when
 * memory is refused. */
static inline o2p_dictionary *o2p_column_dictionary(o2p_rows *rows, o2p_col col)
{
    o2p_dictionary *dictionary = rows->columns[col].dictionary;
    return O2P_LIKELY(dictionary != NULL) ? dictionary : o2p_make_dictionary(rows, col);
}

static inline o2p_dictionary *o2p_column_key_dictionary(o2p_rows *rows, o2p_col col)
{
    o2p_dictionary *dictionary = rows->columns[col].key_dictionary;
    return O2P_LIKELY(dictionary != NULL) ? dictionary : o2p_make_key_dictionary(rows, col);
}

/* The items of an x_LIST column, to append 8-byte values to. */
o2p_buffer *o2p_column_items(o2p_rows *rows, o2p_col col);

/* Sets a STRING or ID cell. `input` bytes are part of the request; others are copied in any case.
 */
void o2p_set_text(o2p_rows *rows, o2p_col col, uint32_t row, const uint8_t *bytes, size_t size,
                  bool input);

/* Ends a MAP's list after the `item_count` items added so far, of which there is one at least, and
 * returns its number; 0 when they are too many or memory is refused. */
uint32_t o2p_end_map(o2p_rows *rows, o2p_col col, size_t item_count);

/* Ends the list of `row`, not a MAP's, after the items (or child rows) added so far. */
void o2p_end_list(o2p_rows *rows, o2p_col col, uint32_t row, size_t item_count);

/* What o2p_rows_rollback restores, for one column. */
typedef struct o2p_column_mark {
    size_t cells, valid, items, keys, ends;
    uint32_t child_rows;
    o2p_dictionary_mark dictionary, key_dictionary;
} o2p_column_mark;

/* `marks` has room for O2P_COL_COUNT. */
void o2p_rows_save(const o2p_rows *rows, o2p_column_mark *marks);
void o2p_rows_rollback(o2p_rows *rows, const o2p_column_mark *marks, uint32_t count);

static inline const uint32_t *o2p_cells32(const o2p_column *column)
{
    return (const uint32_t *)(const void *)column->cells.data;
}

static inline const uint64_t *o2p_cells64(const o2p_column *column)
{
    return (const uint64_t *)(const void *)column->cells.data;
}

/* The list of a MAP's `row`, and where a list begins and ends among the items. */
static inline uint32_t o2p_map_list(const o2p_column *column, uint32_t row)
{
    return row < column->cells.size / 4 ? o2p_cells32(column)[row] : 0;
}

static inline uint32_t o2p_map_end(const o2p_column *column, uint32_t list)
{
    return list == 0 ? 0 : ((const uint32_t *)(const void *)column->ends.data)[list - 1];
}

static inline uint32_t o2p_map_begin(const o2p_column *column, uint32_t list)
{
    return list == 0 ? 0 : o2p_map_end(column, list - 1);
}

static inline uint32_t o2p_map_size(const o2p_column *column, uint32_t list)
{
    return o2p_map_end(column, list) - o2p_map_begin(column, list);
}

/* About how many bytes a MAP's list takes when it is written as one text. */
uint64_t o2p_map_text_bytes(const o2p_column *column, uint32_t list);

/* Where the list of `row`, not a MAP's, begins and ends among the items. */
static inline uint32_t o2p_list_end(const o2p_column *column, uint32_t row)
{
    size_t set = column->cells.size / 4;
    if (O2P_LIKELY(row < set))
        return o2p_cells32(column)[row];
    return set == 0 ? 0 : o2p_cells32(column)[set - 1];
}

static inline uint32_t o2p_list_begin(const o2p_column *column, uint32_t row)
{
    return row == 0 ? 0 : o2p_list_end(column, row - 1);
}

#endif
