/* column_names.h - columns that options name.
 */
#ifndef O2P_BATCH_COLUMN_NAMES_H
#define O2P_BATCH_COLUMN_NAMES_H

#include "schema.h"

/* A set of columns, a bit each. */
typedef struct o2p_column_set {
    uint64_t bits[(O2P_COL_COUNT + 63) / 64];
} o2p_column_set;

static inline void o2p_column_set_add(o2p_column_set *set, o2p_col col)
{
    set->bits[col / 64] |= UINT64_C(1) << (col % 64);
}

static inline o2p_column_set o2p_column_set_of(o2p_col col)
{
    o2p_column_set set = {{0}};
    o2p_column_set_add(&set, col);
    return set;
}

static inline bool o2p_column_set_has(const o2p_column_set *set, o2p_col col)
{
    return (set->bits[col / 64] >> (col % 64) & 1) != 0;
}

/* Reads the names of columns that hold text or ids, separated by commas, each as it is in a file:
 * "TraceId", and "Links.TraceId" of a member. A name stands for that column of all tables that have
 * it. "" is the empty set. Returns NULL, or what is wrong. */
const char *o2p_text_columns_named(const char *names, o2p_column_set *set);

#endif
