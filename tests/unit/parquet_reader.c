/* parquet_reader.c - see parquet_reader.h. The numbers are field ids in parquet.thrift. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "page_decoder.h"
#include "parquet_reader.h"
#include "../../lib/base/hash.h"
#include <cmocka.h>

parquet_reader parquet_open(const o2p_buffer *file)
{
    assert_true(file->size >= 12);
    assert_memory_equal(file->data, "PAR1", 4);
    assert_memory_equal(file->data + file->size - 4, "PAR1", 4);
    size_t length = o2p_load_le32(file->data + file->size - 8);
    assert_true(length <= file->size - 12);
    parquet_reader reader = {file->data, file->size, file->size - 8 - length, {0, NULL, NULL}};
    reader.metadata = thrift_struct_at(file->data + reader.metadata_at, length);
    assert_ptr_equal(thrift_end_of(reader.metadata), file->data + file->size - 8);
    return reader;
}

thrift_value parquet_row_group(const parquet_reader *file, size_t group)
{
    return thrift_element(thrift_field(file->metadata, 4), group);
}

thrift_value parquet_column(const parquet_reader *file, size_t group, size_t leaf)
{
    return thrift_element(thrift_field(parquet_row_group(file, group), 1), leaf);
}

thrift_value parquet_metadata(const parquet_reader *file, size_t group, size_t leaf)
{
    return thrift_field(parquet_column(file, group, leaf), 3);
}

/* The struct at `offset`, which lies before the metadata and takes `length` bytes. */
static thrift_value index_at(const parquet_reader *file, int64_t offset, int64_t length)
{
    assert_true(offset >= 4 && length > 0 && (size_t)(offset + length) <= file->metadata_at);
    thrift_value index = thrift_struct_at(file->data + offset, (size_t)length);
    assert_ptr_equal(thrift_end_of(index), file->data + offset + length);
    return index;
}

thrift_value parquet_offset_index(const parquet_reader *file, size_t group, size_t leaf)
{
    thrift_value column = parquet_column(file, group, leaf);
    return index_at(file, thrift_int_field(column, 4), thrift_int_field(column, 5));
}

thrift_value parquet_column_index(const parquet_reader *file, size_t group, size_t leaf)
{
    thrift_value column = parquet_column(file, group, leaf);
    return index_at(file, thrift_int_field(column, 6), thrift_int_field(column, 7));
}

parquet_page parquet_page_at(const parquet_reader *file, int64_t offset, int64_t codec)
{
    static uint8_t body[1 << 20];
    parquet_page page;
    assert_true(offset >= 4 && (size_t)offset < file->metadata_at);
    const uint8_t *start = file->data + offset;
    page.header = thrift_struct_at(start, file->metadata_at - (size_t)offset);
    const uint8_t *stored = thrift_end_of(page.header);
    size_t compressed = (size_t)thrift_int_field(page.header, 3);
    page.body_size = (size_t)thrift_int_field(page.header, 2);
    page.header_size = (size_t)(stored - start);
    page.stored_size = page.header_size + compressed;
    assert_true((size_t)offset + page.stored_size <= file->metadata_at);
    assert_int_equal((uint32_t)thrift_int_field(page.header, 4), o2p_crc32(stored, compressed));
    assert_int_equal(page_decode(codec, stored, compressed, body, sizeof(body)), page.body_size);
    page.body = body;
    return page;
}

parquet_page parquet_data_page(const parquet_reader *file, size_t group, size_t leaf, size_t page)
{
    thrift_value metadata = parquet_metadata(file, group, leaf);
    thrift_value location =
        thrift_element(thrift_field(parquet_offset_index(file, group, leaf), 1), page);
    parquet_page found =
        parquet_page_at(file, thrift_int_field(location, 1), thrift_int_field(metadata, 4));
    assert_int_equal(thrift_int_field(location, 2), found.stored_size);
    assert_int_equal(thrift_int_field(found.header, 1), 0);
    return found;
}
