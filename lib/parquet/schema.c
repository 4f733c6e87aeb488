/* schema.c - see schema.h. */
#include "schema.h"

/* ConvertedType in parquet.thrift, which readers older than LogicalType go by. */
enum { NO_CONVERTED = -1, UTF8 = 0, MAP = 1, LIST = 3, TIMESTAMP_MICROS = 10, JSON = 19 };

/* Members of the LogicalType and TimeUnit unions. */
enum {
    LOGICAL_STRING = 1,
    LOGICAL_MAP = 2,
    LOGICAL_LIST = 3,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_JSON = 12,
    LOGICAL_VARIANT = 16
};
enum { VARIANT_VERSION = 1 };
enum { UNIT_MICROS = 2, UNIT_NANOS = 3 };

/* ---- leaves ---- */

static void add_leaf(o2p_buffer *leaves, const o2p_parquet_node *node, const uint16_t *path,
                     size_t depth)
{
    o2p_schema_leaf leaf;
    memset(&leaf, 0, sizeof(leaf));
    memcpy(leaf.path, path, depth * sizeof(path[0]));
    leaf.depth = (uint8_t)depth;
    leaf.order.physical = node->physical;
    leaf.order.text = node->logical == O2P_LOGICAL_STRING || node->logical == O2P_LOGICAL_JSON;
    o2p_buffer_append(leaves, &leaf, sizeof(leaf));
}

static void mark_sorted(const o2p_parquet_options *options, o2p_buffer *leaves)
{
    o2p_schema_leaf *all = (o2p_schema_leaf *)(void *)leaves->data;
    for (size_t i = 0; i < options->sorting_count; i++)
        if (options->sorting[i].leaf < leaves->size / sizeof(o2p_schema_leaf))
            all[options->sorting[i].leaf].sorted = true;
}

void o2p_schema_leaves(const o2p_parquet_options *options, o2p_buffer *leaves)
{
    uint16_t path[O2P_SCHEMA_DEPTH];
    unsigned expected[O2P_SCHEMA_DEPTH]; /* children still to come, of each open group */
    size_t depth = 0;
    leaves->size = 0;
    for (size_t i = 0; i < options->node_count; i++) {
        const o2p_parquet_node *node = &options->nodes[i];
        O2P_ASSERT(depth < O2P_SCHEMA_DEPTH);
        path[depth] = (uint16_t)i;
        if (node->is_group) {
            O2P_ASSERT(node->children > 0);
            expected[depth++] = node->children;
            continue;
        }
        add_leaf(leaves, node, path, depth + 1);
        while (depth > 0 && --expected[depth - 1] == 0)
            depth--;
    }
    mark_sorted(options, leaves);
}

/* ---- writing ---- */

static int32_t converted_type(uint8_t logical)
{
    switch (logical) {
    case O2P_LOGICAL_STRING:
        return UTF8;
    case O2P_LOGICAL_TIMESTAMP_MICROS:
        return TIMESTAMP_MICROS;
    case O2P_LOGICAL_MAP:
        return MAP;
    case O2P_LOGICAL_LIST:
        return LIST;
    case O2P_LOGICAL_JSON:
        return JSON;
    default:
        return NO_CONVERTED;
    }
}

/* A struct without fields, as most members of LogicalType and TimeUnit are. */
static void empty_struct(o2p_thrift *thrift, int16_t id)
{
    o2p_thrift_struct(thrift, id);
    o2p_thrift_end(thrift);
}

static void timestamp(o2p_thrift *thrift, int16_t unit)
{
    o2p_thrift_struct(thrift, LOGICAL_TIMESTAMP);
    o2p_thrift_bool(thrift, 1, true); /* isAdjustedToUTC */
    o2p_thrift_struct(thrift, 2);
    empty_struct(thrift, unit);
    o2p_thrift_end(thrift);
    o2p_thrift_end(thrift);
}

static void logical_type(o2p_thrift *thrift, uint8_t logical)
{
    switch (logical) {
    case O2P_LOGICAL_STRING:
        empty_struct(thrift, LOGICAL_STRING);
        break;
    case O2P_LOGICAL_TIMESTAMP_MICROS:
        timestamp(thrift, UNIT_MICROS);
        break;
    case O2P_LOGICAL_TIMESTAMP_NANOS:
        timestamp(thrift, UNIT_NANOS);
        break;
    case O2P_LOGICAL_MAP:
        empty_struct(thrift, LOGICAL_MAP);
        break;
    case O2P_LOGICAL_LIST:
        empty_struct(thrift, LOGICAL_LIST);
        break;
    case O2P_LOGICAL_JSON:
        empty_struct(thrift, LOGICAL_JSON);
        break;
    case O2P_LOGICAL_VARIANT:
        o2p_thrift_struct(thrift, LOGICAL_VARIANT);
        o2p_thrift_i8(thrift, 1, VARIANT_VERSION);
        o2p_thrift_end(thrift);
        break;
    default:
        break;
    }
}

static void write_node(o2p_thrift *thrift, const o2p_parquet_node *node)
{
    o2p_thrift_element_struct(thrift);
    if (!node->is_group)
        o2p_thrift_i32(thrift, 1, node->physical);
    o2p_thrift_i32(thrift, 3, node->repetition);
    o2p_thrift_text(thrift, 4, node->name);
    if (node->is_group)
        o2p_thrift_i32(thrift, 5, node->children);
    if (converted_type(node->logical) != NO_CONVERTED)
        o2p_thrift_i32(thrift, 6, converted_type(node->logical));
    o2p_thrift_i32(thrift, 9, node->field_id);
    if (node->logical != O2P_LOGICAL_NONE) {
        o2p_thrift_struct(thrift, 10);
        logical_type(thrift, node->logical);
        o2p_thrift_end(thrift);
    }
    o2p_thrift_end(thrift);
}

/* The root's children: nodes that are not below another one. */
static int32_t top_level(const o2p_parquet_options *options)
{
    int32_t count = 0;
    size_t below = 0; /* nodes still to come under the groups seen */
    for (size_t i = 0; i < options->node_count; i++) {
        if (below == 0)
            count++;
        else
            below--;
        below += options->nodes[i].is_group ? options->nodes[i].children : 0;
    }
    return count;
}

void o2p_schema_write(o2p_thrift *thrift, const o2p_parquet_options *options)
{
    o2p_thrift_list(thrift, 2, O2P_THRIFT_STRUCT, options->node_count + 1);
    o2p_thrift_element_struct(thrift);
    o2p_thrift_text(thrift, 4, "schema");
    o2p_thrift_i32(thrift, 5, top_level(options));
    o2p_thrift_end(thrift);
    for (size_t i = 0; i < options->node_count; i++)
        write_node(thrift, &options->nodes[i]);
}

void o2p_schema_write_path(o2p_thrift *thrift, int16_t id, const o2p_parquet_options *options,
                           const o2p_schema_leaf *leaf)
{
    o2p_thrift_list(thrift, id, O2P_THRIFT_BINARY, leaf->depth);
    for (size_t i = 0; i < leaf->depth; i++) {
        const char *name = options->nodes[leaf->path[i]].name;
        o2p_thrift_element_binary(thrift, name, strlen(name));
    }
}
