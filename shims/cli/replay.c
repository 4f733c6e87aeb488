/* replay.c - `otlp2parquet replay`: segments of the server's write-ahead log to Parquet files,
 * without the server. It is for those that the server has set aside, because the storage refused
 * their files or because they are damaged: whatever can be read is written.
 */
#include "cli.h"
#include "input.h"
#include "input_list.h"
#include "conversion.h"
#include "options.h"
#include "output.h"
#include "terminal.h"
#include "../server/segment.h"

#include <inttypes.h>
#include <stdlib.h>

static struct {
    const char *out;
    const char *path_template;
    bool json;
} flags = {.out = "."};

static const struct flag replay_flags[] = {
    {"out", "DIR", "folder the files go to; made if need be (default: .)", FLAG_TEXT, &flags.out,
     NULL},
    {"path-template", "PATH",
     "name the files so, and not as the server was to name them; see\n"
     "`otlp2parquet convert --help`",
     FLAG_TEXT, &flags.path_template, NULL},
    {"json", NULL, "print the summary as one JSON object, as convert does", FLAG_SWITCH,
     &flags.json, NULL},
};

/* A file of the log that is being read. */
struct segment {
    const char *name;
    wal_reader reader;
    uint64_t unreadable; /* whole records that are no requests */
};

static void fail(struct conversion *run)
{
    if (run->status == STATUS_OK)
        run->status = STATUS_INPUT;
}

/* Appends one request. False: stop. */
static bool append(struct conversion *run, struct segment *from, const wal_record *record)
{
    o2p_result result;
    o2p_status status = segment_append(run->batch, record, &result);
    if (status == O2P_ERR_FULL) {
        if (!conversion_seal(run))
            return false;
        status = segment_append(run->batch, record, &result);
    }
    if (status == O2P_OK) {
        run->summary.requests++;
        run->summary.bytes += record->plain_size;
        return true;
    }
    complain("%s: byte %zu: a request cannot be converted: %s", from->name,
             from->reader.at - record->size, result.error.message);
    if (status == O2P_ERR_OUT_OF_MEMORY)
        return conversion_stop(run, STATUS_RESOURCE);
    from->unreadable++;
    return true;
}

/* Says what could not be read. The end of a segment may have been written when the machine stopped:
 * then nothing acknowledged is missing, and it is no failure. */
static void tell(struct conversion *run, const struct segment *from)
{
    const wal_reader *reader = &from->reader;
    bool missing = reader->condition == WAL_CORRUPT || reader->odd;
    if (reader->options == NULL)
        complain("%s: its header is damaged, or it is no segment of a log", from->name);
    if (missing)
        complain("%s: %" PRIu64
                 " byte%s cannot be read, and acknowledged requests may be among them",
                 from->name, reader->skipped, reader->skipped == 1 ? "" : "s");
    else if (reader->skipped > 0)
        remark("%s: its last %" PRIu64 " byte%s cannot be read: what was being written", from->name,
               reader->skipped, reader->skipped == 1 ? "" : "s");
    if (missing || reader->options == NULL || from->unreadable > 0)
        fail(run);
}

/* Converts the records of a segment as a batch of its own, as the server would have. False: stop.
 */
static bool replay_records(struct conversion *run, struct segment *from)
{
    wal_record record;
    bool going = conversion_begin(run);
    while (going && wal_next(&from->reader, &record))
        going = append(run, from, &record);
    going = going && conversion_seal(run);
    o2p_batch_free(run->batch);
    run->batch = NULL;
    return going;
}

/* The options of a segment may be such as this program cannot have. */
static void fail_options(struct conversion *run, const char *name, const settings_error *error)
{
    complain("%s: cannot write its files: %s", name, error->text);
    fail(run);
}

static bool replay_bytes(struct conversion *run, const char *name, const uint8_t *bytes,
                         size_t size)
{
    struct segment from = {.name = name};
    settings_error error;
    file_options *files = must_allocate(sizeof *files);
    bool going = true;
    wal_read(&from.reader, bytes, size);
    if (!segment_read_options(&from.reader, files, &error))
        fail_options(run, name, &error);
    else {
        run->options = files->options;
        if (flags.path_template != NULL)
            run->options.path_template = flags.path_template;
        going = replay_records(run, &from);
        if (going)
            tell(run, &from);
    }
    free(files);
    return going;
}

static bool replay_file(struct conversion *run, const char *name)
{
    struct input input;
    struct input_request all;
    bool going = true;
    if (!input_open(&input, name)) {
        fail(run);
        return true;
    }
    if (input_whole(&input, &all) == INPUT_REQUEST)
        going = replay_bytes(run, name, all.bytes, all.size);
    else
        fail(run);
    input_close(&input);
    return going;
}

/* .refused and so on, with NULL behind the last. */
static void make_endings(char space[][32], const char **endings, size_t most)
{
    size_t count = 0;
    for (const char *suffix; count + 1 < most && (suffix = wal_suffix(count)) != NULL; count++) {
        snprintf(space[count], sizeof space[count], ".%s", suffix);
        endings[count] = space[count];
    }
    endings[count] = NULL;
}

static void replay_all(struct conversion *run, const struct input_list *list)
{
    bool going = true;
    run->status = list->failed ? STATUS_INPUT : STATUS_OK;
    for (size_t i = 0; i < list->count && going; i++)
        going = replay_file(run, list->names[i]);
}

static int run_replay(char **operands, size_t count)
{
    enum { MOST_ENDINGS = 8 };
    char space[MOST_ENDINGS][32];
    const char *endings[MOST_ENDINGS];
    struct input_list list;
    struct conversion run = {.status = STATUS_OK};
    if (count == 0)
        return args_refuse("replay", "no FILE given");
    if (flags.out[0] == '\0')
        return args_refuse("replay", "--out is empty");
    o2p_options options = {.size = sizeof options, .path_template = flags.path_template};
    if (!options_are_good("replay", &options))
        return STATUS_USAGE;
    run.out = flags.out;
    output_guard();
    if (!output_folder(flags.out))
        return STATUS_OUTPUT;
    make_endings(space, endings, MOST_ENDINGS);
    input_list_make(
        &list, operands, count, endings,
        "; only what the server has set aside is for replay, and a NUMBER.wal it stores "
        "itself, after its next start at the latest");
    replay_all(&run, &list);
    int status = conversion_end(&run, flags.json); /* names inputs of the list */
    input_list_free(&list);
    return status;
}

const struct command replay_command = {
    "replay",
    "[FLAGS] FILE...",
    "write what is in a server's log as Parquet files",
    "Reads segments of the write-ahead log of `otlp2parquet serve` and writes their requests as\n"
    "Parquet files, under the names the server would have given them. FILE is a segment, or the\n"
    "folder of a log: then every segment in it that the server has set aside is read:\n"
    "\n"
    "  NUMBER.refused     the storage would not take one of its files\n"
    "  NUMBER.corrupt     it is damaged, and acknowledged requests are missing in it\n"
    "  NUMBER.torn        its end is damaged, and acknowledged requests may be missing\n"
    "  NUMBER.unreadable  a request in it could not be converted\n"
    "\n"
    "Those can be read while the server runs. A NUMBER.wal is the server's own: it stores that\n"
    "itself, after its next start at the latest.\n"
    "\n"
    "What of a segment cannot be read is reported; the rest of it is written all the same, and\n"
    "the exit status is 1. Segments stay as they are: remove them when their files are where\n"
    "they should be. What of a damaged segment could be read has been stored by the server\n"
    "already, so give --out a folder of its own; the names are the same.\n",
    replay_flags,
    sizeof replay_flags / sizeof *replay_flags,
    run_replay,
};
