/* conversion.c - see conversion.h. */
#include "cli.h"
#include "conversion.h"
#include "output.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

bool conversion_stop(struct conversion *run, int status)
{
    run->status = status;
    return false;
}

/* Writes a file of a batch; `earlier` is the number of files of the batches before it, since within
 * one batch no path occurs twice. */
static bool write_file(struct conversion *run, const o2p_file *file, size_t earlier)
{
    size_t length = strlen(run->out);
    size_t space = length + strlen(file->path) + 2;
    char *path = must_allocate(space);
    snprintf(path, space, "%s%s%s", run->out, run->out[length - 1] == '/' ? "" : "/", file->path);
    if (summary_has(&run->summary, earlier, path)) {
        free(path);
        run->summary.repeated++;
        return true;
    }
    if (!output_file(path, file->data, file->size)) {
        free(path);
        return conversion_stop(run, STATUS_OUTPUT);
    }
    summary_add(&run->summary, file, path);
    return true;
}

/* Writes the files of a batch. False: stop. */
static bool seal(struct conversion *run, o2p_batch *batch)
{
    o2p_output output = {0};
    size_t earlier = run->summary.file_count;
    bool going = true;
    if (o2p_batch_finish(batch, &output) != O2P_OK) {
        library_complain("cannot make Parquet files of the requests read so far", &output.error);
        o2p_output_free(&output);
        return conversion_stop(run, STATUS_RESOURCE);
    }
    summary_add_counts(&run->summary, &output.counts);
    for (size_t i = 0; i < output.file_count && going; i++)
        going = write_file(run, &output.files[i], earlier);
    o2p_output_free(&output);
    return going;
}

bool conversion_seal(struct conversion *run)
{
    for (int encoding = 0; encoding < CONVERSION_ENCODINGS; encoding++)
        for (int signal = 0; signal < CONVERSION_SIGNALS; signal++) {
            o2p_batch *batch = run->batches[encoding][signal];
            if (batch != NULL && !seal(run, batch))
                return false;
        }
    return true;
}

static bool is_full(const struct conversion *run, const o2p_batch *batch)
{
    return o2p_batch_rows(batch) >= run->batch_rows || o2p_batch_bytes(batch) >= run->batch_bytes;
}

/* The batch for requests of an encoding and a signal; NULL after a message. */
static o2p_batch *batch_for(struct conversion *run, o2p_encoding encoding, o2p_signal signal)
{
    o2p_batch **batch = &run->batches[encoding][signal];
    if (*batch != NULL)
        return *batch;
    o2p_error error;
    o2p_options options = run->options;
    options.encoding = encoding;
    options.signal = signal;
    if (o2p_batch_new(&options, batch, &error) == O2P_OK)
        return *batch;
    library_complain("cannot begin", &error);
    conversion_stop(run, STATUS_RESOURCE);
    return NULL;
}

/* A batch that has reached a limit is sealed first and tried once more. */
bool conversion_append(struct conversion *run, o2p_encoding encoding, o2p_signal signal,
                       const struct input_request *request, o2p_result *result)
{
    o2p_batch *batch = batch_for(run, encoding, signal);
    if (batch == NULL)
        return false;
    o2p_status status = o2p_batch_append(batch, request->bytes, request->size, result);
    bool reached = status == O2P_ERR_LIMIT || status == O2P_ERR_OUT_OF_MEMORY;
    if (reached && o2p_batch_rows(batch) > 0) {
        if (!seal(run, batch))
            return false;
        status = o2p_batch_append(batch, request->bytes, request->size, result);
    }
    return status != O2P_OK || !is_full(run, batch) || seal(run, batch);
}

void conversion_free(struct conversion *run)
{
    for (int encoding = 0; encoding < CONVERSION_ENCODINGS; encoding++)
        for (int signal = 0; signal < CONVERSION_SIGNALS; signal++)
            o2p_batch_free(run->batches[encoding][signal]);
    summary_free(&run->summary);
}
