/* codec.h - compression of one page.
 *
 * A codec is a row of the table in codec.c: its number in parquet.thrift, the most bytes it can
 * make of n, and a function that compresses one buffer whole.
 *
 *   UNCOMPRESSED   0   always there
 *   SNAPPY         1   libsnappy's C functions, or with -DO2P_NO_SNAPPY, which links without
 *                      libsnappy, those of snappy.h
 */
#ifndef O2P_PARQUET_CODEC_H
#define O2P_PARQUET_CODEC_H

#include "../base/buffer.h"

/* Whether this build can write `codec` (not DEFAULT). */
bool o2p_codec_available(o2p_codec codec);

/* Its CompressionCodec in parquet.thrift. */
int32_t o2p_codec_number(o2p_codec codec);

/* Appends the compressed form of `size` bytes, as `codec` (available, not UNCOMPRESSED) makes it.
 * False when memory is refused, which the buffer's memory remembers, or the codec failed. */
bool o2p_codec_compress(o2p_codec codec, const uint8_t *bytes, size_t size, o2p_buffer *out);

#endif
