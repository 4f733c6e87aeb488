/* list_leaf.c - leaves that are made of lists of attributes, each list as a whole.
 *
 *   form                       a row's value
 *   JSON, METADATA, VARIANT    the list's; written once a list, found again among others by its
 *                              bytes, and so dictionary-encoded where that pays
 *   LETTERS                    likewise
 *   KEPT                       keys or values, as of a MAP
 *   TEXT, INT64, DOUBLE, BOOL  the attribute's, looked for once a list; null where there is none
 *
 * A Variant's two leaves come one after the other: both are made with the first.
 */
#include "leaf_writer.h"

#include "attribute_json.h"
#include "promotion.h"

/* The lists of the leaf that is made. */
typedef struct list_source {
    o2p_list_forms *forms;
    const o2p_settings *settings;
    o2p_promotion_source thinned; /* by its promotions; 0: by none */
    const o2p_column *map, *letters;
    const uint32_t *numbers; /* of a list in the column */
    uint32_t count;          /* of lists */
} list_source;

/* ---- scratch ---- */

static void each_buffer(o2p_list_forms *forms,
                        void (*visit)(o2p_buffer *buffer, o2p_memory *memory))
{
    o2p_buffer *all[] = {&forms->values[0], &forms->values[1],   &forms->words,
                         &forms->first,     &forms->written[0],  &forms->written[1],
                         &forms->kept_keys, &forms->kept_values, &forms->kept_letters};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        visit(all[i], forms->memory);
}

static void release_buffer(o2p_buffer *buffer, o2p_memory *memory)
{
    (void)memory;
    o2p_buffer_free(buffer);
}

static void init_texts(o2p_list_forms *forms)
{
    for (size_t i = 0; i < 2; i++)
        o2p_dictionary_init(&forms->texts[i], forms->memory, &forms->arena, O2P_TEXT_RAW,
                            &forms->repaired);
}

static void free_texts(o2p_list_forms *forms)
{
    for (size_t i = 0; i < 2; i++)
        o2p_dictionary_free(&forms->texts[i]);
    o2p_arena_free(&forms->arena);
}

void o2p_list_forms_init(o2p_list_forms *forms, o2p_memory *memory)
{
    memset(forms, 0, sizeof(*forms));
    forms->memory = memory;
    o2p_variant_init(&forms->variant, memory);
    o2p_arena_init(&forms->arena, memory);
    each_buffer(forms, o2p_buffer_init);
    init_texts(forms);
}

void o2p_list_forms_free(o2p_list_forms *forms)
{
    o2p_variant_free(&forms->variant);
    each_buffer(forms, release_buffer);
    free_texts(forms);
}

/* ---- lists ---- */

/* The column of the letters of a MAP's types. */
static o2p_col letters_of(o2p_col map)
{
    size_t col = 0;
    while (o2p_columns[col].of != map || o2p_columns[col].kind != O2P_KIND_STRING)
        col++;
    return (o2p_col)col;
}

/* Rows that share a list share its letters: they are read from the first that has it. */
static const uint8_t *read_letters(const list_source *s, uint32_t list)
{
    uint32_t row = o2p_u32s(&s->forms->first)[list];
    uint32_t cell = row < s->letters->cells.size / 4 ? o2p_cells32(s->letters)[row] : 0;
    return cell == 0 ? NULL : o2p_dictionary_entry(s->letters->dictionary, cell)->bytes;
}

/* Whether a column of its own holds an attribute exactly. */
static bool is_held(const list_source *s, const o2p_entry *key, uint8_t letter)
{
    for (size_t i = 0; i < s->settings->promotion_count; i++) {
        const o2p_promotion *p = &s->settings->promotions[i];
        if (p->source == s->thinned && o2p_promotion_holds(p, letter) && o2p_promotion_is(p, key))
            return true;
    }
    return false;
}

/* Takes out of a list what other columns hold; what is left is in scratch. */
static void thin(const list_source *s, o2p_attribute_list *list)
{
    o2p_list_forms *forms = s->forms;
    uint32_t kept = 0;
    bool typed = false;
    forms->kept_letters.size = 0;
    uint32_t *keys = o2p_u32_room(&forms->kept_keys, list->count);
    uint32_t *values = o2p_u32_room(&forms->kept_values, list->count);
    uint8_t *letters = (uint8_t *)o2p_buffer_extend(&forms->kept_letters, (size_t)list->count + 1);
    if (keys == NULL || values == NULL || letters == NULL)
        return;
    for (uint32_t i = 0; i < list->count; i++) {
        uint8_t letter = o2p_attribute_letter(list, i);
        if (is_held(s, o2p_attribute_key(list, i), letter))
            continue;
        keys[kept] = list->key_indices[i];
        values[kept] = list->value_indices[i];
        letters[kept++] = letter;
        typed |= letter != O2P_LETTER_STRING;
    }
    list->key_indices = keys;
    list->value_indices = values;
    list->letters = typed ? letters : NULL;
    list->count = kept;
}

/* Reads a list; what promotions take out of it is left out. */
static void read_list(const list_source *s, uint32_t number, o2p_attribute_list *list)
{
    memset(list, 0, sizeof(*list));
    uint32_t in_column = s->numbers[number], begin = o2p_map_begin(s->map, in_column);
    list->count = o2p_map_size(s->map, in_column);
    if (list->count == 0)
        return;
    list->keys = s->map->key_dictionary;
    list->values = s->map->dictionary;
    list->key_indices = (const uint32_t *)(const void *)s->map->keys.data + begin;
    list->value_indices = (const uint32_t *)(const void *)s->map->items.data + begin;
    list->letters = read_letters(s, number);
    if (s->thinned != 0)
        thin(s, list);
}

/* ---- texts of lists ---- */

static uint32_t intern_written(o2p_list_forms *forms, size_t which)
{
    const o2p_buffer *written = &forms->written[which];
    return o2p_intern(&forms->texts[which], written->data, written->size, false);
}

/* Writes a list in the leaf's form, and a Variant in both of its. */
static void write_list(const list_source *s, o2p_form form, const o2p_attribute_list *list,
                       uint32_t *values[2], uint32_t number)
{
    o2p_list_forms *forms = s->forms;
    forms->written[0].size = forms->written[1].size = 0;
    switch (form) {
    case O2P_FORM_LIST_JSON:
        o2p_append_attribute_json(list, &forms->written[0]);
        break;
    case O2P_FORM_LIST_METADATA:
        o2p_variant_append(&forms->variant, list, &forms->written[0], &forms->written[1]);
        break;
    default:
        if (list->letters != NULL)
            o2p_buffer_append(&forms->written[0], list->letters, list->count);
        break;
    }
    values[0][number] = intern_written(forms, 0);
    values[1][number] = intern_written(forms, 1);
}

static bool write_lists(const list_source *s, o2p_form form)
{
    uint32_t *values[2];
    free_texts(s->forms);
    init_texts(s->forms);
    for (size_t i = 0; i < 2; i++) {
        o2p_dictionary_prepare(&s->forms->texts[i]);
        values[i] = o2p_u32_room(&s->forms->values[i], s->count);
        if (values[i] == NULL)
            return false;
    }
    for (uint32_t l = 0; l < s->count && !s->forms->memory->failed; l++) {
        o2p_attribute_list list;
        read_list(s, l, &list);
        write_list(s, form, &list, values, l);
    }
    return !s->forms->memory->failed;
}

/* Gives each value of the leaf the text of its list. */
static bool spread_texts(o2p_encoder *e, const o2p_buffer *values, o2p_leaf *leaf)
{
    const uint32_t *texts = (const uint32_t *)(const void *)values->data;
    uint32_t *indices = o2p_u32_room(&e->gather.indices, leaf->value_count);
    if (indices == NULL)
        return false;
    for (uint32_t i = 0; i < leaf->value_count; i++)
        indices[i] = texts[leaf->lists[i]];
    leaf->indices = indices;
    leaf->lists = NULL;
    leaf->list_count = 0;
    return true;
}

/* ---- what is kept of maps ---- */

/* Makes a leaf of a MAP, of the attributes that stay in it. */
static bool gather_kept(o2p_encoder *e, const list_source *s, o2p_part part, o2p_leaf *leaf)
{
    o2p_gather *gather = &e->gather;
    uint32_t *counts = o2p_u32_room(&gather->counts, leaf->rows);
    gather->indices.size = gather->keys.size = 0;
    gather->list_begins.size = gather->list_ends.size = 0;
    for (uint32_t l = 0; l < s->count; l++) {
        o2p_attribute_list list;
        read_list(s, l, &list);
        o2p_buffer_u32(&gather->list_begins, (uint32_t)(gather->keys.size / 4));
        if (part == O2P_PART_VALUE)
            o2p_buffer_append(&gather->indices, list.value_indices, (size_t)list.count * 4);
        o2p_buffer_append(&gather->keys, list.key_indices, (size_t)list.count * 4);
        o2p_buffer_u32(&gather->list_ends, (uint32_t)(gather->keys.size / 4));
    }
    if (counts == NULL || e->memory->failed)
        return false;
    const uint32_t *keys = o2p_u32s(&gather->keys);
    leaf->indices = part == O2P_PART_KEY ? keys : o2p_u32s(&gather->indices);
    leaf->keys = part == O2P_PART_KEY ? NULL : keys;
    leaf->key_dictionary = s->map->key_dictionary;
    leaf->list_begins = o2p_u32s(&gather->list_begins);
    leaf->list_ends = o2p_u32s(&gather->list_ends);
    leaf->value_count = 0; /* the rows have no more than without promotions, which fits */
    for (uint32_t r = 0; r < leaf->rows; r++) {
        counts[r] = o2p_leaf_list_size(leaf, leaf->lists[r]);
        leaf->value_count += counts[r];
    }
    leaf->counts = counts;
    leaf->child_count = leaf->value_count;
    return true;
}

/* ---- attributes ---- */

/* The entry of a list that a promoted column holds; list->count if there is none. */
static uint32_t find_attribute(const o2p_attribute_list *list, const o2p_promotion *promotion)
{
    uint32_t i = 0;
    while (i < list->count && !o2p_promotion_is(promotion, o2p_attribute_key(list, i)))
        i++;
    bool other = i < list->count && promotion->type != O2P_PROMOTE_STRING &&
                 !o2p_promotion_holds(promotion, o2p_attribute_letter(list, i));
    return other ? list->count : i;
}

static uint64_t word_of(o2p_promotion_type type, const o2p_entry *value)
{
    if (type == O2P_PROMOTE_INT64)
        return (uint64_t)o2p_attribute_int(value->bytes, value->size);
    if (type == O2P_PROMOTE_DOUBLE)
        return o2p_attribute_double(value->bytes, value->size);
    return value->size > 0 && value->bytes[0] == 't';
}

/* Looks for the attribute in each list. False when memory is refused or no list has it. */
static bool find_attributes(const list_source *s, const o2p_promotion *promotion)
{
    bool any = false, text = promotion->type == O2P_PROMOTE_STRING;
    uint32_t *values = o2p_u32_room(&s->forms->values[0], s->count);
    s->forms->words.size = 0;
    uint64_t *words = (uint64_t *)o2p_buffer_extend(&s->forms->words, (size_t)s->count * 8);
    for (uint32_t l = 0; l < s->count && values != NULL && words != NULL; l++) {
        o2p_attribute_list list;
        read_list(s, l, &list);
        uint32_t at = find_attribute(&list, promotion);
        values[l] = at == list.count ? 0 : list.value_indices[at] + 1;
        if (values[l] != 0 && !text)
            words[l] = word_of(promotion->type, o2p_attribute_value(&list, at));
        any |= values[l] != 0;
    }
    return any && !s->forms->memory->failed;
}

/* Gives each row that has the attribute its value. */
static bool spread_attributes(o2p_encoder *e, const list_source *s, bool text, o2p_leaf *leaf)
{
    o2p_gather *gather = &e->gather;
    const uint32_t *values = o2p_u32s(&s->forms->values[0]);
    const uint64_t *words = (const uint64_t *)(const void *)s->forms->words.data;
    gather->words.size = gather->valid.size = 0;
    uint32_t *indices = o2p_u32_room(&gather->indices, leaf->rows), count = 0;
    uint64_t *numbers = (uint64_t *)o2p_buffer_extend(&gather->words, (size_t)leaf->rows * 8 + 8);
    uint8_t *valid = (uint8_t *)o2p_buffer_extend(&gather->valid, (size_t)leaf->rows + 1);
    if (indices == NULL || numbers == NULL || valid == NULL)
        return false;
    for (uint32_t r = 0; r < leaf->rows; r++) {
        uint32_t list = leaf->lists[r];
        valid[r] = values[list] != 0;
        if (!valid[r])
            continue;
        indices[count] = values[list] - 1;
        numbers[count++] = words[list];
    }
    leaf->value_count = count;
    leaf->valid = valid;
    leaf->indices = text ? indices : NULL;
    leaf->words = text ? NULL : numbers;
    leaf->lists = NULL;
    leaf->list_count = 0;
    return true;
}

/* Makes the leaf of a promoted attribute; one that no row has is null throughout. */
static bool gather_attribute(o2p_encoder *e, list_source *s, const o2p_layout_leaf *spec,
                             o2p_leaf *leaf)
{
    const o2p_promotion *promotion = &e->settings->promotions[spec->promotion];
    s->thinned = 0;
    if (find_attributes(s, promotion))
        return spread_attributes(e, s, spec->form == O2P_FORM_LIST_TEXT, leaf);
    leaf->lists = NULL;
    leaf->list_count = leaf->value_count = 0;
    leaf->constant = true;
    return !e->memory->failed;
}

/* ---- any leaf ---- */

/* Notes the first row of each list; lists are numbered by first use, but for the empty one. */
static bool note_first(o2p_list_forms *forms, const o2p_leaf *leaf, const uint32_t *rows)
{
    uint32_t *first = o2p_u32_room(&forms->first, leaf->list_count), next = 1;
    if (first == NULL)
        return false;
    first[0] = 0;
    for (uint32_t i = 0; i < leaf->value_count; i++)
        if (leaf->lists[i] == next)
            first[next++] = rows[i];
    return true;
}

/* Whose promotions take attributes out of a column's lists. */
static o2p_promotion_source thinned_by(const o2p_encoder *e, const o2p_layout_leaf *spec)
{
    if (!e->settings->promotions_only)
        return (o2p_promotion_source)0;
    for (o2p_promotion_source s = O2P_PROMOTE_RESOURCE; s <= O2P_PROMOTE_RECORD; s++)
        if (o2p_promotion_map(e->layout.table, s) == (o2p_col)spec->cells)
            return s;
    return (o2p_promotion_source)0;
}

bool o2p_gather_list_leaf(o2p_encoder *e, const o2p_layout_leaf *spec, const uint32_t *selected,
                          uint32_t count, o2p_leaf *leaf)
{
    static const o2p_column empty;
    const o2p_rows *rows = o2p_rows_of(e, e->layout.table, (o2p_source)spec->source);
    o2p_form form = (o2p_form)spec->form;
    selected = o2p_gather_lists(&e->gather, rows, spec, selected, count, leaf);
    if (selected == NULL || !note_first(&e->forms, leaf, selected))
        return false;
    list_source s = {.forms = &e->forms,
                     .settings = e->settings,
                     .thinned = thinned_by(e, spec),
                     .map = rows == NULL ? &empty : &rows->columns[spec->cells],
                     .letters =
                         rows == NULL ? &empty : &rows->columns[letters_of((o2p_col)spec->cells)],
                     .numbers = o2p_u32s(&e->gather.used),
                     .count = leaf->list_count};
    if (s.map->key_dictionary != NULL)
        o2p_dictionary_prepare(s.map->key_dictionary);
    if (s.map->dictionary != NULL)
        o2p_dictionary_prepare(s.map->dictionary);
    if (form >= O2P_FORM_LIST_TEXT)
        return gather_attribute(e, &s, spec, leaf);
    if (form == O2P_FORM_LIST_KEPT)
        return gather_kept(e, &s, (o2p_part)spec->part, leaf);
    if (form != O2P_FORM_LIST_VARIANT && !write_lists(&s, form))
        return false;
    return spread_texts(e, &e->forms.values[form == O2P_FORM_LIST_VARIANT], leaf);
}

const o2p_dictionary *o2p_list_texts(const o2p_encoder *e, o2p_form form)
{
    bool made = o2p_form_is_list(form) && form < O2P_FORM_LIST_TEXT && form != O2P_FORM_LIST_KEPT;
    return made ? &e->forms.texts[form == O2P_FORM_LIST_VARIANT] : NULL;
}

/* ---- sizes ---- */

/* Bytes of a row's lists of the column, of those of its structs if it is a member of some. */
static uint64_t column_bytes(const o2p_rows *rows, const o2p_layout_leaf *spec, uint32_t row)
{
    const o2p_column *map = &rows->columns[spec->cells];
    if (spec->parent == O2P_COL_NONE)
        return o2p_map_text_bytes(map, o2p_map_list(map, row));
    const o2p_column *structs = &rows->columns[spec->parent];
    uint64_t bytes = 0;
    for (uint32_t c = o2p_list_begin(structs, row); c < o2p_list_end(structs, row); c++)
        bytes += o2p_map_text_bytes(map, o2p_map_list(map, c));
    return bytes;
}

uint64_t o2p_list_bytes(const o2p_encoder *e, o2p_source source, uint32_t row)
{
    const o2p_rows *rows = o2p_rows_of(e, e->layout.table, source);
    uint64_t bytes = 0;
    for (size_t i = 0; i < o2p_layout_leaf_count(&e->layout) && rows != NULL; i++) {
        const o2p_layout_leaf *spec = o2p_layout_leaf_at(&e->layout, i);
        if ((spec->form == O2P_FORM_LIST_JSON || spec->form == O2P_FORM_LIST_METADATA) &&
            spec->source == (uint8_t)source)
            bytes += column_bytes(rows, spec, row);
    }
    return bytes;
}
