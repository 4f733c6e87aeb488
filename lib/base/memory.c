/* memory.c - see memory.h. The three malloc wrappers are the core's only calls into a heap. */
#include "memory.h"

static void *default_allocate(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *default_reallocate(void *ctx, void *block, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    return realloc(block, new_size);
}

static void default_release(void *ctx, void *block, size_t size)
{
    (void)ctx;
    (void)size;
    free(block);
}

void o2p_memory_init(o2p_memory *memory, const o2p_allocator *allocator, uint64_t limit)
{
    memset(memory, 0, sizeof(*memory));
    memory->limit = limit == 0 || limit > SIZE_MAX ? SIZE_MAX : (size_t)limit;
    if (allocator != NULL && allocator->allocate != NULL) {
        memory->allocator = *allocator;
        return;
    }
    memory->allocator.allocate = default_allocate;
    memory->allocator.reallocate = default_reallocate;
    memory->allocator.release = default_release;
}

/* glibc keeps as much free memory as twice the largest block that it had mapped and that was freed
 * (mallopt(3), M_MMAP_THRESHOLD: "dynamic mmap threshold"). Without such a block it gives what a
 * conversion used back to the system, and faults it in again page by page at the next: a fifth to a
 * third of the time. Larger blocks than 32 MiB do not count. The block is not touched. */
void o2p_memory_expect(const o2p_memory *memory, size_t size)
{
    enum { SMALL = 256 * 1024, LARGE = 31 * 1024 * 1024 };
    const o2p_allocator *a = &memory->allocator;
    if (a->allocate != default_allocate || size < SMALL)
        return;
    size = size < LARGE ? size : LARGE;
    a->release(a->ctx, a->allocate(a->ctx, size), size);
}

bool o2p_memory_allows(const o2p_memory *memory, size_t old_size, size_t new_size)
{
    size_t others = memory->held - old_size;
    return new_size <= memory->limit && others <= memory->limit - new_size;
}

void *o2p_memory_resize(o2p_memory *memory, void *block, size_t old_size, size_t new_size)
{
    const o2p_allocator *a = &memory->allocator;
    if (!o2p_memory_allows(memory, old_size, new_size)) {
        o2p_memory_refuse(memory);
        return NULL;
    }
    void *resized = block == NULL ? a->allocate(a->ctx, new_size)
                                  : a->reallocate(a->ctx, block, old_size, new_size);
    if (resized == NULL) {
        memory->failed = true;
        return NULL;
    }
    memory->held = memory->held - old_size + new_size;
    return resized;
}

void o2p_memory_release(o2p_memory *memory, void *block, size_t size)
{
    if (block == NULL)
        return;
    memory->allocator.release(memory->allocator.ctx, block, size);
    memory->held -= size;
}

o2p_status o2p_memory_status(const o2p_memory *memory)
{
    if (!memory->failed)
        return O2P_OK;
    return memory->over_limit ? O2P_ERR_LIMIT : O2P_ERR_OUT_OF_MEMORY;
}
