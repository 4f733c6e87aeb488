/* source.c - see source.h. */
#include "cli.h"
#include "framing.h"
#include "input_list.h"
#include "source.h"
#include "terminal.h"

#include <inttypes.h>
#include <string.h>

/* Bad requests or lines of one file that are reported in full. */
enum { MOST_REPORTED = 20 };

/* ---- what became of it --------------------------------------------------------------------- */

struct reason source_place(const struct source *source, const struct input_request *request,
                           const o2p_error *error)
{
    struct reason reason = reason_of(source->name, request, error);
    reason.request = source->number;
    if (reason.line > 0)
        reason.line += source->lines;
    return reason;
}

void source_note_rejection(struct conversion *run, const struct reason *reason)
{
    if (run->summary.rejection.error.status == O2P_OK)
        run->summary.rejection = *reason;
}

void source_note_success(struct conversion *run, const struct source *source,
                         const struct input_request *request, const o2p_result *result)
{
    bool lines = result->encoding == O2P_ENCODING_JSON_LINES;
    run->summary.requests += lines ? source_count_requests(request) - result->counts.bad_lines : 1;
    run->summary.bytes += request->size;
    if (result->rejection.status == O2P_OK)
        return;
    struct reason reason = source_place(source, request, &result->rejection);
    source_note_rejection(run, &reason);
}

bool source_note_failure(struct conversion *run, struct source *source,
                         const struct input_request *request, const o2p_result *result)
{
    struct reason reason = source_place(source, request, &result->error);
    if (++source->bad <= MOST_REPORTED)
        request_complain(&reason, request, result->encoding);
    if (result->error.status == O2P_ERR_OUT_OF_MEMORY)
        return conversion_stop(run, STATUS_RESOURCE);
    run->status = STATUS_INPUT;
    return true;
}

/* ---- which encoding ------------------------------------------------------------------------ */

/* The encoding that the library tells these bytes by, of which the end may be missing. It tells
 * before it reads; with more than one record it reads no further. */
static o2p_encoding encoding_of(const struct input_request *request)
{
    o2p_options options = {.size = sizeof options, .max_records = 1};
    o2p_batch *batch;
    o2p_result result = {.encoding = O2P_ENCODING_PROTOBUF};
    if (o2p_batch_new(&options, &batch, NULL) == O2P_OK)
        o2p_batch_append(batch, request->bytes, request->size, &result);
    o2p_batch_free(batch);
    return result.encoding;
}

/* Whether a file is larger than a piece and JSON lines. The library decides by the first line and
 * what follows it, so the beginning of a file tells; how much of it has to be held depends on the
 * length of that line. Bytes that begin with a line feed are an exception: they may be protobuf,
 * which takes the whole to decide. Such a file is left to be read as a whole. False: a message has
 * been printed. */
static bool has_pieces(struct input *input, bool *lines)
{
    *lines = false;
    for (size_t size = INPUT_PIECE; size <= INPUT_REQUEST_MAX / 2; size *= 2) {
        if (!input_hold(input, size + 1))
            return false;
        struct input_request first = input_peek(input, size);
        if (input_peek(input, size + 1).size == first.size || first.bytes[0] == '\n')
            return true;
        o2p_encoding encoding = encoding_of(&first);
        *lines = encoding == O2P_ENCODING_JSON_LINES;
        if (encoding != O2P_ENCODING_JSON)
            return true;
    }
    return true;
}

/* ---- requests ------------------------------------------------------------------------------ */

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
    for (int i = O2P_SIGNAL_LOGS; i <= O2P_SIGNAL_METRICS; i++) {
        if (!contains(name, o2p_signal_name((o2p_signal)i)))
            continue;
        if (found != O2P_SIGNAL_AUTO)
            return O2P_SIGNAL_AUTO;
        found = (o2p_signal)i;
    }
    return found;
}

/* Whether a file's name says that it has lines: asked when its bytes are no request as a whole, as
 * when the first line is bad. */
static bool is_named_lines(const char *name)
{
    static const char *const endings[] = {".jsonl", ".ndjson"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length > size && strcmp(name + length - size, endings[i]) == 0)
            return true;
    }
    return false;
}

/* Converts one request, or a file of lines that is no larger than a piece. False: stop. */
static bool convert_request(struct conversion *run, struct source *source,
                            const struct input_request *request)
{
    o2p_result result;
    o2p_encoding encoding = run->options.encoding;
    o2p_signal named = named_signal(source->name);
    if (!conversion_append(run, encoding, run->options.signal, request, &result))
        return false;
    bool told = result.error.status != O2P_ERR_UNDETECTED;
    if (!told && result.encoding == O2P_ENCODING_PROTOBUF && named != O2P_SIGNAL_AUTO &&
        !conversion_append(run, encoding, named, request, &result))
        return false;
    if (result.error.status == O2P_OK)
        source_note_success(run, source, request, &result);
    else if (result.encoding == O2P_ENCODING_JSON_LINES ||
             (encoding == O2P_ENCODING_AUTO && is_named_lines(source->name) &&
              mistaken_for(request) == NULL))
        return source_convert_lines(run, source, *request);
    else
        return source_note_failure(run, source, request, &result);
    return true;
}

/* ---- files --------------------------------------------------------------------------------- */

/* Says that a file is not delimited, and what it is instead. */
static void refuse_framing(struct conversion *run, const char *name,
                           const struct input_request *first, bool ended)
{
    const char *what = mistaken_for(first);
    bool convertible = false;
    if (what == NULL) {
        bool request = framing_is_request(first->bytes, first->size, ended);
        bool json = encoding_of(first) != O2P_ENCODING_PROTOBUF;
        convertible = request || json;
        what = json      ? "this looks like JSON"
               : request ? "this looks like one request"
                         : "no request follows what would be the first two lengths";
    }
    complain("%s: not requests with their lengths before them: %s", name, what);
    if (convertible)
        remark("%s: %s", name,
               run->delimited ? "convert it without --delimited"
                              : "only files of requests with their lengths are named .pbs");
    run->status = STATUS_INPUT;
}

static bool convert_delimited(struct conversion *run, struct source *source, struct input *input)
{
    if (!input_hold(input, FRAMING_BYTES + 1)) {
        run->status = STATUS_INPUT;
        return true;
    }
    struct input_request request = input_peek(input, FRAMING_BYTES);
    bool ended = input_peek(input, FRAMING_BYTES + 1).size == request.size;
    framing kind = framing_of(request.bytes, request.size, ended);
    bool going = true;
    if (kind == FRAMING_NONE) {
        refuse_framing(run, source->name, &request, ended);
        return true;
    }
    while (going) {
        input_result found = framing_next(input, kind, &request);
        if (found == INPUT_FAILED)
            run->status = STATUS_INPUT;
        if (found != INPUT_REQUEST)
            break;
        source->number++;
        going = convert_request(run, source, &request);
    }
    return going;
}

static bool convert_pieces(struct conversion *run, struct source *source, struct input *input)
{
    struct input_request lines;
    bool going = true;
    while (going) {
        input_result found = input_lines(input, &lines);
        if (found == INPUT_FAILED)
            run->status = STATUS_INPUT;
        if (found != INPUT_REQUEST)
            break;
        going = source_convert_lines(run, source, lines);
    }
    return going;
}

static bool is_blank(const struct input_request *request)
{
    for (size_t i = 0; i < request->size; i++)
        if (strchr(" \t\r\n", request->bytes[i]) == NULL || request->bytes[i] == '\0')
            return false;
    return true;
}

static bool convert_whole(struct conversion *run, struct source *source, struct input *input)
{
    struct input_request request;
    if (input_whole(input, &request) != INPUT_REQUEST) {
        run->status = STATUS_INPUT;
        return true;
    }
    if (run->options.encoding == O2P_ENCODING_PROTOBUF || !is_blank(&request))
        return convert_request(run, source, &request);
    remark("%s: empty: nothing to convert", source->name);
    return true;
}

/* Converts an open input that is not empty. False: stop. */
static bool convert_open(struct conversion *run, struct source *source, struct input *input)
{
    o2p_encoding encoding = run->options.encoding;
    bool protobuf = encoding == O2P_ENCODING_AUTO || encoding == O2P_ENCODING_PROTOBUF;
    bool lines = encoding == O2P_ENCODING_JSON_LINES;
    if (run->delimited || (protobuf && input_name_ends(source->name, ".pbs")))
        return convert_delimited(run, source, input);
    if (encoding == O2P_ENCODING_AUTO && !has_pieces(input, &lines)) {
        run->status = STATUS_INPUT;
        return true;
    }
    if (lines)
        return convert_pieces(run, source, input);
    return convert_whole(run, source, input);
}

bool source_convert(struct conversion *run, const char *name)
{
    struct input input;
    bool going = true;
    if (!input_open(&input, name)) {
        run->status = STATUS_INPUT;
        return true;
    }
    struct source source = {.name = input.name};
    if (!input_hold(&input, 1))
        run->status = STATUS_INPUT;
    else if (input_peek(&input, 1).size == 0)
        remark("%s: empty: nothing to convert", source.name);
    else
        going = convert_open(run, &source, &input);
    if (source.bad > MOST_REPORTED)
        complain("%s: %" PRIu64 " more %s failed", source.name, source.bad - MOST_REPORTED,
                 source.number > 0 ? "requests" : "lines");
    input_close(&input);
    return going;
}
