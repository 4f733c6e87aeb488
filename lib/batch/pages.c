/* pages.c - a leaf cut into data pages: rows until a page has enough of them or of bytes; levels,
 * values and bounds of each.
 */
#include "leaf_writer.h"

static uint64_t entry_bytes(const o2p_leaf_writer *w, uint32_t first, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = first; i < first + count; i++)
        bytes += 4 + (uint64_t)o2p_dictionary_entry(w->dictionary, w->leaf->indices[i])->size;
    return w->hex ? bytes * 2 : bytes;
}

/* About how many bytes each value takes; 0: they differ. */
static uint32_t value_width(const o2p_leaf_writer *w)
{
    if (w->encoding == O2P_PAGE_ENCODING_RLE_DICTIONARY)
        return 2;
    return w->physical != O2P_PHYSICAL_BYTE_ARRAY ? 8 : 0;
}

/* About how many bytes the values take. */
static uint64_t value_bytes(const o2p_leaf_writer *w, o2p_value_range v)
{
    const o2p_leaf *leaf = w->leaf;
    if (leaf->constant)
        return 0;
    if (value_width(w) > 0)
        return (uint64_t)v.count * value_width(w);
    if (leaf->lists == NULL)
        return entry_bytes(w, v.first, v.count);
    uint64_t bytes = 0;
    for (uint32_t r = v.row; r < v.row_end; r++)
        bytes += entry_bytes(w, leaf->list_begins[leaf->lists[r]],
                             o2p_leaf_list_size(leaf, leaf->lists[r]));
    return bytes;
}

/* The values between two places in a leaf. */
static o2p_value_range values_between(const o2p_leaf *leaf, o2p_leaf_at begin, o2p_leaf_at end)
{
    bool children = leaf->inner != NULL;
    return (o2p_value_range){begin.value, end.value - begin.value,
                             children ? begin.child : begin.row, children ? end.child : end.row};
}

/* Moves `at` over a row, without its levels. */
static void skip_row(const o2p_leaf *leaf, o2p_leaf_at *at)
{
    uint32_t row = at->row++;
    if (leaf->counts == NULL || (leaf->inner == NULL && !leaf->nullable)) {
        uint32_t count = o2p_leaf_row_values(leaf, row);
        at->child += leaf->counts == NULL ? 0 : count;
        at->value += count;
        return;
    }
    for (uint32_t end = at->child + leaf->counts[row]; at->child < end; at->child++)
        at->value += leaf->inner != NULL ? leaf->inner[at->child]
                                         : leaf->valid != NULL && leaf->valid[at->child] != 0;
}

/* Rows of the page that begins at `at`. */
static uint32_t page_rows(const o2p_leaf_writer *w, o2p_leaf_at at)
{
    const o2p_settings *settings = w->encoder->settings;
    uint32_t left = w->leaf->rows - at.row, rows = 0;
    uint32_t most = left < settings->page_rows ? left : settings->page_rows;
    uint32_t width = value_width(w), first = at.value;
    uint64_t bytes = 0;
    if (w->all_bytes <= settings->page_bytes)
        return most;
    for (; rows < most && bytes < settings->page_bytes; rows++) {
        o2p_leaf_at before = at;
        skip_row(w->leaf, &at);
        bytes = width > 0 ? (uint64_t)(at.value - first) * width
                          : bytes + value_bytes(w, values_between(w->leaf, before, at));
    }
    return rows;
}

/* All values of the leaf. */
static o2p_value_range all_values(const o2p_leaf *leaf)
{
    return (o2p_value_range){0, leaf->value_count, 0,
                             leaf->inner != NULL ? leaf->child_count : leaf->rows};
}

/* ---- levels ---- */

/* A page whose levels are known. */
typedef struct level_page {
    o2p_leaf_at begin, end;
    uint32_t entries;
    size_t size; /* of its levels */
    size_t at;   /* where they begin */
} level_page;

static level_page *level_pages(const o2p_shared_levels *levels)
{
    return (level_page *)(void *)levels->pages.data;
}

/* Before the pages of a leaf: if it has not the levels of the leaf before, its own are kept. */
static void begin_shared_levels(const o2p_leaf_writer *w)
{
    o2p_shared_levels *levels = &w->encoder->levels;
    const o2p_layout_leaf *spec = w->spec;
    bool lists = spec->parent == O2P_COL_NONE || w->leaf->inner != NULL;
    bool alone = spec->parent == O2P_COL_NONE && spec->part == O2P_PART_ONLY; /* an x_LIST */
    o2p_shared_levels own = {.any = w->leaf->counts != NULL && !w->leaf->nullable && !alone,
                             .source = spec->source,
                             .parent = spec->parent,
                             .lists = lists ? spec->cells : O2P_COL_NONE};
    bool same = own.any && levels->any && own.source == levels->source &&
                own.parent == levels->parent && own.lists == levels->lists;
    levels->next = 0;
    if (same)
        return;
    own.pages = levels->pages;
    own.bytes = levels->bytes;
    own.pages.size = own.bytes.size = 0;
    *levels = own;
}

/* Puts the levels of a page, if they are known, and moves `at` behind it. */
static bool put_known_levels(o2p_encoder *e, o2p_leaf_at *at, uint32_t rows, o2p_buffer *page,
                             uint32_t *entries)
{
    o2p_shared_levels *levels = &e->levels;
    const level_page *pages = level_pages(levels);
    size_t count = levels->pages.size / sizeof(*pages);
    while (levels->next < count && pages[levels->next].begin.row < at->row)
        levels->next++;
    if (levels->next == count)
        return false;
    const level_page *known = &pages[levels->next];
    if (known->begin.row != at->row || known->end.row != at->row + rows)
        return false;
    o2p_buffer_append(page, levels->bytes.data + known->at, known->size);
    *at = known->end;
    *entries = known->entries;
    return true;
}

static void keep_levels(o2p_encoder *e, const level_page *made, const uint8_t *bytes)
{
    o2p_shared_levels *levels = &e->levels;
    size_t count = levels->pages.size / sizeof(*made);
    uint32_t end = count == 0 ? 0 : level_pages(levels)[count - 1].end.row;
    if (!levels->any || made->begin.row != end) /* pages of a leaf that is cut in other places */
        return;
    o2p_buffer_append(&levels->pages, made, sizeof(*made));
    o2p_buffer_append(&levels->bytes, bytes, made->size);
}

static void begin_levels(const o2p_leaf_writer *w, o2p_levels **repetition, o2p_levels **definition)
{
    const o2p_leaf *leaf = w->leaf;
    unsigned lists = leaf->counts == NULL ? 0 : leaf->inner == NULL ? 1 : 2;
    unsigned max_definition = lists + leaf->nullable;
    *repetition = lists > 0 ? &w->encoder->repetition : NULL;
    *definition = max_definition > 0 ? &w->encoder->definition : NULL;
    w->encoder->repetition.short_runs = w->encoder->definition.short_runs = o2p_short_runs(w);
    if (*repetition != NULL)
        o2p_levels_begin(*repetition, lists);
    if (*definition != NULL)
        o2p_levels_begin(*definition, max_definition);
}

/* Puts the levels of the next rows and moves `at` behind these. */
static void put_levels(const o2p_leaf_writer *w, o2p_leaf_at *at, uint32_t rows, o2p_buffer *page,
                       uint32_t *entries)
{
    o2p_levels *repetition, *definition;
    o2p_leaf_at begin = *at;
    if (put_known_levels(w->encoder, at, rows, page, entries))
        return;
    begin_levels(w, &repetition, &definition);
    o2p_leaf_levels(w->leaf, at, rows, repetition, definition, entries);
    size_t before = page->size;
    if (repetition != NULL)
        o2p_levels_end(repetition, page);
    if (definition != NULL)
        o2p_levels_end(definition, page);
    level_page made = {begin, *at, *entries, page->size - before, w->encoder->levels.bytes.size};
    if (page->size > before)
        keep_levels(w->encoder, &made, page->data + before);
}

/* ---- pages ---- */

static void write_page(o2p_leaf_writer *w, o2p_leaf_at *at, uint32_t rows)
{
    uint8_t stored[16];
    o2p_page_info info = {w->encoding, rows, 0, 0, {0}};
    o2p_leaf_at begin = *at;
    o2p_buffer *page = o2p_parquet_page_begin(w->encoder->writer);
    put_levels(w, at, rows, page, &info.values);
    o2p_value_range v = values_between(w->leaf, begin, *at);
    o2p_put_values(w, v, page);
    info.nulls = info.values - v.count;
    o2p_find_bounds(w, v, stored, &info.bounds);
    o2p_parquet_page_end(w->encoder->writer, &info);
}

void o2p_write_pages(o2p_leaf_writer *w)
{
    o2p_leaf_at at = {0, 0, 0};
    begin_shared_levels(w);
    w->all_bytes = value_bytes(w, all_values(w->leaf));
    while (at.row < w->leaf->rows && !w->encoder->memory->failed)
        write_page(w, &at, page_rows(w, at));
}

/* The dictionary of a leaf whose values are all the default. */
void o2p_write_default_dictionary(o2p_leaf_writer *w)
{
    o2p_buffer *page = o2p_parquet_dictionary_begin(w->encoder->writer);
    uint32_t width = w->physical == O2P_PHYSICAL_BYTE_ARRAY ? 4 : o2p_physical_width(w->physical);
    void *at = o2p_buffer_extend(page, width); /* a zero, or an empty text's length */
    if (at != NULL)
        memset(at, 0, width);
    o2p_parquet_dictionary_end(w->encoder->writer, 1);
    w->place_count = 1;
    w->encoding = O2P_PAGE_ENCODING_RLE_DICTIONARY;
}
