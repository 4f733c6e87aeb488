/* chunk.c - the pages of a column chunk, from scratch memory into the file.
 *
 *   [PageHeader, dictionary] { PageHeader, data page }
 *   data page (v1)   repetition levels, definition levels, values; compressed together
 *
 * Readers take the codec from the column chunk and apply it to each of its pages, so whether to
 * compress is decided once, for the whole chunk, before its first page is written. Pages are held
 * until then: to the chunk's end, or until those held are many and compressing them pays. From
 * there on each page passes into the file as it is made.
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
 * never become fewer: it is to become smaller by a seventh, which the lengths before digits do not
 * come to. zstd and gzip halve digits. Random bytes they leave as they are, but the lengths before
 * them, of ids that are there and ids that are not, they shrink, which a sample does not tell: 1 to
 * 6% of the files of logs. */
enum { SAMPLE_SIZE = 4096, SAMPLE_LEAST = SAMPLE_SIZE / 7 };

/* When so much is held and compressing pays, it is taken to pay for what follows. */
enum { ENOUGH_TO_JUDGE = 128 * 1024 };

/* About what a PageHeader takes without bounds. */
enum { HEADER_SIZE = 64 };

/* ---- headers ---- */

static void dictionary_header(o2p_thrift *thrift, const o2p_chunk *chunk)
{
    o2p_thrift_struct(thrift, 7);
    o2p_thrift_i32(thrift, 1, (int32_t)chunk->dictionary_entries);
    o2p_thrift_i32(thrift, 2, O2P_PAGE_ENCODING_PLAIN);
    o2p_thrift_end(thrift);
}

static void data_header(o2p_thrift *thrift, const o2p_parquet *writer, const o2p_chunk *chunk,
                        const o2p_page *page)
{
    static const o2p_range no_range;
    bool sorted = o2p_leaf_at(writer, chunk->leaf)->sorted;
    o2p_thrift_struct(thrift, 5);
    o2p_thrift_i32(thrift, 1, (int32_t)page->values);
    o2p_thrift_i32(thrift, 2, page->encoding);
    o2p_thrift_i32(thrift, 3,
                   O2P_PAGE_ENCODING_RLE); /* of levels, said even where there are none */
    o2p_thrift_i32(thrift, 4, O2P_PAGE_ENCODING_RLE);
    o2p_statistics_write(thrift, 5, page->nulls, sorted ? &page->range : &no_range,
                         writer->bounds.data);
    o2p_thrift_end(thrift);
}

/* A PageHeader; `page` NULL: of the dictionary. `size` and `crc` are of the body as it is stored.
 */
static void put_header(const o2p_parquet *writer, const o2p_chunk *chunk, const o2p_page *page,
                       size_t size, uint32_t crc, o2p_buffer *out)
{
    o2p_thrift thrift;
    o2p_thrift_begin(&thrift, out);
    o2p_thrift_i32(&thrift, 1, page == NULL ? O2P_PAGE_DICTIONARY : O2P_PAGE_DATA);
    o2p_thrift_i32(&thrift, 2, (int32_t)(page == NULL ? chunk->dictionary_size : page->body_size));
    o2p_thrift_i32(&thrift, 3, (int32_t)size);
    o2p_thrift_i32(&thrift, 4, (int32_t)crc);
    if (page == NULL)
        dictionary_header(&thrift, chunk);
    else
        data_header(&thrift, writer, chunk, page);
    o2p_thrift_end(&thrift);
}

/* ---- pages ---- */

/* Appends a body and its header as they are. */
static void store_plain(o2p_parquet *writer, const o2p_chunk *chunk, const o2p_page *page,
                        const uint8_t *body, size_t size)
{
    put_header(writer, chunk, page, size, o2p_crc32(body, size), &writer->out);
    o2p_buffer_append(&writer->out, body, size);
}

/* Compresses a body to the end of `out`, behind `room` unset bytes. False when that fails. */
static bool compress_body(o2p_parquet *writer, size_t room, const uint8_t *body, size_t size)
{
    if (o2p_buffer_extend(&writer->out, room) != NULL &&
        o2p_compress(&writer->compressor, body, size, &writer->out))
        return true;
    if (!writer->memory->failed)
        o2p_writer_fail(writer, O2P_ERR_CODEC);
    return false;
}

/* Appends a header and a body compressed. The room left for the header is what it takes if its
 * numbers are as long as they are most of the time: a CRC of five bytes, a size as long as one a
 * quarter less than the body's. Otherwise the body is moved. False when that fails. */
static bool store_compressed(o2p_parquet *writer, const o2p_chunk *chunk, const o2p_page *page,
                             const uint8_t *body, size_t size)
{
    o2p_buffer *out = &writer->out, *header = &writer->header;
    size_t start = out->size;
    header->size = 0;
    put_header(writer, chunk, page, size - size / 4, INT32_MAX, header);
    size_t room = header->size;
    if (writer->memory->failed || !compress_body(writer, room, body, size))
        return false;
    size_t made = out->size - start - room;
    header->size = 0;
    put_header(writer, chunk, page, made, o2p_crc32(out->data + start + room, made), header);
    if (writer->memory->failed || !o2p_buffer_reserve(out, header->size))
        return false;
    if (header->size != room)
        memmove(out->data + start + header->size, out->data + start + room, made);
    memcpy(out->data + start, header->data, header->size);
    out->size = start + header->size + made;
    return true;
}

/* Appends the dictionary page, or a data page. False when that fails. */
static bool store_page(o2p_parquet *writer, o2p_chunk *chunk, o2p_page *page, bool compressed)
{
    size_t start = writer->out.size;
    const uint8_t *body = writer->bodies.data + (page == NULL ? 0 : page->body);
    size_t size = page == NULL ? chunk->dictionary_size : page->body_size;
    if (!compressed)
        store_plain(writer, chunk, page, body, size);
    else if (!store_compressed(writer, chunk, page, body, size))
        return false;
    if (page != NULL) {
        page->offset = start;
        page->stored_size = (uint32_t)(writer->out.size - start);
    }
    return true;
}

/* ---- chunks ---- */

/* Whether compressing pays for a sample of the bodies. */
static bool sample_pays(o2p_parquet *writer)
{
    size_t size = writer->bodies.size, start = writer->out.size;
    if (size < 2 * SAMPLE_SIZE)
        return true;
    bool ok = compress_body(writer, 1, writer->bodies.data + (size - SAMPLE_SIZE) / 2, SAMPLE_SIZE);
    size_t made = writer->out.size - start - 1;
    writer->out.size = start;
    return ok && made < SAMPLE_SIZE - SAMPLE_LEAST;
}

/* Whether to try and compress the chunk. */
static bool may_pay(o2p_parquet *writer, const o2p_chunk *chunk)
{
    o2p_codec codec = writer->options.codec;
    if (codec == O2P_CODEC_UNCOMPRESSED || writer->bodies.size < LEAST_COMPRESSED)
        return false;
    return !chunk->random || o2p_codec_counts(codec) || sample_pays(writer);
}

/* Appends the pages that are held. False when that fails or, as soon as the sum shows it, does not
 * make them smaller. */
static bool store_held(o2p_parquet *writer, o2p_chunk *chunk, bool compressed)
{
    size_t bodies = 0, headers = 0, start = writer->out.size;
    bool dictionary = chunk->has_dictionary && !chunk->dictionary_stored;
    for (size_t i = chunk->stored_pages; i < chunk->page_count + dictionary; i++) {
        o2p_page *page = dictionary && i == chunk->stored_pages
                             ? NULL
                             : o2p_page_at(writer, chunk->first_page + i - dictionary);
        size_t before = writer->out.size;
        if (!store_page(writer, chunk, page, compressed))
            return false;
        size_t size = page == NULL ? chunk->dictionary_size : page->body_size;
        bodies += size;
        headers += compressed ? writer->header.size : writer->out.size - before - size;
        if (compressed && !chunk->settled &&
            writer->out.size - start - headers >= writer->bodies.size)
            return false;
    }
    chunk->stored_pages = chunk->page_count;
    chunk->dictionary_stored = chunk->has_dictionary;
    chunk->stored_size += writer->out.size - start;
    chunk->uncompressed_size += headers + bodies;
    writer->bodies.size = 0;
    return true;
}

/* Appends the pages that are held, compressed, if that makes them smaller. */
static bool try_compressed(o2p_parquet *writer, o2p_chunk *chunk)
{
    size_t start = writer->out.size;
    chunk->offset = start;
    chunk->settled = store_held(writer, chunk, true);
    if (!chunk->settled)
        writer->out.size = start;
    return chunk->settled;
}

void o2p_chunk_pass(o2p_parquet *writer, o2p_chunk *chunk)
{
    if (chunk->settled) {
        store_held(writer, chunk, true);
    } else if (writer->bodies.size >= ENOUGH_TO_JUDGE && !chunk->judged && !chunk->random &&
               writer->options.codec != O2P_CODEC_UNCOMPRESSED) {
        chunk->judged = true;
        chunk->codec = (uint8_t)writer->options.codec;
        try_compressed(writer, chunk);
    }
}

void o2p_chunk_store(o2p_parquet *writer, o2p_chunk *chunk)
{
    if (chunk->settled) /* its last page has passed */
        return;
    bool compressed = may_pay(writer, chunk);
    if (!o2p_writer_healthy(writer) ||
        !o2p_buffer_reserve(&writer->out, (chunk->page_count + 1) * HEADER_SIZE))
        return;
    chunk->codec = (uint8_t)writer->options.codec;
    if (compressed && try_compressed(writer, chunk))
        return;
    chunk->codec = O2P_CODEC_UNCOMPRESSED;
    chunk->offset = writer->out.size;
    if (o2p_writer_healthy(writer))
        store_held(writer, chunk, false);
}
