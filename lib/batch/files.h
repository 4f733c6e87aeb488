/* files.h - everything in a store as files of an output.
 */
#ifndef O2P_BATCH_FILES_H
#define O2P_BATCH_FILES_H

#include "settings.h"
#include "store.h"

/* Fills out->files and out->storage. The files' memory is not the store's any more. On failure
 * `*out` is as it was. */
o2p_status o2p_files_write(const o2p_store *store, const o2p_settings *settings, o2p_output *out);

/* Releases what o2p_files_write put into `*out`. */
void o2p_files_free(o2p_output *out);

#endif
