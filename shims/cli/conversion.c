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

/* Writes a file of the batch; `earlier` is the number of files that were written before it was
 * made, since within one batch no path occurs twice. */
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

bool conversion_seal(struct conversion *run)
{
    o2p_output output = {0};
    size_t earlier = run->summary.file_count;
    bool going = true;
    if (run->batch == NULL)
        return true;
    if (o2p_batch_finish(run->batch, &output) != O2P_OK) {
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

static bool is_full(const struct conversion *run)
{
    return o2p_batch_rows(run->batch) >= run->batch_rows ||
           o2p_batch_bytes(run->batch) >= run->batch_bytes;
}

bool conversion_begin(struct conversion *run)
{
    o2p_error error;
    if (run->batch != NULL || o2p_batch_new(&run->options, &run->batch, &error) == O2P_OK)
        return true;
    library_complain("cannot begin", &error);
    return conversion_stop(run, STATUS_RESOURCE);
}

/* A batch that has no room is sealed first and tried once more. */
bool conversion_append(struct conversion *run, o2p_encoding encoding, o2p_signal signal,
                       const struct input_request *request, o2p_result *result)
{
    if (!conversion_begin(run))
        return false;
    o2p_batch_set_input(run->batch, signal, encoding);
    o2p_status status = o2p_batch_append(run->batch, request->bytes, request->size, result);
    bool seal = status == O2P_ERR_FULL ||
                (status == O2P_ERR_OUT_OF_MEMORY && o2p_batch_rows(run->batch) > 0);
    if (seal) {
        if (!conversion_seal(run))
            return false;
        status = o2p_batch_append(run->batch, request->bytes, request->size, result);
    }
    return status != O2P_OK || !is_full(run) || conversion_seal(run);
}

int conversion_end(struct conversion *run, bool json)
{
    if (json)
        summary_print_json(&run->summary);
    else
        summary_print(&run->summary);
    o2p_batch_free(run->batch);
    summary_free(&run->summary);
    return run->status;
}
