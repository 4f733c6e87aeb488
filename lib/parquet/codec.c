/* codec.c - see codec.h.
 *
 * What a library needs for longer than a call it takes from the caller's allocator: zlib by its
 * zalloc, libzstd by ZSTD_createCCtx_advanced. That function is of the part of zstd.h that is
 * declared for static linking only, as is the estimate of a context's size. Both have been as they
 * are since zstd 1.3, and the shared libraries of Debian, Ubuntu and others export them. The
 * alternative, malloc, would be up to 680 MB at level 22 that max_memory_bytes does not see.
 *
 * libsnappy takes up to 170 KiB from the C++ heap, not from the caller's allocator, for the length
 * of a call. The Snappy built in takes 16 KiB of stack, and so does liblz4.
 */
#include "codec.h"

#include "codec_snappy.h"

#ifndef O2P_NO_ZLIB
#define ZLIB_CONST /* next_in is const */
#include <zlib.h>
#endif
#ifndef O2P_NO_ZSTD
#define ZSTD_STATIC_LINKING_ONLY /* see above */
#include <zstd.h>
#endif
#ifndef O2P_NO_LZ4
#include <lz4.h>
#endif

/* CompressionCodec in parquet.thrift. */
enum {
    NUMBER_UNCOMPRESSED = 0,
    NUMBER_SNAPPY = 1,
    NUMBER_GZIP = 2,
    NUMBER_ZSTD = 6,
    NUMBER_LZ4_RAW = 7
};

typedef struct codec_row {
    int32_t number;
    int32_t default_level, most_level; /* levels begin with 1; 0: it has none */
    bool counts;                       /* see o2p_codec_counts */

    /* Its context; NULL when memory is refused. Codecs that need none have none of these. */
    void *(*create)(o2p_memory *memory, int32_t level);
    void (*destroy)(o2p_memory *memory, void *context);
    size_t (*memory)(int32_t level); /* the most that it takes, for pages of any size */

    /* The most bytes that it makes of `size`. */
    size_t (*most)(void *context, size_t size);
    /* Compresses into `out`, which has room for *made bytes, as many as `most` says, and sets *made
     * to what it has filled. */
    bool (*compress)(void *context, const uint8_t *bytes, size_t size, uint8_t *out, size_t *made);
} codec_row;

/* ---- memory for libraries that do not say the size of what they release ---- */

#if !defined(O2P_NO_ZLIB) || !defined(O2P_NO_ZSTD)
/* Before each block is its size with this. */
typedef union block_head {
    size_t size;
    max_align_t align;
} block_head;

static void *take(void *memory, size_t size)
{
    size_t whole = sizeof(block_head) + size;
    block_head *head = (block_head *)o2p_memory_resize((o2p_memory *)memory, NULL, 0, whole);
    if (head == NULL)
        return NULL;
    head->size = whole;
    return head + 1;
}

static void give_back(void *memory, void *block)
{
    block_head *head = (block_head *)block - 1;
    o2p_memory_release((o2p_memory *)memory, head, head->size);
}
#endif

/* ---- Snappy ---- */

static size_t most_snappy(void *context, size_t size)
{
    (void)context;
    return o2p_snappy_page_most(size);
}

static bool compress_snappy(void *context, const uint8_t *bytes, size_t size, uint8_t *out,
                            size_t *made)
{
    (void)context;
    return o2p_snappy_page(bytes, size, out, made);
}

/* ---- gzip ---- */

#ifndef O2P_NO_ZLIB
enum {
    GZIP_WINDOW = 15 + 16, /* bits of the window, the most there are; 16 more: gzip, not zlib */
    GZIP_EFFORT = 8,       /* memLevel: what zlib and gzip have without being told */
    GZIP_OS_AT = 9,        /* where a gzip header has its OS */
    GZIP_OS_UNKNOWN = 255,
    /* zconf.h says (1 << (15 + 2)) + (1 << (8 + 9)) and some KiB; zlib-ng takes more. */
    GZIP_MEMORY = 400 * 1024
};

static void *take_items(void *memory, unsigned items, unsigned size)
{
    return take(memory, (size_t)items * size);
}

static void *create_gzip(o2p_memory *memory, int32_t level)
{
    z_stream *stream = (z_stream *)take(memory, sizeof(*stream));
    if (stream == NULL)
        return NULL;
    memset(stream, 0, sizeof(*stream));
    stream->zalloc = take_items;
    stream->zfree = give_back;
    stream->opaque = memory;
    if (deflateInit2(stream, level, Z_DEFLATED, GZIP_WINDOW, GZIP_EFFORT, Z_DEFAULT_STRATEGY) ==
        Z_OK)
        return stream;
    give_back(memory, stream);
    return NULL;
}

static void destroy_gzip(o2p_memory *memory, void *context)
{
    deflateEnd((z_stream *)context);
    give_back(memory, context);
}

static size_t memory_gzip(int32_t level)
{
    (void)level;
    return GZIP_MEMORY;
}

static size_t most_gzip(void *context, size_t size)
{
    return deflateBound((z_stream *)context, (uLong)size);
}

/* The header's OS is the one zlib was built for, which must not tell one machine from another. */
static bool compress_gzip(void *context, const uint8_t *bytes, size_t size, uint8_t *out,
                          size_t *made)
{
    z_stream *stream = (z_stream *)context;
    stream->next_in = bytes;
    stream->avail_in = (uInt)size;
    stream->next_out = out;
    stream->avail_out = (uInt)*made;
    bool whole = deflate(stream, Z_FINISH) == Z_STREAM_END;
    *made -= stream->avail_out;
    if (deflateReset(stream) != Z_OK || !whole)
        return false;
    out[GZIP_OS_AT] = GZIP_OS_UNKNOWN;
    return true;
}
#endif

/* ---- Zstandard ---- */

#ifndef O2P_NO_ZSTD
static void *create_zstd(o2p_memory *memory, int32_t level)
{
    ZSTD_CCtx *context = ZSTD_createCCtx_advanced((ZSTD_customMem){take, give_back, memory});
    if (context != NULL)
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    return context;
}

static void destroy_zstd(o2p_memory *memory, void *context)
{
    (void)memory;
    ZSTD_freeCCtx((ZSTD_CCtx *)context);
}

static size_t memory_zstd(int32_t level)
{
    enum { BLOCKS = 2 }; /* the context, and its tables, which grow with the pages */
    return ZSTD_estimateCCtxSize(level) + BLOCKS * sizeof(block_head);
}

static size_t most_zstd(void *context, size_t size)
{
    (void)context;
    return ZSTD_compressBound(size);
}

static bool compress_zstd(void *context, const uint8_t *bytes, size_t size, uint8_t *out,
                          size_t *made)
{
    *made = ZSTD_compress2((ZSTD_CCtx *)context, out, *made, bytes, size);
    return !ZSTD_isError(*made);
}
#endif

/* ---- LZ4 ---- */

#ifndef O2P_NO_LZ4
static size_t most_lz4(void *context, size_t size)
{
    (void)context;
    return (size_t)LZ4_compressBound((int)size);
}

static bool compress_lz4(void *context, const uint8_t *bytes, size_t size, uint8_t *out,
                         size_t *made)
{
    (void)context;
    int filled = LZ4_compress_default((const char *)bytes, (char *)out, (int)size, (int)*made);
    *made = (size_t)filled;
    return filled > 0;
}
#endif

/* ---- all of them ---- */

static const codec_row codecs[] = {
    [O2P_CODEC_UNCOMPRESSED] = {.number = NUMBER_UNCOMPRESSED},
    [O2P_CODEC_SNAPPY] = {.number = NUMBER_SNAPPY,
                          .most = most_snappy,
                          .compress = compress_snappy},
#ifndef O2P_NO_ZSTD
    [O2P_CODEC_ZSTD] = {NUMBER_ZSTD, 3, 22, true, create_zstd, destroy_zstd, memory_zstd, most_zstd,
                        compress_zstd},
#endif
#ifndef O2P_NO_ZLIB
    [O2P_CODEC_GZIP] = {NUMBER_GZIP, 6, 9, true, create_gzip, destroy_gzip, memory_gzip, most_gzip,
                        compress_gzip},
#endif
#ifndef O2P_NO_LZ4
    [O2P_CODEC_LZ4_RAW] = {.number = NUMBER_LZ4_RAW, .most = most_lz4, .compress = compress_lz4},
#endif
};

bool o2p_codec_available(o2p_codec codec)
{
    return codec == O2P_CODEC_UNCOMPRESSED ||
           ((size_t)codec < sizeof(codecs) / sizeof(codecs[0]) && codecs[codec].compress != NULL);
}

int32_t o2p_codec_number(o2p_codec codec)
{
    return codecs[codec].number;
}

bool o2p_codec_counts(o2p_codec codec)
{
    return codecs[codec].counts;
}

bool o2p_codec_level(o2p_codec codec, int32_t *level)
{
    const codec_row *row = &codecs[codec];
    if (*level == 0)
        *level = row->default_level;
    return *level >= 0 && *level <= row->most_level;
}

size_t o2p_codec_memory(o2p_codec codec, int32_t level)
{
    const codec_row *row = &codecs[codec];
    return row->memory == NULL ? 0 : row->memory(level);
}

void o2p_compressor_init(o2p_compressor *compressor, o2p_memory *memory)
{
    *compressor = (o2p_compressor){.memory = memory, .codec = O2P_CODEC_UNCOMPRESSED};
}

void o2p_compressor_free(o2p_compressor *compressor)
{
    if (compressor->context != NULL)
        codecs[compressor->codec].destroy(compressor->memory, compressor->context);
    compressor->context = NULL;
}

void o2p_compressor_choose(o2p_compressor *compressor, o2p_codec codec, int32_t level)
{
    if (codec != compressor->codec || level != compressor->level)
        o2p_compressor_free(compressor);
    compressor->codec = codec;
    compressor->level = level;
}

bool o2p_compress(o2p_compressor *compressor, const uint8_t *bytes, size_t size, o2p_buffer *out)
{
    const codec_row *row = &codecs[compressor->codec];
    if (row->create != NULL && compressor->context == NULL) {
        compressor->context = row->create(compressor->memory, compressor->level);
        if (compressor->context == NULL)
            return false;
    }
    size_t made = row->most(compressor->context, size);
    if (!o2p_buffer_reserve(out, made))
        return false;
    if (!row->compress(compressor->context, bytes, size, out->data + out->size, &made))
        return false;
    out->size += made;
    return true;
}
