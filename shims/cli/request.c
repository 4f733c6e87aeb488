/* request.c - see request.h. */
#include "cli.h"
#include "request.h"
#include "terminal.h"

#include <inttypes.h>

const struct flag_choice signal_choices[] = {{"auto", O2P_SIGNAL_AUTO},
                                             {"logs", O2P_SIGNAL_LOGS},
                                             {"traces", O2P_SIGNAL_TRACES},
                                             {"metrics", O2P_SIGNAL_METRICS},
                                             {NULL, 0}};

const struct flag_choice codec_choices[] = {{"snappy", O2P_CODEC_SNAPPY},
                                            {"none", O2P_CODEC_UNCOMPRESSED},
                                            {"uncompressed", O2P_CODEC_UNCOMPRESSED},
                                            {NULL, 0}};

/* What the bytes are instead, when that is plain to see; NULL otherwise. */
static const char *mistaken_for(const struct input_request *request, bool whole_file)
{
    const uint8_t *bytes = request->bytes;
    if (request->size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B)
        return "these bytes are gzip; decompress them first";
    if (request->size >= 4 && bytes[0] == 'P' && bytes[1] == 'A' && bytes[2] == 'R')
        return "this is a Parquet file; `otlp2parquet inspect` shows it";
    if (request->size >= 1 && (bytes[0] == '{' || bytes[0] == '['))
        return "these bytes look like JSON; convert reads OTLP protobuf";
    if (whole_file && input_is_delimited(bytes, request->size))
        return "this looks like a file of delimited requests: try --delimited";
    return NULL;
}

void request_complain(const char *name, uint64_t number, const struct input_request *request,
                      const o2p_error *error)
{
    const char *colon = error->path[0] != '\0' ? ": " : "";
    const char *kind = o2p_status_name(error->status);
    uint64_t offset = request->offset + error->offset;
    const char *mistaken = mistaken_for(request, number == 0);
    if (number == 0)
        complain("%s: byte %" PRIu64 "%s%s: %s [%s]", name, offset, colon, error->path,
                 error->message, kind);
    else
        complain("%s: request %" PRIu64 ", its byte %zu, byte %" PRIu64 " of the file%s%s: %s [%s]",
                 name, number, error->offset, offset, colon, error->path, error->message, kind);
    if (mistaken != NULL)
        remark("%s: %s", name, mistaken);
    if (error->status == O2P_ERR_UNDETECTED)
        remark("%s: name the signal: --signal logs, traces or metrics", name);
}

void library_complain(const char *doing, const o2p_error *error)
{
    complain("%s%s%s: %s [%s]", doing, error->path[0] != '\0' ? ": " : "", error->path,
             error->message, o2p_status_name(error->status));
}
