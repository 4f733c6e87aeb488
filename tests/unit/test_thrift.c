/* test_thrift.c - the compact protocol against byte vectors worked out from its specification
 * (thrift-compact-protocol.md), and against the reader the other tests use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../lib/parquet/thrift.h"
#include "thrift_reader.h"

typedef struct fixture {
    o2p_memory memory;
    o2p_buffer out;
    o2p_thrift thrift;
} fixture;

static void start(fixture *f)
{
    o2p_memory_init(&f->memory, NULL, 0);
    o2p_buffer_init(&f->out, &f->memory);
    o2p_thrift_begin(&f->thrift, &f->out);
}

static void stop(fixture *f)
{
    o2p_buffer_free(&f->out);
    assert_int_equal(f->memory.held, 0);
}

/* Compares what was written with the bytes and releases it. */
#define expect_bytes(f, ...)                                                                       \
    do {                                                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};                                           \
        assert_int_equal((f)->out.size, sizeof(expected));                                         \
        assert_memory_equal((f)->out.data, expected, sizeof(expected));                            \
        stop(f);                                                                                   \
    } while (0)

static void varints(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_put_varint(&f.out, 0);
    o2p_put_varint(&f.out, 127);
    o2p_put_varint(&f.out, 128);
    o2p_put_varint(&f.out, 50399);
    o2p_put_varint(&f.out, UINT64_MAX);
    expect_bytes(&f, 0x00, 0x7F, 0x80, 0x01, 0xDF, 0x89, 0x03, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                 0xFF, 0xFF, 0xFF, 0x01);
}

static void zigzag(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_put_zigzag(&f.out, 0);
    o2p_put_zigzag(&f.out, -1);
    o2p_put_zigzag(&f.out, 1);
    o2p_put_zigzag(&f.out, -2);
    o2p_put_zigzag(&f.out, INT64_MAX);
    o2p_put_zigzag(&f.out, INT64_MIN);
    expect_bytes(&f, 0, 1, 2, 3, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0xFF,
                 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01);
}

static void short_headers(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_i32(&f.thrift, 1, 1);
    o2p_thrift_i64(&f.thrift, 2, -1);
    o2p_thrift_i16(&f.thrift, 17, 3); /* 15 further on: the largest short form */
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x15, 0x02, 0x16, 0x01, 0xF4, 0x06, 0x00);
}

static void long_headers(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_i32(&f.thrift, 16, 1); /* 16 from the start */
    o2p_thrift_i32(&f.thrift, 3, 1);  /* backwards */
    o2p_thrift_bool(&f.thrift, 300, false);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x05, 0x20, 0x02, 0x05, 0x06, 0x02, 0x02, 0xD8, 0x04, 0x00);
}

static void bytes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_i8(&f.thrift, 1, 1); /* no zigzag */
    o2p_thrift_i8(&f.thrift, 20, -1);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x13, 0x01, 0x03, 0x28, 0xFF, 0x00);
}

static void bools(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_bool(&f.thrift, 1, true);
    o2p_thrift_bool(&f.thrift, 2, false);
    o2p_thrift_list(&f.thrift, 3, O2P_THRIFT_TRUE, 2);
    o2p_thrift_element_bool(&f.thrift, true);
    o2p_thrift_element_bool(&f.thrift, false);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x11, 0x12, 0x19, 0x21, 0x01, 0x02, 0x00);
}

static void binaries(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_text(&f.thrift, 1, "ab");
    o2p_thrift_binary(&f.thrift, 2, NULL, 0);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x18, 0x02, 'a', 'b', 0x18, 0x00, 0x00);
}

static void lists(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_list(&f.thrift, 1, O2P_THRIFT_BINARY,
                    0); /* an empty list has its type all the same */
    o2p_thrift_list(&f.thrift, 2, O2P_THRIFT_I32, 14);
    for (int i = 0; i < 14; i++)
        o2p_thrift_element_i32(&f.thrift, 0);
    o2p_thrift_list(&f.thrift, 3, O2P_THRIFT_I64, 15);
    for (int i = 0; i < 15; i++)
        o2p_thrift_element_i64(&f.thrift, -1);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x19, 0x08, 0x19, 0xE5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x19, 0xF6,
                 0x0F, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x00);
}

/* Ids count from 0 in each struct, and go on in the outer one where they were. */
static void structs(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_struct(&f.thrift, 3);
    o2p_thrift_i32(&f.thrift, 1, 0);
    o2p_thrift_end(&f.thrift);
    o2p_thrift_list(&f.thrift, 4, O2P_THRIFT_STRUCT, 2);
    for (int i = 0; i < 2; i++) {
        o2p_thrift_element_struct(&f.thrift);
        o2p_thrift_struct(&f.thrift, 2);
        o2p_thrift_end(&f.thrift);
        o2p_thrift_end(&f.thrift);
    }
    o2p_thrift_i32(&f.thrift, 6, 5);
    o2p_thrift_end(&f.thrift);
    expect_bytes(&f, 0x3C, 0x15, 0x00, 0x00, 0x19, 0x2C, 0x2C, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x25,
                 0x0A, 0x00);
}

static void reader_agrees(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    o2p_thrift_i64(&f.thrift, 40, INT64_MIN);
    o2p_thrift_list(&f.thrift, 41, O2P_THRIFT_BINARY, 20);
    for (int i = 0; i < 20; i++)
        o2p_thrift_element_binary(&f.thrift, "0123456789", (size_t)i % 11);
    o2p_thrift_bool(&f.thrift, 42, true);
    o2p_thrift_end(&f.thrift);
    thrift_value top = thrift_struct_at(f.out.data, f.out.size);
    assert_ptr_equal(thrift_end_of(top), f.out.data + f.out.size);
    assert_true(thrift_int_field(top, 40) == INT64_MIN);
    assert_int_equal(thrift_count(thrift_field(top, 41)), 20);
    assert_true(thrift_is_text(thrift_element(thrift_field(top, 41), 15), "0123"));
    assert_true(thrift_truth(thrift_field(top, 42)));
    assert_false(thrift_has(top, 43));
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints),       cmocka_unit_test(zigzag), cmocka_unit_test(short_headers),
        cmocka_unit_test(long_headers),  cmocka_unit_test(bytes),  cmocka_unit_test(bools),
        cmocka_unit_test(binaries),      cmocka_unit_test(lists),  cmocka_unit_test(structs),
        cmocka_unit_test(reader_agrees),
    };
    return cmocka_run_group_tests_name("thrift", tests, NULL, NULL);
}
