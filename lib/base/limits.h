/* limits.h - what one call may bring: the limits of o2p_options (otlp2parquet.h) that are checked
 * where requests are read, and those that are not options.
 */
#ifndef O2P_BASE_LIMITS_H
#define O2P_BASE_LIMITS_H

#include "deps.h"

typedef struct o2p_limits {
    uint32_t max_depth;
    uint32_t max_attributes;
    uint32_t max_shared_attributes;
    uint64_t max_records;
    uint64_t max_string_bytes;
} o2p_limits;

enum {
    /* Messages (and groups) may nest this deep below the request, as in other decoders. */
    O2P_MAX_DEPTH = 100,
    /* Down to the AnyValue of an exemplar's attribute. */
    O2P_LEAST_DEPTH = 8,
    O2P_DEFAULT_ATTRIBUTES = 1 << 16,
    O2P_DEFAULT_SHARED_ATTRIBUTES = 256,
    O2P_DEFAULT_RECORDS = 1 << 24,
    O2P_DEFAULT_STRING_BYTES = 1 << 24,

    /* A record, resource or scope may take this many bytes: its values lie on one page of a column,
     * and a page's size is a signed 32-bit number. Values as text take up to eleven times their
     * bytes on the wire. */
    O2P_MAX_RECORD_BYTES = 1 << 26,
    /* Attributes of resources, scopes and metrics that a call may repeat whatever its records. */
    O2P_FREE_SHARED_ATTRIBUTES = 1 << 20,
    /* Bytes of the distinct values of a column, and of a batch's DuplicateAttributes: they lie on
     * one page. */
    O2P_MAX_DICTIONARY_BYTES = 1 << 30,
    O2P_MAX_JOINED_BYTES = 1 << 29
};

static inline o2p_limits o2p_default_limits(void)
{
    return (o2p_limits){O2P_MAX_DEPTH, O2P_DEFAULT_ATTRIBUTES, O2P_DEFAULT_SHARED_ATTRIBUTES,
                        O2P_DEFAULT_RECORDS, O2P_DEFAULT_STRING_BYTES};
}

#endif
