/* text.h - text for terminals and for JSON, from bytes that may be anything, and tables of it. */
#ifndef O2P_CLI_TEXT_H
#define O2P_CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "terminal.h"

/* Length in bytes of the UTF-8 sequence `bytes` begins with, and its code point; 0 when it is
 * ill-formed. */
size_t utf8_sequence(const uint8_t *bytes, size_t size, uint32_t *code);

/* Writes `text` for a terminal: control characters and ill-formed bytes as \xNN. */
void text_put(FILE *out, const char *text, size_t size);

/* Writes `text` as a JSON string, quotes included. Each ill-formed byte becomes U+FFFD, since JSON
 * is UTF-8. */
void json_put(FILE *out, const char *text, size_t size);
void json_put_text(FILE *out, const char *text); /* of a NUL-terminated string */

/* Digits of `value` in groups of three, "1,234,567", in `space`, which is returned. */
enum { GROUPED_SIZE = 27 }; /* 20 digits, 6 commas, NUL */
const char *grouped(uint64_t value, char space[GROUPED_SIZE]);

/* Cells in rows and columns, as wide as their widest. */
struct table {
    const char *alignment; /* a letter a column: l or r */
    char **cells;
    size_t count;
    size_t capacity;
};

void table_begin(struct table *table, const char *alignment);
/* Adds the next cell, row by row. */
void table_add(struct table *table, const char *format, ...) LIKE_PRINTF(2, 3);
/* The same with ownership of `cell`, which was made by malloc. */
void table_take(struct table *table, char *cell);
/* Prints the table, its first row as a heading, and releases it. */
void table_print(struct table *table, FILE *out, const char *indent);

#endif
