/* test_reply.c - bodies and trailer fields of answers, byte by byte, and the longest of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "../../shims/server/grpc.h"
#include "../../shims/server/reply.h"
#include <cmocka.h>

static reply out;

static void assert_bytes(const char *expected, size_t size)
{
    assert_int_equal(out.size, size);
    assert_memory_equal(out.bytes, expected, size);
}

#define ASSERT_BYTES(text) assert_bytes(text, sizeof(text) - 1)

static const o2p_result half = {.counts = {.accepted = 1, .rejected = 300},
                                .rejection = {.message = "no \"hex\"", .offset = 7, .path = "a.b"}};

static void success_is_empty(void **state)
{
    (void)state;
    o2p_result whole = {.counts = {.accepted = 5}};
    reply_accepted(&out, false, O2P_SIGNAL_LOGS, &whole);
    ASSERT_BYTES("");
    reply_accepted(&out, true, O2P_SIGNAL_LOGS, &whole);
    ASSERT_BYTES("{}");
}

static void partial_success_counts_and_explains(void **state)
{
    (void)state;
    reply_accepted(&out, false, O2P_SIGNAL_LOGS, &half);
    ASSERT_BYTES("\x0a\x1b\x08\xac\x02\x12\x16"
                 "a.b: no \"hex\" (byte 7)");
    reply_accepted(&out, true, O2P_SIGNAL_METRICS, &half);
    ASSERT_BYTES("{\"partialSuccess\":{\"rejectedDataPoints\":\"300\",\"errorMessage\":"
                 "\"a.b: no \\\"hex\\\" (byte 7)\"}}");
    reply_accepted(&out, true, O2P_SIGNAL_TRACES, &half);
    assert_non_null(strstr(out.bytes, "\"rejectedSpans\":"));
}

static void a_refusal_is_a_status(void **state)
{
    (void)state;
    refusal why = {.code = RPC_NOT_FOUND, .message = "no\npath"};
    reply_refused(&out, false, &why);
    ASSERT_BYTES("\x08\x05\x12\x07no\npath");
    reply_refused(&out, true, &why);
    ASSERT_BYTES("{\"code\":5,\"message\":\"no?path\"}");
}

static void details_say_what_is_bad_and_when_to_come_again(void **state)
{
    (void)state;
    refusal bad;
    refusal busy = {.code = RPC_UNAVAILABLE, .message = "b", .retry_s = 9};
    refusal_of_error(&bad, &half.rejection);
    assert_int_equal(bad.code, RPC_INVALID_ARGUMENT);
    assert_string_equal(bad.field, "a.b");
    reply_refused(&out, false, &bad);
    ASSERT_BYTES("\x08\x03\x12\x16"
                 "a.b: no \"hex\" (byte 7)"
                 "\x1a\x4c\x0a\x29type.googleapis.com/google.rpc.BadRequest\x12\x1f\x0a\x1d\x0a\x03"
                 "a.b\x12\x16"
                 "a.b: no \"hex\" (byte 7)");
    reply_refused(&out, false, &busy);
    ASSERT_BYTES(
        "\x08\x0e\x12\x01"
        "b\x1a\x30\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x09");
    reply_refused(&out, true, &busy);
    assert_non_null(strstr(out.bytes, "\"retryDelay\":\"9s\""));
}

static void the_longest_fits(void **state)
{
    (void)state;
    refusal why = {.code = RPC_INVALID_ARGUMENT};
    memset(why.message, '"', sizeof why.message - 1);
    memset(why.field, '\\', sizeof why.field - 1);
    reply_refused(&out, false, &why);
    assert_true(out.size > 1000 && out.size < REPLY_SIZE);
    reply_refused(&out, true, &why);
    assert_true(out.size > 2 * 1000 && out.size < REPLY_SIZE + 1);
    assert_int_equal(out.bytes[out.size - 1], '}');
}

static void grpc_texts(void **state)
{
    (void)state;
    char text[32];
    grpc_message("50% \n\xc3\xa9~", text, sizeof text);
    assert_string_equal(text, "50%25 %0A%C3%A9~");
    grpc_message("0123456789", text, 8);
    assert_string_equal(text, "01234");
    static const char *const base64[][2] = {
        {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xfb\xff\xbf\x01", "+/+/AQ"}};
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++) {
        out.size = strlen(base64[i][0]);
        memcpy(out.bytes, base64[i][0], out.size);
        size_t size = grpc_details(&out, text, strlen(base64[i][1]));
        assert_int_equal(size, strlen(base64[i][1]));
        assert_memory_equal(text, base64[i][1], size);
        if (size > 0)
            assert_int_equal(grpc_details(&out, text, size - 1), 0);
    }
    assert_true(grpc_is_type("application/grpc") && grpc_is_type("Application/GRPC+proto; a=b"));
    assert_false(grpc_is_type("application/grpc-web") || grpc_is_type("application/grpc+json"));
    assert_false(grpc_is_type("application/json") || grpc_is_type(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_empty),
        cmocka_unit_test(partial_success_counts_and_explains),
        cmocka_unit_test(a_refusal_is_a_status),
        cmocka_unit_test(details_say_what_is_bad_and_when_to_come_again),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(grpc_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
