/* error.c - see error.h. */
#include "error.h"

/* By o2p_status. */
static const struct {
    const char *name;
    const char *message;
} statuses[] = {
    [O2P_OK] = {"OK", ""},
    [O2P_ERR_OUT_OF_MEMORY] = {"OUT_OF_MEMORY", "out of memory"},
    [O2P_ERR_BAD_OPTION] = {"BAD_OPTION", "an option is not allowed"},
    [O2P_ERR_UNDETECTED] = {"UNDETECTED", "the bytes do not tell their signal"},
    [O2P_ERR_TRUNCATED] = {"TRUNCATED", "the input ends inside a field"},
    [O2P_ERR_MALFORMED] = {"MALFORMED", "not a protobuf message"},
    [O2P_ERR_WIRE_TYPE] = {"WIRE_TYPE", "a known field has the wrong wire type"},
    [O2P_ERR_DEPTH] = {"DEPTH", "messages are nested too deep"},
    [O2P_ERR_LIMIT] = {"LIMIT", "more than max_memory_bytes, or than Parquet can count"},
    [O2P_ERR_CODEC] = {"CODEC", "the compression library failed"},
    [O2P_ERR_VALUE] = {"VALUE", "a value that its field cannot hold"},
    [O2P_ERR_FULL] = {"FULL", "more than max_memory_bytes, or than Parquet can count, in a batch"},
};

enum { STATUS_COUNT = sizeof(statuses) / sizeof(statuses[0]) };

const char *o2p_status_name(o2p_status status)
{
    return (unsigned)status < STATUS_COUNT ? statuses[status].name : "UNKNOWN";
}

o2p_status o2p_error_set(o2p_error *error, o2p_status status, size_t offset)
{
    memset(error, 0, sizeof(*error));
    error->status = status;
    error->message = statuses[status].message;
    error->offset = offset;
    return status;
}
