/* leaf_reader.h - the levels and values of one leaf of a Parquet file, for tests: read page by
 * page, then taken one by one.
 *
 * What is wrong with a page, or is not what is taken, fails the running cmocka test.
 */
#ifndef O2P_TESTS_LEAF_READER_H
#define O2P_TESTS_LEAF_READER_H

#include "parquet_reader.h"

/* A level entry: null, an empty list, or a value. */
typedef struct leaf_entry {
    unsigned repetition, definition;
    bool present;
    uint64_t word; /* of a number */
    size_t at;     /* of a text: among the texts read so far */
    uint32_t size;
} leaf_entry;

/* Forgets what was read before. */
void leaf_reader_begin(void);

/* Appends the entries of one chunk; checks its pages against their index, and that none has more
 * than `most_rows`. */
void leaf_reader_chunk(const parquet_reader *file, size_t group, size_t leaf,
                       unsigned max_repetition, unsigned max_definition, uint32_t most_rows);

/* The next entry, which must have these levels; and be this text. */
leaf_entry leaf_take(unsigned repetition, unsigned definition);
void leaf_take_text(unsigned repetition, unsigned definition, const void *bytes, size_t size);

/* All entries must have been taken. */
void leaf_reader_end(void);

#endif
