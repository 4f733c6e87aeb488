/* memory.h - the caller's allocator, with an account of what is held and a ceiling on it.
 *
 * One o2p_memory belongs to one batch or conversion. A failed request sets `failed`, which stays
 * set until o2p_memory_clear, so that a stage can allocate freely and be checked once at its end.
 */
#ifndef O2P_BASE_MEMORY_H
#define O2P_BASE_MEMORY_H

#include "../../include/otlp2parquet.h"
#include "deps.h"

typedef struct o2p_memory {
    o2p_allocator allocator;
    size_t held;  /* bytes allocated and not released */
    size_t limit; /* most that may be held */
    size_t whole; /* see o2p_memory_progress */
    size_t done;
    bool failed;     /* sticky: a request was refused */
    bool over_limit; /* it was refused by `limit`, not by the allocator */
} o2p_memory;

/* Zero members of `allocator` mean malloc, realloc and free; limit 0 means no limit. */
void o2p_memory_init(o2p_memory *memory, const o2p_allocator *allocator, uint64_t limit);

/* Tells malloc that about `size` bytes are going to be in use at a time, and again at the next
 * call. An allocator of the caller's is told nothing. */
void o2p_memory_expect(const o2p_memory *memory, size_t size);

/* Tells buffers that `done` of `whole` bytes of an input are read, so that they grow at once to
 * what they are going to need, about, and not by copies of which each leaves a hole. Whole 0: what
 * comes is not known. */
static inline void o2p_memory_progress(o2p_memory *memory, size_t whole, size_t done)
{
    memory->whole = whole;
    memory->done = done;
}

/* Resizes `block` (NULL with old_size 0: a new one) to new_size > 0 bytes. On failure returns NULL,
 * sets `failed`, and the old block is as it was. */
void *o2p_memory_resize(o2p_memory *memory, void *block, size_t old_size, size_t new_size);

/* Releases a block of `size` bytes; NULL is allowed. */
void o2p_memory_release(o2p_memory *memory, void *block, size_t size);

/* Whether the limit allows a block of old_size bytes to become one of new_size. */
bool o2p_memory_allows(const o2p_memory *memory, size_t old_size, size_t new_size);

/* Records that something would be larger than a limit of ours or of the format. */
static inline void o2p_memory_refuse(o2p_memory *memory)
{
    memory->over_limit = memory->over_limit || !memory->failed; /* the first reason stays */
    memory->failed = true;
}

/* Forgets a failure, once its consequences are undone. */
static inline void o2p_memory_clear(o2p_memory *memory)
{
    memory->failed = memory->over_limit = false;
}

/* OK, LIMIT or OUT_OF_MEMORY, by the sticky flags. */
o2p_status o2p_memory_status(const o2p_memory *memory);

#endif
