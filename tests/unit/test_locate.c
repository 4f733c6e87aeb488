/* test_locate.c - field paths of offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../lib/otlp/locate.h"
#include "../../lib/otlp/wire.h"
#include "protobuf_builder.h"
#include <cmocka.h>

static protobuf p;

static int teardown(void **state)
{
    (void)state;
    pb_free(&p);
    return 0;
}

static const char *locate(const o2p_message *message, size_t offset, size_t capacity)
{
    static char path[256];
    memset(path, 0x55, sizeof(path));
    o2p_locate(message, p.data, p.size, offset, path, capacity);
    assert_true(memchr(path, '\0', capacity) != NULL);
    for (size_t i = capacity; i < sizeof(path); i++)
        assert_int_equal(path[i], 0x55);
    return path;
}

#define assert_path(message, offset, path)                                                         \
    assert_string_equal(locate(O2P_MESSAGE(message), offset, 160), path)

/* resource_logs[0] with two records, resource_logs[1] with a resource. */
static void build(size_t marks[8])
{
    pb_free(&p);
    pb_open(&p, 1);
    pb_open(&p, 2);
    pb_open(&p, 2);
    pb_text(&p, 3, "INFO");
    pb_close(&p);
    pb_open(&p, 2);
    marks[0] = p.size;
    pb_text(&p, 3, "WARN");
    marks[1] = p.size;
    pb_open(&p, 5);
    marks[2] = p.size;
    pb_varint(&p, 3, 7);
    pb_close(&p);
    pb_attribute(&p, 6, "a", "1");
    pb_attribute(&p, 6, "b", "2");
    pb_varint(&p, 77, 7); /* unknown */
    pb_close(&p);
    pb_close(&p);
    pb_close(&p);
    pb_open(&p, 1);
    pb_open(&p, 1);
    pb_varint(&p, 2, 3);
    pb_close(&p);
    pb_close(&p);
}

static void offsets_have_paths(void **state)
{
    (void)state;
    size_t marks[8];
    build(marks); /* each of the messages around the marks has a length of one byte, put before them
                     later */
    size_t shift = 3, inner = shift + 1;
    assert_path(ExportLogsServiceRequest, 0, "resource_logs[0]");
    assert_path(ExportLogsServiceRequest, 1, "resource_logs[0]");
    assert_path(ExportLogsServiceRequest, 2, "resource_logs[0].scope_logs[0]");
    assert_path(ExportLogsServiceRequest, 4, "resource_logs[0].scope_logs[0].log_records[0]");
    assert_path(ExportLogsServiceRequest, 6,
                "resource_logs[0].scope_logs[0].log_records[0].severity_text");
    for (size_t i = 0; i < 6; i++) /* key, length, text */
        assert_path(ExportLogsServiceRequest, marks[0] + shift + i,
                    "resource_logs[0].scope_logs[0].log_records[1].severity_text");
    assert_path(ExportLogsServiceRequest, marks[1] + shift,
                "resource_logs[0].scope_logs[0].log_records[1].body");
    assert_path(ExportLogsServiceRequest, marks[2] + inner,
                "resource_logs[0].scope_logs[0].log_records[1].body.int_value");
    size_t attributes = marks[2] + inner + 2;
    assert_path(ExportLogsServiceRequest, attributes,
                "resource_logs[0].scope_logs[0].log_records[1].attributes[0]");
    assert_path(ExportLogsServiceRequest, attributes + 10 + 2,
                "resource_logs[0].scope_logs[0].log_records[1].attributes[1].key");
    assert_path(ExportLogsServiceRequest, attributes + 20 + 2,
                "resource_logs[0].scope_logs[0].log_records[1]");
    assert_path(ExportLogsServiceRequest, p.size - 1,
                "resource_logs[1].resource.dropped_attributes_count");
    assert_path(ExportLogsServiceRequest, p.size, "");
}

static void nothing_has_no_path(void **state)
{
    (void)state;
    pb_byte(&p, 0);
    p.size = 0;
    assert_path(Span, 0, "");
}

/* Where reading stops, the field that cannot be read is named. */
static void fields_that_cannot_be_read(void **state)
{
    (void)state;
    pb_text(&p, 3, "INFO");
    pb_raw(&p, "\x2a\x7f", 2); /* body, longer than there is */
    assert_path(LogRecord, 6, "body");
    assert_path(LogRecord, 7, "body");
    p.size = 0;
    pb_raw(&p, "\x10\xff\xff", 3);
    assert_path(LogRecord, 1, "severity_number");
    p.size = 0;
    pb_text(&p, 3, "INFO");
    pb_raw(&p, "\xff", 1); /* half a key */
    assert_path(LogRecord, 6, "");
}

/* A known field with another wire type is named, and nothing is looked for inside it. */
static void fields_of_a_wrong_wire_type(void **state)
{
    (void)state;
    pb_text(&p, 6, "text");
    pb_fixed64(&p, 9, 1);
    assert_path(Span, 0, "kind");
    assert_path(Span, 3, "kind");
    assert_path(Span, 6, "attributes[0]");
}

static void long_paths_are_cut_at_the_front(void **state)
{
    (void)state;
    enum { DEPTH = 40 };
    for (unsigned i = 0; i < DEPTH; i++)
        pb_open(&p, i % 2 == 0 ? 5 : 1);
    pb_varint(&p, 1, 3); /* wrong for array_value, whose values are messages */
    for (unsigned i = 0; i < DEPTH; i++)
        pb_close(&p);
    char whole[2048];
    size_t size = 0;
    for (unsigned i = 0; i < DEPTH; i++)
        size += (size_t)sprintf(whole + size, "%s%s", i == 0 ? "" : ".",
                                i % 2 == 0 ? "array_value" : "values[0]");
    size += (size_t)sprintf(whole + size, ".string_value");
    for (size_t capacity = 20; capacity <= 160; capacity++) {
        const char *path = locate(O2P_MESSAGE(AnyValue), p.size - 2, capacity);
        size_t length = strlen(path);
        assert_int_equal(strncmp(path, "...", 3), 0);
        assert_string_equal(path + 3, whole + size - (length - 3));
        assert_true(length >= capacity - 12); /* as much as fits, but for a piece */
    }
}

static void a_path_that_just_fits_is_whole(void **state)
{
    (void)state;
    pb_open(&p, 15);
    pb_varint(&p, 3, 1);
    pb_close(&p);
    assert_string_equal(locate(O2P_MESSAGE(Span), 2, sizeof("status.code")), "status.code");
    const char *cut = locate(O2P_MESSAGE(Span), 2, sizeof("status.code") - 1);
    assert_int_equal(strncmp(cut, "...", 3), 0);
    assert_string_equal(cut + strlen(cut) - 4, "code");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(offsets_have_paths),
        TEST(nothing_has_no_path),
        TEST(fields_that_cannot_be_read),
        TEST(fields_of_a_wrong_wire_type),
        TEST(long_paths_are_cut_at_the_front),
        TEST(a_path_that_just_fits_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
