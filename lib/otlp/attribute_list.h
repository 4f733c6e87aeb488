/* attribute_list.h - what attributes.c and late_keys.c share of a list that is being read. */
#ifndef O2P_OTLP_ATTRIBUTE_LIST_H
#define O2P_OTLP_ATTRIBUTE_LIST_H

#include "walk.h"

/* Indices of the keys of all lists of a column. */
static inline uint32_t *o2p_list_keys(const o2p_column *column)
{
    return (uint32_t *)(void *)column->keys.data;
}

static inline o2p_list_scratch *o2p_scratch_of(o2p_walk *walk, const o2p_attributes *list)
{
    return &walk->lists[list->level];
}

/* attributes.c: notes {"path","index","key","value"} for DuplicateAttributes. */
bool o2p_note_duplicate(o2p_walk *walk, const o2p_attributes *list, uint32_t position, uint32_t key,
                        o2p_span value);

/* late_keys.c: notes the entry that is added next, whose index does not tell its key; and moves
 * those of equal keys to the duplicates, at the end of the list. */
void o2p_note_late(o2p_walk *walk, const o2p_attributes *list, o2p_span value);
bool o2p_settle_late(o2p_walk *walk, o2p_attributes *list, o2p_column *column);

#endif
