/* locate.h - the field path of a byte offset, for errors. Found by reading the request again from
 * its start, so that reading it the first time keeps no path.
 */
#ifndef O2P_OTLP_LOCATE_H
#define O2P_OTLP_LOCATE_H

#include "descriptor.h"

/* Writes e.g. "resource_logs[3].scope_logs[0].log_records[12].body" for the innermost field of
 * `message` that holds or begins at bytes + offset, NUL-terminated; cut at the front, with "...",
 * to fit `capacity`. */
void o2p_locate(const o2p_message *message, const uint8_t *bytes, size_t size, size_t offset,
                char *path, size_t capacity);

#endif
