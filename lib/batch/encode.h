/* encode.h - rows of a table as one Parquet file.
 */
#ifndef O2P_BATCH_ENCODE_H
#define O2P_BATCH_ENCODE_H

#include "leaf.h"
#include "settings.h"
#include "store.h"

typedef struct o2p_encoder o2p_encoder;

/* Makes an encoder over the store, with memory of the store. NULL when memory is refused. */
o2p_encoder *o2p_encoder_new(const o2p_store *store, const o2p_settings *settings);
void o2p_encoder_free(o2p_encoder *encoder);

/* Writes rows `selected[0..count)` of `table`, count > 0, in that order. `groups` has, for each of
 * them, its run's number.
 * `*file` is as o2p_parquet_finish leaves it. */
o2p_status o2p_encode(o2p_encoder *encoder, o2p_table table, const uint32_t *selected,
                      const uint32_t *runs, uint32_t count, o2p_buffer *file);

#endif
