/* test_utf8.c - tests of lib/base/utf8.c.
 *
 * The reference knows nothing of table 3-7: it encodes every Unicode scalar value and keeps which
 * byte sequences came out and which are the beginning of one. A maximal subpart is then, as Unicode
 * defines it, the longest beginning of a valid sequence, or else one byte. Every sequence of one,
 * two and three bytes is compared, and those of four bytes whose third and fourth byte are near the
 * borders of something.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/utf8.h"

enum { NOTHING = 0, BEGINNING = 1, WHOLE = 2 };

/* What sequences of 1, 2 and 3 bytes are; a byte each. Of 4 bytes, only the second half of a
 * sequence varies freely, so it is enough to know that 80..BF may follow. */
static uint8_t *kind_of[4];

static size_t index_of(const uint8_t *bytes, size_t size)
{
    size_t index = 0;
    for (size_t i = 0; i < size; i++)
        index = index << 8 | bytes[i];
    return index;
}

static size_t encode(uint8_t *at, uint32_t scalar)
{
    if (scalar < 0x80) {
        at[0] = (uint8_t)scalar;
        return 1;
    }
    size_t size = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, scalar >>= 6)
        at[i] = (uint8_t)(0x80 | (scalar & 0x3F));
    static const uint8_t lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    at[0] = (uint8_t)(lead[size] | scalar);
    return size;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 3; size++) {
        kind_of[size] = (uint8_t *)calloc((size_t)1 << 8 * size, 1);
        if (kind_of[size] == NULL)
            return -1;
    }
    for (uint32_t scalar = 0; scalar <= 0x10FFFF; scalar++) {
        if (scalar >= 0xD800 && scalar <= 0xDFFF)
            continue;
        uint8_t bytes[4];
        size_t size = encode(bytes, scalar);
        for (size_t part = 1; part <= size && part <= 3; part++)
            kind_of[part][index_of(bytes, part)] = part == size ? WHOLE : BEGINNING;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 3; size++)
        free(kind_of[size]);
    return 0;
}

/* How long the sequence at `bytes` is, and whether it is whole or a maximal subpart. */
static size_t reference_step(const uint8_t *bytes, size_t size, int *kind)
{
    size_t part = 1;
    *kind = kind_of[1][bytes[0]];
    while (*kind == BEGINNING && part < 3 && part < size) {
        int longer = kind_of[part + 1][index_of(bytes, part + 1)];
        if (longer == NOTHING)
            return part;
        part++;
        *kind = longer;
    }
    if (*kind == BEGINNING && part == 3 && size > 3 && bytes[3] >= 0x80 && bytes[3] <= 0xBF) {
        *kind = WHOLE;
        return 4;
    }
    return part;
}

static size_t reference_repair(uint8_t *out, const uint8_t *bytes, size_t size,
                               size_t *valid_prefix)
{
    size_t written = 0;
    *valid_prefix = size;
    for (size_t at = 0, step; at < size; at += step) {
        int kind;
        step = reference_step(bytes + at, size - at, &kind);
        if (kind != WHOLE && *valid_prefix == size)
            *valid_prefix = at;
        memcpy(out + written, kind == WHOLE ? bytes + at : (const uint8_t *)"\xEF\xBF\xBD",
               kind == WHOLE ? step : 3);
        written += kind == WHOLE ? step : 3;
    }
    return written;
}

static void check(o2p_buffer *out, const uint8_t *bytes, size_t size)
{
    uint8_t expected[3 * 128];
    size_t valid_prefix, expected_size = reference_repair(expected, bytes, size, &valid_prefix);
    out->size = 0;
    o2p_utf8_repair(out, bytes, size);
    if (o2p_utf8_valid_prefix(bytes, size) != valid_prefix || out->size != expected_size ||
        memcmp(out->data, expected, expected_size) != 0) {
        for (size_t i = 0; i < size; i++)
            print_error("%02X ", bytes[i]);
        print_error("\n");
        fail();
    }
}

static void check_repair(const char *bytes, const char *repaired)
{
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&out, &memory);
    o2p_utf8_repair(&out, (const uint8_t *)bytes, strlen(bytes));
    assert_int_equal(out.size, strlen(repaired));
    assert_memory_equal(out.data, repaired, out.size);
    o2p_buffer_free(&out);
}

#define BAD "\xEF\xBF\xBD"

/* The examples of the Unicode standard, chapter 3, tables 3-8 to 3-11. */
static void the_examples_of_the_standard(void **state)
{
    (void)state;
    check_repair("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    check_repair("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", BAD BAD BAD BAD BAD BAD BAD BAD "A");
    check_repair("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", BAD BAD BAD BAD BAD "A" BAD BAD "B");
    check_repair("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", BAD BAD BAD BAD "A");
    check_repair("a\xF1\x80\x80\xE1\x80\xC2"
                 "b\x80"
                 "c\x80\xBF"
                 "d",
                 "a" BAD BAD BAD "b" BAD "c" BAD BAD "d");
}

static void valid_text_stays(void **state)
{
    (void)state;
    const char *text =
        "ASCII, \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80, \xEF\xBF\xBD, \xF4\x8F\xBF\xBF";
    assert_int_equal(o2p_utf8_valid_prefix((const uint8_t *)text, strlen(text)), strlen(text));
    check_repair(text, text);
    assert_int_equal(o2p_utf8_valid_prefix(NULL, 0), 0);
    check_repair("", "");
}

static void every_sequence_of_up_to_three_bytes(void **state)
{
    o2p_buffer *out = (o2p_buffer *)*state;
    for (size_t size = 1; size <= 3; size++)
        for (uint32_t value = 0; value < (uint32_t)1 << 8 * size; value++) {
            uint8_t bytes[3];
            for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
            check(out, bytes, size);
        }
}

static void sequences_of_four_bytes(void **state)
{
    o2p_buffer *out = (o2p_buffer *)*state;
    static const uint8_t border[] = {0x00, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F, 0xA0,
                                     0xBE, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xF4, 0xFF};
    for (unsigned first = 0xE0; first <= 0xFF; first++)
        for (unsigned second = 0; second <= 0xFF; second++)
            for (size_t i = 0; i < sizeof(border) * sizeof(border); i++) {
                const uint8_t bytes[4] = {(uint8_t)first, (uint8_t)second,
                                          border[i / sizeof(border)], border[i % sizeof(border)]};
                check(out, bytes, 4);
            }
}

/* One sequence at each place of ASCII text of each length, cut at the end or not: what is scanned
 * eight bytes at a time must not depend on where those begin. The copy ends where the text does. */
static void sequences_at_every_place(void **state)
{
    o2p_buffer *out = (o2p_buffer *)*state;
    static const char *const sequences[] = {
        "\x7F",         "\x80",         "\xC3\xA9",         "\xC3", "\xE2\x82\xAC", "\xE2\x82",
        "\xED\xA0\x80", "\xF0\x9F\x98", "\xF0\x9F\x98\x80", "\xFF"};
    for (size_t s = 0; s < sizeof(sequences) / sizeof(sequences[0]); s++)
        for (size_t size = 1; size <= 50; size++)
            for (size_t place = 0; place < size; place++) {
                uint8_t *text = (uint8_t *)malloc(size);
                assert_non_null(text);
                memset(text, 'x', size);
                for (size_t i = 0; sequences[s][i] != 0 && place + i < size; i++)
                    text[place + i] = (uint8_t)sequences[s][i];
                check(out, text, size);
                free(text);
            }
}

/* Random texts made of pieces of every kind. */
static void mixtures(void **state)
{
    o2p_buffer *out = (o2p_buffer *)*state;
    static const char *const pieces[] = {"a",        "eight by",     "sixteen bytes at",
                                         "\xC3\xA9", "\xE3\x81\x82", "\xF0\x9F\x98\x80",
                                         "\xED\xA0", "\xF4\x90\x80", "\xC3",
                                         "\xE3\x81", "\x80",         "\xC0\xAF"};
    uint64_t random = 1;
    for (int round = 0; round < 100000; round++) {
        uint8_t text[128];
        size_t size = 0;
        for (;;) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t choice = (size_t)(random >> 33) % 16;
            if (choice >= sizeof(pieces) / sizeof(pieces[0]))
                break;
            size_t length = strlen(pieces[choice]);
            if (size + length > sizeof(text))
                break;
            memcpy(text + size, pieces[choice], length);
            size += length;
        }
        check(out, text, size);
    }
}

static void refused_memory_is_remembered(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer out;
    o2p_memory_init(&memory, NULL, 1);
    o2p_buffer_init(&out, &memory);
    o2p_utf8_repair(&out, (const uint8_t *)"ab\xFF", 3);
    assert_int_equal(o2p_memory_status(&memory), O2P_ERR_LIMIT);
    assert_int_equal(out.size, 0);
    o2p_buffer_free(&out);
}

static int set_up_buffer(void **state)
{
    static o2p_memory memory;
    static o2p_buffer buffer;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&buffer, &memory);
    *state = &buffer;
    return o2p_buffer_reserve(&buffer, 1) ? 0 : -1;
}

static int tear_down_buffer(void **state)
{
    o2p_buffer_free((o2p_buffer *)*state);
    return 0;
}

#define WITH_BUFFER(test) cmocka_unit_test_setup_teardown(test, set_up_buffer, tear_down_buffer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard),
        cmocka_unit_test(valid_text_stays),
        WITH_BUFFER(every_sequence_of_up_to_three_bytes),
        WITH_BUFFER(sequences_of_four_bytes),
        WITH_BUFFER(sequences_at_every_place),
        WITH_BUFFER(mixtures),
        cmocka_unit_test(refused_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
