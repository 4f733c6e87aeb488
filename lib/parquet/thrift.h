/* thrift.h - Thrift's compact protocol, the writing half, as far as Parquet needs it.
 *
 * Source: thrift/doc/specs/thrift-compact-protocol.md.
 *
 *   field header   (id - previous id) << 4 | type        when the difference is 1..15
 *                  type, zigzag varint id                otherwise
 *   bool           the header's type is the value: 1 true, 2 false; as a list element a byte 1 or 2
 *   i8             a byte
 *   i16 i32 i64    zigzag varint
 *   double         8 bytes, little-endian
 *   binary         varint length, bytes
 *   list           count << 4 | element type             when the count is below 15
 *                  0xF0 | element type, varint count     otherwise
 *   struct         fields, then 0x00
 */
#ifndef O2P_PARQUET_THRIFT_H
#define O2P_PARQUET_THRIFT_H

#include "../base/buffer.h"

typedef enum o2p_thrift_type {
    O2P_THRIFT_TRUE = 1,
    O2P_THRIFT_FALSE = 2,
    O2P_THRIFT_BYTE = 3,
    O2P_THRIFT_I16 = 4,
    O2P_THRIFT_I32 = 5,
    O2P_THRIFT_I64 = 6,
    O2P_THRIFT_DOUBLE = 7,
    O2P_THRIFT_BINARY = 8,
    O2P_THRIFT_LIST = 9,
    O2P_THRIFT_STRUCT = 12
} o2p_thrift_type;

/* Deepest nesting of structs in any Parquet structure we write, with room to spare. */
enum { O2P_THRIFT_MAX_DEPTH = 8 };

typedef struct o2p_thrift {
    o2p_buffer *out;
    int16_t previous[O2P_THRIFT_MAX_DEPTH]; /* last field id written, per open struct */
    unsigned depth;
} o2p_thrift;

/* Starts a top-level struct; end it with o2p_thrift_end. */
void o2p_thrift_begin(o2p_thrift *thrift, o2p_buffer *out);
/* Ends the innermost struct. */
void o2p_thrift_end(o2p_thrift *thrift);

/* Fields of the innermost struct. */
void o2p_thrift_bool(o2p_thrift *thrift, int16_t id, bool value);
void o2p_thrift_i8(o2p_thrift *thrift, int16_t id, int8_t value);
void o2p_thrift_i16(o2p_thrift *thrift, int16_t id, int16_t value);
void o2p_thrift_i32(o2p_thrift *thrift, int16_t id, int32_t value);
void o2p_thrift_i64(o2p_thrift *thrift, int16_t id, int64_t value);
void o2p_thrift_binary(o2p_thrift *thrift, int16_t id, const void *bytes, size_t size);
void o2p_thrift_text(o2p_thrift *thrift, int16_t id, const char *text);
void o2p_thrift_struct(o2p_thrift *thrift, int16_t id); /* end it with o2p_thrift_end */
void o2p_thrift_list(o2p_thrift *thrift, int16_t id, o2p_thrift_type element, size_t count);

/* Elements of the list begun last. */
void o2p_thrift_element_bool(o2p_thrift *thrift, bool value);
void o2p_thrift_element_i32(o2p_thrift *thrift, int32_t value);
void o2p_thrift_element_i64(o2p_thrift *thrift, int64_t value);
void o2p_thrift_element_binary(o2p_thrift *thrift, const void *bytes, size_t size);
void o2p_thrift_element_struct(o2p_thrift *thrift); /* end it with o2p_thrift_end */

/* Unsigned LEB128, as lengths are written; also used by the RLE and delta encodings. */
void o2p_put_varint(o2p_buffer *out, uint64_t value);

/* A signed value as a varint: 0, -1, 1, -2 become 0, 1, 2, 3. */
void o2p_put_zigzag(o2p_buffer *out, int64_t value);

#endif
