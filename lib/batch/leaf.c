/* leaf.c - see leaf.h. */
#include "leaf.h"

static void each_buffer(o2p_gather *gather, void (*visit)(o2p_buffer *buffer, o2p_memory *memory),
                        o2p_memory *memory)
{
    o2p_buffer *all[] = {
        &gather->indices,     &gather->keys,        &gather->words,    &gather->counts,
        &gather->inner,       &gather->valid,       &gather->children, &gather->expanded[0],
        &gather->expanded[1], &gather->expanded[2], &gather->lists,    &gather->list_begins,
        &gather->list_ends,   &gather->used,        &gather->local,    &gather->child_counts};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        visit(all[i], memory);
}

static void free_buffer(o2p_buffer *buffer, o2p_memory *memory)
{
    (void)memory;
    o2p_buffer_free(buffer);
}

void o2p_gather_init(o2p_gather *gather, o2p_memory *memory)
{
    each_buffer(gather, o2p_buffer_init, memory);
    o2p_gather_begin(gather, NULL, 0);
}

void o2p_gather_free(o2p_gather *gather)
{
    each_buffer(gather, free_buffer, NULL);
    o2p_gather_begin(gather, NULL, 0);
}

/* Room for `count` elements of `width` bytes at the start of a scratch buffer. */
static void *room(o2p_buffer *buffer, size_t count, size_t width)
{
    buffer->size = 0;
    return o2p_buffer_extend(buffer, count * width + 1);
}

void o2p_gather_begin(o2p_gather *gather, const uint32_t *selected, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && selected[i] == selected[0] + i)
        i++;
    gather->straight = i == count ? selected : NULL;
    gather->map = gather->structs = NULL;
}

/* The rows of a source, or child rows, that a leaf is of. */
typedef struct selection {
    const uint32_t *rows;
    uint32_t count;
    bool straight; /* each is the one after the row before: what a column has of them is an array */
} selection;

/* Whether the cells of all selected rows, or other elements of `width` bytes a row, are in `buffer`
 * one behind the other. */
static bool has_array(const o2p_buffer *buffer, const selection *of, size_t width)
{
    return of->straight && of->count > 0 &&
           (uint64_t)of->rows[0] + of->count <= buffer->size / width;
}

/* ---- lists ---- */

/* Items of each selected row; returns their sum, which fits: see O2P_MAX_ROWS. */
static uint64_t gather_counts(const o2p_column *column, const selection *of, uint32_t *counts)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < of->count; i++) {
        counts[i] = o2p_list_end(column, of->rows[i]) - o2p_list_begin(column, of->rows[i]);
        sum += counts[i];
    }
    return sum;
}

static void gather_items64(const o2p_column *column, const selection *of, uint64_t *out)
{
    const uint64_t *items = (const uint64_t *)(const void *)column->items.data;
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t begin = o2p_list_begin(column, of->rows[i]);
        uint32_t n = o2p_list_end(column, of->rows[i]) - begin;
        memcpy(out, items + begin, (size_t)n * 8);
        out += n;
    }
}

/* The numbers of the child rows of the selected rows. */
static void gather_children(const o2p_column *column, const selection *of, uint32_t *out)
{
    for (uint32_t i = 0; i < of->count; i++)
        for (uint32_t c = o2p_list_begin(column, of->rows[i]);
             c < o2p_list_end(column, of->rows[i]); c++)
            *out++ = c;
}

/* Items of an x_LIST; `gather->counts` gets their number for each selected row. */
static bool gather_list(o2p_gather *gather, const o2p_column *column, const selection *of,
                        o2p_leaf *leaf)
{
    uint32_t *counts = (uint32_t *)room(&gather->counts, of->count, 4);
    if (counts == NULL)
        return false;
    uint64_t sum = gather_counts(column, of, counts);
    if (sum > O2P_MAX_ROWS) {
        o2p_memory_refuse(gather->indices.memory);
        return false;
    }
    leaf->value_count = (uint32_t)sum;
    if (of->straight && sum > 0) {
        leaf->words = (const uint64_t *)(const void *)column->items.data +
                      o2p_list_begin(column, of->rows[0]);
        return true;
    }
    uint64_t *out = (uint64_t *)room(&gather->words, sum, 8);
    if (out != NULL && sum > 0)
        gather_items64(column, of, out);
    leaf->words = out;
    return out != NULL;
}

/* ---- maps ---- */

/* `local`, zero for each list of the column. */
static uint32_t *zeroed_local(o2p_gather *gather, const o2p_column *column)
{
    return (uint32_t *)o2p_buffer_zeroed(&gather->local, column->ends.size + 4);
}

/* Numbers the lists of the selected rows by first use; `counts` gets the entries of each row. False
 * when memory is refused or there are more than Parquet can count. */
static bool number_lists(o2p_gather *gather, const o2p_column *column, const selection *of,
                         o2p_buffer *counts_buffer)
{
    uint32_t *local = zeroed_local(gather, column);
    uint32_t *counts = (uint32_t *)room(counts_buffer, of->count, 4);
    uint32_t *lists = (uint32_t *)room(&gather->lists, of->count, 4);
    gather->list_begins.size = gather->list_ends.size = gather->used.size = 0;
    gather->map_values = 0;
    o2p_buffer_u32(&gather->list_begins, 0);
    o2p_buffer_u32(&gather->list_ends, 0);
    o2p_buffer_u32(&gather->used, 0);
    if (local == NULL || gather->indices.memory->failed)
        return false;
    uint32_t made = 0, end = 0;
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t list = o2p_map_list(column, of->rows[i]);
        uint32_t size = o2p_map_size(column, list);
        lists[i] = list == 0 ? 0 : local[list];
        counts[i] = size;
        gather->map_values += size;
        if (list == 0 || lists[i] != 0)
            continue;
        lists[i] = local[list] = ++made;
        end += size;
        o2p_buffer_u32(&gather->list_begins, o2p_map_begin(column, list));
        o2p_buffer_u32(&gather->list_ends, end);
        o2p_buffer_u32(&gather->used, list);
    }
    for (uint32_t i = 0; i < of->count; i++)
        local[o2p_map_list(column, of->rows[i])] = 0;
    if (gather->map_values > O2P_MAX_ROWS)
        o2p_memory_refuse(gather->indices.memory);
    return !gather->indices.memory->failed;
}

/* Keys or values of a MAP: the column's, since a leaf says where its lists begin. */
static bool gather_map(o2p_gather *gather, const o2p_column *column, o2p_part part,
                       const selection *of, o2p_buffer *counts, o2p_leaf *leaf)
{
    bool numbered = part == O2P_PART_VALUE && gather->map == column;
    gather->map = NULL;
    if (!numbered && !number_lists(gather, column, of, counts))
        return false;
    gather->map = part == O2P_PART_KEY ? column : NULL;
    const uint32_t *keys = (const uint32_t *)(const void *)column->keys.data;
    leaf->indices =
        part == O2P_PART_KEY ? keys : (const uint32_t *)(const void *)column->items.data;
    leaf->keys = part == O2P_PART_KEY ? NULL : keys;
    leaf->key_dictionary = column->key_dictionary;
    leaf->lists = (const uint32_t *)(const void *)gather->lists.data;
    leaf->list_begins = (const uint32_t *)(const void *)gather->list_begins.data;
    leaf->list_ends = (const uint32_t *)(const void *)gather->list_ends.data;
    leaf->list_count = (uint32_t)(gather->list_ends.size / 4);
    leaf->value_count = (uint32_t)gather->map_values;
    return true;
}

/* ---- scalars ---- */

/* Where the bytes end that are as the first. */
static uint32_t alike_bytes(const uint8_t *bytes, uint32_t first, uint32_t end)
{
    const uint64_t eight = bytes[first] * UINT64_C(0x0101010101010101);
    uint32_t i = first + 1;
    while (end - i >= 8 && o2p_load_le64(bytes + i) == eight)
        i += 8;
    while (i < end && bytes[i] == bytes[first])
        i++;
    return i;
}

static bool is_text(o2p_kind kind)
{
    return kind == O2P_KIND_STRING || kind == O2P_KIND_ID;
}

static bool has_word_cells(o2p_kind kind)
{
    return kind == O2P_KIND_TIME || kind == O2P_KIND_INT64 || kind == O2P_KIND_DOUBLE;
}

/* Text: cell 0 of a nullable column is null, others are one more than their index. */
static bool gather_text(o2p_gather *gather, const o2p_column *column, bool nullable,
                        const selection *of, o2p_leaf *leaf)
{
    const uint32_t *cells = o2p_cells32(column);
    size_t set = column->cells.size / 4;
    leaf->value_count = of->count;
    if (!nullable && has_array(&column->cells, of, 4)) {
        leaf->indices = cells + of->rows[0];
        return true;
    }
    uint32_t *out = (uint32_t *)room(&gather->indices, of->count, 4);
    uint8_t *valid = nullable ? (uint8_t *)room(&gather->valid, of->count, 1) : NULL;
    if (out == NULL || (nullable && valid == NULL))
        return false;
    leaf->indices = out;
    leaf->valid = valid;
    if (!nullable) {
        for (uint32_t i = 0; i < of->count; i++)
            out[i] = of->rows[i] < set ? cells[of->rows[i]] : 0;
        return true;
    }
    uint32_t *next = out;
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t cell = of->rows[i] < set ? cells[of->rows[i]] : 0;
        valid[i] = cell != 0;
        *next = cell - 1;
        next += cell != 0;
    }
    leaf->value_count = (uint32_t)(next - out);
    return true;
}

static uint64_t word_at(const o2p_column *column, size_t set, bool wide, uint32_t row)
{
    if (row >= set)
        return 0;
    return wide ? o2p_cells64(column)[row] : o2p_cells32(column)[row];
}

/* Refers to the column's own cells, where they are an array without nulls. */
static bool refer_to_words(const o2p_column *column, bool nullable, const selection *of,
                           o2p_leaf *leaf)
{
    if (!has_array(&column->cells, of, 8) || (nullable && !has_array(&column->valid, of, 1)))
        return false;
    const uint8_t *valid = nullable ? column->valid.data + of->rows[0] : NULL;
    if (nullable && (valid[0] == 0 || alike_bytes(valid, 0, of->count) < of->count))
        return false;
    leaf->words = o2p_cells64(column) + of->rows[0];
    leaf->valid = valid;
    leaf->value_count = of->count;
    return true;
}

static bool gather_words(o2p_gather *gather, const o2p_column *column, o2p_kind kind, bool nullable,
                         const selection *of, o2p_leaf *leaf)
{
    bool wide = has_word_cells(kind);
    size_t set = column->cells.size / (wide ? 8 : 4);
    if (wide && refer_to_words(column, nullable, of, leaf))
        return true;
    uint64_t *out = (uint64_t *)room(&gather->words, of->count, 8);
    uint8_t *valid = nullable ? (uint8_t *)room(&gather->valid, of->count, 1) : NULL;
    if (out == NULL || (nullable && valid == NULL))
        return false;
    leaf->words = out;
    leaf->valid = valid;
    uint64_t *next = out;
    for (uint32_t i = 0; i < of->count; i++) {
        uint32_t row = of->rows[i];
        bool present = !nullable || (row < column->valid.size && column->valid.data[row] != 0);
        if (nullable)
            valid[i] = present;
        *next = word_at(column, set, wide, row);
        next += present;
    }
    leaf->value_count = (uint32_t)(next - out);
    return true;
}

/* Times are kept in nanoseconds: one leaf has the microseconds, another what is below. */
static bool split_time(o2p_gather *gather, o2p_form form, o2p_leaf *leaf)
{
    if (form != O2P_FORM_MICROS && form != O2P_FORM_BELOW_MICROS)
        return true;
    const uint64_t *words = leaf->words; /* the column's, or those in `gather` already */
    uint64_t *out = (uint64_t *)room(&gather->words, leaf->value_count, 8);
    if (out == NULL)
        return false;
    leaf->words = out;
    for (uint32_t i = 0; i < leaf->value_count && form == O2P_FORM_MICROS; i++)
        out[i] = words[i] / 1000;
    for (uint32_t i = 0; i < leaf->value_count && form == O2P_FORM_BELOW_MICROS; i++)
        out[i] = words[i] % 1000;
    return true;
}

static bool gather_scalar(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                          const selection *of, o2p_leaf *leaf)
{
    o2p_kind kind = (o2p_kind)o2p_columns[spec->cells].kind;
    const o2p_column *column = rows == NULL ? NULL : &rows->columns[spec->cells];
    if (column == NULL || column->cells.size == 0) {
        leaf->constant = true;
        leaf->value_count = spec->nullable ? 0 : of->count;
        return true;
    }
    if (is_text(kind))
        return gather_text(gather, column, spec->nullable, of, leaf);
    return gather_words(gather, column, kind, spec->nullable, of, leaf) &&
           split_time(gather, (o2p_form)spec->form, leaf);
}

/* ---- any leaf ---- */

static bool is_list_kind(o2p_kind kind)
{
    return kind == O2P_KIND_MAP || kind == O2P_KIND_INT64_LIST || kind == O2P_KIND_DOUBLE_LIST;
}

static bool gather_top(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                       const selection *of, o2p_leaf *leaf)
{
    o2p_kind kind = (o2p_kind)o2p_columns[spec->cells].kind;
    if (!is_list_kind(kind))
        return gather_scalar(gather, rows, spec, of, leaf);
    static const o2p_column empty;
    const o2p_column *column = rows == NULL ? &empty : &rows->columns[spec->cells];
    bool ok = kind == O2P_KIND_MAP
                  ? gather_map(gather, column, (o2p_part)spec->part, of, &gather->counts, leaf)
                  : gather_list(gather, column, of, leaf);
    if (!ok)
        return false;
    leaf->counts = (const uint32_t *)(const void *)gather->counts.data;
    leaf->child_count = leaf->value_count;
    return true;
}

/* Sets the child rows of a leaf that is a member of structs: those of the last one, if it is of the
 * same structs. False when memory is refused. */
static bool gather_structs(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                           const selection *of, selection *children, o2p_leaf *leaf)
{
    static const o2p_column empty;
    const o2p_column *list = rows == NULL ? &empty : &rows->columns[spec->parent];
    if (gather->structs != list || gather->selected != of->rows || gather->count != of->count) {
        gather->structs = NULL;
        uint32_t *counts = (uint32_t *)room(&gather->child_counts, of->count, 4);
        if (counts == NULL)
            return false;
        gather->child_count = (uint32_t)gather_counts(list, of, counts);
        uint32_t *numbers = (uint32_t *)room(&gather->children, gather->child_count, 4);
        if (numbers == NULL)
            return false;
        gather_children(list, of, numbers);
        gather->structs = list;
    }
    leaf->counts = (const uint32_t *)(const void *)gather->child_counts.data;
    leaf->child_count = gather->child_count;
    children->rows = (const uint32_t *)(const void *)gather->children.data;
    children->count = gather->child_count;
    children->straight = of->straight;
    return true;
}

static bool gather_member(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                          const selection *of, o2p_leaf *leaf)
{
    static const o2p_column empty;
    o2p_kind kind = (o2p_kind)o2p_columns[spec->cells].kind;
    selection children;
    if (!gather_structs(gather, rows, spec, of, &children, leaf))
        return false;
    if (!is_list_kind(kind))
        return gather_scalar(gather, rows, spec, &children, leaf);
    const o2p_column *column = rows == NULL ? &empty : &rows->columns[spec->cells];
    O2P_ASSERT(kind == O2P_KIND_MAP); /* the only list there is in a list */
    if (!gather_map(gather, column, (o2p_part)spec->part, &children, &gather->inner, leaf))
        return false;
    leaf->inner = (const uint32_t *)(const void *)gather->inner.data;
    return true;
}

static selection begin_leaf(o2p_gather *gather, const o2p_layout_leaf *spec,
                            const uint32_t *selected, uint32_t count, o2p_leaf *leaf)
{
    if (gather->selected != selected || gather->count != count)
        gather->map = gather->structs = NULL;
    gather->selected = selected;
    gather->count = count;
    memset(leaf, 0, sizeof(*leaf));
    leaf->rows = count;
    leaf->nullable = spec->nullable;
    return (selection){selected, count, selected == gather->straight};
}

bool o2p_gather_leaf(o2p_gather *gather, const o2p_rows *rows, const o2p_layout_leaf *spec,
                     const uint32_t *selected, uint32_t count, o2p_leaf *leaf)
{
    selection of = begin_leaf(gather, spec, selected, count, leaf);
    if (spec->part != O2P_PART_VALUE)
        gather->map = NULL;
    return spec->parent == O2P_COL_NONE ? gather_top(gather, rows, spec, &of, leaf)
                                        : gather_member(gather, rows, spec, &of, leaf);
}

const uint32_t *o2p_gather_lists(o2p_gather *gather, const o2p_rows *rows,
                                 const o2p_layout_leaf *spec, const uint32_t *selected,
                                 uint32_t count, o2p_leaf *leaf)
{
    static const o2p_column empty;
    const o2p_column *column = rows == NULL ? &empty : &rows->columns[spec->cells];
    selection of = begin_leaf(gather, spec, selected, count, leaf);
    gather->map = NULL;
    if (spec->parent != O2P_COL_NONE && !gather_structs(gather, rows, spec, &of, &of, leaf))
        return NULL;
    if (!number_lists(gather, column, &of, &gather->inner))
        return NULL;
    leaf->lists = (const uint32_t *)(const void *)gather->lists.data;
    leaf->list_count = (uint32_t)(gather->list_ends.size / 4);
    leaf->value_count = of.count;
    return of.rows;
}

/* ---- runs ---- */

/* Writes `size` bytes `times` times over and returns where they end. */
static uint8_t *put_repeated(uint8_t *out, const void *bytes, size_t size, uint32_t times)
{
    size_t whole = size * times;
    if (whole == 0)
        return out;
    memcpy(out, bytes, size);
    for (size_t done = size; done < whole;) { /* what is there already is copied on, doubling */
        size_t more = done < whole - done ? done : whole - done;
        memcpy(out + done, out, more);
        done += more;
    }
    return out + whole;
}

uint64_t o2p_leaf_all_values(const o2p_leaf *leaf)
{
    uint64_t sum = 0;
    if (leaf->repeats == NULL)
        return leaf->value_count;
    if (leaf->counts == NULL && leaf->valid == NULL)
        return leaf->nullable ? 0 : leaf->all_rows;
    for (uint32_t r = 0; r < leaf->rows; r++)
        sum += (uint64_t)leaf->repeats[r] * o2p_leaf_row_values(leaf, r);
    return sum;
}

/* Of an element a row: values of 4 or 8 bytes, lists, counts, or valid, a byte. Runs are short or
 * very long. Each is stored four times at once, which needs no guess at its length: what is too
 * much is overwritten by the next, or is behind the end, where there is SLACK. */
enum { SLACK = 4 };
static void expand_elements(const o2p_leaf *leaf, const void *elements, size_t width, void *out)
{
    enum { MANY = 16 };
#define EXPAND(type)                                                                               \
    do {                                                                                           \
        const type *from = (const type *)elements;                                                 \
        type *to = (type *)out;                                                                    \
        for (uint32_t r = 0; r < leaf->rows; to += leaf->repeats[r++]) {                           \
            uint32_t count = leaf->repeats[r];                                                     \
            to[0] = to[1] = to[2] = to[3] = from[r];                                               \
            if (O2P_UNLIKELY(count > MANY))                                                        \
                put_repeated((uint8_t *)to, &from[r], sizeof(type), count);                        \
            for (uint32_t i = 4; i < count && count <= MANY; i++)                                  \
                to[i] = from[r];                                                                   \
        }                                                                                          \
    } while (0)
    if (width == 8)
        EXPAND(uint64_t);
    else if (width == 4)
        EXPAND(uint32_t);
    else
        EXPAND(uint8_t);
#undef EXPAND
}

static void expand_values(const o2p_leaf *leaf, size_t width, uint8_t *out)
{
    const uint8_t *values =
        leaf->indices != NULL ? (const uint8_t *)leaf->indices : (const uint8_t *)leaf->words;
    if (leaf->counts == NULL && leaf->valid == NULL && !leaf->nullable) {
        expand_elements(leaf, values, width, out);
        return;
    }
    for (uint32_t r = 0; r < leaf->rows; r++) {
        uint32_t count = o2p_leaf_row_values(leaf, r);
        out = put_repeated(out, values, count * width, leaf->repeats[r]);
        values += count * width;
    }
}

/* NULL stays NULL. */
static const void *expand_rows(o2p_buffer *buffer, const o2p_leaf *leaf, const void *elements,
                               size_t width, uint32_t rows)
{
    void *out = elements == NULL ? NULL : room(buffer, (size_t)rows + SLACK, width);
    if (out != NULL)
        expand_elements(leaf, elements, width, out);
    return out;
}

bool o2p_leaf_expand(o2p_gather *gather, o2p_leaf *leaf)
{
    uint64_t all_values = o2p_leaf_all_values(leaf);
    if (all_values > O2P_MAX_ROWS) {
        o2p_memory_refuse(gather->indices.memory);
        return false;
    }
    uint32_t rows = leaf->all_rows, values = (uint32_t)all_values;
    if (leaf->lists != NULL) {
        leaf->lists =
            (const uint32_t *)expand_rows(&gather->expanded[0], leaf, leaf->lists, 4, rows);
    } else if (!leaf->constant) {
        size_t width = leaf->indices != NULL ? 4 : 8;
        uint8_t *out = (uint8_t *)room(&gather->expanded[0], (size_t)values + SLACK, width);
        if (out == NULL)
            return false;
        expand_values(leaf, width, out);
        if (leaf->indices != NULL)
            leaf->indices = (const uint32_t *)(const void *)out;
        else
            leaf->words = (const uint64_t *)(const void *)out;
    }
    leaf->counts = (const uint32_t *)expand_rows(&gather->expanded[1], leaf, leaf->counts, 4, rows);
    leaf->valid = (const uint8_t *)expand_rows(&gather->expanded[2], leaf, leaf->valid, 1, rows);
    leaf->rows = rows;
    leaf->value_count = leaf->child_count = values;
    leaf->repeats = NULL;
    return !gather->indices.memory->failed;
}

/* ---- levels ---- */

/* Definition levels on their way, as runs: most come many times over. */
typedef struct level_runs {
    o2p_levels *levels; /* may be NULL */
    size_t count;
    uint32_t level;
} level_runs;

static inline void put(level_runs *runs, uint32_t level, size_t count)
{
    if (level != runs->level) {
        if (runs->levels != NULL)
            o2p_levels_run(runs->levels, runs->level, runs->count);
        runs->level = level;
        runs->count = 0;
    }
    runs->count += count;
}

static void end_runs(const level_runs *runs)
{
    if (runs->levels != NULL)
        o2p_levels_run(runs->levels, runs->level, runs->count);
}

static void flat_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t rows,
                        level_runs *definition, uint32_t *entries)
{
    *entries += rows;
    if (leaf->valid == NULL) { /* required, or a nullable column that is null throughout */
        put(definition, 0, rows);
        at->value += leaf->nullable ? 0 : rows;
        return;
    }
    const uint8_t *valid = leaf->valid + at->row;
    for (uint32_t i = 0; i < rows;) {
        uint32_t end = alike_bytes(valid, i, rows);
        put(definition, valid[i], end - i);
        at->value += valid[i] ? end - i : 0;
        i = end;
    }
}

/* How many of the next rows have an empty list. */
static uint32_t empty_rows(const uint32_t *counts, uint32_t rows)
{
    uint32_t n = 0;
    while (rows - n >= 4 && (counts[n] | counts[n + 1] | counts[n + 2] | counts[n + 3]) == 0)
        n += 4;
    while (n < rows && counts[n] == 0)
        n++;
    return n;
}

/* How many of the next rows have as many items as the first; their sum is below 2^31. */
static uint32_t alike_rows(const uint32_t *counts, uint32_t rows)
{
    uint32_t n = 1;
    while (n < rows && counts[n] == counts[0])
        n++;
    return n;
}

/* `count` rows with an empty list. */
static void empty_levels(o2p_levels *repetition, level_runs *definition, uint32_t count,
                         uint32_t *entries)
{
    if (repetition != NULL)
        o2p_levels_run(repetition, 0, count);
    put(definition, 0, count);
    *entries += count;
}

/* The items of rows of a list. */
static inline void item_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t count,
                               level_runs *definition)
{
    if (!leaf->nullable) {
        put(definition, 1, count);
        at->value += count;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool present = leaf->valid != NULL && leaf->valid[at->child + i] != 0;
        put(definition, present ? 2 : 1, 1);
        at->value += present;
    }
}

static void list_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t rows,
                        o2p_levels *repetition, level_runs *definition, uint32_t *entries)
{
    const uint32_t *counts = leaf->counts + at->row;
    for (uint32_t i = 0; i < rows;) {
        uint32_t count = counts[i];
        if (count == 0) {
            uint32_t empty = empty_rows(counts + i, rows - i);
            empty_levels(repetition, definition, empty, entries);
            i += empty;
            continue;
        }
        uint32_t alike = alike_rows(counts + i, rows - i);
        if (repetition != NULL)
            o2p_levels_rows(repetition, 0, 1, count, alike);
        item_levels(leaf, at, count * alike, definition);
        at->child += count * alike;
        *entries += count * alike;
        i += alike;
    }
}

/* The items of one child row, the `nth` of its row. */
static void inner_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t nth,
                         o2p_levels *repetition, level_runs *definition, uint32_t *entries)
{
    uint32_t count = leaf->inner[at->child++];
    uint32_t first = nth == 0 ? 0 : 1;
    if (count == 0) {
        if (repetition != NULL)
            o2p_levels_run(repetition, first, 1);
        put(definition, 1, 1);
        ++*entries;
        return;
    }
    if (repetition != NULL)
        o2p_levels_row(repetition, first, 2, count);
    put(definition, 2, count);
    at->value += count;
    *entries += count;
}

static void nested_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t rows,
                          o2p_levels *repetition, level_runs *definition, uint32_t *entries)
{
    const uint32_t *counts = leaf->counts + at->row;
    for (uint32_t i = 0; i < rows;) {
        if (counts[i] == 0) {
            uint32_t empty = empty_rows(counts + i, rows - i);
            empty_levels(repetition, definition, empty, entries);
            i += empty;
            continue;
        }
        for (uint32_t nth = 0; nth < counts[i]; nth++)
            inner_levels(leaf, at, nth, repetition, definition, entries);
        i++;
    }
}

void o2p_leaf_levels(const o2p_leaf *leaf, o2p_leaf_at *at, uint32_t rows, o2p_levels *repetition,
                     o2p_levels *definition, uint32_t *entries)
{
    level_runs runs = {definition, 0, 0};
    if (leaf->counts == NULL)
        flat_levels(leaf, at, rows, &runs, entries);
    else if (leaf->inner == NULL)
        list_levels(leaf, at, rows, repetition, &runs, entries);
    else
        nested_levels(leaf, at, rows, repetition, &runs, entries);
    at->row += rows;
    end_runs(&runs);
}
