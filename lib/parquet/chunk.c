/* chunk.c - the pages of a column chunk, from scratch memory into the file.
 *
 *   [PageHeader, dictionary] { PageHeader, data page }
 *   data page (v1)   repetition levels, definition levels, values; compressed together
 *
 * Readers take the codec from the column chunk and apply it to each of its pages, so whether to
 * compress is decided once, for the whole chunk, before its first page is written.
 */
#include "../base/hash.h"
#include "codec.h"
#include "writer.h"

/* Chunks smaller than this are stored plain. A call takes 0.1 us (Snappy, LZ4), as long as all else
 * that is done for a small page, 4 (zstd) or 7 (gzip), and gains a few dozen bytes at most beside
 * some 200 of the chunk's metadata. Most columns of a small request are such chunks: one run, one
 * dictionary entry. */
enum { LEAST_COMPRESSED = 128 };

/* Of a chunk that looks random this much is compressed first, from its middle, by a codec that
 * finds repetitions alone (Snappy, LZ4): the call costs as much as for text, and random hex digits
 * never become fewer. zstd and gzip halve them. Random bytes they leave as they are, but the
 * lengths before them, of ids that are there and ids that are not, they shrink, which a sample does
 * not tell: 1 to 6%
 * of the files of logs. */
enum { SAMPLE_SIZE = 4096 };

/* About what a PageHeader takes, to reserve room for a chunk at once. */
enum { HEADER_SIZE = 64 };

/* ---- compression ---- */

static bool compress_body(o2p_parquet *writer, size_t body, size_t size, size_t *made)
{
    size_t start = writer->compressed.size;
    const uint8_t *bytes = writer->bodies.data + body;
    if (!o2p_compress(&writer->compressor, bytes, size, &writer->compressed)) {
        if (!writer->memory->failed)
            o2p_writer_fail(writer, O2P_ERR_CODEC);
        return false;
    }
    *made = writer->compressed.size - start;
    return writer->compressed.size < writer->bodies.size;
}

/* Whether compressing pays for a sample of the bodies. */
static bool sample_pays(o2p_parquet *writer)
{
    size_t size = writer->bodies.size, made = 0;
    if (size < 2 * SAMPLE_SIZE)
        return true;
    writer->compressed.size = 0;
    if (!compress_body(writer, (size - SAMPLE_SIZE) / 2, SAMPLE_SIZE, &made))
        return false;
    return made < SAMPLE_SIZE - SAMPLE_SIZE / 32;
}

/* Compresses all pages. False when that fails or, as soon as the sum shows it, does not pay. */
static bool compress(o2p_parquet *writer, const o2p_chunk *chunk, size_t *dictionary_size)
{
    if (writer->options.codec == O2P_CODEC_UNCOMPRESSED || writer->bodies.size < LEAST_COMPRESSED)
        return false;
    if (chunk->random && o2p_codec_repeats_only(writer->options.codec) && !sample_pays(writer))
        return false;
    writer->compressed.size = 0;
    if (chunk->has_dictionary && !compress_body(writer, 0, chunk->dictionary_size, dictionary_size))
        return false;
    for (size_t i = 0; i < chunk->page_count; i++) {
        o2p_page *page = o2p_page_at(writer, chunk->first_page + i);
        size_t made = 0;
        if (!compress_body(writer, page->body, page->body_size, &made))
            return false;
        page->stored_size = (uint32_t)made;
    }
    return true;
}

/* ---- pages ---- */

static void begin_header(o2p_thrift *thrift, o2p_buffer *out, int32_t type, size_t uncompressed,
                         const uint8_t *bytes, size_t size)
{
    o2p_thrift_begin(thrift, out);
    o2p_thrift_i32(thrift, 1, type);
    o2p_thrift_i32(thrift, 2, (int32_t)uncompressed);
    o2p_thrift_i32(thrift, 3, (int32_t)size);
    o2p_thrift_i32(thrift, 4, (int32_t)o2p_crc32(bytes, size));
}

/* Accounts for a page that was appended to the file from `start` on. Returns its size with the
 * header. */
static size_t account(o2p_chunk *chunk, size_t start, size_t end, size_t uncompressed, size_t size)
{
    size_t stored = end - start;
    chunk->stored_size += stored;
    chunk->uncompressed_size += stored - size + uncompressed;
    return stored;
}

static void store_dictionary(o2p_parquet *writer, o2p_chunk *chunk, const uint8_t *bytes,
                             size_t size)
{
    o2p_thrift thrift;
    size_t start = writer->out.size;
    begin_header(&thrift, &writer->out, O2P_PAGE_DICTIONARY, chunk->dictionary_size, bytes, size);
    o2p_thrift_struct(&thrift, 7);
    o2p_thrift_i32(&thrift, 1, (int32_t)chunk->dictionary_entries);
    o2p_thrift_i32(&thrift, 2, O2P_PAGE_ENCODING_PLAIN);
    o2p_thrift_end(&thrift);
    o2p_thrift_end(&thrift);
    o2p_buffer_append(&writer->out, bytes, size);
    account(chunk, start, writer->out.size, chunk->dictionary_size, size);
}

static void store_page(o2p_parquet *writer, o2p_chunk *chunk, o2p_page *page, const uint8_t *bytes,
                       size_t size)
{
    static const o2p_range no_range;
    bool sorted = o2p_leaf_at(writer, chunk->leaf)->sorted;
    o2p_thrift thrift;
    size_t start = writer->out.size;
    begin_header(&thrift, &writer->out, O2P_PAGE_DATA, page->body_size, bytes, size);
    o2p_thrift_struct(&thrift, 5);
    o2p_thrift_i32(&thrift, 1, (int32_t)page->values);
    o2p_thrift_i32(&thrift, 2, page->encoding);
    o2p_thrift_i32(&thrift, 3,
                   O2P_PAGE_ENCODING_RLE); /* of levels, said even where there are none */
    o2p_thrift_i32(&thrift, 4, O2P_PAGE_ENCODING_RLE);
    o2p_statistics_write(&thrift, 5, page->nulls, sorted ? &page->range : &no_range,
                         writer->bounds.data);
    o2p_thrift_end(&thrift);
    o2p_thrift_end(&thrift);
    o2p_buffer_append(&writer->out, bytes, size);
    page->offset = start;
    page->stored_size = (uint32_t)account(chunk, start, writer->out.size, page->body_size, size);
}

void o2p_chunk_store(o2p_parquet *writer, o2p_chunk *chunk)
{
    size_t dictionary_size = chunk->dictionary_size; /* as stored */
    bool compressed = compress(writer, chunk, &dictionary_size);
    if (!o2p_writer_healthy(writer))
        return;
    const o2p_buffer *from = compressed ? &writer->compressed : &writer->bodies;
    const uint8_t *bytes = from->data;
    if (!o2p_buffer_reserve(&writer->out, from->size + (chunk->page_count + 1) * HEADER_SIZE))
        return;
    chunk->codec = (uint8_t)(compressed ? writer->options.codec : O2P_CODEC_UNCOMPRESSED);
    chunk->offset = writer->out.size;
    if (!compressed)
        dictionary_size = chunk->dictionary_size;
    if (chunk->has_dictionary)
        store_dictionary(writer, chunk, bytes, dictionary_size);
    bytes += dictionary_size;
    for (size_t i = 0; i < chunk->page_count; i++) {
        o2p_page *page = o2p_page_at(writer, chunk->first_page + i);
        size_t size = compressed ? page->stored_size : page->body_size;
        store_page(writer, chunk, page, bytes, size);
        bytes += size;
    }
}
