/* schema.c - the tables of schema.def as constant data, and their Parquet schemas. */
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

/* Field ids leave room for the inner nodes of a column; see schema.h. */
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

/* ---- Parquet nodes ---- */

typedef struct node_list {
    o2p_parquet_node *nodes;
    size_t count;
} node_list;

static o2p_parquet_node *add_node(node_list *list, const char *name, o2p_repetition repetition,
                                  int32_t field_id)
{
    O2P_ASSERT(list->count < O2P_MAX_NODES);
    o2p_parquet_node *node = &list->nodes[list->count++];
    memset(node, 0, sizeof(*node));
    node->name = name;
    node->repetition = (uint8_t)repetition;
    node->field_id = field_id;
    return node;
}

static void add_group(node_list *list, const char *name, o2p_repetition repetition,
                      int32_t field_id, o2p_logical logical, size_t children)
{
    o2p_parquet_node *node = add_node(list, name, repetition, field_id);
    node->is_group = 1;
    node->logical = (uint8_t)logical;
    node->children = (uint8_t)children;
}

static void add_leaf(node_list *list, const char *name, o2p_repetition repetition, int32_t field_id,
                     o2p_column_type type)
{
    static const struct {
        uint8_t physical, logical;
    } leaf_types[] = {
        [O2P_TYPE_STRING] = {O2P_PHYSICAL_BYTE_ARRAY, O2P_LOGICAL_STRING},
        [O2P_TYPE_INT32] = {O2P_PHYSICAL_INT32, O2P_LOGICAL_NONE},
        [O2P_TYPE_INT64] = {O2P_PHYSICAL_INT64, O2P_LOGICAL_NONE},
        [O2P_TYPE_DOUBLE] = {O2P_PHYSICAL_DOUBLE, O2P_LOGICAL_NONE},
        [O2P_TYPE_BOOLEAN] = {O2P_PHYSICAL_BOOLEAN, O2P_LOGICAL_NONE},
        [O2P_TYPE_TIMESTAMP_MICROS] = {O2P_PHYSICAL_INT64, O2P_LOGICAL_TIMESTAMP_MICROS},
    };
    o2p_parquet_node *node = add_node(list, name, repetition, field_id);
    node->physical = leaf_types[type].physical;
    node->logical = leaf_types[type].logical;
}

static size_t member_count(const o2p_table_spec *spec, size_t parent)
{
    size_t count = 0;
    for (size_t i = parent + 1; i < spec->column_count; i++)
        count += spec->infos[i].parent == (int32_t)parent;
    return count;
}

static void add_list(node_list *list, const o2p_schema_column *info)
{
    add_group(list, info->name, O2P_REQUIRED, info->field_id, O2P_LOGICAL_LIST, 1);
    add_group(list, "list", O2P_REPEATED, info->field_id + 1, O2P_LOGICAL_NONE, 1);
}

static void add_column(node_list *list, const o2p_table_spec *spec, size_t i)
{
    const o2p_schema_column *info = &spec->infos[i];
    int32_t inner = info->field_id + 2;
    switch (info->type) {
    case O2P_TYPE_STRING_MAP:
        add_group(list, info->name, O2P_REQUIRED, info->field_id, O2P_LOGICAL_MAP, 1);
        add_group(list, "key_value", O2P_REPEATED, info->field_id + 1, O2P_LOGICAL_NONE, 2);
        add_leaf(list, "key", O2P_REQUIRED, inner, O2P_TYPE_STRING);
        add_leaf(list, "value", O2P_REQUIRED, inner + 1, O2P_TYPE_STRING);
        break;
    case O2P_TYPE_INT64_LIST:
    case O2P_TYPE_DOUBLE_LIST:
        add_list(list, info);
        add_leaf(list, "element", O2P_REQUIRED, inner,
                 info->type == O2P_TYPE_INT64_LIST ? O2P_TYPE_INT64 : O2P_TYPE_DOUBLE);
        break;
    case O2P_TYPE_STRUCT_LIST:
        add_list(list, info);
        add_group(list, "element", O2P_REQUIRED, inner, O2P_LOGICAL_NONE, member_count(spec, i));
        break;
    default:
        add_leaf(list, info->name, info->nullable ? O2P_OPTIONAL : O2P_REQUIRED, info->field_id,
                 info->type);
        break;
    }
}

size_t o2p_schema_nodes(o2p_table table, o2p_parquet_node *nodes)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    node_list list = {nodes, 0};
    for (size_t i = 0; i < spec->column_count; i++)
        add_column(&list, spec, i);
    return list.count;
}

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
