/* attribute_text.h - one list of attributes as a MAP column keeps it: keys and values as text in
 * two dictionaries, and a letter for the type of each.
 *
 *   letter      type      its text
 *   s STRING    string    as it is
 *   i INT       int       decimal
 *   d DOUBLE    double    shortest, ECMAScript's form; NaN, Infinity, -Infinity
 *   b BOOL      bool      true, false
 *   y BYTES     bytes     base64
 *   a ARRAY     array     JSON (plain_json.h)
 *   k KVLIST    kvlist    JSON
 *   e EMPTY     none      empty
 */
#ifndef O2P_BATCH_ATTRIBUTE_TEXT_H
#define O2P_BATCH_ATTRIBUTE_TEXT_H

#include "dictionary.h"

/* Letters of the types of values, as in the ...Types columns. */
enum {
    O2P_LETTER_STRING = 's',
    O2P_LETTER_INT = 'i',
    O2P_LETTER_DOUBLE = 'd',
    O2P_LETTER_BOOL = 'b',
    O2P_LETTER_BYTES = 'y',
    O2P_LETTER_ARRAY = 'a',
    O2P_LETTER_KVLIST = 'k',
    O2P_LETTER_EMPTY = 'e'
};

/* A list; its keys are unique. The dictionaries of a list without entries may be NULL. */
typedef struct o2p_attribute_list {
    const o2p_dictionary *keys, *values;
    const uint32_t *key_indices, *value_indices; /* an entry each */
    const uint8_t *letters;                      /* one an entry; NULL: all are strings */
    uint32_t count;
} o2p_attribute_list;

static inline const o2p_entry *o2p_attribute_key(const o2p_attribute_list *list, uint32_t i)
{
    return o2p_dictionary_entry(list->keys, list->key_indices[i]);
}

static inline const o2p_entry *o2p_attribute_value(const o2p_attribute_list *list, uint32_t i)
{
    return o2p_dictionary_entry(list->values, list->value_indices[i]);
}

static inline uint8_t o2p_attribute_letter(const o2p_attribute_list *list, uint32_t i)
{
    return list->letters == NULL ? O2P_LETTER_STRING : list->letters[i];
}

/* The number that the text of an int or a double stands for; of a double, its bits. A NaN's payload
 * is not kept. */
int64_t o2p_attribute_int(const uint8_t *text, size_t size);
uint64_t o2p_attribute_double(const uint8_t *text, size_t size);

#endif
