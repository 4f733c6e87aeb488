/* codec.h - compression of pages.
 *
 * A codec is a row of the table in codec.c. All but UNCOMPRESSED and SNAPPY can be left out of a
 * build, which then links without their library.
 *
 *   codec          in parquet.thrift   levels               made by           left out by
 *   UNCOMPRESSED   0                                        nobody
 *   SNAPPY         1                                        libsnappy         (O2P_NO_SNAPPY:
 * snappy.h) GZIP           2                   1 to 9, default 6    zlib              O2P_NO_ZLIB
 *   ZSTD           6                   1 to 22, default 3   libzstd           O2P_NO_ZSTD
 *   LZ4_RAW        7                                        liblz4            O2P_NO_LZ4
 *
 * A page is a whole gzip member (RFC 1952), a whole Zstandard frame with its content size and
 * without a checksum (RFC 8878), one LZ4 block without a frame.
 */
#ifndef O2P_PARQUET_CODEC_H
#define O2P_PARQUET_CODEC_H

#include "../base/buffer.h"

/* Whether this build can write `codec` (not DEFAULT). */
bool o2p_codec_available(o2p_codec codec);

/* Its CompressionCodec in parquet.thrift. */
int32_t o2p_codec_number(o2p_codec codec);

/* Whether it counts bytes, and makes the frequent ones shorter (zstd, gzip). Others find
 * repetitions and nothing else, so that random digits stay as they are. */
bool o2p_codec_counts(o2p_codec codec);

/* Replaces *level 0 by the codec's default, which is 0 for a codec without levels. False when the
 * codec (available) has no such level. */
bool o2p_codec_level(o2p_codec codec, int32_t *level);

/* The most memory, in bytes, that its context takes, for pages of any size. */
size_t o2p_codec_memory(o2p_codec codec, int32_t level);

/* A codec at work. Its context is made for the first page and serves all that follow, of other
 * files as well: what a page becomes does not depend on those before it. */
typedef struct o2p_compressor {
    o2p_memory *memory;
    o2p_codec codec;
    int32_t level;
    void *context; /* the codec library's; NULL: none yet, or the codec has none */
} o2p_compressor;

void o2p_compressor_init(o2p_compressor *compressor, o2p_memory *memory);
void o2p_compressor_free(o2p_compressor *compressor);

/* Chooses a codec (available) and its level, as o2p_codec_level leaves it. A context is kept if it
 * is of these. */
void o2p_compressor_choose(o2p_compressor *compressor, o2p_codec codec, int32_t level);

/* Appends the compressed form of `size` bytes, at most 2^30, as the codec (not UNCOMPRESSED) makes
 * it. False when memory is refused, which the o2p_memory remembers, or the codec failed. */
bool o2p_compress(o2p_compressor *compressor, const uint8_t *bytes, size_t size, o2p_buffer *out);

#endif
