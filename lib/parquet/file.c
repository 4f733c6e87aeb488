/* file.c - see file.h. The order of calls; chunk.c and footer.c do the writing.
 *
 * After a failure every call returns at once and finish reports it. The buffers handed out stay
 * valid to append to: what is appended then is never used.
 */
#include "bloom.h"
#include "writer.h"

/* Largest page body: page sizes are signed 32-bit numbers, and codecs may make a body a little
 * larger. */
#define BODY_MAX ((size_t)1 << 30)

/* First capacity of a file: a small one is 10 KiB, of which most is metadata. */
enum { FILE_CAPACITY = 16 * 1024 };

static const uint8_t magic[4] = {'P', 'A', 'R', '1'};

enum { BUFFERS = 9 };

static void list_buffers(o2p_parquet *writer, o2p_buffer *buffers[BUFFERS])
{
    o2p_buffer *all[BUFFERS] = {&writer->out,    &writer->leaves, &writer->row_groups,
                                &writer->chunks, &writer->pages,  &writer->bounds,
                                &writer->blooms, &writer->bodies, &writer->header};
    memcpy(buffers, all, sizeof(all));
}

o2p_parquet *o2p_parquet_new(o2p_memory *memory)
{
    o2p_parquet *writer = (o2p_parquet *)o2p_memory_resize(memory, NULL, 0, sizeof(o2p_parquet));
    if (writer == NULL)
        return NULL;
    memset(writer, 0, sizeof(*writer));
    writer->memory = memory;
    o2p_buffer *buffers[BUFFERS];
    list_buffers(writer, buffers);
    for (size_t i = 0; i < BUFFERS; i++)
        o2p_buffer_init(buffers[i], memory);
    o2p_compressor_init(&writer->compressor, memory);
    return writer;
}

void o2p_parquet_free(o2p_parquet *writer)
{
    if (writer == NULL)
        return;
    o2p_buffer *buffers[BUFFERS];
    list_buffers(writer, buffers);
    for (size_t i = 0; i < BUFFERS; i++)
        o2p_buffer_free(buffers[i]);
    o2p_compressor_free(&writer->compressor);
    o2p_memory_release(writer->memory, writer, sizeof(*writer));
}

void o2p_parquet_begin(o2p_parquet *writer, const o2p_parquet_options *options)
{
    o2p_buffer *buffers[BUFFERS];
    list_buffers(writer, buffers);
    for (size_t i = 0; i < BUFFERS; i++)
        buffers[i]->size = 0;
    writer->options = *options;
    writer->status = o2p_codec_available(options->codec) ? O2P_OK : O2P_ERR_CODEC;
    if (writer->status == O2P_OK)
        o2p_compressor_choose(&writer->compressor, options->codec, options->codec_level);
    o2p_schema_leaves(options, &writer->leaves);
    /* Where these hold nothing, as empty bounds and empty bodies, their addresses are still formed.
     */
    o2p_buffer_reserve(&writer->bounds, 1);
    o2p_buffer_reserve(&writer->bodies, 1);
    o2p_buffer_reserve(&writer->out, FILE_CAPACITY);
    o2p_buffer_append(&writer->out, magic, sizeof(magic));
}

void o2p_parquet_row_group_begin(o2p_parquet *writer, uint32_t rows)
{
    O2P_ASSERT(rows > 0 && rows <= INT32_MAX);
    o2p_row_group group = {rows, o2p_chunk_count(writer)};
    o2p_buffer_append(&writer->row_groups, &group, sizeof(group));
}

/* The chunk that was begun last; NULL after a failure. */
static o2p_chunk *open_chunk(o2p_parquet *writer)
{
    if (!o2p_writer_healthy(writer))
        return NULL;
    O2P_ASSERT(o2p_chunk_count(writer) > 0);
    return o2p_chunk_at(writer, o2p_chunk_count(writer) - 1);
}

void o2p_parquet_chunk_begin(o2p_parquet *writer, uint32_t leaf, o2p_statistics statistics)
{
    if (!o2p_writer_healthy(writer))
        return;
    O2P_ASSERT(leaf == o2p_chunk_count(writer) % o2p_leaf_count(writer)); /* in schema order */
    o2p_chunk chunk;
    memset(&chunk, 0, sizeof(chunk));
    chunk.leaf = leaf;
    chunk.statistics = (uint8_t)statistics;
    chunk.first_page = writer->pages.size / sizeof(o2p_page);
    writer->bodies.size = 0;
    o2p_buffer_append(&writer->chunks, &chunk, sizeof(chunk));
}

void o2p_parquet_chunk_random(o2p_parquet *writer)
{
    if (o2p_writer_healthy(writer))
        o2p_chunk_at(writer, o2p_chunk_count(writer) - 1)->random = true;
}

o2p_buffer *o2p_parquet_dictionary_begin(o2p_parquet *writer)
{
    O2P_ASSERT(writer->bodies.size == 0 || !o2p_writer_healthy(writer));
    return &writer->bodies;
}

void o2p_parquet_dictionary_end(o2p_parquet *writer, uint32_t entries)
{
    o2p_chunk *chunk = open_chunk(writer);
    if (chunk == NULL)
        return;
    O2P_ASSERT(!chunk->has_dictionary && chunk->page_count == 0);
    if (writer->bodies.size > BODY_MAX || entries > INT32_MAX) {
        o2p_writer_fail(writer, O2P_ERR_LIMIT);
        return;
    }
    chunk->has_dictionary = true;
    chunk->dictionary_entries = entries;
    chunk->dictionary_size = writer->bodies.size;
    o2p_chunk_pass(writer, chunk);
}

o2p_buffer *o2p_parquet_page_begin(o2p_parquet *writer)
{
    writer->body = writer->bodies.size;
    return &writer->bodies;
}

static void merge_statistics(o2p_parquet *writer, o2p_chunk *chunk, const o2p_page *page)
{
    chunk->values += page->values;
    chunk->nulls += page->nulls;
    chunk->pages_by_encoding[page->encoding]++;
    if (page->nulls == page->values)
        return;
    chunk->min_unknown = chunk->min_unknown || !page->range.min.present;
    chunk->max_unknown = chunk->max_unknown || !page->range.max.present;
    o2p_range_merge(&chunk->range, &page->range, writer->bounds.data,
                    o2p_leaf_at(writer, chunk->leaf)->order);
}

void o2p_parquet_page_end(o2p_parquet *writer, const o2p_page_info *info)
{
    o2p_chunk *chunk = open_chunk(writer);
    if (chunk == NULL)
        return;
    O2P_ASSERT(info->nulls <= info->values && (size_t)info->encoding < O2P_PAGE_COUNT);
    O2P_ASSERT(info->encoding != O2P_PAGE_ENCODING_RLE_DICTIONARY ||
               chunk->page_count == chunk->pages_by_encoding[O2P_PAGE_ENCODING_RLE_DICTIONARY]);
    if (writer->bodies.size - writer->body > BODY_MAX || info->values > INT32_MAX) {
        o2p_writer_fail(writer, O2P_ERR_LIMIT);
        return;
    }
    o2p_page page;
    memset(&page, 0, sizeof(page));
    page.body = writer->body;
    page.body_size = writer->bodies.size - writer->body;
    page.rows = info->rows;
    page.values = info->values;
    page.nulls = info->nulls;
    page.encoding = (uint8_t)info->encoding;
    if (chunk->statistics == O2P_STATISTICS_BOUNDS && info->nulls < info->values)
        page.range =
            o2p_range_keep(&writer->bounds, &info->bounds, o2p_leaf_at(writer, chunk->leaf)->order,
                           writer->options.bound_bytes);
    o2p_buffer_append(&writer->pages, &page, sizeof(page));
    if (!o2p_writer_healthy(writer))
        return;
    chunk->page_count++;
    merge_statistics(writer, chunk, &page);
    o2p_chunk_pass(writer, chunk);
}

void o2p_parquet_bloom(o2p_parquet *writer, const uint64_t *hashes, size_t count, uint32_t tenths)
{
    o2p_chunk *chunk = open_chunk(writer);
    if (chunk == NULL)
        return;
    chunk->bloom = writer->blooms.size;
    o2p_bloom_write(&writer->blooms, hashes, count, tenths);
    chunk->bloom_size = writer->blooms.size - chunk->bloom;
}

void o2p_parquet_chunk_end(o2p_parquet *writer)
{
    o2p_chunk *chunk = open_chunk(writer);
    if (chunk != NULL)
        o2p_chunk_store(writer, chunk);
}

void o2p_parquet_row_group_end(o2p_parquet *writer)
{
    O2P_ASSERT(!o2p_writer_healthy(writer) ||
               o2p_chunk_count(writer) == o2p_row_group_count(writer) * o2p_leaf_count(writer));
    (void)writer;
}

/* Gives the file away, cut to its size. */
static void hand_over(o2p_parquet *writer, o2p_buffer *file)
{
    o2p_buffer *out = &writer->out;
    if (out->capacity > out->size) {
        void *data = o2p_memory_resize(writer->memory, out->data, out->capacity, out->size);
        if (data == NULL)
            return;
        out->data = (uint8_t *)data;
        out->capacity = out->size;
    }
    *file = *out;
    o2p_buffer_init(out, writer->memory);
}

o2p_status o2p_parquet_finish(o2p_parquet *writer, const o2p_key_value *metadata,
                              size_t metadata_count, o2p_buffer *file)
{
    o2p_buffer_init(file, writer->memory);
    if (o2p_writer_healthy(writer))
        o2p_footer_write(writer, metadata, metadata_count);
    if (o2p_writer_healthy(writer))
        hand_over(writer, file);
    o2p_writer_healthy(writer);
    return writer->status;
}
