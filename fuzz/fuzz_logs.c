/* fuzz_logs.c - any bytes as a logs request. */
#include "common.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    convert_request(data, size, O2P_SIGNAL_LOGS);
    return 0;
}
