/* args.c - see args.h. By hand and not by getopt, because getopt_long is not in POSIX and cannot
 * suggest the flag that was meant.
 */
#include "cli.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

/* Longest name that is compared for a hint; longer ones are nobody's slip of the finger. */
enum { LONGEST_NAME = 31 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance: insertions, deletions and replacements from `a` to `b`. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_NAME + 1];
    size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(diagonal, row[j]) + 1);
        }
    }
    return row[length];
}

const char *args_nearest(const char *given, const char *const *names, size_t count)
{
    enum { TOO_FAR = 3 }; /* two slips are a slip, three are another word */
    const char *nearest = NULL;
    size_t best = TOO_FAR;
    size_t length = strlen(given);
    if (length < 2 || length > LONGEST_NAME)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > LONGEST_NAME)
            continue;
        bool begins = strncmp(given, names[i], length) == 0;
        size_t distance = begins ? 0 : edit_distance(given, names[i]);
        if (distance < best && distance < length) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

int args_refuse(const char *command, const char *message)
{
    complain("%s: %s; see `otlp2parquet %s --help`", command, message, command);
    return STATUS_USAGE;
}

static void refuse_unknown(const struct flag *flags, size_t flag_count, const char *arg,
                           size_t length)
{
    enum { MOST_FLAGS = 64 };
    const char *names[MOST_FLAGS];
    char given[LONGEST_NAME + 1];
    size_t dashes = strspn(arg, "-");
    size_t count = least(flag_count, MOST_FLAGS);
    for (size_t i = 0; i < count; i++)
        names[i] = flags[i].name;
    size_t kept = length > dashes ? least(length - dashes, LONGEST_NAME) : 0;
    memcpy(given, arg + dashes, kept);
    given[kept] = '\0';
    const char *meant = args_nearest(given, names, count);
    if (meant != NULL)
        complain("unknown flag %.*s; did you mean --%s?", (int)length, arg, meant);
    else
        complain("unknown flag %.*s; --help lists the flags, ./%s names a file", (int)length, arg,
                 arg);
}

static const struct flag *find_flag(const struct flag *flags, size_t flag_count, const char *name,
                                    size_t length)
{
    for (size_t i = 0; i < flag_count; i++)
        if (strlen(flags[i].name) == length && memcmp(flags[i].name, name, length) == 0)
            return &flags[i];
    return NULL;
}

/* Decimal digits and an optional power of 1024. False for anything else, for 0, and for what does
 * not fit. */
static bool parse_number(const char *text, uint64_t *number)
{
    uint64_t value = 0;
    const char *next = text;
    for (; *next >= '0' && *next <= '9'; next++) {
        uint64_t digit = (uint64_t)(*next - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    unsigned shift = *next == 'K' ? 10 : *next == 'M' ? 20 : *next == 'G' ? 30 : 0;
    if (shift > 0)
        next++;
    if (next == text || *next != '\0' || value == 0 || value > UINT64_MAX >> shift)
        return false;
    *number = value << shift;
    return true;
}

static bool set_choice(const struct flag *flag, const char *value)
{
    for (const struct flag_choice *choice = flag->choices; choice->name != NULL; choice++)
        if (strcmp(choice->name, value) == 0) {
            *(int *)flag->target = choice->value;
            return true;
        }
    char list[128] = "";
    for (const struct flag_choice *choice = flag->choices; choice->name != NULL; choice++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ", choice->name);
    }
    complain("--%s cannot be \"%s\"; it is one of: %s", flag->name, value, list);
    return false;
}

/* Adds a value to those before it. A \ at the end of those would make the comma part of a value,
 * and is doubled. What is made lasts as long as the program. */
static void add_value(const struct flag *flag, const char *value)
{
    const char **target = flag->target;
    size_t slashes = 0;
    if (*target == NULL) {
        *target = value;
        return;
    }
    size_t before = strlen(*target);
    while (slashes < before && (*target)[before - slashes - 1] == '\\')
        slashes++;
    size_t room = before + strlen(value) + 3;
    char *both = must_allocate(room);
    snprintf(both, room, "%s%s,%s", *target, slashes % 2 > 0 ? "\\" : "", value);
    *target = both;
}

static bool set_value(const struct flag *flag, char *value)
{
    switch (flag->kind) {
    case FLAG_TEXT:
        *(const char **)flag->target = value;
        return true;
    case FLAG_NUMBER:
        if (parse_number(value, flag->target))
            return true;
        complain("--%s cannot be \"%s\"; it is a number from 1, such as 5000, 64K, 256M or 2G",
                 flag->name, value);
        return false;
    case FLAG_CHOICE:
        return set_choice(flag, value);
    case FLAG_EACH:
        add_value(flag, value);
        return true;
    case FLAG_SWITCH:
        break;
    }
    return false;
}

/* Takes the flag at args[*at], and its value when that is the next argument. */
static bool take_flag(const struct flag *flags, size_t flag_count, char **args, size_t count,
                      size_t *at)
{
    char *arg = args[*at];
    size_t length = strcspn(arg, "=");
    bool joined = arg[length] == '=';
    const struct flag *flag = NULL;
    if (strncmp(arg, "--", 2) == 0)
        flag = find_flag(flags, flag_count, arg + 2, length - 2);
    if (flag == NULL) {
        refuse_unknown(flags, flag_count, arg, length);
        return false;
    }
    if (flag->kind == FLAG_SWITCH) {
        *(bool *)flag->target = true;
        if (joined)
            complain("--%s takes no value", flag->name);
        return !joined;
    }
    if (joined)
        return set_value(flag, arg + length + 1);
    if (*at + 1 == count || strncmp(args[*at + 1], "--", 2) == 0) {
        complain("--%s needs a value: --%s %s", flag->name, flag->name, flag->value);
        return false;
    }
    return set_value(flag, args[++*at]);
}

args_result args_parse(const struct flag *flags, size_t flag_count, char **args, size_t count,
                       size_t *operands)
{
    bool flags_end = false;
    *operands = 0;
    for (size_t i = 0; i < count; i++) {
        if (flags_end || args[i][0] != '-' || args[i][1] == '\0')
            args[(*operands)++] = args[i];
        else if (strcmp(args[i], "--") == 0)
            flags_end = true;
        else if (strcmp(args[i], "--help") == 0 || strcmp(args[i], "-h") == 0)
            return ARGS_HELP;
        else if (!take_flag(flags, flag_count, args, count, &i))
            return ARGS_BAD;
    }
    return ARGS_OK;
}

void args_print_help(FILE *out, const struct flag *flags, size_t flag_count)
{
    enum { HELP_COLUMN = 22 };
    for (size_t i = 0; i < flag_count; i++) {
        const char *line = flags[i].help;
        int used = fprintf(out, "  --%s%s%s", flags[i].name, flags[i].value ? " " : "",
                           flags[i].value ? flags[i].value : "");
        while (*line != '\0') {
            size_t length = strcspn(line, "\n");
            fprintf(out, "%*s%.*s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", (int)length,
                    line);
            line += length + (line[length] == '\n');
            used = 0;
        }
    }
    fprintf(out, "  %-*s%s\n", HELP_COLUMN - 2, "--help", "print this and exit");
}
