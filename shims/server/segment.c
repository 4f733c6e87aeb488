/* segment.c - see segment.h. */
#include "server.h"
#include "segment.h"
#include "coding.h"

#include <stdlib.h>
#include <string.h>

/* Of a segment of version 1: the path template and the codec, and of all else the defaults. */
static bool take_former(const wal_reader *reader, settings *all, settings_error *error)
{
    if (reader->options_size >= sizeof all->path_template ||
        reader->codec < O2P_CODEC_UNCOMPRESSED || reader->codec > O2P_CODEC_LZ4_RAW)
        return settings_refuse(error, "its header is of no known form");
    memcpy(all->path_template, reader->options, reader->options_size);
    all->path_template[reader->options_size] = '\0';
    all->codec = (uint64_t)reader->codec - 1;
    all->codec_level = reader->codec_level;
    return true;
}

bool segment_read_options(const wal_reader *reader, file_options *made, settings_error *error)
{
    settings all;
    settings_init(&all);
    bool read = reader->version == 0 ? true
                : reader->version == 1
                    ? take_former(reader, &all, error)
                    : file_options_parse(&all, reader->options, reader->options_size, error);
    read =
        read && file_options_read(made, &all, error) && file_options_check(&made->options, error);
    if (read && reader->version != 1)
        made->options.hash_seed = wal_hash_seed(reader->salt);
    return read;
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
