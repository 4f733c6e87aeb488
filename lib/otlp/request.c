/* request.c - the envelopes, which the three signals have alike:
 *
 *   ExportXServiceRequest { repeated ResourceX = 1 }
 *   ResourceX             { Resource = 1; repeated ScopeX = 2; schema_url = 3 }
 *   ScopeX                { InstrumentationScope = 1; repeated record = 2; schema_url = 3 }
 *
 * Fields come in any order (schema_url is last in practice), so records are read first and their
 * runs are given their resource and scope at the end of the group.
 */
#include "walk.h"

typedef struct signal_walker {
    const o2p_message *request, *resource, *scope;
    bool (*record)(o2p_walk *walk, const o2p_wire_field *record);
    o2p_table first_table, last_table; /* that its records go to */
} signal_walker;

static const signal_walker walkers[] = {
    [O2P_SIGNAL_LOGS] = {O2P_MESSAGE(ExportLogsServiceRequest), O2P_MESSAGE(ResourceLogs),
                         O2P_MESSAGE(ScopeLogs), o2p_walk_log_record, O2P_TABLE_LOGS,
                         O2P_TABLE_LOGS},
    [O2P_SIGNAL_TRACES] = {O2P_MESSAGE(ExportTraceServiceRequest), O2P_MESSAGE(ResourceSpans),
                           O2P_MESSAGE(ScopeSpans), o2p_walk_span, O2P_TABLE_TRACES,
                           O2P_TABLE_TRACES},
    [O2P_SIGNAL_METRICS] = {O2P_MESSAGE(ExportMetricsServiceRequest), O2P_MESSAGE(ResourceMetrics),
                            O2P_MESSAGE(ScopeMetrics), o2p_walk_metric, O2P_TABLE_METRICS_GAUGE,
                            O2P_TABLE_METRICS_SUMMARY},
};

/* The numbers are the same in all signals; those of logs stand for all. */
enum {
    GROUP_KEY = O2P_KEY(ResourceLogs_resource, O2P_WIRE_LEN),
    ITEM_KEY = O2P_KEY(ResourceLogs_scope_logs, O2P_WIRE_LEN),
    SCHEMA_URL_KEY = O2P_KEY(ResourceLogs_schema_url, O2P_WIRE_LEN)
};

#define SAME_NUMBERS(message, group, item)                                                         \
    _Static_assert(otlp_##message##_##group##_tag == otlp_ResourceLogs_resource_tag &&             \
                       otlp_##message##_##item##_tag == otlp_ResourceLogs_scope_logs_tag &&        \
                       otlp_##message##_schema_url_tag == otlp_ResourceLogs_schema_url_tag,        \
                   "one walker reads all envelopes")
SAME_NUMBERS(ScopeLogs, scope, log_records);
SAME_NUMBERS(ResourceSpans, resource, scope_spans);
SAME_NUMBERS(ScopeSpans, scope, spans);
SAME_NUMBERS(ResourceMetrics, resource, scope_metrics);
SAME_NUMBERS(ScopeMetrics, scope, metrics);

const o2p_message *o2p_request_message(o2p_signal signal)
{
    return walkers[signal].request;
}

/* Where a group begins, and the runs that were there before it, by table. */
typedef struct group_start {
    const uint8_t *at;
    o2p_walk_since since;
    size_t runs[O2P_TABLE_COUNT];
} group_start;

/* Sets the members one by one, and only those that end_group reads: groups may be as many as
 * records, and a struct that is built and then copied waits for its own stores. */
static inline void start_group(const o2p_walk *walk, const signal_walker *signal, const uint8_t *at,
                               group_start *start)
{
    start->at = at;
    start->since = o2p_walk_here(walk);
    for (size_t t = signal->first_table; t <= (size_t)signal->last_table; t++)
        start->runs[t] = o2p_store_run_count(walk->store, (o2p_table)t);
}

/* Reads the group's resource or scope, and gives it to the runs that were begun in it. */
static inline bool end_group(o2p_walk *walk, const signal_walker *signal, const group_start *start,
                             o2p_source source, o2p_span message, o2p_span schema_url)
{
    if (O2P_UNLIKELY(message.size > O2P_MAX_RECORD_BYTES))
        return o2p_walk_over(walk, message.bytes, "a resource or scope of more than 64 MiB");
    const o2p_known_group *group = o2p_walk_group(walk, source, message, schema_url);
    if (O2P_UNLIKELY(group == NULL))
        return false;
    for (size_t t = signal->first_table; t <= (size_t)signal->last_table; t++)
        o2p_store_settle(walk->store, (o2p_table)t, start->runs[t], source, group->row);
    o2p_walk_share(walk, start->since, group->share, start->at);
    return !walk->store->memory->failed;
}

/* Reads one item of a group. */
typedef bool item_walker(o2p_walk *walk, const signal_walker *signal, const o2p_wire_field *item);

/* Reads a ResourceX or ScopeX. Part of its two callers, so that each knows its source. */
static O2P_ALWAYS_INLINE bool walk_group(o2p_walk *walk, const signal_walker *signal,
                                         o2p_source source, const o2p_message *message,
                                         const o2p_wire_field *group, item_walker *item)
{
    o2p_wire wire = o2p_wire_over(group->bytes, (size_t)group->value);
    o2p_wire_field field;
    group_start start;
    o2p_span owner = {NULL, 0}, schema_url = {NULL, 0};
    uint64_t seen = 0, items = 0;
    start_group(walk, signal, group->start, &start);
    if (source == O2P_SOURCE_SCOPE && signal->first_table == signal->last_table)
        o2p_store_run(walk->store, signal->first_table, 0);
    while (o2p_wire_next(&wire, &field)) {
        bool ok = true;
        switch (field.key) {
        case GROUP_KEY:
            ok = o2p_walk_once(walk, &seen, &field);
            owner = o2p_span_of(&field);
            break;
        case ITEM_KEY:
            items++;
            ok = item(walk, signal, &field);
            break;
        case SCHEMA_URL_KEY:
            ok = o2p_walk_once(walk, &seen, &field);
            schema_url = o2p_span_of(&field);
            break;
        default:
            ok = o2p_walk_other(walk, message, &field);
        }
        if (!ok)
            return false;
    }
    walk->counts.empty_groups += items == 0;
    return o2p_walk_end(walk, &wire) && end_group(walk, signal, &start, source, owner, schema_url);
}

static bool walk_record(o2p_walk *walk, const signal_walker *signal, const o2p_wire_field *record)
{
    return signal->record(walk, record) && !walk->store->memory->failed;
}

static bool walk_scope(o2p_walk *walk, const signal_walker *signal, const o2p_wire_field *scope)
{
    return walk_group(walk, signal, O2P_SOURCE_SCOPE, signal->scope, scope, walk_record);
}

static bool walk_resource(o2p_walk *walk, const signal_walker *signal,
                          const o2p_wire_field *resource)
{
    return walk_group(walk, signal, O2P_SOURCE_RESOURCE, signal->resource, resource, walk_scope);
}

/* What records share is known at the end only. */
static void check_shared(o2p_walk *walk)
{
    uint64_t allowed =
        O2P_FREE_SHARED_ATTRIBUTES + walk->counts.accepted * walk->limits.max_shared_attributes;
    if (O2P_UNLIKELY(walk->shared > allowed))
        o2p_walk_over(walk, walk->most_shared_at,
                      "more attributes shared by records than max_shared_attributes");
    if (O2P_UNLIKELY(walk->store->joined_bytes > O2P_MAX_JOINED_BYTES))
        o2p_walk_full(walk, walk->at, "more than 512 MiB of duplicate attributes in a batch");
}

bool o2p_walk_request(o2p_walk *walk, o2p_signal signal, const uint8_t *bytes, size_t size)
{
    const signal_walker *walker = &walkers[signal];
    o2p_wire wire = o2p_wire_over(bytes, size);
    o2p_wire_field field;
    walk->status = O2P_OK;
    walk->at = walk->begin = bytes;
    walk->what = NULL;
    walk->full = false;
    walk->shared = walk->most_shared = walk->noted_records = 0;
    for (size_t i = 0; i < O2P_LIST_PARTS; i++)
        walk->duplicates[i].size = 0;
    memset(walk->names, 0, sizeof(walk->names));
    o2p_known_begin(&walk->known);
    memset(&walk->counts, 0, sizeof(walk->counts));
    uint64_t repaired = walk->store->pool.repaired;
    if (walk->store->pool.lasting) /* one call has all there is, and buffers begin empty */
        o2p_memory_progress(walk->store->memory, size, 0);
    while (o2p_wire_next(&wire, &field)) {
        bool ok = field.key == O2P_KEY(ExportLogsServiceRequest_resource_logs, O2P_WIRE_LEN)
                      ? walk_resource(walk, walker, &field)
                      : o2p_walk_other(walk, walker->request, &field);
        if (!ok)
            break;
    }
    o2p_memory_progress(walk->store->memory, 0, 0);
    if (walk->store->memory->failed)
        o2p_walk_fail(walk, (int)o2p_memory_status(walk->store->memory), bytes);
    check_shared(walk);
    walk->counts.invalid_utf8 = walk->store->pool.repaired - repaired;
    return o2p_walk_end(walk, &wire);
}
