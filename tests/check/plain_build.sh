#!/usr/bin/env bash
# Shows that the library needs no build system: `cc PROGRAM lib/*/*.c lib/*.c -lsnappy`, without a flag,
# gives a program that converts a request, and compresses it unless told not to; so does a build without
# libsnappy. It is how the library is vendored, and what every odd build does first.
. "$(dirname "$0")/common.sh"

cat >"$SCRATCH/program.c" <<'C'
#include <stdio.h>
#include <string.h>
#include "otlp2parquet.h"

/* Bytes of the Parquet files of a request, and the number of files. */
static size_t convert(const void *bytes, size_t size, o2p_codec codec, size_t *files)
{
    o2p_options options = {.size = sizeof options, .codec = codec};
    o2p_output out = {.options = &options};
    size_t sum = 0;
    *files = 0;
    if (otlp_to_parquet(bytes, size, &out) == O2P_OK)
        for (size_t i = 0; i < out.file_count; i++) {
            sum += out.files[i].size;
            *files += memcmp(out.files[i].data, "PAR1", 4) == 0;
        }
    o2p_output_free(&out);
    return sum;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[16 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    size_t plain_files, files;
    size_t plain = convert(bytes, size, O2P_CODEC_UNCOMPRESSED, &plain_files);
    size_t compressed = convert(bytes, size, O2P_CODEC_DEFAULT, &files);
    return files > 0 && files == plain_files && compressed < plain ? 0 : 1;
}
C

converts() { "$SCRATCH/program" "${REQUESTS[0]}"; }

expect "cc lib/*/*.c lib/*.c -lsnappy" \
    cc -Iinclude "$SCRATCH/program.c" lib/*/*.c lib/*.c -lsnappy -o "$SCRATCH/program"
[ "$STATUS" -ne 0 ] || expect "that program converts and compresses ${REQUESTS[0]}" converts
expect "cc -DO2P_NO_SNAPPY lib/*/*.c lib/*.c" \
    cc -DO2P_NO_SNAPPY -Iinclude "$SCRATCH/program.c" lib/*/*.c lib/*.c -o "$SCRATCH/program"
[ "$STATUS" -ne 0 ] || expect "that program does too, with the library's own Snappy" converts
finish
