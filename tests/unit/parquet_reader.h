/* parquet_reader.h - finds its way through a Parquet file in memory, for tests: metadata, indexes,
 * pages.
 *
 * What is wrong with the file fails the running cmocka test: magic, sizes, checksums, pages that do
 * not decompress to the size they say.
 */
#ifndef O2P_TESTS_PARQUET_READER_H
#define O2P_TESTS_PARQUET_READER_H

#include "../../lib/base/buffer.h"
#include "thrift_reader.h"

typedef struct parquet_reader {
    const uint8_t *data;
    size_t size;
    size_t metadata_at;
    thrift_value metadata; /* FileMetaData */
} parquet_reader;

/* Checks that a file begins and ends as one, and that FileMetaData fills the place it says. */
parquet_reader parquet_open(const o2p_buffer *file);

thrift_value parquet_row_group(const parquet_reader *file, size_t group);
thrift_value parquet_column(const parquet_reader *file, size_t group,
                            size_t leaf); /* ColumnChunk */
thrift_value parquet_metadata(const parquet_reader *file, size_t group,
                              size_t leaf); /* ColumnMetaData */

/* The index that a ColumnChunk points to, which must have the length it says. */
thrift_value parquet_offset_index(const parquet_reader *file, size_t group, size_t leaf);
thrift_value parquet_column_index(const parquet_reader *file, size_t group, size_t leaf);

typedef struct parquet_page {
    thrift_value header; /* PageHeader */
    size_t stored_size;  /* with the header */
    size_t header_size;
    const uint8_t *body; /* uncompressed; valid until the next page is read */
    size_t body_size;
} parquet_page;

/* The page whose header is at `offset`; `codec` is that of its column chunk. */
parquet_page parquet_page_at(const parquet_reader *file, int64_t offset, int64_t codec);

/* Data page number `page` of a chunk, by its offset index. */
parquet_page parquet_data_page(const parquet_reader *file, size_t group, size_t leaf, size_t page);

#endif
