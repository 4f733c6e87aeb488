/* input.c - see input.h. */
#include "cli.h"
#include "input.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAST_READ = 64 * 1024, MOST_READ = 8 * 1024 * 1024 };

void input_close(struct input *input)
{
    if (input->fd > STDERR_FILENO)
        close(input->fd);
    free(input->buffer);
    *input = (struct input){.fd = -1};
}

/* Makes room for at least `room` bytes after `end`: by moving what is held to the front, else by
 * doubling. */
static bool make_room(struct input *input, size_t room)
{
    if (input->begin > 0) {
        memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
        input->end -= input->begin;
        input->begin = 0;
    }
    if (input->capacity - input->end >= room)
        return true;
    size_t doubled = input->capacity > SIZE_MAX / 2 ? SIZE_MAX : input->capacity * 2;
    size_t needed = input->end > SIZE_MAX - room ? SIZE_MAX : input->end + room;
    size_t capacity = doubled > needed ? doubled : needed;
    uint8_t *buffer = realloc(input->buffer, capacity);
    if (buffer == NULL) {
        complain("%s: no memory for a request of more than %zu bytes", input->name, input->end);
        return false;
    }
    input->buffer = buffer;
    input->capacity = capacity;
    return true;
}

/* Reads more of the file, or finds its end. False: a message has been printed. */
static bool read_more(struct input *input)
{
    if (input->capacity - input->end < LEAST_READ && !make_room(input, LEAST_READ))
        return false;
    size_t room = input->capacity - input->end;
    ssize_t count;
    do {
        count = read(input->fd, input->buffer + input->end, room < MOST_READ ? room : MOST_READ);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        complain("%s: cannot read at byte %" PRIu64 ": %s", input->name,
                 input->offset + (input->end - input->begin), strerror(errno));
        return false;
    }
    input->ended = count == 0;
    input->end += (size_t)count;
    progress_advance((uint64_t)count);
    return true;
}

bool input_hold(struct input *input, size_t size)
{
    while (input->end - input->begin < size && !input->ended)
        if (!read_more(input))
            return false;
    return true;
}

input_result input_too_large(const struct input *input, uint64_t offset)
{
    complain("%s: byte %" PRIu64 ": a request of more than %" PRIu64 " bytes is too large",
             input->name, offset, (uint64_t)INPUT_REQUEST_MAX);
    return INPUT_FAILED;
}

struct input_request input_peek(const struct input *input, size_t most)
{
    size_t held = input->end - input->begin;
    const uint8_t *bytes = held > 0 ? input->buffer + input->begin : (const uint8_t *)"";
    return (struct input_request){bytes, held < most ? held : most, input->offset};
}

input_result input_take(struct input *input, size_t size, struct input_request *request)
{
    *request = input_peek(input, size);
    input->begin += size;
    input->offset += size;
    return INPUT_REQUEST;
}

/* Bytes of a regular file; 0 when it is none. */
static uint64_t file_size(const struct input *input)
{
    struct stat info;
    if (fstat(input->fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0)
        return 0;
    return (uint64_t)info.st_size;
}

/* Makes room for a regular file, or `most` bytes of it, at once, and for a byte to meet its end
 * with. */
static bool reserve(struct input *input, size_t most)
{
    uint64_t size = file_size(input);
    size_t wanted = size < most ? (size_t)size : most;
    size_t held = input->end - input->begin;
    return wanted <= held || make_room(input, wanted - held + LEAST_READ + 1);
}

bool input_open(struct input *input, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    *input = (struct input){.name = standard ? "standard input" : name, .fd = STDIN_FILENO};
    while (!standard) {
        input->fd = open(name, O_RDONLY | O_CLOEXEC);
        if (input->fd >= 0 || errno != EINTR)
            break;
    }
    if (input->fd < 0)
        complain("%s: cannot open: %s", name, strerror(errno));
    else if (reserve(input, INPUT_PIECE))
        return true;
    input_close(input);
    return false;
}

input_result input_whole(struct input *input, struct input_request *request)
{
    if (file_size(input) > INPUT_REQUEST_MAX)
        return input_too_large(input, 0);
    if (!reserve(input, INPUT_REQUEST_MAX))
        return INPUT_FAILED;
    while (!input->ended) {
        if (!read_more(input))
            return INPUT_FAILED;
        if (input->end - input->begin > INPUT_REQUEST_MAX)
            return input_too_large(input, 0);
    }
    return input_take(input, input->end - input->begin, request);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* Bytes up to the last line feed, and with it; 0 when there is none. */
static size_t whole_lines(const uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] != '\n')
        size--;
    return size;
}

/* Takes the first line, which does not end in the first `searched` bytes. */
static input_result take_long_line(struct input *input, size_t searched,
                                   struct input_request *request)
{
    for (;;) {
        struct input_request held = input_peek(input, SIZE_MAX);
        const uint8_t *feed = memchr(held.bytes + searched, '\n', held.size - searched);
        if (feed != NULL)
            return input_take(input, (size_t)(feed - held.bytes) + 1, request);
        if (input->ended)
            return input_take(input, held.size, request);
        if (held.size > INPUT_REQUEST_MAX)
            return input_too_large(input, input->offset);
        searched = held.size;
        if (!input_hold(input, held.size > SIZE_MAX / 2 ? SIZE_MAX : held.size * 2))
            return INPUT_FAILED;
    }
}

input_result input_lines(struct input *input, struct input_request *request)
{
    if (!input_hold(input, INPUT_PIECE + 1))
        return INPUT_FAILED;
    struct input_request held = input_peek(input, INPUT_PIECE + 1);
    if (held.size == 0)
        return INPUT_END;
    if (held.size <= INPUT_PIECE)
        return input_take(input, held.size, request);
    size_t size = whole_lines(held.bytes, INPUT_PIECE);
    if (size > 0)
        return input_take(input, size, request);
    return take_long_line(input, INPUT_PIECE, request);
}
