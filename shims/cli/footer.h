/* footer.h - reads the footer of a Parquet file: the file's schema, row groups, column chunks,
 * statistics.
 *
 * For inspection only: it follows no offset into the file, so it needs the footer's bytes and no
 * more. The bytes may be hostile. Every read is checked against their end, no length is believed
 * before the bytes it promises are there, nesting is limited, and memory is at most a constant
 * times the bytes given.
 *
 * The end of a file, of which footer_locate reads the last eight bytes:
 *
 *   ...         pages
 *   footer      FileMetaData, Thrift compact protocol
 *   4 bytes     length of the footer, little-endian
 *   "PAR1"      "PARE" when the footer is encrypted
 */
#ifndef O2P_CLI_FOOTER_H
#define O2P_CLI_FOOTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deepest nesting of a schema; real ones have less than ten levels. */
enum { FOOTER_SCHEMA_DEPTH = 64 };

/* The eight bytes at the end, and the four that every file begins with. */
enum { FOOTER_TAIL_SIZE = 8, FOOTER_MAGIC_SIZE = 4 };

struct footer_error {
    const char *message; /* static text; NULL: no error */
    const char *where;   /* the Thrift struct that was read, static; "" if none */
    size_t offset;       /* into the footer */
    bool out_of_memory;  /* the memory to hold it was refused, the bytes may be good */
};

/* Bytes inside the footer. `bytes` is NULL when the field is absent. */
struct footer_bytes {
    const uint8_t *bytes;
    size_t size;
};

/* Elements of one type, one after the other. */
struct footer_list {
    void *items;
    size_t count;
    size_t capacity;
};

/* Values of LogicalType's union. */
typedef enum footer_logical_kind {
    FOOTER_LOGICAL_NONE = 0,
    FOOTER_LOGICAL_STRING = 1,
    FOOTER_LOGICAL_MAP = 2,
    FOOTER_LOGICAL_LIST = 3,
    FOOTER_LOGICAL_ENUM = 4,
    FOOTER_LOGICAL_DECIMAL = 5,
    FOOTER_LOGICAL_DATE = 6,
    FOOTER_LOGICAL_TIME = 7,
    FOOTER_LOGICAL_TIMESTAMP = 8,
    FOOTER_LOGICAL_INTEGER = 10,
    FOOTER_LOGICAL_UNKNOWN = 11,
    FOOTER_LOGICAL_JSON = 12,
    FOOTER_LOGICAL_BSON = 13,
    FOOTER_LOGICAL_UUID = 14,
    FOOTER_LOGICAL_FLOAT16 = 15,
    FOOTER_LOGICAL_VARIANT = 16,
    FOOTER_LOGICAL_GEOMETRY = 17,
    FOOTER_LOGICAL_GEOGRAPHY = 18
} footer_logical_kind;

typedef enum footer_unit { FOOTER_MILLIS = 1, FOOTER_MICROS = 2, FOOTER_NANOS = 3 } footer_unit;

struct footer_logical {
    int32_t kind;  /* a footer_logical_kind, or a newer one */
    bool utc;      /* TIME, TIMESTAMP: isAdjustedToUTC */
    int32_t unit;  /* TIME, TIMESTAMP: a footer_unit */
    int32_t scale; /* DECIMAL */
    int32_t precision;
    int32_t bits; /* INTEGER */
    bool is_signed;
};

/* A number that may be absent. */
struct footer_number {
    bool present;
    int64_t value;
};

/* A node of the schema. The nodes come in depth-first order; the first is the root. */
struct footer_node {
    struct footer_bytes name;
    struct footer_number type; /* physical; absent: a group */
    struct footer_number type_length;
    struct footer_number repetition; /* 0 required, 1 optional, 2 repeated */
    struct footer_number converted;
    struct footer_number field_id;
    int32_t scale; /* of a converted DECIMAL */
    int32_t precision;
    uint32_t children;
    uint32_t depth; /* 0: the root */
    struct footer_logical logical;
};

struct footer_chunk {
    int32_t type;
    int32_t codec;
    uint64_t encodings; /* bit e is set: encoding e is used */
    size_t first_name;  /* path_in_schema: names of the footer */
    size_t name_count;
    int64_t values;
    int64_t uncompressed_bytes;
    int64_t compressed_bytes;
    int64_t data_page_offset;
    struct footer_number dictionary_page_offset;
    struct footer_number nulls;
    struct footer_number distinct;
    struct footer_bytes min; /* as min_value, or as min where its order is beyond doubt */
    struct footer_bytes max;
    bool min_inexact; /* a bound, not a value of the chunk */
    bool max_inexact;
    struct footer_number bloom_filter_offset;
    struct footer_number column_index_offset;
    struct footer_number offset_index_offset;
};

struct footer_sorting {
    int32_t column; /* of the leaves, from 0 */
    bool descending;
    bool nulls_first;
};

struct footer_group {
    int64_t rows;
    int64_t bytes; /* uncompressed */
    size_t first_chunk;
    size_t chunk_count;
    size_t first_sorting;
    size_t sorting_count;
};

struct footer_pair {
    struct footer_bytes key;
    struct footer_bytes value;
};

struct footer {
    int32_t version;
    int64_t rows;
    struct footer_bytes created_by;
    struct footer_list nodes;  /* footer_node */
    struct footer_list leaves; /* size_t: the nodes that are columns */
    struct footer_list groups; /* footer_group */
    struct footer_list
        chunks; /* footer_chunk, of all row groups; as many a group as there are leaves */
    struct footer_list names;    /* footer_bytes: the parts of the chunks' paths */
    struct footer_list sortings; /* footer_sorting */
    struct footer_list pairs;    /* footer_pair: key-value metadata */
};

/* Finds the footer of a file of `file_size` bytes, of which `tail` are the last eight. */
bool footer_locate(const uint8_t tail[FOOTER_TAIL_SIZE], uint64_t file_size, uint64_t *offset,
                   size_t *size, struct footer_error *error);

/* Reads the footer in `bytes`, which `footer` refers to afterwards. `footer` is to be released with
 * footer_free in any case. */
bool footer_read(struct footer *footer, const uint8_t *bytes, size_t size,
                 struct footer_error *error);
void footer_free(struct footer *footer);

const struct footer_node *footer_node_at(const struct footer *footer, size_t index);
const struct footer_node *footer_leaf_at(const struct footer *footer, size_t index);
const struct footer_group *footer_group_at(const struct footer *footer, size_t index);
const struct footer_chunk *footer_chunk_at(const struct footer *footer, size_t index);
const struct footer_bytes *footer_name_at(const struct footer *footer, size_t index);
const struct footer_sorting *footer_sorting_at(const struct footer *footer, size_t index);
const struct footer_pair *footer_pair_at(const struct footer *footer, size_t index);

#endif
