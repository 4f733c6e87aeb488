/* guarded.h - memory that ends where a page does, with one behind it that can be neither read nor
 * written, for tests.
 */
#ifndef O2P_TESTS_GUARDED_H
#define O2P_TESTS_GUARDED_H

#include <stddef.h>
#include <stdint.h>

typedef struct guarded {
    uint8_t *mapped, *end;
    size_t room, page;
} guarded;

/* At least `size` bytes; none fails the running cmocka test. */
guarded guarded_memory(size_t size);
void release_guarded(guarded *g);

#endif
