/* settings.h - the options of a batch, checked and with their defaults filled in.
 */
#ifndef O2P_BATCH_SETTINGS_H
#define O2P_BATCH_SETTINGS_H

#include "../base/limits.h"
#include "column_names.h"
#include "../../include/otlp2parquet.h"

typedef struct o2p_settings {
    o2p_signal signal;
    o2p_encoding encoding;
    bool skip_bad_lines;
    o2p_codec codec;           /* not DEFAULT */
    int32_t codec_level;       /* 0: the codec has none */
    size_t codec_memory;       /* the most that its context takes */
    o2p_order order;           /* not DEFAULT */
    o2p_ids ids;               /* not DEFAULT */
    o2p_timestamps timestamps; /* not DEFAULT */
    uint64_t default_time_ns;
    o2p_attributes_form attributes;  /* not DEFAULT */
    const o2p_promotion *promotions; /* the caller's */
    size_t promotion_count;
    bool promotions_only;
    uint32_t row_group_rows;
    uint64_t row_group_bytes;
    uint32_t page_rows;
    uint32_t page_bytes;
    uint32_t dictionary_bytes;
    uint32_t statistics_bytes;
    o2p_column_set blooms; /* columns with bloom filters */
    uint32_t bloom_tenths; /* tenths of a bit of such a filter for each value */
    o2p_limits limits;
    uint64_t max_input_bytes;
    uint32_t max_files;
    uint64_t max_output_bytes;
    uint64_t max_memory_bytes;
    o2p_allocator allocator;   /* all zero: malloc */
    const char *path_template; /* the caller's; NULL: the default */
    uint64_t hash_seed;
} o2p_settings;

/* Reads `options` (may be NULL). On failure returns BAD_OPTION with the option's name in
 * error->path. */
o2p_status o2p_settings_read(o2p_settings *settings, const o2p_options *options, o2p_error *error);

#endif
