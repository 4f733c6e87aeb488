/* file.h - writes one Parquet file into memory: schema, row groups, column chunks, pages, footer.
 *
 * Source: the parquet-format specification (README.md, parquet.thrift, PageIndex.md,
 * BloomFilter.md).
 *
 *   "PAR1" | row group: column chunks: [dictionary page] data pages | ... | bloom filters |
 *   column indexes | offset indexes | FileMetaData | footer length (4 bytes LE) | "PAR1"
 *
 * Values arrive encoded: this layer knows pages, codecs, statistics and metadata, not records. The
 * order of calls is
 *
 *   begin { row_group_begin { chunk_begin [dictionary] { page_begin page_end } [bloom] chunk_end }
 *   row_group_end } finish
 *
 * with one chunk a leaf, in schema order. Any call may fail for memory: that is sticky in the
 * o2p_memory and reported by finish. A chunk's pages are kept uncompressed until chunk_end, because
 * the codec is a property of the chunk: the whole chunk is stored plain when compression does not
 * make it smaller.
 */
#ifndef O2P_PARQUET_FILE_H
#define O2P_PARQUET_FILE_H

#include "../base/arena.h"
#include "../base/buffer.h"

/* Values as in parquet.thrift. */
typedef enum o2p_physical {
    O2P_PHYSICAL_BOOLEAN = 0,
    O2P_PHYSICAL_INT32 = 1,
    O2P_PHYSICAL_INT64 = 2,
    O2P_PHYSICAL_DOUBLE = 5,
    O2P_PHYSICAL_BYTE_ARRAY = 6
} o2p_physical;

typedef enum o2p_repetition { O2P_REQUIRED = 0, O2P_OPTIONAL = 1, O2P_REPEATED = 2 } o2p_repetition;

typedef enum o2p_logical {
    O2P_LOGICAL_NONE,
    O2P_LOGICAL_STRING,           /* also converted type UTF8 */
    O2P_LOGICAL_TIMESTAMP_MICROS, /* adjusted to UTC; also converted type TIMESTAMP_MICROS */
    O2P_LOGICAL_TIMESTAMP_NANOS,  /* adjusted to UTC */
    O2P_LOGICAL_MAP,              /* also converted type MAP */
    O2P_LOGICAL_LIST,             /* also converted type LIST */
    O2P_LOGICAL_JSON,             /* also converted type JSON */
    O2P_LOGICAL_VARIANT           /* version 1 */
} o2p_logical;

/* Values as in parquet.thrift. */
typedef enum o2p_page_encoding {
    O2P_PAGE_ENCODING_PLAIN = 0,
    O2P_PAGE_ENCODING_RLE = 3,
    O2P_PAGE_ENCODING_DELTA_BINARY_PACKED = 5,
    O2P_PAGE_ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6,
    O2P_PAGE_ENCODING_RLE_DICTIONARY = 8
} o2p_page_encoding;

/* One node of the schema, in depth-first order; the root is not among them. */
typedef struct o2p_parquet_node {
    const char *name;
    uint8_t is_group;
    uint8_t children;   /* of a group */
    uint8_t physical;   /* o2p_physical, of a leaf */
    uint8_t repetition; /* o2p_repetition */
    uint8_t logical;    /* o2p_logical */
    int32_t field_id;
} o2p_parquet_node;

/* A column that rows are sorted by, ascending, nulls first. */
typedef struct o2p_sorting {
    uint32_t leaf;
} o2p_sorting;

typedef struct o2p_key_value {
    const char *key;
    const char *value;
} o2p_key_value;

/* Least and greatest value of a page, PLAIN-encoded without the length (BYTE_ARRAY: the bytes).
 * For DOUBLE the caller leaves NaN out and gives a zero minimum as -0.0, a zero maximum as +0.0. */
typedef struct o2p_bounds {
    bool present; /* false: no non-null value, or none wanted */
    const uint8_t *min, *max;
    uint32_t min_size, max_size;
} o2p_bounds;

typedef struct o2p_page_info {
    o2p_page_encoding encoding; /* of the values */
    uint32_t rows;              /* rows that begin in the page: a page begins with a row */
    uint32_t values;            /* level entries: nulls and empty lists included */
    uint32_t nulls;             /* entries without a value */
    o2p_bounds bounds;          /* copied (truncated) by page_end */
} o2p_page_info;

/* Most bytes of a bound. */
enum { O2P_BOUND_MOST = 1024 };

/* How statistics of a leaf are kept. */
typedef enum o2p_statistics {
    O2P_STATISTICS_NULLS_ONLY, /* null_count; no bounds, no ColumnIndex */
    O2P_STATISTICS_BOUNDS      /* null_count, min, max; ColumnIndex */
} o2p_statistics;

typedef struct o2p_parquet_options {
    o2p_codec codec;               /* not DEFAULT */
    int32_t codec_level;           /* as o2p_codec_level leaves it; 0: the codec has none */
    const o2p_parquet_node *nodes; /* static or outliving the writer */
    size_t node_count;
    const o2p_sorting *sorting; /* outliving the writer; may be NULL with count 0 */
    size_t sorting_count;
    uint32_t bound_bytes; /* most of a BYTE_ARRAY's bound, at most O2P_BOUND_MOST */
} o2p_parquet_options;

typedef struct o2p_parquet o2p_parquet; /* the writer */

/* Makes a writer whose memory comes from `memory`; NULL when memory is refused. A writer that is
 * not finished may be freed at any point. */
o2p_parquet *o2p_parquet_new(o2p_memory *memory);
void o2p_parquet_free(o2p_parquet *writer);

/* Starts a file. Scratch memory of an earlier file of this writer is reused. */
void o2p_parquet_begin(o2p_parquet *writer, const o2p_parquet_options *options);

void o2p_parquet_row_group_begin(o2p_parquet *writer, uint32_t rows);

/* Starts the chunk of leaf number `leaf`: its levels' maxima follow from the schema. */
void o2p_parquet_chunk_begin(o2p_parquet *writer, uint32_t leaf, o2p_statistics statistics);

/* Says that the chunk's values look random, as ids do: a codec that finds repetitions alone gets
 * a sample first, and the rest only if that pays. After chunk_begin. */
void o2p_parquet_chunk_random(o2p_parquet *writer);

/* Starts the dictionary page: the caller appends PLAIN-encoded entries to the returned buffer, then
 * calls o2p_parquet_dictionary_end. Before the chunk's first data page, at most once. */
o2p_buffer *o2p_parquet_dictionary_begin(o2p_parquet *writer);
void o2p_parquet_dictionary_end(o2p_parquet *writer, uint32_t entries);

/* Starts a data page: the caller appends the body (repetition levels, definition levels, values;
 * for RLE_DICTIONARY the bit width byte and the hybrid) to the returned buffer, then calls
 * page_end. The buffer holds the chunk's earlier pages: append only. RLE_DICTIONARY pages come
 * before those of other encodings: Spark's vectorized reader gives wrong values where one follows a
 * PLAIN page. */
o2p_buffer *o2p_parquet_page_begin(o2p_parquet *writer);
void o2p_parquet_page_end(o2p_parquet *writer, const o2p_page_info *info);

/* Gives the chunk a split-block bloom filter of `count` XXH64 hashes (seed 0) of PLAIN values
 * (without the length), `tenths` tenths of a bit for each: see bloom.h. Before chunk_end. A value
 * that comes again is one hash more: the filter is larger than it need be. */
void o2p_parquet_bloom(o2p_parquet *writer, const uint64_t *hashes, size_t count, uint32_t tenths);

void o2p_parquet_chunk_end(o2p_parquet *writer);
void o2p_parquet_row_group_end(o2p_parquet *writer);

/* Ends the file. On success `*file` (initialised by this call, from the same memory) holds exactly
 * the file's bytes and belongs to the caller. Returns OK, OUT_OF_MEMORY, LIMIT or CODEC. */
o2p_status o2p_parquet_finish(o2p_parquet *writer, const o2p_key_value *metadata,
                              size_t metadata_count, o2p_buffer *file);

#endif
