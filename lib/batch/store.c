/* store.c - see store.h. */
#include "store.h"

void o2p_store_init(o2p_store *store, o2p_memory *memory, bool lasting)
{
    memset(store, 0, sizeof(*store));
    store->memory = memory;
    store->pool.memory = memory;
    store->pool.lasting = lasting;
    o2p_arena_init(&store->pool.arena, memory);
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++)
        o2p_buffer_init(&store->runs[i], memory);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_SCOPE; i++) {
        o2p_dictionary_init(&store->memos[i].known, memory, &store->pool.arena, O2P_TEXT_RAW,
                            &store->pool.repaired);
        o2p_buffer_init(&store->memos[i].notices, memory);
    }
}

static void free_rows(o2p_store *store, o2p_rows **rows)
{
    if (*rows != NULL) {
        o2p_rows_free(*rows);
        o2p_memory_release(store->memory, *rows, sizeof(**rows));
    }
    *rows = NULL;
}

void o2p_store_free(o2p_store *store)
{
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++) {
        free_rows(store, &store->tables[i]);
        o2p_buffer_free(&store->runs[i]);
    }
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_METRIC; i++)
        free_rows(store, &store->groups[i]);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_SCOPE; i++) {
        o2p_dictionary_free(&store->memos[i].known);
        o2p_buffer_free(&store->memos[i].notices);
    }
    o2p_arena_free(&store->pool.arena);
}

void o2p_store_seal(o2p_store *store)
{
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++)
        if (store->tables[i] != NULL)
            o2p_rows_seal(store->tables[i]);
    for (size_t i = 0; i <= O2P_SOURCE_METRIC; i++)
        if (store->groups[i] != NULL)
            o2p_rows_seal(store->groups[i]);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_SCOPE; i++)
        o2p_dictionary_free(&store->memos[i].known);
}

static o2p_rows *make_rows(o2p_store *store, o2p_rows **rows)
{
    if (*rows == NULL) {
        *rows = (o2p_rows *)o2p_memory_resize(store->memory, NULL, 0, sizeof(**rows));
        if (*rows != NULL)
            o2p_rows_init(*rows, &store->pool);
    }
    return *rows;
}

o2p_rows *o2p_store_table(o2p_store *store, o2p_table table)
{
    return make_rows(store, &store->tables[table]);
}

o2p_rows *o2p_store_group(o2p_store *store, o2p_source source)
{
    return make_rows(store, &store->groups[source]);
}

uint32_t o2p_store_find(o2p_store *store, o2p_source source, const uint8_t *bytes, size_t size,
                        bool *known)
{
    O2P_ASSERT(size > 0);
    o2p_memo *memo = &store->memos[source];
    uint32_t before = memo->known.entry_count;
    uint32_t entry = o2p_intern(&memo->known, bytes, size, false);
    *known = entry != 0 && entry < before;
    if (entry == 0)
        return 0;
    if (!*known) {
        o2p_rows *rows = o2p_store_group(store, source);
        o2p_notices none = {0, 0, 0};
        o2p_buffer_append(&memo->notices, &none, sizeof(none));
        if (rows != NULL)
            rows->count = entry;
    }
    return entry - 1;
}

o2p_notices *o2p_store_notices(o2p_store *store, o2p_source source, uint32_t row)
{
    return (o2p_notices *)(void *)store->memos[source].notices.data + row;
}

void o2p_store_run(o2p_store *store, o2p_table table, uint32_t metric)
{
    o2p_buffer *runs = &store->runs[table];
    o2p_run *run = (o2p_run *)o2p_buffer_extend(runs, sizeof(*run));
    if (run != NULL)
        *run = (o2p_run){store->tables[table] == NULL ? 0 : store->tables[table]->count,
                         {0, 0, 0, metric}};
}

/* ---- rollback ---- */

static void save_rows(const o2p_rows *rows, o2p_rows_mark *mark)
{
    mark->exists = rows != NULL;
    if (rows == NULL)
        return;
    mark->count = rows->count;
    o2p_rows_save(rows, mark->columns);
}

static void rollback_rows(o2p_store *store, o2p_rows **rows, const o2p_rows_mark *mark)
{
    if (*rows != NULL && mark->exists)
        o2p_rows_rollback(*rows, mark->columns, mark->count);
    else
        free_rows(store, rows);
}

void o2p_store_save(const o2p_store *store, o2p_store_mark *mark)
{
    mark->arena = o2p_arena_save(&store->pool.arena);
    mark->repaired = store->pool.repaired;
    mark->row_count = store->row_count;
    mark->joined_bytes = store->joined_bytes;
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++) {
        mark->runs[i] = store->runs[i].size;
        save_rows(store->tables[i], &mark->tables[i]);
    }
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_METRIC; i++)
        save_rows(store->groups[i], &mark->groups[i]);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_SCOPE; i++) {
        mark->notices[i] = store->memos[i].notices.size;
        mark->known[i] = o2p_dictionary_save(&store->memos[i].known);
    }
}

static uint64_t list_bytes(const o2p_rows *rows, const o2p_rows_mark *mark)
{
    uint64_t bytes = 0;
    for (size_t c = 0; c < O2P_COL_COUNT && rows != NULL; c++) {
        const o2p_column *column = &rows->columns[c];
        size_t first = mark->exists ? mark->columns[c].ends / 4 : 0;
        if (o2p_columns[c].kind != O2P_KIND_MAP)
            continue;
        for (size_t list = first + 1; list <= column->ends.size / 4; list++)
            bytes += o2p_map_text_bytes(column, (uint32_t)list);
    }
    return bytes;
}

uint64_t o2p_store_list_bytes(const o2p_store *store, const o2p_store_mark *mark)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++)
        bytes += list_bytes(store->tables[i], &mark->tables[i]);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_METRIC; i++)
        bytes += list_bytes(store->groups[i], &mark->groups[i]);
    return bytes;
}

void o2p_store_rollback(o2p_store *store, const o2p_store_mark *mark)
{
    store->pool.repaired = mark->repaired;
    store->row_count = mark->row_count;
    store->joined_bytes = mark->joined_bytes;
    for (size_t i = 0; i < O2P_TABLE_COUNT; i++) {
        store->runs[i].size = mark->runs[i];
        rollback_rows(store, &store->tables[i], &mark->tables[i]);
    }
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_METRIC; i++)
        rollback_rows(store, &store->groups[i], &mark->groups[i]);
    for (size_t i = O2P_SOURCE_RESOURCE; i <= O2P_SOURCE_SCOPE; i++) {
        store->memos[i].notices.size = mark->notices[i];
        o2p_dictionary_rollback(&store->memos[i].known, mark->known[i]);
    }
    o2p_arena_release(&store->pool.arena, mark->arena);
}
