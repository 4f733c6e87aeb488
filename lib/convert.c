/* convert.c - the public calls. The only file that sees both ends: requests in (otlp), files out
 * (batch).
 */
#include "base/error.h"
#include "batch/files.h"
#include "batch/folders.h"
#include "batch/promotion.h"
#include "otlp/read.h"

struct o2p_batch {
    o2p_memory memory;
    o2p_settings settings;
    o2p_store store;
    o2p_folders folders;
    o2p_reader reader;
    o2p_counts counts; /* summed over the appends */
    bool holds;        /* there was an append since it was made or finished */
    o2p_buffer path_template;
    o2p_buffer promotions;
    uint64_t list_bytes; /* of lists of attributes that are written as texts */
    o2p_store_mark mark;
};

const char *o2p_version(void)
{
    return O2P_VERSION;
}

const char *o2p_encoding_name(o2p_encoding encoding)
{
    static const char *const names[] = {
        [O2P_ENCODING_AUTO] = "auto",
        [O2P_ENCODING_PROTOBUF] = "protobuf",
        [O2P_ENCODING_JSON] = "json",
        [O2P_ENCODING_JSON_LINES] = "json_lines",
    };
    return (unsigned)encoding < sizeof(names) / sizeof(names[0]) ? names[encoding] : NULL;
}

/* ---- batches ---- */

/* Makes a batch whose allocator is the options'; `lasting`: see o2p_store_init. NULL on failure,
 * with the reason in *error. */
static o2p_batch *new_batch(const o2p_options *options, bool lasting, o2p_error *error)
{
    o2p_settings settings;
    o2p_error_set(error, O2P_OK, 0);
    if (o2p_settings_read(&settings, options, error) != O2P_OK)
        return NULL;
    o2p_memory memory;
    o2p_memory_init(&memory, &settings.allocator, settings.max_memory_bytes);
    o2p_batch *batch = (o2p_batch *)o2p_memory_resize(&memory, NULL, 0, sizeof(*batch));
    if (batch == NULL) {
        o2p_error_set(error, o2p_memory_status(&memory), 0);
        return NULL;
    }
    batch->memory = memory;
    batch->settings = settings;
    memset(&batch->counts, 0, sizeof(batch->counts));
    batch->holds = false;
    batch->list_bytes = 0;
    o2p_store_init(&batch->store, &batch->memory, lasting);
    o2p_folders_init(&batch->folders, &batch->memory);
    o2p_reader_init(&batch->reader, &batch->store, &batch->settings);
    o2p_buffer_init(&batch->path_template, &batch->memory);
    o2p_buffer_init(&batch->promotions, &batch->memory);
    return batch;
}

/* Keeps a path template and promotions of the batch's own. False when memory is refused. */
static bool copy_options(o2p_batch *batch)
{
    o2p_settings *settings = &batch->settings;
    if (settings->path_template != NULL) {
        o2p_buffer_append(&batch->path_template, settings->path_template,
                          strlen(settings->path_template) + 1);
        settings->path_template = (const char *)batch->path_template.data;
    }
    return o2p_promotions_copy(&settings->promotions, settings->promotion_count,
                               &batch->promotions) &&
           !batch->memory.failed;
}

void o2p_batch_free(o2p_batch *batch)
{
    if (batch == NULL)
        return;
    o2p_reader_free(&batch->reader);
    o2p_folders_free(&batch->folders);
    o2p_store_free(&batch->store);
    o2p_buffer_free(&batch->path_template);
    o2p_buffer_free(&batch->promotions);
    o2p_memory memory = batch->memory;
    o2p_memory_release(&memory, batch, sizeof(*batch));
}

o2p_status o2p_batch_new(const o2p_options *options, o2p_batch **batch, o2p_error *error)
{
    o2p_error ignored;
    if (error == NULL)
        error = &ignored;
    *batch = new_batch(options, false, error);
    if (*batch == NULL || copy_options(*batch))
        return error->status;
    o2p_error_set(error, o2p_memory_status(&(*batch)->memory), 0);
    o2p_batch_free(*batch);
    *batch = NULL;
    return error->status;
}

o2p_status o2p_batch_set_input(o2p_batch *batch, o2p_signal signal, o2p_encoding encoding)
{
    if ((unsigned)signal > O2P_SIGNAL_METRICS || (unsigned)encoding > O2P_ENCODING_JSON_LINES)
        return O2P_ERR_BAD_OPTION;
    batch->settings.signal = signal;
    batch->settings.encoding = encoding;
    return O2P_OK;
}

void o2p_batch_set_default_time(o2p_batch *batch, uint64_t unix_ns)
{
    batch->reader.walk.default_time_ns = unix_ns;
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

static void add_counts(o2p_counts *sum, const o2p_counts *more)
{
    sum->accepted += more->accepted;
    sum->rejected += more->rejected;
    sum->invalid_utf8 += more->invalid_utf8;
    sum->duplicate_keys += more->duplicate_keys;
    sum->unknown_fields += more->unknown_fields;
    sum->empty_metrics += more->empty_metrics;
    sum->empty_groups += more->empty_groups;
    sum->bad_lines += more->bad_lines;
}

/* A call that was read is not to be kept. */
static void refuse(o2p_result *result, o2p_status status, const char *message)
{
    memset(&result->counts, 0, sizeof(result->counts));
    o2p_error_set(&result->rejection, O2P_OK, 0);
    o2p_error_set(&result->error, status, 0);
    if (message != NULL)
        result->error.message = message;
}

/* About how many bytes the batch's lists of attributes take where each is written as a text. Such
 * texts may be many times as large as what they are made of, which is held once. */
static uint64_t text_bytes(const o2p_batch *batch, const o2p_store_mark *mark)
{
    if (batch->settings.attributes == O2P_ATTRIBUTES_MAP || mark == NULL)
        return 0;
    return batch->list_bytes + o2p_store_list_bytes(&batch->store, mark);
}

/* The most that a batch may hold, so that it can be written: which takes up to five times as much
 * at a time, what is held included, a codec's context, and something for each row, to sort it, and
 * for each page. */
static size_t most_held(const o2p_batch *batch)
{
    enum { WRITING = 6, ROW = 48, LEAVES = 128, PAGE = 512, BOUNDS = 4 };
    const o2p_settings *s = &batch->settings;
    uint32_t rows = s->page_rows < s->row_group_rows ? s->page_rows : s->row_group_rows;
    uint64_t page = PAGE + BOUNDS * (uint64_t)s->statistics_bytes;
    uint64_t pages = batch->store.row_count / rows * (LEAVES + s->promotion_count) * page;
    uint64_t others = s->codec_memory + pages + batch->store.row_count * ROW;
    uint64_t most = s->max_memory_bytes > others ? (s->max_memory_bytes - others) / WRITING : 0;
    return most < SIZE_MAX ? (size_t)most : SIZE_MAX;
}

/* Reads a call's bytes into the batch; `mark` as in o2p_read. False on failure: *full tells whether
 * a limit of the batch was reached. */
static bool read_call(o2p_batch *batch, const o2p_store_mark *mark, const void *bytes, size_t len,
                      o2p_result *result, bool *full)
{
    /* A text takes up to six times its bytes with escapes, and that eight times over: by itself, on
     * pages, compressed and in a file, buffers being doubled as they grow. */
    enum { WRITING = 48 };
    const uint8_t *input = bytes == NULL ? (const uint8_t *)"" : (const uint8_t *)bytes;
    o2p_folders_mark folders = o2p_folders_save(&batch->folders, &batch->store);
    memset(result, 0, sizeof(*result));
    bool ok = o2p_read(&batch->reader, mark, input, len, result);
    *full = !ok && (batch->memory.failed || batch->reader.walk.full);
    if (!ok)
        return false;
    uint64_t texts = text_bytes(batch, mark);
    *full = texts > batch->settings.max_memory_bytes / WRITING;
    if (*full) {
        refuse(result, O2P_ERR_LIMIT, "attributes for more memory than max_memory_bytes");
        return false;
    }
    *full = mark != NULL && batch->memory.held > most_held(batch);
    if (*full) {
        refuse(result, O2P_ERR_LIMIT, "more rows and pages than max_memory_bytes has room for");
        return false;
    }
    if (o2p_folders_count(&batch->folders, &batch->store, &batch->settings, &folders)) {
        batch->list_bytes = texts;
        return true;
    }
    *full = true;
    o2p_folders_rollback(&batch->folders, &folders);
    if (batch->memory.failed)
        refuse(result, o2p_memory_status(&batch->memory), NULL);
    else
        refuse(result, O2P_ERR_LIMIT, "rows for more files than max_files");
    return false;
}

o2p_status o2p_batch_append(o2p_batch *batch, const void *bytes, size_t len, o2p_result *result)
{
    o2p_result ignored;
    if (result == NULL)
        result = &ignored;
    bool full;
    size_t limit = batch->memory.limit;
    o2p_store_save(&batch->store, &batch->mark);
    batch->memory.limit = most_held(batch);
    bool ok = read_call(batch, &batch->mark, bytes, len, result, &full);
    batch->memory.limit = limit;
    if (ok) {
        add_counts(&batch->counts, &result->counts);
        batch->holds = true;
        return O2P_OK;
    }
    if (result->error.status == O2P_ERR_LIMIT && full && batch->holds)
        result->error.status = O2P_ERR_FULL;
    o2p_store_rollback(&batch->store, &batch->mark);
    o2p_reader_trim(&batch->reader);
    o2p_memory_clear(&batch->memory);
    return result->error.status;
}

/* Tells why files were not written. */
static o2p_status not_written(o2p_error *error, o2p_status status, bool memory)
{
    o2p_error_set(error, status, 0);
    if (status == O2P_ERR_LIMIT && !memory)
        error->message = "more output than max_output_bytes";
    return status;
}

o2p_status o2p_batch_finish(o2p_batch *batch, o2p_output *out)
{
    o2p_error_set(&out->error, O2P_OK, 0);
    o2p_error_set(&out->rejection, O2P_OK, 0);
    o2p_reader_trim(&batch->reader);
    o2p_status status = o2p_files_write(&batch->store, &batch->settings, out);
    bool memory = batch->memory.failed;
    o2p_memory_clear(&batch->memory);
    if (status != O2P_OK)
        return not_written(&out->error, status, memory);
    batch->holds = false;
    batch->list_bytes = 0;
    out->counts = batch->counts;
    memset(&batch->counts, 0, sizeof(batch->counts));
    o2p_folders_free(&batch->folders);
    o2p_folders_init(&batch->folders, &batch->memory);
    o2p_store_free(&batch->store);
    o2p_store_init(&batch->store, &batch->memory, false);
    return O2P_OK;
}

/* ---- the one call ---- */

o2p_status otlp_to_parquet(const void *bytes, size_t len, o2p_output *out)
{
    o2p_error_set(&out->rejection, O2P_OK, 0);
    o2p_batch *batch = new_batch(out->options, true, &out->error);
    if (batch == NULL)
        return out->error.status;
    o2p_result result;
    bool full;
    o2p_memory_expect(&batch->memory, len + len / 2);
    if (read_call(batch, NULL, bytes, len, &result, &full)) {
        o2p_walk_free(&batch->reader.walk);
        o2p_store_seal(&batch->store);
        o2p_status status = o2p_files_write(&batch->store, &batch->settings, out);
        if (status == O2P_OK) {
            out->counts = result.counts;
        } else {
            not_written(&result.error, status, batch->memory.failed);
            o2p_error_set(&result.rejection, O2P_OK, 0);
        }
    }
    out->signal = result.signal;
    out->encoding = result.encoding;
    out->error = result.error;
    out->rejection = result.rejection;
    o2p_batch_free(batch);
    return out->error.status;
}

void o2p_output_free(o2p_output *out)
{
    o2p_files_free(out);
    memset(out, 0, sizeof(*out));
    out->error.message = "";
}
