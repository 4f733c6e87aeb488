/* attributes.c - lists of KeyValue as MAP columns with unique keys.
 *
 * A MAP's keys are unique, so of equal keys the first stays and the others go to
 * DuplicateAttributes with their place in the list (RULINGS, "Maps and attributes"). Equal keys
 * have equal dictionary indices, so finding them is cheap:
 *
 *   up to LINEAR keys    compare with each key of the list so far
 *   more                 stamps[key index] == the list's stamp means it came before
 *   dictionary given up  equal keys may have different indices: sort the list's keys at its end.
 * Only keys made to collide get there, and they get O(n log n).
 */
#include "walk.h"

#include "../base/hash.h"
#include "../base/text.h"

enum { LINEAR = 16 };

/* An entry added while equal keys could not be told by their index. */
typedef struct late_entry {
    uint32_t entry;    /* among the column's entries */
    uint32_t position; /* in the list */
    o2p_span value;
} late_entry;

void o2p_attributes_begin(o2p_attributes *list, const o2p_attribute_target *target, o2p_rows *rows,
                          uint32_t row, unsigned depth, unsigned level, o2p_wire *wire)
{
    memset(list, 0, sizeof(*list));
    list->target = target;
    list->rows = rows;
    list->row = row;
    list->depth = depth;
    list->level = level;
    list->wire = wire;
    list->known = O2P_NO_LIST;
}

static uint32_t *keys_of(const o2p_column *column)
{
    return (uint32_t *)(void *)column->keys.data;
}

static o2p_list_scratch *scratch_of(o2p_walk *walk, const o2p_attributes *list)
{
    return &walk->lists[list->level];
}

/* Before the first entry: where the list begins. */
static void start(o2p_walk *walk, o2p_attributes *list, const o2p_column *column)
{
    list->first = (uint32_t)(column->keys.size / 4); /* o2p_end_list has seen that it fits */
    scratch_of(walk, list)->types.size = 0;
    scratch_of(walk, list)->late.size = 0;
}

/* ---- equal keys ---- */

static uint32_t *stamp_of(o2p_buffer *stamps, uint32_t key)
{
    size_t needed = ((size_t)key + 1) * sizeof(uint32_t);
    if (stamps->size < needed) {
        size_t more = needed - stamps->size;
        void *at = o2p_buffer_extend(stamps, more);
        if (at == NULL)
            return NULL;
        memset(at, 0, more);
    }
    return (uint32_t *)(void *)stamps->data + key;
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
    o2p_buffer *stamps = &scratch_of(walk, list)->stamps;
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
    const uint32_t *keys = keys_of(column);
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

/* Notes {"path","index","key","value"} for DuplicateAttributes. */
static bool note_duplicate(o2p_walk *walk, const o2p_attributes *list, uint32_t position,
                           uint32_t key, o2p_span value)
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

/* ---- attributes that were read before ----
 *
 * Most attributes of a request are among a few hundred, so each is looked for by its bytes before
 * it is read: one hash and one comparison instead of two messages and two dictionaries. Places are
 * overwritten by whatever comes, so that unique values cost little and no memory. What is noticed
 * in an attribute must be counted each time: one in which anything was is not kept.
 */

/* The place of an attribute in the table; NULL when memory is refused. */
static o2p_known_pair *place_of(o2p_walk *walk, const o2p_wire_field *key_value)
{
    if (O2P_UNLIKELY(walk->known.size == 0)) {
        size_t size = O2P_KNOWN_PAIRS * sizeof(o2p_known_pair);
        void *at = o2p_buffer_extend(&walk->known, size);
        if (at == NULL)
            return NULL;
        memset(at, 0, size);
    }
    uint64_t hash = o2p_hash(key_value->bytes, (size_t)key_value->value);
    return (o2p_known_pair *)(void *)walk->known.data + hash % O2P_KNOWN_PAIRS;
}

static bool holds(const o2p_known_pair *pair, const o2p_walk *walk, const o2p_column *column,
                  const o2p_wire_field *key_value)
{
    return pair->walk == walk->number && pair->column == column && pair->size == key_value->value &&
           o2p_same_bytes(pair->bytes, key_value->bytes, pair->size);
}

/* ---- adding ---- */

static void push(o2p_walk *walk, o2p_attributes *list, o2p_column *column, uint32_t key,
                 uint32_t value, char letter)
{
    o2p_buffer_u32(&column->keys, key);
    o2p_buffer_u32(&column->items, value);
    o2p_buffer_byte(&scratch_of(walk, list)->types, (uint8_t)letter);
    list->typed |= letter != O2P_LETTER_STRING;
    list->count++;
}

/* Adds an entry; sets the value and the letter of *pair. */
static bool add_entry(o2p_walk *walk, o2p_attributes *list, o2p_column *column, uint32_t key,
                      o2p_span value, o2p_known_pair *pair)
{
    o2p_any_text text;
    o2p_dictionary *values = o2p_column_dictionary(list->rows, list->target->map);
    if (values == NULL || !o2p_any_text_of(walk, value, list->depth + 1, &text))
        return false;
    uint32_t index =
        o2p_intern(values, text.bytes, text.size, text.input && list->rows->pool->lasting);
    if (O2P_UNLIKELY(column->key_dictionary->gave_up)) {
        late_entry late = {list->first + list->count, list->position, value};
        o2p_buffer_append(&scratch_of(walk, list)->late, &late, sizeof(late));
    }
    push(walk, list, column, key, index, text.letter);
    pair->value = index;
    pair->letter = text.letter;
    return true;
}

/* Adds an attribute that was read before; false when it must be read again, as a duplicate must. */
static bool add_known(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                      const o2p_known_pair *pair)
{
    if (list->position == 0)
        start(walk, list, column);
    if (O2P_UNLIKELY(came_before(walk, list, column, pair->key)))
        return false;
    column->key_dictionary->lookups += pair->key != 0;
    column->dictionary->lookups += pair->value != 0;
    push(walk, list, column, pair->key, pair->value, pair->letter);
    list->position++;
    return true;
}

/* Reads an attribute; `place` is its own in the table, or NULL. */
static bool read_pair(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *key_value,
                      o2p_known_pair *place)
{
    o2p_span key, value;
    uint64_t unknown = walk->counts.unknown_fields, repaired = walk->store->pool.repaired;
    if (!o2p_key_value_of(walk, key_value->bytes, (size_t)key_value->value, &key, &value))
        return false;
    o2p_dictionary *keys = o2p_column_key_dictionary(list->rows, list->target->map);
    o2p_column *column = &list->rows->columns[list->target->map];
    if (keys == NULL)
        return false;
    if (list->position == 0)
        start(walk, list, column);
    o2p_known_pair pair = {.bytes = key_value->bytes,
                           .column = column,
                           .size = (uint32_t)key_value->value,
                           .walk = walk->number};
    pair.key = o2p_intern(keys, key.bytes, key.size, list->rows->pool->lasting);
    if (O2P_UNLIKELY(list->rows->pool->memory->failed))
        return false;
    if (O2P_UNLIKELY(came_before(walk, list, column, pair.key)))
        return note_duplicate(walk, list, list->position++, pair.key, value);
    if (!add_entry(walk, list, column, pair.key, value, &pair) || list->rows->pool->memory->failed)
        return false;
    list->position++;
    bool clean = walk->counts.unknown_fields == unknown && walk->store->pool.repaired == repaired;
    if (place != NULL && clean && !keys->gave_up)
        *place = pair;
    return true;
}

static bool add_one(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *key_value)
{
    o2p_column *column = &list->rows->columns[list->target->map];
    o2p_known_pair *pair = NULL;
    if (O2P_UNLIKELY(list->depth > walk->limits.max_depth))
        return o2p_walk_fail(walk, O2P_ERR_DEPTH, key_value->start);
    if (O2P_UNLIKELY(list->position >= walk->limits.max_attributes))
        return o2p_walk_over(walk, key_value->start,
                             "more attributes in a list than max_attributes");
    if (column->key_dictionary == NULL || !column->key_dictionary->gave_up) {
        pair = place_of(walk, key_value);
        if (pair != NULL && O2P_LIKELY(holds(pair, walk, column, key_value)) &&
            add_known(walk, list, column, pair))
            return true;
    }
    return read_pair(walk, list, key_value, pair) && !list->rows->pool->memory->failed;
}

/* ---- lists that were read before ----
 *
 * Records that are alike have the same attributes, written the same way one behind the other: then
 * the whole list is found by its bytes, and its rows share it. Where lists turn out to be mostly
 * new they are looked for no more in this request.
 */

/* The end of the fields with the key of the one that begins at `at`, as far as their keys take one
 * byte and their lengths two at most: protobuf allows more for the same numbers. */
static const uint8_t *fields_end(const uint8_t *at, const uint8_t *end)
{
    uint8_t key = *at;
    while (end - at >= 3 && at[0] == key && key < 0x80) {
        size_t head = at[1] < 0x80 ? 2 : at[2] < 0x80 ? 3 : 0;
        size_t size = head == 2 ? at[1] : (size_t)(at[1] & 0x7F) | (size_t)at[2] << 7;
        if (head == 0 || size > (size_t)(end - at) - head)
            break;
        at += head + size;
    }
    return at;
}

static uint64_t noticed(const o2p_walk *walk)
{
    return walk->counts.unknown_fields + walk->counts.duplicate_keys + walk->store->pool.repaired;
}

/* The place of the list in the table; NULL when it is not to be looked for. What a place says of an
 * earlier request does no harm: bytes are compared. */
static uint16_t *list_place(o2p_walk *walk, o2p_span fields)
{
    enum { TRIES = 2048, ONE_HIT_IN = 8 };
    if (walk->list_tries >= TRIES && walk->list_hits < walk->list_tries / ONE_HIT_IN)
        return NULL;
    if (O2P_UNLIKELY(walk->list_places.size == 0)) {
        size_t size = O2P_KNOWN_LISTS * sizeof(uint16_t);
        void *at = o2p_buffer_extend(&walk->list_places, size);
        if (at == NULL)
            return NULL;
        memset(at, 0, size);
    }
    return (uint16_t *)(void *)walk->list_places.data +
           o2p_hash(fields.bytes, fields.size) % O2P_KNOWN_LISTS;
}

static bool is_known(const o2p_known_list *known, const o2p_attributes *list,
                     const o2p_column *column)
{
    return known->column == column && known->size == list->fields.size &&
           memcmp(known->bytes, list->fields.bytes, known->size) == 0;
}

/* Whether the fields are a list that was read before: then it is list->known. */
static bool find_list(o2p_walk *walk, o2p_attributes *list, const o2p_column *column)
{
    list->place = list_place(walk, list->fields);
    if (list->place == NULL)
        return false;
    walk->list_tries++;
    const o2p_known_list *lists = (const o2p_known_list *)(const void *)walk->known_lists.data;
    size_t count = walk->known_lists.size / sizeof(o2p_known_list);
    if (*list->place >= count || !is_known(&lists[*list->place], list, column))
        return false;
    walk->list_hits++;
    list->known = *list->place;
    list->position = lists[*list->place].count;
    return true;
}

/* Adds the fields of a piece one by one. */
static bool add_fields(o2p_walk *walk, o2p_attributes *list, o2p_span fields)
{
    o2p_wire wire = o2p_wire_over(fields.bytes, fields.size);
    o2p_wire_field field;
    while (o2p_wire_next(&wire, &field))
        if (!add_one(walk, list, &field))
            return false;
    return o2p_walk_end(walk, &wire);
}

/* A list that was thought to be known goes on: adds what it was taken for. */
static bool forget_known(o2p_walk *walk, o2p_attributes *list)
{
    list->known = O2P_NO_LIST;
    list->position = 0;
    return add_fields(walk, list, list->fields);
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
    fields.size = (size_t)(fields_end(fields.bytes, list->wire->end) - fields.bytes);
    if (fields.size == 0) /* a key of two bytes or a length of three */
        return add_one(walk, list, key_value);
    list->fields = fields;
    list->noticed = noticed(walk);
    list->wire->at = fields.bytes + fields.size;
    return find_list(walk, list, &list->rows->columns[list->target->map]) ||
           add_fields(walk, list, fields);
}

/* Remembers a list of one piece in which nothing was noticed. */
static void remember_list(o2p_walk *walk, const o2p_attributes *list, const o2p_column *column,
                          uint32_t number, uint32_t types)
{
    o2p_known_list known = {
        list->fields.bytes, column, list->fields.size, number, types, list->count, 0, 0};
    size_t at = walk->known_lists.size / sizeof(known);
    if (list->pieces != 1 || list->place == NULL || list->noticed != noticed(walk) ||
        column->key_dictionary->gave_up || at >= O2P_KNOWN_LISTS)
        return;
    const uint32_t *keys = keys_of(column);
    const uint32_t *values = (const uint32_t *)(const void *)column->items.data;
    for (uint32_t i = list->first; i < list->first + list->count; i++) {
        known.keys += keys[i] != 0;
        known.values += values[i] != 0;
    }
    *list->place = (uint16_t)at;
    o2p_buffer_append(&walk->known_lists, &known, sizeof(known));
}

/* Sets the cells of a row to a list that was read before. */
static void set_known(const o2p_walk *walk, const o2p_attributes *list, const o2p_column *column)
{
    const o2p_known_list *known =
        (const o2p_known_list *)(const void *)walk->known_lists.data + list->known;
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

/* ---- a list whose keys' indices say nothing ---- */

static int compare_keys(const o2p_column *column, uint32_t entry_a, uint32_t entry_b)
{
    const uint32_t *keys = keys_of(column);
    const o2p_dictionary *dictionary = column->key_dictionary;
    return o2p_entry_compare(o2p_dictionary_entry(dictionary, keys[entry_a]),
                             o2p_dictionary_entry(dictionary, keys[entry_b]));
}

/* Merges the sorted halves [0, middle) and [middle, count) of `from` into `to`, stably. */
static void merge_halves(const o2p_column *column, const uint32_t *from, uint32_t *to,
                         uint32_t middle, uint32_t count)
{
    uint32_t a = 0, b = middle;
    for (uint32_t i = 0; i < count; i++) {
        bool second = a == middle || (b < count && compare_keys(column, from[b], from[a]) < 0);
        to[i] = second ? from[b++] : from[a++];
    }
}

/* Sorts entry numbers by key, stably, bottom up. Returns which of the two arrays holds the result.
 */
static uint32_t *sort_entries(const o2p_column *column, uint32_t *order, uint32_t *spare,
                              uint32_t count)
{
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * width) {
            uint32_t rest = count - at;
            uint32_t middle = rest < width ? rest : width;
            merge_halves(column, order + at, spare + at, middle,
                         rest < 2 * width ? rest : 2 * width);
        }
        uint32_t *swap = order;
        order = spare;
        spare = swap;
    }
    return order;
}

/* Marks in `twin` (a byte an entry of the list) the entries whose key came before. */
static void mark_twins(const o2p_column *column, const uint32_t *order, uint32_t first,
                       uint32_t count, uint8_t *twin)
{
    memset(twin, 0, count);
    for (uint32_t i = 1; i < count; i++)
        twin[order[i] - first] = compare_keys(column, order[i - 1], order[i]) == 0;
}

/* Notes an entry that was added as a duplicate; what was noticed in its value was counted then. */
static bool note_twin(o2p_walk *walk, const o2p_attributes *list, const late_entry *late,
                      uint32_t key)
{
    uint64_t unknown = walk->counts.unknown_fields, repaired = walk->store->pool.repaired;
    bool ok = note_duplicate(walk, list, late->position, key, late->value);
    walk->counts.unknown_fields = unknown;
    walk->store->pool.repaired = repaired;
    return ok;
}

/* Takes the marked entries out of the column, noting them as duplicates. */
static bool remove_twins(o2p_walk *walk, o2p_attributes *list, o2p_column *column,
                         const uint8_t *twin)
{
    uint32_t *keys = keys_of(column), *items = (uint32_t *)(void *)column->items.data;
    const late_entry *late = (const late_entry *)(const void *)scratch_of(walk, list)->late.data;
    size_t late_count = scratch_of(walk, list)->late.size / sizeof(*late), next = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t entry = list->first + i;
        while (next < late_count && late[next].entry < entry)
            next++;
        if (twin[i] == 0) {
            keys[list->first + kept] = keys[entry];
            items[list->first + kept] = items[entry];
            scratch_of(walk, list)->types.data[kept++] = scratch_of(walk, list)->types.data[i];
        } else if (!note_twin(walk, list, &late[next], keys[entry])) {
            return false;
        }
    }
    list->count = kept;
    column->keys.size = column->items.size = (size_t)(list->first + kept) * 4;
    scratch_of(walk, list)->types.size = kept;
    return true;
}

static bool settle_late(o2p_walk *walk, o2p_attributes *list, o2p_column *column)
{
    o2p_buffer scratch; /* order, spare, twin */
    o2p_buffer_init(&scratch, walk->store->memory);
    bool ok = false;
    uint32_t *order = (uint32_t *)o2p_buffer_extend(&scratch, (size_t)list->count * 9);
    if (order != NULL) {
        uint32_t *spare = order + list->count;
        uint8_t *twin = (uint8_t *)(spare + list->count);
        for (uint32_t i = 0; i < list->count; i++)
            order[i] = list->first + i;
        mark_twins(column, sort_entries(column, order, spare, list->count), list->first,
                   list->count, twin);
        ok = remove_twins(walk, list, column, twin);
    }
    o2p_buffer_free(&scratch);
    return ok;
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
    if (O2P_UNLIKELY(scratch_of(walk, list)->late.size > 0) && !settle_late(walk, list, column))
        return false;
    uint32_t number = o2p_end_map(rows, list->target->map, column->keys.size / 4), types = 0;
    if (number == 0)
        return false;
    o2p_set32(rows, list->target->map, list->row, number);
    if (list->typed) {
        o2p_set_text(rows, list->target->types, list->row, scratch_of(walk, list)->types.data,
                     scratch_of(walk, list)->types.size, false);
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
