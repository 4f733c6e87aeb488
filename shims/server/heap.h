/* heap.h - what the server asks of the C library's heap.
 *
 * A batch is made by one thread and released by another, while the next one grows. With an arena a
 * thread, as glibc has it, what a batch leaves free is in the arena of the thread that made it and
 * is of use to that one alone; and glibc returns to the system what is free at an arena's end only,
 * which it seldom is. Loaded with large requests a server held twice what it used, for good. So
 * there is one arena: little is allocated for a request, so that its lock is free. And once a batch
 * is stored that was sealed by its age, because no more came, what is free is returned. While
 * batches fill up it is not: the next one needs it at once, and faulting it in again page by page
 * takes a tenth of the time.
 */
#ifndef O2P_SERVER_HEAP_H
#define O2P_SERVER_HEAP_H

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

/* Before there is a second thread. The first malloc_trim of a process sets glibc's heap up if
 * nothing else has, which it does without a lock: where another allocator is in its place (a
 * preloaded one, a sanitizer's), two threads would do so at once. */
static inline void heap_init(void)
{
    mallopt(M_ARENA_MAX, 1);
    malloc_trim(0);
}

/* When what was released is not needed soon. */
static inline void heap_trim(void)
{
    malloc_trim(0);
}
#else
static inline void heap_init(void) {}

static inline void heap_trim(void) {}
#endif

#endif
