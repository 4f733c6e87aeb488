/* describe.h - what the numbers and bytes of a Parquet footer mean, as text.
 *
 * A value is printed by its column's type:
 *
 *   integers, decimals        digits                       DATE               2026-01-31
 *   FLOAT, DOUBLE             shortest that reads back     TIME               12:30:00.000001
 *   STRING, ENUM, JSON        the text                     TIMESTAMP 2026-01-31T12:30:00.000001Z
 *   UUID                      8-4-4-4-12 hex digits        other bytes        0x and hex digits
 *
 * A timestamp that is not UTC has no Z.
 */
#ifndef O2P_CLI_DESCRIBE_H
#define O2P_CLI_DESCRIBE_H

#include <stdio.h>

#include "footer.h"

/* How a value is written in JSON. */
typedef enum value_form {
    VALUE_NUMBER, /* as it is */
    VALUE_TEXT    /* as a string */
} value_form;

/* Names by the format's enumerations; a number that has none is written in decimal. */
void describe_type(FILE *out, int64_t type);
void describe_codec(FILE *out, int64_t codec);
void describe_encodings(FILE *out, uint64_t encodings, const char *before, const char *between,
                        const char *after);
void describe_repetition(FILE *out, int64_t repetition);

/* The logical type with its parameters, "TIMESTAMP(MICROS, UTC)", or what the converted type of an
 * older file comes to; nothing when there is neither. */
void describe_logical(FILE *out, const struct footer_node *node);

/* A minimum or maximum. Bytes of a length that the type does not have are written in hex. */
value_form describe_value(FILE *out, const struct footer_node *leaf, struct footer_bytes value);

#endif
