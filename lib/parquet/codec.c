/* codec.c - see codec.h.
 *
 * libsnappy takes its working memory from the C++ heap, not from the caller's allocator: up to 170
 * KiB, for the length of a call. The one built in takes 16 KiB of stack.
 */
#include "codec.h"

#ifdef O2P_NO_SNAPPY
#include "snappy.h"
#else
#include <snappy-c.h>
#endif

/* CompressionCodec in parquet.thrift. */
enum { NUMBER_UNCOMPRESSED = 0, NUMBER_SNAPPY = 1 };

typedef struct codec_row {
    int32_t number;
    size_t (*most)(size_t size);
    /* Compresses into `out`, which has room for most(size) bytes, and sets *out_size. */
    bool (*compress)(const uint8_t *bytes, size_t size, uint8_t *out, size_t *out_size);
} codec_row;

#ifndef O2P_NO_SNAPPY
static bool compress_snappy(const uint8_t *bytes, size_t size, uint8_t *out, size_t *out_size)
{
    *out_size = snappy_max_compressed_length(size);
    return snappy_compress((const char *)bytes, size, (char *)out, out_size) == SNAPPY_OK;
}
#endif

static const codec_row codecs[] = {
    [O2P_CODEC_UNCOMPRESSED] = {NUMBER_UNCOMPRESSED, NULL, NULL},
#ifdef O2P_NO_SNAPPY
    [O2P_CODEC_SNAPPY] = {NUMBER_SNAPPY, o2p_snappy_most, o2p_snappy_compress},
#else
    [O2P_CODEC_SNAPPY] = {NUMBER_SNAPPY, snappy_max_compressed_length, compress_snappy},
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

bool o2p_codec_compress(o2p_codec codec, const uint8_t *bytes, size_t size, o2p_buffer *out)
{
    size_t made = 0;
    if (!o2p_buffer_reserve(out, codecs[codec].most(size)))
        return false;
    if (!codecs[codec].compress(bytes, size, out->data + out->size, &made))
        return false;
    out->size += made;
    return true;
}
