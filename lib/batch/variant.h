/* variant.h - a list of attributes as a value of Parquet's VARIANT type.
 *
 * Source: VariantEncoding.md of the parquet-format specification, version 1. A value is two byte
 * strings, both little-endian; sizes in brackets are the fewest bytes that do:
 *
 *   metadata   header | names [s] | offset of each name and of their end [s] | names
 *              header: version 1, 0x10 for sorted names, (s - 1) << 6
 *   value      primitive   type << 2 | its bytes
 *              short text  size << 2 | 1, then up to 63 bytes
 *              object      (large << 4 | (i - 1) << 2 | (s - 1)) << 2 | 2, then members [1 or 4] |
 *                          name of each [i] | offset of each and of their end [s] | values
 *              array       (large << 2 | (s - 1)) << 2 | 3, then elements [1 or 4] |
 *                          offset of each and of their end [s] | values
 *
 *   type of the attribute   variant
 *   string                  short text, or string (16)
 *   int                     int8 (3), int16 (4), int32 (5) or int64 (6), the smallest that holds it
 *   double                  double (7)
 *   bool                    true (1), false (2)
 *   bytes                   binary (15)
 *   array, kvlist           array, object
 *   none                    null (0)
 *
 * The names of an object come in the order of their bytes, its values in the order of the list: by
 * their offsets that order can be told. Within arrays and kvlists, which are kept as JSON, bytes
 * are their base64 text, and NaN and the infinities are strings. An object's names are unique: of
 * equal keys of a kvlist the first stays.
 */
#ifndef O2P_BATCH_VARIANT_H
#define O2P_BATCH_VARIANT_H

#include "../base/arena.h"
#include "attribute_text.h"

/* Scratch that lists are encoded with, one after the other. */
typedef struct o2p_variant {
    o2p_memory *memory;
    o2p_arena arena;      /* names that had escapes */
    o2p_buffer fields;    /* every member of every object, as the list is read */
    o2p_buffer objects;   /* likewise; the first is the list itself */
    o2p_buffer order[2];  /* u32: fields by name, and room to sort them */
    o2p_buffer members;   /* u32: fields by object, then by name */
    o2p_buffer elements;  /* u32: offsets of the elements of open arrays */
    o2p_buffer text;      /* a string without its escapes */
    uint32_t next_field;  /* while values are written: among the fields */
    uint32_t next_object; /* likewise */
    uint32_t name_count;
    uint32_t name_bytes;
} o2p_variant;

void o2p_variant_init(o2p_variant *variant, o2p_memory *memory);
void o2p_variant_free(o2p_variant *variant);

/* Appends the list as an object. False when memory is refused. */
bool o2p_variant_append(o2p_variant *variant, const o2p_attribute_list *list, o2p_buffer *metadata,
                        o2p_buffer *value);

#endif
