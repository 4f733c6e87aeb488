#!/usr/bin/env bash
# Shows that the library needs no build system: `cc PROGRAM lib/*/*.c lib/*.c` with the codecs' libraries,
# and without a flag, gives a program that converts a request with every codec; so does a build that leaves
# out any of the libraries, or all, with every codec but theirs. It is how the library is vendored, and what
# every odd build does first.
. "$(dirname "$0")/common.sh"

cat >"$SCRATCH/program.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otlp2parquet.h"

/* Bytes of the Parquet files of a request, and the number of files. */
static size_t convert(const void *bytes, size_t size, int codec, size_t *files)
{
    o2p_options options = {.size = sizeof options, .codec = (o2p_codec)codec};
    o2p_output out = {.options = &options};
    size_t sum = 0;
    *files = 0;
    o2p_status status = otlp_to_parquet(bytes, size, &out);
    if (status == O2P_OK)
        for (size_t i = 0; i < out.file_count; i++) {
            sum += out.files[i].size;
            *files += memcmp(out.files[i].data, "PAR1", 4) == 0;
        }
    else if (status != O2P_ERR_BAD_OPTION || strcmp(out.error.path, "codec") != 0)
        exit(3);
    o2p_output_free(&out);
    return sum;
}

/* FILE and a letter for each codec, from 0: + when it must compress, - when it must be refused. */
int main(int argc, char **argv)
{
    static unsigned char bytes[16 << 20];
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    size_t plain_files, files;
    size_t plain = convert(bytes, size, O2P_CODEC_UNCOMPRESSED, &plain_files);
    for (int codec = 0; argv[2][codec] != '\0'; codec++) {
        size_t made = convert(bytes, size, codec, &files);
        if (codec == O2P_CODEC_UNCOMPRESSED)
            continue;
        if (argv[2][codec] == '+' ? files == 0 || files != plain_files || made >= plain : files != 0)
            return 1;
    }
    return 0;
}
C

# builds CODECS FLAG...: the library with these flags has these of the codecs.
builds() {
    local codecs=$1
    shift
    expect "cc lib/*/*.c lib/*.c $*" cc -Iinclude "$SCRATCH/program.c" lib/*/*.c lib/*.c "$@" -o "$SCRATCH/program"
    [ "$STATUS" -ne 0 ] || expect "that program converts and compresses ${REQUESTS[0]}" \
        "$SCRATCH/program" "${REQUESTS[0]}" "$codecs"
}

# The codecs are: default, none, Snappy, zstd, gzip, LZ4.
builds ++++++ -lsnappy -lzstd -lz -llz4
builds ++++++ -DO2P_NO_SNAPPY -lzstd -lz -llz4
builds +++-++ -DO2P_NO_ZSTD -lsnappy -lz -llz4
builds ++++-+ -DO2P_NO_ZLIB -lsnappy -lzstd -llz4
builds +++++- -DO2P_NO_LZ4 -lsnappy -lzstd -lz
builds +++--- -DO2P_NO_SNAPPY -DO2P_NO_ZSTD -DO2P_NO_ZLIB -DO2P_NO_LZ4
finish
