/* attribute_builder.c - see attribute_builder.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include "attribute_builder.h"
#include <cmocka.h>

void attributes_begin(attribute_builder *b)
{
    memset(b, 0, sizeof(*b));
    o2p_memory_init(&b->memory, NULL, 0);
    o2p_arena_init(&b->arena, &b->memory);
    o2p_dictionary_init(&b->keys, &b->memory, &b->arena, O2P_TEXT_UTF8, &b->repaired);
    o2p_dictionary_init(&b->values, &b->memory, &b->arena, O2P_TEXT_UTF8, &b->repaired);
    o2p_dictionary_prepare(&b->keys);
    o2p_dictionary_prepare(&b->values);
    b->list = (o2p_attribute_list){.keys = &b->keys,
                                   .values = &b->values,
                                   .key_indices = b->key_indices,
                                   .value_indices = b->value_indices};
}

void attributes_free(attribute_builder *b)
{
    o2p_dictionary_free(&b->keys);
    o2p_dictionary_free(&b->values);
    o2p_arena_free(&b->arena);
}

void attributes_add_sized(attribute_builder *b, const void *key, size_t key_size, char letter,
                          const void *text, size_t size)
{
    uint32_t i = b->list.count++;
    assert_true(i < ATTRIBUTES_MAX);
    b->key_indices[i] = o2p_intern(&b->keys, (const uint8_t *)key, key_size, false);
    b->value_indices[i] = o2p_intern(&b->values, (const uint8_t *)text, size, false);
    b->letters[i] = (uint8_t)letter;
    if (letter != 's')
        b->list.letters = b->letters;
    assert_false(b->memory.failed);
}

void attributes_add(attribute_builder *b, const char *key, char letter, const char *text)
{
    attributes_add_sized(b, key, strlen(key), letter, text, strlen(text));
}
