/* hash.h - hashes of bytes. All are deterministic: seeds are fixed, so that the same input gives
 * the same file everywhere; whoever hashes hostile bytes bounds the probes (see
 * batch/dictionary.h).
 */
#ifndef O2P_BASE_HASH_H
#define O2P_BASE_HASH_H

#include "deps.h"

/* XXH64 (xxHash specification, doc/xxhash_spec.md), which Parquet's bloom filters are defined by.
 */
uint64_t o2p_xxh64(const void *bytes, size_t size, uint64_t seed);

/* A fast hash for tables in memory, best for the short strings attributes are made of. Not for
 * files: its values may change with the version. */
uint64_t o2p_hash(const void *bytes, size_t size);

/* CRC-32 of gzip (polynomial 0xEDB88320), which Parquet pages are checked with. */
uint32_t o2p_crc32(const void *bytes, size_t size);

#endif
