/* number_table.h - distinct numbers of a chunk, in order of first appearance, for its dictionary
 * page.
 *
 * Given up as soon as a dictionary would not pay: when values do not repeat enough. Probes are
 * bounded, since the hash is the same everywhere and numbers may be chosen to collide.
 */
#ifndef O2P_BATCH_NUMBER_TABLE_H
#define O2P_BATCH_NUMBER_TABLE_H

#include "../base/buffer.h"

typedef struct o2p_number_table {
    o2p_buffer values; /* u64 */
    o2p_buffer slots;  /* u32: place + 1, or 0 */
    uint32_t allowed;  /* values */
    unsigned bits;     /* of a slot's number */
} o2p_number_table;

void o2p_number_table_init(o2p_number_table *table, o2p_memory *memory);
void o2p_number_table_free(o2p_number_table *table);

/* Empties the table, for `count` > 0 numbers. False when memory is refused. */
bool o2p_number_table_begin(o2p_number_table *table, uint32_t count);

/* Sets places[i] to the place of words[i] among the distinct values so far. False when a dictionary
 * does not pay, or memory is refused. */
bool o2p_number_table_add(o2p_number_table *table, const uint64_t *words, uint32_t count,
                          uint32_t *places);

static inline uint32_t o2p_number_table_count(const o2p_number_table *table)
{
    return (uint32_t)(table->values.size / 8);
}

static inline const uint64_t *o2p_number_table_values(const o2p_number_table *table)
{
    return (const uint64_t *)(const void *)table->values.data;
}

#endif
