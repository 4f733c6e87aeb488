/* text.h - integers and bytes as text, and JSON strings. For doubles see decimal.h.
 */
#ifndef O2P_BASE_TEXT_H
#define O2P_BASE_TEXT_H

#include "buffer.h"

/* Longest text of a 64-bit integer, in bytes. */
enum { O2P_INT64_TEXT_MAX = 20 };

/* Write a number as decimal text at `at` (room for the maximum above), without NUL; return the
 * length. */
size_t o2p_format_i64(char *at, int64_t value);
size_t o2p_format_u64(char *at, uint64_t value);

/* Appends standard base64 with padding (RFC 4648, section 4). */
void o2p_append_base64(o2p_buffer *out, const uint8_t *bytes, size_t size);

/* Lowercase hex, two digits a byte: written to `at`, or appended. */
void o2p_format_hex(uint8_t *at, const uint8_t *bytes, size_t size);
void o2p_append_hex(o2p_buffer *out, const uint8_t *bytes, size_t size);

/* Appends a JSON string with its quotes and minimal escapes: \" \\ \b \f \n \r \t, \u00XX for other
 * bytes below 0x20; everything else as it is. The bytes must be valid UTF-8 (see utf8.h). */
void o2p_append_json_string(o2p_buffer *out, const uint8_t *bytes, size_t size);

#endif
