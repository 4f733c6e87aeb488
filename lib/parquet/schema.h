/* schema.h - the schema of a file: its leaves, found once a file, and its thrift form.
 *
 * The caller's nodes are a depth-first list; each leaf's path is found with a stack of how many
 * children the open groups still expect.
 */
#ifndef O2P_PARQUET_SCHEMA_H
#define O2P_PARQUET_SCHEMA_H

#include "statistics.h"

/* Deepest schema: a map inside the structs of a list is six nodes deep. */
enum { O2P_SCHEMA_DEPTH = 12 };

typedef struct o2p_schema_leaf {
    uint16_t path[O2P_SCHEMA_DEPTH]; /* node numbers from the top down, the leaf's own last */
    uint8_t depth;                   /* how many */
    bool sorted;                     /* one of the sorting columns */
    o2p_value_order order;
} o2p_schema_leaf;

/* Fills `leaves` (elements o2p_schema_leaf). */
void o2p_schema_leaves(const o2p_parquet_options *options, o2p_buffer *leaves);

/* Writes FileMetaData.schema: the root, then the nodes. */
void o2p_schema_write(o2p_thrift *thrift, const o2p_parquet_options *options);

/* Writes ColumnMetaData.path_in_schema as field `id`. */
void o2p_schema_write_path(o2p_thrift *thrift, int16_t id, const o2p_parquet_options *options,
                           const o2p_schema_leaf *leaf);

#endif
