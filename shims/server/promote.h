/* promote.h - what the setting `promote` says, as promotions of the library's options.
 *
 *   SPECS = nothing, or SPEC { "," SPEC }
 *   SPEC  = SOURCE ":" KEY [":" TYPE] ["=" COLUMN]
 *
 *   SOURCE   resource or record
 *   KEY      of the attribute; in it `\:`, `\=`, `\,` and `\\` stand for `:`, `=`, `,` and `\`
 *   TYPE     string (the default), int64, double or bool
 *   COLUMN   the column's name; in it `\,` and `\\` stand for `,` and `\`; the key if not given
 */
#ifndef O2P_SERVER_PROMOTE_H
#define O2P_SERVER_PROMOTE_H

#include <stddef.h>

#include "../../include/otlp2parquet.h"

/* What is wrong with specs: with which one, and why. */
typedef struct promote_error {
    const char *spec;
    const char *reason;
} promote_error;

/* Reads specs, which are overwritten: the promotions point into them. One more than
 * O2P_MAX_PROMOTIONS are read at most, which the library refuses. Returns how many; SIZE_MAX when
 * one is not well formed. */
size_t promotions_read(o2p_promotion promotions[O2P_MAX_PROMOTIONS + 1], char *specs,
                       promote_error *error);

#endif
