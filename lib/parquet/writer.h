/* writer.h - what the writer of file.h consists of, for the files that share it: file.c (order of
 * calls), chunk.c (pages into the file), footer.c (indexes and metadata).
 *
 * Records of pages, chunks and row groups are kept for the whole file, since the metadata comes
 * last; their bounds are bytes in one buffer. Everything else is scratch of the open chunk.
 */
#ifndef O2P_PARQUET_WRITER_H
#define O2P_PARQUET_WRITER_H

#include "codec.h"
#include "schema.h"

/* PageType in parquet.thrift. */
enum { O2P_PAGE_DATA = 0, O2P_PAGE_DICTIONARY = 2 };

enum { O2P_PAGE_COUNT = O2P_PAGE_ENCODING_RLE_DICTIONARY + 1 };

typedef struct o2p_page {
    size_t body;          /* where its body begins in o2p_parquet.bodies, while its chunk is open */
    size_t body_size;     /* uncompressed */
    uint64_t offset;      /* of its header in the file */
    uint32_t stored_size; /* with its header */
    uint32_t rows, values, nulls;
    uint8_t encoding; /* of the values */
    o2p_range range;
} o2p_page;

typedef struct o2p_chunk {
    uint32_t leaf;
    uint8_t codec;                 /* the one used: maybe UNCOMPRESSED when another was asked for */
    uint8_t statistics;            /* o2p_statistics */
    bool random;                   /* see o2p_parquet_chunk_random */
    bool has_dictionary;           /* its page's body is the first in o2p_parquet.bodies, ... */
    bool dictionary_stored;        /* ... unless it is in the file */
    bool judged;                   /* compressing was tried before its end ... */
    bool settled;                  /* ... and is what is done with its pages */
    bool min_unknown, max_unknown; /* a page has values but no such bound */
    uint32_t dictionary_entries;
    size_t dictionary_size;        /* of the body */
    size_t first_page, page_count; /* in o2p_parquet.pages ... */
    size_t stored_pages;           /* ... of which so many are in the file, the others held */
    uint64_t offset;               /* of its first page, the dictionary's if it has one */
    uint64_t stored_size;          /* headers included */
    uint64_t uncompressed_size;    /* headers included */
    uint64_t values, nulls;
    uint32_t pages_by_encoding[O2P_PAGE_COUNT];
    o2p_range range;
    size_t bloom, bloom_size;                 /* in o2p_parquet.blooms; size 0: none */
    uint64_t column_index, column_index_size; /* in the file; size 0: none */
    uint64_t offset_index, offset_index_size;
} o2p_chunk;

typedef struct o2p_row_group {
    uint32_t rows;
    size_t first_chunk; /* in o2p_parquet.chunks; one a leaf follows */
} o2p_row_group;

struct o2p_parquet {
    o2p_memory *memory;
    o2p_parquet_options options;
    o2p_status status; /* first failure of this file; refused memory is seen in `memory` as well */
    o2p_buffer out;    /* the file so far */

    o2p_buffer leaves;     /* o2p_schema_leaf */
    o2p_buffer row_groups; /* o2p_row_group */
    o2p_buffer chunks;     /* o2p_chunk; the last is the open one */
    o2p_buffer pages;      /* o2p_page */
    o2p_buffer bounds;     /* bytes of all o2p_bounds */
    o2p_buffer blooms;     /* bloom filters, headers included, to go behind the row groups */

    o2p_buffer bodies; /* that are held of the open chunk: dictionary, then pages */
    o2p_buffer header; /* of the page that is being stored */
    o2p_compressor compressor;
    size_t body; /* where the open page's body begins */
};

static inline o2p_schema_leaf *o2p_leaf_at(const o2p_parquet *writer, size_t i)
{
    return (o2p_schema_leaf *)(void *)writer->leaves.data + i;
}

static inline size_t o2p_leaf_count(const o2p_parquet *writer)
{
    return writer->leaves.size / sizeof(o2p_schema_leaf);
}

static inline o2p_chunk *o2p_chunk_at(const o2p_parquet *writer, size_t i)
{
    return (o2p_chunk *)(void *)writer->chunks.data + i;
}

static inline size_t o2p_chunk_count(const o2p_parquet *writer)
{
    return writer->chunks.size / sizeof(o2p_chunk);
}

static inline o2p_page *o2p_page_at(const o2p_parquet *writer, size_t i)
{
    return (o2p_page *)(void *)writer->pages.data + i;
}

static inline o2p_row_group *o2p_row_group_at(const o2p_parquet *writer, size_t i)
{
    return (o2p_row_group *)(void *)writer->row_groups.data + i;
}

static inline size_t o2p_row_group_count(const o2p_parquet *writer)
{
    return writer->row_groups.size / sizeof(o2p_row_group);
}

/* Whether nothing has failed so far; takes note of refused memory. */
static inline bool o2p_writer_healthy(o2p_parquet *writer)
{
    if (writer->status == O2P_OK)
        writer->status = o2p_memory_status(writer->memory);
    return writer->status == O2P_OK;
}

/* Records the first failure. */
static inline void o2p_writer_fail(o2p_parquet *writer, o2p_status status)
{
    if (writer->status == O2P_OK)
        writer->status = status;
}

/* chunk.c: takes note of a page, or dictionary, that was added to the open chunk; and moves those
 * that are held into the file, compressed where that pays. */
void o2p_chunk_pass(o2p_parquet *writer, o2p_chunk *chunk);
void o2p_chunk_store(o2p_parquet *writer, o2p_chunk *chunk);

/* footer.c: appends bloom filters, indexes, FileMetaData and the end of the file. */
void o2p_footer_write(o2p_parquet *writer, const o2p_key_value *metadata, size_t metadata_count);

#endif
