/* attribute_builder.h - builds lists of attributes for tests, entry by entry.
 */
#ifndef O2P_TESTS_ATTRIBUTE_BUILDER_H
#define O2P_TESTS_ATTRIBUTE_BUILDER_H

#include "../../lib/base/arena.h"
#include "../../lib/batch/attribute_text.h"

enum { ATTRIBUTES_MAX = 1000 };

typedef struct attribute_builder {
    o2p_memory memory;
    o2p_arena arena;
    o2p_dictionary keys, values;
    uint64_t repaired;
    uint32_t key_indices[ATTRIBUTES_MAX], value_indices[ATTRIBUTES_MAX];
    uint8_t letters[ATTRIBUTES_MAX];
    o2p_attribute_list list;
} attribute_builder;

/* Starts an empty list. */
void attributes_begin(attribute_builder *builder);
void attributes_free(attribute_builder *builder);

void attributes_add(attribute_builder *builder, const char *key, char letter, const char *text);
void attributes_add_sized(attribute_builder *builder, const void *key, size_t key_size, char letter,
                          const void *text, size_t size);

#endif
