/* schema.h - the tables as the library sees them: every form derived from schema.def.
 * How files have them is in layout.h.
 */
#ifndef O2P_BATCH_SCHEMA_H
#define O2P_BATCH_SCHEMA_H

#include "../parquet/file.h"

/* How the cells of a column are kept; see column.h. */
typedef enum o2p_kind {
    O2P_KIND_STRING,
    O2P_KIND_ID,
    O2P_KIND_TIME,
    O2P_KIND_NANOS,
    O2P_KIND_INT32,
    O2P_KIND_INT64,
    O2P_KIND_DOUBLE,
    O2P_KIND_BOOL,
    O2P_KIND_MAP,
    O2P_KIND_INT64_LIST,
    O2P_KIND_DOUBLE_LIST,
    O2P_KIND_STRUCT_LIST
} o2p_kind;

/* Where the cells of a column are kept. */
typedef enum o2p_source {
    O2P_SOURCE_ROW,
    O2P_SOURCE_RESOURCE,
    O2P_SOURCE_SCOPE,
    O2P_SOURCE_METRIC
} o2p_source;

/* All columns of all tables: O2P_COL_Timestamp, ... */
typedef enum o2p_col {
#define COLUMN(id, number, name, kind, nullable, source, of, statistics, doc) O2P_COL_##id,
#include "schema.def"
    O2P_COL_COUNT,
    O2P_COL_NONE = O2P_COL_COUNT
} o2p_col;

/* What the library alone needs to know of a column; the rest is in the public o2p_schema_column. */
typedef struct o2p_column_spec {
    uint8_t kind; /* o2p_kind */
    uint8_t nullable;
    uint8_t source;     /* o2p_source */
    uint8_t of;         /* o2p_col of the TIME a NANOS completes, of the MAP that a STRING has the
                           letters of, or O2P_COL_NONE */
    uint8_t statistics; /* o2p_statistics */
} o2p_column_spec;

extern const o2p_column_spec o2p_columns[O2P_COL_COUNT];

typedef struct o2p_table_spec {
    const char *name;
    o2p_signal signal;
    const uint8_t *columns;         /* o2p_col in file order, members after their STRUCT_LIST */
    const o2p_schema_column *infos; /* the same columns as the public header describes them */
    size_t column_count;
    o2p_col time; /* the column rows are sorted and partitioned by */
} o2p_table_spec;

extern const o2p_table_spec o2p_tables[O2P_TABLE_COUNT];

#endif
