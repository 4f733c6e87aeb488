#!/usr/bin/env bash
# Shows that the fuzzers build, and that the promises they check hold for all their seeds and for every input they once
# failed on (fuzz/corpus). `make fuzz` lets them look for more.
. "$(dirname "$0")/common.sh"

expect "the fuzzers build" build -k fuzzers
[ "$STATUS" -eq 0 ] || finish
for source in fuzz/*.c; do
    name=$(basename "$source" .c)
    corpus=(fuzz/corpus/"$name"/*)
    expect "$name: ${#corpus[@]} inputs" "build/fuzz/fuzz/$name" -runs=1 -artifact_prefix="$SCRATCH/" "${corpus[@]}"
done
finish
