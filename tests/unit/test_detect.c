/* test_detect.c - encodings and signals told from bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../lib/otlp/detect.h"
#include "sample_requests.h"
#include <cmocka.h>

static protobuf p;

static int teardown(void **state)
{
    (void)state;
    pb_free(&p);
    return 0;
}

/* ---- encodings ---- */

#define BYTES(text) text, sizeof(text) - 1
#define MARK "\xEF\xBB\xBF"

enum {
    PROTOBUF = O2P_ENCODING_PROTOBUF,
    JSON = O2P_ENCODING_JSON,
    LINES = O2P_ENCODING_JSON_LINES
};

static const struct {
    const char *bytes;
    size_t size;
    int encoding;
} inputs[] = {
    /* nothing, and nothing but spaces */
    {BYTES(""), PROTOBUF},
    {BYTES(" \t\r\n"), PROTOBUF},
    {BYTES(MARK), PROTOBUF},
    {BYTES(MARK " "), PROTOBUF},
    {BYTES("\n"), PROTOBUF},
    /* one text, whatever is wrong with it */
    {BYTES("{"), JSON},
    {BYTES("["), JSON},
    {BYTES("{}"), JSON},
    {BYTES("{}x"), JSON},
    {BYTES(" \r\n\t{}"), JSON},
    {BYTES("\n{}"), JSON},
    {BYTES("\n\n\n[1]"), JSON},
    {BYTES(MARK "{}"), JSON},
    {BYTES(MARK "\n {}"), JSON},
    {BYTES("{}\n"), JSON},
    {BYTES("{}\r\n \n"), JSON},
    {BYTES("{\n}"), JSON},
    {BYTES("{\"a\":{}\n}"), JSON},
    {BYTES("{\"a\":{}\n,\"b\":1}"), JSON},
    {BYTES("{\"a\":{}  \r\n  ,\"b\":1}"), JSON},
    {BYTES("{\"a\":[{}\n]}"), JSON},
    {BYTES("{\"}\n:1}"), JSON},
    {BYTES("{\"a\":\n{}}"), JSON},
    {BYTES("[{}\n]"), JSON},
    /* more than one, the first of them whole as far as its end tells */
    {BYTES("{}\n{}"), LINES},
    {BYTES("{}\n{"), LINES},
    {BYTES("{} \t\r\n{}\r\n"), LINES},
    {BYTES("{}\n\n\n{}"), LINES},
    {BYTES("\n\n{}\n{}"), LINES},
    {BYTES(MARK "{}\n{}"), LINES},
    {BYTES("{}\nx"), LINES},
    {BYTES("{}\n[]"), LINES},
    {BYTES("{}\n\""), LINES},
    {BYTES("{x}\n{}"), LINES},
    {BYTES("[{}\n{}"), LINES},
    /* neither bracket */
    {BYTES("x{}"), PROTOBUF},
    {BYTES("\"a\""), PROTOBUF},
    {BYTES("\xEF\xBB{}"), PROTOBUF},
    {BYTES("\0{}"), PROTOBUF},
    {BYTES("\v{}"), PROTOBUF},
    {BYTES(MARK MARK "{}"), PROTOBUF},
    /* a line feed that is the key of a resource: nothing but resources, or else a text */
    {BYTES("\n\0"), PROTOBUF},
    {BYTES("\n\2{}"), PROTOBUF},
    {BYTES("\n {                              }"), PROTOBUF}, /* of 32 bytes */
    {BYTES("\n {                             }"), JSON},      /* of 31 */
    {BYTES("\n {                              }\n"), JSON},
    {BYTES("\n {                              }\n\0"), PROTOBUF},
    {BYTES("\n {                              }\x12\0"), JSON},
};

static o2p_encoding encoding_of(const void *bytes, size_t size)
{
    uint8_t *exact = (uint8_t *)malloc(size + 1);
    assert_non_null(exact);
    memcpy(exact + 1, bytes, size);
    o2p_encoding encoding = o2p_detect_encoding(exact + 1, size);
    free(exact);
    return encoding;
}

static void encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        o2p_encoding encoding = encoding_of(inputs[i].bytes, inputs[i].size);
        if ((int)encoding != inputs[i].encoding)
            fail_msg("row %zu, \"%s\": %s", i, inputs[i].bytes,
                     encoding == O2P_ENCODING_PROTOBUF ? "protobuf"
                     : encoding == O2P_ENCODING_JSON   ? "JSON"
                                                       : "JSON lines");
    }
}

/* A request whose first resource is as long as `{` is a number, and which ends in `}`. */
static void requests_that_look_like_text(void **state)
{
    (void)state;
    char text[122];
    memset(text, '}', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    pb_open(&p, 1);
    pb_text(&p, 2, text);
    pb_close(&p);
    assert_int_equal(p.size, 2 + '{');
    assert_memory_equal(p.data, "\n{", 2);
    assert_int_equal(p.data[p.size - 1], '}');
    assert_int_equal(encoding_of(p.data, p.size), O2P_ENCODING_PROTOBUF);
    pb_text(&p, 1, "}\n{}");
    assert_int_equal(encoding_of(p.data, p.size), O2P_ENCODING_PROTOBUF);
    assert_int_equal(encoding_of(p.data, p.size - 1), O2P_ENCODING_JSON_LINES); /* cut: a text */
}

/* Requests of every signal, and every length of resource that begins with a space or a bracket. */
static void requests_are_protobuf(void **state)
{
    (void)state;
    for (unsigned s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS; s++)
        for (unsigned variant = 0; variant < 8; variant++) {
            p.size = 0;
            sample_request(&p, (o2p_signal)s, variant);
            assert_int_equal(encoding_of(p.data, p.size), O2P_ENCODING_PROTOBUF);
        }
    for (size_t size = 0; size < 300; size++) {
        static const char braces[300] = "{";
        p.size = 0;
        pb_bytes(&p, 1, braces, size);
        pb_bytes(&p, 1, braces, size);
        assert_int_equal(encoding_of(p.data, p.size), O2P_ENCODING_PROTOBUF);
    }
}

static void lines_end_at_a_line_feed(void **state)
{
    (void)state;
    for (size_t size = 0; size < 40; size++)
        for (size_t feed = 0; feed <= size; feed++) {
            uint8_t text[41];
            memset(text, 'x', sizeof(text));
            text[feed] = '\n';
            assert_ptr_equal(o2p_line_end(text, text + size), text + (feed < size ? feed : size));
            if (feed + 1 < size)
                text[size - 1] = '\n'; /* the first one counts */
            assert_ptr_equal(o2p_line_end(text, text + size), text + (feed < size ? feed : size));
        }
}

/* ---- signals ---- */

static o2p_signal detect(void)
{
    uint8_t *exact = (uint8_t *)malloc(p.size + 1);
    assert_non_null(exact);
    if (p.size > 0)
        memcpy(exact + 1, p.data, p.size);
    o2p_signal signal = o2p_detect_signal(exact + 1, p.size);
    free(exact);
    p.size = 0;
    return signal;
}

static void open_record(void)
{
    sample_open(&p, "service");
    pb_open(&p, 2);
}

static o2p_signal detect_record(void)
{
    pb_close(&p);
    sample_close(&p);
    return detect();
}

static void whole_requests(void **state)
{
    (void)state;
    for (unsigned s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS; s++)
        for (unsigned variant = 0; variant < 8; variant++) {
            sample_request(&p, (o2p_signal)s, variant);
            assert_int_equal(detect(), s);
        }
}

/* The least that clients send. */
static void minimal_records(void **state)
{
    (void)state;
    open_record(); /* a log record with time and body */
    pb_fixed64(&p, 1, SAMPLE_TIME);
    pb_open(&p, 5);
    pb_text(&p, 1, "body");
    pb_close(&p);
    assert_int_equal(detect_record(), O2P_SIGNAL_LOGS);
    open_record(); /* severity alone */
    pb_varint(&p, 2, 9);
    pb_text(&p, 3, "INFO");
    assert_int_equal(detect_record(), O2P_SIGNAL_LOGS);
    open_record(); /* a span with ids, name, times */
    pb_bytes(&p, 1, "0123456789abcdef", 16);
    pb_bytes(&p, 2, "01234567", 8);
    pb_text(&p, 5, "GET");
    pb_fixed64(&p, 7, SAMPLE_TIME);
    pb_fixed64(&p, 8, SAMPLE_TIME);
    assert_int_equal(detect_record(), O2P_SIGNAL_TRACES);
    open_record(); /* a span with a name that is also two ids long, and a kind */
    pb_bytes(&p, 1, "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f", 16);
    pb_varint(&p, 6, 2);
    assert_int_equal(detect_record(), O2P_SIGNAL_TRACES);
    static const uint32_t members[] = {5, 7, 9, 10, 11};
    for (size_t i = 0; i < 5; i++) { /* a metric with one point of each kind */
        open_record();
        pb_text(&p, 1, "metric");
        pb_open(&p, members[i]);
        pb_open(&p, 1);
        pb_fixed64(&p, 3, SAMPLE_TIME);
        pb_close(&p);
        pb_close(&p);
        assert_int_equal(detect_record(), O2P_SIGNAL_METRICS);
    }
}

/* A later record tells what the first does not. */
static void several_records_are_read(void **state)
{
    (void)state;
    sample_open(&p, "service");
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&p, 2);
        pb_text(&p, 3, "text"); /* severity text, trace state or unit */
        if (i == 2)
            pb_open(&p, 12);
        if (i == 2) {
            pb_text(&p, 1, "key");
            pb_open(&p, 2);
            pb_varint(&p, 3, 1);
            pb_close(&p);
            pb_close(&p);
        }
        pb_close(&p);
    }
    sample_close(&p);
    assert_int_equal(detect(), O2P_SIGNAL_METRICS);
}

static void no_records_are_logs(void **state)
{
    (void)state;
    assert_int_equal(detect(), O2P_SIGNAL_LOGS);
    sample_open(&p, "service");
    sample_close(&p);
    assert_int_equal(detect(), O2P_SIGNAL_LOGS);
    pb_varint(&p, 99, 1);
    assert_int_equal(detect(), O2P_SIGNAL_LOGS);
}

/* A record without any field would be a row, of whichever table: nothing tells. */
static void empty_records_are_no_signal(void **state)
{
    (void)state;
    open_record();
    assert_int_equal(detect_record(), O2P_SIGNAL_AUTO);
    sample_open(&p, "service"); /* one that has fields tells for all */
    for (unsigned i = 0; i < 3; i++) {
        pb_open(&p, 2);
        if (i == 2)
            pb_fixed64(&p, 11, SAMPLE_TIME);
        pb_close(&p);
    }
    sample_close(&p);
    assert_int_equal(detect(), O2P_SIGNAL_LOGS);
}

static void strange_records_are_no_signal(void **state)
{
    (void)state;
    open_record();
    pb_varint(&p, 1, 1); /* of another wire type in all three */
    pb_varint(&p, 3, 1);
    assert_int_equal(detect_record(), O2P_SIGNAL_AUTO);
}

/* Fields of a newer OTLP count a little against each reading, not more. */
static void unknown_fields_do_not_mislead(void **state)
{
    (void)state;
    for (unsigned s = O2P_SIGNAL_LOGS; s <= O2P_SIGNAL_METRICS; s++) {
        open_record();
        for (uint32_t field = 20; field < 23; field++)
            pb_varint(&p, field, 1);
        if (s == O2P_SIGNAL_LOGS) {
            pb_fixed64(&p, 1, SAMPLE_TIME);
            pb_fixed64(&p, 11, SAMPLE_TIME);
            pb_varint(&p, 2, 9);
            pb_text(&p, 3, "INFO");
        } else if (s == O2P_SIGNAL_TRACES) {
            pb_bytes(&p, 1, "0123456789abcdef", 16);
            pb_bytes(&p, 2, "01234567", 8);
            pb_fixed64(&p, 7, SAMPLE_TIME);
            pb_fixed64(&p, 8, SAMPLE_TIME);
        } else {
            pb_text(&p, 1, "metric");
            pb_text(&p, 2, "some words");
            pb_text(&p, 3, "unit");
            pb_open(&p, 5);
            pb_close(&p);
        }
        assert_int_equal(detect_record(), s);
    }
}

/* Cut anywhere, a request is still of its signal, or of none that has rows: reading it tells. */
static void damaged_requests(void **state)
{
    (void)state;
    protobuf whole = {0};
    sample_request(&whole, O2P_SIGNAL_TRACES, 1);
    for (size_t size = 0; size < whole.size; size += 5) {
        pb_raw(&p, whole.data, size);
        detect(); /* must not read beyond it */
    }
    uint64_t random = 1;
    for (unsigned i = 0; i < 2000; i++) {
        pb_raw(&p, whole.data, whole.size);
        random = random * UINT64_C(6364136223846793005) + 1;
        p.data[(random >> 33) % p.size] = (uint8_t)(random >> 25);
        assert_true(detect() <= O2P_SIGNAL_METRICS);
    }
    pb_free(&whole);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(encodings),
        TEST(requests_that_look_like_text),
        TEST(requests_are_protobuf),
        TEST(lines_end_at_a_line_feed),
        TEST(whole_requests),
        TEST(minimal_records),
        TEST(several_records_are_read),
        TEST(no_records_are_logs),
        TEST(empty_records_are_no_signal),
        TEST(strange_records_are_no_signal),
        TEST(unknown_fields_do_not_mislead),
        TEST(damaged_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
