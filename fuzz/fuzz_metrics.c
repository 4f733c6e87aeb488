/* fuzz_metrics.c - any bytes as a metrics request. */
#include "common.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    convert_request(data, size, O2P_SIGNAL_METRICS);
    return 0;
}
