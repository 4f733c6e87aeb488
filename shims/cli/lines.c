/* lines.c - JSON lines; see source.h.
 *
 * Some lines are given to the library in one call. When it does not take them, those before and
 * behind the line that is to blame are given to it again without that one: so each line is read
 * twice at most, whatever the number of bad ones. A limit of the call as a whole blames no line:
 * then each half is read by itself. With --skip-bad-lines the library leaves bad lines out, and
 * only the limits come here.
 */
#include "cli.h"
#include "source.h"

#include <string.h>

/* Takes the first `size` bytes off some lines. */
static struct input_request split(struct input_request *lines, size_t size)
{
    struct input_request first = {lines->bytes, size, lines->offset};
    lines->bytes += size;
    lines->size -= size;
    lines->offset += size;
    return first;
}

/* Where the line with the byte `at` begins, and where the next one does. */
static size_t line_begin(const struct input_request *lines, size_t at)
{
    while (at > 0 && lines->bytes[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct input_request *lines, size_t at)
{
    const uint8_t *feed =
        at < lines->size ? memchr(lines->bytes + at, '\n', lines->size - at) : NULL;
    return feed != NULL ? (size_t)(feed - lines->bytes) + 1 : lines->size;
}

uint64_t source_count_requests(const struct input_request *lines)
{
    uint64_t count = 0;
    for (size_t at = 0, end = 0; at < lines->size; at = end) {
        end = line_end(lines, at);
        while (at < end && lines->bytes[at] <= ' ')
            at++;
        count += at < end;
    }
    return count;
}

static uint64_t count_lines(const struct input_request *lines)
{
    uint64_t count = 0;
    for (size_t at = 0; at < lines->size; at = line_end(lines, at))
        count++;
    return count;
}

/* Leaves out the one line that was not taken. False: stop. */
static bool leave_out(struct conversion *run, struct source *source,
                      const struct input_request *line, o2p_result *result)
{
    result->error.line = 1;
    struct reason reason = source_place(source, line, &result->error);
    source_note_rejection(run, &reason);
    run->summary.counts.bad_lines++;
    bool going = run->options.skip_bad_lines || source_note_failure(run, source, line, result);
    source->lines++;
    return going;
}

bool source_convert_lines(struct conversion *run, struct source *source, struct input_request lines)
{
    while (lines.size > 0) {
        o2p_result result;
        if (!conversion_append(run, O2P_ENCODING_JSON_LINES, run->options.signal, &lines, &result))
            return false;
        if (result.error.status == O2P_OK) {
            source_note_success(run, source, &lines, &result);
            source->lines += count_lines(&lines);
            return true;
        }
        if (result.error.status == O2P_ERR_OUT_OF_MEMORY)
            return source_note_failure(run, source, &lines, &result);
        bool blamed = result.error.line > 0;
        size_t at = blamed ? result.error.offset : lines.size / 2;
        size_t begin = line_begin(&lines, at);
        struct input_request first = split(&lines, begin > 0 ? begin : line_end(&lines, at));
        bool alone = begin == 0 && (blamed || lines.size == 0);
        if (alone ? !leave_out(run, source, &first, &result)
                  : !source_convert_lines(run, source, first))
            return false;
    }
    return true;
}
