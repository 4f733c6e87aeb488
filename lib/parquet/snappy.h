/* snappy.h - a Snappy compressor of our own, for builds that do without libsnappy.
 *
 * What it makes is the format's raw form, which Parquet's SNAPPY means and any Snappy decodes: the
 * length, then literals and copies, without a frame or checksum. It compresses only; the library
 * reads no Parquet.
 */
#ifndef O2P_PARQUET_SNAPPY_H
#define O2P_PARQUET_SNAPPY_H

#include "../base/deps.h"

/* The most bytes that `size` bytes can become. */
size_t o2p_snappy_most(size_t size);

/* Compresses into `out`, which has room for o2p_snappy_most(size) bytes and does not overlap the
 * input, and sets *out_size. The same bytes give the same result on every machine. Takes 16 KiB of
 * stack and no other memory. False for more than 2^32 - 1 bytes, which the format cannot hold. */
bool o2p_snappy_compress(const uint8_t *bytes, size_t size, uint8_t *out, size_t *out_size);

#endif
