/* read.h - the bytes of one call, in whatever encoding, read into a store.
 *
 *   protobuf     walked as it is; merged first when a singular field comes twice (merge.h)
 *   JSON         rewritten as protobuf (json.h), which is walked
 *   JSON lines   each line rewritten, the lines of a signal walked as one request: two requests one
 *                after the other are a request
 */
#ifndef O2P_OTLP_READ_H
#define O2P_OTLP_READ_H

#include "../batch/settings.h"
#include "walk.h"

typedef struct o2p_reader {
    const o2p_settings *settings;
    o2p_walk walk;
    o2p_buffer merged;
    o2p_buffer json[O2P_SIGNAL_METRICS + 1]; /* protobuf form, by signal */
} o2p_reader;

void o2p_reader_init(o2p_reader *reader, o2p_store *store, const o2p_settings *settings);
void o2p_reader_free(o2p_reader *reader);

/* Releases what requests were rewritten into, which is as large as the largest of them. */
void o2p_reader_trim(o2p_reader *reader);

/* Reads `size` bytes and fills *result, which is zero. `mark` is the store as it is, for the
 * request that has to be read twice; NULL when the store is empty and may be emptied. After a
 * failure the store is the caller's to roll back. */
bool o2p_read(o2p_reader *reader, const o2p_store_mark *mark, const uint8_t *bytes, size_t size,
              o2p_result *result);

#endif
