/* statistics.h - least and greatest values: kept, compared, merged, written.
 *
 * Bounds are the PLAIN encoding of the value (BYTE_ARRAY: the bytes alone). Up to a size that the
 * file's options say they are exact. Longer ones of a BYTE_ARRAY are cut, texts between two code
 * points: a minimum so cut is still not greater than any value; a maximum is raised to the next
 * text (or byte string) of its length or less, and left out when there is none. Readers are told
 * which bounds are exact.
 */
#ifndef O2P_PARQUET_STATISTICS_H
#define O2P_PARQUET_STATISTICS_H

#include "file.h"
#include "thrift.h"

/* A bound whose bytes are in a buffer that its owner knows and that has memory (is not NULL). */
typedef struct o2p_bound {
    size_t at;
    uint16_t size;
    bool present;
    bool exact;
} o2p_bound;

typedef struct o2p_range {
    o2p_bound min, max;
} o2p_range;

/* How a leaf's values are ordered and cut. */
typedef struct o2p_value_order {
    uint8_t physical; /* o2p_physical */
    bool text;        /* UTF-8 */
} o2p_value_order;

/* Keeps bounds in `bytes`, those of a BYTE_ARRAY cut to `most` > 0 bytes (at most O2P_BOUND_MOST).
 */
o2p_range o2p_range_keep(o2p_buffer *bytes, const o2p_bounds *bounds, o2p_value_order order,
                         uint32_t most);

/* Negative, 0 or positive: the order of ColumnOrder TYPE_ORDER. Signed integers, doubles (never
 * NaN), byte arrays bytewise unsigned. */
int o2p_bound_compare(const uint8_t *bytes, o2p_bound a, o2p_bound b, o2p_value_order order);

/* Widens *range by the bounds that `page` has. */
void o2p_range_merge(o2p_range *range, const o2p_range *page, const uint8_t *bytes,
                     o2p_value_order order);

/* Writes a Statistics struct as field `id`; bounds that are not present are left out. */
void o2p_statistics_write(o2p_thrift *thrift, int16_t id, uint64_t nulls, const o2p_range *range,
                          const uint8_t *bytes);

/* Writes a bound as an element of a list of binaries: empty when it is not present. */
void o2p_bound_write(o2p_thrift *thrift, o2p_bound bound, const uint8_t *bytes);

#endif
