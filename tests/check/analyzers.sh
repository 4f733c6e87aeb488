#!/usr/bin/env bash
# Shows that three static analyzers find nothing in the library, the program and the examples: clang-tidy (.clang-tidy
# says which of its checks), gcc's -fanalyzer, and cppcheck. The first two take the files one by one, on all cores.
. "$(dirname "$0")/common.sh"

find lib shims examples -name '*.c' | sort >"$SCRATCH/sources"
each=(xargs -a "$SCRATCH/sources" -n 1 -P "$(nproc)")
files="$(wc -l <"$SCRATCH/sources") files"

# shellcheck disable=SC2016  # $0 is the file, in the inner shell
tidy='clang-tidy-14 --quiet --warnings-as-errors="*" "$0" -- -std=c11 -Iinclude 2>/dev/null'
expect "clang-tidy: $files" "${each[@]}" bash -c "$tidy"
# Unset values are valgrind's: the analyzer does not see that a field's key says which of its members are set.
expect "gcc -fanalyzer: $files" "${each[@]}" gcc -std=c11 -O2 -fanalyzer -Wno-analyzer-use-of-uninitialized-value \
    -Werror -Iinclude -S -o /dev/null
# One configuration of the preprocessor; cppcheck would try all combinations, and there is a table made of macros.
expect "cppcheck: $files" cppcheck --quiet -j "$(nproc)" --std=c11 -D__GNUC__ --error-exitcode=1 --inline-suppr \
    --enable=warning,performance,portability --file-list="$SCRATCH/sources"
finish
