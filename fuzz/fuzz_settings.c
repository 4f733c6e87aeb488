/* fuzz_settings.c - any bytes as the server's settings in YAML.
 *
 * They are read or refused with a reason. What is read has values that the table allows, is printed
 * as a file that gives the same settings, and is printed the same again [20].
 */
#include "../shims/server/server.h"
#include "../shims/server/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s: invariant 20 does not hold\n", what);
    abort();
}

static char *print(const settings *all, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    check(out != NULL, "memory");
    settings_print(all, out);
    check(fclose(out) == 0, "memory");
    return text;
}

/* Each value is one that its own text gives. */
static void check_values(const settings *all)
{
    static settings again;
    setting_list text;
    settings_error error;
    settings_init(&again);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        settings_value(all, i, text);
        check(settings_set(&again, i, text, &error), settings_key(i));
    }
    for (size_t i = 0; i < SETTING_COUNT; i++)
        check(settings_take(&again, all, i) == SETTING_SAME, settings_key(i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static settings all;
    settings_error error = {""};
    size_t sizes[2];
    settings_init(&all);
    if (!settings_read_text(&all, "fuzz.yaml", (const char *)data, size, &error)) {
        check(strncmp(error.text, "fuzz.yaml:", 10) == 0, "the name of what is wrong");
        check(error.text[10] != '\0' && memchr(error.text, 0, sizeof error.text) != NULL,
              "a reason");
        return 0;
    }
    check(error.text[0] == '\0', "no reason");
    check_values(&all);
    char *text = print(&all, &sizes[0]);
    settings_init(&all);
    check(settings_read_text(&all, "printed", text, sizes[0], &error), text);
    char *again = print(&all, &sizes[1]);
    check(sizes[0] == sizes[1] && memcmp(text, again, sizes[0]) == 0, "printed the same");
    free(text);
    free(again);
    return 0;
}
