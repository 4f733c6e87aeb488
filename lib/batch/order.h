/* order.h - which rows of a table go to which file, and in which order.
 */
#ifndef O2P_BATCH_ORDER_H
#define O2P_BATCH_ORDER_H

#include "path.h"
#include "settings.h"
#include "store.h"

/* The rows of a table in the order of their files; each part is one file. */
typedef struct o2p_ordering {
    o2p_buffer rows;  /* u32 a row */
    o2p_buffer runs;  /* u32 a row: the number of its run */
    o2p_buffer parts; /* o2p_ordering_part */
    o2p_buffer scratch[4];
} o2p_ordering;

typedef struct o2p_ordering_part {
    uint32_t first, count; /* among the ordered rows */
    uint64_t min_time_ns, max_time_ns;
} o2p_ordering_part;

void o2p_ordering_init(o2p_ordering *ordering, o2p_memory *memory);
void o2p_ordering_free(o2p_ordering *ordering);

/* Orders the rows of a table that has some. False when memory is refused. */
bool o2p_order_rows(o2p_ordering *ordering, const o2p_store *store, const o2p_settings *settings,
                    o2p_table table);

/* Name of the service of run number `run`; size 0 when it has none. */
const o2p_entry *o2p_service_of_run(const o2p_store *store, o2p_table table, uint32_t run);

#endif
