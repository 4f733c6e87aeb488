/* test_auth.c - the file of credentials: what it may say, and who is let in by it.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../shims/server/auth.h"
#include <cmocka.h>

static auth who;
static char why[256];

static bool read_text(const char *text)
{
    char path[] = "/tmp/o2p-auth-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    auth_release(&who);
    bool read = auth_read(&who, path, why, sizeof why);
    unlink(path);
    return read;
}

static void assert_refused(const char *text, const char *reason)
{
    assert_false(read_text(text));
    assert_int_equal(who.count, 0);
    if (strstr(why, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why, reason);
    assert_null(strstr(why, "secret"));
}

static void tokens_and_users_are_let_in(void **state)
{
    (void)state;
    static const char *const good[] = {
        "Bearer t0k-en_~+/=", "bearer t0k-en_~+/=",         "BEARER   t0k-en_~+/=",
        "Bearer other",       "Basic dXNlcjpwYTpzcyB3b3Jk", "basic dXNlcjpwYTpzcyB3b3Jk",
        "Basic Og=="};
    static const char *const bad[] = {"",
                                      " ",
                                      "Bearer",
                                      "Bearer ",
                                      "Bearer t0k-en_~+/",
                                      "Bearer t0k-en_~+/==",
                                      "Bearer t0k-en_~+/= ",
                                      "Bearer T0K-EN_~+/=",
                                      "t0k-en_~+/=",
                                      "Basic t0k-en_~+/=",
                                      "Bearer dXNlcjpwYTpzcyB3b3Jk",
                                      "Basic dXNlcjpwYTpzcyB3b3Js",
                                      "Basic user:pa:ss word",
                                      "Basic",
                                      "Bearer comment",
                                      "# comment"};
    assert_true(read_text("# comment\n\n \t\nbearer t0k-en_~+/=\r\nbearer other\n"
                          "basic user:pa:ss word\nbasic :"));
    assert_int_equal(who.count, 4);
    assert_true(who.bearer && who.basic);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!auth_permits(&who, good[i]))
            fail_msg("\"%s\" is kept out", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (auth_permits(&who, bad[i]))
            fail_msg("\"%s\" is let in", bad[i]);
}

static void schemes_are_those_of_the_file(void **state)
{
    (void)state;
    assert_true(read_text("bearer a\n"));
    assert_true(who.bearer && !who.basic);
    assert_true(read_text("basic a:b\n"));
    assert_true(!who.bearer && who.basic);
}

static void mistakes_have_their_line(void **state)
{
    (void)state;
    assert_refused("", "there is no credential in it");
    assert_refused("# bearer secret\n", "there is no credential in it");
    assert_refused("bearer a\nsecret\n", ":2: it is neither");
    assert_refused("bearer sec ret\n", ":1: it is neither");
    assert_refused("bearer \n", ":1: it is neither");
    assert_refused("bearer secr\xc3\xa9t\n", ":1: it is neither");
    assert_refused("basic secret\n", ":1: it is neither");
    assert_refused("Bearer secret\n", ":1: it is neither");
    assert_refused("bearersecret\n", ":1: it is neither");
    assert_false(auth_read(&who, "/nowhere/file", why, sizeof why));
    assert_string_equal(why, "auth-file: /nowhere/file: No such file or directory");
    assert_false(auth_read(&who, "/dev/null", why, sizeof why));
    assert_string_equal(why, "auth-file: /dev/null: it is no regular file");
}

/* The longest that are taken can be presented, and one byte more is refused. */
static void credentials_fit_into_a_field(void **state)
{
    (void)state;
    char line[2048] = "bearer ";
    memset(line + 7, 'x', 1015);
    assert_true(read_text(line));
    assert_true(auth_permits(&who, line));
    line[1022] = 'x';
    assert_false(auth_permits(&who, line));
    assert_refused(line, "longer than a header field");
    memset(line + 7, 'x', sizeof line - 8);
    assert_false(auth_permits(&who, line));
    assert_refused(line, "longer than a header field");
    memcpy(line, "basic u:", 8);
    assert_refused(line, "longer than a header field");
    line[6 + 759] = '\0';
    assert_true(read_text(line));
    line[6 + 759] = 'x';
    line[6 + 763] = '\0';
    assert_refused(line, "longer than a header field");
}

static int end(void **state)
{
    (void)state;
    auth_release(&who);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_users_are_let_in),
        cmocka_unit_test(schemes_are_those_of_the_file),
        cmocka_unit_test(mistakes_have_their_line),
        cmocka_unit_test(credentials_fit_into_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
