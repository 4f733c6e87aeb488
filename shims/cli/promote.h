/* promote.h - what --promote says, as a promotion of the library's options.
 *
 *   SPEC = SOURCE ":" KEY [":" TYPE] ["=" COLUMN]
 *
 *   SOURCE   resource or record
 *   KEY      of the attribute; in it `\:`, `\=` and `\\` stand for `:`, `=` and `\`
 *   TYPE     string (the default), int64, double or bool
 *   COLUMN   the column's name, as it is; the key if not given
 */
#ifndef O2P_CLI_PROMOTE_H
#define O2P_CLI_PROMOTE_H

#include "../../include/otlp2parquet.h"

/* Reads a spec, which is overwritten: the promotion points into it. NULL when it is well formed;
 * else what is wrong, and the spec is as it was. */
const char *promotion_read(o2p_promotion *promotion, char *spec);

#endif
