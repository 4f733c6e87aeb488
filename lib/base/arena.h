/* arena.h - many small pieces of memory that are released together, or back to a mark.
 *
 * Chunks of 64 KiB: larger ones cost page faults before they are used, smaller ones calls. A piece
 * larger than a quarter of a chunk gets a chunk of its own, so that no space is wasted on it.
 */
#ifndef O2P_BASE_ARENA_H
#define O2P_BASE_ARENA_H

#include "memory.h"

typedef struct o2p_arena_chunk o2p_arena_chunk;

typedef struct o2p_arena {
    o2p_memory *memory;
    o2p_arena_chunk *last; /* newest chunk, in which pieces are cut; chunks link to older ones */
    uint8_t *next;         /* free space of the newest chunk that takes small pieces */
    uint8_t *end;
} o2p_arena;

typedef struct o2p_arena_mark {
    o2p_arena_chunk *last;
    uint8_t *next;
    uint8_t *end;
} o2p_arena_mark;

static inline void o2p_arena_init(o2p_arena *arena, o2p_memory *memory)
{
    arena->memory = memory;
    arena->last = NULL;
    arena->next = arena->end = NULL;
}

/* The slow half of o2p_arena_bytes. */
uint8_t *o2p_arena_more(o2p_arena *arena, size_t size);

/* `size` > 0 unset bytes without alignment; NULL when memory is refused. */
static inline uint8_t *o2p_arena_bytes(o2p_arena *arena, size_t size)
{
    if (O2P_UNLIKELY((size_t)(arena->end - arena->next) < size))
        return o2p_arena_more(arena, size);
    uint8_t *piece = arena->next;
    arena->next += size;
    return piece;
}

/* Everything allocated after the mark is released by o2p_arena_release. */
static inline o2p_arena_mark o2p_arena_save(const o2p_arena *arena)
{
    return (o2p_arena_mark){arena->last, arena->next, arena->end};
}

void o2p_arena_release(o2p_arena *arena, o2p_arena_mark mark);

void o2p_arena_free(o2p_arena *arena);

#endif
