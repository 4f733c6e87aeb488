/* arena.c - see arena.h. */
#include "arena.h"

struct o2p_arena_chunk {
    o2p_arena_chunk *older;
    size_t size; /* of the whole block, this header included */
};

enum { CHUNK_SIZE = 64 * 1024, OWN_CHUNK_FROM = CHUNK_SIZE / 4 };

uint8_t *o2p_arena_more(o2p_arena *arena, size_t size)
{
    bool own = size >= OWN_CHUNK_FROM;
    if (size > SIZE_MAX / 2) {
        arena->memory->failed = true;
        return NULL;
    }
    size_t whole = own ? sizeof(o2p_arena_chunk) + size : CHUNK_SIZE;
    o2p_arena_chunk *chunk = (o2p_arena_chunk *)o2p_memory_resize(arena->memory, NULL, 0, whole);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->last;
    chunk->size = whole;
    arena->last = chunk;
    uint8_t *piece = (uint8_t *)(chunk + 1);
    if (!own) {
        arena->next = piece + size;
        arena->end = (uint8_t *)chunk + whole;
    }
    return piece;
}

void o2p_arena_release(o2p_arena *arena, o2p_arena_mark mark)
{
    while (arena->last != mark.last) {
        o2p_arena_chunk *chunk = arena->last;
        arena->last = chunk->older;
        o2p_memory_release(arena->memory, chunk, chunk->size);
    }
    arena->next = mark.next;
    arena->end = mark.end;
}

void o2p_arena_free(o2p_arena *arena)
{
    o2p_arena_release(arena, (o2p_arena_mark){NULL, NULL, NULL});
}
