/* test_http1_parse.c - HTTP/1.1 as bytes: what is taken, what is refused, and chunks cut anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../shims/server/http1_parse.h"
#include <cmocka.h>

static http1_head parsed;

/* Parses a head in a block of its size, so that a sanitizer sees beyond it. */
static int parse(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    int status = http1_parse_head(&parsed, copy, size);
    free(copy);
    return status;
}

static int parse_fields(const char *fields)
{
    char text[512] = "POST /v1/logs HTTP/1.1\r\nHost: x\r\n";
    strcat(text, fields);
    strcat(text, "\r\n");
    return parse(text, strlen(text));
}

static void a_request_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "POST /v1/logs?a=b HTTP/1.1\r\nHost: x\r\ncontent-TYPE: \t a/b; c=d \r\n"
        "Content-Length: 0123\r\nContent-Encoding:gzip\r\nX:\r\n\r\n";
    assert_int_equal(parse(text, sizeof text - 1), 0);
    assert_string_equal(parsed.head.method, "POST");
    assert_string_equal(parsed.head.path, "/v1/logs");
    assert_string_equal(parsed.head.content_type, "a/b; c=d");
    assert_string_equal(parsed.head.content_encoding, "gzip");
    assert_true(parsed.head.has_length);
    assert_int_equal(parsed.head.content_length, 123);
    assert_true(parsed.keep_alive);
    assert_false(parsed.chunked || parsed.expects_continue);
}

static void fields_of_the_connection_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse_fields("Connection: keep-alive, Close\r\n"), 0);
    assert_false(parsed.keep_alive);
    assert_int_equal(parse_fields("Connection: closed\r\n"), 0);
    assert_true(parsed.keep_alive);
    assert_int_equal(parse_fields("Expect: 100-Continue\r\n"), 0);
    assert_true(parsed.expects_continue);
    assert_int_equal(parse_fields("Transfer-Encoding: Chunked\r\n"), 0);
    assert_true(parsed.chunked);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", 18), 0);
    assert_false(parsed.keep_alive);
}

static void what_two_servers_could_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: 1, 1\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 0x1\r\n",
        "Content-Length: \r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length: 9999999999999999999\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length : 1\r\n",
        " Content-Length: 1\r\n",
        "X: a\r\n folded\r\n",
        "X: a\nY: b\r\n",
        "X: a\rb\r\n",
        ": no name\r\n",
        "no colon\r\n",
        "X: \x01\r\n",
        "Content-Type: a/b\r\nContent-Type: c/d\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse_fields(bad[i]) != 400)
            fail_msg("not refused: %s", bad[i]);
    assert_int_equal(parse_fields("Transfer-Encoding: gzip, chunked\r\n"), 501);
    assert_int_equal(parse_fields("Content-Length: 1\r\nContent-Length: 1\r\n"), 0);
}

static void request_lines_are_exact(void **state)
{
    (void)state;
    static const char *const bad[] = {"\r\n\r\n",
                                      "GET\r\n\r\n",
                                      "GET /\r\n\r\n",
                                      "GET  HTTP/1.1\r\n\r\n",
                                      " / HTTP/1.1\r\n\r\n",
                                      "GET / / HTTP/1.1\r\n\r\n",
                                      "GET / HTTP/1.1 \r\n\r\n",
                                      "GET / http/1.1\r\n\r\n",
                                      "G\tT / HTTP/1.1\r\n\r\n",
                                      "GET / HTTP/1.1\n\r\n\r\n",
                                      "GET / HTTP/1.11\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i], strlen(bad[i])) != 400)
            fail_msg("not refused: %s", bad[i]);
    assert_int_equal(parse("GET / HTTP/2.0\r\n\r\n", 18), 505);
    assert_int_equal(parse("GET / HTTP/1.9\r\n\r\n", 18), 505);
}

/* RFC 9112, 3.2.2. */
static void a_target_may_name_the_server(void **state)
{
    (void)state;
    static const char *const targets[][2] = {
        {"http://x/v1/logs?a=b", "/v1/logs"},
        {"HTTPS://user@[::1]:4318/v1/logs", "/v1/logs"},
        {"http://x", "/"},
        {"http://x?/v1/logs", "/"},
        {"http://x//v1/logs", "//v1/logs"},
        {"http:/v1/logs", "http:/v1/logs"},
        {"ftp://x/v1/logs", "ftp://x/v1/logs"},
        {"/http://x/v1/logs", "/http://x/v1/logs"},
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char text[256] = "GET ";
        strcat(text, targets[i][0]);
        strcat(text, " HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(parse(text, strlen(text)), 0);
        assert_string_equal(parsed.head.path, targets[i][1]);
    }
}

/* RFC 9112, 3.2. */
static void there_is_one_host(void **state)
{
    (void)state;
    static const char *const good[] = {"GET / HTTP/1.1\r\nhOST:\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
                                       "GET / HTTP/1.0\r\nHost: x\r\n\r\n"};
    static const char *const bad[] = {
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHosts: x\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(parse(good[i], strlen(good[i])), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i], strlen(bad[i])) != 400)
            fail_msg("not refused: %s", bad[i]);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[1024] = "GET /";
    memset(text + 5, 'p', 300);
    strcat(text, " HTTP/1.1\r\nHost: x\r\nContent-Type: ");
    size_t used = strlen(text);
    memset(text + used, 't', 300);
    strcpy(text + used + 300, "\r\n\r\n");
    assert_int_equal(parse(text, strlen(text)), 0);
    assert_int_equal(strlen(parsed.head.path), sizeof parsed.head.path - 1);
    assert_int_equal(strlen(parsed.head.content_type), sizeof parsed.head.content_type - 1);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static char body[256];
static size_t body_size;

/* Reads a chunked body of which at most `piece` bytes come at a time; the last status, and how many
 * bytes were not taken. */
static chunk_status read_chunks(const char *text, size_t size, size_t piece, size_t *rest)
{
    http1_chunks chunks = {0};
    chunk_status status = CHUNK_MORE;
    size_t at = 0;
    body_size = 0;
    while (at < size && status != CHUNK_END && status != CHUNK_BAD) {
        size_t end = at + piece < size ? at + piece : size;
        while (at < end && status != CHUNK_END && status != CHUNK_BAD) {
            const char *data = NULL;
            size_t data_size = 0;
            size_t taken;
            status = http1_next_chunk(&chunks, text + at, end - at, &taken, &data, &data_size);
            if (status == CHUNK_DATA) {
                memcpy(body + body_size, data, data_size);
                body_size += data_size;
            }
            at += taken;
        }
    }
    *rest = size - at;
    return status;
}

static void chunks_cut_anywhere_are_the_same(void **state)
{
    (void)state;
    static const char text[] = "5\r\nhello\r\n001;ext=\"v\"\r\n,\r\nA \t\r\n0123456789\r\n"
                               "0 ; a\r\nTrailer: x\r\nAnother: y\r\n\r\nNEXT";
    for (size_t piece = 1; piece < sizeof text; piece++) {
        size_t rest;
        assert_int_equal(read_chunks(text, sizeof text - 1, piece, &rest), CHUNK_END);
        assert_int_equal(rest, 4);
        assert_int_equal(body_size, 16);
        assert_memory_equal(body, "hello,0123456789", 16);
    }
}

static void bad_chunks_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x\r\n",       "\r\n",
        ";\r\n",       "5\nhello",
        "5\r\nhello5", "5\r\nhello\n",
        "5x\r\n",      "-1\r\n",
        "0x5\r\n",     "5\r\r\n",
        "0\r\n\rx",    "0\r\nT: x\n",
        " 5\r\n",      "fffffffffffffff\r\n",
        "2c 99\r\n",   "5 x\r\n",
        "5\t;\n",
    };
    size_t rest;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_chunks(bad[i], strlen(bad[i]), 1, &rest) != CHUNK_BAD)
            fail_msg("not refused: %s", bad[i]);
}

static void lines_and_trailers_are_limited(void **state)
{
    (void)state;
    static char text[20000];
    size_t rest;
    memset(text, 'x', sizeof text);
    memcpy(text, "5;", 2);
    assert_int_equal(read_chunks(text, sizeof text, 1000, &rest), CHUNK_BAD);
    memset(text, '0', sizeof text);
    assert_int_equal(read_chunks(text, sizeof text, 1000, &rest), CHUNK_BAD);
    memcpy(text, "0\r\n", 3);
    assert_int_equal(read_chunks(text, sizeof text, 1000, &rest), CHUNK_BAD);
    assert_true(rest > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(fields_of_the_connection_are_read),
        cmocka_unit_test(what_two_servers_could_read_in_two_ways_is_refused),
        cmocka_unit_test(request_lines_are_exact),
        cmocka_unit_test(a_target_may_name_the_server),
        cmocka_unit_test(there_is_one_host),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(chunks_cut_anywhere_are_the_same),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(lines_and_trailers_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
