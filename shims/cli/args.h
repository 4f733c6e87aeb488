/* args.h - flags as a table: parsing, the hint after a mistyped name, and the help are all derived
 * from it.
 *
 *   --name value   --name=value   --switch   --   (the rest are operands)   -   (an operand)
 *
 * Flags and operands may be mixed. A flag given twice has its last value, or, if it is of that
 * kind, both.
 */
#ifndef O2P_CLI_ARGS_H
#define O2P_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum flag_kind {
    FLAG_SWITCH, /* target: bool, set to true */
    FLAG_TEXT,   /* target: const char * */
    FLAG_NUMBER, /* target: uint64_t; decimal, at least 1, with an optional K, M or G (powers of
                    1024) */
    FLAG_CHOICE, /* target: int, the value of one of the choices */
    FLAG_EACH    /* target: const char *, the values with commas between them */
} flag_kind;

struct flag_choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct flag {
    const char *name;  /* without the dashes */
    const char *value; /* what the help calls its value; NULL for a switch */
    const char *help;  /* one or more lines, separated by \n */
    flag_kind kind;
    void *target;
    const struct flag_choice *choices; /* for FLAG_CHOICE */
};

typedef enum args_result { ARGS_OK, ARGS_HELP, ARGS_BAD } args_result;

/* Sets the targets of the flags found in `args` and moves the operands to its front; `*operands` is
 * how many. ARGS_HELP: --help or -h was met. ARGS_BAD: a message has been printed. */
args_result args_parse(const struct flag *flags, size_t flag_count, char **args, size_t count,
                       size_t *operands);

/* The flags of a command with their help, one below the other. */
void args_print_help(FILE *out, const struct flag *flags, size_t flag_count);

/* The one of `names` that `given` was probably meant to be; NULL when none is near. */
const char *args_nearest(const char *given, const char *const *names, size_t count);

/* Prints "NAME: MESSAGE; see ...": the end of a wrong command line. Returns STATUS_USAGE. */
int args_refuse(const char *command, const char *message);

#endif
