/* buffer.c - see buffer.h. */
#include "buffer.h"

enum {
    /* The first allocation: large enough that most buffers of a small request never grow. */
    FIRST_CAPACITY = 256,
    /* From here on by half and not to the double: copies are rare, and the memory counts. */
    LARGE = 1 << 20
};

/* The next capacity of a full buffer. */
static size_t grown(size_t capacity)
{
    return capacity == 0 ? FIRST_CAPACITY : capacity + (capacity < LARGE ? capacity : capacity / 2);
}

bool o2p_buffer_grow(o2p_buffer *buffer, size_t more)
{
    const size_t most = SIZE_MAX / 2; /* so that doubling cannot wrap */
    o2p_memory *memory = buffer->memory;
    if (buffer->size > most || more > most - buffer->size) {
        memory->failed = true;
        return false;
    }
    size_t needed = buffer->size + more;
    size_t wanted = grown(buffer->capacity);
    if (wanted < needed || !o2p_memory_allows(memory, buffer->capacity, wanted))
        wanted = needed; /* near the limit every byte counts */
    void *data = o2p_memory_resize(memory, buffer->data, buffer->capacity, wanted);
    if (data == NULL)
        return false;
    buffer->data = (uint8_t *)data;
    buffer->capacity = wanted;
    return true;
}

void o2p_buffer_free(o2p_buffer *buffer)
{
    o2p_memory_release(buffer->memory, buffer->data, buffer->capacity);
    o2p_buffer_init(buffer, buffer->memory);
}
