/* read.c - see read.h. */
#include "read.h"

#include "../base/error.h"
#include "detect.h"
#include "json.h"
#include "json_scan.h"
#include "locate.h"
#include "merge.h"

/* One call. */
typedef struct call {
    o2p_reader *reader;
    const o2p_store_mark *mark;
    const uint8_t *bytes;
    size_t size;
    o2p_result *result;
    uint64_t records; /* read from JSON so far */
} call;

void o2p_reader_init(o2p_reader *reader, o2p_store *store, const o2p_settings *settings)
{
    reader->settings = settings;
    o2p_walk_init(&reader->walk, store);
    reader->walk.limits = settings->limits;
    reader->walk.default_time_ns = settings->default_time_ns;
    o2p_buffer_init(&reader->merged, store->memory);
    for (size_t s = 0; s <= O2P_SIGNAL_METRICS; s++)
        o2p_buffer_init(&reader->json[s], store->memory);
}

void o2p_reader_trim(o2p_reader *reader)
{
    o2p_buffer_free(&reader->merged);
    for (size_t s = 0; s <= O2P_SIGNAL_METRICS; s++)
        o2p_buffer_free(&reader->json[s]);
}

void o2p_reader_free(o2p_reader *reader)
{
    o2p_walk_free(&reader->walk);
    o2p_reader_trim(reader);
}

/* ---- failure ---- */

static bool reject(call *c, o2p_status status, size_t offset, const char *what)
{
    o2p_error_set(&c->result->error, status, offset);
    if (what != NULL)
        c->result->error.message = what;
    return false;
}

/* Tells the path of what begins at `at` in a request. */
static void set_path(call *c, o2p_signal signal, const uint8_t *bytes, size_t size,
                     const uint8_t *at)
{
    o2p_locate(o2p_request_message(signal), bytes, size, (size_t)(at - bytes),
               c->result->error.path, O2P_FIELD_PATH_SIZE);
}

/* The walk over the protobuf form of a JSON text, or over a merged request, has failed: at a limit,
 * since all else was found before. Where that is in the bytes of the call is not known. */
static bool reject_rewritten(call *c, o2p_signal signal, const o2p_buffer *bytes)
{
    const o2p_walk *walk = &c->reader->walk;
    reject(c, (o2p_status)walk->status, 0, walk->what);
    if (walk->what != NULL)
        set_path(c, signal, bytes->data, bytes->size, walk->at);
    return false;
}

/* ---- protobuf ---- */

static bool reject_request(call *c, o2p_status status, const uint8_t *at, const char *what)
{
    reject(c, status, (size_t)(at - c->bytes), what);
    if ((status >= O2P_ERR_TRUNCATED && status <= O2P_ERR_DEPTH) || what != NULL)
        set_path(c, c->result->signal, c->bytes, c->size, at);
    return false;
}

/* Looks for a string above the limit, `*at`. What is wrong with the bytes is found by others. */
static bool strings_fit(const o2p_message *message, o2p_wire wire, uint64_t most, unsigned levels,
                        const uint8_t **at)
{
    o2p_wire_field field;
    while (o2p_wire_next(&wire, &field)) {
        const o2p_proto_field *known = o2p_find_field(message, field.key >> 3);
        if (known == NULL || (field.key & 7) != O2P_WIRE_LEN || field.value <= most)
            continue;
        *at = field.start;
        if (known->type == O2P_PROTO_STRING || known->type == O2P_PROTO_BYTES)
            return false;
        if (known->type == O2P_PROTO_MESSAGE && levels > 0 &&
            !strings_fit(known->message, o2p_wire_over(field.bytes, (size_t)field.value), most,
                         levels - 1, at))
            return false;
    }
    return true;
}

/* Reads the request merged. */
static bool walk_merged(call *c)
{
    o2p_reader *reader = c->reader;
    o2p_signal signal = c->result->signal;
    o2p_merge_error error;
    uint64_t unknown;
    reader->merged.size = 0;
    if (!o2p_merge(o2p_request_message(signal), c->bytes, c->size,
                   reader->settings->limits.max_depth, &reader->merged, &unknown, &error))
        return reject_request(c, error.status, error.at, NULL);
    if (!o2p_walk_request(&reader->walk, signal, reader->merged.data, reader->merged.size))
        return reject_rewritten(c, signal, &reader->merged);
    reader->walk.counts.unknown_fields += unknown;
    return true;
}

static void empty_store(const call *c)
{
    o2p_store *store = c->reader->walk.store;
    if (c->mark != NULL) {
        o2p_store_rollback(store, c->mark);
        return;
    }
    o2p_memory *memory = store->memory;
    bool lasting = store->pool.lasting;
    o2p_store_free(store);
    o2p_store_init(store, memory, lasting);
}

static bool read_protobuf(call *c)
{
    o2p_walk *walk = &c->reader->walk;
    o2p_result *result = c->result;
    uint64_t most = c->reader->settings->limits.max_string_bytes;
    const uint8_t *at = c->bytes;
    if (result->signal == O2P_SIGNAL_AUTO)
        result->signal = o2p_detect_signal(c->bytes, c->size);
    if (result->signal == O2P_SIGNAL_AUTO)
        return reject(c, O2P_ERR_UNDETECTED, 0, NULL);
    if (c->size > most && !strings_fit(o2p_request_message(result->signal),
                                       o2p_wire_over(c->bytes, c->size), most, O2P_MAX_DEPTH, &at))
        return reject_request(c, O2P_ERR_LIMIT, at, "a string of more bytes than max_string_bytes");
    bool ok = o2p_walk_request(walk, result->signal, c->bytes, c->size);
    if (!ok && walk->status == O2P_WALK_MERGE) {
        empty_store(c);
        ok = walk_merged(c);
    } else if (!ok) {
        reject_request(c, (o2p_status)walk->status, walk->at, walk->what);
    }
    result->counts = walk->counts;
    return ok;
}

/* ---- JSON ---- */

/* Tells what a report says about the text that begins at `text`. */
static void set_error(const call *c, o2p_error *error, o2p_status status, const uint8_t *text,
                      uint64_t line, const o2p_json_report *report)
{
    o2p_error_set(error, status, (size_t)(text - c->bytes) + report->offset);
    error->message = report->what;
    error->line = line;
    memcpy(error->path, report->path, sizeof(report->path));
}

/* Says that a text that has nothing of the signal that was named is a request of another one; false
 * when it is none. */
static bool is_of_another(const uint8_t *text, size_t size, o2p_signal signal,
                          o2p_json_report *report)
{
    static const char *const messages[] = {
        [O2P_SIGNAL_LOGS] = "a request of logs, not of the signal named",
        [O2P_SIGNAL_TRACES] = "a request of traces, not of the signal named",
        [O2P_SIGNAL_METRICS] = "a request of metrics, not of the signal named",
    };
    o2p_json_report ignored;
    o2p_signal told;
    if (report->records > 0 || report->unknown_members == 0 ||
        !o2p_json_signal(text, size, &told, &ignored) || told == O2P_SIGNAL_AUTO || told == signal)
        return false;
    report->status = O2P_ERR_MALFORMED;
    report->what = messages[told];
    return true;
}

/* Rewrites a text as protobuf behind the others of its signal. */
static bool rewrite(call *c, const uint8_t *text, size_t size, o2p_signal *signal,
                    o2p_json_report *report)
{
    const o2p_settings *settings = c->reader->settings;
    bool named = settings->signal != O2P_SIGNAL_AUTO;
    *signal = settings->signal;
    if (!named && !o2p_json_signal(text, size, signal, report))
        return false;
    if (*signal == O2P_SIGNAL_AUTO) {
        report->status = O2P_ERR_UNDETECTED;
        report->what = "no member of any request";
        return false;
    }
    if (!o2p_json_request(o2p_request_message(*signal), text, size, &settings->limits,
                          &c->reader->json[*signal], report))
        return false;
    return !named || !is_of_another(text, size, *signal, report);
}

/* Reads a text of the call; `line` 0: the only one. False on failure. */
static bool read_text(call *c, const uint8_t *text, size_t size, uint64_t line)
{
    o2p_result *result = c->result;
    o2p_json_report report;
    o2p_signal signal;
    if (!rewrite(c, text, size, &signal, &report)) {
        set_error(c, &result->error, report.status, text, line, &report);
        return false;
    }
    if (result->signal == O2P_SIGNAL_AUTO)
        result->signal = signal;
    c->records += report.records;
    result->counts.rejected += report.rejected;
    result->counts.unknown_fields += report.unknown_members;
    if (report.rejected > 0 && result->rejection.status == O2P_OK)
        set_error(c, &result->rejection, O2P_ERR_VALUE, text, line, &report);
    return true;
}

/* A line that failed: whether it may be left out. */
static bool skip_line(call *c)
{
    o2p_result *result = c->result;
    o2p_memory *memory = c->reader->walk.store->memory;
    if (!c->reader->settings->skip_bad_lines || memory->failed)
        return false;
    result->counts.bad_lines++;
    if (result->rejection.status == O2P_OK)
        result->rejection = result->error;
    o2p_error_set(&result->error, O2P_OK, 0);
    return true;
}

static bool read_lines(call *c)
{
    const uint8_t *end = c->bytes + c->size;
    uint64_t line = 1;
    for (const uint8_t *at = c->bytes; at < end; line++) {
        const uint8_t *stop = o2p_line_end(at, end);
        bool blank = o2p_json_next(at, stop) == stop;
        if (!blank && !read_text(c, at, (size_t)(stop - at), line) && !skip_line(c))
            return false;
        if (c->records > c->reader->settings->limits.max_records) {
            reject(c, O2P_ERR_LIMIT, (size_t)(at - c->bytes), "more records than max_records");
            c->result->error.line = line;
            return false;
        }
        at = stop + (stop < end);
    }
    return true;
}

static void add_walked(o2p_counts *sum, const o2p_counts *more)
{
    sum->accepted += more->accepted;
    sum->invalid_utf8 += more->invalid_utf8;
    sum->duplicate_keys += more->duplicate_keys;
    sum->empty_metrics += more->empty_metrics;
    sum->empty_groups += more->empty_groups;
}

static bool walk_rewritten(call *c, o2p_signal signal)
{
    const o2p_buffer *bytes = &c->reader->json[signal];
    o2p_walk *walk = &c->reader->walk;
    if (bytes->size == 0)
        return true;
    if (!o2p_walk_request(walk, signal, bytes->data, bytes->size))
        return reject_rewritten(c, signal, bytes);
    add_walked(&c->result->counts, &walk->counts);
    return true;
}

static bool read_json(call *c)
{
    bool ok = true;
    for (size_t s = 0; s <= O2P_SIGNAL_METRICS; s++)
        c->reader->json[s].size = 0;
    if (c->result->encoding == O2P_ENCODING_JSON_LINES)
        ok = read_lines(c);
    else
        ok = read_text(c, c->bytes, c->size, 0);
    for (o2p_signal s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS && ok; s++)
        ok = walk_rewritten(c, s);
    return ok;
}

/* ---- any ---- */

bool o2p_read(o2p_reader *reader, const o2p_store_mark *mark, const uint8_t *bytes, size_t size,
              o2p_result *result)
{
    const o2p_settings *settings = reader->settings;
    call c = {reader, mark, bytes, size, result, 0};
    o2p_error_set(&result->error, O2P_OK, 0);
    o2p_error_set(&result->rejection, O2P_OK, 0);
    reader->walk.full = false;
    result->signal = settings->signal;
    result->encoding = settings->encoding;
    if (size > settings->max_input_bytes)
        return reject(&c, O2P_ERR_LIMIT, 0, "more input than max_input_bytes");
    if (settings->encoding == O2P_ENCODING_AUTO)
        result->encoding = o2p_detect_encoding(bytes, size);
    bool ok = result->encoding == O2P_ENCODING_PROTOBUF ? read_protobuf(&c) : read_json(&c);
    if (ok)
        return true;
    memset(&result->counts, 0, sizeof(result->counts));
    o2p_error_set(&result->rejection, O2P_OK, 0);
    return false;
}
