/* input.c - see input.h. */
#include "cli.h"
#include "input.h"
#include "terminal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the list ------------------------------------------------------------------------------ */

static void add_name(struct input_list *list, char *name)
{
    list->names = must_reallocate(list->names, (list->count + 1) * sizeof *list->names);
    list->names[list->count++] = name;
}

static char *joined(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    size_t space = length + strlen(name) + 2;
    char *path = must_allocate(space);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    snprintf(path, space, "%s%s%s", folder, slash, name);
    return path;
}

static bool ends_in_pb(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".pb") == 0;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the .pb files of an open folder. Returns errno's value for a failure, 0 otherwise. */
static int add_entries(struct input_list *list, const char *folder, DIR *entries)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(entries);
        if (entry == NULL)
            return errno;
        if (!ends_in_pb(entry->d_name))
            continue;
        char *path = joined(folder, entry->d_name);
        if (is_folder(path))
            free(path);
        else
            add_name(list, path);
    }
}

static void add_folder(struct input_list *list, const char *folder)
{
    size_t before = list->count;
    DIR *entries = opendir(folder);
    int failure = entries == NULL ? errno : add_entries(list, folder, entries);
    if (entries != NULL)
        closedir(entries);
    if (failure != 0)
        complain("%s: cannot read this folder: %s", folder, strerror(failure));
    else if (list->count == before)
        complain("%s: no .pb file in this folder", folder);
    list->failed = list->failed || failure != 0 || list->count == before;
    if (list->count > before)
        qsort(list->names + before, list->count - before, sizeof *list->names, by_name);
}

static uint64_t total_size(const struct input_list *list)
{
    uint64_t total = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct stat info;
        bool standard = strcmp(list->names[i], "-") == 0;
        int found = standard ? fstat(STDIN_FILENO, &info) : stat(list->names[i], &info);
        if (found == 0 && !S_ISREG(info.st_mode))
            return 0;
        if (found == 0)
            total += (uint64_t)info.st_size;
    }
    return total;
}

void input_list_make(struct input_list *list, char **operands, size_t count)
{
    *list = (struct input_list){0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(operands[i], "-") != 0 && is_folder(operands[i])) {
            add_folder(list, operands[i]);
            continue;
        }
        size_t space = strlen(operands[i]) + 1;
        add_name(list, memcpy(must_allocate(space), operands[i], space));
    }
    list->bytes = total_size(list);
}

void input_list_free(struct input_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct input_list){0};
}

/* ---- one input ----------------------------------------------------------------------------- */

bool input_open(struct input *input, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    *input = (struct input){.name = standard ? "standard input" : name, .fd = STDIN_FILENO};
    if (standard)
        return true;
    do {
        input->fd = open(name, O_RDONLY | O_CLOEXEC);
    } while (input->fd < 0 && errno == EINTR);
    if (input->fd < 0)
        complain("%s: cannot open: %s", name, strerror(errno));
    return input->fd >= 0;
}

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
    enum { LEAST_READ = 64 * 1024, MOST_READ = 8 * 1024 * 1024 };
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

/* Reads until `size` bytes are held or the file ends. */
static bool hold(struct input *input, size_t size)
{
    while (input->end - input->begin < size && !input->ended)
        if (!read_more(input))
            return false;
    return true;
}

static input_result too_large(const struct input *input, uint64_t offset)
{
    complain("%s: byte %" PRIu64 ": a request of more than %" PRIu64 " bytes is too large",
             input->name, offset, (uint64_t)INPUT_REQUEST_MAX);
    return INPUT_FAILED;
}

/* Takes `size` held bytes as a request. */
static input_result take(struct input *input, size_t size, struct input_request *request)
{
    *request = (struct input_request){input->buffer + input->begin, size, input->offset};
    input->begin += size;
    input->offset += size;
    return INPUT_REQUEST;
}

/* Allocates the size of a regular file at once, and a byte to meet its end with. */
static bool reserve_file(struct input *input)
{
    struct stat info;
    if (fstat(input->fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size <= 0 ||
        (uint64_t)info.st_size > INPUT_REQUEST_MAX)
        return true;
    return make_room(input, (size_t)info.st_size + 64 * 1024 + 1);
}

input_result input_whole(struct input *input, struct input_request *request)
{
    struct stat info;
    if (fstat(input->fd, &info) == 0 && S_ISREG(info.st_mode) &&
        info.st_size > (off_t)INPUT_REQUEST_MAX)
        return too_large(input, 0);
    if (!reserve_file(input))
        return INPUT_FAILED;
    while (!input->ended) {
        if (!read_more(input))
            return INPUT_FAILED;
        if (input->end > INPUT_REQUEST_MAX)
            return too_large(input, 0);
    }
    return take(input, input->end, request);
}

/* Reads a varint. Returns its length in bytes, 0 when the bytes end in it, SIZE_MAX when it is
 * none. */
static size_t read_varint(const uint8_t *bytes, size_t size, uint64_t *value)
{
    enum { LONGEST = 10 };
    *value = 0;
    for (size_t i = 0; i < LONGEST; i++) {
        if (i == size)
            return 0;
        if (i == LONGEST - 1 && bytes[i] > 1)
            break;
        *value |= (uint64_t)(bytes[i] & 0x7Fu) << (7 * i);
        if (bytes[i] < 0x80)
            return i + 1;
    }
    return SIZE_MAX;
}

input_result input_next(struct input *input, struct input_request *request)
{
    enum { LONGEST_VARINT = 10 };
    uint64_t size = 0;
    if (!hold(input, LONGEST_VARINT))
        return INPUT_FAILED;
    if (input->begin == input->end)
        return INPUT_END;
    size_t prefix = read_varint(input->buffer + input->begin, input->end - input->begin, &size);
    if (prefix == 0 || prefix == SIZE_MAX) {
        complain("%s: byte %" PRIu64 ": %s", input->name, input->offset,
                 prefix == 0 ? "the file ends in the length of a request"
                             : "not the length of a request: a varint of more than 64 bits");
        return INPUT_FAILED;
    }
    if (size > INPUT_REQUEST_MAX || size > SIZE_MAX - LONGEST_VARINT)
        return too_large(input, input->offset);
    if (!hold(input, prefix + (size_t)size))
        return INPUT_FAILED;
    size_t held = input->end - input->begin - prefix;
    if (held < size) {
        complain("%s: byte %" PRIu64 ": the file ends after %zu of the %" PRIu64
                 " bytes of this request",
                 input->name, input->offset, held, size);
        return INPUT_FAILED;
    }
    input->begin += prefix;
    input->offset += prefix;
    return take(input, (size_t)size, request);
}

/* Reads a length and passes over that many bytes. False when they are not there. */
static bool pass_over(const uint8_t *bytes, size_t size, size_t *at)
{
    uint64_t length = 0;
    size_t prefix = read_varint(bytes + *at, size - *at, &length);
    if (prefix == 0 || prefix == SIZE_MAX || length > size - *at - prefix)
        return false;
    *at += prefix + (size_t)length;
    return true;
}

/* Whether `bytes` are fields with number 1 and a length, as every OTLP request is. */
static bool looks_like_request(const uint8_t *bytes, size_t size)
{
    enum { FIELD_1_WITH_LENGTH = 1 << 3 | 2 };
    for (size_t at = 0; at < size;)
        if (bytes[at++] != FIELD_1_WITH_LENGTH || !pass_over(bytes, size, &at))
            return false;
    return true;
}

bool input_is_delimited(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint64_t length = 0;
        size_t begin = at;
        if (!pass_over(bytes, size, &at))
            return false;
        begin += read_varint(bytes + begin, size - begin, &length);
        if (!looks_like_request(bytes + begin, at - begin))
            return false;
    }
    return size > 0;
}
