/* settings.c - see settings.h. */
#include "settings.h"

#include "../parquet/codec.h"
#include "path.h"

/* Rows a row group: what DuckDB reads as one unit of parallel work, and few enough that a group of
 * wide rows stays well below 100 MB. */
#define DEFAULT_ROW_GROUP_ROWS 122880u
#define MAX_ROW_GROUP_ROWS (1u << 30)

/* Pages as parquet-java writes them. */
#define DEFAULT_PAGE_ROWS 20000u
#define DEFAULT_PAGE_BYTES (1u << 20)
#define MAX_PAGE_BYTES (1u << 30)

#define DEFAULT_INPUT_BYTES (1u << 30)

static o2p_status refuse(o2p_error *error, const char *option, const char *message)
{
    error->status = O2P_ERR_BAD_OPTION;
    error->message = message;
    error->offset = 0;
    memcpy(error->path, option, strlen(option) + 1);
    return O2P_ERR_BAD_OPTION;
}

/* Copies the options that the caller knows; the others are zero. */
static bool copy_known(o2p_options *known, const o2p_options *options)
{
    memset(known, 0, sizeof(*known));
    known->size = sizeof(*known);
    if (options == NULL)
        return true;
    if (options->size < offsetof(o2p_options, codec) || options->size > 4 * sizeof(*known))
        return false;
    memcpy(known, options, options->size < sizeof(*known) ? options->size : sizeof(*known));
    return true;
}

static o2p_codec default_codec(void)
{
    return o2p_codec_available(O2P_CODEC_SNAPPY) ? O2P_CODEC_SNAPPY : O2P_CODEC_UNCOMPRESSED;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value == 0 ? fallback : value;
}

static bool allocator_is_whole(const o2p_allocator *a)
{
    int given = (a->allocate != NULL) + (a->reallocate != NULL) + (a->release != NULL);
    return given == 0 || given == 3;
}

o2p_status o2p_settings_read(o2p_settings *settings, const o2p_options *options, o2p_error *error)
{
    o2p_options o;
    if (!copy_known(&o, options))
        return refuse(error, "size", "not the size of o2p_options in any version");
    if ((unsigned)o.signal > O2P_SIGNAL_METRICS)
        return refuse(error, "signal", "not a signal");
    if ((unsigned)o.codec > O2P_CODEC_SNAPPY)
        return refuse(error, "codec", "not a codec");
    if ((unsigned)o.order > O2P_ORDER_RECEIVED)
        return refuse(error, "order", "not an order");
    if (o.row_group_rows > MAX_ROW_GROUP_ROWS)
        return refuse(error, "row_group_rows", "more than 2^30");
    if (o.page_bytes > MAX_PAGE_BYTES)
        return refuse(error, "page_bytes", "more than 2^30");
    if (o.reserved != 0)
        return refuse(error, "reserved", "not 0");
    if (o.max_input_bytes > UINT32_MAX)
        return refuse(error, "max_input_bytes", "more than 2^32 - 1");
    if (!allocator_is_whole(&o.allocator))
        return refuse(error, "allocator", "some functions are given and some are not");
    const char *wrong = o2p_path_check(o.path_template);
    if (wrong != NULL)
        return refuse(error, "path_template", wrong);
    *settings = (o2p_settings){
        .signal = o.signal,
        .codec = o.codec == O2P_CODEC_DEFAULT ? default_codec() : o.codec,
        .order = o.order == O2P_ORDER_DEFAULT ? O2P_ORDER_CLUSTERED : o.order,
        .default_time_ns = o.default_time_ns,
        .row_group_rows = or_default(o.row_group_rows, DEFAULT_ROW_GROUP_ROWS),
        .page_rows = or_default(o.page_rows, DEFAULT_PAGE_ROWS),
        .page_bytes = or_default(o.page_bytes, DEFAULT_PAGE_BYTES),
        .max_input_bytes = o.max_input_bytes == 0 ? DEFAULT_INPUT_BYTES : o.max_input_bytes,
        .max_memory_bytes = o.max_memory_bytes,
        .allocator = o.allocator,
        .path_template = o.path_template,
    };
    if (!o2p_codec_available(settings->codec))
        return refuse(error, "codec", "this build has no such codec");
    return O2P_OK;
}
