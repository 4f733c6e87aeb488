/* fuzz_snappy.c - any bytes through the library's own Snappy, and through the codec of the build.
 *
 * libsnappy decodes both to what they were: [14]. Blocks end where they end, so the sanitizers see
 * a byte read behind the input or written behind the room that was asked for: [1].
 *
 * The first byte says how often the others come again, so that small inputs reach over the edges of
 * blocks; the second how many of them change each time, and so where matches end.
 */
#include "common.h"

#include "../lib/parquet/codec.h"
#include "../lib/parquet/snappy.h"
#include <snappy-c.h>

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

static void check_decodes(const uint8_t *made, size_t made_size, const uint8_t *bytes, size_t size)
{
    size_t back_size = size;
    uint8_t *back = block_of(size);
    snappy_status status =
        snappy_uncompress((const char *)made, made_size, (char *)back, &back_size);
    CHECK(status == SNAPPY_OK && back_size == size, "14");
    CHECK(size == 0 || memcmp(back, bytes, size) == 0, "14");
    free(back);
}

static void check_own(const uint8_t *bytes, size_t size)
{
    size_t most = o2p_snappy_most(size), made = 0, again = 0;
    uint8_t *out = block_of(most), *other = block_of(most);
    memset(out, 0xA5, most);
    memset(other, 0x5A, most);
    CHECK(o2p_snappy_compress(bytes, size, out, &made) && made <= most, "14");
    CHECK(o2p_snappy_compress(bytes, size, other, &again), "14");
    CHECK(again == made && memcmp(out, other, made) == 0, "14");
    check_decodes(out, made, bytes, size);
    free(other);
    free(out);
}

static void check_codec(const uint8_t *bytes, size_t size)
{
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    CHECK(o2p_codec_compress(O2P_CODEC_SNAPPY, bytes, size, &out), "14");
    check_decodes(out.data, out.size, bytes, size);
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
    check_codec(bytes, content * times);
    free(bytes);
    return 0;
}
