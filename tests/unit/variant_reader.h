/* variant_reader.h - a Variant as text, for tests, read by VariantEncoding.md; what the
 * specification demands, and that sizes are the fewest bytes that do, is asserted on the way.
 *
 *   object          {name: value, ...}, in the order of the values' offsets
 *   array           [value, ...]
 *   string          "text"              binary   hex, as x00ff
 *   int             8:1 16:1000 ...     double   %.17g, as d1.5
 *   true, false, null
 */
#ifndef O2P_TESTS_VARIANT_READER_H
#define O2P_TESTS_VARIANT_READER_H

#include <stddef.h>
#include <stdint.h>

/* To be freed. */
char *variant_text(const uint8_t *metadata, size_t metadata_size, const uint8_t *value,
                   size_t value_size);

#endif
