/* order.c - see order.h.
 *
 * Each row gets a key: its folder (hour, or what the path template has), its service's rank by
 * name, its time. Counting sorts bring services and folders together, which clients mix; a stable
 * merge sort that begins with the runs already in order does the rest: within a service telemetry
 * comes nearly sorted.
 */
#include "order.h"

#include "../base/sort.h"

typedef struct sort_key {
    uint64_t place; /* folder's time key, then service rank */
    uint64_t time;  /* 0 when rows keep the order they came in */
    uint32_t row;
    uint32_t run;
} sort_key;

/* The two halves of a place. */
enum { SERVICE_SHIFT = 0, FOLDER_SHIFT = 32 };

enum { KEYS, SPARE, RANKS, STARTS }; /* uses of the scratch buffers */

void o2p_ordering_init(o2p_ordering *ordering, o2p_memory *memory)
{
    o2p_buffer_init(&ordering->rows, memory);
    o2p_buffer_init(&ordering->runs, memory);
    o2p_buffer_init(&ordering->parts, memory);
    for (size_t i = 0; i < 4; i++)
        o2p_buffer_init(&ordering->scratch[i], memory);
}

void o2p_ordering_free(o2p_ordering *ordering)
{
    o2p_buffer_free(&ordering->rows);
    o2p_buffer_free(&ordering->runs);
    o2p_buffer_free(&ordering->parts);
    for (size_t i = 0; i < 4; i++)
        o2p_buffer_free(&ordering->scratch[i]);
}

static void *room(o2p_buffer *buffer, size_t size)
{
    buffer->size = 0;
    return o2p_buffer_extend(buffer, size + 1);
}

/* ---- services ---- */

static uint32_t service_cell(const o2p_rows *resources, uint32_t resource)
{
    const o2p_column *column = &resources->columns[O2P_COL_ServiceName];
    return resource < column->cells.size / 4 ? o2p_cells32(column)[resource] : 0;
}

const o2p_entry *o2p_service_of_run(const o2p_store *store, o2p_table table, uint32_t run)
{
    static const o2p_entry none = {(const uint8_t *)"", 0, 0};
    const o2p_rows *resources = store->groups[O2P_SOURCE_RESOURCE];
    uint32_t resource = o2p_store_runs(store, table)[run].group[O2P_SOURCE_RESOURCE];
    uint32_t cell = service_cell(resources, resource);
    if (cell == 0)
        return &none;
    return o2p_dictionary_entry(resources->columns[O2P_COL_ServiceName].dictionary, cell);
}

/* Entries of a dictionary, to be ordered by their bytes. */
typedef struct name_list {
    const o2p_dictionary *names;
    uint32_t *order;
} name_list;

static bool name_before(const void *items, size_t a, size_t b)
{
    const name_list *list = (const name_list *)items;
    return o2p_entry_compare(o2p_dictionary_entry(list->names, list->order[a]),
                             o2p_dictionary_entry(list->names, list->order[b])) < 0;
}

static void swap_names(void *items, size_t a, size_t b)
{
    uint32_t *order = ((name_list *)items)->order;
    uint32_t swap = order[a];
    order[a] = order[b];
    order[b] = swap;
}

/* Rank by name of each entry of ServiceName's dictionary; equal names, which only a dictionary that
 * was given up has, get equal ranks. NULL when memory is refused; a table of one zero when there
 * are no names. */
static const uint32_t *rank_services(o2p_ordering *ordering, const o2p_store *store)
{
    const o2p_dictionary *names =
        store->groups[O2P_SOURCE_RESOURCE]->columns[O2P_COL_ServiceName].dictionary;
    uint32_t count = names == NULL || names->entry_count == 0 ? 1 : names->entry_count;
    uint32_t *ranks = (uint32_t *)room(&ordering->scratch[RANKS], (size_t)count * 8);
    if (ranks == NULL)
        return NULL;
    uint32_t *order = ranks + count;
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    ranks[0] = 0;
    if (count == 1)
        return ranks;
    name_list list = {names, order};
    o2p_sort(&(o2p_sortable){&list, name_before, swap_names}, count);
    for (uint32_t i = 0; i < count; i++) {
        bool same = i > 0 && !name_before(&list, i - 1, i);
        ranks[order[i]] = same ? ranks[order[i - 1]] : i;
    }
    return ranks;
}

/* ---- keys ---- */

static uint64_t time_of(const o2p_column *column, uint32_t row)
{
    return row < column->cells.size / 8 ? o2p_cells64(column)[row] : 0;
}

static bool make_keys(o2p_ordering *ordering, const o2p_store *store, const o2p_settings *settings,
                      o2p_table table, sort_key *keys)
{
    const uint32_t *ranks = rank_services(ordering, store);
    if (ranks == NULL)
        return false;
    const o2p_column *times = &store->tables[table]->columns[o2p_tables[table].time];
    const o2p_rows *resources = store->groups[O2P_SOURCE_RESOURCE];
    const o2p_run *runs = o2p_store_runs(store, table);
    size_t run_count = o2p_store_run_count(store, table);
    o2p_path_span span = o2p_path_time_span(settings->path_template);
    bool sorted = settings->order == O2P_ORDER_CLUSTERED;
    bool by_service = sorted || o2p_path_has_service(settings->path_template);
    for (uint32_t run = 0; run < run_count; run++) {
        uint32_t end = run + 1 < run_count ? runs[run + 1].first_row : store->tables[table]->count;
        uint32_t rank =
            by_service ? ranks[service_cell(resources, runs[run].group[O2P_SOURCE_RESOURCE])] : 0;
        for (uint32_t row = runs[run].first_row; row < end; row++) {
            uint64_t time = time_of(times, row);
            uint64_t folder = o2p_path_time_key(span, time);
            keys[row] = (sort_key){folder << FOLDER_SHIFT | rank, sorted ? time : 0, row, run};
        }
    }
    return true;
}

/* ---- sorting ---- */

/* Without a branch, which would be guessed wrong half of the time. */
static inline bool before(const sort_key *a, const sort_key *b)
{
    return (a->place < b->place) | ((a->place == b->place) & (a->time < b->time));
}

/* Where the ascending run that begins at `at` ends. */
static uint32_t ascent(const sort_key *keys, uint32_t at, uint32_t count)
{
    uint32_t end = at + 1;
    while (end < count && !before(&keys[end], &keys[end - 1]))
        end++;
    return end;
}

/* Merges the run from `a` to `b` and the one from there to `end`. */
static void merge_two(const sort_key *a, const sort_key *b, const sort_key *end, sort_key *to)
{
    const sort_key *middle = b;
    while (a < middle && b < end) {
        bool second = before(b, a);
        const sort_key *next = second ? b : a;
        *to++ = *next;
        a += !second;
        b += second;
    }
    memcpy(to, a, (size_t)(middle - a) * sizeof(*to));
    memcpy(to + (middle - a), b, (size_t)(end - b) * sizeof(*to));
}

static uint32_t half_of(const sort_key *key, unsigned shift)
{
    return (uint32_t)(key->place >> shift);
}

/* Counting sort by one half of the place, stable. Services and folders are few, so this brings rows
 * of many services, which clients mix, in order at a fraction of a merge sort's cost. Returns where
 * the keys are now: `spare`, or `keys` where the half is the same for all, or too spread out to
 * count. *ordered stays true while the keys are in order by each half so far. */
static sort_key *scatter(sort_key *keys, sort_key *spare, uint32_t count, unsigned shift,
                         bool *ordered)
{
    enum { MOST = 1024 };
    uint32_t starts[MOST + 1];
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t half = half_of(&keys[i], shift);
        least = half < least ? half : least;
        most = half > most ? half : most;
    }
    bool countable = most - least < MOST;
    *ordered = *ordered && countable;
    if (least == most || !countable)
        return keys;
    uint32_t halves = most - least + 1;
    memset(starts, 0, (halves + 1) * sizeof(starts[0]));
    for (uint32_t i = 0; i < count; i++)
        starts[half_of(&keys[i], shift) - least + 1]++;
    for (uint32_t h = 1; h < halves; h++)
        starts[h] += starts[h - 1];
    for (uint32_t i = 0; i < count; i++)
        spare[starts[half_of(&keys[i], shift) - least]++] = keys[i];
    return spare;
}

static bool is_sorted(const sort_key *keys, uint32_t count)
{
    return ascent(keys, 0, count) == count;
}

/* Natural merge sort. Returns the array that holds the result, NULL when memory is refused.
 * `starts` has where the sorted runs begin, and the count as its end. */
static sort_key *merge_runs(o2p_buffer *starts_buffer, sort_key *keys, sort_key *spare,
                            uint32_t count)
{
    starts_buffer->size = 0;
    for (uint32_t at = 0; at < count; at = ascent(keys, at, count))
        o2p_buffer_u32(starts_buffer, at);
    o2p_buffer_u32(starts_buffer, count);
    size_t runs = starts_buffer->size / 4 - 1;
    if (starts_buffer->memory->failed)
        return NULL;
    uint32_t *starts = (uint32_t *)(void *)starts_buffer->data;
    while (runs > 1) {
        size_t merged = 0;
        for (size_t r = 0; r < runs; r += 2) {
            uint32_t middle = starts[r + 1], end = r + 2 <= runs ? starts[r + 2] : middle;
            merge_two(keys + starts[r], keys + middle, keys + end, spare + starts[r]);
            starts[merged++] = starts[r];
        }
        starts[merged] = count;
        runs = merged;
        sort_key *swap = keys;
        keys = spare;
        spare = swap;
    }
    return keys;
}

/* Where the keys end that follow `at` and have its place. */
static uint32_t place_end(const sort_key *keys, uint32_t at, uint32_t count)
{
    uint32_t end = at + 1;
    while (end < count && keys[end].place == keys[at].place)
        end++;
    return end;
}

/* Sorts keys of which most that have one place lie together: these first, which are few and of few
 * runs, then all of them unless the places are ordered. Returns the array that holds the result,
 * NULL when memory is refused. */
static sort_key *merge_places(o2p_buffer *starts, sort_key *keys, sort_key *spare, uint32_t count,
                              bool ordered)
{
    for (uint32_t at = 0, end; at < count; at = end) {
        end = place_end(keys, at, count);
        const sort_key *sorted = merge_runs(starts, keys + at, spare + at, end - at);
        if (sorted == NULL)
            return NULL;
        if (sorted != keys + at)
            memcpy(keys + at, sorted, (size_t)(end - at) * sizeof(*keys));
    }
    return ordered ? keys : merge_runs(starts, keys, spare, count);
}

/* Sorts by folder, service and time, stably; NULL when memory is refused. */
static sort_key *sort_keys(o2p_ordering *ordering, sort_key *keys, uint32_t count)
{
    if (is_sorted(keys, count))
        return keys;
    sort_key *spare = (sort_key *)room(&ordering->scratch[SPARE], (size_t)count * sizeof(sort_key));
    if (spare == NULL)
        return NULL;
    sort_key *first = keys;
    bool ordered = true;
    keys = scatter(first, spare, count, SERVICE_SHIFT, &ordered);
    keys = scatter(keys, keys == first ? spare : first, count, FOLDER_SHIFT, &ordered);
    return merge_places(&ordering->scratch[STARTS], keys, keys == first ? spare : first, count,
                        ordered);
}

/* ---- parts ---- */

/* Rows are of one file while their folder, and if the template has it their service, stays the
 * same. */
static bool same_part(const sort_key *a, const sort_key *b, bool by_service)
{
    unsigned shift = by_service ? SERVICE_SHIFT : FOLDER_SHIFT;
    return a->place >> shift == b->place >> shift;
}

static void add_parts(o2p_ordering *ordering, const o2p_column *times, const sort_key *keys,
                      uint32_t count, bool by_service)
{
    for (uint32_t at = 0; at < count;) {
        uint64_t first = time_of(times, keys[at].row);
        o2p_ordering_part part = {at, 0, first, first};
        for (; at < count && same_part(&keys[part.first], &keys[at], by_service); at++) {
            uint64_t time = time_of(times, keys[at].row);
            part.min_time_ns = time < part.min_time_ns ? time : part.min_time_ns;
            part.max_time_ns = time > part.max_time_ns ? time : part.max_time_ns;
        }
        part.count = at - part.first;
        o2p_buffer_append(&ordering->parts, &part, sizeof(part));
    }
}

bool o2p_order_rows(o2p_ordering *ordering, const o2p_store *store, const o2p_settings *settings,
                    o2p_table table)
{
    uint32_t count = store->tables[table]->count;
    sort_key *keys = (sort_key *)room(&ordering->scratch[KEYS], (size_t)count * sizeof(sort_key));
    uint32_t *rows = (uint32_t *)room(&ordering->rows, (size_t)count * 4);
    uint32_t *runs = (uint32_t *)room(&ordering->runs, (size_t)count * 4);
    ordering->parts.size = 0;
    if (keys == NULL || rows == NULL || runs == NULL ||
        !make_keys(ordering, store, settings, table, keys))
        return false;
    const sort_key *sorted = sort_keys(ordering, keys, count);
    if (sorted == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = sorted[i].row;
        runs[i] = sorted[i].run;
    }
    add_parts(ordering, &store->tables[table]->columns[o2p_tables[table].time], sorted, count,
              o2p_path_has_service(settings->path_template));
    for (size_t i = 0; i <= STARTS; i++) /* the encoder wants the memory now */
        o2p_buffer_free(&ordering->scratch[i]);
    return !ordering->parts.memory->failed;
}
