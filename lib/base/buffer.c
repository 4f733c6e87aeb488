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

/* What a buffer that now needs so many bytes is going to need when the input is read, and a
 * sixteenth more; 0 if that is not known, or not to be relied on: small buffers are no matter, and
 * the first few records need not be like the rest. Whatever these are like, all memory together
 * stays below the input's size and far from the limit. */
static size_t foreseen(const o2p_buffer *buffer, size_t needed)
{
    enum { SMALL = 16 * 1024, FIRST_FEW = 32 };
    const o2p_memory *memory = buffer->memory;
    if (needed < SMALL || memory->done <= memory->whole / FIRST_FEW)
        return 0;
    double expected = (double)needed * 17 / 16 * (double)memory->whole / (double)memory->done;
    double held = (double)(memory->held - buffer->capacity) + expected;
    bool modest = held < (double)memory->whole && held < (double)memory->limit / 2;
    return modest ? (size_t)expected : 0;
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
    size_t wanted = grown(buffer->capacity), expected = foreseen(buffer, needed);
    wanted = expected > wanted ? expected : wanted;
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
