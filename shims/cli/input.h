/* input.h - the bytes of one input: a file, or standard input.
 *
 * Everything is read with read(2) into one buffer: a pipe and a file then go the same way, a file
 * that is cut off while it is read gives an error and not a SIGBUS, and a file of many requests
 * takes the memory of its largest, whatever its own size. The copy costs a few percent of a
 * conversion.
 *
 * What is taken never depends on how many bytes a read happened to give: the same file gives the
 * same pieces, and so the same Parquet files, through a pipe too.
 */
#ifndef O2P_CLI_INPUT_H
#define O2P_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes one request may have: the most that o2p_options.max_input_bytes allows. */
#define INPUT_REQUEST_MAX UINT32_MAX

/* Lines are taken in pieces of at most this many bytes: enough to make the cost of a piece small
 * beside that of its lines, little beside the rows that are collected. */
#define INPUT_PIECE ((size_t)8 * 1024 * 1024)

struct input {
    const char *name; /* as in messages */
    int fd;
    uint8_t *buffer;
    size_t begin; /* of what is held and not yet taken */
    size_t end;
    size_t capacity;
    uint64_t offset; /* of buffer[begin] in the file */
    bool ended;      /* the end of the file has been read */
};

/* Bytes of an input; valid until the next call. */
struct input_request {
    const uint8_t *bytes;
    size_t size;
    uint64_t offset; /* in the file */
};

typedef enum input_result {
    INPUT_REQUEST, /* one was found */
    INPUT_END,     /* there are no more */
    INPUT_FAILED   /* a message has been printed; there is nothing more to be had */
} input_result;

/* False: a message has been printed. */
bool input_open(struct input *input, const char *name);
void input_close(struct input *input);

/* Reads until `size` bytes are held or the file ends. False: a message has been printed. */
bool input_hold(struct input *input, size_t size);
/* The first bytes of what is held and not taken, at most `most`. */
struct input_request input_peek(const struct input *input, size_t most);
/* Takes `size` bytes, which are held. */
input_result input_take(struct input *input, size_t size, struct input_request *request);

/* All of the input that is not taken; an empty file is an empty request. */
input_result input_whole(struct input *input, struct input_request *request);
/* The whole lines among the next INPUT_PIECE bytes, or one line that is longer. */
input_result input_lines(struct input *input, struct input_request *request);

/* Says that the request at `offset` is larger than any may be. Returns INPUT_FAILED. */
input_result input_too_large(const struct input *input, uint64_t offset);

#endif
