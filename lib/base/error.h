/* error.h - what an o2p_error says.
 */
#ifndef O2P_BASE_ERROR_H
#define O2P_BASE_ERROR_H

#include "../../include/otlp2parquet.h"
#include "deps.h"

/* Sets all of *error: the status with its message, an offset, no path and no line. Returns the
 * status. */
o2p_status o2p_error_set(o2p_error *error, o2p_status status, size_t offset);

#endif
