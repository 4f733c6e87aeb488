/* fuzz_snappy.c - any bytes through the library's own Snappy, and through the codecs of the build.
 *
 * The codecs' own libraries decode all to what they were: [14]. Blocks end where they end, so the
 * sanitizers see a byte read behind the input or written behind the room that was asked for: [1].
 *
 * The first byte says how often the others come again, so that small inputs reach over the edges of
 * blocks; the second how many of them change each time, and so where matches end.
 */
#include "common.h"

#include "../lib/parquet/codec.h"
#include "../lib/parquet/snappy.h"
#define ZLIB_CONST
#include <lz4.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

enum { MOST_INPUT = 200000 }; /* three blocks and a bit */

static uint8_t *block_of(size_t size)
{
    uint8_t *block = (uint8_t *)malloc(size);
    CHECK(block != NULL || size == 0, "8");
    return block;
}

static uint8_t *repeat(const uint8_t *data, size_t size, size_t times, unsigned changes)
{
    uint8_t *bytes = block_of(size * times);
    uint32_t random = 1;
    for (size_t i = 0; i < times && size > 0; i++) {
        memcpy(bytes + i * size, data, size);
        for (unsigned c = 0; c < changes && i > 0; c++) {
            random = random * 1664525 + 1013904223;
            bytes[i * size + (random >> 8) % size] ^= (uint8_t)(random >> 24 | 1);
        }
    }
    return bytes;
}

/* ---- decoders: the size of what was compressed, if there is room for it ---- */

static size_t decode_snappy(const uint8_t *made, size_t size, uint8_t *back, size_t room)
{
    snappy_status status = snappy_uncompress((const char *)made, size, (char *)back, &room);
    CHECK(status == SNAPPY_OK, "14");
    return room;
}

static size_t decode_gzip(const uint8_t *made, size_t size, uint8_t *back, size_t room)
{
    uint8_t none;
    z_stream stream = {.next_in = made, .avail_in = (uInt)size};
    CHECK(inflateInit2(&stream, 15 + 16) == Z_OK, "14");
    stream.next_out = room > 0 ? back : &none;
    stream.avail_out = (uInt)room;
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0, "14");
    inflateEnd(&stream);
    return stream.total_out;
}

static size_t decode_zstd(const uint8_t *made, size_t size, uint8_t *back, size_t room)
{
    return ZSTD_decompress(back, room, made, size); /* an error is larger than any room */
}

static size_t decode_lz4(const uint8_t *made, size_t size, uint8_t *back, size_t room)
{
    return (size_t)LZ4_decompress_safe((const char *)made, (char *)back, (int)size, (int)room);
}

typedef size_t decoder(const uint8_t *made, size_t size, uint8_t *back, size_t room);

static void check_decodes(decoder *decode, const uint8_t *made, size_t made_size,
                          const uint8_t *bytes, size_t size)
{
    uint8_t *back = block_of(size);
    CHECK(decode(made, made_size, back, size) == size, "14");
    CHECK(size == 0 || memcmp(back, bytes, size) == 0, "14");
    free(back);
}

/* ---- what compresses ---- */

static void check_own(const uint8_t *bytes, size_t size)
{
    size_t most = o2p_snappy_most(size), made = 0, again = 0;
    uint8_t *out = block_of(most), *other = block_of(most);
    memset(out, 0xA5, most);
    memset(other, 0x5A, most);
    CHECK(o2p_snappy_compress(bytes, size, out, &made) && made <= most, "14");
    CHECK(o2p_snappy_compress(bytes, size, other, &again), "14");
    CHECK(again == made && memcmp(out, other, made) == 0, "14");
    check_decodes(decode_snappy, out, made, bytes, size);
    free(other);
    free(out);
}

/* Twice, since the context of the first time serves the second. */
static void check_codec(o2p_codec codec, int32_t level, decoder *decode, const uint8_t *bytes,
                        size_t size)
{
    o2p_memory memory;
    o2p_buffer out;
    o2p_compressor compressor;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    o2p_compressor_init(&compressor, &memory);
    o2p_compressor_choose(&compressor, codec, level);
    CHECK(o2p_compress(&compressor, bytes, size, &out), "14");
    size_t made = out.size;
    CHECK(o2p_compress(&compressor, bytes, size, &out) && out.size == 2 * made, "14");
    CHECK(memcmp(out.data, out.data + made, made) == 0, "14");
    check_decodes(decode, out.data, made, bytes, size);
    o2p_compressor_free(&compressor);
    o2p_buffer_free(&out);
    CHECK(memory.held == 0, "8");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t times = data[0] + (size_t)1, content = size - 2;
    if (content > MOST_INPUT)
        return 0;
    while (content * times > MOST_INPUT)
        times /= 2;
    uint8_t *bytes = repeat(data + 2, content, times, data[1]);
    check_own(bytes, content * times);
    check_codec(O2P_CODEC_SNAPPY, 0, decode_snappy, bytes, content * times);
    check_codec(O2P_CODEC_ZSTD, 1 + data[1] % 12, decode_zstd, bytes, content * times);
    check_codec(O2P_CODEC_GZIP, 1 + data[1] % 9, decode_gzip, bytes, content * times);
    check_codec(O2P_CODEC_LZ4_RAW, 0, decode_lz4, bytes, content * times);
    free(bytes);
    return 0;
}
