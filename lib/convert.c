/* convert.c - the public calls. The only file that sees both ends: requests in (otlp), files out
 * (batch).
 */
#include "batch/files.h"
#include "otlp/detect.h"
#include "otlp/locate.h"
#include "otlp/merge.h"
#include "otlp/walk.h"

struct o2p_batch {
    o2p_memory memory;
    o2p_settings settings;
    o2p_store store;
    o2p_walk walk;
    o2p_counts counts; /* summed over the appends */
    o2p_buffer merged; /* a request whose fields had to be merged */
    o2p_buffer path_template;
    o2p_store_mark mark;
};

/* ---- errors ---- */

static const char *const status_names[] = {
    [O2P_OK] = "OK",
    [O2P_ERR_OUT_OF_MEMORY] = "OUT_OF_MEMORY",
    [O2P_ERR_BAD_OPTION] = "BAD_OPTION",
    [O2P_ERR_UNDETECTED] = "UNDETECTED",
    [O2P_ERR_TRUNCATED] = "TRUNCATED",
    [O2P_ERR_MALFORMED] = "MALFORMED",
    [O2P_ERR_WIRE_TYPE] = "WIRE_TYPE",
    [O2P_ERR_DEPTH] = "DEPTH",
    [O2P_ERR_LIMIT] = "LIMIT",
    [O2P_ERR_CODEC] = "CODEC",
};

static const char *const status_messages[] = {
    [O2P_OK] = "",
    [O2P_ERR_OUT_OF_MEMORY] = "out of memory",
    [O2P_ERR_BAD_OPTION] = "an option is not allowed",
    [O2P_ERR_UNDETECTED] = "the bytes do not tell their signal",
    [O2P_ERR_TRUNCATED] = "the input ends inside a field",
    [O2P_ERR_MALFORMED] = "not a protobuf message",
    [O2P_ERR_WIRE_TYPE] = "a known field has the wrong wire type",
    [O2P_ERR_DEPTH] = "messages are nested too deep",
    [O2P_ERR_LIMIT] = "a limit was reached",
    [O2P_ERR_CODEC] = "the compression library failed",
};

enum { STATUS_COUNT = sizeof(status_names) / sizeof(status_names[0]) };

const char *o2p_status_name(o2p_status status)
{
    return (unsigned)status < STATUS_COUNT ? status_names[status] : "UNKNOWN";
}

static o2p_status set_error(o2p_error *error, o2p_status status, size_t offset)
{
    error->status = status;
    error->message = status_messages[status];
    error->offset = offset;
    error->path[0] = '\0';
    return status;
}

const char *o2p_version(void)
{
    return O2P_VERSION;
}

/* ---- batches ---- */

/* Makes a batch whose allocator is the options'; `lasting`: see o2p_store_init. NULL on failure,
 * with the reason in *error. */
static o2p_batch *new_batch(const o2p_options *options, bool lasting, o2p_error *error)
{
    o2p_settings settings;
    set_error(error, O2P_OK, 0);
    if (o2p_settings_read(&settings, options, error) != O2P_OK)
        return NULL;
    o2p_memory memory;
    o2p_memory_init(&memory, &settings.allocator, settings.max_memory_bytes);
    o2p_batch *batch = (o2p_batch *)o2p_memory_resize(&memory, NULL, 0, sizeof(*batch));
    if (batch == NULL) {
        set_error(error, o2p_memory_status(&memory), 0);
        return NULL;
    }
    batch->memory = memory;
    batch->settings = settings;
    memset(&batch->counts, 0, sizeof(batch->counts));
    o2p_store_init(&batch->store, &batch->memory, lasting);
    o2p_walk_init(&batch->walk, &batch->store);
    batch->walk.default_time_ns = settings.default_time_ns;
    o2p_buffer_init(&batch->merged, &batch->memory);
    o2p_buffer_init(&batch->path_template, &batch->memory);
    return batch;
}

/* Keeps a path template of the batch's own. False when memory is refused. */
static bool copy_template(o2p_batch *batch)
{
    const char *path_template = batch->settings.path_template;
    if (path_template == NULL)
        return true;
    o2p_buffer_append(&batch->path_template, path_template, strlen(path_template) + 1);
    batch->settings.path_template = (const char *)batch->path_template.data;
    return !batch->memory.failed;
}

void o2p_batch_free(o2p_batch *batch)
{
    if (batch == NULL)
        return;
    o2p_walk_free(&batch->walk);
    o2p_store_free(&batch->store);
    o2p_buffer_free(&batch->merged);
    o2p_buffer_free(&batch->path_template);
    o2p_memory memory = batch->memory;
    o2p_memory_release(&memory, batch, sizeof(*batch));
}

o2p_status o2p_batch_new(const o2p_options *options, o2p_batch **batch, o2p_error *error)
{
    o2p_error ignored;
    if (error == NULL)
        error = &ignored;
    *batch = new_batch(options, false, error);
    if (*batch == NULL || copy_template(*batch))
        return error->status;
    set_error(error, o2p_memory_status(&(*batch)->memory), 0);
    o2p_batch_free(*batch);
    *batch = NULL;
    return error->status;
}

void o2p_batch_set_default_time(o2p_batch *batch, uint64_t unix_ns)
{
    batch->walk.default_time_ns = unix_ns;
}

uint64_t o2p_batch_rows(const o2p_batch *batch)
{
    return batch->store.row_count;
}

size_t o2p_batch_bytes(const o2p_batch *batch)
{
    return batch->memory.held;
}

/* ---- one request ---- */

/* One request on its way into a batch. */
typedef struct request {
    o2p_batch *batch;
    const uint8_t *bytes;
    size_t size;
    o2p_result *result;
} request;

static bool reject(request *r, o2p_status status, const uint8_t *at)
{
    set_error(&r->result->error, status, at == NULL ? 0 : (size_t)(at - r->bytes));
    bool in_message = status >= O2P_ERR_TRUNCATED && status <= O2P_ERR_DEPTH;
    if (in_message)
        o2p_locate(o2p_request_message(r->result->signal), r->bytes, r->size,
                   r->result->error.offset, r->result->error.path, O2P_FIELD_PATH_SIZE);
    return false;
}

/* Reads the request into the store, first as it is, then merged if it must be. */
static bool walk_merged(request *r)
{
    o2p_batch *batch = r->batch;
    o2p_merge_error error;
    uint64_t unknown;
    batch->merged.size = 0;
    if (!o2p_merge(o2p_request_message(r->result->signal), r->bytes, r->size, &batch->merged,
                   &unknown, &error))
        return reject(r, error.status, error.at);
    bool ok =
        o2p_walk_request(&batch->walk, r->result->signal, batch->merged.data, batch->merged.size);
    batch->walk.counts.unknown_fields += unknown;
    /* Whatever is wrong with the bytes the merge has found: this is memory, or a limit. */
    return ok || reject(r, (o2p_status)batch->walk.status, NULL);
}

static bool walk_request(request *r, bool can_roll_back)
{
    o2p_batch *batch = r->batch;
    if (o2p_walk_request(&batch->walk, r->result->signal, r->bytes, r->size))
        return true;
    if (batch->walk.status != O2P_WALK_MERGE)
        return reject(r, (o2p_status)batch->walk.status, batch->walk.at);
    if (can_roll_back) {
        o2p_store_rollback(&batch->store, &batch->mark);
    } else {
        bool lasting = batch->store.pool.lasting;
        o2p_store_free(&batch->store);
        o2p_store_init(&batch->store, &batch->memory, lasting);
    }
    return walk_merged(r);
}

static bool check_request(request *r)
{
    const o2p_settings *settings = &r->batch->settings;
    r->result->signal = settings->signal;
    if (r->size > settings->max_input_bytes)
        return reject(r, O2P_ERR_LIMIT, NULL);
    if (settings->signal == O2P_SIGNAL_AUTO)
        r->result->signal = o2p_detect_signal(r->bytes, r->size);
    if (r->result->signal == O2P_SIGNAL_AUTO)
        return reject(r, O2P_ERR_UNDETECTED, NULL);
    return true;
}

static void add_counts(o2p_counts *sum, const o2p_counts *more)
{
    sum->accepted += more->accepted;
    sum->rejected += more->rejected;
    sum->invalid_utf8 += more->invalid_utf8;
    sum->duplicate_keys += more->duplicate_keys;
    sum->unknown_fields += more->unknown_fields;
    sum->empty_metrics += more->empty_metrics;
    sum->empty_groups += more->empty_groups;
}

static const uint8_t *bytes_or_empty(const void *bytes)
{
    return bytes == NULL ? (const uint8_t *)"" : (const uint8_t *)bytes;
}

o2p_status o2p_batch_append(o2p_batch *batch, const void *bytes, size_t len, o2p_result *result)
{
    o2p_result ignored;
    request r = {batch, bytes_or_empty(bytes), len, result == NULL ? &ignored : result};
    memset(r.result, 0, sizeof(*r.result));
    set_error(&r.result->error, O2P_OK, 0);
    if (!check_request(&r))
        return r.result->error.status;
    o2p_store_save(&batch->store, &batch->mark);
    if (walk_request(&r, true)) {
        r.result->counts = batch->walk.counts;
        add_counts(&batch->counts, &batch->walk.counts);
        return O2P_OK;
    }
    o2p_store_rollback(&batch->store, &batch->mark);
    o2p_memory_clear(&batch->memory);
    return r.result->error.status;
}

o2p_status o2p_batch_finish(o2p_batch *batch, o2p_output *out)
{
    set_error(&out->error, O2P_OK, 0);
    o2p_status status = o2p_files_write(&batch->store, &batch->settings, out);
    o2p_memory_clear(&batch->memory);
    if (status != O2P_OK)
        return set_error(&out->error, status, 0);
    out->counts = batch->counts;
    memset(&batch->counts, 0, sizeof(batch->counts));
    o2p_store_free(&batch->store);
    o2p_store_init(&batch->store, &batch->memory, false);
    return O2P_OK;
}

/* ---- the one call ---- */

o2p_status otlp_to_parquet(const void *bytes, size_t len, o2p_output *out)
{
    o2p_batch *batch = new_batch(out->options, true, &out->error);
    if (batch == NULL)
        return out->error.status;
    o2p_result result;
    memset(&result, 0, sizeof(result));
    set_error(&result.error, O2P_OK, 0);
    request r = {batch, bytes_or_empty(bytes), len, &result};
    if (check_request(&r) && walk_request(&r, false)) {
        set_error(&result.error, o2p_files_write(&batch->store, &batch->settings, out), 0);
        if (result.error.status == O2P_OK)
            out->counts = batch->walk.counts;
    }
    out->signal = result.signal;
    out->error = result.error;
    o2p_batch_free(batch);
    return out->error.status;
}

void o2p_output_free(o2p_output *out)
{
    o2p_files_free(out);
    memset(out, 0, sizeof(*out));
    out->error.message = "";
}
