/* fuzz_detect.c - any bytes, of unknown encoding and signal.
 *
 * Whatever is detected, the result is that of naming it: [9]. Of JSON lines each has a signal of
 * its own, so there only the encoding is named.
 */
#include "common.h"

static void check_named(const uint8_t *data, size_t size, const o2p_output *detected,
                        o2p_signal signal)
{
    o2p_options options = options_of((unsigned)size, signal, detected->encoding);
    o2p_output named = {.options = &options};
    otlp_to_parquet(data, size, &named);
    o2p_result a = result_of(&named), b = result_of(detected);
    CHECK(named.signal == detected->signal, "9");
    check_same_result(&a, &b, "9");
    check_same_files(&named, detected, "9");
    o2p_output_free(&named);
}

/* What little can be said without reading the bytes: text begins with a bracket. */
static void check_encoding(const uint8_t *data, size_t size, o2p_encoding encoding)
{
    size_t at = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < size && memchr(" \t\r\n", data[at], 4) != NULL)
        at++;
    bool bracket = at < size && (data[at] == '{' || data[at] == '[');
    CHECK(encoding != O2P_ENCODING_AUTO, "9");
    CHECK(encoding == O2P_ENCODING_PROTOBUF || bracket, "9");
    CHECK(encoding != O2P_ENCODING_PROTOBUF || !bracket || data[0] == '\n', "9");
    CHECK(encoding != O2P_ENCODING_JSON_LINES || memchr(data + at, '\n', size - at) != NULL, "9");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    o2p_options options = options_of((unsigned)size, O2P_SIGNAL_AUTO, O2P_ENCODING_AUTO);
    convert_twice(data, size, options);
    o2p_output detected = {.options = &options};
    otlp_to_parquet(data, size, &detected);
    check_encoding(data, size, detected.encoding);
    check_named(data, size, &detected, O2P_SIGNAL_AUTO);
    if (detected.encoding != O2P_ENCODING_JSON_LINES && detected.signal != O2P_SIGNAL_AUTO)
        check_named(data, size, &detected, detected.signal);
    o2p_output_free(&detected);
    return 0;
}
