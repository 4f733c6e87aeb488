/* protobuf_builder.h - protobuf messages byte by byte, for tests: also those that no encoder
 * writes.
 *
 * Nothing is sorted, merged or checked: what is put is what comes out. Lengths of nested messages
 * are filled in when they are closed. Running out of memory fails the running cmocka test.
 */
#ifndef O2P_TESTS_PROTOBUF_BUILDER_H
#define O2P_TESTS_PROTOBUF_BUILDER_H

#include <stddef.h>
#include <stdint.h>

typedef struct protobuf {
    uint8_t *data;
    size_t size, capacity;
    size_t open[256]; /* where the contents of the open messages begin */
    size_t depth;
} protobuf;

void pb_free(protobuf *p); /* leaves it empty and usable */

void pb_raw(protobuf *p, const void *bytes, size_t size);
void pb_byte(protobuf *p, unsigned byte);
void pb_number(protobuf *p, uint64_t value); /* a bare varint */

void pb_key(protobuf *p, uint32_t field, unsigned wire_type);
void pb_varint(protobuf *p, uint32_t field, uint64_t value);
void pb_fixed64(protobuf *p, uint32_t field, uint64_t value);
void pb_double(protobuf *p, uint32_t field, double value);
void pb_fixed32(protobuf *p, uint32_t field, uint32_t value);
void pb_bytes(protobuf *p, uint32_t field, const void *bytes, size_t size);
void pb_text(protobuf *p, uint32_t field, const char *text);

void pb_open(protobuf *p, uint32_t field); /* a nested message, until ... */
void pb_close(protobuf *p);

/* KeyValue messages as `field`. */
void pb_attribute(protobuf *p, uint32_t field, const char *key, const char *value);
void pb_int_attribute(protobuf *p, uint32_t field, const char *key, int64_t value);

#endif
