/* test_coding.c - decompression of bodies: every coding, within its bound, whatever the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "../../shims/server/coding.h"
#include <cmocka.h>

enum { TEXT = 100 * 1000, ROOM = 2 * TEXT + 1000 };
static uint8_t text[TEXT];
static uint8_t packed[ROOM];

/* Compresses `size` bytes of the text, behind `at` bytes that are there; returns the sum. */
static size_t pack(coding kind, size_t size, size_t at)
{
    if (kind == CODING_IDENTITY) {
        memcpy(packed + at, text, size);
        return at + size;
    }
    if (kind == CODING_ZSTD)
        return at + ZSTD_compress(packed + at, ROOM - at, text, size, 1);
    z_stream stream = {.next_in = text, .avail_in = (uInt)size};
    int window = kind == CODING_GZIP ? 31 : 15;
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed + at;
    stream.avail_out = (uInt)(ROOM - at);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return (size_t)(stream.next_out - packed);
}

static decode_status decode_some(coding kind, size_t size, size_t most, size_t *plain_size)
{
    uint8_t *plain;
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, packed, size);
    decode_status status = decode(kind, copy, size, most, &plain, plain_size);
    if (status == DECODE_OK) {
        size_t first = *plain_size < TEXT ? *plain_size : TEXT;
        assert_true(*plain_size <= most);
        assert_memory_equal(plain, text, first);
        assert_memory_equal(plain + first, text, *plain_size - first);
    } else {
        assert_null(plain);
        assert_int_equal(*plain_size, 0);
    }
    free(plain);
    free(copy);
    return status;
}

static const coding kinds[] = {CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_ZSTD};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void what_was_packed_comes_back_within_the_bound(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 1000, 16384, 16385, 32768, TEXT};
    size_t plain;
    for (size_t k = 0; k < KINDS; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t size = pack(kinds[k], sizes[i], 0);
            assert_int_equal(decode_some(kinds[k], size, sizes[i], &plain), DECODE_OK);
            assert_int_equal(plain, sizes[i]);
            assert_int_equal(decode_some(kinds[k], size, 1 << 20, &plain), DECODE_OK);
            if (sizes[i] > 0)
                assert_int_equal(decode_some(kinds[k], size, sizes[i] - 1, &plain),
                                 DECODE_TOO_LARGE);
        }
}

static void gzip_members_and_zstd_frames_may_follow_each_other(void **state)
{
    (void)state;
    static const coding chained[] = {CODING_GZIP, CODING_ZSTD};
    size_t plain;
    for (size_t k = 0; k < 2; k++) {
        size_t size = pack(chained[k], 500, pack(chained[k], TEXT, 0));
        assert_int_equal(decode_some(chained[k], size, ROOM, &plain), DECODE_OK);
        assert_int_equal(plain, TEXT + 500);
    }
}

static void cut_anywhere_it_is_bad(void **state)
{
    (void)state;
    size_t plain;
    for (size_t k = 1; k < KINDS; k++) {
        size_t size = pack(kinds[k], 3000, 0);
        for (size_t length = 0; length < size; length++)
            assert_int_equal(decode_some(kinds[k], length, ROOM, &plain), DECODE_BAD);
        packed[size] = 'x'; /* and so is anything behind it */
        assert_int_equal(decode_some(kinds[k], size + 1, ROOM, &plain), DECODE_BAD);
    }
}

static void a_bomb_is_stopped_at_the_bound(void **state)
{
    (void)state;
    enum { BOMB = 64 << 20 };
    uint8_t *zeros = calloc(1, BOMB);
    assert_non_null(zeros);
    uLongf size = ROOM;
    size_t plain;
    assert_int_equal(compress2(packed, &size, zeros, BOMB, 9), Z_OK);
    assert_int_equal(decode_some(CODING_DEFLATE, size, 1 << 20, &plain), DECODE_TOO_LARGE);
    size_t zstd = ZSTD_compress(packed, ROOM, zeros, BOMB, 1);
    assert_int_equal(decode_some(CODING_ZSTD, zstd, 1 << 20, &plain), DECODE_TOO_LARGE);
    free(zeros);
}

static void names_are_known_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(coding_of(""), CODING_IDENTITY);
    assert_int_equal(coding_of("identity"), CODING_IDENTITY);
    assert_int_equal(coding_of("GZip"), CODING_GZIP);
    assert_int_equal(coding_of("x-gzip"), CODING_GZIP);
    assert_int_equal(coding_of("deflate"), CODING_DEFLATE);
    assert_int_equal(coding_of("zstd"), CODING_ZSTD);
    assert_int_equal(coding_of("br"), -1);
    assert_int_equal(coding_of("gzip, gzip"), -1);
}

int main(void)
{
    uint32_t random = 1;
    for (size_t i = 0; i < TEXT; i++) {
        random = random * 1664525 + 1013904223;
        text[i] = (uint8_t)("telemetry "[i % 10] ^ (int)(random >> 29));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_back_within_the_bound),
        cmocka_unit_test(gzip_members_and_zstd_frames_may_follow_each_other),
        cmocka_unit_test(cut_anywhere_it_is_bad),
        cmocka_unit_test(a_bomb_is_stopped_at_the_bound),
        cmocka_unit_test(names_are_known_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
