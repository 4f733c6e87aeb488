/* folders.h - how many files the rows of a batch will make, counted while they come.
 *
 * One row an hour makes a file an hour, each a few kilobytes however little is in it: a limit on
 * files holds only if it is known at the append that would exceed it.
 */
#ifndef O2P_BATCH_FOLDERS_H
#define O2P_BATCH_FOLDERS_H

#include "settings.h"
#include "store.h"

/* The folders that rows of a batch go to: pairs of table and time, and service if the path template
 * has it. */
typedef struct o2p_folders {
    o2p_buffer keys;  /* u64, in order of first appearance */
    o2p_buffer slots; /* u64 a slot: a key + 1, or 0 */
} o2p_folders;

/* Rows of a table that came before an append. */
typedef struct o2p_folders_mark {
    size_t keys;
    uint32_t rows[O2P_TABLE_COUNT];
} o2p_folders_mark;

void o2p_folders_init(o2p_folders *folders, o2p_memory *memory);
void o2p_folders_free(o2p_folders *folders);

o2p_folders_mark o2p_folders_save(const o2p_folders *folders, const o2p_store *store);

/* Counts the folders of the rows since the mark. False when there are more than
 * settings->max_files of them all, or memory is refused. */
bool o2p_folders_count(o2p_folders *folders, const o2p_store *store, const o2p_settings *settings,
                       const o2p_folders_mark *mark);

/* Forgets the folders since the mark. */
void o2p_folders_rollback(o2p_folders *folders, const o2p_folders_mark *mark);

#endif
