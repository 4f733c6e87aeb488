/* codec_snappy.h - pages in Snappy's raw form, of which parts that hardly shrink are left as they
 * are.
 *
 * Snappy takes 64 KiB at a time, each on its own, so a page may be made of blocks that are
 * compressed and of blocks that are one literal, and any Snappy decodes it. Random digits, as ids
 * have them, are compressed as slowly as text, and to nine tenths. A block is left as it is where
 * the block before shrank by less than an eighth, and two samples of its own do. So the first of
 * such blocks is compressed, and so are pages of one block; where no block is left, libsnappy's
 * page is the same as if it had been compressed as a whole.
 */
#ifndef O2P_PARQUET_CODEC_SNAPPY_H
#define O2P_PARQUET_CODEC_SNAPPY_H

#include "../base/deps.h"

/* The most bytes that a page of `size` bytes can become. */
size_t o2p_snappy_page_most(size_t size);

/* Compresses at most 2^30 bytes into `out`, which does not overlap them and has room for *made
 * bytes, as many as o2p_snappy_page_most says; sets *made to what it has filled. By libsnappy, or
 * with O2P_NO_SNAPPY by snappy.h. False when that fails. */
bool o2p_snappy_page(const uint8_t *bytes, size_t size, uint8_t *out, size_t *made);

#endif
