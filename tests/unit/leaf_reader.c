/* leaf_reader.c - see leaf_reader.h. The decoders here are written from the format's description.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "leaf_reader.h"
#include <cmocka.h>

enum { MOST = 70000, MOST_TEXT = 8 << 20 };

static leaf_entry entries[MOST];
static size_t entry_count;
static uint8_t texts[MOST_TEXT];
static size_t text_size;

static leaf_entry dictionary[MOST];
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
static void read_delta_length(const uint8_t *at, const uint8_t *end, size_t values, leaf_entry *out,
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
static const uint8_t *read_plain(const uint8_t *at, const uint8_t *end, int64_t type,
                                 leaf_entry *out, size_t count)
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
                        leaf_entry *out, size_t count)
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

void leaf_reader_chunk(const parquet_reader *file, size_t group, size_t leaf,
                       unsigned max_repetition, unsigned max_definition, uint32_t most_rows)
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
        leaf_entry *out = &entries[entry_count];
        assert_true(count > 0 && entry_count + count <= MOST);
        assert_int_equal(thrift_int_field(thrift_element(locations, p), 3), rows);
        at = read_levels(at, end, max_repetition, count, repetitions);
        at = read_levels(at, end, max_definition, count, definitions);
        assert_int_equal(repetitions[0], 0); /* a page begins with a row */
        int64_t page_rows = 0;
        for (size_t i = 0; i < count; i++) {
            out[i] = (leaf_entry){
                repetitions[i], definitions[i], definitions[i] == max_definition, 0, 0, 0};
            page_rows += repetitions[i] == 0;
            nulls += !out[i].present;
        }
        assert_true(page_rows <= most_rows);
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

/* ---- what is expected ---- */

static size_t next_entry;

void leaf_reader_begin(void)
{
    entry_count = text_size = next_entry = 0;
}

void leaf_reader_end(void)
{
    assert_int_equal(next_entry, entry_count);
}

leaf_entry leaf_take(unsigned repetition, unsigned definition)
{
    assert_true(next_entry < entry_count);
    leaf_entry e = entries[next_entry++];
    assert_int_equal(e.repetition, repetition);
    assert_int_equal(e.definition, definition);
    return e;
}

void leaf_take_text(unsigned repetition, unsigned definition, const void *bytes, size_t size)
{
    leaf_entry e = leaf_take(repetition, definition);
    assert_true(e.present);
    assert_int_equal(e.size, size);
    assert_memory_equal(texts + e.at, bytes, size);
}
