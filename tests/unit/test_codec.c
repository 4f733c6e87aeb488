/* test_codec.c - what is compressed comes back by the codec library's own decoder, whatever was
 * compressed before it; levels; refused memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/codec.h"
#include "counting_allocator.h"
#include "page_decoder.h"

/* Every codec that compresses: its number in parquet.thrift and its levels. */
static const struct {
    o2p_codec codec;
    int32_t number, default_level, most_level;
    size_t contexts; /* allocations that a context takes, at least */
} codecs[] = {
    {O2P_CODEC_SNAPPY, 1, 0, 0, 0},
    {O2P_CODEC_ZSTD, 6, 3, 22, 2},
    {O2P_CODEC_GZIP, 2, 6, 9, 5},
    {O2P_CODEC_LZ4_RAW, 7, 0, 0, 0},
};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]), MOST = 300000 };

static uint8_t bytes[MOST], back[MOST];

static counting_allocator counting;
static o2p_memory memory;
static o2p_buffer out;
static o2p_compressor compressor;

static void begin(o2p_codec codec, int32_t level)
{
    assert_true(o2p_codec_level(codec, &level));
    o2p_compressor_choose(&compressor, codec, level);
}

static int setup(void **state)
{
    (void)state;
    memset(&counting, 0, sizeof(counting));
    o2p_allocator allocator = counting_allocator_functions(&counting);
    o2p_memory_init(&memory, &allocator, 0);
    o2p_buffer_init(&out, &memory);
    o2p_compressor_init(&compressor, &memory);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = (uint8_t)(i / 7 * i);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_compressor_free(&compressor);
    o2p_buffer_free(&out);
    return memory.held == 0 && counting.blocks == 0 ? 0 : -1;
}

static void known_codecs(void **state)
{
    (void)state;
    assert_true(o2p_codec_available(O2P_CODEC_UNCOMPRESSED));
    assert_int_equal(o2p_codec_number(O2P_CODEC_UNCOMPRESSED), 0);
    for (size_t i = 0; i < CODECS; i++) {
        assert_true(o2p_codec_available(codecs[i].codec));
        assert_int_equal(o2p_codec_number(codecs[i].codec), codecs[i].number);
    }
    assert_false(o2p_codec_available(O2P_CODEC_DEFAULT));
    assert_false(o2p_codec_available((o2p_codec)(O2P_CODEC_LZ4_RAW + 1)));
    assert_false(o2p_codec_available((o2p_codec)99));
    assert_false(o2p_codec_available((o2p_codec)-1));
}

static void levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        int32_t level = 0;
        assert_true(o2p_codec_level(codecs[i].codec, &level));
        assert_int_equal(level, codecs[i].default_level);
        for (level = -30; level <= 30; level++) {
            int32_t given = level;
            bool right = level == 0 || (level >= 1 && level <= codecs[i].most_level);
            assert_int_equal(o2p_codec_level(codecs[i].codec, &given), right);
            assert_true(level == 0 || given == level);
        }
        level = INT32_MAX;
        assert_false(o2p_codec_level(codecs[i].codec, &level));
        level = INT32_MIN;
        assert_false(o2p_codec_level(codecs[i].codec, &level));
    }
    int32_t none = 0, one = 1;
    assert_true(o2p_codec_level(O2P_CODEC_UNCOMPRESSED, &none));
    assert_false(o2p_codec_level(O2P_CODEC_UNCOMPRESSED, &one));
}

/* Compresses and decodes; returns where in `out` the result begins. */
static size_t round_trip(int32_t number, const uint8_t *page, size_t size)
{
    size_t start = out.size;
    assert_true(o2p_compress(&compressor, page, size, &out));
    assert_int_equal(page_decode(number, out.data + start, out.size - start, back, MOST), size);
    assert_memory_equal(back, page, size);
    return start;
}

static void comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        begin(codecs[i].codec, 0);
        out.size = 0;
        o2p_buffer_text(&out, "before");
        for (size_t size = 0; size <= MOST; size = size * 3 + 1)
            round_trip(codecs[i].number, bytes, size);
        assert_memory_equal(out.data, "before", 6);
    }
}

static void every_level_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        size_t least = SIZE_MAX, first = 0;
        for (int32_t level = 1; level <= codecs[i].most_level; level++) {
            begin(codecs[i].codec, level);
            out.size = 0;
            round_trip(codecs[i].number, bytes, 60000);
            first = level == 1 ? out.size : first;
            least = out.size < least ? out.size : least;
        }
        assert_true(codecs[i].most_level == 0 || least < first); /* the level is heeded */
    }
}

/* A page is the same whether its context is new or has seen others, of any size: a file does not
 * depend on the files that were written before it. */
static void no_page_depends_on_another(void **state)
{
    (void)state;
    static const int32_t tried[] = {1, 3, 6, 9, 15, 19};
    uint32_t random = 1;
    for (size_t i = 0; i < CODECS; i++)
        for (size_t l = 0; l < sizeof(tried) / sizeof(tried[0]); l++) {
            bool has = tried[l] <= codecs[i].most_level;
            o2p_compressor fresh;
            begin(codecs[i].codec, has ? tried[l] : 0);
            for (unsigned n = 0; n < 12; n++) {
                random = random * 1664525u + 1013904223u;
                size_t size = (random >> 8) % (n % 3 == 0 ? MOST : 3000);
                const uint8_t *page = bytes + (random >> 4) % (MOST - size);
                out.size = 0;
                round_trip(codecs[i].number, page, size);
                size_t made = out.size;
                o2p_compressor_init(&fresh, &memory);
                o2p_compressor_choose(&fresh, compressor.codec, compressor.level);
                assert_true(o2p_compress(&fresh, page, size, &out));
                o2p_compressor_free(&fresh);
                assert_int_equal(out.size, 2 * made);
                assert_memory_equal(out.data, out.data + made, made);
            }
        }
}

/* The context is made once, of the caller's memory, within what was said of it. */
static void a_context_serves_all_pages(void **state)
{
    (void)state;
    assert_true(o2p_buffer_reserve(&out, 4 * MOST));
    for (size_t i = 0; i < CODECS; i++)
        for (int32_t level = 0; level <= codecs[i].most_level && level < 20; level += 3) {
            begin(codecs[i].codec, level);
            size_t before = counting.calls, held = memory.held;
            out.size = 0;
            round_trip(codecs[i].number, bytes, MOST);
            assert_true(counting.calls >= before + codecs[i].contexts);
            assert_true(memory.held >= held);
            assert_in_range(memory.held - held, codecs[i].contexts > 0 ? 100000 : 0,
                            o2p_codec_memory(codecs[i].codec, compressor.level));
            before = counting.calls;
            for (size_t size = MOST; size > 10; size /= 2) {
                out.size = 0;
                round_trip(codecs[i].number, bytes, size);
            }
            assert_int_equal(counting.calls, before);
            o2p_compressor_free(&compressor);
            assert_int_equal(memory.held, held);
        }
}

/* Each call of the allocator refused, alone and with all that follow; then the same compressor
 * works. */
static void every_allocation_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * CODECS; i++) {
        size_t n = 0;
        for (bool done = false; !done;) {
            begin(codecs[i / 2].codec, 0);
            counting.refused = 0;
            counting.refuse_on = i % 2 == 1;
            counting.refuse_at = counting.calls + ++n;
            done = o2p_compress(&compressor, bytes, 20000, &out) && /* and a larger context */
                   o2p_compress(&compressor, bytes, MOST, &out);
            counting.refuse_at = 0;
            assert_int_equal(done, counting.refused == 0);
            assert_int_equal(o2p_memory_status(&memory), done ? O2P_OK : O2P_ERR_OUT_OF_MEMORY);
            o2p_memory_clear(&memory);
            out.size = 0;
            round_trip(codecs[i / 2].number, bytes, 20000);
            o2p_compressor_free(&compressor);
            o2p_buffer_free(&out);
            assert_int_equal(counting.blocks, 0);
        }
        assert_true(n > 1 + codecs[i / 2].contexts);
    }
}

static void a_memory_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODECS; i++) {
        begin(codecs[i].codec, 0);
        for (size_t limit = 100; limit < 100000; limit *= 4) {
            memory.limit = memory.held + limit;
            assert_false(o2p_compress(&compressor, bytes, MOST, &out));
            assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
            assert_int_equal(out.size, 0);
            o2p_memory_clear(&memory);
        }
        memory.limit = SIZE_MAX;
        round_trip(codecs[i].number, bytes, MOST);
        o2p_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(known_codecs, setup, teardown),
        cmocka_unit_test_setup_teardown(levels, setup, teardown),
        cmocka_unit_test_setup_teardown(comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(every_level_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(no_page_depends_on_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_context_serves_all_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(every_allocation_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_memory_limit, setup, teardown),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
