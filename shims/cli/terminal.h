/* terminal.h - how the program speaks to a person: messages and a progress bar on standard error.
 *
 * Whatever is printed may contain names from files nobody trusts, so control characters and bytes
 * that are not UTF-8 come out as \xNN: a file name cannot move the cursor. Colour is used on a
 * terminal alone, and not when NO_COLOR is set or TERM is "dumb".
 */
#ifndef O2P_CLI_TERMINAL_H
#define O2P_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define LIKE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LIKE_PRINTF(text, first)
#endif

/* "otlp2parquet: error: ..." and a newline; erases the progress bar first. */
void complain(const char *format, ...) LIKE_PRINTF(1, 2);

/* The same with "note". */
void remark(const char *format, ...) LIKE_PRINTF(1, 2);

/* Escape sequences that begin and end a heading on `out`; empty when there is no colour. */
const char *heading_on(FILE *out);
const char *heading_off(FILE *out);

/* A progress bar, drawn when standard error is a terminal and the work has lasted half a second.
 * `total` is in bytes; 0: not known. */
void progress_begin(uint64_t total);
void progress_advance(uint64_t bytes);
void progress_end(void);

#endif
