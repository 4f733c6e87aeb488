/* convert.c - `otlp2parquet convert`: files of OTLP requests to Parquet files.
 *
 * Requests of all inputs are collected in a batch, which is written (sealed) when it has grown past
 * a bound and at the end: many small inputs give few files. The library tells the signal of each
 * request, so one batch holds all tables. A request whose bytes cannot tell it goes, when the
 * file's name can, to a batch of the signal named; a name never overrides the bytes.
 *
 * A request that cannot be read is reported and left out; the others go on. What cannot be written
 * ends the run, since the next file would meet the same full disk: what was written before is whole
 * and is listed.
 */
#include "cli.h"
#include "input.h"
#include "output.h"
#include "request.h"
#include "terminal.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIGNALS = O2P_SIGNAL_METRICS + 1,
    /* A row group is 122,880 rows; eight of them make a file that readers can share among threads.
     */
    DEFAULT_BATCH_ROWS = 1000000,
    /* What a small machine can spare; columns in memory are a few times their size in the file. */
    DEFAULT_BATCH_BYTES = 256 * 1024 * 1024,
    /* Bad requests of one delimited file that are reported in full. */
    REPORTED_REQUESTS = 20
};

static struct {
    int signal;
    int codec;
    const char *out;
    bool one_file;
    bool delimited;
    bool json;
    uint64_t batch_rows;
    uint64_t batch_bytes;
} flags = {.out = "."};

static const struct flag convert_flags[] = {
    {"signal", "SIGNAL", "auto, logs, traces or metrics (default: auto, told from the bytes)",
     FLAG_CHOICE, &flags.signal, signal_choices},
    {"out", "DIR", "folder the files go to; made if need be (default: .)", FLAG_TEXT, &flags.out,
     NULL},
    {"codec", "CODEC", "snappy or none (default: snappy)", FLAG_CHOICE, &flags.codec,
     codec_choices},
    {"one-file", NULL, "one file a table, without hour folders; all rows are held in\nmemory",
     FLAG_SWITCH, &flags.one_file, NULL},
    {"delimited", NULL,
     "each FILE is a sequence of requests, each with its length\nbefore it as a varint",
     FLAG_SWITCH, &flags.delimited, NULL},
    {"batch-rows", "N",
     "write files when N rows are collected (default: 1000000;\nwith --one-file: at the end)",
     FLAG_NUMBER, &flags.batch_rows, NULL},
    {"batch-bytes", "N",
     "write files when rows take N bytes of memory (default: 256M;\nwith --one-file: at the end)",
     FLAG_NUMBER, &flags.batch_bytes, NULL},
    {"json", NULL, "print the summary as one JSON object", FLAG_SWITCH, &flags.json, NULL},
};

/* A file that was written. */
struct written_file {
    o2p_table table;
    char *path;
    size_t size;
    uint64_t rows;
    uint64_t min_time_ns;
    uint64_t max_time_ns;
};

struct conversion {
    o2p_options options;
    o2p_batch *batches[SIGNALS]; /* by the signal they are told; made when first needed */
    struct written_file *files;
    size_t file_count;
    o2p_counts counts;
    uint64_t requests; /* converted */
    uint64_t bytes;    /* of these */
    uint64_t repeated; /* files equal to one written before, name and all */
    int status;
};

/* Notes a failure. Returns false, which means: stop. */
static bool stop(struct conversion *run, int status)
{
    run->status = status;
    return false;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Whether one of the first `count` files has this path. */
static bool already_written(const struct conversion *run, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(run->files[i].path, path) == 0)
            return true;
    return false;
}

/* Writes a file of a batch; `earlier` is the number of files of the batches before it, since within
 * one batch no path occurs twice. */
static bool write_file(struct conversion *run, const o2p_file *file, size_t earlier)
{
    size_t length = strlen(flags.out);
    size_t space = length + strlen(file->path) + 2;
    char *path = must_allocate(space);
    snprintf(path, space, "%s%s%s", flags.out, flags.out[length - 1] == '/' ? "" : "/", file->path);
    if (already_written(run, earlier, path)) {
        free(path);
        run->repeated++;
        return true;
    }
    run->files = must_reallocate(run->files, (run->file_count + 1) * sizeof *run->files);
    if (!output_file(path, file->data, file->size)) {
        free(path);
        return stop(run, STATUS_OUTPUT);
    }
    run->files[run->file_count++] = (struct written_file){
        file->table, path, file->size, file->rows, file->min_time_ns, file->max_time_ns};
    return true;
}

static void add_counts(o2p_counts *sum, const o2p_counts *counts)
{
    sum->accepted += counts->accepted;
    sum->rejected += counts->rejected;
    sum->invalid_utf8 += counts->invalid_utf8;
    sum->duplicate_keys += counts->duplicate_keys;
    sum->unknown_fields += counts->unknown_fields;
    sum->empty_metrics += counts->empty_metrics;
    sum->empty_groups += counts->empty_groups;
}

/* Writes the files of a batch. False: stop. */
static bool seal(struct conversion *run, o2p_batch *batch)
{
    o2p_output output = {0};
    size_t earlier = run->file_count;
    bool going = true;
    if (o2p_batch_finish(batch, &output) != O2P_OK) {
        library_complain("cannot make Parquet files of the requests read so far", &output.error);
        o2p_output_free(&output);
        return stop(run, STATUS_RESOURCE);
    }
    add_counts(&run->counts, &output.counts);
    for (size_t i = 0; i < output.file_count && going; i++)
        going = write_file(run, &output.files[i], earlier);
    o2p_output_free(&output);
    return going;
}

static bool seal_all(struct conversion *run)
{
    for (int i = 0; i < SIGNALS; i++)
        if (run->batches[i] != NULL && !seal(run, run->batches[i]))
            return false;
    return true;
}

static bool is_full(const o2p_batch *batch)
{
    return o2p_batch_rows(batch) >= flags.batch_rows || o2p_batch_bytes(batch) >= flags.batch_bytes;
}

/* ---- reading ------------------------------------------------------------------------------- */

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool contains(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; *text != '\0'; text++) {
        size_t same = 0;
        while (same < length && lower(text[same]) == word[same])
            same++;
        if (same == length)
            return true;
    }
    return false;
}

/* The one signal a file's name contains; AUTO when it contains none or several. */
static o2p_signal named_signal(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    o2p_signal found = O2P_SIGNAL_AUTO;
    for (int i = O2P_SIGNAL_LOGS; i < SIGNALS; i++) {
        if (!contains(name, o2p_signal_name((o2p_signal)i)))
            continue;
        if (found != O2P_SIGNAL_AUTO)
            return O2P_SIGNAL_AUTO;
        found = (o2p_signal)i;
    }
    return found;
}

/* The batch for requests of a signal; NULL after a message. */
static o2p_batch *batch_for(struct conversion *run, o2p_signal signal)
{
    if (run->batches[signal] != NULL)
        return run->batches[signal];
    o2p_error error;
    o2p_options options = run->options;
    options.signal = signal;
    if (o2p_batch_new(&options, &run->batches[signal], &error) == O2P_OK)
        return run->batches[signal];
    library_complain("cannot begin", &error);
    stop(run, STATUS_RESOURCE);
    return NULL;
}

/* Appends to the batch of `signal`. A batch that has reached a limit is sealed first and tried once
 * more. False: stop; otherwise `result` says whether the request was taken. */
static bool append(struct conversion *run, o2p_signal signal, const struct input_request *request,
                   o2p_result *result)
{
    o2p_batch *batch = batch_for(run, signal);
    if (batch == NULL)
        return false;
    o2p_status status = o2p_batch_append(batch, request->bytes, request->size, result);
    bool reached = status == O2P_ERR_LIMIT || status == O2P_ERR_OUT_OF_MEMORY;
    if (reached && o2p_batch_rows(batch) > 0) {
        if (!seal(run, batch))
            return false;
        status = o2p_batch_append(batch, request->bytes, request->size, result);
    }
    return status != O2P_OK || !is_full(batch) || seal(run, batch);
}

/* Converts one request of an input. `number` as for request_complain; `*bad` counts what failed.
 * False: stop. */
static bool convert_request(struct conversion *run, const char *name, uint64_t number,
                            const struct input_request *request, uint64_t *bad)
{
    o2p_result result;
    if (!append(run, run->options.signal, request, &result))
        return false;
    if (result.error.status == O2P_ERR_UNDETECTED && named_signal(name) != O2P_SIGNAL_AUTO &&
        !append(run, named_signal(name), request, &result))
        return false;
    if (result.error.status == O2P_OK) {
        run->requests++;
        run->bytes += request->size;
        return true;
    }
    if (++*bad <= REPORTED_REQUESTS)
        request_complain(name, number, request, &result.error);
    if (result.error.status == O2P_ERR_OUT_OF_MEMORY)
        return stop(run, STATUS_RESOURCE);
    run->status = STATUS_INPUT;
    return true;
}

/* Converts an open input. False: stop. */
static bool convert_open(struct conversion *run, struct input *input)
{
    struct input_request request;
    input_result found;
    uint64_t number = 0;
    uint64_t bad = 0;
    bool going = true;
    do {
        found = flags.delimited ? input_next(input, &request) : input_whole(input, &request);
        if (found == INPUT_FAILED)
            run->status = STATUS_INPUT;
        if (found == INPUT_REQUEST)
            going =
                convert_request(run, input->name, flags.delimited ? ++number : 0, &request, &bad);
    } while (found == INPUT_REQUEST && flags.delimited && going);
    if (bad > REPORTED_REQUESTS)
        complain("%s: %" PRIu64 " more requests failed", input->name, bad - REPORTED_REQUESTS);
    return going;
}

static bool convert_input(struct conversion *run, const char *name)
{
    struct input input;
    if (!input_open(&input, name)) {
        run->status = STATUS_INPUT;
        return true;
    }
    bool going = convert_open(run, &input);
    input_close(&input);
    return going;
}

/* ---- the summary --------------------------------------------------------------------------- */

static void print_json(const struct conversion *run)
{
    const o2p_counts *counts = &run->counts;
    printf("{\"files\":[");
    for (size_t i = 0; i < run->file_count; i++) {
        const struct written_file *file = &run->files[i];
        printf("%s{\"table\":\"%s\",\"path\":", i == 0 ? "" : ",", o2p_table_name(file->table));
        json_put_text(stdout, file->path);
        printf(",\"rows\":%" PRIu64 ",\"bytes\":%zu,\"min_time_ns\":%" PRIu64
               ",\"max_time_ns\":%" PRIu64 "}",
               file->rows, file->size, file->min_time_ns, file->max_time_ns);
    }
    printf("],\"counts\":{\"accepted\":%" PRIu64 ",\"rejected\":%" PRIu64
           ",\"invalid_utf8\":%" PRIu64 ",\"duplicate_keys\":%" PRIu64
           ",\"unknown_fields\":%" PRIu64 ",\"empty_metrics\":%" PRIu64 ",\"empty_groups\":%" PRIu64
           "}}\n",
           counts->accepted, counts->rejected, counts->invalid_utf8, counts->duplicate_keys,
           counts->unknown_fields, counts->empty_metrics, counts->empty_groups);
}

static void print_files(const struct conversion *run)
{
    char rows[GROUPED_SIZE];
    char bytes[GROUPED_SIZE];
    struct table table;
    table_begin(&table, "lrrl");
    table_add(&table, "TABLE");
    table_add(&table, "ROWS");
    table_add(&table, "BYTES");
    table_add(&table, "PATH");
    for (size_t i = 0; i < run->file_count; i++) {
        const struct written_file *file = &run->files[i];
        table_add(&table, "%s", o2p_table_name(file->table));
        table_add(&table, "%s", grouped(file->rows, rows));
        table_add(&table, "%s", grouped(file->size, bytes));
        table_add(&table, "%s", file->path);
    }
    table_print(&table, stdout, "");
}

static void print_totals(const struct conversion *run)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;
    char space[4][GROUPED_SIZE];
    for (size_t i = 0; i < run->file_count; i++) {
        rows += run->files[i].rows;
        bytes += run->files[i].size;
    }
    printf("%s request%s of %s bytes: %s rows in %zu file%s of %s bytes\n",
           grouped(run->requests, space[0]), run->requests == 1 ? "" : "s",
           grouped(run->bytes, space[1]), grouped(rows, space[2]), run->file_count,
           run->file_count == 1 ? "" : "s", grouped(bytes, space[3]));
}

static void print_count(uint64_t count, const char *meaning)
{
    char space[GROUPED_SIZE];
    if (count > 0)
        printf("%s %s\n", grouped(count, space), meaning);
}

static void print_summary(const struct conversion *run)
{
    const o2p_counts *counts = &run->counts;
    if (run->file_count > 0)
        print_files(run);
    print_totals(run);
    print_count(run->repeated, "more files had the name and bytes of one of these");
    print_count(counts->rejected, "records could not be kept");
    print_count(counts->invalid_utf8, "strings were not UTF-8: bad bytes became U+FFFD");
    print_count(counts->duplicate_keys,
                "repeated attribute keys are in the column DuplicateAttributes");
    print_count(counts->unknown_fields, "fields are of a newer OTLP and were skipped");
    print_count(counts->empty_metrics, "metrics had no data point and give no row");
    print_count(counts->empty_groups, "resources or scopes had no record and give no row");
}

/* ---- the command --------------------------------------------------------------------------- */

static bool is_given_twice(char **operands, size_t count, const char *name)
{
    size_t times = 0;
    for (size_t i = 0; i < count; i++)
        times += strcmp(operands[i], name) == 0;
    return times > 1;
}

/* What the flags left unset. --one-file promises one file a table: nothing is sealed early unless
 * asked for. */
static void set_defaults(void)
{
    if (flags.batch_rows == 0)
        flags.batch_rows = flags.one_file ? UINT64_MAX : DEFAULT_BATCH_ROWS;
    if (flags.batch_bytes == 0)
        flags.batch_bytes = flags.one_file ? UINT64_MAX : DEFAULT_BATCH_BYTES;
}

static o2p_options library_options(void)
{
    o2p_options options = {.size = sizeof options};
    options.signal = (o2p_signal)flags.signal;
    options.codec = (o2p_codec)flags.codec;
    options.max_input_bytes = INPUT_REQUEST_MAX;
    options.path_template = flags.one_file ? ONE_FILE_TEMPLATE : NULL;
    return options;
}

static void convert_all(struct conversion *run, const struct input_list *list)
{
    bool going = true;
    progress_begin(list->bytes);
    for (size_t i = 0; i < list->count && going; i++)
        going = convert_input(run, list->names[i]);
    if (going)
        seal_all(run);
    progress_end();
}

static void release(struct conversion *run)
{
    for (int i = 0; i < SIGNALS; i++)
        o2p_batch_free(run->batches[i]);
    for (size_t i = 0; i < run->file_count; i++)
        free(run->files[i].path);
    free(run->files);
}

static int run_convert(char **operands, size_t count)
{
    struct input_list list;
    struct conversion run = {.status = STATUS_OK};
    if (count == 0)
        return args_refuse("convert", "no FILE given (- is standard input)");
    if (is_given_twice(operands, count, "-"))
        return args_refuse("convert", "standard input (-) can be read once only");
    if (flags.out[0] == '\0')
        return args_refuse("convert", "--out is empty");
    set_defaults();
    run.options = library_options();
    output_guard();
    if (!output_folder(flags.out))
        return STATUS_OUTPUT;
    input_list_make(&list, operands, count);
    run.status = list.failed ? STATUS_INPUT : STATUS_OK;
    convert_all(&run, &list);
    input_list_free(&list);
    if (flags.json)
        print_json(&run);
    else
        print_summary(&run);
    release(&run);
    return run.status;
}

const struct command convert_command = {
    "convert",
    "[FLAGS] FILE...",
    "write OTLP requests as Parquet files",
    "Reads OTLP Export...ServiceRequests (protobuf), one a FILE, and writes a Parquet\n"
    "file a table and hour. FILE may be - for standard input, or a folder: then every\n"
    ".pb file in it is read, in the order of the names.\n"
    "\n"
    "The signal of a request is told from its bytes; the name of its file is asked (logs,\n"
    "traces or metrics in it) only when they do not tell.\n"
    "\n"
    "Requests are collected and written together, so many FILEs give few Parquet files.\n"
    "A request that cannot be read is reported with its file, byte and field; the others\n"
    "are converted all the same, and the exit status is 1. Requests of a delimited file\n"
    "are counted from 1. A file is written under a temporary name and renamed when it is\n"
    "complete and on the disk.\n"
    "\n"
    "--json prints {\"files\": [{table, path, rows, bytes, min_time_ns, max_time_ns}...],\n"
    "\"counts\": {accepted, rejected, invalid_utf8, duplicate_keys, unknown_fields,\n"
    "empty_metrics, empty_groups}}; bytes of a path that are not UTF-8 become U+FFFD.\n",
    convert_flags,
    sizeof convert_flags / sizeof *convert_flags,
    run_convert,
};
