/* delta.h - DELTA_BINARY_PACKED (Encodings.md, "Delta Encoding = 5"), for times, durations and
 * counts.
 *
 *   header      varint block size (128), varint miniblocks a block (4), varint count, zigzag first
 * value block       zigzag least delta, 4 bytes of bit widths, then the miniblocks: 32 deltas each,
 * less the least one, bit-packed; a miniblock with no values has width 0 and no bytes
 *
 * Deltas are taken modulo 2^64 (2^32 for INT32 columns), so every sequence round-trips.
 */
#ifndef O2P_PARQUET_DELTA_H
#define O2P_PARQUET_DELTA_H

#include "../base/buffer.h"

void o2p_delta_encode64(o2p_buffer *out, const int64_t *values, size_t n);
void o2p_delta_encode32(o2p_buffer *out, const int32_t *values, size_t n);

#endif
