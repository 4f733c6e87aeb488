/* fuzz_http1.c - any bytes as the head of a request, and as a chunked body.
 *
 * What is read stays inside the bytes, and a body is the same however the network cuts it [17]:
 * read at once, and in pieces whose sizes the input has.
 */
#include "../shims/server/http1_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: invariant 17 does not hold\n", what);
    abort();
}

static void check_head(const uint8_t *data, size_t size)
{
    http1_head read;
    int status = http1_parse_head(&read, (const char *)data, size);
    check(status == 0 || status == 400 || status == 501 || status == 505, "the status");
    check(memchr(read.head.method, 0, sizeof read.head.method) != NULL, "the method's end");
    check(memchr(read.head.path, 0, sizeof read.head.path) != NULL, "the path's end");
#define X(member, name, capacity)                                                                  \
    check(memchr(read.head.member, 0, sizeof read.head.member) != NULL, name);
    HEAD_FIELDS(X)
#undef X
    check(status != 0 || !(read.chunked && read.head.has_length), "one length");
}

/* Reads a chunked body of which `piece` bytes come at a time; its bytes in `body`. */
static chunk_status read_body(const uint8_t *data, size_t size, size_t piece, uint8_t *body,
                              size_t *body_size)
{
    http1_chunks chunks = {0};
    chunk_status status = CHUNK_MORE;
    size_t at = 0;
    *body_size = 0;
    while (at < size && status != CHUNK_END && status != CHUNK_BAD) {
        const char *bytes = NULL;
        size_t count = 0;
        size_t taken;
        size_t some = piece < size - at ? piece : size - at;
        status = http1_next_chunk(&chunks, (const char *)data + at, some, &taken, &bytes, &count);
        check(taken <= some && (taken > 0 || some == 0), "what is taken");
        if (status == CHUNK_DATA) {
            check((const uint8_t *)bytes >= data + at, "the data's beginning");
            check((const uint8_t *)bytes + count <= data + at + taken, "the data's end");
            memcpy(body + *body_size, bytes, count);
            *body_size += count;
        }
        at += taken;
    }
    return status == CHUNK_DATA ? CHUNK_MORE : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bodies[2] = {malloc(size + 1), malloc(size + 1)};
    size_t sizes[2];
    check(bodies[0] != NULL && bodies[1] != NULL, "memory");
    check_head(data, size);
    chunk_status whole = read_body(data, size, size, bodies[0], &sizes[0]);
    chunk_status pieces =
        read_body(data, size, 1 + (size > 0 ? data[0] % 7 : 0), bodies[1], &sizes[1]);
    check(whole == pieces && sizes[0] == sizes[1], "the same end");
    check(memcmp(bodies[0], bodies[1], sizes[0]) == 0, "the same body");
    free(bodies[0]);
    free(bodies[1]);
    return 0;
}
