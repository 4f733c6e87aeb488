/* fuzz_detect.c - any bytes as a request of unknown signal.
 *
 * Whatever is detected, the result is that of naming the signal: [9].
 */
#include "common.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    convert_twice(data, size, O2P_SIGNAL_AUTO);
    o2p_options options = options_of((unsigned)size, O2P_SIGNAL_AUTO);
    o2p_output detected = {.options = &options};
    otlp_to_parquet(data, size, &detected);
    CHECK((detected.signal == O2P_SIGNAL_AUTO) == (detected.error.status == O2P_ERR_UNDETECTED),
          "9");
    if (detected.signal != O2P_SIGNAL_AUTO) {
        o2p_options named_options = options_of((unsigned)size, detected.signal);
        o2p_output named = {.options = &named_options};
        otlp_to_parquet(data, size, &named);
        CHECK(named.error.status == detected.error.status, "9");
        CHECK(named.error.offset == detected.error.offset, "9");
        check_same_files(&named, &detected, "9");
        o2p_output_free(&named);
    }
    o2p_output_free(&detected);
    return 0;
}
