/* cli.h - what the commands of the program share: the command table, exit statuses, memory that
 * must be had.
 *
 * The program is a shim: it has the files, the terminal and the clock, the library has the
 * conversion. It uses the public header alone. Every .c file of this folder includes this header
 * first, because the feature macros below must come before any system header.
 */
#ifndef O2P_CLI_H
#define O2P_CLI_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* files above 2 GiB on 32-bit systems too */
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"

/* Exit statuses. Pinned; `--help` prints them with the meanings in main.c. */
enum {
    STATUS_OK = 0,
    STATUS_INPUT = 1,   /* an input could not be read or converted; the others were */
    STATUS_USAGE = 2,   /* the command line is wrong; nothing was done */
    STATUS_OUTPUT = 3,  /* a file or standard output could not be written */
    STATUS_RESOURCE = 4 /* memory ran out, or the compression library failed */
};

struct command {
    const char *name;
    const char *synopsis; /* what follows the name in the usage line */
    const char *summary;  /* one line for the list of commands */
    const char *details;  /* for `NAME --help`: paragraphs, each line ending in \n */
    const struct flag *flags;
    size_t flag_count;
    /* `operands` are the arguments that are not flags. Returns an exit status. */
    int (*run)(char **operands, size_t count);
};

extern const struct command convert_command;
extern const struct command inspect_command;
extern const struct command schema_command;
extern const struct command bench_command;
extern const struct command serve_command;
extern const struct command replay_command;
extern const struct command connect_command;

/* Allocation that ends the program with STATUS_RESOURCE when there is no memory. For what the
 * program keeps for itself: names, tables, summaries. What an input can make large is allocated by
 * input.c and footer.c, which report. */
void *must_have(void *block); /* `block`, unless it is NULL */
void *must_allocate(size_t size);
void *must_reallocate(void *block, size_t size);

#endif
