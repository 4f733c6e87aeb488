/* variant.c - see variant.h.
 *
 * A list is read twice. First the names of all objects are collected and sorted, which numbers them
 * and puts the members of each object in order; then the values are written. What comes before the
 * values of an array or object depends on their size, so it is put in front of them at their end: a
 * byte is moved once for each level it is nested at, of which OTLP has fifty at most.
 */
#include "variant.h"

#include "../base/limits.h"
#include "../base/sort.h"
#include "../base/text_parse.h"
#include "plain_json.h"

enum { BASIC_PRIMITIVE = 0, BASIC_SHORT_TEXT = 1, BASIC_OBJECT = 2, BASIC_ARRAY = 3 };

enum {
    PRIMITIVE_NULL = 0,
    PRIMITIVE_TRUE = 1,
    PRIMITIVE_FALSE = 2,
    PRIMITIVE_INT8 = 3,
    PRIMITIVE_INT16 = 4,
    PRIMITIVE_INT32 = 5,
    PRIMITIVE_INT64 = 6,
    PRIMITIVE_DOUBLE = 7,
    PRIMITIVE_BINARY = 15,
    PRIMITIVE_STRING = 16
};

enum { VERSION = 1, SORTED_NAMES = 0x10, SHORT_TEXT_MAX = 63, SMALL_COUNT_MAX = 255 };

typedef struct field {
    const uint8_t *name;
    uint32_t size;
    uint32_t object; /* that it is a member of */
    uint32_t id;     /* of its name */
    uint32_t offset; /* of its value in the object */
    bool dropped;    /* its name came before in the object */
} field;

typedef struct object {
    uint32_t first; /* its members, in `members` */
    uint32_t count;
    uint32_t placed;
    uint32_t last; /* while names are numbered: the last of its members' + 1 */
} object;

/* ---- scratch ---- */

static void each_buffer(o2p_variant *variant, void (*visit)(o2p_buffer *buffer, o2p_memory *memory))
{
    o2p_buffer *all[] = {&variant->fields,   &variant->objects, &variant->order[0],
                         &variant->order[1], &variant->members, &variant->elements,
                         &variant->text};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        visit(all[i], variant->memory);
}

static void release_buffer(o2p_buffer *buffer, o2p_memory *memory)
{
    (void)memory;
    o2p_buffer_free(buffer);
}

void o2p_variant_init(o2p_variant *variant, o2p_memory *memory)
{
    memset(variant, 0, sizeof(*variant));
    variant->memory = memory;
    o2p_arena_init(&variant->arena, memory);
    each_buffer(variant, o2p_buffer_init);
}

void o2p_variant_free(o2p_variant *variant)
{
    each_buffer(variant, release_buffer);
    o2p_arena_free(&variant->arena);
}

static field *fields_of(const o2p_variant *variant)
{
    return (field *)(void *)variant->fields.data;
}

static object *objects_of(const o2p_variant *variant)
{
    return (object *)(void *)variant->objects.data;
}

static uint32_t *u32s(const o2p_buffer *buffer)
{
    return (uint32_t *)(void *)buffer->data;
}

static uint32_t field_count(const o2p_variant *variant)
{
    return (uint32_t)(variant->fields.size / sizeof(field));
}

/* ---- collecting names ---- */

static uint32_t add_object(o2p_variant *variant)
{
    static const object none;
    o2p_buffer_append(&variant->objects, &none, sizeof(none));
    return (uint32_t)(variant->objects.size / sizeof(none)) - 1;
}

static void add_field(o2p_variant *variant, uint32_t of, const uint8_t *name, size_t size)
{
    field added;
    memset(&added, 0, sizeof(added));
    added.name = name;
    added.size = (uint32_t)size;
    added.object = of;
    o2p_buffer_append(&variant->fields, &added, sizeof(added));
}

static void add_name(o2p_variant *variant, uint32_t of, const o2p_plain_token *name)
{
    if (!name->escaped) {
        add_field(variant, of, name->bytes, name->size);
        return;
    }
    uint8_t *plain = o2p_arena_bytes(&variant->arena, name->size);
    if (plain != NULL)
        add_field(variant, of, plain, o2p_plain_unescape(plain, name->bytes, name->size));
}

/* Whether the token begins an array or object that is nested as deep as any can be. */
static bool too_deep(const o2p_plain_token *token, unsigned depth)
{
    return depth >= O2P_MAX_DEPTH && token->kind >= O2P_PLAIN_ARRAY;
}

/* Collects the names in the value that begins with a token. */
static void collect_value(o2p_variant *variant, o2p_plain_json *json, const o2p_plain_token *begin,
                          unsigned depth)
{
    o2p_plain_token token;
    if (too_deep(begin, depth)) {
        o2p_plain_skip(json, begin);
    } else if (begin->kind == O2P_PLAIN_ARRAY) {
        while ((token = o2p_plain_next(json)).kind != O2P_PLAIN_END)
            collect_value(variant, json, &token, depth + 1);
    } else if (begin->kind == O2P_PLAIN_OBJECT) {
        uint32_t of = add_object(variant);
        while ((token = o2p_plain_next(json)).kind != O2P_PLAIN_END) {
            add_name(variant, of, &token);
            token = o2p_plain_next(json);
            collect_value(variant, json, &token, depth + 1);
        }
    }
}

static bool is_json(uint8_t letter)
{
    return letter == O2P_LETTER_ARRAY || letter == O2P_LETTER_KVLIST;
}

static void collect(o2p_variant *variant, const o2p_attribute_list *list)
{
    uint32_t top = add_object(variant);
    for (uint32_t i = 0; i < list->count; i++) {
        const o2p_entry *key = o2p_attribute_key(list, i), *value = o2p_attribute_value(list, i);
        add_field(variant, top, key->bytes, key->size);
        if (is_json(o2p_attribute_letter(list, i))) {
            o2p_plain_json json = {value->bytes, value->bytes + value->size};
            o2p_plain_token token = o2p_plain_next(&json);
            collect_value(variant, &json, &token, 1);
        }
    }
}

/* ---- numbering names ---- */

static int compare_names(const field *a, const field *b)
{
    uint32_t common = a->size < b->size ? a->size : b->size;
    int order = common == 0 ? 0 : memcmp(a->name, b->name, common);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static bool name_before(const void *items, uint32_t a, uint32_t b)
{
    const field *fields = (const field *)items;
    return compare_names(&fields[a], &fields[b]) < 0;
}

/* The fields by name, those of equal names in the order of the list. NULL when memory is refused.
 */
static const uint32_t *sort_fields(o2p_variant *variant)
{
    uint32_t count = field_count(variant);
    uint32_t *order[2];
    for (size_t i = 0; i < 2; i++) {
        variant->order[i].size = 0;
        order[i] = (uint32_t *)o2p_buffer_extend(&variant->order[i], (size_t)count * 4 + 4);
        if (order[i] == NULL)
            return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        order[0][i] = i;
    return o2p_merge_sort(order[0], order[1], count, name_before, fields_of(variant));
}

/* Numbers the names, and drops members whose name came before in their object. */
static void number_names(o2p_variant *variant, const uint32_t *order)
{
    field *fields = fields_of(variant);
    variant->name_count = variant->name_bytes = 0;
    for (uint32_t i = 0; i < field_count(variant); i++) {
        field *f = &fields[order[i]];
        if (i == 0 || compare_names(&fields[order[i - 1]], f) != 0) {
            variant->name_count++;
            variant->name_bytes += f->size;
        }
        object *of = &objects_of(variant)[f->object];
        f->id = variant->name_count - 1;
        f->dropped = of->last == variant->name_count;
        of->last = variant->name_count;
        of->count += !f->dropped;
    }
}

/* Puts the members of each object together, by name. False when memory is refused. */
static bool place_members(o2p_variant *variant, const uint32_t *order)
{
    uint32_t first = 0;
    for (size_t i = 0; i < variant->objects.size / sizeof(object); i++) {
        objects_of(variant)[i].first = first;
        first += objects_of(variant)[i].count;
    }
    variant->members.size = 0;
    uint32_t *members = (uint32_t *)o2p_buffer_extend(&variant->members, (size_t)first * 4 + 4);
    if (members == NULL)
        return false;
    for (uint32_t i = 0; i < field_count(variant); i++) {
        const field *f = &fields_of(variant)[order[i]];
        object *of = &objects_of(variant)[f->object];
        if (!f->dropped)
            members[of->first + of->placed++] = order[i];
    }
    return true;
}

/* ---- writing ---- */

/* Fewest bytes that hold a number. */
static unsigned width_of(uint32_t number)
{
    return number <= 0xFF ? 1 : number <= 0xFFFF ? 2 : number <= 0xFFFFFF ? 3 : 4;
}

/* Writes a number in so many bytes; returns where it ends. */
static uint8_t *store(uint8_t *at, uint64_t number, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        *at++ = (uint8_t)(number >> 8 * i);
    return at;
}

static void append_metadata(const o2p_variant *variant, const uint32_t *order, o2p_buffer *out)
{
    const field *fields = fields_of(variant);
    uint32_t count = variant->name_count, bytes = variant->name_bytes, offset = 0;
    unsigned width = width_of(count > bytes ? count : bytes);
    size_t size = 1 + ((size_t)count + 2) * width + bytes;
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, size);
    if (at == NULL)
        return;
    uint8_t *names = at + size - bytes;
    *at++ = (uint8_t)(VERSION | SORTED_NAMES | (width - 1) << 6);
    at = store(at, count, width);
    for (uint32_t i = 0, next = 0; i < field_count(variant); i++) {
        const field *f = &fields[order[i]];
        if (f->id != next)
            continue;
        next++;
        at = store(at, offset, width);
        if (f->size > 0)
            memcpy(names + offset, f->name, f->size);
        offset += f->size;
    }
    store(at, offset, width);
}

static void append_primitive(o2p_buffer *out, unsigned type, uint64_t bytes, unsigned width)
{
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, 1 + (size_t)width);
    if (at == NULL)
        return;
    *at++ = (uint8_t)(type << 2 | BASIC_PRIMITIVE);
    store(at, bytes, width);
}

static void append_string(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    if (size <= SHORT_TEXT_MAX)
        o2p_buffer_byte(out, (uint8_t)(size << 2 | BASIC_SHORT_TEXT));
    else
        append_primitive(out, PRIMITIVE_STRING, size, 4);
    o2p_buffer_append(out, bytes, size);
}

/* An int64 in decimal. */
static void append_int(o2p_buffer *out, const uint8_t *text, size_t size)
{
    int64_t value = o2p_attribute_int(text, size);
    if (value >= INT8_MIN && value <= INT8_MAX)
        append_primitive(out, PRIMITIVE_INT8, (uint64_t)value, 1);
    else if (value >= INT16_MIN && value <= INT16_MAX)
        append_primitive(out, PRIMITIVE_INT16, (uint64_t)value, 2);
    else if (value >= INT32_MIN && value <= INT32_MAX)
        append_primitive(out, PRIMITIVE_INT32, (uint64_t)value, 4);
    else
        append_primitive(out, PRIMITIVE_INT64, (uint64_t)value, 8);
}

static void append_double(o2p_buffer *out, const uint8_t *text, size_t size)
{
    append_primitive(out, PRIMITIVE_DOUBLE, o2p_attribute_double(text, size), 8);
}

static void append_bool(o2p_buffer *out, bool value)
{
    append_primitive(out, value ? PRIMITIVE_TRUE : PRIMITIVE_FALSE, 0, 0);
}

static void append_binary(o2p_buffer *out, const o2p_entry *text)
{
    size_t begin = out->size, size = 0;
    append_primitive(out, PRIMITIVE_BINARY, 0, 4);
    if (text->size == 0 || out->size == begin)
        return;
    uint8_t *at = (uint8_t *)o2p_buffer_extend(out, o2p_base64_room(text->size));
    if (at == NULL)
        return;
    if (!o2p_parse_base64(at, text->bytes, text->size, &size))
        size = 0;
    out->size = begin + 5 + size;
    o2p_store_le32(out->data + begin + 1, (uint32_t)size);
}

/* Makes room for `size` bytes before those from `begin` on; NULL when memory is refused. */
static uint8_t *insert(o2p_buffer *out, size_t begin, size_t size)
{
    size_t behind = out->size - begin;
    if (o2p_buffer_extend(out, size) == NULL)
        return NULL;
    uint8_t *at = out->data + begin;
    if (behind > 0)
        memmove(at + size, at, behind);
    return at;
}

/* What comes before the values of an object, which begin at `begin`. */
static void end_object(const o2p_variant *variant, const object *of, o2p_buffer *out, size_t begin)
{
    const uint32_t *members = u32s(&variant->members) + of->first;
    const field *fields = fields_of(variant);
    uint32_t bytes = (uint32_t)(out->size - begin);
    unsigned width = width_of(bytes), large = of->count > SMALL_COUNT_MAX;
    unsigned count_width = large ? 4 : 1;
    unsigned id_width = width_of(variant->name_count > 0 ? variant->name_count - 1 : 0);
    size_t size = 1 + count_width + (size_t)of->count * (id_width + width) + width;
    uint8_t *at = insert(out, begin, size);
    if (at == NULL)
        return;
    *at++ = (uint8_t)((large << 4 | (id_width - 1) << 2 | (width - 1)) << 2 | BASIC_OBJECT);
    at = store(at, of->count, count_width);
    for (uint32_t i = 0; i < of->count; i++)
        at = store(at, fields[members[i]].id, id_width);
    for (uint32_t i = 0; i < of->count; i++)
        at = store(at, fields[members[i]].offset, width);
    store(at, bytes, width);
}

/* The same for an array of `count` elements, whose offsets are `offsets`. */
static void end_array(const uint32_t *offsets, uint32_t count, o2p_buffer *out, size_t begin)
{
    uint32_t bytes = (uint32_t)(out->size - begin);
    unsigned width = width_of(bytes), large = count > SMALL_COUNT_MAX;
    unsigned count_width = large ? 4 : 1;
    uint8_t *at = insert(out, begin, 1 + count_width + ((size_t)count + 1) * width);
    if (at == NULL)
        return;
    *at++ = (uint8_t)((large << 2 | (width - 1)) << 2 | BASIC_ARRAY);
    at = store(at, count, count_width);
    for (uint32_t i = 0; i < count; i++)
        at = store(at, offsets[i], width);
    store(at, bytes, width);
}

/* The value of the next field will begin here; what is returned tells whether it is to stay. */
static bool begin_field(o2p_variant *variant, const o2p_buffer *out, size_t begin)
{
    field *f = &fields_of(variant)[variant->next_field++];
    f->offset = (uint32_t)(out->size - begin);
    return !f->dropped;
}

static void append_value(o2p_variant *variant, o2p_plain_json *json, const o2p_plain_token *token,
                         unsigned depth, o2p_buffer *out);

static void append_array(o2p_variant *variant, o2p_plain_json *json, unsigned depth,
                         o2p_buffer *out)
{
    size_t begin = out->size, first = variant->elements.size;
    o2p_plain_token token;
    while ((token = o2p_plain_next(json)).kind != O2P_PLAIN_END) {
        o2p_buffer_u32(&variant->elements, (uint32_t)(out->size - begin));
        append_value(variant, json, &token, depth + 1, out);
    }
    uint32_t count = (uint32_t)((variant->elements.size - first) / 4);
    end_array(count == 0 ? NULL : u32s(&variant->elements) + first / 4, count, out, begin);
    variant->elements.size = first;
}

static void append_object(o2p_variant *variant, o2p_plain_json *json, unsigned depth,
                          o2p_buffer *out)
{
    const object *of = &objects_of(variant)[variant->next_object++];
    size_t begin = out->size;
    while (o2p_plain_next(json).kind != O2P_PLAIN_END) {
        size_t before = out->size;
        bool stays = begin_field(variant, out, begin);
        o2p_plain_token token = o2p_plain_next(json);
        append_value(variant, json, &token, depth + 1, out);
        if (!stays)
            out->size = before;
    }
    end_object(variant, of, out, begin);
}

static void append_plain_string(o2p_variant *variant, const o2p_plain_token *token, o2p_buffer *out)
{
    if (!token->escaped) {
        append_string(out, token->bytes, token->size);
        return;
    }
    variant->text.size = 0;
    uint8_t *text = (uint8_t *)o2p_buffer_extend(&variant->text, token->size);
    if (text != NULL)
        append_string(out, text, o2p_plain_unescape(text, token->bytes, token->size));
}

/* The value that begins with a token. */
static void append_value(o2p_variant *variant, o2p_plain_json *json, const o2p_plain_token *token,
                         unsigned depth, o2p_buffer *out)
{
    if (too_deep(token, depth)) {
        o2p_plain_skip(json, token);
        append_primitive(out, PRIMITIVE_NULL, 0, 0);
        return;
    }
    switch (token->kind) {
    case O2P_PLAIN_TRUE:
    case O2P_PLAIN_FALSE:
        append_bool(out, token->kind == O2P_PLAIN_TRUE);
        break;
    case O2P_PLAIN_INT:
        append_int(out, token->bytes, token->size);
        break;
    case O2P_PLAIN_DOUBLE:
        append_double(out, token->bytes, token->size);
        break;
    case O2P_PLAIN_STRING:
        append_plain_string(variant, token, out);
        break;
    case O2P_PLAIN_ARRAY:
        append_array(variant, json, depth, out);
        break;
    case O2P_PLAIN_OBJECT:
        append_object(variant, json, depth, out);
        break;
    default:
        append_primitive(out, PRIMITIVE_NULL, 0, 0);
        break;
    }
}

/* An attribute's value. */
static void append_attribute(o2p_variant *variant, const o2p_entry *value, uint8_t letter,
                             o2p_buffer *out)
{
    switch (letter) {
    case O2P_LETTER_INT:
        append_int(out, value->bytes, value->size);
        break;
    case O2P_LETTER_DOUBLE:
        append_double(out, value->bytes, value->size);
        break;
    case O2P_LETTER_BOOL:
        append_bool(out, value->size > 0 && value->bytes[0] == 't');
        break;
    case O2P_LETTER_BYTES:
        append_binary(out, value);
        break;
    case O2P_LETTER_EMPTY:
        append_primitive(out, PRIMITIVE_NULL, 0, 0);
        break;
    case O2P_LETTER_ARRAY:
    case O2P_LETTER_KVLIST: {
        o2p_plain_json json = {value->bytes, value->bytes + value->size};
        o2p_plain_token token = o2p_plain_next(&json);
        append_value(variant, &json, &token, 1, out);
        break;
    }
    default:
        append_string(out, value->bytes, value->size);
        break;
    }
}

static void append_list(o2p_variant *variant, const o2p_attribute_list *list, o2p_buffer *out)
{
    size_t begin = out->size;
    variant->next_field = 0;
    variant->next_object = 1;
    for (uint32_t i = 0; i < list->count; i++) {
        begin_field(variant, out, begin); /* the keys of a list are unique */
        append_attribute(variant, o2p_attribute_value(list, i), o2p_attribute_letter(list, i), out);
    }
    end_object(variant, objects_of(variant), out, begin);
}

bool o2p_variant_append(o2p_variant *variant, const o2p_attribute_list *list, o2p_buffer *metadata,
                        o2p_buffer *value)
{
    o2p_arena_mark mark = o2p_arena_save(&variant->arena);
    variant->fields.size = variant->objects.size = variant->elements.size = 0;
    collect(variant, list);
    const uint32_t *order = variant->memory->failed ? NULL : sort_fields(variant);
    if (order != NULL) {
        number_names(variant, order);
        if (place_members(variant, order)) {
            append_metadata(variant, order, metadata);
            append_list(variant, list, value);
        }
    }
    o2p_arena_release(&variant->arena, mark);
    return !variant->memory->failed;
}
