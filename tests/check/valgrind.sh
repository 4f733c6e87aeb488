#!/usr/bin/env bash
# Shows that the release program, as users have it, reads no unset or foreign memory and leaks nothing while
# it converts the samples: what the sanitizers cannot see in optimised code and in the libraries
# of the codecs.
. "$(dirname "$0")/common.sh"

expect "make cli" build cli
[ "$STATUS" -eq 0 ] || finish
memcheck=(valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all)
expect "valgrind: convert all samples" convert_samples "${memcheck[@]}" build/otlp2parquet "$SCRATCH/files"
for codec in zstd gzip lz4; do
    expect "valgrind: convert ${REQUESTS[0]} with $codec" \
        "${memcheck[@]}" build/otlp2parquet convert --codec "$codec" --out "$SCRATCH/$codec" "${REQUESTS[0]}"
done
finish
