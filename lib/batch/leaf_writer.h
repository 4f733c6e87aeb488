/* leaf_writer.h - what writing a leaf of a row group consists of, for the files that share it:
 * encode.c (files, order of leaves), row_groups.c (where row groups end), text_leaf.c and
 * number_leaf.c (a chunk: its encoding and dictionary), localise.c (the order of a dictionary of
 * text), pages.c (cut into pages), values.c and places.c (the values of a page), bounds.c (their
 * least and greatest), duplicates.c (the leaf that is in no column), list_leaf.c (those that are
 * made of lists of attributes).
 *
 * The encoder's buffers are scratch of the open leaf, but for the sources, which are of the row
 * group.
 */
#ifndef O2P_BATCH_LEAF_WRITER_H
#define O2P_BATCH_LEAF_WRITER_H

#include "encode.h"
#include "list_leaf.h"
#include "number_table.h"
#include "../parquet/file.h"
#include "../parquet/statistics.h"

/* What a table's rows take before compression, about: see row_groups.c. */
typedef struct o2p_weights {
    bool fit;     /* any rows that are few enough make a row group: none are weighed; else ... */
    uint64_t row; /* ... what each row takes, but for ... */
    o2p_buffer leaves; /* ... the leaves by which they are weighed, */
    o2p_buffer stamps; /* u32 an entry of these: the last row group that it came in, */
    uint32_t group;    /* and the row group that is weighed, from 1 */
} o2p_weights;

/* Levels that several leaves have, one behind the other: keys and values of a MAP, members of
 * structs. They are made with the first of these, page by page; see pages.c. */
typedef struct o2p_shared_levels {
    bool any; /* there is such a leaf in this row group, of */
    uint8_t source, parent, lists;
    o2p_buffer pages; /* where they are in */
    o2p_buffer bytes;
    size_t next; /* page, of the leaf that is written */
} o2p_shared_levels;

struct o2p_encoder {
    const o2p_store *store;
    const o2p_settings *settings;
    o2p_memory *memory;
    o2p_parquet *writer;
    o2p_gather gather;
    o2p_levels repetition, definition;
    o2p_shared_levels levels;
    /* u32: the rows of the row group in each source; for other sources than ROW once a run, and the
     * runs' lengths. */
    o2p_buffer sources[O2P_SOURCE_METRIC + 1];
    o2p_buffer repeats[O2P_SOURCE_METRIC + 1];
    o2p_buffer local; /* u32 a dictionary entry: its place in the chunk's dictionary + 1, or 0 */
    o2p_buffer used;  /* u32 a place: the entry */
    o2p_buffer uses;  /* u32 a place: how many values */
    o2p_buffer local_keys, groups, grouped; /* see localise.c */
    o2p_buffer places;                      /* u32 a value; of a MAP, an entry of a list */
    o2p_buffer packed;    /* bits of the places of each list of a MAP: see places.c */
    o2p_buffer packed_at; /* u64 a list: where they begin */
    o2p_buffer narrow;    /* i32 a value, for DELTA of INT32 */
    o2p_buffer hex[2];    /* least and greatest id as text */
    o2p_buffer hashes;    /* u64 a place, or a value without one: for the bloom filter */
    o2p_buffer prefixes;  /* u64 a place: see bounds.c */
    o2p_buffer seen;      /* u8 a place: likewise */
    o2p_number_table numbers;
    o2p_dictionary duplicates; /* entries of DuplicateAttributes */
    uint64_t duplicates_repaired;
    o2p_arena arena;
    o2p_list_forms forms;
    o2p_layout layout;   /* of the table written last */
    o2p_weights weights; /* likewise */
    bool laid_out;       /* there is one */
};

/* A leaf while it is written. */
typedef struct o2p_leaf_writer {
    o2p_encoder *encoder;
    o2p_leaf *leaf;
    const o2p_layout_leaf *spec;
    o2p_page_encoding encoding;
    o2p_physical physical;
    bool bounds;                      /* wanted */
    bool id;                          /* entries are ids ... */
    bool hex;                         /* ... written as hex text */
    const o2p_dictionary *dictionary; /* of text */
    const uint32_t *places; /* with RLE_DICTIONARY: a value's place in the chunk's dictionary */
    uint32_t place_count;
    uint64_t all_bytes; /* about what all its values take on pages */
} o2p_leaf_writer;

/* Values of a leaf that go to a page, and the rows (child rows, where there are two levels) that
 * they are of. */
typedef struct o2p_value_range {
    uint32_t first, count;
    uint32_t row, row_end;
} o2p_value_range;

static inline uint32_t *o2p_u32s(o2p_buffer *buffer)
{
    return (uint32_t *)(void *)buffer->data;
}

/* A scratch array of at least `count` u32 in `buffer`, unset. */
static inline uint32_t *o2p_u32_room(o2p_buffer *buffer, size_t count)
{
    buffer->size = 0;
    return (uint32_t *)o2p_buffer_extend(buffer, count * 4 + 4);
}

static inline uint32_t o2p_physical_width(o2p_physical physical)
{
    return physical == O2P_PHYSICAL_BOOLEAN ? 1 : physical == O2P_PHYSICAL_INT32 ? 4 : 8;
}

static inline const o2p_rows *o2p_rows_of(const o2p_encoder *e, o2p_table table, o2p_source source)
{
    return source == O2P_SOURCE_ROW ? e->store->tables[table] : e->store->groups[source];
}

/* The metric of logs and traces is row 0, which is none of theirs. */
static inline bool o2p_has_source(o2p_table table, o2p_source source)
{
    return source != O2P_SOURCE_METRIC || o2p_tables[table].signal == O2P_SIGNAL_METRICS;
}

/* Whether what is made once for each list of a MAP serves several rows. */
static inline bool o2p_lists_are_shared(const o2p_leaf *leaf)
{
    enum { ROWS_A_LIST = 3 };
    return leaf->list_count < o2p_leaf_list_rows(leaf) / ROWS_A_LIST;
}

/* Whether a leaf may have a text more often than the input had: rows repeat what their resource,
 * scope or metric has. Such texts are in a dictionary however large, since plain they would take
 * more than a multiple of the input. */
static inline bool o2p_repeats_input(const o2p_layout_leaf *spec)
{
    return spec->source != O2P_SOURCE_ROW || spec->form == O2P_FORM_NOTED;
}

/* row_groups.c: weighs the table that is laid out; how many of the next rows make a row group. */
void o2p_row_groups_prepare(o2p_encoder *e);
uint32_t o2p_row_group_rows(o2p_encoder *e, const uint32_t *selected, const uint32_t *runs,
                            uint32_t count);

/* localise.c: numbers the entries that the leaf uses: sets w->places and place_count, and the
 * encoder's used. False when memory is refused. Then: how many values have each place, before the
 * leaf is expanded; NULL when memory is refused. */
bool o2p_localise(o2p_leaf_writer *w);
const uint32_t *o2p_place_uses(const o2p_leaf_writer *w);

/* bounds.c: least and greatest of values, if they are wanted and there are any. `stored` has room
 * for two values of 8 bytes, and lasts as long as the bounds. */
void o2p_find_bounds(const o2p_leaf_writer *w, o2p_value_range v, uint8_t *stored,
                     o2p_bounds *bounds);
/* Before the bounds of a leaf with places, if they are wanted. */
void o2p_bounds_prepare(const o2p_leaf_writer *w);

/* places.c: bits of an index of the chunk's dictionary, of which w->place_count is known; values as
 * such indices. */
unsigned o2p_place_width(const o2p_leaf_writer *w);
void o2p_put_places(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out);

/* Whether levels, and the indices of lists, are in short runs: see lib/README.md. */
bool o2p_short_runs(const o2p_leaf_writer *w);

/* values.c: values in the leaf's encoding; a text or id, and numbers, PLAIN. */
void o2p_put_values(const o2p_leaf_writer *w, o2p_value_range v, o2p_buffer *out);
void o2p_put_entry(const o2p_leaf_writer *w, const o2p_entry *entry, o2p_buffer *out);
void o2p_put_numbers(const o2p_leaf_writer *w, const uint64_t *words, uint32_t count,
                     o2p_buffer *out);

/* pages.c: all data pages of a leaf; the dictionary of a leaf whose values are all the default. */
void o2p_write_pages(o2p_leaf_writer *w);
void o2p_write_default_dictionary(o2p_leaf_writer *w);

/* text_leaf.c, number_leaf.c: the chunk of a leaf. False when memory is refused. */
bool o2p_write_text(o2p_leaf_writer *w);
bool o2p_write_numbers(o2p_leaf_writer *w);

/* duplicates.c: makes the leaf of DuplicateAttributes over the `count` rows of the row group. False
 * when memory is refused. */
bool o2p_gather_duplicates(o2p_encoder *e, o2p_table table, uint32_t count, o2p_leaf *leaf);

/* list_leaf.c: makes a leaf of lists of attributes; the dictionary that its indices are of, unless
 * it is the column's (NULL); about how many bytes the texts of the lists of a source's row take.
 * False when memory is refused. */
bool o2p_gather_list_leaf(o2p_encoder *e, const o2p_layout_leaf *spec, const uint32_t *selected,
                          uint32_t count, o2p_leaf *leaf);
const o2p_dictionary *o2p_list_texts(const o2p_encoder *e, o2p_form form);
uint64_t o2p_list_bytes(const o2p_encoder *e, o2p_source source, uint32_t row);

#endif
