/* page_decoder.c - see page_decoder.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "page_decoder.h"
#include <cmocka.h>
#include <lz4.h>
#include <snappy-c.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

static size_t decode_snappy(const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    assert_int_equal(snappy_uncompress((const char *)bytes, size, (char *)out, &room), SNAPPY_OK);
    return room;
}

/* A gzip member with no more in its header than must be. */
static size_t decode_gzip(const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    assert_true(size > 18);
    assert_int_equal(bytes[3], 0);   /* no name, time or checksum of the header */
    assert_int_equal(bytes[9], 255); /* no OS */
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    return stream.total_out;
}

/* One frame that says its content's size, which readers allocate by. */
static size_t decode_zstd(const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    assert_int_equal(ZSTD_findFrameCompressedSize(bytes, size), size);
    size_t made = ZSTD_decompress(out, room, bytes, size);
    assert_false(ZSTD_isError(made));
    assert_int_equal(ZSTD_getFrameContentSize(bytes, size), made);
    return made;
}

static size_t decode_lz4(const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    int made = LZ4_decompress_safe((const char *)bytes, (char *)out, (int)size, (int)room);
    assert_true(made >= 0);
    return (size_t)made;
}

size_t page_decode(int64_t codec, const uint8_t *bytes, size_t size, uint8_t *out, size_t room)
{
    switch (codec) {
    case 1:
        return decode_snappy(bytes, size, out, room);
    case 2:
        return decode_gzip(bytes, size, out, room);
    case 6:
        return decode_zstd(bytes, size, out, room);
    case 7:
        return decode_lz4(bytes, size, out, room);
    default:
        assert_int_equal(codec, 0);
        assert_true(size <= room);
        memcpy(out, bytes, size);
        return size;
    }
}
