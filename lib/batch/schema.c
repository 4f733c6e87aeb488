/* schema.c - the tables of schema.def as constant data. */
#include "schema.h"

/* The public type of each kind. NANOS is an int below 1000; ids are hex text. */
enum {
    TYPE_OF_STRING = O2P_TYPE_STRING,
    TYPE_OF_ID = O2P_TYPE_STRING,
    TYPE_OF_TIME = O2P_TYPE_TIMESTAMP_MICROS,
    TYPE_OF_NANOS = O2P_TYPE_INT32,
    TYPE_OF_INT32 = O2P_TYPE_INT32,
    TYPE_OF_INT64 = O2P_TYPE_INT64,
    TYPE_OF_DOUBLE = O2P_TYPE_DOUBLE,
    TYPE_OF_BOOL = O2P_TYPE_BOOLEAN,
    TYPE_OF_MAP = O2P_TYPE_STRING_MAP,
    TYPE_OF_INT64_LIST = O2P_TYPE_INT64_LIST,
    TYPE_OF_DOUBLE_LIST = O2P_TYPE_DOUBLE_LIST,
    TYPE_OF_STRUCT_LIST = O2P_TYPE_STRUCT_LIST
};

/* Field ids leave room for the inner nodes of a column; see layout.c. */
enum { FIELD_IDS_PER_COLUMN = 8 };

/* A column's facts as constants, so that the arrays below can be initialised from its id alone. */
#define COLUMN(id, number, name, kind, nullable, source, of, statistics, doc)                      \
    static const char name_##id[] = name;                                                          \
    static const char doc_##id[] = doc;                                                            \
    enum {                                                                                         \
        TYPE_##id = (int)TYPE_OF_##kind,                                                           \
        NULLABLE_##id = nullable,                                                                  \
        FIELD_ID_##id = (number)*FIELD_IDS_PER_COLUMN                                              \
    };
#include "schema.def"

const o2p_column_spec o2p_columns[O2P_COL_COUNT] = {
#define O2P_STATISTICS_NULLS O2P_STATISTICS_NULLS_ONLY
#define COLUMN(id, number, name, kind, nullable, source, of, statistics, doc)                      \
    {O2P_KIND_##kind, nullable, O2P_SOURCE_##source, O2P_COL_##of, O2P_STATISTICS_##statistics},
#include "schema.def"
};

/* Positions of the columns in their tables. */
#define TABLE(table, name, signal) enum {
#define IN(table, id) POSITION_##table##_##id,
#define TABLE_END(table)                                                                           \
    COUNT_##table                                                                                  \
    }                                                                                              \
    ;
#include "schema.def"

#define TABLE(table, name, signal) static const uint8_t columns_##table[] = {
#define IN(table, id) O2P_COL_##id,
#define TABLE_END(table)                                                                           \
    }                                                                                              \
    ;
#include "schema.def"

#define TABLE(table, name, signal) static const o2p_schema_column infos_##table[] = {
#define INFO(id, parent)                                                                           \
    {name_##id, doc_##id, (o2p_column_type)TYPE_##id, NULLABLE_##id != 0, parent, FIELD_ID_##id},
#define IN(table, id) INFO(id, -1)
#define MEMBER(table, parent, id) INFO(id, POSITION_##table##_##parent)
#define TABLE_END(table)                                                                           \
    }                                                                                              \
    ;
#include "schema.def"

#define TIME_OF_LOGS O2P_COL_Timestamp
#define TIME_OF_TRACES O2P_COL_Timestamp
#define TIME_OF_METRICS O2P_COL_TimeUnix

const o2p_table_spec o2p_tables[O2P_TABLE_COUNT] = {
#define TABLE(table, name, signal)                                                                 \
    {name, O2P_SIGNAL_##signal, columns_##table, infos_##table, COUNT_##table, TIME_OF_##signal},
#include "schema.def"
};

/* ---- the public view ---- */

static bool is_table(o2p_table table)
{
    return (unsigned)table < O2P_TABLE_COUNT;
}

size_t o2p_schema_columns(o2p_table table, const o2p_schema_column **columns)
{
    *columns = is_table(table) ? o2p_tables[table].infos : NULL;
    return is_table(table) ? o2p_tables[table].column_count : 0;
}

const char *o2p_table_name(o2p_table table)
{
    return is_table(table) ? o2p_tables[table].name : NULL;
}

o2p_signal o2p_table_signal(o2p_table table)
{
    return is_table(table) ? o2p_tables[table].signal : O2P_SIGNAL_AUTO;
}

const char *o2p_signal_name(o2p_signal signal)
{
    static const char *const names[] = {"auto", "logs", "traces", "metrics"};
    return (unsigned)signal <= O2P_SIGNAL_METRICS ? names[signal] : NULL;
}
