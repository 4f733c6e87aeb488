/* fuzz_traces.c - any bytes as a traces request. */
#include "common.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    convert_request(data, size, O2P_SIGNAL_TRACES);
    return 0;
}
