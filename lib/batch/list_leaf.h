/* list_leaf.h - scratch of list_leaf.c, which makes the leaves that have one value for each list of
 * attributes.
 */
#ifndef O2P_BATCH_LIST_LEAF_H
#define O2P_BATCH_LIST_LEAF_H

#include "variant.h"

typedef struct o2p_list_forms {
    o2p_memory *memory;
    o2p_variant variant;
    o2p_arena arena;
    uint64_t repaired;       /* none: the texts are of valid ones */
    o2p_dictionary texts[2]; /* of the leaf; [1]: of the one after it, a Variant's values */
    o2p_buffer values[2];    /* u32 a list: its entry of texts; of an attribute, + 1, or 0 */
    o2p_buffer words;        /* u64 a list: the number */
    o2p_buffer first;        /* u32 a list: the first row that has it */
    o2p_buffer written[2];   /* a list in its form */
    o2p_buffer kept_keys;    /* u32: of the attributes of a list that stay in it, */
    o2p_buffer kept_values;  /* u32 */
    o2p_buffer kept_letters; /* and bytes */
} o2p_list_forms;

void o2p_list_forms_init(o2p_list_forms *forms, o2p_memory *memory);
void o2p_list_forms_free(o2p_list_forms *forms);

#endif
