/* merge.h - a request in which no singular field comes twice.
 *
 * Protobuf lets every field come in any number of pieces: of a scalar the last counts, messages are
 * merged member by member, and of a oneof the last member wins, merged with its own pieces since
 * another member was set (protobuf.dev/programming-guides/encoding, "Last One Wins"). No client
 * writes that, but two requests that are concatenated inside a message, or a hostile one, do.
 * Walkers detect it; this rewrites such a request into an equal one that they can read. Time and
 * memory are linear in the request for each level of nesting.
 */
#ifndef O2P_OTLP_MERGE_H
#define O2P_OTLP_MERGE_H

#include "../base/buffer.h"
#include "descriptor.h"

typedef struct o2p_merge_error {
    o2p_status status;
    const uint8_t *at;
} o2p_merge_error;

/* Appends the merged form of `bytes`, a `message` that nests at most `max_depth` others, to `out`.
 * Unknown fields are left out and counted. False on failure; `*error` then tells why and where. */
bool o2p_merge(const o2p_message *message, const uint8_t *bytes, size_t size, unsigned max_depth,
               o2p_buffer *out, uint64_t *unknown_fields, o2p_merge_error *error);

#endif
