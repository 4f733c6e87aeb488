/* footer.c - what follows the row groups: bloom filters, page index, FileMetaData.
 *
 *   { bloom filter } { ColumnIndex } { OffsetIndex } FileMetaData, its size (4 bytes LE), "PAR1"
 *
 * The structs are in Thrift's compact protocol; the numbers are their field ids in parquet.thrift.
 * Offsets are from the start of the file.
 */
#include "../base/hash.h"
#include "codec.h"
#include "writer.h"

enum { UNORDERED = 0, ASCENDING = 1, DESCENDING = 2 }; /* BoundaryOrder */

/* ---- page index ---- */

static bool is_null_page(const o2p_page *page)
{
    return page->nulls == page->values;
}

/* A ColumnIndex has bounds for every page with a value, or does not exist. */
static bool has_column_index(const o2p_chunk *chunk)
{
    return chunk->statistics == O2P_STATISTICS_BOUNDS && chunk->page_count > 0 &&
           !chunk->min_unknown && !chunk->max_unknown;
}

/* How both bounds develop from page to page, null pages aside. */
static int32_t boundary_order(const o2p_parquet *writer, const o2p_chunk *chunk)
{
    o2p_value_order order = o2p_leaf_at(writer, chunk->leaf)->order;
    const uint8_t *bytes = writer->bounds.data;
    const o2p_page *previous = NULL;
    bool ascending = true, descending = true;
    for (size_t i = 0; i < chunk->page_count; i++) {
        const o2p_page *page = o2p_page_at(writer, chunk->first_page + i);
        if (is_null_page(page))
            continue;
        if (previous != NULL) {
            int min = o2p_bound_compare(bytes, page->range.min, previous->range.min, order);
            int max = o2p_bound_compare(bytes, page->range.max, previous->range.max, order);
            ascending = ascending && min >= 0 && max >= 0;
            descending = descending && min <= 0 && max <= 0;
        }
        previous = page;
    }
    return ascending ? ASCENDING : descending ? DESCENDING : UNORDERED;
}

static void write_column_index(o2p_parquet *writer, const o2p_chunk *chunk)
{
    const o2p_page *pages = o2p_page_at(writer, chunk->first_page);
    const uint8_t *bytes = writer->bounds.data;
    size_t n = chunk->page_count;
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, &writer->out);
    o2p_thrift_list(&thrift, 1, O2P_THRIFT_TRUE, n);
    for (size_t i = 0; i < n; i++)
        o2p_thrift_element_bool(&thrift, is_null_page(&pages[i]));
    o2p_thrift_list(&thrift, 2, O2P_THRIFT_BINARY, n);
    for (size_t i = 0; i < n; i++)
        o2p_bound_write(&thrift, pages[i].range.min, bytes);
    o2p_thrift_list(&thrift, 3, O2P_THRIFT_BINARY, n);
    for (size_t i = 0; i < n; i++)
        o2p_bound_write(&thrift, pages[i].range.max, bytes);
    o2p_thrift_i32(&thrift, 4, boundary_order(writer, chunk));
    o2p_thrift_list(&thrift, 5, O2P_THRIFT_I64, n);
    for (size_t i = 0; i < n; i++)
        o2p_thrift_element_i64(&thrift, pages[i].nulls);
    o2p_thrift_end(&thrift);
}

static void write_offset_index(o2p_parquet *writer, const o2p_chunk *chunk)
{
    int64_t row = 0; /* within the row group */
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, &writer->out);
    o2p_thrift_list(&thrift, 1, O2P_THRIFT_STRUCT, chunk->page_count);
    for (size_t i = 0; i < chunk->page_count; i++) {
        const o2p_page *page = o2p_page_at(writer, chunk->first_page + i);
        o2p_thrift_element_struct(&thrift);
        o2p_thrift_i64(&thrift, 1, (int64_t)page->offset);
        o2p_thrift_i32(&thrift, 2, (int32_t)page->stored_size);
        o2p_thrift_i64(&thrift, 3, row);
        o2p_thrift_end(&thrift);
        row += page->rows;
    }
    o2p_thrift_end(&thrift);
}

static void write_page_index(o2p_parquet *writer)
{
    for (size_t i = 0; i < o2p_chunk_count(writer); i++) {
        o2p_chunk *chunk = o2p_chunk_at(writer, i);
        chunk->column_index = writer->out.size;
        if (has_column_index(chunk))
            write_column_index(writer, chunk);
        chunk->column_index_size = writer->out.size - chunk->column_index;
    }
    for (size_t i = 0; i < o2p_chunk_count(writer); i++) {
        o2p_chunk *chunk = o2p_chunk_at(writer, i);
        chunk->offset_index = writer->out.size;
        write_offset_index(writer, chunk);
        chunk->offset_index_size = writer->out.size - chunk->offset_index;
    }
}

/* ---- column chunks ---- */

/* RLE is the encoding of levels, PLAIN that of a dictionary's entries. */
static void write_encodings(o2p_thrift *thrift, const o2p_chunk *chunk)
{
    uint8_t used[O2P_PAGE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < O2P_PAGE_COUNT; i++)
        if (chunk->pages_by_encoding[i] > 0 || i == O2P_PAGE_ENCODING_RLE ||
            (i == O2P_PAGE_ENCODING_PLAIN && chunk->has_dictionary))
            used[count++] = (uint8_t)i;
    o2p_thrift_list(thrift, 2, O2P_THRIFT_I32, count);
    for (size_t i = 0; i < count; i++)
        o2p_thrift_element_i32(thrift, used[i]);
}

static void write_page_encoding(o2p_thrift *thrift, int32_t type, int32_t encoding, uint32_t count)
{
    o2p_thrift_element_struct(thrift);
    o2p_thrift_i32(thrift, 1, type);
    o2p_thrift_i32(thrift, 2, encoding);
    o2p_thrift_i32(thrift, 3, (int32_t)count);
    o2p_thrift_end(thrift);
}

static void write_encoding_stats(o2p_thrift *thrift, const o2p_chunk *chunk)
{
    size_t count = chunk->has_dictionary;
    for (size_t i = 0; i < O2P_PAGE_COUNT; i++)
        count += chunk->pages_by_encoding[i] > 0;
    o2p_thrift_list(thrift, 13, O2P_THRIFT_STRUCT, count);
    if (chunk->has_dictionary)
        write_page_encoding(thrift, O2P_PAGE_DICTIONARY, O2P_PAGE_ENCODING_PLAIN, 1);
    for (size_t i = 0; i < O2P_PAGE_COUNT; i++)
        if (chunk->pages_by_encoding[i] > 0)
            write_page_encoding(thrift, O2P_PAGE_DATA, (int32_t)i, chunk->pages_by_encoding[i]);
}

/* The chunk's bounds are known only if those of all its pages are. */
static o2p_range known_range(const o2p_chunk *chunk)
{
    o2p_range range = chunk->range;
    range.min.present = range.min.present && !chunk->min_unknown;
    range.max.present = range.max.present && !chunk->max_unknown;
    return range;
}

static void write_column_metadata(o2p_parquet *writer, o2p_thrift *thrift, const o2p_chunk *chunk,
                                  uint64_t blooms)
{
    const o2p_schema_leaf *leaf = o2p_leaf_at(writer, chunk->leaf);
    const o2p_range range = known_range(chunk);
    uint64_t first_page =
        chunk->page_count > 0 ? o2p_page_at(writer, chunk->first_page)->offset : chunk->offset;
    o2p_thrift_struct(thrift, 3);
    o2p_thrift_i32(thrift, 1, leaf->order.physical);
    write_encodings(thrift, chunk);
    o2p_schema_write_path(thrift, 3, &writer->options, leaf);
    o2p_thrift_i32(thrift, 4, o2p_codec_number((o2p_codec)chunk->codec));
    o2p_thrift_i64(thrift, 5, (int64_t)chunk->values);
    o2p_thrift_i64(thrift, 6, (int64_t)chunk->uncompressed_size);
    o2p_thrift_i64(thrift, 7, (int64_t)chunk->stored_size);
    o2p_thrift_i64(thrift, 9, (int64_t)first_page);
    if (chunk->has_dictionary)
        o2p_thrift_i64(thrift, 11, (int64_t)chunk->offset);
    o2p_statistics_write(thrift, 12, chunk->nulls, &range, writer->bounds.data);
    write_encoding_stats(thrift, chunk);
    if (chunk->bloom_size > 0) {
        o2p_thrift_i64(thrift, 14, (int64_t)(blooms + chunk->bloom));
        o2p_thrift_i32(thrift, 15, (int32_t)chunk->bloom_size);
    }
    o2p_thrift_end(thrift);
}

static void write_column(o2p_parquet *writer, o2p_thrift *thrift, const o2p_chunk *chunk,
                         uint64_t blooms)
{
    o2p_thrift_element_struct(thrift);
    o2p_thrift_i64(thrift, 2, 0); /* file_offset: deprecated, required */
    write_column_metadata(writer, thrift, chunk, blooms);
    o2p_thrift_i64(thrift, 4, (int64_t)chunk->offset_index);
    o2p_thrift_i32(thrift, 5, (int32_t)chunk->offset_index_size);
    if (chunk->column_index_size > 0) {
        o2p_thrift_i64(thrift, 6, (int64_t)chunk->column_index);
        o2p_thrift_i32(thrift, 7, (int32_t)chunk->column_index_size);
    }
    o2p_thrift_end(thrift);
}

/* ---- row groups ---- */

static void write_sorting(o2p_thrift *thrift, const o2p_parquet_options *options)
{
    if (options->sorting_count == 0)
        return;
    o2p_thrift_list(thrift, 4, O2P_THRIFT_STRUCT, options->sorting_count);
    for (size_t i = 0; i < options->sorting_count; i++) {
        o2p_thrift_element_struct(thrift);
        o2p_thrift_i32(thrift, 1, (int32_t)options->sorting[i].leaf);
        o2p_thrift_bool(thrift, 2, false); /* descending */
        o2p_thrift_bool(thrift, 3, true);  /* nulls_first */
        o2p_thrift_end(thrift);
    }
}

static void write_row_group(o2p_parquet *writer, o2p_thrift *thrift, size_t number, uint64_t blooms)
{
    const o2p_row_group *group = o2p_row_group_at(writer, number);
    const o2p_chunk *chunks = o2p_chunk_at(writer, group->first_chunk);
    size_t n = o2p_leaf_count(writer);
    uint64_t uncompressed = 0, stored = 0;
    o2p_thrift_element_struct(thrift);
    o2p_thrift_list(thrift, 1, O2P_THRIFT_STRUCT, n);
    for (size_t i = 0; i < n; i++) {
        write_column(writer, thrift, &chunks[i], blooms);
        uncompressed += chunks[i].uncompressed_size;
        stored += chunks[i].stored_size;
    }
    o2p_thrift_i64(thrift, 2, (int64_t)uncompressed);
    o2p_thrift_i64(thrift, 3, group->rows);
    write_sorting(thrift, &writer->options);
    o2p_thrift_i64(thrift, 5, (int64_t)chunks[0].offset);
    o2p_thrift_i64(thrift, 6, (int64_t)stored);
    if (number <= INT16_MAX) /* ordinal: optional, and too narrow for more row groups */
        o2p_thrift_i16(thrift, 7, (int16_t)number);
    o2p_thrift_end(thrift);
}

static void write_row_groups(o2p_parquet *writer, o2p_thrift *thrift, uint64_t blooms)
{
    size_t n = o2p_row_group_count(writer);
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++)
        rows += o2p_row_group_at(writer, i)->rows;
    o2p_thrift_i64(thrift, 3, rows);
    o2p_thrift_list(thrift, 4, O2P_THRIFT_STRUCT, n);
    for (size_t i = 0; i < n; i++)
        write_row_group(writer, thrift, i, blooms);
}

/* ---- file ---- */

static void write_key_values(o2p_thrift *thrift, const o2p_key_value *metadata, size_t count)
{
    if (count == 0)
        return;
    o2p_thrift_list(thrift, 5, O2P_THRIFT_STRUCT, count);
    for (size_t i = 0; i < count; i++) {
        o2p_thrift_element_struct(thrift);
        o2p_thrift_text(thrift, 1, metadata[i].key);
        o2p_thrift_text(thrift, 2, metadata[i].value);
        o2p_thrift_end(thrift);
    }
}

#define STRING_OF(x) #x
#define DIGITS_OF(x) STRING_OF(x)

/* "NAME version X.Y.Z (build H)": other forms make parquet-java distrust the statistics. H stands
 * for the versions that decide a file's bytes: the same ones always give the same file. */
static void write_created_by(o2p_thrift *thrift)
{
    static const char versions[] = O2P_VERSION " schema " DIGITS_OF(O2P_SCHEMA_VERSION);
    static const char before[] = "otlp2parquet version " O2P_VERSION " (build ";
    enum { BEFORE = sizeof(before) - 1, HEX = 16 };
    char text[BEFORE + HEX + 1];
    uint64_t hash = o2p_xxh64(versions, sizeof(versions) - 1, 0);
    memcpy(text, before, BEFORE);
    for (size_t i = 0; i < HEX; i++, hash <<= 4)
        text[BEFORE + i] = "0123456789abcdef"[hash >> 60];
    text[BEFORE + HEX] = ')';
    o2p_thrift_binary(thrift, 6, text, sizeof(text));
}

/* Readers ignore min_value and max_value of leaves whose order is not stated. */
static void write_column_orders(o2p_thrift *thrift, size_t leaves)
{
    o2p_thrift_list(thrift, 7, O2P_THRIFT_STRUCT, leaves);
    for (size_t i = 0; i < leaves; i++) {
        o2p_thrift_element_struct(thrift);
        o2p_thrift_struct(thrift, 1); /* TYPE_ORDER */
        o2p_thrift_end(thrift);
        o2p_thrift_end(thrift);
    }
}

void o2p_footer_write(o2p_parquet *writer, const o2p_key_value *metadata, size_t metadata_count)
{
    uint64_t blooms = writer->out.size;
    o2p_buffer_append(&writer->out, writer->blooms.data, writer->blooms.size);
    write_page_index(writer);

    size_t start = writer->out.size;
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, &writer->out);
    o2p_thrift_i32(&thrift, 1, 1); /* version */
    o2p_schema_write(&thrift, &writer->options);
    write_row_groups(writer, &thrift, blooms);
    write_key_values(&thrift, metadata, metadata_count);
    write_created_by(&thrift);
    write_column_orders(&thrift, o2p_leaf_count(writer));
    o2p_thrift_end(&thrift);

    uint8_t end[8] = {0, 0, 0, 0, 'P', 'A', 'R', '1'};
    size_t size = writer->out.size - start;
    if (size > INT32_MAX)
        o2p_writer_fail(writer, O2P_ERR_LIMIT);
    o2p_store_le32(end, (uint32_t)size);
    o2p_buffer_append(&writer->out, end, sizeof(end));
}
