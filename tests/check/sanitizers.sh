#!/usr/bin/env bash
# Shows that the unit tests, and the program over all samples, run without a finding of AddressSanitizer
# (leaks included) or UndefinedBehaviorSanitizer, with the library's assertions on; and that the program
# built so writes the same files.
. "$(dirname "$0")/common.sh"

expect "the tree builds with the sanitizers" build programs-asan build/otlp2parquet
[ "$STATUS" -eq 0 ] || finish
for source in tests/unit/test_*.c; do
    name=$(basename "$source" .c)
    expect "sanitizers: $name" "build/asan/tests/unit/$name"
done
expect "sanitizers: convert all samples" convert_samples build/asan/otlp2parquet "$SCRATCH/asan"
expect "release: convert all samples" convert_samples build/otlp2parquet "$SCRATCH/release"
expect "the files are the same" diff -r "$SCRATCH/asan" "$SCRATCH/release"
inspect_all() {
    local file
    while read -r file; do
        build/asan/otlp2parquet inspect "$file" || return
    done < <(find "$SCRATCH/asan" -name '*.parquet')
}
expect "sanitizers: inspect every file" inspect_all
for table in "" --json "--sql clickhouse" "--sql duckdb"; do
    # shellcheck disable=SC2086  # a flag and its value
    expect "sanitizers: schema $table" build/asan/otlp2parquet schema $table
done
finish
