/* footer.c - see footer.h.
 *
 * Thrift's compact protocol, as far as it occurs here:
 *
 *   field header   (id - previous id) << 4 | type      when the difference is 1..15
 *                  type, zigzag varint id              otherwise
 *   end of struct  0x00
 *   bool           no bytes: the type is the value, 1 true, 2 false; as a list element a byte
 *   i8             one byte
 *   i16 i32 i64    zigzag varint
 *   double         8 bytes
 *   binary         varint length, bytes
 *   list, set      count << 4 | element type           when the count is below 15
 *                  0xF0 | element type, varint count   otherwise
 *   map            0x00, or varint count, key type << 4 | value type, pairs
 *
 * The first error sticks: it moves the reader to the end of the bytes, where every read gives zero
 * and every struct and list ends. So the code below reads as if nothing could go wrong.
 *
 * Memory: lists grow as elements are read and not by the count they claim, and each element of ours
 * (at most 250 bytes) must have its required fields, which take 3 bytes or more.
 */
#include "footer.h"

#include <stdlib.h>
#include <string.h>

enum {
    T_STOP = 0,
    T_TRUE = 1,
    T_FALSE = 2,
    T_BYTE = 3,
    T_I16 = 4,
    T_I32 = 5,
    T_I64 = 6,
    T_DOUBLE = 7,
    T_BINARY = 8,
    T_LIST = 9,
    T_SET = 10,
    T_MAP = 11,
    T_STRUCT = 12
};

/* Deepest nesting of values that are skipped: fields of a newer format. */
enum { SKIP_DEPTH = 32 };

struct reader {
    const uint8_t *begin;
    const uint8_t *next;
    const uint8_t *end;
    const char *where; /* the struct that is read */
    struct footer_error *error;
};

/* A field header; `last` carries the id from one field to the next. */
struct field {
    int32_t id;
    unsigned type;
};

static void fail(struct reader *r, const char *message)
{
    if (r->error->message != NULL)
        return;
    r->error->message = message;
    r->error->where = r->where;
    r->error->offset = (size_t)(r->next - r->begin);
    r->next = r->end;
}

static bool failed(const struct reader *r)
{
    return r->error->message != NULL;
}

/* ---- the protocol -------------------------------------------------------------------------- */

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->next);
}

static unsigned read_byte(struct reader *r)
{
    if (r->next < r->end)
        return *r->next++;
    fail(r, "the footer ends in a value");
    return 0;
}

static uint64_t read_varint(struct reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = read_byte(r);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    fail(r, "a number has more than 64 bits");
    return 0;
}

static int64_t read_zigzag(struct reader *r)
{
    uint64_t value = read_varint(r);
    uint64_t bits = (value >> 1) ^ (0 - (value & 1));
    int64_t number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static struct footer_bytes read_bytes(struct reader *r)
{
    uint64_t size = read_varint(r);
    if (size > left(r)) {
        fail(r, "a length points past the end of the footer");
        return (struct footer_bytes){NULL, 0};
    }
    struct footer_bytes bytes = {r->next, (size_t)size};
    r->next += size;
    return bytes;
}

/* Reads the header of the next field of a struct; false at its end. */
static bool next_field(struct reader *r, struct field *field)
{
    unsigned header = read_byte(r);
    if (failed(r) || header == T_STOP)
        return false;
    unsigned step = header >> 4;
    int64_t id = step > 0 ? field->id + (int64_t)step : read_zigzag(r);
    if (id < INT16_MIN || id > INT16_MAX) {
        fail(r, "a field's number has more than 16 bits");
        return false;
    }
    field->id = (int32_t)id;
    field->type = header & 0x0F;
    return !failed(r);
}

/* Reads a list's header. A count that the bytes left cannot hold is refused: an element takes at
 * least one. */
static size_t read_list(struct reader *r, unsigned *element)
{
    unsigned header = read_byte(r);
    uint64_t count = header >> 4;
    *element = header & 0x0F;
    if (count == 15)
        count = read_varint(r);
    if (count > left(r)) {
        fail(r, "a list has more elements than the footer has bytes");
        return 0;
    }
    return (size_t)count;
}

static void skip(struct reader *r, unsigned type, unsigned depth, bool element);

static void skip_struct(struct reader *r, unsigned depth)
{
    struct field field = {0, T_STOP};
    while (next_field(r, &field))
        skip(r, field.type, depth, false);
}

static void skip_list(struct reader *r, unsigned depth)
{
    unsigned element;
    size_t count = read_list(r, &element);
    for (size_t i = 0; i < count && !failed(r); i++)
        skip(r, element, depth, true);
}

static void skip_map(struct reader *r, unsigned depth)
{
    uint64_t count = read_varint(r);
    unsigned types = count > 0 ? read_byte(r) : 0;
    for (uint64_t i = 0; i < count && !failed(r); i++) {
        skip(r, types >> 4, depth, true);
        skip(r, types & 0x0F, depth, true);
    }
}

/* Passes over a value; `element`: of a list or map, where a bool has a byte. */
static void skip(struct reader *r, unsigned type, unsigned depth, bool element)
{
    if (depth == SKIP_DEPTH) {
        fail(r, "values are nested too deeply");
        return;
    }
    switch (type) {
    case T_TRUE:
    case T_FALSE:
        if (element)
            read_byte(r);
        break;
    case T_BYTE:
        read_byte(r);
        break;
    case T_I16:
    case T_I32:
    case T_I64:
        read_varint(r);
        break;
    case T_DOUBLE:
        if (left(r) < 8)
            fail(r, "the footer ends in a value");
        else
            r->next += 8;
        break;
    case T_BINARY:
        read_bytes(r);
        break;
    case T_LIST:
    case T_SET:
        skip_list(r, depth + 1);
        break;
    case T_MAP:
        skip_map(r, depth + 1);
        break;
    case T_STRUCT:
        skip_struct(r, depth + 1);
        break;
    default:
        fail(r, "a field has no known type");
    }
}

/* ---- fields of the types expected ---------------------------------------------------------- */

static bool expect(struct reader *r, const struct field *field, unsigned type)
{
    if (field->type != type)
        fail(r, "a field has another type than the format gives it");
    return !failed(r);
}

static void skip_field(struct reader *r, const struct field *field)
{
    skip(r, field->type, 0, false);
}

static int64_t field_i64(struct reader *r, const struct field *field)
{
    return expect(r, field, T_I64) ? read_zigzag(r) : 0;
}

static int32_t narrow(struct reader *r, int64_t value)
{
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    fail(r, "a number has more than 32 bits");
    return 0;
}

static int32_t field_i32(struct reader *r, const struct field *field)
{
    return expect(r, field, T_I32) ? narrow(r, read_zigzag(r)) : 0;
}

static int32_t field_i8(struct reader *r, const struct field *field)
{
    return expect(r, field, T_BYTE) ? (int32_t)(int8_t)read_byte(r) : 0;
}

static bool field_bool(struct reader *r, const struct field *field)
{
    if (field->type != T_TRUE)
        expect(r, field, T_FALSE);
    return field->type == T_TRUE;
}

static struct footer_bytes field_bytes(struct reader *r, const struct field *field)
{
    return expect(r, field, T_BINARY) ? read_bytes(r) : (struct footer_bytes){NULL, 0};
}

static struct footer_number present(int64_t value)
{
    return (struct footer_number){true, value};
}

/* Number of elements of the list in `field`, which are of `type`. */
static size_t field_list(struct reader *r, const struct field *field, unsigned type)
{
    unsigned element = 0;
    size_t count = expect(r, field, T_LIST) ? read_list(r, &element) : 0;
    if (count > 0 && element != type)
        fail(r, "a list has elements of another type than the format gives it");
    return failed(r) ? 0 : count;
}

/* Adds a zeroed element to a list; NULL when there is no memory. */
static void *push(struct reader *r, struct footer_list *list, size_t size)
{
    if (failed(r))
        return NULL;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        void *items = capacity > SIZE_MAX / size ? NULL : realloc(list->items, capacity * size);
        if (items == NULL) {
            fail(r, "no memory for the footer");
            r->error->out_of_memory = true;
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    return memset((uint8_t *)list->items + size * list->count++, 0, size);
}

/* Fails unless all the bits of `required` are among those of `seen`: a bit a field. */
static void require(struct reader *r, uint32_t seen, uint32_t required)
{
    if ((seen & required) != required)
        fail(r, "a required field is missing");
}

static uint32_t bit(int32_t id)
{
    return id >= 0 && id < 32 ? UINT32_C(1) << id : 0;
}

/* ---- the schema ---------------------------------------------------------------------------- */

/* TimeUnit: a union of empty structs. */
static int32_t read_unit(struct reader *r, const struct field *outer)
{
    int32_t unit = 0;
    struct field field = {0, T_STOP};
    if (!expect(r, outer, T_STRUCT))
        return 0;
    while (next_field(r, &field)) {
        unit = field.id;
        skip_field(r, &field);
    }
    return unit;
}

static void read_decimal(struct reader *r, struct footer_logical *logical)
{
    struct field field = {0, T_STOP};
    while (next_field(r, &field)) {
        if (field.id == 1)
            logical->scale = field_i32(r, &field);
        else if (field.id == 2)
            logical->precision = field_i32(r, &field);
        else
            skip_field(r, &field);
    }
}

/* TimeType and TimestampType. */
static void read_time(struct reader *r, struct footer_logical *logical)
{
    struct field field = {0, T_STOP};
    while (next_field(r, &field)) {
        if (field.id == 1)
            logical->utc = field_bool(r, &field);
        else if (field.id == 2)
            logical->unit = read_unit(r, &field);
        else
            skip_field(r, &field);
    }
}

static void read_integer(struct reader *r, struct footer_logical *logical)
{
    struct field field = {0, T_STOP};
    while (next_field(r, &field)) {
        if (field.id == 1)
            logical->bits = field_i8(r, &field);
        else if (field.id == 2)
            logical->is_signed = field_bool(r, &field);
        else
            skip_field(r, &field);
    }
}

static void read_logical(struct reader *r, const struct field *outer,
                         struct footer_logical *logical)
{
    struct field field = {0, T_STOP};
    if (!expect(r, outer, T_STRUCT))
        return;
    r->where = "LogicalType";
    while (next_field(r, &field)) {
        if (!expect(r, &field, T_STRUCT))
            return;
        logical->kind = field.id;
        if (field.id == FOOTER_LOGICAL_DECIMAL)
            read_decimal(r, logical);
        else if (field.id == FOOTER_LOGICAL_TIME || field.id == FOOTER_LOGICAL_TIMESTAMP)
            read_time(r, logical);
        else if (field.id == FOOTER_LOGICAL_INTEGER)
            read_integer(r, logical);
        else
            skip_field(r, &field);
    }
    r->where = "SchemaElement";
}

static uint32_t field_children(struct reader *r, const struct field *field)
{
    int32_t children = field_i32(r, field);
    if (children < 0)
        fail(r, "a negative number of children");
    return failed(r) ? 0 : (uint32_t)children;
}

static void read_node_field(struct reader *r, const struct field *field, struct footer_node *node)
{
    switch (field->id) {
    case 1:
        node->type = present(field_i32(r, field));
        break;
    case 2:
        node->type_length = present(field_i32(r, field));
        break;
    case 3:
        node->repetition = present(field_i32(r, field));
        break;
    case 4:
        node->name = field_bytes(r, field);
        break;
    case 5:
        node->children = field_children(r, field);
        break;
    case 6:
        node->converted = present(field_i32(r, field));
        break;
    case 7:
        node->scale = field_i32(r, field);
        break;
    case 8:
        node->precision = field_i32(r, field);
        break;
    case 9:
        node->field_id = present(field_i32(r, field));
        break;
    case 10:
        read_logical(r, field, &node->logical);
        break;
    default:
        skip_field(r, field);
    }
}

static void read_node(struct reader *r, struct footer *footer)
{
    struct footer_node *node = push(r, &footer->nodes, sizeof *node);
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (node == NULL)
        return;
    r->where = "SchemaElement";
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        read_node_field(r, &field, node);
    }
    require(r, seen, bit(4));
}

/* Gives every node its depth and notes the leaves; the children must come out even. */
static void link_schema(struct reader *r, struct footer *footer)
{
    uint32_t missing[FOOTER_SCHEMA_DEPTH]; /* children still to come, per open group */
    uint32_t depth = 0;
    for (size_t i = 0; i < footer->nodes.count && !failed(r); i++) {
        struct footer_node *node = (struct footer_node *)footer->nodes.items + i;
        if (i > 0 && depth == 0) {
            fail(r, "the schema has nodes that belong to no group");
            return;
        }
        node->depth = depth;
        if (i > 0)
            missing[depth - 1]--;
        if (node->type.present && i > 0) {
            size_t *leaf = push(r, &footer->leaves, sizeof *leaf);
            if (leaf != NULL)
                *leaf = i;
            node->children = 0; /* a column has none, whatever it says */
        } else if (depth == FOOTER_SCHEMA_DEPTH) {
            fail(r, "the schema is nested too deeply");
            return;
        } else {
            missing[depth++] = node->children;
        }
        while (depth > 0 && missing[depth - 1] == 0)
            depth--;
    }
    if (depth > 0 || footer->nodes.count == 0)
        fail(r, "the schema has fewer nodes than its groups have children");
}

/* ---- row groups ---------------------------------------------------------------------------- */

static void read_encodings(struct reader *r, const struct field *field, struct footer_chunk *chunk)
{
    size_t count = field_list(r, field, T_I32);
    chunk->encodings = 0;
    for (size_t i = 0; i < count && !failed(r); i++) {
        int64_t encoding = read_zigzag(r);
        if (encoding < 0 || encoding > 63)
            fail(r, "no encoding has this number");
        else
            chunk->encodings |= UINT64_C(1) << encoding;
    }
}

static void read_path(struct reader *r, const struct field *field, struct footer *footer,
                      struct footer_chunk *chunk)
{
    size_t count = field_list(r, field, T_BINARY);
    chunk->first_name = footer->names.count;
    for (size_t i = 0; i < count && !failed(r); i++) {
        struct footer_bytes *name = push(r, &footer->names, sizeof *name);
        if (name != NULL)
            *name = read_bytes(r);
    }
    chunk->name_count = footer->names.count - chunk->first_name;
}

/* Statistics. The deprecated min and max compare bytes as signed, so they mean something for
 * numbers alone: physical types 0 (BOOLEAN), 1 (INT32), 2 (INT64), 4 (FLOAT), 5 (DOUBLE). */
static void read_statistics(struct reader *r, const struct field *outer, struct footer_chunk *chunk)
{
    struct footer_bytes old_min = {NULL, 0};
    struct footer_bytes old_max = {NULL, 0};
    struct field field = {0, T_STOP};
    if (!expect(r, outer, T_STRUCT))
        return;
    r->where = "Statistics";
    while (next_field(r, &field)) {
        switch (field.id) {
        case 1:
            old_max = field_bytes(r, &field);
            break;
        case 2:
            old_min = field_bytes(r, &field);
            break;
        case 3:
            chunk->nulls = present(field_i64(r, &field));
            break;
        case 4:
            chunk->distinct = present(field_i64(r, &field));
            break;
        case 5:
            chunk->max = field_bytes(r, &field);
            break;
        case 6:
            chunk->min = field_bytes(r, &field);
            break;
        case 7:
            chunk->max_inexact = !field_bool(r, &field);
            break;
        case 8:
            chunk->min_inexact = !field_bool(r, &field);
            break;
        default:
            skip_field(r, &field);
        }
    }
    bool numbers = chunk->type >= 0 && chunk->type <= 5 && chunk->type != 3;
    if (chunk->min.bytes == NULL && chunk->max.bytes == NULL && numbers) {
        chunk->min = old_min;
        chunk->max = old_max;
    }
    r->where = "ColumnMetaData";
}

static void read_metadata_field(struct reader *r, const struct field *field, struct footer *footer,
                                struct footer_chunk *chunk)
{
    switch (field->id) {
    case 1:
        chunk->type = field_i32(r, field);
        break;
    case 2:
        read_encodings(r, field, chunk);
        break;
    case 3:
        read_path(r, field, footer, chunk);
        break;
    case 4:
        chunk->codec = field_i32(r, field);
        break;
    case 5:
        chunk->values = field_i64(r, field);
        break;
    case 6:
        chunk->uncompressed_bytes = field_i64(r, field);
        break;
    case 7:
        chunk->compressed_bytes = field_i64(r, field);
        break;
    case 9:
        chunk->data_page_offset = field_i64(r, field);
        break;
    case 11:
        chunk->dictionary_page_offset = present(field_i64(r, field));
        break;
    case 12:
        read_statistics(r, field, chunk);
        break;
    case 14:
        chunk->bloom_filter_offset = present(field_i64(r, field));
        break;
    default:
        skip_field(r, field);
    }
}

static void read_metadata(struct reader *r, const struct field *outer, struct footer *footer,
                          struct footer_chunk *chunk)
{
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (!expect(r, outer, T_STRUCT))
        return;
    r->where = "ColumnMetaData";
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        read_metadata_field(r, &field, footer, chunk);
    }
    require(r, seen, bit(1) | bit(2) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7) | bit(9));
    r->where = "ColumnChunk";
}

static void read_chunk(struct reader *r, struct footer *footer)
{
    struct footer_chunk *chunk = push(r, &footer->chunks, sizeof *chunk);
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (chunk == NULL)
        return;
    r->where = "ColumnChunk";
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        if (field.id == 3)
            read_metadata(r, &field, footer, chunk);
        else if (field.id == 4)
            chunk->offset_index_offset = present(field_i64(r, &field));
        else if (field.id == 6)
            chunk->column_index_offset = present(field_i64(r, &field));
        else
            skip_field(r, &field);
    }
    if ((seen & bit(8)) != 0 && (seen & bit(3)) == 0)
        fail(r, "the column's metadata is encrypted");
    require(r, seen, bit(3));
}

static void read_sorting(struct reader *r, struct footer *footer)
{
    struct footer_sorting *sorting = push(r, &footer->sortings, sizeof *sorting);
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (sorting == NULL)
        return;
    r->where = "SortingColumn";
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        if (field.id == 1)
            sorting->column = field_i32(r, &field);
        else if (field.id == 2)
            sorting->descending = field_bool(r, &field);
        else if (field.id == 3)
            sorting->nulls_first = field_bool(r, &field);
        else
            skip_field(r, &field);
    }
    require(r, seen, bit(1) | bit(2) | bit(3));
}

/* A field that is given twice has its last value, so what the first gave is dropped. */
static void read_chunks(struct reader *r, const struct field *field, struct footer *footer,
                        struct footer_group *group)
{
    size_t count = field_list(r, field, T_STRUCT);
    footer->chunks.count = group->first_chunk;
    for (size_t i = 0; i < count && !failed(r); i++)
        read_chunk(r, footer);
    group->chunk_count = footer->chunks.count - group->first_chunk;
    r->where = "RowGroup";
}

static void read_sortings(struct reader *r, const struct field *field, struct footer *footer,
                          struct footer_group *group)
{
    size_t count = field_list(r, field, T_STRUCT);
    footer->sortings.count = group->first_sorting;
    for (size_t i = 0; i < count && !failed(r); i++)
        read_sorting(r, footer);
    group->sorting_count = footer->sortings.count - group->first_sorting;
    r->where = "RowGroup";
}

static void read_group(struct reader *r, struct footer *footer)
{
    struct footer_group *group = push(r, &footer->groups, sizeof *group);
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (group == NULL)
        return;
    r->where = "RowGroup";
    group->first_chunk = footer->chunks.count;
    group->first_sorting = footer->sortings.count;
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        if (field.id == 1)
            read_chunks(r, &field, footer, group);
        else if (field.id == 2)
            group->bytes = field_i64(r, &field);
        else if (field.id == 3)
            group->rows = field_i64(r, &field);
        else if (field.id == 4)
            read_sortings(r, &field, footer, group);
        else
            skip_field(r, &field);
    }
    require(r, seen, bit(1) | bit(2) | bit(3));
}

/* What a chunk says must agree with the leaf of the schema it stands for. */
static void check_groups(struct reader *r, const struct footer *footer)
{
    r->where = "RowGroup";
    for (size_t i = 0; i < footer->groups.count; i++) {
        const struct footer_group *group = footer_group_at(footer, i);
        if (group->chunk_count != footer->leaves.count) {
            fail(r, "a row group has more or fewer columns than the schema");
            return;
        }
        for (size_t c = 0; c < group->chunk_count; c++)
            if (footer_chunk_at(footer, group->first_chunk + c)->type !=
                footer_leaf_at(footer, c)->type.value)
                fail(r, "a column has another type than in the schema");
    }
}

/* ---- the file ------------------------------------------------------------------------------ */

static void read_pair(struct reader *r, struct footer *footer)
{
    struct footer_pair *pair = push(r, &footer->pairs, sizeof *pair);
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    if (pair == NULL)
        return;
    r->where = "KeyValue";
    while (next_field(r, &field)) {
        seen |= bit(field.id);
        if (field.id == 1)
            pair->key = field_bytes(r, &field);
        else if (field.id == 2)
            pair->value = field_bytes(r, &field);
        else
            skip_field(r, &field);
    }
    require(r, seen, bit(1));
}

/* Reads a list of structs that replaces what `list` holds. */
static void read_structs(struct reader *r, const struct field *field, struct footer *footer,
                         struct footer_list *list,
                         void (*read_one)(struct reader *, struct footer *))
{
    size_t count = field_list(r, field, T_STRUCT);
    list->count = 0;
    for (size_t i = 0; i < count && !failed(r); i++)
        read_one(r, footer);
    r->where = "FileMetaData";
}

static void read_file_field(struct reader *r, const struct field *field, struct footer *footer)
{
    switch (field->id) {
    case 1:
        footer->version = field_i32(r, field);
        break;
    case 2:
        read_structs(r, field, footer, &footer->nodes, read_node);
        break;
    case 3:
        footer->rows = field_i64(r, field);
        break;
    case 4:
        read_structs(r, field, footer, &footer->groups, read_group);
        break;
    case 5:
        read_structs(r, field, footer, &footer->pairs, read_pair);
        break;
    case 6:
        footer->created_by = field_bytes(r, field);
        break;
    default:
        skip_field(r, field);
    }
}

bool footer_read(struct footer *footer, const uint8_t *bytes, size_t size,
                 struct footer_error *error)
{
    *footer = (struct footer){0};
    *error = (struct footer_error){.where = ""};
    static const uint8_t nothing = T_STOP; /* `bytes` may be NULL when `size` is 0 */
    const uint8_t *begin = size > 0 ? bytes : &nothing;
    struct reader r = {begin, begin, begin + size, "FileMetaData", error};
    struct field field = {0, T_STOP};
    uint32_t seen = 0;
    while (next_field(&r, &field)) {
        seen |= bit(field.id);
        read_file_field(&r, &field, footer);
    }
    require(&r, seen, bit(1) | bit(2) | bit(3) | bit(4));
    if (!failed(&r))
        link_schema(&r, footer);
    if (!failed(&r))
        check_groups(&r, footer);
    return !failed(&r);
}

bool footer_locate(const uint8_t tail[FOOTER_TAIL_SIZE], uint64_t file_size, uint64_t *offset,
                   size_t *size, struct footer_error *error)
{
    uint32_t length = (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 |
                      (uint32_t)tail[3] << 24;
    *error = (struct footer_error){.where = ""};
    if (memcmp(tail + 4, "PARE", 4) == 0)
        error->message = "the footer is encrypted";
    else if (memcmp(tail + 4, "PAR1", 4) != 0)
        error->message = "not a Parquet file: it does not end in PAR1";
    else if (file_size < FOOTER_MAGIC_SIZE + FOOTER_TAIL_SIZE ||
             length > file_size - FOOTER_MAGIC_SIZE - FOOTER_TAIL_SIZE)
        error->message = "the footer is said to be larger than the file";
    if (error->message != NULL)
        return false;
    *size = length;
    *offset = file_size - FOOTER_TAIL_SIZE - length;
    return true;
}

void footer_free(struct footer *footer)
{
    free(footer->nodes.items);
    free(footer->leaves.items);
    free(footer->groups.items);
    free(footer->chunks.items);
    free(footer->names.items);
    free(footer->sortings.items);
    free(footer->pairs.items);
    *footer = (struct footer){0};
}

const struct footer_node *footer_node_at(const struct footer *footer, size_t index)
{
    return (const struct footer_node *)footer->nodes.items + index;
}

const struct footer_node *footer_leaf_at(const struct footer *footer, size_t index)
{
    return footer_node_at(footer, ((const size_t *)footer->leaves.items)[index]);
}

const struct footer_group *footer_group_at(const struct footer *footer, size_t index)
{
    return (const struct footer_group *)footer->groups.items + index;
}

const struct footer_chunk *footer_chunk_at(const struct footer *footer, size_t index)
{
    return (const struct footer_chunk *)footer->chunks.items + index;
}

const struct footer_bytes *footer_name_at(const struct footer *footer, size_t index)
{
    return (const struct footer_bytes *)footer->names.items + index;
}

const struct footer_sorting *footer_sorting_at(const struct footer *footer, size_t index)
{
    return (const struct footer_sorting *)footer->sortings.items + index;
}

const struct footer_pair *footer_pair_at(const struct footer *footer, size_t index)
{
    return (const struct footer_pair *)footer->pairs.items + index;
}
