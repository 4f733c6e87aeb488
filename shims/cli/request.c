/* request.c - see request.h. */
#include "cli.h"
#include "framing.h"
#include "request.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *mistaken_for(const struct input_request *request)
{
    static const struct {
        const char *begins;
        const char *meaning;
    } known[] = {
        {"\x1F\x8B", "these bytes are gzip; decompress them first"},
        {"\x28\xB5\x2F\xFD", "these bytes are zstd; decompress them first"},
        {"PAR1", "this is a Parquet file; `otlp2parquet inspect` shows it"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t size = strlen(known[i].begins);
        if (request->size >= size && memcmp(request->bytes, known[i].begins, size) == 0)
            return known[i].meaning;
    }
    return NULL;
}

struct reason reason_of(const char *name, const struct input_request *request,
                        const o2p_error *error)
{
    return (struct reason){name, 0, error->line, request->offset + error->offset, *error};
}

static void put_reason(FILE *out, const struct reason *reason)
{
    const o2p_error *error = &reason->error;
    fprintf(out, "%s: ", reason->name);
    if (reason->request > 0)
        fprintf(out, "request %" PRIu64 ", its byte %zu, byte %" PRIu64 " of the file",
                reason->request, error->offset, reason->byte);
    else if (reason->line > 0)
        fprintf(out, "line %" PRIu64 ", byte %" PRIu64, reason->line, reason->byte);
    else
        fprintf(out, "byte %" PRIu64, reason->byte);
    fprintf(out, ": %s%s%s [%s]", error->path, error->path[0] != '\0' ? ": " : "", error->message,
            o2p_status_name(error->status));
}

char *reason_text(const struct reason *reason)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = must_have(open_memstream(&text, &size));
    put_reason(memory, reason);
    fclose(memory);
    return must_have(text);
}

/* Whether the bytes may be JSON lines: a line ends, and the next one begins an object. */
static bool has_lines(const struct input_request *request)
{
    const uint8_t *end = memchr(request->bytes, '\n', request->size);
    size_t left = end == NULL ? 0 : request->size - (size_t)(end - request->bytes);
    return left > 1 && end[1] == '{';
}

void request_complain(const struct reason *reason, const struct input_request *request,
                      o2p_encoding encoding)
{
    char *text = reason_text(reason);
    const char *mistaken = mistaken_for(request);
    bool whole = reason->request == 0 && reason->line == 0;
    complain("%s", text);
    free(text);
    if (mistaken == NULL && whole && framing_of(request->bytes, request->size, true))
        mistaken = "this looks like requests with their lengths: convert reads it with --delimited";
    if (mistaken == NULL && whole && encoding == O2P_ENCODING_JSON && has_lines(request))
        mistaken = "if these are JSON lines of which the first is bad: --encoding json-lines";
    if (mistaken != NULL)
        remark("%s: %s", reason->name, mistaken);
    else if (reason->error.status == O2P_ERR_UNDETECTED && encoding == O2P_ENCODING_PROTOBUF)
        remark("%s: name the signal: --signal logs, traces or metrics", reason->name);
}

void library_complain(const char *doing, const o2p_error *error)
{
    complain("%s%s%s: %s [%s]", doing, error->path[0] != '\0' ? ": " : "", error->path,
             error->message, o2p_status_name(error->status));
}
