/* folders.c - see folders.h. */
#include "folders.h"

#include "../base/hash.h"
#include "path.h"

enum {
    FIRST_SLOTS = 64,
    /* Keys may be made to collide: beyond this one counts as new each time it comes again. */
    MAX_PROBES = 64,
    /* A key: table, time, service. */
    TIME_SHIFT = 31,
    TABLE_SHIFT = 60
};

void o2p_folders_init(o2p_folders *folders, o2p_memory *memory)
{
    o2p_buffer_init(&folders->keys, memory);
    o2p_buffer_init(&folders->slots, memory);
}

void o2p_folders_free(o2p_folders *folders)
{
    o2p_buffer_free(&folders->keys);
    o2p_buffer_free(&folders->slots);
}

static size_t key_count(const o2p_folders *folders)
{
    return folders->keys.size / sizeof(uint64_t);
}

/* Puts a key into its slot; false when it is there already. */
static bool place(o2p_folders *folders, uint64_t key)
{
    uint64_t *slots = (uint64_t *)(void *)folders->slots.data;
    size_t mask = folders->slots.size / sizeof(uint64_t) - 1;
    size_t start = (size_t)(o2p_hash(&key, sizeof(key)) >> 32);
    for (size_t i = 0; i < MAX_PROBES; i++) {
        uint64_t *slot = &slots[(start + i) & mask];
        if (*slot == key + 1)
            return false;
        if (*slot == 0) {
            *slot = key + 1;
            return true;
        }
    }
    return true;
}

/* Makes an empty table of `count` slots and places all keys. False when memory is refused. */
static bool rebuild(o2p_folders *folders, size_t count)
{
    const uint64_t *keys = (const uint64_t *)(const void *)folders->keys.data;
    size_t size = count * sizeof(uint64_t), old = folders->slots.size;
    if (size > old && !o2p_buffer_reserve(&folders->slots, size - old))
        return false;
    folders->slots.size = size;
    if (size > 0)
        memset(folders->slots.data, 0, size);
    for (size_t i = 0; i < key_count(folders); i++)
        place(folders, keys[i]);
    return true;
}

static bool add(o2p_folders *folders, uint64_t key)
{
    size_t slots = folders->slots.size / sizeof(uint64_t);
    if (key_count(folders) * 2 >= slots && !rebuild(folders, slots == 0 ? FIRST_SLOTS : slots * 2))
        return false;
    if (!o2p_buffer_reserve(&folders->keys, sizeof(key)))
        return false;
    if (place(folders, key))
        o2p_buffer_u64(&folders->keys, key);
    return !folders->keys.memory->failed;
}

/* Where keys come from. Rows that follow one another mostly have the same, also where a run ends:
 * there may be as many runs as rows. */
typedef struct row_keys {
    const o2p_column *times;
    o2p_path_span span;
    uint64_t last; /* key that was added last; no key is UINT64_MAX */
} row_keys;

/* Adds those of one run; `run_key` has its table and service. */
static bool add_run(o2p_folders *folders, row_keys *keys, uint32_t first, uint32_t end,
                    uint64_t run_key)
{
    for (uint32_t row = first; row < end; row++) {
        uint64_t time = row < keys->times->cells.size / 8 ? o2p_cells64(keys->times)[row] : 0;
        uint64_t key = run_key | (uint64_t)o2p_path_time_key(keys->span, time) << TIME_SHIFT;
        if (key != keys->last && !add(folders, key))
            return false;
        keys->last = key;
    }
    return true;
}

static uint64_t service_of(const o2p_store *store, const o2p_run *run)
{
    const o2p_column *names = &store->groups[O2P_SOURCE_RESOURCE]->columns[O2P_COL_ServiceName];
    uint32_t resource = run->group[O2P_SOURCE_RESOURCE];
    return resource < names->cells.size / 4 ? o2p_cells32(names)[resource] : 0;
}

static bool add_table(o2p_folders *folders, const o2p_store *store, const o2p_settings *settings,
                      o2p_table table, uint32_t first)
{
    const o2p_rows *rows = store->tables[table];
    if (rows == NULL || rows->count == first)
        return true;
    const o2p_run *runs = o2p_store_runs(store, table);
    size_t count = o2p_store_run_count(store, table), r = count;
    bool by_service = o2p_path_has_service(settings->path_template);
    row_keys keys = {&rows->columns[o2p_tables[table].time],
                     o2p_path_time_span(settings->path_template), UINT64_MAX};
    while (r > 0 && (r == count || runs[r].first_row > first))
        r--;
    for (; r < count; r++) {
        uint32_t begin = runs[r].first_row < first ? first : runs[r].first_row;
        uint32_t end = r + 1 < count ? runs[r + 1].first_row : rows->count;
        uint64_t run_key = (uint64_t)table << TABLE_SHIFT;
        run_key |= by_service ? service_of(store, &runs[r]) : 0;
        if (!add_run(folders, &keys, begin, end, run_key) ||
            key_count(folders) > settings->max_files)
            return false;
    }
    return true;
}

o2p_folders_mark o2p_folders_save(const o2p_folders *folders, const o2p_store *store)
{
    o2p_folders_mark mark = {folders->keys.size, {0}};
    for (size_t t = 0; t < O2P_TABLE_COUNT; t++)
        mark.rows[t] = store->tables[t] == NULL ? 0 : store->tables[t]->count;
    return mark;
}

bool o2p_folders_count(o2p_folders *folders, const o2p_store *store, const o2p_settings *settings,
                       const o2p_folders_mark *mark)
{
    bool ok = true;
    for (size_t t = 0; t < O2P_TABLE_COUNT && ok; t++)
        ok = add_table(folders, store, settings, (o2p_table)t, mark->rows[t]);
    return ok;
}

void o2p_folders_rollback(o2p_folders *folders, const o2p_folders_mark *mark)
{
    if (folders->keys.size == mark->keys)
        return;
    folders->keys.size = mark->keys;
    rebuild(folders, folders->slots.size / sizeof(uint64_t)); /* in the room that it has */
}
