#!/usr/bin/env bash
# Shows that bytes and paths do not depend on the compiler, the optimisation or the run: builds by gcc and
# clang, at -O2 and -O3, write the same files of all samples, and so does one of them twice.
. "$(dirname "$0")/common.sh"

first=gcc-O2
for configuration in gcc-O2 gcc-O3 clang-O2 clang-O3; do
    expect "$configuration: build" build "build/$configuration/otlp2parquet"
    expect "$configuration: convert all samples" \
        convert_samples "build/$configuration/otlp2parquet" "$SCRATCH/$configuration"
    [ "$configuration" = "$first" ] ||
        expect "$configuration: the same files as $first" diff -r "$SCRATCH/$first" "$SCRATCH/$configuration"
done
expect "$first again" convert_samples "build/$first/otlp2parquet" "$SCRATCH/again"
expect "a second run: the same files" diff -r "$SCRATCH/$first" "$SCRATCH/again"
expect "there are files" sh -c "find '$SCRATCH/$first' -name '*.parquet' | grep -q ."
finish
