/* store_check.h - writes the tables of a store and compares the files with the store, row by row
 * and leaf by leaf, for tests.
 */
#ifndef O2P_TESTS_STORE_CHECK_H
#define O2P_TESTS_STORE_CHECK_H

#include "../../lib/batch/encode.h"
#include "walk_fixture.h"

/* Settings with these sizes; 0: the default. */
o2p_settings settings_of(uint32_t group_rows, uint32_t page_rows, uint32_t page_bytes,
                         o2p_codec codec);

/* Reads sample requests. */
void fill_store(walk_fixture *f, o2p_signal signal, unsigned requests);

/* The file of all rows of a table, to be freed by the caller. */
o2p_buffer encode_table(walk_fixture *f, const o2p_settings *settings, o2p_table table);

/* The number of a column's leaf (of a MAP: of its keys). */
size_t leaf_of(o2p_table table, o2p_col wanted);

/* Writes every table of the store and reads it back. */
void check_store(walk_fixture *f, const o2p_settings *settings);

#endif
