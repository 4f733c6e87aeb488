/* thrift_reader.h - reads Thrift's compact protocol for tests: finds a field of a struct, an
 * element of a list. Written from the protocol's description, apart from the writer it is used to
 * test.
 *
 * A value is a type and where its bytes begin. Everything that is not there, or not of the type
 * asked for, fails the running cmocka test.
 */
#ifndef O2P_TESTS_THRIFT_READER_H
#define O2P_TESTS_THRIFT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct thrift_value {
    int type; /* 1 true, 2 false, 5 i32, ...; 0: absent */
    const uint8_t *at;
    const uint8_t *end; /* of all bytes that may be read */
} thrift_value;

/* The top-level struct that begins at `bytes`. */
thrift_value thrift_struct_at(const void *bytes, size_t size);

/* Where the value ends. */
const uint8_t *thrift_end_of(thrift_value value);

bool thrift_has(thrift_value of, int id);
thrift_value thrift_field(thrift_value of, int id);

size_t thrift_count(thrift_value list);
thrift_value thrift_element(thrift_value list, size_t i);

int64_t thrift_int(thrift_value value); /* i8, i16, i32, i64 */
bool thrift_truth(thrift_value value);  /* a bool field or list element */
size_t thrift_bytes(thrift_value value, const uint8_t **bytes);
bool thrift_is_text(thrift_value value, const char *text);

/* Shorthand for thrift_int(thrift_field(of, id)). */
int64_t thrift_int_field(thrift_value of, int id);

/* A varint; moves *at behind it. */
uint64_t thrift_varint(const uint8_t **at, const uint8_t *end);

#endif
