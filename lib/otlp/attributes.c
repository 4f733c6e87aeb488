/* attributes.c - lists of KeyValue as MAP columns with unique keys, of which most are found again
 * by their bytes (known.h).
 *
 * A MAP's keys are unique, so of equal keys the first stays and the others go to
 * DuplicateAttributes with their place in the list (RULINGS, "Maps and attributes"). Equal keys
 * have equal dictionary indices, so finding them is cheap:
 *
 *   up to LINEAR keys    compare with each key of the list so far
 *   more                 stamps[key index] == the list's stamp means it came before
 *   dictionary given up  equal keys may have different indices: see late_keys.c
 */
#include "attribute_list.h"

#include "../base/text.h"

enum { LINEAR = 16 };

/* Field by field: to clear all of it first takes longer than the rest. */
void o2p_attributes_begin(o2p_attributes *list, const o2p_attribute_target *target, o2p_rows *rows,
                          uint32_t row, unsigned depth, unsigned level, o2p_wire *wire)
{
    list->target = target;
    list->rows = rows;
    list->row = row;
    list->element = 0;
    list->depth = depth;
    list->level = level;
    list->first = list->count = list->position = list->stamp = 0;
    list->seen = 0;
    list->wire = wire;
    list->fields = (o2p_span){NULL, 0};
    list->field_count = list->pieces = 0;
    list->place = NULL;
    list->known = O2P_NO_LIST;
    list->noticed = 0;
    list->typed = false;
}

/* Before the first entry: where the list begins. */
static void start(o2p_walk *walk, o2p_attributes *list, const o2p_column *column)
{
    list->first = (uint32_t)(column->keys.size / 4); /* o2p_end_list has seen that it fits */
    o2p_scratch_of(walk, list)->types.size = 0;
    o2p_scratch_of(walk, list)->late.size = 0;
}

/* ---- equal keys ---- */

static uint32_t *stamp_of(o2p_buffer *stamps, uint32_t key)
{
    uint32_t *all = (uint32_t *)o2p_buffer_zeroed(stamps, ((size_t)key + 1) * sizeof(uint32_t));
    return all == NULL ? NULL : all + key;
}

/* A stamp that no key has. */
static uint32_t new_stamp(o2p_walk *walk)
{
    if (++walk->stamp == 0) {
        walk->lists[0].stamps.size = walk->lists[1].stamps.size = 0;
        walk->stamp = 1;
    }
    return walk->stamp;
}

static bool came_before_stamped(o2p_walk *walk, o2p_attributes *list, const uint32_t *keys,
                                uint32_t key)
{
    o2p_buffer *stamps = &o2p_scratch_of(walk, list)->stamps;
    if (list->stamp == 0) {
        list->stamp = new_stamp(walk);
        for (uint32_t i = 0; i < list->count; i++) {
            uint32_t *stamp = stamp_of(stamps, keys[list->first + i]);
            if (stamp != NULL)
                *stamp = list->stamp;
        }
    }
    uint32_t *stamp = stamp_of(stamps, key);
    if (stamp == NULL || *stamp == list->stamp)
        return stamp != NULL;
    *stamp = list->stamp;
    return false;
}

static bool came_before(o2p_walk *walk, o2p_attributes *list, const o2p_column *column,
                        uint32_t key)
{
    const uint32_t *keys = o2p_list_keys(column);
    uint64_t bit = UINT64_C(1) << (key & 63);
    bool perhaps = (list->seen & bit) != 0;
    list->seen |= bit;
    if (O2P_LIKELY(!perhaps && list->stamp == 0))
        return false;
    if (list->count > LINEAR)
        return came_before_stamped(walk, list, keys, key);
    for (uint32_t i = 0; i < list->count; i++)
        if (keys[list->first + i] == key)
            return true;
    return false;
}

/* The path with its % replaced by the element's index. */
static void append_path(o2p_buffer *out, const o2p_attributes *list)
{
    for (const char *c = list->target->path; *c != '\0'; c++) {
        char index[O2P_INT64_TEXT_MAX];
        if (*c == '%')
            o2p_buffer_append(out, index, o2p_format_u64(index, list->element));
        else
            o2p_buffer_byte(out, (uint8_t)*c);
    }
}

bool o2p_note_duplicate(o2p_walk *walk, const o2p_attributes *list, uint32_t position, uint32_t key,
                        o2p_span value)
{
    o2p_buffer *out = &walk->duplicates[list->target->part];
    o2p_dictionary *keys = o2p_column_key_dictionary(list->rows, list->target->map);
    o2p_dictionary_prepare(keys); /* an empty key may be the only one */
    if (keys->entry_count == 0)
        return false;
    const o2p_entry *entry = o2p_dictionary_entry(keys, key);
    char digits[O2P_INT64_TEXT_MAX];
    o2p_buffer_text(out, out->size == 0 ? "{\"path\":\"" : ",{\"path\":\"");
    append_path(out, list);
    o2p_buffer_text(out, "\",\"index\":");
    o2p_buffer_append(out, digits, o2p_format_u64(digits, position));
    o2p_buffer_text(out, ",\"key\":");
    o2p_append_json_string(out, entry->bytes, entry->size);
    o2p_buffer_text(out, ",\"value\":");
    bool ok = o2p_any_json(walk, value, list->depth + 1, out);
    o2p_buffer_byte(out, '}');
    walk->counts.duplicate_keys++;
    return ok;
}

/* ---- adding ---- */

/* What is noticed in attributes, and so counted each time they come. */
static uint64_t noticed(const o2p_walk *walk)
{
    return walk->counts.unknown_fields + walk->counts.duplicate_keys + walk->store->pool.repaired;
}

static O2P_ALWAYS_INLINE void push(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                                   uint32_t key, uint32_t value, char letter)
{
    o2p_buffer_u32(&column->keys, key);
    o2p_buffer_u32(&column->items, value);
    o2p_buffer_byte(&o2p_scratch_of(walk, list)->types, (uint8_t)letter);
    list->typed |= letter != O2P_LETTER_STRING;
    list->count++;
}

/* A value read into the column's dictionary. */
typedef struct read_value {
    uint32_t index;
    char letter;
    bool fresh; /* it made an entry */
} read_value;

/* Reads a value; `varied`: without looking for it. */
static inline bool read_value_of(o2p_walk *walk, const o2p_attributes *list, o2p_column *column,
                                 o2p_span value, bool varied, read_value *read)
{
    o2p_any_text text;
    o2p_dictionary *values = column->dictionary;
    if (O2P_UNLIKELY(values == NULL) &&
        (values = o2p_make_dictionary(list->rows, list->target->map)) == NULL)
        return false;
    if (list->depth < walk->limits.max_depth && o2p_any_is_plain(value))
        text = (o2p_any_text){value.bytes + 2, value.size - 2, true, O2P_LETTER_STRING};
    else if (!o2p_any_text_of(walk, value, list->depth + 1, &text))
        return false;
    bool lasting = text.input && list->rows->pool->lasting;
    uint32_t entries = values->entry_count;
    read->index = varied ? o2p_dictionary_append(values, text.bytes, text.size, lasting)
                         : o2p_intern(values, text.bytes, text.size, lasting);
    read->letter = text.letter;
    read->fresh = values->entry_count > entries;
    return !values->entries.memory->failed;
}

/* Takes a KeyValue apart that is written as all clients do: key, then value, and nothing else. */
static bool split_plain(o2p_span key_value, o2p_span *key, o2p_span *value)
{
    enum {
        KEY = O2P_KEY(KeyValue_key, O2P_WIRE_LEN),
        VALUE = O2P_KEY(KeyValue_value, O2P_WIRE_LEN)
    };
    const uint8_t *at = key_value.bytes, *end = at + key_value.size;
    if (end - at < 4 || at[0] != KEY || at[1] >= 0x80 || (size_t)(end - at) < 4 + (size_t)at[1])
        return false;
    *key = (o2p_span){at + 2, at[1]};
    at += 2 + at[1];
    if (at[0] != VALUE)
        return false;
    size_t size = at[1];
    at += 2;
    if (size >= 0x80) {
        if (at == end || *at >= 0x80)
            return false;
        size = (size & 0x7F) | (size_t)*at++ << 7;
    }
    *value = (o2p_span){at, size};
    return size == (size_t)(end - at);
}

/* The index of a key. `*place` is its own among the known ones, or NULL: then, or where another is
 * there, it is looked up in the dictionary. */
static uint32_t index_of_key(o2p_walk *walk, const o2p_attributes *list, const o2p_column *column,
                             o2p_span key, o2p_known_key **place)
{
    o2p_dictionary *keys = o2p_column_key_dictionary(list->rows, list->target->map);
    if (keys == NULL)
        return 0;
    if (O2P_LIKELY(!keys->gave_up))
        *place = o2p_known_key_place(&walk->known, key);
    if (*place != NULL && O2P_LIKELY(o2p_known_key_holds(&walk->known, *place, column, key))) {
        keys->lookups += (*place)->key != 0;
        (*place)->bytes = key.bytes;
        return (*place)->key;
    }
    uint64_t noticed_before = noticed(walk);
    uint32_t index = o2p_intern(keys, key.bytes, key.size, list->rows->pool->lasting);
    if (*place != NULL && noticed(walk) == noticed_before && !keys->gave_up)
        **place = (o2p_known_key){.bytes = key.bytes,
                                  .column = column,
                                  .size = (uint32_t)key.size,
                                  .request = walk->known.request,
                                  .key = index};
    else
        *place = NULL;
    return index;
}

/* Remembers an attribute whose value was not new and in which nothing was noticed. */
static inline void remember_pair(const o2p_walk *walk, const o2p_column *column, o2p_span key_value,
                                 o2p_known_key *key, const read_value *read, o2p_known_pair *pair)
{
    *pair = (o2p_known_pair){.bytes = key_value.bytes,
                             .column = column,
                             .size = (uint32_t)key_value.size,
                             .request = walk->known.request,
                             .key = key->key,
                             .value = read->index,
                             .letter = read->letter,
                             .owner = key};
}

/* Reads an attribute whatever it is like. */
static bool read_pair(o2p_walk *walk, o2p_attributes *list, o2p_span key_value)
{
    o2p_column *column = &list->rows->columns[list->target->map];
    o2p_known_key *key_place = NULL;
    o2p_span key, value;
    read_value read;
    uint64_t noticed_before = noticed(walk);
    if (!split_plain(key_value, &key, &value) &&
        !o2p_key_value_of(walk, key_value.bytes, key_value.size, &key, &value))
        return false;
    uint32_t index = index_of_key(walk, list, column, key, &key_place);
    if (O2P_UNLIKELY(list->rows->pool->memory->failed))
        return false;
    if (list->position == 0)
        start(walk, list, column);
    if (O2P_UNLIKELY(came_before(walk, list, column, index)))
        return o2p_note_duplicate(walk, list, list->position++, index, value);
    bool varied = key_place != NULL && o2p_known_key_is_new(key_place);
    if (!read_value_of(walk, list, column, value, varied, &read))
        return false;
    if (O2P_UNLIKELY(column->key_dictionary->gave_up))
        o2p_note_late(walk, list, value);
    push(walk, list, column, index, read.index, read.letter);
    list->position++;
    if (key_place != NULL) {
        o2p_known_key_count(key_place, read.fresh);
        o2p_known_pair *pair = o2p_known_pair_place(&walk->known, key_value);
        if (!read.fresh && noticed(walk) == noticed_before && pair != NULL)
            remember_pair(walk, column, key_value, key_place, &read, pair);
    }
    return !list->rows->pool->memory->failed;
}

static bool add_one(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *key_value)
{
    if (O2P_UNLIKELY(list->depth > walk->limits.max_depth))
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, key_value->start);
    if (O2P_UNLIKELY(list->position >= walk->limits.max_attributes))
        return o2p_walk_over(walk, key_value->start,
                             "more attributes in a list than max_attributes");
    return read_pair(walk, list, o2p_span_of(key_value));
}

/* ---- those of known keys ----
 *
 * Most attributes have a key that was read before, and many the same value too, which is found with
 * it. Where one cannot be a duplicate either, it takes no more than is here.
 */

/* The field that begins here, one of those that fields_end found. */
static inline o2p_span short_field(const uint8_t *at)
{
    if (at[1] < 0x80)
        return (o2p_span){at + 2, at[1]};
    return (o2p_span){at + 3, (size_t)(at[1] & 0x7F) | (size_t)at[2] << 7};
}

static bool make_room(o2p_walk *walk, const o2p_attributes *list, o2p_column *column, size_t count)
{
    return o2p_buffer_reserve(&column->keys, count * 4) &&
           o2p_buffer_reserve(&column->items, count * 4) &&
           o2p_buffer_reserve(&o2p_scratch_of(walk, list)->types, count);
}

/* Where the next attributes go, and how many went there. */
typedef struct additions {
    uint32_t *keys, *values;
    uint8_t *letters;
    uint32_t count;
    uint32_t keys_found; /* those that are not empty: lookups that were saved */
} additions;

static additions begin_additions(o2p_walk *walk, const o2p_attributes *list,
                                 const o2p_column *column)
{
    const o2p_buffer *letters = &o2p_scratch_of(walk, list)->types;
    return (additions){.keys = (uint32_t *)(void *)(column->keys.data + column->keys.size),
                       .values = (uint32_t *)(void *)(column->items.data + column->items.size),
                       .letters = letters->data + letters->size};
}

static void end_additions(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                          const additions *to)
{
    column->keys.size += (size_t)to->count * 4;
    column->items.size += (size_t)to->count * 4;
    o2p_scratch_of(walk, list)->types.size += to->count;
    list->count += to->count;
    list->position += to->count;
    column->key_dictionary->lookups += to->keys_found;
}

static inline void put(additions *to, o2p_attributes *list, uint32_t key, uint32_t value,
                       char letter)
{
    to->keys[to->count] = key;
    to->values[to->count] = value;
    to->letters[to->count++] = (uint8_t)letter;
    to->keys_found += key != 0;
    list->typed |= letter != O2P_LETTER_STRING;
}

/* Notes that a key comes; false if it may have come before. */
static inline bool is_first(o2p_attributes *list, uint32_t key)
{
    uint64_t bit = UINT64_C(1) << (key & 63);
    bool first = (list->seen & bit) == 0;
    list->seen |= bit;
    return first;
}

/* Adds an attribute that was not read before, or not often enough, and whose place among those is
 * `pair`, if its key was. Not if it may be a duplicate; `*ok`: nothing failed. */
static O2P_ALWAYS_INLINE bool add_value(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                                        o2p_span key_value, o2p_known_pair *pair, additions *to,
                                        bool *ok)
{
    o2p_span key, value;
    read_value read;
    uint64_t noticed_before = noticed(walk);
    if (!split_plain(key_value, &key, &value))
        return false;
    o2p_known_key *known = o2p_known_key_place(&walk->known, key);
    if (known == NULL || !o2p_known_key_holds(&walk->known, known, column, key) ||
        !is_first(list, known->key))
        return false;
    known->bytes = key.bytes;
    *ok = read_value_of(walk, list, column, value, o2p_known_key_is_new(known), &read);
    if (O2P_UNLIKELY(!*ok))
        return false;
    put(to, list, known->key, read.index, read.letter);
    o2p_known_key_count(known, read.fresh);
    if (!read.fresh && noticed(walk) == noticed_before)
        remember_pair(walk, column, key_value, known, &read, pair);
    return true;
}

/* Adds attributes up to the first whose key is not known, or that may be a duplicate, and returns
 * where it begins. There is room for all, and it is sure that they may be added. `*ok`: nothing
 * failed. */
static const uint8_t *add_known(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                                const uint8_t *at, const uint8_t *end, bool *ok)
{
    additions to = begin_additions(walk, list, column);
    while (at != end && list->stamp == 0) {
        o2p_span field = short_field(at);
        o2p_known_pair *pair = o2p_known_pair_place(&walk->known, field);
        if (O2P_UNLIKELY(pair == NULL))
            break;
        if (!o2p_known_pair_holds(&walk->known, pair, column, field)) {
            if (!add_value(walk, list, column, field, pair, &to, ok))
                break;
        } else if (O2P_LIKELY(is_first(list, pair->key))) {
            pair->bytes = field.bytes;
            put(&to, list, pair->key, pair->value, pair->letter);
            column->dictionary->lookups += pair->value != 0; /* the next may give it up by them */
            o2p_known_key_count(pair->owner, false);
        } else {
            break;
        }
        at = field.bytes + field.size;
    }
    end_additions(walk, list, column, &to);
    return at;
}

/* ---- whole lists ----
 *
 * Records that are alike have the same attributes, written the same way one behind the other: then
 * the whole list is found by its bytes, and its rows share it.
 */

/* The end of the fields with the key of the one that begins at `at`, as far as their keys take one
 * byte and their lengths two at most: protobuf allows more for the same numbers. Adds up how many
 * they are. */
static const uint8_t *fields_end(const uint8_t *at, const uint8_t *end, uint32_t *count)
{
    uint8_t key = *at;
    while (end - at >= 3 && at[0] == key && key < 0x80) {
        size_t head = at[1] < 0x80 ? 2 : at[2] < 0x80 ? 3 : 0;
        size_t size = head == 2 ? at[1] : (size_t)(at[1] & 0x7F) | (size_t)at[2] << 7;
        if (head == 0 || size > (size_t)(end - at) - head)
            break;
        at += head + size;
        ++*count;
    }
    return at;
}

/* Whether the fields are a list that was read before: then it is list->known. */
static bool find_list(o2p_walk *walk, o2p_attributes *list, const o2p_column *column)
{
    list->place = o2p_known_list_place(&walk->known, list->fields);
    if (list->place == NULL)
        return false;
    list->known = o2p_known_list_at(&walk->known, list->place, column, list->fields);
    if (list->known == O2P_NO_LIST)
        return false;
    list->position = o2p_known_list_of(&walk->known, list->known)->count;
    return true;
}

/* Adds the fields of a piece, of which there are `count`. */
static bool add_fields(o2p_walk *walk, o2p_attributes *list, o2p_span fields, uint32_t count)
{
    o2p_column *column = &list->rows->columns[list->target->map];
    const uint8_t *at = fields.bytes, *end = at + fields.size;
    bool ok = true;
    bool allowed = list->depth <= walk->limits.max_depth &&
                   list->position + (uint64_t)count <= walk->limits.max_attributes;
    if (o2p_column_key_dictionary(list->rows, list->target->map) == NULL ||
        (allowed && !make_room(walk, list, column, count)))
        return false;
    if (list->position == 0)
        start(walk, list, column);
    while (at != end) {
        if (O2P_LIKELY(allowed && !column->key_dictionary->gave_up))
            at = add_known(walk, list, column, at, end, &ok);
        if (at == end || O2P_UNLIKELY(!ok))
            break;
        o2p_span field = short_field(at);
        o2p_wire_field key_value = {*at, at, field.size, field.bytes};
        ok = add_one(walk, list, &key_value);
        at = field.bytes + field.size;
    }
    return ok;
}

/* A list that was thought to be known goes on: adds what it was taken for. */
static bool forget_known(o2p_walk *walk, o2p_attributes *list)
{
    list->known = O2P_NO_LIST;
    list->position = 0;
    return add_fields(walk, list, list->fields, list->field_count);
}

bool o2p_attributes_add(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *key_value)
{
    if (list->wire == NULL)
        return add_one(walk, list, key_value);
    list->pieces++;
    if (O2P_UNLIKELY(list->known != O2P_NO_LIST) && !forget_known(walk, list))
        return false;
    if (list->pieces > 1) /* looked for no more, so the rest is not read ahead again and again */
        return add_one(walk, list, key_value);
    o2p_span fields = {key_value->start, 0};
    list->field_count = 0;
    fields.size =
        (size_t)(fields_end(fields.bytes, list->wire->end, &list->field_count) - fields.bytes);
    if (fields.size == 0) /* a key of two bytes or a length of three */
        return add_one(walk, list, key_value);
    list->fields = fields;
    list->noticed = noticed(walk);
    list->wire->at = fields.bytes + fields.size;
    return find_list(walk, list, &list->rows->columns[list->target->map]) ||
           add_fields(walk, list, fields, list->field_count);
}

/* Remembers a list of one piece in which nothing was noticed. */
static void remember_list(o2p_walk *walk, const o2p_attributes *list, const o2p_column *column,
                          uint32_t number, uint32_t types)
{
    o2p_known_list known = {
        list->fields.bytes, column, list->fields.size, number, types, list->count, 0, 0};
    if (list->pieces != 1 || list->place == NULL || list->noticed != noticed(walk) ||
        column->key_dictionary->gave_up)
        return;
    const uint32_t *keys = o2p_list_keys(column);
    const uint32_t *values = (const uint32_t *)(const void *)column->items.data;
    for (uint32_t i = list->first; i < list->first + list->count; i++) {
        known.keys += keys[i] != 0;
        known.values += values[i] != 0;
    }
    o2p_known_list_keep(&walk->known, list->place, &known);
}

/* Sets the cells of a row to a list that was read before. */
static void set_known(const o2p_walk *walk, const o2p_attributes *list, const o2p_column *column)
{
    const o2p_known_list *known = o2p_known_list_of(&walk->known, list->known);
    o2p_rows *rows = list->rows;
    column->key_dictionary->lookups += known->keys;
    if (column->dictionary != NULL)
        column->dictionary->lookups += known->values;
    o2p_set32(rows, list->target->map, list->row, known->number);
    if (known->types != 0) {
        rows->columns[list->target->types].dictionary->lookups++;
        o2p_set32(rows, list->target->types, list->row, known->types);
    }
}

bool o2p_attributes_end(o2p_walk *walk, o2p_attributes *list)
{
    if (list->position == 0)
        return true;
    o2p_rows *rows = list->rows;
    o2p_column *column = &rows->columns[list->target->map];
    if (list->known != O2P_NO_LIST) {
        set_known(walk, list, column);
        return true;
    }
    if (O2P_UNLIKELY(o2p_scratch_of(walk, list)->late.size > 0) &&
        !o2p_settle_late(walk, list, column))
        return false;
    uint32_t number = o2p_end_map(rows, list->target->map, column->keys.size / 4), types = 0;
    if (number == 0)
        return false;
    o2p_set32(rows, list->target->map, list->row, number);
    if (list->typed) {
        o2p_set_text(rows, list->target->types, list->row, o2p_scratch_of(walk, list)->types.data,
                     o2p_scratch_of(walk, list)->types.size, false);
        if (!rows->pool->memory->failed)
            types = o2p_cells32(&rows->columns[list->target->types])[list->row];
    }
    if (!rows->pool->memory->failed)
        remember_list(walk, list, column, number, types);
    return true;
}

void o2p_duplicates_end(o2p_walk *walk, o2p_rows *rows, uint32_t row)
{
    o2p_buffer *all = &walk->duplicates[0];
    for (size_t i = 1; i < O2P_LIST_PARTS; i++) {
        o2p_buffer *more = &walk->duplicates[i];
        if (O2P_LIKELY(more->size == 0))
            continue;
        if (all->size > 0)
            o2p_buffer_byte(all, ',');
        o2p_buffer_append(all, more->data, more->size);
        more->size = 0;
    }
    if (O2P_LIKELY(all->size == 0))
        return;
    o2p_set_text(rows, O2P_COL_DuplicateAttributes, row, all->data, all->size, false);
    walk->noted_records++;
    all->size = 0;
}
