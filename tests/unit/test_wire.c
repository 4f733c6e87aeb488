/* test_wire.c - the cursor over protobuf's wire format: every wire type, varints of every length,
 * keys at their limits, groups, and the end of the input at every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/otlp/wire.h"
#include "protobuf_builder.h"
#include <cmocka.h>

/* A copy of exactly `size` bytes, so that reading on is caught. */
static uint8_t *exactly(const void *bytes, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy + 1, bytes, size);
    return copy;
}

/* Reads fields until there is no more; returns the status, and how many there were and where it
 * stopped. */
static o2p_status read_all(const void *bytes, size_t size, size_t *fields, size_t *at)
{
    uint8_t *copy = exactly(bytes, size);
    o2p_wire wire = o2p_wire_over(copy + 1, size);
    o2p_wire_field field;
    *fields = 0;
    while (o2p_wire_next(&wire, &field)) {
        assert_true(field.start >= copy + 1 && field.start < wire.at && wire.at <= wire.end);
        ++*fields;
    }
    *at = (size_t)(wire.at - copy - 1);
    free(copy);
    return wire.status;
}

#define assert_reads(bytes, want_status, want_fields, want_at)                                     \
    do {                                                                                           \
        size_t fields, at;                                                                         \
        assert_int_equal(read_all(bytes, sizeof(bytes) - 1, &fields, &at), want_status);           \
        assert_int_equal(fields, want_fields);                                                     \
        assert_int_equal(at, want_at);                                                             \
    } while (0)

static void every_wire_type(void **state)
{
    (void)state;
    protobuf p = {0};
    pb_varint(&p, 1, 300);
    pb_fixed64(&p, 2, UINT64_C(0x8877665544332211));
    pb_text(&p, 3, "text");
    pb_text(&p, 4, "");
    pb_fixed32(&p, 5, 0x44332211);
    pb_varint(&p, 16, 1);
    o2p_wire wire = o2p_wire_over(p.data, p.size);
    o2p_wire_field field;
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.key, 1 << 3);
    assert_ptr_equal(field.start, p.data);
    assert_int_equal(field.value, 300);
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.key, 2 << 3 | 1);
    assert_int_equal(field.value, UINT64_C(0x8877665544332211));
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.key, 3 << 3 | 2);
    assert_int_equal(field.value, 4);
    assert_memory_equal(field.bytes, "text", 4);
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.value, 0);
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.key, 5 << 3 | 5);
    assert_int_equal(field.value, 0x44332211);
    assert_true(o2p_wire_next(&wire, &field));
    assert_int_equal(field.key, 16 << 3);
    assert_false(o2p_wire_next(&wire, &field));
    assert_int_equal(wire.status, O2P_OK);
    assert_ptr_equal(wire.at, wire.end);
    assert_false(o2p_wire_next(&wire, &field));
    pb_free(&p);
}

static void nothing_to_read(void **state)
{
    (void)state;
    assert_reads("", O2P_OK, 0, 0);
}

/* ---- varints ---- */

static void varints_of_every_length(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++) {
        uint64_t least = bits == 0 ? 0 : (uint64_t)1 << (bits - 1);
        uint64_t most = bits == 0 ? 0 : least | (least - 1);
        for (unsigned end = 0; end < 2; end++) { /* at the very end, and not */
            protobuf p = {0};
            pb_number(&p, least);
            pb_number(&p, most);
            if (end == 0)
                pb_byte(&p, 0xFF);
            uint8_t *copy = exactly(p.data, p.size);
            o2p_wire wire = o2p_wire_over(copy + 1, p.size);
            uint64_t value;
            assert_true(o2p_wire_varint(&wire, &value));
            assert_int_equal(value, least);
            assert_true(o2p_wire_varint(&wire, &value));
            assert_int_equal(value, most);
            assert_int_equal(wire.end - wire.at, 1 - end);
            free(copy);
            pb_free(&p);
        }
    }
}

static void varints_may_be_padded_to_ten_bytes(void **state)
{
    (void)state;
    uint8_t bytes[12];
    for (unsigned size = 1; size <= 12; size++) {
        memset(bytes, 0x80, sizeof(bytes));
        bytes[0] = size == 1 ? 5 : 0x85;
        bytes[size - 1] = size == 1 ? 5 : 0;
        o2p_wire wire = o2p_wire_over(bytes, size);
        uint64_t value = 77;
        assert_int_equal(o2p_wire_varint(&wire, &value), size <= 10);
        assert_int_equal(value, size <= 10 ? 5 : 77);
        assert_int_equal(wire.status, size <= 10 ? O2P_OK : O2P_ERR_MALFORMED);
        assert_ptr_equal(wire.at, size <= 10 ? bytes + size : bytes);
    }
}

static void bits_beyond_64_are_dropped(void **state)
{
    (void)state;
    static const uint8_t bytes[10] = {0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F};
    o2p_wire wire = o2p_wire_over(bytes, sizeof(bytes));
    uint64_t value;
    assert_true(o2p_wire_varint(&wire, &value));
    assert_int_equal(value, UINT64_C(0x8000000000000001));
}

static void varints_may_end_anywhere(void **state)
{
    (void)state;
    for (size_t size = 1; size < 10; size++) {
        uint8_t bytes[10];
        memset(bytes, 0xFF, sizeof(bytes));
        uint8_t *copy = exactly(bytes, size);
        o2p_wire wire = o2p_wire_over(copy + 1, size);
        uint64_t value;
        assert_false(o2p_wire_varint(&wire, &value));
        assert_int_equal(wire.status, O2P_ERR_TRUNCATED);
        assert_ptr_equal(wire.at, copy + 1);
        free(copy);
    }
}

/* ---- keys ---- */

static void field_numbers_have_limits(void **state)
{
    (void)state;
    assert_reads("\x00\x00", O2P_ERR_MALFORMED, 0, 0);                 /* number 0 */
    assert_reads("\x07\x00", O2P_ERR_MALFORMED, 0, 0);                 /* likewise */
    assert_reads("\xf8\xff\xff\xff\x0f\x01", O2P_OK, 1, 6);            /* 2^29 - 1 */
    assert_reads("\x80\x80\x80\x80\x10\x01", O2P_ERR_MALFORMED, 0, 0); /* 2^29 */
    assert_reads("\x08\x01\x88\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01", O2P_ERR_MALFORMED, 1, 2);
    assert_reads("\x08\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", O2P_ERR_MALFORMED, 1, 2);
}

static void wire_types_6_and_7_are_none(void **state)
{
    (void)state;
    assert_reads("\x0e\x01", O2P_ERR_MALFORMED, 0, 0);
    assert_reads("\x08\x01\x0f\x01", O2P_ERR_MALFORMED, 1, 2);
}

/* ---- lengths ---- */

static void lengths_end_within_the_message(void **state)
{
    (void)state;
    assert_reads("\x0a\x02xy", O2P_OK, 1, 4);
    assert_reads("\x0a\x03xy", O2P_ERR_TRUNCATED, 0, 1);
    assert_reads("\x0a\xff\xff\xff\xff\x0fxy", O2P_ERR_TRUNCATED, 0, 1);
    assert_reads("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy", O2P_ERR_TRUNCATED, 0, 1);
    assert_reads("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7fxy", O2P_ERR_TRUNCATED, 0, 1);
}

/* ---- groups ---- */

static void groups_are_skipped_whole(void **state)
{
    (void)state;
    assert_reads("\x0b\x0c\x08\x01", O2P_OK, 2, 4);
    assert_reads("\x0b\x08\x01\x12\x02xy\x19"
                 "12345678\x25"
                 "1234\x0c\x08\x01",
                 O2P_OK, 2, 24);
    assert_reads("\x0b\x13\x0b\x0c\x14\x0c", O2P_OK, 1, 6);
}

static void groups_end_as_they_began(void **state)
{
    (void)state;
    assert_reads("\x0c", O2P_ERR_MALFORMED, 0, 0);
    assert_reads("\x08\x01\x0c", O2P_ERR_MALFORMED, 1, 2);
    assert_reads("\x0b\x14", O2P_ERR_MALFORMED, 0, 1);
    assert_reads("\x0b\x13\x0c\x14", O2P_ERR_MALFORMED, 0, 2);
    assert_reads("\x0b\x0e\x0c", O2P_ERR_MALFORMED, 0, 1);
    assert_reads("\x0b\x00\x0c", O2P_ERR_MALFORMED, 0, 1);
}

static void groups_nest_a_hundred_deep(void **state)
{
    (void)state;
    for (size_t depth = O2P_MAX_DEPTH; depth <= O2P_MAX_DEPTH + 1; depth++) {
        uint8_t bytes[2 * (O2P_MAX_DEPTH + 1)];
        memset(bytes, 0x0B, depth);
        memset(bytes + depth, 0x0C, depth);
        size_t fields, at;
        bool fits = depth == O2P_MAX_DEPTH;
        assert_int_equal(read_all(bytes, 2 * depth, &fields, &at), fits ? O2P_OK : O2P_ERR_DEPTH);
        assert_int_equal(at, fits ? 2 * depth : O2P_MAX_DEPTH);
    }
}

/* ---- the end, anywhere ---- */

/* A message is cut at every byte: what was read until there was, and an error is in the cut field.
 */
static void the_end_at_every_byte(void **state)
{
    (void)state;
    protobuf p = {0};
    size_t ends[8] = {0};
    pb_varint(&p, 1, UINT64_MAX);
    ends[1] = p.size;
    pb_fixed64(&p, 2, 1);
    ends[2] = p.size;
    pb_text(&p, 3000, "some text");
    ends[3] = p.size;
    pb_fixed32(&p, 4, 1);
    ends[4] = p.size;
    pb_raw(&p, "\x2b\x0a\x01x\x33\x08\x01\x34\x2c", 9);
    ends[5] = p.size;
    pb_varint(&p, (1u << 29) - 1, 1);
    ends[6] = p.size;
    for (size_t size = 0; size <= p.size; size++) {
        size_t whole = 0, fields, at;
        while (whole < 6 && ends[whole + 1] <= size)
            whole++;
        o2p_status status = read_all(p.data, size, &fields, &at);
        assert_int_equal(fields, whole);
        assert_int_equal(status, size == ends[whole] ? O2P_OK : O2P_ERR_TRUNCATED);
        if (status == O2P_OK)
            assert_int_equal(at, size);
        else
            assert_true(at >= ends[whole] && at < size); /* in the field, never behind it */
    }
    pb_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wire_type),
        cmocka_unit_test(nothing_to_read),
        cmocka_unit_test(varints_of_every_length),
        cmocka_unit_test(varints_may_be_padded_to_ten_bytes),
        cmocka_unit_test(bits_beyond_64_are_dropped),
        cmocka_unit_test(varints_may_end_anywhere),
        cmocka_unit_test(field_numbers_have_limits),
        cmocka_unit_test(wire_types_6_and_7_are_none),
        cmocka_unit_test(lengths_end_within_the_message),
        cmocka_unit_test(groups_are_skipped_whole),
        cmocka_unit_test(groups_end_as_they_began),
        cmocka_unit_test(groups_nest_a_hundred_deep),
        cmocka_unit_test(the_end_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
