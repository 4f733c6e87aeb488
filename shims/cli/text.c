/* text.c - see text.h.
 *
 * Well-formed UTF-8 (Unicode table 3-7):
 *
 *   first byte   second byte             further bytes
 *   00..7F
 *   C2..DF       80..BF
 *   E0           A0..BF (no overlong)    80..BF
 *   E1..EF       80..BF (ED: 80..9F,     80..BF
 *                no surrogates)
 *   F0           90..BF (no overlong)    80..BF 80..BF
 *   F1..F4       80..BF (F4: 80..8F)     80..BF 80..BF
 */
#include "cli.h"
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_sequence(const uint8_t *bytes, size_t size, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first > 0xF4 || length == 0 || length > size)
        return 0;
    uint32_t value = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return length;
}

void text_put(FILE *out, const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        size_t length = utf8_sequence(bytes + at, size - at, &code);
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
        if (length > 0 && !control) {
            fwrite(bytes + at, 1, length, out);
            at += length;
            continue;
        }
        for (size_t end = at + (length > 0 ? length : 1); at < end; at++)
            fprintf(out, "\\x%02x", bytes[at]);
    }
}

static void json_put_code(FILE *out, uint32_t code, const uint8_t *bytes, size_t length)
{
    if (code == '"' || code == '\\')
        fprintf(out, "\\%c", (int)code);
    else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        fprintf(out, "\\u%04x", (unsigned)code);
    else
        fwrite(bytes, 1, length, out);
}

void json_put(FILE *out, const char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    fputc('"', out);
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        size_t length = utf8_sequence(bytes + at, size - at, &code);
        if (length > 0)
            json_put_code(out, code, bytes + at, length);
        else
            fputs("\\ufffd", out);
        at += length > 0 ? length : 1;
    }
    fputc('"', out);
}

void json_put_text(FILE *out, const char *text)
{
    json_put(out, text, strlen(text));
}

const char *grouped(uint64_t value, char space[GROUPED_SIZE])
{
    char *next = &space[GROUPED_SIZE - 1];
    *next = '\0';
    for (unsigned digits = 0; digits == 0 || value > 0; digits++, value /= 10) {
        if (digits > 0 && digits % 3 == 0)
            *--next = ',';
        *--next = (char)('0' + value % 10);
    }
    return memmove(space, next, (size_t)(space + GROUPED_SIZE - next));
}

/* ---- tables -------------------------------------------------------------------------------- */

void table_begin(struct table *table, const char *alignment)
{
    *table = (struct table){.alignment = alignment};
}

/* `cell` as text_put writes it; `cell` is released. */
static char *escaped(char *cell)
{
    char *result = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&result, &size);
    if (memory != NULL) {
        text_put(memory, cell, strlen(cell));
        fclose(memory);
    }
    free(cell);
    return must_have(result);
}

void table_take(struct table *table, char *cell)
{
    if (table->count == table->capacity) {
        table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
        table->cells = must_reallocate(table->cells, table->capacity * sizeof *table->cells);
    }
    table->cells[table->count++] = escaped(cell);
}

void table_add(struct table *table, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int size = vsnprintf(NULL, 0, format, values);
    va_end(values);
    size_t space = size < 0 ? 1 : (size_t)size + 1;
    char *cell = must_allocate(space);
    cell[0] = '\0';
    va_start(values, format);
    vsnprintf(cell, space, format, values);
    va_end(values);
    table_take(table, cell);
}

/* Columns a cell takes on a terminal, in so far as every code point takes one. */
static size_t width_of(const char *cell)
{
    size_t width = 0;
    for (; *cell != '\0'; cell++)
        width += ((uint8_t)*cell & 0xC0) != 0x80;
    return width;
}

static size_t widest(const struct table *table, size_t column, size_t columns)
{
    size_t width = 0;
    for (size_t i = column; i < table->count; i += columns)
        width = width_of(table->cells[i]) > width ? width_of(table->cells[i]) : width;
    return width;
}

static void print_row(const struct table *table, FILE *out, const size_t *widths, size_t first)
{
    size_t columns = strlen(table->alignment);
    for (size_t i = 0; i < columns; i++) {
        const char *cell = table->cells[first + i];
        int space = (int)(widths[i] - width_of(cell));
        bool right = table->alignment[i] == 'r';
        fprintf(out, "%s%*s%s", i == 0 ? "" : "  ", right ? space : 0, "", cell);
        if (!right && i + 1 < columns)
            fprintf(out, "%*s", space, "");
    }
}

void table_print(struct table *table, FILE *out, const char *indent)
{
    size_t columns = strlen(table->alignment);
    size_t *widths = must_allocate(columns * sizeof *widths);
    for (size_t i = 0; i < columns; i++)
        widths[i] = widest(table, i, columns);
    for (size_t first = 0; first + columns <= table->count; first += columns) {
        fprintf(out, "%s%s", indent, first == 0 ? heading_on(out) : "");
        print_row(table, out, widths, first);
        fprintf(out, "%s\n", first == 0 ? heading_off(out) : "");
    }
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(widths);
}
