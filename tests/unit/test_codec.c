/* test_codec.c - what is compressed comes back by the codec library's own decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <snappy-c.h>
#include "../../lib/parquet/codec.h"

static o2p_memory memory;
static o2p_buffer out;

static int setup(void **state)
{
    (void)state;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    o2p_buffer_free(&out);
    return memory.held == 0 ? 0 : -1;
}

static void known_codecs(void **state)
{
    (void)state;
    assert_true(o2p_codec_available(O2P_CODEC_UNCOMPRESSED));
    assert_true(o2p_codec_available(O2P_CODEC_SNAPPY));
    assert_false(o2p_codec_available(O2P_CODEC_DEFAULT));
    assert_false(o2p_codec_available((o2p_codec)99));
    assert_int_equal(o2p_codec_number(O2P_CODEC_UNCOMPRESSED), 0);
    assert_int_equal(o2p_codec_number(O2P_CODEC_SNAPPY), 1);
}

static void appends_snappy(void **state)
{
    (void)state;
    static uint8_t bytes[100000], back[100000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i / 7 * i);
    o2p_buffer_text(&out, "before");
    for (size_t size = 0; size <= sizeof(bytes); size = size * 3 + 1) {
        size_t start = out.size, back_size = sizeof(back);
        assert_true(o2p_codec_compress(O2P_CODEC_SNAPPY, bytes, size, &out));
        assert_int_equal(snappy_uncompress((const char *)out.data + start, out.size - start,
                                           (char *)back, &back_size),
                         SNAPPY_OK);
        assert_int_equal(back_size, size);
        assert_memory_equal(back, bytes, size);
    }
    assert_memory_equal(out.data, "before", 6);
}

static void refused_memory(void **state)
{
    (void)state;
    static const uint8_t bytes[1000];
    memory.limit = 100;
    assert_false(o2p_codec_compress(O2P_CODEC_SNAPPY, bytes, sizeof(bytes), &out));
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    assert_int_equal(out.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(known_codecs, setup, teardown),
        cmocka_unit_test_setup_teardown(appends_snappy, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
