/* options.c - see options.h. */
#include "cli.h"
#include "input.h"
#include "options.h"
#include "promote.h"
#include "terminal.h"

#include <string.h>

struct library_flags library_flags;

const struct flag_choice signal_choices[] = {{"auto", O2P_SIGNAL_AUTO},
                                             {"logs", O2P_SIGNAL_LOGS},
                                             {"traces", O2P_SIGNAL_TRACES},
                                             {"metrics", O2P_SIGNAL_METRICS},
                                             {NULL, 0}};

const struct flag_choice encoding_choices[] = {{"auto", O2P_ENCODING_AUTO},
                                               {"protobuf", O2P_ENCODING_PROTOBUF},
                                               {"json", O2P_ENCODING_JSON},
                                               {"json-lines", O2P_ENCODING_JSON_LINES},
                                               {NULL, 0}};

const struct flag_choice codec_choices[] = {{"snappy", O2P_CODEC_SNAPPY},
                                            {"zstd", O2P_CODEC_ZSTD},
                                            {"gzip", O2P_CODEC_GZIP},
                                            {"lz4", O2P_CODEC_LZ4_RAW},
                                            {"none", O2P_CODEC_UNCOMPRESSED},
                                            {"uncompressed", O2P_CODEC_UNCOMPRESSED},
                                            {NULL, 0}};

const struct flag_choice order_choices[] = {
    {"clustered", O2P_ORDER_CLUSTERED}, {"received", O2P_ORDER_RECEIVED}, {NULL, 0}};

const struct flag_choice ids_choices[] = {
    {"hex", O2P_IDS_HEX}, {"binary", O2P_IDS_BINARY}, {NULL, 0}};

const struct flag_choice timestamps_choices[] = {
    {"micros", O2P_TIMESTAMPS_MICROS}, {"nanos", O2P_TIMESTAMPS_NANOS}, {NULL, 0}};

static uint32_t narrow(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

const struct flag_choice attributes_choices[] = {{"map", O2P_ATTRIBUTES_MAP},
                                                 {"json", O2P_ATTRIBUTES_JSON},
                                                 {"variant", O2P_ATTRIBUTES_VARIANT},
                                                 {NULL, 0}};

/* What --promote says. */
static o2p_promotion promotions[FLAG_VALUES_MOST];

static bool read_promotions(const char *command)
{
    for (size_t i = 0; i < library_flags.promote.count; i++) {
        char message[300], *spec = library_flags.promote.at[i];
        const char *wrong = promotion_read(&promotions[i], spec);
        if (wrong == NULL)
            continue;
        snprintf(message, sizeof message, "--promote %s: %s", spec, wrong);
        args_refuse(command, message);
        return false;
    }
    return true;
}

bool options_of_flags(const char *command, o2p_options *result)
{
    o2p_options options = {.size = sizeof options};
    uint64_t level = library_flags.codec_level; /* what no codec has is refused by the library */
    if (!read_promotions(command))
        return false;
    options.signal = (o2p_signal)library_flags.signal;
    options.encoding = (o2p_encoding)library_flags.encoding;
    options.codec = (o2p_codec)library_flags.codec;
    options.codec_level = (int32_t)(level < INT32_MAX ? level : INT32_MAX);
    options.order = (o2p_order)library_flags.order;
    options.ids = (o2p_ids)library_flags.ids;
    options.timestamps = (o2p_timestamps)library_flags.timestamps;
    options.row_group_rows = narrow(library_flags.row_group_rows);
    options.row_group_bytes = library_flags.row_group_bytes;
    options.page_rows = narrow(library_flags.page_rows);
    options.page_bytes = narrow(library_flags.page_bytes);
    options.dictionary_bytes = narrow(library_flags.dictionary_bytes);
    options.statistics_bytes = narrow(library_flags.statistics_bytes);
    options.bloom_columns = library_flags.bloom_columns;
    options.bloom_fpp = library_flags.bloom_fpp;
    options.attributes = (o2p_attributes_form)library_flags.attributes;
    options.promotions = promotions;
    options.promotion_count = library_flags.promote.count;
    options.promotions_only = library_flags.promote_only;
    options.max_input_bytes = INPUT_REQUEST_MAX;
    *result = options;
    return true;
}

/* The flag of an option: page_bytes is --page-bytes; one that may be given several times is named
 * as one of them. */
static void put_flag(char *flag, size_t room, const char *option)
{
    snprintf(flag, room, "--%s", strcmp(option, "promotions") == 0 ? "promote" : option);
    for (char *c = flag; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
}

bool options_are_good(const char *command, const o2p_options *options)
{
    char flag[O2P_FIELD_PATH_SIZE + 2], message[sizeof flag + 200];
    o2p_batch *batch;
    o2p_error error;
    if (o2p_batch_new(options, &batch, &error) != O2P_ERR_BAD_OPTION) {
        o2p_batch_free(batch);
        return true;
    }
    put_flag(flag, sizeof flag, error.path);
    snprintf(message, sizeof message, "%s: %s", flag, error.message);
    args_refuse(command, message);
    return false;
}
