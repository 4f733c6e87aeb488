#!/usr/bin/env bash
# Shows that three static analyzers find nothing in the library and the program: clang-tidy (.clang-tidy
# says which of its checks), cppcheck, and gcc's own.
. "$(dirname "$0")/common.sh"

mapfile -t sources < <(find lib shims examples -name '*.c' | sort)
tidy() { clang-tidy-14 --quiet --warnings-as-errors='*' "$1" -- -std=c11 -Iinclude 2>/dev/null; }
analyze() { gcc -std=c11 -O2 -fanalyzer -Werror -Iinclude -c "$1" -o "$SCRATCH/analyzed.o"; }
for source in "${sources[@]}"; do
    expect "clang-tidy $source" tidy "$source"
    expect "gcc -fanalyzer $source" analyze "$source"
done
expect "cppcheck lib shims examples" cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --max-ctu-depth=4 \
    --enable=warning,performance,portability -Iinclude lib shims examples
finish
