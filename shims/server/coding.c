/* coding.c - see coding.h. gzip and deflate by zlib, zstd by libzstd, each as a stream into a block
 * that doubles, because what the bytes say about their size is not to be believed.
 */
#include "server.h"
#include "coding.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

int coding_of(const char *name)
{
    static const struct {
        const char *name;
        coding kind;
    } names[] = {{"", CODING_IDENTITY},
                 {"x-gzip", CODING_GZIP}, /* RFC 9110, 8.4.1.3 */
#define X(symbol, value, name) {name, symbol},
                 CODINGS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i].name) == 0)
            return (int)names[i].kind;
    return -1;
}

/* The result while it grows. */
typedef struct sink {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    size_t most;
} sink;

/* Makes room for more. One byte above the bound is allowed: only when something is written there is
 * it known that the bound is passed. */
static decode_status grow(sink *out)
{
    enum { FIRST = 16 * 1024 };
    if (out->capacity > out->most)
        return DECODE_TOO_LARGE;
    size_t capacity = out->capacity == 0 ? FIRST : out->capacity * 2;
    if (capacity > out->most)
        capacity = out->most + 1;
    uint8_t *bytes = realloc(out->bytes, capacity);
    if (bytes == NULL)
        return DECODE_NO_MEMORY;
    out->bytes = bytes;
    out->capacity = capacity;
    return DECODE_OK;
}

static uInt least(size_t size)
{
    enum { MOST = 1 << 30 }; /* zlib counts in unsigned int */
    return size < MOST ? (uInt)size : MOST;
}

/* Inflates until the input ends. `*ended`: it ended where a stream ends. */
static decode_status inflate_all(z_stream *stream, size_t size, sink *out, bool *ended)
{
    const uint8_t *end = stream->next_in + size;
    for (;;) {
        decode_status status = out->size == out->capacity ? grow(out) : DECODE_OK;
        if (status != DECODE_OK)
            return status;
        stream->avail_in = least((size_t)(end - stream->next_in));
        uInt room = least(out->capacity - out->size);
        stream->next_out = out->bytes + out->size;
        stream->avail_out = room;
        int result = inflate(stream, Z_NO_FLUSH);
        out->size += room - stream->avail_out;
        *ended = result == Z_STREAM_END;
        if (result == Z_MEM_ERROR)
            return DECODE_NO_MEMORY;
        if (result != Z_OK && result != Z_STREAM_END)
            return DECODE_BAD; /* Z_BUF_ERROR too: there was room, so the input is cut short */
        if (*ended && stream->next_in == end)
            return DECODE_OK;
        if (*ended && inflateReset(stream) != Z_OK)
            return DECODE_BAD;
    }
}

static decode_status decode_zlib(int window_bits, const uint8_t *bytes, size_t size, sink *out)
{
    z_stream stream = {.next_in = (z_const Bytef *)bytes};
    bool ended = false;
    if (inflateInit2(&stream, window_bits) != Z_OK)
        return DECODE_NO_MEMORY;
    decode_status status = inflate_all(&stream, size, out, &ended);
    inflateEnd(&stream);
    return status == DECODE_OK && !ended ? DECODE_BAD : status;
}

static decode_status decode_zstd(const uint8_t *bytes, size_t size, sink *out)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (context == NULL)
        return DECODE_NO_MEMORY;
    /* 8 MiB is what RFC 9659 has senders of zstd over HTTP stay within. */
    enum { WINDOW_LOG = 23 };
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG);
    ZSTD_inBuffer in = {.src = bytes, .size = size};
    decode_status status = DECODE_OK;
    size_t more = 1; /* of a frame that has begun */
    bool full = true;
    while (status == DECODE_OK && (in.pos < in.size || full)) {
        if (out->size == out->capacity && (status = grow(out)) != DECODE_OK)
            break;
        ZSTD_outBuffer space = {out->bytes + out->size, out->capacity - out->size, 0};
        more = ZSTD_decompressStream(context, &space, &in);
        out->size += space.pos;
        full = space.pos == space.size && more != 0;
        if (ZSTD_isError(more))
            status = DECODE_BAD;
    }
    ZSTD_freeDCtx(context);
    return status == DECODE_OK && more != 0 ? DECODE_BAD : status;
}

static decode_status copy(const uint8_t *bytes, size_t size, sink *out)
{
    if (size > out->most)
        return DECODE_TOO_LARGE;
    out->bytes = malloc(size + 1);
    if (out->bytes == NULL)
        return DECODE_NO_MEMORY;
    if (size > 0)
        memcpy(out->bytes, bytes, size);
    out->size = size;
    return DECODE_OK;
}

decode_status decode(coding kind, const uint8_t *bytes, size_t size, size_t most, uint8_t **plain,
                     size_t *plain_size)
{
    enum { GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15 };
    sink out = {.most = most};
    decode_status status = DECODE_BAD;
    switch (kind) {
    case CODING_IDENTITY:
        status = copy(bytes, size, &out);
        break;
    case CODING_GZIP:
        status = decode_zlib(GZIP_WINDOW, bytes, size, &out);
        break;
    case CODING_DEFLATE:
        status = decode_zlib(ZLIB_WINDOW, bytes, size, &out);
        break;
    case CODING_ZSTD:
        status = decode_zstd(bytes, size, &out);
        break;
    }
    if (status == DECODE_OK && out.size > most)
        status = DECODE_TOO_LARGE;
    if (status != DECODE_OK) {
        free(out.bytes);
        out = (sink){0};
    }
    *plain = out.bytes;
    *plain_size = out.size;
    return status;
}
