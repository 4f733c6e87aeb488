/* segment.c - see segment.h. */
#include "server.h"
#include "segment.h"
#include "coding.h"

#include <stdlib.h>
#include <string.h>

o2p_options segment_options(const char *path_template, uint16_t choices)
{
    return (o2p_options){
        .size = sizeof(o2p_options),
        .path_template = path_template,
        .codec = (o2p_codec)(choices & 0xff),
        .codec_level = choices >> 8,
    };
}

bool segment_read_options(const wal_reader *reader, o2p_options *options, char **held)
{
    *held = NULL;
    if (reader->path_template != NULL) {
        *held = strndup(reader->path_template, reader->template_size);
        if (*held == NULL)
            return false;
    }
    *options = segment_options(*held, reader->choices);
    return true;
}

static o2p_status fail(o2p_result *result, o2p_status status, const char *message)
{
    *result = (o2p_result){.error = {.status = status, .path = "", .message = message}};
    return status;
}

o2p_status segment_append(o2p_batch *batch, const wal_record *record, o2p_result *result)
{
    uint8_t *plain = NULL;
    size_t size = record->size;
    bool packed = record->coding != CODING_IDENTITY;
    decode_status decoded = packed ? decode((coding)record->coding, record->body, record->size,
                                            record->plain_size, &plain, &size)
                                   : DECODE_OK;
    if (decoded == DECODE_NO_MEMORY)
        return fail(result, O2P_ERR_OUT_OF_MEMORY, "out of memory");
    if (decoded != DECODE_OK)
        return fail(result, O2P_ERR_MALFORMED, "cannot be decompressed again");
    o2p_status status = o2p_batch_set_input(batch, record->signal, record->encoding);
    o2p_batch_set_default_time(batch, record->received_ns);
    if (status == O2P_OK)
        status = o2p_batch_append(batch, packed ? plain : record->body, size, result);
    else
        fail(result, status, "has no known signal");
    free(plain);
    return status;
}
