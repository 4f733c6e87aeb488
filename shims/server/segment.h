/* segment.h - from a segment of the log back to the batch that it was written for: by the server
 * after a start (storer.c), and by `otlp2parquet replay`.
 */
#ifndef O2P_SERVER_SEGMENT_H
#define O2P_SERVER_SEGMENT_H

#include "../../include/otlp2parquet.h"
#include "file_options.h"
#include "wal.h"

/* The options of a segment that is being read, made in `*made`: those it was written with, and the
 * names its own. There are no limits beyond the library's: a request was within those that held
 * when it came. Where the header is damaged they are the defaults. False with the reason: it was
 * written by a program with other settings. */
bool segment_read_options(const wal_reader *reader, file_options *made, settings_error *error);

/* Appends a record's request to a batch. Errors are those of o2p_batch_append, and
 * O2P_ERR_MALFORMED for a body that cannot be decompressed. */
o2p_status segment_append(o2p_batch *batch, const wal_record *record, o2p_result *result);

#endif
