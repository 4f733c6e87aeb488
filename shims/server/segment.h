/* segment.h - from a segment of the log back to the batch that it was written for: by the server
 * after a start (storer.c), and by `otlp2parquet replay`.
 */
#ifndef O2P_SERVER_SEGMENT_H
#define O2P_SERVER_SEGMENT_H

#include "../../include/otlp2parquet.h"
#include "wal.h"

/* What decides the bytes and names of files, out of a segment's header; NULL: the library's own
 * template. There are no limits beyond the library's own: a request was within those that held when
 * it came. */
o2p_options segment_options(const char *path_template, uint16_t choices);

/* The options of a segment that is being read, with a copy of its path template in `*held`, to be
 * freed. Where the header is damaged they are the library's own. False: out of memory. */
bool segment_read_options(const wal_reader *reader, o2p_options *options, char **held);

/* Appends a record's request to a batch. Errors are those of o2p_batch_append, and
 * O2P_ERR_MALFORMED for a body that cannot be decompressed. */
o2p_status segment_append(o2p_batch *batch, const wal_record *record, o2p_result *result);

#endif
