/* test_cors.c - origins: which lists are such, and which page is on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "../../shims/server/cors.h"
#include <cmocka.h>

static void lists_of_origins(void **state)
{
    (void)state;
    char why[256];
    static const char *const good[] = {"*",
                                       " * ",
                                       "https://a.example",
                                       "https://a.example:8443",
                                       "https://a.example, http://localhost:*",
                                       "https://*.example.org,app://x"};
    static const char *const bad[] = {"",
                                      ",",
                                      "https://a.example,",
                                      "a.example",
                                      "https://",
                                      "://a",
                                      "https://a.example/",
                                      "https://a.example/path",
                                      "https://a.example https://b.example",
                                      "*,https://a.example",
                                      "https://a.example,*",
                                      "https://*.*.example",
                                      "*://a.example",
                                      "null"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!cors_check(good[i], why, sizeof why))
            fail_msg("%s: %s", good[i], why);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        if (cors_check(bad[i], why, sizeof why))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_non_null(strstr(why, "is no origin"));
    }
}

static void pages_on_a_list(void **state)
{
    (void)state;
    static const char list[] =
        "https://Shop.example , http://localhost:*,https://*.example.org,https://eu-*.example:8443";
    static const char *const good[] = {"https://shop.example",        "HTTPS://shop.EXAMPLE",
                                       "http://localhost:3000",       "https://a.example.org",
                                       "https://a.b.example.org",     "https://eu-1.example:8443",
                                       "https://EU-west.example:8443"};
    static const char *const bad[] = {"",
                                      "null",
                                      "https://",
                                      "http://shop.example",
                                      "https://shop.example:443",
                                      "https://shop.example.evil.example",
                                      "https://shop.exampl",
                                      "http://localhost",
                                      "http://localhost:",
                                      "http://localhost:@evil.example",
                                      "https://example.org",
                                      "https://evil.example/.example.org",
                                      "https://evil.example#.example.org",
                                      "https://eu-.example:8443",
                                      "https://eu-1.example"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!cors_allows(list, good[i]))
            fail_msg("%s is kept out", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (cors_allows(list, bad[i]))
            fail_msg("%s is let in", bad[i]);
    assert_false(cors_is_open(list));
}

static void any_page(void **state)
{
    (void)state;
    assert_true(cors_is_open("*") && cors_is_open(" *\t"));
    assert_true(cors_allows("*", "https://a.example") && cors_allows("*", "null"));
    assert_false(cors_allows("*", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_origins),
        cmocka_unit_test(pages_on_a_list),
        cmocka_unit_test(any_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
