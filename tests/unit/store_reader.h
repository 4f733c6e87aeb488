/* store_reader.h - cells of a store as text, for tests, read by the description in column.h.
 *
 *   string             its bytes               id           lowercase hex
 *   null               null                    time         Unix nanoseconds
 *   nanos              0 to 999                double       %.17g
 *   bool               true, false             map          {key: value, ...}
 *   list               [1, 2]                  struct list  [{Name: ..., ...}, ...]
 */
#ifndef O2P_TESTS_STORE_READER_H
#define O2P_TESTS_STORE_READER_H

#include "../../lib/batch/store.h"

/* The text lasts until the eighth call after this one. */
const char *rows_cell(const o2p_rows *rows, o2p_col col, uint32_t row);

/* The cell of a table's row, whichever source it is kept in; struct lists with their members. */
const char *store_cell(const o2p_store *store, o2p_table table, o2p_col col, uint32_t row);

#define assert_cell(store, table, col, row, text)                                                  \
    assert_string_equal(store_cell(store, O2P_TABLE_##table, O2P_COL_##col, row), text)

#endif
