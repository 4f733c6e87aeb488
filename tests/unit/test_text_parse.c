/* test_text_parse.c - tests of lib/base/text_parse.c: numbers by the grammar, integers against
 * strtoull and in every spelling, hex and base64 against what text.c writes and RFC 4648.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../lib/base/text.h"
#include "../../lib/base/text_parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A copy that ends where its memory ends, so that sanitizers see what is read beyond. */
static uint8_t *exact_copy(const void *bytes, size_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Up to where each text is a number; 0 with `valid` false: it is none, and stops being one there.
 */
static const struct {
    const char *text;
    bool valid;
    size_t end;
} numbers[] = {
    {"0", true, 1},         {"-0", true, 2},
    {"7,", true, 1},        {"1234567890123456789012345678901234567890]", true, 40},
    {"01", true, 1},        {"-10.50e+07 ", true, 10},
    {"1E5", true, 3},       {"1e-5}", true, 4},
    {"1.5.5", true, 3},     {"1e5e5", true, 3},
    {"", false, 0},         {"-", false, 1},
    {"-a", false, 1},       {"+1", false, 0},
    {".5", false, 0},       {"1.", false, 2},
    {"1.e5", false, 2},     {"1e", false, 2},
    {"1e+", false, 3},      {"1e+x", false, 3},
    {"Infinity", false, 0}, {"\xC3\xA9", false, 0},
};

static void numbers_by_the_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        size_t size = strlen(numbers[i].text);
        uint8_t *text = exact_copy(numbers[i].text, size);
        o2p_number number;
        if (o2p_scan_number(text, text + size, &number) != numbers[i].valid ||
            number.end != text + numbers[i].end)
            fail_msg("%s", numbers[i].text);
        free(text);
    }
}

static o2p_integrality integer_of(const char *text, uint64_t *magnitude)
{
    size_t size = strlen(text);
    uint8_t *copy = exact_copy(text, size);
    o2p_number number;
    assert_true(o2p_scan_number(copy, copy + size, &number));
    assert_ptr_equal(number.end, copy + size);
    assert_int_equal(number.negative, text[0] == '-');
    o2p_integrality what = o2p_integer_of(&number, magnitude);
    free(copy);
    return what;
}

static const struct {
    const char *text;
    o2p_integrality what;
    uint64_t magnitude;
} integers[] = {
    {"0", O2P_INTEGER, 0},
    {"-0.000e5", O2P_INTEGER, 0},
    {"0e99999999999999999999999", O2P_INTEGER, 0},
    {"0e-99999999999999999999999", O2P_INTEGER, 0},
    {"1e3", O2P_INTEGER, 1000},
    {"1E+3", O2P_INTEGER, 1000},
    {"1.0", O2P_INTEGER, 1},
    {"1.50e2", O2P_INTEGER, 150},
    {"1.50e1", O2P_INTEGER, 15},
    {"-1500e-2", O2P_INTEGER, 15},
    {"0.00012e5", O2P_INTEGER, 12},
    {"18446744073709551615", O2P_INTEGER, UINT64_MAX},
    {"18446744073709551615.000", O2P_INTEGER, UINT64_MAX},
    {"1.8446744073709551615e19", O2P_INTEGER, UINT64_MAX},
    {"1844674407370955161500e-2", O2P_INTEGER, UINT64_MAX},
    {"1e19", O2P_INTEGER, 10000000000000000000u},
    {"18446744073709551616", O2P_INTEGER_TOO_LARGE, 0},
    {"1e20", O2P_INTEGER_TOO_LARGE, 0},
    {"1e99999999999999999999999", O2P_INTEGER_TOO_LARGE, 0},
    {"99999999999999999999.5", O2P_INTEGER_FRACTION, 0},
    {"0.5", O2P_INTEGER_FRACTION, 0},
    {"1.50e0", O2P_INTEGER_FRACTION, 0},
    {"15e-1", O2P_INTEGER_FRACTION, 0},
    {"1e-99999999999999999999999", O2P_INTEGER_FRACTION, 0},
};

static void integers_in_every_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(integers); i++) {
        uint64_t magnitude;
        o2p_integrality what = integer_of(integers[i].text, &magnitude);
        if (what != integers[i].what || (what == O2P_INTEGER && magnitude != integers[i].magnitude))
            fail_msg("%s", integers[i].text);
    }
}

static void integers_of_ten_thousand_digits(void **state)
{
    (void)state;
    enum { DIGITS = 10000 };
    char *text = (char *)malloc(DIGITS + 16);
    uint64_t magnitude;
    assert_non_null(text);
    memset(text, '9', DIGITS);
    text[DIGITS] = '\0';
    assert_int_equal(integer_of(text, &magnitude), O2P_INTEGER_TOO_LARGE);
    memset(text + 1, '0', DIGITS - 1);
    strcpy(text + DIGITS, "e-9990");
    assert_int_equal(integer_of(text, &magnitude), O2P_INTEGER);
    assert_int_equal(magnitude, 9000000000);
    memcpy(text, "0.", 2);
    strcpy(text + DIGITS, "12e10002");
    assert_int_equal(integer_of(text, &magnitude), O2P_INTEGER);
    assert_int_equal(magnitude, 1200);
    free(text);
}

/* Runs of 0 to 24 digits, at each distance to the end of the text. */
static void runs_of_digits(void **state)
{
    (void)state;
    const char *source = "907856341223344556677889";
    for (size_t digits = 0; digits <= 24; digits++)
        for (size_t behind = 0; behind <= 9; behind++) {
            char text[24 + 9];
            uint64_t value;
            memset(text, ':', sizeof(text));
            memcpy(text, source, digits);
            uint8_t *copy = exact_copy(text, digits + behind);
            assert_ptr_equal(o2p_scan_digits(copy, copy + digits + behind, &value), copy + digits);
            char number[32];
            snprintf(number, sizeof(number), "%.*s", (int)digits, source);
            if (digits <= O2P_WORD_DIGITS)
                assert_int_equal(value, strtoull(number, NULL, 10));
            free(copy);
        }
}

/* Every byte in every place of eight: only digits are digits. */
static void bytes_that_are_digits(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t place = 0; place < 8; place++) {
            uint8_t text[] = "11111111";
            uint64_t value;
            text[place] = (uint8_t)byte;
            bool digit = byte >= '0' && byte <= '9';
            assert_ptr_equal(o2p_scan_digits(text, text + 8, &value), text + (digit ? 8 : place));
        }
}

/* ---- hex ------------------------------------------------------------------------------------ */

static void hex_and_back(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer text;
    uint8_t bytes[256], back[256];
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&text, &memory);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        text.size = 0;
        o2p_append_hex(&text, bytes, size);
        for (size_t i = 0; i < text.size; i += 3) /* either case */
            if (text.data[i] >= 'a')
                text.data[i] = (uint8_t)(text.data[i] - 'a' + 'A');
        uint8_t *copy = size == 0 ? NULL : exact_copy(text.data, text.size);
        memset(back, 0, sizeof(back));
        assert_true(o2p_parse_hex(back, copy, text.size));
        assert_memory_equal(back, bytes, size);
        if (size > 0)
            assert_false(o2p_parse_hex(back, copy, text.size - 1));
        free(copy);
    }
    o2p_buffer_free(&text);
}

/* Every byte in every place of a text that is read by eights and of one that is not. */
static void bytes_that_are_hex(void **state)
{
    (void)state;
    for (size_t size = 2; size <= 16; size += 2)
        for (size_t place = 0; place < size; place++)
            for (unsigned byte = 0; byte < 256; byte++) {
                uint8_t text[] = "0123456789abcdef", to[8];
                text[place] = (uint8_t)byte;
                bool hex = byte != 0 && strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
                assert_int_equal(o2p_parse_hex(to, text, size), hex);
            }
}

/* ---- base64 --------------------------------------------------------------------------------- */

static void base64_and_back(void **state)
{
    (void)state;
    o2p_memory memory;
    o2p_buffer text;
    uint8_t bytes[200], back[200 + 3];
    size_t written;
    o2p_memory_init(&memory, NULL, 0);
    o2p_buffer_init(&text, &memory);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 167 + 251);
    for (size_t size = 0; size <= sizeof(bytes); size++)
        for (int form = 0; form < 4; form++) { /* bit 0: URL-safe; bit 1: without padding */
            text.size = 0;
            o2p_append_base64(&text, bytes, size);
            for (size_t i = 0; i < text.size && (form & 1) != 0; i++)
                text.data[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
            while ((form & 2) != 0 && text.size > 0 && text.data[text.size - 1] == '=')
                text.size--;
            uint8_t *copy = exact_copy(size == 0 ? (const uint8_t *)"" : text.data, text.size);
            assert_true(o2p_base64_room(text.size) >= size);
            assert_true(o2p_parse_base64(back, copy, text.size, &written));
            assert_int_equal(written, size);
            assert_memory_equal(back, bytes, size);
            free(copy);
        }
    o2p_buffer_free(&text);
}

static void base64_that_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "A",    "=",     "A===",  "====", "AB=",   "ABC==",  "ABCDE",   "A=CD",   "AB=D",
        "AB C", "AB\nC", "ABCD=", "AB.D", "ABCD*", "AA====", "AAAAAA=", "AAAAA=A"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t to[16];
        size_t written;
        if (o2p_parse_base64(to, (const uint8_t *)texts[i], strlen(texts[i]), &written))
            fail_msg("%s", texts[i]);
    }
}

static void bytes_that_are_base64(void **state)
{
    (void)state;
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    for (size_t size = 2; size <= 7; size++)
        for (size_t place = 0; place < size; place++)
            for (unsigned byte = 0; byte < 256; byte++) {
                uint8_t text[] = "0123456", to[8];
                size_t written;
                text[place] = (uint8_t)byte;
                bool valid = byte != 0 && strchr(digits, (int)byte) != NULL && size != 5;
                valid = valid || (byte == '=' && size == 4 && place == 3);
                assert_int_equal(o2p_parse_base64(to, text, size, &written), valid);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_the_grammar),
        cmocka_unit_test(integers_in_every_spelling),
        cmocka_unit_test(integers_of_ten_thousand_digits),
        cmocka_unit_test(runs_of_digits),
        cmocka_unit_test(bytes_that_are_digits),
        cmocka_unit_test(hex_and_back),
        cmocka_unit_test(bytes_that_are_hex),
        cmocka_unit_test(base64_and_back),
        cmocka_unit_test(base64_that_is_none),
        cmocka_unit_test(bytes_that_are_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
