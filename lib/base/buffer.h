/* buffer.h - a growing array of bytes, or of elements of one fixed-size type.
 *
 * Growth is geometric, so appending is amortised O(1). A refused allocation makes the append a
 * no-op and is remembered in the o2p_memory; check there once a stage. Elements of more than one
 * byte are stored in native order and alignment: a buffer holds either such elements or bytes,
 * never a mix.
 */
#ifndef O2P_BASE_BUFFER_H
#define O2P_BASE_BUFFER_H

#include "memory.h"

typedef struct o2p_buffer {
    uint8_t *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    o2p_memory *memory;
} o2p_buffer;

static inline void o2p_buffer_init(o2p_buffer *buffer, o2p_memory *memory)
{
    buffer->data = NULL;
    buffer->size = buffer->capacity = 0;
    buffer->memory = memory;
}

/* Makes room for `more` bytes beyond size. False when memory is refused. */
bool o2p_buffer_grow(o2p_buffer *buffer, size_t more);

void o2p_buffer_free(o2p_buffer *buffer);

static inline bool o2p_buffer_reserve(o2p_buffer *buffer, size_t more)
{
    return O2P_LIKELY(buffer->capacity - buffer->size >= more) || o2p_buffer_grow(buffer, more);
}

/* Appends `count` > 0 unset bytes and returns where they are; NULL when memory is refused. */
static inline void *o2p_buffer_extend(o2p_buffer *buffer, size_t count)
{
    if (O2P_UNLIKELY(!o2p_buffer_reserve(buffer, count)))
        return NULL;
    void *at = buffer->data + buffer->size;
    buffer->size += count;
    return at;
}

static inline void o2p_buffer_append(o2p_buffer *buffer, const void *bytes, size_t count)
{
    if (count == 0)
        return;
    void *at = o2p_buffer_extend(buffer, count);
    if (at != NULL)
        memcpy(at, bytes, count);
}

static inline void o2p_buffer_byte(o2p_buffer *buffer, uint8_t value)
{
    uint8_t *at = (uint8_t *)o2p_buffer_extend(buffer, 1);
    if (at != NULL)
        *at = value;
}

/* Appends a NUL-terminated text without its NUL. */
static inline void o2p_buffer_text(o2p_buffer *buffer, const char *text)
{
    o2p_buffer_append(buffer, text, strlen(text));
}

static inline void o2p_buffer_u32(o2p_buffer *buffer, uint32_t value)
{
    o2p_buffer_append(buffer, &value, sizeof(value));
}

static inline void o2p_buffer_u64(o2p_buffer *buffer, uint64_t value)
{
    o2p_buffer_append(buffer, &value, sizeof(value));
}

/* Little-endian stores, for formats; compilers make one instruction of each. */
static inline void o2p_store_le32(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
    at[2] = (uint8_t)(v >> 16);
    at[3] = (uint8_t)(v >> 24);
}

static inline void o2p_store_le64(uint8_t *at, uint64_t v)
{
    o2p_store_le32(at, (uint32_t)v);
    o2p_store_le32(at + 4, (uint32_t)(v >> 32));
}

/* Loads are one instruction only if written as one: compilers do not see through byte loads
 * everywhere. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline uint32_t o2p_load_le32(const uint8_t *at)
{
    uint32_t v;
    memcpy(&v, at, sizeof(v));
    return v;
}

static inline uint64_t o2p_load_le64(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof(v));
    return v;
}
#else
static inline uint32_t o2p_load_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t o2p_load_le64(const uint8_t *at)
{
    return (uint64_t)o2p_load_le32(at) | (uint64_t)o2p_load_le32(at + 4) << 32;
}
#endif

/* Big-endian loads: numbers that are in the order of their bytes. */
static inline uint32_t o2p_load_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static inline uint64_t o2p_load_be64(const uint8_t *at)
{
    return (uint64_t)o2p_load_be32(at) << 32 | o2p_load_be32(at + 4);
}

/* Makes the buffer of `size` bytes at least; those that it has not had are zero. Returns the first;
 * NULL when memory is refused. */
static inline void *o2p_buffer_zeroed(o2p_buffer *buffer, size_t size)
{
    size_t had = buffer->size;
    if (had < size) {
        void *more = o2p_buffer_extend(buffer, size - had);
        if (more == NULL)
            return NULL;
        memset(more, 0, size - had);
    }
    return buffer->data;
}

/* Copies bytes that do not overlap. Made for the short texts telemetry is full of: no call up to
 * 64, but two or four moves, of which the last may repeat bytes of the one before. */
static inline void o2p_copy_short(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size > 64) {
        memcpy(to, from, size);
    } else if (size >= 16) {
        memcpy(to, from, 16);
        if (size > 32) {
            memcpy(to + 16, from + 16, 16);
            memcpy(to + size - 32, from + size - 32, 16);
        }
        memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

/* Whether `size` bytes are equal. Made for the short texts telemetry is full of: no call up to 64.
 */
static inline bool o2p_same_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
    if (size < 8) {
        uint64_t differ = 0;
        for (size_t i = 0; i < size; i++)
            differ |= (uint64_t)(a[i] ^ b[i]);
        return differ == 0;
    }
    if (size > 64)
        return memcmp(a, b, size) == 0;
    uint64_t differ = o2p_load_le64(a + size - 8) ^ o2p_load_le64(b + size - 8);
    for (size_t i = 0; i + 8 < size; i += 8)
        differ |= o2p_load_le64(a + i) ^ o2p_load_le64(b + i);
    return differ == 0;
}

#endif
