/* store.h - everything a batch has collected: the rows of each table, and the resources, scopes and
 * metrics that they belong to.
 *
 * OTLP repeats a resource and a scope for all records of a group, and a metric for all its points.
 * Each is kept once, as a row of its own, and a table says by runs which of its rows belong to
 * which:
 *
 *   run { first row, resource, scope, metric }     until the next run's first row
 *
 * Resources and scopes are found again by their bytes on the wire, so a thousand requests of one
 * service have one resource row; metrics are not looked for.
 */
#ifndef O2P_BATCH_STORE_H
#define O2P_BATCH_STORE_H

#include "column.h"

typedef struct o2p_run {
    uint32_t first_row;
    uint32_t group[O2P_SOURCE_METRIC + 1]; /* by o2p_source: row of the resource, scope, metric */
} o2p_run;

/* What was noticed in a resource or scope; counted again for each group that has it. */
typedef struct o2p_notices {
    uint32_t invalid_utf8;
    uint32_t duplicate_keys;
    uint32_t unknown_fields;
} o2p_notices;

/* Resources, or scopes, by their bytes. Row i is entry i + 1 of `known`. */
typedef struct o2p_memo {
    o2p_dictionary known;
    o2p_buffer notices; /* o2p_notices a row */
} o2p_memo;

typedef struct o2p_store {
    o2p_memory *memory;
    o2p_pool pool;
    o2p_rows *tables[O2P_TABLE_COUNT];       /* NULL until their first row */
    o2p_buffer runs[O2P_TABLE_COUNT];        /* o2p_run */
    o2p_rows *groups[O2P_SOURCE_METRIC + 1]; /* by o2p_source; [ROW] is not used */
    o2p_memo memos[O2P_SOURCE_SCOPE + 1];    /* of RESOURCE and SCOPE */
    uint64_t row_count;
    uint64_t joined_bytes; /* of DuplicateAttributes that rows share, at most; see walk.c */
} o2p_store;

/* `lasting`: the bytes of all requests outlive the store. */
void o2p_store_init(o2p_store *store, o2p_memory *memory, bool lasting);
void o2p_store_free(o2p_store *store);

/* Releases what only reading needs: nothing may be added or rolled back after it. */
void o2p_store_seal(o2p_store *store);

/* The rows of a table or source, made by the first call; NULL when memory is refused. */
o2p_rows *o2p_store_table(o2p_store *store, o2p_table table);
o2p_rows *o2p_store_group(o2p_store *store, o2p_source source);

/* Looks up the RESOURCE or SCOPE row with these bytes. `*known` tells whether it was there; if not,
 * the row was just added, is empty, and is the caller's to fill, as is what o2p_store_notices
 * returns. */
uint32_t o2p_store_find(o2p_store *store, o2p_source source, const uint8_t *bytes, size_t size,
                        bool *known);
o2p_notices *o2p_store_notices(o2p_store *store, o2p_source source, uint32_t row);

/* Rows that are added to `table` from now on belong to these; a run without rows gives way to the
 * next. The resource and scope of runs may be set afterwards, by o2p_store_settle. */
void o2p_store_run(o2p_store *store, o2p_table table, uint32_t metric);

static inline size_t o2p_store_run_count(const o2p_store *store, o2p_table table)
{
    return store->runs[table].size / sizeof(o2p_run);
}

/* Sets the `source` row of all runs of `table` from number `first_run` on. */
static inline void o2p_store_settle(o2p_store *store, o2p_table table, size_t first_run,
                                    o2p_source source, uint32_t row)
{
    o2p_run *runs = (o2p_run *)(void *)store->runs[table].data;
    for (size_t i = first_run; i < o2p_store_run_count(store, table); i++)
        runs[i].group[source] = row;
}

static inline const o2p_run *o2p_store_runs(const o2p_store *store, o2p_table table)
{
    return (const o2p_run *)(const void *)store->runs[table].data;
}

/* What o2p_store_rollback restores. Taken before each append; large, so it lives in the batch. */
typedef struct o2p_rows_mark {
    bool exists;
    uint32_t count;
    o2p_column_mark columns[O2P_COL_COUNT];
} o2p_rows_mark;

typedef struct o2p_store_mark {
    o2p_arena_mark arena;
    uint64_t repaired, row_count, joined_bytes;
    size_t runs[O2P_TABLE_COUNT];
    size_t notices[O2P_SOURCE_SCOPE + 1];
    o2p_dictionary_mark known[O2P_SOURCE_SCOPE + 1];
    o2p_rows_mark tables[O2P_TABLE_COUNT];
    o2p_rows_mark groups[O2P_SOURCE_METRIC + 1];
} o2p_store_mark;

void o2p_store_save(const o2p_store *store, o2p_store_mark *mark);

/* About how many bytes the lists of attributes that came since the mark take as texts. */
uint64_t o2p_store_list_bytes(const o2p_store *store, const o2p_store_mark *mark);
void o2p_store_rollback(o2p_store *store, const o2p_store_mark *mark);

#endif
