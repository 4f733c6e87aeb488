/* test_encode.c - files read back, page by page, and compared with the store they were written
 * from: for every table and leaf, over pages and row groups of many sizes. The decoders here are
 * written from the format's description.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/batch/encode.h"
#include "../../lib/batch/order.h"
#include "parquet_reader.h"
#include "walk_fixture.h"
#include <cmocka.h>

/* ---- a leaf as it is read: levels and values ---- */

typedef struct entry {
    unsigned repetition, definition;
    bool present;
    uint64_t word; /* of a number */
    size_t at;     /* of a text: in `texts` */
    uint32_t size;
} entry;

enum { MOST = 40000, MOST_TEXT = 8 << 20 };

static entry entries[MOST];
static size_t entry_count;
static uint8_t texts[MOST_TEXT];
static size_t text_size;

static entry dictionary[MOST];
static size_t dictionary_count;

static size_t keep(const uint8_t *bytes, size_t size)
{
    assert_true(text_size + size <= MOST_TEXT);
    memcpy(texts + text_size, bytes, size);
    text_size += size;
    return text_size - size;
}

/* The hybrid of RLE and bit-packed runs: `count` numbers of `width` bits. Returns where it ends. */
static const uint8_t *read_hybrid(const uint8_t *at, const uint8_t *end, unsigned width,
                                  size_t count, uint32_t *out)
{
    for (size_t done = 0; done < count;) {
        uint64_t header = thrift_varint(&at, end);
        size_t run = (size_t)(header >> 1) * (header & 1 ? 8 : 1);
        size_t bytes = header & 1 ? (size_t)(header >> 1) * width : (width + 7) / 8;
        assert_true(run > 0 && bytes <= (size_t)(end - at));
        for (size_t i = 0; i < run && done < count; i++) {
            uint32_t value = 0;
            for (unsigned bit = 0; bit < width; bit++) {
                size_t from = header & 1 ? i * width + bit : bit;
                value |= (uint32_t)(at[from / 8] >> from % 8 & 1) << bit;
            }
            out[done++] = value;
        }
        at += bytes;
    }
    return at;
}

static const uint8_t *read_levels(const uint8_t *at, const uint8_t *end, unsigned max, size_t count,
                                  uint32_t *out)
{
    if (max == 0) {
        memset(out, 0, count * 4);
        return at;
    }
    size_t size = o2p_load_le32(at);
    assert_true(size <= (size_t)(end - at - 4));
    assert_ptr_equal(read_hybrid(at + 4, at + 4 + size, max == 1 ? 1 : 2, count, out),
                     at + 4 + size);
    for (size_t i = 0; i < count; i++)
        assert_true(out[i] <= max);
    return at + 4 + size;
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* DELTA_BINARY_PACKED. Returns where it ends. */
static const uint8_t *read_delta(const uint8_t *at, const uint8_t *end, size_t count, uint64_t *out)
{
    uint64_t block = thrift_varint(&at, end), minis = thrift_varint(&at, end);
    assert_int_equal(thrift_varint(&at, end), count);
    uint64_t value = (uint64_t)unzigzag(thrift_varint(&at, end));
    size_t per_mini = (size_t)(block / minis), done = 0;
    out[done++] = value;
    while (done < count) {
        uint64_t least = (uint64_t)unzigzag(thrift_varint(&at, end));
        const uint8_t *widths = at;
        at += minis;
        for (size_t m = 0; m < minis && done < count; m++) {
            for (size_t i = 0; i < per_mini && done < count; i++) {
                uint64_t delta = 0;
                for (unsigned bit = 0; bit < widths[m]; bit++) {
                    size_t from = i * widths[m] + bit;
                    assert_true(at + from / 8 < end);
                    delta |= (uint64_t)(at[from / 8] >> from % 8 & 1) << bit;
                }
                value += least + delta;
                out[done++] = value;
            }
            at += per_mini * widths[m] / 8;
        }
    }
    return at;
}

/* DELTA_LENGTH_BYTE_ARRAY. */
static void read_delta_length(const uint8_t *at, const uint8_t *end, size_t values, entry *out,
                              size_t count)
{
    static uint64_t lengths[MOST];
    size_t next = 0;
    at = read_delta(at, end, values, lengths);
    for (size_t i = 0; i < count; i++) {
        if (!out[i].present)
            continue;
        out[i].size = (uint32_t)lengths[next++];
        assert_true(out[i].size <= (size_t)(end - at));
        out[i].at = keep(at, out[i].size);
        at += out[i].size;
    }
    assert_ptr_equal(at, end);
}

/* PLAIN values into entries[i] for which present, from `first` on; returns where they end. */
static const uint8_t *read_plain(const uint8_t *at, const uint8_t *end, int64_t type, entry *out,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!out[i].present)
            continue;
        size_t width = type == 6 ? 4 : type == 1 ? 4 : 8;
        assert_true(width <= (size_t)(end - at));
        out[i].word = width == 4 ? o2p_load_le32(at) : o2p_load_le64(at);
        at += width;
        if (type == 6) {
            out[i].size = (uint32_t)out[i].word;
            assert_true(out[i].size <= (size_t)(end - at));
            out[i].at = keep(at, out[i].size);
            at += out[i].size;
        }
    }
    return at;
}

static void read_values(const uint8_t *at, const uint8_t *end, int64_t type, int64_t encoding,
                        entry *out, size_t count)
{
    static uint32_t places[MOST];
    static uint64_t words[MOST];
    size_t values = 0, next = 0;
    for (size_t i = 0; i < count; i++)
        values += out[i].present;
    if (encoding == 8 && values > 0)
        read_hybrid(at + 1, end, at[0], values, places);
    if (encoding == 5)
        read_delta(at, end, values, words);
    if (encoding == 6)
        read_delta_length(at, end, values, out, count);
    for (size_t i = 0; i < count && encoding != 0 && encoding != 6; i++) {
        if (!out[i].present)
            continue;
        if (encoding == 8) {
            assert_true(places[next] < dictionary_count);
            out[i].word = dictionary[places[next]].word;
            out[i].at = dictionary[places[next]].at;
            out[i].size = dictionary[places[next++]].size;
        } else {
            out[i].word = type == 1 ? (uint32_t)words[next] : words[next];
            next++;
        }
    }
    if (encoding == 0 && type == 0) {
        for (size_t i = 0; i < count; i++)
            if (out[i].present) {
                assert_true(next / 8 < (size_t)(end - at));
                out[i].word = at[next / 8] >> next % 8 & 1;
                next++;
            }
    } else if (encoding == 0) {
        assert_ptr_equal(read_plain(at, end, type, out, count), end);
    }
}

static void read_dictionary(const parquet_reader *file, thrift_value metadata)
{
    dictionary_count = 0;
    if (!thrift_has(metadata, 11))
        return;
    parquet_page page =
        parquet_page_at(file, thrift_int_field(metadata, 11), thrift_int_field(metadata, 4));
    assert_int_equal(thrift_int_field(page.header, 1), 2);
    thrift_value header = thrift_field(page.header, 7);
    dictionary_count = (size_t)thrift_int_field(header, 1);
    assert_in_range(dictionary_count, 1, MOST);
    for (size_t i = 0; i < dictionary_count; i++)
        dictionary[i].present = true;
    const uint8_t *end = page.body + page.body_size;
    assert_ptr_equal(
        read_plain(page.body, end, thrift_int_field(metadata, 1), dictionary, dictionary_count),
        end);
}

/* Appends the entries of one chunk; checks its pages against their index and the settings. */
static void read_chunk(const parquet_reader *file, size_t group, size_t leaf,
                       unsigned max_repetition, unsigned max_definition,
                       const o2p_settings *settings)
{
    static uint32_t repetitions[MOST], definitions[MOST];
    thrift_value metadata = parquet_metadata(file, group, leaf);
    thrift_value locations = thrift_field(parquet_offset_index(file, group, leaf), 1);
    int64_t rows = 0, values = 0, nulls = 0;
    read_dictionary(file, metadata);
    for (size_t p = 0; p < thrift_count(locations); p++) {
        parquet_page page = parquet_data_page(file, group, leaf, p);
        thrift_value header = thrift_field(page.header, 5);
        size_t count = (size_t)thrift_int_field(header, 1);
        const uint8_t *at = page.body, *end = page.body + page.body_size;
        entry *out = &entries[entry_count];
        assert_true(count > 0 && entry_count + count <= MOST);
        assert_int_equal(thrift_int_field(thrift_element(locations, p), 3), rows);
        at = read_levels(at, end, max_repetition, count, repetitions);
        at = read_levels(at, end, max_definition, count, definitions);
        assert_int_equal(repetitions[0], 0); /* a page begins with a row */
        int64_t page_rows = 0;
        for (size_t i = 0; i < count; i++) {
            out[i] =
                (entry){repetitions[i], definitions[i], definitions[i] == max_definition, 0, 0, 0};
            page_rows += repetitions[i] == 0;
            nulls += !out[i].present;
        }
        assert_true(page_rows <= settings->page_rows);
        read_values(at, end, thrift_int_field(metadata, 1), thrift_int_field(header, 2), out,
                    count);
        entry_count += count;
        rows += page_rows;
        values += (int64_t)count;
    }
    assert_int_equal(thrift_int_field(metadata, 5), values);
    assert_int_equal(rows, thrift_int_field(parquet_row_group(file, group), 3));
    assert_int_equal(thrift_int_field(thrift_field(metadata, 12), 3), nulls);
}

/* ---- what is expected: from the store ---- */

static size_t next_entry;

static entry take(unsigned repetition, unsigned definition)
{
    assert_true(next_entry < entry_count);
    entry e = entries[next_entry++];
    assert_int_equal(e.repetition, repetition);
    assert_int_equal(e.definition, definition);
    return e;
}

static void take_text(unsigned repetition, unsigned definition, const void *bytes, size_t size)
{
    entry e = take(repetition, definition);
    assert_true(e.present);
    assert_int_equal(e.size, size);
    assert_memory_equal(texts + e.at, bytes, size);
}

static void take_entry(unsigned repetition, unsigned definition, const o2p_dictionary *values,
                       uint32_t index, bool hex)
{
    char text[128];
    if (index == 0) {
        take_text(repetition, definition, "", 0);
        return;
    }
    const o2p_entry *e = o2p_dictionary_entry(values, index);
    for (uint32_t i = 0; hex && i < e->size; i++)
        sprintf(text + 2 * i, "%02x", (unsigned)e->bytes[i]);
    if (hex)
        take_text(repetition, definition, text, 2 * (size_t)e->size);
    else
        take_text(repetition, definition, e->bytes, e->size);
}

static uint64_t cell_of(const o2p_column *column, bool wide, uint32_t row)
{
    if (row >= column->cells.size / (wide ? 8 : 4))
        return 0;
    return wide ? o2p_cells64(column)[row] : o2p_cells32(column)[row];
}

/* Takes the entries of a scalar, map or list whose nodes above have `depth` lists. */
static void take_cell(const o2p_rows *rows, o2p_col col, o2p_part part, uint32_t row,
                      unsigned repetition, unsigned depth)
{
    static const o2p_column none;
    const o2p_column_spec *spec = &o2p_columns[col];
    o2p_kind kind = (o2p_kind)spec->kind;
    const o2p_column *column =
        rows == NULL ? &none : &rows->columns[kind == O2P_KIND_NANOS ? spec->of : col];
    if (kind >= O2P_KIND_MAP) {
        uint32_t list = kind == O2P_KIND_MAP ? o2p_map_list(column, row) : 0;
        uint32_t begin = list != 0 ? o2p_map_begin(column, list) : o2p_list_begin(column, row);
        uint32_t end = kind == O2P_KIND_MAP ? o2p_map_end(column, list) : o2p_list_end(column, row);
        if (kind == O2P_KIND_MAP && list == 0)
            begin = 0;
        if (begin == end)
            assert_false(take(repetition, depth).present);
        for (uint32_t i = begin; i < end; i++) {
            unsigned r = i == begin ? repetition : depth + 1;
            if (kind == O2P_KIND_MAP && part == O2P_PART_KEY)
                take_entry(r, depth + 1, column->key_dictionary,
                           ((const uint32_t *)(const void *)column->keys.data)[i], false);
            else if (kind == O2P_KIND_MAP)
                take_entry(r, depth + 1, column->dictionary,
                           ((const uint32_t *)(const void *)column->items.data)[i], false);
            else
                assert_int_equal(take(r, depth + 1).word,
                                 ((const uint64_t *)(const void *)column->items.data)[i]);
        }
        return;
    }
    unsigned definition = depth + spec->nullable;
    if (kind == O2P_KIND_STRING || kind == O2P_KIND_ID) {
        uint32_t cell = (uint32_t)cell_of(column, false, row);
        if (spec->nullable && cell == 0)
            assert_false(take(repetition, depth).present);
        else
            take_entry(repetition, definition, column->dictionary, spec->nullable ? cell - 1 : cell,
                       kind == O2P_KIND_ID);
        return;
    }
    if (spec->nullable && (row >= column->valid.size || column->valid.data[row] == 0)) {
        assert_false(take(repetition, depth).present);
        return;
    }
    bool wide = kind != O2P_KIND_INT32 && kind != O2P_KIND_BOOL;
    uint64_t word = cell_of(column, wide, row);
    word = kind == O2P_KIND_TIME ? word / 1000 : kind == O2P_KIND_NANOS ? word % 1000 : word;
    entry e = take(repetition, definition);
    assert_true(e.present);
    assert_int_equal(e.word, word);
}

static void take_duplicates(const o2p_store *store, o2p_table table, uint32_t row,
                            const o2p_run *run)
{
    static const o2p_source order[] = {O2P_SOURCE_RESOURCE, O2P_SOURCE_SCOPE, O2P_SOURCE_METRIC,
                                       O2P_SOURCE_ROW};
    static char text[1 << 16];
    size_t size = 0;
    for (size_t i = 0; i < 4; i++) {
        bool own = order[i] == O2P_SOURCE_ROW;
        if (order[i] == O2P_SOURCE_METRIC && o2p_tables[table].signal != O2P_SIGNAL_METRICS)
            continue;
        const o2p_rows *rows = own ? store->tables[table] : store->groups[order[i]];
        const char *noted =
            rows_cell(rows, O2P_COL_DuplicateAttributes, own ? row : run->group[order[i]]);
        if (strcmp(noted, "null") != 0)
            size += (size_t)sprintf(text + size, "%c%s", size == 0 ? '[' : ',', noted);
    }
    if (size == 0) {
        assert_false(take(0, 0).present);
        return;
    }
    sprintf(text + size, "]");
    take_text(0, 1, text, size + 1);
}

/* Takes the entries of one row for one leaf. */
static void take_row(const o2p_store *store, o2p_table table, o2p_col col, o2p_col parent,
                     o2p_part part, uint32_t row, const o2p_run *run)
{
    o2p_source source = (o2p_source)o2p_columns[col].source;
    const o2p_rows *rows = source == O2P_SOURCE_ROW ? store->tables[table] : store->groups[source];
    if (col == O2P_COL_DuplicateAttributes) {
        take_duplicates(store, table, row, run);
        return;
    }
    row = source == O2P_SOURCE_ROW ? row : run->group[source];
    if (parent == O2P_COL_NONE) {
        take_cell(rows, col, part, row, 0, 0);
        return;
    }
    uint32_t begin = o2p_list_begin(&rows->columns[parent], row),
             end = o2p_list_end(&rows->columns[parent], row);
    if (begin == end)
        assert_false(take(0, 0).present);
    for (uint32_t child = begin; child < end; child++)
        take_cell(rows, col, part, child, child == begin ? 0 : 1, 1);
}

/* ---- whole files ---- */

static void check_leaf(const parquet_reader *file, const o2p_store *store,
                       const o2p_settings *settings, o2p_table table, size_t position,
                       o2p_part part, size_t leaf, const uint32_t *selected, const uint32_t *runs,
                       uint32_t count)
{
    const o2p_table_spec *spec = &o2p_tables[table];
    o2p_col col = (o2p_col)spec->columns[position];
    int32_t parent_at = spec->infos[position].parent;
    o2p_col parent = parent_at < 0 ? O2P_COL_NONE : (o2p_col)spec->columns[parent_at];
    unsigned lists =
        (parent != O2P_COL_NONE ? 1u : 0u) + (o2p_columns[col].kind >= O2P_KIND_MAP ? 1u : 0u);
    entry_count = text_size = next_entry = 0;
    for (size_t group = 0; group < thrift_count(thrift_field(file->metadata, 4)); group++)
        read_chunk(file, group, leaf, lists, lists + o2p_columns[col].nullable, settings);
    for (uint32_t i = 0; i < count; i++)
        take_row(store, table, col, parent, part, selected[i],
                 o2p_store_runs(store, table) + runs[i]);
    assert_int_equal(next_entry, entry_count);
}

static void check_file(const o2p_buffer *bytes, const o2p_store *store,
                       const o2p_settings *settings, o2p_table table, const uint32_t *selected,
                       const uint32_t *runs, uint32_t count)
{
    parquet_reader file = parquet_open(bytes);
    const o2p_table_spec *spec = &o2p_tables[table];
    size_t leaf = 0;
    assert_int_equal(thrift_int_field(file.metadata, 3), count);
    assert_int_equal(thrift_count(thrift_field(file.metadata, 4)),
                     (count + settings->row_group_rows - 1) / settings->row_group_rows);
    for (size_t i = 0; i < spec->column_count; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        if (kind == O2P_KIND_STRUCT_LIST)
            continue;
        check_leaf(&file, store, settings, table, i,
                   kind == O2P_KIND_MAP ? O2P_PART_KEY : O2P_PART_ONLY, leaf++, selected, runs,
                   count);
        if (kind == O2P_KIND_MAP)
            check_leaf(&file, store, settings, table, i, O2P_PART_VALUE, leaf++, selected, runs,
                       count);
    }
    assert_int_equal(thrift_count(thrift_field(parquet_row_group(&file, 0), 1)), leaf);
}

static o2p_settings settings_of(uint32_t group_rows, uint32_t page_rows, uint32_t page_bytes,
                                o2p_codec codec)
{
    o2p_settings settings;
    o2p_error error;
    o2p_options options;
    memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    options.path_template = "{hash}";
    options.codec = codec;
    options.row_group_rows = group_rows;
    options.page_rows = page_rows;
    options.page_bytes = page_bytes;
    assert_int_equal(o2p_settings_read(&settings, &options, &error), O2P_OK);
    return settings;
}

/* Writes every table of the store and reads it back. */
static void check_store(walk_fixture *f, const o2p_settings *settings)
{
    o2p_ordering ordering;
    o2p_ordering_init(&ordering, &f->memory);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(encoder);
    for (unsigned t = 0; t < O2P_TABLE_COUNT; t++) {
        if (f->store.tables[t] == NULL || f->store.tables[t]->count == 0)
            continue;
        assert_true(o2p_order_rows(&ordering, &f->store, settings, (o2p_table)t));
        const uint32_t *rows = (const uint32_t *)(const void *)ordering.rows.data;
        const uint32_t *runs = (const uint32_t *)(const void *)ordering.runs.data;
        uint32_t count = f->store.tables[t]->count;
        for (uint32_t first = 0; first < count;
             first += count / 2 + 1) { /* all, and the second half */
            o2p_buffer file;
            assert_int_equal(
                o2p_encode(encoder, (o2p_table)t, rows + first, runs + first, count - first, &file),
                O2P_OK);
            check_file(&file, &f->store, settings, (o2p_table)t, rows + first, runs + first,
                       count - first);
            o2p_buffer_free(&file);
        }
    }
    o2p_encoder_free(encoder);
    o2p_ordering_free(&ordering);
}

static const o2p_signal signals[] = {O2P_SIGNAL_LOGS, O2P_SIGNAL_TRACES, O2P_SIGNAL_METRICS};

static void fill(walk_fixture *f, o2p_signal signal, unsigned requests)
{
    for (unsigned i = 0; i < requests; i++) {
        sample_request(&f->p, signal, i * 7 % 11);
        assert_int_equal(walk_read(f, signal), O2P_OK);
    }
}

static void pages_and_row_groups_of_any_size(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t sizes[][3] = {{0, 0, 0}, {0, 1, 0}, {0, 3, 0},
                                        {5, 2, 0}, {0, 0, 1}, {0, 0, 200}};
    for (size_t s = 0; s < 3; s++) {
        fill(f, signals[s], 3);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            o2p_settings settings =
                settings_of(sizes[i][0], sizes[i][1], sizes[i][2],
                            i % 2 == 0 ? O2P_CODEC_SNAPPY : O2P_CODEC_UNCOMPRESSED);
            check_store(f, &settings);
        }
    }
}

/* Rows that have next to nothing, between rows that have all. */
static void sparse_rows(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint32_t members[] = {5, 7, 9, 10, 11};
    for (size_t s = 0; s < 3; s++) {
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 0; i < 6; i++) {
                sample_open(&f->p, "sparse");
                pb_open(&f->p, 2);
                if (s == 2) {
                    pb_open(&f->p, members[i % 5]);
                    pb_open(&f->p, 1);
                    pb_close(&f->p);
                    pb_close(&f->p);
                }
                pb_close(&f->p);
                sample_close(&f->p);
                assert_int_equal(walk_read(f, signals[s]), O2P_OK);
            }
            if (round == 1)
                fill(f, signals[s], 1);
            o2p_settings settings =
                settings_of(round == 2 ? 4 : 0, round == 2 ? 3 : 0, 0, O2P_CODEC_SNAPPY);
            check_store(f, &settings);
        }
    }
}

/* Enough rows for real dictionaries, deltas and number tables; values that repeat and that do not.
 */
static void many_rows(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    uint64_t random = 1;
    for (unsigned i = 0; i < 3000; i++) {
        if (i % 100 == 0)
            sample_open(&f->p, i % 300 == 0 ? "one" : "two");
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        char body[32];
        snprintf(body, sizeof(body), "%llu", (unsigned long long)(i % 2 == 0 ? random : i % 9));
        pb_open(&f->p, 2);
        pb_fixed64(&f->p, 1, SAMPLE_TIME + (i % 7 == 0 ? random >> 12 : i));
        pb_varint(&f->p, 2, random % 24);
        pb_text(&f->p, 3, i % 5 == 0 ? "ERROR" : "INFO");
        if (i % 4 != 0) {
            pb_open(&f->p, 5);
            pb_text(&f->p, 1, body);
            pb_close(&f->p);
        }
        for (unsigned a = 0; a < i % 4; a++)
            pb_attribute(&f->p, 6,
                         a == 0   ? "id"
                         : a == 1 ? "kind"
                                  : "n",
                         a == 0   ? body
                         : a == 1 ? "x"
                                  : body + 1);
        if (i % 3 != 0)
            pb_bytes(&f->p, 9, &random, 8);
        pb_close(&f->p);
        if (i % 100 == 99)
            sample_close(&f->p);
    }
    walk_fresh(f, O2P_SIGNAL_LOGS);
    static const uint32_t sizes[][3] = {{0, 0, 0}, {1000, 300, 0}, {2999, 100, 2000}};
    for (size_t i = 0; i < 3; i++) {
        o2p_settings settings =
            settings_of(sizes[i][0], sizes[i][1], sizes[i][2], O2P_CODEC_SNAPPY);
        check_store(f, &settings);
    }
    /* and with dictionaries that were given up */
    o2p_rows *rows = f->store.tables[O2P_TABLE_LOGS];
    o2p_column_dictionary(rows, O2P_COL_Body)->gave_up = true;
    o2p_column_dictionary(rows, O2P_COL_LogAttributes)->gave_up = true;
    o2p_column_key_dictionary(rows, O2P_COL_LogAttributes)->gave_up = true;
    o2p_column_dictionary(rows, O2P_COL_TraceId)->gave_up = true;
    o2p_column_dictionary(f->store.groups[O2P_SOURCE_RESOURCE], O2P_COL_ServiceName)->gave_up =
        true;
    for (size_t i = 0; i < 3; i++) {
        o2p_settings settings =
            settings_of(sizes[i][0], sizes[i][1], sizes[i][2], O2P_CODEC_SNAPPY);
        check_store(f, &settings);
    }
}

static void files_say_what_they_are(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    fill(f, O2P_SIGNAL_TRACES, 1);
    for (unsigned order = O2P_ORDER_CLUSTERED; order <= O2P_ORDER_RECEIVED; order++) {
        o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
        settings.order = (o2p_order)order;
        o2p_encoder *encoder = o2p_encoder_new(&f->store, &settings);
        static const uint32_t selected[] = {1, 2}, runs[] = {0, 1};
        o2p_buffer bytes;
        assert_int_equal(o2p_encode(encoder, O2P_TABLE_TRACES, selected, runs, 2, &bytes), O2P_OK);
        parquet_reader file = parquet_open(&bytes);
        static const char *const pairs[][2] = {{"otlp2parquet.version", O2P_VERSION},
                                               {"otlp2parquet.schema_version", "1"},
                                               {"otlp2parquet.signal", "traces"},
                                               {"otlp2parquet.table", "traces"}};
        thrift_value metadata = thrift_field(file.metadata, 5);
        assert_int_equal(thrift_count(metadata), 4);
        for (size_t i = 0; i < 4; i++) {
            assert_true(thrift_is_text(thrift_field(thrift_element(metadata, i), 1), pairs[i][0]));
            assert_true(thrift_is_text(thrift_field(thrift_element(metadata, i), 2), pairs[i][1]));
        }
        thrift_value group = parquet_row_group(&file, 0);
        assert_int_equal(thrift_has(group, 4), order == O2P_ORDER_CLUSTERED);
        if (order ==
            O2P_ORDER_CLUSTERED) { /* ServiceName is the eighth leaf, Timestamp the first */
            assert_int_equal(thrift_count(thrift_field(group, 4)), 2);
            assert_int_equal(thrift_int_field(thrift_element(thrift_field(group, 4), 0), 1), 7);
            assert_int_equal(thrift_int_field(thrift_element(thrift_field(group, 4), 1), 1), 0);
        }
        o2p_buffer_free(&bytes);
        o2p_encoder_free(encoder);
    }
}

/* Least and greatest of ids, doubles and signed numbers. */
static void bounds(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    static const uint64_t doubles[] = {UINT64_C(0x7FF8000000000000), 0,
                                       UINT64_C(0xC000000000000000), UINT64_C(0x4000000000000000)};
    for (unsigned i = 0; i < 4; i++) {
        sample_open(&f->p, i % 2 == 0 ? "b" : "a");
        pb_open(&f->p, 2);
        pb_open(&f->p, 5);
        pb_open(&f->p, 1);
        pb_fixed64(&f->p, 3, 1000 * (uint64_t)(i + 1));
        pb_fixed64(&f->p, i == 1 ? 6 : 4, i == 1 ? (uint64_t)-5 : doubles[i]);
        pb_close(&f->p);
        pb_close(&f->p);
        pb_close(&f->p);
        sample_close(&f->p);
        assert_int_equal(walk_read(f, O2P_SIGNAL_METRICS), O2P_OK);
    }
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_UNCOMPRESSED);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, &settings);
    static const uint32_t selected[] = {0, 1, 2, 3}, runs[] = {0, 1, 2, 3};
    o2p_buffer bytes;
    assert_int_equal(o2p_encode(encoder, O2P_TABLE_METRICS_GAUGE, selected, runs, 4, &bytes),
                     O2P_OK);
    parquet_reader file = parquet_open(&bytes);
    const o2p_table_spec *spec = &o2p_tables[O2P_TABLE_METRICS_GAUGE];
    size_t leaf = 0, seen = 0;
    for (size_t i = 0; i < spec->column_count; i++) {
        o2p_kind kind = (o2p_kind)o2p_columns[spec->columns[i]].kind;
        thrift_value statistics = thrift_field(parquet_metadata(&file, 0, leaf), 12);
        const uint8_t *min, *max;
        if (spec->columns[i] == O2P_COL_Value) {
            assert_int_equal(thrift_bytes(thrift_field(statistics, 6), &min), 8);
            assert_int_equal(thrift_bytes(thrift_field(statistics, 5), &max), 8);
            assert_int_equal(o2p_load_le64(min), UINT64_C(0xC014000000000000)); /* -5 */
            assert_int_equal(o2p_load_le64(max), doubles[3]);                   /* 2, not NaN */
            seen++;
        } else if (spec->columns[i] == O2P_COL_ValueInt) {
            thrift_bytes(thrift_field(statistics, 6), &min);
            assert_int_equal(o2p_load_le64(min), (uint64_t)-5);
            assert_int_equal(thrift_int_field(statistics, 3), 3);
            seen++;
        } else if (spec->columns[i] == O2P_COL_ServiceName) {
            assert_true(thrift_is_text(thrift_field(statistics, 6), "a"));
            assert_true(thrift_is_text(thrift_field(statistics, 5), "b"));
            seen++;
        } else if (spec->columns[i] == O2P_COL_TimeUnix) {
            thrift_bytes(thrift_field(statistics, 6), &min);
            thrift_bytes(thrift_field(statistics, 5), &max);
            assert_int_equal(o2p_load_le64(min), 1);
            assert_int_equal(o2p_load_le64(max), 4);
            seen++;
        }
        leaf += kind == O2P_KIND_MAP ? 2 : kind != O2P_KIND_STRUCT_LIST;
    }
    assert_int_equal(seen, 4);
    o2p_buffer_free(&bytes);
    o2p_encoder_free(encoder);
}

static void an_encoder_may_be_refused(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    o2p_encoder *encoder = NULL;
    for (size_t n = 1; encoder == NULL; n++) {
        size_t blocks = f->counting.blocks;
        f->counting.refused = 0;
        f->counting.refuse_at = f->counting.calls + n;
        encoder = o2p_encoder_new(&f->store, &settings);
        assert_int_equal(encoder == NULL, f->counting.refused > 0);
        if (encoder == NULL)
            assert_int_equal(f->counting.blocks, blocks);
    }
    o2p_encoder_free(encoder);
    o2p_encoder_free(NULL);
}

/* Rows of each row group of the table's file. */
static size_t row_groups(walk_fixture *f, const o2p_settings *settings, int64_t *rows, size_t most)
{
    o2p_ordering ordering;
    o2p_buffer bytes;
    o2p_ordering_init(&ordering, &f->memory);
    o2p_encoder *encoder = o2p_encoder_new(&f->store, settings);
    assert_non_null(encoder);
    assert_true(o2p_order_rows(&ordering, &f->store, settings, O2P_TABLE_LOGS));
    assert_int_equal(o2p_encode(encoder, O2P_TABLE_LOGS,
                                (const uint32_t *)(const void *)ordering.rows.data,
                                (const uint32_t *)(const void *)ordering.runs.data,
                                f->store.tables[O2P_TABLE_LOGS]->count, &bytes),
                     O2P_OK);
    parquet_reader file = parquet_open(&bytes);
    size_t count = thrift_count(thrift_field(file.metadata, 4));
    assert_true(count <= most);
    for (size_t i = 0; i < count; i++)
        rows[i] = thrift_int_field(parquet_row_group(&file, i), 3);
    o2p_buffer_free(&bytes);
    o2p_encoder_free(encoder);
    o2p_ordering_free(&ordering);
    return count;
}

/* A row group holds 2^26 attributes of resources at most, each counted for each of its rows, unless
 * it is a single row. */
static void shared_attributes_cut_row_groups(void **state)
{
    walk_fixture *f = (walk_fixture *)*state;
    enum { ATTRIBUTES = 1 << 16, MANY = 1 << 10, FEW = 100 };
    for (unsigned i = 0; i < 2; i++) {
        pb_open(&f->p, 1);
        pb_open(&f->p, 1);
        pb_attribute(&f->p, 1, "service.name", i == 0 ? "a" : "b");
        for (unsigned a = 1; a < ATTRIBUTES && i == 0; a++) {
            char key[8];
            snprintf(key, sizeof(key), "%u", a);
            pb_attribute(&f->p, 1, key, "");
        }
        pb_close(&f->p);
        pb_open(&f->p, 2);
        for (unsigned row = 0; row < (i == 0 ? MANY + 5 : FEW); row++) {
            pb_open(&f->p, 2);
            pb_close(&f->p);
        }
        pb_close(&f->p);
        pb_close(&f->p);
    }
    f->walk.limits.max_shared_attributes = ATTRIBUTES;
    assert_int_equal(walk_read(f, O2P_SIGNAL_LOGS), O2P_OK);
    int64_t rows[4];
    o2p_settings settings = settings_of(0, 0, 0, O2P_CODEC_SNAPPY);
    assert_int_equal(row_groups(f, &settings, rows, 4), 2);
    assert_int_equal(rows[0], MANY);
    assert_int_equal(rows[1], 5 + FEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        walk_test(pages_and_row_groups_of_any_size),
        walk_test(sparse_rows),
        walk_test(many_rows),
        walk_test(files_say_what_they_are),
        walk_test(bounds),
        walk_test(shared_attributes_cut_row_groups),
        walk_test(an_encoder_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
