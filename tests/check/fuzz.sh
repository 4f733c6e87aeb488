#!/usr/bin/env bash
# Shows that the fuzzers build, and that the promises they check hold for all their seeds, for every input
# they once failed on (fuzz/corpus), and for what each finds in FUZZ_SECONDS (60), one a core at a time.
. "$(dirname "$0")/common.sh"

expect "the fuzzers build" build -k fuzzers
[ "$STATUS" -eq 0 ] || finish

# run NAME: by make, its output into a file of its own; leaves another if it succeeds.
run() { make --no-print-directory -s "$1" >"$SCRATCH/$1.log" 2>&1 && touch "$SCRATCH/$1.ok"; }
export -f run
export SCRATCH

names=()
for source in fuzz/fuzz_*.c; do names+=("$(basename "$source" .c)"); done
printf '%s\n' "${names[@]}" |
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL xargs -P "$(nproc)" -I NAME bash -c 'run NAME || true'
for name in "${names[@]}"; do
    count=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$SCRATCH/$name.log")
    expect "$name: ${count:-no} inputs" test -e "$SCRATCH/$name.ok"
    [ -e "$SCRATCH/$name.ok" ] || tail -n 60 "$SCRATCH/$name.log" | sed 's/^/    /'
done
finish
