/* column.c - see column.h. */
#include "column.h"

/* Cells that a column makes room for at once when it begins: most small requests then allocate
 * once. */
enum { FIRST_CELLS = 256 };

void o2p_rows_init(o2p_rows *rows, o2p_pool *pool)
{
    memset(rows, 0, sizeof(*rows));
    rows->pool = pool;
}

static void begin_column(o2p_rows *rows, o2p_column *column)
{
    if (column->cells.memory != NULL)
        return;
    o2p_buffer_init(&column->cells, rows->pool->memory);
    o2p_buffer_init(&column->valid, rows->pool->memory);
    o2p_buffer_init(&column->items, rows->pool->memory);
    o2p_buffer_init(&column->keys, rows->pool->memory);
    o2p_buffer_init(&column->ends, rows->pool->memory);
}

void o2p_rows_free(o2p_rows *rows)
{
    for (size_t i = 0; i < O2P_COL_COUNT; i++) {
        o2p_column *column = &rows->columns[i];
        if (column->cells.memory == NULL)
            continue;
        o2p_buffer_free(&column->cells);
        o2p_buffer_free(&column->valid);
        o2p_buffer_free(&column->items);
        o2p_buffer_free(&column->keys);
        o2p_buffer_free(&column->ends);
        if (column->dictionary != NULL)
            o2p_dictionary_free(column->dictionary);
        if (column->key_dictionary != NULL)
            o2p_dictionary_free(column->key_dictionary);
    }
    o2p_rows_init(rows, rows->pool);
}

void o2p_rows_seal(o2p_rows *rows)
{
    for (size_t i = 0; i < O2P_COL_COUNT; i++) {
        if (rows->columns[i].dictionary != NULL)
            o2p_dictionary_seal(rows->columns[i].dictionary);
        if (rows->columns[i].key_dictionary != NULL)
            o2p_dictionary_seal(rows->columns[i].key_dictionary);
    }
}

static bool is_list(o2p_col col)
{
    return o2p_columns[col].kind > O2P_KIND_MAP;
}

void *o2p_cell_gap(o2p_rows *rows, o2p_col col, uint32_t row, size_t width)
{
    o2p_column *column = &rows->columns[col];
    begin_column(rows, column);
    o2p_buffer *cells = &column->cells;
    O2P_ASSERT(cells->size <= row * width || rows->pool->memory->failed);
    if (cells->size > row * width) /* only after a refused allocation */
        return NULL;
    size_t gap = row * width - cells->size;
    size_t room = cells->capacity == 0 && gap == 0 ? FIRST_CELLS * width : gap + width;
    uint32_t last_end = is_list(col) ? o2p_list_end(column, UINT32_MAX) : 0;
    if (!o2p_buffer_reserve(cells, room))
        return NULL;
    uint8_t *at = cells->data + cells->size;
    if (last_end == 0)
        memset(at, 0, gap);
    for (size_t i = 0; last_end != 0 && i < gap; i += width)
        memcpy(at + i, &last_end, sizeof(last_end));
    cells->size += gap + width;
    return at + gap;
}

uint8_t *o2p_valid_gap(o2p_rows *rows, o2p_col col, uint32_t row)
{
    o2p_column *column = &rows->columns[col];
    begin_column(rows, column);
    if (column->valid.size > row) /* only after a refused allocation */
        return NULL;
    size_t gap = row - column->valid.size;
    uint8_t *at = (uint8_t *)o2p_buffer_extend(&column->valid, gap + 1);
    if (at == NULL)
        return NULL;
    memset(at, 0, gap);
    return at + gap;
}

static o2p_dictionary *make_dictionary(o2p_rows *rows, o2p_text_kind kind)
{
    uint8_t *piece = o2p_arena_bytes(&rows->pool->arena, sizeof(o2p_dictionary) + 15);
    if (piece == NULL)
        return NULL;
    piece += (16 - (uintptr_t)piece % 16) % 16;
    o2p_dictionary *dictionary = (o2p_dictionary *)(void *)piece;
    o2p_dictionary_init(dictionary, rows->pool->memory, &rows->pool->arena, kind,
                        &rows->pool->repaired);
    o2p_dictionary_prepare(dictionary); /* so that a mark tells it from none: see rollback */
    return dictionary;
}

o2p_dictionary *o2p_make_dictionary(o2p_rows *rows, o2p_col col)
{
    o2p_column *column = &rows->columns[col];
    begin_column(rows, column);
    column->dictionary =
        make_dictionary(rows, o2p_columns[col].kind == O2P_KIND_ID ? O2P_TEXT_ID : O2P_TEXT_UTF8);
    /* Files are counted by the index of their service: see folders.c. */
    if (column->dictionary != NULL)
        column->dictionary->kept = col == O2P_COL_ServiceName;
    return column->dictionary;
}

o2p_dictionary *o2p_make_key_dictionary(o2p_rows *rows, o2p_col col)
{
    o2p_column *column = &rows->columns[col];
    begin_column(rows, column);
    column->key_dictionary = make_dictionary(rows, O2P_TEXT_UTF8);
    return column->key_dictionary;
}

o2p_buffer *o2p_column_items(o2p_rows *rows, o2p_col col)
{
    begin_column(rows, &rows->columns[col]);
    return &rows->columns[col].items;
}

/* The cell of the row before, if it has this text: names of severities and the like come many times
 * in a row, and are told apart more quickly than looked up. 0: it has another. */
static uint32_t cell_before(o2p_column *column, uint32_t row, bool nullable, const uint8_t *bytes,
                            size_t size)
{
    o2p_dictionary *dictionary = column->dictionary;
    uint32_t cell = 0;
    if (row == 0 || size == 0 || column->cells.size != (size_t)row * 4 || dictionary->gave_up ||
        dictionary->text_kind == O2P_TEXT_ID)
        return 0;
    memcpy(&cell, column->cells.data + column->cells.size - 4, 4);
    if (cell == 0)
        return 0;
    const o2p_entry *entry = o2p_dictionary_entry(dictionary, cell - nullable);
    if (entry->size != size || !o2p_same_bytes(entry->bytes, bytes, size))
        return 0;
    dictionary->lookups++;
    return cell;
}

void o2p_set_text(o2p_rows *rows, o2p_col col, uint32_t row, const uint8_t *bytes, size_t size,
                  bool input)
{
    o2p_dictionary *dictionary = o2p_column_dictionary(rows, col);
    if (dictionary == NULL)
        return;
    bool nullable = o2p_columns[col].nullable;
    uint32_t before = cell_before(&rows->columns[col], row, nullable, bytes, size);
    if (before != 0) {
        o2p_set32(rows, col, row, before);
        return;
    }
    uint32_t index = o2p_intern(dictionary, bytes, size, input && rows->pool->lasting);
    if (nullable)
        o2p_set32(rows, col, row, index + 1);
    else if (index != 0)
        o2p_set32(rows, col, row, index);
}

uint32_t o2p_end_map(o2p_rows *rows, o2p_col col, size_t item_count)
{
    o2p_column *column = &rows->columns[col];
    if (item_count > O2P_MAX_ROWS) {
        o2p_memory_refuse(rows->pool->memory);
        return 0;
    }
    o2p_buffer_u32(&column->ends, (uint32_t)item_count);
    return rows->pool->memory->failed ? 0 : (uint32_t)(column->ends.size / 4);
}

uint64_t o2p_map_text_bytes(const o2p_column *column, uint32_t list)
{
    enum { AROUND = 8 }; /* quotes, a colon, a comma; or a header, a number and an offset */
    const uint32_t *keys = (const uint32_t *)(const void *)column->keys.data;
    const uint32_t *values = (const uint32_t *)(const void *)column->items.data;
    uint64_t bytes = AROUND;
    for (uint32_t i = o2p_map_begin(column, list); i < o2p_map_end(column, list); i++) {
        uint32_t key = keys[i], value = values[i]; /* 0: empty, and perhaps not there yet */
        bytes += AROUND;
        bytes += key == 0 ? 0 : o2p_dictionary_entry(column->key_dictionary, key)->size;
        bytes += value == 0 ? 0 : o2p_dictionary_entry(column->dictionary, value)->size;
    }
    return bytes;
}

void o2p_end_list(o2p_rows *rows, o2p_col col, uint32_t row, size_t item_count)
{
    if (item_count > O2P_MAX_ROWS) {
        o2p_memory_refuse(rows->pool->memory);
        return;
    }
    if (item_count > o2p_list_end(&rows->columns[col], UINT32_MAX))
        o2p_set32(rows, col, row, (uint32_t)item_count);
}

void o2p_rows_save(const o2p_rows *rows, o2p_column_mark *marks)
{
    for (size_t i = 0; i < O2P_COL_COUNT; i++) {
        const o2p_column *column = &rows->columns[i];
        o2p_column_mark *mark = &marks[i];
        memset(mark, 0, sizeof(*mark));
        mark->child_rows = column->child_rows;
        if (column->cells.memory == NULL)
            continue;
        mark->cells = column->cells.size;
        mark->valid = column->valid.size;
        mark->items = column->items.size;
        mark->keys = column->keys.size;
        mark->ends = column->ends.size;
        if (column->dictionary != NULL)
            mark->dictionary = o2p_dictionary_save(column->dictionary);
        if (column->key_dictionary != NULL)
            mark->key_dictionary = o2p_dictionary_save(column->key_dictionary);
    }
}

/* A dictionary has its empty entry from the start: one without entries at the mark was made since.
 * It lies in the part of the arena that is rolled back, so it goes too. */
static void rollback_dictionary(o2p_dictionary **dictionary, o2p_dictionary_mark mark)
{
    if (*dictionary == NULL)
        return;
    if (mark.entry_count > 0) {
        o2p_dictionary_rollback(*dictionary, mark);
        return;
    }
    o2p_dictionary_free(*dictionary);
    *dictionary = NULL;
}

static void rollback_buffer(o2p_buffer *buffer, size_t size)
{
    if (buffer->size > size) /* a refused allocation may have left it shorter than others */
        buffer->size = size;
}

void o2p_rows_rollback(o2p_rows *rows, const o2p_column_mark *marks, uint32_t count)
{
    rows->count = count;
    for (size_t i = 0; i < O2P_COL_COUNT; i++) {
        o2p_column *column = &rows->columns[i];
        const o2p_column_mark *mark = &marks[i];
        column->child_rows = mark->child_rows; /* counted before the column is begun */
        if (column->cells.memory == NULL)
            continue;
        rollback_buffer(&column->cells, mark->cells);
        rollback_buffer(&column->valid, mark->valid);
        rollback_buffer(&column->items, mark->items);
        rollback_buffer(&column->keys, mark->keys);
        rollback_buffer(&column->ends, mark->ends);
        rollback_dictionary(&column->dictionary, mark->dictionary);
        rollback_dictionary(&column->key_dictionary, mark->key_dictionary);
    }
}
