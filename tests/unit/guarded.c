/* guarded.c - see guarded.h. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

guarded guarded_memory(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) / page * page;
    guarded g = {NULL, NULL, room, page};
    g.mapped = (uint8_t *)mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(g.mapped, MAP_FAILED);
    g.end = g.mapped + room;
    assert_int_equal(mprotect(g.end, page, PROT_NONE), 0);
    return g;
}

void release_guarded(guarded *g)
{
    munmap(g->mapped, g->room + g->page);
}
