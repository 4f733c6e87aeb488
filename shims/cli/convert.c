/* convert.c - `otlp2parquet convert`: files of OTLP requests to Parquet files. The command line;
 * the work is in source.h, conversion.h and summary.h.
 */
#include "cli.h"
#include "input_list.h"
#include "options.h"
#include "output.h"
#include "source.h"
#include "terminal.h"

#include <string.h>

enum {
    /* A row group is 122,880 rows; eight of them make a file that readers can share among threads.
     */
    DEFAULT_BATCH_ROWS = 1000000,
    /* What a small machine can spare; columns in memory are a few times their size in the file. */
    DEFAULT_BATCH_BYTES = 256 * 1024 * 1024
};

static struct {
    const char *out;
    bool one_file;
    bool delimited;
    bool skip_bad_lines;
    bool json;
    uint64_t batch_rows;
    uint64_t batch_bytes;
} flags = {.out = "."};

static const struct flag convert_flags[] = {
    INPUT_FLAGS{"out", "DIR", "folder the files go to; made if need be (default: .)", FLAG_TEXT,
                &flags.out, NULL},
    {"one-file", NULL, "one file a table, without hour folders; all rows are held in\nmemory",
     FLAG_SWITCH, &flags.one_file, NULL},
    {"delimited", NULL,
     "each FILE is a sequence of protobuf requests, each with its\n"
     "length before it; without this flag, those named .pbs are",
     FLAG_SWITCH, &flags.delimited, NULL},
    {"skip-bad-lines", NULL, "a line of JSON lines that cannot be read is counted, and no\nfailure",
     FLAG_SWITCH, &flags.skip_bad_lines, NULL},
    {"batch-rows", "N",
     "write files when N rows are collected (default: 1000000;\nwith --one-file: at the end)",
     FLAG_NUMBER, &flags.batch_rows, NULL},
    {"batch-bytes", "N",
     "write files when rows take N bytes of memory (default: 256M;\nwith --one-file: at the end)",
     FLAG_NUMBER, &flags.batch_bytes, NULL},
    {"json", NULL, "print the summary as one JSON object", FLAG_SWITCH, &flags.json, NULL},
    PATH_FLAG FILE_FLAGS};

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

/* False after a message. */
static bool library_options(o2p_options *options)
{
    if (!options_of_flags("convert", options))
        return false;
    options->skip_bad_lines = flags.skip_bad_lines;
    if (flags.one_file)
        options->path_template = ONE_FILE_TEMPLATE;
    return options_are_good("convert", options);
}

static void convert_all(struct conversion *run, const struct input_list *list)
{
    bool going = true;
    progress_begin(list->bytes);
    for (size_t i = 0; i < list->count && going; i++)
        going = source_convert(run, list->names[i]);
    if (going)
        conversion_seal(run);
    progress_end();
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
    if (flags.delimited && (library_flags.encoding == O2P_ENCODING_JSON ||
                            library_flags.encoding == O2P_ENCODING_JSON_LINES))
        return args_refuse("convert", "--delimited is for protobuf alone");
    if (flags.one_file && library_flags.given[SETTING_path_template] != NULL)
        return args_refuse("convert", "--one-file has names of its own, without --path-template");
    set_defaults();
    if (!library_options(&run.options))
        return STATUS_USAGE;
    run.out = flags.out;
    run.batch_rows = flags.batch_rows;
    run.batch_bytes = flags.batch_bytes;
    run.delimited = flags.delimited;
    output_guard();
    if (!output_folder(flags.out))
        return STATUS_OUTPUT;
    input_list_make(&list, operands, count, input_request_endings, "");
    run.status = list.failed ? STATUS_INPUT : STATUS_OK;
    convert_all(&run, &list);
    int status = conversion_end(&run, flags.json); /* names inputs of the list */
    input_list_free(&list);
    return status;
}

const struct command convert_command = {
    "convert",
    "[FLAGS] FILE...",
    "write OTLP requests as Parquet files",
    "Reads OTLP Export...ServiceRequests and writes a Parquet file a table and hour. FILE is\n"
    "one request in protobuf or in OTLP/JSON, or JSON lines: a request in OTLP/JSON a line,\n"
    "of any number. FILE may be - for standard input, or a folder: then every .pb, .pbs,\n"
    ".json, .jsonl and .ndjson file in it is read, in the order of the names.\n"
    "\n"
    "Encoding and signal are told from the bytes; the name of a protobuf file is asked (logs,\n"
    "traces or metrics in it) only when its bytes do not tell the signal. A file with a name\n"
    "in .pbs is delimited: protobuf requests, each with its length before it, as a varint or\n"
    "as the 4 big-endian bytes of the Collector's file exporter. Which is told from the first\n"
    "requests.\n"
    "\n"
    "Requests are collected and written together, so many FILEs give few Parquet files.\n"
    "A request or line that cannot be read is reported with its file, byte, line and field;\n"
    "the others are converted all the same, and the exit status is 1. With --skip-bad-lines\n"
    "such lines are counted, the first of them is explained, and the exit status is 0. So it\n"
    "is with a record that has a value its field cannot hold. Requests of a delimited file,\n"
    "and lines, are counted from 1. A Parquet file is written under a temporary name and\n"
    "renamed when it is complete and on the disk.\n"
    "\n"
    "--json prints {\"files\": [{table, path, rows, bytes, min_time_ns, max_time_ns}...],\n"
    "\"counts\": {accepted, rejected, invalid_utf8, duplicate_keys, unknown_fields,\n"
    "empty_metrics, empty_groups, bad_lines}, \"rejection\": {file, line, byte, path, message,\n"
    "status}}. The rejection is of the first record or line that was left out; null: none was.\n"
    "Bytes of a name that are not UTF-8 become U+FFFD.\n",
    convert_flags,
    sizeof convert_flags / sizeof *convert_flags,
    run_convert,
};
