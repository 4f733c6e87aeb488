/* rle.h - Parquet's run-length / bit-packing hybrid (Encodings.md, "RLE = 3"): levels, dictionary
 * indices and booleans.
 *
 *   run          varint(count << 1), value in ceil(width / 8) bytes, little-endian
 *   bit-packed   varint(groups << 1 | 1), groups of 8 values of `width` bits each; the last group
 * is padded with zeros, and only the last of a stream may be padded
 */
#ifndef O2P_PARQUET_RLE_H
#define O2P_PARQUET_RLE_H

#include "bits.h"

/* Encodes n values of `width` (1..32) bits: as runs where eight or more are equal, or where shorter
 * runs take less than packed groups; the rest packed. Appends to out, without a length. n may be 0.
 */
void o2p_rle_encode(o2p_buffer *out, const uint32_t *values, size_t n, unsigned width);

/* One run. count > 0. */
void o2p_rle_run(o2p_buffer *out, uint32_t value, size_t count, unsigned width);

/* Between these the caller appends n values bit-packed: ceil(n * width / 8) bytes, zero-padded.
 * They become one run, padded to a whole group, or with `short_runs` runs of 504 values: as many as
 * a header of one byte tells. Begin returns where they start. */
size_t o2p_rle_packed_begin(o2p_buffer *out, size_t n, bool short_runs);
void o2p_rle_packed_end(o2p_buffer *out, size_t start, size_t n, unsigned width, bool short_runs);

/* The same for n values that are there as `bytes`. */
void o2p_rle_packed(o2p_buffer *out, const uint8_t *bytes, size_t n, unsigned width,
                    bool short_runs);

/* ---- streams of levels ----
 * Levels come as runs or as bit patterns; a page's stream becomes one run when all are equal, else
 * it is bit-packed: patterns of attribute counts have few long runs, and codecs see the
 * repetition. */
typedef struct o2p_levels {
    o2p_buffer packed; /* scratch, reused from page to page */
    o2p_bits bits;
    size_t count;    /* levels in the stream */
    uint32_t first;  /* the first level */
    bool constant;   /* all levels so far equal `first` */
    unsigned width;  /* bits a level: 1 or 2 */
    bool short_runs; /* as of o2p_rle_packed_begin; init leaves it false, and begin as it is */
} o2p_levels;

void o2p_levels_init(o2p_levels *levels, o2p_memory *memory);
void o2p_levels_free(o2p_levels *levels);

/* Starts a page's stream of levels up to `max_level` (1..3). */
void o2p_levels_begin(o2p_levels *levels, unsigned max_level);

/* Appends `count` equal levels. While the stream is constant this only counts. */
void o2p_levels_run(o2p_levels *levels, uint32_t level, size_t count);

/* Appends the levels `first` then count - 1 times `next`: the repetition levels of a row. count >
 * 0. */
void o2p_levels_row(o2p_levels *levels, uint32_t first, uint32_t next, size_t count);

/* The same for `times` rows alike. */
void o2p_levels_rows(o2p_levels *levels, uint32_t first, uint32_t next, size_t count, size_t times);

/* Appends the stream to `out` as a v1 data page has it: 4-byte little-endian length, then the
 * hybrid. */
void o2p_levels_end(o2p_levels *levels, o2p_buffer *out);

#endif
