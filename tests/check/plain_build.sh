#!/usr/bin/env bash
# Shows that the library needs no build system: `cc PROGRAM lib/*/*.c lib/*.c -lsnappy`, without a flag,
# gives a program that converts a request. It is how the library is vendored, and what every odd build does
# first.
. "$(dirname "$0")/common.sh"

cat >"$SCRATCH/program.c" <<'C'
#include <stdio.h>
#include "otlp2parquet.h"

int main(int argc, char **argv)
{
    static unsigned char bytes[16 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    o2p_options options = {.size = sizeof options};
#ifdef O2P_NO_SNAPPY
    options.codec = O2P_CODEC_UNCOMPRESSED;
#endif
    o2p_output out = {.options = &options};
    if (otlp_to_parquet(bytes, size, &out) == O2P_OK)
        for (size_t i = 0; i < out.file_count; i++)
            printf("%s %.4s\n", out.files[i].path, (const char *)out.files[i].data);
    o2p_output_free(&out);
    return 0;
}
C

converts() { "$SCRATCH/program" "${REQUESTS[0]}" | grep -q '\.parquet PAR1$'; }

expect "cc lib/*/*.c lib/*.c -lsnappy" \
    cc -Iinclude "$SCRATCH/program.c" lib/*/*.c lib/*.c -lsnappy -o "$SCRATCH/program"
[ "$STATUS" -ne 0 ] || expect "that program converts ${REQUESTS[0]}" converts
expect "cc -DO2P_NO_SNAPPY lib/*/*.c lib/*.c" \
    cc -DO2P_NO_SNAPPY -Iinclude "$SCRATCH/program.c" lib/*/*.c lib/*.c -o "$SCRATCH/program"
[ "$STATUS" -ne 0 ] || expect "that program converts ${REQUESTS[0]} too" converts
finish
