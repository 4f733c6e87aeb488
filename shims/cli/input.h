/* input.h - where requests come from: files, folders of files, standard input.
 *
 * Everything is read with read(2) into one buffer: a pipe and a file then go the same way, a file
 * that is cut off while it is read gives an error and not a SIGBUS, and a file of many delimited
 * requests takes the memory of its largest request, whatever its own size. The copy costs a few
 * percent of a conversion.
 *
 * A delimited file is a sequence of
 *
 *   varint   length of the request, 1 to 10 bytes, least significant 7 bits first
 *   bytes    the request
 */
#ifndef O2P_CLI_INPUT_H
#define O2P_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes one request may have: the most that o2p_options.max_input_bytes allows. */
#define INPUT_REQUEST_MAX UINT32_MAX

/* The files named by operands, folders replaced by the .pb files in them, in name order. */
struct input_list {
    char **names; /* "-" is standard input */
    size_t count;
    uint64_t bytes; /* of all of them; 0 when one of them has no size, as a pipe */
    bool failed;    /* a folder could not be read or holds no .pb file: said so */
};

void input_list_make(struct input_list *list, char **operands, size_t count);
void input_list_free(struct input_list *list);

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

/* A request found in an input; valid until the next call. */
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
/* All of the input as one request; an empty file is an empty request. */
input_result input_whole(struct input *input, struct input_request *request);
/* The next request of a delimited input. */
input_result input_next(struct input *input, struct input_request *request);
void input_close(struct input *input);

/* Whether `bytes` look like a sequence of delimited requests from the first to the last. */
bool input_is_delimited(const uint8_t *bytes, size_t size);

#endif
